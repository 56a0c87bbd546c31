# SPDX-License-Identifier: MIT
"""Random schemas, and random changes to them. All of it follows from the generator of random numbers that it is given."""

import copy
import sqlite3

from tests.property.model import (Action, Check, Column, Expr, Foreign, Index, Schema, Style, Table, Trigger, Unique, View, Virtual,
                                  statement)

NAMES = ["user", "item", "note", "log", "tag", "city", "price", "email", "state", "kind", "ref", "seq", "code", "title", "body",
         "size", "weight", "owner", "parent", "Created", "UPPER", "camelCase", "x", "y", "z"]
HOSTILE = ["order", "group", "select", "table", 'we"ird', "sp ace", "ünï", "a;b--c", "x'y", "back`tick", "1st", "to", "new.old", "a/*b",
           "[open", "\"; DROP TABLE x; --", "key", "index", "名前"]
# SQLite 3.40 writes past its memory when a row is deleted whose child's table has a name that begins like this: no such
# table gets a foreign key.
QUOTES = "\"'`["
TYPES = ["INTEGER", "INTEGER", "INT", "TEXT", "TEXT", "REAL", "BLOB", "NUMERIC", "VARCHAR(20)", "DECIMAL(10, 2)", "", "BOOLEAN",
         "DATETIME", "UNSIGNED BIG INT", "DOUBLE PRECISION"]
STRICT_TYPES = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"]
DEFAULTS = ["0", "1", "-7", "'x'", "'it''s'", "''", "NULL", "0.5", "x'00ff'", "TRUE", "(1 + 2)", "('a' || 'b')", "CURRENT_TIMESTAMP",
            "(abs(-3))", "1e3", "+4", "'a -- b'"]
SIMPLE_DEFAULTS = {"INT": ["0", "-7", "3", "(1 + 2)"], "INTEGER": ["0", "1", "-2"], "REAL": ["0.5", "2", "1e3"], "TEXT": ["'x'", "'it''s'", "''"],
                   "BLOB": ["x'00ff'"], "ANY": ["0", "'x'"]}
COLLATIONS = ["NOCASE", "RTRIM"]
CHECKS = ["{0} IS NOT 'forbidden'", "length({0}) < 90", "{0} > -1000000 OR {0} IS NULL", "{0} NOT IN ('p', 'q')", "{0} IS NULL OR {0} <> x'aa'",
          "coalesce({0}, 0) <> 4711", "({0} <> 'no''pe')"]
TIGHT = ["{0} >= 0", "length({0}) <= 3", "{0} IN (1, 2, 3, 'a')", "{0} IS NOT NULL"]
CHECKS2 = ["{0} IS NOT {1} OR {0} IS NULL OR 1", "length({0}) + length({1}) < 500", "({0} IS NULL OR {1} IS NULL OR {0} <> 'never')"]
GENERATED = ["coalesce({0}, 'none') || '!'", "length({0})", "{0} IS NULL", "upper({0})"]
INDEXED = ["lower({0})", "coalesce({0}, 0)", "length({0}) + 1", "{0} || 'x'"]
WHERES = ["{0} IS NOT NULL", "{0} > 0", "{0} <> 'gone'", "typeof({0}) = 'text'"]
ACTIONS = ["", "", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE", " ON DELETE RESTRICT ON UPDATE NO ACTION",
           " DEFERRABLE INITIALLY DEFERRED", " ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED", " MATCH FULL"]
FILLS = ["0", "1", "'filled'", "-1", "1 + 1", "lower('ABC')", "0.5"]


class Generator:
    def __init__(self, rng):
        self.rng, self.used = rng, set()

    def chance(self, p):
        return self.rng.random() < p

    def name(self, taken=()):
        """A name that was never given before."""
        for attempt in range(200):
            base = self.rng.choice(HOSTILE if self.chance(0.12) else NAMES)
            name = base if attempt < 3 else base + str(self.rng.randrange(100))
            if name.lower() not in self.used and name.lower() not in taken:
                self.used.add(name.lower())
                return name
        name = "n%d" % len(self.used)
        self.used.add(name)
        return name

    def column_name(self, table):
        taken = {c.name.lower() for c in table.columns} | getattr(table, "past", set())
        while True:
            name = self.rng.choice(HOSTILE if self.chance(0.12) else NAMES)
            if self.chance(0.3):
                name += str(self.rng.randrange(50))
            if name.lower() not in taken:
                return name

    # --- tables

    def schema(self):
        s = Schema()
        for _ in range(self.rng.choice((1, 2, 2, 3, 3, 4, 6))):
            s.tables.append(self.table())
        for t in s.tables:
            self.add_foreign(s, t, 0.45)
        self.extras(s)
        return settle(s) if settle(s).tables else self.schema()

    def extras(self, s):
        for _ in range(self.rng.randrange(4)):
            self.add_index(s)
        for _ in range(self.rng.randrange(3)):
            self.add_view(s)
        for _ in range(self.rng.randrange(3)):
            self.add_trigger(s)
        if self.chance(0.12):
            self.add_virtual(s)

    def table(self):
        t = Table(self.name())
        t.strict = self.chance(0.12)
        for _ in range(self.rng.choice((1, 2, 3, 3, 4, 5, 8))):
            t.columns.append(self.column(t))
        self.key(t)
        for c in list(t.columns):
            if self.chance(0.06) and c not in t.key:
                t.columns.append(self.generated(t, c))
        if self.chance(0.25):
            self.add_unique(t)
        if self.chance(0.3):
            self.add_check(t)
        return t

    def column(self, t):
        c = Column(self.column_name(t), self.rng.choice(STRICT_TYPES if t.strict else TYPES))
        if self.chance(0.3):
            c.not_null = True
            c.conflict = self.rng.choice(("", "", "", "REPLACE", "IGNORE", "FAIL", "ROLLBACK"))
        if self.chance(0.35):
            c.default = self.rng.choice(SIMPLE_DEFAULTS[c.kind] if t.strict else DEFAULTS)
            if c.not_null and c.default == "NULL":
                c.default = "'dflt'"
        if self.chance(0.12):
            c.collate = self.rng.choice(COLLATIONS)
        if self.chance(0.08):
            c.unique = True
        if self.chance(0.12):
            c.check = Expr(self.rng.choice(CHECKS), c)
        return c

    def generated(self, t, source):
        c = Column(self.column_name(t), "TEXT" if t.strict else self.rng.choice(("TEXT", "", "INT")))
        c.generated, c.stored = Expr(self.rng.choice((GENERATED[0], GENERATED[3]) if t.strict else GENERATED), source), self.chance(0.4)
        return c

    def key(self, t):
        t.key, t.inline_key, t.autoincrement, t.without_rowid, t.descending = [], False, False, False, set()
        form = self.rng.random()
        plain = [c for c in t.columns if c.generated is None]
        if form < 0.45:
            c = self.rng.choice(plain)
            c.kind, c.default, c.collate, c.check, c.unique = "INTEGER", None, None, None, None
            t.key, t.inline_key = [c], True
            t.autoincrement = self.chance(0.3)
            if not t.autoincrement and self.chance(0.1):
                t.descending = {0}
        elif form < 0.8:
            t.key = self.rng.sample(plain, min(len(plain), self.rng.choice((1, 1, 2, 3))))
            t.inline_key = len(t.key) == 1 and self.chance(0.5)
            t.without_rowid = self.chance(0.4)
            if not t.inline_key and self.chance(0.2):
                t.descending = {self.rng.randrange(len(t.key))}
        if t.without_rowid:
            t.autoincrement = False

    def add_unique(self, t):
        columns = self.rng.sample(t.real(), min(len(t.real()), self.rng.choice((1, 2))))
        t.uniques.append(Unique(self.constraint_name(), columns, self.rng.choice(("", "", "", "REPLACE", "IGNORE"))))

    def constraint_name(self):
        return self.rng.choice(NAMES) + "_" + str(self.rng.randrange(1000)) if self.chance(0.4) else None

    def add_check(self, t, templates=CHECKS):
        c = self.rng.choice(t.columns)
        if len(t.columns) > 1 and templates is CHECKS and self.chance(0.4):
            t.checks.append(Check(self.constraint_name(), Expr(self.rng.choice(CHECKS2), *self.rng.sample(t.columns, 2))))
        else:
            t.checks.append(Check(self.constraint_name(), Expr(self.rng.choice(templates), c)))

    def add_foreign(self, s, t, chance=1.0):
        if not self.chance(chance):
            return
        parent = self.rng.choice(s.tables)  # may be itself, may close a circle
        targets = list(parent.key) or next((u.columns for u in parent.uniques), None)
        if not targets or t.name[0] in QUOTES:
            return
        columns = []
        for target in targets:
            c = Column(self.column_name(t), target.kind)
            c.collate = target.collate
            t.columns.append(c)
            columns.append(c)
        inline = len(columns) == 1 and self.chance(0.5)
        t.foreigns.append(Foreign(None if inline else self.constraint_name(), columns, parent, targets, self.rng.choice(ACTIONS), inline))

    # --- the rest

    def add_index(self, s, t=None):
        t = t or self.rng.choice(s.tables)
        parts = []
        for c in self.rng.sample(t.columns, min(len(t.columns), self.rng.choice((1, 1, 2)))):
            expr = Expr(self.rng.choice(INDEXED), c) if self.chance(0.2) else Expr("{0}", c)
            suffix = (" COLLATE " + self.rng.choice(COLLATIONS) if self.chance(0.15) else "") + (" DESC" if self.chance(0.2) else "")
            parts.append((expr, suffix))
        where = Expr(self.rng.choice(WHERES), self.rng.choice(t.columns)) if self.chance(0.25) else None
        s.indexes.append(Index(self.name(), t, parts, self.chance(0.2), where))

    def add_view(self, s):
        if s.views and self.chance(0.3):
            s.views.append(View(self.name(), self.rng.choice(s.views), []))
            s.views[-1].outputs = s.views[-1].source.outputs
            return
        t = self.rng.choice(s.tables)
        outputs = [Expr("{0}" if self.chance(0.8) else "coalesce({0}, 'none')", c)
                   for c in self.rng.sample(t.columns, min(len(t.columns), self.rng.choice((1, 2, 3))))]
        where = Expr(self.rng.choice(WHERES), self.rng.choice(t.columns)) if self.chance(0.4) else None
        other = self.rng.choice(s.tables) if self.chance(0.25) else None
        s.views.append(View(self.name(), t, outputs, where, other, self.rng.choice(("plain", "plain", "columns", "with"))))

    def add_trigger(self, s):
        tables = [v for v in s.tables if isinstance(v, Table)]
        body = []
        for _ in range(self.rng.choice((1, 1, 2))):
            t = self.rng.choice(tables)
            kind = self.rng.choice(("insert", "update", "delete", "select", "raise"))
            columns = self.rng.sample(t.real(), min(len(t.real()), 2)) if kind != "select" else []
            body.append(Action(kind, t, columns))
        if s.views and self.chance(0.2):
            s.triggers.append(Trigger(self.name(), self.rng.choice(s.views), "INSTEAD OF", self.rng.choice(("INSERT", "DELETE", "UPDATE")), (), None, body))
            return
        t = self.rng.choice(tables)
        event = self.rng.choice(("INSERT", "UPDATE", "DELETE"))
        of = self.rng.sample(t.columns, 1) if event == "UPDATE" and self.chance(0.5) else ()
        when = Expr(self.rng.choice(WHERES), self.rng.choice(t.columns)) if self.chance(0.3) else None
        s.triggers.append(Trigger(self.name(), t, self.rng.choice(("BEFORE", "AFTER")), event, of, when, body))

    def add_virtual(self, s):
        if self.chance(0.7):
            s.virtuals.append(Virtual(self.name(), "fts5", self.rng.choice((["title", "body"], ["body", "tokenize = 'porter'"], ["a", "b UNINDEXED", "prefix = '2 3'"]))))
        else:
            s.virtuals.append(Virtual(self.name(), "rtree", ["id", "minx", "maxx"]))

    # --- changes

    def change(self, schema):
        """A changed copy, which has a table at least."""
        while True:
            s = self.changed(schema)
            if s.tables:
                return s

    def changed(self, schema):
        s = copy.deepcopy(schema)
        for t in s.tables:
            t.past = {c.name.lower() for c in t.columns}
        moves = [self.new_table] * 2 + [self.drop_table, self.rename_table, self.alter_key, self.toggle, self.reorder] \
            + [self.new_column] * 4 + [self.drop_column] * 3 + [self.rename_column] * 3 + [self.alter_column] * 6 \
            + [self.alter_constraints] * 4 + [self.alter_index] * 2 + [self.alter_view] * 2 + [self.alter_trigger] * 2 + [self.alter_virtual]
        for _ in range(self.rng.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            self.rng.choice(moves)(s)
        return settle(s)

    def new_table(self, s):
        t = self.table()
        t.past = set()
        s.tables.append(t)
        self.add_foreign(s, t, 0.4)

    def drop_table(self, s):
        if len(s.tables) > 1:
            drop_table(s, self.rng.choice(s.tables))

    def rename_table(self, s):
        t = self.rng.choice(s.tables)
        if not t.renamed_from and hasattr(t, "past") and t.past:
            name = self.name()
            if not (t.foreigns and name[0] in QUOTES):
                t.renamed_from, t.name = t.name, name

    def new_column(self, s):
        t = self.rng.choice(s.tables)
        c = self.column(t)
        if self.chance(0.15) and t.real():
            c = self.generated(t, self.rng.choice(t.real()))
        elif c.not_null and c.default is None and self.chance(0.7):
            c.fill = self.rng.choice(FILLS)
        t.columns.insert(self.rng.randrange(len(t.columns) + 1), c)

    def drop_column(self, s):
        t = self.rng.choice(s.tables)
        if len(t.columns) > 1:
            drop_column(s, t, self.rng.choice(t.columns))

    def rename_column(self, s):
        t = self.rng.choice(s.tables)
        c = self.rng.choice(t.columns)
        if not c.renamed_from and c.name.lower() in t.past:
            c.renamed_from, c.name = c.name, self.column_name(t)
            if self.chance(0.3):
                self.alter_one(t, c)

    def alter_column(self, s):
        t = self.rng.choice(s.tables)
        self.alter_one(t, self.rng.choice(t.columns))

    def alter_one(self, t, c):
        what = self.rng.choice(("kind", "not_null", "not_null", "default", "default", "collate", "check", "unique"))
        if c.generated and what in ("default", "unique"):
            what = "collate"
        if what == "kind" and not (t.inline_key and c in t.key):
            c.kind = self.rng.choice(STRICT_TYPES if t.strict else TYPES)
        elif what == "not_null" and not (t.inline_key and c in t.key):
            c.not_null, c.conflict = not c.not_null, ""
            if c.not_null and self.chance(0.6):
                c.fill = self.rng.choice(FILLS)
        elif what == "default" and not (t.inline_key and c in t.key):
            c.default = None if c.default and self.chance(0.4) else self.rng.choice(SIMPLE_DEFAULTS.get(c.kind, ["1"]) if t.strict else DEFAULTS)
        elif what == "collate":
            c.collate = None if c.collate else self.rng.choice(COLLATIONS)
        elif what == "check":
            c.check = None if c.check else Expr(self.rng.choice(TIGHT if self.chance(0.2) else CHECKS), c)
        elif what == "unique" and c not in t.key:
            c.unique = not c.unique

    def alter_key(self, s):
        self.key(self.rng.choice(s.tables))

    def toggle(self, s):
        t = self.rng.choice(s.tables)
        what = self.rng.choice(("without_rowid", "strict", "autoincrement"))
        if what == "without_rowid" and t.key and not t.autoincrement:
            t.without_rowid = not t.without_rowid
        elif what == "strict":
            t.strict = not t.strict
            if t.strict:
                for c in t.columns:
                    c.kind = c.kind if c.kind in STRICT_TYPES else "ANY"
        elif what == "autoincrement" and t.inline_key and not t.without_rowid and not t.descending and t.key[0].kind == "INTEGER":
            t.autoincrement = not t.autoincrement

    def reorder(self, s):
        self.rng.shuffle(self.rng.choice(s.tables).columns)

    def alter_constraints(self, s):
        t = self.rng.choice(s.tables)
        what = self.rng.choice(("check", "unique", "foreign"))
        rows = {"check": t.checks, "unique": t.uniques, "foreign": t.foreigns}[what]
        if rows and self.chance(0.5):
            rows.pop(self.rng.randrange(len(rows)))
        elif what == "check":
            self.add_check(t, TIGHT if self.chance(0.2) else CHECKS)
        elif what == "unique":
            self.add_unique(t)
        elif rows and self.chance(0.5):
            self.rng.choice(rows).actions = self.rng.choice(ACTIONS)
        else:
            self.add_foreign(s, t)

    def _alter(self, rows, add, s):
        if rows and self.chance(0.4):
            gone = rows.pop(self.rng.randrange(len(rows)))
            if isinstance(gone, View):
                drop_view(s, gone)
        elif rows and self.chance(0.5):
            self.redo(self.rng.choice(rows))
        else:
            add(s)

    def redo(self, thing):
        """Another definition under the same name."""
        if isinstance(thing, Index):
            thing.unique, thing.where = (False if thing.unique else thing.unique), None if thing.where else Expr("{0} IS NOT NULL", *thing.parts[0][0].columns)
        elif isinstance(thing, View):
            thing.where = None if thing.where or isinstance(thing.source, View) else Expr("{0} IS NOT NULL", *thing.outputs[0].columns)
        elif isinstance(thing, Trigger):
            thing.body = thing.body + [Action("raise")]

    def alter_index(self, s):
        self._alter(s.indexes, self.add_index, s)

    def alter_view(self, s):
        self._alter(s.views, self.add_view, s)

    def alter_trigger(self, s):
        self._alter(s.triggers, self.add_trigger, s)

    def alter_virtual(self, s):
        if s.virtuals and self.chance(0.5):
            s.virtuals.pop()
        else:
            self.add_virtual(s)


# --- taking things out, with what speaks of them


def speaks_of(expr, columns):
    return expr is not None and any(c in columns for c in expr.columns)


def drop_view(s, view):
    for v in [v for v in s.views if v.source is view]:
        s.views.remove(v)
        drop_view(s, v)
    s.triggers = [t for t in s.triggers if t.table is not view]


def drop_table(s, table):
    s.tables.remove(table)
    for t in s.tables:
        t.foreigns = [f for f in t.foreigns if f.parent is not table]
    s.indexes = [i for i in s.indexes if i.table is not table]
    for v in [v for v in s.views if v.source is table or v.other is table]:
        if v in s.views:
            s.views.remove(v)
            drop_view(s, v)
    s.triggers = [t for t in s.triggers if t.table is not table and all(a.table is not table for a in t.body)]


def drop_column(s, table, column):
    gone = {column} | {c for c in table.columns if speaks_of(c.generated, [column])}
    if len(gone) >= len(table.columns):
        return
    table.columns = [c for c in table.columns if c not in gone]
    for c in table.columns:
        if speaks_of(c.check, gone):
            c.check = None
    if any(c in gone for c in table.key):
        table.key, table.inline_key, table.autoincrement, table.without_rowid, table.descending = [], False, False, False, set()
    table.checks = [k for k in table.checks if not speaks_of(k.expr, gone)]
    table.uniques = [u for u in table.uniques if not gone & set(u.columns)]
    for t in s.tables:
        t.foreigns = [f for f in t.foreigns if not gone & set(f.columns) and not gone & set(f.targets)]
    s.indexes = [i for i in s.indexes if not any(speaks_of(e, gone) for e, _ in i.parts) and not speaks_of(i.where, gone)]
    for v in [v for v in s.views if any(speaks_of(e, gone) for e in v.outputs) or speaks_of(v.where, gone)]:
        if v in s.views:
            s.views.remove(v)
            drop_view(s, v)
    s.triggers = [t for t in s.triggers if not gone & set(t.of) and not speaks_of(t.when, gone) and not any(gone & set(a.columns) for a in t.body)]


def settle(s):
    """Takes out whatever SQLite does not accept, until it accepts all, and what says again what is said already."""
    for t in s.tables:
        for c in t.columns if t.strict else ():
            if c.generated:
                c.kind = "ANY"  # SQLite 3.40 does not see that a value which it computes is of the wrong type
        for c in t.key if t.without_rowid else ():
            c.not_null = False  # it cannot be NULL anyway
        said = {c.check.sql(Style()) for c in t.columns if c.check}
        t.checks = [k for k in t.checks if k.expr.sql(Style()) not in said and not said.add(k.expr.sql(Style()))]
        for c in t.columns:
            c.unique = c.unique and [c] != list(t.key) and all([c] != list(u.columns) for u in t.uniques)
        t.uniques = [u for i, u in enumerate(t.uniques) if list(u.columns) != list(t.key)
                     and all(set(u.columns) != set(v.columns) for v in t.uniques[:i])]
    while True:
        db = sqlite3.connect(":memory:", isolation_level=None)
        bad = next((t for t in s.things() if not accepted(db, s, t)), None) or next((t for t in s.things() if not works(db, s, t)), None)
        db.close()
        if bad is None:
            return s
        if isinstance(bad, tuple):
            bad[0].foreigns.remove(bad[1])
        elif isinstance(bad, Table):
            drop_table(s, bad)
        elif isinstance(bad, View):
            s.views.remove(bad)
            drop_view(s, bad)
        else:
            for rows in (s.virtuals, s.indexes, s.triggers):
                if bad in rows:
                    rows.remove(bad)


def accepted(db, s, thing):
    try:
        db.execute(statement(thing, Style()))
        return True
    except sqlite3.Error:
        return False


def works(db, s, thing):
    """Is it more than text: can it be read and written?"""
    name = Style().name(thing.name)
    try:
        if isinstance(thing, (View, Table)):
            db.execute("SELECT * FROM " + name)
        if isinstance(thing, Table):
            foreign_keys(db, thing)
            db.execute("EXPLAIN DELETE FROM " + name)
            db.execute("EXPLAIN INSERT INTO %s DEFAULT VALUES" % name)
            for c in thing.real():
                db.execute("EXPLAIN UPDATE %s SET %s = NULL" % (name, Style().name(c.name)))
        if isinstance(thing, Trigger) and isinstance(thing.table, View):
            db.execute("EXPLAIN DELETE FROM " + Style().name(thing.table.name)) if thing.event == "DELETE" else None
        return True
    except sqlite3.Error as error:
        if isinstance(thing, Table) and "foreign key" not in str(error):
            broken = [t for t in s.triggers if t.table is thing]
            if broken:
                s.triggers.remove(broken[0])
        return False


def foreign_keys(db, table):
    """A foreign key whose parent has no such key is taken out."""
    for f in list(table.foreigns):
        ok = list(f.targets) == list(f.parent.key) or any(list(f.targets) == list(u.columns) for u in f.parent.uniques)
        collations = all(c.collate == d.collate for c, d in zip(f.columns, f.targets))
        if not ok or not collations:
            table.foreigns.remove(f)
            raise sqlite3.OperationalError("foreign key to what is no key")
