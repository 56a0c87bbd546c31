/* SPDX-License-Identifier: MIT */
/*
 * read.c - reads plan files. Whatever is not exactly what json.c writes is refused: a plan is run as it stands, so
 * nothing of it is guessed. The id is computed from what was read; a file that was edited no longer fits it.
 */
#include <string.h>

#include "dialect/dialect.h"
#include "plan/rows.h"
#include "schema/jsontext.h"

enum { MOST_STEPS_NUMBER = 1000000000 };

static const char *text_in(mo_json_reader *r, const json_t *o, const char *at, const char *key)
{
    const char *text = mo_json_get_text(r, o, at, key);
    return text ? text : "";
}

static void read_digest(mo_json_reader *r, const json_t *root, const char *key, char out[65])
{
    const char *text = text_in(r, root, "", key);
    if (r->code == MOULT_OK && (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64))
        mo_json_wrong(r, "%s is not 64 hexadecimal digits", key);
    if (r->code == MOULT_OK)
        memcpy(out, text, 65);
}

static void read_changes(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    static const char *const keys[] = {"op",     "kind",         "name",      "what",    "risk",      "rule",
                                       "reason", "undoes_drift", "rule_risk", "allowed", "forbidden", NULL};
    const json_t *array = mo_json_get_array(r, root, "", "changes"), *o;
    size_t i;
    json_array_foreach(array, i, o)
    {
        moult_change_info row = {.kind = ""};
        mo_json_only(r, o, "changes", keys);
        row.op = (moult_op)mo_json_get_name(r, o, "changes", "op", mo_op_names, 5);
        row.kind = text_in(r, o, "changes", "kind");
        row.name = text_in(r, o, "changes", "name");
        row.what = text_in(r, o, "changes", "what");
        row.risk = (moult_risk)mo_json_get_name(r, o, "changes", "risk", mo_risk_names, 3);
        row.rule = text_in(r, o, "changes", "rule");
        row.reason = text_in(r, o, "changes", "reason");
        row.rule_risk = (moult_risk)mo_json_get_name(r, o, "changes", "rule_risk", mo_risk_names, 3);
        row.allowed = mo_json_get_optional_text(r, o, "changes", "allowed");
        row.forbidden = mo_json_get_integer(r, o, "changes", "forbidden", 0, INT64_MAX);
        row.undoes_drift = json_object_get(o, "undoes_drift") && mo_json_get_bool(r, o, "changes", "undoes_drift");
        if (r->code != MOULT_OK)
            return;
        if (mo_vec_push(p->region, &p->rows, row))
            mo_json_nomem(r);
    }
}

static mo_statement read_statement(mo_json_reader *r, const json_t *o, const char *key)
{
    static const char *const keys[] = {"kind", "sql", "message", "rows", NULL};
    mo_statement s = {.kind = MO_STATEMENT_RUN};
    mo_json_only(r, o, key, keys);
    s.kind = (mo_statement_kind)mo_json_get_name(r, o, key, "kind", mo_statement_names, 2);
    s.sql = text_in(r, o, key, "sql");
    s.message = mo_json_get_optional_text(r, o, key, "message");
    s.rows = mo_json_get_integer(r, o, key, "rows", 0, INT64_MAX);
    if (s.kind == MO_STATEMENT_ASSERT && !s.message)
        mo_json_wrong(r, "%s: an assert without a message", key);
    return s;
}

static void read_step(mo_json_reader *r, const json_t *o, mo_plan *p, mo_step *s)
{
    static const char *const keys[] = {"phase",      "method",      "title",  "cost", "kind",  "hook",
                                       "hook_code",  "object",      "parent", "undo", "order", "proof",
                                       "statements", "transaction", "driver", NULL};
    int methods = 0;
    while (mo_methods[methods])
        methods++;
    mo_json_only(r, o, "steps", keys);
    s->phase = (mo_phase)mo_json_get_name(r, o, "steps", "phase", mo_phases, 3);
    s->method = mo_methods[mo_json_get_name(r, o, "steps", "method", mo_methods, methods)];
    s->title = text_in(r, o, "steps", "title");
    s->cost = text_in(r, o, "steps", "cost");
    const char *kind = text_in(r, o, "steps", "kind");
    s->hook = mo_json_get_optional_text(r, o, "steps", "hook");
    s->hook_code = mo_json_get_optional_text(r, o, "steps", "hook_code");
    if (r->code == MOULT_OK && (s->hook ? strcmp(kind, "hook") != 0 : mo_kind_find(kind, &s->kind)))
        mo_json_wrong(r, "steps.kind is not known: '%s'", kind);
    if (s->hook)
        s->kind = MO_KIND_TABLE; /* as mo_plan_hook_step() has it: the id covers it */
    s->object = text_in(r, o, "steps", "object");
    s->parent = mo_json_get_optional_text(r, o, "steps", "parent");
    s->transaction = (int)mo_json_get_integer(r, o, "steps", "transaction", 0, MOST_STEPS_NUMBER);
    s->driver = (int)mo_json_get_integer(r, o, "steps", "driver", 0, MOST_STEPS_NUMBER);
    s->undo = mo_json_get_optional_text(r, o, "steps", "undo");
    s->order = (int)mo_json_get_integer(r, o, "steps", "order", 0, MOST_STEPS_NUMBER);
    const json_t *statements = mo_json_get_array(r, o, "steps", "statements"), *one;
    size_t i;
    json_array_foreach(statements, i, one)
    {
        mo_statement statement = read_statement(r, one, "statements");
        if (r->code == MOULT_OK && mo_vec_push(p->region, &s->statements, statement))
            mo_json_nomem(r);
    }
    const json_t *proof = mo_json_get_array(r, o, "steps", "proof");
    json_array_foreach(proof, i, one)
    {
        mo_statement statement = read_statement(r, one, "proof");
        if (r->code == MOULT_OK && mo_vec_push(p->region, &s->proof, statement))
            mo_json_nomem(r);
    }
}

static void read_steps(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    const json_t *array = mo_json_get_array(r, root, "", "steps"), *o;
    size_t i;
    json_array_foreach(array, i, o)
    {
        mo_step step = {.title = "", .cost = ""};
        read_step(r, o, p, &step);
        if (r->code != MOULT_OK)
            return;
        if (mo_vec_push(p->region, &p->steps, step))
            mo_json_nomem(r);
    }
}

static void read_hints(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    static const char *const keys[] = {"kind", "table", "from", "to", "annotation", NULL};
    const json_t *array = mo_json_get_array(r, root, "", "hints"), *o;
    size_t i;
    json_array_foreach(array, i, o)
    {
        mo_json_only(r, o, "hints", keys);
        mo_hint hint = {.kind = text_in(r, o, "hints", "kind")};
        hint.table = mo_json_get_optional_text(r, o, "hints", "table");
        hint.from = text_in(r, o, "hints", "from");
        hint.to = text_in(r, o, "hints", "to");
        hint.annotation = text_in(r, o, "hints", "annotation");
        if (r->code != MOULT_OK)
            return;
        if (mo_vec_push(p->region, &p->hints, hint))
            mo_json_nomem(r);
    }
}

static void read_settings(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    const json_t *array = mo_json_get_array(r, root, "", "settings"), *one;
    size_t i;
    json_array_foreach(array, i, one)
    {
        const char *text = mo_json_text_of(r, one, "settings", "");
        if (r->code == MOULT_OK && mo_vec_push(p->region, &p->settings, text))
            mo_json_nomem(r);
    }
}

static void read_notes(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    const json_t *array = mo_json_get_array(r, root, "", "notes"), *one;
    size_t i;
    json_array_foreach(array, i, one)
    {
        const char *text = mo_json_text_of(r, one, "notes", "");
        if (r->code == MOULT_OK && mo_vec_push(p->region, &p->notes, text))
            mo_json_nomem(r);
    }
}

/* What goes into the history has to be what the id speaks of. */
static void read_declared(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    const json_t *declared = json_object_get(root, "declared");
    if (r->code != MOULT_OK || json_is_null(declared))
        return;
    declared = mo_json_get_object(r, root, "", "declared");
    mo_str text = {0};
    mo_schema *schema = NULL;
    if (declared)
        r->code = mo_json_write(declared, JSON_INDENT(1), &text, r->err);
    if (r->code == MOULT_OK)
        r->code = mo_snapshot_read(p->dialect, mo_str_text(&text), text.length, &schema, r->err);
    if (r->code != MOULT_OK && r->code != MOULT_NOMEM) {
        r->code = MOULT_OK;
        mo_json_wrong(r, "declared: %s", r->err->pub.message ? r->err->pub.message : "it is no schema");
    }
    if (schema && strcmp(schema->fingerprint, p->declared_fp) != 0)
        mo_json_wrong(r, "declared is not the schema of declared_fingerprint");
    mo_schema_free(schema);
    if (r->code == MOULT_OK && !(p->declared = mo_str_into(&text, p->region)))
        mo_json_nomem(r);
    mo_str_free(&text);
}

static void check_risk(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    p->risk = (moult_risk)mo_json_get_name(r, root, "", "risk", mo_risk_names, 3);
    if (p->risk != mo_rows_risk(p))
        mo_json_wrong(r, "risk is not that of its changes");
}

static void check_id(mo_json_reader *r, mo_plan *p)
{
    char id[65];
    if (r->code != MOULT_OK)
        return;
    r->code = mo_plan_compute_id(p, id, r->err);
    if (r->code == MOULT_OK && strcmp(id, p->id) != 0)
        mo_json_wrong(r, "its id does not fit what it would do");
}

static void read_plan(mo_json_reader *r, const json_t *root, mo_plan *p)
{
    static const char *const keys[] = {
        "format",         "format_version", "id",      "dialect", "from",  "to",    "declared_fingerprint",
        "risk",           "settings",       "changes", "steps",   "notes", "hints", "behind",
        "behind_version", "declared",       "phase",   "attic",   NULL};
    mo_json_check_format(r, root, "moult-plan", 1);
    mo_json_only(r, root, "", keys);
    const char *dialect = text_in(r, root, "", "dialect");
    if (r->code == MOULT_OK && strcmp(dialect, p->dialect->name) != 0)
        mo_json_wrong(r, "it is a plan for '%s', not for '%s'", dialect, p->dialect->name);
    read_digest(r, root, "id", p->id);
    read_digest(r, root, "from", p->from);
    read_digest(r, root, "to", p->to);
    read_digest(r, root, "declared_fingerprint", p->declared_fp);
    p->phase_only = (moult_phase)mo_json_get_name(r, root, "", "phase", mo_phase_names, 3);
    p->attic.on = json_object_get(root, "attic") && !json_is_null(json_object_get(root, "attic"));
    if (p->attic.on)
        p->attic.age = mo_json_get_integer(r, root, "", "attic", 0, INT64_MAX);
    p->behind = mo_json_get_bool(r, root, "", "behind");
    p->behind_version = mo_json_get_integer(r, root, "", "behind_version", 0, INT64_MAX);
    read_settings(r, root, p);
    read_changes(r, root, p);
    read_steps(r, root, p);
    read_notes(r, root, p);
    read_hints(r, root, p);
    check_risk(r, root, p);
    check_id(r, p);
    read_declared(r, root, p);
}

int mo_plan_read_json(const struct mo_dialect *d, const char *json, size_t length, const char *name, mo_plan **out,
                      mo_error *err)
{
    *out = NULL;
    mo_plan *p = mo_plan_new(d);
    if (!p)
        return mo_error_nomem(err);
    mo_json_reader r = {.region = p->region, .name = name ? name : "plan", .err = err};
    r.hint = "the plan file was edited or damaged; make a new one with moult plan";
    json_t *root = mo_json_parse(&r, json, length);
    if (root)
        read_plan(&r, root, p);
    json_decref(root);
    if (r.code != MOULT_OK) {
        mo_plan_free(p);
        return r.code;
    }
    *out = p;
    return MOULT_OK;
}
