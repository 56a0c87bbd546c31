# SPDX-License-Identifier: MIT
"""An apply that is ended at very many points, by kill -9, by a signal, by a disk; see torture.py.

500 points are killed, 10,000 and every systematic one when tortured; TORTURE_POINTS says otherwise. What they saw is
left in the build's test-logs/torture, and printed by  torture.py --report.
"""

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built, scenarios, torture  # noqa: E402

POINTS = int(os.environ.get("TORTURE_POINTS", "10000" if built.torture() else "500"))
OTHERS = POINTS // (20 if built.torture() else 5)  # of each of the other faults
KILLED = torture.share(POINTS, scenarios.ALL)
ENDED = torture.share(OTHERS, scenarios.ALL)


def run(name, fault, count):
    records, broken = torture.work((name, fault, count, 1, 0, 1, built.torture() and fault == "kill", None))
    torture.reports().mkdir(parents=True, exist_ok=True)
    (torture.reports() / ("%s-%s.json" % (name, fault))).write_text(json.dumps(records))
    assert not broken, "\n".join(broken)
    return records


@pytest.mark.parametrize("name", KILLED)
def test_killed(name):
    """kill -9 anywhere: nothing is lost or doubled, and the next run gets there. Four fifths of it fall where it hurts."""
    records = [r for r in run(name, "kill", KILLED[name]) if r["ended"] != 0]
    # moments are drawn: of few, two standard deviations less may fall there
    wanted = 0.8 - 2 * (0.8 * 0.2 / max(len(records), 1)) ** 0.5
    assert len(records) < 40 or sum(r["in"] for r in records) >= wanted * len(records), torture.histogram(records)


@pytest.mark.parametrize("fault", ["term", "int"])
@pytest.mark.parametrize("name", ENDED)
def test_asked_to_stop(name, fault):
    """SIGTERM and Ctrl-C at any moment: it ends soon, done or with an error, and the same holds."""
    run(name, fault, ENDED[name])


@pytest.mark.parametrize("fault", ["full", "fail"])
@pytest.mark.parametrize("name", ENDED)
def test_disk(name, fault):
    """No space from any change of a file on, or an I/O error at any: an error that says so, and the same holds."""
    run(name, fault, ENDED[name])


@pytest.mark.parametrize("second", [8, 16, 24, 32])
def test_a_contract_is_killed_twice(tmp_path, second):
    """Its last hooks are left; what goes on with them is killed too, and is then no more than a plan that was interrupted."""
    stage = torture.Stage(scenarios.named("contract"), tmp_path / "stage")
    commits = [c.n for c in stage.changes if c.file == "-journal" and c.what == "unlink"]
    states = [stage.try_point(torture.Point("kill", n + 1, twice=second))["state"] for n in commits]
    assert {"contracted", "third hook"} <= set(states), states


@pytest.mark.parametrize("second", [20, 28, 36])
def test_what_goes_on_is_killed_before_its_first_commit(tmp_path, second):
    """Then the database is as half done as it was, and a start in mode safe says so still."""
    stage = torture.Stage(scenarios.named("hooks"), tmp_path / "stage")
    points = [n for n in range(5, len(stage.changes), 5) if stage.first < n < stage.last]
    states = [stage.try_point(torture.Point("kill", n, twice=second))["state"] for n in points]
    assert "hooked" in states, states
