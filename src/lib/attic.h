/* SPDX-License-Identifier: MIT */
/* attic.h - what plans take away is kept: what the rest of the library needs of it. */
#ifndef MO_ATTIC_H
#define MO_ATTIC_H

#include "engine.h"

/* Says what a plan keeps, and where: plan->attic. Only a plan for the live database keeps anything. */
int mo_attic_prepare(moult *m, mo_plan *plan);
/* Adds to the reasons of what takes something away for how long it is kept, or that it is lost. */
int mo_attic_reasons(moult *m, mo_plan *plan);
/* Drops what has expired, and what is empty: inside the transaction that ends an apply. */
int mo_attic_expire(moult *m);

#endif
