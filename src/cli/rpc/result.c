/* SPDX-License-Identifier: MIT */
/* result.c - plans and results as JSON. */
#include <string.h>

#include "rpc.h"

static json_t *change_json(const moult_change_info *c)
{
    static const char *const ops[] = {[MOULT_OP_CREATE] = "create",
                                      [MOULT_OP_DROP] = "drop",
                                      [MOULT_OP_ALTER] = "alter",
                                      [MOULT_OP_RENAME] = "rename",
                                      [MOULT_OP_RUN] = "run"};

    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:b}", "op", ops[c->op], "kind", rpc_text(c->kind),
                     "name", rpc_text(c->name), "what", rpc_text(c->what), "risk", report_risk(c->risk), "rule",
                     rpc_text(c->rule), "reason", rpc_text(c->reason), "allowed", rpc_text(c->allowed), "forbidden",
                     (json_int_t)c->forbidden, "undoes_drift", c->undoes_drift);
}

static json_t *hint_json(const char *kind, const char *from, const char *to, const char *annotation)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "kind", rpc_text(kind), "from", rpc_text(from), "to", rpc_text(to),
                     "annotation", rpc_text(annotation));
}

/* Three arrays of a plan (NULL: empty ones), as members; 0, or -1: no memory. */
static int put_lists(json_t *out, const moult_plan *plan)
{
    json_t *changes = json_array(), *notes = json_array(), *hints = json_array();
    const char *kind, *from, *to, *annotation;
    moult_change_info change;
    int failed = 0;

    for (size_t i = 0; plan && moult_plan_change(plan, i, &change) == MOULT_OK; i++) {
        failed |= json_array_append_new(changes, change_json(&change));
    }
    for (size_t i = 0; plan && i < moult_plan_note_count(plan); i++) {
        failed |= json_array_append_new(notes, rpc_text(moult_plan_note(plan, i)));
    }
    for (size_t i = 0; plan && moult_plan_hint(plan, i, &kind, &from, &to, &annotation) == MOULT_OK; i++) {
        failed |= json_array_append_new(hints, hint_json(kind, from, to, annotation));
    }
    failed |= json_object_set_new(out, "changes", changes);
    failed |= json_object_set_new(out, "notes", notes);
    failed |= json_object_set_new(out, "hints", hints);
    return failed;
}

static json_t *plan_id(const moult_plan *plan)
{
    return rpc_text(plan && moult_plan_change_count(plan) ? moult_plan_id(plan) : NULL);
}

/* Is it one of those that are a result rather than an error? Its word, or NULL. */
static const char *outcome_of(int code, const moult_result *result)
{
    switch (code) {
    case MOULT_OK:
        return report_outcome(moult_result_outcome(result));
    case MOULT_REFUSED:
        return moult_result_plan(result) ? "refused" : NULL;
    case MOULT_PERMISSION:
        return moult_result_outcome(result) == MOULT_NO_PERMISSION ? "no_permission" : NULL;
    case MOULT_LOCKED:
        return "locked";
    case MOULT_INTERRUPTED:
        return "interrupted";
    default:
        return NULL;
    }
}

json_t *rpc_result(rpc *s, moult *m, int code, const moult_result *result)
{
    const char *outcome = result ? outcome_of(code, result) : NULL;
    const moult_plan *plan = result ? moult_result_plan(result) : NULL;

    if (!outcome) {
        return rpc_fail(s, moult_error_of(m));
    }
    json_t *out = json_pack("{s:s, s:i, s:I, s:o, s:o, s:o, s:o, s:o}", "outcome", outcome, "exit_code",
                            moult_code_exit(code), "version", (json_int_t)moult_result_version(result), "plan_id",
                            plan_id(plan), "risk", rpc_text(plan ? report_risk(moult_plan_risk(plan)) : NULL), "text",
                            rpc_text(moult_result_text(result)), "exported", rpc_text(moult_result_exported(result)),
                            "error", code == MOULT_OK ? json_null() : rpc_error_data(moult_error_of(m)));
    if (!out || put_lists(out, plan) != 0) {
        json_decref(out);
        return rpc_fail_with(s, 0, MOULT_NOMEM, NULL, "out of memory");
    }
    return out;
}

/* The plan in a form; null where it was not asked for. NULL after rpc_fail(). */
static json_t *rendered(rpc *s, moult *m, const moult_plan *plan, int wanted, moult_format format)
{
    char *text = NULL;
    json_t *value;

    if (!wanted) {
        return json_null();
    }
    if (moult_plan_render(m, plan, format, &text) != MOULT_OK) {
        return rpc_fail(s, moult_error_of(m));
    }
    value = format == MOULT_FORMAT_JSON ? json_loads(text, JSON_ALLOW_NUL, NULL) : rpc_text(text);
    moult_string_free(text);
    return value ? value : rpc_fail_with(s, 0, MOULT_NOMEM, NULL, "out of memory");
}

static int put_forms(rpc *s, moult *m, json_t *out, const moult_plan *plan, const json_t *params)
{
    static const struct {
        const char *name;
        moult_format format;
    } forms[] = {{"document", MOULT_FORMAT_JSON}, {"text", MOULT_FORMAT_TEXT}, {"sql", MOULT_FORMAT_SQL}};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        int wanted = json_is_true(json_object_get(params, forms[i].name));
        if (json_object_set_new(out, forms[i].name, rendered(s, m, plan, wanted, forms[i].format)) != 0) {
            return -1;
        }
    }
    return 0;
}

json_t *rpc_plan_json(rpc *s, moult *m, const moult_plan *plan, int stored, const json_t *params)
{
    moult_mode mode = s->target.options.mode;
    int allowed = moult_plan_change_count(plan) == 0 || moult_plan_allowed(plan, mode);
    json_t *out =
        json_pack("{s:o, s:s, s:b, s:b, s:I}", "plan_id", plan_id(plan), "risk", report_risk(moult_plan_risk(plan)),
                  "allowed", allowed, "stored", stored, "behind_version", (json_int_t)moult_plan_behind_version(plan));

    if (out && put_lists(out, plan) == 0 && put_forms(s, m, out, plan, params) == 0) {
        return out;
    }
    json_decref(out);
    return s->failure ? NULL : rpc_fail_with(s, 0, MOULT_NOMEM, NULL, "out of memory");
}
