/* SPDX-License-Identifier: MIT */
/* hook.h - running a data hook. */
#ifndef MO_RUN_HOOK_H
#define MO_RUN_HOOK_H

#include "dialect/dialect.h"
#include "plan/plan.h"

#define MO_HOOK_HINT                                                                                                   \
    "write INSERT, UPDATE, DELETE or SELECT; the schema is declared, and the transaction is moult's own"

/* Is it a statement that a hook may run? Told by its first word: what changes the schema all the same is found later. */
int mo_hook_may_run(const mo_lex_rules *rules, const char *sql, size_t length);

/* Runs the hook of a step, inside a transaction; `begin` is told, with the user of `watch`, before each of its statements; both may be NULL. Its own error with the hook's name; UNVERIFIED when it changed the schema
 * or ended the transaction. */
int mo_run_hook(const mo_dialect *d, mo_conn *c, const mo_plan *plan, const mo_step *step, const mo_watch *watch,
                void (*begin)(void *user), mo_error *err);

#endif
