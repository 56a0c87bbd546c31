/* SPDX-License-Identifier: MIT */
/*
 * hints.c - a drop and a create that look alike: "did you rename?" Only said, never done: a rename cannot be read off
 * two schemas. Columns of one table look alike when all their attributes do, tables when most of their columns are
 * called the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "diff/diff.h"

/* In the form that the annotation takes: bare when it is a plain name. The names are copied: a plan that has run has
 * forgotten the schemas that they are from. */
static int add_hint(mo_plan *plan, const char *kind, const char *table, const char *from, const char *to, mo_error *err)
{
    mo_hint hint = {.kind = kind,
                    .table = mo_region_dup(plan->region, table),
                    .from = mo_region_dup(plan->region, from),
                    .to = mo_region_dup(plan->region, to)};
    mo_str text = {0};
    int plain = !(from[0] >= '0' && from[0] <= '9') && from[0];
    for (const char *c = from; *c; c++)
        plain =
            plain && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_');
    mo_str_add(&text, "-- @renamed from=");
    if (plain)
        mo_str_add(&text, from);
    else
        mo_str_ident(&text, from, '"');
    hint.annotation = mo_str_into(&text, plan->region);
    return !hint.annotation || (table && !hint.table) || !hint.from || !hint.to ||
                   mo_vec_push(plan->region, &plan->hints, hint)
               ? mo_error_nomem(err)
               : MOULT_OK;
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

/* Each dropped column answers for one new column at most. */
static int column_hints(mo_plan *plan, const mo_change *change, mo_error *err)
{
    const mo_part *parts = change->parts.items;
    size_t count = change->parts.count;
    char *used = count ? calloc(count, 1) : NULL;
    if (count && !used)
        return mo_error_nomem(err);
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < count; i++) {
        const mo_column *created = parts[i].column_after;
        if (parts[i].kind != MO_PART_COLUMN || parts[i].op != MOULT_OP_CREATE)
            continue;
        for (size_t k = 0; k < count; k++) {
            const mo_column *dropped = parts[k].column_before;
            if (used[k] || parts[k].kind != MO_PART_COLUMN || parts[k].op != MOULT_OP_DROP ||
                !mo_column_equal(dropped, created))
                continue;
            used[k] = 1;
            rc = add_hint(plan, "column", change->after->name, dropped->name, created->name, err);
            break;
        }
    }
    free(used);
    return rc;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

typedef struct mo_candidate {
    const mo_object *table;
    uint64_t names; /* a bit for each column's name: few pairs have to be compared name by name */
    int used;
} mo_candidate;

static uint64_t name_bits(const mo_table *t)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < t->columns.count; i++) {
        uint64_t hash = 0xcbf29ce484222325u;
        for (const char *c = t->columns.items[i]->name; *c; c++)
            hash = (hash ^ mo_fold_char(*c)) * 0x100000001b3u;
        bits |= (uint64_t)1 << (hash >> 58);
    }
    return bits;
}

static size_t bit_count(uint64_t bits)
{
    size_t n = 0;
    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

static int look_alike(const mo_candidate *a, const mo_candidate *b)
{
    size_t x = a->table->table->columns.count, y = b->table->table->columns.count, most = x > y ? x : y, same = 0;
    if (most == 0 || (x < y ? x : y) * 3 < most * 2)
        return 0;
    /* Names that share no bit are different; those that share one may be the same. */
    if (bit_count(a->names & ~b->names) * 3 > most)
        return 0;
    for (size_t i = 0; i < x; i++)
        same += mo_table_column(b->table->table, a->table->table->columns.items[i]->name) != NULL;
    return same * 3 >= most * 2;
}

static size_t gather(const mo_plan *plan, moult_op op, mo_candidate *out)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->changes.count; i++) {
        const mo_change *c = &plan->changes.items[i];
        const mo_object *o = op == MOULT_OP_DROP ? c->before : c->after;
        if (c->op != op || !o->table)
            continue;
        if (out)
            out[n] = (mo_candidate){.table = o, .names = name_bits(o->table)};
        n++;
    }
    return n;
}

static int table_hints(mo_plan *plan, mo_error *err)
{
    size_t drops = gather(plan, MOULT_OP_DROP, NULL), creates = gather(plan, MOULT_OP_CREATE, NULL);
    if (!drops || !creates)
        return MOULT_OK;
    mo_candidate *dropped = calloc(drops + creates, sizeof *dropped), *created = dropped ? dropped + drops : NULL;
    if (!dropped)
        return mo_error_nomem(err);
    gather(plan, MOULT_OP_DROP, dropped);
    gather(plan, MOULT_OP_CREATE, created);
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < creates; i++) {
        for (size_t k = 0; k < drops; k++) {
            if (dropped[k].used || !look_alike(&dropped[k], &created[i]))
                continue;
            dropped[k].used = 1;
            rc = add_hint(plan, "table", NULL, dropped[k].table->name, created[i].table->name, err);
            break;
        }
    }
    free(dropped);
    return rc;
}

int mo_rename_hints(mo_plan *plan, mo_error *err)
{
    int rc = table_hints(plan, err);
    for (size_t i = 0; rc == MOULT_OK && i < plan->changes.count; i++) {
        if (plan->changes.items[i].op == MOULT_OP_ALTER)
            rc = column_hints(plan, &plan->changes.items[i], err);
    }
    return rc;
}
