# SPDX-License-Identifier: MIT
"""A cache saves time and nothing else: one that is away, slow, cut short, mixed up, or lies changes no result, fails no start,
and costs a bounded time."""

import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import threading
import time

import pytest

import built
import redis_help
from redis_help import Fake

SCHEMA = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n"
SLACK = 6.0


class Place:
    """A database that is up to date and that the process may only read."""

    def __init__(self, folder):
        self.db, self.schema = folder / "a.db", folder / "schema.sql"
        self.schema.write_text(SCHEMA)
        self.writable = "sqlite:///%s" % self.db
        assert self.moult("apply", "--url", self.writable)[0].returncode == 0
        # The row that the database itself remembers goes: what is left to look in is the cache.
        self.forget()
        self.url = "sqlite:///file:%s?mode=ro&uri=true" % self.db

    def forget(self):
        db = sqlite3.connect(self.db)
        db.execute("DELETE FROM _moult_state")
        db.commit()
        db.close()

    def moult(self, command, *args, env=None):
        began = time.monotonic()
        words = [built.moult(), command, *args] + (["--to", self.schema] if command == "apply" else [])
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=60, cwd=self.db.parent,
                              env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL)
        return done, time.monotonic() - began

    def start(self, cache, expect=0):
        """A start with that cache: it must end as it does without one. Gives what it said, and the seconds it took."""
        done, seconds = self.moult("apply", "--url", self.url, "--cache", cache, "--verbose")
        assert done.returncode == expect, done.stderr
        if expect == 0:
            assert "up to date" in done.stdout, done.stdout
        return done, seconds

    def stats(self, cache):
        done, _ = self.moult("cache", "stats", "--cache", cache, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "up-to-date.cache"


def counted(place, cache, **expected):
    found = place.stats(cache)
    assert {k: found[k] for k in expected} == expected, found


# --- what it is for ---------------------------------------------------------------------------------------------------


def test_file_remembers(place, cache):
    place.start(cache)
    counted(place, cache, entries=1, hits=0, misses=1, errors=0, stores=1)
    place.start(cache)
    place.start(cache)
    counted(place, cache, entries=1, hits=2, misses=1, errors=0, stores=1)
    assert place.moult("cache", "clear", "--cache", cache)[0].stdout == "1 entry removed\n"
    counted(place, cache, entries=0, hits=0, misses=0, errors=0, stores=0)
    assert not cache.exists()


def test_environment_names_it(place, cache):
    for _ in range(2):
        done, _ = place.moult("apply", "--url", place.url, env={"MOULT_CACHE": str(cache)})
        assert done.returncode == 0, done.stderr
    counted(place, cache, hits=1, misses=1)


def test_a_database_that_can_be_written_needs_none(place, cache):
    for _ in range(2):
        assert place.moult("apply", "--url", place.writable, "--cache", cache)[0].returncode == 0
    assert not cache.exists()


def test_behind_is_remembered(place, cache, tmp_path):
    old = place.schema.read_text()
    place.schema.write_text(old + "CREATE TABLE u (id INTEGER PRIMARY KEY);\n")
    assert place.moult("apply", "--url", place.writable)[0].returncode == 0
    place.schema.write_text(old)
    place.forget()
    for _ in range(2):
        done, _ = place.moult("apply", "--url", place.url, "--cache", cache)
        assert done.returncode == 0 and "behind" in done.stdout, (done.stdout, done.stderr)
    counted(place, cache, hits=1, misses=1, stores=1)


def test_a_plan_is_never_remembered(place, cache):
    place.schema.write_text(SCHEMA + "CREATE TABLE u (id INTEGER PRIMARY KEY);\n")
    for _ in range(2):
        assert place.start(cache, 4)
    counted(place, cache, hits=0, misses=2, stores=0)


@pytest.mark.parametrize("what", ["schema", "desired", "options", "database", "history"])
def test_what_moves_makes_a_miss(place, cache, what, tmp_path):
    """Each of the things that the key and the marker cover: the entry is not taken for the other state."""
    place.start(cache)
    url, args = place.url, []
    db = sqlite3.connect(place.db)
    if what == "schema":
        db.execute("CREATE TABLE other (a)")
    elif what == "desired":
        place.schema.write_text(SCHEMA + "-- a remark\n")
    elif what == "options":
        args = ["--column-order=strict"]
    elif what == "database":
        copy = shutil.copy(place.db, tmp_path / "copy.db")
        url = "sqlite:///file:%s?mode=ro&uri=true" % copy
    else:
        db.execute("UPDATE _moult_history SET chain = 'another'")
    db.commit()
    db.close()
    done, _ = place.moult("apply", "--url", url, "--cache", cache, *args)
    assert done.returncode == 0, done.stderr
    counted(place, cache, hits=0, misses=2)


# --- files that are no good -------------------------------------------------------------------------------------------


def test_every_cut_of_the_file_is_a_miss(place, cache):
    place.start(cache)
    whole = cache.read_bytes()
    for n in list(range(0, len(whole), 9)) + [len(whole) - 1]:
        cache.write_bytes(whole[:n])
        before = place.stats(cache)
        done, _ = place.start(cache)
        after = place.stats(cache)
        assert after["hits"] == before["hits"] and after["misses"] == before["misses"] + 1, (n, before, after)
        assert cache.read_bytes() == whole, "it is made anew"


def test_every_changed_byte_is_a_miss(place, cache):
    place.start(cache)
    whole = cache.read_bytes()
    for n in range(14, len(whole), 7):
        cache.write_bytes(whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1:])
        place.start(cache)
    assert place.stats(cache)["hits"] == 0


def sum_of(body):
    """As the first line of the file has it: XXH3-128."""
    return subprocess.run(["xxhsum", "-H2"], input=body, text=True, capture_output=True, check=True).stdout[:32]


@pytest.mark.skipif(not shutil.which("xxhsum"), reason="xxhsum is not installed")
def test_a_lie_with_a_right_sum_is_a_miss(place, cache):
    """Entries under another's key, with another marker or another outcome: the sum of the file is right, the seal is not."""
    place.start(cache)
    head, line = cache.read_text().split("\n")[:2]
    assert head == "moult-cache 1 " + sum_of(line + "\n")
    key, value = line.split(" ")
    lies = [("f" * 32, value), (key, value.replace("up_to_date", "behind")), (key, re.sub(r",(\d+),", ",77,", value)),
            (key, "0" * 32 + value[32:]), (key, ""), (key, value + value), (key, "x" * 5000)]
    db = sqlite3.connect(place.db)
    db.execute("CREATE TABLE t2 (a)")  # not up to date any more in any way that the old entry could tell
    db.close()
    for lie in lies:
        body = "%s %s\n" % lie
        cache.write_text("moult-cache 1 %s\n%s" % (sum_of(body), body))
        place.start(cache)
    assert place.stats(cache)["hits"] == 0


def test_what_is_no_cache_is_left_alone(place, tmp_path):
    """A path that names something else: no start fails, and the file stays as it is."""
    for name, content in (("notes.txt", b"moult notes\n"), ("other.db", place.db.read_bytes()), ("binary", bytes(range(256)))):
        path = tmp_path / name
        path.write_bytes(content)
        done, _ = place.start(path)
        assert "no cache of moult's" in done.stderr, done.stderr
        assert place.moult("cache", "clear", "--cache", path)[0].returncode == 1
        assert path.read_bytes() == content
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "socket"))
    for other in (folder, tmp_path / "pipe", tmp_path / "socket"):
        kind = other.stat().st_mode
        assert place.start(other)[1] < SLACK
        assert place.moult("cache", "clear", "--cache", other)[0].returncode == 1
        assert other.stat().st_mode == kind, other
    (tmp_path / "empty").write_bytes(b"")
    assert place.moult("cache", "clear", "--cache", tmp_path / "empty")[0].returncode == 0
    assert (tmp_path / "empty").exists(), "nothing says that it is ours"
    place.start(tmp_path / "none" / "cache")


def test_the_lock_of_the_file_is_held(place, cache, tmp_path):
    """Another has the lock file and does not let go: the start does without."""
    from test_limits import hold
    fd = hold(str(cache) + "-cache-lock")
    _, seconds = place.start(cache)
    os.close(fd)
    assert seconds < SLACK
    counted(place, cache, hits=0, stores=0)


# --- Redis ------------------------------------------------------------------------------------------------------------


def redis(answer=None, **more):
    server = Fake(answer, **more)
    return server


def test_redis_remembers(place):
    server = redis()
    try:
        for _ in range(3):
            place.start(server.url + "?prefix=app:&ttl=60")
        counted(place, server.url + "?prefix=app:", entries=1, hits=2, misses=1, errors=0, stores=1)
        sets = [words for words in server.commands if words[0] == "SET"]
        assert len(sets) == 1 and sets[0][3:] == ["EX", "60"] and sets[0][1].startswith("app:fast:"), sets
        assert all(key.startswith("app:") for key in server.keys)
    finally:
        server.close()


def test_redis_password_and_database(place):
    server = redis()
    try:
        place.start("redis://:s%%40crEt@127.0.0.1:%d/3" % server.port)
        assert server.commands[:2] == [["AUTH", "s@crEt"], ["SELECT", "3"]], server.commands[:2]
        place.start("redis://ann:word@127.0.0.1:%d" % server.port)
        assert ["AUTH", "ann", "word"] in server.commands
    finally:
        server.close()


def test_redis_refuses_the_password(place):
    server = redis(lambda words: b"-WRONGPASS invalid username-password pair\r\n" if words[0] == "AUTH" else None)
    try:
        done, _ = place.start("redis://:s3crEt@127.0.0.1:%d" % server.port)
        assert "WRONGPASS" in done.stderr and "s3crEt" not in done.stderr, done.stderr
    finally:
        server.close()


def test_redis_is_away(place):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    done, seconds = place.start("redis://127.0.0.1:%d" % port)
    assert seconds < SLACK and "of no use" in done.stderr, done.stderr
    done, seconds = place.start("redis://no.such.host.invalid")
    assert seconds < SLACK
    place.start("redis+unix:///no/such/socket")


NONSENSE = {
    "silence": b"", "not redis": b"HTTP/1.1 400 Bad Request\r\n\r\n", "a number": b":5\r\n", "a list": b"*1\r\n$1\r\nx\r\n",
    "half": b"$100\r\nabc", "huge": b"$999999999\r\n", "endless list": b"*999999999\r\n", "negative": b"$-5\r\n",
    "nested": b"*1\r\n" * 20, "zeroes": b"\0" * 4096, "text": b"$5\r\nhello\r\n", "error": b"-LOADING wait\r\n", "long": b"$5000\r\n" + b"x" * 5000 + b"\r\n",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_redis_answers_nonsense(place, what):
    server = redis(lambda words: NONSENSE[what])
    try:
        _, seconds = place.start(server.url)
        assert seconds < SLACK, seconds
    finally:
        server.close()


def test_redis_lies(place):
    """A proper answer that is not true: the outcome of another key, a plan that is not there. What is done is what is right."""
    server = redis()
    try:
        place.start(server.url)
        key, value = next((k, v) for k, v in server.keys.items() if "fast:" in k)
        place.schema.write_text(SCHEMA + "CREATE TABLE u (id INTEGER PRIMARY KEY);\n")
        server.answer = lambda words: redis_help.bulk(value) if words[0] == "GET" else None
        place.start(server.url, 4)
        assert server.names().count("GET") == 2
    finally:
        server.close()


def test_redis_drips(place):
    """One byte now and then: each read is soon done, the answer is not. The limit is that of the whole."""
    class Dripping:
        def __init__(self, conn):
            self.conn = conn

        def makefile(self, mode):
            return self.conn.makefile(mode)

        def sendall(self, data):
            for byte in data:
                self.conn.sendall(bytes([byte]))
                time.sleep(0.3)

    server = redis(lambda words: redis_help.bulk("x" * 100), wrap=Dripping)
    try:
        _, seconds = place.start(server.url)
        assert seconds < 1 + SLACK, seconds
    finally:
        server.close()


def test_redis_accepts_and_says_nothing(place):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        done, seconds = place.start("redis://127.0.0.1:%d?timeout=0.3" % s.getsockname()[1])
        assert "in time" in done.stderr, done.stderr
        assert seconds < SLACK


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
                    "subjectAltName=DNS:%s,IP:127.0.0.1" % name if name == "localhost" else "subjectAltName=DNS:" + name,
                    "-keyout", folder / (name + ".key"), "-out", folder / (name + ".crt")], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / (name + ".crt"), folder / (name + ".key"))
    return context


def test_redis_with_tls(place, tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    good, other = certificate(tmp_path, "localhost"), certificate(tmp_path, "elsewhere")
    server = redis(wrap=lambda conn: good.wrap_socket(conn, server_side=True))
    try:
        url = "rediss://:word@localhost:%d?ca=%s" % (server.port, tmp_path / "localhost.crt")
        for _ in range(2):
            place.start(url)
        counted(place, url, hits=1, misses=1, errors=0)
        done, _ = place.start("rediss://localhost:%d" % server.port)
        assert "not trusted" in done.stderr, done.stderr
        assert place.start("rediss://localhost:%d?ca=/no/such/file" % server.port)
    finally:
        server.close()
    server = redis(wrap=lambda conn: other.wrap_socket(conn, server_side=True))
    try:
        done, _ = place.start("rediss://localhost:%d?ca=%s" % (server.port, tmp_path / "elsewhere.crt"))
        assert "not trusted" in done.stderr, done.stderr
        assert server.names() == []
    finally:
        server.close()


def test_the_real_redis(place, tmp_path):
    with redis_help.real(tmp_path, "--requirepass", "word") as path:
        url = "redis+unix://:word@%s?prefix=a*b:&ttl=100" % path
        for _ in range(3):
            place.start(url)
        counted(place, url, entries=1, hits=2, misses=1, errors=0, stores=1)
        done, _ = place.moult("cache", "clear", "--cache", url)
        assert done.stdout == "1 entry removed\n", done.stderr
        counted(place, url, entries=0, hits=0)


# --- threads ----------------------------------------------------------------------------------------------------------


def test_processes_share_a_file(place, cache):
    """Many at once, each with a schema of its own, all on one file: it is whole at any moment, and the counts are right."""
    errors = []

    def run(i):
        schema = place.db.parent / ("schema%d.sql" % i)
        schema.write_text(SCHEMA + "-- %d\n" % i)
        for _ in range(3):
            done = subprocess.run([str(built.moult()), "apply", "--url", place.url, "--to", str(schema), "--cache", str(cache)],
                                  capture_output=True, text=True, timeout=120)
            if done.returncode:
                errors.append(done.stderr)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors[0]
    found = place.stats(cache)
    assert found["errors"] == 0 and found["hits"] + found["misses"] == 24, found
    assert found["stores"] == found["misses"] and found["entries"] == 8, found
