/* SPDX-License-Identifier: MIT */
/* lasting.h - keys that are never given twice, and what became of them since a value was kept. */
#ifndef MO_LASTING_H
#define MO_LASTING_H

#include "engine.h"

/* An entry of the attic whose identity is "unique" knows its rows by a key that is never given twice, and by nothing else.
 * That holds while the table has such a key: in each version since, those included that were undone. Where it did not, or where
 * the history cannot tell, another row may have the key by now: the entry's identity becomes "none". Entries of versions
 * before `first` are left as they are. With `there`, so it becomes where the last version does not have that table; else that
 * one's rows are in the attic, with their keys. A handle with a database that is read; NOMEM, or the engine's error. */
int mo_lasting_check(moult *m, mo_attic_entries *entries, int64_t first, int there);

#endif
