/* SPDX-License-Identifier: MIT */
/* detect.h - from a source to a proved plan, in pieces. All errors go to the handle's error. */
#ifndef MO_DETECT_H
#define MO_DETECT_H

#include "engine.h"

/* Leaves of a schema what is looked at; another one may take its place. */
int mo_detect_in_scope(moult *m, mo_schema **s);
/* The live schema, as far as it is looked at. */
int mo_detect_inspect(moult *m, mo_schema **out);
/* A source that was opened, as a schema. `live` and `recorded` may be NULL. */
int mo_detect_load(moult *m, const mo_source_read *read, const mo_schema *live, const mo_schema *recorded,
                   mo_schema **out);
/* plan->live and plan->desired → renames, target, changes, notes, hints, fingerprints. */
int mo_detect_diff(moult *m, mo_plan *plan, const mo_schema *owned, int own_all);
/* Says which of the plan's changes only undo what others did to what the last version left; nothing where that one is half applied. */
int mo_detect_mark_undo(moult *m, mo_plan *plan, const mo_schema *owned);
/* backward.c: makes plan->desired, a version before `latest`, say what its things are renamed from, as the versions since tell. */
int mo_detect_backward(moult *m, mo_plan *plan, int64_t latest);
/* Copies what a scratch can hold of a schema into one. */
int mo_detect_copy(const mo_dialect *d, mo_conn *scratch, const mo_schema *from, mo_error *err);
/* Objects that a scratch cannot hold (their module is not loaded) are as they were in `live`. */
int mo_detect_add_uncompared(const mo_schema *live, mo_schema **read, mo_error *err);
/* What the history will be told of: plan->declared. */
int mo_detect_snapshot(mo_plan *plan, const mo_schema *declared, mo_error *err);
/* owned.c: the newest version that is no half, of those before the last; 0: the last one is whole itself, or there is none. */
int mo_detect_whole(moult *m, int64_t *version);
/* owned.c: what that version declared, which is still moult's then, as far as it is looked at; NULL: there is none. */
int mo_detect_owned(moult *m, mo_schema **whole);
/* owned.c: what an apply that was interrupted was to lead to: who goes back from there owns that, too; NULL: there is none. */
int mo_detect_begun(moult *m, mo_schema **begun);
/* Asks the rows (where plan->live is the live database), and gives each change its risk. */
int mo_detect_assess(moult *m, mo_plan *plan);
/* Steps, their order, the id. */
int mo_detect_build(moult *m, mo_plan *plan);
/* The same plan again, from what `given` declares, on the database as it is now. */
int mo_detect_again(moult *m, const mo_plan *given, mo_plan **out);
/* All of them, and the proof. */
int mo_detect(moult *m, const mo_source_read *read, mo_plan **out);

#endif
