/* SPDX-License-Identifier: MIT */
/* copy.c - deep copies of objects, from the region of one schema into that of another. */
#include <string.h>

#include "schema/schema.h"

/* Copies strings and notes once that there was no memory, so that a copy of many members is asked once, at its end. */
typedef struct mo_copier {
    mo_region *region;
    int failed;
    const char *file, *file_copy; /* the file named last: all of an object's parts are of one */
} mo_copier;

static const char *copy_text(mo_copier *c, const char *text)
{
    if (!text)
        return NULL;
    const char *copy = mo_region_dup(c->region, text);
    if (!copy)
        c->failed = 1;
    return copy;
}

static const char *copy_file(mo_copier *c, const char *file)
{
    if (file != c->file) {
        c->file_copy = copy_text(c, file);
        c->file = file;
    }
    return c->file_copy;
}

static void *copy_memory(mo_copier *c, const void *from, size_t size)
{
    void *copy = mo_region_alloc(c->region, size);
    if (!copy)
        c->failed = 1;
    else if (size)
        memcpy(copy, from, size);
    return copy;
}

static const char *const *copy_names(mo_copier *c, const char *const *names, size_t count)
{
    if (!names)
        return NULL;
    const char **copy = mo_region_alloc(c->region, count * sizeof *copy);
    if (!copy) {
        c->failed = 1;
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_text(c, names[i]);
    return copy;
}

/* Canonical form and text are often one string; then they stay one. */
static void copy_value(mo_copier *c, mo_attr_value *value)
{
    const char *canonical = value->canonical;
    value->canonical = copy_text(c, canonical);
    value->text = value->text == canonical ? value->canonical : copy_text(c, value->text);
}

static mo_column *copy_column(mo_copier *c, const mo_column *from)
{
    mo_column *copy = copy_memory(c, from, sizeof *from);
    if (!copy)
        return NULL;
    copy->name = copy_text(c, from->name);
    for (int i = 0; i < MO_ATTR_COUNT; i++) {
        if (from->attr[i].canonical || from->attr[i].text)
            copy_value(c, &copy->attr[i]);
    }
    copy->text = copy_text(c, from->text);
    copy->renamed_from = copy_text(c, from->renamed_from);
    copy->fill = copy_text(c, from->fill);
    copy->evicts = copy_text(c, from->evicts);
    copy->refill = copy_text(c, from->refill);
    copy->where.file = copy_file(c, from->where.file);
    copy->fill_where.file = copy_file(c, from->fill_where.file);
    return copy;
}

static mo_constraint *copy_constraint(mo_copier *c, const mo_constraint *from)
{
    mo_constraint *copy = copy_memory(c, from, sizeof *from);
    if (!copy)
        return NULL;
    copy->name = copy_text(c, from->name);
    copy->canonical = copy_text(c, from->canonical);
    copy->text = copy_text(c, from->text);
    copy->columns = copy_names(c, from->columns, from->column_count);
    copy->ref_table = copy_text(c, from->ref_table);
    copy->ref_columns = copy_names(c, from->ref_columns, from->ref_column_count);
    copy->where.file = copy_file(c, from->where.file);
    return copy;
}

static void copy_option(mo_copier *c, mo_option *option)
{
    option->name = copy_text(c, option->name);
    option->canonical = copy_text(c, option->canonical);
    option->text = copy_text(c, option->text);
}

static mo_table *copy_table(mo_copier *c, const mo_table *from)
{
    mo_table *copy = copy_memory(c, from, sizeof *from);
    if (!copy)
        return NULL;
    copy->columns.capacity = from->columns.count;
    copy->columns.items = copy_memory(c, from->columns.items, from->columns.count * sizeof *from->columns.items);
    for (size_t i = 0; !c->failed && i < from->columns.count; i++)
        copy->columns.items[i] = copy_column(c, from->columns.items[i]);
    copy->constraints.capacity = from->constraints.count;
    copy->constraints.items =
        copy_memory(c, from->constraints.items, from->constraints.count * sizeof *from->constraints.items);
    for (size_t i = 0; !c->failed && i < from->constraints.count; i++)
        copy->constraints.items[i] = copy_constraint(c, from->constraints.items[i]);
    copy->options.capacity = from->options.count;
    copy->options.items = copy_memory(c, from->options.items, from->options.count * sizeof *from->options.items);
    for (size_t i = 0; !c->failed && i < from->options.count; i++)
        copy_option(c, &copy->options.items[i]);
    return copy;
}

mo_column *mo_column_copy(mo_region *r, const mo_column *from)
{
    mo_copier c = {.region = r};
    mo_column *copy = copy_column(&c, from);
    return c.failed ? NULL : copy;
}

mo_constraint *mo_constraint_copy(mo_region *r, const mo_constraint *from)
{
    mo_copier c = {.region = r};
    mo_constraint *copy = copy_constraint(&c, from);
    return c.failed ? NULL : copy;
}

mo_object *mo_schema_object_same(mo_schema *s, const mo_object *o)
{
    mo_copier c = {.region = s->region};
    mo_object *copy = copy_memory(&c, o, sizeof *o);
    if (!copy)
        return NULL;
    copy->space = copy_text(&c, o->space);
    copy->name = copy_text(&c, o->name);
    copy->parent = copy_text(&c, o->parent);
    copy->canonical = copy_text(&c, o->canonical);
    copy->canonical_raw = copy_text(&c, o->canonical_raw);
    copy->gives = copy_names(&c, o->gives, o->give_count);
    copy->sql = copy_text(&c, o->sql);
    copy->mentions = copy_names(&c, o->mentions, o->mention_count);
    copy->loose = copy_names(&c, o->loose, o->loose_count);
    copy->renamed_from = copy_text(&c, o->renamed_from);
    copy->evicts = copy_text(&c, o->evicts);
    copy->where.file = copy_file(&c, o->where.file);
    copy->note = copy_text(&c, o->note);
    if (o->table)
        copy->table = copy_table(&c, o->table);
    return c.failed ? NULL : copy;
}

mo_object *mo_schema_object_share(mo_schema *s, const mo_object *o)
{
    mo_copier c = {.region = s->region};
    return copy_memory(&c, o, sizeof *o);
}

mo_object *mo_schema_object_copy(mo_schema *s, const mo_object *o)
{
    mo_object *copy = mo_schema_object_same(s, o);
    if (copy && copy->table)
        copy->canonical = NULL;
    return copy;
}
