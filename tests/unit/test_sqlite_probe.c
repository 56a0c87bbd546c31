/* SPDX-License-Identifier: MIT */
/* test_sqlite_probe.c - how the rows are asked: how often a table is read, how long, and what a cut leaves behind. */
#include "sqlite_help.h"

#include "engine.h"

static int statements, passes; /* that named the table, and that read it without an index to answer from */

static void begin(void)
{
    help_begin();
    statements = passes = 0;
}

static int count_statement(unsigned kind, void *user, void *statement, void *sql)
{
    (void)user;
    (void)sql;
    char *text = kind == SQLITE_TRACE_PROFILE ? sqlite3_expanded_sql(statement) : NULL;
    if (text && strstr(text, "FROM \"big\"") && !strstr(text, " LIMIT ")) { /* a sample of its rows is no pass */
        statements++;
        passes += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) > 0;
    }
    sqlite3_free(text);
    return 0;
}

#define BIG                                                                                                            \
    "CREATE TABLE big (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c INTEGER, d TEXT, e TEXT DEFAULT 'x', p INTEGER);"

static void fill(int rows)
{
    char sql[512];
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(help_path("app.db"), &db), SQLITE_OK);
    snprintf(sql, sizeof sql,
             BIG "CREATE TABLE par (id INTEGER PRIMARY KEY); INSERT INTO par VALUES (1);"
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                 "INSERT INTO big SELECT i, 'a', 'b', i, i, 'x', 1 FROM n",
             rows);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static moult *open_app(double probe_timeout)
{
    moult_options options = MOULT_OPTIONS_INIT;
    moult *m;
    options.own = MOULT_OWN_ALL;
    options.probe_timeout = probe_timeout;
    cr_assert_eq(moult_open(&m, help_path("app.db"), MOULT_OPEN_WRITE, &options), MOULT_OK);
    return m;
}

static const moult_source target = {
    .text = "CREATE TABLE par (id INTEGER PRIMARY KEY);"
            "CREATE TABLE big (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL CHECK (b <> 'z'),"
            " c INTEGER CHECK (c > 0), d INTEGER, p INTEGER REFERENCES par)"};

TestSuite(probe, .init = begin, .fini = help_end, .timeout = 60);

/* Two NULLs, two CHECKs, a cast, a dropped column, a foreign key: the table is read once. */
Test(probe, one_pass_answers_all)
{
    moult *m;
    moult_plan *plan = NULL;
    moult_change_info change;
    fill(1000);
    m = open_app(10);
    sqlite3_trace_v2(mo_sqlite_db(m->conn), SQLITE_TRACE_PROFILE, count_statement, NULL);
    cr_assert_eq(moult_make_plan(m, &target, &plan), MOULT_OK, "%s", moult_error_of(m)->message);
    sqlite3_trace_v2(mo_sqlite_db(m->conn), 0, NULL, NULL);
    cr_expect_eq(statements, 1);
    cr_expect_eq(passes, 1);
    cr_expect_eq(moult_plan_change_count(plan), 7);
    for (size_t i = 0; moult_plan_change(plan, i, &change) == MOULT_OK; i++)
        cr_expect(strstr(change.reason, "1,000"), "%s %s: %s", change.kind, change.name, change.reason);
    moult_plan_free(plan);
    moult_close(m);
}

/* Time runs out: the level of the rule stays, and the plan says so; what was found till then counts. */
Test(probe, a_cut_leaves_the_higher_level)
{
    moult *m;
    moult_plan *plan = NULL;
    moult_change_info change;
    fill(400000);
    m = open_app(0.000001);
    cr_assert_eq(moult_make_plan(m, &target, &plan), MOULT_OK, "%s", moult_error_of(m)->message);
    for (size_t i = 0; moult_plan_change(plan, i, &change) == MOULT_OK; i++) {
        cr_expect(strstr(change.reason, "not asked to the end: the time limit of 1e-06 s passed"), "%s: %s",
                  change.name, change.reason);
        cr_expect_eq(change.risk, change.rule_risk, "%s", change.name);
    }
    moult_plan_free(plan);
    moult_close(m);
}

/* The plan that was made without answers is right all the same: its assertions ask. */
Test(probe, a_plan_without_answers_applies)
{
    moult *m;
    moult_result *result = NULL;
    moult_options options = MOULT_OPTIONS_INIT;
    fill(50000);
    options.own = MOULT_OWN_ALL;
    options.mode = MOULT_MODE_AGGRESSIVE;
    options.no_backup = 1;
    options.probe_timeout = 0.000001;
    cr_assert_eq(moult_open(&m, help_path("app.db"), MOULT_OPEN_WRITE, &options), MOULT_OK);
    cr_expect_eq(moult_migrate(m, &target, &result), MOULT_OK, "%s", moult_error_of(m)->message);
    cr_expect_eq(moult_result_outcome(result), MOULT_APPLIED);
    moult_result_free(result);
    moult_close(m);
}

static int cancel_it(void *user, int64_t rows_done)
{
    (void)rows_done;
    ++*(int *)user;
    return MOULT_CANCELLED;
}

/* The caller's watch stops it, and nothing of it is left on the connection. */
Test(probe, it_can_be_cancelled)
{
    moult *m;
    moult_plan *plan = NULL;
    sqlite3_stmt *left = NULL;
    int asked = 0;
    mo_watch watch = {cancel_it, &asked};
    fill(400000);
    m = open_app(10);
    cr_assert_eq(moult_make_plan(m, &target, &plan), MOULT_OK);
    cr_expect_eq(m->dialect->probe(m->conn, (mo_plan *)plan, 10, &watch, &m->error), MOULT_CANCELLED);
    cr_expect_geq(asked, 1);
    cr_expect_neq(sqlite3_prepare_v2(mo_sqlite_db(m->conn), "SELECT _moult_note(0, 1)", -1, &left, NULL), SQLITE_OK);
    moult_plan_free(plan);
    moult_close(m);
}
