/* SPDX-License-Identifier: MIT */
/*
 * journal.c - what a running apply writes down where its plan is more than one transaction, so that whoever comes after a
 * crash knows what it was, how far it got, and what it was to lead to.
 *
 * One row: written in a transaction of its own before the first part, moved on in the transaction of each part, taken out
 * in that of the last. So what it says is what was committed.
 */
#include "state/own.h"

#include <string.h>

/* One number of the table holds both: the options are below it, the age of the attic is above. */
#define AGE_UNIT 65536

typedef struct reading {
    mo_region *region;
    mo_journal *out;
    mo_error *err;
    int failed;
} reading;

static const char *keep(reading *rd, const mo_value *v)
{
    const char *text = mo_state_text(v);
    const char *copy = text ? mo_region_dup(rd->region, text) : NULL;

    rd->failed |= text && !copy;
    return copy;
}

static int take_row(void *user, size_t count, const mo_value *v)
{
    reading *rd = user;
    mo_journal *j = rd->out;

    (void)count;
    j->there = 1;
    j->plan_id = keep(rd, &v[0]);
    j->declared_fp = keep(rd, &v[1]);
    j->declared = keep(rd, &v[2]);
    j->hooks = keep(rd, &v[3]);
    j->started_at = keep(rd, &v[4]);
    j->by = keep(rd, &v[5]);
    j->host = keep(rd, &v[6]);
    j->pid = v[7].integer;
    j->risk = (moult_risk)v[8].integer;
    j->parts = v[9].integer;
    j->done = v[10].integer;
    j->step = v[11].integer;
    j->steps = v[12].integer;
    j->title = keep(rd, &v[13]);
    j->message = keep(rd, &v[14]);
    j->options = (unsigned)(v[15].integer % AGE_UNIT);
    j->attic_age = v[15].integer / AGE_UNIT;
    return rd->failed ? mo_error_nomem(rd->err) : MOULT_OK;
}

int mo_journal_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_journal *out, mo_error *err)
{
    reading rd = {r, out, err, 0};
    int there = mo_state_has(d, c, "journal", err);

    memset(out, 0, sizeof *out);
    if (there <= 0) {
        return there;
    }
    return mo_state_run(d, c,
                        "SELECT plan_id, declared_fp, declared, hooks, started_at, applied_by, host, pid, risk, parts, "
                        "done, step, steps, title, message, options FROM {}journal WHERE id = 1",
                        NULL, 0, take_row, &rd, err);
}

int mo_journal_begin(const mo_dialect *d, mo_conn *c, const mo_journal *j, mo_error *err)
{
    char now[32];
    mo_value v[13];
    int mine = 0, code = mo_state_begin(d, c, &mine, err);

    mo_clock_utc(now);
    v[0] = mo_value_text(j->plan_id);
    v[1] = mo_value_text(j->declared_fp);
    v[2] = mo_value_text(j->declared);
    v[3] = mo_value_text(j->hooks);
    v[4] = mo_value_text(now);
    v[5] = mo_value_text(j->by);
    v[6] = mo_value_text(j->host);
    v[7] = mo_value_int(j->pid);
    v[8] = mo_value_int((int64_t)j->risk);
    v[9] = mo_value_int(j->parts);
    v[10] = mo_value_int(j->done);
    v[11] = mo_value_int(j->steps);
    v[12] = mo_value_int((int64_t)j->options + j->attic_age * AGE_UNIT);
    if (code == MOULT_OK) {
        code = mo_state_run(d, c, "DELETE FROM {}journal", NULL, 0, NULL, NULL, err);
    }
    if (code == MOULT_OK) {
        code = mo_state_run(d, c,
                            "INSERT INTO {}journal (id, plan_id, declared_fp, declared, hooks, started_at, applied_by, "
                            "host, pid, risk, parts, done, step, steps, title, options) "
                            "VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '', ?)",
                            v, 13, NULL, NULL, err);
    }
    return mo_state_end(d, c, mine, code, err);
}

int mo_journal_move(const mo_dialect *d, mo_conn *c, int64_t done, size_t step, const char *title, mo_error *err)
{
    mo_value v[3];

    v[0] = mo_value_int(done);
    v[1] = mo_value_int((int64_t)step);
    v[2] = mo_value_text(title);
    return mo_state_run(d, c, "UPDATE {}journal SET done = ?, step = ?, title = ?, message = NULL WHERE id = 1", v, 3,
                        NULL, NULL, err);
}

int mo_journal_fail(const mo_dialect *d, mo_conn *c, size_t step, const char *title, const char *message, mo_error *err)
{
    mo_value v[3];

    v[0] = mo_value_int((int64_t)step);
    v[1] = mo_value_text(title);
    v[2] = mo_value_text(message);
    return mo_state_run(d, c, "UPDATE {}journal SET step = ?, title = ?, message = ? WHERE id = 1", v, 3, NULL, NULL,
                        err);
}

int mo_journal_end(const mo_dialect *d, mo_conn *c, mo_error *err)
{
    int there = mo_state_has(d, c, "journal", err);

    return there > 0 ? mo_state_run(d, c, "DELETE FROM {}journal", NULL, 0, NULL, NULL, err) : there;
}
