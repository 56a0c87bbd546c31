/* SPDX-License-Identifier: MIT */
/*
 * fold.h - how names are compared: without regard to ASCII case, as SQL engines compare unquoted names, but exactly between
 * double quotes. Names in the tree of some engines stand as SQL writes them (see name.h): there "User" is not "user".
 */
#ifndef MO_FOLD_H
#define MO_FOLD_H

#include <stddef.h>

static inline unsigned char mo_fold_char(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* The next character of a name, folded. `quoted` is 0 before the first. */
static inline unsigned char mo_fold_next(int *quoted, char c)
{
    *quoted ^= c == '"';
    return *quoted ? (unsigned char)c : mo_fold_char(c);
}

/* Like strcmp() on the folded names; NULL comes before all else. */
static inline int mo_fold_compare(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    for (int in_a = 0, in_b = 0;; a++, b++) {
        unsigned char x = mo_fold_next(&in_a, *a), y = mo_fold_next(&in_b, *b);
        if (x != y || !x)
            return (x > y) - (x < y);
    }
}

#endif
