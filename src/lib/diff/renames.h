/* SPDX-License-Identifier: MIT */
/* renames.h - what is renamed between two schemas, and texts compared as if it had been done. */
#ifndef MO_RENAMES_H
#define MO_RENAMES_H

#include "diff/match.h"

/* All zero when nothing is renamed. Maps give the new name (const char *) of an old one. */
typedef struct mo_renames {
    mo_region *region;
    mo_map *tables;
    mo_map *by_table;    /* old table name to the mo_map of its columns */
    mo_map *all_columns; /* of all tables */
    MO_VEC(mo_map *) maps;
} mo_renames;

int mo_renames_open(mo_renames *r, const mo_schema *live, const mo_schema *target, mo_error *err);
void mo_renames_close(mo_renames *r);
int mo_renames_any(const mo_renames *r);
/* The columns of a live table; NULL: none of them is renamed. */
const mo_map *mo_renames_columns(const mo_renames *r, const char *live_table);
/* The new name of a live table, or its own. */
const char *mo_renames_table(const mo_renames *r, const char *live_table);

/* follow.c - are the canonical texts of two things the same, once the names in the live one have followed the renames?
 * An engine rewrites stored texts when something is renamed; this tells what is only that from what is a change. */
int mo_follow_constraint(const mo_renames *r, const char *live_table, const mo_constraint *live,
                         const mo_constraint *target);
int mo_follow_expression(const mo_renames *r, const char *live_table, const char *live, const char *target);
/* A view, trigger or index: names may mean anything there, so a name may follow any rename, or none. */
int mo_follow_object(const mo_renames *r, const char *live, const char *target);

#endif
