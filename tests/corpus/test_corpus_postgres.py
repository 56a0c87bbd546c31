# SPDX-License-Identifier: MIT
"""A sample of the PostgreSQL histories: the last pair of each, one from first to last, and one back."""

import pytest

from tests import judge_postgres
from tests.corpus import histories, migrate_postgres
from tests.e2e.known import mark

PLACE = histories.folder()


def sample():
    if PLACE is None:
        return
    for at, name in enumerate(histories.POSTGRES):
        files = histories.versions(PLACE, name, "postgres")
        pairs = list(zip(files, files[1:]))
        middle = pairs[len(pairs) // 2]
        chosen = [("next", *pairs[-1], False)]
        chosen.append([("first-last", files[0], files[-1], False), ("back", *middle, True)][at % 2])
        for what, a, b, back in chosen:
            test = "corpus/%s-%s" % (name, what)
            yield pytest.param(a, b, back, id=test, marks=mark(test))


@pytest.fixture(scope="module")
def place(postgres):
    return judge_postgres.Place(postgres)


@pytest.mark.skipif(PLACE is None, reason="no corpus: set CORPUS to the folder of " + histories.ARCHIVE)
@pytest.mark.parametrize("source, target, back", sample())
def test_history(tmp_path, place, speaks, source, target, back):
    outcome, seeded, tables = migrate_postgres.migrate(place, tmp_path, source, target, back)
    assert outcome in ("converged", "refused")
    assert seeded, "no table of %d has rows" % tables
