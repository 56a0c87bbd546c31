/* SPDX-License-Identifier: MIT */
/*
 * alter_function.c - functions and procedures: replaced where they stand when what they take and give stays the same.
 *
 * The server refuses another result, other names of arguments, and a default less; a default more it takes.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* The arguments without their defaults, and what stands between them and the language. */
static int head_of(mo_region *r, const char *canonical, const char **out, int *defaults)
{
    size_t length;
    mo_pg_list arguments = {0};
    mo_str head = {0};
    const char *inside = mo_pg_inside(canonical, &length), *language = mo_pg_find_words(canonical, "LANGUAGE");
    *defaults = 0;
    if (!inside || !language || mo_pg_split_list(r, inside, length, &arguments))
        return -1;
    for (size_t i = 0; i < arguments.count; i++) {
        const char *value = mo_pg_find_words(arguments.items[i], "DEFAULT");
        *defaults += value != NULL;
        mo_str_addn(&head, arguments.items[i],
                    value ? (size_t)(value - arguments.items[i]) - 1 : strlen(arguments.items[i]));
        mo_str_addc(&head, ',');
    }
    mo_str_addn(&head, inside + length, (size_t)(language - inside) - length);
    return (*out = mo_str_into(&head, r)) ? 0 : -1;
}

int mo_pg_alter_function(mo_pg_stepping *s, const mo_change *change, int *done)
{
    const char *before, *after;
    int defaults_before, defaults_after;
    mo_str sql = {0};
    if (head_of(s->plan->region, change->before->canonical, &before, &defaults_before) ||
        head_of(s->plan->region, change->after->canonical, &after, &defaults_after))
        return mo_error_nomem(s->err);
    *done = strcmp(before, after) == 0 && defaults_after >= defaults_before;
    if (!*done)
        return MOULT_OK;
    mo_str_add(&sql, change->after->sql);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, mo_pg_order_of_create(s, change->after), "alter", change->after, &sql);
}
