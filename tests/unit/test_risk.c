/* SPDX-License-Identifier: MIT */
/* test_risk.c - what is how dangerous; and that the page of the rules says the same as their table. */
#include "risk/risk.h"
#include "tree_help.h"

static mo_plan *assessed(const char *live, const char *target, int harmless)
{
    mo_plan *p = tree_plan();
    p->live = tree(live);
    p->target = tree(target);
    cr_assert_eq(mo_diff(p->live, p->target, 1, p, &tree_err), MOULT_OK);
    for (size_t i = 0; harmless && i < p->changes.count; i++) {
        for (size_t k = 0; k < p->changes.items[i].parts.count; k++) {
            p->changes.items[i].parts.items[k].harmless = 1;
            p->changes.items[i].parts.items[k].evidence = "none of 3 rows is NULL";
        }
    }
    cr_assert_eq(mo_assess(p, &tree_err), MOULT_OK);
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
    expect(T "(a)", "", "drop-table", HIGH, HIGH);
    expect("CREATE VIRTUAL TABLE v USING fts5(a)", "", "drop-virtual-table", HIGH, HIGH);
    expect("CREATE VIRTUAL TABLE v USING fts5(a)", "CREATE VIRTUAL TABLE v USING fts5(b)", "alter-virtual-table", HIGH,
           HIGH);
    expect(T "(a); CREATE INDEX i ON t(a)", T "(a)", "drop-index", MEDIUM, MEDIUM);
    expect(T "(a); CREATE INDEX i ON t(a)", T "(a); CREATE INDEX i ON t(a DESC)", "alter-index", SAFE, SAFE);
    expect(T "(a); CREATE INDEX i ON t(a)", T "(a); CREATE UNIQUE INDEX i ON t(a)", "alter-unique-index", MEDIUM,
           MEDIUM);
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
    expect(T "(a, b)", T "(a)", "drop-column", HIGH, HIGH);
    expect(T "(a, b AS (a))", T "(a)", "drop-generated-column", MEDIUM, MEDIUM);
    expect(T "(a INT)", T "(a TEXT)", "change-type", HIGH, SAFE);
    expect(T "(a)", T "(a NOT NULL)", "set-not-null", HIGH, SAFE);
    expect(T "(a NOT NULL)", T "(a)", "drop-not-null", SAFE, SAFE);
    expect(T "(a NOT NULL)", T "(a NOT NULL ON CONFLICT IGNORE)", "change-conflict", MEDIUM, SAFE);
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
    cr_assert_eq(mo_assess(p, &tree_err), MOULT_OK);
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

/* The page has a line for each rule, in the same words and order, and no other. */
Test(risk, the_page_is_the_table)
{
    static const char *const levels[] = {"safe", "medium", "high"};
    char path[512], line[1024], wanted[1024];
    /* The build names this file as it is seen from where the tests run. */
    snprintf(path, sizeof path, "%.*sdocs/rules.md", (int)(strstr(__FILE__, "tests/unit") - __FILE__), __FILE__);
    FILE *page = fopen(path, "r");
    if (!page) /* run from the root, where the compiler's path does not lead */
        page = fopen("docs/rules.md", "r");
    cr_assert(page, "docs/rules.md is not there");
    const mo_rule *rule = mo_rules;
    while (fgets(line, sizeof line, page)) {
        if (strncmp(line, "| `", 3) != 0)
            continue;
        cr_assert(rule->id, "the page has a line too many: %s", line);
        snprintf(wanted, sizeof wanted, "| `%s` | %s | %s | %s | %s |\n", rule->id, levels[rule->level], rule->reason,
                 rule->advice ? rule->advice : "", rule->eases ? "yes" : "");
        cr_expect_str_eq(line, wanted);
        rule++;
    }
    cr_expect(!rule->id, "the page lacks '%s'", rule->id);
    fclose(page);
}

Test(risk, ids_are_unique)
{
    for (const mo_rule *a = mo_rules; a->id; a++) {
        for (const mo_rule *b = a + 1; b->id; b++)
            cr_expect_str_neq(a->id, b->id);
    }
}
