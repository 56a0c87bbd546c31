#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A random walk forwards through versions of a schema, with rows written in between, and then all the way back.

usage: tests/property/walk.py [--plans N] [--walks N] [--first SEED] [--jobs N] [--keep FOLDER]

A model knows each row by an identity of its own, whatever becomes of its key and its columns: it follows the rows through
each statement that it writes, and through each migration. On the way back

    a row that nobody has touched since a version is, at that version, what it was, value by value;
    a row that was touched holds in no column what was another row's: its own values, or what the column gives by itself;
    values that did not go back, although their row is there, are listed;
    nothing is lost or doubled, and rows written since stay.

Names of dropped tables and columns are given again to others; rows are deleted from parents while what referred to them
is in the attic; keys are given again to other rows.
"""

import argparse
import collections
import copy
import itertools
import multiprocessing
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.judge import fold  # noqa: E402
from tests.property import generate, rows  # noqa: E402
from tests.property.model import Style, schema_sql, statement  # noqa: E402

PLAIN = Style()
OPTIONS = ("--mode", "aggressive", "--own=all", "--no-backup")
LIMIT = 60
ROWS_FORBID = re.compile(r"no parent|constraint failed|\d+ (of \d+ )?rows?|would be the same in|NOT NULL|CONSTRAINT", re.S)  # rows that were written since may not fit


class Wrong(AssertionError):
    """What must never be."""


# --- schemas ------------------------------------------------------------------------------------------------------------


class Walker(generate.Generator):
    """Gives names of what is gone again to other things."""

    def __init__(self, rng):
        super().__init__(rng)
        self.gone = []

    def name(self, taken=()):
        if self.gone and self.chance(0.4):
            return self.gone.pop(self.rng.randrange(len(self.gone)))
        return super().name(taken)

    def column_name(self, table):
        """Names of dropped columns come again, and those that columns had before."""
        taken = {c.name.lower() for c in table.columns} | getattr(table, "past", set())
        before = getattr(table, "dropped", []) + [n for c in table.columns for n in getattr(c, "former", ()) if n.lower() != c.name.lower()]
        if before and self.chance(0.4):
            name = self.rng.choice(before)
            if name.lower() not in taken:
                return name
        while True:
            name = super().column_name(table)
            if name.lower() not in taken:
                return name

    def step(self, schema):
        """The next version, in which something is gone more often than elsewhere."""
        s = schema
        self.gone = [name for name in self.gone if name.lower() not in s.names()]  # a plan may have been refused
        for t in s.tables:
            for c in t.columns:
                c.former = getattr(c, "former", ()) + ((c.name,) if c.name not in getattr(c, "former", ()) else ())
                c.renamed_from = c.fill = None
            t.renamed_from = None
        s = self.change(s)
        if self.chance(0.5):
            self.rng.choice([self.drop_column, self.drop_column, self.drop_table, self.new_column, self.new_table])(s)
            s = generate.settle(s)
        if not s.tables:
            return self.step(schema)
        old = {t.uid: t for t in schema.tables}
        self.gone += [t.name for t in schema.tables if t.name.lower() not in s.names() and t.name not in self.gone]
        for t in s.tables:
            if t.uid in old:
                here = {c.name.lower() for c in t.columns}
                t.dropped = getattr(t, "dropped", []) + [c.name for c in old[t.uid].columns if c.name.lower() not in here]
        return s

    def same(self, old, new):
        """What goes and comes in one step under one name is one thing."""
        gone = {fold(t.name): t for t in old.tables if t.uid not in {n.uid for n in new.tables}}
        for t in new.tables:
            if fold(t.name) in gone and t.uid not in {o.uid for o in old.tables} and not t.renamed_from:
                t.uid = gone[fold(t.name)].uid
        before = {t.uid: t for t in old.tables}
        for t in new.tables:
            if t.uid not in before:
                continue
            was = {c.uid for c in before[t.uid].columns}
            left = {fold(c.name): c for c in before[t.uid].columns if c.uid not in {n.uid for n in t.columns}}
            for c in t.columns:
                if c.uid not in was and fold(c.name) in left and not c.renamed_from:
                    c.uid = left[fold(c.name)].uid
        return new


# --- rows ---------------------------------------------------------------------------------------------------------------


def row_id(t):
    """The name under which SQLite gives the number of a row; None where there is none, or its names are taken."""
    if t.without_rowid:
        return None
    return next((n for n in ("rowid", "_rowid_", "oid") if all(fold(c.name) != n for c in t.columns)), None)


def alias(t):
    """The column that is the number of the row."""
    if t.without_rowid or len(t.key) != 1 or t.key[0].kind.upper() != "INTEGER" or t.descending and t.inline_key:
        return None
    return t.key[0]


def same_row_ids(a, b):
    """Does a row keep its number from the one to the other?"""
    return bool(row_id(a) and row_id(b)) and (alias(a).uid if alias(a) else None) == (alias(b).uid if alias(b) else None)


def read(db, schema):
    """{table's uid: {locator: {column's uid: value}}}; a table whose rows cannot be told apart is left out."""
    found = {}
    for t in schema.tables:
        real, name = t.real(), row_id(t)
        if name is None and not t.key:
            continue
        head = [name] if name else [rows.q(c) for c in t.key]
        got = db.execute("SELECT %s FROM %s" % (", ".join(head + [rows.q(c) for c in real]), rows.q(t))).fetchall()
        found[t.uid] = {tuple(r[:len(head)]): dict(zip([c.uid for c in real], r[len(head):])) for r in got}
    return found


class Row:
    """One row, for as long as it lives: where it is, and all that it ever held, from which version on."""
    count = itertools.count(1)

    def __init__(self, version):
        self.number, self.born, self.touched = next(self.count), version, version
        self.held = collections.defaultdict(list)  # column's uid: values

    def saw(self, values):
        for uid, value in values.items():
            if not self.held[uid] or not identical(self.held[uid][-1], value):
                self.held[uid].append(value)


def identical(a, b):
    return type(a) is type(b) and (a == b or a != a and b != b)


def alike(a, b):
    """May the one have become the other by a change of type and back?"""
    if identical(a, b):
        return True
    texts = [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in (a, b) if x is not None]
    if len(texts) < 2:
        return False
    try:
        return float(texts[0]) == float(texts[1])
    except (ValueError, OverflowError):
        return texts[0] == texts[1]


class Past:
    """What was there when a version was left."""

    def __init__(self, schema, values, rows_of):
        self.schema, self.values, self.rows = schema, values, rows_of  # rows: {table's uid: {locator: Row}}


# --- a walk -------------------------------------------------------------------------------------------------------------


class Walk:
    def __init__(self, seed, plans, folder):
        self.seed, self.plans, self.folder = seed, plans, Path(folder)
        self.rng = random.Random("walk %d" % seed)
        Row.count = itertools.count(1)  # values are made of it: a walk is the same whatever ran before
        self.walker = Walker(self.rng)
        self.seen = collections.defaultdict(list)  # all rows that were ever at a place
        self.db, self.desired = self.folder / "walk.db", self.folder / "desired.sql"
        self.log = open(self.folder / "log.sql", "w")
        self.version, self.past, self.counts, self.listed = 0, {}, collections.Counter(), set()  # listed: what could not go back

    def say(self, text):
        self.log.write(text + "\n")
        self.log.flush()

    def moult(self, *arguments):
        self.say("-- moult " + " ".join(arguments))
        done = subprocess.run([str(built.moult()), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", errors="replace", timeout=LIMIT)
        if done.returncode not in (0, 1):
            raise Wrong("%s ended with %d: %s" % (arguments[0], done.returncode, done.stderr.strip()))
        if done.returncode and ("does not lead" in done.stderr or "is not the desired" in done.stderr or "is not what" in done.stderr):
            raise Wrong("%s: %s" % (arguments[0], done.stderr.strip()))
        return done

    def open(self):
        db = sqlite3.connect(self.db, isolation_level=None)
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA foreign_keys = ON")  # as an application does it
        return db

    def run(self):
        self.schema = self.walker.schema()
        db = sqlite3.connect(self.db, isolation_level=None)
        for thing in self.schema.things():
            db.execute(statement(thing, PLAIN))
        db.close()
        self.apply(self.schema)
        self.values = self.rows = {}
        self.look()
        self.write()
        while self.version < self.plans:
            self.forwards()
            self.write()
        self.leave()
        while self.version > 1:
            self.backwards(self.version - 1 if self.rng.random() < 0.85 else self.rng.randrange(1, self.version))
        return self.counts

    # --- following the rows

    def look(self, gone=(), moved=None):
        """Reads all rows, and knows again those that were there. `gone`, `moved`: (uid, locator) of rows that a statement
        has deleted, or given another locator."""
        db = self.open()
        values = read(db, self.schema)
        db.close()
        known, moved = {}, moved or {}
        for uid, there in values.items():
            before, known[uid] = self.rows.get(uid, {}), {}
            for locator, row in there.items():
                source = moved.get((uid, locator), locator)
                mine = before.get(source) if (uid, source) not in gone or (uid, locator) in moved else None
                if mine is None:
                    mine = Row(self.version)
                elif any(not identical(v, self.values[uid][source].get(c)) for c, v in row.items()):
                    mine.touched = self.version
                mine.saw(row)
                known[uid][locator] = mine
                if mine not in self.seen[uid, locator]:
                    self.seen[uid, locator].append(mine)
        self.values, self.rows = values, known

    def leave(self):
        """Keeps what is there now as what the version was when it was left."""
        self.past[self.version] = Past(copy.deepcopy(self.schema), self.values, self.rows)

    # --- writing

    def fresh(self, t, c):
        """A value that hardly any other row has."""
        if self.rng.random() < 0.3:
            return rows.value(self.rng, c, t.strict, True)
        n, kind = next(Row.count) * 7 + self.rng.randrange(7), c.kind.upper()
        if "INT" in kind or kind == "NUMERIC" or kind.startswith("DECIMAL"):
            return n
        if kind == "REAL" or "DOUBLE" in kind:
            return n + 0.5
        return b"b%d" % n if kind == "BLOB" else "t%d" % n

    def new_values(self, db, t):
        values = {c: self.fresh(t, c) for c in t.real()}
        for f in t.foreigns:
            there = rows.parents(db, f)
            values.update(zip(f.columns, self.rng.choice(there) if there else [None] * len(f.columns)))
        return values

    def where(self, t, locator):
        name = row_id(t)
        names = [name] if name else [rows.q(c) for c in t.key]
        return " AND ".join(n + " IS ?" for n in names), list(locator)

    def write(self):
        tables = [t for t in self.schema.tables if t.uid in self.values]
        for _ in range(self.rng.choice((2, 4, 6, 9)) if tables else 0):
            t = self.rng.choice(tables)
            there = list(self.values[t.uid])
            kind = self.rng.choice(("insert", "insert", "insert", "update", "delete", "again", "rekey") if len(there) < 12 else ("update", "delete", "rekey"))
            db = self.open()
            try:
                self.write_one(db, t, kind if there else "insert", self.rng.choice(there) if there else None)
            finally:
                db.close()

    def write_one(self, db, t, kind, locator):
        gone, moved = set(), {}
        try:
            if kind == "insert":
                rows.insert(db, t, {**self.new_values(db, t), **({alias(t): None} if alias(t) else {})})
            elif kind == "delete":
                where, data = self.where(t, locator)
                db.execute("DELETE FROM %s WHERE %s" % (rows.q(t), where), data)
                gone = {(t.uid, locator)}
            elif kind == "again":  # the same key for another row; a number that is never given twice is not
                if t.autoincrement or not t.key:
                    return
                values = {**self.new_values(db, t), **{c: self.values[t.uid][locator][c.uid] for c in t.key}}
                where, data = self.where(t, locator)
                db.execute("BEGIN")
                db.execute("DELETE FROM %s WHERE %s" % (rows.q(t), where), data)
                rows.insert(db, t, values, locator[0] if row_id(t) and not alias(t) else None)
                db.execute("COMMIT")
                gone = {(t.uid, locator)}
            elif kind == "update":
                c = self.rng.choice(t.real())
                if c in t.key:
                    return
                where, data = self.where(t, locator)
                db.execute("UPDATE OR ABORT %s SET %s = ? WHERE %s" % (rows.q(t), rows.q(c), where), [self.new_values(db, t)[c], *data])
            elif kind == "rekey":
                if not t.key:
                    return
                new = {c: self.fresh(t, c) for c in t.key}
                where, data = self.where(t, locator)
                db.execute("UPDATE OR ABORT %s SET %s WHERE %s" % (rows.q(t), ", ".join(rows.q(c) + " = ?" for c in new), where),
                           [*new.values(), *data])
                target = locator if row_id(t) and not alias(t) else tuple(new.values())
                if target != locator:
                    moved, gone = {(t.uid, target): locator}, {(t.uid, locator)}
            self.say("-- %s %s%s" % (kind, t.name, " %s" % (locator,) if kind != "insert" else ""))
            self.counts[kind] += 1
        except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError):
            if db.in_transaction:
                db.execute("ROLLBACK")
            gone, moved = set(), {}
        except sqlite3.OperationalError as error:
            raise Wrong("%s in %s: %s" % (kind, t.name, error)) from None
        self.look(gone, moved)

    # --- through a migration

    def apply(self, schema):
        self.desired.write_text(schema_sql(schema, PLAIN, annotate=True))
        self.say("-- version %d\n%s" % (self.version + 1, self.desired.read_text()))
        done = self.moult("apply", "--url", str(self.db), "--to", str(self.desired), *OPTIONS)
        if done.returncode == 0:
            self.version += 1
        return done.returncode == 0, done.stdout + done.stderr

    def forwards(self):
        for _ in range(40):
            new = self.walker.same(self.schema, self.walker.step(copy.deepcopy(self.schema)))
            if schema_sql(new, PLAIN) == schema_sql(self.schema, PLAIN):
                continue
            self.leave()
            done, text = self.apply(new)
            if done and "up to date" in text or "behind" in text:
                self.version -= 1
                continue
            self.counts["applied" if done else "refused"] += 1
            if done:
                self.through(self.past[self.version - 1], new)
                return
            self.unchanged()
        raise Wrong("40 plans were refused one after the other: " + text)

    def unchanged(self):
        before, known = self.values, self.rows
        self.look()
        if before != self.values:
            raise Wrong("a plan was refused, and rows have changed")
        self.rows = known

    def through(self, past, new):
        """The rows after a migration are those of before, one by one."""
        db = self.open()
        values = read(db, new)
        whole = db.execute("PRAGMA integrity_check").fetchall()
        db.close()
        self.sound(whole)
        old = {t.uid: t for t in past.schema.tables}
        known = {}
        for t in new.tables:
            was = old.get(t.uid)
            if t.uid not in values:
                continue
            known[t.uid] = self.follow(was, t, past, values[t.uid]) if was is not None and was.uid in past.values else {}
            if was is not None and was.uid in past.values and len(values[t.uid]) != len(past.values[was.uid]):
                raise Wrong("table %s had %d rows and has %d" % (t.name, len(past.values[was.uid]), len(values[t.uid])))
            for locator, row in values[t.uid].items():
                mine = known[t.uid].setdefault(locator, None) or Row(self.version)
                mine.saw(row)
                known[t.uid][locator] = mine
        self.schema, self.values, self.rows = new, values, known

    def sound(self, whole):
        """SQLite has false alarms of its own: in tables WITHOUT ROWID it takes one column for another when it asks for types."""
        db = self.open()
        odd = {name for (name,) in db.execute("SELECT name FROM pragma_table_list WHERE wr")}
        db.close()
        alarms = [re.fullmatch(r"\w+ value in (.*)", said, re.S) for (said,) in whole]
        if whole != [("ok",)] and not all(a and any(a[1].startswith(name + ".") for name in odd) for a in alarms):
            raise Wrong("integrity_check: %s" % whole[:3])

    def follow(self, was, t, past, there):
        """{locator: Row} of those rows of `t` that are known again."""
        before = past.rows[was.uid]
        if same_row_ids(was, t):
            missing = set(before) - set(there)
            if missing and was.uid in self.values and all(isinstance(x[0], int) for x in missing):
                raise Wrong("rows %s of table %s are gone" % (sorted(missing)[:5], t.name))
            return {locator: before[locator] for locator in there if locator in before}
        key = {c.uid for c in was.key}
        return self.match(past.values[was.uid], before, there, key if key and key == {c.uid for c in t.key} else None)

    def match(self, old_values, old_rows, there, key):
        """By their key, or by what they hold, where that tells them apart."""
        common = key or set.intersection(*({u for u in r} for r in [*old_values.values(), *there.values()])) if old_values and there else set()
        tell = lambda row: repr([text_of(row[u]) for u in sorted(common)])  # noqa: E731
        old, new = collections.defaultdict(list), collections.defaultdict(list)
        for locator, row in old_values.items():
            old[tell(row)].append(locator)
        for locator, row in there.items():
            new[tell(row)].append(locator)
        self.counts["lost track"] += sum(len(v) != 1 or len(old.get(k, ())) != 1 for k, v in new.items())
        return {v[0]: old_rows[old[k][0]] for k, v in new.items() if len(v) == 1 and len(old.get(k, ())) == 1 and old[k][0] in old_rows}

    # --- the way back

    def backwards(self, version):
        past, now = self.past[version], Past(self.schema, self.values, self.rows)
        fills = []
        for t in past.schema.tables:
            for c in t.real():
                if c.not_null and c not in t.key and c.default is None:
                    fills += ["--fill", "%s.%s=%s" % (t.name, c.name, "'back'" if c.kind in ("TEXT", "", "ANY") else "x'00'" if c.kind == "BLOB" else "0")]
        before = self.moult("rollback", str(version), "--url", str(self.db), *OPTIONS[2:], *fills, "--mode", "dry_run")
        self.say(before.stdout + before.stderr)
        done = self.moult("rollback", str(version), "--url", str(self.db), *OPTIONS, *fills)
        if done.returncode:
            self.counts["not back"] += 1
            self.say("-- " + done.stderr)
            if not ROWS_FORBID.search(done.stderr):
                raise Wrong("rollback to %d: %s" % (version, done.stderr))
            if self.only_rows_of_then(past, version) and "comes back NOT NULL" not in done.stderr:  # that asks for a --fill, where rows cannot be told
                raise Wrong("rollback to %d: no row was written since, and it is refused: %s" % (version, done.stderr))
            self.unchanged()
            self.version = version
            return
        self.counts["back"] += 1
        self.say("-- " + done.stdout + done.stderr)
        self.version = version
        self.arrive(past, now, before.stdout + done.stderr)

    def only_rows_of_then(self, past, version):
        """Are all rows of that version's tables there as they were, and no others?"""
        return all(row.touched <= version and row.born <= version for there in self.rows.values() for row in there.values())

    def arrive(self, past, now, said):
        db = self.open()
        values = read(db, past.schema)
        whole = db.execute("PRAGMA integrity_check").fetchall()
        db.close()
        self.sound(whole)
        known = {}
        by_uid = {t.uid: t for t in now.schema.tables}
        for t in past.schema.tables:
            if t.uid not in values:
                continue
            live = by_uid.get(t.uid)
            if live is not None and live.uid in now.values:
                known[t.uid] = self.stayed(t, live, past, now, values[t.uid], said)
            elif live is None:
                known[t.uid] = self.came_back(t, self.when_it_went(t), values[t.uid], said)
            else:
                known[t.uid] = {}
            for locator, row in values[t.uid].items():
                known[t.uid].setdefault(locator, Row(self.version)).saw(row)
        self.schema, self.values, self.rows = copy.deepcopy(past.schema), values, known

    def stayed(self, t, live, past, now, there, said):
        """A table that was there all the time, perhaps with other columns."""
        if len(there) != len(now.values[live.uid]):
            raise Wrong("rollback to %d: table %s had %d rows and has %d" % (self.version, t.name, len(now.values[live.uid]), len(there)))
        known = self.follow(live, t, now, there)
        was = {r.number: past.values[t.uid][locator] for locator, r in past.rows.get(t.uid, {}).items()} if live.uid == t.uid else {}
        for locator, row in known.items():
            self.judge(t, locator, row, there[locator], was.get(row.number), said)
        return known

    def judge(self, t, locator, row, actual, was, said):
        untouched = was is not None and row.touched <= self.version
        for c in t.real():
            value = actual[c.uid]
            if was is not None and identical(value, was[c.uid]):
                self.counts["same"] += 1
                continue
            place = "rollback to %d: %s.%s of row %s is %r" % (self.version, t.name, c.name, locator, value)
            if untouched:
                self.judge_untouched(t, c, row, value, place, was[c.uid], said)
                continue
            self.judge_touched(t, c, locator, row, value, said)

    def judge_untouched(self, t, c, row, value, place, was, said):
        """What nobody has written since comes back; where nothing tells the rows of a table apart, it is listed instead."""
        told = (row.number, c.uid) in self.listed or "%s.%s" % (t.name, c.name) in said
        if was is None and value in row.held[c.uid] and isinstance(value, int):  # a NULL became a number, as the key of a row
            self.counts["numbered"] += 1
            return
        if not (told and (by_itself(t, c, value, self.defaults(c)) or any(alike(value, v) for v in row.held[c.uid]))):
            raise Wrong("%s, and was %r; nobody has touched the row since%s" % (place, was, "" if told else ", and nothing is listed"))
        self.listed.add((row.number, c.uid))
        self.counts["untouched and listed"] += 1

    def judge_touched(self, t, c, locator, row, value, said):
        """A value in a row that was written since: its own, or what the column gives by itself, and then that is listed."""
        own = row.held[c.uid]
        place = "rollback to %d: %s.%s of row %s is %r" % (self.version, t.name, c.name, locator, value)
        if any(alike(value, v) for v in own):
            self.counts["own"] += 1
        elif by_itself(t, c, value, self.defaults(c)):
            self.counts["by itself"] += 1
            told = (row.number, c.uid) in self.listed or "%s.%s" % (t.name, c.name) in said
            self.listed.add((row.number, c.uid))
            if own and own[-1] is not None and not told:
                raise Wrong("%s; it held %r, which did not go back and is not listed:\n%s" % (place, own[-1], said))
        elif any(self.twins(row, other, {d.uid for d in t.real()}) and any(alike(value, v) for v in other.held[c.uid]) for other in self.others_at(t, row)):
            self.counts["twin"] += 1
        else:
            raise Wrong("%s, and held %r: it is another row's" % (place, own))

    def others_at(self, t, row):
        """All rows that were ever at a place where this one was; a place is another when the table's key has changed."""
        return [other for (uid, _), there in self.seen.items() if uid == t.uid and row in there for other in there]

    def defaults(self, c):
        """All that the column ever had."""
        return {d.default for past in self.past.values() for t in past.schema.tables for d in t.columns if d.uid == c.uid and d.default is not None}

    def twins(self, a, b, columns):
        """Has a row the key of another that is gone, and the same in all else that was left of that one? Nobody can tell them apart.
        What came only after that version says nothing of its rows."""
        common = [u for u in a.held if u in columns and a.held[u] and b.held[u]]
        return a is not b and all(any(alike(x, y) for x in a.held[u] for y in b.held[u]) for u in common)

    def when_it_went(self, t):
        """The last version that had the table, from the one on that is gone back to."""
        last = self.version
        while last + 1 in self.past and t.uid in self.past[last + 1].values:
            last += 1
        return self.past[last]

    def came_back(self, t, past, there, said):
        """A table that was in the attic: its rows are those that it had."""
        known, had = {}, past.rows[t.uid]
        if len(there) > len(had):
            raise Wrong("rollback to %d: table %s has %d rows and went with %d" % (self.version, t.name, len(there), len(had)))
        last = next(w for w in past.schema.tables if w.uid == t.uid)
        again = self.follow(last, t, past, there)
        then = self.past[self.version]
        was = {r.number: then.values[t.uid][locator] for locator, r in then.rows.get(t.uid, {}).items()}
        for locator, row in there.items():
            mine = again.get(locator)
            if mine is None and same_row_ids(last, t):
                raise Wrong("rollback to %d: table %s has a row %s that it never had" % (self.version, t.name, locator))
            if mine is None:
                continue
            for c in t.real():
                before = was.get(mine.number, {}).get(c.uid)
                if mine.touched <= self.version and not identical(row[c.uid], before):
                    self.judge_untouched(t, c, mine, row[c.uid], "rollback to %d: %s.%s of row %s is %r" %
                                         (self.version, t.name, c.name, locator, row[c.uid]), before, said)
                else:
                    self.judge_touched(t, c, locator, mine, row[c.uid], said)
                self.counts["came back"] += 1
            known[locator] = mine
        missing = [x for x, row in had.items() if row not in known.values()] if len(there) < len(had) else []
        if missing and t.name not in said:
            raise Wrong("rollback to %d: rows %s of table %s did not come back, and are not listed:\n%s" % (self.version, missing[:5], t.name, said))
        self.counts["stayed in the attic"] += len(missing)
        return known


def text_of(value):
    """A value so that a change of type is no difference."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    try:
        return repr(float(value)) if value is not None else None
    except (ValueError, OverflowError):
        return str(value)


def by_itself(t, c, value, defaults):
    """Is it what the column gives, or gave, a row that nobody gave a value?"""
    if c is alias(t) or value is None or value in ("back", b"\x00", 0, "0"):
        return True
    if any("CURRENT" in d.upper() for d in defaults):
        return True
    db = sqlite3.connect(":memory:")
    try:
        return any(alike(db.execute("SELECT " + d).fetchone()[0], value) for d in defaults)
    finally:
        db.close()


# --- many ---------------------------------------------------------------------------------------------------------------


def one(job):
    """One walk: its counts, and what was wrong."""
    seed, plans, keep = job
    folder = Path(keep or tempfile.mkdtemp(prefix="moult-walk-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    if keep:
        folder = folder / ("walk-%d" % seed)
        shutil.rmtree(folder, True)
        folder.mkdir(parents=True)
    walk = Walk(seed, plans, folder)
    try:
        return walk.run(), None
    except Wrong as wrong:
        return walk.counts, "walk %d of %d plans: %s" % (seed, plans, wrong)
    finally:
        walk.log.close()
        if not keep:
            shutil.rmtree(folder, True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--plans", type=int, default=20)
    parser.add_argument("--walks", type=int, default=4)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="where the database, the schema and the log of each walk stay")
    args = parser.parse_args()
    counts, failed = collections.Counter(), []
    with multiprocessing.Pool(args.jobs) as pool:
        for found, wrong in pool.imap_unordered(one, [(s, args.plans, args.keep) for s in range(args.first, args.first + args.walks)]):
            counts.update(found)
            failed += [wrong] if wrong else []
            if wrong:
                print(wrong, flush=True)
    print(", ".join("%d %s" % (n, k) for k, n in sorted(counts.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
