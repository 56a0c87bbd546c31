/* SPDX-License-Identifier: MIT */
/* diff.c - two trees to changes: objects are matched, tables compared in parts, all else by canonical form. */
#include "diff/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "diff/parts.h"

typedef struct differ {
    const mo_schema *live;
    mo_wanted target;
    const mo_renames *renames;
    mo_plan *plan;
    mo_error *err;
    int strict_order;
} differ;

static int add_change(differ *d, mo_change change)
{
    return mo_vec_push(d->plan->region, &d->plan->changes, change) ? mo_error_nomem(d->err) : MOULT_OK;
}

/* Nobody compares what cannot be read, and a carried thing is as it was. */
static int is_left_alone(const mo_object *o)
{
    if ((o->flags & MO_OBJECT_FOREIGN) && o->canonical_raw)
        return 0; /* a new column may turn a string in it into a name: what it holds would no longer be right */
    return (o->flags & (MO_OBJECT_UNCOMPARED | MO_OBJECT_FOREIGN)) != 0;
}

static int add_rename(differ *d, mo_kind kind, const char *table, const char *from, const char *to)
{
    mo_rename rename = {.kind = kind, .table = table, .from = from, .to = to};
    return mo_vec_push(d->plan->region, &d->plan->renames, rename) ? mo_error_nomem(d->err) : MOULT_OK;
}

static int diff_tables(differ *d, const mo_object *before, const mo_object *after)
{
    if (!mo_renames_any(d->renames) && !d->strict_order && strcmp(before->canonical, after->canonical) == 0)
        return MOULT_OK;
    mo_table_pair pair = {.live = before, .target = after, .renames = d->renames, .region = d->plan->region};
    pair.err = d->err;
    mo_change change = {.op = MOULT_OP_ALTER, .kind = after->kind, .before = before, .after = after};
    mo_parts parts = {0};
    int rc = mo_diff_table(&pair, d->strict_order, &parts);
    for (size_t i = 0; rc == MOULT_OK && i < parts.count; i++) {
        const mo_part *p = &parts.items[i];
        if (p->op == MOULT_OP_RENAME)
            rc = add_rename(d, after->kind, after->name, p->column_before->name, p->column_after->name);
    }
    change.parts.items = parts.items;
    change.parts.count = parts.count;
    change.parts.capacity = parts.capacity;
    return rc == MOULT_OK && parts.count ? add_change(d, change) : rc;
}

static int diff_definitions(differ *d, const mo_object *before, const mo_object *after)
{
    if (mo_name_equal(mo_renames_table(d->renames, before->parent), after->parent) &&
        mo_follow_object(d->renames, before->canonical, after->canonical))
        return MOULT_OK;
    return add_change(d, (mo_change){.op = MOULT_OP_ALTER, .kind = after->kind, .before = before, .after = after});
}

static int diff_object(differ *d, const mo_object *after)
{
    mo_object *before;
    mo_match_way way = mo_match_objects(d->live, &d->target, after, &before);
    if (way == MO_MATCH_NEW)
        return add_change(d, (mo_change){.op = MOULT_OP_CREATE, .kind = after->kind, .after = after});
    if (is_left_alone(after) || is_left_alone(before))
        return MOULT_OK;
    int rc = MOULT_OK;
    if (way >= MO_MATCH_RENAMED) {
        rc = add_change(d, (mo_change){.op = MOULT_OP_RENAME, .kind = after->kind, .before = before, .after = after});
        if (rc == MOULT_OK)
            rc = add_rename(d, after->kind, NULL, before->name, after->name);
    }
    if (rc != MOULT_OK)
        return rc;
    return mo_kinds[after->kind].in_parts ? diff_tables(d, before, after) : diff_definitions(d, before, after);
}

/* What belongs to a table that is dropped goes with it, without a change of its own. */
static int parent_goes(const differ *d, const mo_object *o)
{
    if (!mo_kinds[o->kind].of_table)
        return 0;
    const mo_object *parent = mo_schema_find_relation(d->live, o->parent);
    return parent && !mo_match_object_taker(d->live, &d->target, parent);
}

static int diff_gone(differ *d, const mo_object *before)
{
    if (is_left_alone(before) || mo_match_object_taker(d->live, &d->target, before) || parent_goes(d, before))
        return MOULT_OK;
    return add_change(d, (mo_change){.op = MOULT_OP_DROP, .kind = before->kind, .before = before});
}

/* 0: a rename of an object; 1: of columns only; 2: all else. */
static int rank(const mo_change *c)
{
    if (c->op == MOULT_OP_RENAME)
        return 0;
    for (size_t i = 0; i < c->parts.count; i++) {
        if (c->parts.items[i].op != MOULT_OP_RENAME)
            return 2;
    }
    return c->parts.count ? 1 : 2;
}

/* Renames first: all that follows speaks of new names. Then by kind and name. */
static int compare_changes(const void *left, const void *right)
{
    const mo_change *a = left, *b = right;
    int rename_a = rank(a), rename_b = rank(b);
    if (rename_a != rename_b)
        return rename_a - rename_b;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    const mo_object *x = a->after ? a->after : a->before, *y = b->after ? b->after : b->before;
    int order = mo_fold_compare(x->name, y->name);
    return order ? order : (a->op > b->op) - (a->op < b->op);
}

int mo_diff(const mo_schema *live, const mo_schema *target, int column_order_strict, mo_plan *plan, mo_error *err)
{
    int any, rc = mo_match_check(target, &any, err);
    mo_renames renames = {0};
    if (rc == MOULT_OK && any)
        rc = mo_renames_open(&renames, live, target, err);
    if (rc != MOULT_OK)
        return rc;
    differ d = {.live = live, .target = mo_wanted_of(target), .renames = &renames, .plan = plan, .err = err};
    d.strict_order = column_order_strict;
    for (size_t i = 0; rc == MOULT_OK && i < target->objects.count; i++)
        rc = diff_object(&d, target->objects.items[i]);
    for (size_t i = 0; rc == MOULT_OK && i < live->objects.count; i++)
        rc = diff_gone(&d, live->objects.items[i]);
    mo_renames_close(&renames);
    if (rc == MOULT_OK && plan->changes.count)
        qsort(plan->changes.items, plan->changes.count, sizeof *plan->changes.items, compare_changes);
    return rc;
}
