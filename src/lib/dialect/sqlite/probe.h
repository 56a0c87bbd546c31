/* SPDX-License-Identifier: MIT */
/*
 * probe.h - inside this folder: asking the rows of one table.
 *
 *   probe.c           the slot: which tables, in which order; what is said of a table as a whole
 *   probe_ask.c       the questions of a table in one pass over it, and one query more where a pass cannot answer
 *   probe_view.c      the rows as they will be: renamed, filled, converted
 *   probe_column.c    what is asked of columns: NULL, defaults, values that go, generated ones
 *   probe_check.c     rows that a CHECK refuses
 *   probe_key.c       duplicates, and values that become the same
 *   probe_foreign.c   rows without a parent
 *   probe_cast.c      values that a new type changes or refuses: the engine itself is asked, in a scratch
 *   probe_size.c      bytes
 */
#ifndef MO_SQLITE_PROBE_H
#define MO_SQLITE_PROBE_H

#include "dialect/sqlite/ladder.h"
#include "dialect/sqlite/sqlite.h"
#include "plan/evidence.h"

/* The bit of what is no column. */
#define MO_WHOLE 1u

/* Rows that a question holds for. */
typedef struct mo_found {
    int64_t rows;
    int named;   /* so many keys are in `keys` */
    mo_str keys; /* "7, 19, 4002" */
} mo_found;

typedef enum mo_asked { MO_NOT_ASKED = 0, MO_ANSWERED, MO_CUT_SHORT, MO_UNASKABLE } mo_asked;

/* What a value becomes in a column of another type. */
typedef enum mo_fate { MO_FATE_SAME = 0, MO_FATE_OTHER_FORM, MO_FATE_CHANGED, MO_FATE_REFUSED, MO_FATE_COUNT } mo_fate;
typedef struct mo_cast mo_cast;
typedef struct mo_probe mo_probe;

typedef struct mo_question {
    size_t number;                 /* its place among the questions */
    int alone;                     /* 1: no pass answers it */
    const char *condition;         /* over the row as it will be; or */
    int stored;                    /* 1: over the row as it is stored now */
    mo_cast *cast;                 /* what becomes of a value */
    mo_found found[MO_FATE_COUNT]; /* condition: [0]; cast: by fate */
    mo_asked asked;
    const char *why; /* UNASKABLE: the engine's words */
    mo_findings *into;
    unsigned bit;  /* of `clear` and `mildly` there: set when it is asked, taken away by what is found */
    mo_part *part; /* NULL: it is about an index */
    /* What the answer means. */
    int (*judge)(mo_probe *p, struct mo_question *q);
    const void *about; /* the judge's */
} mo_question;

struct mo_probe {
    mo_conn *conn;
    mo_plan *plan;
    mo_region *region;           /* of this table's questions */
    const mo_object *before;     /* the table after the renames */
    const mo_object *after;      /* as it will be; NULL: only indexes change */
    mo_change *change;           /* its ALTER; NULL: only indexes change */
    MO_VEC(mo_change *) indexes; /* that are made on it */
    const char *live;            /* its name in the database */
    int64_t rows;                /* -1: not known */
    MO_VEC(mo_question *) questions;
    MO_VEC(const char *) computed; /* columns of the view that are not as they are stored */
    size_t asking, asking_end;     /* the questions that the view is for: it gives what they say of stored rows */
    MO_VEC(const char *) key;      /* the columns that tell rows apart; none: by row id */
    mo_scratch *scratch;           /* where casts are tried; NULL: none is */
    MO_VEC(mo_cast *) casts;
    double seconds;
    mo_deadline limit;
    const mo_watch *outer;
    int late; /* the limit has passed: nothing more is asked */
    size_t *refused;
    mo_error *first; /* the first refusal */
    mo_str *others;  /* all others */
    mo_error *err;
};

/* probe_ask.c */
mo_question *mo_probe_add(mo_probe *p, mo_part *part, mo_findings *into, unsigned bit,
                          int (*judge)(mo_probe *p, mo_question *q)); /* NULL: no memory */
void mo_question_blame(mo_question *q);                               /* something is lost or refused, or not known */
void mo_question_soften(mo_question *q);                              /* nothing is lost, but not all is as it was */
int mo_probe_pass(mo_probe *p);
/* One query under the limits, for a question of its own; `row` takes what it gives. */
int mo_probe_query(mo_probe *p, mo_question *q, const mo_str *sql, mo_row_fn row, void *user);
/* Takes one integer. */
int mo_probe_take_integer(void *user, size_t count, const mo_value *values);
/* Into an answer, for words. */
int mo_probe_answer(mo_probe *p, const mo_question *q, int which, mo_answer *out);
/* What was found, as evidence. */
int mo_probe_tell(mo_probe *p, mo_question *q, int which, const char *is, const char *are);
/* "_moult_note(0, "_moult_k0")": counts the row, and remembers its keys. */
void mo_probe_note(mo_str *sql, const mo_probe *p, const mo_question *q);
/* The functions that questions call: there while a table is asked. */
int mo_probe_functions(mo_probe *p, int there);

/* probe_view.c */
/* Is what the question is about, a condition or the value to be cast, a column of the view: "_moult_q7"? */
int mo_probe_gives(const mo_probe *p, const mo_question *q);
/* The rows as they will be, as what a FROM takes. */
int mo_probe_from(mo_probe *p, mo_str *sql);
/* An expression for a column's value as it will be, over the table as it is. 0: there is none that is simple. */
int mo_probe_value(mo_probe *p, const mo_column *after, mo_str *sql);
/* Makes the view give what an expression names as it will be. Sets *simple to 0 when a column in it cannot be computed,
 * and *stored to 0 when one is not as it is stored now. */
int mo_probe_names(mo_probe *p, const char *expression, size_t length, int *simple, int *stored);
const mo_part *mo_probe_part_of(const mo_probe *p, const char *column); /* its CREATE or ALTER; NULL: none */
/* Does an expression mention the name? */
int mo_probe_mentions(const char *expression, size_t length, const char *name);
const char *mo_probe_unrenamed(const mo_probe *p); /* the table, quoted, where no rename stands in between; else NULL */

/* probe_cast.c */
int mo_probe_cast(mo_probe *p, const mo_column *before, const mo_column *after, mo_cast **out);
mo_fate mo_cast_try(mo_cast *cast, sqlite3_value *value);
/* The value as it will be stored; NULL when it would be refused. Valid until the next call. */
sqlite3_value *mo_cast_value(mo_cast *cast, sqlite3_value *value);
void mo_casts_free(mo_probe *p);
/* An expression for what will be stored of a value; `number`: the cast's place among them. */
void mo_cast_stored(mo_str *sql, const mo_cast *cast, size_t number, const char *value);
/* "CASE WHEN … THEN _moult_cast(question, value": what is left are the keys, and ") END".
 * `given`: the view gives the value as "_moult_q" and the number of the question. */
void mo_cast_call(mo_str *sql, const mo_cast *cast, size_t question, int given);
/* The value that it takes, over the row as it is stored. */
const char *mo_cast_operand(const mo_cast *cast);
int mo_probe_changes_store(const mo_probe *p, const mo_column *before, const mo_column *after);
int mo_probe_ask_cast(mo_probe *p, mo_part *part);
int mo_probe_ask_strict(mo_probe *p, mo_part *part);
/* A column becomes the row id. */
int mo_probe_ask_key_values(mo_probe *p, mo_part *part, const mo_column *before, const mo_column *after);

/* probe_column.c, probe_check.c, probe_key.c, probe_foreign.c: the questions of one part, or of the indexes. */
int mo_probe_ask_column(mo_probe *p, mo_part *part);
int mo_probe_ask_check(mo_probe *p, mo_part *part, const mo_constraint *check);
/* The foreign key whose rows a dropped index finds, as "orders(user_id)", when nothing else does; NULL: none. NOMEM. */
int mo_probe_serves(mo_probe *p, const mo_object *index, const char **out);
int mo_probe_ask_foreign(mo_probe *p, mo_part *part, const mo_constraint *key);
int mo_probe_ask_key_nulls(mo_probe *p, mo_part *part);
/* After the pass, each by a query of its own. */
int mo_probe_duplicates(mo_probe *p);
/* What a new or changed column does to the choice of the steps; and what is refused outright. */
int mo_probe_judge_column(mo_probe *p, mo_part *part);
int mo_probe_judge_new_key(mo_probe *p, const mo_constraint *k);

/* probe_size.c */
int mo_probe_bytes(mo_probe *p, int64_t *bytes);

#endif
