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
 *   attic.c     a dropped table is renamed into the attic
 *   holder.c    the values of dropped and converted columns are copied into the attic
 *   refill.c    a table that comes back is filled from the attic
 *   restore.c   one entry of the attic is brought back by itself
 */
#ifndef MO_SQLITE_LADDER_H
#define MO_SQLITE_LADDER_H

#include "dialect/dialect.h"

/* Slots of the dialect. */
int mo_sqlite_probe(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err);
int mo_sqlite_renames(mo_plan *plan, int tolerant, mo_error *err);
int mo_sqlite_steps(mo_conn *c, mo_plan *plan, mo_error *err);
int mo_sqlite_expand(mo_conn *c, mo_plan *plan, mo_error *err);
int mo_sqlite_restore(mo_conn *c, mo_plan *plan, const mo_attic_entry *entry, const char *into, mo_error *err);

/* Where steps stand in the plan; a step's place among its like is added to it. */
enum {
    MO_ORDER_RENAME = 100000,
    MO_ORDER_STAGE = 150000,
    MO_ORDER_DROP_TRIGGER = 200000,
    MO_ORDER_DROP_VIEW = 210000,
    MO_ORDER_DROP_INDEX = 220000,
    MO_ORDER_DROP_TABLE = 300000,
    MO_ORDER_CREATE_TABLE = 400000,
    MO_ORDER_LOOSEN = 450000,
    MO_ORDER_ADD_COLUMN = 500000,
    MO_ORDER_EDIT = 600000,
    MO_ORDER_ATTIC = 640000,
    MO_ORDER_DROP_COLUMN = 650000,
    MO_ORDER_REBUILD = 700000,
    MO_ORDER_VIRTUAL = 750000,
    MO_ORDER_REFILL = 760000,
    MO_ORDER_CREATE_INDEX = 800000,
    MO_ORDER_CREATE_VIEW = 850000,
    MO_ORDER_CREATE_TRIGGER = 900000,
    MO_ORDER_STAGED = 950000
};

/* What the functions of the ladder share. */
typedef struct mo_ladder {
    mo_plan *plan;
    mo_conn *live;
    mo_map *changed; /* "KIND name" of every object that a change of its own creates, drops or alters */
    mo_error *err;
    int edits;  /* a step edits a stored definition */
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
/* content=… among a full-text table's arguments: NULL when it has none, else its value ("" for none at all). */
const char *mo_ladder_content_option(mo_region *r, const char *sql);

/* affinity.c: what stands within the first parentheses of a text: 1, or 0 when there are none. */
int mo_sqlite_inside(const char *text, const char **start, size_t *length);
/* SQLite's five, by the rules of its documentation ("Determination Of Column Affinity"). */
/* rebuild.c: how the rows of a table are reached by number: a name, or NULL. */
const mo_column *mo_ladder_row_id_column(const mo_table *t);
/* ... and whether its key is never given twice (AUTOINCREMENT). */
int mo_ladder_has_autoincrement(const mo_object *table);
/* The definition of a table under another name, with the table's own name as a qualifier ("t.a") replaced too; sets
 * *qualified where there was one. NULL: no memory. */
char *mo_ladder_definition_as(mo_region *r, const char *definition, const char *table, const char *name,
                              int *qualified);

/* attic.c */
/* An entry of the attic's catalog, as the plan's steps write it. */
typedef struct mo_kept {
    const char *kind;   /* "table", "column", "values" */
    const char *object; /* the table */
    const char *holder; /* where it is kept */
    /* How its rows are told: "own" (it is the table itself), "key" (by key and other columns), "unique" (by a key that is
     * never given twice), "rowid" (by row id and other columns), "none". */
    const char *identity;
    mo_name_list columns, keys, others; /* what is kept; what tells the rows; other columns of theirs */
    mo_name_list definition;            /* of a table: the statements that made it, its indexes and triggers */
    const char *holder_sql;             /* the definition of the holder */
    int elsewhere;                      /* its rows are those of another table, and cannot be counted here */
} mo_kept;
int mo_ladder_catalog(mo_ladder *l, mo_step *step, const mo_kept *kept);
/* The statements that move a table into the attic, in place of its DROP. */
int mo_ladder_keep_table(mo_ladder *l, mo_step *step, const mo_object *table);
/* The holder of a virtual table gets its name back. */
int mo_ladder_move_back(mo_ladder *l, mo_step *step, const mo_refill *refill);
/* Does the module of a virtual table let it be renamed? Sets *can. */
int mo_ladder_can_move(mo_ladder *l, const mo_object *table, int *can);

/* holder.c - each does nothing where the attic is off, or nothing is lost. */
/* A step that keeps the values of the columns that native drops take from a table. */
int mo_ladder_keep_columns(mo_ladder *l, const mo_change *change);
/* Inside a rebuild, between the copy and the swap: `join` says which row of the new table (n) is which of the old (o);
 * NULL: that cannot be said. */
int mo_ladder_keep_rebuilt(mo_ladder *l, mo_step *step, const mo_change *change, const char *temporary,
                           const char *join);
/* Before the UPDATE that fills NULLs, and after it. */
typedef struct mo_filling mo_filling;
int mo_ladder_keep_nulls(mo_ladder *l, mo_step *step, const mo_change *change, mo_filling **out);
int mo_ladder_note_filled(mo_ladder *l, mo_step *step, const mo_filling *filling);
/* Does a fill give rows of this column a value instead of NULL? */
int mo_ladder_fills(const mo_part *p);
/* Is a stored value perhaps another one under the new definition of its column? */
int mo_ladder_converts(const mo_change *change, const mo_column *before, const mo_column *after);

/* refill.c */
/* The stages that the way back needs, one step a table, and their end. */
int mo_ladder_stages(mo_ladder *l);
int mo_ladder_refill(mo_ladder *l, const mo_refill *refill);
/* That of a table which comes back; NULL: it does not. And what a column of it gets, over the holder; NULL: nothing. */
const mo_refill *mo_ladder_refill_of(const mo_plan *p, const char *table);
const char *mo_ladder_refill_value(const mo_refill *r, const char *column);

/* affinity.c: SQLite's five, by the rules of its documentation ("Determination Of Column Affinity"). */
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
