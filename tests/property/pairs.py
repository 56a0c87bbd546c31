# SPDX-License-Identifier: MIT
"""One random pair of schemas, from its seed: migrated, judged, and brought back."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from tests import judge
from tests.property import generate, rows
from tests.property.model import Style, schema_sql

ROOT = Path(__file__).resolve().parents[2]
REFUSALS = {"IMPOSSIBLE", "DATABASE"}  # the codes for rows that do not fit


class Wrong(Exception):
    """What a pair shows to be wrong."""


# The rebuilds of every so many pairs are also made in batches, which pause: moult_online.
IN_BATCHES = int(os.environ.get("PROPERTY_IN_BATCHES", "5"))
ALWAYS, LAST = 1, 3


class Crashed(Exception):
    """The runner ended."""


class Runner:
    """The program that calls libmoult; started when it is first needed, and again after it crashed."""

    def __init__(self, path=None):
        self.path, self.process = str(path or Path(os.environ.get("BUILD", ROOT / "build")) / "tests/property/runner"), None

    def ask(self, op, db, desired, **more):
        if self.process is None:
            self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        job = {"op": op, "db": str(db), "desired": desired, **more}
        try:
            self.process.stdin.write(json.dumps(job, ensure_ascii=False) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            status = self.process.wait()
            self.process = None
            raise Crashed("the runner ended with %d at %s" % (status, op))
        return json.loads(line)

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
            self.process = None


def copy(source, target):
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(str(target) + suffix).unlink(missing_ok=True)
    a, b = sqlite3.connect(source), sqlite3.connect(target)
    b.execute("PRAGMA synchronous = OFF")
    a.backup(b)
    a.close()
    b.close()


def high_water(path):
    db = sqlite3.connect(path)
    try:
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone():
            return {}
        return {judge.fold(n): s for n, s in db.execute("SELECT name, seq FROM sqlite_sequence")}
    finally:
        db.close()


def number(value):
    """A value, as a number where it reads like one: 7, 7.0 and '7' are one, to the 15 digits that a text gets."""
    try:
        return float("%.13g" % float(value))
    except (TypeError, ValueError):
        return value


def rekeyed(matches):
    """Tables without row ids whose key changes its type: their rows cannot be told apart by the key as it is written."""
    return [(was, t, pairs) for was, t, pairs in matches
            if any(pairs.get(c) is not None and pairs[c].kind != c.kind for c in t.key) or
            any(c in pairs.values() and next(n for n, o in pairs.items() if o is c).kind != c.kind for c in was.key)]


def loosely_kept(before, after, was, t, pairs):
    """Are their rows the same but for the form of numbers?"""
    kept = [(o, n) for n, o in pairs.items() if o is not None and n.generated is None and o.generated is None]
    found = []
    for path, table, columns in ((before, was, [o for o, _ in kept]), (after, t, [n for _, n in kept])):
        db = sqlite3.connect(path)
        rows_there = db.execute("SELECT %s FROM %s" % (", ".join(map(rows.q, columns)) or "1", rows.q(table))).fetchall()
        found.append(sorted(repr([number(v) for v in row]) for row in rows_there))
        db.close()
    return [] if found[0] == found[1] else ["%s: %s became %s" % (t.name, found[0][:2], found[1][:2])]


class Pair:
    """Schemas `old` and `new` with what is needed to try them; `folder` is for files."""

    def __init__(self, seed, folder, runner, old, new, style_seed):
        self.seed, self.folder, self.runner, self.old, self.new = seed, Path(folder), runner, old, new
        self.style_seed = style_seed
        self.outcomes = []

    def build(self):
        rng = random.Random(self.style_seed)
        self.before = self.folder / "before.db"
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(str(self.before) + suffix).unlink(missing_ok=True)
        rows.create(self.before, self.old, rng, Style(rng), rng.random() < 0.04)
        self.old_sql = schema_sql(self.old, Style(rng))
        self.new_sql = schema_sql(self.new, Style(rng), True)
        self.back = rows.way_back(self.old, self.new)
        self.back_sql = schema_sql(self.back, Style(rng), True)

    def check(self):
        """All that must hold; raises Wrong."""
        self.build()
        live = self.folder / "live.db"
        copy(self.before, live)
        self.record(live)
        self.same_plans(live)
        self.markers()
        went = self.go(live, self.before, self.old, self.new, self.new_sql, 0)
        if self.seed % IN_BATCHES == 0:
            self.in_batches()
        if went:
            self.in_halves()
            middle = self.folder / "middle.db"
            copy(live, middle)
            self.go(live, middle, self.new, self.back, self.back_sql, 1)

    def in_batches(self):
        """The same with every rebuild in batches, indexes kept meanwhile or built last."""
        batches = self.folder / "batches.db"
        copy(self.before, batches)
        self.record(batches)
        self.go(batches, self.before, self.old, self.new, self.new_sql, 0, online=ALWAYS if self.seed % 2 else LAST)

    def in_halves(self):
        """The same with a hook between the halves, or one half today and the other tomorrow."""
        halves = self.folder / "halves.db"
        copy(self.before, halves)
        self.record(halves)
        ways = [{"hook": True}] if self.seed % 2 else [{"phase": 1}, {"phase": 2}]
        for way in ways:
            got = self.runner.ask("apply", halves, self.new_sql, **way)
            if got["code"] != 0:
                raise Wrong("in halves (%s): %s" % (way, explain(got)))
            if got["outcome"] != "waits":
                break
        self.judge(halves, self.before, self.old, self.new, self.new_sql, "in halves: ", rows.oracle(self.before, self.old, self.new))

    def record(self, live):
        """A database that is as its schema says is recorded, and that is all."""
        got = self.runner.ask("apply", live, self.old_sql)
        if got.get("outcome") not in ("recorded", "up_to_date"):
            raise Wrong("its own schema is not what it has: %s" % explain(got))
        changed = judge.same_content(str(self.before), str(live))
        if changed:
            raise Wrong("recording changed it: %s" % changed[:2])

    def same_plans(self, live):
        """The plan is the same with and without `full`, with a history and without."""
        for db, what in ((live, "recorded"), (self.before, "new")):
            a = self.runner.ask("plan", db, self.new_sql, full=0)
            b = self.runner.ask("plan", db, self.new_sql, full=1)
            if (a["name"], a.get("id")) != (b["name"], b.get("id")):
                raise Wrong("another plan with full (%s): %s, %s" % (what, explain(a), explain(b)))

    def markers(self):
        db = self.folder / "markers.db"
        copy(self.before, db)
        got = self.runner.ask("markers", db, self.new_sql)
        if got.get("stuck"):
            raise Wrong("the marker stood still after: %s" % got["stuck"][:2])
        self.moved = got.get("moved", 0)

    def go(self, live, before, old, new, sql, backward, **way):
        """One migration of `live`, which is as `before`; 1 when it got there, 0 when it rightly did not."""
        verdict = rows.oracle(before, old, new)
        got = self.runner.ask("apply", live, sql, backward=backward, **way)
        where = "back: " if backward else "in batches: " if way else ""
        if got["code"] != 0:
            if verdict.answer == "yes":
                raise Wrong("%srefused, and the rows fit: %s" % (where, explain(got)))
            if got["name"] not in REFUSALS:
                raise Wrong("%srefused in a wrong way (%s): %s" % (where, verdict.why, explain(got)))
            changed = judge.same_content(str(before), str(live))
            if changed:
                raise Wrong("%srefused, and it changed: %s" % (where, changed[:2]))
            self.outcomes.append("refused")
            return 0
        if got["outcome"] not in ("applied", "up_to_date", "recorded"):
            raise Wrong("%s%s" % (where, explain(got)))
        if verdict.answer == "no":
            raise Wrong("%sapplied, and the rows cannot live there: %s" % (where, verdict.why))
        self.judge(live, before, old, new, sql, where, verdict)
        self.outcomes.append(got["outcome"])
        return 1

    def judge(self, live, before, old, new, sql, where, verdict):
        renames = judge.Renames()
        for was, t, pairs in rows.matched(old, new):
            if was.name != t.name:
                renames.tables[judge.fold(was.name)] = judge.fold(t.name)
            moved = {judge.fold(s.name): judge.fold(c.name) for c, s in pairs.items() if s is not None and s.name != c.name}
            if moved:
                renames.columns[judge.fold(t.name)] = moved
        # A table of FTS5 has a hidden column of its own name, whose values are no data.
        hidden = tuple("%s.%s: " % (judge.fold(v.name), judge.fold(v.name)) for v in new.virtuals)
        loose = rekeyed(rows.matched(old, new))
        skip = (*verdict.numbered, *(judge.fold(t.name) for _, t, _ in loose))
        problems = [p for p in judge.rows_kept(str(before), str(live), renames, skip=skip)
                    if not judge.fold(p).startswith(hidden or ("\0",))]
        for was, t, pairs in loose:
            if not any(o is not None and o.kind != n.kind and o not in was.key and n not in t.key for n, o in pairs.items()):
                problems += loosely_kept(before, live, was, t, pairs) if judge.fold(t.name) not in verdict.numbered else []
        marks, was_marks = high_water(live), high_water(before)
        for was, t, _ in rows.matched(old, new):
            if was.autoincrement and t.autoincrement and was.key[0].uid == t.key[0].uid:
                a, b = was_marks.get(judge.fold(was.name)), marks.get(judge.fold(t.name))
                if a != b and not (not a and not b):
                    problems.append("%s: the high-water mark was %s and is %s" % (t.name, a, b))
        clean = self.folder / "clean.db"
        copy(live, clean)
        judge.without_own_tables(str(clean))
        again = self.runner.ask("plan", clean, sql, full=1)
        if again["code"] != 0 or again["changes"] != 0:
            problems.append("the second plan: %s" % explain(again))
        db = sqlite3.connect(clean, isolation_level=None)
        if marks:
            db.execute("DELETE FROM sqlite_sequence")
        db.close()
        problems += [p for p in judge.converges(str(clean), sql, str(before))
                     if not (p.startswith("integrity_check: ") and not verdict.sound)]
        if problems:
            raise Wrong(where + "; ".join(map(str, problems[:4])))


def explain(got):
    keys = ("name", "outcome", "message", "detail", "hint", "engine", "changes", "steps", "id")
    return ", ".join("%s: %s" % (k, got[k] if k != "id" else got[k][:8]) for k in keys if got.get(k))


def from_seed(seed, folder, runner):
    rng = random.Random(seed)
    generator = generate.Generator(rng)
    old = generator.schema()
    new = generator.change(old)
    return Pair(seed, folder, runner, old, new, rng.randrange(2 ** 32))


def trial(seed, runner):
    """Tries one seed: (outcomes, None), or (outcomes, what is wrong)."""
    folder = tempfile.mkdtemp(prefix="moult-pair-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        pair = from_seed(seed, folder, runner)
        pair.check()
        return pair.outcomes, None
    except (Wrong, Crashed) as wrong:
        return [], str(wrong)
    finally:
        shutil.rmtree(folder, True)
