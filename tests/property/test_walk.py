# SPDX-License-Identifier: MIT
"""Random walks through versions and back; see walk.py. WALK_PLANS says how many versions each has: 20, or 200 when tortured."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.property import walk  # noqa: E402

PLANS = int(os.environ.get("WALK_PLANS", "200" if built.torture() else "20"))
FIRST = int(os.environ.get("WALK_FIRST", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 8))
def test_random_walk(seed):
    counts, wrong = walk.one((seed, PLANS, None))
    assert not wrong, wrong
    assert counts["back"] and counts["same"], counts
    assert counts["untouched and listed"] <= counts["same"] / 10, counts
