/* SPDX-License-Identifier: MIT */
/* read_cast.c - casts that have to do with a type or a function of a managed schema. */
#include "dialect/postgres/read.h"

static const char casts_sql[] =
    "$managed "
    "SELECT 'cast', 'pg_cast', c.oid, '(' || format_type(c.castsource, NULL) || ' AS ' || "
    "format_type(c.casttarget, NULL) || ')', NULL, d.definition, "
    "'CREATE CAST (' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ') ' || "
    "d.definition "
    "FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget, "
    "LATERAL (SELECT CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN "
    "'WITH INOUT' ELSE 'WITHOUT FUNCTION' END "
    "|| CASE c.castcontext WHEN 'i' THEN ' AS IMPLICIT' WHEN 'a' THEN ' AS ASSIGNMENT' ELSE '' END AS definition) "
    "d "
    "WHERE c.oid >= 16384 AND $own(pg_cast, c.oid) AND (s.typnamespace IN (SELECT oid FROM m) OR t.typnamespace IN "
    "(SELECT oid FROM m) "
    "OR EXISTS (SELECT FROM pg_proc p JOIN m ON m.oid = p.pronamespace WHERE p.oid = c.castfunc))";

const mo_pg_reader mo_pg_read_casts = {"casts", casts_sql, mo_pg_object_row};
