# SPDX-License-Identifier: MIT
"""The life of a schema on PostgreSQL, end to end: plan, apply, up to date, history, both kinds of scratch, the lock, and accounts
that may not do everything."""
from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

FIRST = """
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    "Full Name" text DEFAULT 'x' CHECK (length("Full Name") < 100)
);
CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users(id), total numeric(10,2) DEFAULT 0);
CREATE INDEX orders_user ON orders(user_id);
"""
SECOND = """
CREATE TABLE public.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(100) NOT NULL UNIQUE,
    name text DEFAULT 'x' CHECK (length(name) < 100), -- @renamed from="Full Name"
    born date NOT NULL -- @fill '2000-01-01'
);
CREATE TABLE orders (
    id int PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    total numeric(12,2) DEFAULT 0
) WITH (fillfactor=80);
CREATE UNIQUE INDEX orders_user ON orders(user_id, id);
"""
VIEWS = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE a (id serial PRIMARY KEY, m mood DEFAULT 'ok', n int);
CREATE VIEW v AS SELECT id, n FROM a;
CREATE VIEW w AS SELECT * FROM v;
CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM w;
CREATE UNIQUE INDEX mvi ON mv (n);
CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION t();
COMMENT ON COLUMN a.n IS 'it''s';
"""


class Run:
    """moult on one database."""

    def __init__(self, moult, folder: Path, server, database: str, user: str | None = None):
        self.program, self.cwd = moult.program, folder
        self.url = server.url(database, user) if user else server.url(database)

    def __call__(self, command: str, *words: str, exit: int = 0) -> str:
        done = subprocess.run([self.program, command, *words, "--url", self.url], capture_output=True, text=True,
                              timeout=120, cwd=self.cwd)
        assert done.returncode == exit, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def apply(self, sql: str, *words: str, exit: int = 0) -> str:
        (self.cwd / "schema.sql").write_text(sql, encoding="utf-8")
        return self("apply", "--to", "schema.sql", "--no-backup", *words, exit=exit)


@pytest.fixture
def run(moult, tmp_path, postgres, pg_database):
    return Run(moult, tmp_path, postgres, pg_database)


@pytest.fixture
def plain(postgres):
    """An account that may not create databases, and a database of its own."""
    with postgres.client() as db:
        if not db.run("SELECT 1 FROM pg_roles WHERE rolname = 'plain'"):
            db.run("CREATE ROLE plain LOGIN")
    with postgres.database() as name:
        with postgres.client() as db:
            db.run(f"ALTER DATABASE {name} OWNER TO plain")
        yield name


def life(run, db) -> None:
    assert "version 1" in run.apply(FIRST)
    assert "up to date" in run.apply(FIRST)
    db.run("INSERT INTO users (email) VALUES ('a'), ('b')")
    assert "moult approve" in run.apply(SECOND, exit=3)
    assert "version 2" in run.apply(SECOND, "--mode", "aggressive")
    assert "up to date" in run.apply(SECOND)
    assert [tuple(r) for r in db.run("SELECT email, name, born::text FROM users ORDER BY id")] == [
        ("a", "x", "2000-01-01"), ("b", "x", "2000-01-01")]
    assert "behind" in run.apply(FIRST)
    assert "version 3" in run.apply(FIRST, "--mode", "aggressive", "--backward")
    assert "up to date" in run("status", "--to", "schema.sql")
    assert len(re.findall(r"^ +[123]  ", run("history"), re.M)) == 3


def test_life(run, postgres, pg_database):
    with postgres.client(pg_database) as db:
        life(run, db)
        assert db.run("SELECT 1 FROM pg_database WHERE datname LIKE 'moult_scratch%'") == []


def test_life_without_the_right_to_create_databases(moult, tmp_path, postgres, plain):
    """The desired schema is read in a transaction that is rolled back: nothing of it is left."""
    with postgres.client(plain, "plain") as db:
        run = Run(moult, tmp_path, postgres, plain, "plain")
        life(run, db)
        run.apply(VIEWS, "--mode", "aggressive")
        assert "up to date" in run.apply(VIEWS)
        assert db.run("SELECT nspname FROM pg_namespace WHERE nspname ~ '^moult_'") == []


def test_objects_that_need_each_other(run):
    run.apply(VIEWS)
    assert "up to date" in run.apply(VIEWS)
    run.apply(VIEWS.replace("n int", "n bigint"), "--mode", "aggressive")
    run.apply(FIRST, "--mode", "aggressive")
    assert "no changes" in run("plan", "--to", "schema.sql") or "up to date" in run("plan", "--to", "schema.sql")


def test_a_source_that_is_wrong_has_its_place(run):
    out = run.apply("CREATE TABLE x (a int);\nCREATE VIEW v AS SELECT * FROM nope;\n", exit=1)
    assert 'schema.sql:2:32: relation "nope" does not exist' in out
    out = run.apply("CREATE TABLE x (a int);\nINSERT INTO x VALUES (1);\n", exit=1)
    assert "schema.sql:2:1: INSERT changes data" in out


def test_a_column_that_rows_have_no_value_for(run, postgres, pg_database):
    run.apply("CREATE TABLE x (a int);")
    with postgres.client(pg_database) as db:
        db.run("INSERT INTO x VALUES (1), (NULL)")
    out = run.apply("CREATE TABLE x (a int, b int NOT NULL);", "--mode", "aggressive", exit=1)
    assert "the table has 2 rows" in out and "@fill" in out
    out = run.apply("CREATE TABLE x (a int NOT NULL);", "--mode", "aggressive", exit=1)
    assert "is NULL in 1 row" in out


def test_dump_is_a_source(run, postgres, pg_database):
    run.apply(SECOND)
    dump = postgres.dump(pg_database)
    assert "up to date" in run.apply(dump) or "recorded" in run.apply(dump)
    assert json.loads(run("plan", "--to", "schema.sql", "--format", "json"))["steps"] == []


def test_one_at_a_time(run, postgres, pg_database):
    """The lock is an advisory one of the session that works; who has it is told."""
    with postgres.client(pg_database) as db:
        db.run("SET application_name = 'moult: plan 12345678, step 1 of 2'")
        db.run("SELECT pg_advisory_lock((109::bigint << 32) + 1869966452)")
        out = run.apply(FIRST, "--lock-timeout", "1", exit=5)
        assert "plan 12345678, step 1 of 2" in out
    assert "version 1" in run.apply(FIRST)


def test_behind_a_pooler(moult, tmp_path, postgres, pg_database, pgbouncer):
    """A lock that is taken there holds nobody back, and stays with whoever gets the session next: nothing is planned or applied."""
    direct, pooled = Run(moult, tmp_path, postgres, pg_database), Run(moult, tmp_path, pgbouncer, pg_database)
    for words in (["apply", "--no-backup"], ["plan"]):
        (tmp_path / "schema.sql").write_text(FIRST, encoding="utf-8")
        out = pooled(*words, "--to", "schema.sql", exit=1)
        assert "goes through a pooler" in out and "a URL of the server itself" in out
    with postgres.client(pg_database) as db:
        assert db.run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") == []
        assert db.run("SELECT 1 FROM pg_namespace WHERE nspname = 'moult' OR to_regclass('users') IS NOT NULL") == []
        assert db.run("SELECT 1 FROM pg_database WHERE datname LIKE 'moult_scratch%'") == []
    assert "version 1" in direct.apply(FIRST)
    assert "up to date" in direct.apply(FIRST)
    assert "up to date" in pooled.apply(FIRST)
    assert "goes through a pooler" in pooled.apply(SECOND, "--mode", "aggressive", exit=1)


def test_what_killed_runs_left_is_dropped(run, postgres, pg_database):
    with postgres.client() as db:
        db.run("CREATE DATABASE moult_scratch_999999_1")
        run.apply(FIRST)
        assert db.run("SELECT 1 FROM pg_database WHERE datname LIKE 'moult_scratch%'") == []


def test_cancelled_by_its_time_limit(run, postgres, pg_database):
    """A server that does not answer is not waited for longer than was said."""
    with postgres.client(pg_database) as db:
        db.run("CREATE TABLE x (a int)")
        db.run("BEGIN")
        db.run("LOCK TABLE x IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        run.apply("CREATE TABLE x (a int, b int);", "--lock-timeout", "1", exit=5)
        assert time.monotonic() - began < 30
        db.run("ROLLBACK")


def test_no_such_database(moult, tmp_path, postgres):
    out = Run(moult, tmp_path, postgres, "nope").apply(FIRST, exit=1)
    assert 'database "nope" does not exist' in out and "hint:" in out


@pytest.mark.parametrize("sql", [
    "ALTER TABLE a ALTER COLUMN n SET DEFAULT 1",
    "BEGIN; ALTER TABLE a ALTER COLUMN n SET NOT NULL; ALTER TABLE a ALTER COLUMN n SET DEFAULT 7; COMMIT",
    "COMMENT ON COLUMN a.n IS 'other'",
    "DROP TRIGGER g ON a",
    "ALTER TABLE a DISABLE TRIGGER g",
])
def test_the_fast_path_sees_what_was_changed(run, postgres, pg_database, sql):
    run.apply(VIEWS)
    assert "up to date" in run.apply(VIEWS)
    with postgres.client(pg_database) as db:
        for one in sql.split("; "):
            db.run(one)
    assert json.loads(run("plan", "--to", "schema.sql", "--format", "json"))["steps"]
    assert "up to date" not in run.apply(VIEWS, "--mode", "dry_run")


BILLING = """
CREATE SCHEMA billing;
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE billing.invoice (id int PRIMARY KEY, t int REFERENCES public.t (id));
"""
STATES = """
CREATE SCHEMA billing;
CREATE TYPE billing.state AS ENUM ('open', 'paid');
CREATE TABLE t (id int PRIMARY KEY, last billing.state);
CREATE TABLE billing.invoice (id int PRIMARY KEY, t int REFERENCES public.t (id), s billing.state DEFAULT 'open');
CREATE VIEW open_invoices AS SELECT id FROM billing.invoice WHERE s = 'open';
"""


@pytest.mark.parametrize("account", ["postgres", "plain"])
def test_two_schemas(moult, tmp_path, postgres, plain, account):
    run = Run(moult, tmp_path, postgres, plain, account)
    run.apply(BILLING, "--schema", "public,billing")
    run.url += "&schema=public,billing"
    run.apply(STATES, "--mode", "aggressive")
    assert "up to date" in run.apply(STATES)
    run.apply(BILLING, "--mode", "aggressive", "--backward")
    run.url = run.url.replace("&schema=public,billing", "")
    assert "up to date" not in run.apply(BILLING, exit=1)  # what else is managed is part of what was found up to date


def test_what_others_have_is_lent(run, postgres, pg_database):
    """A schema that is not managed, and an extension that nobody declares, are there for what refers to them."""
    with postgres.client(pg_database) as db:
        db.run("CREATE SCHEMA auth")
        db.run("CREATE TABLE auth.users (id uuid PRIMARY KEY)")
        db.run("CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid'")
        db.run("CREATE EXTENSION citext")
    sql = "CREATE TABLE p (id uuid PRIMARY KEY REFERENCES auth.users (id), u uuid DEFAULT auth.uid(), name citext);"
    run.apply(sql)
    assert "up to date" in run.apply(sql)
    assert json.loads(run("plan", "--to", "schema.sql", "--format", "json"))["steps"] == []


def test_a_file_has_no_schemas(moult, tmp_path):
    done = subprocess.run([moult.program, "plan", "--url", "x.db", "--schema", "a", "--to", "/dev/null"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "an SQLite URL has no parameter 'schema'" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", ["--online", "--indexes-last"])
def test_what_is_not_done_in_batches_is_said(run, way):
    """Nobody may believe that a table is free meanwhile."""
    run.apply(FIRST)
    (run.cwd / "schema.sql").write_text(SECOND, encoding="utf-8")
    assert "stays locked until" in run("plan", "--to", "schema.sql", way)
    assert "stays locked until" not in run("plan", "--to", "schema.sql")


def test_a_rollback_says_what_does_not_come_back(run):
    """There is no attic: the schema comes back, and nothing that was in it."""
    run.apply("CREATE TABLE a (id int PRIMARY KEY, note text); CREATE TABLE b (id int PRIMARY KEY);")
    run.apply("CREATE TABLE a (id int PRIMARY KEY);", "--mode", "aggressive")
    said = run("rollback", "--mode", "dry_run")
    assert "table b comes back empty" in said and "column a.note comes back without its values" in said
    assert "comes back empty" in run("rollback")
