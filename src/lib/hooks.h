/* SPDX-License-Identifier: MIT */
/* hooks.h - the caller's data hooks: which of them a database needs, and their steps. */
#ifndef MO_HOOKS_H
#define MO_HOOKS_H

#include "engine.h"

/* What a hook's code is told by: SHA-256 over its trigger and its SQL, or what the caller says of its function. */
int mo_hook_code(const moult_hook *hook, char out[65], mo_error *err);
/* Fills plan->hooks with those that this database has not behind it, in the order in which they run; plan->fresh where
 * none is needed, because there is no old data. `version` is the last one of the history; plan->live and changes are there. */
int mo_hooks_find(moult *m, mo_plan *plan, int64_t version);
/* Adds the steps of those with this trigger. `transaction`: the number of the part that they belong to; those after the
 * DDL are each a part of their own, and move it on. SOURCE, with the place, when one is no SQL that changes data. */
int mo_hooks_steps(moult *m, mo_plan *plan, moult_trigger trigger, int *transaction);
/* Records all of the handle's hooks as not needed on this database. */
int mo_hooks_not_needed(moult *m, int64_t version);

#endif
