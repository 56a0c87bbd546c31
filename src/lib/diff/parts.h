/* SPDX-License-Identifier: MIT */
/* parts.h - the differences inside one table. */
#ifndef MO_PARTS_H
#define MO_PARTS_H

#include "diff/renames.h"

/* Two states of one table, and what is known of them. */
typedef struct mo_table_pair {
    const mo_object *live, *target;
    const mo_renames *renames;
    mo_columns live_columns, target_columns;
    mo_region *region; /* for parts */
    mo_error *err;
} mo_table_pair;

typedef MO_VEC(mo_part) mo_parts;

/* parts.c: all parts, in order: columns, constraints, options, order. */
int mo_diff_table(mo_table_pair *pair, int column_order_strict, mo_parts *parts);
int mo_parts_add(mo_table_pair *pair, mo_parts *parts, mo_part part);

/* constraints.c */
int mo_diff_constraints(mo_table_pair *pair, mo_parts *parts);
/* Pairs the constraints of two states of a table: partner[i] is the index of the target's constraint that live
 * constraint i becomes, or -1. `partner` and `taken` (of the target's count, zeroed) are the caller's. */
void mo_pair_constraints(const mo_table_pair *pair, int *partner, char *taken);

#endif
