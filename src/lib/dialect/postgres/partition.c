/* SPDX-License-Identifier: MIT */
/*
 * partition.c - where a table stands: under a partitioned table, a parent that it inherits from, or a type that it is of.
 *
 * A table is attached and detached with its rows. The columns that it has from there are in the tree only where they differ; so
 * what looks like columns that come and go is looked at here first.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

static const char *place(const mo_object *o, const char *option)
{
    const mo_option *found = mo_table_option(o->table, option);
    return found ? found->canonical : NULL;
}

/* --- columns from elsewhere ---------------------------------------------------------------------------------------------- */

/* "a integer" of a composite type as a column. */
static const mo_column *column_of_type(mo_region *r, const mo_schema *s, const char *type, const char *column)
{
    const mo_object *o = mo_schema_find(s, MO_KIND_COMPOSITE, type);
    mo_pg_list attributes = {0};
    size_t length, n = strlen(column);
    const char *inside = o ? mo_pg_inside(o->canonical, &length) : NULL;
    if (!inside || mo_pg_split_list(r, inside, length, &attributes))
        return NULL;
    for (size_t i = 0; i < attributes.count; i++) {
        const char *text = attributes.items[i];
        if (strncmp(text, column, n) != 0 || text[n] != ' ')
            continue;
        mo_column *made = mo_region_alloc(r, sizeof *made);
        if (made) {
            made->name = column;
            made->attr[MO_ATTR_TYPE] = (mo_attr_value){text + n + 1, text + n + 1};
        }
        return made;
    }
    return NULL;
}

static const mo_column *column_of_table(mo_region *r, const mo_schema *s, const char *table, const char *column)
{
    const mo_object *o = mo_schema_find(s, MO_KIND_TABLE, table);
    const mo_column *own = o ? mo_table_column(o->table, column) : NULL;
    return own || !o ? own : mo_pg_inherited(r, s, o, column);
}

const mo_column *mo_pg_inherited(mo_region *r, const mo_schema *s, const mo_object *table, const char *column)
{
    const char *parent = place(table, "partition of"), *parents = place(table, "inherits"), *type = place(table, "of");
    mo_pg_list list = {0};
    const mo_column *found = NULL;
    if (parent)
        return column_of_table(r, s, parent, column);
    if (type)
        return column_of_type(r, s, type, column);
    if (!parents || mo_pg_split_list(r, parents, strlen(parents), &list))
        return NULL;
    for (size_t i = 0; i < list.count && !found; i++)
        found = column_of_table(r, s, list.items[i], column);
    return found;
}

/* --- coming and going ------------------------------------------------------------------------------------------------------ */

static int say(mo_pg_stepping *s, const mo_object *o, int order, const char *table, const char *what, const char *rest,
               const char *bound)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s %s%s%s%s", table, what, rest, bound ? " " : "", bound ? bound : "");
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, order + s->serial++, "alter", o, &sql);
}

static int detach(mo_pg_stepping *s, const mo_object *o)
{
    return say(s, o, MO_PG_ORDER_DROP_CONSTRAINT, place(o, "partition of"), "DETACH PARTITION ", o->name, NULL);
}

static int attach(mo_pg_stepping *s, const mo_object *o)
{
    const mo_option *bound = mo_table_option(o->table, "bound");
    int code = say(s, o, MO_PG_ORDER_ADD_CONSTRAINT, place(o, "partition of"), "ATTACH PARTITION ", o->name,
                   bound ? bound->text : "DEFAULT");
    return code == MOULT_OK
               ? mo_pg_step_says(s, "reads its rows, to see that they belong there, unless a CHECK says so already",
                                 NULL)
               : code;
}

static int change_parents(mo_pg_stepping *s, const mo_object *before, const mo_object *after)
{
    const char *was = place(before, "inherits"), *is = place(after, "inherits");
    mo_pg_list old = {0}, wanted = {0};
    int code = MOULT_OK;
    if ((was && mo_pg_split_list(s->plan->region, was, strlen(was), &old)) ||
        (is && mo_pg_split_list(s->plan->region, is, strlen(is), &wanted)))
        return mo_error_nomem(s->err);
    for (size_t i = 0; code == MOULT_OK && i < old.count; i++)
        if (!mo_pg_list_has(&wanted, old.items[i]))
            code = say(s, after, MO_PG_ORDER_DROP_CONSTRAINT, after->name, "NO INHERIT ", old.items[i], NULL);
    for (size_t i = 0; code == MOULT_OK && i < wanted.count; i++)
        if (!mo_pg_list_has(&old, wanted.items[i]))
            code = say(s, after, MO_PG_ORDER_ADD_CONSTRAINT, after->name, "INHERIT ", wanted.items[i], NULL);
    return code;
}

/* The bound is said with the parent; alone it is a part of its own. */
static int changes_parent(const mo_change *change)
{
    for (size_t i = 0; i < change->parts.count; i++) {
        const mo_part *p = &change->parts.items[i];
        const mo_option *o = p->option_after ? p->option_after : p->option_before;
        if (p->kind == MO_PART_OPTION && strcmp(o->name, "partition of") == 0)
            return 1;
    }
    return 0;
}

static int change_partition(mo_pg_stepping *s, const mo_change *change)
{
    int code = place(change->before, "partition of") ? detach(s, change->before) : MOULT_OK;
    return code == MOULT_OK && place(change->after, "partition of") ? attach(s, change->after) : code;
}

static int cannot_partition(mo_pg_stepping *s, const mo_change *change)
{
    mo_error_set(s->err, MOULT_UNSUPPORTED, "table '%s' cannot be partitioned in another way while it has its rows",
                 change->after->name);
    mo_error_object(s->err, "table %s", change->after->name);
    mo_error_hint(s->err,
                  "declare the partitioned table under another name, move the rows by a hook, and rename it then");
    return mo_error_at(s->err, change->after->where.file, change->after->where.line, change->after->where.column);
}

int mo_pg_alter_place(mo_pg_stepping *s, const mo_change *change, const mo_part *part, int *done)
{
    const mo_option *option = part->option_after ? part->option_after : part->option_before;
    *done = 1;
    if (strcmp(option->name, "partition of") == 0)
        return change_partition(s, change);
    if (strcmp(option->name, "bound") == 0)
        return changes_parent(change) ? MOULT_OK : change_partition(s, change);
    if (strcmp(option->name, "inherits") == 0)
        return change_parents(s, change->before, change->after);
    if (strcmp(option->name, "of") == 0)
        return say(s, change->after, part->option_after ? MO_PG_ORDER_ADD_CONSTRAINT : MO_PG_ORDER_DROP_CONSTRAINT,
                   change->after->name, part->option_after ? part->option_after->text : "NOT OF", "", NULL);
    if (strcmp(option->name, "partition by") == 0)
        return cannot_partition(s, change);
    *done = 0;
    return MOULT_OK;
}
