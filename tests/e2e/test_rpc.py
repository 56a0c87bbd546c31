# SPDX-License-Identifier: MIT
"""moult rpc: every method, what goes wrong on the way, and a caller that dies. rpc.py holds each line against the schema."""
import base64
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

import rpc
from case import url
from conftest import ROOT, program
from rpc import Caller, Ended, Refused

REWRITE = os.environ.get("MOULT_REWRITE") == "1"
SANITIZED = "MOULT_SANITIZED" in os.environ
V1 = "CREATE TABLE users (\n    id INTEGER PRIMARY KEY,\n    name TEXT\n);\n"
V2 = "CREATE TABLE users (\n    id INTEGER PRIMARY KEY,\n    name TEXT,\n    first TEXT\n);\n"
V3 = "CREATE TABLE users (\n    id INTEGER PRIMARY KEY,\n    first TEXT\n);\n"
HOOK = {"version": "v2_split", "trigger": "before_ddl", "code": "1"}


def texts(sql, name="models.py"):
    return {"name": name, "sql": sql}


class App:
    """A database of one's own, and callers that end with the test."""

    def __init__(self, where):
        self.where, self.db, self.callers = where, where / "app.db", []

    def start(self, *flags, **options):
        caller = Caller(program(), self.where, *flags, **options)
        self.callers.append(caller)
        return caller

    def open(self, sql=V1, **options):
        caller = self.start()
        caller.call("open", url=url(self.db), **({"desired": texts(sql)} if sql else {}), **options)
        return caller

    def apply(self, sql=V1, hook=None, **options):
        caller = self.open(sql, **{"mode": "aggressive", "no_backup": True, **options})
        result = caller.call("apply", hook)
        assert caller.end() == 0
        return result

    def sql(self, script):
        db = sqlite3.connect(self.db)
        db.executescript(script)
        db.close()

    def rows(self, query):
        db = sqlite3.connect(self.db)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def columns(self):
        return [row[1] for row in self.rows("PRAGMA table_info(users)")]


@pytest.fixture
def app(tmp_path):
    made = App(tmp_path)
    yield made
    for caller in made.callers:
        caller.end()


@pytest.fixture
def filled(app):
    """At version 1, with two rows."""
    app.apply(V1)
    app.sql("INSERT INTO users (name) VALUES ('Ada Lovelace'), ('Plato')")
    return app


# --- every method ----------------------------------------------------------------------------------------------------


def test_hello(app):
    said = app.start().call("hello")
    version = subprocess.run([program(), "version", "--format", "json"], capture_output=True, text=True, check=True).stdout
    assert said["moult"] == json.loads(version)["version"] and said["protocol"] == 1
    assert set(said["methods"]) == {d.removeprefix("request_") for d in rpc.SCHEMAS["rpc.schema.json"]["$defs"]
                                    if d.startswith("request_")}


def test_a_whole_life(app):
    c = app.open(V1)
    planned = c.call("plan", document=True, text=True, sql=True)
    assert planned["allowed"] and planned["risk"] == "safe" and planned["document"]["id"] == planned["plan_id"]
    assert "CREATE TABLE" in planned["sql"] and "users" in planned["text"]
    assert not app.db.exists(), "a plan writes nothing"
    assert c.call("apply")["outcome"] == "applied"
    again = c.call("apply")
    assert (again["outcome"], again["version"], again["changes"]) == ("up_to_date", 1, [])
    assert c.call("status")["state"] == "up_to_date"
    c.call("close")
    app.sql("INSERT INTO users (name) VALUES ('Ada')")

    c.call("open", url=url(app.db), desired=[texts(V3, "a.sql"), texts("CREATE TABLE t (a);", "b.sql")])
    refused = c.call("apply")
    assert (refused["outcome"], refused["exit_code"], refused["error"]["code"]) == ("refused", 3, "REFUSED")
    assert {(x["op"], x["name"]) for x in refused["changes"]} >= {("create", "t"), ("drop", "users.name")}
    assert refused["hints"] and refused["plan_id"][:8] in refused["text"]
    stored = c.call("plan", id=refused["plan_id"][:8])
    assert stored["plan_id"] == refused["plan_id"] and stored["stored"]
    assert c.call("approve", id=refused["plan_id"][:8]) == {"plan_id": refused["plan_id"]}
    assert c.call("revoke", id=refused["plan_id"]) == {"plan_id": refused["plan_id"]}
    assert c.call("apply")["outcome"] == "refused", "the approval was taken back"
    c.call("approve", id=refused["plan_id"])
    assert c.call("apply")["outcome"] == "applied" and app.columns() == ["id", "first"]
    assert [v["version"] for v in c.call("history")["versions"]] == [1, 2]

    back = c.call("rollback", version=1)
    assert back["outcome"] == "refused"
    assert c.call("rollback", approve=back["plan_id"])["outcome"] == "applied"
    assert app.rows("SELECT name FROM users") == [("Ada",)]
    assert c.call("resume")["outcome"] == "up_to_date"
    assert c.call("close") == {"closed": True}
    assert c.end() == 0


def test_approve_and_apply_at_once_is_for_one_apply(filled):
    c = filled.open(V3)
    refused = c.call("apply")
    done = c.call("apply", approve=refused["plan_id"])
    assert done["outcome"] == "applied" and done["hints"] == refused["hints"] != [], "what ran still tells of the schema that was"
    assert c.call("apply")["outcome"] == "up_to_date"
    c.call("close")
    c.call("open", url=url(filled.db), desired=texts("CREATE TABLE users (id INTEGER PRIMARY KEY);"))
    other = c.refused("apply", approve="0123456789abcdef")
    assert other.data["code"] == "CHANGED" and "was approved, but" in str(other)
    assert c.call("apply")["outcome"] == "refused", "and the approval is gone"


def test_a_document_is_run_as_a_plan_file_is(filled):
    c = filled.open(V2)
    document = c.call("plan", document=True)["document"]
    assert c.call("apply", plan=document)["outcome"] == "applied" and filled.columns() == ["id", "name", "first"]
    changed = c.refused("apply", plan=document)
    assert changed.data["code"] == "CHANGED"
    document["notes"].append("edited")
    document["steps"][0]["title"] = "another"
    assert c.refused("apply", plan=document).data["code"] in ("INVALID", "CHANGED")


SOURCES = {
    "a file": lambda app: "schema.sql",
    "a folder": lambda app: "folder",
    "a command": lambda app: "cmd:cat schema.sql",
    "a text": lambda app: texts(V1),
    "texts": lambda app: [texts(V1, "a"), texts("-- nothing", "b")],
}


@pytest.mark.parametrize("kind", SOURCES)
def test_sources(app, kind):
    (app.where / "schema.sql").write_text(V1)
    (app.where / "folder").mkdir()
    (app.where / "folder" / "1.sql").write_text(V1)
    c = app.start()
    c.call("open", url=str(app.db), desired=SOURCES[kind](app))
    assert c.call("apply")["outcome"] == "applied" and app.columns() == ["id", "name"]


def test_an_error_names_the_text_and_its_line(app):
    c = app.open(sql=None, desired=[texts(V1, "app/models.py"), texts("\n\n  CREATE TABEL t (a);", "app/more.py")])
    for method in ("plan", "apply", "status"):
        e = c.refused(method)
        assert (e.code, e.data["code"], e.data["file"], e.data["line"], e.data["exit_code"]) == (
            -32005, "SOURCE", "app/more.py", 3, 1)


def test_a_fill_in_the_sql_is_used_once(filled):
    result = filled.apply(V1.replace("name TEXT\n", "name TEXT,\n    age INTEGER NOT NULL -- @fill 7\n"))
    assert result["outcome"] == "applied" and filled.rows("SELECT DISTINCT age FROM users") == [(7,)]


def test_more_patterns_than_a_command_line_has(filled):
    filled.sql("CREATE TABLE other (a)")
    c = filled.open("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);", own="all",
                    include=[f"t{i}" for i in range(500)] + ["users"])
    assert c.call("apply")["outcome"] == "up_to_date"


# --- what comes of an apply, and the exit code that the command has ----------------------------------------------------


def recorded(app):
    app.sql(V1)
    return V1, {"record_only": True}


def behind(app):
    app.apply(V1)
    app.apply(V2)
    return V1, {}


def pending(app):
    return V1, {"mode": "dry_run"}


def waits(app):
    app.apply(V1)
    return V3, {"phase": "expand"}


def refused(app):
    app.apply(V1)
    return V3, {}


def no_permission(app):
    app.apply(V1)
    return V2, {"access": "read"}


def applied(app):
    return V1, {}


def up_to_date(app):
    app.apply(V1)
    return V1, {}


@pytest.mark.parametrize("make", [recorded, behind, pending, waits, refused, no_permission, applied, up_to_date],
                         ids=lambda f: f.__name__)
def test_outcomes(app, moult, make):
    sql, options = make(app)
    copy = app.where / "copy.db"
    if app.db.exists():
        shutil.copy(app.db, copy)
    result = app.open(sql, **options).call("apply")
    assert result["outcome"] == make.__name__, result
    if "access" not in options:  # the command has no such option: it is told by the file
        (app.where / "desired.sql").write_text(sql)
        flags = [f"--{k.replace('_', '-')}" + ("" if v is True else f"={v}") for k, v in options.items()]
        same = moult("apply", "--url", url(copy), "--to", "desired.sql", *flags, cwd=app.where)
        assert same.code == result["exit_code"], same


def test_locked(filled):
    first = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    first.ask("apply")
    question = first.question("hook")
    second = filled.open(V2, lock_timeout=0.2)
    result = second.call("apply")
    assert (result["outcome"], result["exit_code"], result["error"]["code"]) == ("locked", 5, "LOCKED")
    assert second.call("status")["lock"]["state"] == "held"
    first.answer(question)
    assert first.wait(first.next_id)["outcome"] == "applied"


def test_interrupted_and_resumed(filled):
    hooks = [HOOK, {"version": "v3_after", "trigger": "after_ddl"}]
    first = filled.open(V2, mode="aggressive", no_backup=True, hooks=hooks)
    first.ask("apply")
    first.answer(first.question("hook"))
    assert first.question("hook")["params"] == {"version": "v3_after", "trigger": "after_ddl"}
    first.kill()
    first.process.wait(60)
    assert filled.columns() == ["id", "name", "first"], "its transaction was done"
    c = filled.open(V2)
    assert c.call("status")["state"] == "interrupted"
    result = c.call("apply")
    assert (result["outcome"], result["exit_code"]) in (("interrupted", 6), ("refused", 3)), result
    c.call("close")
    c.call("open", url=url(filled.db), desired=texts(V2), mode="aggressive", hooks=hooks)
    ran = []
    assert c.call("resume", hook=lambda c, p: ran.append(p["version"]))["outcome"] == "applied"
    assert ran == ["v3_after"]
    assert c.call("status")["state"] == "up_to_date"


# --- values ----------------------------------------------------------------------------------------------------------

VALUES = [
    # what goes in, its type in the engine, what comes back (absent: the same)
    (None, "null"), (0, "integer"), (-1, "integer"), (2**53 - 1, "integer"), (-(2**53) + 1, "integer"),
    ({"integer": str(2**53)}, "integer"), ({"integer": str(2**63 - 1)}, "integer"), ({"integer": str(-(2**63))}, "integer"),
    (2**53, "integer", {"integer": str(2**53)}), (2**63 - 1, "integer", {"integer": str(2**63 - 1)}),
    ({"integer": "7"}, "integer", 7), ({"integer": "+7"}, "integer", 7),
    ({"integer": str(2**64)}, "text", str(2**64)), ({"integer": "-" + "9" * 60}, "text", "-" + "9" * 60),
    (1.5, "real"), (0.1, "real"), (1e300, "real"), (5e-324, "real"), (-0.0, "real"), (0.1 + 0.2, "real"),
    ({"real": "1"}, "real", 1.0), ({"real": "inf"}, "real"), ({"real": "-inf"}, "real"), ({"real": "nan"}, "null", None),
    ("", "text"), ("O'Brien", "text"), ("héllo 世界 🎉", "text"), ("a\u0000b", "text"), ("1.10", "text"),
    ("2026-11-26T05:00:00+00:00", "text"), ("\n\t\\\"", "text"), ("x" * 100000, "text"),
    ({"blob": ""}, "blob"), ({"blob": "AA=="}, "blob"), ({"blob": "AAE="}, "blob"), ({"blob": "AAH/"}, "blob"),
    ({"blob": base64.b64encode(bytes(range(256))).decode()}, "blob"),
    ({"text": "/w=="}, "text"), ({"text": "aGk="}, "text", "hi"),
    (True, "integer", 1), (False, "integer", 0),
]


def test_values_keep_what_they_are(app):
    """Into a table without types, and back, through the hook."""
    app.apply("CREATE TABLE v (id INTEGER PRIMARY KEY, x);")
    back = []

    def hook(c, params):
        for i, (value, *_) in enumerate(VALUES):
            assert c.call("execute", sql="INSERT INTO v VALUES (?, ?)", params=[i, value]) == {"changed": 1}
        found = c.call("query", sql="SELECT id, typeof(x) AS t, x FROM v ORDER BY id")
        assert found["columns"] == ["id", "t", "x"] and found["changed"] == 0
        back.extend(found["rows"])

    result = app.apply("CREATE TABLE v (id INTEGER PRIMARY KEY, x); CREATE TABLE w (a);", hook, hooks=[HOOK])
    assert result["outcome"] == "applied"
    for (value, kind, *other), (_, found_kind, found) in zip(VALUES, back, strict=True):
        wanted = other[0] if other else value
        assert (found_kind, found, type(found)) == (kind, wanted, type(wanted)), value
        assert not isinstance(wanted, float) or str(found) == str(wanted), "minus zero too"


def test_columns_of_their_own_types_keep_values(app):
    """As an application declares them: what SQLite makes of them is what it makes of its own parameters."""
    table = "CREATE TABLE v (n NUMERIC, i INTEGER, t TEXT, d DATE, r REAL, b BLOB);"
    values = ["12345.67", 42, "x", "2026-01-02", 2.5, {"blob": "AQID"}]
    app.apply(table)
    app.apply(table + "CREATE TABLE w (a);",
              lambda c, p: c.call("execute", sql="INSERT INTO v VALUES (?, ?, ?, ?, ?, ?)", params=values), hooks=[HOOK])
    assert app.rows("SELECT * FROM v") == [(12345.67, 42, "x", "2026-01-02", 2.5, b"\x01\x02\x03")]


BAD_VALUES = [{"integer": "x"}, {"integer": ""}, {"integer": "1.5"}, {"integer": 5}, {"real": ""}, {"real": "1x"}, {"blob": "A"},
              {"blob": "A==="}, {"blob": "=AAA"}, {"blob": "A A="}, {"blob": None}, {"date": "2026"}, {},
              {"integer": "1", "real": "1"}, [1]]


def test_what_is_no_value(filled):
    def hook(c, params):
        for value in BAD_VALUES:
            c.next_id += 1
            c.send({"jsonrpc": "2.0", "id": c.next_id, "method": "execute",
                    "params": {"sql": "UPDATE users SET name = ?", "params": [value]}})
            with pytest.raises(Refused, match="parameter 1 is no value") as e:
                c.wait(c.next_id)
            assert e.value.code == -32602

    assert filled.apply(V2, hook, hooks=[HOOK])["outcome"] == "applied"
    assert filled.rows("SELECT name FROM users") == [("Ada Lovelace",), ("Plato",)]


# --- hooks -----------------------------------------------------------------------------------------------------------


def test_a_hook_moves_data(filled):
    def hook(c, params):
        assert params == {"version": "v2_split", "trigger": "before_ddl"}
        for key, name in c.call("query", sql="SELECT id, name FROM users ORDER BY id")["rows"]:
            c.call("execute", sql="UPDATE users SET first = ? WHERE id = ?", params=[name.split()[0], key])
        assert c.call("execute", sql="UPDATE users SET first = first || ?", params=["!"]) == {"changed": 2}
        assert c.call("execute", sql="INSERT INTO users (name, first) VALUES (?, ?)", many=[["a", "b"], ["c", "d"]]) == {"changed": 2}
        assert c.call("query", sql="DELETE FROM users WHERE first IN ('b', 'd') RETURNING first")["changed"] == 2

    assert filled.apply(V3, hook, hooks=[HOOK])["outcome"] == "applied"
    assert filled.rows("SELECT first FROM users") == [("Ada!",), ("Plato!",)]
    assert filled.apply(V3, hooks=[HOOK])["outcome"] == "up_to_date", "once"


STATEMENTS = [
    # what a hook asks, the error's name, a part of its message
    ("DROP TABLE users", [], "INVALID", "a hook changes data"),
    ("COMMIT", [], "INVALID", "a hook changes data"),
    ("", [], "INVALID", "a hook changes data"),
    ("UPDATE users SET first = 'a'; DELETE FROM users", [], "INVALID", "more than one statement"),
    ("UPDATE users SET first = ?", [], "INVALID", "1 parameter, and 0 values were given"),
    ("UPDATE users SET first = ?", ["a", "b"], "INVALID", "1 parameter, and 2 values were given"),
    ("UPDATE nobody SET a = 1", [], "DATABASE", "no such table"),
    ("INSERT INTO users (id) VALUES (1)", [], "DATABASE", "UNIQUE"),
    ("SELEC 1", [], "INVALID", "a hook changes data"),
]


@pytest.mark.parametrize("method", ["execute", "query"])
def test_statements_that_fail_change_nothing_and_the_hook_goes_on(filled, method):
    def hook(c, params):
        for sql, values, name, part in STATEMENTS:
            e = c.refused(method, sql=sql, params=values)
            assert e.data["code"] == name and part in str(e), (sql, str(e))
        c.call("execute", sql="UPDATE users SET first = 'done'")

    assert filled.apply(V2, hook, hooks=[HOOK])["outcome"] == "applied"
    assert filled.rows("SELECT name, first FROM users") == [("Ada Lovelace", "done"), ("Plato", "done")]


def test_a_statement_that_looks_changes_no_rows(filled):
    """The engine's own count stands from the last statement that wrote."""
    def hook(c, params):
        assert c.call("execute", sql="UPDATE users SET first = 'x'") == {"changed": 2}
        for sql in ("SELECT 1", "WITH a(x) AS (SELECT 1) SELECT replace('a', 'b', 'c') FROM a", "VALUES (1)"):
            assert c.call("execute", sql=sql) == {"changed": 0}, sql
        assert c.call("execute", sql="WITH a(x) AS (SELECT 1) UPDATE users SET first = 'y' WHERE id IN (SELECT x FROM a)") == {"changed": 1}

    assert filled.apply(V2, hook, hooks=[HOOK])["outcome"] == "applied"


def test_a_hook_that_fails_is_undone_and_named(filled):
    def hook(c, params):
        c.call("execute", sql="UPDATE users SET first = 'x', name = NULL")
        raise ValueError("no name:\n none")

    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    e = c.refused("apply", hook)
    assert (e.code, e.data["code"], e.data["object"]) == (-32001, "ERROR", "hook v2_split")
    assert str(e) == "hook v2_split: no name:  none"
    assert filled.columns() == ["id", "name"] and filled.rows("SELECT name FROM users") == [("Ada Lovelace",), ("Plato",)]
    assert c.call("apply", lambda c, p: None)["outcome"] == "applied", "the session goes on"


def test_a_hook_that_is_not_answered(filled):
    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK], answer_timeout=0.3)
    began = time.monotonic()
    c.ask("apply")
    question = c.question("hook")
    with pytest.raises(Refused, match=r"hook v2_split: the caller said nothing for 0.3 seconds \(answer_timeout\)") as e:
        c.wait(c.next_id)
    assert e.value.data["code"] == "TIMEOUT" and time.monotonic() - began < 20
    assert filled.columns() == ["id", "name"]
    c.answer(question)  # too late
    with pytest.raises(Refused, match="nothing with its id") as e:
        c.wait(None)
    assert e.value.code == -32050
    assert c.call("status")["state"] == "pending"


def test_the_clock_starts_anew_with_each_word(filled):
    def hook(c, params):
        for _ in range(6):
            time.sleep(0.4)
            c.call("query", sql="SELECT 1")

    assert filled.apply(V2, hook, hooks=[HOOK], answer_timeout=2)["outcome"] == "applied"


def test_the_limit_of_a_statement_is_of_each(filled):
    """A function may take longer than that between two of them."""
    def hook(c, params):
        for _ in range(3):
            time.sleep(0.8)
            c.call("query", sql="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT max(i) FROM n")

    assert filled.apply(V2, hook, hooks=[HOOK], statement_timeout=1.5)["outcome"] == "applied"
    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[dict(HOOK, version="v3")], statement_timeout=0.5)
    e = c.refused("apply", lambda c, p: c.call("execute", sql=LONG))
    assert e.data["object"] == "hook v3" and filled.columns() == ["id", "name", "first"]


def test_hooks_run_in_their_order_and_sql_is_not_asked_back(filled):
    ran = []
    hooks = [{"version": "v2", "trigger": "before_ddl", "priority": 2}, {"version": "v10", "trigger": "before_ddl", "priority": 2},
             {"version": "z", "trigger": "before_ddl", "priority": -1}, {"version": "end", "trigger": "after_ddl"},
             {"version": "s", "trigger": "before_ddl", "sql": "UPDATE users SET first = 'sql';"}]
    result = filled.apply(V2, lambda c, p: ran.append(p["version"]), hooks=hooks)
    assert result["outcome"] == "applied" and ran == ["z", "v2", "v10", "end"]
    assert filled.rows("SELECT first FROM users") == [("sql",), ("sql",)]


def test_an_error_in_the_sql_of_a_hook_has_its_file(filled):
    c = filled.open(V2, hooks=[{"version": "s", "trigger": "before_ddl", "sql": "UPDATE users\n SET first = 1;\nDROP TABLE users",
                                "file": "hooks/s.sql"}])
    e = c.refused("plan")
    assert (e.data["code"], e.data["file"], e.data["line"]) == ("SOURCE", "hooks/s.sql", 3)


def test_rows_that_are_too_many(filled):
    def hook(c, params):
        e = c.refused("query", sql="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
                                   "SELECT hex(zeroblob(500000)) FROM n")
        assert e.code == -32051 and "LIMIT" in e.data["hint"]

    assert filled.apply(V2, hook, hooks=[HOOK])["outcome"] == "applied"


# --- types of the application's own ------------------------------------------------------------------------------------

TYPES = "CREATE TABLE users (\n    id INTEGER PRIMARY KEY,\n    name VARCHAR(40)\n);\n"


@pytest.mark.parametrize("same", [True, False])
def test_same_type(filled, same):
    asked = []
    c = filled.open(TYPES.replace("VARCHAR(40)", "BLOB"), same_type=True)
    result = c.call("apply", on_type=lambda p: asked.append(p) or same)
    assert asked and asked[0] == {"table": "users", "column": "name", "live": "text", "desired": "blob"}
    assert [x["name"] for x in result["changes"]] == ([] if same else ["users.name"])
    assert filled.rows("SELECT type FROM pragma_table_info('users') WHERE name = 'name'") == [("TEXT",) if same else ("BLOB",)]


@pytest.mark.parametrize("how, code, part", [("error", "ERROR", "users.name: cannot tell"), ("silent", "TIMEOUT", "said nothing for 0.3"),
                                             ("wrong", "INVALID", "neither true nor false"), ("cancel", "CANCELLED", "cancelled")])
def test_same_type_without_an_answer(filled, how, code, part):
    c = filled.open(TYPES.replace("VARCHAR(40)", "BLOB"), same_type=True, mode="aggressive", answer_timeout=0.3)
    mine = c.ask("apply")
    question = c.question("same_type")
    if how == "error":
        c.fail(question, "cannot tell")
    elif how == "wrong":
        c.send({"jsonrpc": "2.0", "id": question["id"], "result": "yes"})
    elif how == "cancel":
        cancel = c.ask("cancel")
        assert c.wait(cancel) == {"cancelled": True}
    with pytest.raises(Refused, match=part) as e:
        c.wait(mine)
    assert e.value.data["code"] == code
    assert c.call("apply", on_type=lambda p: True)["exit_code"] == 0, "the session goes on"


# --- cancel ------------------------------------------------------------------------------------------------------------

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) UPDATE users SET first = (SELECT max(i) FROM n)"


def test_cancel_in_a_long_statement_of_a_hook(filled):
    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    mine = c.ask("apply")
    question = c.question("hook")
    statement = c.ask("execute", sql=LONG)
    time.sleep(0.3)
    began = time.monotonic()
    assert c.call("cancel") == {"cancelled": True}
    with pytest.raises(Refused) as e:
        c.wait(statement)
    assert e.value.data["code"] == "CANCELLED"
    with pytest.raises(Refused) as e:
        c.wait(mine)
    assert (e.value.code, e.value.data["code"]) == (-32015, "CANCELLED") and time.monotonic() - began < 10
    assert filled.columns() == ["id", "name"]
    c.answer(question)
    with pytest.raises(Refused, match="nothing with its id"):
        c.wait(None)
    assert c.call("cancel") == {"cancelled": False}, "nothing runs"
    assert c.call("apply", lambda c, p: None)["outcome"] == "applied", "a cancelled handle is opened anew"


def test_cancel_while_a_hook_is_waited_for(filled):
    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    mine = c.ask("apply")
    c.question("hook")
    c.send({"jsonrpc": "2.0", "method": "cancel"}, "request_cancel")  # a notification has no answer
    with pytest.raises(Refused, match="cancelled") as e:
        c.wait(mine)
    assert e.value.data["code"] == "CANCELLED" and filled.columns() == ["id", "name"]


def test_cancel_while_the_lock_is_waited_for(filled):
    first = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    first.ask("apply")
    question = first.question("hook")
    second = filled.open(V2, lock_timeout=60)
    mine = second.ask("apply")
    time.sleep(0.3)
    assert second.call("cancel", id=mine) == {"cancelled": True}
    with pytest.raises(Refused) as e:
        second.wait(mine)
    assert e.value.data["code"] == "CANCELLED"
    first.answer(question)
    assert first.wait(first.next_id)["outcome"] == "applied"


def test_cancel_while_the_database_is_waited_for(app):
    c = app.start()
    mine = c.ask("open", url=f"sqlite:///{app.where}/nowhere/app.db", wait=60)
    time.sleep(0.3)
    began = time.monotonic()
    assert c.call("cancel") == {"cancelled": True}
    with pytest.raises(Refused, match="while the database was waited for") as e:
        c.wait(mine)
    assert e.value.data["code"] == "CANCELLED" and time.monotonic() - began < 10
    assert c.call("open", url=url(app.db))["database"]


def test_cancel_takes_back_what_waits(filled):
    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    running = c.ask("apply")
    waiting = c.ask("status")
    question = c.question("hook")
    assert c.call("cancel", id=waiting + 100) == {"cancelled": False}
    cancel = c.ask("cancel", id=waiting)
    with pytest.raises(Refused, match="before it began"):
        c.wait(waiting)
    assert c.wait(cancel) == {"cancelled": True}
    c.answer(question)
    assert c.wait(running)["outcome"] == "applied"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_a_signal_ends_it_cleanly(filled, number):
    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    mine = c.ask("apply")
    c.question("hook")
    c.process.send_signal(number)
    with pytest.raises(Refused) as e:
        c.wait(mine)
    assert e.value.data["code"] == "CANCELLED"
    with pytest.raises(Ended):
        c.receive()
    assert c.process.wait(20) == 1 and filled.columns() == ["id", "name"]


# --- a caller that dies ------------------------------------------------------------------------------------------------


def at_open(c):
    pass


def at_apply(c):
    c.ask("apply")


def at_the_hook(c):
    c.ask("apply")
    c.question("hook")


def after_a_statement(c):
    at_the_hook(c)
    c.call("execute", sql="UPDATE users SET name = 'lost'")


def in_a_statement(c):
    at_the_hook(c)
    c.ask("execute", sql=LONG)
    time.sleep(0.2)


def after_the_answer(c):
    c.ask("apply")
    c.answer(c.question("hook"))


def in_a_line(c):
    at_the_hook(c)
    c.write(b'{"jsonrpc": "2.0", "id": 99, "method": "execute", "params": {"sql": "DELETE FROM us')


STAGES = [at_open, at_apply, at_the_hook, after_a_statement, in_a_statement, after_the_answer, in_a_line]


@pytest.mark.parametrize("end", ["pipe", "kill -9 of the caller"])
@pytest.mark.parametrize("stage", STAGES, ids=lambda f: f.__name__)
def test_a_caller_that_dies(filled, moult, stage, end):
    """All or nothing, whatever was under way; the lock is free, and the next one goes on."""
    if end == "pipe":
        c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
        stage(c)
        c.kill()
        assert c.process.wait(30) in (0, 1)
    else:
        child = subprocess.Popen([sys.executable, "-c", DIES, program(), url(filled.db), V3, stage.__name__],
                                 cwd=ROOT / "tests" / "e2e", stdout=subprocess.PIPE, text=True)
        helper = int(child.stdout.readline())
        assert child.stdout.readline() == "there\n"
        child.kill()
        child.wait()
        began = time.monotonic()
        while os.path.exists(f"/proc/{helper}") and open(f"/proc/{helper}/stat").read().rsplit(")")[-1].split()[0] != "Z":
            assert time.monotonic() - began < 30, "it outlived its caller"
            time.sleep(0.05)
    columns = filled.columns()
    assert columns in (["id", "name"], ["id", "first"], *[["id", "name", "first"]] * (stage is after_the_answer))
    if "name" in columns:
        assert filled.rows("SELECT name FROM users") == [("Ada Lovelace",), ("Plato",)]
    assert filled.rows("PRAGMA integrity_check") == [("ok",)]
    status = json.loads(moult("status", "--url", url(filled.db), "--format", "json", cwd=filled.where).out)
    assert status["lock"]["state"] in ("free", "left") and (status["interrupted"] is not None) == (len(columns) == 3)
    assert filled.apply(V3, lambda c, p: None, hooks=[HOOK])["outcome"] in ("applied", "up_to_date")
    assert filled.columns() == ["id", "first"]


DIES = """
import sys, time, pathlib
import conftest, test_rpc
from rpc import Caller
program, url, sql, stage = sys.argv[1:]
c = Caller(program, pathlib.Path(url.removeprefix("sqlite:///")).parent)
print(c.process.pid, flush=True)
c.call("open", url=url, desired={"name": "m", "sql": sql}, mode="aggressive", no_backup=True, hooks=[test_rpc.HOOK])
getattr(test_rpc, stage)(c)
print("there", flush=True)
time.sleep(60)
"""


def test_the_end_of_input_answers_what_only_looks(filled):
    lines = [{"id": 1, "method": "open", "params": {"url": url(filled.db), "desired": texts(V2)}}, {"id": 2, "method": "plan"},
             {"id": 3, "method": "apply"}, {"id": 4, "method": "status"}]
    text = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)
    done = subprocess.run([program(), "rpc"], input=text, capture_output=True, text=True, timeout=60)
    answers = {a["id"]: a for a in map(json.loads, done.stdout.splitlines()) if "id" in a}
    assert done.returncode == 0 and list(answers) == [1, 2, 3, 4] and "result" in answers[2] and "result" in answers[4]
    # The end may come before the apply begins, while it runs, or after it.
    if "error" in answers[3]:
        assert answers[3]["error"]["data"]["code"] == "CANCELLED" and filled.columns() == ["id", "name"]


def test_a_caller_that_does_not_read(filled):
    """Not even the pipe makes it hold its lock for ever."""
    process = subprocess.Popen([program(), "rpc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=filled.where)
    send = lambda i, method, **params: (process.stdin.write(json.dumps(  # noqa: E731
        {"jsonrpc": "2.0", "id": i, "method": method, "params": params}).encode() + b"\n"), process.stdin.flush())
    send(1, "open", url=url(filled.db), desired=texts(V3), mode="aggressive", no_backup=True, hooks=[HOOK], answer_timeout=0.5)
    send(2, "apply")
    while b'"hook"' not in process.stdout.readline():
        pass
    send(3, "query", sql="SELECT hex(zeroblob(1000000))")  # more than a pipe takes
    assert process.wait(30) in (0, 1)
    process.stdin.close()
    process.stdout.close()
    assert filled.columns() == ["id", "name"]
    assert filled.apply(V3, lambda c, p: None, hooks=[HOOK])["outcome"] == "applied"


# --- what is no message --------------------------------------------------------------------------------------------------


def raw(c, line):
    """The one answer to a line."""
    c.write(line if isinstance(line, bytes) else line.encode())
    c.write(b"\n")
    return c.receive()


NOT_A_MESSAGE = [
    (b"hello", -32700), (b"", -32700), (b"   ", -32700), (b"{", -32700), (b'{"a": 1, "a": 2}', -32700), (b"\xff\xfe", -32700),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "hello"} {}', -32700), (b"\x00", -32700), (b"NaN", -32700),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "apply", "params": {"x": 99999999999999999999}}', -32700),
    (b"[" * 100000, -32700), (b'{"a":' * 100000, -32700),
    (b"[]", -32600), (b"1", -32600), (b"null", -32600), (b'"hello"', -32600), (b"{}", -32600),
    (b'[{"jsonrpc": "2.0", "id": 1, "method": "hello"}]', -32600),
    (b'{"id": 1, "method": "hello"}', -32600), (b'{"jsonrpc": "1.0", "id": 1, "method": "hello"}', -32600),
    (b'{"jsonrpc": "2.0", "id": null, "method": "hello"}', -32600), (b'{"jsonrpc": "2.0", "id": [], "method": "hello"}', -32600),
    (b'{"jsonrpc": "2.0", "id": 1.5, "method": "hello"}', -32600), (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', -32600),
    (b'{"jsonrpc": "2.0", "id": 1}', -32600), (b'{"jsonrpc": "2.0", "id": 1, "method": "hello", "parms": {}}', -32600),
    (b'{"jsonrpc": "2.0", "id": 1, "result": 1, "error": {}}', -32600), (b'{"jsonrpc": "2.0", "result": 1}', -32600),
    (b'{"jsonrpc": "2.0", "id": "m1", "result": 1}', -32050), (b'{"jsonrpc": "2.0", "id": "m1", "error": {}}', -32050),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "aply"}', -32601), (b'{"jsonrpc": "2.0", "id": 1, "method": ""}', -32601),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "hello", "params": []}', -32602),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"x": 1}}', -32602),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "cancel", "params": {"id": {}}}', -32602),
]


def test_what_is_no_message(filled):
    c = filled.open(V2)
    for line, code in NOT_A_MESSAGE:
        answer = raw(c, line)
        assert answer["error"]["code"] == code, (line[:80], answer)
        assert answer["id"] == (1 if code in (-32601, -32602) or b'"id": 1' in line and code == -32600 and b"[{" not in line
                                and b"1.5" not in line else None), (line[:80], answer)
    assert c.call("status")["state"] == "pending", "the session goes on, and nothing was done"
    assert filled.columns() == ["id", "name"]


def test_a_near_name_is_told(app):
    c = app.start()
    assert "'apply'" in raw(c, '{"jsonrpc": "2.0", "id": 1, "method": "aply"}')["error"]["data"]["hint"]


@pytest.mark.parametrize("name", ["apply", "nothing"])
def test_a_notification_is_passed_over(filled, name):
    c = filled.open(V2)
    event = raw(c, json.dumps({"jsonrpc": "2.0", "method": name}))
    assert event["method"] == "log" and event["params"]["level"] == "warning" and name in event["params"]["message"]
    assert c.call("status")["state"] == "pending"


def test_a_thousand_lines_of_garbage(app):
    c = app.start()
    dice = random.Random(5)
    for i in range(1000):
        if i % 3:
            line = bytes(dice.randrange(256) for _ in range(dice.randrange(200))).replace(b"\n", b"")
        else:  # a request with some bytes changed
            line = bytearray(b'{"jsonrpc": "2.0", "id": 7, "method": "plan", "params": {"id": "0123abcd"}}')
            for _ in range(dice.randrange(1, 4)):
                line[dice.randrange(len(line))] = dice.choice(b'{}[]",:x0\\ \xff')
        answer = raw(c, bytes(line))
        assert answer.get("error", {}).get("code", 0) < 0 or answer.get("method") == "log", (line, answer)
    assert c.call("hello")["protocol"] == 1
    assert c.end() == 0


def test_a_line_of_64_mib(app):
    c = app.start()
    piece = b"x" * (1 << 20)
    for _ in range(64):
        c.write(piece)
    answer = raw(c, b"")
    assert answer["error"]["code"] == -32051 and answer["id"] is None and "32 MiB" in answer["error"]["message"]
    assert SANITIZED or c.memory_kib() < 60 * 1024, "it is not kept"
    assert c.call("hello")["protocol"] == 1


def test_a_line_just_under_the_limit(app):
    c = app.start()
    limit = c.call("hello")["message_max"]
    sql = "CREATE TABLE t (a); -- " + "x" * (limit - 1000)
    c.call("open", url=url(app.db), desired=texts(sql))
    assert c.call("apply")["outcome"] == "applied"


def test_more_than_may_wait(filled):
    c = filled.open(V3, mode="aggressive", no_backup=True, hooks=[HOOK])
    first = c.ask("apply")
    waiting = [c.ask("hello") for _ in range(80)]
    done, refused_ = 0, 0
    question = None
    while done + refused_ < 80:
        message = c.receive()
        if message.get("method") == "hook":
            question = message
            c.answer(question)
        elif "error" in message:
            assert message["error"]["code"] in (-32052, -32050)
            refused_ += 1
        elif message.get("id") in waiting:
            done += 1
        elif message.get("id") == first:
            assert message["result"]["outcome"] == "applied"
    assert done >= 1


# --- out of order, and wrong members ---------------------------------------------------------------------------------------


def test_out_of_order(filled):
    c = filled.start()
    for method in ("close", "plan", "apply", "resume", "status", "history", "rollback"):
        e = c.refused(method)
        assert e.code == -32050 and "open" in e.data["hint"], method
    assert c.refused("approve", id="01234567").code == -32050
    assert c.refused("execute", sql="SELECT 1").code == -32050
    assert c.refused("query", sql="SELECT 1").code == -32050
    c.call("open", url=url(filled.db), desired=texts(V3), mode="aggressive", no_backup=True, hooks=[HOOK])
    e = c.refused("open", url=url(filled.where / "other.db"))
    assert e.code == -32050 and not (filled.where / "other.db").exists()
    assert c.refused("execute", sql="DELETE FROM users").code == -32050

    def hook(c, params):
        for method in ("hello", "plan", "apply", "status", "close"):
            assert c.refused(method).code == -32050, method

    assert c.call("apply", hook)["outcome"] == "applied"
    assert c.refused("query", sql="SELECT 1").code == -32050
    c.call("close")
    assert c.refused("close").code == -32050


def test_open_that_fails_leaves_nothing_open(app):
    c = app.start()
    assert c.refused("open", url=f"sqlite:///{app.where}/nowhere/app.db").data["code"] == "IO"
    (app.where / "text.db").write_text("no database at all" * 100)
    assert c.refused("open", url=url(app.where / "text.db")).data["code"] == "DATABASE"
    assert c.refused("open", url="oracle://host/db").data["code"] in ("INVALID", "UNSUPPORTED")
    assert c.refused("open", url=url(app.where / "absent.db"), access="write").data["code"] == "IO"
    assert c.call("open", url=url(app.db))["database"]
    e = c.refused("apply")
    assert e.code == -32602 and "no desired schema" in str(e)
    assert c.call("status")["state"] == "no_history"


BAD_MEMBERS = [
    ({}, "'url' is missing", None), ({"url": 5}, "'url' is a text", None), ({"url": "a.db", "mod": "auto"}, "no member 'mod'", "'mode'"),
    ({"url": "a.db", "mode": "wild"}, "'mode' cannot be 'wild'", "safe, auto"), ({"url": "a.db", "mode": 1}, "'mode' is a text", None),
    ({"url": "a.db", "lock_timeout": "5"}, "'lock_timeout' is a number of seconds", None),
    ({"url": "a.db", "lock_timeout": -1}, "'lock_timeout' is a number", None), ({"url": "a.db", "answer_timeout": 0}, "'answer_timeout' is more than 0", "without a limit"), ({"url": "a.db", "full": 1}, "'full' is true or false", None),
    ({"url": "a.db", "include": "users"}, "'include' is an array", None), ({"url": "a.db", "include": [1]}, "'include' is an array", None),
    ({"url": "a.db", "desired": 5}, "'desired' is a source", None), ({"url": "a.db", "desired": []}, "'desired' is a source", None),
    ({"url": "a.db", "desired": "-"}, "cannot be standard input", "the SQL itself"),
    ({"url": "a.db", "desired": {"name": "a"}}, "'sql' is missing", None), ({"url": "a.db", "desired": {"sql": "a"}}, "'name' is missing", None),
    ({"url": "a.db", "desired": {"name": "a", "sql": "b\u0000c"}}, "'sql' is a text", None),
    ({"url": "a.db", "hooks": {}}, "'hooks' is an array of hooks", None), ({"url": "a.db", "hooks": [{}]}, "'version' is missing", None),
    ({"url": "a.db", "hooks": [{"version": "a", "trigger": "now"}]}, "'trigger' cannot be 'now'", "before_ddl"),
    ({"url": "a.db", "hooks": [HOOK, HOOK]}, "two hooks have the version 'v2_split'", None),
    ({"url": "a.db", "hooks": [{"version": "a", "trigger": "after_ddl", "priority": 2**40}]}, "'priority' is a whole number", None),
    ({"url": ""}, "no database", None), ({"url": "a.db", "rule": ["nothing=safe"]}, "nothing", None),
]


@pytest.mark.parametrize("params, part, hint", BAD_MEMBERS, ids=lambda x: x if isinstance(x, str) else "")
def test_wrong_members_of_open(app, params, part, hint):
    c = app.start()
    answer = raw(c, json.dumps({"jsonrpc": "2.0", "id": 1, "method": "open", "params": params}))
    assert part in answer["error"]["message"], answer
    assert hint is None or hint in answer["error"]["data"]["hint"], answer
    assert c.refused("status").code == -32050, "nothing is open"
    assert list(app.where.iterdir()) == [], "nothing was made"


# --- events ----------------------------------------------------------------------------------------------------------------


def test_events(filled):
    c = filled.open(V3, mode="aggressive")
    assert c.call("apply")["outcome"] == "applied"
    steps = [e["params"] for e in c.events if e["method"] == "step"]
    assert [s["finished"] for s in steps] == [False, True] * (len(steps) // 2) and steps[-1]["step"] == steps[-1]["steps"]
    assert any(e["method"] == "log" and "backup" in e["params"]["message"] for e in c.events)


def test_progress(app):
    app.apply(V1)
    app.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) INSERT INTO users (name) SELECT i FROM n")
    c = app.open("CREATE TABLE users (id INTEGER PRIMARY KEY, name INTEGER);", mode="aggressive", no_backup=True)
    assert c.call("apply")["outcome"] == "applied"
    progress = [e["params"] for e in c.events if e["method"] == "progress"]
    assert any(p["done"] > 0 for p in progress), progress


# --- the documents ---------------------------------------------------------------------------------------------------------


def test_the_schema_is_what_the_command_prints():
    made = subprocess.run([program(), "rpc", "--schema"], capture_output=True, text=True, check=True).stdout
    path = rpc.DOCS / "rpc.schema.json"
    if REWRITE:
        path.write_text(made, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made, "run it with MOULT_REWRITE=1"
    rpc.jsonschema.Draft202012Validator.check_schema(json.loads(made))


def kind(schema):
    """A type in words."""
    if "$ref" in schema:
        return {"plan.schema.json": "[plan](plan.schema.json)", "#/$defs/id": "text or integer"}.get(
            schema["$ref"], schema["$ref"].rsplit("/")[-1])
    if "enum" in schema:
        return ", ".join(f"`{x}`" for x in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(kind(s) for s in schema[word])
    if schema["type"] == "array":
        return f"array of {kind(schema['items'])}"
    return {"string": "text", "boolean": "true, false", "null": "null"}.get(schema["type"], schema["type"])


def members(schema):
    if not schema["properties"]:
        return "none\n"
    lines = ["| member | type | meaning |", "| --- | --- | --- |"]
    for name, field in schema["properties"].items():
        must = " (needed)" if name in schema.get("required", []) and "anyOf" not in field and schema.get("needed") else ""
        lines.append(f"| `{name}` | {kind(field)}{must} | {field['description'].replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def tables():
    """The reference of docs/rpc.md."""
    defs = rpc.SCHEMAS["rpc.schema.json"]["$defs"]
    out = ["\n## Methods\n"]
    for name in (d.removeprefix("request_") for d in defs if d.startswith("request_")):
        request, result = defs["request_" + name], defs["answer_" + name]["properties"]["result"]
        out.append(f"### {name}\n\n{request['description'][0].upper()}{request['description'][1:]}.\n")
        params = request["properties"]["params"]
        if params["properties"]:
            out.append(f"**params**\n\n{members(dict(params, needed=True))}")
        out.append(f"**result**: as [{result['$ref']}]({result['$ref']})\n" if "$ref" in result else f"**result**\n\n{members(result)}")
    out.append("## What moult asks\n")
    for name in (d.removeprefix("question_") for d in defs if d.startswith("question_")):
        out.append(f"### {name} (asked)\n\n{defs['question_' + name]['description']}\n\n"
                   f"{members(defs['question_' + name]['properties']['params'])}")
    out.append("## Events\n")
    for name in (d.removeprefix("event_") for d in defs if d.startswith("event_")):
        out.append(f"### {name} (event)\n\n{defs['event_' + name]['description']}\n\n{members(defs['event_' + name]['properties']['params'])}")
    out.append("## Parts of messages\n")
    for name in ("text", "hook", "change", "hint", "error_data"):
        out.append(f"### {name} (part)\n\n{members(dict(defs[name], needed=name in ('text', 'hook')))}")
    return "\n".join(out)


def test_the_reference_of_the_page():
    page = rpc.DOCS / "rpc.md"
    head, rest = page.read_text(encoding="utf-8").split("<!-- made from rpc.schema.json -->\n")
    old, tail = rest.split("<!-- end -->\n")
    new = tables() + "\n"
    if REWRITE:
        page.write_text(head + "<!-- made from rpc.schema.json -->\n" + new + "<!-- end -->\n" + tail, encoding="utf-8")
    else:
        assert old == new, "run it with MOULT_REWRITE=1"


def test_the_numbers_of_the_page(app):
    """What the page says of limits and codes is what happens elsewhere in this file."""
    page = (rpc.DOCS / "rpc.md").read_text(encoding="utf-8")
    assert app.start().call("hello")["message_max"] == 32 << 20 and "32 MiB" in page
    assert all(str(code) in page for code in (-32700, -32600, -32601, -32602, -32050, -32051, -32052, -32001, -32018))
    listed = set(re.findall(r"^\| `(\w+)` \| \d \|", page, re.M))
    assert listed == set(rpc.SCHEMAS["rpc.schema.json"]["$defs"]["answer_apply"]["properties"]["result"]["properties"]["outcome"]["enum"])


def test_the_example_client(filled):
    client = ROOT / "examples" / "rpc" / "client.py"
    for said in ("applied; version 2", "up to date"):
        done = subprocess.run([sys.executable, client, filled.db, program()], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and said in done.stdout, done
    assert filled.rows("SELECT first_name FROM users") == [("Ada",), ("Plato",)]


def test_the_example_client_carries_every_value(filled, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples" / "rpc")
    import client

    values = [None, 1, -(2**63), 2**53, 1.5, float("inf"), "x", b"\x00\xff", True]
    back = []

    def hook(m):
        back.extend(m.run("query", "SELECT " + ", ".join("?" * len(values)), *values)[0])

    m = client.Moult(program(), {"v2_split": hook}, log=lambda *a: None)
    try:
        m.call("open", url=str(filled.db), desired=texts(V2), mode="aggressive", no_backup=True, hooks=[HOOK])
        assert m.call("apply")["outcome"] == "applied" and back == values
        with pytest.raises(RuntimeError, match="no method"):
            m.call("nothing")
    finally:
        m.process.communicate(timeout=60)
    assert m.process.returncode == 0


def test_the_example_client_is_small():
    lines = (ROOT / "examples" / "rpc" / "client.py").read_text(encoding="utf-8").splitlines()
    assert sum(1 for line in lines if line.strip()) <= 60


def test_every_message_was_seen(request):
    """Every definition of a message was held against one, when all of this file ran."""
    ours = [item for item in request.session.items if item.path == request.path]
    if len(ours) < 100 or request.config.option.keyword or hasattr(request.config, "workerinput"):
        pytest.skip("not all of this file runs in this process")
    defs = rpc.SCHEMAS["rpc.schema.json"]["$defs"]
    assert {d for d in defs if re.match(r"(request|answer|question|reply|event)_|error$", d)} - rpc.seen == set()
