/* SPDX-License-Identifier: MIT */
/*
 * undo.c - which changes only undo drift: what the last version declared is what is wanted again, and it is the live
 * database that has become something else.
 */
#include <string.h>

#include "diff/diff.h"

static int same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const mo_object *recorded_object(const mo_schema *recorded, const mo_object *o)
{
    return mo_schema_find(recorded, o->kind, o->name);
}

static int object_undoes(const mo_schema *recorded, const mo_change *c)
{
    const mo_object *then;
    if (c->op == MOULT_OP_RENAME)
        return 0;
    if (c->early) /* moult's own, under a name that something else gets */
        return 0;
    if (c->op == MOULT_OP_DROP)
        return recorded_object(recorded, c->before) == NULL;
    then = recorded_object(recorded, c->after);
    return then && same_text(then->canonical, c->after->canonical);
}

static int column_undoes(const mo_table *then, const mo_part *p)
{
    const mo_column *c = mo_table_column(then, p->column_after ? p->column_after->name : p->column_before->name);
    if (p->op == MOULT_OP_DROP)
        return c == NULL;
    if (c == NULL || p->op == MOULT_OP_RENAME)
        return 0;
    if (p->op == MOULT_OP_CREATE)
        return mo_column_equal(c, p->column_after);
    for (int i = 0; i < MO_ATTR_COUNT; i++)
        if ((p->attrs & (1u << i)) && !same_text(c->attr[i].canonical, p->column_after->attr[i].canonical))
            return 0;
    return 1;
}

static int constraint_undoes(const mo_table *then, const mo_part *p)
{
    const mo_constraint *wanted = p->constraint_after ? p->constraint_after : p->constraint_before;
    const mo_constraint *k = mo_table_constraint_like(then, wanted);
    int there = k && mo_constraint_equal(k, wanted);
    return p->op == MOULT_OP_DROP ? !there : there;
}

static int option_undoes(const mo_table *then, const mo_part *p)
{
    const mo_option *wanted = p->option_after ? p->option_after : p->option_before;
    const mo_option *o = mo_table_option(then, wanted->name);
    return p->op == MOULT_OP_DROP ? o == NULL : o && same_text(o->canonical, wanted->canonical);
}

static int part_undoes(const mo_table *then, const mo_part *p)
{
    switch (p->kind) {
    case MO_PART_COLUMN:
        return column_undoes(then, p);
    case MO_PART_CONSTRAINT:
        return constraint_undoes(then, p);
    case MO_PART_OPTION:
        return option_undoes(then, p);
    case MO_PART_ORDER:
        break;
    }
    return 0;
}

void mo_mark_undo(mo_plan *plan, const mo_schema *recorded)
{
    for (size_t i = 0; i < plan->changes.count; i++) {
        mo_change *c = &plan->changes.items[i];
        const mo_object *then = c->parts.count ? recorded_object(recorded, c->after) : NULL;
        if (c->parts.count == 0)
            c->undoes_drift = object_undoes(recorded, c);
        for (size_t k = 0; then && then->table && k < c->parts.count; k++)
            c->parts.items[k].undoes_drift = part_undoes(then->table, &c->parts.items[k]);
    }
}
