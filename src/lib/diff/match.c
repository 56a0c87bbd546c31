/* SPDX-License-Identifier: MIT */
/*
 * match.c - which live thing a wanted one comes from.
 *
 * A wanted thing W with the annotation "renamed from O" takes the live O when nothing live has the name W, or when the
 * live W is itself taken by another rename: so chains (a to b, b to c) and swaps (a to b, b to a) come out right, and
 * an annotation that stays in the source after its rename was done means nothing any more. On the way back a thing may
 * be renamed from "", which is nothing: it is new, though the live thing of its name is another one, which is renamed; or
 * it evicts the live thing of its name, which is another one that goes: nobody comes from that one.
 * Neither allocates, nor looks at more than names: tables and columns go through the same walk.
 */
#include "diff/match.h"

/* What the walk asks of a list of things: who has a name, who was renamed from it. */
typedef struct mo_things {
    const void *live, *target;
    mo_kind kind;
    void *(*find)(const void *live, mo_kind kind, const char *name);
    void *(*claimant)(const void *target, mo_kind kind, const char *old, const void *but);
    const char *(*name)(const void *thing);
    const char *(*old)(const void *thing); /* NULL: no annotation, or one that changes nothing */
    int (*evicts)(const void *thing);
} mo_things;

static mo_match_way walk(const mo_things *t, const void *wanted, void **from)
{
    const char *old = t->old(wanted);
    *from = old ? t->find(t->live, t->kind, old) : NULL;
    if (!*from)
        return MO_MATCH_NEW;
    const void *at = wanted, *slow = wanted;
    for (unsigned steps = 1;; steps++) {
        if (t->evicts(at) || !t->find(t->live, t->kind, t->name(at)))
            return MO_MATCH_RENAMED;
        at = t->claimant(t->target, t->kind, t->name(at), at);
        if (!at)
            return MO_MATCH_NEW;
        if (at == wanted)
            return MO_MATCH_CYCLE;
        if (steps % 2 == 0) /* a ring that `wanted` is not part of: two annotations name one thing */
            slow = t->claimant(t->target, t->kind, t->name(slow), slow);
        if (at == slow)
            return MO_MATCH_NEW;
    }
}

static mo_match_way match(const mo_things *t, const void *wanted, void **from)
{
    mo_match_way way = walk(t, wanted, from);
    if (way != MO_MATCH_NEW)
        return way;
    *from = NULL;
    if (t->evicts(wanted) && t->old(wanted) && *t->old(wanted) == '\0') /* else it was evicted, and `old` has come */
        return MO_MATCH_NEW;
    *from = t->find(t->live, t->kind, t->name(wanted));
    if (!*from)
        return MO_MATCH_NEW;
    void *other, *same, *taker = t->claimant(t->target, t->kind, t->name(wanted), wanted);
    same = *from;
    if (taker && walk(t, taker, &other) != MO_MATCH_NEW && other == same) {
        *from = NULL;
        return MO_MATCH_NEW;
    }
    return MO_MATCH_NAME;
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

enum { FEW_COLUMNS = 16 };

static const char *column_old(const void *thing)
{
    const mo_column *c = thing;
    return c->renamed_from && !mo_name_equal(c->renamed_from, c->name) ? c->renamed_from : NULL;
}

static int has_old(const mo_table *table)
{
    for (size_t i = 0; i < table->columns.count; i++) {
        if (table->columns.items[i]->renamed_from && column_old(table->columns.items[i]))
            return 1;
    }
    return 0;
}

int mo_columns_open(mo_columns *c, const mo_table *table, mo_error *err)
{
    *c = (mo_columns){.table = table, .has_renames = has_old(table)};
    if (table->columns.count <= FEW_COLUMNS)
        return MOULT_OK;
    c->map = mo_map_new(1);
    if (!c->map)
        return mo_error_nomem(err);
    for (size_t i = 0; i < table->columns.count; i++) {
        if (mo_map_put(c->map, table->columns.items[i]->name, table->columns.items[i])) {
            mo_columns_close(c);
            return mo_error_nomem(err);
        }
    }
    return MOULT_OK;
}

void mo_columns_close(mo_columns *c)
{
    mo_map_free(c->map);
    c->map = NULL;
}

mo_column *mo_columns_find(const mo_columns *c, const char *name)
{
    return c->map ? mo_map_get(c->map, name) : mo_table_column(c->table, name);
}

mo_column *mo_match_column_claimant(const mo_columns *target, const char *old, const mo_column *but)
{
    for (size_t i = 0; target->has_renames && i < target->table->columns.count; i++) {
        mo_column *c = target->table->columns.items[i];
        if (c != but && c->renamed_from && column_old(c) && mo_name_equal(c->renamed_from, old))
            return c;
    }
    return NULL;
}

static void *find_column(const void *live, mo_kind kind, const char *name)
{
    (void)kind;
    return mo_columns_find(live, name);
}

static void *claim_column(const void *target, mo_kind kind, const char *old, const void *but)
{
    (void)kind;
    return mo_match_column_claimant(target, old, but);
}

static const char *column_name(const void *thing)
{
    return ((const mo_column *)thing)->name;
}

static int column_evicts(const void *thing)
{
    return ((const mo_column *)thing)->evicts != NULL;
}

mo_match_way mo_match_columns(const mo_columns *live, const mo_columns *target, const mo_column *wanted,
                              mo_column **from)
{
    const mo_things things = {live,         target,      MO_KIND_TABLE, find_column,
                              claim_column, column_name, column_old,    column_evicts};
    void *found;
    mo_match_way way = match(&things, wanted, &found);
    *from = found;
    return way;
}

mo_column *mo_match_column_taker(const mo_columns *live, const mo_columns *target, const mo_column *from)
{
    mo_column *taken, *taker = mo_match_column_claimant(target, from->name, NULL);
    if (taker && mo_match_columns(live, target, taker, &taken) != MO_MATCH_NEW && taken == from)
        return taker;
    taker = mo_columns_find(target, from->name);
    return taker && mo_match_columns(live, target, taker, &taken) != MO_MATCH_NEW && taken == from ? taker : NULL;
}

mo_column *mo_match_column(const mo_table *live, const mo_table *target, const mo_column *wanted)
{
    mo_columns from = {.table = live}, to = {.table = target, .has_renames = 1};
    mo_column *found;
    return mo_match_columns(&from, &to, wanted, &found) == MO_MATCH_NEW ? NULL : found;
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

static const char *object_old(const void *thing)
{
    const mo_object *o = thing;
    return o->renamed_from && !mo_name_equal(o->renamed_from, o->name) ? o->renamed_from : NULL;
}

mo_wanted mo_wanted_of(const mo_schema *schema)
{
    mo_wanted wanted = {.schema = schema};
    for (size_t i = 0; i < schema->objects.count && !wanted.has_renames; i++)
        wanted.has_renames = schema->objects.items[i]->renamed_from != NULL;
    return wanted;
}

mo_object *mo_match_object_claimant(const mo_wanted *target, mo_kind kind, const char *old, const mo_object *but)
{
    for (size_t i = 0; target->has_renames && i < target->schema->objects.count; i++) {
        mo_object *o = target->schema->objects.items[i];
        if (o->renamed_from && o->kind == kind && o != but && object_old(o) && mo_name_equal(o->renamed_from, old))
            return o;
    }
    return NULL;
}

static void *find_object(const void *live, mo_kind kind, const char *name)
{
    return mo_schema_find(live, kind, name);
}

static void *claim_object(const void *target, mo_kind kind, const char *old, const void *but)
{
    return mo_match_object_claimant(target, kind, old, but);
}

static const char *object_name(const void *thing)
{
    return ((const mo_object *)thing)->name;
}

static int object_evicts(const void *thing)
{
    return ((const mo_object *)thing)->evicts != NULL;
}

mo_match_way mo_match_objects(const mo_schema *live, const mo_wanted *target, const mo_object *wanted, mo_object **from)
{
    const mo_things things = {live,         target,      wanted->kind, find_object,
                              claim_object, object_name, object_old,   object_evicts};
    void *found;
    mo_match_way way = match(&things, wanted, &found);
    *from = found;
    return way;
}

mo_object *mo_match_object_taker(const mo_schema *live, const mo_wanted *target, const mo_object *from)
{
    mo_object *taken, *taker = mo_match_object_claimant(target, from->kind, from->name, NULL);
    if (taker && mo_match_objects(live, target, taker, &taken) != MO_MATCH_NEW && taken == from)
        return taker;
    taker = mo_schema_find(target->schema, from->kind, from->name);
    return taker && mo_match_objects(live, target, taker, &taken) != MO_MATCH_NEW && taken == from ? taker : NULL;
}

mo_object *mo_match_object(const mo_schema *live, const mo_schema *target, const mo_object *wanted)
{
    const mo_wanted all = mo_wanted_of(target);
    mo_object *found;
    return mo_match_objects(live, &all, wanted, &found) == MO_MATCH_NEW ? NULL : found;
}

/* --- annotations that contradict each other ----------------------------------------------------------------------- */

static int wrong(mo_error *err, const char *what, const char *name, const char *old, const mo_where *where,
                 const mo_where *other, int twice)
{
    if (twice)
        mo_error_set(err, MOULT_SOURCE, "%s '%s' and another one are both renamed from '%s'", what, name, old);
    else
        mo_error_set(err, MOULT_SOURCE, "%s '%s' is renamed from '%s', which is declared too", what, name, old);
    if (other->file)
        mo_error_detail(err, "the other is declared at %s:%d:%d", other->file, other->line, other->column);
    mo_error_hint(err, "%s",
                  twice ? "only one of them can be the old one: remove the other annotation"
                        : "remove the annotation when the rename was done long ago, or the old one's declaration");
    return mo_error_at(err, where->file, where->line, where->column);
}

static int check_columns(const mo_object *o, int *any, mo_error *err)
{
    mo_columns columns = {.table = o->table};
    int rc = MOULT_OK;
    if (!has_old(o->table))
        return MOULT_OK;
    *any = 1;
    rc = mo_columns_open(&columns, o->table, err);
    for (size_t i = 0; rc == MOULT_OK && i < o->table->columns.count; i++) {
        const mo_column *c = o->table->columns.items[i], *other;
        if (c->foreign || !column_old(c) || !*c->renamed_from)
            continue;
        if ((other = mo_match_column_claimant(&columns, c->renamed_from, c)))
            rc = wrong(err, "column", c->name, c->renamed_from, &c->where, &other->where, 1);
        else if ((other = mo_columns_find(&columns, c->renamed_from)) && !other->foreign && !column_old(other))
            rc = wrong(err, "column", c->name, c->renamed_from, &c->where, &other->where, 0);
        if (rc == MOULT_SOURCE)
            mo_error_object(err, "table %s", o->name);
    }
    mo_columns_close(&columns);
    return rc;
}

int mo_match_check(const mo_schema *target, int *any, mo_error *err)
{
    const mo_wanted all = mo_wanted_of(target);
    int rc = MOULT_OK;
    *any = all.has_renames;
    for (size_t i = 0; rc == MOULT_OK && i < target->objects.count; i++) {
        const mo_object *o = target->objects.items[i], *other;
        const char *what = mo_kinds[o->kind].name;
        if (o->flags & MO_OBJECT_FOREIGN)
            continue;
        if (!object_old(o) || !*o->renamed_from)
            rc = MOULT_OK;
        else if ((other = mo_match_object_claimant(&all, o->kind, o->renamed_from, o)))
            rc = wrong(err, what, o->name, o->renamed_from, &o->where, &other->where, 1);
        else if ((other = mo_schema_find(target, o->kind, o->renamed_from)) && !object_old(other) &&
                 !(other->flags & MO_OBJECT_FOREIGN))
            rc = wrong(err, what, o->name, o->renamed_from, &o->where, &other->where, 0);
        if (rc == MOULT_OK && o->table)
            rc = check_columns(o, any, err);
    }
    return rc;
}
