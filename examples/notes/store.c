/* SPDX-License-Identifier: MIT */
/* store.c - reads and writes rows of a model's table. Names come from the model, values are always bound. */
#include "store.h"

#include <stdio.h>
#include <string.h>

enum { OK = 200, CREATED = 201, BAD = 400, NOT_FOUND = 404, FAILED = 500, ROOM = 2000 };

static int fail(json_t **out, int status, const char *why)
{
    *out = json_pack("{s:s}", "error", why);
    return status;
}

static json_t *value_of(sqlite3_stmt *row, int i)
{
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(row, i));
    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(row, i));
    case SQLITE_TEXT:
        return json_string((const char *)sqlite3_column_text(row, i));
    default:
        return json_null();
    }
}

static json_t *row_of(sqlite3_stmt *row)
{
    json_t *object = json_object();
    for (int i = 0; i < sqlite3_column_count(row); i++)
        json_object_set_new(object, sqlite3_column_name(row, i), value_of(row, i));
    return object;
}

/* SELECT of all columns that the model has; `rest` is what follows the table. */
static sqlite3_stmt *select_rows(const store *s, const char *rest)
{
    char sql[ROOM], *at = sql;
    const char *before = "SELECT ";
    for (const moult_column *c = s->model->columns; c->name; c++, before = ", ")
        at += snprintf(at, ROOM - (size_t)(at - sql), "%s\"%s\"", before, c->name);
    snprintf(at, ROOM - (size_t)(at - sql), " FROM \"%s\" %s", s->model->name, rest);
    sqlite3_stmt *query = NULL;
    return sqlite3_prepare_v2(s->db, sql, -1, &query, NULL) == SQLITE_OK ? query : NULL;
}

int store_list(const store *s, json_t **out)
{
    sqlite3_stmt *query = select_rows(s, "ORDER BY id");
    if (!query)
        return fail(out, FAILED, sqlite3_errmsg(s->db));
    *out = json_array();
    while (sqlite3_step(query) == SQLITE_ROW)
        json_array_append_new(*out, row_of(query));
    sqlite3_finalize(query);
    return OK;
}

int store_get(const store *s, long long id, json_t **out)
{
    sqlite3_stmt *query = select_rows(s, "WHERE id = ?");
    if (!query)
        return fail(out, FAILED, sqlite3_errmsg(s->db));
    sqlite3_bind_int64(query, 1, id);
    int found = sqlite3_step(query) == SQLITE_ROW;
    if (found)
        *out = row_of(query);
    sqlite3_finalize(query);
    return found ? OK : fail(out, NOT_FOUND, "no such note");
}

static void bind(sqlite3_stmt *statement, int i, const json_t *value)
{
    if (json_is_string(value))
        sqlite3_bind_text(statement, i, json_string_value(value), -1, SQLITE_TRANSIENT);
    else if (json_is_integer(value))
        sqlite3_bind_int64(statement, i, json_integer_value(value));
    else if (json_is_real(value))
        sqlite3_bind_double(statement, i, json_real_value(value));
    else if (json_is_boolean(value))
        sqlite3_bind_int(statement, i, json_is_true(value));
}

/* An INSERT of the columns that `row` names. NULL when it names none, or one that the model does not have. */
static sqlite3_stmt *insert_row(const store *s, const json_t *row)
{
    char names[ROOM], marks[ROOM], sql[3 * ROOM], *at = names, *mark = marks;
    size_t known = 0;
    for (const moult_column *c = s->model->columns; c->name; c++)
        if (json_object_get(row, c->name)) {
            at += snprintf(at, ROOM - (size_t)(at - names), "%s\"%s\"", known ? ", " : "", c->name);
            mark += snprintf(mark, ROOM - (size_t)(mark - marks), "%s?", known ? ", " : "");
            known++;
        }
    if (!known || known != json_object_size(row))
        return NULL;
    snprintf(sql, sizeof sql, "INSERT INTO \"%s\" (%s) VALUES (%s)", s->model->name, names, marks);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    int i = 0;
    for (const moult_column *c = s->model->columns; c->name; c++)
        if (json_object_get(row, c->name))
            bind(statement, ++i, json_object_get(row, c->name));
    return statement;
}

int store_add(const store *s, const char *body, size_t length, json_t **out)
{
    json_t *row = json_loadb(body, length, 0, NULL);
    sqlite3_stmt *statement = json_is_object(row) ? insert_row(s, row) : NULL;
    json_decref(row);
    if (!statement)
        return fail(out, BAD, "send a JSON object whose names are columns");
    int code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE)
        return fail(out, BAD, sqlite3_errmsg(s->db));
    int status = store_get(s, sqlite3_last_insert_rowid(s->db), out);
    return status == OK ? CREATED : status;
}
