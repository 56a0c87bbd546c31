/* SPDX-License-Identifier: MIT */
/* json.c - writes plan files (docs/plan.schema.json). Keys are sorted, so the same plan is the same bytes. */
#include "dialect/dialect.h"
#include "plan/rows.h"
#include "schema/jsontext.h"

/* A new object or array inside another one, which owns it; NULL: no memory. */
static json_t *add_inner(json_t *outer, const char *key, json_t *inner)
{
    int failed = key ? mo_json_set(outer, key, inner) : mo_json_push(outer, inner);
    return failed ? NULL : inner;
}

static int put_texts(json_t *root, const char *key, const char *const *texts, size_t count)
{
    json_t *array = add_inner(root, key, json_array());
    for (size_t i = 0; array && i < count; i++) {
        if (mo_json_push(array, mo_json_text(texts[i])))
            return -1;
    }
    return array ? 0 : -1;
}

static int put_changes(json_t *root, const mo_plan *p)
{
    json_t *array = add_inner(root, "changes", json_array());
    for (size_t i = 0; array && i < p->rows.count; i++) {
        const moult_change_info *row = &p->rows.items[i];
        json_t *o = add_inner(array, NULL, json_object());
        if (!o || mo_json_set(o, "op", json_string(mo_op_names[row->op])) ||
            mo_json_set(o, "kind", mo_json_text(row->kind)) || mo_json_set(o, "name", mo_json_text(row->name)) ||
            mo_json_set(o, "what", mo_json_text(row->what)) ||
            mo_json_set(o, "risk", json_string(mo_risk_names[row->risk])) ||
            mo_json_set(o, "rule", mo_json_text(row->rule)) || mo_json_set(o, "reason", mo_json_text(row->reason)) ||
            mo_json_set(o, "rule_risk", json_string(mo_risk_names[row->rule_risk])) ||
            mo_json_set(o, "allowed", mo_json_text(row->allowed)) ||
            mo_json_set(o, "forbidden", json_integer(row->forbidden)) ||
            mo_json_set(o, "undoes_drift", json_boolean(row->undoes_drift)))
            return -1;
    }
    return array ? 0 : -1;
}

static int put_statements(json_t *step, const char *key, const mo_statement *statements, size_t count)
{
    json_t *array = add_inner(step, key, json_array());
    for (size_t i = 0; array && i < count; i++) {
        const mo_statement *s = &statements[i];
        json_t *o = add_inner(array, NULL, json_object());
        if (!o || mo_json_set(o, "kind", json_string(mo_statement_names[s->kind])) ||
            mo_json_set(o, "sql", mo_json_text(s->sql)) || mo_json_set(o, "message", mo_json_text(s->message)) ||
            mo_json_set(o, "rows", json_integer(s->rows)))
            return -1;
    }
    return array ? 0 : -1;
}

static int put_step(json_t *o, const mo_step *s)
{
    return mo_json_set(o, "phase", json_string(mo_phases[s->phase])) ||
           mo_json_set(o, "method", mo_json_text(s->method)) ||
           mo_json_set(o, "title", mo_json_text(s->title ? s->title : "")) ||
           mo_json_set(o, "cost", mo_json_text(s->cost ? s->cost : "")) ||
           mo_json_set(o, "kind", json_string(s->hook ? "hook" : mo_kinds[s->kind].name)) ||
           mo_json_set(o, "hook", mo_json_text(s->hook)) || mo_json_set(o, "hook_code", mo_json_text(s->hook_code)) ||
           mo_json_set(o, "object", mo_json_text(s->object)) || mo_json_set(o, "parent", mo_json_text(s->parent)) ||
           mo_json_set(o, "transaction", json_integer(s->transaction)) ||
           mo_json_set(o, "driver", json_integer(s->driver)) || mo_json_set(o, "undo", mo_json_text(s->undo)) ||
           mo_json_set(o, "order", json_integer(s->order)) ||
           put_statements(o, "statements", s->statements.items, s->statements.count) ||
           put_statements(o, "proof", s->proof.items, s->proof.count);
}

static int put_steps(json_t *root, const mo_plan *p)
{
    json_t *array = add_inner(root, "steps", json_array());
    for (size_t i = 0; array && i < p->steps.count; i++) {
        json_t *o = add_inner(array, NULL, json_object());
        if (!o || put_step(o, &p->steps.items[i]))
            return -1;
    }
    return array ? 0 : -1;
}

static int put_hints(json_t *root, const mo_plan *p)
{
    json_t *array = add_inner(root, "hints", json_array());
    for (size_t i = 0; array && i < p->hints.count; i++) {
        const mo_hint *h = &p->hints.items[i];
        json_t *o = add_inner(array, NULL, json_object());
        if (!o || mo_json_set(o, "kind", mo_json_text(h->kind)) || mo_json_set(o, "table", mo_json_text(h->table)) ||
            mo_json_set(o, "from", mo_json_text(h->from)) || mo_json_set(o, "to", mo_json_text(h->to)) ||
            mo_json_set(o, "annotation", mo_json_text(h->annotation)))
            return -1;
    }
    return array ? 0 : -1;
}

/* The snapshot is part of the document, not a text in it. */
static int put_declared(json_t *root, const mo_plan *p)
{
    if (!p->declared)
        return mo_json_set(root, "declared", json_null());
    return mo_json_set(root, "declared", json_loads(p->declared, JSON_REJECT_DUPLICATES, NULL));
}

static int put_plan(json_t *root, const mo_plan *p)
{
    return mo_json_set(root, "format", json_string("moult-plan")) ||
           mo_json_set(root, "format_version", json_integer(1)) || mo_json_set(root, "id", json_string(p->id)) ||
           mo_json_set(root, "dialect", json_string(p->dialect->name)) ||
           mo_json_set(root, "from", json_string(p->from)) || mo_json_set(root, "to", json_string(p->to)) ||
           mo_json_set(root, "declared_fingerprint", json_string(p->declared_fp)) ||
           mo_json_set(root, "risk", json_string(mo_risk_names[p->risk])) ||
           mo_json_set(root, "phase", json_string(mo_phase_names[p->phase_only])) ||
           mo_json_set(root, "attic", p->attic.on ? json_integer(p->attic.age) : json_null()) ||
           mo_json_set(root, "behind", json_boolean(p->behind)) ||
           mo_json_set(root, "behind_version", json_integer(p->behind_version)) ||
           put_texts(root, "settings", p->settings.items, p->settings.count) ||
           put_texts(root, "notes", p->notes.items, p->notes.count) || put_changes(root, p) || put_steps(root, p) ||
           put_hints(root, p) || put_declared(root, p);
}

int mo_plan_write_json(const mo_plan *p, mo_str *out, mo_error *err)
{
    json_t *root = json_object();
    int rc = !root || put_plan(root, p) ? mo_error_nomem(err) : mo_json_write(root, JSON_INDENT(1), out, err);
    json_decref(root);
    if (rc == MOULT_OK)
        mo_str_addc(out, '\n');
    return rc == MOULT_OK && out->failed ? mo_error_nomem(err) : rc;
}
