/* SPDX-License-Identifier: MIT */
/*
 * rename.c - renames: the server makes views, constraints and indexes follow by itself.
 *
 * They come first, tables before columns, so that all later steps speak of new names. A new name may still be taken by
 * something that is renamed later (a swap, a chain): then the old one steps aside first.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

typedef struct renamer {
    mo_plan *plan;
    const char **names; /* what each is called by now; NULL: it has its new name, or is of the other sort */
    int serial;
    mo_error *err;
} renamer;

static int same_scope(const mo_rename *a, const mo_rename *b)
{
    return a->table && b->table ? mo_name_equal(a->table, b->table) : a->table == b->table;
}

static int is_taken(const renamer *n, size_t i)
{
    const mo_rename *all = n->plan->renames.items;
    for (size_t k = 0; k < n->plan->renames.count; k++)
        if (k != i && n->names[k] && same_scope(&all[k], &all[i]) && mo_name_equal(n->names[k], all[i].to))
            return 1;
    return 0;
}

/* The name without its schema: RENAME takes no other. */
static const char *bare(const char *path)
{
    const char *last = path;
    for (int quoted = 0; *path; path++) {
        quoted ^= *path == '"';
        if (*path == '.' && !quoted)
            last = path + 1;
    }
    return last;
}

static int add_step(renamer *n, const mo_rename *r, const char *from, const char *to)
{
    mo_plan *p = n->plan;
    mo_str sql = {0};
    mo_step *s = mo_plan_step(p, MO_PHASE_CONTRACT, MO_PG_ORDER_RENAME + n->serial++, "rename", MO_KIND_TABLE,
                              r->table ? r->table : r->to, NULL);
    if (!s)
        return mo_error_nomem(n->err);
    s->transaction = 1;
    if (r->table) {
        s->title = mo_region_printf(p->region, "rename column %s.%s to %s", r->table, r->from, r->to);
        mo_str_addf(&sql, "ALTER TABLE %s RENAME COLUMN %s TO %s", r->table, from, to);
    } else {
        s->title = mo_region_printf(p->region, "rename table %s to %s", r->from, r->to);
        mo_str_addf(&sql, "ALTER TABLE %s RENAME TO %s", from, bare(to));
    }
    int failed = !s->title || sql.failed || mo_step_run(p, s, mo_str_text(&sql), 0, n->err) != MOULT_OK;
    mo_str_free(&sql);
    return failed ? mo_error_nomem(n->err) : MOULT_OK;
}

/* The next one whose new name is free, else (a ring) any; the count: all are done. */
static size_t next_rename(const renamer *n, int *free_name)
{
    size_t any = n->plan->renames.count;
    for (size_t i = 0; i < n->plan->renames.count; i++) {
        if (!n->names[i])
            continue;
        if ((*free_name = !is_taken(n, i)))
            return i;
        any = any == n->plan->renames.count ? i : any;
    }
    return any;
}

static int rename_all(renamer *n, int tables)
{
    mo_plan *p = n->plan;
    int free_name = 0, code = MOULT_OK;
    size_t i;
    for (i = 0; i < p->renames.count; i++)
        n->names[i] = (p->renames.items[i].table == NULL) == tables ? p->renames.items[i].from : NULL;
    while (code == MOULT_OK && (i = next_rename(n, &free_name)) < p->renames.count) {
        const mo_rename *r = &p->renames.items[i];
        const char *to = free_name ? r->to : mo_region_printf(p->region, "moult_aside_%zu", i);
        code = to ? add_step(n, r, n->names[i], to) : mo_error_nomem(n->err);
        n->names[i] = free_name ? NULL : to;
    }
    return code;
}

int mo_pg_renames(mo_plan *plan, int tolerant, mo_error *err)
{
    renamer n = {.plan = plan, .err = err};
    (void)tolerant; /* the server lets nothing break that a rename could meet */
    n.names = mo_region_alloc(plan->region, (plan->renames.count + 1) * sizeof *n.names);
    int code = n.names ? rename_all(&n, 1) : mo_error_nomem(err);
    return code == MOULT_OK ? rename_all(&n, 0) : code;
}
