# SPDX-License-Identifier: MIT
"""Rebuilds in batches while an application goes on writing, and what can go wrong meanwhile: no row is lost or doubled."""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402

ROWS = 15000
MANY = 80_000  # to build an index of so many rows at once would block writers for too long


class Table:
    """A table, what it shall become, and how an application writes to it."""

    def __init__(self, name, before, after, key="id", rowids=True):
        self.name, self.before, self.after, self.key, self.rowids = name, before, after, key, rowids

    def insert(self, r, verb="INSERT"):
        n = r.randrange(ROWS * 3)
        return (f"{verb} INTO t(id, mail, n, part, word) VALUES (?, ?, ?, ?, ?)",
                (n, f"m{r.randrange(ROWS * 2)}", str(r.randrange(1000)), r.randrange(ROWS * 2), f"W{r.randrange(ROWS * 2)}"))

    def statement(self, r):
        some = r.randrange(ROWS * 2)
        return r.choice([
            lambda: self.insert(r), lambda: self.insert(r, "REPLACE"), lambda: self.insert(r, "INSERT OR IGNORE"),
            lambda: ("DELETE FROM t WHERE id = ?", (some,)),
            lambda: ("DELETE FROM t WHERE id BETWEEN ? AND ?", (some, some + 3)),
            lambda: ("UPDATE t SET n = ? WHERE id = ?", (str(r.randrange(1000)), some)),
            lambda: ("UPDATE OR REPLACE t SET mail = ? WHERE id = ?", (f"m{r.randrange(ROWS)}", some)),
            lambda: ("UPDATE OR IGNORE t SET mail = ?, part = part + 1 WHERE id BETWEEN ? AND ?",
                     (f"m{r.randrange(ROWS)}", some, some + 2)),
            lambda: ("UPDATE OR REPLACE t SET id = ? WHERE id = ?", (r.randrange(ROWS * 2), some)),
            lambda: ("UPDATE OR REPLACE t SET part = ?, word = ? WHERE id = ?",
                     (r.randrange(ROWS), f"w{r.randrange(ROWS)}", some)),
            lambda: ("UPDATE t SET mail = CASE mail WHEN 'm1' THEN 'm2' ELSE 'm1' END WHERE mail = 'm1'", ()),
        ])()


INDEXES = """CREATE INDEX t_n ON t (n);
CREATE UNIQUE INDEX t_part ON t (part DESC) WHERE n > '5';
CREATE UNIQUE INDEX t_word ON t (lower(word), n);
"""
TABLES = [
    Table("integer-key",
          "CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, n TEXT, part INT, word TEXT);" + INDEXES,
          "CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, n TEXT, part TEXT, word TEXT);" + INDEXES),
    Table("autoincrement",
          "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, n TEXT, part INT, word TEXT);" + INDEXES,
          "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, n TEXT, part TEXT, word TEXT);" + INDEXES),
    Table("without-rowid",
          "CREATE TABLE t (id INT, mail TEXT COLLATE NOCASE, n TEXT, part INT, word TEXT, PRIMARY KEY (mail, id)) WITHOUT ROWID;"
          + INDEXES,
          "CREATE TABLE t (id INT, mail TEXT COLLATE NOCASE, n TEXT, part TEXT, word TEXT, PRIMARY KEY (mail, id)) WITHOUT ROWID;"
          + INDEXES, key="mail, id", rowids=False),
    Table("to-without-rowid",
          "CREATE TABLE t (id INT NOT NULL UNIQUE, mail TEXT UNIQUE, n TEXT, part INT, word TEXT);" + INDEXES,
          "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, mail TEXT UNIQUE, n TEXT, part INT, word TEXT) WITHOUT ROWID;" + INDEXES,
          rowids=False),
    Table("from-without-rowid",
          "CREATE TABLE t (id INT PRIMARY KEY, mail TEXT UNIQUE, n TEXT, part INT, word TEXT) WITHOUT ROWID;" + INDEXES,
          "CREATE TABLE t (id INT PRIMARY KEY, mail TEXT UNIQUE, n TEXT, part INT, word TEXT);" + INDEXES, rowids=False),
    Table("no-key",
          "CREATE TABLE t (id INT, mail TEXT UNIQUE, n TEXT, part INT, word TEXT);" + INDEXES,
          "CREATE TABLE t (id INT, mail TEXT UNIQUE, n TEXT, part TEXT, word TEXT);" + INDEXES),
]


def fill(db, rows=ROWS):
    db.execute("BEGIN")
    db.executemany("INSERT INTO t(id, mail, n, part, word) VALUES (?, ?, ?, ?, ?)",
                   ((i * 2, f"m{i}", str(i % 1000), i, f"W{i}") for i in range(rows)))
    db.execute("COMMIT")


def open_db(path):
    return sqlite3.connect(path, isolation_level=None, timeout=20)


class Place:
    def __init__(self, folder, table, journal="wal", rows=ROWS):
        self.folder, self.table = folder, table
        self.path, self.desired = folder / "app.db", folder / "schema.sql"
        self.desired.write_text(table.after)
        db = open_db(self.path)
        db.execute("PRAGMA journal_mode = " + journal)
        db.executescript(table.before)
        fill(db, rows)
        db.close()

    def arguments(self, *more):
        return [str(built.moult()), "apply", "--url", str(self.path), "--to", str(self.desired), "--mode", "aggressive",
                "--no-backup", *more]

    def apply(self, *more, env=None):
        return subprocess.run(self.arguments(*(more or ("--online",))), capture_output=True, text=True, timeout=120,
                              env={**os.environ, **(env or {})})

    def start(self, *more):
        return subprocess.Popen(self.arguments(*(more or ("--online",))), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def names(self):
        db = open_db(self.path)
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}
        db.close()
        return names

    def left(self):
        return {n for n in self.names() if re.match("_moult_(at|log|new|old|fl|bi|ai|bu|bd|h[0-9]|[in]x_[0-9]+|gone_[0-9]+)_|_moult_wipe", n)}

    def is_new(self):
        """Is it the desired schema, with nothing of moult's work left?"""
        done = subprocess.run([str(built.moult()), "plan", "--url", str(self.path), "--to", str(self.desired), "--exit-code"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 2), done.stderr
        return done.returncode == 0

    def check(self):
        db = open_db(self.path)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.close()

    def rows(self):
        db = open_db(self.path)
        try:
            return content(db, self.table)
        finally:
            db.close()


def content(db, table):
    """All rows; what an affinity turned into another form of the same value counts as the same."""
    what = "rowid, *" if table.rowids else "*"
    return sorted([tuple(None if v is None else str(v) for v in row) for row in db.execute(f"SELECT {what} FROM t")],
                  key=lambda row: tuple((v is None, v or "") for v in row))


class Writer(threading.Thread):
    """Writes to the database, and does the same in a model: an SQLite of its own in memory, with the old schema."""

    def __init__(self, place, seed):
        super().__init__()
        self.place, self.random, self.ends, self.problem = place, random.Random(seed), threading.Event(), None
        self.model = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.model.executescript(place.table.before)
        source = open_db(place.path)
        what = "rowid, id, mail, n, part, word" if place.table.rowids else "id, mail, n, part, word"
        self.model.executemany(f"INSERT INTO t({what}) VALUES ({', '.join('?' * (what.count(',') + 1))})",
                               source.execute(f"SELECT {what} FROM t"))
        source.close()
        self.statements = 0

    def both(self, db, sql, parameters):
        found = []
        for one in (db, self.model):
            try:
                one.execute(sql, parameters)
                found.append(None)
            except sqlite3.IntegrityError as e:
                found.append(str(e))
        assert found[0] == found[1], (sql, parameters, found)

    def transaction(self, db):
        db.execute("BEGIN IMMEDIATE")
        self.model.execute("BEGIN")
        for _ in range(self.random.randrange(1, 4)):
            self.both(db, *self.place.table.statement(self.random))
            self.statements += 1
        end = "ROLLBACK" if self.random.random() < 0.1 else "COMMIT"
        db.execute(end)
        self.model.execute(end)

    def run(self):
        db = open_db(self.place.path)
        try:
            while not self.ends.is_set():
                self.transaction(db)
                time.sleep(0.001)
        except Exception as e:  # told by the test's own thread
            self.problem = e
        finally:
            db.close()

    def finish(self):
        self.ends.set()
        self.join(60)
        if self.problem:
            raise self.problem
        return self.statements


# --- an application that writes ----------------------------------------------------------------------------------------


WAYS = [(t, "wal", "--online") for t in TABLES] + [(t, j, w) for t in (TABLES[0], TABLES[-1]) for j, w in (
    ("wal", "--indexes-last"), ("delete", "--online"), ("delete", "--indexes-last"))]


@pytest.mark.parametrize("table, journal, way", WAYS, ids=lambda x: getattr(x, "name", x))
def test_a_writer_goes_on(tmp_path, table, journal, way):
    place = Place(tmp_path, table, journal)
    writer = Writer(place, f"{table.name} {journal} {way}")
    writer.start()
    done = place.apply(way)
    assert writer.finish() > 0
    assert done.returncode == 0, done.stderr
    assert place.rows() == content(writer.model, table)
    assert place.is_new() and not place.left()
    place.check()


class Swapper(threading.Thread):
    """Swaps a unique value between two rows again and again, and waits for nothing: the new table lags behind, so they collide there."""

    def __init__(self, place):
        super().__init__()
        self.place, self.random, self.ends, self.swaps = place, random.Random(1), threading.Event(), 0

    def run(self):
        db = open_db(self.place.path)
        while not self.ends.is_set():
            a, b = (2 * i for i in self.random.sample(range(ROWS), 2))
            db.execute("BEGIN IMMEDIATE")
            first, second = (db.execute("SELECT mail FROM t WHERE id = ?", (i,)).fetchone()[0] for i in (a, b))
            for mail, row in ((None, a), (first, b), (second, a)):
                db.execute("UPDATE t SET mail = ? WHERE id = ?", (mail, row))
            db.execute("COMMIT")
            self.swaps += 1
        db.close()


@pytest.mark.parametrize("way, rows", [("--online", MANY), ("--indexes-last", ROWS)])
def test_values_that_are_swapped_all_the_time(tmp_path, way, rows):
    place = Place(tmp_path, TABLES[0], rows=rows)
    swapper = Swapper(place)
    swapper.start()
    try:
        done = place.apply(way)
    finally:
        swapper.ends.set()
        swapper.join(60)
    assert done.returncode == 0, done.stderr
    assert swapper.swaps > 0 and place.is_new() and not place.left()
    assert len(place.rows()) == rows
    place.check()


# --- what the attic keeps ------------------------------------------------------------------------------------------------


def kept_table(name, key, rest="", in_batches=True):
    columns = f"CREATE TABLE t ({key}, mail TEXT UNIQUE, n TEXT, part %s{{}}{rest};"
    return name, columns.format(", word TEXT") % "INT", columns.format("") % "TEXT", in_batches


KEPT = [
    kept_table("integer-key", "id INTEGER PRIMARY KEY", ")"),
    kept_table("autoincrement", "id INTEGER PRIMARY KEY AUTOINCREMENT", ")"),
    kept_table("declared-key", "id INT NOT NULL PRIMARY KEY", ")"),
    kept_table("key-of-two", "id INT NOT NULL", ", PRIMARY KEY (id, mail)) WITHOUT ROWID"),
    kept_table("key-that-may-be-null", "id INT PRIMARY KEY", ")", in_batches=False),
    kept_table("key-of-another-order", "id TEXT COLLATE NOCASE NOT NULL PRIMARY KEY", ")", in_batches=False),
    kept_table("no-key", "id INT", ")", in_batches=False),
]


def write_much(db):
    """In one transaction, while the table is copied: rows that were copied, and rows that were not yet."""
    db.execute("BEGIN IMMEDIATE")
    assert db.execute("SELECT count(*) FROM _moult_at_t").fetchone() == (1,)
    db.execute("DELETE FROM t WHERE CAST(id AS INT) % 10 = 4")
    db.execute("UPDATE t SET part = part + 100000, word = 'again ' || id WHERE CAST(id AS INT) % 10 = 6")
    db.execute("UPDATE t SET id = id + 1 WHERE CAST(id AS INT) % 10 = 8")
    db.execute("UPDATE t SET word = NULL WHERE CAST(id AS INT) % 100 = 0")
    db.execute("REPLACE INTO t(id, mail, n, part, word) SELECT id, mail, n, part + 1, 'put' FROM t WHERE CAST(id AS INT) % 50 = 2")
    db.execute("INSERT INTO t(id, mail, n, part, word) VALUES (100001, 'new', '1', -1, 'new'), (100003, 'newer', '1', NULL, NULL)")
    db.execute("COMMIT")


@pytest.mark.parametrize("name, before, after, in_batches", KEPT, ids=[k[0] for k in KEPT])
@pytest.mark.parametrize("way", ["--online", "--indexes-last"])
def test_what_the_attic_keeps(tmp_path, way, name, before, after, in_batches):
    """Complete at the moment of the swap, whatever was written on the way: dropped values and converted ones."""
    place = Place(tmp_path, Table(name, before, after))
    plan = subprocess.run([str(built.moult()), "plan", "--url", str(place.path), "--to", str(place.desired), "--own=all", way],
                          capture_output=True, text=True, check=True, timeout=60).stdout
    assert ("copies what the attic keeps, and blocks writers" in plan) is not in_batches, plan
    model = sqlite3.connect(":memory:", isolation_level=None)
    source = open_db(place.path)
    source.backup(model)
    source.close()
    code, errors = during(place, write_much, "--own=all", way)
    assert code == 0, errors
    model.execute("CREATE TABLE _moult_at_t AS SELECT 1 AS done")
    write_much(model)
    db = open_db(place.path)
    holder = dict(db.execute("SELECT kind, holder FROM _moult_attic"))
    counted = dict(db.execute('SELECT kind, "rows" FROM _moult_attic'))
    gone = sorted(db.execute(f"SELECT id, word FROM {holder['column']}"))
    assert gone == sorted(model.execute("SELECT id, word FROM t WHERE word IS NOT NULL"))
    converted = sorted(db.execute(f"SELECT id, _moult_old_1, typeof(_moult_old_1), _moult_new_1 FROM {holder['values']}"))
    assert converted == sorted((m, p, "integer", str(p)) for m, p in model.execute("SELECT id, part FROM t WHERE part IS NOT NULL"))
    assert counted == {"column": len(gone), "values": len(converted)}
    db.close()
    assert not place.left()
    place.check()


# --- somebody else, meanwhile --------------------------------------------------------------------------------------------


def during(place, what, *more):
    """Runs `what` with a connection of its own as soon as rows are copied; gives what the apply ended with."""
    process = place.start(*(more or ("--online",)))
    db = open_db(place.path)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if db.execute("SELECT done FROM _moult_at_t").fetchone()[0] > 0:
                break
        except (sqlite3.OperationalError, TypeError):
            pass
        time.sleep(0.002)
    assert process.poll() is None, process.communicate()
    what(db)
    db.close()
    out, errors = process.communicate(timeout=120)
    return process.returncode, errors


@pytest.mark.parametrize("table", [TABLES[0], TABLES[2], TABLES[-1]], ids=lambda t: t.name)
def test_vacuum(tmp_path, table):
    place = Place(tmp_path, table)
    db = open_db(place.path)
    db.execute("DELETE FROM t WHERE id % 3 = 0")
    db.close()
    before = place.rows()
    code, errors = during(place, lambda db: db.execute("VACUUM"))
    assert code == 0, errors
    assert ("its copy begins anew" in errors) == (table.name == "no-key")
    after = place.rows()
    if table.name == "no-key":  # row ids are what VACUUM made them
        before, after = ([row[1:] for row in rows] for rows in (before, after))
    assert sorted(after, key=str) == sorted(before, key=str)
    assert place.is_new() and not place.left()
    place.check()


def test_an_alter_of_somebody_else(tmp_path):
    """The plan is made anew, for what is there then; what was begun is cleared away."""
    place = Place(tmp_path, TABLES[0])
    code, errors = during(place, lambda db: db.execute("ALTER TABLE t ADD COLUMN extra TEXT DEFAULT 'kept'"))
    assert code == 0, errors
    assert not place.left()
    place.check()
    db = open_db(place.path)
    assert db.execute("SELECT count(*), min(extra) FROM t").fetchone() == (ROWS, "kept")
    db.close()


def test_a_log_that_is_dropped(tmp_path):
    place = Place(tmp_path, TABLES[0])
    before = place.rows()

    def drop(db):
        for name in ("bi", "ai", "bu", "bd"):
            db.execute(f"DROP TRIGGER _moult_{name}_t")

    code, errors = during(place, drop)
    assert code == 0, errors  # seen, cleared away, and made anew
    assert place.rows() == before and place.is_new() and not place.left()


def test_a_row_that_breaks_the_new_schema(tmp_path):
    """The application's own writes never fail for it; the apply does, and clears away what it made."""
    table = Table("unique", TABLES[0].before, TABLES[0].before.replace("n TEXT", "n TEXT CHECK (n <> 'wrong')")
                  .replace("part INT", "part TEXT"))
    place = Place(tmp_path, table)
    code, errors = during(place, lambda db: db.execute("UPDATE t SET n = 'wrong' WHERE id = 4"))
    assert code == 1 and "CHECK constraint failed" in errors and "_moult_" not in errors, errors
    assert not place.left() and not place.is_new()
    db = open_db(place.path)
    assert db.execute("SELECT count(*), max(n) FROM t").fetchone() == (ROWS, "wrong")
    db.close()
    place.check()


def test_cancelled(tmp_path):
    place = Place(tmp_path, TABLES[0], rows=ROWS * 3)
    before = place.rows()
    process = place.start("--online")
    while process.poll() is None:
        try:
            db = open_db(place.path)
            if db.execute("SELECT done FROM _moult_at_t").fetchone()[0] > 0:
                process.send_signal(signal.SIGINT)
                break
        except (sqlite3.OperationalError, TypeError):
            pass
        finally:
            db.close()
        time.sleep(0.001)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and "cancelled" in errors
    assert not place.left() and place.rows() == before
    place.check()


def test_foreign_keys_of_children(tmp_path):
    """Rows of the old table that wait to be deleted keep no parent from being deleted."""
    table = Table("keys",
                  "CREATE TABLE p (id INTEGER PRIMARY KEY);"
                  "CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES p(id) ON DELETE CASCADE, mail TEXT UNIQUE, n TEXT, part INT, word TEXT);",
                  "CREATE TABLE p (id INTEGER PRIMARY KEY);"
                  "CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES p(id) ON DELETE CASCADE, mail TEXT UNIQUE, n TEXT, part TEXT, word TEXT);")
    place = Place(tmp_path, table)
    db = open_db(place.path)
    db.execute("INSERT INTO p SELECT id FROM t")
    db.execute("PRAGMA foreign_keys = ON")
    process = place.start()
    deleted = 0
    while process.poll() is None:
        db.execute("DELETE FROM p WHERE id = ?", (deleted * 2,))
        deleted += 1
        time.sleep(0.002)
    assert process.returncode == 0, process.communicate()
    process.communicate()
    assert deleted > 5
    assert db.execute("SELECT count(*) FROM t").fetchone() == db.execute("SELECT count(*) FROM p").fetchone() == (ROWS - deleted,)
    db.close()
    assert place.is_new() and not place.left()
    place.check()


# --- killed ---------------------------------------------------------------------------------------------------------------


def shim_env(place, **more):
    return {"LD_PRELOAD": str(built.program("tests/fault/libshim.so")), "SHIM_FOLDER": str(place.folder),
            **{k: str(v) for k, v in more.items()}}


POINTS = 60 if built.torture() else 12


def test_killed_and_uninstalled(tmp_path):
    """The triggers that log what an application writes go with the log: they would refuse every write."""
    place = Place(tmp_path, TABLES[0], rows=3000)
    count, kept = tmp_path / "count", tmp_path / "kept.db"
    shutil.copy(place.path, kept)
    assert place.apply("--online", env=shim_env(place, SHIM_COUNT=count)).returncode == 0
    ours = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_moult\\_%' ESCAPE '\\' AND type = 'trigger'"
    total, left = int(count.read_text()), 0
    for at in range(total // 20, total, total // 20):
        for file in tmp_path.glob("app.db*"):
            file.unlink()
        shutil.copy(kept, place.path)
        place.apply("--online", env=shim_env(place, SHIM_KILL_AT=at))
        db = open_db(place.path)
        left = db.execute(ours).fetchone()[0]
        if left:
            break
        db.close()
    assert left
    done = subprocess.run([str(built.moult()), "uninstall", "--url", str(place.path), "--purge", "--yes"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert db.execute(ours).fetchone() == (0,)
    db.execute("DELETE FROM t WHERE id = 10")
    db.close()


EVERY_INDEX = '''CREATE INDEX t_null ON t (word, n DESC);
CREATE INDEX t_nocase ON t (mail COLLATE NOCASE DESC, id);
CREATE UNIQUE INDEX t_maybe ON t (part, word);
CREATE INDEX t_part ON t (n) WHERE part > 100 AND t.word IS NOT NULL -- some
;
CREATE INDEX t_expression ON t (n || mail);
CREATE INDEX t_row ON t (_moult_row, mail);
CREATE INDEX "t ""odd"" one" ON t ("odd ""x", n);
'''
FILLED = Table("filled",
               'CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, n REAL, part INT, word TEXT, "odd ""x" BLOB AS (part % 3), _moult_row INT DEFAULT 5);'
               + EVERY_INDEX,
               'CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, n REAL, part TEXT, word TEXT, "odd ""x" BLOB AS (part % 3), _moult_row INT DEFAULT 5);'
               + EVERY_INDEX)


def with_nulls(place):
    db = open_db(place.path)
    db.execute("UPDATE t SET word = NULL WHERE id % 14 = 0")
    db.execute("UPDATE t SET n = n / 3.0 WHERE id % 6 = 0")
    db.execute("UPDATE t SET part = NULL WHERE id % 10 = 0")
    db.close()
    return place


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_every_index(tmp_path, journal):
    """What fills an index in its own order knows NULLs, collations, directions, conditions and what is no column."""
    place = with_nulls(Place(tmp_path, FILLED, journal, rows=MANY))
    writer = Writer(place, "every index")
    writer.start()
    done = place.apply("--online", "--own=all")
    writer.finish()
    assert done.returncode == 0, done.stderr
    assert place.rows() == content(writer.model, FILLED)
    assert place.is_new() and not place.left()
    place.check()


@pytest.mark.parametrize("then", ["the same", "another"])
def test_killed_while_an_index_is_filled(tmp_path, then):
    """The next run of the same plan goes on with it, and any other clears it away."""
    place = with_nulls(Place(tmp_path, FILLED, rows=MANY))
    running, db = place.start("--online"), open_db(place.path)
    while not db.execute("SELECT count(*) FROM sqlite_schema WHERE name = '_moult_fl_t'").fetchone()[0]:
        assert running.poll() is None, running.communicate()
    running.kill()
    running.communicate()
    assert db.execute("SELECT type FROM sqlite_schema WHERE name = '_moult_fl_t'").fetchall() == [("table",)]
    db.execute("UPDATE t SET word = 'meanwhile', n = 7 WHERE id % 1000 = 0")
    db.close()
    place.check()
    if then == "another":
        place.desired.write_text(FILLED.before + "CREATE TABLE other (a);")
    done = place.apply("--online", "--own=all")
    assert done.returncode == 0, done.stderr
    assert ("goes on with" in done.stderr) == (then == "the same")
    assert place.is_new() and not place.left()
    place.check()


@pytest.mark.parametrize("way", ["--online", "--indexes-last"])
@pytest.mark.parametrize("table", [TABLES[0], TABLES[-1]], ids=lambda t: t.name)
def test_killed(tmp_path, table, way):
    """At points over all of it: the database is whole, the application goes on, and the next run ends it."""
    rows = 3000
    (tmp_path / "whole").mkdir()
    whole = Place(tmp_path / "whole", table, rows=rows)
    count = tmp_path / "count"
    kept = tmp_path / "kept.db"
    shutil.copy(whole.path, kept)
    assert whole.apply(way, env=shim_env(whole, SHIM_COUNT=count)).returncode == 0
    total = int(count.read_text())
    resumed = 0
    for point in range(POINTS):
        at = 1 + total * point // POINTS
        (tmp_path / f"at-{point}").mkdir()
        place = Place.__new__(Place)
        place.folder, place.table = tmp_path / f"at-{point}", table
        place.path, place.desired = place.folder / "app.db", whole.desired
        shutil.copy(kept, place.path)
        model = open_db(kept)
        killed = place.apply(way, env=shim_env(place, SHIM_KILL_AT=at))
        place.check()
        db = open_db(place.path)
        for sql in ("DELETE FROM t WHERE id = 10", "UPDATE t SET n = '77' WHERE id = 20",
                    "REPLACE INTO t(id, mail, n, part, word) VALUES (5001, 'm30', '1', 99991, 'other')"):
            db.execute(sql)
        db.close()
        done = place.apply(way)
        assert done.returncode == 0, (at, killed.stderr, done.stderr)
        resumed += "goes on with" in done.stderr
        assert place.is_new() and not place.left(), at
        memory = sqlite3.connect(":memory:", isolation_level=None)
        model.backup(memory)
        model.close()
        for sql in ("DELETE FROM t WHERE id = 10", "UPDATE t SET n = '77' WHERE id = 20",
                    "REPLACE INTO t(id, mail, n, part, word) VALUES (5001, 'm30', '1', 99991, 'other')"):
            memory.execute(sql)
        assert place.rows() == content(memory, table), at
        place.check()
        shutil.rmtree(place.folder)
    assert resumed > 0


def test_another_plan_clears_away(tmp_path):
    place = Place(tmp_path, TABLES[0])
    before = place.rows()
    process = place.start()
    while not place.left() and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert place.left()
    place.desired.write_text(TABLES[0].before)
    done = place.apply("--no-attic")
    assert done.returncode == 0, done.stderr
    assert "clears away what an interrupted rebuild of 't' left" in done.stderr
    assert not place.left() and place.rows() == before
    place.check()


def test_full_disk(tmp_path):
    """Wherever room ends: the database is whole, and the next run ends it."""
    rows = 3000
    (tmp_path / "whole").mkdir()
    whole = Place(tmp_path / "whole", TABLES[0], rows=rows)
    kept, count = tmp_path / "kept.db", tmp_path / "count"
    shutil.copy(whole.path, kept)
    before = whole.rows()
    assert whole.apply("--online", env=shim_env(whole, SHIM_COUNT=count)).returncode == 0
    after, total = whole.rows(), int(count.read_text())
    for point in range(POINTS):
        at = 1 + total * point // POINTS
        shutil.copy(kept, whole.path)
        for beside in ("-wal", "-shm"):
            (whole.folder / f"app.db{beside}").unlink(missing_ok=True)
        full = whole.apply("--online", env=shim_env(whole, SHIM_FULL_AT=at))
        whole.check()
        assert whole.rows() in (before, after)
        assert full.returncode in (0, 1), full.stderr
        done = whole.apply("--online")
        assert done.returncode == 0, (at, full.stderr, done.stderr)
        assert whole.rows() == after and whole.is_new() and not whole.left(), at


@pytest.mark.parametrize("way", ["--online", "--no-online"])
def test_no_room(tmp_path, way):
    """Looked at before anything is written; with enough of it the same plan runs."""
    place = Place(tmp_path, TABLES[0], rows=3000)
    before, size = place.rows(), place.path.stat().st_size
    world = {"LD_PRELOAD": str(built.program("tests/fault/libworld.so"))}
    none = place.apply(way, env={**world, "WORLD_FREE": str(size // 2)})
    assert none.returncode == 1 and "there is no room for this plan: it needs about " in none.stderr, none
    assert f"{size // 2:,} left" in none.stderr and place.rows() == before and not place.left()
    assert place.apply(way, env={**world, "WORLD_FREE": str(size * 4 + (33 << 20))}).returncode == 0
    assert place.is_new()


def test_two_tables_without_a_key(tmp_path):
    """What is done for one moves schema_version, as a VACUUM does, and is not taken for one."""
    path, desired = tmp_path / "app.db", tmp_path / "schema.sql"
    db = open_db(path)
    db.executescript("CREATE TABLE a (x TEXT); CREATE TABLE b (y TEXT); INSERT INTO a VALUES ('1'), ('2'); INSERT INTO b VALUES ('3');")
    desired.write_text("CREATE TABLE a (x INT); CREATE TABLE b (y INT); CREATE VIEW v AS SELECT x FROM a;")
    done = subprocess.run([str(built.moult()), "apply", "--url", str(path), "--to", str(desired), "--mode", "aggressive",
                           "--no-backup", "--online"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert db.execute("SELECT typeof(x) FROM a UNION ALL SELECT typeof(y) FROM b").fetchall() == [("integer",)] * 3
    db.close()
