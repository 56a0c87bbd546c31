/* SPDX-License-Identifier: MIT */
/* read_row.c - the rows that say all of an object (see read.h), and the spelling of names that the server wrote. */
#include <string.h>

#include "dialect/postgres/read.h"

enum { R_KIND = 0, R_CATALOG, R_OID, R_NAME, R_PARENT, R_CANONICAL, R_SQL, R_ABOUT, R_ABOUT_OID };

/* The first character after a part in parentheses that begins at `text`. */
static const char *behind_parentheses(const char *text)
{
    int depth = 0, quoted = 0;
    do {
        quoted ^= *text == '"';
        depth += quoted ? 0 : (*text == '(') - (*text == ')');
    } while (*text++ && depth);
    return text;
}

/* Does a name begin here? Keywords are written in capitals, and a name that is not quoted has none. */
static int begins_name(char c)
{
    return c == '"' || c == '_' || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* The length of the bare or quoted name that begins at `text`. */
static size_t name_length(const char *text)
{
    size_t n = 0;
    if (*text != '"') {
        while (begins_name(text[n]) || (text[n] >= '0' && text[n] <= '9') || text[n] == '$')
            n++;
        return n;
    }
    for (n = 1; text[n] && (text[n] != '"' || text[n + 1] == '"'); n++)
        n += text[n] == '"';
    return n + (text[n] == '"');
}

static void add_name(mo_str *out, const char *text, size_t length)
{
    mo_str part = {0}, bare = {0};
    mo_str_addn(&part, text, length);
    mo_name_bare(&bare, mo_str_text(&part));
    mo_name_add(out, mo_str_text(&bare));
    out->failed |= part.failed | bare.failed;
    mo_str_free(&part);
    mo_str_free(&bare);
}

const char *mo_pg_server_name(mo_pg_reading *in, const char *text)
{
    mo_str out = {0};
    while (text && *text) {
        size_t n = 1;
        if (*text == '(')
            n = (size_t)(behind_parentheses(text) - text);
        else if (begins_name(*text))
            n = name_length(text);
        if (begins_name(*text))
            add_name(&out, text, n);
        else
            mo_str_addn(&out, text, n);
        text += n;
    }
    return mo_str_into(&out, in->region);
}

/* The object that a row names by catalog and oid; NULL: none, or it is not read. */
static mo_object *about(const mo_pg_reading *in, const mo_pg_row *r)
{
    const char *catalog = r->pq->PQnfields(r->result) > R_ABOUT ? mo_pg_text(r, R_ABOUT) : NULL;
    return catalog ? mo_pg_recall(in, catalog, r, R_ABOUT_OID) : NULL;
}

int mo_pg_object_row(mo_pg_reading *in, const mo_pg_row *r)
{
    const char *parent = NULL;
    mo_object *other = about(in, r), *o = other;
    mo_kind kind;
    if (mo_kind_find(mo_pg_text(r, R_KIND), &kind) == 0) {
        /* Dropped by someone else after the snapshot was taken: the server finds no definition any more. */
        if (!mo_pg_text(r, R_NAME) || !mo_pg_text(r, R_SQL) || !mo_pg_text(r, R_CANONICAL))
            return MOULT_OK;
        if (mo_pg_text(r, R_PARENT) && !(parent = mo_pg_server_name(in, mo_pg_text(r, R_PARENT))))
            return mo_error_nomem(in->err);
        o = mo_pg_add(in, kind, mo_pg_server_name(in, mo_pg_text(r, R_NAME)), parent, mo_pg_text(r, R_SQL),
                      mo_pg_text(r, R_CANONICAL));
        if (!o)
            return mo_error_nomem(in->err);
    }
    int code = o && mo_pg_text(r, R_CATALOG) ? mo_pg_remember(in, mo_pg_text(r, R_CATALOG), r, R_OID, o) : MOULT_OK;
    if (code == MOULT_OK && parent)
        code = mo_pg_mentions(in, o, parent);
    return code == MOULT_OK && other && o != other ? mo_pg_mentions(in, o, other->name) : code;
}
