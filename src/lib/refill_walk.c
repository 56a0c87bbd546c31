/* SPDX-License-Identifier: MIT */
/*
 * refill_walk.c - by which expression over the rows of today the values of a version are told.
 *
 * The versions between are gone through backwards, from the one that is there. Of each version it is known, for each
 * column of a table, by which expression over the rows of today its values are told: at first by the column itself. Where a
 * version dropped a column, the version before has it by a look-up in the holder: by the key, and by all other columns as
 * that version had them. Where a version converted values, the one before has the old ones where the value is still what
 * the conversion made. What is known of the target's columns in the end becomes the fill of those that come back. A
 * table that was dropped is gone through in the same way, over the rows of its holder. Where an expression grows, what it
 * gives is written down on the way (refill_stage.c), so that none grows with the number of versions.
 */
#include "refill_walk.h"

#include <stdio.h>
#include <string.h>

#include "backward.h"

#define ROW MO_REFILL_ROW
#define VALUE "\"_moult_e\""
#define LONGEST 200000 /* bytes of one expression */

/* --- how things were called --------------------------------------------------------------------------------------- */

const mo_object *mo_walk_table(const walk *w, size_t k, const char *name)
{
    return name ? mo_schema_find(w->schemas[k], MO_KIND_TABLE, name) : NULL;
}

/* What a table of version k-1 is called in version k; NULL: that one does not have it. */
static const char *later_table(const walk *w, size_t k, const char *name)
{
    const mo_object *o = mo_backward_later_table(w->schemas[k - 1], w->schemas[k], name);
    return o ? o->name : NULL;
}

static const char *later_column(const walk *w, size_t k, const mo_object *later, const char *name)
{
    const mo_column *c = mo_backward_later_column(w->schemas[k - 1], later, name);
    return c ? c->name : NULL;
}

int mo_walk_trace(walk *w)
{
    size_t n = w->table->table->columns.count;
    w->names = mo_region_alloc(w->region, w->count * sizeof *w->names);
    w->columns = mo_region_alloc(w->region, w->count * sizeof *w->columns);
    for (size_t k = 0; w->names && w->columns && k < w->count; k++)
        if ((w->columns[k] = mo_region_alloc(w->region, (n + 1) * sizeof **w->columns)) == NULL)
            return -1;
    if (!w->names || !w->columns)
        return -1;
    w->names[0] = w->table->name;
    for (size_t i = 0; i < n; i++)
        w->columns[0][i] = w->table->table->columns.items[i]->name;
    w->alive = 0;
    for (size_t k = 1; k < w->count && w->names[k - 1]; k++) {
        if (w->again[k]) {
            w->names[k] = w->names[k - 1];
            memcpy(w->columns[k], w->columns[k - 1], n * sizeof **w->columns);
            w->alive = k;
            continue;
        }
        const mo_object *later = mo_walk_table(w, k, later_table(w, k, w->names[k - 1]));
        if (later == NULL)
            break;
        w->names[k] = later->name;
        w->alive = k;
        for (size_t i = 0; i < n; i++)
            w->columns[k][i] = w->columns[k - 1][i] ? later_column(w, k, later, w->columns[k - 1][i]) : NULL;
    }
    return 0;
}

int mo_walk_has(const mo_name_list *names, const char *name, size_t *place)
{
    for (size_t i = 0; i < names->count; i++)
        if (mo_name_equal(names->items[i], name)) {
            *place = i;
            return 1;
        }
    return 0;
}

/* --- what is known to begin with ---------------------------------------------------------------------------------- */

static const char *take(walk *w, mo_str *s)
{
    char *text;
    if (s->length > LONGEST)
        w->failed |= MO_WALK_LONG;
    text = mo_str_into(s, w->region);
    w->failed |= text == NULL ? MO_WALK_NOMEM : 0;
    return text;
}

static void qualified(walk *w, mo_str *s, const char *table, const char *column)
{
    w->plan->dialect->quote(s, table);
    mo_str_addc(s, '.');
    w->plan->dialect->quote(s, column);
}

/* The name that a live column has once the plan's renames are done. */
static const char *planned_column(const walk *w, const char *name)
{
    const mo_table *t = w->table->table;
    const char *planned = name;
    for (size_t i = 0; i < t->columns.count; i++) {
        const mo_column *c = t->columns.items[i];
        if (mo_name_equal(c->renamed_from, name))
            return c->name;
        if (c->evicts && mo_name_equal(c->name, name))
            planned = c->evicts;
    }
    return planned;
}

static void push_known(walk *w, known_list *all, const char *name, const char *sql, mo_weight weight)
{
    known k = {name, sql, weight};
    if (mo_vec_push(w->region, all, k))
        w->failed |= MO_WALK_NOMEM;
}

static const mo_weight nothing;

/* What tells the rows of today, of the live table or of the holder: their row id, or their key. */
static void begin_ids(walk *w, const mo_table *t, const char *table)
{
    const char *row_id = w->plan->dialect->row_id_name ? w->plan->dialect->row_id_name(t) : NULL;
    mo_str s = {0};
    size_t place;
    w->ids.count = 0;
    if (row_id)
        qualified(w, &s, table, row_id);
    w->row_id = row_id ? take(w, &s) : NULL;
    if (w->row_id && mo_vec_push(w->region, &w->ids, w->row_id))
        w->failed |= MO_WALK_NOMEM;
    for (size_t i = 0; i < t->columns.count && !w->row_id; i++) {
        const mo_column *c = t->columns.items[i];
        if (c->key_place == 0 || (w->base && !mo_walk_has(&w->base->columns, c->name, &place)))
            continue;
        qualified(w, &s, table, w->base || w->as_live ? c->name : planned_column(w, c->name));
        if (mo_vec_push(w->region, &w->ids, take(w, &s)))
            w->failed |= MO_WALK_NOMEM;
    }
}

static void begin_live(walk *w, known_list *all)
{
    mo_str s = {0};
    w->from = w->as_live ? w->live->name : w->table->name;
    for (size_t i = 0; i < w->live->table->columns.count; i++) {
        const char *name = w->live->table->columns.items[i]->name;
        qualified(w, &s, w->from, w->as_live ? name : planned_column(w, name));
        push_known(w, all, name, take(w, &s), nothing);
    }
    begin_ids(w, w->live->table, w->from);
}

static void begin_holder(walk *w, known_list *all)
{
    const mo_object *then = mo_walk_table(w, w->alive, w->names[w->alive]);
    mo_str s = {0};
    w->from = w->base->holder;
    for (size_t i = 0; i < w->base->columns.count; i++) {
        qualified(w, &s, w->from, w->base->columns.items[i]);
        push_known(w, all, w->base->columns.items[i], take(w, &s), nothing);
    }
    begin_ids(w, then->table, w->from);
}

known *mo_walk_known(const known_list *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++)
        if (mo_name_equal(all->items[i].name, name))
            return &all->items[i];
    return NULL;
}

/* --- look-ups ----------------------------------------------------------------------------------------------------- */

static void weigh(mo_weight *all, mo_weight one)
{
    all->depth = one.depth > all->depth ? one.depth : all->depth;
    all->looks += one.looks;
}

static int add_equal(walk *w, mo_str *s, const char *column, const char *op, const known *k, mo_weight *weight)
{
    if (k == NULL || k->sql == NULL)
        return 0;
    mo_str_add(s, s->length ? " AND " ROW "." : ROW ".");
    w->plan->dialect->quote(s, column);
    mo_str_addf(s, " %s ", op);
    mo_str_add(s, k->sql);
    weigh(weight, k->weight);
    return 1;
}

/* Converted values are other columns to each other, where a key alone is not enough. */
static int is_checked(const mo_attic_entry *e)
{
    return strcmp(e->kind, "values") == 0 && strcmp(e->identity, "unique") != 0;
}

/* In all versions it is, else the entry says otherwise (lasting.h); is it in the database? */
static int is_still_unique(const walk *w)
{
    return !w->live || w->base || w->plan->dialect->key_is_never_reused(w->live);
}

/* Which row of a holder is the one at hand; NULL: that cannot be told. */
static const char *match_sql(walk *w, const mo_attic_entry *e, const known_list *all, mo_weight *weight)
{
    const known row_id = {"_moult_rowid", w->row_id, nothing};
    const char *same = w->plan->dialect->same;
    mo_str s = {0};
    int told = strcmp(e->identity, "none") != 0 && strcmp(e->identity, "own") != 0;
    *weight = nothing;
    if (strcmp(e->identity, "unique") == 0)
        told = is_still_unique(w);
    if (strcmp(e->identity, "rowid") == 0)
        told = add_equal(w, &s, row_id.name, "=", &row_id, weight);
    for (size_t i = 0; i < e->keys.count && told; i++)
        told = add_equal(w, &s, e->keys.items[i], "=", mo_walk_known(all, e->keys.items[i]), weight);
    for (size_t i = 0; i < e->others.count && told; i++)
        told = add_equal(w, &s, e->others.items[i], same, mo_walk_known(all, e->others.items[i]), weight);
    for (size_t i = 0; i < e->columns.count && told && is_checked(e); i++) {
        char name[40];
        snprintf(name, sizeof name, "_moult_new_%zu", i + 1);
        told = add_equal(w, &s, name, same, mo_walk_known(all, e->columns.items[i]), weight);
    }
    if (strcmp(e->identity, "rowid") == 0)
        mo_str_add(&s, " AND " ROW ".\"_moult_sure\"");
    if (told)
        return take(w, &s);
    mo_str_free(&s);
    return NULL;
}

/* The fill that was given for a column, or that its source declares; NULL: none. */
const char *mo_walk_given(const walk *w, const char *column)
{
    const char *const *fills = w->m->options.pub.fills;
    mo_str name = {0};
    const char *found = NULL;
    mo_str_addf(&name, "%s.%s=", w->table->name, column);
    for (size_t i = 0; fills && fills[i] && !name.failed; i++)
        if (strlen(fills[i]) > name.length && mo_name_equaln(mo_str_text(&name), fills[i], name.length))
            found = fills[i] + name.length;
    mo_str_free(&name);
    if (found == NULL && mo_table_column(w->table->table, column))
        found = mo_table_column(w->table->table, column)->fill;
    return found;
}

/* The desired column that a column of version k is; NULL: none. */
mo_column *mo_walk_desired(const walk *w, size_t k, const char *name)
{
    for (size_t i = 0; i < w->table->table->columns.count; i++)
        if (mo_name_equal(w->columns[k][i], name))
            return w->table->table->columns.items[i];
    return NULL;
}

const mo_column *mo_walk_live(const walk *w, const mo_column *c)
{
    return w->live ? mo_table_column(w->live->table, c->renamed_from ? c->renamed_from : c->name) : NULL;
}

/* Writes down what is looked at, to count what it does not find. */
static void note_use(walk *w, const mo_attic_entry *e, const char *match, const char *column)
{
    use u = {.entry = e, .match = match};
    size_t place;
    if (!w->as_live && !w->base)
        return;
    for (size_t i = 0; i < w->uses.count; i++)
        if (w->uses.items[i].entry == e) {
            if (!mo_walk_has(&w->uses.items[i].columns, column, &place) &&
                mo_vec_push(w->region, &w->uses.items[i].columns, column))
                w->failed |= MO_WALK_NOMEM;
            return;
        }
    if (mo_vec_push(w->region, &u.columns, column) || mo_vec_push(w->region, &w->uses, u))
        w->failed |= MO_WALK_NOMEM;
}

/* The value that a dropped column had, told by its holder; else what the column gives by itself, or what was given for
 * such rows. */
static const char *lookup_sql(walk *w, const mo_attic_entry *e, size_t k, const mo_column *c, const known_list *all,
                              mo_weight *weight)
{
    const mo_column *desired = mo_walk_desired(w, k - 1, c->name);
    const char *match = match_sql(w, e, all, weight), *fill = desired ? mo_walk_given(w, desired->name) : NULL;
    const char *other = fill ? fill : c->attr[MO_ATTR_DEFAULT].canonical;
    mo_str found = {0}, s = {0};
    char room[MO_HOLDER_COLUMN];
    size_t place = 0;
    if (desired && mo_walk_live(w, desired) == NULL)
        note_use(w, e, match, desired->name);
    weight->depth++;
    weight->looks++;
    if (match == NULL)
        return fill;
    mo_str_add(&found, "(SELECT " ROW ".");
    (void)mo_walk_has(&e->columns, c->name, &place);
    w->plan->dialect->quote(&found, mo_holder_column(&e->keys, &e->others, c->name, place, room));
    mo_str_add(&found, " FROM ");
    w->plan->dialect->quote(&found, e->holder);
    mo_str_addf(&found, " AS " ROW " WHERE %s)", match);
    if (other == NULL || *other == '\0' || mo_name_equal(other, "null"))
        return take(w, &found);
    if (c->attr[MO_ATTR_NOT_NULL].canonical) { /* what was kept is no NULL, so a NULL is no row */
        mo_str_addf(&s, "coalesce(%s, (%s))", mo_str_text(&found), other);
    } else {
        weight->looks *= 2;
        mo_str_add(&s, "CASE WHEN EXISTS (SELECT 1 FROM ");
        w->plan->dialect->quote(&s, e->holder);
        mo_str_addf(&s, " AS " ROW " WHERE %s) THEN ", match);
        mo_str_addf(&s, "%s ELSE (%s) END", mo_str_text(&found), other);
    }
    s.failed |= found.failed;
    mo_str_free(&found);
    return take(w, &s);
}

/* The value before a conversion: the old one, where what it made still stands there. */
static const char *converted_sql(walk *w, const mo_attic_entry *e, size_t place, const char *match, const char *sql)
{
    mo_str s = {0};
    mo_str_addf(&s,
                "(SELECT CASE WHEN " ROW ".\"_moult_there\" THEN " ROW ".\"_moult_old_%zu\" ELSE " VALUE
                ".\"_moult_x\" END FROM (SELECT ",
                place + 1);
    mo_str_add(&s, sql);
    mo_str_add(&s, " AS \"_moult_x\") AS " VALUE " LEFT JOIN (SELECT *, 1 AS \"_moult_there\" FROM ");
    w->plan->dialect->quote(&s, e->holder);
    mo_str_addf(&s, ") AS " ROW " ON %s AND " ROW ".\"_moult_new_%zu\" %s " VALUE ".\"_moult_x\")", match, place + 1,
                w->plan->dialect->same);
    return take(w, &s);
}

/* --- one version back --------------------------------------------------------------------------------------------- */

static int is_of(const walk *w, const mo_attic_entry *e, size_t k, const char *kind)
{
    return e->version == w->versions[k] && !w->again[k] && strcmp(e->kind, kind) == 0 &&
           mo_name_equal(e->object, w->names[k]);
}

/* Rows are told by what they were when the version was made: before its conversions are undone. */
static void unconvert(walk *w, size_t k, known_list *all, const known_list *before)
{
    for (size_t i = 0; i < w->entries.count && !w->failed; i++) {
        const mo_attic_entry *e = &w->entries.items[i];
        mo_weight weight = nothing;
        const char *match = is_of(w, e, k, "values") ? match_sql(w, e, before, &weight) : NULL;
        for (size_t n = 0; match && n < e->columns.count; n++) {
            known *now = mo_walk_known(all, e->columns.items[n]);
            const mo_column *desired = mo_walk_desired(w, k, e->columns.items[n]);
            if (now == NULL || now->sql == NULL)
                continue;
            now->sql = converted_sql(w, e, n, match, now->sql);
            weigh(&now->weight, weight);
            now->weight.depth++;
            now->weight.looks++;
            if (desired && now->sql && (w->base || mo_walk_live(w, desired))) {
                mo_str with = {0};
                mo_str_addf(&with, "%s AND " ROW ".\"_moult_new_%zu\" %s ", match, n + 1, w->plan->dialect->same);
                mo_str_add(&with, mo_walk_known(before, e->columns.items[n])->sql);
                note_use(w, e, take(w, &with), desired->name);
            }
        }
    }
}

static const mo_attic_entry *column_entry(const walk *w, size_t k, const char *column)
{
    size_t place;
    for (size_t i = 0; i < w->entries.count; i++)
        if (is_of(w, &w->entries.items[i], k, "column") && mo_walk_has(&w->entries.items[i].columns, column, &place))
            return &w->entries.items[i];
    return NULL;
}

/* From what is known of version k to what is known of the one before. */
static void unwind(walk *w, size_t k, known_list *all)
{
    const mo_object *later = mo_walk_table(w, k, w->names[k]), *then = mo_walk_table(w, k - 1, w->names[k - 1]);
    known_list before = {0}, as_made = {0};
    for (size_t i = 0; i < all->count; i++)
        push_known(w, &as_made, all->items[i].name, all->items[i].sql, all->items[i].weight);
    if (w->failed)
        return;
    unconvert(w, k, all, &as_made);
    for (size_t i = 0; i < then->table->columns.count && !w->failed; i++) {
        const mo_column *c = then->table->columns.items[i];
        const char *name = later_column(w, k, later, c->name);
        const known *same = name ? mo_walk_known(all, name) : NULL;
        const mo_attic_entry *e = name ? NULL : column_entry(w, k, c->name);
        mo_weight weight = {1, 1};
        const char *sql = e ? lookup_sql(w, e, k, c, &as_made, &weight) : NULL;
        if (same)
            push_known(w, &before, c->name, same->sql, same->weight);
        else
            push_known(w, &before, c->name, sql, weight);
    }
    *all = before;
    if (k > 1 && !w->failed)
        mo_walk_stage(w, all);
}

void mo_walk_know(walk *w, int as_live, known_list *all)
{
    memset(all, 0, sizeof *all);
    w->as_live = as_live;
    w->stage = w->first_stage;
    if (w->base)
        begin_holder(w, all);
    else
        begin_live(w, all);
    for (size_t k = w->alive; k > 0 && !w->failed; k--)
        if (!w->again[k])
            unwind(w, k, all);
}
