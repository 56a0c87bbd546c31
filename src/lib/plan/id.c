/* SPDX-License-Identifier: MIT */
/*
 * id.c - the id of a plan, which approvals speak of.
 *
 * SHA-256 over what it will do (dialect, fingerprints, settings, every step with its statements, in order) and how that
 * was judged (each change with its level), so that neither can be changed in a plan file. Not over counts, costs, times
 * and what is said to people: those differ from one look to the next.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "dialect/dialect.h"
#include "plan/rows.h"

const char *const mo_op_names[5] = {
    [MOULT_OP_CREATE] = "create", [MOULT_OP_DROP] = "drop", [MOULT_OP_ALTER] = "alter",
    [MOULT_OP_RENAME] = "rename", [MOULT_OP_RUN] = "run",
};
const char *const mo_risk_names[3] = {
    [MOULT_RISK_SAFE] = "safe",
    [MOULT_RISK_MEDIUM] = "medium",
    [MOULT_RISK_HIGH] = "high",
};
const char *const mo_phase_names[3] = {
    [MOULT_PHASE_ALL] = "all",
    [MOULT_PHASE_EXPAND] = "expand",
    [MOULT_PHASE_CONTRACT] = "contract",
};
const char *const mo_statement_names[2] = {[MO_STATEMENT_RUN] = "run", [MO_STATEMENT_ASSERT] = "assert"};
const char *const mo_methods[] = {"create", "drop",  "rename", "native", "in-place", "rebuild",
                                  "online", "attic", "refill", "hook",   NULL};

static void add_number(mo_sha256 *h, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    mo_sha256_add_text(h, text);
}

static void add_statements(mo_sha256 *h, const mo_statement *statements, size_t count)
{
    add_number(h, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        mo_sha256_add_text(h, mo_statement_names[statements[i].kind]);
        mo_sha256_add_text(h, statements[i].sql);
    }
}

static void add_step(mo_sha256 *h, const mo_step *s)
{
    mo_sha256_add_text(h, mo_phases[s->phase]);
    mo_sha256_add_text(h, s->method);
    mo_sha256_add_text(h, mo_kinds[s->kind].name);
    mo_sha256_add_text(h, s->object);
    mo_sha256_add_text(h, s->parent);
    add_number(h, s->transaction);
    add_number(h, s->driver);
    mo_sha256_add_text(h, s->hook);
    mo_sha256_add_text(h, s->hook_code);
    add_statements(h, s->statements.items, s->statements.count);
    add_statements(h, s->proof.items, s->proof.count);
}

int mo_plan_compute_id(const mo_plan *p, char id[65], mo_error *err)
{
    mo_sha256 *h = mo_sha256_new();
    if (!h)
        return mo_error_nomem(err);
    mo_sha256_add_text(h, "moult-plan 1");
    mo_sha256_add_text(h, p->dialect ? p->dialect->name : NULL);
    mo_sha256_add_text(h, p->from);
    mo_sha256_add_text(h, p->to);
    mo_sha256_add_text(h, p->declared_fp);
    add_number(h, p->behind ? p->behind_version : 0);
    add_number(h, (int64_t)p->phase_only);
    add_number(h, (int64_t)p->settings.count);
    for (size_t i = 0; i < p->settings.count; i++)
        mo_sha256_add_text(h, p->settings.items[i]);
    add_number(h, (int64_t)p->rows.count);
    for (size_t i = 0; i < p->rows.count; i++) {
        const moult_change_info *row = &p->rows.items[i];
        mo_sha256_add_text(h, mo_op_names[row->op]);
        mo_sha256_add_text(h, row->kind);
        mo_sha256_add_text(h, row->name);
        mo_sha256_add_text(h, mo_risk_names[row->risk]);
    }
    add_number(h, (int64_t)p->steps.count);
    for (size_t i = 0; i < p->steps.count; i++)
        add_step(h, &p->steps.items[i]);
    mo_sha256_hex(h, id);
    return MOULT_OK;
}

int mo_plan_seal(mo_plan *p, mo_error *err)
{
    int rc = mo_plan_rows(p, err);
    return rc == MOULT_OK ? mo_plan_compute_id(p, p->id, err) : rc;
}

int mo_plan_allowed(const mo_plan *p, moult_mode mode)
{
    switch (mode) {
    case MOULT_MODE_SAFE:
        return p->risk == MOULT_RISK_SAFE;
    case MOULT_MODE_AUTO:
        return p->risk <= MOULT_RISK_MEDIUM;
    case MOULT_MODE_AGGRESSIVE:
        return 1;
    case MOULT_MODE_DRY_RUN:
        break;
    }
    return 0;
}
