/* SPDX-License-Identifier: MIT */
/*
 * online_drop.c - a large table of moult's own leaves in batches.
 *
 * Its indexes go first, each at once: that only notes its pages as free, unless secure_delete wants them overwritten, which
 * would take as long as writing them. Then that is turned off for the drop, and the free pages are overwritten in batches
 * after it, by a table of zeros that takes them all and goes again. The rows are deleted in batches.
 */
#include <string.h>

#include "dialect/sqlite/online.h"

#define WIPE "\"_moult_wipe\""
#define MO_WIPE_PAGES 8 /* of one row of zeros */

/* --- secure_delete ------------------------------------------------------------------------------------------------- */

static int pragma(mo_online *o, const char *sql, int64_t *out)
{
    return mo_online_ask(o, sql, NULL, out);
}

/* Turned off for a moment: 1 when it was on (2, "fast", overwrites nothing by itself). */
static int relax(mo_online *o, int64_t *was)
{
    int rc = pragma(o, "PRAGMA main.secure_delete", was);
    int64_t ignored;
    return rc == MOULT_OK && *was == 1 ? pragma(o, "PRAGMA main.secure_delete=0", &ignored) : rc;
}

static void restore(mo_online *o, int64_t was)
{
    if (was == 1)
        sqlite3_exec(o->c->db, "PRAGMA main.secure_delete=1", NULL, NULL, NULL);
}

/* --- overwriting free pages ---------------------------------------------------------------------------------------- */

static int write_zeros(mo_online *o, int64_t *rows, void *user)
{
    const int64_t *size = user;
    mo_value blob = mo_value_int(*size * MO_WIPE_PAGES);
    int rc = MOULT_OK;
    for (*rows = 0; *rows < o->batch && rc == MOULT_OK; ++*rows)
        rc = mo_online_run(o, "INSERT INTO " WIPE " VALUES (zeroblob(?))", &blob, 1);
    return rc;
}

/* The newest free pages are taken first; how many there were before them stands in the first row. One page of the list of
 * free pages may name both, so that many more are taken. */
static int fill_free_pages(mo_online *o, int64_t size)
{
    int64_t target = 0, left = 0, rows;
    int rc = pragma(o, "SELECT ifnull(max(x), 0) FROM " WIPE " WHERE typeof(x) = 'integer'", &target);
    target -= size / 4;
    o->batch = 4;
    for (;;) {
        if (rc == MOULT_OK)
            rc = pragma(o, "PRAGMA main.freelist_count", &left);
        if (rc != MOULT_OK || left <= target || left <= MO_WIPE_PAGES)
            return rc;
        rc = mo_online_batch(o, write_zeros, &size, &rows);
    }
}

static int delete_rows(mo_online *o, int64_t *rows, void *user)
{
    const char *const *sql = user;
    mo_value limit = mo_value_int(o->batch);
    int rc = mo_online_run(o, *sql, &limit, 1);
    *rows = rc == MOULT_OK ? sqlite3_changes(o->c->db) : 0;
    return rc;
}

static int delete_all(mo_online *o, const char *sql)
{
    int rc = MOULT_OK;
    o->batch = 50;
    for (int64_t rows = 1; rows > 0 && rc == MOULT_OK;)
        rc = mo_online_batch(o, delete_rows, &sql, &rows);
    return rc;
}

static int drop_now(mo_online *o, int64_t *rows, void *user)
{
    *rows = 0;
    return mo_online_run(o, user, NULL, 0);
}

/* Goes on where an interrupted one stopped. */
int mo_online_wipe(mo_online *o)
{
    char drop[] = "DROP TABLE " WIPE;
    int64_t there = 0, size = 0, was = 0, rows;
    int rc = pragma(o, "SELECT count(*) FROM sqlite_schema WHERE name = '_moult_wipe'", &there);
    if (rc != MOULT_OK || !there)
        return rc;
    rc = pragma(o, "PRAGMA main.page_size", &size);
    if (rc == MOULT_OK)
        rc = fill_free_pages(o, size);
    if (rc == MOULT_OK) /* zeros need not be overwritten by zeros */
        rc = relax(o, &was);
    if (rc == MOULT_OK)
        rc = delete_all(o, "DELETE FROM " WIPE " WHERE rowid IN (SELECT rowid FROM " WIPE " LIMIT ?1)");
    if (rc == MOULT_OK)
        rc = mo_online_batch(o, drop_now, drop, &rows);
    restore(o, was);
    return rc;
}

/* --- indexes ------------------------------------------------------------------------------------------------------- */

typedef struct gone {
    const char *index;
    int64_t secure;
} gone;

static int drop_index(mo_online *o, int64_t *rows, void *user)
{
    const gone *g = user;
    mo_str sql = {0};
    int64_t before = 0;
    int rc = MOULT_OK;
    *rows = 0;
    if (g->secure == 1) {
        rc = pragma(o, "PRAGMA main.freelist_count", &before);
        mo_value number = mo_value_int(before);
        if (rc == MOULT_OK)
            rc = mo_online_run(o, "CREATE TABLE " WIPE "(x)", NULL, 0);
        if (rc == MOULT_OK)
            rc = mo_online_run(o, "INSERT INTO " WIPE " VALUES (?)", &number, 1);
    }
    mo_str_add(&sql, "DROP INDEX ");
    mo_str_ident(&sql, g->index, '"');
    if (rc == MOULT_OK)
        return mo_online_run_str(o, &sql, NULL, 0);
    mo_str_free(&sql);
    return rc;
}

typedef struct name_list {
    mo_online *o;
    MO_VEC(const char *) names;
} name_list;

static int take_name(void *user, size_t count, const mo_value *v)
{
    name_list *l = user;
    const char *name = mo_region_dup(l->o->region, v[0].text);
    (void)count;
    return name && !mo_vec_push(l->o->region, &l->names, name) ? MOULT_OK : mo_error_nomem(l->o->err);
}

static int drop_indexes(mo_online *o, const char *table)
{
    name_list l = {.o = o};
    mo_value name = mo_value_text(table);
    int rc = mo_sqlite_query(o->c,
                             "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?",
                             &name, 1, take_name, &l, NULL, o->err);
    for (size_t i = 0; i < l.names.count && rc == MOULT_OK; i++) {
        gone g = {.index = l.names.items[i]};
        int64_t rows;
        rc = mo_online_wipe(o);
        if (rc == MOULT_OK)
            rc = relax(o, &g.secure);
        if (rc == MOULT_OK)
            rc = mo_online_batch(o, drop_index, &g, &rows);
        restore(o, g.secure);
    }
    return rc;
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

/* What a row is deleted by: its primary key in a table WITHOUT ROWID, else a name that reaches its row id. */
static int find_key(mo_online *o, const char *table, name_list *key)
{
    mo_value name = mo_value_text(table);
    int64_t without = 0, hidden = 0;
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    int rc = mo_online_ask(o, "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1", table, &without);
    if (rc == MOULT_OK)
        rc = mo_sqlite_query(o->c, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", &name, 1,
                             take_name, key, NULL, o->err);
    if (rc != MOULT_OK || without || key->names.count) /* without constraints a key of a row id table is its alias */
        return rc;
    for (size_t i = 0; i < 3 && rc == MOULT_OK && key->names.count == 0; i++) {
        mo_str sql = {0};
        mo_str_addf(&sql, "SELECT count(*) FROM pragma_table_xinfo(?1) WHERE lower(name) = '%s'", names[i]);
        rc = sql.failed ? mo_error_nomem(o->err) : mo_online_ask(o, mo_str_text(&sql), table, &hidden);
        mo_str_free(&sql);
        if (rc == MOULT_OK && !hidden && mo_vec_push(o->region, &key->names, names[i]))
            rc = mo_error_nomem(o->err);
    }
    return rc;
}

static int delete_table_rows(mo_online *o, const char *table)
{
    name_list key = {.o = o};
    mo_str sql = {0};
    int rc = find_key(o, table, &key);
    const char *many = key.names.count > 1 ? "(" : "", *close = key.names.count > 1 ? ")" : "";
    if (rc != MOULT_OK || key.names.count == 0)
        return rc; /* no name reaches its rows: the drop takes them */
    mo_str_add(&sql, "DELETE FROM ");
    mo_str_ident(&sql, table, '"');
    mo_str_addf(&sql, " WHERE %s", many);
    mo_online_names(&sql, "", key.names.items, key.names.count);
    mo_str_addf(&sql, "%s IN (SELECT ", close);
    mo_online_names(&sql, "", key.names.items, key.names.count);
    mo_str_add(&sql, " FROM ");
    mo_str_ident(&sql, table, '"');
    mo_str_add(&sql, " LIMIT ?1)");
    rc = sql.failed ? mo_error_nomem(o->err) : delete_all(o, mo_str_text(&sql));
    mo_str_free(&sql);
    return rc;
}

int mo_online_remove(mo_online *o, const char *table)
{
    mo_str drop = {0};
    int64_t rows, there = 0;
    int rc = mo_online_ask(o, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1", table, &there);
    if (rc == MOULT_OK && there)
        rc = drop_indexes(o, table);
    if (rc == MOULT_OK)
        rc = mo_online_wipe(o);
    if (rc != MOULT_OK || !there)
        return rc;
    rc = delete_table_rows(o, table);
    mo_str_add(&drop, "DROP TABLE ");
    mo_str_ident(&drop, table, '"');
    if (rc == MOULT_OK)
        rc = drop.failed ? mo_error_nomem(o->err) : mo_online_batch(o, drop_now, drop.data, &rows);
    mo_str_free(&drop);
    return rc;
}
