# SPDX-License-Identifier: MIT
"""A false "up to date" is the worst there can be: whatever happens to a recorded database, the next start sees it."""
import json
import shutil
import sqlite3

import pytest

from case import url

SCHEMA = """CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL CHECK (a <> ''));
CREATE INDEX i ON t (a);
CREATE VIEW v AS SELECT a FROM t;
CREATE TRIGGER g AFTER DELETE ON t BEGIN SELECT 1; END;
"""

SAME_NUMBER = """PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)' WHERE name = 't';
"""


@pytest.fixture
def recorded(tmp_path, moult):
    """A database that was found up to date twice: the second time by the fast path."""
    (tmp_path / "schema.sql").write_text(SCHEMA)
    db = sqlite3.connect(tmp_path / "app.db")
    db.executescript(SCHEMA)
    db.close()
    for _ in range(3):
        assert outcome(moult, tmp_path) in ("recorded", "up_to_date")
    assert outcome(moult, tmp_path) == "up_to_date"
    return tmp_path


def outcome(moult, where, *more) -> str:
    r = moult("apply", "--url", url(where / "app.db"), "--to", "schema.sql", "--format", "json", *more, cwd=where)
    try:
        return json.loads(r.out)["outcome"]
    except (ValueError, KeyError):
        pytest.fail(str(r))


def alter(where, sql: str) -> None:
    db = sqlite3.connect(where / "app.db", isolation_level=None)
    db.executescript(sql)
    db.close()


@pytest.mark.parametrize("sql", [
    "DROP INDEX i", "DROP VIEW v", "DROP TRIGGER g", "ALTER TABLE t RENAME COLUMN a TO b", "DROP TABLE t",
    "DROP INDEX i; CREATE INDEX i ON t (id)", "DROP VIEW v; CREATE VIEW v AS SELECT id FROM t",
    SAME_NUMBER,
    SAME_NUMBER + "PRAGMA schema_version = 4711;",
    "DROP INDEX i; VACUUM;",
])
def test_every_change_is_seen(recorded, moult, sql):
    alter(recorded, sql)
    r = moult("plan", "--url", url(recorded / "app.db"), "--to", "schema.sql", "--exit-code", cwd=recorded)
    assert r.code == 2, r
    assert outcome(moult, recorded, "--mode", "dry_run") != "up_to_date"


def test_the_same_schema_version_brought_back(recorded, moult):
    """Two changes by hand and a pragma bring the number back: the number alone tells nothing."""
    db = sqlite3.connect(recorded / "app.db", isolation_level=None)
    number = db.execute("PRAGMA schema_version").fetchone()[0]
    db.execute("DROP INDEX i")
    db.execute("CREATE INDEX j ON t (id)")
    db.execute(f"PRAGMA schema_version = {number}")
    assert db.execute("PRAGMA schema_version").fetchone()[0] == number
    db.close()
    assert outcome(moult, recorded, "--mode", "dry_run") != "up_to_date"


def test_another_file_put_in_its_place(recorded, moult):
    """A dump that is loaded again, with moult's own tables in it, in an older schema."""
    db, other = sqlite3.connect(recorded / "app.db"), sqlite3.connect(recorded / "other.db", isolation_level=None)
    dump = "\n".join(line for line in db.iterdump() if not line.startswith("CREATE INDEX i "))
    other.executescript(dump)
    number = db.execute("PRAGMA schema_version").fetchone()[0]
    other.execute(f"PRAGMA schema_version = {number}")
    db.close()
    other.close()
    shutil.move(recorded / "other.db", recorded / "app.db")
    assert outcome(moult, recorded, "--mode", "dry_run") != "up_to_date"


def test_a_changed_source_is_seen(recorded, moult):
    (recorded / "schema.sql").write_text(SCHEMA + "CREATE TABLE u (id INTEGER PRIMARY KEY);\n")
    assert outcome(moult, recorded) == "applied"
    assert outcome(moult, recorded) == "up_to_date"


def test_up_to_date_writes_nothing(recorded, moult):
    before = (recorded / "app.db").read_bytes()
    for _ in range(3):
        assert outcome(moult, recorded) == "up_to_date"
    assert (recorded / "app.db").read_bytes() == before


def test_rows_are_no_change(recorded, moult):
    alter(recorded, "INSERT INTO t VALUES (1, 'x'); DELETE FROM t; INSERT INTO t VALUES (2, 'y');")
    assert outcome(moult, recorded) == "up_to_date"


def test_full_does_not_trust_the_fast_path(recorded, moult):
    r = moult("plan", "--url", url(recorded / "app.db"), "--to", "schema.sql", "--full", "--exit-code", cwd=recorded)
    assert r.code == 0, r
