# SPDX-License-Identifier: MIT
"""Runs every case of PostgreSQL: the files under tests/cases-postgres/ and those that tests/matrix/postgres.py makes.

`make test` runs every file both ways on the system's server and a part of them on the newer one; of the matrix a part on each.
`make torture` runs all of them both ways on both. POSTGRES_SHARE=1 makes it all of the matrix, one way on the system's server.
What is known to fail stands in known_postgres.txt, with its reason.
"""
import os

import pytest

import case
import case_postgres
import known
from matrix import postgres as matrix
from tests import judge_postgres as judge
from tests.servers import postgres as servers

FILES, MATRIX = case_postgres.from_files(), matrix.cases()
SHARE = int(os.environ.get("POSTGRES_SHARE", "1" if case_postgres.torture() else "8"))
VERSIONS = [v for v in (servers.system_version(), servers.NEWER) if v]


def runs():
    """(case, variant, version, thorough)"""
    for i, one in enumerate(FILES):
        for variant in one.variants:
            yield one, variant, VERSIONS[0], variant == "adopted"
        if len(VERSIONS) > 1 and (SHARE == 1 or i % 3 == 0 or one.get("server")):
            yield one, one.variants[0], VERSIONS[1], False
    for i, one in enumerate(MATRIX):
        if case_postgres.torture():
            yield from ((one, variant, version, True) for variant in one.variants for version in VERSIONS)
            continue
        variant = one.variants[i // SHARE % len(one.variants)]
        if i % SHARE == 0:
            yield one, variant, VERSIONS[0], False
        if len(VERSIONS) > 1 and (i % (3 * SHARE) == 1 or one.get("server")):
            yield one, variant, VERSIONS[1], False


def params():
    for one, variant, version, thorough in runs():
        if int(one.get("server", 0)) > version:
            continue
        name = f"{one.name}[{variant}-{version}]"
        yield pytest.param(one, variant, version, thorough, id=name, marks=known.mark(name))


@pytest.fixture(scope="session")
def places(request):
    """A judge's place for each version, with the roles that cases speak of; made when first asked for."""
    made: dict[int, judge.Place] = {}

    def at(version: int) -> judge.Place:
        if version not in made:
            server = request.getfixturevalue("postgres" if version == VERSIONS[0] else "postgres18")
            with server.client() as db:
                for role in case_postgres.ROLES:
                    db.run(f"CREATE ROLE {role}")
            made[version] = judge.Place(server)
        return made[version]
    return at


@pytest.fixture(scope="session")
def marker(places, moult, speaks, tmp_path_factory):
    """What moult's fast path compares, of the system's server."""
    return case_postgres.Marker(places(VERSIONS[0]), moult, tmp_path_factory.mktemp("marker"))


def test_names_are_unique():
    names = [c.name for c in FILES + MATRIX]
    assert sorted(n for n in set(names) if names.count(n) > 1) == []


def test_there_are_enough():
    assert len(MATRIX) >= 400


def test_known_names_a_case():
    ids = [p.id for p in params()] if SHARE == 1 else None
    for pattern, why in known.KNOWN:
        assert why, f"{pattern}: no reason"
        pattern = pattern.lstrip("~")
        if pattern.startswith(("corpus/", "property/")):
            continue
        stem = pattern.partition("[")[0]
        assert any(known.matches(stem, c.name) for c in FILES + MATRIX), f"{pattern}: no such case"
        if ids is not None:
            assert any(known.matches(pattern, i) for i in ids), f"{pattern}: no such run"


SOUND = FILES + (MATRIX if SHARE == 1 else MATRIX[::12])


@pytest.mark.skipif("MOULT_SANITIZED" in os.environ, reason="asks nothing of moult")
@pytest.mark.parametrize("lot", [pytest.param(SOUND[i::16], id=str(i)) for i in range(16)])
def test_cases_are_sound(lot, places):
    """A case must be right before it can show anything: the server alone loads its schemas and rows, and the judge sees a difference."""
    wrong = []
    for one in lot:
        version = next((v for v in VERSIONS if v >= int(one.get("server", 0))), None)
        if version is None or (version == servers.NEWER and servers.unavailable(version)):
            continue
        try:
            wrong += [f"{one.name}: {p}" for p in unsound(one, places(version))]
        except Exception as e:  # whatever it is, the case is named
            wrong.append(f"{one.name}: {type(e).__name__}: {e}")
    assert wrong == [], "\n".join(wrong)


def unsound(one, place) -> list[str]:
    if not (set(one.expect) <= case_postgres.KNOWN and one.outcome in case.EXITS and set(one.variants) <= {"adopted", "all"}):
        return ["an unknown word of expect"]
    with place.fresh(one.outside, one.before) as name, place.server.client(name) as db:
        if one.rows.strip():
            db.run(one.rows)
        if one.drift.strip():
            db.run(one.drift)
        was = place.dump(name)
    if one.outcome == "error":
        return []
    wanted, *_ = [place.fresh_dump(one.outside, sql) for sql in filter(None, (one.expected or one.after, one.back_sql))]
    differs = judge.compare_dumps(was, wanted)
    return [] if bool(differs) == (one.outcome != "empty") else [f"the two sides {'differ' if differs else 'are the same'}: {differs}"]


@pytest.mark.parametrize("one, variant, version, thorough", params())
def test_case(one, variant, version, thorough, tmp_path, moult, places, marker):
    case_postgres.Run(one, variant, tmp_path, moult, places(version), thorough, marker if version == VERSIONS[0] else None).run()
