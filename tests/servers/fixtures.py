# SPDX-License-Identifier: MIT
"""The servers as pytest fixtures. One that cannot be had skips its tests and says why.

    postgres        the system's PostgreSQL, for the session; postgres18 the newer one
    pg_database     the name of a fresh database in `postgres`
    pgbouncer       a pooler before `postgres`
"""
from __future__ import annotations

import pytest

from . import pgbouncer as bouncer
from . import postgres as pg

__all__ = ["postgres", "postgres18", "pg_database", "pgbouncer"]


def started(version: int | None):
    why = pg.unavailable(version) if version else "PostgreSQL is not installed"
    if why:
        pytest.skip(why)
    return pg.Postgres(version)


@pytest.fixture(scope="session")
def postgres():
    with started(pg.system_version()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres18():
    with started(pg.NEWER) as server:
        yield server


@pytest.fixture
def pg_database(postgres):
    with postgres.database() as name:
        yield name


@pytest.fixture(scope="session")
def pgbouncer(postgres):
    if bouncer.unavailable():
        pytest.skip(bouncer.unavailable())
    with bouncer.PgBouncer(postgres) as pooler:
        yield pooler
