# SPDX-License-Identifier: MIT
"""Where the moult command is: MOULT_BINARY, then the one that the wheel carries, then PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from fastapi_easy.errors import MoultMissing

OWN = Path(__file__).resolve().parent.parent / "_bin" / "moult"


def find() -> str:
    named = os.environ.get("MOULT_BINARY")
    if named:
        if not is_program(Path(named)):
            raise MoultMissing(f"MOULT_BINARY is {named}, and there is no program")
        return named
    if is_program(OWN):
        return str(OWN)
    found = shutil.which("moult")
    if found is None:
        raise MoultMissing(
            "the moult command is not here: MOULT_BINARY is not set, this installation carries none, and PATH has none; "
            "install moult, or set MOULT_BINARY to the path of it"
        )
    return found


def is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
