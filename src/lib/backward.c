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

#include "aside.h"
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

/* What a table is in the next version, and under which name; NULL: it is not there. */
const mo_object *mo_backward_later_table(const mo_schema *before, const mo_schema *after, const char *name)
{
    const char *next = mo_backward_table(before, after, name);
    const mo_object *o = find_table(after, next);
    if (o && mo_name_equal(next, name) && o->renamed_from && !mo_name_equal(o->renamed_from, name) &&
        mo_backward_is_new(before, o, NULL))
        return NULL; /* another one took its name */
    return o;
}

const mo_column *mo_backward_later_column(const mo_schema *before, const mo_object *later, const char *name)
{
    const char *next = mo_backward_column(before, later, name);
    const mo_column *c = mo_table_column(later->table, next);
    if (c && mo_name_equal(next, name) && c->renamed_from && !mo_name_equal(c->renamed_from, name) &&
        mo_backward_is_new(before, later, c))
        return NULL;
    return c;
}

/* One version further. The names must outlive the version's schema. `whole`: what it does not declare is gone; one that
 * was only expanded to has taken nothing away. */
static int follow(mo_region *r, trail *t, const mo_schema *before, const mo_schema *after, int whole)
{
    const mo_object *o = mo_backward_later_table(before, after, t->name);
    if (o == NULL) {
        t->gone |= whole;
        return 0;
    }
    t->name = mo_region_dup(r, o->name);
    for (size_t i = 0; i < t->table->table->columns.count; i++) {
        const mo_column *c = mo_backward_later_column(before, o, t->column[i]);
        if (c == NULL)
            t->column_gone[i] |= whole;
        else if ((t->column[i] = mo_region_dup(r, c->name)) == NULL)
            return -1;
    }
    return t->name ? 0 : -1;
}

/* --- what is there now -------------------------------------------------------------------------------------------- */

typedef struct annotator {
    moult *m;
    const trails *all;
    const mo_plan *plan;
    int unfinished; /* the version that is gone back to was only expanded to: its own renames were never done */
    const mo_schema *live, *last; /* as it is; as the last version declared it */
} annotator;

/* Which thing that has been there all the time ends under this name? `count`: none. */
static size_t table_under(const trails *all, const char *name)
{
    size_t i = 0;
    while (i < all->items.count && (all->items.items[i].gone || !mo_name_equal(all->items.items[i].name, name)))
        i++;
    return i;
}

static size_t column_under(const trail *t, const char *name)
{
    size_t i = 0;
    while (i < t->table->table->columns.count && (t->column_gone[i] || !mo_name_equal(t->column[i], name)))
        i++;
    return i;
}

/* What stands under the name of something that comes back can only make room for it where it is moult's. */
static int can_evict(const annotator *a, const mo_object *table, const char *column)
{
    const mo_object *declared = a->last ? find_table(a->last, table->name) : NULL;
    mo_error *err = &a->m->error;
    if (a->m->options.pub.own == MOULT_OWN_ALL || (declared && (!column || mo_table_column(declared->table, column))))
        return MOULT_OK;
    mo_error_set(err, MOULT_IMPOSSIBLE, "%s%s%s cannot come back: what has its name by now is not moult's", table->name,
                 column ? "." : "", column ? column : "");
    mo_error_object(err, "%s %s%s%s", column ? "column" : "table", table->name, column ? "." : "",
                    column ? column : "");
    return mo_error_hint(err, "give the other one another name first, or say --own=all: then it goes");
}

/*
 * A column that has been there all the time is renamed back. One that was gone comes back as a new one: what has its
 * name by now, or its later one, is another column. What stands where it belongs makes room: it is renamed itself, or steps
 * aside and goes.
 */
static int annotate_column(const annotator *a, const trail *t, const mo_object *there, size_t i)
{
    mo_column *c = t->table->table->columns.items[i];
    int stays = !t->column_gone[i] && mo_table_column(there->table, t->column[i]) != NULL;
    int other = mo_table_column(there->table, c->name) != NULL && !(stays && mo_name_equal(t->column[i], c->name));
    if (a->unfinished && t->column_gone[i] && !other && c->renamed_from)
        return MOULT_OK;
    c->renamed_from = NULL;
    if (stays && !mo_name_equal(t->column[i], c->name))
        c->renamed_from = t->column[i];
    else if (t->column_gone[i] && other)
        c->renamed_from = MO_FROM_NOTHING;
    if (c->renamed_from == NULL || !other || column_under(t, c->name) < t->table->table->columns.count)
        return MOULT_OK;
    c->evicts = mo_aside_name(a->plan, a->plan->desired->region, c->name, t->table->table, there->table);
    return c->evicts ? can_evict(a, there, c->name) : mo_error_nomem(&a->m->error);
}

/* The same for a table, and for the columns of one that stays. */
static int annotate(const annotator *a, const trail *t)
{
    const mo_object *there = find_table(a->live, t->name), *other = find_table(a->live, t->table->name);
    int stays = !t->gone && there != NULL, rc = MOULT_OK;
    if (a->unfinished && t->gone && !other && t->table->renamed_from)
        return MOULT_OK;
    t->table->renamed_from = NULL;
    if (stays && !mo_name_equal(t->name, t->table->name))
        t->table->renamed_from = t->name;
    else if (t->gone && other)
        t->table->renamed_from = MO_FROM_NOTHING;
    if (t->table->renamed_from && other && table_under(a->all, t->table->name) == a->all->items.count) {
        t->table->evicts = mo_aside_name(a->plan, a->plan->desired->region, t->table->name, NULL, NULL);
        rc = t->table->evicts ? can_evict(a, other, NULL) : mo_error_nomem(&a->m->error);
    }
    for (size_t i = 0; stays && i < t->table->table->columns.count && rc == MOULT_OK; i++)
        rc = annotate_column(a, t, there, i);
    return rc;
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

/* *last: the last of them, to be freed. */
static int follow_all(moult *m, trails *all, const version_list *path, mo_schema **last)
{
    mo_schema *before = NULL, *after = NULL;
    int rc = MOULT_OK;
    for (size_t k = 0; k < path->count && rc == MOULT_OK; k++) {
        rc = mo_history_schema(m->dialect, m->conn, path->items[k]->version, &after, &m->error);
        for (size_t i = 0; i < all->items.count && rc == MOULT_OK && k > 0; i++)
            if (follow(all->region, &all->items.items[i], before, after, strcmp(path->items[k]->kind, "expand") != 0))
                rc = mo_error_nomem(&m->error);
        mo_schema_free(before);
        before = after;
        after = NULL;
    }
    *last = before;
    return rc;
}

int mo_detect_backward(moult *m, mo_plan *plan, int64_t latest)
{
    trails all = {0};
    version_list path = {0};
    mo_schema *last = NULL;
    int rc = collect(&all, plan->desired) ? mo_error_nomem(&m->error) : MOULT_OK;
    if (rc == MOULT_OK)
        rc = find_path(m, plan->region, plan->behind_version, latest, &path);
    if (rc == MOULT_OK)
        rc = follow_all(m, &all, &path, &last);
    const annotator a = {m, &all, plan, path.count && strcmp(path.items[0]->kind, "expand") == 0, plan->live, last};
    for (size_t i = 0; i < all.items.count && rc == MOULT_OK; i++)
        rc = annotate(&a, &all.items.items[i]);
    mo_schema_free(last);
    return rc;
}
