# SPDX-License-Identifier: MIT
"""The independent judge: is a database what a schema file says, and are the rows what they were?

It uses Python's own sqlite3 module and nothing of moult: a database D converges on the desired SQL F when D equals a
fresh load of F

- in what SQLite says of it: table_list, table_xinfo, index_list, index_xinfo, foreign_key_list;
- in the tokens of the stored definitions, after folding what is no difference (white space, comments, case, the
  style of quotes, the order of columns, a constraint beside its column or below the columns, redundant
  parentheses of a default);
- in what it does: one violating INSERT for each constraint, one INSERT that leaves each default to the engine;

and when it is sound: integrity_check says ok, foreign_key_check finds no more than before.

    python3 tests/judge.py DATABASE DESIRED.sql [BEFORE-DATABASE]

prints what differs and exits 1, or prints nothing and exits 0.
"""
from __future__ import annotations

import calendar
import itertools
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field

OWN_PREFIX = "_moult_"

# ---------------------------------------------------------------------------------------------------------------------
# Tokens
# ---------------------------------------------------------------------------------------------------------------------

TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\f\r]+|--[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<blob>[xX]'[0-9A-Fa-f]*')
  | (?P<string>'(?:[^']|'')*')
  | (?P<dquoted>"(?:[^"]|"")*")
  | (?P<bquoted>`(?:[^`]|``)*`)
  | (?P<bracket>\[[^\]]*\])
  | (?P<number>0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<word>[A-Za-z_\x80-\U0010ffff$][A-Za-z0-9_\x80-\U0010ffff$]*)
  | (?P<variable>\?[0-9]*|[:@\#][A-Za-z0-9_]+)
  | (?P<op>\|\||->>|->|<<|>>|<=|>=|<>|!=|==|.)
    """,
    re.X | re.S,
)

SAME_OPERATOR = {"==": "=", "<>": "!="}

# Words that mean something else once they are in quotes.
LITERAL_WORDS = {"null", "true", "false", "current_timestamp", "current_date", "current_time"}


@dataclass(frozen=True)
class Token:
    kind: str  # id, word (a bare one), str, num, blob, op
    text: str  # names and words in lower case, quotes undone
    raw: str = field(compare=False, default="")

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text in words

    def is_op(self, op: str) -> bool:
        return self.kind == "op" and self.text == op


def fold(name: str) -> str:
    """A name as SQLite compares it: only ASCII letters fold."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)


def tokens(sql: str) -> list[Token]:
    out = []
    for m in TOKEN.finditer(sql):
        kind, raw = m.lastgroup, m.group()
        if kind == "space":
            continue
        if kind == "word":
            out.append(Token("word", fold(raw), raw))
        elif kind == "dquoted":
            out.append(Token("id", fold(raw[1:-1].replace('""', '"')), raw[1:-1].replace('""', '"')))
        elif kind == "bquoted":
            out.append(Token("id", fold(raw[1:-1].replace("``", "`")), raw[1:-1].replace("``", "`")))
        elif kind == "bracket":
            out.append(Token("id", fold(raw[1:-1]), raw[1:-1]))
        elif kind == "string":
            out.append(Token("str", raw[1:-1].replace("''", "'"), raw))
        elif kind == "number":
            out.append(Token("num", raw.lower(), raw))
        elif kind == "blob":
            out.append(Token("blob", raw[2:-1].lower(), raw))
        else:
            out.append(Token("op", SAME_OPERATOR.get(raw, raw), raw))
    return out


def folded(ts: list[Token]) -> tuple:
    """Tokens so that the style of quotes is no difference."""
    out = []
    for t in ts:
        if t.kind == "word":
            out.append(("id", t.text) if t.text not in LITERAL_WORDS else ("literal", t.text))
        else:
            out.append((t.kind, t.text))
    return tuple(out)


def expression(ts: list[Token]) -> tuple:
    """Tokens of an expression, without parentheses around all of it."""
    while len(ts) >= 2 and ts[0].is_op("(") and closing(ts, 0) == len(ts) - 1:
        ts = ts[1:-1]
    return folded(ts)


def default_of(ts: list[Token]) -> tuple:
    """A default: a bare or quoted name there is a string."""
    while len(ts) >= 2 and ts[0].is_op("(") and closing(ts, 0) == len(ts) - 1:
        ts = ts[1:-1]
    if len(ts) == 1 and (ts[0].kind == "id" or (ts[0].kind == "word" and ts[0].text not in LITERAL_WORDS)):
        return (("str", ts[0].raw),)
    return folded(ts)


def closing(ts: list[Token], start: int) -> int:
    depth = 0
    for i in range(start, len(ts)):
        if ts[i].is_op("("):
            depth += 1
        elif ts[i].is_op(")"):
            depth -= 1
            if depth == 0:
                return i
    raise ValueError("no closing parenthesis")


def split(ts: list[Token]) -> list[list[Token]]:
    """Split at the commas outside of parentheses."""
    out: list[list[Token]] = [[]]
    depth = 0
    for t in ts:
        depth += t.is_op("(") - t.is_op(")")
        if depth == 0 and t.is_op(","):
            out.append([])
        else:
            out[-1].append(t)
    return out


# ---------------------------------------------------------------------------------------------------------------------
# CREATE TABLE, read into what matters
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Column:
    name: str
    raw: str
    type: tuple = ()
    not_null: str | None = None  # the conflict clause; "abort" when it has none
    default: tuple | None = None
    collate: str | None = None
    generated: tuple | None = None

    def key(self) -> tuple:
        return (self.name, self.type, self.not_null, self.default, self.collate, self.generated)


@dataclass
class Table:
    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    constraints: list[tuple] = field(default_factory=list)
    options: frozenset = frozenset()


class Reader:
    """Reads one CREATE TABLE as SQLite stores it."""

    STARTS = ("constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references",
              "generated", "as", "deferrable", "on", "autoincrement")

    def __init__(self, sql: str):
        self.ts = tokens(sql)
        self.i = 0

    def peek(self, n: int = 0) -> Token:
        return self.ts[self.i + n] if self.i + n < len(self.ts) else Token("end", "")

    def take(self) -> Token:
        t = self.peek()
        self.i += 1
        return t

    def words(self, *ws: str) -> bool:
        if all(self.peek(n).is_word(w) for n, w in enumerate(ws)):
            self.i += len(ws)
            return True
        return False

    def name(self) -> Token:
        return self.take()

    def parens(self) -> list[Token]:
        end = closing(self.ts, self.i)
        inside = self.ts[self.i + 1:end]
        self.i = end + 1
        return inside

    def conflict(self) -> str:
        if self.words("on", "conflict"):
            return self.take().text
        return "abort"

    def table(self) -> Table:
        while not self.words("table"):
            self.take()
        t = Table(fold(self.name().raw.strip("'")))
        assert self.peek().is_op("("), "not a list of columns"
        self.i += 1
        while not self.peek().is_op(")"):
            if self.peek().is_op(","):
                self.i += 1
            elif self.peek().is_word("constraint", "primary", "unique", "check", "foreign"):
                self.table_constraint(t)
            else:
                self.column(t)
        self.i += 1
        rest = self.ts[self.i:]
        t.options = frozenset(" ".join(x.text for x in part) for part in split(rest) if part)
        return t

    def table_constraint(self, t: Table) -> None:
        name = None
        if self.words("constraint"):
            name = fold(self.name().raw)
        if self.words("primary", "key"):
            columns, auto = self.key_columns(self.parens())
            t.constraints.append(("primary key", name, columns, self.conflict(), auto, False))
        elif self.words("unique"):
            columns, _ = self.key_columns(self.parens())
            t.constraints.append(("unique", name, columns, self.conflict()))
        elif self.words("check"):
            t.constraints.append(("check", name, expression(self.parens())))
            self.conflict()
        elif self.words("foreign", "key"):
            columns = tuple(part[0].text for part in split(self.parens()))
            assert self.words("references")
            t.constraints.append(self.references(name, columns))
        # else: a name without a constraint, which SQLite accepts and forgets

    @staticmethod
    def key_columns(inside: list[Token]) -> tuple[tuple, bool]:
        out, auto = [], False
        for part in split(inside):
            if part and part[-1].is_word("autoincrement"):
                auto = True
                part = part[:-1]
            collate, desc = None, False
            if part[-1].is_word("asc", "desc"):
                desc = part[-1].is_word("desc")
                part = part[:-1]
            if len(part) >= 3 and part[-2].is_word("collate"):
                collate = part[-1].text
                part = part[:-2]
            out.append((part[0].text, collate, desc))
        return tuple(out), auto

    def references(self, name: str | None, columns: tuple) -> tuple:
        parent = fold(self.name().raw)
        to: tuple = ()
        if self.peek().is_op("("):
            to = tuple(part[0].text for part in split(self.parens()))
        actions = {"delete": "no action", "update": "no action"}
        match, deferred = None, False
        while True:
            if self.peek().is_word("on") and self.peek(1).is_word("delete", "update", "insert"):
                self.i += 1
                what = self.take().text
                action = self.take().text
                if action in ("set", "no"):
                    action += " " + self.take().text
                if what in actions:
                    actions[what] = action
            elif self.words("match"):
                match = self.take().text
            elif self.words("not", "deferrable"):
                deferred = False
                if self.words("initially"):
                    self.take()
            elif self.words("deferrable"):
                deferred = self.words("initially", "deferred")
                if not deferred:
                    self.words("initially", "immediate")
            else:
                break
        return ("foreign key", name, columns, parent, to, actions["delete"], actions["update"], match, deferred)

    def column(self, t: Table) -> None:
        first = self.name()
        raw = first.raw if first.kind != "str" else first.text
        c = Column(fold(raw), raw)
        kind = []
        while not (self.peek().is_op(",") or self.peek().is_op(")") or self.peek().is_word(*self.STARTS)):
            if self.peek().is_op("("):
                kind += [Token("op", "(")] + self.parens() + [Token("op", ")")]
            else:
                kind.append(self.take())
        c.type = folded(kind)
        name = None
        while not (self.peek().is_op(",") or self.peek().is_op(")")):
            if self.words("constraint"):
                name = fold(self.name().raw)
                continue
            self.column_constraint(t, c, name)
            name = None
        t.columns[c.name] = c

    def column_constraint(self, t: Table, c: Column, name: str | None) -> None:
        if self.words("primary", "key"):
            desc = self.words("desc")
            self.words("asc")
            conflict = self.conflict()
            auto = self.words("autoincrement")
            # INTEGER PRIMARY KEY DESC, beside the column only, is not the row id.
            odd = desc and c.type == (("id", "integer"),)
            t.constraints.append(("primary key", name, ((c.name, None, desc),), conflict, auto, odd))
        elif self.words("not", "null"):
            c.not_null = self.conflict()
        elif self.words("null"):
            self.conflict()
        elif self.words("unique"):
            t.constraints.append(("unique", name, ((c.name, None, False),), self.conflict()))
        elif self.words("check"):
            t.constraints.append(("check", name, expression(self.parens())))
        elif self.words("default"):
            c.default = self.default()
        elif self.words("collate"):
            c.collate = self.name().text
        elif self.words("references"):
            t.constraints.append(self.references(name, (c.name,)))
        elif self.words("generated", "always", "as") or self.words("as"):
            inside = expression(self.parens())
            kind = "virtual"
            if self.peek().is_word("stored", "virtual"):
                kind = self.take().text
            c.generated = (kind, inside)
        elif self.peek().is_word("not") and self.peek(1).is_word("deferrable"):
            self.i += 2
        else:
            raise ValueError(f"cannot read {self.peek()} of column {c.name}")

    def default(self) -> tuple:
        if self.peek().is_op("("):
            return default_of(self.parens())
        if self.peek().is_op("+") or self.peek().is_op("-"):
            return default_of([self.take(), self.take()])
        return default_of([self.take()])


def read_table(sql: str) -> Table:
    return Reader(sql).table()


def same_form(c: tuple) -> tuple:
    return tuple("" if x is None else x for x in c)


def table_differences(a: str, b: str, strict_order: bool = False) -> list[str]:
    """How two CREATE TABLE differ: a is found, b is wanted."""
    x, y = read_table(a), read_table(b)
    out = []
    for n in sorted(x.columns.keys() | y.columns.keys()):
        if n not in x.columns:
            out.append(f"column {n} is missing")
        elif n not in y.columns:
            out.append(f"column {n} should not be there")
        elif x.columns[n].key() != y.columns[n].key():
            out.append(f"column {n} is {x.columns[n].key()}, not {y.columns[n].key()}")
    found, wanted = Counter(map(same_form, x.constraints)), Counter(map(same_form, y.constraints))
    out += [f"constraint should not be there: {c}" for c in (found - wanted)]
    out += [f"constraint is missing: {c}" for c in (wanted - found)]
    if x.options != y.options:
        out.append(f"options are {sorted(x.options)}, not {sorted(y.options)}")
    if strict_order and list(x.columns) != list(y.columns):
        out.append("the order of columns differs")
    return out


def definition(sql: str) -> tuple:
    """A definition that is no table, to compare: an ASC says nothing, the name may be in any quotes."""
    ts = tokens(sql)
    kind = next((t.text for t in ts if t.is_word("index", "view", "trigger", "table")), "")
    out = []
    for i, t in enumerate(ts):
        if kind == "index" and t.is_word("asc"):
            continue
        if t.kind == "str" and i and ts[i - 1].is_word("index", "view", "trigger", "table", "on"):
            t = Token("id", fold(t.text))
        out.append(t)
    while out and out[-1].is_op(";"):
        out.pop()
    return folded(out)


# ---------------------------------------------------------------------------------------------------------------------
# What SQLite says
# ---------------------------------------------------------------------------------------------------------------------


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.text_factory = lambda b: b.decode("utf-8", "surrogateescape")
    return db


def split_script(sql: str) -> list[str]:
    out, part = [], ""
    for piece in re.split(r"(;)", sql):
        part += piece
        if piece == ";" and sqlite3.complete_statement(part):
            out.append(part)
            part = ""
    if part.strip() and tokens(part):
        out.append(part)
    return [p for p in out if [t for t in tokens(p) if not t.is_op(";")]]


def run_script(db: sqlite3.Connection, sql: str) -> None:
    """Runs statements in any order: what fails is tried again after the rest."""
    waiting = split_script(sql)
    while waiting:
        failed, error = [], None
        for statement in waiting:
            try:
                db.execute(statement)
            except sqlite3.Error as e:
                failed.append(statement)
                error = error or e
        if len(failed) == len(waiting):
            raise error
        waiting = failed


def fresh(desired: str) -> str:
    """A new database with this schema; returns its path, which the caller removes."""
    handle, path = tempfile.mkstemp(prefix="fresh-", suffix=".db")
    os.close(handle)
    db = connect(path)
    db.execute("PRAGMA journal_mode=OFF")
    db.execute("PRAGMA synchronous=OFF")
    db.execute("BEGIN")
    run_script(db, desired)
    db.execute("COMMIT")
    db.close()
    return path


def ours(name: str) -> bool:
    return fold(name).startswith(OWN_PREFIX)


def objects(db: sqlite3.Connection) -> dict[tuple[str, str], tuple[str, str, str]]:
    out = {}
    for kind, name, table, sql in db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"):
        if ours(name) or ours(table) or fold(name).startswith("sqlite_"):
            continue
        out[(kind, fold(name))] = (name, table, sql)
    return out


def is_virtual(sql: str) -> bool:
    return bool(re.match(r"\s*create\s+virtual", sql, re.I))


def type_words(declared: str) -> tuple:
    return folded(tokens(declared or ""))


def said_of_table(db: sqlite3.Connection, name: str, virtual: bool) -> dict[str, object]:
    """All that the pragmas say of one table, in a form to compare."""
    q = quote(name)
    out: dict[str, object] = {}
    info = db.execute(f"PRAGMA table_xinfo({q})").fetchall()
    out["table_xinfo"] = sorted(
        (fold(c[1]), type_words(c[2]), c[3], None if c[4] is None else default_of(tokens(c[4])), c[5], c[6])
        for c in info)
    listed = [r for r in db.execute(f"PRAGMA table_list({q})") if r[0] == "main"]
    out["table_list"] = [(r[2], r[4], r[5]) for r in listed]
    if virtual:
        return out
    indexes = []
    for _, index, unique, origin, partial in db.execute(f"PRAGMA index_list({q})").fetchall():
        keys = tuple((None if c[2] is None else fold(c[2]), c[1] == -2, c[3], fold(c[4] or ""))
                     for c in db.execute(f"PRAGMA index_xinfo({quote(index)})") if c[5])
        indexes.append(("" if origin != "c" else fold(index), unique, origin, partial, keys))
    out["index_list"] = sorted(indexes, key=repr)
    keys_out: dict[int, list] = {}
    for r in db.execute(f"PRAGMA foreign_key_list({q})"):
        keys_out.setdefault(r[0], []).append(r)
    out["foreign_key_list"] = sorted(
        ((fold(rs[0][2]), tuple((fold(r[3]), fold(r[4] or "")) for r in sorted(rs, key=lambda r: r[1])),
          rs[0][5], rs[0][6], rs[0][7]) for rs in keys_out.values()), key=repr)
    return out


def compare_schema(found: sqlite3.Connection, wanted: sqlite3.Connection, strict_order: bool = False) -> list[str]:
    a, b = objects(found), objects(wanted)
    out = []
    for key in sorted(a.keys() | b.keys()):
        label = f"{key[0]} {key[1]}"
        if key not in a:
            out.append(f"{label} is missing")
            continue
        if key not in b:
            out.append(f"{label} should not be there")
            continue
        (name_a, table_a, sql_a), (name_b, table_b, sql_b) = a[key], b[key]
        if fold(table_a) != fold(table_b):
            out.append(f"{label} belongs to {table_a}, not to {table_b}")
        if key[0] == "table" and not is_virtual(sql_b) and not is_virtual(sql_a):
            out += [f"{label}: {d}" for d in table_differences(sql_a, sql_b, strict_order)]
        elif definition(sql_a) != definition(sql_b):
            out.append(f"{label}: the definition is {sql_a!r}, not {sql_b!r}")
        if key[0] == "table":
            x = said_of_table(found, name_a, is_virtual(sql_a))
            y = said_of_table(wanted, name_b, is_virtual(sql_b))
            out += [f"{label}: {what} says {x.get(what)}, not {y.get(what)}" for what in y if x.get(what) != y[what]]
        if key[0] == "view":
            x2, y2 = view_columns(found, name_a), view_columns(wanted, name_b)
            if x2 != y2:
                out.append(f"{label}: its columns are {x2}, not {y2}")
    return out


def view_columns(db: sqlite3.Connection, name: str):
    try:
        return sorted((fold(r[1]), fold(r[2] or "")) for r in db.execute(f"PRAGMA table_xinfo({quote(name)})"))
    except sqlite3.Error as e:
        return type(e).__name__


# ---------------------------------------------------------------------------------------------------------------------
# What the database does: INSERTs that must be refused in the same way
# ---------------------------------------------------------------------------------------------------------------------

CANDIDATES = [None, 0, 1, -1, 2, 5, 10, 18, 42, 100, 1000, 100000, 0.5, 1.5, 20.25, "", "a", "A", "abc", "x@y.z",
              "open", "new", "2024-01-01", "2024-01-01 10:00:00", "{}", "[]", "0", "1", "a" * 5, "a" * 20, "a" * 300,
              b"\x01"]


def emptied(path: str) -> sqlite3.Connection:
    """A copy in memory without rows and without triggers: only the constraints act."""
    source, copy = connect(path), connect(":memory:")
    source.backup(copy)
    source.close()
    copy.execute("PRAGMA foreign_keys=OFF")
    for (kind, _), (name, _, _) in objects(copy).items():
        if kind == "trigger":
            copy.execute(f"DROP TRIGGER {quote(name)}")
    for (kind, _), (name, _, sql) in objects(copy).items():
        if kind == "table" and not is_virtual(sql) and not is_shadow(copy, name):
            copy.execute(f"DELETE FROM {quote(name)}")
    if copy.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone():
        copy.execute("DELETE FROM sqlite_sequence")
    return copy


def is_shadow(db: sqlite3.Connection, name: str) -> bool:
    return any(r[2] == "shadow" for r in db.execute(f"PRAGMA table_list({quote(name)})"))


class Prober:
    """Makes, from the wanted schema, statements whose effect is compared in both databases."""

    def __init__(self, db: sqlite3.Connection, name: str, sql: str):
        self.db, self.name, self.table = db, name, read_table(sql)
        info = db.execute(f"PRAGMA table_xinfo({quote(name)})").fetchall()
        self.columns = [c[1] for c in info if c[6] == 0]
        self.declared = {c[1]: c[2] or "" for c in info}
        self.defaults = {c[1] for c in info if c[4] is not None}
        literals: list = []
        for c in self.table.constraints:
            if c[0] == "check":
                for kind, text in c[2]:
                    if kind == "str":
                        literals += [text, text.replace("%", "z").replace("_", "y").replace("*", "z")]
                    elif kind == "num" and not text.startswith("0x"):
                        n = float(text) if any(x in text for x in ".e") else int(text)
                        literals += [n, n + 1, n - 1, "q" * min(int(abs(n)), 400)]
        self.candidates = list(dict.fromkeys((type(c), c) for c in literals + CANDIDATES))

    def first_values(self, column: str, nth: int) -> object:
        t = self.declared[column].upper()
        if "INT" in t or t == "ANY":
            return nth
        if "CHAR" in t or "TEXT" in t or "CLOB" in t:
            return f"a{nth}"
        if "BLOB" in t:
            return bytes([nth % 256])
        if "REAL" in t or "FLOA" in t or "DOUB" in t:
            return nth + 0.5
        return nth

    def insert(self, values: dict[str, object]) -> tuple[str, list]:
        if not values:
            return f"INSERT INTO {quote(self.name)} DEFAULT VALUES", []
        names = ", ".join(quote(c) for c in values)
        return (f"INSERT INTO {quote(self.name)} ({names}) VALUES ({', '.join('?' * len(values))})",
                list(values.values()))

    def tries(self, values: dict[str, object]) -> str | None:
        """None when it goes in, else the name of the error; nothing stays."""
        sql, params = self.insert(values)
        self.db.execute("SAVEPOINT probe")
        try:
            self.db.execute(sql, params)
            return None
        except sqlite3.Error as e:
            return error_name(e)
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK TO probe")
                self.db.execute("RELEASE probe")

    def base_row(self, nth: int) -> dict[str, object] | None:
        """A row that goes in, with every column its own value where possible."""
        row = {c: self.first_values(c, nth) for c in self.columns}
        error = self.tries(row)
        for _ in range(3):
            if error is None:
                return row
            for c in self.columns:
                for _, value in self.candidates:
                    other = {**row, c: value}
                    result = self.tries(other)
                    if result is None:
                        return other
                    # a value of the right type takes that obstacle out of the way, if not all
                    if error == "SQLITE_CONSTRAINT_DATATYPE" and result != error:
                        row, error = other, result
            # two columns at once, for conditions over two
            for c1, c2 in itertools.islice(itertools.combinations(self.columns, 2), 6):
                for (_, v1), (_, v2) in itertools.islice(itertools.product(self.candidates, repeat=2), 900):
                    other = {**row, c1: v1, c2: v2}
                    if self.tries(other) is None:
                        return other
            break
        return None

    def statements(self) -> list[list[tuple[str, list, bool]]]:
        """Groups of statements, each run on its own: (sql, parameters, foreign keys on)."""
        out: list[list[tuple[str, list, bool]]] = []
        row = self.base_row(1)
        if row is None:
            row = {c: self.first_values(c, 1) for c in self.columns}
            out.append([(*self.insert(row), False)])
            out.append([(*self.insert({}), False)])
            return out
        other = self.base_row(2) or row
        real = {fold(c): c for c in self.columns}
        out.append([(*self.insert(row), False)])
        for c in self.columns:
            out.append([(*self.insert({**row, c: None}), False)])
            out.append([(*self.insert({k: v for k, v in row.items() if k != c}), False)])
            out.append([(*self.insert({**row, c: "007"}), False)])
            out.append([(*self.insert({**row, c: 3.0}), False)])
        for constraint in self.table.constraints:
            kind, columns = constraint[0], constraint[2]
            if kind in ("primary key", "unique"):
                names = [real[c[0]] for c in columns if c[0] in real]
                again = {**other, **{n: row[n] for n in names}}
                upper = {**other, **{n: row[n].upper() if isinstance(row[n], str) else row[n] for n in names}}
                out.append([(*self.insert(row), False), (*self.insert(again), False)])
                out.append([(*self.insert(row), False), (*self.insert(upper), False)])
            elif kind == "check":
                out += [[(*self.insert(bad), False)] for bad in self.violating(row)]
            elif kind == "foreign key":
                names = [real[c] for c in columns if c in real]
                missing = {**row, **{n: 98765 if "INT" in self.declared[n].upper() else "98765" for n in names}}
                out.append([(*self.insert(missing), True)])
        return out

    def violating(self, row: dict[str, object]) -> list[dict[str, object]]:
        """Some rows that differ from a good one in one value, and that a CHECK refuses."""
        out = []
        for c in self.columns:
            bad = [{**row, c: value} for _, value in self.candidates
                   if self.tries({**row, c: value}) == "SQLITE_CONSTRAINT_CHECK"]
            out += bad[:5]
        return out


# Codes that are newer than Python's own list of names.
NEW_CODES = {3091: "SQLITE_CONSTRAINT_DATATYPE"}


def error_name(e: sqlite3.Error) -> str:
    name = getattr(e, "sqlite_errorname", None) or type(e).__name__
    name = NEW_CODES.get(getattr(e, "sqlite_errorcode", 0), name)
    # which of two unique keys over the same columns complains first is no difference
    if name in ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"):
        return "SQLITE_CONSTRAINT_UNIQUE"
    return name


def effect(db: sqlite3.Connection, name: str, group: list[tuple[str, list, bool]]) -> tuple:
    """What a group of statements does: its errors, and the rows that are there then."""
    result: list = []
    db.execute(f"PRAGMA foreign_keys={'ON' if group[0][2] else 'OFF'}")
    db.execute("BEGIN")
    try:
        for sql, params, _ in group:
            try:
                db.execute(sql, params)
                result.append("done")
            except sqlite3.Error as e:
                result.append(error_name(e))
            if not db.in_transaction:
                result.append("rolled back")
                db.execute("BEGIN")
        columns = sorted(fold(c[1]) for c in db.execute(f"PRAGMA table_xinfo({quote(name)})") if c[6] != 1)
        volatile = {fold(c[1]) for c in db.execute(f"PRAGMA table_xinfo({quote(name)})")
                    if c[4] and re.search(r"current_|random|now|julianday|changes|last_insert|unixepoch", c[4], re.I)}
        volatile |= {fold(c[1]) for c in db.execute(f"PRAGMA table_xinfo({quote(name)})") if c[6] in (2, 3) and volatile}
        chosen = ", ".join(f"typeof({quote(c)})" if c in volatile else f"quote({quote(c)})" for c in columns)
        try:
            rows = sorted(db.execute(f"SELECT {chosen} FROM {quote(name)}").fetchall())
            result.append(tuple(rows))
        except sqlite3.Error as e:
            result.append(error_name(e))
        if group[0][2]:
            try:
                db.execute("COMMIT")
                result.append("committed")
                db.execute(f"DELETE FROM {quote(name)}")
            except sqlite3.Error as e:
                result.append(error_name(e))
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return tuple(result)


def compare_behaviour(found_path: str, wanted_path: str) -> list[str]:
    found, wanted = emptied(found_path), emptied(wanted_path)
    a, b = objects(found), objects(wanted)
    out = []
    for key in sorted(b):
        if key[0] != "table" or key not in a or is_virtual(b[key][2]) or is_shadow(wanted, b[key][0]):
            continue
        prober = Prober(wanted, b[key][0], b[key][2])
        for group in prober.statements():
            x, y = effect(found, a[key][0], group), effect(wanted, b[key][0], group)
            if x != y:
                out.append(f"{key[1]}: {[(s, p) for s, p, _ in group]} does {x}, not {y}")
    found.close()
    wanted.close()
    return out


# ---------------------------------------------------------------------------------------------------------------------
# Is it sound, does it converge
# ---------------------------------------------------------------------------------------------------------------------


def foreign_key_problems(db: sqlite3.Connection) -> int | None:
    """How many rows have no parent; None when SQLite cannot say (a parent without a key)."""
    try:
        return len(db.execute("PRAGMA foreign_key_check").fetchall())
    except sqlite3.Error:
        return None


def sound(path: str, before_path: str | None = None) -> list[str]:
    db = connect(path)
    out = []
    said = [r[0] for r in db.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        out.append(f"integrity_check: {said[:5]}")
    if before_path:
        before = connect(before_path)
        was, now = foreign_key_problems(before), foreign_key_problems(db)
        before.close()
        if was is not None and now is not None and now > was:
            out.append(f"foreign_key_check: {now} rows without a parent, {was} before")
    for (kind, _), (name, _, sql) in objects(db).items():
        if kind == "table" and is_virtual(sql) and re.search(r"using\s+fts5", sql, re.I):
            try:
                db.execute(f"INSERT INTO {quote(name)}({quote(name)}) VALUES('integrity-check')")
            except sqlite3.Error as e:
                out.append(f"{name}: integrity-check of FTS5: {e}")
    db.close()
    return out


def converges(path: str, desired: str, before_path: str | None = None, strict_order: bool = False) -> list[str]:
    """What keeps the database at `path` from being a fresh load of `desired`; empty: it is."""
    wanted_path = fresh(desired)
    try:
        found, wanted = connect(path), connect(wanted_path)
        out = compare_schema(found, wanted, strict_order)
        found.close()
        wanted.close()
        if not out:
            out += compare_behaviour(path, wanted_path)
        out += sound(path, before_path)
        return out
    finally:
        os.unlink(wanted_path)


def without_own_tables(path: str) -> None:
    """Takes moult's own tables out of a database."""
    db = connect(path)
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall():
        if ours(name):
            db.execute(f"DROP TABLE {quote(name)}")
    db.close()


def marker(db: sqlite3.Connection) -> tuple:
    """What must move with every change of the schema."""
    return (db.execute("PRAGMA schema_version").fetchone()[0],
            tuple(db.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid")))


# ---------------------------------------------------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Renames:
    """Old to new, both folded: tables, and columns by the new name of their table."""
    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def affinity(declared: str) -> str:
    t = (declared or "").upper()
    if "INT" in t:
        return "INTEGER"
    if "CHAR" in t or "CLOB" in t or "TEXT" in t:
        return "TEXT"
    if "BLOB" in t or not t:
        return "BLOB"
    if "REAL" in t or "FLOA" in t or "DOUB" in t:
        return "REAL"
    return "NUMERIC"


@dataclass
class Shape:
    name: str
    columns: dict[str, tuple]  # folded name → (name, declared type, not null, hidden)
    key: list[str]
    rowid: str | None  # a name that reaches the row id
    alias: str | None  # the column that is the row id
    strict: bool


def shape(db: sqlite3.Connection, name: str) -> Shape:
    info = db.execute(f"PRAGMA table_xinfo({quote(name)})").fetchall()
    columns = {fold(c[1]): (c[1], c[2], c[3], c[6]) for c in info}
    key = [fold(c[1]) for c in sorted((c for c in info if c[5]), key=lambda c: c[5])]
    listed = [r for r in db.execute(f"PRAGMA table_list({quote(name)})") if r[0] == "main"][0]
    free = next((r for r in ("rowid", "_rowid_", "oid") if r not in columns), None)
    rowid = None if listed[4] else free
    alias = None
    if rowid and len(key) == 1 and columns[key[0]][1].upper() == "INTEGER" and not any(
            r[3] == "pk" for r in db.execute(f"PRAGMA index_list({quote(name)})")):
        alias = key[0]
    return Shape(name, columns, key, rowid, alias, bool(listed[5]))


def fresh_value(value: object, declared: str, strict: bool) -> tuple:
    """What an INSERT of the value into a column of this type stores."""
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE TABLE t (c {declared}){' STRICT' if strict else ''}")
    try:
        db.execute("INSERT INTO t VALUES (?)", (value,))
        return db.execute("SELECT quote(c), typeof(c) FROM t").fetchone()
    except sqlite3.Error as e:
        return (error_name(e), "")
    finally:
        db.close()


def user_tables(db: sqlite3.Connection) -> dict[str, str]:
    return {key[1]: name for key, (name, _, sql) in objects(db).items()
            if key[0] == "table" and not is_shadow(db, name) and not re.search(r"content\s*=\s*''", sql or "")
            and module_known(db, name)}


def module_known(db: sqlite3.Connection, name: str) -> bool:
    try:
        db.execute(f"SELECT * FROM {quote(name)} LIMIT 1").fetchall()
        return True
    except sqlite3.Error:
        return False


def rows_kept(before_path: str, after_path: str, renames: Renames | None = None, rowids: bool = True,
              skip: tuple = ()) -> list[str]:
    """Are the rows of every table, and the values of every column that are on both sides, what they were?"""
    renames = renames or Renames()
    before, after = connect(before_path), connect(after_path)
    try:
        olds, news = user_tables(before), user_tables(after)
        out = []
        for old in sorted(olds):
            new = renames.tables.get(old, old)
            if new not in news or old in skip or new in skip:
                continue
            if new != old or old not in renames.tables.values():
                out += table_rows_kept(before, after, olds[old], news[new], renames.columns.get(new, {}), rowids)
        return out
    finally:
        before.close()
        after.close()


def table_rows_kept(before, after, old: str, new: str, columns: dict[str, str], rowids: bool) -> list[str]:
    a, b = shape(before, old), shape(after, new)
    taken = set(columns.values())
    pairs = []
    for name in a.columns:
        target = columns.get(name, name)
        if target in b.columns and (target == columns.get(name) or target not in taken) and b.columns[target][3] not in (2, 3):
            pairs.append((name, target))
    pair_of = dict(pairs)
    use_rowid = bool(rowids and a.rowid and b.rowid and
                     (b.alias is None or (a.alias and pair_of.get(a.alias) == b.alias)))
    if not use_rowid:
        key = a.key or ([a.rowid] if a.rowid else [])
        if not a.key or any(k not in pair_of for k in a.key):
            return [] if count(before, old) == count(after, new) else [f"{new}: not as many rows as before"]
        key_a, key_b = [quote(a.columns[k][0]) for k in key], [quote(b.columns[pair_of[k]][0]) for k in key]
    else:
        key_a, key_b = [a.rowid], [b.rowid]
    rows_a = keyed(before, old, key_a, [quote(a.columns[x][0]) for x, _ in pairs])
    rows_b = keyed(after, new, key_b, [quote(b.columns[y][0]) for _, y in pairs])
    out = []
    if not use_rowid:
        rows_a, rows_b = loosely(rows_a), loosely(rows_b)
    for key in rows_a.keys() - rows_b.keys():
        out.append(f"{new}: row {key} is lost")
    for key in rows_b.keys() - rows_a.keys():
        out.append(f"{new}: row {key} came from nowhere")
    for key in rows_a.keys() & rows_b.keys():
        for i, (x, y) in enumerate(pairs):
            was, now = rows_a[key][i], rows_b[key][i]
            if was[:2] == now[:2]:
                continue
            if was[1] == "null" and b.columns[y][2]:
                continue  # it had to be filled
            wanted = was[:2]
            if affinity(a.columns[x][1]) != affinity(b.columns[y][1]) or a.strict != b.strict:
                wanted = fresh_value(was[2], b.columns[y][1], b.strict)
            if now[:2] != wanted:
                out.append(f"{new}.{y}: row {key} has {now[:2]}, not {wanted}")
    return out[:20]


def loosely(rows: dict) -> dict:
    """Keys by value: 1 and '1' are one where the type of the key changed."""
    return {tuple(k.strip("'") for k in key): row for key, row in rows.items()}


def count(db: sqlite3.Connection, name: str) -> int:
    return db.execute(f"SELECT count(*) FROM {quote(name)}").fetchone()[0]


def keyed(db: sqlite3.Connection, table: str, key: list[str], columns: list[str]) -> dict[tuple, list[tuple]]:
    parts = [f"quote({k})" for k in key]
    for c in columns:
        parts += [f"quote({c})", f"typeof({c})", c]
    out = {}
    n = len(key)
    for r in db.execute(f"SELECT {', '.join(parts)} FROM {quote(table)}"):
        out[tuple(r[:n])] = [tuple(r[n + 3 * i:n + 3 * i + 3]) for i in range(len(columns))]
    return out


def is_now(text: str) -> bool:
    try:
        return abs(time.time() - calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))) < 300
    except ValueError:
        return False


def timeless(text: str) -> str:
    """A time of these minutes, which a default gave, is none of the data: two databases get theirs one after the other."""
    if text.count(":") < 2:
        return text
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lambda m: "NOW" if is_now(m[0]) else m[0], text)


def same_content(a_path: str, b_path: str) -> list[str]:
    """Are two databases the same, moult's own tables aside: every definition to the letter, every row?"""
    a, b = connect(a_path), connect(b_path)
    try:
        x, y = objects(a), objects(b)
        out = [f"{k}: {x.get(k)} and {y.get(k)}" for k in sorted(x.keys() | y.keys()) if x.get(k) != y.get(k)]
        for key, name in user_tables(a).items():
            if ("table", key) not in y:
                continue
            columns = [quote(c[1]) for c in a.execute(f"PRAGMA table_xinfo({quote(name)})") if c[6] != 1]
            chosen = ", ".join(f"quote({c})" for c in columns)
            rows = [Counter(tuple(timeless(v) for v in row) for row in db.execute(f"SELECT {chosen} FROM {quote(name)}"))
                    for db in (a, b)]
            if rows[0] != rows[1]:
                out.append(f"rows of {name} differ")
        return out
    finally:
        a.close()
        b.close()


def same_high_water(a_path: str, b_path: str) -> list[str]:
    """Would AUTOINCREMENT give the same next ids in both?"""
    found = []
    for path in (a_path, b_path):
        db = connect(path)
        there = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone()
        rows = db.execute("SELECT name, seq FROM sqlite_sequence").fetchall() if there else []
        found.append(sorted(r for r in rows if not ours(r[0])))
        db.close()
    return [] if found[0] == found[1] else [f"sqlite_sequence: {found[0]} and {found[1]}"]


def main(args: list[str]) -> int:
    if len(args) not in (2, 3):
        print(__doc__.strip().splitlines()[0], file=sys.stderr)
        print("usage: judge.py DATABASE DESIRED.sql [BEFORE-DATABASE]", file=sys.stderr)
        return 2
    with open(args[1], encoding="utf-8") as f:
        desired = f.read()
    before = args[2] if len(args) == 3 else None
    problems = converges(args[0], desired, before)
    if before:
        problems += rows_kept(before, args[0])
    for p in problems:
        print(p)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
