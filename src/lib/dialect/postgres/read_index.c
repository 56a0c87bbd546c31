/* SPDX-License-Identifier: MIT */
/*
 * read_index.c - indexes, but those that a constraint makes, and those of partitions that are their parent's.
 *
 * The server looks through all operator classes for each column whose definition it writes. For plain ones that is most of what
 * reading a schema costs, so those are written here, in the same words.
 *
 * One that a failed CREATE INDEX CONCURRENTLY left behind ends in " (invalid)"; its definition makes a whole one. On a
 * partitioned table that means that partitions lack theirs: then the definition says ON ONLY, and it may be just what is wanted.
 */
#include "dialect/postgres/read.h"

static const char indexes_sql[] =
    "$managed "
    "SELECT 'index', 'pg_class', c.oid, n.name, t.name, "
    "concat(CASE WHEN x.indisunique THEN 'unique ' END, p.only, d.definition, b.behind, "
    "CASE WHEN NOT x.indisvalid AND c.relkind = 'i' THEN ' (invalid)' END), "
    "concat('CREATE ', CASE WHEN x.indisunique THEN 'UNIQUE ' END, 'INDEX ', quote_ident(c.relname), ' ON ', p.only, "
    "t.name, ' ', d.definition, b.behind) "
    "FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN m ON m.oid = c.relnamespace "
    "JOIN pg_class r ON r.oid = x.indrelid LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace, "
    "LATERAL (SELECT m.prefix || quote_ident(c.relname) AS name) n, "
    "LATERAL (SELECT m.prefix || quote_ident(r.relname) AS name) t, "
    "LATERAL (SELECT CASE WHEN NOT x.indisvalid AND c.relkind = 'I' THEN 'ONLY ' END AS only) p, "
    "LATERAL (SELECT CASE WHEN x.indexprs IS NULL AND x.indpred IS NULL AND c.reloptions IS NULL AND c.relam = 403 "
    "AND x.indnatts = x.indnkeyatts {15?AND NOT x.indnullsnotdistinct} THEN "
    "(SELECT CASE WHEN bool_and(o.opcdefault AND (o.opcintype = a.atttypid OR o.opcintype = 25 AND a.atttypid = 1043) "
    "AND x.indcollation[u.i - 1] IN (0, a.attcollation)) THEN concat('USING btree (', "
    "string_agg(quote_ident(a.attname) "
    "|| (ARRAY['', ' DESC NULLS LAST', ' NULLS FIRST', ' DESC'])[x.indoption[u.i - 1] + 1], ', ' ORDER BY u.i), ')') "
    "END "
    "FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS u (n, i) JOIN pg_attribute a ON a.attrelid = x.indrelid "
    "AND a.attnum = u.n JOIN pg_opclass o ON o.oid = x.indclass[u.i - 1]) END AS columns OFFSET 0) e, "
    "LATERAL (SELECT CASE WHEN e.columns IS NOT NULL THEN e.columns ELSE "
    "substr(pg_get_indexdef(c.oid), length(concat('CREATE ', CASE WHEN x.indisunique THEN 'UNIQUE ' END, "
    "'INDEX ', quote_ident(c.relname), ' ON ', CASE c.relkind WHEN 'I' THEN 'ONLY ' END, quote_ident(m.nspname), '.', "
    "quote_ident(r.relname))) + 2) END AS definition OFFSET 0) d, "
    "LATERAL (SELECT concat(E';\\nALTER INDEX ' || n.name || ' SET TABLESPACE ' || quote_ident(s.spcname), "
    "(SELECT string_agg(E';\\nALTER INDEX ' || n.name || ' ALTER COLUMN ' || a.attnum || ' SET STATISTICS ' || "
    "a.attstattarget, '' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0), "
    "CASE WHEN x.indisclustered THEN E';\\nALTER TABLE ' || t.name || ' CLUSTER ON ' || quote_ident(c.relname) END, "
    "CASE WHEN x.indisreplident THEN E';\\nALTER TABLE ' || t.name || ' REPLICA IDENTITY USING INDEX ' || "
    "quote_ident(c.relname) END) AS behind OFFSET 0) b "
    "WHERE NOT c.relispartition AND r.relkind IN ('r', 'p', 'm') AND $own(pg_class, c.oid) "
    "AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))";

const mo_pg_reader mo_pg_read_indexes = {"indexes", indexes_sql, mo_pg_object_row};
