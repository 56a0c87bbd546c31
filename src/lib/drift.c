/* SPDX-License-Identifier: MIT */
/*
 * drift.c - what became of what the last version left, by other hands.
 *
 * What was left is what it declared, with what somebody else owns beside it: the same target that a plan would have. So
 * a new column or table of others is no drift; it is listed.
 */
#include "drift.h"

#include "diff/diff.h"

/* Annotations were followed when the version was applied. */
static void forget_annotations(mo_schema *s)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        mo_object *o = s->objects.items[i];
        o->renamed_from = NULL;
        for (size_t k = 0; o->table && k < o->table->columns.count; k++)
            o->table->columns.items[k]->renamed_from = NULL;
    }
}

static const char *keep(mo_region *r, const char *text, int *failed)
{
    const char *copy = mo_region_dup(r, text);
    *failed |= text && copy == NULL;
    return copy;
}

/* The definitions of both sides: of an object, or of a part of one. */
static void definitions(const mo_change *c, const mo_part *p, const char **then, const char **now)
{
    *then = *now = NULL;
    if (p == NULL) {
        *then = c->before ? c->before->sql : NULL;
        *now = c->after ? c->after->sql : NULL;
    } else if (p->kind == MO_PART_COLUMN) {
        *then = p->column_before ? p->column_before->text : NULL;
        *now = p->column_after ? p->column_after->text : NULL;
    } else if (p->kind == MO_PART_CONSTRAINT) {
        *then = p->constraint_before ? p->constraint_before->text : NULL;
        *now = p->constraint_after ? p->constraint_after->text : NULL;
    } else if (p->kind == MO_PART_OPTION) {
        *then = p->option_before ? p->option_before->name : NULL;
        *now = p->option_after ? p->option_after->name : NULL;
    }
}

static int add_drift(mo_region *r, mo_drifts *out, const mo_change *c, const mo_part *p, const moult_change_info *row,
                     mo_error *err)
{
    const char *then, *now;
    moult_drift_info d = {.op = row->op, .kind = row->kind};
    int failed = 0;
    definitions(c, p, &then, &now);
    d.kind = keep(r, row->kind, &failed);
    d.name = keep(r, row->name, &failed);
    d.what = keep(r, row->op == MOULT_OP_ALTER ? row->what : "", &failed);
    d.recorded = keep(r, then, &failed);
    d.live = keep(r, now, &failed);
    return failed || mo_vec_push(r, out, d) ? mo_error_nomem(err) : MOULT_OK;
}

/* `p` holds the changes from what was left to what is there, and their rows in the same order. */
static int take_drift(mo_region *r, const mo_plan *p, mo_drifts *out, mo_error *err)
{
    size_t row = 0;
    int rc = MOULT_OK;
    for (size_t i = 0; i < p->changes.count && rc == MOULT_OK; i++) {
        const mo_change *c = &p->changes.items[i];
        size_t parts = c->parts.count;
        for (size_t k = 0; k < (parts ? parts : 1) && rc == MOULT_OK; k++)
            rc = add_drift(r, out, c, parts ? &c->parts.items[k] : NULL, &p->rows.items[row++], err);
    }
    return rc;
}

static int add_foreign(mo_region *r, mo_drift_texts *out, const char *text, mo_error *err)
{
    return text && mo_vec_push(r, out, text) == 0 ? MOULT_OK : mo_error_nomem(err);
}

static int take_foreign_parts(mo_region *r, const mo_object *o, mo_drift_texts *out, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t k = 0; k < o->table->columns.count && rc == MOULT_OK; k++)
        if (o->table->columns.items[k]->foreign)
            rc = add_foreign(r, out, mo_region_printf(r, "column %s.%s", o->name, o->table->columns.items[k]->name),
                             err);
    for (size_t k = 0; k < o->table->constraints.count && rc == MOULT_OK; k++)
        if (o->table->constraints.items[k]->foreign)
            rc = add_foreign(r, out,
                             mo_region_printf(r, "constraint of %s: %s", o->name, o->table->constraints.items[k]->text),
                             err);
    return rc;
}

static int take_foreign(mo_region *r, const mo_schema *left, mo_drift_texts *out, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < left->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = left->objects.items[i];
        if (o->flags & MO_OBJECT_FOREIGN)
            rc = add_foreign(r, out,
                             mo_region_printf(r, "%s %s%s%s", mo_kinds[o->kind].name, o->name, o->parent ? " on " : "",
                                              o->parent ? o->parent : ""),
                             err);
        else if (o->table)
            rc = take_foreign_parts(r, o, out, err);
    }
    return rc;
}

int mo_drift_find(moult *m, const mo_schema *live, mo_schema *recorded, mo_region *r, mo_drifts *drift,
                  mo_drift_texts *foreign)
{
    mo_ownership own = {
        .owned = recorded, .same_type = m->options.pub.same_type, .same_type_user = m->options.pub.same_type_user};
    mo_schema *left = NULL;
    mo_plan *plan = mo_plan_new(m->dialect);
    int rc = plan ? MOULT_OK : mo_error_nomem(&m->error);
    forget_annotations(recorded);
    if (rc == MOULT_OK)
        rc = mo_carry(m->dialect, live, recorded, &own, NULL, &left, &m->error);
    if (rc == MOULT_SOURCE) { /* somebody's own has the name of what was declared: then all of it is drift */
        mo_error_clear(&m->error);
        own.all = 1;
        rc = mo_carry(m->dialect, live, recorded, &own, NULL, &left, &m->error);
    }
    if (rc == MOULT_OK)
        rc = mo_diff(left, live, 0, plan, &m->error);
    if (rc == MOULT_OK)
        rc = mo_plan_seal(plan, &m->error);
    if (rc == MOULT_OK)
        rc = take_drift(r, plan, drift, &m->error);
    if (rc == MOULT_OK)
        rc = take_foreign(r, left, foreign, &m->error);
    mo_plan_free(plan);
    mo_schema_free(left);
    return rc;
}
