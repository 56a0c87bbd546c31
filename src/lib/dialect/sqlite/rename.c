/* SPDX-License-Identifier: MIT */
/*
 * rename.c - renames, natively: SQLite itself makes views, triggers, indexes, foreign keys and CHECKs follow.
 *
 * They come first, tables before columns, so that all later steps speak of new names. A new name may still be taken by
 * something that is renamed later (a swap, a chain): then the old one steps aside under a name of moult's own first.
 */
#include <string.h>

#include "dialect/sqlite/ladder.h"

typedef struct renamer {
    mo_plan *plan;
    mo_error *err;
    int tolerant;
    int serial;
} renamer;

static int same_scope(const mo_rename *a, const mo_rename *b)
{
    if (a->table == NULL || b->table == NULL)
        return a->table == b->table;
    return mo_name_equal(a->table, b->table);
}

/* Is the new name of rename `i` still that of another one that has not been done? names[k] is what thing `k` is called by now;
 * NULL: it has its new name. */
static int is_taken(const mo_plan *p, const char *const *names, size_t i)
{
    for (size_t k = 0; k < p->renames.count; k++)
        if (k != i && names[k] && same_scope(&p->renames.items[k], &p->renames.items[i]) &&
            mo_name_equal(names[k], p->renames.items[i].to))
            return 1;
    return 0;
}

static void add_sql(mo_str *sql, const mo_rename *r, const char *from, const char *to)
{
    mo_str_add(sql, "ALTER TABLE ");
    mo_str_ident(sql, r->table ? r->table : from, '"');
    if (r->table) {
        mo_str_add(sql, " RENAME COLUMN ");
        mo_str_ident(sql, from, '"');
        mo_str_add(sql, " TO ");
    } else {
        mo_str_add(sql, " RENAME TO ");
    }
    mo_str_ident(sql, to, '"');
}

static int add_step(renamer *n, const mo_rename *r, const char *from, const char *to, const char *title)
{
    mo_str sql = {0};
    mo_step *s;
    int rc;
    s = mo_plan_step(n->plan, MO_PHASE_CONTRACT, MO_ORDER_RENAME + n->serial++, "rename", MO_KIND_TABLE,
                     r->table ? r->table : r->to, NULL);
    if (s == NULL)
        return mo_error_nomem(n->err);
    s->title = title;
    s->cost = "";
    s->transaction = 1;
    add_sql(&sql, r, from, to);
    rc = sql.failed ? mo_error_nomem(n->err) : MOULT_OK;
    /* With writable_schema on, SQLite leaves alone what it cannot parse (a view on a table that is gone). */
    if (rc == MOULT_OK && n->tolerant)
        rc = mo_step_run(n->plan, s, "PRAGMA writable_schema=ON", 0, n->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(n->plan, s, mo_str_text(&sql), 0, n->err);
    if (rc == MOULT_OK && n->tolerant)
        rc = mo_step_run(n->plan, s, "PRAGMA writable_schema=OFF", 0, n->err);
    mo_str_free(&sql);
    return rc;
}

static const char *describe(mo_plan *p, const mo_rename *r)
{
    if (r->aside && r->table)
        return mo_region_printf(p->region, "set column %s.%s aside", r->table, r->from);
    if (r->aside)
        return mo_region_printf(p->region, "set table %s aside", r->from);
    if (r->table)
        return mo_region_printf(p->region, "rename column %s.%s to %s", r->table, r->from, r->to);
    return mo_region_printf(p->region, "rename table %s to %s", r->from, r->to);
}

/* The next one to do: one whose new name is free, else (a ring) any. The count: all are done. */
static size_t next_rename(const mo_plan *p, const char *const *names, int *free)
{
    size_t any = p->renames.count;
    for (size_t i = 0; i < p->renames.count; i++) {
        if (names[i] == NULL)
            continue;
        if ((*free = !is_taken(p, names, i)))
            return i;
        if (any == p->renames.count)
            any = i;
    }
    return any;
}

/* All renames of tables, or of columns. In a ring one steps aside first. */
static int rename_all(renamer *n, int tables)
{
    mo_plan *p = n->plan;
    const char **names = mo_region_alloc(p->region, (p->renames.count + 1) * sizeof *names);
    int free = 0, rc = names ? MOULT_OK : mo_error_nomem(n->err);
    size_t i;
    for (i = 0; rc == MOULT_OK && i < p->renames.count; i++)
        names[i] = (p->renames.items[i].table == NULL) == tables ? p->renames.items[i].from : NULL;
    while (rc == MOULT_OK && (i = next_rename(p, names, &free)) < p->renames.count) {
        const mo_rename *r = &p->renames.items[i];
        const char *title = describe(p, r);
        const char *to = free ? r->to : mo_region_printf(p->region, "_moult_aside_%zu", i);
        if (title == NULL || to == NULL)
            return mo_error_nomem(n->err);
        rc = add_step(n, r, names[i], to, title);
        names[i] = free ? NULL : to;
    }
    return rc;
}

/* What has a name that is needed, and goes. */
static int drop_early(renamer *n)
{
    mo_str sql = {0};
    int rc = MOULT_OK;
    for (size_t i = 0; i < n->plan->changes.count && rc == MOULT_OK; i++) {
        const mo_change *c = &n->plan->changes.items[i];
        mo_step *s;
        if (!c->early)
            continue;
        s = mo_plan_step(n->plan, MO_PHASE_CONTRACT, MO_ORDER_RENAME + n->serial++, "drop", c->kind, c->before->name,
                         c->before->parent);
        mo_str_clear(&sql);
        mo_str_addf(&sql, "DROP %s ", mo_kinds[c->kind].noun);
        mo_str_ident(&sql, c->before->name, '"');
        if (s == NULL || sql.failed || (s->title = mo_region_dup(n->plan->region, mo_str_text(&sql))) == NULL)
            rc = mo_error_nomem(n->err);
        if (rc == MOULT_OK) {
            s->undo = mo_region_dup(n->plan->region, c->before->sql);
            s->transaction = 1;
            rc = mo_step_run(n->plan, s, mo_str_text(&sql), 0, n->err);
        }
    }
    mo_str_free(&sql);
    return rc;
}

int mo_sqlite_renames(mo_plan *plan, int tolerant, mo_error *err)
{
    renamer n = {plan, err, tolerant, 0};
    int rc = drop_early(&n);
    if (rc == MOULT_OK)
        rc = rename_all(&n, 1);
    if (rc == MOULT_OK)
        rc = rename_all(&n, 0);
    return rc;
}
