# SPDX-License-Identifier: MIT
"""What tests get: a database, and an environment in which the package is found and nothing of the developer's is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from easy import SOURCE, Database, moult
from fastapi_easy import migration


@pytest.fixture
def env() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MOULT", "FASTAPI_EASY", "DATABASE_URL"))}
    return kept | {"PYTHONPATH": str(SOURCE), "MOULT_BINARY": moult()}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


@pytest.fixture(autouse=True)
def own_moult(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that was just built, and no setting of whoever runs the tests."""
    for name in ("DATABASE_URL", "FASTAPI_EASY_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MOULT_BINARY", moult())


@pytest.fixture
def hooks() -> Iterator[None]:
    """Hooks that are registered in a test are forgotten after it."""
    before = dict(migration.registered.by_version)
    migration.registered.by_version.clear()
    yield
    migration.registered.by_version = before
