/* SPDX-License-Identifier: MIT */
/* start.h - one start on its way: what engine.c decides with, and record.c writes down. */
#ifndef MO_START_H
#define MO_START_H

#include "engine.h"

typedef struct start {
    moult *m;
    moult_result *result;
    mo_region *region;
    mo_source_read read;
    mo_hash inputs;         /* of all that can make a plan non-empty, the database aside */
    mo_plan *plan;          /* what runs */
    int from_inputs;        /* 1: the plan was made from the inputs, so the fast path may remember them */
    int approved;           /* by a person, in the database */
    mo_journal journal;     /* of an earlier apply that was interrupted; none: `there` is 0 */
    int allowed;            /* 1: what remains of it was allowed when it began */
    int added;              /* 1: a version was added to the history */
    int resume;             /* 1: a person said to go on with it */
    size_t parts;           /* transactions of what runs */
    moult_lock_info before; /* LEFT: who had the lock, and what it did when it ended */
    const char *backup;
    const char *kind; /* for the history */
    const char *why;  /* what the engine said when it refused to write; NULL: nothing was tried */
    double began;
} start;

/* engine.c */
int mo_start_begin(moult *m, start *s, moult_result *result);

/* inputs.c - the fast path. */
/* Hashes what the caller gave: s->inputs. */
int mo_start_inputs(start *s);
/* Sets *hit, and the result when it is one. */
int mo_start_fast_path(start *s, int *hit);

/* approvals.c */
/* May this handle write to its database, as far as one can tell before it tries? */
int mo_start_may_write(moult *m);
int mo_start_store(moult *m, const mo_plan *plan);

/* record.c - what an apply writes down. */
const char *
mo_start_who(start *s); /* what the caller says, else the account of the process; in the region. NULL: no memory */
const char *mo_start_host(start *s); /* likewise */
/* The last version of the history, its fingerprint, and its kind (NULL: none); 0 when there is none. */
int mo_start_last(start *s, int64_t *version, char fingerprint[65], const char **kind);
/* Warns where the history was changed by hand. That is no reason not to go on: no row of the data depends on it. */
int mo_start_check_history(start *s);
/* Notes for the fast path what these inputs came to. Only where they alone made the plan. */
int mo_start_remember(start *s, moult_outcome outcome, int64_t version);
/* The functions that mo_run() calls meanwhile. */
mo_run_calls mo_start_calls(start *s);

/* interrupted.c - an earlier apply that did not end. */
/* Reads its journal; one that had committed nothing is cleared away, and said. Under the lock. */
int mo_interrupted_read(start *s);
/* May this start go on with the plan, in view of the journal? MOULT_OK, or INTERRUPTED, which says what is there. */
int mo_interrupted_check(start *s);
/* Is what was interrupted on its way to the schema of this plan? */
int mo_interrupted_is_this(const start *s);
/* A plan could not be made: where the journal explains it, the error becomes INTERRUPTED. Returns the code. */
int mo_interrupted_explains(start *s, int rc);
/* What the journal says, in one line; in the region. NULL: no memory. */
const char *mo_interrupted_text(mo_region *r, const mo_journal *j);

#endif
