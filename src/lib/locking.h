/* SPDX-License-Identifier: MIT */
/* locking.h - moult's lock around an apply. */
#ifndef MO_LOCKING_H
#define MO_LOCKING_H

#include "start.h"

/* Takes the lock of the database, waiting at most the option's time. `before` says who ended while having it. */
int mo_locking_take(moult *m, moult_lock_info *before);
/* Says what became of the work of an owner that ended while it had the lock, where no journal tells it. */
int mo_locking_explain(start *s);
/* Gives it back; nothing when it was not taken. What cannot be cleared away is a warning, and never an error: it does not hide what
 * happened before. */
void mo_locking_release(moult *m);

#endif
