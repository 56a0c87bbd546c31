/* SPDX-License-Identifier: MIT */
/* test_diff.c - two trees to changes: what is found, in which order, and what is no difference. */
#include "tree_help.h"

typedef struct renamed {
    const char *table, *column, *from;
} renamed;

static char *rows_of(const char *live, const char *target, const renamed *renames, size_t count, int strict)
{
    mo_schema *a = tree(live), *b = tree(target);
    mo_plan *p = tree_plan();
    for (size_t i = 0; i < count; i++)
        tree_renamed(b, renames[i].table, renames[i].column, renames[i].from);
    cr_assert_eq(mo_diff(a, b, strict, p, &tree_err), MOULT_OK, "%s", tree_err.pub.message);
    char *rows = tree_rows(p);
    mo_plan_free(p);
    mo_schema_free(a);
    mo_schema_free(b);
    return rows;
}

static void expect(const char *live, const char *target, const char *wanted)
{
    char *rows = rows_of(live, target, NULL, 0, 0);
    cr_expect_str_eq(rows, wanted, "%s\n→ %s\nfound:\n%swanted:\n%s", live, target, rows, wanted);
    free(rows);
}

#define expect_renamed(live, target, wanted, ...)                                                                      \
    do {                                                                                                               \
        const renamed list[] = {__VA_ARGS__};                                                                          \
        char *rows = rows_of(live, target, list, sizeof list / sizeof *list, 0);                                       \
        cr_expect_str_eq(rows, wanted, "found:\n%swanted:\n%s", rows, wanted);                                         \
        free(rows);                                                                                                    \
    } while (0)

Test(diff, nothing)
{
    expect("CREATE TABLE t(a INT, b TEXT)", "CREATE TABLE T(\"A\" int, B text)", "");
    expect("CREATE TABLE t(a INT, b TEXT)", "CREATE TABLE t(b TEXT, a INT)", "");
}

Test(diff, objects_in_order)
{
    expect("CREATE TABLE z(a); CREATE VIEW v AS SELECT 1",
           "CREATE TABLE b(a); CREATE TABLE a(a); CREATE INDEX i ON a(a)",
           "+ table a\n+ table b\n- table z\n+ index i | on a\n- view v\n");
}

Test(diff, what_belongs_to_a_dropped_table_goes_with_it)
{
    expect("CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END", "",
           "- table t\n");
}

Test(diff, columns)
{
    expect("CREATE TABLE t(a INT, b TEXT, c)", "CREATE TABLE t(a TEXT, b TEXT NOT NULL, d INT NOT NULL DEFAULT 1)",
           "~ column t.a | INT → TEXT\n~ column t.b | TEXT → NOT NULL\n+ column t.d | INT NOT NULL DEFAULT 1\n"
           "- column t.c | no type\n");
    expect("CREATE TABLE t(a INT DEFAULT 0)", "CREATE TABLE t(a INT DEFAULT 1)",
           "~ column t.a | DEFAULT 0 → DEFAULT 1\n");
    expect("CREATE TABLE t(a INT DEFAULT 0 NOT NULL)", "CREATE TABLE t(a INT)",
           "~ column t.a | NOT NULL DEFAULT 0 → NULL no default\n");
    expect("CREATE TABLE t(a INT)", "CREATE TABLE t(a TEXT NOT NULL)", "~ column t.a | INT → TEXT NOT NULL\n");
    expect("CREATE TABLE t(a TEXT)", "CREATE TABLE t(a TEXT COLLATE NOCASE)", "~ column t.a | TEXT → COLLATE NOCASE\n");
}

Test(diff, order_of_columns_only_when_asked)
{
    static const struct {
        const char *live, *target, *wanted;
    } cases[] = {
        {"CREATE TABLE t(a, b)", "CREATE TABLE t(b, a)", "~ column order t | as declared\n"},
        {"CREATE TABLE t(a, b)", "CREATE TABLE t(a, b)", ""},
        {"CREATE TABLE t(a, b)", "CREATE TABLE t(a, b, c)", "+ column t.c\n"},
        {"CREATE TABLE t(a, b)", "CREATE TABLE t(a, c, b)", "+ column t.c\n~ column order t | as declared\n"},
        {"CREATE TABLE t(a, b, c)", "CREATE TABLE t(a, c)", "- column t.b | no type\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *rows = rows_of(cases[i].live, cases[i].target, NULL, 0, 1);
        cr_expect_str_eq(rows, cases[i].wanted, "%s: %s", cases[i].target, rows);
        free(rows);
    }
}

Test(diff, constraints)
{
    expect("CREATE TABLE t(a)", "CREATE TABLE t(a, CHECK(a>0))", "+ constraint t | CHECK(a>0)\n");
    expect("CREATE TABLE t(a, CONSTRAINT x CHECK(a>0))", "CREATE TABLE t(a)", "- constraint t.x | CHECK(a>0)\n");
    expect("CREATE TABLE t(a, CONSTRAINT x CHECK(a>0))", "CREATE TABLE t(a, CONSTRAINT x CHECK(a>1))",
           "~ constraint t.x | CHECK(a>0) → CHECK(a>1)\n");
    expect("CREATE TABLE t(a, CONSTRAINT x CHECK(a>0))", "CREATE TABLE t(a, CONSTRAINT y CHECK(a>0))",
           "~ constraint t.y | CHECK(a>0), was x\n");
    expect("CREATE TABLE t(a CHECK(a>0), b CHECK(b>0))", "CREATE TABLE t(a CHECK(a>1), b CHECK(b>0))",
           "~ constraint t | CHECK(a>0) → CHECK(a>1)\n");
    expect("CREATE TABLE t(a, UNIQUE(a))", "CREATE TABLE t(a UNIQUE)", "");
    expect("CREATE TABLE t(a REFERENCES p)", "CREATE TABLE t(a REFERENCES p ON DELETE CASCADE)",
           "~ constraint t | FOREIGN KEY (\"a\") REFERENCES p → FOREIGN KEY (\"a\") REFERENCES p ON DELETE CASCADE\n");
    expect("CREATE TABLE t(a PRIMARY KEY, b)", "CREATE TABLE t(a, b PRIMARY KEY)",
           "~ constraint t | PRIMARY KEY (\"a\") → PRIMARY KEY (\"b\")\n");
}

Test(diff, options)
{
    expect("CREATE TABLE t(a INT)", "CREATE TABLE t(a INT) STRICT", "+ option t | STRICT\n");
    expect("CREATE TABLE t(a INT PRIMARY KEY NOT NULL) WITHOUT ROWID", "CREATE TABLE t(a INT PRIMARY KEY NOT NULL)",
           "- option t | WITHOUT ROWID\n");
}

/* What stands in the definition of a column comes and goes with it; keys and UNIQUE are more than its own affair. */
Test(diff, constraints_of_columns_that_come_and_go)
{
    expect("CREATE TABLE t(a)", "CREATE TABLE t(a, b INT CHECK(b>0) REFERENCES p)", "+ column t.b | INT\n");
    expect("CREATE TABLE t(a, b INT CHECK(b>0) REFERENCES p)", "CREATE TABLE t(a)", "- column t.b | INT\n");
    expect("CREATE TABLE t(a)", "CREATE TABLE t(a, b INT UNIQUE)",
           "+ column t.b | INT\n+ constraint t | UNIQUE (\"b\")\n");
}

Test(diff, definitions)
{
    expect("CREATE TABLE t(a, b); CREATE INDEX i ON t(a)", "CREATE TABLE t(a, b); CREATE INDEX i ON t(b)",
           "~ index i | on t\n");
    expect("CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX i ON t(a)",
           "CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX i ON u(a)", "~ index i | on u\n");
    expect("CREATE VIEW v AS SELECT 1", "create view V as select   1", "");
    expect("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2", "~ view v\n");
    expect("CREATE VIEW v AS SELECT 1", "CREATE TABLE v(a)", "+ table v\n- view v\n");
}

/* --- renames ------------------------------------------------------------------------------------------------------ */

Test(rename, a_table_and_all_that_names_it)
{
    expect_renamed(
        "CREATE TABLE old(a, CHECK(old.a > 0)); CREATE INDEX i ON old(a); CREATE VIEW v AS SELECT a FROM old;"
        "CREATE TABLE child(x REFERENCES old(a)); CREATE TRIGGER r AFTER INSERT ON old BEGIN SELECT 1; END",
        "CREATE TABLE new(a, CHECK(new.a > 0)); CREATE INDEX i ON new(a); CREATE VIEW v AS SELECT a FROM new;"
        "CREATE TABLE child(x REFERENCES new(a)); CREATE TRIGGER r AFTER INSERT ON new BEGIN SELECT 1; END",
        "> table new | was old\n", {"new", NULL, "old"});
}

Test(rename, a_column_and_all_that_names_it)
{
    expect_renamed("CREATE TABLE t(a INT CHECK(a>0), b AS (a+1), UNIQUE(a), FOREIGN KEY(a) REFERENCES t(a));"
                   "CREATE INDEX i ON t(a) WHERE a > 1; CREATE VIEW v AS SELECT a FROM t",
                   "CREATE TABLE t(\"A B\" INT CHECK(\"A B\">0), b AS (\"A B\"+1), UNIQUE(\"A B\"),"
                   "FOREIGN KEY(\"A B\") REFERENCES t(\"A B\"));"
                   "CREATE INDEX i ON t(\"A B\") WHERE \"A B\" > 1; CREATE VIEW v AS SELECT \"A B\" FROM t",
                   "> column t.A B | was a\n", {"t", "A B", "a"});
}

Test(rename, a_string_that_looks_like_the_name_is_none)
{
    expect_renamed("CREATE TABLE t(a CHECK(a <> 'a'))", "CREATE TABLE t(b CHECK(b <> 'b'))",
                   "> column t.b | was a\n~ constraint t | CHECK(a <> 'a') → CHECK(b <> 'b')\n", {"t", "b", "a"});
}

Test(rename, with_a_change_at_once)
{
    expect_renamed("CREATE TABLE old(a INT)", "CREATE TABLE new(b TEXT)",
                   "> table new | was old\n> column new.b | was a\n~ column new.b | INT → TEXT\n", {"new", NULL, "old"},
                   {"new", "b", "a"});
}

Test(rename, chains_and_swaps)
{
    expect_renamed("CREATE TABLE t(a INT, b TEXT)", "CREATE TABLE t(b INT, c TEXT)",
                   "> column t.b | was a\n> column t.c | was b\n", {"t", "b", "a"}, {"t", "c", "b"});
    expect_renamed("CREATE TABLE t(a INT CHECK(a>0), b TEXT)", "CREATE TABLE t(b INT CHECK(b>0), a TEXT)",
                   "> column t.b | was a\n> column t.a | was b\n", {"t", "b", "a"}, {"t", "a", "b"});
    expect_renamed("CREATE TABLE a(x); CREATE TABLE b(y)", "CREATE TABLE b(x); CREATE TABLE a(y)",
                   "> table a | was b\n> table b | was a\n", {"a", NULL, "b"}, {"b", NULL, "a"});
}

Test(rename, done_long_ago)
{
    expect_renamed("CREATE TABLE t(b INT)", "CREATE TABLE t(b INT)", "", {"t", "b", "a"});
    expect_renamed("CREATE TABLE t(a INT, b INT)", "CREATE TABLE t(b INT)", "- column t.a | INT\n", {"t", "b", "a"});
    expect_renamed("CREATE TABLE t(a)", "CREATE TABLE T(A)", "", {"t", NULL, "T"}, {"t", "a", "A"});
    /* Of a chain, what is at its end. */
    expect_renamed("CREATE TABLE t(b INT, c TEXT)", "CREATE TABLE t(b INT, c TEXT)", "", {"t", "b", "a"},
                   {"t", "c", "b"});
}

Test(rename, says_what_the_plan_does_first)
{
    mo_schema *a = tree("CREATE TABLE old(a)"), *b = tree("CREATE TABLE new(b)");
    mo_plan *p = tree_plan();
    tree_renamed(b, "new", NULL, "old");
    tree_renamed(b, "new", "b", "a");
    cr_assert_eq(mo_diff(a, b, 0, p, &tree_err), MOULT_OK);
    cr_assert_eq(p->renames.count, 2);
    cr_expect_str_eq(mo_plan_live_table(p, "New"), "old");
    cr_expect_str_eq(mo_plan_live_column(p, "new", "B"), "a");
    cr_expect_str_eq(mo_plan_live_table(p, "x"), "x");
    cr_expect(mo_match_object(a, b, b->objects.items[0]) == a->objects.items[0]);
    cr_expect(mo_match_column(a->objects.items[0]->table, b->objects.items[0]->table,
                              b->objects.items[0]->table->columns.items[0]) ==
              a->objects.items[0]->table->columns.items[0]);
    mo_plan_free(p);
    mo_schema_free(a);
    mo_schema_free(b);
}

static void expect_wrong(const char *target, const renamed *list, size_t count, const char *message)
{
    mo_schema *a = tree("CREATE TABLE old(a)"), *b = tree(target);
    mo_plan *p = tree_plan();
    for (size_t i = 0; i < count; i++)
        tree_renamed(b, list[i].table, list[i].column, list[i].from);
    cr_expect_eq(mo_diff(a, b, 0, p, &tree_err), MOULT_SOURCE);
    cr_expect(strstr(tree_err.pub.message, message), "%s", tree_err.pub.message);
    cr_expect(tree_err.pub.file && tree_err.pub.line > 0 && tree_err.pub.hint);
    mo_error_clear(&tree_err);
    mo_plan_free(p);
    mo_schema_free(a);
    mo_schema_free(b);
}

Test(rename, annotations_that_contradict_each_other)
{
    expect_wrong("CREATE TABLE x(a); CREATE TABLE y(a)", (const renamed[]){{"x", NULL, "old"}, {"y", NULL, "OLD"}}, 2,
                 "both renamed from");
    expect_wrong("CREATE TABLE old(b, c)", (const renamed[]){{"old", "b", "a"}, {"old", "c", "a"}}, 2, "both renamed");
    expect_wrong("CREATE TABLE old(a); CREATE TABLE x(a)", (const renamed[]){{"x", NULL, "old"}}, 1, "declared too");
    expect_wrong("CREATE TABLE old(a, b)", (const renamed[]){{"old", "b", "a"}}, 1, "declared too");
}

/* Three that name each other, and two annotations for one name besides: the walk has to end. */
Test(rename, knots_come_to_an_end)
{
    mo_schema *a = tree("CREATE TABLE t(a, b, c, d)"), *b = tree("CREATE TABLE t(a, b, c, d)");
    tree_renamed(b, "t", "a", "b");
    tree_renamed(b, "t", "b", "c");
    tree_renamed(b, "t", "c", "b");
    tree_renamed(b, "t", "d", "a");
    mo_table *x = a->objects.items[0]->table, *y = b->objects.items[0]->table;
    for (size_t i = 0; i < 4; i++)
        mo_match_column(x, y, y->columns.items[i]);
    mo_schema_free(a);
    mo_schema_free(b);
}

/* --- hints -------------------------------------------------------------------------------------------------------- */

static mo_plan *hints_of(const char *live, const char *target, mo_schema **a, mo_schema **b)
{
    mo_plan *p = tree_plan();
    *a = tree(live);
    *b = tree(target);
    cr_assert_eq(mo_diff(*a, *b, 0, p, &tree_err), MOULT_OK);
    cr_assert_eq(mo_rename_hints(p, &tree_err), MOULT_OK);
    p->live = *a;
    p->target = *b;
    return p;
}

Test(hints, columns)
{
    mo_schema *a, *b;
    mo_plan *p =
        hints_of("CREATE TABLE t(x, old TEXT NOT NULL)", "CREATE TABLE t(x, new TEXT NOT NULL, other INT)", &a, &b);
    cr_assert_eq(p->hints.count, 1);
    cr_expect_str_eq(p->hints.items[0].kind, "column");
    cr_expect_str_eq(p->hints.items[0].table, "t");
    cr_expect_str_eq(p->hints.items[0].from, "old");
    cr_expect_str_eq(p->hints.items[0].to, "new");
    cr_expect_str_eq(p->hints.items[0].annotation, "-- @renamed from=old");
    mo_plan_free(p);
    p = hints_of("CREATE TABLE t(x, old TEXT)", "CREATE TABLE t(x, new INT)", &a, &b);
    cr_expect_eq(p->hints.count, 0);
    mo_plan_free(p);
    p = hints_of("CREATE TABLE t(x, \"a \"\"b\" TEXT)", "CREATE TABLE t(x, c TEXT)", &a, &b);
    cr_assert_eq(p->hints.count, 1);
    cr_expect_str_eq(p->hints.items[0].annotation, "-- @renamed from=\"a \"\"b\"");
    mo_plan_free(p);
}

Test(hints, tables)
{
    mo_schema *a, *b;
    mo_plan *p = hints_of("CREATE TABLE old(a, b, c)", "CREATE TABLE new(a, b, d)", &a, &b);
    cr_assert_eq(p->hints.count, 1);
    cr_expect_str_eq(p->hints.items[0].kind, "table");
    cr_expect_str_eq(p->hints.items[0].from, "old");
    mo_plan_free(p);
    p = hints_of("CREATE TABLE old(a, b, c)", "CREATE TABLE new(a, x, y)", &a, &b);
    cr_expect_eq(p->hints.count, 0);
    mo_plan_free(p);
    p = hints_of("CREATE TABLE old(a, b, c)", "", &a, &b);
    cr_expect_eq(p->hints.count, 0);
    mo_plan_free(p);
}
