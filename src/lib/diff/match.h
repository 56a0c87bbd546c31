/* SPDX-License-Identifier: MIT */
/* match.h - which live thing a wanted one comes from. Objects and columns are matched by the same rules. */
#ifndef MO_MATCH_H
#define MO_MATCH_H

#include "diff/diff.h"

/* Columns by name: a map where there are many of them, so that wide tables take no quadratic time. */
typedef struct mo_columns {
    const mo_table *table;
    mo_map *map;     /* NULL: few columns */
    int has_renames; /* a column has an annotation */
} mo_columns;
int mo_columns_open(mo_columns *c, const mo_table *table, mo_error *err);
void mo_columns_close(mo_columns *c);
mo_column *mo_columns_find(const mo_columns *c, const char *name);

/* The objects of a target; whether one has an annotation is looked up once. */
typedef struct mo_wanted {
    const mo_schema *schema;
    int has_renames;
} mo_wanted;
mo_wanted mo_wanted_of(const mo_schema *schema);

/* How a wanted thing is found. */
typedef enum mo_match_way {
    MO_MATCH_NEW = 0, /* it is new */
    MO_MATCH_NAME,    /* by its name */
    MO_MATCH_RENAMED, /* by the name it is renamed from */
    MO_MATCH_CYCLE    /* likewise, and its own new name is given away in turn: a swap */
} mo_match_way;

mo_match_way mo_match_columns(const mo_columns *live, const mo_columns *target, const mo_column *wanted,
                              mo_column **from);
mo_match_way mo_match_objects(const mo_schema *live, const mo_wanted *target, const mo_object *wanted,
                              mo_object **from);
/* The other way: what becomes of a live thing; NULL: nothing. */
mo_column *mo_match_column_taker(const mo_columns *live, const mo_columns *target, const mo_column *from);
mo_object *mo_match_object_taker(const mo_schema *live, const mo_wanted *target, const mo_object *from);

/* What has the annotation "renamed from `old`", other than `but`. NULL: nothing. */
mo_column *mo_match_column_claimant(const mo_columns *target, const char *old, const mo_column *but);
mo_object *mo_match_object_claimant(const mo_wanted *target, mo_kind kind, const char *old, const mo_object *but);

/* SOURCE when annotations contradict each other: two things renamed from one, a rename from what is declared too.
 * *any: is there an annotation at all? Most often there is none, and nothing has to be followed. */
int mo_match_check(const mo_schema *target, int *any, mo_error *err);

#endif
