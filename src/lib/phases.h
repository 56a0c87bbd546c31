/* SPDX-License-Identifier: MIT */
/* phases.h - the two halves of a plan, and the hooks between them. */
#ifndef MO_PHASES_H
#define MO_PHASES_H

#include "engine.h"

/* The steps of a plan that has hooks, or is half of one, in place of mo_detect_build(): what only adds, the hooks, and the
 * rest as a plan that starts where those end. `owned` as in mo_detect_diff(). */
int mo_phases_build(moult *m, mo_plan *plan, const mo_schema *owned);

#endif
