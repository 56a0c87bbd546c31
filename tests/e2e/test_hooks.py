# SPDX-License-Identifier: MIT
"""Data hooks and phases: once per database, in their order, each with its record; and an apply by halves."""
import json
import shutil
import sqlite3
import subprocess

import pytest

import case

V1 = """CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
CREATE TABLE post (id INTEGER PRIMARY KEY, author INT NOT NULL REFERENCES users (id) ON DELETE CASCADE, title TEXT);
"""
V2 = V1.replace("name TEXT NOT NULL", "first_name TEXT NOT NULL, last_name TEXT")
V3 = V2.replace("last_name TEXT", "last_name TEXT, initials TEXT NOT NULL")
SPLIT = """UPDATE users SET first_name = substr(name || ' ', 1, instr(name || ' ', ' ') - 1),
    last_name = substr(name, instr(name || ' ', ' ') + 1);
"""
INITIALS = "UPDATE users SET initials = substr(first_name, 1, 1) || substr(last_name, 1, 1);"


class Place:
    def __init__(self, folder, moult):
        self.folder, self.db, self.moult = folder, folder / "app.db", moult
        (folder / "hooks").mkdir()
        for name, sql in (("v1", V1), ("v2", V2), ("v3", V3)):
            (folder / (name + ".sql")).write_text(sql)

    def hook(self, name, sql):
        (self.folder / "hooks" / name).write_text(sql)

    def run(self, verb, *more):
        return self.moult(verb, "--url", case.url(self.db), *more, cwd=self.folder)

    def apply(self, version, *more, mode="aggressive"):
        return self.run("apply", "--to", version + ".sql", "--mode", mode, "--no-backup", "--no-attic", *more)

    def sql(self, text):
        db = sqlite3.connect(self.db, isolation_level=None)
        db.execute("PRAGMA foreign_keys = ON")
        rows = [r for statement in text.split(";") if statement.strip() for r in db.execute(statement).fetchall()]
        db.close()
        return rows

    def dump(self):
        db = sqlite3.connect(self.db)
        lines = [line for line in db.iterdump() if "_moult_" not in line]
        db.close()
        return lines


@pytest.fixture
def place(tmp_path, moult):
    p = Place(tmp_path, moult)
    assert p.apply("v1").code == 0
    p.sql("INSERT INTO users (name) VALUES ('Ada Lovelace'), ('Alan Turing'), ('Bot One');"
          "INSERT INTO post (author, title) VALUES (1, 'a'), (3, 'b'), (3, 'c')")
    return p


def ok(result, code=0):
    assert result.code == code, result
    return result


def test_split_of_a_name(place):
    place.hook("020_split.before_ddl.sql", SPLIT)
    refused = ok(place.apply("v2", mode="safe"), 3)
    assert "020_split" in refused.out and "hook" in refused.out
    ok(place.apply("v2"))
    assert place.sql("SELECT first_name, last_name FROM users ORDER BY id") == [("Ada", "Lovelace"), ("Alan", "Turing"), ("Bot", "One")]
    assert place.sql("SELECT version, state FROM _moult_hook") == [("020_split", "ran")]
    assert place.sql("SELECT count(*) FROM _moult_journal") == [(0,)]
    before = place.dump()
    assert "up to date" in ok(place.apply("v2")).out
    ok(place.run("plan", "--to", "v2.sql", "--full", "--exit-code"))
    assert place.dump() == before


def test_approved_plan_with_a_hook_runs_and_a_changed_hook_needs_a_new_approval(place):
    place.hook("020_split.before_ddl.sql", SPLIT)
    plan = json.loads(ok(place.run("plan", "--to", "v2.sql", "--no-attic", "--format", "json")).out)
    ok(place.apply("v2", mode="safe"), 3)
    ok(place.run("approve", plan["id"], "--yes"))
    place.hook("020_split.before_ddl.sql", SPLIT + "DELETE FROM post;")
    ok(place.apply("v2", mode="safe"), 3)
    assert place.sql("SELECT count(*) FROM post") == [(3,)]
    place.hook("020_split.before_ddl.sql", SPLIT)
    ok(place.apply("v2", mode="safe"))


def test_from_the_first_version_straight_to_the_third(place):
    place.hook("030_initials.before_ddl.sql", INITIALS)
    place.hook("020_split.before_ddl.sql", SPLIT)
    ok(place.apply("v3"))
    assert place.sql("SELECT initials FROM users ORDER BY id") == [("AL",), ("AT",), ("BO",)]
    assert [s for s, in place.sql("SELECT version FROM _moult_hook ORDER BY recorded_at, version")] == ["020_split", "030_initials"]


def test_a_new_database_needs_none(place, tmp_path):
    place.hook("020_split.before_ddl.sql", SPLIT)
    place.db = tmp_path / "new.db"
    ok(place.apply("v2", mode="safe"))
    assert place.sql("SELECT version, state FROM _moult_hook") == [("020_split", "not needed")]
    place.sql("INSERT INTO users (first_name) VALUES ('Ada')")
    ok(place.apply("v2"))
    assert place.sql("SELECT first_name, last_name FROM users") == [("Ada", None)]


def test_an_adopted_database_needs_none(place, tmp_path):
    place.db = tmp_path / "adopted.db"
    place.sql(V2)
    place.hook("020_split.before_ddl.sql", SPLIT)
    ok(place.apply("v2", mode="safe"))
    assert place.sql("SELECT version, state FROM _moult_hook") == [("020_split", "not needed")]


def test_cascades_fire_in_a_hook(place):
    place.hook("020_split.before_ddl.sql", SPLIT + "DELETE FROM users WHERE name = 'Bot One';")
    ok(place.apply("v2"))
    assert place.sql("SELECT author FROM post") == [(1,)]


def test_foreign_keys_hold_in_a_hook(place):
    place.hook("020_split.before_ddl.sql", SPLIT + "INSERT INTO post (author) VALUES (77);")
    before = place.dump()
    failed = ok(place.apply("v2"), 1)
    assert "020_split" in failed.err and "FOREIGN KEY" in failed.err
    assert place.dump() == before


def test_one_that_fails_is_named_and_undone(place):
    place.hook("010_first.before_ddl.sql", "UPDATE post SET title = 'x';")
    place.hook("020_split.before_ddl.sql", SPLIT + "INSERT INTO users (id, name) VALUES (1, 'twice');")
    place.hook("030_last.before_ddl.sql", "DELETE FROM post;")
    before = place.dump()
    failed = ok(place.apply("v2"), 1)
    assert "hook 020_split" in failed.err and "UNIQUE" in failed.err
    assert place.dump() == before
    assert place.sql("SELECT count(*) FROM _moult_journal") == [(0,)]
    place.hook("020_split.before_ddl.sql", SPLIT)
    ok(place.apply("v2"))
    assert place.sql("SELECT count(*) FROM post") == [(0,)]


@pytest.mark.parametrize("sql, said", [
    ("CREATE TABLE x (a);", "a hook changes data"), ("UPDATE users SET name = 'a'; COMMIT;", "a hook changes data"),
    ("PRAGMA writable_schema = 1", "a hook changes data"), ("BEGIN; DELETE FROM users", "a hook changes data"),
    ("ATTACH 'other.db' AS o", "a hook changes data"), ("-- nothing", "no statement"), ("UPDATE users SET name = 'a", "has no end"),
    ("UPDATE users SET nme = 'a'", "nme"), ("UPDATE nobody SET a = 1", "nobody")])
def test_what_is_refused_before_the_first_step(place, sql, said):
    place.hook("020_split.before_ddl.sql", sql)
    before = place.dump()
    for result in (place.run("plan", "--to", "v2.sql"), place.apply("v2")):
        assert result.code == 1 and said in result.err and "020_split" in result.err, result
    assert place.dump() == before


@pytest.mark.parametrize("name", ["020_split.sql", "split.before.sql"])
def test_a_name_that_does_not_say_when(place, name):
    place.hook(name, SPLIT)
    assert "does not say when" in ok(place.apply("v2"), 1).err


def test_after_ddl_comes_last_and_each_for_itself(place):
    place.hook("020_split.before_ddl.sql", SPLIT)
    place.hook("030_a.after_ddl.sql", "UPDATE users SET last_name = upper(last_name);")
    place.hook("040_b.after_ddl.sql", "INSERT INTO users (id, first_name) VALUES (1, 'twice');")
    place.hook("050_c.after_ddl.sql", "DELETE FROM post;")
    failed = ok(place.apply("v2"), 1)
    assert "hook 040_b" in failed.err and "moult resume" in failed.err
    assert place.sql("SELECT last_name FROM users WHERE id = 1; SELECT count(*) FROM post") == [("LOVELACE",), (3,)]
    assert place.sql("SELECT max(version) FROM _moult_history") == [(2,)]
    place.hook("040_b.after_ddl.sql", "UPDATE post SET title = 'b';")
    ok(place.apply("v2", mode="safe"), 6)
    ok(place.run("resume"))
    assert place.sql("SELECT count(*) FROM post; SELECT count(*) FROM _moult_journal") == [(0,), (0,)]
    assert "up to date" in ok(place.apply("v2", mode="safe")).out


def test_contract_that_the_rows_forbid(place):
    """The hook forgets one row: expand and hook stay, the contract is undone, the way out is told and works."""
    place.hook("020_split.before_ddl.sql", SPLIT.rstrip(";\n") + " WHERE id <> 2;")
    failed = ok(place.apply("v2"), 1)
    assert "first_name" in failed.err and "NULL" in failed.err and "1 of 2 transactions" in failed.err and "moult resume" in failed.err
    assert place.sql("SELECT name, first_name FROM users WHERE id < 3 ORDER BY id") == [("Ada Lovelace", "Ada"), ("Alan Turing", None)]
    refused = ok(place.apply("v2", mode="safe"), 6)
    assert "interrupted" in refused.err and "moult resume" in refused.err
    ok(place.apply("v2", mode="auto"), 6)  # what remains drops a column
    again = ok(place.run("resume", "--no-backup"), 1)
    assert "first_name" in again.err
    place.sql("UPDATE users SET first_name = 'Alan', last_name = 'Turing' WHERE id = 2")
    ok(place.run("resume", "--no-backup"))
    assert place.sql("SELECT first_name FROM users ORDER BY id") == [("Ada",), ("Alan",), ("Bot",)]
    assert "up to date" in ok(place.apply("v2", mode="safe")).out


def test_what_is_resumed_keeps_what_it_takes_away(place):
    """The attic and its age are those of the apply that was interrupted."""
    place.hook("020_split.before_ddl.sql", SPLIT.rstrip(";\n") + " WHERE id <> 2;")
    ok(place.run("apply", "--to", "v2.sql", "--mode", "aggressive", "--no-backup", "--attic-age", "90d"), 1)
    place.sql("UPDATE users SET first_name = 'Alan' WHERE id = 2")
    ok(place.run("resume", "--no-backup"))
    [(columns, days)] = place.sql("SELECT columns, julianday(expires) - julianday(created_at) FROM _moult_attic")
    assert columns == '["name"]' and 89.9 < days < 90.1
    ok(place.run("rollback", "1", "--mode", "aggressive", "--no-backup"))
    assert place.sql("SELECT name FROM users ORDER BY id") == [("Ada Lovelace",), ("Alan Turing",), ("Bot One",)]


def test_duplicates_that_a_hook_makes_are_told_of_the_table(place):
    (place.folder / "u.sql").write_text(V1.replace("title TEXT", "title TEXT, slug TEXT NOT NULL UNIQUE"))
    place.hook("020_slug.before_ddl.sql", "UPDATE post SET slug = 'same';")
    failed = ok(place.apply("u"), 1)
    assert "post.slug" in failed.err and "_moult_new_" not in failed.err and "moult resume" in failed.err


def test_an_old_build_starts_while_one_is_half_done(place):
    place.hook("020_split.before_ddl.sql", SPLIT.rstrip(";\n") + " WHERE id <> 2;")
    ok(place.apply("v2"), 1)
    assert "up to date" in ok(place.apply("v1", mode="safe")).out
    other = place.folder / "other.sql"
    other.write_text(V1 + "CREATE TABLE more (id INTEGER PRIMARY KEY);")
    refused = ok(place.apply("other", mode="safe"), 6)
    assert "finish it first" in refused.err


def test_resume_wants_the_hooks_that_have_still_to_run(place, tmp_path):
    place.hook("020_split.before_ddl.sql", SPLIT)
    place.hook("040_b.after_ddl.sql", "INSERT INTO users (id, first_name) VALUES (1, 'twice');")
    ok(place.apply("v2"), 1)
    (tmp_path / "none").mkdir()
    missing = ok(place.run("resume", "--hooks", "none"), 6)
    assert "040_b" in missing.err


def half_done(place):
    """Expanded, and its hook ran; the contract was undone, for two users have the same name."""
    (place.folder / "v2.sql").write_text("""CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, only TEXT NOT NULL UNIQUE);
        CREATE TABLE fresh (id INTEGER PRIMARY KEY);""")
    place.hook("020_same.before_ddl.sql", "UPDATE users SET only = 'same'; INSERT INTO fresh VALUES (1);")
    before = place.dump()
    ok(place.apply("v2"), 1)
    assert place.sql("SELECT count(*) FROM _moult_journal") == [(1,)]
    return before


@pytest.mark.parametrize("version", [[], ["1"]])
def test_back_from_what_is_half_done(place, version):
    before = half_done(place)
    ok(place.run("rollback", *version), 3)
    ok(place.run("rollback", *version, "--mode", "aggressive", "--no-backup"))
    assert place.dump() == before
    assert place.sql("SELECT count(*) FROM _moult_journal") == place.sql("SELECT count(*) FROM _moult_hook") == [(0,)]
    shutil.rmtree(place.folder / "hooks")
    assert "up to date" in ok(place.apply("v1", mode="safe")).out


def test_what_is_half_done_is_not_uninstalled(place):
    half_done(place)
    assert "moult resume" in ok(place.run("uninstall", "--yes"), 3).err
    ok(place.run("uninstall", "--yes", "--purge"))
    assert place.sql("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%moult%'") == [(0,)]


def test_an_old_build_finds_what_it_needs_in_what_is_half_done(place):
    half_done(place)
    ok(place.apply("v1", mode="safe"))
    assert place.sql("SELECT count(*) FROM _moult_journal") == place.sql("SELECT count(*) FROM _moult_hook") == [(1,)]


def test_nothing_to_resume(place):
    assert "no apply was interrupted" in ok(place.run("resume")).out


def test_changed_code_is_told_and_not_run_again(place):
    place.hook("020_split.before_ddl.sql", SPLIT)
    ok(place.apply("v2"))
    place.hook("020_split.before_ddl.sql", "DELETE FROM users;")
    (place.folder / "more.sql").write_text(V2 + "CREATE TABLE more (id INTEGER PRIMARY KEY);")
    assert "other code" in ok(place.run("plan", "--to", "more.sql")).out
    ok(place.apply("v2"))
    assert place.sql("SELECT count(*) FROM users") == [(3,)]


def test_a_hook_alone_runs_without_ddl(place):
    place.hook("020_titles.before_ddl.sql", "UPDATE post SET title = upper(title);")
    refused = ok(place.apply("v1", mode="safe"), 3)
    assert "020_titles" in refused.out and "medium" in refused.out
    ok(place.apply("v1", mode="auto"))
    assert place.sql("SELECT title FROM post ORDER BY id; SELECT max(version) FROM _moult_history") == [("A",), ("B",), ("C",), (1,)]


def test_going_back_and_forward_runs_it_again(place):
    place.hook("020_split.before_ddl.sql", SPLIT)
    ok(place.apply("v2"))
    (place.folder / "v1.sql").write_text(V1.replace("name TEXT NOT NULL", "name TEXT"))
    ok(place.run("apply", "--to", "history:1", "--backward", "--mode", "aggressive", "--no-backup"), 1)  # NOT NULL without a value
    assert place.sql("SELECT version FROM _moult_hook") == [("020_split",)]


def test_a_hook_that_never_ends_meets_its_limit(place):
    place.hook("020_split.before_ddl.sql", "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;")
    before = place.dump()
    failed = ok(place.apply("v2", "--statement-timeout", "300ms"), 1)
    assert "020_split" in failed.err
    assert place.dump() == before


def test_a_hook_that_writes_a_million_rows(place):
    place.hook("020_split.before_ddl.sql", SPLIT + "INSERT INTO post (author) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
               "FROM n WHERE i < 1000000) SELECT 1 FROM n;")
    ok(place.apply("v2"))
    assert place.sql("SELECT count(*) FROM post") == [(1_000_003,)]


def test_the_script_does_the_same_and_is_known_afterwards(place, tmp_path):
    place.hook("020_split.before_ddl.sql", SPLIT + "DELETE FROM users WHERE name = 'Bot One';")
    place.hook("030_titles.after_ddl.sql", "UPDATE post SET title = upper(title) -- loud")
    script = ok(place.run("plan", "--to", "v2.sql", "--format", "sql")).out
    other = tmp_path / "other.db"
    shutil.copy(place.db, other)
    run = subprocess.run(["sqlite3", other], input=script, capture_output=True, text=True, timeout=30)
    assert run.returncode == 0 and not run.stderr, run
    ok(place.apply("v2"))
    done = place.dump()
    place.db = other
    assert place.dump() == done
    assert place.sql("SELECT version, state, schema_version FROM _moult_hook ORDER BY version") == [
        ("020_split", "ran", 2), ("030_titles", "ran", 2)]
    assert "up to date" in ok(place.apply("v2", mode="safe")).out


@pytest.mark.parametrize("phases", [[[]], [["--phase", "expand"], ["--phase", "contract"]]])
def test_the_attic_keeps_what_a_contract_takes(place, phases):
    """What the hook moved on is kept as it was, and a rollback brings it back, rows written since included."""
    place.hook("020_split.before_ddl.sql", SPLIT)
    for more in phases:
        ok(place.run("apply", "--to", "v2.sql", "--mode", "aggressive", "--no-backup", *more))
    place.sql("INSERT INTO users (first_name) VALUES ('New')")
    ok(place.run("rollback", "1", "--mode", "aggressive", "--no-backup", "--fill", "users.name=first_name"))
    assert place.sql("SELECT name FROM users ORDER BY id") == [("Ada Lovelace",), ("Alan Turing",), ("Bot One",), ("New",)]
    assert place.sql("SELECT count(*) FROM _moult_hook") == [(0,)]
    ok(place.run("apply", "--to", "v2.sql", "--backward", "--mode", "aggressive", "--no-backup"), 0)
    assert place.sql("SELECT first_name FROM users ORDER BY id") == [("Ada",), ("Alan",), ("Bot",), ("New",)]


# --- phases -----------------------------------------------------------------------------------------------------------


def test_by_halves_with_starts_in_between(place):
    place.hook("020_split.before_ddl.sql", SPLIT)
    assert "contract waits" in ok(place.apply("v2", "--phase", "expand", mode="safe")).out
    place.sql("INSERT INTO users (name, first_name) VALUES ('Old Build', NULL)")
    assert "contract waits" in ok(place.apply("v2", mode="aggressive")).out
    assert "contract waits" in ok(place.apply("v2", mode="safe")).out  # from the fast path now
    assert "contract waits" in ok(place.apply("v2", "--phase", "expand")).out
    assert "behind" in ok(place.apply("v1", mode="safe")).out
    place.sql("INSERT INTO users (name) VALUES ('Another Old')")
    ok(place.apply("v2", "--phase", "contract", mode="safe"), 3)
    ok(place.apply("v2", "--phase", "contract"))
    assert [r[0] for r in place.sql("SELECT first_name FROM users ORDER BY id")] == ["Ada", "Alan", "Bot", "Old", "Another"]
    assert [r[1] for r in place.sql("PRAGMA table_info(users)")] == ["id", "first_name", "last_name"]
    assert place.sql("SELECT kind FROM _moult_history ORDER BY version") == [("apply",), ("expand",), ("contract",)]
    assert "up to date" in ok(place.apply("v2", mode="safe")).out
    ok(place.run("plan", "--to", "v2.sql", "--full", "--exit-code"))


def test_rows_of_both_builds_fit_until_the_contract(place):
    """An old build leaves out what is new, a new one what goes: neither is refused in between."""
    place.hook("020_split.before_ddl.sql", SPLIT.rstrip(";\n") + " WHERE name IS NOT NULL;")
    shown = ok(place.run("plan", "--to", "v2.sql", "--phase", "expand")).out
    assert "users.name" in shown and "NULL" in shown and "medium" not in shown and "high" not in shown
    ok(place.apply("v2", "--phase", "expand", mode="safe"))
    place.sql("INSERT INTO users (name) VALUES ('Old Build'); INSERT INTO users (first_name, last_name) VALUES ('New', 'Build')")
    ok(place.apply("v2", "--phase", "contract"))
    assert place.sql("SELECT first_name, last_name FROM users WHERE id > 3 ORDER BY id") == [("Old", "Build"), ("New", "Build")]


@pytest.mark.parametrize("phase", ["all", "expand"])
def test_what_undoes_drift_is_said_of_halves_too(place, phase):
    place.sql("ALTER TABLE post DROP COLUMN title")
    place.hook("020_split.before_ddl.sql", SPLIT)
    said = {line.split()[2]: line for line in ok(place.run("plan", "--to", "v2.sql", "--phase", phase)).out.splitlines()
            if line.startswith(("  + ", "  - ", "  ~ "))}
    assert "undoes drift" in said["post.title"]
    assert "undoes drift" not in said["users.first_name"] and "undoes drift" not in said.get("users.name", "")


def test_a_plan_of_what_waits_can_be_approved(place):
    """While a contract waits, what is shown is that contract: what is offered to approve it works as it is printed."""
    ok(place.apply("v2", "--phase", "expand", mode="safe"))
    place.sql("UPDATE users SET first_name = 'F', last_name = 'L'")
    shown = place.run("plan", "--to", "v2.sql").out
    line = next(x for x in shown.splitlines() if "approve and apply it now" in x)
    words = line.split("moult ", 1)[1].split()
    assert words[-2:] == ["--phase", "contract"]
    ok(place.moult(*words, "--no-backup", cwd=place.folder))
    assert [r[1] for r in place.sql("PRAGMA table_info(users)")] == ["id", "first_name", "last_name"]


def test_halves_from_plan_files(place, tmp_path):
    place.hook("020_split.before_ddl.sql", SPLIT)
    for phase in ("expand", "contract"):
        plan = tmp_path / (phase + ".json")
        plan.write_text(ok(place.run("plan", "--to", "v2.sql", "--phase", phase, "--format", "json")).out)
        ok(place.run("apply", "--plan", plan, "--mode", "aggressive", "--no-backup", "--no-attic"))
    assert place.sql("SELECT kind FROM _moult_history ORDER BY version") == [("apply",), ("expand",), ("contract",)]
    assert place.sql("SELECT first_name FROM users WHERE id = 1") == [("Ada",)]


def test_what_is_only_recorded_needs_no_hook(place):
    place.hook("020_split.before_ddl.sql", SPLIT)
    place.sql("DROP TABLE users; DROP TABLE post;" + V2)
    ok(place.apply("v2", "--record-only"))
    ok(place.apply("v2", "--record-only"))
    assert place.sql("SELECT version, state FROM _moult_hook") == [("020_split", "not needed")]
    assert "up to date" in ok(place.apply("v2", mode="safe")).out


def columns(place):
    return [r[0] for r in place.sql("SELECT name FROM pragma_table_info('users') ORDER BY cid")]


@pytest.mark.parametrize("hook", [True, False])
def test_the_contract_drops_what_the_version_before_declared(place, hook):
    if hook:
        place.hook("020_split.before_ddl.sql", SPLIT)
    v2 = "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, first_name TEXT, last_name TEXT);"
    (place.folder / "v2.sql").write_text(v2)
    ok(place.apply("v2", "--phase", "expand", mode="safe"))
    ok(place.run("history", "prune", "--keep", "1", "--yes"))
    assert "contract waits" in ok(place.apply("v2", mode="safe")).out
    ok(place.run("plan", "--to", "v2.sql", "--phase", "contract", "--exit-code"), 2)
    ok(place.apply("v2", "--phase", "contract"))
    assert columns(place) == ["id", "first_name", "last_name"]
    assert place.sql("SELECT count(*) FROM sqlite_schema WHERE name = 'post'") == [(0,)]


def test_the_contract_renames_what_was_expanded(place):
    """Between the halves there are things of both versions that no one schema could hold: a table and a view of one name."""
    (place.folder / "v2.sql").write_text("""CREATE TABLE person ( -- @renamed from=users
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        full_name TEXT NOT NULL, -- @renamed from=name
        fresh TEXT);
        CREATE VIEW post AS SELECT 1 AS id;""")
    apply = ("apply", "--to", "v2.sql", "--mode", "aggressive", "--no-backup")
    for phase in ("expand", "contract"):
        ok(place.run(*apply, "--phase", phase))
    assert place.sql("SELECT full_name, fresh FROM person WHERE id = 1") == [("Ada Lovelace", None)]
    assert place.sql("SELECT type FROM sqlite_schema WHERE name = 'post'") == [("view",)]
    ok(place.run("rollback", "1", "--mode", "aggressive", "--no-backup"))
    assert columns(place) == ["id", "name"] and place.sql("SELECT count(*) FROM post") == [(3,)]


@pytest.mark.parametrize("halves", [True, False])
def test_what_a_plan_with_hooks_drops_is_in_the_attic(place, halves):
    place.hook("020_split.before_ddl.sql", SPLIT)
    before = place.sql("SELECT id, name FROM users ORDER BY id"), place.sql("SELECT * FROM post ORDER BY id")
    (place.folder / "v2.sql").write_text(
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, first_name TEXT, last_name TEXT);")
    apply = ("apply", "--to", "v2.sql", "--mode", "aggressive", "--no-backup")
    for phase in ("expand", "contract") if halves else ("all",):
        ok(place.run(*apply, "--phase", phase))
    assert columns(place) == ["id", "first_name", "last_name"]
    ok(place.run("rollback", "1", "--mode", "aggressive", "--no-backup"))
    assert (place.sql("SELECT id, name FROM users ORDER BY id"), place.sql("SELECT * FROM post ORDER BY id")) == before


def test_back_over_an_expand_that_was_left(place):
    """v2 is expanded to and never finished; v3 drops what v1 had. Its values are those that v1 gets back."""
    (place.folder / "v2.sql").write_text(V1.replace("name TEXT NOT NULL", "first_name TEXT"))
    (place.folder / "v3.sql").write_text(V1.replace("name TEXT NOT NULL", "other TEXT"))
    before = place.sql("SELECT id, name FROM users ORDER BY id")
    ok(place.apply("v2", "--phase", "expand"))
    ok(place.run("apply", "--to", "v3.sql", "--mode", "aggressive", "--no-backup"))
    assert columns(place) == ["id", "other"]
    ok(place.run("rollback", "1", "--mode", "aggressive", "--no-backup"))
    assert columns(place) == ["id", "name"] and place.sql("SELECT id, name FROM users ORDER BY id") == before


def test_contract_without_an_expand(place):
    before = place.dump()
    assert "no contract that waits" in ok(place.apply("v2", "--phase", "contract"), 1).err
    assert place.dump() == before


def test_expand_of_what_only_adds_is_all_of_it(place):
    (place.folder / "more.sql").write_text(V1 + "CREATE TABLE more (id INTEGER PRIMARY KEY);")
    assert "applied" in ok(place.apply("more", "--phase", "expand", mode="safe")).out
    assert "up to date" in ok(place.apply("more", mode="safe")).out


def test_expand_and_back(place):
    ok(place.apply("v2", "--phase", "expand", mode="safe"))
    ok(place.apply("v1", "--backward"))
    assert [r[1] for r in place.sql("PRAGMA table_info(users)")] == ["id", "name"]
    assert place.sql("SELECT count(*) FROM users") == [(3,)]


def test_back_from_an_expand_whose_rename_waits(place):
    """What was added to a table under its old name is the version's that declares it under the new one."""
    (place.folder / "r.sql").write_text(V1.replace("CREATE TABLE users (", "CREATE TABLE people ( -- @renamed from=users\n").replace(
        "REFERENCES users", "REFERENCES people").replace("name TEXT NOT NULL);", "name TEXT NOT NULL, age INT);"))
    ok(place.apply("r", "--phase", "expand", mode="safe"))
    place.sql("UPDATE users SET age = 36 WHERE id = 1; ALTER TABLE users ADD COLUMN theirs")
    ok(place.run("rollback", "1", "--mode", "aggressive", "--no-backup"))
    assert [r[1] for r in place.sql("PRAGMA table_info(users)")] == ["id", "name", "theirs"]
    ok(place.run("rollback", "2", "--mode", "aggressive", "--no-backup"))
    assert place.sql("SELECT id, name FROM people") == [(1, "Ada Lovelace"), (2, "Alan Turing"), (3, "Bot One")]


def test_renames_wait_for_the_contract(place):
    (place.folder / "r.sql").write_text(V1.replace("CREATE TABLE users (", "CREATE TABLE people ( -- @renamed from=users\n").replace(
        "REFERENCES users", "REFERENCES people").replace("name TEXT NOT NULL);", "full_name TEXT NOT NULL, -- @renamed from=name\n age INT);"))
    ok(place.apply("r", "--phase", "expand", mode="safe"))
    assert [r[1] for r in place.sql("PRAGMA table_info(users)")] == ["id", "name", "age"]
    place.sql("UPDATE users SET age = 36 WHERE id = 1")
    place.hook("020_age.before_ddl.sql", "UPDATE users SET age = 1 WHERE age IS NULL;")
    ok(place.apply("r", "--phase", "contract"))
    assert place.sql("SELECT full_name, age FROM people ORDER BY id") == [("Ada Lovelace", 36), ("Alan Turing", 1), ("Bot One", 1)]
