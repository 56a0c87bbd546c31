/* SPDX-License-Identifier: MIT */
/*
 * own.c - moult's own tables: are they there, make them, run a statement on them.
 *
 * Values are always parameters; the only thing put into a statement is the dialect's prefix of the tables' names.
 */
#include "state/own.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 3 };
static const double first_pause = 0.05, longest_try = 1;

const char *mo_state_text(const mo_value *v)
{
    return v->type == MOULT_VALUE_TEXT || v->type == MOULT_VALUE_BLOB ? v->text : NULL;
}

void mo_state_host(char *out, size_t size)
{
    if (gethostname(out, size) != 0 || !*out) {
        snprintf(out, size, "unknown");
    }
    out[size - 1] = '\0';
}

static int row_seen(void *user, size_t count, const mo_value *values)
{
    (void)count;
    (void)values;
    *(int *)user = 1;
    return MOULT_OK;
}

int mo_state_has(const mo_dialect *d, mo_conn *c, const char *table, mo_error *err)
{
    mo_value name = mo_value_text(table);
    int seen = 0;
    int code = d->query(c, d->own_table_exists, &name, 1, row_seen, &seen, NULL, err);

    return code == MOULT_OK ? seen : code;
}

int mo_state_exists(const mo_dialect *d, mo_conn *c, mo_error *err)
{
    return mo_state_has(d, c, "history", err);
}

static int create_once(const mo_dialect *d, mo_conn *c, mo_error *err)
{
    int mine = 0;
    int code = mo_state_begin(d, c, &mine, err);

    for (const char *const *sql = d->own_tables; code == MOULT_OK && *sql; sql++) {
        code = d->exec(c, *sql, NULL, err);
    }
    return mo_state_end(d, c, mine, code, err);
}

/* Others may be at it at the same moment, and a disk may fail once. What will not be better soon is not tried again, nor is
 * what has waited its full time already; and an engine that gave up the caller's transaction has ended the work. */
static int may_help(int code, double took)
{
    return (code == MOULT_LOCKED || code == MOULT_IO || code == MOULT_DATABASE) && took < longest_try;
}

int mo_state_create(const mo_dialect *d, mo_conn *c, mo_error *err)
{
    int inside = d->in_transaction(c), code = MOULT_OK;

    for (int n = 1; n <= TRIES; n++) {
        double began = mo_clock_now();
        code = create_once(d, c, err);
        if (n == TRIES || !may_help(code, mo_clock_now() - began) || inside != d->in_transaction(c)) {
            break;
        }
        mo_clock_sleep(first_pause * n);
        mo_error_clear(err);
    }
    return code;
}

int mo_state_run(const mo_dialect *d, mo_conn *c, const char *sql, const mo_value *params, size_t count, mo_row_fn row,
                 void *user, mo_error *err)
{
    mo_str text = {0};
    const char *mark;
    int code;

    while ((mark = strstr(sql, "{}")) != NULL) {
        mo_str_addn(&text, sql, (size_t)(mark - sql));
        mo_str_add(&text, d->own_prefix);
        sql = mark + 2;
    }
    mo_str_add(&text, sql);
    code = text.failed ? mo_error_nomem(err) : d->query(c, mo_str_text(&text), params, count, row, user, NULL, err);
    mo_str_free(&text);
    return code;
}

int mo_state_begin(const mo_dialect *d, mo_conn *c, int *mine, mo_error *err)
{
    int code = MOULT_OK;

    *mine = 0;
    if (!d->in_transaction(c)) {
        code = d->begin(c, 1, err);
        *mine = code == MOULT_OK;
    }
    return code;
}

int mo_state_end(const mo_dialect *d, mo_conn *c, int mine, int code, mo_error *err)
{
    if (!mine) {
        return code;
    }
    if (code == MOULT_OK) {
        code = d->commit(c, err);
    }
    if (code != MOULT_OK) {
        d->rollback(c);
    }
    return code;
}
