# SPDX-License-Identifier: MIT
"""Each promise of docs/promises.md names tests that are there."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [line for line in (ROOT / "docs/promises.md").read_text().splitlines()
        if line.startswith("| ") and not line.startswith(("| promise", "| ---"))]


def test_there_are_promises():
    assert len(ROWS) > 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_promise_is_held(row):
    _, promise, _, held, _ = row.split("|")
    tests = re.findall(r"`([^`]+)`", held)
    assert promise.strip() and tests, row
    for test in tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).exists(), test
        if name:
            assert re.search(r"^def %s\(" % re.escape(name), (ROOT / path).read_text(), re.M), test
