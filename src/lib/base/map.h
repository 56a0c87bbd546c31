/* SPDX-License-Identifier: MIT */
/* map.h - strings to pointers; ASCII case is ignored when asked (see fold.h). Keys and values are borrowed. */
#ifndef MO_MAP_H
#define MO_MAP_H

#include <stddef.h>

typedef struct mo_map mo_map;

mo_map *mo_map_new(int ignore_case); /* NULL: no memory */
void mo_map_free(mo_map *m);
/* Sets or replaces. 0, or -1 when there is no memory. `key` is copied. */
int mo_map_put(mo_map *m, const char *key, void *value);
void *mo_map_get(const mo_map *m, const char *key); /* NULL when not there */
void *mo_map_getn(const mo_map *m, const char *key, size_t n);
int mo_map_has(const mo_map *m, const char *key); /* also tells apart a NULL value */
void mo_map_remove(mo_map *m, const char *key);
size_t mo_map_count(const mo_map *m);

/* Folded as fold.h says: ASCII case does not count, but between double quotes. */
int mo_name_equal(const char *a, const char *b); /* ignoring ASCII case; both may be NULL */
int mo_name_equaln(const char *a, const char *b, size_t n_b);

#endif
