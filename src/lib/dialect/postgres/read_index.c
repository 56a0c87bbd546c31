/* SPDX-License-Identifier: MIT */
/* read_index.c - indexes, but those that a constraint makes. */
#include <string.h>

#include "dialect/postgres/postgres.h"

enum { I_OID = 0, I_SPACE, I_NAME, I_TABLE, I_UNIQUE, I_ONLY, I_REST };

/* What the server writes begins "CREATE UNIQUE INDEX name ON ONLY schema.table " : we write that ourselves, and take the rest. */
static const char indexes_sql[] =
    "SELECT i.indexrelid, n.nspname, c.relname, i.indrelid, i.indisunique, t.relkind = 'p', "
    "substr(pg_get_indexdef(i.indexrelid), 1 + length('CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END "
    "|| "
    "'INDEX ' || quote_ident(c.relname) || ' ON ' || CASE WHEN t.relkind = 'p' THEN 'ONLY ' ELSE '' END || "
    "quote_ident(n.nspname) || '.' || quote_ident(t.relname) || ' ')) "
    "FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = ANY ($schemas) AND t.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND NOT EXISTS "
    "(SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))";

static int index_row(mo_pg_reading *in, const mo_pg_row *r)
{
    const mo_object *table = mo_pg_recall(in, "pg_class", r, I_TABLE);
    const char *rest = mo_pg_text(r, I_REST), *unique = mo_pg_is_true(r, I_UNIQUE) ? "unique " : "";
    mo_str sql = {0}, canonical = {0};
    if (!table)
        return MOULT_OK;
    const char *bare = mo_pg_name(in, r, -1, I_NAME);
    mo_str_addf(&sql, "CREATE %sINDEX %s ON %s %s", *unique ? "UNIQUE " : "", bare ? bare : "", table->name, rest);
    mo_str_addf(&canonical, "%s%s", unique, rest);
    mo_object *o = NULL;
    if (bare && !sql.failed && !canonical.failed)
        o = mo_pg_add(in, MO_KIND_INDEX, mo_pg_name(in, r, I_SPACE, I_NAME), table->name, mo_str_text(&sql),
                      mo_str_text(&canonical));
    mo_str_free(&sql);
    mo_str_free(&canonical);
    return o ? mo_pg_remember(in, "pg_class", r, I_OID, o) : mo_error_nomem(in->err);
}

const mo_pg_reader mo_pg_read_indexes = {"indexes", indexes_sql, index_row};
