# SPDX-License-Identifier: MIT
"""A database over several versions: recorded, replaced, behind, brought back, approved, drifted."""
import json
import shutil
import sqlite3
import subprocess

import pytest

from case import url

V1 = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
V2 = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, mail TEXT);\n"
V3 = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT);\nCREATE TABLE log (what TEXT);\n"


class App:
    def __init__(self, where, moult):
        self.where, self.moult, self.db = where, moult, where / "app.db"
        for name, sql in (("v1", V1), ("v2", V2), ("v3", V3)):
            (where / f"{name}.sql").write_text(sql)

    def start(self, version: str, *more: str):
        """What an application does at start; the outcome, or the exit code where there is none."""
        r = self.moult("apply", "--url", url(self.db), "--to", f"{version}.sql", "--format", "json", "--no-backup",
                       "--no-attic", *more, cwd=self.where)
        try:
            return json.loads(r.out)["outcome"] if r.out.strip() else r.code
        except ValueError:
            pytest.fail(str(r))

    def run(self, command: str, *more: str):
        return self.moult(command, "--url", url(self.db), *more, cwd=self.where)

    def columns(self, table="users") -> list[str]:
        db = sqlite3.connect(self.db)
        try:
            return [r[1] for r in db.execute(f"PRAGMA table_info({table})")]
        finally:
            db.close()

    def sql(self, text: str):
        db = sqlite3.connect(self.db)
        try:
            rows = db.execute(text).fetchall()
            db.commit()
            return rows
        finally:
            db.close()

    def versions(self) -> list[dict]:
        r = self.run("history", "--format", "json")
        assert r.code == 0, r
        found = json.loads(r.out)
        return found["versions"] if isinstance(found, dict) else found


@pytest.fixture
def app(tmp_path, moult) -> App:
    return App(tmp_path, moult)


def test_from_nothing_through_three_versions(app):
    assert app.start("v1") == "applied"
    assert app.start("v1") == "up_to_date"
    app.sql("INSERT INTO users VALUES (1, 'Ann')")
    assert app.start("v2") == "applied"
    assert app.start("v3", "--mode", "aggressive") == "applied"
    assert app.start("v3") == "up_to_date"
    assert app.sql("SELECT id, name, mail FROM users") == [(1, "Ann", None)]
    assert len(app.versions()) == 3


def test_an_old_build_does_not_undo_a_newer_schema(app):
    for version in ("v1", "v2"):
        assert app.start(version) == "applied"
    assert app.start("v1") == "behind"
    assert app.columns() == ["id", "name", "mail"]
    assert app.start("v1", "--mode", "aggressive") == "behind", "whatever the mode"
    assert app.columns() == ["id", "name", "mail"]
    assert app.start("v2") == "up_to_date"
    assert len(app.versions()) == 2


def test_going_back_is_asked_for(app):
    for version in ("v1", "v2"):
        app.start(version)
    assert app.start("v1", "--backward", "--mode", "aggressive") == "applied"
    assert app.columns() == ["id", "name"]
    assert app.start("v2") in ("behind", "applied"), "the newer build is the old one now"


def test_behind_is_said_with_the_way_back(app):
    for version in ("v1", "v2"):
        app.start(version)
    r = app.run("apply", "--to", "v1.sql")
    assert r.code == 0 and "behind" in r.out + r.err and "--backward" in r.out + r.err, r


def test_status_tells_what_is_pending(app):
    app.start("v1")
    assert app.run("status", "--to", "v1.sql").code == 0
    assert app.run("status", "--to", "v2.sql").code == 2


def test_record_only_verifies_first(app):
    app.sql(V2)
    assert app.start("v3", "--record-only") == 1, "it is not there"
    assert app.start("v2", "--record-only") == "recorded"
    assert app.start("v2") == "up_to_date"
    assert len(app.versions()) == 1


def test_a_version_of_the_history_is_a_source(app):
    for version in ("v1", "v2"):
        app.start(version)
    r = app.run("plan", "--to", "history:2", "--exit-code")
    assert r.code == 0, r
    r = app.moult("diff", "--from", "history:1", "--to", "v2.sql", "--url", url(app.db), cwd=app.where)
    assert "mail" in r.out, r


def test_refused_approved_applied(app):
    app.start("v2")
    app.sql("INSERT INTO users VALUES (1, 'Ann', 'a@b')")
    (app.where / "less.sql").write_text(V1.replace("name TEXT", "name TEXT, born INTEGER"))
    r = app.run("apply", "--to", "less.sql")
    assert r.code == 3 and "moult approve" in r.out + r.err, r
    assert app.columns() == ["id", "name", "mail"]
    r = app.run("plan", "--to", "less.sql", "--format", "json", "--no-attic")
    plan = json.loads(r.out)["id"]
    r = app.moult("approve", plan[:12], "--url", url(app.db), "--yes", cwd=app.where)
    assert r.code == 0, r
    assert app.start("less") == "applied"
    assert app.columns() == ["id", "name", "born"]


def test_an_approval_is_for_one_plan_only(app):
    app.start("v2")
    (app.where / "less.sql").write_text(V1.replace("name TEXT", "name TEXT, born INTEGER"))
    app.run("apply", "--to", "less.sql")
    plan = json.loads(app.run("plan", "--to", "less.sql", "--format", "json").out)["id"]
    assert app.moult("approve", plan, "--url", url(app.db), "--yes", cwd=app.where).code == 0
    (app.where / "other.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
    assert app.run("apply", "--to", "other.sql").code == 3
    assert app.columns() == ["id", "name", "mail"]


def test_an_approval_here_and_now(app):
    app.start("v2")
    (app.where / "less.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);\n")
    plan = json.loads(app.run("plan", "--to", "less.sql", "--format", "json").out)["id"]
    assert app.start("less", "--approve", plan[:8]) == "applied"
    assert app.columns() == ["id", "mail"]


def test_drift_is_reported(app):
    app.start("v2")
    app.sql("ALTER TABLE users DROP COLUMN mail")
    r = app.run("status", "--to", "v2.sql")
    assert r.code == 2, r
    assert app.start("v2") == "applied"
    assert app.columns() == ["id", "name", "mail"]


def test_every_replica_finds_it_done(app):
    assert [app.start("v1") for _ in range(4)] == ["applied", "up_to_date", "up_to_date", "up_to_date"]
    assert len(app.versions()) == 1


def test_plans_are_the_same_each_time(app):
    app.start("v1")
    plans = {app.run("plan", "--to", "v3.sql", "--format", "json").out for _ in range(3)}
    assert len(plans) == 1
    sql = app.run("plan", "--to", "v3.sql", "--format", "sql")
    assert sql.code == 0 and "ALTER TABLE" in sql.out, sql


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="the engine's shell is not installed")
def test_the_script_form_of_a_plan_does_the_same(app):
    """`plan --format sql` is for the engine's shell; what it makes is what apply makes."""
    app.sql(V1.replace("name TEXT", "name INTEGER"))
    app.sql("INSERT INTO users VALUES (1, 5)")
    r = app.run("plan", "--to", "v3.sql", "--own=all", "--format", "sql")
    assert r.code == 0, r
    shell = subprocess.run(["sqlite3", str(app.db)], input=r.out, text=True, capture_output=True)
    assert shell.returncode == 0, r.out + shell.stderr
    assert app.run("plan", "--to", "v3.sql", "--own=all", "--full", "--exit-code").code == 0
    assert app.sql("SELECT id, typeof(name) FROM users") == [(1, "text")]


def back_and_forth(tmp_path, moult, *schemas):
    """Applies the schemas one after the other; a function that goes back, and gives the rows of t."""
    db, desired = tmp_path / "app.db", tmp_path / "t.sql"

    def run(*args):
        r = moult(*args, "--url", url(db), "--mode", "aggressive", "--no-backup", cwd=tmp_path)
        assert r.code == 0, r

    def back(version):
        run("rollback", str(version))
        con = sqlite3.connect(db)
        con.row_factory = sqlite3.Row
        try:
            return [dict(r) for r in con.execute("SELECT * FROM t")]
        finally:
            con.close()

    for i, schema in enumerate(schemas):
        desired.write_text(schema)
        run("apply", "--to", str(desired))
        if i == 0:
            con = sqlite3.connect(db)
            con.execute("INSERT INTO t VALUES (1, 'Oslo', 'x')")
            con.commit()
            con.close()
    return back


def test_back_where_a_dropped_name_is_anothers_since(tmp_path, moult):
    """city went, and ref became city: on the way back ref gets its name back, and city comes from the attic."""
    back = back_and_forth(tmp_path, moult,
                          "CREATE TABLE t (id INTEGER PRIMARY KEY, city TEXT, ref TEXT);\n",
                          "CREATE TABLE t (id INTEGER PRIMARY KEY, ref TEXT);\n",
                          "CREATE TABLE t (id INTEGER PRIMARY KEY,\n  city TEXT -- @renamed from=ref\n);\n")
    assert [r["ref"] for r in back(1)] == ["x"]


def test_back_through_renames_and_a_way_back(tmp_path, moult):
    """a became b and c; after the way back to b, the way back to a does not take b for what c was."""
    back = back_and_forth(tmp_path, moult,
                          "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, x TEXT);\n",
                          "CREATE TABLE t (id INTEGER PRIMARY KEY,\n  b TEXT, -- @renamed from=a\n  x TEXT);\n",
                          "CREATE TABLE t (id INTEGER PRIMARY KEY,\n  c TEXT, -- @renamed from=b\n  x TEXT);\n")
    assert back(2) == [{"id": 1, "b": "Oslo", "x": "x"}]
    assert back(1) == [{"id": 1, "a": "Oslo", "x": "x"}]
