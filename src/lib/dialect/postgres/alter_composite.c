/* SPDX-License-Identifier: MIT */
/*
 * alter_composite.c - composite types: attributes come at the end, and go anywhere; their types change where no column has the
 * type. Another order is another type.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

static int attributes_of(mo_region *r, const mo_object *o, mo_pg_list *out)
{
    size_t length;
    const char *inside = mo_pg_inside(o->canonical, &length);
    return inside ? mo_pg_split_list(r, inside, length, out) : 0;
}

/* The length of an attribute's name. */
static size_t name_length(const char *attribute)
{
    size_t n = 0;
    for (int quoted = 0; attribute[n] && (quoted || attribute[n] != ' '); n++)
        quoted ^= attribute[n] == '"';
    return n;
}

static const char *namesake(const mo_pg_list *list, const char *attribute)
{
    size_t n = name_length(attribute);
    for (size_t i = 0; i < list->count; i++)
        if (name_length(list->items[i]) == n && strncmp(list->items[i], attribute, n) == 0)
            return list->items[i];
    return NULL;
}

/* Do those that stay keep their order, with all new ones behind them? */
static int keeps_order(const mo_pg_list *before, const mo_pg_list *after)
{
    size_t at = 0;
    int new_seen = 0;
    for (size_t i = 0; i < after->count; i++) {
        const char *old = namesake(before, after->items[i]);
        new_seen |= !old;
        if (old && new_seen)
            return 0;
        while (old && at < before->count && before->items[at] != old)
            at++;
        if (old && at == before->count)
            return 0;
    }
    return 1;
}

static int alters_a_type(const mo_pg_list *before, const mo_pg_list *after)
{
    for (size_t i = 0; i < after->count; i++) {
        const char *old = namesake(before, after->items[i]);
        if (old && strcmp(old, after->items[i]) != 0)
            return 1;
    }
    return 0;
}

static int say(mo_pg_stepping *s, const mo_change *change, const char *what, const char *name, size_t n,
               const char *rest)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TYPE %s %s ATTRIBUTE %.*s%s", change->after->name, what, (int)n, name, rest);
    return mo_pg_alter_text(s, change, &sql);
}

static int change_attribute(mo_pg_stepping *s, const mo_change *change, const char *old, const char *wanted)
{
    size_t n = name_length(wanted);
    mo_str rest = {0};
    if (!old)
        return say(s, change, "ADD", wanted, n, wanted + n);
    if (strcmp(old, wanted) == 0)
        return MOULT_OK;
    mo_str_addf(&rest, " TYPE%s", wanted + n);
    int code = rest.failed ? mo_error_nomem(s->err) : say(s, change, "ALTER", wanted, n, mo_str_text(&rest));
    mo_str_free(&rest);
    return code;
}

int mo_pg_alter_composite(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_pg_list before = {0}, after = {0};
    int code = MOULT_OK;
    if (attributes_of(s->plan->region, change->before, &before) ||
        attributes_of(s->plan->region, change->after, &after))
        return mo_error_nomem(s->err);
    *done = keeps_order(&before, &after) &&
            !(alters_a_type(&before, &after) && mo_pg_is_type_of_column(s->from, change->before));
    for (size_t i = 0; *done && code == MOULT_OK && i < before.count; i++)
        if (!namesake(&after, before.items[i]))
            code = say(s, change, "DROP", before.items[i], name_length(before.items[i]), "");
    for (size_t i = 0; *done && code == MOULT_OK && i < after.count; i++)
        code = change_attribute(s, change, namesake(&before, after.items[i]), after.items[i]);
    return code;
}
