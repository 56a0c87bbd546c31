# SPDX-License-Identifier: MIT
"""The servers themselves: they come up, do what their tests need of them, and go, even when nobody stops them."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import libpq, pgbouncer, postgres, process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=[15, 18])
def server(request):
    return request.getfixturevalue("postgres" if request.param == 15 else "postgres18")


def test_answers_and_dumps(server):
    with server.database() as name:
        with server.client(name) as db:
            assert int(db.value("SHOW server_version_num")) // 10000 == server.version
            db.run("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
            assert db.column("SELECT a FROM t ORDER BY a") == ["1", "2"]
            assert db.run("SELECT NULL, ''") == [[None, ""]]
            with pytest.raises(libpq.Error) as failed:
                db.run("INSERT INTO t VALUES (1)")
            assert failed.value.state == "23505"
        assert "CREATE TABLE public.t" in server.dump(name)
        said = subprocess.run([server.bin / "psql", "-XAtc", "SELECT count(*) FROM t", server.url(name)],
                              capture_output=True, text=True)
        assert said.stdout == "2\n", said.stderr
    with server.client() as db:
        assert db.value("SELECT count(*) FROM pg_database WHERE datname = '%s'" % name) == "0"


def test_has_the_contrib_extensions(server):
    with server.database() as name, server.client(name) as db:
        db.run('CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE EXTENSION hstore; CREATE EXTENSION "uuid-ossp"')


def test_passwords_are_asked_of_members_of_with_password(postgres):
    with postgres.client() as db:
        db.run("CREATE ROLE secretive LOGIN PASSWORD 'right' IN ROLE with_password")
    try:
        libpq.Client(postgres.url(user="secretive", password="right")).close()
        with pytest.raises(libpq.Error):
            libpq.Client(postgres.url(user="secretive", password="wrong"))
    finally:
        with postgres.client() as db:
            db.run("DROP ROLE secretive")


def test_pooler_keeps_no_session(postgres):
    if pgbouncer.unavailable():
        pytest.skip(pgbouncer.unavailable())
    with pgbouncer.PgBouncer(postgres, size=1) as pooler, libpq.Client(pooler.url("postgres")) as a:
        with libpq.Client(pooler.url("postgres")) as b:
            assert a.value("SELECT pg_backend_pid()") == b.value("SELECT pg_backend_pid()")


def test_standby_follows(postgres):
    with postgres.database() as name, postgres.standby() as standby:
        with postgres.client(name) as db:
            db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (7)")

        def arrived():
            try:
                with standby.client(name) as db:
                    return db.value("SELECT a FROM t") == "7"
            except libpq.Error:
                return False
        process.wait_for(arrived, "the row on the standby", 30)
        with standby.client(name) as db, pytest.raises(libpq.Error) as failed:
            db.run("INSERT INTO t VALUES (8)")
        assert failed.value.state == "25006"


def test_killed_server_keeps_what_was_committed():
    with postgres.Postgres(durable=True) as server:
        with server.client() as db:
            db.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        server.kill()
        with pytest.raises(libpq.Error):
            server.client()
        server.start()
        with server.client() as db:
            assert db.value("SELECT count(*) FROM t") == "1"


def test_nothing_stays_of_a_killed_test_run():
    script = ("import sys, time; sys.path.insert(0, %r); from tests.servers import postgres; s = postgres.Postgres(); "
              "print(s.pid, s.place, flush=True); time.sleep(60)" % str(ROOT))
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid, place = run.stdout.readline().split()
    run.send_signal(signal.SIGKILL)
    run.wait()
    end = time.monotonic() + 20
    while process.alive(int(pid)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not process.alive(int(pid))
    with postgres.Postgres() as another:  # clears away the folder as it makes its own
        assert another.place.exists() and not os.path.exists(place)
