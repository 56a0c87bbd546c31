# SPDX-License-Identifier: MIT
"""Makes a failing pair small, and writes it down as a case file.

What is taken out of one schema is taken out of the other too; whatever still fails is kept.
"""

import copy
import re
import sqlite3
import time

from tests import judge
from tests.property import generate, pairs
from tests.property.model import Style, Table, View, schema_sql


def find(schema, uid):
    return next((t for t in schema.things() if t.uid == uid), None)


def remove_thing(schema, uid):
    thing = find(schema, uid)
    if isinstance(thing, Table):
        generate.drop_table(schema, thing)
    elif thing is not None:
        for rows in (schema.virtuals, schema.indexes, schema.views, schema.triggers):
            if thing in rows:
                rows.remove(thing)
        if isinstance(thing, View):
            generate.drop_view(schema, thing)


def columns_of(schema, uid):
    return [(t, c) for t in schema.tables for c in t.columns if c.uid == uid]


def remove_column(schema, uid):
    for t, c in columns_of(schema, uid):
        generate.drop_column(schema, t, c)


def remove_part(schema, uid):
    for t in schema.tables:
        for rows in (t.checks, t.uniques, t.foreigns):
            rows[:] = [r for r in rows if r.uid != uid]


def simplify(attribute, value):
    def change(schema, uid):
        for _, c in columns_of(schema, uid):
            setattr(c, attribute, value)
    return change


def plain_names(schema, uid):
    thing = find(schema, uid)
    if thing is not None and not thing.renamed_from:
        thing.name = "n%d" % uid


def reductions(old, new):
    """Ways to make both schemas smaller, the boldest first."""
    everything = {t.uid for t in old.things() + new.things()}
    for uid in sorted(everything):
        yield remove_thing, uid
    tables = old.tables + new.tables
    for uid in sorted({p.uid for t in tables for p in t.checks + t.uniques + t.foreigns}):
        yield remove_part, uid
    columns = sorted({c.uid for t in tables for c in t.columns})
    for uid in columns:
        yield remove_column, uid
    for attribute, value in (("check", None), ("unique", None), ("collate", None), ("default", None), ("conflict", ""), ("not_null", None),
                             ("fill", None)):
        for uid in columns:
            yield simplify(attribute, value), uid
    for uid in sorted(everything):
        yield plain_names, uid


def kind_of(message):
    """What went wrong, without its names and numbers."""
    return re.sub(r"[^A-Za-z ]+", "", message)[:28]


def fails(pair, folder, old, new, message):
    """The message with which the smaller pair fails likewise; None when it does not."""
    for schema in (old, new):
        generate.settle(schema)
        if not schema.tables:
            return None
    smaller = pairs.Pair(pair.seed, folder, pair.runner, old, new, pair.style_seed)
    try:
        smaller.check()
    except (pairs.Wrong, pairs.Crashed) as wrong:
        return smaller if kind_of(str(wrong)) == kind_of(message) else None
    except Exception:  # a pair that the harness cannot handle is not smaller, it is another one
        return None
    return None


def shrink(pair, message, seconds=60):
    """A smaller pair that fails in the same way, as small as the time allows."""
    limit = time.monotonic() + seconds
    changed = True
    while changed and time.monotonic() < limit:
        changed = False
        for reduce, uid in list(reductions(pair.old, pair.new)):
            if time.monotonic() > limit:
                break
            old, new = copy.deepcopy((pair.old, pair.new))
            reduce(old, uid)
            reduce(new, uid)
            if [schema_sql(s, Style(), True) for s in (old, new)] == [schema_sql(s, Style(), True) for s in (pair.old, pair.new)]:
                continue
            smaller = fails(pair, pair.folder, old, new, message)
            if smaller is not None:
                pair, changed = smaller, True
    return pair


def inserts(path):
    """The rows of a database as statements."""
    db = sqlite3.connect(path)
    out = []
    for (name, sql) in db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'").fetchall():
        shadow = db.execute("SELECT type FROM pragma_table_list(?)", (name,)).fetchone()[0]
        columns = [c for c, hidden in db.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (name,)) if not hidden]
        if shadow == "shadow" or not columns:
            continue
        quoted = ", ".join(judge.quote(c) for c in columns)
        for row in db.execute("SELECT %s FROM %s" % (", ".join("quote(%s)" % judge.quote(c) for c in columns), judge.quote(name))):
            out.append("INSERT INTO %s (%s) VALUES (%s);" % (judge.quote(name), quoted, ", ".join(row)))
    db.close()
    return "\n".join(out)


def write_case(pair, message, path):
    """The pair as a case file."""
    before = schema_sql(pair.old, Style())
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Property test, seed %d.\n" % pair.seed)
        for line in message.splitlines():
            out.write("# %s\n" % line)
        out.write("== before\n%s== rows\n%s\n== after\n%s" % (before, inserts(pair.before), schema_sql(pair.new, Style(), True)))
        out.write("== back\n%s" % schema_sql(pair.back, Style(), True))
