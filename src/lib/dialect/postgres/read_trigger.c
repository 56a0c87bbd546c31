/* SPDX-License-Identifier: MIT */
/* read_trigger.c - triggers, but those of constraints, and those of partitions that are their parent's. */
#include "dialect/postgres/read.h"

static const char triggers_sql[] =
    "$managed "
    "SELECT 'trigger', 'pg_trigger', t.oid, quote_ident(t.tgname) || ' ON ' || n.name, n.name, "
    "concat(d.definition, ' ' || e.state), "
    "concat('CREATE ', CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT ' END, 'TRIGGER ', quote_ident(t.tgname), "
    "d.definition, E';\\nALTER TABLE ' || n.name || ' ' || e.state || ' TRIGGER ' || quote_ident(t.tgname)) "
    "FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid JOIN m ON m.oid = r.relnamespace, "
    "LATERAL (SELECT m.prefix || quote_ident(r.relname) AS name) n, "
    "LATERAL (SELECT pg_get_triggerdef(t.oid) AS whole, quote_ident(m.nspname) || '.' || quote_ident(r.relname) AS "
    "qualified OFFSET 0) g, "
    "LATERAL (SELECT overlay(v.body PLACING ' ON ' || n.name FROM position(' ON ' || g.qualified IN v.body) FOR "
    "length(' ON ' || g.qualified)) AS definition "
    "FROM (SELECT substr(g.whole, length(concat('CREATE ', CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT ' END, "
    "'TRIGGER ', quote_ident(t.tgname))) + 1) AS body) v) d, "
    "LATERAL (SELECT CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE "
    "REPLICA' END AS state) e "
    "WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND $own(pg_trigger, t.oid) AND $own(pg_class, r.oid)";

const mo_pg_reader mo_pg_read_triggers = {"triggers", triggers_sql, mo_pg_object_row};
