# SPDX-License-Identifier: MIT
"""The package as people get it: a wheel, in an environment of its own, with nothing of this folder in reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from easy import ROOT, moult

sys.path.append(str(ROOT / "tests" / "e2e"))
import pages

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("wheel")]

PAGE = ROOT / "python" / "README.md"
SECOND = "### A change that is safe"
LAST = "### Its tests"  # what needs more than the package, and what stands outside of it, follows
CARRIED = (
    "libpq.so.5",
    "libsqlite3.so.0",
    "libjansson.so.4",
    "libhiredis.so.0.14",
    "libmd.so.0",
    "libssl.so.3",
    "libcrypto.so.3",
)
SERVED = """
import os, signal, subprocess, sys, time, urllib.request
command = [sys.executable, "-m", "uvicorn", "main:app", "--port", "0", "--no-access-log"]
server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
for line in server.stderr:
    if "running on" in line:
        print(urllib.request.urlopen(line.split()[line.split().index("on") + 1] + "/users", timeout=10).read().decode())
        break
server.terminate()
sys.exit(server.wait(20) not in (0, -signal.SIGTERM))
"""


def run(*command: object, **more: object) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, ROOT / "scripts" / "wheel", "--moult", moult(), folder)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment's folder of programs."""
    place = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", place)
    (wheel,) = built.glob("*.whl")
    run(place / "bin" / "pip", "install", "-q", "--disable-pip-version-check", wheel, "uvicorn")
    return place / "bin"


def outside(programs: Path, home: Path) -> dict[str, str]:
    return {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8"}


def test_the_guide_runs_on_the_installed_package(installed: Path, tmp_path: Path) -> None:
    runner = pages.Runner(moult(), tmp_path)
    runner.env = outside(installed, runner.home)
    first, rest = PAGE.read_text(encoding="utf-8").split(SECOND)
    assert runner.check(pages.read(first)) == 3
    told = json.loads(run(installed / "python", "-c", SERVED, cwd=runner.home, env=runner.env))
    assert [user["name"] for user in told["items"]] == ["Ada Lovelace", "Alan Turing"]
    assert runner.check(pages.read(rest[: rest.index(LAST)])) > 5
    found = run(
        installed / "python",
        "-c",
        "import fastapi_easy.moult.binary as b; print(b.find())",
        cwd=runner.home,
        env=runner.env,
    )
    assert Path(found.strip()).is_relative_to(installed.parent)


def may_mount() -> bool:
    return (
        os.geteuid() == 0
        and subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode
        == 0
    )


@pytest.mark.skipif(not may_mount(), reason="may not mount")
def test_the_command_needs_no_client_library_of_the_system(installed: Path, tmp_path: Path) -> None:
    """The system's own are covered by empty files."""
    hidden = sorted({str(p.resolve()) for name in CARRIED for p in Path("/usr/lib").rglob(name)})
    assert len(hidden) >= len(CARRIED)
    (carried,) = installed.parent.glob("lib/python*/site-packages/fastapi_easy/_bin/moult")
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);")
    script = f'for f in {" ".join(hidden)}; do mount --bind /dev/null "$f" || exit 99; done; exec "$@"'

    def alone(*command: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["unshare", "-m", "sh", "-c", script, "sh", *map(str, command)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )

    assert "error while loading shared libraries" in alone(moult(), "--version").stderr  # they are hidden indeed
    applied = alone(carried, "apply", "--url", "x.db", "--to", "schema.sql")
    assert applied.returncode == 0 and "version 1" in applied.stdout, applied.stderr
    refused = alone(carried, "plan", "--url", "postgresql://ann@127.0.0.1:1/x", "--to", "schema.sql")
    assert "refused" in refused.stderr and "cannot be loaded" not in refused.stderr, refused.stderr


def test_what_is_in_it(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert "-py3-none-manylinux_2_" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert "fastapi_easy/_bin/moult" in names and "fastapi_easy/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    told = {Path(name).stem for name in names if name.startswith("fastapi_easy/_bin/licences/")}
    assert {"libpq5", "libsqlite3-0", "libssl3"} <= told
    libraries = [name for name in names if ".so" in name]
    assert len(libraries) >= len(told)  # one package may give two


def test_the_sdist_makes_a_wheel_without_the_command(built: Path, tmp_path: Path) -> None:
    """It is of any platform; moult is then found by MOULT_BINARY or on PATH."""
    (sdist,) = built.glob("*.tar.gz")
    python = run(ROOT / "scripts" / "venv", "wheel").strip()
    run("tar", "xzf", sdist, "-C", tmp_path, "--strip-components=1")
    run(python, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "out", tmp_path)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "_bin" in name]
