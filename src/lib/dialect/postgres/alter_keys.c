/* SPDX-License-Identifier: MIT */
/*
 * alter_keys.c - foreign keys that stay as they are, while something happens to a column or a key of either side.
 *
 * A key is held by the foreign keys that refer to it, and a column changes its type under them only where the two types can be
 * compared all the time: so they step aside, and are checked when they come back.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

static int names_column(const char *const *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (mo_name_equal(columns[i], name))
            return 1;
    return 0;
}

/* Are these columns of the table altered so that they cannot be compared meanwhile? */
static int columns_change(const mo_pg_stepping *s, const char *table, const char *const *columns, size_t count)
{
    const mo_change *change = table ? mo_map_get(s->altered, table) : NULL;
    for (size_t i = 0; change && i < change->parts.count; i++) {
        const mo_part *p = &change->parts.items[i];
        if (p->kind == MO_PART_COLUMN && p->op == MOULT_OP_ALTER &&
            (mo_pg_part_differs(p, MO_ATTR_TYPE) || mo_pg_part_differs(p, MO_ATTR_COLLATION)) &&
            names_column(columns, count, p->column_after->name))
            return 1;
    }
    const mo_object *o = table && mo_map_count(s->replaced) ? mo_schema_find(s->from, MO_KIND_TABLE, table) : NULL;
    for (size_t i = 0; o && i < count; i++) {
        const mo_column *c = mo_table_column(o->table, columns[i]);
        if (c && mo_pg_uses_gone(s, o, c->attr[MO_ATTR_TYPE].text))
            return 1;
    }
    return 0;
}

static int is_key(const mo_constraint *k)
{
    return k->kind == MO_CONSTRAINT_PRIMARY_KEY || k->kind == MO_CONSTRAINT_UNIQUE;
}

/* Is the key that it refers to dropped, or made again? */
static int key_goes(const mo_pg_stepping *s, const mo_constraint *k)
{
    const mo_change *change = k->ref_table ? mo_map_get(s->altered, k->ref_table) : NULL;
    for (size_t i = 0; change && i < change->parts.count; i++) {
        const mo_part *p = &change->parts.items[i];
        if (p->kind == MO_PART_CONSTRAINT && p->constraint_before && is_key(p->constraint_before) &&
            !(p->constraint_after && strcmp(p->constraint_before->canonical, p->constraint_after->canonical) == 0))
            return 1;
    }
    return 0;
}

/* The same constraint in the target, where no part of the change is about it. */
static const mo_constraint *staying(const mo_pg_stepping *s, const mo_object *to, const mo_constraint *k)
{
    const mo_change *change = mo_map_get(s->altered, to->name);
    for (size_t i = 0; change && i < change->parts.count; i++)
        if (change->parts.items[i].constraint_before == k)
            return NULL;
    return mo_table_constraint_like(to->table, k);
}

static int release(mo_pg_stepping *s, const mo_object *to, const mo_constraint *k, const mo_constraint *after)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s DROP CONSTRAINT %s", to->name, k->name);
    int code = mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_FOREIGN_KEY + s->serial++, "alter", to, &sql);
    if (code != MOULT_OK)
        return code;
    mo_pg_add_constraint_sql(&sql, to, after);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_ADD_FOREIGN_KEY + s->serial++, "alter", to, &sql);
}

int mo_pg_release_keys(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *o = s->from->objects.items[i];
        const mo_object *to =
            o->table && o->table->constraints.count ? mo_schema_find(s->to, MO_KIND_TABLE, o->name) : NULL;
        for (size_t n = 0; to && code == MOULT_OK && n < o->table->constraints.count; n++) {
            const mo_constraint *k = o->table->constraints.items[n], *after;
            if (k->kind != MO_CONSTRAINT_FOREIGN_KEY ||
                !(columns_change(s, o->name, k->columns, k->column_count) ||
                  columns_change(s, k->ref_table, k->ref_columns, k->ref_column_count) || key_goes(s, k)))
                continue;
            after = staying(s, to, k);
            code = after ? release(s, to, k, after) : MOULT_OK;
        }
    }
    return code;
}
