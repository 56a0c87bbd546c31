# SPDX-License-Identifier: MIT
"""Runs every case: the files under tests/cases/ and those that tests/matrix/ makes. How a case is written: case.py."""
import pytest

import case
import judge
from matrix import generate

ALL = case.from_files() + generate.cases()
RUNS = [pytest.param(c, v, id=f"{c.name}[{v}]") for c in ALL for v in c.variants]


def test_names_are_unique():
    names = [c.name for c in ALL]
    assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)


def test_there_are_enough():
    assert len(ALL) >= 300


@pytest.mark.parametrize("one", [pytest.param(c, id=c.name) for c in ALL])
def test_case_is_sound(one, tmp_path):
    """A case must be right before it can show anything: SQLite alone loads its schemas and rows."""
    assert set(one.expect) <= case.KNOWN
    assert one.outcome in case.EXITS and set(one.variants) <= {"adopted", "all"}
    case.build_database(tmp_path / "before.db", one)
    if one.drift:
        db = judge.connect(str(tmp_path / "before.db"))
        db.executescript(one.drift)
        db.close()
    else:
        assert judge.converges(str(tmp_path / "before.db"), one.before) == []
    if one.outcome != "error":
        for sql in filter(None, (one.after, one.expected, one.back_sql)):
            judge.os.unlink(judge.fresh(sql))
        # and the judge sees a difference where there is one, and none where there is none
        differs = judge.converges(str(tmp_path / "before.db"), one.after)
        assert (differs == []) == (one.outcome == "empty"), differs


@pytest.mark.parametrize("one, variant", RUNS)
def test_case(one, variant, tmp_path, moult):
    case.Run(one, variant, tmp_path, moult).run()
