/* SPDX-License-Identifier: MIT */
/* read_publication.c - publications. */
#include "dialect/postgres/read.h"

static const char publications_sql[] =
    "SELECT 'publication', 'pg_publication', p.oid, quote_ident(p.pubname), NULL, d.definition, 'CREATE "
    "PUBLICATION ' || quote_ident(p.pubname) || d.definition "
    "FROM pg_publication p, "
    "LATERAL (SELECT string_agg(r.prrelid::regclass::text {15?|| coalesce(' (' || (SELECT "
    "string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM unnest(r.prattrs) AS u (n) JOIN pg_attribute "
    "a ON a.attrelid = r.prrelid AND a.attnum = u.n) || ')', '') "
    "|| coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '')}, ', ' ORDER BY "
    "r.prrelid::regclass::text) AS tables FROM pg_publication_rel r WHERE r.prpubid = p.oid) t, "
    "LATERAL ({15?SELECT string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname) AS schemas FROM "
    "pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid}{15!SELECT "
    "NULL::text AS schemas}) s, "
    "LATERAL (SELECT concat(CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE ' FOR ' || nullif(concat_ws(', ', "
    "'TABLE ' || t.tables, 'TABLES IN SCHEMA ' || s.schemas), '') END, "
    "' WITH (publish = ''', concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN "
    "'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END), '''', "
    "CASE WHEN p.pubviaroot THEN ', publish_via_partition_root = true' END, {18?CASE p.pubgencols WHEN 's' THEN ', "
    "publish_generated_columns = stored' END,} ')') AS definition OFFSET 0) d "
    "WHERE $own(pg_publication, p.oid)";

const mo_pg_reader mo_pg_read_publications = {"publications", publications_sql, mo_pg_object_row};
