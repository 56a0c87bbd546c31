# SPDX-License-Identifier: MIT
"""Where a database stands: drift, the history's chain, approvals, backups, the lock. Drift is what others did to what is moult's."""
import fcntl
import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from case import file_hash, url

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "status.schema.json").read_text())
V1 = """CREATE TABLE user (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    age INTEGER DEFAULT 0,
    CHECK (age >= 0)
);
CREATE UNIQUE INDEX user_email ON user (email);
CREATE VIEW adults AS SELECT id FROM user WHERE age >= 18;
CREATE TRIGGER no_delete BEFORE DELETE ON user BEGIN SELECT RAISE(ABORT, 'no'); END;
"""
RISKY = """CREATE TABLE user (id INTEGER PRIMARY KEY, age TEXT);
CREATE VIEW adults AS SELECT id FROM user WHERE age > 'x';
CREATE TRIGGER no_delete BEFORE DELETE ON user BEGIN SELECT RAISE(ABORT, 'no'); END;
"""


class App:
    def __init__(self, where, moult):
        self.where, self.moult, self.db = where, moult, where / "app.db"
        self.write("schema.sql", V1)

    def write(self, name, text):
        (self.where / name).write_text(text)

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

    def run(self, command, *more, **options):
        return self.moult(command, "--url", url(self.db), *more, cwd=self.where, **options)

    def apply(self, *more):
        r = self.run("apply", "--mode", "aggressive", "--no-backup", *more)
        assert r.code == 0, r
        return r

    def status(self, code, *more):
        r = self.run("status", "--format", "json", *more)
        assert r.code == code, r
        found = r.json()
        assert set(SCHEMA["required"]) == set(found), "the schema of the status"
        assert found["state"] in SCHEMA["properties"]["state"]["enum"] and found["kind"] in SCHEMA["properties"]["kind"]["enum"]
        for key in ("drift", "plans", "backups"):
            for item in found[key]:
                assert set(item) == set(SCHEMA["properties"][key]["items"]["required"])
        return found


@pytest.fixture
def app(tmp_path, moult):
    return App(tmp_path, moult)


# --- drift -------------------------------------------------------------------------------------------------------------

EDIT = ("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, '{}', '{}') WHERE name = '{}'; "
        "PRAGMA schema_version = 4711;")
DRIFTS = [
    ("DROP INDEX user_email", [("index", "user_email", "dropped", "")]),
    ("DROP VIEW adults", [("view", "adults", "dropped", "")]),
    ("DROP TRIGGER no_delete", [("trigger", "no_delete", "dropped", "")]),
    ("DROP VIEW adults; CREATE VIEW adults AS SELECT id FROM user WHERE age >= 21", [("view", "adults", "changed", "")]),
    ("DROP INDEX user_email; CREATE INDEX user_email ON user (email)", [("index", "user_email", "changed", "on user")]),
    (EDIT.format("age INTEGER", "age TEXT", "user"), [("column", "user.age", "changed", "INTEGER → TEXT")]),
    (EDIT.format("email TEXT NOT NULL", "email TEXT", "user"), [("column", "user.email", "changed", "NOT NULL → NULL")]),
    (EDIT.format("DEFAULT 0", "DEFAULT 1", "user"), [("column", "user.age", "changed", "DEFAULT 0 → DEFAULT 1")]),
    (EDIT.format(",\n    CHECK (age >= 0)", "", "user"), [("constraint", None, "dropped", "")]),
    ("DROP VIEW adults; DROP TRIGGER no_delete; DROP TABLE user",
     [("table", "user", "dropped", ""), ("view", "adults", "dropped", "")]),
]


@pytest.mark.parametrize("script, wanted", DRIFTS, ids=[d[0][:40] for d in DRIFTS])
def test_drift_object_by_object(app, script, wanted):
    """What somebody else did is told with both definitions; the plan says of each change that it only undoes drift."""
    app.apply()
    assert app.status(0)["drift"] == []
    app.sql(script)
    found = app.status(2)
    told = [(d["kind"], d["name"], d["happened"], d["what"]) for d in found["drift"]]
    assert len(told) == len(wanted)
    for one, want in zip(told, wanted):
        assert one[0] == want[0] and one[1].startswith(want[1] or "user") and one[2:3] == want[2:3], told
        assert want[1] is None or want[3] in ("", one[3]), told
    for d in found["drift"]:
        assert d["recorded"], d
        assert bool(d["live"]) == (d["happened"] == "changed"), d
    text = app.run("status")
    assert text.code == 2 and all(f"{k} {n} was {h} by someone else" in text.out for k, n, h, _ in told), text
    plan = app.run("plan", "--format", "json").json()
    assert plan["changes"] and all(c["undoes_drift"] for c in plan["changes"]), plan["changes"]
    assert "undoes drift" in app.run("plan").out
    app.apply()
    assert app.status(0)["drift"] == []


def test_what_others_own_is_no_drift(app):
    app.apply()
    app.sql("CREATE TABLE audit (x); ALTER TABLE user ADD COLUMN note TEXT; CREATE INDEX by_age ON user (age)")
    found = app.status(0)
    assert found["drift"] == [] and found["state"] == "up_to_date"
    assert found["others"] == ["table audit", "column user.note", "index by_age on user"] or \
        sorted(found["others"]) == sorted(["table audit", "column user.note", "index by_age on user"])


def test_a_change_that_is_wanted_does_not_undo_drift(app):
    app.apply()
    app.sql("DROP INDEX user_email")
    app.write("schema.sql", V1.replace("age >= 18", "age >= 21"))
    changes = {c["name"]: c["undoes_drift"] for c in app.run("plan", "--format", "json").json()["changes"]}
    assert changes == {"adults": False, "user_email": True}
    app.write("schema.sql", V1.replace("ON user (email)", "ON user (email, id)"))
    changes = {c["name"]: c["undoes_drift"] for c in app.run("plan", "--format", "json").json()["changes"]}
    assert changes == {"user_email": False}, "it is another index now, whoever dropped the old one"


def test_drift_without_a_schema_to_compare_with(app):
    app.apply()
    (app.where / "schema.sql").unlink()
    assert app.status(0)["state"] == "recorded"
    app.sql("DROP VIEW adults")
    assert app.status(2)["drift"][0]["name"] == "adults"


def test_a_name_that_somebody_took(app):
    """A view of moult's is a table of somebody else now."""
    app.apply()
    (app.where / "schema.sql").unlink()
    app.sql("DROP VIEW adults; CREATE TABLE adults (x)")
    told = {(d["kind"], d["happened"]) for d in app.status(2)["drift"]}
    assert told == {("view", "dropped"), ("table", "created")}


def test_a_contract_that_waits_is_no_drift(app):
    app.apply()
    app.write("schema.sql", V1.replace("    age INTEGER DEFAULT 0,\n    CHECK (age >= 0)\n", "    years INTEGER\n")
              .replace("age >= 18", "years >= 18"))
    app.apply("--phase", "expand")
    found = app.status(2)
    assert found["state"] == "waits" and found["drift"] == []
    assert not any(c["undoes_drift"] for c in app.run("plan", "--format", "json").json()["changes"])


def test_looking_writes_nothing(app):
    app.apply()
    app.sql("DROP VIEW adults")
    was = file_hash(app.db)
    app.status(2)
    assert file_hash(app.db) == was


KILLED = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript("PRAGMA journal_mode = delete; PRAGMA cache_size = 5; BEGIN; UPDATE user SET email = email || 'x'")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("command", ["status", "history", "plan"])
def test_looking_at_what_a_killed_process_left(app, command):
    """It wrote to the file, and its journal says what was there before: whoever looks first has to put that back."""
    app.apply()
    app.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
            "INSERT INTO user (email) SELECT 'mail' || i FROM n")
    was = app.rows("SELECT * FROM user")
    subprocess.run([sys.executable, "-c", KILLED, str(app.db)])
    assert Path(f"{app.db}-journal").stat().st_size > 0
    r = app.run(command)
    assert r.code == 0, r
    assert app.rows("SELECT * FROM user") == was


# --- the history's chain ----------------------------------------------------------------------------------------------------

HANDS = [
    ("UPDATE _moult_history SET applied_by = 'nobody' WHERE version = 2", ["version 2 was edited"]),
    ("UPDATE _moult_history SET declared = replace(declared, 'email', 'e_mail') WHERE version = 1", ["version 1 was edited"]),
    ("DELETE FROM _moult_history WHERE version = 2", ["version 2 was taken out"]),
    ("DELETE FROM _moult_history WHERE version = 1", ["version 1 was taken out"]),
    ("DELETE FROM _moult_history WHERE version < 3", ["versions 1 to 2 were taken out"]),
    ("DELETE FROM _moult_history WHERE version = 3", ["version 3 was there, and was taken out"]),
    ("UPDATE _moult_history SET chain = 'x' WHERE version = 2", ["version 2 was edited", "version 3 was edited"]),
    ("INSERT INTO _moult_history SELECT 4, applied_at, applied_by, host, plan_id, from_schema, to_schema, kind, changes, seconds, "
     "tool, declared, chain FROM _moult_history WHERE version = 3", ["version 4 was edited"]),
]


@pytest.mark.parametrize("script, said", HANDS, ids=[h[0][:60] for h in HANDS])
def test_history_changed_by_hand(app, script, said):
    """Told by status, history and the next apply; never in the way of the data."""
    for i in range(3):
        app.write("schema.sql", V1 + f"CREATE TABLE t{i} (x);\n")
        app.apply()
    assert app.status(0)["history_problems"] == [] and "by hand" not in app.run("history").err
    app.sql(script)
    assert app.status(app.run("status").code)["history_problems"] == said
    history = app.run("history")
    assert history.code == 0 and all(text in history.err for text in said), history
    assert app.run("history", "--format", "json").json()["problems"] == said
    app.write("schema.sql", V1 + "CREATE TABLE t2 (x, y);\n")
    r = app.apply("--own=all")
    assert all(f"the history was changed by hand: {text}" in r.err for text in said), r
    assert app.rows("SELECT count(*) FROM pragma_table_info('t2')") == [(2,)]


# --- approvals --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(app):
    """A plan that waits for a person."""
    app.apply()
    app.write("schema.sql", RISKY)
    app.sql("INSERT INTO user VALUES (1, 'a', 7)")
    r = app.run("apply", "--no-backup")
    assert r.code == 3, r
    return app, app.status(2)["plan_id"]


def test_approvals_are_listed_and_taken_back(waiting):
    app, plan = waiting
    found = app.status(2)["plans"]
    assert [p["id"] for p in found] == [plan] and found[0]["approved_at"] is None
    assert app.run("approve", plan, "--yes").code == 0
    found = app.status(2)["plans"][0]
    assert found["approved_at"] and found["approved_by"] and found["approved_host"]
    listed = app.run("approve", "--list")
    assert listed.code == 0 and f"approval plan {plan[:8]}" in listed.out and found["approved_by"] in listed.out
    assert app.run("approve", "--revoke", plan[:8]).code == 0
    assert app.status(2)["plans"][0]["approved_at"] is None
    assert app.run("apply", "--no-backup").code == 3, "it is not approved any more"
    again = app.run("approve", "--revoke", plan)
    assert again.code == 1 and "is not approved" in again.err
    assert app.run("approve", "--revoke", "00000000").code == 1
    assert app.run("approve").code == 1 and app.run("approve", plan, "--list").code == 1


def test_an_approval_is_used_up(waiting):
    app, plan = waiting
    assert app.run("approve", plan, "--yes").code == 0
    assert app.run("apply", "--no-backup").code == 0
    assert app.status(0)["plans"] == []
    assert "applied already" in app.run("approve", "--revoke", plan).err
    assert app.run("approve", plan, "--yes").code == 1, "an approval is not given twice"


@pytest.mark.parametrize("change", ["desired", "live", "rows"])
def test_an_approval_does_not_survive_a_change_of_either_side(waiting, change):
    app, plan = waiting
    assert app.run("approve", plan, "--yes").code == 0
    if change == "desired":
        app.write("schema.sql", RISKY.replace("'x'", "'y'"))
    elif change == "live":
        app.sql("CREATE TABLE other (x)")
    else:  # what rows there are is no part of it, and what a plan does to them is
        app.sql("INSERT INTO user VALUES (2, 'b', 8)")
    r = app.run("apply", "--no-backup")
    assert r.code == (0 if change == "rows" else 3), r


def test_an_approval_of_what_was_before_is_refused(waiting):
    app, plan = waiting
    app.sql("CREATE TABLE other (x)")
    r = app.run("approve", plan, "--yes")
    assert r.code == 1 and "has changed since" in r.err


def test_an_approval_is_not_replayed(waiting):
    """The row of a used approval, put back by hand into another state of the database, approves nothing there."""
    app, plan = waiting
    assert app.run("approve", plan, "--yes").code == 0
    assert app.run("apply", "--no-backup").code == 0
    app.sql(f"UPDATE _moult_plan SET used_at = NULL WHERE id = '{plan}'")
    app.write("schema.sql", "CREATE TABLE user (id INTEGER PRIMARY KEY);")
    assert app.run("apply", "--no-backup").code == 3, "what it approved was another plan"


def test_an_edited_plan(waiting):
    app, plan = waiting
    text = app.run("plan", "--format", "json").out
    for old, new in (('"risk": "high"', '"risk": "safe"'), ("INSERT OR ABORT", "INSERT OR IGNORE"), (plan, "0" * 64)):
        assert old in text
        app.write("plan.json", text.replace(old, new))
        was = file_hash(app.db)
        r = app.run("apply", "--plan", "plan.json", "--no-backup", "--mode", "aggressive")
        assert r.code == 1 and "edited" in r.err, r
        assert file_hash(app.db) == was
    stored = app.rows("SELECT body FROM _moult_plan")[0][0]
    assert "INSERT OR ABORT" in stored
    app.sql("UPDATE _moult_plan SET body = replace(body, 'INSERT OR ABORT', 'INSERT OR IGNORE')")
    assert app.run("approve", plan, "--yes").code == 1, "a stored plan that was edited is not shown as that plan"


# --- at a terminal ------------------------------------------------------------------------------------------------------------


def at_a_terminal(app, answer, *args):
    """Runs the command with a terminal for a person, who answers; exit status and what was said."""
    master, slave = pty.openpty()
    child = subprocess.Popen([app.moult.program, *args], stdin=slave, stdout=slave, stderr=slave, cwd=app.where, close_fds=True,
                             env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
    os.close(slave)
    said, deadline = b"", time.monotonic() + 20
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.2)
        try:
            more = os.read(master, 65536) if ready else b""
        except OSError:  # the child has closed its side
            break
        said += more
        if answer is not None and b"Approve exactly this plan" in said:
            os.write(master, answer)
            answer = None
        if not ready and child.poll() is not None:
            break
    os.close(master)
    return child.wait(timeout=20), said.decode()


@pytest.mark.parametrize("answer, code", [(b"y\n", 0), (b"yes\n", 0), (b"n\n", 3), (b"\n", 3), (b"\x04", 3)])
def test_a_person_is_asked(waiting, answer, code):
    app, plan = waiting
    found, said = at_a_terminal(app, answer, "apply", "--url", url(app.db), "--no-backup")
    assert found == code and "Approve exactly this plan, and apply it now?" in said and plan[:8] in said, said
    assert app.status(0 if code == 0 else 2)["state"] == ("up_to_date" if code == 0 else "pending")


def test_what_was_applied_waits_no_more(waiting):
    """Whoever lets it run: a plan that was approved on the spot, or that another mode allowed, is not listed as waiting."""
    app, plan = waiting
    assert app.run("apply", "--no-backup", "--approve", plan).code == 0
    assert app.status(0)["plans"] == []


def test_nobody_is_asked_without_a_terminal(waiting):
    app, _ = waiting
    r = app.run("apply", "--no-backup", stdin=b"y\ny\n")
    assert r.code == 3 and "Approve exactly this plan, and" not in r.out + r.err, r


def test_yes_answers_only_what_the_mode_allows(waiting):
    app, _ = waiting
    found, said = at_a_terminal(app, None, "apply", "--url", url(app.db), "--no-backup", "--yes")
    assert found == 3 and "apply it now?" not in said, said


# --- lock, backups --------------------------------------------------------------------------------------------------------------


def test_backups_are_listed(waiting):
    app, _ = waiting
    assert app.run("apply", "--mode", "aggressive").code == 0
    found = app.status(0)["backups"]
    assert len(found) == 1 and found[0]["bytes"] == os.stat(found[0]["path"]).st_size
    assert Path(found[0]["path"]).parent == app.where and "app.db-moult-backup-" in app.run("status").out


def test_the_attic_is_told(waiting):
    app, _ = waiting
    assert app.status(2)["attic"] == {"entries": 0, "rows": 0, "bytes": 0}
    assert app.run("apply", "--mode", "aggressive", "--no-backup").code == 0
    kept = app.status(0)["attic"]
    assert kept["entries"] >= 1 and kept["rows"] >= 1 and "  attic    " in app.run("status").out


def test_the_lock_is_told(app):
    app.apply()
    assert app.status(0)["lock"]["state"] == "free"
    with open(f"{app.db}-moult-lock", "w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        assert app.status(0)["lock"]["state"] == "held"
        assert "  lock     held by" in app.run("status").out
