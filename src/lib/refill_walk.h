/* SPDX-License-Identifier: MIT */
/* refill_walk.h - one table on its way back through the versions: what refill.c, refill_walk.c and refill_stage.c share. */
#ifndef MO_REFILL_WALK_H
#define MO_REFILL_WALK_H

#include "engine.h"

#define MO_REFILL_ROW "\"_moult_a\"" /* a row of a holder, in a look-up */

/* What went wrong: bits of walk.failed. */
#define MO_WALK_LONG 1    /* an expression is too long */
#define MO_WALK_NOMEM 2   /* no memory */
#define MO_WALK_REFUSED 4 /* the engine refused a statement: the handle's error says why */

/* How heavy an expression is: look-ups inside each other, and all of them. 0: it is just a column. */
typedef struct mo_weight {
    int depth, looks;
} mo_weight;

typedef struct known {
    const char *name;
    const char *sql; /* NULL: nothing is known */
    mo_weight weight;
} known;
typedef MO_VEC(known) known_list;

/* An entry that is looked at for columns that come back. */
typedef struct use {
    const mo_attic_entry *entry;
    const char *match; /* in the names of the live database */
    mo_name_list columns;
} use;

typedef struct walk {
    moult *m;
    mo_plan *plan;
    mo_region *region;
    /* The versions from the one that is gone back to, to the last. One that went back to an earlier one stands next to that
     * one: it is the same again, and what lies between was undone. */
    int64_t *versions;
    int *again; /* of each: it is the same as the one before */
    size_t count;
    mo_schema **schemas;
    mo_attic_entries entries;
    MO_VEC(use) uses;
    /* the table at hand */
    mo_object *table;      /* as desired */
    const char **names;    /* of the table, in each version; NULL: it is not there any more */
    const char ***columns; /* of each desired column, in each version; likewise */
    size_t alive;          /* the last version that has it */
    const mo_object *live;
    const mo_attic_entry *base; /* it was dropped: its holder */
    const char *from;           /* where its rows of today are: the table, or its holder */
    const char *row_id;         /* how their row id is told; NULL: not at all */
    mo_name_list ids;           /* what tells them: the row id, or the columns of their key; empty: nothing */
    int as_live;                /* names are those of the live database; else those that the plan's renames make */
    size_t first_stage, stage;  /* in plan->stages: the table's first, and its next */
    int failed;                 /* MO_WALK_…; 0: nothing did */
} walk;

/* The table of that name in version k (of the walk); NULL: none, or `name` is NULL. */
const mo_object *mo_walk_table(const walk *w, size_t k, const char *name);
/* Follows w->table through the versions: w->names, w->columns, w->alive. 0, or -1 without memory. */
int mo_walk_trace(walk *w);
/* What is known of the columns of the version that is gone back to. `as_live`: in the names of the live database, and what is
 * looked at is noted in w->uses. w->failed tells what went wrong. First the other way, then `as_live`, with the same stages. */
void mo_walk_know(walk *w, int as_live, known_list *all);
known *mo_walk_known(const known_list *all, const char *name);
/* The fill that was given for a column, or NULL. */
const char *mo_walk_given(const walk *w, const char *column);
/* The desired column that a column of version k is; NULL: none. */
mo_column *mo_walk_desired(const walk *w, size_t k, const char *name);
/* The column of the live table that a desired column is; NULL: it comes back. */
const mo_column *mo_walk_live(const walk *w, const mo_column *c);
/* Where what is known has grown heavy, a stage of the plan gives it from here on. */
void mo_walk_stage(walk *w, known_list *all);
/* Runs a statement on the live database, under the limits of detection. */
int mo_walk_run(walk *w, const char *sql);
int mo_walk_has(const mo_name_list *names, const char *name, size_t *place);

#endif
