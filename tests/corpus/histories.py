# SPDX-License-Identifier: MIT
"""Finds the corpus of real schema histories: CORPUS names a folder with real-schemas.tar.xz, or the unpacked archive."""

import atexit
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("quassel", "gammu", "calibre", "kamailio", "freeradius", "hydra", "roundcube", "proj")
POSTGRES = ("hydra", "pagila", "icingadb", "roundcube", "openstreetmap", "lemmy", "danbooru", "kamailio")
ARCHIVE = "real-schemas.tar.xz"


def folder():
    """The folder that has PROJECT/ENGINE/*.sql; None when there is no corpus. Unpacks the archive once per process tree."""
    given = Path(os.environ.get("CORPUS", ROOT / ".." / "shared" / "corpus")).resolve()
    for place in (given, given / "dev"):
        if (place / NAMES[0] / "sqlite").is_dir():
            return place
    archive = given / ARCHIVE
    if not archive.is_file():
        return None
    target = Path(tempfile.mkdtemp(prefix="moult-corpus-"))
    atexit.register(shutil.rmtree, target, True)
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if m.name.endswith(".sql") and m.isfile() and ".." not in m.name]
        tar.extractall(target, members)
    os.environ["CORPUS"] = str(target)
    return next(p.parent.parent for p in target.rglob("sqlite") if p.parent.name == NAMES[0])


def versions(place, name, engine="sqlite"):
    """The schema files of one history, oldest first."""
    return sorted((place / name / engine).glob("*.sql"))


def pairs(place, names=NAMES, engine="sqlite"):
    """Every migration that the corpus asks for: (history, kind, from, to), kind "next", "last" or "back"."""
    for name in names:
        files = versions(place, name, engine)
        for a, b in zip(files, files[1:]):
            yield name, "next", a, b
        for a in files[:-2]:
            yield name, "last", a, files[-1]
        for a, b in zip(files, files[1:]):
            yield name, "back", a, b
