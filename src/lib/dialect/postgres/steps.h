/* SPDX-License-Identifier: MIT */
/*
 * steps.h - inside this folder: how changes become steps, shared by steps.c (objects) and alter.c (the parts of tables).
 *
 * Everything that is dropped comes before what is created in its place, what others need before them, and what closes circles
 * (foreign keys) when all tables are there. Within one number, mo_plan_sort() goes by what the objects mention.
 */
#ifndef MO_PG_STEPS_H
#define MO_PG_STEPS_H

#include "dialect/postgres/postgres.h"

/* In this order; within the parts of a table there is room for a serial number. */
enum {
    MO_PG_ORDER_RENAME = 1000,
    MO_PG_ORDER_DROP_FOREIGN_KEY = 2000,
    MO_PG_ORDER_DROP = 3000,             /* what depends on tables, and what is made again */
    MO_PG_ORDER_DROP_CONSTRAINT = 10000, /* + serial */
    MO_PG_ORDER_CREATE = 20000,          /* what tables may need, and tables */
    MO_PG_ORDER_ALTER = 30000,           /* + serial */
    MO_PG_ORDER_ADD_CONSTRAINT = 40000,  /* + serial */
    MO_PG_ORDER_CREATE_INDEX = 50000,
    MO_PG_ORDER_ADD_FOREIGN_KEY = 60000, /* + serial */
    MO_PG_ORDER_CREATE_LATE = 70000,     /* what may depend on altered tables: views, triggers, policies */
    MO_PG_ORDER_DROP_LATE = 80000,       /* what nothing depends on any more: tables, functions, types */
    MO_PG_ORDER_SAY = 90000              /* comments and privileges */
};

typedef struct mo_pg_stepping {
    mo_conn *conn; /* live */
    mo_plan *plan;
    const mo_schema *from, *to;
    mo_map *again; /* "kind name" of what is there before and after, and is dropped and made again */
    int serial;
    mo_error *err;
} mo_pg_stepping;

/* A new step of one statement or more (`sql` is the first; NULL: none yet), with the statement's beginning as its title. NULL: no
 * memory. */
mo_step *mo_pg_step(mo_pg_stepping *s, mo_phase phase, int order, const char *method, const mo_object *o,
                    const char *sql);
/* The same for a text that is freed here; MOULT_OK or NOMEM. */
int mo_pg_step_text(mo_pg_stepping *s, mo_phase phase, int order, const char *method, const mo_object *o, mo_str *sql);

/* New columns of an altered table, in a form that asks nothing of the rows. */
int mo_pg_expand_table(mo_pg_stepping *s, const mo_change *change);
/* Must what depends on this table go while its parts change? */
int mo_pg_disturbs(const mo_change *change);
/* alter.c: the steps of an altered table. */
int mo_pg_alter_table(mo_pg_stepping *s, const mo_change *change);
/* alter.c: an object that PostgreSQL can alter in place; *done 0: it has to be dropped and made again. */
int mo_pg_alter_object(mo_pg_stepping *s, const mo_change *change, int *done);

int mo_pg_steps(mo_conn *c, mo_plan *plan, mo_error *err);
int mo_pg_expand_steps(mo_conn *c, mo_plan *plan, mo_error *err);
int mo_pg_renames(mo_plan *plan, int tolerant, mo_error *err);
int mo_pg_probe(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err);
void mo_pg_script_frame(const mo_plan *plan, const mo_part_of_plan *part, mo_str *before, mo_str *after);
void mo_pg_script_assert(const mo_statement *statement, mo_str *out);

#endif
