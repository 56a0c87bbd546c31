# SPDX-License-Identifier: MIT
"""The backup before a risky apply: whole, never over another one, and nothing happens without it."""
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.fault.test_faults import Place, same  # noqa: E402


class Backed(Place):
    """A place whose applies make backups."""

    def command(self, *more):
        return [w for w in super().command(*more) if w != "--no-backup"]

    def backups(self):
        return sorted(self.folder.glob("app.db-moult-backup-*"))


@pytest.fixture
def place(tmp_path):
    out = Backed(tmp_path, 300)
    out.finish()
    for path in out.backups():
        path.unlink()
    return out


def world(**settings):
    return {**os.environ, "LD_PRELOAD": str(built.program("tests/fault/libworld.so")),
            **{"WORLD_" + k.upper(): str(v) for k, v in settings.items()}}


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_restored_by_cp(place, journal):
    db = sqlite3.connect(place.db)
    db.execute("PRAGMA journal_mode = " + journal)
    db.execute("INSERT INTO person (name) VALUES ('the last one')")
    db.commit()
    db.close()
    shutil.copy(place.db, place.folder / "kept" / "now.db")
    assert place.apply().returncode == 0
    [backup] = place.backups()
    assert same(place.folder / "kept" / "now.db", backup)
    for side in ("-wal", "-shm", "-journal"):
        Path(str(place.db) + side).unlink(missing_ok=True)
    shutil.copy(backup, place.db)
    assert same(place.folder / "kept" / "now.db", place.db)
    assert place.apply().returncode == 0


def test_no_room(place):
    done = place.apply(env=world(free=1000))
    assert done.returncode == 1 and "there is no room for this plan: it needs about " in done.stderr and " are for the backup" in done.stderr and "1,000 left" in done.stderr, done
    assert place.state() == "before" and not place.backups()
    place.goes_on()


def test_the_clock_is_set_back(place):
    """It stands still, so that two backups would have one name: both are there, and each is what it was a copy of."""
    still = world(frozen=1_700_000_000)
    assert place.apply(env=still).returncode == 0
    [first] = place.backups()
    kept = first.read_bytes()
    place.restore()
    db = sqlite3.connect(place.db)
    db.execute("INSERT INTO person (name) VALUES ('another')")
    db.commit()
    db.close()
    done = place.apply(env=still)
    assert done.returncode == 0, done.stderr
    assert len(place.backups()) == 2 and first.read_bytes() == kept
    [second] = [p for p in place.backups() if p != first]
    assert sqlite3.connect(second).execute("SELECT count(*) FROM person WHERE name = 'another'").fetchone() == (1,)


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_rights(place, mode):
    place.db.chmod(mode)
    assert place.apply().returncode == 0
    [backup] = place.backups()
    assert backup.stat().st_mode & 0o777 == mode
    assert (backup.stat().st_uid, backup.stat().st_gid) == (place.db.stat().st_uid, place.db.stat().st_gid)


def test_one_that_fails_stops_the_apply(place):
    done = place.apply(env=world(deny=".part"), cwd=place.folder / "kept")
    assert done.returncode == 4 and "the backup" in done.stderr, done
    assert place.state() == "before" and not place.backups()


def test_only_where_something_is_at_risk(place):
    place.desired.write_text("CREATE TABLE fresh (x);")
    command = [w for w in place.command() if w != "--own=all"]
    assert subprocess.run(command, cwd=place.folder, capture_output=True).returncode == 0
    assert not place.backups()
