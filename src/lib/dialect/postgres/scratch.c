/* SPDX-License-Identifier: MIT */
/*
 * scratch.c - the throw-away place where the server reads desired SQL: a database of its own.
 *
 * Nothing of the live one is touched, and no lock of it is taken. It is made from template0, with the live one's encoding and
 * locale, and gets the managed schemas. Its name tells which backend made it: what a killed run left is found by that and
 * dropped by the next one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres/postgres.h"

#define PREFIX "moult_scratch_"

struct mo_scratch {
    mo_conn *live, *conn;
    char name[64];
};

/* --- what earlier runs left ------------------------------------------------------------------------------------------ */

static int take_name(void *user, size_t count, const mo_value *v)
{
    mo_conn *c = user;
    mo_str sql = {0};
    mo_error ignored = {0};
    (void)count;
    mo_str_add(&sql, "DROP DATABASE IF EXISTS ");
    mo_name_quote(&sql, v[0].text);
    const char *text = sql.failed ? NULL : mo_str_text(&sql);
    if (text && mo_vec_push(c->region, &c->orphans, (const char *)mo_region_dup(c->region, text)))
        mo_error_nomem(&ignored);
    mo_str_free(&sql);
    mo_error_clear(&ignored);
    return MOULT_OK;
}

/* Databases whose maker is gone. What cannot be dropped is in nobody's way. */
static void drop_orphans(mo_conn *c)
{
    static const char sql[] =
        "SELECT d.datname::text FROM pg_database AS d WHERE d.datname ~ '^" PREFIX "[0-9]+_' AND "
        "pg_has_role(d.datdba, 'USAGE') AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid::text = "
        "split_part(d.datname, '_', 3) OR a.datid = d.oid)";
    mo_error ignored = {0};
    c->orphans.count = 0;
    (void)mo_pg_query(c, sql, NULL, 0, take_name, c, NULL, &ignored);
    for (size_t i = 0; i < c->orphans.count; i++)
        if (c->orphans.items[i])
            (void)mo_pg_exec(c, c->orphans.items[i], NULL, &ignored);
    mo_error_clear(&ignored);
}

/* --- making one ------------------------------------------------------------------------------------------------------ */

typedef struct locale {
    mo_str *sql;
    int version;
} locale;

static void add_setting(mo_str *sql, const char *name, const mo_value *v)
{
    if (v->type != MOULT_VALUE_TEXT || !v->length)
        return;
    mo_str_addf(sql, " %s ", name);
    mo_str_literal(sql, v->text);
}

static int take_locale(void *user, size_t count, const mo_value *v)
{
    locale *l = user;
    (void)count;
    add_setting(l->sql, "ENCODING", &v[0]);
    add_setting(l->sql, "LC_COLLATE", &v[1]);
    add_setting(l->sql, "LC_CTYPE", &v[2]);
    if (v[3].type == MOULT_VALUE_TEXT && *v[3].text == 'i') {
        mo_str_add(l->sql, " LOCALE_PROVIDER icu");
        add_setting(l->sql, "ICU_LOCALE", &v[4]);
    } else if (v[3].type == MOULT_VALUE_TEXT && *v[3].text == 'b') {
        mo_str_add(l->sql, " LOCALE_PROVIDER builtin");
        add_setting(l->sql, "BUILTIN_LOCALE", &v[4]);
    }
    return MOULT_OK;
}

static int create_database(mo_scratch *s, mo_error *err)
{
    static const char old[] =
        "SELECT pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text, NULL, NULL "
        "FROM pg_database WHERE datname = current_database()";
    static const char from_15[] = "SELECT pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text, "
                                  "datlocprovider::text, daticulocale::text FROM pg_database WHERE datname = "
                                  "current_database()";
    static const char from_17[] = "SELECT pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text, "
                                  "datlocprovider::text, datlocale::text FROM pg_database WHERE datname = "
                                  "current_database()";
    int version = mo_pg_version(s->live);
    mo_str sql = {0};
    locale l = {&sql, version};
    mo_str_addf(&sql, "CREATE DATABASE %s TEMPLATE template0", s->name);
    int code = mo_pg_query(s->live,
                           version >= 170000   ? from_17
                           : version >= 150000 ? from_15
                                               : old,
                           NULL, 0, take_locale, &l, NULL, err);
    if (code == MOULT_OK)
        code = sql.failed ? mo_error_nomem(err) : mo_pg_exec(s->live, mo_str_text(&sql), NULL, err);
    mo_str_free(&sql);
    return code;
}

/* What it knows of the database is what the live connection does. */
static void inherit(mo_conn *c, mo_conn *live)
{
    c->schemas.items = live->schemas.items;
    c->schemas.count = live->schemas.count;
    c->search_path = live->search_path;
    c->session_path = live->session_path;
    c->known = c->may_write = c->scratch = 1;
    mo_pg_limit(c, live->limit);
}

/* Its session is nobody else's: it may be set as a whole. */
static int set_up(mo_scratch *s, mo_error *err)
{
    mo_conn *c = s->conn, *live = s->live;
    mo_str sql = {0};
    mo_str_addf(&sql, "CREATE SCHEMA IF NOT EXISTS %s; ", c->search_path); /* all others are objects of their own */
    mo_str_add(&sql, "SET synchronous_commit = off; SELECT set_config('search_path', ");
    mo_str_literal(&sql, c->session_path);
    mo_str_add(&sql, ", false)");
    int code = sql.failed ? mo_error_nomem(err) : mo_pg_exec(c, mo_str_text(&sql), NULL, err);
    mo_str_free(&sql);
    if (code == MOULT_OK)
        code = mo_pg_lend(live, c, err);
    return code == MOULT_OK ? mo_pg_lend_schemas(live, c, err) : code;
}

static int open_database(mo_scratch *s, mo_error *err)
{
    mo_conn *live = s->live;
    drop_orphans(live);
    snprintf(s->name, sizeof s->name, PREFIX "%d_%u", live->pq.PQbackendPID(live->pg), ++live->scratches);
    int code = create_database(s, err);
    if (code == MOULT_OK)
        code = mo_pg_open_beside(live, s->name, &s->conn, err);
    else
        s->name[0] = '\0';
    if (code != MOULT_OK)
        return code;
    inherit(s->conn, live);
    return set_up(s, err);
}

static int open_aside(mo_scratch *s, mo_error *err)
{
    int code = mo_pg_open_beside(s->live, s->live->pq.PQdb(s->live->pg), &s->conn, err);
    if (code != MOULT_OK)
        return code;
    inherit(s->conn, s->live);
    return mo_pg_aside_begin(s->live, s->conn, err);
}

int mo_pg_scratch_open(mo_conn *c, mo_scratch **out, mo_error *err)
{
    mo_scratch *s = calloc(1, sizeof *s);
    int code = s ? mo_pg_own_session(c, err) : mo_error_nomem(err);
    *out = NULL;
    if (code == MOULT_OK) {
        s->live = c;
        code = c->no_databases ? MOULT_PERMISSION : open_database(s, err);
        if (code == MOULT_PERMISSION && !s->conn) {
            c->no_databases = 1;
            mo_error_clear(err);
            code = open_aside(s, err);
        }
    }
    if (code != MOULT_OK) {
        mo_pg_scratch_close(s);
        return code;
    }
    *out = s;
    return MOULT_OK;
}

mo_conn *mo_pg_scratch_conn(mo_scratch *s)
{
    return s->conn;
}

void mo_pg_scratch_close(mo_scratch *s)
{
    mo_error ignored = {0};
    char sql[128];
    if (!s)
        return;
    mo_pg_close(s->conn); /* an open transaction is rolled back with it */
    if (!s->name[0]) {
        free(s);
        return;
    }
    const mo_watch *limit = s->live->limit;
    s->live->limit = NULL; /* also when the time is up it must not be left */
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", s->name);
    (void)mo_pg_exec(s->live, sql, NULL, &ignored);
    s->live->limit = limit;
    mo_error_clear(&ignored);
    free(s);
}

/* --- copying a schema into it ---------------------------------------------------------------------------------------- */

typedef struct copier {
    mo_conn *scratch;
    const mo_object **objects;
    size_t count;
    const mo_object **wrong;
    mo_error *err;
} copier;

static int may_be_retried(int code)
{
    return code == MOULT_DATABASE || code == MOULT_NOTFOUND;
}

/* One pass over what is left; what fails stays. */
static int copy_pass(copier *p)
{
    size_t left = 0;
    for (size_t i = 0; i < p->count; i++) {
        const mo_object *o = p->objects[i];
        int code = mo_pg_exec(p->scratch, o->sql, NULL, p->err);
        if (may_be_retried(code)) {
            p->objects[left++] = o;
        } else if (code != MOULT_OK) {
            return code;
        }
    }
    p->count = left;
    return MOULT_OK;
}

/* Foreign keys and the like, when all objects are there. */
static int copy_late(copier *p, const mo_object *o)
{
    mo_str sql = {0};
    int code = mo_pg_late_sql(o, &sql) == MOULT_OK ? MOULT_OK : mo_error_nomem(p->err);
    if (code == MOULT_OK && sql.length)
        code = mo_pg_exec(p->scratch, mo_str_text(&sql), NULL, p->err);
    mo_str_free(&sql);
    if (code != MOULT_OK && p->wrong)
        *p->wrong = o;
    return code;
}

static int copy_all(copier *p)
{
    size_t before;
    int code;
    do {
        before = p->count;
        code = copy_pass(p);
    } while (code == MOULT_OK && p->count > 0 && p->count < before);
    if (code == MOULT_OK && p->count > 0) { /* nothing helps: the first one once more, for its error */
        if (p->wrong)
            *p->wrong = p->objects[0];
        code = mo_pg_exec(p->scratch, p->objects[0]->sql, NULL, p->err);
        return code == MOULT_OK ? mo_error_set(p->err, MOULT_DATABASE, "its objects can be made in no order") : code;
    }
    if (code == MOULT_OK)
        mo_error_clear(p->err);
    return code;
}

static int copy_those(copier *p, const mo_object **all, size_t total, int comments)
{
    p->count = 0;
    for (size_t i = 0; i < total; i++)
        if ((all[i]->kind == MO_KIND_COMMENT) == comments)
            p->objects[p->count++] = all[i];
    return copy_all(p);
}

/* In an order that works; what was made in a circle is tried again after the rest. Comments come when all is there, for they may be
 * about what closes a circle: a foreign key. */
int mo_pg_copy(mo_conn *scratch, const mo_schema *s, int (*wanted)(void *user, const mo_object *o), void *user,
               const mo_object **wrong, mo_error *err)
{
    copier p = {.scratch = scratch, .wrong = wrong, .err = err};
    mo_region *r = mo_region_new();
    const mo_object **all = r ? mo_schema_in_order(s, r) : NULL;
    size_t count = 0;
    p.objects = all ? mo_region_alloc(r, (s->objects.count + 1) * sizeof *all) : NULL;
    if (!p.objects) {
        mo_region_free(r);
        return mo_error_nomem(err);
    }
    for (size_t i = 0; i < s->objects.count; i++) {
        if (!(all[i]->flags & MO_OBJECT_UNCOMPARED) && (!wanted || wanted(user, all[i])))
            all[count++] = all[i];
    }
    int code = copy_those(&p, all, count, 0);
    for (size_t i = 0; code == MOULT_OK && i < count; i++)
        code = copy_late(&p, all[i]);
    if (code == MOULT_OK)
        code = copy_those(&p, all, count, 1);
    mo_region_free(r);
    return code;
}

/* The server checks what it creates; nothing is left to be asked. */
int mo_pg_check(mo_conn *scratch, const mo_schema *s, const mo_map *ask, const mo_object **wrong, mo_error *err)
{
    (void)scratch;
    (void)s;
    (void)ask;
    (void)wrong;
    (void)err;
    return MOULT_OK;
}
