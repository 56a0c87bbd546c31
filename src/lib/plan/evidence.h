/* SPDX-License-Identifier: MIT */
/* evidence.h - what the rows say, in words that are the same for every engine. */
#ifndef MO_EVIDENCE_H
#define MO_EVIDENCE_H

#include "plan/plan.h"

enum { MO_EVIDENCE_KEYS = 5 }; /* so many rows are named */

/* What one question found among the rows of a table. Zeroed: none. */
typedef struct mo_answer {
    int64_t rows;     /* for which it holds */
    int64_t of;       /* all that were looked at; -1: not known */
    const char *keys; /* of the first of them: "ids 7, 19, 4002"; NULL: none are known */
    int at_least;     /* 1: time ran out before all rows were looked at */
} mo_answer;

/* Adds what was found to the evidence: "none of 3 rows is NULL", "2 of 3 rows are NULL (ids 7, 19)". NOMEM. */
int mo_evidence_count(mo_region *r, mo_findings *f, const mo_answer *a, const char *is, const char *are, mo_error *err);
/* Adds a text of its own. NOMEM. */
int mo_evidence_say(mo_region *r, mo_findings *f, mo_error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* So many rows forbid the change in every mode; `query` gives them, or is NULL. Of several the first is kept. */
void mo_evidence_forbid(mo_findings *f, int64_t rows, const char *query);
/* Says that time ran out; `seconds` is the limit. NOMEM. */
int mo_evidence_cut(mo_region *r, mo_findings *f, double seconds, mo_error *err);
/* No plan without a fill: the hint says where to write one, and the error is at that place. `what` it says ("what those rows shall
 * hold"); `advice` stands before it, where a column's line is what there is to write. Returns the error's code. */
int mo_evidence_ask_fill(const mo_plan *plan, mo_error *err, const char *advice, const char *what, const char *table,
                         const mo_column *c);

#endif
