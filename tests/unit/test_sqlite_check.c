/* SPDX-License-Identifier: MIT */
/* test_sqlite_check.c - what SQLite takes at CREATE and cannot use: views, triggers, generated columns, foreign keys. */
#include "sqlite_help.h"

TestSuite(check, .init = help_begin, .fini = help_end, .timeout = 30);

static char note[300]; /* the last object's that has one */

/* Loads the SQL into a scratch, reads it back, checks what is asked; the name of what is wrong goes into `name`. */
static int check(const char *sql, const char *ask, char *name)
{
    mo_scratch *scratch = NULL;
    mo_schema *s = NULL;
    const mo_object *wrong = NULL;
    mo_map *map = ask ? mo_map_new(0) : NULL;
    int code;

    cr_assert_eq(mo_sqlite_scratch_open(NULL, &scratch, &help_err), MOULT_OK);
    help_exec(mo_sqlite_scratch_conn(scratch), sql);
    cr_assert_eq(mo_dialect_sqlite.introspect(mo_sqlite_scratch_conn(scratch), &s, &help_err), MOULT_OK, "%s",
                 help_err.pub.message);
    if (ask) {
        mo_map_put(map, ask, NULL);
    }
    code = mo_sqlite_check(mo_sqlite_scratch_conn(scratch), s, map, &wrong, &help_err);
    cr_expect((code == MOULT_OK) == (wrong == NULL));
    snprintf(name, 64, "%s", wrong ? wrong->name : "");
    note[0] = '\0';
    for (size_t i = 0; i < s->objects.count; i++) {
        if (s->objects.items[i]->note) {
            snprintf(note, sizeof note, "%s: %s", s->objects.items[i]->name, s->objects.items[i]->note);
        }
    }
    if (wrong) {
        cr_expect(help_err.pub.hint && help_err.pub.object, "no hint or object: %s", help_err.pub.message);
    }
    mo_map_free(map);
    mo_schema_free(s);
    mo_sqlite_scratch_close(scratch);
    return code;
}

static void good(const char *sql)
{
    char name[64];
    int code = check(sql, NULL, name);

    cr_expect_eq(code, MOULT_OK, "%s: %s", sql, code ? help_err.pub.message : "");
    cr_expect_str_empty(note, "%s: %s", sql, note);
}

/* Wrong, but no error: the object has a note. */
static void doubtful(const char *sql, const char *object, const char *message)
{
    char name[64];
    int code = check(sql, NULL, name);

    cr_expect_eq(code, MOULT_OK, "%s: %s", sql, code ? help_err.pub.message : "");
    cr_expect(!strncmp(note, object, strlen(object)), "the note is of another: %s", note);
    cr_expect(strstr(note, message), "'%s' is not in '%s'", message, note);
}

static void wrong(const char *sql, const char *object, const char *message)
{
    char name[64];
    int code = check(sql, NULL, name);

    cr_expect_eq(code, MOULT_SOURCE, "taken: %s", sql);
    cr_expect_str_eq(name, object, "%s blamed in: %s", name, sql);
    cr_expect(code && strstr(help_err.pub.message, message), "'%s' is not in '%s'", message,
              code ? help_err.pub.message : "");
}

Test(check, views)
{
    good("CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW \"odd \"\" name\" AS SELECT * FROM v");
    wrong("CREATE VIEW v AS SELECT a FROM t", "v", "no such table: main.t");
    wrong("CREATE TABLE t (a); CREATE VIEW v AS SELECT b FROM t", "v", "no such column: b");
    wrong("CREATE VIEW a AS SELECT * FROM b; CREATE VIEW b AS SELECT * FROM a", "a", "circularly");
}

Test(check, what_the_application_registers_is_no_mistake)
{
    good("CREATE TABLE t (a); CREATE VIEW v AS SELECT mine(a) FROM t; CREATE VIEW w AS SELECT * FROM v");
    good("CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t ORDER BY a COLLATE mine");
    good(
        "CREATE TABLE t (a COLLATE mine); CREATE TRIGGER g AFTER UPDATE ON t BEGIN DELETE FROM t WHERE a = new.a; END");
    good("CREATE TABLE t (a DEFAULT (mine())); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT mine(new.a); END");
}

Test(check, triggers)
{
    good("CREATE TABLE t (a, b AS (a + 1)); CREATE TABLE log (x);"
         "CREATE TRIGGER i BEFORE INSERT ON t WHEN new.a > 0 BEGIN INSERT INTO log VALUES (new.b); END;"
         "CREATE TRIGGER u AFTER UPDATE OF a ON t BEGIN UPDATE log SET x = old.a; END;"
         "CREATE TRIGGER \"update\" AFTER UPDATE ON t BEGIN SELECT raise(ABORT, 'no'); END;"
         "CREATE TRIGGER d AFTER DELETE ON t BEGIN DELETE FROM log WHERE x = old.b; END");
    wrong("CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END", "g",
          "no such table: main.log");
    doubtful("CREATE TABLE t (a); CREATE TRIGGER g AFTER DELETE ON t BEGIN SELECT old.b; END", "g",
             "no such column: old.b");
    doubtful("CREATE TABLE t (a, b); CREATE TRIGGER g AFTER UPDATE OF \"b\" ON t BEGIN SELECT new.c; END", "g",
             "no such column: new.c");
    wrong("CREATE TABLE t (a); CREATE TABLE l (x); CREATE TRIGGER IF NOT EXISTS \"insert\" DELETE ON t BEGIN INSERT "
          "INTO l "
          "VALUES (1, 2); END",
          "insert", "2 values");
}

Test(check, triggers_on_views)
{
    static const char base[] = "CREATE TABLE t (a); CREATE VIEW v AS SELECT a AS x FROM t;";
    char sql[512];

    snprintf(sql, sizeof sql,
             "%s CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (new.x); END;"
             "CREATE TRIGGER u INSTEAD OF UPDATE ON v BEGIN UPDATE t SET a = new.x; END;"
             "CREATE TRIGGER d INSTEAD OF DELETE ON v BEGIN DELETE FROM t WHERE a = old.x; END",
             base);
    good(sql);
    snprintf(sql, sizeof sql, "%s CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (new.y); END",
             base);
    doubtful(sql, "i", "new.y");
    snprintf(sql, sizeof sql, "%s CREATE TRIGGER u INSTEAD OF UPDATE OF x ON v BEGIN UPDATE z SET a = new.x; END",
             base);
    wrong(sql, "u", "main.z");
    snprintf(sql, sizeof sql, "%s CREATE TRIGGER u INSTEAD OF UPDATE ON v BEGIN UPDATE z SET a = new.x; END", base);
    wrong(sql, "u", "main.z");
}

Test(check, the_right_one_of_several_triggers_is_blamed)
{
    doubtful("CREATE TABLE t (a); CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT new.a; END;"
             "CREATE TRIGGER b AFTER INSERT ON t BEGIN SELECT new.nope; END;"
             "CREATE TRIGGER c AFTER INSERT ON t BEGIN SELECT new.a; END",
             "b", "new.nope");
}

Test(check, only_what_is_asked)
{
    static const char sql[] = "CREATE VIEW v AS SELECT 1 FROM nope; CREATE VIEW Fine AS SELECT 1; "
                              "CREATE TABLE t (a REFERENCES nope)";
    char name[64];

    cr_expect_eq(check(sql, "fine", name), MOULT_OK);
    cr_expect_eq(check(sql, "v", name), MOULT_SOURCE);
    cr_expect_eq(check(sql, "t", name), MOULT_SOURCE);
}

Test(check, generated_columns_in_a_circle)
{
    wrong("CREATE TABLE t (a AS (b), b AS (a), c)", "t", "generated column loop");
    wrong("CREATE TABLE t (a AS (b) STORED, b AS (a) STORED, c)", "t", "generated column loop");
    good("CREATE TABLE t (a AS (b), b AS (c), c)");
}

Test(check, foreign_keys)
{
    good("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (x REFERENCES p, y REFERENCES P(ID))");
    good("CREATE TABLE p (a, b, PRIMARY KEY (a, b)); CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p (b, a))");
    good("CREATE TABLE p (a, b UNIQUE); CREATE TABLE c (x REFERENCES p (b))");
    good("CREATE TABLE p (a, \"b c\" COLLATE NOCASE); CREATE UNIQUE INDEX \"i (\" ON p (\"b c\" COLLATE nocase DESC);"
         "CREATE TABLE c (x REFERENCES p (\"b c\"))");
    good("CREATE TABLE p (a, b); CREATE UNIQUE INDEX IF NOT EXISTS i ON p (b, a);"
         "CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p (a, b))");
    good("CREATE TABLE p (id PRIMARY KEY, up REFERENCES p)");
    wrong("CREATE TABLE c (x REFERENCES gone)", "c", "'gone', which is not declared");
    wrong("CREATE TABLE c (x REFERENCES gone)", "c", "the foreign key (x) of table 'c'");
    wrong("CREATE TABLE p (a); CREATE VIEW v AS SELECT a FROM p; CREATE TABLE c (x REFERENCES v (a))", "c",
          "is a view");
    doubtful("CREATE TABLE p (a); CREATE TABLE c (x REFERENCES p (b))", "c", "column 'b' of 'p'");
    doubtful("CREATE TABLE p (a, b); CREATE TABLE c (x REFERENCES p (b))", "c", "neither the primary key nor unique");
    doubtful("CREATE TABLE p (a); CREATE TABLE c (x REFERENCES p)", "c", "names no columns of 'p'");
    doubtful("CREATE TABLE p (a, b, PRIMARY KEY (a, b)); CREATE TABLE c (x REFERENCES p)", "c", "names no columns");
    doubtful("CREATE TABLE p (a, b); CREATE UNIQUE INDEX i ON p (b) WHERE b > 0; CREATE TABLE c (x REFERENCES p (b))",
             "c", "nor unique");
    doubtful(
        "CREATE TABLE p (a, b); CREATE UNIQUE INDEX i ON p (b COLLATE NOCASE); CREATE TABLE c (x REFERENCES p (b))",
        "c", "nor unique");
    doubtful("CREATE TABLE p (a, b); CREATE INDEX i ON p (b); CREATE TABLE c (x REFERENCES p (b))", "c", "nor unique");
    doubtful("CREATE TABLE p (a, b); CREATE UNIQUE INDEX i ON p (lower(b)); CREATE TABLE c (x REFERENCES p (b))", "c",
             "nor unique");
}
