# SPDX-License-Identifier: MIT
"""What moult reads of a PostgreSQL database is all of it: the definitions that `inspect` gives make a second database that has the
same fingerprint, and of which pg_dump says the same.

Each file of tests/cases-postgres/inspect is one database. Its first line may be `-- server 15`: the oldest release that knows it;
a line `-- beside: SQL` makes what is not moult's, in the second database too.
"""
from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import libpq

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((ROOT / "tests" / "cases-postgres" / "inspect").glob("*.sql"))
FOREIGN_KEY = re.compile(r"^ALTER TABLE .* FOREIGN KEY .*;$", re.M)


def inspect(moult, server, database: str, form: str, *words: str) -> str:
    done = subprocess.run([moult.program, "inspect", "--url", server.url(database), "--format", form, *words],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def load(server, database: str, statements: list[str]) -> None:
    """In whatever order works, as desired SQL is loaded."""
    with server.client(database) as db:
        db.run("SET check_function_bodies = off")
        while statements:
            left, error = [], None
            for sql in statements:
                try:
                    db.run(sql)
                except libpq.Error as e:
                    left.append(sql)
                    error = error or "%s\n%s" % (e, sql)
            assert len(left) < len(statements), error
            statements = left


def definitions(moult, server, database: str, *words: str) -> list[str]:
    objects = json.loads(inspect(moult, server, database, "json", *words))["objects"]
    keys = FOREIGN_KEY.findall(inspect(moult, server, database, "sql", *words))
    made = [o["sql"] for o in objects if not o.get("uncompared")]
    return [s for sql in made for s in re.split(r";\n(?=ALTER SEQUENCE )", sql)] + keys


def plain(statement: str) -> str:
    """A statement of pg_dump without the order of columns."""
    lines = [line.strip().rstrip(",") for line in statement.strip().splitlines()]
    if lines[0].startswith("CREATE TABLE"):
        lines[1:] = sorted(lines[1:])
    return " ".join(lines)


def dump(server, database: str) -> list[str]:
    """What pg_dump says, in an order that does not depend on oids, and without the names of NOT NULL that nobody chose: those
    of a partition that was attached are its own, those of one that was created are its parent's."""
    text = re.sub(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", "", server.dump(database), flags=re.M)
    text = re.sub(r"CONSTRAINT \w+_not_null NOT NULL", "NOT NULL", text)
    return sorted(plain(s) for s in re.split(r";\n", text) if s.strip())


def twice(moult, server, database: str, beside: list[str] = (), words: list[str] = ()) -> list[tuple]:
    """The two databases: the schema, and what pg_dump says."""
    with server.database() as second:
        load(server, second, list(beside))
        load(server, second, definitions(moult, server, database, *words))
        return [(json.loads(inspect(moult, server, d, "json", *words)), dump(server, d)) for d in (database, second)]


def same(a: tuple, b: tuple) -> None:
    (one, dump_one), (two, dump_two) = a, b
    objects = [{(o["kind"], o["name"]): o["sql"] for o in s["objects"]} for s in (one, two)]
    assert objects[0] == objects[1]
    assert one["fingerprint"] == two["fingerprint"]
    assert dump_one == dump_two


def release(path: Path) -> int:
    found = re.match(r"-- server (\d+)", path.read_text())
    return int(found[1]) if found else 0


@pytest.fixture(params=["postgres", "postgres18"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_every_kind(moult, server, path):
    if release(path) > server.version:
        pytest.skip("PostgreSQL %s does not know it" % server.version)
    with server.database() as database:
        with server.client(database) as db:
            db.run(path.read_text())
        same(*twice(moult, server, database, re.findall(r"^-- beside: (.*)$", path.read_text(), re.M)))
