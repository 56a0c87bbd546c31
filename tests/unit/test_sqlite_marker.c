/* SPDX-License-Identifier: MIT */
/* test_sqlite_marker.c - the marker moves after every statement that changes the schema, and only then. */
#include "sqlite_help.h"

TestSuite(marker, .init = help_begin, .fini = help_end, .timeout = 30);

static mo_hash marker_of(mo_conn *c)
{
    mo_hash h = {0, 0};

    cr_assert_eq(mo_sqlite_marker(c, &h, &help_err), MOULT_OK, "%s", help_err.pub.message);
    return h;
}

Test(marker, moves_with_every_statement)
{
    static const char *const statements[] = {
        "CREATE TABLE t (a, b)",
        "ALTER TABLE t ADD COLUMN c",
        "ALTER TABLE t RENAME COLUMN c TO d",
        "ALTER TABLE t DROP COLUMN d",
        "CREATE INDEX i ON t (a)",
        "DROP INDEX i",
        "CREATE INDEX i ON t (a)",
        "CREATE VIEW v AS SELECT a FROM t",
        "DROP VIEW v",
        "CREATE VIEW v AS SELECT b FROM t",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
        "DROP TRIGGER g",
        "CREATE TABLE u (x INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE VIRTUAL TABLE f USING fts5(body)",
        "DROP TABLE f",
        "ALTER TABLE t RENAME TO s",
        "DROP TABLE u",
        "PRAGMA writable_schema = 1;"
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE s (a, b CHECK (b > 0))' WHERE name = 's';"
        "PRAGMA schema_version = 1000; PRAGMA writable_schema = 0",
        "PRAGMA writable_schema = 1;"
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE s (a, b)' WHERE name = 's';"
        "PRAGMA writable_schema = 0", /* without a bump */
        "BEGIN; DROP TABLE s; CREATE TABLE s (a, b); COMMIT",
    };
    enum { COUNT = sizeof statements / sizeof *statements };
    mo_conn *c = help_conn("m.db", MOULT_OPEN_CREATE), *other;
    mo_hash seen[COUNT + 1];

    help_exec(c, "CREATE TABLE first (a)");
    other = help_conn("m.db", MOULT_OPEN_READ);
    seen[0] = marker_of(other);
    for (int i = 0; i < COUNT; i++) {
        help_exec(c, statements[i]);
        seen[i + 1] = marker_of(c);
        for (int k = 0; k <= i; k++) {
            cr_expect_not(mo_hash_equal(seen[i + 1], seen[k]), "the marker came back after: %s", statements[i]);
        }
        cr_expect(mo_hash_equal(marker_of(other), seen[i + 1]), "seen differently by another: %s", statements[i]);
    }
    mo_sqlite_close(other);
    mo_sqlite_close(c);
}

Test(marker, stays_while_rows_change)
{
    mo_conn *c = help_conn("m.db", MOULT_OPEN_CREATE);
    mo_hash before;

    help_exec(c, "CREATE TABLE t (a)");
    before = marker_of(c);
    help_exec(c, "INSERT INTO t VALUES (1); UPDATE t SET a = 2; DELETE FROM t");
    cr_expect(mo_hash_equal(before, marker_of(c)));
    mo_sqlite_close(c);
    c = help_conn("m.db", MOULT_OPEN_READ);
    cr_expect(mo_hash_equal(before, marker_of(c)), "the next process sees another marker");
    mo_sqlite_close(c);
}

Test(marker, holds_what_schema_version_does_not)
{
    mo_conn *a = help_conn("a.db", MOULT_OPEN_CREATE), *b = help_conn("b.db", MOULT_OPEN_CREATE);

    help_exec(a, "CREATE TABLE t (a); CREATE INDEX i ON t (a)");
    help_exec(b, "CREATE TABLE t (a); CREATE INDEX j ON t (a)");
    cr_expect_eq(help_int(a, "PRAGMA schema_version"), help_int(b, "PRAGMA schema_version"));
    cr_expect_not(mo_hash_equal(marker_of(a), marker_of(b)));
    mo_sqlite_close(a);
    mo_sqlite_close(b);
}

Test(marker, inside_a_transaction)
{
    mo_conn *c = help_conn("m.db", MOULT_OPEN_CREATE);
    mo_hash before, inside;

    help_exec(c, "CREATE TABLE t (a)");
    before = marker_of(c);
    cr_assert_eq(mo_sqlite_begin(c, 1, &help_err), MOULT_OK);
    help_exec(c, "CREATE TABLE u (a)");
    inside = marker_of(c);
    cr_expect_not(mo_hash_equal(before, inside));
    mo_sqlite_rollback(c);
    cr_expect(mo_hash_equal(before, marker_of(c)));
    mo_sqlite_close(c);
}
