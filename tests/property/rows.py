# SPDX-License-Identifier: MIT
"""Rows for random schemas, and the oracle: can these rows live in that schema at all?

The oracle does by hand what a migration must come to: it puts each old row into the new tables of an empty database. Where
SQLite refuses one, moult must refuse too, and leave everything as it was; where it takes them all, moult must
get there.
"""

import sqlite3

from tests.judge import fold
from tests.property.model import Style, statement

PLAIN = Style()
TEXTS = ["", "a", "B", "b ", "ä☃", "it's", "123", "1.50", "NULL", "zz\nnew", "x" * 60, "2024-02-29", "forbidden?"]


def q(thing):
    return '"' + thing.name.replace('"', '""') + '"'


def value(rng, column, strict, wide):
    """A value that suits a column, or now and then one that does not."""
    kind = column.kind.upper()
    if rng.random() < (0.12 if not column.not_null else 0.0):
        return None
    if not strict and rng.random() < 0.06:
        return rng.choice(["odd", 7, 1.25, b"\x00\xff"])
    spread = 10 ** 6 if wide else 40
    if "INT" in kind or kind in ("BOOLEAN", "NUMERIC", "DECIMAL(10, 2)"):
        return rng.choice([rng.randrange(spread), rng.randrange(spread), -rng.randrange(spread), 2 ** 62 if wide else 0])
    if kind == "REAL" or "DOUBLE" in kind:
        return rng.choice([rng.randrange(spread) / 4, -1e10, 3.0, rng.random()])
    if kind == "BLOB":
        return bytes(rng.randrange(256) for _ in range(rng.randrange(6)))
    if kind == "ANY":
        return rng.choice([rng.randrange(spread), "any%d" % rng.randrange(spread), 0.5])
    return rng.choice(TEXTS) + (str(rng.randrange(spread)) if wide or rng.random() < 0.5 else "")


def parents(db, f):
    try:
        return db.execute("SELECT %s FROM %s" % (", ".join(q(c) for c in f.targets), q(f.parent))).fetchall()
    except sqlite3.Error:
        return []


def insert(db, t, values, rowid=None):
    names = [q(c) for c in t.real()]
    data = [values[c] for c in t.real()]
    if rowid is not None:
        names, data = names + ["rowid"], data + [rowid]
    db.execute("INSERT OR ABORT INTO %s (%s) VALUES (%s)" % (q(t), ", ".join(names), ", ".join("?" * len(data))), data)


def fill_table(db, t, rng):
    keyed = set(t.key) | {c for u in t.uniques for c in u.columns} | {c for c in t.columns if c.unique}
    for _ in range(rng.choice((0, 2, 4, 6, 9))):
        values = {c: value(rng, c, t.strict, c in keyed) for c in t.real()}
        if t.inline_key and t.key[0].kind == "INTEGER" and rng.random() < 0.5:
            values[t.key[0]] = None
        for f in t.foreigns:
            there = parents(db, f)
            chosen = rng.choice(there) if there and rng.random() < 0.9 else [None] * len(f.columns)
            values.update(zip(f.columns, chosen))
        free = not t.without_rowid and not t.key and all(c.name.lower() != "rowid" for c in t.columns)
        try:
            insert(db, t, values, rng.randrange(10 ** 9) if free and rng.random() < 0.5 else None)
        except (sqlite3.Error, OverflowError):
            pass
    if t.autoincrement and rng.random() < 0.5:
        db.execute("DELETE FROM %s WHERE %s = (SELECT max(%s) FROM %s)" % (q(t), q(t.key[0]), q(t.key[0]), q(t)))


def orphans(db, tables):
    """Broken references: (table's uid, columns, how many); and those rows."""
    found = {}
    for t in tables:
        try:
            for _, rowid, parent, number in db.execute("SELECT * FROM pragma_foreign_key_check(?)", (t.name,)).fetchall():
                found[t, number] = found.get((t, number), 0) + 1
        except sqlite3.Error:
            pass
    return found


def remove_orphans(db, tables):
    for _ in range(20):
        broken = orphans(db, tables)
        if not broken:
            return
        for t in {t for t, _ in broken}:
            if t.without_rowid:
                db.execute("DELETE FROM " + q(t))
            else:
                ids = [r for _, r, _, _ in db.execute("SELECT * FROM pragma_foreign_key_check(?)", (t.name,))]
                name = next(n for n in ("rowid", "_rowid_", "oid") if all(c.name.lower() != n for c in t.columns))
                db.executemany("DELETE FROM %s WHERE %s = ?" % (q(t), name), [(i,) for i in ids])


def virtual_rows(v):
    """Rows for a virtual table, of as many columns as it has."""
    if v.module == "rtree":
        return [(1, 0.0, 1.0), (2, -5.0, 5.0)]
    width = sum("=" not in a for a in v.arguments)
    return [("first text", "a body of words")[:width], ("second", "more ☃")[:width]]


def create(path, schema, rng, style, keep_orphans):
    """A database with rows; views and triggers come last, so that they have no say in the rows."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA journal_mode = %s" % ("WAL" if rng.random() < 0.15 else "DELETE"))
    db.execute("BEGIN")
    for thing in schema.tables + schema.virtuals:
        db.execute(statement(thing, style))
    early = rng.random() < 0.5  # indexes see the rows come, or come to the rows
    for i in schema.indexes if early else ():
        db.execute(statement(i, style))
    for t in schema.tables:
        fill_table(db, t, rng)
    for v in schema.virtuals:
        for row in virtual_rows(v):
            db.execute("INSERT INTO %s VALUES (%s)" % (q(v), ", ".join("?" * len(row))), row)
    for i in () if early else schema.indexes:
        try:
            db.execute(statement(i, style))
        except sqlite3.IntegrityError:  # the rows do not allow it
            db.execute("DELETE FROM " + q(i.table))
            db.execute(statement(i, style))
    if not keep_orphans:
        remove_orphans(db, schema.tables)
    if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        # SQLite has false alarms of its own (a REAL of no fraction in a STRICT table WITHOUT ROWID): no rows then.
        for t in schema.tables:
            db.execute("DELETE FROM " + q(t))
    for thing in schema.views + schema.triggers:
        db.execute(statement(thing, style))
    db.execute("COMMIT")
    db.close()


class Verdict:
    """What must come of a migration: "yes", "no" with the reason, or "either"."""

    def __init__(self, answer, why="", sound=True, numbered=()):
        self.answer, self.why = answer, why
        self.sound = sound        # SQLite itself finds no fault with the rows there
        self.numbered = numbered  # tables whose rows get a number for a NULL, as an INTEGER PRIMARY KEY does it


def matched(old, new):
    """Old and new tables that are one, with their columns, by name and by what is renamed."""
    olds = {t.name.lower(): t for t in old.tables}
    for t in new.tables:
        was = olds.get(t.name.lower()) or (olds.get(t.renamed_from.lower()) if t.renamed_from else None)
        if was is None:
            continue
        columns = {c.name.lower(): c for c in was.columns}
        pairs = {}
        for c in t.columns:
            source = columns.get(c.name.lower()) or (columns.get(c.renamed_from.lower()) if c.renamed_from else None)
            pairs[c] = source
        yield was, t, pairs


def oracle(path, old, new):
    """Puts the rows of the database at `path`, of schema `old`, into an empty one of schema `new`."""
    source, target = sqlite3.connect(path), sqlite3.connect(":memory:", isolation_level=None)
    target.execute("PRAGMA foreign_keys = OFF")
    for t in new.tables:
        target.execute(statement(t, PLAIN))
    for i in new.indexes:
        target.execute(statement(i, PLAIN))
    try:
        numbered = []
        for was, t, pairs in matched(old, new):
            if numbers_rows(source, was, t, pairs):
                numbered.append(t.name)
            try:
                move(source, target, was, t, pairs)
            except sqlite3.Error as error:
                return Verdict("either" if numbered else "no", "%s: %s" % (t.name, error))
        before, after = orphans(source, old.tables), orphans(target, new.tables)
        if sum(after.values()) > sum(before.values()):
            return Verdict("either" if before or numbered else "no", "rows without parents", True, tuple(fold(n) for n in numbered))
        return Verdict("either" if before or numbered else "yes", "", target.execute("PRAGMA integrity_check").fetchall() == [("ok",)],
                       tuple(fold(n) for n in numbered))
    finally:
        source.close()
        target.close()


def numbers_rows(source, was, t, pairs):
    """Do rows get a new number, because the column that is their number is new, or was NULL? Which, is moult's to choose."""
    if not t.inline_key or t.key[0].kind != "INTEGER" or t.without_rowid or t.descending:
        return False
    where = "" if pairs[t.key[0]] is None else " WHERE %s IS NULL" % q(pairs[t.key[0]])
    return source.execute("SELECT count(*) FROM %s%s" % (q(was), where)).fetchone()[0] > 0


def move(source, target, was, t, pairs):
    kept = [c for c in t.real() if pairs[c] is not None]  # a generated column that becomes a real one keeps its values
    filled = [c for c in t.real() if c.fill and (pairs[c] is None or c.not_null)]
    count = source.execute("SELECT count(*) FROM " + q(was)).fetchone()[0]
    if not count:
        return
    for c in t.real():
        if pairs[c] is None and c.not_null and c.default is None and not c.fill and not (t.inline_key and c in t.key and c.kind == "INTEGER"):
            raise sqlite3.IntegrityError("%s may not be NULL and has no value" % c.name)
    rows = source.execute("SELECT %s FROM %s" % (", ".join(q(pairs[c]) for c in kept) or "1", q(was))).fetchall()
    fills = {c: target.execute("SELECT " + c.fill).fetchone()[0] for c in filled}
    for row in rows:
        values = dict(zip(kept, row))
        for c in filled:
            if values.get(c) is None:
                values[c] = fills[c]
        names = list(values)
        if names:
            target.execute("INSERT OR ABORT INTO %s (%s) VALUES (%s)" % (q(t), ", ".join(map(q, names)), ", ".join("?" * len(names))),
                           list(values.values()))
        else:
            target.execute("INSERT OR ABORT INTO %s DEFAULT VALUES" % q(t))


def way_back(old, new):
    """`old` as a desired schema for a database of `new`: its renames undone, and a fill for what comes back NOT NULL."""
    import copy
    back = copy.deepcopy(old)
    by_uid = {t.uid: t for t in new.tables}
    for t in back.tables:
        t.renamed_from = None
        other = by_uid.get(t.uid)
        if other is not None and other.name.lower() != t.name.lower():
            t.renamed_from = other.name
        columns = {c.uid: c for c in other.columns} if other is not None else {}
        for c in t.columns:
            c.renamed_from = c.fill = None
            now = columns.get(c.uid)
            if now is not None and now.name.lower() != c.name.lower():
                c.renamed_from = now.name
            if c.not_null and c.generated is None and c not in t.key and (now is None or not now.not_null):
                c.fill = "'back'" if c.kind in ("TEXT", "", "ANY") else "x'00'" if c.kind == "BLOB" else "0"
    return back
