# SPDX-License-Identifier: MIT
"""Takes one PostgreSQL database of a real history from one version to another with the `moult` command, and judges what came out."""

import os
import re
import subprocess
from pathlib import Path

from tests import judge_postgres as judge
from tests.corpus import seed_postgres as seed
from tests.corpus import sqltext
from tests.corpus.migrate import Failed, moult

LIMIT = 300  # seconds for one run of the command
APPLY = ("--mode", "aggressive", "--own=all", "--no-backup", "--no-attic")
FILLS = 40
SCHEMAS = "SELECT string_agg(quote_ident(nspname), ',' ORDER BY nspname <> 'public', nspname) FROM pg_namespace n WHERE nspname !~ '^(pg_|information_schema|moult)' AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = n.oid AND deptype = 'e')"


class Case:
    """One migration of the database `name`."""

    def __init__(self, place, folder, name, sql, schemas):
        self.place, self.folder, self.name, self.sql = place, Path(folder), name, sql
        self.desired = self.folder / "desired.sql"
        self.schemas = ("--schema", schemas) if schemas != "public" else ()
        self.fills = []
        self.idle = False

    def run(self, *args):
        done = subprocess.run([moult(), args[0], "--url", self.place.server.url(self.name), *map(str, args[1:]), *self.schemas], capture_output=True, text=True,
                              timeout=LIMIT, stdin=subprocess.DEVNULL, env={**os.environ, "PATH": "%s:%s" % (self.place.server.bin, os.environ["PATH"])})
        if done.returncode < 0:
            raise Failed("killed by signal %d: %s" % (-done.returncode, " ".join(map(str, args))))
        return done.returncode, done.stdout + done.stderr

    def apply(self, seeder, *more):
        """Applies, with an @fill for each column that is refused for its rows. "converged" or "refused"."""
        for _ in range(FILLS):
            self.desired.write_text(self.sql)
            before = self.state()
            code, text = self.run("apply", "--to", self.desired, *APPLY, *more)
            self.idle = "up to date" in text or "already" in text
            if code == 0:
                return "refused" if self.fills else "converged"
            if code != 1 or "@fill" not in text:
                raise Failed("apply: exit %d: %s" % (code, text.strip()))
            if not re.search(r"\b\d[\d,]*\b.{0,40}\brows?\b|\brows?\b.{0,40}\b\d", text, re.S):
                raise Failed("the refusal has no count of rows: " + text)
            changed = judge.same_content(before, self.state())
            if changed:
                raise Failed("refused, and the database changed: %s" % changed[:3])
            self.annotate(seeder, text)
        raise Failed("still refused after %d annotations" % FILLS)

    def annotate(self, seeder, text):
        names = [(t, c) for t in seeder.wanted for c in seeder.wanted[t] if (t, c) not in self.fills
                 and re.search(r"(?<!\w)%s[\"]*\.[\"]*%s(?!\w)" % (re.escape(t.split(".")[-1].strip('"')), re.escape(c)), text)]
        if not names:
            raise Failed("the refusal names no column that could be filled: " + text)
        for table, column in names:
            for statement in judge.statements(self.sql):
                changed = sqltext.annotate(statement, table.split(".")[-1].strip('"'), column, "@fill " + seeder.fill(table, column))
                if changed:
                    self.sql = self.sql.replace(statement, changed)
                    break
            else:
                raise Failed("the harness does not find %s.%s" % (table, column))
            self.fills.append((table, column))

    def state(self):
        with self.place.server.client(self.name) as db:
            return self.place.dump(self.name), judge.content(db)

    def judge(self, before):
        """Converged? Rows kept? Nothing more to do, for a process that knows nothing of this one?"""
        with self.place.server.client(self.name) as db:
            problems = judge.rows_kept(before, db)
        problems += self.place.converges(self.name, self.sql)
        with self.place.server.client(self.name) as db:
            db.run("DROP SCHEMA IF EXISTS moult CASCADE")
        code, text = self.run("plan", "--to", self.desired, "--own=all", "--full", "--exit-code")
        if code != 0:
            problems.append("the second plan: exit %d: %s" % (code, text.strip()[:2000]))
        if problems:
            raise Failed("; ".join(map(str, problems[:6])))


def schemas(db):
    return db.value(SCHEMAS)


def migrate(place, folder, source, target, back):
    """One pair. Gives ("converged" or "refused", tables with rows, tables); raises Failed.

    Going back: the database is recorded at `source`, goes to `target`, is told that `source` is behind, and goes back."""
    source_sql, target_sql = source.read_text(), target.read_text()
    server = place.server
    with place.fresh(source_sql) as name:
        with place.fresh(target_sql) as other, server.client(name) as a, server.client(other) as b:
            managed = ",".join(dict.fromkeys((schemas(a) + "," + schemas(b)).split(",")))
            seeder = seed.Seeder(a, b, back)
            coverage = seeder.run()
            before = judge.content(a)
            if not back:
                case = Case(place, folder, name, target_sql, managed)
                outcome = case.apply(seeder)
            else:
                outcome = there_and_back(place, folder, name, source_sql, target_sql, managed, seeder)
                case = None
        if case:
            case.judge(before)
    return outcome, *coverage


def there_and_back(place, folder, name, source_sql, target_sql, managed, seeder):
    older = Path(folder) / "older.sql"
    older.write_text(source_sql)
    forward = Case(place, folder, name, target_sql, managed)
    code, text = forward.run("apply", "--to", older, *APPLY)
    if code != 0:
        raise Failed("a database that is up to date: exit %d: %s" % (code, text.strip()))
    forward.apply(seeder)
    middle = forward.state()
    folder = Path(folder) / "back"
    folder.mkdir()
    case = Case(place, folder, name, source_sql, managed)
    case.desired.write_text(source_sql)
    code, text = case.run("apply", "--to", case.desired, *APPLY)
    if code != 0 or ("up to date" if forward.idle else "behind") not in text.lower() or judge.same_content(middle, case.state()):
        raise Failed("an old schema must be behind: exit %d: %s" % (code, text.strip()))
    # What the source needs of columns that the target had not is filled as the harness would seed it.
    with place.fresh(source_sql) as other, place.server.client(name) as a, place.server.client(other) as b:
        outcome = case.apply(seed.Seeder(a, b, True), "--backward")
    case.judge(middle[1])
    return outcome
