/* SPDX-License-Identifier: MIT */
/* renames.c - collects what the annotations rename, table by table. Costs a look at each column when there is
 * nothing. */
#include "diff/renames.h"

static mo_map *new_map(mo_renames *r)
{
    mo_map *map = mo_map_new(1);
    if (map && mo_vec_push(r->region, &r->maps, map)) {
        mo_map_free(map);
        return NULL;
    }
    return map;
}

static int begin(mo_renames *r)
{
    if (r->region)
        return 0;
    r->region = mo_region_new();
    if (!r->region)
        return -1;
    return (r->tables = new_map(r)) && (r->by_table = new_map(r)) && (r->all_columns = new_map(r)) ? 0 : -1;
}

static int add_columns(mo_renames *r, const mo_object *from, const mo_object *to, mo_error *err)
{
    mo_columns live, target;
    mo_map *columns = NULL;
    int rc = mo_columns_open(&target, to->table, err);
    if (rc != MOULT_OK || !target.has_renames) {
        mo_columns_close(&target);
        return rc;
    }
    rc = mo_columns_open(&live, from->table, err);
    for (size_t i = 0; rc == MOULT_OK && i < to->table->columns.count; i++) {
        const mo_column *c = to->table->columns.items[i];
        mo_column *old;
        if (!c->renamed_from || mo_match_columns(&live, &target, c, &old) < MO_MATCH_RENAMED)
            continue;
        if (!columns && (begin(r) || !(columns = new_map(r)) || mo_map_put(r->by_table, from->name, columns)))
            rc = mo_error_nomem(err);
        else if (mo_map_put(columns, old->name, (void *)c->name) ||
                 mo_map_put(r->all_columns, old->name, (void *)c->name))
            rc = mo_error_nomem(err);
    }
    mo_columns_close(&live);
    mo_columns_close(&target);
    return rc;
}

int mo_renames_open(mo_renames *r, const mo_schema *live, const mo_schema *target, mo_error *err)
{
    *r = (mo_renames){0};
    const mo_wanted all = mo_wanted_of(target);
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < target->objects.count; i++) {
        const mo_object *to = target->objects.items[i];
        mo_object *from;
        if (!to->table && !to->renamed_from)
            continue;
        mo_match_way way = mo_match_objects(live, &all, to, &from);
        if (way >= MO_MATCH_RENAMED && (begin(r) || mo_map_put(r->tables, from->name, (void *)to->name)))
            rc = mo_error_nomem(err);
        if (rc == MOULT_OK && way != MO_MATCH_NEW && to->table && from->table)
            rc = add_columns(r, from, to, err);
    }
    if (rc != MOULT_OK)
        mo_renames_close(r);
    return rc;
}

void mo_renames_close(mo_renames *r)
{
    for (size_t i = 0; i < r->maps.count; i++)
        mo_map_free(r->maps.items[i]);
    mo_region_free(r->region);
    *r = (mo_renames){0};
}

int mo_renames_any(const mo_renames *r)
{
    return r->region != NULL;
}

const mo_map *mo_renames_columns(const mo_renames *r, const char *live_table)
{
    return r->by_table && live_table ? mo_map_get(r->by_table, live_table) : NULL;
}

const char *mo_renames_table(const mo_renames *r, const char *live_table)
{
    const char *renamed = r->tables && live_table ? mo_map_get(r->tables, live_table) : NULL;
    return renamed ? renamed : live_table;
}
