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
