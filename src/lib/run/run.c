/* SPDX-License-Identifier: MIT */
/*
 * run.c - runs the steps of a plan, and verifies before the last commit.
 *
 * Steps of one transaction number run in one transaction: a part. The first part begins by looking whether the database is
 * still what the plan starts from; the last one that changes the schema ends, before its commit, with the engine's own
 * checks, a second reading of the schema, which must be the target, and the record for the history. A plan without hooks is
 * one part on an engine whose DDL is transactional: everything happens, or nothing.
 */
#include "run/run.h"

#include "run/hook.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct runner {
    const mo_dialect *d;
    mo_conn *c;
    mo_plan *plan;
    const mo_scope *scope;
    const mo_monitor *monitor;
    const mo_run_calls *calls;
    mo_error *err;
    mo_hash left; /* the marker when the part before was committed */
    const mo_step *step;
    size_t step_number;
    int64_t rows; /* of the statement that runs */
    double began; /* the step */
    double noted; /* when the lock was last told */
    double told;  /* the last progress event */
    mo_deadline limit;
} runner;

#define MO_PROGRESS_EVERY 0.1 /* seconds between two progress events */
#define MO_NOTE_EVERY 1.0     /* and between two notes of a long step */

int mo_monitor_log(const mo_monitor *m, int level, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    moult_event e = {.kind = MOULT_EVENT_LOG, .level = level, .message = text};
    if (m == NULL || m->on_event == NULL)
        return MOULT_OK;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return m->on_event(m->user, &e) ? MOULT_CANCELLED : MOULT_OK;
}

void mo_monitor_note(const mo_dialect *d, const mo_monitor *m, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    if (m->lock == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)d->lock->note(m->lock, text); /* only told: the lock and the steps hold without */
}

static int tell(runner *r, moult_event_kind kind, int finished, int64_t done)
{
    moult_event e = {.kind = kind, .message = r->step->title, .step = r->step_number, .finished = finished};
    if (r->monitor->on_event == NULL)
        return MOULT_OK;
    e.step_count = r->plan->steps.count;
    e.done = done;
    e.total = r->rows;
    e.seconds = mo_clock_now() - r->began;
    return r->monitor->on_event(r->monitor->user, &e) ? MOULT_CANCELLED : MOULT_OK;
}

/* The step, for whoever looks at the lock; `done`: rows of a long one. */
static void note_step(runner *r, int64_t done)
{
    char rows[64] = "";
    if (done > 0 && r->rows > 0)
        snprintf(rows, sizeof rows, " (%lld of %lld rows)", (long long)done, (long long)r->rows);
    r->noted = mo_clock_now();
    mo_monitor_note(r->d, r->monitor, "plan %.8s, step %zu of %zu: %s%s", r->plan->id, r->step_number,
                    r->plan->steps.count, r->step->title, rows);
}

/* Called while a statement runs. */
static int tick(void *user, int64_t rows_done)
{
    runner *r = user;
    double now;
    if (mo_cancelled(r->monitor->cancel))
        return MOULT_CANCELLED;
    if (mo_deadline_passed(r->limit))
        return MOULT_TIMEOUT;
    if (r->step ==
        NULL) /* what an earlier apply left is cleared away: no step of this plan, so there is none to tell of */
        return MOULT_OK;
    now = mo_clock_now();
    if (now - r->noted >= MO_NOTE_EVERY)
        note_step(r, rows_done);
    if (now - r->told < MO_PROGRESS_EVERY || rows_done < 0)
        return MOULT_OK;
    r->told = now;
    return tell(r, MOULT_EVENT_PROGRESS, 0, rows_done);
}

/* Called while rows are asked. */
static int tick_cancel(void *user, int64_t rows_done)
{
    const runner *r = user;
    (void)rows_done;
    return mo_cancelled(r->monitor->cancel) ? MOULT_CANCELLED : MOULT_OK;
}

static int take_count(void *user, size_t count, const mo_value *values)
{
    int64_t *rows = user;
    *rows = count > 0 ? values[0].integer : 1;
    return MOULT_OK;
}

static int run_assert(runner *r, const mo_statement *s, const mo_watch *watch)
{
    int64_t rows = 0;
    mo_str n = {0};
    int rc = r->d->query(r->c, s->sql, NULL, 0, take_count, &rows, watch, r->err);
    if (rc == MOULT_OK && rows) {
        mo_str_count(&n, rows);
        rc = mo_error_set(r->err, MOULT_IMPOSSIBLE, "%s: %s row%s", s->message, mo_str_text(&n), rows == 1 ? "" : "s");
        mo_error_hint(r->err, "change these rows, or the desired schema; nothing was changed");
        mo_str_free(&n);
    }
    return rc;
}

/* Says which step it was, and which limit. */
static int name_step(runner *r, int rc)
{
    if (rc == MOULT_TIMEOUT) {
        mo_error_set(r->err, rc, "a statement of step %zu of %zu took longer than its limit of %g seconds",
                     r->step_number, r->plan->steps.count, r->monitor->statement_timeout);
        mo_error_hint(r->err, "allow more time: --statement-timeout (the option statement_timeout)");
    }
    if (rc != MOULT_OK && r->err->pub.object == NULL)
        mo_error_object(r->err, "step %zu of %zu: %s", r->step_number, r->plan->steps.count, r->step->title);
    return rc;
}

static int run_statement(runner *r, const mo_statement *s, int rows_seen)
{
    mo_watch watch = {tick, r};
    int rc;
    if (s->kind == MO_STATEMENT_ASSERT && s->asked && rows_seen)
        return MOULT_OK;
    r->limit = mo_deadline_in(r->monitor->statement_timeout);
    r->rows = s->rows;
    if (s->kind == MO_STATEMENT_ASSERT)
        rc = run_assert(r, s, &watch);
    else
        rc = r->d->exec(r->c, s->sql, &watch, r->err);
    if (rc == MOULT_DATABASE && r->err->pub.engine_code && strstr(r->err->pub.engine_code, "CONSTRAINT")) {
        r->err->pub.code = rc = MOULT_IMPOSSIBLE; /* it is the rows that forbid it */
        if (r->err->pub.hint == NULL)
            mo_error_hint(r->err,
                          "rows break what the desired schema asks for; change them, or it; nothing was changed");
    }
    return name_step(r, rc);
}

/* --- driver steps -------------------------------------------------------------------------------------------------- */

static int drive_progress(void *user, int64_t done, int64_t total)
{
    runner *r = user;
    r->limit = mo_deadline_in(r->monitor->statement_timeout);
    r->rows = total;
    return tick(r, done);
}

static int drive_note(void *user, const char *text)
{
    const runner *r = user;
    return mo_monitor_log(r->monitor, 1, "%s", text);
}

static int drive(runner *r, size_t i, mo_drive_stage stage)
{
    mo_watch watch = {tick, r};
    mo_drive drive = {stage == MO_DRIVE_ABANDON ? NULL : &watch, stage == MO_DRIVE_ABANDON ? NULL : drive_progress,
                      drive_note, r};
    int rc;
    r->step = &r->plan->steps.items[i];
    r->step_number = i + 1;
    r->began = r->told = mo_clock_now();
    r->limit = mo_deadline_in(r->monitor->statement_timeout);
    note_step(r, 0);
    rc = r->d->drive(r->c, r->plan, r->step, stage, &drive, r->err);
    if (rc != MOULT_OK && r->err->pub.code != rc) /* stopped by what it told, which says no more than that */
        mo_error_set(r->err, rc, "%s in step %zu of %zu", rc == MOULT_TIMEOUT ? "a time limit passed" : "cancelled",
                     r->step_number, r->plan->steps.count);
    return name_step(r, rc);
}

/* What takes long is done before the transaction (PREPARE): others go on writing meanwhile. So what was prepared is looked
 * at once more when the transaction has begun (BEGIN), before any step has changed what it rests on. */
static int drive_all(runner *r, size_t first, size_t end, mo_drive_stage stage)
{
    int rc = MOULT_OK;
    for (size_t i = first; i < end && rc == MOULT_OK; i++)
        if (r->plan->steps.items[i].driver)
            rc = drive(r, i, stage);
    return rc;
}

/* Neither stage can make an apply fail: what is left is found by the next one. */
static void drive_quietly(runner *r, size_t first, size_t end, mo_drive_stage stage)
{
    mo_error aside = {{0}}, *told = r->err;
    r->err = &aside;
    for (size_t i = first; i < end; i++) {
        if (!r->plan->steps.items[i].driver || drive(r, i, stage) == MOULT_OK)
            continue;
        mo_monitor_log(r->monitor, 2, "%s: what is left of it is cleared away by the next apply: %s", r->step->title,
                       aside.pub.message ? aside.pub.message : "");
        mo_error_clear(&aside);
    }
    r->err = told;
}

static int tidy(runner *r)
{
    mo_watch watch = {tick, r};
    mo_drive drive = {&watch, NULL, drive_note, r};
    r->limit = mo_deadline_in(r->monitor->statement_timeout);
    return r->d->tidy ? r->d->tidy(r->c, r->plan, &drive, r->err) : MOULT_OK;
}

int mo_run_tidy(const mo_dialect *d, mo_conn *c, mo_monitor *monitor, mo_error *err)
{
    mo_plan *nothing = mo_plan_new(d);
    runner r = {.d = d, .c = c, .plan = nothing, .monitor = monitor, .err = err};
    int rc = nothing ? tidy(&r) : mo_error_nomem(err);
    mo_plan_free(nothing);
    return rc;
}

/* The limit is of one statement: a function of the application may take its time between two of them. */
static void begin_statement(void *user)
{
    runner *r = user;
    r->limit = mo_deadline_in(r->monitor->statement_timeout);
}

static int run_hook(runner *r)
{
    mo_watch watch = {tick, r};
    int rc;
    r->rows = 0;
    rc = mo_run_hook(r->d, r->c, r->plan, r->step, &watch, begin_statement, r->err);
    if (rc == MOULT_TIMEOUT && r->monitor->statement_timeout > 0 && mo_deadline_passed(r->limit))
        mo_error_hint(r->err,
                      "its limit is %g seconds a statement; allow more: --statement-timeout (the option "
                      "statement_timeout)",
                      r->monitor->statement_timeout);
    return rc == MOULT_OK ? r->calls->hook(r->calls->user, r->step, mo_clock_now() - r->began, r->err) : rc;
}

/* The statements of a step, or what stands for them. */
static int run_content(runner *r, size_t i, int rows_seen)
{
    int rc = MOULT_OK;
    if (r->step->hook)
        return run_hook(r);
    if (r->step->driver)
        return drive(r, i, MO_DRIVE_RUN);
    for (size_t k = 0; k < r->step->statements.count && rc == MOULT_OK; k++)
        rc = run_statement(r, &r->step->statements.items[k], rows_seen);
    return rc;
}

/* Short statements end before anybody looks whether to stop. */
static int asked_to_stop(runner *r)
{
    return mo_cancelled(r->monitor->cancel) ? mo_error_set(r->err, MOULT_CANCELLED, "cancelled") : MOULT_OK;
}

static int run_step(runner *r, size_t i, int rows_seen)
{
    int rc;
    r->step = &r->plan->steps.items[i];
    r->step_number = i + 1;
    r->began = r->told = mo_clock_now();
    note_step(r, 0);
    rc = tell(r, MOULT_EVENT_STEP, 0, 0);
    if (rc == MOULT_OK)
        rc = asked_to_stop(r);
    if (rc == MOULT_OK)
        rc = run_content(r, i, rows_seen);
    if (rc == MOULT_OK)
        rc = tell(r, MOULT_EVENT_STEP, 1, 0);
    if (rc == MOULT_CANCELLED)
        mo_error_set(r->err, rc, "cancelled in step %zu of %zu", r->step_number, r->plan->steps.count);
    return rc;
}

/* Reads the live schema, as far as it is looked at. */
static int read_scoped(runner *r, mo_schema **out)
{
    mo_schema *all;
    int rc = r->d->introspect(r->c, &all, r->err);
    if (rc != MOULT_OK)
        return rc;
    rc = mo_scope_apply(r->scope, all, out, r->err);
    mo_schema_free(all);
    return rc;
}

/* Is the database what the plan starts from? For a plan that was made on this connection the marker tells. */
static int check_start(runner *r)
{
    mo_schema *live;
    mo_hash marker;
    int rc = r->plan->made_here ? r->d->marker(r->c, &marker, r->err) : MOULT_OK;
    if (rc == MOULT_OK && r->plan->made_here && mo_hash_equal(marker, r->plan->marker))
        return MOULT_OK;
    if (rc == MOULT_OK)
        rc = read_scoped(r, &live);
    if (rc != MOULT_OK)
        return rc;
    if (strcmp(live->fingerprint, r->plan->from) != 0) {
        rc = mo_error_set(r->err, MOULT_CHANGED, "the schema of %s is not the one that plan %.8s was made for",
                          r->d->database(r->c), r->plan->id);
        mo_error_hint(r->err, "it was changed since; make a new plan");
    }
    mo_schema_free(live);
    return rc;
}

static int check_end(runner *r)
{
    mo_schema *live;
    mo_str difference = {0};
    int rc = read_scoped(r, &live);
    if (rc != MOULT_OK)
        return rc;
    if (strcmp(live->fingerprint, r->plan->to) != 0) {
        rc = mo_error_set(r->err, MOULT_UNVERIFIED,
                          "after its steps the database is not the desired schema; all of it was undone");
        if (r->plan->target && mo_describe_difference(r->plan->target, live, &difference, r->err) == MOULT_OK)
            mo_error_detail(r->err, "%s", mo_str_text(&difference));
        mo_str_free(&difference);
    }
    mo_schema_free(live);
    return rc;
}

/* Has nobody written since the rows were asked? Only a plan made on this connection can tell. */
static int rows_still_seen(runner *r, int *seen)
{
    mo_hash now;
    int rc;
    *seen = 0;
    if (!r->plan->made_here)
        return MOULT_OK;
    rc = r->d->rows_seen(r->c, &now, r->err);
    *seen = rc == MOULT_OK && mo_hash_equal(now, r->plan->rows_seen);
    return rc;
}

static void add_finding(mo_hash *sum, const mo_change *change, const mo_part *part, size_t i, size_t k)
{
    const mo_findings *f = part ? &part->found : &change->found;
    int64_t all[] = {(int64_t)i,       (int64_t)k,
                     f->harmless,      f->mild,
                     f->forbidden > 0, part && part->null_rows != 0,
                     change->rows > 0, part && part->default_rows > 0};
    mo_hash one = mo_hash_of(all, sizeof all);
    sum->low ^= one.low;
    sum->high ^= one.high;
}

/* What the plan took from the rows, as one value: does it still hold? */
static mo_hash findings(const mo_plan *p)
{
    mo_hash sum = {0, 0};
    for (size_t i = 0; i < p->changes.count; i++) {
        const mo_change *c = &p->changes.items[i];
        add_finding(&sum, c, NULL, i, 0);
        for (size_t k = 0; k < c->parts.count; k++)
            add_finding(&sum, c, &c->parts.items[k], i, k + 1);
    }
    return sum;
}

/* Somebody has written since the rows were asked. Now nobody else can: they are asked again, and must say the same. */
static int ask_again(runner *r)
{
    mo_hash before = findings(r->plan);
    mo_watch watch = {tick_cancel, r};
    int rc;
    if (!r->plan->asks_rows || r->plan->changes.count == 0)
        return MOULT_OK;
    rc = r->d->probe(r->c, r->plan, r->monitor->probe_timeout, &watch, r->err);
    if (rc != MOULT_OK || mo_hash_equal(before, findings(r->plan)))
        return rc;
    mo_error_set(r->err, MOULT_CHANGED, "rows were written since plan %.8s was made, and it would be another now",
                 r->plan->id);
    return mo_error_hint(r->err, "make a new plan");
}

/* --- parts ---------------------------------------------------------------------------------------------------------- */

/* Nobody may have changed the schema between two parts. */
static int check_left(runner *r)
{
    mo_hash now;
    int rc = r->d->marker(r->c, &now, r->err);
    if (rc != MOULT_OK || mo_hash_equal(now, r->left))
        return rc;
    mo_error_set(r->err, MOULT_CHANGED, "the schema of %s was changed by somebody else in the middle of plan %.8s",
                 r->d->database(r->c), r->plan->id);
    return mo_error_hint(r->err, "what was done before is there; look at moult status");
}

static int begin_first(runner *r, int *seen)
{
    int rc = check_start(r);
    if (rc == MOULT_OK)
        rc = rows_still_seen(r, seen);
    return rc == MOULT_OK && !*seen ? ask_again(r) : rc;
}

static int run_inside(runner *r, const mo_part_of_plan *p)
{
    int seen = 0; /* what the rows said holds for the first part alone: a hook may have changed them since */
    int rc = p->first == 0 ? begin_first(r, &seen) : p->driven ? MOULT_OK : check_left(r);
    if (rc == MOULT_OK && p->driven)
        rc = drive_all(r, p->first, p->end, MO_DRIVE_BEGIN);
    if (rc == MOULT_OK && !p->data)
        rc = r->d->run_check(r->c, r->plan, 0, r->err);
    if (rc == MOULT_OK && r->plan->made_here)
        mo_plan_forget_live(r->plan); /* as large as what is read again at the end */
    for (size_t i = p->first; i < p->end && rc == MOULT_OK; i++)
        rc = run_step(r, i, seen);
    if (rc == MOULT_OK && !p->data)
        rc = r->d->run_check(r->c, r->plan, 1, r->err);
    if (rc == MOULT_OK && p->records)
        rc = check_end(r);
    if (rc == MOULT_OK && p->records)
        rc = r->calls->record(r->calls->user, r->err);
    if (rc == MOULT_OK)
        rc = r->calls->part(r->calls->user, p->number, p->last, r->step_number, r->step ? r->step->title : "", r->err);
    return rc == MOULT_OK ? r->d->marker(r->c, &r->left, r->err) : rc;
}

static int run_transaction(runner *r, const mo_part_of_plan *p)
{
    int rc = r->d->begin(r->c, 1, r->err);
    if (rc != MOULT_OK)
        return rc;
    rc = run_inside(r, p);
    if (rc == MOULT_OK) {
        if (r->plan->steps.count)
            mo_monitor_note(r->d, r->monitor, "plan %.8s, commit of step %zu of %zu", r->plan->id, p->end,
                            r->plan->steps.count);
        rc = r->d->commit(r->c, r->err);
    }
    if (rc != MOULT_OK)
        r->d->rollback(r->c);
    return rc;
}

/* A part's transaction, with what its driver steps do before it and after it. */
static int run_driven(runner *r, const mo_part_of_plan *p)
{
    int rc = p->first == 0 ? check_start(r) : check_left(r);
    if (rc == MOULT_OK)
        rc = drive_all(r, p->first, p->end, MO_DRIVE_PREPARE);
    if (rc == MOULT_OK)
        rc = run_transaction(r, p);
    drive_quietly(r, p->first, p->end, rc == MOULT_OK ? MO_DRIVE_FINISH : MO_DRIVE_ABANDON);
    return rc;
}

static int run_part(runner *r, const mo_part_of_plan *p)
{
    int rc = r->d->run_begin(r->c, r->plan, p->data, r->err);
    if (rc == MOULT_OK && p->first == 0)
        rc = tidy(r);
    if (rc == MOULT_OK)
        rc = p->driven ? run_driven(r, p) : run_transaction(r, p);
    r->d->run_end(r->c);
    return rc;
}

int mo_run(const mo_dialect *d, mo_conn *c, mo_plan *plan, const mo_scope *scope, const mo_monitor *monitor,
           const mo_run_calls *calls, mo_error *err)
{
    runner r = {.d = d, .c = c, .plan = plan, .scope = scope, .monitor = monitor, .calls = calls, .err = err};
    size_t parts = mo_plan_parts(plan), first = 0, number = 0;
    int rc = parts > 1 ? calls->begin(calls->user, parts, err) : MOULT_OK;
    while (rc == MOULT_OK && (number == 0 || first < plan->steps.count)) {
        mo_part_of_plan p = mo_plan_part(plan, first, ++number);
        rc = run_part(&r, &p);
        first = p.end;
    }
    if (rc != MOULT_OK && number > 1) /* whatever it says of nothing being changed is true of its part alone */
        mo_error_hint(err,
                      "%zu of %zu transactions are committed, and stay; the rest was undone. See to the cause, then "
                      "go on: moult resume",
                      number - 1, parts);
    if (rc != MOULT_OK && parts > 1)
        calls->failed(calls->user, number ? number - 1 : 0, r.step_number, r.step ? r.step->title : "", err);
    return rc;
}
