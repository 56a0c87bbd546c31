/* SPDX-License-Identifier: MIT */
/* test_script.c - a plan that was read from JSON, as a script: it records its version where it is still the same plan. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "moult.h"

#define WANTED "CREATE TABLE t (a TEXT, b TEXT);"

static char path[64];

static void run(const char *sql)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* The plan goes through JSON; `between` happens to the database meanwhile. The script; to be freed. */
static char *script(const char *between)
{
    moult_options options = MOULT_OPTIONS_INIT;
    moult_source desired = {.text = WANTED};
    moult_plan *plan, *again;
    char *json, *sql;
    moult *m;
    snprintf(path, sizeof path, "/tmp/moult-script-%ld.db", (long)getpid());
    unlink(path);
    run("CREATE TABLE t (a TEXT)");
    cr_assert_eq(moult_open(&m, path, MOULT_OPEN_READ, &options), MOULT_OK);
    cr_assert_eq(moult_make_plan(m, &desired, &plan), MOULT_OK);
    cr_assert_eq(moult_plan_render(m, plan, MOULT_FORMAT_JSON, &json), MOULT_OK);
    moult_plan_free(plan);
    if (between)
        run(between);
    cr_assert_eq(moult_plan_parse(m, json, strlen(json), "plan.json", &again), MOULT_OK);
    cr_assert_eq(moult_plan_render(m, again, MOULT_FORMAT_SQL, &sql), MOULT_OK);
    moult_plan_free(again);
    moult_close(m);
    free(json);
    return sql;
}

Test(script, of_a_plan_that_was_read_records_its_version)
{
    char *sql = script(NULL);
    cr_assert(strstr(sql, "INSERT INTO _moult_history"));
    cr_assert_null(strstr(sql, "It writes no history"));
    free(sql);
    unlink(path);
}

Test(script, of_a_plan_that_is_another_by_now_says_that_it_does_not)
{
    char *sql = script("ALTER TABLE t ADD COLUMN c");
    cr_assert_null(strstr(sql, "INSERT INTO _moult_history"));
    cr_assert(strstr(sql, "It writes no history"));
    cr_assert(strstr(sql, "ADD COLUMN"));
    free(sql);
    unlink(path);
}
