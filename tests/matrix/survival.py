# SPDX-License-Identifier: MIT
"""What must survive × each rung.

One table `t` with rows; an item is what stands in it, on it or near it (an index, a trigger elsewhere that names it, children
with a cascading foreign key, …); an alteration takes one rung of the ladder. Every item goes through every alteration, there
and back, and is then asked whether it still does its work.
"""
from __future__ import annotations

from dataclasses import dataclass, field

from case import Case, make

# Rows with gaps, an id below zero, and the last of them deleted: max(id) says nothing of what was given out.
ROWS = """INSERT INTO ref VALUES ('red'), ('green'), ('grey');
INSERT INTO {t} (id, code, amount, label, extra) VALUES (-4, 'a', 10, 'red', 'e1'), (3, 'b', NULL, 'green', NULL),
  (17, 'it''s', 0, 'red', 'E2'), (900, 'gone', 1, 'red', 'x');
DELETE FROM {t} WHERE id = 900;
"""


@dataclass
class Shape:
    """The table, while an item and an alteration write on it."""
    name: str = "t"
    note: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    options: str = ""
    comment: str = ""

    def sql(self) -> str:
        items = [(f"{c} {d}".rstrip(), self.notes.get(c, "")) for c, d in self.columns.items()]
        items += [(c, "") for c in self.constraints]
        lines = []
        for i, (text, note) in enumerate(items):
            lines.append(f"  {text}{',' if i < len(items) - 1 else ''}{' -- ' + note if note else ''}")
        head = f"CREATE TABLE {self.name} ({' -- ' + self.note if self.note else ''}\n"
        comment = f"  {self.comment}\n" if self.comment else ""
        return head + comment + "\n".join(lines) + f"\n) {self.options}".rstrip() + ";\n"


def base() -> Shape:
    return Shape(columns={"id": "INTEGER PRIMARY KEY", "code": "TEXT NOT NULL", "amount": "INTEGER DEFAULT 0",
                          "label": "VARCHAR(20) DEFAULT 'grey'", "extra": "TEXT"})


@dataclass
class Item:
    name: str
    alter: object = None          # writes on the Shape
    others: str = ""              # further objects; {t} is the table's name
    rows: str = ""                # SQL after the rows
    keep: list[str] = field(default_factory=list)
    without: tuple = ()           # alterations that say nothing about it, with it
    methods: dict[str, str] = field(default_factory=dict)  # where it makes another rung the right one
    rowids: str = "yes"
    values: str = ROWS


def strict(s: Shape) -> None:
    s.options = "STRICT"
    s.columns["label"] = "TEXT DEFAULT 'grey'"


def without_rowid(s: Shape) -> None:
    s.options = "WITHOUT ROWID"


def autoincrement(s: Shape) -> None:
    s.columns["id"] = "INTEGER PRIMARY KEY AUTOINCREMENT"


def check_constraint(s: Shape) -> None:
    s.columns["code"] += " CHECK (code <> 'no')"
    s.constraints.append("CONSTRAINT wise CHECK (id <> 13 OR code IN ('a', 'b'))")


def collated(s: Shape) -> None:
    s.columns["code"] = "TEXT NOT NULL COLLATE NOCASE"


def generated(s: Shape) -> None:
    s.columns["v"] = "TEXT GENERATED ALWAYS AS (code || '/' || id) VIRTUAL"
    s.columns["w"] = "INTEGER NOT NULL AS (length(code) * 2) STORED"


def deferrable(s: Shape) -> None:
    s.constraints.append("FOREIGN KEY (code) REFERENCES codes(code) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED")


def on_conflict(s: Shape) -> None:
    s.columns["code"] = "TEXT NOT NULL ON CONFLICT IGNORE"
    s.constraints.append("UNIQUE (code, id) ON CONFLICT REPLACE")


def commented(s: Shape) -> None:
    s.comment = "-- who asked for this table: ask Mo, she knows"
    s.notes["code"] = "the code, as printed"


def self_reference(s: Shape) -> None:
    s.columns["parent"] = f"INTEGER REFERENCES {s.name}(id) ON DELETE CASCADE"


def plain_id(s: Shape) -> None:
    s.columns["id"] = "INT"


def hostile(s: Shape) -> None:
    s.columns['"a ""b"" [c] `d`"'] = "TEXT DEFAULT 'x'"
    s.columns['"select"'] = "TEXT"
    s.columns['"; DROP TABLE x; --"'] = "INTEGER"
    s.columns["[наме 表]"] = "TEXT"


ITEMS = [
    Item("rows-and-row-ids", plain_id, rows="UPDATE {t} SET rowid = rowid * 10 WHERE id = 17;",
         keep=["SELECT count(*) FROM {t} => 3"]),
    Item("partial-index", others="CREATE INDEX part ON {t} (code) WHERE id > 0;\n",
         keep=["SELECT id FROM {t} INDEXED BY part WHERE id > 0 AND code = 'b' => 3"]),
    Item("expression-index", others="CREATE UNIQUE INDEX expr ON {t} (upper(code), id + 1);\n",
         keep=["SELECT id FROM {t} INDEXED BY expr WHERE upper(code) = 'B' => 3"]),
    Item("collate-index", others="CREATE INDEX coll ON {t} (code COLLATE NOCASE);\n",
         keep=["SELECT id FROM {t} INDEXED BY coll WHERE code = 'B' COLLATE NOCASE => 3"]),
    Item("desc-index", others="CREATE INDEX down ON {t} (code DESC, id ASC);\n",
         keep=["SELECT group_concat(desc, ' ') FROM pragma_index_xinfo('down') WHERE key => 1 0"]),
    Item("trigger-on-it",
         others="CREATE TABLE log (id INTEGER, code TEXT);\nCREATE TRIGGER watch AFTER UPDATE OF code ON {t} WHEN new.code <> old.code "
                "BEGIN INSERT INTO log VALUES (new.id, old.code); END;\n"
                "CREATE TRIGGER leave BEFORE DELETE ON {t} BEGIN INSERT INTO log VALUES (old.id, 'deleted'); END;\n",
         rows="DELETE FROM log;",
         keep=["SELECT count(*) FROM log => 0",
               "UPDATE {t} SET code = 'q' WHERE id = 3; DELETE FROM {t} WHERE id = 17; SELECT * FROM log => 3|b;17|deleted"]),
    Item("trigger-elsewhere",
         others="CREATE TABLE inbox (code TEXT);\nCREATE TRIGGER forward AFTER INSERT ON inbox BEGIN "
                "INSERT INTO {t} (id, code) VALUES (77, new.code); UPDATE {t} SET code = 'seen' WHERE id = 3; END;\n",
         keep=["INSERT INTO inbox VALUES ('in'); SELECT code FROM {t} WHERE id IN (3, 77) ORDER BY id => seen;in"]),
    Item("views",
         others="CREATE VIEW seen AS SELECT id, code FROM {t} WHERE id > 0;\nCREATE VIEW counted AS SELECT count(*) AS n FROM seen;\n",
         keep=["SELECT n FROM counted => 2"]),
    Item("view-with-instead-of",
         others="CREATE VIEW seen AS SELECT id, code FROM {t};\nCREATE TRIGGER through INSTEAD OF UPDATE ON seen BEGIN "
                "UPDATE {t} SET code = new.code WHERE id = old.id; END;\n",
         keep=["UPDATE seen SET code = 'via' WHERE id = 3; SELECT code FROM {t} WHERE id = 3 => via"]),
    Item("children-that-cascade",
         others="CREATE TABLE child (n INTEGER PRIMARY KEY, t INTEGER NOT NULL REFERENCES {t}(id) ON DELETE CASCADE ON UPDATE CASCADE);\n"
                "CREATE TABLE soft (n INTEGER PRIMARY KEY, t INTEGER REFERENCES {t} ON DELETE SET NULL);\n",
         rows="INSERT INTO child(t) VALUES (3), (3), (17); INSERT INTO soft(t) VALUES (3), (-4), (NULL);",
         keep=["SELECT count(*), sum(t) FROM child => 3|23", "SELECT count(t) FROM soft => 2",
               "PRAGMA foreign_keys = ON; DELETE FROM {t} WHERE id = 3; SELECT (SELECT count(*) FROM child), (SELECT count(t) FROM soft) => 1|1"]),
    Item("autoincrement-mark", autoincrement,
         keep=["SELECT seq FROM sqlite_sequence WHERE name = '{t}' => 900",
               "INSERT INTO {t} (code) VALUES ('n'); SELECT max(id) FROM {t} => 901"]),
    Item("check", check_constraint, keep=["INSERT INTO {t} (id, code) VALUES (50, 'no') => SQLITE_CONSTRAINT_CHECK",
                                          "INSERT INTO {t} (id, code) VALUES (13, 'z') => SQLITE_CONSTRAINT_CHECK"]),
    Item("collate", collated, keep=["SELECT id FROM {t} WHERE code = 'B' => 3"]),
    Item("generated", generated, keep=["SELECT v, w FROM {t} ORDER BY id => a/-4|2;b/3|2;it's/17|8"]),
    Item("strict", strict, without=("in-place-type",), keep=["INSERT INTO {t} (id, code) VALUES (50, x'00') => SQLITE_CONSTRAINT_DATATYPE"]),
    Item("without-rowid", without_rowid, keep=["SELECT wr FROM pragma_table_list WHERE name = '{t}' => 1"]),
    Item("deferrable", deferrable, others="CREATE TABLE codes (code TEXT PRIMARY KEY);\n",
         rows="INSERT INTO codes SELECT code FROM {t};",
         keep=["PRAGMA foreign_keys = ON; BEGIN; INSERT INTO {t} (id, code) VALUES (50, 'zz'); INSERT INTO codes VALUES ('zz'); COMMIT; "
               "SELECT count(*) FROM {t} => 4"]),
    Item("on-conflict", on_conflict, keep=["INSERT INTO {t} (id, code) VALUES (50, NULL); SELECT count(*) FROM {t} => 3"]),
    Item("comments", commented,
         keep=["SELECT instr(sql, 'ask Mo, she knows') > 0, instr(sql, 'as printed') > 0 FROM sqlite_schema WHERE name = '{t}' => 1|1"]),
    Item("self-reference", self_reference, rows="UPDATE {t} SET parent = 3 WHERE id = 17;",
         keep=["SELECT id FROM {t} WHERE parent = 3 => 17",
               "PRAGMA foreign_keys = ON; DELETE FROM {t} WHERE id = 3; SELECT count(*) FROM {t} => 1"]),
    Item("fts5-external-content",
         others="CREATE VIRTUAL TABLE words USING fts5(code, content='{t}', content_rowid='id');\n"
                "CREATE TRIGGER words_in AFTER INSERT ON {t} BEGIN INSERT INTO words(rowid, code) VALUES (new.id, new.code); END;\n"
                "CREATE TRIGGER words_out AFTER DELETE ON {t} BEGIN INSERT INTO words(words, rowid, code) "
                "VALUES ('delete', old.id, old.code); END;\n",
         keep=["SELECT code FROM words WHERE words MATCH 'b' => b",
               "INSERT INTO {t} (id, code) VALUES (61, 'fresh'); SELECT rowid FROM words WHERE words MATCH 'fresh' => 61"]),
    Item("r-tree",
         others="CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1);\n"
                "CREATE TRIGGER box AFTER INSERT ON {t} BEGIN INSERT INTO boxes VALUES (new.id, new.id, new.id + 1); END;\n",
         keep=["SELECT id FROM boxes WHERE x0 > 10 AND x0 < 100 => 17",
               "INSERT INTO {t} (id, code) VALUES (61, 'n'); SELECT count(*) FROM boxes WHERE x0 > 60 AND x0 < 70 => 1"]),
    Item("hostile-names", hostile,
         others='CREATE INDEX "in ""dex" ON {t} ("select", "; DROP TABLE x; --");\n'
                'CREATE VIEW "view [1]" AS SELECT "a ""b"" [c] `d`" AS "order" FROM {t};\n',
         rows='UPDATE {t} SET "select" = \'s\', "; DROP TABLE x; --" = id, [наме 表] = \'ü\';',
         keep=['SELECT "order" FROM "view [1]" => x;x;x', 'SELECT sum("; DROP TABLE x; --") FROM {t} => 16']),
]


# --- the rungs ---------------------------------------------------------------------------------------------------------


def add_column(s: Shape) -> None:
    s.columns["added"] = "TEXT DEFAULT 'n'"


def drop_column(s: Shape) -> None:
    del s.columns["extra"]


def rename_column(s: Shape) -> None:
    s.columns = {("tag" if c == "label" else c): d for c, d in s.columns.items()}
    s.notes["tag"] = "@renamed from=label"


def rename_column_back(s: Shape) -> None:
    s.notes["label"] = "@renamed from=tag"


def rename_table(s: Shape) -> None:
    s.name, s.note = "moved", "@renamed from=t"
    s.columns = {c: d.replace("REFERENCES t(", "REFERENCES moved(") for c, d in s.columns.items()}


def rename_table_back(s: Shape) -> None:
    s.note = "@renamed from=moved"


def constrain(text: str):
    def alter(s: Shape) -> None:
        s.constraints.append(text)
    return alter


def column(name: str, definition: str):
    def alter(s: Shape) -> None:
        s.columns[name] = definition
    return alter


def new_key(s: Shape) -> None:
    s.columns["id"] = s.columns["id"].replace(" PRIMARY KEY", " NOT NULL").replace(" AUTOINCREMENT", "")
    s.constraints.append("PRIMARY KEY (id, code)")


KEYLESS = ("rows-and-row-ids", "children-that-cascade", "autoincrement-mark", "self-reference")

#   name, rung, alteration, what writes the way back's annotation
ALTERATIONS = [
    ("native-add", "native", add_column, None),
    ("native-drop", "native", drop_column, None),
    ("native-rename-column", "native", rename_column, rename_column_back),
    ("native-rename-table", "native", rename_table, rename_table_back),
    ("in-place-check", "in-place", constrain("CONSTRAINT some CHECK (amount IS NULL OR amount >= 0)"), None),
    ("in-place-not-null", "in-place", column("label", "VARCHAR(20) NOT NULL DEFAULT 'grey'"), None),
    ("in-place-foreign-key", "in-place", constrain("FOREIGN KEY (label) REFERENCES ref(name) ON UPDATE CASCADE"), None),
    ("in-place-default", "in-place", column("label", "VARCHAR(20) DEFAULT 'red'"), None),
    ("in-place-type", "in-place", column("label", "VARCHAR(200) DEFAULT 'grey'"), None),
    ("rebuild-type", "rebuild", column("amount", "TEXT DEFAULT 0"), None),
    ("rebuild-key", "rebuild", new_key, None),
    ("rebuild-unique", "rebuild", constrain("UNIQUE (extra, id)"), None),
    ("rebuild-collate", "rebuild", column("extra", "TEXT COLLATE NOCASE"), None),
    ("rebuild-stored", "rebuild", column("made", "TEXT GENERATED ALWAYS AS (code || '!') STORED"), None),
    ("rebuild-with-rename", "rebuild", None, None),
]


def rebuild_with_rename(s: Shape) -> None:
    rename_column(s)
    s.columns["amount"] = "TEXT DEFAULT 0"


def fits(item: Item, alteration: str) -> bool:
    if alteration in item.without:
        return False
    # Without a key over id alone these items have no meaning.
    return not (alteration == "rebuild-key" and item.name in KEYLESS)


def built(item: Item, *alterations) -> tuple[str, Shape]:
    s = base()
    for alter in (item.alter, *alterations):
        if alter:
            alter(s)
    if s.options == "STRICT":
        s.columns = {c: d.replace("VARCHAR(200)", "TEXT").replace("VARCHAR(20)", "TEXT") for c, d in s.columns.items()}
    ref = "CREATE TABLE ref (name TEXT PRIMARY KEY);\n"
    return ref + s.sql() + item.others.replace("{t}", s.name), s


# A rebuild is also made in batches, with the indexes kept meanwhile or built last.
RUNS = (("", ""), ("-online", "--online"), ("-indexes-last", "--indexes-last"))


def online(item: str, alteration: str) -> bool:
    """Not where something is renamed first, or where nothing tells which row is which."""
    return alteration != "rebuild-with-rename" and (item, alteration) != ("without-rowid", "rebuild-key")


def cases() -> list[Case]:
    out = []
    for item in ITEMS:
        for name, rung, alter, back in ALTERATIONS:
            if not fits(item, name):
                continue
            if name == "rebuild-with-rename":
                alter, back = rebuild_with_rename, rename_column_back
            before, _ = built(item)
            after, shape = built(item, alter)
            back_sql = built(item, back)[0] if back else None
            rows = (item.values + item.rows).replace("{t}", "t")
            rung_here = item.methods.get(name, rung)
            keep = [k.replace("{t}", shape.name) for k in item.keep]
            keep_back = [k.replace("{t}", "t") for k in item.keep]
            for kind, flags in RUNS:
                if kind and "rebuild" not in rung_here:
                    continue
                rung_so = rung_here.replace("rebuild", "online") if kind and online(item.name, name) else rung_here
                more = {"flags": flags} if flags else {}
                out.append(make(f"survival/{item.name}/{name}{kind}", before, rows, after, back_sql=back_sql,
                                method=f"{shape.name}={rung_so}, ref=none", keep=keep, keep_back=keep_back,
                                variants="adopted", **more))
    return out
