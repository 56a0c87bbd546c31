# SPDX-License-Identifier: MIT
"""More starts than PostgreSQL has places: each waits for one as it waits for the lock, and whoever has the lock gets what it needs."""
from __future__ import annotations

import contextlib
import subprocess
import time
from collections import Counter

import pytest

from tests.e2e.test_postgres import FIRST, Run
from tests.servers import postgres as pg

KEY = "(109::bigint << 32) + 1869966452"


@pytest.fixture(scope="module")
def small():
    with pg.Postgres(pg.system_version(), settings={"max_connections": "20"}) as server:
        yield server


def outcomes(runs) -> Counter:
    found = Counter()
    for run in runs:
        out, err = run.communicate(timeout=120)
        found["applied" if "the plan was applied" in out else "up to date" if "is up to date" in out else out + err] += 1
    return found


def start(moult, folder, url: str, *words: str):
    file = folder / "schema.sql"
    if not file.exists():  # others may be reading it by now
        file.write_text(FIRST, encoding="utf-8")
    return subprocess.Popen([moult.program, "apply", "--to", "schema.sql", "--no-backup", *words, "--url", url], cwd=folder, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@contextlib.contextmanager
def held(server, database: str):
    """Somebody has the lock, until the function is called, and a place, until this block ends."""
    with server.client(database) as db:
        db.run(f"SELECT pg_advisory_lock({KEY})")
        yield lambda: db.run(f"SELECT pg_advisory_unlock({KEY})")


def test_64_starts_on_a_server_with_20_places(moult, tmp_path, small):
    with small.database() as database:
        with held(small, database) as let_go:
            runs = [start(moult, tmp_path, small.url(database)) for _ in range(64)]
            time.sleep(2)
            let_go()
            assert outcomes(runs) == {"applied": 1, "up to date": 63}
        with small.client(database) as db:
            assert [tuple(row) for row in db.run("SELECT version::text FROM moult.history")] == [("1",)]


def test_the_places_of_a_database(moult, tmp_path, small):
    """An account without the right to create databases works in a second session of this one."""
    with small.client() as db:
        db.run("CREATE ROLE plain LOGIN")
    with small.database() as database:
        with small.client() as db:
            db.run(f"ALTER DATABASE {database} OWNER TO plain")
            db.run(f"ALTER DATABASE {database} CONNECTION LIMIT 9")
            db.run("CREATE ROLE application LOGIN")
        with contextlib.ExitStack() as application:
            for _ in range(6):  # of which the account sees little
                application.enter_context(small.client(database, "application"))
            with held(small, database) as let_go:
                runs = [start(moult, tmp_path, small.url(database, "plain")) for _ in range(16)]
                time.sleep(2)
                let_go()
                assert outcomes(runs) == {"applied": 1, "up to date": 15}


def test_no_place_within_the_limit(moult, tmp_path, small):
    with small.database() as database, contextlib.ExitStack() as others:
        with small.client() as db:
            db.run(f"ALTER DATABASE {database} CONNECTION LIMIT 2")
            db.run("CREATE ROLE somebody LOGIN")
        for _ in range(2):
            others.enter_context(small.client(database, "somebody"))
        began = time.monotonic()
        run = start(moult, tmp_path, small.url(database, "somebody"), "--lock-timeout", "1")
        out, err = run.communicate(timeout=60)
        assert run.returncode == 5 and "too many connections for database" in err and "max_connections" in err, err
        assert 0.9 < time.monotonic() - began < 20
        assert Run(moult, tmp_path, small, database)("status", "--to", "schema.sql", exit=2)
