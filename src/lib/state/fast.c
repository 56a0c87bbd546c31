/* SPDX-License-Identifier: MIT */
/*
 * fast.c - what was found up to date: a hash of all that can make a plan non-empty, and the marker of the database then.
 *
 * It only saves time. Whatever is odd about it (the table is not there, or not ours, or holds nonsense) is no hit.
 */
#include "state/own.h"

#include <string.h>

/* How many inputs are remembered: the builds that share a database, and their options. */
#define KEPT "8"

static const struct {
    moult_outcome outcome;
    const char *name;
} outcomes[] = {{MOULT_UP_TO_DATE, "up_to_date"}, {MOULT_BEHIND, "behind"}, {MOULT_WAITING, "waits"}};

enum { OUTCOME_COUNT = sizeof outcomes / sizeof *outcomes };

typedef struct lookup {
    char marker[33];
    mo_fast *out;
} lookup;

static int take_row(void *user, size_t count, const mo_value *values)
{
    lookup *l = user;
    const char *marker = mo_state_text(&values[0]), *outcome = mo_state_text(&values[1]);

    (void)count;
    for (size_t i = 0; marker && outcome && i < OUTCOME_COUNT; i++) {
        if (!strcmp(marker, l->marker) && !strcmp(outcome, outcomes[i].name)) {
            l->out->hit = 1;
            l->out->outcome = outcomes[i].outcome;
            l->out->version = values[2].integer;
        }
    }
    return MOULT_OK;
}

int mo_fast_find(const mo_dialect *d, mo_conn *c, mo_hash inputs, mo_hash marker, mo_fast *out, mo_error *err)
{
    char key[33];
    lookup l = {.out = out};
    mo_value param;
    int code;

    memset(out, 0, sizeof *out);
    mo_hash_hex(inputs, key);
    mo_hash_hex(marker, l.marker);
    param = mo_value_text(key);
    code = mo_state_run(d, c, "SELECT marker, outcome, version FROM {}state WHERE inputs = ?", &param, 1, take_row, &l,
                        err);
    if (code == MOULT_DATABASE) {
        mo_error_clear(err); /* most likely there is no such table: moult was never here */
        code = MOULT_OK;
    }
    return code;
}

int mo_fast_outcome(const char *name, moult_outcome *out)
{
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        if (!strcmp(name, outcomes[i].name)) {
            *out = outcomes[i].outcome;
            return 1;
        }
    }
    return 0;
}

const char *mo_fast_name(moult_outcome outcome)
{
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        if (outcomes[i].outcome == outcome) {
            return outcomes[i].name;
        }
    }
    return NULL;
}

int mo_fast_record(const mo_dialect *d, mo_conn *c, mo_hash inputs, mo_hash marker, const mo_fast *what, mo_error *err)
{
    char key[33], mark[33], now[32];
    mo_value values[5];
    int mine = 0, code;

    if (!mo_fast_name(what->outcome)) {
        return mo_error_set(err, MOULT_INVALID, "only what is up to date or behind is remembered");
    }
    mo_hash_hex(inputs, key);
    mo_hash_hex(marker, mark);
    mo_clock_utc(now);
    values[0] = mo_value_text(key);
    values[1] = mo_value_text(mark);
    values[2] = mo_value_text(mo_fast_name(what->outcome));
    values[3] = mo_value_int(what->version);
    values[4] = mo_value_text(now);
    code = mo_state_begin(d, c, &mine, err);
    if (code == MOULT_OK) {
        code = mo_state_run(d, c, "DELETE FROM {}state WHERE inputs = ?", values, 1, NULL, NULL, err);
    }
    if (code == MOULT_OK) {
        code = mo_state_run(
            d, c, "INSERT INTO {}state (inputs, marker, outcome, version, recorded_at) VALUES (?, ?, ?, ?, ?)", values,
            5, NULL, NULL, err);
    }
    if (code == MOULT_OK) {
        code = mo_state_run(
            d, c,
            "DELETE FROM {}state WHERE recorded_at < (SELECT min(recorded_at) FROM (SELECT recorded_at FROM "
            "{}state ORDER BY recorded_at DESC LIMIT " KEPT ") AS newest)",
            NULL, 0, NULL, NULL, err);
    }
    return mo_state_end(d, c, mine, code, err);
}
