/* SPDX-License-Identifier: MIT */
/* parts.c - the transactions that a plan is. */
#include "plan/plan.h"

static size_t part_end(const mo_plan *p, size_t first)
{
    size_t end = first + 1;
    if (first >= p->steps.count)
        return p->steps.count;
    while (end < p->steps.count && p->steps.items[end].transaction == p->steps.items[first].transaction &&
           p->steps.items[first].transaction != 0)
        end++;
    return end;
}

static int only_hooks(const mo_plan *p, size_t from)
{
    while (from < p->steps.count && p->steps.items[from].hook)
        from++;
    return from == p->steps.count;
}

size_t mo_plan_parts(const mo_plan *p)
{
    size_t parts = 0;
    for (size_t first = 0; first < p->steps.count; first = part_end(p, first))
        parts++;
    return parts;
}

mo_part_of_plan mo_plan_part(const mo_plan *p, size_t first, size_t number)
{
    mo_part_of_plan x = {.first = first, .end = part_end(p, first), .number = number};
    for (size_t i = x.first; i < x.end; i++) {
        x.data |= p->steps.items[i].hook != NULL;
        x.driven |= p->steps.items[i].driver;
    }
    /* hooks that come when all is done have parts of their own; where there are hooks alone, the first one records */
    x.records = only_hooks(p, x.end) && (first == 0 || !only_hooks(p, first));
    x.last = x.end == p->steps.count;
    return x;
}
