/* SPDX-License-Identifier: MIT */
/* display.h - text in columns for people: how wide it is, and nothing in it that a terminal would obey. */
#ifndef MO_DISPLAY_H
#define MO_DISPLAY_H

#include "base/str.h"

/* How many columns of a terminal the text takes; UTF-8, with wide and combining characters. */
size_t mo_display_width(const char *text);
/* The text on one line: line ends and tabs are one space, other control characters and what is no UTF-8 are '?'. At
 * most `most` columns; what is longer ends in "…". Returns its width. */
size_t mo_display_add(mo_str *out, const char *text, size_t most);
/* The same, then spaces up to `width`. */
void mo_display_pad(mo_str *out, const char *text, size_t width, size_t most);

#endif
