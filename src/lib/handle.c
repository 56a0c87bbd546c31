/* SPDX-License-Identifier: MIT */
/* handle.c - the handle: opening, closing, its error; and the codes. */
#include <stdlib.h>
#include <string.h>

#include "caching.h"
#include "engine.h"

#define MO_CODE_ROW(name, number, exit, text) {number, exit, #name, text},
static const struct {
    int code, exit;
    const char *name, *text;
} codes[] = {MOULT_CODES(MO_CODE_ROW)};
#undef MO_CODE_ROW

static size_t find_code(int code)
{
    size_t i = 0;
    while (i < sizeof codes / sizeof *codes && codes[i].code != code)
        i++;
    return i < sizeof codes / sizeof *codes ? i : 1; /* unknown ones are read as ERROR */
}

const char *moult_code_text(int code)
{
    return codes[find_code(code)].text;
}

const char *moult_code_name(int code)
{
    return codes[find_code(code)].name;
}

int moult_code_exit(int code)
{
    return codes[find_code(code)].exit;
}

const char *moult_version(void)
{
    return MOULT_VERSION;
}

/* One try to connect; what says that the database is not up yet may be tried again. */
static int connect_once(moult *m)
{
    mo_open_args args = {&m->url, m->open_mode, m->options.pub.connect_timeout, m->options.pub.lock_timeout};
    return m->dialect->open(&m->conn, &args, &m->error);
}

/* It did not come up: what the last try said becomes the detail of an error that names the limit. */
static int name_limit(moult *m, int rc)
{
    mo_error last = {{0}};
    if (rc != MOULT_IO) /* it is up: something else is wrong */
        return rc;
    mo_error_move(&last, &m->error);
    mo_error_set(&m->error, MOULT_TIMEOUT, "the database did not come up within the limit of %g seconds: %s",
                 m->options.pub.connect_timeout, last.pub.message);
    if (last.pub.detail)
        mo_error_detail(&m->error, "%s", last.pub.detail);
    if (last.pub.engine_code)
        mo_error_engine(&m->error, last.pub.engine_code);
    mo_error_clear(&last);
    return mo_error_hint(&m->error, "check its URL, or wait longer: --wait (the option connect_timeout)");
}

/* It may come up as long as `up`; for a place in it, where it has none left, others are waited for as for a lock: `room`. */
static int may_come(const moult *m, int rc, mo_deadline up, mo_deadline room)
{
    if (rc == MOULT_OK || mo_cancelled(&m->cancel))
        return 0;
    if (rc == MOULT_LOCKED)
        return m->options.pub.lock_timeout > 0 && !mo_deadline_passed(room);
    return rc != MOULT_NOMEM && rc != MOULT_INVALID && rc != MOULT_UNSUPPORTED && m->options.pub.connect_timeout > 0 &&
           !mo_deadline_passed(up);
}

/* Waits for the database to come up, as long as the options allow. */
static int connect_waiting(moult *m)
{
    mo_deadline up = mo_deadline_in(m->options.pub.connect_timeout);
    mo_deadline room = mo_deadline_in(m->options.pub.lock_timeout);
    double pause = 0.05;
    int rc = connect_once(m);
    while (may_come(m, rc, up, room)) {
        double left = mo_deadline_left(rc == MOULT_LOCKED ? room : up);
        mo_clock_sleep(pause < left ? pause : left);
        pause = pause < 1 ? pause * 2 : 1;
        mo_error_clear(&m->error);
        rc = connect_once(m);
    }
    if (rc != MOULT_OK && rc != MOULT_NOMEM && mo_cancelled(&m->cancel))
        return mo_error_set(&m->error, MOULT_CANCELLED, "cancelled while the database was waited for");
    return m->options.pub.connect_timeout > 0 && mo_deadline_passed(up) ? name_limit(m, rc) : rc;
}

static int open_handle(moult *m, const char *url, const moult_options *options)
{
    int rc = mo_options_copy(options, &m->options, &m->error);
    if (rc != MOULT_OK)
        return rc;
    m->scope = (mo_scope){m->options.pub.include, m->options.pub.exclude};
    m->monitor = (mo_monitor){.on_event = m->options.pub.on_event,
                              .user = m->options.pub.on_event_user,
                              .cancel = &m->cancel,
                              .statement_timeout = m->options.pub.statement_timeout,
                              .probe_timeout = m->options.pub.probe_timeout};
    rc = mo_caching_open(m);
    if (rc != MOULT_OK)
        return rc;
    m->region = mo_region_new();
    if (m->region == NULL)
        return mo_error_nomem(&m->error);
    if (url == NULL || *url == '\0')
        return mo_error_set(&m->error, MOULT_INVALID, "no database URL was given");
    rc = mo_url_parse(m->region, url, &m->url, &m->error);
    if (rc == MOULT_OK)
        rc = mo_dialect_find(&m->url, &m->dialect, &m->error);
    return rc == MOULT_OK ? connect_waiting(m) : rc;
}

int moult_open(moult **out, const char *url, moult_open_mode open_mode, const moult_options *options)
{
    moult *m = calloc(1, sizeof *m);
    __atomic_store_n(out, m, __ATOMIC_RELEASE); /* another thread may want to cancel */
    if (m == NULL)
        return MOULT_NOMEM;
    m->open_mode = open_mode;
    return open_handle(m, url, options);
}

void moult_close(moult *m)
{
    if (m == NULL)
        return;
    if (m->conn)
        m->dialect->close(m->conn);
    mo_caching_close(m);
    mo_region_free(m->region);
    mo_options_free(&m->options);
    mo_error_clear(&m->error);
    free(m);
}

const moult_error *moult_error_of(const moult *m)
{
    static const moult_error none = {MOULT_NOMEM, "out of memory", NULL, NULL, NULL, NULL, NULL, 0, 0};
    return m ? &m->error.pub : &none;
}

void moult_cancel(moult *m)
{
    __atomic_store_n(&m->cancel, 1, __ATOMIC_RELAXED);
}

const char *moult_database_name(const moult *m)
{
    if (m->conn)
        return m->dialect->database(m->conn);
    return m->url.display ? m->url.display : "";
}

const char *moult_engine(const moult *m)
{
    if (m->conn)
        return m->dialect->engine(m->conn);
    return m->dialect ? m->dialect->title : "";
}

void moult_string_free(char *text)
{
    free(text);
}
