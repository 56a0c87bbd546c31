/* SPDX-License-Identifier: MIT */
/*
 * constraints.c - which constraint becomes which, and what of it is a difference.
 *
 * A constraint is known by its name, or else by what it says. What is left after that is paired where a declared one
 * can only mean to replace the live one: a primary key, a foreign key over the same columns, the unnamed CHECK of a
 * column.
 */
#include <string.h>

#include "diff/parts.h"

typedef int (*pairs_fn)(const mo_table_pair *pair, const mo_constraint *live, const mo_constraint *target);

static int says_the_same(const mo_table_pair *pair, const mo_constraint *live, const mo_constraint *target)
{
    return mo_follow_constraint(pair->renames, pair->live->name, live, target);
}

static int same_in_all(const mo_table_pair *pair, const mo_constraint *live, const mo_constraint *target)
{
    return mo_name_equal(live->name, target->name) && says_the_same(pair, live, target);
}

static int same_name(const mo_table_pair *pair, const mo_constraint *live, const mo_constraint *target)
{
    (void)pair;
    return live->name && mo_name_equal(live->name, target->name);
}

static int same_columns(const mo_table_pair *pair, const mo_constraint *live, const mo_constraint *target)
{
    const mo_map *renamed = mo_renames_columns(pair->renames, pair->live->name);
    if (live->column_count != target->column_count)
        return 0;
    for (size_t i = 0; i < live->column_count; i++) {
        const char *name = renamed ? mo_map_get(renamed, live->columns[i]) : NULL;
        if (!mo_name_equal(name ? name : live->columns[i], target->columns[i]))
            return 0;
    }
    return 1;
}

static const mo_column *holder(const mo_object *table, const mo_constraint *c)
{
    return c->column >= 0 && (size_t)c->column < table->table->columns.count ? table->table->columns.items[c->column]
                                                                             : NULL;
}

static int replaces(const mo_table_pair *pair, const mo_constraint *live, const mo_constraint *target)
{
    if (live->kind == MO_CONSTRAINT_PRIMARY_KEY)
        return 1;
    if (live->kind == MO_CONSTRAINT_FOREIGN_KEY)
        return same_columns(pair, live, target);
    if (live->kind != MO_CONSTRAINT_CHECK || live->name || target->name)
        return 0;
    const mo_column *from = holder(pair->live, live), *to = holder(pair->target, target);
    return from && to && mo_match_column_taker(&pair->live_columns, &pair->target_columns, from) == to;
}

/* A foreign constraint was carried with its text as it is live; it never is a difference. */
static int was_carried(const mo_table_pair *pair, const mo_constraint *live, const mo_constraint *target)
{
    (void)pair;
    return target->foreign && mo_constraint_equal(live, target);
}

static int try_pair(const mo_table_pair *pair, size_t i, size_t k, int *partner, char *taken, pairs_fn fits)
{
    const mo_constraint *live = pair->live->table->constraints.items[i];
    const mo_constraint *target = pair->target->table->constraints.items[k];
    if (partner[i] >= 0 || taken[k] || live->kind != target->kind || !fits(pair, live, target))
        return 0;
    partner[i] = (int)k;
    taken[k] = 1;
    return 1;
}

void mo_pair_constraints(const mo_table_pair *pair, int *partner, char *taken)
{
    static const pairs_fn ways[] = {was_carried, same_name, same_in_all, says_the_same, replaces};
    size_t live = pair->live->table->constraints.count, target = pair->target->table->constraints.count, left = live;
    for (size_t i = 0; i < live; i++)
        partner[i] = -1;
    for (size_t i = 0; i < live && i < target; i++) /* most often they stand where they stood */
        left -= (size_t)try_pair(pair, i, i, partner, taken, same_in_all);
    for (size_t way = 0; left && way < sizeof ways / sizeof *ways; way++) {
        for (size_t i = 0; i < live; i++) {
            for (size_t k = 0; k < target && partner[i] < 0; k++)
                left -= (size_t)try_pair(pair, i, k, partner, taken, ways[way]);
        }
    }
}

/* A CHECK or foreign key in the definition of a column that comes or goes, does so with it: no part of its own. Keys
 * and UNIQUE are more than the column's own affair, and always are one. */
static int goes_with_column(const mo_table_pair *pair, const mo_constraint *live)
{
    const mo_column *c = holder(pair->live, live);
    return c && live->kind >= MO_CONSTRAINT_CHECK &&
           !mo_match_column_taker(&pair->live_columns, &pair->target_columns, c);
}

static int comes_with_column(const mo_table_pair *pair, const mo_constraint *target)
{
    const mo_column *c = holder(pair->target, target);
    mo_column *from;
    return c && target->kind >= MO_CONSTRAINT_CHECK &&
           mo_match_columns(&pair->live_columns, &pair->target_columns, c, &from) == MO_MATCH_NEW;
}

static int diff_pairs(mo_table_pair *pair, mo_parts *parts, const int *partner)
{
    const mo_table *live = pair->live->table, *target = pair->target->table;
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < live->constraints.count; i++) {
        const mo_constraint *before = live->constraints.items[i];
        const mo_constraint *after = partner[i] >= 0 ? target->constraints.items[partner[i]] : NULL;
        if (after ? after->foreign || same_in_all(pair, before, after) : goes_with_column(pair, before))
            continue;
        rc = mo_parts_add(pair, parts,
                          (mo_part){.op = after ? MOULT_OP_ALTER : MOULT_OP_DROP,
                                    .kind = MO_PART_CONSTRAINT,
                                    .constraint_before = before,
                                    .constraint_after = after});
    }
    return rc;
}

int mo_diff_constraints(mo_table_pair *pair, mo_parts *parts)
{
    const mo_table *live = pair->live->table, *target = pair->target->table;
    int *partner = mo_region_alloc(pair->region, live->constraints.count * sizeof *partner);
    char *taken = mo_region_alloc(pair->region, target->constraints.count);
    if (!partner || !taken)
        return mo_error_nomem(pair->err);
    mo_pair_constraints(pair, partner, taken);
    int rc = diff_pairs(pair, parts, partner);
    for (size_t k = 0; rc == MOULT_OK && k < target->constraints.count; k++) {
        const mo_constraint *after = target->constraints.items[k];
        if (taken[k] || after->foreign || comes_with_column(pair, after))
            continue;
        rc = mo_parts_add(pair, parts,
                          (mo_part){.op = MOULT_OP_CREATE, .kind = MO_PART_CONSTRAINT, .constraint_after = after});
    }
    return rc;
}
