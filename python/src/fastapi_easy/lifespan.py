# SPDX-License-Identifier: MIT
"""The migration's place in an application's start: before the application's own lifespan, which goes on as it was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastapi_easy.app import FastAPI_Easy


def install(app: FastAPI, easy: FastAPI_Easy) -> None:
    before = app.router.lifespan_context

    @asynccontextmanager
    async def migrating(asgi: Any) -> AsyncIterator[Any]:
        easy.lifespan_ran = True
        await easy.start()
        try:
            async with before(asgi) as state:
                yield state
        finally:
            await easy.database.dispose()

    app.router.lifespan_context = migrating
    app.add_middleware(Gate, easy=easy)


class Gate:
    """Notices whether the application was started, and answers 503 while a person must approve a plan."""

    def __init__(self, app: ASGIApp, easy: FastAPI_Easy) -> None:
        self.app, self.easy = app, easy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            self.easy.lifespan_seen = True
        elif self.easy.failure is not None and not self.easy.ready and self.easy.settings.on_refused == "serve_503":
            await refuse(scope, send, getattr(self.easy.failure, "plan_id", None))
            return
        await self.app(scope, receive, send)


async def refuse(scope: Scope, send: Send, plan_id: str | None) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})  # try again later
        return
    body = {"detail": "the database waits for a migration that a person must approve", "plan_id": plan_id}
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"60")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
