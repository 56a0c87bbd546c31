/* SPDX-License-Identifier: MIT */
/*
 * snapshot_whole.c - an object in a snapshot with all its parts: what is compared, and what DDL is made of.
 *
 * An attribute is a text where its canonical form is also what DDL uses (most are), else both of them.
 */
#include "schema/snapshot_whole.h"

#include <string.h>

/* --- writing ------------------------------------------------------------------------------------------------------ */

static int put_names(json_t *out, const char *key, const char *const *names, size_t count)
{
    json_t *list = json_array();
    if (mo_json_set(out, key, list))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (mo_json_push(list, mo_json_text(names[i])))
            return -1;
    return 0;
}

static json_t *value_of(const mo_attr_value *v)
{
    if (!v->text || strcmp(v->canonical, v->text) == 0)
        return mo_json_text(v->canonical);
    json_t *both = json_object();
    if (both && (mo_json_set(both, "canonical", mo_json_text(v->canonical)) ||
                 mo_json_set(both, "text", mo_json_text(v->text)))) {
        json_decref(both);
        return NULL;
    }
    return both;
}

static int put_column(json_t *out, const mo_column *c)
{
    json_t *attributes = json_object();
    if (mo_json_set(out, "attributes", attributes) || mo_json_set(out, "name", mo_json_text(c->name)) ||
        mo_json_set(out, "text", mo_json_text(c->text)) || mo_json_set(out, "key_place", json_integer(c->key_place)))
        return -1;
    for (int i = 0; i < MO_ATTR_COUNT; i++)
        if (c->attr[i].canonical && mo_json_set(attributes, mo_attrs[i].name, value_of(&c->attr[i])))
            return -1;
    return 0;
}

static int put_constraint(json_t *out, const mo_constraint *k)
{
    return mo_json_set(out, "kind", json_string(mo_constraint_kinds[k->kind])) ||
                   mo_json_set(out, "name", mo_json_text(k->name)) ||
                   mo_json_set(out, "canonical", mo_json_text(k->canonical)) ||
                   mo_json_set(out, "text", mo_json_text(k->text)) ||
                   put_names(out, "columns", k->columns, k->column_count) ||
                   mo_json_set(out, "ref_table", mo_json_text(k->ref_table)) ||
                   put_names(out, "ref_columns", k->ref_columns, k->ref_column_count)
               ? -1
               : 0;
}

static int put_option(json_t *out, const mo_option *o)
{
    return mo_json_set(out, "name", mo_json_text(o->name)) ||
                   mo_json_set(out, "canonical", mo_json_text(o->canonical)) ||
                   mo_json_set(out, "text", mo_json_text(o->text))
               ? -1
               : 0;
}

/* A new object at the end of the list; NULL: no memory. */
static json_t *push_object(json_t *list)
{
    json_t *o = json_object();
    return o && mo_json_push(list, o) == 0 ? o : NULL;
}

static int put_table(json_t *out, const mo_table *t)
{
    json_t *columns = json_array(), *constraints = json_array(), *options = json_array(), *o;
    int failed = mo_json_set(out, "columns", columns) | mo_json_set(out, "constraints", constraints) |
                 mo_json_set(out, "options", options);
    for (size_t i = 0; !failed && i < t->columns.count; i++)
        failed = !(o = push_object(columns)) || put_column(o, t->columns.items[i]);
    for (size_t i = 0; !failed && i < t->constraints.count; i++)
        failed = !(o = push_object(constraints)) || put_constraint(o, t->constraints.items[i]);
    for (size_t i = 0; !failed && i < t->options.count; i++)
        failed = !(o = push_object(options)) || put_option(o, &t->options.items[i]);
    return failed ? -1 : 0;
}

int mo_snapshot_put_whole(json_t *out, const mo_object *o)
{
    if (put_names(out, "mentions", o->mentions, o->mention_count))
        return -1;
    return o->table ? put_table(out, o->table) : mo_json_set(out, "canonical", mo_json_text(o->canonical));
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static const char *const *read_names(mo_json_reader *r, const json_t *from, const char *at, const char *key,
                                     size_t *count)
{
    const json_t *list = mo_json_get_array(r, from, at, key), *name;
    MO_VEC(const char *) names = {0};
    size_t i;
    json_array_foreach(list, i, name)
    {
        const char *text = mo_json_text_of(r, name, at, key);
        if (r->code == MOULT_OK && mo_vec_push(r->region, &names, text))
            mo_json_nomem(r);
    }
    *count = r->code == MOULT_OK ? names.count : 0;
    return names.items;
}

static void read_attribute(mo_json_reader *r, const json_t *value, const char *name, mo_attr_value *out)
{
    static const char *const keys[] = {"canonical", "text", NULL};
    if (json_is_object(value) && !json_object_get(value, "hex")) {
        mo_json_only(r, value, name, keys);
        out->canonical = mo_json_get_text(r, value, name, "canonical");
        out->text = mo_json_get_text(r, value, name, "text");
        return;
    }
    out->canonical = out->text = mo_json_text_of(r, value, "attributes", name);
}

static void read_attributes(mo_json_reader *r, const json_t *from, mo_column *c)
{
    const json_t *attributes = mo_json_get_object(r, from, "columns", "attributes");
    const char *keys[MO_ATTR_COUNT + 1] = {NULL};
    for (int i = 0; i < MO_ATTR_COUNT; i++) {
        const json_t *value = json_object_get(attributes, mo_attrs[i].name);
        keys[i] = mo_attrs[i].name;
        if (value)
            read_attribute(r, value, mo_attrs[i].name, &c->attr[i]);
    }
    mo_json_only(r, attributes, "attributes", keys);
}

static void read_column(mo_json_reader *r, const json_t *from, mo_table *t)
{
    static const char *const keys[] = {"name", "text", "key_place", "attributes", NULL};
    mo_column *c = mo_region_alloc(r->region, sizeof *c);
    if (!c) {
        mo_json_nomem(r);
        return;
    }
    mo_json_only(r, from, "columns", keys);
    c->name = mo_json_get_text(r, from, "columns", "name");
    c->text = mo_json_get_optional_text(r, from, "columns", "text");
    c->key_place = (int)mo_json_get_integer(r, from, "columns", "key_place", 0, 10000);
    read_attributes(r, from, c);
    if (r->code == MOULT_OK && mo_vec_push(r->region, &t->columns, c))
        mo_json_nomem(r);
}

static void read_constraint(mo_json_reader *r, const json_t *from, mo_table *t)
{
    static const char *const keys[] = {"kind",    "name",      "canonical",   "text",
                                       "columns", "ref_table", "ref_columns", NULL};
    mo_constraint *k = mo_region_alloc(r->region, sizeof *k);
    if (!k) {
        mo_json_nomem(r);
        return;
    }
    mo_json_only(r, from, "constraints", keys);
    k->kind =
        (mo_constraint_kind)mo_json_get_name(r, from, "constraints", "kind", mo_constraint_kinds, MO_CONSTRAINT_COUNT);
    k->column = -1;
    k->name = mo_json_get_optional_text(r, from, "constraints", "name");
    k->canonical = mo_json_get_text(r, from, "constraints", "canonical");
    k->text = mo_json_get_text(r, from, "constraints", "text");
    k->columns = read_names(r, from, "constraints", "columns", &k->column_count);
    k->ref_table = mo_json_get_optional_text(r, from, "constraints", "ref_table");
    k->ref_columns = read_names(r, from, "constraints", "ref_columns", &k->ref_column_count);
    if (r->code == MOULT_OK && mo_vec_push(r->region, &t->constraints, k))
        mo_json_nomem(r);
}

static void read_option(mo_json_reader *r, const json_t *from, mo_table *t)
{
    static const char *const keys[] = {"name", "canonical", "text", NULL};
    mo_option o;
    mo_json_only(r, from, "options", keys);
    o.name = mo_json_get_text(r, from, "options", "name");
    o.canonical = mo_json_get_text(r, from, "options", "canonical");
    o.text = mo_json_get_text(r, from, "options", "text");
    if (r->code == MOULT_OK && mo_vec_push(r->region, &t->options, o))
        mo_json_nomem(r);
}

static void read_each(mo_json_reader *r, const json_t *from, const char *key, mo_table *t,
                      void (*read)(mo_json_reader *, const json_t *, mo_table *))
{
    const json_t *list = mo_json_get_array(r, from, "objects", key), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (r->code != MOULT_OK)
            return;
        read(r, item, t);
    }
}

mo_object *mo_snapshot_read_whole(mo_json_reader *r, mo_schema *s, mo_kind kind, const char *name, const json_t *from)
{
    mo_object *o = mo_schema_object(s, kind, name);
    if (!o) {
        mo_json_nomem(r);
        return NULL;
    }
    o->mentions = read_names(r, from, "objects", "mentions", &o->mention_count);
    if (!o->table) {
        o->canonical = mo_json_get_text(r, from, "objects", "canonical");
        return o;
    }
    read_each(r, from, "columns", o->table, read_column);
    read_each(r, from, "constraints", o->table, read_constraint);
    read_each(r, from, "options", o->table, read_option);
    return o;
}
