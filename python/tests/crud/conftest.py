# SPDX-License-Identifier: MIT
"""Every test of endpoints runs on SQLite and PostgreSQL, each with a sync and an async driver."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crud.case import KINDS, Api

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "examples" / "fastapi")]

from tests.servers.fixtures import postgres  # noqa: E402, F401


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param.startswith("sqlite"):
        yield f"{request.param}:///{tmp_path / 'app.db'}"
        return
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield f"{request.param}://postgres@/{name}?host={server.socket}&port={server.port}"


@pytest.fixture
def make(url: str) -> Iterator[Callable[..., Api]]:
    """make(Base.metadata, [routers]) gives an Api on a database of its own."""
    yield from _maker(url)


@pytest.fixture
def make_sqlite(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """The same on SQLite alone, for what no engine has a part in."""
    yield from _maker(f"sqlite:///{tmp_path / 'other.db'}")


def _maker(url: str) -> Iterator[Callable[..., Api]]:
    made: list[Api] = []

    def make(*arguments: Any, **more: Any) -> Api:
        made.append(Api(url, *arguments, **more))
        return made[-1]

    yield make
    for api in made:
        api.close()
