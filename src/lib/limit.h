/* SPDX-License-Identifier: MIT */
/*
 * limit.h - the time limit of detection: one clock over the source, reading, comparing, asking the rows, and the proof.
 *
 * A public call starts it; each piece of detection runs it between begin and end, which may be nested; what is not detection, such as waiting
 * for the lock, does not count. While it runs, every statement of the handle's connection is under it.
 */
#ifndef MO_LIMIT_H
#define MO_LIMIT_H

#include "engine.h"

/* A public call begins: no time is used yet. */
void mo_limit_start(moult *m);
/* The clock runs; `what` is what is done, for the error: "reading the source". Nested calls only name it. */
void mo_limit_begin(moult *m, const char *what);
/* What comes next. TIMEOUT when there is no time left for it, CANCELLED. */
int mo_limit_next(moult *m, const char *what);
/* The clock stands still. Gives `rc` back, with an error that names the limit when that is what ended it. */
int mo_limit_end(moult *m, int rc);
/* What is left, for what has a limit of its own. */
double mo_limit_seconds(const moult *m); /* 0: no limit */
mo_patience mo_limit_patience(const moult *m);
mo_deadline mo_limit_deadline(const moult *m);

#endif
