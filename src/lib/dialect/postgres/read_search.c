/* SPDX-License-Identifier: MIT */
/* read_search.c - text search dictionaries and configurations. */
#include "dialect/postgres/read.h"

static const char dictionaries_sql[] =
    "$managed "
    "SELECT 'text search dictionary', 'pg_ts_dict', d.oid, m.prefix || quote_ident(d.dictname), NULL, "
    "c.definition, 'CREATE TEXT SEARCH DICTIONARY ' || m.prefix || quote_ident(d.dictname) || ' ' || c.definition "
    "FROM pg_ts_dict d JOIN m ON m.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN "
    "pg_namespace n ON n.oid = t.tmplnamespace, "
    "LATERAL (SELECT '(TEMPLATE = ' || CASE WHEN pg_ts_template_is_visible(t.oid) THEN '' ELSE "
    "quote_ident(n.nspname) || '.' END || quote_ident(t.tmplname) || coalesce(', ' || d.dictinitoption, '') || ')' "
    "AS definition) c "
    "WHERE $own(pg_ts_dict, d.oid)";

const mo_pg_reader mo_pg_read_dictionaries = {"dictionaries", dictionaries_sql, mo_pg_object_row};

static const char configurations_sql[] =
    "$managed "
    "SELECT 'text search configuration', 'pg_ts_config', c.oid, n.name, NULL, d.definition || "
    "coalesce(k.canonical, ''), 'CREATE TEXT SEARCH CONFIGURATION ' || n.name || ' ' || d.definition || "
    "coalesce(k.behind, '') "
    "FROM pg_ts_config c JOIN m ON m.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN "
    "pg_namespace s ON s.oid = p.prsnamespace, "
    "LATERAL (SELECT m.prefix || quote_ident(c.cfgname) AS name) n, "
    "LATERAL (SELECT '(PARSER = ' || CASE WHEN pg_ts_parser_is_visible(p.oid) THEN '' ELSE quote_ident(s.nspname) "
    "|| '.' END || quote_ident(p.prsname) || ')' AS definition) d, "
    "LATERAL (SELECT string_agg(' FOR ' || y.mapping, '' ORDER BY y.alias) AS canonical, "
    "string_agg(E';\\nALTER TEXT SEARCH CONFIGURATION ' || n.name || ' ADD MAPPING FOR ' || y.mapping, '' ORDER BY "
    "y.alias) AS behind "
    "FROM (SELECT x.alias, quote_ident(x.alias) || ' WITH ' || string_agg(w.mapdict::regdictionary::text, ', ' "
    "ORDER BY w.mapseqno) AS mapping "
    "FROM pg_ts_config_map w JOIN ts_token_type(c.cfgparser) x ON x.tokid = w.maptokentype WHERE w.mapcfg = c.oid "
    "GROUP BY x.alias) y) k "
    "WHERE $own(pg_ts_config, c.oid)";

const mo_pg_reader mo_pg_read_configurations = {"configurations", configurations_sql, mo_pg_object_row};
