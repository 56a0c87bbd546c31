/* SPDX-License-Identifier: MIT */
/* carry.h - what the two halves of carrying share: objects (carry.c) and the parts of a table (carry_table.c). */
#ifndef MO_CARRY_H
#define MO_CARRY_H

#include "dialect/dialect.h"
#include "diff/parts.h"

typedef struct mo_carrier {
    const mo_dialect *dialect;
    const mo_schema *live, *desired;
    const mo_ownership *own;
    mo_plan *plan;      /* for notes; may be NULL */
    mo_map *notes;      /* those that are there already */
    mo_schema *target;  /* what is made */
    mo_wanted declared; /* `desired`, to be matched */
    mo_wanted wanted;   /* `target`, likewise: with those annotations alone that are to be followed */
    mo_renames renames;
    int annotated; /* there is an annotation in `desired` */
    int added;     /* the target has more than `desired` */
    int renamed;   /* the renames were done: `live` has the new names, annotations mean nothing any more */
    mo_error *err;
} mo_carrier;

/* One note, once. */
int mo_carry_note(mo_carrier *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* types.c - where the caller's comparator says that types which differ are the same, the target has the live one. *kept is
 * set to 1 where that happened. INVALID: an answer that is none. */
int mo_carry_types(const mo_carrier *c, const mo_table_pair *pair, int *kept);

/* Adds to `table` (a copy of a declared one) what of the live table is neither declared nor owned. */
int mo_carry_table(mo_carrier *c, const mo_object *live, mo_object *table);

#endif
