/* SPDX-License-Identifier: MIT */
/* read_domain.c - domains and their constraints. */
#include "dialect/postgres/read.h"

static const char domains_sql[] =
    "$managed "
    "SELECT 'domain', 'pg_type', t.oid, n.name, NULL, d.canonical || coalesce(k.canonical, ''), "
    "'CREATE DOMAIN ' || n.name || ' AS ' || d.canonical || coalesce(k.inside, '') || coalesce(k.behind, '') "
    "FROM pg_type t JOIN m ON m.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype, "
    "LATERAL (SELECT m.prefix || quote_ident(t.typname) AS name) n, "
    "LATERAL (SELECT concat(format_type(t.typbasetype, t.typtypmod), "
    "CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation END, "
    "' DEFAULT ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)), "
    "CASE WHEN t.typnotnull THEN ' NOT NULL' END) AS canonical) d, "
    "LATERAL (SELECT string_agg(' ' || e.definition, '' ORDER BY e.conname) AS canonical, "
    "string_agg(' ' || e.definition, '' ORDER BY e.conname) FILTER (WHERE e.convalidated) AS inside, "
    "string_agg(E';\\nALTER DOMAIN ' || n.name || ' ADD ' || e.definition, '' ORDER BY e.conname) FILTER (WHERE "
    "NOT e.convalidated) AS behind "
    "FROM (SELECT conname, convalidated, 'CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) "
    "AS definition "
    "FROM pg_constraint WHERE contypid = t.oid AND contype = 'c') e) k "
    "WHERE t.typtype = 'd' AND $own(pg_type, t.oid)";

const mo_pg_reader mo_pg_read_domains = {"domains", domains_sql, mo_pg_object_row};
