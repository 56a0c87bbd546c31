/* SPDX-License-Identifier: MIT */
/*
 * compose.c - definitions made from the parts of a table.
 *
 * CREATE TABLE says what it can; the statements behind it say the rest (what has no clause, what is NOT VALID). Foreign keys
 * come last and apart, for they may go in a circle; so does the owner of a sequence, whose table uses it.
 */
#include <string.h>

#include "dialect/postgres/read.h"

/* Where an option of a table stands; what is not here is a storage parameter, in WITH. */
enum { HEAD = 1, TAIL, BEHIND };
static const struct {
    const char *name;
    int place;
} places[] = {
    {"unlogged", HEAD},       {"of", HEAD},
    {"partition of", HEAD},   {"bound", HEAD},
    {"inherits", TAIL},       {"cluster", BEHIND},
    {"partition by", TAIL},   {"access method", TAIL},
    {"tablespace", TAIL},     {"replica identity", BEHIND},
    {"row security", BEHIND}, {"force row security", BEHIND},
};

static int place_of(const mo_option *o)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i].name, o->name) == 0)
            return places[i].place;
    return 0;
}

static const char *option(const mo_object *o, const char *name)
{
    const mo_option *found = mo_table_option(o->table, name);
    return found ? found->text : NULL;
}

static void add_option(mo_str *out, const char *before, const mo_object *o, const char *name)
{
    const char *text = option(o, name);
    if (text) {
        mo_str_add(out, before);
        mo_str_add(out, text);
    }
}

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* --- columns ----------------------------------------------------------------------------------------------------------- */

static void add_attr(mo_str *out, const mo_column *c, mo_attr attr, const char *before)
{
    if (!c->attr[attr].text)
        return;
    mo_str_add(out, before);
    mo_str_add(out, c->attr[attr].text);
}

static int is_serial(const mo_column *c)
{
    return strcmp(mo_column_attr(c, MO_ATTR_DEFAULT), MO_PG_SERIAL) == 0;
}

/* NOT NULL that holds for all rows; else it is a statement of its own. */
static int not_null_at_once(const mo_column *c)
{
    return c->attr[MO_ATTR_NOT_NULL].canonical && !ends_with(c->attr[MO_ATTR_NOT_NULL].canonical, "not valid");
}

static void add_type(mo_str *out, const mo_column *c)
{
    const char *type = mo_column_attr(c, MO_ATTR_TYPE);
    if (!is_serial(c))
        mo_str_add(out, c->attr[MO_ATTR_TYPE].text);
    else
        mo_str_add(out, *type == 'b' ? "bigserial" : *type == 's' ? "smallserial" : "serial");
}

void mo_pg_column_sql(mo_str *out, const mo_column *c)
{
    mo_str_add(out, c->name);
    mo_str_addc(out, ' ');
    add_type(out, c);
    add_attr(out, c, MO_ATTR_COMPRESSION, " COMPRESSION ");
    add_attr(out, c, MO_ATTR_COLLATION, " COLLATE ");
    if (!is_serial(c))
        add_attr(out, c, MO_ATTR_DEFAULT, " DEFAULT ");
    add_attr(out, c, MO_ATTR_GENERATED, " ");
    add_attr(out, c, MO_ATTR_IDENTITY, " ");
    if (not_null_at_once(c))
        add_attr(out, c, MO_ATTR_NOT_NULL, " ");
}

/* What a column has beside what its parent or type gives it. */
static void add_difference(mo_str *out, const mo_column *c, const char *with)
{
    mo_str_add(out, c->name);
    mo_str_add(out, with);
    if (c->attr[MO_ATTR_DEFAULT].text)
        add_attr(out, c, MO_ATTR_DEFAULT, " DEFAULT ");
    else if (!*with && !c->attr[MO_ATTR_GENERATED].text && !c->attr[MO_ATTR_IDENTITY].text)
        mo_str_add(out, " DEFAULT NULL");
    add_attr(out, c, MO_ATTR_GENERATED, " ");
    if (not_null_at_once(c))
        add_attr(out, c, MO_ATTR_NOT_NULL, " ");
}

/* --- the statement ------------------------------------------------------------------------------------------------------ */

/* A constraint that stands in CREATE TABLE. */
static int stands_inside(const mo_constraint *c)
{
    return c->kind != MO_CONSTRAINT_FOREIGN_KEY && !ends_with(c->canonical, " NOT VALID");
}

static void add_columns(mo_str *out, const mo_object *o, const char **before)
{
    const char *with = option(o, "of") ? " WITH OPTIONS" : option(o, "partition of") ? "" : NULL;
    for (size_t i = 0; i < o->table->columns.count; i++) {
        mo_str_add(out, *before);
        if (with)
            add_difference(out, o->table->columns.items[i], with);
        else
            mo_pg_column_sql(out, o->table->columns.items[i]);
        *before = ",\n    ";
    }
}

static void add_constraints(mo_str *out, const mo_object *o, const char **before)
{
    for (size_t i = 0; i < o->table->constraints.count; i++) {
        if (!stands_inside(o->table->constraints.items[i]))
            continue;
        mo_str_add(out, *before);
        mo_str_add(out, o->table->constraints.items[i]->text);
        *before = ",\n    ";
    }
}

/* A table of a type, and a partition, may have no list; any other has one, if only an empty one. */
static void add_list(mo_str *out, const mo_object *o)
{
    static const char first[] = " (\n    ";
    const char *before = first;
    add_columns(out, o, &before);
    add_constraints(out, o, &before);
    if (before != first)
        mo_str_add(out, "\n)");
    else if (!option(o, "of") && !option(o, "partition of"))
        mo_str_add(out, " ()");
}

static void add_storage(mo_str *out, const mo_table *t)
{
    const char *before = "\nWITH (";
    for (size_t i = 0; i < t->options.count; i++) {
        if (place_of(&t->options.items[i]))
            continue;
        mo_str_add(out, before);
        mo_str_add(out, t->options.items[i].text);
        before = ", ";
    }
    if (*before == ',')
        mo_str_addc(out, ')');
}

/* --- the statements behind it ------------------------------------------------------------------------------------------- */

static void alter_column(mo_str *out, const mo_object *o, const mo_column *c, const char *what, const char *text,
                         const char *end)
{
    if (text)
        mo_str_addf(out, ";\nALTER TABLE ONLY %s ALTER COLUMN %s %s%s%s", o->name, c->name, what, text, end);
}

static void add_behind_column(mo_str *out, const mo_object *o, const mo_column *c)
{
    alter_column(out, o, c, "SET STORAGE ", c->attr[MO_ATTR_STORAGE].text, "");
    if (option(o, "partition of") || option(o, "of"))
        alter_column(out, o, c, "SET COMPRESSION ", c->attr[MO_ATTR_COMPRESSION].text, "");
    alter_column(out, o, c, "SET STATISTICS ", c->attr[MO_ATTR_STATISTICS].text, "");
    alter_column(out, o, c, "SET (", c->attr[MO_ATTR_OPTIONS].text, ")");
    if (c->attr[MO_ATTR_NOT_NULL].text && !not_null_at_once(c))
        mo_str_addf(out, ";\nALTER TABLE %s ADD %s %s NOT VALID", o->name, c->attr[MO_ATTR_NOT_NULL].text, c->name);
}

static void add_behind(mo_str *out, const mo_object *o)
{
    const mo_table *t = o->table;
    for (size_t i = 0; i < t->columns.count; i++)
        add_behind_column(out, o, t->columns.items[i]);
    for (size_t i = 0; i < t->constraints.count; i++) {
        const mo_constraint *c = t->constraints.items[i];
        if (c->kind == MO_CONSTRAINT_FOREIGN_KEY || stands_inside(c))
            continue;
        mo_str_add(out, ";\n");
        mo_pg_add_constraint_sql(out, o, c);
    }
    for (size_t i = 0; i < t->options.count; i++)
        if (place_of(&t->options.items[i]) == BEHIND)
            mo_str_addf(out, ";\nALTER TABLE %s %s", o->name, t->options.items[i].text);
}

const char *mo_pg_compose_table(mo_region *r, const mo_object *table)
{
    mo_str out = {0};
    mo_str_addf(&out, "CREATE %sTABLE %s", option(table, "unlogged") ? "UNLOGGED " : "", table->name);
    add_option(&out, " ", table, "of");
    add_option(&out, " ", table, "partition of");
    add_list(&out, table);
    add_option(&out, " ", table, "bound");
    add_option(&out, "\n", table, "inherits");
    add_option(&out, "\n", table, "partition by");
    add_option(&out, "\n", table, "access method");
    add_storage(&out, table->table);
    add_option(&out, "\n", table, "tablespace");
    add_behind(&out, table);
    return mo_str_into(&out, r);
}

void mo_pg_add_constraint_sql(mo_str *out, const mo_object *table, const mo_constraint *c)
{
    mo_str_addf(out, "ALTER TABLE %s ADD %s", table->name, c->text);
}

int mo_pg_object_sql(const mo_object *o, mo_str *out)
{
    mo_str_add(out, o->sql);
    return out->failed ? MOULT_NOMEM : MOULT_OK;
}

int mo_pg_late_sql(const mo_object *o, mo_str *out)
{
    const char *owner = o->kind == MO_KIND_SEQUENCE ? strstr(o->canonical, MO_PG_OWNED_BY) : NULL, *before = "";
    if (owner)
        mo_str_addf(out, "ALTER SEQUENCE %s%s", o->name, owner);
    for (size_t i = 0; o->table && i < o->table->constraints.count; i++) {
        if (o->table->constraints.items[i]->kind != MO_CONSTRAINT_FOREIGN_KEY)
            continue;
        mo_str_add(out, before);
        mo_pg_add_constraint_sql(out, o, o->table->constraints.items[i]);
        before = ";\n";
    }
    return out->failed ? MOULT_NOMEM : MOULT_OK;
}
