/* SPDX-License-Identifier: MIT */
/* hooks.c - what is asked back: hooks, which run SQL meanwhile on moult's connection, and comparisons of types. */
#include <stdlib.h>
#include <string.h>

#include "rpc.h"

static void ask(rpc *s, rpc_asking what, const char *name, json_t *params)
{
    char id[32];

    rpc_inbox_ask(s, what);
    snprintf(id, sizeof id, "m%lld", (long long)s->questions);
    rpc_send(s, json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", id, "method", name, "params", params));
}

/* Why no answer came, into `out`; a code of the library. */
static int no_answer(rpc *s, char *out, size_t size)
{
    if (rpc_inbox_stopped(s)) {
        snprintf(out, size, "cancelled");
        return MOULT_CANCELLED;
    }
    if (rpc_inbox_ended(s)) {
        snprintf(out, size, "the caller has closed its end");
        return MOULT_CANCELLED;
    }
    snprintf(out, size, "the caller said nothing for %g seconds (answer_timeout)", s->target.answer_seconds);
    return MOULT_TIMEOUT;
}

/* What an answer that is an error says. */
static void error_text(const json_t *answer, char *out, size_t size)
{
    const char *message = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));

    snprintf(out, size, "%s", message && message[0] ? message : "it failed, and did not say why");
    for (char *p = out; *p; p++) {
        *p = *p == '\n' || *p == '\r' ? ' ' : *p;
    }
}

/* --- SQL of a hook ----------------------------------------------------------------------------------------------- */

/* Rows as they come. */
typedef struct rows {
    json_t *all;
    size_t bytes;
    int too_large;
} rows;

static int take_row(void *user, size_t count, const moult_value *values)
{
    rows *r = user;
    json_t *row = json_array();
    int failed = row == NULL;

    for (size_t i = 0; i < count && !failed; i++) {
        r->bytes += values[i].length + 8;
        failed = json_array_append_new(row, rpc_value_json(&values[i])) != 0;
    }
    r->too_large = r->bytes > RPC_MESSAGE_MAX;
    if (failed || r->too_large) {
        json_decref(row);
        return r->too_large ? MOULT_INVALID : MOULT_NOMEM;
    }
    return json_array_append_new(r->all, row) == 0 ? MOULT_OK : MOULT_NOMEM;
}

static int take_names(void *user, size_t count, const moult_value *values)
{
    json_t *names = user;

    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(names, rpc_text(values[i].text)) != 0) {
            return MOULT_NOMEM;
        }
    }
    return MOULT_OK;
}

static json_t *too_large(rpc *s)
{
    return rpc_fail_with(s, RPC_TOO_LARGE, MOULT_INVALID, "read them in pieces: WHERE id > ? ORDER BY id LIMIT 1000",
                         "the rows are more than %d MiB", RPC_MESSAGE_MAX >> 20);
}

static json_t *query(rpc *s, moult_hook_context *x, const char *sql, const rpc_values *values)
{
    json_t *names = json_array(), *all = json_array(), *result = NULL;
    rows r = {.all = all};
    int64_t changed = 0;

    int rc = names && all ? moult_hook_columns(x, sql, take_names, names) : MOULT_NOMEM;
    if (rc == MOULT_OK) {
        rc = moult_hook_exec(x, sql, values->items, values->count, take_row, &r, &changed);
    }
    if (rc == MOULT_OK) {
        result = json_pack("{s:O, s:O, s:I}", "columns", names, "rows", all, "changed", (json_int_t)changed);
    } else if (r.too_large) {
        too_large(s);
    } else {
        rpc_fail(s, moult_hook_error(x));
    }
    json_decref(names);
    json_decref(all);
    return result;
}

/* One statement, once. 0, or -1 after rpc_fail(). */
static int execute_once(rpc *s, moult_hook_context *x, const char *sql, const json_t *params, int64_t *sum)
{
    opt_problem problem = {0};
    rpc_values values;
    int64_t changed = 0;
    int rc = -1;

    if (rpc_values_read(params, &values, &problem) != 0) {
        rpc_fail_with(s, RPC_BAD_PARAMS, MOULT_INVALID, problem.hint, "execute: %s", problem.message);
    } else if (moult_hook_exec(x, sql, values.items, values.count, NULL, NULL, &changed) != MOULT_OK) {
        rpc_fail(s, moult_hook_error(x));
    } else {
        *sum += changed;
        rc = 0;
    }
    rpc_values_free(&values);
    return rc;
}

static json_t *execute(rpc *s, moult_hook_context *x, const json_t *params)
{
    const char *sql = json_string_value(json_object_get(params, "sql"));
    const json_t *many = json_object_get(params, "many");
    int64_t changed = 0;

    if (many && json_object_get(params, "params")) {
        return rpc_fail_with(s, RPC_BAD_PARAMS, MOULT_INVALID, NULL, "execute takes one of params and many");
    }
    for (size_t i = 0; i < (many ? json_array_size(many) : 1); i++) {
        const json_t *one = many ? json_array_get(many, i) : json_object_get(params, "params");
        if (execute_once(s, x, sql, one, &changed) != 0) {
            return NULL;
        }
    }
    return json_pack("{s:I}", "changed", (json_int_t)changed);
}

static json_t *query_with(rpc *s, moult_hook_context *x, const json_t *params)
{
    const char *sql = json_string_value(json_object_get(params, "sql"));
    opt_problem problem = {0};
    rpc_values values;
    json_t *result = NULL;

    if (rpc_values_read(json_object_get(params, "params"), &values, &problem) != 0) {
        rpc_fail_with(s, RPC_BAD_PARAMS, MOULT_INVALID, problem.hint, "query: %s", problem.message);
    } else {
        result = query(s, x, sql, &values);
    }
    rpc_values_free(&values);
    return result;
}

/* A request that a hook asks, answered. */
static void answer_hook(rpc *s, moult_hook_context *x, const json_t *message)
{
    const json_t *id = json_object_get(message, "id"), *params = json_object_get(message, "params");
    const rpc_method *method = rpc_method_find(json_string_value(json_object_get(message, "method")));
    opt_problem problem = {0};
    json_t *result = NULL;

    if (rpc_fields_check(method->params, params, &problem) != 0) {
        rpc_send_problem(s, id, RPC_BAD_PARAMS, problem.hint, "%s: %s", method->name, problem.message);
        return;
    }
    result = strcmp(method->name, "query") == 0 ? query_with(s, x, params) : execute(s, x, params);
    json_t *failure = s->failure;
    s->failure = NULL;
    if (failure) {
        json_decref(result);
        rpc_send_error(s, id, failure);
    } else {
        rpc_send_result(s, id, result);
    }
}

int rpc_run_hook(void *user, moult_hook_context *context)
{
    const rpc_hook *hook = user;
    rpc *s = hook->session;
    char why[512];
    json_t *message;

    ask(s, RPC_ASKS_HOOK, "hook", json_pack("{s:s, s:s}", "version", hook->version, "trigger", hook->trigger));
    while ((message = rpc_inbox_reply(s, s->target.answer_seconds)) != NULL && json_object_get(message, "method")) {
        answer_hook(s, context, message);
        json_decref(message);
    }
    int rc = !message ? no_answer(s, why, sizeof why) : json_object_get(message, "error") ? MOULT_ERROR : MOULT_OK;
    if (message && rc != MOULT_OK) {
        error_text(message, why, sizeof why);
    }
    json_decref(message);
    rpc_inbox_asked(s);
    if (rc != MOULT_OK) {
        moult_hook_fail(context, why);
    }
    return rc;
}

/* --- types ------------------------------------------------------------------------------------------------------- */

/* The library wants a yes or a no: where there is none, what runs is stopped, and this told as its reason. */
static int stop_for(rpc *s, int code, const char *table, const char *column, const char *why)
{
    s->reason_code = code;
    snprintf(s->reason, sizeof s->reason, "comparing the type of %s.%s: %s", table, column, why);
    rpc_inbox_stop(s);
    return 0;
}

int rpc_same_type(void *user, const char *table, const char *column, const char *live, const char *desired)
{
    rpc *s = user;
    char why[400];
    json_t *message;
    int code = MOULT_OK, same = 0;

    if (rpc_inbox_stopped(s)) {
        return 0;
    }
    ask(s, RPC_ASKS_TYPE, "same_type",
        json_pack("{s:o, s:o, s:o, s:o}", "table", rpc_text(table), "column", rpc_text(column), "live", rpc_text(live),
                  "desired", rpc_text(desired)));
    message = rpc_inbox_reply(s, s->target.answer_seconds);
    if (!message) {
        code = no_answer(s, why, sizeof why);
    } else if (json_object_get(message, "error")) {
        code = MOULT_ERROR;
        error_text(message, why, sizeof why);
    } else if (!json_is_boolean(json_object_get(message, "result"))) {
        code = MOULT_INVALID;
        snprintf(why, sizeof why, "the answer is neither true nor false");
    } else {
        same = json_is_true(json_object_get(message, "result"));
    }
    json_decref(message);
    rpc_inbox_asked(s);
    return code == MOULT_OK ? same : stop_for(s, code, table, column, why);
}
