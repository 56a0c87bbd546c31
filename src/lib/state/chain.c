/* SPDX-License-Identifier: MIT */
/*
 * chain.c - adding to the history, so that what is done to it later can be told.
 *
 * The chain is a SHA-256 over the chain value of the row before and everything in the row itself. A row that was changed
 * does not fit its own value; one that was taken out leaves a gap, and the next one does not fit. That the newest rows
 * are gone the fast path tells, which remembers the version that it found.
 */
#include "state/own.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELDS = 12 }; /* MO_HISTORY_COLUMNS, declared */

/* The row before: its version and its chain value. */
typedef struct tail {
    int64_t version;
    char chain[65];
} tail;

static int tail_row(void *user, size_t count, const mo_value *v)
{
    tail *t = user;

    (void)count;
    t->version = v[0].integer;
    snprintf(t->chain, sizeof t->chain, "%s", mo_state_text(&v[1]) ? v[1].text : "");
    return MOULT_OK;
}

/* Who runs this process: the account's name, or its number. */
static void account(char *out, size_t size)
{
    char buffer[4096];
    struct passwd entry, *found = NULL;

    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found && found->pw_name[0]) {
        snprintf(out, size, "%s", found->pw_name);
    } else {
        snprintf(out, size, "uid %lu", (unsigned long)geteuid());
    }
}

/* SHA-256 over the chain before and the fields, numbers as text; of the schema its own hash, so that it can be pruned.
 * `plain`: the schema itself, as the first builds wrote it. */
static int chain_of(const char *before, const mo_value fields[FIELDS], int plain, char out[65])
{
    mo_sha256 *h = mo_sha256_new();

    if (!h) {
        return -1;
    }
    mo_sha256_add_text(h, before);
    for (int i = 0; i < FIELDS; i++) {
        char number[65];
        const char *text = number;
        if (i == FIELDS - 1 && !plain) {
            if (mo_state_text(&fields[i]) && mo_state_hash_declared(fields[i].text, number) != 0) {
                mo_sha256_hex(h, number); /* frees it */
                return -1;
            }
            mo_sha256_add_text(h, mo_state_text(&fields[i]) ? number : NULL);
            continue;
        }
        switch (fields[i].type) {
        case MOULT_VALUE_INTEGER:
            snprintf(number, sizeof number, "%lld", (long long)fields[i].integer);
            break;
        case MOULT_VALUE_REAL:
            snprintf(number, sizeof number, "%.17g", fields[i].real);
            break;
        default:
            text = mo_state_text(&fields[i]);
            break;
        }
        mo_sha256_add_text(h, text);
    }
    mo_sha256_hex(h, out);
    return 0;
}

/* A row to be, in the order of the columns, and the memory for what the caller did not say. */
typedef struct new_row {
    mo_value fields[FIELDS + 1]; /* the last one is the chain */
    int64_t version;
    char now[32], host[256], who[256], chain[65];
} new_row;

static int make_row(const mo_dialect *d, mo_conn *c, const mo_version *v, new_row *row, mo_error *err)
{
    const moult_version_info *info = &v->info;
    mo_value *fields = row->fields;
    tail t = {0, ""};
    int there = mo_state_has(d, c, "history", err);
    int code = there > 0 ? mo_state_run(d, c, "SELECT version, chain FROM {}history ORDER BY version DESC LIMIT 1",
                                        NULL, 0, tail_row, &t, err)
                         : there;

    if (code != MOULT_OK) {
        return code;
    }
    mo_clock_utc(row->now);
    mo_state_host(row->host, sizeof row->host);
    if (!info->applied_by) {
        account(row->who, sizeof row->who);
    }
    row->version = t.version + 1;
    fields[0] = mo_value_int(row->version);
    fields[1] = mo_value_text(info->applied_at ? info->applied_at : row->now);
    fields[2] = mo_value_text(info->applied_by ? info->applied_by : row->who);
    fields[3] = mo_value_text(info->host ? info->host : row->host);
    fields[4] = mo_value_text(info->plan_id);
    fields[5] = mo_value_text(info->from ? info->from : "");
    fields[6] = mo_value_text(info->to ? info->to : "");
    fields[7] = mo_value_text(info->kind ? info->kind : "apply");
    fields[8] = mo_value_int(info->changes);
    fields[9] = mo_value_real(info->seconds);
    fields[10] = mo_value_text(info->tool ? info->tool : MOULT_VERSION);
    fields[11] = mo_value_text(v->declared);
    if (chain_of(t.chain, fields, 0, row->chain) != 0) {
        return mo_error_nomem(err);
    }
    fields[12] = mo_value_text(row->chain);
    return MOULT_OK;
}

static int add_row(const mo_dialect *d, mo_conn *c, mo_version *v, mo_error *err)
{
    new_row row;
    int code = make_row(d, c, v, &row, err);

    if (code == MOULT_OK) {
        code = mo_state_run(d, c,
                            "INSERT INTO {}history (" MO_HISTORY_COLUMNS
                            ", declared, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            row.fields, FIELDS + 1, NULL, NULL, err);
    }
    if (code == MOULT_OK) {
        v->info.version = row.version;
    }
    return code;
}

int mo_history_add(const mo_dialect *d, mo_conn *c, mo_version *v, mo_error *err)
{
    int mine = 0;
    int code = mo_state_begin(d, c, &mine, err);

    if (code == MOULT_OK) {
        code = add_row(d, c, v, err);
    }
    return mo_state_end(d, c, mine, code, err);
}

/* --- in a script -------------------------------------------------------------------------------------------------- */

/* The tables, where they are not there yet, and a stop where the history is not what it was. */
static int script_before(const mo_dialect *d, int64_t version, mo_str *out)
{
    mo_str query = {0};
    mo_statement same = {.kind = MO_STATEMENT_ASSERT,
                         .message = "something was applied since this plan was made: make a new one"};

    for (const char *const *sql = d->own_tables; *sql; sql++) {
        mo_str_addf(out, "%s;\n", *sql);
    }
    mo_str_addf(&query,
                "SELECT 1 FROM (SELECT coalesce(max(version), 0) AS last FROM %shistory) AS h WHERE last <> %lld",
                d->own_prefix, (long long)version - 1);
    same.sql = mo_str_text(&query);
    d->script_assert(&same, out);
    out->failed |= query.failed;
    mo_str_free(&query);
    return out->failed;
}

static int script_after(const mo_dialect *d, const new_row *row, mo_str *out)
{
    mo_str_addf(out, "INSERT INTO %shistory (" MO_HISTORY_COLUMNS ", declared, chain) VALUES (", d->own_prefix);
    for (size_t i = 0; i <= FIELDS; i++) {
        const mo_value *v = &row->fields[i];
        mo_str_add(out, i ? ", " : "");
        if (v->type == MOULT_VALUE_INTEGER) {
            mo_str_addf(out, "%lld", (long long)v->integer);
        } else if (v->type == MOULT_VALUE_REAL) {
            mo_str_addf(out, "%.17g", v->real);
        } else {
            mo_str_literal(out, mo_state_text(v));
        }
    }
    mo_str_add(out, ");\n");
    return out->failed;
}

int mo_history_script(const mo_dialect *d, mo_conn *c, const mo_version *v, mo_str *before, mo_str *after,
                      mo_error *err)
{
    new_row row;
    int code = make_row(d, c, v, &row, err);

    if (code == MOULT_OK && (script_before(d, row.version, before) || script_after(d, &row, after))) {
        code = mo_error_nomem(err);
    }
    return code;
}

/* --- verifying ---------------------------------------------------------------------------------------------------- */

typedef struct checking {
    mo_region *region;
    mo_problems *problems;
    tail last;
    mo_error *err;
} checking;

static int add_problem(checking *k, const char *text)
{
    return text && mo_vec_push(k->region, k->problems, text) == 0 ? MOULT_OK : mo_error_nomem(k->err);
}

static int check_row(void *user, size_t count, const mo_value *v)
{
    checking *k = user;
    char chain[65];
    int64_t version = v[0].integer, next = k->last.version + 1;
    const char *stored = mo_state_text(&v[FIELDS]);
    int code = MOULT_OK;

    (void)count;
    if (version == next + 1) {
        code = add_problem(k, mo_region_printf(k->region, "version %lld was taken out", (long long)next));
    } else if (version != next) {
        code = add_problem(k, mo_region_printf(k->region, "versions %lld to %lld were taken out", (long long)next,
                                               (long long)version - 1));
    }
    if (code == MOULT_OK && version == next) { /* behind a gap nobody can tell what the row before was */
        int fits = 0;
        for (int plain = 0; plain < 2 && !fits; plain++) {
            if (chain_of(k->last.chain, v, plain, chain) != 0) {
                return mo_error_nomem(k->err);
            }
            fits = stored && strcmp(stored, chain) == 0;
        }
        if (!fits) {
            code = add_problem(k, mo_region_printf(k->region, "version %lld was edited", (long long)version));
        }
    }
    k->last.version = version;
    snprintf(k->last.chain, sizeof k->last.chain, "%s", stored ? stored : "");
    return code;
}

static int check_newest(void *user, size_t count, const mo_value *v)
{
    checking *k = user;

    (void)count;
    if (v[0].type != MOULT_VALUE_INTEGER || v[0].integer <= k->last.version) {
        return MOULT_OK;
    }
    return add_problem(
        k, mo_region_printf(k->region, "version %lld was there, and was taken out", (long long)v[0].integer));
}

int mo_history_verify(const mo_dialect *d, mo_conn *c, mo_region *r, mo_problems *problems, mo_error *err)
{
    checking k = {.region = r, .problems = problems, .err = err};
    int there = mo_state_has(d, c, "history", err);
    int code;

    memset(problems, 0, sizeof *problems);
    if (there <= 0) {
        return there;
    }
    code = mo_state_run(d, c, "SELECT " MO_HISTORY_COLUMNS ", declared, chain FROM {}history ORDER BY version", NULL, 0,
                        check_row, &k, err);
    there = code == MOULT_OK ? mo_state_has(d, c, "state", err) : 0;
    if (there > 0) {
        code = mo_state_run(d, c, "SELECT max(version) FROM {}state", NULL, 0, check_newest, &k, err);
    }
    return there < 0 ? there : code;
}

int mo_history_chain(const mo_dialect *d, mo_conn *c, char chain[65], mo_error *err)
{
    tail last = {0};
    int rc = mo_state_exists(d, c, err);

    if (rc > 0) {
        rc = mo_state_run(d, c, "SELECT version, chain FROM {}history ORDER BY version DESC LIMIT 1", NULL, 0, tail_row,
                          &last, err);
    }
    memcpy(chain, last.chain, sizeof last.chain);
    return rc;
}
