# SPDX-License-Identifier: MIT
"""Schemas as the property test thinks of them, and their SQL.

Expressions are templates with the columns they speak of beside them, so that a renamed column is renamed everywhere. An
object keeps its `uid` when a schema is copied: that is how two schemas know what became of what.
"""

import itertools
import re

KEYWORDS = {"order", "group", "select", "table", "index", "from", "where", "values", "default", "check", "to", "key", "not", "null",
            "references", "primary", "unique", "on", "as", "add", "drop", "constraint", "foreign", "collate", "join", "create"}
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_uids = itertools.count(1)


class Thing:
    """Anything with a name."""

    def __init__(self, name):
        self.name, self.uid, self.renamed_from = name, next(_uids), None


class Column(Thing):
    def __init__(self, name, kind):
        super().__init__(name)
        self.kind = kind
        self.not_null = self.default = self.collate = self.generated = self.fill = self.unique = None
        self.check = None    # an Expr
        self.stored = False
        self.conflict = ""   # of NOT NULL


class Expr:
    def __init__(self, template, *columns):
        self.template, self.columns = template, list(columns)

    def sql(self, style, prefix=""):
        return self.template.format(*[prefix + style.name(c.name) for c in self.columns])


class Check(Thing):
    def __init__(self, name, expr):
        super().__init__(name)
        self.expr = expr


class Unique(Thing):
    def __init__(self, name, columns, conflict=""):
        super().__init__(name)
        self.columns, self.conflict = columns, conflict


class Foreign(Thing):
    def __init__(self, name, columns, parent, targets, actions="", inline=False):
        super().__init__(name)
        self.columns, self.parent, self.targets = columns, parent, targets
        self.actions, self.inline = actions, inline


class Table(Thing):
    def __init__(self, name):
        super().__init__(name)
        self.columns, self.key, self.checks, self.uniques, self.foreigns = [], [], [], [], []
        self.inline_key = self.autoincrement = self.without_rowid = self.strict = False
        self.descending = set()  # positions of the key that are DESC

    def real(self):
        """Columns that hold values of their own."""
        return [c for c in self.columns if c.generated is None]


class Virtual(Thing):
    def __init__(self, name, module, arguments):
        super().__init__(name)
        self.module, self.arguments = module, arguments


class Index(Thing):
    def __init__(self, name, table, parts, unique=False, where=None):
        super().__init__(name)
        self.table, self.parts, self.unique, self.where = table, parts, unique, where  # parts: (Expr, suffix)


class View(Thing):
    """SELECT of columns, given plain names, from one or two tables, or from a view."""

    def __init__(self, name, source, outputs, where=None, other=None, form="plain"):
        super().__init__(name)
        self.source, self.outputs, self.where, self.other, self.form = source, outputs, where, other, form


class Trigger(Thing):
    def __init__(self, name, table, timing, event, of=(), when=None, body=()):
        super().__init__(name)
        self.table, self.timing, self.event, self.of, self.when, self.body = table, timing, event, list(of), when, list(body)


class Action:
    """One statement of a trigger: kind insert, update, delete, select or raise."""

    def __init__(self, kind, table=None, columns=(), expr=None):
        self.kind, self.table, self.columns, self.expr = kind, table, list(columns), expr


class Schema:
    def __init__(self):
        self.tables, self.virtuals, self.indexes, self.views, self.triggers = [], [], [], [], []

    def things(self):
        return self.tables + self.virtuals + self.indexes + self.views + self.triggers

    def names(self):
        return {t.name.lower() for t in self.things()}


class Style:
    """How SQL is written: case of keywords, quotes, blanks, comments. None of it is a difference."""

    def __init__(self, rng=None):
        self.rng = rng

    def name(self, name, declared=False):
        plain = PLAIN.match(name) and name.lower() not in KEYWORDS
        if self.rng is None:
            return name if plain else '"' + name.replace('"', '""') + '"'
        if plain and self.rng.random() < 0.6:
            return name
        marks = ['""', "``"] + (["[]"] if "]" not in name else []) + (["''"] if declared else [])
        mark = self.rng.choice(marks)
        inner = name if mark == "[]" else name.replace(mark[0], mark[0] * 2)
        return mark[0] + inner + mark[1]

    def word(self, text):
        if self.rng is None:
            return text
        return self.rng.choice((text, text, text.lower(), text.title()))

    def remark(self):
        """Something between two definitions."""
        if self.rng is None or self.rng.random() < 0.9:
            return ""
        return self.rng.choice(("  ", " /* a remark; with 'quotes' */", "\t"))


def listed(style, columns):
    return "(" + ", ".join(style.name(c.name) for c in columns) + ")"


def column_sql(t, c, style, annotate):
    parts = [style.name(c.name, True)]
    if c.kind:
        parts.append(style.word(c.kind) if c.kind.isalpha() else c.kind)
    if t.inline_key and t.key and t.key[0] is c:
        parts.append(style.word("PRIMARY KEY") + (" DESC" if 0 in t.descending else ""))
        if t.autoincrement:
            parts.append(style.word("AUTOINCREMENT"))
    extras = []
    if c.not_null:
        extras.append(style.word("NOT NULL") + (" ON CONFLICT " + c.conflict if c.conflict else ""))
    if c.unique:
        extras.append(style.word("UNIQUE"))
    if c.default is not None:
        extras.append(style.word("DEFAULT") + " " + c.default)
    if c.collate:
        extras.append(style.word("COLLATE") + " " + c.collate)
    if c.check:
        extras.append(style.word("CHECK") + " (" + c.check.sql(style) + ")")
    for f in t.foreigns:
        if f.inline and f.columns[0] is c:
            extras.append("%s %s %s%s" % (style.word("REFERENCES"), style.name(f.parent.name), listed(style, f.targets), f.actions))
    if c.generated:
        extras.append("%s (%s) %s" % (style.word("GENERATED ALWAYS AS"), c.generated.sql(style), "STORED" if c.stored else "VIRTUAL"))
    note = ""
    if annotate and c.renamed_from:
        note += " @renamed from=" + Style().name(c.renamed_from)
    if annotate and c.fill:
        note += " @fill " + c.fill
    return " ".join(parts + extras), note


def table_sql(t, style, annotate):
    items = [column_sql(t, c, style, annotate) for c in t.columns]
    named = lambda n: (style.word("CONSTRAINT") + " " + style.name(n) + " ") if n else ""  # noqa: E731
    if t.key and not t.inline_key:
        keys = ", ".join(style.name(c.name) + (" DESC" if i in t.descending else "") for i, c in enumerate(t.key))
        items.append((style.word("PRIMARY KEY") + " (" + keys + ")", ""))
    for u in t.uniques:
        items.append((named(u.name) + style.word("UNIQUE") + " " + listed(style, u.columns)
                      + (" ON CONFLICT " + u.conflict if u.conflict else ""), ""))
    for k in t.checks:
        items.append((named(k.name) + style.word("CHECK") + " (" + k.expr.sql(style) + ")", ""))
    for f in t.foreigns:
        if not f.inline:
            items.append(("%s%s %s %s %s %s%s" % (named(f.name), style.word("FOREIGN KEY"), listed(style, f.columns),
                                                style.word("REFERENCES"), style.name(f.parent.name), listed(style, f.targets), f.actions), ""))
    note = " -- @renamed from=" + Style().name(t.renamed_from) if annotate and t.renamed_from else ""
    lines = [style.word("CREATE TABLE") + " " + style.name(t.name, True) + " (" + note]
    for i, (text, remark) in enumerate(items):
        comma = "," if i + 1 < len(items) else ""
        lines.append("  " + text + comma + (" --" + remark if remark else style.remark()))
    options = [o for o, on in (("WITHOUT ROWID", t.without_rowid), ("STRICT", t.strict)) if on]
    lines.append(")" + (" " + ", ".join(map(style.word, options)) if options else ""))
    return "\n".join(lines)


def index_sql(i, style):
    parts = ", ".join(e.sql(style) + suffix for e, suffix in i.parts)
    return "%s %s ON %s (%s)%s" % (style.word("CREATE UNIQUE INDEX" if i.unique else "CREATE INDEX"), style.name(i.name),
                                   style.name(i.table.name), parts, " WHERE " + i.where.sql(style) if i.where else "")


def view_sql(v, style):
    if isinstance(v.source, View):
        outputs = ", ".join("x%d" % i for i in range(len(v.source.outputs)))
        return "%s %s AS SELECT %s FROM %s" % (style.word("CREATE VIEW"), style.name(v.name), outputs, style.name(v.source.name))
    prefix = "s." if v.other else ""
    outputs = ", ".join("%s AS x%d" % (e.sql(style, prefix), i) for i, e in enumerate(v.outputs))
    text = "SELECT %s FROM %s" % (outputs, style.name(v.source.name))
    if v.other:
        text += " AS s LEFT JOIN %s AS o ON 1" % style.name(v.other.name)
    if v.where:
        text += " WHERE " + v.where.sql(style, prefix)
    head = style.word("CREATE VIEW") + " " + style.name(v.name)
    if v.form == "columns":
        head += " (" + ", ".join("x%d" % i for i in range(len(v.outputs))) + ")"
    if v.form == "with":
        text = "WITH w AS (%s) SELECT * FROM w" % text
    return head + " AS " + text


def action_sql(a, style):
    if a.kind == "insert":
        return "INSERT INTO %s %s VALUES (%s)" % (style.name(a.table.name), listed(style, a.columns), ", ".join(["'t'"] * len(a.columns)))
    if a.kind == "update":
        return "UPDATE %s SET %s = %s WHERE 0" % (style.name(a.table.name), style.name(a.columns[0].name), style.name(a.columns[0].name))
    if a.kind == "delete":
        return "DELETE FROM %s WHERE %s IS 'no such'" % (style.name(a.table.name), style.name(a.columns[0].name))
    if a.kind == "raise":
        return "SELECT RAISE(IGNORE) WHERE 0"
    return "SELECT count(*) FROM " + style.name(a.table.name)


def trigger_sql(t, style):
    event = t.event + (" OF " + ", ".join(style.name(c.name) for c in t.of) if t.of else "")
    row = "OLD." if t.event == "DELETE" else "NEW."
    when = " WHEN " + t.when.sql(style, row) if t.when else ""
    return "%s %s %s %s ON %s%s BEGIN %s; END" % (style.word("CREATE TRIGGER"), style.name(t.name), t.timing, event, style.name(t.table.name),
                                               when, "; ".join(action_sql(a, style) for a in t.body))


def virtual_sql(v, style):
    return "CREATE VIRTUAL TABLE %s USING %s(%s)" % (style.name(v.name), v.module, ", ".join(v.arguments))


def statement(thing, style, annotate=False):
    if isinstance(thing, Table):
        return table_sql(thing, style, annotate)
    if isinstance(thing, Virtual):
        return virtual_sql(thing, style)
    return {Index: index_sql, View: view_sql, Trigger: trigger_sql}[type(thing)](thing, style)


def schema_sql(schema, style, annotate=False):
    """All of it, as a desired file."""
    things = schema.things()
    if style.rng is not None and style.rng.random() < 0.3:
        things = style.rng.sample(things, len(things))  # statements may stand in any order
    return "".join(statement(t, style, annotate) + ";\n" for t in things)
