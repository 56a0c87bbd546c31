/* SPDX-License-Identifier: MIT */
/*
 * read_table.c - tables and their options.
 *
 * An option's text is what DDL says of it: a clause of CREATE TABLE, or an action of ALTER TABLE; compose.c tells which. Storage
 * parameters (fillfactor, toast.autovacuum_enabled) are one option each.
 */
#include <string.h>

#include "dialect/postgres/read.h"

enum { T_OID = 0, T_SPACE, T_NAME, T_PERSISTENCE, T_STORAGE, T_TOAST, T_CLAUSES };

/* The columns from T_CLAUSES on are options of one value, NULL where a table does not have it. */
static const struct {
    const char *name, *before, *behind;
    int is_name;   /* of other objects, as the tree has them */
    int is_parent; /* of the table that this one goes with */
} clauses[] = {
    {"access method", "USING ", "", 0, 0},
    {"of", "OF ", "", 1, 0},
    {"inherits", "INHERITS (", ")", 1, 0},
    {"partition by", "PARTITION BY ", "", 0, 0},
    {"partition of", "PARTITION OF ", "", 1, 1},
    {"bound", "", "", 0, 0},
    {"tablespace", "TABLESPACE ", "", 0, 0},
    {"replica identity", "REPLICA IDENTITY ", "", 0, 0},
    {"row security", "ENABLE ROW LEVEL SECURITY", "", 0, 0},
    {"force row security", "FORCE ROW LEVEL SECURITY", "", 0, 0},
};

static const char tables_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relpersistence, c.reloptions, t.reloptions, "
    "nullif(quote_ident(a.amname), 'heap'), CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END, "
    "(SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i "
    "WHERE i.inhrelid = c.oid AND NOT c.relispartition), pg_get_partkeydef(c.oid), "
    "(SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition), "
    "pg_get_expr(c.relpartbound, c.oid), quote_ident(s.spcname), "
    "CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' END, "
    "CASE WHEN c.relrowsecurity THEN '' END, CASE WHEN c.relforcerowsecurity THEN '' END "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam "
    "LEFT JOIN pg_class t ON t.oid = c.reltoastrelid LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace "
    "WHERE n.nspname = ANY ($schemas) AND c.relkind IN ('r', 'p') AND $own(pg_class, c.oid)";

int mo_pg_add_option(mo_pg_reading *in, mo_object *o, const char *name, const char *canonical, const char *text)
{
    mo_option option = {name, canonical, text};
    if (!canonical || !text || mo_vec_push(in->region, &o->table->options, option))
        return mo_error_nomem(in->err);
    return MOULT_OK;
}

/* fillfactor=70 and its like. */
static int add_storage(mo_pg_reading *in, mo_object *o, const char *array, const char *prefix)
{
    mo_pg_list list = {0};
    if (mo_pg_elements(in, array, &list))
        return mo_error_nomem(in->err);
    for (size_t i = 0; i < list.count; i++) {
        const char *text = list.items[i], *equals = strchr(text, '='), *value = equals ? equals + 1 : "";
        size_t length = equals ? (size_t)(equals - text) : strlen(text);
        mo_str clause = {0};
        mo_str_addf(&clause, "%s%.*s=", prefix, (int)length, text);
        mo_str_literal(&clause, value);
        const char *name = mo_region_printf(in->region, "%s%.*s", prefix, (int)length, text);
        int code = mo_pg_add_option(in, o, name, name ? value : NULL, mo_str_into(&clause, in->region));
        if (code != MOULT_OK)
            return code;
    }
    return MOULT_OK;
}

static int add_clause(mo_pg_reading *in, const mo_pg_row *r, mo_object *o, size_t i)
{
    const char *value = mo_pg_text(r, T_CLAUSES + (int)i);
    if (!value)
        return MOULT_OK;
    value = clauses[i].is_name ? mo_pg_server_name(in, value) : mo_region_dup(in->region, value);
    if (!value)
        return mo_error_nomem(in->err);
    const char *text = mo_region_printf(in->region, "%s%s%s", clauses[i].before, value, clauses[i].behind);
    int code = mo_pg_add_option(in, o, clauses[i].name, value, text);
    /* A partition is not told to need its parent by pg_depend, for it goes with it. */
    return code == MOULT_OK && clauses[i].is_parent ? mo_pg_mentions(in, o, value) : code;
}

static int table_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_object *o = mo_pg_add(in, MO_KIND_TABLE, mo_pg_name(in, r, T_SPACE, T_NAME), NULL, NULL, NULL);
    if (!o)
        return mo_error_nomem(in->err);
    int code = mo_pg_remember(in, "pg_class", r, T_OID, o);
    if (code == MOULT_OK && *mo_pg_text(r, T_PERSISTENCE) == 'u')
        code = mo_pg_add_option(in, o, "unlogged", "", "UNLOGGED");
    if (code == MOULT_OK)
        code = add_storage(in, o, mo_pg_text(r, T_STORAGE), "");
    if (code == MOULT_OK)
        code = add_storage(in, o, mo_pg_text(r, T_TOAST), "toast.");
    for (size_t i = 0; code == MOULT_OK && i < sizeof clauses / sizeof *clauses; i++)
        code = add_clause(in, r, o, i);
    return code;
}

const mo_pg_reader mo_pg_read_tables = {"tables", tables_sql, table_row};
