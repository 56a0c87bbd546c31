/* SPDX-License-Identifier: MIT */
/* sqlite.h - what the files of this dialect share: the connection, running statements, and errors told in our words. */
#ifndef MO_SQLITE_H
#define MO_SQLITE_H

#include <sqlite3.h>

#include "dialect/dialect.h"

/* The rows whose foreign keys were broken already before the steps (orphans.c). */
typedef struct mo_sqlite_orphans mo_sqlite_orphans;

/* What run_begin changed and run_end puts back (run.c). */
enum { MO_SQLITE_SETTING_COUNT = 5 };

struct mo_conn {
    sqlite3 *db;
    char *path;      /* what SQLite opens; NULL: a memory database */
    char *name;      /* for people */
    char engine[32]; /* "SQLite 3.40.1" */
    int flags;       /* of sqlite3_open_v2 */
    int pending;     /* CREATE, and there is no file yet: `db` is an empty stand-in that cannot be written */
    double busy_timeout;
    int eager; /* waits for a lock by asking every millisecond: others that write without a pause leave short gaps */
    int never_waits;    /* gives up at once when another connection holds a lock */
    double busy_since;  /* when the running statement began to wait for another writer; 0: it did not */
    sqlite3_stmt *rows; /* reads sqlite_schema: prepared when opening, stepped by the marker */
    /* What runs now; nested calls save and restore them. */
    const mo_watch *watch;
    const mo_watch *limit; /* over all that runs; NULL: none */
    sqlite3_stmt *running;
    int stopped; /* the code that the watch stopped it with */
    /* Rebuilds in batches: schema_version as their last batch left it (-1: none yet), whether somebody moved it meanwhile, and
     * how many tables wait for the swap. */
    int64_t online_version;
    int online_moved, online_prepared;
    /* Around an apply. */
    int run_active;
    int saved[MO_SQLITE_SETTING_COUNT];
    mo_sqlite_orphans *orphans;
};

/* The engine's own handle: for statements that are prepared, stepped and finalised within one function. */
sqlite3 *mo_sqlite_db(mo_conn *c);

/* A connection to a private in-memory database. */
int mo_sqlite_open_memory(mo_conn **out, mo_error *err);

/* Turns the stand-in of a database that does not exist yet into the real thing, when it is about to be written or has
 * appeared meanwhile. Does nothing for any other connection, or inside a transaction. */
int mo_sqlite_settle(mo_conn *c, int write, mo_error *err);

/* Sets the error of a call on `c` that gave `rc` (with sqlite3_errmsg), and returns its code. NOMEM, LOCKED, CANCELLED,
 * TIMEOUT, PERMISSION, IO or DATABASE, with the extended result code by name. */
int mo_sqlite_fail(mo_conn *c, int rc, mo_error *err);
/* CHANGED: the path leads to another file than the one that is open. */
int mo_sqlite_fail_moved(const mo_conn *c, mo_error *err);
/* "SQLITE_CONSTRAINT_UNIQUE" for an extended result code; its primary code's name for one that is not known. */
const char *mo_sqlite_code_name(int rc);

/* disk.c: adds what the system says of a disk that failed, and of a full one which it is and what is free on it. */
int mo_sqlite_add_disk(const mo_conn *c, int rc, mo_error *err);

/* Prepares the first statement of `sql`; *stmt is NULL for text without one. `tail` may be NULL. */
int mo_sqlite_prepare(mo_conn *c, const char *sql, sqlite3_stmt **stmt, const char **tail, mo_error *err);
/* Steps under the watch (may be NULL): SQLITE_ROW, SQLITE_DONE, or the engine's code. */
int mo_sqlite_step(mo_conn *c, sqlite3_stmt *stmt, const mo_watch *watch);

/* connect.c */
int mo_sqlite_open(mo_conn **out, const mo_open_args *args, mo_error *err);
void mo_sqlite_close(mo_conn *c);
const char *mo_sqlite_engine(const mo_conn *c);
const char *mo_sqlite_database(const mo_conn *c);
int mo_sqlite_writable(mo_conn *c);
/* The real path of the file, links followed, also when it does not exist yet; malloc'd. NULL: no memory. */
char *mo_sqlite_real_path(const mo_conn *c);

/* statement.c */
int mo_sqlite_exec(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err);
int mo_sqlite_query(mo_conn *c, const char *sql, const mo_value *params, size_t param_count, mo_row_fn row, void *user,
                    const mo_watch *watch, mo_error *err);
void mo_sqlite_limit(mo_conn *c, const mo_watch *watch);
/* Asks both watches: 1 to stop, and then c->stopped says why. */
int mo_sqlite_stops(mo_conn *c, int64_t rows_done);
int mo_sqlite_query_names(mo_conn *c, const char *sql, mo_row_fn row, void *user, mo_error *err);
int mo_sqlite_begin(mo_conn *c, int write, mo_error *err);
int mo_sqlite_commit(mo_conn *c, mo_error *err);
void mo_sqlite_rollback(mo_conn *c);
int mo_sqlite_in_transaction(mo_conn *c);
void mo_sqlite_quote(mo_str *out, const char *name);
int64_t mo_sqlite_changed_rows(mo_conn *c);

int mo_sqlite_table_bytes(mo_conn *c, const char *table, int64_t *out, mo_error *err); /* own.c */

/* marker.c, scratch.c, check.c, lock.c, run.c, orphans.c, backup.c, model.c, script.c, own.c: the slots of dialect.h */
int mo_sqlite_marker(mo_conn *c, mo_hash *out, mo_error *err);
int mo_sqlite_identity(mo_conn *c, mo_hasher *h, mo_error *err);
int mo_sqlite_scratch_open(mo_conn *c, mo_scratch **out, mo_error *err);
mo_conn *mo_sqlite_scratch_conn(mo_scratch *s);
void mo_sqlite_scratch_close(mo_scratch *s);
int mo_sqlite_copy(mo_conn *scratch, const mo_schema *s, int (*wanted)(void *user, const mo_object *o), void *user,
                   const mo_object **wrong, mo_error *err);
int mo_sqlite_check(mo_conn *scratch, const mo_schema *s, const mo_map *ask, const mo_object **wrong, mo_error *err);
extern const mo_lock_provider mo_sqlite_lock;
int mo_sqlite_rows_seen(mo_conn *c, mo_hash *out, mo_error *err);
int mo_sqlite_backup(mo_conn *c, mo_region *r, const mo_watch *watch, const char **path, mo_error *err);
/* IO where `copy` cannot be read, or is not what the database is; `seen`: what rows_seen gave before it was made. */
int mo_sqlite_backup_check(mo_conn *c, sqlite3 *copy, mo_hash seen, const char *path, mo_error *err);
#define MO_SQLITE_BACKUP "-moult-backup-" /* behind the database's name; a time follows */
int mo_sqlite_backups(mo_conn *c, mo_region *r, mo_backups *out, mo_error *err);
int mo_sqlite_room(mo_conn *c, const mo_plan *plan, int backup, mo_error *err);
int mo_sqlite_run_begin(mo_conn *c, const mo_plan *plan, int data, mo_error *err);
void mo_sqlite_run_end(mo_conn *c);
int mo_sqlite_run_check(mo_conn *c, const mo_plan *plan, int after, mo_error *err);
void mo_sqlite_orphans_free(mo_sqlite_orphans *o);
int mo_sqlite_render_model(const moult_model *model, mo_str *out, mo_error *err);
void mo_sqlite_script_frame(const mo_plan *plan, const mo_part_of_plan *part, mo_str *before, mo_str *after);
void mo_sqlite_script_assert(const mo_statement *statement, mo_str *out);
extern const char *const mo_sqlite_own_tables[];
extern const char mo_sqlite_own_attic[]; /* the one of the attic: plans make it too */

#endif
