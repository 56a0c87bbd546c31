/* SPDX-License-Identifier: MIT */
/* drift.h - what became of what the last version left, by other hands. */
#ifndef MO_DRIFT_H
#define MO_DRIFT_H

#include "engine.h"

typedef MO_VEC(moult_drift_info) mo_drifts;
typedef MO_VEC(const char *) mo_drift_texts;

/* Compares the live schema with what the last version declared (`recorded`, whose annotations are forgotten): what differs,
 * and what is there that is not moult's. The texts are in the region. */
int mo_drift_find(moult *m, const mo_schema *live, mo_schema *recorded, mo_region *r, mo_drifts *drift,
                  mo_drift_texts *foreign);

#endif
