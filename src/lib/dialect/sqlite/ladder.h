/* SPDX-License-Identifier: MIT */
/*
 * ladder.h - changes to steps on SQLite: for each table the cheapest rung that is right.
 *
 *   rename.c    native RENAME TABLE and RENAME COLUMN, which make everything that names the old name follow
 *   probe*.c    ask the rows what the choice, the risks and the refusals depend on (see probe.h)
 *   steps.c     drops and creates, and the order of all
 *   expand.c    what only adds, where hooks or a phase ask for it to come first
 *   alter.c     one table: which rung
 *   inplace.c   rung 2: edit of the stored definition
 *   rebuild.c   rung 3: create, copy, drop, rename
 *   online*.c   rung 4: the same in batches (online.h)
 *   fill.c      asks whether the @fill expressions can be understood
 *   vtab.c      virtual tables: a new one, filled from the old
 */
#ifndef MO_SQLITE_LADDER_H
#define MO_SQLITE_LADDER_H

#include "dialect/dialect.h"

/* Slots of the dialect. */
int mo_sqlite_probe(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err);
int mo_sqlite_renames(mo_plan *plan, int tolerant, mo_error *err);
int mo_sqlite_steps(mo_conn *c, mo_plan *plan, mo_error *err);
int mo_sqlite_expand(mo_conn *c, mo_plan *plan, mo_error *err);

/* Where steps stand in the plan; a step's place among its like is added to it. */
enum {
    MO_ORDER_RENAME = 100000,
    MO_ORDER_DROP_TRIGGER = 200000,
    MO_ORDER_DROP_VIEW = 210000,
    MO_ORDER_DROP_INDEX = 220000,
    MO_ORDER_DROP_TABLE = 300000,
    MO_ORDER_CREATE_TABLE = 400000,
    MO_ORDER_LOOSEN = 450000,
    MO_ORDER_ADD_COLUMN = 500000,
    MO_ORDER_EDIT = 600000,
    MO_ORDER_DROP_COLUMN = 650000,
    MO_ORDER_REBUILD = 700000,
    MO_ORDER_VIRTUAL = 750000,
    MO_ORDER_CREATE_INDEX = 800000,
    MO_ORDER_CREATE_VIEW = 850000,
    MO_ORDER_CREATE_TRIGGER = 900000
};

/* What the functions of the ladder share. */
typedef struct mo_ladder {
    mo_plan *plan;
    mo_conn *live;
    mo_map *changed; /* "KIND name" of every object that a change of its own creates, drops or alters */
    mo_error *err;
    int serial; /* steps so far: keeps like steps in the order they were made */
} mo_ladder;

/* Does an object have a change of its own? */
int mo_ladder_changed(const mo_ladder *l, const mo_object *o);

/* steps.c: the first line of a definition, as a title. NULL: no memory. */
const char *mo_ladder_title(mo_region *r, const char *sql);

/* alter.c */
/* A column with its type and its collation alone, to which an edit or a rebuild gives the rest. */
void mo_ladder_loose_column(mo_str *sql, const mo_column *c);
int mo_ladder_alter(mo_ladder *l, mo_change *change);
/* Has the table a trigger that an UPDATE would fire? */
int mo_ladder_update_triggers(const mo_ladder *l, const char *table);

/* inplace.c: an edit that makes the table's stored text `sql`. */
int mo_ladder_edit(mo_ladder *l, mo_step *step, const char *table, const char *sql);
/* The questions to the rows that the edit of a changed table depends on: assertions at the end of `step`. */
int mo_ladder_edit_asserts(mo_ladder *l, mo_step *step, const mo_change *change);

/* rebuild.c */
int mo_ladder_rebuild(mo_ladder *l, const mo_change *change, const char *why);
/* Makes again, at the end of a step, the indexes and triggers of a table that have no change of their own. */
int mo_ladder_restore(mo_ladder *l, mo_step *step, const char *table, int indexes);
/* A name under which the row id can be reached; NULL: the table has none, or columns hide it. */
const char *mo_sqlite_row_id_name(const mo_table *t);
/* `sql` of a CREATE with another name for what it creates; NULL: no memory. */
char *mo_ladder_create_as(mo_region *r, const char *sql, const char *name);

/* online_plan.c: makes the rebuild that was just added one in batches, where that is wanted and possible. */
int mo_ladder_online(mo_ladder *l, mo_change *change, const char *why);
/* After all steps are made: the indexes of such tables, and what it costs. */
int mo_ladder_online_indexes(mo_ladder *l);

/* Does a token stand for this name? */
int mo_ladder_token_names(const mo_token *t, const char *name);
/* Does a rebuild copy row ids as such? Not where a copied column is the row id. */
int mo_ladder_copies_row_ids(const mo_table *before, const mo_table *after);

/* fill.c: SOURCE, with its place, when an @fill cannot be understood. */
int mo_ladder_check_fills(mo_plan *plan, mo_conn *live, mo_error *err);

/* vtab.c */
int mo_ladder_virtual(mo_ladder *l, const mo_change *change);

/* affinity.c: what stands within the first parentheses of a text: 1, or 0 when there are none. */
int mo_sqlite_inside(const char *text, const char **start, size_t *length);
/* SQLite's five, by the rules of its documentation ("Determination Of Column Affinity"). */
typedef enum mo_affinity {
    MO_AFFINITY_BLOB = 0,
    MO_AFFINITY_TEXT,
    MO_AFFINITY_NUMERIC,
    MO_AFFINITY_INTEGER,
    MO_AFFINITY_REAL
} mo_affinity;
mo_affinity mo_sqlite_affinity(const char *type); /* NULL or "": BLOB */
/* Is a default (in canonical form) one value, so that ADD COLUMN takes it on a table with rows? NULL is one. */
int mo_sqlite_default_is_constant(const char *canonical);
/* Can the rows that read a column's default from the definition be found by comparing with it? */
int mo_sqlite_default_is_telling(const mo_column *c);

#endif
