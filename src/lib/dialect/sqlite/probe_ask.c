/* SPDX-License-Identifier: MIT */
/*
 * probe_ask.c - the questions of a table, in one pass over it.
 *
 * Each question is one column of the result: count(CASE WHEN condition THEN _moult_note(n, key) END). The function is
 * called only for rows that it holds for; it counts them and keeps the keys of the first. So a pass gives numbers and
 * keys at once, and what was found is known also when time runs out. A single condition is a WHERE instead, which SQLite
 * goes through faster than through an aggregate, even with the rows counted apart.
 */
#include <stdio.h>
#include <string.h>

#include "dialect/sqlite/probe.h"

/* --- what was found ----------------------------------------------------------------------------------------------- */

/* So much of a text or a blob names a row. */
enum { SHOWN_TEXT = 24, SHOWN_BLOB = 8 };

/* Questions of one statement: SQLite allows 2,000 columns in a result. */
enum { MOST_AT_ONCE = 1000 };

static void add_text(mo_str *out, const char *text, size_t length)
{
    size_t n = length < SHOWN_TEXT ? length : SHOWN_TEXT;
    while (n < length && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--; /* never half a character */
    mo_str_addc(out, '\'');
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\'')
            mo_str_addc(out, '\'');
        mo_str_addc(out, text[i]);
    }
    mo_str_add(out, n < length ? "…'" : "'");
}

static void add_key(mo_str *out, sqlite3_value *v)
{
    const unsigned char *blob;
    int n;
    switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER:
        mo_str_addf(out, "%lld", (long long)sqlite3_value_int64(v));
        break;
    case SQLITE_FLOAT:
        mo_str_addf(out, "%.15g", sqlite3_value_double(v));
        break;
    case SQLITE_TEXT:
        blob = sqlite3_value_text(v);
        if (blob)
            add_text(out, (const char *)blob, (size_t)sqlite3_value_bytes(v));
        else
            out->failed = 1;
        break;
    case SQLITE_BLOB:
        blob = sqlite3_value_blob(v);
        n = sqlite3_value_bytes(v);
        mo_str_add(out, "x'");
        for (int i = 0; blob && i < n && i < SHOWN_BLOB; i++)
            mo_str_addf(out, "%02x", blob[i]);
        mo_str_add(out, n > SHOWN_BLOB ? "…'" : "'");
        break;
    default:
        mo_str_add(out, "NULL");
        break;
    }
}

static void found_add(mo_found *f, sqlite3_value **keys, int count)
{
    f->rows++;
    if (f->named >= MO_EVIDENCE_KEYS)
        return;
    mo_str_add(&f->keys, f->named++ ? ", " : "");
    mo_str_add(&f->keys, count > 1 ? "(" : "");
    for (int i = 0; i < count; i++) {
        mo_str_add(&f->keys, i ? ", " : "");
        add_key(&f->keys, keys[i]);
    }
    mo_str_add(&f->keys, count > 1 ? ")" : "");
}

/* "ids 7, 19, 4002"; "code 'a', 'b'"; "a, b (1, 'x'), (2, 'y')" */
static int name_keys(mo_probe *p, const mo_found *f, const char **out)
{
    mo_str s = {0};
    if (f->named == 0)
        return MOULT_OK;
    if (p->key.count == 0) {
        mo_str_add(&s, f->named == 1 ? "id" : "ids");
    } else {
        for (size_t i = 0; i < p->key.count; i++)
            mo_str_addf(&s, "%s%s", i ? ", " : "", mo_plan_shown_column(p->plan, p->before->name, p->key.items[i]));
    }
    mo_str_addf(&s, " %s%s", mo_str_text(&f->keys), f->rows > f->named ? ", …" : "");
    s.failed |= f->keys.failed;
    *out = mo_str_into(&s, p->region);
    return *out ? MOULT_OK : mo_error_nomem(p->err);
}

int mo_probe_answer(mo_probe *p, const mo_question *q, int which, mo_answer *out)
{
    const mo_found *f = &q->found[which];
    *out = (mo_answer){.rows = f->rows, .of = p->rows, .at_least = q->asked == MO_CUT_SHORT};
    return name_keys(p, f, &out->keys);
}

int mo_probe_tell(mo_probe *p, mo_question *q, int which, const char *is, const char *are)
{
    mo_answer a;
    int rc = mo_probe_answer(p, q, which, &a);
    if (rc == MOULT_OK && a.rows == 0 && q->asked != MO_ANSWERED)
        return MOULT_OK; /* that none was found so far says nothing */
    return rc == MOULT_OK ? mo_evidence_count(p->plan->region, q->into, &a, is, are, p->err) : rc;
}

/* --- the functions of questions -------------------------------------------------------------------------------------- */

static mo_question *question_of(mo_probe *p, sqlite3_value *number)
{
    return p->questions.items[sqlite3_value_int64(number)];
}

/* _moult_note(question, key…) */
static void note(sqlite3_context *context, int count, sqlite3_value **values)
{
    mo_probe *p = sqlite3_user_data(context);
    found_add(&question_of(p, values[0])->found[0], values + 1, count - 1);
    sqlite3_result_int(context, 1);
}

/* _moult_cast(question, value, key…) */
static void cast(sqlite3_context *context, int count, sqlite3_value **values)
{
    mo_probe *p = sqlite3_user_data(context);
    mo_question *q = question_of(p, values[0]);
    mo_fate fate = mo_cast_try(q->cast, values[1]);
    if (fate == MO_FATE_COUNT) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (fate != MO_FATE_SAME)
        found_add(&q->found[fate], values + 2, count - 2);
    sqlite3_result_int(context, 1);
}

/* _moult_as(cast, value): the value as it will be stored. */
static void as(sqlite3_context *context, int count, sqlite3_value **values)
{
    mo_probe *p = sqlite3_user_data(context);
    sqlite3_value *stored = mo_cast_value(p->casts.items[sqlite3_value_int64(values[0])], values[1]);
    (void)count;
    if (stored)
        sqlite3_result_value(context, stored);
    else
        sqlite3_result_value(context, values[1]); /* refused: which its own question says */
}

int mo_probe_functions(mo_probe *p, int there)
{
    static const struct {
        const char *name;
        int args;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } all[] = {{"_moult_note", -1, note}, {"_moult_cast", -1, cast}, {"_moult_as", 2, as}};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && rc == SQLITE_OK; i++)
        rc =
            sqlite3_create_function_v2(mo_sqlite_db(p->conn), all[i].name, all[i].args, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                       p, there ? all[i].function : NULL, NULL, NULL, NULL);
    return rc == SQLITE_OK || !there ? MOULT_OK : mo_sqlite_fail(p->conn, rc, p->err);
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

mo_question *mo_probe_add(mo_probe *p, mo_part *part, mo_findings *into, unsigned bit,
                          int (*judge)(mo_probe *p, mo_question *q))
{
    mo_question *q = mo_region_alloc(p->region, sizeof *q);
    if (q == NULL || mo_vec_push(p->region, &p->questions, q))
        return NULL;
    q->number = p->questions.count - 1;
    q->part = part;
    q->into = into;
    q->bit = bit;
    q->judge = judge;
    into->clear |= bit;
    into->mildly |= bit;
    return q;
}

void mo_question_blame(mo_question *q)
{
    q->into->clear &= ~q->bit;
    q->into->mildly &= ~q->bit;
}

void mo_question_soften(mo_question *q)
{
    q->into->clear &= ~q->bit;
}

static int tick(void *user, int64_t rows_done)
{
    const mo_probe *p = user;
    if (p->outer) {
        int rc = p->outer->tick(p->outer->user, rows_done);
        if (rc != MOULT_OK)
            return rc;
    }
    return mo_deadline_passed(p->limit) ? MOULT_TIMEOUT : MOULT_OK;
}

/* TIMEOUT of the table's own limit is no error: it sets p->late. Of DATABASE the error is left for the caller. */
static int query(mo_probe *p, const mo_str *sql, mo_row_fn row, void *user)
{
    mo_watch watch = {tick, p};
    int rc = sql->failed ? mo_error_nomem(p->err) : MOULT_OK;
    if (rc == MOULT_OK)
        rc = mo_sqlite_query(p->conn, mo_str_text(sql), NULL, 0, row, user, &watch, p->err);
    if (rc == MOULT_TIMEOUT && mo_deadline_passed(p->limit)) {
        mo_error_clear(p->err);
        p->late = 1;
        rc = MOULT_OK;
    }
    return rc;
}

/* The engine cannot answer: a function or a collation that only the application has, JSON that is none. */
static int unaskable(mo_probe *p, mo_question *q)
{
    q->asked = MO_UNASKABLE;
    q->why = mo_region_dup(p->region, p->err->pub.message ? p->err->pub.message : "");
    mo_error_clear(p->err);
    return q->why ? MOULT_OK : mo_error_nomem(p->err);
}

static void forget(mo_question *q)
{
    for (int i = 0; i < MO_FATE_COUNT; i++) {
        mo_str_free(&q->found[i].keys);
        q->found[i] = (mo_found){0};
    }
}

int mo_probe_query(mo_probe *p, mo_question *q, const mo_str *sql, mo_row_fn row, void *user)
{
    int rc;
    q->asked = MO_CUT_SHORT;
    if (p->late)
        return MOULT_OK;
    rc = query(p, sql, row, user);
    if (rc == MOULT_DATABASE) {
        forget(q);
        return unaskable(p, q);
    }
    if (rc == MOULT_OK && !p->late)
        q->asked = MO_ANSWERED;
    return rc;
}

void mo_probe_note(mo_str *sql, const mo_probe *p, const mo_question *q)
{
    mo_str_addf(sql, "_moult_note(%zu", q->number);
    for (size_t i = 0; i < (p->key.count ? p->key.count : 1); i++)
        mo_str_addf(sql, ", \"_moult_k%zu\"", i);
    mo_str_addc(sql, ')');
}

static void add_condition(mo_str *sql, const mo_probe *p, const mo_question *q)
{
    if (mo_probe_gives(p, q))
        mo_str_addf(sql, "\"_moult_q%zu\"", q->number);
    else
        mo_str_add(sql, q->condition);
}

/* The view, with what the questions of that range ask of stored rows. */
static int add_from(mo_probe *p, mo_str *sql, size_t from, size_t end)
{
    int rc;
    p->asking = from;
    p->asking_end = end;
    rc = mo_probe_from(p, sql);
    p->asking = p->asking_end = 0;
    return rc;
}

static void add_question(mo_str *sql, const mo_probe *p, const mo_question *q)
{
    if (q->cast) {
        mo_str_add(sql, "count(");
        mo_cast_call(sql, q->cast, q->number, mo_probe_gives(p, q));
        for (size_t i = 0; i < (p->key.count ? p->key.count : 1); i++)
            mo_str_addf(sql, ", \"_moult_k%zu\"", i);
        mo_str_add(sql, ") END)");
        return;
    }
    mo_str_add(sql, "count(CASE WHEN ");
    add_condition(sql, p, q);
    mo_str_add(sql, " THEN ");
    mo_probe_note(sql, p, q);
    mo_str_add(sql, " END)");
}

int mo_probe_take_integer(void *user, size_t count, const mo_value *values)
{
    (void)count;
    *(int64_t *)user = values[0].integer;
    return MOULT_OK;
}

static int in_pass(const mo_question *q)
{
    return !q->alone && q->asked == MO_NOT_ASKED;
}

/* The question that waits, when it is the only one from `at` on, and a condition; else NULL. */
static const mo_question *only_condition(const mo_probe *p, size_t at)
{
    const mo_question *only = NULL;
    for (; at < p->questions.count; at++) {
        const mo_question *q = p->questions.items[at];
        if (!in_pass(q))
            continue;
        if (only || q->cast)
            return NULL;
        only = q;
    }
    return only;
}

static int add_single(mo_probe *p, mo_str *sql, const mo_question *q)
{
    mo_str_add(sql, "SELECT (SELECT count(*) FROM main.");
    mo_str_ident(sql, p->live, '"');
    mo_str_add(sql, "), count(");
    mo_probe_note(sql, p, q);
    mo_str_add(sql, ") FROM ");
    int rc = add_from(p, sql, q->number, q->number + 1);
    mo_str_add(sql, " WHERE ");
    add_condition(sql, p, q);
    return rc;
}

static int add_several(mo_probe *p, mo_str *sql, size_t *at, size_t most)
{
    size_t from = *at;
    mo_str_add(sql, "SELECT count(*)");
    for (; *at < p->questions.count && most; ++*at) {
        const mo_question *q = p->questions.items[*at];
        if (!in_pass(q))
            continue;
        most--;
        mo_str_add(sql, ", ");
        add_question(sql, p, q);
    }
    mo_str_add(sql, " FROM ");
    return add_from(p, sql, from, *at);
}

/* Up to `most` of what waits, from *at on, in one statement, whose first column is the number of rows. */
static int ask(mo_probe *p, size_t *at, size_t most)
{
    const mo_question *single = most > 1 ? only_condition(p, *at) : NULL;
    mo_str sql = {0};
    int rc = single ? add_single(p, &sql, single) : add_several(p, &sql, at, most);
    if (single)
        *at = p->questions.count;
    if (rc == MOULT_OK && !p->late)
        rc = query(p, &sql, mo_probe_take_integer, &p->rows);
    mo_str_free(&sql);
    return rc;
}

static void mark(mo_probe *p, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++)
        if (in_pass(p->questions.items[i]))
            p->questions.items[i]->asked = p->late ? MO_CUT_SHORT : MO_ANSWERED;
}

/* One of the questions cannot be answered, and spoils it for all: each is asked alone. */
static int ask_each(mo_probe *p, size_t from, size_t end)
{
    int rc = MOULT_OK;
    for (size_t i = from; i < end && rc == MOULT_OK; i++) {
        mo_question *q = p->questions.items[i];
        size_t at = i;
        if (!in_pass(q))
            continue;
        forget(q);
        rc = ask(p, &at, 1);
        if (rc == MOULT_DATABASE) {
            forget(q);
            rc = unaskable(p, q);
        } else if (rc == MOULT_OK) {
            mark(p, i, i + 1);
        }
    }
    return rc;
}

int mo_probe_pass(mo_probe *p)
{
    size_t from, at = 0;
    int rc;
    do {
        from = at;
        rc = ask(p, &at, MOST_AT_ONCE);
        if (rc == MOULT_DATABASE) {
            mo_error_clear(p->err);
            rc = ask_each(p, from, at);
            if (rc == MOULT_OK && p->rows < 0 && !p->late) { /* it is the table: not even its rows can be counted */
                size_t none = at;
                rc = ask(p, &none, 0);
            }
        }
        if (rc == MOULT_OK)
            mark(p, from, at);
    } while (rc == MOULT_OK && at < p->questions.count);
    return rc;
}
