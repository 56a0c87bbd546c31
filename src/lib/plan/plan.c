/* SPDX-License-Identifier: MIT */
/* plan.c - making a plan and adding to it; names before and after its renames. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dialect/dialect.h"
#include "plan/plan.h"

const char *const mo_phases[3] = {
    [MO_PHASE_EXPAND] = "expand",
    [MO_PHASE_HOOKS] = "hooks",
    [MO_PHASE_CONTRACT] = "contract",
};

mo_plan *mo_plan_new(const struct mo_dialect *d)
{
    mo_region *region = mo_region_new();
    if (!region)
        return NULL;
    mo_plan *p = mo_region_alloc(region, sizeof *p);
    if (!p) {
        mo_region_free(region);
        return NULL;
    }
    p->region = region;
    p->dialect = d;
    return p;
}

void mo_plan_forget_live(mo_plan *p)
{
    mo_schema_free(p->live);
    mo_schema_free(p->renamed);
    p->live = p->renamed = NULL;
    p->changes.count = 0; /* they speak of objects of both */
}

void mo_plan_free(mo_plan *p)
{
    if (!p)
        return;
    mo_schema_free(p->live);
    mo_schema_free(p->target);
    mo_schema_free(p->desired);
    mo_schema_free(p->renamed);
    mo_region_free(p->region);
}

int mo_plan_note(mo_plan *p, mo_error *err, const char *fmt, ...)
{
    char usual[256];
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(usual, sizeof usual, fmt, args);
    va_end(args);
    if (length < 0)
        return mo_error_nomem(err);
    char *text = mo_region_alloc(p->region, (size_t)length + 1);
    if (!text)
        return mo_error_nomem(err);
    if ((size_t)length < sizeof usual) {
        memcpy(text, usual, (size_t)length + 1);
    } else {
        va_start(args, fmt);
        vsnprintf(text, (size_t)length + 1, fmt, args);
        va_end(args);
    }
    return mo_vec_push(p->region, &p->notes, (const char *)text) ? mo_error_nomem(err) : MOULT_OK;
}

mo_step *mo_plan_step(mo_plan *p, mo_phase phase, int order, const char *method, mo_kind kind, const char *object,
                      const char *parent)
{
    mo_step step = {.phase = phase, .order = order, .title = "", .cost = "", .kind = kind};
    step.method = mo_region_dup(p->region, method);
    step.object = mo_region_dup(p->region, object);
    step.parent = mo_region_dup(p->region, parent);
    if (!step.method || !step.object || (parent && !step.parent) || mo_vec_push(p->region, &p->steps, step))
        return NULL;
    return &p->steps.items[p->steps.count - 1];
}

mo_step *mo_plan_hook_step(mo_plan *p, const mo_plan_hook *hook, int transaction)
{
    const moult_hook *h = hook->declared;
    mo_step *step = mo_plan_step(p, MO_PHASE_HOOKS, 0, "hook", MO_KIND_TABLE, h->version, NULL);
    if (!step)
        return NULL;
    step->transaction = transaction;
    step->hook = step->object;
    step->hook_code = hook->code;
    step->title =
        mo_region_printf(p->region, "run hook %s%s%s", h->version, h->file ? " of " : "", h->file ? h->file : "");
    step->cost = h->sql ? "" : "a function of the application";
    return step->title ? step : NULL;
}

const char *mo_plan_holder(mo_plan *p)
{
    p->attic.holders++;
    return mo_region_printf(p->region, "%sattic_%lld_%d", p->dialect->own_prefix, (long long)p->attic.version,
                            p->attic.next++);
}

const char *mo_holder_column(const mo_name_list *keys, const mo_name_list *others, const char *column, size_t place,
                             char room[MO_HOLDER_COLUMN])
{
    const mo_name_list *lists[] = {keys, others};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            if (mo_name_equal(lists[l]->items[i], column)) {
                snprintf(room, MO_HOLDER_COLUMN, "_moult_gone_%zu", place + 1);
                return room;
            }
    return column;
}

void mo_attic_age_text(int64_t seconds, char *out, size_t size)
{
    static const struct {
        int64_t seconds;
        const char *one;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (seconds % units[i].seconds)
        i++;
    seconds /= units[i].seconds;
    snprintf(out, size, "%lld %s%s", (long long)seconds, units[i].one, seconds == 1 ? "" : "s");
}

int mo_step_run(mo_plan *p, mo_step *s, const char *sql, int64_t rows, mo_error *err)
{
    mo_statement statement = {.kind = MO_STATEMENT_RUN, .sql = mo_region_dup(p->region, sql), .rows = rows};
    if (!statement.sql || mo_vec_push(p->region, &s->statements, statement))
        return mo_error_nomem(err);
    return MOULT_OK;
}

int mo_step_assert(mo_plan *p, mo_step *s, const char *sql, const char *message, int64_t rows, mo_error *err)
{
    mo_statement statement = {.kind = MO_STATEMENT_ASSERT, .rows = rows};
    statement.sql = mo_region_dup(p->region, sql);
    statement.message = mo_region_dup(p->region, message);
    if (!statement.sql || !statement.message || mo_vec_push(p->region, &s->statements, statement))
        return mo_error_nomem(err);
    return MOULT_OK;
}

const char *mo_plan_live_table(const mo_plan *p, const char *table)
{
    for (size_t i = 0; table && i < p->renames.count; i++) {
        const mo_rename *r = &p->renames.items[i];
        if (!r->table && mo_name_equal(r->to, table))
            return r->from;
    }
    return table;
}

const char *mo_plan_live_column(const mo_plan *p, const char *table, const char *column)
{
    for (size_t i = 0; column && i < p->renames.count; i++) {
        const mo_rename *r = &p->renames.items[i];
        if (r->table && mo_name_equal(r->table, table) && mo_name_equal(r->to, column))
            return r->from;
    }
    return column;
}

const char *mo_plan_shown_column(const mo_plan *p, const char *table, const char *column)
{
    for (size_t i = 0; i < p->renames.count; i++) {
        const mo_rename *r = &p->renames.items[i];
        if (r->aside && r->table && mo_name_equal(r->table, table) && mo_name_equal(r->to, column))
            return r->from;
    }
    return column;
}

const char *mo_plan_start_column(const mo_plan *p, const char *table, const char *column)
{
    for (size_t i = 0; i < p->renames.count; i++) {
        const mo_rename *r = &p->renames.items[i];
        if (r->table && mo_name_equal(r->table, table) && mo_name_equal(r->from, column))
            return r->to;
    }
    return column;
}

const mo_schema *mo_plan_start(const mo_plan *p)
{
    return p->renamed ? p->renamed : p->live;
}
