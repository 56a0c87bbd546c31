/* SPDX-License-Identifier: MIT */
/* refill.h - what the attic keeps, on its way back into the rows. */
#ifndef MO_REFILL_H
#define MO_REFILL_H

#include "engine.h"

/* For a plan that goes back from version `latest` to plan->behind_version: gives the columns of plan->desired that come back
 * or are converted back the expressions that fill them, finds the holders of tables that come back, and notes what cannot.
 * IMPOSSIBLE names the rows of a NOT NULL column for which nothing is known, and what to write. */
int mo_refill_plan(moult *m, mo_plan *plan, int64_t latest);
/* The plan is made: drops what mo_refill_plan() made on the connection to ask the rows. */
void mo_refill_forget(moult *m, mo_plan *plan);

#endif
