/* SPDX-License-Identifier: MIT */
/*
 * alter_enum.c - enums: new values are added in place, each in its position.
 *
 * The transaction that adds a value cannot use it. Where another step of the plan says it, the value comes in a transaction of its
 * own before all else: it is there then even when the rest fails, which harms nothing. What takes values away or puts them in
 * another order is another type: see replace_type.c.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

static int labels_of(mo_region *r, const mo_object *o, mo_pg_list *out)
{
    size_t length;
    const char *inside = mo_pg_inside(o->canonical, &length);
    return inside ? mo_pg_split_list(r, inside, length, out) : 0;
}

/* Are all labels of `before` in `after`, in the same order? */
static int only_gains(const mo_pg_list *before, const mo_pg_list *after)
{
    size_t at = 0;
    for (size_t i = 0; i < after->count && at < before->count; i++)
        at += strcmp(after->items[i], before->items[at]) == 0;
    return at == before->count;
}

/* Behind the one before it, which is there by then; the first one before the first that was there. */
static void add_value_sql(mo_str *sql, const mo_object *o, const mo_pg_list *before, const mo_pg_list *after, size_t i)
{
    mo_str_addf(sql, "ALTER TYPE %s ADD VALUE IF NOT EXISTS %s", o->name, after->items[i]);
    if (i > 0)
        mo_str_addf(sql, " AFTER %s", after->items[i - 1]);
    else if (before->count)
        mo_str_addf(sql, " BEFORE %s", before->items[0]);
}

static int speaks(const mo_object *o, const char *literal)
{
    return o->sql && strstr(o->sql, literal) != NULL;
}

/* Does anything that the plan makes or alters say this value? */
static int is_used(const mo_pg_stepping *s, const mo_object *type, const char *literal)
{
    for (size_t i = 0; i < s->plan->changes.count; i++) {
        const mo_change *c = &s->plan->changes.items[i];
        if (c->after && c->after != type && speaks(c->after, literal))
            return 1;
        for (size_t k = 0; k < c->parts.count; k++) {
            const mo_column *column = c->parts.items[k].column_after;
            const char *fill = column && column->fill ? column->fill : column ? column->refill : NULL;
            if (fill && strstr(fill, literal))
                return 1;
        }
    }
    for (size_t i = 0; i < s->to->objects.count; i++) {
        const mo_object *o = s->to->objects.items[i];
        if (o != type && mo_pg_is_marked(s->again, o) && speaks(o, literal))
            return 1;
    }
    return 0;
}

static int add_value(mo_pg_stepping *s, const mo_object *o, const mo_pg_list *before, const mo_pg_list *after, size_t i)
{
    mo_str sql = {0};
    add_value_sql(&sql, o, before, after, i);
    int code =
        mo_pg_step_text(s, MO_PHASE_EXPAND, MO_PG_ORDER_NEW_VALUE + (s->dry ? 0 : s->serial++), "alter", o, &sql);
    if (code == MOULT_OK && !s->dry) {
        s->plan->steps.items[s->plan->steps.count - 1].transaction = !is_used(s, o, after->items[i]);
        code = mo_pg_step_says(s, "changes the catalog only",
                               "a value that is not used does no harm; to take it away, make the type anew");
    }
    return code;
}

int mo_pg_alter_enum(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_pg_list before = {0}, after = {0};
    int code = MOULT_OK;
    if (labels_of(s->plan->region, change->before, &before) || labels_of(s->plan->region, change->after, &after))
        return mo_error_nomem(s->err);
    *done = only_gains(&before, &after);
    for (size_t i = 0; *done && code == MOULT_OK && i < after.count; i++)
        if (!mo_pg_list_has(&before, after.items[i]))
            code = add_value(s, change->after, &before, &after, i);
    return code;
}
