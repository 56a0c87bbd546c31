/* SPDX-License-Identifier: MIT */
/*
 * engine.c - the lifecycle: fast path → lock → detect → (refuse | run) → record.
 *
 * The fast path takes no lock. Whoever gets the lock looks again first: another may have done the work meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lock.h"
#include "caching.h"
#include "detect.h"
#include "export.h"
#include "hooks.h"
#include "limit.h"
#include "locking.h"
#include "report.h"
#include "risk/risk.h"
#include "start.h"

/* --- running ------------------------------------------------------------------------------------------------------- */

static int backup_tick(void *user, int64_t rows_done)
{
    const start *s = user;
    (void)rows_done;
    return mo_cancelled(&s->m->cancel) ? MOULT_CANCELLED : MOULT_OK;
}

static int wants_backup(const start *s)
{
    return !s->m->options.pub.no_backup && s->plan->steps.count > 0 &&
           (s->plan->risk != MOULT_RISK_SAFE || s->plan->own_risk != MOULT_RISK_SAFE);
}

static int check_room(start *s)
{
    const mo_dialect *d = s->m->dialect;
    return d->room ? d->room(s->m->conn, s->plan, wants_backup(s), &s->m->error) : MOULT_OK;
}

static int backup(start *s)
{
    moult *m = s->m;
    mo_watch watch = {backup_tick, s};
    int rc;
    if (!wants_backup(s))
        return MOULT_OK;
    mo_monitor_note(m->dialect, &m->monitor, "plan %.8s, backup", s->plan->id);
    rc = m->dialect->backup(m->conn, s->region, &watch, &s->backup, &m->error);
    if (rc == MOULT_OK && s->backup)
        rc = mo_monitor_log(&m->monitor, 1, "backup written to %s", s->backup);
    return rc;
}

/* Off the transaction: the database as everybody sees it now. */
static int verify_after(start *s)
{
    moult *m = s->m;
    mo_schema *live = NULL;
    int rc = mo_detect_inspect(m, &live);
    if (rc == MOULT_OK && strcmp(live->fingerprint, s->plan->to) != 0) {
        mo_str difference = {0};
        rc = mo_error_set(&m->error, MOULT_UNVERIFIED,
                          "the plan was applied, but the database is not the desired schema any more");
        mo_error_hint(&m->error, "something else changed it at the same moment; look at moult status");
        if (s->plan->target && mo_describe_difference(s->plan->target, live, &difference, &m->error) == MOULT_OK)
            mo_error_detail(&m->error, "%s", mo_str_text(&difference));
        mo_str_free(&difference);
    }
    mo_schema_free(live);
    if (rc != MOULT_NOMEM)
        return rc;
    mo_error_clear(
        &m->error); /* it is done, and was verified before the commit: no memory for a second look undoes nothing */
    return MOULT_OK;
}

/* A way back is safe for what is there; what it does not bring back is to be heard of all the same, where nothing keeps it. */
static int tell_losses(start *s)
{
    int rc = MOULT_OK;
    if (!s->plan->behind || (s->m->dialect->caps & MO_CAP_ATTIC))
        return MOULT_OK;
    for (size_t i = 0; i < s->plan->notes.count && rc == MOULT_OK; i++)
        rc = mo_monitor_log(&s->m->monitor, 2, "%s", s->plan->notes.items[i]);
    return rc;
}

static int run_plan(start *s)
{
    moult *m = s->m;
    mo_run_calls calls = mo_start_calls(s);
    int rc = mo_start_check_history(s);
    if (rc == MOULT_OK)
        rc = tell_losses(s);
    if (rc == MOULT_OK)
        rc = check_room(s);
    if (rc == MOULT_OK)
        rc = backup(s);
    s->parts = mo_plan_parts(s->plan);
    if (rc == MOULT_OK)
        rc = mo_run(m->dialect, m->conn, s->plan, &m->scope, &m->monitor, &calls, &m->error);
    if (rc == MOULT_OK && s->plan->steps.count) {
        mo_monitor_note(m->dialect, &m->monitor, "plan %.8s, applied; reading it again", s->plan->id);
        rc = verify_after(s);
    }
    if (rc == MOULT_OK)
        s->result->outcome = s->plan->waits                              ? MOULT_WAITING
                             : s->plan->steps.count                      ? MOULT_APPLIED
                             : s->added || s->m->options.pub.record_only ? MOULT_RECORDED
                                                                         : MOULT_UP_TO_DATE;
    return rc;
}

/* May it run: by its mode, by an approval given here and now, or by one that waits in the database? */
static int may_run(start *s, int *yes)
{
    moult *m = s->m;
    int rc = MOULT_OK;
    *yes = s->allowed || mo_plan_allowed(s->plan, m->options.pub.mode);
    if (*yes || m->options.pub.mode == MOULT_MODE_DRY_RUN)
        return MOULT_OK;
    if (m->options.pub.approve) {
        rc = mo_plan_id_matches(s->plan->id, m->options.pub.approve, yes, &m->error);
        if (rc == MOULT_OK && !*yes) {
            rc = mo_error_set(&m->error, MOULT_CHANGED, "plan %s was approved, but what would run now is plan %.8s",
                              m->options.pub.approve, s->plan->id);
            mo_error_hint(&m->error, "the schema or the database has changed since; look at the new plan");
        }
        return rc;
    }
    rc = mo_state_exists(m->dialect, m->conn, &m->error);
    if (rc > 0)
        rc = mo_plans_approved(m->dialect, m->conn, s->plan->id, &s->approved, &m->error);
    *yes = s->approved;
    return rc < 0 ? rc : MOULT_OK;
}

static int refuse(start *s)
{
    moult *m = s->m;
    size_t high = 0, medium = 0;
    int rc = mo_start_store(m, s->plan);
    if (rc != MOULT_OK)
        return rc;
    for (size_t i = 0; i < s->plan->rows.count; i++) {
        high += s->plan->rows.items[i].risk == MOULT_RISK_HIGH;
        medium += s->plan->rows.items[i].risk == MOULT_RISK_MEDIUM;
    }
    s->result->outcome = MOULT_NEEDS_APPROVAL;
    rc = mo_error_set(&m->error, MOULT_REFUSED, "plan %.8s needs approval: %zu of its changes %s high risk, %zu medium",
                      s->plan->id, high, high == 1 ? "is" : "are", medium);
    return mo_error_hint(&m->error, "look at it and approve it: moult approve %.8s --url %s", s->plan->id,
                         m->url.display ? m->url.display : "URL") == rc
               ? rc
               : MOULT_REFUSED;
}

/* record_only: the work was done by other means; it must be there, whole. */
static int only_record(start *s)
{
    if (s->plan->steps.count == 0)
        return run_plan(s);
    mo_error_set(&s->m->error, MOULT_UNVERIFIED, "the database is not the desired schema: %zu change%s missing",
                 s->plan->rows.count, s->plan->rows.count == 1 ? " is" : "s are");
    return mo_error_hint(&s->m->error, "nothing was recorded; see moult plan for what is missing");
}

static int no_contract(start *s)
{
    mo_error_set(&s->m->error, MOULT_INVALID, "there is no contract that waits: %s was not expanded to this schema",
                 moult_database_name(s->m));
    return mo_error_hint(&s->m->error, "begin with --phase expand, or apply all of it at once, without a phase");
}

/* A plan could not be made. Perhaps what was done before says why, better than the rows do. */
static int explain(start *s, int rc)
{
    char last[65];
    const char *kind = NULL;
    int64_t version;
    if (rc != MOULT_IMPOSSIBLE)
        return rc;
    if (s->m->options.pub.phase == MOULT_PHASE_CONTRACT && mo_start_last(s, &version, last, &kind) == MOULT_OK &&
        (kind == NULL || strcmp(kind, "expand") != 0))
        return no_contract(s);
    return mo_interrupted_explains(s, rc);
}

/* Was this schema expanded, and does its contract wait? Then only its phase runs it. Sets *waits, and the result. */
static int find_contract(start *s, int *waits)
{
    char last[65];
    const char *kind;
    int64_t version;
    moult_phase phase = s->plan->phase_only;
    int rc = mo_start_last(s, &version, last, &kind);
    int this = rc == MOULT_OK && kind && strcmp(last, s->plan->declared_fp) == 0;
    int expanded = this && strcmp(kind, "expand") == 0;
    int contracted = this && strcmp(kind, "contract") == 0; /* what is left of it is its hooks */
    *waits = 0;
    if (rc != MOULT_OK)
        return rc;
    if (phase == MOULT_PHASE_CONTRACT && !expanded && !contracted && s->plan->steps.count && !mo_interrupted_is_this(s))
        return no_contract(s);
    if (phase == MOULT_PHASE_CONTRACT && expanded)
        s->kind = "contract";
    if (!expanded || phase == MOULT_PHASE_CONTRACT || (s->plan->steps.count == 0 && phase == MOULT_PHASE_ALL))
        return MOULT_OK;
    *waits = 1;
    s->result->outcome = MOULT_WAITING;
    s->result->version = version;
    return MOULT_OK;
}

/* The plan is made; what becomes of it? The lock is held unless `writable` is 0. */
static int decide(start *s, int writable)
{
    moult *m = s->m;
    int rc, yes, waits;
    if (s->plan->behind && !m->options.pub.backward && s->plan->steps.count == 0) {
        s->result->outcome = MOULT_BEHIND;
        s->result->version = s->plan->behind_version;
        return MOULT_OK;
    }
    if (m->options.pub.mode == MOULT_MODE_DRY_RUN) {
        s->result->outcome = s->plan->steps.count ? MOULT_PENDING : MOULT_UP_TO_DATE;
        return MOULT_OK;
    }
    s->kind = s->plan->behind ? "backward" : s->plan->waits ? "expand" : "apply";
    rc = find_contract(s, &waits);
    if (rc != MOULT_OK || waits)
        return rc;
    if (!writable) {
        char fingerprint[65];
        const char *kind;
        s->result->outcome = MOULT_UP_TO_DATE;
        return s->plan->steps.count ? mo_export_refused(m, s->plan, s->why, s->result)
                                    : mo_start_last(s, &s->result->version, fingerprint, &kind);
    }
    if (s->journal.there)
        rc = mo_interrupted_check(s);
    if (rc != MOULT_OK)
        return rc;
    if (m->options.pub.record_only)
        return only_record(s);
    rc = mo_forbidden(s->plan, &m->error);
    if (rc == MOULT_OK)
        rc = may_run(s, &yes);
    if (rc != MOULT_OK)
        return rc;
    return yes ? run_plan(s) : refuse(s);
}

/* What only waits, or is an old build, need not be looked at closely again. A failure to remember that costs time only. */
static void remember_outcome(start *s)
{
    moult *m = s->m;
    int rc = m->dialect->begin(m->conn, 1, &m->error);
    if (rc == MOULT_OK)
        rc = mo_start_remember(s, s->result->outcome, s->result->version);
    if (rc == MOULT_OK)
        rc = m->dialect->commit(m->conn, &m->error);
    if (rc != MOULT_OK)
        m->dialect->rollback(m->conn);
    mo_error_clear(&m->error);
}

/* An application goes on writing while a plan is made. Where that changes what the rows say, the plan is made anew. */
#define MO_TRIES 5

static int detect_and_decide(start *s, int writable)
{
    int rc = MOULT_CHANGED;
    s->from_inputs = 1;
    for (int i = 0; i < MO_TRIES && rc == MOULT_CHANGED; i++) {
        mo_error_clear(&s->m->error);
        mo_plan_free(s->result->plan);
        s->result->plan = NULL;
        rc = i > 0 && writable ? mo_interrupted_read(s) : MOULT_OK; /* a part of it may be done by now */
        if (rc != MOULT_OK)
            return rc;
        rc = mo_detect(s->m, &s->read, &s->result->plan);
        s->plan = s->result->plan;
        if (rc != MOULT_OK)
            return explain(s, rc);
        rc = decide(s, writable);
        if (s->m->options.pub.approve) /* a new plan would need a new approval */
            break;
    }
    if (rc == MOULT_OK && writable &&
        (s->result->outcome == MOULT_BEHIND || (s->result->outcome == MOULT_WAITING && s->parts == 0)))
        remember_outcome(s);
    return rc;
}

/* A plan that came from a file says what was true where it was made. It is made again here and now: only when that
 * is the same plan does it run, with the risks that this database gives it. */
static int plan_again(start *s, const mo_plan *given)
{
    moult *m = s->m;
    int rc = mo_detect_again(m, given, &s->result->plan);
    s->plan = s->result->plan;
    if (rc != MOULT_OK || strcmp(s->plan->id, given->id) == 0)
        return rc;
    if (strcmp(s->plan->from, given->from) != 0) {
        mo_error_set(&m->error, MOULT_CHANGED, "the schema of %s is not the one that plan %.8s was made for",
                     moult_database_name(m), given->id);
        return mo_error_hint(&m->error, "it was changed since; make a new plan");
    }
    mo_error_set(&m->error, MOULT_CHANGED, "plan %.8s does not fit %s", given->id, moult_database_name(m));
    mo_error_detail(&m->error,
                    "what leads to its schema is plan %.8s: the rows have changed, the file was edited, or it was made "
                    "with other options (--include, --exclude, --column-order, --rule)",
                    s->plan->id);
    return mo_error_hint(&m->error, "make a new plan");
}

/* What cannot be remembered in the database is in the cache, where there is one. */
static int without_writing(start *s)
{
    int hit, rc = mo_caching_find(s, &hit);
    if (rc != MOULT_OK || hit)
        return rc;
    rc = detect_and_decide(s, 0);
    if (rc == MOULT_OK)
        mo_caching_record(s);
    return rc;
}

/* The engine would not let this account write after all: the plan is made anew, to be run by another one. `given`: a plan
 * that was to be run; NULL: it is made from the source. */
static int without_permission(start *s, const mo_plan *given)
{
    moult *m = s->m;
    s->why = mo_region_dup(s->region, m->error.pub.message);
    if (s->result->outcome == MOULT_NO_PERMISSION || m->options.pub.record_only)
        return MOULT_PERMISSION;
    mo_error_clear(&m->error);
    if (given == NULL)
        return without_writing(s);
    int rc = given->made_here ? MOULT_OK : plan_again(s, given);
    return rc == MOULT_OK ? decide(s, 0) : rc;
}

static int migrate(start *s, const moult_source *desired)
{
    moult *m = s->m;
    int hit, rc;
    mo_limit_begin(m, "reading the source");
    rc = mo_limit_end(m, mo_source_open(s->region, m->dialect, desired, mo_limit_patience(m), &s->read, &m->error));
    if (rc == MOULT_OK)
        rc = mo_start_inputs(s);
    if (rc == MOULT_OK)
        rc = mo_start_fast_path(s, &hit);
    if (rc != MOULT_OK || hit)
        return rc;
    if (!mo_start_may_write(m))
        return without_writing(s);
    if (m->options.pub.mode == MOULT_MODE_DRY_RUN)
        return detect_and_decide(s, 0);
    rc = mo_locking_take(m, &s->before);
    if (rc == MOULT_OK)
        rc = mo_start_fast_path(s, &hit);
    if (rc == MOULT_OK && !hit)
        rc = mo_interrupted_read(s);
    if (rc == MOULT_OK)
        rc = mo_locking_explain(s);
    if (rc == MOULT_OK && !hit)
        rc = detect_and_decide(s, 1);
    mo_locking_release(m);
    return rc == MOULT_PERMISSION ? without_permission(s, NULL) : rc;
}

/* --- the public calls ---------------------------------------------------------------------------------------------- */

static moult_result *new_result(void)
{
    return calloc(1, sizeof(moult_result));
}

int mo_start_begin(moult *m, start *s, moult_result *result)
{
    mo_error_clear(&m->error);
    mo_limit_start(m);
    *s = (start){.m = m, .result = result, .kind = "apply", .began = mo_clock_now()};
    s->region = mo_region_new();
    return s->region ? MOULT_OK : mo_error_nomem(&m->error);
}

/* The text of a result is made last, from all that is known. */
static int finish(start *s, int rc)
{
    moult *m = s->m;
    (void)mo_report_result(m, s->result, rc,
                           s->backup); /* without memory for it there is no text; what was done is done */
    mo_region_free(s->region);
    return rc;
}

int moult_migrate(moult *m, const moult_source *desired, moult_result **out)
{
    start s;
    int rc;
    *out = new_result();
    if (*out == NULL)
        return mo_error_nomem(&m->error);
    rc = mo_start_begin(m, &s, *out);
    if (rc == MOULT_OK)
        rc = migrate(&s, desired);
    return finish(&s, rc);
}

int moult_start(moult_result **out, const char *url, const moult_source *desired, const moult_options *options)
{
    moult *m;
    int rc = moult_open(&m, url, MOULT_OPEN_CREATE, options);
    *out = NULL;
    if (rc == MOULT_OK)
        rc = moult_migrate(m, desired, out);
    else if ((*out = new_result()) && m)
        (void)mo_report_result(m, *out, rc, NULL);
    if (*out && m)
        mo_error_move(&(*out)->error, &m->error);
    else if (*out)
        mo_error_nomem(&(*out)->error);
    moult_close(m);
    return *out ? rc : MOULT_NOMEM;
}

int moult_apply(moult *m, const moult_plan *plan, moult_result **out)
{
    start s;
    int rc, writable;
    *out = new_result();
    if (*out == NULL)
        return mo_error_nomem(&m->error);
    rc = mo_start_begin(m, &s, *out);
    memcpy(&s.plan, &plan, sizeof s.plan); /* running asks its rows again; what it does stays as it is */
    if (rc == MOULT_OK && s.plan->id[0] == '\0')
        rc = mo_error_set(&m->error, MOULT_INVALID, "the plan has no steps yet: moult_build() makes them");
    writable = rc == MOULT_OK && mo_start_may_write(m);
    if (writable)
        rc = mo_locking_take(m, &s.before);
    if (rc == MOULT_OK)
        rc = mo_interrupted_read(&s);
    if (rc == MOULT_OK && !s.plan->made_here)
        rc = plan_again(&s, s.plan);
    if (rc == MOULT_OK)
        rc = decide(&s, writable);
    mo_locking_release(m);
    if (rc == MOULT_PERMISSION)
        rc = without_permission(&s, (const mo_plan *)plan);
    return finish(&s, rc);
}

/* The options that the interrupted plan was made with; what else was asked for does not bear on it. */
static void resume_options(moult_options *o, const mo_journal *j)
{
    o->own = j->options & MO_JOURNAL_OWN_ALL ? MOULT_OWN_ALL : MOULT_OWN_DECLARED;
    o->column_order_strict = (j->options & MO_JOURNAL_COLUMN_ORDER) != 0;
    o->backward = (j->options & MO_JOURNAL_BACKWARD) != 0;
    o->no_attic = (j->options & MO_JOURNAL_NO_ATTIC) != 0;
    o->attic_age = (double)j->attic_age;
    o->phase = j->options & MO_JOURNAL_CONTRACT ? MOULT_PHASE_CONTRACT : MOULT_PHASE_ALL;
}

/* A plan from the state that is really there to the schema that the interrupted one was to lead to. */
static int resume(start *s)
{
    moult *m = s->m;
    moult_options asked = m->options.pub;
    mo_plan given = {.dialect = m->dialect, .declared = s->journal.declared};
    int rc;
    if (!s->journal.there) {
        s->result->outcome = MOULT_UP_TO_DATE;
        return mo_monitor_log(&m->monitor, 1, "no apply to %s was interrupted", moult_database_name(m));
    }
    s->resume = 1;
    resume_options(&m->options.pub, &s->journal);
    memcpy(given.id, s->journal.plan_id, strnlen(s->journal.plan_id, 64) + 1);
    given.behind = m->options.pub.backward;
    given.phase_only = m->options.pub.phase;
    given.attic.on = !m->options.pub.no_attic;
    given.attic.age = s->journal.attic_age;
    rc = mo_detect_again(m, &given, &s->result->plan);
    s->plan = s->result->plan;
    if (rc == MOULT_OK)
        rc = decide(s, 1);
    m->options.pub = asked;
    return rc;
}

int moult_resume(moult *m, moult_result **out)
{
    start s;
    int rc;
    *out = new_result();
    if (*out == NULL)
        return mo_error_nomem(&m->error);
    rc = mo_start_begin(m, &s, *out);
    if (rc == MOULT_OK && (m->open_mode == MOULT_OPEN_READ || !m->dialect->writable(m->conn)))
        rc = mo_error_set(&m->error, MOULT_PERMISSION, "%s cannot be written to", moult_database_name(m));
    if (rc == MOULT_OK)
        rc = mo_locking_take(m, &s.before);
    if (rc == MOULT_OK)
        rc = mo_interrupted_read(&s);
    if (rc == MOULT_OK)
        rc = resume(&s);
    mo_locking_release(m);
    return finish(&s, rc);
}

int moult_interrupted(moult *m, char **out)
{
    mo_region *r = mo_region_new();
    mo_journal journal = {0};
    mo_str text = {0};
    int rc = r ? mo_journal_read(m->dialect, m->conn, r, &journal, &m->error) : mo_error_nomem(&m->error);
    *out = NULL;
    if (rc == MOULT_OK && journal.there) {
        mo_str_add(&text, mo_interrupted_text(r, &journal));
        if (text.length == 0 || (*out = mo_str_take(&text)) == NULL)
            rc = mo_error_nomem(&m->error);
    }
    mo_str_free(&text);
    mo_region_free(r);
    return rc;
}
