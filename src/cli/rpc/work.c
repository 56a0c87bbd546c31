/* SPDX-License-Identifier: MIT */
/* work.c - the methods that do what the commands of the same names do. */
#include <stdlib.h>
#include <string.h>

#include "../status.h"
#include "rpc.h"

json_t *rpc_hello(rpc *s, const json_t *params)
{
    json_t *names = json_array();

    (void)s;
    (void)params;
    for (const rpc_method *m = rpc_methods; m->name; m++) {
        json_array_append_new(names, json_string(m->name));
    }
    return json_pack("{s:s, s:i, s:i, s:o}", "moult", moult_version(), "protocol", (int)RPC_PROTOCOL, "message_max",
                     (int)RPC_MESSAGE_MAX, "methods", names);
}

/* Is there a desired schema? 0 after rpc_fail(). */
static int has_desired(rpc *s)
{
    if (s->target.desired.uri || s->target.desired.texts) {
        return 1;
    }
    rpc_fail_with(s, RPC_BAD_PARAMS, MOULT_INVALID, "close, and open with 'desired'", "open named no desired schema");
    return 0;
}

/* --- plans ------------------------------------------------------------------------------------------------------- */

/* Stores a plan that a person must approve, where that can be done: 1 or 0, as 'moult plan' does it. */
static int store(rpc *s, const moult_plan *plan)
{
    const moult_options *o = &s->target.options;
    moult *m = NULL;

    if (s->target.access == MOULT_OPEN_READ || o->mode == MOULT_MODE_DRY_RUN || moult_plan_change_count(plan) == 0 ||
        moult_plan_allowed(plan, o->mode)) {
        return 0;
    }
    int stored =
        moult_open(&m, s->target.url, MOULT_OPEN_WRITE, o) == MOULT_OK && moult_plan_store(m, plan) == MOULT_OK;
    if (!stored) {
        rpc_send_warning(s, "the plan could not be stored for its approval: %s", moult_error_of(m)->message);
    }
    moult_close(m);
    return stored;
}

json_t *rpc_plan_it(rpc *s, const json_t *params)
{
    const char *id = json_string_value(json_object_get(params, "id"));
    moult *m = id || has_desired(s) ? rpc_handle(s, NULL) : NULL;
    moult_plan *plan = NULL;
    json_t *out;

    if (!m) {
        return NULL;
    }
    int rc = id ? moult_plan_find(m, id, &plan) : moult_make_plan(m, &s->target.desired, &plan);
    out = rc == MOULT_OK ? rpc_plan_json(s, m, plan, id ? 1 : store(s, plan), params) : rpc_fail(s, moult_error_of(m));
    moult_plan_free(plan);
    return out;
}

/* --- what changes the database ----------------------------------------------------------------------------------- */

static const char *approval(const json_t *params)
{
    return json_string_value(json_object_get(params, "approve"));
}

/* What came of it, and the result freed. */
static json_t *done(rpc *s, moult *m, int code, moult_result *result)
{
    json_t *out = rpc_result(s, m, code, result);

    moult_result_free(result);
    return out;
}

static int apply_document(moult *m, const json_t *document, moult_result **result)
{
    char *text = json_dumps(document, JSON_COMPACT);
    moult_plan *plan = NULL;
    int code = text ? moult_plan_parse(m, text, strlen(text), "<plan>", &plan) : MOULT_NOMEM;

    free(text);
    if (code == MOULT_OK) {
        code = moult_apply(m, plan, result);
    }
    moult_plan_free(plan);
    return code;
}

json_t *rpc_apply(rpc *s, const json_t *params)
{
    const json_t *document = json_object_get(params, "plan");
    moult *m = document || has_desired(s) ? rpc_handle(s, approval(params)) : NULL;
    moult_result *result = NULL;

    if (!m) {
        return NULL;
    }
    int code = document ? apply_document(m, document, &result) : moult_migrate(m, &s->target.desired, &result);
    return done(s, m, code, result);
}

json_t *rpc_resume(rpc *s, const json_t *params)
{
    moult *m = rpc_handle(s, approval(params));
    moult_result *result = NULL;

    if (!m) {
        return NULL;
    }
    int code = moult_resume(m, &result);
    return done(s, m, code, result);
}

json_t *rpc_rollback(rpc *s, const json_t *params)
{
    moult *m = rpc_handle(s, approval(params));
    moult_result *result = NULL;

    if (!m) {
        return NULL;
    }
    int code = moult_rollback(m, json_integer_value(json_object_get(params, "version")), &result);
    return done(s, m, code, result);
}

/* The whole id of a stored plan, with which `change` does something. */
static json_t *with_plan(rpc *s, const json_t *params, int (*change)(moult *m, const char *id))
{
    moult *m = rpc_handle(s, NULL);
    moult_plan *plan = NULL;
    json_t *out = NULL;

    if (!m) {
        return NULL;
    }
    int rc = moult_plan_find(m, json_string_value(json_object_get(params, "id")), &plan);
    if (rc == MOULT_OK) {
        rc = change(m, moult_plan_id(plan));
    }
    out = rc == MOULT_OK ? json_pack("{s:s}", "plan_id", moult_plan_id(plan)) : rpc_fail(s, moult_error_of(m));
    moult_plan_free(plan);
    return out;
}

json_t *rpc_approve(rpc *s, const json_t *params)
{
    return with_plan(s, params, moult_approve);
}

json_t *rpc_revoke(rpc *s, const json_t *params)
{
    return with_plan(s, params, moult_revoke);
}

/* --- what only looks --------------------------------------------------------------------------------------------- */

/* What was written to a stream in memory, as JSON; NULL after rpc_fail(). */
static json_t *written(rpc *s, FILE *f, char **text)
{
    json_t *out = f && fclose(f) == 0 ? json_loads(*text, JSON_ALLOW_NUL, NULL) : NULL;

    free(*text);
    return out ? out : rpc_fail_with(s, 0, MOULT_NOMEM, NULL, "out of memory");
}

json_t *rpc_status(rpc *s, const json_t *params)
{
    const moult_source *desired = &s->target.desired;
    const char *name = desired->texts ? desired->texts[0].name : desired->uri;
    moult *m = rpc_handle(s, NULL);
    moult_status *status = NULL;
    attic_size attic;
    char *text = NULL;
    size_t n = 0;
    json_t *out;

    (void)params;
    if (!m) {
        return NULL;
    }
    if (moult_status_read(m, name ? desired : NULL, &status) != MOULT_OK || status_attic(m, &attic) != MOULT_OK) {
        rpc_fail(s, moult_error_of(m));
        moult_status_free(status);
        return NULL;
    }
    FILE *f = open_memstream(&text, &n);
    if (f) {
        status_write_json(f, m, name, status, &attic);
    }
    out = written(s, f, &text);
    moult_status_free(status);
    return out;
}

json_t *rpc_history(rpc *s, const json_t *params)
{
    moult *m = rpc_handle(s, NULL);
    moult_history *history = NULL;
    char *text = NULL;
    size_t n = 0;

    (void)params;
    if (!m || moult_history_read(m, &history) != MOULT_OK) {
        return m ? rpc_fail(s, moult_error_of(m)) : NULL;
    }
    FILE *f = open_memstream(&text, &n);
    if (f) {
        history_write_json(f, history);
    }
    moult_history_free(history);
    return written(s, f, &text);
}
