/* SPDX-License-Identifier: MIT */
/*
 * diff.h - two trees to changes. Pure: nothing here talks to an engine.
 *
 *   carry   desired + what of the live database moult does not own  → target (what the database shall be)
 *   diff    live, target → changes, with renames as annotations say
 *   hints   drops and creates that look like renames
 */
#ifndef MO_DIFF_H
#define MO_DIFF_H

#include "moult.h"
#include "plan/plan.h"
#include "schema/schema.h"

struct mo_dialect;

/* What carry needs to know of ownership. */
typedef struct mo_ownership {
    int all;                /* everything in the schema is moult's */
    const mo_schema *owned; /* what the last applied version declared; NULL: nothing was */
    const mo_schema
        *added;  /* what a version declared too that is only half applied: expanded since; NULL: there is none */
    int renamed; /* the renames were done: `live` and `owned` have the new names, annotations are not followed
                             * again. Also taken from a plan that has renames already. */
    moult_same_type_fn same_type; /* NULL: types are the same when their canonical forms are */
    void *same_type_user;
} mo_ownership;

/*
 * Makes the target: a copy of `desired`, plus every live object, column, constraint and option that is neither declared
 * nor owned (flagged foreign, and listed in the plan's notes: one note for each object or part). Renames are followed:
 * what a declared name was renamed from is not foreign. A table that gets a carried part has its `sql` composed anew by
 * the dialect. A declared primary key replaces a live one, a declared foreign key a live one over the same columns, an
 * unnamed CHECK in a column's definition the unnamed one there: these are never carried beside it. Uncompared live
 * objects are carried too and noted ("not compared: …").
 */
int mo_carry(const struct mo_dialect *d, const mo_schema *live, const mo_schema *desired, const mo_ownership *own,
             mo_plan *plan, mo_schema **target, mo_error *err);

/* Adds to plan->changes, live → target, and to plan->renames. Renames first, then by kind, in order of name. A rename
 * and an alteration of one thing are two changes, those of a column two parts. What belongs to a dropped table goes
 * with it, without a change of its own; so do a CHECK and a foreign key in the definition of a column that comes or
 * goes. What only follows a rename is no difference. SOURCE when an annotation is wrong (two things renamed from one,
 * a rename from what is declared too). */
int mo_diff(const mo_schema *live, const mo_schema *target, int column_order_strict, mo_plan *plan, mo_error *err);

/*
 * A swap (a from b, b from a) stays in the source after it was done, and names alone cannot tell: both are there,
 * before and after. Was it done? The last applied version tells, when it had the annotation already; without a history,
 * a database that fits as it stands is taken to have swapped. `owned` as in mo_ownership; `declared` is of `desired`;
 * `column` is one of its own, NULL: the object itself. 0 for all that is no swap. Whoever follows annotations asks this
 * first.
 */
int mo_rename_is_done(const mo_schema *live, const mo_schema *desired, const mo_schema *owned,
                      const mo_object *declared, const mo_column *column);

/* The live object that a target object comes from: of the same name, or the one it is renamed from (when nothing has
 * the new name yet, and the old one is there). NULL: it is new. */
mo_object *mo_match_object(const mo_schema *live, const mo_schema *target, const mo_object *wanted);
/* The same for a column. */
mo_column *mo_match_column(const mo_table *live, const mo_table *target, const mo_column *wanted);

/* undo.c - marks the changes that only undo drift: `recorded` is what the last version declared, after the renames. */
void mo_mark_undo(mo_plan *plan, const mo_schema *recorded);

/* Fills plan->hints from plan->changes: a dropped and a created column of one table (or two tables) with the same
 * attributes. */
int mo_rename_hints(mo_plan *plan, mo_error *err);

#endif
