/* SPDX-License-Identifier: MIT */
/*
 * region.c - a region of memory: a list of blocks, each zeroed when it is made and handed out from its front, texts from its
 * back.
 *
 * Nothing is ever given back alone, so an allocation costs an addition, and a schema is freed by walking a few blocks.
 * Under AddressSanitizer every allocation gets a block of its own, so that running past an object is seen.
 */
#include "base/region.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ONE_BLOCK_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_BLOCK_EACH 1
#endif
#endif
#ifndef ONE_BLOCK_EACH
#define ONE_BLOCK_EACH 0
#endif

enum {
    FIRST_BLOCK = 4 * 1024,
    LARGEST_BLOCK = 32 * 1024, /* larger requests get a block of their own size */
    FIRST_VEC = 4
};

#define ALIGNMENT _Alignof(max_align_t)

typedef struct block {
    struct block *next;
    max_align_t data[]; /* aligned for any type */
} block;

struct mo_region {
    block *blocks;
    char *at;         /* where the next allocation begins, in the first block */
    size_t left;      /* what is left of it */
    size_t next_size; /* of the next block: they grow, so that a large schema has few */
};

mo_region *mo_region_new(void)
{
    mo_region *r = calloc(1, sizeof *r);
    if (r)
        r->next_size = FIRST_BLOCK;
    return r;
}

void mo_region_free(mo_region *r)
{
    if (!r)
        return;
    for (block *b = r->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(r);
}

/* A block that is handed out whole; it goes behind the first, which stays the one to allocate from. */
static void *own_block(mo_region *r, size_t size)
{
    block *b = calloc(1, sizeof *b + size);
    if (!b)
        return NULL;
    if (r->blocks) {
        b->next = r->blocks->next;
        r->blocks->next = b;
    } else {
        r->blocks = b;
    }
    return b->data;
}

static int add_block(mo_region *r)
{
    block *b = calloc(1, sizeof *b + r->next_size);
    if (!b)
        return -1;
    b->next = r->blocks;
    r->blocks = b;
    r->at = (char *)b->data;
    r->left = r->next_size;
    if (r->next_size < LARGEST_BLOCK)
        r->next_size *= 2;
    return 0;
}

void *mo_region_alloc(mo_region *r, size_t size)
{
    if (!r || size > SIZE_MAX / 4)
        return NULL;
    if (ONE_BLOCK_EACH)
        return own_block(r, size);
    size = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > r->left) {
        if (size > r->next_size / 4)
            return own_block(r, size);
        if (add_block(r) != 0)
            return NULL;
    }
    char *p = r->at;
    r->at += size;
    r->left -= size;
    return p;
}

/* Room for text, which needs no alignment: it is taken from the far end of the block. */
static char *text_room(mo_region *r, size_t size)
{
    if (ONE_BLOCK_EACH || !r || size > r->left)
        return mo_region_alloc(r, size);
    r->left -= size;
    return r->at + r->left;
}

char *mo_region_dupn(mo_region *r, const char *s, size_t n)
{
    if (!s || n == SIZE_MAX)
        return NULL;
    char *copy = text_room(r, n + 1);
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

char *mo_region_dup(mo_region *r, const char *s)
{
    return s ? mo_region_dupn(r, s, strlen(s)) : NULL;
}

char *mo_region_printf(mo_region *r, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = n < 0 ? NULL : mo_region_alloc(r, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

int mo_vec_grow(mo_region *r, void **items, size_t *capacity, size_t count, size_t item_size)
{
    if (count < *capacity)
        return 0;
    size_t larger = *capacity ? *capacity * 2 : FIRST_VEC;
    if (larger < *capacity || larger > SIZE_MAX / 4 / item_size)
        return -1;
    void *moved = mo_region_alloc(r, larger * item_size);
    if (!moved)
        return -1;
    if (count)
        memcpy(moved, *items, count * item_size);
    *items = moved;
    *capacity = larger;
    return 0;
}
