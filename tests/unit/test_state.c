/* SPDX-License-Identifier: MIT */
/* test_state.c - moult's own tables on SQLite: history, what was found up to date, stored plans and approvals. */
#include "sqlite_help.h"
#include "state/state.h"

static const mo_dialect *d = &mo_dialect_sqlite;
static mo_conn *c;

static void begin(void)
{
    help_begin();
    c = help_conn("s.db", MOULT_OPEN_CREATE);
}

static void end(void)
{
    mo_sqlite_close(c);
    help_end();
}

TestSuite(state, .init = begin, .fini = end, .timeout = 30);

#define OK(call) cr_assert_eq((call), MOULT_OK, "%s", help_err.pub.message)

static const char id_a[] = "aaaaaaaa11111111aaaaaaaa11111111aaaaaaaa11111111aaaaaaaa11111111";
static const char id_b[] = "aaaaaaaa22222222aaaaaaaa11111111aaaaaaaa11111111aaaaaaaa11111111";

/* A snapshot of one table. */
static char *snapshot(const char *sql)
{
    mo_schema *s = mo_schema_new();
    mo_object *o = NULL;
    mo_str out = {0};

    cr_assert(s);
    OK(d->read_object(s, sql, strlen(sql), &o, &help_err));
    OK(mo_schema_add(s, o, &help_err));
    OK(mo_schema_seal(s, &help_err));
    OK(mo_snapshot_write(s, &out, &help_err));
    mo_schema_free(s);
    return mo_str_take(&out);
}

static int64_t add(const char *from, const char *to, const char *declared)
{
    mo_version v = {.info = {.from = from, .to = to, .kind = "apply", .changes = 2, .seconds = 0.25},
                    .declared = declared};

    OK(mo_history_add(d, c, &v, &help_err));
    return v.info.version;
}

Test(state, a_database_that_moult_never_touched)
{
    mo_hash h = {1, 2};
    mo_fast fast;
    mo_versions versions;
    mo_region *r = mo_region_new();
    mo_schema *schema;
    mo_stored_plan plan;
    int64_t version;
    int flag;

    for (int round = 0; round < 2; round++) {
        cr_expect_eq(mo_state_exists(d, c, &help_err), 0);
        OK(mo_fast_find(d, c, h, h, &fast, &help_err));
        cr_expect_eq(fast.hit, 0);
        OK(mo_history_read(d, c, r, &versions, &help_err));
        cr_expect_eq(versions.count, 0);
        OK(mo_history_last(d, c, &version, &schema, &help_err));
        cr_expect(version == 0 && !schema);
        OK(mo_history_find(d, c, "x", &version, &flag, &help_err));
        cr_expect(version == 0 && !flag);
        cr_expect_eq(mo_history_schema(d, c, 3, &schema, &help_err), MOULT_NOTFOUND);
        cr_expect(strstr(help_err.pub.hint, "nothing has been applied"));
        cr_expect_eq(mo_plans_find(d, c, r, id_a, &plan, &help_err), MOULT_NOTFOUND);
        OK(mo_plans_approved(d, c, id_a, &flag, &help_err));
        cr_expect_eq(flag, 0);
        OK(mo_plans_use(d, c, id_a, &help_err));
        cr_expect_eq(access(help_path("s.db"), F_OK), round == 0 ? -1 : 0);
        help_exec(c, "CREATE TABLE IF NOT EXISTS t (a)");
    }
    mo_region_free(r);
}

Test(state, create_twice)
{
    int tables = 0;
    while (d->own_tables[tables])
        tables++;
    OK(mo_state_create(d, c, &help_err));
    OK(mo_state_create(d, c, &help_err));
    cr_expect_eq(mo_state_exists(d, c, &help_err), 1);
    cr_expect_eq(help_int(c, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB '_moult_*'"),
                 tables);
}

Test(state, history)
{
    mo_region *r = mo_region_new();
    mo_versions versions;
    mo_schema *schema;
    char *first = snapshot("CREATE TABLE one (a)"), *second = snapshot("CREATE TABLE two (b)");
    int64_t version;
    int replaced;

    OK(mo_state_create(d, c, &help_err));
    cr_expect_eq(add("", "fp1", first), 1);
    cr_expect_eq(add("fp1", "fp2", second), 2);
    OK(mo_history_read(d, c, r, &versions, &help_err));
    cr_assert_eq(versions.count, 2);
    cr_expect_eq(versions.items[1].info.version, 2);
    cr_expect_str_eq(versions.items[1].info.from, "fp1");
    cr_expect_str_eq(versions.items[1].info.kind, "apply");
    cr_expect_eq(versions.items[1].info.changes, 2);
    cr_expect_float_eq(versions.items[1].info.seconds, 0.25, 1e-9);
    cr_expect_null(versions.items[1].info.plan_id);
    cr_expect(*versions.items[1].info.applied_by && *versions.items[1].info.host && *versions.items[1].info.applied_at);
    cr_expect_str_eq(versions.items[1].info.tool, MOULT_VERSION);
    OK(mo_history_last(d, c, &version, &schema, &help_err));
    cr_expect_eq(version, 2);
    cr_expect(schema && mo_schema_find(schema, MO_KIND_TABLE, "two"));
    mo_schema_free(schema);
    OK(mo_history_schema(d, c, 1, &schema, &help_err));
    cr_expect(mo_schema_find(schema, MO_KIND_TABLE, "one"));
    mo_schema_free(schema);
    cr_expect_eq(mo_history_schema(d, c, 7, &schema, &help_err), MOULT_NOTFOUND);
    cr_expect(strstr(help_err.pub.hint, "versions 1 to 2"), "%s", help_err.pub.hint);
    OK(mo_history_find(d, c, "fp1", &version, &replaced, &help_err));
    cr_expect(version == 1 && replaced);
    OK(mo_history_find(d, c, "fp2", &version, &replaced, &help_err));
    cr_expect(version == 2 && !replaced);
    cr_expect_eq(add("fp2", "fp1", first), 3); /* backward */
    OK(mo_history_find(d, c, "fp1", &version, &replaced, &help_err));
    cr_expect(version == 3 && !replaced);
    OK(mo_history_find(d, c, "fp2", &version, &replaced, &help_err)); /* forwards again is not behind */
    cr_expect(version == 2 && !replaced);
    free(first);
    free(second);
    mo_region_free(r);
}

Test(state, pruned_schemas_leave_a_chain_that_fits)
{
    mo_region *r = mo_region_new();
    mo_problems problems;
    mo_schema *schema;
    int64_t count;
    int code;
    char *one = snapshot("CREATE TABLE t (a)"), *two = snapshot("CREATE TABLE t (a, b)");

    OK(mo_state_create(d, c, &help_err));
    add("", "fp1", one);
    add("fp1", "fp2", two);
    OK(mo_history_forget(d, c, 2, &count, &help_err));
    cr_expect_eq(count, 1);
    OK(mo_history_forget(d, c, 2, &count, &help_err));
    cr_expect_eq(count, 0);
    code = mo_history_schema(d, c, 1, &schema, &help_err);
    cr_expect(code == MOULT_NOTFOUND && strstr(help_err.pub.message, "not in the history any more"));
    OK(mo_history_verify(d, c, r, &problems, &help_err));
    cr_expect_eq(problems.count, 0);
    add("fp2", "fp1", one);
    help_exec(c, "UPDATE _moult_history SET declared = 'pruned 00' WHERE version = 1");
    OK(mo_history_verify(d, c, r, &problems, &help_err));
    cr_expect_eq(problems.count, 1);
    free(one);
    free(two);
    mo_region_free(r);
}

Test(state, history_is_chained_and_without_gaps)
{
    OK(mo_state_create(d, c, &help_err));
    OK(d->begin(c, 1, &help_err));
    cr_expect_eq(add("", "a", NULL), 1);
    d->rollback(c);
    cr_expect_eq(add("", "a", NULL), 1);
    cr_expect_eq(add("a", "b", NULL), 2);
    cr_expect_eq(help_int(c, "SELECT count(DISTINCT chain) FROM _moult_history WHERE length(chain) = 64"), 2);
}

Test(state, an_insert_that_fails_is_told)
{
    mo_version v = {.info = {.to = "x"}};

    OK(mo_state_create(d, c, &help_err));
    help_exec(c, "CREATE TRIGGER no BEFORE INSERT ON _moult_history BEGIN SELECT raise(ABORT, 'no room'); END");
    cr_expect_eq(mo_history_add(d, c, &v, &help_err), MOULT_DATABASE);
    cr_expect_str_eq(help_err.pub.message, "no room");
    cr_expect_not(d->in_transaction(c));
}

Test(state, fast_path)
{
    mo_hash inputs = {1, 2}, other = {3, 4}, marker = {5, 6}, moved = {5, 7};
    mo_fast what = {.outcome = MOULT_BEHIND, .version = 9}, found;

    OK(mo_state_create(d, c, &help_err));
    OK(mo_fast_record(d, c, inputs, marker, &what, &help_err));
    OK(mo_fast_find(d, c, inputs, marker, &found, &help_err));
    cr_expect(found.hit && found.outcome == MOULT_BEHIND && found.version == 9);
    OK(mo_fast_find(d, c, inputs, moved, &found, &help_err));
    cr_expect_not(found.hit);
    OK(mo_fast_find(d, c, other, marker, &found, &help_err));
    cr_expect_not(found.hit);
    what.outcome = MOULT_UP_TO_DATE;
    OK(mo_fast_record(d, c, inputs, moved, &what, &help_err));
    OK(mo_fast_find(d, c, inputs, moved, &found, &help_err));
    cr_expect(found.hit && found.outcome == MOULT_UP_TO_DATE);
    cr_expect_eq(help_int(c, "SELECT count(*) FROM _moult_state"), 1);
    what.outcome = MOULT_PENDING;
    cr_expect_eq(mo_fast_record(d, c, inputs, moved, &what, &help_err), MOULT_INVALID);
}

Test(state, fast_path_stays_small)
{
    mo_fast what = {.outcome = MOULT_UP_TO_DATE, .version = 1}, found;
    mo_hash marker = {0, 0};

    OK(mo_state_create(d, c, &help_err));
    for (uint64_t i = 1; i <= 20; i++) {
        mo_hash inputs = {i, i};
        OK(mo_fast_record(d, c, inputs, marker, &what, &help_err));
        mo_clock_sleep(0.002);
    }
    cr_expect_leq(help_int(c, "SELECT count(*) FROM _moult_state"), 9);
    OK(mo_fast_find(d, c, (mo_hash){20, 20}, marker, &found, &help_err));
    cr_expect(found.hit);
}

Test(state, a_broken_fast_path_only_costs_time)
{
    mo_hash h = {1, 1};
    mo_fast found;

    help_exec(c, "CREATE TABLE _moult_state (nonsense)");
    OK(mo_fast_find(d, c, h, h, &found, &help_err));
    cr_expect_not(found.hit);
}

Test(state, plans_and_approvals)
{
    mo_region *r = mo_region_new();
    mo_stored_plan plan;
    int approved;

    OK(mo_state_create(d, c, &help_err));
    OK(mo_plans_put(d, c, id_a, "{\"a\":1}", &help_err));
    OK(mo_plans_put(d, c, id_b, "{}", &help_err));
    OK(mo_plans_put(d, c, id_a, "{\"a\":2}", &help_err));
    OK(mo_plans_find(d, c, r, "AAAAAAAA1", &plan, &help_err));
    cr_expect_str_eq(plan.id, id_a);
    cr_expect_str_eq(plan.body, "{\"a\":2}");
    cr_expect(!plan.approved && !plan.used);
    cr_expect_eq(mo_plans_find(d, c, r, "aaaaaaaa", &plan, &help_err), MOULT_INVALID);
    cr_expect(strstr(help_err.pub.detail, id_b));
    cr_expect_eq(mo_plans_find(d, c, r, "aaaaaaa", &plan, &help_err), MOULT_INVALID);
    cr_expect_eq(mo_plans_find(d, c, r, "aaaaaaaa' OR 1", &plan, &help_err), MOULT_INVALID);
    cr_expect_eq(mo_plans_find(d, c, r, "bbbbbbbb", &plan, &help_err), MOULT_NOTFOUND);
    OK(mo_plans_approve(d, c, "aaaaaaaa1", "anna", NULL, &help_err));
    OK(mo_plans_approve(d, c, id_a, "otto", "elsewhere", &help_err));
    OK(mo_plans_approved(d, c, id_a, &approved, &help_err));
    cr_expect_eq(approved, 1);
    OK(mo_plans_approved(d, c, id_b, &approved, &help_err));
    cr_expect_eq(approved, 0);
    OK(mo_plans_find(d, c, r, id_a, &plan, &help_err));
    cr_expect(plan.approved && !plan.used);
    cr_expect_str_eq(plan.approved_by, "anna");
    OK(mo_plans_use(d, c, id_a, &help_err));
    OK(mo_plans_approved(d, c, id_a, &approved, &help_err));
    cr_expect_eq(approved, 0);
    cr_expect_eq(mo_plans_approve(d, c, id_a, "anna", NULL, &help_err), MOULT_CHANGED);
    OK(mo_plans_put(d, c, id_a, "{}", &help_err)); /* needed again: approved again */
    OK(mo_plans_approved(d, c, id_a, &approved, &help_err));
    cr_expect_eq(approved, 0);
    OK(mo_plans_approve(d, c, id_a, "anna", NULL, &help_err));
    OK(mo_plans_approved(d, c, id_a, &approved, &help_err));
    cr_expect_eq(approved, 1);
    mo_region_free(r);
}

Test(state, few_plans_are_kept_and_approved_ones_always)
{
    char id[65];
    int approved;

    OK(mo_state_create(d, c, &help_err));
    OK(mo_plans_put(d, c, id_a, "{}", &help_err));
    OK(mo_plans_approve(d, c, id_a, "anna", NULL, &help_err));
    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof id, "%064x", i + 1000);
        OK(mo_plans_put(d, c, id, "{}", &help_err));
        mo_clock_sleep(0.002);
    }
    cr_expect_leq(help_int(c, "SELECT count(*) FROM _moult_plan"), 19);
    OK(mo_plans_approved(d, c, id_a, &approved, &help_err));
    cr_expect_eq(approved, 1);
}

Test(state, ids)
{
    int matches;

    OK(mo_plan_id_matches(id_a, "aaaaaaaa1111", &matches, &help_err));
    cr_expect_eq(matches, 1);
    OK(mo_plan_id_matches(id_a, id_b, &matches, &help_err));
    cr_expect_eq(matches, 0);
    cr_expect_eq(mo_plan_id_matches(id_a, "yes", &matches, &help_err), MOULT_INVALID);
    cr_expect_eq(mo_plan_id_matches(id_a, "", &matches, &help_err), MOULT_INVALID);
    cr_expect_eq(matches, 0);
}
