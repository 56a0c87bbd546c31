/* SPDX-License-Identifier: MIT */
/*
 * marker.c - a cheap value that moves whenever the schema may have moved.
 *
 * schema_version alone is not enough: a dump, a restore and a few statements by hand bring the same number back. A hash of
 * sqlite_schema alone is not either: DROP and CREATE of the same text leave the same rows, with other rows beneath. So it
 * is both. Root pages are left out, since VACUUM moves them.
 */
#include "dialect/sqlite/sqlite.h"

#include <sys/stat.h>

/* The version, read while the rows' statement is active: it then belongs to the same snapshot. */
static int schema_version(mo_conn *c, int64_t *out, mo_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int code = mo_sqlite_prepare(c, "PRAGMA main.schema_version", &stmt, NULL, err);
    int rc;

    if (code != MOULT_OK) {
        return code;
    }
    rc = mo_sqlite_step(c, stmt, NULL);
    if (rc == SQLITE_ROW) {
        *out = sqlite3_column_int64(stmt, 0);
    } else {
        code = mo_sqlite_fail(c, rc == SQLITE_DONE ? SQLITE_ERROR : rc, err);
    }
    sqlite3_finalize(stmt);
    return code;
}

/* Adds one row: each text with its length before it, so that no two rows are one. */
static int add_row(sqlite3_stmt *rows, mo_hasher *h)
{
    for (int i = 0; i < 4; i++) {
        const void *text = sqlite3_column_text(rows, i);
        int64_t n = text ? sqlite3_column_bytes(rows, i) : -1;
        if (!text && sqlite3_column_type(rows, i) != SQLITE_NULL) {
            return -1; /* a conversion for which there was no memory */
        }
        mo_hasher_add(h, &n, sizeof n);
        if (n > 0) {
            mo_hasher_add(h, text, (size_t)n);
        }
    }
    return 0;
}

static int hash_rows(mo_conn *c, mo_hasher *h, mo_error *err)
{
    int64_t version = -1;
    int code = MOULT_OK, rc;

    for (int first = 1; code == MOULT_OK; first = 0) {
        rc = mo_sqlite_step(c, c->rows, NULL);
        if (rc == SQLITE_ROW && add_row(c->rows, h) != 0) {
            code = mo_error_nomem(err);
        } else if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
            code = mo_sqlite_fail(c, rc, err);
        } else if (first) {
            code = schema_version(c, &version, err);
        }
        if (rc != SQLITE_ROW) {
            break;
        }
    }
    sqlite3_reset(c->rows);
    mo_hasher_add(h, &version, sizeof version);
    return code;
}

int mo_sqlite_marker(mo_conn *c, mo_hash *out, mo_error *err)
{
    mo_hasher *h;
    int code = mo_sqlite_settle(c, 0, err);

    if (code != MOULT_OK) {
        return code;
    }
    h = mo_hasher_new();
    if (!h) {
        return mo_error_nomem(err);
    }
    code = hash_rows(c, h, err);
    *out = mo_hasher_result(h);
    mo_hasher_free(h);
    return code;
}

/* The file itself, wherever its path leads, and the engine as it was built. */
int mo_sqlite_identity(mo_conn *c, mo_hasher *h, mo_error *err)
{
    const char *path = c->pending ? NULL : sqlite3_db_filename(c->db, "main");
    struct stat st;
    uint64_t file[2];

    (void)err;
    if (!path || !*path || stat(path, &st) != 0) {
        return MOULT_NOTFOUND;
    }
    file[0] = (uint64_t)st.st_dev;
    file[1] = (uint64_t)st.st_ino;
    mo_hasher_add(h, file, sizeof file);
    mo_hasher_add_text(h, sqlite3_sourceid());
    for (int i = 0; sqlite3_compileoption_get(i); i++) {
        mo_hasher_add_text(h, sqlite3_compileoption_get(i));
    }
    return MOULT_OK;
}
