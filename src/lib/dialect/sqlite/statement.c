/* SPDX-License-Identifier: MIT */
/*
 * statement.c - running statements: several at once, one query with parameters, transactions; all of it under a watch.
 *
 * SQLite asks two handlers while it works: the progress handler after so many operations of its virtual machine, the
 * busy handler while another connection holds a lock. Both ask the watch, so nothing waits without a limit.
 */
#include "dialect/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* Operations between two looks at the watch: some 0.1 to 1 ms of work, against 50 ns for the look. */
enum { OPERATIONS_PER_TICK = 20000 };

sqlite3 *mo_sqlite_db(mo_conn *c)
{
    return c->db;
}

/* Rows that the running statement has gone through; -1 where the engine does not count them (copies between tables of
 * one shape, CREATE INDEX). */
static int64_t rows_done(const mo_conn *c)
{
    int n = c->running ? sqlite3_stmt_status(c->running, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) : 0;

    return n > 0 ? n : -1;
}

int mo_sqlite_stops(mo_conn *c, int64_t rows_done)
{
    c->stopped = c->watch ? c->watch->tick(c->watch->user, rows_done) : MOULT_OK;
    if (c->stopped == MOULT_OK && c->limit) {
        c->stopped = c->limit->tick(c->limit->user, rows_done);
    }
    return c->stopped != MOULT_OK;
}

static int on_progress(void *user)
{
    mo_conn *c = user;

    return mo_sqlite_stops(c, rows_done(c));
}

static void listen(mo_conn *c)
{
    int wanted = c->watch || c->limit;

    sqlite3_progress_handler(c->db, wanted ? OPERATIONS_PER_TICK : 0, wanted ? on_progress : NULL, c);
}

void mo_sqlite_limit(mo_conn *c, const mo_watch *watch)
{
    c->limit = watch;
    listen(c);
}

int mo_sqlite_step(mo_conn *c, sqlite3_stmt *stmt, const mo_watch *watch)
{
    const mo_watch *outer_watch = c->watch;
    sqlite3_stmt *outer_running = c->running;
    int rc;

    c->watch = watch;
    c->running = stmt;
    c->stopped = MOULT_OK;
    c->busy_since = 0;
    if (watch != outer_watch) {
        listen(c);
    }
    rc = sqlite3_step(stmt);
    c->watch = outer_watch;
    if (watch != outer_watch) {
        listen(c);
    }
    c->running = outer_running;
    return rc;
}

/* Where the engine stumbled: a piece of the statement from there, on one line. */
static void add_place(mo_conn *c, const char *sql, mo_error *err)
{
#if SQLITE_VERSION_NUMBER >= 3038000
    enum { SHOWN = 60 };
    char piece[SHOWN + 1];
    int offset = sqlite3_error_offset(c->db);
    size_t n = 0;

    if (offset < 0 || (size_t)offset >= strlen(sql)) {
        return;
    }
    for (const char *p = sql + offset; *p && n < SHOWN; p++) {
        piece[n++] = (unsigned char)*p < ' ' ? ' ' : *p;
    }
    while (n > 0 && ((unsigned char)piece[n - 1] & 0xc0) == 0x80) {
        n--; /* never half a character; at most one whole one is lost */
    }
    if (n > 0 && ((unsigned char)piece[n - 1] & 0xc0) == 0xc0) {
        n--;
    }
    piece[n] = '\0';
    mo_error_detail(err, "at: %s", piece);
#else
    (void)c;
    (void)sql;
    (void)err;
#endif
}

int mo_sqlite_prepare(mo_conn *c, const char *sql, sqlite3_stmt **stmt, const char **tail, mo_error *err)
{
    int rc;

    c->stopped = MOULT_OK;
    c->busy_since = 0;
    rc = sqlite3_prepare_v2(c->db, sql, -1, stmt, tail);
    if (rc == SQLITE_OK) {
        return MOULT_OK;
    }
    *stmt = NULL;
    rc = mo_sqlite_fail(c, rc, err);
    if (rc == MOULT_DATABASE) {
        add_place(c, sql, err);
    }
    return rc;
}

/* Gives the error of a statement that could not be prepared its place in the whole text; `sql` is what was prepared. */
static void add_line(mo_conn *c, const char *text, const char *sql, mo_error *err)
{
#if SQLITE_VERSION_NUMBER >= 3038000
    int offset = sqlite3_error_offset(c->db), line = 1, column = 1;

    if (offset < 0 || (size_t)offset >= strlen(sql)) {
        return;
    }
    for (const char *p = text; p < sql + offset; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*p & 0xc0) != 0x80) {
            column++;
        }
    }
    mo_error_at(err, NULL, line, column);
#else
    (void)c;
    (void)text;
    (void)sql;
    (void)err;
#endif
}

/* Runs every statement of a text. */
static int run_all(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err)
{
    const char *text = sql;
    int code = MOULT_OK;

    while (code == MOULT_OK && *sql) {
        const char *from = sql;
        sqlite3_stmt *stmt = NULL;
        int rc;
        code = mo_sqlite_prepare(c, from, &stmt, &sql, err);
        if (code == MOULT_DATABASE) {
            add_line(c, text, from, err);
        }
        if (code != MOULT_OK || !stmt) {
            continue; /* text without a statement: white space, comments, an empty one */
        }
        do {
            rc = mo_sqlite_step(c, stmt, watch);
        } while (rc == SQLITE_ROW);
        if (rc != SQLITE_DONE) {
            code = mo_sqlite_fail(c, rc, err);
        }
        sqlite3_finalize(stmt);
    }
    return code;
}

int mo_sqlite_exec(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err)
{
    int code = mo_sqlite_settle(c, 1, err);

    return code == MOULT_OK ? run_all(c, sql, watch, err) : code;
}

static int bind(mo_conn *c, sqlite3_stmt *stmt, const mo_value *params, size_t count, mo_error *err)
{
    int rc = SQLITE_OK, wanted = sqlite3_bind_parameter_count(stmt);

    if (count != (size_t)wanted) { /* those that were not given would be NULL */
        return mo_error_set(err, MOULT_INVALID, "the statement has %d parameter%s, and %zu value%s given", wanted,
                            wanted == 1 ? "" : "s", count, count == 1 ? " was" : "s were");
    }
    for (size_t i = 0; rc == SQLITE_OK && i < count; i++) {
        const mo_value *v = &params[i];
        int place = (int)i + 1;
        switch (v->type) {
        case MOULT_VALUE_INTEGER:
            rc = sqlite3_bind_int64(stmt, place, v->integer);
            break;
        case MOULT_VALUE_REAL:
            rc = sqlite3_bind_double(stmt, place, v->real);
            break;
        case MOULT_VALUE_TEXT:
            rc = sqlite3_bind_text64(stmt, place, v->text, v->length, SQLITE_STATIC, SQLITE_UTF8);
            break;
        case MOULT_VALUE_BLOB:
            rc = v->length ? sqlite3_bind_blob64(stmt, place, v->text, v->length, SQLITE_STATIC)
                           : sqlite3_bind_zeroblob(stmt, place, 0);
            break;
        case MOULT_VALUE_NULL:
            rc = sqlite3_bind_null(stmt, place);
            break;
        }
    }
    return rc == SQLITE_OK ? MOULT_OK : mo_sqlite_fail(c, rc, err);
}

/* One value of the current row: 0, or -1 when there is no memory for its text. */
static int column_value(sqlite3_stmt *stmt, int i, mo_value *out)
{
    int type = sqlite3_column_type(stmt, i);

    memset(out, 0, sizeof *out);
    switch (type) {
    case SQLITE_INTEGER:
        out->type = MOULT_VALUE_INTEGER;
        out->integer = sqlite3_column_int64(stmt, i);
        return 0;
    case SQLITE_FLOAT:
        out->type = MOULT_VALUE_REAL;
        out->real = sqlite3_column_double(stmt, i);
        return 0;
    case SQLITE_NULL:
        out->type = MOULT_VALUE_NULL;
        return 0;
    case SQLITE_BLOB:
        out->type = MOULT_VALUE_BLOB;
        out->text = sqlite3_column_blob(stmt, i);
        out->length = (size_t)sqlite3_column_bytes(stmt, i);
        if (!out->text && out->length == 0) {
            out->text = "";
        }
        return out->text ? 0 : -1;
    default:
        out->type = MOULT_VALUE_TEXT;
        out->text = (const char *)sqlite3_column_text(stmt, i);
        out->length = (size_t)sqlite3_column_bytes(stmt, i);
        return out->text ? 0 : -1;
    }
}

/* Gives every row to the caller. */
static int fetch(mo_conn *c, sqlite3_stmt *stmt, mo_value *values, mo_row_fn row, void *user, const mo_watch *watch,
                 mo_error *err)
{
    int count = sqlite3_column_count(stmt);

    for (;;) {
        int rc = mo_sqlite_step(c, stmt, watch);
        if (rc == SQLITE_DONE) {
            return MOULT_OK;
        }
        if (rc != SQLITE_ROW) {
            return mo_sqlite_fail(c, rc, err);
        }
        if (!row) {
            continue;
        }
        for (int i = 0; i < count; i++) {
            if (column_value(stmt, i, &values[i]) != 0) {
                return mo_error_nomem(err);
            }
        }
        rc = row(user, (size_t)count, values);
        if (rc != MOULT_OK) {
            return rc;
        }
    }
}

int mo_sqlite_query(mo_conn *c, const char *sql, const mo_value *params, size_t param_count, mo_row_fn row, void *user,
                    const mo_watch *watch, mo_error *err)
{
    enum { FEW = 16 };
    mo_value few[FEW], *values = few;
    sqlite3_stmt *stmt = NULL;
    int code = mo_sqlite_settle(c, 0, err);

    if (code == MOULT_OK) {
        code = mo_sqlite_prepare(c, sql, &stmt, NULL, err);
    }
    if (code != MOULT_OK || !stmt) {
        return code;
    }
    if (sqlite3_column_count(stmt) > FEW) {
        values = malloc((size_t)sqlite3_column_count(stmt) * sizeof *values);
    }
    code = values ? bind(c, stmt, params, param_count, err) : mo_error_nomem(err);
    if (code == MOULT_OK) {
        code = fetch(c, stmt, values, row, user, watch, err);
    }
    sqlite3_finalize(stmt);
    if (values != few) {
        free(values);
    }
    return code;
}

int mo_sqlite_query_names(mo_conn *c, const char *sql, mo_row_fn row, void *user, mo_error *err)
{
    sqlite3_stmt *stmt = NULL;
    mo_value *values;
    int code = mo_sqlite_prepare(c, sql, &stmt, NULL, err), count;

    if (code != MOULT_OK) {
        return code;
    }
    count = sqlite3_column_count(stmt);
    values = calloc((size_t)count + 1, sizeof *values);
    for (int i = 0; values && i < count; i++) {
        values[i] = mo_value_text(sqlite3_column_name(stmt, i));
    }
    code = values ? row(user, (size_t)count, values) : mo_error_nomem(err);
    sqlite3_finalize(stmt);
    free(values);
    return code;
}

/* What is written into a file that was replaced is lost, and looks as if it was done. */
static int check_file(mo_conn *c, mo_error *err)
{
    int moved = 0;

    if (sqlite3_file_control(c->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || !moved) {
        return MOULT_OK; /* also where the file system cannot tell */
    }
    return mo_sqlite_fail_moved(c, err);
}

int mo_sqlite_begin(mo_conn *c, int write, mo_error *err)
{
    int code = mo_sqlite_settle(c, write, err);

    if (code == MOULT_OK) {
        code = run_all(c, write ? "BEGIN IMMEDIATE" : "BEGIN", NULL, err);
    }
    if (code == MOULT_OK && write) {
        code = check_file(c, err);
        if (code != MOULT_OK) {
            mo_sqlite_rollback(c);
        }
    }
    return code;
}

int mo_sqlite_commit(mo_conn *c, mo_error *err)
{
    int code = check_file(c, err);

    return code == MOULT_OK ? run_all(c, "COMMIT", NULL, err) : code;
}

void mo_sqlite_rollback(mo_conn *c)
{
    if (!sqlite3_get_autocommit(c->db)) {
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

int mo_sqlite_in_transaction(mo_conn *c)
{
    return !sqlite3_get_autocommit(c->db);
}

void mo_sqlite_quote(mo_str *out, const char *name)
{
    mo_str_ident(out, name, '"');
}

int64_t mo_sqlite_changed_rows(mo_conn *c)
{
    return sqlite3_changes64(c->db);
}
