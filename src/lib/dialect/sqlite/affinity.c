/* SPDX-License-Identifier: MIT */
/* affinity.c - what a declared type and a default mean to SQLite. */
#include <string.h>
#include <strings.h>

#include "base/lexer.h"
#include "dialect/sqlite/ladder.h"

/* strcasestr is not in every libc's strict mode; types are short. */
static int contains(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, n) == 0)
            return 1;
    return 0;
}

mo_affinity mo_sqlite_affinity(const char *type)
{
    if (type == NULL || *type == '\0')
        return MO_AFFINITY_BLOB;
    if (contains(type, "INT"))
        return MO_AFFINITY_INTEGER;
    if (contains(type, "CHAR") || contains(type, "CLOB") || contains(type, "TEXT"))
        return MO_AFFINITY_TEXT;
    if (contains(type, "BLOB"))
        return MO_AFFINITY_BLOB;
    if (contains(type, "REAL") || contains(type, "FLOA") || contains(type, "DOUB"))
        return MO_AFFINITY_REAL;
    return MO_AFFINITY_NUMERIC;
}

/* A number in a TEXT column is read from the definition with its own spelling, which no comparison finds; the same holds
 * for whatever is no plain value (TRUE, CAST …). */
int mo_sqlite_default_is_telling(const mo_column *c)
{
    const char *canonical = c->attr[MO_ATTR_DEFAULT].canonical;
    mo_lexer l;
    mo_token t;
    if (canonical == NULL || *canonical == '\0')
        return 1;
    if (!mo_sqlite_default_is_constant(canonical))
        return 0;
    mo_lexer_init(&l, &mo_lex_sqlite, canonical, strlen(canonical));
    t = mo_lexer_next(&l);
    if (t.kind == MO_TOKEN_STRING || mo_token_is(&t, "null"))
        return 1;
    if (t.kind == MO_TOKEN_OPERATOR)
        t = mo_lexer_next(&l);
    for (size_t i = 0; i < t.length; i++)
        if (t.text[i] < '0' || t.text[i] > '9')
            return 0;
    return t.length < 16 && mo_sqlite_affinity(mo_column_attr(c, MO_ATTR_TYPE)) != MO_AFFINITY_TEXT;
}

int mo_sqlite_default_is_constant(const char *canonical)
{
    mo_lexer l;
    mo_token t;
    if (canonical == NULL || *canonical == '\0')
        return 1;
    mo_lexer_init(&l, &mo_lex_sqlite, canonical, strlen(canonical));
    t = mo_lexer_next(&l);
    if (t.kind == MO_TOKEN_OPERATOR && t.length == 1 && (*t.text == '-' || *t.text == '+')) {
        t = mo_lexer_next(&l);
        if (t.kind != MO_TOKEN_NUMBER)
            return 0;
    }
    if (t.kind != MO_TOKEN_NUMBER && t.kind != MO_TOKEN_STRING && !mo_token_is(&t, "null") &&
        !mo_token_is(&t, "true") && !mo_token_is(&t, "false"))
        return 0;
    t = mo_lexer_next(&l);
    return t.kind == MO_TOKEN_END;
}

int mo_sqlite_inside(const char *text, const char **start, size_t *length)
{
    mo_lexer x;
    mo_token t;
    int depth = 0;
    *start = NULL;
    mo_lexer_init(&x, &mo_lex_sqlite, text, strlen(text));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x)) {
        if (mo_token_is_punct(&t, '(') && depth++ == 0)
            *start = t.text + 1;
        if (mo_token_is_punct(&t, ')') && --depth == 0) {
            *length = (size_t)(t.text - *start);
            return 1;
        }
    }
    return 0;
}
