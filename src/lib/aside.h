/* SPDX-License-Identifier: MIT */
/* aside.h - what stands in the way of a rename makes room. */
#ifndef MO_ASIDE_H
#define MO_ASIDE_H

#include "diff/diff.h"
#include "plan/plan.h"

/* Has anything the name, in the live or in the desired schema? */
int mo_is_name_taken(const mo_plan *p, const char *name);
/* A free name for what steps aside, in the region: a table, or a column of a table (as desired, and as it is). NULL: no memory. */
const char *mo_aside_name(const mo_plan *p, mo_region *r, const char *name, const mo_table *desired,
                          const mo_table *there);
/* Adds to the plan's renames and changes what makes room for its renames, and for what comes back. IMPOSSIBLE: somebody else's thing
 * has a name that is needed. */
int mo_make_room(mo_plan *p, const mo_ownership *own, mo_error *err);

#endif
