/* SPDX-License-Identifier: MIT */
/* near.h - how far apart words are: for "did you mean". */
#ifndef MO_NEAR_H
#define MO_NEAR_H

#include <stddef.h>

/* Characters put in, left out, changed, or swapped with their neighbour. ASCII case does not count. Words past 31
 * characters are far from all others (99). */
int mo_distance(const char *a, size_t n, const char *b);

#endif
