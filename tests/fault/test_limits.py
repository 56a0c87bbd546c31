# SPDX-License-Identifier: MIT
"""Every wait has an end: connect, lock, detection in each of its pieces, statement; each with an error that names the limit
and the option that raises it. Nothing here takes much longer than the limit that it hits."""

import fcntl
import os
import re
import signal
import sqlite3
import struct
import subprocess
import time

import pytest

import built

F_OFD_SETLK = 37
SLACK = 8.0  # seconds that a loaded machine may add to a limit


def moult(*args, stdin=subprocess.DEVNULL, timeout=60):
    """Runs the command: the result, and the seconds it took."""
    began = time.monotonic()
    done = subprocess.run([str(built.moult()), *map(str, args)], stdin=stdin, capture_output=True, text=True, timeout=timeout)
    return done, time.monotonic() - began


def names(done, limit, option):
    """The error says how long the limit was, and how to raise it."""
    assert done.returncode not in (0, 2), (done.stdout, done.stderr)
    assert limit in done.stderr, done.stderr
    assert option in done.stderr, done.stderr


def database(tmp_path, sql="CREATE TABLE t (a)"):
    db = sqlite3.connect(tmp_path / "a.db")
    db.executescript(sql)
    db.close()
    return tmp_path / "a.db"


def schema(tmp_path, sql="CREATE TABLE t (a, b);\n"):
    (tmp_path / "schema.sql").write_text(sql)
    return tmp_path / "schema.sql"


def hold(path):
    """Takes moult's lock as another process does: a lock of the kernel on the file."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    fcntl.fcntl(fd, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    return fd


# --- connect ----------------------------------------------------------------------------------------------------------


def test_connect(tmp_path):
    done, seconds = moult("plan", "--url", tmp_path / "none.db", "--wait", "1s", "--to", schema(tmp_path))
    names(done, "1 seconds", "--wait")
    assert 0.9 < seconds < 1 + SLACK


def test_connect_waits_for_what_comes(tmp_path):
    program = subprocess.Popen([str(built.moult()), "inspect", "--url", str(tmp_path / "a.db"), "--wait", "30s"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.4)
    database(tmp_path)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    assert "CREATE TABLE t" in out


# --- the lock ---------------------------------------------------------------------------------------------------------


def test_lock(tmp_path):
    db = database(tmp_path)
    fd = hold(str(db) + "-moult-lock")
    os.write(fd, b"4711 elsewhere 2026-01-02T03:04:05.678Z ann\nplan 7f3a9c21, step 3 of 7: rebuild user\n")
    done, seconds = moult("apply", "--url", db, "--to", schema(tmp_path), "--lock-timeout", "1s")
    os.close(fd)
    assert done.returncode == 5, done.stderr
    names(done, "1.0 seconds", "--lock-timeout")
    for told in ("4711", "elsewhere", "2026-01-02T03:04:05", "step 3 of 7"):
        assert told in done.stderr, done.stderr
    assert 0.9 < seconds < 1 + SLACK


# --- detection --------------------------------------------------------------------------------------------------------


def test_detection_command(tmp_path):
    done, seconds = moult("plan", "--url", database(tmp_path), "--to", "cmd:sleep 60", "--detect-timeout", "1s")
    names(done, "1 seconds", "--detect-timeout")
    assert "reading the source" in done.stderr, done.stderr
    assert seconds < 1 + SLACK


@pytest.mark.parametrize("how", ["silent", "endless"])
def test_detection_standard_input(tmp_path, how):
    """A pipe that says nothing, or one that never ends."""
    read, write = os.pipe()
    talker = subprocess.Popen(["sleep", "60"] if how == "silent" else ["sh", "-c", "while sleep 0.2; do echo '-- more'; done"], stdout=write)
    os.close(write)
    try:
        done, seconds = moult("plan", "--url", database(tmp_path), "--to", "-", "--detect-timeout", "1s", stdin=read)
    finally:
        talker.kill()
        talker.wait()
        os.close(read)
    names(done, "1 seconds", "--detect-timeout")
    assert seconds < 1 + SLACK


def test_detection_named_pipe(tmp_path):
    """A pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe.sql")
    done, seconds = moult("plan", "--url", database(tmp_path), "--to", tmp_path / "pipe.sql", "--detect-timeout", "1s")
    names(done, "1 seconds", "--detect-timeout")
    assert seconds < 1 + SLACK


def test_detection_in_each_piece(tmp_path):
    """From a limit that allows next to nothing to one that is enough: each time it ends soon after its limit, and the pieces
    that it was stopped in are those that there are."""
    count = 500
    before = "".join("CREATE TABLE t%d (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);\nCREATE INDEX i%d ON t%d (a, b);\n" % (i, i, i)
                     for i in range(count))
    after = before.replace("b INTEGER", "b INTEGER, c TEXT CHECK (c <> 'x')").replace("(a, b)", "(b, a)")
    db, desired = database(tmp_path, "BEGIN;" + before + "COMMIT;"), schema(tmp_path, after)
    stopped, limit = set(), 0.01
    while True:
        done, seconds = moult("plan", "--url", db, "--to", desired, "--own=all", "--full", "--detect-timeout", "%gs" % limit, timeout=120)
        if done.returncode == 0:
            break
        names(done, "%g seconds" % limit, "--detect-timeout")
        assert seconds < limit + SLACK, (seconds, limit)
        stopped.add(re.search(r"seconds, while (.+)", done.stderr)[1])
        limit *= 1.4
        assert limit < 60
    assert {"loading the desired schema", "proving the plan"} <= stopped, stopped


def test_detection_of_a_database_that_is_held(tmp_path):
    """A reader that waits for another's exclusive lock: the limit of detection holds there too, not only the lock's own."""
    db = database(tmp_path)
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    (tmp_path / "second.db").write_bytes(b"")
    done, seconds = moult("plan", "--url", tmp_path / "second.db", "--to", db, "--detect-timeout", "1s", "--lock-timeout", "30s")
    other.execute("ROLLBACK")
    other.close()
    names(done, "1 seconds", "--detect-timeout")
    assert seconds < 1 + SLACK


# --- statements -------------------------------------------------------------------------------------------------------


def test_statement(tmp_path):
    db = database(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);"
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
                  "INSERT INTO t (a) SELECT hex(randomblob(20)) FROM n;")
    desired = schema(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\nCREATE INDEX t_a ON t (a, length(a), upper(a), lower(a));\n")
    before = db.read_bytes()
    done, seconds = moult("apply", "--url", db, "--to", desired, "--own=all", "--statement-timeout", "20ms")
    names(done, "0.02 seconds", "--statement-timeout")
    assert "step 1 of 1" in done.stderr, done.stderr
    assert seconds < SLACK
    assert not os.path.exists(str(db) + "-moult-lock")
    assert sqlite3.connect(db).execute("SELECT count(*) FROM sqlite_schema WHERE name = 't_a'").fetchone() == (0,)
    assert len(before) <= os.path.getsize(db)
    done, _ = moult("apply", "--url", db, "--to", desired, "--own=all")
    assert done.returncode == 0, done.stderr


def test_statement_of_a_hook(tmp_path):
    """A hook that never returns."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "010_endless.before_ddl.sql").write_text(
        "UPDATE t SET a = (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n);\n")
    db = database(tmp_path, "CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    done, seconds = moult("apply", "--url", db, "--to", schema(tmp_path), "--own=all", "--hooks", hooks, "--mode=aggressive",
                          "--statement-timeout", "300ms")
    names(done, "0.3 seconds", "--statement-timeout")
    assert "010_endless" in done.stderr, done.stderr
    assert seconds < SLACK
    assert sqlite3.connect(db).execute("SELECT * FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("source", ["-", "cmd:sleep 50", "cmd:exec >&-; exec 2>&-; sleep 50"])
def test_cancelled_while_the_source_is_read(tmp_path, source):
    """Ctrl-C ends it soon, not at its limit: with a silent pipe, a command that runs on, one that has closed its output."""
    read, write = os.pipe()
    program = subprocess.Popen([str(built.moult()), "plan", "--url", str(database(tmp_path)), "--to", source], stdin=read,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    program.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = program.communicate(timeout=30)
    os.close(read)
    os.close(write)
    assert program.returncode == 1 and "cancelled" in err, (out, err)
    assert time.monotonic() - began < SLACK


# --- the rows ---------------------------------------------------------------------------------------------------------

UNIQUE = "CREATE TABLE t (a TEXT);\nCREATE UNIQUE INDEX u ON t (a);\n"


@pytest.fixture(scope="module")
def many_rows(tmp_path_factory):
    return database(tmp_path_factory.mktemp("rows"), "CREATE TABLE t (a TEXT);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) INSERT INTO t SELECT hex(randomblob(16)) FROM n;")


def test_probe(tmp_path, many_rows):
    """Rows that take longer to ask than they may: no error, the higher risk, and the limit is named."""
    done, seconds = moult("plan", "--url", many_rows, "--to", schema(tmp_path, UNIQUE), "--own=all", "--probe-timeout", "50ms")
    assert done.returncode == 0, done.stderr
    assert "not asked to the end" in done.stdout and "0.05 s" in done.stdout and "--probe-timeout" in done.stdout, done.stdout
    assert "medium" in done.stdout
    assert seconds < SLACK


def test_detection_asking_the_rows(tmp_path, many_rows):
    """The limit of detection holds for the rows, too: a statement is stopped in its middle."""
    done, seconds = moult("plan", "--url", many_rows, "--to", schema(tmp_path, UNIQUE), "--own=all", "--detect-timeout", "150ms",
                          "--probe-timeout", "60s")
    names(done, "0.15 seconds", "--detect-timeout")
    assert seconds < SLACK
