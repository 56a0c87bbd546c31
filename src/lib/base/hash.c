/* SPDX-License-Identifier: MIT */
/*
 * hash.c - XXH3-128 through the header of xxhash (nothing to link), SHA-256 through libmd.
 *
 * A text goes in as 01, its bytes, 00; a text that is not there as 00. So no two lists of texts look the same.
 */
#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/types.h>

#include <sha2.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static const unsigned char text_begin = 1, text_end = 0, text_none = 0;

struct mo_hasher {
    XXH3_state_t state; /* wants more than malloc's alignment */
};

mo_hasher *mo_hasher_new(void)
{
    mo_hasher *h = aligned_alloc(_Alignof(mo_hasher), sizeof *h);
    if (h)
        XXH3_128bits_reset(&h->state);
    return h;
}

void mo_hasher_add(mo_hasher *h, const void *data, size_t n)
{
    if (n)
        XXH3_128bits_update(&h->state, data, n);
}

void mo_hasher_add_text(mo_hasher *h, const char *text)
{
    if (!text) {
        mo_hasher_add(h, &text_none, 1);
        return;
    }
    mo_hasher_add(h, &text_begin, 1);
    mo_hasher_add(h, text, strlen(text));
    mo_hasher_add(h, &text_end, 1);
}

static mo_hash from_xxh(XXH128_hash_t x)
{
    mo_hash h = {x.low64, x.high64};
    return h;
}

mo_hash mo_hasher_result(const mo_hasher *h)
{
    return from_xxh(XXH3_128bits_digest(&h->state));
}

void mo_hasher_free(mo_hasher *h)
{
    free(h);
}

mo_hash mo_hash_of(const void *data, size_t n)
{
    return from_xxh(XXH3_128bits(data, n));
}

int mo_hash_equal(mo_hash a, mo_hash b)
{
    return a.low == b.low && a.high == b.high;
}

void mo_hash_hex(mo_hash h, char out[33])
{
    snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, h.high, h.low);
}

struct mo_sha256 {
    SHA2_CTX context;
};

mo_sha256 *mo_sha256_new(void)
{
    mo_sha256 *h = malloc(sizeof *h);
    if (h)
        SHA256Init(&h->context);
    return h;
}

void mo_sha256_add(mo_sha256 *h, const void *data, size_t n)
{
    if (n)
        SHA256Update(&h->context, data, n);
}

void mo_sha256_add_text(mo_sha256 *h, const char *text)
{
    if (!text) {
        mo_sha256_add(h, &text_none, 1);
        return;
    }
    mo_sha256_add(h, &text_begin, 1);
    mo_sha256_add(h, text, strlen(text));
    mo_sha256_add(h, &text_end, 1);
}

void mo_sha256_hex(mo_sha256 *h, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256Final(digest, &h->context);
    free(h);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * sizeof digest] = '\0';
}
