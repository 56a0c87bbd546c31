# SPDX-License-Identifier: MIT
"""README.md is true: its files are written, its commands run in order, and what they print is what it says.

`MOULT_REWRITE=1 pytest tests/test_readme.py` writes what they print into it. The convention is that of tests/e2e/pages.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from easy import ROOT, SOURCE, moult

sys.path.append(str(ROOT / "tests" / "e2e"))
import pages

PAGE = ROOT / "python" / "README.md"


@pytest.mark.once
def test_the_readme(tmp_path: Path) -> None:
    runner = pages.Runner(moult(), tmp_path)
    for name, module in (
        ("fastapi-easy", "-m fastapi_easy"),
        ("python", ""),
        ("pytest", "-m pytest -p no:cacheprovider"),
    ):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {module} "$@"\n')
        program.chmod(0o755)
    runner.env |= {"PYTHONPATH": str(SOURCE), "MOULT_BINARY": moult()}
    for name in ("DATABASE_URL", "FASTAPI_EASY_MODE"):
        runner.env.pop(name, None)
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("MOULT_REWRITE"):
        PAGE.write_text(runner.rewrite(pages.read(text)), encoding="utf-8")
    else:
        assert runner.check(pages.read(text)) > 10
