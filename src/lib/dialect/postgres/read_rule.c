/* SPDX-License-Identifier: MIT */
/* read_rule.c - rules, but those that are a view's query. */
#include "dialect/postgres/read.h"

static const char rules_sql[] =
    "$managed "
    "SELECT 'rule', 'pg_rewrite', w.oid, quote_ident(w.rulename) || ' ON ' || t.name, t.name, concat(d.definition, "
    "' ' || e.state), "
    "'CREATE RULE ' || quote_ident(w.rulename) || ' AS' || d.definition || coalesce(E';\\nALTER TABLE ' || t.name "
    "|| ' ' || e.state || ' RULE ' || quote_ident(w.rulename), '') "
    "FROM pg_rewrite w JOIN pg_class r ON r.oid = w.ev_class JOIN m ON m.oid = r.relnamespace, "
    "LATERAL (SELECT m.prefix || quote_ident(r.relname) AS name) t, "
    "LATERAL (SELECT pg_get_ruledef(w.oid) AS whole, quote_ident(m.nspname) || '.' || quote_ident(r.relname) AS "
    "qualified OFFSET 0) g, "
    "LATERAL (SELECT rtrim(overlay(v.body PLACING ' TO ' || t.name FROM position(' TO ' || g.qualified IN v.body) "
    "FOR length(' TO ' || g.qualified)), ';') AS definition "
    "FROM (SELECT substr(g.whole, length('CREATE RULE ' || quote_ident(w.rulename) || ' AS') + 1) AS body) v) d, "
    "LATERAL (SELECT CASE w.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE "
    "REPLICA' END AS state) e "
    "WHERE w.rulename <> '_RETURN' AND $own(pg_rewrite, w.oid) AND $own(pg_class, r.oid)";

const mo_pg_reader mo_pg_read_rules = {"rules", rules_sql, mo_pg_object_row};
