/* SPDX-License-Identifier: MIT */
/* rpc.c - moult rpc: answers one request after the other until there are no more. */
#include <signal.h>
#include <string.h>

#include "../commands.h"
#include "rpc.h"

/* What the request asks: its result, or NULL after rpc_fail(). */
static json_t *run_method(rpc *s, const rpc_method *method, const json_t *params)
{
    opt_problem problem = {0};

    if (rpc_fields_check(method->params, params, &problem) != 0) {
        return rpc_fail_with(s, RPC_BAD_PARAMS, MOULT_INVALID, problem.hint, "%s: %s", method->name, problem.message);
    }
    if ((method->flags & RPC_NEEDS_OPEN) && !s->target.params) {
        return rpc_fail_with(s, RPC_OUT_OF_ORDER, MOULT_INVALID, "ask 'open' first", "no database is open");
    }
    json_t *result = method->run(s, params);
    if (!result && !s->failure) {
        rpc_fail_with(s, 0, MOULT_NOMEM, NULL, "out of memory");
    }
    return result;
}

/* It was stopped from within: then that is why it failed. */
static void name_reason(rpc *s)
{
    if (s->reason[0] && s->failure) {
        rpc_fail_with(s, 0, s->reason_code, "nothing was changed", "%s", s->reason);
    }
    s->reason[0] = '\0';
}

static void answer(rpc *s, const json_t *request)
{
    const json_t *id = json_object_get(request, "id");
    const rpc_method *method = rpc_method_find(json_string_value(json_object_get(request, "method")));
    json_t *result = NULL;

    if (rpc_inbox_begin(s, method, id) != 0) {
        rpc_fail_with(s, 0, MOULT_CANCELLED, "keep the input open until the answer has come",
                      "the input ended before '%s' began", method->name);
    } else {
        result = run_method(s, method, json_object_get(request, "params"));
        cli_stop_on_signal(NULL);
        name_reason(s);
        if (rpc_inbox_finish(s) || s->once ||
            !result) { /* a handle that was stopped stays so; one that failed may be lost */
            rpc_drop_handle(s);
        }
    }
    if (result) {
        rpc_send_result(s, id, result);
    } else {
        rpc_send_error(s, id, s->failure);
        s->failure = NULL;
    }
}

/* write() tells; and a command that is run for its output has the default again. */
static void pass_over(int number)
{
    (void)number;
}

static int run(cli *c)
{
    static rpc s; /* the thread that reads may outlive this call */
    json_t *request;

    if (c->values.given[OPT_SCHEMA]) {
        return rpc_print_schema();
    }
    signal(SIGPIPE, pass_over);
    s.verbose = c->values.given[OPT_VERBOSE];
    s.patience = RPC_ANSWER_SECONDS;
    if (pthread_mutex_init(&s.lock, NULL) != 0 || pthread_mutex_init(&s.writing, NULL) != 0 ||
        pthread_cond_init(&s.changed, NULL) != 0 || rpc_inbox_start(&s) != 0) {
        return out_problem(&c->out, NULL, "no thread could be started");
    }
    while ((request = rpc_inbox_next(&s)) != NULL) {
        answer(&s, request);
        json_decref(request);
    }
    if (s.target.params) {
        json_decref(rpc_close(&s, NULL));
    }
    return cli_interrupted() ? EXIT_ERROR : EXIT_DONE;
}

static const char *const forms[] = {"[--verbose]", "--schema", NULL};

const command command_rpc = {
    .name = "rpc",
    .summary = "serve a program on standard input and output, in JSON-RPC",
    .forms = forms,
    .options = OPT_BIT(OPT_SCHEMA),
    .run = run,
};
