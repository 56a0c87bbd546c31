# SPDX-License-Identifier: MIT
"""Debian sid in a folder of its own: newer servers than the system has. Made once, kept between runs.

The folder is MOULT_SID, or moult-tests/sid in the user's cache folder. Making it takes root, debootstrap, about two minutes and
0.8 GB; where it cannot be made, `unavailable` says why and the tests that need it are skipped.
"""
from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = "postgresql-18,mysql-server-core,mysql-client"
LIMIT = 900  # seconds
TRY_AGAIN = 3600  # seconds after a failure; the workers of one test run do not all try


def folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("MOULT_SID") or Path(cache) / "moult-tests" / "sid")


def mirror() -> str | None:
    """Where the system itself gets its packages from."""
    said = subprocess.run(["apt-get", "indextargets", "--format", "$(SUITE) $(REPO_URI)", "Created-By: Packages"],
                          capture_output=True, text=True)
    for line in said.stdout.splitlines():
        suite, _, uri = line.partition(" ")
        if suite and "-" not in suite:  # not -security, not -updates
            return uri
    return None


def made() -> bool:
    return (folder() / ".made").exists()


@functools.lru_cache(None)
def unavailable() -> str | None:
    """None when the folder is there, after making it if need be; else why it is not."""
    if made():
        return None if os.geteuid() == 0 else "Debian sid is in its folder, but only root can start a server in it"
    if os.geteuid() != 0:
        return "Debian sid is not in its folder, and only root can make it"
    if not shutil.which("debootstrap") or not shutil.which("apt-get"):
        return "Debian sid is not in its folder, and debootstrap is not installed"
    place = folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.parent / "sid.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one test run come here together
        return None if made() else make(place)


def make(place: Path) -> str | None:
    failed, where = place.parent / "sid.failed", mirror()
    if failed.exists() and time.time() - failed.stat().st_mtime < TRY_AGAIN:
        return failed.read_text()
    if not where:
        return "Debian sid is not in its folder, and apt names no mirror"
    print("making Debian sid in %s, once: about two minutes" % place, file=sys.stderr, flush=True)
    shutil.rmtree(place, ignore_errors=True)
    try:
        done = subprocess.run(["debootstrap", "--variant=minbase", "--include=" + PACKAGES, "sid", str(place), where],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)
        said, good = done.stdout, done.returncode == 0
    except (OSError, subprocess.TimeoutExpired) as e:
        said, good = str(e), False
    if not good:
        shutil.rmtree(place, ignore_errors=True)
        failed.write_text("Debian sid cannot be made: " + "; ".join(said.strip().splitlines()[-2:]))
        return failed.read_text()
    for name in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(place / name, ignore_errors=True)
    (place / ".made").touch()
    return None
