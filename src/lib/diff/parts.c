/* SPDX-License-Identifier: MIT */
/* parts.c - the differences inside one table: its columns, options and their order; constraints are in their own
 * file. */
#include "diff/parts.h"

#include <string.h>

int mo_parts_add(mo_table_pair *pair, mo_parts *parts, mo_part part)
{
    return mo_vec_push(pair->region, parts, part) ? mo_error_nomem(pair->err) : MOULT_OK;
}

static unsigned changed_attrs(const mo_table_pair *pair, const mo_column *before, const mo_column *after)
{
    unsigned attrs = 0;
    for (int i = 0; i < MO_ATTR_COUNT; i++) {
        const char *a = before->attr[i].canonical, *b = after->attr[i].canonical;
        int same = a && b ? strcmp(a, b) == 0 : a == b;
        if (!same && a && b && i == MO_ATTR_GENERATED)
            same = mo_follow_expression(pair->renames, pair->live->name, a, b);
        if (!same)
            attrs |= 1u << i;
    }
    return attrs;
}

static int diff_column(mo_table_pair *pair, mo_parts *parts, const mo_column *after)
{
    mo_column *before;
    if (mo_match_columns(&pair->live_columns, &pair->target_columns, after, &before) == MO_MATCH_NEW)
        return mo_parts_add(pair, parts,
                            (mo_part){.op = MOULT_OP_CREATE, .kind = MO_PART_COLUMN, .column_after = after});
    mo_part part = {.kind = MO_PART_COLUMN, .column_before = before, .column_after = after};
    if (!mo_name_equal(before->name, after->name)) {
        part.op = MOULT_OP_RENAME;
        if (mo_parts_add(pair, parts, part) != MOULT_OK)
            return MOULT_NOMEM;
    }
    part.attrs = after->foreign ? 0 : changed_attrs(pair, before, after);
    if (!part.attrs)
        return MOULT_OK;
    part.op = MOULT_OP_ALTER;
    return mo_parts_add(pair, parts, part);
}

static int diff_columns(mo_table_pair *pair, mo_parts *parts)
{
    const mo_table *live = pair->live->table, *target = pair->target->table;
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < target->columns.count; i++)
        rc = diff_column(pair, parts, target->columns.items[i]);
    for (size_t i = 0; rc == MOULT_OK && i < live->columns.count; i++) {
        const mo_column *c = live->columns.items[i];
        if (!mo_match_column_taker(&pair->live_columns, &pair->target_columns, c))
            rc = mo_parts_add(pair, parts, (mo_part){.op = MOULT_OP_DROP, .kind = MO_PART_COLUMN, .column_before = c});
    }
    return rc;
}

static int option_equal(const mo_option *a, const mo_option *b)
{
    return strcmp(a->canonical ? a->canonical : "", b->canonical ? b->canonical : "") == 0;
}

static int diff_options(mo_table_pair *pair, mo_parts *parts)
{
    const mo_table *live = pair->live->table, *target = pair->target->table;
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < target->options.count; i++) {
        const mo_option *after = &target->options.items[i], *before = mo_table_option(live, after->name);
        if (before && option_equal(before, after))
            continue;
        rc = mo_parts_add(pair, parts,
                          (mo_part){.op = before ? MOULT_OP_ALTER : MOULT_OP_CREATE,
                                    .kind = MO_PART_OPTION,
                                    .option_before = before,
                                    .option_after = after});
    }
    for (size_t i = 0; rc == MOULT_OK && i < live->options.count; i++) {
        const mo_option *before = &live->options.items[i];
        if (!mo_table_option(target, before->name))
            rc = mo_parts_add(pair, parts,
                              (mo_part){.op = MOULT_OP_DROP, .kind = MO_PART_OPTION, .option_before = before});
    }
    return rc;
}

/* Do the declared columns stand in another order? New columns may only come last; foreign ones stand anywhere. */
static int order_differs(const mo_table_pair *pair)
{
    const mo_table *live = pair->live->table, *target = pair->target->table;
    size_t at = 0;
    int new_seen = 0;
    for (size_t i = 0; i < target->columns.count; i++) {
        const mo_column *wanted = target->columns.items[i];
        mo_column *from;
        if (wanted->foreign)
            continue;
        if (mo_match_columns(&pair->live_columns, &pair->target_columns, wanted, &from) == MO_MATCH_NEW) {
            new_seen = 1;
            continue;
        }
        while (at < live->columns.count && live->columns.items[at] != from)
            at++;
        if (new_seen || at == live->columns.count)
            return 1;
    }
    return 0;
}

/* The same key over the same columns, but one of them is the row id and was not, or the other way round. */
static int row_id_differs(const mo_table_pair *pair)
{
    const mo_table *target = pair->target->table;
    for (size_t i = 0; i < target->columns.count; i++) {
        const mo_column *after = target->columns.items[i];
        mo_column *before;
        if (mo_match_columns(&pair->live_columns, &pair->target_columns, after, &before) != MO_MATCH_NEW &&
            before->row_id != after->row_id && !changed_attrs(pair, before, after))
            return 1;
    }
    return 0;
}

static int has_key_part(const mo_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        const mo_part *p = &parts->items[i];
        const mo_constraint *c = p->constraint_after ? p->constraint_after : p->constraint_before;
        if (p->kind == MO_PART_CONSTRAINT && c->kind == MO_CONSTRAINT_PRIMARY_KEY)
            return 1;
    }
    return 0;
}

static const mo_constraint *key_of(const mo_table *t)
{
    for (size_t i = 0; i < t->constraints.count; i++) {
        if (t->constraints.items[i]->kind == MO_CONSTRAINT_PRIMARY_KEY)
            return t->constraints.items[i];
    }
    return NULL;
}

static int diff_row_id(mo_table_pair *pair, mo_parts *parts)
{
    const mo_constraint *before = key_of(pair->live->table), *after = key_of(pair->target->table);
    if (!before || !after || has_key_part(parts) || !row_id_differs(pair))
        return MOULT_OK;
    return mo_parts_add(
        pair, parts,
        (mo_part){
            .op = MOULT_OP_ALTER, .kind = MO_PART_CONSTRAINT, .constraint_before = before, .constraint_after = after});
}

int mo_diff_table(mo_table_pair *pair, int column_order_strict, mo_parts *parts)
{
    int rc = mo_columns_open(&pair->live_columns, pair->live->table, pair->err);
    if (rc != MOULT_OK)
        return rc;
    rc = mo_columns_open(&pair->target_columns, pair->target->table, pair->err);
    if (rc == MOULT_OK)
        rc = diff_columns(pair, parts);
    if (rc == MOULT_OK)
        rc = mo_diff_constraints(pair, parts);
    if (rc == MOULT_OK)
        rc = diff_row_id(pair, parts);
    if (rc == MOULT_OK)
        rc = diff_options(pair, parts);
    if (rc == MOULT_OK && column_order_strict && order_differs(pair))
        rc = mo_parts_add(pair, parts, (mo_part){.op = MOULT_OP_ALTER, .kind = MO_PART_ORDER});
    mo_columns_close(&pair->target_columns);
    mo_columns_close(&pair->live_columns);
    return rc;
}
