/* SPDX-License-Identifier: MIT */
/*
 * hooks.c - the data hooks that have run on this database, or were not needed: each is there once, with what its code was
 * and with the version that it came with, so that going back before that version forgets it.
 */
#include "state/own.h"

#include <string.h>

typedef struct reading {
    mo_region *region;
    mo_hook_records *out;
    mo_error *err;
} reading;

static int take_row(void *user, size_t count, const mo_value *v)
{
    reading *rd = user;
    mo_hook_record row = {0};

    (void)count;
    row.version = mo_region_dup(rd->region, mo_state_text(&v[0]));
    row.code = mo_region_dup(rd->region, mo_state_text(&v[1]));
    if (!row.version || !row.code || mo_vec_push(rd->region, rd->out, row) != 0) {
        return mo_error_nomem(rd->err);
    }
    return MOULT_OK;
}

int mo_hooks_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_hook_records *out, mo_error *err)
{
    reading rd = {r, out, err};
    int there = mo_state_has(d, c, "hook", err);

    memset(out, 0, sizeof *out);
    if (there <= 0) {
        return there;
    }
    return mo_state_run(d, c, "SELECT version, code FROM {}hook ORDER BY version", NULL, 0, take_row, &rd, err);
}

int mo_hooks_add(const mo_dialect *d, mo_conn *c, const mo_hook_record *hook, mo_error *err)
{
    char now[32];
    mo_value values[6];

    mo_clock_utc(now);
    values[0] = mo_value_text(hook->version);
    values[1] = mo_value_text(hook->code);
    values[2] = mo_value_text(hook->state);
    values[3] = mo_value_int(hook->schema_version);
    values[4] = mo_value_text(now);
    values[5] = mo_value_real(hook->seconds);
    return mo_state_run(
        d, c,
        "INSERT INTO {}hook (version, code, state, schema_version, recorded_at, seconds) VALUES (?, ?, ?, ?, ?, ?)",
        values, 6, NULL, NULL, err);
}

int mo_hooks_script(const mo_dialect *d, const mo_hook_record *hook, mo_str *out)
{
    mo_str_addf(out, "INSERT INTO %shook (version, code, state, schema_version, recorded_at, seconds) VALUES (",
                d->own_prefix);
    mo_str_literal(out, hook->version);
    mo_str_add(out, ", ");
    mo_str_literal(out, hook->code);
    mo_str_add(out, ", ");
    mo_str_literal(out, hook->state);
    mo_str_addf(out, ", %lld, CURRENT_TIMESTAMP, 0);\n", (long long)hook->schema_version);
    return out->failed ? -1 : 0;
}

int mo_hooks_forget(const mo_dialect *d, mo_conn *c, int64_t version, mo_error *err)
{
    mo_value param = mo_value_int(version);

    return mo_state_run(d, c, "DELETE FROM {}hook WHERE schema_version > ?", &param, 1, NULL, NULL, err);
}
