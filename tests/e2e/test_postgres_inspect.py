# SPDX-License-Identifier: MIT
"""What moult reads of a PostgreSQL database is all of it: what `inspect` writes, run from top to bottom, makes a second database that
has the same fingerprint, and of which pg_dump says the same.

Each file of tests/cases-postgres/inspect is one database. Its first line may be `-- server 15`: the oldest release that knows it;
a line `-- beside: SQL` makes what is not moult's, in the second database too.
"""
from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((ROOT / "tests" / "cases-postgres" / "inspect").glob("*.sql"))


def inspect(moult, server, database: str, form: str, *words: str) -> str:
    done = subprocess.run([moult.program, "inspect", "--url", server.url(database), "--format", form, *words],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def load(server, database: str, sql: str) -> None:
    """From top to bottom, as psql does."""
    with server.client(database) as db:
        db.run(sql)


def plain(statement: str) -> str:
    """A statement of pg_dump without the order of columns."""
    lines = [line.strip().rstrip(",") for line in statement.strip().splitlines()]
    if lines[0].startswith("CREATE TABLE"):
        lines[1:] = sorted(lines[1:])
    return " ".join(lines)


def dump(server, database: str) -> list[str]:
    """What pg_dump says, in an order that does not depend on oids, and without the names of NOT NULL that nobody chose: those
    of a partition that was attached are its own, those of one that was created are its parent's."""
    text = re.sub(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", "", server.dump(database), flags=re.M)
    text = re.sub(r"CONSTRAINT \w+_not_null NOT NULL", "NOT NULL", text)
    return sorted(plain(s) for s in re.split(r";\n", text) if s.strip())


def twice(moult, server, database: str, beside: str = "", words: list[str] = ()) -> list[tuple]:
    """The two databases: the schema, and what pg_dump says."""
    with server.database() as second:
        load(server, second, beside + inspect(moult, server, database, "sql", *words))
        return [(json.loads(inspect(moult, server, d, "json", *words)), dump(server, d)) for d in (database, second)]


def same(a: tuple, b: tuple) -> None:
    (one, dump_one), (two, dump_two) = a, b
    objects = [{(o["kind"], o["name"]): o["sql"] for o in s["objects"]} for s in (one, two)]
    assert objects[0] == objects[1]
    assert one["fingerprint"] == two["fingerprint"]
    assert dump_one == dump_two


def release(path: Path) -> int:
    found = re.match(r"-- server (\d+)", path.read_text())
    return int(found[1]) if found else 0


@pytest.fixture(params=["postgres", "postgres18"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_every_kind(moult, server, path):
    if release(path) > server.version:
        pytest.skip("PostgreSQL %s does not know it" % server.version)
    with server.database() as database:
        with server.client(database) as db:
            db.run(path.read_text())
        same(*twice(moult, server, database, "".join(re.findall(r"^-- beside: (.*)$", path.read_text(), re.M))))


# --- what is no difference, and what is one ----------------------------------------------------------------------------


def fingerprint(moult, server, database: str, sql: str) -> str:
    with server.client(database) as db:
        db.run(sql)
    return json.loads(inspect(moult, server, database, "json"))["fingerprint"]


SAME = {
    "a renamed sequence of a serial column": (
        "CREATE TABLE t (id serial)", "CREATE TABLE t (id serial); ALTER SEQUENCE t_id_seq RENAME TO other"),
    "serial and what it stands for": (
        "CREATE TABLE t (id serial)",
        "CREATE SEQUENCE s AS integer; CREATE TABLE t (id integer NOT NULL DEFAULT nextval('s')); ALTER SEQUENCE s OWNED BY t.id"),
    "the order of columns, constraints and statements": (
        "CREATE TABLE t (a integer CHECK (a > 0), b text UNIQUE); CREATE VIEW v AS SELECT a, b FROM t; CREATE TYPE e AS ENUM ('x')",
        "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (b text UNIQUE, a integer, CHECK (a > 0)); CREATE VIEW v AS SELECT a, b FROM t"),
    "a partition that was attached": (
        "CREATE TABLE t (id integer PRIMARY KEY, n text) PARTITION BY RANGE (id); CREATE INDEX t_n ON t (n);"
        "CREATE TABLE p PARTITION OF t FOR VALUES FROM (1) TO (9)",
        "CREATE TABLE t (id integer PRIMARY KEY, n text) PARTITION BY RANGE (id); CREATE INDEX t_n ON t (n);"
        "CREATE TABLE p (n text, id integer NOT NULL, CONSTRAINT mine PRIMARY KEY (id)); CREATE INDEX own ON p (n);"
        "ALTER TABLE t ATTACH PARTITION p FOR VALUES FROM (1) TO (9)"),
    "rows, and what was counted of them": (
        "CREATE TABLE t (id serial); CREATE MATERIALIZED VIEW m AS SELECT id FROM t WITH NO DATA",
        "CREATE TABLE t (id serial); INSERT INTO t SELECT FROM generate_series(1, 9); CREATE MATERIALIZED VIEW m AS SELECT id FROM t;"
        "ANALYZE"),
    "how the database is set": (
        "CREATE TABLE t (a timestamptz DEFAULT '2020-01-01 00:00+00', b interval DEFAULT '1 day 2:03', c bytea DEFAULT '\\x01',"
        "d double precision DEFAULT 0.1, e date DEFAULT '2020-02-01')",
        "CREATE TABLE t (a timestamptz DEFAULT '2020-01-01 00:00+00', b interval DEFAULT '1 day 2:03', c bytea DEFAULT '\\x01',"
        "d double precision DEFAULT 0.1, e date DEFAULT '2020-02-01');"
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database());"
        "EXECUTE format('ALTER DATABASE %I SET datestyle = ''SQL, DMY''', current_database());"
        "EXECUTE format('ALTER DATABASE %I SET intervalstyle = ''iso_8601''', current_database());"
        "EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database());"
        "EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -15', current_database());"
        "EXECUTE format('ALTER DATABASE %I SET quote_all_identifiers = on', current_database()); END$$"),
    "moult's own schema, other schemas, members of extensions": (
        "CREATE EXTENSION hstore",
        "CREATE EXTENSION hstore; CREATE SCHEMA moult; CREATE TABLE moult.x (); CREATE SCHEMA other; CREATE TABLE other.x ()"),
    "a column that was dropped": (
        "CREATE TABLE t (a integer, c integer)", "CREATE TABLE t (a integer, b integer, c integer); ALTER TABLE t DROP COLUMN b"),
    "privileges that all have anyway": (
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION f() TO PUBLIC"),
}

PARENT = "CREATE TABLE p (a integer PRIMARY KEY, b integer UNIQUE); CREATE TABLE t (x integer, y integer);"
DIFFERENT = {
    "the sequence of a serial column with other options": (
        "CREATE TABLE t (id serial)", "CREATE TABLE t (id serial); ALTER SEQUENCE t_id_seq INCREMENT BY 2"),
    "an index that is not valid": (
        "CREATE TABLE t (a integer); CREATE INDEX i ON t (a)",
        "CREATE TABLE t (a integer); CREATE INDEX i ON t (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass"),
    "a trigger that is switched off": (
        PARENT + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()",
        PARENT + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER g"),
    "a foreign key's action": (
        PARENT + "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES p",
        PARENT + "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES p ON DELETE CASCADE"),
    "a check that was not validated": (
        PARENT + "ALTER TABLE t ADD CONSTRAINT k CHECK (x > 0)", PARENT + "ALTER TABLE t ADD CONSTRAINT k CHECK (x > 0) NOT VALID"),
    "the default of a partition": (
        "CREATE TABLE t (id integer, n integer DEFAULT 1) PARTITION BY RANGE (id);"
        "CREATE TABLE q PARTITION OF t FOR VALUES FROM (1) TO (9)",
        "CREATE TABLE t (id integer, n integer DEFAULT 1) PARTITION BY RANGE (id);"
        "CREATE TABLE q PARTITION OF t FOR VALUES FROM (1) TO (9); ALTER TABLE q ALTER n SET DEFAULT 2"),
    "a function's body": (
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT  1'"),
    "a right": (PARENT, PARENT + "GRANT SELECT ON t TO pg_monitor"),
    "a right that was taken from all": (
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC"),
    "a comment": (PARENT, PARENT + "COMMENT ON COLUMN t.x IS 'x'"),
}


@pytest.mark.parametrize("name", [*SAME, *DIFFERENT])
def test_differences(moult, server, name):
    one, two = {**SAME, **DIFFERENT}[name]
    with server.database() as first, server.database() as second:
        assert (fingerprint(moult, server, first, one) == fingerprint(moult, server, second, two)) == (name in SAME)


# --- single things ----------------------------------------------------------------------------------------------------


def objects(moult, server, database: str) -> dict:
    return {(o["kind"], o["name"]): o for o in json.loads(inspect(moult, server, database, "json"))["objects"]}


def test_plain_indexes_are_written_as_the_server_writes_them(moult, server):
    with server.database() as database, server.client(database) as db:
        db.run((ROOT / "tests/cases-postgres/inspect/indexes.sql").read_text())
        db.run("CREATE INDEX i1 ON item (id DESC NULLS LAST, name NULLS FIRST, price DESC, at);"
               "CREATE TABLE v (a varchar(9) COLLATE \"C\", b varchar, \"C d\" integer);"
               "CREATE UNIQUE INDEX i2 ON v (a, b, \"C d\"); CREATE INDEX i3 ON v (a COLLATE \"POSIX\")")
        found = objects(moult, server, database)
        rows = db.run("SELECT quote_ident(c.relname), pg_get_indexdef(c.oid) FROM pg_class c WHERE relkind = 'i' "
                      "AND relnamespace = 'public'::regnamespace")
    assert len(rows) > 15
    for name, definition in rows:
        assert found["index", name]["sql"].split(";\n")[0] == definition.replace(" ON public.", " ON ")


def test_keywords_have_one_spelling(moult, server):
    """A name that needs quotes on any release has them on all; and what is not quoted, the server takes."""
    with server.database() as database, server.client(database) as db:
        words = db.column("SELECT word FROM pg_get_keywords() ORDER BY word")
        for i, word in enumerate(words):
            db.run('CREATE TABLE "%s" ("%s" integer CONSTRAINT "%s" CHECK ("%s" > 0)); CREATE INDEX i%d ON "%s" ("%s");'
                   'COMMENT ON COLUMN "%s"."%s" IS \'%s\'; CREATE FUNCTION "%s"() RETURNS integer LANGUAGE sql AS \'SELECT 1\''
                   % (word, word, word, word, i, word, word, word, word, word, word))
        found = objects(moult, server, database)
        for word in words:
            name = next(n for n in (word, '"%s"' % word) if ("table", n) in found)
            assert ("comment", "COLUMN %s.%s" % (name, name)) in found
            assert ("function", "%s()" % name) in found
            db.run("DROP TABLE %s" % name)
            db.run("DROP FUNCTION public.%s()" % name)
    for word in ("json_value", "system_user", "merge_action", "user", "table"):
        assert ("table", word) not in found


def test_what_is_not_compared_is_named(moult, server):
    with server.database() as database, server.client(database) as db:
        db.run("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a integer) SERVER s;"
               "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;"
               "CREATE TYPE shell; CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,"
               "LEXTYPES = prsd_lextype); CREATE ACCESS METHOD a TYPE INDEX HANDLER bthandler;"
               "CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize); CREATE TRUSTED LANGUAGE l HANDLER plpgsql_call_handler")
        found = objects(moult, server, database)
    assert {n for (k, n), o in found.items() if k == "other object" and o["uncompared"]} == {
        "foreign data wrapper w", "server s", "foreign table f", "conversion c", "base type shell", "text search parser p",
        "access method a", "text search template t", "language l"}


def test_round_trips_do_not_grow(moult, server):
    """One message for the whole catalog, however much is in it."""
    counts = []
    for tables in (1, 300):
        with server.database() as database, server.client(database) as db:
            db.run("DO $$BEGIN FOR i IN 1..%d LOOP EXECUTE format('CREATE TABLE t%%s (id serial PRIMARY KEY, a text UNIQUE)', i);"
                   "END LOOP; EXECUTE format('ALTER DATABASE %%I SET log_statement = ''all''', current_database()); END$$" % tables)
            before = len(server.said())
            inspect(moult, server, database, "json")
            counts.append(len(re.findall(r"LOG: +(statement|execute)", server.said()[before:])))
    assert counts[0] == counts[1] < 5


SETTLED = """
CREATE TABLE t (
    a varchar(10) CHECK (a IN ('x', 'it''s], (', 'z')), b varchar DEFAULT 'q' CHECK (b NOT IN ('x', 'y') OR b = '(ARRAY[''n''])::text[]'),
    c integer CHECK (c = ANY ((ARRAY[1, 2])::bigint[])), d char(2) CHECK (d IN ('aa', 'bb')), e varchar(3)[] CHECK (e <@ ARRAY['a', 'b']::varchar[]),
    f boolean GENERATED ALWAYS AS (a IN ('x', 'y')) STORED
);
CREATE INDEX t_a ON t (a) WHERE a IN ('x', 'y');
CREATE VIEW v AS SELECT a, b IN ('x', 'y') AS is_it FROM t WHERE a IN ('x', 'y');
CREATE POLICY p ON t USING (a IN ('x', 'y'));
CREATE DOMAIN d AS varchar(5) CHECK (VALUE IN ('x', 'y'));
CREATE FUNCTION f() RETURNS text[] LANGUAGE sql AS $$SELECT (ARRAY['x'::varchar])::text[]$$;
"""


def test_what_the_server_stores_otherwise_the_second_time(moult, server):
    """IN over varchar is another expression once its text has been read again; that is no difference."""
    with server.database() as database, server.database() as second:
        with server.client(database) as db:
            db.run(SETTLED)
        load(server, second, re.sub(r"^.*(un)?restrict .*$", "", server.dump(database), flags=re.M))
        first, again = objects(moult, server, database), objects(moult, server, second)
        assert "(ARRAY['x'::varchar])::text[]" in first["function", "f()"]["sql"]
        assert {k: o["sql"] for k, o in first.items()} == {k: o["sql"] for k, o in again.items()}
        same_as = [json.loads(inspect(moult, server, d, "json"))["fingerprint"] for d in (database, second)]
        assert same_as[0] == same_as[1]
