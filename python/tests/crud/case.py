# SPDX-License-Identifier: MIT
"""An application on a real database, and a client that asks it in one event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData

from fastapi_easy.engine import Database, attach, engine_for

KINDS = ("sqlite", "sqlite+aiosqlite", "postgresql+psycopg", "postgresql+asyncpg")


class Api:
    """`api.get("/users")` answers as a server does: what the application raises is a 500."""

    def __init__(
        self, url: str, metadata: MetaData, routers: Iterable[APIRouter] = (), app: FastAPI | None = None
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.app = app or FastAPI()
        self.database: Database = attach(self.app, engine_for(url))
        for router in routers:
            self.app.include_router(router)
        self.run(lambda session: metadata.create_all(session.connection()) or session.commit())
        self.transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=self.transport, base_url="http://test")

    def run(self, work: Any) -> Any:
        """Runs a function of a Session in the application's database."""
        return self.loop.run_until_complete(self.database.run(work))

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.loop.run_until_complete(self.client.request(method, path, **more))

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.request("GET", path, **({"params": query} if query else {}))

    def post(self, path: str, json: Any) -> httpx.Response:
        return self.request("POST", path, json=json)

    def patch(self, path: str, json: Any) -> httpx.Response:
        return self.request("PATCH", path, json=json)

    def put(self, path: str, json: Any) -> httpx.Response:
        return self.request("PUT", path, json=json)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)

    def names(self, path: str, field: str = "name") -> list[Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return [item[field] for item in answer.json()["items"]]

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.run_until_complete(self.database.dispose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
