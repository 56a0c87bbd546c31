/* SPDX-License-Identifier: MIT */
/* cache_none.c - what stands for cache_redis.c in a build without Redis. */
#include "state/cache.h"

int mo_cache_redis_open(void **out, const char *where, mo_error *err)
{
    (void)where;
    *out = NULL;
    mo_error_set(err, MOULT_UNSUPPORTED, "this build has no Redis");
    return mo_error_hint(err, "use a file as the cache, or build with -Dredis=enabled");
}

const mo_cache_store mo_cache_redis = {0};
