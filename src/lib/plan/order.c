/* SPDX-License-Identifier: MIT */
/*
 * order.c - the order of steps: by their number, and among equals what others depend on first.
 *
 * The names that definitions mention tell who depends on whom; dropping goes the other way. All ties end with the name,
 * so the same input gives the same plan. Each group of equals is walked depth first, on a stack of its own: a chain of
 * views may be long.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "plan/plan.h"

typedef struct mo_node {
    const mo_step *step;
    size_t place;            /* where it was */
    const mo_object *object; /* whose mentions count; NULL: it depends on nothing */
    size_t next_mention;     /* how far its mentions were followed */
    char state;              /* 0 new, 1 on the stack, 2 done */
} mo_node;

static int compare_nodes(const void *left, const void *right)
{
    const mo_node *a = left, *b = right;
    if (a->step->order != b->step->order)
        return a->step->order < b->step->order ? -1 : 1;
    if (a->step->kind != b->step->kind)
        return a->step->kind < b->step->kind ? -1 : 1;
    int order = mo_fold_compare(a->step->object, b->step->object);
    if (order == 0)
        order = mo_fold_compare(a->step->parent, b->step->parent);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* A step of the contract phase that drops: what it drops was made from what there is now. */
static int drops(const mo_step *s)
{
    return s->phase == MO_PHASE_CONTRACT && (strcmp(s->method, "drop") == 0 || strcmp(s->method, "create") == 0);
}

static const mo_object *object_of(const mo_plan *p, const mo_step *s)
{
    const mo_schema *schema = drops(s) ? mo_plan_start(p) : p->target;
    return schema ? mo_schema_find(schema, s->kind, s->object) : NULL;
}

typedef struct mo_sorter {
    mo_node *nodes; /* one group, in order of name */
    size_t count;
    mo_map *by_name; /* name to node */
    mo_node **stack;
    mo_node **sorted;
    size_t done;
    int dropping;
} mo_sorter;

/* The next node of the group that `node` depends on and that is not done; NULL: no more. */
static mo_node *next_needed(mo_sorter *s, mo_node *node)
{
    while (node->object && node->next_mention < node->object->mention_count) {
        mo_node *needed = mo_map_get(s->by_name, node->object->mentions[node->next_mention++]);
        if (needed && needed->state == 0)
            return needed;
    }
    return NULL;
}

static int same_thing(const mo_node *a, const mo_node *b)
{
    return a->step->kind == b->step->kind && mo_name_equal(a->step->object, b->step->object) &&
           mo_name_equal(a->step->parent, b->step->parent);
}

/* All steps of one thing stand together, in the order they were made. */
static void take(mo_sorter *s, mo_node *node)
{
    size_t first = (size_t)(node - s->nodes), last = first;
    while (first > 0 && same_thing(&s->nodes[first - 1], node))
        first--;
    while (last + 1 < s->count && same_thing(&s->nodes[last + 1], node))
        last++;
    for (size_t i = first; i <= last; i++) {
        mo_node *at = &s->nodes[s->dropping ? last - (i - first) : i];
        at->state = 2;
        s->sorted[s->done++] = at;
    }
}

static void visit(mo_sorter *s, mo_node *node)
{
    size_t depth = 0;
    if (node->state)
        return;
    node->state = 1;
    s->stack[depth++] = node;
    while (depth) {
        mo_node *top = s->stack[depth - 1], *needed = next_needed(s, top);
        if (needed) {
            needed->state = 1;
            s->stack[depth++] = needed;
            continue;
        }
        if (top->state == 1)
            take(s, top);
        depth--;
    }
}

/* What depends on others goes first when things are dropped: then all is done the other way round. */
static void sort_group(mo_sorter *s)
{
    s->done = 0;
    for (size_t i = 0; i < s->count; i++)
        visit(s, &s->nodes[s->dropping ? s->count - 1 - i : i]);
    for (size_t i = 0; s->dropping && i < s->count / 2; i++) {
        mo_node *swap = s->sorted[i];
        s->sorted[i] = s->sorted[s->count - 1 - i];
        s->sorted[s->count - 1 - i] = swap;
    }
}

static int sort_groups(mo_plan *p, mo_sorter *all, mo_step *out, mo_error *err)
{
    for (size_t begin = 0, end; begin < p->steps.count; begin = end) {
        mo_sorter group = *all;
        group.nodes = all->nodes + begin;
        group.dropping = drops(group.nodes->step);
        for (end = begin; end < p->steps.count && all->nodes[end].step->order == group.nodes->step->order; end++)
            group.count = end + 1 - begin;
        group.by_name = mo_map_new(1);
        int failed = !group.by_name;
        for (size_t i = 0; !failed && i < group.count; i++)
            failed = !mo_map_has(group.by_name, group.nodes[i].step->object) &&
                     mo_map_put(group.by_name, group.nodes[i].step->object, &group.nodes[i]) != 0;
        if (!failed)
            sort_group(&group);
        mo_map_free(group.by_name);
        if (failed)
            return mo_error_nomem(err);
        for (size_t i = 0; i < group.count; i++)
            out[begin + i] = *group.sorted[i]->step;
    }
    return MOULT_OK;
}

int mo_plan_sort(mo_plan *p, mo_error *err)
{
    size_t count = p->steps.count;
    if (count < 2)
        return MOULT_OK;
    mo_sorter all = {.nodes = calloc(count, sizeof *all.nodes)};
    all.stack = calloc(count, sizeof *all.stack);
    all.sorted = calloc(count, sizeof *all.sorted);
    mo_step *out = calloc(count, sizeof *out);
    int rc = all.nodes && all.stack && all.sorted && out ? MOULT_OK : mo_error_nomem(err);
    for (size_t i = 0; rc == MOULT_OK && i < count; i++) {
        const mo_step *step = &p->steps.items[i];
        all.nodes[i] = (mo_node){.step = step, .place = i, .object = object_of(p, step)};
    }
    if (rc == MOULT_OK) {
        qsort(all.nodes, count, sizeof *all.nodes, compare_nodes);
        rc = sort_groups(p, &all, out, err);
    }
    if (rc == MOULT_OK)
        memcpy(p->steps.items, out, count * sizeof *out);
    free(out);
    free(all.sorted);
    free(all.stack);
    free(all.nodes);
    return rc;
}
