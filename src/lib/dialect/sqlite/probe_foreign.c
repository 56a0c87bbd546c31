/* SPDX-License-Identifier: MIT */
/*
 * probe_foreign.c - rows without a parent, before a new or changed foreign key.
 *
 * As SQLite does it: a NULL in any of its columns is no reference, whatever MATCH says; a value is compared as the
 * parent's column compares, with its affinity and collation. What had no parent before stands in nobody's way.
 */
#include <string.h>

#include "dialect/sqlite/probe.h"

typedef struct parent {
    const mo_object *table;     /* as it will be */
    const char *const *columns; /* that are referred to */
    size_t column_count;
    int empty; /* it is new: nothing is in it */
} parent;

static int primary_key(const mo_table *t, parent *out)
{
    for (size_t i = 0; i < t->constraints.count; i++) {
        const mo_constraint *k = t->constraints.items[i];
        if (k->kind != MO_CONSTRAINT_PRIMARY_KEY)
            continue;
        out->columns = k->columns;
        out->column_count = k->column_count;
        return 1;
    }
    return 0;
}

/* 1; 0: there is no such key, which is the schema's to blame. */
static int find_parent(const mo_probe *p, const mo_constraint *key, parent *out)
{
    *out = (parent){.table = mo_schema_find(p->plan->target, MO_KIND_TABLE, key->ref_table)};
    if (out->table == NULL)
        return 0;
    out->columns = key->ref_columns;
    out->column_count = key->ref_column_count;
    if (out->column_count == 0 && !primary_key(out->table->table, out))
        return 0;
    out->empty = mo_schema_find(mo_plan_start(p->plan), MO_KIND_TABLE, key->ref_table) == NULL;
    return out->column_count == key->column_count;
}

/* Are the parent's columns now as they will be? */
static int parent_stays(const mo_probe *p, const parent *to)
{
    const mo_object *before = mo_schema_find(mo_plan_start(p->plan), MO_KIND_TABLE, to->table->name);
    for (size_t i = 0; before && i < to->column_count; i++) {
        const mo_column *a = mo_table_column(before->table, to->columns[i]);
        const mo_column *b = mo_table_column(to->table->table, to->columns[i]);
        if (!a || !b || a->row_id != b->row_id ||
            strcmp(mo_column_attr(a, MO_ATTR_TYPE), mo_column_attr(b, MO_ATTR_TYPE)) != 0 ||
            strcmp(mo_column_attr(a, MO_ATTR_COLLATION), mo_column_attr(b, MO_ATTR_COLLATION)) != 0)
            return 0;
    }
    return 1;
}

/* A parent that comes back has its rows in the attic still. */
static const char *from_attic(mo_probe *p, const mo_constraint *key, const parent *to, const mo_refill *back, mo_str *s)
{
    mo_str_add(s, " AND NOT EXISTS (SELECT 1 FROM ");
    mo_str_ident(s, back->holder, '"');
    for (size_t i = 0; i < key->column_count; i++) {
        const char *value = mo_ladder_refill_value(back, to->columns[i]);
        mo_str_addf(s, "%s(%s) = +", i ? " AND " : " WHERE ", value ? value : "NULL");
        mo_str_ident(s, p->after->name, '"');
        mo_str_addc(s, '.');
        mo_str_ident(s, key->columns[i], '"');
    }
    mo_str_addc(s, ')');
    return mo_str_into(s, p->region);
}

/* True for a row of the child without a parent. The + takes the child's affinity away: the parent's decides. */
static const char *condition(mo_probe *p, const mo_constraint *key, const parent *to)
{
    mo_str s = {0};
    const mo_refill *back = NULL;
    for (size_t i = 0; i < key->column_count; i++) {
        mo_str_add(&s, i ? " AND " : "");
        mo_str_ident(&s, key->columns[i], '"');
        mo_str_add(&s, " IS NOT NULL");
    }
    if (to->empty && !(back = mo_ladder_refill_of(p->plan, to->table->name)))
        return mo_str_into(&s, p->region);
    if (back)
        return from_attic(p, key, to, back, &s);
    mo_str_add(&s, " AND NOT EXISTS (SELECT 1 FROM ");
    mo_str_ident(&s, mo_plan_live_table(p->plan, to->table->name), '"');
    mo_str_add(&s, " AS \"_moult_parent\" WHERE ");
    for (size_t i = 0; i < key->column_count; i++) {
        mo_str_add(&s, i ? " AND \"_moult_parent\"." : "\"_moult_parent\".");
        mo_str_ident(&s, mo_plan_live_column(p->plan, to->table->name, to->columns[i]), '"');
        mo_str_add(&s, " = +");
        mo_str_ident(&s, p->after->name, '"');
        mo_str_addc(&s, '.');
        mo_str_ident(&s, key->columns[i], '"');
    }
    mo_str_addc(&s, ')');
    return mo_str_into(&s, p->region);
}

/* Does the altered key refer from the same columns to the same table? */
static int same_place(const mo_constraint *a, const mo_constraint *b)
{
    if (!a || a->column_count != b->column_count || !mo_name_equal(a->ref_table, b->ref_table))
        return 0;
    for (size_t i = 0; i < a->column_count; i++)
        if (!mo_name_equal(a->columns[i], b->columns[i]))
            return 0;
    return 1;
}

static int no_judge(mo_probe *p, mo_question *q)
{
    (void)p;
    (void)q;
    return MOULT_OK;
}

/* What is asked beside it: how many had no parent under the key as it was. */
typedef struct about {
    const mo_question *before;
    const char *query;
} about;

static int judge(mo_probe *p, mo_question *q)
{
    const about *a = q->about;
    int64_t before = a->before ? a->before->found[0].rows : 0;
    int64_t more = q->found[0].rows - before;
    if (q->found[0].rows == 0 && q->part->kind == MO_PART_COLUMN)
        return MOULT_OK;
    if (q->part->op == MOULT_OP_ALTER)
        mo_question_soften(q); /* that rows have parents says nothing of what happens when those go */
    if (q->found[0].rows)
        mo_question_blame(q);
    if (more > 0 && q->asked == MO_ANSWERED)
        mo_evidence_forbid(q->into, more, a->query);
    return mo_probe_tell(p, q, 0, before && more <= 0 ? "has had no parent before" : "has no parent",
                         before && more <= 0 ? "have had no parent before" : "have no parent");
}

static int add(mo_probe *p, mo_part *part, const char *sql, const mo_question *before)
{
    const char *table = mo_probe_unrenamed(p);
    about *a = mo_region_alloc(p->region, sizeof *a);
    mo_question *q = a ? mo_probe_add(p, part, &part->found, MO_WHOLE, judge) : NULL;
    if (q == NULL)
        return mo_error_nomem(p->err);
    a->before = before;
    a->query = table ? mo_region_printf(p->plan->region, "SELECT * FROM %s WHERE %s", table, sql) : NULL;
    if (table && a->query == NULL)
        return mo_error_nomem(p->err);
    q->condition = sql;
    q->about = a;
    return MOULT_OK;
}

int mo_probe_ask_foreign(mo_probe *p, mo_part *part, const mo_constraint *key)
{
    const mo_constraint *old = part->kind == MO_PART_CONSTRAINT ? part->constraint_before : NULL;
    mo_question *before = NULL;
    parent to, was;
    const char *sql;
    int simple = 1, stored = 1, rc = MOULT_OK;
    if (!find_parent(p, key, &to))
        return MOULT_OK;
    if (!to.empty && !parent_stays(p, &to))
        return mo_evidence_say(p->plan->region, &part->found, p->err, "not asked: '%s' changes at the same time",
                               key->ref_table);
    for (size_t i = 0; i < key->column_count && rc == MOULT_OK; i++) {
        mo_str name = {0};
        mo_str_ident(&name, key->columns[i], '"');
        rc =
            name.failed ? mo_error_nomem(p->err) : mo_probe_names(p, mo_str_text(&name), name.length, &simple, &stored);
        mo_str_free(&name);
    }
    if (rc != MOULT_OK || !simple)
        return rc;
    if (same_place(old, key) && find_parent(p, old, &was)) {
        before = mo_probe_add(p, part, &part->found, MO_WHOLE, no_judge);
        if (before == NULL || (before->condition = condition(p, old, &was)) == NULL)
            return mo_error_nomem(p->err);
        before->stored = 1;
    }
    sql = condition(p, key, &to);
    return sql ? add(p, part, sql, before) : mo_error_nomem(p->err);
}

/* --- the index that finds a parent's rows ----------------------------------------------------------------------------- */

/* The token that is the column an index begins with: of "CREATE INDEX i ON t(a, b)" `a`; END: an expression. */
static mo_token first_column(const mo_object *index)
{
    const char *start;
    size_t length;
    mo_lexer x;
    mo_token t = {.kind = MO_TOKEN_END}, next;
    if (!mo_sqlite_inside(index->sql, &start, &length))
        return t;
    mo_lexer_init(&x, &mo_lex_sqlite, start, length);
    t = mo_lexer_next(&x);
    next = mo_lexer_next(&x);
    if ((t.kind != MO_TOKEN_WORD && t.kind != MO_TOKEN_QUOTED) || mo_token_is_punct(&next, '('))
        t.kind = MO_TOKEN_END;
    return t;
}

static int begins_with(const mo_object *index, const char *column)
{
    mo_token t = first_column(index);
    return t.kind != MO_TOKEN_END && mo_probe_mentions(t.text, t.length, column);
}

/* Does something that stays find rows by this column? */
static int found_otherwise(const mo_probe *p, const mo_object *table, const char *column)
{
    const mo_schema *s = p->plan->target;
    for (size_t i = 0; i < table->table->constraints.count; i++) {
        const mo_constraint *k = table->table->constraints.items[i];
        if (k->kind <= MO_CONSTRAINT_UNIQUE && k->column_count && mo_name_equal(k->columns[0], column))
            return 1;
    }
    for (size_t i = 0; i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if (o->kind == MO_KIND_INDEX && mo_name_equal(o->parent, table->name) && begins_with(o, column))
            return 1;
    }
    return 0;
}

int mo_probe_serves(mo_probe *p, const mo_object *index, const char **out)
{
    const mo_object *table = mo_schema_find(p->plan->target, MO_KIND_TABLE, index->parent);
    *out = NULL;
    for (size_t i = 0; table && i < table->table->constraints.count && !*out; i++) {
        const mo_constraint *k = table->table->constraints.items[i];
        if (k->kind != MO_CONSTRAINT_FOREIGN_KEY || !begins_with(index, k->columns[0]) ||
            found_otherwise(p, table, k->columns[0]))
            continue;
        *out = mo_region_printf(p->plan->region, "%s(%s)", table->name, k->columns[0]);
        if (*out == NULL)
            return mo_error_nomem(p->err);
    }
    return MOULT_OK;
}
