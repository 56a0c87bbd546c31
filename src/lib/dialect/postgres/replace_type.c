/* SPDX-License-Identifier: MIT */
/*
 * replace_type.c - types and collations that cannot be altered while columns have them.
 *
 * The old one gets another name, the new one is made, the columns change over, and the old one is dropped. What else depends on it
 * is made again (again.c). A range type brings functions of its name along, which cannot step aside: there the columns are text
 * in between.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* What of a column's definition could be the type. */
static const char *place_in(const mo_column *c, const mo_object *type)
{
    const char *text = c->attr[type->kind == MO_KIND_COLLATION ? MO_ATTR_COLLATION : MO_ATTR_TYPE].text;
    return text && mo_pg_speaks_of(text, type->name) ? text : NULL;
}

int mo_pg_is_type_of_column(const mo_schema *s, const mo_object *type)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if (!o->table || !mo_object_mentions(o, type->name))
            continue;
        for (size_t k = 0; k < o->table->columns.count; k++)
            if (place_in(o->table->columns.items[k], type))
                return 1;
    }
    return 0;
}

static int move_away(mo_pg_stepping *s, const mo_object *o, const char *name, const char *aside)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER %s %s RENAME TO %s", mo_kinds[o->kind].noun, name, aside);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_MOVE_AWAY + s->serial++, "alter", o, &sql);
}

static int is_altered(const mo_change *change, const mo_column *c)
{
    for (size_t i = 0; change && i < change->parts.count; i++) {
        const mo_part *p = &change->parts.items[i];
        if (p->kind == MO_PART_COLUMN && p->op == MOULT_OP_ALTER && p->column_before == c &&
            (mo_pg_part_differs(p, MO_ATTR_TYPE) || mo_pg_part_differs(p, MO_ATTR_COLLATION)))
            return 1;
    }
    return 0;
}

static int to_text(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s ALTER COLUMN %s TYPE text USING %s::text", o->name, c->name, c->name);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_MOVE_AWAY + s->serial++, "alter", o, &sql);
}

static int change_columns(mo_pg_stepping *s, const mo_object *type, const mo_object *from, const mo_object *to)
{
    const mo_change *change = mo_map_get(s->altered, to->name);
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < from->table->columns.count; i++) {
        const mo_column *before = from->table->columns.items[i], *after = mo_table_column(to->table, before->name);
        if (!after || !place_in(before, type) || !place_in(after, type) || is_altered(change, before))
            continue;
        if (type->kind == MO_KIND_RANGE)
            code = to_text(s, to, after);
        if (code == MOULT_OK)
            code = mo_pg_alter_type(s, to, before, after, 1, change ? change->rows : 0);
    }
    return code;
}

/* The name that the old one has meanwhile, in SQL form without its namespace. NULL: no memory. */
static const char *aside_of(mo_region *r, const mo_object *o)
{
    const char *last = mo_pg_last_name(r, o->name);
    mo_str bare = {0}, name = {0};
    if (!last)
        return NULL;
    mo_str_add(&bare, "moult_old_");
    mo_name_bare(&bare, last);
    mo_name_add(&name, mo_str_text(&bare));
    name.failed |= bare.failed;
    mo_str_free(&bare);
    return mo_str_into(&name, r);
}

static int drop_old(mo_pg_stepping *s, const mo_object *o, const char *name, int order)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "DROP %s %s", mo_kinds[o->kind].noun, name);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, order, "drop", o, &sql);
}

int mo_pg_replace_type(mo_pg_stepping *s, const mo_object *before, const mo_object *after)
{
    int is_range = before->kind == MO_KIND_RANGE, code = MOULT_OK;
    const char *aside = aside_of(s->plan->region, before);
    const char *path = aside ? mo_pg_beside(s->plan->region, before->name, aside) : NULL;
    if (!path)
        return mo_error_nomem(s->err);
    if (!is_range)
        code = move_away(s, before, before->name, aside);
    if (code == MOULT_OK && !mo_pg_step(s, MO_PHASE_EXPAND, MO_PG_ORDER_CREATE, "create", after, after->sql))
        code = mo_error_nomem(s->err);
    for (size_t i = 0; code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *from = s->from->objects.items[i];
        const mo_object *to = from->table && mo_object_mentions(from, before->name)
                                  ? mo_schema_find(s->to, MO_KIND_TABLE, from->name)
                                  : NULL;
        if (to)
            code = change_columns(s, before, from, to);
    }
    if (code == MOULT_OK && is_range)
        return drop_old(s, before, before->name, MO_PG_ORDER_MOVE_AWAY + s->serial++);
    return code == MOULT_OK ? drop_old(s, before, path, MO_PG_ORDER_DROP_LATE) : code;
}
