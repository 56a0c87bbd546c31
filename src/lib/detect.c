/* SPDX-License-Identifier: MIT */
/*
 * detect.c - from a source to a proved plan: load, inspect, diff, assess, build, prove.
 *
 * Renames come before everything else. What the engine makes of views, triggers, keys and CHECKs when something is renamed is asked of the
 * engine: the current schema is copied into a scratch, renamed there and read back. All further comparison is with that.
 */
#include "detect.h"

#include <string.h>

#include "aside.h"
#include "attic.h"
#include "diff/diff.h"
#include "hooks.h"
#include "limit.h"
#include "phases.h"
#include "refill.h"
#include "risk/risk.h"

/* --- renames ------------------------------------------------------------------------------------------------------- */

static int declares_renames(const mo_schema *s)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if (o->renamed_from)
            return 1;
        for (size_t k = 0; o->table && k < o->table->columns.count; k++)
            if (o->table->columns.items[k]->renamed_from)
                return 1;
    }
    return 0;
}

/* Annotations stay in a source after their rename was done. Those of swaps cannot be told by names alone: they are all
 * judged before the first one is forgotten. */
static int forget_done(mo_plan *plan, const mo_schema *owned, mo_error *err)
{
    MO_VEC(const char **) done = {0};
    int failed = 0;
    for (size_t i = 0; i < plan->desired->objects.count; i++) {
        mo_object *o = plan->desired->objects.items[i];
        if (mo_rename_is_done(plan->live, plan->desired, owned, o, NULL))
            failed |= mo_vec_push(plan->region, &done, &o->renamed_from) != 0;
        for (size_t k = 0; o->table && k < o->table->columns.count; k++)
            if (mo_rename_is_done(plan->live, plan->desired, owned, o, o->table->columns.items[k]))
                failed |= mo_vec_push(plan->region, &done, &o->table->columns.items[k]->renamed_from) != 0;
    }
    for (size_t i = 0; i < done.count && !failed; i++)
        *done.items[i] = NULL;
    return failed ? mo_error_nomem(err) : MOULT_OK;
}

static int add_rename(mo_plan *p, mo_kind kind, const char *table, const char *from, const char *to, mo_error *err)
{
    mo_rename r = {kind, mo_region_dup(p->region, table), mo_region_dup(p->region, from), mo_region_dup(p->region, to),
                   0};
    if ((table && !r.table) || !r.from || !r.to || mo_vec_push(p->region, &p->renames, r))
        return mo_error_nomem(err);
    return MOULT_OK;
}

static int add_column_renames(mo_plan *p, const mo_change *c, mo_change *kept, mo_error *err)
{
    int rc = MOULT_OK;
    *kept = *c;
    memset(&kept->parts, 0, sizeof kept->parts);
    for (size_t i = 0; i < c->parts.count && rc == MOULT_OK; i++) {
        const mo_part *part = &c->parts.items[i];
        if (part->kind != MO_PART_COLUMN || part->op != MOULT_OP_RENAME)
            continue;
        rc = add_rename(p, c->kind, c->after->name, part->column_before->name, part->column_after->name, err);
        if (rc == MOULT_OK && mo_vec_push(p->region, &kept->parts, *part))
            rc = mo_error_nomem(err);
    }
    return rc;
}

/* The renames that are really to be done, into plan->renames and, for people, plan->changes. */
static int find_renames(const mo_dialect *d, mo_plan *plan, mo_error *err)
{
    mo_plan *all = mo_plan_new(d);
    mo_change kept;
    int rc = all ? mo_diff(plan->live, plan->desired, 0, all, err) : mo_error_nomem(err);
    for (size_t i = 0; rc == MOULT_OK && i < all->changes.count; i++) {
        const mo_change *c = &all->changes.items[i];
        if (c->op != MOULT_OP_RENAME)
            continue;
        rc = add_rename(plan, c->kind, NULL, c->before->name, c->after->name, err);
        if (rc == MOULT_OK && mo_vec_push(plan->region, &plan->changes, *c))
            rc = mo_error_nomem(err);
    }
    for (size_t i = 0; rc == MOULT_OK && i < all->changes.count; i++) {
        const mo_change *c = &all->changes.items[i];
        if (c->op != MOULT_OP_ALTER || c->kind != MO_KIND_TABLE)
            continue;
        rc = add_column_renames(plan, c, &kept, err);
        if (rc == MOULT_OK && kept.parts.count && mo_vec_push(plan->region, &plan->changes, kept))
            rc = mo_error_nomem(err);
    }
    mo_plan_free(all);
    return rc;
}

int mo_detect_copy(const mo_dialect *d, mo_conn *scratch, const mo_schema *from, mo_error *err)
{
    return d->copy(scratch, from, NULL, NULL, NULL, err);
}

/* Copies a schema into a scratch, runs the plan's rename steps there, and reads the result. With `lenient` a step that fails is passed over:
 * the recorded schema need not have all that is renamed. */
static int rename_in_scratch(const mo_dialect *d, mo_conn *c, const mo_plan *plan, const mo_schema *from, int lenient,
                             mo_schema **out, mo_error *err)
{
    mo_scratch *scratch;
    mo_conn *s;
    int rc = d->scratch_open(c, &scratch, err);
    if (rc != MOULT_OK)
        return rc;
    s = d->scratch_conn(scratch);
    rc = mo_detect_copy(d, s, from, err);
    for (size_t i = 0; i < plan->steps.count && rc == MOULT_OK; i++)
        for (size_t k = 0; k < plan->steps.items[i].statements.count && rc == MOULT_OK; k++) {
            rc = d->exec(s, plan->steps.items[i].statements.items[k].sql, NULL, err);
            if (lenient && rc != MOULT_OK && rc != MOULT_NOMEM) {
                mo_error_clear(err);
                rc = MOULT_OK;
            }
        }
    if (rc == MOULT_OK)
        rc = d->introspect(s, out, err);
    d->scratch_close(scratch);
    return rc;
}

int mo_detect_add_uncompared(const mo_schema *live, mo_schema **read, mo_error *err)
{
    mo_schema *out = NULL;
    int rc = MOULT_OK, any = 0;
    for (size_t i = 0; i < live->objects.count; i++)
        any |= (live->objects.items[i]->flags & MO_OBJECT_UNCOMPARED) != 0;
    if (!any)
        return MOULT_OK;
    out = mo_schema_new();
    if (out == NULL)
        return mo_error_nomem(err);
    for (size_t pass = 0; pass < 2; pass++) {
        const mo_schema *from = pass ? live : *read;
        for (size_t i = 0; i < from->objects.count && rc == MOULT_OK; i++) {
            const mo_object *o = from->objects.items[i];
            mo_object *copy;
            if (pass && !(o->flags & MO_OBJECT_UNCOMPARED))
                continue;
            copy = mo_schema_object_copy(out, o);
            rc = copy ? mo_schema_add(out, copy, err) : mo_error_nomem(err);
        }
    }
    if (rc == MOULT_OK)
        rc = mo_schema_seal(out, err);
    if (rc != MOULT_OK) {
        mo_schema_free(out);
        return rc;
    }
    mo_schema_free(*read);
    *read = out;
    return MOULT_OK;
}

/* Fills plan->renamed, and *owned with the recorded schema after the renames (the caller's to free when it changed). */
static int do_renames(moult *m, mo_plan *plan, const mo_schema *owned, mo_schema **owned_renamed)
{
    const mo_dialect *d = m->dialect;
    int rc = d->renames(plan, 0, &m->error);
    if (rc == MOULT_OK)
        rc = rename_in_scratch(d, m->conn, plan, plan->live, 0, &plan->renamed, &m->error);
    if (rc != MOULT_OK && rc != MOULT_NOMEM) { /* something is broken already: it must not stand in the way */
        mo_error_clear(&m->error);
        plan->steps.count = 0;
        rc = d->renames(plan, 1, &m->error);
        if (rc == MOULT_OK)
            rc = rename_in_scratch(d, m->conn, plan, plan->live, 0, &plan->renamed, &m->error);
    }
    if (rc == MOULT_OK)
        rc = mo_detect_add_uncompared(plan->live, &plan->renamed, &m->error);
    if (rc == MOULT_OK && owned)
        rc = rename_in_scratch(d, m->conn, plan, owned, 1, owned_renamed, &m->error);
    return rc;
}

/* --- diff ---------------------------------------------------------------------------------------------------------- */

/* What the engine accepts but will not do as it is declared (a trigger that names no such column). */
static int note_declared(mo_plan *plan, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < plan->desired->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = plan->desired->objects.items[i];
        if (o->note && !(o->flags & MO_OBJECT_UNCOMPARED))
            rc = mo_plan_note(plan, err, "%s %s: %s", mo_kinds[o->kind].name, o->name, o->note);
    }
    return rc;
}

static int diff_rest(moult *m, mo_plan *plan, const mo_ownership *own)
{
    size_t renames = plan->changes.count;
    int rc = mo_carry(m->dialect, mo_plan_start(plan), plan->desired, own, plan, &plan->target, &m->error);
    if (rc == MOULT_OK)
        rc = mo_diff(mo_plan_start(plan), plan->target, m->options.pub.column_order_strict, plan, &m->error);
    if (rc == MOULT_OK && plan->changes.count > renames)
        rc = mo_rename_hints(plan, &m->error);
    if (rc == MOULT_OK)
        rc = note_declared(plan, &m->error);
    return rc;
}

/* Where the last version is only half applied, that the database is not it is no drift. */
int mo_detect_mark_undo(moult *m, mo_plan *plan, const mo_schema *owned)
{
    int half, rc = mo_history_half(m->dialect, m->conn, &half, &m->error);
    if (rc == MOULT_OK && !half)
        mo_mark_undo(plan, owned);
    return rc;
}

/* Both of `own` after the renames; `renamed` are to be freed then. */
static int rename_owned(moult *m, mo_plan *plan, mo_ownership *own, mo_schema *renamed[2])
{
    int rc = do_renames(m, plan, own->owned, &renamed[0]);
    if (rc == MOULT_OK && own->added)
        rc = rename_in_scratch(m->dialect, m->conn, plan, own->added, 1, &renamed[1], &m->error);
    if (renamed[0])
        own->owned = renamed[0];
    if (renamed[1])
        own->added = renamed[1];
    return rc;
}

int mo_detect_diff(moult *m, mo_plan *plan, const mo_schema *owned, int own_all)
{
    mo_schema *renamed[2] = {NULL, NULL}, *whole = NULL, *begun = NULL;
    mo_ownership own = {.all = own_all,
                        .owned = owned,
                        .same_type = m->options.pub.same_type,
                        .same_type_user = m->options.pub.same_type_user};
    int rc = owned ? mo_detect_owned(m, &whole) : MOULT_OK;
    if (whole) {
        own.owned = whole;
        own.added = owned;
    }
    if (rc == MOULT_OK && plan->behind && !whole) {
        rc = mo_detect_begun(m, &begun);
        own.added = begun;
    }
    if (rc == MOULT_OK && declares_renames(plan->desired)) {
        if (!plan->behind) /* on the way back they were made for this very database */
            rc = forget_done(plan, own.owned, &m->error);
        if (rc == MOULT_OK)
            rc = find_renames(m->dialect, plan, &m->error);
        if (rc == MOULT_OK)
            rc = mo_make_room(plan, &own, &m->error);
    }
    if (rc == MOULT_OK && plan->renames.count)
        rc = rename_owned(m, plan, &own, renamed);
    if (rc == MOULT_OK)
        rc = diff_rest(m, plan, &own);
    if (rc == MOULT_OK && own.owned && !begun && plan->changes.count)
        rc = mo_detect_mark_undo(m, plan, own.owned);
    if (rc == MOULT_OK) {
        memcpy(plan->from, plan->live->fingerprint, sizeof plan->from);
        memcpy(plan->to, plan->target->fingerprint, sizeof plan->to);
    }
    mo_schema_free(renamed[0]);
    mo_schema_free(renamed[1]);
    mo_schema_free(whole);
    mo_schema_free(begun);
    return rc;
}

int mo_detect_snapshot(mo_plan *plan, const mo_schema *declared, mo_error *err)
{
    mo_str json = {0};
    int rc = mo_snapshot_write(declared, &json, err);
    memcpy(plan->declared_fp, declared->fingerprint, sizeof plan->declared_fp);
    if (rc == MOULT_OK && (plan->declared = mo_str_into(&json, plan->region)) == NULL)
        rc = mo_error_nomem(err);
    mo_str_free(&json);
    return rc;
}

static int tick_cancel(void *user, int64_t rows_done)
{
    const moult *m = user;
    (void)rows_done;
    return mo_cancelled(&m->cancel) ? MOULT_CANCELLED : MOULT_OK;
}

int mo_detect_assess(moult *m, mo_plan *plan)
{
    mo_watch watch = {tick_cancel, m};
    int rc = mo_allows_check(plan->desired, &m->error);
    if (rc == MOULT_OK && plan->asks_rows)
        rc = m->dialect->probe(m->conn, plan, m->options.pub.probe_timeout, &watch, &m->error);
    if (rc == MOULT_OK)
        rc = mo_assess(plan, m->options.pub.rules, &m->error);
    return rc == MOULT_OK ? mo_attic_reasons(m, plan) : rc;
}

int mo_detect_build(moult *m, mo_plan *plan)
{
    int rc = plan->declared ? MOULT_OK : mo_detect_snapshot(plan, plan->desired, &m->error);
    if (rc == MOULT_OK)
        rc = mo_attic_prepare(m, plan);
    if (rc == MOULT_OK)
        rc = m->dialect->steps(m->conn, plan, &m->error);
    if (rc == MOULT_OK)
        rc = mo_assess_steps(plan, m->options.pub.rules, &m->error);
    if (rc == MOULT_OK)
        rc = mo_plan_sort(plan, &m->error);
    return rc == MOULT_OK ? mo_plan_seal(plan, &m->error) : rc;
}

/* --- schemas ------------------------------------------------------------------------------------------------------- */

int mo_detect_in_scope(moult *m, mo_schema **s)
{
    mo_schema *part;
    int rc;
    if (m->scope.include == NULL && m->scope.exclude == NULL)
        return MOULT_OK;
    rc = mo_scope_apply(&m->scope, *s, &part, &m->error);
    if (rc == MOULT_OK) {
        mo_schema_free(*s);
        *s = part;
    }
    return rc;
}

int mo_detect_inspect(moult *m, mo_schema **out)
{
    int rc = m->dialect->introspect(m->conn, out, &m->error);
    if (rc == MOULT_OK)
        rc = mo_detect_in_scope(m, out);
    return rc;
}

/* Another database is opened for the length of the reading. */
static int inspect_other(moult *m, const char *url, mo_schema **out)
{
    moult *other;
    moult_options options = MOULT_OPTIONS_INIT;
    int rc;
    options.lock_timeout = m->options.pub.lock_timeout;
    if (mo_limit_seconds(m) > 0 && mo_limit_seconds(m) < options.lock_timeout)
        options.lock_timeout = mo_limit_seconds(m);
    rc = moult_open(&other, url, MOULT_OPEN_READ, &options);
    if (rc == MOULT_OK && other->dialect != m->dialect)
        rc = mo_error_set(&other->error, MOULT_INVALID, "'%s' is a database of another engine", other->url.display);
    if (rc == MOULT_OK)
        other->dialect->limit(other->conn, &m->limit.watch);
    if (rc == MOULT_OK)
        rc = other->dialect->introspect(other->conn, out, &other->error);
    if (rc != MOULT_OK)
        rc = other ? mo_error_move(&m->error, &other->error) : mo_error_nomem(&m->error);
    moult_close(other);
    return rc;
}

int mo_detect_load(moult *m, const mo_source_read *read, const mo_schema *live, const mo_schema *recorded,
                   mo_schema **out)
{
    mo_load_args args = {&read->texts, live, recorded, m->options.pub.full, mo_limit_deadline(m), &m->cancel};
    int rc = MOULT_OK;
    switch (read->form) {
    case MO_SOURCE_TEXTS:
        rc = mo_load_texts(m->dialect, m->conn, &args, out, &m->error);
        break;
    case MO_SOURCE_DATABASE:
        rc = inspect_other(m, read->uri, out);
        break;
    case MO_SOURCE_HISTORY:
        rc = mo_history_schema(m->dialect, m->conn, read->version, out, &m->error);
        break;
    }
    return rc == MOULT_OK ? mo_detect_in_scope(m, out) : rc;
}

/* --- all of it ----------------------------------------------------------------------------------------------------- */

/* The steps, in phases where hooks or the caller ask for them. `owned` goes before what needs no more of it begins: it
 * is large. */
static int build(moult *m, mo_plan *plan, mo_schema **owned)
{
    int rc, phased;
    phased = plan->hooks.count > 0 || m->options.pub.phase == MOULT_PHASE_EXPAND;
    if (!phased) {
        mo_schema_free(*owned);
        *owned = NULL;
    }
    rc = mo_limit_next(m, "asking the rows");
    if (rc == MOULT_OK)
        rc = mo_detect_assess(m, plan);
    if (rc == MOULT_OK)
        rc = mo_limit_next(m, "making the steps");
    if (rc == MOULT_OK)
        rc = phased ? mo_phases_build(m, plan, *owned) : mo_detect_build(m, plan);
    return rc;
}

/* Is the desired schema older than the one that is there? Then an old build is starting, and there is nothing to plan
 * unless going back is asked for. */
static int find_behind(moult *m, mo_plan *plan)
{
    if (m->rollback) {
        plan->behind = 1;
        plan->behind_version = m->rollback;
        return MOULT_OK;
    }
    int64_t version = 0;
    int replaced = 0;
    int rc = mo_history_find(m->dialect, m->conn, plan->declared_fp, &version, &replaced, &m->error);
    plan->behind = rc == MOULT_OK && version > 0 && replaced;
    plan->behind_version = plan->behind ? version : 0;
    return rc;
}

static int nothing_to_plan(moult *m, mo_plan *plan)
{
    memcpy(plan->from, plan->live->fingerprint, sizeof plan->from);
    memcpy(plan->to, plan->live->fingerprint, sizeof plan->to);
    return mo_plan_seal(plan, &m->error);
}

/* What the history is told: the desired schema, and, where only a part was looked at, what was declared of the rest before. */
static int declare(moult *m, const mo_schema *recorded, mo_plan *plan)
{
    mo_schema *all = NULL;
    int rc = MOULT_OK;
    if (recorded && (m->scope.include || m->scope.exclude)) {
        all = mo_schema_new();
        rc = all ? MOULT_OK : mo_error_nomem(&m->error);
        if (all)
            all->dialect = m->dialect->name;
        for (size_t i = 0; rc == MOULT_OK && i < plan->desired->objects.count + recorded->objects.count; i++) {
            int old = i >= plan->desired->objects.count;
            const mo_object *o =
                old ? recorded->objects.items[i - plan->desired->objects.count] : plan->desired->objects.items[i];
            mo_object *copy;
            if (old && mo_scope_has(&m->scope, o))
                continue;
            copy = mo_schema_object_same(all, o);
            rc = copy ? mo_schema_add(all, copy, &m->error) : mo_error_nomem(&m->error);
        }
        if (rc == MOULT_OK)
            rc = mo_schema_seal(all, &m->error);
    }
    memcpy(plan->declared_fp, plan->desired->fingerprint, sizeof plan->declared_fp);
    if (rc == MOULT_OK && all) /* else later, when the recorded schema's memory is free again */
        rc = mo_detect_snapshot(plan, all, &m->error);
    mo_schema_free(all);
    return rc;
}

/* What the versions between know: how things were called, and what the attic keeps of them. */
static int go_back(moult *m, mo_plan *plan, int64_t version)
{
    int rc = mo_detect_backward(m, plan, version);
    if (rc == MOULT_OK)
        rc = mo_refill_plan(m, plan, version);
    if (rc != MOULT_NOTFOUND || m->rollback)
        return rc;
    mo_error_clear(&m->error);
    return mo_plan_note(plan, &m->error,
                        "the schemas of the versions since were pruned: renames are not undone as renames, and nothing "
                        "comes back from the attic");
}

/* plan->live and plan->desired are there. */
static int fill_plan(moult *m, mo_schema **recorded, int64_t version, mo_plan *plan)
{
    int rc = declare(m, *recorded, plan);
    if (rc == MOULT_OK && version > 0)
        rc = find_behind(m, plan);
    if (rc == MOULT_OK && plan->behind && !m->options.pub.backward)
        return nothing_to_plan(m, plan);
    if (rc == MOULT_OK && plan->behind)
        rc = go_back(m, plan, version);
    if (rc == MOULT_OK && *recorded)
        rc = mo_detect_in_scope(m, recorded);
    if (rc == MOULT_OK)
        rc = mo_limit_next(m, "comparing");
    if (rc == MOULT_OK)
        rc = mo_detect_diff(m, plan, *recorded, m->options.pub.own == MOULT_OWN_ALL);
    if (rc == MOULT_OK)
        rc = mo_hooks_find(m, plan, version);
    if (rc == MOULT_OK)
        rc = build(m, plan, recorded);
    if (rc == MOULT_OK)
        rc = mo_limit_next(m, "proving the plan");
    if (rc == MOULT_OK && plan->steps.count)
        rc = mo_prove(m->dialect, m->conn, plan, m->options.pub.full, mo_limit_deadline(m), &m->error);
    return rc;
}

/* The desired schema: of a source, or (again) of a plan. */
static int load_desired(moult *m, const mo_source_read *read, const mo_plan *given, const mo_schema *recorded,
                        mo_plan *plan)
{
    if (read)
        return mo_detect_load(m, read, plan->live, recorded, &plan->desired);
    if (given->declared == NULL)
        return mo_error_set(&m->error, MOULT_INVALID, "plan %.8s does not say what it declares", given->id);
    return mo_snapshot_read(m->dialect, given->declared, strlen(given->declared), &plan->desired, &m->error);
}

static int detect(moult *m, const mo_source_read *read, const mo_plan *given, mo_plan *plan)
{
    mo_schema *recorded = NULL;
    int64_t version = 0;
    int rc, has_state = mo_state_exists(m->dialect, m->conn, &m->error);
    rc = has_state < 0 ? has_state : MOULT_OK;
    if (has_state > 0)
        rc = mo_history_last(m->dialect, m->conn, &version, &recorded, &m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->marker(m->conn, &plan->marker, &m->error);
    plan->asks_rows = plan->made_here = 1;
    plan->online = m->options.pub.online;
    if (rc == MOULT_OK)
        rc = mo_detect_inspect(m, &plan->live);
    if (rc == MOULT_OK)
        rc = mo_limit_next(m, "loading the desired schema");
    if (rc == MOULT_OK)
        rc = load_desired(m, read, given, recorded, plan);
    if (rc == MOULT_OK)
        rc = fill_plan(m, &recorded, version, plan);
    mo_schema_free(recorded);
    return rc;
}

static int detect_new(moult *m, const mo_source_read *read, const mo_plan *given, mo_plan **out)
{
    int rc;
    *out = mo_plan_new(m->dialect);
    if (*out == NULL)
        return mo_error_nomem(&m->error);
    mo_limit_begin(m, "reading the database");
    rc = mo_limit_end(m, detect(m, read, given, *out));
    mo_refill_forget(m, *out);
    if (rc != MOULT_OK) {
        mo_plan_free(*out);
        *out = NULL;
    }
    return rc;
}

int mo_detect(moult *m, const mo_source_read *read, mo_plan **out)
{
    return detect_new(m, read, NULL, out);
}

/* How the given plan rebuilds big tables: its maker may have asked for it. */
static moult_online online_of(const mo_plan *given, moult_online otherwise)
{
    int driven = 0, plain = 0;
    if (otherwise != MOULT_ONLINE_AUTO)
        return otherwise;
    for (size_t i = 0; i < given->steps.count; i++) {
        driven |= given->steps.items[i].driver;
        plain |= strcmp(given->steps.items[i].method, "rebuild") == 0;
    }
    if (driven == plain)
        return driven ? MOULT_ONLINE_AUTO : otherwise;
    return driven ? MOULT_ONLINE_ALWAYS : MOULT_ONLINE_NEVER;
}

int mo_detect_again(moult *m, const mo_plan *given, mo_plan **out)
{
    moult_options *o = &m->options.pub;
    int backward = o->backward, no_attic = o->no_attic, rc;
    double attic_age = o->attic_age;
    moult_own own = o->own;
    moult_online online = o->online;
    moult_phase phase = o->phase;
    o->phase = given->phase_only;
    o->backward = backward || given->behind;
    o->online = online_of(given, online);
    o->no_attic = !given->attic.on; /* what it keeps is part of what it does */
    o->attic_age = given->attic.on ? (double)given->attic.age : attic_age;
    m->rollback = given->behind ? given->behind_version : 0;
    rc = detect_new(m, NULL, given, out);
    if (rc == MOULT_OK && strcmp((*out)->id, given->id) != 0 && own != MOULT_OWN_ALL) {
        o->own = MOULT_OWN_ALL; /* the plan may have been made so; its file need not be told again */
        mo_plan_free(*out);
        rc = detect_new(m, NULL, given, out);
    }
    m->rollback = 0;
    o->own = own;
    o->online = online;
    o->phase = phase;
    o->backward = backward;
    o->no_attic = no_attic;
    o->attic_age = attic_age;
    return rc;
}
