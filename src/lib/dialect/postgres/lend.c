/* SPDX-License-Identifier: MIT */
/*
 * lend.c - the live database's extensions, lent to a scratch.
 *
 * Desired SQL may use an extension without declaring it: somebody else installed it. So those that are there are made in the
 * scratch too, as far as the account may, and are none of its objects until they are declared.
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
