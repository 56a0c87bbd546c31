/* SPDX-License-Identifier: MIT */
/* rows.c - the changes as rows for people and for JSON: a changed table is one row for each part of it. */
#include <string.h>

#include "dialect/dialect.h"
#include "plan/rows.h"

typedef struct mo_rower {
    mo_plan *plan;
    mo_error *err;
} mo_rower;

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* Takes over what `what` holds. */
static int add_row(mo_rower *r, moult_op op, const char *kind, const char *name, mo_str *what,
                   const mo_judgement *judgement)
{
    moult_change_info row = {.op = op, .kind = kind, .name = name, .what = "", .risk = judgement->level};
    row.rule = or_empty(judgement->rule);
    row.rule_risk = judgement->own;
    row.allowed = judgement->allowed;
    row.forbidden = judgement->forbidden;
    row.reason = or_empty(judgement->reason);
    if (what->length || what->failed)
        row.what = mo_str_into(what, r->plan->region);
    mo_str_free(what);
    return !row.name || !row.what || mo_vec_push(r->plan->region, &r->plan->rows, row) ? mo_error_nomem(r->err)
                                                                                       : MOULT_OK;
}

/* "user.email" */
static const char *part_name(const mo_rower *r, const mo_change *change, const char *part)
{
    const mo_object *table = change->after ? change->after : change->before;
    const char *name = change->after || change->early ? table->name : mo_plan_live_table(r->plan, table->name);
    return part ? mo_region_printf(r->plan->region, "%s.%s", name, part) : mo_region_dup(r->plan->region, name);
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

static const char *type_text(const mo_column *c)
{
    const char *type = c->attr[MO_ATTR_TYPE].text;
    return type && *type ? type : "no type";
}

/* One attribute in words, behind a space when something stands there already. What a column does not have is said only
 * when that is what changed. */
static void add_attr(mo_str *out, const mo_column *c, mo_attr attr, int absent_too)
{
    static const char *const before[MO_ATTR_COUNT] = {[MO_ATTR_DEFAULT] = "DEFAULT ", [MO_ATTR_COLLATION] = "COLLATE "};
    static const char *const absent[MO_ATTR_COUNT] = {
        [MO_ATTR_TYPE] = "no type",         [MO_ATTR_NOT_NULL] = "NULL",
        [MO_ATTR_DEFAULT] = "no default",   [MO_ATTR_NOT_NULL_CONFLICT] = "no ON CONFLICT",
        [MO_ATTR_COLLATION] = "no COLLATE", [MO_ATTR_GENERATED] = "not generated",
    };
    const char *text = c->attr[attr].canonical ? or_empty(c->attr[attr].text) : NULL;
    if (attr == MO_ATTR_TYPE && text && !*text)
        text = NULL;
    if (!text && !absent_too)
        return;
    if (out->length)
        mo_str_addc(out, ' ');
    if (text)
        mo_str_add(out, before[attr]);
    mo_str_add(out, text ? text : absent[attr]);
}

static void describe_new(mo_str *what, const mo_column *c)
{
    for (int attr = 0; attr < MO_ATTR_COUNT; attr++)
        add_attr(what, c, (mo_attr)attr, 0);
}

/* "INTEGER → TEXT", "TEXT → NOT NULL", "DEFAULT 0 → DEFAULT 1" */
static void describe_change(mo_str *what, const mo_part *part)
{
    for (int attr = 0; attr < MO_ATTR_COUNT; attr++) {
        if (part->attrs & (1u << attr))
            add_attr(what, part->column_before, (mo_attr)attr, attr == MO_ATTR_TYPE);
    }
    if (!what->length)
        mo_str_add(what, type_text(part->column_before));
    mo_str after = {0};
    for (int attr = 0; attr < MO_ATTR_COUNT; attr++) {
        if (part->attrs & (1u << attr))
            add_attr(&after, part->column_after, (mo_attr)attr, 1);
    }
    mo_str_add(what, " → ");
    mo_str_add(what, mo_str_text(&after));
    what->failed |= after.failed;
    mo_str_free(&after);
}

static int column_row(mo_rower *r, const mo_change *change, const mo_part *part)
{
    const mo_column *c = part->column_after ? part->column_after : part->column_before;
    const char *name = c->name;
    mo_str what = {0};
    switch (part->op) {
    case MOULT_OP_CREATE:
        describe_new(&what, c);
        break;
    case MOULT_OP_DROP:
        mo_str_add(&what, type_text(c));
        break;
    case MOULT_OP_ALTER:
        describe_change(&what, part);
        break;
    case MOULT_OP_RENAME:
        mo_str_addf(&what, "was %s", part->column_before->name);
        break;
    case MOULT_OP_RUN: /* no column does */
        break;
    }
    if (part->op == MOULT_OP_DROP)
        name = mo_plan_shown_column(r->plan, change->after->name, name);
    return add_row(r, part->op, "column", part_name(r, change, name), &what, &part->judgement);
}

/* --- constraints, options ----------------------------------------------------------------------------------------- */

/* Its text without CONSTRAINT name, which stands beside it. */
static void add_constraint(const mo_rower *r, mo_str *what, const mo_constraint *c)
{
    const char *text = or_empty(c->text);
    if (c->name && r->plan->dialect && r->plan->dialect->lex) {
        mo_lexer lexer;
        mo_lexer_init(&lexer, r->plan->dialect->lex, text, strlen(text));
        mo_token first = mo_lexer_next(&lexer);
        if (mo_token_is(&first, "CONSTRAINT")) {
            mo_lexer_next(&lexer);
            text = mo_lexer_next(&lexer).text;
        }
    }
    mo_str_add(what, text);
}

static int constraint_row(mo_rower *r, const mo_change *change, const mo_part *part)
{
    const mo_constraint *before = part->constraint_before, *after = part->constraint_after;
    const char *name = after ? after->name : before->name;
    mo_str what = {0};
    int same = before && after && strcmp(or_empty(before->canonical), or_empty(after->canonical)) == 0;
    if (before && !same) {
        add_constraint(r, &what, before);
        mo_str_add(&what, after ? " → " : "");
    }
    if (after)
        add_constraint(r, &what, after);
    if (same && !mo_name_equal(before->name, after->name))
        mo_str_addf(&what, ", was %s", before->name ? before->name : "without a name");
    return add_row(r, part->op, "constraint", part_name(r, change, name), &what, &part->judgement);
}

static int option_row(mo_rower *r, const mo_change *change, const mo_part *part)
{
    const mo_option *before = part->option_before, *after = part->option_after;
    mo_str what = {0};
    if (before)
        mo_str_add(&what, before->text ? before->text : before->name);
    mo_str_add(&what, before && after ? " → " : "");
    if (after)
        mo_str_add(&what, after->text ? after->text : after->name);
    return add_row(r, part->op, "option", part_name(r, change, NULL), &what, &part->judgement);
}

static int part_row(mo_rower *r, const mo_change *change, const mo_part *part)
{
    mo_str what = {0};
    switch (part->kind) {
    case MO_PART_COLUMN:
        return column_row(r, change, part);
    case MO_PART_CONSTRAINT:
        return constraint_row(r, change, part);
    case MO_PART_OPTION:
        return option_row(r, change, part);
    case MO_PART_ORDER:
        break;
    }
    mo_str_add(&what, "as declared");
    return add_row(r, part->op, "column order", part_name(r, change, NULL), &what, &part->judgement);
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static int object_row(mo_rower *r, const mo_change *change)
{
    const mo_object *o = change->after ? change->after : change->before;
    mo_str what = {0};
    if (change->op == MOULT_OP_RENAME)
        mo_str_addf(&what, "was %s", change->before->name);
    else if (o->parent)
        mo_str_addf(&what, "on %s", o->parent);
    return add_row(r, change->op, mo_kinds[change->kind].name, part_name(r, change, NULL), &what, &change->judgement);
}

/* What the steps of a change do, where a rule says something of that: "copies 2,000,000 rows". */
static int work_row(mo_rower *r, const mo_change *change)
{
    mo_str what = {0};
    if (!change->work.rule)
        return MOULT_OK;
    mo_str_count(&what, change->rows);
    mo_str_add(&what, " rows");
    if (change->bytes >> 20) {
        mo_str_add(&what, ", ");
        mo_str_count(&what, change->bytes >> 20);
        mo_str_add(&what, " MB");
    }
    return add_row(r, change->op, mo_kinds[change->kind].name, part_name(r, change, NULL), &what, &change->work);
}

static int hook_row(mo_rower *r, const mo_plan_hook *hook)
{
    mo_str what = {0};
    mo_str_add(&what, hook->declared->trigger == MOULT_AFTER_DDL ? "after_ddl" : "before_ddl");
    return add_row(r, MOULT_OP_RUN, "hook", mo_region_dup(r->plan->region, hook->declared->version), &what,
                   &hook->judgement);
}

/* The row that was added last. */
static int mark_row(mo_rower *r, int rc, int undoes_drift)
{
    if (rc == MOULT_OK)
        r->plan->rows.items[r->plan->rows.count - 1].undoes_drift = undoes_drift;
    return rc;
}

int mo_plan_rows(mo_plan *p, mo_error *err)
{
    mo_rower r = {.plan = p, .err = err};
    int rc = MOULT_OK;
    if (!p->changes.count && !p->hooks.count)
        return MOULT_OK; /* read from JSON, or nothing to do */
    p->rows.count = 0;
    for (size_t i = 0; rc == MOULT_OK && i < p->changes.count; i++) {
        const mo_change *change = &p->changes.items[i];
        if (!change->parts.count)
            rc = mark_row(&r, object_row(&r, change), change->undoes_drift);
        for (size_t k = 0; rc == MOULT_OK && k < change->parts.count; k++)
            rc = mark_row(&r, part_row(&r, change, &change->parts.items[k]), change->parts.items[k].undoes_drift);
        if (rc == MOULT_OK)
            rc = work_row(&r, change);
    }
    for (size_t i = 0; rc == MOULT_OK && i < p->hooks.count; i++)
        rc = hook_row(&r, &p->hooks.items[i]);
    p->risk = mo_rows_risk(p);
    return rc;
}

moult_risk mo_rows_risk(const mo_plan *p)
{
    moult_risk highest = MOULT_RISK_SAFE;
    for (size_t i = 0; i < p->rows.count; i++) {
        if (p->rows.items[i].risk > highest)
            highest = p->rows.items[i].risk;
    }
    return highest;
}
