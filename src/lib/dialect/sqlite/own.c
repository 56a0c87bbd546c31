/* SPDX-License-Identifier: MIT */
/* own.c - moult's own tables on SQLite. Columns are only ever added, with a default, so that old builds go on working. */
#include "dialect/sqlite/sqlite.h"

/* What is kept of that which plans took away. Lists of names are JSON; `definition` is a list of statements. */
const char mo_sqlite_own_attic[] =
    "CREATE TABLE IF NOT EXISTS _moult_attic ("
    "id INTEGER PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL, holder TEXT NOT NULL, "
    "identity TEXT NOT NULL, \"columns\" TEXT NOT NULL, \"keys\" TEXT NOT NULL, \"others\" TEXT NOT NULL, "
    "\"rows\" INTEGER NOT NULL, created_at TEXT NOT NULL, expires TEXT, definition TEXT NOT NULL, holder_sql TEXT NOT "
    "NULL)";

const char *const mo_sqlite_own_tables[] = {
    /* What has been applied. `chain` is a SHA-256 over the row and the chain of the row before it. */
    "CREATE TABLE IF NOT EXISTS _moult_history ("
    "version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL, applied_by TEXT NOT NULL, host TEXT NOT NULL, plan_id "
    "TEXT, "
    "from_schema TEXT NOT NULL, to_schema TEXT NOT NULL, kind TEXT NOT NULL, changes INTEGER NOT NULL, "
    "seconds REAL NOT NULL, tool TEXT NOT NULL, declared TEXT, chain TEXT NOT NULL)",
    /* What was found up to date: saves time only, and may be emptied whenever one likes. */
    "CREATE TABLE IF NOT EXISTS _moult_state ("
    "inputs TEXT PRIMARY KEY, marker TEXT NOT NULL, outcome TEXT NOT NULL, version INTEGER NOT NULL, "
    "recorded_at TEXT NOT NULL) WITHOUT ROWID",
    /* Plans that wait for a person, and approvals. */
    "CREATE TABLE IF NOT EXISTS _moult_plan ("
    "id TEXT PRIMARY KEY, body TEXT NOT NULL, stored_at TEXT NOT NULL, approved_at TEXT, approved_by TEXT, "
    "approved_host TEXT, used_at TEXT)",
    /* Data hooks that ran here, or were not needed; `code` is a SHA-256 of what they did. */
    "CREATE TABLE IF NOT EXISTS _moult_hook ("
    "version TEXT PRIMARY KEY, code TEXT NOT NULL, state TEXT NOT NULL, schema_version INTEGER NOT NULL, "
    "recorded_at TEXT NOT NULL, seconds REAL NOT NULL) WITHOUT ROWID",
    /* The apply that is running, or was interrupted: at most one row. */
    "CREATE TABLE IF NOT EXISTS _moult_journal ("
    "id INTEGER PRIMARY KEY CHECK (id = 1), plan_id TEXT NOT NULL, declared_fp TEXT NOT NULL, declared TEXT, hooks "
    "TEXT, "
    "started_at TEXT NOT NULL, applied_by TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, risk INTEGER NOT "
    "NULL, "
    "parts INTEGER NOT NULL, done INTEGER NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL, title TEXT NOT "
    "NULL, "
    "message TEXT, options INTEGER NOT NULL)",
    mo_sqlite_own_attic, NULL};

static int take_bytes(void *user, size_t count, const mo_value *values)
{
    (void)count;
    *(int64_t *)user = values[0].type == MOULT_VALUE_INTEGER ? values[0].integer : 0;
    return MOULT_OK;
}

/* The table and its indexes; the tables beneath a virtual one. dbstat is not part of every build. */
int mo_sqlite_table_bytes(mo_conn *c, const char *table, int64_t *out, mo_error *err)
{
    mo_value params[2] = {mo_value_text(table), mo_value_text(table)};
    int rc =
        mo_sqlite_query(c,
                        "SELECT sum(pgsize) FROM dbstat WHERE aggregate=1 AND name IN (SELECT name FROM sqlite_schema "
                        "WHERE tbl_name = ? OR substr(tbl_name, 1, length(?1) + 1) = ? || '_')",
                        params, 2, take_bytes, out, NULL, err);
    if (rc == MOULT_DATABASE) {
        mo_error_clear(err);
        *out = -1;
        rc = MOULT_OK;
    }
    return rc;
}
