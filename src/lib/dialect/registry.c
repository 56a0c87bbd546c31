/* SPDX-License-Identifier: MIT */
/* registry.c - the dialects of this build, found by URL scheme or by name; and what all of them share: making values. */
#include "dialect/dialect.h"

#include <string.h>

static const mo_dialect *const dialects[] = {
    &mo_dialect_sqlite,
#ifdef MO_WITH_POSTGRES
    &mo_dialect_postgres,
#endif
};

enum { DIALECT_COUNT = sizeof dialects / sizeof *dialects };

/* Engines that moult speaks of, and this build may not have: asking for one of them is no typing mistake. */
static const char *const elsewhere[] = {"postgresql", "postgres", "mysql", "mariadb", NULL};

static int is_one_of(const char *const *words, const char *word)
{
    for (; *words; words++) {
        if (!strcmp(*words, word)) {
            return 1;
        }
    }
    return 0;
}

int mo_dialect_find(const mo_url *url, const mo_dialect **out, mo_error *err)
{
    mo_str known = {0};
    int code;

    *out = NULL;
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        if (is_one_of(dialects[i]->schemes, url->scheme)) {
            *out = dialects[i];
            mo_str_free(&known);
            return MOULT_OK;
        }
        for (const char *const *s = dialects[i]->schemes; *s; s++) {
            mo_str_addf(&known, "%s%s", known.length ? ", " : "", *s);
        }
    }
    if (is_one_of(elsewhere, url->scheme)) {
        mo_error_set(err, MOULT_UNSUPPORTED, "this build of moult has no support for '%s'", url->scheme);
        code = mo_error_hint(err, "it has: %s", mo_str_text(&known));
    } else {
        mo_error_set(err, MOULT_INVALID, "unknown kind of database '%s'", url->scheme);
        code = mo_error_hint(err, "known are: %s", mo_str_text(&known));
    }
    mo_str_free(&known);
    return code;
}

const mo_dialect *mo_dialect_named(const char *name)
{
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        if (!strcmp(dialects[i]->name, name)) {
            return dialects[i];
        }
    }
    return NULL;
}

mo_value mo_value_text(const char *text)
{
    mo_value v = {0};

    if (text) {
        v.type = MOULT_VALUE_TEXT;
        v.text = text;
        v.length = strlen(text);
    }
    return v;
}

mo_value mo_value_int(int64_t n)
{
    mo_value v = {0};

    v.type = MOULT_VALUE_INTEGER;
    v.integer = n;
    return v;
}

mo_value mo_value_real(double x)
{
    mo_value v = {0};

    v.type = MOULT_VALUE_REAL;
    v.real = x;
    return v;
}
