/* SPDX-License-Identifier: MIT */
/* read_extension.c - extensions. The version is no part of what is compared: an extension is updated only when that is asked for. */
#include "dialect/postgres/read.h"

static const char extensions_sql[] =
    "SELECT 'extension', 'pg_extension', x.oid, quote_ident(x.extname), NULL, 'schema ' || quote_ident(n.nspname), "
    "'CREATE EXTENSION ' || quote_ident(x.extname) || ' WITH SCHEMA ' || quote_ident(n.nspname) "
    "FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql'";

const mo_pg_reader mo_pg_read_extensions = {"extensions", extensions_sql, mo_pg_object_row};
