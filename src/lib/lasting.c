/* SPDX-License-Identifier: MIT */
/*
 * lasting.c - keys that are never given twice, and what became of them since a value was kept.
 *
 * The versions are gone through as they were made, one after the other, with no more than two of them in memory; the table of
 * each entry is followed by its name.
 */
#include "lasting.h"

#include <string.h>

#include "backward.h"

typedef struct tracked {
    mo_attic_entry *entry;
    const char **names; /* of its table, in each version from the first; NULL: it is not there */
} tracked;

typedef struct tracking {
    moult *m;
    mo_region *region;
    mo_versions all;
    int64_t first; /* of all entries */
    MO_VEC(tracked) entries;
} tracking;

static int collect(tracking *t, mo_attic_entries *entries, int64_t first)
{
    for (size_t i = 0; i < entries->count; i++) {
        tracked one = {.entry = &entries->items[i]};
        if (one.entry->version < first || strcmp(one.entry->identity, "unique") != 0)
            continue;
        t->first = t->entries.count && t->first < one.entry->version ? t->first : one.entry->version;
        if (mo_vec_push(t->region, &t->entries, one))
            return mo_error_nomem(&t->m->error);
    }
    return MOULT_OK;
}

/* What the table of an entry is called in a version; NULL: it is not there. */
static const char *name_in(const tracking *t, const tracked *e, int64_t version, const mo_schema *before,
                           const mo_schema *now)
{
    int64_t first = e->entry->version;
    int again;
    if (version == first)
        return e->entry->object;
    int64_t from = mo_history_before(&t->all, version, first, &again);
    const char *name = e->names[from - t->first];
    if (again || name == NULL)
        return name;
    const mo_object *later = mo_backward_later_table(before, now, name);
    return later ? later->name : NULL;
}

/* A table that is gone keeps its rows in the attic, with their keys. */
static int follow(const tracking *t, tracked *e, int64_t version, const mo_schema *before, const mo_schema *now)
{
    const char *name = name_in(t, e, version, before, now);
    const mo_object *table = name ? mo_schema_find(now, MO_KIND_TABLE, name) : NULL;
    if (table && !t->m->dialect->key_is_never_reused(table))
        e->entry->identity = "none";
    if (table && (e->names[version - t->first] = mo_region_dup(t->region, table->name)) == NULL)
        return mo_error_nomem(&t->m->error);
    return MOULT_OK;
}

static void give_up(tracking *t)
{
    for (size_t i = 0; i < t->entries.count; i++)
        t->entries.items[i].entry->identity = "none";
}

static int follow_all(tracking *t)
{
    mo_schema *before = NULL, *now = NULL;
    int rc = MOULT_OK;
    for (int64_t v = t->first; v <= (int64_t)t->all.count && rc == MOULT_OK; v++) {
        rc = mo_history_schema(t->m->dialect, t->m->conn, v, &now, &t->m->error);
        for (size_t i = 0; i < t->entries.count && rc == MOULT_OK; i++) {
            tracked *e = &t->entries.items[i];
            if (e->entry->version <= v && strcmp(e->entry->identity, "unique") == 0)
                rc = follow(t, e, v, before, now);
        }
        mo_schema_free(before);
        before = now;
        now = NULL;
    }
    mo_schema_free(before);
    if (rc == MOULT_NOTFOUND) { /* pruned */
        mo_error_clear(&t->m->error);
        give_up(t);
        rc = MOULT_OK;
    }
    return rc;
}

static int check(tracking *t)
{
    int rc = mo_history_read(t->m->dialect, t->m->conn, t->region, &t->all, &t->m->error);
    if (rc != MOULT_OK)
        return rc;
    size_t count = t->all.count;
    if (!t->m->dialect->key_is_never_reused || t->first < 1 || t->first > (int64_t)count ||
        t->all.items[count - 1].info.version != (int64_t)count) { /* versions were taken out by hand */
        give_up(t);
        return MOULT_OK;
    }
    for (size_t i = 0; i < t->entries.count; i++) {
        tracked *e = &t->entries.items[i];
        e->names = mo_region_alloc(t->region, (count - (size_t)t->first + 1) * sizeof *e->names);
        if (e->names == NULL)
            return mo_error_nomem(&t->m->error);
    }
    return follow_all(t);
}

int mo_lasting_check(moult *m, mo_attic_entries *entries, int64_t first, int there)
{
    tracking t = {.m = m, .region = mo_region_new()};
    int rc = t.region ? collect(&t, entries, first) : mo_error_nomem(&m->error);
    if (rc == MOULT_OK && t.entries.count)
        rc = check(&t);
    for (size_t i = 0; i < t.entries.count && rc == MOULT_OK && there; i++) {
        const tracked *e = &t.entries.items[i];
        if (e->names == NULL || e->names[(int64_t)t.all.count - t.first] == NULL)
            e->entry->identity = "none";
    }
    mo_region_free(t.region);
    return rc;
}
