/* SPDX-License-Identifier: MIT */
/*
 * map.c - strings to pointers, over uthash.
 *
 * uthash ends the process when memory runs out unless told otherwise: here it rolls the insertion back and sets the
 * variable `failed` of the function that inserts. Keys are compared through the function below, so that a map that
 * ignores case needs no folded copy of what it is asked for.
 */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"

static int keys_differ(int ignore_case, const char *a, const char *b, size_t n);

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) (failed = 1)
/* Expands in functions where the map is called `m`. */
#define HASH_KEYCMP(a, b, n) keys_differ(m->ignore_case, (const char *)(a), (const char *)(b), (n))
#include <uthash.h>

typedef struct entry {
    UT_hash_handle hh;
    void *value;
    char key[];
} entry;

struct mo_map {
    entry *entries;
    int ignore_case;
};

static int keys_differ(int ignore_case, const char *a, const char *b, size_t n)
{
    if (!ignore_case)
        return memcmp(a, b, n) != 0;
    int in_a = 0, in_b = 0;
    for (size_t i = 0; i < n; i++)
        if (mo_fold_next(&in_a, a + i, n - i) != mo_fold_next(&in_b, b + i, n - i))
            return 1;
    return 0;
}

/* FNV-1a, 64 bits folded to the 32 that uthash takes; upper and lower case alike, which both kinds of map can use. */
static unsigned key_hash(const char *key, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ mo_fold_char(key[i])) * 0x100000001b3u;
    return (unsigned)(h ^ (h >> 32));
}

mo_map *mo_map_new(int ignore_case)
{
    mo_map *m = calloc(1, sizeof *m);
    if (m)
        m->ignore_case = ignore_case;
    return m;
}

void mo_map_free(mo_map *m)
{
    if (!m)
        return;
    entry *e = m->entries;
    HASH_CLEAR(hh, m->entries); /* frees the table; the entries stay linked */
    while (e) {
        entry *next = e->hh.next;
        free(e);
        e = next;
    }
    free(m);
}

static entry *find(const mo_map *m, const char *key, size_t n)
{
    entry *e = NULL;
    HASH_FIND_BYHASHVALUE(hh, m->entries, key, n, key_hash(key, n), e);
    return e;
}

int mo_map_put(mo_map *m, const char *key, void *value)
{
    size_t n = strlen(key);
    entry *e = find(m, key, n);
    if (e) {
        e->value = value;
        return 0;
    }
    e = calloc(1, sizeof *e + n + 1);
    if (!e)
        return -1;
    e->value = value;
    memcpy(e->key, key, n + 1);
    int failed = 0;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, m->entries, e->key, n, key_hash(key, n), e);
    if (failed) {
        free(e);
        return -1;
    }
    return 0;
}

void *mo_map_getn(const mo_map *m, const char *key, size_t n)
{
    entry *e = find(m, key, n);
    return e ? e->value : NULL;
}

void *mo_map_get(const mo_map *m, const char *key)
{
    return mo_map_getn(m, key, strlen(key));
}

int mo_map_has(const mo_map *m, const char *key)
{
    return find(m, key, strlen(key)) != NULL;
}

void mo_map_remove(mo_map *m, const char *key)
{
    entry *e = find(m, key, strlen(key));
    if (!e)
        return;
    HASH_DEL(m->entries, e);
    free(e);
}

size_t mo_map_count(const mo_map *m)
{
    return HASH_COUNT(m->entries);
}

int mo_name_equaln(const char *a, const char *b, size_t n_b)
{
    if (!a || !b)
        return a == b;
    int in_a = 0, in_b = 0;
    for (size_t i = 0; i < n_b; i++)
        if (a[i] == '\0' || mo_fold_next(&in_a, a + i, n_b - i) != mo_fold_next(&in_b, b + i, n_b - i))
            return 0;
    return a[n_b] == '\0';
}

int mo_name_equal(const char *a, const char *b)
{
    return a && b ? mo_fold_compare(a, b) == 0 : a == b;
}
