/* SPDX-License-Identifier: MIT */
/* limit.c - the time limit of detection. */
#include "limit.h"

#include <stdio.h>

/* There is always a moment left, since 0 would be no limit. */
static const double a_moment = 0.001;

void mo_limit_start(moult *m)
{
    m->limit.used = 0;
}

static double left(const moult *m)
{
    const mo_limit *l = &m->limit;
    double used = l->used + (l->depth ? mo_clock_now() - l->since : 0);
    return m->options.pub.detect_timeout - used;
}

static int is_late(const moult *m)
{
    return m->options.pub.detect_timeout > 0 && left(m) <= 0;
}

double mo_limit_seconds(const moult *m)
{
    double seconds = left(m);
    if (!(m->options.pub.detect_timeout > 0))
        return 0;
    return seconds > a_moment ? seconds : a_moment;
}

mo_patience mo_limit_patience(const moult *m)
{
    return (mo_patience){mo_limit_seconds(m), &m->cancel};
}

mo_deadline mo_limit_deadline(const moult *m)
{
    return mo_deadline_in(mo_limit_seconds(m));
}

/* Asked while a statement runs: the code only, the dialect makes the error. */
static int tick(void *user, int64_t rows_done)
{
    const moult *m = user;
    (void)rows_done;
    if (mo_cancelled(&m->cancel))
        return MOULT_CANCELLED;
    return is_late(m) ? MOULT_TIMEOUT : MOULT_OK;
}

void mo_limit_begin(moult *m, const char *what)
{
    mo_limit *l = &m->limit;
    l->what = what;
    if (l->depth++)
        return;
    l->since = mo_clock_now();
    l->watch = (mo_watch){tick, m};
    m->dialect->limit(m->conn, &l->watch);
}

int mo_limit_next(moult *m, const char *what)
{
    m->limit.what = what;
    switch (tick(m, -1)) {
    case MOULT_CANCELLED:
        return mo_error_set(&m->error, MOULT_CANCELLED, "cancelled while %s", what);
    case MOULT_TIMEOUT:
        return mo_error_set(&m->error, MOULT_TIMEOUT, "there was no time left");
    default:
        return MOULT_OK;
    }
}

/* The first error becomes the detail of one that names the limit. */
static int name_limit(moult *m)
{
    mo_error first = {0};
    mo_error_move(&first, &m->error);
    mo_error_set(&m->error, MOULT_TIMEOUT, "planning took longer than its limit of %g seconds, while %s",
                 m->options.pub.detect_timeout, m->limit.what);
    if (first.pub.message)
        mo_error_detail(&m->error, "%s", first.pub.message);
    mo_error_clear(&first);
    return mo_error_hint(&m->error, "find out what takes so long, or allow more time: --detect-timeout (the option "
                                    "detect_timeout); nothing was changed");
}

int mo_limit_end(moult *m, int rc)
{
    mo_limit *l = &m->limit;
    if (--l->depth)
        return rc;
    l->used += mo_clock_now() - l->since;
    m->dialect->limit(m->conn, NULL);
    /* who waits for another writer has two limits: it is named which one ended it */
    return rc == MOULT_TIMEOUT || (rc == MOULT_LOCKED && is_late(m)) ? name_limit(m) : rc;
}
