/* SPDX-License-Identifier: MIT */
/*
 * read_constraint.c - the constraints of tables, but those that come from a parent, and NOT NULL, which is the column's.
 *
 * The index of a key is the constraint's own: its parameters stand in the definition, and what only a statement can say of
 * it (CLUSTER, REPLICA IDENTITY) is an option of the table.
 */
#include <string.h>

#include "dialect/postgres/read.h"

enum { K_OID = 0, K_TABLE, K_NAME, K_TYPE, K_TEXT, K_COLUMNS, K_PARENT, K_PARENT_NAME, K_PARENT_COLUMNS, K_INDEX };
enum { K_CLUSTERED = K_INDEX + 1, K_IDENTITY };

/* The server does not write the parameters of a key's index; those of an exclusion's it does. */
static const char constraints_sql[] =
    "SELECT k.oid, k.conrelid, k.conname, k.contype, "
    "CASE WHEN k.contype IN ('p', 'u') AND (i.reloptions IS NOT NULL OR i.reltablespace <> 0) THEN "
    "regexp_replace(pg_get_constraintdef(k.oid), '( DEFERRABLE( INITIALLY DEFERRED)?)?$', "
    "replace(concat(' WITH (' || (SELECT string_agg(x.option, ', ' ORDER BY x.option) FROM $options(i.reloptions) x) "
    "|| ')', "
    "' USING INDEX TABLESPACE ' || quote_ident(s.spcname)), '\\', '\\\\') || '\\1') "
    "ELSE pg_get_constraintdef(k.oid, k.contype = 'f') END, "
    "(SELECT array_agg(a.attname ORDER BY array_position(k.conkey, a.attnum)) FROM pg_attribute a "
    "WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)), "
    "k.confrelid, nullif(k.confrelid, 0)::regclass, CASE WHEN k.contype = 'f' THEN "
    "(SELECT array_agg(a.attname ORDER BY array_position(k.confkey, a.attnum)) FROM pg_attribute a "
    "WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)) END, x.indexrelid, x.indisclustered, "
    "x.indisreplident "
    "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_index x ON x.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x') "
    "LEFT JOIN pg_class i ON i.oid = x.indexrelid LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace "
    "WHERE n.nspname = ANY ($schemas) AND k.contype IN ('p', 'u', 'c', 'f', 'x') AND k.conparentid = 0 "
    "AND k.conislocal AND (k.coninhcount = 0 OR NOT c.relispartition) ORDER BY k.conrelid, k.conname";

static mo_constraint_kind kind_of(char type)
{
    static const char types[] = {[MO_CONSTRAINT_PRIMARY_KEY] = 'p',
                                 [MO_CONSTRAINT_UNIQUE] = 'u',
                                 [MO_CONSTRAINT_CHECK] = 'c',
                                 [MO_CONSTRAINT_FOREIGN_KEY] = 'f',
                                 [MO_CONSTRAINT_EXCLUSION] = 'x'};
    const char *at = memchr(types, type, sizeof types);
    return at ? (mo_constraint_kind)(at - types) : MO_CONSTRAINT_CHECK;
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
    int failed = 0;
    if (mo_pg_names(in, mo_pg_text(r, K_COLUMNS), &own) || mo_pg_names(in, mo_pg_text(r, K_PARENT_COLUMNS), &theirs))
        return -1;
    k->columns = own.items;
    k->column_count = own.count;
    k->ref_columns = theirs.items;
    k->ref_column_count = theirs.count;
    k->ref_table = parent ? parent->name : mo_pg_keep(in, r, K_PARENT_NAME, &failed);
    return failed ? -1 : 0;
}

/* What statements say of the constraint's index. */
static int add_index_options(mo_pg_reading *in, const mo_pg_row *r, mo_object *o, const mo_constraint *k)
{
    int code = MOULT_OK;
    if (mo_pg_is_true(r, K_CLUSTERED))
        code = mo_pg_add_option(in, o, "cluster", k->name, mo_region_printf(in->region, "CLUSTER ON %s", k->name));
    if (code == MOULT_OK && mo_pg_is_true(r, K_IDENTITY))
        code = mo_pg_add_option(in, o, "replica identity", k->name,
                                mo_region_printf(in->region, "REPLICA IDENTITY USING INDEX %s", k->name));
    return code == MOULT_OK && mo_pg_text(r, K_INDEX) ? mo_pg_remember(in, "pg_class", r, K_INDEX, o) : code;
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
    k->kind = kind_of(*mo_pg_text(r, K_TYPE));
    k->column = -1;
    k->name = mo_pg_name(in, r, -1, K_NAME);
    k->canonical = mo_pg_settled(in, mo_pg_keep(in, r, K_TEXT, &failed));
    if (failed || !k->canonical || !k->name || set_columns(in, r, k))
        return mo_error_nomem(in->err);
    k->text = mo_region_printf(in->region, "CONSTRAINT %s %s", k->name, k->canonical);
    if (!k->text || mo_vec_push(in->region, &o->table->constraints, k))
        return mo_error_nomem(in->err);
    if (k->kind == MO_CONSTRAINT_PRIMARY_KEY)
        place_in_key(o->table, k);
    int code = add_index_options(in, r, o, k);
    return code == MOULT_OK ? mo_pg_remember(in, "pg_constraint", r, K_OID, o) : code;
}

const mo_pg_reader mo_pg_read_constraints = {"constraints", constraints_sql, constraint_row};
