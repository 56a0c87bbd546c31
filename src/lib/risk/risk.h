/* SPDX-License-Identifier: MIT */
/* risk.h - how dangerous a change is, and which rule says so. The rules are one table in rules.c. */
#ifndef MO_RISK_H
#define MO_RISK_H

#include "plan/plan.h"

/* What a rule looks at: one change of an object, or one part of a changed table. */
typedef struct mo_risk_subject {
    const mo_change *change;
    const mo_part *part; /* NULL: the object as a whole */
} mo_risk_subject;

typedef struct mo_rule {
    const char *id; /* "drop-column": stable; its section is in docs/rules.md */
    moult_risk level;
    int (*fires)(const mo_risk_subject *subject); /* 1 or 0 */
    const char *reason;                           /* what happens, for a person: one line, no full stop */
    const char *advice;                           /* what to do; may be NULL */
    int eases; /* 1: safe when the rows were asked and nothing of them is lost or refused (mo_part.harmless) */
} mo_rule;

/* Ended by an id of NULL; the highest level of those that fire wins, the first of equals. The last entry is what holds when
 * none fires: what no rule knows is dangerous. To add a rule: an entry, and its line in docs/rules.md. */
extern const mo_rule mo_rules[];

/* Sets risk, rule and reason of every change and part of the plan. An altered object has its highest part's. */
int mo_assess(mo_plan *plan, mo_error *err);

#endif
