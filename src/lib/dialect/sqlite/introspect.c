/* SPDX-License-Identifier: MIT */
/*
 * introspect.c - sqlite_schema → schema. The stored texts are the source of truth: one query, whatever the number of tables, and
 * our own reader on each. The pragmas would cost one statement a table and say less.
 *
 * Only where there are virtual tables is more asked: which tables are the shadows of one (they are its own business), and
 * whether its module is here.
 */
#include <stdlib.h>
#include <string.h>

#include "dialect/sqlite/reader_core.h"
#include "dialect/sqlite/sqlite.h"

typedef struct introspection {
    mo_conn *conn;
    mo_schema *schema;
    mo_reader reader;
    MO_VEC(mo_object *) found;
    size_t virtual_count;
    mo_map *shadows; /* names of tables that are not objects */
    mo_error *err;
} introspection;

static int begins(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    return strlen(name) >= n && mo_name_equaln(prefix, name, n);
}

/* SQLite's own and ours; `of` is the table that an index or trigger belongs to. */
static int is_internal(const char *name, const char *of)
{
    return begins(name, "sqlite_") || begins(name, "_moult_") || begins(of, "_moult_") || begins(of, "sqlite_");
}

/* An object whose definition cannot be read: nothing is known of it but that it is there. */
static int add_unread(introspection *in, const char *type, const char *name, const char *parent, const char *sql,
                      mo_object **out)
{
    mo_region *region = in->schema->region;
    mo_kind kind;
    if (mo_kind_find(type, &kind))
        kind = MO_KIND_TABLE;
    mo_object *o = mo_schema_object(in->schema, kind, name);
    if (!o)
        return mo_error_nomem(in->err);
    o->sql = mo_region_dup(region, sql);
    o->canonical = o->sql;
    o->parent = mo_kinds[kind].of_table ? mo_region_dup(region, parent) : NULL;
    o->flags = MO_OBJECT_UNCOMPARED | MO_OBJECT_UNREAD;
    o->note =
        mo_region_printf(region, "its definition cannot be read: %s", in->err->pub.message ? in->err->pub.message : "");
    o->tokens = mo_hash_of(sql, strlen(sql));
    if (!o->sql || !o->note || (mo_kinds[kind].of_table && !o->parent))
        return mo_error_nomem(in->err);
    mo_error_clear(in->err);
    *out = o;
    return MOULT_OK;
}

static int read_row(introspection *in, sqlite3_stmt *stmt)
{
    const char *column[4];
    mo_object *o = NULL;
    for (int i = 0; i < 4; i++) {
        column[i] = (const char *)sqlite3_column_text(stmt, i);
        if (!column[i] && sqlite3_column_type(stmt, i) != SQLITE_NULL)
            return mo_error_nomem(in->err);
        if (!column[i])
            return MOULT_OK; /* the index of a constraint has no text */
    }
    const char *type = column[0], *name = column[1], *of = column[2], *sql = column[3];
    if (is_internal(name, of))
        return MOULT_OK;
    int rc = mo_read_definition(&in->reader, in->schema, sql, (size_t)sqlite3_column_bytes(stmt, 3), &o);
    if (rc == MOULT_SOURCE)
        rc = add_unread(in, type, name, of, sql, &o);
    if (rc == MOULT_OK && mo_vec_push(in->schema->region, &in->found, o))
        rc = mo_error_nomem(in->err);
    if (rc == MOULT_OK)
        in->virtual_count += o->kind == MO_KIND_VIRTUAL_TABLE;
    return rc;
}

/* Runs a query; `row` takes each row. */
static int each_row(introspection *in, const char *sql, int (*row)(introspection *, sqlite3_stmt *))
{
    sqlite3_stmt *stmt = NULL;
    int rc = mo_sqlite_prepare(in->conn, sql, &stmt, NULL, in->err), step;
    if (rc)
        return rc;
    while (rc == MOULT_OK && (step = mo_sqlite_step(in->conn, stmt, NULL)) != SQLITE_DONE)
        rc = step == SQLITE_ROW ? row(in, stmt) : mo_sqlite_fail(in->conn, step, in->err);
    sqlite3_finalize(stmt);
    return rc;
}

/* --- virtual tables -------------------------------------------------------------------------------------------------- */

static int add_shadow(introspection *in, sqlite3_stmt *stmt)
{
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    if (!name || mo_map_put(in->shadows, name, in))
        return mo_error_nomem(in->err);
    return MOULT_OK;
}

/* The module of a virtual table, in the region. */
static const char *module_of(introspection *in, const mo_object *o)
{
    const char *from = o->canonical + strlen("using "), *end = strrchr(o->canonical, '(');
    const char *first = strstr(from, " (");
    if (first)
        end = first;
    return mo_region_dupn(in->schema->region, from, end ? (size_t)(end - from) : strlen(from));
}

/* The tables that look like shadows of a virtual table whose module is not here: nobody else can say. */
static int guess_shadows(introspection *in, mo_object *v)
{
    size_t n = strlen(v->name), guessed = 0;
    for (size_t i = 0; i < in->found.count; i++) {
        const mo_object *o = in->found.items[i];
        if (o->kind != MO_KIND_TABLE || strlen(o->name) < n + 2 || o->name[n] != '_' ||
            !mo_name_equaln(v->name, o->name, n))
            continue;
        if (mo_map_put(in->shadows, o->name, in))
            return mo_error_nomem(in->err);
        guessed++;
    }
    const char *module = module_of(in, v);
    if (!module)
        return mo_error_nomem(in->err);
    v->flags |= MO_OBJECT_UNCOMPARED;
    v->note = guessed
                  ? mo_region_printf(in->schema->region,
                                     "its module '%s' is not loaded; the tables named '%s_…' are left alone with it",
                                     module, v->name)
                  : mo_region_printf(in->schema->region, "its module '%s' is not loaded", module);
    return v->note ? MOULT_OK : mo_error_nomem(in->err);
}

/* Is the module here? SQLite says so when a statement names the table. */
static int ask_module(introspection *in, mo_object *v)
{
    sqlite3_stmt *stmt = NULL;
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT 1 FROM main.");
    mo_str_ident(&sql, v->name, '"');
    if (sql.failed) {
        mo_str_free(&sql);
        return mo_error_nomem(in->err);
    }
    int rc = mo_sqlite_prepare(in->conn, mo_str_text(&sql), &stmt, NULL, in->err);
    mo_str_free(&sql);
    sqlite3_finalize(stmt);
    if (rc != MOULT_DATABASE)
        return rc;
    if (in->err->pub.message && strstr(in->err->pub.message, "no such module")) {
        mo_error_clear(in->err);
        return guess_shadows(in, v);
    }
    v->flags |= MO_OBJECT_UNCOMPARED;
    v->note =
        mo_region_printf(in->schema->region, "it cannot be used: %s", in->err->pub.message ? in->err->pub.message : "");
    mo_error_clear(in->err);
    return v->note ? MOULT_OK : mo_error_nomem(in->err);
}

static int find_shadows(introspection *in)
{
    if (in->virtual_count == 0)
        return MOULT_OK;
    in->shadows = mo_map_new(1);
    int rc = in->shadows ? MOULT_OK : mo_error_nomem(in->err);
    for (size_t i = 0; rc == MOULT_OK && i < in->found.count; i++)
        if (in->found.items[i]->kind == MO_KIND_VIRTUAL_TABLE)
            rc = ask_module(in, in->found.items[i]);
    if (rc == MOULT_OK)
        rc = each_row(in, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'", add_shadow);
    return rc;
}

static int add_found(introspection *in)
{
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < in->found.count; i++) {
        mo_object *o = in->found.items[i];
        int of_shadow = in->shadows && ((o->kind == MO_KIND_TABLE && mo_map_has(in->shadows, o->name)) ||
                                        (o->parent && mo_map_has(in->shadows, o->parent)));
        if (!of_shadow)
            rc = mo_schema_add(in->schema, o, in->err);
    }
    return rc;
}

int mo_sqlite_introspect(mo_conn *c, mo_schema **out, mo_error *err)
{
    introspection in = {.conn = c, .schema = mo_schema_new(), .err = err};
    *out = NULL;
    if (!in.schema)
        return mo_error_nomem(err);
    mo_reader_init(&in.reader, in.schema->region, err);
    int rc = each_row(&in, "SELECT type, name, tbl_name, sql FROM main.sqlite_schema", read_row);
    if (rc == MOULT_OK)
        rc = find_shadows(&in);
    if (rc == MOULT_OK)
        rc = add_found(&in);
    if (rc == MOULT_OK)
        rc = mo_schema_seal(in.schema, err);
    mo_reader_free(&in.reader);
    mo_map_free(in.shadows);
    /* The pages that were read, the history's among them, are not needed again while a plan is made. */
    sqlite3_db_release_memory(c->db);
    if (rc == MOULT_OK)
        *out = in.schema;
    else
        mo_schema_free(in.schema);
    return rc;
}
