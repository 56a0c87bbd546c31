/* SPDX-License-Identifier: MIT */
/*
 * plans.c - plans that wait for a person, and approvals. An approval is for exactly one plan, and for once: applying uses
 * it up, and when the same plan is needed again it must be approved again.
 */
#include "state/own.h"

#include <stdio.h>
#include <string.h>

/* How many plans that nobody approved are kept. */
#define KEPT "16"

enum { ID_DIGITS = 64, SHORTEST = 8 };

/* A whole id or the first digits of one, in lower case: INVALID when it is neither. */
static int read_id(const char *given, char out[ID_DIGITS + 1], mo_error *err)
{
    size_t n = given ? strlen(given) : 0;

    for (size_t i = 0; i < n && n <= ID_DIGITS; i++) {
        char c = given[i];
        out[i] = (char)(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
        if (!((out[i] >= '0' && out[i] <= '9') || (out[i] >= 'a' && out[i] <= 'f'))) {
            n = 0;
        }
    }
    if (n < SHORTEST || n > ID_DIGITS) {
        mo_error_set(err, MOULT_INVALID, "'%.80s' is not the id of a plan", given ? given : "");
        return mo_error_hint(err, "an id has 64 hexadecimal digits; give it whole, or at least its first %d", SHORTEST);
    }
    out[n] = '\0';
    return MOULT_OK;
}

int mo_plan_id_matches(const char *id, const char *given, int *matches, mo_error *err)
{
    char digits[ID_DIGITS + 1];
    int code = read_id(given, digits, err);

    *matches = code == MOULT_OK && strncmp(id, digits, strlen(digits)) == 0;
    return code;
}

/* --- finding -------------------------------------------------------------------------------------------------------- */

typedef struct search {
    mo_region *region; /* NULL: the id alone is wanted */
    mo_stored_plan *out;
    char ids[2][ID_DIGITS + 1];
    size_t count;
    mo_error *err;
} search;

static const char *keep(mo_region *r, const mo_value *v, int *failed)
{
    const char *text = mo_state_text(v);
    char *copy = text ? mo_region_dup(r, text) : NULL;

    *failed |= text && !copy;
    return copy;
}

static int found_row(void *user, size_t count, const mo_value *v)
{
    search *s = user;
    mo_stored_plan *p = s->out;
    int failed = 0;

    (void)count;
    if (s->count < 2) {
        snprintf(s->ids[s->count], sizeof s->ids[0], "%.*s", ID_DIGITS, mo_state_text(&v[0]) ? v[0].text : "");
    }
    if (s->count++ > 0) {
        return MOULT_OK;
    }
    p->id = keep(s->region, &v[0], &failed);
    p->approved_at = keep(s->region, &v[1], &failed);
    p->approved_by = keep(s->region, &v[2], &failed);
    p->used = v[3].type != MOULT_VALUE_NULL;
    p->approved = p->approved_at && !p->used;
    p->body = keep(s->region, &v[4], &failed);
    return failed ? mo_error_nomem(s->err) : MOULT_OK;
}

static int fail_search(const search *s, const char *digits, mo_error *err)
{
    if (s->count == 0) {
        mo_error_set(err, MOULT_NOTFOUND, "no plan '%s' is stored in this database", digits);
        return mo_error_hint(err, "plan again: what was stored may have been replaced by a newer one");
    }
    mo_error_set(err, MOULT_INVALID, "'%s' is the beginning of more than one plan's id", digits);
    mo_error_detail(err, "%s\n%s", s->ids[0], s->ids[1]);
    return mo_error_hint(err, "give more digits");
}

int mo_plans_find(const mo_dialect *d, mo_conn *c, mo_region *r, const char *id, mo_stored_plan *out, mo_error *err)
{
    char digits[ID_DIGITS + 1], last[ID_DIGITS + 2];
    search s = {.region = r, .out = out, .err = err};
    mo_value range[2];
    int there, code = read_id(id, digits, err);

    memset(out, 0, sizeof *out);
    if (code != MOULT_OK) {
        return code;
    }
    there = mo_state_has(d, c, "plan", err);
    if (there < 0) {
        return there;
    }
    if (there) {
        snprintf(last, sizeof last, "%sg", digits); /* g comes after every digit */
        range[0] = mo_value_text(digits);
        range[1] = mo_value_text(last);
        code = mo_state_run(d, c,
                            "SELECT id, approved_at, approved_by, used_at, body FROM {}plan WHERE id >= ? AND id < ? "
                            "ORDER BY id LIMIT 2",
                            range, 2, found_row, &s, err);
    }
    if (code == MOULT_OK && s.count != 1) {
        memset(out, 0, sizeof *out);
        code = fail_search(&s, digits, err);
    }
    return code;
}

/* --- storing, approving, using ---------------------------------------------------------------------------------------- */

static int seen_row(void *user, size_t count, const mo_value *v)
{
    (void)count;
    (void)v;
    *(int *)user = 1;
    return MOULT_OK;
}

static int put(const mo_dialect *d, mo_conn *c, const char *id, const char *body, mo_error *err)
{
    char now[32];
    mo_value update[3], insert[3], key = mo_value_text(id);
    int there = 0;
    int code = mo_state_run(d, c, "SELECT 1 FROM {}plan WHERE id = ?", &key, 1, seen_row, &there, err);

    mo_clock_utc(now);
    if (code == MOULT_OK && there) {
        /* A plan that was used and is needed again needs a new approval. */
        code = mo_state_run(
            d, c,
            "UPDATE {}plan SET approved_at = NULL, approved_by = NULL, approved_host = NULL, used_at = NULL "
            "WHERE id = ? AND used_at IS NOT NULL",
            &key, 1, NULL, NULL, err);
        update[0] = mo_value_text(body);
        update[1] = mo_value_text(now);
        update[2] = key;
        if (code == MOULT_OK) {
            code = mo_state_run(d, c, "UPDATE {}plan SET body = ?, stored_at = ? WHERE id = ?", update, 3, NULL, NULL,
                                err);
        }
    } else if (code == MOULT_OK) {
        insert[0] = key;
        insert[1] = mo_value_text(body);
        insert[2] = mo_value_text(now);
        code =
            mo_state_run(d, c, "INSERT INTO {}plan (id, body, stored_at) VALUES (?, ?, ?)", insert, 3, NULL, NULL, err);
    }
    if (code == MOULT_OK) {
        code = mo_state_run(
            d, c,
            "DELETE FROM {}plan WHERE (approved_at IS NULL OR used_at IS NOT NULL) AND stored_at < (SELECT "
            "min(stored_at) FROM (SELECT stored_at FROM {}plan ORDER BY stored_at DESC LIMIT " KEPT ") AS newest)",
            NULL, 0, NULL, NULL, err);
    }
    return code;
}

int mo_plans_put(const mo_dialect *d, mo_conn *c, const char *id, const char *body, mo_error *err)
{
    int mine = 0;
    int code = mo_state_begin(d, c, &mine, err);

    if (code == MOULT_OK) {
        code = put(d, c, id, body, err);
    }
    return mo_state_end(d, c, mine, code, err);
}

static int approve(const mo_dialect *d, mo_conn *c, mo_region *r, const char *id, const char *by, const char *host,
                   mo_error *err)
{
    char now[32], here[256];
    mo_stored_plan plan;
    mo_value values[4];
    int code = mo_plans_find(d, c, r, id, &plan, err);

    if (code != MOULT_OK) {
        return code;
    }
    if (plan.used) {
        mo_error_set(err, MOULT_CHANGED, "plan %.8s has been applied already, and an approval holds for once", plan.id);
        return mo_error_hint(err, "plan again; if the same plan is needed again, it will ask for approval again");
    }
    if (plan.approved) {
        return MOULT_OK;
    }
    mo_clock_utc(now);
    mo_state_host(here, sizeof here);
    values[0] = mo_value_text(now);
    values[1] = mo_value_text(by ? by : "unknown");
    values[2] = mo_value_text(host ? host : here);
    values[3] = mo_value_text(plan.id);
    return mo_state_run(d, c, "UPDATE {}plan SET approved_at = ?, approved_by = ?, approved_host = ? WHERE id = ?",
                        values, 4, NULL, NULL, err);
}

int mo_plans_approve(const mo_dialect *d, mo_conn *c, const char *id, const char *by, const char *host, mo_error *err)
{
    mo_region *r = mo_region_new();
    int mine = 0;
    int code = r ? mo_state_begin(d, c, &mine, err) : mo_error_nomem(err);

    if (code == MOULT_OK) {
        code = approve(d, c, r, id, by, host, err);
    }
    code = mo_state_end(d, c, mine, code, err);
    mo_region_free(r);
    return code;
}

int mo_plans_approved(const mo_dialect *d, mo_conn *c, const char *id, int *approved, mo_error *err)
{
    mo_value key = mo_value_text(id);
    int there = mo_state_has(d, c, "plan", err);

    *approved = 0;
    if (there <= 0) {
        return there;
    }
    return mo_state_run(d, c, "SELECT 1 FROM {}plan WHERE id = ? AND approved_at IS NOT NULL AND used_at IS NULL", &key,
                        1, seen_row, approved, err);
}

int mo_plans_use(const mo_dialect *d, mo_conn *c, const char *id, mo_error *err)
{
    char now[32];
    mo_value values[2];
    int there = mo_state_has(d, c, "plan", err);

    if (there <= 0) {
        return there;
    }
    mo_clock_utc(now);
    values[0] = mo_value_text(now);
    values[1] = mo_value_text(id);
    return mo_state_run(d, c, "UPDATE {}plan SET used_at = ? WHERE id = ? AND used_at IS NULL", values, 2, NULL, NULL,
                        err);
}

/* --- taking back, listing --------------------------------------------------------------------------------------------- */

static int revoke(const mo_dialect *d, mo_conn *c, mo_region *r, const char *id, mo_error *err)
{
    mo_stored_plan plan;
    mo_value key;
    int code = mo_plans_find(d, c, r, id, &plan, err);

    if (code != MOULT_OK) {
        return code;
    }
    if (plan.used) {
        mo_error_set(err, MOULT_CHANGED, "plan %.8s has been applied already: its approval is used up", plan.id);
        return mo_error_hint(err, "to go back, plan and apply the schema that was there before");
    }
    if (!plan.approved) {
        return mo_error_set(err, MOULT_NOTFOUND, "plan %.8s is not approved", plan.id);
    }
    key = mo_value_text(plan.id);
    return mo_state_run(d, c,
                        "UPDATE {}plan SET approved_at = NULL, approved_by = NULL, approved_host = NULL "
                        "WHERE id = ? AND used_at IS NULL",
                        &key, 1, NULL, NULL, err);
}

int mo_plans_revoke(const mo_dialect *d, mo_conn *c, const char *id, mo_error *err)
{
    mo_region *r = mo_region_new();
    int mine = 0;
    int code = r ? mo_state_begin(d, c, &mine, err) : mo_error_nomem(err);

    if (code == MOULT_OK) {
        code = revoke(d, c, r, id, err);
    }
    code = mo_state_end(d, c, mine, code, err);
    mo_region_free(r);
    return code;
}

typedef struct listing {
    mo_region *region;
    mo_approvals *out;
    mo_error *err;
} listing;

static int listed_row(void *user, size_t count, const mo_value *v)
{
    listing *l = user;
    moult_approval_info a = {0};
    int failed = 0;

    (void)count;
    a.id = keep(l->region, &v[0], &failed);
    a.stored_at = keep(l->region, &v[1], &failed);
    a.approved_at = keep(l->region, &v[2], &failed);
    a.approved_by = keep(l->region, &v[3], &failed);
    a.approved_host = keep(l->region, &v[4], &failed);
    return failed || mo_vec_push(l->region, l->out, a) != 0 ? mo_error_nomem(l->err) : MOULT_OK;
}

int mo_plans_list(const mo_dialect *d, mo_conn *c, mo_region *r, mo_approvals *out, mo_error *err)
{
    listing l = {r, out, err};
    int there = mo_state_has(d, c, "plan", err);

    memset(out, 0, sizeof *out);
    if (there <= 0) {
        return there;
    }
    return mo_state_run(
        d, c,
        "SELECT id, stored_at, approved_at, approved_by, approved_host FROM {}plan WHERE used_at IS NULL "
        "ORDER BY stored_at DESC, id",
        NULL, 0, listed_row, &l, err);
}
