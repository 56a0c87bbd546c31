# SPDX-License-Identifier: MIT
"""PostgreSQL: every kind of object × (create, each alteration that PostgreSQL offers, rename, drop, comment). Each goes there and back.

    python3 tests/matrix/postgres.py          lists them
    python3 tests/matrix/postgres.py NAME     prints one in the form of a case file
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (2, 1)] + [str(Path(__file__).resolve().parents[1] / "e2e")]

from case import Case  # noqa: E402
from case_postgres import make  # noqa: E402

OUT: list[Case] = []
KEEP = "CREATE TABLE keep (\n  k int PRIMARY KEY,\n  v text\n);\n"
KEPT = "INSERT INTO keep VALUES (1, 'one'), (2, NULL);\n"


def add(name: str, before: str, rows: str, after: str, **more) -> None:
    OUT.append(make("matrix/" + name, before, rows, after, **more))


def t(*items: str, name: str = "t", key: str = "id int PRIMARY KEY", options: str = "", others: str = "", note: str = "",
      kind: str = "TABLE") -> str:
    """One item on a line, with its comma before any annotation."""
    lines = ([key] if key else []) + list(items)
    body = []
    for i, item in enumerate(lines):
        text, dash, said = item.partition(" -- ")
        body.append("  " + text + ("," if i < len(lines) - 1 else "") + (" -- " + said if dash else ""))
    head = f"CREATE {kind} {name} (" + (f" -- @renamed from={note}" if note else "")
    return head + "\n" + "\n".join(body) + "\n)" + (" " + options if options else "") + ";\n" + others


def kind(name: str, base: str, *, context: str = KEEP, rows: str = "", filled: str = "", comment: str = "", alters: dict | None = None,
         renamed: tuple[str, str] | None = None, more: dict | None = None, **all_of_them) -> None:
    """A kind of object: `rows` fill the context, `filled` the object. `renamed`: it under a new name, and back under the old one.

    An alteration is SQL, or (SQL, what is special of the case). Each makes two cases: from the base, and to it.
    """
    more = more or {}
    rows = rows or (KEPT if context == KEEP else "")

    def one(what: str, before: str, data: str, after: str, **special) -> None:
        add(f"{name}/{what}", context + before, data, context + after, **{**all_of_them, **more.get(what, {}), **special})

    one("create", "", rows, base)
    one("drop", base, rows + filled, "")
    if comment:
        one("comment", base, rows + filled, base + f"COMMENT ON {comment} IS 'it''s a \\ comment';\n")
        one("comment-change", base + f"COMMENT ON {comment} IS 'one';\n", rows + filled, base + f"COMMENT ON {comment} IS 'two';\n")
    if renamed:
        one("rename", base, rows + filled, renamed[0], back_sql=context + renamed[1])
        one("rename-without-a-word", base, rows + filled, re.sub(r" -- @renamed.*", "", renamed[0]))
    for what, changed in (alters or {}).items():
        sql, special = changed if isinstance(changed, tuple) else (changed, {})
        one(what, base, rows + filled, sql, **special)
        one(what + "-back", sql, rows + special.pop("filled_back", ""), base, **{k: v for k, v in special.items() if k in ("server", "flags")})


def noted(sql: str, old: str) -> str:
    """The statement with the annotation of a rename at the end of its first line."""
    first, newline, rest = sql.partition("\n")
    return first + f" -- @renamed from={old}" + newline + rest


# --- tables ------------------------------------------------------------------------------------------------------------

ROWS = "INSERT INTO t (id, a, b) VALUES (1, 10, 'x'), (2, NULL, 'it''s'), (7, -3, ''), (40, 2147483647, NULL);\n"


def tables() -> None:
    body = ("a int", "b text")
    kind("table", t(*body), filled=ROWS, comment="TABLE t", renamed=(t(*body, name="moved", note="t"), t(*body, note="moved")), alters={
        "unlogged": t(*body, kind="UNLOGGED TABLE"),
        "fillfactor": t(*body, options="WITH (fillfactor = 70)"),
        "storage-parameters": t(*body, options="WITH (autovacuum_enabled = false, toast_tuple_target = 256, toast.autovacuum_enabled = false)"),
        "replica-identity-full": t(*body) + "ALTER TABLE t REPLICA IDENTITY FULL;\n",
        "replica-identity-nothing": t(*body) + "ALTER TABLE t REPLICA IDENTITY NOTHING;\n",
        "replica-identity-index": t(*body[:1], "b text NOT NULL", others="CREATE UNIQUE INDEX u ON t (b);\nALTER TABLE t REPLICA IDENTITY USING INDEX u;\n"),
        "row-security": t(*body) + "ALTER TABLE t ENABLE ROW LEVEL SECURITY;\n",
        "row-security-forced": t(*body) + "ALTER TABLE t ENABLE ROW LEVEL SECURITY;\nALTER TABLE t FORCE ROW LEVEL SECURITY;\n",
        "cluster": t(*body) + "ALTER TABLE t CLUSTER ON t_pkey;\n",
        "inherits": t(*body, "v text", options="INHERITS (base)", others=t("v text", name="base", key="")),
        "everything-of-a-column": t("a bigint NOT NULL DEFAULT 5", "b varchar(40) DEFAULT 'b'"),
    }, more={"replica-identity-index": {"outcome": "impossible", "error": ["b", "1"]},
             "everything-of-a-column": {"outcome": "impossible", "error": ["a", "1", "@fill"]}})
    kind("table-unlogged", t(*body, kind="UNLOGGED TABLE"), filled=ROWS, comment="TABLE t",
         renamed=(t(*body, name="moved", note="t", kind="UNLOGGED TABLE"), t(*body, note="moved", kind="UNLOGGED TABLE")))
    parent = KEEP + t("a int", name="parent", key="")
    kind("table-inherited", "CREATE TABLE child (\n  c text\n) INHERITS (parent);\n", context=parent,
         filled="INSERT INTO child VALUES (1, 'x'), (2, NULL);\nINSERT INTO parent VALUES (3);\n", comment="TABLE child",
         renamed=("CREATE TABLE kid ( -- @renamed from=child\n  c text\n) INHERITS (parent);\n",
                  "CREATE TABLE child ( -- @renamed from=kid\n  c text\n) INHERITS (parent);\n"),
         alters={"no-inherit": "CREATE TABLE child (\n  a int,\n  c text\n);\n",
                 "own-default": "CREATE TABLE child (\n  a int DEFAULT 7,\n  c text\n) INHERITS (parent);\n",
                 "more": "CREATE TABLE child (\n  c text,\n  d int\n) INHERITS (parent);\n"})
    add("table-inherited/parent-gains-a-column", parent + "CREATE TABLE child (\n  c text\n) INHERITS (parent);\n",
        "INSERT INTO child VALUES (1, 'x');\nINSERT INTO parent VALUES (3);\n",
        KEEP + t("a int", "z text DEFAULT 'z'", name="parent", key="") + "CREATE TABLE child (\n  c text\n) INHERITS (parent);\n")
    add("table-inherited/parent-loses-a-column", KEEP + t("a int", "z text", name="parent", key="") + "CREATE TABLE child (\n  c text\n) INHERITS (parent);\n",
        "INSERT INTO child VALUES (1, 'z', 'x');\n", parent + "CREATE TABLE child (\n  c text\n) INHERITS (parent);\n")
    typed = KEEP + "CREATE TYPE shape AS (a int, b text);\n"
    kind("table-typed", "CREATE TABLE t OF shape (\n  PRIMARY KEY (a)\n);\n", context=typed, comment="TABLE t",
         filled="INSERT INTO t VALUES (1, 'x');\n",
         renamed=("CREATE TABLE moved OF shape ( -- @renamed from=t\n  PRIMARY KEY (a)\n);\n", "CREATE TABLE t OF shape ( -- @renamed from=moved\n  PRIMARY KEY (a)\n);\n"),
         alters={"not-of": "CREATE TABLE t (\n  a int PRIMARY KEY,\n  b text\n);\n",
                 "with-default": "CREATE TABLE t OF shape (\n  b WITH OPTIONS DEFAULT 'x',\n  PRIMARY KEY (a)\n);\n"})
    add("table/from-nothing", "", "", t(*body), back="no")
    add("table/two-that-need-each-other", KEEP, KEPT, KEEP + t("b int", name="a1", others="") + t("a int REFERENCES a1 (id)", name="b1")
        + "ALTER TABLE a1 ADD FOREIGN KEY (b) REFERENCES b1 (id);\n")
    add("table/drop-parent-and-child", KEEP + t(name="p") + "CREATE TABLE c (p int NOT NULL REFERENCES p (id) ON DELETE CASCADE);\n",
        KEPT + "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);\n", KEEP)
    add("table/swap-names", KEEP + t("x int", name="a1", key="") + t("y text", name="b1", key=""),
        KEPT + "INSERT INTO a1 VALUES (1), (2); INSERT INTO b1 VALUES ('one');\n",
        KEEP + t("y text", name="a1", key="", note="b1") + t("x int", name="b1", key="", note="a1"),
        back_sql=KEEP + t("x int", name="a1", key="", note="b1") + t("y text", name="b1", key="", note="a1"),
        again="history", variants="adopted", keep=["SELECT y FROM a1 => one", "SELECT sum(x) FROM b1 => 3"])
    add("table/rename-chain", KEEP + t("x int", name="a1", key="") + t("y text", name="b1", key=""),
        "INSERT INTO a1 VALUES (1); INSERT INTO b1 VALUES ('one');\n",
        KEEP + t("x int", name="b1", key="", note="a1") + t("y text", name="c1", key="", note="b1"),
        back_sql=KEEP + t("x int", name="a1", key="", note="b1") + t("y text", name="b1", key="", note="c1"))
    add("table/rename-and-alter", KEEP + t("a int"), "INSERT INTO t VALUES (1, 5);\n", KEEP + t("a text NOT NULL", name="moved", note="t"),
        back_sql=KEEP + t("a int", note="moved"))
    add("table/rename-with-everything-on-it",
        KEEP + t("a serial", "b text UNIQUE CHECK (b <> '')", "p int REFERENCES t (id)", others="CREATE INDEX i ON t (a);\nCREATE VIEW v AS SELECT id, b FROM t;\nCOMMENT ON COLUMN t.b IS 'b';\nGRANT SELECT ON t TO moult_reader;\n"),
        "INSERT INTO t (id, b) VALUES (1, 'x'), (2, NULL);\n",
        KEEP + t("a serial", "b text UNIQUE CHECK (b <> '')", "p int REFERENCES moved (id)", name="moved", note="t", others="CREATE INDEX i ON moved (a);\nCREATE VIEW v AS SELECT id, b FROM moved;\nCOMMENT ON COLUMN moved.b IS 'b';\nGRANT SELECT ON moved TO moult_reader;\n"),
        back_sql=KEEP + t("a serial", "b text UNIQUE CHECK (b <> '')", "p int REFERENCES t (id)", note="moved", others="CREATE INDEX i ON t (a);\nCREATE VIEW v AS SELECT id, b FROM t;\nCOMMENT ON COLUMN t.b IS 'b';\nGRANT SELECT ON t TO moult_reader;\n"))
    add("table/becomes-partitioned", KEEP + t("a int", key=""), "INSERT INTO t VALUES (1), (2);\n",
        KEEP + t("a int", key="", options="PARTITION BY RANGE (a)", others="CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);\n"))
    add("table/becomes-a-view", KEEP + t("a int"), "INSERT INTO t VALUES (1, 2);\n", KEEP + "CREATE VIEW t AS SELECT k AS id, k AS a FROM keep;\n")


# --- columns -----------------------------------------------------------------------------------------------------------

#   from, to, values; and whether the way back is possible
TYPES = [
    ("smallint", "int", "1, -5, NULL"), ("int", "bigint", "1, -5, NULL"), ("bigint", "int", "1, -5, NULL"), ("int", "smallint", "1, NULL"),
    ("int", "text", "1, -5, NULL"), ("text", "int", "'1', '-5', NULL"), ("int", "numeric(10,2)", "1, NULL"), ("numeric", "int", "1, 2, NULL"),
    ("numeric(10,2)", "numeric(12,2)", "1.25, NULL"), ("numeric(12,2)", "numeric(10,2)", "1.25, NULL"),
    ("numeric(10,2)", "numeric(10,4)", "1.25, NULL"), ("numeric(10,2)", "numeric", "1.25, NULL"), ("real", "double precision", "1.5, NULL"),
    ("double precision", "numeric", "1.5, NULL"), ("varchar(10)", "varchar(20)", "'ten', NULL"), ("varchar(20)", "varchar(10)", "'ten', NULL"),
    ("varchar(10)", "text", "'ten', ''"), ("varchar", "text", "'ten', ''"), ("text", "varchar(50)", "'ten', NULL"), ("char(5)", "text", "'ten', NULL"),
    ("char(5)", "char(8)", "'ten', NULL"), ("text", "char(8)", "'ten', NULL"), ("date", "timestamp", "'2024-02-29', NULL"),
    ("timestamp", "date", "'2024-02-29', NULL"), ("timestamp", "timestamptz", "'2024-02-29 10:00', NULL"),
    ("timestamptz", "timestamp", "'2024-02-29 10:00+00', NULL"), ("timestamptz(3)", "timestamptz", "'2024-02-29 10:00:00.123+00', NULL"),
    ("timestamptz", "timestamptz(0)", "'2024-02-29 10:00:00+00', NULL"), ("time", "timetz", "'10:00', NULL"), ("interval", "interval day to second", "'1 day 2 hours', NULL"),
    ("text", "date", "'2024-02-29', NULL"), ("text", "timestamptz", "'2024-02-29 10:00:00+00', NULL"), ("json", "jsonb", """'{"a": 1}', NULL"""),
    ("jsonb", "json", """'{"a": 1}', NULL"""), ("text", "jsonb", """'{"a": 1}', NULL"""), ("text", "uuid", "'00000000-0000-0000-0000-000000000001', NULL"),
    ("uuid", "text", "'00000000-0000-0000-0000-000000000001', NULL"), ("text", "boolean", "'true', 'false', NULL"), ("int", "boolean", "0, 1, NULL"),
    ("boolean", "int", "true, false, NULL"), ("boolean", "text", "true, NULL"), ("text", "mood", "'sad', 'ok', NULL"), ("mood", "text", "'sad', NULL"),
    ("mood", "mood2", "'sad', 'ok', NULL"), ("mood[]", "mood2[]", "'{sad,ok}', NULL"), ("int[]", "bigint[]", "'{1,2}', NULL"), ("text[]", "varchar(10)[]", "'{a,b}', NULL"),
    ("int[]", "text", "'{1,2}', NULL"), ("text", "text[]", "'{a,b}', NULL"), ("inet", "text", "'10.0.0.1', NULL"), ("cidr", "inet", "'10.0.0.0/8', NULL"), ("bit(3)", "varbit(8)", "'101', NULL"),
    ("text", "short", "'ten', NULL"), ("short", "text", "'ten', NULL"), ("varchar(5)", "short", "'ten', NULL"), ("int4range", "text", "'[1,5)', NULL"),
    ("bytea", "text", "'abc', NULL"), ("money", "numeric", "'1.25', NULL"), ("xml", "text", "'<a/>', NULL"), ("text", "tsvector", "'a b', NULL"),
]


def columns() -> None:
    types = KEEP + "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TYPE mood2 AS ENUM ('ok', 'sad', 'happy');\nCREATE DOMAIN short AS text CHECK (length(value) < 10);\n"
    for old, new, values in TYPES:
        rows = "".join(f"INSERT INTO t VALUES ({i}, {v}, 'x');\n" for i, v in enumerate(split(values)))
        add(f"column/type-{slug(old)}-to-{slug(new)}", types + t(f"a {old}", "b text"), rows, types + t(f"a {new}", "b text"), back="yes")
    add("column/type-does-not-fit", KEEP + t("a text"), "INSERT INTO t VALUES (1, '5'), (2, 'word');\n", KEEP + t("a int"), outcome="impossible", error=["a", "word"])
    add("column/type-too-long", KEEP + t("a text"), "INSERT INTO t VALUES (1, 'abc'), (2, 'abcdef');\n", KEEP + t("a varchar(4)"), outcome="impossible", error=["a", "1"])
    add("column/type-out-of-range", KEEP + t("a bigint"), "INSERT INTO t VALUES (1, 5), (2, 5000000000);\n", KEEP + t("a int"), outcome="impossible", error=["a", "1"])
    add("column/type-of-an-indexed", KEEP + t("a int", others="CREATE INDEX i ON t (a);\n"), "INSERT INTO t VALUES (1, 5);\n", KEEP + t("a bigint", others="CREATE INDEX i ON t (a);\n"))
    add("column/type-of-a-key", KEEP + t("a text"), "INSERT INTO t VALUES (1, 'a');\n", KEEP + t("a text", key="id bigint PRIMARY KEY"))
    add("column/type-of-both-sides-of-a-key", KEEP + t(name="p") + t("p int REFERENCES p (id)"), "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1);\n",
        KEEP + t(name="p", key="id bigint PRIMARY KEY") + t("p bigint REFERENCES p (id)"))
    for what, other in {"view": "CREATE VIEW v AS SELECT id, a FROM t;\n", "materialized-view": "CREATE MATERIALIZED VIEW v AS SELECT id, a FROM t;\nCREATE INDEX mi ON v (a);\n",
                        "generated": "", "trigger": "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;\nCREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f();\n",
                        "policy": "CREATE POLICY y ON t USING (a > 0);\n", "rule": "CREATE RULE r AS ON UPDATE TO t WHERE new.a < 0 DO INSTEAD NOTHING;\n",
                        "check": "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);\n", "partial-index": "CREATE INDEX i ON t (id) WHERE a > 0;\n", "statistics": "CREATE STATISTICS s ON id, a FROM t;\n",
                        "atomic-function": "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(a) FROM t; END;\n"}.items():
        extra = ("g int GENERATED ALWAYS AS (id + 1) STORED",) if what == "generated" else ()
        more = ("g bigint GENERATED ALWAYS AS (a + 1) STORED",) if what == "generated" else ()
        add(f"column/type-under-a-{what}", KEEP + t("a int", *extra, others=other), "INSERT INTO t (id, a) VALUES (1, 5), (2, 6);\n", KEEP + t("a bigint", *more, others=other))

    one, rows = "a int", "INSERT INTO t (id, a) VALUES (1, 10), (5, NULL), (40, -3);\n"
    new = {"nullable": "b text", "default": "b text DEFAULT 'n'", "not-null-default": "b int NOT NULL DEFAULT 7", "volatile-default": "b uuid NOT NULL DEFAULT gen_random_uuid()",
           "now-default": "b timestamptz NOT NULL DEFAULT now()", "serial": "b serial", "identity": "b int GENERATED BY DEFAULT AS IDENTITY",
           "generated": "b int GENERATED ALWAYS AS (a * 2) STORED", "unique": "b text UNIQUE", "check": "b int DEFAULT 3 CHECK (b > 2)", "references": "b int REFERENCES keep (k)",
           "references-default": "b int NOT NULL DEFAULT 1 REFERENCES keep (k)", "array": "b text[] NOT NULL DEFAULT '{}'", "collate": "b text COLLATE \"C\"", "storage": "b text COMPRESSION pglz",
           "fill": "b text NOT NULL -- @fill 'row ' || id", "fill-nullable": "b text -- @fill upper('x' || id)"}
    for what, definition in new.items():
        add(f"column/add-{what}", KEEP + t(one), KEPT + rows, KEEP + t(one, definition), skip_rows="sequences" if what in ("serial", "identity") else "")
    for what in ("nullable", "default", "not-null-default", "serial", "identity", "generated", "unique", "check", "references", "array"):
        add(f"column/drop-{what}", KEEP + t(one, new[what]), KEPT + rows, KEEP + t(one))
    add("column/add-not-null-no-rows", KEEP + t(one), "", KEEP + t(one, "b text NOT NULL"))
    add("column/add-not-null-with-rows", KEEP + t(one), rows, KEEP + t(one, "b text NOT NULL"), outcome="impossible", error=["3", "@fill"])
    add("column/drop-not-null-asks-fill-back", KEEP + t(one, "b text NOT NULL"), "INSERT INTO t VALUES (1, 2, 'x');\n", KEEP + t(one), back="refused")
    add("column/virtual", KEEP + t(one), rows, KEEP + t(one, "b int GENERATED ALWAYS AS (a * 2) VIRTUAL"), server="18")
    add("column/add-three", KEEP + t(one), rows, KEEP + t(one, "b text", "c real DEFAULT 1.5", "d bytea"))
    add("column/add-and-drop", KEEP + t(one, "b text"), "INSERT INTO t VALUES (1, 2, 'x');\n", KEEP + t(one, "c real"))
    for what, other, rest in (("indexed", "CREATE INDEX i ON t (b);\n", ""), ("in-partial-index", "CREATE INDEX i ON t (a) WHERE b = 'x';\n", "CREATE INDEX i ON t (a);\n"),
                              ("in-view", "CREATE VIEW v AS SELECT id, a, b FROM t;\n", "CREATE VIEW v AS SELECT id, a FROM t;\n"),
                              ("in-check", "ALTER TABLE t ADD CHECK (a > 0 OR b <> 'x');\n", ""), ("in-policy", "CREATE POLICY y ON t USING (b = 'x');\n", "CREATE POLICY y ON t USING (a = 1);\n"),
                              ("in-statistics", "CREATE STATISTICS s ON a, b FROM t;\n", ""), ("commented", "COMMENT ON COLUMN t.b IS 'b';\n", "")):
        add(f"column/drop-{what}", KEEP + t(one, "b text", others=other), "INSERT INTO t VALUES (1, 2, 'x');\n", KEEP + t(one, others=rest))
    add("column/drop-key", KEEP + "CREATE TABLE t (\n  a int,\n  b text,\n  c text,\n  PRIMARY KEY (a, b)\n);\n", "INSERT INTO t VALUES (1, 'x', 'c'), (2, 'y', 'd');\n",
        KEEP + "CREATE TABLE t (\n  a int PRIMARY KEY,\n  c text\n);\n", back="refused")

    text = "INSERT INTO t (id, b) VALUES (1, 'x'), (2, 'y');\n"
    base = "b text"
    states = {"default": "b text DEFAULT 'n'", "default-now": "b text DEFAULT now()::text", "default-function": "b text DEFAULT upper('x')", "not-null": "b text NOT NULL",
              "collate": 'b text COLLATE "C"', "collate-posix": 'b text COLLATE "POSIX"'}
    for what, definition in states.items():
        add(f"column/{what}", KEEP + t(base), text, KEEP + t(definition))
        add(f"column/{what}-back", KEEP + t(definition), text, KEEP + t(base))
    add("column/default-change", KEEP + t("b text DEFAULT 'n'"), text, KEEP + t("b text DEFAULT 'm'"), keep=["INSERT INTO t (id) VALUES (9); SELECT b FROM t WHERE id = 9 => m"])
    add("column/default-nextval", KEEP + "CREATE SEQUENCE q;\n" + t("b int"), "INSERT INTO t VALUES (1, 1);\n", KEEP + "CREATE SEQUENCE q;\n" + t("b int DEFAULT nextval('q')"))
    add("column/not-null-with-nulls", KEEP + t("b text"), text + "INSERT INTO t VALUES (3, NULL);\n", KEEP + t("b text NOT NULL"), outcome="impossible", error=["1", "@fill"])
    add("column/not-null-filled", KEEP + t("b text"), text + "INSERT INTO t VALUES (3, NULL);\n", KEEP + t("b text NOT NULL -- @fill 'row ' || id"),
        keep=["SELECT b FROM t WHERE id = 3 => row 3"])
    for what, sql in {"storage": "ALTER TABLE t ALTER b SET STORAGE EXTERNAL;\n", "storage-main": "ALTER TABLE t ALTER b SET STORAGE MAIN;\n", "compression": "ALTER TABLE t ALTER b SET COMPRESSION pglz;\n",
                      "statistics": "ALTER TABLE t ALTER b SET STATISTICS 500;\n", "statistics-none": "ALTER TABLE t ALTER b SET STATISTICS 0;\n", "n-distinct": "ALTER TABLE t ALTER b SET (n_distinct = 5);\n",
                      "n-distinct-inherited": "ALTER TABLE t ALTER b SET (n_distinct = 5, n_distinct_inherited = -0.5);\n"}.items():
        add(f"column/{what}", KEEP + t(base), text, KEEP + t(base) + sql)
        add(f"column/{what}-back", KEEP + t(base) + sql, text, KEEP + t(base))
    add("column/comment", KEEP + t(base), text, KEEP + t(base) + "COMMENT ON COLUMN t.b IS 'it''s b';\n")
    add("column/comment-change", KEEP + t(base) + "COMMENT ON COLUMN t.b IS 'one';\n", text, KEEP + t(base) + "COMMENT ON COLUMN t.b IS 'two';\n")
    add("column/rename", KEEP + t(base), text, KEEP + t("c text -- @renamed from=b"), back_sql=KEEP + t("b text -- @renamed from=c"))
    add("column/rename-and-type", KEEP + t("b int"), "INSERT INTO t VALUES (1, 5);\n", KEEP + t("c text -- @renamed from=b"), back_sql=KEEP + t("b int -- @renamed from=c"))
    add("column/rename-swap", KEEP + t("a text", "b varchar(9)"), "INSERT INTO t VALUES (1, 'a', 'b');\n", KEEP + t("a varchar(9) -- @renamed from=b", "b text -- @renamed from=a"),
        back_sql=KEEP + t("a text -- @renamed from=b", "b varchar(9) -- @renamed from=a"), again="history", variants="adopted", keep=["SELECT a, b FROM t => b|a"], keep_back=["SELECT a, b FROM t => a|b"])
    add("column/rename-with-everything",
        KEEP + t("b serial UNIQUE CHECK (b > 0) REFERENCES keep (k)", "g int GENERATED ALWAYS AS (b + 1) STORED", others="CREATE INDEX i ON t ((b + 1)) WHERE b > 0;\nCREATE VIEW v AS SELECT b FROM t;\nCREATE POLICY y ON t USING (b > 0);\nGRANT SELECT (b) ON t TO moult_reader;\n"),
        KEPT + "INSERT INTO t (id, b) VALUES (1, 1);\n",
        KEEP + t("c serial UNIQUE CHECK (c > 0) REFERENCES keep (k) -- @renamed from=b", "g int GENERATED ALWAYS AS (c + 1) STORED", others="CREATE INDEX i ON t ((c + 1)) WHERE c > 0;\nCREATE VIEW v AS SELECT c AS b FROM t;\nCREATE POLICY y ON t USING (c > 0);\nGRANT SELECT (c) ON t TO moult_reader;\n"),
        back_sql=KEEP + t("b serial UNIQUE CHECK (b > 0) REFERENCES keep (k) -- @renamed from=c", "g int GENERATED ALWAYS AS (b + 1) STORED", others="CREATE INDEX i ON t ((b + 1)) WHERE b > 0;\nCREATE VIEW v AS SELECT b FROM t;\nCREATE POLICY y ON t USING (b > 0);\nGRANT SELECT (b) ON t TO moult_reader;\n"))

    number = "INSERT INTO t (id, b) OVERRIDING SYSTEM VALUE VALUES (1, 1), (2, 20);\n"
    idents = {"plain": "b int NOT NULL", "always": "b int GENERATED ALWAYS AS IDENTITY", "by-default": "b int GENERATED BY DEFAULT AS IDENTITY",
              "options": "b int GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY 5 MAXVALUE 1000 CYCLE)", "bigint": "b bigint GENERATED ALWAYS AS IDENTITY", "serial": "b serial"}
    for x, old in idents.items():
        for y, new_one in idents.items():
            if x != y and ("plain" in (x, y) or "always" in (x, y) or (x, y) in (("serial", "by-default"), ("by-default", "options"))):
                add(f"identity/{x}-to-{y}", KEEP + t(old), number, KEEP + t(new_one), skip_rows="sequences")
    add("identity/keeps-its-place", KEEP + t("b int GENERATED ALWAYS AS IDENTITY"), "INSERT INTO t (id) SELECT i FROM generate_series(1, 7) i;\n",
        KEEP + t("b int GENERATED BY DEFAULT AS IDENTITY"), keep=["INSERT INTO t (id) VALUES (90); SELECT b FROM t WHERE id = 90 => 8"])
    add("identity/add-continues-behind-the-rows", KEEP + t("b int NOT NULL"), "INSERT INTO t VALUES (1, 1), (2, 50);\n", KEEP + t("b int GENERATED BY DEFAULT AS IDENTITY"),
        keep=["INSERT INTO t (id) VALUES (90); SELECT b FROM t WHERE id = 90 => 51"], skip_rows="sequences")
    for x, y, old, new_one in (("plain", "stored", "g int", "g int GENERATED ALWAYS AS (b * 2) STORED"), ("stored", "plain", "g int GENERATED ALWAYS AS (b * 2) STORED", "g int"),
                               ("stored", "other", "g int GENERATED ALWAYS AS (b * 2) STORED", "g int GENERATED ALWAYS AS (b * 3) STORED")):
        add(f"generated/{x}-to-{y}", KEEP + t("b int", old), "INSERT INTO t (id, b) VALUES (1, 5), (2, NULL);\n", KEEP + t("b int", new_one))


def split(values: str) -> list[str]:
    out, depth = [""], 0
    for c in values:
        depth += {"'": 1 - 2 * depth}.get(c, 0)
        if c == "," and not depth:
            out.append("")
        else:
            out[-1] += c
    return [v.strip() for v in out]


def slug(words: str) -> str:
    return words.replace(" ", "-").replace("(", "").replace(")", "").replace(",", ".").replace("[]", "-array")


# --- constraints -------------------------------------------------------------------------------------------------------


def constraints() -> None:
    cols = ("a int NOT NULL", "b text", "c int")
    rows = "INSERT INTO t (id, a, b, c) VALUES (1, 10, 'x', 1), (2, 20, 'y', 2);\n"
    bare = "id int NOT NULL"

    def on(name: str, base: str, alters: dict, before: str = "", key: str = "id int PRIMARY KEY", data: str = rows, comment: str = "", renamed: str = "") -> None:
        def table(constraint: str) -> str:
            return before + t(*cols, *([constraint] if constraint else []), key=key)
        add(f"constraint-{name}/add", KEEP + table(""), KEPT + data, KEEP + table(base))
        add(f"constraint-{name}/drop", KEEP + table(base), KEPT + data, KEEP + table(""))
        if renamed:
            add(f"constraint-{name}/rename", KEEP + table(base), KEPT + data, KEEP + table(renamed))
        if comment:
            add(f"constraint-{name}/comment", KEEP + table(base), KEPT + data, KEEP + table(base) + f"COMMENT ON CONSTRAINT {comment} ON t IS 'said';\n")
        for what, sql in alters.items():
            special = {"server": "18"} if what.startswith("18-") else {}
            add(f"constraint-{name}/{what}", KEEP + table(base), KEPT + data, KEEP + table(sql), **special)
            add(f"constraint-{name}/{what}-back", KEEP + table(sql), KEPT + data, KEEP + table(base), **special)

    on("primary", "PRIMARY KEY (id)", {"columns": "PRIMARY KEY (id, a)", "include": "PRIMARY KEY (id) INCLUDE (b)", "deferrable": "PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED",
                                       "fillfactor": "PRIMARY KEY (id) WITH (fillfactor = 70)", "other": "PRIMARY KEY (a)"}, key=bare, comment="t_pkey", renamed="CONSTRAINT k PRIMARY KEY (id)")
    on("unique", "UNIQUE (a)", {"columns": "CONSTRAINT t_a_key UNIQUE (a, b)", "include": "CONSTRAINT t_a_key UNIQUE (a) INCLUDE (b)", "deferrable": "UNIQUE (a) DEFERRABLE",
                                "deferred": "UNIQUE (a) DEFERRABLE INITIALLY DEFERRED", "nulls-not-distinct": "UNIQUE NULLS NOT DISTINCT (a)", "fillfactor": "UNIQUE (a) WITH (fillfactor = 50)"},
       comment="t_a_key", renamed="CONSTRAINT u UNIQUE (a)")
    on("check", "CONSTRAINT k CHECK (a > 0)", {"expression": "CONSTRAINT k CHECK (a > 1 AND b IN ('x', 'y'))", "no-inherit": "CONSTRAINT k CHECK (a > 0) NO INHERIT", "function": "CONSTRAINT k CHECK (length(b) < 100)",
                                               "18-not-enforced": "CONSTRAINT k CHECK (a > 0) NOT ENFORCED"}, comment="k", renamed="CONSTRAINT k2 CHECK (a > 0)")
    p = t("y int", "UNIQUE (id, y)", name="p")
    data = "INSERT INTO p VALUES (10, 1), (20, 2), (1, 10), (2, 20);\n" + rows
    actions = {f"on-{e.lower()}-{a.lower().replace(' ', '-')}": f"CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON {e} {a}"
               for e in ("DELETE", "UPDATE") for a in ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT")}
    on("foreign", "CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)", {**actions, "deferrable": "CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) DEFERRABLE",
        "deferred": "CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED", "composite": "CONSTRAINT f FOREIGN KEY (a, c) REFERENCES p (id, y)",
        "match-full": "CONSTRAINT f FOREIGN KEY (a, c) REFERENCES p (id, y) MATCH FULL", "set-null-of-some": "CONSTRAINT f FOREIGN KEY (a, c) REFERENCES p (id, y) ON DELETE SET NULL (c)",
        "other-column": "CONSTRAINT f FOREIGN KEY (c) REFERENCES p (id)", "self": "CONSTRAINT f FOREIGN KEY (c) REFERENCES t (id)",
        "18-not-enforced": "CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) NOT ENFORCED"}, before=p, data=data,
       comment="f", renamed="CONSTRAINT f2 FOREIGN KEY (a) REFERENCES p (id)")
    on("exclude", "CONSTRAINT x EXCLUDE USING gist (int4range(id, a) WITH &&)", {"operator": "CONSTRAINT x EXCLUDE USING gist (int4range(id, a) WITH =)", "where": "CONSTRAINT x EXCLUDE USING gist (int4range(id, a) WITH &&) WHERE (a > 5)",
        "deferrable": "CONSTRAINT x EXCLUDE USING gist (int4range(id, a) WITH &&) DEFERRABLE", "btree": "CONSTRAINT x EXCLUDE USING btree (a WITH =)"},
       data="INSERT INTO t VALUES (1, 10, 'x', 1), (20, 30, 'y', 2);\n", comment="x", renamed="CONSTRAINT x2 EXCLUDE USING gist (int4range(id, a) WITH &&)")
    plain, valid = KEEP + t(*cols), "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);\n"
    add("constraint-check/not-valid", plain, rows, plain + valid.replace(";", " NOT VALID;"))
    add("constraint-check/validate", plain + valid.replace(";", " NOT VALID;"), rows, plain + valid)
    pp = KEEP + p + t(*cols)
    fk = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id);\n"
    add("constraint-foreign/not-valid", pp, data, pp + fk.replace(";", " NOT VALID;"))
    add("constraint-foreign/validate", pp + fk.replace(";", " NOT VALID;"), data, pp + fk)
    add("constraint-check/broken-by-rows", plain, rows + "INSERT INTO t VALUES (3, -1, 'z', 1);\n", plain + valid, outcome="impossible", error=["1"])
    add("constraint-foreign/orphans", pp, data + "INSERT INTO t VALUES (3, 999, 'z', 1);\n", pp + fk, outcome="impossible", error=["1"])
    add("constraint-unique/duplicates", plain, rows + "INSERT INTO t VALUES (3, 20, 'z', 1);\n", KEEP + t(*cols, "UNIQUE (a)"), outcome="impossible", error=["20"])
    add("constraint-primary/duplicates", KEEP + t(*cols, key=bare), rows + "INSERT INTO t VALUES (2, 20, 'z', 1);\n", KEEP + t(*cols), outcome="impossible", error=["2"])
    add("constraint-exclude/overlap", plain, "INSERT INTO t VALUES (1, 10, 'x', 1), (5, 30, 'y', 2);\n", KEEP + t(*cols, "CONSTRAINT x EXCLUDE USING gist (int4range(id, a) WITH &&)"), outcome="impossible")
    add("constraint-unique/becomes-index", KEEP + t(*cols, "CONSTRAINT u UNIQUE (a)"), rows, plain + "CREATE UNIQUE INDEX u ON t (a);\n")
    add("constraint-unique/from-index", plain + "CREATE UNIQUE INDEX u ON t (a);\n", rows, KEEP + t(*cols, "CONSTRAINT u UNIQUE (a)"))
    add("constraint-primary/referenced", KEEP + t("UNIQUE (a, id)", "a int NOT NULL", name="p2") + t("p int REFERENCES p2 (id)"), "INSERT INTO p2 VALUES (1, 1); INSERT INTO t VALUES (1, 1);\n",
        KEEP + t("UNIQUE (a, id)", "a int NOT NULL", name="p2", key="id int PRIMARY KEY DEFERRABLE" if False else "id int CONSTRAINT k PRIMARY KEY") + t("p int REFERENCES p2 (id)"))
    add("constraint-not-null/named", KEEP + t("a int CONSTRAINT nn NOT NULL"), "INSERT INTO t VALUES (1, 1);\n", KEEP + t("a int CONSTRAINT other NOT NULL"), server="18")
    add("constraint-not-null/no-inherit", KEEP + t("a int NOT NULL"), "INSERT INTO t VALUES (1, 1);\n", KEEP + t("a int NOT NULL NO INHERIT"), server="18")


# --- indexes -----------------------------------------------------------------------------------------------------------

INDEXES = {
    "unique": "CREATE UNIQUE INDEX i ON t (a);\n", "desc": "CREATE INDEX i ON t (a DESC);\n", "nulls-first": "CREATE INDEX i ON t (a ASC NULLS FIRST);\n", "two": "CREATE INDEX i ON t (a, b);\n",
    "expression": "CREATE INDEX i ON t (lower(b));\n", "expressions": "CREATE INDEX i ON t ((a + 1), lower(b) DESC);\n", "partial": "CREATE INDEX i ON t (a) WHERE b IS NOT NULL;\n",
    "include": "CREATE INDEX i ON t (a) INCLUDE (b);\n", "opclass": "CREATE INDEX i ON t (b text_pattern_ops);\n", "collate": 'CREATE INDEX i ON t (b COLLATE "C");\n', "hash": "CREATE INDEX i ON t USING hash (a);\n",
    "brin": "CREATE INDEX i ON t USING brin (a) WITH (pages_per_range = 16);\n", "brin-minmax-multi": "CREATE INDEX i ON t USING brin (a int4_minmax_multi_ops (values_per_range = 16));\n",
    "gin": "CREATE INDEX i ON t USING gin (j);\n", "gin-path": "CREATE INDEX i ON t USING gin (j jsonb_path_ops) WITH (fastupdate = off);\n", "gist": "CREATE INDEX i ON t USING gist (r);\n",
    "spgist": "CREATE INDEX i ON t USING spgist (r);\n", "fillfactor": "CREATE INDEX i ON t (a) WITH (fillfactor = 50);\n", "deduplicate": "CREATE INDEX i ON t (a) WITH (deduplicate_items = off);\n",
    "nulls-not-distinct": "CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT;\n", "tsvector": "CREATE INDEX i ON t USING gin (to_tsvector('english', b));\n",
}


def indexes() -> None:
    table = KEEP + t("a int", "b text", "j jsonb", "r int4range")
    rows = """INSERT INTO t VALUES (1, 10, 'x', '{"k": 1}', '[1,5)'), (2, NULL, 'Y', NULL, NULL);\n"""
    base = "CREATE INDEX i ON t (a);\n"
    kind("index", base, context=table, rows=rows, comment="INDEX i", alters=INDEXES,
         renamed=(noted("CREATE INDEX i2 ON t (a);\n", "i"), noted(base, "i2")))
    for what, sql in INDEXES.items():
        add(f"index/create-{what}", table, rows, table + sql)
    add("index/expression-statistics", table + "CREATE INDEX i ON t (lower(b));\n", rows, table + "CREATE INDEX i ON t (lower(b));\nALTER INDEX i ALTER COLUMN 1 SET STATISTICS 300;\n")
    add("index/cluster", table + base, rows, table + base + "ALTER TABLE t CLUSTER ON i;\n")
    add("index/cluster-stays-through-a-change", table + base + "ALTER TABLE t CLUSTER ON i;\n", rows, table + INDEXES["desc"] + "ALTER TABLE t CLUSTER ON i;\n")
    add("index/replica-identity-stays", table + "ALTER TABLE t ALTER a SET NOT NULL;\nCREATE UNIQUE INDEX i ON t (a);\nALTER TABLE t REPLICA IDENTITY USING INDEX i;\n", "INSERT INTO t VALUES (1, 10, 'x', NULL, NULL);\n",
        table + "ALTER TABLE t ALTER a SET NOT NULL;\nCREATE UNIQUE INDEX i ON t (a) WITH (fillfactor = 60);\nALTER TABLE t REPLICA IDENTITY USING INDEX i;\n")
    add("index/swap-names", table + base + "CREATE INDEX k ON t (b);\n", rows, table + "CREATE INDEX i ON t (b);\nCREATE INDEX k ON t (a);\n")
    add("index/unique-duplicates", table, rows + "INSERT INTO t VALUES (3, 10, 'z', NULL, NULL);\n", table + "CREATE UNIQUE INDEX i ON t (a);\n", outcome="impossible", error=["10"])
    trgm = KEEP + "CREATE EXTENSION pg_trgm;\n" + t("b text")
    kind("index-trigram", "CREATE INDEX i ON t USING gist (b gist_trgm_ops);\n", context=trgm, filled="INSERT INTO t VALUES (1, 'abc');\n", comment="INDEX i",
         alters={"opclass-parameter": "CREATE INDEX i ON t USING gist (b gist_trgm_ops (siglen = 32));\n", "gin": "CREATE INDEX i ON t USING gin (b gin_trgm_ops);\n"})
    parted = KEEP + "CREATE TABLE m (a int, b text) PARTITION BY RANGE (a);\nCREATE TABLE m1 PARTITION OF m FOR VALUES FROM (0) TO (100);\nCREATE TABLE m2 PARTITION OF m FOR VALUES FROM (100) TO (200);\n"
    kind("index-partitioned", "CREATE INDEX i ON m (a);\n", context=parted, filled="INSERT INTO m VALUES (1, 'x'), (150, 'y');\n", comment="INDEX i",
         renamed=(noted("CREATE INDEX i2 ON m (a);\n", "i"), noted("CREATE INDEX i ON m (a);\n", "i2")),
         alters={"unique": "CREATE UNIQUE INDEX i ON m (a);\n", "two": "CREATE INDEX i ON m (a, b);\n", "only": "CREATE INDEX i ON m (b) WHERE a > 0;\n"})


# --- partitions --------------------------------------------------------------------------------------------------------


def partitions() -> None:
    def parted(by: str, *parts: str) -> str:
        return KEEP + f"CREATE TABLE m (\n  a int,\n  b text\n) PARTITION BY {by};\n" + "".join(parts)
    ranges = [f"CREATE TABLE m{i} PARTITION OF m FOR VALUES FROM ({i}00) TO ({i + 1}00);\n" for i in range(3)]
    lists = ["CREATE TABLE m0 PARTITION OF m FOR VALUES IN ('x', NULL);\n", "CREATE TABLE m1 PARTITION OF m FOR VALUES IN ('y');\n"]
    hashes = [f"CREATE TABLE m{i} PARTITION OF m FOR VALUES WITH (MODULUS 2, REMAINDER {i});\n" for i in range(2)]
    default = "CREATE TABLE md PARTITION OF m DEFAULT;\n"
    rows = "INSERT INTO m VALUES (5, 'x'), (150, 'y');\n"
    for what, sql in {"range": parted("RANGE (a)", *ranges[:2]), "list": parted("LIST (b)", *lists), "hash": parted("HASH (a)", *hashes), "expression": parted("RANGE ((a + 1))", *ranges[:2]),
                      "default": parted("RANGE (a)", default), "none": parted("RANGE (a)"),
                      "sub": parted("RANGE (a)", "CREATE TABLE m0 PARTITION OF m FOR VALUES FROM (0) TO (200) PARTITION BY LIST (b);\nCREATE TABLE m00 PARTITION OF m0 FOR VALUES IN ('x');\nCREATE TABLE m01 PARTITION OF m0 DEFAULT;\n")}.items():
        data = "" if what == "none" else rows
        add(f"partitioned/create-{what}", KEEP, KEPT, sql)
        add(f"partitioned/drop-{what}", sql, data, KEEP)
    one = parted("RANGE (a)", *ranges[:2])
    add("partitioned/comment", one, rows, one + "COMMENT ON TABLE m IS 'm';\nCOMMENT ON TABLE m0 IS 'm0';\n")
    add("partitioned/rename", one, rows, one.replace("TABLE m (", "TABLE n ( -- @renamed from=m").replace("OF m ", "OF n "), back_sql=one.replace("TABLE m (", "TABLE m ( -- @renamed from=n"))
    add("partition/rename", one, rows, parted("RANGE (a)", "CREATE TABLE moved PARTITION OF m FOR VALUES FROM (000) TO (100); -- @renamed from=m0\n", ranges[1]),
        back_sql=parted("RANGE (a)", "CREATE TABLE m0 PARTITION OF m FOR VALUES FROM (000) TO (100); -- @renamed from=moved\n", ranges[1]))
    add("partition/add", one, rows, parted("RANGE (a)", *ranges))
    add("partition/drop", parted("RANGE (a)", *ranges), rows, one, skip_rows="m")
    add("partition/drop-with-rows", parted("RANGE (a)", *ranges), rows + "INSERT INTO m VALUES (250, 'z');\n", one, skip_rows="m")
    add("partition/add-default", one, rows, parted("RANGE (a)", *ranges[:2], default))
    add("partition/add-beside-default", parted("RANGE (a)", ranges[0], default), "INSERT INTO m VALUES (5, 'x'), (900, 'y');\n", parted("RANGE (a)", *ranges[:2], default))
    add("partition/detach", one, rows, parted("RANGE (a)", ranges[0], t("a int", "b text", name="m1", key="")), skip_rows="m")
    add("partition/attach", parted("RANGE (a)", ranges[0], t("a int", "b text", name="m1", key="")), "INSERT INTO m VALUES (5, 'x');\nINSERT INTO m1 VALUES (150, 'y');\n", one, skip_rows="m")
    add("partition/bounds", one, rows, parted("RANGE (a)", ranges[0], ranges[1].replace("200", "300")))
    add("partition/list-gains-a-value", parted("LIST (b)", *lists), "INSERT INTO m VALUES (1, 'x'), (2, 'y');\n", parted("LIST (b)", lists[0], "CREATE TABLE m1 PARTITION OF m FOR VALUES IN ('y', 'z');\n"))
    add("partition/own-default", one, rows, parted("RANGE (a)", "CREATE TABLE m0 PARTITION OF m (b DEFAULT 'zero') FOR VALUES FROM (0) TO (100);\n", ranges[1]))
    add("partition/own-check", one, rows, parted("RANGE (a)", "CREATE TABLE m0 PARTITION OF m (CONSTRAINT k CHECK (b <> 'no')) FOR VALUES FROM (0) TO (100);\n", ranges[1]))
    add("partition/own-index", one, rows, one + "CREATE INDEX own ON m0 (b);\n")
    for what, sql in {"primary-key": "ALTER TABLE m ADD PRIMARY KEY (a);\n", "unique": "ALTER TABLE m ADD UNIQUE (a, b);\n", "check": "ALTER TABLE m ADD CONSTRAINT k CHECK (a >= 0);\n", "not-null": "ALTER TABLE m ALTER b SET NOT NULL;\n",
                      "foreign-key": "ALTER TABLE m ADD FOREIGN KEY (a) REFERENCES big (k);\nCREATE TABLE big (k int PRIMARY KEY);\n", "default": "ALTER TABLE m ALTER b SET DEFAULT 'd';\n"}.items():
        before = one + ("CREATE TABLE big (k int PRIMARY KEY);\n" if what == "foreign-key" else "")
        add(f"partitioned/{what}", before, rows + ("INSERT INTO big VALUES (5), (150);\n" if what == "foreign-key" else ""), one + sql)
    add("partitioned/add-column", one, rows, one.replace("  b text\n", "  b text,\n  c int DEFAULT 5\n"))
    add("partitioned/type", one, rows, one.replace("  b text\n", "  b varchar(90)\n"))
    add("partitioned/referenced", one + "ALTER TABLE m ADD PRIMARY KEY (a);\n", rows, one + "ALTER TABLE m ADD PRIMARY KEY (a);\nCREATE TABLE c (m int REFERENCES m (a));\n")
    add("partitioned/trigger", one + NOTHING, rows, one + NOTHING + "CREATE TRIGGER g AFTER INSERT ON m FOR EACH ROW EXECUTE FUNCTION f();\n")
    add("partitioned/strategy", parted("RANGE (a)", *ranges[:2]), rows, parted("HASH (a)", *hashes))
    add("partitioned/becomes-plain", one, rows, KEEP + t("a int", "b text", name="m", key=""))


NOTHING = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;\n"


# --- sequences and types -----------------------------------------------------------------------------------------------


def sequences() -> None:
    used = "SELECT nextval('q') FROM generate_series(1, 3);\n"
    kind("sequence", "CREATE SEQUENCE q;\n", filled=used, comment="SEQUENCE q", renamed=(noted("CREATE SEQUENCE q2;\n", "q"), noted("CREATE SEQUENCE q;\n", "q2")), alters={
        "increment": "CREATE SEQUENCE q INCREMENT 5;\n", "minimum": "CREATE SEQUENCE q MINVALUE -5 START 1;\n", "maximum": "CREATE SEQUENCE q MAXVALUE 1000;\n", "start": "CREATE SEQUENCE q START 10;\n",
        "cache": "CREATE SEQUENCE q CACHE 20;\n", "cycle": "CREATE SEQUENCE q CYCLE;\n", "smallint": "CREATE SEQUENCE q AS smallint;\n", "descending": "CREATE SEQUENCE q INCREMENT -1 MINVALUE -100 MAXVALUE 100 START 3;\n",
        "unlogged": "CREATE UNLOGGED SEQUENCE q;\n", "owned": "CREATE SEQUENCE q OWNED BY keep.k;\n", "used": "CREATE SEQUENCE q;\nALTER TABLE keep ALTER v SET DEFAULT nextval('q')::text;\n"})
    add("sequence/rename-keeps-its-place", KEEP + "CREATE SEQUENCE q;\n", used, KEEP + noted("CREATE SEQUENCE q2;\n", "q"), back_sql=KEEP + noted("CREATE SEQUENCE q;\n", "q2"),
        keep=["SELECT nextval('q2') => 4"], keep_back=["SELECT nextval('q') => 5"])  # what a look takes from a sequence, no ROLLBACK gives back
    add("sequence/serial-type-grows", KEEP + t(key="id serial PRIMARY KEY"), "INSERT INTO t DEFAULT VALUES;\n", KEEP + t(key="id bigserial PRIMARY KEY"), keep=["INSERT INTO t DEFAULT VALUES RETURNING id => 2"])


def types() -> None:
    mood = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');\n"
    using = t("m mood DEFAULT 'ok'", "ms mood[]", others="CREATE INDEX mi ON t (m) WHERE m <> 'ok';\nCREATE VIEW mv AS SELECT id, m FROM t WHERE m = 'sad';\n")
    plain = t("m mood DEFAULT 'ok'", "ms mood[]")
    rows = "INSERT INTO t VALUES (1, 'sad', '{ok,sad}'), (2, 'ok', NULL), (3, NULL, '{}');\n"
    kind("enum", mood, comment="TYPE mood", renamed=(noted(mood.replace("mood", "state"), "mood"), noted(mood, "state")), alters={
        "add-last": "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'glad');\n", "add-first": "CREATE TYPE mood AS ENUM ('mad', 'sad', 'ok', 'happy');\n",
        "add-between": "CREATE TYPE mood AS ENUM ('sad', 'so', 'ok', 'well', 'happy');\n", "remove": "CREATE TYPE mood AS ENUM ('sad', 'ok');\n", "reorder": "CREATE TYPE mood AS ENUM ('happy', 'sad', 'ok');\n"})
    for users_name, users in (("used", using), ("column", plain)):
        for what, sql in {"add-last": "'sad', 'ok', 'happy', 'glad'", "add-between": "'sad', 'so', 'ok', 'happy'", "remove": "'sad', 'ok'", "reorder": "'happy', 'sad', 'ok'"}.items():
            add(f"enum-{users_name}/{what}", KEEP + mood + users, rows, KEEP + f"CREATE TYPE mood AS ENUM ({sql});\n" + users)
        add(f"enum-{users_name}/rename", KEEP + mood + users, rows, KEEP + noted(mood.replace("mood", "state"), "mood") + users.replace("mood", "state"), back_sql=KEEP + noted(mood, "state") + users)
    add("enum-used/remove-one-in-use", KEEP + mood + plain, rows + "INSERT INTO t VALUES (9, 'happy', NULL);\n", KEEP + "CREATE TYPE mood AS ENUM ('sad', 'ok');\n" + plain, outcome="impossible", error=["happy", "1"])
    add("enum-used/new-value-in-default", KEEP + mood + plain, rows, KEEP + "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'glad');\n" + plain.replace("DEFAULT 'ok'", "DEFAULT 'glad'"))
    add("enum-used/new-value-in-check", KEEP + mood + plain, rows, KEEP + "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'glad');\n" + plain + "ALTER TABLE t ADD CONSTRAINT k CHECK (m <> 'glad');\n")
    add("enum-used/in-function-and-array", KEEP + mood + plain + "CREATE FUNCTION is_sad(m mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT m = 'sad' $$;\n", rows,
        KEEP + "CREATE TYPE mood AS ENUM ('ok', 'sad');\n" + plain + "CREATE FUNCTION is_sad(m mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT m = 'sad' $$;\n")

    short = "CREATE DOMAIN short AS text CONSTRAINT size CHECK (length(value) < 10);\n"
    using = t("s short", "ss short[]")
    rows = "INSERT INTO t (id, s) VALUES (1, 'abc'), (2, 'de');\n"
    alters = {"default": "CREATE DOMAIN short AS text DEFAULT 'd' CONSTRAINT size CHECK (length(value) < 10);\n", "not-null": "CREATE DOMAIN short AS text NOT NULL CONSTRAINT size CHECK (length(value) < 10);\n",
              "check": "CREATE DOMAIN short AS text CONSTRAINT size CHECK (length(value) < 20);\n", "no-check": "CREATE DOMAIN short AS text;\n", "check-renamed": "CREATE DOMAIN short AS text CONSTRAINT size2 CHECK (length(value) < 10);\n",
              "two-checks": "CREATE DOMAIN short AS text CONSTRAINT size CHECK (length(value) < 10) CONSTRAINT filled CHECK (value <> '');\n",
              "base-type": "CREATE DOMAIN short AS varchar(50) CONSTRAINT size CHECK (length(value) < 10);\n", "collate": 'CREATE DOMAIN short AS text COLLATE "C" CONSTRAINT size CHECK (length(value) < 10);\n',
              "not-valid": short.replace(" CONSTRAINT size CHECK (length(value) < 10)", "") + "ALTER DOMAIN short ADD CONSTRAINT size CHECK (length(value) < 10) NOT VALID;\n"}
    kind("domain", short, comment="DOMAIN short", renamed=(noted(short.replace("DOMAIN short", "DOMAIN brief"), "short"), noted(short, "brief")), alters=alters)
    for what, sql in alters.items():
        more = {"skip_rows": "all"} if what == "not-null" else {}
        table = using.replace(",\n  ss short[]", "") if what == "not-null" else using
        add(f"domain-used/{what}", KEEP + short + table, rows, KEEP + sql + table, **more)
        add(f"domain-used/{what}-back", KEEP + sql + table, rows, KEEP + short + table, **more)
    add("domain-used/rename", KEEP + short + using, rows, KEEP + noted(short.replace("DOMAIN short", "DOMAIN brief"), "short") + using.replace("short", "brief"), back_sql=KEEP + noted(short, "brief") + using)
    add("domain-used/broken-by-rows", KEEP + short + using, rows, KEEP + short.replace("< 10", "< 3") + using, outcome="impossible")
    add("domain/comment-on-constraint", KEEP + short, KEPT, KEEP + short + "COMMENT ON CONSTRAINT size ON DOMAIN short IS 'said';\n")

    pair = "CREATE TYPE pair AS (\n  x int,\n  y text\n);\n"
    using = t("p pair")
    rows = "INSERT INTO t VALUES (1, '(1,a)'), (2, NULL);\n"
    alters = {"add": "CREATE TYPE pair AS (\n  x int,\n  y text,\n  z date\n);\n", "drop-attribute": "CREATE TYPE pair AS (\n  x int\n);\n", "type": "CREATE TYPE pair AS (\n  x bigint,\n  y text\n);\n",
              "collate": 'CREATE TYPE pair AS (\n  x int,\n  y text COLLATE "C"\n);\n'}
    kind("composite", pair, comment="TYPE pair", renamed=(pair.replace("AS (", "AS ( -- @renamed from=pair").replace("TYPE pair", "TYPE duo"), pair.replace("AS (", "AS ( -- @renamed from=duo")), alters=alters)
    for what, sql in alters.items():
        add(f"composite-used/{what}", KEEP + pair + using, rows, KEEP + sql + using, skip_rows="t")
    add("composite/comment-on-attribute", KEEP + pair, KEPT, KEEP + pair + "COMMENT ON COLUMN pair.x IS 'x';\n")
    add("composite/rename-attribute", KEEP + pair, KEPT, KEEP + pair.replace("x int,", "w int, -- @renamed from=x"), back_sql=KEEP + pair.replace("x int,", "x int, -- @renamed from=w"))
    kind("range", "CREATE TYPE span AS RANGE (subtype = float8);\n", comment="TYPE span", renamed=(noted("CREATE TYPE reach AS RANGE (subtype = float8);\n", "span"), noted("CREATE TYPE span AS RANGE (subtype = float8);\n", "reach")),
         alters={"subtype": "CREATE TYPE span AS RANGE (subtype = numeric);\n", "difference": "CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);\n",
                 "multirange": "CREATE TYPE span AS RANGE (subtype = float8, multirange_type_name = spans);\n"})
    add("range/used", KEEP + "CREATE TYPE span AS RANGE (subtype = float8);\n" + t("s span"), "INSERT INTO t VALUES (1, '[1,2)');\n", KEEP + "CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);\n" + t("s span"))


# --- views -------------------------------------------------------------------------------------------------------------


def views() -> None:
    table = KEEP + t("a int", "b text")
    base = "CREATE VIEW v AS SELECT id, a FROM t;\n"
    kind("view", base, context=table, rows=ROWS, comment="VIEW v", renamed=(noted(base.replace("VIEW v", "VIEW w"), "v"), noted(base, "w")), alters={
        "add-column": "CREATE VIEW v AS SELECT id, a, b FROM t;\n", "drop-column": "CREATE VIEW v AS SELECT id FROM t;\n", "other-type": "CREATE VIEW v AS SELECT id, a::text AS a FROM t;\n", "order": "CREATE VIEW v AS SELECT a, id FROM t;\n",
        "where": "CREATE VIEW v AS SELECT id, a FROM t WHERE a > 0;\n", "names": "CREATE VIEW v (x, y) AS SELECT id, a FROM t;\n", "security-barrier": "CREATE VIEW v WITH (security_barrier) AS SELECT id, a FROM t;\n",
        "security-invoker": "CREATE VIEW v WITH (security_invoker) AS SELECT id, a FROM t;\n", "check-local": "CREATE VIEW v AS SELECT id, a FROM t WITH LOCAL CHECK OPTION;\n",
        "check-cascaded": "CREATE VIEW v AS SELECT id, a FROM t WITH CASCADED CHECK OPTION;\n", "recursive": "CREATE RECURSIVE VIEW v (id, a) AS VALUES (1, 2) UNION ALL SELECT id + 1, a FROM v WHERE id < 3;\n",
        "default": base + "ALTER VIEW v ALTER a SET DEFAULT 5;\n", "granted": base + "GRANT SELECT ON v TO moult_reader;\n", "materialized": "CREATE MATERIALIZED VIEW v AS SELECT id, a FROM t;\n",
        "instead-of": base + NOTHING + "CREATE TRIGGER g INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION f();\n", "column-comment": base + "COMMENT ON COLUMN v.a IS 'a';\n",
        "joins": "CREATE VIEW v AS SELECT id, a FROM t LEFT JOIN keep ON k = a;\n"})
    on = base + "CREATE VIEW w AS SELECT a FROM v;\nCREATE VIEW x AS SELECT a FROM w;\nGRANT SELECT ON w TO moult_reader;\nCOMMENT ON VIEW x IS 'x';\n"
    for what, sql in {"where": "CREATE VIEW v AS SELECT id, a FROM t WHERE a > 0;\n", "other-type": "CREATE VIEW v AS SELECT id, a::bigint AS a FROM t;\n", "loses-a-column": "CREATE VIEW v AS SELECT a FROM t;\n"}.items():
        add(f"view-on-view/{what}", table + on, ROWS, table + on.replace(base, sql))
    add("view-on-view/drop-all", table + on, ROWS, table)
    mat = "CREATE MATERIALIZED VIEW v AS SELECT id, a FROM t;\n"
    kind("materialized-view", mat, context=table, rows=ROWS, comment="MATERIALIZED VIEW v", renamed=(noted(mat.replace("VIEW v", "VIEW w"), "v"), noted(mat, "w")), alters={
        "query": "CREATE MATERIALIZED VIEW v AS SELECT id, a, b FROM t;\n", "fillfactor": "CREATE MATERIALIZED VIEW v WITH (fillfactor = 60) AS SELECT id, a FROM t;\n",
        "index": mat + "CREATE INDEX vi ON v (a);\n", "unique-index": mat + "CREATE UNIQUE INDEX vi ON v (id);\n", "granted": mat + "GRANT SELECT ON v TO moult_reader;\n", "dependent": mat + "CREATE VIEW w AS SELECT a FROM v;\n",
        "statistics": mat + "ALTER MATERIALIZED VIEW v ALTER a SET STATISTICS 50;\n", "cluster": mat + "CREATE INDEX vi ON v (a);\nALTER MATERIALIZED VIEW v CLUSTER ON vi;\n"})
    add("materialized-view/query-under-index-and-view", table + mat + "CREATE INDEX vi ON v (a);\nCREATE VIEW w AS SELECT a FROM v;\nCOMMENT ON MATERIALIZED VIEW v IS 'v';\n", ROWS,
        table + "CREATE MATERIALIZED VIEW v AS SELECT id, a FROM t WHERE a > 0;\nCREATE INDEX vi ON v (a);\nCREATE VIEW w AS SELECT a FROM v;\nCOMMENT ON MATERIALIZED VIEW v IS 'v';\n")


# --- functions and triggers --------------------------------------------------------------------------------------------


def functions() -> None:
    def f(args="a int", returns="int", body="SELECT a + 1", name="f", words="", language="sql"):
        return f"CREATE FUNCTION {name}({args}) RETURNS {returns} LANGUAGE {language} {words} AS $$ {body} $$;\n"
    kind("function", f(), comment="FUNCTION f(int)", renamed=(noted(f(name="g"), "f"), noted(f(), "g")), alters={
        "body": f(body="SELECT a + 2"), "volatility": f(words="IMMUTABLE"), "strict": f(words="STRICT"), "definer": f(words="SECURITY DEFINER"), "parallel": f(words="PARALLEL SAFE"), "cost": f(words="COST 5000"),
        "leakproof": f(words="LEAKPROOF"), "set": f(words="SET search_path = public SET work_mem = '1MB'"), "language": f(language="plpgsql", body="BEGIN RETURN a; END"), "returns": f(returns="bigint", body="SELECT a::bigint"),
        "argument-name": f(args="b int", body="SELECT b + 1"), "argument-type": f(args="a bigint", body="SELECT 1"), "argument-default": f(args="a int DEFAULT 5"), "overload": f() + f(args="a text", body="SELECT length(a)"),
        "set-returning": f(returns="SETOF int", words="ROWS 10"), "table-returning": f(returns="TABLE (x int, y int)", body="SELECT a, a"), "out": "CREATE FUNCTION f(a int, OUT x int, OUT y int) LANGUAGE sql AS $$ SELECT a, a $$;\n",
        "variadic": f(args="VARIADIC a int[]", body="SELECT a[1]"), "atomic": "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;\n", "return": "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN a + 1;\n",
        "granted": f() + "REVOKE ALL ON FUNCTION f(int) FROM PUBLIC;\nGRANT EXECUTE ON FUNCTION f(int) TO moult_reader;\n", "semicolons": f(language="plpgsql", body="BEGIN a := 1; IF a > 0 THEN RETURN 1; END IF; RETURN 2; END")})
    users = {"default": t("a int DEFAULT f(1)"), "check": t("a int CHECK (f(a) > 0)"), "index": t("a int", others="CREATE INDEX i ON t (f(a));\n"), "generated": t("a int", "g int GENERATED ALWAYS AS (f(a)) STORED"),
             "view": "CREATE VIEW v AS SELECT f(k) FROM keep;\n", "policy": t("a int", others="CREATE POLICY y ON t USING (f(a) > 0);\n")}
    for what, sql in users.items():
        base = f(words="IMMUTABLE")
        rows = KEPT + ("INSERT INTO t VALUES (1, 1);\n" if what in ("default", "check", "index", "policy") else "")
        add(f"function-used/create-in-{what}", KEEP, KEPT, KEEP + base + sql)
        add(f"function-used/body-in-{what}", KEEP + base + sql, rows, KEEP + f(body="SELECT a + 3", words="IMMUTABLE") + sql, skip_rows="t" if what == "generated" else "")
        add(f"function-used/argument-name-in-{what}", KEEP + base + sql, rows, KEEP + f(args="n int", body="SELECT n + 1", words="IMMUTABLE") + sql)
    proc = "CREATE PROCEDURE p(a int) LANGUAGE sql AS $$ SELECT a $$;\n"
    kind("procedure", proc, comment="PROCEDURE p(int)", renamed=(noted(proc.replace("E p(", "E q("), "p"), noted(proc, "q")), alters={
        "body": proc.replace("SELECT a", "SELECT a + 1"), "argument": proc.replace("a int", "a int, b text DEFAULT 'x'"), "definer": proc.replace("LANGUAGE", "SECURITY DEFINER LANGUAGE"), "inout": "CREATE PROCEDURE p(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := 1; END $$;\n"})
    agg = "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');\n"
    kind("aggregate", agg, comment="AGGREGATE total(int)", renamed=(noted(agg.replace("total", "summed"), "total"), noted(agg, "summed")), alters={
        "initial": agg.replace("'0'", "'5'"), "parallel": agg.replace("'0'", "'0', PARALLEL = SAFE"), "combine": agg.replace("'0'", "'0', COMBINEFUNC = int4pl"), "function": agg.replace("int4pl", "int4larger"),
        "used": agg + "CREATE VIEW v AS SELECT total(k) FROM keep;\n"})


def triggers() -> None:
    table = KEEP + t("a int", "b text") + NOTHING + NOTHING.replace("f()", "f2()")
    base = "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();\n"
    kind("trigger", base, context=table, rows=ROWS, comment="TRIGGER g ON t", renamed=(noted(base.replace("R g ", "R h "), "g"), noted(base, "h")), alters={
        "after": base.replace("BEFORE", "AFTER"), "events": base.replace("UPDATE", "INSERT OR UPDATE OR DELETE"), "of-columns": base.replace("UPDATE", "UPDATE OF a, b"), "when": base.replace("EXECUTE", "WHEN (new.a IS DISTINCT FROM old.a) EXECUTE"),
        "statement": base.replace("FOR EACH ROW", "FOR EACH STATEMENT"), "truncate": base.replace("UPDATE", "TRUNCATE").replace("FOR EACH ROW", "FOR EACH STATEMENT"), "function": base.replace("f()", "f2()"), "arguments": base.replace("f()", "f('x', 'y')"),
        "transition": "CREATE TRIGGER g AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION f();\n",
        "constraint": "CREATE CONSTRAINT TRIGGER g AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();\n", "constraint-immediate": "CREATE CONSTRAINT TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();\n",
        "disabled": base + "ALTER TABLE t DISABLE TRIGGER g;\n", "replica": base + "ALTER TABLE t ENABLE REPLICA TRIGGER g;\n", "always": base + "ALTER TABLE t ENABLE ALWAYS TRIGGER g;\n"})
    add("trigger/disabled-stays-through-a-change", table + base + "ALTER TABLE t DISABLE TRIGGER g;\n", ROWS, table + base.replace("BEFORE", "AFTER") + "ALTER TABLE t DISABLE TRIGGER g;\n")
    add("trigger/does-not-fire-on-a-fill", KEEP + t("a int") + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fired'; END $$;\nCREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();\n",
        "INSERT INTO t VALUES (1, 1);\n", KEEP + t("a int", "b text NOT NULL -- @fill 'x'") + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fired'; END $$;\nCREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();\n")
    rule = "CREATE RULE r AS ON UPDATE TO t DO ALSO NOTHING;\n"
    kind("rule", rule, context=table, rows=ROWS, comment="RULE r ON t", renamed=(noted(rule.replace("RULE r ", "RULE s "), "r"), noted(rule, "s")), alters={
        "event": rule.replace("UPDATE", "DELETE"), "instead": rule.replace("ALSO", "INSTEAD"), "where": rule.replace("TO t", "TO t WHERE new.a < 0"), "action": rule.replace("NOTHING", "INSERT INTO keep VALUES (new.id, 'x')"),
        "disabled": rule + "ALTER TABLE t DISABLE RULE r;\n", "always": rule + "ALTER TABLE t ENABLE ALWAYS RULE r;\n"})
    policy = "CREATE POLICY y ON t USING (a > 0);\n"
    kind("policy", policy, context=table, rows=ROWS, comment="POLICY y ON t", renamed=(noted(policy.replace("Y y ", "Y z "), "y"), noted(policy, "z")), alters={
        "using": policy.replace("a > 0", "a > 1"), "check": policy.replace(";", " WITH CHECK (a > 5);"), "no-using": "CREATE POLICY y ON t WITH CHECK (a > 5);\n", "command": policy.replace("ON t", "ON t FOR SELECT"), "role": policy.replace("ON t", "ON t TO moult_reader"),
        "roles": policy.replace("ON t", "ON t TO moult_reader, moult_writer"), "restrictive": policy.replace("ON t", "ON t AS RESTRICTIVE"), "subquery": policy.replace("a > 0", "EXISTS (SELECT 1 FROM keep WHERE k = a)"),
        "enabled": policy + "ALTER TABLE t ENABLE ROW LEVEL SECURITY;\n"})
    event = "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;\n"
    trig = "CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION e();\n"
    kind("event-trigger", trig, context=KEEP + event, rows=KEPT, comment="EVENT TRIGGER et", renamed=(noted(trig.replace("R et", "R et2"), "et"), noted(trig, "et2")), alters={
        "event": trig.replace("ddl_command_end", "ddl_command_start"), "tags": trig.replace("EXECUTE", "WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE"), "disabled": trig + "ALTER EVENT TRIGGER et DISABLE;\n", "always": trig + "ALTER EVENT TRIGGER et ENABLE ALWAYS;\n"})


# --- rights, extensions, and the rest ----------------------------------------------------------------------------------


def rights() -> None:
    things = KEEP + t("a int") + "CREATE SEQUENCE q;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;\nCREATE VIEW v AS SELECT 1 AS one;\nCREATE TYPE ty AS ENUM ('a');\nCREATE DOMAIN d AS int;\n"
    for what, sql in {"select": "GRANT SELECT ON t TO moult_reader;\n", "all": "GRANT ALL ON t TO moult_writer;\n", "some": "GRANT INSERT, UPDATE, DELETE, REFERENCES, TRIGGER, TRUNCATE ON t TO moult_writer;\n", "column": "GRANT SELECT (a), UPDATE (a) ON t TO moult_reader;\n",
                      "option": "GRANT SELECT ON t TO moult_reader WITH GRANT OPTION;\n", "public": "GRANT SELECT ON t TO PUBLIC;\n", "two": "GRANT SELECT ON t TO moult_reader, moult_writer;\n", "sequence": "GRANT USAGE, SELECT ON SEQUENCE q TO moult_writer;\n",
                      "function": "GRANT EXECUTE ON FUNCTION f() TO moult_reader;\n", "function-revoked": "REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;\n", "view": "GRANT SELECT ON v TO moult_reader;\n", "type": "GRANT USAGE ON TYPE ty TO moult_reader;\n",
                      "type-revoked": "REVOKE USAGE ON TYPE ty FROM PUBLIC;\n", "domain": "GRANT USAGE ON DOMAIN d TO moult_reader;\n", "schema": "GRANT USAGE ON SCHEMA public TO moult_reader;\n"}.items():
        add(f"grant/{what}", things, KEPT, things + sql)
        add(f"grant/{what}-back", things + sql, KEPT, things)
    add("grant/from-select-to-all", things + "GRANT SELECT ON t TO moult_reader;\n", KEPT, things + "GRANT ALL ON t TO moult_reader;\n")
    add("grant/option-taken-back", things + "GRANT SELECT ON t TO moult_reader WITH GRANT OPTION;\n", KEPT, things + "GRANT SELECT ON t TO moult_reader;\n")
    for what, sql in {"tables": "GRANT SELECT ON TABLES TO moult_reader", "sequences": "GRANT USAGE ON SEQUENCES TO moult_writer", "functions": "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", "types": "GRANT USAGE ON TYPES TO moult_reader"}.items():
        scope = "" if what in ("functions",) else " IN SCHEMA public"
        add(f"default-privileges/{what}", KEEP, KEPT, KEEP + f"ALTER DEFAULT PRIVILEGES{scope} {sql};\n")
        add(f"default-privileges/{what}-back", KEEP + f"ALTER DEFAULT PRIVILEGES{scope} {sql};\n", KEPT, KEEP)


def rest() -> None:
    add("extension/create", KEEP, KEPT, KEEP + "CREATE EXTENSION citext;\n" + t("a citext"), back="no")
    add("extension/in-a-schema", KEEP, KEPT, KEEP + "CREATE SCHEMA ext;\nCREATE EXTENSION citext SCHEMA ext;\n" + t("a ext.citext"), back="no", flags="--schema public,ext")
    add("extension/no-longer-declared-stays", KEEP + "CREATE EXTENSION citext;\n", KEPT, KEEP, expected=KEEP + "CREATE EXTENSION citext;\n", outcome="empty", variants="adopted")
    add("extension/comment", KEEP + "CREATE EXTENSION citext;\n", KEPT, KEEP + "CREATE EXTENSION citext;\nCOMMENT ON EXTENSION citext IS 'said';\n", back="no")
    add("extension/type-of-it", KEEP + "CREATE EXTENSION citext;\n" + t("a text"), "INSERT INTO t VALUES (1, 'x');\n", KEEP + "CREATE EXTENSION citext;\n" + t("a citext"))
    coll = "CREATE COLLATION de (locale = 'C');\n"
    kind("collation", coll, comment="COLLATION de", renamed=(noted(coll.replace("N de", "N fr"), "de"), noted(coll, "fr")),
         alters={"locale": coll.replace("'C'", "'POSIX'"), "provider": "CREATE COLLATION de (provider = icu, locale = 'de');\n", "insensitive": "CREATE COLLATION de (provider = icu, locale = 'de', deterministic = false);\n", "used": coll + t("a text COLLATE de")})
    table = KEEP + t("a int", "b text", "c int")
    data = "INSERT INTO t VALUES (1, 1, 'x', 2), (2, 2, 'y', 3);\n"
    stat = "CREATE STATISTICS s ON a, b FROM t;\n"
    kind("statistics", stat, context=table, rows=data, comment="STATISTICS s", renamed=(noted(stat.replace("CS s", "CS s2"), "s"), noted(stat, "s2")), alters={
        "kinds": stat.replace("s ON", "s (ndistinct, dependencies) ON"), "columns": stat.replace("a, b", "a, b, c"), "expression": stat.replace("a, b", "a, lower(b)"), "target": stat + "ALTER STATISTICS s SET STATISTICS 50;\n", "mcv": stat.replace("s ON", "s (mcv) ON")})
    dic = "CREATE TEXT SEARCH DICTIONARY dic (TEMPLATE = simple, STOPWORDS = english);\n"
    kind("text-search-dictionary", dic, comment="TEXT SEARCH DICTIONARY dic", renamed=(noted(dic.replace("Y dic", "Y dic2"), "dic"), noted(dic, "dic2")),
         alters={"option": dic.replace("STOPWORDS = english", "STOPWORDS = english, ACCEPT = false"), "template": "CREATE TEXT SEARCH DICTIONARY dic (TEMPLATE = snowball, LANGUAGE = english);\n"})
    conf = "CREATE TEXT SEARCH CONFIGURATION conf (COPY = pg_catalog.simple);\n"
    kind("text-search-configuration", conf, comment="TEXT SEARCH CONFIGURATION conf", renamed=(noted(conf.replace("N conf", "N conf2"), "conf"), noted(conf, "conf2")),
         alters={"mapping": conf + "ALTER TEXT SEARCH CONFIGURATION conf ALTER MAPPING FOR word WITH english_stem;\n", "no-mapping": conf + "ALTER TEXT SEARCH CONFIGURATION conf DROP MAPPING FOR email;\n",
                 "with-dictionary": dic + conf + "ALTER TEXT SEARCH CONFIGURATION conf ALTER MAPPING FOR word WITH dic, simple;\n", "used": conf + t("b text", others="CREATE INDEX i ON t USING gin (to_tsvector('conf', b));\n")})
    fun = "CREATE FUNCTION near(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT abs(a - b) < 5 $$;\n"
    op = "CREATE OPERATOR ~~~ (FUNCTION = near, LEFTARG = int, RIGHTARG = int);\n"
    kind("operator", op, context=KEEP + fun, rows=KEPT, comment="OPERATOR ~~~ (int, int)", alters={
        "commutator": op.replace(");", ", COMMUTATOR = ~~~);"), "restrict": op.replace(");", ", RESTRICT = eqsel, JOIN = eqjoinsel);"), "used": op + "CREATE VIEW v AS SELECT k ~~~ 3 AS near FROM keep;\n"})
    fam = "CREATE OPERATOR FAMILY fam USING btree;\n"
    kind("operator-family", fam, comment="OPERATOR FAMILY fam USING btree", renamed=(noted(fam.replace("Y fam", "Y fam2"), "fam"), noted(fam, "fam2")), alters={})
    cls = "CREATE OPERATOR CLASS cls FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);\n"
    kind("operator-class", cls, comment="OPERATOR CLASS cls USING btree", renamed=(noted(cls.replace("S cls", "S cls2"), "cls"), noted(cls, "cls2")), alters={"used": cls + t("a int", others="CREATE INDEX i ON t (a cls);\n")})
    pair = KEEP + "CREATE TYPE pair AS (x int, y text);\nCREATE FUNCTION first(p pair) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT p.x $$;\n"
    cast = "CREATE CAST (pair AS int) WITH FUNCTION first(pair);\n"
    kind("cast", cast, context=pair, rows=KEPT, comment="CAST (pair AS int)", alters={"assignment": cast.replace(";", " AS ASSIGNMENT;"), "implicit": cast.replace(";", " AS IMPLICIT;")})
    table = KEEP + t("a int", "b text") + t("c int", name="u")
    pub = "CREATE PUBLICATION p FOR TABLE t;\n"
    kind("publication", pub, context=table, rows=KEPT, comment="PUBLICATION p", renamed=(noted(pub.replace("N p ", "N p2 "), "p"), noted(pub, "p2")), alters={
        "two-tables": pub.replace("TABLE t", "TABLE t, u"), "columns": pub.replace("TABLE t", "TABLE t (id, a)"), "where": pub.replace("TABLE t", "TABLE t WHERE (id > 5)"), "all-tables": "CREATE PUBLICATION p FOR ALL TABLES;\n", "schema": "CREATE PUBLICATION p FOR TABLES IN SCHEMA public;\n",
        "publish": pub.replace(";", " WITH (publish = 'insert, update');"), "via-root": pub.replace(";", " WITH (publish_via_partition_root = true);"), "none": "CREATE PUBLICATION p;\n"})
    two = "CREATE SCHEMA other;\n"
    kind("schema", two, comment="SCHEMA other", flags="--schema public,other", alters={"granted": two + "GRANT USAGE ON SCHEMA other TO moult_reader;\n", "table": two + t("a int", name="other.t"),
         "across": two + t("a int REFERENCES public.keep (k)", name="other.t") + "CREATE VIEW v AS SELECT a FROM other.t;\n"})
    add("schema/table-moves", KEEP + two + t("a int"), "INSERT INTO t VALUES (1, 2);\n", KEEP + two + t("a int", name="other.t", note="public.t"), back_sql=KEEP + two + t("a int", note="other.t"), flags="--schema public,other")
    fdw = KEEP + "CREATE EXTENSION postgres_fdw;\n"
    server = "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere', dbname 'x');\n"
    kind("foreign-server", server, context=fdw, rows=KEPT, comment="SERVER far", renamed=(noted(server.replace("R far", "R away"), "far"), noted(server, "away")), alters={"option": server.replace("nowhere", "elsewhere"), "mapping": server + "CREATE USER MAPPING FOR moult_reader SERVER far OPTIONS (user 'x');\n"})
    foreign = "CREATE FOREIGN TABLE ft (\n  a int,\n  b text\n) SERVER far OPTIONS (table_name 'x');\n"
    kind("foreign-table", foreign, context=fdw + server, rows=KEPT, comment="FOREIGN TABLE ft", renamed=(foreign.replace("ft (", "ft2 ( -- @renamed from=ft"), foreign.replace("ft (", "ft ( -- @renamed from=ft2")),
         alters={"column": foreign.replace("b text", "b text,\n  c int"), "option": foreign.replace("'x'", "'y'"), "column-option": foreign.replace("a int", "a int OPTIONS (column_name 'z')"), "type": foreign.replace("a int", "a bigint")}, skip_rows="all")


def cases() -> list[Case]:
    if not OUT:
        for part in (tables, columns, constraints, indexes, partitions, sequences, types, views, functions, triggers, rights, rest):
            part()
    return OUT


if __name__ == "__main__":
    from matrix.generate import as_text
    wanted = sys.argv[1:]
    for made in cases():
        if not wanted:
            print(made.name)
        elif made.name in wanted:
            print(as_text(made))
