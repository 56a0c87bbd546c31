/* SPDX-License-Identifier: MIT */
/*
 * online_swap.c - the new table takes the place of the old one, in one short transaction.
 *
 * Only names change, and those are rows of sqlite_schema: an ALTER TABLE would look at every view and trigger, a DROP
 * TABLE would walk every page. Triggers, views and children's foreign keys name the table, and so go on naming it. What
 * leaves keeps no foreign key, for rows that wait to be deleted must not keep a parent from being deleted.
 */
#include <string.h>

#include "dialect/sqlite/online.h"
#include "dialect/sqlite/reader_core.h"

/* --- what leaves --------------------------------------------------------------------------------------------------- */

/* The primary key that tells how the rows are stored: of a table WITHOUT ROWID. */
static void add_stored_key(mo_str *s, const mo_table *t)
{
    for (size_t i = 0; mo_table_option(t, "without rowid") && i < t->constraints.count; i++) {
        if (t->constraints.items[i]->kind != MO_CONSTRAINT_PRIMARY_KEY)
            continue;
        mo_str_add(s, ", ");
        mo_str_add(s, t->constraints.items[i]->text);
    }
}

/* The same rows under a definition without constraints. */
static char *bare_definition(mo_region *r, const mo_object *o, const char *name)
{
    const mo_table *t = o->table;
    mo_str s = {0};
    mo_str_add(&s, "CREATE TABLE ");
    mo_str_ident(&s, name, '"');
    mo_str_add(&s, "(");
    for (size_t i = 0; i < t->columns.count; i++) {
        char *column = mo_sqlite_column_sql(r, t, t->columns.items[i],
                                            MO_SQLITE_COLUMN_NO_CONSTRAINTS | MO_SQLITE_COLUMN_NO_NOT_NULL);
        s.failed |= column == NULL;
        mo_str_add(&s, i ? ", " : "");
        mo_str_add(&s, column);
        mo_str_add(&s, t->columns.items[i]->row_id ? " PRIMARY KEY" : "");
    }
    add_stored_key(&s, t);
    mo_str_add(&s, ")");
    for (size_t i = 0; i < t->options.count; i++) {
        mo_str_add(&s, i ? ", " : " ");
        mo_str_add(&s, t->options.items[i].text);
    }
    return mo_str_into(&s, r);
}

typedef struct leaving {
    mo_online *o;
    const char *table; /* its name so far */
    MO_VEC(const char *) names;
    MO_VEC(const char *) texts;
    mo_str columns; /* of a constraint's index */
} leaving;

static int index_row(void *user, size_t count, const mo_value *v)
{
    leaving *w = user;
    const char *name = mo_region_dup(w->o->region, v[0].text), *text = mo_region_dup(w->o->region, v[1].text);
    (void)count;
    if (name == NULL || (v[1].text && text == NULL) || mo_vec_push(w->o->region, &w->names, name) ||
        mo_vec_push(w->o->region, &w->texts, text))
        return mo_error_nomem(w->o->err);
    return MOULT_OK;
}

static int column_row(void *user, size_t count, const mo_value *v)
{
    leaving *w = user;
    (void)count;
    mo_str_add(&w->columns, w->columns.length ? ", " : "");
    mo_str_ident(&w->columns, v[0].text, '"');
    mo_str_add(&w->columns, " COLLATE ");
    mo_str_ident(&w->columns, v[1].text, '"');
    mo_str_add(&w->columns, v[2].integer ? " DESC" : "");
    return MOULT_OK;
}

/* The text of an index of the table that leaves: those of constraints have none so far. */
static int index_text(leaving *w, size_t i, const char *name, const char **out)
{
    mo_value index = mo_value_text(w->names.items[i]);
    int rc;
    if (w->texts.items[i]) {
        *out = mo_online_index_as(w->o->region, w->texts.items[i], name, w->o->old, w->table);
        return *out ? MOULT_OK : mo_error_nomem(w->o->err);
    }
    mo_str_clear(&w->columns);
    rc = mo_sqlite_query(w->o->c, "SELECT name, coll, \"desc\" FROM pragma_index_xinfo(?) WHERE \"key\" ORDER BY seqno",
                         &index, 1, column_row, w, NULL, w->o->err);
    if (rc == MOULT_OK) {
        mo_str s = {0};
        mo_str_add(&s, "CREATE UNIQUE INDEX ");
        mo_str_ident(&s, name, '"');
        mo_str_add(&s, " ON ");
        mo_str_ident(&s, w->o->old, '"');
        mo_str_addf(&s, "(%s)", mo_str_text(&w->columns));
        s.failed |= w->columns.failed;
        *out = mo_str_into(&s, w->o->region);
        rc = *out ? MOULT_OK : mo_error_nomem(w->o->err);
    }
    return rc;
}

/* writable_schema is on. */
static int rename_index(mo_online *o, const char *from, const char *to, const char *table, const char *text)
{
    mo_value params[4] = {mo_value_text(to), mo_value_text(table), mo_value_text(text), mo_value_text(from)};
    return mo_online_run(
        o, "UPDATE sqlite_schema SET name = ?, tbl_name = ?, sql = ? WHERE type = 'index' AND name = ?", params, 4);
}

static int rename_table(mo_online *o, const char *from, const char *to, const char *text)
{
    mo_value params[4] = {mo_value_text(to), mo_value_text(to), mo_value_text(text), mo_value_text(from)};
    return mo_online_run(
        o, "UPDATE sqlite_schema SET name = ?, tbl_name = ?, sql = ? WHERE type = 'table' AND name = ?", params, 4);
}

/* Everything of a table gets a name of moult's own, to be emptied later. */
static int retire(mo_online *o, const char *table, const mo_object *definition)
{
    leaving w = {.o = o, .table = table};
    mo_value name = mo_value_text(table);
    const char *text = bare_definition(o->region, definition, o->old);
    const char **texts;
    int rc = text ? mo_sqlite_query(o->c, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?",
                                    &name, 1, index_row, &w, NULL, o->err)
                  : mo_error_nomem(o->err);
    texts = mo_region_alloc(o->region, (w.names.count + 1) * sizeof *texts);
    if (texts == NULL)
        rc = mo_error_nomem(o->err);
    for (size_t pass = 0; pass < 2; pass++) /* first read all: what is renamed cannot be asked */
        for (size_t i = 0; i < w.names.count && rc == MOULT_OK; i++) {
            const char *gone = mo_region_printf(o->region, "_moult_gone_%zu_%s", i + 1, o->suffix);
            if (gone == NULL)
                rc = mo_error_nomem(o->err);
            else
                rc = pass ? rename_index(o, w.names.items[i], gone, o->old, texts[i])
                          : index_text(&w, i, gone, &texts[i]);
        }
    mo_str_free(&w.columns);
    return rc == MOULT_OK ? rename_table(o, table, o->old, text) : rc;
}

/* --- what comes ---------------------------------------------------------------------------------------------------- */

/* The definition under its own name again, also where it names its own table ("t.a"). */
static char *own_definition(mo_online *o)
{
    mo_str s = {0};
    const char *sql = mo_ladder_create_as(o->region, o->create, o->step->object), *from = sql;
    mo_lexer x;
    mo_token t, next;
    if (sql == NULL)
        return NULL;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = next) {
        next = mo_lexer_next(&x);
        if (!mo_token_is_punct(&next, '.') || !mo_ladder_token_names(&t, o->fresh))
            continue;
        mo_str_addn(&s, from, (size_t)(t.text - from));
        mo_str_ident(&s, o->step->object, '"');
        from = t.text + t.length;
    }
    mo_str_add(&s, from);
    return mo_str_into(&s, o->region);
}

/* SQLite finds the indexes of constraints by their names: sqlite_autoindex_TABLE_N. */
static int rename_constraint_indexes(mo_online *o)
{
    mo_value params[4] = {mo_value_text(o->fresh), mo_value_text(o->step->object), mo_value_text(o->step->object),
                          mo_value_text(o->fresh)};
    return mo_online_run(
        o,
        "UPDATE sqlite_schema SET name = 'sqlite_autoindex_' || ?2 || substr(name, length('sqlite_autoindex_' "
        "|| ?1) + 1), tbl_name = ?3 WHERE type = 'index' AND sql IS NULL AND tbl_name = ?4",
        params, 4);
}

static int promote(mo_online *o)
{
    const char *text = own_definition(o);
    int rc = text ? rename_constraint_indexes(o) : mo_error_nomem(o->err);
    for (size_t i = 0; i < o->indexes.count && rc == MOULT_OK; i++) {
        const char *sql = o->indexes.items[i], *from = mo_online_index_name(o, i);
        char *name = mo_online_index_own_name(o->region, sql);
        rc = from && name ? rename_index(o, from, name, o->step->object, sql) : mo_error_nomem(o->err);
    }
    return rc == MOULT_OK ? rename_table(o, o->fresh, o->step->object, text) : rc;
}

/* --- AUTOINCREMENT -------------------------------------------------------------------------------------------------- */

static int has_sequences(mo_online *o, int64_t *yes)
{
    return mo_online_ask(o, "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'", NULL, yes);
}

/* The highest id that was given goes with the name. */
static int move_sequence(mo_online *o)
{
    mo_value params[2] = {mo_value_text(o->step->object), mo_value_text(o->fresh)};
    mo_value old = mo_value_text(o->table);
    int64_t yes = 0;
    int rc = MOULT_OK;
    for (size_t i = 0; i < o->sequences.count && rc == MOULT_OK; i++)
        if (!mo_online_keep_did(o, o->sequences.items[i]))
            rc = mo_online_run(o, o->sequences.items[i], NULL, 0);
    if (rc == MOULT_OK)
        rc = has_sequences(o, &yes);
    if (rc == MOULT_OK && yes)
        rc = mo_online_run(o, "DELETE FROM sqlite_sequence WHERE name = ?", &old, 1);
    if (rc == MOULT_OK && yes)
        rc = mo_online_run(o, "UPDATE sqlite_sequence SET name = ? WHERE name = ?", params, 2);
    return rc;
}

/* SQLite reads the schema in the order of its rows, and a trigger after its table. */
static int move_triggers(mo_online *o)
{
    mo_value params[2] = {mo_value_text(o->step->object), mo_value_text(o->table)};
    return mo_online_run(
        o,
        "UPDATE sqlite_schema SET tbl_name = ?, rowid = rowid + (SELECT max(rowid) FROM sqlite_schema) "
        "WHERE type = 'trigger' AND tbl_name = ?",
        params, 2);
}

/* --- the swap ------------------------------------------------------------------------------------------------------ */

/* Other connections learn of the edit by the bump; this one reads the schema again. */
int mo_online_close_schema(mo_online *o)
{
    int rc = mo_online_run(o, "CREATE TABLE \"_moult_bump\"(x)", NULL, 0);
    if (rc == MOULT_OK)
        rc = mo_online_run(o, "DROP TABLE \"_moult_bump\"", NULL, 0);
    return rc == MOULT_OK ? mo_online_run(o, "PRAGMA writable_schema=RESET", NULL, 0) : rc;
}

static int drop_table(mo_online *o, const char *name)
{
    mo_str sql = {0};
    mo_str_add(&sql, "DROP TABLE IF EXISTS ");
    mo_str_ident(&sql, name, '"');
    return mo_online_run_str(o, &sql, NULL, 0);
}

int mo_online_swap(mo_online *o)
{
    int rc = mo_online_replay_rest(o);
    if (rc == MOULT_OK)
        rc = mo_online_keep_name(o);
    if (rc == MOULT_OK)
        rc = move_sequence(o);
    if (rc == MOULT_OK)
        rc = mo_online_drop_triggers(o);
    if (rc == MOULT_OK)
        rc = drop_table(o, o->log);
    if (rc == MOULT_OK)
        rc = drop_table(o, o->at);
    if (rc == MOULT_OK)
        rc = mo_online_run(o, "PRAGMA writable_schema=ON", NULL, 0);
    if (rc == MOULT_OK)
        rc = retire(o, o->table, o->before);
    if (rc == MOULT_OK)
        rc = promote(o);
    if (rc == MOULT_OK)
        rc = move_triggers(o);
    return rc == MOULT_OK ? mo_online_close_schema(o) : rc;
}

int mo_online_retire_fresh(mo_online *o)
{
    mo_value fresh = mo_value_text(o->fresh);
    int64_t yes = 0;
    int rc = has_sequences(o, &yes);
    if (rc == MOULT_OK && yes)
        rc = mo_online_run(o, "DELETE FROM sqlite_sequence WHERE name = ?", &fresh, 1);
    if (rc == MOULT_OK)
        rc = mo_online_run(o, "PRAGMA writable_schema=ON", NULL, 0);
    if (rc == MOULT_OK)
        rc = retire(o, o->fresh, o->after);
    return rc == MOULT_OK ? mo_online_close_schema(o) : rc;
}
