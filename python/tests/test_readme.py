# SPDX-License-Identifier: MIT
"""README.md is true, and its Chinese sister: files are written, commands run in order, and what they print is what they say.

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

PAGES = ["README.md", "README.zh-CN.md"]


@pytest.mark.once
@pytest.mark.parametrize("name", PAGES)
def test_the_readme(name: str, tmp_path: Path) -> None:
    page = ROOT / "python" / name
    runner = pages.Runner(moult(), tmp_path)
    for program_name, module in (
        ("fastapi-easy", "-m fastapi_easy"),
        ("python", ""),
        ("pytest", "-m pytest -p no:cacheprovider"),
    ):
        program = tmp_path / "bin" / program_name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {module} "$@"\n')
        program.chmod(0o755)
    runner.env |= {"PYTHONPATH": str(SOURCE), "MOULT_BINARY": moult()}
    for variable in ("DATABASE_URL", "FASTAPI_EASY_MODE"):
        runner.env.pop(variable, None)
    text = page.read_text(encoding="utf-8")
    if os.environ.get("MOULT_REWRITE"):
        page.write_text(runner.rewrite(pages.read(text)), encoding="utf-8")
    else:
        assert runner.check(pages.read(text)) > 10
