/* SPDX-License-Identifier: MIT */
/*
 * backup_check.c - is a copy what it was copied from: every page, the schema, and as many rows in every table?
 *
 * Schema and rows are compared where nobody wrote meanwhile: else the copy is an older state, and as good as any.
 */
#include <string.h>

#include "dialect/sqlite/sqlite.h"

/* Reads the copy as a whole: every page is there and every row can be read. */
static int read_back(sqlite3 *copy, const char *path, mo_error *err)
{
    sqlite3_stmt *stmt = NULL;
    const char *said = NULL;
    int rc = sqlite3_prepare_v2(copy, "PRAGMA quick_check(1)", -1, &stmt, NULL);
    int code = MOULT_OK;

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc == SQLITE_ROW) {
        said = (const char *)sqlite3_column_text(stmt, 0);
    }
    if (!said && (sqlite3_errcode(copy) & 0xff) == SQLITE_NOMEM) {
        code = mo_error_nomem(err);
    } else if (!said || strcmp(said, "ok") != 0) {
        mo_error_set(err, MOULT_IO, "the backup '%s' cannot be read back: %s", path,
                     said ? said : sqlite3_errmsg(copy));
        code = mo_error_hint(err, "the database itself may be damaged: ask it with 'PRAGMA integrity_check'");
    }
    sqlite3_finalize(stmt);
    return code;
}

/* All that a query gives, added to `out`; an error of it is added as well, for both sides must have the same. NOMEM: -1. */
static int add_result(sqlite3 *db, const char *sql, mo_hasher *out)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK) {
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            for (int i = 0; i < sqlite3_column_count(stmt); i++) {
                mo_hasher_add_text(out, (const char *)sqlite3_column_text(stmt, i));
            }
        }
    }
    mo_hasher_add(out, &rc, sizeof rc);
    sqlite3_finalize(stmt);
    return (rc & 0xff) == SQLITE_NOMEM ? -1 : 0;
}

/* The schema, and how many rows each table has. */
static int look(sqlite3 *db, mo_hash *out, mo_error *err)
{
    static const char tables[] = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0";
    mo_hasher *h = mo_hasher_new();
    sqlite3_stmt *stmt = NULL;
    int failed =
        !h || add_result(db, "SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY rowid", h) != 0;

    failed |= sqlite3_prepare_v2(db, tables, -1, &stmt, NULL) == SQLITE_NOMEM;
    while (!failed && stmt && sqlite3_step(stmt) == SQLITE_ROW) {
        mo_str sql = {0};
        mo_str_add(&sql, "SELECT count(*) FROM main.");
        mo_sqlite_quote(&sql, (const char *)sqlite3_column_text(stmt, 0));
        failed = sql.failed || add_result(db, mo_str_text(&sql), h) != 0;
        mo_str_free(&sql);
    }
    sqlite3_finalize(stmt);
    if (!failed) {
        *out = mo_hasher_result(h);
    }
    mo_hasher_free(h);
    return failed ? mo_error_nomem(err) : MOULT_OK;
}

int mo_sqlite_backup_check(mo_conn *c, sqlite3 *copy, mo_hash seen, const char *path, mo_error *err)
{
    mo_hash now, here = {0}, there = {0};
    int code = read_back(copy, path, err);

    if (code == MOULT_OK) {
        code = look(c->db, &here, err);
    }
    if (code == MOULT_OK) {
        code = look(copy, &there, err);
    }
    if (code == MOULT_OK) {
        code = mo_sqlite_rows_seen(c, &now, err);
    }
    if (code == MOULT_OK && mo_hash_equal(now, seen) && !mo_hash_equal(here, there)) {
        mo_error_set(err, MOULT_IO, "the backup '%s' has not the schema and the rows of the database", path);
        code = mo_error_hint(err, "nothing was changed; is the disk sound?");
    }
    return code;
}
