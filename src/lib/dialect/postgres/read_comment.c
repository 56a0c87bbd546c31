/* SPDX-License-Identifier: MIT */
/*
 * read_comment.c - comments, each an object named by what it is about: "COLUMN users.email".
 *
 * What it is about has been read before, and is called as it is in the tree; only what is no object of its own (columns,
 * constraints, the indexes of keys, the sequences of columns, the first schema) is named here.
 */
#include "dialect/postgres/read.h"

enum { C_CATALOG = 0, C_OID, C_COLUMN, C_CONSTRAINT, C_NAMED, C_TEXT, C_LITERAL };

static const char comments_sql[] =
    "$managed "
    "SELECT CASE WHEN c.relkind = 'c' OR k.contypid <> 0 THEN 'pg_type' ELSE d.classoid::regclass::text END, "
    "CASE WHEN c.relkind = 'c' THEN c.reltype WHEN k.contypid <> 0 THEN k.contypid ELSE d.objoid END, "
    "a.attname, k.conname, "
    "CASE WHEN n.oid IS NOT NULL THEN 'SCHEMA ' || quote_ident(n.nspname) "
    "WHEN c.relkind IN ('i', 'I') THEN 'INDEX ' || m.prefix || quote_ident(c.relname) "
    "WHEN c.relkind = 'S' THEN 'SEQUENCE ' || m.prefix || quote_ident(c.relname) END, "
    "d.description, quote_literal(d.description) "
    "FROM pg_description d LEFT JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid "
    "LEFT JOIN m ON m.oid = c.relnamespace "
    "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid <> 0 "
    "LEFT JOIN pg_constraint k ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid "
    "LEFT JOIN m n ON d.classoid = 'pg_namespace'::regclass AND n.oid = d.objoid "
    "WHERE d.objoid >= 16384 OR n.nspname = 'public' AND d.description <> 'standard public schema'";

/* What the comment is about; "" when it is nothing that is read. */
static const char *target(mo_pg_reading *in, const mo_pg_row *r, const mo_object *o)
{
    const char *of_domain = o && o->kind == MO_KIND_DOMAIN ? "DOMAIN " : "";
    if (mo_pg_text(r, C_NAMED))
        return mo_pg_server_name(in, mo_pg_text(r, C_NAMED));
    if (!o || o->kind == MO_KIND_OTHER)
        return "";
    if (mo_pg_text(r, C_COLUMN))
        return mo_region_printf(in->region, "COLUMN %s.%s", o->name, mo_pg_name(in, r, -1, C_COLUMN));
    if (mo_pg_text(r, C_CONSTRAINT))
        return mo_region_printf(in->region, "CONSTRAINT %s ON %s%s", mo_pg_name(in, r, -1, C_CONSTRAINT), of_domain,
                                o->name);
    return mo_region_printf(in->region, "%s %s", mo_kinds[o->kind].noun, o->name);
}

static int comment_row(mo_pg_reading *in, const mo_pg_row *r)
{
    const mo_object *about = mo_pg_recall(in, mo_pg_text(r, C_CATALOG), r, C_OID);
    const char *name = target(in, r, about);
    if (!name)
        return mo_error_nomem(in->err);
    if (!*name)
        return MOULT_OK;
    const char *literal = mo_pg_text(r, C_LITERAL);
    const char *sql = mo_region_printf(in->region, "COMMENT ON %s IS %s", name, literal);
    mo_object *o = sql ? mo_pg_add(in, MO_KIND_COMMENT, name, NULL, sql, mo_pg_text(r, C_TEXT)) : NULL;
    if (!o)
        return mo_error_nomem(in->err);
    return about ? mo_pg_mentions(in, o, about->name) : MOULT_OK;
}

const mo_pg_reader mo_pg_read_comments = {"comments", comments_sql, comment_row};
