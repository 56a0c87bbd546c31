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

int mo_state_create(const mo_dialect *d, mo_conn *c, mo_error *err)
{
    int mine = 0;
    int code = mo_state_begin(d, c, &mine, err);

    for (const char *const *sql = d->own_tables; code == MOULT_OK && *sql; sql++) {
        code = d->exec(c, *sql, NULL, err);
    }
    return mo_state_end(d, c, mine, code, err);
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
