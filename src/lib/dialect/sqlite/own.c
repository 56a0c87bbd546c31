/* SPDX-License-Identifier: MIT */
/* own.c - moult's own tables on SQLite. Columns are only ever added, with a default, so that old builds go on working. */
#include "dialect/sqlite/sqlite.h"

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
    NULL};
