/* SPDX-License-Identifier: MIT */
/*
 * probe.c - asks the rows what a plan needs to know: how many there are, which values go, which are NULL where none may be, which
 * new constraints they break, which do not fit another type.
 *
 * One query for each table counts in one pass all that a pass can; what needs a query of its own comes behind it, as do the
 * names of the rows that were found. All of a table is within one time limit.
 */
#include <string.h>

#include "dialect/postgres/probe.h"

static int tick(void *user, int64_t rows_done)
{
    const mo_pg_probing *p = user;
    int code = p->watch ? p->watch->tick(p->watch->user, rows_done) : MOULT_OK;
    if (code == MOULT_OK && mo_deadline_passed(p->limit))
        return MOULT_TIMEOUT;
    return code;
}

/* --- questions ----------------------------------------------------------------------------------------------------------- */

int mo_pg_probe_add(mo_pg_probing *p, const mo_pg_question *q)
{
    return mo_vec_push(p->plan->region, &p->questions, *q) == 0 ? MOULT_OK : mo_error_nomem(p->err);
}

/* A question that the pass answers, and that a query for its rows can name. */
static int add(mo_pg_probing *p, mo_pg_question q, mo_str *condition)
{
    q.into = &q.part->found;
    q.condition = mo_str_into(condition, p->plan->region);
    return q.condition ? mo_pg_probe_add(p, &q) : mo_error_nomem(p->err);
}

mo_change *mo_pg_probe_change_of(const mo_pg_probing *p, const char *table)
{
    for (size_t i = 0; i < p->plan->changes.count; i++) {
        mo_change *c = &p->plan->changes.items[i];
        if (c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE && strcmp(c->after->name, table) == 0)
            return c;
    }
    return NULL;
}

/* The rows are asked before the renames. */
static const char *live_name(const mo_pg_probing *p, const mo_change *c, const char *column)
{
    return mo_plan_live_column(p->plan, c->after->name, column);
}

const char *mo_pg_probe_steady(const mo_pg_probing *p, const mo_change *table, const char *column)
{
    static const unsigned values = 1u << MO_ATTR_TYPE | 1u << MO_ATTR_COLLATION | 1u << MO_ATTR_GENERATED;
    if (!mo_table_column(table->before->table, column))
        return NULL;
    for (size_t i = 0; i < table->parts.count; i++) {
        const mo_part *part = &table->parts.items[i];
        if (part->kind == MO_PART_COLUMN && part->column_after && strcmp(part->column_after->name, column) == 0 &&
            ((part->attrs & values) || part->column_after->fill || part->column_after->refill))
            return NULL;
    }
    return live_name(p, table, column);
}

static int becomes_not_null(const mo_part *part)
{
    return part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_NOT_NULL)) &&
           part->column_after->attr[MO_ATTR_NOT_NULL].canonical;
}

/* Values that go; those of a default that is the same for every row were never written by anybody. */
static int ask_values(mo_pg_probing *p, const mo_change *c, mo_part *part)
{
    const char *name = live_name(p, c, part->column_before->name);
    const char *value = part->column_before->attr[MO_ATTR_DEFAULT].text;
    mo_str condition = {0};
    mo_str_addf(&condition, "%s IS NOT NULL", name);
    if (value && strchr("'-0123456789", *value) && !strchr(value, '('))
        mo_str_addf(&condition, " AND %s::text IS DISTINCT FROM (%s)::text", name, value);
    return add(
        p, (mo_pg_question){.part = part, .is = "holds a value", .are = "hold a value", .bit = MO_PG_WHOLE, .eases = 1},
        &condition);
}

static int ask_column(mo_pg_probing *p, const mo_change *c, mo_part *part)
{
    mo_str condition = {0};
    if (part->op == MOULT_OP_DROP && !part->column_before->attr[MO_ATTR_GENERATED].canonical)
        return ask_values(p, c, part);
    if (becomes_not_null(part) && mo_table_column(c->before->table, part->column_before->name)) {
        mo_str_addf(&condition, "%s IS NULL", live_name(p, c, part->column_before->name));
        return add(p,
                   (mo_pg_question){.part = part,
                                    .is = "is NULL",
                                    .are = "are NULL",
                                    .bit = 1u << MO_ATTR_NOT_NULL,
                                    .eases = 2,
                                    .forbids = part->column_after->fill == NULL},
                   &condition);
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
static int ask_check(mo_pg_probing *p, const mo_change *c, mo_part *part)
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
    return add(p,
               (mo_pg_question){
                   .part = part, .is = "breaks it", .are = "break it", .bit = MO_PG_WHOLE, .eases = 2, .forbids = 1},
               &condition);
}

static int asks_nothing(const mo_constraint *k)
{
    return mo_pg_find_words(k->canonical, "NOT VALID") || mo_pg_find_words(k->canonical, "NOT ENFORCED");
}

static int ask_constraint(mo_pg_probing *p, const mo_change *c, mo_part *part)
{
    if (part->op == MOULT_OP_DROP)
        return MOULT_OK;
    if (asks_nothing(part->constraint_after))
        return mo_evidence_say(p->plan->region, &part->found, p->err, "it asks nothing of the rows that are there");
    switch (part->constraint_after->kind) {
    case MO_CONSTRAINT_CHECK:
        return ask_check(p, c, part);
    case MO_CONSTRAINT_PRIMARY_KEY:
    case MO_CONSTRAINT_UNIQUE:
        return mo_pg_ask_key(p, part);
    case MO_CONSTRAINT_FOREIGN_KEY:
        return mo_pg_ask_foreign(p, part);
    default:
        return MOULT_OK;
    }
}

static int ask_parts(mo_pg_probing *p, mo_change *c)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < c->parts.count; i++) {
        mo_part *part = &c->parts.items[i];
        part->null_rows = -1;
        memset(&part->found, 0, sizeof part->found);
        if (part->kind == MO_PART_COLUMN)
            code = ask_column(p, c, part);
        else if (part->kind == MO_PART_CONSTRAINT)
            code = ask_constraint(p, c, part);
    }
    return code;
}

static int ask_types(mo_pg_probing *p, mo_change *c)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < c->parts.count; i++) {
        mo_part *part = &c->parts.items[i];
        if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_TYPE)))
            code = mo_pg_ask_type(p, part);
    }
    return code;
}

/* --- refusals ------------------------------------------------------------------------------------------------------------ */

int mo_pg_probe_refuse(mo_pg_probing *p, const mo_change *c, const mo_column *column, mo_str *text, const char *advice,
                       const char *what)
{
    int code = text->failed ? mo_error_nomem(p->err) : MOULT_OK;
    if (code == MOULT_OK && p->refused++ == 0) {
        mo_error_set(&p->first, MOULT_IMPOSSIBLE, "%s", mo_str_text(text));
        mo_error_object(&p->first, "column %s.%s", c->after->name, column->name);
        mo_evidence_ask_fill(p->plan, &p->first, advice, what, c->after->name, column);
    } else if (code == MOULT_OK) {
        mo_str_add(&p->others, p->others.length ? "\n" : "");
        if (column->where.file)
            mo_str_addf(&p->others, "line %d: ", column->where.line);
        mo_str_add(&p->others, mo_str_text(text));
    }
    mo_str_free(text);
    return code;
}

static int refuse(mo_pg_probing *p, const mo_change *c, const mo_column *column, const char *is, int64_t rows,
                  const char *names, const char *advice)
{
    mo_str text = {0};
    mo_str_addf(&text, "column '%s.%s' %s ", c->after->name, column->name, is);
    mo_str_count(&text, rows);
    mo_str_add(&text, rows == 1 ? " row" : " rows");
    if (names)
        mo_str_addf(&text, " (%s)", names);
    return mo_pg_probe_refuse(p, c, column, &text, advice, "what those rows shall hold");
}

static int is_new_without_value(const mo_part *part)
{
    const mo_column *c = part->column_after;
    return part->kind == MO_PART_COLUMN && part->op == MOULT_OP_CREATE && c->attr[MO_ATTR_NOT_NULL].canonical &&
           !c->attr[MO_ATTR_DEFAULT].canonical && !c->attr[MO_ATTR_GENERATED].canonical &&
           !c->attr[MO_ATTR_IDENTITY].canonical && !c->fill && !c->refill;
}

/* New columns that need a value for rows that are there. */
static int judge_new_columns(mo_pg_probing *p, mo_change *c)
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
                          NULL, "give it a DEFAULT, or ");
    }
    return code;
}

/* --- answers ------------------------------------------------------------------------------------------------------------- */

int mo_pg_probe_query(mo_pg_probing *p, const char *sql, mo_row_fn row, void *user, int *cut)
{
    mo_watch watch = {tick, p};
    int code = mo_pg_query(p->conn, sql, NULL, 0, row, user, &watch, p->err);
    *cut = code == MOULT_TIMEOUT && mo_deadline_passed(p->limit) && p->seconds > 0;
    if (!*cut)
        return code;
    mo_error_clear(p->err);
    return MOULT_OK;
}

/* All rows, then those of each question of the pass, in their order. */
static int take_counts(void *user, size_t count, const mo_value *v)
{
    mo_pg_probing *p = user;
    size_t at = 1;
    p->change->rows = v[0].integer;
    for (size_t i = 0; i < p->questions.count && at < count; i++)
        if (p->questions.items[i].condition)
            p->questions.items[i].rows = v[at++].integer;
    return MOULT_OK;
}

static int take_rows(void *user, size_t count, const mo_value *v)
{
    mo_pg_question *q = user;
    q->rows = count ? v[0].integer : 0;
    return MOULT_OK;
}

static int count_rows(mo_pg_probing *p, int *cut)
{
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT count(*)");
    for (size_t i = 0; i < p->questions.count; i++)
        if (p->questions.items[i].condition)
            mo_str_addf(&sql, ", count(*) FILTER (WHERE %s)", p->questions.items[i].condition);
    mo_str_addf(&sql, " FROM %s", p->table);
    int code = sql.failed ? mo_error_nomem(p->err) : mo_pg_probe_query(p, mo_str_text(&sql), take_counts, p, cut);
    mo_str_free(&sql);
    return code;
}

/* Queries for the rows that a condition found: for their names, and for people. */
static int query_them(mo_pg_probing *p, mo_pg_question *q)
{
    int failed = 0;
    const char *name = mo_pg_row_name(p, &failed);
    q->query = mo_region_printf(p->plan->region, "SELECT * FROM %s WHERE %s", p->table, q->condition);
    if (name)
        q->named = mo_region_printf(p->plan->region, "SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %d", name, p->table,
                                    q->condition, mo_pg_row_order(p, &failed), MO_EVIDENCE_KEYS);
    return failed || !q->query || (name && !q->named) ? mo_error_nomem(p->err) : MOULT_OK;
}

static int judge(mo_pg_probing *p, mo_pg_question *q)
{
    mo_answer a = {.rows = q->rows, .of = p->change->rows};
    int code = q->rows && q->condition ? query_them(p, q) : MOULT_OK;
    if (code == MOULT_OK && q->rows && q->named)
        code = mo_pg_name_rows(p, q->named, q->rows, &a.keys);
    if (code == MOULT_OK)
        code = mo_evidence_count(p->plan->region, q->into, &a, q->is, q->are, p->err);
    if (q->rows == 0)
        *(q->eases == 2 ? &q->into->clear : &q->into->mildly) |= q->eases ? q->bit : 0;
    if (code == MOULT_OK && q->bit == 1u << MO_ATTR_NOT_NULL) {
        q->part->null_rows = q->rows;
        if (q->forbids && q->rows && !p->plan->hooked)
            return refuse(p, p->change, q->part->column_after, "becomes NOT NULL, and is NULL in", q->rows, a.keys, "");
    }
    if (q->forbids && q->rows)
        mo_evidence_forbid(q->into, q->rows, q->query);
    return code;
}

/* What time did not suffice for stays as dangerous as it is without knowing. */
static int cut_short(mo_pg_probing *p)
{
    int code = MOULT_OK;
    p->change->rows = 1;
    if (!p->questions.count)
        return mo_evidence_cut(p->plan->region, &p->change->found, p->seconds, p->err);
    for (size_t i = 0; code == MOULT_OK && i < p->questions.count; i++)
        code = mo_evidence_cut(p->plan->region, p->questions.items[i].into, p->seconds, p->err);
    return code;
}

static int answer_all(mo_pg_probing *p)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < p->questions.count; i++) {
        mo_pg_question *q = &p->questions.items[i];
        int cut = 0;
        if (q->alone && p->change->rows)
            code = mo_pg_probe_query(p, q->alone, take_rows, q, &cut);
        if (code == MOULT_OK)
            code = cut ? mo_evidence_cut(p->plan->region, q->into, p->seconds, p->err) : judge(p, q);
    }
    return code;
}

/* Of a column, the rows must have nothing against each thing that depends on them. */
static void ease_part(mo_part *part)
{
    static const unsigned of_rows = 1u << MO_ATTR_TYPE | 1u << MO_ATTR_COLLATION | 1u << MO_ATTR_GENERATED;
    unsigned asked = MO_PG_WHOLE;
    if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER)
        asked = (part->attrs & of_rows) | (becomes_not_null(part) ? 1u << MO_ATTR_NOT_NULL : 0);
    part->found.harmless = asked && (asked & ~part->found.clear) == 0;
    part->found.mild = asked && (asked & ~(part->found.clear | part->found.mildly)) == 0;
}

static int probe_altered(mo_pg_probing *p, mo_change *c)
{
    int code = ask_types(p, c);
    if (code == MOULT_OK)
        code = judge_new_columns(p, c);
    for (size_t i = 0; i < c->parts.count; i++)
        ease_part(&c->parts.items[i]);
    return code;
}

static int probe_dropped(mo_pg_probing *p, mo_change *c)
{
    c->found.mild = c->rows == 0; /* queries that name it fail all the same */
    if (c->rows == 0)
        return mo_evidence_say(p->plan->region, &c->found, p->err, "it has no rows");
    return mo_evidence_say(p->plan->region, &c->found, p->err, c->rows == 1 ? "its only row goes" : "its %lld rows go",
                           (long long)c->rows);
}

static int probe_table(mo_pg_probing *p, mo_change *c, const char *table)
{
    int is_altered = c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE;
    int cut = 0, code = MOULT_OK;
    memset(&c->found, 0, sizeof c->found);
    c->rows = 0;
    p->change = c;
    p->table = table;
    p->questions.count = 0;
    p->limit = mo_deadline_in(p->seconds);
    if (is_altered)
        code = ask_parts(p, c);
    else if (c->kind == MO_KIND_INDEX)
        code = mo_pg_ask_unique_index(p);
    if (code == MOULT_OK)
        code = count_rows(p, &cut);
    if (code != MOULT_OK || cut)
        return cut ? cut_short(p) : code;
    code = answer_all(p);
    if (c->kind == MO_KIND_INDEX)
        c->found.harmless = (c->found.clear & MO_PG_WHOLE) != 0;
    if (code == MOULT_OK && is_altered)
        code = probe_altered(p, c);
    if (code == MOULT_OK && c->op == MOULT_OP_DROP && c->kind == MO_KIND_TABLE)
        code = probe_dropped(p, c);
    return code;
}

/* The table whose rows a change is about, by its name in the live database; NULL: none that is there. */
static const char *table_of(const mo_pg_probing *p, const mo_change *c)
{
    const mo_object *o = c->before ? c->before : c->after;
    const char *name = c->kind == MO_KIND_TABLE ? o->name : c->kind == MO_KIND_INDEX ? o->parent : NULL;
    name = mo_plan_live_table(p->plan, name);
    return name && c->op != MOULT_OP_RENAME && mo_schema_find(p->plan->live, MO_KIND_TABLE, name) ? name : NULL;
}

int mo_pg_probe(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err)
{
    mo_pg_probing p = {.conn = c, .plan = plan, .seconds = seconds, .watch = watch, .err = err};
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
