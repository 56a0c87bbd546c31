# SPDX-License-Identifier: MIT
"""Each risk rule, where it fires and where it nearly does; and what peers check, by their names for it.

The first case of a rule is also the example of its page (docs/rules/): see tests/e2e/test_rules.py.
"""
from __future__ import annotations

from case import Case, make

OUT: list[Case] = []
MANY = 500_000  # rows: from here on a table is large


def add(name: str, before: str, rows: str, after: str, about: str = "", **more) -> None:
    more.setdefault("back", "no")
    more.setdefault("variants", "all")
    OUT.append(make("risk/" + name, before, rows, after, about=about, **more))


def fires(rule: str, at: str, level: str, before: str, rows: str, after: str, *says: str, **more) -> None:
    add(f"rule/{rule}", before, rows, after, rule=[f"{at}={rule}:{level}"], says=list(says), **more)


def nearly(rule: str, before: str, rows: str, after: str, *judged: str, **more) -> None:
    """It does not fire, or the rows lower it; `judged` says what is said instead."""
    lowered = any(f"={rule}:" in j for j in judged)
    add(f"rule/{rule}-nearly", before, rows, after, rule=list(judged), **({} if lowered else {"no_rule": [rule]}), **more)


def t(*items: str, options: str = "") -> str:
    """One item on a line, with its comma before any annotation."""
    lines = ["id INTEGER PRIMARY KEY", *items]
    body = []
    for i, item in enumerate(lines):
        text, dash, note = item.partition(" -- ")
        body.append("  " + text + ("," if i < len(lines) - 1 else "") + (" -- " + note if dash else ""))
    return "CREATE TABLE t (\n" + "\n".join(body) + "\n)" + options + ";\n"


P = "CREATE TABLE p (\n  id INTEGER PRIMARY KEY,\n  code TEXT UNIQUE\n);\n"
OTHER = "CREATE TABLE other (\n  x\n);\n"
ABC = "INSERT INTO t(id, a) VALUES (1, 'a'), (2, 'b'), (3, NULL);\n"


# --- objects -----------------------------------------------------------------------------------------------------------


def objects() -> None:
    fires("create", "u", "safe", t("a"), ABC, t("a") + "CREATE TABLE u (\n  x\n);\n")
    nearly("create", t("a"), ABC, t("a", "b"), "t.b=add-column:safe")

    fires("drop-table", "t", "high", OTHER + t("a"), ABC, OTHER, "its 3 rows go")
    nearly("drop-table", OTHER + t("a"), "", OTHER, "t=drop-table:medium", says=["it has no rows"])

    fts = "CREATE VIRTUAL TABLE v USING fts5(body);\n"
    fires("drop-virtual-table", "v", "high", OTHER + fts, "INSERT INTO v VALUES ('x');\n", OTHER, "its only row goes")
    nearly("drop-virtual-table", OTHER + fts, "", OTHER, "v=drop-virtual-table:medium")

    child = P + t("pid INTEGER REFERENCES p")
    fires("drop-index-of-key", "i", "medium", child + "CREATE INDEX i ON t(pid);\n", "", child, "reads the whole table")
    nearly("drop-index-of-key", child + "CREATE INDEX i ON t(pid);\nCREATE INDEX j ON t(pid, id);\n", "",
           child + "CREATE INDEX j ON t(pid, id);\n", "i=drop-index:medium")

    fires("drop-index", "i", "medium", t("a") + "CREATE INDEX i ON t(a);\n", ABC, t("a"))
    nearly("drop-index", t("a") + "CREATE INDEX i ON t(a);\n", ABC, t("a") + "CREATE INDEX i ON t(a DESC);\n",
           "i=alter-index:safe")

    view = "CREATE VIEW v AS SELECT id FROM t;\n"
    fires("drop-view", "v", "medium", t("a") + view, ABC, t("a"))
    nearly("drop-view", t("a") + view, ABC, t("a") + "CREATE VIEW v AS SELECT a FROM t;\n", "v=alter-view:safe")

    trigger = "CREATE TRIGGER r AFTER INSERT ON t BEGIN\n  SELECT 1;\nEND;\n"
    other_trigger = trigger.replace("SELECT 1", "SELECT 2")
    fires("drop-trigger", "r", "medium", t("a") + trigger, ABC, t("a"))
    nearly("drop-trigger", t("a") + trigger, ABC, t("a") + other_trigger, "r=alter-trigger:medium")

    fires("rename-table", "u", "medium", t("a"), ABC, "CREATE TABLE u ( -- @renamed from=t\n  id INTEGER PRIMARY KEY,\n  a\n);\n")
    nearly("rename-table", t("a"), ABC, "CREATE TABLE u (\n  id INTEGER PRIMARY KEY,\n  a\n);\n", "t=drop-table:high")

    unique = "CREATE UNIQUE INDEX i ON t(a);\n"
    fires("create-unique-index", "i", "high", t("a"), "INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'x');\n",
          t("a") + unique, "1 of 3 rows repeats the value of another (id 3)", outcome="impossible",
          error=["index i on t", "(id 3)", "keep one row of each group"])
    nearly("create-unique-index", t("a"), ABC + "INSERT INTO t VALUES (4, NULL);\n", t("a") + unique,
           "i=create-unique-index:safe", says=["none of 4 rows repeats"])

    fires("alter-unique-index", "i", "high", t("a") + "CREATE INDEX i ON t(a);\n",
          "INSERT INTO t VALUES (1, 'x'), (2, 'x');\n", t("a") + unique, "1 of 2 rows repeats the value of another (id 2)",
          outcome="impossible", error=["index i on t"])
    nearly("alter-unique-index", t("a") + "CREATE INDEX i ON t(a);\n", ABC, t("a") + unique, "i=alter-unique-index:safe")

    fires("alter-index", "i", "safe", t("a") + "CREATE INDEX i ON t(a);\n", ABC, t("a") + "CREATE INDEX i ON t(a, id);\n")
    nearly("alter-index", t("a") + "CREATE INDEX i ON t(a);\n", ABC, t("a") + unique, "i=alter-unique-index:safe")
    fires("alter-view", "v", "safe", t("a") + view, ABC, t("a") + "CREATE VIEW v AS SELECT a FROM t;\n")
    nearly("alter-view", t("a") + view, ABC, t("a", "b") + view, "t.b=add-column:safe")
    fires("alter-trigger", "r", "medium", t("a") + trigger, ABC, t("a") + other_trigger)
    nearly("alter-trigger", t("a") + trigger, ABC, t("a", "b") + trigger, "t.b=add-column:safe")
    fires("alter-virtual-table", "v", "high", fts, "INSERT INTO v VALUES ('x');\n",
          "CREATE VIRTUAL TABLE v USING fts5(body, title);\n")
    nearly("alter-virtual-table", fts + OTHER, "INSERT INTO v VALUES ('x');\n", fts + "CREATE TABLE other (\n  x,\n  y\n);\n",
           "other.y=add-column:safe")


def large() -> None:
    many = (f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})\n"
            "INSERT INTO t(id, a) SELECT i, i FROM n;\n")
    few = "INSERT INTO t(id, a) VALUES (1, 1), (2, 2);\n"
    index = "CREATE INDEX i ON t(a);\n"
    fires("large-index", "i", "medium", t("a"), many, t("a") + index, "writers wait", skip_rows="all")
    nearly("large-index", t("a"), few, t("a") + index, "i=create:safe")
    fires("large-rebuild", "t", "medium", t("a"), many, t("a COLLATE NOCASE"), "500,000 rows", flags="--no-online",
          skip_rows="all")
    nearly("large-rebuild", t("a"), few, t("a COLLATE NOCASE"), "t.a=change-collation:medium")


# --- columns -----------------------------------------------------------------------------------------------------------


def columns() -> None:
    fires("add-column", "t.b", "safe", t("a"), ABC, t("a", "b TEXT DEFAULT 'new'"))
    nearly("add-column", t("a"), ABC, t("a", "b TEXT NOT NULL -- @fill 'x'"), "t.b=add-column-not-null:medium")
    fires("add-column-not-null", "t.b", "medium", t("a"), ABC, t("a", "b TEXT NOT NULL -- @fill coalesce(a, '?')"),
          "the @fill gives every row a value")
    nearly("add-column-not-null", t("a"), "", t("a", "b TEXT NOT NULL"), "t.b=add-column-not-null:safe",
           says=["the table has no rows"])
    fires("add-column-computed", "t.b", "medium", t("a"), ABC, t("a", "b TEXT DEFAULT CURRENT_TIMESTAMP"),
          "get what its default gives now", skip_rows="all")
    nearly("add-column-computed", t("a"), ABC, t("a", "b TEXT DEFAULT 'now'"), "t.b=add-column:safe")
    fires("drop-column", "t.a", "high", t("a TEXT", "b"), "INSERT INTO t VALUES (1, 'x', 1), (2, NULL, 2), (3, 'y', 3);\n",
          t("b"), "2 of 3 rows hold a value (ids 1, 3)")
    nearly("drop-column", t("a TEXT DEFAULT 'd'", "b"), "INSERT INTO t VALUES (1, 'd', 1), (2, NULL, 2);\n", t("b"),
           "t.a=drop-column:medium", says=["none of 2 rows holds a value other than its default"])
    fires("drop-generated-column", "t.g", "medium", t("a", "g AS (a || '!')"), ABC, t("a"))
    nearly("drop-generated-column", t("a", "g TEXT"), ABC, t("a"), "t.g=drop-column:medium")
    fires("rename-column", "t.b", "medium", t("a"), ABC, t("b -- @renamed from=a"))
    nearly("rename-column", t("a"), ABC, t("b"), "t.a=drop-column:high")
    fires("change-type", "t.a", "high", t("a TEXT"), "INSERT INTO t VALUES (1, '007'), (2, '42'), (3, 'x');\n", t("a INTEGER"),
          "1 of 3 rows is changed by INTEGER (id 1)", "1 of 3 rows is stored in another form, and keeps its value (id 2)",
          skip_rows="all")
    nearly("change-type", t("a TEXT"), "INSERT INTO t VALUES (1, 'x'), (2, NULL);\n", t("a INTEGER"), "t.a=change-type:safe",
           says=["none of 2 rows is changed by INTEGER"])
    fires("set-not-null", "t.a", "high", t("a TEXT"), ABC, t("a TEXT NOT NULL -- @fill '?'"),
          "1 of 3 rows is NULL (id 3)", skip_rows="all")
    nearly("set-not-null", t("a TEXT"), "INSERT INTO t VALUES (1, 'x');\n", t("a TEXT NOT NULL"), "t.a=set-not-null:safe",
           says=["none of 1 rows is NULL"])
    fires("drop-not-null", "t.a", "safe", t("a TEXT NOT NULL"), "INSERT INTO t VALUES (1, 'x');\n", t("a TEXT"))
    nearly("drop-not-null", t("a TEXT NOT NULL", "b"), "", t("a TEXT NOT NULL"), "t.b=drop-column:medium")
    fires("change-conflict", "t.a", "medium", t("a TEXT NOT NULL", "b TEXT"), "INSERT INTO t VALUES (1, 'x', NULL);\n",
          t("a TEXT NOT NULL ON CONFLICT IGNORE", "b TEXT"))
    nearly("change-conflict", t("a TEXT NOT NULL ON CONFLICT IGNORE"), "", t("a TEXT"), "t.a=drop-not-null:safe")
    fires("change-default", "t.a", "safe", t("a TEXT DEFAULT 'x'"), ABC, t("a TEXT DEFAULT 'y'"))
    nearly("change-default", t("a TEXT DEFAULT 'x'"), ABC, t("a TEXT DEFAULT 'x'", "b"), "t.b=add-column:safe")
    fires("change-collation", "t.a", "high", t("a TEXT"), "INSERT INTO t VALUES (1, 'x'), (2, 'X'), (3, 'y');\n",
          t("a TEXT COLLATE NOCASE"), "1 of 3 rows becomes the same as another (id 2)")
    nearly("change-collation", t("a TEXT"), ABC, t("a TEXT COLLATE NOCASE"), "t.a=change-collation:medium",
           says=["none of 3 rows becomes the same as another"])
    fires("change-generated", "t.g", "high", t("a", "g AS (a || '!')"), ABC, t("a", "g AS (a || '?')"),
          "2 of 3 rows get another value (ids 1, 2)")
    nearly("change-generated", t("a", "g AS (a || '!')"), ABC, t("a", "g AS ((a || '!') || '')"), "t.g=change-generated:safe",
           says=["none of 3 rows gets another value"])
    fires("column-order", "t", "safe", t("a", "b"), ABC, t("b", "a", "c"), flags="--column-order=strict")
    nearly("column-order", t("a", "b"), ABC, t("b", "a", "c"), "t.c=add-column:safe")


# --- constraints and options ---------------------------------------------------------------------------------------------


def constraints() -> None:
    n = "INSERT INTO t(id, a) VALUES (1, 5), (2, 50), (3, 500);\n"
    fires("rename-constraint", "t.two", "safe", t("a", "CONSTRAINT one CHECK (a > 0)"), n, t("a", "CONSTRAINT two CHECK (a > 0)"))
    nearly("rename-constraint", t("a", "CONSTRAINT one CHECK (a > 0)"), n, t("a", "CONSTRAINT one CHECK (a > 1)"),
           "t.one=alter-check:safe")
    key = "CREATE TABLE t (\n  a TEXT{}\n);\n"
    fires("drop-primary-key", "t", "high", key.format(" PRIMARY KEY"), "INSERT INTO t VALUES ('x');\n", key.format(""))
    nearly("drop-primary-key", key.format(" UNIQUE"), "INSERT INTO t VALUES ('x');\n", key.format(""), "t=drop-unique:medium")
    fires("change-primary-key", "t", "high", key.format(""), "INSERT INTO t VALUES ('x'), ('y'), ('x');\n",
          key.format(" PRIMARY KEY"), "1 of 3 rows repeats the value of another", outcome="impossible")
    nearly("change-primary-key", key.format(""), "INSERT INTO t VALUES ('x'), ('y');\n", key.format(" UNIQUE"),
           "t=add-unique:safe")
    fires("add-check", "t", "high", t("a"), n, t("a", "CHECK (a < 100)"), "1 of 3 rows breaks it (id 3)",
          outcome="impossible", error=["(id 3)", 'SELECT * FROM "t" WHERE NOT (a < 100)'])
    nearly("add-check", t("a"), n + "INSERT INTO t VALUES (4, NULL);\n", t("a", "CHECK (a < 1000)"), "t=add-check:safe",
           says=["none of 4 rows breaks it"])
    fires("alter-check", "t", "high", t("a TEXT CHECK (a IN ('open', 'closed', 'lost'))"),
          "INSERT INTO t VALUES (1, 'open'), (2, 'lost');\n", t("a TEXT CHECK (a IN ('open', 'closed'))"),
          "1 of 2 rows breaks it (id 2)", outcome="impossible")
    nearly("alter-check", t("a TEXT CHECK (a IN ('open', 'closed', 'lost'))"), "INSERT INTO t VALUES (1, 'open');\n",
           t("a TEXT CHECK (a IN ('open', 'closed'))"), "t=alter-check:safe")
    fires("drop-check", "t", "safe", t("a", "CHECK (a > 0)"), n, t("a"))
    nearly("drop-check", t("a", "CONSTRAINT c CHECK (a > 0)"), n, t("a", "CONSTRAINT c CHECK (a > 1)"), "t.c=alter-check:safe")
    fires("add-unique", "t", "high", t("a"), "INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'y');\n",
          t("a", "UNIQUE (a)"), "2 of 4 rows repeat the value of another", outcome="impossible",
          error=["unique t", "GROUP BY"])
    nearly("add-unique", t("a"), ABC + "INSERT INTO t VALUES (4, NULL);\n", t("a", "UNIQUE (a)"), "t=add-unique:safe",
           says=["none of 4 rows repeats the value of another"])
    fires("alter-unique", "t.u", "high", t("a", "b", "CONSTRAINT u UNIQUE (a, b)"),
          "INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 2);\n", t("a", "b", "CONSTRAINT u UNIQUE (a)"),
          "1 of 2 rows repeats the value of another (id 2)", outcome="impossible")
    nearly("alter-unique", t("a", "b", "CONSTRAINT u UNIQUE (a)"), "INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 1);\n",
           t("a", "b", "CONSTRAINT u UNIQUE (a, b)"), "t.u=alter-unique:safe")
    fires("drop-unique", "t", "medium", t("a UNIQUE"), ABC, t("a"))
    nearly("drop-unique", t("a UNIQUE") + "CREATE INDEX i ON t(a);\n", ABC, t("a UNIQUE"), "i=drop-index:medium")

    ref, orphan = "pid INTEGER REFERENCES p", "INSERT INTO p VALUES (1, 'a');\nINSERT INTO t VALUES (1, 1), (2, 9), (3, NULL);\n"
    fires("add-foreign-key", "t", "high", P + t("pid INTEGER"), orphan, P + t(ref), "1 of 3 rows has no parent (id 2)",
          outcome="impossible", error=["foreign key t", "(id 2)", "give these rows a parent"])
    nearly("add-foreign-key", P + t("pid INTEGER"), "INSERT INTO p VALUES (1, 'a');\nINSERT INTO t VALUES (1, 1), (3, NULL);\n",
           P + t(ref), "t=add-foreign-key:safe", says=["none of 2 rows has no parent"])
    fires("add-cascade", "t", "medium", P + t(ref), "INSERT INTO p VALUES (1, 'a');\nINSERT INTO t VALUES (1, 1);\n",
          P + t(ref + " ON DELETE CASCADE"))
    nearly("add-cascade", P + t(ref + " ON DELETE CASCADE"), "INSERT INTO p VALUES (1, 'a');\nINSERT INTO t VALUES (1, 1);\n",
           P + t(ref), "t=alter-foreign-key:medium")
    fires("alter-foreign-key", "t", "medium", P + t(ref), "INSERT INTO p VALUES (1, 'a');\nINSERT INTO t VALUES (1, 1);\n",
          P + t(ref + " ON DELETE SET NULL"))
    nearly("alter-foreign-key", P + t(ref), "", P + t(ref + " ON DELETE SET NULL"), "t=alter-foreign-key:safe")
    fires("drop-foreign-key", "t", "medium", P + t(ref), "", P + t("pid INTEGER"))
    nearly("drop-foreign-key", P + t(ref, "b"), "", P + t(ref), "t.b=drop-column:medium")
    fires("set-strict", "t", "high", t("a INTEGER"), "INSERT INTO t VALUES (1, 5), (2, 'word');\n",
          t("a INTEGER", options=" STRICT"), "1 of 2 rows is refused by INTEGER of a (id 2)", outcome="impossible",
          error=["(id 2)"])
    nearly("set-strict", t("a INTEGER", "b TEXT"), "INSERT INTO t VALUES (1, 5, 'x'), (2, NULL, NULL);\n",
           t("a INTEGER", "b TEXT", options=" STRICT"), "t=set-strict:safe")
    fires("drop-strict", "t", "medium", t("a INTEGER", options=" STRICT"), "INSERT INTO t VALUES (1, 5);\n", t("a INTEGER"))
    nearly("drop-strict", t("a INTEGER", options=" STRICT"), "INSERT INTO t VALUES (1, 5);\n",
           t("a INTEGER", "b INTEGER", options=" STRICT"), "t.b=add-column:safe")
    text_key = "CREATE TABLE t (\n  a TEXT PRIMARY KEY,\n  b\n){};\n"
    fires("change-option", "t", "medium", text_key.format(""), "INSERT INTO t VALUES ('x', 1);\n",
          text_key.format(" WITHOUT ROWID"))
    nearly("change-option", text_key.format(""), "", text_key.format(" WITHOUT ROWID"), "t=change-option:safe")


# --- what is asked, and how far --------------------------------------------------------------------------------------------


def probes() -> None:
    add("probe/keys-by-text", "CREATE TABLE t (\n  code TEXT PRIMARY KEY,\n  a\n) WITHOUT ROWID;\n",
        "INSERT INTO t VALUES ('it''s', NULL), ('b', 1), ('c', NULL);\n",
        "CREATE TABLE t (\n  code TEXT PRIMARY KEY,\n  a,\n  CHECK (a IS NOT NULL)\n) WITHOUT ROWID;\n",
        outcome="impossible", says=["2 of 3 rows break it (code 'c', 'it''s')"])
    add("probe/keys-of-two-columns", "CREATE TABLE t (\n  a,\n  b,\n  v,\n  PRIMARY KEY (a, b)\n);\n",
        "INSERT INTO t VALUES (1, 'x', -1), (2, 'y', 1);\n", "CREATE TABLE t (\n  a,\n  b,\n  v,\n  PRIMARY KEY (a, b),\n  CHECK (v > 0)\n);\n",
        outcome="impossible", says=["1 of 2 rows breaks it (a, b (1, 'x'))"])
    add("probe/more-than-five", t("a"), "INSERT INTO t(a) VALUES (-1), (-1), (-1), (-1), (-1), (-1), (-1);\n",
        t("a", "CHECK (a > 0)"), outcome="impossible", says=["7 of 7 rows break it (ids 1, 2, 3, 4, 5, …)"])
    add("probe/null-passes-a-check", t("a"), "INSERT INTO t VALUES (1, NULL);\n", t("a", "CHECK (a > 0)"),
        rule=["t=add-check:safe"])
    add("probe/check-of-a-renamed-column", t("a"), "INSERT INTO t VALUES (1, 5), (2, -5);\n",
        t("b CHECK (b > 0) -- @renamed from=a"), outcome="impossible", says=["1 of 2 rows breaks it (id 2)"])
    add("probe/check-of-a-renamed-table", t("a"), "INSERT INTO t VALUES (1, 5), (2, -5);\n",
        "CREATE TABLE u ( -- @renamed from=t\n  id INTEGER PRIMARY KEY,\n  a,\n  CHECK (u.a > 0)\n);\n",
        outcome="impossible", says=["1 of 2 rows breaks it (id 2)"])
    add("probe/unique-of-a-renamed-column", t("a"), "INSERT INTO t VALUES (1, 5), (2, 5);\n",
        t("b UNIQUE -- @renamed from=a"), outcome="impossible", says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/check-of-a-filled-column", t("a INTEGER"), "INSERT INTO t VALUES (1, 5), (2, -5);\n",
        t("a INTEGER", "b INTEGER NOT NULL CHECK (b > 0) -- @fill a"), outcome="impossible",
        says=["1 of 2 rows breaks it (id 2)"], rule=["t.b=add-column-not-null:medium"])
    add("probe/fill-makes-it-unique", t("a TEXT"), "INSERT INTO t VALUES (1, 'x'), (2, 'x');\n",
        t("a TEXT", "b TEXT NOT NULL UNIQUE -- @fill a || id"), rule=["t=add-unique:safe"], skip_rows="all")
    add("probe/fill-makes-duplicates", t("a TEXT"), "INSERT INTO t VALUES (1, 'x'), (2, 'x');\n",
        t("a TEXT", "b TEXT NOT NULL UNIQUE -- @fill a"), outcome="impossible",
        says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/fill-gives-null", t("a TEXT"), "INSERT INTO t VALUES (1, 'x'), (2, NULL);\n",
        t("a TEXT", "b TEXT NOT NULL -- @fill a"), outcome="impossible", says=["1 of 2 rows gets NULL from the @fill (id 2)"])
    add("probe/type-and-unique", t("a TEXT"), "INSERT INTO t VALUES (1, '7'), (2, '07');\n", t("a INTEGER UNIQUE"),
        outcome="impossible", says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/type-makes-duplicates-in-a-key", t("a TEXT UNIQUE"), "INSERT INTO t VALUES (1, '7'), (2, '07');\n",
        t("a INTEGER UNIQUE"), outcome="impossible", says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/collation-makes-duplicates-in-a-key", t("a TEXT UNIQUE"), "INSERT INTO t VALUES (1, 'x'), (2, 'X');\n",
        t("a TEXT UNIQUE COLLATE NOCASE"), outcome="impossible", says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/collation-makes-duplicates-in-an-index", t("a TEXT") + "CREATE UNIQUE INDEX i ON t(a);\n",
        "INSERT INTO t VALUES (1, 'x'), (2, 'X');\n", t("a TEXT COLLATE NOCASE") + "CREATE UNIQUE INDEX i ON t(a);\n",
        outcome="impossible", says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/index-with-its-own-collation", t("a TEXT"), "INSERT INTO t VALUES (1, 'x'), (2, 'X');\n",
        t("a TEXT") + "CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE);\n", outcome="impossible",
        says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/index-over-an-expression", t("a TEXT"), "INSERT INTO t VALUES (1, 'x'), (2, 'X'), (3, 'y');\n",
        t("a TEXT") + "CREATE UNIQUE INDEX i ON t(lower(a) DESC, length(a));\n", outcome="impossible",
        says=["1 of 3 rows repeats the value of another (id 2)"])
    add("probe/partial-index", t("a TEXT", "gone INTEGER"), "INSERT INTO t VALUES (1, 'x', 0), (2, 'x', 1);\n",
        t("a TEXT", "gone INTEGER") + "CREATE UNIQUE INDEX i ON t(a) WHERE gone = 0;\n", rule=["i=create-unique-index:safe"])
    add("probe/unique-of-two-with-null", t("a", "b"), "INSERT INTO t VALUES (1, 'x', NULL), (2, 'x', NULL), (3, 'x', 1);\n",
        t("a", "b", "UNIQUE (a, b)"), rule=["t=add-unique:safe"])
    add("probe/two-forms-of-a-number", t("a INTEGER"), "INSERT INTO t VALUES (1, 5), (2, 7);\n", t("a TEXT"),
        rule=["t.a=change-type:medium"], says=["2 of 2 rows are stored in another form, and keep their values (ids 1, 2)"],
        skip_rows="all")
    add("probe/integer-too-large-for-real", t("a INTEGER"), "INSERT INTO t VALUES (1, 9007199254740993), (2, 5);\n",
        t("a REAL"), rule=["t.a=change-type:high"], says=["1 of 2 rows is changed by REAL (id 1)"], skip_rows="all")
    add("probe/blob-stays-a-blob", t("a BLOB"), "INSERT INTO t VALUES (1, x'00ff'), (2, 'text');\n", t("a TEXT"),
        rule=["t.a=change-type:safe"])
    add("probe/strict-converts", t("a TEXT", options=" STRICT"), "INSERT INTO t VALUES (1, '5'), (2, 'word');\n",
        t("a INTEGER", options=" STRICT"), outcome="impossible", says=["1 of 2 rows is refused by INTEGER (id 2)"])
    add("probe/foreign-key-to-text", "CREATE TABLE p (\n  code TEXT PRIMARY KEY\n);\n" + t("c INTEGER"),
        "INSERT INTO p VALUES ('7');\nINSERT INTO t VALUES (1, 7);\n",
        "CREATE TABLE p (\n  code TEXT PRIMARY KEY\n);\n" + t("c INTEGER REFERENCES p"), rule=["t=add-foreign-key:safe"])
    add("probe/foreign-key-by-collation", "CREATE TABLE p (\n  code TEXT PRIMARY KEY COLLATE NOCASE\n);\n" + t("c TEXT"),
        "INSERT INTO p VALUES ('ab');\nINSERT INTO t VALUES (1, 'AB');\n",
        "CREATE TABLE p (\n  code TEXT PRIMARY KEY COLLATE NOCASE\n);\n" + t("c TEXT REFERENCES p"),
        rule=["t=add-foreign-key:safe"])
    add("probe/foreign-key-of-two-columns", "CREATE TABLE p (\n  a,\n  b,\n  PRIMARY KEY (a, b)\n);\n" + t("x", "y"),
        "INSERT INTO p VALUES (1, 2);\nINSERT INTO t VALUES (1, 1, 2), (2, 1, NULL), (3, 2, 1);\n",
        "CREATE TABLE p (\n  a,\n  b,\n  PRIMARY KEY (a, b)\n);\n" + t("x", "y", "FOREIGN KEY (x, y) REFERENCES p MATCH FULL"),
        outcome="impossible", says=["1 of 3 rows has no parent (id 3)"])
    add("probe/foreign-key-to-a-new-table", t("pid INTEGER"), "INSERT INTO t VALUES (1, 1), (2, NULL);\n",
        P + t("pid INTEGER REFERENCES p"), outcome="impossible", says=["1 of 2 rows has no parent (id 1)"])
    add("probe/foreign-key-to-a-renamed-table", P + t("pid INTEGER"),
        "INSERT INTO p VALUES (1, 'a');\nINSERT INTO t VALUES (1, 1), (2, 9);\n",
        "CREATE TABLE q ( -- @renamed from=p\n  id INTEGER PRIMARY KEY,\n  code TEXT UNIQUE\n);\n" + t("pid INTEGER REFERENCES q"),
        outcome="impossible", says=["1 of 2 rows has no parent (id 2)"])
    add("probe/foreign-key-to-itself", t("up INTEGER"), "INSERT INTO t VALUES (1, NULL), (2, 1), (3, 9);\n",
        t("up INTEGER REFERENCES t"), outcome="impossible", says=["1 of 3 rows has no parent (id 3)"])
    add("probe/old-orphans-do-not-forbid", P + t("pid INTEGER REFERENCES p"), "INSERT INTO t VALUES (1, 9);\n",
        P + t("pid INTEGER REFERENCES p ON DELETE SET NULL"), says=["1 of 1 rows has had no parent before (id 1)"],
        rule=["t=alter-foreign-key:medium"])
    add("probe/new-column-with-a-reference", P + t("a"), "INSERT INTO t VALUES (1, 5);\n",
        P + t("a", "pid INTEGER REFERENCES p -- @fill 9"), outcome="impossible", says=["has no parent"])
    add("probe/key-becomes-the-row-id", "CREATE TABLE t (\n  id INT PRIMARY KEY,\n  a\n);\n",
        "INSERT INTO t VALUES (1, 'x'), ('word', 'y');\n", t("a"), outcome="impossible", says=["is refused by the row id"])
    add("probe/null-in-a-key-without-rowid", "CREATE TABLE t (\n  a TEXT PRIMARY KEY\n);\n",
        "INSERT INTO t VALUES ('x'), (NULL);\n", "CREATE TABLE t (\n  a TEXT PRIMARY KEY\n) WITHOUT ROWID;\n",
        outcome="impossible", error=["becomes NOT NULL, and is NULL in 1 row"])
    add("probe/malformed-json-spoils-no-other", t("a", "b"), "INSERT INTO t VALUES (1, '{', 1), (2, '{}', -1);\n",
        t("a CHECK (json_extract(a, '$.x') IS NULL)", "b CHECK (b > 0)"), outcome="impossible",
        says=["not asked: malformed JSON", "1 of 2 rows breaks it (id 2)"])
    add("probe/hostile-names", 'CREATE TABLE "ta""b le" (\n  "i d" INTEGER PRIMARY KEY,\n  "c\'o""l" TEXT\n);\n',
        'INSERT INTO "ta""b le" VALUES (1, \'x\'), (2, \'x\');\n',
        'CREATE TABLE "ta""b le" (\n  "i d" INTEGER PRIMARY KEY,\n  "c\'o""l" INTEGER UNIQUE CHECK ("c\'o""l" <> \'y\')\n);\n',
        outcome="impossible", says=["1 of 2 rows repeats the value of another (id 2)"])
    add("probe/columns-hide-the-row-id", "CREATE TABLE t (\n  rowid,\n  _rowid_,\n  oid,\n  a\n);\n",
        "INSERT INTO t VALUES (1, 2, 3, -1);\n", "CREATE TABLE t (\n  rowid,\n  _rowid_,\n  oid,\n  a CHECK (a > 0)\n);\n",
        outcome="impossible", says=["1 of 1 rows breaks it"])


# --- levels and annotations ------------------------------------------------------------------------------------------------


def allowed() -> None:
    two = t("a TEXT", "b")
    some = "INSERT INTO t VALUES (1, 'x', 1);\n"
    add("allow/dropped-column", two, some, t("b") + "-- @allow drop-column t.a: archived in May\n", mode="safe", risk="safe",
        says=["safe   allowed: archived in May (rule drop-column: high)"])
    add("allow/dropped-table", two + OTHER, "INSERT INTO other VALUES (1);\n", two + "-- @allow drop-table other: nobody reads it\n",
        mode="safe", risk="safe")
    add("allow/column", t("a TEXT"), ABC, t("a TEXT NOT NULL -- @allow set-not-null: looked at @fill '?'"), mode="safe",
        risk="safe", skip_rows="all", says=["allowed: looked at (rule set-not-null: high)"])
    add("allow/constraint", t("a TEXT", "b"), some, t("a TEXT", "b", "PRIMARY KEY (id)").replace("id INTEGER PRIMARY KEY", "id INTEGER")
        .replace("PRIMARY KEY (id)", "CHECK (a <> 'y' OR length(a) > 9), -- @allow add-check: agreed\n  PRIMARY KEY (id)"),
        no_rule=["drop-check"])
    add("allow/index", t("a") + "CREATE INDEX i ON t(a);\n", ABC, t("a") + "-- @allow drop-index i: never used\n", mode="safe",
        risk="safe")
    add("allow/trigger", t("a") + "CREATE TRIGGER r AFTER INSERT ON t BEGIN\n  SELECT 1;\nEND;\n", ABC,
        t("a") + "CREATE TRIGGER r AFTER INSERT ON t BEGIN\n  SELECT 2;\nEND; -- @allow alter-trigger: tested\n", mode="safe",
        risk="safe")
    add("allow/only-that-object", t("a", "b"), "INSERT INTO t VALUES (1, 'x', 'y');\n",
        "CREATE TABLE t (\n  id INTEGER PRIMARY KEY\n);\n-- @allow drop-column t.a: archived\n",
        rule=["t.a=drop-column:safe", "t.b=drop-column:high"], risk="high")
    add("allow/matches-nothing", two, some, two.replace("b\n", "b,\n  c\n") + "-- @allow drop-table sessions: in Redis now\n",
        says=["'@allow drop-table' matches nothing now"])
    add("allow/does-not-allow-the-impossible", t("a"), "INSERT INTO t VALUES (1, 'x'), (2, 'x');\n",
        t("a UNIQUE -- @allow add-unique: who cares"), outcome="impossible", rule=["t=add-unique:high"])
    for name, text, error in (("no-reason", "-- @allow drop-column t.a", "gives no reason"),
                              ("empty-reason", "-- @allow drop-column t.a:  ", "gives no reason"),
                              ("unknown-rule", "-- @allow drop-colum t.a: archived", "did you mean 'drop-column'?"),
                              ("no-rule", "-- @allow : archived", "names no rule"),
                              ("about-nothing", "-- @allow drop-column: archived", "does not say what it is about"),
                              ("nearly-the-word", "-- @allowed drop-column t.a: archived", "did you mean '@allow")):
        add("allow/" + name, two, some, t("b") + text + "\n", outcome="error", error=[error])
    add("level/lower", two, some, t("b"), flags="--rule drop-column=medium", mode="auto", risk="medium",
        says=["set by --rule (rule drop-column: high)"])
    add("level/higher", t("a"), ABC, t("a", "b"), flags="--rule add-column=high", risk="high", outcome="refused", mode="auto")
    add("level/last-one-holds", two, some, t("b"), flags="--rule drop-column=high --rule drop-column=safe", mode="safe")
    add("level/unknown-rule", two, some, t("b"), flags="--rule drop-colum=safe", outcome="error",
        error=["there is no rule 'drop-colum'", "did you mean 'drop-column'?"])
    add("level/unknown-level", two, some, t("b"), flags="--rule drop-column=low", outcome="error",
        error=["cannot have the level 'low'"])


# --- what peers check, by their names --------------------------------------------------------------------------------------


def peers() -> None:
    """Prisma's data checks, and Atlas' analyzers DS, MF, BC, CD and LT, where they mean something on SQLite."""
    ab = t("a TEXT", "b TEXT")
    rows = "INSERT INTO t VALUES (1, 'x', 'y'), (2, NULL, 'z');\n"
    refused = {"outcome": "impossible"}

    def prisma(name, before, data, after, **more):
        add("prisma/" + name, before, data, after, **more)

    prisma("drop-and-recreate-column", t("a TEXT"), "INSERT INTO t VALUES (1, 'x');\n", t("b INTEGER"),
           rule=["t.a=drop-column:high"], says=["1 of 1 rows holds a value (id 1)"])
    prisma("non-empty-column-drop", ab, rows, t("b TEXT"), rule=["t.a=drop-column:high"])
    prisma("non-empty-table-drop", ab + OTHER, rows, OTHER, rule=["t=drop-table:high"], says=["its 2 rows go"])
    prisma("risky-cast", t("a TEXT"), "INSERT INTO t VALUES (1, '1.50');\n", t("a NUMERIC"), rule=["t.a=change-type:high"],
           says=["1 of 1 rows is changed by NUMERIC (id 1)"], skip_rows="all")
    prisma("not-castable", t("a TEXT", options=" STRICT"), "INSERT INTO t VALUES (1, 'word');\n",
           t("a INTEGER", options=" STRICT"), rule=["t.a=change-type:high"], **refused)
    prisma("primary-key-change", "CREATE TABLE t (\n  a TEXT PRIMARY KEY,\n  b TEXT\n);\n", "INSERT INTO t VALUES ('x', 'y');\n",
           "CREATE TABLE t (\n  a TEXT,\n  b TEXT PRIMARY KEY\n);\n", rule=["t=change-primary-key:high"])
    prisma("unique-constraint-addition", ab, "INSERT INTO t VALUES (1, 'x', 'y'), (2, 'x', 'y');\n",
           t("a TEXT UNIQUE", "b TEXT"), rule=["t=add-unique:high"], **refused)
    prisma("enum-value-removal", t("a TEXT CHECK (a IN ('x', 'y'))"), "INSERT INTO t VALUES (1, 'y');\n",
           t("a TEXT CHECK (a IN ('x'))"), rule=["t=alter-check:high"], **refused)
    prisma("added-required-field", ab, rows, t("a TEXT", "b TEXT", "c TEXT NOT NULL"), error=["@fill"], **refused)
    prisma("added-required-field-with-default", ab, rows, t("a TEXT", "b TEXT", "c TEXT NOT NULL DEFAULT ''"),
           rule=["t.c=add-column:safe"])
    prisma("made-optional-field-required", ab, rows, t("a TEXT NOT NULL", "b TEXT"), error=["1 row (id 2)", "@fill"], **refused)
    prisma("drop-and-recreate-required-column", t("a TEXT NOT NULL"), "INSERT INTO t VALUES (1, 'x');\n", t("b INTEGER NOT NULL"),
           error=["@fill"], **refused)

    def atlas(name, before, data, after, **more):
        add("atlas/" + name, before, data, after, **more)

    atlas("DS102-drop-table", ab + OTHER, rows, OTHER, rule=["t=drop-table:high"])
    atlas("DS103-drop-non-virtual-column", ab, rows, t("b TEXT"), rule=["t.a=drop-column:high"])
    atlas("MF101-unique-index-on-existing-column", ab, rows, ab + "CREATE UNIQUE INDEX i ON t(b);\n",
          rule=["i=create-unique-index:safe"], says=["none of 2 rows repeats"])
    atlas("MF102-index-made-unique", ab + "CREATE INDEX i ON t(b);\n", rows, ab + "CREATE UNIQUE INDEX i ON t(b);\n",
          rule=["i=alter-unique-index:safe"])
    atlas("MF103-add-not-null-column", ab, rows, t("a TEXT", "b TEXT", "c TEXT NOT NULL -- @fill b"),
          rule=["t.c=add-column-not-null:medium"])
    atlas("MF104-nullable-to-not-null", ab, rows, t("a TEXT NOT NULL -- @fill ''", "b TEXT"), rule=["t.a=set-not-null:high"],
          skip_rows="all")
    atlas("BC101-rename-table", ab, rows, ab.replace("CREATE TABLE t (", "CREATE TABLE u ( -- @renamed from=t"),
          rule=["u=rename-table:medium"])
    atlas("BC102-rename-column", ab, rows, t("c TEXT -- @renamed from=a", "b TEXT"), rule=["t.c=rename-column:medium"])
    atlas("CD101-drop-foreign-key", P + t("pid INTEGER REFERENCES p"), "", P + t("pid INTEGER"),
          rule=["t=drop-foreign-key:medium"])
    atlas("CD102-drop-check", t("a CHECK (a > 0)"), "INSERT INTO t VALUES (1, 1);\n", t("a"), rule=["t=drop-check:safe"])
    atlas("CD103-drop-primary-key", "CREATE TABLE t (\n  a TEXT PRIMARY KEY\n);\n", "INSERT INTO t VALUES ('x');\n",
          "CREATE TABLE t (\n  a TEXT\n);\n", rule=["t=drop-primary-key:high"])
    atlas("LT101-nullable-to-not-null-without-default", ab, "INSERT INTO t VALUES (1, 'x', 'y');\n",
          t("a TEXT NOT NULL", "b TEXT"), rule=["t.a=set-not-null:safe"])


def cases() -> list[Case]:
    if not OUT:
        for group in (objects, large, columns, constraints, probes, allowed, peers):
            group()
    return OUT
