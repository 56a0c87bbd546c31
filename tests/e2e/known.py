# SPDX-License-Identifier: MIT
"""What is known to fail: known_postgres.txt has ids of tests, each with its reason. Such a test is run, and fails the day it passes.

A pattern that begins with ~ is of tests that nobody has sorted yet: there a failure is known, and passing is no surprise.
"""
import re
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("known_postgres.txt")


def known() -> list[tuple[str, str]]:
    """Patterns of test ids, each with its reason. `*` stands for anything."""
    lines = [line.rstrip() for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [(p, why.strip()) for p, _, why in (line.partition("  ") for line in lines if line and not line.startswith("#"))]


def matches(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


KNOWN = known()


def mark(name: str) -> list:
    """The marks of the test of this id: those of the first pattern that matches."""
    for pattern, why in KNOWN:
        if matches(pattern.lstrip("~"), name):
            return [pytest.mark.xfail(reason="known: " + why, strict=not pattern.startswith("~"))]
    return []
