# SPDX-License-Identifier: MIT
"""Random pairs of PostgreSQL schemas, in lots; see postgres.py. POSTGRES_PAIRS says how many: 300, or 5,000 when tortured."""
import os

import pytest

from tests import judge_postgres
from tests.e2e.known import mark
from tests.fault import built
from tests.property import postgres as pairs

PAIRS = int(os.environ.get("POSTGRES_PAIRS", "5000" if built.torture() else "300"))
FIRST = int(os.environ.get("PROPERTY_FIRST", "0"))
LOT = max(15, PAIRS // 40)


@pytest.fixture(scope="module")
def place(postgres):
    return judge_postgres.Place(postgres)


@pytest.mark.parametrize("lot", [pytest.param(range(i, min(i + LOT, FIRST + PAIRS)), id=f"property/{i}", marks=mark(f"property/{i}"))
                                 for i in range(FIRST, FIRST + PAIRS, LOT)])
def test_random_pairs(lot, place, speaks):
    failed = pairs.try_lot(place, lot)
    assert not failed, "\n".join(failed)


def test_pairs_are_sound(place):
    """The server alone loads both sides and the rows, the target takes them, and a number always makes the same pair."""
    wrong = []
    for seed in range(FIRST, FIRST + 20):
        p = pairs.pair(seed)
        assert p == pairs.pair(seed)
        try:
            with place.fresh(p.before, p.rows), place.fresh(p.after):
                pass
        except Exception as e:
            wrong.append("pair %d: %s" % (seed, e))
    assert not wrong, "\n".join(wrong)
