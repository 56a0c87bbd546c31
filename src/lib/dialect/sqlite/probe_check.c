/* SPDX-License-Identifier: MIT */
/* probe_check.c - rows that a new or changed CHECK refuses. */
#include <string.h>

#include "dialect/sqlite/probe.h"

static int judge(mo_probe *p, mo_question *q)
{
    const char *query =
        q->about; /* NULL: it was asked of values that are computed, and those may be another tomorrow */
    if (q->found[0].rows == 0 && q->part->kind == MO_PART_COLUMN)
        return MOULT_OK; /* of a column that comes with it nobody asked */
    if (q->found[0].rows) {
        mo_question_blame(q);
        if (query)
            mo_evidence_forbid(q->into, q->found[0].rows, *query ? query : NULL);
    }
    return mo_probe_tell(p, q, 0, "breaks it", "break it");
}

/* The column of the expression whose comparisons change, so that nobody can tell beforehand; NULL: there is none. */
static const char *other_collation(const mo_probe *p, const char *expression, size_t length)
{
    for (size_t i = 0; i < p->change->parts.count; i++) {
        const mo_part *part = &p->change->parts.items[i];
        if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_COLLATION)) &&
            mo_probe_mentions(expression, length, part->column_after->name))
            return part->column_after->name;
    }
    return NULL;
}

static const char *query_for(const mo_probe *p, const char *condition)
{
    const char *table = mo_probe_unrenamed(p);
    return table ? mo_region_printf(p->plan->region, "SELECT * FROM %s WHERE %s", table, condition)
                 : mo_region_dup(p->plan->region, "");
}

int mo_probe_ask_check(mo_probe *p, mo_part *part, const mo_constraint *check)
{
    const char *start, *other;
    size_t length;
    int simple = 1, stored = 1, rc;
    mo_question *q;
    if (!mo_sqlite_inside(check->text, &start, &length))
        return MOULT_OK;
    other = other_collation(p, start, length);
    if (other)
        return mo_evidence_say(p->plan->region, &part->found, p->err,
                               "not asked: the collation of '%s' changes at the same time", other);
    rc = mo_probe_names(p, start, length, &simple, &stored);
    if (rc == MOULT_OK && !simple)
        return mo_evidence_say(p->plan->region, &part->found, p->err,
                               "not asked: it names a generated column that is new or changed");
    if (rc != MOULT_OK)
        return rc;
    q = mo_probe_add(p, part, &part->found, MO_WHOLE, judge);
    if (q == NULL || (q->condition = mo_region_printf(p->region, "NOT (%.*s)", (int)length, start)) == NULL ||
        (stored && (q->about = query_for(p, q->condition)) == NULL))
        return mo_error_nomem(p->err);
    return MOULT_OK;
}
