/* SPDX-License-Identifier: MIT */
/*
 * resay.c - comments and privileges of columns, constraints and their indexes that other steps drop and make again: what was said
 * of them is said once more.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* The statements that all steps run so far. */
static int gather(mo_pg_stepping *s, mo_map *out)
{
    for (size_t i = 0; i < s->plan->steps.count; i++) {
        const mo_step *step = &s->plan->steps.items[i];
        for (size_t k = 0; k < step->statements.count; k++)
            if (mo_map_put(out, step->statements.items[k].sql, s))
                return -1;
    }
    return 0;
}

static int runs(const mo_map *statements, const char *table, const char *what, const char *name)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s %s %s", table, what, name);
    int found = sql.failed || mo_map_has(statements, mo_str_text(&sql));
    mo_str_free(&sql);
    return found;
}

/* The table that it is about: it mentions it. */
static const mo_object *table_of(const mo_pg_stepping *s, const mo_object *o)
{
    return o->mention_count ? mo_schema_find(s->to, MO_KIND_TABLE, o->mentions[0]) : NULL;
}

static int names_part(const mo_object *o, const mo_object *table, const char *part)
{
    mo_str name = {0};
    size_t length = strlen(o->name), end;
    if (o->kind == MO_KIND_PRIVILEGE)
        mo_str_addf(&name, "(%s)", part);
    else
        mo_str_addf(&name, "COLUMN %s.%s", table->name, part);
    end = name.length;
    int found =
        !name.failed && (o->kind == MO_KIND_PRIVILEGE ? strstr(o->sql, mo_str_text(&name)) != NULL
                                                      : length == end && strcmp(o->name, mo_str_text(&name)) == 0);
    mo_str_free(&name);
    return found;
}

static int names_constraint(const mo_object *o, const mo_object *table, const char *name)
{
    mo_str whole = {0}, index = {0};
    mo_str_addf(&whole, "CONSTRAINT %s ON %s", name, table->name);
    mo_str_addf(&index, "INDEX %s", name);
    int found = strcmp(o->name, mo_str_text(&whole)) == 0 || strcmp(o->name, mo_str_text(&index)) == 0;
    mo_str_free(&whole);
    mo_str_free(&index);
    return found;
}

static int is_lost(const mo_map *statements, const mo_object *o, const mo_object *table)
{
    for (size_t i = 0; i < table->table->columns.count; i++) {
        const char *name = table->table->columns.items[i]->name;
        if (names_part(o, table, name) && runs(statements, table->name, "DROP COLUMN", name))
            return 1;
    }
    for (size_t i = 0; o->kind == MO_KIND_COMMENT && i < table->table->constraints.count; i++) {
        const char *name = table->table->constraints.items[i]->name;
        if (names_constraint(o, table, name) && runs(statements, table->name, "DROP CONSTRAINT", name))
            return 1;
    }
    return 0;
}

int mo_pg_say_again(mo_pg_stepping *s)
{
    mo_map *statements = mo_map_new(0);
    int code = statements && gather(s, statements) == 0 ? MOULT_OK : mo_error_nomem(s->err);
    for (size_t i = 0; code == MOULT_OK && i < s->to->objects.count; i++) {
        const mo_object *o = s->to->objects.items[i], *before, *table;
        if ((o->kind != MO_KIND_COMMENT && o->kind != MO_KIND_PRIVILEGE) || mo_pg_is_marked(s->again, o))
            continue;
        before = mo_schema_find(s->from, o->kind, o->name);
        table = table_of(s, o);
        if (before && table && is_lost(statements, o, table) &&
            !mo_pg_step(s, MO_PHASE_CONTRACT, MO_PG_ORDER_SAY, "alter", o, o->sql))
            code = mo_error_nomem(s->err);
    }
    mo_map_free(statements);
    return code;
}
