/* SPDX-License-Identifier: MIT */
/*
 * lend.c - what a scratch is lent of the live database: its extensions, and the schemas that are not managed.
 *
 * Desired SQL may use what it does not declare: an extension that somebody else installed, a table of another schema that a
 * foreign key leads to. So those that are there are made in the scratch too, as far as the account may. An extension is none
 * of the scratch's objects until it is declared; the other schemas are not looked at anyway.
 */
#include <string.h>

#include "dialect/postgres/postgres.h"

static int take_extension(void *user, size_t count, const mo_value *v)
{
    mo_conn *c = user;
    mo_str sql = {0}, name = {0};
    (void)count;
    mo_name_add(&name, v[0].text);
    mo_str_add(&sql, "CREATE SCHEMA IF NOT EXISTS ");
    mo_name_add(&sql, v[1].text);
    mo_str_addf(&sql, "; CREATE EXTENSION %s SCHEMA ", mo_str_text(&name));
    mo_name_add(&sql, v[1].text);
    mo_str_add(&sql, " VERSION ");
    mo_str_literal(&sql, v[2].text);
    sql.failed |= name.failed;
    mo_pg_lent lent = {.name = mo_str_into(&name, c->region), .sql = mo_str_into(&sql, c->region)};
    return lent.name && lent.sql && mo_vec_push(c->region, &c->lent, lent) == 0 ? MOULT_OK : MOULT_NOMEM;
}

int mo_pg_lend(mo_conn *live, mo_conn *scratch, mo_error *err)
{
    static const char sql[] = "SELECT e.extname::text, n.nspname::text, e.extversion FROM pg_extension AS e JOIN "
                              "pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.oid";
    mo_error ignored = {0};
    size_t made = 0;
    int code = mo_pg_query(live, sql, NULL, 0, take_extension, scratch, NULL, err);
    if (code == MOULT_NOMEM)
        return mo_error_nomem(err);
    for (size_t i = 0; code == MOULT_OK && i < scratch->lent.count; i++) {
        int rc = mo_pg_run(scratch, scratch->lent.items[i].sql, NULL, NULL, NULL, &ignored);
        if (rc == MOULT_OK) /* else who uses it is told by the server that it is not there */
            scratch->lent.items[made++] = scratch->lent.items[i];
        else if (rc == MOULT_CANCELLED || rc == MOULT_TIMEOUT || rc == MOULT_NOMEM)
            code = mo_error_move(err, &ignored);
    }
    scratch->lent.count = made;
    mo_error_clear(&ignored);
    return code;
}

/* The lent extension that a statement creates; NULL: none. */
static mo_pg_lent *created_by(mo_conn *c, const char *sql)
{
    mo_lexer l;
    mo_str name = {0};
    mo_pg_lent *found = NULL;
    mo_lexer_init(&l, &mo_lex_postgres, sql, strlen(sql));
    mo_token t = mo_lexer_next(&l);
    if (!mo_token_is(&t, "CREATE") || (t = mo_lexer_next(&l), !mo_token_is(&t, "EXTENSION")))
        return NULL;
    t = mo_lexer_next(&l);
    for (int i = 0; i < 3 && mo_token_is(&t, i == 0 ? "IF" : i == 1 ? "NOT" : "EXISTS"); i++)
        t = mo_lexer_next(&l);
    mo_name_of_token(&mo_lex_postgres, &t, &name);
    for (size_t i = 0; !name.failed && i < c->lent.count; i++)
        if (strcmp(c->lent.items[i].name, mo_str_text(&name)) == 0)
            found = &c->lent.items[i];
    mo_str_free(&name);
    return found;
}

int mo_pg_claim(mo_conn *c, const char *sql)
{
    mo_error ignored = {0};
    mo_str drop = {0};
    mo_pg_lent *lent = created_by(c, sql);
    if (!lent || lent->declared)
        return 0;
    lent->declared = 1;
    if (c->aside) /* it is the live one itself */
        return 1;
    mo_str_addf(&drop, "DROP EXTENSION %s", lent->name);
    int gone = !drop.failed && mo_pg_run(c, mo_str_text(&drop), NULL, NULL, NULL, &ignored) == MOULT_OK;
    mo_str_free(&drop);
    mo_error_clear(&ignored);
    return !gone;
}

void mo_pg_hide_lent(const mo_conn *c, mo_schema *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        int hidden = 0;
        for (size_t k = 0; o->kind == MO_KIND_EXTENSION && k < c->lent.count; k++)
            hidden |= !c->lent.items[k].declared && strcmp(c->lent.items[k].name, o->name) == 0;
        if (!hidden)
            s->objects.items[kept++] = s->objects.items[i];
    }
    s->objects.count = kept;
}

/* --- other schemas --------------------------------------------------------------------------------------------------- */

static int take_schema(void *user, size_t count, const mo_value *v)
{
    mo_conn *c = user;
    const char *name = mo_region_dup(c->region, v[0].text);
    (void)count;
    return name && mo_vec_push(c->region, &c->others, name) == 0 ? MOULT_OK : MOULT_NOMEM;
}

static int find_others(mo_conn *c, mo_error *err)
{
    static const char sql[] =
        "SELECT nspname::text FROM pg_namespace AS n WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', "
        "'moult', 'public') AND has_schema_privilege(n.oid, 'USAGE') AND EXISTS (SELECT FROM pg_class AS c WHERE "
        "c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm') UNION ALL SELECT FROM pg_proc AS p WHERE "
        "p.pronamespace = n.oid UNION ALL SELECT FROM pg_type AS t WHERE t.typnamespace = n.oid) ORDER BY nspname";
    c->others.count = 0;
    int code = mo_pg_query(c, sql, NULL, 0, take_schema, c, NULL, err);
    if (code == MOULT_NOMEM)
        return mo_error_nomem(err);
    size_t kept = 0;
    for (size_t i = 0; i < c->others.count; i++) {
        int managed = 0;
        for (size_t k = 0; k < c->schemas.count; k++)
            managed |= strcmp(c->schemas.items[k], c->others.items[i]) == 0;
        if (!managed)
            c->others.items[kept++] = c->others.items[i];
    }
    c->others.count = kept;
    return code;
}

/* Reads them, named from where the managed ones are. */
static int read_others(mo_conn *c, mo_schema **out, mo_error *err)
{
    const char **names = mo_region_alloc(c->region, (c->others.count + 1) * sizeof *names);
    mo_conn saved = *c;
    if (!names)
        return mo_error_nomem(err);
    names[0] = c->schemas.items[0];
    memcpy((void *)(names + 1), (const void *)c->others.items, c->others.count * sizeof *names);
    c->schemas.items = names;
    c->schemas.count = c->others.count + 1;
    int code = mo_pg_introspect(c, out, err);
    c->schemas.items = saved.schemas.items;
    c->schemas.count = saved.schemas.count;
    return code;
}

/* Is it in one of them? Its name begins with theirs, or that of its table does. */
static int is_of_others(void *user, const mo_object *o)
{
    const mo_conn *c = user;
    const char *path = o->parent ? o->parent : o->name;
    int found = 0;
    if (o->kind == MO_KIND_EXTENSION || o->kind == MO_KIND_COMMENT || o->kind == MO_KIND_PRIVILEGE ||
        o->kind == MO_KIND_DEFAULT_PRIVILEGE || o->kind == MO_KIND_TRIGGER || o->kind == MO_KIND_PUBLICATION)
        return 0;
    for (size_t i = 0; !found && i < c->others.count; i++) {
        mo_str name = {0};
        mo_name_add(&name, c->others.items[i]);
        if (o->kind == MO_KIND_NAMESPACE)
            found = strcmp(mo_str_text(&name), path) == 0;
        else
            found = strncmp(mo_str_text(&name), path, name.length) == 0 && path[name.length] == '.';
        mo_str_free(&name);
    }
    return found;
}

int mo_pg_lend_schemas(mo_conn *live, mo_conn *scratch, mo_error *err)
{
    mo_schema *all = NULL;
    int code = find_others(live, err);
    if (code != MOULT_OK || live->others.count == 0)
        return code;
    code = read_others(live, &all, err);
    for (size_t i = 0; code == MOULT_OK && i < live->others.count; i++) {
        mo_str sql = {0};
        mo_str_add(&sql, "CREATE SCHEMA IF NOT EXISTS ");
        mo_name_add(&sql, live->others.items[i]);
        code = sql.failed ? mo_error_nomem(err) : mo_pg_run(scratch, mo_str_text(&sql), NULL, NULL, NULL, err);
        mo_str_free(&sql);
    }
    if (code == MOULT_OK)
        code = mo_pg_copy(scratch, all, is_of_others, live, NULL, err);
    mo_schema_free(all);
    if (code != MOULT_DATABASE && code != MOULT_NOTFOUND && code != MOULT_PERMISSION)
        return code;
    mo_error_clear(err); /* who needs what could not be made is told so by the server */
    return MOULT_OK;
}
