/* SPDX-License-Identifier: MIT */
/*
 * follow_names.c - after renames: what the server named by the old name of a table or column is named by the new one, as it would be
 * in a new table. Those of sequences and NOT NULL constraints stand in no definition.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* What the server calls the sequence or constraint of a column, bare; NULL: it has to be cut short, or no memory. */
static const char *usual_name(mo_region *r, const char *table, const char *column, const char *end)
{
    const char *last = mo_pg_last_name(r, table);
    mo_str name = {0};
    if (!last)
        return NULL;
    mo_name_bare(&name, last);
    mo_str_addc(&name, '_');
    mo_name_bare(&name, column);
    mo_str_add(&name, end);
    int fits = name.length < 64;
    const char *text = mo_str_into(&name, r);
    return fits ? text : NULL;
}

static int take_text(void *user, size_t count, const mo_value *v)
{
    mo_str *out = user;
    if (count && v[0].type == MOULT_VALUE_TEXT)
        mo_str_add(out, v[0].text);
    return MOULT_OK;
}

/* The bare name of the sequence that a live column owns; "" when it has none. */
static int ask_sequence(mo_pg_stepping *s, const char *table, const char *column, mo_str *out)
{
    mo_str bare = {0};
    mo_name_bare(&bare, column);
    mo_value params[2] = {mo_value_text(table), mo_value_text(mo_str_text(&bare))};
    int code = bare.failed ? mo_error_nomem(s->err)
                           : mo_pg_query(s->conn,
                                         "SELECT relname::text FROM pg_catalog.pg_class WHERE oid = "
                                         "pg_catalog.pg_get_serial_sequence(?, ?)::regclass",
                                         params, 2, take_text, out, NULL, s->err);
    mo_str_free(&bare);
    return code;
}

static int follow_sequence(mo_pg_stepping *s, const mo_object *table, const mo_column *c)
{
    const char *live_table = mo_plan_live_table(s->plan, table->name);
    const char *live_column = mo_plan_live_column(s->plan, table->name, c->name);
    const char *old = usual_name(s->plan->region, live_table, live_column, "_seq"), *now;
    mo_str found = {0}, sql = {0};
    now = usual_name(s->plan->region, table->name, c->name, "_seq");
    if (!old || !now || strcmp(old, now) == 0)
        return MOULT_OK;
    int code = ask_sequence(s, live_table, live_column, &found);
    int same = code == MOULT_OK && strcmp(mo_str_text(&found), old) == 0;
    mo_str_free(&found);
    if (!same)
        return code;
    mo_str name = {0};
    mo_name_add(&name, old);
    const char *path = name.failed ? NULL : mo_pg_beside(s->plan->region, table->name, mo_str_text(&name));
    mo_str_addf(&sql, "ALTER SEQUENCE %s RENAME TO ", path ? path : "");
    mo_name_add(&sql, now);
    mo_str_free(&name);
    if (!path)
        sql.failed = 1;
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_OWN + s->serial++, "alter", table, &sql);
}

static int is_renamed(const mo_plan *p, const char *table, const char *column)
{
    for (size_t i = 0; i < p->renames.count; i++) {
        const mo_rename *r = &p->renames.items[i];
        if (r->table ? mo_name_equal(r->table, table) && mo_name_equal(r->to, column) : mo_name_equal(r->to, table))
            return 1;
    }
    return 0;
}

/* "CONSTRAINT t_a_not_null NOT NULL": a name that is not the usual one any more. */
static int follow_not_null(mo_pg_stepping *s, const mo_object *table, const mo_column *was, const mo_column *is)
{
    static const char named[] = "CONSTRAINT ";
    const char *before = was->attr[MO_ATTR_NOT_NULL].text, *after = is->attr[MO_ATTR_NOT_NULL].text;
    const char *old = usual_name(s->plan->region, mo_plan_live_table(s->plan, table->name),
                                 mo_plan_live_column(s->plan, table->name, is->name), "_not_null");
    const char *now = usual_name(s->plan->region, table->name, is->name, "_not_null"), *end;
    mo_str name = {0}, sql = {0};
    if (!before || !after || !old || !now || strncmp(before, named, sizeof named - 1) != 0 ||
        strncmp(after, named, sizeof named - 1) == 0)
        return MOULT_OK;
    mo_name_add(&name, old);
    before += sizeof named - 1;
    end = before + strlen(mo_str_text(&name));
    int usual = !name.failed && strncmp(before, mo_str_text(&name), name.length) == 0 && *end == ' ';
    if (usual)
        mo_str_addf(&sql, "ALTER TABLE %s RENAME CONSTRAINT %s TO ", table->name, mo_str_text(&name));
    mo_name_add(&sql, now);
    sql.failed |= name.failed;
    mo_str_free(&name);
    if (usual)
        return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER + s->serial++, "alter", table, &sql);
    mo_str_free(&sql);
    return MOULT_OK;
}

static int numbers(const mo_column *c)
{
    return mo_pg_is_serial(c) || mo_pg_column_has(c, MO_ATTR_IDENTITY);
}

static int follow(mo_pg_stepping *s, const mo_object *from, const mo_object *to)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < to->table->columns.count; i++) {
        const mo_column *is = to->table->columns.items[i], *was = mo_table_column(from->table, is->name);
        if (!was || !is_renamed(s->plan, to->name, is->name))
            continue;
        if (numbers(was) && mo_pg_is_serial(was) == mo_pg_is_serial(is) && numbers(is))
            code = follow_sequence(s, to, is);
        if (code == MOULT_OK)
            code = follow_not_null(s, to, was, is);
    }
    return code;
}

int mo_pg_follow_names(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    for (size_t i = 0; s->plan->renames.count && code == MOULT_OK && i < s->to->objects.count; i++) {
        const mo_object *to = s->to->objects.items[i];
        const mo_object *from = to->table ? mo_schema_find(s->from, MO_KIND_TABLE, to->name) : NULL;
        if (from)
            code = follow(s, from, to);
    }
    return code;
}
