/* SPDX-License-Identifier: MIT */
/* dialect.c - SQLite's entry: the one table through which the rest of the library sees this folder. */
#include "dialect/sqlite/online.h"
#include "dialect/sqlite/reader.h"
#include "dialect/sqlite/sqlite.h"

static const char *const schemes[] = {"sqlite", "sqlite3", NULL};

const mo_dialect mo_dialect_sqlite = {
    .name = "sqlite",
    .title = "SQLite",
    .schemes = schemes,
    .caps = MO_CAP_TRANSACTIONAL_DDL | MO_CAP_READS_DEFINITIONS | MO_CAP_CLUSTER_LOCK | MO_CAP_ATTIC,
    .lex = &mo_lex_sqlite,
    .own_prefix = "_moult_",

    .open = mo_sqlite_open,
    .close = mo_sqlite_close,
    .engine = mo_sqlite_engine,
    .database = mo_sqlite_database,
    .writable = mo_sqlite_writable,
    .exec = mo_sqlite_exec,
    .query = mo_sqlite_query,
    .limit = mo_sqlite_limit,
    .query_names = mo_sqlite_query_names,
    .begin = mo_sqlite_begin,
    .commit = mo_sqlite_commit,
    .rollback = mo_sqlite_rollback,
    .in_transaction = mo_sqlite_in_transaction,
    .quote = mo_sqlite_quote,
    .changed_rows = mo_sqlite_changed_rows,
    .same = "IS",

    .marker = mo_sqlite_marker,
    .identity = mo_sqlite_identity,

    .introspect = mo_sqlite_introspect,
    .read_object = mo_sqlite_read_object,

    .scratch_open = mo_sqlite_scratch_open,
    .scratch_conn = mo_sqlite_scratch_conn,
    .scratch_close = mo_sqlite_scratch_close,
    .copy = mo_sqlite_copy,
    .declare = mo_sqlite_declare,
    .check = mo_sqlite_check,

    .compose_table = mo_sqlite_compose_table,
    .object_sql = mo_sqlite_object_sql,
    .probe = mo_sqlite_probe,
    .renames = mo_sqlite_renames,
    .steps = mo_sqlite_steps,
    .expand = mo_sqlite_expand,
    .restore = mo_sqlite_restore,
    .row_id_name = mo_sqlite_row_id_name,
    .key_is_never_reused = mo_ladder_has_autoincrement,
    .render_model = mo_sqlite_render_model,
    .script_frame = mo_sqlite_script_frame,
    .script_assert = mo_sqlite_script_assert,

    .rows_seen = mo_sqlite_rows_seen,
    .room = mo_sqlite_room,
    .backup = mo_sqlite_backup,
    .backups = mo_sqlite_backups,
    .run_begin = mo_sqlite_run_begin,
    .run_end = mo_sqlite_run_end,
    .run_check = mo_sqlite_run_check,
    .drive = mo_sqlite_drive,
    .tidy = mo_sqlite_tidy,

    .lock = &mo_sqlite_lock,

    .own_tables = mo_sqlite_own_tables,
    .own_table_exists = "SELECT 1 FROM pragma_table_info('_moult_' || ?) LIMIT 1",
    /* The tables of a virtual one go with it. */
    .own_table_names = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND name LIKE "
                       "'\\_moult\\_%' ESCAPE '\\' ORDER BY name",
    .table_bytes = mo_sqlite_table_bytes,
};
