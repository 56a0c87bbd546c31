/* SPDX-License-Identifier: MIT */
/* test_risk.c - what is how dangerous, and what options and annotations make of it. */
#include "risk/risk.h"
#include "tree_help.h"

static mo_plan *assessed(const char *live, const char *target, int harmless)
{
    mo_plan *p = tree_plan();
    p->live = tree(live);
    p->target = tree(target);
    cr_assert_eq(mo_diff(p->live, p->target, 1, p, &tree_err), MOULT_OK);
    for (size_t i = 0; harmless && i < p->changes.count; i++) {
        p->changes.items[i].found = (mo_findings){.harmless = 1, .evidence = "none of 3 rows is NULL"};
        for (size_t k = 0; k < p->changes.items[i].parts.count; k++) {
            p->changes.items[i].parts.items[k].found = p->changes.items[i].found;
        }
    }
    cr_assert_eq(mo_assess(p, NULL, &tree_err), MOULT_OK);
    cr_assert_eq(mo_plan_seal(p, &tree_err), MOULT_OK);
    return p;
}

static void expect(const char *live, const char *target, const char *rule, moult_risk level, moult_risk eased)
{
    mo_plan *p = assessed(live, target, 0);
    cr_assert_geq(p->rows.count, 1, "%s → %s", live, target);
    cr_expect_str_eq(p->rows.items[0].rule, rule);
    cr_expect_eq(p->rows.items[0].risk, level, "%s", rule);
    cr_expect_eq(p->risk, level, "%s", rule);
    cr_expect_eq(*p->rows.items[0].reason == '\0', level == MOULT_RISK_SAFE, "%s", rule);
    mo_plan_free(p);
    p = assessed(live, target, 1);
    cr_expect_eq(p->rows.items[0].risk, eased, "%s", rule);
    mo_plan_free(p);
}

#define SAFE MOULT_RISK_SAFE
#define MEDIUM MOULT_RISK_MEDIUM
#define HIGH MOULT_RISK_HIGH
#define T "CREATE TABLE t"

Test(risk, objects)
{
    expect("", T "(a)", "create", SAFE, SAFE);
    expect(T "(a)", "", "drop-table", HIGH, SAFE);
    expect("CREATE VIRTUAL TABLE v USING fts5(a)", "", "drop-virtual-table", HIGH, SAFE);
    expect("CREATE VIRTUAL TABLE v USING fts5(a)", "CREATE VIRTUAL TABLE v USING fts5(b)", "alter-virtual-table", HIGH,
           HIGH);
    expect(T "(a); CREATE INDEX i ON t(a)", T "(a)", "drop-index", MEDIUM, MEDIUM);
    expect(T "(a); CREATE INDEX i ON t(a)", T "(a); CREATE INDEX i ON t(a DESC)", "alter-index", SAFE, SAFE);
    expect(T "(a); CREATE INDEX i ON t(a)", T "(a); CREATE UNIQUE INDEX i ON t(a)", "alter-unique-index", MEDIUM, SAFE);
    expect("CREATE VIEW v AS SELECT 1", "", "drop-view", MEDIUM, MEDIUM);
    expect("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2", "alter-view", SAFE, SAFE);
    expect(T "(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END", T "(a)", "drop-trigger", MEDIUM, MEDIUM);
    expect(T "(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
           T "(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 2; END", "alter-trigger", MEDIUM, MEDIUM);
}

Test(risk, columns)
{
    expect(T "(a)", T "(a, b)", "add-column", SAFE, SAFE);
    expect(T "(a)", T "(a, b NOT NULL DEFAULT 1)", "add-column", SAFE, SAFE);
    expect(T "(a)", T "(a, b NOT NULL)", "add-column-not-null", MEDIUM, SAFE);
    expect(T "(a, b)", T "(a)", "drop-column", HIGH, SAFE);
    expect(T "(a, b AS (a))", T "(a)", "drop-generated-column", MEDIUM, MEDIUM);
    expect(T "(a INT)", T "(a TEXT)", "change-type", HIGH, SAFE);
    expect(T "(a)", T "(a NOT NULL)", "set-not-null", HIGH, SAFE);
    expect(T "(a NOT NULL)", T "(a)", "drop-not-null", SAFE, SAFE);
    expect(T "(a NOT NULL)", T "(a NOT NULL ON CONFLICT IGNORE)", "change-conflict", MEDIUM, MEDIUM);
    expect(T "(a DEFAULT 1)", T "(a DEFAULT 2)", "change-default", SAFE, SAFE);
    expect(T "(a)", T "(a COLLATE NOCASE)", "change-collation", HIGH, SAFE);
    expect(T "(a, b AS (a))", T "(a, b AS (a+1))", "change-generated", HIGH, SAFE);
    expect(T "(a, b)", T "(b, a)", "column-order", SAFE, SAFE);
    expect(T "(a INT)", T "(a TEXT DEFAULT 1)", "change-type", HIGH, SAFE);
}

Test(risk, constraints_and_options)
{
    expect(T "(a)", T "(a PRIMARY KEY)", "change-primary-key", HIGH, SAFE);
    expect(T "(a)", T "(a, CHECK(a>0))", "add-check", MEDIUM, SAFE);
    expect(T "(a, CONSTRAINT c CHECK(a>0))", T "(a, CONSTRAINT c CHECK(a>1))", "alter-check", MEDIUM, SAFE);
    expect(T "(a, CHECK(a>0))", T "(a)", "drop-check", SAFE, SAFE);
    expect(T "(a)", T "(a, UNIQUE(a))", "add-unique", MEDIUM, SAFE);
    expect(T "(a, b, CONSTRAINT c UNIQUE(a))", T "(a, b, CONSTRAINT c UNIQUE(b))", "alter-unique", MEDIUM, SAFE);
    expect(T "(a, UNIQUE(a))", T "(a)", "drop-unique", MEDIUM, MEDIUM);
    expect(T "(a)", T "(a REFERENCES p)", "add-foreign-key", MEDIUM, SAFE);
    expect(T "(a REFERENCES p)", T "(a REFERENCES q)", "alter-foreign-key", MEDIUM, SAFE);
    expect(T "(a REFERENCES p)", T "(a)", "drop-foreign-key", MEDIUM, MEDIUM);
    expect(T "(a, CONSTRAINT x CHECK(a>0))", T "(a, CONSTRAINT y CHECK(a>0))", "rename-constraint", SAFE, SAFE);
    expect(T "(a INT)", T "(a INT) STRICT", "set-strict", HIGH, SAFE);
    expect(T "(a INT) STRICT", T "(a INT)", "drop-strict", MEDIUM, MEDIUM);
    expect(T "(a INT NOT NULL PRIMARY KEY)", T "(a INT NOT NULL PRIMARY KEY) WITHOUT ROWID", "change-option", MEDIUM,
           SAFE);
}

Test(risk, renames)
{
    mo_plan *p = tree_plan();
    p->live = tree(T "(a)");
    p->target = tree("CREATE TABLE u(b)");
    tree_renamed(p->target, "u", NULL, "t");
    tree_renamed(p->target, "u", "b", "a");
    cr_assert_eq(mo_diff(p->live, p->target, 0, p, &tree_err), MOULT_OK);
    cr_assert_eq(mo_assess(p, NULL, &tree_err), MOULT_OK);
    cr_assert_eq(mo_plan_seal(p, &tree_err), MOULT_OK);
    cr_expect_str_eq(p->rows.items[0].rule, "rename-table");
    cr_expect_str_eq(p->rows.items[1].rule, "rename-column");
    cr_expect_eq(p->risk, MOULT_RISK_MEDIUM);
    cr_expect(!mo_plan_allowed(p, MOULT_MODE_SAFE) && mo_plan_allowed(p, MOULT_MODE_AUTO));
    mo_plan_free(p);
}

/* What the rows say comes first, where it is about the risk. */
Test(risk, evidence)
{
    mo_plan *p = assessed(T "(a)", T "(a NOT NULL)", 1);
    cr_expect_str_eq(p->rows.items[0].reason, "none of 3 rows is NULL");
    mo_plan_free(p);
    p = assessed(T "(a NOT NULL)", T "(a)", 1);
    cr_expect_str_eq(p->rows.items[0].reason, "");
    mo_plan_free(p);
}

Test(risk, modes)
{
    mo_plan *p = tree_plan();
    static const int allowed[4][3] = {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {0, 0, 0}};
    for (int mode = 0; mode < 4; mode++) {
        for (int level = 0; level < 3; level++) {
            p->risk = (moult_risk)level;
            cr_expect_eq(mo_plan_allowed(p, (moult_mode)mode), allowed[mode][level], "%d %d", mode, level);
        }
    }
    mo_plan_free(p);
}

Test(risk, ids_are_unique)
{
    for (const mo_rule *a = mo_rules; a->info.id; a++) {
        for (const mo_rule *b = a + 1; b->info.id; b++)
            cr_expect_str_neq(a->info.id, b->info.id);
    }
}

/* --- levels, and what is allowed ------------------------------------------------------------------------------------- */

static mo_plan *leveled(const char *live, const char *target, const char *const *levels, mo_allow *allow)
{
    mo_plan *p = tree_plan();
    p->live = tree(live);
    p->target = tree(target);
    p->desired = tree(target);
    if (allow)
        cr_assert_eq(mo_schema_allow(p->desired, allow, &tree_err), MOULT_OK);
    cr_assert_eq(mo_diff(p->live, p->target, 0, p, &tree_err), MOULT_OK);
    cr_assert_eq(mo_assess(p, levels, &tree_err), MOULT_OK);
    cr_assert_eq(mo_assess_steps(p, levels, &tree_err), MOULT_OK);
    cr_assert_eq(mo_plan_seal(p, &tree_err), MOULT_OK);
    return p;
}

Test(risk, an_option_gives_another_level)
{
    const char *levels[] = {"drop-column=high", "drop-column=safe", NULL};
    mo_plan *p = leveled(T "(a, b)", T "(a)", levels, NULL);
    cr_expect_eq(p->risk, SAFE, "the last one holds");
    cr_expect_eq(p->rows.items[0].rule_risk, HIGH);
    cr_expect_str_eq(p->rows.items[0].reason, "set by --rule (rule drop-column: high)");
    cr_expect_str_eq(p->rows.items[0].allowed, "an option");
    mo_plan_free(p);
}

Test(risk, levels_are_checked)
{
    const char *good[] = {"create=high", "data-hook=safe", NULL}, *no_rule[] = {"drop-colum=safe", NULL},
               *no_level[] = {"drop-column=save", NULL}, *nothing[] = {"drop-column", NULL};
    cr_expect_eq(mo_levels_check(NULL, &tree_err), MOULT_OK);
    cr_expect_eq(mo_levels_check(good, &tree_err), MOULT_OK);
    cr_expect_eq(mo_levels_check(no_rule, &tree_err), MOULT_INVALID);
    cr_expect(strstr(tree_err.pub.hint, "'drop-column'"));
    cr_expect_eq(mo_levels_check(no_level, &tree_err), MOULT_INVALID);
    cr_expect(strstr(tree_err.pub.message, "'save'"));
    cr_expect_eq(mo_levels_check(nothing, &tree_err), MOULT_INVALID);
    mo_error_clear(&tree_err);
}

Test(risk, an_annotation_allows_one_object)
{
    mo_allow here = {.rule = "drop-column", .reason = "archived", .object = "T.b", .where = {"s.sql", 3, 1}};
    mo_allow elsewhere = {.rule = "drop-column", .reason = "archived", .object = "u.b", .where = {"s.sql", 3, 1}};
    mo_plan *p = leveled(T "(a, b)", T "(a)", NULL, &here);
    cr_expect_eq(p->risk, SAFE);
    cr_expect_str_eq(p->rows.items[0].reason, "allowed: archived (rule drop-column: high)");
    cr_expect_eq(p->notes.count, 0);
    mo_plan_free(p);
    p = leveled(T "(a, b)", T "(a)", NULL, &elsewhere);
    cr_expect_eq(p->risk, HIGH);
    cr_assert_eq(p->notes.count, 1);
    cr_expect_str_eq(p->notes.items[0], "s.sql:3: '@allow drop-column' matches nothing now: take it out");
    mo_plan_free(p);
}

/* Rows that forbid a change do so in spite of options and annotations; not while a hook may change them. */
Test(risk, forbidden_is_high_whatever_is_allowed)
{
    const char *levels[] = {"add-check=safe", NULL};
    mo_plan *p = leveled(T "(a)", T "(a, CHECK(a>0))", levels, NULL);
    cr_expect_eq(p->risk, SAFE);
    cr_expect_eq(mo_forbidden(p, &tree_err), MOULT_OK);
    p->changes.items[0].parts.items[0].found = (mo_findings){.evidence = "2 of 3 rows break it", .forbidden = 2};
    cr_assert_eq(mo_assess(p, levels, &tree_err), MOULT_OK);
    cr_expect_eq(p->risk, HIGH);
    cr_expect_eq(mo_forbidden(p, &tree_err), MOULT_IMPOSSIBLE);
    cr_expect(strstr(tree_err.pub.message, "2 of 3 rows break it"));
    p->hooked = 1;
    cr_assert_eq(mo_assess(p, levels, &tree_err), MOULT_OK);
    cr_expect_eq(p->risk, SAFE);
    cr_expect_eq(mo_forbidden(p, &tree_err), MOULT_OK);
    mo_error_clear(&tree_err);
    mo_plan_free(p);
}

/* What no rule knows: a change that no dialect of today makes. */
Test(risk, what_no_rule_knows_is_dangerous)
{
    mo_plan *p = leveled(T "(a)", T "(a, b)", NULL, NULL);
    cr_expect_neq(strcmp(p->rows.items[0].rule, "unclassified"), 0);
    p->changes.items[0].parts.items[0].op = MOULT_OP_RUN;
    cr_assert_eq(mo_assess(p, NULL, &tree_err), MOULT_OK);
    cr_expect_str_eq(p->changes.items[0].judgement.rule, "unclassified");
    cr_expect_eq(p->risk, HIGH);
    mo_plan_free(p);
}
