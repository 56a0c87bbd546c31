/* SPDX-License-Identifier: MIT */
/* schema.c - the schema as a whole: making it, adding to it, sealing it, finding in it. A schema is one region; its
 * maps alone live outside, because they grow. */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "schema/canonical.h"
#include "schema/schema.h"

mo_schema *mo_schema_new(void)
{
    mo_region *region = mo_region_new();
    if (!region)
        return NULL;
    mo_schema *s = mo_region_alloc(region, sizeof *s);
    if (!s) {
        mo_region_free(region);
        return NULL;
    }
    s->region = region;
    return s;
}

void mo_schema_free(mo_schema *s)
{
    if (!s)
        return;
    for (int kind = 0; kind < MO_KIND_COUNT; kind++)
        mo_map_free(s->by_name[kind]);
    mo_region_free(s->region);
}

mo_object *mo_schema_object(mo_schema *s, mo_kind kind, const char *name)
{
    mo_object *o = mo_region_alloc(s->region, sizeof *o);
    if (!o)
        return NULL;
    o->kind = kind;
    o->name = mo_region_dup(s->region, name);
    if (!o->name)
        return NULL;
    if (mo_kinds[kind].in_parts) {
        o->table = mo_region_alloc(s->region, sizeof *o->table);
        if (!o->table)
            return NULL;
    }
    return o;
}

int mo_schema_add(mo_schema *s, mo_object *o, mo_error *err)
{
    return mo_vec_push(s->region, &s->objects, o) ? mo_error_nomem(err) : MOULT_OK;
}

/* Kind, namespace, name; the parent tells apart what some engines name per table. */
static int compare_objects(const void *left, const void *right)
{
    const mo_object *a = *(mo_object *const *)left, *b = *(mo_object *const *)right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = mo_fold_compare(a->space, b->space);
    if (order == 0)
        order = mo_fold_compare(a->name, b->name);
    return order ? order : mo_fold_compare(a->parent, b->parent);
}

static void sort_objects(mo_schema *s)
{
    mo_object **items = s->objects.items;
    for (size_t i = 1; i < s->objects.count; i++) {
        if (compare_objects(&items[i - 1], &items[i]) > 0) {
            qsort(items, s->objects.count, sizeof *items, compare_objects);
            return;
        }
    }
}

int mo_schema_index(mo_schema *s, mo_error *err)
{
    for (int kind = 0; kind < MO_KIND_COUNT; kind++) {
        mo_map_free(s->by_name[kind]);
        s->by_name[kind] = mo_map_new(1);
        if (!s->by_name[kind])
            return mo_error_nomem(err);
    }
    for (size_t i = 0; i < s->objects.count; i++) {
        mo_object *o = s->objects.items[i];
        if (mo_map_put(s->by_name[o->kind], o->name, o))
            return mo_error_nomem(err);
    }
    return MOULT_OK;
}

int mo_schema_seal(mo_schema *s, mo_error *err)
{
    sort_objects(s);
    int rc = mo_schema_index(s, err);
    if (rc == MOULT_OK)
        rc = mo_canonical_tables(s, err);
    if (rc == MOULT_OK)
        rc = mo_canonical_resolve(s, err);
    return rc == MOULT_OK ? mo_canonical_fingerprint(s, err) : rc;
}

mo_object *mo_schema_find(const mo_schema *s, mo_kind kind, const char *name)
{
    return name && s->by_name[kind] ? mo_map_get(s->by_name[kind], name) : NULL;
}

mo_object *mo_schema_find_relation(const mo_schema *s, const char *name)
{
    static const mo_kind relations[] = {MO_KIND_TABLE, MO_KIND_VIRTUAL_TABLE, MO_KIND_VIEW};
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        mo_object *found = mo_schema_find(s, relations[i], name);
        if (found)
            return found;
    }
    return NULL;
}

static int is_among(const char *const *names, size_t count, const char *name)
{
    size_t low = 0, high = name ? count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = mo_fold_compare(names[middle], name);
        if (order == 0)
            return 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

int mo_object_mentions(const mo_object *o, const char *name)
{
    return is_among(o->mentions, o->mention_count, name);
}

int mo_object_needs(const mo_object *o, const char *name)
{
    return mo_object_mentions(o, name) && !is_among(o->loose, o->loose_count, name);
}

int mo_schema_allow(mo_schema *s, const mo_allow *a, mo_error *err)
{
    mo_allow copy = *a;
    copy.rule = mo_region_dup(s->region, a->rule);
    copy.reason = mo_region_dup(s->region, a->reason);
    copy.object = mo_region_dup(s->region, a->object);
    copy.column = mo_region_dup(s->region, a->column);
    copy.where.file = mo_region_dup(s->region, a->where.file);
    if (!copy.rule || !copy.reason || !copy.object || (a->column && !copy.column) ||
        (a->where.file && !copy.where.file))
        return mo_error_nomem(err);
    return mo_vec_push(s->region, &s->allows, copy) ? mo_error_nomem(err) : MOULT_OK;
}
