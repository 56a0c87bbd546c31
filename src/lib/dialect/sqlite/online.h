/* SPDX-License-Identifier: MIT */
/*
 * online.h - rung 4: a rebuild in batches, while an application goes on reading and writing.
 *
 *   online_plan.c   is it possible, is it worth it, and what it costs
 *   online_keys.c   how a row is known again: in the old table, in the new one, in the log
 *   online_session.c  one batch, and the session that batches run in
 *   online_log.c    the triggers that log the keys of what is written meanwhile
 *   online_copy.c   the batches: copy, replay of the log, indexes
 *   online_fill.c   indexes, each in its own order, after the copy
 *   online_keep.c   what the attic keeps, in the same batches
 *   online_swap.c   the new table takes the place of the old one
 *   online_drop.c   what is done with leaves in batches
 *   online.c        the stages, and what an interrupted one left
 */
#ifndef MO_SQLITE_ONLINE_H
#define MO_SQLITE_ONLINE_H

#include "dialect/sqlite/ladder.h"
#include "dialect/sqlite/sqlite.h"

/* mo_step.driver: one of the first two, which is about the indexes, and the third where foreign keys must be checked. */
enum { MO_ONLINE_KEPT = 1, MO_ONLINE_LAST = 2, MO_ONLINE_KEYS = 4 };

#define MO_ONLINE_FIRST 200 /* rows of the first batch; then their time tells */
/* Seconds that a batch is to take; a disk or a machine that stops for a moment makes some four times as long. The second
 * where indexes are built last: that keeps writers waiting for longer anyway, and fewer pauses make it quicker. */
#define MO_ONLINE_BATCH 0.012
#define MO_ONLINE_BATCH_LAST 0.025
/* Between two batches: a writer that waits asks again after at most so long (SQLite's own busy handler, which waits 1, 2,
 * 5, 10, 15, 20 and 25 ms, has then waited for one batch at most). */
#define MO_ONLINE_PAUSE 0.016

/* How rows are known again. Names are as in the tables, without quotes. */
typedef struct mo_online_keys {
    const char *why_not; /* static text: it cannot be told which row is which; NULL: all below is set */
    int declared;        /* VACUUM leaves the key as it is */
    const char *row_id;  /* of the old table, under a name that reaches it; NULL: WITHOUT ROWID */
    MO_VEC(const char *) old_match, new_match; /* the same value in both tables, and unique in both */
    MO_VEC(const char *) scan;                 /* the order of the copy: row id or primary key of the old table … */
    MO_VEC(const char *) collations;           /* … with these collations; "" where it is the column's own */
} mo_online_keys;

/* A holder of the attic that is filled in the batches, under a name of its own until the swap. */
typedef struct mo_online_kept {
    const char *name, *holder;   /* until the swap, and after it */
    const char *create, *insert; /* the step's statements … */
    const char *fill;            /* … the second with the first name; more conditions may follow */
    const mo_object *object;     /* what `create` says */
    int batched;                 /* 0: it is created and filled in the swap */
} mo_online_kept;

/* A table that is being rebuilt. All names and texts lie in the region. */
typedef struct mo_online {
    mo_conn *c;
    const mo_step *step;
    const mo_drive *drive;
    mo_error *err;
    mo_region *region;
    mo_schema *holder; /* of the two below */
    const mo_object *before, *after;
    const char *table;  /* its name as the database has it */
    const char *suffix; /* what names of moult's own end with */
    const char *fresh, *log, *at, *old, *filling;
    mo_online_keys keys;
    const char *create, *copy;      /* statements of the step; copy NULL: no row can be */
    MO_VEC(const char *) sequences; /* … about AUTOINCREMENT, and what the attic keeps: in the swap */
    MO_VEC(mo_online_kept) kept;    /* … of which these are about its holders */
    MO_VEC(const char *) indexes;   /* … CREATE INDEX, as they are to be */
    char id[33], content[33];       /* hashes: of the step, and of the schema that it rests on */
    int64_t version;                /* schema_version, as this left it */
    int64_t done, total;
    int64_t batch;  /* rows that a batch takes now */
    int copied;     /* the copy is complete */
    int64_t filled; /* entries of the index that is being filled */
    int64_t newest; /* the last entry of the log when replay last looked; -1: it has not */
    int64_t gone;   /* up to this entry of the log, the rows are out of the new table */
    /* The session (online_session.c): what it was, and how much the last commit left in the WAL. */
    int entered, wal, wal_pages;
    int64_t synchronous, cache_size;
    int strict; /* a collision was seen: batches make sure that the next one is real */
} mo_online;

/* online_keys.c */
int mo_online_find_keys(mo_conn *c, mo_region *r, const mo_object *before, const mo_object *after, mo_online_keys *out,
                        mo_error *err);

/* online_log.c */
/* Creates the log, and the triggers on the old table. */
int mo_online_log(mo_online *o);
int mo_online_drop_triggers(mo_online *o);
extern const char *const mo_online_triggers[]; /* what their names begin with; ended by NULL */
/* "k1, k2" (with a prefix before each), and "x", "y" as identifiers. */
void mo_online_log_columns(mo_str *s, const char *prefix, size_t count);
void mo_online_names(mo_str *s, const char *prefix, const char *const *names, size_t count);
/* CREATE INDEX with other names; `old` is what the table is called in it. NULL: no memory. */
char *mo_online_index_as(mo_region *r, const char *sql, const char *name, const char *table, const char *old);
/* The name that it gives. NULL: no memory. */
char *mo_online_index_own_name(mo_region *r, const char *sql);

/* online_copy.c */
/* Brings the new table to what the old one is, but for the last few rows. */
int mo_online_copy(mo_online *o);
/* Replays all that is left of the log; the caller's transaction keeps everybody else from writing. */
int mo_online_replay_rest(mo_online *o);
/* Takes the rows of some entries of the log out of the new table: from the first (not with it) to the second. */
int mo_online_take_out(mo_online *o, int64_t from, int64_t to);
const char *mo_online_index_name(mo_online *o, size_t i);
/* Is all as this left it? CHANGED when somebody altered the schema, MO_ONLINE_RESTART when row ids were given anew. */
enum { MO_ONLINE_RESTART = 1 };
int mo_online_check(mo_online *o);

/* The names as one value: "t"."a", or ("t"."a", "t"."b"). */
void mo_online_row_value(mo_str *s, const char *table, const char *const *names, const char *const *collations,
                         size_t count);
/* " IN (…)": logged keys from entry ?1 (not with it) to ?2. */
void mo_online_logged(mo_online *o, mo_str *s);
/* " OP (…)": how far the copy is. */
void mo_online_reached(mo_online *o, mo_str *s, const char *op);

/* online_fill.c */
/* Makes an index of the new, empty table: one that can be filled later holds only the rows with a NULL until then. */
int mo_online_fill_begin(mo_online *o, size_t i);
/* Is one half filled? Then nothing may write the new table until it is whole. */
int mo_online_fill_begun(mo_online *o, int64_t *begun);
/* Fills it, or goes on. Two rows may collide only because the new table lags behind: then nothing is done. */
typedef enum mo_online_filling {
    MO_ONLINE_FILL_NOT_BEGUN = 0,
    MO_ONLINE_FILL_COLLIDES,
    MO_ONLINE_FILLED
} mo_online_filling;
int mo_online_fill(mo_online *o, size_t i, int begun, mo_online_filling *out);
/* Are all indexes what the rows are? Reads all of the new table; UNVERIFIED where they are not. */
int mo_online_fill_check(mo_online *o);
/* In a batch: the index is built at once instead. */
int mo_online_fill_give_up(mo_online *o, size_t i);

/* online_keep.c */
/* What the names of unfinished holders begin with; ended by NULL. */
extern const char *const mo_online_holders[];
/* Looks whether a statement of the step is about a holder. */
int mo_online_take_holder(mo_online *o, const char *sql);
/* Can what the step keeps be copied in batches? Sets `batched` of each; the keys and both tables are known. */
int mo_online_choose_kept(mo_online *o);
/* Creates the holders. */
int mo_online_keep_begin(mo_online *o);
/* For the rows that were copied last, before that is written down. */
int mo_online_keep_copied(mo_online *o);
/* For the rows of some entries of the log: out, before they leave the new table, and in again, after they are there. */
int mo_online_keep_out(mo_online *o, int64_t from, int64_t to);
int mo_online_keep_in(mo_online *o, int64_t to);
/* In the swap, before names change: is a statement done already? */
int mo_online_keep_did(const mo_online *o, const char *sql);
/* They get the names that the catalog has. */
int mo_online_keep_name(mo_online *o);
/* Unfinished ones leave, in batches. */
int mo_online_keep_clear(mo_online *o);
/* How a step keeps something for the attic, when it is run on this connection. */
typedef enum mo_online_keeping {
    MO_ONLINE_KEEPS_NOTHING = 0,
    MO_ONLINE_KEEPS_BATCHED,
    MO_ONLINE_KEEPS_IN_SWAP
} mo_online_keeping;
int mo_online_keeps(mo_conn *c, mo_region *r, const mo_step *step, const mo_object *before, const mo_object *after,
                    mo_online_keeping *out, mo_error *err);

/* online_swap.c */
int mo_online_swap(mo_online *o);
/* After rows of sqlite_schema were edited: everybody reads it again. */
int mo_online_close_schema(mo_online *o);
/* Makes the new table what is to be emptied, when it is not wanted any more. In a transaction. */
int mo_online_retire_fresh(mo_online *o);

/* online_drop.c */
/* Empties a table of moult's own in batches, its indexes first, and drops it. */
int mo_online_remove(mo_online *o, const char *table);
/* Goes on overwriting what an interrupted one left free. */
int mo_online_wipe(mo_online *o);

/* online.c */
int mo_online_run(mo_online *o, const char *sql, const mo_value *params, size_t count); /* one statement, no rows */
int mo_online_ask(mo_online *o, const char *sql, const char *text, int64_t *out); /* one number; `text`: ?1, or NULL */
/* Runs built text and frees it. */
int mo_online_run_str(mo_online *o, mo_str *sql, const mo_value *params, size_t count);
/* online_session.c */
int mo_online_enter(mo_online *o);
void mo_online_leave(mo_online *o); /* never fails; does nothing twice */
/* Notes when somebody else moved schema_version since the last batch of any table. */
int mo_online_see_moves(mo_online *o);
/* One batch: `work` between BEGIN IMMEDIATE and COMMIT, its time measured, then a pause. It says in *rows how many it did. */
int mo_online_batch(mo_online *o, int (*work)(mo_online *o, int64_t *rows, void *user), void *user, int64_t *rows);
int mo_online_note(const mo_online *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int mo_sqlite_drive(mo_conn *c, const mo_plan *plan, const mo_step *step, mo_drive_stage stage, const mo_drive *drive,
                    mo_error *err);
int mo_sqlite_tidy(mo_conn *c, const mo_plan *plan, const mo_drive *drive, mo_error *err);

#endif
