# SPDX-License-Identifier: MIT
"""What tests get: a database, and an environment in which the package is found and nothing of the developer's is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from easy import SOURCE, Database, moult


@pytest.fixture
def env() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MOULT", "FASTAPI_EASY", "DATABASE_URL"))}
    return kept | {"PYTHONPATH": str(SOURCE), "MOULT_BINARY": moult()}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)
