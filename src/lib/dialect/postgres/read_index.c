/* SPDX-License-Identifier: MIT */
/* read_index.c - indexes, but those that a constraint makes, and those of partitions that are their parent's. */
#include "dialect/postgres/read.h"

static const char indexes_sql[] =
    "$managed "
    "SELECT 'index', 'pg_class', c.oid, n.name, t.name, concat(CASE WHEN x.indisunique THEN 'unique ' END, "
    "d.definition, b.behind), "
    "concat('CREATE ', CASE WHEN x.indisunique THEN 'UNIQUE ' END, 'INDEX ', quote_ident(c.relname), ' ON ', "
    "t.name, ' ', d.definition, b.behind) "
    "FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN m ON m.oid = c.relnamespace JOIN pg_class r ON "
    "r.oid = x.indrelid LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace, "
    "LATERAL (SELECT m.prefix || quote_ident(c.relname) AS name) n, "
    "LATERAL (SELECT m.prefix || quote_ident(r.relname) AS name) t, "
    "LATERAL (SELECT substr(pg_get_indexdef(c.oid), length(concat('CREATE ', CASE WHEN x.indisunique THEN 'UNIQUE "
    "' END, 'INDEX ', quote_ident(c.relname), ' ON ', CASE c.relkind WHEN 'I' THEN 'ONLY ' END, "
    "quote_ident(m.nspname), '.', quote_ident(r.relname))) + 2) AS definition) d, "
    "LATERAL (SELECT concat(E';\\nALTER INDEX ' || n.name || ' SET TABLESPACE ' || quote_ident(s.spcname), "
    "(SELECT string_agg(E';\\nALTER INDEX ' || n.name || ' ALTER COLUMN ' || a.attnum || ' SET STATISTICS ' || "
    "a.attstattarget, '' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= "
    "0), "
    "CASE WHEN x.indisclustered THEN E';\\nALTER TABLE ' || t.name || ' CLUSTER ON ' || quote_ident(c.relname) "
    "END, "
    "CASE WHEN x.indisreplident THEN E';\\nALTER TABLE ' || t.name || ' REPLICA IDENTITY USING INDEX ' || "
    "quote_ident(c.relname) END) AS behind) b "
    "WHERE NOT c.relispartition AND r.relkind IN ('r', 'p', 'm') AND $own(pg_class, c.oid) "
    "AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))";

const mo_pg_reader mo_pg_read_indexes = {"indexes", indexes_sql, mo_pg_object_row};
