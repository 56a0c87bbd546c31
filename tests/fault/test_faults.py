# SPDX-License-Identifier: MIT
"""What goes wrong while moult works: memory, power, disk, locks, signals, rivals. Each leaves a database that is whole."""

import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests import judge  # noqa: E402
from tests.fault import built  # noqa: E402

APPLY = ("--mode", "aggressive", "--own=all", "--no-backup", "--no-attic")
CASES = re.findall(r'^    \{"([\w-]+)",', (Path(__file__).parent / "cases.h").read_text(), re.M)

BEFORE = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INT DEFAULT 7, note TEXT);
CREATE INDEX person_name ON person (name);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT);
CREATE VIEW owners AS SELECT name FROM person WHERE id IN (SELECT owner FROM pet);
CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;
"""
AFTER = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, age REAL DEFAULT 7, mail TEXT, UNIQUE (id, name));
CREATE INDEX person_name ON person (name COLLATE NOCASE);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT DEFAULT 'cat');
CREATE TABLE food (id INTEGER PRIMARY KEY, pet INT REFERENCES pet (id));
CREATE VIEW owners AS SELECT name, age FROM person WHERE id IN (SELECT owner FROM pet);
CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;
"""


def same(a, b):
    """Do two databases hold the same, moult's own tables aside? Asked of SQLite, which is quick with many rows."""
    db = sqlite3.connect(a, isolation_level=None)
    try:
        db.execute("ATTACH ? AS other", (str(b),))
        select = ("SELECT type, name, tbl_name, sql FROM %s.sqlite_schema WHERE tbl_name NOT LIKE '\\_moult\\_%%' ESCAPE '\\' "
                  "ORDER BY type, name")
        here, there = (db.execute(select % side).fetchall() for side in ("main", "other"))
        if here != there:
            return False
        for _, name, _, _ in (row for row in here if row[0] == "table"):
            x, y = '(SELECT rowid, * FROM main."%s")' % name, '(SELECT rowid, * FROM other."%s")' % name
            if (db.execute("SELECT count(*) FROM " + x).fetchone() != db.execute("SELECT count(*) FROM " + y).fetchone()
                    or db.execute("SELECT 1 FROM (SELECT * FROM %s EXCEPT SELECT * FROM %s) LIMIT 1" % (x, y)).fetchone()):
                return False
        return True
    finally:
        db.close()


class Place:
    """A database of `rows` people, a desired schema, and what the one is to become of the other."""

    def __init__(self, folder, rows, journal="delete", desired=AFTER):
        self.folder, self.db, self.desired = folder, folder / "app.db", folder / "desired.sql"
        self.before, self.after = folder / "kept" / "before.db", folder / "kept" / "after.db"
        (folder / "kept").mkdir()
        self.desired.write_text(desired)
        db = sqlite3.connect(self.before, isolation_level=None)
        db.execute("PRAGMA journal_mode = " + journal)
        db.executescript("BEGIN;" + BEFORE)
        db.executemany("INSERT INTO person (name, age, note) VALUES (?, ?, ?)",
                       (("name %d" % i, i % 90, "x" * (i % 50)) for i in range(rows)))
        db.execute("INSERT INTO pet (owner, kind) SELECT id, 'dog' FROM person WHERE id % 10 = 0")
        db.execute("COMMIT")
        db.close()
        self.restore()

    def restore(self):
        for side in ("", "-wal", "-shm", "-journal"):
            Path(str(self.db) + side).unlink(missing_ok=True)
        shutil.copy(self.before, self.db)

    tool = None  # a copy of the command, where the one that was built cannot be reached by everybody

    def command(self, *more):
        return [str(self.tool or built.moult()), "apply", "--url", "sqlite:///%s" % self.db, "--to", str(self.desired), *APPLY, *more]

    def apply(self, *more, limit=60, **options):
        options = {"cwd": self.folder, **options}
        return subprocess.run(self.command(*more), capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL, **options)

    def finish(self):
        """What an apply that nothing disturbs comes to, and the seconds that it takes."""
        began = time.monotonic()
        done = self.apply()
        assert done.returncode == 0, done.stderr
        seconds = time.monotonic() - began
        if self.before.stat().st_size < 1 << 20:
            assert judge.rows_kept(str(self.before), str(self.db)) == []
        db = sqlite3.connect(self.db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        shutil.copy(self.db, self.after)
        self.restore()
        return seconds

    def state(self):
        """Is the database "before" or "after"? It is one of them, and whole."""
        db = sqlite3.connect(self.db)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.close()
        if same(self.before, self.db):
            return "before"
        assert same(self.after, self.db)
        return "after"

    def goes_on(self):
        """The next apply gets there."""
        done = self.apply()
        assert done.returncode == 0, done.stderr
        assert same(self.after, self.db)


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what,name", [(what, name) for name in CASES for what in ("plan", "apply")] + [("cached", "add-column")])
def test_every_allocation_fails(tmp_path, what, name):
    """A failed allocation is an error that leaks nothing and changes nothing. All of them in turn when tortured; else a sample."""
    alloc = built.program("tests/fault/alloc")
    total = subprocess.run([alloc, what, name, tmp_path, "1000000"], capture_output=True, text=True, timeout=120)
    found = re.search(r"(\d+) allocations", total.stdout)
    assert found, total.stdout + total.stderr
    step = 1 if built.torture() else max(1, int(found.group(1)) // int(os.environ.get("ALLOC_TRIES", "120")))
    done = subprocess.run([alloc, what, name, tmp_path, str(step), str(1 + len(name) % step)], capture_output=True, text=True,
                          timeout=3000 if built.torture() else 300)
    assert done.returncode == 0, done.stdout + done.stderr


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_64_processes_start_at_once(tmp_path, journal):
    """One applies, 63 find it done, none fails, the history has one row; the apply lasts a second or more."""
    start = built.program("tests/fault/start64")
    place = Place(tmp_path, 200_000, journal)
    rounds = 50 if built.torture() else 3 if journal == "delete" else 2
    long_ones = 0
    place.finish()
    for _ in range(rounds + 6):
        place.restore()
        done = subprocess.run([start, place.db, place.desired, "64", "280"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        took = float(re.search(r"1 applied in ([\d.]+) s", done.stdout).group(1))
        db = sqlite3.connect(place.db)
        assert db.execute("SELECT count(*) FROM _moult_history").fetchone() == (1,)
        db.close()
        assert place.state() == "after"
        if took >= 1.0:
            long_ones += 1
        else:  # a machine that is too fast gets more rows, and the round does not count as one of the long ones
            more = sqlite3.connect(place.before)
            more.execute("INSERT INTO person (name, age, note) SELECT name, age, note || 'y' FROM person")
            more.commit()
            more.close()
            place.restore()
            place.finish()
        if long_ones == rounds:
            break
    assert long_ones == rounds


@pytest.mark.parametrize("killed", [False, True], ids=["all-live", "one-killed"])
def test_old_and_new_builds_start_at_once(tmp_path, killed):
    """32 processes that want the old schema and 32 that want the new one: exactly one apply, no error, and whoever of the old
    ones comes after it is behind. Killing the one that has the lock changes nothing of that."""
    start = built.program("tests/fault/start64")
    place = Place(tmp_path, 3_000)
    old = tmp_path / "old.sql"
    old.write_text(BEFORE)
    recorded = place.command()
    recorded[recorded.index(str(place.desired))] = str(old)
    assert subprocess.run(recorded, capture_output=True).returncode == 0
    shutil.copy(place.db, place.before)
    place.finish()
    behind, dead, rng = 0, 0, random.Random(64)
    for n in range(100 if built.torture() else 3):
        place.restore()
        more = [str(rng.choice((0, 1, 3, 10, 30)))] if killed else []
        done = subprocess.run([start, place.db, place.desired, "64", "100", old, *more], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        behind += int(re.search(r"(\d+) behind", done.stdout).group(1))
        dead += int(re.search(r"(\d+) silent", done.stdout).group(1))
        db = sqlite3.connect(place.db)
        assert db.execute("SELECT version, kind FROM _moult_history").fetchall() == [(1, "record"), (2, "apply")], done.stdout
        db.close()
        assert place.state() == "after"
        late = subprocess.run(recorded, capture_output=True, text=True)
        assert late.returncode == 0 and "behind" in late.stdout, late.stdout + late.stderr
    assert behind and (dead or not killed), (behind, dead)


def test_two_with_different_desires(tmp_path):
    """Two builds want different schemas at once: one after the other, each whole; what is there is what the last one wanted."""
    place = Place(tmp_path, 20_000)
    other = tmp_path / "other.sql"
    other.write_text(AFTER.replace("mail TEXT", "phone TEXT"))
    for _ in range(10 if built.torture() else 3):
        place.restore()
        commands = [place.command(), place.command()]
        commands[1][commands[1].index(str(place.desired))] = str(other)
        running = [subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for c in commands]
        for p in running:
            out, err = p.communicate(timeout=60)
            assert p.returncode == 0, out + err
        wanted = [judge.converges(str(place.db), f.read_text(), str(place.before)) for f in (place.desired, other)]
        assert [] in wanted, wanted
        db = sqlite3.connect(place.db)
        assert db.execute("SELECT count(*), max(version) FROM _moult_history").fetchone() == (2, 2)
        db.close()


# --- killed -----------------------------------------------------------------------------------------------------------


def after_death(place, tally):
    tally.append(place.state())
    place.goes_on()
    place.restore()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_killed_at_any_time(tmp_path, journal):
    """kill -9 at random moments: the database is as before or as after, and the next apply gets there."""
    place = Place(tmp_path, 20_000, journal)
    seconds, rng, states = place.finish(), random.Random(20240229), []
    for _ in range(250 if built.torture() else 12):
        process = subprocess.Popen(place.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, seconds * 1.1))
        process.kill()
        process.wait(60)
        after_death(place, states)
    assert "before" in states


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop(tmp_path, number):
    """A signal stops it soon, with an exit status that says so, and nothing half done."""
    place = Place(tmp_path, 60_000)
    seconds, rng, stopped = place.finish(), random.Random(int(number)), 0
    for _ in range(40 if built.torture() else 4):
        process = subprocess.Popen(place.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                                   preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))  # nohup leaves SIGHUP ignored
        time.sleep(rng.uniform(0.02, seconds * 0.9))
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert process.returncode != 0 or place.state() == "after", out + err
        stopped += process.returncode != 0
        after_death(place, [])
    assert stopped


# --- disk -------------------------------------------------------------------------------------------------------------


def test_file_may_not_grow(tmp_path):
    """The limit of the process on the size of files, which kills those that do not look."""
    place = Place(tmp_path, 20_000)
    place.finish()
    limit = place.before.stat().st_size + 100_000

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = place.apply(preexec_fn=limited)
    assert done.returncode == 1, done.stderr
    assert re.search(r"disk|full|space|too large|I/O", done.stderr, re.I), done.stderr
    assert place.state() == "before"
    place.goes_on()


def mounted(place, size, where, *more, fill=0):
    """An apply on a file system of its own with `size` bytes, or with its temporary files there; what is then left of the
    database is where it was."""
    script = """mount -t tmpfs -o size=$1 none "$2" || exit 99
head -c $3 /dev/zero > "$2/ballast" 2>/dev/null
shift 3
if test -n "$DB_THERE"; then cp "$DB" "$DB_THERE"; fi
"$@"; code=$?
if test -n "$DB_THERE"; then rm -f "$DB"*; cp "$DB_THERE"* "$(dirname "$DB")"; fi
exit $code"""
    there = where / place.db.name if where != place.folder / "tmp" else None
    command = place.command(*more)
    if there:
        command[command.index("--url") + 1] = "sqlite:///%s" % there
    env = {**os.environ, "DB": str(place.db), "DB_THERE": str(there or ""), "TMPDIR": str(where), "SQLITE_TMPDIR": str(where)}
    return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", str(size), str(where), str(fill), *command], capture_output=True, text=True,
                          timeout=120, env=env)


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="may not mount")
@pytest.mark.parametrize("flags", [(), ("--online",)], ids=["plain", "online"])
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_small_file_system(tmp_path, journal, flags):
    """A disk that gets full at some moment of a rebuild: which one it is and what is free on it is said, and nothing is changed."""
    place = Place(tmp_path, 8_000, journal)
    small = tmp_path / "small"
    small.mkdir()
    place.finish()
    size, refused = place.before.stat().st_size, 0
    for more in ((0.05, 0.2, 0.5, 0.8, 1.2, 1.6, 2, 3, 4) if built.torture() else (0.2, 1.2, 6)):
        done = mounted(place, int(size * (1 + more)) + 65536, small, *flags)
        assert done.returncode in (0, 1), (more, done.stderr)
        if done.returncode:
            refused += 1
            assert str(small) in done.stderr and re.search(r"[\d,]+ bytes|[\d.]+ [KMG]i?B", done.stderr), done.stderr
            assert place.state() == "before"
            place.goes_on()
        else:
            assert place.state() == "after"
        place.restore()
    assert refused


@pytest.mark.skipif(not may_mount(), reason="may not mount")
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_tmp_is_full(tmp_path, journal):
    """No room for temporary files: the apply does without, or says where there is none; the database is whole in both."""
    place = Place(tmp_path, 40_000, journal)
    where = tmp_path / "tmp"
    where.mkdir()
    place.finish()
    done = mounted(place, 65536, where, fill=65536)
    if done.returncode == 0:
        assert place.state() == "after"
    else:
        assert done.returncode == 1 and str(where) in done.stderr, done.stderr
        assert place.state() == "before"
        place.goes_on()


def nobody(folder):
    """Makes a child process one that may read only, where we are root."""
    def give_up():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
    for place in (folder, *folder.parents):
        if os.geteuid() == 0 and os.stat(place).st_uid == os.geteuid() and str(place).startswith(("/tmp/", "/dev/shm/")):
            place.chmod(place.stat().st_mode | 0o055)
    return give_up


@pytest.mark.parametrize("what", ["file", "folder"])
def test_read_only(tmp_path, what):
    """A file or a folder that may not be written: exit 4, with a reason; looking is possible."""
    place = Place(tmp_path, 50)
    place.finish()
    place.db.chmod(0o444 if what == "file" else 0o666)
    place.folder.chmod(0o555)
    child = nobody(tmp_path)
    place.tool = shutil.copy(built.moult(), tmp_path / "moult")  # the checkout may lie in a folder that only root may enter
    place.tool.chmod(0o755)
    try:
        done = place.apply(preexec_fn=child)
        assert done.returncode == 4, (done.returncode, done.stderr)
        assert done.stderr.strip()
        look = subprocess.run([str(place.tool), "plan", "--url", "sqlite:///%s" % place.db, "--to", str(place.desired), "--own=all",
                               "--exit-code"], capture_output=True, text=True, timeout=60, preexec_fn=child)
        assert look.returncode == 2, look.stderr
    finally:
        place.folder.chmod(0o755)
        place.db.chmod(0o644)
    assert place.state() == "before"
    place.goes_on()


# --- locks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("held", ["IMMEDIATE", "EXCLUSIVE", "reader"])
def test_another_holds_the_database(tmp_path, journal, held):
    """A transaction that is open for longer than --lock-timeout: exit 5, soon, and nothing changed."""
    if held == "reader" and journal == "wal":
        pytest.skip("readers do not stop writers in WAL")
    place = Place(tmp_path, 300, journal)
    place.finish()
    db = sqlite3.connect(place.db, isolation_level=None)
    if held == "reader":
        db.execute("BEGIN")
        rows = db.execute("SELECT * FROM person")
        rows.fetchone()
    else:
        db.execute("BEGIN " + held)
        db.execute("UPDATE person SET age = age")
    began = time.monotonic()
    done = place.apply("--lock-timeout", "1s")
    seconds = time.monotonic() - began
    if held == "reader":
        rows.close()
    db.execute("ROLLBACK")
    db.close()
    assert done.returncode == 5, (done.returncode, done.stderr)
    assert 0.5 < seconds < 15, seconds
    assert place.state() == "before"
    place.goes_on()


def test_waits_for_a_writer(tmp_path):
    """A writer that is done within the time is waited for."""
    place = Place(tmp_path, 300)
    place.finish()
    db = sqlite3.connect(place.db, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE person SET age = age")
    timer = threading.Timer(1.0, lambda: db.execute("ROLLBACK"))
    timer.start()
    done = place.apply("--lock-timeout", "20s")
    timer.join()
    db.close()
    assert done.returncode == 0, done.stderr
    assert place.state() == "after"


def test_writers_go_on_meanwhile(tmp_path):
    """An application that writes all the time: none of its rows is lost, and the apply gets there."""
    place = Place(tmp_path, 5_000, "wal")
    place.finish()
    stop, written, errors = threading.Event(), [], []

    def write():
        db = sqlite3.connect(place.db, isolation_level=None, timeout=30)
        while not stop.is_set():
            try:
                row = db.execute("INSERT INTO person (name, age) VALUES (?, 1) RETURNING id", ("late %d" % len(written),)).fetchone()
                written.append(row[0])
            except sqlite3.Error as error:
                errors.append(str(error))
            time.sleep(0.001)
        db.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        time.sleep(0.1)
        done = place.apply("--lock-timeout", "30s")
    finally:
        stop.set()
        thread.join()
    assert done.returncode == 0, done.stderr
    assert not errors, errors[:3]
    db = sqlite3.connect(place.db)
    there = {i for (i,) in db.execute("SELECT id FROM person WHERE name LIKE 'late %'")}
    db.close()
    assert there == set(written)


def test_json_says_what_failed(tmp_path):
    """A refused lock is told to programs too."""
    place = Place(tmp_path, 10)
    db = sqlite3.connect(place.db, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    done = place.apply("--lock-timeout", "0.2s", "--log-format", "json")
    db.execute("ROLLBACK")
    db.close()
    assert done.returncode == 5, done.stderr
    assert [json.loads(line) for line in done.stderr.splitlines() if line.strip()]
