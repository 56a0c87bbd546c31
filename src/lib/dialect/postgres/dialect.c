/* SPDX-License-Identifier: MIT */
/* dialect.c - PostgreSQL's entry: the one table through which the rest of the library sees this folder. */
#include "dialect/postgres/postgres.h"

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

    .introspect = mo_pg_introspect,

    .compose_table = mo_pg_compose_table,
    .object_sql = mo_pg_object_sql,

    .own_table_exists =
        "SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = "
        "'moult' AND c.relname = ? AND c.relkind = 'r'",
};
