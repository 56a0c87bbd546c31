/* SPDX-License-Identifier: MIT */
/* assess.c - asks the rules about every change, every part of one, every step and every hook. */
#include <string.h>

#include "risk/risk.h"

typedef struct assessment {
    mo_plan *plan;
    const char *const *levels;
    mo_error *err;
    int failed; /* no memory */
} assessment;

static const char *const level_names[] = {"safe", "medium", "high"};

static const mo_findings *findings_of(const mo_risk_subject *s)
{
    static const mo_findings none;
    if (s->step || !s->change)
        return &none;
    return s->part ? &s->part->found : &s->change->found;
}

static const char *text(assessment *a, const char *made)
{
    a->failed |= made == NULL;
    return made ? made : "";
}

/* What the rows say comes before what the rule says; a safe change that was not asked about needs no words. */
static const char *reason_of(const mo_rule *rule, const mo_findings *f, moult_risk level)
{
    /* That the rows have nothing against it matters to a rule that eases only. */
    if (f->evidence && (rule->info.eases || !f->harmless))
        return f->evidence;
    return level == MOULT_RISK_SAFE ? "" : rule->info.what;
}

static moult_risk eased(const mo_rule *rule, const mo_findings *f, moult_risk level)
{
    if (!rule->info.eases)
        return level;
    if (f->harmless)
        return MOULT_RISK_SAFE;
    return f->mild && level > MOULT_RISK_MEDIUM ? MOULT_RISK_MEDIUM : level;
}

/* One rule that fires. Rows that forbid a change are not allowed away: it would fail. */
static mo_judgement weigh(assessment *a, const mo_rule *rule, const mo_risk_subject *subject)
{
    const mo_findings *f = findings_of(subject);
    int changed;
    moult_risk level = mo_level_of(rule, a->levels, &changed);
    const mo_allow *allow = mo_allow_find(a->plan, rule->info.id, subject);
    mo_judgement out = {.rule = rule->info.id, .own = rule->info.level};
    out.level = eased(rule, f, level);
    out.base = eased(rule, f, rule->info.level);
    out.reason = reason_of(rule, f, out.level);
    if (f->forbidden && !a->plan->hooked) {
        out.level = MOULT_RISK_HIGH;
        out.forbidden = f->forbidden;
    } else if (f->forbidden) {
        out.reason = text(a, mo_region_printf(a->plan->region, "%s; a hook may change them before", out.reason));
    } else if (allow && out.level != MOULT_RISK_SAFE) {
        out.level = MOULT_RISK_SAFE;
        out.allowed = text(a, mo_region_dup(a->plan->region, allow->reason));
        out.reason = text(a, mo_region_printf(a->plan->region, "allowed: %s (rule %s: %s)", out.allowed, rule->info.id,
                                              level_names[rule->info.level]));
    } else if (changed && level != rule->info.level) {
        out.allowed = "an option";
        out.reason = text(a, mo_region_printf(a->plan->region, "%s%sset by --rule (rule %s: %s)", out.reason,
                                              *out.reason ? "; " : "", rule->info.id, level_names[rule->info.level]));
    }
    return out;
}

/* The rule is NULL when none fires. */
static mo_judgement judge(assessment *a, const mo_risk_subject *subject)
{
    mo_judgement found = {.level = MOULT_RISK_SAFE, .reason = ""};
    for (const mo_rule *rule = mo_rules; rule->info.id; rule++) {
        if (!rule->fires(subject))
            continue;
        mo_judgement one = weigh(a, rule, subject);
        if (!found.rule || one.level > found.level)
            found = one;
    }
    return found;
}

/* What no rule knows is dangerous: the last one says so. */
static mo_judgement judge_change(assessment *a, const mo_risk_subject *subject)
{
    mo_judgement found = judge(a, subject);
    const mo_rule *last = mo_rules;
    if (found.rule)
        return found;
    while (last[1].info.id)
        last++;
    return weigh(a, last, subject);
}

static void assess_change(assessment *a, mo_change *change)
{
    for (size_t i = 0; i < change->parts.count; i++) {
        mo_part *part = &change->parts.items[i];
        part->judgement = judge_change(a, &(mo_risk_subject){.change = change, .part = part});
        if (i == 0 || part->judgement.level > change->judgement.level)
            change->judgement = part->judgement;
    }
    if (!change->parts.count)
        change->judgement = judge_change(a, &(mo_risk_subject){.change = change});
}

static void raise(mo_plan *plan, const mo_judgement *j)
{
    if (j->level > plan->risk)
        plan->risk = j->level;
    if (j->base > plan->own_risk)
        plan->own_risk = j->base;
}

int mo_assess(mo_plan *plan, const char *const *levels, mo_error *err)
{
    assessment a = {.plan = plan, .levels = levels, .err = err};
    plan->risk = plan->own_risk = MOULT_RISK_SAFE;
    for (size_t i = 0; i < plan->changes.count; i++) {
        assess_change(&a, &plan->changes.items[i]);
        raise(plan, &plan->changes.items[i].judgement);
        for (size_t k = 0; k < plan->changes.items[i].parts.count; k++)
            raise(plan, &plan->changes.items[i].parts.items[k].judgement);
    }
    for (size_t i = 0; i < plan->hooks.count; i++) {
        plan->hooks.items[i].judgement = judge(&a, &(mo_risk_subject){.hook = &plan->hooks.items[i]});
        raise(plan, &plan->hooks.items[i].judgement);
    }
    return a.failed ? mo_error_nomem(err) : MOULT_OK;
}

/* The change that a step makes; NULL: none that the rules look at. */
static mo_change *change_of(mo_plan *plan, const mo_step *step)
{
    for (size_t i = 0; i < plan->changes.count; i++) {
        mo_change *c = &plan->changes.items[i];
        if (!step->hook && c->after && c->op == MOULT_OP_ALTER && c->kind == step->kind &&
            mo_name_equal(c->after->name, step->object))
            return c;
    }
    return NULL;
}

int mo_assess_steps(mo_plan *plan, const char *const *levels, mo_error *err)
{
    assessment a = {.plan = plan, .levels = levels, .err = err};
    for (size_t i = 0; i < plan->steps.count; i++) {
        mo_change *change = change_of(plan, &plan->steps.items[i]);
        if (!change)
            continue;
        mo_judgement found = judge(&a, &(mo_risk_subject){.change = change, .step = &plan->steps.items[i]});
        if (found.rule)
            change->work = found;
    }
    return a.failed ? mo_error_nomem(err) : mo_allows_unused(plan, err);
}
