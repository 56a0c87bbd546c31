# SPDX-License-Identifier: MIT
"""What moult says to a person, in the words of this package."""

from __future__ import annotations

import re

COMMAND = re.compile(r"\bmoult (plan|apply|approve|resume|status|history|rollback)\b([^\n]*)")
TARGET = re.compile(r" --(?:url|to) (?:'(?:[^']|'\\'')*'|\"[^\"]*\"|\S+)")


def ours(text: str) -> str:
    """The commands that moult names, as `fastapi-easy` has them: it knows the database and the models already."""
    return COMMAND.sub(lambda m: f"fastapi-easy migrate {m[1]}{TARGET.sub('', m[2])}", text)
