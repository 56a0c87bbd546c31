/* SPDX-License-Identifier: MIT */
/* cache.h - what was found up to date, remembered outside of a database that cannot be written to. */
#ifndef MO_CACHE_H
#define MO_CACHE_H

#include "state/state.h"

enum { MO_CACHE_VALUE = 256 }; /* bytes of a value, its NUL included */

/* What the process counted since it last told the store. */
typedef struct mo_cache_counts {
    int64_t hits, misses, errors, stores;
} mo_cache_counts;

/* A place that keeps values by key: strings without blanks or line ends. Threads may use one at once. Nothing waits past the
 * store's own limit, and whatever goes wrong is an error, never a wrong value that looks right: values are sealed (cache.c). */
typedef struct mo_cache_store {
    void (*close)(void *store);
    int (*get)(void *store, const char *key, char value[MO_CACHE_VALUE],
               mo_error *err); /* NOTFOUND: a miss, no error */
    int (*put)(void *store, const char *key, const char *value, mo_error *err);
    /* Adds to the counters that the place keeps, and gives their sums. */
    int (*count)(void *store, const mo_cache_counts *add, mo_cache_counts *sums, mo_error *err);
    int (*entries)(void *store, int64_t *count, mo_error *err);
    int (*clear)(void *store, int64_t *removed,
                 mo_error *err); /* entries and counters, and nothing else that is there */
} mo_cache_store;

/* cache_file.c, cache_redis.c: `where` is read, and nothing is opened yet. INVALID, UNSUPPORTED, NOMEM. */
int mo_cache_file_open(void **out, const char *where, mo_error *err);
extern const mo_cache_store mo_cache_file;
int mo_cache_redis_open(void **out, const char *where, mo_error *err);
extern const mo_cache_store mo_cache_redis;

/* Never fail: an error is counted, told in `problem` ("" when there was none), and costs time only. */
void mo_cache_find(moult_cache *c, mo_hash key, mo_hash marker, mo_fast *out, char problem[256]);
void mo_cache_record(moult_cache *c, mo_hash key, mo_hash marker, const mo_fast *what, char problem[256]);

#endif
