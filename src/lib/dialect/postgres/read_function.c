/* SPDX-License-Identifier: MIT */
/*
 * read_function.c - functions and procedures.
 *
 * What a body names the server does not know, but where it parses the body itself: so each name in it that is the name of an
 * object counts as mentioned. That is read last, when all objects are known.
 */
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres/read.h"

static const char functions_sql[] =
    "$managed "
    "SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, 'pg_proc', p.oid, q.name || '(' || "
    "$arguments(p) || ')', NULL, d.definition, "
    "'CREATE OR REPLACE ' || w.noun || ' ' || q.name || d.definition "
    "FROM pg_proc p JOIN m ON m.oid = p.pronamespace, "
    "LATERAL (SELECT m.prefix || quote_ident(p.proname) AS name) q, "
    "LATERAL (SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS noun) w, "
    "LATERAL (SELECT rtrim(substr(pg_get_functiondef(p.oid), length('CREATE OR REPLACE ' || w.noun || ' ' || "
    "quote_ident(m.nspname) || '.' || quote_ident(p.proname)) + 1), E'\\n') AS definition OFFSET 0) d "
    "WHERE p.prokind <> 'a' AND $own(pg_proc, p.oid)";

const mo_pg_reader mo_pg_read_functions = {"functions", functions_sql, mo_pg_object_row};

/* --- bodies ------------------------------------------------------------------------------------------------------------ */

enum { B_OID = 0, B_BODY };

static const char bodies_sql[] =
    "$managed "
    "SELECT p.oid, p.prosrc FROM pg_proc p JOIN m ON m.oid = p.pronamespace JOIN pg_language l ON l.oid = "
    "p.prolang "
    "WHERE p.prokind <> 'a' AND l.lanname NOT IN ('internal', 'c') AND p.prosrc <> '' AND $own(pg_proc, p.oid)";

/* The name without what tells functions of one name apart. In the region; NULL: no memory. */
static const char *without_arguments(mo_pg_reading *in, const char *name)
{
    return mo_region_dupn(in->region, name, strcspn(name, "("));
}

/* All objects by the names that a body has for them: of several with one name all count, in a list. */
typedef struct namesake {
    const mo_object *object;
    struct namesake *next;
} namesake;

static int know_names(mo_pg_reading *in)
{
    in->names = mo_map_new(1);
    for (size_t i = 0; in->names && i < in->schema->objects.count; i++) {
        const mo_object *o = in->schema->objects.items[i];
        const char *name = without_arguments(in, o->name);
        namesake *n = mo_region_alloc(in->region, sizeof *n);
        if (!name || !n)
            return -1;
        n->object = o;
        n->next = mo_map_get(in->names, name);
        if (!mo_kinds[o->kind].of_table && mo_map_put(in->names, name, n))
            return -1;
    }
    return in->names ? 0 : -1;
}

static int mention_all(mo_pg_reading *in, mo_object *o, const char *name)
{
    int code = MOULT_OK;
    for (const namesake *n = mo_map_get(in->names, name); code == MOULT_OK && n; n = n->next)
        code = n->object == o ? MOULT_OK : mo_pg_mentions_loosely(in, o, n->object->name);
    return code;
}

/* Each name alone and with the one before it: `other.users` is found as it is, and `users.email` by its first part. */
static int scan_body(mo_pg_reading *in, mo_object *o, const char *body)
{
    mo_lexer lexer;
    mo_str name = {0}, path = {0};
    int code = MOULT_OK, dot = 0;
    mo_lexer_init(&lexer, &mo_lex_postgres, body, strlen(body));
    for (mo_token t = mo_lexer_next(&lexer); code == MOULT_OK && t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD;
         t = mo_lexer_next(&lexer)) {
        if (t.kind != MO_TOKEN_WORD && t.kind != MO_TOKEN_QUOTED) {
            dot = mo_token_is_punct(&t, '.');
            continue;
        }
        mo_str_clear(&name);
        mo_name_of_token(&mo_lex_postgres, &t, &name);
        if (dot)
            mo_str_addc(&path, '.');
        else
            mo_str_clear(&path);
        mo_str_add(&path, mo_str_text(&name));
        code = name.failed || path.failed ? mo_error_nomem(in->err) : mention_all(in, o, mo_str_text(&name));
        if (code == MOULT_OK && dot)
            code = mention_all(in, o, mo_str_text(&path));
        dot = 0;
    }
    mo_str_free(&name);
    mo_str_free(&path);
    return code;
}

static int body_row(mo_pg_reading *in, const mo_pg_row *r)
{
    mo_object *o = mo_pg_recall(in, "pg_proc", r, B_OID);
    if (o && !in->names && know_names(in))
        return mo_error_nomem(in->err);
    return o ? scan_body(in, o, mo_pg_text(r, B_BODY)) : MOULT_OK;
}

const mo_pg_reader mo_pg_read_bodies = {"bodies of functions", bodies_sql, body_row};
