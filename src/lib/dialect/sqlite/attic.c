/* SPDX-License-Identifier: MIT */
/*
 * attic.c - what a plan takes away is kept: the catalog's entries, and tables that are renamed instead of dropped.
 *
 * A table goes into the attic without a copy, and is inert there. Its indexes and triggers are dropped, so that their
 * names are free; the RENAME is the legacy one, so that nobody else's text follows it; and its stored definition loses
 * its foreign keys and CHECKs. All of it is recorded for the way back. The order and kind of its columns and keys stay,
 * so the rows on disk and the indexes of its keys are valid as they are.
 */
#include "dialect/sqlite/ladder.h"

#include <string.h>

#include "dialect/sqlite/reader.h"
#include "dialect/sqlite/sqlite.h"
#include "schema/jsontext.h"

/* --- the catalog -------------------------------------------------------------------------------------------------- */

/* A list of names as a literal with a JSON array. */
static int add_list(mo_str *sql, const mo_name_list *names, mo_error *err)
{
    json_t *array = json_array();
    mo_str text = {0};
    int rc = array ? MOULT_OK : mo_error_nomem(err);
    for (size_t i = 0; i < names->count && rc == MOULT_OK; i++)
        if (mo_json_push(array, mo_json_text(names->items[i])))
            rc = mo_error_nomem(err);
    if (rc == MOULT_OK)
        rc = mo_json_write(array, JSON_COMPACT, &text, err);
    mo_str_add(sql, ", ");
    mo_str_literal(sql, mo_str_text(&text));
    json_decref(array);
    mo_str_free(&text);
    return rc;
}

static void add_times(mo_str *sql, int64_t age)
{
    mo_str_add(sql, ", strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ");
    if (age)
        mo_str_addf(sql, "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now', '+%lld seconds')", (long long)age);
    else
        mo_str_add(sql, "NULL");
}

int mo_ladder_catalog(mo_ladder *l, mo_step *step, const mo_kept *k)
{
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql,
               "INSERT INTO _moult_attic(version, kind, object, holder, identity, \"columns\", \"keys\", \"others\", "
               "created_at, expires, definition, holder_sql, \"rows\") SELECT ");
    mo_str_addf(&sql, "%lld", (long long)l->plan->attic.version);
    const char *const texts[] = {k->kind, k->object, k->holder, k->identity};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mo_str_add(&sql, ", ");
        mo_str_literal(&sql, texts[i]);
    }
    rc = add_list(&sql, &k->columns, l->err);
    if (rc == MOULT_OK)
        rc = add_list(&sql, &k->keys, l->err);
    if (rc == MOULT_OK)
        rc = add_list(&sql, &k->others, l->err);
    add_times(&sql, l->plan->attic.age);
    if (rc == MOULT_OK)
        rc = add_list(&sql, &k->definition, l->err);
    mo_str_add(&sql, ", ");
    mo_str_literal(&sql, k->holder_sql);
    mo_str_add(&sql, k->elsewhere ? ", 1" : ", count(*) FROM ");
    if (!k->elsewhere)
        mo_str_ident(&sql, k->holder, '"');
    if (rc == MOULT_OK)
        rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, step, mo_str_text(&sql), 0, l->err);
    mo_str_free(&sql);
    return rc;
}

/* --- a table ------------------------------------------------------------------------------------------------------ */

/* DROP INDEX or DROP TRIGGER of all that hangs on the table, each recorded. */
static int take_off(mo_ladder *l, mo_step *step, const mo_object *table, mo_kept *kept)
{
    const mo_schema *start = mo_plan_start(l->plan);
    mo_str sql = {0};
    int rc = MOULT_OK;
    for (size_t i = 0; i < start->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = start->objects.items[i];
        if (!mo_kinds[o->kind].of_table || !mo_name_equal(o->parent, table->name))
            continue;
        mo_str_clear(&sql);
        mo_str_addf(&sql, "DROP %s ", mo_kinds[o->kind].noun);
        mo_str_ident(&sql, o->name, '"');
        if (sql.failed || mo_vec_push(l->plan->region, &kept->definition, o->sql))
            rc = mo_error_nomem(l->err);
        if (rc == MOULT_OK)
            rc = mo_step_run(l->plan, step, mo_str_text(&sql), 0, l->err);
    }
    mo_str_free(&sql);
    return rc;
}

static int rename_sql(mo_ladder *l, mo_step *step, const char *from, const char *to)
{
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "ALTER TABLE ");
    mo_str_ident(&sql, from, '"');
    mo_str_add(&sql, " RENAME TO ");
    mo_str_ident(&sql, to, '"');
    rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, step, "PRAGMA legacy_alter_table=ON", 0, l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, step, mo_str_text(&sql), 0, l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, step, "PRAGMA legacy_alter_table=OFF", 0, l->err);
    mo_str_free(&sql);
    return rc;
}

static int binds(const mo_constraint *k)
{
    return k->kind == MO_CONSTRAINT_CHECK || k->kind == MO_CONSTRAINT_FOREIGN_KEY;
}

/* The table with its keys, and without what binds it to others or to a condition. */
static const char *inert_sql(mo_ladder *l, const mo_object *table, const char *holder)
{
    mo_region *r = l->plan->region;
    mo_table t = *table->table;
    mo_object o = *table;
    int qualified = 0;
    const char *sql;
    memset(&t.columns, 0, sizeof t.columns);
    memset(&t.constraints, 0, sizeof t.constraints);
    for (size_t i = 0; i < table->table->constraints.count; i++)
        if (!binds(table->table->constraints.items[i]) &&
            mo_vec_push(r, &t.constraints, table->table->constraints.items[i]))
            return NULL;
    for (size_t i = 0; i < table->table->columns.count; i++) {
        mo_column *c = mo_region_alloc(r, sizeof *c);
        if (c == NULL || mo_vec_push(r, &t.columns, c))
            return NULL;
        *c = *table->table->columns.items[i];
    }
    for (size_t i = 0; i < t.columns.count; i++)
        if ((t.columns.items[i]->text = mo_sqlite_column_sql(r, &t, t.columns.items[i], 0)) == NULL)
            return NULL;
    o.table = &t;
    sql = mo_sqlite_compose_table(r, &o);
    return sql ? mo_ladder_definition_as(r, sql, table->name, holder, &qualified) : NULL;
}

static int is_bound(const mo_table *t)
{
    for (size_t i = 0; i < t->constraints.count; i++)
        if (binds(t->constraints.items[i]))
            return 1;
    return 0;
}

static int add_columns(mo_ladder *l, const mo_object *table, mo_kept *kept)
{
    for (size_t i = 0; table->table && i < table->table->columns.count; i++)
        if (mo_vec_push(l->plan->region, &kept->columns, table->table->columns.items[i]->name))
            return mo_error_nomem(l->err);
    return MOULT_OK;
}

int mo_ladder_keep_table(mo_ladder *l, mo_step *step, const mo_object *table)
{
    mo_kept kept = {.kind = "table", .object = mo_plan_live_table(l->plan, table->name), .identity = "own"};
    int edited = table->table && is_bound(table->table), rc;
    kept.elsewhere = table->table == NULL && mo_ladder_content_option(l->plan->region, table->sql) != NULL;
    kept.holder = mo_plan_holder(l->plan);
    if (kept.holder == NULL || mo_vec_push(l->plan->region, &kept.definition, table->sql))
        return mo_error_nomem(l->err);
    kept.holder_sql =
        table->table ? inert_sql(l, table, kept.holder) : mo_ladder_create_as(l->plan->region, table->sql, kept.holder);
    rc = kept.holder_sql ? add_columns(l, table, &kept) : mo_error_nomem(l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, step, mo_sqlite_own_attic, 0, l->err);
    if (rc == MOULT_OK)
        rc = take_off(l, step, table, &kept);
    if (rc == MOULT_OK)
        rc = rename_sql(l, step, table->name, kept.holder);
    if (rc == MOULT_OK && edited)
        rc = mo_ladder_edit(l, step, kept.holder, kept.holder_sql);
    return rc == MOULT_OK ? mo_ladder_catalog(l, step, &kept) : rc;
}

int mo_ladder_can_move(mo_ladder *l, const mo_object *table, int *can)
{
    const mo_dialect *d = l->plan->dialect;
    mo_scratch *scratch;
    mo_str sql = {0};
    int rc = d->scratch_open(l->live, &scratch, l->err);
    if (rc != MOULT_OK)
        return rc;
    mo_str_add(&sql, table->sql);
    mo_str_add(&sql, ";ALTER TABLE ");
    mo_str_ident(&sql, table->name, '"');
    mo_str_add(&sql, " RENAME TO _moult_moved");
    rc = sql.failed ? mo_error_nomem(l->err) : d->exec(d->scratch_conn(scratch), mo_str_text(&sql), NULL, l->err);
    *can = rc == MOULT_OK;
    if (rc == MOULT_DATABASE) {
        mo_error_clear(l->err);
        rc = MOULT_OK;
    }
    d->scratch_close(scratch);
    mo_str_free(&sql);
    return rc;
}

int mo_ladder_move_back(mo_ladder *l, mo_step *step, const mo_refill *refill)
{
    mo_str sql = {0};
    int rc = rename_sql(l, step, refill->holder, refill->table);
    mo_str_add(&sql, "DELETE FROM _moult_attic WHERE holder=");
    mo_str_literal(&sql, refill->holder);
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, step, mo_sqlite_own_attic, 0, l->err);
    if (rc == MOULT_OK)
        rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, step, mo_str_text(&sql), 0, l->err);
    mo_str_free(&sql);
    return rc;
}
