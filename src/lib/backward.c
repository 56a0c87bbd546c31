/* SPDX-License-Identifier: MIT */
/*
 * backward.c - on the way back, renames are undone as renames.
 *
 * An old version does not say what its things were called later; the versions after it do, by their annotations. So each
 * declared name is followed through them, and where it ends under another name, that is what it is renamed from.
 */
#include "detect.h"

/* The table that took over `name` in this version; the name itself when nothing did. */
static const char *next_table(const mo_schema *version, const char *name)
{
    if (mo_schema_find(version, MO_KIND_TABLE, name))
        return name;
    for (size_t i = 0; i < version->objects.count; i++) {
        const mo_object *o = version->objects.items[i];
        if (o->kind == MO_KIND_TABLE && mo_name_equal(o->renamed_from, name))
            return o->name;
    }
    return name;
}

static const char *next_column(const mo_table *table, const char *name)
{
    if (mo_table_column(table, name))
        return name;
    for (size_t i = 0; i < table->columns.count; i++)
        if (mo_name_equal(table->columns.items[i]->renamed_from, name))
            return table->columns.items[i]->name;
    return name;
}

/* Names of things of one table on their way through the versions. */
typedef struct trail {
    mo_object *table;    /* as desired */
    const char *name;    /* what it is called by now */
    const char **column; /* what its columns are called by now */
} trail;

static int start_trail(mo_region *r, mo_object *table, trail *out, mo_error *err)
{
    size_t n = table->table->columns.count;
    *out = (trail){table, table->name, mo_region_alloc(r, (n + 1) * sizeof *out->column)};
    if (out->column == NULL)
        return mo_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        out->column[i] = table->table->columns.items[i]->name;
    return MOULT_OK;
}

/* One version further. The names must outlive the version's schema. */
static int follow(mo_region *r, trail *t, const mo_schema *version, mo_error *err)
{
    const mo_object *o;
    t->name = mo_region_dup(r, next_table(version, t->name));
    if (t->name == NULL)
        return mo_error_nomem(err);
    o = mo_schema_find(version, MO_KIND_TABLE, t->name);
    for (size_t i = 0; o && i < t->table->table->columns.count; i++) {
        t->column[i] = mo_region_dup(r, next_column(o->table, t->column[i]));
        if (t->column[i] == NULL)
            return mo_error_nomem(err);
    }
    return MOULT_OK;
}

static void annotate(const trail *t, const mo_schema *live)
{
    const mo_object *there = mo_schema_find(live, MO_KIND_TABLE, t->name);
    if (there == NULL)
        return;
    if (!mo_name_equal(t->name, t->table->name) && mo_schema_find(live, MO_KIND_TABLE, t->table->name) == NULL)
        t->table->renamed_from = t->name;
    for (size_t i = 0; i < t->table->table->columns.count; i++) {
        mo_column *c = t->table->table->columns.items[i];
        if (!mo_name_equal(c->name, t->column[i]) && mo_table_column(there->table, t->column[i]) &&
            mo_table_column(there->table, c->name) == NULL)
            c->renamed_from = t->column[i];
    }
}

static int collect(mo_plan *plan, mo_error *err, trail **out, size_t *count)
{
    mo_schema *s = plan->desired;
    int rc = MOULT_OK;
    *count = 0;
    *out = mo_region_alloc(s->region, (s->objects.count + 1) * sizeof **out);
    if (*out == NULL)
        return mo_error_nomem(err);
    for (size_t i = 0; i < s->objects.count && rc == MOULT_OK; i++)
        if (s->objects.items[i]->table)
            rc = start_trail(s->region, s->objects.items[i], &(*out)[(*count)++], err);
    return rc;
}

int mo_detect_backward(moult *m, mo_plan *plan, int64_t latest)
{
    trail *trails;
    size_t count;
    int rc = collect(plan, &m->error, &trails, &count);
    for (int64_t v = plan->behind_version + 1; v <= latest && rc == MOULT_OK; v++) {
        mo_schema *version;
        rc = mo_history_schema(m->dialect, m->conn, v, &version, &m->error);
        for (size_t i = 0; i < count && rc == MOULT_OK; i++)
            rc = follow(plan->desired->region, &trails[i], version, &m->error);
        if (rc == MOULT_OK)
            mo_schema_free(version);
    }
    for (size_t i = 0; i < count && rc == MOULT_OK; i++)
        annotate(&trails[i], plan->live);
    return rc;
}
