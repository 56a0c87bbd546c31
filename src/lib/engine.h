/* SPDX-License-Identifier: MIT */
/* engine.h - the handle, and the one-step lifecycle over the rooms. */
#ifndef MO_ENGINE_H
#define MO_ENGINE_H

#include "dialect/dialect.h"
#include "moult.h"
#include "run/run.h"
#include "source/source.h"
#include "state/state.h"

/* options.c - a checked, deep copy of the caller's options. */
typedef struct mo_options {
    mo_region *region;
    moult_options pub;
} mo_options;
int mo_options_copy(const moult_options *from, mo_options *out,
                    mo_error *err); /* INVALID names the member; from may be NULL */
void mo_options_free(mo_options *o);

/* limit.c - the clock of detection. */
typedef struct mo_limit {
    double used;  /* seconds, by this public call so far */
    double since; /* while it runs: since when */
    int depth;    /* how often it was begun */
    const char *what;
    mo_watch watch;
} mo_limit;

struct moult {
    mo_error error;
    mo_options options;
    mo_region *region; /* the URL */
    mo_url url;
    moult_open_mode open_mode;
    const mo_dialect *dialect;
    mo_conn *conn;
    mo_scope scope;
    mo_monitor monitor;
    mo_limit limit;
    moult_cache *cache; /* NULL: none */
    int cache_mine;     /* 1: closed with the handle */
    volatile int cancel;
    int64_t rollback; /* the version that is gone back to; 0: none */
};

struct moult_result {
    mo_error error;
    moult_outcome outcome;
    char *text;
    mo_plan *plan;
    int64_t version;
    char *exported; /* the path of the plan as a script; NULL: none was written */
};

struct moult_plan;   /* is an mo_plan */
struct moult_schema; /* is an mo_schema */

#endif
