/* SPDX-License-Identifier: MIT */
/*
 * lock.c - one apply at a time per database: an advisory lock of the session that works.
 *
 * It ends when the server's work ends: a client that is killed leaves its backend behind, which may still be running a
 * statement, and keeps the lock for as long. What the owner does is its application_name, for all to see in pg_stat_activity.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialect/postgres/postgres.h"

/* "moult", as a number: the key of the lock, which is one per database. */
#define KEY_HIGH "109"
#define KEY_LOW "1869966452"
#define KEY "((" KEY_HIGH "::bigint << 32) + " KEY_LOW ")"

/* With fewer places than this on the server, whoever waits for the lock leaves in between. */
#define PLACES_LEFT "4"

static const double first_pause = 0.02, longest_pause = 0.25, longest_away = 1;

struct mo_lock {
    mo_conn *conn;
};

static void copy_text(char *out, size_t size, const mo_value *v)
{
    snprintf(out, size, "%s", v->type == MOULT_VALUE_TEXT ? v->text : "");
}

static int take_owner(void *user, size_t count, const mo_value *v)
{
    static const char own[] = "moult: ";
    moult_lock_info *out = user;
    (void)count;
    out->state = MOULT_LOCK_HELD;
    out->pid = v[0].integer;
    copy_text(out->host, sizeof out->host, &v[1]);
    copy_text(out->since, sizeof out->since, &v[2]);
    copy_text(out->account, sizeof out->account, &v[3]);
    copy_text(out->note, sizeof out->note, &v[4]);
    if (strncmp(out->note, own, sizeof own - 1) == 0)
        memmove(out->note, out->note + sizeof own - 1, strlen(out->note) - sizeof own + 2);
    else
        out->note[0] = '\0';
    return MOULT_OK;
}

static int look(mo_conn *c, moult_lock_info *out, mo_error *err)
{
    static const char sql[] =
        "SELECT l.pid, coalesce(a.client_hostname, host(a.client_addr), 'local'), to_char(a.backend_start AT TIME ZONE "
        "'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), a.usename::text, a.application_name "
        "FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = " KEY_HIGH
        " AND l.objid = " KEY_LOW " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    *out = (moult_lock_info){.provider = mo_pg_lock.name};
    return mo_pg_query(c, sql, NULL, 0, take_owner, out, NULL, err);
}

static int is_held(mo_conn *c, double waited, mo_error *err)
{
    moult_lock_info owner;
    mo_error ignored = {0};
    if (!c->pg && mo_pg_return(c, &ignored) != MOULT_OK)
        mo_error_clear(&ignored);
    (void)look(c, &owner, &ignored);
    mo_error_clear(&ignored);
    mo_error_set(err, MOULT_LOCKED, "another moult is at work on %s", c->name);
    if (owner.state == MOULT_LOCK_HELD)
        mo_error_detail(err,
                        "server process %lld, account %s, from %s, connected since %s%s%s; waited %.1f seconds for it",
                        (long long)owner.pid, owner.account, owner.host, owner.since, owner.note[0] ? ": " : "",
                        owner.note, waited);
    return mo_error_hint(err, "let it end, or wait longer: --lock-timeout (the option lock_timeout)");
}

typedef struct try_result {
    int given;
    int crowded; /* the server has hardly a place left, and whoever has the lock needs one more */
} try_result;

static int take_try(void *user, size_t count, const mo_value *v)
{
    (void)count;
    *(try_result *)user = (try_result){v[0].integer != 0, v[1].integer != 0};
    return MOULT_OK;
}

/* One try; of one who has left, after coming back. What others' sessions are is hidden from most accounts; those of the server
 * itself are nobody's. */
static int try_once(mo_conn *c, try_result *out, mo_error *err)
{
    static const char sql[] =
        "SELECT pg_try_advisory_lock(" KEY "), count(*) + " PLACES_LEFT " > CAST(current_setting('max_connections') AS "
        "integer) - CAST(current_setting('superuser_reserved_connections') AS integer) OR bool_or(d.datconnlimit >= 0) "
        "AND count(*) FILTER (WHERE a.datid = d.oid) + " PLACES_LEFT " > max(d.datconnlimit) OR bool_or(r.rolconnlimit "
        ">= 0) AND count(*) FILTER (WHERE a.usesysid = r.oid) + " PLACES_LEFT " > max(r.rolconnlimit) "
        "FROM pg_stat_activity AS a, pg_database AS d, pg_roles AS r "
        "WHERE a.usesysid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend' AND d.datname "
        "= "
        "current_database() AND r.rolname = current_user";
    int code = c->pg ? MOULT_OK : mo_pg_return(c, err);
    *out = (try_result){0, 1};
    if (code == MOULT_OK)
        return mo_pg_query(c, sql, NULL, 0, take_try, out, NULL, err);
    if (code == MOULT_LOCKED) /* no place: it is still crowded */
        mo_error_clear(err);
    return code == MOULT_LOCKED ? MOULT_OK : code;
}

/* Asks again until it is given, the time is up, or nobody wants it any more. */
static int ask(mo_conn *c, double seconds, const volatile int *cancel, mo_error *err)
{
    /* Those who began at the same moment shall not all come back at the same one. */
    double began = mo_clock_now(), pause = first_pause, growth = 1.5 + getpid() % 64 / 64.0;
    for (try_result got;;) {
        int code = try_once(c, &got, err);
        double waited = mo_clock_now() - began;
        if (code != MOULT_OK || got.given)
            return code;
        if (mo_cancelled(cancel))
            return mo_error_set(err, MOULT_CANCELLED, "cancelled while waiting for another moult");
        if (waited >= seconds)
            return is_held(c, waited, err);
        if (got.crowded)
            mo_pg_leave(c);
        double longest = got.crowded ? longest_away : longest_pause;
        mo_clock_sleep(pause < seconds - waited ? pause : seconds - waited);
        pause = pause * growth < longest ? pause * growth : longest;
    }
}

static int take(mo_conn *c, double seconds, const volatile int *cancel, mo_lock **out, moult_lock_info *before,
                mo_error *err)
{
    mo_lock *lock = calloc(1, sizeof *lock);
    *out = NULL;
    *before = (moult_lock_info){.provider = mo_pg_lock.name};
    if (!lock)
        return mo_error_nomem(err);
    lock->conn = c;
    int code = mo_pg_own_session(c, err);
    if (code == MOULT_OK)
        code = ask(c, seconds, cancel, err);
    if (code != MOULT_OK) {
        free(lock);
        return code;
    }
    *out = lock;
    return MOULT_OK;
}

/* The server keeps 63 bytes of a name, shows nothing but ASCII, and would refuse half a character: a failure here would take the
 * transaction with it. */
static void write_note(char name[64], const char *text)
{
    size_t n = (size_t)snprintf(name, 64, "moult: ");
    for (; *text && n < 63; text++)
        if ((unsigned char)*text < 0x80)
            name[n++] = (unsigned char)*text < ' ' ? ' ' : *text;
    name[n] = '\0';
}

static int note(mo_lock *lock, const char *text)
{
    mo_conn *c = lock->conn;
    mo_error ignored = {0};
    char name[64];
    write_note(name, text);
    mo_value value = mo_value_text(name);
    if (c->busy || c->pq.PQtransactionStatus(c->pg) == PQTRANS_INERROR)
        return MOULT_OK; /* it is told again later */
    int code = mo_pg_query(c, "SELECT set_config('application_name', ?, false)", &value, 1, NULL, NULL, NULL, &ignored);
    mo_error_clear(&ignored);
    return code;
}

static int release(mo_lock *lock, mo_error *err)
{
    int code = MOULT_OK;
    if (lock && !lock->conn->broken) {
        const mo_watch *limit = lock->conn->limit;
        lock->conn->limit = NULL;
        mo_pg_rollback(lock->conn);
        code = mo_pg_exec(lock->conn, "SELECT pg_advisory_unlock(" KEY "); RESET application_name", NULL, err);
        lock->conn->limit = limit;
    }
    free(lock);
    return code;
}

const mo_lock_provider mo_pg_lock = {.name = "advisory", .take = take, .note = note, .look = look, .release = release};
