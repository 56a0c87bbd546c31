/* SPDX-License-Identifier: MIT */
/* reader_names.c - a set of names that borrows their texts: what a reader asks thousands of times, without an allocation. */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "dialect/sqlite/reader_core.h"

enum { SMALLEST = 64 };

static uint32_t hash_of(const char *text, size_t length)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < length; i++)
        h = (h ^ mo_fold_char(text[i])) * 16777619u;
    return h ^ (h >> 15);
}

static int same(const mo_name_entry *e, const char *text, size_t length, uint32_t hash)
{
    if (e->hash != hash || e->length != length)
        return 0;
    for (size_t i = 0; i < length; i++)
        if (mo_fold_char(e->text[i]) != mo_fold_char(text[i]))
            return 0;
    return 1;
}

/* The slot where the name is, or would be. There is always a free one. */
static mo_name_entry *slot(const mo_names *n, const char *text, size_t length, uint32_t hash)
{
    size_t i = hash & (n->size - 1);
    while (n->slots[i].text && !same(&n->slots[i], text, length, hash))
        i = (i + 1) & (n->size - 1);
    return &n->slots[i];
}

/* Uses few slots again: what a large definition left is not walked for each small one. */
void mo_names_clear(mo_names *n)
{
    if (n->count)
        memset(n->slots, 0, n->size * sizeof *n->slots);
    n->size = n->capacity < SMALLEST ? n->capacity : SMALLEST;
    n->count = 0;
}

void mo_names_free(mo_names *n)
{
    free(n->slots);
    *n = (mo_names){0};
}

/* Twice the slots, or the first ones. */
static int widen(mo_names *n)
{
    mo_names wider = {.size = n->size ? n->size * 2 : SMALLEST};
    wider.capacity = wider.size > n->capacity ? wider.size : n->capacity;
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots)
        return -1;
    for (size_t i = 0; i < n->size; i++)
        if (n->slots[i].text)
            *slot(&wider, n->slots[i].text, n->slots[i].length, n->slots[i].hash) = n->slots[i];
    wider.count = n->count;
    free(n->slots);
    *n = wider;
    return 0;
}

int mo_names_add(mo_names *n, const char *text, size_t length, uint32_t value)
{
    if (n->count * 2 >= n->size && widen(n))
        return -1;
    uint32_t hash = hash_of(text, length);
    mo_name_entry *e = slot(n, text, length, hash);
    if (e->text)
        return 0;
    *e = (mo_name_entry){text, (uint32_t)length, hash, value};
    n->count++;
    return 1;
}

int mo_names_find(const mo_names *n, const char *text, size_t length, uint32_t *value)
{
    if (!n->count)
        return 0;
    const mo_name_entry *e = slot(n, text, length, hash_of(text, length));
    if (e->text && value)
        *value = e->value;
    return e->text != NULL;
}
