# SPDX-License-Identifier: MIT
"""The pages of the commands are true: their usage is that of the tables in the command, their examples print what they say.

MOULT_REWRITE=1 writes both anew instead, from what the command says now; read the difference before you keep it.

An example is a block "```console": a line that begins with "$ " is run by a shell, what follows is what it prints, on standard
output and standard error. All blocks of a page run in one empty folder, in order. What differs from run to run is compared
by its form only: ids (a page's id in a command is replaced by the one that was really printed), times, the account, the machine, the
engine's version. A line "…" stands for any lines.
"""
import getpass
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "commands").glob("*.md"))
REWRITE = os.environ.get("MOULT_REWRITE") == "1"
ID = re.compile(r"(?<![0-9a-f])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8}(?:[0-9a-f]{56})?(?![0-9a-f])|\b00000000\b")


def program() -> str:
    return str(Path(os.environ.get("MOULT", ROOT / "build" / "moult")).resolve())


def run(command: str, folder: Path) -> str:
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "NO_COLOR")}
    env["PATH"] = f"{Path(program()).parent}:{env['PATH']}"
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.stdout


def usage(page: Path) -> str:
    return subprocess.run([program(), "help", page.stem, "markdown"], capture_output=True, text=True, check=True).stdout


def split(text: str):
    """(text before, its command, what is printed) for each command; then the rest of the text."""
    out, before, lines = [], [], text.split("\n")
    inside = command = None
    for line in lines:
        if inside is None:
            before.append(line)
            inside = True if line == "```console" else None
        elif line == "```":
            if command is not None:
                out.append((before, command, printed))
            before, inside, command = [line], None, None
        elif line.startswith("$ "):
            if command is not None:
                out.append((before, command, printed))
                before = []
            command, printed = line[2:], []
        else:
            printed.append(line)
    return out, before


class Names:
    """Ids by the order in which they appear, so that two runs can be compared."""

    def __init__(self):
        self.known = {}

    def number(self, found: str) -> str:
        return self.known.setdefault(found[:8], f"ID{len(self.known)}")

    def form(self, line: str) -> str:
        line = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?", "TIME", line)
        line = re.sub(r"\d{8}T\d{6}\.\d{3}Z", "TIME", line)
        line = ID.sub(lambda m: self.number(m.group()), line)
        line = re.sub(r"SQLite 3[.\d]*|\"version\": \"3[.\d]*\"", "ENGINE", line)
        line = re.sub(r"\b\d+\.\d+\b(?= s\b)|(?<=\s)\d+\.\d\d(?=\s)|(?<=\"seconds\": )\d+\.\d+", "N", line)
        return " ".join(line.split())


def public(text: str, folder: Path) -> str:
    """Names of this account, its folders and its machine are nobody's business."""
    text = text.replace(str(folder), "/home/ann")
    text = re.sub(rf"\b{re.escape(getpass.getuser())}\b", "ann", text)
    return text.replace(socket.gethostname(), "laptop")


def matches(expected: list[str], actual: list[str]) -> bool:
    if "…" not in expected:
        return expected == actual
    at = expected.index("…")
    after = expected[at + 1:]
    return (len(expected) - 1 <= len(actual) and expected[:at] == actual[:at]
            and (not after or after == actual[len(actual) - len(after):]))


def replace_ids(command: str, of_page: Names, really: Names) -> str:
    back = {number: found for found, number in really.known.items()}
    return ID.sub(lambda m: back.get(of_page.known.get(m.group()[:8], ""), m.group()), command)


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


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_examples(page, tmp_path):
    examples, rest = split(page.read_text(encoding="utf-8"))
    of_page, really, out, last = Names(), Names(), [], None
    for before, command, expected in examples:
        if REWRITE:
            command = ID.sub(lambda m: last or m.group(), command) if last else command
        printed = public(run(replace_ids(command, of_page, really) if not REWRITE else command, tmp_path), tmp_path)
        actual = printed.rstrip("\n").split("\n") if printed.strip() else []
        if REWRITE:
            out += before + [f"$ {command}", *actual]
            found = re.findall(r"plan ([0-9a-f]{8})\b", printed)
            last = found[-1] if found else last
        else:
            a, b = [of_page.form(line) for line in expected], [really.form(line) for line in actual]
            assert matches(a, b), f"$ {command}\nprinted:\n{printed}\nthe page says:\n" + "\n".join(expected)
    if REWRITE:
        page.write_text("\n".join(out + rest), encoding="utf-8")


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
