/* SPDX-License-Identifier: MIT */
/* probe_foreign.c - rows without a parent, before a foreign key. */
#include <string.h>

#include "dialect/postgres/probe.h"

/* Where the parent's rows are now, and its columns; NULL: it is new, or they change. */
static const char *parent_of(const mo_pg_probing *p, const mo_constraint *k, mo_pg_list *columns, int *failed)
{
    const mo_change *change = mo_pg_probe_change_of(p, k->ref_table);
    const char *table = mo_plan_live_table(p->plan, k->ref_table);
    if (!mo_schema_find(p->plan->live, MO_KIND_TABLE, table) &&
        mo_schema_find(p->plan->target, MO_KIND_TABLE, k->ref_table))
        return NULL;
    for (size_t i = 0; i < k->ref_column_count; i++) {
        const char *column = change ? mo_pg_probe_steady(p, change, k->ref_columns[i])
                                    : mo_plan_live_column(p->plan, k->ref_table, k->ref_columns[i]);
        if (!column)
            return NULL;
        *failed |= mo_vec_push(p->plan->region, columns, column) != 0;
    }
    return table;
}

/* MATCH SIMPLE asks for a parent when no column is NULL, MATCH FULL when any is not. */
static const char *orphans(const mo_pg_probing *p, const mo_constraint *k, const mo_pg_list *own, const char *parent,
                           const mo_pg_list *theirs)
{
    const char *child = mo_pg_last_name(p->plan->region, p->table);
    int full = mo_pg_find_words(k->canonical, "MATCH FULL") != NULL;
    mo_str s = {0};
    if (!child)
        return NULL;
    mo_str_add(&s, "((");
    for (size_t i = 0; i < own->count; i++)
        mo_str_addf(&s, "%s%s IS NOT NULL", i ? full ? " OR " : " AND " : "", own->items[i]);
    mo_str_addf(&s, ") AND NOT EXISTS (SELECT FROM %s _moult_parent WHERE ", parent);
    for (size_t i = 0; i < own->count; i++)
        mo_str_addf(&s, "%s_moult_parent.%s = %s.%s", i ? " AND " : "", theirs->items[i], child, own->items[i]);
    mo_str_add(&s, "))");
    return mo_str_into(&s, p->plan->region);
}

/* Does it only become valid, saying the same? */
static int is_validated(const mo_part *part)
{
    const char *before = part->constraint_before ? part->constraint_before->canonical : "";
    size_t n = strlen(part->constraint_after->canonical);
    return strncmp(before, part->constraint_after->canonical, n) == 0 && strcmp(before + n, " NOT VALID") == 0;
}

int mo_pg_ask_foreign(mo_pg_probing *p, mo_part *part)
{
    const mo_constraint *k = part->constraint_after;
    mo_pg_list own = {0}, theirs = {0};
    const char *parent;
    int failed = 0;
    mo_pg_question q = {.part = part,
                        .into = &part->found,
                        .bit = MO_PG_WHOLE,
                        .is = "has no parent",
                        .are = "have no parent",
                        .forbids = 1,
                        .eases = part->op == MOULT_OP_ALTER && !is_validated(part) ? 0 : 2};
    if (part->constraint_before && strcmp(part->constraint_before->canonical, k->canonical) == 0)
        return MOULT_OK; /* it only gets another name */
    for (size_t i = 0; i < k->column_count; i++) {
        const char *column = mo_pg_probe_steady(p, p->change, k->columns[i]);
        if (!column)
            return mo_table_column(p->change->before->table, k->columns[i])
                       ? mo_evidence_say(p->plan->region, &part->found, p->err,
                                         "not asked: '%s' changes at the same time", k->columns[i])
                       : MOULT_OK;
        failed |= mo_vec_push(p->plan->region, &own, column) != 0;
    }
    parent = parent_of(p, k, &theirs, &failed);
    if (failed)
        return mo_error_nomem(p->err);
    if (!parent || theirs.count != own.count)
        return mo_evidence_say(p->plan->region, &part->found, p->err, "not asked: '%s' changes at the same time",
                               k->ref_table);
    q.condition = orphans(p, k, &own, parent, &theirs);
    return q.condition ? mo_pg_probe_add(p, &q) : mo_error_nomem(p->err);
}
