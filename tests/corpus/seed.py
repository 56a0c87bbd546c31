# SPDX-License-Identifier: MIT
"""Puts rows into a database of a real schema, such that the constraints of it and of the schema it goes to hold.

Row i has 11 * i in every column, as a number or as text, so that any two columns that a foreign key ties together, in
either version, hold the same values. A column that is no key anywhere varies: NULL, an empty string, quotes and
accents. A row that a constraint refuses is tried again with other values for the columns which that constraint names. Each row is
put into a database of the target schema too, so a row that the target could never hold is not asked of moult.
"""

import re
import sqlite3

from tests.corpus.sqltext import literals_of

ROWS = 4
FREE_TEXT = {2: None, 3: "it's \"ä\" ☃\n--", 4: ""}
OTHER = (0, 1, None, 2, "2020-01-01", -1, 0.5, 90, "x", "text", "0", "1", "true", "no")
TRIES = 400


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def literal(value):
    """A value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, bytes):
        return "x'" + value.hex() + "'"
    return "'" + value.replace("'", "''") + "'"


def nearest(lists, limit):
    """Combinations of one value of each list, those first whose values come early in their lists."""
    total = 0
    if not lists:
        return
    for far in range(sum(len(values) for values in lists)):
        for places in _sums(far, [len(values) for values in lists]):
            yield [values[at] for values, at in zip(lists, places)]
            total += 1
            if total >= limit:
                return


def _sums(far, lengths):
    if len(lengths) == 1:
        if far < lengths[0]:
            yield (far,)
        return
    for first in range(min(far, lengths[0] - 1) + 1):
        for rest in _sums(far - first, lengths[1:]):
            yield (first, *rest)


class Column:
    def __init__(self, name, kind, not_null, default, key):
        self.name, self.kind, self.not_null, self.key = name, kind.upper(), not_null, key
        self.has_default = default is not None


class Table:
    def __init__(self, name, sql):
        self.name, self.sql, self.columns = name, sql, {}
        self.keys = set()   # columns of any key: its own, unique ones, foreign ones, those that others refer to
        self.alone = set()  # columns that are a unique key by themselves


def read(db):
    """The tables of a database: folded name → Table. Virtual tables and their shadows are left out."""
    result = {}
    for kind, name, sql in db.execute("SELECT t.type, t.name, m.sql FROM pragma_table_list AS t JOIN sqlite_schema AS m "
                                      "ON m.name = t.name AND m.type = 'table' WHERE t.schema = 'main' AND t.type = 'table'"):
        if name.lower().startswith(("sqlite_", "_moult_")):
            continue
        table = result[name.lower()] = Table(name, sql)
        for _, column, typ, not_null, default, key, hidden in db.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)):
            if not hidden:
                table.columns[column.lower()] = Column(column, typ, not_null, default, key)
            if key:
                table.keys.add(column.lower())
        for index, unique in db.execute('SELECT name, "unique" FROM pragma_index_list(?)', (name,)).fetchall():
            if unique:
                members = [c.lower() for (c,) in db.execute("SELECT name FROM pragma_index_info(?)", (index,)) if c]
                table.keys.update(members)
                if len(members) == 1:
                    table.alone.update(members)
        table.keys |= {c.lower() for (c,) in db.execute('SELECT "from" FROM pragma_foreign_key_list(?)', (name,))}
        referenced = db.execute('SELECT DISTINCT lower(f."to") FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f '
                                "WHERE m.type = 'table' AND lower(f.\"table\") = lower(?)", (name,)).fetchall()
        table.keys |= {c for (c,) in referenced if c}
    return result


def load(path_or_text):
    """A database in memory with a schema's SQL executed; the functions that the histories call exist and do nothing useful."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    functions(db)
    db.execute("PRAGMA foreign_keys = OFF")
    db.executescript(path_or_text if "\n" in str(path_or_text) else path_or_text.read_text())
    return db


def functions(db):
    for name in ("title_sort", "author_to_author_sort", "lowercase", "books_list_filter"):
        db.create_function(name, 1, lambda value: value)
    db.create_function("uuid4", 0, lambda: "0")


def base(column, i):
    """What row i has in a column, before any constraint had a say."""
    text = any(word in column.kind for word in ("CHAR", "TEXT", "CLOB", "BLOB", "STRING")) or not column.kind
    return str(11 * i) if text else 11 * i


class Seeder:
    """Seeds `source`, whose rows are to live on in the schema of `target`."""

    def __init__(self, source_sql, target_sql, both=False):
        self.source_sql, self.target_sql = source_sql, target_sql
        self.both = both    # only tables of both sides get rows: what is dropped comes back empty
        self.null = set()   # (table, column) that must be NULL
        self.skipped = {}   # table → why it has no rows

    def run(self):
        """Fills both; again, with fewer rows, until no foreign key is broken. Gives the two connections."""
        for _ in range(40):
            self.source, self.target = load(self.source_sql), load(self.target_sql)
            self.tables, self.wanted = read(self.source), read(self.target)
            self._drop_triggers()
            for name in self.tables:
                if self.both and name not in self.wanted:
                    self.skipped[name] = "not on the other side"
                if name not in self.skipped:
                    self._table(name)
            if not self._orphans():
                break
        self._create_triggers()
        return self

    def _drop_triggers(self):
        self.triggers = self.source.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid").fetchall()
        for db in (self.source, self.target):
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                db.execute("DROP TRIGGER " + quote(name))

    def _create_triggers(self):
        for _, sql in self.triggers:
            self.source.execute(sql)

    def _names(self, name):
        """All columns of a table, on either side."""
        both = dict(self.tables[name].columns)
        if name in self.wanted:
            both.update({c: v for c, v in self.wanted[name].columns.items() if c not in both})
        return both

    def _table(self, name):
        columns = self._names(name)
        texts = self.tables[name].sql + "\n" + (self.wanted[name].sql if name in self.wanted else "")
        other = {c: literals_of(texts, v.name) for c, v in columns.items()}
        for i in range(1, ROWS + 1):
            row = {c: self._value(name, c, v, i) for c, v in columns.items()}
            why = self._place(name, row, columns, other, i)
            if why:
                self.source.execute("DELETE FROM " + quote(self.tables[name].name))
                if name in self.wanted:
                    self.target.execute("DELETE FROM " + quote(self.wanted[name].name))
                self.skipped[name] = why
                return

    def _is_key(self, name, column):
        return column in self.tables[name].keys or (name in self.wanted and column in self.wanted[name].keys)

    def _value(self, name, c, column, i):
        if (name, c) in self.null:
            return None
        if not self._is_key(name, c) and i in FREE_TEXT:
            here = self.tables[name].columns.get(c)
            if here is not None and not (here.not_null and FREE_TEXT[i] is None):
                if FREE_TEXT[i] is None or isinstance(base(column, i), str):
                    return FREE_TEXT[i]
        return base(column, i)

    def _insert(self, db, table, row):
        names = [c for c in table.columns if c in row]
        db.execute("INSERT INTO %s (%s) VALUES (%s)" % (quote(table.name), ", ".join(quote(table.columns[c].name) for c in names),
                                                       ", ".join("?" * len(names))), [row[c] for c in names])

    def _try(self, name, row):
        """Puts a row into both; the error's text when one does not take it."""
        self.source.execute("SAVEPOINT s")
        try:
            self._insert(self.source, self.tables[name], row)
            if name in self.wanted:
                here, wanted = self.tables[name].columns, {}
                for c, column in self.wanted[name].columns.items():
                    if c in here or not column.has_default or c in self.wanted[name].alone:
                        wanted[c] = row[c] if c in here or column.not_null or c in self.wanted[name].alone else None
                    # What is NULL today and may not be so tomorrow is what @fill is for.
                    if wanted.get(c, 0) is None and column.not_null:
                        wanted[c] = self.filled(name, c, row)
                self._insert(self.target, self.wanted[name], wanted)
        except sqlite3.Error as error:
            self.source.execute("ROLLBACK TO s")
            return str(error)
        finally:
            self.source.execute("RELEASE s")
        return None

    def filled(self, name, c, row):
        """What a column that may not be NULL any more holds in a row where it was NULL."""
        known = [v for k, v in row.items() if isinstance(v, int) and v]
        column = self.wanted[name].columns[c]
        choice = literals_of(self.wanted[name].sql, column.name)
        return choice[0] if choice else base(column, (known[0] // 11) or 1 if known else 1)

    def _culprits(self, name, why, columns):
        """The columns that an error is about."""
        table = self.tables[name]
        match = re.match(r"(?:UNIQUE|NOT NULL) constraint failed: (.*)", why)
        if match:
            return [part.rsplit(".", 1)[-1].strip().lower() for part in match.group(1).split(",")]
        text = why.split(": ", 1)[-1]
        for sql in (table.sql, self.wanted[name].sql if name in self.wanted else ""):
            named = re.search(r"CONSTRAINT\s+[\"`\[]?" + re.escape(text) + r"[\"`\]]?\s+CHECK\s*(\(.*)", sql, re.I | re.S)
            if named:
                body, depth = named.group(1), 0
                for at, char in enumerate(body):
                    depth += (char == "(") - (char == ")")
                    if not depth:
                        body = body[:at]
                        break
                text = body
                break
        names = {w.lower() for w in re.findall(r"\w+", text)}
        return [c for c in columns if c in names]

    def _choices(self, name, c, column, literals, i):
        """Values to try for a column, the likeliest first."""
        choices = [base(column, i)] + ([None] if not column.not_null else []) + literals
        choices += [str(11 * i) * 5, 11 * i / 1000.0, *OTHER]
        return [v for n, v in enumerate(choices) if all(type(v) is not type(u) or v != u for u in choices[:n])]

    def _place(self, name, row, columns, other, i):
        """Puts a row in, with other values for what constraints name if need be; the reason when it cannot be done."""
        seen, everyone = [], []
        why = self._try(name, row)
        while why is not None:
            seen.append(why)
            culprits = self._culprits(name, why, columns)
            everyone += [c for c in culprits if c not in everyone]
            for chosen in (culprits, everyone):
                lists = [self._choices(name, c, columns[c], other[c], i) for c in chosen]
                for values in nearest(lists, TRIES):
                    changed = {**row, **dict(zip(chosen, values))}
                    again = self._try(name, changed)
                    if again not in seen:
                        break  # it is in, or another constraint has its say
                else:
                    continue
                row, why = changed, again
                break
            else:
                return why
        return None

    def _broken(self, db, tables, name):
        table = tables[name]
        try:
            return db.execute("SELECT parent, fkid FROM pragma_foreign_key_check(?)", (table.name,)).fetchall()
        except sqlite3.Error:
            return []  # a foreign key to what is no key: SQLite cannot tell

    def _orphans(self):
        """Looks for rows whose parents do not exist after the migration; 1 when something was taken out because of them."""
        found = 0
        for db, tables in ((self.source, self.tables), (self.target, self.wanted)):
            for name in tables:
                broken = self._broken(db, tables, name) if name in self.tables else []
                for number in {n for _, n in broken}:
                    rows = db.execute('SELECT lower("from") FROM pragma_foreign_key_list(?) WHERE id = ?', (tables[name].name, number))
                    found |= self._unlink(name, [c for (c,) in rows])
        return found

    def _unlink(self, name, columns):
        for c in columns:
            both = [t[name].columns[c] for t in (self.tables, self.wanted) if name in t and c in t[name].columns]
            if all(not v.not_null and not v.key for v in both) and (name, c) not in self.null:
                self.null.add((name, c))
                return 1
        if name not in self.skipped:
            self.skipped[name] = "its parents do not exist on the other side"
            return 1
        return 0

    def fill(self, name, c):
        """An expression for `-- @fill`: one that all rows of the target can hold."""
        table = self.wanted[name]
        column = table.columns[c]
        q = quote(table.name)
        values = [v for (v,) in self.target.execute("SELECT %s FROM %s" % (quote(column.name), q)) if v is not None]
        choices = [literal(values[0])] if values else []
        choices += ["rowid * 11", "rowid", "1", "'1'", "0", "''"]
        for choice in choices:
            self.target.execute("SAVEPOINT f")
            try:
                self.target.execute("UPDATE %s SET %s = %s" % (q, quote(column.name), choice))
                if not self._broken(self.target, self.wanted, name):
                    return choice
            except sqlite3.Error:
                pass
            finally:
                self.target.execute("ROLLBACK TO f")
                self.target.execute("RELEASE f")
        return choices[0]

    def save(self, path):
        with sqlite3.connect(path) as out:
            self.source.backup(out)
        out.close()
