/* SPDX-License-Identifier: MIT */
/*
 * again.c - what is dropped and made again, because something that it depends on is.
 *
 * It begins with what is dropped and what cannot be altered in place, and goes outwards over what the server holds on to. A table
 * is never made again: its columns are altered, and only what uses those columns has to step aside.
 */
#include "dialect/postgres/steps.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = 512 };

static const char *key_of(const mo_object *o, char *room)
{
    snprintf(room, KEY_SIZE, "%d %s", (int)o->kind, o->name);
    return room;
}

int mo_pg_is_marked(const mo_map *marks, const mo_object *o)
{
    char key[KEY_SIZE];
    return mo_map_has(marks, key_of(o, key));
}

static int mark(mo_pg_stepping *s, mo_map *marks, const mo_object *o)
{
    char key[KEY_SIZE];
    return mo_map_put(marks, key_of(o, key), s) ? mo_error_nomem(s->err) : MOULT_OK;
}

static int put(mo_pg_stepping *s, mo_map *map, const char *name, const void *value)
{
    return mo_map_put(map, name, (void *)value) ? mo_error_nomem(s->err) : MOULT_OK;
}

/* --- who holds on to whom ---------------------------------------------------------------------------------------------- */

/* Kinds that hold no rows of their own, so that they can be dropped and made again. */
static int may_be_made_again(mo_kind kind)
{
    switch (kind) {
    case MO_KIND_VIEW:
    case MO_KIND_MATERIALIZED_VIEW:
    case MO_KIND_RULE:
    case MO_KIND_TRIGGER:
    case MO_KIND_POLICY:
    case MO_KIND_FUNCTION:
    case MO_KIND_PROCEDURE:
    case MO_KIND_AGGREGATE:
    case MO_KIND_OPERATOR:
    case MO_KIND_OPERATOR_CLASS:
    case MO_KIND_OPERATOR_FAMILY:
    case MO_KIND_CAST:
    case MO_KIND_STATISTICS:
    case MO_KIND_INDEX:
    case MO_KIND_PUBLICATION:
    case MO_KIND_EVENT_TRIGGER:
    case MO_KIND_TS_DICTIONARY:
    case MO_KIND_TS_CONFIGURATION:
    case MO_KIND_COMMENT:
    case MO_KIND_PRIVILEGE:
        return 1;
    default:
        return 0;
    }
}

static int is_type(mo_kind kind)
{
    return kind == MO_KIND_ENUM || kind == MO_KIND_DOMAIN || kind == MO_KIND_COMPOSITE || kind == MO_KIND_RANGE ||
           kind == MO_KIND_COLLATION;
}

/* The definition of a function up to its body, where that is a string. */
static int head_speaks_of(const char *sql, const char *body, const char *name)
{
    mo_str head = {0};
    mo_str_addn(&head, sql, (size_t)(body - sql));
    int found = head.failed || mo_pg_speaks_of(mo_str_text(&head), name);
    mo_str_free(&head);
    return found;
}

int mo_pg_holds(const mo_object *o, const char *name)
{
    const char *body;
    if (!mo_object_mentions(o, name))
        return 0;
    if (o->kind != MO_KIND_FUNCTION && o->kind != MO_KIND_PROCEDURE)
        return 1;
    body = mo_pg_find_words(o->canonical, "AS");
    return !body || head_speaks_of(o->canonical, body, name);
}

/* Is the column in the way: altered, dropped, or made again? */
static int is_in_the_way(const mo_pg_stepping *s, const mo_change *table, const mo_column *c)
{
    for (size_t i = 0; i < table->parts.count; i++) {
        const mo_part *p = &table->parts.items[i];
        if (p->kind == MO_PART_COLUMN && p->column_before == c && p->op != MOULT_OP_RENAME)
            return 1;
    }
    return mo_pg_is_remade(s, table->before, table, c);
}

/* Does the statement that makes `o` use a column of an altered table that is in the way? */
static int uses_shaken(const mo_pg_stepping *s, const mo_object *o, const mo_change *table)
{
    if (o->kind == MO_KIND_INDEX || o->kind == MO_KIND_COMMENT || o->kind == MO_KIND_PRIVILEGE ||
        o->kind == MO_KIND_STATISTICS || o->kind == MO_KIND_CAST)
        return 0; /* the server sees to them */
    for (size_t i = 0; i < table->before->table->columns.count; i++) {
        const mo_column *c = table->before->table->columns.items[i];
        if (is_in_the_way(s, table, c) && mo_pg_speaks_of(o->canonical, c->name))
            return 1;
    }
    return 0;
}

static int is_disturbed(const mo_pg_stepping *s, const mo_object *o)
{
    const mo_change *table = o->parent ? mo_map_get(s->shaken, o->parent) : NULL;
    if (o->parent && mo_map_has(s->gone, o->parent))
        return 1;
    if (table && uses_shaken(s, o, table))
        return 1;
    for (size_t i = 0; i < o->mention_count; i++) {
        const char *name = o->mentions[i];
        if (mo_map_has(s->gone, name) && mo_pg_holds(o, name))
            return 1;
        table = mo_map_get(s->shaken, name);
        if (table && mo_pg_holds(o, name) && uses_shaken(s, o, table))
            return 1;
    }
    return 0;
}

int mo_pg_uses_gone(const mo_pg_stepping *s, const mo_object *o, const char *text)
{
    for (size_t i = 0; i < o->mention_count; i++)
        if (mo_map_has(s->gone, o->mentions[i]) && mo_pg_speaks_of(text, o->mentions[i]))
            return 1;
    return 0;
}

/* --- the rounds ------------------------------------------------------------------------------------------------------------ */

static int leaves(mo_pg_stepping *s, const mo_object *o)
{
    int code = is_type(o->kind) && mo_pg_is_type_of_column(s->from, o) ? mark(s, s->replaced, o) : mark(s, s->again, o);
    return code == MOULT_OK ? put(s, s->gone, o->name, o) : code;
}

/* One round outwards; *more tells whether something was found. */
static int spread(mo_pg_stepping *s, int *more)
{
    int code = MOULT_OK;
    *more = 0;
    for (size_t i = 0; code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *o = s->from->objects.items[i];
        if ((!may_be_made_again(o->kind) && !is_type(o->kind)) || (o->flags & MO_OBJECT_UNCOMPARED) ||
            mo_pg_is_marked(s->again, o) || mo_pg_is_marked(s->replaced, o) || !is_disturbed(s, o) ||
            !mo_schema_find(s->to, o->kind, o->name))
            continue;
        *more = 1;
        code = leaves(s, o);
    }
    return code;
}

static int begin_with_tables(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < s->plan->changes.count; i++) {
        const mo_change *c = &s->plan->changes.items[i];
        if (c->op == MOULT_OP_DROP && !mo_pg_is_marked(s->paired, c->before))
            code = put(s, s->gone, c->before->name, c->before);
        else if (c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE)
            code = put(s, s->altered, c->after->name, c);
        if (code == MOULT_OK && c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE && mo_pg_disturbs(c))
            code = put(s, s->shaken, c->after->name, c);
    }
    return code;
}

/* What PostgreSQL cannot alter in place. */
static int begin_with_others(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    s->dry = 1;
    for (size_t i = 0; code == MOULT_OK && i < s->plan->changes.count; i++) {
        const mo_change *c = &s->plan->changes.items[i];
        int done = 0;
        if (c->op != MOULT_OP_ALTER || c->kind == MO_KIND_TABLE)
            continue;
        code = mo_pg_alter_object(s, c, &done);
        if (code == MOULT_OK && !done)
            code = leaves(s, c->before);
    }
    s->dry = 0;
    return code;
}

int mo_pg_find_again(mo_pg_stepping *s)
{
    int more = 1, code = begin_with_tables(s);
    if (code == MOULT_OK)
        code = begin_with_others(s);
    while (code == MOULT_OK && more)
        code = spread(s, &more);
    return code;
}
