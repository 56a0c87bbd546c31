/* SPDX-License-Identifier: MIT */
/*
 * inplace.c - which kinds of objects can be altered where they stand, and by which file.
 *
 * Those functions are asked twice: dry, what they could do, and then, when nothing that the object depends on goes, to do it.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

static const struct {
    mo_pg_alter_fn *alter;
    int order; /* where new ones are created, and altered */
} kinds[MO_KIND_COUNT] = {
    [MO_KIND_EXTENSION] = {mo_pg_alter_extension, MO_PG_ORDER_CREATE},
    [MO_KIND_NAMESPACE] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_COLLATION] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_ENUM] = {mo_pg_alter_enum, MO_PG_ORDER_CREATE},
    [MO_KIND_COMPOSITE] = {mo_pg_alter_composite, MO_PG_ORDER_CREATE},
    [MO_KIND_RANGE] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_DOMAIN] = {mo_pg_alter_domain, MO_PG_ORDER_CREATE},
    [MO_KIND_SEQUENCE] = {mo_pg_alter_sequence, MO_PG_ORDER_CREATE},
    [MO_KIND_FUNCTION] = {mo_pg_alter_function, MO_PG_ORDER_CREATE},
    [MO_KIND_PROCEDURE] = {mo_pg_alter_function, MO_PG_ORDER_CREATE},
    [MO_KIND_AGGREGATE] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_OPERATOR] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_OPERATOR_FAMILY] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_OPERATOR_CLASS] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_CAST] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_TS_DICTIONARY] = {mo_pg_alter_dictionary, MO_PG_ORDER_CREATE},
    [MO_KIND_TS_CONFIGURATION] = {mo_pg_alter_behind, MO_PG_ORDER_CREATE},
    [MO_KIND_TABLE] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_VIRTUAL_TABLE] = {NULL, MO_PG_ORDER_CREATE},
    [MO_KIND_INDEX] = {mo_pg_alter_index, MO_PG_ORDER_CREATE_INDEX},
    [MO_KIND_VIEW] = {mo_pg_alter_view, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_MATERIALIZED_VIEW] = {mo_pg_alter_materialized_view, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_RULE] = {mo_pg_alter_behind, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_STATISTICS] = {mo_pg_alter_behind, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_TRIGGER] = {mo_pg_alter_trigger, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_POLICY] = {mo_pg_alter_policy, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_PUBLICATION] = {mo_pg_alter_publication, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_EVENT_TRIGGER] = {mo_pg_alter_behind, MO_PG_ORDER_CREATE_LATE},
    [MO_KIND_COMMENT] = {mo_pg_alter_comment, MO_PG_ORDER_SAY},
    [MO_KIND_PRIVILEGE] = {mo_pg_alter_privilege, MO_PG_ORDER_SAY},
    [MO_KIND_DEFAULT_PRIVILEGE] = {mo_pg_alter_privilege, MO_PG_ORDER_SAY},
    [MO_KIND_OTHER] = {NULL, MO_PG_ORDER_CREATE},
};

int mo_pg_order_of(mo_kind kind)
{
    return kinds[kind].order;
}

int mo_pg_alter_object(mo_pg_stepping *s, const mo_change *change, int *done)
{
    *done = 0;
    return kinds[change->kind].alter ? kinds[change->kind].alter(s, change, done) : MOULT_OK;
}

int mo_pg_alter_text(mo_pg_stepping *s, const mo_change *change, mo_str *sql)
{
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, kinds[change->kind].order, "alter", change->after, sql);
}

/* The statement that says it stands for itself. */
int mo_pg_alter_comment(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_str sql = {0};
    *done = 1;
    mo_str_add(&sql, change->after->sql);
    return mo_pg_alter_text(s, change, &sql);
}

/* Its version is never changed unasked; its schema can be. */
int mo_pg_alter_extension(mo_pg_stepping *s, const mo_change *change, int *done)
{
    const char *schema = change->after->canonical;
    mo_str sql = {0};
    *done = 1;
    mo_str_addf(&sql, "ALTER EXTENSION %s SET SCHEMA %s", change->after->name, schema + strlen("schema "));
    return mo_pg_alter_text(s, change, &sql);
}
