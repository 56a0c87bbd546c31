# SPDX-License-Identifier: MIT
"""Somebody else is at the file while moult works: it is replaced, altered, written, or held."""
import os
import pty
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.fault.test_faults import Place  # noqa: E402

OTHER = "CREATE TABLE mine (x); INSERT INTO mine VALUES ('not yours');"


@pytest.fixture
def place(tmp_path):
    out = Place(tmp_path, 300)
    out.finish()
    return out


def other_database(place):
    path = place.folder / "kept" / "other.db"
    db = sqlite3.connect(path)
    db.executescript(OTHER)
    db.close()
    return path


def asked(place, meanwhile, answer=b"y\n"):
    """An apply that asks a person at a terminal; `meanwhile` runs while it waits for the answer."""
    words = [w for w in place.command() if w not in ("--mode", "aggressive")]
    master, slave = pty.openpty()
    child = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, cwd=place.folder, close_fds=True,
                             env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
    os.close(slave)
    said, deadline, told, renamed = b"", time.monotonic() + 30, False, False
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.2)
        try:
            said += os.read(master, 65536) if ready else b""
        except OSError:
            break
        if not renamed and b"Was the column" in said:
            os.write(master, b"n\n")
            renamed = True
        if not told and b"apply it now?" in said:
            meanwhile()
            os.write(master, answer)
            told = True
        if not ready and child.poll() is not None:
            break
    os.close(master)
    assert told, said
    return child.wait(timeout=30), said.decode()


def test_the_file_is_replaced_while_a_person_thinks(place):
    """What was approved was for another database: nothing is written into this one."""
    other = other_database(place)
    was = other.read_bytes()
    code, said = asked(place, lambda: os.replace(shutil.copy(other, place.folder / "new.db"), place.db))
    assert code == 1 and "was approved, but what would run now is plan" in said, said
    assert place.db.read_bytes() == was


def test_the_schema_is_altered_while_a_person_thinks(place):
    def alter():
        db = sqlite3.connect(place.db)
        db.execute("CREATE TABLE mine (x)")
        db.close()

    code, said = asked(place, alter)
    assert code == 1 and "was approved, but what would run now is plan" in said, said
    db = sqlite3.connect(place.db)
    assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name IN ('mine', 'food')").fetchone() == (1,)
    db.close()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_the_file_is_replaced_while_a_handle_is_open(tmp_path, journal):
    """The file that is open is not the one of that name any more: CHANGED, and neither of them is written."""
    place = Place(tmp_path, 300, journal)
    place.finish()
    program = built.program("tests/fault/replaced")
    other = other_database(place)
    was = (other.read_bytes(), place.db.read_bytes())
    shutil.copy(other, place.folder / "new.db")
    done = subprocess.run([program, place.db, place.desired, place.folder / "new.db", place.folder / "old.db"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "CHANGED" in done.stdout, done.stdout + done.stderr
    assert place.db.read_bytes() == was[0]
    old = sqlite3.connect(place.folder / "old.db")
    assert old.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'food' OR name LIKE '\\_moult\\_%' ESCAPE '\\'").fetchone() == (0,)
    old.close()


def test_a_second_process_writes_meanwhile(place):
    """Rows that come between the plan and the apply are there afterwards, and were judged with the rest."""
    def write():
        db = sqlite3.connect(place.db)
        db.execute("INSERT INTO person (name, age) VALUES ('late', 1)")
        db.commit()
        db.close()

    code, said = asked(place, write)
    assert code == 0, said
    db = sqlite3.connect(place.db)
    assert db.execute("SELECT count(*) FROM person WHERE name = 'late'").fetchone() == (1,)
    db.close()


def test_a_row_that_forbids_it_comes_meanwhile(place):
    def write():
        db = sqlite3.connect(place.db)
        db.execute("INSERT INTO person (name, age) VALUES (NULL, 1)")
        db.commit()
        db.close()

    code, said = asked(place, write)
    assert code == 1, said
    db = sqlite3.connect(place.db)
    assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'food'").fetchone() == (0,)
    db.close()
