/* SPDX-License-Identifier: MIT */
/* test_carry.c - whose is what: what is left alone, what goes, and what the target then is. */
#include "tree_help.h"

/* One round of live, desired and owned, with the plan that comes of it. */
typedef struct round {
    mo_schema *live, *desired, *owned, *target;
    mo_ownership own;
    mo_plan *plan;
} round_of;

static round_of begin(const char *live, const char *desired, const char *owned)
{
    round_of r = {.live = tree(live), .desired = tree(desired), .plan = tree_plan()};
    if (owned)
        r.own.owned = r.owned = tree(owned);
    return r;
}

static void carry(round_of *r)
{
    int rc = mo_carry(&mo_dialect_sqlite, r->live, r->desired, &r->own, r->plan, &r->target, &tree_err);
    cr_assert_eq(rc, MOULT_OK, "%s", tree_err.pub.message);
}

static void end(round_of *r)
{
    mo_plan_free(r->plan);
    mo_schema_free(r->live);
    mo_schema_free(r->desired);
    mo_schema_free(r->owned);
    mo_schema_free(r->target);
}

/* Carries, compares with what is expected as a whole, and diffs. */
static void expect_round(round_of *r, const char *target, const char *rows)
{
    mo_schema *wanted = tree(target);
    carry(r);
    cr_expect_str_eq(r->target->fingerprint, wanted->fingerprint, "%s", target);
    for (size_t i = 0; i < r->target->objects.count && i < wanted->objects.count; i++)
        cr_expect_str_eq(r->target->objects.items[i]->canonical, wanted->objects.items[i]->canonical);
    cr_assert_eq(mo_diff(r->live, r->target, 0, r->plan, &tree_err), MOULT_OK);
    char *found = tree_rows(r->plan);
    cr_expect_str_eq(found, rows, "found:\n%swanted:\n%s", found, rows);
    free(found);
    mo_schema_free(wanted);
}

static void expect(const char *live, const char *desired, const char *owned, const char *target, const char *rows)
{
    round_of r = begin(live, desired, owned);
    expect_round(&r, target, rows);
    end(&r);
}

Test(carry, objects_of_others_stay)
{
    round_of r = begin("CREATE TABLE t(a); CREATE TABLE other(x); CREATE INDEX ox ON other(x); CREATE INDEX tx ON t(a);"
                       "CREATE VIEW v AS SELECT 1; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
                       "CREATE TABLE t(a)", NULL);
    expect_round(&r,
                 "CREATE TABLE t(a); CREATE TABLE other(x); CREATE INDEX ox ON other(x); CREATE INDEX tx ON t(a);"
                 "CREATE VIEW v AS SELECT 1; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
                 "");
    cr_expect(tree_has_note(r.plan, "left alone: table other (declared by nobody; --own=all would drop it)"));
    cr_expect(tree_has_note(r.plan, "left alone: index tx on t"));
    cr_expect(tree_has_note(r.plan, "left alone: view v"));
    cr_expect(tree_has_note(r.plan, "left alone: trigger r on t"));
    cr_expect(!tree_has_note(r.plan, "ox"), "it is part of the other table");
    cr_expect(mo_schema_find(r.target, MO_KIND_TABLE, "other")->flags & MO_OBJECT_FOREIGN);
    end(&r);
}

Test(carry, what_was_owned_goes)
{
    static const char all[] = "CREATE TABLE t(a); CREATE TABLE u(x); CREATE INDEX i ON t(a); CREATE VIEW v AS SELECT 1";
    expect(all, "CREATE TABLE t(a)", all, "CREATE TABLE t(a)", "- table u\n- index i | on t\n- view v\n");
}

Test(carry, own_all)
{
    round_of r = begin("CREATE TABLE t(a, b CHECK(b>0)) STRICT; CREATE TABLE u(x)", "CREATE TABLE t(a)", NULL);
    r.own.all = 1;
    expect_round(&r, "CREATE TABLE t(a)", "- column t.b | no type\n- option t | STRICT\n- table u\n");
    cr_expect_eq(r.plan->notes.count, 0);
    end(&r);
}

Test(carry, what_belongs_to_a_dropped_table_goes_with_it)
{
    expect("CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE VIEW v AS SELECT 1;"
           "CREATE TRIGGER r INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
           "", "CREATE TABLE t(a); CREATE VIEW v AS SELECT 1", "", "- table t\n- view v\n");
}

Test(carry, columns_of_others_stand_behind)
{
    round_of r = begin("CREATE TABLE t(nick TEXT CHECK(nick <> '') REFERENCES u(x), a INT)",
                       "CREATE TABLE t(a INT, b INT)", "CREATE TABLE t(a INT)");
    expect_round(&r, "CREATE TABLE t(a INT, b INT, nick TEXT CHECK(nick <> '') REFERENCES u(x))",
                 "+ column t.b | INT\n");
    const mo_table *t = r.target->objects.items[0]->table;
    cr_expect_str_eq(t->columns.items[2]->name, "nick");
    cr_expect(t->columns.items[2]->foreign);
    cr_assert_eq(t->constraints.count, 2);
    cr_expect_eq(t->constraints.items[0]->column, 2);
    cr_expect(strstr(r.target->objects.items[0]->sql, "nick TEXT CHECK(nick <> '') REFERENCES u(x)"));
    cr_expect_eq(r.plan->notes.count, 1);
    cr_expect(tree_has_note(r.plan, "left alone: column t.nick"));
    end(&r);
}

Test(carry, columns_that_were_owned_go)
{
    expect("CREATE TABLE t(a, b, c)", "CREATE TABLE t(a)", "CREATE TABLE t(a, b)", "CREATE TABLE t(a, c)",
           "- column t.b | no type\n");
}

Test(carry, constraints_of_others)
{
    round_of r = begin("CREATE TABLE t(a UNIQUE, b, CONSTRAINT pos CHECK(a>0), CHECK(b<9))", "CREATE TABLE t(a, b)",
                       "CREATE TABLE t(a, b, CHECK(b<9))");
    expect_round(&r, "CREATE TABLE t(a, b, CONSTRAINT pos CHECK(a>0), UNIQUE(a))", "- constraint t | CHECK(b<9)\n");
    cr_expect(tree_has_note(r.plan, "left alone: constraint pos of table t"));
    end(&r);
}

Test(carry, constraints_go_with_the_column_they_name)
{
    round_of r = begin("CREATE TABLE t(a, b, CHECK(a < b)); CREATE INDEX i ON t(b)", "CREATE TABLE t(a)",
                       "CREATE TABLE t(a, b)");
    expect_round(&r, "CREATE TABLE t(a)", "- column t.b | no type\n- constraint t | CHECK(a < b)\n- index i | on t\n");
    cr_expect(tree_has_note(r.plan, "goes with column t.b: constraint CHECK(a < b)"));
    cr_expect(tree_has_note(r.plan, "goes with column t.b: index i"));
    end(&r);
}

/* What is declared replaces what it is meant to. */
Test(carry, the_declared_wins)
{
    expect("CREATE TABLE t(a CHECK(a>0))", "CREATE TABLE t(a CHECK(a>1))", NULL, "CREATE TABLE t(a CHECK(a>1))",
           "~ constraint t | CHECK(a>0) → CHECK(a>1)\n");
    expect("CREATE TABLE t(a REFERENCES p)", "CREATE TABLE t(a REFERENCES p ON DELETE CASCADE)", NULL,
           "CREATE TABLE t(a REFERENCES p ON DELETE CASCADE)",
           "~ constraint t | FOREIGN KEY (\"a\") REFERENCES p → FOREIGN KEY (\"a\") REFERENCES p ON DELETE CASCADE\n");
    expect("CREATE TABLE t(a TEXT PRIMARY KEY, b TEXT)", "CREATE TABLE t(a TEXT, b TEXT PRIMARY KEY)", NULL,
           "CREATE TABLE t(a TEXT, b TEXT PRIMARY KEY)",
           "~ constraint t | PRIMARY KEY (\"a\") → PRIMARY KEY (\"b\")\n");
}

/* A foreign column whose key the declared one replaces comes without it. */
Test(carry, a_foreign_column_loses_its_key)
{
    expect("CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x')", "CREATE TABLE t(b TEXT PRIMARY KEY)",
           NULL, "CREATE TABLE t(b TEXT PRIMARY KEY, id INTEGER)",
           "~ column t.b | NOT NULL DEFAULT 'x' → NULL no default\n"
           "~ constraint t | PRIMARY KEY (\"id\") → PRIMARY KEY (\"b\")\n");
}

/* A key that stays makes the declared column what it was: the row id. */
Test(carry, a_foreign_key_column_stays_the_row_id)
{
    expect("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)", "CREATE TABLE t(id INTEGER)", NULL,
           "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)", "");
}

Test(carry, options)
{
    round_of r = begin("CREATE TABLE t(id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID",
                       "CREATE TABLE t(id TEXT NOT NULL PRIMARY KEY)", NULL);
    expect_round(&r, "CREATE TABLE t(id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID", "");
    cr_expect(tree_has_note(r.plan, "left alone: option STRICT of table t"));
    end(&r);
}

/* An option that stays changes what the declared key is: it would be the row id, and makes its column NOT NULL. */
Test(carry, a_foreign_option_and_a_declared_key)
{
    expect("CREATE TABLE t(id INTEGER PRIMARY KEY NOT NULL, b) WITHOUT ROWID",
           "CREATE TABLE t(id INTEGER PRIMARY KEY, b INT)", NULL,
           "CREATE TABLE t(id INTEGER PRIMARY KEY, b INT) WITHOUT ROWID", "~ column t.b | no type → INT\n");
}

Test(carry, what_a_thing_is_renamed_from_is_nobody_elses)
{
    round_of r = begin("CREATE TABLE old(a, x)", "CREATE TABLE new(b, x)", NULL);
    tree_renamed(r.desired, "new", NULL, "old");
    tree_renamed(r.desired, "new", "b", "a");
    expect_round(&r, "CREATE TABLE new(b, x)", "> table new | was old\n> column new.b | was a\n");
    cr_expect_eq(r.plan->notes.count, 0);
    end(&r);
}

Test(carry, follows_a_rename)
{
    round_of r =
        begin("CREATE TABLE old(a, nick); CREATE INDEX i ON old(nick)", "CREATE TABLE new(a)", "CREATE TABLE old(a)");
    tree_renamed(r.desired, "new", NULL, "old");
    carry(&r);
    cr_expect(tree_has_note(r.plan, "left alone: column new.nick"));
    cr_expect(tree_has_note(r.plan, "left alone: index i on new"));
    cr_expect_str_eq(mo_schema_find(r.target, MO_KIND_INDEX, "i")->parent, "new");
    cr_assert_eq(mo_diff(r.live, r.target, 0, r.plan, &tree_err), MOULT_OK);
    char *rows = tree_rows(r.plan);
    cr_expect_str_eq(rows, "> table new | was old\n");
    free(rows);
    end(&r);
}

/* After the renames the live side has the new names; nothing is followed again, not even a swap, and no note is
 * twice. */
Test(carry, once_the_renames_are_done)
{
    round_of r =
        begin("CREATE TABLE t(a INT, b TEXT, f)", "CREATE TABLE t(a INT, b TEXT)", "CREATE TABLE t(a INT, b TEXT)");
    tree_renamed(r.desired, "t", "a", "b");
    tree_renamed(r.desired, "t", "b", "a");
    mo_rename done = {.kind = MO_KIND_TABLE, .table = "t", .from = "a", .to = "b"};
    cr_assert_eq(mo_vec_push(r.plan->region, &r.plan->renames, done), 0);
    expect_round(&r, "CREATE TABLE t(a INT, b TEXT, f)", "");
    cr_expect_eq(r.plan->notes.count, 1);
    mo_schema_free(r.target);
    carry(&r);
    cr_expect_eq(r.plan->notes.count, 1);
    end(&r);
}

/* A swap stays in the source after it was done. */
Test(carry, a_swap_is_done_once)
{
    static const char before[] = "CREATE TABLE t(a INT, b TEXT)", after[] = "CREATE TABLE t(b INT, a TEXT)";
    for (int history = 0; history < 3; history++) {
        /* 0: the last version had no annotation yet; 1: it had them; 2: there is no history */
        round_of r = begin(history == 0 ? before : after, after, history == 2 ? NULL : history ? after : before);
        tree_renamed(r.desired, "t", "b", "a");
        tree_renamed(r.desired, "t", "a", "b");
        if (history == 1) {
            tree_renamed(r.owned, "t", "b", "a");
            tree_renamed(r.owned, "t", "a", "b");
        }
        const mo_object *t = r.desired->objects.items[0];
        cr_expect_eq(mo_rename_is_done(r.live, r.desired, r.owned, t, t->table->columns.items[0]), history != 0);
        expect_round(&r, after, history ? "" : "> column t.b | was a\n> column t.a | was b\n");
        end(&r);
    }
}

Test(carry, a_swap_of_tables_is_done_once)
{
    static const char after[] = "CREATE TABLE a(y); CREATE TABLE b(x)";
    round_of r = begin(after, after, NULL);
    tree_renamed(r.desired, "a", NULL, "b");
    tree_renamed(r.desired, "b", NULL, "a");
    expect_round(&r, after, "");
    end(&r);
}

Test(carry, a_name_that_somebody_else_has)
{
    round_of r = begin("CREATE VIEW t AS SELECT 1", "CREATE TABLE t(a)", NULL);
    r.desired->objects.items[0]->where = (mo_where){"schema.sql", 3, 1};
    cr_expect_eq(mo_carry(&mo_dialect_sqlite, r.live, r.desired, &r.own, r.plan, &r.target, &tree_err), MOULT_SOURCE);
    cr_expect(!r.target);
    cr_expect(strstr(tree_err.pub.message, "table 't' is declared"));
    cr_expect_eq(tree_err.pub.line, 3);
    mo_error_clear(&tree_err);
    end(&r);
}

Test(carry, what_cannot_be_compared_stays)
{
    round_of r = begin("", "CREATE TABLE t(a)", NULL);
    for (int i = 0; i < 2; i++) {
        mo_object *o = mo_schema_object(r.live, i ? MO_KIND_TABLE : MO_KIND_VIRTUAL_TABLE, i ? "t" : "v");
        o->flags = MO_OBJECT_UNCOMPARED;
        o->note = "no module 'nothing'";
        o->sql = "CREATE VIRTUAL TABLE v USING nothing";
        cr_assert_eq(mo_schema_add(r.live, o, &tree_err), MOULT_OK);
    }
    cr_assert_eq(mo_schema_seal(r.live, &tree_err), MOULT_OK);
    r.own.all = 1;
    carry(&r);
    cr_expect(tree_has_note(r.plan, "not compared: virtual table v (no module 'nothing')"));
    cr_expect(tree_has_note(r.plan, "not compared: table t"));
    cr_expect_eq(r.target->objects.count, 2);
    cr_assert_eq(mo_diff(r.live, r.target, 0, r.plan, &tree_err), MOULT_OK);
    cr_expect_eq(r.plan->changes.count, 0);
    end(&r);
}

Test(carry, wide_tables)
{
    mo_str live = {0}, desired = {0};
    mo_str_add(&live, "CREATE TABLE t(a0");
    mo_str_add(&desired, "CREATE TABLE t(a0");
    for (int i = 1; i < 300; i++) {
        mo_str_addf(&live, ", a%d", i);
        if (i % 3)
            mo_str_addf(&desired, ", a%d", i);
    }
    mo_str_add(&live, ")");
    mo_str_add(&desired, ")");
    expect(mo_str_text(&live), mo_str_text(&desired), NULL, mo_str_text(&live), "");
    mo_str_free(&live);
    mo_str_free(&desired);
}

/* --- types of the application's own ------------------------------------------------------------------------------- */

typedef struct asked {
    int answer;
    char said[512];
} asked;

static int same_type(void *user, const char *table, const char *column, const char *live, const char *desired)
{
    asked *a = user;
    size_t n = strlen(a->said);
    snprintf(a->said + n, sizeof a->said - n, "[%s|%s|%s|%s]", table, column, live, desired);
    return a->answer;
}

static void expect_types(const char *live, const char *desired, int answer, const char *said, const char *target,
                         const char *rows)
{
    asked a = {.answer = answer};
    round_of r = begin(live, desired, NULL);
    r.own.same_type = same_type;
    r.own.same_type_user = &a;
    expect_round(&r, target, rows);
    cr_expect_str_eq(a.said, said);
    end(&r);
}

Test(types, the_same_are_no_difference)
{
    expect_types("CREATE TABLE t(a VARCHAR(10) NOT NULL DEFAULT '1', b INT)",
                 "CREATE TABLE t(a JSON NOT NULL DEFAULT '1', b INT)", 1, "[t|a|varchar(10)|json]",
                 "CREATE TABLE t(a VARCHAR(10) NOT NULL DEFAULT '1', b INT)", "");
    expect_types("CREATE TABLE t(a VARCHAR(10))", "CREATE TABLE t(a JSON)", 0, "[t|a|varchar(10)|json]",
                 "CREATE TABLE t(a JSON)", "~ column t.a | VARCHAR(10) → JSON\n");
    expect_types("CREATE TABLE t(a TEXT)", "CREATE TABLE t(a text)", 1, "", "CREATE TABLE t(a TEXT)", "");
}

Test(types, no_type_is_one_too)
{
    expect_types("CREATE TABLE t(a, b)", "CREATE TABLE t(a TEXT CHECK (a <> ''), b)", 1, "[t|a||text]",
                 "CREATE TABLE t(a CHECK (a <> ''), b)", "+ constraint t | CHECK (a <> '')\n");
    expect_types("CREATE TABLE t(a DOUBLE PRECISION)", "CREATE TABLE t(a)", 1, "[t|a|double precision|]",
                 "CREATE TABLE t(a DOUBLE PRECISION)", "");
}

Test(types, hostile_names)
{
    expect_types("CREATE TABLE \"t \"\" (\"(\"a,[\" INT, \"TEXT\" DATE)",
                 "CREATE TABLE \"t \"\" (\"(\"a,[\" TEXT, \"TEXT\" BLOB)", 1,
                 "[t \" (|a,[|int|text][t \" (|TEXT|date|blob]",
                 "CREATE TABLE \"t \"\" (\"(\"a,[\" INT, \"TEXT\" DATE)", "");
}

Test(types, an_answer_that_is_none)
{
    static const int answers[] = {2, -1, 4711};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        asked a = {.answer = answers[i]};
        round_of r = begin("CREATE TABLE t(a INT)", "CREATE TABLE t(a TEXT)", NULL);
        r.own.same_type = same_type;
        r.own.same_type_user = &a;
        cr_assert_eq(mo_carry(&mo_dialect_sqlite, r.live, r.desired, &r.own, r.plan, &r.target, &tree_err),
                     MOULT_INVALID);
        cr_expect(strstr(tree_err.pub.message, "t.a"), "%s", tree_err.pub.message);
        mo_error_clear(&tree_err);
        end(&r);
    }
}
