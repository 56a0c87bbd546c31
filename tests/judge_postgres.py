# SPDX-License-Identifier: MIT
"""The independent judge of PostgreSQL databases: is one what a schema file says, and are the rows what they were?

It asks pg_dump and the server, and nothing of moult: a database D converges on the desired SQL F when

- `pg_dump --schema-only` says of D what it says of a fresh load of F, but for what is no difference: the order of columns, of
  statements about one object, of options in parentheses, and white space; moult's own schema is left out;
- it does the same: one violating INSERT for each constraint is refused in the same way (compare_behaviour);
- nothing half-made is in it: no invalid index, no constraint's index without its constraint.

A `Place` makes fresh databases on a server of the tests.
"""
from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field

from tests.servers import libpq
from tests.servers.postgres import Postgres, quoted

OWN_SCHEMA = "moult"

# ---------------------------------------------------------------------------------------------------------------------
# Tokens and statements
# ---------------------------------------------------------------------------------------------------------------------

TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<string>[eE]'(?:[^'\\]|''|\\.)*'|(?:[uU]&|[xXbBnN])?'(?:[^']|'')*')
  | (?P<dollar>\$(?P<tag>[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<dollar2>\$\$.*?(?:\$\$|\Z))
  | (?P<name>"(?:[^"]|"")*")
  | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)
  | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
  | (?P<op>::|<=|>=|<>|!=|\|\||.)
    """,
    re.X | re.S,
)


@dataclass(frozen=True)
class Token:
    kind: str  # word (in lower case), name, string, number, op
    text: str
    end: int = field(default=0, compare=False)
    bare: bool = field(default=True, compare=False)  # not in double quotes

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.bare and self.text in words


def tokens(sql: str) -> list[Token]:
    out, at = [], 0
    while at < len(sql):
        # A plain $$ has no tag, which the first form would have to match with an empty one.
        m = re.compile(r"\$\$.*?(?:\$\$|\Z)", re.S).match(sql, at) or TOKEN.match(sql, at)
        kind = m.lastgroup if m.re is TOKEN else "dollar"
        at = m.end()
        if kind in ("dollar", "dollar2", "tag"):
            out.append(Token("string", m.group(), at))
        elif kind == "word":
            out.append(Token("word", m.group().lower(), at))
        elif kind == "name":
            inner = m.group()[1:-1].replace('""', '"')
            plain = re.fullmatch(r"[a-z_][a-z0-9_$]*", inner)
            out.append(Token("word" if plain else "name", inner, at, False))
        elif kind != "space":
            out.append(Token(kind, m.group(), at))
    return out


def statements(sql: str) -> list[str]:
    """Split at the semicolons that end statements: not in parentheses, not in a body BEGIN ATOMIC … END."""
    out, start, depth, bodies = [], 0, 0, 0
    before = None
    for t in tokens(sql):
        if t.kind == "op":
            depth += (t.text in "([") - (t.text in ")]")
        if t.is_word("atomic") and before is not None and before.is_word("begin"):
            bodies += 1
        elif bodies and t.is_word("case"):
            bodies += 1
        elif bodies and t.is_word("end"):
            bodies -= 1
        if t.kind == "op" and t.text == ";" and depth <= 0 and not bodies:
            out.append(sql[start:t.end])
            start, depth = t.end, 0
        before = t
    out.append(sql[start:])
    return [s.strip() for s in out if tokens(s) and tokens(s)[0].text != ";"]


def load(db: libpq.Client, sql: str) -> None:
    """Runs statements in any order: what fails is tried again after the rest, as a desired schema may ask for."""
    try:
        db.run(sql)
        return
    except libpq.Error:
        waiting = statements(sql)
    while waiting:
        failed, error = [], None
        for statement in waiting:
            try:
                db.run(statement)
            except libpq.Error as e:
                failed.append(statement)
                error = error or e
        if len(failed) == len(waiting):
            raise error
        waiting = failed


# ---------------------------------------------------------------------------------------------------------------------
# What pg_dump says, in a form to compare
# ---------------------------------------------------------------------------------------------------------------------

HEADER = re.compile(r"^--\n-- Name: (.*); Type: (.*?); Schema: (.*?); Owner: ?(.*)\n--\n\n", re.M)
METHOD = re.compile(r"^SET default_table_access_method = (\w+);\n", re.M)
NOISE = re.compile(r"^(?:SET default_tablespace = .*;|\\(?:un)?restrict .*|-- Completed.*|--\n-- PostgreSQL database dump complete\n--)\n", re.M)


def groups(ts: list[Token], start: int) -> tuple[list[list[Token]], int]:
    """The parts between commas of the parentheses that open at `start`, and the index behind them."""
    parts, depth, i = [[]], 0, start
    while i < len(ts):
        t = ts[i]
        if t.kind == "op" and t.text in "([":
            depth += 1
        elif t.kind == "op" and t.text in ")]":
            depth -= 1
            if depth == 0:
                return [p for p in parts if p], i + 1
        if depth == 1 and t.kind == "op" and t.text == ",":
            parts.append([])
        elif not (depth == 1 and i == start):
            parts[-1].append(t)
        i += 1
    raise ValueError("no closing parenthesis")


def flat(ts: list[Token]) -> str:
    return " ".join(t.text if t.kind != "name" else quoted(t.text) for t in ts)


def sorted_list(ts: list[Token], at: int) -> list[Token]:
    """The same with the list in the parentheses at `at` in order."""
    parts, end = groups(ts, at)
    inside: list[Token] = []
    for part in sorted(parts, key=flat):
        inside += ([Token("op", ",")] if inside else []) + part
    return ts[:at + 1] + inside + ts[end - 1:]


def same_array(sql: str) -> str:
    """IN over varchar is stored as one cast of an array; read again from that text, as an array of casts. They are the same."""
    def each(m: re.Match) -> str:
        return "array [ " + " , ".join(f"( {e} ) :: {m[2]}" for e in m[1].split(" , ")) + " ]"
    return re.sub(r"\( array \[ ([^\[\]]*?) \] \) :: ((?:\w+ )*?\w+) \[ \]", each, sql)


def canonical(statement: str) -> str:
    """A statement of pg_dump, without what is no difference."""
    return same_array(arranged(statement))


def arranged(statement: str) -> str:
    ts = tokens(statement)
    words = [t.text if t.kind == "word" else "" for t in ts[:4]]
    if words[:1] == ["create"]:
        if "table" in words[1:3] or (words[1] == "type" and any(t.is_word("as") for t in ts[:8])):
            at = next((i for i, t in enumerate(ts) if t.kind == "op" and t.text == "("), None)
            enum = any(t.is_word("enum", "range") for t in ts[:at])
            if at is not None and not enum and not any(t.is_word("inherits", "partition", "with", "server") for t in ts[:at]):
                ts = sorted_list(ts, at)
        if words[1] in ("table", "unlogged", "index", "unique", "view", "materialized", "foreign", "server", "recursive"):
            for word in ("with", "options"):
                at = next((i for i, t in enumerate(ts[:-1]) if t.is_word(word) and ts[i + 1].text == "("), None)
                if at is not None:
                    ts = sorted_list(ts, at + 1)
        if words[1] == "statistics":
            on = next(i for i, t in enumerate(ts) if t.is_word("on"))
            start = len(ts) - 1 - next(i for i, t in enumerate(reversed(ts)) if t.is_word("from"))
            listed, _ = groups([Token("op", "("), *ts[on + 1:start], Token("op", ")")], 0)
            return flat(ts[:on + 1]) + " " + ", ".join(sorted(map(flat, listed))) + " " + flat(ts[start:])
    if words[:2] == ["alter", "publication"]:
        at = next((i for i, t in enumerate(ts) if t.text == "("), None)
        if at is not None and not any(t.is_word("where") for t in ts[:at]):
            ts = sorted_list(ts, at)
    return flat(ts)


def parse_dump(text: str) -> dict[tuple[str, str, str], list[str]]:
    """Every entry of a dump: (type, schema, name) → its statements, in order of the text."""
    text = NOISE.sub("", text)
    out: dict[tuple[str, str, str], list[str]] = {}
    heads = list(HEADER.finditer(text))
    method = "heap"
    for i, head in enumerate(heads):
        named = METHOD.findall(text[:head.start()] if i == 0 else text[heads[i - 1].end():head.start()])
        method = named[-1] if named else method
        body = METHOD.sub("", text[head.end():heads[i + 1].start() if i + 1 < len(heads) else len(text)])
        found = [canonical(s) for s in statements(body)]
        if head[2] in ("TABLE", "MATERIALIZED VIEW") and method != "heap":
            found.append("USING " + method)
        out.setdefault((head[2], head[3], head[1]), []).extend(found)
    return {k: sorted(v) for k, v in out.items()}


def compare_dumps(found: dict, wanted: dict) -> list[str]:
    out = []
    for key in sorted(found.keys() | wanted.keys()):
        label = "%s %s.%s" % (key[0].lower(), key[1], key[2])
        if key not in found:
            out.append(label + " is missing: " + "; ".join(wanted[key])[:600])
        elif key not in wanted:
            out.append(label + " should not be there: " + "; ".join(found[key])[:600])
        elif found[key] != wanted[key]:
            a, b = Counter(found[key]), Counter(wanted[key])
            out.append("%s: is\n    %s\n  not\n    %s" % (label, "\n    ".join(a - b), "\n    ".join(b - a)))
    return out


# ---------------------------------------------------------------------------------------------------------------------
# Fresh databases
# ---------------------------------------------------------------------------------------------------------------------


class Place:
    """Databases on one server; a fresh load of the same SQL is dumped once."""

    def __init__(self, server: Postgres):
        self.server = server
        self.dumps: dict[str, dict] = {}

    def dump(self, database: str) -> dict:
        return parse_dump(self.server.dump(database, "--schema-only", "--exclude-schema=" + OWN_SCHEMA))

    def fresh(self, *scripts: str):
        """A database with these scripts loaded, as a context."""
        return Fresh(self, scripts)

    def fresh_dump(self, *scripts: str) -> dict:
        key = hashlib.sha256("\0".join(scripts).encode()).hexdigest()
        if key not in self.dumps:
            with self.fresh(*scripts) as name:
                self.dumps[key] = self.dump(name)
        return self.dumps[key]

    def converges(self, database: str, desired: str, outside: str = "", behaviour: bool = True) -> list[str]:
        """What keeps the database from being a fresh load of `desired` (after `outside`); empty: it is."""
        out = compare_dumps(self.dump(database), self.fresh_dump(outside, desired))
        with self.server.client(database) as found:
            out += half_made(found)
            if not out and behaviour:
                with self.fresh(outside, desired) as name, self.server.client(name) as wanted:
                    out += compare_behaviour(found, wanted)
        return out


class Fresh:
    def __init__(self, place: Place, scripts: tuple[str, ...]):
        self.place, self.scripts = place, scripts

    def __enter__(self) -> str:
        self.name = self.place.server.create_database()
        try:
            with self.place.server.client(self.name) as db:
                for sql in self.scripts:
                    if sql.strip():
                        load(db, sql)
        except BaseException:
            self.__exit__()
            raise
        return self.name

    def __exit__(self, *_) -> None:
        self.place.server.drop_database(self.name)


def half_made(db: libpq.Client) -> list[str]:
    """What pg_dump passes over in silence."""
    return ["index %s is not valid" % n for n in db.column(
        "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid OR NOT indisready OR NOT indislive ORDER BY 1")]


# ---------------------------------------------------------------------------------------------------------------------
# What the database does: INSERTs that must be refused in the same way
# ---------------------------------------------------------------------------------------------------------------------

COLUMNS = """
SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '',
       (WITH RECURSIVE d AS (SELECT t.oid, t.typtype, t.typbasetype, t.typcategory FROM pg_type t WHERE t.oid = a.atttypid
                   UNION ALL SELECT t.oid, t.typtype, t.typbasetype, t.typcategory FROM d JOIN pg_type t ON t.oid = d.typbasetype)
        SELECT typcategory FROM d WHERE typtype <> 'd'),
       (SELECT string_agg(enumlabel, E'\\x01' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = a.atttypid),
       a.attidentity
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', '%s')
ORDER BY 1, a.attname""" % OWN_SCHEMA

CONSTRAINTS = """
SELECT c.conrelid::regclass::text, c.conname, c.contype, pg_get_constraintdef(c.oid),
       array_to_string(ARRAY(SELECT a.attname FROM unnest(c.conkey) k JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k), E'\\x01')
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE c.contype IN ('p', 'u', 'c', 'f', 'x') AND r.relkind IN ('r', 'p') AND NOT r.relispartition AND n.nspname <> '%s'
UNION ALL
SELECT i.indrelid::regclass::text, x.relname, 'u', pg_get_indexdef(x.oid),
       array_to_string(ARRAY(SELECT a.attname FROM unnest(i.indkey[0:i.indnkeyatts-1]) k JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k), E'\\x01')
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class r ON r.oid = i.indrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE i.indisunique AND r.relkind IN ('r', 'p') AND NOT r.relispartition AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', '%s')
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.oid)
ORDER BY 1, 2""" % (OWN_SCHEMA, OWN_SCHEMA)

PLAIN = {"N": ["1", "2", "5", "0", "-1", "10", "18", "42", "100", "1000", "0.5"], "S": ["a", "b", "x@y.z", "abc", "", "A", "active"],
         "B": ["true", "false"], "D": ["2024-01-01", "2024-06-01", "2020-02-02", "1999-12-31"], "A": ["{}"], "T": ["1 day", "2 hours"],
         "I": ["10.0.0.1", "10.0.0.2"], "G": ["(0,0)", "(1,1)"], "R": ["empty"], "V": ["101", "010"]}
BY_TYPE = {"uuid": ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"], "json": ["{}", "[]"],
           "jsonb": ["{}", "[]"], "bytea": ["\\x01", "\\x02"], "time": ["10:00", "11:00"], "inet": ["10.0.0.1"], "bit": ["1", "0"],
           "int4range": ["[1,2)", "[5,9)"], "int8range": ["[1,2)", "[5,9)"], "numrange": ["[1,2)"], "daterange": ["[2024-01-01,2024-01-02)"],
           "tsrange": ["[2024-01-01,2024-01-02)"], "tstzrange": ["[2024-01-01,2024-01-02)"], "xml": ["<a/>"], "tsvector": ["a"]}


@dataclass
class Column:
    name: str
    type: str
    required: bool
    candidates: list[str]
    always: bool = False


def literal(value: str | None) -> str:
    if value is None:
        return "NULL"
    return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


class Prober:
    """Makes, from the wanted table, statements whose outcome is compared in both databases. One transaction, rolled back."""

    def __init__(self, db: libpq.Client, table: str, columns: list[Column], constraints: list[tuple[str, str, str, list[str]]]):
        self.db, self.table, self.columns, self.constraints = db, table, columns, constraints

    def insert(self, row: dict[str, str | None]) -> str:
        if not row:
            return "INSERT INTO %s DEFAULT VALUES" % self.table
        over = " OVERRIDING SYSTEM VALUE" if any(c.always for c in self.columns) else ""
        return "INSERT INTO %s (%s)%s VALUES (%s)" % (self.table, ", ".join(map(quoted, row)), over, ", ".join(map(literal, row.values())))

    def good_row(self, nth: int, beside: dict | None = None) -> dict[str, str | None] | None:
        """A row that goes in, beside another one; with every column a value of its own where possible."""
        first = [self.insert(beside)] if beside else []
        row = {c.name: c.candidates[nth % len(c.candidates)] if c.candidates else None for c in self.columns}
        for _ in range(4):
            state = outcome(self.db, [*first, self.insert(row)])
            if state == "done":
                return row
            for c in self.columns:
                for value in [*c.candidates, None]:
                    other = {**row, c.name: value}
                    now = outcome(self.db, [*first, self.insert(other)])
                    if now == "done":
                        return other
                    if obstacle(now) > obstacle(state):  # that one is out of the way, if not all
                        row, state = other, now
                        break
        return None

    def groups(self) -> list[list[str]]:
        row = self.good_row(0)
        if row is None:
            return [[self.insert({c.name: c.candidates[0] if c.candidates else None for c in self.columns})], [self.insert({})]]
        other = self.good_row(1, row) or row
        out = [[self.insert(row)]]
        out += [[self.insert({**row, c.name: None})] for c in self.columns]
        for _, kind, definition, names in self.constraints:
            if kind in "pux":
                out.append([self.insert(row), self.insert({**other, **{n: row[n] for n in names if n in row}})])
                out.append([self.insert({**row, **{n: None for n in names if n in row}})] * 2)
            elif kind == "c":
                out += self.violating(row, [c for c in self.columns if c.name in names])[:3]
        return out

    def violating(self, row: dict, columns: list[Column]) -> list[list[str]]:
        tried = [[self.insert({**row, c.name: value})] for c in columns for value in c.candidates]
        return [t for t in tried if outcome(self.db, t) == "23514"]

    def foreign(self) -> list[list[str]]:
        """Rows without a parent, one for each foreign key. The parents are empty, so only what all leaves NULL tells them apart."""
        keys = [names for _, kind, _, names in self.constraints if kind == "f"]
        row = self.good_row(0)
        if row is None or not keys:
            return []
        nulls = {n: None for names in keys for n in names}
        return [[self.insert({**row, **nulls, **{n: row[n] for n in names if n in row}})] for names in keys]


def obstacle(state: str) -> int:
    """In which order the server meets what may be wrong with a row."""
    order = ("22", "23502", "23514", "23505", "23P01")
    return next((i for i, known in enumerate(order) if state.startswith(known)), 0)


def outcome(db: libpq.Client, group: list[str]) -> str:
    """The SQLSTATE of the first that fails, or "done"; nothing stays."""
    try:
        for sql in ["SAVEPOINT probe", *group, "SET CONSTRAINTS ALL IMMEDIATE"]:
            db.run(sql)
        return "done"
    except libpq.Error as e:
        return e.state
    finally:
        db.run("ROLLBACK TO probe; RELEASE probe; SET CONSTRAINTS ALL DEFERRED")


def candidates(kind: str, category: str, labels: str | None, texts: list[str]) -> list[str]:
    if labels is not None:
        return labels.split("\x01")
    base = re.sub(r"\(.*?\)| with(?:out)? time zone", "", kind)
    plain = BY_TYPE.get(base, PLAIN.get(category, []))
    if category == "N":
        numbers = [n for t in texts for n in re.findall(r"-?\b\d+(?:\.\d+)?\b", t)]
        near = [str(int(n) + d) for n in numbers if "." not in n and len(n) < 15 for d in (0, 1, -1)]
        return list(dict.fromkeys(plain + near))
    if category == "S":
        said = [s.replace("''", "'") for t in texts for s in re.findall(r"'((?:[^']|'')*)'", t)]
        sized = ["q" * int(n) for t in texts for n in re.findall(r"\b\d{1,3}\b", t) if 0 < int(n) < 400]
        return list(dict.fromkeys(plain + said + sized + [s + "q" for s in sized]))
    return plain


def probers(db: libpq.Client) -> dict[str, Prober]:
    constraints: dict[str, list] = {}
    for table, name, kind, definition, names in db.run(CONSTRAINTS):
        constraints.setdefault(table, []).append((name, kind, definition, names.split("\x01") if names else []))
    columns: dict[str, list[Column]] = {}
    for table, name, kind, required, generated, category, labels, identity in db.run(COLUMNS):
        if generated == "t":
            continue
        texts = [d for _, k, d, _ in constraints.get(table, []) if k == "c"]
        columns.setdefault(table, []).append(
            Column(name, kind, required == "t", candidates(kind, category or "", labels, texts), identity == "a"))
    return {t: Prober(db, t, cs, constraints.get(t, [])) for t, cs in columns.items()}


def compare_behaviour(found: libpq.Client, wanted: libpq.Client) -> list[str]:
    out, made = [], probers(wanted)
    there = set(found.column("SELECT DISTINCT c.oid::regclass::text FROM pg_class c WHERE relkind IN ('r', 'p')"))
    tables = [t for t in sorted(made) if t in there]
    if not tables:
        return out
    for db in (found, wanted):
        db.run("BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '5s'")
        for table in tables:
            db.run("DELETE FROM %s" % table)
    try:
        plain = [(t, g) for t in tables for g in made[t].groups()]
        keyed = [(t, g) for t in tables for g in made[t].foreign()]
        out += differing(found, wanted, plain)
        for db in (found, wanted):
            for table in tables:
                db.run("ALTER TABLE %s DISABLE TRIGGER USER" % table)
            db.run("SET LOCAL session_replication_role = origin; SET CONSTRAINTS ALL DEFERRED")
        out += differing(found, wanted, keyed)
    finally:
        for db in (found, wanted):
            db.run("ROLLBACK")
    return out


def differing(found: libpq.Client, wanted: libpq.Client, cases: list[tuple[str, list[str]]]) -> list[str]:
    out = []
    for table, group in cases:
        x, y = outcome(found, group), outcome(wanted, group)
        if x != y:
            out.append("%s: %s gives %s, not %s" % (table, "; ".join(group), x, y))
    return out


# ---------------------------------------------------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Renames:
    """Old to new, each with its schema: tables, and columns by the new name of their table."""
    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Table:
    columns: dict[str, tuple[str, bool, bool]]  # name → type, NOT NULL, generated
    key: list[str]
    rows: list[dict[str, str | None]]


@dataclass
class Content:
    tables: dict[str, Table]
    sequences: dict[str, tuple[str, str]]


TABLES = """
SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '',
       coalesce((SELECT array_position(i.indkey, a.attnum) FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), -1)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', '%s') ORDER BY 1, a.attname""" % OWN_SCHEMA


def content(db: libpq.Client) -> Content:
    """All rows of all tables (partitions are read through their root), and where the sequences stand."""
    tables: dict[str, Table] = {}
    for name, column, kind, required, generated, at in db.run(TABLES):
        t = tables.setdefault(name, Table({}, [], []))
        t.columns[column] = (kind, required == "t", generated == "t")
        if int(at) >= 0:
            t.key.append(column)
    for name, t in tables.items():
        chosen = ", ".join("%s::text" % quoted(c) for c in t.columns)
        t.rows = [dict(zip(t.columns, r)) for r in db.run("SELECT %s FROM ONLY %s" % (chosen, name)
                                                         if not partitioned(db, name) else "SELECT %s FROM %s" % (chosen, name))]
    names = db.column("SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                      "WHERE relkind = 'S' AND nspname <> '%s' ORDER BY 1" % OWN_SCHEMA)
    sequences = {n: tuple(db.run("SELECT last_value, is_called FROM %s" % n)[0]) for n in names}
    return Content(tables, sequences)


def partitioned(db: libpq.Client, name: str) -> bool:
    return db.value("SELECT relkind FROM pg_class WHERE oid = %s::regclass" % literal(name)) == "p"


def rows_kept(before: Content, db: libpq.Client, renames: Renames | None = None, skip: tuple = (),
              sequences: bool = True) -> list[str]:
    """Are the rows of every table that is still there, and the values of every column that is, what they were?"""
    renames, after, out = renames or Renames(), content(db), []
    for old, was in before.tables.items():
        new = renames.tables.get(old, old)
        now = after.tables.get(new)
        if now is None or old in skip or new in skip or (new == old and old in renames.tables.values()):
            continue
        out += table_kept(db, new, was, now, renames.columns.get(new, {}))
    if sequences:
        for name, state in before.sequences.items():
            if name in after.sequences and after.sequences[name] != state:
                out.append("sequence %s stands at %s, not at %s" % (name, after.sequences[name], state))
    return out


def table_kept(db: libpq.Client, name: str, was: Table, now: Table, columns: dict[str, str]) -> list[str]:
    taken = set(columns.values())
    pairs = [(a, columns.get(a, a)) for a in was.columns]
    pairs = [(a, b) for a, b in pairs if b in now.columns and (b == columns.get(a) or b not in taken)
             and not now.columns[b][2] and not was.columns[a][2]]
    if len(was.rows) != len(now.rows):
        return ["%s has %d rows, not %d" % (name, len(now.rows), len(was.rows))]
    # A NULL in a column that is NOT NULL now had to be filled.
    pairs = [(a, b) for a, b in pairs if not (now.columns[b][1] and any(r[a] is None for r in was.rows))]
    casts = {b: Cast(db, was.columns[a][0], now.columns[b][0]) for a, b in pairs}
    wanted = Counter(tuple(casts[b](row[a]) for a, b in pairs) for row in was.rows)
    found = Counter(tuple(row[b] for _, b in pairs) for row in now.rows)
    if wanted == found:
        return []
    return ["%s: rows %s became %s" % (name, list((wanted - found).items())[:4], list((found - wanted).items())[:4])]


class Cast:
    """What a value of one type is in another: as the server's own cast has it."""

    def __init__(self, db: libpq.Client, old: str, new: str):
        self.db, self.old, self.new, self.known = db, old, new, {}

    def __call__(self, value: str | None) -> str | None:
        if value is None or self.old == self.new:
            return value
        if value not in self.known:
            self.known[value] = self.ask(value)
        return self.known[value]

    def ask(self, value: str) -> str:
        for sql in ("SELECT (%s::%s)::%s::text" % (literal(value), self.old, self.new),
                    "SELECT (%s::%s)::text" % (literal(value), self.new)):
            try:
                return self.db.value(sql)
            except libpq.Error:
                continue
        return value


def same_content(before: tuple[dict, Content], after: tuple[dict, Content]) -> list[str]:
    """Two takes of (dump, content): nothing at all has changed."""
    out = compare_dumps(after[0], before[0])
    for name, was in before[1].tables.items():
        now = after[1].tables.get(name)
        if now and Counter(map(repr, was.rows)) != Counter(map(repr, now.rows)):
            out.append("rows of %s differ" % name)
    if before[1].sequences != after[1].sequences:
        out.append("sequences stand at %s, not at %s" % (after[1].sequences, before[1].sequences))
    return out
