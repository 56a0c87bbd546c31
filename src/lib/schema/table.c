/* SPDX-License-Identifier: MIT */
/* table.c - the parts of a table: finding them, and whether two of them are the same. */
#include <string.h>

#include "schema/schema.h"

mo_column *mo_table_column(const mo_table *t, const char *name)
{
    for (size_t i = 0; t && name && i < t->columns.count; i++) {
        if (mo_name_equal(t->columns.items[i]->name, name))
            return t->columns.items[i];
    }
    return NULL;
}

const mo_option *mo_table_option(const mo_table *t, const char *name)
{
    for (size_t i = 0; t && name && i < t->options.count; i++) {
        if (mo_name_equal(t->options.items[i].name, name))
            return &t->options.items[i];
    }
    return NULL;
}

static int text_equal(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

mo_constraint *mo_table_constraint_like(const mo_table *t, const mo_constraint *like)
{
    for (size_t i = 0; t && i < t->constraints.count; i++) {
        mo_constraint *c = t->constraints.items[i];
        if (like->name ? mo_name_equal(c->name, like->name)
                       : c->kind == like->kind && text_equal(c->canonical, like->canonical))
            return c;
    }
    return NULL;
}

const char *mo_column_attr(const mo_column *c, mo_attr attr)
{
    return c->attr[attr].canonical ? c->attr[attr].canonical : "";
}

/* An attribute that is there with an empty text differs from one that is not there. */
int mo_column_equal(const mo_column *a, const mo_column *b)
{
    for (int i = 0; i < MO_ATTR_COUNT; i++) {
        const char *x = a->attr[i].canonical, *y = b->attr[i].canonical;
        if (x != y && (!x || !y || strcmp(x, y) != 0))
            return 0;
    }
    return a->hidden == b->hidden;
}

int mo_constraint_equal(const mo_constraint *a, const mo_constraint *b)
{
    return a->kind == b->kind && mo_name_equal(a->name, b->name) && text_equal(a->canonical, b->canonical);
}
