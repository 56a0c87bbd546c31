# SPDX-License-Identifier: MIT
"""What a hook gets: `execute` for SQL text and SQLAlchemy Core, a Session for models, all in moult's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

from sqlalchemy import Executable, Result, make_url, text
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from . import dbapi

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Any] | None
DRIVER = "moult"


def dialect_over_moult(backend: str) -> Dialect:
    """SQLAlchemy's dialect for the database, with moult in the place of a driver."""
    base: Any
    if backend == "sqlite":
        from sqlalchemy.dialects.sqlite.base import SQLiteDialect as base
    elif backend == "postgresql":
        from .postgres import PostgresOverMoult as base
    else:
        from sqlalchemy.dialects.mysql.base import MySQLDialect as base

    class OverMoult(base):  # type: ignore[misc]
        driver = DRIVER
        supports_statement_cache = True
        default_paramstyle = "qmark"

        def initialize(self, connection: Connection) -> None:
            """moult knows what it is connected to; nothing is asked."""

    return OverMoult(dbapi=dbapi, paramstyle="qmark")


class HookSession(Session):
    def rollback(self) -> None:
        """There is no half a hook: one that rolls back has failed."""
        self.get_bind().connection.rollback()  # type: ignore[union-attr]
        super().rollback()


class HookConnection:
    """For a hook that is a plain function. It runs in a thread, and all it does is undone when it raises."""

    def __init__(self, raw: dbapi.Connection, backend: str) -> None:
        dialect = dialect_over_moult(backend)
        pool = StaticPool(lambda: raw, dialect=dialect, reset_on_return=None)  # type: ignore[arg-type]
        self.raw = raw
        self.engine = Engine(pool, dialect, make_url(f"{backend}://"))
        self.connection: Connection = self.engine.connect()
        self._session: Session | None = None

    def execute(self, statement: str | Executable, parameters: Parameters = None) -> Result[Any]:
        """SQL text, with :name and a mapping, with ? and a sequence, or as it stands; or SQLAlchemy Core."""
        if not isinstance(statement, str):
            return self.connection.execute(statement, parameters)
        if isinstance(parameters, Mapping) or is_many(parameters):
            return self.connection.execute(text(statement), parameters)
        return self.connection.exec_driver_sql(statement, None if parameters is None else tuple(parameters))

    def scalar(self, statement: str | Executable, parameters: Parameters = None) -> Any:
        """The first column of the first row; None when there is none."""
        return self.execute(statement, parameters).scalar()

    @property
    def session(self) -> Session:
        """A Session in the same transaction: for models. Its commit() flushes; moult commits when the hook has returned."""
        if self._session is None:
            self._session = HookSession(self.connection, expire_on_commit=False)
        return self._session

    def finish(self) -> None:
        """The hook has returned: what its Session holds is written."""
        if self._session is not None:
            self._session.flush()

    def close(self) -> None:
        self.raw.over = True
        if self._session is not None:
            self._session.close()
        self.connection.close()
        self.engine.dispose()


def is_many(parameters: Parameters) -> bool:
    return isinstance(parameters, Sequence) and bool(parameters) and all(isinstance(p, Mapping) for p in parameters)


class AsyncHookConnection:
    """The same for a coroutine: each piece of work is awaited, and the event loop goes on."""

    def __init__(self, inner: HookConnection) -> None:
        self.inner = inner

    async def execute(self, statement: str | Executable, parameters: Parameters = None) -> Result[Any]:
        """SQL text, with :name and a mapping, with ? and a sequence, or as it stands; or SQLAlchemy Core."""
        return await in_thread(self.inner.execute, statement, parameters)

    async def scalar(self, statement: str | Executable, parameters: Parameters = None) -> Any:
        """The first column of the first row; None when there is none."""
        return await in_thread(self.inner.scalar, statement, parameters)

    async def run_sync(self, work: Callable[[Session], T]) -> T:
        """Runs a plain function on a Session in the same transaction, as AsyncSession.run_sync does."""
        return await in_thread(lambda: work(self.inner.session))


async def in_thread(work: Callable[..., T], *arguments: Any) -> T:
    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, lambda: context.run(work, *arguments))
