# SPDX-License-Identifier: MIT
"""docs/sqlite.md is true: for each line of its table of changes, examples whose plans have the methods that the line names.

An example is (schema before, schema after, methods of the steps in their order, or the error), and perhaps an option.
"""
import re
import sqlite3

import pytest

from conftest import ROOT

PAGE = (ROOT / "docs" / "sqlite.md").read_text(encoding="utf-8")
T = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT);"
ROWS = "INSERT INTO t (id) VALUES (1), (2);"


def table(columns: str, rest: str = "", options: str = "") -> str:
    """A table whose columns stand one on a line, as annotations ask for."""
    lines = [f"  {c.strip()}" for c in columns.split(";")]
    lines = [line.replace(" --", ", --", 1) if " --" in line and line != lines[-1] else
             line + ("," if line != lines[-1] else "") for line in lines]
    return "CREATE TABLE t (\n" + "\n".join(lines) + f"\n) {options};\n{rest}\n"


ID = "id INTEGER PRIMARY KEY"
P = "CREATE TABLE p (id INTEGER PRIMARY KEY);"
FTS = "CREATE VIRTUAL TABLE f USING fts5(a{});"

EXAMPLES = {
    "new table, index, view, trigger": [
        (T, T + "CREATE TABLE u (x); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t;"
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END;", ["create"] * 4)],
    "new column": [
        (table(f"{ID}"), table(f"{ID}; a TEXT"), ["native"]),
        (table(f"{ID}"), table(f"{ID}; a TEXT NOT NULL DEFAULT 'x'; b INT CHECK (b > 0); c TEXT AS (a) VIRTUAL"),
         ["native"] * 3)],
    "new column NOT NULL without default": [
        (table(f"{ID}"), table(f"{ID}; a TEXT NOT NULL -- @fill 'x'"), ["native", "in-place"]),
        (table(f"{ID}"), table(f"{ID}; a TEXT NOT NULL"), "the table has 2 rows")],
    "new column with a default that is no constant, on a table with rows": [
        (table(f"{ID}"), table(f"{ID}; a TEXT DEFAULT CURRENT_TIMESTAMP"), ["rebuild"]),
        (table(f"{ID}"), table(f"{ID}; a TEXT DEFAULT (1 + 1)"), ["rebuild"])],
    "new column UNIQUE, or generated STORED": [
        (table(f"{ID}"), table(f"{ID}; a TEXT UNIQUE"), ["rebuild"]),
        (table(f"{ID}"), table(f"{ID}; a TEXT AS (id) STORED"), ["rebuild"])],
    "column renamed, table renamed": [
        (table(f"{ID}; a TEXT"), table(f"{ID}; b TEXT -- @renamed from=a"), ["rename"]),
        (T, T.replace("TABLE t (", "TABLE u ( -- @renamed from=t\n"), ["rename"])],
    "column dropped": [
        (T, table(f"{ID}; a TEXT; b TEXT; c TEXT"), ["native"]),
        (T, table(f"{ID}; a TEXT; b TEXT"), ["native", "native"]),
        (T, table(f"{ID}; a TEXT"), ["rebuild"]),
        (table(f"{ID}; a TEXT; UNIQUE (a)"), table(f"{ID}"), ["rebuild"])],
    "NOT NULL gained or lost, its ON CONFLICT": [
        (table(f"{ID}; a TEXT DEFAULT 'x'"), table(f"{ID}; a TEXT NOT NULL DEFAULT 'x'"), ["in-place"]),
        (table(f"{ID}; a TEXT NOT NULL DEFAULT 'x'"), table(f"{ID}; a TEXT DEFAULT 'x'"), ["in-place"]),
        (table(f"{ID}; a NOT NULL DEFAULT 1"), table(f"{ID}; a NOT NULL ON CONFLICT IGNORE DEFAULT 1"), ["in-place"]),
        (table(f"{ID}; a TEXT"), table(f"{ID}; a TEXT NOT NULL"), "is NULL in 2 rows"),
        (table(f"{ID}; a TEXT"), table(f"{ID}; a TEXT NOT NULL -- @fill 'x'"), ["in-place"])],
    "CHECK added, changed, dropped": [
        (table(f"{ID}"), table(f"{ID}; CHECK (id > 0)"), ["in-place"]),
        (table(f"{ID}; CHECK (id > 0)"), table(f"{ID}; CHECK (id > -1)"), ["in-place"]),
        (table(f"{ID}; CHECK (id > 0)"), table(f"{ID}"), ["in-place"])],
    "foreign key added, changed, dropped": [
        (P + table(f"{ID}; a INT"), P + table(f"{ID}; a INT REFERENCES p"), ["in-place"]),
        (P + table(f"{ID}; a INT REFERENCES p"), P + table(f"{ID}; a INT REFERENCES p ON DELETE CASCADE"), ["in-place"]),
        (P + table(f"{ID}; a INT REFERENCES p"), P + table(f"{ID}; a INT"), ["in-place"])],
    "a constraint's name": [
        (table(f"{ID}; CONSTRAINT x CHECK (id > 0)"), table(f"{ID}; CONSTRAINT y CHECK (id > 0)"), ["in-place"])],
    "DEFAULT": [
        (table(f"{ID}; a DEFAULT 'x'"), table(f"{ID}; a DEFAULT 'y'"), ["in-place"]),
        (table(f"{ID}; a DEFAULT 'x'"), table(f"{ID}; a"), ["in-place"])],
    "type of the same affinity (`VARCHAR(20)` → `TEXT`)": [
        (table(f"{ID}; a VARCHAR(20)"), table(f"{ID}; a TEXT"), ["in-place"]),
        (table(f"{ID}; a INT"), table(f"{ID}; a BIGINT"), ["in-place"])],
    "type of another affinity; any type in a STRICT table": [
        (table(f"{ID}; a TEXT"), table(f"{ID}; a INTEGER"), ["rebuild"]),
        (table(f"{ID}; a INT", options="STRICT"), table(f"{ID}; a INTEGER", options="STRICT"), ["rebuild"])],
    "COLLATE": [
        (table(f"{ID}; a TEXT"), table(f"{ID}; a TEXT COLLATE NOCASE"), ["rebuild"])],
    "PRIMARY KEY, UNIQUE, AUTOINCREMENT": [
        (table("id INT; a TEXT"), table("id INT PRIMARY KEY; a TEXT"), ["rebuild"]),
        (table(f"{ID}; a TEXT"), table(f"{ID}; a TEXT UNIQUE"), ["rebuild"]),
        (table(f"{ID}; a TEXT UNIQUE"), table(f"{ID}; a TEXT"), ["rebuild"]),
        (table(f"{ID}"), table(f"{ID} AUTOINCREMENT"), ["rebuild"])],
    "STRICT, WITHOUT ROWID": [
        (table(f"{ID}"), table(f"{ID}", options="STRICT"), ["rebuild"]),
        (table(f"{ID}"), table(f"{ID}", options="WITHOUT ROWID"), ["rebuild"])],
    "a generated VIRTUAL column's expression": [
        (table(f"{ID}; a AS (id) VIRTUAL"), table(f"{ID}; a AS (id + 1) VIRTUAL"), ["in-place"]),
        (table(f"{ID}; a AS (id) VIRTUAL", "CREATE INDEX i ON t (a);"),
         table(f"{ID}; a AS (id + 1) VIRTUAL", "CREATE INDEX i ON t (a);"), ["rebuild"])],
    "order of columns": [
        (table(f"{ID}; a; b"), table(f"{ID}; b; a"), []),
        (table(f"{ID}; a; b"), table(f"{ID}; b; a"), ["rebuild"], "--column-order=strict")],
    "view, trigger, index changed": [
        (T + "CREATE VIEW v AS SELECT a FROM t;", T + "CREATE VIEW v AS SELECT b FROM t;", ["create", "create"]),
        (T + "CREATE INDEX i ON t (a);", T + "CREATE INDEX i ON t (b);", ["create", "create"])],
    "virtual table changed": [
        (FTS.format("") + table(ID), FTS.format(", b") + table(ID), ["rebuild"])],
}

LINES = dict(line.strip("| ").split(" | ")[:2] for line in re.findall(r"^\| .*", PAGE, re.M))
CHANGES = [key for key in LINES if key not in ("change", "method", "`native`", "`in-place`", "`rebuild`", "`online`", "---")]
RUNS = [pytest.param(key, *example, *[""][len(example) - 3:], id=f"{key}-{i}")
        for key, examples in EXAMPLES.items() for i, example in enumerate(examples)]
WORDS = {"create": "create|dropped and made again"}


def test_every_line_has_an_example():
    assert CHANGES == list(EXAMPLES)


def database(folder, before: str):
    db = sqlite3.connect(folder / "app.db")
    db.executescript(before + ROWS)
    db.close()


def plan(moult, folder, before: str, after: str, *flags: str):
    database(folder, before)
    (folder / "schema.sql").write_text(after, encoding="utf-8")
    return moult("plan", "--url", "app.db", "--own=all", "--format", "json", *flags, cwd=folder)


@pytest.mark.parametrize("change, before, after, methods, flags", RUNS)
def test_method(moult, tmp_path, change, before, after, methods, flags):
    made = plan(moult, tmp_path, before, after, *flags.split())
    if isinstance(methods, str):
        assert made.code == 1 and methods in made.err, made
        return
    assert made.code == 0, made
    assert [step["method"] for step in made.json()["steps"] if step["method"] != "attic"] == methods, made
    for method in methods or ["no difference"]:
        assert re.search(WORDS.get(method, method), LINES[change]), f"the line does not speak of {method}"
    done = moult("apply", "--url", "app.db", "--own=all", "--mode", "aggressive", *flags.split(), cwd=tmp_path)
    assert done.code == 0, done
    assert moult("plan", "--url", "app.db", "--own=all", "--exit-code", *flags.split(), cwd=tmp_path).code == 0


@pytest.mark.parametrize("before, after, said", [
    (table(f"{ID}"), table(f"{ID}; CHECK (id > 1)"), "CHECK"),
    (P + table(f"{ID}; a INT DEFAULT 7"), P + table(f"{ID}; a INT DEFAULT 7 REFERENCES p"), "foreign key")])
def test_rows_stop_the_apply(moult, tmp_path, before, after, said):
    database(tmp_path, before)
    (tmp_path / "schema.sql").write_text(after, encoding="utf-8")
    done = moult("apply", "--url", "app.db", "--own=all", "--mode", "aggressive", cwd=tmp_path)
    assert done.code == 1 and said.lower() in done.err.lower(), done


def test_a_new_default_leaves_old_rows_alone(moult, tmp_path):
    """A row older than the column does not store it."""
    database(tmp_path, table(ID))
    schemas = [table(f"{ID}; a TEXT DEFAULT 'x'"), table(f"{ID}; a TEXT DEFAULT 'y'")]
    for schema in schemas:
        (tmp_path / "schema.sql").write_text(schema, encoding="utf-8")
        assert moult("apply", "--url", "app.db", "--mode", "aggressive", cwd=tmp_path).code == 0
    db = sqlite3.connect(tmp_path / "app.db")
    assert db.execute("SELECT DISTINCT a FROM t").fetchall() == [("x",)]
    db.close()


TRIGGER = "CREATE TRIGGER r AFTER UPDATE ON t BEGIN SELECT raise(ABORT, 'fired'); END;"


@pytest.mark.parametrize("before, after", [
    (table(f"{ID}; a TEXT", TRIGGER), table(f"{ID}; a TEXT NOT NULL -- @fill 'x'", TRIGGER)),
    (table(f"{ID}", TRIGGER), table(f"{ID}; a TEXT NOT NULL -- @fill 'x'", TRIGGER))])
def test_no_trigger_fires(moult, tmp_path, before, after):
    """What is filled in a table with an UPDATE trigger takes a rebuild."""
    made = plan(moult, tmp_path, before, after)
    assert made.code == 0 and "rebuild" in [step["method"] for step in made.json()["steps"]], made
    assert moult("apply", "--url", "app.db", "--own=all", "--mode", "aggressive", cwd=tmp_path).code == 0
