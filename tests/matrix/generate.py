# SPDX-License-Identifier: MIT
"""The matrix: object kind × (create, each alteration, rename, drop), and each survival item × rung, without holes.

Cases are made in memory. Each goes there and back (case.py), so "back" is no column of its own.

    python3 tests/matrix/generate.py          lists them
    python3 tests/matrix/generate.py NAME     prints one in the form of a case file
"""
from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "e2e")]

from case import Case, REPEATED  # noqa: E402
from matrix import objects, risk, survival  # noqa: E402


def cases() -> list[Case]:
    return objects.cases() + survival.cases() + risk.cases()


def as_text(c: Case) -> str:
    parts = [f"# {c.about or c.name}"]
    for name, text in (("before", c.before), ("rows", c.rows), ("drift", c.drift), ("after", c.after),
                       ("expected", c.expected), ("back", c.back_sql)):
        if text:
            parts.append(f"== {name}\n{text.rstrip()}")
    parts.append("== expect")
    for key, value in c.expect.items():
        parts += [f"{key}: {v}" for v in (value if key in REPEATED else [value])]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for made in cases():
        if not wanted:
            print(made.name)
        elif made.name in wanted:
            print(as_text(made))
