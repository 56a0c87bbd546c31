# SPDX-License-Identifier: MIT
"""The database of an application: its engine, sync or async, and how a piece of work gets a session on it.

`attach` puts a `Database` where requests find it, those to mounted applications included; `database_of` finds it.
Work is one function on a plain `Session`, whatever the engine is: a sync engine runs it in a thread, an async one in
SQLAlchemy's greenlet, so that there is one body of code for both and the event loop is never blocked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from fastapi import FastAPI
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from fastapi_easy.errors import FastAPIEasyError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")
AnyEngine: TypeAlias = "Engine | AsyncEngine"
AnySession: TypeAlias = "Session | AsyncSession"

STATE = "fastapi_easy_database"  # its name in app.state
SCOPE = "fastapi_easy.database"  # its name in the scope of a request
# A URL without a driver means the first of these that is installed.
DRIVERS = {
    "postgresql": ("psycopg", "psycopg2", "pg8000"),
    "mysql": ("pymysql", "mysqldb"),
    "mariadb": ("pymysql", "mysqldb"),
}


class EngineError(FastAPIEasyError):
    """A URL that is no database URL, a driver that is not there, or a request that has no database."""


class Database:
    """One database of one application. Safe to use from many tasks and threads; opens nothing until it is used."""

    def __init__(self, engine: AnyEngine) -> None:
        self.engine = engine
        self.is_async = is_async(engine)
        self.before_use: Callable[[], Awaitable[None]] | None = None  # awaited before each session; raises to refuse
        enforce_foreign_keys(self.sync_engine)

    @property
    def sync_engine(self) -> Engine:
        """The engine that events and dialect belong to."""
        return cast("Engine", self.engine.sync_engine if self.is_async else self.engine)  # type: ignore[union-attr]

    async def run(self, work: Callable[[Session], T]) -> T:
        """Runs the work in a session of its own; what it has not committed is rolled back."""
        await self.ready()
        if not self.is_async:
            return await run_in_threadpool(self._run, work)
        from sqlalchemy.ext.asyncio import AsyncSession

        async with AsyncSession(cast("AsyncEngine", self.engine), expire_on_commit=False) as session:
            return await session.run_sync(work)

    def _run(self, work: Callable[[Session], T]) -> T:
        with Session(cast(Engine, self.engine), expire_on_commit=False) as session:
            return work(session)

    async def session(self) -> AsyncIterator[AnySession]:
        """A session for one request: an AsyncSession where the engine is async, else a Session. It does not commit."""
        await self.ready()
        if self.is_async:
            from sqlalchemy.ext.asyncio import AsyncSession

            async with AsyncSession(cast("AsyncEngine", self.engine), expire_on_commit=False) as session:
                yield session
            return
        plain = Session(cast(Engine, self.engine), expire_on_commit=False)
        try:
            yield plain
        finally:
            await run_in_threadpool(plain.close)

    async def ready(self) -> None:
        """Waits until sessions may be used."""
        if self.before_use is not None:
            await self.before_use()

    async def dispose(self) -> None:
        """Closes the connections that wait in the pool."""
        if self.is_async:
            await cast("AsyncEngine", self.engine).dispose()
        else:
            await run_in_threadpool(cast(Engine, self.engine).dispose)


async def run_in(session: AnySession, work: Callable[[Session], T]) -> T:
    """Runs the work in a session that someone else made, and will close."""
    if isinstance(session, Session):
        return await run_in_threadpool(work, session)
    return await session.run_sync(work)


class _Carry:
    """Middleware that puts the database into the scope, where a mounted application finds it as well."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app, self.database = app, database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope[SCOPE] = self.database
        await self.app(scope, receive, send)


def attach(app: FastAPI, engine: AnyEngine) -> Database:
    """Makes this the database of the application, and of those mounted in it that have none of their own."""
    if getattr(app.state, STATE, None) is not None:
        raise EngineError("this application has its database already: call init_app once")
    database = Database(engine)
    setattr(app.state, STATE, database)
    app.add_middleware(_Carry, database=database)
    return database


def database_of(connection: HTTPConnection) -> Database:
    """The database of the application that answers this request."""
    app = connection.scope.get("app")
    database = connection.scope.get(SCOPE) or getattr(getattr(app, "state", None), STATE, None)
    if database is None:
        raise EngineError(
            "this application has no database: call FastAPI_Easy.init_app(app, database_url=...) before it starts, "
            "or give CRUDRouter a session= of your own"
        )
    return cast(Database, database)


def is_async(engine: AnyEngine) -> bool:
    """Whether it is an AsyncEngine; asked so, because without greenlet its class cannot be imported."""
    return hasattr(engine, "sync_engine")


def engine_for(url: str | URL, options: Mapping[str, Any] | None = None) -> AnyEngine:
    """An engine for this URL, async where its driver is; options are those of SQLAlchemy's create_engine."""
    parsed = _parsed(url)
    settings: dict[str, Any] = {**_memory(parsed), **(options or {})}
    try:
        if not parsed.get_dialect().is_async:
            return create_engine(parsed, **settings)
        return _async_engine(parsed, settings)
    except NoSuchModuleError as unknown:
        raise EngineError(f"{_shown(parsed)}: SQLAlchemy knows no {parsed.drivername}") from unknown
    except ModuleNotFoundError as missing:
        raise EngineError(
            f"{_shown(parsed)}: its driver {missing.name} is not installed; install it, or name another one in the URL"
        ) from missing


def _async_engine(url: URL, settings: dict[str, Any]) -> AnyEngine:
    try:
        import_module("greenlet")
    except ModuleNotFoundError as missing:
        raise EngineError(f"{_shown(url)}: async drivers need greenlet: pip install 'fastapi-easy[async]'") from missing
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine(url, **settings)


def _parsed(url: str | URL) -> URL:
    if isinstance(url, str) and not url.strip():
        raise EngineError("the database URL is empty: give one such as sqlite:///app.db")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as wrong:
        # The text may hold a password: it is not repeated.
        raise EngineError(
            "the database URL cannot be read: it looks like sqlite:///app.db or postgresql://user:password@host/name"
        ) from wrong
    if parsed.drivername == "postgres":
        parsed = parsed.set(drivername="postgresql")
    return parsed.set(drivername=f"{parsed.drivername}{_driver(parsed.drivername)}")


def _driver(name: str) -> str:
    """The driver that a URL without one means, as a suffix; none when SQLAlchemy's own choice is as good."""
    module = {"mysqldb": "MySQLdb"}
    found = (d for d in DRIVERS.get(name, ()) if find_spec(module.get(d, d)))
    return f"+{driver}" if (driver := next(found, "")) else ""


def _memory(url: URL) -> dict[str, Any]:
    """A database in memory is its connection's own: all threads must share the one."""
    name = url.database or ""
    if url.get_backend_name() != "sqlite" or not (name in ("", ":memory:") or "mode=memory" in str(url)):
        return {}
    return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def enforce_foreign_keys(bind: Any) -> None:
    """SQLite checks foreign keys only on connections that ask for it: all of this engine do, also those already open."""
    engine = getattr(bind, "engine", bind)
    if engine.dialect.name == "sqlite" and not event.contains(engine, "checkout", _ask_for_foreign_keys):
        event.listen(engine, "checkout", _ask_for_foreign_keys)


def _ask_for_foreign_keys(connection: Any, record: Any, _proxy: Any) -> None:
    if not record.info.get(SCOPE):
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        record.info[SCOPE] = True
