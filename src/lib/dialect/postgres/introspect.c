/* SPDX-License-Identifier: MIT */
/*
 * introspect.c - the catalog → schema. What all readers ask is sent as one text and answered in one round trip, whatever the
 * number of tables; see postgres.h for how a reader is written.
 *
 * It is one transaction with one snapshot, so that no two readers see different states. Inside a transaction of the caller's
 * that one serves, and the search_path that is needed meanwhile is put back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres/read.h"

/* In the order in which they need each other: what a row names must have been read before. */
static const mo_pg_reader *const readers[] = {
    &mo_pg_read_namespaces,
    &mo_pg_read_extensions,
    &mo_pg_read_collations,
    &mo_pg_read_enums,
    &mo_pg_read_composites,
    &mo_pg_read_ranges,
    &mo_pg_read_domains,
    &mo_pg_read_functions,
    &mo_pg_read_aggregates,
    &mo_pg_read_operators,
    &mo_pg_read_operator_classes,
    &mo_pg_read_operator_families,
    &mo_pg_read_casts,
    &mo_pg_read_dictionaries,
    &mo_pg_read_configurations,
    &mo_pg_read_tables,
    &mo_pg_read_columns,
    &mo_pg_read_constraints,
    &mo_pg_read_sequences,
    &mo_pg_read_views,
    &mo_pg_read_indexes,
    &mo_pg_read_rules,
    &mo_pg_read_statistics,
    &mo_pg_read_triggers,
    &mo_pg_read_policies,
    &mo_pg_read_publications,
    &mo_pg_read_event_triggers,
    &mo_pg_read_others,
    &mo_pg_read_comments,
    &mo_pg_read_privileges,
    &mo_pg_read_default_privileges,
    &mo_pg_read_depends,
    &mo_pg_read_bodies,
};

enum { READER_COUNT = sizeof readers / sizeof *readers, KEY_SIZE = 64 };

/* --- what readers use ------------------------------------------------------------------------------------------------ */

const char *mo_pg_text(const mo_pg_row *r, int column)
{
    return r->pq->PQgetisnull(r->result, r->number, column) ? NULL : r->pq->PQgetvalue(r->result, r->number, column);
}

int mo_pg_is_true(const mo_pg_row *r, int column)
{
    const char *text = mo_pg_text(r, column);
    return text && *text == 't';
}

long mo_pg_number(const mo_pg_row *r, int column)
{
    const char *text = mo_pg_text(r, column);
    return text ? strtol(text, NULL, 10) : 0;
}

const char *mo_pg_keep(mo_pg_reading *in, const mo_pg_row *r, int column, int *failed)
{
    const char *text = mo_pg_text(r, column);
    const char *copy = mo_region_dup(in->region, text);
    *failed |= text && !copy;
    return copy;
}

const char *mo_pg_name(mo_pg_reading *in, const mo_pg_row *r, int space, int name)
{
    const char *of = space >= 0 ? mo_pg_text(r, space) : NULL, *bare = mo_pg_text(r, name);
    mo_str out = {0};
    if (of && strcmp(of, in->conn->schemas.items[0]) != 0) {
        mo_name_add(&out, of);
        mo_str_addc(&out, '.');
    }
    mo_name_add(&out, bare ? bare : "");
    return mo_str_into(&out, in->region);
}

/* One element of an array's text, which begins at `text`; returns what follows it. */
static const char *add_element(const char *text, mo_str *out)
{
    int quoted = *text == '"';
    for (text += quoted; *text && (quoted ? *text != '"' : *text != ',' && *text != '}'); text++) {
        text += *text == '\\' && text[1];
        mo_str_addc(out, *text);
    }
    return text + (quoted && *text == '"');
}

static int split_array(mo_pg_reading *in, const char *array, int names, mo_pg_list *out)
{
    const char *at = array && *array == '{' ? array + 1 : "";
    while (*at && *at != '}') {
        mo_str bare = {0}, name = {0};
        at = add_element(at, &bare);
        if (names)
            mo_name_add(&name, mo_str_text(&bare));
        else
            mo_str_add(&name, mo_str_text(&bare));
        name.failed |= bare.failed;
        mo_str_free(&bare);
        const char *kept = mo_str_into(&name, in->region);
        if (!kept || mo_vec_push(in->region, out, kept))
            return -1;
        at += *at == ',';
    }
    return 0;
}

int mo_pg_elements(mo_pg_reading *in, const char *array, mo_pg_list *out)
{
    return split_array(in, array, 0, out);
}

int mo_pg_names(mo_pg_reading *in, const char *array, mo_pg_list *out)
{
    return split_array(in, array, 1, out);
}

/* A text that someone wrote stays as it is: what looks like an expression may be part of a string. */
static const char *settled(mo_pg_reading *in, mo_kind kind, const char *text)
{
    int written = kind == MO_KIND_FUNCTION || kind == MO_KIND_PROCEDURE || kind == MO_KIND_COMMENT;
    return mo_region_dup(in->region, written ? text : mo_pg_settled(in, text));
}

mo_object *mo_pg_add(mo_pg_reading *in, mo_kind kind, const char *name, const char *parent, const char *sql,
                     const char *canonical)
{
    mo_object *o = name ? mo_schema_object(in->schema, kind, name) : NULL;
    if (!o)
        return NULL;
    o->parent = parent;
    o->sql = settled(in, kind, sql);
    o->canonical = settled(in, kind, canonical);
    if ((sql && !o->sql) || (canonical && !o->canonical) || mo_schema_add(in->schema, o, in->err) != MOULT_OK)
        return NULL;
    return o;
}

static void make_key(char key[KEY_SIZE], const char *catalog, const char *oid)
{
    snprintf(key, KEY_SIZE, "%s %s", catalog, oid ? oid : "");
}

int mo_pg_remember(mo_pg_reading *in, const char *catalog, const mo_pg_row *r, int column, mo_object *o)
{
    char key[KEY_SIZE];
    make_key(key, catalog, mo_pg_text(r, column));
    return mo_map_put(in->objects, key, o) ? mo_error_nomem(in->err) : MOULT_OK;
}

mo_object *mo_pg_recall(const mo_pg_reading *in, const char *catalog, const mo_pg_row *r, int column)
{
    char key[KEY_SIZE];
    make_key(key, catalog, mo_pg_text(r, column));
    return mo_map_get(in->objects, key);
}

mo_object *mo_pg_add_uncompared(mo_pg_reading *in, const char *what, const char *name, const char *why)
{
    const char *full = name ? mo_region_printf(in->region, "%s %s", what, name) : NULL;
    mo_object *o = mo_pg_add(in, MO_KIND_OTHER, full, NULL, "", "");
    if (!o || !(o->note = mo_region_dup(in->region, why)))
        return NULL;
    o->flags = MO_OBJECT_UNCOMPARED;
    return o;
}

/* --- the text that is sent ------------------------------------------------------------------------------------------- */

/* How the server writes what it is asked must not depend on how the session is set. */
static const char settings[] =
    "SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL quote_all_identifiers = off;\n";

/* Results that come before those of the readers: of BEGIN, of each SET, and the marker. */
enum { MARKER = 8, BEFORE = 9 };

/* Inside a transaction of the caller's, going back to a savepoint takes back the settings. */
static void write_text(const mo_conn *c, int inside, mo_str *out)
{
    mo_str_add(out, inside ? "SAVEPOINT moult_reading;\n" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n");
    mo_str_addf(out, "SET LOCAL search_path = %s, pg_temp;\n%s", c->search_path, settings);
    mo_pg_marker_text(out);
    mo_str_add(out, ";\n");
    for (size_t i = 0; i < READER_COUNT; i++) {
        mo_pg_expand(c, readers[i]->sql, out);
        mo_str_add(out, ";\n");
    }
    mo_str_add(out, inside ? "ROLLBACK TO SAVEPOINT moult_reading; RELEASE SAVEPOINT moult_reading" : "COMMIT");
}

static int take_result(void *user, size_t number, const PGresult *result)
{
    mo_pg_reading *in = user;
    mo_pg_row r = {.pq = &in->conn->pq, .result = result};
    int count = r.pq->PQntuples(result), code = MOULT_OK;
    if (number == MARKER)
        return mo_pg_marker_of(in->conn, result, &in->conn->seen, in->err);
    if (number < BEFORE || number >= BEFORE + READER_COUNT)
        return MOULT_OK;
    for (; code == MOULT_OK && r.number < count; r.number++)
        code = readers[number - BEFORE]->row(in, &r);
    return code;
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

/* What was made of parts gets its definition. */
static int compose_tables(mo_pg_reading *in)
{
    for (size_t i = 0; i < in->schema->objects.count; i++) {
        mo_object *o = in->schema->objects.items[i];
        if (o->table && !(o->sql = mo_pg_compose_table(in->region, o)))
            return mo_error_nomem(in->err);
        o->tokens = mo_hash_of(o->sql, strlen(o->sql));
    }
    return MOULT_OK;
}

static int read_all(mo_pg_reading *in)
{
    int inside = mo_pg_in_transaction(in->conn);
    mo_str text = {0};
    write_text(in->conn, inside, &text);
    int code =
        text.failed ? mo_error_nomem(in->err) : mo_pg_run(in->conn, mo_str_text(&text), take_result, in, NULL, in->err);
    mo_str_free(&text);
    if (code != MOULT_OK && !inside)
        mo_pg_rollback(in->conn);
    in->conn->seen_there = code == MOULT_OK && inside;
    if (code == MOULT_OK)
        code = mo_pg_give_mentions(in);
    if (code == MOULT_OK)
        code = compose_tables(in);
    mo_pg_hide_lent(in->conn, in->schema);
    return code == MOULT_OK ? mo_schema_seal(in->schema, in->err) : code;
}

int mo_pg_introspect(mo_conn *c, mo_schema **out, mo_error *err)
{
    mo_pg_reading in = {.conn = c, .schema = mo_schema_new(), .err = err};
    int code = in.schema ? mo_pg_know(c, err) : mo_error_nomem(err);
    *out = NULL;
    in.region = in.schema ? in.schema->region : NULL;
    in.objects = mo_map_new(0);
    in.columns = mo_map_new(0);
    if (!in.objects || !in.columns)
        code = mo_error_nomem(err);
    if (code == MOULT_OK)
        code = read_all(&in);
    mo_map_free(in.objects);
    mo_map_free(in.columns);
    mo_map_free(in.names);
    if (code == MOULT_OK) {
        in.schema->dialect = mo_dialect_postgres.name;
        *out = in.schema;
    } else {
        mo_schema_free(in.schema);
    }
    return code;
}
