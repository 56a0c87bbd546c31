# SPDX-License-Identifier: MIT
"""The C programs that tests run, built when they are first asked for."""

import fcntl
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def folder():
    return Path(os.environ.get("BUILD", ROOT / "build")).resolve()


def program(target):
    """The path of a target of the build, such as "tests/fault/alloc", up to date. One process builds at a time."""
    build = folder()
    with open(build / ".tests.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["ninja", "-C", str(build), target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError("cannot build %s:\n%s" % (target, done.stdout))
    return build / target


def moult():
    return Path(os.environ.get("MOULT", ROOT / "build" / "moult")).resolve()


def torture():
    return bool(os.environ.get("MOULT_TORTURE"))
