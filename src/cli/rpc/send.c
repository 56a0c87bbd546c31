/* SPDX-License-Identifier: MIT */
/* send.c - messages to the caller, a line each. Both threads send; a line is never torn. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc.h"

/* --- lines ------------------------------------------------------------------------------------------------------- */

static int stop_writing(void *user)
{
    (void)user;
    return cli_interrupted();
}

/* Nobody reads any more: what runs is of no use, and would not be seen. */
static void lose_caller(rpc *s)
{
    __atomic_store_n(&s->gone, 1, __ATOMIC_RELAXED);
    rpc_inbox_stop(s);
}

static void send_line(rpc *s, const char *line, size_t length)
{
    int failed = 0;

    pthread_mutex_lock(&s->writing);
    if (!__atomic_load_n(&s->gone, __ATOMIC_RELAXED)) {
        failed = rpc_write_all(STDOUT_FILENO, line, length, s->patience, stop_writing, NULL) != 0;
    }
    pthread_mutex_unlock(&s->writing);
    if (failed) {
        lose_caller(s);
    }
}

/* Without memory for the answer there is none for the next one either. */
static void send_no_memory(rpc *s)
{
    static const char line[] =
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32002,\"message\":\"out of memory\"}}\n";

    send_line(s, line, sizeof line - 1);
}

void rpc_send(rpc *s, json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    size_t n = text ? strlen(text) : 0;

    json_decref(message);
    if (!text) {
        send_no_memory(s);
        return;
    }
    text[n] = '\n'; /* in the place of its end */
    send_line(s, text, n + 1);
    free(text);
}

static json_t *id_of(const json_t *id)
{
    return id ? json_deep_copy(id) : json_null();
}

void rpc_send_result(rpc *s, const json_t *id, json_t *result)
{
    rpc_send(s, json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id", id_of(id), "result", result));
}

void rpc_send_error(rpc *s, const json_t *id, json_t *error)
{
    rpc_send(s, json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id", id_of(id), "error", error));
}

/* --- what is in them --------------------------------------------------------------------------------------------- */

/* A text with bytes that are not UTF-8: out.c knows how such a one is told. */
static json_t *repaired(const char *text)
{
    char *json = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&json, &n);
    json_t *value = NULL;

    if (f) {
        out_json(f, text);
        if (fclose(f) == 0) {
            value = json_loadb(json, n, JSON_DECODE_ANY, NULL);
        }
        free(json);
    }
    return value;
}

json_t *rpc_text(const char *text)
{
    json_t *value = text ? json_string(text) : json_null();

    return value ? value : repaired(text);
}

json_t *rpc_error_data(const moult_error *e)
{
    return json_pack("{s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:i, s:i}", "code", moult_code_name(e->code), "message",
                     rpc_text(e->message), "exit_code", moult_code_exit(e->code), "detail", rpc_text(e->detail), "hint",
                     rpc_text(e->hint), "engine_code", rpc_text(e->engine_code), "object", rpc_text(e->object), "file",
                     rpc_text(e->file), "line", e->line, "column", e->column);
}

json_t *rpc_error(const moult_error *e, int rpc_code)
{
    const char *message = e->message ? e->message : moult_code_text(e->code);

    return json_pack("{s:i, s:o, s:o}", "code", rpc_code ? rpc_code : RPC_MOULT + e->code, "message", rpc_text(message),
                     "data", rpc_error_data(e));
}

void rpc_send_problem(rpc *s, const json_t *id, int rpc_code, const char *hint, const char *format, ...)
{
    char message[512];
    moult_error e = {.code = MOULT_INVALID, .message = message, .hint = hint};
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    rpc_send_error(s, id, rpc_error(&e, rpc_code));
}

void rpc_send_warning(rpc *s, const char *format, ...)
{
    char message[512];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    rpc_send(s, json_pack("{s:s, s:s, s:{s:s, s:o}}", "jsonrpc", "2.0", "method", "log", "params", "level", "warning",
                          "message", rpc_text(message)));
}

json_t *rpc_fail(rpc *s, const moult_error *e)
{
    json_decref(s->failure);
    s->failure = rpc_error(e, 0);
    return NULL;
}

json_t *rpc_fail_with(rpc *s, int rpc_code, int code, const char *hint, const char *format, ...)
{
    char message[512];
    moult_error e = {.code = code, .message = message, .hint = hint};
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    json_decref(s->failure);
    s->failure = rpc_error(&e, rpc_code);
    return NULL;
}
