# SPDX-License-Identifier: MIT
"""The judge is judged: it sees what was broken on purpose."""
import shutil

import pytest

import judge

SCHEMA = """
CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE, n INTEGER DEFAULT 5 CHECK (n < 100), UNIQUE (name));
CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id) ON DELETE CASCADE);
CREATE TABLE loose (a, b TEXT);
CREATE INDEX i ON p (n DESC) WHERE n > 1;
CREATE VIEW v AS SELECT name FROM p;
CREATE TRIGGER g AFTER DELETE ON p BEGIN DELETE FROM loose; END;
"""
ROWS = """
INSERT INTO p(id, name, n) VALUES (1, 'one', 1), (7, 'two', NULL);
INSERT INTO c VALUES (1, 1), (2, 7);
INSERT INTO loose(rowid, a, b) VALUES (3, 1, 'x'), (9, 1.0, 'y'), (12, '1', NULL);
"""


def database(path, schema=SCHEMA, rows=ROWS) -> str:
    db = judge.connect(str(path))
    db.executescript(schema + rows)
    db.close()
    return str(path)


def change(path: str, sql: str) -> None:
    db = judge.connect(path)
    db.executescript(sql)
    db.close()


def test_nothing_is_wrong(tmp_path):
    path = database(tmp_path / "a.db")
    assert judge.converges(path, SCHEMA) == []
    assert judge.rows_kept(path, path) == []
    assert judge.same_content(path, path) == []


@pytest.mark.parametrize("broken", [
    "DROP INDEX i", "DROP VIEW v", "DROP TRIGGER g", "DROP TABLE loose", "CREATE TABLE more (a)",
    "DROP INDEX i; CREATE INDEX i ON p (n) WHERE n > 1", "DROP INDEX i; CREATE INDEX i ON p (n DESC)",
    "ALTER TABLE loose ADD COLUMN c", "ALTER TABLE loose RENAME COLUMN b TO bb", "ALTER TABLE p RENAME TO q",
    "DROP TRIGGER g; CREATE TRIGGER g AFTER DELETE ON p BEGIN DELETE FROM c; END",
    "DROP VIEW v; CREATE VIEW v AS SELECT n FROM p",
])
def test_sees_a_difference(tmp_path, broken):
    path = database(tmp_path / "a.db")
    change(path, broken)
    assert judge.converges(path, SCHEMA) != []


@pytest.mark.parametrize("was, now", [
    ("n < 100", "n < 101"), ("COLLATE NOCASE", ""), ("NOT NULL", ""), ("DEFAULT 5", "DEFAULT 6"), ("ON DELETE CASCADE", ""),
    (", UNIQUE (name)", ""), (" AUTOINCREMENT", ""), ("REFERENCES p(id)", "REFERENCES c(id)"),
])
def test_behaviour_alone_tells(tmp_path, was, now):
    """Without a look at definitions: what the constraints do is enough."""
    path, other = database(tmp_path / "a.db"), database(tmp_path / "b.db", SCHEMA.replace(was, now, 1), "")
    found = judge.compare_behaviour(path, other) + judge.compare_behaviour(other, path)
    if was in (" AUTOINCREMENT", "ON DELETE CASCADE", "REFERENCES p(id)"):
        found += judge.converges(path, SCHEMA.replace(was, now, 1))  # no INSERT can tell these
    assert found != []


@pytest.mark.parametrize("broken", [
    "DELETE FROM c WHERE id = 2", "INSERT INTO c VALUES (3, NULL)", "UPDATE p SET name = 'One' WHERE id = 1",
    "UPDATE p SET n = 0 WHERE id = 7", "UPDATE loose SET a = 1 WHERE b = 'y'", "UPDATE loose SET a = 1 WHERE rowid = 12",
    "UPDATE loose SET rowid = 4 WHERE rowid = 3", "UPDATE c SET id = 5 WHERE id = 1", "DELETE FROM p",
])
def test_sees_a_lost_row(tmp_path, broken):
    before, after = database(tmp_path / "a.db"), str(tmp_path / "b.db")
    shutil.copy(before, after)
    change(after, "DROP TRIGGER g; " + broken)
    assert judge.rows_kept(before, after) != []


def test_a_new_affinity_converts_as_an_insert_does(tmp_path):
    before = database(tmp_path / "a.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
                      "INSERT INTO t VALUES (1, '007'), (2, 'x'), (3, '1e3');")
    after = database(tmp_path / "b.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);",
                     "INSERT INTO t VALUES (1, '007'), (2, 'x'), (3, '1e3');")
    assert judge.rows_kept(before, after) == []
    change(after, "UPDATE t SET a = 0 WHERE id = 2")
    assert judge.rows_kept(before, after) != []


def test_orphans_are_counted_against_before(tmp_path):
    before, after = database(tmp_path / "a.db"), database(tmp_path / "b.db")
    assert judge.converges(after, SCHEMA, before) == []
    change(after, "UPDATE c SET p = 404")
    assert judge.converges(after, SCHEMA, before) != []
    assert judge.converges(after, SCHEMA, after) == []


def test_renames_are_followed(tmp_path):
    before, after = database(tmp_path / "a.db"), str(tmp_path / "b.db")
    shutil.copy(before, after)
    change(after, "ALTER TABLE p RENAME COLUMN name TO title; ALTER TABLE p RENAME TO q;")
    renames = judge.Renames({"p": "q"}, {"q": {"name": "title"}})
    assert judge.rows_kept(before, after, renames) == []
    change(after, "UPDATE q SET title = 'lost' WHERE id = 7")
    assert judge.rows_kept(before, after, renames) != []
