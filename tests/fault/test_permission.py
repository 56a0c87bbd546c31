# SPDX-License-Identifier: MIT
"""An account that may not change the database: nothing is changed, the plan is written as a script, and somebody else runs it."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.fault.test_faults import Place, nobody, same  # noqa: E402

SHELL = shutil.which("sqlite3")
needs_shell = pytest.mark.skipif(not SHELL, reason="the engine's shell is not installed")


class Restricted(Place):
    """A place whose database this account may only read, and a folder where it may write."""

    what, work = None, "."

    def __init__(self, tmp_path, what="file"):
        folder = tmp_path / "place"
        folder.mkdir()
        self.work = tmp_path / "work"
        self.work.mkdir()
        super().__init__(folder, 50)
        self.finish()
        self.what = what
        self.work.chmod(0o777)
        self.child = nobody(folder)
        self.tool = shutil.copy(built.moult(), tmp_path / "moult")
        self.tool.chmod(0o755)
        self.script = self.work / "migration_plan.sql"
        if what in ("file", "folder"):
            self.db.chmod(0o444 if what == "file" else 0o666)
            self.folder.chmod(0o555)

    def command(self, *more):
        words = super().command(*more)
        if self.what == "url":
            words[words.index("--url") + 1] = "sqlite:///file:%s?mode=ro&uri=true" % self.db
        if "dry_run" in more:
            del words[words.index("--mode"):words.index("--mode") + 2]
        return words

    def apply(self, *more, **options):
        who = {"preexec_fn": self.child} if self.what in ("file", "folder") else {}
        return super().apply(*more, cwd=self.work, **who, **options)

    def opened(self):
        """Somebody who may write comes."""
        self.folder.chmod(0o755)
        self.db.chmod(0o644)

    def shell(self, script=None):
        with open(script or self.script) as text:
            return subprocess.run([SHELL, str(self.db)], stdin=text, capture_output=True, text=True, timeout=60)

    def hash(self):
        return hashlib.sha256(self.db.read_bytes()).hexdigest()


@needs_shell
@pytest.mark.parametrize("what", ["file", "folder", "url"])
def test_the_plan_is_handed_over(tmp_path, what):
    """Exit 4, nothing changed, a script; once that ran, the same account is up to date, and the version is recorded."""
    place = Restricted(tmp_path, what)
    was = place.hash()
    try:
        done = place.apply()
        assert done.returncode == 4 and "migration_plan.sql" in done.stderr and done.stdout == "", done
        assert place.hash() == was
        text = place.script.read_text()
        assert text.startswith("-- moult plan ") and "-- risk: " in text and "-- high " in text and "BEGIN IMMEDIATE" in text
        place.opened()
        ran = place.shell()
        assert ran.returncode == 0 and ran.stderr == "", ran.stderr
        assert same(place.after, place.db)
        place.db.chmod(0o444 if what == "file" else 0o666)
        place.folder.chmod(0o555 if what != "url" else 0o755)
        again = place.apply()
        assert again.returncode == 0 and "up to date" in again.stdout, again
    finally:
        place.opened()
    place.what = None
    writes = Place.apply(place, "--format", "json", cwd=place.work)
    told = json.loads(writes.stdout)
    assert writes.returncode == 0 and told["outcome"] in ("recorded", "up_to_date") and told["version"] == 1, writes
    db = sqlite3.connect(place.db)
    assert db.execute("SELECT version, kind FROM _moult_history").fetchall() == [(1, "script")]
    db.close()


@needs_shell
def test_refused_while_it_runs(tmp_path):
    """The folder looks writable, and yet the engine may not make its journal: the same, though it is seen late."""
    place = Restricted(tmp_path, "late")
    was = place.hash()
    done = place.apply("--format", "json", env={**os.environ, "LD_PRELOAD": str(built.program("tests/fault/libworld.so")),
                                                "WORLD_DENY": "-journal"})
    assert done.returncode == 4, done
    assert json.loads(done.stdout)["outcome"] == "no_permission" and json.loads(done.stdout)["exported"] == "migration_plan.sql"
    assert place.hash() == was and not list(place.folder.glob("*-journal"))
    assert place.shell().returncode == 0 and same(place.after, place.db)


def test_somebody_elses_file_is_left_alone(tmp_path):
    """A file of that name that moult did not write stays; the plan goes to standard output. One of ours is replaced."""
    place = Restricted(tmp_path, "url")
    place.script.write_text("DELETE FROM person; -- mine\n")
    done = place.apply()
    assert done.returncode == 4 and "is no plan that moult wrote" in done.stderr
    assert done.stdout.startswith("-- moult plan ") and "COMMIT;" in done.stdout
    assert place.script.read_text() == "DELETE FROM person; -- mine\n"
    place.script.write_text("-- moult plan 0000\nan older one\n")
    done = place.apply()
    assert done.returncode == 4 and done.stdout == "" and "COMMIT;" in place.script.read_text()
    assert [p.name for p in place.work.iterdir()] == ["migration_plan.sql"]


@pytest.mark.parametrize("path, said", [("nowhere/plan.sql", "No such file"), (".", "is a directory"), ("/proc/x.sql", "")])
def test_a_path_that_cannot_be_written(tmp_path, path, said):
    place = Restricted(tmp_path, "url")
    done = place.apply("--export", path)
    assert done.returncode == 4 and "could not be written" in done.stderr and said.lower() in done.stderr.lower(), done
    assert done.stdout.startswith("-- moult plan ")


def test_nowhere(tmp_path):
    place = Restricted(tmp_path, "url")
    done = place.apply("--export", "")
    assert done.returncode == 4 and not list(place.work.iterdir())
    assert done.stdout.startswith("-- moult plan ")


def test_when_it_is_asked_for(tmp_path):
    """plan and mode dry_run write the script where --export says, and change nothing."""
    place = Restricted(tmp_path, "late")
    was = place.hash()
    done = place.apply("--mode", "dry_run", "--export", "a.sql")
    assert done.returncode == 0, done.stderr
    plan = subprocess.run([str(built.moult()), "plan", "--url", str(place.db), "--to", str(place.desired), "--own=all", "--mode",
                           "aggressive", "--no-attic", "--export", "b.sql"], cwd=place.work, capture_output=True, text=True)
    assert plan.returncode == 0, plan.stderr
    assert place.hash() == was
    scripts = [(place.work / name).read_text().split("INSERT INTO _moult_history")[0] for name in ("a.sql", "b.sql")]
    assert scripts[0] == scripts[1] and "COMMIT;" in (place.work / "a.sql").read_text()


@needs_shell
class TestWhatStopsTheScript:
    """Each leaves the database byte for byte as it was."""

    def place(self, tmp_path):
        place = Restricted(tmp_path, "url")
        assert place.apply().returncode == 4
        return place

    def stopped(self, place, said):
        for run in (place.shell, lambda: subprocess.run([SHELL, str(place.db), ".read '%s'" % place.script], capture_output=True,
                                                        text=True, timeout=60)):
            was = place.hash()
            done = run()
            assert done.returncode == 1 and said in done.stderr, done
            assert place.hash() == was

    def change(self, place, sql):
        db = sqlite3.connect(place.db)
        db.executescript(sql)
        db.close()

    def test_rows_that_do_not_fit(self, tmp_path):
        place = self.place(tmp_path)
        self.change(place, "UPDATE person SET name = NULL WHERE id = 7")
        self.stopped(place, "NOT NULL")

    def test_an_assertion(self, tmp_path):
        place = Restricted(tmp_path, "url")
        place.desired.write_text("CREATE TABLE t (a TEXT NOT NULL, CHECK (a <> 'no'));")
        self.change(place, "DROP VIEW owners; DROP TABLE pet; DROP TABLE person; CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x');")
        assert place.apply().returncode == 4
        self.change(place, "INSERT INTO t VALUES (NULL)")
        self.stopped(place, "t.a becomes NOT NULL, and is NULL")
        self.change(place, "UPDATE t SET a = 'no' WHERE a IS NULL")
        self.stopped(place, "does not satisfy CHECK (a <> 'no')")
        self.change(place, "UPDATE t SET a = 'yes' WHERE a = 'no'")
        assert place.shell().returncode == 0

    def test_a_schema_that_changed(self, tmp_path):
        place = self.place(tmp_path)
        self.change(place, "ALTER TABLE person ADD COLUMN other")
        self.stopped(place, "the schema was changed since this plan was made")

    def test_run_twice(self, tmp_path):
        place = self.place(tmp_path)
        assert place.shell().returncode == 0
        self.stopped(place, "since this plan was made")

    def test_orphans(self, tmp_path):
        """A new foreign key's rows without a parent stop it; those that had none before, of a key that was there, do not."""
        place = Restricted(tmp_path, "url")
        self.change(place, "INSERT INTO pet (owner, kind) VALUES (999, 'ghost')")
        assert place.apply().returncode == 4
        shutil.copy(place.db, place.folder / "copy.db")
        done = subprocess.run([SHELL, str(place.folder / "copy.db")], stdin=open(place.script), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        place.desired.write_text(place.desired.read_text().replace("kind TEXT DEFAULT", "kind TEXT REFERENCES food (id) DEFAULT"))
        assert place.apply().returncode == 4
        self.stopped(place, "rows would have no parent")
