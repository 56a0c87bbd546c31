/* SPDX-License-Identifier: MIT */
/*
 * fold.h - how names are compared: without regard to ASCII case, as SQL engines compare unquoted names, but exactly between
 * double quotes. Names in the tree of some engines stand as SQL writes them (see name.h): there "User" is not "user". A quote
 * that is never closed is a character like any other: on an engine whose names stand without their quotes, it is part of one.
 */
#ifndef MO_FOLD_H
#define MO_FOLD_H

#include <stddef.h>
#include <stdint.h>

static inline unsigned char mo_fold_char(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Is there another quote behind the first character? At most `left` characters are looked at; NUL ends them too. */
static inline int mo_fold_is_closed(const char *at, size_t left)
{
    for (size_t i = 1; i < left && at[i]; i++)
        if (at[i] == '"')
            return 1;
    return 0;
}

/* The character at a place in a name, folded; so many are left with it. `quoted` is 0 before the first. */
static inline unsigned char mo_fold_next(int *quoted, const char *at, size_t left)
{
    if (*at == '"')
        *quoted = !*quoted && mo_fold_is_closed(at, left);
    return *quoted ? (unsigned char)*at : mo_fold_char(*at);
}

/* Like strcmp() on the folded names; NULL comes before all else. */
static inline int mo_fold_compare(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    for (int in_a = 0, in_b = 0;; a++, b++) {
        unsigned char x = mo_fold_next(&in_a, a, SIZE_MAX), y = mo_fold_next(&in_b, b, SIZE_MAX);
        if (x != y || !x)
            return (x > y) - (x < y);
    }
}

#endif
