# SPDX-License-Identifier: MIT
"""Random pairs of PostgreSQL schemas: one, its rows, and what some random edits make of it.

    python3 tests/property/postgres.py [--first N] [--pairs N] [--show]

Each pair is migrated with the `moult` command and judged: the same plan with and without --full, a fresh load of the target afterwards,
the rows what they were, the second plan empty. A pair is a number: the same number makes the same pair.
"""
from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (2, 1)]

from tests import judge_postgres as judge  # noqa: E402
from tests.servers.postgres import Postgres  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
TYPES = {"int": "{n}", "bigint": "{n}", "smallint": "{n}", "text": "t{n}", "varchar(60)": "v{n}", "numeric(12,2)": "{n}.25", "numeric": "{n}.5", "date": "2024-01-{i:02d}", "timestamp": "2024-01-{i:02d} 10:00:00",
         "timestamptz": "2024-01-{i:02d} 10:00:00+00", "boolean": "true", "uuid": "00000000-0000-0000-0000-0000000000{n:02d}", "jsonb": '{{"n": {n}}}', "real": "{n}.5", "double precision": "{n}.5", "int[]": "{{{n}}}",
         "text[]": "{{t{n}}}", "inet": "10.0.0.{n}", "interval": "{n} days", "bytea": "\\x{n:02x}"}
CASTS = {"smallint": ["int", "bigint", "text"], "int": ["bigint", "text", "numeric(12,2)", "numeric", "smallint"], "bigint": ["int", "text", "numeric"], "varchar(60)": ["text"], "text": ["varchar(60)"], "numeric(12,2)": ["numeric", "text"],
         "numeric": ["double precision", "text"], "date": ["timestamp", "timestamptz", "text"], "timestamp": ["timestamptz", "date"], "real": ["double precision"], "uuid": ["text"], "boolean": ["text"], "int[]": ["text[]"], "inet": ["text"]}
DEFAULTS = {"int": ["7", "1 + 2"], "bigint": ["7"], "smallint": ["3"], "text": ["'d'", "upper('d')", "CURRENT_USER"], "varchar(60)": ["'d'"], "numeric(12,2)": ["0"], "numeric": ["0.5"], "date": ["CURRENT_DATE", "'2020-01-01'"],
            "timestamp": ["'2020-01-01'"], "timestamptz": ["now()"], "boolean": ["true", "false"], "uuid": ["gen_random_uuid()"], "jsonb": ["'{}'"], "int[]": ["'{}'"], "text[]": ["ARRAY['a']"]}
ALIKE = {"boolean"}  # every row has the same value: no key
NAMES = ["alpha", "beta", "gamma", "delta", "Mixed", "order", "with space", "ünï", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
ROWS = 3


def q(name: str) -> str:
    return judge.quoted(name)


@dataclass
class Column:
    type: str
    default: str | None = None
    required: bool = False
    generated: str | None = None  # from this column
    was: str | None = None
    fill: bool = False
    comment: str | None = None


@dataclass
class Table:
    columns: dict[str, Column] = field(default_factory=dict)
    checks: dict[str, str] = field(default_factory=dict)   # name → column
    uniques: dict[str, list[str]] = field(default_factory=dict)
    foreign: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # name → column, parent, action
    indexes: dict[str, tuple[list[str], str]] = field(default_factory=dict)  # name → columns, kind
    options: str = ""
    comment: str | None = None
    grant: str | None = None
    trigger: bool = False
    was: str | None = None
    left: set[str] = field(default_factory=set)  # names that renamed columns had


@dataclass
class Schema:
    tables: dict[str, Table] = field(default_factory=dict)
    views: dict[str, tuple[str, list[str], bool]] = field(default_factory=dict)  # name → table, columns, materialized
    enums: dict[str, list[str]] = field(default_factory=dict)
    functions: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)


class Maker:
    def __init__(self, seed: int):
        self.r = random.Random(seed)
        self.numbers = iter(range(1, 10000))
        self.s = Schema()
        for _ in range(self.r.randint(0, 2)):
            self.s.enums["kind%d" % next(self.numbers)] = ["a", "b", "c"]
        for _ in range(self.r.randint(1, 4)):
            self.add_table()
        for _ in range(self.r.randint(0, 6)):
            self.r.choice([self.add_index, self.add_check, self.add_unique, self.add_foreign, self.add_view, self.add_function, self.add_sequence, self.comment, self.add_trigger])()

    def name(self, taken) -> str | None:
        free = [n for n in NAMES if n not in taken]
        return self.r.choice(free) if free else None

    def table(self) -> str:
        return self.r.choice(sorted(self.s.tables))

    def column(self, t: str, of=lambda c: True) -> str | None:
        found = [n for n, c in self.s.tables[t].columns.items() if n != "id" and of(c)]
        return self.r.choice(found) if found else None

    def new_type(self) -> str:
        return self.r.choice([*TYPES, *self.s.enums])

    # --- what is added -----------------------------------------------------------------------------------------------

    def add_table(self) -> None:
        name = self.name({*self.s.tables, *getattr(self, "first", ())})  # a name that a rename left free is another test
        if name is None:
            return
        t = self.s.tables[name] = Table({"id": Column("int", required=True)}, options=self.r.choice(["", "", "", "WITH (fillfactor = 80)"]))
        for _ in range(self.r.randint(1, 6)):
            self.add_column(name, first=True)
        if self.r.random() < .3:
            t.grant = self.r.choice(["SELECT", "SELECT, INSERT", "ALL"])

    def add_column(self, name: str | None = None, first: bool = False) -> None:
        table = self.s.tables[name or self.table()]
        new = self.name({*table.columns, *table.left})
        if new is None:
            return
        kind = self.new_type()
        c = Column(kind)
        if self.r.random() < .4 and kind in DEFAULTS:
            c.default = self.r.choice(DEFAULTS[kind])
        if self.r.random() < .4:
            c.required = True
            c.fill = not first and c.default is None
        numbers = [n for n, o in table.columns.items() if o.type in ("int", "bigint") and not o.generated]
        if self.r.random() < .08 and numbers:
            c = Column("bigint", generated=self.r.choice(numbers))
        table.columns[new] = c

    def add_index(self) -> None:
        t = self.table()
        c = self.column(t)
        if c is None or self.s.tables[t].columns[c].type in ("jsonb",):
            return
        two = self.column(t)
        kind = self.r.choice(["", "", " DESC", "partial", "include"])
        columns = [c] if two in (None, c) or self.s.tables[t].columns[two].type == "jsonb" else [c, two]
        self.s.tables[t].indexes["ix%d" % next(self.numbers)] = (columns, kind)

    def add_check(self) -> None:
        t = self.table()
        c = self.column(t, lambda c: c.type in ("int", "bigint", "smallint", "text", "varchar(60)") and not c.generated)
        if c:
            self.s.tables[t].checks["ck%d" % next(self.numbers)] = c

    def add_unique(self) -> None:
        t = self.table()
        c = self.column(t, lambda c: c.type in TYPES and c.type not in ALIKE and c.type != "jsonb" and not c.fill and not c.generated and c.was is None)
        if c and all(c not in columns for columns in self.s.tables[t].uniques.values()) and not self.fresh(t, c):
            self.s.tables[t].uniques["uq%d" % next(self.numbers)] = [c]

    def fresh(self, t: str, c: str) -> bool:
        """Is it a column that the rows do not have values of their own for?"""
        return (t, c) in getattr(self, "new", set())

    def add_foreign(self) -> None:
        t, parent = self.table(), self.table()
        c = self.column(t, lambda c: c.type == "int" and not c.generated and not c.fill)
        if c and not self.fresh(t, c) and all(c != f[0] for f in self.s.tables[t].foreign.values()) and not getattr(self, "edited", False):
            self.s.tables[t].foreign["fk%d" % next(self.numbers)] = (c, parent, self.r.choice(["", " ON DELETE CASCADE", " ON UPDATE CASCADE DEFERRABLE"]))

    def add_view(self) -> None:
        t = self.table()
        columns = [c for c in self.s.tables[t].columns if self.r.random() < .7] or ["id"]
        self.s.views["v%d" % next(self.numbers)] = (t, columns, self.r.random() < .25)

    def add_function(self) -> None:
        self.s.functions["f%d" % next(self.numbers)] = self.r.randint(1, 9)

    def add_sequence(self) -> None:
        self.s.sequences["s%d" % next(self.numbers)] = self.r.randint(1, 9)

    def add_trigger(self) -> None:
        self.s.tables[self.table()].trigger = True

    def add_enum(self) -> None:
        self.s.enums["kind%d" % next(self.numbers)] = ["a", "b"]

    def comment(self) -> None:
        t = self.s.tables[self.table()]
        target = t if self.r.random() < .5 else self.r.choice(list(t.columns.values()))
        target.comment = self.r.choice([None, "it's said", 'with "quotes" \\ and more', "%d" % self.r.randint(1, 99)])

    # --- what is edited ----------------------------------------------------------------------------------------------

    def edit(self) -> None:
        self.new = set()
        self.edited = True
        before = {t: set(v.columns) for t, v in self.s.tables.items()}
        for _ in range(self.r.randint(1, 6)):
            self.r.choice([self.add_table, self.add_column, self.add_column, self.add_index, self.add_check, self.add_unique, self.add_view, self.add_function, self.add_sequence, self.add_trigger, self.add_enum,
                           self.comment, self.drop_table, self.drop_column, self.drop_column, self.drop_part, self.drop_part, self.change_type, self.change_type, self.change_default, self.change_required,
                           self.change_index, self.change_view, self.change_enum, self.change_function, self.change_grant, self.rename_column, self.rename_table, self.change_options])()
            self.new |= {(t, c) for t, v in self.s.tables.items() for c in v.columns if c not in before.get(v.was or t, set())}

    def drop_table(self) -> None:
        if len(self.s.tables) < 2:
            return
        t = self.table()
        del self.s.tables[t]
        self.s.views = {n: v for n, v in self.s.views.items() if v[0] != t}
        for other in self.s.tables.values():
            other.foreign = {n: f for n, f in other.foreign.items() if f[1] != t}

    def drop_column(self) -> None:
        t = self.table()
        c = self.column(t)
        if c is None:
            return
        table = self.s.tables[t]
        if any(o.generated == c for o in table.columns.values()):
            return
        del table.columns[c]
        table.checks = {n: x for n, x in table.checks.items() if x != c}
        table.uniques = {n: x for n, x in table.uniques.items() if c not in x}
        table.foreign = {n: x for n, x in table.foreign.items() if x[0] != c}
        table.indexes = {n: x for n, x in table.indexes.items() if c not in x[0]}
        self.s.views = {n: (x[0], [y for y in x[1] if x[0] != t or y != c] or ["id"], x[2]) for n, x in self.s.views.items()}

    def drop_part(self) -> None:
        t = self.s.tables[self.table()]
        parts = [p for p in (t.checks, t.uniques, t.foreign, t.indexes, self.s.views, self.s.functions, self.s.sequences) if p]
        if parts:
            part = self.r.choice(parts)
            del part[self.r.choice(sorted(part))]

    def change_type(self) -> None:
        t = self.table()
        table = self.s.tables[t]
        used = {f[0] for f in table.foreign.values()} | set(table.checks.values()) | {c.generated for c in table.columns.values()}
        c = self.column(t, lambda c: c.type in CASTS and not c.generated)
        if c and c not in used and not self.fresh(t, c):
            table.columns[c].type = self.r.choice(CASTS[table.columns[c].type])
            table.columns[c].default = None
            table.columns[c].fill = False

    def change_default(self) -> None:
        t = self.table()
        c = self.column(t, lambda c: c.type in DEFAULTS and not c.generated)
        if c:
            column = self.s.tables[t].columns[c]
            column.default = self.r.choice([None, *DEFAULTS[column.type]])
            if self.fresh(t, c) and column.required:
                column.fill = column.default is None

    def change_required(self) -> None:
        t = self.table()
        c = self.column(t, lambda c: not c.generated)
        if c:
            column = self.s.tables[t].columns[c]
            column.required = not column.required
            keyed = any(c in x for x in self.s.tables[t].uniques.values()) or any(c == f[0] for f in self.s.tables[t].foreign.values())
            if column.required and keyed:
                column.required = False
            column.fill = column.required and (not self.fresh(t, c) or column.default is None)

    def change_index(self) -> None:
        t = self.s.tables[self.table()]
        if t.indexes:
            n = self.r.choice(sorted(t.indexes))
            t.indexes[n] = (t.indexes[n][0], self.r.choice(["", " DESC", "partial", "include"]))

    def change_view(self) -> None:
        if self.s.views:
            n = self.r.choice(sorted(self.s.views))
            t, columns, kind = self.s.views[n]
            self.s.views[n] = (t, [c for c in self.s.tables[t].columns if self.r.random() < .6] or ["id"], kind)

    def change_enum(self) -> None:
        if self.s.enums:
            labels = self.s.enums[self.r.choice(sorted(self.s.enums))]
            labels.insert(self.r.randint(0, len(labels)), "l%d" % next(self.numbers))

    def change_function(self) -> None:
        for n in self.s.functions:
            self.s.functions[n] += self.r.randint(0, 1)

    def change_grant(self) -> None:
        self.s.tables[self.table()].grant = self.r.choice([None, "SELECT", "SELECT, INSERT", "ALL"])

    def change_options(self) -> None:
        self.s.tables[self.table()].options = self.r.choice(["", "WITH (fillfactor = 60)", "WITH (autovacuum_enabled = false, fillfactor = 90)"])

    def rename_column(self) -> None:
        t = self.table()
        table = self.s.tables[t]
        c = self.column(t, lambda c: c.was is None)
        new = self.name(table.columns)
        if c is None or new is None or self.fresh(t, c) or new in table.left:
            return
        table.left.add(c)
        table.columns = {new if n == c else n: x for n, x in table.columns.items()}
        table.columns[new].was = c
        for x in table.columns.values():
            x.generated = new if x.generated == c else x.generated
        swap = lambda n: new if n == c else n  # noqa: E731
        table.checks = {n: swap(x) for n, x in table.checks.items()}
        table.uniques = {n: list(map(swap, x)) for n, x in table.uniques.items()}
        table.foreign = {n: (swap(x[0]), *x[1:]) for n, x in table.foreign.items()}
        table.indexes = {n: (list(map(swap, x[0])), x[1]) for n, x in table.indexes.items()}
        self.s.views = {n: (x[0], [swap(y) if x[0] == t else y for y in x[1]], x[2]) for n, x in self.s.views.items()}

    def rename_table(self) -> None:
        t, new = self.table(), self.name({*self.s.tables, *self.first})
        if new is None or self.s.tables[t].was or t not in self.first:
            return
        self.s.tables = {new if n == t else n: x for n, x in self.s.tables.items()}
        self.s.tables[new].was = t
        for table in self.s.tables.values():
            table.foreign = {n: (x[0], new if x[1] == t else x[1], x[2]) for n, x in table.foreign.items()}
        self.s.views = {n: (new if x[0] == t else x[0], *x[1:]) for n, x in self.s.views.items()}
        self.new = {(new if x == t else x, c) for x, c in self.new}

    # --- written down ------------------------------------------------------------------------------------------------

    def sql(self) -> str:
        out = ["CREATE TYPE %s AS ENUM (%s);" % (q(n), ", ".join("'%s'" % label for label in labels)) for n, labels in self.s.enums.items()]
        out += ["CREATE SEQUENCE %s INCREMENT %d;" % (q(n), by) for n, by in self.s.sequences.items()]
        out += ["CREATE FUNCTION %s(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + %d $$;" % (q(n), k) for n, k in self.s.functions.items()]
        if any(t.trigger for t in self.s.tables.values()):
            out.append("CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;")
        later = []
        for name, t in self.s.tables.items():
            lines = []
            for n, c in t.columns.items():
                kind = c.type if c.type in TYPES else q(c.type)
                words = "%s %s" % (q(n), kind)
                if n == "id":
                    words = "id int PRIMARY KEY"
                elif c.generated:
                    words += " GENERATED ALWAYS AS (%s * 2) STORED" % q(c.generated)
                else:
                    words += (" DEFAULT " + c.default if c.default else "") + (" NOT NULL" if c.required else "")
                notes = (["@renamed from=" + q(c.was)] if c.was else []) + (["@fill " + self.value(c.type, 9)] if c.fill else [])
                lines.append((words, " ".join(notes)))
                if c.comment:
                    later.append("COMMENT ON COLUMN %s.%s IS %s;" % (q(name), q(n), judge.literal(c.comment)))
            for n, c in t.checks.items():
                kind = t.columns[c].type
                lines.append(("CONSTRAINT %s CHECK (%s)" % (n, "%s <> -5" % q(c) if kind in ("int", "bigint", "smallint") else "length(%s) < 50" % q(c)), ""))
            lines += [("CONSTRAINT %s UNIQUE (%s)" % (n, ", ".join(map(q, cs))), "") for n, cs in t.uniques.items()]
            lines += [("CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (id)%s" % (n, q(c), q(p), a), "") for n, (c, p, a) in t.foreign.items()]
            body = "\n".join("  " + w + ("," if i < len(lines) - 1 else "") + (" -- " + note if note else "") for i, (w, note) in enumerate(lines))
            out.append("CREATE TABLE %s (%s\n%s\n)%s;" % (q(name), " -- @renamed from=" + q(t.was) if t.was else "", body, " " + t.options if t.options else ""))
            for n, (columns, kind) in t.indexes.items():
                keys = [q(c) + (" DESC" if kind == " DESC" else "") for c in columns]
                later.append("CREATE INDEX %s ON %s (%s)%s;" % (n, q(name), ", ".join(keys), " WHERE id > 0" if kind == "partial" else " INCLUDE (id)" if kind == "include" else ""))
            if t.comment:
                later.append("COMMENT ON TABLE %s IS %s;" % (q(name), judge.literal(t.comment)))
            if t.grant:
                later.append("GRANT %s ON %s TO pg_monitor;" % (t.grant, q(name)))
            if t.trigger:
                later.append("CREATE TRIGGER touch BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION touched();" % q(name))
        for n, (t, columns, kind) in self.s.views.items():
            later.append("CREATE %sVIEW %s AS SELECT %s FROM %s;" % ("MATERIALIZED " if kind else "", n, ", ".join(map(q, columns)), q(t)))
        self.r.shuffle(later)
        return "\n".join(out + later) + "\n"

    def value(self, kind: str, i: int) -> str:
        if kind in self.s.enums:
            return "'a'"
        return judge.literal(TYPES[kind].format(i=i, n=11 * i)).replace("E'", "'", 1) if "\\" not in TYPES[kind] else judge.literal(TYPES[kind].format(i=i, n=11 * i))

    def rows(self) -> str:
        out = ["SET session_replication_role = replica;"]
        for name, t in self.s.tables.items():
            keyed = {f[0] for f in t.foreign.values()}
            for i in range(1, ROWS + 1):
                values = {"id": str(i)}
                for n, c in t.columns.items():
                    if n != "id" and not c.generated:
                        values[n] = "NULL" if not c.required and self.r.random() < .25 else str(i) if n in keyed else self.value(c.type, i)
                out.append("INSERT INTO %s (%s) VALUES (%s);" % (q(name), ", ".join(map(q, values)), ", ".join(values.values())))
        return "\n".join(out) + "\nSET session_replication_role = origin;\n"


@dataclass
class Pair:
    before: str
    rows: str
    after: str
    renames: judge.Renames


def pair(seed: int) -> Pair:
    m = Maker(seed)
    before, rows = m.sql(), m.rows()
    for t in m.s.tables.values():
        for c in t.columns.values():
            c.fill = False
    m.first = set(m.s.tables)
    m.edit()
    renames = judge.Renames()
    for n, t in m.s.tables.items():
        if t.was:
            renames.tables[shown(t.was)] = shown(n)
        for c, x in t.columns.items():
            if x.was:
                renames.columns.setdefault(shown(n), {})[x.was] = c
    return Pair(before, rows, m.sql(), renames)


def shown(name: str) -> str:
    """A table's name as the server writes it."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name != "order" else q(name)


# --- tried -------------------------------------------------------------------------------------------------------------


def moult() -> str:
    return os.environ.get("MOULT", str(ROOT / "build" / "moult"))


def try_pair(place: judge.Place, folder: Path, seed: int) -> list[str]:
    """What is wrong with this pair; empty: nothing."""
    p = pair(seed)
    (folder / "before.sql").write_text(p.before)
    (folder / "after.sql").write_text(p.after)

    def run(verb: str, *args: str) -> tuple[int, str]:
        done = subprocess.run([moult(), verb, "--url", place.server.url(name), *args], cwd=folder, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    with place.fresh(p.before) as name:
        with place.server.client(name) as db:
            db.run(p.rows)
            before = judge.content(db)
        code, said = run("apply", "--to", "before.sql")
        if code:
            return ["the database is not adopted as it is: exit %d: %s" % (code, said)]
        plans = [run("plan", "--to", "after.sql", "--format", "json", *more) for more in ((), ("--full",))]
        if any(code for code, _ in plans):
            return ["no plan: %s" % said for code, said in plans if code]
        ids = [re.search(r'"id": *"(\w+)"', said) for _, said in plans]
        if not all(ids) or ids[0][1] != ids[1][1]:
            return ["with --full it is another plan: %s\n%s" % (plans[0][1], plans[1][1])]
        code, said = run("apply", "--to", "after.sql", "--mode", "aggressive", "--yes", "--no-attic", "--no-backup")
        if code:
            return ["apply: exit %d: %s" % (code, said)]
        problems = place.converges(name, p.after, behaviour=seed % 4 == 0)
        with place.server.client(name) as db:
            problems += judge.rows_kept(before, db, p.renames)
        code, said = run("plan", "--to", "after.sql", "--own=all", "--full", "--exit-code")
        if code:
            problems.append("the second plan: exit %d: %s" % (code, said))
        return problems


def try_lot(place: judge.Place, seeds: range) -> list[str]:
    """One text for each pair that fails."""
    out = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="moult-pair-") as folder:
            try:
                problems = try_pair(place, Path(folder), seed)
            except Exception as e:  # a fault of the harness is one too
                problems = ["%s: %s" % (type(e).__name__, e)]
        if problems:
            out.append("pair %d: %s" % (seed, "\n  ".join(problems)[:3000]))
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--show", action="store_true", help="prints the pairs, and tries nothing")
    args = parser.parse_args()
    seeds = range(args.first, args.first + args.pairs)
    if args.show:
        for seed in seeds:
            p = pair(seed)
            print("-- before %d\n%s\n-- rows\n%s\n-- after\n%s" % (seed, p.before, p.rows, p.after))
        return 0
    with Postgres() as server:
        failed = try_lot(judge.Place(server), seeds)
    print("\n".join(failed))
    print("%d pairs, %d failed" % (len(seeds), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
