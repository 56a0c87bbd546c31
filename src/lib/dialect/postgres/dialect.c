/* SPDX-License-Identifier: MIT */
/* dialect.c - PostgreSQL's entry: the one table through which the rest of the library sees this folder. */
#include "dialect/postgres/steps.h"

static const char *const schemes[] = {"postgresql", "postgres", NULL};

const mo_dialect mo_dialect_postgres = {
    .name = "postgresql",
    .title = "PostgreSQL",
    .schemes = schemes,
    .caps = MO_CAP_TRANSACTIONAL_DDL | MO_CAP_CLUSTER_LOCK,
    .lex = &mo_lex_postgres,
    .own_prefix = "moult.",

    .open = mo_pg_open,
    .close = mo_pg_close,
    .engine = mo_pg_engine,
    .database = mo_pg_database,
    .writable = mo_pg_writable,
    .exec = mo_pg_exec,
    .query = mo_pg_query,
    .limit = mo_pg_limit,
    .query_names = mo_pg_query_names,
    .begin = mo_pg_begin,
    .commit = mo_pg_commit,
    .rollback = mo_pg_rollback,
    .in_transaction = mo_pg_in_transaction,
    .quote = mo_pg_quote,
    .same = "IS NOT DISTINCT FROM",

    .changed_rows = mo_pg_changed_rows,

    .marker = mo_pg_marker,
    .identity = mo_pg_identity,

    .introspect = mo_pg_introspect,

    .scratch_open = mo_pg_scratch_open,
    .scratch_conn = mo_pg_scratch_conn,
    .scratch_close = mo_pg_scratch_close,
    .copy = mo_pg_copy,
    .declare = mo_pg_declare,
    .check = mo_pg_check,

    .compose_table = mo_pg_compose_table,
    .object_sql = mo_pg_object_sql,
    .late_sql = mo_pg_late_sql,
    .probe = mo_pg_probe,
    .renames = mo_pg_renames,
    .steps = mo_pg_steps,
    .expand = mo_pg_expand_steps,
    .render_model = mo_pg_render_model,
    .script_frame = mo_pg_script_frame,
    .script_assert = mo_pg_script_assert,

    .rows_seen = mo_pg_rows_seen,
    .backup = mo_pg_backup,
    .backups = mo_pg_backups,
    .run_begin = mo_pg_run_begin,
    .run_end = mo_pg_run_end,
    .run_check = mo_pg_run_check,

    .lock = &mo_pg_lock,

    .own_tables = mo_pg_own_tables,

    .own_table_exists =
        "SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = "
        "'moult' AND c.relname = ? AND c.relkind = 'r'",
    .own_table_names = "SELECT 'moult.' || quote_ident(c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = "
                       "c.relnamespace WHERE n.nspname = 'moult' AND c.relkind = 'r' ORDER BY c.relname",
    .table_bytes = mo_pg_table_bytes,
};
