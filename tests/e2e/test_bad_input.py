# SPDX-License-Identifier: MIT
"""Bad input: each gets a clear error with its place and the right exit code, and the database stays byte for byte as it was."""
import json
import os
import sqlite3
import stat

import pytest

from case import Result, file_hash, url

GOOD = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n"
NEXT = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);\n"


class Place:
    """A database with a row in it, and schema files beside it."""

    def __init__(self, where, moult):
        self.where, self.moult = where, moult
        self.db = where / "app.db"
        db = sqlite3.connect(self.db)
        db.executescript(GOOD + "INSERT INTO t VALUES (1, 'x');")
        db.close()
        self.write("schema.sql", NEXT)

    def write(self, name: str, content) -> str:
        path = self.where / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    def run(self, *args, **more) -> Result:
        return self.moult(*args, cwd=self.where, **more)

    def plan(self, source="schema.sql", *more, db=None) -> Result:
        return self.run("plan", "--url", url(db or self.db), "--to", source, *more)

    def apply(self, source="schema.sql", *more, db=None) -> Result:
        return self.run("apply", "--url", url(db or self.db), "--to", source, "--mode", "aggressive", "--no-backup", "--no-attic", *more)


@pytest.fixture
def place(tmp_path, moult) -> Place:
    return Place(tmp_path, moult)


def said(result: Result, code: int, *texts: str) -> None:
    """The exit code, and on standard error every one of the texts."""
    assert result.code == code, result
    assert result.err.strip(), f"nothing said\n{result}"
    for text in texts:
        assert text.lower() in result.err.lower(), f"{text!r} is not said\n{result}"
    assert result.out.strip() == "" or code == 3, f"an error has no result\n{result}"


def refused(place: Place, source: str, *texts: str) -> None:
    """Neither plan nor apply takes the source; the database is what it was."""
    was = file_hash(place.db)
    said(place.plan(source), 1, *texts)
    said(place.apply(source), 1, *texts)
    assert file_hash(place.db) == was


# --- the schema's file -------------------------------------------------------------------------------------------------


def test_no_such_schema_file(place):
    refused(place, "nowhere.sql", "nowhere.sql")


def test_schema_is_an_empty_file(place):
    refused(place, place.write("empty.sql", ""), "empty.sql")


def test_schema_is_only_comments(place):
    refused(place, place.write("comments.sql", "-- nothing\n/* to see */\n"), "comments.sql")


def test_schema_folder_without_sql(place):
    (place.where / "folder").mkdir()
    refused(place, "folder", "folder")


def test_glob_that_matches_nothing(place):
    refused(place, "no-*.sql", "no-*.sql")


def test_command_that_fails(place):
    refused(place, "cmd:echo broken >&2; exit 3", "3")


def test_command_that_is_not_there(place):
    refused(place, "cmd:no-such-program-here", "no-such-program-here")


def test_history_version_that_is_not_there(place):
    refused(place, "history:99", "99")


def named(*lists):
    """Parameters whose id is their first value: the others may be long."""
    return [pytest.param(*values, id=values[0]) for values in lists]


@pytest.mark.parametrize("name, sql, line, texts", named(
    ("syntax-error", "CREATE TABLE t (id INTEGER PRIMARY KEY);\n\nCREATE TABLE u (a TEXT,, b);\n", 3, ["syntax"]),
    ("no-such-word", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCRAETE TABLE u (a);\n", 2, []),
    ("unclosed-parenthesis", "CREATE TABLE t (id INTEGER PRIMARY KEY;\n", 1, []),
    ("unclosed-string", "CREATE TABLE t (id INTEGER PRIMARY KEY,\n a TEXT DEFAULT 'x);\n", 2, []),
    ("unclosed-comment", "CREATE TABLE t (id INTEGER PRIMARY KEY);\n/* and so on\n", 2, []),
    ("unknown-table-of-index", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE INDEX i ON nowhere (id);\n", 2, ["nowhere"]),
    ("unknown-column-of-index", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE INDEX i\n  ON t (none);\n", 3, ["none"]),
    ("unknown-table-of-view", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE VIEW v AS SELECT * FROM nowhere;\n", 2,
     ["nowhere"]),
    ("unknown-table-of-trigger", "CREATE TABLE t (id INTEGER PRIMARY KEY);\n"
     "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM nowhere; END;\n", 2, ["nowhere"]),
    ("unknown-module", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE VIRTUAL TABLE z USING no_module(a);\n", 2,
     ["no_module"]),
    ("unknown-type-in-strict", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE u (a VARCHAR(3)) STRICT;\n", 2, []),
    ("duplicate-table", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE T (id INTEGER);\n", 2, ["t"]),
    ("duplicate-column", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE u (a TEXT, A INTEGER);\n", 2, []),
    ("duplicate-index", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE INDEX i ON t (id);\nCREATE INDEX i ON t (id);\n",
     3, ["i"]),
    ("table-and-view-of-one-name", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE VIEW t AS SELECT 1;\n", 2, ["t"]),
    ("two-primary-keys", "CREATE TABLE t (id INTEGER PRIMARY KEY,\n  a TEXT PRIMARY KEY);\n", 1, ["primary key"]),
    ("circular-view", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE VIEW v AS SELECT * FROM w;\n"
     "CREATE VIEW w AS SELECT * FROM v;\n", None, []),
    ("view-of-itself", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE VIEW v AS SELECT * FROM v;\n", 2, ["v"]),
    ("insert", "CREATE TABLE t (id INTEGER PRIMARY KEY);\n\nINSERT INTO t VALUES (7);\n", 3, ["insert"]),
    ("update", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nUPDATE t SET id = 2;\n", 2, ["update"]),
    ("delete", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nDELETE FROM t;\n", 2, ["delete"]),
    ("replace", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nREPLACE INTO t VALUES (7);\n", 2, ["replace"]),
    ("with-insert", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nWITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x;\n", 2, []),
    ("select", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nSELECT 1;\n", 2, ["select"]),
    ("attach", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nATTACH 'other.db' AS other;\n", 2, ["attach"]),
    ("detach", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nDETACH main;\n", 2, ["detach"]),
    ("pragma", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nPRAGMA writable_schema = ON;\n", 2, ["pragma"]),
    ("begin", "BEGIN;\nCREATE TABLE t (id INTEGER PRIMARY KEY);\nCOMMIT;\n", 1, ["begin"]),
    ("savepoint", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nSAVEPOINT s;\n", 2, ["savepoint"]),
    ("vacuum", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nVACUUM INTO 'copy.db';\n", 2, ["vacuum"]),
    ("meta-command", "CREATE TABLE t (id INTEGER PRIMARY KEY);\n.import data.csv t\n", 2, []),
    ("temporary-table", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TEMP TABLE u (a);\n", 2, ["temp"]),
    ("own-table", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE _moult_history (a);\n", 2, ["_moult_"]),
    ("reserved-name", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE sqlite_mine (a);\n", 2, ["sqlite_"]),
    ("other-schema", "CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE other.u (a);\n", 2, ["other"]),
))
def test_bad_sql(place, name, sql, line, texts):
    source = place.write(f"{name}.sql", sql)
    refused(place, source, f"{source}:{line}" if line else f"{source}:", *texts)
    assert not (place.where / "copy.db").exists() and not (place.where / "other.db").exists()


@pytest.mark.parametrize("name, sql", named(
    ("trigger", "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = new.none; END;\n"),
    ("foreign-key", "CREATE TABLE u (a INTEGER REFERENCES t (none));\n"),
))
def test_what_is_wrong_only_when_used(place, name, sql):
    """SQLite takes these, and databases live with them for years: no error, but it is said."""
    r = place.plan(place.write(f"{name}.sql", GOOD + sql))
    assert r.code == 0 and "none" in r.out.replace(sql.strip().rstrip(";"), ""), r


def test_nul_byte(place):
    refused(place, place.write("nul.sql", b"CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE u (a\0 TEXT);\n"), "nul.sql:2", "NUL")


def test_not_utf8(place):
    refused(place, place.write("latin.sql", b"CREATE TABLE t (id INTEGER PRIMARY KEY);\nCREATE TABLE \"caf\xe9\" (a);\n"), "latin.sql:2", "utf-8")


def test_utf16(place):
    refused(place, place.write("wide.sql", GOOD.encode("utf-16")), "wide.sql")


def test_places_count_in_the_second_file(place):
    (place.where / "schema").mkdir()
    place.write("schema/1.sql", GOOD)
    place.write("schema/2.sql", "\n\n\nCREATE TABLE u (a,,);\n")
    refused(place, "schema", "2.sql:4")


@pytest.mark.parametrize("name, sql", named(
    ("bom", b"\xef\xbb\xbf" + NEXT.encode()), ("crlf", NEXT.replace("\n", "\r\n").replace(", ", ",\r\n ").encode()),
    ("no-last-semicolon", NEXT.rstrip(";\n").encode()), ("many-semicolons", (";;\n;" + NEXT + ";;;").encode()),
))
def test_odd_but_good(place, name, sql):
    source = place.write(f"{name}.sql", sql)
    r = place.apply(source)
    assert r.code == 0, r
    assert place.plan(source, "--exit-code").code == 0
    db = sqlite3.connect(place.db)
    assert [c[1] for c in db.execute("PRAGMA table_info(t)")] == ["id", "a", "b"]
    db.close()


def test_fifty_megabytes_in_one_statement(place):
    source = place.write("huge.sql", GOOD + "CREATE VIEW v AS SELECT '" + "x" * 50_000_000 + "' AS a;\n")
    was = file_hash(place.db)
    r = place.plan(source)
    assert r.code in (0, 1), r.code
    if r.code == 1:
        assert "huge.sql:2" in r.err and len(r.err) < 10_000
    assert file_hash(place.db) == was


def test_fifty_megabytes_that_are_wrong(place):
    source = place.write("huge.sql", GOOD + "CREATE TABLE u (a TEXT DEFAULT '" + "x" * 50_000_000 + "' oops,,);\n")
    was = file_hash(place.db)
    r = place.plan(source)
    said(r, 1, "huge.sql:2")
    assert len(r.err) < 10_000
    assert file_hash(place.db) == was


def test_deep_parentheses(place):
    deep = "(" * 5000 + "1" + ")" * 5000
    refused(place, place.write("deep.sql", f"{GOOD}CREATE TABLE u (a INTEGER CHECK ({deep}));\n"), "deep.sql:2")


def test_too_many_columns(place):
    many = ", ".join(f"c{i} TEXT" for i in range(3000))
    refused(place, place.write("many.sql", f"{GOOD}CREATE TABLE u ({many});\n"), "many.sql:2", "column")


# --- the database ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["inspect", "status", "history"])
def test_no_such_database(place, command):
    missing = place.where / "missing.db"
    said(place.run(command, "--url", url(missing)), 1, "missing.db")
    assert not missing.exists()


def test_no_such_folder(place):
    missing = place.where / "no" / "such" / "app.db"
    said(place.apply(db=missing), 1, "such")
    assert not missing.parent.exists()


def test_bad_schema_makes_no_database(place):
    missing = place.where / "missing.db"
    said(place.apply(place.write("bad.sql", "CREATE TABLE;"), db=missing), 1, "bad.sql:1")
    assert not missing.exists() or missing.stat().st_size == 0


def test_database_is_a_folder(place):
    (place.where / "folder.db").mkdir()
    for r in (place.plan(db=place.where / "folder.db"), place.apply(db=place.where / "folder.db")):
        said(r, 1, "folder.db")


def test_database_is_an_empty_file(place):
    empty = place.where / "empty.db"
    empty.write_bytes(b"")
    assert place.plan(db=empty).code == 0
    assert empty.stat().st_size == 0, "a plan writes nothing"
    r = place.apply(db=empty)
    assert r.code == 0, r


@pytest.mark.parametrize("name, content", named(
    ("text", b"this is a text, and no database\n" * 100),
    ("short", b"SQLite format 3\0"),
    ("encrypted", bytes((i * 197 + 91) % 256 for i in range(16384))),
    ("zeros", b"\0" * 8192),
))
def test_file_is_not_a_database(place, name, content):
    path = place.where / f"{name}.db"
    path.write_bytes(content)
    for r in (place.plan(db=path), place.apply(db=path), place.run("inspect", "--url", url(path))):
        said(r, 1, f"{name}.db")
    assert path.read_bytes() == content


def damaged(place: Place, offset: int, junk: bytes):
    db = sqlite3.connect(place.db)
    db.executescript("".join(f"CREATE TABLE t{i} (a TEXT, b TEXT); CREATE INDEX i{i} ON t{i} (a);" for i in range(60)))
    db.close()
    content = bytearray(place.db.read_bytes())
    content[offset:offset + len(junk)] = junk
    place.db.write_bytes(content)


def test_corrupt_schema_page(place):
    damaged(place, 100, b"\xff" * 300)
    was = file_hash(place.db)
    for r in (place.plan(), place.apply()):
        said(r, 1, "app.db")
    assert file_hash(place.db) == was


def test_truncated_database(place):
    damaged(place, 0, b"")
    content = place.db.read_bytes()
    place.db.write_bytes(content[:len(content) // 3])
    was = file_hash(place.db)
    for r in (place.plan(), place.apply()):
        said(r, 1, "app.db")
    assert file_hash(place.db) == was


def test_schema_entry_that_is_no_sql(place):
    db = sqlite3.connect(place.db)
    db.executescript("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id,,)' WHERE name = 't';"
                     "PRAGMA schema_version = 99;")
    db.close()
    was = file_hash(place.db)
    for r in (place.plan(), place.apply()):
        said(r, 1)
    assert file_hash(place.db) == was


# Root may write to every file, but for one without the right to pass over modes.
MINDS_MODES = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def test_read_only_file(place):
    place.db.chmod(stat.S_IRUSR)
    was = file_hash(place.db)
    assert place.run("plan", "--url", url(place.db), "--to", "schema.sql", under=MINDS_MODES).code == 0
    said(place.run("apply", "--url", url(place.db), "--to", "schema.sql", under=MINDS_MODES), 4)
    assert file_hash(place.db) == was
    assert "ADD COLUMN" in (place.where / "migration_plan.sql").read_text()


def test_read_only_by_url(place):
    was = file_hash(place.db)
    r = place.run("apply", "--url", f"sqlite:///file:{place.db}?mode=ro&uri=true", "--to", "schema.sql")
    said(r, 4)
    assert file_hash(place.db) == was


def test_locked_by_another_writer(place):
    was = file_hash(place.db)  # before: closing a second descriptor of it would drop this process's locks
    other = sqlite3.connect(place.db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    r = place.apply("schema.sql", "--lock-timeout", "0.3s")
    said(r, 5, "locked")
    other.execute("ROLLBACK")
    other.close()
    assert file_hash(place.db) == was
    assert place.apply().code == 0, "and once the other is gone it works"


def test_locked_for_reading_too(place):
    was = file_hash(place.db)
    other = sqlite3.connect(place.db, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    for r in (place.plan("schema.sql", "--lock-timeout", "0.3s"), place.apply("schema.sql", "--lock-timeout", "0.3s")):
        said(r, 5, "locked")
    other.execute("ROLLBACK")
    other.close()
    assert file_hash(place.db) == was


# --- names that are SQL ------------------------------------------------------------------------------------------------


def test_names_that_are_sql(place):
    evil = '"; DROP TABLE t; --'
    quoted = '"' + evil.replace('"', '""') + '"'
    db = sqlite3.connect(place.db)
    db.execute(f"CREATE TABLE {quoted} ({quoted} INTEGER)")
    db.execute(f"INSERT INTO {quoted} VALUES (1)")
    db.commit()
    db.close()
    source = place.write("evil.sql", GOOD + f"CREATE TABLE {quoted} ({quoted} TEXT);\n")
    r = place.apply(source, "--own=all")
    assert r.code == 0, r
    db = sqlite3.connect(place.db)
    assert db.execute(f"SELECT typeof({quoted}) FROM {quoted}").fetchall() == [("text",)]
    assert db.execute("SELECT count(*) FROM t").fetchone() == (1,)
    db.close()


def test_patterns_that_are_sql(place):
    assert place.plan("schema.sql", "--exclude", "'; DROP TABLE t; --").code == 0


def test_approval_that_is_sql(place):
    was = file_hash(place.db)
    said(place.run("approve", "'; DROP TABLE t; --", "--url", url(place.db), "--yes"), 1)
    assert file_hash(place.db) == was


# --- plan files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan_file(place):
    r = place.plan("schema.sql", "--format", "json")
    assert r.code == 0, r
    return json.loads(r.out)


def apply_plan(place: Place, name: str) -> Result:
    return place.run("apply", "--url", url(place.db), "--plan", name, "--mode", "aggressive", "--no-backup", "--no-attic")


def edit_statement(plan):
    plan["steps"][0]["statements"][0]["sql"] += " -- and more"


def edit_order(plan):
    plan["steps"].append(dict(plan["steps"][0]))


def edit_id(plan):
    plan["id"] = ("0" if plan["id"][0] != "0" else "1") + plan["id"][1:]


def edit_from(plan):
    plan["from"] = "0" * 64


def edit_risk(plan):
    plan["steps"][0]["method"] = "rebuild"


def edit_settings(plan):
    plan["settings"] = ["foreign_keys=on", "writable_schema=on"]


@pytest.mark.parametrize("edit", [edit_statement, edit_order, edit_id, edit_from, edit_risk, edit_settings])
def test_edited_plan_file(place, plan_file, edit):
    edit(plan_file)
    name = place.write("plan.json", json.dumps(plan_file))
    was = file_hash(place.db)
    said(apply_plan(place, name), 1, "plan.json")
    assert file_hash(place.db) == was


@pytest.mark.parametrize("name, content", named(
    ("empty", ""), ("no-json", "{"), ("list", "[]"), ("other-format", '{"format": "other"}'), ("nothing", "{}"),
    ("null", "null"), ("sql", NEXT),
    ("wrong-types", '{"format": "moult-plan", "format_version": 1, "id": 7, "steps": "all"}'),
    ("later-version", '{"format": "moult-plan", "format_version": 999, "id": "00", "steps": []}'),
    ("deep", "[" * 100_000), ("nul", '{"format": "moult-plan\\u0000"}'),
))
def test_plan_file_that_is_none(place, name, content):
    place.write(f"{name}.json", content)
    was = file_hash(place.db)
    said(apply_plan(place, f"{name}.json"), 1, f"{name}.json")
    assert file_hash(place.db) == was


def test_no_such_plan_file(place):
    said(apply_plan(place, "nowhere.json"), 1, "nowhere.json")


def test_plan_file_of_a_database_that_moved_on(place, plan_file):
    name = place.write("plan.json", json.dumps(plan_file))
    db = sqlite3.connect(place.db)
    db.execute("CREATE TABLE u (a)")
    db.execute("ALTER TABLE t ADD COLUMN z")
    db.commit()
    db.close()
    was = file_hash(place.db)
    said(apply_plan(place, name), 1, "changed")
    assert file_hash(place.db) == was


def test_plan_file_untouched_works(place, plan_file):
    name = place.write("plan.json", json.dumps(plan_file))
    r = apply_plan(place, name)
    assert r.code == 0, r
    assert place.plan("schema.sql", "--exit-code").code == 0


def test_plan_file_is_no_approval(place):
    place.write("less.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    r = place.plan("less.sql", "--own=all", "--format", "json")
    name = place.write("plan.json", r.out)
    r = place.run("apply", "--url", url(place.db), "--plan", name)
    assert r.code == 3, r
    db = sqlite3.connect(place.db)
    assert [c[1] for c in db.execute("PRAGMA table_info(t)")] == ["id", "a"]
    db.close()


# --- words on the command line -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("args, texts", [
    (["--mode", "bold"], ["bold", "safe"]),
    (["--mode"], ["--mode"]),
    (["--own=everything"], ["everything"]),
    (["--format", "yaml"], ["yaml", "json"]),
    (["--no-such-option"], ["no-such-option"]),
    (["--lock-timeout", "soon"], ["soon"]),
    (["--lock-timeout=-5s"], ["-5"]),
    (["--wait=1parsec"], ["1parsec"]),
    (["stray"], ["stray"]),
    (["--exit-code=yes"], ["exit-code"]),
])
def test_wrong_option(place, args, texts):
    was = file_hash(place.db)
    said(place.plan("schema.sql", *args), 1, *texts)
    assert file_hash(place.db) == was


@pytest.mark.parametrize("wrong, texts", [
    ("oracle://scott:tiger@host/x", ["oracle"]), ("http://example.org/app.db", ["http"]), ("", []),
    ("://", []), ("sqlite://user:geheim@host:99999999/x", []),
])
def test_wrong_url(place, wrong, texts):
    r = place.run("plan", "--url", wrong, "--to", "schema.sql")
    said(r, 1, *texts)
    assert "tiger" not in r.err and "geheim" not in r.err


def test_no_url(place):
    said(place.run("plan", "--to", "schema.sql"), 1, "--url")


def test_no_such_command(place):
    said(place.run("paln"), 1, "paln", "plan")


@pytest.mark.parametrize("wrong, texts", [
    ("123", []), ("zzzzzzzz", ["zzzzzzzz"]), ("00000000", ["00000000"]), ("", []), ("a" * 65, []),
])
def test_wrong_approval(place, wrong, texts):
    was = file_hash(place.db)
    said(place.run("approve", wrong, "--url", url(place.db), "--yes"), 1, *texts)
    assert file_hash(place.db) == was


def test_approval_of_another_plan(place):
    place.write("less.sql", "CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    r = place.run("apply", "--url", url(place.db), "--to", "less.sql", "--own=all", "--approve", "0123456789abcdef")
    assert r.code in (1, 3), r
    db = sqlite3.connect(place.db)
    assert [c[1] for c in db.execute("PRAGMA table_info(t)")] == ["id", "a"]
    db.close()
