# SPDX-License-Identifier: MIT
"""For an application's own tests: a database of each test's own, migrated, and the application on it.

In conftest.py:  pytest_plugins = ["fastapi_easy.testing"]

    def test_users(migrated_app):
        with TestClient(migrated_app("main:app")) as client:
            ...
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI

from fastapi_easy._target import load
from fastapi_easy.app import FastAPI_Easy
from fastapi_easy.engine import enforce_foreign_keys, engine_for, is_async

if TYPE_CHECKING:
    from sqlalchemy import URL


@contextmanager
def on_database(app: FastAPI, url: str | URL | None = None) -> Iterator[FastAPI]:
    """The application on another database, default a new SQLite file, migrated before it is given. All is as it was after."""
    easy = FastAPI_Easy.of(app)
    with tempfile.TemporaryDirectory(prefix="fastapi-easy-") as folder:
        engine = engine_for(url or own_url(easy, Path(folder)))
        before = dict(vars(easy)), dict(vars(easy.database))
        easy.database.engine, easy.database.is_async = engine, is_async(engine)
        enforce_foreign_keys(easy.database.sync_engine)
        easy.url, easy.ready, easy.failure = easy.database.sync_engine.url, False, None
        easy.settings = replace(easy.settings, mode="aggressive", moult_url=None, on_refused="exit")
        try:
            easy.start_late(quiet=True)
            yield app
        finally:
            getattr(engine, "sync_engine", engine).dispose(close=not is_async(engine))
            vars(easy).update(before[0])
            vars(easy.database).update(before[1])


def own_url(easy: FastAPI_Easy, folder: Path) -> str:
    """Sync or async, as the application's own."""
    return f"sqlite{'+aiosqlite' if easy.database.is_async else ''}:///{folder / 'test.db'}"


@pytest.fixture
def migrated_app() -> Iterator[Callable[..., FastAPI]]:
    """A function: the application, or its "module:name", and optionally a URL → it, on a database of this test's own."""
    with ExitStack() as stack:

        def put(app: FastAPI | str, url: str | URL | None = None) -> FastAPI:
            found: Any = load(app) if isinstance(app, str) else app
            return stack.enter_context(on_database(found, url))

        yield put
