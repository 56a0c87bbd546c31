/* SPDX-License-Identifier: MIT */
/* export.h - a plan for somebody who may run it, where this account may not. */
#ifndef MO_EXPORT_H
#define MO_EXPORT_H

#include "engine.h"

/* A plan as a script, which also records it in the history, where it was made for this database. */
int mo_export_sql(moult *m, const mo_plan *plan, mo_str *out, mo_error *err);

/* The plan may not be run by this account: writes it as a script where the options say, and says so in the result and in
 * the error, which is PERMISSION. `why`: what the engine said, or NULL. Returns MOULT_PERMISSION, or NOMEM. */
int mo_export_refused(moult *m, const mo_plan *plan, const char *why, moult_result *result);

#endif
