# SPDX-License-Identifier: MIT
"""The defects of the prototype that moult replaces, each with a test that is named for it and that fails where it comes back."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import built  # noqa: E402
import redis_help  # noqa: E402
from tests import judge  # noqa: E402
from test_limits import database, moult, schema

SCHEMA = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n"


def shimmed(**settings):
    """The environment in which the disk and the engine do as told."""
    return {**os.environ, "LD_PRELOAD": str(built.program("tests/fault/libshim.so")),
            **{"SHIM_" + k.upper(): str(v) for k, v in settings.items()}}


def run(*args, env=None, timeout=60):
    return subprocess.run([str(built.moult()), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, env=env)


def tables(db):
    con = sqlite3.connect(db)
    try:
        return {name for (name,) in con.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    finally:
        con.close()


def readable(tmp_path):
    """A database that is up to date with its schema, remembers nothing itself, and is opened to read only."""
    db, desired = tmp_path / "a.db", schema(tmp_path, SCHEMA)
    assert run("apply", "--url", db, "--to", desired).returncode == 0
    con = sqlite3.connect(db)
    con.execute("DELETE FROM _moult_state")
    con.commit()
    con.close()
    return "sqlite:///file:%s?mode=ro&uri=true" % db, desired


# --- 1 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["file", "redis"])
def test_counters_without_synchronisation(tmp_path, where):
    """Sixteen threads on one cache: every start is counted once. `make test` runs the same program under ThreadSanitizer, where
    a counter that is not atomic is found whether or not it lost anything."""
    program = built.program("tests/threads/threads_cache")
    if where == "file":
        done = subprocess.run([program], capture_output=True, text=True, timeout=120)
    else:
        server = redis_help.Fake()
        try:
            done = subprocess.run([program], capture_output=True, text=True, timeout=120, env={**os.environ, "MOULT_CACHE": server.url})
        finally:
            server.close()
    assert done.returncode == 0, done.stdout + done.stderr


# --- 3 ----------------------------------------------------------------------------------------------------------------


def test_cache_file_half_written(tmp_path):
    """Killed at each change of a file while it writes: what is there is the old file or the new one, whole, and serves."""
    url, desired = readable(tmp_path)
    folder = tmp_path / "cache"
    folder.mkdir()
    cache = folder / "c"
    assert run("apply", "--url", url, "--to", desired, "--cache", cache).returncode == 0
    old = cache.read_bytes()
    second = tmp_path / "second.sql"
    second.write_text(SCHEMA + "-- another\n")
    again = ["apply", "--url", url, "--to", second, "--cache", cache]
    assert run(*again, env=shimmed(folder=folder, count=tmp_path / "count")).returncode == 0
    new, changes = cache.read_bytes(), int((tmp_path / "count").read_text())
    assert old != new and changes >= 5
    for n in range(1, changes + 1):
        cache.write_bytes(old)
        done = run(*again, env=shimmed(folder=folder, kill_at=n))
        assert done.returncode in (0, -signal.SIGKILL)
        assert cache.read_bytes() in (old, new), n
        assert run(*again).returncode == 0
        assert cache.read_bytes() == new


def test_cache_file_read_while_it_is_written(tmp_path):
    """Two writers, and a reader that looks all the time: it never sees a piece of a file."""
    url, _ = readable(tmp_path)
    cache, stop, broken, looks = tmp_path / "c", threading.Event(), [], [0]

    def look():
        while not stop.is_set():
            text = cache.read_text() if cache.exists() else ""
            looks[0] += 1
            if text and not re.fullmatch(r"moult-cache 1 [0-9a-f]{32}\n([0-9a-f]{32} [0-9a-f]{32},[a-z_]+,\d+,[0-9a-f]{32}\n)+", text):
                broken.append(text)

    def write(number):
        for i in range(15):
            source = tmp_path / ("s%d-%d.sql" % (number, i))
            source.write_text(SCHEMA + "-- %d %d\n" % (number, i))
            assert run("apply", "--url", url, "--to", source, "--cache", cache).returncode == 0

    reader = threading.Thread(target=look)
    writers = [threading.Thread(target=write, args=(i,)) for i in range(2)]
    reader.start()
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    stop.set()
    reader.join()
    assert not broken, broken[0]
    assert looks[0] > 20
    assert len(cache.read_text().splitlines()) == 31, "nobody's entry is lost"


# --- 5 ----------------------------------------------------------------------------------------------------------------


def test_unvalidated_options():
    """Each member of moult_options, with each kind of value that it cannot have."""
    done = subprocess.run([built.program("tests/unit/test_options")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("args", [["--lock-timeout", "-1"], ["--lock-timeout", "soon"], ["--detect-timeout", "1e9"], ["--wait", "nan"],
                                  ["--mode", "fast"], ["--phase", "half"], ["--include", ""], ["--cache", "http://x"], ["--cache", "redis://h?x=1"]])
def test_unvalidated_options_of_the_command(tmp_path, args):
    """A value that cannot be is refused before anything is opened."""
    done = run("apply", "--url", tmp_path / "a.db", "--to", schema(tmp_path), *args)
    assert done.returncode == 1 and done.stderr, (args, done.stderr)
    assert not (tmp_path / "a.db").exists()


# --- 6 ----------------------------------------------------------------------------------------------------------------


def test_detection_without_a_timeout(tmp_path):
    """A source that never ends. (Each piece of detection has its own test in test_limits.py.)"""
    done, seconds = moult("apply", "--url", database(tmp_path), "--to", "cmd:while :; do sleep 1; done", "--detect-timeout", "1s")
    assert done.returncode == 1 and "limit of 1 seconds" in done.stderr, done.stderr
    assert seconds < 9


# --- 8 ----------------------------------------------------------------------------------------------------------------


def test_no_retry_when_the_history_cannot_be_created(tmp_path):
    """The first two tries find it locked: the third one does it, and the apply is whole."""
    db, desired = tmp_path / "a.db", schema(tmp_path, SCHEMA)
    done = run("apply", "--url", db, "--to", desired, env=shimmed(busy=2))
    assert done.returncode == 0, done.stderr
    assert {"t", "_moult_history"} <= tables(db)
    assert run("history", "--url", db).stdout.count("apply") == 1


def test_the_history_cannot_be_created_at_all(tmp_path):
    """Three tries and no more: an error, soon, and nothing is applied that would have no history."""
    db, desired = tmp_path / "a.db", schema(tmp_path, SCHEMA)
    began = time.monotonic()
    done = run("apply", "--url", db, "--to", desired, env=shimmed(busy=3))
    assert done.returncode == 5, (done.returncode, done.stderr)
    assert time.monotonic() - began < 10
    assert tables(db) == set()
    assert run("apply", "--url", db, "--to", desired).returncode == 0


# --- 9 ----------------------------------------------------------------------------------------------------------------


def test_a_release_that_fails(tmp_path):
    """The lock file cannot be removed: a warning, the apply stands, and the next start takes the lock at once and blames nobody."""
    db, desired = tmp_path / "a.db", schema(tmp_path, SCHEMA)
    done = run("apply", "--url", db, "--to", desired, env=shimmed(folder=tmp_path, keep="-moult-lock"))
    assert done.returncode == 0, done.stderr
    assert "the lock was given back, but cannot remove" in done.stderr, done.stderr
    assert os.path.exists(str(db) + "-moult-lock")
    desired.write_text(SCHEMA + "CREATE TABLE u (a);\n")
    done = run("apply", "--url", db, "--to", desired, "--lock-timeout", "0")
    assert done.returncode == 0 and "ended while" not in done.stderr, done.stderr
    assert not os.path.exists(str(db) + "-moult-lock")


def test_a_failed_release_does_not_hide_the_first_error(tmp_path):
    db = database(tmp_path, "CREATE TABLE t (a); INSERT INTO t VALUES (NULL), (1);")
    done = run("apply", "--url", db, "--to", schema(tmp_path, "CREATE TABLE t (a NOT NULL);\n"), "--own=all", env=shimmed(folder=tmp_path, keep="-moult-lock"))
    first = run("apply", "--url", db, "--to", schema(tmp_path, "CREATE TABLE t (a NOT NULL);\n"), "--own=all")
    assert done.returncode == first.returncode == 1
    message = next(line for line in first.stderr.splitlines() if "error:" in line)
    assert message in done.stderr.splitlines(), (message, done.stderr)
    assert "the lock was given back, but" in done.stderr, done.stderr


@pytest.mark.skipif("MOULT_SANITIZED" in os.environ, reason="this library links with the sanitizers' flags only")
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_lock_file_that_is_gone_at_its_release(tmp_path, how):
    """Somebody removes or replaces the file while it is held: the release says so, does not wait, and removes nothing that is
    another's."""
    db, desired = tmp_path / "a.db", schema(tmp_path, SCHEMA)
    lock = str(db) + "-moult-lock"
    trick = "rm %s; " % lock + ("echo other > %s; " % lock if how == "replaced" else "")
    done = run("apply", "--url", db, "--to", "cmd:cat %s" % desired)  # the source is read before the lock is taken
    assert done.returncode == 0
    hook = tmp_path / "hooks"
    hook.mkdir()
    program = tmp_path / "app.c"
    program.write_text(HOOKED)
    build = built.folder()
    made = subprocess.run(["cc", "-o", tmp_path / "app", program, "-I", str(built.ROOT / "include"), str(build / "libmoult.a"),
                           "-lsqlite3", "-ljansson", "-lmd", "-lpthread", *(["-lhiredis"] if "hiredis" in linked(build) else [])],
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    done = subprocess.run([tmp_path / "app", str(db), trick], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "removed or replaced while it was held" in done.stdout, done.stdout
    assert os.path.exists(lock) == (how == "replaced")
    assert run("apply", "--url", db, "--to", schema(tmp_path, SCHEMA + "CREATE TABLE w (a);\n"), "--mode=aggressive").returncode == 0


def linked(build):
    return (build / "build.ninja").read_text()


HOOKED = r"""
#include <moult.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int hook(void *user, moult_hook_context *c) { (void)c; return system(user); }
static int event(void *user, const moult_event *e)
{
    (void)user;
    if (e->kind == MOULT_EVENT_LOG && e->level == 2)
        puts(e->message);
    return 0;
}
int main(int argc, char **argv)
{
    moult_hook hooks[] = {{.version = "trick", .run = hook, .user = argv[argc - 1]}, {0}};
    moult_options o = MOULT_OPTIONS_INIT;
    moult_source s = {.text = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);CREATE TABLE u (a);"};
    moult_result *r = NULL;
    o.hooks = hooks;
    o.on_event = event;
    o.mode = MOULT_MODE_AGGRESSIVE;
    int rc = moult_start(&r, argv[1], &s, &o);
    printf("%d %s\n", rc, moult_result_text(r));
    moult_result_free(r);
    return rc != 0;
}
"""


# --- 10 ---------------------------------------------------------------------------------------------------------------


def test_a_clear_that_loads_everything(tmp_path):
    """A server that counts what it is asked, and knows neither KEYS nor FLUSHDB: batches, and only what has the prefix."""
    server = redis_help.Fake()
    try:
        server.keys.update({"app:fast:%032d" % i: "x" for i in range(200)})
        others = {"app": "x", "apple": "x", "other:fast:1": "x", "Xapp:fast:1": "x"}
        server.keys.update(others)
        done = run("cache", "clear", "--cache", server.url + "?prefix=app:")
        assert done.returncode == 0 and done.stdout == "200 entries removed\n", (done.stdout, done.stderr)
        assert server.keys == others
        names = server.names()
        assert set(names) <= {"SCAN", "DEL"} and names.count("SCAN") >= 20, names
        assert all(len(words) <= 1024 for words in server.commands)
        assert all(word.startswith("app:") for words in server.commands if words[0] == "DEL" for word in words[1:])
    finally:
        server.close()


def test_a_clear_with_a_hundred_thousand_keys(tmp_path):
    """The real server: all of ours go, all of the others stay, and KEYS is never asked: batches of some hundreds."""
    with redis_help.real(tmp_path) as path:
        redis_help.many(path, "app:fast:", 100_000)
        redis_help.many(path, "appendix:", 10_000)
        done = run("cache", "clear", "--cache", "redis+unix://%s?prefix=app:" % path)
        assert done.returncode == 0 and done.stdout == "100000 entries removed\n", (done.stdout, done.stderr)
        assert redis_help.command(path, "DBSIZE") == ":10000"
        asked = redis_help.info(path, "commandstats")
        assert "cmdstat_scan" in asked and "cmdstat_keys" not in asked and "cmdstat_flush" not in asked, asked
        assert int(re.search(r"cmdstat_scan:calls=(\d+)", asked)[1]) >= 100, asked


# --- a failed history insert is swallowed -----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["_moult_history", "_moult_state"])
@pytest.mark.parametrize("flags", [[], ["--online"]], ids=["plain", "online"])
def test_a_failed_history_insert_is_swallowed(tmp_path, table, flags):
    """What cannot be recorded is not done: the apply fails, names the cause, and its change is undone; then it works."""
    db, desired = tmp_path / "a.db", schema(tmp_path, SCHEMA)
    assert run("apply", "--url", db, "--to", desired).returncode == 0
    con = sqlite3.connect(db)
    con.execute("INSERT INTO t VALUES (1, 'x')")
    con.execute("CREATE TRIGGER stop BEFORE INSERT ON %s BEGIN SELECT RAISE(ABORT, 'nothing is recorded today'); END" % table)
    con.commit()
    before = con.execute("SELECT sql FROM sqlite_schema WHERE name = 't'").fetchall()
    desired.write_text("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INT);\n")
    done = run("apply", "--url", db, "--to", desired, "--mode", "aggressive", "--no-backup", *flags)
    if table == "_moult_state" and flags:  # not written by an apply that has something to clear away afterwards
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 1 and "nothing is recorded today" in done.stderr, done.stderr
    assert con.execute("SELECT sql FROM sqlite_schema WHERE name = 't'").fetchall() == before
    assert con.execute("SELECT count(*) FROM _moult_history").fetchone() == (1,)
    con.execute("DROP TRIGGER stop")
    con.commit()
    con.close()
    done = run("apply", "--url", db, "--to", desired, "--mode", "aggressive", "--no-backup", *flags)
    assert done.returncode == 0 and "version 2" in done.stdout, done.stdout + done.stderr


# --- identifiers unquoted ---------------------------------------------------------------------------------------------

HOSTILE = ['we"ird', "x; DROP TABLE victim; --", "a'b", "x\"; DROP TABLE victim; --", "select", "[x", "a]b", "`", "new\nline", "%s%n", "名前",
           "a.b", "/*", "--"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def hostile_schema(name, column, extra, kind, victim="CREATE TABLE victim (id INTEGER PRIMARY KEY);\n"):
    return victim + """CREATE TABLE {0} (id INTEGER PRIMARY KEY, {1} {3}{2});
CREATE INDEX {4} ON {0} ({1});
CREATE VIEW {5} AS SELECT {1} FROM {0};
CREATE TRIGGER {6} AFTER DELETE ON {0} BEGIN SELECT 1; END;
""".format(quoted(name), quoted(column), extra, kind, quoted(name + " index"), quoted(name + " view"), quoted(name + " trigger"))


@pytest.mark.parametrize("name", HOSTILE)
def test_identifiers_unquoted(tmp_path, name):
    """Names that are SQL, through every command that writes: each does what it says, and a bystander keeps its rows."""
    db, desired = tmp_path / "a.db", tmp_path / "schema.sql"
    column = name + " column"

    def must(*args, code=0):
        done = run(*args, "--url", db)
        assert done.returncode == code, (args, done.stdout, done.stderr)
        return done.stdout

    def victims():
        con = sqlite3.connect(db)
        try:
            assert con.execute("SELECT count(*) FROM victim").fetchone() == (3,)
            return con.execute("SELECT count(*), group_concat(%s, ',') FROM %s" % (quoted(column), quoted(name))).fetchone()
        finally:
            con.close()

    always = ("--to", desired, "--mode", "aggressive", "--no-backup")
    desired.write_text(hostile_schema(name, column, "", "TEXT"))
    must("apply", *always)
    con = sqlite3.connect(db)
    con.executemany("INSERT INTO victim VALUES (?)", [(1,), (2,), (3,)])
    con.executemany("INSERT INTO %s VALUES (?, ?)" % quoted(name), [(1, "7"), (2, "8")])
    con.commit()
    con.close()
    for extra, kind, flags in ((", %s INT" % quoted(name + " more"), "TEXT", ()), (" DEFAULT 1", "TEXT", ()), ("", "INT", ()),
                               (" UNIQUE", "INT", ("--online",)), (" NOT NULL CHECK (%s > 0)" % quoted(column), "INT", ())):
        desired.write_text(hostile_schema(name, column, extra, kind))
        must("plan", *always[:2], "--exit-code", code=2)
        must("apply", *always, *flags)
        must("plan", *always[:2], "--exit-code")
        assert victims() == (2, "7,8")
    back = 3 if "rollback" in run("help").stdout else 0
    if back:
        must("rollback", str(back), "--mode", "aggressive", "--no-backup")
        assert victims() == (2, "7,8")
    desired.write_text("CREATE TABLE victim (id INTEGER PRIMARY KEY);\n")
    must("apply", *always)
    assert quoted(name) not in must("inspect")
    if back:
        must("attic", "list")
        must("rollback", "--mode", "aggressive", "--no-backup")
        assert victims() == (2, "7,8")
        must("attic", "purge", "--all", "--yes")
    must("status")
    must("history")


# --- what it never noticed, and what it only said ------------------------------------------------------------------------


def test_column_drop_emits_a_comment(tmp_path):
    """Dropping a column drops it: in the script with its comments taken out, and in the database."""
    db, desired = tmp_path / "a.db", schema(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);\n")
    assert run("apply", "--url", db, "--to", desired).returncode == 0
    desired.write_text(SCHEMA)
    script = run("plan", "--url", db, "--to", desired, "--format", "sql").stdout
    assert re.search(r"DROP COLUMN", re.sub(r"--[^\n]*|/\*.*?\*/", "", script, flags=re.S)), script
    assert run("apply", "--url", db, "--to", desired, "--mode", "aggressive", "--no-backup").returncode == 0
    con = sqlite3.connect(db)
    assert [c for (c,) in con.execute("SELECT name FROM pragma_table_info('t')")] == ["id", "a"]
    con.close()


NOTICED = {
    "nullability": ("a TEXT", "a TEXT NOT NULL"),
    "nullability-back": ("a TEXT NOT NULL", "a TEXT"),
    "default": ("a TEXT DEFAULT 'x'", "a TEXT DEFAULT 'y'"),
    "default-new": ("a TEXT", "a TEXT DEFAULT 'y'"),
    "default-gone": ("a TEXT DEFAULT 'x'", "a TEXT"),
    "check": ("a TEXT", "a TEXT CHECK (length(a) < 9)"),
    "check-other": ("a TEXT CHECK (length(a) < 9)", "a TEXT CHECK (length(a) < 8)"),
    "unique": ("a TEXT", "a TEXT UNIQUE"),
    "foreign-key": ("a TEXT", "a TEXT REFERENCES t (id)"),
    "foreign-key-action": ("a TEXT REFERENCES t (id)", "a TEXT REFERENCES t (id) ON DELETE CASCADE"),
    "collation": ("a TEXT", "a TEXT COLLATE NOCASE"),
    "type-length": ("a VARCHAR(20)", "a VARCHAR(40)"),
    "type-scale": ("a DECIMAL(10, 2)", "a DECIMAL(10, 4)"),
    "index": ("a TEXT", "a TEXT); CREATE INDEX i ON t (a"),
    "index-order": ("a TEXT); CREATE INDEX i ON t (a", "a TEXT); CREATE INDEX i ON t (a DESC"),
    "index-condition": ("a TEXT); CREATE INDEX i ON t (a", "a TEXT); CREATE INDEX i ON t (a) WHERE (a IS NOT NULL"),
    "index-unique": ("a TEXT); CREATE INDEX i ON t (a", "a TEXT); CREATE UNIQUE INDEX i ON t (a"),
}


@pytest.mark.parametrize("what", NOTICED)
def test_changes_that_were_never_noticed(tmp_path, what):
    """A change of nullability, default, constraint, index or type length is a change; it is made, and is none afterwards."""
    db, desired = tmp_path / "a.db", tmp_path / "schema.sql"
    before, after = ("CREATE TABLE t (id INTEGER PRIMARY KEY, %s);\n" % text for text in NOTICED[what])
    desired.write_text(before)
    assert run("apply", "--url", db, "--to", desired).returncode == 0
    desired.write_text(after)
    assert run("plan", "--url", db, "--to", desired, "--exit-code").returncode == 2
    done = run("apply", "--url", db, "--to", desired, "--mode", "aggressive", "--no-backup")
    assert done.returncode == 0, done.stderr
    assert judge.converges(str(db), after) == []
    assert run("plan", "--url", db, "--to", desired, "--exit-code", "--full").returncode == 0
