/* SPDX-License-Identifier: MIT */
/*
 * rename.c - renames: the server makes views, constraints and indexes follow by itself.
 *
 * They come first, objects before columns, so that all later steps speak of new names. A new name may still be taken by
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

static mo_step *add_step(renamer *n, const mo_rename *r)
{
    mo_step *s = mo_plan_step(n->plan, MO_PHASE_CONTRACT, MO_PG_ORDER_RENAME + n->serial++, "rename", r->kind,
                              r->table ? r->table : r->to, NULL);
    if (!s)
        return NULL;
    s->transaction = 1;
    if (r->table)
        s->title = mo_region_printf(n->plan->region, "rename column %s.%s to %s", r->table, r->from, r->to);
    else
        s->title = mo_region_printf(n->plan->region, "rename %s %s to %s", mo_kinds[r->kind].name, r->from, r->to);
    return s->title ? s : NULL;
}

static int run(renamer *n, mo_step *s, mo_str *sql)
{
    int failed = sql->failed || mo_step_run(n->plan, s, mo_str_text(sql), 0, n->err) != MOULT_OK;
    mo_str_free(sql);
    return failed ? mo_error_nomem(n->err) : MOULT_OK;
}

static int rename_column(renamer *n, const mo_rename *r, const char *from, const char *to)
{
    mo_step *s = add_step(n, r);
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s RENAME COLUMN %s TO %s", r->table, from, to);
    if (s)
        return run(n, s, &sql);
    mo_str_free(&sql);
    return mo_error_nomem(n->err);
}

/* What stands before the last part of a name, dot included, and that part. */
static size_t space_length(const char *name, const char *last)
{
    const char *path = strstr(name, last);
    for (const char *at = path; at; at = strstr(at + 1, last))
        path = at[strlen(last)] == '\0' || strchr("( ", at[strlen(last)]) ? at : path;
    return path ? (size_t)(path - name) : 0;
}

static int rename_object(renamer *n, const mo_rename *r, const char *from, const char *to)
{
    mo_region *region = n->plan->region;
    const char *noun = mo_kinds[r->kind].noun, *old = mo_pg_last_name(region, from),
               *last = mo_pg_last_name(region, to);
    mo_step *s = old && last ? add_step(n, r) : NULL;
    mo_str sql = {0};
    int code = s ? MOULT_OK : mo_error_nomem(n->err);
    if (s && strcmp(old, last) != 0) {
        mo_str_addf(&sql, "ALTER %s %s RENAME TO %s", noun, from, last);
        code = run(n, s, &sql);
    }
    size_t before = s ? space_length(from, old) : 0, after = s ? space_length(to, last) : 0;
    if (code == MOULT_OK && after && (before != after || strncmp(from, to, after) != 0)) {
        mo_str_addf(&sql, "ALTER %s %.*s%s SET SCHEMA %.*s", noun, (int)before, from, last, (int)after - 1, to);
        code = run(n, s, &sql);
    }
    return code;
}

/* Kinds whose name is what they are. */
static int has_no_name(mo_kind kind)
{
    return kind == MO_KIND_CAST || kind == MO_KIND_OPERATOR || kind == MO_KIND_EXTENSION || kind >= MO_KIND_COMMENT;
}

static int cannot(renamer *n, const mo_rename *r)
{
    mo_error_set(n->err, MOULT_UNSUPPORTED, "PostgreSQL cannot rename an object of this kind: %s %s",
                 mo_kinds[r->kind].name, r->from);
    return mo_error_hint(n->err, "take the annotation out: it is dropped and made again under the new name");
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

/* A name for the time being, beside the object's own. */
static const char *aside_of(renamer *n, const mo_rename *r, size_t i)
{
    const char *name = mo_region_printf(n->plan->region, "moult_aside_%zu", i);
    const char *last = r->table ? NULL : mo_pg_last_name(n->plan->region, r->from);
    if (!name || r->table || !last)
        return r->table ? name : NULL;
    size_t before = space_length(r->from, last);
    return mo_region_printf(n->plan->region, "%.*s%s%s", (int)before, r->from, name, r->from + before + strlen(last));
}

static int rename_all(renamer *n, int objects)
{
    mo_plan *p = n->plan;
    int free_name = 0, code = MOULT_OK;
    size_t i;
    for (i = 0; i < p->renames.count; i++)
        n->names[i] = (p->renames.items[i].table == NULL) == objects ? p->renames.items[i].from : NULL;
    while (code == MOULT_OK && (i = next_rename(n, &free_name)) < p->renames.count) {
        const mo_rename *r = &p->renames.items[i];
        const char *to = free_name ? r->to : aside_of(n, r, i);
        if (!to)
            code = mo_error_nomem(n->err);
        else if (objects && has_no_name(r->kind))
            code = cannot(n, r);
        else
            code = objects ? rename_object(n, r, n->names[i], to) : rename_column(n, r, n->names[i], to);
        n->names[i] = free_name ? NULL : to;
    }
    return code;
}

/* What goes, and has a name that a rename needs. */
static int drop_early(renamer *n)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < n->plan->changes.count; i++) {
        const mo_change *c = &n->plan->changes.items[i];
        mo_str sql = {0};
        if (!c->early)
            continue;
        mo_step *s = mo_plan_step(n->plan, MO_PHASE_CONTRACT, MO_PG_ORDER_RENAME + n->serial++, "drop", c->kind,
                                  c->before->name, c->before->parent);
        mo_str_addf(&sql, "DROP %s %s", mo_kinds[c->kind].noun, c->before->name);
        if (s)
            s->title = mo_region_dup(n->plan->region, mo_str_text(&sql));
        if (!s || !s->title)
            sql.failed = 1;
        else
            s->transaction = 1;
        code = run(n, s, &sql);
    }
    return code;
}

int mo_pg_renames(mo_plan *plan, int tolerant, mo_error *err)
{
    renamer n = {.plan = plan, .err = err};
    (void)tolerant; /* the server lets nothing break that a rename could meet */
    n.names = mo_region_alloc(plan->region, (plan->renames.count + 1) * sizeof *n.names);
    int code = n.names ? drop_early(&n) : mo_error_nomem(err);
    if (code == MOULT_OK)
        code = rename_all(&n, 1);
    return code == MOULT_OK ? rename_all(&n, 0) : code;
}
