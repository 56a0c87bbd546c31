/* SPDX-License-Identifier: MIT */
/* risk.h - how dangerous a change is, and which rule says so. The rules are one table in rules.c. */
#ifndef MO_RISK_H
#define MO_RISK_H

#include "plan/plan.h"

/* What a rule looks at: one change of an object, one part of a changed table, a step that makes a change, or a hook. */
typedef struct mo_risk_subject {
    const mo_change *change;  /* NULL: a hook */
    const mo_part *part;      /* NULL: the object as a whole */
    const mo_step *step;      /* of the change; NULL: it is not about a step */
    const mo_plan_hook *hook; /* NULL: none */
} mo_risk_subject;

/* A rule that eases is safe when the rows were asked and nothing of them is lost or refused (mo_findings.harmless), and at
 * most medium when no value is lost (mild). */
typedef struct mo_rule {
    moult_rule_info info;                         /* as everybody may read it; its page is docs/rules/ID.md */
    int (*fires)(const mo_risk_subject *subject); /* 1 or 0 */
} mo_rule;

/* Ended by an id of NULL; the highest level of those that fire wins, the first of equals. The last entry is what holds when
 * none fires: what no rule knows is dangerous. To add a rule: see docs/architecture.md. */
extern const mo_rule mo_rules[];
const mo_rule *mo_rule_find(const char *id); /* NULL: there is none */

/* levels.c - levels other than the rules' own: "drop-index=safe", a list ended by NULL, or NULL. */
int mo_levels_check(const char *const *levels, mo_error *err); /* INVALID names the nearest id */
moult_risk mo_level_of(const mo_rule *rule, const char *const *levels, int *changed);
/* The rule whose id is nearest to a word that is none; NULL: none is near. */
const mo_rule *mo_rule_near(const char *word);

/* assess.c - sets risk, rule and reason of every change, part and hook of the plan. An altered object has its highest
 * part's. Annotations (plan->desired) that matched nothing become notes. */
int mo_assess(mo_plan *plan, const char *const *levels, mo_error *err);
/* The same for what the steps do, once there are some. */
int mo_assess_steps(mo_plan *plan, const char *const *levels, mo_error *err);

/* allow.c - annotations that allow what a rule says: all of them name a rule that there is, and a reason. SOURCE. */
int mo_allows_check(const mo_schema *desired, mo_error *err);
/* The annotation that is about this rule and subject; NULL: none. It is marked as used. */
const mo_allow *mo_allow_find(const mo_plan *plan, const char *rule, const mo_risk_subject *subject);
/* One note for each that matched nothing. */
int mo_allows_unused(mo_plan *plan, mo_error *err);

/* forbid.c - rows that forbid a change in every mode: IMPOSSIBLE names the first with its rows and what to do, and all
 * others in the detail. Not while a hook is still to run, which may change those rows. */
int mo_forbidden(const mo_plan *plan, mo_error *err);

#endif
