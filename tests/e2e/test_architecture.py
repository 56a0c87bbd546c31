# SPDX-License-Identifier: MIT
"""docs/architecture.md is true: its files exist, and each room includes and calls only what the page says."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, program

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LIB = ROOT / "src" / "lib"
ENGINES = re.compile(r"sqlite|postgres|mysql|mariadb", re.I)


def section(title: str) -> str:
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", PAGE, re.M | re.S)
    assert found, f"no section '{title}'"
    return found[2]


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the table with this header."""
    table = re.search(rf"^\| {re.escape(header)} \|\n\|[ |-]+\n((?:\|.*\n)+)", text, re.M)
    assert table, f"no table '{header}'"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def bare(text: str) -> str:
    """C without its comments."""
    return re.sub(r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/|//[^\n]*', lambda m: m[1] or "", text, flags=re.S)


# --- the rooms -------------------------------------------------------------------------------------------------------

ROOMS = rows(section("The rooms"), "room | its job | may call")
# From a room's name on the page to its folder under src/lib.
FOLDERS = {"dialect.h": "dialect"}


def room_of(path: Path) -> str:
    """ "base", "dialect/sqlite", "" for src/lib itself, "cli", "include"."""
    folder = path.parent
    return str(folder.relative_to(LIB)).replace(".", "", 1) if folder.is_relative_to(LIB) else folder.name


def allowed() -> dict[str, set[str]]:
    out = {}
    for place, _, calls in ROOMS:
        folder = ROOT / named(place)[0]
        names = [] if calls == "nothing" else [c.strip() for c in calls.split(",")]
        out[room_of(folder / "x") if folder.is_dir() else "include"] = {FOLDERS.get(n, n) for n in names}
    return out


ALLOWED = allowed()


def sources(folder: Path = ROOT / "src") -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h"))


def test_every_room_is_on_the_page():
    assert {room_of(p) for p in sources()} | {"include"} == set(ALLOWED)
    for known in ALLOWED.values():
        assert known <= set(ALLOWED)


def included(path: Path) -> list[Path]:
    """The headers of the project that a file includes."""
    out = []
    for name in re.findall(r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.M):
        found = [f for f in (path.parent / name, LIB / name, ROOT / "include" / name) if f.exists()]
        assert found, f"{path}: there is no {name}"
        out.append(found[0].resolve())
    return out


@pytest.mark.parametrize("room", sorted(ALLOWED), ids=lambda r: r or "lib")
def test_includes(room):
    may = ALLOWED[room] | {room, "include"}
    for path in sources() + [ROOT / "include" / "moult.h"]:
        if room_of(path) == room:
            for header in included(path):
                assert room_of(header) in may, f"{path} includes {header}"


def symbols() -> tuple[dict[str, str], dict[str, set[str]]]:
    """Who defines what, and which room asks for what, as the linker sees it."""
    library = Path(os.environ.get("BUILD", Path(program()).parent)) / "libmoult.a"
    if not library.exists():
        pytest.skip("the library is not built")
    objects = {str(p.relative_to(ROOT)).replace("/", "_") + ".o": room_of(p) for p in sources(LIB) if p.suffix == ".c"}
    listing = subprocess.run(["nm", "-A", library], capture_output=True, text=True, check=True).stdout
    defined: dict[str, str] = {}
    wanted: dict[str, set[str]] = {}
    for member, kind, symbol in re.findall(r":([^:\s]+\.o):[0-9a-f ]*(\w) (\w+)$", listing, re.M):
        if member not in objects:
            continue  # of a source that is gone
        if kind in "TDRB":
            defined[symbol] = objects[member]
        elif kind == "U":
            wanted.setdefault(objects[member], set()).add(symbol)
    assert len(defined) > 100
    return defined, wanted


def test_calls():
    defined, wanted = symbols()
    for room, names in wanted.items():
        for symbol in sorted(names):
            owner = defined.get(symbol, room)
            if owner != room and not symbol.startswith("mo_dialect_"):
                assert owner in ALLOWED[room], f"{room or 'lib'} calls {symbol} of {owner or 'lib'}"


def test_who_names_an_engine():
    """No shared code does, but for the files that the page lists; and those do."""
    listed = {name for row in rows(section("The rooms"), "file | what it knows") for name in named(row[0])}
    found = {str(p.relative_to(ROOT)) for p in sources(LIB)
             if not room_of(p).startswith("dialect/") and ENGINES.search(bare(p.read_text(encoding="utf-8")))}
    assert found == listed


def test_who_sees_which_library():
    seen_by = {name: named(row[2]) for row in rows(section("Libraries"), "for | use | seen by | why")
               for name in ("libsqlite3", "libpq", "jansson", "xxhash", "libmd", "uthash") if name in row[1]}
    headers = {"sqlite3.h": "libsqlite3", "libpq-fe.h": "libpq", "jansson.h": "jansson", "xxhash.h": "xxhash", "sha2.h": "libmd",
               "uthash.h": "uthash"}
    assert set(seen_by) == set(headers.values())
    for path in sources():
        for header in re.findall(r"^#include <([^>]+)>", path.read_text(encoding="utf-8"), re.M):
            if header in headers:
                assert str(path.relative_to(ROOT)) in seen_by[headers[header]], f"{path} includes {header}"


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder, title, header", [(LIB, "The rooms", "file | job"),
                                                   (LIB / "dialect" / "sqlite", "The folder of SQLite", "file | job"),
                                                   (LIB / "dialect" / "postgres", "The folder of PostgreSQL", "file | job")])
def test_files_of_a_folder(folder, title, header):
    """The page lists each file of these folders once."""
    patterns = [name for row in rows(section(title), header) for name in named(row[0])]
    matched = [p.name for pattern in patterns for p in folder.glob(pattern)]
    assert sorted(matched) == sorted(p.name for p in folder.glob("*.c"))


def test_files_of_the_python_package():
    """The page lists each of its files once; a folder that is named with a "/" speaks for its files."""
    package = ROOT / "python" / "src" / "fastapi_easy"
    listed = [name for row in rows(section("The Python package"), "file of the package | job") for name in named(row[0])]
    whole = tuple(name for name in listed if name.endswith("/"))
    found = sorted(str(p.relative_to(package)) for p in package.rglob("*.py"))
    assert sorted(n for n in listed if n not in whole) == [f for f in found if not f.startswith(whole)]
    assert all((package / folder).is_dir() for folder in whole)


def test_files_that_are_named_exist():
    bases = [ROOT, ROOT / "python" / "src" / "fastapi_easy", LIB, LIB / "dialect", LIB / "dialect" / "sqlite", LIB / "dialect" / "postgres", ROOT / "src" / "cli", ROOT / "include"]
    text = re.sub(r"^ *```.*?^ *```$", "", PAGE, flags=re.M | re.S)
    files = [word for name in named(text) for word in name.split()
             if re.fullmatch(r"[\w*/.-]+\.(c|h|md|py|build)|[\w/.-]+/|scripts/[\w/.-]+", word)]
    assert len(files) > 80
    for name in files:
        if not re.search(r"NAME|FOLDER", name):
            assert any(list(base.glob(name.rstrip("/"))) for base in bases), f"there is no {name}"
