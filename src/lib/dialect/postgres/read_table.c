/* SPDX-License-Identifier: MIT */
/* read_table.c - tables, their columns and their constraints. */
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres/postgres.h"

/* --- tables ------------------------------------------------------------------------------------------------------------ */

enum { T_OID = 0, T_SPACE, T_NAME, T_PERSISTENCE, T_OPTIONS };

static const char tables_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relpersistence, c.reloptions::text "
    "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = ANY ($schemas) AND c.relkind IN ('r', 'p') AND " MO_PG_NOT_MEMBER("pg_class", "c.oid");

static int add_option(mo_pg_reading *in, mo_object *o, const char *name, const char *canonical, const char *text)
{
    mo_option option = {name, canonical, text};
    if (!name || !canonical || !text || mo_vec_push(in->region, &o->table->options, option))
        return mo_error_nomem(in->err);
    return MOULT_OK;
}

/* fillfactor=70 and its like, one option each. */
static int add_storage(mo_pg_reading *in, mo_object *o, const char *array)
{
    mo_pg_list list = {0};
    if (mo_pg_elements(in, array, &list))
        return mo_error_nomem(in->err);
    for (size_t i = 0; i < list.count; i++) {
        const char *text = list.items[i], *equals = strchr(text, '=');
        const char *name = mo_region_dupn(in->region, text, equals ? (size_t)(equals - text) : strlen(text));
        int code = add_option(in, o, name, equals ? equals + 1 : "", text);
        if (code != MOULT_OK)
            return code;
    }
    return MOULT_OK;
}

static int table_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_object *o = mo_pg_add(in, MO_KIND_TABLE, mo_pg_name(in, r, T_SPACE, T_NAME), NULL, NULL, NULL);
    if (!o)
        return mo_error_nomem(in->err);
    int code = mo_pg_remember(in, "pg_class", r, T_OID, o);
    if (code == MOULT_OK && *mo_pg_text(r, T_PERSISTENCE) == 'u')
        code = add_option(in, o, "unlogged", "1", "UNLOGGED");
    return code == MOULT_OK ? add_storage(in, o, mo_pg_text(r, T_OPTIONS)) : code;
}

const mo_pg_reader mo_pg_read_tables = {"tables", tables_sql, table_row};

/* --- columns ----------------------------------------------------------------------------------------------------------- */

enum { C_TABLE = 0, C_NUMBER, C_NAME, C_TYPE, C_NOT_NULL, C_DEFAULT, C_GENERATED, C_IDENTITY, C_COLLATION, C_STORAGE };
enum { C_COMPRESSION = C_STORAGE + 1, C_STATISTICS, C_OPTIONS };

static const char columns_sql[] =
    "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
    "pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, "
    "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END, "
    "CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' "
    "WHEN 'm' THEN 'main' ELSE 'extended' END END, "
    "{14?CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END}{14!NULL}, "
    "CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END, array_to_string(a.attoptions, ', ') "
    "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum "
    "WHERE n.nspname = ANY ($schemas) AND c.relkind IN ('r', 'p') ORDER BY a.attrelid, a.attnum";

static void set(mo_column *c, mo_attr attr, const char *canonical, const char *text)
{
    c->attr[attr] = (mo_attr_value){canonical, canonical ? text : NULL};
}

/* Before and behind an expression; NULL: no memory. */
static const char *around(mo_pg_reading *in, const char *before, const char *text, const char *behind)
{
    return mo_region_printf(in->region, "%s%s%s", before, text, behind);
}

/* A default, or what the column is computed from: the catalog keeps both in one place. */
static void set_expression(mo_pg_reading *in, const mo_pg_row *r, mo_column *c, int *failed)
{
    const char *expression = mo_pg_keep(in, r, C_DEFAULT, failed);
    char generated = *mo_pg_text(r, C_GENERATED);
    if (!expression)
        return;
    if (!generated) {
        set(c, MO_ATTR_DEFAULT, expression, expression);
        return;
    }
    const char *how = generated == 'v' ? "virtual" : "stored";
    set(c, MO_ATTR_GENERATED, mo_region_printf(in->region, "%s %s", how, expression),
        around(in, "GENERATED ALWAYS AS (", expression, generated == 'v' ? ") VIRTUAL" : ") STORED"));
    *failed |= !c->attr[MO_ATTR_GENERATED].canonical || !c->attr[MO_ATTR_GENERATED].text;
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
    char identity = *mo_pg_text(r, C_IDENTITY);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        const char *text = mo_pg_keep(in, r, plain[i].column, failed);
        set(c, plain[i].attr, text, text);
    }
    if (mo_pg_is_true(r, C_NOT_NULL))
        set(c, MO_ATTR_NOT_NULL, "1", "NOT NULL");
    if (identity == 'a')
        set(c, MO_ATTR_IDENTITY, "always", "GENERATED ALWAYS AS IDENTITY");
    if (identity == 'd')
        set(c, MO_ATTR_IDENTITY, "by default", "GENERATED BY DEFAULT AS IDENTITY");
    set_expression(in, r, c, failed);
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
    const char *key = mo_region_printf(in->region, "%s %s", mo_pg_text(r, C_TABLE), mo_pg_text(r, C_NUMBER));
    if (failed || !c->name || !key)
        return mo_error_nomem(in->err);
    mo_pg_column_sql(&text, c);
    c->text = mo_str_into(&text, in->region);
    failed = !c->text || mo_vec_push(in->region, &o->table->columns, c) || mo_map_put(in->columns, key, c);
    return failed ? mo_error_nomem(in->err) : MOULT_OK;
}

const mo_pg_reader mo_pg_read_columns = {"columns", columns_sql, column_row};

/* --- constraints ------------------------------------------------------------------------------------------------------- */

enum { K_OID = 0, K_TABLE, K_NAME, K_TYPE, K_TEXT, K_COLUMNS, K_PARENT, K_PARENT_COLUMNS };

#define NAMES_OF(relation, keys)                                                                                       \
    "(SELECT array_agg(a.attname ORDER BY p.n)::text FROM unnest(" keys ") WITH ORDINALITY AS p (k, n) "               \
    "JOIN pg_attribute AS a ON a.attrelid = " relation " AND a.attnum = p.k)"

static const char constraints_sql[] =
    "SELECT k.oid, k.conrelid, k.conname, k.contype, pg_get_constraintdef(k.oid), " NAMES_OF(
        "k.conrelid",
        "k.conkey") ", "
                    "k.confrelid, " NAMES_OF("k.confrelid",
                                             "k.confkey") " "
                                                          "FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = "
                                                          "k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                                                          "WHERE n.nspname = ANY ($schemas) AND k.contype IN ('p', "
                                                          "'u', 'c', 'f', 'x') AND k.conislocal AND k.conparentid = 0 "
                                                          "ORDER BY k.conrelid, k.conname";

static int kind_of(char type, mo_constraint_kind *out)
{
    static const char types[] = {[MO_CONSTRAINT_PRIMARY_KEY] = 'p',
                                 [MO_CONSTRAINT_UNIQUE] = 'u',
                                 [MO_CONSTRAINT_CHECK] = 'c',
                                 [MO_CONSTRAINT_FOREIGN_KEY] = 'f',
                                 [MO_CONSTRAINT_EXCLUSION] = 'x'};
    const char *at = memchr(types, type, sizeof types);
    *out = at ? (mo_constraint_kind)(at - types) : MO_CONSTRAINT_CHECK;
    return at != NULL;
}

static void place_in_key(mo_table *t, const mo_constraint *k)
{
    for (size_t i = 0; i < k->column_count; i++) {
        mo_column *c = mo_table_column(t, k->columns[i]);
        if (c)
            c->key_place = (int)i + 1;
    }
}

static int set_columns(mo_pg_reading *in, const mo_pg_row *r, mo_constraint *k)
{
    mo_pg_list own = {0}, theirs = {0};
    const mo_object *parent = mo_pg_recall(in, "pg_class", r, K_PARENT);
    if (mo_pg_names(in, mo_pg_text(r, K_COLUMNS), &own) || mo_pg_names(in, mo_pg_text(r, K_PARENT_COLUMNS), &theirs))
        return -1;
    k->columns = own.items;
    k->column_count = own.count;
    k->ref_columns = theirs.items;
    k->ref_column_count = theirs.count;
    k->ref_table = parent ? parent->name : NULL;
    return 0;
}

static int constraint_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_object *o = mo_pg_recall(in, "pg_class", r, K_TABLE);
    int failed = 0;
    if (!o || !o->table)
        return MOULT_OK;
    mo_constraint *k = mo_region_alloc(in->region, sizeof *k);
    if (!k)
        return mo_error_nomem(in->err);
    kind_of(*mo_pg_text(r, K_TYPE), &k->kind);
    k->column = -1;
    k->name = mo_pg_name(in, r, -1, K_NAME);
    k->canonical = mo_pg_keep(in, r, K_TEXT, &failed);
    if (failed || !k->name || set_columns(in, r, k))
        return mo_error_nomem(in->err);
    k->text = mo_region_printf(in->region, "CONSTRAINT %s %s", k->name, k->canonical);
    if (!k->text || mo_vec_push(in->region, &o->table->constraints, k))
        return mo_error_nomem(in->err);
    if (k->kind == MO_CONSTRAINT_PRIMARY_KEY)
        place_in_key(o->table, k);
    return mo_pg_remember(in, "pg_constraint", r, K_OID, o);
}

const mo_pg_reader mo_pg_read_constraints = {"constraints", constraints_sql, constraint_row};
