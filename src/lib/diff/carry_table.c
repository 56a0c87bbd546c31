/* SPDX-License-Identifier: MIT */
/*
 * carry_table.c - somebody else's columns, constraints and options in a declared table.
 *
 * Foreign columns stand behind the declared ones and bring what is written in their definition. A foreign constraint of
 * declared columns becomes a table constraint. What names a column that goes, goes with it. The declared wins: what it
 * replaces (see constraints.c) is not carried beside it.
 */
#include <string.h>

#include "diff/carry.h"

typedef struct mo_part_carrier {
    mo_carrier *c;
    mo_table_pair pair;
    const mo_table
        *owned[2];    /* the table as the last version declared it, and one that was expanded since; NULL: it did not */
    mo_object *table; /* what is added to */
    int *moved;       /* of each live column: its index in the target when it was carried, or -1 */
    char *bare;       /* of each live column: carried without what stood in its definition */
    int *partner;     /* of each live constraint: the declared one that it becomes, or -1 */
    int added;
} mo_part_carrier;

static int table_has(const mo_table *owned, const mo_constraint *live)
{
    if (!owned)
        return 0;
    if (mo_table_constraint_like(owned, live))
        return 1;
    if (live->kind != MO_CONSTRAINT_PRIMARY_KEY)
        return 0;
    for (size_t i = 0; i < owned->constraints.count; i++) {
        if (owned->constraints.items[i]->kind == MO_CONSTRAINT_PRIMARY_KEY)
            return 1;
    }
    return 0;
}

static int owns_constraint(const mo_part_carrier *p, const mo_constraint *live)
{
    return table_has(p->owned[0], live) || table_has(p->owned[1], live);
}

static int owns_column(const mo_part_carrier *p, const char *name)
{
    return (p->owned[0] && mo_table_column(p->owned[0], name)) || (p->owned[1] && mo_table_column(p->owned[1], name));
}

static int owns_option(const mo_part_carrier *p, const char *name)
{
    return (p->owned[0] && mo_table_option(p->owned[0], name)) || (p->owned[1] && mo_table_option(p->owned[1], name));
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

/* Is something in the column's own definition replaced by what is declared? Then that text no longer holds. */
static int loses_a_constraint(const mo_part_carrier *p, int column, int *is_key)
{
    const mo_table *live = p->pair.live->table;
    int loses = 0;
    for (size_t i = 0; i < live->constraints.count; i++) {
        const mo_constraint *k = live->constraints.items[i];
        if (k->column != column || p->partner[i] < 0)
            continue;
        loses = 1;
        *is_key |= k->kind == MO_CONSTRAINT_PRIMARY_KEY;
    }
    return loses;
}

/* The definition of a column without its constraints; NULL: no memory. */
static char *bare_definition(const mo_part_carrier *p, const mo_column *column)
{
    static const struct {
        mo_attr attr;
        const char *before;
    } order[] = {{MO_ATTR_TYPE, " "},
                 {MO_ATTR_GENERATED, " "},
                 {MO_ATTR_COLLATION, " COLLATE "},
                 {MO_ATTR_DEFAULT, " DEFAULT "},
                 {MO_ATTR_NOT_NULL, " "},
                 {MO_ATTR_NOT_NULL_CONFLICT, " "}};
    mo_str text = {0};
    p->c->dialect->quote(&text, column->name);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const mo_attr_value *value = &column->attr[order[i].attr];
        if (!value->text || !*value->text)
            continue;
        mo_str_add(&text, order[i].before);
        mo_str_add(&text, value->text);
    }
    return mo_str_into(&text, p->c->target->region);
}

static int carry_column(mo_part_carrier *p, int index)
{
    mo_carrier *c = p->c;
    int is_key = 0;
    mo_column *copy = mo_column_copy(c->target->region, p->pair.live->table->columns.items[index]);
    if (!copy)
        return mo_error_nomem(c->err);
    copy->foreign = 1;
    p->bare[index] = (char)loses_a_constraint(p, index, &is_key);
    if (p->bare[index] && !(copy->text = bare_definition(p, copy)))
        return mo_error_nomem(c->err);
    if (is_key)
        copy->key_place = copy->row_id = 0;
    if (mo_vec_push(c->target->region, &p->table->table->columns, copy))
        return mo_error_nomem(c->err);
    p->moved[index] = (int)p->table->table->columns.count - 1;
    p->added = 1;
    return mo_carry_note(c, "left alone: column %s.%s (declared by nobody; --own=all would drop it)", p->table->name,
                         copy->name);
}

static int carry_columns(mo_part_carrier *p)
{
    const mo_table *live = p->pair.live->table;
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < live->columns.count; i++) {
        const mo_column *column = live->columns.items[i];
        p->moved[i] = -1;
        if (mo_match_column_taker(&p->pair.live_columns, &p->pair.target_columns, column))
            continue;
        if (!owns_column(p, column->name))
            rc = carry_column(p, (int)i);
    }
    return rc;
}

/* --- constraints -------------------------------------------------------------------------------------------------- */

/* The target's column that a live one is; NULL: it goes. */
static mo_column *target_column(const mo_part_carrier *p, const char *name)
{
    mo_column *live = mo_columns_find(&p->pair.live_columns, name);
    if (!live)
        return NULL;
    mo_column *taker = mo_match_column_taker(&p->pair.live_columns, &p->pair.target_columns, live);
    return taker ? taker : mo_table_column(p->table->table, name);
}

/* A column that the constraint names and that goes; NULL: there is none. */
static const char *column_that_goes(const mo_part_carrier *p, const mo_constraint *k)
{
    for (size_t i = 0; i < k->column_count; i++) {
        if (mo_columns_find(&p->pair.live_columns, k->columns[i]) && !target_column(p, k->columns[i]))
            return k->columns[i];
    }
    return NULL;
}

/* The declared columns become the key that the database has. */
static void take_key(const mo_part_carrier *p, const mo_constraint *k)
{
    for (size_t i = 0; i < k->column_count; i++) {
        const mo_column *live = mo_columns_find(&p->pair.live_columns, k->columns[i]);
        mo_column *target = target_column(p, k->columns[i]);
        if (!live || !target)
            continue;
        target->key_place = live->key_place;
        target->row_id = live->row_id;
    }
}

static int carry_constraint(mo_part_carrier *p, const mo_constraint *k)
{
    mo_carrier *c = p->c;
    int with_column = k->column >= 0 && p->moved[k->column] >= 0;
    const char *gone = with_column ? NULL : column_that_goes(p, k);
    if (gone)
        return mo_carry_note(c, "goes with column %s.%s: constraint %s", p->table->name, gone,
                             k->name ? k->name : k->text);
    mo_constraint *copy = mo_constraint_copy(c->target->region, k);
    if (!copy || mo_vec_push(c->target->region, &p->table->table->constraints, copy))
        return mo_error_nomem(c->err);
    copy->foreign = 1;
    copy->column = with_column && !p->bare[k->column] ? p->moved[k->column] : -1;
    p->added = 1;
    if (with_column)
        return MOULT_OK;
    if (k->kind == MO_CONSTRAINT_PRIMARY_KEY)
        take_key(p, k);
    return mo_carry_note(c, "left alone: constraint %s of table %s (declared by nobody; --own=all would drop it)",
                         k->name ? k->name : k->text, p->table->name);
}

static int carry_constraints(mo_part_carrier *p)
{
    const mo_table *live = p->pair.live->table;
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < live->constraints.count; i++) {
        const mo_constraint *k = live->constraints.items[i];
        int with_column = k->column >= 0 && p->moved[k->column] >= 0;
        if (p->partner[i] < 0 && (with_column || !owns_constraint(p, k)))
            rc = carry_constraint(p, k);
    }
    return rc;
}

/* --- options ------------------------------------------------------------------------------------------------------ */

static int carry_option(mo_part_carrier *p, const mo_option *live)
{
    mo_carrier *c = p->c;
    mo_table *table = p->table->table;
    mo_region *r = c->target->region;
    mo_option copy = {mo_region_dup(r, live->name), mo_region_dup(r, live->canonical), mo_region_dup(r, live->text)};
    if (!copy.name || (live->canonical && !copy.canonical) || (live->text && !copy.text) ||
        mo_vec_push(r, &table->options, copy))
        return mo_error_nomem(c->err);
    for (size_t i = table->options.count - 1; i > 0; i--) { /* in order of name */
        mo_option *at = &table->options.items[i], *before = at - 1;
        if (strcmp(before->name, at->name) <= 0)
            break;
        mo_option swap = *at;
        *at = *before;
        *before = swap;
    }
    p->added = 1;
    return mo_carry_note(c, "left alone: option %s of table %s (declared by nobody; --own=all would drop it)",
                         live->text ? live->text : live->name, p->table->name);
}

static int carry_options(mo_part_carrier *p)
{
    const mo_table *live = p->pair.live->table;
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < live->options.count; i++) {
        const mo_option *option = &live->options.items[i];
        if (!mo_table_option(p->table->table, option->name) && !owns_option(p, option->name))
            rc = carry_option(p, option);
    }
    return rc;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

/* Both lists are sorted; so is what comes of them. */
static int merge_mentions(mo_part_carrier *p)
{
    const mo_object *live = p->pair.live;
    mo_object *table = p->table;
    const char **all =
        mo_region_alloc(p->c->target->region, (live->mention_count + table->mention_count) * sizeof *all);
    if (!all)
        return mo_error_nomem(p->c->err);
    size_t a = 0, b = 0, n = 0;
    while (a < table->mention_count || b < live->mention_count) {
        int order = a == table->mention_count  ? 1
                    : b == live->mention_count ? -1
                                               : strcmp(table->mentions[a], live->mentions[b]);
        if (order == 0)
            b++;
        if (order <= 0)
            all[n] = table->mentions[a++];
        else if (!(all[n] = mo_region_dup(p->c->target->region, live->mentions[b++])))
            return mo_error_nomem(p->c->err);
        n++;
    }
    table->mentions = all;
    table->mention_count = n;
    return MOULT_OK;
}

static void take_columns(mo_table *table, const mo_table *read)
{
    for (size_t i = 0; i < table->columns.count && i < read->columns.count; i++) {
        mo_column *column = table->columns.items[i];
        const mo_column *now = read->columns.items[i];
        memcpy(column->attr, now->attr, sizeof column->attr);
        column->text = now->text;
        column->key_place = now->key_place;
        column->row_id = now->row_id;
    }
}

/* In the composed text those of columns come first, column by column. */
static void take_constraints(mo_table *table, const mo_table *read)
{
    size_t at = 0;
    if (table->constraints.count != read->constraints.count)
        return;
    for (size_t column = 0; column <= table->columns.count; column++) {
        int holder = column < table->columns.count ? (int)column : -1;
        for (size_t i = 0; i < table->constraints.count; i++) {
            mo_constraint *c = table->constraints.items[i];
            if (c->column == holder)
                c->canonical = read->constraints.items[at++]->canonical;
        }
    }
}

/* What came may change what the declared is (a key that stays makes a column NOT NULL, or the row id): the dialect
 * reads that off the composed text. Not before renames: a carried constraint still has the old names then, so the text
 * is not one to run; the target is made again once they are done. */
static int read_back(mo_part_carrier *p)
{
    const mo_dialect *d = p->c->dialect;
    mo_object *read;
    if (!d->read_object || mo_renames_any(&p->c->renames))
        return MOULT_OK;
    int rc = d->read_object(p->c->target, p->table->sql, strlen(p->table->sql), &read, p->c->err);
    if (rc != MOULT_OK)
        return rc;
    take_columns(p->table->table, read->table);
    take_constraints(p->table->table, read->table);
    p->table->tokens = read->tokens;
    return MOULT_OK;
}

static int compose(mo_part_carrier *p)
{
    mo_object *table = p->table;
    int rc = merge_mentions(p);
    if (rc != MOULT_OK)
        return rc;
    table->canonical = NULL; /* made anew by the seal */
    table->sql = p->c->dialect->compose_table(p->c->target->region, table);
    return table->sql ? read_back(p) : mo_error_nomem(p->c->err);
}

static int finish(mo_part_carrier *p)
{
    p->c->added = 1;
    return compose(p);
}

static int carry_parts(mo_part_carrier *p)
{
    const mo_table *live = p->pair.live->table, *target = p->table->table;
    mo_region *r = p->c->target->region;
    p->moved = mo_region_alloc(r, live->columns.count * sizeof *p->moved);
    p->bare = mo_region_alloc(r, live->columns.count);
    p->partner = mo_region_alloc(r, live->constraints.count * sizeof *p->partner);
    char *taken = mo_region_alloc(r, target->constraints.count);
    if (!p->moved || !p->bare || !p->partner || !taken)
        return mo_error_nomem(p->c->err);
    mo_pair_constraints(&p->pair, p->partner, taken);
    int rc = p->c->own->same_type ? mo_carry_types(p->c, &p->pair, &p->added) : MOULT_OK;
    if (rc == MOULT_OK && p->c->own->all) /* nothing is somebody else's */
        return p->added ? finish(p) : MOULT_OK;
    if (rc == MOULT_OK)
        rc = carry_columns(p);
    if (rc == MOULT_OK)
        rc = carry_constraints(p);
    if (rc == MOULT_OK)
        rc = carry_options(p);
    return rc == MOULT_OK && p->added ? finish(p) : rc;
}

static const mo_table *table_in(const mo_schema *owned, const char *name)
{
    const mo_object *o = owned ? mo_schema_find(owned, MO_KIND_TABLE, name) : NULL;
    return o ? o->table : NULL;
}

/* The table as the version declared it that was expanded to. Its rename waits for the contract. */
static const mo_table *expanded_table(const mo_carrier *c, const char *name)
{
    const mo_schema *added = c->own->added;
    for (size_t i = 0; added && i < added->objects.count; i++) {
        const mo_object *o = added->objects.items[i];
        if (o->kind == MO_KIND_TABLE && mo_name_equal(o->renamed_from, name) &&
            mo_schema_find_relation(c->live, o->name) == NULL)
            return o->table;
    }
    return table_in(added, name);
}

int mo_carry_table(mo_carrier *c, const mo_object *live, mo_object *table)
{
    if (c->own->all && !c->own->same_type)
        return MOULT_OK;
    if (!mo_renames_any(&c->renames) && live->canonical && table->canonical &&
        strcmp(live->canonical, table->canonical) == 0)
        return MOULT_OK;
    mo_object *own = mo_schema_object_same(c->target, table); /* until now its parts were those of the declared one */
    if (!own)
        return mo_error_nomem(c->err);
    *table = *own;
    mo_part_carrier p = {.c = c, .table = table};
    p.owned[0] = table_in(c->own->owned, live->name);
    p.owned[1] = expanded_table(c, live->name);
    p.pair = (mo_table_pair){.live = live, .target = table, .renames = &c->renames, .err = c->err};
    int rc = mo_columns_open(&p.pair.live_columns, live->table, c->err);
    if (rc != MOULT_OK)
        return rc;
    rc = mo_columns_open(&p.pair.target_columns, table->table, c->err);
    if (rc == MOULT_OK)
        rc = carry_parts(&p);
    mo_columns_close(&p.pair.target_columns);
    mo_columns_close(&p.pair.live_columns);
    return rc;
}
