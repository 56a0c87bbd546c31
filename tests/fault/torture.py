#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""torture - ends an apply at very many points, and looks each time whether the database is whole and the next run gets there.

usage: tests/fault/torture.py [--points N] [--thorough] [--fault kill|term|int|full|fail] [--only SCENARIO]... [--jobs N] [--keep FOLDER]
       tests/fault/torture.py --one SCENARIO POINT     runs one point again, such as  plain-wal kill@17  or  plain after@17+250
       tests/fault/torture.py --report                 the histogram of what test_torture.py has run; 1 when less than
                                                       four fifths of the kills fell where it hurts

A scenario (scenarios.py) is a database, what is to become of it, and which states are legal on the way. It is run once
undisturbed with the shim's trace (shim.c), which says how often files are changed, and when. Then the points:

    every one    before each change of a file: which covers each step (written down beside the database), each write
                 of the journal, each batch, each commit
    at random    at a moment between the first change of the database and the last commit, uniform in time

After each: integrity_check; foreign_key_check as before; the rows and the schema are in a legal state, no row lost or
doubled; the next run gets to the state that an undisturbed one gets to, leaving no file and no table behind.
"""
import argparse
import dataclasses
import hashlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built, scenarios  # noqa: E402

LIMIT = 60  # seconds for one command
TWICE = 10  # every so many points the next run is killed too
FULL = re.compile(r"no space left|bytes free of", re.I)  # which disk, and how much is free
FAILED = re.compile(r"disk|I/O|input/output|unable to open database file.*bytes free", re.I | re.S)


def memory_folder():
    """Where files are quick: what is killed is a process, not the machine."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Broken(AssertionError):
    """What must never be."""


# --- looking at a database --------------------------------------------------------------------------------------------


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def rows_of(db, table):
    """All rows with their rowid, in an order of their own."""
    name = quoted(table)
    try:
        rows = db.execute("SELECT rowid, * FROM " + name).fetchall()
    except sqlite3.OperationalError:  # WITHOUT ROWID
        rows = db.execute("SELECT * FROM " + name).fetchall()
    return sorted(rows, key=repr)


def digest(db):
    """All that the application sees: its schema and its rows."""
    schema = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_moult\\_%' ESCAPE '\\' "
                        "AND tbl_name NOT LIKE '\\_moult\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1, 2").fetchall()
    h = hashlib.sha256(repr(schema).encode())
    for kind, name, _, sql in schema:
        if kind == "table" and not sql.upper().startswith("CREATE VIRTUAL"):
            h.update(repr((name, rows_of(db, name))).encode())
    sequence = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone()
    if sequence:
        h.update(repr(sorted(db.execute("SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE '\\_moult\\_%' ESCAPE '\\'"))).encode())
    return h.hexdigest()


def own(db):
    """What moult keeps for itself: its tables, what is in the attic, how many versions there are."""
    names = [n for (n,) in db.execute("SELECT name FROM sqlite_schema WHERE name LIKE '\\_moult\\_%' ESCAPE '\\' ORDER BY 1")]
    attic = {n: rows_of(db, n) for n in names if re.match(r"_moult_attic_\d", n) and "sqlite_autoindex" not in n
             and db.execute("SELECT type FROM sqlite_schema WHERE name = ?", (n,)).fetchone() == ("table",)}
    history = db.execute("SELECT version, kind FROM _moult_history ORDER BY 1").fetchall() if "_moult_history" in names else []
    return repr((names, attic, history))


def violations(db):
    return sorted(db.execute("SELECT * FROM pragma_foreign_key_check()").fetchall(), key=repr)


# --- one scenario, laid out on a disk -------------------------------------------------------------------------------------


@dataclasses.dataclass
class Point:
    """One end of one apply: before the n-th change of a file, or `delay` microseconds after it."""
    fault: str  # kill, after, term, int, full, fail
    n: int
    delay: int = 0
    twice: int = 0  # the change before which the next run is killed; 0: it is not

    def __str__(self):
        return "%s@%d%s%s" % (self.fault, self.n, "+%d" % self.delay if self.delay else "", "&%d" % self.twice if self.twice else "")

    @staticmethod
    def read(text):
        found = re.fullmatch(r"([\w-]+)@(\d+)(?:\+(\d+))?(?:&(\d+))?", text)
        return Point(found[1], int(found[2]), int(found[3] or 0), int(found[4] or 0))

    def settings(self):
        number = {"term": signal.SIGTERM, "int": signal.SIGINT}.get(self.fault.split("-")[0])
        extra = {"SHIM_SIGNAL": str(int(number))} if number else {}
        if self.fault == "after" or self.fault.endswith("-after"):
            return {"SHIM_AFTER": str(self.n), "SHIM_DELAY": str(self.delay), **extra}
        what = {"full": "SHIM_FULL_AT", "fail": "SHIM_FAIL_AT"}.get(self.fault, "SHIM_KILL_AT")
        return {what: str(self.n), **extra}


@dataclasses.dataclass
class Change:
    n: int
    time: int
    what: str
    file: str  # the end of its name: "", "-wal", "-journal", "-moult-lock", …


class Stage:
    """A scenario in a folder: `live` is what the program sees, and is put back before each run."""

    def __init__(self, scenario, folder):
        self.scenario, self.folder = scenario, Path(folder)
        self.live, self.files = self.folder / "live", self.folder / "files"
        self.db, self.trace = self.live / "app.db", self.folder / "trace"
        self.live.mkdir(parents=True)
        self.files.mkdir()
        for name, text in scenario.files.items():
            (self.files / name).parent.mkdir(parents=True, exist_ok=True)
            (self.files / name).write_text(text)
        self.shim = str(built.program("tests/fault/libshim.so"))
        self.moult = str(built.moult())
        self.environment = {**os.environ, "TMPDIR": str(self.live), "SQLITE_TMPDIR": str(self.live)}
        self.prepare()

    def command(self, arguments):
        named = {"url": "sqlite:///%s" % self.db, **{Path(n).name.split(".")[0]: str(self.files / n) for n in self.scenario.files},
                 "files": str(self.files)}
        return [self.moult, *(a.format(**named) for a in arguments)]

    def run(self, arguments, **settings):
        environment = self.environment
        if settings:
            self.trace.unlink(missing_ok=True)
            environment = {**environment, "LD_PRELOAD": self.shim, "SHIM_FOLDER": str(self.live), "SHIM_TRACE": str(self.trace), **settings}
        try:
            return subprocess.run(self.command(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=LIMIT, env=environment, cwd=self.files, encoding="utf-8", errors="replace")
        except subprocess.TimeoutExpired:
            raise Broken("%s did not end within %d s" % (arguments[0], LIMIT)) from None

    def must(self, arguments, *codes):
        done = self.run(arguments)
        if done.returncode not in (codes or (0,)):
            raise Broken("%s ended with %d: %s" % (" ".join(arguments), done.returncode, done.stderr.strip() or done.stdout.strip()))
        return done

    def open(self):
        return sqlite3.connect(self.db, isolation_level=None)

    def prepare(self):
        s = self.scenario
        if s.schema is not None:
            db = self.open()
            db.execute("PRAGMA page_size = %d" % s.page_size)
            db.execute("PRAGMA journal_mode = " + s.journal)
            db.executescript("BEGIN;" + s.schema)
            if s.rows:
                s.rows(db)
            db.execute("COMMIT")
            db.close()
        for step in s.setup:
            if callable(step):
                db = self.open()
                step(db)
                db.close()
            else:
                self.must(step)
        self.image = {f.name: f.read_bytes() for f in self.live.iterdir()}
        self.before, self.broken_before, self.own_before = self.look() if s.schema is not None else (None, [], "")
        self.reference()

    def reference(self):
        """What an undisturbed run does, and comes to."""
        self.restore()
        done = self.run(self.scenario.command, SHIM_COUNT=str(self.folder / "count"))
        if done.returncode:
            raise Broken("undisturbed it ended with %d: %s" % (done.returncode, done.stderr.strip()))
        self.changes = self.read_trace()
        self.after, self.broken_after, self.own_after = self.look()
        self.left = self.names()
        if self.after == self.before and self.own_after == self.own_before:
            raise Broken("nothing is changed by it")
        self.first = next(c.n for c in self.changes if c.file in scenarios.DATABASE)
        self.last = max(c.n for c in self.changes if scenarios.commits(c))
        if self.scenario.then != self.scenario.command:  # where the next run is another, that is what it comes to
            for step in self.scenario.then:
                self.must(step)
            self.after, self.broken_after, self.own_after = self.look()
            self.left = self.names()

    def read_trace(self):
        changes = []
        for line in self.trace.read_text(errors="replace").splitlines() if self.trace.exists() else ():
            n, when, what, _, name = line.split(" ", 4)
            name = name[len(str(self.db)):] if name.startswith(str(self.db)) else "elsewhere"
            changes.append(Change(int(n), int(when), what.replace("64", ""), re.sub(r"backup-\w+\.\w+", "backup", name)))
        return changes

    def names(self):
        """SQLite unlinks a temporary file when it has opened it; one that is killed in between leaves it, as the shell does."""
        names = {re.sub(r"backup-\w+\.\w+", "backup", f.name) for f in self.live.iterdir() if not f.name.startswith("etilqs_")}
        return names - {"app.db-wal", "app.db-shm"}

    def restore(self):
        for f in self.live.iterdir():
            if f.is_dir():
                shutil.rmtree(f)
            else:
                f.unlink()
        for name, data in self.image.items():
            (self.live / name).write_bytes(data)

    def look(self):
        """Everything of the database as it is; it must be whole."""
        db = self.open()
        try:
            whole = db.execute("PRAGMA integrity_check").fetchall()
            if whole != [("ok",)]:
                raise Broken("integrity_check: %s" % whole[:3])
            return digest(db), violations(db), own(db)
        finally:
            db.close()

    def state(self):
        """"before", "after", or what the scenario calls the legal state between them that the database is in."""
        if not self.db.exists() or self.scenario.schema is None and self.db.stat().st_size == 0:
            if self.scenario.schema is None:
                return "before"
            raise Broken("the database is gone")
        found, broken, own_found = self.look()
        self.finished = found == self.after and own_found == self.own_after
        if found == self.after and (found != self.before or own_found == self.own_after):
            return "after"
        if found == self.before:
            return "before"
        if self.scenario.schema is None and not broken:
            db = self.open()
            empty = db.execute("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '\\_moult\\_%' ESCAPE '\\'").fetchone()[0] == 0
            db.close()
            if empty:
                return "before"
        if len(broken) > len(self.broken_before):
            raise Broken("foreign_key_check: %s" % broken[:3])
        if self.scenario.between:
            db = self.open()
            try:
                name = self.scenario.between(db)
            finally:
                db.close()
            if name:
                return name
        raise Broken("the database is neither as before nor as after: " + self.differs())

    def differs(self):
        db = self.open()
        try:
            return "; ".join("%s %s" % (n, len(rows_of(db, n)) if k == "table" else "") for k, n in db.execute(
                "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'trigger') ORDER BY 2").fetchall())
        finally:
            db.close()

    # --- one point

    def try_point(self, point):
        """Runs it; a record of what was seen. Raises Broken."""
        self.restore()
        began = time.monotonic()
        done = self.run(self.scenario.command, **point.settings())
        seconds = time.monotonic() - began
        trace = self.read_trace()
        reached = trace[-1] if trace else Change(0, 0, "none", "elsewhere")
        self.finished = False
        state, finished = self.state(), self.finished
        self.judge_exit(point, done, state, seconds)
        in_window = (any(c.file in scenarios.DATABASE for c in trace[:-1] if c.n < reached.n) and not finished
                     if point.fault in ("kill", "after") else self.first < point.n <= self.last)
        self.converge(point, state)
        return {"scenario": self.scenario.name, "fault": point.fault, "state": state, "in": in_window, "what": reached.what,
                "file": reached.file, "ended": done.returncode,
                "place": min(9, max(0, 10 * (reached.n - self.first) // max(1, self.last - self.first)))}

    def judge_exit(self, point, done, state, seconds):
        kind = point.fault.split("-")[0]
        if kind in ("kill", "after"):
            if done.returncode != -signal.SIGKILL and not (kind == "after" and done.returncode == 0):
                raise Broken("ended with %d: %s" % (done.returncode, done.stderr))
        elif kind in ("term", "int"):
            if done.returncode == 0 and state != "after":
                raise Broken("was asked to stop, said done, and is not")
            if done.returncode not in (0, 1, 6, 128 + signal.SIGTERM, 128 + signal.SIGINT, -signal.SIGTERM, -signal.SIGINT):
                raise Broken("was asked to stop, and ended with %d: %s" % (done.returncode, done.stderr))
            if seconds > 10:
                raise Broken("was asked to stop, and took %.1f s" % seconds)
        elif done.returncode == 0:
            if state != "after":
                raise Broken("said done, and is not")
        else:
            if done.returncode not in (1, 4, 6):
                raise Broken("ended with %d: %s" % (done.returncode, done.stderr))
            if not (FULL if kind == "full" else FAILED).search(done.stderr):
                raise Broken("does not say what failed: " + done.stderr)

    def converge(self, point, state):
        if point.twice:
            self.run(self.scenario.then[0], SHIM_KILL_AT=str(point.twice))
            state = self.state()
        if point.n % 5 == 0 and self.scenario.safe:  # a start in mode safe: refuses, or finds nothing to do, and changes nothing
            done = self.must(self.scenario.safe, 0, 3, 6)
            if (done.returncode == 6) != (state not in ("before", "after", *self.scenario.settled)):
                raise Broken("mode safe ended with %d for what is %s: %s" % (done.returncode, state, done.stderr.strip()))
            if self.state() != state and self.state() != "after":
                raise Broken("mode safe made %s of %s" % (self.state(), state))
        if point.n % 2 and self.scenario.resume:  # goes on, or finds that nothing was interrupted
            self.must(self.scenario.resume)
        for step in self.scenario.then:
            self.must(step)
        found, broken, own_found = self.look()
        if found != self.after:
            raise Broken("the next run did not get there (from %s): %s" % (state, self.differs()))
        if broken != self.broken_after:
            raise Broken("foreign_key_check at the end: %s" % broken[:3])
        if own_found != self.own_after:
            raise Broken("moult's own tables differ: %s, and undisturbed %s" % (own_found[:600], self.own_after[:600]))
        if self.names() - self.left - {"app.db-moult-lock"}:  # the lock of a dead process is free, and goes with the next one
            raise Broken("files are left behind: %s" % sorted(self.names() - self.left))

    # --- choosing

    def at_random(self, fault, rng):
        """At a moment between the first change of the database and the last commit, uniform in time."""
        inside = [c for c in self.changes if self.first <= c.n <= self.last]
        when = rng.uniform(inside[0].time, inside[-1].time)
        last = max((c for c in inside if c.time <= when), key=lambda c: c.n)
        return Point(fault, last.n, int(when - last.time) + 1)

    def points(self, fault, count, rng, thorough):
        """About `count` of them. Thorough: every systematic one, and as many at random as four fifths inside need. Else a sample."""
        after = {"kill": "after", "term": "term-after", "int": "int-after"}.get(fault)
        every = [Point(fault, n) for n in range(1, len(self.changes) + 1)]
        if after is None:
            return every if thorough or count >= len(every) else sorted(rng.sample(every, count), key=lambda p: p.n)
        inside = [p for p in every if self.first < p.n <= self.last]
        outside = [p for p in every if p not in inside]
        if thorough:
            chosen = every
            count = max(count, len(every), 6 * len(outside))
        else:
            chosen = rng.sample(outside, min(len(outside), max(1, count // 10))) + rng.sample(inside, min(len(inside), count // 2))
        chosen += [self.at_random(after, rng) for _ in range(count - len(chosen))]
        for i, p in enumerate(chosen):
            if i % TWICE == TWICE - 1 and fault == "kill":
                p.twice = rng.randrange(1, len(self.changes) + 1)
        return chosen


# --- many ---------------------------------------------------------------------------------------------------------------------------


def work(job):
    """Some points of one scenario, in a folder of its own: the records, and what was broken."""
    name, fault, count, seed, part, parts, thorough, keep = job
    records, broken = [], []
    base = Path(tempfile.mkdtemp(prefix="moult-torture-", dir=keep or memory_folder()))
    try:
        stage = Stage(scenarios.named(name), base / "stage")
        rng = random.Random("%s %s %d" % (name, fault, seed))
        points = stage.points(fault, count, rng, thorough)[part::parts]
        for point in points:
            try:
                records.append(stage.try_point(point))
                if point.fault == "after" and records[-1]["ended"] == 0 and len(points) < 2 * count + 10:
                    points.append(stage.at_random("after", rng))  # it was done before it was killed: another one instead
            except Broken as why:
                broken.append("%s %s: %s" % (name, point, why))
                if len(broken) >= 5:
                    break
    except Broken as why:
        broken.append("%s: %s" % (name, why))
    finally:
        if not keep:
            shutil.rmtree(base, ignore_errors=True)
    return records, broken


def histogram(records):
    """Where the points fell, as text."""
    lines, killed = [], [r for r in records if r["fault"] in ("kill", "after") and r["ended"] != 0]
    inside = [r for r in killed if r["in"]]
    if killed:
        lines.append("%d points killed, %d of them (%.1f %%) between the first change of the database and the last commit" %
                     (len(killed), len(inside), 100 * len(inside) / len(killed)))
        for tenth in range(10):
            n = sum(r["place"] == tenth for r in inside)
            lines.append("  %3d-%3d %% of the way %6d %s" % (10 * tenth, 10 * tenth + 10, n, "#" * (n * 50 // max(1, len(inside)))))
        lines.append("  outside            %6d" % (len(killed) - len(inside)))
        kinds = {}
        for r in killed:
            key = "%s %s" % (r["what"], "app.db" + r["file"] if r["file"] != "elsewhere" else r["file"])
            kinds[key] = kinds.get(key, 0) + 1
        lines += ["  at %-36s %6d" % k for k in sorted(kinds.items(), key=lambda k: -k[1])[:24]]
    names = sorted({(r["scenario"], r["fault"].split("-")[0].replace("after", "kill")) for r in records})
    for name, fault in names:
        mine = [r for r in records if r["scenario"] == name and r["fault"].split("-")[0].replace("after", "kill") == fault]
        states = {}
        for r in mine:
            states[r["state"]] = states.get(r["state"], 0) + 1
        lines.append("  %-24s %-5s %6d points: %s" % (name, fault, len(mine), ", ".join("%d %s" % (n, s) for s, n in sorted(states.items()))))
    return "\n".join(lines)


def reports():
    """Where test_torture.py leaves its records."""
    return built.folder() / "test-logs" / "torture"


def share(points, chosen):
    """How many points each scenario gets, by its weight."""
    whole = sum(s.weight for s in chosen)
    return {s.name: max(1, round(points * s.weight / whole)) for s in chosen}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--fault", choices=("kill", "term", "int", "full", "fail"), default="kill")
    parser.add_argument("--only", action="append")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--thorough", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--one", nargs=2)
    args = parser.parse_args()
    if args.report:
        seen = [r for f in sorted(reports().glob("*.json")) for r in json.loads(f.read_text())]
        print(histogram(seen))
        killed = [r for r in seen if r["fault"] in ("kill", "after") and r["ended"] != 0]
        return 0 if sum(r["in"] for r in killed) >= 0.8 * len(killed) else 1
    if args.one:
        base = Path(args.keep or tempfile.mkdtemp(prefix="moult-torture-"))
        print(base)
        print(json.dumps(Stage(scenarios.named(args.one[0]), base / "stage").try_point(Point.read(args.one[1])), indent=1))
        return 0
    chosen = [s for s in scenarios.ALL if not args.only or s.name in args.only]
    counts, began = share(args.points, chosen), time.monotonic()
    jobs = [(s.name, args.fault, counts[s.name], args.seed, part, args.jobs, args.thorough, args.keep) for s in chosen for part in range(args.jobs)]
    records, broken = [], []
    with multiprocessing.Pool(args.jobs) as pool:
        for some, bad in pool.imap_unordered(work, jobs):
            records += some
            broken += bad
    print(histogram(records))
    print("%d points in %.0f s, %d broken" % (len(records) + len(broken), time.monotonic() - began, len(broken)))
    print("\n".join(broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
