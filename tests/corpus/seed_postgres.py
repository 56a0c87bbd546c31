# SPDX-License-Identifier: MIT
"""Puts rows into a database of a real PostgreSQL schema, such that the constraints of it and of the schema it goes to hold.

Row i has 11 * i in every column, in the form of its type, so that columns that a foreign key ties together hold the same values. A
row that a constraint refuses is tried again with other values. Each row is put into a database of the target schema too: one that the
target could never hold is not asked of moult. Rows without a parent, on either side, go at the end.
"""

from tests import judge_postgres as judge
from tests.servers import libpq
from tests.servers.postgres import quoted

ROWS = 3

TABLES = """
SELECT c.oid::regclass::text, a.attname, format_type(b.oid, CASE WHEN b.oid = a.atttypid THEN a.atttypmod ELSE t.typtypmod END), b.typcategory, a.attnotnull,
       a.attgenerated <> '', a.attidentity, a.atthasdef, (SELECT string_agg(enumlabel, E'\\x01' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = b.oid),
       (SELECT max(substring(pg_get_constraintdef(k.oid) FROM 'length\\(VALUE\\) = (\\d+)')) FROM pg_constraint k WHERE k.contypid = t.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'moult') ORDER BY 1, a.attnum"""

FOREIGN = """
SELECT c.conrelid::regclass::text, c.confrelid::regclass::text,
       ARRAY(SELECT quote_ident(a.attname) FROM unnest(c.conkey) WITH ORDINALITY k(n, o) JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY o)::text[]::text,
       array_to_string(ARRAY(SELECT 'p.' || quote_ident(b.attname) || ' = c.' || quote_ident(a.attname) FROM unnest(c.conkey, c.confkey) k(x, y)
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.x JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.y), ' AND '),
       array_to_string(ARRAY(SELECT 'c.' || quote_ident(a.attname) || ' IS NOT NULL' FROM unnest(c.conkey) k JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k), ' AND ')
FROM pg_constraint c WHERE c.contype = 'f' AND c.conparentid = 0"""


class Column:
    def __init__(self, name, kind, category, required, always, default, labels, size):
        self.size = size  # in bytes, where a domain says so
        self.name, self.kind, self.category, self.required = name, kind, category, required
        self.always, self.default, self.labels = always, default, labels

    def value(self, i):
        """What row i has in this column; a text of its type, or None."""
        n = 11 * i
        base = self.kind.split("(")[0].split(" with")[0]
        if self.labels:
            return self.labels[i % len(self.labels)]
        known = {"uuid": "00000000-0000-0000-0000-%012d" % n, "date": "2024-01-%02d" % i, "timestamp": "2024-01-%02d 10:00:00" % i, "time": "10:00:%02d" % n,
                 "json": '{"n": %d}' % n, "jsonb": '{"n": %d}' % n, "bytea": "\\x%04x" % n, "interval": "%d days" % n, "inet": "10.0.0.%d" % n, "cidr": "10.0.%d.0/24" % n,
                 "boolean": "true" if i % 2 else "false", "ltree": "a.n%d" % n, "tsvector": "word%d" % n, "macaddr": "08:00:2b:01:02:%02x" % n, "hstore": "k=>%d" % n,
                 "daterange": "[2024-01-%02d,2024-02-%02d)" % (i, i), "int4range": "[%d,%d)" % (n, n + 5), "int8range": "[%d,%d)" % (n, n + 5), "bit": "1"}
        if base == "bytea" and self.size:
            return "\\x" + ("%02x" % n) * self.size
        if self.category == "A":
            return "{}"
        if base in known:
            return known[base]
        if self.category == "R":
            return "empty"
        return str(n) if self.category in "NSU" else None

    def others(self, texts):
        return [*judge.candidates(self.kind, self.category, "\x01".join(self.labels) if self.labels else None, texts), None]


def read(db):
    """The tables of a database: name → {column: Column}. What the server makes itself is left out."""
    tables = {}
    for table, name, kind, category, required, generated, identity, default, labels, size in db.run(TABLES):
        columns = tables.setdefault(table, {})
        if generated != "t":
            columns[name] = Column(name, kind, category, required == "t", identity == "a", default == "t" or identity != "",
                                   labels.split("\x01") if labels else None, int(size or 0))
    return tables


class Seeder:
    """Seeds `source`, a connection, with rows that `target`, another, could hold too. `both`: only tables of both sides get rows."""

    def __init__(self, source, target, both=False):
        self.source, self.target, self.both = source, target, both
        self.tables, self.wanted = read(source), read(target)
        self.texts = [d for db in (source, target) for _, _, k, d in
                      [(r[0], r[1], r[2], r[3]) for r in db.run(judge.CONSTRAINTS)] if k == "c"]
        self.texts += source.column("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contypid <> 0")

    def run(self):
        for db in (self.source, self.target):
            db.run("BEGIN; SET LOCAL session_replication_role = replica")
        for table, columns in self.tables.items():
            if not self.both or table in self.wanted:
                self._table(table, columns)
        self._orphans()
        for db, end in ((self.source, "COMMIT"), (self.target, "ROLLBACK")):
            db.run(end)
        with_rows = [t for t in self.tables if self.source.value("SELECT EXISTS (SELECT FROM %s)" % t) == "t"]
        return len(with_rows), len(self.tables)

    def _table(self, table, columns):
        other = self.wanted.get(table)
        for i in range(1, ROWS + 1):
            row = {c: v.value(i) for c, v in columns.items()}
            self._place(table, row, columns, other, i)

    def _place(self, table, row, columns, other, i):
        """Puts a row into both, with other values where a constraint refuses it; or into neither."""
        error = self._try(table, row, columns, other, i)
        for _ in range(3):
            if error is None:
                return True
            better = None
            for c, column in columns.items():
                for value in column.others(self.texts)[:30]:
                    now = self._try(table, {**row, c: value}, columns, other, i)
                    if now is None:
                        return True
                    if better is None and judge.obstacle(now) > judge.obstacle(error):
                        better = ({**row, c: value}, now)
            better = better or self._pair(table, row, columns, other, i)
            if better is None:
                return False
            row, error = better
            if error is None:
                return True
        return False

    def _pair(self, table, row, columns, other, i):
        """One column with another value and one without any: for a CHECK that has "either … or …"."""
        for c, column in columns.items():
            for value in column.others(self.texts)[:8]:
                for n, empty in columns.items():
                    if n != c and not empty.required:
                        changed = {**row, c: value, n: None}
                        if self._try(table, changed, columns, other, i) is None:
                            return changed, None
        return None

    def _try(self, table, row, columns, other, i):
        """None when both take it, else the SQLSTATE."""
        state = attempt(self.source, insert(table, row, columns))
        if state is None and other is not None:
            there = {c: row[c] if c in row else v.value(i) for c, v in other.items() if c in row or (v.required and not v.default)}
            state = attempt(self.target, insert(table, there, other))
            self.source.run("ROLLBACK TO row; RELEASE row" if state else "RELEASE row")
            if state is None:
                self.target.run("RELEASE row")
        elif state is None:
            self.source.run("RELEASE row")
        return state

    def _orphans(self):
        """Takes rows without a parent away, from both sides, until there are none."""
        for _ in range(20):
            gone = 0
            for db, other in ((self.source, self.target), (self.target, self.source)):
                for child, parent, _, joined, present in db.run(FOREIGN):
                    shared = [c for c in self.tables.get(child, {}) if c in self.wanted.get(child, {})]
                    chosen = ", ".join(quoted(c) + "::text" for c in shared) or "NULL"
                    rows = db.run("DELETE FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s) RETURNING %s"
                                  % (child, present, parent, joined, chosen))
                    gone += len(rows)
                    for row in rows if shared else ():
                        same = " AND ".join("%s::text IS NOT DISTINCT FROM %s" % (quoted(c), judge.literal(v)) for c, v in zip(shared, row))
                        other.run("DELETE FROM %s WHERE %s" % (child, same))
            if not gone:
                return

    def fill(self, table, column):
        """An expression for the rows that have no value in a column of the target."""
        found = self.wanted[table][column]
        for child, parent, names, joined, _ in self.target.run(FOREIGN):
            if child == table and names == "{%s}" % quoted(column).strip('"'):
                return "(SELECT min(p) FROM (SELECT %s AS p FROM %s p) s)" % (joined.split(" = ")[0], parent)
        value = found.value(1)
        return "NULL" if value is None else "%s::%s" % (judge.literal(value), found.kind)


def insert(table, row, columns):
    over = " OVERRIDING SYSTEM VALUE" if any(columns[c].always for c in row if c in columns) else ""
    if not row:
        return "INSERT INTO %s DEFAULT VALUES" % table
    return "INSERT INTO %s (%s)%s VALUES (%s)" % (table, ", ".join(map(quoted, row)), over, ", ".join(map(judge.literal, row.values())))


def attempt(db, sql):
    db.run("SAVEPOINT row")
    try:
        db.run(sql)
        return None
    except libpq.Error as e:
        db.run("ROLLBACK TO row; RELEASE row")
        return e.state
