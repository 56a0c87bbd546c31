# SPDX-License-Identifier: MIT
"""Random walks through versions and back; see walk.py. WALKS says how many, WALK_PLANS how many versions each has (20, or 200
when tortured), WALK_FIRST the first seed."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.property import walk  # noqa: E402

PLANS = int(os.environ.get("WALK_PLANS") or ("200" if built.torture() else "20"))
FIRST = int(os.environ.get("WALK_FIRST") or "0")
WALKS = int(os.environ.get("WALKS") or "8")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_random_walk(seed):
    counts, wrong = walk.one((seed, PLANS, None))
    assert not wrong, wrong
    assert counts["back"] and counts["same"], counts
    # a table without a key that loses column after column has nothing left that tells its rows apart: that is listed
    assert counts["untouched and listed"] <= counts["same"] / 5, counts
