# SPDX-License-Identifier: MIT
"""Object kind × what can be done to it. Each entry says which rung is the cheapest that is right."""
from __future__ import annotations

from case import Case, make

OUT: list[Case] = []


def add(name: str, before: str, rows: str, after: str, **more) -> None:
    OUT.append(make("matrix/" + name, before, rows, after, **more))


# --- one table "t" with an id, and columns and constraints that vary ---------------------------------------------------

ROWS3 = "INSERT INTO t(id) VALUES (1), (5), (40);"


def t(*items: str, options: str = "", others: str = "", name: str = "t", key: str = "id INTEGER PRIMARY KEY",
      table_note: str = "") -> str:
    """One item on a line, with its comma before any annotation."""
    lines = [x for x in ([key] if key else []) + list(items)]
    body = []
    for i, item in enumerate(lines):
        text, dash, note = item.partition(" -- ")
        body.append("  " + text + ("," if i < len(lines) - 1 else "") + (" -- " + note if dash else ""))
    head = f"CREATE TABLE {name} ("
    if table_note:
        head += " -- " + table_note
    return head + "\n" + "\n".join(body) + "\n)" + (" " + options if options else "") + ";\n" + others


def pair(name: str, a: tuple | str, b: tuple | str, rows: str, method: str, **more) -> None:
    """t(a) → t(b) on the rung; the way back is part of the case."""
    a = (a,) if isinstance(a, str) else a
    b = (b,) if isinstance(b, str) else b
    add(name, t(*a), rows, t(*b), method=f"t={method}", **more)


def both(name: str, a, b, rows: str, there: str, again: str, rows_b: str | None = None, **more) -> None:
    """Two cases: a → b on the rung `there`, b → a on the rung `again`."""
    pair(name, a, b, rows, there, **more)
    pair(name + "-back", b, a, rows if rows_b is None else rows_b, again, **more)


VALUES = ("INSERT INTO t(id, a, b) VALUES (1, 10, 'x'), (2, NULL, 'it''s'), (7, -3, ''), (40, 9007199254740993, NULL);")


# --- tables ------------------------------------------------------------------------------------------------------------


def tables() -> None:
    kinds = {"rowid": "", "without-rowid": "WITHOUT ROWID", "strict": "STRICT", "both": "STRICT, WITHOUT ROWID"}
    body = ("a INTEGER", "b TEXT NOT NULL DEFAULT 'n'")
    rows = "INSERT INTO t(id, a, b) VALUES (3, 1, 'x'), (9, NULL, 'y');"
    other = "CREATE TABLE other (x);\n"
    for kind, options in kinds.items():
        one = t(*body, options=options)
        add(f"table/create-{kind}", other, "INSERT INTO other VALUES (1);", other + one, method="other=none, t=create")
        add(f"table/drop-{kind}", other + one, rows, other, method="other=none, t=drop", risk="high")
        add(f"table/rename-{kind}", one, rows,
            t(*body, options=options, name="moved", table_note="@renamed from=t"), method="moved=native",
            back_sql=t(*body, options=options, table_note="@renamed from=moved"),
            keep=["SELECT count(*), sum(id) FROM moved => 2|12"])
    for name, old, new in (("to-without-rowid", "", "WITHOUT ROWID"), ("to-rowid", "WITHOUT ROWID", ""),
                           ("to-strict", "", "STRICT"), ("from-strict", "STRICT", ""),
                           ("to-both", "", "STRICT, WITHOUT ROWID"), ("from-both", "WITHOUT ROWID, STRICT", "")):
        add(f"table/{name}", t(*body, options=old), rows, t(*body, options=new), method="t=rebuild")
    add("table/strict-does-not-fit", t("a INTEGER"), "INSERT INTO t VALUES (1, 'word'), (2, 5);",
        t("a INTEGER", options="STRICT"), outcome="impossible", error=["t"])
    add("table/create-from-nothing", "", "", t(*body), method="t=create")
    add("table/create-two-that-need-each-other", "", "",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b(id));\n"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a(id));\n")
    add("table/drop-parent-and-child",
        "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p INTEGER NOT NULL REFERENCES p(id) ON DELETE CASCADE);\n"
        "CREATE TABLE z (a);\n", "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1); INSERT INTO z VALUES (1);",
        "CREATE TABLE z (a);\n", method="p=drop, c=drop, z=none")
    add("table/swap-names", "CREATE TABLE a (x INTEGER);\nCREATE TABLE b (y TEXT);\n",
        "INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES ('one');",
        "CREATE TABLE a ( -- @renamed from=b\n  y TEXT\n);\nCREATE TABLE b ( -- @renamed from=a\n  x INTEGER\n);\n",
        back_sql="CREATE TABLE a ( -- @renamed from=b\n  x INTEGER\n);\nCREATE TABLE b ( -- @renamed from=a\n  y TEXT\n);\n",
        again="history", variants="adopted", method="a=native, b=native", keep=["SELECT y FROM a => one", "SELECT sum(x) FROM b => 3"])
    add("table/rename-chain", "CREATE TABLE a (x INTEGER);\nCREATE TABLE b (y TEXT);\n",
        "INSERT INTO a VALUES (1); INSERT INTO b VALUES ('one');",
        "CREATE TABLE b ( -- @renamed from=a\n  x INTEGER\n);\nCREATE TABLE c ( -- @renamed from=b\n  y TEXT\n);\n",
        back_sql="CREATE TABLE a ( -- @renamed from=b\n  x INTEGER\n);\nCREATE TABLE b ( -- @renamed from=c\n  y TEXT\n);\n",
        method="b=native, c=native")
    add("table/rename-and-alter", t("a INTEGER"), "INSERT INTO t VALUES (1, 5);",
        t("a INTEGER NOT NULL", name="moved", table_note="@renamed from=t"), method="moved=in-place",
        back_sql=t("a INTEGER", table_note="@renamed from=moved"))
    add("table/rename-and-rebuild", t("a INTEGER"), "INSERT INTO t VALUES (1, 5);",
        t("a TEXT", name="moved", table_note="@renamed from=t"), method="moved=rebuild",
        back_sql=t("a INTEGER", table_note="@renamed from=moved"), keep=["SELECT typeof(a) FROM moved => text"])


# --- columns -----------------------------------------------------------------------------------------------------------

AFFINITIES = {"integer": "INTEGER", "text": "TEXT", "real": "REAL", "numeric": "NUMERIC", "blob": "BLOB", "none": ""}
SAME = [("INTEGER", "BIGINT"), ("INT", "INTEGER"), ("TEXT", "VARCHAR(40)"), ("VARCHAR(10)", "CHAR(200)"),
        ("CLOB", "TEXT"), ("REAL", "DOUBLE PRECISION"), ("FLOAT", "REAL"), ("BLOB", ""), ("NUMERIC", "DECIMAL(10, 2)"),
        ("DATE", "TIMESTAMP"), ("BOOLEAN", "NUMERIC"), ("UNSIGNED BIG INT", "TINYINT")]
MIXED = ("INSERT INTO t(id, a) VALUES (1, 1), (2, '007'), (3, 2.5), (4, NULL), (5, 'word'), (6, x'00ff'), (7, ''), "
         "(8, -0.0), (9, 9223372036854775807), (10, '1e3'), (11, ' 12 ');")


def columns() -> None:
    for a, x in AFFINITIES.items():
        for b, y in AFFINITIES.items():
            same = a == b or {a, b} == {"blob", "none"}
            if not same:
                pair(f"column/type-{a}-to-{b}", f"a {x}".strip(), f"a {y}".strip(), MIXED, "rebuild")
    for x, y in SAME:
        name = f"column/type-{x or 'none'}-to-{y or 'none'}".lower().replace(" ", "-")
        pair(name, f"a {x}".strip(), f"a {y}".strip(), MIXED, "in-place")
    add("column/type-in-strict", t("a INT", options="STRICT"), "INSERT INTO t VALUES (1, 5);",
        t("a INTEGER", options="STRICT"), method="t=rebuild")
    add("column/type-any-in-strict", t("a TEXT", options="STRICT"), "INSERT INTO t VALUES (1, '5');",
        t("a ANY", options="STRICT"), method="t=rebuild")
    add("column/type-indexed", t("a INTEGER", "b TEXT", others="CREATE INDEX i ON t(a);\n"), VALUES,
        t("a TEXT", "b TEXT", others="CREATE INDEX i ON t(a);\n"), method="t=rebuild",
        keep=["SELECT id FROM t INDEXED BY i WHERE a = '10' => 1"])

    one, rows = "a INTEGER", "INSERT INTO t(id, a) VALUES (1, 10), (5, NULL), (40, -3);"
    # add and drop
    both("column/add-nullable", one, (one, "b TEXT"), rows, "native", "native",
         rows_b="INSERT INTO t VALUES (1, 10, 'x'), (5, NULL, NULL);")
    natives = {"default": "b TEXT DEFAULT 'n'", "default-number": "b INTEGER DEFAULT -5",
               "default-null": "b TEXT DEFAULT NULL", "default-blob": "b BLOB DEFAULT x'00'",
               "not-null-default": "b INTEGER NOT NULL DEFAULT 7", "collate": "b TEXT COLLATE NOCASE",
               "check": "b INTEGER DEFAULT 3 CHECK (b > 2)", "reference": "b INTEGER REFERENCES p(id)",
               "generated-virtual": "b INTEGER GENERATED ALWAYS AS (a * 2) VIRTUAL",
               "not-null-conflict": "b INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 1",
               "default-true": "b BOOLEAN NOT NULL DEFAULT TRUE", "no-type": "b"}
    parent = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n"
    for name, definition in natives.items():
        others = parent if name == "reference" else ""
        add(f"column/add-{name}", t(one, others=others), rows, t(one, definition, others=others), method="t=native")
        filled = "INSERT INTO t(id, a) VALUES (1, 10), (5, 3);"
        refused = "yes" if "NOT NULL" not in definition or "DEFAULT" in definition else "refused"
        add(f"column/drop-{name}", t(one, definition, others=others), filled, t(one, others=others),
            method="t=native", back=refused)
    add("column/add-unique", t(one), rows, t(one, "b TEXT UNIQUE"), method="t=rebuild")
    add("column/drop-unique", t(one, "b TEXT UNIQUE"), "INSERT INTO t VALUES (1, 2, 'x'), (2, 3, 'y');", t(one),
        method="t=rebuild")
    add("column/add-stored", t(one), rows, t(one, "b INTEGER GENERATED ALWAYS AS (a * 2) STORED"), method="t=rebuild",
        keep=["SELECT b FROM t ORDER BY id => 20;NULL;-6"])
    add("column/drop-stored", t(one, "b INTEGER GENERATED ALWAYS AS (a * 2) STORED"), rows, t(one), method="t=native")
    add("column/add-current-timestamp", t(one), rows, t(one, "b TEXT DEFAULT CURRENT_TIMESTAMP"), method="t=rebuild",
        keep=["SELECT count(*) FROM t WHERE b GLOB '20??-??-?? *' => 3"])
    add("column/add-expression-default", t(one), rows, t(one, "b INTEGER NOT NULL DEFAULT (1 + 2)"), method="t=rebuild",
        keep=["SELECT b FROM t => 3;3;3"])
    add("column/add-not-null-no-rows", t(one), "", t(one, "b TEXT NOT NULL"), method="t=native|rebuild")
    add("column/add-not-null-with-rows", t(one), rows, t(one, "b TEXT NOT NULL"), outcome="impossible",
        error=["3", "@fill"])
    add("column/add-not-null-fill", t(one), rows, t(one, "b TEXT NOT NULL -- @fill 'row ' || id"),
        method="t=in-place|rebuild", keep=["SELECT b FROM t ORDER BY id => row 1;row 5;row 40"])
    add("column/add-fill", t(one), rows, t(one, "b TEXT -- @fill upper('x' || id)"), method="t=native|in-place|rebuild",
        keep=["SELECT b FROM t ORDER BY id => X1;X5;X40"])
    add("column/add-in-the-middle", t(one, "c TEXT"), "INSERT INTO t VALUES (1, 2, 'x');", t(one, "b TEXT", "c TEXT"),
        method="t=native")
    add("column/add-three", t(one), rows, t(one, "b TEXT", "c REAL DEFAULT 1.5", "d BLOB"), method="t=native")
    add("column/add-and-drop", t(one, "b TEXT"), "INSERT INTO t VALUES (1, 2, 'x');", t(one, "c REAL"), method="t=native")
    add("column/add-before-table-constraint", t(one, "CHECK (a > 0)"), "INSERT INTO t VALUES (1, 2);",
        t(one, "b TEXT", "CHECK (a > 0)"), method="t=native")
    add("column/drop-indexed", t(one, "b TEXT", others="CREATE INDEX i ON t(b);\n"), VALUES, t(one), method="t=native")
    add("column/drop-keeps-other-index",
        t(one, "b TEXT", others="CREATE INDEX i ON t(b);\nCREATE INDEX j ON t(a);\n"), VALUES,
        t(one, others="CREATE INDEX j ON t(a);\n"), method="t=native")
    add("column/drop-in-partial-index", t(one, "b TEXT", others="CREATE INDEX i ON t(a) WHERE b = 'x';\n"), VALUES,
        t(one, others="CREATE INDEX i ON t(a);\n"), method="t=native")
    add("column/drop-own-check", t(one, "b TEXT CHECK (b <> 'no')"), VALUES, t(one), method="t=native")
    add("column/drop-in-table-check", t(one, "b TEXT", "CHECK (a IS NULL OR b IS NULL OR a <> b)"), VALUES, t(one),
        method="t=in-place|rebuild")
    add("column/drop-foreign-key", t(one, "b TEXT", "FOREIGN KEY (b) REFERENCES p(id)", others=parent),
        "INSERT INTO t VALUES (1, 2, NULL);", t(one, others=parent), method="t=in-place|rebuild")
    add("column/drop-in-view", t(one, "b TEXT", others="CREATE VIEW v AS SELECT id, a, b FROM t;\n"), VALUES,
        t(one, others="CREATE VIEW v AS SELECT id, a FROM t;\n"), method="t=native")
    add("column/drop-in-trigger",
        t(one, "b TEXT", others="CREATE TRIGGER g AFTER UPDATE OF b ON t BEGIN UPDATE t SET a = 0 WHERE id = new.id; END;\n"),
        VALUES, t(one, others="CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN SELECT 1; END;\n"), method="t=native")
    add("column/drop-in-generated", t(one, "b TEXT", "c TEXT AS (b || '!')"), "INSERT INTO t VALUES (1, 2, 'x');",
        t(one), method="t=native|in-place|rebuild")
    add("column/drop-not-null-asks-fill-back", t(one, "b TEXT NOT NULL"), "INSERT INTO t VALUES (1, 2, 'x');", t(one),
        method="t=native", back="refused")
    add("column/drop-key-column", "CREATE TABLE t (a INTEGER, b TEXT, c TEXT, PRIMARY KEY (a, b));\n",
        "INSERT INTO t VALUES (1, 'x', 'c'), (2, 'y', 'd');", "CREATE TABLE t (a INTEGER, c TEXT, PRIMARY KEY (a));\n",
        method="t=rebuild", skip_rows="t", keep=["SELECT a, c FROM t ORDER BY a => 1|c;2|d"])

    # default
    with_b = "INSERT INTO t(id, b) VALUES (1, 'x'), (2, NULL), (3, 'z');"
    both("column/default-add", "b TEXT", "b TEXT DEFAULT 'n'", with_b, "in-place", "in-place")
    pair("column/default-change", "b TEXT DEFAULT 'n'", "b TEXT DEFAULT 'm'", with_b, "in-place",
         keep=["INSERT INTO t(id) VALUES (9); SELECT b FROM t WHERE id = 9 => m"])
    pair("column/default-to-expression", "b TEXT DEFAULT 'n'", "b TEXT DEFAULT (lower('N') || 'x')", with_b, "in-place",
         keep=["INSERT INTO t(id) VALUES (9); SELECT b FROM t WHERE id = 9 => nx"])
    pair("column/default-to-timestamp", "b TEXT DEFAULT 'n'", "b TEXT DEFAULT CURRENT_TIMESTAMP", with_b, "in-place")
    for name, new in (("change", "b TEXT DEFAULT 'new'"), ("drop", "b TEXT"), ("to-expression", "b TEXT DEFAULT (1 + 1)")):
        add(f"column/default-{name}-of-short-rows", t("a INTEGER", "b TEXT DEFAULT 'old'"),
            "DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER); INSERT INTO t VALUES (1, 1), (2, 2);"
            "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'old'; INSERT INTO t VALUES (3, 3, 'own'), (4, 4, NULL);",
            t("a INTEGER", new), method="t=in-place|rebuild",
            keep=["SELECT b FROM t ORDER BY id => old;old;own;NULL"])
    add("column/default-and-add-at-once", t("a INTEGER DEFAULT 1"), "INSERT INTO t(id) VALUES (1), (2);",
        t("a INTEGER DEFAULT 2", "b TEXT DEFAULT 'x'"), method="t=in-place|rebuild",
        keep=["SELECT a, b FROM t => 1|x;1|x"])

    # NOT NULL
    full = "INSERT INTO t(id, a) VALUES (1, 10), (5, 0);"
    both("column/not-null", one, "a INTEGER NOT NULL", full, "in-place", "in-place")
    pair("column/not-null-on-conflict", one, "a INTEGER NOT NULL ON CONFLICT IGNORE", full, "in-place",
         keep=["INSERT INTO t VALUES (9, NULL); SELECT count(*) FROM t => 2"])
    for clause in ("ROLLBACK", "FAIL", "IGNORE", "REPLACE"):
        pair(f"column/not-null-conflict-{clause.lower()}", "a INTEGER NOT NULL DEFAULT 4",
             f"a INTEGER NOT NULL ON CONFLICT {clause} DEFAULT 4", full, "in-place")
    pair("column/not-null-with-nulls", one, "a INTEGER NOT NULL", rows, "none", outcome="impossible",
         error=["1", "@fill", "a"])
    pair("column/not-null-with-fill", one, "a INTEGER NOT NULL -- @fill id * 100", rows, "in-place|rebuild",
         keep=["SELECT a FROM t ORDER BY id => 10;500;-3"])
    pair("column/not-null-with-default-still-asks", one, "a INTEGER NOT NULL DEFAULT 8", rows, "none",
         outcome="impossible", error=["@fill"])

    # collation
    both("column/collate", "b TEXT", "b TEXT COLLATE NOCASE", with_b, "rebuild", "rebuild",
         keep=["SELECT count(*) FROM pragma_table_list WHERE name = 't' => 1"])
    pair("column/collate-change", "b TEXT COLLATE NOCASE", "b TEXT COLLATE RTRIM", with_b, "rebuild")
    add("column/collate-indexed", t("b TEXT", others="CREATE INDEX i ON t(b);\n"), with_b,
        t("b TEXT COLLATE NOCASE", others="CREATE INDEX i ON t(b);\n"), method="t=rebuild",
        keep=["SELECT count(*) FROM t INDEXED BY i WHERE b = 'X' => 1"])

    # generated
    gen = "INSERT INTO t(id, a) VALUES (1, 10), (5, NULL);"
    pair("column/generated-change-virtual", (one, "b INTEGER AS (a + 1)"), (one, "b INTEGER AS (a + 2)"), gen,
         "native|in-place|rebuild", keep=["SELECT b FROM t ORDER BY id => 12;NULL"])
    pair("column/generated-change-stored", (one, "b INTEGER AS (a + 1) STORED"), (one, "b INTEGER AS (a + 2) STORED"), gen,
         "rebuild", keep=["SELECT b FROM t ORDER BY id => 12;NULL"])
    both("column/generated-virtual-to-stored", (one, "b INTEGER AS (a + 1)"), (one, "b INTEGER AS (a + 1) STORED"), gen,
         "rebuild", "rebuild", keep=["SELECT b FROM t ORDER BY id => 11;NULL"])
    pair("column/generated-to-plain", (one, "b INTEGER AS (a + 1) STORED"), (one, "b INTEGER"), gen, "rebuild",
         keep=["SELECT b FROM t ORDER BY id => 11;NULL"])
    pair("column/generated-virtual-to-plain", (one, "b INTEGER AS (a + 1)"), (one, "b INTEGER"), gen, "rebuild",
         keep=["SELECT b FROM t ORDER BY id => 11;NULL"])
    pair("column/plain-to-generated", (one, "b INTEGER"), (one, "b INTEGER AS (a + 1)"),
         "INSERT INTO t VALUES (1, 10, 5);", "native|rebuild", keep=["SELECT b FROM t => 11"])
    add("column/generated-indexed", t(one, "b INTEGER AS (a + 1)", others="CREATE INDEX i ON t(b);\n"), gen,
        t(one, "b INTEGER AS (a + 2)", others="CREATE INDEX i ON t(b);\n"), method="t=native|in-place|rebuild",
        keep=["SELECT id FROM t INDEXED BY i WHERE b = 12 => 1"])

    # order
    add("column/order-is-no-difference", t("a INTEGER", "b TEXT"), VALUES, t("b TEXT", "a INTEGER"), outcome="empty")


def column_renames() -> None:
    def rename(name: str, before: str, rows: str, after: str, back: str, **more) -> None:
        add(f"column/rename{name}", before, rows, after, back_sql=back, **{"method": "t=native", **more})

    def one(name: str, wrap, rows: str = "INSERT INTO t VALUES (1, 10), (5, NULL);", **more) -> None:
        rename(name, wrap("a", ""), rows, wrap("z", " -- @renamed from=a"), wrap("a", " -- @renamed from=z"), **more)

    one("", lambda c, n: t(f"{c} INTEGER{n}"), keep=["SELECT z FROM t ORDER BY id => 10;NULL"])
    one("-indexed", lambda c, n: t(f"{c} INTEGER{n}", others=f"CREATE INDEX i ON t({c} DESC);\n"))
    one("-partial-index", lambda c, n: t(f"{c} INTEGER{n}", others=f"CREATE INDEX i ON t(id) WHERE {c} > 3;\n"))
    one("-expression-index", lambda c, n: t(f"{c} INTEGER{n}", others=f"CREATE INDEX i ON t(abs({c}));\n"))
    one("-unique", lambda c, n: t(f"{c} INTEGER UNIQUE{n}"))
    one("-check", lambda c, n: t(f"{c} INTEGER CHECK ({c} > 0){n}", f"CHECK ({c} < 100)"))
    one("-generated", lambda c, n: t(f"{c} INTEGER{n}", f"g INTEGER AS ({c} * 2)"),
        rows="INSERT INTO t(id, a) VALUES (1, 10), (5, NULL);", keep=["SELECT g FROM t ORDER BY id => 20;NULL"])
    one("-view", lambda c, n: t(f"{c} INTEGER{n}", others=f"CREATE VIEW v AS SELECT id, {c} AS same FROM t;\n"),
        keep=["SELECT same FROM v ORDER BY id => 10;NULL"])
    one("-trigger", lambda c, n: t(f"{c} INTEGER{n}", others=(
        f"CREATE TRIGGER g AFTER UPDATE OF {c} ON t WHEN new.{c} > 5 BEGIN UPDATE t SET {c} = old.{c} WHERE id = 99; END;\n")))
    one("-trigger-elsewhere", lambda c, n: t(f"{c} INTEGER{n}", others=(
        "CREATE TABLE o (x);\n"
        f"CREATE TRIGGER g AFTER INSERT ON o BEGIN INSERT INTO t({c}) VALUES (new.x); END;\n")),
        keep=["INSERT INTO o VALUES (77); SELECT count(*) FROM t WHERE z = 77 => 1"])
    one("-own-foreign-key", lambda c, n: t(f"{c} INTEGER REFERENCES p(id) ON DELETE SET NULL{n}",
                                           others="CREATE TABLE p (id INTEGER PRIMARY KEY);\n"),
        rows="INSERT INTO p VALUES (10); INSERT INTO t VALUES (1, 10), (5, NULL);")
    one("-referenced", lambda c, n: t(f"{c} INTEGER UNIQUE{n}", others=f"CREATE TABLE k (x INTEGER REFERENCES t({c}));\n"),
        rows="INSERT INTO t VALUES (1, 10); INSERT INTO k VALUES (10);")
    one("-composite-key", lambda c, n: t(f"{c} INTEGER NOT NULL{n}", "b TEXT NOT NULL", f"PRIMARY KEY ({c}, b)", key=""),
        rows="INSERT INTO t VALUES (1, 'x'), (5, 'y');")
    one("-without-rowid", lambda c, n: t(f"{c} TEXT PRIMARY KEY{n}", "b TEXT", key="", options="WITHOUT ROWID"),
        rows="INSERT INTO t VALUES ('k', 'x'), ('l', 'y');")
    one("-strict", lambda c, n: t(f"{c} INTEGER{n}", options="STRICT"))
    one("-and-type", lambda c, n: t(f"{c} {'INTEGER' if c == 'a' else 'TEXT'}{n}"), method="t=rebuild",
        keep=["SELECT quote(z) FROM t ORDER BY id => '10';NULL"])
    one("-and-not-null", lambda c, n: t(f"{c} INTEGER{' NOT NULL' if c == 'z' else ''}{n}"), method="t=in-place",
        rows="INSERT INTO t VALUES (1, 10);")
    one("-and-default", lambda c, n: t(f"{c} INTEGER DEFAULT {1 if c == 'a' else 2}{n}"), method="t=in-place")
    one("-and-add", lambda c, n: t(f"{c} INTEGER{n}", *(["b TEXT"] if c == "z" else [])))
    rename("-swap", t("a INTEGER", "b TEXT"), "INSERT INTO t VALUES (1, 10, 'x');",
           t("a TEXT -- @renamed from=b", "b INTEGER -- @renamed from=a"),
           t("a INTEGER -- @renamed from=b", "b TEXT -- @renamed from=a"), keep=["SELECT a, b FROM t => x|10"], again="history", variants="adopted")
    rename("-chain", t("a INTEGER", "b TEXT"), "INSERT INTO t VALUES (1, 10, 'x');",
           t("b INTEGER -- @renamed from=a", "c TEXT -- @renamed from=b"),
           t("a INTEGER -- @renamed from=b", "b TEXT -- @renamed from=c"), keep=["SELECT b, c FROM t => 10|x"])
    rename("-with-table", t("a INTEGER"), "INSERT INTO t VALUES (1, 10);",
           t("z INTEGER -- @renamed from=a", name="moved", table_note="@renamed from=t"),
           t("a INTEGER -- @renamed from=z", table_note="@renamed from=moved"), method="moved=native",
           keep=["SELECT id, z FROM moved => 1|10"])
    add("column/rename-already-done", t("z INTEGER"), "INSERT INTO t VALUES (1, 10);", t("z INTEGER -- @renamed from=a"),
        outcome="empty")


# --- constraints -------------------------------------------------------------------------------------------------------


def keys() -> None:
    ab = "INSERT INTO t(a, b) VALUES (1, 'x'), (2, 'y'), (30, 'x');"

    def key(name: str, a: tuple, b: tuple, method: str, rows: str = ab, **more) -> None:
        add(f"primary-key/{name}", t(*a, key=""), rows, t(*b, key=""), method=f"t={method}", **more)

    plain = ("a INT NOT NULL", "b TEXT NOT NULL")
    key("add", plain, (*plain, "PRIMARY KEY (a)"), "rebuild")
    key("drop", (*plain, "PRIMARY KEY (a)"), plain, "rebuild")
    key("add-column-to-it", (*plain, "PRIMARY KEY (a)"), (*plain, "PRIMARY KEY (a, b)"), "rebuild")
    key("change-columns", (*plain, "PRIMARY KEY (a, b)"), (*plain, "PRIMARY KEY (b, a)"), "rebuild")
    key("direction", (*plain, "PRIMARY KEY (a, b)"), (*plain, "PRIMARY KEY (a DESC, b)"), "rebuild")
    key("collate", (*plain, "PRIMARY KEY (b, a)"), (*plain, "PRIMARY KEY (b COLLATE NOCASE, a)"), "rebuild")
    key("row-id-gained", ("a INT PRIMARY KEY", "b TEXT"), ("a INTEGER PRIMARY KEY", "b TEXT"), "rebuild", rowids="no")
    key("row-id-lost", ("a INTEGER PRIMARY KEY", "b TEXT"), ("a INT PRIMARY KEY", "b TEXT"), "rebuild", rowids="no")
    key("row-id-lost-desc", ("a INTEGER PRIMARY KEY", "b TEXT"), ("a INTEGER PRIMARY KEY DESC", "b TEXT"), "rebuild",
        rowids="no")
    key("autoincrement-on", ("a INTEGER PRIMARY KEY", "b TEXT"), ("a INTEGER PRIMARY KEY AUTOINCREMENT", "b TEXT"),
        "in-place|rebuild", keep=["DELETE FROM t WHERE a = 30; INSERT INTO t(b) VALUES ('n'); SELECT max(a) FROM t => 31"])
    key("autoincrement-off", ("a INTEGER PRIMARY KEY AUTOINCREMENT", "b TEXT"), ("a INTEGER PRIMARY KEY", "b TEXT"),
        "in-place|rebuild")
    key("conflict-clause", (*plain, "PRIMARY KEY (a)"), (*plain, "PRIMARY KEY (a) ON CONFLICT REPLACE"), "in-place|rebuild")
    key("duplicates", ("a INT", "b TEXT NOT NULL"), ("a INT", "b TEXT NOT NULL PRIMARY KEY"), "none",
        outcome="impossible", error=["b"])
    add("primary-key/beside-or-below", t("a INT PRIMARY KEY", "b TEXT", key=""), ab, t("a INT", "b TEXT", "PRIMARY KEY (a)", key=""),
        outcome="empty")
    add("primary-key/row-id-beside-or-below", t("a INTEGER PRIMARY KEY", "b TEXT", key=""), ab,
        t("a INTEGER", "b TEXT", "PRIMARY KEY (a)", key=""), outcome="empty")
    add("primary-key/of-without-rowid", t(*plain, "PRIMARY KEY (a)", key="", options="WITHOUT ROWID"), ab,
        t(*plain, "PRIMARY KEY (b, a)", key="", options="WITHOUT ROWID"), method="t=rebuild")
    add("primary-key/generated-id-column", t("b TEXT", key=""), "INSERT INTO t VALUES ('x'), ('y');",
        t("b TEXT", key="id INTEGER PRIMARY KEY"), method="t=rebuild", rowids="no",
        keep=["SELECT count(DISTINCT id), count(id) FROM t => 2|2"])


def uniques() -> None:
    ok = "INSERT INTO t(id, a, b) VALUES (1, 1, 'x'), (2, NULL, 'y'), (9, NULL, 'X');"
    ab = ("a INTEGER", "b TEXT")

    def unique(name: str, a: tuple, b: tuple, method: str = "rebuild", rows: str = ok, **more) -> None:
        add(f"unique/{name}", t(*a), rows, t(*b), method=f"t={method}", **more)

    unique("add", ab, ("a INTEGER UNIQUE", "b TEXT"))
    unique("drop", ("a INTEGER UNIQUE", "b TEXT"), ab)
    unique("add-composite", ab, (*ab, "UNIQUE (a, b)"))
    unique("drop-composite", (*ab, "UNIQUE (a, b)"), ab)
    unique("change-columns", (*ab, "UNIQUE (a)"), (*ab, "UNIQUE (b)"))
    unique("change-order", (*ab, "UNIQUE (a, b)"), (*ab, "UNIQUE (b, a)"))
    unique("collate", (*ab, "UNIQUE (b)"), (*ab, "UNIQUE (b COLLATE RTRIM)"))
    unique("direction", (*ab, "UNIQUE (b)"), (*ab, "UNIQUE (b DESC)"))
    for clause in ("ROLLBACK", "FAIL", "IGNORE", "REPLACE"):
        unique(f"conflict-{clause.lower()}", (*ab, "UNIQUE (b)"), (*ab, f"UNIQUE (b) ON CONFLICT {clause}"),
               "in-place|rebuild")
    unique("name-given", (*ab, "UNIQUE (b)"), (*ab, "CONSTRAINT b_once UNIQUE (b)"), "in-place|rebuild")
    unique("name-changed", (*ab, "CONSTRAINT b_once UNIQUE (b)"), (*ab, "CONSTRAINT only_b UNIQUE (b)"), "in-place|rebuild")
    unique("second-of-two-dropped", ("a INTEGER UNIQUE", "b TEXT UNIQUE"), ("a INTEGER UNIQUE", "b TEXT"))
    add("unique/to-index", t("a INTEGER", "b TEXT UNIQUE"), ok, t(*ab, others="CREATE UNIQUE INDEX i ON t(b);\n"),
        method="t=rebuild")
    unique("duplicates", ab, ("a INTEGER", "b TEXT COLLATE NOCASE UNIQUE"), "none", outcome="impossible", error=["b"])
    unique("duplicates-plain", ab, ("a INTEGER", "b TEXT UNIQUE"), "none",
           rows="INSERT INTO t VALUES (1, 1, 'd'), (2, 2, 'd'), (3, 3, 'e');", outcome="impossible", error=["b"])
    add("unique/beside-or-below", t("a INTEGER UNIQUE", "b TEXT"), ok, t(*ab, "UNIQUE (a)"), outcome="empty")


def checks() -> None:
    rows = "INSERT INTO t(id, a, b) VALUES (1, 1, 'x'), (2, NULL, 'yes'), (9, 90, 'X');"
    ab = ("a INTEGER", "b TEXT")

    def chk(name: str, a: tuple, b: tuple, method: str = "in-place", **more) -> None:
        add(f"check/{name}", t(*a), rows, t(*b), method=f"t={method}", **more)

    chk("add-column", ab, ("a INTEGER CHECK (a < 100)", "b TEXT"))
    chk("drop-column", ("a INTEGER CHECK (a < 100)", "b TEXT"), ab)
    chk("add-table", ab, (*ab, "CHECK (a < 100 OR b = 'x')"))
    chk("drop-table", (*ab, "CHECK (a < 100 OR b = 'x')"), ab)
    chk("change", (*ab, "CHECK (a < 100)"), (*ab, "CHECK (a < 200)"))
    chk("name-given", (*ab, "CHECK (a < 100)"), (*ab, "CONSTRAINT small CHECK (a < 100)"))
    chk("name-changed", (*ab, "CONSTRAINT small CHECK (a < 100)"), (*ab, "CONSTRAINT tiny CHECK (a < 100)"))
    chk("change-named", (*ab, "CONSTRAINT small CHECK (a < 100)"), (*ab, "CONSTRAINT small CHECK (a < 99)"))
    chk("one-of-three", (*ab, "CHECK (a < 100)", "CHECK (b <> '')", "CHECK (id > 0)"),
        (*ab, "CHECK (a < 100)", "CHECK (id > 0)"))
    chk("in-list", (*ab, "CHECK (b IN ('x', 'yes', 'X'))"), (*ab, "CHECK (b IN ('x', 'yes', 'X', 'new'))"))
    chk("function", ab, (*ab, "CHECK (length(b) <= 10 AND b NOT LIKE '%,%')"))
    chk("violated", ab, ("a INTEGER CHECK (a < 50)", "b TEXT"), "none", outcome="impossible", error=["1", "t"])
    chk("tightened-violated", (*ab, "CHECK (a < 100)"), (*ab, "CHECK (a < 90)"), "none", outcome="impossible")
    add("check/beside-or-below", t("a INTEGER CHECK (a < 100)", "b TEXT"), rows, t(*ab, "CHECK (a < 100)"), outcome="empty")
    add("check/in-strict", t(*ab, options="STRICT"), rows, t(*ab, "CHECK (a < 100)", options="STRICT"), method="t=in-place")
    add("check/in-without-rowid", t(*ab, options="WITHOUT ROWID"), rows, t(*ab, "CHECK (a < 100)", options="WITHOUT ROWID"),
        method="t=in-place")


def foreign_keys() -> None:
    parent = "CREATE TABLE p (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER, UNIQUE (x, y));\n"
    rows = "INSERT INTO p VALUES (1, 10, 20), (2, 11, 21); INSERT INTO t(id, a, b) VALUES (1, 1, 20), (2, NULL, NULL);"
    ab = ("a INTEGER", "b INTEGER")

    def fk(name: str, a: tuple, b: tuple, method: str = "in-place", **more) -> None:
        add(f"foreign-key/{name}", t(*a, others=parent), more.pop("data", rows), t(*b, others=parent),
            method=f"t={method}, p=none", **more)

    ref = "FOREIGN KEY (a) REFERENCES p(id)"
    fk("add", ab, (*ab, ref))
    fk("drop", (*ab, ref), ab)
    fk("add-column", ab, ("a INTEGER REFERENCES p", "b INTEGER"))
    for event in ("DELETE", "UPDATE"):
        for action in ("SET NULL", "SET DEFAULT", "CASCADE", "RESTRICT"):
            fk(f"on-{event}-{action}".lower().replace(" ", "-"), (*ab, ref), (*ab, f"{ref} ON {event} {action}"))
    fk("action-change", (*ab, ref + " ON DELETE CASCADE"), (*ab, ref + " ON DELETE SET NULL ON UPDATE CASCADE"))
    fk("deferrable-on", (*ab, ref), (*ab, ref + " DEFERRABLE INITIALLY DEFERRED"))
    fk("deferrable-off", (*ab, ref + " DEFERRABLE INITIALLY DEFERRED"), (*ab, ref))
    fk("named", (*ab, ref), (*ab, "CONSTRAINT to_p " + ref))
    fk("name-changed", (*ab, "CONSTRAINT to_p " + ref), (*ab, "CONSTRAINT other " + ref))
    fk("composite-add", ab, (*ab, "FOREIGN KEY (a, b) REFERENCES p(x, y)"),
       data="INSERT INTO p VALUES (1, 10, 20); INSERT INTO t VALUES (1, 10, 20), (2, NULL, 5);")
    fk("composite-drop", (*ab, "FOREIGN KEY (a, b) REFERENCES p(x, y)"), ab,
       data="INSERT INTO p VALUES (1, 10, 20); INSERT INTO t VALUES (1, 10, 20), (2, NULL, 5);")
    fk("self-add", ab, (*ab, "FOREIGN KEY (a) REFERENCES t(id)"))
    fk("self-drop", (*ab, "FOREIGN KEY (a) REFERENCES t(id)"), ab)
    fk("other-parent", (*ab, ref), (*ab, "FOREIGN KEY (a) REFERENCES t(id)"))
    fk("orphans", ab, (*ab, ref), "none", data="INSERT INTO t VALUES (1, 404, 1), (2, 405, 1);", outcome="impossible",
       error=["2"])
    add("foreign-key/beside-or-below", t("a INTEGER REFERENCES p(id) ON DELETE CASCADE", "b INTEGER", others=parent), rows,
        t(*ab, ref + " ON DELETE CASCADE", others=parent), outcome="empty")
    fk("match", (*ab, ref), (*ab, ref + " MATCH FULL"))
    add("foreign-key/parent-comes-later", t(*ab), "INSERT INTO t VALUES (1, NULL, 2);", t(*ab, ref, others=parent),
        method="t=in-place, p=create")
    add("foreign-key/orphans-that-were-there", t(*ab, ref, others=parent), "INSERT INTO t VALUES (1, 404, 1);",
        t(*ab, ref, "CHECK (b < 5)", others=parent), method="t=in-place")
    add("foreign-key/orphans-that-were-there-rebuild", t(*ab, ref, others=parent), "INSERT INTO t VALUES (1, 404, 1);",
        t("a INTEGER", "b TEXT", ref, others=parent), method="t=rebuild")


# --- indexes, views, triggers ------------------------------------------------------------------------------------------


def indexes() -> None:
    base, rows = t("a INTEGER", "b TEXT"), VALUES
    flavours = {
        "plain": "CREATE INDEX i ON t(a);\n", "two-columns": "CREATE INDEX i ON t(a, b);\n",
        "unique": "CREATE UNIQUE INDEX i ON t(a);\n", "partial": "CREATE INDEX i ON t(a) WHERE b IS NOT NULL;\n",
        "unique-partial": "CREATE UNIQUE INDEX i ON t(b) WHERE a > 0;\n",
        "expression": "CREATE INDEX i ON t(lower(b), a + 1);\n", "collate": "CREATE INDEX i ON t(b COLLATE NOCASE);\n",
        "desc": "CREATE INDEX i ON t(a DESC, b);\n",
        "all-at-once": "CREATE UNIQUE INDEX i ON t(b COLLATE NOCASE DESC, abs(a)) WHERE id > 0;\n"}
    for name, sql in flavours.items():
        add(f"index/create-{name}", base, rows, base + sql, method="t=none, i=create")
        add(f"index/drop-{name}", base + sql, rows, base, method="t=none, i=drop")
        if name != "plain":
            add(f"index/change-to-{name}", base + flavours["plain"], rows, base + sql, method="t=none")
        renamed = sql.replace("INDEX i ", "INDEX j ")
        add(f"index/rename-{name}", base + sql, rows, base + renamed, method="t=none")
    add("index/create-unique-duplicates", base, "INSERT INTO t(id, b) VALUES (1, 'd'), (2, 'd');",
        base + "CREATE UNIQUE INDEX i ON t(b);\n", outcome="impossible", error=["b"])
    add("index/asc-is-no-difference", base + "CREATE INDEX i ON t(a ASC);\n", rows, base + "create index I on T (A);\n",
        outcome="empty")
    add("index/moved-to-other-table", base + "CREATE TABLE o (a);\nCREATE INDEX i ON t(a);\n", rows,
        base + "CREATE TABLE o (a);\nCREATE INDEX i ON o(a);\n", method="t=none, o=none")


def views() -> None:
    base, rows = t("a INTEGER", "b TEXT"), VALUES
    flavours = {
        "plain": "CREATE VIEW v AS SELECT id, a FROM t;\n", "columns": "CREATE VIEW v(x, y) AS SELECT id, b FROM t;\n",
        "star": "CREATE VIEW v AS SELECT * FROM t;\n",
        "with": "CREATE VIEW v AS WITH big AS (SELECT * FROM t WHERE a > 5) SELECT count(*) AS n FROM big;\n",
        "union": "CREATE VIEW v AS SELECT a FROM t UNION ALL SELECT b FROM t;\n",
        "join": "CREATE VIEW v AS SELECT l.id, r.b FROM t AS l LEFT JOIN t AS r ON r.a = l.id;\n",
        "window": "CREATE VIEW v AS SELECT id, row_number() OVER (ORDER BY a DESC) AS place FROM t;\n"}
    for name, sql in flavours.items():
        add(f"view/create-{name}", base, rows, base + sql, method="t=none, v=create")
        add(f"view/drop-{name}", base + sql, rows, base, method="t=none, v=drop")
        if name != "plain":
            add(f"view/change-to-{name}", base + flavours["plain"], rows, base + sql, method="t=none")
    add("view/rename", base + flavours["plain"], rows, base + flavours["plain"].replace("VIEW v", "VIEW w"), method="t=none")
    over = "CREATE VIEW w AS SELECT a FROM v;\n"
    add("view/on-view-create", base, rows, base + over + flavours["plain"], about="The view on it is written first.")
    add("view/on-view-change", base + flavours["plain"] + over, rows, base + flavours["star"] + over, method="t=none")
    add("view/on-view-drop", base + flavours["plain"] + over, rows, base + flavours["plain"], method="t=none")
    add("view/becomes-table", base + flavours["plain"], rows, base + "CREATE TABLE v (x INTEGER);\n", method="t=none")
    add("view/circular", base, rows, base + "CREATE VIEW v AS SELECT * FROM w;\nCREATE VIEW w AS SELECT * FROM v;\n",
        outcome="error", error=["after.sql:"])
    add("view/of-nothing", base, rows, base + "CREATE VIEW v AS SELECT * FROM nowhere;\n", outcome="error",
        error=["after.sql:", "nowhere"])


def triggers() -> None:
    base = t("a INTEGER", "b TEXT", others="CREATE TABLE log (what TEXT, x);\nCREATE VIEW v AS SELECT id, a FROM t;\n")
    flavours = {}
    for timing in ("BEFORE", "AFTER"):
        for event in ("INSERT", "UPDATE", "DELETE"):
            row = "old" if event == "DELETE" else "new"
            flavours[f"{timing}-{event}".lower()] = (
                f"CREATE TRIGGER g {timing} {event} ON t BEGIN INSERT INTO log VALUES ('{event}', {row}.a); END;\n")
    for event in ("INSERT", "UPDATE", "DELETE"):
        flavours[f"instead-of-{event}".lower()] = (
            f"CREATE TRIGGER g INSTEAD OF {event} ON v BEGIN INSERT INTO log VALUES ('v', 1); DELETE FROM log; END;\n")
    flavours["when"] = "CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW WHEN new.a > old.a BEGIN SELECT 1; END;\n"
    flavours["update-of"] = "CREATE TRIGGER g AFTER UPDATE OF a, b ON t BEGIN UPDATE log SET x = new.b; END;\n"
    flavours["raise"] = "CREATE TRIGGER g BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'no; never'); END;\n"
    flavours["case-end"] = ("CREATE TRIGGER g AFTER INSERT ON t BEGIN\n  UPDATE t SET b = CASE WHEN new.a > 1 THEN 'big; end' "
                            "ELSE 'small' END WHERE id = new.id;\nEND;\n")
    for name, sql in flavours.items():
        add(f"trigger/create-{name}", base, VALUES, base + sql, method="t=none, g=create",
            keep=["SELECT count(*) FROM log => 0"])
        add(f"trigger/drop-{name}", base + sql, "", base, method="t=none, g=drop")
        if name != "after-insert":
            add(f"trigger/change-to-{name}", base + flavours["after-insert"], "", base + sql, method="t=none")
    add("trigger/rename", base + flavours["when"], VALUES, base + flavours["when"].replace("TRIGGER g", "TRIGGER h"),
        method="t=none")
    add("trigger/of-nothing", base, VALUES, base + "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO nowhere VALUES (1); END;\n",
        outcome="error", error=["after.sql:", "nowhere"])


# --- virtual tables ----------------------------------------------------------------------------------------------------


def virtual_tables() -> None:
    base = "CREATE TABLE plain (a);\n"
    for module in ("fts3", "fts4", "fts5"):
        sql = f"CREATE VIRTUAL TABLE s USING {module}(title, body);\n"
        wider = f"CREATE VIRTUAL TABLE s USING {module}(title, body, extra);\n"
        rows = "INSERT INTO s(rowid, title, body) VALUES (3, 'one', 'some words'), (8, 'two', 'other words');"
        match = "SELECT count(*) FROM s WHERE s MATCH 'words' => 2"
        add(f"virtual/{module}-create", base, "", base + sql, method="plain=none, s=create")
        add(f"virtual/{module}-drop", base + sql, rows, base, method="plain=none, s=drop", risk="high")
        add(f"virtual/{module}-add-column", base + sql, rows, base + wider, keep=[match])
        add(f"virtual/{module}-untouched", base + sql, rows, base + "CREATE TABLE new (x);\n" + sql, method="s=none",
            keep=[match])
        add(f"virtual/{module}-rename", sql, rows,
            f"CREATE VIRTUAL TABLE found -- @renamed from=s\n  USING {module}(title, body);\n",
            back_sql=f"CREATE VIRTUAL TABLE s -- @renamed from=found\n  USING {module}(title, body);\n",
            keep=[match.replace("FROM s WHERE s", "FROM found WHERE found")], method="found=native")
    for name, old, new in (("tokenizer", "title, body", "title, body, tokenize='porter ascii'"),
                           ("prefix", "title, body", "title, body, prefix='2 3'"),
                           ("unindexed", "title, body", "title, body UNINDEXED")):
        add(f"virtual/fts5-{name}", f"CREATE VIRTUAL TABLE s USING fts5({old});\n",
            "INSERT INTO s(rowid, title, body) VALUES (3, 'word', 'some words');",
            f"CREATE VIRTUAL TABLE s USING fts5({new});\n", keep=["SELECT rowid FROM s WHERE s MATCH 'word' => 3"])
    box = "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1);\n"
    aux = "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1, +label TEXT);\n"
    rows = "INSERT INTO r(id, x0, x1, y0, y1) VALUES (1, 0, 1, 0, 1), (7, 5, 6, 5, 6);"
    hit = "SELECT id FROM r WHERE x0 > 4 => 7"
    add("virtual/rtree-create", base, "", base + box, method="r=create")
    add("virtual/rtree-drop", base + box, rows, base, method="r=drop", risk="high")
    add("virtual/rtree-add-column", base + box, rows, base + aux, keep=[hit])
    add("virtual/rtree-untouched", base + box, rows, base + "CREATE TABLE new (x);\n" + box, method="r=none", keep=[hit])
    add("virtual/rtree-rename", box, rows, "CREATE VIRTUAL TABLE q -- @renamed from=r\n  USING rtree(id, x0, x1, y0, y1);\n",
        back_sql="CREATE VIRTUAL TABLE r -- @renamed from=q\n  USING rtree(id, x0, x1, y0, y1);\n", method="q=native",
        keep=["SELECT id FROM q WHERE x0 > 4 => 7"])
    add("virtual/spelling-is-no-difference", "CREATE VIRTUAL TABLE s USING fts5(title, body);\n", "",
        "create virtual table IF NOT EXISTS \"s\" using FTS5(title, body);\n", outcome="empty")


def cases() -> list[Case]:
    OUT.clear()
    for part in (tables, columns, column_renames, keys, uniques, checks, foreign_keys, indexes, views, triggers,
                 virtual_tables):
        part()
    return list(OUT)
