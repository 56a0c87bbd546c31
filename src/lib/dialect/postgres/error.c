/* SPDX-License-Identifier: MIT */
/* error.c - what PostgreSQL says of a failure, in our words: a code by its SQLSTATE, its message, and what to do. */
#include "dialect/postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

/* The first entry whose state is the beginning of the error's. */
static const struct known {
    const char *state;
    int code;
    const char *hint; /* NULL: PostgreSQL's own */
} known[] = {
    {"55P03", MOULT_LOCKED, "let the transactions that use it end and try again, or allow more time: --lock-timeout"},
    {"40P01", MOULT_LOCKED, "another transaction waited for this one, and this one for it: try again"},
    {"40001", MOULT_LOCKED, "another transaction changed the same at the same moment: try again"},
    {"23", MOULT_IMPOSSIBLE, "rows break what the desired schema asks for; change them, or it; nothing was changed"},
    {"25006", MOULT_PERMISSION, "this server or this account only reads: name the primary, or another account"},
    {"42501", MOULT_PERMISSION, "ask the owner for the right, or run the plan as a script with an account that has it"},
    {"28P01", MOULT_PERMISSION, "check the password: in the URL, PGPASSWORD, or the file ~/.pgpass"},
    {"28", MOULT_PERMISSION, "check the account, and what pg_hba.conf of the server lets in"},
    {"3D000", MOULT_NOTFOUND, "create the database, or correct its name in the URL"},
    {"53300", MOULT_LOCKED, "let others leave and try again, or allow more connections: max_connections"},
    {"53100", MOULT_IO, "make room on the server's disk; nothing has been changed by what failed"},
    {"53200", MOULT_DATABASE, "the server ran out of memory; for its table of locks, raise max_locks_per_transaction"},
    {"57P03", MOULT_IO, "the server is starting or stopping: try again, or wait for it: --wait"},
    {"57P", MOULT_IO, "the server ended the connection: see its log, and try again"},
    {"08", MOULT_IO, NULL},
    {"58", MOULT_IO, NULL},
    {"0A000", MOULT_DATABASE, NULL},
};

static const struct known *find(const char *state)
{
    for (size_t i = 0; state && i < sizeof known / sizeof *known; i++)
        if (strncmp(state, known[i].state, strlen(known[i].state)) == 0)
            return &known[i];
    return NULL;
}

/* Line and column of a place that is counted in characters from 1. */
static void add_place(const char *sql, const char *position, mo_error *err)
{
    long left = position ? strtol(position, NULL, 10) : 0;
    int line = 1, column = 1;
    if (!sql || left <= 0)
        return;
    for (const char *p = sql; *p; p++) {
        if (((unsigned char)*p & 0xc0) != 0x80 && --left == 0)
            break;
        if (*p == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*p & 0xc0) != 0x80) {
            column++;
        }
    }
    mo_error_at(err, NULL, line, column);
}

int mo_pg_fail_stopped(mo_conn *c, mo_error *err)
{
    int code = c->stopped ? c->stopped : MOULT_CANCELLED;
    if (code == MOULT_TIMEOUT) {
        mo_error_set(err, code, "a time limit passed while a statement ran on %s", c->name);
        mo_error_hint(err, "give it more time, or find out what makes it slow");
    } else {
        mo_error_set(err, code, "cancelled while a statement ran on %s", c->name);
    }
    return mo_error_engine(err, "57014");
}

/* The server's own limit (statement_timeout of the role or the database), or an administrator. */
static int fail_cancelled(mo_conn *c, const char *message, mo_error *err)
{
    if (c->stopped)
        return mo_pg_fail_stopped(c, err);
    mo_error_set(err, MOULT_TIMEOUT, "%s", message);
    mo_error_hint(err,
                  "the server's own limit for statements passed (statement_timeout of the role or the database), or "
                  "somebody ended this one");
    return mo_error_engine(err, "57014");
}

int mo_pg_fail(mo_conn *c, const char *sql, const PGresult *result, mo_error *err)
{
    const char *state = c->pq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = c->pq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = c->pq.PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = c->pq.PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    const struct known *k = find(state);
    if (!state) /* libpq's own: the connection */
        return mo_pg_fail_connection(c, err);
    if (strcmp(state, "57014") == 0)
        return fail_cancelled(c, message ? message : "cancelled", err);
    if (strncmp(state, "57P", 3) == 0 && strcmp(state, "57P03") != 0)
        c->broken = 1;
    mo_error_set(err, k ? k->code : MOULT_DATABASE, "%s", message ? message : "unknown error");
    if (detail)
        mo_error_detail(err, "%s", detail);
    if (k && k->hint)
        mo_error_hint(err, "%s", k->hint);
    else if (hint)
        mo_error_hint(err, "%s", hint);
    add_place(sql, c->pq.PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION), err);
    return mo_error_engine(err, state);
}

/* libpq's text without the line end behind it. */
static void set_text(mo_error *err, int code, const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        n--;
    mo_error_set(err, code, "%.*s", (int)n, text);
}

/* While connecting, libpq gives no SQLSTATE, only what the server wrote: what can be told is told by that. */
static const struct known *find_by_text(const char *text)
{
    static const struct {
        const char *piece, *state;
    } pieces[] = {{"password authentication failed", "28P01"},
                  {"no password supplied", "28P01"},
                  {"no pg_hba.conf entry", "28000"},
                  {"authentication failed", "28000"},
                  {"is not permitted to log in", "28000"},
                  {"permission denied for database", "42501"},
                  {"too many c", "53300"},
                  {"remaining connection slots", "53300"},
                  {"the database system is", "57P03"}};
    if (strstr(text, "database \"") && strstr(text, "does not exist"))
        return find("3D000");
    if (strstr(text, "role \"") && strstr(text, "does not exist"))
        return find("28000");
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        if (strstr(text, pieces[i].piece))
            return find(pieces[i].state);
    return NULL;
}

int mo_pg_fail_connection(mo_conn *c, mo_error *err)
{
    const char *text = c->pg ? c->pq.PQerrorMessage(c->pg) : "";
    const struct known *k = find_by_text(text);
    if (!*text)
        return mo_error_set(err, MOULT_IO, "the connection to %s is gone", c->name);
    set_text(err, k ? k->code : MOULT_IO, text);
    if (k && k->hint)
        mo_error_hint(err, "%s", k->hint);
    else
        mo_error_hint(err, "is the server up, and are host and port right?");
    return mo_error_engine(err, k ? k->state : "08006");
}
