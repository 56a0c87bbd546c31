# SPDX-License-Identifier: MIT
"""What `make install` puts where, and that a program finds it there through pkg-config, shared and static."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
PROGRAM = """
#include <moult.h>
#include <stdio.h>
int main(void)
{
    moult_result *result = NULL;
    moult_source desired = {.text = "CREATE TABLE t (a)"};
    int code = moult_start(&result, "app.db", &desired, NULL);
    printf("%s %s %d", moult_version(), moult_code_name(code), (int)moult_result_outcome(result));
    moult_result_free(result);
    return code;
}
"""


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    place = tmp_path_factory.mktemp("installed")
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", place)
    return place


def one(place, pattern):
    found = sorted(place.rglob(pattern))
    assert found, f"no {pattern} installed"
    return found[0]


@pytest.mark.parametrize("pattern", ["bin/moult", "include/moult.h", "libmoult.so", "libmoult.so.0", "libmoult.a", "pkgconfig/moult.pc",
                                     "man1/moult.1", "man1/moult-plan.1", "bash-completion/completions/moult",
                                     "site-functions/_moult", "vendor_completions.d/moult.fish"])
def test_is_installed(installed, pattern):
    assert one(installed, pattern).stat().st_size


def test_soname(installed):
    assert "[libmoult.so.0]" in run("readelf", "-d", one(installed, "libmoult.so.0"))


def test_the_command_runs(installed):
    assert "0.1.0" in run(one(installed, "bin/moult"), "version")


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_a_program_links_through_pkg_config(installed, tmp_path, kind):
    pc = one(installed, "pkgconfig/moult.pc")
    env = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent), "PKG_CONFIG_SYSROOT_DIR": ""}
    prefix = f"--define-variable=prefix={one(installed, 'include/moult.h').parents[1]}"
    flags = run("pkg-config", prefix, "--cflags", "--libs", *(["--static"] if kind == "static" else []), "moult", env=env).split()
    library = one(installed, "libmoult.a")
    if kind == "static":
        flags = [str(library) if f == "-lmoult" else f for f in flags]
    (tmp_path / "app.c").write_text(PROGRAM)
    run("cc", tmp_path / "app.c", "-o", tmp_path / "app", *flags)
    assert run(tmp_path / "app", cwd=tmp_path, env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)}) == "0.1.0 OK 1"
    assert run(tmp_path / "app", cwd=tmp_path, env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)}) == "0.1.0 OK 0"
