/* SPDX-License-Identifier: MIT */
/* read_sequence.c - sequences, but those of identity and serial columns, which are the columns' own. */
#include "dialect/postgres/read.h"

static const char sequences_sql[] =
    "$managed, $serials "
    "SELECT CASE WHEN r.seq IS NULL THEN 'sequence' END, 'pg_class', c.oid, n.name, NULL, "
    "concat('AS ', format_type(s.seqtypid, NULL), $sequence(s), CASE c.relpersistence WHEN 'u' THEN ' UNLOGGED' "
    "END, ' OWNED BY ' || o.owner), "
    "concat('CREATE ', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, 'SEQUENCE ', n.name, ' AS ' || "
    "nullif(format_type(s.seqtypid, NULL), 'bigint'), $sequence(s), "
    "E';\\nALTER SEQUENCE ' || n.name || ' OWNED BY ' || o.owner), "
    "CASE WHEN r.seq IS NOT NULL THEN 'pg_class' END, r.tab "
    "FROM pg_class c JOIN m ON m.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid LEFT JOIN serial r "
    "ON r.seq = c.oid "
    "LEFT JOIN LATERAL (SELECT d.refobjid::regclass || '.' || quote_ident(a.attname) AS owner "
    "FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
    "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND "
    "d.deptype = 'a') o ON true, "
    "LATERAL (SELECT m.prefix || quote_ident(c.relname) AS name) n "
    "WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND $own(pg_class, c.oid)";

const mo_pg_reader mo_pg_read_sequences = {"sequences", sequences_sql, mo_pg_object_row};
