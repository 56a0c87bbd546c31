# SPDX-License-Identifier: MIT
"""The database of an application: which engine a URL means, and what every connection of it gets."""

import asyncio
from typing import Annotated, Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session

from crud.models import Base, Post, User
from fastapi_easy import CRUDRouter
from fastapi_easy.engine import Database, EngineError, attach, database_of, engine_for

URLS = {
    "sqlite:///x.db": ("sqlite", "pysqlite", False),
    "sqlite+aiosqlite:///x.db": ("sqlite", "aiosqlite", True),
    "postgresql://me@h/x": ("postgresql", "psycopg", False),
    "postgres://me@h/x": ("postgresql", "psycopg", False),
    "postgresql+asyncpg://me:p%40ss@h/x?ssl=require": ("postgresql", "asyncpg", True),
    "mysql://me@h/x?charset=utf8mb4": ("mysql", "pymysql", False),
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_means_an_engine(url):
    engine = engine_for(url)
    name, driver, is_async = URLS[url]
    assert (engine.dialect.name, engine.dialect.driver) == (name, driver)
    assert Database(engine).is_async is is_async


REFUSED = {
    "": "is empty",
    "users.db": "cannot be read",
    "sqlite//x": "cannot be read",
    "oracle+nothing://me:secret@h/x": "SQLAlchemy knows no",
    "mssql+pyodbc://me:secret@h/x": "its driver pyodbc is not installed",
    "postgresql://me:secret@h:port/x": "cannot be read",
}


@pytest.mark.parametrize("url", REFUSED)
def test_a_wrong_url_is_refused_and_its_password_not_told(url):
    with pytest.raises(EngineError, match=REFUSED[url]) as refused:
        engine_for(url)
    assert "secret" not in str(refused.value)


def test_options_go_to_the_engine(tmp_path):
    engine: Any = engine_for(f"sqlite:///{tmp_path}/x.db", {"echo": "debug", "pool_size": 3})
    assert engine.echo == "debug" and engine.pool.size() == 3
    engine.dispose()


def test_a_database_in_memory_is_one_for_all_threads():
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite://"):

        async def use(url: str = url) -> None:
            database = Database(engine_for(url))
            await database.run(lambda s: Base.metadata.create_all(s.connection()) or s.commit())
            await database.run(lambda s: s.add(User(name="ann")) or s.commit())
            counts = [database.run(lambda s: s.scalar(sa.select(sa.func.count(User.id)))) for _ in range(5)]
            assert await asyncio.gather(*counts) == [1] * 5
            await database.dispose()

        asyncio.run(use())


def test_sqlite_connections_check_foreign_keys(make_sqlite):
    api = make_sqlite(Base.metadata, [CRUDRouter(Post)])
    assert api.post("/posts", {"user_id": 1, "text": ""}).status_code == 409


def test_so_do_those_that_were_open_before_and_those_of_sessions_of_ones_own(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    Base.metadata.create_all(engine)  # its connection waits in the pool now
    app = FastAPI()

    def own():
        with Session(engine) as session:
            yield session

    app.include_router(CRUDRouter(Post, session=own))
    assert asyncio.run(ask(app, "POST", "/posts", json={"user_id": 1, "text": ""})).status_code == 409
    engine.dispose()


async def ask(app: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **more)


def test_an_application_without_a_database_says_what_to_do():
    app = FastAPI()
    app.include_router(CRUDRouter(User))
    with pytest.raises(EngineError, match=r"call FastAPI_Easy\.init_app"):
        asyncio.run(ask(app, "GET", "/users"))


def test_an_application_has_one_database():
    app = FastAPI()
    attach(app, engine_for("sqlite://"))
    with pytest.raises(EngineError, match="has its database already"):
        attach(app, engine_for("sqlite://"))


def test_two_applications_have_two_databases(make, make_sqlite):
    one, other = make(Base.metadata, [CRUDRouter(User)]), make_sqlite(Base.metadata, [CRUDRouter(User)])
    one.post("/users", {"name": "ann"})
    assert (one.names("/users"), other.names("/users")) == (["ann"], [])


def test_what_must_be_done_before_the_first_use_is_done_or_refuses(make):
    api = make(Base.metadata, [CRUDRouter(User)])
    calls: list[int] = []

    async def first() -> None:
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("not ready")

    api.database.before_use = first
    assert api.get("/users").status_code == 200
    assert api.get("/users").status_code == 500


def test_a_session_as_a_dependency(make):
    app = FastAPI()

    async def session(database: Annotated[Database, Depends(database_of)]):
        async for found in database.session():
            yield found

    @app.get("/count")
    async def count(s: Annotated[Any, Depends(session)]) -> int:
        found = s.scalar(sa.select(sa.func.count(User.id)))
        return await found if asyncio.iscoroutine(found) else found

    api = make(Base.metadata, [CRUDRouter(User)], app=app)
    api.post("/users", {"name": "ann"})
    assert api.get("/count").json() == 1
