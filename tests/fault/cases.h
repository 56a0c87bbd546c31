/* SPDX-License-Identifier: MIT */
/* cases.h - the migrations whose allocations are made to fail: one for each way that a plan can go. */
#ifndef FAULT_CASES_H
#define FAULT_CASES_H

typedef struct fault_case {
    const char *name;
    const char *before; /* schema and rows */
    const char *schema; /* what of it is recorded first; NULL: moult was never there */
    const char *after;  /* desired */
    unsigned flags;
} fault_case;

/* How it is gone there: as a rule in one transaction, without an attic. */
enum {
    FAULT_ATTIC = 1,     /* what goes is kept */
    FAULT_HOOKS = 2,     /* with a hook before and one after */
    FAULT_ONLINE = 4,    /* in batches */
    FAULT_EXPAND = 8,    /* the first half only */
    FAULT_CONTRACT = 16, /* the second half; the first one is there */
    FAULT_BACK = 32      /* `after` is there already, from `schema`, with an attic: back to it */
};
/* These have more than one transaction: what failed may have left the first. */
#define FAULT_PARTS (FAULT_HOOKS | FAULT_ONLINE | FAULT_CONTRACT)

#define FAULT_HOOK_BEFORE "UPDATE person SET first = name, age = age + 1;\nDELETE FROM pet WHERE kind = 'dog';\n"
#define FAULT_HOOK_AFTER "UPDATE person SET age = age + 10;\n"

#define PEOPLE                                                                                                         \
    "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INT DEFAULT 7);\n"                      \
    "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n"
#define PETS                                                                                                           \
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE CASCADE, kind TEXT);\n"
#define ROWS                                                                                                           \
    "INSERT INTO person (name, age) VALUES ('Ada', 36), ('Grace', 85), ('Mary', 53);\n"                                \
    "INSERT INTO pet VALUES (1, 1, 'cat'), (2, 3, 'dog');\n"

#define FIRST_NAMES                                                                                                    \
    "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, first TEXT NOT NULL, age INT DEFAULT 7);\n"
#define STRICT_PEOPLE                                                                                                  \
    "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, age REAL DEFAULT 7) STRICT;\n"       \
    "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n"

static const fault_case fault_cases[] = {
    {"create", "", NULL,
     PEOPLE PETS "CREATE VIEW elders AS SELECT name FROM person WHERE age > 60;\n"
                 "CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;\n",
     0},
    {"add-column", PEOPLE PETS ROWS, PEOPLE PETS,
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INT DEFAULT 7, mail TEXT);\n"
     "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n" PETS,
     0},
    {"drop-column", PEOPLE PETS ROWS, NULL,
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);\n"
     "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n" PETS,
     0},
    {"in-place", PEOPLE PETS ROWS, PEOPLE PETS,
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, age INT DEFAULT 7,\n"
     "  CONSTRAINT grown CHECK (age > 1));\n"
     "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n" PETS,
     0},
    {"rebuild", PEOPLE PETS ROWS, NULL,
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, age REAL DEFAULT 7) STRICT;\n"
     "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n" PETS,
     0},
    {"rename",
     PEOPLE PETS "CREATE VIEW owners AS SELECT p.name, q.kind FROM person p JOIN pet q ON q.owner = p.id;\n" ROWS,
     PEOPLE PETS "CREATE VIEW owners AS SELECT p.name, q.kind FROM person p JOIN pet q ON q.owner = p.id;\n",
     "CREATE TABLE human ( -- @renamed from=person\n"
     "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
     "  called TEXT, -- @renamed from=name\n"
     "  age INT DEFAULT 7);\n"
     "CREATE INDEX person_name ON human (called COLLATE NOCASE);\n"
     "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES human (id) ON DELETE CASCADE, kind TEXT);\n"
     "CREATE VIEW owners AS SELECT p.called, q.kind FROM human p JOIN pet q ON q.owner = p.id;\n",
     0},
    {"fill", PEOPLE PETS ROWS, NULL,
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INT DEFAULT 7,\n"
     "  mail TEXT NOT NULL, -- @fill lower(name) || '@example.com'\n"
     "  UNIQUE (mail));\n"
     "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n" PETS,
     0},
    {"views-triggers",
     PEOPLE PETS "CREATE VIEW elders AS SELECT id, name FROM person WHERE age > 60;\n"
                 "CREATE VIEW first AS SELECT min(id) AS id FROM elders;\n"
                 "CREATE TRIGGER bye AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;\n" ROWS,
     PEOPLE PETS "CREATE VIEW elders AS SELECT id, name FROM person WHERE age > 60;\n"
                 "CREATE VIEW first AS SELECT min(id) AS id FROM elders;\n"
                 "CREATE TRIGGER bye AFTER DELETE ON person BEGIN DELETE FROM pet WHERE owner = old.id; END;\n",
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age NUMERIC DEFAULT 8);\n"
     "CREATE INDEX person_age ON person (age) WHERE age IS NOT NULL;\n" PETS
     "CREATE VIEW elders AS SELECT id, name FROM person WHERE age > 70;\n"
     "CREATE VIEW first AS SELECT min(id) AS id FROM elders;\n"
     "CREATE TRIGGER bye BEFORE DELETE ON person WHEN old.age > 0 BEGIN DELETE FROM pet WHERE owner = old.id; END;\n"
     "CREATE TRIGGER put INSTEAD OF INSERT ON elders BEGIN SELECT 1; END;\n",
     0},
    {"fts5",
     "CREATE VIRTUAL TABLE words USING fts5 (title, body);\nINSERT INTO words VALUES ('one', 'a text of "
     "words');\n" PEOPLE PETS ROWS,
     NULL,
     "CREATE VIRTUAL TABLE words USING fts5 (title, body);\n"
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INT NOT NULL DEFAULT 7);\n"
     "CREATE INDEX person_name ON person (name COLLATE NOCASE);\n" PETS "CREATE VIRTUAL TABLE more USING fts5 (x);\n",
     0},
    {"drop-table", PEOPLE PETS ROWS, PEOPLE PETS, PEOPLE, 0},
    {"circle",
     "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b (id));\n"
     "CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED);\n"
     "INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (1, 1); UPDATE a SET b = 1;\n",
     NULL,
     "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b (id) ON DELETE SET NULL, t TEXT COLLATE NOCASE);\n"
     "CREATE TABLE b (id INTEGER PRIMARY KEY, a TEXT REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED);\n",
     0},
    {"without-rowid",
     "CREATE TABLE k (a TEXT, b INT, c AS (a || b) STORED, PRIMARY KEY (a, b));\n"
     "INSERT INTO k (a, b) VALUES ('x', 1), ('y', 2);\n",
     NULL,
     "CREATE TABLE k (a TEXT, b INT, c AS (a || b) STORED, d AS (b + 1), PRIMARY KEY (b DESC, a)) WITHOUT ROWID;\n", 0},
    {"up-to-date", PEOPLE PETS ROWS, PEOPLE PETS, PEOPLE PETS, 0},
    {"hooks", PEOPLE PETS ROWS, PEOPLE PETS, FIRST_NAMES PETS, FAULT_HOOKS},
    {"expand", PEOPLE PETS ROWS, PEOPLE PETS, FIRST_NAMES PETS, FAULT_EXPAND},
    {"contract", PEOPLE PETS ROWS, PEOPLE PETS, FIRST_NAMES PETS, FAULT_HOOKS | FAULT_CONTRACT},
    {"online", PEOPLE PETS ROWS, PEOPLE PETS, STRICT_PEOPLE PETS, FAULT_ONLINE},
    {"asked", PEOPLE PETS "CREATE INDEX pet_owner ON pet (owner);\n" ROWS,
     PEOPLE PETS "CREATE INDEX pet_owner ON pet (owner);\n",
     "-- @allow drop-index-of-key pet_owner: few pets\n"
     "CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
     "  name TEXT COLLATE NOCASE UNIQUE, -- @allow change-collation: looked at\n"
     "  age TEXT DEFAULT 7, mail TEXT NOT NULL CHECK (mail <> ''), -- @fill name || '!'\n"
     "  CHECK (person.age > '0'));\n"
     "CREATE UNIQUE INDEX person_name ON person (name COLLATE NOCASE, lower(mail)) WHERE age > 1;\n"
     "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INT REFERENCES person (id) ON DELETE SET NULL, \n"
     "  kind TEXT CHECK (kind IN ('cat', 'dog')));\n",
     0},
};
enum { FAULT_CASES = sizeof fault_cases / sizeof fault_cases[0] };

#endif
