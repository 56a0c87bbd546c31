/* SPDX-License-Identifier: MIT */
/* alter_trigger.c - triggers and policies: what PostgreSQL alters in place or replaces. */
#include <string.h>

#include "dialect/postgres/steps.h"

/* Constraint triggers cannot be replaced; nor could any before PostgreSQL 14. The one that replaces is enabled as a new one is. */
int mo_pg_alter_trigger(mo_pg_stepping *s, const mo_change *change, int *done)
{
    static const char plain[] = "CREATE TRIGGER ";
    const char *before = change->before->sql, *after = change->after->sql;
    mo_str sql = {0};
    int code = mo_pg_alter_behind(s, change, done);
    if (code != MOULT_OK || *done)
        return code;
    *done = mo_pg_version(s->conn) >= 140000 && strncmp(before, plain, sizeof plain - 1) == 0 &&
            strncmp(after, plain, sizeof plain - 1) == 0;
    if (!*done)
        return MOULT_OK;
    mo_str_addf(&sql, "CREATE OR REPLACE %s", after + strlen("CREATE "));
    return mo_pg_alter_text(s, change, &sql);
}

/* The pieces of a policy: what it is for cannot be altered, the rest can, but nothing can be taken away. */
typedef struct policy {
    const char *kind, *to, *using, *check;
} policy;

static const char *until(mo_region *r, const char *from, const char *a, const char *b, const char *c)
{
    const char *end = a ? a : b ? b : c;
    size_t n = end ? (size_t)(end - from) : strlen(from);
    while (n && from[n - 1] == ' ')
        n--;
    return mo_region_dupn(r, from, n);
}

static int read_policy(mo_region *r, const char *text, policy *out)
{
    const char *to = mo_pg_find_words(text, "TO"), *using = mo_pg_find_words(text, "USING"),
               *check = mo_pg_find_words(text, "WITH CHECK");
    *out = (policy){.kind = until(r, text, to, using, check)};
    if (to)
        out->to = until(r, to, using, check, NULL);
    if (using)
        out->using = until(r, using, check, NULL, NULL);
    if (check)
        out->check = until(r, check, NULL, NULL, NULL);
    return !out->kind || (to && !out->to) || (using && !out->using) || (check && !out->check) ? -1 : 0;
}

static void add_clause(mo_str *sql, const char *before, const char *after, const char *usual)
{
    if (after && (!before || strcmp(before, after) != 0))
        mo_str_addf(sql, " %s", after);
    else if (!after && before)
        mo_str_addf(sql, " %s", usual);
}

int mo_pg_alter_policy(mo_pg_stepping *s, const mo_change *change, int *done)
{
    policy before, after;
    mo_str sql = {0};
    if (read_policy(s->plan->region, change->before->canonical, &before) ||
        read_policy(s->plan->region, change->after->canonical, &after))
        return mo_error_nomem(s->err);
    *done = strcmp(before.kind, after.kind) == 0 && !(before.using && !after.using) && !(before.check && !after.check);
    if (!*done)
        return MOULT_OK;
    mo_str_addf(&sql, "ALTER POLICY %s", change->after->name);
    add_clause(&sql, before.to, after.to, "TO PUBLIC");
    add_clause(&sql, before.using, after.using, "");
    add_clause(&sql, before.check, after.check, "");
    return mo_pg_alter_text(s, change, &sql);
}
