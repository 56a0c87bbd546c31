# SPDX-License-Identifier: MIT
"""What comes of the tables of commands and options is one: --help, the usage on the pages of docs/commands, completions, man pages.

MOULT_REWRITE=1 writes the usage into the pages anew. Their examples are tested with those of all pages, in test_docs.py.
"""
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "commands").glob("*.md"))
REWRITE = os.environ.get("MOULT_REWRITE") == "1"


def program() -> str:
    return str(Path(os.environ.get("MOULT", ROOT / "build" / "moult")).resolve())


def usage(page: Path) -> str:
    return subprocess.run([program(), "help", page.stem, "markdown"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_usage(page):
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- made by 'moult help {page.stem} markdown' -->\n", "<!-- end -->\n"
    assert begin in text and end in text, "the page has no place for its usage"
    head, rest = text.split(begin)
    old, tail = rest.split(end)
    new = f"\n{usage(page)}\n"
    if REWRITE:
        page.write_text(head + begin + new + end + tail, encoding="utf-8")
    else:
        assert old == new, "run it with MOULT_REWRITE=1"


def test_every_command_has_a_page():
    listed = subprocess.run([program(), "help", "moult", "markdown"], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"\[`moult (\w+)`\]", listed))
    assert commands | {"moult"} == {p.stem for p in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_help_names_every_option(page):
    """--help, the page and the completions come from one table: none of them leaves an option out."""
    if page.stem == "moult":
        return
    shown = subprocess.run([program(), page.stem, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^  (?:    |-\w, )--([\w-]+)", shown, re.M))
    assert options and options == set(re.findall(r"`--([\w-]+)", usage(page)))
    for shell, form in (("bash", "--{}"), ("zsh", "--{}"), ("fish", "-l {}")):
        script = subprocess.run([program(), "completion", shell], capture_output=True, text=True, check=True).stdout
        assert all(form.format(option) in script for option in options)


def test_bash_reads_its_completion():
    script = subprocess.run([program(), "completion", "bash"], capture_output=True, text=True, check=True).stdout
    asked = script + "\nCOMP_WORDS=(moult plan --mode ''); COMP_CWORD=3; _moult; echo ${COMPREPLY[@]}"
    asked += "\nCOMP_WORDS=(moult ap); COMP_CWORD=1; _moult; echo ${COMPREPLY[@]}"
    said = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout
    assert said == "safe auto aggressive dry_run\napply approve\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_man_page(page):
    made = subprocess.run(["python3", ROOT / "docs" / "man.py", page, "1.2.3"], capture_output=True, text=True, check=True).stdout
    lines = made.split("\n")
    assert lines[0].startswith(".TH ") and "moult 1.2.3" in lines[0]
    assert ".SH NAME" in lines and ".SH USAGE" in lines
    for option in re.findall(r"`(--[\w-]+)", usage(page)):
        assert option.replace("-", "\\-") in made
