/* SPDX-License-Identifier: MIT */
/*
 * record.c - what an apply writes down: the journal while it runs, hooks that ran, the version in the history, the used
 * approval, and what the fast path will find.
 *
 * Each of them is in the transaction of what it speaks of.
 */
#include <string.h>
#include <unistd.h>

#include "attic.h"
#include "base/lock.h"
#include "hooks.h"
#include "start.h"

const char *mo_start_who(start *s)
{
    char account[64];
    if (s->m->options.pub.applied_by)
        return s->m->options.pub.applied_by;
    mo_account(account, sizeof account);
    return mo_region_dup(s->region, account);
}

const char *mo_start_host(start *s)
{
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return mo_region_dup(s->region, name);
}

int mo_start_last(start *s, int64_t *version, char fingerprint[65], const char **kind)
{
    mo_versions all = {0};
    int rc = mo_history_read(s->m->dialect, s->m->conn, s->region, &all, &s->m->error);
    *version = 0;
    *kind = NULL;
    fingerprint[0] = '\0';
    if (rc == MOULT_OK && all.count) {
        const moult_version_info *last = &all.items[all.count - 1].info;
        *version = last->version;
        *kind = last->kind;
        memcpy(fingerprint, last->to, strnlen(last->to, 64) + 1);
        fingerprint[64] = '\0';
    }
    return rc;
}

int mo_start_check_history(start *s)
{
    moult *m = s->m;
    mo_problems found;
    int rc = mo_history_verify(m->dialect, m->conn, s->region, &found, &m->error);
    for (size_t i = 0; rc == MOULT_OK && i < found.count; i++)
        rc = mo_monitor_log(&m->monitor, 2, "the history was changed by hand: %s", found.items[i]);
    if (rc == MOULT_CANCELLED)
        mo_error_set(&m->error, rc, "cancelled");
    return rc;
}

int mo_start_remember(start *s, moult_outcome outcome, int64_t version)
{
    mo_fast what = {1, outcome, version};
    mo_hash marker;
    int rc;
    if (!s->from_inputs || s->read.form != MO_SOURCE_TEXTS || s->m->options.pub.phase != MOULT_PHASE_ALL)
        return MOULT_OK;
    rc = s->m->dialect->marker(s->m->conn, &marker, &s->m->error);
    return rc == MOULT_OK ? mo_fast_record(s->m->dialect, s->m->conn, s->inputs, marker, &what, &s->m->error) : rc;
}

/* --- the history --------------------------------------------------------------------------------------------------- */

/* What driver steps leave is cleared away after the commit. Killed before that, the next start shall look, and do it. */
static int leaves_something(const mo_plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++)
        if (plan->steps.items[i].driver)
            return 1;
    return 0;
}

static int changes_schema(const mo_plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++)
        if (!plan->steps.items[i].hook)
            return 1;
    return 0;
}

static int add_version(start *s, const char *from)
{
    char now[32];
    mo_version v = {{0}, s->plan->declared};
    int rc;
    mo_clock_utc(now);
    v.info.applied_at = now;
    v.info.applied_by = mo_start_who(s);
    v.info.host = mo_start_host(s);
    v.info.plan_id = s->plan->steps.count ? s->plan->id : NULL;
    v.info.from = from;
    v.info.to = s->plan->declared_fp;
    v.info.kind = s->plan->steps.count == 0 && !s->plan->waits ? "record" : s->kind;
    v.info.changes = (int64_t)s->plan->rows.count;
    v.info.seconds = mo_clock_now() - s->began;
    v.info.tool = MOULT_VERSION;
    if (v.info.applied_by == NULL || v.info.host == NULL)
        return mo_error_nomem(&s->m->error);
    rc = mo_history_add(s->m->dialect, s->m->conn, &v, &s->m->error);
    s->added = rc == MOULT_OK;
    s->result->version = v.info.version;
    return rc;
}

static int record(void *user, mo_error *err)
{
    start *s = user;
    char last[65];
    const char *kind;
    int64_t version;
    int rc = mo_state_create(s->m->dialect, s->m->conn, err);
    if (rc == MOULT_OK)
        rc = mo_start_last(s, &version, last, &kind);
    if (rc != MOULT_OK)
        return rc;
    s->result->version = version;
    if (changes_schema(s->plan) || s->plan->waits || version == 0 || strcmp(last, s->plan->declared_fp) != 0 ||
        strcmp(s->kind, "contract") == 0)
        rc = add_version(s, last);
    if (rc == MOULT_OK && s->plan->fresh)
        rc = mo_hooks_not_needed(s->m, s->result->version);
    if (rc == MOULT_OK && s->plan->behind) /* going forward again will need them again */
        rc = mo_hooks_forget(s->m->dialect, s->m->conn, s->plan->behind_version, err);
    return rc;
}

static int hook_ran(void *user, const mo_step *step, double seconds, mo_error *err)
{
    start *s = user;
    mo_hook_record ran = {step->hook, step->hook_code, "ran", 0, seconds};
    char last[65];
    const char *kind;
    int rc = mo_state_create(s->m->dialect, s->m->conn, err);
    if (rc == MOULT_OK)
        rc = mo_start_last(s, &ran.schema_version, last, &kind);
    /* before the DDL the version that it belongs to is still to be written */
    if (rc == MOULT_OK && changes_schema(s->plan) && s->result->version == 0)
        ran.schema_version++;
    return rc == MOULT_OK ? mo_hooks_add(s->m->dialect, s->m->conn, &ran, err) : rc;
}

/* --- the journal --------------------------------------------------------------------------------------------------- */

/* The versions of the plan's hooks, one a line: whoever goes on must have them too. */
static const char *hook_names(start *s)
{
    mo_str names = {0};
    for (size_t i = 0; i < s->plan->steps.count; i++)
        if (s->plan->steps.items[i].hook)
            mo_str_addf(&names, "%s\n", s->plan->steps.items[i].hook);
    mo_str_add(&names, "");
    return mo_str_into(&names, s->region);
}

static unsigned options_of(const start *s)
{
    const moult_options *o = &s->m->options.pub;
    return (o->own == MOULT_OWN_ALL ? (unsigned)MO_JOURNAL_OWN_ALL : 0) |
           (o->column_order_strict ? (unsigned)MO_JOURNAL_COLUMN_ORDER : 0) |
           (s->plan->behind ? (unsigned)MO_JOURNAL_BACKWARD : 0) | (o->no_attic ? (unsigned)MO_JOURNAL_NO_ATTIC : 0) |
           (o->phase == MOULT_PHASE_CONTRACT ? (unsigned)MO_JOURNAL_CONTRACT : 0);
}

/* Transactions of the interrupted plan that this one goes on from: the database stays half done until the last of this one. */
static int64_t committed_before(const start *s)
{
    return s->journal.there ? s->journal.done : 0;
}

static int begin_journal(void *user, size_t parts, mo_error *err)
{
    start *s = user;
    const mo_plan *p = s->plan;
    mo_journal j = {.plan_id = p->id, .declared_fp = p->declared_fp, .declared = p->declared, .pid = (int64_t)getpid()};
    int mine = 0, rc;
    j.hooks = hook_names(s);
    j.by = mo_start_who(s);
    j.host = mo_start_host(s);
    j.risk = p->risk;
    j.done = committed_before(s);
    j.parts = j.done + (int64_t)parts;
    j.steps = (int64_t)p->steps.count;
    j.options = options_of(s);
    j.attic_age = p->attic.age;
    if (j.hooks == NULL || j.by == NULL || j.host == NULL)
        return mo_error_nomem(err);
    if (s->journal.there && s->journal.risk > j.risk)
        j.risk = s->journal.risk; /* what was allowed once, for the same schema, stays allowed */
    rc = s->m->dialect->begin(s->m->conn, 1, err);
    mine = rc == MOULT_OK;
    if (rc == MOULT_OK)
        rc = mo_state_create(s->m->dialect, s->m->conn, err);
    if (rc == MOULT_OK)
        rc = mo_journal_begin(s->m->dialect, s->m->conn, &j, err);
    if (rc == MOULT_OK)
        rc = s->m->dialect->commit(s->m->conn, err);
    if (rc != MOULT_OK && mine)
        s->m->dialect->rollback(s->m->conn);
    return rc;
}

static int end_part(void *user, size_t done, int last, size_t step, const char *title, mo_error *err)
{
    start *s = user;
    const mo_dialect *d = s->m->dialect;
    int rc = MOULT_OK;
    if (done == 1) /* also when it was approved on the spot: it does not wait any more */
        rc = mo_plans_use(d, s->m->conn, s->plan->id, err);
    if (rc == MOULT_OK && !last)
        return mo_journal_move(d, s->m->conn, committed_before(s) + (int64_t)done, step, title, err);
    if (rc == MOULT_OK && (s->parts > 1 || mo_interrupted_is_this(s) || (s->journal.there && s->plan->behind)))
        rc = mo_journal_end(d, s->m->conn, err);
    if (rc == MOULT_OK)
        rc = mo_attic_expire(s->m);
    if (rc == MOULT_OK && !leaves_something(s->plan))
        rc = mo_start_remember(s, s->plan->waits ? MOULT_WAITING : MOULT_UP_TO_DATE, s->result->version);
    return rc;
}

/* Where nothing was committed there is nothing to go on with. What cannot be written down is no second error. */
static void part_failed(void *user, size_t done, size_t step, const char *title, const mo_error *cause)
{
    start *s = user;
    mo_error ignored = {{0}};
    if (done == 0 && !s->journal.there)
        (void)mo_journal_end(s->m->dialect, s->m->conn, &ignored);
    else
        (void)mo_journal_fail(s->m->dialect, s->m->conn, step, title, cause->pub.message, &ignored);
    mo_error_clear(&ignored);
}

mo_run_calls mo_start_calls(start *s)
{
    return (mo_run_calls){s, begin_journal, hook_ran, record, end_part, part_failed};
}
