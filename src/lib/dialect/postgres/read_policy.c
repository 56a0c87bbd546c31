/* SPDX-License-Identifier: MIT */
/* read_policy.c - policies of row security. */
#include "dialect/postgres/read.h"

static const char policies_sql[] =
    "$managed "
    "SELECT 'policy', 'pg_policy', p.oid, quote_ident(p.polname) || ' ON ' || n.name, n.name, d.definition, "
    "'CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || n.name || d.definition "
    "FROM pg_policy p JOIN pg_class r ON r.oid = p.polrelid JOIN m ON m.oid = r.relnamespace, "
    "LATERAL (SELECT m.prefix || quote_ident(r.relname) AS name) n, "
    "LATERAL (SELECT concat(CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END, "
    "CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' "
    "THEN ' FOR DELETE' END, "
    "CASE WHEN p.polroles <> ARRAY[0::oid] THEN ' TO ' || (SELECT string_agg(CASE WHEN u.role = 0 THEN 'PUBLIC' "
    "ELSE quote_ident(pg_get_userbyid(u.role)) END, ', ' ORDER BY pg_get_userbyid(u.role)) FROM unnest(p.polroles) "
    "AS u (role)) END, "
    "' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, "
    "p.polrelid) || ')') AS definition OFFSET 0) d "
    "WHERE $own(pg_class, r.oid)";

const mo_pg_reader mo_pg_read_policies = {"policies", policies_sql, mo_pg_object_row};
