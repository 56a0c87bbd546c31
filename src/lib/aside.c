/* SPDX-License-Identifier: MIT */
/*
 * aside.c - what stands in the way of a rename makes room.
 *
 * On the way back something else may have the name by now that a table or column shall have again (see backward.c). And a
 * view, an index or a virtual table that goes may have the name that a table gets. Renames come before everything else, so
 * that they can be followed; so tables, virtual tables and columns step aside under another name, and go under their own
 * later, and views and indexes, which have nothing to lose, go first.
 */
#include "aside.h"

#include "detect.h"

int mo_is_name_taken(const mo_plan *p, const char *name)
{
    for (int kind = 0; kind < MO_KIND_COUNT; kind++)
        if (mo_schema_find(p->live, (mo_kind)kind, name) || mo_schema_find(p->desired, (mo_kind)kind, name))
            return 1;
    return 0;
}

const char *mo_aside_name(const mo_plan *p, mo_region *r, const char *name, const mo_table *desired,
                          const mo_table *there)
{
    const char *free = mo_region_printf(r, "aside_of_%s", name);
    for (int n = 2;
         free && (desired ? mo_table_column(desired, free) || mo_table_column(there, free) : mo_is_name_taken(p, free));
         n++)
        free = mo_region_printf(r, "aside_of_%s_%d", name, n);
    return free;
}

static int add(mo_plan *p, const char *table, const char *from, const char *to, mo_error *err)
{
    mo_rename r = {.kind = MO_KIND_TABLE,
                   .table = mo_region_dup(p->region, table),
                   .from = mo_region_dup(p->region, from),
                   .to = mo_region_dup(p->region, to),
                   .aside = 1};
    return (table && !r.table) || !r.from || !r.to || mo_vec_push(p->region, &p->renames, r) ? mo_error_nomem(err)
                                                                                             : MOULT_OK;
}

/* What the way back evicts. */
static int evict(mo_plan *p, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < p->desired->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = p->desired->objects.items[i];
        if (o->evicts && mo_schema_find(p->live, MO_KIND_TABLE, o->name))
            rc = add(p, NULL, o->name, o->evicts, err);
        for (size_t k = 0; o->table && k < o->table->columns.count && rc == MOULT_OK; k++) {
            const mo_column *c = o->table->columns.items[k];
            if (c->evicts)
                rc = add(p, o->name, c->name, c->evicts, err);
        }
    }
    return rc;
}

static int is_owned(const mo_ownership *own, const mo_object *o)
{
    return own->all || (own->owned && mo_schema_find(own->owned, o->kind, o->name)) ||
           (own->added && mo_schema_find(own->added, o->kind, o->name));
}

static int refuse(const mo_object *o, const char *from, mo_error *err)
{
    mo_error_set(err, MOULT_IMPOSSIBLE, "table '%s' cannot be renamed to '%s': a %s that is not moult's has that name",
                 from, o->name, mo_kinds[o->kind].name);
    mo_error_object(err, "%s %s", mo_kinds[o->kind].name, o->name);
    return mo_error_hint(err, "drop the %s first, or say --own=all: then it goes", mo_kinds[o->kind].name);
}

/* What is no table and has the name that a table gets. */
static int clear(mo_plan *p, const mo_ownership *own, const char *from, const char *to, mo_error *err)
{
    static const mo_kind kinds[] = {MO_KIND_VIEW, MO_KIND_INDEX, MO_KIND_VIRTUAL_TABLE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const mo_object *o = mo_schema_find(p->live, kinds[i], to);
        mo_change drop = {.op = MOULT_OP_DROP, .kind = kinds[i], .before = o, .early = 1};
        const char *name;
        if (o == NULL)
            continue;
        if (!is_owned(own, o))
            return refuse(o, from, err);
        if (kinds[i] != MO_KIND_VIRTUAL_TABLE)
            return mo_vec_push(p->region, &p->changes, drop) ? mo_error_nomem(err) : MOULT_OK;
        name = mo_aside_name(p, p->region, to, NULL, NULL);
        return name ? add(p, NULL, to, name, err) : mo_error_nomem(err);
    }
    return MOULT_OK;
}

int mo_make_room(mo_plan *p, const mo_ownership *own, mo_error *err)
{
    size_t count = p->renames.count;
    int rc = evict(p, err);
    for (size_t i = 0; i < count && rc == MOULT_OK; i++)
        if (p->renames.items[i].table == NULL && p->renames.items[i].kind == MO_KIND_TABLE)
            rc = clear(p, own, p->renames.items[i].from, p->renames.items[i].to, err);
    return rc;
}
