/* SPDX-License-Identifier: MIT */
/*
 * online_fill.c - an index is filled in its own order, in batches, after the rows are copied.
 *
 * An entry goes to any place of an index, so keeping one while rows come in writes a page for nearly each row, into the WAL
 * and from there into the database. In the index's own order an entry follows the one before it, and a page is written
 * once. Readers stop nobody in WAL mode, so the entries are sorted into a temporary table first.
 *
 * The pages of an index are those of a table WITHOUT ROWID whose key is the index's columns and the row id: the file format
 * says so (https://www.sqlite.org/fileformat2.html#representation_of_sql_indices). While it is filled, it is such a table
 * by name; then the name changes, which is one row of sqlite_schema. A key of such a table cannot be NULL: the rows that
 * have one there are taken out of the new table first, and logged as if they had been written, so that the replay puts them
 * in when the index is whole.
 *
 *   _moult_nx_N_TABLE  an index of the rows that hold a NULL, during the copy
 *   _moult_fl_TABLE    the same pages as a table, while it is filled: one at a time
 *   _moult_ix_N_TABLE  the same pages as the index, complete
 *
 * From the sorting to the last name nothing else writes the new table: the log waits. Whatever stops it, all that stands in
 * the database is what its definition says.
 */
#include <string.h>

#include "dialect/sqlite/online.h"

#define SORTED "temp.\"_moult_sorted\""
#define ROW "_moult_row" /* the last column: the row id */

typedef struct fill {
    mo_online *o;
    const char *part, *whole; /* names of the index */
    const char *text;         /* of the whole one, under that name */
    const char *condition;    /* in that text: its WHERE; NULL: none */
    MO_VEC(const char *) columns, collations;
    MO_VEC(int) descending;
    int begun; /* it is a table for now */
    int unfit; /* a part of it is no column, or the row id's name is taken */
} fill;

/* --- what the index is made of --------------------------------------------------------------------------------------- */

/* Its WHERE: there are no queries in an index, so the first one is it. */
static const char *condition_of(const char *sql)
{
    mo_lexer x;
    mo_token t;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x))
        if (mo_token_is(&t, "WHERE"))
            return t.text;
    return NULL;
}

static int open_fill(fill *f, mo_online *o, size_t i)
{
    memset(f, 0, sizeof *f);
    f->o = o;
    f->whole = mo_online_index_name(o, i);
    f->part = mo_region_printf(o->region, "_moult_nx_%zu_%s", i + 1, o->suffix);
    f->text = f->whole ? mo_online_index_as(o->region, o->indexes.items[i], f->whole, o->fresh, o->table) : NULL;
    if (f->part == NULL || f->text == NULL)
        return mo_error_nomem(o->err);
    f->condition = condition_of(f->text);
    return MOULT_OK;
}

static int take_column(void *user, size_t count, const mo_value *v)
{
    fill *f = user;
    mo_region *r = f->o->region;
    const char *name = mo_region_dup(r, v[0].text), *collation = mo_region_dup(r, v[1].text);
    (void)count;
    int is_row = v[0].text && mo_name_equal(v[0].text, ROW);
    if (is_row && f->begun)
        return MOULT_OK;
    f->unfit |= v[0].text == NULL || v[1].text == NULL || is_row;
    for (size_t i = 0; name && i < f->columns.count; i++)
        f->unfit |= mo_name_equal(f->columns.items[i], name);
    if (f->unfit)
        return MOULT_OK;
    if (name == NULL || collation == NULL || mo_vec_push(r, &f->columns, name) ||
        mo_vec_push(r, &f->collations, collation) || mo_vec_push(r, &f->descending, v[2].integer != 0))
        return mo_error_nomem(f->o->err);
    return MOULT_OK;
}

/* Of an index, or of what it is for now: both give the same columns in the same order. */
static int read_columns(fill *f, const char *index)
{
    mo_value name = mo_value_text(index);
    return mo_sqlite_query(f->o->c,
                           "SELECT name, coll, \"desc\" FROM pragma_index_xinfo(?) WHERE \"key\" ORDER BY seqno", &name,
                           1, take_column, f, NULL, f->o->err);
}

/* A name that reaches the row id of the new table; NULL: there is none. */
static const char *row_id_of(const mo_table *t)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    if (mo_table_option(t, "without rowid"))
        return NULL;
    for (size_t i = 0; i < t->columns.count; i++)
        if (t->columns.items[i]->row_id)
            return t->columns.items[i]->name;
    for (size_t i = 0; i < 3; i++)
        if (mo_table_column(t, names[i]) == NULL)
            return names[i];
    return NULL;
}

/* --- pieces of SQL ------------------------------------------------------------------------------------------------- */

/* ("t"."a" IS NULL OR "t"."b" IS NULL), or that none is. In the text of an index names stand alone. */
static void add_nulls(const fill *f, mo_str *s, const char *table, const char *test, const char *join)
{
    mo_str_add(s, "(");
    for (size_t i = 0; i < f->columns.count; i++) {
        mo_str_add(s, i ? join : "");
        if (table) {
            mo_str_ident(s, table, '"');
            mo_str_addc(s, '.');
        }
        mo_str_ident(s, f->columns.items[i], '"');
        mo_str_add(s, test);
    }
    mo_str_add(s, ")");
}

static void add_condition(const fill *f, mo_str *s)
{
    if (f->condition == NULL)
        return;
    mo_str_add(s, " AND (");
    mo_str_add(s, f->condition + sizeof "WHERE" - 1);
    mo_str_add(s, "\n)");
}

/* "a" COLLATE "x", … with `key`: as the columns of a key, DESC where the index is. */
static void add_columns(const fill *f, mo_str *s, int collations, int key)
{
    for (size_t i = 0; i < f->columns.count; i++) {
        mo_str_add(s, i ? ", " : "");
        mo_str_ident(s, f->columns.items[i], '"');
        if (collations) {
            mo_str_add(s, " COLLATE ");
            mo_str_ident(s, f->collations.items[i], '"');
        }
        mo_str_add(s, key && f->descending.items[i] ? " DESC" : "");
    }
}

/* No types: a value is in the index as it is in the row. */
static const char *table_text(const fill *f)
{
    mo_str s = {0};
    mo_str_add(&s, "CREATE TABLE ");
    mo_str_ident(&s, f->o->filling, '"');
    mo_str_add(&s, "(");
    add_columns(f, &s, 1, 0);
    mo_str_add(&s, ", " ROW ", PRIMARY KEY(");
    add_columns(f, &s, 0, 1);
    mo_str_add(&s, ", " ROW ")) WITHOUT ROWID");
    return mo_str_into(&s, f->o->region);
}

/* --- before the copy ------------------------------------------------------------------------------------------------- */

static int replace_by_part(fill *f)
{
    mo_str sql = {0};
    mo_str_add(&sql, "DROP INDEX ");
    mo_str_ident(&sql, f->whole, '"');
    int rc = mo_online_run_str(f->o, &sql, NULL, 0);
    const char *part = mo_online_index_as(f->o->region, f->text, f->part, f->o->fresh, f->o->fresh);
    const char *condition = part ? condition_of(part) : NULL;
    if (rc != MOULT_OK || part == NULL)
        return rc != MOULT_OK ? rc : mo_error_nomem(f->o->err);
    mo_str_addn(&sql, part, condition ? (size_t)(condition - part) : strlen(part));
    mo_str_add(&sql, "\nWHERE ");
    add_nulls(f, &sql, NULL, " IS NULL", " OR ");
    add_condition(f, &sql);
    return mo_online_run_str(f->o, &sql, NULL, 0);
}

/* The new table is empty, so that to make an index costs nothing: SQLite says what it is made of. */
int mo_online_fill_begin(mo_online *o, size_t i)
{
    fill f;
    int rc = open_fill(&f, o, i);
    if (rc == MOULT_OK)
        rc = mo_online_run(o, f.text, NULL, 0);
    if (rc != MOULT_OK || !o->wal || row_id_of(o->after->table) == NULL)
        return rc;
    rc = read_columns(&f, f.whole);
    return rc == MOULT_OK && !f.unfit ? replace_by_part(&f) : rc;
}

/* --- sorting --------------------------------------------------------------------------------------------------------- */

static int forget_sorted(mo_online *o)
{
    return mo_online_run(o, "DROP TABLE IF EXISTS " SORTED, NULL, 0);
}

static int sort(fill *f)
{
    mo_online *o = f->o;
    mo_str sql = {0};
    int rc = forget_sorted(o);
    mo_str_add(&sql, "CREATE TABLE " SORTED "(");
    add_columns(f, &sql, 1, 0);
    mo_str_add(&sql, ", " ROW ")");
    if (rc == MOULT_OK)
        rc = mo_online_run_str(o, &sql, NULL, 0);
    mo_str_clear(&sql);
    mo_str_add(&sql, "INSERT INTO " SORTED " SELECT ");
    mo_online_row_value(&sql, o->fresh, f->columns.items, NULL, 1);
    for (size_t i = 1; i < f->columns.count; i++) {
        mo_str_add(&sql, ", ");
        mo_online_row_value(&sql, o->fresh, &f->columns.items[i], NULL, 1);
    }
    const char *row_id = row_id_of(o->after->table);
    mo_str_add(&sql, ", ");
    mo_online_row_value(&sql, o->fresh, &row_id, NULL, 1);
    mo_str_add(&sql, " FROM main.");
    mo_str_ident(&sql, o->fresh, '"');
    mo_str_add(&sql, " WHERE ");
    add_nulls(f, &sql, o->fresh, " IS NOT NULL", " AND ");
    add_condition(f, &sql);
    mo_str_add(&sql, " ORDER BY ");
    for (size_t i = 0; i < f->columns.count; i++) {
        mo_online_row_value(&sql, o->fresh, &f->columns.items[i], &f->collations.items[i], 1);
        mo_str_add(&sql, f->descending.items[i] ? " DESC, " : ", ");
    }
    mo_online_row_value(&sql, o->fresh, &row_id, NULL, 1);
    if (rc == MOULT_OK)
        return mo_online_run_str(o, &sql, NULL, 0);
    mo_str_free(&sql);
    return rc;
}

/* Two rows that are the same to a unique index stand side by side. */
static int find_twins(fill *f, int64_t *found)
{
    mo_str sql = {0};
    int unique = strncmp(f->text, "CREATE UNIQUE", sizeof "CREATE UNIQUE" - 1) == 0, rc = MOULT_OK;
    *found = 0;
    if (!unique)
        return rc;
    mo_str_add(&sql,
               "SELECT EXISTS (SELECT 1 FROM " SORTED " AS a JOIN " SORTED " AS b ON b.rowid = a.rowid + 1 WHERE ");
    for (size_t i = 0; i < f->columns.count; i++) {
        mo_str_add(&sql, i ? " AND " : "");
        mo_online_row_value(&sql, "a", &f->columns.items[i], NULL, 1);
        mo_str_add(&sql, " = ");
        mo_online_row_value(&sql, "b", &f->columns.items[i], NULL, 1);
    }
    mo_str_add(&sql, ")");
    rc = sql.failed ? mo_error_nomem(f->o->err) : mo_online_ask(f->o, mo_str_text(&sql), NULL, found);
    mo_str_free(&sql);
    return rc;
}

/* --- one name for another -------------------------------------------------------------------------------------------- */

/* The pages stay, what they are called changes. */
static int rename_pages(mo_online *o, const char *type, const char *table, const char *name, const char *text,
                        const char *from)
{
    mo_value params[5] = {mo_value_text(type), mo_value_text(name), mo_value_text(table), mo_value_text(text),
                          mo_value_text(from)};
    int rc = mo_online_run(o, "PRAGMA writable_schema=ON", NULL, 0);
    if (rc == MOULT_OK)
        rc = mo_online_run(o, "UPDATE sqlite_schema SET type = ?, name = ?, tbl_name = ?, sql = ? WHERE name = ?",
                           params, 5);
    return rc == MOULT_OK ? mo_online_close_schema(o) : rc;
}

static int set_filled(mo_online *o, int64_t rows)
{
    mo_value param = mo_value_int(rows);
    mo_str sql = {0};
    mo_str_add(&sql, "UPDATE ");
    mo_str_ident(&sql, o->at, '"');
    mo_str_add(&sql, " SET filled = ?1");
    return mo_online_run_str(o, &sql, &param, 1);
}

static int become_table(mo_online *o, int64_t *rows, void *user)
{
    const fill *f = user;
    const char *text = table_text(f);
    int rc = text ? rename_pages(o, "table", o->filling, o->filling, text, f->part) : mo_error_nomem(o->err);
    *rows = 0;
    return rc == MOULT_OK ? set_filled(o, 0) : rc;
}

static int become_index(mo_online *o, int64_t *rows, void *user)
{
    const fill *f = user;
    *rows = 0;
    return rename_pages(o, "index", o->fresh, f->whole, f->text, o->filling);
}

/* --- rows that hold a NULL ------------------------------------------------------------------------------------------- */

static int newest_entry(mo_online *o, int64_t *seq)
{
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT ifnull(max(seq), -1) FROM ");
    mo_str_ident(&sql, o->log, '"');
    int rc = sql.failed ? mo_error_nomem(o->err) : mo_online_ask(o, mo_str_text(&sql), NULL, seq);
    mo_str_free(&sql);
    return rc;
}

/* Logged, and out of the new table. */
static int take_nulls_out(mo_online *o, int64_t *rows, void *user)
{
    const fill *f = user;
    mo_value limit = mo_value_int(o->batch);
    mo_str sql = {0};
    int64_t from = 0, to = 0;
    int rc = newest_entry(o, &from);
    mo_str_add(&sql, "INSERT INTO ");
    mo_str_ident(&sql, o->log, '"');
    mo_str_add(&sql, "(");
    mo_online_log_columns(&sql, "", o->keys.old_match.count);
    mo_str_add(&sql, ") SELECT ");
    mo_online_names(&sql, "", o->keys.new_match.items, o->keys.new_match.count);
    mo_str_add(&sql, " FROM ");
    mo_str_ident(&sql, o->fresh, '"');
    mo_str_add(&sql, " INDEXED BY ");
    mo_str_ident(&sql, f->part, '"');
    mo_str_add(&sql, " WHERE ");
    add_nulls(f, &sql, NULL, " IS NULL", " OR ");
    add_condition(f, &sql);
    mo_str_add(&sql, " LIMIT ?1");
    if (rc != MOULT_OK) {
        mo_str_free(&sql);
        return rc;
    }
    rc = mo_online_run_str(o, &sql, &limit, 1);
    *rows = rc == MOULT_OK ? sqlite3_changes(o->c->db) : 0;
    if (rc == MOULT_OK)
        rc = newest_entry(o, &to);
    return rc == MOULT_OK && *rows ? mo_online_take_out(o, from, to) : rc;
}

static int take_all_nulls_out(fill *f)
{
    int rc = MOULT_OK;
    f->o->batch = MO_ONLINE_FIRST;
    for (int64_t rows = 1; rc == MOULT_OK && rows > 0;)
        rc = mo_online_batch(f->o, take_nulls_out, f, &rows);
    return rc;
}

/* --- filling --------------------------------------------------------------------------------------------------------- */

static int fill_rows(mo_online *o, int64_t *rows, void *user)
{
    mo_value range[2] = {mo_value_int(o->filled), mo_value_int(o->filled + o->batch)};
    mo_str sql = {0};
    (void)user;
    mo_str_add(&sql, "INSERT INTO main.");
    mo_str_ident(&sql, o->filling, '"');
    mo_str_add(&sql, " SELECT * FROM " SORTED " WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid");
    int rc = mo_online_run_str(o, &sql, range, 2);
    *rows = rc == MOULT_OK ? sqlite3_changes(o->c->db) : 0;
    return rc == MOULT_OK && *rows ? set_filled(o, o->filled + *rows) : rc;
}

static int fill_all(mo_online *o)
{
    int rc = MOULT_OK;
    int64_t rows = 1;
    o->batch = MO_ONLINE_FIRST;
    while (rc == MOULT_OK && rows > 0) {
        rc = mo_online_batch(o, fill_rows, NULL, &rows);
        o->filled += rc == MOULT_OK ? rows : 0;
        if (rc == MOULT_OK && o->drive->progress)
            rc = o->drive->progress(o->drive->user, o->done, o->total);
    }
    return rc;
}

static int fill_index(fill *f, mo_online_filling *out)
{
    int64_t rows, twins = 0;
    int rc = f->begun ? MOULT_OK : take_all_nulls_out(f);
    if (rc == MOULT_OK)
        rc = sort(f);
    if (rc == MOULT_OK && !f->begun)
        rc = find_twins(f, &twins);
    *out = twins ? MO_ONLINE_FILL_COLLIDES : MO_ONLINE_FILLED;
    if (rc != MOULT_OK || twins)
        return rc;
    if (!f->begun) {
        f->o->filled = 0;
        rc = mo_online_batch(f->o, become_table, f, &rows);
    }
    if (rc == MOULT_OK)
        rc = fill_all(f->o);
    if (rc == MOULT_OK)
        rc = mo_online_batch(f->o, become_index, f, &rows);
    return rc;
}

int mo_online_fill_begun(mo_online *o, int64_t *begun)
{
    return mo_online_ask(o, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1", o->filling, begun);
}

int mo_online_fill(mo_online *o, size_t i, int begun, mo_online_filling *out)
{
    fill f;
    int64_t there = 0;
    int rc = open_fill(&f, o, i);
    *out = MO_ONLINE_FILL_NOT_BEGUN;
    f.begun = begun;
    if (rc == MOULT_OK && !begun)
        rc = mo_online_ask(o, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = ?1", f.part, &there);
    if (rc != MOULT_OK || (!begun && !there))
        return rc;
    const char *index = begun ? mo_region_printf(o->region, "sqlite_autoindex_%s_1", o->filling) : f.part;
    rc = index ? read_columns(&f, index) : mo_error_nomem(o->err);
    if (rc == MOULT_OK)
        rc = fill_index(&f, out);
    if (rc != MOULT_OK) /* the first error counts, and a temporary table goes with the connection */
        sqlite3_exec(o->c->db, "DROP TABLE IF EXISTS " SORTED, NULL, NULL, NULL);
    return rc == MOULT_OK ? forget_sorted(o) : rc;
}

int mo_online_fill_give_up(mo_online *o, size_t i)
{
    fill f;
    mo_str sql = {0};
    int rc = open_fill(&f, o, i);
    if (rc != MOULT_OK)
        return rc;
    mo_str_add(&sql, "DROP INDEX IF EXISTS ");
    mo_str_ident(&sql, f.part, '"');
    return mo_online_run_str(o, &sql, NULL, 0);
}

/* --- looking again --------------------------------------------------------------------------------------------------- */

static int first_finding(void *user, size_t count, const mo_value *v)
{
    mo_str *finding = user;
    if (count && v[0].text && finding->length == 0 && strcmp(v[0].text, "ok") != 0)
        mo_str_add(finding, v[0].text);
    return finding->failed ? MOULT_NOMEM : MOULT_OK;
}

int mo_online_fill_check(mo_online *o)
{
    mo_str sql = {0}, finding = {0};
    mo_str_add(&sql, "PRAGMA main.integrity_check(");
    mo_str_ident(&sql, o->fresh, '"');
    mo_str_add(&sql, ")");
    int rc = sql.failed
                 ? mo_error_nomem(o->err)
                 : mo_sqlite_query(o->c, mo_str_text(&sql), NULL, 0, first_finding, &finding, o->drive->watch, o->err);
    if (rc == MOULT_OK && finding.length) {
        mo_error_set(o->err, MOULT_UNVERIFIED, "an index of the copy of '%s' is not what its rows are: %s", o->table,
                     mo_str_text(&finding));
        rc =
            mo_error_hint(o->err, "nothing was changed; this is a defect of moult, please report it with both schemas");
    }
    mo_str_free(&sql);
    mo_str_free(&finding);
    return rc;
}
