/* SPDX-License-Identifier: MIT */
/* test_same_type.c - a comparator of types, from the options down to the database. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "moult.h"

static char path[64];
static int calls;

static void make(const char *sql)
{
    sqlite3 *db;
    snprintf(path, sizeof path, "/tmp/moult-same-type-%ld.db", (long)getpid());
    unlink(path);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int json_is_text(void *user, const char *table, const char *column, const char *live, const char *desired)
{
    (void)user;
    (void)table;
    (void)column;
    calls++;
    return strcmp(live, "text") == 0 && strcmp(desired, "json") == 0;
}

static int nonsense(void *user, const char *table, const char *column, const char *live, const char *desired)
{
    (void)user;
    (void)table;
    (void)column;
    (void)live;
    (void)desired;
    return 42;
}

static int start(const char *schema, moult_same_type_fn same_type, moult_mode mode, moult_outcome *outcome)
{
    moult_options options = MOULT_OPTIONS_INIT;
    moult_source desired = {.text = schema};
    moult_result *result;
    int rc;
    options.same_type = same_type;
    options.mode = mode;
    options.no_backup = options.no_attic = 1;
    rc = moult_start(&result, path, &desired, &options);
    *outcome = moult_result_outcome(result);
    if (rc != MOULT_OK && rc != MOULT_REFUSED)
        cr_log_info("%s", moult_result_error(result)->message);
    moult_result_free(result);
    return rc;
}

/* The type that the column `data` has in the database. */
static const char *type_of_data(void)
{
    static char type[32];
    sqlite3 *db;
    sqlite3_stmt *stmt;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, "SELECT type FROM pragma_table_info('t') WHERE name = 'data'", -1, &stmt, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW);
    snprintf(type, sizeof type, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return type;
}

static void done(void)
{
    unlink(path);
}

#define LIVE                                                                                                           \
    "CREATE TABLE t (id INTEGER PRIMARY KEY, data TEXT NOT NULL DEFAULT '{}'); INSERT INTO t VALUES (1, '1.10')"
#define DESIRED "CREATE TABLE t (id INTEGER PRIMARY KEY, data JSON NOT NULL DEFAULT '{}'"

Test(same_type, is_no_difference, .fini = done)
{
    moult_outcome outcome;
    make(LIVE);
    calls = 0;
    cr_expect_eq(start(DESIRED ");", json_is_text, MOULT_MODE_SAFE, &outcome), MOULT_OK);
    cr_expect_eq(outcome, MOULT_RECORDED);
    cr_expect_gt(calls, 0);
    calls = 0;
    cr_expect_eq(start(DESIRED ");", json_is_text, MOULT_MODE_SAFE, &outcome), MOULT_OK);
    cr_expect_eq(outcome, MOULT_UP_TO_DATE);
    cr_expect_eq(calls, 0, "the fast path asks nobody");
    cr_expect_str_eq(type_of_data(), "TEXT");
}

Test(same_type, without_it_there_is_one, .fini = done)
{
    moult_outcome outcome;
    make(LIVE);
    cr_expect_eq(start(DESIRED ");", json_is_text, MOULT_MODE_SAFE, &outcome), MOULT_OK);
    cr_expect_eq(start(DESIRED ");", NULL, MOULT_MODE_DRY_RUN, &outcome), MOULT_OK);
    cr_expect_eq(outcome, MOULT_PENDING, "what the fast path remembers is of starts with a comparator");
}

Test(same_type, a_rebuild_keeps_the_live_type, .fini = done)
{
    moult_outcome outcome;
    make(LIVE);
    cr_expect_eq(start(DESIRED ", UNIQUE (data));", json_is_text, MOULT_MODE_AGGRESSIVE, &outcome), MOULT_OK);
    cr_expect_eq(outcome, MOULT_APPLIED);
    cr_expect_str_eq(type_of_data(), "TEXT");
    cr_expect_eq(start(DESIRED ", UNIQUE (data), note TEXT);", json_is_text, MOULT_MODE_AGGRESSIVE, &outcome),
                 MOULT_SOURCE, "a column behind a constraint is no SQL");
    cr_expect_eq(start(DESIRED ", note TEXT, UNIQUE (data));", json_is_text, MOULT_MODE_AGGRESSIVE, &outcome),
                 MOULT_OK);
    cr_expect_eq(outcome, MOULT_APPLIED);
    cr_expect_str_eq(type_of_data(), "TEXT");
}

Test(same_type, is_no_drift, .fini = done)
{
    moult_options options = MOULT_OPTIONS_INIT;
    moult_outcome outcome;
    moult_status *status;
    moult *m;
    make(LIVE);
    cr_expect_eq(start(DESIRED ");", json_is_text, MOULT_MODE_SAFE, &outcome), MOULT_OK);
    options.same_type = json_is_text;
    cr_assert_eq(moult_open(&m, path, MOULT_OPEN_READ, &options), MOULT_OK);
    cr_assert_eq(moult_status_read(m, NULL, &status), MOULT_OK);
    cr_expect_null(moult_status_drift(status, 0));
    moult_status_free(status);
    moult_close(m);
}

Test(same_type, nonsense_changes_nothing, .fini = done)
{
    moult_outcome outcome;
    make(LIVE);
    cr_expect_eq(start(DESIRED ");", nonsense, MOULT_MODE_AGGRESSIVE, &outcome), MOULT_INVALID);
    cr_expect_str_eq(type_of_data(), "TEXT");
}
