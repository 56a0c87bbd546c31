/* SPDX-License-Identifier: MIT */
/*
 * closure.c - which statements go into the scratch.
 *
 * An engine is slow at creating, so what it has made before it is not asked to make again: a statement whose tokens are
 * those of the same object of the live database or of the last version. What changed goes in, and what mentions it:
 * that must still work. From a view it goes on from there, as a view over `SELECT *` has other columns when its
 * table has. With all these goes what they cannot be created without. What mentions something that is no longer
 * declared counts as changed, so that it is told.
 *
 * This is for engines that keep definitions as text. They look at what a table refers to when rows are written, not
 * when it is created, so that the parents of foreign keys need not be there.
 */
#include <string.h>

#include "source/load.h"

/* Reads an item's text; what cannot be read leaves item->object NULL, and the engine will say why. */
static int read_item(mo_load *l, mo_item *item)
{
    mo_error unread = {0};

    if (item->object || item->twin) {
        return MOULT_OK;
    }
    int rc = l->d->read_object(l->out, item->st.text, item->st.length, &item->object, &unread);
    if (rc == MOULT_NOMEM) {
        return mo_error_move(l->err, &unread);
    }
    mo_error_clear(&unread);
    if (rc != MOULT_OK) {
        item->object = NULL;
    }
    return MOULT_OK;
}

static const mo_object *known_object(const mo_schema *s, const mo_item *item)
{
    return s ? mo_schema_find(s, item->decl.kind, item->decl.name) : NULL;
}

/* What is known of the item's definition; NULL: it could not be read. */
static const mo_object *definition(const mo_item *item)
{
    return item->twin ? item->twin : item->object;
}

static int has_text_of(const mo_item *item, const mo_object *known)
{
    return known && known->sql && strlen(known->sql) == item->st.length &&
           memcmp(known->sql, item->st.text, item->st.length) == 0;
}

/* Are its tokens those of `known`? What could not be compared there cannot be here. */
static int is_same(mo_item *item, const mo_object *known)
{
    if (!known || !item->object || !mo_hash_equal(item->object->tokens, known->tokens)) {
        return 0;
    }
    item->object->flags |= known->flags & MO_OBJECT_UNCOMPARED;
    return 1;
}

static int compare_item(mo_load *l, mo_item *item, size_t *same)
{
    const mo_object *live = known_object(l->args->known, item), *recorded = known_object(l->args->recorded, item);

    if (!live && !recorded) {
        return MOULT_OK;
    }
    item->twin = has_text_of(item, live) ? live : has_text_of(item, recorded) ? recorded : NULL;
    if (item->twin) {
        item->same = 1;
        ++*same;
        return MOULT_OK;
    }
    int rc = read_item(l, item);
    if (rc != MOULT_OK) {
        return rc;
    }
    item->same = is_same(item, live) || is_same(item, recorded);
    if (item->same && (item->object->flags & MO_OBJECT_UNCOMPARED) && !item->object->note) {
        const char *note = live && live->note ? live->note : recorded ? recorded->note : NULL;
        item->object->note = mo_region_dup(l->out->region, note);
        if (note && !item->object->note) {
            return mo_error_nomem(l->err);
        }
    }
    *same += (size_t)item->same;
    return MOULT_OK;
}

/* Who mentions whom: for each item, a list of those that mention it. */
typedef struct edge {
    size_t to, next; /* indexes + 1; 0 ends a list */
} edge;

typedef struct graph {
    size_t *first; /* for each item, into edges */
    MO_VEC(edge) edges;
    size_t *queue; /* room for each item once */
    size_t count;
} graph;

static int graph_init(mo_load *l, graph *g)
{
    memset(g, 0, sizeof *g);
    g->first = mo_region_alloc(l->region, l->items.count * sizeof *g->first);
    g->queue = mo_region_alloc(l->region, l->items.count * sizeof *g->queue);
    return g->first && g->queue ? MOULT_OK : mo_error_nomem(l->err);
}

static int add_edges(mo_load *l, graph *g, size_t from)
{
    const mo_object *o = definition(&l->items.items[from]);

    for (size_t k = 0; k < o->mention_count; k++) {
        const mo_item *to = mo_map_get(l->relations, o->mentions[k]);
        if (!to || to == &l->items.items[from]) {
            continue;
        }
        size_t at = (size_t)(to - l->items.items);
        edge e = {from + 1, g->first[at]};
        if (mo_vec_push(l->region, &g->edges, e) != 0) {
            return mo_error_nomem(l->err);
        }
        g->first[at] = g->edges.count;
    }
    return MOULT_OK;
}

static void mark(mo_load *l, graph *g, size_t i)
{
    if (!l->items.items[i].run) {
        l->items.items[i].run = 1;
        g->queue[g->count++] = i;
    }
}

/* Does what mentions the item have to be looked at? */
static int passes_on(const mo_item *item)
{
    return !item->same || item->decl.kind == MO_KIND_VIEW;
}

/* Marks what changed, and what that reaches. */
static void spread_up(mo_load *l, graph *g)
{
    for (size_t i = 0; i < l->items.count; i++) {
        if (!l->items.items[i].same) {
            mark(l, g, i);
        }
    }
    for (size_t q = 0; q < g->count; q++) {
        mo_item *item = &l->items.items[g->queue[q]];
        item->ask = 1;
        for (size_t e = passes_on(item) ? g->first[g->queue[q]] : 0; e; e = g->edges.items[e - 1].next) {
            mark(l, g, g->edges.items[e - 1].to - 1);
        }
    }
}

/* Marks what the marked ones cannot be created or asked without. */
static void spread_down(mo_load *l, graph *g)
{
    for (size_t q = 0; q < g->count; q++) {
        const mo_item *item = &l->items.items[g->queue[q]];
        const mo_object *o = definition(item);
        for (size_t k = 0; item->decl.kind != MO_KIND_TABLE && k < o->mention_count; k++) {
            const mo_item *to = mo_map_get(l->relations, o->mentions[k]);
            if (to) {
                mark(l, g, (size_t)(to - l->items.items));
            }
        }
    }
}

/* Names of relations that `s` has and the source has no longer, into `gone`. */
static int add_gone(mo_load *l, const mo_schema *s, mo_map *gone)
{
    for (size_t i = 0; s && i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if (o->kind != MO_KIND_TRIGGER && !mo_map_has(l->relations, o->name) && mo_map_put(gone, o->name, NULL) != 0) {
            return mo_error_nomem(l->err);
        }
    }
    return MOULT_OK;
}

static int mentions_any(const mo_object *o, const mo_map *names)
{
    for (size_t k = 0; k < o->mention_count; k++) {
        if (mo_map_has(names, o->mentions[k])) {
            return 1;
        }
    }
    return 0;
}

/* What mentions something that is gone is not the same any more. */
static int drop_same_of_gone(mo_load *l, size_t *same)
{
    mo_map *gone = mo_map_new(1);
    int rc = gone ? MOULT_OK : mo_error_nomem(l->err);

    if (rc == MOULT_OK) {
        rc = add_gone(l, l->args->known, gone);
    }
    if (rc == MOULT_OK) {
        rc = add_gone(l, l->args->recorded, gone);
    }
    if (rc == MOULT_OK && mo_map_count(gone) > 0) {
        for (size_t i = 0; i < l->items.count; i++) {
            mo_item *item = &l->items.items[i];
            if (item->same && mentions_any(definition(item), gone)) {
                item->same = 0;
                --*same;
            }
        }
    }
    mo_map_free(gone);
    return rc;
}

/* Some changed and some did not. *all is set when that cannot be worked out. */
static int choose_some(mo_load *l, int *all)
{
    graph g;
    int rc = graph_init(l, &g);

    for (size_t i = 0; rc == MOULT_OK && i < l->items.count; i++) {
        rc = read_item(l, &l->items.items[i]);
        if (rc == MOULT_OK && !definition(&l->items.items[i])) {
            *all = 1;
            return MOULT_OK;
        }
        if (rc == MOULT_OK) {
            rc = add_edges(l, &g, i);
        }
    }
    if (rc == MOULT_OK) {
        spread_up(l, &g);
        spread_down(l, &g);
        *all = g.count == l->items.count;
    }
    return rc;
}

int mo_load_choose(mo_load *l, int *all)
{
    size_t same = 0;
    int rc = MOULT_OK;

    *all = l->args->full || l->ordered || !(l->d->caps & MO_CAP_READS_DEFINITIONS) ||
           (!l->args->known && !l->args->recorded);
    for (size_t i = 0; rc == MOULT_OK && !*all && i < l->items.count; i++) {
        rc = compare_item(l, &l->items.items[i], &same);
    }
    if (rc == MOULT_OK && !*all) {
        rc = drop_same_of_gone(l, &same);
    }
    if (rc == MOULT_OK && !*all && same == 0) {
        *all = 1;
    }
    if (rc == MOULT_OK && !*all && same < l->items.count) {
        rc = choose_some(l, all);
    }
    for (size_t i = 0; *all && i < l->items.count; i++) {
        l->items.items[i].run = 1;
    }
    return rc;
}
