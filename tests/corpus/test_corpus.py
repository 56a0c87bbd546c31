# SPDX-License-Identifier: MIT
"""A sample of the corpus: the first, middle and last pair of each history, one from first to last, and one back."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.corpus import histories, migrate  # noqa: E402

PLACE = histories.folder()


def sample():
    if PLACE is None:
        return
    for name in histories.NAMES:
        files = histories.versions(PLACE, name)
        pairs = list(zip(files, files[1:]))
        for a, b in (pairs[0], pairs[len(pairs) // 2], pairs[-1]):
            yield pytest.param(a, b, False, id="%s-%s-%s" % (name, a.stem[:3], b.stem[:3]))
        yield pytest.param(files[0], files[-1], False, id="%s-first-last" % name)
        a, b = pairs[len(pairs) // 2]
        yield pytest.param(a, b, True, id="%s-%s-%s-back" % (name, a.stem[:3], b.stem[:3]))


@pytest.mark.skipif(PLACE is None, reason="no corpus: set CORPUS to the folder of " + histories.ARCHIVE)
@pytest.mark.parametrize("source,target,back", sample())
def test_history(tmp_path, source, target, back):
    outcome, seeded, tables = migrate.migrate(tmp_path, source, target, back)
    assert outcome in ("converged", "refused")
    assert seeded, "no table of %d has rows" % tables
