/* SPDX-License-Identifier: MIT */
/* near.c - the distance of two words (Damerau and Levenshtein, neighbours only). */
#include "base/near.h"

#include <string.h>

enum { LONGEST = 31 };

int mo_distance(const char *a, size_t n, const char *b)
{
    int d[3][LONGEST + 2];
    size_t m = strlen(b);

    if (n > LONGEST || m > LONGEST) {
        return 99;
    }
    for (size_t j = 0; j <= m; j++) {
        d[0][j] = (int)j;
    }
    for (size_t i = 1; i <= n; i++) {
        int *row = d[i % 3], *above = d[(i + 2) % 3], *above2 = d[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);
            int best = above[j - 1] + (same ? 0 : 1);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && (a[i - 1] | 0x20) == (b[j - 2] | 0x20) && (a[i - 2] | 0x20) == (b[j - 1] | 0x20) &&
                above2[j - 2] + 1 < best) {
                best = above2[j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return d[n % 3][m];
}
