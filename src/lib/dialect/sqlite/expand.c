/* SPDX-License-Identifier: MIT */
/*
 * expand.c - what only adds or loosens, before anything else: new tables, indexes, views and columns; where the contract
 * comes another day, also columns that must take NULL until then.
 *
 * A trigger is not among them: it would fire when a hook moves data. Nor is an index that forbids duplicates on a table
 * that is there: a hook may have to see to them first.
 */
#include <string.h>

#include "dialect/sqlite/ladder.h"
#include "dialect/sqlite/reader.h"

static mo_step *new_step(mo_ladder *l, const mo_object *o, int order, const char *method, const char *title)
{
    mo_step *s =
        title ? mo_plan_step(l->plan, MO_PHASE_EXPAND, order + l->serial++, method, o->kind, o->name, o->parent) : NULL;
    if (s)
        s->title = title;
    return s;
}

static int is_new(const mo_ladder *l, const char *table)
{
    return mo_schema_find(l->plan->live, MO_KIND_TABLE, table) == NULL;
}

static int create(mo_ladder *l, const mo_object *o)
{
    static const int orders[MO_KIND_COUNT] = {
        [MO_KIND_TABLE] = MO_ORDER_CREATE_TABLE,
        [MO_KIND_VIRTUAL_TABLE] = MO_ORDER_CREATE_TABLE,
        [MO_KIND_INDEX] = MO_ORDER_CREATE_INDEX,
        [MO_KIND_VIEW] = MO_ORDER_CREATE_VIEW,
    };
    mo_step *s;
    if (o->kind == MO_KIND_TRIGGER ||
        (o->kind == MO_KIND_INDEX && strncmp(o->canonical, "unique ", 7) == 0 && !is_new(l, o->parent)))
        return MOULT_OK;
    s = new_step(l, o, orders[o->kind], "create", mo_ladder_title(l->plan->region, o->sql));
    return s ? mo_step_run(l->plan, s, o->sql, 0, l->err) : mo_error_nomem(l->err);
}

/* May the column come as it is declared? Else it comes loosely, and gets the rest with what tightens. */
static int comes_whole(const mo_table *t, const mo_column *c)
{
    if (c->fill || !mo_sqlite_default_is_constant(c->attr[MO_ATTR_DEFAULT].canonical) ||
        (c->attr[MO_ATTR_NOT_NULL].canonical && !c->attr[MO_ATTR_DEFAULT].canonical))
        return 0;
    for (size_t i = 0; i < t->constraints.count; i++) {
        const mo_constraint *k = t->constraints.items[i];
        if (k->column >= 0 && t->columns.items[k->column] == c && k->kind != MO_CONSTRAINT_FOREIGN_KEY)
            return 0;
    }
    return 1;
}

/* What rows that are there get, where a column that comes loosely does not give it. NULL: nothing. */
static const char *value_of(const mo_column *c)
{
    return c->fill ? c->fill : c->attr[MO_ATTR_DEFAULT].text;
}

static int add_column(mo_ladder *l, const mo_change *change, const mo_column *c)
{
    const char *table = mo_plan_live_table(l->plan, change->after->name);
    int whole = comes_whole(change->after->table, c);
    const char *value = whole || change->rows == 0 ? NULL : value_of(c);
    mo_str add = {0}, update = {0};
    mo_step *s;
    int rc = MOULT_OK;
    if (c->attr[MO_ATTR_GENERATED].canonical || (value && mo_ladder_update_triggers(l, change->after->name)))
        return MOULT_OK; /* computed with what tightens; filled by a rebuild, which fires no trigger */
    s = new_step(l, change->after, MO_ORDER_ADD_COLUMN, "native",
                 mo_region_printf(l->plan->region, "add column %s.%s", table, c->name));
    mo_str_add(&add, "ALTER TABLE ");
    mo_str_ident(&add, table, '"');
    mo_str_add(&add, " ADD COLUMN ");
    if (whole)
        mo_str_add(&add, c->text);
    else
        mo_ladder_loose_column(&add, c);
    mo_str_add(&update, "UPDATE OR ABORT ");
    mo_str_ident(&update, table, '"');
    mo_str_add(&update, " SET ");
    mo_str_ident(&update, c->name, '"');
    mo_str_addf(&update, "=(%s)", value ? value : "");
    rc = s == NULL || add.failed || update.failed ? mo_error_nomem(l->err)
                                                  : mo_step_run(l->plan, s, mo_str_text(&add), 0, l->err);
    if (rc == MOULT_OK && value)
        rc = mo_step_run(l->plan, s, mo_str_text(&update), change->rows, l->err);
    mo_str_free(&add);
    mo_str_free(&update);
    return rc;
}

/* --- what loosens --------------------------------------------------------------------------------------------------- */

/* Until the contract, rows of new programs must fit too: they leave out a column that goes, and write NULL where it is
 * allowed later. */
static int must_take_null(const mo_part *part)
{
    const mo_column *b = part->column_before;
    if (part->kind != MO_PART_COLUMN || b == NULL || !b->attr[MO_ATTR_NOT_NULL].canonical || b->key_place)
        return 0;
    if (part->op == MOULT_OP_DROP)
        return !b->attr[MO_ATTR_DEFAULT].canonical && !b->attr[MO_ATTR_GENERATED].canonical;
    return part->op == MOULT_OP_ALTER && !part->column_after->attr[MO_ATTR_NOT_NULL].canonical;
}

/* A copy of the column in `t` that may be NULL. */
static int loosen_column(mo_ladder *l, const mo_table *t, const char *name, mo_column **out)
{
    mo_column *c = mo_table_column(t, name), *copy = c ? mo_region_alloc(l->plan->region, sizeof *copy) : NULL;
    if (c == NULL)
        return MOULT_OK;
    if (copy == NULL)
        return mo_error_nomem(l->err);
    *copy = *c;
    copy->text = mo_sqlite_column_sql(l->plan->region, t, c, MO_SQLITE_COLUMN_NO_NOT_NULL);
    *out = copy;
    return copy->text ? MOULT_OK : mo_error_nomem(l->err);
}

/* The live table, with those columns loosened. *any: is there one? */
static int loosened(mo_ladder *l, const mo_change *change, const mo_object *live, mo_object *out, int *any)
{
    mo_table *t = mo_region_alloc(l->plan->region, sizeof *t);
    int rc = t ? MOULT_OK : mo_error_nomem(l->err);
    if (rc != MOULT_OK)
        return rc;
    *out = *live;
    *t = *live->table;
    out->table = t;
    memset(&t->columns, 0, sizeof t->columns);
    for (size_t i = 0; i < live->table->columns.count && rc == MOULT_OK; i++) {
        mo_column *c = live->table->columns.items[i];
        for (size_t k = 0; k < change->parts.count && rc == MOULT_OK; k++) {
            const mo_part *part = &change->parts.items[k];
            if (!must_take_null(part) ||
                !mo_name_equal(mo_plan_live_column(l->plan, change->after->name, part->column_before->name), c->name))
                continue;
            *any = 1;
            rc = loosen_column(l, live->table, c->name, &c);
        }
        if (rc == MOULT_OK && mo_vec_push(l->plan->region, &t->columns, c))
            rc = mo_error_nomem(l->err);
    }
    return rc;
}

static int loosen(mo_ladder *l, const mo_change *change)
{
    const char *table = mo_plan_live_table(l->plan, change->after->name), *sql;
    const mo_object *live = mo_schema_find(l->plan->live, MO_KIND_TABLE, table);
    mo_object loose;
    mo_step *s;
    int any = 0, rc = live ? loosened(l, change, live, &loose, &any) : MOULT_OK;
    if (rc != MOULT_OK || !any)
        return rc;
    sql = l->plan->dialect->compose_table(l->plan->region, &loose);
    s = new_step(l, live, MO_ORDER_LOOSEN, "in-place",
                 mo_region_printf(l->plan->region, "let columns of %s be NULL that new programs leave out", table));
    return sql && s ? mo_ladder_edit(l, s, table, sql) : mo_error_nomem(l->err);
}

int mo_sqlite_expand(mo_conn *c, mo_plan *plan, mo_error *err)
{
    mo_ladder l = {.plan = plan, .live = c, .err = err};
    int rc = MOULT_OK;
    for (size_t i = 0; i < plan->changes.count && rc == MOULT_OK; i++) {
        const mo_change *change = &plan->changes.items[i];
        if (change->op == MOULT_OP_CREATE)
            rc = create(&l, change->after);
        if (rc == MOULT_OK && change->op == MOULT_OP_ALTER && change->kind == MO_KIND_TABLE &&
            plan->phase_only == MOULT_PHASE_EXPAND)
            rc = loosen(&l, change);
        for (size_t k = 0; k < change->parts.count && rc == MOULT_OK; k++) {
            const mo_part *part = &change->parts.items[k];
            if (change->op == MOULT_OP_ALTER && part->kind == MO_PART_COLUMN && part->op == MOULT_OP_CREATE)
                rc = add_column(&l, change, part->column_after);
        }
    }
    return rc;
}
