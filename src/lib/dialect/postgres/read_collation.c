/* SPDX-License-Identifier: MIT */
/* read_collation.c - collations. The version of the library is left out: it is the machine's. */
#include "dialect/postgres/read.h"

static const char collations_sql[] =
    "$managed "
    "SELECT 'collation', 'pg_collation', c.oid, n.name, NULL, d.canonical, 'CREATE COLLATION ' || n.name || ' ' || "
    "d.canonical "
    "FROM pg_collation c JOIN m ON m.oid = c.collnamespace, "
    "LATERAL (SELECT m.prefix || quote_ident(c.collname) AS name) n, "
    "LATERAL (SELECT coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale') AS locale) l, "
    "LATERAL (SELECT concat('(provider = ', CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN "
    "'d' THEN 'default' ELSE 'libc' END, "
    "CASE WHEN l.locale IS NOT NULL THEN ', locale = ' || quote_literal(l.locale) "
    "WHEN c.collcollate = c.collctype THEN ', locale = ' || quote_literal(c.collcollate) "
    "ELSE ', lc_collate = ' || quote_literal(c.collcollate) || ', lc_ctype = ' || quote_literal(c.collctype) END, "
    "', rules = ' || quote_literal(to_jsonb(c) ->> 'collicurules'), "
    "CASE WHEN NOT c.collisdeterministic THEN ', deterministic = false' END, ')') AS canonical) d "
    "WHERE $own(pg_collation, c.oid)";

const mo_pg_reader mo_pg_read_collations = {"collations", collations_sql, mo_pg_object_row};
