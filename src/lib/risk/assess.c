/* SPDX-License-Identifier: MIT */
/* assess.c - asks the rules about every change, and every part of one. */
#include "risk/risk.h"

#include <string.h>

/* What the rows say comes before what the rule says; a safe change that was not asked about needs no words. */
static mo_judgement judge(const mo_risk_subject *subject)
{
    const mo_rule *found = NULL, *rule = mo_rules;
    mo_judgement out = {.level = MOULT_RISK_SAFE};
    const mo_part *part = subject->part;
    for (; rule->id; rule++) {
        if (!rule->fires(subject))
            continue;
        moult_risk level = rule->eases && part && part->harmless ? MOULT_RISK_SAFE : rule->level;
        if (found && level <= out.level)
            continue;
        found = rule;
        out.level = level;
    }
    if (!found) {
        found = rule - 1;
        out.level = found->level;
    }
    out.rule = found->id;
    /* That the rows have nothing against it matters to a rule that eases only. */
    if (part && part->evidence && (found->eases || !part->harmless))
        out.reason = part->evidence;
    else
        out.reason = out.level == MOULT_RISK_SAFE ? "" : found->reason;
    return out;
}

static void assess_change(mo_change *change)
{
    for (size_t i = 0; i < change->parts.count; i++) {
        mo_part *part = &change->parts.items[i];
        part->judgement = judge(&(mo_risk_subject){.change = change, .part = part});
        if (i == 0 || part->judgement.level > change->judgement.level)
            change->judgement = part->judgement;
    }
    if (!change->parts.count)
        change->judgement = judge(&(mo_risk_subject){.change = change});
}

/* A hook is judged by what it is: nobody can tell what its code does. */
static mo_judgement judge_hook(void)
{
    const mo_rule *rule = mo_rules;
    while (rule->id && strcmp(rule->id, "data-hook") != 0)
        rule++;
    return (mo_judgement){rule->level, rule->id, rule->reason};
}

int mo_assess(mo_plan *plan, mo_error *err)
{
    (void)err; /* the rules allocate nothing; others may, one day */
    plan->risk = MOULT_RISK_SAFE;
    for (size_t i = 0; i < plan->changes.count; i++) {
        mo_change *change = &plan->changes.items[i];
        assess_change(change);
        if (change->judgement.level > plan->risk)
            plan->risk = change->judgement.level;
    }
    for (size_t i = 0; i < plan->hooks.count; i++) {
        plan->hooks.items[i].judgement = judge_hook();
        if (plan->hooks.items[i].judgement.level > plan->risk)
            plan->risk = plan->hooks.items[i].judgement.level;
    }
    return MOULT_OK;
}
