# SPDX-License-Identifier: MIT
"""moult's lock: one apply at a time; who has it and what it does can be read; one that a dead process left is free at once."""

import ctypes
import os
import signal
import sqlite3
import subprocess
import time

import pytest

import built
from test_limits import database, hold, schema

FREE, HELD, LEFT = range(3)
ROWS = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000) INSERT INTO t SELECT i, hex(i) FROM n;")
WANTED = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, CHECK (length(a) > 0)) STRICT;\nCREATE INDEX t_a ON t (a, id);\n"


class Info(ctypes.Structure):
    _fields_ = [("state", ctypes.c_int), ("provider", ctypes.c_char_p), ("pid", ctypes.c_int64), ("host", ctypes.c_char * 128),
                ("since", ctypes.c_char * 32), ("account", ctypes.c_char * 64), ("note", ctypes.c_char * 256)]


def look(db):
    """moult_lock_look(), as any program calls it."""
    lib = ctypes.CDLL(str(built.program("libmoult.so.0.1.0")))
    m, info = ctypes.c_void_p(), Info()
    assert lib.moult_open(ctypes.byref(m), os.fsencode(db), 0, None) == 0
    began = time.monotonic()
    assert lib.moult_lock_look(m, ctypes.byref(info)) == 0
    assert time.monotonic() - began < 2, "looking does not wait"
    lib.moult_close(m)
    return info


def apply(db, desired, *more):
    return subprocess.Popen([str(built.moult()), "apply", "--url", str(db), "--to", str(desired), "--own=all", "--mode=aggressive", "--no-backup",
                             *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def status(db):
    """What a person reads of it."""
    return subprocess.run([str(built.moult()), "status", "--url", str(db)], cwd=os.path.dirname(db), capture_output=True, text=True, timeout=60).stdout


def in_a_step(db, program):
    """Waits until the note tells of a step. Gives the whole of it."""
    end = time.monotonic() + 60
    while time.monotonic() < end and program.poll() is None:
        info = look(db)
        if info.state == HELD and b", step " in info.note:
            return info
        time.sleep(0.005)
    raise AssertionError("it was never seen in a step")


pytestmark = pytest.mark.skipif("MOULT_SANITIZED" in os.environ, reason="Python does not load a library with sanitizers")


def test_who_has_it_and_what_it_does(tmp_path):
    db, desired = database(tmp_path, ROWS), schema(tmp_path, WANTED)
    assert look(db).state == FREE
    program = apply(db, desired)
    info = in_a_step(db, program)
    assert info.pid == program.pid and info.provider == b"file"
    assert info.host.decode() == os.uname().nodename and info.account and info.since.endswith(b"Z")
    assert info.note.startswith(b"plan ") and b" of " in info.note
    said = status(db)
    if program.poll() is None:
        assert "held by process %d" % program.pid in said, said
    assert program.wait(120) == 0, program.stderr.read()
    assert look(db).state == FREE


def test_a_dead_owner_is_told_and_locks_nobody_out(tmp_path):
    db, desired = database(tmp_path, ROWS), schema(tmp_path, WANTED)
    program = apply(db, desired)
    note = in_a_step(db, program).note.decode()
    program.send_signal(signal.SIGKILL)
    program.wait()
    info = look(db)
    assert info.state == LEFT and info.pid == program.pid and info.note
    assert "process %d on %s ended while it had it: plan " % (program.pid, os.uname().nodename) in status(db)
    second = apply(db, desired, "--lock-timeout", "0")
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert "process %d" % program.pid in err and note.split(",")[0] in err, (note, err)
    assert "nothing of it is there" in err, err
    assert look(db).state == FREE


def test_a_dead_owner_whose_plan_was_applied(tmp_path):
    """Killed after the commit, while it looked once more: that is told, too."""
    db, desired = database(tmp_path), schema(tmp_path)
    first = apply(db, desired)
    assert first.wait(60) == 0
    plan = sqlite3.connect(db).execute("SELECT plan_id FROM _moult_history").fetchone()[0]
    with open(str(db) + "-moult-lock", "w") as f:
        f.write("%d %s 2026-01-02T03:04:05.678Z ann\nplan %.8s, commit of step 1 of 1\n" % (first.pid, os.uname().nodename, plan))
    desired.write_text("CREATE TABLE t (a, b, c);\n")
    second = apply(db, desired)
    _, err = second.communicate(timeout=60)
    assert second.returncode == 0 and "its plan was applied before it ended" in err, err


def test_the_others_wait_and_find_it_done(tmp_path):
    db, desired = database(tmp_path, ROWS), schema(tmp_path, WANTED)
    first = apply(db, desired)
    in_a_step(db, first)
    others = [apply(db, desired) for _ in range(3)]
    assert first.wait(120) == 0, first.stderr.read()
    for other in others:
        out, err = other.communicate(timeout=120)
        assert other.returncode == 0 and "up to date" in out, (out, err)
    assert sqlite3.connect(db).execute("SELECT count(*) FROM _moult_history").fetchone() == (1,)


def test_a_file_of_another_account_that_is_left(tmp_path):
    """A lock file that this account may only read, and that nobody holds, makes room."""
    if os.geteuid() != 0:
        pytest.skip("needs two accounts")
    db, desired = database(tmp_path), schema(tmp_path)
    lock = tmp_path / "a.db-moult-lock"
    lock.write_text("1 elsewhere 2026-01-02T03:04:05.678Z root\nplan 12345678, step 1 of 2: x\n")
    lock.chmod(0o644)
    for place in (tmp_path, db):
        os.chown(place, 65534, 65534)
    for place in tmp_path.parents:
        if str(place).startswith(("/tmp/", "/dev/shm/")):
            place.chmod(place.stat().st_mode | 0o055)
    tool = tmp_path / "moult"
    tool.write_bytes(built.moult().read_bytes())
    tool.chmod(0o755)

    def other():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    done = subprocess.run([str(tool), "apply", "--url", str(db), "--to", str(desired), "--own=all"], capture_output=True, text=True,
                          timeout=60, preexec_fn=other)
    assert done.returncode == 0, done.stderr
    assert "process 1 on 'elsewhere'" in done.stderr, done.stderr
    assert not lock.exists()


def test_a_lock_that_is_held_is_not_taken_away(tmp_path):
    """Whatever its text says: the kernel knows who has it."""
    db, desired = database(tmp_path), schema(tmp_path)
    fd = hold(str(db) + "-moult-lock")
    os.write(fd, b"999999999 nowhere 2020-01-01T00:00:00.000Z nobody\n")
    assert look(db).state == HELD
    program = apply(db, desired, "--lock-timeout", "300ms")
    _, err = program.communicate(timeout=60)
    assert program.returncode == 5, err
    os.close(fd)
    program = apply(db, desired)
    assert program.wait(60) == 0, program.stderr.read()
