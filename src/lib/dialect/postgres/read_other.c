/* SPDX-License-Identifier: MIT */
/* read_other.c - what is there and is not compared: it is named, and left alone. */
#include "dialect/postgres/read.h"

enum { O_CATALOG = 0, O_OID, O_WHAT, O_NAME };

static const char others_sql[] =
    "$managed "
    "SELECT x.catalog, x.oid, x.what, x.name FROM ( "
    "SELECT 'pg_type' AS catalog, t.oid, 'base type' AS what, m.prefix || quote_ident(t.typname) AS name FROM "
    "pg_type t JOIN m ON m.oid = t.typnamespace "
    "WHERE (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) OR t.typtype = 'p') "
    "AND $own(pg_type, t.oid) "
    "UNION ALL SELECT 'pg_class', c.oid, 'foreign table', m.prefix || quote_ident(c.relname) FROM pg_class c JOIN "
    "m ON m.oid = c.relnamespace WHERE c.relkind = 'f' AND $own(pg_class, c.oid) "
    "UNION ALL SELECT 'pg_conversion', c.oid, 'conversion', m.prefix || quote_ident(c.conname) FROM pg_conversion "
    "c JOIN m ON m.oid = c.connamespace WHERE $own(pg_conversion, c.oid) "
    "UNION ALL SELECT 'pg_ts_parser', p.oid, 'text search parser', m.prefix || quote_ident(p.prsname) FROM "
    "pg_ts_parser p JOIN m ON m.oid = p.prsnamespace WHERE $own(pg_ts_parser, p.oid) "
    "UNION ALL SELECT 'pg_ts_template', t.oid, 'text search template', m.prefix || quote_ident(t.tmplname) FROM "
    "pg_ts_template t JOIN m ON m.oid = t.tmplnamespace WHERE $own(pg_ts_template, t.oid) "
    "UNION ALL SELECT 'pg_foreign_data_wrapper', w.oid, 'foreign data wrapper', quote_ident(w.fdwname) FROM "
    "pg_foreign_data_wrapper w WHERE $own(pg_foreign_data_wrapper, w.oid) "
    "UNION ALL SELECT 'pg_foreign_server', s.oid, 'server', quote_ident(s.srvname) FROM pg_foreign_server s WHERE "
    "$own(pg_foreign_server, s.oid) "
    "UNION ALL SELECT 'pg_am', a.oid, 'access method', quote_ident(a.amname) FROM pg_am a WHERE a.oid >= 16384 AND "
    "$own(pg_am, a.oid) "
    "UNION ALL SELECT 'pg_language', l.oid, 'language', quote_ident(l.lanname) FROM pg_language l WHERE l.oid >= "
    "16384 AND $own(pg_language, l.oid) "
    "UNION ALL SELECT 'pg_transform', t.oid, 'transform', 'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' "
    "|| quote_ident(l.lanname) FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384 "
    "AND $own(pg_transform, t.oid) "
    ") x";

static int other_row(mo_pg_reading *in, const mo_pg_row *r)
{
    const char *why =
        mo_region_printf(in->region, "moult does not compare objects of the kind '%s'", mo_pg_text(r, O_WHAT));
    mo_object *o =
        why ? mo_pg_add_uncompared(in, mo_pg_text(r, O_WHAT), mo_pg_server_name(in, mo_pg_text(r, O_NAME)), why) : NULL;
    return o ? mo_pg_remember(in, mo_pg_text(r, O_CATALOG), r, O_OID, o) : mo_error_nomem(in->err);
}

const mo_pg_reader mo_pg_read_others = {"other objects", others_sql, other_row};
