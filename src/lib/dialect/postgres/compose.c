/* SPDX-License-Identifier: MIT */
/* compose.c - definitions made from the parts of a table, in the order in which they stand. */
#include <string.h>

#include "dialect/postgres/postgres.h"

static void add_attr(mo_str *out, const mo_column *c, mo_attr attr, const char *before)
{
    if (!c->attr[attr].text)
        return;
    mo_str_add(out, before);
    mo_str_add(out, c->attr[attr].text);
}

void mo_pg_column_sql(mo_str *out, const mo_column *c)
{
    mo_str_add(out, c->name);
    add_attr(out, c, MO_ATTR_TYPE, " ");
    add_attr(out, c, MO_ATTR_COLLATION, " COLLATE ");
    add_attr(out, c, MO_ATTR_DEFAULT, " DEFAULT ");
    add_attr(out, c, MO_ATTR_GENERATED, " ");
    add_attr(out, c, MO_ATTR_IDENTITY, " ");
    add_attr(out, c, MO_ATTR_NOT_NULL, " ");
}

static const mo_option *option(const mo_object *o, const char *name)
{
    return mo_table_option(o->table, name);
}

/* Options that have a place of their own in the statement; all others are storage parameters. */
static int has_own_place(const mo_option *o)
{
    return strcmp(o->name, "unlogged") == 0;
}

static void add_storage(mo_str *out, const mo_table *t)
{
    const char *before = "\nWITH (";
    for (size_t i = 0; i < t->options.count; i++) {
        if (has_own_place(&t->options.items[i]))
            continue;
        mo_str_add(out, before);
        mo_str_add(out, t->options.items[i].text);
        before = ", ";
    }
    if (*before == ',')
        mo_str_addc(out, ')');
}

const char *mo_pg_compose_table(mo_region *r, const mo_object *table)
{
    const mo_table *t = table->table;
    const char *before = "\n    ";
    mo_str out = {0};
    mo_str_addf(&out, "CREATE %sTABLE %s (", option(table, "unlogged") ? "UNLOGGED " : "", table->name);
    for (size_t i = 0; i < t->columns.count; i++) {
        mo_str_add(&out, before);
        mo_pg_column_sql(&out, t->columns.items[i]);
        before = ",\n    ";
    }
    for (size_t i = 0; i < t->constraints.count; i++) {
        if (t->constraints.items[i]->kind == MO_CONSTRAINT_FOREIGN_KEY)
            continue;
        mo_str_add(&out, before);
        mo_str_add(&out, t->constraints.items[i]->text);
        before = ",\n    ";
    }
    mo_str_add(&out, "\n)");
    add_storage(&out, t);
    return mo_str_into(&out, r);
}

void mo_pg_add_constraint_sql(mo_str *out, const mo_object *table, const mo_constraint *c)
{
    mo_str_addf(out, "ALTER TABLE %s ADD %s", table->name, c->text);
}

int mo_pg_object_sql(const mo_object *o, mo_str *out)
{
    mo_str_add(out, o->sql);
    for (size_t i = 0; o->table && i < o->table->constraints.count; i++) {
        if (o->table->constraints.items[i]->kind != MO_CONSTRAINT_FOREIGN_KEY)
            continue;
        mo_str_add(out, ";\n");
        mo_pg_add_constraint_sql(out, o, o->table->constraints.items[i]);
    }
    return out->failed ? MOULT_NOMEM : MOULT_OK;
}
