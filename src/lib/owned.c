/* SPDX-License-Identifier: MIT */
/*
 * owned.c - what is moult's while a contract waits.
 *
 * What the last version declared is moult's. But a version that was only expanded to has not taken away yet what it does
 * not declare: that is still there, and still moult's, as the version before declared it. Without it the contract would
 * take a column that shall go for somebody else's.
 */
#include <string.h>

#include "detect.h"

int mo_detect_whole(moult *m, int64_t *version)
{
    mo_region *r = mo_region_new();
    mo_versions all = {0};
    int rc = r ? mo_history_read(m->dialect, m->conn, r, &all, &m->error) : mo_error_nomem(&m->error);
    size_t i = all.count;
    *version = 0;
    while (rc == MOULT_OK && i > 0 && strcmp(all.items[i - 1].info.kind, "expand") == 0)
        i--;
    if (rc == MOULT_OK && i > 0 && i < all.count)
        *version = all.items[i - 1].info.version;
    mo_region_free(r);
    return rc;
}

/* Columns and constraints of `more` that the table has not. */
static int add_parts(mo_schema *s, mo_table *t, const mo_table *more)
{
    int failed = 0;
    for (size_t i = 0; i < more->columns.count && !failed; i++) {
        mo_column *copy;
        if (mo_table_column(t, more->columns.items[i]->name))
            continue;
        copy = mo_column_copy(s->region, more->columns.items[i]);
        failed = copy == NULL || mo_vec_push(s->region, &t->columns, copy);
    }
    for (size_t i = 0; i < more->constraints.count && !failed; i++) {
        mo_constraint *copy;
        if (mo_table_constraint_like(t, more->constraints.items[i]))
            continue;
        copy = mo_constraint_copy(s->region, more->constraints.items[i]);
        failed = copy == NULL || mo_vec_push(s->region, &t->constraints, copy);
        if (!failed)
            copy->column = -1; /* its place was in another table */
    }
    return failed;
}

/* All of `whole`, and what only `half` has. */
static int join(const mo_schema *whole, const mo_schema *half, mo_schema *out, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t pass = 0; pass < 2; pass++) {
        const mo_schema *from = pass ? half : whole, *other = pass ? whole : half;
        for (size_t i = 0; i < from->objects.count && rc == MOULT_OK; i++) {
            const mo_object *o = from->objects.items[i], *same = mo_schema_find(other, o->kind, o->name);
            mo_object *copy = pass && same ? NULL : mo_schema_object_copy(out, o);
            if (pass && same)
                continue;
            rc = copy == NULL || (same && same->table && copy->table && add_parts(out, copy->table, same->table))
                     ? mo_error_nomem(err)
                     : mo_schema_add(out, copy, err);
        }
    }
    return rc == MOULT_OK ? mo_schema_seal(out, err) : rc;
}

int mo_detect_owned(moult *m, mo_schema **recorded)
{
    mo_schema *whole = NULL, *both = NULL;
    int64_t version;
    int rc = mo_detect_whole(m, &version);
    if (rc != MOULT_OK || version == 0)
        return rc;
    rc = mo_history_schema(m->dialect, m->conn, version, &whole, &m->error);
    if (rc == MOULT_NOTFOUND) { /* its snapshot was pruned */
        mo_error_clear(&m->error);
        return MOULT_OK;
    }
    if (rc == MOULT_OK && (both = mo_schema_new()) == NULL)
        rc = mo_error_nomem(&m->error);
    if (rc == MOULT_OK)
        rc = join(whole, *recorded, both, &m->error);
    mo_schema_free(whole);
    if (rc != MOULT_OK) {
        mo_schema_free(both);
        return rc;
    }
    both->dialect = (*recorded)->dialect;
    mo_schema_free(*recorded);
    *recorded = both;
    return MOULT_OK;
}
