# SPDX-License-Identifier: MIT
"""What torture.py tortures: databases, what is to become of them, and which states are legal on the way."""

import dataclasses
from typing import Callable, Optional

DATABASE = ("", "-wal", "-journal")  # the ends of the names of the files that are the database


def commits(change):
    """May this change of a file be what makes a transaction durable?"""
    return (change.file == "-journal" and change.what in ("unlink", "ftruncate", "pwrite")) or (change.file == "-wal" and change.what in ("pwrite", "fdatasync", "fsync"))


APPLY = ("apply", "--url", "{url}", "--to", "{desired}", "--own=all", "--no-backup", "--mode", "aggressive")
SAFE = ("apply", "--url", "{url}", "--to", "{desired}", "--own=all", "--no-backup", "--mode", "safe")
PLAIN = (*APPLY, "--no-attic")
ONLINE = (*PLAIN, "--online")


@dataclasses.dataclass
class Scenario:
    name: str
    schema: Optional[str]              # of the database before; None: there is none
    files: dict                        # what the commands name: {"desired.sql": …} is {desired} in them
    command: tuple = PLAIN             # what is ended
    then: tuple = ()                   # the commands that get there afterwards; as a rule the same one
    setup: tuple = ()                  # commands, or functions of a connection, that come before
    rows: Optional[Callable] = None    # writes rows
    between: Optional[Callable] = None  # the name of the legal state that the database is in, or None
    resume: tuple = ()                 # the command that goes on with what was interrupted
    settled: tuple = ()                # states between that are no interruption
    safe: tuple = SAFE                 # a start that may refuse, and changes nothing then
    journal: str = "delete"
    page_size: int = 4096
    weight: int = 1                    # its share of the points

    def __post_init__(self):
        self.then = self.then or (self.command,)


PEOPLE = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INT DEFAULT 7, note TEXT);
CREATE INDEX person_name ON person (name);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT);
CREATE VIEW owners AS SELECT name FROM person WHERE id IN (SELECT owner FROM pet);
CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;
"""
PEOPLE_AFTER = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, age REAL DEFAULT 7, note TEXT, mail TEXT, UNIQUE (id, name));
CREATE INDEX person_name ON person (name COLLATE NOCASE);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT DEFAULT 'cat');
CREATE TABLE food (id INTEGER PRIMARY KEY, pet INT REFERENCES pet (id));
CREATE VIEW owners AS SELECT name, age FROM person WHERE id IN (SELECT owner FROM pet);
CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;
"""
IN_PLACE = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, age INT DEFAULT 7, note TEXT CHECK (length(note) < 100));
CREATE INDEX person_name ON person (name);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT NOT NULL);
CREATE VIEW owners AS SELECT name FROM person WHERE id IN (SELECT owner FROM pet);
CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;
"""
RENAMED = """
CREATE TABLE human ( -- @renamed from=person
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  called TEXT, -- @renamed from=name
  age INT DEFAULT 7, note TEXT);
CREATE INDEX person_name ON human (called);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES human (id) ON DELETE CASCADE, kind TEXT);
CREATE VIEW owners AS SELECT called FROM human WHERE id IN (SELECT owner FROM pet);
CREATE TRIGGER gone AFTER DELETE ON human BEGIN DELETE FROM pet WHERE owner = old.id; END;
"""


NAMES = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, age INT NOT NULL);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT);
"""
NAMES_SPLIT = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, first_name TEXT NOT NULL, last_name TEXT NOT NULL, age INT NOT NULL);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT);
CREATE TABLE visit (id INTEGER PRIMARY KEY, person INT REFERENCES person (id));
"""
SPLIT_HOOKS = {
    "desired.sql": NAMES_SPLIT,
    "hooks/001_split.before_ddl.sql": """
        UPDATE person SET first_name = substr(name, 1, instr(name, ' ') - 1), last_name = substr(name, instr(name, ' ') + 1);
        DELETE FROM person WHERE id % 7 = 0;  -- their pets go too
        INSERT INTO visit (person) SELECT id FROM person;
    """,
    "hooks/002_older.before_ddl.sql": "UPDATE person SET age = age + 1;\n",  # to run it twice would be seen
    "hooks/003_oldest.after_ddl.sql": "UPDATE person SET age = age + 10;\n",
    "hooks/004_once.after_ddl.sql": "UPDATE person SET age = age + 100;\n",
}
HOOKED = (*PLAIN, "--hooks", "{files}/hooks")
RESUME = ("resume", "--url", "{url}", "--hooks", "{files}/hooks", "--mode", "aggressive", "--no-backup")


def two_names(count):
    def rows(db):
        db.executemany("INSERT INTO person (name, age) VALUES (?, ?)", (("first%d last%d" % (i, i), 20) for i in range(1, count + 1)))
        db.execute("INSERT INTO pet (owner, kind) SELECT id, 'dog' FROM person")
    return rows


def split_halves(db):
    """Every row is there once, and each hook was run once or not at all."""
    there = {c for (c,) in db.execute("SELECT name FROM pragma_table_info('person')")}
    whole, count = "name" in there, db.execute("SELECT count(*) FROM pet").fetchone()[0]
    name = "name" if whole else "first_name || ' ' || last_name"
    rows = db.execute("SELECT id, %s, age FROM person ORDER BY id" % name).fetchall()
    total = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'person'").fetchone()[0]
    kept = [i for i in range(1, total + 1) if i % 7]
    ages = {age for _, _, age in rows}
    if [(i, n) for i, n, _ in rows] == [(i, "first%d last%d" % (i, i)) for i in kept] and len(ages) == 1 and count == len(kept) \
            and (not whole or db.execute("SELECT count(*) FROM person WHERE first_name || ' ' || last_name = name").fetchone()[0] == len(kept)) \
            and [p for (p,) in db.execute("SELECT person FROM visit ORDER BY 1")] == kept:
        return {(True, 21): "hooked", (False, 21): "contracted", (False, 31): "third hook"}.get((whole, ages.pop()))
    return None


LESS = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age TEXT NOT NULL DEFAULT 'none'); -- note goes, age is converted
CREATE INDEX person_name ON person (name);
"""
BACK = ("rollback", "1", "--url", "{url}", "--own=all", "--no-backup", "--mode", "aggressive")


def written_since(db):
    """Rows that the application writes while the old ones are in the attic."""
    db.execute("INSERT INTO person (name, age) VALUES ('late', '33')")
    db.execute("UPDATE person SET name = name || '!' WHERE id % 3 = 0")
    db.execute("DELETE FROM person WHERE id % 8 = 0")


def people(count, orphans=0, wide=0):
    def rows(db):
        db.executemany("INSERT INTO person (name, age, note) VALUES (?, ?, ?)", (("name %d" % i, i % 90, "x" * (wide or i % 50)) for i in range(count)))
        db.execute("INSERT INTO pet (owner, kind) SELECT id, 'dog' FROM person WHERE id % 10 = 0")
        db.execute("DELETE FROM person WHERE id = %d" % count)  # AUTOINCREMENT's mark is above the last row
        for i in range(orphans):
            db.execute("INSERT INTO pet (owner, kind) VALUES (?, 'stray')", (1000000 + i,))
    return rows


ALL = [
    Scenario("plain", PEOPLE, {"desired.sql": PEOPLE_AFTER}, rows=people(120), weight=2),
    Scenario("plain-wal", PEOPLE, {"desired.sql": PEOPLE_AFTER}, rows=people(120), journal="wal", weight=2),
    Scenario("plain-orphans", PEOPLE, {"desired.sql": PEOPLE_AFTER}, rows=people(60, orphans=3), journal="persist"),
    Scenario("plain-spills", PEOPLE, {"desired.sql": PEOPLE_AFTER}, rows=people(700, wide=4000), journal="truncate", page_size=65536),  # more than the cache holds
    Scenario("in-place", PEOPLE, {"desired.sql": IN_PLACE}, rows=people(120)),
    Scenario("renamed-wal", PEOPLE, {"desired.sql": RENAMED}, rows=people(120), journal="wal"),
    Scenario("create", None, {"desired.sql": PEOPLE_AFTER}),
    Scenario("hooks", NAMES, SPLIT_HOOKS, HOOKED, rows=two_names(60), between=split_halves, resume=RESUME, safe=(*SAFE, "--hooks", "{files}/hooks"),
             weight=2),
    Scenario("hooks-wal", NAMES, SPLIT_HOOKS, HOOKED, rows=two_names(60), between=split_halves, resume=RESUME,
             safe=(*SAFE, "--hooks", "{files}/hooks"), journal="wal"),
    Scenario("expand", NAMES, SPLIT_HOOKS, (*PLAIN, "--phase", "expand"), rows=two_names(60), safe=()),
    Scenario("contract", NAMES, SPLIT_HOOKS, (*HOOKED, "--phase", "contract"), setup=((*PLAIN, "--phase", "expand"),), rows=two_names(60),
             between=split_halves, resume=RESUME, safe=()),
    Scenario("online", PEOPLE, {"desired.sql": PEOPLE_AFTER}, ONLINE, rows=people(450), page_size=1024),
    Scenario("online-wal", PEOPLE, {"desired.sql": PEOPLE_AFTER}, ONLINE, rows=people(450), page_size=1024, journal="wal"),
    Scenario("online-indexes-last", PEOPLE, {"desired.sql": PEOPLE_AFTER}, (*ONLINE, "--indexes-last"), rows=people(300), journal="wal"),
    Scenario("attic", PEOPLE, {"desired.sql": LESS}, APPLY, rows=people(120), weight=2),
    Scenario("attic-wal", PEOPLE, {"desired.sql": LESS}, (*APPLY, "--online"), rows=people(120), journal="wal"),
    Scenario("rollback", PEOPLE, {"desired.sql": LESS, "first.sql": PEOPLE}, BACK, rows=people(120), weight=2, safe=(*BACK[:-1], "safe"),
             setup=(tuple(a.replace("{desired}", "{first}") for a in APPLY), APPLY, written_since)),
    Scenario("rollback-wal", PEOPLE, {"desired.sql": LESS, "first.sql": PEOPLE}, (*BACK, "--online"), rows=people(120), journal="wal", safe=(),
             setup=(tuple(a.replace("{desired}", "{first}") for a in APPLY), APPLY, written_since)),
    Scenario("backup", PEOPLE, {"desired.sql": PEOPLE_AFTER}, rows=people(60),
             command=tuple(a for a in PLAIN if a != "--no-backup")),
]


def named(name):
    return next(s for s in ALL if s.name == name)
