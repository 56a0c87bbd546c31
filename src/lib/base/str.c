/* SPDX-License-Identifier: MIT */
/* str.c - a growing string whose first failure sticks, so that a builder of SQL asks once, at its end. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 128 };

/* Room for n more bytes and the NUL: 0, or -1 with the failure noted. */
static int reserve(mo_str *s, size_t n)
{
    if (s->failed)
        return -1;
    if (n > MO_STR_MAX || s->length + n > MO_STR_MAX) {
        s->failed = 1;
        return -1;
    }
    size_t needed = s->length + n + 1;
    if (needed <= s->capacity)
        return 0;
    size_t capacity = s->capacity ? s->capacity * 2 : FIRST_CAPACITY;
    if (capacity < needed)
        capacity = needed;
    char *data = realloc(s->data, capacity);
    if (!data) {
        s->failed = 1;
        return -1;
    }
    s->data = data;
    s->capacity = capacity;
    return 0;
}

void mo_str_addn(mo_str *s, const char *text, size_t n)
{
    if (!text || reserve(s, n) != 0)
        return;
    memcpy(s->data + s->length, text, n);
    s->length += n;
    s->data[s->length] = '\0';
}

void mo_str_add(mo_str *s, const char *text)
{
    if (text)
        mo_str_addn(s, text, strlen(text));
}

void mo_str_addc(mo_str *s, char c)
{
    mo_str_addn(s, &c, 1);
}

void mo_str_addf(mo_str *s, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0) {
        s->failed = 1;
    } else if (reserve(s, (size_t)n) == 0) {
        vsnprintf(s->data + s->length, (size_t)n + 1, fmt, again);
        s->length += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

/* The text between two quotes, each quote inside doubled. */
static void add_quoted(mo_str *s, const char *text, char quote)
{
    mo_str_addc(s, quote);
    for (const char *next; (next = strchr(text, quote)) != NULL; text = next + 1) {
        mo_str_addn(s, text, (size_t)(next - text) + 1);
        mo_str_addc(s, quote);
    }
    mo_str_add(s, text);
    mo_str_addc(s, quote);
}

void mo_str_literal(mo_str *s, const char *text)
{
    if (text)
        add_quoted(s, text, '\'');
    else
        mo_str_add(s, "NULL");
}

void mo_str_ident(mo_str *s, const char *name, char quote)
{
    add_quoted(s, name, quote);
}

void mo_str_count(mo_str *s, long long n)
{
    char digits[32];
    /* The magnitude as unsigned: that of the smallest number has no place in a signed one. */
    unsigned long long magnitude = n < 0 ? 0ULL - (unsigned long long)n : (unsigned long long)n;
    int length = snprintf(digits, sizeof digits, "%llu", magnitude);
    if (n < 0)
        mo_str_addc(s, '-');
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            mo_str_addc(s, ',');
        mo_str_addc(s, digits[i]);
    }
}

const char *mo_str_text(const mo_str *s)
{
    return s->data ? s->data : "";
}

void mo_str_clear(mo_str *s)
{
    s->length = 0;
    s->failed = 0;
    if (s->data)
        s->data[0] = '\0';
}

void mo_str_free(mo_str *s)
{
    free(s->data);
    memset(s, 0, sizeof *s);
}

char *mo_str_into(mo_str *s, mo_region *r)
{
    char *text = s->failed ? NULL : mo_region_dupn(r, mo_str_text(s), s->length);
    mo_str_free(s);
    return text;
}

char *mo_str_take(mo_str *s)
{
    if (reserve(s, 0) != 0) {
        mo_str_free(s);
        return NULL;
    }
    char *text = s->data;
    text[s->length] = '\0';
    memset(s, 0, sizeof *s);
    return text;
}
