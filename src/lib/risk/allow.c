/* SPDX-License-Identifier: MIT */
/* allow.c - annotations that allow what a rule says of one object: "-- @allow drop-column: archived in May". */
#include <string.h>

#include "risk/risk.h"

int mo_allows_check(const mo_schema *desired, mo_error *err)
{
    for (size_t i = 0; desired && i < desired->allows.count; i++) {
        const mo_allow *a = &desired->allows.items[i];
        const mo_rule *near;
        if (mo_rule_find(a->rule))
            continue;
        near = mo_rule_near(a->rule);
        mo_error_set(err, MOULT_SOURCE, "'@allow' names a rule that there is not: '%s'", a->rule);
        mo_error_hint(err, near ? "did you mean '%s'? 'moult rules' lists them" : "'moult rules' lists them",
                      near ? near->info.id : "");
        return mo_error_at(err, a->where.file, a->where.line, a->where.column);
    }
    return MOULT_OK;
}

/* --- what an annotation is about ----------------------------------------------------------------------------------- */

/* "table.name" as it was written. */
static int is_dotted(const char *object, const char *table, const char *name)
{
    size_t n = strlen(table);
    return name && strlen(object) > n && object[n] == '.' && mo_name_equaln(table, object, n) &&
           mo_name_equal(object + n + 1, name);
}

static const char *column_of(const mo_part *part)
{
    const mo_column *c = part->column_after ? part->column_after : part->column_before;
    return part->kind == MO_PART_COLUMN ? c->name : NULL;
}

static const mo_constraint *constraint_of(const mo_part *part)
{
    return part->constraint_after ? part->constraint_after : part->constraint_before;
}

/* The column that a declared constraint stands at; NULL: it stands beside them. */
static const char *holder(const mo_change *change, const mo_part *part)
{
    const mo_constraint *k = part->constraint_after;
    const mo_table *t = change->after ? change->after->table : NULL;
    return k && t && k->column >= 0 && (size_t)k->column < t->columns.count ? t->columns.items[k->column]->name : NULL;
}

/* The n-th of the constraints that stand beside the columns. */
static const mo_constraint *nth(const mo_schema *desired, const char *table, int n)
{
    const mo_object *o = mo_schema_find(desired, MO_KIND_TABLE, table);
    for (size_t i = 0; o && o->table && i < o->table->constraints.count; i++)
        if (o->table->constraints.items[i]->column < 0 && --n == 0)
            return o->table->constraints.items[i];
    return NULL;
}

static int about_part(const mo_plan *plan, const mo_allow *a, const mo_risk_subject *s)
{
    const char *table = (s->change->after ? s->change->after : s->change->before)->name;
    const mo_part *part = s->part;
    int constraint = part->kind == MO_PART_CONSTRAINT;
    if (a->constraint) {
        const mo_constraint *k = mo_name_equal(a->object, table) ? nth(plan->desired, table, a->constraint) : NULL;
        return constraint && k && part->constraint_after && mo_constraint_equal(k, part->constraint_after);
    }
    if (a->column)
        return mo_name_equal(a->object, table) && (mo_name_equal(a->column, column_of(part)) ||
                                                   (constraint && mo_name_equal(a->column, holder(s->change, part))));
    if (part->kind == MO_PART_COLUMN)
        return is_dotted(a->object, table, column_of(part));
    return mo_name_equal(a->object, table) || (constraint && is_dotted(a->object, table, constraint_of(part)->name));
}

static int is_about(const mo_plan *plan, const mo_allow *a, const mo_risk_subject *s)
{
    if (s->hook)
        return mo_name_equal(a->object, s->hook->declared->version);
    if (s->part)
        return about_part(plan, a, s);
    return !a->column && !a->constraint &&
           ((s->change->after && mo_name_equal(a->object, s->change->after->name)) ||
            (s->change->before && mo_name_equal(a->object, s->change->before->name)));
}

const mo_allow *mo_allow_find(const mo_plan *plan, const char *rule, const mo_risk_subject *subject)
{
    for (size_t i = 0; plan->desired && i < plan->desired->allows.count; i++) {
        mo_allow *a = &plan->desired->allows.items[i];
        if (strcmp(a->rule, rule) != 0 || !is_about(plan, a, subject))
            continue;
        a->used = 1;
        return a;
    }
    return NULL;
}

int mo_allows_unused(mo_plan *plan, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t i = 0; plan->desired && i < plan->desired->allows.count && rc == MOULT_OK; i++) {
        const mo_allow *a = &plan->desired->allows.items[i];
        if (!a->used && a->where.file)
            rc = mo_plan_note(plan, err, "%s:%d: '@allow %s' matches nothing now: take it out", a->where.file,
                              a->where.line, a->rule);
    }
    return rc;
}
