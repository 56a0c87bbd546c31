/* SPDX-License-Identifier: MIT */
/*
 * statement.c - running statements: several at once, one query with parameters, transactions; all of it under a watch.
 *
 * Everything is sent and read without blocking: while the server works, the watches are asked every few milliseconds. One
 * that says stop has the server cancel the statement, and what comes after that is still read, so that the connection can be
 * used for the next one.
 */
#include "dialect/postgres/postgres.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 10 };

/* How long a statement that was cancelled may take to end; then the connection is given up. */
static const double cancel_patience = 10;

/* The type oids of values that are more than text. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_OID = 26, OID_FLOAT4 = 700 };
enum { OID_FLOAT8 = 701, OID_NUMERIC = 1700 };

void mo_pg_limit(mo_conn *c, const mo_watch *watch)
{
    c->limit = watch;
}

/* --- waiting ------------------------------------------------------------------------------------------------------- */

static int stops(mo_conn *c, const mo_watch *watch)
{
    c->stopped = watch ? watch->tick(watch->user, -1) : MOULT_OK;
    if (c->stopped == MOULT_OK && c->limit)
        c->stopped = c->limit->tick(c->limit->user, -1);
    return c->stopped != MOULT_OK;
}

/* Waits until the socket can be read (or also written) or a moment has passed. */
static void wait_moment(mo_conn *c, int for_writing)
{
    struct pollfd p = {.fd = c->pq.PQsocket(c->pg), .events = (short)(POLLIN | (for_writing ? POLLOUT : 0))};
    (void)poll(&p, 1, TICK_MS);
}

static void ask_to_cancel(mo_conn *c)
{
    char why[256];
    PGcancel *cancel = c->pq.PQgetCancel(c->pg);
    if (cancel)
        (void)c->pq.PQcancel(cancel, why, sizeof why);
    c->pq.PQfreeCancel(cancel);
}

/* Waits for the next result. 0, or -1: the connection is gone, or the server does not end what was cancelled. */
static int wait_result(mo_conn *c, const mo_watch *watch)
{
    mo_deadline patience = {0};
    for (;;) {
        int writing = c->pq.PQflush(c->pg);
        if (writing < 0 || !c->pq.PQconsumeInput(c->pg))
            return -1;
        if (!writing && !c->pq.PQisBusy(c->pg))
            return 0;
        if (!c->stopped && stops(c, watch)) {
            ask_to_cancel(c);
            patience = mo_deadline_in(cancel_patience);
        }
        if (c->stopped && mo_deadline_passed(patience))
            return -1;
        wait_moment(c, writing);
    }
}

/* --- results --------------------------------------------------------------------------------------------------------- */

/* COPY has no place here: it is ended at once, and is an error. */
static int refuse_copy(mo_conn *c, ExecStatusType status, mo_error *err)
{
    char *data;
    if (status == PGRES_COPY_IN)
        (void)c->pq.PQputCopyEnd(c->pg, "moult runs no COPY from a client");
    while (status == PGRES_COPY_OUT && c->pq.PQgetCopyData(c->pg, &data, 0) > 0)
        c->pq.PQfreemem(data);
    mo_error_set(err, MOULT_DATABASE, "COPY to or from the client cannot be run here");
    return mo_error_hint(err, "use INSERT, or COPY of a file on the server");
}

/* One result: into an error, or to the caller. */
static int take_result(mo_conn *c, const char *sql, size_t number, const PGresult *result, mo_pg_result_fn *take,
                       void *user, mo_error *err)
{
    ExecStatusType status = c->pq.PQresultStatus(result);
    switch (status) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        return take ? take(user, number, result) : MOULT_OK;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        return refuse_copy(c, status, err);
    default:
        return mo_pg_fail(c, sql, result, err);
    }
}

/* Reads all results of what was sent; the first failure is kept. */
static int take_results(mo_conn *c, const char *sql, mo_pg_result_fn *take, void *user, const mo_watch *watch,
                        mo_error *err)
{
    int code = MOULT_OK;
    for (size_t number = 0;; number++) {
        c->busy++;
        int waited = wait_result(c, watch);
        c->busy--;
        if (waited != 0) {
            c->broken = 1;
            return c->stopped ? mo_pg_fail_stopped(c, err) : mo_pg_fail_connection(c, err);
        }
        PGresult *result = c->pq.PQgetResult(c->pg);
        if (!result)
            return code;
        c->changed = strtoll(c->pq.PQcmdTuples(result), NULL, 10);
        if (code == MOULT_OK)
            code = take_result(c, sql, number, result, take, user, err);
        c->pq.PQclear(result);
    }
}

/* Before anything is sent: has the watch had enough already, and is there a connection? */
static int ready(mo_conn *c, const mo_watch *watch, mo_error *err)
{
    if (c->broken || c->pq.PQstatus(c->pg) != CONNECTION_OK)
        return mo_pg_fail_connection(c, err);
    return stops(c, watch) ? mo_pg_fail_stopped(c, err) : MOULT_OK;
}

int mo_pg_run(mo_conn *c, const char *sql, mo_pg_result_fn *take, void *user, const mo_watch *watch, mo_error *err)
{
    int code = ready(c, watch, err);
    if (code != MOULT_OK)
        return code;
    if (!c->pq.PQsendQuery(c->pg, sql))
        return mo_pg_fail_connection(c, err);
    return take_results(c, sql, take, user, watch, err);
}

int mo_pg_exec(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err)
{
    c->seen_there &= mo_pg_is_own(sql);
    if (c->lent.count && mo_pg_claim(c, sql))
        return MOULT_OK;
    if (c->aside)
        return mo_pg_aside_exec(c, sql, watch, err);
    return mo_pg_run(c, sql, NULL, NULL, watch, err);
}

/* --- queries ----------------------------------------------------------------------------------------------------------- */

/* The text with each ? as $1, $2, … */
static void number_params(const char *sql, mo_str *out)
{
    mo_lexer lexer;
    const char *from = sql;
    int n = 0;
    mo_lexer_init(&lexer, &mo_lex_postgres, sql, strlen(sql));
    for (mo_token t = mo_lexer_next(&lexer); t.kind != MO_TOKEN_END; t = mo_lexer_next(&lexer)) {
        if (t.kind != MO_TOKEN_OPERATOR || t.length != 1 || *t.text != '?')
            continue;
        mo_str_addn(out, from, (size_t)(t.text - from));
        mo_str_addf(out, "$%d", ++n);
        from = t.text + 1;
    }
    mo_str_add(out, from);
}

/* Parameters as libpq takes them. */
typedef struct bound {
    const char **values;
    char (*numbers)[32]; /* texts of those that are numbers */
    int *lengths, *formats;
} bound;

static void bound_free(bound *b)
{
    free(b->values);
    free(b->numbers);
    free(b->lengths);
    free(b->formats);
}

static int bind(bound *b, const mo_value *params, size_t count)
{
    b->values = calloc(count + 1, sizeof *b->values);
    b->numbers = calloc(count + 1, sizeof *b->numbers);
    b->lengths = calloc(count + 1, sizeof *b->lengths);
    b->formats = calloc(count + 1, sizeof *b->formats);
    if (!b->values || !b->numbers || !b->lengths || !b->formats)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const mo_value *v = &params[i];
        b->values[i] = b->numbers[i];
        switch (v->type) {
        case MOULT_VALUE_INTEGER:
            snprintf(b->numbers[i], sizeof b->numbers[i], "%lld", (long long)v->integer);
            break;
        case MOULT_VALUE_REAL:
            snprintf(b->numbers[i], sizeof b->numbers[i], "%.17g", v->real);
            break;
        case MOULT_VALUE_TEXT:
        case MOULT_VALUE_BLOB:
            b->values[i] = v->text;
            b->lengths[i] = (int)v->length;
            b->formats[i] = v->type == MOULT_VALUE_BLOB;
            break;
        case MOULT_VALUE_NULL:
            b->values[i] = NULL;
            break;
        }
    }
    return 0;
}

enum { EXACT_DIGITS = 15 }; /* of a decimal, that a double keeps */

/* One value; that of a bytea is allocated, and has to be freed by libpq. 0, or -1 without memory. */
static int value_of(const mo_pq *pq, const PGresult *result, int row, int column, mo_value *out)
{
    const char *text = pq->PQgetvalue(result, row, column);
    memset(out, 0, sizeof *out);
    if (pq->PQgetisnull(result, row, column))
        return 0;
    out->type = MOULT_VALUE_TEXT;
    out->text = text;
    out->length = (size_t)pq->PQgetlength(result, row, column);
    switch (pq->PQftype(result, column)) {
    case OID_BOOL:
        *out = mo_value_int(*text == 't');
        return 0;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID:
        *out = mo_value_int(strtoll(text, NULL, 10));
        return 0;
    case OID_FLOAT4:
    case OID_FLOAT8:
        *out = mo_value_real(strtod(text, NULL));
        return 0;
    case OID_NUMERIC: /* sums of integers are numeric */
        if (strspn(text, "-0123456789") == out->length && out->length < 19)
            *out = mo_value_int(strtoll(text, NULL, 10));
        else if (out->length <= EXACT_DIGITS)
            *out = mo_value_real(strtod(text, NULL));
        return 0; /* a longer one is its text: a double would not keep it */
    case OID_BYTEA:
        out->type = MOULT_VALUE_BLOB;
        out->text = (const char *)pq->PQunescapeBytea((const unsigned char *)text, &out->length);
        return out->text ? 0 : -1;
    default:
        return 0;
    }
}

typedef struct fetch {
    mo_conn *conn;
    mo_row_fn row;
    void *user;
    mo_error *err;
} fetch;

static void free_values(const mo_pq *pq, mo_value *values, int count)
{
    for (int i = 0; i < count; i++) {
        void *memory; /* what libpq gave, and a value only reads */
        memcpy(&memory, &values[i].text, sizeof memory);
        if (values[i].type == MOULT_VALUE_BLOB)
            pq->PQfreemem(memory);
    }
}

static int fetch_rows(void *user, size_t number, const PGresult *result)
{
    fetch *f = user;
    const mo_pq *pq = &f->conn->pq;
    int columns = pq->PQnfields(result), rows = pq->PQntuples(result), code = MOULT_OK;
    (void)number;
    if (!f->row || rows == 0)
        return MOULT_OK;
    mo_value *values = calloc((size_t)columns + 1, sizeof *values);
    if (!values)
        return mo_error_nomem(f->err);
    for (int i = 0; code == MOULT_OK && i < rows; i++) {
        memset(values, 0, (size_t)columns * sizeof *values);
        for (int k = 0; code == MOULT_OK && k < columns; k++)
            if (value_of(pq, result, i, k, &values[k]) != 0)
                code = mo_error_nomem(f->err);
        if (code == MOULT_OK)
            code = f->row(f->user, (size_t)columns, values);
        free_values(pq, values, columns);
    }
    free(values);
    return code;
}

static int send_query(mo_conn *c, const char *sql, const mo_value *params, size_t count, mo_error *err)
{
    bound b = {0};
    int sent = 0, code = bind(&b, params, count) == 0 ? MOULT_OK : mo_error_nomem(err);
    if (code == MOULT_OK)
        sent = c->pq.PQsendQueryParams(c->pg, sql, (int)count, NULL, b.values, b.lengths, b.formats, 0);
    bound_free(&b);
    return code == MOULT_OK && !sent ? mo_pg_fail_connection(c, err) : code;
}

int mo_pg_query(mo_conn *c, const char *sql, const mo_value *params, size_t param_count, mo_row_fn row, void *user,
                const mo_watch *watch, mo_error *err)
{
    fetch f = {c, row, user, err};
    mo_str text = {0};
    int code = ready(c, watch, err);
    if (code != MOULT_OK)
        return code;
    if (param_count)
        number_params(sql, &text);
    else
        mo_str_add(&text, sql);
    code = text.failed ? mo_error_nomem(err) : send_query(c, mo_str_text(&text), params, param_count, err);
    if (code == MOULT_OK)
        code = take_results(c, mo_str_text(&text), fetch_rows, &f, watch, err);
    mo_str_free(&text);
    return code;
}

/* --- the names of columns ---------------------------------------------------------------------------------------------- */

static int take_names(void *user, size_t number, const PGresult *result)
{
    fetch *f = user;
    const mo_pq *pq = &f->conn->pq;
    int count = pq->PQnfields(result), code;
    (void)number;
    mo_value *values = calloc((size_t)count + 1, sizeof *values);
    mo_region *r = mo_region_new();
    int failed = !values || !r;
    for (int i = 0; !failed && i < count; i++) {
        mo_str name = {0};
        mo_name_add(&name, pq->PQfname(result, i));
        values[i] = mo_value_text(mo_str_into(&name, r));
        failed = !values[i].text;
    }
    code = failed ? mo_error_nomem(f->err) : f->row(f->user, (size_t)count, values);
    mo_region_free(r);
    free(values);
    return code;
}

/* SELECT without parameters: one round trip tells, so that a pooler needs no transaction for it. */
static int is_plain_select(const char *sql)
{
    mo_lexer lexer;
    mo_lexer_init(&lexer, &mo_lex_postgres, sql, strlen(sql));
    mo_token t = mo_lexer_next(&lexer);
    if (!mo_token_is(&t, "SELECT"))
        return 0;
    for (; t.kind != MO_TOKEN_END; t = mo_lexer_next(&lexer))
        if (t.kind == MO_TOKEN_OPERATOR && t.length == 1 && *t.text == '?')
            return 0;
    return 1;
}

/* Has it parsed and described, and not run. */
static int describe(mo_conn *c, const char *sql, fetch *f, mo_error *err)
{
    mo_str text = {0};
    number_params(sql, &text);
    int code = text.failed ? mo_error_nomem(err) : ready(c, NULL, err);
    if (code == MOULT_OK && !c->pq.PQsendPrepare(c->pg, "", mo_str_text(&text), 0, NULL))
        code = mo_pg_fail_connection(c, err);
    if (code == MOULT_OK)
        code = take_results(c, mo_str_text(&text), NULL, NULL, NULL, err);
    if (code == MOULT_OK && !c->pq.PQsendDescribePrepared(c->pg, ""))
        code = mo_pg_fail_connection(c, err);
    if (code == MOULT_OK)
        code = take_results(c, mo_str_text(&text), take_names, f, NULL, err);
    mo_str_free(&text);
    return code;
}

int mo_pg_query_names(mo_conn *c, const char *sql, mo_row_fn row, void *user, mo_error *err)
{
    fetch f = {c, row, user, err};
    mo_str text = {0};
    if (!is_plain_select(sql))
        return describe(c, sql, &f, err);
    mo_str_addf(&text, "SELECT * FROM (%s\n) AS q LIMIT 0", sql);
    int code = text.failed ? mo_error_nomem(err) : mo_pg_run(c, mo_str_text(&text), take_names, &f, NULL, err);
    mo_str_free(&text);
    return code;
}

/* --- transactions ------------------------------------------------------------------------------------------------------ */

/* What moult needs of a session holds for one transaction only, for the session may be a pooler's. */
int mo_pg_begin(mo_conn *c, int write, mo_error *err)
{
    mo_str sql = {0};
    int code = mo_pg_know(c, err);
    if (code != MOULT_OK)
        return code;
    if (c->aside)
        return mo_pg_aside_begin_part(c, err);
    mo_str_addf(&sql, "BEGIN%s; SET LOCAL search_path = %s", write ? " READ WRITE" : "", c->search_path);
    if (c->lock_timeout > 0)
        mo_str_addf(&sql, "; SET LOCAL lock_timeout = %.0f", c->lock_timeout * 1000);
    code = sql.failed ? mo_error_nomem(err) : mo_pg_exec(c, mo_str_text(&sql), NULL, err);
    mo_str_free(&sql);
    if (code != MOULT_OK)
        mo_pg_rollback(c);
    return code;
}

int mo_pg_commit(mo_conn *c, mo_error *err)
{
    if (c->aside)
        return mo_pg_aside_end_part(c, 1, err);
    /* A transaction in which something failed answers COMMIT with ROLLBACK, and calls that no error. */
    if (c->pq.PQtransactionStatus(c->pg) == PQTRANS_INERROR) {
        mo_pg_rollback(c);
        return mo_error_set(err, MOULT_DATABASE, "the transaction had failed and was rolled back");
    }
    return mo_pg_exec(c, "COMMIT", NULL, err);
}

void mo_pg_rollback(mo_conn *c)
{
    mo_error ignored = {0};
    const mo_watch *limit = c->limit;
    if (c->aside)
        (void)mo_pg_aside_end_part(c, 0, &ignored);
    if (c->aside || !mo_pg_in_transaction(c))
        return;
    c->limit = NULL; /* the way out has no time limit of its own that may have passed */
    (void)mo_pg_exec(c, "ROLLBACK", NULL, &ignored);
    c->limit = limit;
    mo_error_clear(&ignored);
}

int mo_pg_in_transaction(mo_conn *c)
{
    PGTransactionStatusType status = c->pq.PQtransactionStatus(c->pg);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

void mo_pg_quote(mo_str *out, const char *name)
{
    mo_name_quote(out, name);
}

int64_t mo_pg_changed_rows(mo_conn *c)
{
    return c->changed;
}
