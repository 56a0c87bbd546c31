# SPDX-License-Identifier: MIT
"""Fixtures of the end-to-end tests: the command, and a place of one's own."""
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for place in (ROOT / "tests", ROOT / "tests" / "e2e"):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))

import case  # noqa: E402


def pytest_configure(config):
    """Thousands of small databases are synced to disk; in memory that costs nothing."""
    memory = Path("/dev/shm")
    if not config.option.basetemp and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30:
        config.option.basetemp = config.moult_temp = tempfile.mkdtemp(prefix="moult-tests-", dir=memory)


def pytest_unconfigure(config):
    shutil.rmtree(getattr(config, "moult_temp", "/nonexistent"), ignore_errors=True)


def program() -> str:
    return str(Path(os.environ.get("MOULT", ROOT / "build" / "moult")).resolve())


@pytest.fixture(scope="session")
def moult() -> case.Moult:
    path = program()
    assert os.access(path, os.X_OK), f"no command at {path}: build it, or set MOULT"
    return case.Moult(path)
