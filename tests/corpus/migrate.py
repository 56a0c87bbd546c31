# SPDX-License-Identifier: MIT
"""Takes one database of a real history from one version to another with the `moult` command, and judges what came out."""

import os
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

from tests import judge
from tests.corpus import seed, sqltext

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 120  # seconds for one run of the command
APPLY = ("--mode", "aggressive", "--own=all", "--no-backup", "--no-attic")
FILLS = 60   # columns of one migration that may need an @fill


def moult():
    return os.environ.get("MOULT", str(ROOT / "build" / "moult"))


class Failed(Exception):
    """What is wrong with a migration."""


def run(*args):
    done = subprocess.run([moult(), *map(str, args)], capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
    if done.returncode < 0:
        raise Failed("killed by signal %d: %s" % (-done.returncode, " ".join(map(str, args))))
    return done.returncode, done.stdout + done.stderr


def url(path):
    return "sqlite:///" + str(path)


def copy_clean(path, to):
    """A copy without moult's own tables, and without high-water marks, which are no part of a schema."""
    with sqlite3.connect(path) as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()
    judge.without_own_tables(str(to))


class Case:
    """One migration: `folder` is for its files; `seeder` made `before`, and knows what fits into the new schema."""

    def __init__(self, folder, before, wanted, seeder):
        self.folder, self.before, self.seeder = Path(folder), before, seeder
        self.sql = wanted
        self.desired = self.folder / "desired.sql"
        self.live = self.folder / "live.db"
        self.fills = []
        self.idle = False  # the last apply found nothing to do

    def prepare(self):
        self.desired.write_text(self.sql)
        if self.live != self.before:
            shutil.copy(self.before, self.live)

    def apply(self, *more):
        """Applies, with an @fill for each column that is refused for its rows. "converged" or "refused"."""
        for _ in range(FILLS):
            self.desired.write_text(self.sql)
            code, text = run("apply", "--url", url(self.live), "--to", self.desired, *APPLY, *more)
            self.idle = "up to date" in text or "already" in text
            if code == 0:
                return "refused" if self.fills else "converged"
            self._refusal(code, text)
        raise Failed("still refused after %d annotations" % FILLS)

    def _refusal(self, code, text):
        """A refusal must name the column, the count of rows and the line to write, and leave the database alone."""
        if code != 1 or "@fill" not in text:
            raise Failed("apply: exit %d: %s" % (code, text.strip()))
        if not re.search(r"\b\d[\d,]*\b.{0,40}\brows?\b|\brows?\b.{0,40}\b\d", text, re.S):
            raise Failed("the refusal has no count of rows: " + text)
        changed = judge.same_content(str(self.before), str(self.live))
        if changed:
            raise Failed("refused, and the database changed: %s" % changed[:3])
        names = [(t, c) for t in self.seeder.wanted for c in self.seeder.wanted[t].columns
                 if t in self.seeder.tables and (t, c) not in self.fills
                 and re.search(r"(?<!\w)%s[\"'`]*\.[\"'`]*%s(?!\w)" % (re.escape(t), re.escape(c)), text, re.I)]
        if not names:
            raise Failed("the refusal names no column that could be filled: " + text)
        for table, column in names:
            changed = sqltext.annotate(self.sql, table, column, "@fill " + self.seeder.fill(table, column))
            if changed is None:
                raise Failed("the harness does not find %s.%s" % (table, column))
            self.sql = changed
            self.fills.append((table, column))

    def judge(self):
        """Converged? Rows kept? Nothing more to do, for a process that knows nothing of this one?"""
        problems = judge.rows_kept(str(self.before), str(self.live))
        clean = self.folder / "clean.db"
        clean.unlink(missing_ok=True)
        copy_clean(self.live, clean)
        code, text = run("plan", "--url", url(clean), "--to", self.desired, "--own=all", "--full", "--exit-code")
        if code != 0:
            problems.append("the second plan: exit %d: %s" % (code, text.strip()))
        db = sqlite3.connect(clean, isolation_level=None)
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone():
            db.execute("DELETE FROM sqlite_sequence")
        db.close()
        problems += judge.converges(str(clean), self.sql, str(self.before))
        if problems:
            raise Failed("; ".join(map(str, problems[:6])))


def migrate(folder, source, target, back):
    """One pair. Gives ("converged" or "refused", tables with rows, tables); raises Failed.

    Going back: the database is recorded at `source`, goes to `target`, is told that `source` is behind, and goes back."""
    folder = Path(folder)
    source_sql, target_sql = source.read_text(), target.read_text()
    before = folder / "before.db"
    seeder = seed.Seeder(source_sql, target_sql, back).run()
    seeder.save(before)
    case = Case(folder, before, target_sql, seeder)
    case.prepare()
    coverage = (len(seeder.tables) - len(seeder.skipped), len(seeder.tables))
    if not back:
        outcome = case.apply()
        case.judge()
        return outcome, *coverage
    older = folder / "older.sql"
    older.write_text(source_sql)
    code, text = run("apply", "--url", url(case.live), "--to", older, *APPLY)
    if code != 0 or judge.same_content(str(before), str(case.live)):
        raise Failed("a database that is up to date: exit %d: %s" % (code, text.strip()))
    case.apply()
    return _back(folder, case, seeder, source_sql), *coverage


def _back(folder, forward, seeder, source_sql):
    middle = folder / "middle.db"
    shutil.copy(forward.live, middle)
    back_folder = folder / "back"
    back_folder.mkdir()
    # The rows of the middle are those that the harness gave the target: seeded the other way, for what they must hold.
    other = seed.Seeder(forward.seeder.target_sql, source_sql, True).run()
    case = Case(back_folder, middle, source_sql, other)
    case.prepare()
    code, text = run("apply", "--url", url(case.live), "--to", case.desired, *APPLY)
    # Two versions that differ in nothing but their spelling are one: going there was nothing to do, and so is this.
    expected = "up to date" if forward.idle else "behind"
    if code != 0 or expected not in text.lower() or judge.same_content(str(middle), str(case.live)):
        raise Failed("an old schema must be behind: exit %d: %s" % (code, text.strip()))
    outcome = case.apply("--backward")
    case.judge()
    return outcome
