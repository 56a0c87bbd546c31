/* SPDX-License-Identifier: MIT */
/* caching.h - the cache around a start on a database that cannot be written to. */
#ifndef MO_CACHING_H
#define MO_CACHING_H

#include "start.h"

/* The cache of the options, if there is one. INVALID, UNSUPPORTED, NOMEM. */
int mo_caching_open(moult *m);
void mo_caching_close(moult *m);
/* Sets *hit, and the result when it is one. Fails for want of memory only. */
int mo_caching_find(start *s, int *hit);
/* Remembers the result, where it is one that can be remembered. Never fails. */
void mo_caching_record(start *s);

#endif
