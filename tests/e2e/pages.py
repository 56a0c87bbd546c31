# SPDX-License-Identifier: MIT
"""Pages of documentation as programs: reads their examples, runs them, compares what they print, or writes it anew.

The convention, the same on every page:

- A block "```console" is run. A line that begins with "$ " is given to a shell; the lines after it are what it prints, on
  standard output and standard error. All blocks of a page run in order in one folder, which is empty at first.
- A block "```sql" whose first line is a comment with nothing but a file's name, such as "-- schema.sql", is written into
  that file, the comment included, over what was there. Any other block "```sql" is only shown. So it is with "```python",
  and "# main.py".
- In what is printed, "…" stands for anything on its line; a line "…" stands for any lines.
- What differs from run to run is compared by its form only: times, the account, the machine, the engine's version,
  seconds, and runs of blanks. Plan ids and the times in names of backups are numbered as they appear, so that the same
  one must come back at the same places; one that a page has in a command is replaced by what was really printed. An id
  in the text between, in back quotes, must be one of those.
- Blocks of other kinds ("```", "```c") are not run.
"""
from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

FILE = {"```sql": re.compile(r"-- ([\w.-]+\.sql)"), "```python": re.compile(r"# ([\w.-]+\.py)")}
TOLD = re.compile(r"(?<=`)[0-9a-f]{8}(?=`)")
VARYING = re.compile(r"\b\d{8}T\d{6}\.\d{3}Z|(?<![\w.-])[0-9a-f]{64}(?![\w.-])|(?<![\w.-])[0-9a-f]{8}(?![\w.-])")
FORMS = [
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?"), "TIME"),
    (re.compile(r"SQLite 3[.\d]*|\"version\": \"3[.\d]*\""), "ENGINE"),
    (re.compile(r"\b\d+\.\d+(?= s\b)|(?<=\s)\d+\.\d\d(?=\s)|(?<=\"seconds\": )\d+\.\d+"), "SECONDS"),
]


@dataclass
class Part:
    """A piece of a page: text, a file to write, or a command with what it prints."""

    kind: str  # "text", "file" or "command"
    lines: list[str] = field(default_factory=list)
    what: str = ""  # the file's name, or the command
    number: int = 0  # of its first line


def read(text: str) -> list[Part]:
    parts = [Part("text")]
    inside = None  # the kind of block, the fence included
    for number, line in enumerate(text.split("\n"), 1):
        if inside is None or line == "```":
            if inside is not None or parts[-1].kind != "text":
                parts.append(Part("text"))
            parts[-1].lines.append(line)
            opened = inside is None and line.startswith("```")
            inside = line if opened else None if line == "```" else inside
            first = opened
            continue
        named = FILE[inside].fullmatch(line) if inside in FILE and first else None
        if named:
            parts.append(Part("file", [line], named[1], number))
        elif inside == "```console" and line.startswith("$ "):
            parts.append(Part("command", [], line[2:], number))
        else:
            if inside == "```console" and parts[-1].kind != "command":
                raise ValueError(f"line {number}: a block of commands begins with a command")
            parts[-1].lines.append(line)
        first = False
    return parts


def write(parts: list[Part]) -> str:
    lines = []
    for part in parts:
        lines += [f"$ {part.what}"] if part.kind == "command" else []
        lines += part.lines
    return "\n".join(lines)


def key(found: str) -> str:
    """An id is known by its first 8 digits, a time by all of it."""
    return found if "T" in found else found[:8]


class Forms:
    """Lines with what varies replaced by names, by the order in which it appears, so that two runs can be compared."""

    def __init__(self):
        self.names: dict[str, str] = {}

    def of(self, line: str) -> str:
        line = VARYING.sub(lambda m: self.names.setdefault(key(m[0]), f"ID{len(self.names)}"), line)
        for pattern, form in FORMS:
            line = pattern.sub(form, line)
        return " ".join(line.split())

    def translate(self, command: str, to: "Forms") -> str:
        """A page's command with what varies as it really was."""
        really = {name: found for found, name in to.names.items()}
        return VARYING.sub(lambda m: really.get(self.names.get(key(m[0]), ""), m[0]), command)


def same(expected: list[str], actual: list[str]) -> bool:
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in actual)) is not None


def public(text: str, folder: Path) -> str:
    """Names of this account, its folders and its machine are nobody's business. Both may be words of a page, such as "user"."""
    text = text.replace(str(folder), "/home/ann")
    user, host = re.escape(getpass.getuser()), re.escape(socket.gethostname())
    text = re.sub(rf'(\bby |"applied_by": "|\d\d:\d\d:\d\d +){user}\b', r"\1ann", text)
    return re.sub(rf'(\bby ann on |"host": "){host}\b', r"\1laptop", text)


class Runner:
    """Runs the parts of one page."""

    def __init__(self, program: str, folder: Path):
        assert os.access(program, os.X_OK), f"no command at {program}: build it, or set MOULT"
        self.home, self.page, self.really = folder / "home", Forms(), Forms()
        self.home.mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "bin" / "moult").symlink_to(program)
        self.env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "NO_COLOR", "LS_COLORS")}
        self.env |= {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.home), "LC_ALL": "C.UTF-8"}

    def shell(self, command: str) -> list[str]:
        done = subprocess.run(["sh", "-c", command], cwd=self.home, env=self.env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, encoding="utf-8")
        text = public(done.stdout, self.home).rstrip("\n")
        return text.split("\n") if text else []

    def write_file(self, part: Part):
        (self.home / part.what).write_text("\n".join(part.lines) + "\n", encoding="utf-8")

    def check(self, parts: list[Part]) -> int:
        """Runs all; AssertionError where the page is not true. How many commands ran."""
        ran = 0
        for part in parts:
            if part.kind == "file":
                self.write_file(part)
            elif part.kind == "command":
                actual = self.shell(self.page.translate(part.what, self.really))
                a, b = [self.page.of(line) for line in part.lines], [self.really.of(line) for line in actual]
                assert same(a, b), "\n".join([f"line {part.number}: $ {part.what}", "printed:", *actual,
                                              "the page says:", *part.lines])
                ran += 1
            else:
                for told in TOLD.findall("\n".join(part.lines)):
                    assert told in self.page.names, f"'{told}' is an id that nothing has printed"
        return ran

    def rewrite(self, parts: list[Part]) -> str:
        """Runs all, and returns the page with what was printed. An id in a command becomes the one printed last."""
        last: dict[bool, str] = {}
        for part in parts:
            if part.kind == "file":
                self.write_file(part)
            elif part.kind == "command":
                part.what = VARYING.sub(lambda m: last.get("T" in m[0], m[0]), part.what)
                part.lines = self.shell(part.what)
                printed = "\n".join(part.lines)
                for found in re.findall(r"plan ([0-9a-f]{8})\b|-backup-(\d{8}T\d{6}\.\d{3}Z)", printed):
                    last[bool(found[1])] = found[0] or found[1]
            else:
                part.lines = [TOLD.sub(lambda m: last.get(False, m[0]), line) for line in part.lines]
        return write(parts)
