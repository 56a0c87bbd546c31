/* SPDX-License-Identifier: MIT */
/* str.h - a growing string. The first failure (no memory, past the limit) sticks: later appends do nothing, and the
 * caller asks once, at the end. Zeroed is an empty string. SQL is built with it and with a dialect's quoting only. */
#ifndef MO_STR_H
#define MO_STR_H

#include <stddef.h>

#include "base/region.h"

typedef struct mo_str {
    char *data; /* NUL-terminated once something was added; else NULL. Use mo_str_text() to read. */
    size_t length, capacity;
    int failed;
} mo_str;

#define MO_STR_MAX ((size_t)1 << 30) /* SQLite's and PostgreSQL's limit for one statement is 1 GB */

void mo_str_add(mo_str *s, const char *text); /* NULL adds nothing */
void mo_str_addn(mo_str *s, const char *text, size_t n);
void mo_str_addc(mo_str *s, char c);
void mo_str_addf(mo_str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 'text' with each ' doubled: a literal of standard SQL. NULL adds NULL (without quotes). */
void mo_str_literal(mo_str *s, const char *text);
/* "name" with each closing quote doubled, between the quotes given: '"', '`'. */
void mo_str_ident(mo_str *s, const char *name, char quote);
/* A number in groups of three, for people: 120,411. */
void mo_str_count(mo_str *s, long long n);

const char *mo_str_text(const mo_str *s); /* "" when empty; never NULL */
void mo_str_clear(mo_str *s);             /* empty, keeps the memory and forgets the failure */
void mo_str_free(mo_str *s);
/* The text, copied into the region and freed here; NULL when something failed. */
char *mo_str_into(mo_str *s, mo_region *r);
/* The text as malloc'd memory that the caller frees; `s` is empty then. NULL when something failed. */
char *mo_str_take(mo_str *s);

#endif
