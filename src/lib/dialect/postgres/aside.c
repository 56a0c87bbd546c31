/* SPDX-License-Identifier: MIT */
/*
 * aside.c - a scratch for accounts that may not create databases: one transaction, on a connection of its own, that is always
 * rolled back. In it the managed schemas are renamed aside, and made anew, empty.
 *
 * Others meet it where they create something in a managed schema: they wait until it ends. So it waits for nobody longer than
 * its lock_timeout, and is as short as reading the schema is. Each statement has a savepoint, for one that fails would end it
 * all. That DDL is undone here is proved first, once for each connection: not every server that speaks the protocol does.
 */
#include <stdio.h>
#include <string.h>

#include "dialect/postgres/postgres.h"

/* For others' locks, and what others wait at most for ours to be asked. */
#define LOCK_TIMEOUT "2s"

/* --- is DDL undone? ------------------------------------------------------------------------------------------------------ */

static int take_flag(void *user, size_t count, const mo_value *v)
{
    (void)count;
    *(int *)user = v[0].integer != 0;
    return MOULT_OK;
}

static int prove_undo(mo_conn *live, mo_conn *c, mo_error *err)
{
    char name[64], sql[256];
    int there = 1;
    if (live->undoes_ddl)
        return MOULT_OK;
    snprintf(name, sizeof name, "moult_proof_%d", c->pq.PQbackendPID(c->pg));
    snprintf(sql, sizeof sql, "BEGIN; CREATE SCHEMA %s; ROLLBACK", name);
    int code = mo_pg_run(c, sql, NULL, NULL, NULL, err);
    snprintf(sql, sizeof sql, "SELECT to_regnamespace('%s') IS NOT NULL", name);
    if (code == MOULT_OK)
        code = mo_pg_query(c, sql, NULL, 0, take_flag, &there, NULL, err);
    if (code == MOULT_OK && there)
        code = mo_error_set(err, MOULT_UNSUPPORTED, "this server does not undo the creation of a schema by ROLLBACK");
    live->undoes_ddl = code == MOULT_OK;
    return code;
}

/* --- what would act on what happens in it ---------------------------------------------------------------------------------- */

static int check_event_triggers(mo_conn *c, mo_error *err)
{
    int any = 0;
    int code = mo_pg_query(c, "SELECT count(*) > 0 FROM pg_event_trigger WHERE evtenabled <> 'D'", NULL, 0, take_flag,
                           &any, NULL, err);
    if (code != MOULT_OK || !any)
        return code;
    mo_error_set(err, MOULT_PERMISSION,
                 "the database has event triggers, which would fire while desired SQL is read in it");
    return mo_error_hint(
        err, "give the account the right to create databases (ALTER ROLE … CREATEDB): then it is read in one "
             "of its own");
}

/* --- setting it up ------------------------------------------------------------------------------------------------------- */

static int take_schema(void *user, size_t count, const mo_value *v)
{
    mo_conn *c = user;
    const char *name = mo_region_dup(c->region, v[0].text);
    (void)count;
    return name && mo_vec_push(c->region, &c->others, name) == 0 ? MOULT_OK : MOULT_NOMEM;
}

/* The managed schemas that are there, into c->others. */
static int find_schemas(mo_conn *c, mo_error *err)
{
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT nspname::text FROM pg_namespace WHERE nspname IN (");
    for (size_t i = 0; i < c->schemas.count; i++) {
        mo_str_add(&sql, i ? ", " : "");
        mo_str_literal(&sql, c->schemas.items[i]);
    }
    mo_str_addc(&sql, ')');
    int code = sql.failed ? mo_error_nomem(err) : mo_pg_query(c, mo_str_text(&sql), NULL, 0, take_schema, c, NULL, err);
    mo_str_free(&sql);
    return code == MOULT_NOMEM ? mo_error_nomem(err) : code;
}

static void add_renames(mo_conn *c, mo_str *sql)
{
    for (size_t i = 0; i < c->others.count; i++) {
        mo_str_add(sql, "; ALTER SCHEMA ");
        mo_name_add(sql, c->others.items[i]);
        mo_str_addf(sql, " RENAME TO moult_aside_%d_%zu", c->pq.PQbackendPID(c->pg), i);
    }
    /* all but the first are objects of their own, which the source creates */
    mo_str_addf(sql, "; CREATE SCHEMA %s", c->search_path);
}

static int take_extension(void *user, size_t count, const mo_value *v)
{
    mo_conn *c = user;
    mo_str name = {0}, sql = {0};
    (void)count;
    mo_name_add(&name, v[0].text);
    if (v[2].integer) { /* what went aside with its schema, and can come back into the new one */
        mo_str_addf(&sql, "ALTER EXTENSION %s SET SCHEMA ", mo_str_text(&name));
        mo_name_add(&sql, v[1].text);
    }
    sql.failed |= name.failed;
    mo_pg_lent lent = {.name = mo_str_into(&name, c->region), .sql = mo_str_into(&sql, c->region)};
    return lent.name && lent.sql && mo_vec_push(c->region, &c->lent, lent) == 0 ? MOULT_OK : MOULT_NOMEM;
}

/* Before the rename: which extensions there are, and which of them are in a managed schema. */
static int find_extensions(mo_conn *c, mo_error *err)
{
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT e.extname::text, n.nspname::text, e.extrelocatable AND n.nspname IN (");
    for (size_t i = 0; i < c->schemas.count; i++) {
        mo_str_add(&sql, i ? ", " : "");
        mo_str_literal(&sql, c->schemas.items[i]);
    }
    mo_str_add(
        &sql, ") FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'");
    int code =
        sql.failed ? mo_error_nomem(err) : mo_pg_query(c, mo_str_text(&sql), NULL, 0, take_extension, c, NULL, err);
    mo_str_free(&sql);
    return code == MOULT_NOMEM ? mo_error_nomem(err) : code;
}

/* What cannot be moved stays aside: who needs it is told by the server. */
static int move_extensions(mo_conn *c, mo_error *err)
{
    mo_error ignored = {0};
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < c->lent.count; i++) {
        if (!*c->lent.items[i].sql)
            continue;
        int rc = mo_pg_exec(c, c->lent.items[i].sql, NULL, &ignored);
        if (rc == MOULT_CANCELLED || rc == MOULT_TIMEOUT || rc == MOULT_NOMEM)
            code = mo_error_move(err, &ignored);
    }
    mo_error_clear(&ignored);
    return code;
}

static int cannot(mo_error *err)
{
    if (err->pub.code != MOULT_PERMISSION && err->pub.code != MOULT_LOCKED)
        return err->pub.code;
    return mo_error_hint(
        err, "moult reads desired SQL in a database of its own, which needs an account that may create one "
             "(ALTER ROLE … CREATEDB), or in a transaction that it rolls back, which needs the owner of the "
             "schema, who may create another");
}

int mo_pg_aside_begin(mo_conn *live, mo_conn *c, mo_error *err)
{
    mo_str sql = {0};
    int code = check_event_triggers(c, err);
    if (code == MOULT_OK)
        code = prove_undo(live, c, err);
    if (code == MOULT_OK)
        code = find_extensions(c, err);
    mo_str_add(&sql, "BEGIN; SET LOCAL lock_timeout = '" LOCK_TIMEOUT "'");
    if (code == MOULT_OK)
        code = find_schemas(c, err);
    add_renames(c, &sql);
    mo_str_add(&sql, "; SELECT set_config('search_path', ");
    mo_str_literal(&sql, c->session_path);
    mo_str_add(&sql, ", true)");
    if (code == MOULT_OK)
        code = sql.failed ? mo_error_nomem(err) : mo_pg_run(c, mo_str_text(&sql), NULL, NULL, NULL, err);
    mo_str_free(&sql);
    c->aside = code == MOULT_OK;
    if (code == MOULT_OK)
        code = move_extensions(c, err);
    return code == MOULT_OK ? MOULT_OK : cannot(err);
}

/* --- statements in it ---------------------------------------------------------------------------------------------------- */

int mo_pg_aside_exec(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err)
{
    mo_error second = {0};
    int code = mo_pg_run(c, "SAVEPOINT moult_statement", NULL, NULL, watch, err);
    if (code != MOULT_OK)
        return code;
    code = mo_pg_run(c, sql, NULL, NULL, watch, err);
    (void)mo_pg_run(c, code == MOULT_OK ? "RELEASE SAVEPOINT moult_statement" : "ROLLBACK TO SAVEPOINT moult_statement",
                    NULL, NULL, NULL, &second);
    mo_error_clear(&second);
    return code;
}

/* A transaction inside it is a savepoint. */
int mo_pg_aside_begin_part(mo_conn *c, mo_error *err)
{
    return mo_pg_run(c, "SAVEPOINT moult_part", NULL, NULL, NULL, err);
}

int mo_pg_aside_end_part(mo_conn *c, int commit, mo_error *err)
{
    return mo_pg_run(c, commit ? "RELEASE SAVEPOINT moult_part" : "ROLLBACK TO SAVEPOINT moult_part", NULL, NULL, NULL,
                     err);
}
