/* SPDX-License-Identifier: MIT */
/* read_namespace.c - schemas, but the first managed one, which is the place where everything is, and not an object. */
#include "dialect/postgres/read.h"

static const char namespaces_sql[] =
    "$managed "
    "SELECT 'schema', 'pg_namespace', m.oid, quote_ident(m.nspname), NULL, '', 'CREATE SCHEMA ' || "
    "quote_ident(m.nspname) FROM m WHERE m.place > 1";

const mo_pg_reader mo_pg_read_namespaces = {"namespaces", namespaces_sql, mo_pg_object_row};
