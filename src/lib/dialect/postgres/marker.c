/* SPDX-License-Identifier: MIT */
/*
 * marker.c - a cheap value that moves whenever the schema may have moved: a hash over the version of every row of the catalogs
 * that somebody's objects have.
 *
 * The version is (oid, xmin, ctid): xmin alone does not move for a second ALTER in one transaction. A row of a built-in object
 * (oid below 16384) is left out, but for schemas and comments: public is one, and may be changed. Statistics are in catalogs
 * that are not looked at, and what VACUUM and ANALYZE note in pg_class is written in place.
 */
#include <string.h>

#include "dialect/postgres/postgres.h"

/* Catalogs, and the column that says whose a row is; `all`: also those of built-in ones. */
static const struct {
    const char *catalog, *owner;
    int all;
} catalogs[] = {{"pg_class", "oid", 0},
                {"pg_attribute", "attrelid", 0},
                {"pg_attrdef", "adrelid", 0},
                {"pg_constraint", "oid", 0},
                {"pg_index", "indexrelid", 0},
                {"pg_type", "oid", 0},
                {"pg_enum", "enumtypid", 0},
                {"pg_range", "rngtypid", 0},
                {"pg_proc", "oid", 0},
                {"pg_aggregate", "aggfnoid::oid", 0},
                {"pg_rewrite", "ev_class", 0},
                {"pg_trigger", "tgrelid", 0},
                {"pg_policy", "polrelid", 0},
                {"pg_sequence", "seqrelid", 0},
                {"pg_inherits", "inhrelid", 0},
                {"pg_partitioned_table", "partrelid", 0},
                {"pg_statistic_ext", "oid", 0},
                {"pg_collation", "oid", 0},
                {"pg_operator", "oid", 0},
                {"pg_opclass", "oid", 0},
                {"pg_opfamily", "oid", 0},
                {"pg_amop", "oid", 0},
                {"pg_amproc", "oid", 0},
                {"pg_cast", "oid", 0},
                {"pg_conversion", "oid", 0},
                {"pg_ts_config", "oid", 0},
                {"pg_ts_config_map", "mapcfg", 0},
                {"pg_ts_dict", "oid", 0},
                {"pg_ts_parser", "oid", 0},
                {"pg_ts_template", "oid", 0},
                {"pg_language", "oid", 0},
                {"pg_transform", "oid", 0},
                {"pg_am", "oid", 0},
                {"pg_foreign_data_wrapper", "oid", 0},
                {"pg_foreign_server", "oid", 0},
                {"pg_foreign_table", "ftrelid", 0},
                {"pg_publication_rel", "oid", 0},
                {"pg_depend", "objid", 0},
                {"pg_namespace", "oid", 1},
                {"pg_publication", "oid", 1},
                {"pg_extension", "oid", 1},
                {"pg_event_trigger", "oid", 1},
                {"pg_default_acl", "oid", 1},
                {"pg_description", "objoid", 0}};

void mo_pg_marker_text(mo_str *out)
{
    for (size_t i = 0; i < sizeof catalogs / sizeof *catalogs; i++) {
        const char *owner = catalogs[i].owner;
        mo_str_addf(out, "%sSELECT count(*), sum(hashtextextended(%s || ' ' || xmin || ' ' || ctid, 0)) FROM %s",
                    i ? " UNION ALL " : "", owner, catalogs[i].catalog);
        if (!catalogs[i].all)
            mo_str_addf(out, " WHERE %s >= 16384", owner);
    }
    /* the schema public is built in, and may be commented on */
    mo_str_add(out, " OR classoid = 'pg_namespace'::regclass");
    /* which schema is managed is part of what was found up to date */
    mo_str_add(out, " UNION ALL SELECT 0, hashtextextended(coalesce(current_schema()::text, 'public'), 0)");
}

static void add_result(const mo_conn *c, const PGresult *result, mo_hasher *h)
{
    for (int i = 0; i < c->pq.PQntuples(result); i++)
        for (int k = 0; k < c->pq.PQnfields(result); k++)
            mo_hasher_add_text(h, c->pq.PQgetvalue(result, i, k));
}

int mo_pg_marker_of(mo_conn *c, const PGresult *result, mo_hash *out, mo_error *err)
{
    mo_hasher *h = mo_hasher_new();
    if (!h)
        return mo_error_nomem(err);
    add_result(c, result, h);
    mo_hasher_add_text(h, mo_url_param_get(c->url, "schema"));
    *out = mo_hasher_result(h);
    mo_hasher_free(h);
    return MOULT_OK;
}

typedef struct taking {
    mo_conn *conn;
    mo_hash *out;
    mo_error *err;
} taking;

static int take(void *user, size_t number, const PGresult *result)
{
    const taking *t = user;
    (void)number;
    return mo_pg_marker_of(t->conn, result, t->out, t->err);
}

int mo_pg_marker(mo_conn *c, mo_hash *out, mo_error *err)
{
    taking t = {c, out, err};
    if (c->seen_there && mo_pg_in_transaction(c)) {
        *out = c->seen;
        return MOULT_OK;
    }
    mo_str sql = {0};
    mo_pg_marker_text(&sql);
    int code = sql.failed ? mo_error_nomem(err) : mo_pg_run(c, mo_str_text(&sql), take, &t, NULL, err);
    mo_str_free(&sql);
    return code;
}

/* The server's own number, the database's, and what it makes of the same definitions. */
static int add_row(void *user, size_t count, const mo_value *v)
{
    for (size_t i = 0; i < count; i++)
        mo_hasher_add_text(user, v[i].text);
    return MOULT_OK;
}

int mo_pg_identity(mo_conn *c, mo_hasher *h, mo_error *err)
{
    static const char sql[] =
        "SELECT d.oid::text, pg_encoding_to_char(d.encoding)::text, d.datcollate::text, d.datctype::text, "
        "current_setting('server_version'), current_setting('search_path'), (SELECT string_agg(extname || ' ' || "
        "extversion, ',' ORDER BY extname) FROM pg_extension), (SELECT system_identifier::text FROM "
        "pg_control_system()) "
        "FROM pg_database AS d WHERE d.datname = current_database()";
    return mo_pg_query(c, sql, NULL, 0, add_row, h, NULL, err);
}
