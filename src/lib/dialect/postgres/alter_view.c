/* SPDX-License-Identifier: MIT */
/*
 * alter_view.c - views are replaced where they stand when their columns stay, with new ones at the end; of materialized views and
 * indexes only the options can be altered.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* Are the columns of `before` the first ones of `after`, of the same types? Not known: no. */
static int keeps_columns(const mo_object *before, const mo_object *after)
{
    if (!before->give_count || before->give_count > after->give_count)
        return 0;
    for (size_t i = 0; i < before->give_count; i++)
        if (strcmp(before->gives[i], after->gives[i]) != 0)
            return 0;
    return 1;
}

int mo_pg_alter_view(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_pg_list before = {0}, after = {0};
    mo_str sql = {0};
    *done = keeps_columns(change->before, change->after);
    if (!*done)
        return MOULT_OK;
    if (mo_pg_split_statements(s->plan->region, change->before->sql, &before) ||
        mo_pg_split_statements(s->plan->region, change->after->sql, &after))
        return mo_error_nomem(s->err);
    if (strcmp(before.items[0], after.items[0]) != 0) {
        mo_str_addf(&sql, "CREATE OR REPLACE %s", after.items[0] + strlen("CREATE "));
        int code = mo_pg_alter_text(s, change, &sql);
        if (code != MOULT_OK)
            return code;
    }
    return mo_pg_change_behind(s, change, done);
}

/* A definition of which the options in WITH (…) are taken out. */
typedef struct optioned {
    const char *rest;
    mo_pg_list options;
} optioned;

static int read_options(mo_region *r, const char *sql, optioned *out)
{
    mo_pg_list statements = {0};
    mo_str rest = {0};
    size_t length = 0;
    if (mo_pg_split_statements(r, sql, &statements) || !statements.count)
        return -1;
    const char *with = mo_pg_find_words(statements.items[0], "WITH");
    const char *inside =
        with && with[strlen("WITH")] == ' ' && with[strlen("WITH ")] == '(' ? mo_pg_inside(with, &length) : NULL;
    const char *as = mo_pg_find_words(statements.items[0], "AS");
    if (inside && as && with > as)
        inside = NULL; /* a query's own */
    mo_str_addn(&rest, statements.items[0],
                inside ? (size_t)(with - statements.items[0]) : strlen(statements.items[0]));
    if (inside)
        mo_str_add(&rest, inside + length + 1 + strspn(inside + length + 1, " "));
    while (rest.length && rest.data[rest.length - 1] == ' ')
        rest.data[--rest.length] = '\0';
    out->rest = mo_str_into(&rest, r);
    return !out->rest || (inside && mo_pg_split_list(r, inside, length, &out->options)) ? -1 : 0;
}

/* Only options and what stands behind the definition differ: each has its own statement. */
static int alter_options(mo_pg_stepping *s, const mo_change *change, const char *noun, int *done)
{
    mo_region *r = s->plan->region;
    optioned before = {0}, after = {0};
    mo_pg_list statements = {0};
    const char *head = mo_region_printf(r, "ALTER %s %s", noun, change->after->name);
    if (!head || read_options(r, change->before->sql, &before) || read_options(r, change->after->sql, &after))
        return mo_error_nomem(s->err);
    *done = strcmp(before.rest, after.rest) == 0;
    int code = *done ? mo_pg_options_sql(r, head, &before.options, &after.options, &statements) : MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < statements.count; i++) {
        mo_str sql = {0};
        mo_str_add(&sql, statements.items[i]);
        code = mo_pg_alter_text(s, change, &sql);
    }
    return code == MOULT_OK && *done ? mo_pg_change_behind(s, change, done) : code;
}

int mo_pg_alter_materialized_view(mo_pg_stepping *s, const mo_change *change, int *done)
{
    return alter_options(s, change, "MATERIALIZED VIEW", done);
}

/* That of a partitioned table has no storage, and no options that could be altered. */
int mo_pg_alter_index(mo_pg_stepping *s, const mo_change *change, int *done)
{
    const mo_object *table = mo_schema_find(s->to, MO_KIND_TABLE, change->after->parent);
    if (table && mo_table_option(table->table, "partition by"))
        return mo_pg_alter_behind(s, change, done);
    return alter_options(s, change, "INDEX", done);
}
