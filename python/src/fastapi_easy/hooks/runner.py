# SPDX-License-Identifier: MIT
"""Runs the hook that moult asks for: a coroutine on the event loop, a plain function in a thread.

A hook that opens the database by itself would wait for the lock that moult holds for it, for ever. SQLAlchemy tells of
each connection that is opened; inside a hook, one to the same database is refused with an explanation.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine import Connection, Engine

from fastapi_easy.errors import HookError
from fastapi_easy.migration import Hook
from fastapi_easy.moult.process import Moult
from fastapi_easy.urls import absolute

from .connection import DRIVER, AsyncHookConnection, HookConnection
from .dbapi import Connection as RawConnection


@dataclass(frozen=True)
class Running:
    hook: Hook
    url: URL


running: ContextVar[Running | None] = ContextVar("fastapi_easy_hook", default=None)


@event.listens_for(Engine, "engine_connect")
def refuse_own_connection(connection: Connection) -> None:
    now = running.get()
    if now is None or connection.dialect.driver == DRIVER or place(connection.engine.url) != place(now.url):
        return
    connection.close()
    raise HookError(
        f"the hook {now.hook.version} opens a connection of its own to the database that is being migrated, and would wait for "
        "itself; use the connection that it is given: execute(…), or its session"
    )


def place(url: URL) -> tuple[Any, ...]:
    """Which database it is, whatever the driver."""
    url = absolute(url)
    return url.get_backend_name(), url.host, url.port, url.database


async def run_hook(hook: Hook, moult: Moult, url: URL) -> None:
    raw = RawConnection(moult, asyncio.get_running_loop())
    token = running.set(Running(hook, url))
    try:
        if hook.is_async:
            await run_async(hook, raw, url)
        else:
            await in_own_thread(lambda: run_sync(hook, raw, url))
        if raw.undone:
            raise HookError("it was rolled back by itself; a hook that fails must raise")
    finally:
        raw.over = True
        running.reset(token)


async def run_async(hook: Hook, raw: RawConnection, url: URL) -> None:
    inner = HookConnection(raw, url.get_backend_name())
    connection = AsyncHookConnection(inner)
    try:
        await hook.run(connection)
        await connection.run_sync(lambda _: inner.finish())
    finally:
        inner.close()


def run_sync(hook: Hook, raw: RawConnection, url: URL) -> None:
    connection = HookConnection(raw, url.get_backend_name())
    try:
        result = hook.run(connection)
        if asyncio.iscoroutine(result):
            result.close()
            raise HookError("it returned a coroutine: declare it with async def")
        connection.finish()
    finally:
        connection.close()


async def in_own_thread(work: Callable[[], None]) -> None:
    """In a thread that keeps nobody from ending when the hook hangs."""
    loop, context = asyncio.get_running_loop(), copy_context()
    done: asyncio.Future[None] = loop.create_future()

    def tell(wrong: BaseException | None) -> None:
        if not done.done():
            done.set_result(None) if wrong is None else done.set_exception(wrong)

    def run() -> None:
        wrong: BaseException | None = None
        try:
            context.run(work)
        except BaseException as raised:
            wrong = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
            loop.call_soon_threadsafe(tell, wrong)

    threading.Thread(target=run, name="fastapi-easy-hook", daemon=True).start()
    await done
