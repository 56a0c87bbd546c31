# SPDX-License-Identifier: MIT
"""moult's connection as a PEP 249 one, so that SQLAlchemy works on it: statements go to moult, which holds the transaction.

Its functions wait for the answer: they are called from a thread, never from the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi_easy.errors import HookError, MoultError
from fastapi_easy.moult.process import Moult
from fastapi_easy.moult.values import from_json, to_json

apilevel, threadsafety, paramstyle = "2.0", 1, "qmark"
sqlite_version_info = sqlite_version = (3, 37, 0)  # the oldest that moult works with


class Error(Exception):
    """What the database says of a statement."""


class DatabaseError(Error):
    pass


class IntegrityError(DatabaseError):
    pass


class OperationalError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


class NotSupportedError(DatabaseError):
    pass


InterfaceError = DataError = InternalError = DatabaseError
Binary = bytes


class Connection:
    def __init__(self, moult: Moult, loop: asyncio.AbstractEventLoop) -> None:
        self.moult, self.loop = moult, loop
        self.over = False  # the hook is
        self.undone = False

    def ask(self, method: str, **params: Any) -> Any:
        if self.over:
            raise ProgrammingError("the hook is over, and its connection with it")
        if self.undone:
            raise ProgrammingError("this hook was rolled back: let it raise, and moult undoes all of it")
        try:
            return asyncio.run_coroutine_threadsafe(self.moult.ask(method, **params), self.loop).result()
        except MoultError as wrong:
            raise kind_of(wrong)(str(wrong)) from wrong

    def cursor(self) -> Cursor:
        return Cursor(self)

    def commit(self) -> None:
        """moult commits, when the hook has returned."""

    def rollback(self) -> None:
        """There is no half a hook. When it is over, what SQLAlchemy gives back is only the pool's affair."""
        self.undone = self.undone or not self.over

    def close(self) -> None:
        self.over = True


def kind_of(wrong: MoultError) -> type[Error]:
    text = str(wrong).lower()
    if "constraint" in text:
        return IntegrityError
    return ProgrammingError if wrong.data.get("code") == "INVALID" else OperationalError


class Cursor:
    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.rows: list[tuple[Any, ...]] = []

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        result = self.connection.ask("query", sql=sql, params=[to_json(p) for p in parameters])
        names = result["columns"]
        self.description = [(name, None, None, None, None, None, None) for name in names] or None
        self.rows = [tuple(map(from_json, row)) for row in reversed(result["rows"])]
        self.rowcount = result["changed"] if not names else -1
        return self

    def executemany(self, sql: str, many: Sequence[Sequence[Any]]) -> Cursor:
        result = self.connection.ask("execute", sql=sql, many=[[to_json(p) for p in row] for row in many])
        self.description, self.rows, self.rowcount = None, [], result["changed"]
        return self

    @property
    def lastrowid(self) -> int | None:
        rows = self.connection.ask("query", sql="SELECT last_insert_rowid()")["rows"]
        return int(from_json(rows[0][0]))

    def fetchone(self) -> tuple[Any, ...] | None:
        return self.rows.pop() if self.rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        return [self.rows.pop() for _ in range(min(size or self.arraysize, len(self.rows)))]

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self.rows = self.rows[::-1], []
        return rows

    def close(self) -> None:
        self.rows = []

    def setinputsizes(self, *_: Any) -> None:
        pass

    def setoutputsize(self, *_: Any) -> None:
        pass


def connect(*_: Any, **__: Any) -> Connection:
    raise HookError("a hook's connection is made by moult")
