/* SPDX-License-Identifier: MIT */
/* orphans.h - which tables' foreign keys a plan may break: for the apply, and for the script that does the same. */
#ifndef MO_SQLITE_ORPHANS_H
#define MO_SQLITE_ORPHANS_H

#include "dialect/sqlite/sqlite.h"

/* A rename that a statement of the plan does: of a table (column NULL) or of a column. */
typedef struct mo_sqlite_rename {
    char *table, *column, *to;
} mo_sqlite_rename;
typedef int (*mo_sqlite_rename_fn)(void *user, const mo_sqlite_rename *rename); /* 0, or -1: no memory */

/* Gives every rename of the plan, in the order in which they run. NOMEM. */
int mo_sqlite_each_rename(const mo_plan *plan, mo_region *r, mo_sqlite_rename_fn fn, void *user, mo_error *err);

/* The tables whose rows the steps touch, by all the names that they have on the way. NOMEM. */
int mo_sqlite_touched(const mo_plan *plan, mo_region *r, mo_map *touched, mo_error *err);

#endif
