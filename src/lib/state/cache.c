/* SPDX-License-Identifier: MIT */
/*
 * cache.c - remembers "up to date" for a database that cannot be written to.
 *
 * A cache is not trusted. A value says for which key and marker it was made, and is sealed by a hash over all of it: what
 * was cut short, mixed up or made up does not fit, and is a miss. A value that does fit says what moult itself found for
 * these inputs, on this database, in this state of its schema.
 */
#include "state/cache.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/own.h"

struct moult_cache {
    const mo_cache_store *kind;
    void *store; /* NULL when opening failed */
    atomic_llong hits, misses, errors, stores;
    mo_error error;
};

/* --- values ---------------------------------------------------------------------------------------------------------- */

static void seal(const char *key, const char *body, char out[33])
{
    char text[MO_CACHE_VALUE + 64];
    int n = snprintf(text, sizeof text, "moult cache 1 %s %s", key, body);
    mo_hash_hex(mo_hash_of(text, (size_t)n), out);
}

/* "marker,outcome,version,seal" */
static void make_value(const char *key, mo_hash marker, const mo_fast *what, char out[MO_CACHE_VALUE])
{
    char mark[33], sum[33], body[MO_CACHE_VALUE];
    mo_hash_hex(marker, mark);
    snprintf(body, sizeof body, "%s,%s,%lld", mark, mo_fast_name(what->outcome), (long long)what->version);
    seal(key, body, sum);
    snprintf(out, MO_CACHE_VALUE, "%.200s,%s", body, sum);
}

/* 1 when it is a value of this key and marker: what is read from it, written again, must be the same. */
static int read_value(const char *key, mo_hash marker, const char *value, mo_fast *out)
{
    char name[32], again[MO_CACHE_VALUE];
    const char *outcome = strchr(value, ','), *version = outcome ? strchr(outcome + 1, ',') : NULL;
    mo_fast found = {.hit = 1};
    if (!version || (size_t)(version - outcome) > sizeof name)
        return 0;
    snprintf(name, sizeof name, "%.*s", (int)(version - outcome - 1), outcome + 1);
    found.version = strtoll(version + 1, NULL, 10);
    if (found.version < 0 || !mo_fast_outcome(name, &found.outcome))
        return 0;
    make_value(key, marker, &found, again);
    if (strcmp(again, value) != 0)
        return 0;
    *out = found;
    return 1;
}

static void note_problem(moult_cache *c, mo_error *err, char problem[256])
{
    atomic_fetch_add(&c->errors, 1);
    snprintf(problem, 256, "%s", err->pub.message ? err->pub.message : "out of memory");
    mo_error_clear(err);
}

void mo_cache_find(moult_cache *c, mo_hash key, mo_hash marker, mo_fast *out, char problem[256])
{
    char name[33], value[MO_CACHE_VALUE] = "";
    mo_error err = {{0}};
    int rc;
    *out = (mo_fast){0};
    problem[0] = '\0';
    mo_hash_hex(key, name);
    rc = c->kind->get(c->store, name, value, &err);
    if (rc != MOULT_OK && rc != MOULT_NOTFOUND) {
        note_problem(c, &err, problem);
        return;
    }
    if (rc == MOULT_OK && read_value(name, marker, value, out))
        atomic_fetch_add(&c->hits, 1);
    else
        atomic_fetch_add(&c->misses, 1);
}

void mo_cache_record(moult_cache *c, mo_hash key, mo_hash marker, const mo_fast *what, char problem[256])
{
    char name[33], value[MO_CACHE_VALUE];
    mo_error err = {{0}};
    problem[0] = '\0';
    if (!mo_fast_name(what->outcome))
        return;
    mo_hash_hex(key, name);
    make_value(name, marker, what, value);
    if (c->kind->put(c->store, name, value, &err) != MOULT_OK)
        note_problem(c, &err, problem);
    else
        atomic_fetch_add(&c->stores, 1);
}

/* --- the public calls ------------------------------------------------------------------------------------------------ */

int moult_cache_open(moult_cache **out, const char *where)
{
    moult_cache *c = calloc(1, sizeof *c);
    *out = c;
    if (!c)
        return MOULT_NOMEM;
    if (!where || !*where)
        return mo_error_set(&c->error, MOULT_INVALID, "no place was given for the cache");
    c->kind = strstr(where, "://") ? &mo_cache_redis : &mo_cache_file;
    return c->kind == &mo_cache_redis ? mo_cache_redis_open(&c->store, where, &c->error)
                                      : mo_cache_file_open(&c->store, where, &c->error);
}

/* Takes what the process has counted; it is given back when it could not be told. */
static mo_cache_counts take_counts(moult_cache *c)
{
    return (mo_cache_counts){.hits = atomic_exchange(&c->hits, 0),
                             .misses = atomic_exchange(&c->misses, 0),
                             .errors = atomic_exchange(&c->errors, 0),
                             .stores = atomic_exchange(&c->stores, 0)};
}

static void give_counts(moult_cache *c, const mo_cache_counts *n)
{
    atomic_fetch_add(&c->hits, n->hits);
    atomic_fetch_add(&c->misses, n->misses);
    atomic_fetch_add(&c->errors, n->errors);
    atomic_fetch_add(&c->stores, n->stores);
}

int moult_cache_stats(moult_cache *c, moult_cache_info *out)
{
    mo_cache_counts mine = take_counts(c), sums = {0};
    int rc;
    *out = (moult_cache_info){0};
    mo_error_clear(&c->error);
    rc = c->kind->count(c->store, &mine, &sums, &c->error);
    if (rc != MOULT_OK) {
        give_counts(c, &mine);
        return rc;
    }
    out->hits = sums.hits;
    out->misses = sums.misses;
    out->errors = sums.errors;
    out->stores = sums.stores;
    return c->kind->entries(c->store, &out->entries, &c->error);
}

int moult_cache_clear(moult_cache *c, int64_t *removed)
{
    mo_error_clear(&c->error);
    *removed = 0;
    (void)take_counts(c);
    return c->kind->clear(c->store, removed, &c->error);
}

const moult_error *moult_cache_error(const moult_cache *c)
{
    static const moult_error none = {.code = MOULT_NOMEM, .message = "out of memory"};
    return c ? &c->error.pub : &none;
}

void moult_cache_close(moult_cache *c)
{
    if (!c)
        return;
    if (c->store) {
        mo_cache_counts mine = take_counts(c), sums;
        if (mine.hits || mine.misses || mine.errors || mine.stores)
            (void)c->kind->count(c->store, &mine, &sums, &c->error); /* counters are worth no error */
        c->kind->close(c->store);
    }
    mo_error_clear(&c->error);
    free(c);
}
