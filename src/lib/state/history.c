/* SPDX-License-Identifier: MIT */
/* history.c - what has been applied: reading it. One row a version, from 1 on, without gaps; chain.c adds them. */
#include "state/own.h"

#include <string.h>

typedef struct reading {
    mo_region *region;
    mo_versions *out;
    mo_error *err;
} reading;

static const char *keep(mo_region *r, const mo_value *v, int *failed)
{
    const char *text = mo_state_text(v);
    char *copy = text ? mo_region_dup(r, text) : NULL;

    *failed |= text && !copy;
    return copy;
}

static int version_row(void *user, size_t count, const mo_value *v)
{
    reading *rd = user;
    mo_region *r = rd->region;
    mo_version row = {0};
    int failed = 0;

    (void)count;
    row.info.version = v[0].integer;
    row.info.applied_at = keep(r, &v[1], &failed);
    row.info.applied_by = keep(r, &v[2], &failed);
    row.info.host = keep(r, &v[3], &failed);
    row.info.plan_id = keep(r, &v[4], &failed);
    row.info.from = keep(r, &v[5], &failed);
    row.info.to = keep(r, &v[6], &failed);
    row.info.kind = keep(r, &v[7], &failed);
    row.info.changes = v[8].integer;
    row.info.seconds = v[9].type == MOULT_VALUE_INTEGER ? (double)v[9].integer : v[9].real;
    row.info.tool = keep(r, &v[10], &failed);
    if (failed || mo_vec_push(r, rd->out, row) != 0) {
        return mo_error_nomem(rd->err);
    }
    return MOULT_OK;
}

int mo_history_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_versions *out, mo_error *err)
{
    reading rd = {r, out, err};
    int there = mo_state_has(d, c, "history", err);

    memset(out, 0, sizeof *out);
    if (there <= 0) {
        return there;
    }
    return mo_state_run(d, c, "SELECT " MO_HISTORY_COLUMNS " FROM {}history ORDER BY version", NULL, 0, version_row,
                        &rd, err);
}

/* One snapshot. */
typedef struct snapshot {
    const mo_dialect *d;
    int found;
    int64_t version;
    mo_schema *schema;
    mo_error *err;
} snapshot;

static int snapshot_row(void *user, size_t count, const mo_value *v)
{
    snapshot *s = user;

    (void)count;
    s->found = 1;
    s->version = v[0].integer;
    if (!mo_state_text(&v[1]) || mo_state_is_pruned(v[1].text)) {
        return MOULT_OK;
    }
    return mo_snapshot_read(s->d, v[1].text, v[1].length, &s->schema, s->err);
}

int mo_history_last(const mo_dialect *d, mo_conn *c, int64_t *version, mo_schema **schema, mo_error *err)
{
    snapshot s = {.d = d, .err = err};
    int there = mo_state_has(d, c, "history", err);
    int code;

    *version = 0;
    *schema = NULL;
    if (there <= 0) {
        return there;
    }
    code = mo_state_run(d, c, "SELECT version, declared FROM {}history ORDER BY version DESC LIMIT 1", NULL, 0,
                        snapshot_row, &s, err);
    if (code != MOULT_OK) {
        mo_schema_free(s.schema);
        return code;
    }
    *version = s.version;
    *schema = s.schema;
    return MOULT_OK;
}

typedef struct range {
    int64_t first, last;
} range;

static int range_row(void *user, size_t count, const mo_value *v)
{
    range *r = user;

    (void)count;
    r->first = v[0].integer;
    r->last = v[1].integer;
    return MOULT_OK;
}

/* No such version: which ones there are. */
static int fail_version(const mo_dialect *d, mo_conn *c, int64_t version, int there, mo_error *err)
{
    range r = {0, 0};
    int code = MOULT_OK;

    if (there) {
        code = mo_state_run(d, c, "SELECT min(version), max(version) FROM {}history", NULL, 0, range_row, &r, err);
    }
    if (code != MOULT_OK) {
        return code;
    }
    mo_error_set(err, MOULT_NOTFOUND, "the history of '%s' has no version %lld", d->database(c), (long long)version);
    if (r.last == 0) {
        return mo_error_hint(err, "it is empty: nothing has been applied yet");
    }
    if (r.first == r.last) {
        return mo_error_hint(err, "it has version %lld only", (long long)r.last);
    }
    return mo_error_hint(err, "it has versions %lld to %lld", (long long)r.first, (long long)r.last);
}

int mo_history_schema(const mo_dialect *d, mo_conn *c, int64_t version, mo_schema **out, mo_error *err)
{
    snapshot s = {.d = d, .err = err};
    mo_value param = mo_value_int(version);
    int there = mo_state_has(d, c, "history", err);
    int code = there < 0 ? there : MOULT_OK;

    *out = NULL;
    if (there > 0) {
        code = mo_state_run(d, c, "SELECT version, declared FROM {}history WHERE version = ?", &param, 1, snapshot_row,
                            &s, err);
    }
    if (code == MOULT_OK && !s.found) {
        return fail_version(d, c, version, there, err);
    }
    if (code == MOULT_OK && !s.schema) {
        code = mo_error_set(err, MOULT_NOTFOUND, "the schema of version %lld is not in the history any more",
                            (long long)version);
        mo_error_hint(err, "it was pruned; 'moult history' lists what there is");
    }
    if (code != MOULT_OK) {
        mo_schema_free(s.schema);
        return code;
    }
    *out = s.schema;
    return MOULT_OK;
}

int64_t mo_history_before(const mo_versions *all, int64_t version, int64_t first, int *again)
{
    const moult_version_info *v = &all->items[version - 1].info;
    *again = 0;
    for (int64_t k = version - 1; k >= first && strcmp(v->kind, "backward") == 0; k--)
        if (strcmp(all->items[k - 1].info.to, v->to) == 0) {
            *again = 1;
            return k;
        }
    return version - 1;
}

static int number_row(void *user, size_t count, const mo_value *v)
{
    (void)count;
    *(int64_t *)user = v[0].type == MOULT_VALUE_INTEGER ? v[0].integer : 0;
    return MOULT_OK;
}

int mo_history_latest(const mo_dialect *d, mo_conn *c, int64_t *version, mo_error *err)
{
    int there = mo_state_has(d, c, "history", err);

    *version = 0;
    return there <= 0 ? there
                      : mo_state_run(d, c, "SELECT max(version) FROM {}history", NULL, 0, number_row, version, err);
}

int mo_history_half(const mo_dialect *d, mo_conn *c, int *half, mo_error *err)
{
    int64_t found = 0;
    int there = mo_state_has(d, c, "history", err);
    int code = there < 0 ? there : MOULT_OK;

    if (there > 0) {
        code = mo_state_run(d, c,
                            "SELECT count(*) FROM {}history WHERE kind = 'expand' AND version = "
                            "(SELECT max(version) FROM {}history)",
                            NULL, 0, number_row, &found, err);
    }
    *half = found != 0;
    return code;
}

int mo_history_find(const mo_dialect *d, mo_conn *c, const char *declared_fp, int64_t *version, int *replaced,
                    mo_error *err)
{
    mo_value params[1] = {mo_value_text(declared_fp)};
    int64_t older = 0;
    int there = mo_state_has(d, c, "history", err);
    int code;

    *version = 0;
    *replaced = 0;
    if (there <= 0) {
        return there;
    }
    code = mo_state_run(d, c, "SELECT max(version) FROM {}history WHERE to_schema = ?", params, 1, number_row, version,
                        err);
    if (code == MOULT_OK &&
        *version) /* versions that went back do not make their schema a new one: the first ones count */
        code = mo_state_run(d, c,
                            "SELECT (SELECT min(version) FROM {}history WHERE to_schema = ?) < "
                            "(SELECT min(version) FROM {}history WHERE to_schema = "
                            "(SELECT to_schema FROM {}history ORDER BY version DESC LIMIT 1))",
                            params, 1, number_row, &older, err);
    *replaced = older != 0;
    return code;
}
