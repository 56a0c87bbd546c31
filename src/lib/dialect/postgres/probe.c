/* SPDX-License-Identifier: MIT */
/*
 * probe.c - asks the rows what a plan needs to know: how many there are, how many values go, how many are NULL where none may
 * be, which new constraints they break.
 *
 * One query for each table counts all of it in one pass; each has its time limit.
 */
#include <string.h>

#include "dialect/postgres/steps.h"
#include "plan/evidence.h"

typedef struct probe {
    mo_conn *conn;
    mo_plan *plan;
    double seconds;
    const mo_watch *watch;
    mo_deadline limit;
    mo_error first; /* the first refusal, kept apart: asking goes on */
    size_t refused;
    mo_str others;
    mo_error *err;
} probe;

/* What a part asks: rows for which `condition` holds. */
typedef struct question {
    mo_part *part;
    const char *condition;
    const char *is, *are; /* what a row for which it holds is */
    int forbids;          /* 1: one such row forbids the change in every mode */
    int64_t rows;
} question;

typedef MO_VEC(question) questions;

static int tick(void *user, int64_t rows_done)
{
    const probe *p = user;
    int code = p->watch ? p->watch->tick(p->watch->user, rows_done) : MOULT_OK;
    if (code == MOULT_OK && mo_deadline_passed(p->limit))
        return MOULT_TIMEOUT;
    return code;
}

/* --- questions ----------------------------------------------------------------------------------------------------------- */

static int add(probe *p, questions *all, mo_part *part, const char *is, const char *are, int forbids, mo_str *condition)
{
    question q = {.part = part, .is = is, .are = are, .forbids = forbids};
    q.condition = mo_str_into(condition, p->plan->region);
    return q.condition && mo_vec_push(p->plan->region, all, q) == 0 ? MOULT_OK : mo_error_nomem(p->err);
}

static int becomes_not_null(const mo_part *part)
{
    return part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_NOT_NULL)) &&
           part->column_after->attr[MO_ATTR_NOT_NULL].canonical;
}

/* The rows are asked before the renames. */
static const char *live_name(const probe *p, const mo_change *c, const char *column)
{
    return mo_plan_live_column(p->plan, c->after->name, column);
}

static int ask_column(probe *p, questions *all, const mo_change *c, mo_part *part)
{
    mo_str condition = {0};
    if (part->op == MOULT_OP_DROP && !part->column_before->attr[MO_ATTR_GENERATED].canonical) {
        mo_str_addf(&condition, "%s IS NOT NULL", live_name(p, c, part->column_before->name));
        return add(p, all, part, "holds a value", "hold a value", 0, &condition);
    }
    if (becomes_not_null(part) && mo_table_column(c->before->table, part->column_before->name)) {
        mo_str_addf(&condition, "%s IS NULL", live_name(p, c, part->column_before->name));
        return add(p, all, part, "is NULL", "are NULL", part->column_after->fill == NULL, &condition);
    }
    return MOULT_OK;
}

/* "CHECK ((a > 0)) NOT VALID" → "(a > 0)" in brackets of its own. */
static void add_inside(mo_str *out, const char *canonical)
{
    const char *open = strchr(canonical, '('), *close = strrchr(canonical, ')');
    if (open && close > open)
        mo_str_addn(out, open, (size_t)(close + 1 - open));
}

/* A CHECK over columns that are there already. */
static int ask_check(probe *p, questions *all, const mo_change *c, mo_part *part)
{
    const mo_constraint *k = part->constraint_after;
    mo_str condition = {0};
    if (part->constraint_before && strcmp(part->constraint_before->canonical, k->canonical) == 0)
        return MOULT_OK; /* it only gets another name */
    for (size_t i = 0; i < k->column_count; i++)
        if (!mo_table_column(c->before->table, k->columns[i]) ||
            strcmp(live_name(p, c, k->columns[i]), k->columns[i]) != 0)
            return MOULT_OK;
    for (size_t i = 0; i < p->plan->changes.count; i++) {
        const mo_change *other = &p->plan->changes.items[i];
        if (other->op == MOULT_OP_ALTER && other->kind == MO_KIND_ENUM &&
            mo_pg_speaks_of(k->canonical, other->after->name))
            return MOULT_OK; /* it may name a value that is yet to come */
    }
    for (size_t i = 0; i < c->parts.count; i++) {
        const mo_part *other = &c->parts.items[i];
        if (other->kind == MO_PART_COLUMN && other->op == MOULT_OP_ALTER && (other->attrs & (1u << MO_ATTR_TYPE)))
            return MOULT_OK; /* it may only fit the new type */
    }
    mo_str_add(&condition, "NOT ");
    add_inside(&condition, k->canonical);
    return add(p, all, part, "breaks it", "break it", 1, &condition);
}

static int ask_parts(probe *p, questions *all, mo_change *c)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < c->parts.count; i++) {
        mo_part *part = &c->parts.items[i];
        part->null_rows = -1;
        memset(&part->found, 0, sizeof part->found);
        if (part->kind == MO_PART_COLUMN)
            code = ask_column(p, all, c, part);
        else if (part->kind == MO_PART_CONSTRAINT && part->op != MOULT_OP_DROP &&
                 part->constraint_after->kind == MO_CONSTRAINT_CHECK)
            code = ask_check(p, all, c, part);
    }
    return code;
}

/* --- refusals ------------------------------------------------------------------------------------------------------------ */

static int refuse(probe *p, const mo_change *c, const mo_column *column, const char *what, int64_t rows,
                  const char *advice)
{
    mo_str text = {0};
    mo_str_addf(&text, "column '%s.%s' %s ", c->after->name, column->name, what);
    mo_str_count(&text, rows);
    mo_str_add(&text, rows == 1 ? " row" : " rows");
    int code = text.failed ? mo_error_nomem(p->err) : MOULT_OK;
    if (code == MOULT_OK && p->refused++ == 0) {
        mo_error_set(&p->first, MOULT_IMPOSSIBLE, "%s", mo_str_text(&text));
        mo_error_object(&p->first, "column %s.%s", c->after->name, column->name);
        mo_error_hint(&p->first, "%swrite at the end of its line what those rows shall hold: %s -- @fill EXPRESSION",
                      advice, column->name);
        mo_error_at(&p->first, column->where.file, column->where.line, column->where.column);
    } else if (code == MOULT_OK) {
        mo_str_addf(&p->others, "%sline %d: %s", p->others.length ? "\n" : "", column->where.line, mo_str_text(&text));
    }
    mo_str_free(&text);
    return code;
}

static int is_new_without_value(const mo_part *part)
{
    const mo_column *c = part->column_after;
    return part->kind == MO_PART_COLUMN && part->op == MOULT_OP_CREATE && c->attr[MO_ATTR_NOT_NULL].canonical &&
           !c->attr[MO_ATTR_DEFAULT].canonical && !c->attr[MO_ATTR_GENERATED].canonical &&
           !c->attr[MO_ATTR_IDENTITY].canonical && !c->fill && !c->refill;
}

/* New columns that need a value for rows that are there. */
static int judge_new_columns(probe *p, mo_change *c)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && c->rows > 0 && i < c->parts.count; i++) {
        mo_part *part = &c->parts.items[i];
        if (!is_new_without_value(part))
            continue;
        if (p->plan->hooked)
            code = mo_evidence_say(p->plan->region, &part->found, p->err,
                                   "it is new, NOT NULL, and nothing but a hook gives it a value");
        else
            code = refuse(p, c, part->column_after, "is new and NOT NULL without a default, and the table has", c->rows,
                          "give it a DEFAULT, or ");
    }
    return code;
}

/* --- answers ------------------------------------------------------------------------------------------------------------- */

typedef struct counts {
    int64_t *rows;
    questions *all;
} counts;

static int take_counts(void *user, size_t count, const mo_value *v)
{
    counts *c = user;
    *c->rows = v[0].integer;
    for (size_t i = 1; i < count && i <= c->all->count; i++)
        c->all->items[i - 1].rows = v[i].integer;
    return MOULT_OK;
}

static int count_rows(probe *p, const char *table, int64_t *rows, questions *all, int *cut)
{
    counts c = {rows, all};
    mo_watch watch = {tick, p};
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT count(*)");
    for (size_t i = 0; i < all->count; i++)
        mo_str_addf(&sql, ", count(*) FILTER (WHERE %s)", all->items[i].condition);
    mo_str_addf(&sql, " FROM %s", table);
    p->limit = mo_deadline_in(p->seconds);
    int code = sql.failed ? mo_error_nomem(p->err)
                          : mo_pg_query(p->conn, mo_str_text(&sql), NULL, 0, take_counts, &c, &watch, p->err);
    mo_str_free(&sql);
    *cut = code == MOULT_TIMEOUT && mo_deadline_passed(p->limit) && p->seconds > 0;
    if (!*cut)
        return code;
    mo_error_clear(p->err);
    return MOULT_OK;
}

static int judge(probe *p, mo_change *c, question *q)
{
    mo_answer a = {.rows = q->rows, .of = c->rows};
    int code = mo_evidence_count(p->plan->region, &q->part->found, &a, q->is, q->are, p->err);
    q->part->found.harmless = q->rows == 0;
    if (becomes_not_null(q->part) && q->part->kind == MO_PART_COLUMN) {
        q->part->null_rows = q->rows;
        if (q->forbids && q->rows && !p->plan->hooked)
            return code == MOULT_OK
                       ? refuse(p, c, q->part->column_after, "becomes NOT NULL, and is NULL in", q->rows, "")
                       : code;
    }
    if (q->forbids && q->rows)
        mo_evidence_forbid(&q->part->found, q->rows, NULL);
    return code;
}

/* What time did not suffice for stays as dangerous as it is without knowing. */
static int cut_short(probe *p, mo_change *c, questions *all)
{
    int code = MOULT_OK;
    c->rows = 1;
    if (!all->count)
        return mo_evidence_cut(p->plan->region, &c->found, p->seconds, p->err);
    for (size_t i = 0; code == MOULT_OK && i < all->count; i++)
        code = mo_evidence_cut(p->plan->region, &all->items[i].part->found, p->seconds, p->err);
    return code;
}

static int probe_table(probe *p, mo_change *c, const char *table)
{
    questions all = {0};
    int cut = 0, code = MOULT_OK;
    memset(&c->found, 0, sizeof c->found);
    c->rows = 0;
    if (c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE)
        code = ask_parts(p, &all, c);
    if (code == MOULT_OK)
        code = count_rows(p, table, &c->rows, &all, &cut);
    if (code != MOULT_OK || cut)
        return cut ? cut_short(p, c, &all) : code;
    for (size_t i = 0; code == MOULT_OK && i < all.count; i++)
        code = judge(p, c, &all.items[i]);
    if (code == MOULT_OK && c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE)
        code = judge_new_columns(p, c);
    if (code == MOULT_OK && c->op == MOULT_OP_DROP && c->kind == MO_KIND_TABLE) {
        c->found.harmless = c->rows == 0;
        c->found.mild = c->rows == 0;
        code = mo_evidence_say(p->plan->region, &c->found, p->err, c->rows ? "it has %lld rows" : "it has no rows",
                               (long long)c->rows);
    }
    return code;
}

/* The table whose rows a change is about, by its name in the live database; NULL: none that is there. */
static const char *table_of(const probe *p, const mo_change *c)
{
    const mo_object *o = c->before ? c->before : c->after;
    const char *name = c->kind == MO_KIND_TABLE ? o->name : c->kind == MO_KIND_INDEX ? o->parent : NULL;
    name = mo_plan_live_table(p->plan, name);
    return name && c->op != MOULT_OP_RENAME && mo_schema_find(p->plan->live, MO_KIND_TABLE, name) ? name : NULL;
}

int mo_pg_probe(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err)
{
    probe p = {.conn = c, .plan = plan, .seconds = seconds, .watch = watch, .err = err};
    int code = mo_pg_rows_seen(c, &plan->rows_seen, err);
    for (size_t i = 0; code == MOULT_OK && i < plan->changes.count; i++) {
        mo_change *change = &plan->changes.items[i];
        const char *table =
            change->op == MOULT_OP_CREATE && change->kind == MO_KIND_TABLE ? NULL : table_of(&p, change);
        if (table)
            code = probe_table(&p, change, table);
    }
    if (code == MOULT_OK && p.refused) {
        code = mo_error_move(err, &p.first);
        if (p.others.length)
            mo_error_detail(err, "%s", mo_str_text(&p.others));
    }
    mo_error_clear(&p.first);
    mo_str_free(&p.others);
    return code;
}
