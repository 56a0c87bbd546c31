/* SPDX-License-Identifier: MIT */
/*
 * order.c - the objects of a schema in an order in which they can be made.
 *
 * What others need comes first. What an object names and does not need comes before it too, unless that needs the object: a
 * server that reads the body of a function when it is made finds everything there, and a table may still use the function.
 */
#include <string.h>

#include "schema/schema.h"

/* An object on its way into the order. */
typedef struct node {
    const mo_object *object;
    struct node *namesake; /* another of the same name: a table and a function may share one */
    size_t followed;       /* how many of its mentions were looked at: those that it needs, then once more all others */
    int state;             /* 0 new, 1 on the stack, 2 in the order */
    size_t seen;           /* the search that came by last */
} node;

typedef struct sorter {
    node *nodes;
    mo_map *by_name;
    node **stack, **search;
    size_t depth, searches;
    const mo_object **order;
    size_t done;
} sorter;

/* One of that name that is new; NULL: none is. */
static node *find_new(const sorter *s, const char *name)
{
    node *n = mo_map_get(s->by_name, name);
    while (n && n->state)
        n = n->namesake;
    return n;
}

static void look_at(sorter *s, node *n, size_t *found)
{
    for (; n; n = n->namesake) {
        if (n->seen == s->searches)
            continue;
        n->seen = s->searches;
        s->search[(*found)++] = n;
    }
}

/* Does it need, directly or not, one that is on the stack? Then it cannot come before that. */
static int needs_waiting(sorter *s, node *from)
{
    size_t found = 0;
    s->searches++;
    from->seen = s->searches;
    s->search[found++] = from;
    for (size_t i = 0; i < found; i++) {
        const mo_object *o = s->search[i]->object;
        if (s->search[i]->state == 1)
            return 1;
        for (size_t k = 0; s->search[i]->state == 0 && k < o->mention_count; k++)
            if (mo_object_needs(o, o->mentions[k]))
                look_at(s, mo_map_get(s->by_name, o->mentions[k]), &found);
    }
    return 0;
}

/* The next one that must come before `n`, or may, and that is new; NULL: no more. A name is asked for again until all of that name
 * are in. */
static node *next_before(sorter *s, node *n)
{
    const mo_object *o = n->object;
    for (; n->followed < 2 * o->mention_count; n->followed++) {
        const char *name = o->mentions[n->followed % o->mention_count];
        int loosely = n->followed >= o->mention_count;
        node *before = mo_object_needs(o, name) == !loosely ? find_new(s, name) : NULL;
        if (before && !(loosely && needs_waiting(s, before)))
            return before;
    }
    return NULL;
}

static void push(sorter *s, node *n)
{
    n->state = 1;
    s->stack[s->depth++] = n;
}

/* A chain of views may be long, so the stack is our own. Where objects need each other in a circle, the first one goes last. */
static void visit(sorter *s, node *start)
{
    if (start->state == 0)
        push(s, start);
    while (s->depth) {
        node *top = s->stack[s->depth - 1], *before = next_before(s, top);
        if (before) {
            push(s, before);
            continue;
        }
        top->state = 2;
        s->order[s->done++] = top->object;
        s->depth--;
    }
}

static int prepare(sorter *s, const mo_schema *schema, mo_region *r)
{
    size_t count = schema->objects.count;
    s->nodes = mo_region_alloc(r, (count + 1) * sizeof *s->nodes);
    s->stack = mo_region_alloc(r, (count + 1) * sizeof *s->stack);
    s->search = mo_region_alloc(r, (count + 1) * sizeof *s->search);
    s->order = mo_region_alloc(r, (count + 1) * sizeof *s->order);
    if (!s->by_name || !s->nodes || !s->stack || !s->search || !s->order)
        return -1;
    for (size_t i = 0; i < count; i++) {
        s->nodes[i].object = schema->objects.items[i];
        s->nodes[i].namesake = mo_map_get(s->by_name, s->nodes[i].object->name);
        if (mo_map_put(s->by_name, s->nodes[i].object->name, &s->nodes[i]))
            return -1;
    }
    return 0;
}

const mo_object **mo_schema_in_order(const mo_schema *s, mo_region *r)
{
    sorter sorted = {.by_name = mo_map_new(1)};
    int failed = prepare(&sorted, s, r);
    for (size_t i = 0; !failed && i < s->objects.count; i++)
        visit(&sorted, &sorted.nodes[i]);
    mo_map_free(sorted.by_name);
    return failed ? NULL : sorted.order;
}
