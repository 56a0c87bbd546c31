/* SPDX-License-Identifier: MIT */
/*
 * read_column.c - the columns of tables.
 *
 * What a table has from elsewhere is not said again: a partition, a table that inherits and a table of a type have those columns
 * only that are their own, or that differ from what they come from; of these the difference is what compose.c writes.
 */
#include <string.h>

#include "dialect/postgres/read.h"

enum { C_TABLE = 0, C_NUMBER, C_NAME, C_TYPE, C_NOT_NULL, C_NULL_NAME, C_DEFAULT, C_GENERATED, C_IDENTITY, C_SEQUENCE };
enum { C_COLLATION = C_SEQUENCE + 1, C_STORAGE, C_COMPRESSION, C_STATISTICS, C_OPTIONS };

static const char columns_sql[] =
    "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), "
    "CASE WHEN a.attnotnull THEN '1' {18?|| CASE WHEN k.connoinherit THEN ' no inherit' ELSE '' END "
    "|| CASE WHEN NOT k.convalidated THEN ' not valid' ELSE '' END} END, "
    "{18?CASE WHEN k.conname <> left(concat(c.relname, '_', a.attname, '_not_null'), 63) AND NOT "
    "(length(concat(c.relname, a.attname)) > 53 AND k.conname LIKE '%\\_not\\_null') THEN k.conname END}{18!NULL}, "
    "pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, "
    "CASE WHEN a.attidentity <> '' THEN (SELECT $sequence(s) FROM pg_depend e JOIN pg_sequence s ON s.seqrelid = "
    "e.objid "
    "WHERE e.refclassid = 'pg_class'::regclass AND e.refobjid = a.attrelid AND e.refobjsubid = a.attnum "
    "AND e.classid = 'pg_class'::regclass AND e.deptype = 'i') END, "
    "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END, "
    "CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' "
    "WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END, "
    "{14?CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END}{14!NULL}, "
    "CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END, "
    "CASE WHEN a.attoptions IS NOT NULL THEN "
    "(SELECT string_agg(x.option, ', ' ORDER BY x.option) FROM $options(a.attoptions) x) END "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
    "{18?LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]} "
    "WHERE n.nspname = ANY ($schemas) AND c.relkind IN ('r', 'p') AND CASE WHEN c.reloftype <> 0 THEN "
    "a.attnotnull OR d.oid IS NOT NULL OR a.attstorage <> t.typstorage OR a.attstattarget >= 0 OR a.attoptions IS NOT "
    "NULL "
    "WHEN a.attinhcount = 0 OR a.attislocal AND NOT c.relispartition THEN true ELSE EXISTS "
    "(SELECT FROM pg_inherits i JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attname = a.attname "
    "LEFT JOIN pg_attrdef e ON e.adrelid = p.attrelid AND e.adnum = p.attnum "
    "WHERE i.inhrelid = c.oid AND NOT p.attisdropped AND (a.attnotnull <> p.attnotnull "
    "OR pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM pg_get_expr(e.adbin, e.adrelid) "
    "OR a.attstorage <> p.attstorage {14?OR a.attcompression <> p.attcompression} "
    "OR a.attstattarget IS DISTINCT FROM p.attstattarget OR a.attoptions IS DISTINCT FROM p.attoptions)) END "
    "ORDER BY a.attrelid, a.attnum";

static void set(mo_column *c, mo_attr attr, const char *canonical, const char *text, int *failed)
{
    *failed |= !canonical || !text;
    c->attr[attr] = (mo_attr_value){canonical, text};
}

/* A default, or what the column is computed from: the catalog keeps both in one place. */
static void set_expression(mo_pg_reading *in, const mo_pg_row *r, mo_column *c, int *failed)
{
    const char *expression = mo_pg_settled(in, mo_pg_keep(in, r, C_DEFAULT, failed));
    char generated = *mo_pg_text(r, C_GENERATED);
    if (!mo_pg_text(r, C_DEFAULT))
        return;
    if (!generated) {
        set(c, MO_ATTR_DEFAULT, expression, expression, failed);
        return;
    }
    *failed |= !expression;
    const char *how = generated == 'v' ? "virtual" : "stored", *word = generated == 'v' ? "VIRTUAL" : "STORED";
    set(c, MO_ATTR_GENERATED, mo_region_printf(in->region, "%s %s", how, expression ? expression : ""),
        mo_region_printf(in->region, "GENERATED ALWAYS AS (%s) %s", expression ? expression : "", word), failed);
}

/* The sequence's options are in parentheses; the text that the server gave begins with a space. */
static void set_identity(mo_pg_reading *in, const mo_pg_row *r, mo_column *c, int *failed)
{
    char identity = *mo_pg_text(r, C_IDENTITY);
    const char *options = mo_pg_text(r, C_SEQUENCE);
    if (!identity)
        return;
    const char *how = identity == 'a' ? "always" : "by default", *word = identity == 'a' ? "ALWAYS" : "BY DEFAULT";
    int some = options && *options;
    set(c, MO_ATTR_IDENTITY, mo_region_printf(in->region, "%s%s", how, some ? options : ""),
        mo_region_printf(in->region, "GENERATED %s AS IDENTITY%s%s%s", word, some ? " (" : "", some ? options + 1 : "",
                         some ? ")" : ""),
        failed);
}

static void set_not_null(mo_pg_reading *in, const mo_pg_row *r, mo_column *c, int *failed)
{
    const char *canonical = mo_pg_keep(in, r, C_NOT_NULL, failed);
    mo_str text = {0};
    if (!canonical)
        return;
    if (mo_pg_text(r, C_NULL_NAME)) {
        mo_str_add(&text, "CONSTRAINT ");
        mo_name_add(&text, mo_pg_text(r, C_NULL_NAME));
        mo_str_addc(&text, ' ');
    }
    mo_str_add(&text, strstr(canonical, "no inherit") ? "NOT NULL NO INHERIT" : "NOT NULL");
    set(c, MO_ATTR_NOT_NULL, canonical, mo_str_into(&text, in->region), failed);
}

static void set_attributes(mo_pg_reading *in, const mo_pg_row *r, mo_column *c, int *failed)
{
    static const struct {
        mo_attr attr;
        int column;
    } plain[] = {{MO_ATTR_TYPE, C_TYPE},
                 {MO_ATTR_COLLATION, C_COLLATION},
                 {MO_ATTR_STORAGE, C_STORAGE},
                 {MO_ATTR_COMPRESSION, C_COMPRESSION},
                 {MO_ATTR_STATISTICS, C_STATISTICS},
                 {MO_ATTR_OPTIONS, C_OPTIONS}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        const char *text = mo_pg_keep(in, r, plain[i].column, failed);
        c->attr[plain[i].attr] = (mo_attr_value){text, text};
    }
    set_not_null(in, r, c, failed);
    set_identity(in, r, c, failed);
    set_expression(in, r, c, failed);
}

/* "16385 1" */
static const char *key_of(mo_pg_reading *in, const char *table, const char *number)
{
    return mo_region_printf(in->region, "%s %s", table, number);
}

mo_column *mo_pg_column(mo_pg_reading *in, const mo_pg_row *r, int table, int number)
{
    const char *key = key_of(in, mo_pg_text(r, table), mo_pg_text(r, number));
    return key ? mo_map_get(in->columns, key) : NULL;
}

static int column_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_object *o = mo_pg_recall(in, "pg_class", r, C_TABLE);
    mo_str text = {0};
    int failed = 0;
    if (!o)
        return MOULT_OK; /* of an extension's table */
    mo_column *c = mo_region_alloc(in->region, sizeof *c);
    if (!c)
        return mo_error_nomem(in->err);
    c->name = mo_pg_name(in, r, -1, C_NAME);
    set_attributes(in, r, c, &failed);
    const char *key = key_of(in, mo_pg_text(r, C_TABLE), mo_pg_text(r, C_NUMBER));
    if (failed || !c->name || !key)
        return mo_error_nomem(in->err);
    mo_pg_column_sql(&text, c);
    c->text = mo_str_into(&text, in->region);
    failed = !c->text || mo_vec_push(in->region, &o->table->columns, c) || mo_map_put(in->columns, key, c);
    return failed ? mo_error_nomem(in->err) : MOULT_OK;
}

const mo_pg_reader mo_pg_read_columns = {"columns", columns_sql, column_row};
