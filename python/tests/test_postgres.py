# SPDX-License-Identifier: MIT
"""The start of an application on PostgreSQL, with a sync and an async driver, hooks included."""

from __future__ import annotations

import datetime
import decimal
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from easy import ROOT
from fastapi_easy import CRUDRouter, FastAPI_Easy, migration
from fastapi_easy.errors import MigrationRefused
from lifespan_case import application, model

sys.path.append(str(ROOT))
from tests.servers.fixtures import postgres  # noqa: F401

DRIVERS = ["postgresql+psycopg", "postgresql+asyncpg"]
pytestmark = pytest.mark.usefixtures("hooks")


@pytest.fixture(params=DRIVERS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield f"{request.param}://postgres@/{name}?host={server.socket}&port={server.port}"


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    engine = sa.create_engine(url.replace("+asyncpg", "+psycopg"))
    with engine.begin() as connection:
        found = connection.execute(sa.text(sql))
        out = [tuple(row) for row in found] if found.returns_rows else []
    engine.dispose()
    return out


def test_create_start_again_refuse_approve_and_an_old_build(url: str, caplog: pytest.LogCaptureFixture) -> None:
    def app(*columns: str) -> FastAPI:
        out = application(CRUDRouter(model=model("users", *columns)))
        FastAPI_Easy.init_app(out, url, options={"no_backup": True})
        return out

    with TestClient(app("name")) as client:
        assert client.post("/users", json={"name": "Ada"}).status_code == 201
    assert FastAPI_Easy.of(app("name")).apply().outcome == "up_to_date"

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await connection.execute("UPDATE users SET first = lower(name) WHERE name <> ':x ?'")

    newer = app("first")
    with pytest.raises(MigrationRefused) as refused, TestClient(newer):
        pass
    assert rows(url, "SELECT name FROM users") == [("Ada",)]
    result = FastAPI_Easy.of(newer).apply(approve=refused.value.plan_id)
    assert result.outcome == "applied" and rows(url, "SELECT first FROM users") == [("ada",)]
    with TestClient(app("first")) as client:
        assert client.get("/users").json()["items"] == [{"id": 1, "first": "ada"}]
    assert FastAPI_Easy.of(app("name")).apply().outcome == "behind"


def test_values_of_a_hook_are_kept(url: str) -> None:
    metadata = sa.MetaData()
    odd = sa.Table(
        "odd",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("big", sa.BigInteger),
        sa.Column("real", sa.Numeric(20, 4)),
        sa.Column("day", sa.DateTime),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("raw", sa.LargeBinary),
        sa.Column("doc", JSONB),
        sa.Column("tags", ARRAY(sa.String)),
        sa.Column("key", sa.Uuid),
        sa.Column("yes", sa.Boolean),
        sa.Column("word", sa.Text),
    )
    values = {
        "big": 2**62 + 1,
        "real": decimal.Decimal("1234567890123456.7891"),
        "day": datetime.datetime(2026, 1, 2, 3, 4, 5, 678),
        "at": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "raw": bytes(range(256)),
        "doc": {"k": [1, None, "ü"]},
        "tags": ["a", "b,c", 'd"e'],
        "key": uuid.UUID(int=7),
        "yes": True,
        "word": "100% ':x' 用户\n",
    }
    seen: list[Any] = []
    first = FastAPI_Easy.init_app(FastAPI(), url, metadata=model("users", "name").metadata)
    first.apply()

    @migration.hook("v2")
    async def hook(connection: Any) -> None:
        await connection.execute(sa.insert(odd), [values])
        seen.extend((await connection.execute(sa.select(odd))).mappings().all())

    second = FastAPI_Easy.init_app(
        FastAPI(),
        url,
        metadata=[model("users", "name").metadata, metadata],
        mode="aggressive",
        options={"no_backup": True},
    )
    second.apply()
    assert {key: value for key, value in seen[0].items() if key != "id"} == values


def test_enums_comments_and_cycles_are_up_to_date_at_the_second_start(url: str) -> None:
    sys.path.append(str(ROOT / "python" / "tests" / "apps"))
    from shop_models import Base

    for outcome in ("applied", "up_to_date"):
        easy = FastAPI_Easy.init_app(FastAPI(), url, metadata=Base.metadata)
        assert easy.apply().outcome == outcome
    assert easy.plan().id is None
