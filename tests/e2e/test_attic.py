# SPDX-License-Identifier: MIT
"""What plans take away is kept, and comes back. tests/e2e/case.py brings every case back; here is what needs more than one step."""
from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess

import pytest

import case
import judge

KEYS = {
    "integer": "id INTEGER PRIMARY KEY",
    "autoincrement": "id INTEGER PRIMARY KEY AUTOINCREMENT",
    "text": "id TEXT PRIMARY KEY",
    "text-not-null": "id TEXT NOT NULL PRIMARY KEY",
    "none": "id",
}


class Place:
    def __init__(self, folder, moult):
        self.folder, self.moult, self.db = folder, moult, folder / "app.db"

    def sql(self, script: str) -> list:
        db = sqlite3.connect(self.db, isolation_level=None)
        rows = []
        try:
            for statement in judge.split_script(script):
                rows = db.execute(statement).fetchall()
        finally:
            db.close()
        return rows

    def run(self, *words: object, code: int = 0) -> case.Result:
        r = self.moult(*words, "--url", case.url(self.db), cwd=self.folder)
        assert r.code == code, r
        return r

    def apply(self, schema: str, *more: str) -> case.Result:
        (self.folder / "schema.sql").write_text(schema, encoding="utf-8")
        return self.run("apply", "--mode", "aggressive", "--no-backup", *more)

    def rollback(self, *more: object, code: int = 0) -> case.Result:
        return self.run("rollback", *more, "--mode", "aggressive", "--no-backup", code=code)

    def sound(self) -> None:
        assert self.sql("PRAGMA integrity_check") == [("ok",)]
        assert self.sql("PRAGMA foreign_key_check") == []

    def entries(self) -> list[dict]:
        return json.loads(self.run("attic", "--format", "json").out)["entries"]


@pytest.fixture
def place(tmp_path, moult):
    return Place(tmp_path, moult)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("rung", ["native", "rebuild"])
def test_rows_between(place, key, rung):
    """Rows written since stay; one that changed, was deleted, or has its key from another gets nobody's value, and is counted."""
    more = ", gone1, gone2" if rung == "rebuild" else ""
    v1 = f"CREATE TABLE t ({KEYS[key]}, a TEXT, keep TEXT{more});\n"
    v2 = f"CREATE TABLE t ({KEYS[key]}, a TEXT);\n"
    place.apply(v1)
    place.sql("".join(f"INSERT INTO t(id, a, keep) VALUES ({i}, 'a{i}', 'k{i}');" for i in range(1, 9)))
    place.apply(v2)
    place.sql("""UPDATE t SET a = 'changed' WHERE id = 2;
                 DELETE FROM t WHERE id = 3;
                 UPDATE t SET id = 50 WHERE id = 4;
                 INSERT INTO t(id, a) VALUES (60, 'new')""")
    if key != "autoincrement":
        place.sql("INSERT INTO t(id, a) VALUES (3, 'another'), (4, 'one more')")
    r = place.run("rollback", "--mode", "dry_run")
    lost = 2 if key == "autoincrement" else 3
    assert f"{lost} of 8 values of" in r.out, r
    place.rollback()
    found = dict(place.sql("SELECT a, keep FROM t"))
    wanted = {f"a{i}": f"k{i}" for i in (1, 5, 6, 7, 8)} | {"changed": None, "a4": None, "new": None}
    if key == "autoincrement":
        wanted["changed"] = "k2"  # the key alone tells the row
    else:
        wanted |= {"another": None, "one more": None}
    assert found == wanted
    place.sound()


def test_a_table_without_a_key(place):
    """Equal rows with different values cannot be told apart: neither gets one; not even after a VACUUM."""
    place.apply("CREATE TABLE t (a, v);\n")
    place.sql("INSERT INTO t VALUES ('x', 1), ('gone', 0), ('same', 5), ('same', 5), ('x', 2), ('y', 3), ('x', NULL)")
    place.apply("CREATE TABLE t (a);\n")
    shutil.copy(place.db, place.folder / "kept.db")
    r = place.rollback("--format", "json")
    assert place.sql("SELECT a, v FROM t ORDER BY rowid") == [
        ("x", None), ("gone", 0), ("same", 5), ("same", 5), ("x", None), ("y", 3), ("x", None)], r
    shutil.copy(place.folder / "kept.db", place.db)
    place.sql("DELETE FROM t WHERE a = 'gone'")
    place.sql("VACUUM")
    place.rollback()
    assert {v for _, v in place.sql("SELECT a, v FROM t WHERE a = 'x'")} == {None}
    assert {v for _, v in place.sql("SELECT a, v FROM t WHERE a = 'same'")} <= {None, 5}
    assert {v for _, v in place.sql("SELECT a, v FROM t WHERE a = 'y'")} <= {None, 3}


PARENT = "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);\n"
CHILD = """CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT, p INTEGER NOT NULL REFERENCES p(id) ON DELETE RESTRICT,
    n TEXT UNIQUE CHECK (n <> ''), up INTEGER REFERENCES c(id), len INTEGER AS (length(n)) STORED);
CREATE INDEX c_n ON c(n, p);
CREATE TRIGGER c_t AFTER INSERT ON c BEGIN UPDATE p SET name = name || '!'; END;
"""


def test_the_attic_is_inert(place):
    place.apply(PARENT + CHILD)
    place.sql("INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c(p, n, up) VALUES (1, 'x', NULL), (2, 'y', 1), "
              "(2, 'z', 2), (1, 'w', NULL); DELETE FROM c WHERE id = 4; UPDATE p SET name = substr(name, 1, 1)")
    place.apply(PARENT)
    place.sound()
    db = sqlite3.connect(place.db, isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("DELETE FROM p WHERE id = 2")  # its children are in the attic
    db.close()
    other = "CREATE TABLE c (x TEXT CONSTRAINT c_n CHECK (x <> 'q'));\nCREATE INDEX c_n ON c(x);\n" \
            "CREATE TRIGGER c_t AFTER INSERT ON c BEGIN SELECT 1; END;\n"
    place.apply(PARENT + other)
    place.sql("INSERT INTO c VALUES ('mine')")
    place.sound()
    place.rollback(2)  # the new c goes into the attic too
    r = place.rollback(1)
    assert "of 3 rows of c cannot come back" in r.out or r.code == 0
    assert place.sql("SELECT id, p, n, len FROM c") == [(1, 1, "x", 1)]
    assert place.sql("SELECT name FROM p") == [("a",)]
    place.sql("INSERT INTO c(p, n) VALUES (1, 'next')")
    assert place.sql("SELECT max(id) FROM c") == [(5,)]  # 4 was given once
    left = [e for e in place.entries() if e["kind"] == "table" and e["version"] == 2]
    assert [e["rows"] for e in left] == [2]
    place.sound()


def test_an_empty_holder_goes(place):
    place.apply(PARENT + CHILD)
    place.sql("INSERT INTO p VALUES (1, 'a'); INSERT INTO c(p, n) VALUES (1, 'x')")
    place.apply(PARENT)
    assert len(place.entries()) == 1
    place.rollback()
    assert place.entries() == []
    assert place.sql("SELECT name FROM sqlite_schema WHERE name LIKE '\\_moult\\_attic\\_%' ESCAPE '\\'") == []


def test_through_several_versions(place):
    """Drop, re-add and drop again; renames of table and columns; a conversion; and each version in turn."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, n TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'a1', 'b1', '007'), (2, 'a2', NULL, '8'), (3, 'a3', 'b3', 'x')")
    rows = {1: place.sql("SELECT id, a, b, n FROM t")}
    steps = [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n TEXT);\n",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER);\n",
        "CREATE TABLE s ( -- @renamed from=t\n id INTEGER PRIMARY KEY,\n x TEXT, -- @renamed from=a\n n INTEGER\n);\n",
        "CREATE TABLE s (id INTEGER PRIMARY KEY, n INTEGER, b TEXT);\n",
        "CREATE TABLE s (id INTEGER PRIMARY KEY, n INTEGER);\n",
        "CREATE TABLE other (x);\n",
    ]
    names = {2: ("id, a, n", "t"), 3: ("id, a, n", "t"), 4: ("id, x, n", "s"), 5: ("id, n, b", "s"), 6: ("id, n", "s")}
    for version, schema in enumerate(steps, 2):
        place.apply(schema)
        if version == 5:
            place.sql("UPDATE s SET b = 'new' || id WHERE id < 3")
        if version in names:
            columns, table = names[version]
            rows[version] = place.sql(f"SELECT {columns} FROM {table}")
    names[1] = ("id, a, b, n", "t")
    shutil.copy(place.db, place.folder / "last.db")
    for version in (6, 5, 4, 3, 2, 1):
        shutil.copy(place.folder / "last.db", place.db)
        place.rollback(version)
        columns, table = names[version]
        assert place.sql(f"SELECT {columns} FROM {table}") == rows[version], version
        place.sound()
    shutil.copy(place.folder / "last.db", place.db)
    for version in (6, 5, 4, 3, 2, 1):  # one after the other
        place.rollback(version)
        columns, table = names[version]
        assert place.sql(f"SELECT {columns} FROM {table}") == rows[version], version


@pytest.mark.parametrize("dropped", (False, True), ids=("there", "dropped"))
@pytest.mark.parametrize("key", ("integer", "none", "without-rowid"))
def test_through_many_versions(place, key, dropped):
    """Forty columns go one after the other, and each one's row is told by those that went later: no expression may grow with that."""
    columns = ["c%d" % i for i in range(40)]
    head, tail = (KEYS[key], "") if key in KEYS else ("id TEXT PRIMARY KEY", " WITHOUT ROWID")
    schema = lambda n: "CREATE TABLE t (%s)%s;\n" % (", ".join([head, "stays TEXT", *("%s TEXT DEFAULT 'd'" % c for c in columns[n:])]), tail)  # noqa: E731
    place.apply(schema(0))
    for n in range(1, 6):
        place.sql("INSERT INTO t VALUES (%d, 's%d', %s)" % (n, n, ", ".join("'%s of %d'" % (c, n) for c in columns)))
    every = "SELECT id, stays, %s FROM t" % ", ".join(columns)
    was = place.sql(every + " ORDER BY stays")
    for n in range(1, len(columns)):
        place.apply(schema(n))
    place.sql("UPDATE t SET stays = 'changed' WHERE id = 2; DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (6, 's6', 'new')")
    if dropped:
        place.apply("CREATE TABLE other (x);\n")
    plan = place.run("rollback", "1", "--mode", "dry_run").out
    assert "look up what the rows of t held" in plan
    assert "values of t.c38 cannot go back" in plan
    place.rollback(1)
    now = {row[0]: row for row in place.sql(every)}
    assert [now[row[0]] for row in was if str(row[0]) not in "23"] == [row for row in was if str(row[0]) not in "23"]
    assert set(now[was[1][0]][2:-1]) == {"d"} and now[was[1][0]][-1] == "c39 of 2"
    assert len(now) == 5
    assert place.sql("SELECT name FROM sqlite_schema WHERE name LIKE '%stage%'") == []
    place.sound()


def test_what_a_dropped_table_cannot_tell_is_said(place):
    """A row that was changed after a column went, in a table that went later: the value that does not go back is counted."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2')")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);\n")
    place.sql("UPDATE t SET b = 'new' WHERE id = 2")
    place.apply("CREATE TABLE other (x);\n")
    assert "1 of 2 values of t.a cannot go back" in place.run("rollback", "1", "--mode", "dry_run").out
    place.rollback(1)
    assert place.sql("SELECT * FROM t") == [(1, "a1", "b1"), (2, None, "new")]


def test_made_anew_under_its_later_name(place):
    """What has the later name by now is another thing: the old one comes back from the attic, the new one goes there."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\nCREATE TABLE k (id INTEGER PRIMARY KEY, x TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'old'); INSERT INTO k VALUES (1, 'old x')")
    place.apply("CREATE TABLE u ( -- @renamed from=t\n id INTEGER PRIMARY KEY, a TEXT);\n"
                "CREATE TABLE k (id INTEGER PRIMARY KEY,\n y TEXT -- @renamed from=x\n);\n")
    place.apply("CREATE TABLE k (id INTEGER PRIMARY KEY);\n")
    place.apply("CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT);\nCREATE TABLE k (id INTEGER PRIMARY KEY, y TEXT, z);\n")
    place.sql("INSERT INTO u VALUES (7, 'new'); UPDATE k SET y = 'new y'")
    place.rollback(1)
    assert place.sql("SELECT * FROM t") == [(1, "old")]
    assert place.sql("SELECT * FROM k") == [(1, "old x")]
    place.rollback()
    assert place.sql("SELECT * FROM u") == [(7, "new")]
    assert place.sql("SELECT * FROM k") == [(1, "new y", None)]


@pytest.mark.parametrize("strict", ("", " STRICT"))
def test_what_a_column_of_then_does_not_take_stays(place, strict):
    """A row written into another form of the table, which went later, does not fit the first one: it stays, and is said."""
    place.apply(f"CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, x REAL, b BLOB, s TEXT){strict};\n")
    place.sql("INSERT INTO t VALUES (1, 1, 1.5, x'aa', 'one')")
    place.apply("CREATE TABLE t (id TEXT PRIMARY KEY, n, x, b, s);\n")
    place.sql("INSERT INTO t VALUES ('no key', 2, 2, x'bb', 'two'), ('1e1', 3, 3, x'cc', 3)")
    place.sql("INSERT INTO t VALUES ('4', 'n', 4, x'dd', 'four'), ('5', 5, 'x', x'ee', 'five'), ('6', 6, 6, 'b', 'six'), ('7', 7, 7, x'ff', x'ff')")
    place.apply("CREATE TABLE other (y);\n")
    said = place.run("rollback", "1", "--mode", "dry_run").out
    assert ("5" if strict else "1") + " of 7 rows of t cannot come back: they hold a value that its column does not take" in said
    place.rollback(1)
    rows = place.sql("SELECT id, s FROM t")
    assert rows == [(1, "one"), (10, "3")] if strict else len(rows) == 6
    assert place.sql("SELECT id FROM _moult_attic_3_1 WHERE id = 'no key'") == [("no key",)]


OLD = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n"
ANOTHER = {
    "column-renamed": (["CREATE TABLE t (id INTEGER PRIMARY KEY,\n b TEXT -- @renamed from=a\n);\n",
                        "CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, a TEXT, aside_of_a);\n"], "UPDATE t SET a = 'another', aside_of_a = 'x'"),
    "column-dropped": (["CREATE TABLE t (id INTEGER PRIMARY KEY);\n", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, z);\n"],
                       "UPDATE t SET a = 'another'"),
    "table-renamed": (["CREATE TABLE u ( -- @renamed from=t\n id INTEGER PRIMARY KEY, a TEXT);\n",
                       "CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT);\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);\n"
                       "CREATE INDEX ta ON t (a);\nCREATE VIEW aside_of_t AS SELECT a FROM t;\n"], "INSERT INTO t VALUES (1, 'another'), (3, 'third')"),
    "table-dropped": (["CREATE TABLE other (x);\n", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);\n"],
                      "INSERT INTO t VALUES (1, 'another'), (3, 'third')"),
}


@pytest.mark.parametrize("what", ANOTHER)
def test_another_one_has_the_name(place, what):
    """What has the name by now is another thing: it steps aside, into the attic, and comes back from there."""
    steps, write = ANOTHER[what]
    place.apply(OLD)
    place.sql("INSERT INTO t VALUES (1, 'one'), (2, NULL)")
    for schema in steps:
        place.apply(schema)
    place.sql(write)
    tables = [name for (name,) in place.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('t', 'u')")]
    columns = {name: ", ".join(c[1] for c in place.sql(f"PRAGMA table_info({name})")) for name in tables}
    was = {name: place.sql(f"SELECT {columns[name]} FROM {name}") for name in tables}
    place.rollback(1)
    assert place.sql("SELECT * FROM t") == [(1, "one"), (2, None)]
    place.sound()
    place.rollback(3)
    assert {name: place.sql(f"SELECT {columns[name]} FROM {name}") for name in tables} == was
    place.sound()


def test_somebody_elses_has_the_name(place):
    """What moult does not own does not step aside."""
    place.apply(OLD)
    place.sql("INSERT INTO t VALUES (1, 'one')")
    place.apply("CREATE TABLE other (x);\n")
    place.sql("CREATE TABLE t (mine); INSERT INTO t VALUES ('mine')")
    refused = place.rollback(1, code=1)
    assert "t cannot come back: what has its name by now is not moult's" in refused.err and "--own=all" in refused.err
    assert place.sql("SELECT * FROM t") == [("mine",)]
    place.rollback(1, "--own=all")
    assert place.sql("SELECT * FROM t") == [(1, "one")]


def test_converted_values_that_were_written_since_stay(place):
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT, m TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, '007', 'a'), (2, '08', NULL), (3, 'x', 'c')")
    place.apply("CREATE TABLE t (\n id INTEGER PRIMARY KEY,\n n INTEGER,\n m TEXT NOT NULL -- @fill 'was null'\n);\n")
    assert place.sql("SELECT * FROM t") == [(1, 7, "a"), (2, 8, "was null"), (3, "x", "c")]
    place.sql("UPDATE t SET n = 9 WHERE id = 2; INSERT INTO t VALUES (4, 5, 'd')")
    place.rollback()
    assert place.sql("SELECT * FROM t") == [(1, "007", "a"), (2, "9", "was null"), (3, "x", "c"), (4, "5", "d")]


def test_nulls_come_back(place):
    """A fill in place; with nothing else written since, they are NULL again."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, m TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, NULL)")
    place.apply("CREATE TABLE t (\n id INTEGER PRIMARY KEY,\n m TEXT NOT NULL -- @fill 'f' || id\n);\n")
    place.sql("UPDATE t SET m = 'mine' WHERE id = 3")
    place.rollback()
    assert place.sql("SELECT * FROM t") == [(1, "a"), (2, None), (3, "mine")]


@pytest.mark.parametrize("rows, back", [
    ("(NULL, 'b1', 'c1'), (NULL, 'b2', 'c2'), ('x', 'b3', 'c3')", True),
    ("(NULL, 'b1', 'c'), (NULL, 'b2', 'c'), ('x', 'b3', 'c')", False),  # what told them apart goes in the same plan
])
def test_nulls_of_a_table_without_a_key(place, rows, back):
    """A NULL that was filled comes back where what is left of its row tells it; else it is said before."""
    place.apply("CREATE TABLE t (a TEXT, b TEXT, c TEXT);\n")
    place.sql(f"INSERT INTO t VALUES {rows}")
    was = place.sql("SELECT a, b, c FROM t")
    place.apply("CREATE TABLE t (a TEXT NOT NULL, -- @fill 'filled'\n c TEXT);\n")
    said = place.run("rollback", "--mode", "dry_run").out
    assert ("2 of 2 values of t.a cannot go back" in said) is not back
    place.rollback()
    now = place.sql("SELECT a, b, c FROM t")
    assert now == was if back else [a for a, _, _ in now] == ["filled", "filled", "x"]


def test_required_columns_ask_for_a_fill(place):
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, d TEXT NOT NULL DEFAULT 'dd');\n")
    place.sql("INSERT INTO t VALUES (1, 'x', 'y'), (2, 'z', 'dd')")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    place.sql("INSERT INTO t VALUES (7), (8)")
    r = place.rollback(code=1)
    assert "has nothing for 2 rows (7, 8)" in r.err and "--fill t.a=EXPRESSION" in r.err, r
    place.rollback("--fill", "t.a='n' || id")
    assert place.sql("SELECT * FROM t") == [(1, "x", "y"), (2, "z", "dd"), (7, "n7", "dd"), (8, "n8", "dd")]


def test_not_null_again_asks_for_a_fill(place):
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT '', b TEXT NOT NULL);\n")
    place.sql("INSERT INTO t VALUES (1, 'x', 'y')")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);\n")
    place.sql("INSERT INTO t VALUES (2, NULL, NULL), (3, 'z', 'z')")
    r = place.rollback(code=1)
    assert "'t.a' becomes NOT NULL, and is NULL in 1 row (id 2)" in r.err and "--fill t.a=EXPRESSION" in r.err, r
    assert "'t.b' becomes NOT NULL" in r.err and "line " not in r.err, r
    place.rollback("--fill", "t.a='n' || id", "--fill", "t.b='m'")
    assert place.sql("SELECT * FROM t") == [(1, "x", "y"), (2, "n2", "m"), (3, "z", "z")]


def test_virtual_tables(place):
    schema = "CREATE VIRTUAL TABLE docs USING fts5(body);\nCREATE VIRTUAL TABLE box USING rtree(id, x0, x1);\n"
    place.apply(schema + "CREATE TABLE t (x);\n")
    place.sql("INSERT INTO docs(rowid, body) VALUES (7, 'hello world'); INSERT INTO box VALUES (3, 1.5, 2.5)")
    place.apply("CREATE TABLE t (x);\n")
    assert {e["object"] for e in place.entries()} == {"docs", "box"}
    place.sound()
    place.rollback()
    assert place.sql("SELECT rowid, body FROM docs WHERE docs MATCH 'hello'") == [(7, "hello world")]
    assert place.sql("SELECT id FROM box WHERE x0 > 1") == [(3,)]
    assert place.entries() == []
    place.sound()


def test_a_full_text_index_of_another_table(place):
    """It has no rows of its own, and goes and comes with the table whose rows it has."""
    place.apply("CREATE TABLE k (x);\nCREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT);\n"
                "CREATE VIRTUAL TABLE w USING fts5(body, content='t', content_rowid='id');\n")
    place.sql("INSERT INTO t VALUES (7, 'hello world'); INSERT INTO w(w) VALUES ('rebuild')")
    place.apply("CREATE TABLE k (x);\n")
    place.rollback()
    assert place.sql("SELECT rowid, body FROM w WHERE w MATCH 'hello'") == [(7, "hello world")]
    place.sound()


def test_a_changed_virtual_table(place):
    """The new one is filled from the old one, which is kept whole."""
    place.apply("CREATE VIRTUAL TABLE docs USING fts5(title, body);\n")
    place.sql("INSERT INTO docs(rowid, title, body) VALUES (7, 'one', 'hello world')")
    place.apply("CREATE VIRTUAL TABLE docs USING fts5(title);\n")
    assert place.sql("SELECT rowid, title FROM docs") == [(7, "one")]
    assert [(e["kind"], e["object"], e["rows"]) for e in place.entries()] == [("table", "docs", 1)]
    place.run("attic", "restore", 1, "--into", "old_docs", "--yes")
    assert place.sql("SELECT rowid, body FROM old_docs WHERE old_docs MATCH 'hello'") == [(7, "hello world")]
    assert place.entries() == []
    place.sound()


def test_the_script_keeps_the_same(place):
    place.apply(PARENT + CHILD + "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, n TEXT);\n")
    place.sql("INSERT INTO p VALUES (1, 'a'); INSERT INTO c(p, n) VALUES (1, 'x'); INSERT INTO t VALUES (1, 'v', '007')")
    (place.folder / "schema.sql").write_text(PARENT + "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER);\n")
    script = place.run("plan", "--format", "sql").out
    shell = place.folder / "shell.db"
    shutil.copy(place.db, shell)
    subprocess.run(["sqlite3", str(shell)], input=script, text=True, check=True)
    place.run("apply", "--mode", "aggressive", "--no-backup")
    dump = "SELECT kind, object, holder, identity, columns, keys, others, rows, definition, holder_sql FROM _moult_attic"
    applied, moved = place.sql(dump), place.db
    place.db = shell
    assert place.sql(dump) == applied and len(applied) == 3
    for holder in (row[2] for row in applied):
        theirs = place.sql(f"SELECT * FROM {holder}")
        place.db = moved
        assert place.sql(f"SELECT * FROM {holder}") == theirs
        place.db = shell


def test_a_rebuild_in_batches_keeps_the_same(place):
    """What the attic keeps is complete at the moment of the swap."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT);\nCREATE INDEX ta ON t(a);\n")
    place.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
              "INSERT INTO t SELECT i, '0' || i, 'b' || i, NULL, nullif('d' || i, 'd7') FROM n")
    before = place.sql("SELECT * FROM t")
    (place.folder / "schema.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);\nCREATE INDEX ta ON t(a);\n")
    plan = json.loads(place.run("plan", "--online", "--format", "json").out)
    assert [s["method"] for s in plan["steps"]] == ["online"] and "attic" in plan["steps"][0]["cost"]
    place.run("apply", "--online", "--mode", "aggressive", "--no-backup")
    assert [(e["kind"], e["rows"]) for e in place.entries()] == [("column", 3000), ("values", 3000)]
    place.rollback()
    assert place.sql("SELECT * FROM t") == before
    place.sound()


def test_a_table_that_had_more_columns(place):
    """It was dropped in a later version than the one that is gone back to: what that one does not have stays."""
    place.apply("CREATE TABLE k (x);\nCREATE TABLE t (id INTEGER PRIMARY KEY, a);\n")
    place.sql("INSERT INTO t VALUES (1, 'one')")
    place.apply("CREATE TABLE k (x);\nCREATE TABLE t (id INTEGER PRIMARY KEY, a, more);\n")
    place.sql("UPDATE t SET more = 'precious'")
    place.apply("CREATE TABLE k (x);\n")
    r = place.run("rollback", 1, "--mode", "dry_run")
    assert "had columns then that version 1 does not have" in r.out
    place.rollback(1)
    assert place.sql("SELECT * FROM t") == [(1, "one")]
    assert "precious" in place.run("attic", "show", 1).out


def test_nothing_is_kept_without(place):
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);\nCREATE TABLE u (x);\n")
    place.sql("INSERT INTO t VALUES (1, 'v'); INSERT INTO u VALUES (1)")
    r = place.run("plan", "--no-attic", "--to", "schema.sql")
    (place.folder / "schema.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    r = place.run("plan", "--no-attic")
    assert "the attic is off" in r.out and "kept in the attic" not in r.out
    assert "kept in the attic for 90 days" in place.run("plan", "--attic-age", "90d").out
    place.run("apply", "--mode", "aggressive", "--no-backup", "--no-attic")
    assert place.entries() == []
    place.rollback()
    assert place.sql("SELECT * FROM t") == [(1, None)]


def test_age(place):
    """What has expired goes with the next apply that does something, not with one that has nothing to do."""
    place.apply("CREATE TABLE t (x);\nCREATE TABLE u (x);\nCREATE TABLE w (x);\n")
    place.sql("INSERT INTO u VALUES (1); INSERT INTO w VALUES (1)")
    place.apply("CREATE TABLE t (x);\nCREATE TABLE w (x);\n", "--attic-age", "1d")
    place.apply("CREATE TABLE t (x);\n", "--attic-age", "0")
    place.sql("UPDATE _moult_attic SET expires = '2001-01-01T00:00:00.000Z' WHERE expires IS NOT NULL")
    assert [(e["object"], e["expired"], e["expires"] is None) for e in place.entries()] == [
        ("u", True, False), ("w", False, True)]
    place.run("apply")
    assert len(place.entries()) == 2
    r = place.apply("CREATE TABLE t (x, y);\n")
    assert "1 entry of the attic had expired and was purged" in r.err
    assert [e["object"] for e in place.entries()] == ["w"]


def test_purge(place):
    place.apply("CREATE TABLE t (x);\nCREATE TABLE u (x);\n")
    place.sql("INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)")
    place.apply("CREATE TABLE v (x);\n")
    assert "no terminal" in place.run("attic", "purge", 1, code=3).err
    assert "no entry 9" in place.run("attic", "purge", 9, "--yes", code=1).err
    assert "0 entries purged" in place.run("attic", "purge", "--expired", "--yes").out
    assert "1 entry purged" in place.run("attic", "purge", 1, "--yes").out
    assert "1 entry purged" in place.run("attic", "purge", "--all", "--yes").out
    assert place.entries() == []
    assert "what shall be purged" in place.run("attic", "purge", code=1).err


def test_the_plan_says_how_much_it_keeps(place):
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);\n")
    place.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
              "INSERT INTO t SELECT i, printf('%0200d', i) FROM n")
    (place.folder / "schema.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    assert "reads 20,000 rows; the attic takes up to 4 MB" in place.run("plan").out
    place.run("apply", "--mode", "aggressive", "--no-backup")
    assert 3.5 * 2**20 < place.entries()[0]["bytes"] < 5 * 2**20


def test_nothing_is_promised_for_what_is_empty(place):
    """A table without rows, and a column without values, leave nothing in the attic, and the plan does not say so."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT 'd', c TEXT);\nCREATE TABLE none (x);\nCREATE TABLE one (x);\n")
    place.sql("INSERT INTO t(id, c) VALUES (1, 'c'); INSERT INTO one VALUES (1)")
    (place.folder / "schema.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    said = {line.split()[2]: line for line in place.run("plan").out.splitlines() if line.startswith("  - ")}
    assert {name for name, line in said.items() if "kept in the attic" in line} == {"one", "t.c"}
    assert "it has no rows" in said["none"] and "holds a value" in said["t.a"]
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    assert {e["object"] for e in place.entries()} == {"one", "t"}


def test_show(place):
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, v);\n")
    place.sql("INSERT INTO t VALUES (1, 'one'), (2, x'00ff'), (3, 2.5), (4, NULL)")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    assert json.loads(place.run("attic", "show", 1, "--format", "json").out) == {
        "format": "moult-attic-rows", "format_version": 1, "entry": 1, "columns": ["id", "v"],
        "rows": [[1, "one"], [2, "x'00ff'"], [3, 2.5]]}
    assert place.run("attic", "show", 1, "--limit", 1).out == "id | v\n1 | one\n"
    assert "no entry 5" in place.run("attic", "show", 5, code=1).err


def test_restore(place):
    place.apply(PARENT + CHILD + "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, n TEXT);\n")
    place.sql("INSERT INTO p VALUES (1, 'a'); INSERT INTO c(p, n) VALUES (1, 'x'); "
              "INSERT INTO t VALUES (1, 'v1', '007'), (2, 'v2', '8')")
    place.apply(PARENT + "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER);\n")
    kinds = {e["kind"]: e["id"] for e in place.entries()}
    assert "no column 'v'" in place.run("attic", "restore", kinds["column"], "--yes", code=1).err
    place.sql("ALTER TABLE t ADD COLUMN v TEXT; UPDATE t SET v = 'mine' WHERE id = 2; "
              "CREATE TRIGGER tt AFTER UPDATE ON t BEGIN SELECT raise(ABORT, 'fired'); END")
    place.run("attic", "restore", kinds["column"], "--yes")
    assert place.sql("SELECT id, v FROM t") == [(1, "v1"), (2, "mine")]
    assert "there is a 'p' already" in place.run("attic", "restore", kinds["table"], "--into", "p", "--yes", code=1).err
    place.run("attic", "restore", kinds["table"], "--into", "c2", "--yes")
    assert place.sql("SELECT id, p, n FROM c2") == [(1, 1, "x")]
    assert kinds["table"] not in {e["id"] for e in place.entries()}
    place.sound()


def test_prune(place):
    for columns in ("a", "a, b", "a", "a, c", "a, c, d"):
        place.apply(f"CREATE TABLE t ({columns});\n")
        place.sql("UPDATE t SET a = a" if columns != "a, b" else "INSERT INTO t VALUES (1, 2)")
    assert "0 versions" in place.run("history", "prune", "--keep", 5, "--yes").out
    assert "1 version are" in place.run("history", "prune", "--keep", 1, "--yes").out.replace("is", "are")
    place.rollback(2)  # version 3 took b away: 2 is still there
    assert place.sql("SELECT a, b FROM t") == [(1, 2)]
    r = place.rollback(1, code=1)
    assert "is not in the history any more" in r.err
    (place.folder / "old.sql").write_text("CREATE TABLE t (a);\n")
    r = place.run("apply", "--to", "old.sql")
    assert "behind" in r.out


def test_uninstall(place):
    place.apply(PARENT + CHILD)
    place.sql("INSERT INTO p VALUES (1, 'a'); INSERT INTO c(p, n) VALUES (1, 'x')")
    schema = place.sql("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '%moult%' ORDER BY name")
    place.apply(PARENT + CHILD + "CREATE TABLE more (x);\n")
    place.sql("INSERT INTO more VALUES (1)")
    place.apply(PARENT + CHILD, "--backward")
    assert "1 entry in the attic would be lost" in place.run("uninstall", "--yes", code=3).err
    place.run("uninstall", "--purge", "--yes")
    assert place.sql("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name") == schema
    assert place.sql("SELECT n FROM c") == [("x",)]
    assert "no history" in place.run("history").out


def test_names_like_those_of_the_attic(place):
    """Somebody else's tables with such names are in nobody's way, and stay when moult goes."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);\nCREATE TABLE u (x);\n")
    place.sql("INSERT INTO t VALUES (1, 'a', 'b'); INSERT INTO u VALUES (1); CREATE TABLE _moult_attic_2_1 (mine);"
              "INSERT INTO _moult_attic_2_1 VALUES ('mine'); CREATE TABLE _moult_attic_2_x (mine); CREATE VIEW _MOULT_attic_2_4 AS SELECT 1")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);\n")
    assert sorted(e["holder"] for e in place.entries()) == ["_moult_attic_2_5", "_moult_attic_2_6"]
    place.rollback()
    assert place.sql("SELECT * FROM t") == [(1, "b", "a")] and place.sql("SELECT * FROM u") == [(1,)]
    said = place.run("uninstall", "--purge", "--yes")
    assert "left alone: _moult_attic_2_1, which moult did not make" in said.out + said.err
    assert place.sql("SELECT name FROM sqlite_schema WHERE name LIKE '%moult%' ORDER BY name") == [
        ("_MOULT_attic_2_4",), ("_moult_attic_2_1",), ("_moult_attic_2_x",)]
    assert place.sql("SELECT mine FROM _moult_attic_2_1") == [("mine",)]


def test_rollback_is_refused_and_approved(place):
    place.apply("CREATE TABLE t (a);\n")
    place.apply("CREATE TABLE t (a, b);\n")
    place.sql("INSERT INTO t VALUES (1, 2)")
    r = place.run("rollback", code=3)
    assert "moult rollback 1 --approve" in r.out
    plan = r.out.split("--approve ")[1].split()[0]
    place.run("rollback", 1, "--approve", plan, "--no-backup")
    assert place.sql("SELECT * FROM t") == [(1,)]
    assert "has no version 9" in place.run("rollback", 9, code=1).err
    assert "is no version" in place.run("rollback", "x", code=1).err


def test_a_plan_file_keeps_what_it_says(place):
    """Whatever the options of the apply: the file says whether there is an attic, and the way back is part of it."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'v')")
    (place.folder / "schema.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    (place.folder / "plan.json").write_text(place.run("plan", "--format", "json").out)
    place.run("apply", "--plan", "plan.json", "--mode", "aggressive", "--no-backup", "--no-attic")
    assert [e["rows"] for e in place.entries()] == [1]
    (place.folder / "back.json").write_text(
        place.run("plan", "--backward", "--to", "history:1", "--format", "json").out)
    place.run("apply", "--plan", "back.json", "--mode", "aggressive", "--no-backup")
    assert place.sql("SELECT * FROM t") == [(1, "v")]


def test_a_key_without_rowid_may_hold_anything(place):
    """An INTEGER key of a table WITHOUT ROWID is no row id: it holds 1.25 and 'x' too, and so must its holder."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, m TEXT) WITHOUT ROWID;\n")
    place.sql("INSERT INTO t VALUES (1, 'a'), (1.25, 'b'), ('x', 'c')")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY) WITHOUT ROWID;\n")
    place.rollback()
    assert place.sql("SELECT * FROM t") == [(1, "a"), (1.25, "b"), ("x", "c")]


def test_a_key_that_was_given_again_meanwhile(place):
    """AUTOINCREMENT tells a row by its key alone; where a version took it off, a new row may have the key of one that is gone."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT, w TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'one', 'a'), (2, 'two', 'b')")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, w TEXT);\n")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, w TEXT);\n")
    place.sql("DELETE FROM t WHERE id = 2; INSERT INTO t(w) VALUES ('other')")
    assert place.sql("SELECT id, w FROM t") == [(1, "a"), (2, "other")]
    said = place.run("rollback", 1, "--mode", "dry_run")
    place.rollback(1)
    assert place.sql("SELECT id, v FROM t") == [(1, None), (2, None)]
    assert "2" in said.out and "attic" in said.out, said.out


def given_again(place):
    """Version 3 takes the key's promise away, and a new row has the key of one that is gone; version 4 is 2 again."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT, w TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'one', 'a'), (2, 'two', 'b')")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, w TEXT);\n")
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY, w TEXT);\n")
    place.sql("DELETE FROM t WHERE id = 2; INSERT INTO t(w) VALUES ('other')")
    place.rollback(2)
    assert place.sql("SELECT id, w FROM t") == [(1, "a"), (2, "other")]


def test_a_key_that_was_given_again_in_a_version_that_was_undone(place):
    given_again(place)
    said = place.run("rollback", 1, "--mode", "dry_run")
    assert "2 of 2 values of t.v cannot go back" in said.out, said.out
    place.rollback(1)
    assert place.sql("SELECT id, v FROM t") == [(1, None), (2, None)]


def test_restoring_by_a_key_that_was_given_again(place):
    given_again(place)
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, w TEXT, v TEXT, x TEXT);\n")
    entry = place.entries()[0]["id"]
    refused = place.run("attic", "restore", entry, "--yes", code=1)
    assert "could be told" in refused.err, refused.err
    assert place.sql("SELECT id, v FROM t") == [(1, None), (2, None)]


def test_a_key_that_lasts_through_a_version_that_was_undone(place):
    """The table has another name there, and is gone for a while: its key is the same all the time."""
    place.apply("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT, w TEXT);\n")
    place.sql("INSERT INTO t VALUES (1, 'one', 'a'), (2, 'two', 'b')")
    two = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, w TEXT);\n"
    place.apply(two)
    place.apply("CREATE TABLE u ( -- @renamed from=t\n  id INTEGER PRIMARY KEY AUTOINCREMENT, w TEXT);\n")
    place.rollback(2)
    place.apply("CREATE TABLE other (id INTEGER PRIMARY KEY);\n")
    place.rollback(2)
    place.sql("UPDATE t SET w = 'changed' WHERE id = 2")
    place.rollback(1)
    assert place.sql("SELECT id, v, w FROM t") == [(1, "one", "a"), (2, "two", "changed")]
