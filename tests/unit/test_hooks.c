/* SPDX-License-Identifier: MIT */
/* Data hooks that are functions: what they can do, what they are told, and what is undone when they fail. */
#include "run/hook.h"
#include "sqlite_help.h"
#include "state/state.h"

#define V1 "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
#define V2 "CREATE TABLE person (id INTEGER PRIMARY KEY, first TEXT NOT NULL, photo BLOB)"

TestSuite(hooks, .init = help_begin, .fini = help_end);

static int start(const char *sql, const moult_hook *hooks, moult_result **out)
{
    moult_source source = {.text = sql};
    moult_options options = MOULT_OPTIONS_INIT;
    options.mode = MOULT_MODE_AGGRESSIVE;
    options.no_backup = 1;
    options.hooks = hooks;
    return moult_start(out, help_path("app.db"), &source, &options);
}

static int start_and_tell(const char *sql, const moult_hook *hooks, char *message, size_t size)
{
    moult_result *result = NULL;
    int rc = start(sql, hooks, &result);
    const moult_error *e = moult_result_error(result);
    snprintf(message, size, "%s%s%s", e->message ? e->message : "", e->detail ? "|" : "", e->detail ? e->detail : "");
    moult_result_free(result);
    return rc;
}

static int64_t ask(const char *sql)
{
    mo_conn *c = help_conn("app.db", MOULT_OPEN_READ);
    int64_t n = help_int(c, sql);
    mo_sqlite_close(c);
    return n;
}

static void first_version(void)
{
    char said[512];
    mo_conn *c;
    cr_assert_eq(start_and_tell(V1, NULL, said, sizeof said), MOULT_OK, "%s", said);
    c = help_conn("app.db", MOULT_OPEN_WRITE);
    help_exec(c, "INSERT INTO person VALUES (1, 'Ada'), (2, 'Alan')");
    mo_sqlite_close(c);
}

typedef struct seen {
    int calls;
    int64_t rows, changed;
} seen;

static int count_row(void *user, size_t count, const moult_value *values)
{
    seen *s = user;
    s->rows += count == 2 && values[0].type == MOULT_VALUE_INTEGER && values[1].type == MOULT_VALUE_TEXT;
    return MOULT_OK;
}

/* Rows out, parameters of each kind in. */
static int move_names(void *user, moult_hook_context *x)
{
    seen *s = user;
    const moult_value params[] = {{.type = MOULT_VALUE_TEXT, .text = "a\0b", .length = 3},
                                  {.type = MOULT_VALUE_BLOB, .text = "\0\xff", .length = 2},
                                  {.type = MOULT_VALUE_INTEGER, .integer = INT64_MAX},
                                  {.type = MOULT_VALUE_NULL}};
    int rc = moult_hook_exec(x, "SELECT id, name FROM person", NULL, 0, count_row, s, NULL);
    s->calls++;
    if (rc == MOULT_OK)
        rc = moult_hook_exec(x, "UPDATE person SET first = ?, photo = ? WHERE id < ? AND ? IS NULL", params, 4, NULL,
                             NULL, &s->changed);
    return rc;
}

Test(hooks, runs_once_with_rows_and_parameters)
{
    seen s = {0};
    char said[512];
    const moult_hook hooks[] = {{.version = "v2", .run = move_names, .user = &s, .code = "1"}, {.version = NULL}};
    first_version();
    cr_assert_eq(start_and_tell(V2, hooks, said, sizeof said), MOULT_OK, "%s", said);
    cr_expect_eq(s.calls, 1);
    cr_expect_eq(s.rows, 2);
    cr_expect_eq(s.changed, 2);
    cr_expect_eq(ask("SELECT count(*) FROM person WHERE length(CAST(first AS BLOB)) = 3 AND photo = x'00ff'"), 2);
    cr_assert_eq(start_and_tell(V2, hooks, said, sizeof said), MOULT_OK, "%s", said);
    cr_expect_eq(s.calls, 1);
}

static int give_up(void *user, moult_hook_context *x)
{
    (void)user;
    cr_expect_eq(moult_hook_exec(x, "DELETE FROM person", NULL, 0, NULL, NULL, NULL), MOULT_OK);
    return moult_hook_fail(x, "the names are not as they should be");
}

static int break_sql(void *user, moult_hook_context *x)
{
    (void)user;
    cr_expect_neq(moult_hook_exec(x, "UPDATE nobody SET a = 1", NULL, 0, NULL, NULL, NULL), MOULT_OK);
    cr_expect_neq(moult_hook_error(x)->message, NULL);
    return moult_hook_error(x)->code;
}

static int say_nothing(void *user, moult_hook_context *x)
{
    (void)user;
    (void)x;
    return -1234;
}

static int end_transaction(void *user, moult_hook_context *x)
{
    (void)user;
    return moult_hook_exec(x, " /* */ COMMIT", NULL, 0, NULL, NULL, NULL);
}

static int count_texts(void *user, size_t count, const moult_value *values)
{
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(values[i].type, MOULT_VALUE_TEXT);
    *(size_t *)user = count;
    return MOULT_OK;
}

/* What is not one statement with all its parameters, and what a statement that looks is said to have changed. */
static int try_statements(void *user, moult_hook_context *x)
{
    static const struct {
        const char *sql;
        size_t count;
        const char *says; /* NULL: it runs */
        int64_t changed;
    } tries[] = {
        {"UPDATE person SET first = 'a'; DELETE FROM person", 0, "the second one is 'DELETE FROM person'", 0},
        {"UPDATE person SET first = ?", 0, "1 parameter, and 0 values were given", 0},
        {"UPDATE person SET first = ?, photo = ?", 1, "2 parameters, and 1 value was given", 0},
        {"UPDATE person SET first = name; -- done;", 0, NULL, 2},
        {"SELECT 1", 0, NULL, 0},
        {"WITH a AS (SELECT 1) SELECT replace('a', 'b', 'c') FROM a", 0, NULL, 0},
        {"WITH a(x) AS (VALUES (1)) UPDATE person SET first = name WHERE id IN (SELECT x FROM a)", 0, NULL, 1}};
    const moult_value value = {.type = MOULT_VALUE_TEXT, .text = "x", .length = 1};
    size_t names = 9;
    (void)user;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        int64_t changed = -1;
        int rc = moult_hook_exec(x, tries[i].sql, &value, tries[i].count, NULL, NULL, &changed);
        const char *said = moult_hook_error(x)->message;
        cr_expect_eq(rc, tries[i].says ? MOULT_INVALID : MOULT_OK, "%s", tries[i].sql);
        cr_expect(tries[i].says ? said && strstr(said, tries[i].says) : changed == tries[i].changed, "%s: %s, %lld",
                  tries[i].sql, said ? said : "", (long long)changed);
    }
    cr_expect_eq(moult_hook_columns(x, "SELECT id, name AS n FROM person", count_texts, &names), MOULT_OK);
    cr_expect_eq(names, 2);
    cr_expect_eq(moult_hook_columns(x, "DELETE FROM person", count_texts, &names), MOULT_OK);
    cr_expect_eq(names, 0);
    cr_expect_eq(moult_hook_columns(x, "DROP TABLE person", count_texts, &names), MOULT_INVALID);
    moult_hook_fail(x, "it took too long");
    return MOULT_TIMEOUT;
}

Test(hooks, statements_are_checked_and_the_code_is_the_hook_s_own)
{
    char said[512];
    const moult_hook hooks[] = {{.version = "v2", .run = try_statements}, {.version = NULL}};
    first_version();
    cr_expect_eq(start_and_tell(V2, hooks, said, sizeof said), MOULT_TIMEOUT);
    cr_expect_str_eq(said, "hook v2: it took too long");
    cr_expect_eq(ask("SELECT count(name) FROM person"), 2);
}

Test(hooks, one_that_fails_is_named_and_undone)
{
    static const struct {
        moult_hook_fn run;
        const char *says;
    } failing[] = {{give_up, "the names are not as they should be"},
                   {break_sql, "nobody"},
                   {say_nothing, "-1234"},
                   {end_transaction, "changes data, and nothing else"}};
    first_version();
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        char said[512];
        const moult_hook hooks[] = {{.version = "v2_split", .run = failing[i].run}, {.version = NULL}};
        cr_expect_neq(start_and_tell(V2, hooks, said, sizeof said), MOULT_OK);
        cr_expect(strstr(said, failing[i].says) && strstr(said, "hook v2_split"), "%s", said);
        cr_expect_eq(ask("SELECT count(name) FROM person"), 2);
        cr_expect_eq(ask("SELECT count(*) FROM _moult_history"), 1);
    }
}

Test(hooks, wrong_ones_are_refused)
{
    char said[512];
    moult_hook hooks[3] = {{.version = "a", .run = give_up}, {.version = "a", .run = give_up}, {.version = NULL}};
    cr_expect_eq(start_and_tell(V1, hooks, said, sizeof said), MOULT_INVALID);
    cr_expect(strstr(said, "two hooks have the version 'a'"), "%s", said);
    hooks[1].version = NULL;
    hooks[0].sql = "DELETE FROM person";
    cr_expect_eq(start_and_tell(V1, hooks, said, sizeof said), MOULT_INVALID);
    cr_expect(strstr(said, "either SQL or a function"), "%s", said);
    hooks[0].sql = NULL;
    hooks[0].trigger = (moult_trigger)7;
    cr_expect_eq(start_and_tell(V1, hooks, said, sizeof said), MOULT_INVALID);
    hooks[0].trigger = MOULT_BEFORE_DDL;
    hooks[0].version = "";
    cr_expect_eq(start_and_tell(V1, hooks, said, sizeof said), MOULT_INVALID);
}

/* What gets past the words, and changes the schema, is found by the marker. */
Test(hooks, one_that_changes_the_schema_is_found_out)
{
    const mo_dialect *d = &mo_dialect_sqlite;
    mo_plan *plan = mo_plan_new(d);
    mo_plan_hook hook = {.declared = &(moult_hook){.version = "sly", .sql = "…"}, .code = "0"};
    mo_conn *c = help_conn("app.db", MOULT_OPEN_CREATE);
    mo_step *step = mo_plan_hook_step(plan, &hook, 1);
    cr_assert_eq(mo_step_run(plan, step, "CREATE TABLE sly (a)", 0, &help_err), MOULT_OK);
    cr_assert_eq(d->begin(c, 1, &help_err), MOULT_OK);
    cr_expect_eq(mo_run_hook(d, c, plan, step, NULL, NULL, &help_err), MOULT_UNVERIFIED);
    cr_expect(strstr(help_err.pub.message, "hook sly changed the schema"), "%s", help_err.pub.message);
    d->rollback(c);
    step->statements.count = 0;
    cr_assert_eq(mo_step_run(plan, step, "COMMIT", 0, &help_err), MOULT_OK);
    cr_assert_eq(d->begin(c, 1, &help_err), MOULT_OK);
    cr_expect_eq(mo_run_hook(d, c, plan, step, NULL, NULL, &help_err), MOULT_UNVERIFIED);
    cr_expect(strstr(help_err.pub.message, "ended the transaction"), "%s", help_err.pub.message);
    mo_sqlite_close(c);
    mo_plan_free(plan);
}

/* --- the journal ---------------------------------------------------------------------------------------------------- */

Test(hooks, journal)
{
    const mo_dialect *d = &mo_dialect_sqlite;
    mo_region *r = mo_region_new();
    mo_conn *c = help_conn("app.db", MOULT_OPEN_CREATE);
    mo_journal j = {.plan_id = "p",
                    .declared_fp = "f",
                    .declared = "{}",
                    .hooks = "a\nb\n",
                    .by = "ann",
                    .host = "h",
                    .pid = 7,
                    .risk = MOULT_RISK_HIGH,
                    .parts = 3,
                    .steps = 9,
                    .options = MO_JOURNAL_OWN_ALL};
    mo_journal read;
    cr_assert_eq(mo_journal_read(d, c, r, &read, &help_err), MOULT_OK);
    cr_expect_eq(read.there, 0);
    cr_assert_eq(mo_journal_end(d, c, &help_err), MOULT_OK);
    cr_assert_eq(mo_state_create(d, c, &help_err), MOULT_OK);
    cr_assert_eq(mo_journal_begin(d, c, &j, &help_err), MOULT_OK, "%s", help_err.pub.message);
    cr_assert_eq(mo_journal_begin(d, c, &j, &help_err), MOULT_OK, "%s", help_err.pub.message);
    cr_assert_eq(mo_journal_move(d, c, 1, 4, "fourth", &help_err), MOULT_OK);
    cr_assert_eq(mo_journal_read(d, c, r, &read, &help_err), MOULT_OK);
    cr_expect_eq(read.there, 1);
    cr_expect_eq(read.done, 1);
    cr_expect_eq(read.step, 4);
    cr_expect_str_eq(read.title, "fourth");
    cr_expect_str_eq(read.hooks, "a\nb\n");
    cr_expect_eq(read.message, NULL);
    cr_expect_eq(read.options, MO_JOURNAL_OWN_ALL);
    cr_assert_eq(mo_journal_fail(d, c, 5, "fifth", "no", &help_err), MOULT_OK);
    cr_assert_eq(mo_journal_read(d, c, r, &read, &help_err), MOULT_OK);
    cr_expect_str_eq(read.message, "no");
    cr_expect_eq(read.done, 1);
    cr_assert_eq(mo_journal_end(d, c, &help_err), MOULT_OK);
    cr_assert_eq(mo_journal_read(d, c, r, &read, &help_err), MOULT_OK);
    cr_expect_eq(read.there, 0);
    mo_sqlite_close(c);
    mo_region_free(r);
}
