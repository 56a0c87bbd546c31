/* SPDX-License-Identifier: MIT */
/*
 * fuzz_create.c - the reader of SQLite's stored definitions. Any text is read or is a clear error; and what SQLite itself
 * takes and stores, the reader must take, with the columns that SQLite sees.
 */
#include <sqlite3.h>
#include <string.h>

#include "dialect/dialect.h"
#include "fuzz.h"

/* Any text: no crash, and an error that says something. */
static void read_any(const char *text, size_t length)
{
    mo_error error = {0};
    mo_object *object = NULL;
    mo_schema *schema = mo_schema_new();
    if (!schema)
        return;
    int code = mo_dialect_sqlite.read_object(schema, text, length, &object, &error);
    PROMISE(code == MOULT_OK ? object && object->name : error.pub.code == code && error.pub.message != NULL);
    if (code == MOULT_OK && mo_schema_add(schema, object, &error) == MOULT_OK)
        mo_schema_seal(schema, &error);
    mo_error_clear(&error);
    mo_schema_free(schema);
}

/* The columns that the reader found against those that SQLite shows. */
static void compare_columns(sqlite3 *db, const mo_object *object)
{
    sqlite3_stmt *columns = NULL;
    PROMISE(sqlite3_prepare_v2(db, "SELECT name, \"notnull\", pk, hidden FROM pragma_table_xinfo(?)", -1, &columns,
                               NULL) == SQLITE_OK);
    sqlite3_bind_text(columns, 1, object->name, -1, SQLITE_TRANSIENT);
    size_t i = 0;
    for (; sqlite3_step(columns) == SQLITE_ROW; i++) {
        PROMISE(i < object->table->columns.count);
        const mo_column *c = object->table->columns.items[i];
        PROMISE(!strcmp(c->name, (const char *)sqlite3_column_text(columns, 0)));
        /* A primary key of a WITHOUT ROWID table is NOT NULL for SQLite without being declared so. */
        PROMISE(!c->attr[MO_ATTR_NOT_NULL].canonical || sqlite3_column_int(columns, 1));
        PROMISE(!c->key_place == !sqlite3_column_int(columns, 2));
        PROMISE(!c->attr[MO_ATTR_GENERATED].canonical == (sqlite3_column_int(columns, 3) < 2));
    }
    PROMISE(i == object->table->columns.count);
    sqlite3_finalize(columns);
}

/* What SQLite stored: the reader must take it. */
static void read_stored(sqlite3 *db)
{
    sqlite3_stmt *stored = NULL;
    const char *query = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'base%'";
    if (sqlite3_prepare_v2(db, query, -1, &stored, NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(stored) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(stored, 2);
        mo_error error = {0};
        mo_object *object = NULL;
        mo_schema *schema = mo_schema_new();
        PROMISE(schema);
        if (mo_dialect_sqlite.read_object(schema, sql, strlen(sql), &object, &error) != MOULT_OK)
            fprintf(stderr, "SQLite takes it, the reader says: %s\n%s\n", error.pub.message, sql);
        PROMISE(object && !strcmp(object->name, (const char *)sqlite3_column_text(stored, 1)));
        if (object->kind == MO_KIND_TABLE)
            compare_columns(db, object);
        mo_schema_free(schema);
    }
    sqlite3_finalize(stored);
}

/* Only what creates; nothing that leaves the database in memory or does not end. */
static int allow(void *user, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)user, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_ATTACH || action == SQLITE_PRAGMA || action == SQLITE_TRANSACTION ? SQLITE_DENY : SQLITE_OK;
}

static int too_long(void *user)
{
    (void)user;
    return 1;
}

static void ask_sqlite(const char *text)
{
    sqlite3 *db = NULL;
    PROMISE(sqlite3_open(":memory:", &db) == SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE base(a, b, c); CREATE VIEW base_view AS SELECT * FROM base", NULL, NULL, NULL);
    sqlite3_set_authorizer(db, allow, NULL);
    sqlite3_progress_handler(db, 20000, too_long, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 100);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK) {
        sqlite3_set_authorizer(db, NULL, NULL);
        sqlite3_progress_handler(db, 0, NULL, NULL);
        read_stored(db);
    }
    sqlite3_close(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_any((const char *)data, size);
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (strlen(text) == size)
        ask_sqlite(text);
    free(text);
    return 0;
}
