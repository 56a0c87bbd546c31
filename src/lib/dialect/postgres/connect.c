/* SPDX-License-Identifier: MIT */
/*
 * connect.c - opening a connection and closing it, and what is known of the server.
 *
 * libpq finds what a URL leaves open where it always does: the environment, service files, ~/.pgpass. A connection that is
 * open has cost no round trip beyond libpq's own; what else is to be known is asked when it is first needed.
 */
#include "dialect/postgres/postgres.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 50, MAX_OPTIONS = 64 };

/* For one try, where the caller sets no limit. */
static const double usual_connect_timeout = 15;
/* Between two tries where the server has no place left. */
static const double crowded_pause = 0.05;

/* --- the URL ----------------------------------------------------------------------------------------------------------- */

/* What Python's drivers take and libpq does not know: NULL for what concerns them alone. */
static const struct {
    const char *name, *instead;
} of_drivers[] = {{"ssl", "sslmode"},
                  {"timeout", "connect_timeout"},
                  {"prepared_statement_cache_size", NULL},
                  {"prepared_statement_name_func", NULL},
                  {"statement_cache_size", NULL},
                  {"prepare_threshold", NULL},
                  {"async_fallback", NULL}};

typedef struct options {
    const char *names[MAX_OPTIONS], *values[MAX_OPTIONS];
    size_t count;
} options;

static void add_option(options *o, const char *name, const char *value)
{
    if (value && o->count + 1 < MAX_OPTIONS) {
        o->names[o->count] = name;
        o->values[o->count++] = value;
    }
}

static int knows_option(const PQconninfoOption *known, const char *name)
{
    for (; known->keyword; known++)
        if (strcmp(known->keyword, name) == 0)
            return 1;
    return 0;
}

static int unknown_param(const char *name, mo_error *err)
{
    mo_error_set(err, MOULT_INVALID, "a PostgreSQL URL has no parameter '%s'", name);
    return mo_error_hint(
        err,
        "it may have schema=NAME,NAME (what is managed), and those of libpq: host, port, sslmode, service, options, …");
}

static int add_param(options *o, const PQconninfoOption *known, const mo_url_param *p, mo_error *err)
{
    const char *name = p->name;
    if (strcmp(name, "schema") == 0) /* moult's own: see mo_pg_know() */
        return MOULT_OK;
    for (size_t i = 0; i < sizeof of_drivers / sizeof *of_drivers; i++) {
        if (strcmp(of_drivers[i].name, name) != 0)
            continue;
        name = of_drivers[i].instead;
        if (!name)
            return MOULT_OK;
    }
    if (!knows_option(known, name) || strcmp(name, "replication") == 0)
        return unknown_param(p->name, err);
    add_option(o, name, p->value);
    return MOULT_OK;
}

static int fill_options(const mo_pq *pq, const mo_url *url, char port[16], options *o, mo_error *err)
{
    PQconninfoOption *known = pq->PQconndefaults();
    int code = known ? MOULT_OK : mo_error_nomem(err);
    snprintf(port, 16, "%d", url->port);
    add_option(o, "host", url->host);
    add_option(o, "port", url->port ? port : NULL);
    add_option(o, "user", url->user);
    add_option(o, "password", url->password);
    for (size_t i = 0; code == MOULT_OK && i < url->params.count; i++)
        code = add_param(o, known, &url->params.items[i], err);
    pq->PQconninfoFree(known);
    add_option(o, "dbname", url->database);
    add_option(o, "fallback_application_name", "moult");
    add_option(o, "client_encoding", "UTF8");
    return code;
}

/* --- opening ----------------------------------------------------------------------------------------------------------- */

/* The library prints nothing: notices go nowhere. */
static void drop_notice(void *user, const PGresult *result)
{
    (void)user;
    (void)result;
}

static int late(mo_conn *c, double seconds, mo_error *err)
{
    mo_error_set(err, MOULT_IO, "the server of %s did not answer within %g seconds", c->name, seconds);
    return mo_error_hint(err, "is the server up, and are host and port right?");
}

static int finish_connecting(mo_conn *c, double seconds, mo_error *err)
{
    mo_deadline deadline = mo_deadline_in(seconds);
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED || c->pq.PQstatus(c->pg) == CONNECTION_BAD)
            return mo_pg_fail_connection(c, err);
        if (mo_deadline_passed(deadline))
            return late(c, seconds, err);
        struct pollfd p = {.fd = c->pq.PQsocket(c->pg), .events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        if (poll(&p, 1, TICK_MS) != 0)
            status = c->pq.PQconnectPoll(c->pg);
    }
    return MOULT_OK;
}

/* What people call it. */
static int set_names(mo_conn *c, mo_error *err)
{
    const char *host = c->pq.PQhost(c->pg), *version = c->pq.PQparameterStatus(c->pg, "server_version");
    int digits = version ? (int)strcspn(version, " (") : 0;
    char *name = NULL;
    snprintf(c->engine, sizeof c->engine, "PostgreSQL %.*s", digits < 32 ? digits : 32, version ? version : "");
    if (asprintf(&name, "%s%s%s", c->pq.PQdb(c->pg), host && *host && *host != '/' ? " on " : "",
                 host && *host != '/' ? host : "") < 0)
        return mo_error_nomem(err);
    free(c->name);
    c->name = name;
    return MOULT_OK;
}

enum { OLDEST = 130000 };

static int check_server(mo_conn *c, mo_error *err)
{
    if (c->pq.PQserverVersion(c->pg) >= OLDEST)
        return MOULT_OK;
    mo_error_set(err, MOULT_UNSUPPORTED, "%s is too old: moult works with PostgreSQL 13 and later", c->engine);
    return mo_error_hint(err, "upgrade the server");
}

static int connect_with(mo_conn *c, options *o, double seconds, mo_error *err)
{
    int code;
    c->pg = c->pq.PQconnectStartParams(o->names, o->values, 0);
    if (!c->pg)
        return mo_error_nomem(err);
    c->pq.PQsetNoticeReceiver(c->pg, drop_notice, NULL);
    code = finish_connecting(c, seconds > 0 ? seconds : usual_connect_timeout, err);
    if (code == MOULT_OK && c->pq.PQsetnonblocking(c->pg, 1) != 0)
        code = mo_pg_fail_connection(c, err);
    if (code == MOULT_OK)
        code = set_names(c, err);
    return code == MOULT_OK ? check_server(c, err) : code;
}

static int open_url(mo_conn *c, const mo_url *url, double seconds, mo_error *err)
{
    options o = {.count = 0};
    char port[16];
    int code = mo_pq_load(&c->pq, err);
    if (code == MOULT_OK && !(c->name = strdup(url->display ? url->display : "the database")))
        code = mo_error_nomem(err);
    if (code == MOULT_OK && !(c->region = mo_region_new()))
        code = mo_error_nomem(err);
    if (code == MOULT_OK)
        code = fill_options(&c->pq, url, port, &o, err);
    return code == MOULT_OK ? connect_with(c, &o, seconds, err) : code;
}

int mo_pg_open(mo_conn **out, const mo_open_args *args, mo_error *err)
{
    mo_conn *c = calloc(1, sizeof *c);
    *out = NULL;
    if (!c)
        return mo_error_nomem(err);
    c->lock_timeout = args->busy_timeout;
    c->url = args->url;
    c->connect_timeout = args->connect_timeout;
    c->read_only = args->mode == MOULT_OPEN_READ;
    int code = open_url(c, args->url, args->connect_timeout, err);
    if (code != MOULT_OK) {
        mo_pg_close(c);
        return code;
    }
    *out = c;
    return MOULT_OK;
}

void mo_pg_leave(mo_conn *c)
{
    if (c->pg)
        c->pq.PQfinish(c->pg);
    c->pg = NULL;
}

int mo_pg_return(mo_conn *c, mo_error *err)
{
    options o = {.count = 0};
    char port[16];
    int code = fill_options(&c->pq, c->url, port, &o, err);
    if (code == MOULT_OK)
        code = connect_with(c, &o, c->connect_timeout, err);
    if (code != MOULT_OK)
        mo_pg_leave(c);
    return code;
}

int mo_pg_open_beside(mo_conn *c, const char *database, mo_conn **out, mo_error *err)
{
    mo_url url = *c->url;
    mo_open_args args = {&url, MOULT_OPEN_WRITE, c->connect_timeout, c->lock_timeout};
    mo_deadline room = mo_deadline_in(c->lock_timeout);
    url.database = database;
    int code = mo_pg_open(out, &args, err);
    while (code == MOULT_LOCKED && c->lock_timeout > 0 && !mo_deadline_passed(room)) {
        mo_clock_sleep(crowded_pause); /* those who wait for the lock leave (lock.c) */
        mo_error_clear(err);
        c->stopped = c->limit ? c->limit->tick(c->limit->user, -1) : MOULT_OK;
        if (c->stopped != MOULT_OK)
            return mo_pg_fail_stopped(c, err);
        code = mo_pg_open(out, &args, err);
    }
    if (code == MOULT_OK)
        (*out)->url = c->url; /* which outlives it, but for the database's name the same */
    return code;
}

void mo_pg_close(mo_conn *c)
{
    if (!c)
        return;
    mo_pg_leave(c);
    mo_region_free(c->region);
    free(c->name);
    free(c);
}

const char *mo_pg_engine(const mo_conn *c)
{
    return c->engine;
}

const char *mo_pg_database(const mo_conn *c)
{
    return c->name;
}

int mo_pg_version(const mo_conn *c)
{
    return c->pq.PQserverVersion(c->pg);
}

/* --- what is known of it --------------------------------------------------------------------------------------------- */

static int take_facts(void *user, size_t count, const mo_value *v)
{
    mo_conn *c = user;
    mo_str path = {0}, session = {0};
    (void)count;
    if (c->schemas.count == 0) {
        const char *schema = mo_region_dup(c->region, v[0].text);
        if (!schema || mo_vec_push(c->region, &c->schemas, schema))
            return MOULT_NOMEM;
    }
    mo_name_add(&path, c->schemas.items[0]);
    c->search_path = mo_str_into(&path, c->region);
    c->may_write = v[1].integer != 0;
    c->pooled =
        v[3].integer != c->pq.PQbackendPID(c->pg); /* the one who answered the connection is not the one who works */
    mo_str_addf(&session, "%s%s%s", c->search_path ? c->search_path : "", v[2].length ? ", " : "", v[2].text);
    c->session_path = mo_str_into(&session, c->region);
    return c->search_path && c->session_path ? MOULT_OK : MOULT_NOMEM;
}

/* schema=a,b of the URL: names as they are. Without it the first one of the search_path that is there is managed. */
static int take_schemas(mo_conn *c, mo_error *err)
{
    const char *list = mo_url_param_get(c->url, "schema");
    c->schemas.count = 0;
    while (list && *list) {
        size_t n = strcspn(list, ",");
        const char *name = mo_region_dupn(c->region, list, n);
        if (n && (!name || mo_vec_push(c->region, &c->schemas, name)))
            return mo_error_nomem(err);
        list += n + (list[n] == ',');
    }
    return MOULT_OK;
}

int mo_pg_know(mo_conn *c, mo_error *err)
{
    /* Without a schema of the search path that is there, what is unqualified cannot be created: then it is public. */
    static const char sql[] =
        "SELECT s.name, NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AND "
        "coalesce(has_schema_privilege(to_regnamespace(quote_ident(s.name))::oid, 'CREATE'), "
        "has_database_privilege(current_database(), 'CREATE')) AND "
        "(to_regnamespace('moult') IS NOT NULL OR has_database_privilege(current_database(), 'CREATE')), "
        "current_setting('search_path'), pg_backend_pid() FROM (SELECT coalesce(?, current_schema()::text, 'public') "
        "AS name) AS s";
    if (c->known)
        return MOULT_OK;
    int code = take_schemas(c, err);
    mo_value first = mo_value_text(c->schemas.count ? c->schemas.items[0] : NULL);
    if (code == MOULT_OK)
        code = mo_pg_query(c, sql, &first, 1, take_facts, c, NULL, err);
    if (code == MOULT_NOMEM)
        return mo_error_nomem(err);
    c->known = code == MOULT_OK;
    return code;
}

int mo_pg_own_session(mo_conn *c, mo_error *err)
{
    int code = mo_pg_know(c, err);
    if (code != MOULT_OK || !c->pooled)
        return code;
    mo_error_set(
        err, MOULT_UNSUPPORTED,
        "the connection to %s goes through a pooler, and a lock that is taken through it would hold nobody back",
        c->name);
    return mo_error_hint(err,
                         "nothing was changed; give moult a URL of the server itself, past PgBouncer and its like");
}

int mo_pg_writable(mo_conn *c)
{
    mo_error ignored = {0};
    int known = mo_pg_know(c, &ignored) == MOULT_OK;
    mo_error_clear(&ignored);
    return !c->read_only && (!known || c->may_write); /* not known: whoever writes is told */
}
