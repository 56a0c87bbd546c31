/* SPDX-License-Identifier: MIT */
/* read_range.c - range types. The name of the multirange is said where it is not the one that the server would give it. */
#include "dialect/postgres/read.h"

static const char ranges_sql[] =
    "$managed "
    "SELECT 'range type', 'pg_type', t.oid, n.name, NULL, d.canonical, 'CREATE TYPE ' || n.name || ' AS ' || "
    "d.canonical "
    "FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN m ON m.oid = t.typnamespace JOIN pg_type s ON s.oid "
    "= r.rngsubtype "
    "JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace p ON p.oid = o.opcnamespace "
    "{14?JOIN pg_type u ON u.oid = r.rngmultitypid JOIN pg_namespace v ON v.oid = u.typnamespace}, "
    "LATERAL (SELECT m.prefix || quote_ident(t.typname) AS name) n, "
    "LATERAL (SELECT concat('RANGE (subtype = ', format_type(r.rngsubtype, NULL), "
    "CASE WHEN NOT o.opcdefault THEN ', subtype_opclass = ' || CASE WHEN pg_opclass_is_visible(o.oid) THEN '' ELSE "
    "quote_ident(p.nspname) || '.' END || quote_ident(o.opcname) END, "
    "CASE WHEN r.rngcollation <> s.typcollation THEN ', collation = ' || r.rngcollation::regcollation END, "
    "CASE WHEN r.rngcanonical <> 0 THEN ', canonical = ' || r.rngcanonical END, "
    "CASE WHEN r.rngsubdiff <> 0 THEN ', subtype_diff = ' || r.rngsubdiff END, "
    "{14?CASE WHEN u.typname <> CASE WHEN t.typname ~ 'range' THEN regexp_replace(t.typname, 'range', "
    "'multirange') ELSE t.typname || '_multirange' END "
    "THEN ', multirange_type_name = ' || quote_ident(v.nspname) || '.' || quote_ident(u.typname) END,} "
    "')') AS canonical) d "
    "WHERE $own(pg_type, t.oid)";

const mo_pg_reader mo_pg_read_ranges = {"ranges", ranges_sql, mo_pg_object_row};
