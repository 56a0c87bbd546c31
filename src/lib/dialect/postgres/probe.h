/* SPDX-License-Identifier: MIT */
/*
 * probe.h - inside this folder: what is asked of the rows.
 *
 *   probe.c          the walk over the tables, their one pass, and what becomes of the answers
 *   probe_name.c     which rows they are: up to five, by their primary key
 *   probe_key.c      rows that repeat the value of another, before what forbids that
 *   probe_foreign.c  rows without a parent, before a foreign key
 *   probe_type.c     values that do not fit another type, or that are other values in it
 */
#ifndef MO_PG_PROBE_H
#define MO_PG_PROBE_H

#include "dialect/postgres/steps.h"
#include "plan/evidence.h"

#define MO_PG_WHOLE (1u << MO_ATTR_COUNT) /* of what is asked of a constraint or an object */

/* One question. It is counted in the table's one pass by `condition`, or by a query of its own, `alone`. */
typedef struct mo_pg_question {
    mo_part *part; /* NULL: of the change as a whole */
    mo_findings *into;
    unsigned bit; /* what of the part the rows have nothing against, when there are none */
    const char *condition, *alone;
    const char *named;    /* a query for the first of these rows, as texts; NULL: there is none */
    const char *query;    /* all of them, for people; NULL likewise */
    const char *is, *are; /* what a row for which it holds is */
    int forbids;          /* 1: one such row forbids the change in every mode */
    int eases;            /* what no such row means: 2 safe, 1 medium at most, 0 nothing */
    int64_t rows;
} mo_pg_question;

typedef MO_VEC(mo_pg_question) mo_pg_questions;

typedef struct mo_pg_probing {
    mo_conn *conn;
    mo_plan *plan;
    double seconds;
    const mo_watch *watch;
    mo_deadline limit; /* of the table that is asked now */
    /* The table that is asked now. */
    mo_change *change; /* of it, or of its index */
    const char *table; /* by its name in the live database */
    mo_pg_questions questions;
    /* The first refusal is kept apart: asking goes on. */
    mo_error first;
    size_t refused;
    mo_str others;
    mo_error *err;
} mo_pg_probing;

/* --- probe.c --- */
/* Runs a query within the table's limit; *cut: it passed. */
int mo_pg_probe_query(mo_pg_probing *p, const char *sql, mo_row_fn row, void *user, int *cut);
/* The question is copied. NOMEM. */
int mo_pg_probe_add(mo_pg_probing *p, const mo_pg_question *q);
/* A column's name in the live database, when its values are to stay as they are; NULL: it is new, or they change. */
const char *mo_pg_probe_steady(const mo_pg_probing *p, const mo_change *table, const char *column);
/* The change of a table; NULL: it does not change. */
mo_change *mo_pg_probe_change_of(const mo_pg_probing *p, const char *table);
/* No plan can do it: said with all others of the kind, as mo_evidence_ask_fill() does. `text` is freed. */
int mo_pg_probe_refuse(mo_pg_probing *p, const mo_change *c, const mo_column *column, mo_str *text, const char *advice,
                       const char *what);

/* --- probe_name.c --- */
/* An expression for a row's name, of columns that are there now; NULL: it has no key, or no memory (*failed). */
const char *mo_pg_row_name(const mo_pg_probing *p, int *failed);
/* The columns of that key, as ORDER BY takes them; "": it has none, or no memory (*failed). */
const char *mo_pg_row_order(const mo_pg_probing *p, int *failed);
/* "id 7"; "ids 7, 19, …"; "code 'a'": so many rows by their names. In the plan's region; NULL: no memory. */
const char *mo_pg_row_names(const mo_pg_probing *p, const mo_pg_list *names, int64_t rows);
/* The names that the query gives. */
int mo_pg_name_rows(mo_pg_probing *p, const char *query, int64_t rows, const char **out);

/* --- the questions of one part each --- */
int mo_pg_ask_key(mo_pg_probing *p, mo_part *part);
int mo_pg_ask_unique_index(mo_pg_probing *p);
int mo_pg_ask_foreign(mo_pg_probing *p, mo_part *part);
int mo_pg_ask_type(mo_pg_probing *p, mo_part *part);

#endif
