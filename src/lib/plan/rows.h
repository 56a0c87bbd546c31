/* SPDX-License-Identifier: MIT */
/* rows.h - what the files of this room share. */
#ifndef MO_ROWS_H
#define MO_ROWS_H

#include "plan/plan.h"

/* Makes plan->rows anew from plan->changes, and the risk of the whole. */
int mo_plan_rows(mo_plan *p, mo_error *err);
/* The highest of the rows. */
moult_risk mo_rows_risk(const mo_plan *p);
/* The id of what the plan holds. */
int mo_plan_compute_id(const mo_plan *p, char id[65], mo_error *err);

/* The words for ops, risks and kinds of statements in JSON. */
extern const char *const mo_op_names[5];
extern const char *const mo_risk_names[3];
extern const char *const mo_statement_names[2];
/* The words for a moult_phase. */
extern const char *const mo_phase_names[3];
/* The rungs that there are; ended by NULL. */
extern const char *const mo_methods[];

#endif
