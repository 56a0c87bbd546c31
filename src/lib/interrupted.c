/* SPDX-License-Identifier: MIT */
/*
 * interrupted.c - an earlier apply that did not end: what it left, and who may go on.
 *
 * Only a plan of several transactions leaves a journal. Going on is not running the rest of the old plan: a plan is
 * computed from the state that is really there, and leads to the same schema.
 */
#include <string.h>

#include "start.h"

const char *mo_interrupted_text(mo_region *r, const mo_journal *j)
{
    mo_str s = {0};
    mo_str_addf(&s, "plan %.8s, begun %s by %s (process %lld on %s), ", j->plan_id, j->started_at, j->by,
                (long long)j->pid, j->host);
    mo_str_addf(&s, "%lld of its %lld transactions committed", (long long)j->done, (long long)j->parts);
    if (j->step > 0)
        mo_str_addf(&s, "; %s step %lld of %lld: %s", j->message ? "it failed in" : "the last one ended with",
                    (long long)j->step, (long long)j->steps, j->title);
    if (j->message)
        mo_str_addf(&s, "; %s", j->message);
    return mo_str_into(&s, r);
}

int mo_interrupted_read(start *s)
{
    moult *m = s->m;
    mo_error ignored = {{0}};
    int rc = mo_journal_read(m->dialect, m->conn, s->region, &s->journal, &m->error);
    if (rc != MOULT_OK || !s->journal.there || s->journal.done > 0)
        return rc;
    s->journal.there = 0;
    (void)mo_journal_end(m->dialect, m->conn, &ignored); /* the next apply that writes does it too */
    mo_error_clear(&ignored);
    return mo_monitor_log(
        &m->monitor, 1,
        "an earlier apply (process %lld on %s) was interrupted before its first commit: nothing of it "
        "is there",
        (long long)s->journal.pid, s->journal.host);
}

/* Is a hook missing that the interrupted plan had still to run? */
static const char *missing_hook(start *s, int *failed)
{
    mo_hook_records done;
    const moult_hook *hooks = s->m->options.pub.hooks;
    const char *at = s->journal.hooks ? s->journal.hooks : "";
    *failed = mo_hooks_read(s->m->dialect, s->m->conn, s->region, &done, &s->m->error);
    while (!*failed && *at) {
        size_t n = strcspn(at, "\n");
        const char *name = mo_region_dupn(s->region, at, n);
        int there = 0;
        if (name == NULL) {
            *failed = mo_error_nomem(&s->m->error);
            return NULL;
        }
        for (size_t i = 0; i < done.count; i++)
            there |= strcmp(done.items[i].version, name) == 0;
        for (size_t i = 0; hooks && hooks[i].version; i++)
            there |= strcmp(hooks[i].version, name) == 0;
        if (!there)
            return name;
        at += n + (at[n] == '\n');
    }
    return NULL;
}

static int interrupted(start *s, const char *hint)
{
    moult *m = s->m;
    const char *text = mo_interrupted_text(s->region, &s->journal);
    mo_error_set(&m->error, MOULT_INTERRUPTED, "an earlier apply to %s was interrupted, and is half done",
                 moult_database_name(m));
    mo_error_detail(&m->error, "%s", text ? text : "");
    return mo_error_hint(&m->error, "%s", hint);
}

int mo_interrupted_is_this(const start *s)
{
    return s->journal.there && strcmp(s->journal.declared_fp, s->plan->declared_fp) == 0;
}

int mo_interrupted_explains(start *s, int rc)
{
    moult *m = s->m;
    mo_error cause = {{0}};
    const char *text;
    if (!s->journal.there || s->resume)
        return rc;
    mo_error_move(&cause, &m->error);
    text = mo_interrupted_text(s->region, &s->journal);
    rc = interrupted(s, "see to the rows, then go on: moult resume");
    mo_error_detail(&m->error, "%s\n%s", text ? text : "", cause.pub.message ? cause.pub.message : "");
    mo_error_clear(&cause);
    return rc;
}

int mo_interrupted_check(start *s)
{
    const mo_journal *j = &s->journal;
    const moult_options *o = &s->m->options.pub;
    int failed = 0, same = mo_interrupted_is_this(s);
    const char *hook = same ? missing_hook(s, &failed) : NULL;
    if (failed)
        return s->m->error.pub.code;
    if (!same && s->plan->behind) /* going back was asked for, and ends it */
        return MOULT_OK;
    if (!same)
        return s->plan->steps.count == 0 ? MOULT_OK /* an older build, which finds all that it needs */
                                         : interrupted(s, "finish it first: moult resume; or go back: moult rollback");
    if (hook) {
        interrupted(s, "give the hooks that it was begun with");
        return mo_error_detail(&s->m->error, "hook %s has still to run, and is not here", hook);
    }
    if (s->plan->steps.count == 0 || o->mode == MOULT_MODE_AGGRESSIVE || o->approve)
        return MOULT_OK;
    if (s->resume && s->plan->risk <= j->risk) {
        s->allowed = 1;
        return MOULT_OK;
    }
    if (s->resume || (o->mode == MOULT_MODE_AUTO && s->plan->risk == MOULT_RISK_SAFE))
        return MOULT_OK;
    return interrupted(s, "look at moult status, then go on: moult resume");
}
