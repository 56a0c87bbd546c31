/* SPDX-License-Identifier: MIT */
/*
 * backward.c - on the way back, renames are undone as renames.
 *
 * An old version does not say what its things were called later; the versions after it do, by their annotations. So each
 * declared name is followed through them, and where it ends under another name, that is what it is renamed from. An
 * annotation stands for a rename in the first version that has it; in later ones it is a leftover.
 */
#include "backward.h"

#include <string.h>

#include "detect.h"

/* It comes back as a new one, though something of its name is there: that is renamed. No thing has this name. */
#define MO_FROM_NOTHING ""

static const mo_object *find_table(const mo_schema *s, const char *name)
{
    return s ? mo_schema_find(s, MO_KIND_TABLE, name) : NULL;
}

/* Did this table (NULL column) or column get its annotation in this version? */
int mo_backward_is_new(const mo_schema *before, const mo_object *table, const mo_column *column)
{
    const mo_object *old = find_table(before, table->name);
    const mo_column *same = old && column ? mo_table_column(old->table, column->name) : NULL;
    if (column)
        return same == NULL || !mo_name_equal(same->renamed_from, column->renamed_from);
    return old == NULL || !mo_name_equal(old->renamed_from, table->renamed_from);
}

/* What a table is called after this version. */
const char *mo_backward_table(const mo_schema *before, const mo_schema *after, const char *name)
{
    for (size_t i = 0; i < after->objects.count; i++) {
        const mo_object *o = after->objects.items[i];
        if (o->kind == MO_KIND_TABLE && o->renamed_from && mo_name_equal(o->renamed_from, name) &&
            mo_backward_is_new(before, o, NULL))
            return o->name;
    }
    return name;
}

const char *mo_backward_column(const mo_schema *before, const mo_object *table, const char *name)
{
    for (size_t i = 0; i < table->table->columns.count; i++) {
        const mo_column *c = table->table->columns.items[i];
        if (c->renamed_from && mo_name_equal(c->renamed_from, name) && mo_backward_is_new(before, table, c))
            return c->name;
    }
    return name;
}

/* Names of things of one table on their way through the versions. */
typedef struct trail {
    mo_object *table;    /* as desired */
    const char *name;    /* what it is called by now */
    const char **column; /* what its columns are called by now */
    int gone;            /* 1: a version has no such table, so a later one of that name may be another */
    int *column_gone;
} trail;

typedef struct trails {
    mo_region *region;
    MO_VEC(trail) items;
} trails;

typedef MO_VEC(const moult_version_info *) version_list;

static int start_trail(trails *all, mo_object *table)
{
    size_t n = table->table->columns.count;
    trail t = {table, table->name, mo_region_alloc(all->region, (n + 1) * sizeof *t.column), 0,
               mo_region_alloc(all->region, (n + 1) * sizeof *t.column_gone)};
    if (t.column == NULL || t.column_gone == NULL || mo_vec_push(all->region, &all->items, t))
        return -1;
    for (size_t i = 0; i < n; i++) {
        t.column[i] = table->table->columns.items[i]->name;
        t.column_gone[i] = 0;
    }
    return 0;
}

/* One version further. The names must outlive the version's schema. */
static int follow(mo_region *r, trail *t, const mo_schema *before, const mo_schema *after)
{
    const mo_object *o;
    t->name = mo_region_dup(r, mo_backward_table(before, after, t->name));
    o = t->name ? find_table(after, t->name) : NULL;
    t->gone |= o == NULL;
    for (size_t i = 0; o && i < t->table->table->columns.count; i++) {
        if ((t->column[i] = mo_region_dup(r, mo_backward_column(before, o, t->column[i]))) == NULL)
            return -1;
        t->column_gone[i] |= mo_table_column(o->table, t->column[i]) == NULL;
    }
    return t->name ? 0 : -1;
}

static int table_is_claimed(const trails *all, const char *name)
{
    for (size_t i = 0; i < all->items.count; i++)
        if (mo_name_equal(all->items.items[i].name, name) && !mo_name_equal(all->items.items[i].table->name, name))
            return 1;
    return 0;
}

static int column_is_claimed(const trail *t, const char *name)
{
    for (size_t i = 0; i < t->table->table->columns.count; i++)
        if (mo_name_equal(t->column[i], name) && !mo_name_equal(t->table->table->columns.items[i]->name, name))
            return 1;
    return 0;
}

/* Does what has been there all the time end under this name? What was gone in between is another thing then. */
static int table_is_taken(const trails *all, const trail *but, const char *name)
{
    for (size_t i = 0; i < all->items.count; i++)
        if (&all->items.items[i] != but && !all->items.items[i].gone && mo_name_equal(all->items.items[i].name, name))
            return 1;
    return 0;
}

static int column_is_taken(const trail *t, size_t but, const char *name)
{
    for (size_t i = 0; i < t->table->table->columns.count; i++)
        if (i != but && !t->column_gone[i] && mo_name_equal(t->column[i], name))
            return 1;
    return 0;
}

/* Says what is renamed from what, where the database has the later name, and the old one is free or becomes free. */
static void annotate(const trails *all, const trail *t, const mo_schema *live)
{
    const mo_object *there = find_table(live, t->name);
    if (there == NULL)
        return;
    t->table->renamed_from = NULL;
    if (t->gone && table_is_taken(all, t, t->name)) {
        t->table->renamed_from = MO_FROM_NOTHING;
        return;
    }
    if (t->gone && !mo_name_equal(t->name, t->table->name))
        return; /* what is there was made anew under its later name: it comes back as a new one, and that one goes */
    if (!mo_name_equal(t->name, t->table->name) &&
        (find_table(live, t->table->name) == NULL || table_is_claimed(all, t->table->name)))
        t->table->renamed_from = t->name;
    for (size_t i = 0; i < t->table->table->columns.count; i++) {
        mo_column *c = t->table->table->columns.items[i];
        c->renamed_from = NULL;
        if (t->column_gone[i] && column_is_taken(t, i, t->column[i])) {
            c->renamed_from = MO_FROM_NOTHING;
            continue;
        }
        if (!t->column_gone[i] && !mo_name_equal(c->name, t->column[i]) &&
            mo_table_column(there->table, t->column[i]) &&
            (mo_table_column(there->table, c->name) == NULL || column_is_claimed(t, c->name)))
            c->renamed_from = t->column[i];
    }
}

static int collect(trails *all, mo_schema *s)
{
    int failed = 0;
    all->region = s->region;
    for (size_t i = 0; i < s->objects.count && !failed; i++)
        if (s->objects.items[i]->table)
            failed = start_trail(all, s->objects.items[i]);
    return failed;
}

/* The versions from `first` to the latest, without the ways that led back to where they began. Into the region. */
static int find_path(moult *m, mo_region *r, int64_t first, int64_t latest, version_list *path)
{
    mo_versions all = {0};
    int rc = mo_history_read(m->dialect, m->conn, r, &all, &m->error);
    for (size_t i = 0; i < all.count && rc == MOULT_OK; i++) {
        const moult_version_info *v = &all.items[i].info;
        size_t k = 0;
        if (v->version < first || v->version > latest)
            continue;
        while (k < path->count && strcmp(path->items[k]->to, v->to) != 0)
            k++;
        if (k < path->count)
            path->count = k + 1;
        else if (mo_vec_push(r, path, v))
            rc = mo_error_nomem(&m->error);
    }
    return rc;
}

static int follow_all(moult *m, trails *all, const version_list *path)
{
    mo_schema *before = NULL, *after = NULL;
    int rc = MOULT_OK;
    for (size_t k = 0; k < path->count && rc == MOULT_OK; k++) {
        rc = mo_history_schema(m->dialect, m->conn, path->items[k]->version, &after, &m->error);
        for (size_t i = 0; i < all->items.count && rc == MOULT_OK && k > 0; i++)
            if (follow(all->region, &all->items.items[i], before, after))
                rc = mo_error_nomem(&m->error);
        mo_schema_free(before);
        before = after;
        after = NULL;
    }
    mo_schema_free(before);
    return rc;
}

int mo_detect_backward(moult *m, mo_plan *plan, int64_t latest)
{
    trails all = {0};
    version_list path = {0};
    int rc = collect(&all, plan->desired) ? mo_error_nomem(&m->error) : MOULT_OK;
    if (rc == MOULT_OK)
        rc = find_path(m, plan->region, plan->behind_version, latest, &path);
    if (rc == MOULT_OK)
        rc = follow_all(m, &all, &path);
    for (size_t i = 0; i < all.items.count && rc == MOULT_OK; i++)
        annotate(&all, &all.items.items[i], plan->live);
    return rc;
}
