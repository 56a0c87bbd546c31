/* SPDX-License-Identifier: MIT */
/* test_plan.c - plans: building, order, ids, plan files, and what people see. */
#include "plan/display.h"
#include "risk/risk.h"
#include "tree_help.h"

/* --- order -------------------------------------------------------------------------------------------------------- */

static mo_step *step(mo_plan *p, mo_phase phase, int order, const char *method, mo_kind kind, const char *object)
{
    mo_step *s = mo_plan_step(p, phase, order, method, kind, object, NULL);
    cr_assert(s);
    s->title = object;
    cr_assert_eq(mo_step_run(p, s, "SELECT 1", 0, &tree_err), MOULT_OK);
    return s;
}

static void expect_order(mo_plan *p, const char *wanted)
{
    mo_str out = {0};
    cr_assert_eq(mo_plan_sort(p, &tree_err), MOULT_OK);
    for (size_t i = 0; i < p->steps.count; i++)
        mo_str_addf(&out, "%s%s", i ? " " : "", p->steps.items[i].object);
    cr_expect_str_eq(mo_str_text(&out), wanted);
    mo_str_free(&out);
}

static const char views[] = "CREATE TABLE t(a); CREATE VIEW a AS SELECT * FROM c; CREATE VIEW b AS SELECT * FROM a, t;"
                            "CREATE VIEW c AS SELECT * FROM t; CREATE VIEW d AS SELECT * FROM t";

Test(order, what_others_need_is_made_first)
{
    mo_plan *p = tree_plan();
    p->target = tree(views);
    for (const char *name = "dbac"; *name; name++)
        step(p, MO_PHASE_EXPAND, 5, "create", MO_KIND_VIEW, (char[]){*name, '\0'});
    step(p, MO_PHASE_EXPAND, 1, "create", MO_KIND_TABLE, "t");
    expect_order(p, "t c a b d");
    mo_plan_free(p);
}

Test(order, what_needs_others_is_dropped_first)
{
    mo_plan *p = tree_plan();
    p->live = tree(views);
    for (const char *name = "dcab"; *name; name++)
        step(p, MO_PHASE_CONTRACT, 5, "drop", MO_KIND_VIEW, (char[]){*name, '\0'});
    expect_order(p, "b a c d");
    mo_plan_free(p);
}

Test(order, rings_and_twins_come_to_an_end)
{
    mo_plan *p = tree_plan();
    p->target = tree("CREATE TABLE b(x REFERENCES a); CREATE TABLE a(x REFERENCES b); CREATE TABLE c(x REFERENCES c)");
    step(p, MO_PHASE_EXPAND, 5, "create", MO_KIND_TABLE, "c");
    step(p, MO_PHASE_EXPAND, 5, "create", MO_KIND_TABLE, "b");
    step(p, MO_PHASE_EXPAND, 5, "create", MO_KIND_TABLE, "a");
    step(p, MO_PHASE_EXPAND, 5, "native", MO_KIND_TABLE, "a");
    expect_order(p, "b a a c");
    mo_plan_free(p);
}

Test(order, a_long_chain)
{
    mo_plan *p = tree_plan();
    mo_str sql = {0};
    char name[16];
    mo_str_add(&sql, "CREATE VIEW v00000 AS SELECT 1;");
    for (int i = 1; i < 20000; i++)
        mo_str_addf(&sql, "CREATE VIEW v%05d AS SELECT * FROM v%05d;", i, i - 1);
    p->live = tree(mo_str_text(&sql));
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "v%05d", i);
        step(p, MO_PHASE_CONTRACT, 5, "drop", MO_KIND_VIEW, name);
    }
    cr_assert_eq(mo_plan_sort(p, &tree_err), MOULT_OK);
    cr_expect_str_eq(p->steps.items[0].object, "v19999");
    cr_expect_str_eq(p->steps.items[19999].object, "v00000");
    mo_str_free(&sql);
    mo_plan_free(p);
}

/* --- plan files --------------------------------------------------------------------------------------------------- */

/* A plan as the dialect would make it, with something of everything. */
static mo_plan *whole_plan(void)
{
    static const char fp[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    mo_plan *p = tree_plan();
    mo_str json = {0};
    p->live = tree("CREATE TABLE t(a, old TEXT)");
    p->target = tree("CREATE TABLE t(a NOT NULL, new TEXT); CREATE TABLE u(x)");
    cr_assert_eq(mo_diff(p->live, p->target, 0, p, &tree_err), MOULT_OK);
    cr_assert_eq(mo_rename_hints(p, &tree_err), MOULT_OK);
    cr_assert_eq(mo_assess(p, NULL, &tree_err), MOULT_OK);
    cr_assert_eq(mo_plan_note(p, &tree_err, "left alone: %s", "table \xff"), MOULT_OK);
    cr_assert_eq(mo_vec_push(p->region, &p->settings, (const char *)"foreign_keys=off"), 0);
    mo_step *s = step(p, MO_PHASE_CONTRACT, 700, "rebuild", MO_KIND_TABLE, "t");
    s->parent = "p";
    s->undo = "none";
    s->cost = "copies 3 rows";
    s->transaction = 1;
    s->driver = 1;
    cr_assert_eq(mo_step_assert(p, s, "SELECT 1 WHERE 0", "rows of t have NULL in a", 12, &tree_err), MOULT_OK);
    mo_statement proof = {.kind = MO_STATEMENT_RUN, .sql = "SELECT 2"};
    cr_assert_eq(mo_vec_push(p->region, &s->proof, proof), 0);
    step(p, MO_PHASE_EXPAND, 400, "create", MO_KIND_TABLE, "u");
    strcpy(p->from, fp);
    strcpy(p->to, p->target->fingerprint);
    strcpy(p->declared_fp, p->target->fingerprint);
    cr_assert_eq(mo_snapshot_write(p->target, &json, &tree_err), MOULT_OK);
    p->declared = mo_str_into(&json, p->region);
    cr_assert_eq(mo_plan_sort(p, &tree_err), MOULT_OK);
    cr_assert_eq(mo_plan_seal(p, &tree_err), MOULT_OK);
    return p;
}

static char *json_of(const mo_plan *p)
{
    mo_str out = {0};
    cr_assert_eq(mo_plan_write_json(p, &out, &tree_err), MOULT_OK);
    return mo_str_take(&out);
}

Test(plan_file, there_and_back)
{
    mo_plan *p = whole_plan(), *q;
    char *first = json_of(p);
    cr_assert_eq(mo_plan_read_json(&mo_dialect_sqlite, first, strlen(first), "p.json", &q, &tree_err), MOULT_OK, "%s",
                 tree_err.pub.message);
    char *second = json_of(q);
    cr_expect_str_eq(first, second);
    cr_expect_str_eq(p->id, q->id);
    cr_expect_str_eq(p->declared, q->declared);
    cr_expect_eq(q->risk, MOULT_RISK_HIGH);
    cr_expect_eq(q->steps.count, 2);
    cr_expect_str_eq(q->steps.items[1].statements.items[1].message, "rows of t have NULL in a");
    mo_str a = {0}, b = {0};
    cr_assert_eq(mo_plan_write_text(p, &a, &tree_err), MOULT_OK);
    cr_assert_eq(mo_plan_write_text(q, &b, &tree_err), MOULT_OK);
    cr_expect_str_eq(mo_str_text(&a), mo_str_text(&b));
    mo_str_free(&a);
    mo_str_free(&b);
    free(first);
    free(second);
    mo_plan_free(p);
    mo_plan_free(q);
}

/* Replaces the first `from` in the file; what comes of it has to be refused, with a word about it. */
static void expect_refused(const char *from, const char *to, const char *message)
{
    mo_plan *p = whole_plan(), *q;
    char *json = json_of(p), *at = strstr(json, from);
    mo_str edited = {0};
    cr_assert(at, "%s", from);
    mo_str_addn(&edited, json, (size_t)(at - json));
    mo_str_add(&edited, to);
    mo_str_add(&edited, at + strlen(from));
    int rc = mo_plan_read_json(&mo_dialect_sqlite, mo_str_text(&edited), edited.length, "p.json", &q, &tree_err);
    cr_expect_eq(rc, MOULT_INVALID, "%s → %s", from, to);
    cr_expect(!q);
    cr_expect(tree_err.pub.message && strncmp(tree_err.pub.message, "p.json: ", 8) == 0);
    cr_expect(tree_err.pub.message && strstr(tree_err.pub.message, message), "%s", tree_err.pub.message);
    cr_expect_str_eq(tree_err.pub.hint, "the plan file was edited or damaged; make a new one with moult plan");
    mo_str_free(&edited);
    mo_error_clear(&tree_err);
    free(json);
    mo_plan_free(p);
    mo_plan_free(q);
}

Test(plan_file, what_was_edited_is_refused)
{
    expect_refused("SELECT 1 WHERE 0", "SELECT 2 WHERE 0", "id does not fit");
    expect_refused("SELECT 2", "SELECT 3", "id does not fit");
    expect_refused("\"risk\": \"high\",\n \"settings\"", "\"risk\": \"safe\",\n \"settings\"",
                   "risk is not that of its changes");
    expect_refused("\"risk\": \"high\",\n   \"rule\"", "\"risk\": \"safe\",\n   \"rule\"", "id does not fit");
    expect_refused("\"foreign_keys=off\"", "\"foreign_keys=on\"", "id does not fit");
    expect_refused("\"phase\": \"expand\"", "\"phase\": \"contract\"", "id does not fit");
    expect_refused("\"transaction\": 1", "\"transaction\": 0", "id does not fit");
    expect_refused("\"driver\": 1", "\"driver\": 2", "id does not fit");
    expect_refused("\"from\": \"0123", "\"from\": \"1123", "id does not fit");
    expect_refused("CREATE TABLE u(x)", "CREATE TABLE u(y)", "declared");
}

Test(plan_file, what_is_damaged_is_refused)
{
    expect_refused("{", "[", "line 2");
    expect_refused("\"moult-plan\"", "\"other\"", "format");
    expect_refused("\"format_version\": 1,\n \"from\"", "\"format_version\": 7,\n \"from\"", "version 7");
    expect_refused("\"dialect\": \"sqlite\",\n \"format\"", "\"dialect\": \"other\",\n \"format\"", "'other'");
    expect_refused("\"behind\": false", "\"behind\": 0", "true or false");
    expect_refused("\"behind\"", "\"ahead\"", "'ahead' does not belong there");
    expect_refused("\"behind\": false,", "", "behind is missing");
    expect_refused("\"behind\": false", "\"behind\": false, \"behind\": true", "duplicate");
    expect_refused("\"behind_version\": 0", "\"behind_version\": -1", "cannot be");
    expect_refused("\"method\": \"rebuild\"", "\"method\": \"magic\"", "'magic'");
    expect_refused("\"phase\": \"contract\"", "\"phase\": \"never\"", "'never'");
    expect_refused("\"rows\": 12", "\"rows\": 12.5", "a number, not an integer");
    expect_refused("\"object\": \"u\"", "\"object\": null", "null, not a text");
    expect_refused("\"object\": \"u\"", "\"object\": \"\\u0000\"", "line");
    expect_refused("\"kind\": \"assert\",\n     \"message\": \"rows of t have NULL in a\"",
                   "\"kind\": \"assert\",\n     \"message\": null", "without a message");
    expect_refused("\"hex\": \"", "\"hex\": \"0", "not a text");
    expect_refused("\"notes\": [", "\"notes\": [1,", "an integer, not a text");
    expect_refused("\"settings\": [", "\"settings\": {", "line");
    expect_refused("\"undo\": \"none\"", "\"undo\": []", "an array, not a text");
    expect_refused("\"format\": \"moult-schema\"", "\"format\": \"moult-schemes\"", "declared:");
}

Test(plan_file, every_piece_of_one_is_refused)
{
    mo_plan *p = whole_plan(), *q;
    char *json = json_of(p);
    size_t length = strlen(json) - 2; /* the last brace, the line end */
    for (size_t n = 0; n < length; n += 7) {
        cr_expect_eq(mo_plan_read_json(&mo_dialect_sqlite, json, n, "p.json", &q, &tree_err), MOULT_INVALID);
        cr_expect(!q);
    }
    mo_error_clear(&tree_err);
    free(json);
    mo_plan_free(p);
}

Test(plan_file, the_id_is_of_what_is_done)
{
    mo_plan *p = whole_plan();
    char before[65];
    strcpy(before, p->id);
    p->steps.items[0].cost = "much";
    p->steps.items[0].title = "other words";
    p->steps.items[0].statements.items[0].rows = 99;
    p->rows.count = 0;
    cr_assert_eq(mo_plan_seal(p, &tree_err), MOULT_OK);
    cr_expect_str_eq(p->id, before);
    mo_step swap = p->steps.items[0];
    p->steps.items[0] = p->steps.items[1];
    p->steps.items[1] = swap;
    cr_assert_eq(mo_plan_seal(p, &tree_err), MOULT_OK);
    cr_expect_str_neq(p->id, before);
    mo_plan_free(p);
}

/* --- for people --------------------------------------------------------------------------------------------------- */

static void add_row(mo_plan *p, moult_op op, const char *kind, const char *name, const char *what, moult_risk risk,
                    const char *reason)
{
    moult_change_info row = {
        .op = op, .kind = kind, .name = name, .what = what, .risk = risk, .rule = "", .reason = reason};
    cr_assert_eq(mo_vec_push(p->region, &p->rows, row), 0);
}

Test(text, as_it_shall_look)
{
    mo_plan *p = tree_plan();
    mo_str out = {0};
    add_row(p, MOULT_OP_CREATE, "table", "invoice", "", MOULT_RISK_SAFE, "");
    add_row(p, MOULT_OP_ALTER, "column", "user.email", "TEXT → NOT NULL", MOULT_RISK_SAFE,
            "none of 120,411 rows is NULL");
    add_row(p, MOULT_OP_DROP, "column", "user.legacy_id", "INTEGER", MOULT_RISK_HIGH,
            "118,020 values go; kept in the attic for 30 days");
    step(p, MO_PHASE_EXPAND, 1, "create", MO_KIND_TABLE, "x")->title = "CREATE TABLE invoice (…)";
    mo_step *s = step(p, MO_PHASE_EXPAND, 1, "in-place", MO_KIND_TABLE, "x");
    s->title = "edit user.email in place, after asking the rows";
    s->cost = "about 0.1 s";
    s = step(p, MO_PHASE_EXPAND, 1, "native", MO_KIND_TABLE, "x");
    s->title = "ALTER TABLE user DROP COLUMN legacy_id";
    s->cost = "about 0.4 s, rewrites 120,411 rows";
    cr_assert_eq(mo_plan_write_text(p, &out, &tree_err), MOULT_OK);
    cr_expect_str_eq(
        mo_str_text(&out),
        "  + table   invoice                            safe\n"
        "  ~ column  user.email      TEXT → NOT NULL    safe   none of 120,411 rows is NULL\n"
        "  - column  user.legacy_id  INTEGER            high   118,020 values go; kept in the attic for 30 days\n"
        "\n"
        "  1  CREATE TABLE invoice (…)\n"
        "  2  edit user.email in place, after asking the rows     about 0.1 s\n"
        "  3  ALTER TABLE user DROP COLUMN legacy_id              about 0.4 s, rewrites 120,411 rows\n");
    mo_str_free(&out);
    mo_plan_free(p);
}

Test(text, notes_and_hints)
{
    mo_plan *p = tree_plan();
    mo_str out = {0};
    mo_hint hint = {"column", "t", "old", "new", "-- @renamed from=old"};
    cr_assert_eq(mo_plan_note(p, &tree_err, "left alone: %s", "table x"), MOULT_OK);
    cr_assert_eq(mo_vec_push(p->region, &p->hints, hint), 0);
    cr_assert_eq(mo_plan_write_text(p, &out, &tree_err), MOULT_OK);
    cr_expect_str_eq(mo_str_text(&out),
                     "\n  left alone: table x\n"
                     "\n  did you rename column t.old to new? then write behind new:  -- @renamed from=old\n");
    mo_str_free(&out);
    mo_plan_free(p);
}

static void expect_display(const char *text, size_t most, const char *wanted, size_t width)
{
    mo_str out = {0};
    cr_expect_eq(mo_display_add(&out, text, most), width, "%s", text);
    cr_expect_str_eq(mo_str_text(&out), wanted);
    mo_str_free(&out);
}

Test(text, what_a_name_may_hold)
{
    expect_display("plain", 10, "plain", 5);
    expect_display("\xe8\xa1\xa8", 10, "\xe8\xa1\xa8", 2); /* wide */
    expect_display("e\xcc\x81", 10, "e\xcc\x81", 1);       /* combining */
    expect_display("a\x1b[31m\x07", 10, "a?[31m?", 7);
    expect_display("a\n\t  b", 10, "a b", 3);
    expect_display("a\xff\xc3", 10, "a??", 3);
    expect_display("a\xe2\x80\xae"
                   "b",
                   10, "a?b", 3); /* would turn the direction of the text */
    expect_display("0123456789", 10, "0123456789", 10);
    expect_display("0123456789x", 10, "012345678…", 10);
    expect_display("012345678\xe8\xa1\xa8", 10, "012345678…", 10);
    expect_display("01234567\xe8\xa1\xa8\xe8\xa1\xa8", 10, "01234567…", 9);
    cr_expect_eq(mo_display_width("→ ä"), 3);
}

Test(sql, a_script)
{
    mo_plan *p = whole_plan();
    mo_str out = {0};
    mo_step *s = step(p, MO_PHASE_CONTRACT, 900, "create", MO_KIND_VIEW, "v");
    s->title = "a title\nDROP TABLE x";
    cr_assert_eq(mo_step_run(p, s, "CREATE VIEW v AS SELECT 1 -- why", 0, &tree_err), MOULT_OK);
    cr_assert_eq(mo_step_run(p, s, "CREATE VIEW w AS SELECT 1;", 0, &tree_err), MOULT_OK);
    cr_assert_eq(mo_plan_write_sql(p, NULL, &out, &tree_err), MOULT_OK);
    const char *text = mo_str_text(&out);
    cr_expect(strstr(text, "-- moult plan "));
    cr_expect(strstr(text, "BEGIN"));
    cr_expect(strstr(text, "COMMIT"));
    cr_expect(strstr(text, "-- a title DROP TABLE x\n"), "a title stays on its line");
    cr_expect(strstr(text, "CREATE VIEW v AS SELECT 1 -- why\n;\n"), "a comment does not swallow the semicolon");
    cr_expect(strstr(text, "CREATE VIEW w AS SELECT 1;\n"));
    cr_expect(strstr(text, "CONSTRAINT \"rows of t have NULL in a\" CHECK (n = 0)"),
              "what must hold stops the shell, by its name");
    mo_str_free(&out);
    mo_plan_free(p);
}

Test(sql, nothing_to_do)
{
    mo_plan *p = tree_plan();
    mo_str out = {0};
    cr_assert_eq(mo_plan_write_sql(p, NULL, &out, &tree_err), MOULT_OK);
    cr_expect(!strstr(mo_str_text(&out), "BEGIN"));
    mo_str_free(&out);
    mo_plan_free(p);
}

Test(plan, long_notes_are_whole)
{
    mo_plan *p = tree_plan();
    char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    cr_assert_eq(mo_plan_note(p, &tree_err, "%s", text), MOULT_OK);
    cr_expect_str_eq(p->notes.items[0], text);
    mo_plan_free(p);
    mo_plan_free(NULL);
}
