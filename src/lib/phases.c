/* SPDX-License-Identifier: MIT */
/*
 * phases.c - expand, hooks, contract.
 *
 * The first half is what only adds: new tables, new columns in a form that asks nothing of the rows, new views. What the
 * database is after it, the engine says: the current schema is copied into a scratch, the steps run there, and the result
 * is read back. The second half is then an ordinary plan, from that schema to the target. So nothing needs to know twice
 * how a change is made, and what `--phase contract` does later is what comes after the hooks when all is done at once.
 *
 * A step that cannot be run so early (its name is still taken, or it names what is renamed later) is left to the second
 * half.
 */
#include "phases.h"

#include <string.h>

#include "attic.h"
#include "detect.h"
#include "diff/diff.h"
#include "hooks.h"
#include "risk/risk.h"

typedef struct phases {
    moult *m;
    mo_plan *plan;
    mo_schema *expanded; /* what is there between the halves */
    int transaction;     /* of the part that is built */
} phases;

/* --- the first half ------------------------------------------------------------------------------------------------ */

/* Can what a view shows be read? Engines create views that cannot. */
static int view_works(phases *p, mo_conn *scratch, const mo_step *step)
{
    mo_str sql = {0};
    int rc;
    if (step->kind != MO_KIND_VIEW)
        return MOULT_OK;
    mo_str_add(&sql, "EXPLAIN SELECT * FROM ");
    p->m->dialect->quote(&sql, step->object);
    rc =
        sql.failed ? mo_error_nomem(&p->m->error) : p->m->dialect->exec(scratch, mo_str_text(&sql), NULL, &p->m->error);
    mo_str_clear(&sql);
    if (rc != MOULT_OK && rc != MOULT_NOMEM) { /* it must not stand in the way of what comes after */
        mo_error ignored = {{0}};
        mo_str_add(&sql, "DROP VIEW ");
        p->m->dialect->quote(&sql, step->object);
        if (!sql.failed)
            (void)p->m->dialect->exec(scratch, mo_str_text(&sql), NULL, &ignored);
        mo_error_clear(&ignored);
    }
    mo_str_free(&sql);
    return rc;
}

/* Runs one step in the scratch, whole or not at all; *works tells. */
static int try_step(phases *p, mo_conn *scratch, const mo_step *step, int *works)
{
    const mo_dialect *d = p->m->dialect;
    int rc = d->begin(scratch, 1, &p->m->error);
    for (size_t i = 0; i < step->statements.count && rc == MOULT_OK; i++)
        rc = d->exec(scratch, step->statements.items[i].sql, NULL, &p->m->error);
    if (rc == MOULT_OK)
        rc = view_works(p, scratch, step);
    if (rc == MOULT_OK)
        rc = d->commit(scratch, &p->m->error);
    *works = rc == MOULT_OK;
    if (rc != MOULT_OK)
        d->rollback(scratch);
    if (rc == MOULT_NOMEM || rc == MOULT_CANCELLED || rc == MOULT_TIMEOUT)
        return rc;
    mo_error_clear(&p->m->error);
    return MOULT_OK;
}

/* Tries the steps one after the other; those that do not work go. */
static int try_steps(phases *p, mo_conn *scratch)
{
    size_t kept = 0;
    int works, rc = MOULT_OK;
    for (size_t i = 0; i < p->plan->steps.count && rc == MOULT_OK; i++) {
        mo_step step = p->plan->steps.items[i];
        rc = try_step(p, scratch, &step, &works);
        if (rc == MOULT_OK && works)
            p->plan->steps.items[kept++] = step;
    }
    p->plan->steps.count = kept;
    return rc;
}

static int expand(phases *p)
{
    moult *m = p->m;
    mo_scratch *scratch;
    int rc = m->dialect->expand(m->conn, p->plan, &m->error);
    if (rc == MOULT_OK)
        rc = mo_plan_sort(p->plan, &m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->scratch_open(m->conn, &scratch, &m->error);
    if (rc != MOULT_OK)
        return rc;
    rc = mo_detect_copy(m->dialect, m->dialect->scratch_conn(scratch), p->plan->live, &m->error);
    if (rc == MOULT_OK)
        rc = try_steps(p, m->dialect->scratch_conn(scratch));
    if (rc == MOULT_OK)
        rc = m->dialect->introspect(m->dialect->scratch_conn(scratch), &p->expanded, &m->error);
    m->dialect->scratch_close(scratch);
    if (rc == MOULT_OK)
        rc = mo_detect_add_uncompared(p->plan->live, &p->expanded, &m->error);
    for (size_t i = 0; i < p->plan->steps.count; i++)
        p->plan->steps.items[i].transaction = p->transaction;
    return rc;
}

/* The plan becomes its own first half: what it leads to is what is there between the halves. */
static int only_expand(phases *p, const mo_schema *owned)
{
    mo_plan *plan = p->plan;
    int rc;
    plan->waits = strcmp(plan->to, p->expanded->fingerprint) != 0;
    mo_schema_free(plan->target);
    mo_schema_free(plan->renamed);
    plan->target = p->expanded;
    plan->renamed = p->expanded = NULL;
    plan->changes.count = plan->renames.count = plan->hints.count = 0;
    memcpy(plan->to, plan->target->fingerprint, sizeof plan->to);
    rc = mo_diff(plan->live, plan->target, 0, plan, &p->m->error);
    if (rc == MOULT_OK && owned)
        rc = mo_detect_mark_undo(p->m, plan, owned);
    return rc == MOULT_OK ? mo_assess(plan, p->m->options.pub.rules, &p->m->error) : rc;
}

/* --- the second half ----------------------------------------------------------------------------------------------- */

static const mo_part *same_part(const mo_plan *plan, const mo_change *change, const mo_part *part)
{
    const mo_column *c = part->column_after ? part->column_after : part->column_before;
    for (size_t i = 0; i < plan->changes.count; i++) {
        const mo_change *other = &plan->changes.items[i];
        if (other->op != MOULT_OP_ALTER || other->kind != change->kind ||
            !mo_name_equal(other->after->name, change->after->name))
            continue;
        for (size_t k = 0; k < other->parts.count; k++) {
            const mo_part *o = &other->parts.items[k];
            const mo_column *oc = o->column_after ? o->column_after : o->column_before;
            if (o->kind == MO_PART_COLUMN && o->op != MOULT_OP_RENAME && c && oc && mo_name_equal(oc->name, c->name))
                return o;
        }
    }
    return NULL;
}

static int64_t rows_of(const mo_plan *plan, const mo_change *change)
{
    for (size_t i = 0; i < plan->changes.count; i++) {
        const mo_change *other = &plan->changes.items[i];
        if (other->op == MOULT_OP_ALTER && other->kind == change->kind && other->parts.count &&
            mo_name_equal(other->after->name, change->after->name) && other->rows > 0)
            return other->rows;
    }
    return 0;
}

/* What the rows said when the whole was asked holds here too; a column that only now is there is NULL in all of them. */
static void take_answers(const mo_plan *whole, mo_plan *rest)
{
    for (size_t i = 0; i < rest->changes.count; i++) {
        mo_change *change = &rest->changes.items[i];
        if (change->op != MOULT_OP_ALTER)
            continue;
        change->rows = rows_of(whole, change);
        for (size_t k = 0; k < change->parts.count; k++) {
            mo_part *part = &change->parts.items[k];
            const mo_part *asked = part->kind == MO_PART_COLUMN ? same_part(whole, change, part) : NULL;
            if (asked == NULL)
                continue;
            part->null_rows = asked->op == MOULT_OP_CREATE ? change->rows : asked->null_rows;
            part->default_rows = asked->default_rows;
        }
    }
}

static int copy_schema(const mo_schema *from, mo_schema **out, mo_error *err)
{
    static const mo_scope everything = {NULL, NULL};
    return mo_scope_apply(&everything, from, out, err);
}

/* The plan's own way from what is there between the halves to the target: plan->steps are these alone then. */
static int plan_rest(phases *p, const mo_plan *whole, const mo_schema *owned)
{
    moult *m = p->m;
    int rc = copy_schema(whole->desired, &p->plan->desired, &m->error);
    if (rc == MOULT_OK)
        rc = mo_detect_diff(m, p->plan, owned, m->options.pub.own == MOULT_OWN_ALL);
    if (rc == MOULT_OK) {
        take_answers(whole, p->plan);
        rc = m->dialect->steps(m->conn, p->plan, &m->error);
    }
    return rc == MOULT_OK ? mo_plan_sort(p->plan, &m->error) : rc;
}

/* Puts back what plan_rest() changed, but for the steps, which are added. */
static int join(phases *p, const mo_plan *whole)
{
    mo_plan *plan = p->plan;
    mo_plan rest = *plan;
    int rc = MOULT_OK;
    plan->live = whole->live;
    plan->target = whole->target;
    plan->desired = whole->desired;
    plan->renamed = whole->renamed;
    plan->renames = whole->renames;
    plan->changes = whole->changes;
    plan->steps = whole->steps;
    plan->hints = whole->hints;
    plan->notes = whole->notes;
    memcpy(plan->from, whole->from, sizeof plan->from);
    memcpy(plan->to, whole->to, sizeof plan->to);
    for (size_t i = 0; i < rest.steps.count && rc == MOULT_OK; i++) {
        rest.steps.items[i].phase = MO_PHASE_CONTRACT;
        rest.steps.items[i].transaction = p->transaction;
        rc = mo_vec_push(plan->region, &plan->steps, rest.steps.items[i]) ? mo_error_nomem(&p->m->error) : MOULT_OK;
    }
    mo_schema_free(rest.desired);
    mo_schema_free(rest.target);
    mo_schema_free(rest.renamed);
    return rc;
}

static int contract(phases *p, const mo_schema *owned)
{
    mo_plan *plan = p->plan, whole = *plan;
    int rc, joined;
    plan->live = p->expanded;
    plan->target = plan->desired = plan->renamed = NULL;
    memset(&plan->renames, 0, sizeof plan->renames);
    memset(&plan->changes, 0, sizeof plan->changes);
    memset(&plan->steps, 0, sizeof plan->steps);
    memset(&plan->hints, 0, sizeof plan->hints);
    memset(&plan->notes, 0, sizeof plan->notes);
    rc = plan_rest(p, &whole, owned);
    joined = join(p, &whole);
    return rc == MOULT_OK ? joined : rc;
}

/* The hooks are in the transaction of what only adds; what tightens is the next one. */
static int both_halves(phases *p, const mo_schema *owned)
{
    size_t before;
    int rc = mo_hooks_steps(p->m, p->plan, MOULT_BEFORE_DDL, &p->transaction);
    before = p->plan->steps.count;
    p->transaction += before > 0;
    if (rc == MOULT_OK)
        rc = contract(p, owned);
    if (p->plan->steps.count == before && before > 0)
        p->transaction--;
    return rc == MOULT_OK ? mo_hooks_steps(p->m, p->plan, MOULT_AFTER_DDL, &p->transaction) : rc;
}

int mo_phases_build(moult *m, mo_plan *plan, const mo_schema *owned)
{
    phases p = {.m = m, .plan = plan, .transaction = 1};
    int rc = plan->declared ? MOULT_OK : mo_detect_snapshot(plan, plan->desired, &m->error);
    if (rc == MOULT_OK)
        rc = mo_attic_prepare(m, plan);
    plan->steps.count = 0; /* those of the renames, which were tried: the second half makes them again */
    if (rc == MOULT_OK)
        rc = expand(&p);
    if (rc == MOULT_OK)
        rc = m->options.pub.phase == MOULT_PHASE_EXPAND ? only_expand(&p, owned) : both_halves(&p, owned);
    mo_schema_free(p.expanded);
    if (rc == MOULT_OK)
        rc = mo_assess_steps(plan, m->options.pub.rules, &m->error);
    return rc == MOULT_OK ? mo_plan_seal(plan, &m->error) : rc;
}
