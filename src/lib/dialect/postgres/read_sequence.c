/* SPDX-License-Identifier: MIT */
/*
 * read_sequence.c - sequences, but those of identity and serial columns, which are the columns' own.
 *
 * A sequence is what `serial` makes when a column of its own type owns it, has its next value for a default and cannot be NULL;
 * when its options are the usual ones; and when no other column uses it (those that inherit the default are no others). What
 * such a sequence is called is no difference, so it is no object: the column's default is just MO_PG_SERIAL.
 *
 * The owner of any other sequence is compared, and said when both are there (mo_pg_late_sql): the table's default needs the sequence.
 */
#include <string.h>

#include "dialect/postgres/read.h"

/* The first columns are those of mo_pg_object_row(). */
enum { S_OID = 2, S_TABLE = 8, S_COLUMN, S_DEFAULT };

static const char sequences_sql[] =
    "$managed "
    "SELECT 'sequence', 'pg_class', c.oid, n.name, NULL, "
    "concat('AS ', format_type(s.seqtypid, NULL), o.options, CASE c.relpersistence WHEN 'u' THEN ' UNLOGGED' END, "
    "'" MO_PG_OWNED_BY "' || w.owner), "
    "concat('CREATE ', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' END, 'SEQUENCE ', n.name, "
    "' AS ' || nullif(format_type(s.seqtypid, NULL), 'bigint'), o.options), "
    "NULL, w.tab, CASE WHEN w.alike AND o.options = '' AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_attrdef f ON "
    "f.oid = d.objid "
    "JOIN pg_attribute b ON b.attrelid = f.adrelid AND b.attnum = f.adnum WHERE d.classid = 'pg_attrdef'::regclass "
    "AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND b.attinhcount = 0 "
    "AND (b.attrelid, b.attnum) <> (w.tab, w.col)) THEN w.col END, "
    "'nextval(' || quote_literal(c.oid::regclass::text) || '::regclass)' "
    "FROM pg_class c JOIN m ON m.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid "
    "LEFT JOIN LATERAL (SELECT d.refobjid AS tab, a.attnum AS col, d.refobjid::regclass || '.' || "
    "quote_ident(a.attname) AS owner, "
    "a.attnotnull AND a.atttypid = s.seqtypid AND r.relpersistence = c.relpersistence AS alike "
    "FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
    "JOIN pg_class r ON r.oid = d.refobjid "
    "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass "
    "AND d.deptype = 'a') w ON true, "
    "LATERAL (SELECT m.prefix || quote_ident(c.relname) AS name) n, LATERAL (SELECT $sequence(s) AS options OFFSET 0) "
    "o "
    "WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND $own(pg_class, c.oid)";

/* The column that the sequence is like serial of; NULL: it is of none. */
static mo_column *serial_column(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_column *c = mo_pg_text(r, S_COLUMN) ? mo_pg_column(in, r, S_TABLE, S_COLUMN) : NULL;
    return c && strcmp(mo_column_attr(c, MO_ATTR_DEFAULT), mo_pg_text(r, S_DEFAULT)) == 0 ? c : NULL;
}

static int sequence_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_column *c = serial_column(in, r);
    mo_str text = {0};
    if (!c)
        return mo_pg_object_row(in, r);
    c->attr[MO_ATTR_DEFAULT].canonical = MO_PG_SERIAL;
    mo_pg_column_sql(&text, c);
    c->text = mo_str_into(&text, in->region);
    if (!c->text)
        return mo_error_nomem(in->err);
    return mo_pg_remember(in, "pg_class", r, S_OID, mo_pg_recall(in, "pg_class", r, S_TABLE));
}

const mo_pg_reader mo_pg_read_sequences = {"sequences", sequences_sql, sequence_row};
