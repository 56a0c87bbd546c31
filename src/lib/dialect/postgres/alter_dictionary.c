/* SPDX-License-Identifier: MIT */
/* alter_dictionary.c - text search dictionaries: their options; one that is named alone is the usual one again. */
#include <string.h>

#include "dialect/postgres/steps.h"

static int options_of(mo_region *r, const mo_object *o, mo_pg_list *out)
{
    size_t length;
    const char *inside = mo_pg_inside(o->canonical, &length);
    return inside ? mo_pg_split_list(r, inside, length, out) : 0;
}

static int has_option(const mo_pg_list *list, const char *option)
{
    for (size_t i = 0; i < list->count; i++)
        if (mo_pg_same_option(list->items[i], option))
            return 1;
    return 0;
}

int mo_pg_alter_dictionary(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_pg_list before = {0}, after = {0};
    mo_str sql = {0};
    const char *comma = "";
    if (options_of(s->plan->region, change->before, &before) || options_of(s->plan->region, change->after, &after))
        return mo_error_nomem(s->err);
    *done = before.count && after.count && strcmp(before.items[0], after.items[0]) == 0; /* the template */
    if (!*done)
        return MOULT_OK;
    mo_str_addf(&sql, "ALTER TEXT SEARCH DICTIONARY %s (", change->after->name);
    for (size_t i = 1; i < before.count; i++) {
        if (has_option(&after, before.items[i]))
            continue;
        mo_str_addf(&sql, "%s%.*s", comma, (int)strcspn(before.items[i], " ="), before.items[i]);
        comma = ", ";
    }
    for (size_t i = 1; i < after.count; i++) {
        if (mo_pg_list_has(&before, after.items[i]))
            continue;
        mo_str_addf(&sql, "%s%s", comma, after.items[i]);
        comma = ", ";
    }
    mo_str_addc(&sql, ')');
    return mo_pg_alter_text(s, change, &sql);
}
