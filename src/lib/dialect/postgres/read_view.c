/* SPDX-License-Identifier: MIT */
/* read_view.c - views and materialized views. What a view gives, columns and their types, tells whether it can be replaced. */
#include "dialect/postgres/read.h"

static const char views_sql[] =
    "$managed "
    "SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, 'pg_class', c.oid, n.name, NULL, "
    "concat(h.head, 'AS ', q.query, f.behind), concat('CREATE ', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' END, "
    "'VIEW ', n.name, ' ', h.head, E'AS\\n', q.query, f.behind), NULL, NULL, "
    "(SELECT array_agg(concat(quote_ident(t.attname), ' ', format_type(t.atttypid, t.atttypmod), ' ', "
    "nullif(t.attcollation, 0)::regcollation) ORDER BY t.attnum) FROM pg_attribute t WHERE t.attrelid = c.oid AND "
    "t.attnum > 0) "
    "FROM pg_class c JOIN m ON m.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam LEFT JOIN pg_tablespace "
    "s ON s.oid = c.reltablespace, "
    "LATERAL (SELECT m.prefix || quote_ident(c.relname) AS name) n, "
    "LATERAL (SELECT concat(CASE WHEN c.relkind = 'm' THEN 'USING ' || nullif(quote_ident(a.amname), 'heap') || ' "
    "' END, "
    "(SELECT 'WITH (' || string_agg(x.option, ', ' ORDER BY x.option) || ') ' FROM $options(c.reloptions) x), "
    "'TABLESPACE ' || quote_ident(s.spcname) || ' ') AS head) h, "
    "LATERAL (SELECT rtrim(pg_get_viewdef(c.oid), ';') AS query OFFSET 0) q, "
    "LATERAL (SELECT string_agg(x.statement, '' ORDER BY x.statement) AS behind FROM ( "
    "SELECT E';\\nALTER VIEW ' || n.name || ' ALTER COLUMN ' || quote_ident(t.attname) || ' SET DEFAULT ' || "
    "pg_get_expr(e.adbin, e.adrelid) AS statement "
    "FROM pg_attrdef e JOIN pg_attribute t ON t.attrelid = e.adrelid AND t.attnum = e.adnum WHERE e.adrelid = "
    "c.oid "
    "UNION ALL SELECT E';\\nALTER MATERIALIZED VIEW ' || n.name || ' ALTER COLUMN ' || quote_ident(t.attname) || ' "
    "SET STATISTICS ' || t.attstattarget "
    "FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attnum > 0 AND t.attstattarget >= 0 "
    "UNION ALL SELECT E';\\nALTER MATERIALIZED VIEW ' || n.name || ' ALTER COLUMN ' || quote_ident(t.attname) || ' "
    "SET STORAGE ' || CASE t.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE "
    "'EXTENDED' END "
    "FROM pg_attribute t JOIN pg_type y ON y.oid = t.atttypid WHERE c.relkind = 'm' AND t.attrelid = c.oid AND "
    "t.attnum > 0 AND t.attstorage <> y.typstorage) x) f "
    "WHERE c.relkind IN ('v', 'm') AND $own(pg_class, c.oid)";

enum { V_CATALOG = 1, V_OID, V_COLUMNS = 9 };

static int view_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_pg_list columns = {0};
    int code = mo_pg_object_row(in, r);
    mo_object *o = code == MOULT_OK ? mo_pg_recall(in, mo_pg_text(r, V_CATALOG), r, V_OID) : NULL;
    if (!o)
        return code;
    if (mo_pg_elements(in, mo_pg_text(r, V_COLUMNS), &columns))
        return mo_error_nomem(in->err);
    o->gives = columns.items;
    o->give_count = columns.count;
    return MOULT_OK;
}

const mo_pg_reader mo_pg_read_views = {"views", views_sql, view_row};
