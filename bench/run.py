#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py - what moult costs, as a ratio against raw SQLite doing the least that could do, in the same run.

usage: bench/run.py [--build DIR] [--only PART]... [--rows N] [--write]

--write puts the table into docs/benchmarks.md. The exit status is 1 when a ratio is over its limit.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
SIZES = (1, 100, 1000)


def table(i, email="TEXT COLLATE NOCASE", amount="REAL DEFAULT 0", extra=""):
    parent = f" REFERENCES t{i - 1}(id)" if i > 1 else ""
    return (f"CREATE TABLE t{i} (\n    id INTEGER PRIMARY KEY,\n    name TEXT NOT NULL,\n    email {email},\n    amount {amount},\n"
            f"    created TEXT DEFAULT CURRENT_TIMESTAMP,\n    parent INTEGER{parent}{extra}\n);\n"
            f"CREATE INDEX t{i}_name ON t{i}(name);\n")


def schema(n):
    return "".join(table(i) for i in range(1, n + 1))


def schema_after_ten_changes(n):
    """Four columns, a default, a NOT NULL, two indexes, a table and a view: spread over the tables that there are."""
    extra, other = {}, {}
    for k in range(4):
        extra.setdefault(k % n + 1, []).append(f",\n    extra{k} INTEGER")
    other[4 % n + 1] = {"amount": "REAL DEFAULT 1"}
    other.setdefault(5 % n + 1, {})["email"] = "TEXT COLLATE NOCASE NOT NULL"
    text = "".join(table(i, extra="".join(extra.get(i, [])), **other.get(i, {})) for i in range(1, n + 1))
    return (text + "".join(f"CREATE INDEX new{k} ON t{k % n + 1}(created);\n" for k in (6, 7))
            + "CREATE TABLE new8 (id INTEGER PRIMARY KEY, note TEXT);\nCREATE VIEW new9 AS SELECT id, name FROM t1;\n")


def big_schema(kind="INTEGER", email="TEXT"):
    return (f"CREATE TABLE t1 (\n    id INTEGER PRIMARY KEY,\n    name TEXT,\n    n {kind},\n    email {email}\n);\n"
            "CREATE INDEX t1_name ON t1(name);\n")


# The same rebuild as a person would write it.
REBUILD = """{pragma}
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;
CREATE TABLE t1_new (id INTEGER PRIMARY KEY, name TEXT, n NUMERIC, email TEXT);
INSERT INTO t1_new SELECT id, name, n, email FROM t1;
DROP TABLE t1;
ALTER TABLE t1_new RENAME TO t1;
CREATE INDEX t1_name ON t1(name);
COMMIT;
"""


# What brings a column back by hand, from where its values are kept.
REFILL = """BEGIN IMMEDIATE;
ALTER TABLE t1 ADD COLUMN email TEXT;
UPDATE t1 SET email = a.email FROM _moult_attic_2_1 AS a WHERE a.id = t1.id;
COMMIT;
"""


class Bench:
    def __init__(self, build, rows, only):
        self.build, self.rows, self.only = build, rows, only
        self.data = build / "bench-data"
        self.lines, self.over = [], []
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)

    def json(self, *command):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(str(c) for c in command)}\n{done.stdout}{done.stderr}".strip())
        return json.loads(done.stdout)

    def measure(self, mode, rounds, database, text):
        return self.json(self.build / "bench/measure", mode, rounds, database, text)

    def file(self, name, text):
        path = self.data / name
        path.write_text(text)
        return path

    def line(self, what, size, subject, floor, unit, limit=None):
        ratio = subject / floor
        shown = {"us": lambda x: f"{x / 1000:.2f} ms" if x < 1e6 else f"{x / 1e6:.2f} s",
                 "kib": lambda x: f"{x / 1024:.1f} MiB"}[unit]
        verdict = "" if limit is None else "ok" if ratio <= limit else "over"
        bound = "" if limit is None else f"{limit:.2f}"
        self.lines.append((what, size, shown(floor), shown(subject), f"{ratio:.2f}", bound, verdict))
        print(f"{what:58} {size:>12} {shown(floor):>10} {shown(subject):>10} {ratio:7.2f} {bound:>6} {verdict}", flush=True)
        if verdict == "over":
            self.over.append(f"{what}, {size}: {ratio:.2f}, at most {limit:.2f}")

    def wants(self, part):
        return not self.only or part in self.only

    def recorded(self, n):
        """A database that moult has brought to schema(n), and its schema file."""
        desired, database = self.file(f"{n}.sql", schema(n)), self.data / f"{n}.db"
        if not database.exists():
            self.measure("apply", 1, database, desired)
            with sqlite3.connect(database) as db:
                db.execute("INSERT INTO t1 (name, email) VALUES ('a', 'b')")
            db.close()
        return database, desired

    def nothing_to_do(self, n):
        database, desired = self.recorded(n)
        # The first process finds nothing to do, and records it; only what comes after is the fast path.
        subprocess.run([self.build / "moult", "apply", "--url", f"sqlite:///{database}", "--to", desired], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = self.measure("start", 201 if n < 1000 else 61, database, desired)
        self.line("nothing to do, in process / open, sqlite_schema, a row", tables(n), seen["subject"], seen["floor"], "us", 1.5)
        seen = self.json(self.build / "bench/spawn", 101, self.build / "bench/floor", database, "--", self.build / "moult",
                         "apply", "--url", f"sqlite:///{database}", "--to", desired)
        self.line("nothing to do, a process / a minimal C program", tables(n), seen["subject"], seen["floor"], "us", 2.0)

    def rpc(self, n):
        """A program that starts moult, opens, hears that all is up to date, and ends it; against one that starts the command."""
        database, desired = self.recorded(n)
        program, url = str(self.build / "moult"), f"sqlite:///{database}"
        requests = b"".join(json.dumps({"jsonrpc": "2.0", "id": i, "method": method, "params": params}).encode() + b"\n" for i, method, params in (
            (1, "open", {"url": url, "desired": {"name": "models", "sql": desired.read_text()}}), (2, "apply", {})))

        def talk():
            with subprocess.Popen([program, "rpc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
                process.stdin.write(requests)
                process.stdin.flush()
                answers = [json.loads(process.stdout.readline()) for _ in range(2)]
                process.stdin.close()
            return answers[1]["result"]["outcome"]

        def command():
            with subprocess.Popen([program, "apply", "--url", url, "--to", str(desired)], stdout=subprocess.PIPE) as process:
                return "up_to_date" if b"is up to date" in process.stdout.read() else "?"

        def seconds(run):
            begin = time.perf_counter()
            outcome = run()
            taken = time.perf_counter() - begin
            return taken if outcome == "up_to_date" else sys.exit(f"{run.__name__}: {outcome}")

        command(), talk()  # what is recorded with the first of each is the fast path of the others
        times = [(seconds(command), seconds(talk)) for _ in range(201 if n < 1000 else 61)]
        floor, subject = (statistics.median(t) * 1e6 for t in zip(*times))
        self.line("nothing to do, moult rpc: start, open, apply / moult apply", tables(n), subject, floor, "us", 2.0)

    def plan(self, n):
        database, _ = self.recorded(n)
        desired = self.file(f"{n}-changed.sql", schema_after_ten_changes(n))
        seen = self.measure("plan", 11, database, desired)
        limit = 6.0 if n == 1000 else None
        self.line("plan of 10 changes / sqlite_schema and all table_xinfo", tables(n), seen["subject"], seen["floor"], "us", limit)
        bare = self.data / f"{n}-bare.db"
        with sqlite3.connect(bare) as db:
            db.executescript(schema(n))
        db.close()
        seen = self.measure("first", 7, bare, desired)
        limit = 1.5 if n == 1000 else None
        self.line("first plan of 10 changes / the DDL executed twice", tables(n), seen["subject"], seen["floor"], "us", limit)

    def peak_memory(self, n):
        database, _ = self.recorded(n)
        desired = self.file(f"{n}-changed.sql", schema_after_ten_changes(n))
        copy = self.data / "memory.db"
        shutil.copy(database, copy)
        floor = [self.build / "bench/floor", copy, "--", self.build / "moult"]
        url = ["--url", f"sqlite:///{copy}", "--to", desired]
        planned = self.json(self.build / "bench/spawn", 1, *floor, "plan", *url)
        applied = self.json(self.build / "bench/spawn", 1, *floor, "apply", "--mode", "aggressive", "--no-backup", *url)
        limit = 20 * 1000 * 1000 / 1024
        for what, used in (("peak memory of a plan / 20 MB", planned), ("peak memory of its apply / 20 MB", applied)):
            self.line(what, tables(n), used["memory"], limit, "kib", 1.0)

    def big(self, rows):
        """A recorded database with a table of many rows."""
        desired, database = self.file("big.sql", big_schema()), self.data / f"{rows}.db"
        if not database.exists():
            self.measure("apply", 1, database, desired)
            with sqlite3.connect(database) as db:
                db.execute("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) INSERT INTO t1 "
                           "SELECT i, 'name ' || (i * 7919 % 1000003), i * 3, 'user' || i || '@example.org' FROM c", (rows,))
            db.close()
        return database

    def once(self, mode, base, text):
        """One change, on a copy of the database."""
        copy = self.data / "copy.db"
        shutil.copy(base, copy)
        os.sync()
        seen = self.measure(mode, 1, copy, text)
        copy.unlink()
        return seen

    def rebuild(self):
        base, desired = self.big(self.rows), self.file("rebuild.sql", big_schema(kind="NUMERIC"))
        built = self.file("floor.sql", REBUILD.format(pragma=""))
        off = self.file("floor-off.sql", REBUILD.format(pragma="PRAGMA secure_delete = OFF;"))
        seen = {"apply": [], "built": [], "off": []}
        for _ in range(5):
            seen["built"].append(self.once("sql", base, built)["subject"])
            seen["off"].append(self.once("sql", base, off)["subject"])
            seen["apply"].append(self.once("apply", base, desired))
        took = statistics.median(s["subject"] for s in seen["apply"])
        self.line("rebuild / the plain SQL sequence, secure_delete as built", rows_of(self.rows), took, statistics.median(seen["built"]),
                  "us", 1 / 0.9)
        self.line("rebuild / the plain SQL sequence, secure_delete off", rows_of(self.rows), took, statistics.median(seen["off"]), "us")
        few = self.once("apply", self.big(self.rows // 10), desired)["memory"]
        many = max(s["memory"] for s in seen["apply"])
        self.line("a rebuild's peak memory / that with a tenth of the rows", rows_of(self.rows), many, few, "kib", 1.1)

    def probes(self):
        """A plan that asks one table five things, without an apply, against the same questions in one bare SELECT."""
        base = self.big(self.rows)
        desired = self.file("probes.sql", big_schema().replace("name TEXT", "name TEXT NOT NULL CHECK (name <> '')")
                            .replace("n INTEGER", "n NUMERIC CHECK (n > 0)").replace("email TEXT", "email TEXT NOT NULL"))
        ask = self.file("probes-floor.sql", "SELECT count(*), count(CASE WHEN name IS NULL THEN 1 END), "
                        "count(CASE WHEN NOT (name <> '') THEN 1 END), "
                        "count(CASE WHEN typeof(n) NOT IN ('null', 'integer') THEN 1 END), "
                        "count(CASE WHEN NOT (CASE WHEN typeof(n) IN ('null', 'integer') THEN n END > 0) THEN 1 END), "
                        "count(CASE WHEN email IS NULL THEN 1 END) FROM t1;")
        floor, took = [], []
        for _ in range(5):
            floor.append(self.once("sql", base, ask)["subject"])
            took.append(self.once("ask", base, desired)["subject"])
        self.line("five questions to one table / one bare SELECT of them", rows_of(self.rows), statistics.median(took),
                  statistics.median(floor), "us", 2.0)

    def in_place(self):
        base, desired = self.big(self.rows), self.file("in-place.sql", big_schema(email="TEXT NOT NULL"))
        ask = self.file("ask.sql", "SELECT count(*) FROM t1 WHERE email IS NULL;")
        floor, took = [], []
        for _ in range(5):
            floor.append(self.once("sql", base, ask)["subject"])
            took.append(self.once("apply", base, desired)["subject"])
        self.line("NOT NULL in place / the query that asks the rows", rows_of(self.rows), statistics.median(took),
                  statistics.median(floor), "us", 1.3)

    def attic(self):
        """A column of many rows is dropped, with its values kept and without; and comes back."""
        rows = self.rows // 2
        base = self.big(rows)
        desired = self.file("dropped.sql", big_schema().replace(",\n    email TEXT", ""))
        refill = self.file("refill.sql", REFILL)
        seen = {"apply": [], "attic": []}
        for _ in range(5):
            for mode, all_of in seen.items():
                all_of.append(self.once(mode, base, desired)["subject"])
        self.line("a column dropped with the attic / without", rows_of(rows), statistics.median(seen["attic"]),
                  statistics.median(seen["apply"]), "us")
        kept = self.data / "kept.db"
        shutil.copy(base, kept)
        self.measure("attic", 1, kept, desired)
        took, floor = [], []
        for _ in range(5):
            floor.append(self.once("sql", kept, refill)["subject"])
            took.append(self.once("rollback", kept, refill)["subject"])
        self.line("rollback of a dropped column / a plain UPDATE … FROM", rows_of(rows), statistics.median(took),
                  statistics.median(floor), "us", 2.0)
        kept.unlink()

    def writing(self, base, flags):
        """An apply while a writer writes: how long it took, the writer's longest wait, both in microseconds, and the plan's cost."""
        copy, desired = self.data / "copy.db", self.file("online.sql", big_schema(kind="NUMERIC"))
        for side in ("", "-wal", "-shm"):
            pathlib.Path(f"{copy}{side}").unlink(missing_ok=True)
        shutil.copy(base, copy)
        with sqlite3.connect(copy) as db:
            db.execute("PRAGMA journal_mode = wal")
        db.close()
        os.sync()
        url = ["--url", copy, "--to", desired, *flags]
        plan = self.json(self.build / "moult", "plan", *url, "--format", "json") if flags else None
        writer = subprocess.Popen([self.build / "bench/writer", copy, str(self.rows)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        if flags:
            subprocess.run([self.build / "moult", "apply", *url, "--mode", "aggressive", "--no-backup", "--no-attic"],
                           check=True, capture_output=True)
        else:
            time.sleep(5)
        took = (time.monotonic() - began) * 1e6
        longest = json.loads(writer.communicate()[0])["longest"][0]
        return took, longest, plan["steps"][0]["cost"] if plan else ""

    def online(self):
        base = self.big(self.rows)
        seen = {way: [self.writing(base, flags) for _ in range(5)] for way, flags in (
            ("none", ()), ("plain", ("--no-online",)), ("kept", ("--online",)), ("last", ("--indexes-last",)))}
        took = {way: statistics.median(s[0] for s in all_seen) for way, all_seen in seen.items()}
        longest = {way: statistics.median(s[1] for s in all_seen) for way, all_seen in seen.items()}
        size = rows_of(self.rows)
        self.line("a writer's longest wait, in batches / 0.1 s, or twice without", size, longest["kept"],
                  max(1e5, 2 * max(s[1] for s in seen["none"])), "us", 1.0)
        self.line("in batches, indexes kept / the plain rebuild", size, took["kept"], took["plain"], "us", 10.0)
        self.line("in batches, indexes last / the plain rebuild", size, took["last"], took["plain"], "us", 2.0)
        said = re.search(r"about ([0-9.]+) (ms|s)", seen["last"][0][2])
        predicted = float(said[1]) * (1e3 if said[2] == "ms" else 1e6)
        self.line("a writer's longest wait, indexes last / what the plan says", size, longest["last"], predicted, "us", 2.0)

    def crud(self):
        """Requests to a CRUDRouter against the same endpoints by hand: at least 0.95 of their number in a second."""
        python = subprocess.run([ROOT / "scripts/venv", "newest"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]
        for kind, seen in self.json(python, ROOT / "bench/crud.py").items():
            for what, times in seen.items():
                self.line(f"CRUDRouter, {what} / by hand", kind, times["subject"] / 1000, times["floor"] / 1000, "us", 1 / 0.95)

    def startup(self):
        """A start of an application that is up to date; create_all looks at no column, so that it is only shown."""
        python = subprocess.run([ROOT / "scripts/venv", "newest"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]
        for count, seen in self.json("env", f"MOULT_BINARY={self.build / 'moult'}", python, ROOT / "bench/startup.py").items():
            for way, what, limit in (("alembic", "'alembic upgrade head'", 1.0), ("create_all", "create_all", None)):
                self.line(f"a start by fastapi_easy / {what}", f"{count} models", seen["ours"] / 1000, seen[way] / 1000, "us", limit)

    def write(self):
        machine = f"{os.cpu_count()} cores, {platform.machine()}, SQLite {sqlite3.sqlite_version}, {self.rows:,} rows"
        rows = ["| what, against what | size | floor | moult | ratio | at most |", "| --- | --: | --: | --: | --: | --: |"]
        rows += [f"| {w} | {s} | {f} | {m} | {r} | {b} |" for w, s, f, m, r, b, _ in self.lines]
        text = PAGE.read_text()
        head, rest = text.split(BEGIN, 1)
        PAGE.write_text(head + BEGIN + f"\n{machine}; medians.\n\n" + "\n".join(rows) + "\n" + END + rest.split(END, 1)[1])


def tables(n):
    return f"{n:,} table{'s' if n > 1 else ''}"


def rows_of(n):
    return f"{n:,} rows"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", default=ROOT / "build", type=pathlib.Path)
    parser.add_argument("--only", action="append", choices=["start", "rpc", "plan", "memory", "rebuild", "probes", "in-place", "attic", "online",
                                                            "crud", "startup"])
    parser.add_argument("--rows", default=2_000_000, type=int)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    bench = Bench(args.build.resolve(), args.rows, args.only)
    print(f"{'what / against what':58} {'size':>12} {'floor':>10} {'moult':>10} {'ratio':>7} {'limit':>6}")
    for n in SIZES:
        if bench.wants("start"):
            bench.nothing_to_do(n)
        if bench.wants("rpc"):
            bench.rpc(n)
    for n in SIZES:
        if bench.wants("plan"):
            bench.plan(n)
    if bench.wants("memory"):
        bench.peak_memory(1000)
    if bench.wants("rebuild"):
        bench.rebuild()
    if bench.wants("probes"):
        bench.probes()
    if bench.wants("in-place"):
        bench.in_place()
    if bench.wants("attic"):
        bench.attic()
    if bench.wants("online"):
        bench.online()
    if bench.wants("crud"):
        bench.crud()
    if bench.wants("startup"):
        bench.startup()
    if args.write:
        bench.write()
    shutil.rmtree(bench.data)
    for over in bench.over:
        print(f"over its limit: {over}", file=sys.stderr)
    return 1 if bench.over else 0


if __name__ == "__main__":
    sys.exit(main())
