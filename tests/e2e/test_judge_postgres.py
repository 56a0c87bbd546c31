# SPDX-License-Identifier: MIT
"""The judge of PostgreSQL is judged: it sees what was broken on purpose, and nothing where nothing is."""
import pytest

from tests import judge_postgres as judge

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE p (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE CHECK (length(name) > 2), m mood DEFAULT 'ok',
    r int4range, EXCLUDE USING gist (r WITH &&)) WITH (fillfactor = 70, autovacuum_enabled = false);
CREATE TABLE c (id serial PRIMARY KEY, p int REFERENCES p (id) ON DELETE CASCADE DEFERRABLE, twice int GENERATED ALWAYS AS (p * 2) STORED);
CREATE INDEX i ON p (name DESC) WHERE id > 1;
CREATE STATISTICS s ON name, m FROM p;
CREATE VIEW v WITH (security_barrier) AS SELECT id, name FROM p;
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END;
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER t BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION g();
CREATE SEQUENCE q;
COMMENT ON COLUMN p.name IS 'its name';
GRANT SELECT, UPDATE ON p TO pg_monitor;
ALTER TABLE p ENABLE ROW LEVEL SECURITY;
CREATE POLICY y ON p USING (id > 0);
"""
ROWS = """
INSERT INTO p (name, m, r) VALUES ('one', 'sad', '[1,2)'), ('two', NULL, NULL);
INSERT INTO c (p) VALUES (1), (2), (NULL);
SELECT nextval('q');
"""
BROKEN = ["DROP INDEX i", "DROP VIEW v", "DROP TRIGGER t ON p", "DROP STATISTICS s", "DROP SEQUENCE q", "DROP FUNCTION f()", "DROP POLICY y ON p",
          "COMMENT ON COLUMN p.name IS NULL", "REVOKE UPDATE ON p FROM pg_monitor", "ALTER TABLE p DISABLE ROW LEVEL SECURITY",
          "ALTER TYPE mood ADD VALUE 'good'", "ALTER TABLE p ALTER m DROP DEFAULT", "ALTER TABLE p SET (fillfactor = 80)",
          "ALTER TABLE p ALTER name SET STATISTICS 10", "ALTER TABLE p ALTER name SET STORAGE external", "CREATE TABLE more ()",
          "ALTER TABLE p DISABLE TRIGGER t", "ALTER VIEW v RESET (security_barrier)", "ALTER TABLE p RENAME CONSTRAINT p_pkey TO k",
          "CREATE EXTENSION citext", "CREATE PUBLICATION b", "ALTER TABLE c CLUSTER ON c_pkey", "ALTER SEQUENCE q INCREMENT 2"]
DOES = ["ALTER TABLE p DROP CONSTRAINT p_name_key", "ALTER TABLE c ALTER p SET NOT NULL", "ALTER TABLE p DROP CONSTRAINT p_r_excl",
        "ALTER TABLE p DROP CONSTRAINT p_name_check", "ALTER TABLE c DROP CONSTRAINT c_p_fkey", "ALTER TABLE c DISABLE TRIGGER ALL",
        "ALTER TABLE p ALTER name DROP NOT NULL", "ALTER TABLE p ADD CHECK (id <> 1)"]


@pytest.fixture(scope="module", params=["postgres", "postgres18"])
def place(request):
    return judge.Place(request.getfixturevalue(request.param))


def test_nothing_is_wrong(place):
    first, second = "id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "name text NOT NULL UNIQUE CHECK (length(name) > 2)"
    shuffled = "\n".join(reversed(judge.statements(SCHEMA))).replace("%s, %s" % (first, second), "%s, %s" % (second, first))
    shuffled = shuffled.replace(" CHECK (length(name) > 2)", "") + "ALTER TABLE p ADD CONSTRAINT p_name_check CHECK (length(name) > 2);"
    with place.fresh(SCHEMA, ROWS) as name:
        assert place.converges(name, SCHEMA) == []
        assert judge.compare_dumps(place.dump(name), place.fresh_dump(SCHEMA)) == []
        with place.server.client(name) as db:
            before = judge.content(db)
            assert judge.rows_kept(before, db) == []
    with place.fresh(SCHEMA) as one, place.fresh(shuffled) as other:
        assert judge.compare_dumps(place.dump(one), place.dump(other)) == []


@pytest.mark.parametrize("broken", BROKEN)
def test_sees_a_difference(place, broken):
    with place.fresh(SCHEMA, broken) as name:
        assert judge.compare_dumps(place.dump(name), place.fresh_dump(SCHEMA)) != []


@pytest.mark.parametrize("broken", DOES)
def test_sees_what_is_done_otherwise(place, broken):
    with place.fresh(SCHEMA, broken) as name, place.fresh(SCHEMA) as good:
        with place.server.client(name) as found, place.server.client(good) as wanted:
            assert judge.compare_behaviour(found, wanted) != []


def test_sees_an_invalid_index(place):
    with place.fresh("CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (1)") as name, place.server.client(name) as db:
        with pytest.raises(judge.libpq.Error):
            db.run("CREATE UNIQUE INDEX CONCURRENTLY u ON t (a)")
        assert place.converges(name, "CREATE TABLE t (a int)") == ["index u is not valid"]


@pytest.mark.parametrize("lost", [
    "DELETE FROM c WHERE id = 1", "UPDATE p SET name = 'three' WHERE name = 'two'", "UPDATE p SET m = 'ok' WHERE m IS NULL",
    "INSERT INTO c (id, p) VALUES (9, NULL)", "SELECT nextval('q')", "ALTER TABLE p ALTER m TYPE text USING NULL",
])
def test_sees_lost_rows(place, lost):
    with place.fresh(SCHEMA, ROWS) as name, place.server.client(name) as db:
        before = judge.content(db)
        db.run(lost)
        assert judge.rows_kept(before, db) != []


def test_follows_renames_and_casts(place):
    with place.fresh("CREATE TABLE t (a numeric, b text)", "INSERT INTO t VALUES (2.5, 'x'), (NULL, 'y')") as name, place.server.client(name) as db:
        before = judge.content(db)
        db.run("ALTER TABLE t ALTER a TYPE int; ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME TO u")
        assert judge.rows_kept(before, db, judge.Renames({"t": "u"}, {"u": {"b": "c"}})) == []
