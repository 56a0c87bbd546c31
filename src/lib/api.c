/* SPDX-License-Identifier: MIT */
/* api.c - the public pieces: schemas, plans, history and results, as moult.h describes them. */
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "engine.h"
#include "export.h"
#include "limit.h"
#include "risk/risk.h"

/* --- schemas ------------------------------------------------------------------------------------------------------- */

int moult_inspect(moult *m, moult_schema **out)
{
    mo_schema *s = NULL;
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    mo_limit_start(m);
    mo_limit_begin(m, "reading the database");
    rc = mo_limit_end(m, mo_detect_inspect(m, &s));
    if (rc == MOULT_OK)
        s->live = 1;
    *out = (moult_schema *)s;
    return rc;
}

int moult_load(moult *m, const moult_source *source, moult_schema **out)
{
    mo_region *r = mo_region_new();
    mo_source_read read;
    mo_schema *s = NULL;
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    if (r == NULL)
        return mo_error_nomem(&m->error);
    mo_limit_start(m);
    mo_limit_begin(m, "reading the source");
    rc = mo_source_open(r, m->dialect, source, mo_limit_patience(m), &read, &m->error);
    if (rc == MOULT_OK)
        rc = mo_detect_load(m, &read, NULL, NULL, &s);
    rc = mo_limit_end(m, rc);
    mo_region_free(r);
    *out = (moult_schema *)s;
    return rc;
}

void moult_schema_free(moult_schema *schema)
{
    mo_schema_free((mo_schema *)schema);
}

const char *moult_schema_fingerprint(const moult_schema *schema)
{
    return ((const mo_schema *)schema)->fingerprint;
}

size_t moult_schema_size(const moult_schema *schema)
{
    return ((const mo_schema *)schema)->objects.count;
}

int moult_schema_object(const moult_schema *schema, size_t i, const char **kind, const char **name, const char **table,
                        const char **sql)
{
    const mo_schema *s = (const mo_schema *)schema;
    const mo_object *o;
    if (i >= s->objects.count)
        return MOULT_NOTFOUND;
    o = s->objects.items[i];
    if (kind)
        *kind = mo_kinds[o->kind].name;
    if (name)
        *name = o->name;
    if (table)
        *table = o->parent;
    if (sql)
        *sql = o->sql;
    return MOULT_OK;
}

static int render_object(const mo_dialect *d, const mo_object *o, mo_str *out)
{
    int rc = MOULT_OK;
    if (o->flags & MO_OBJECT_UNCOMPARED) {
        mo_str_addf(out, "-- not compared: %s %s (%s)\n", mo_kinds[o->kind].name, o->name, o->note ? o->note : "");
        return rc;
    }
    rc = d->object_sql(o, out);
    mo_str_add(out, ";\n");
    return rc;
}

/* What makes the objects whole, behind all of them. */
static int render_late(const mo_dialect *d, const mo_object *o, mo_str *out)
{
    size_t before = out->length;
    int rc = o->flags & MO_OBJECT_UNCOMPARED ? MOULT_OK : d->late_sql(o, out);
    if (out->length > before)
        mo_str_add(out, ";\n");
    return rc;
}

/* A text that runs from top to bottom, where the order matters to the engine. */
static int render_sql(const mo_dialect *d, const mo_schema *s, mo_str *out, mo_error *err)
{
    mo_region *r = mo_region_new();
    const mo_object **ordered = r && d->late_sql ? mo_schema_in_order(s, r) : NULL;
    int rc = r && (ordered || !d->late_sql) ? MOULT_OK : MOULT_NOMEM;
    for (size_t i = 0; i < s->objects.count && rc == MOULT_OK; i++)
        rc = render_object(d, ordered ? ordered[i] : s->objects.items[i], out);
    for (size_t i = 0; ordered && i < s->objects.count && rc == MOULT_OK; i++)
        rc = render_late(d, ordered[i], out);
    mo_region_free(r);
    return rc != MOULT_OK || out->failed ? mo_error_nomem(err) : MOULT_OK;
}

static int take(moult *m, int rc, mo_str *text, char **out)
{
    if (rc == MOULT_OK && text->length == 0)
        mo_str_add(text, "");
    if (rc == MOULT_OK && (*out = mo_str_take(text)) == NULL)
        rc = mo_error_nomem(&m->error);
    mo_str_free(text);
    return rc;
}

int moult_schema_render(moult *m, const moult_schema *schema, moult_format format, char **out)
{
    mo_str text = {0};
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    if (format == MOULT_FORMAT_JSON)
        rc = mo_snapshot_write((const mo_schema *)schema, &text, &m->error);
    else
        rc = render_sql(m->dialect, (const mo_schema *)schema, &text, &m->error);
    return take(m, rc, &text, out);
}

#define PLAN(p) ((const mo_plan *)(p))

/* --- plans --------------------------------------------------------------------------------------------------------- */

static int copy_schema(const mo_schema *s, mo_schema **out, mo_error *err)
{
    static const mo_scope everything = {NULL, NULL};
    return mo_scope_apply(&everything, s, out, err);
}

/* What the last recorded version declared; NULL when there is none. */
static int recorded(moult *m, mo_schema **out)
{
    int64_t version;
    int rc = mo_state_exists(m->dialect, m->conn, &m->error);
    *out = NULL;
    return rc > 0 ? mo_history_last(m->dialect, m->conn, &version, out, &m->error) : rc;
}

int moult_diff(moult *m, const moult_schema *from, const moult_schema *to, moult_plan **out)
{
    const mo_schema *before = (const mo_schema *)from;
    mo_schema *owned = NULL;
    mo_plan *plan = mo_plan_new(m->dialect);
    int rc;
    *out = NULL;
    if (plan == NULL)
        return mo_error_nomem(&m->error);
    mo_error_clear(&m->error);
    mo_limit_start(m);
    mo_limit_begin(m, "comparing");
    rc = copy_schema(before, &plan->live, &m->error);
    if (rc == MOULT_OK)
        rc = copy_schema((const mo_schema *)to, &plan->desired, &m->error);
    if (rc == MOULT_OK && before->live)
        rc = recorded(m, &owned);
    if (rc == MOULT_OK) {
        plan->asks_rows = before->live;
        plan->online = m->options.pub.online;
        rc = mo_detect_diff(m, plan, owned, !before->live || m->options.pub.own == MOULT_OWN_ALL);
    }
    rc = mo_limit_end(m, rc);
    mo_schema_free(owned);
    if (rc == MOULT_OK)
        *out = (moult_plan *)plan;
    else
        mo_plan_free(plan);
    return rc;
}

int moult_assess(moult *m, moult_plan *plan)
{
    mo_error_clear(&m->error);
    mo_limit_start(m);
    mo_limit_begin(m, "asking the rows");
    return mo_limit_end(m, mo_detect_assess(m, (mo_plan *)plan));
}

int moult_build(moult *m, moult_plan *plan)
{
    mo_error_clear(&m->error);
    mo_limit_start(m);
    mo_limit_begin(m, "making the steps");
    return mo_limit_end(m, mo_detect_build(m, (mo_plan *)plan));
}

int moult_prove(moult *m, moult_plan *plan)
{
    mo_error_clear(&m->error);
    mo_limit_start(m);
    mo_limit_begin(m, "proving the plan");
    return mo_limit_end(
        m, mo_prove(m->dialect, m->conn, (const mo_plan *)plan, m->options.pub.full, mo_limit_deadline(m), &m->error));
}

/* Was this schema expanded, and is its contract all that is left? */
static int contract_waits(moult *m, const mo_plan *plan, int *waits)
{
    mo_region *r = mo_region_new();
    mo_versions all = {0};
    const moult_version_info *last;
    int rc = r ? mo_state_exists(m->dialect, m->conn, &m->error) : mo_error_nomem(&m->error);
    if (rc > 0)
        rc = mo_history_read(m->dialect, m->conn, r, &all, &m->error);
    last = all.count ? &all.items[all.count - 1].info : NULL;
    *waits = last && plan->steps.count && strcmp(last->kind, "expand") == 0 && strcmp(last->to, plan->declared_fp) == 0;
    mo_region_free(r);
    return rc < 0 ? rc : MOULT_OK;
}

/* Where a contract waits, the plan is that of its phase: nothing else would run, or could be approved. */
static int detect_what_runs(moult *m, const mo_source_read *read, mo_plan **out)
{
    int waits = 0, rc = mo_detect(m, read, out);
    if (rc == MOULT_OK && m->options.pub.phase == MOULT_PHASE_ALL)
        rc = contract_waits(m, *out, &waits);
    if (rc != MOULT_OK || !waits)
        return rc;
    mo_plan_free(*out);
    *out = NULL;
    m->options.pub.phase = MOULT_PHASE_CONTRACT;
    rc = mo_detect(m, read, out);
    m->options.pub.phase = MOULT_PHASE_ALL;
    return rc;
}

int moult_make_plan(moult *m, const moult_source *desired, moult_plan **out)
{
    mo_region *r = mo_region_new();
    mo_source_read read;
    mo_plan *plan = NULL;
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    if (r == NULL)
        return mo_error_nomem(&m->error);
    mo_limit_start(m);
    mo_limit_begin(m, "reading the source");
    rc = mo_source_open(r, m->dialect, desired, mo_limit_patience(m), &read, &m->error);
    if (rc == MOULT_OK)
        rc = detect_what_runs(m, &read, &plan);
    rc = mo_limit_end(m, rc);
    mo_region_free(r);
    *out = (moult_plan *)plan;
    return rc;
}

void moult_plan_free(moult_plan *plan)
{
    mo_plan_free((mo_plan *)plan);
}

int moult_plan_parse(moult *m, const char *json, size_t length, const char *name, moult_plan **out)
{
    mo_plan *plan = NULL;
    int rc;
    mo_error_clear(&m->error);
    rc = mo_plan_read_json(m->dialect, json, length, name, &plan, &m->error);
    *out = (moult_plan *)plan;
    return rc;
}

int moult_plan_render(moult *m, const moult_plan *plan, moult_format format, char **out)
{
    static int (*const writers[])(const mo_plan *, mo_str *, mo_error *) = {
        [MOULT_FORMAT_TEXT] = mo_plan_write_text,
        [MOULT_FORMAT_JSON] = mo_plan_write_json,
    };
    mo_str text = {0};
    *out = NULL;
    mo_error_clear(&m->error);
    if (format == MOULT_FORMAT_SQL)
        return take(m, mo_export_sql(m, PLAN(plan), &text, &m->error), &text, out);
    if ((int)format < 0 || (size_t)format >= sizeof writers / sizeof *writers)
        return mo_error_set(&m->error, MOULT_INVALID, "no such format: %d", (int)format);
    return take(m, writers[format]((const mo_plan *)plan, &text, &m->error), &text, out);
}

const char *moult_plan_id(const moult_plan *plan)
{
    return PLAN(plan)->id;
}

const char *moult_plan_from(const moult_plan *plan)
{
    return PLAN(plan)->from;
}

const char *moult_plan_to(const moult_plan *plan)
{
    return PLAN(plan)->to;
}

moult_risk moult_plan_risk(const moult_plan *plan)
{
    return PLAN(plan)->risk;
}

int moult_plan_behind(const moult_plan *plan)
{
    return PLAN(plan)->behind;
}

moult_phase moult_plan_phase(const moult_plan *plan)
{
    return PLAN(plan)->phase_only;
}

int64_t moult_plan_behind_version(const moult_plan *plan)
{
    return PLAN(plan)->behind_version;
}

size_t moult_plan_change_count(const moult_plan *plan)
{
    return PLAN(plan)->rows.count;
}

int moult_plan_change(const moult_plan *plan, size_t i, moult_change_info *out)
{
    if (i >= PLAN(plan)->rows.count)
        return MOULT_NOTFOUND;
    *out = PLAN(plan)->rows.items[i];
    return MOULT_OK;
}

size_t moult_plan_step_count(const moult_plan *plan)
{
    return PLAN(plan)->steps.count;
}

int moult_plan_step(const moult_plan *plan, size_t i, moult_step_info *out)
{
    const mo_step *s;
    if (i >= PLAN(plan)->steps.count)
        return MOULT_NOTFOUND;
    s = &PLAN(plan)->steps.items[i];
    *out = (moult_step_info){mo_phases[s->phase], s->method, s->title, s->cost, s->object};
    return MOULT_OK;
}

size_t moult_plan_note_count(const moult_plan *plan)
{
    return PLAN(plan)->notes.count;
}

const char *moult_plan_note(const moult_plan *plan, size_t i)
{
    return i < PLAN(plan)->notes.count ? PLAN(plan)->notes.items[i] : NULL;
}

size_t moult_plan_hint_count(const moult_plan *plan)
{
    return PLAN(plan)->hints.count;
}

int moult_plan_hint(const moult_plan *plan, size_t i, const char **kind, const char **from, const char **to,
                    const char **annotation)
{
    const mo_hint *h;
    if (i >= PLAN(plan)->hints.count)
        return MOULT_NOTFOUND;
    h = &PLAN(plan)->hints.items[i];
    if (kind)
        *kind = h->kind;
    if (from)
        *from = h->from;
    if (to)
        *to = h->to;
    if (annotation)
        *annotation = h->annotation;
    return MOULT_OK;
}

int moult_plan_allowed(const moult_plan *plan, moult_mode mode)
{
    return mo_plan_allowed(PLAN(plan), mode);
}

/* --- history ------------------------------------------------------------------------------------------------------- */

struct moult_history {
    mo_region *region;
    mo_versions versions;
    mo_problems problems;
};

int moult_history_read(moult *m, moult_history **out)
{
    moult_history *h = calloc(1, sizeof *h);
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    if (h == NULL || (h->region = mo_region_new()) == NULL) {
        free(h);
        return mo_error_nomem(&m->error);
    }
    rc = mo_state_exists(m->dialect, m->conn, &m->error);
    if (rc > 0)
        rc = mo_history_read(m->dialect, m->conn, h->region, &h->versions, &m->error);
    if (rc == MOULT_OK)
        rc = mo_history_verify(m->dialect, m->conn, h->region, &h->problems, &m->error);
    if (rc != MOULT_OK) {
        moult_history_free(h);
        return rc;
    }
    *out = h;
    return MOULT_OK;
}

size_t moult_history_size(const moult_history *history)
{
    return history->versions.count;
}

const moult_version_info *moult_history_at(const moult_history *history, size_t i)
{
    return i < history->versions.count ? &history->versions.items[i].info : NULL;
}

const char *moult_history_problem(const moult_history *history, size_t i)
{
    return i < history->problems.count ? history->problems.items[i] : NULL;
}

void moult_history_free(moult_history *history)
{
    if (history == NULL)
        return;
    mo_region_free(history->region);
    free(history);
}

/* --- approvals ----------------------------------------------------------------------------------------------------- */

int moult_revoke(moult *m, const char *id)
{
    mo_error_clear(&m->error);
    if (m->open_mode == MOULT_OPEN_READ || !m->dialect->writable(m->conn))
        return mo_error_set(&m->error, MOULT_PERMISSION, "%s cannot be written to", moult_database_name(m));
    return mo_plans_revoke(m->dialect, m->conn, id, &m->error);
}

/* --- results ------------------------------------------------------------------------------------------------------- */

moult_outcome moult_result_outcome(const moult_result *result)
{
    return result->outcome;
}

const char *moult_result_text(const moult_result *result)
{
    if (result == NULL)
        return moult_code_text(MOULT_NOMEM);
    return result->text ? result->text : "";
}

const moult_plan *moult_result_plan(const moult_result *result)
{
    return (const moult_plan *)result->plan;
}

int64_t moult_result_version(const moult_result *result)
{
    return result->version;
}

const char *moult_result_exported(const moult_result *result)
{
    return result->exported;
}

const moult_error *moult_result_error(const moult_result *result)
{
    return &result->error.pub;
}

void moult_result_free(moult_result *result)
{
    if (result == NULL)
        return;
    mo_plan_free(result->plan);
    mo_error_clear(&result->error);
    free(result->text);
    free(result->exported);
    free(result);
}

/* --- rules --------------------------------------------------------------------------------------------------------- */

size_t moult_rule_count(void)
{
    size_t n = 0;
    while (mo_rules[n].info.id)
        n++;
    return n;
}

const moult_rule_info *moult_rule_at(size_t i)
{
    return i < moult_rule_count() ? &mo_rules[i].info : NULL;
}
