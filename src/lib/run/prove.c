/* SPDX-License-Identifier: MIT */
/*
 * prove.c - no plan leaves the house unproved.
 *
 * A scratch gets a copy of the current schema, without rows: all of it, or what the steps touch with everything that names it or is
 * named by it. Each step runs there in its declared equivalent; the result is read back and must be the target.
 */
#include "run/run.h"

#include <string.h>

typedef struct proof {
    const mo_dialect *d;
    const mo_plan *plan;
    mo_map *whole;   /* folded names of what someone else owns and is not broken */
    mo_map *touched; /* folded names that the proof is about; NULL: everything */
    mo_deadline deadline;
    mo_error *err;
} proof;

/* --- what the proof is about --------------------------------------------------------------------------------------- */

static int touch(proof *p, const char *name, int *more)
{
    if (name == NULL || mo_map_has(p->touched, name))
        return MOULT_OK;
    *more = 1;
    return mo_map_put(p->touched, name, NULL) ? mo_error_nomem(p->err) : MOULT_OK;
}

/* The tables that a fill expression reads. */
static int touch_fill(proof *p, const char *fill)
{
    mo_lexer x;
    mo_token t;
    mo_str name = {0};
    int more, rc = MOULT_OK;
    mo_lexer_init(&x, p->d->lex, fill, strlen(fill));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD && rc == MOULT_OK;
         t = mo_lexer_next(&x)) {
        if (t.kind != MO_TOKEN_WORD && t.kind != MO_TOKEN_QUOTED)
            continue;
        mo_str_clear(&name);
        mo_str_addn(&name, t.text, t.length); /* makes room: a value is never longer than its token */
        if (name.failed)
            break;
        name.data[mo_token_value(&t, name.data)] = '\0';
        if (mo_schema_find_relation(p->plan->live, name.data))
            rc = touch(p, name.data, &more);
    }
    rc = name.failed ? mo_error_nomem(p->err) : rc;
    mo_str_free(&name);
    return rc;
}

static int touch_fills(proof *p, const mo_change *c)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < c->parts.count && rc == MOULT_OK; i++)
        if (c->parts.items[i].column_after && c->parts.items[i].column_after->fill)
            rc = touch_fill(p, c->parts.items[i].column_after->fill);
    return rc;
}

/* A table that is filled from the attic looks for the parents of its rows. */
static int touch_refills(proof *p)
{
    int more, rc = MOULT_OK;
    for (size_t i = 0; i < p->plan->refills.count && rc == MOULT_OK; i++) {
        const mo_object *o = mo_schema_find(p->plan->target, MO_KIND_TABLE, p->plan->refills.items[i].table);
        for (size_t k = 0; o && k < o->table->constraints.count && rc == MOULT_OK; k++)
            rc = touch(p, mo_plan_live_table(p->plan, o->table->constraints.items[k]->ref_table), &more);
    }
    return rc;
}

static int touch_changes(proof *p)
{
    int more, rc = MOULT_OK;
    for (size_t i = 0; i < p->plan->changes.count && rc == MOULT_OK; i++) {
        const mo_change *c = &p->plan->changes.items[i];
        const mo_object *both[2] = {c->before, c->after};
        for (size_t k = 0; k < 2 && rc == MOULT_OK; k++) {
            if (both[k] == NULL)
                continue;
            rc = touch(p, both[k]->name, &more);
            if (rc == MOULT_OK)
                rc = touch(p, both[k]->parent, &more);
        }
        if (rc == MOULT_OK)
            rc = touch_fills(p, c);
    }
    for (size_t i = 0; i < p->plan->renames.count && rc == MOULT_OK; i++) {
        const mo_rename *r = &p->plan->renames.items[i];
        rc = touch(p, r->table ? r->table : r->from, &more);
        if (rc == MOULT_OK && r->table)
            rc = touch(p, mo_plan_live_table(p->plan, r->table), &more);
    }
    return rc == MOULT_OK ? touch_refills(p) : rc;
}

static int concerns(const proof *p, const mo_object *o)
{
    if (p->touched == NULL || mo_map_has(p->touched, o->name) || (o->parent && mo_map_has(p->touched, o->parent)))
        return 1;
    for (size_t i = 0; i < o->mention_count; i++)
        if (mo_map_has(p->touched, o->mentions[i]))
            return 1;
    return 0;
}

/* One round outwards from what is touched: what names it, and the tables of that. Tables name each other by foreign keys only, so
 * after the first round (`all`) only views and triggers carry the touch further. */
static int grow(proof *p, const mo_schema *s, int all, int *more)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < s->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = s->objects.items[i];
        if ((!all && o->kind != MO_KIND_VIEW && o->kind != MO_KIND_TRIGGER) || !concerns(p, o))
            continue;
        rc = touch(p, o->name, more);
        if (rc == MOULT_OK)
            rc = touch(p, o->parent, more);
    }
    return rc;
}

/* What touched views and triggers name must be there too, else the engine cannot look at them. */
static int add_named(proof *p, const mo_schema *s, int *more)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < s->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = s->objects.items[i];
        if ((o->kind != MO_KIND_VIEW && o->kind != MO_KIND_TRIGGER) || !mo_map_has(p->touched, o->name))
            continue;
        for (size_t k = 0; k < o->mention_count && rc == MOULT_OK; k++)
            if (mo_schema_find_relation(s, o->mentions[k]))
                rc = touch(p, o->mentions[k], more);
    }
    return rc;
}

static int find_touched(proof *p)
{
    const mo_schema *live = p->plan->live;
    int more = 1, rc;
    p->touched = mo_map_new(1);
    if (p->touched == NULL)
        return mo_error_nomem(p->err);
    rc = touch_changes(p);
    if (rc == MOULT_OK)
        rc = grow(p, live, 1, &more);
    for (more = 1; more && rc == MOULT_OK;) {
        more = 0;
        rc = grow(p, live, 0, &more);
    }
    for (more = 1; more && rc == MOULT_OK;) {
        more = 0;
        rc = add_named(p, live, &more);
        for (size_t i = 0; i < live->objects.count && rc == MOULT_OK; i++) {
            const mo_object *o = live->objects.items[i]; /* what hangs on a touched table comes with it */
            if (o->parent && mo_map_has(p->touched, o->parent))
                rc = touch(p, o->name, &more);
        }
    }
    return rc;
}

static int is_touched(const proof *p, const mo_object *o)
{
    if (o->flags & MO_OBJECT_UNCOMPARED)
        return 0;
    return p->touched == NULL || mo_map_has(p->touched, o->name) || (o->parent && mo_map_has(p->touched, o->parent));
}

/* --- running it ---------------------------------------------------------------------------------------------------- */

static int unproved(proof *p, const char *what, const char *sql)
{
    mo_error cause = {{0}};
    int rc;
    if (p->err->pub.code == MOULT_NOMEM || p->err->pub.code == MOULT_CANCELLED || p->err->pub.code == MOULT_TIMEOUT)
        return p->err->pub.code;
    mo_error_move(&cause, p->err);
    rc = mo_error_set(p->err, MOULT_UNPROVED, "%s: %s", what, cause.pub.message ? cause.pub.message : "unknown error");
    mo_error_detail(p->err, "in: %s", sql);
    mo_error_hint(p->err, "nothing was changed; this is a defect of moult, please report it with both schemas");
    mo_error_clear(&cause);
    return rc;
}

static int late(proof *p)
{
    if (!mo_deadline_passed(p->deadline))
        return MOULT_OK;
    mo_error_set(p->err, MOULT_TIMEOUT, "the time limit passed while the plan was proved");
    return mo_error_hint(p->err, "raise the limit for detection");
}

static int is_wanted(void *user, const mo_object *o)
{
    return is_touched(user, o);
}

static int copy_live(proof *p, mo_conn *scratch)
{
    const mo_object *wrong = NULL;
    int rc = MOULT_OK;
    for (size_t i = 0; i < p->plan->borrowed.count; i++) {
        rc = p->d->exec(scratch, p->plan->borrowed.items[i], NULL, p->err);
        if (rc != MOULT_OK)
            return unproved(p, "what the attic keeps cannot be copied", p->plan->borrowed.items[i]);
    }
    rc = p->d->copy(scratch, p->plan->live, is_wanted, p, &wrong, p->err);
    if (rc != MOULT_OK)
        return unproved(p, "the current schema cannot be copied", wrong ? wrong->sql : "");
    return late(p);
}

/* --- what someone else owns must not break ------------------------------------------------------------------------- */

/* Fills p->whole with the names of foreign objects that can be read as things are. */
static int find_whole(proof *p, mo_conn *scratch)
{
    const mo_schema *t = p->plan->target;
    int rc = MOULT_OK;
    for (size_t i = 0; i < t->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = t->objects.items[i], *wrong = NULL;
        mo_map *only;
        if (!(o->flags & MO_OBJECT_FOREIGN) || !is_touched(p, o) ||
            mo_schema_find(p->plan->live, o->kind, o->name) == NULL)
            continue;
        only = mo_map_new(1);
        rc = only == NULL || mo_map_put(only, o->name, NULL) ? mo_error_nomem(p->err) : MOULT_OK;
        if (rc == MOULT_OK)
            rc = p->d->check(scratch, p->plan->live, only, &wrong, p->err);
        mo_map_free(only);
        if (rc == MOULT_OK)
            rc = mo_map_put(p->whole, o->name, NULL) ? mo_error_nomem(p->err) : MOULT_OK;
        else if (rc == MOULT_SOURCE || rc == MOULT_DATABASE) { /* broken already: not by this plan */
            mo_error_clear(p->err);
            rc = MOULT_OK;
        }
    }
    return rc;
}

static int check_whole(proof *p, mo_conn *scratch)
{
    const mo_object *wrong = NULL;
    mo_error cause = {{0}};
    int rc;
    if (mo_map_count(p->whole) == 0)
        return MOULT_OK;
    rc = p->d->check(scratch, p->plan->target, p->whole, &wrong, p->err);
    if ((rc != MOULT_SOURCE && rc != MOULT_DATABASE) || wrong == NULL)
        return rc;
    mo_error_move(&cause, p->err);
    rc = mo_error_set(p->err, MOULT_IMPOSSIBLE, "%s '%s' would break: %s", mo_kinds[wrong->kind].name, wrong->name,
                      cause.pub.message ? cause.pub.message : "");
    mo_error_hint(p->err, "it was not declared, so moult leaves it alone: declare it as it shall be, or drop it first");
    mo_error_clear(&cause);
    return rc;
}

static int run_statement(proof *p, mo_conn *scratch, const mo_statement *s)
{
    int rc = MOULT_OK;
    if (s->kind == MO_STATEMENT_RUN)
        rc = p->d->exec(scratch, s->sql, NULL, p->err);
    if (rc != MOULT_OK)
        return unproved(p, "a step of the plan fails", s->sql);
    return late(p);
}

/* Can a hook's statements be understood where it stands? They do not run: there are no rows here. */
static int check_hook(proof *p, mo_conn *scratch, const mo_step *s)
{
    int last = 0;
    for (const mo_step *before = p->plan->steps.items; before < s; before++)
        last |= before->phase == MO_PHASE_CONTRACT;
    mo_error cause = {{0}};
    int rc = MOULT_OK;
    for (size_t k = 0; k < s->statements.count && rc == MOULT_OK; k++) {
        mo_str sql = {0};
        mo_str_add(&sql, "EXPLAIN ");
        mo_str_add(&sql, s->statements.items[k].sql);
        rc = sql.failed ? mo_error_nomem(p->err) : p->d->exec(scratch, mo_str_text(&sql), NULL, p->err);
        mo_str_free(&sql);
        if (rc == MOULT_OK || rc == MOULT_NOMEM)
            continue;
        mo_error_move(&cause, p->err);
        rc = mo_error_set(p->err, MOULT_SOURCE, "hook %s cannot run where it stands: %s", s->hook,
                          cause.pub.message ? cause.pub.message : "");
        mo_error_object(p->err, "hook %s", s->hook);
        mo_error_detail(p->err, "in: %s", s->statements.items[k].sql);
        mo_error_hint(p->err, "it runs %s; nothing was changed",
                      last ? "when the schema is the desired one"
                           : "with everything new in place, and before anything is taken away or renamed");
        mo_error_clear(&cause);
    }
    return rc;
}

static int run_steps(proof *p, mo_conn *scratch)
{
    int rc = p->d->run_begin(scratch, p->plan, 0, p->err);
    for (size_t i = 0; i < p->plan->steps.count && rc == MOULT_OK; i++) {
        const mo_step *s = &p->plan->steps.items[i];
        size_t n = s->proof.count ? s->proof.count : s->statements.count;
        const mo_statement *all = s->proof.count ? s->proof.items : s->statements.items;
        if (s->hook) {
            rc = check_hook(p, scratch, s);
            continue;
        }
        for (size_t k = 0; k < n && rc == MOULT_OK; k++)
            rc = run_statement(p, scratch, &all[k]);
    }
    p->d->run_end(scratch);
    return rc;
}

/* The part of a schema that the proof is about. */
static int part_of(proof *p, const mo_schema *s, mo_schema **out)
{
    int rc = MOULT_OK;
    *out = mo_schema_new();
    if (*out == NULL)
        return mo_error_nomem(p->err);
    for (size_t i = 0; i < s->objects.count && rc == MOULT_OK; i++) {
        mo_object *copy;
        if (!is_touched(p, s->objects.items[i]))
            continue;
        copy = mo_schema_object_copy(*out, s->objects.items[i]);
        rc = copy ? mo_schema_add(*out, copy, p->err) : mo_error_nomem(p->err);
    }
    if (rc == MOULT_OK)
        rc = mo_schema_seal(*out, p->err);
    if (rc != MOULT_OK) {
        mo_schema_free(*out);
        *out = NULL;
    }
    return rc;
}

static int compare(proof *p, mo_conn *scratch)
{
    mo_schema *found = NULL, *wanted = NULL;
    mo_str difference = {0};
    int rc = p->d->introspect(scratch, &found, p->err);
    if (rc == MOULT_OK)
        rc = part_of(p, p->plan->target, &wanted);
    if (rc == MOULT_OK && strcmp(found->fingerprint, wanted->fingerprint) != 0) {
        rc = mo_describe_difference(wanted, found, &difference, p->err);
        if (rc == MOULT_OK) {
            rc = mo_error_set(p->err, MOULT_UNPROVED, "the plan does not lead to the desired schema");
            mo_error_detail(p->err, "%s", mo_str_text(&difference));
            mo_error_hint(p->err, "nothing was changed; this is a defect of moult, please report it with both schemas");
        }
    }
    mo_str_free(&difference);
    mo_schema_free(found);
    mo_schema_free(wanted);
    return rc;
}

int mo_prove(const mo_dialect *d, mo_conn *c, const mo_plan *plan, int full, mo_deadline deadline, mo_error *err)
{
    proof p = {.d = d, .plan = plan, .deadline = deadline, .err = err};
    mo_scratch *scratch = NULL;
    /* A hook may name anything; and what an engine alone understands may need what nobody else sees. */
    int rc = full || plan->hooks.count || !(d->caps & MO_CAP_READS_DEFINITIONS) ? MOULT_OK : find_touched(&p);
    if (rc == MOULT_OK && (p.whole = mo_map_new(1)) == NULL)
        rc = mo_error_nomem(err);
    if (rc == MOULT_OK)
        rc = d->scratch_open(c, &scratch, err);
    if (rc == MOULT_OK)
        rc = copy_live(&p, d->scratch_conn(scratch));
    if (rc == MOULT_OK)
        rc = find_whole(&p, d->scratch_conn(scratch));
    if (rc == MOULT_OK)
        rc = run_steps(&p, d->scratch_conn(scratch));
    if (rc == MOULT_OK)
        rc = check_whole(&p, d->scratch_conn(scratch));
    if (rc == MOULT_OK)
        rc = compare(&p, d->scratch_conn(scratch));
    d->scratch_close(scratch);
    mo_map_free(p.touched);
    mo_map_free(p.whole);
    return rc;
}
