/* SPDX-License-Identifier: MIT */
/* read_composite.c - composite types. */
#include "dialect/postgres/read.h"

static const char composites_sql[] =
    "$managed "
    "SELECT 'composite type', 'pg_type', t.oid, n.name, NULL, d.canonical, 'CREATE TYPE ' || n.name || ' AS ' || "
    "d.canonical "
    "FROM pg_class c JOIN m ON m.oid = c.relnamespace JOIN pg_type t ON t.oid = c.reltype, "
    "LATERAL (SELECT m.prefix || quote_ident(c.relname) AS name) n, "
    "LATERAL (SELECT '(' || coalesce(string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, "
    "a.atttypmod) "
    "|| CASE WHEN a.attcollation <> y.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END, "
    "', ' ORDER BY a.attnum), '') || ')' AS canonical "
    "FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT "
    "a.attisdropped) d "
    "WHERE c.relkind = 'c' AND $own(pg_type, t.oid)";

const mo_pg_reader mo_pg_read_composites = {"composites", composites_sql, mo_pg_object_row};
