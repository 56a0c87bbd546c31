/* SPDX-License-Identifier: MIT */
/*
 * scratch.c - the throw-away place where SQLite reads desired SQL: a private database in memory.
 *
 * Pages of 512 bytes: every table and index has a page of its own, so 1,000 tables take 2 MB instead of 13.
 */
#include "dialect/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

struct mo_scratch {
    mo_conn *conn;
};

static int compare_bytes(void *user, int n_a, const void *a, int n_b, const void *b)
{
    int order = memcmp(a, b, (size_t)(n_a < n_b ? n_a : n_b));

    (void)user;
    return order ? order : n_a - n_b;
}

/* A collation that only the application has: a scratch has no rows, so any order will do to read the definitions. */
static void any_collation(void *user, sqlite3 *db, int encoding, const char *name)
{
    (void)user;
    (void)encoding;
    sqlite3_create_collation(db, name, SQLITE_UTF8, NULL, compare_bytes);
}

/* As the definitions are read in any application, whatever this SQLite's defaults: no checks of rows, no other files. */
static int set_up(mo_conn *c, mo_error *err)
{
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_limit(c->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_collation_needed(c->db, NULL, any_collation);
    return mo_sqlite_exec(c, "PRAGMA page_size = 512", NULL, err);
}

int mo_sqlite_scratch_open(mo_conn *c, mo_scratch **out, mo_error *err)
{
    mo_scratch *s = calloc(1, sizeof *s);
    int code;

    *out = NULL;
    if (!s) {
        return mo_error_nomem(err);
    }
    code = mo_sqlite_open_memory(&s->conn, err);
    if (code == MOULT_OK) {
        mo_sqlite_limit(s->conn,
                        c ? c->limit : NULL); /* all else of a scratch is its own: the engine is in the process */
        code = set_up(s->conn, err);
    }
    if (code != MOULT_OK) {
        mo_sqlite_scratch_close(s);
        return code;
    }
    *out = s;
    return MOULT_OK;
}

mo_conn *mo_sqlite_scratch_conn(mo_scratch *s)
{
    return s->conn;
}

void mo_sqlite_scratch_close(mo_scratch *s)
{
    if (s) {
        mo_sqlite_close(s->conn);
        free(s);
    }
}

int mo_sqlite_copy(mo_conn *scratch, const mo_schema *s, int (*wanted)(void *user, const mo_object *o), void *user,
                   const mo_object **wrong, mo_error *err)
{
    int code = MOULT_OK;

    for (size_t i = 0; code == MOULT_OK && i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if ((o->flags & MO_OBJECT_UNCOMPARED) || (wanted && !wanted(user, o))) {
            continue;
        }
        code = mo_sqlite_exec(scratch, o->sql, NULL, err);
        if (code != MOULT_OK && wrong) {
            *wrong = o;
        }
    }
    return code;
}
