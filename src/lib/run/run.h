/* SPDX-License-Identifier: MIT */
/* run.h - the ends of the pipe that talk to an engine: proof, and the apply with its verification. */
#ifndef MO_RUN_H
#define MO_RUN_H

#include "dialect/dialect.h"
#include "plan/plan.h"

/* What runs is watched by this: progress events, cancellation, time limits. */
typedef struct mo_monitor {
    moult_event_fn on_event;
    void *user;
    const volatile int *cancel;
    double statement_timeout;
    double probe_timeout; /* for asking the rows of one table */
    mo_lock *lock;        /* moult's lock, while it is held; NULL: nobody is told by it */
} mo_monitor;
/* What runs now, for whoever looks at the lock. */
void mo_monitor_note(const mo_dialect *d, const mo_monitor *m, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int mo_monitor_log(const mo_monitor *m, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* prove.c - runs the plan's steps on a scratch copy of what they touch (all of it with `full`), and compares with the target. UNPROVED
 * names each difference. */
int mo_prove(const mo_dialect *d, mo_conn *c, const mo_plan *plan, int full, mo_deadline deadline, mo_error *err);

/* What the caller writes down meanwhile. */
typedef struct mo_run_calls {
    void *user;
    /* Before the first of several parts, outside any transaction. */
    int (*begin)(void *user, size_t parts, mo_error *err);
    /* Inside the transaction of a hook that ran. */
    int (*hook)(void *user, const mo_step *step, double seconds, mo_error *err);
    /* Inside the transaction at whose end the schema is the target: the history. */
    int (*record)(void *user, mo_error *err);
    /* Inside every part's transaction, last of all: so many parts are done with it, and this was its last step. */
    int (*part)(void *user, size_t done, int last, size_t step, const char *title, mo_error *err);
    /* A plan of several parts failed: `done` of them are committed. Must leave `err` as it is. */
    void (*failed)(void *user, size_t done, size_t step, const char *title, const mo_error *err);
} mo_run_calls;

/* run.c - runs the steps, in as few transactions as they allow; before the last commit of DDL the schema is read again and
 * must be the target (`plan->to`), and `record` is called. A part that fails is undone where DDL is transactional. CHANGED when
 * the live schema is not `plan->from` any more, or the rows do not say any more what the plan was made for. The caller holds the lock. */
int mo_run(const mo_dialect *d, mo_conn *c, mo_plan *plan, const mo_scope *scope, const mo_monitor *monitor,
           const mo_run_calls *calls, mo_error *err);

/* verify.c - how two schemas differ, for a person: one line an object; "" when they do not. */
int mo_describe_difference(const mo_schema *expected, const mo_schema *found, mo_str *out, mo_error *err);

/* Clears away what interrupted driver steps left, where no plan is to go on with it. */
int mo_run_tidy(const mo_dialect *d, mo_conn *c, mo_monitor *monitor, mo_error *err);

#endif
