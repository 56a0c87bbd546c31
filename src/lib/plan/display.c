/* SPDX-License-Identifier: MIT */
/* display.c - see display.h. Names and definitions come from the database: they may hold anything. */
#include "plan/display.h"

#include <stdint.h>

#define NO_LIMIT ((size_t)-1)

/* One character: its code point and length; length 1 and 0xfffd for a byte that is no UTF-8. */
static uint32_t next_char(const char *at, size_t *length)
{
    const unsigned char *s = (const unsigned char *)at;
    uint32_t c = s[0];
    *length = 1;
    if (c < 0x80)
        return c;
    size_t n = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 0;
    if (n == 0)
        return 0xfffd;
    c &= 0xffu >> (n + 1);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (s[i] & 0x3fu);
    }
    *length = n;
    return c;
}

typedef struct mo_range {
    uint32_t first, last;
} mo_range;

static int within(const mo_range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return 1;
    }
    return 0;
}

static size_t char_width(uint32_t c)
{
    /* Combining marks, and characters that only steer others. */
    static const mo_range none[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},
                                    {0x064b, 0x065f}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064},
                                    {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
    static const mo_range wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},  {0xac00, 0xd7a3},
                                    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6},
                                    {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (c < 0x300)
        return 1;
    if (within(none, sizeof none / sizeof *none, c))
        return 0;
    return within(wide, sizeof wide / sizeof *wide, c) ? 2 : 1;
}

/* What stands for one character; *length is what it takes of the text. Marks that turn the direction of text are
 * control characters too: with them a name could be made to look like another. */
static size_t put_char(mo_str *out, const char *at, size_t *length)
{
    uint32_t c = next_char(at, length);
    if (c == '\n' || c == '\t' || c == '\r') {
        while (at[*length] == '\n' || at[*length] == '\t' || at[*length] == '\r' || at[*length] == ' ')
            ++*length;
        mo_str_addc(out, ' ');
        return 1;
    }
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffd || (c >= 0x202a && c <= 0x202e) ||
        (c >= 0x2066 && c <= 0x2069)) {
        mo_str_addc(out, '?');
        return 1;
    }
    mo_str_addn(out, at, *length);
    return char_width(c);
}

size_t mo_display_width(const char *text)
{
    mo_str nowhere = {.failed = 1}; /* takes nothing, allocates nothing */
    return mo_display_add(&nowhere, text, NO_LIMIT);
}

size_t mo_display_add(mo_str *out, const char *text, size_t most)
{
    size_t width = 0, length, cut_width = 0, cut_length = out->length;
    for (const char *at = text; *at; at += length) {
        size_t before = out->length, w = put_char(out, at, &length);
        if (width + 1 <= most) {
            cut_width = width;
            cut_length = before;
        }
        if (width + w > most) { /* back to where the sign of the cut still fits */
            if (!out->failed) {
                out->length = cut_length;
                out->data[cut_length] = '\0';
            }
            mo_str_add(out, "…");
            return cut_width + 1;
        }
        width += w;
    }
    return width;
}

void mo_display_pad(mo_str *out, const char *text, size_t width, size_t most)
{
    for (size_t at = mo_display_add(out, text, most); at < width; at++)
        mo_str_addc(out, ' ');
}
