/* SPDX-License-Identifier: MIT */
/* fold.h - names in order: compared without regard to ASCII case, as SQL engines compare unquoted names. */
#ifndef MO_FOLD_H
#define MO_FOLD_H

#include <stddef.h>

static inline unsigned char mo_fold_char(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Like strcmp() on the folded names; NULL comes before all else. */
static inline int mo_fold_compare(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    while (*a && mo_fold_char(*a) == mo_fold_char(*b)) {
        a++;
        b++;
    }
    unsigned char x = mo_fold_char(*a), y = mo_fold_char(*b);
    return (x > y) - (x < y);
}

#endif
