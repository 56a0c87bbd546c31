/* SPDX-License-Identifier: MIT */
/*
 * restore.c - one entry of the attic is brought back by itself, as it is, into the schema that is there.
 *
 * A table comes under a free name, with its keys and conditions, and with its indexes where it gets its own name back; its
 * triggers do not come, for they would act. Values go into the rows that are the same still, where the column holds what it
 * gives by itself (or, converted, what the conversion made).
 */
#include <string.h>

#include "dialect/sqlite/ladder.h"
#include "dialect/sqlite/reader.h"
#include "dialect/sqlite/sqlite.h"

typedef struct restoring {
    mo_ladder l;
    const mo_attic_entry *e;
    const char *name; /* the table */
} restoring;

/* --- a table ------------------------------------------------------------------------------------------------------ */

static int copy_live(mo_plan *plan, mo_error *err)
{
    int rc = MOULT_OK;
    plan->target = mo_schema_new();
    if (plan->target == NULL)
        return mo_error_nomem(err);
    plan->target->dialect = plan->dialect->name;
    for (size_t i = 0; i < plan->live->objects.count && rc == MOULT_OK; i++) {
        mo_object *copy = mo_schema_object_same(plan->target, plan->live->objects.items[i]);
        rc = copy ? mo_schema_add(plan->target, copy, err) : mo_error_nomem(err);
    }
    return rc;
}

static int is_taken(const mo_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->live->objects.count; i++)
        if (mo_name_equal(plan->live->objects.items[i]->name, name))
            return 1;
    return 0;
}

/* Adds what a definition makes to the target, and its step. NULL in *out: its name is taken. */
static int add_object(restoring *r, const char *sql, mo_object **out)
{
    mo_plan *p = r->l.plan;
    mo_object *o;
    mo_step *s;
    int rc = mo_sqlite_read_object(p->target, sql, strlen(sql), &o, r->l.err);
    *out = NULL;
    if (rc != MOULT_OK || (o->kind != MO_KIND_TABLE && o->kind != MO_KIND_VIRTUAL_TABLE && is_taken(p, o->name)))
        return rc;
    s = mo_plan_step(p, MO_PHASE_EXPAND, o->kind == MO_KIND_INDEX ? MO_ORDER_CREATE_INDEX : MO_ORDER_CREATE_TABLE,
                     "create", o->kind, o->name, o->parent);
    if (s == NULL || (s->title = mo_region_printf(p->region, "CREATE %s %s", mo_kinds[o->kind].noun, o->name)) == NULL)
        return mo_error_nomem(r->l.err);
    s->transaction = 1;
    o->flags |= MO_OBJECT_FOREIGN;
    *out = o;
    if (o->kind != MO_KIND_VIRTUAL_TABLE)
        rc = mo_step_run(p, s, sql, 0, r->l.err);
    return rc == MOULT_OK ? mo_schema_add(p->target, o, r->l.err) : rc;
}

static int add_indexes(restoring *r)
{
    int rc = MOULT_OK;
    for (size_t i = 1; i < r->e->definition.count && rc == MOULT_OK; i++) {
        mo_object *o;
        const char *sql = r->e->definition.items[i];
        mo_schema *probe = mo_schema_new();
        rc = probe ? mo_sqlite_read_object(probe, sql, strlen(sql), &o, r->l.err) : mo_error_nomem(r->l.err);
        if (rc == MOULT_OK && (o->kind != MO_KIND_INDEX || is_taken(r->l.plan, o->name)))
            rc = mo_plan_note(r->l.plan, r->l.err, "%s %s does not come back, for %s: %s", mo_kinds[o->kind].name,
                              o->name, o->kind == MO_KIND_INDEX ? "its name is taken" : "it would act", sql);
        else if (rc == MOULT_OK)
            rc = add_object(r, sql, &o);
        mo_schema_free(probe);
    }
    return rc;
}

static int fill_table(restoring *r, const mo_object *table)
{
    mo_plan *p = r->l.plan;
    mo_refill refill = {.table = r->name, .holder = r->e->holder, .rows = r->e->rows};
    mo_str s = {0};
    const char *row_id = mo_sqlite_row_id_name(table->table);
    for (size_t i = 0; i < table->table->columns.count; i++) {
        const mo_column *c = table->table->columns.items[i];
        mo_refill_column column = {.name = c->name};
        if (c->attr[MO_ATTR_GENERATED].canonical)
            continue;
        mo_str_ident(&s, refill.holder, '"');
        mo_str_add(&s, ".");
        mo_str_ident(&s, c->name, '"');
        if ((column.value = mo_str_into(&s, p->region)) == NULL || mo_vec_push(p->region, &refill.columns, column))
            return mo_error_nomem(r->l.err);
    }
    if (row_id) {
        mo_str_ident(&s, refill.holder, '"');
        mo_str_addf(&s, ".%s", row_id);
        if ((refill.row_id = mo_str_into(&s, p->region)) == NULL)
            return mo_error_nomem(r->l.err);
    }
    if (mo_vec_push(p->region, &p->refills, refill))
        return mo_error_nomem(r->l.err);
    return mo_ladder_refill(&r->l, &p->refills.items[0]);
}

static int restore_table(restoring *r, const char *into)
{
    mo_plan *p = r->l.plan;
    mo_object *table;
    mo_refill moved = {.holder = r->e->holder};
    int qualified = 0, rc;
    const char *sql;
    r->name = mo_region_dup(p->region, into ? into : r->e->object);
    if (r->name == NULL)
        return mo_error_nomem(r->l.err);
    if (is_taken(p, r->name)) {
        mo_error_set(r->l.err, MOULT_INVALID, "there is a '%s' already", r->name);
        return mo_error_hint(r->l.err, "give the table another name: --into NAME");
    }
    sql = into ? mo_ladder_definition_as(p->region, r->e->definition.items[0], r->e->object, r->name, &qualified)
               : r->e->definition.items[0];
    rc = sql ? add_object(r, sql, &table) : mo_error_nomem(r->l.err);
    moved.table = r->name;
    if (rc == MOULT_OK && table->kind == MO_KIND_VIRTUAL_TABLE)
        rc = mo_ladder_move_back(&r->l, &p->steps.items[p->steps.count - 1], &moved);
    if (rc == MOULT_OK && table->kind == MO_KIND_TABLE && !into)
        rc = add_indexes(r);
    if (rc == MOULT_OK)
        rc = mo_schema_seal(p->target, r->l.err);
    if (rc == MOULT_OK && table->kind == MO_KIND_TABLE)
        rc = fill_table(r, mo_schema_find(p->target, MO_KIND_TABLE, r->name));
    return rc;
}

/* --- values -------------------------------------------------------------------------------------------------------- */

static void add_match(mo_str *s, const restoring *r, const mo_object *table)
{
    const mo_attic_entry *e = r->e;
    if (strcmp(e->identity, "rowid") == 0) {
        mo_str_add(s, "a.\"_moult_sure\" AND a.\"_moult_rowid\" = ");
        mo_str_ident(s, table->name, '"');
        mo_str_addf(s, ".%s AND ", mo_sqlite_row_id_name(table->table));
    }
    for (size_t i = 0; i < e->keys.count + e->others.count; i++) {
        int key = i < e->keys.count;
        const char *name = key ? e->keys.items[i] : e->others.items[i - e->keys.count];
        mo_str_add(s, "a.");
        mo_str_ident(s, name, '"');
        mo_str_add(s, key ? " = " : " IS ");
        mo_str_ident(s, table->name, '"');
        mo_str_add(s, ".");
        mo_str_ident(s, name, '"');
        mo_str_add(s, " AND ");
    }
    for (size_t i = 0; i < e->columns.count && strcmp(e->kind, "values") == 0 && strcmp(e->identity, "unique"); i++) {
        mo_str_addf(s, "a.\"_moult_new_%zu\" IS ", i + 1);
        mo_str_ident(s, table->name, '"');
        mo_str_add(s, ".");
        mo_str_ident(s, e->columns.items[i], '"');
        mo_str_add(s, " AND ");
    }
}

/* UPDATE of one column, where the row is the same and holds nothing of its own. */
static int restore_column(restoring *r, mo_step *step, const mo_object *table, size_t i)
{
    const mo_column *c = mo_table_column(table->table, r->e->columns.items[i]);
    const char *value = c->attr[MO_ATTR_DEFAULT].canonical;
    int converted = strcmp(r->e->kind, "values") == 0;
    mo_str match = {0}, from = {0}, sql = {0};
    int rc;
    add_match(&match, r, table);
    if (converted)
        mo_str_addf(&match, "a.\"_moult_new_%zu\" IS ", i + 1);
    else
        mo_str_addf(&match, "(%s) IS ", value && *value ? value : "NULL");
    mo_str_ident(&match, table->name, '"');
    mo_str_add(&match, ".");
    mo_str_ident(&match, c->name, '"');
    mo_str_add(&from, " FROM ");
    mo_str_ident(&from, r->e->holder, '"');
    mo_str_addf(&from, " AS a WHERE %s", mo_str_text(&match));
    mo_str_add(&sql, "UPDATE ");
    mo_str_ident(&sql, table->name, '"');
    mo_str_add(&sql, " SET ");
    mo_str_ident(&sql, c->name, '"');
    mo_str_add(&sql, " = (SELECT a.");
    if (converted)
        mo_str_addf(&sql, "\"_moult_old_%zu\"", i + 1);
    else
        mo_str_ident(&sql, c->name, '"');
    mo_str_addf(&sql, "%s) WHERE EXISTS (SELECT 1%s)", mo_str_text(&from), mo_str_text(&from));
    rc = sql.failed || match.failed || from.failed
             ? mo_error_nomem(r->l.err)
             : mo_step_run(r->l.plan, step, mo_str_text(&sql), r->e->rows, r->l.err);
    mo_str_free(&match);
    mo_str_free(&from);
    mo_str_free(&sql);
    return rc;
}

/* The triggers of the table must not fire: they go, and come again. */
static int triggers(restoring *r, mo_step *step, int again)
{
    mo_plan *p = r->l.plan;
    mo_str sql = {0};
    int rc = MOULT_OK;
    for (size_t i = 0; i < p->live->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = p->live->objects.items[i];
        if (o->kind != MO_KIND_TRIGGER || !mo_name_equal(o->parent, r->e->object))
            continue;
        mo_str_clear(&sql);
        mo_str_add(&sql, "DROP TRIGGER ");
        mo_str_ident(&sql, o->name, '"');
        rc = sql.failed ? mo_error_nomem(r->l.err)
                        : mo_step_run(p, step, again ? o->sql : mo_str_text(&sql), 0, r->l.err);
    }
    mo_str_free(&sql);
    return rc;
}

static int missing(restoring *r, const char *what, const char *name)
{
    mo_error_set(r->l.err, MOULT_NOTFOUND, "there is no %s '%s' for entry %lld of the attic", what, name,
                 (long long)r->e->id);
    return mo_error_hint(r->l.err, "'moult attic show %lld' gives its values", (long long)r->e->id);
}

static int check_place(restoring *r, const mo_object *table)
{
    if (table == NULL)
        return missing(r, "table", r->e->object);
    for (size_t i = 0; i < r->e->columns.count + r->e->keys.count + r->e->others.count; i++) {
        size_t k = i - r->e->columns.count, o = k - r->e->keys.count;
        const char *name = i < r->e->columns.count ? r->e->columns.items[i]
                           : k < r->e->keys.count  ? r->e->keys.items[k]
                                                   : r->e->others.items[o];
        char room[MO_HOLDER_COLUMN];
        int aside = i < r->e->columns.count && strcmp(r->e->kind, "column") == 0 &&
                    mo_holder_column(&r->e->keys, &r->e->others, name, i, room) != name; /* that is another one */
        if (aside || mo_table_column(table->table, name) == NULL)
            return missing(r, "column", name);
    }
    return strcmp(r->e->identity, "none") == 0 ? missing(r, "row", "that could be told") : MOULT_OK;
}

static int restore_values(restoring *r, const char *into)
{
    mo_plan *p = r->l.plan;
    const mo_object *table = mo_schema_find(p->live, MO_KIND_TABLE, r->e->object);
    mo_step *s;
    int rc;
    if (into)
        return mo_error_set(r->l.err, MOULT_INVALID, "entry %lld of the attic is no table, so it goes into none",
                            (long long)r->e->id);
    rc = check_place(r, table);
    if (rc == MOULT_OK)
        rc = mo_schema_seal(p->target, r->l.err);
    if (rc != MOULT_OK)
        return rc;
    s = mo_plan_step(p, MO_PHASE_CONTRACT, MO_ORDER_REFILL, "refill", MO_KIND_TABLE, table->name, NULL);
    if (s == NULL ||
        (s->title = mo_region_printf(p->region, "bring the values of %s back from the attic", table->name)) == NULL)
        return mo_error_nomem(r->l.err);
    s->transaction = 1;
    rc = triggers(r, s, 0);
    for (size_t i = 0; i < r->e->columns.count && rc == MOULT_OK; i++)
        rc = restore_column(r, s, table, i);
    return rc == MOULT_OK ? triggers(r, s, 1) : rc;
}

int mo_sqlite_restore(mo_conn *c, mo_plan *plan, const mo_attic_entry *entry, const char *into, mo_error *err)
{
    restoring r = {.l = {.plan = plan, .live = c, .err = err}, .e = entry};
    int rc = copy_live(plan, err);
    if (rc == MOULT_OK)
        rc = strcmp(entry->kind, "table") == 0 ? restore_table(&r, into) : restore_values(&r, into);
    if (rc == MOULT_OK && mo_vec_push(plan->region, &plan->settings, "foreign_keys=off"))
        rc = mo_error_nomem(err);
    return rc == MOULT_OK ? mo_plan_sort(plan, err) : rc;
}
