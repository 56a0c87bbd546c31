/* SPDX-License-Identifier: MIT */
/*
 * carry.c - the target: what is declared, plus what is in the database and somebody else's.
 *
 * Nothing is dropped because nobody mentions it: only because it was owned and is declared no more. So all else that is
 * live is copied into the target, flagged as foreign, and named in a note. What belongs to a table goes where it goes.
 */
#include "diff/carry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int mo_carry_note(mo_carrier *c, const char *fmt, ...)
{
    if (!c->plan)
        return MOULT_OK;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = length < 0 ? NULL : mo_region_alloc(c->plan->region, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, fmt, again);
    va_end(again);
    if (!text)
        return mo_error_nomem(c->err);
    if (mo_map_has(c->notes, text))
        return MOULT_OK;
    if (mo_map_put(c->notes, text, NULL) || mo_vec_push(c->plan->region, &c->plan->notes, (const char *)text))
        return mo_error_nomem(c->err);
    return MOULT_OK;
}

static int open_notes(mo_carrier *c)
{
    c->notes = mo_map_new(0);
    if (!c->notes)
        return mo_error_nomem(c->err);
    for (size_t i = 0; c->plan && i < c->plan->notes.count; i++) {
        if (mo_map_put(c->notes, c->plan->notes.items[i], NULL))
            return mo_error_nomem(c->err);
    }
    return MOULT_OK;
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

static int is_owned(const mo_carrier *c, const mo_object *o)
{
    return c->own->all || (c->own->owned && mo_schema_find(c->own->owned, o->kind, o->name)) ||
           (c->own->added && mo_schema_find(c->own->added, o->kind, o->name));
}

/* "table", "index", … and, for what belongs to a table, whose it is. */
static int note_object(mo_carrier *c, const mo_object *o, const char *parent)
{
    if (o->flags & MO_OBJECT_UNCOMPARED)
        return mo_carry_note(c, "not compared: %s %s%s%s%s", mo_kinds[o->kind].name, o->name, o->note ? " (" : "",
                             o->note ? o->note : "", o->note ? ")" : "");
    if (parent)
        return mo_carry_note(c, "left alone: %s %s on %s (declared by nobody; --own=all would drop it)",
                             mo_kinds[o->kind].name, o->name, parent);
    return mo_carry_note(c, "left alone: %s %s (declared by nobody; --own=all would drop it)", mo_kinds[o->kind].name,
                         o->name);
}

static int carry_object(mo_carrier *c, const mo_object *o, const char *parent, int note)
{
    mo_object *copy = mo_schema_object_same(c->target, o);
    if (!copy)
        return mo_error_nomem(c->err);
    c->added = 1;
    copy->flags |= MO_OBJECT_FOREIGN;
    if (parent && !mo_name_equal(parent, o->parent) && !(copy->parent = mo_region_dup(c->target->region, parent)))
        return mo_error_nomem(c->err);
    int rc = note ? note_object(c, o, parent) : MOULT_OK;
    if (rc == MOULT_OK)
        rc = mo_schema_add(c->target, copy, c->err);
    if (rc == MOULT_OK && c->target->by_name[o->kind] && mo_map_put(c->target->by_name[o->kind], copy->name, copy))
        rc = mo_error_nomem(c->err);
    return rc;
}

/* --- annotations that were followed long ago ---------------------------------------------------------------------- */

static int is_swap(const mo_schema *live, const mo_schema *desired, const mo_object *declared, const mo_column *column)
{
    const mo_wanted all = mo_wanted_of(desired);
    mo_object *object;
    mo_match_way way = mo_match_objects(live, &all, declared, &object);
    if (!column)
        return way == MO_MATCH_CYCLE;
    if (way == MO_MATCH_NEW || !object->table || !declared->table)
        return 0;
    const mo_columns from = {.table = object->table}, to = {.table = declared->table, .has_renames = 1};
    mo_column *old;
    return mo_match_columns(&from, &to, column, &old) == MO_MATCH_CYCLE;
}

static int fits_as_it_stands(const mo_schema *live, const mo_object *declared, const mo_column *column)
{
    const mo_object *now = mo_schema_find(live, declared->kind, declared->name);
    if (!now)
        return 0;
    if (!column)
        return now->canonical && declared->canonical && strcmp(now->canonical, declared->canonical) == 0;
    const mo_column *same = now->table ? mo_table_column(now->table, column->name) : NULL;
    return same && mo_column_equal(same, column);
}

int mo_rename_is_done(const mo_schema *live, const mo_schema *desired, const mo_schema *owned,
                      const mo_object *declared, const mo_column *column)
{
    const char *old = column ? column->renamed_from : declared->renamed_from;
    if (!old || !is_swap(live, desired, declared, column))
        return 0;
    if (!owned)
        return fits_as_it_stands(live, declared, column);
    const mo_object *then = mo_schema_find(owned, declared->kind, declared->name);
    if (!then || !column)
        return then && mo_name_equal(then->renamed_from, old);
    const mo_column *same = then->table ? mo_table_column(then->table, column->name) : NULL;
    return same && mo_name_equal(same->renamed_from, old);
}

/* Is there still a rename to do? */
static int is_followed(const mo_carrier *c, mo_match_way way, const mo_object *declared, const mo_column *column)
{
    if (c->renamed || way < MO_MATCH_RENAMED)
        return 0;
    return way == MO_MATCH_RENAMED || !mo_rename_is_done(c->live, c->desired, c->own->owned, declared, column);
}

static int settle_columns(mo_carrier *c, const mo_object *declared, const mo_object *live, mo_object *copy)
{
    mo_columns from, to;
    int rc = mo_columns_open(&to, declared->table, c->err);
    if (rc != MOULT_OK || !to.has_renames) {
        mo_columns_close(&to);
        return rc;
    }
    rc = mo_columns_open(&from, live->table, c->err);
    for (size_t i = 0; rc == MOULT_OK && i < declared->table->columns.count; i++) {
        const mo_column *column = declared->table->columns.items[i];
        mo_column *old;
        if (!column->renamed_from)
            continue;
        if (!is_followed(c, mo_match_columns(&from, &to, column, &old), declared, column))
            copy->table->columns.items[i]->renamed_from = NULL;
    }
    mo_columns_close(&from);
    mo_columns_close(&to);
    return rc;
}

/* A declared object into the target, with those annotations alone that still are to be followed. */
static int take_declared(mo_carrier *c, const mo_object *declared)
{
    mo_object *live, *copy;
    mo_match_way way = mo_match_objects(c->live, &c->declared, declared, &live);
    if (live && (live->flags & MO_OBJECT_UNCOMPARED)) /* cannot be told from what is declared: it stays */
        return carry_object(c, live, NULL, 1);
    copy = c->annotated ? mo_schema_object_same(c->target, declared) : mo_schema_object_share(c->target, declared);
    if (!copy)
        return mo_error_nomem(c->err);
    if (declared->renamed_from && !is_followed(c, way, declared, NULL)) {
        copy->renamed_from = NULL;
        live = mo_schema_find(c->live, declared->kind, declared->name);
    }
    int rc = MOULT_OK;
    if (c->annotated && copy->table && live && live->table)
        rc = settle_columns(c, declared, live, copy);
    return rc == MOULT_OK ? mo_schema_add(c->target, copy, c->err) : rc;
}

/* A foreign table or view cannot stay beside a declared one of its name. */
static int check_room(mo_carrier *c, const mo_object *o)
{
    const mo_object *declared = mo_kinds[o->kind].of_table ? NULL : mo_schema_find_relation(c->desired, o->name);
    if (!declared)
        return MOULT_OK;
    mo_error_set(c->err, MOULT_SOURCE,
                 "%s '%s' is declared, but the database has a %s of that name that is not moult's",
                 mo_kinds[declared->kind].name, declared->name, mo_kinds[o->kind].name);
    mo_error_object(c->err, "%s %s", mo_kinds[o->kind].name, o->name);
    mo_error_hint(c->err, "give it another name, or say --own=all to let moult drop the %s", mo_kinds[o->kind].name);
    return mo_error_at(c->err, declared->where.file, declared->where.line, declared->where.column);
}

/* Does an index of a declared table name a column that goes? Then it goes with it. */
static int goes_with_column(const mo_carrier *c, const mo_object *o, const mo_object *parent, const char **column)
{
    mo_object *declared = mo_match_object_taker(c->live, &c->wanted, parent);
    if (o->kind != MO_KIND_INDEX || !parent->table || !declared || (declared->flags & MO_OBJECT_FOREIGN))
        return 0;
    for (size_t i = 0; i < parent->table->columns.count; i++) {
        const mo_column *from = parent->table->columns.items[i];
        const mo_columns live = {.table = parent->table};
        const mo_columns target = {.table = declared->table, .has_renames = 1};
        *column = from->name;
        if (mo_object_mentions(o, from->name) && !mo_match_column_taker(&live, &target, from))
            return 1;
    }
    return 0;
}

/* What belongs to a live table: with it when it goes, beside it when it stays. */
static int carry_of_table(mo_carrier *c, const mo_object *o)
{
    const mo_object *parent = mo_schema_find_relation(c->live, o->parent);
    const mo_object *stays = parent ? mo_match_object_taker(c->live, &c->wanted, parent) : NULL;
    const char *column;
    if (parent && !stays)
        return MOULT_OK;
    if (parent && goes_with_column(c, o, parent, &column))
        return mo_carry_note(c, "goes with column %s.%s: %s %s", stays->name, column, mo_kinds[o->kind].name, o->name);
    return carry_object(c, o, stays ? stays->name : o->parent, !stays || !(stays->flags & MO_OBJECT_FOREIGN));
}

/* Live objects of one sort: first what others belong to, so that those find where it went. */
static int carry_live(mo_carrier *c, int of_table)
{
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < c->live->objects.count; i++) {
        const mo_object *o = c->live->objects.items[i];
        if (mo_kinds[o->kind].of_table != of_table || mo_match_object_taker(c->live, &c->wanted, o))
            continue;
        if (!(o->flags & MO_OBJECT_UNCOMPARED) && is_owned(c, o))
            continue;
        if (of_table) {
            rc = carry_of_table(c, o);
            continue;
        }
        rc = check_room(c, o);
        if (rc == MOULT_OK)
            rc = carry_object(c, o, NULL, 1);
    }
    return rc;
}

static int carry_tables(mo_carrier *c)
{
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < c->target->objects.count; i++) {
        mo_object *o = c->target->objects.items[i], *live;
        if (!o->table || (o->flags & MO_OBJECT_FOREIGN))
            continue;
        if (mo_match_objects(c->live, &c->wanted, o, &live) != MO_MATCH_NEW && live->table)
            rc = mo_carry_table(c, live, o);
    }
    return rc;
}

static int carry(mo_carrier *c)
{
    int rc = open_notes(c);
    c->declared = mo_wanted_of(c->desired);
    for (size_t i = 0; rc == MOULT_OK && i < c->desired->objects.count; i++)
        rc = take_declared(c, c->desired->objects.items[i]);
    if (rc == MOULT_OK)
        rc = mo_schema_index(c->target, c->err);
    c->wanted = mo_wanted_of(c->target);
    if (rc == MOULT_OK && c->annotated)
        rc = mo_renames_open(&c->renames, c->live, c->target, c->err);
    if (rc == MOULT_OK)
        rc = carry_tables(c);
    if (rc == MOULT_OK)
        rc = carry_live(c, 0);
    if (rc == MOULT_OK)
        rc = carry_live(c, 1);
    if (rc != MOULT_OK || c->added)
        return rc == MOULT_OK ? mo_schema_seal(c->target, c->err) : rc;
    memcpy(c->target->fingerprint, c->desired->fingerprint, sizeof c->target->fingerprint); /* as sealed as `desired` */
    return MOULT_OK;
}

int mo_carry(const struct mo_dialect *d, const mo_schema *live, const mo_schema *desired, const mo_ownership *own,
             mo_plan *plan, mo_schema **target, mo_error *err)
{
    static const mo_ownership nothing = {0};
    mo_carrier c = {.dialect = d, .live = live, .desired = desired, .own = own ? own : &nothing, .plan = plan};
    c.err = err;
    c.renamed = c.own->renamed || (plan && plan->renames.count > 0);
    *target = NULL;
    int rc = mo_match_check(desired, &c.annotated, err);
    if (rc == MOULT_OK && !(c.target = mo_schema_new()))
        rc = mo_error_nomem(err);
    if (rc == MOULT_OK) {
        c.target->dialect = d->name;
        rc = carry(&c);
    }
    mo_renames_close(&c.renames);
    mo_map_free(c.notes);
    if (rc != MOULT_OK) {
        mo_schema_free(c.target);
        return rc;
    }
    *target = c.target;
    return MOULT_OK;
}
