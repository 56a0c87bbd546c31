# SPDX-License-Identifier: MIT
"""Random pairs of schemas, in lots; see run.py. PROPERTY_PAIRS says how many: 1,000, or 20,000 when tortured."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.property import run  # noqa: E402

PAIRS = int(os.environ.get("PROPERTY_PAIRS", "20000" if built.torture() else "1000"))
LOT = max(25, PAIRS // 40)
FIRST = int(os.environ.get("PROPERTY_FIRST", "0"))


@pytest.mark.parametrize("first", range(FIRST, FIRST + PAIRS, LOT))
def test_random_pairs(first):
    built.program("tests/property/runner")
    seeds = range(first, min(first + LOT, FIRST + PAIRS))
    _, failed = run.try_seeds(seeds, run.failures_folder(), shrink_seconds=20, limit=2)
    assert not failed, "\n".join(failed)
