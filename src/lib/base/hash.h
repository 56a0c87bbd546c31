/* SPDX-License-Identifier: MIT */
/* hash.h - two kinds: XXH3-128 saves time (markers, keys, statements), SHA-256 carries authority (fingerprints, ids). */
#ifndef MO_HASH_H
#define MO_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct mo_hash {
    uint64_t low, high;
} mo_hash;

typedef struct mo_hasher mo_hasher; /* streaming XXH3-128 */
mo_hasher *mo_hasher_new(void);     /* NULL: no memory */
void mo_hasher_add(mo_hasher *h, const void *data, size_t n);
/* A string with its end, so that ("ab","c") and ("a","bc") differ; NULL differs from "". */
void mo_hasher_add_text(mo_hasher *h, const char *text);
mo_hash mo_hasher_result(const mo_hasher *h);
void mo_hasher_free(mo_hasher *h);

mo_hash mo_hash_of(const void *data, size_t n);
int mo_hash_equal(mo_hash a, mo_hash b);
void mo_hash_hex(mo_hash h, char out[33]);

typedef struct mo_sha256 mo_sha256;
mo_sha256 *mo_sha256_new(void); /* NULL: no memory */
void mo_sha256_add(mo_sha256 *h, const void *data, size_t n);
void mo_sha256_add_text(mo_sha256 *h, const char *text); /* as mo_hasher_add_text */
void mo_sha256_hex(mo_sha256 *h, char out[65]);          /* ends it; the object is freed */

#endif
