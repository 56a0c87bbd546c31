/* SPDX-License-Identifier: MIT */
/* read_enum.c - enums. */
#include "dialect/postgres/read.h"

static const char enums_sql[] =
    "$managed "
    "SELECT 'enum', 'pg_type', t.oid, n.name, NULL, d.canonical, 'CREATE TYPE ' || n.name || ' AS ' || d.canonical "
    "FROM pg_type t JOIN m ON m.oid = t.typnamespace, "
    "LATERAL (SELECT m.prefix || quote_ident(t.typname) AS name) n, "
    "LATERAL (SELECT 'ENUM (' || coalesce(string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder), "
    "'') || ')' AS canonical "
    "FROM pg_enum e WHERE e.enumtypid = t.oid) d "
    "WHERE t.typtype = 'e' AND $own(pg_type, t.oid)";

const mo_pg_reader mo_pg_read_enums = {"enums", enums_sql, mo_pg_object_row};
