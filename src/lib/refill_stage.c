/* SPDX-License-Identifier: MIT */
/*
 * refill_stage.c - values that are told through many versions are written down on the way.
 *
 * An expression that looks up what it looks up by looks up … grows with every version, and an engine's parser has an end.
 * So where it gets heavy, a stage is made: a temporary table with what tells the row of today, and the values as they were
 * in that version. From there on they are looked up in it. The plan makes the stages before it needs them, and drops them in
 * the end; while the plan is made they are there too, under the same names, for all that is asked of the rows.
 */
#include <stdio.h>
#include <string.h>

#include "refill.h"
#include "refill_walk.h"

#define STAGE "\"_moult_s\"" /* a row of a stage, in a look-up */
#define DEEPEST 2
#define MOST 16

static int is_heavy(const known_list *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].sql && (all->items[i].weight.depth > DEEPEST || all->items[i].weight.looks > MOST))
            return 1;
    return 0;
}

static int is_staged(const known *k)
{
    return k->sql && k->weight.depth > 0;
}

static void add_key(mo_str *s, size_t i)
{
    mo_str_addf(s, "\"_moult_k%zu\"", i + 1);
}

static void add_value(mo_str *s, size_t i)
{
    mo_str_addf(s, "\"_moult_v%zu\"", i + 1);
}

/* The stage's rows are those of today. */
static void make_sql(const walk *w, mo_str *s, const char *name, const known_list *all)
{
    mo_str_add(s, "CREATE TEMPORARY TABLE ");
    w->plan->dialect->quote(s, name);
    mo_str_add(s, " AS SELECT ");
    for (size_t i = 0; i < w->ids.count; i++) {
        mo_str_add(s, w->ids.items[i]);
        mo_str_add(s, " AS ");
        add_key(s, i);
        mo_str_add(s, ", ");
    }
    for (size_t i = 0, n = 0; i < all->count; i++) {
        if (!is_staged(&all->items[i]))
            continue;
        mo_str_add(s, n++ ? ", " : "");
        mo_str_add(s, all->items[i].sql);
        mo_str_add(s, " AS ");
        add_value(s, i);
    }
    mo_str_add(s, " FROM ");
    w->plan->dialect->quote(s, w->from);
}

static void index_sql(const walk *w, mo_str *s, const char *name)
{
    mo_str key = {0};
    mo_str_addf(&key, "%s_key", name);
    mo_str_add(s, "CREATE INDEX ");
    w->plan->dialect->quote(s, mo_str_text(&key));
    mo_str_add(s, " ON ");
    w->plan->dialect->quote(s, name);
    mo_str_add(s, " (");
    for (size_t i = 0; i < w->ids.count; i++) {
        mo_str_add(s, i ? ", " : "");
        add_key(s, i);
    }
    mo_str_add(s, ")");
    s->failed |= key.failed;
    mo_str_free(&key);
}

/* What follows reads the stage instead. */
static void look_there(walk *w, const char *name, known_list *all)
{
    mo_str s = {0};
    for (size_t i = 0; i < all->count; i++) {
        known *k = &all->items[i];
        if (!is_staged(k))
            continue;
        mo_str_add(&s, "(SELECT " STAGE ".");
        add_value(&s, i);
        mo_str_add(&s, " FROM ");
        w->plan->dialect->quote(&s, name);
        mo_str_add(&s, " AS " STAGE " WHERE ");
        for (size_t n = 0; n < w->ids.count; n++) {
            mo_str_add(&s, n ? " AND " STAGE "." : STAGE ".");
            add_key(&s, n);
            mo_str_addf(&s, " %s %s", w->row_id ? "=" : w->plan->dialect->same, w->ids.items[n]);
        }
        mo_str_addc(&s, ')');
        k->sql = mo_str_into(&s, w->region);
        k->weight = (mo_weight){1, 1};
        w->failed |= k->sql ? 0 : MO_WALK_NOMEM;
    }
}

/* The next stage of the table; NULL: no memory. */
static mo_stage *next_stage(walk *w)
{
    mo_plan *p = w->plan;
    mo_stage stage = {.table = w->table->name};
    if (w->stage < p->stages.count)
        return &p->stages.items[w->stage++];
    stage.table = mo_region_dup(p->region, w->table->name);
    stage.name = mo_region_printf(p->region, "%sstage_%zu", p->dialect->own_prefix, p->stages.count + 1);
    if (!stage.table || !stage.name || mo_vec_push(p->region, &p->stages, stage))
        return NULL;
    return &p->stages.items[w->stage++];
}

static void make_now(walk *w, mo_stage *stage, const char *make, const char *index)
{
    if (mo_walk_run(w, make) != MOULT_OK) {
        w->failed |= MO_WALK_REFUSED;
        return;
    }
    stage->is_there = 1;
    if (mo_walk_run(w, index) != MOULT_OK)
        w->failed |= MO_WALK_REFUSED;
}

void mo_walk_stage(walk *w, known_list *all)
{
    mo_stage *stage;
    mo_str make = {0}, index = {0};
    if (w->ids.count == 0 || !is_heavy(all))
        return;
    stage = next_stage(w);
    if (stage) {
        make_sql(w, &make, stage->name, all);
        index_sql(w, &index, stage->name);
    }
    if (stage == NULL || make.failed || index.failed) {
        w->failed |= MO_WALK_NOMEM;
    } else {
        if (!w->as_live) {
            stage->make = mo_region_dup(w->plan->region, mo_str_text(&make));
            stage->index = mo_region_dup(w->plan->region, mo_str_text(&index));
            w->failed |= stage->make && stage->index ? 0 : MO_WALK_NOMEM;
        }
        if (w->as_live || w->base)
            make_now(w, stage, mo_str_text(&make), mo_str_text(&index));
        look_there(w, stage->name, all);
    }
    mo_str_free(&make);
    mo_str_free(&index);
}

void mo_refill_forget(moult *m, mo_plan *plan)
{
    mo_error ignored = {{0}}; /* the connection's end takes them at the latest */
    mo_str sql = {0};
    for (size_t i = 0; i < plan->stages.count; i++) {
        if (!plan->stages.items[i].is_there)
            continue;
        mo_str_clear(&sql);
        mo_str_add(&sql, "DROP TABLE ");
        m->dialect->quote(&sql, plan->stages.items[i].name);
        if (!sql.failed && m->dialect->exec(m->conn, mo_str_text(&sql), NULL, &ignored) == MOULT_OK)
            plan->stages.items[i].is_there = 0;
        mo_error_clear(&ignored);
    }
    mo_str_free(&sql);
}
