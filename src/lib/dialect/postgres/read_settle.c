/* SPDX-License-Identifier: MIT */
/*
 * read_settle.c - expressions that the server stores otherwise when it reads its own text again.
 *
 * There is one such form: a cast of a whole array, which is what IN over varchar becomes. Read again, the cast goes to each
 * element. Both mean the same, and a dump must not differ from its database, so what is compared has the second form:
 *
 *   (ARRAY['a'::character varying, 'b'::character varying])::text[]
 *   ARRAY[('a'::character varying)::text, ('b'::character varying)::text]
 */
#include <string.h>

#include "dialect/postgres/read.h"

static const char opening[] = "(ARRAY[";

/* The first character behind the quoted text that begins at `text`; quotes in it are doubled. */
static const char *behind_quotes(const char *text)
{
    char quote = *text++;
    while (*text && (*text != quote || text[1] == quote))
        text += *text == quote ? 2 : 1;
    return *text ? text + 1 : text;
}

/* The end of the element that begins at `text`: the comma or bracket behind it. */
static const char *element_end(const char *text)
{
    int depth = 0;
    while (*text) {
        if (*text == '\'' || *text == '"') {
            text = behind_quotes(text);
            continue;
        }
        if (depth == 0 && (*text == ',' || *text == ']'))
            break;
        depth += (*text == '(' || *text == '[') - (*text == ')' || *text == ']');
        text++;
    }
    return text;
}

/* The end of the array whose elements begin at `text`: its closing bracket, or where the text ends. */
static const char *array_end(const char *text)
{
    const char *end = element_end(text);
    while (*end == ',')
        end = element_end(end + 1);
    return end;
}

/* The length of the type of the elements in a cast that stands at `text`: "::text[]"; 0: there is none. */
static size_t element_type(const char *text)
{
    if (strncmp(text, "::", 2) != 0)
        return 0;
    const char *brackets = strstr(text, "[]");
    size_t n = brackets ? (size_t)(brackets - text) : 0;
    /* A name, perhaps with a schema, of several words, or with numbers in parentheses. */
    return n == 2 + strspn(text + 2, "abcdefghijklmnopqrstuvwxyz0123456789_ .\",()") ? n : 0;
}

/* Writes the elements, each with the cast. */
static void add_elements(mo_str *out, const char *text, const char *end, const char *cast, size_t length)
{
    mo_str_add(out, "ARRAY[");
    while (text < end) {
        const char *after = element_end(text);
        mo_str_addc(out, '(');
        mo_str_addn(out, text, (size_t)(after - text));
        mo_str_addc(out, ')');
        mo_str_addn(out, cast, length);
        text = after;
        if (*text == ',') {
            mo_str_add(out, ", ");
            text += 1 + strspn(text + 1, " ");
        }
    }
    mo_str_addc(out, ']');
}

/* Takes a quoted text, or one character, as it is; returns what follows. */
static const char *copy(mo_str *out, const char *text)
{
    const char *after = *text == '\'' || *text == '"' ? behind_quotes(text) : text + 1;
    mo_str_addn(out, text, (size_t)(after - text));
    return after;
}

const char *mo_pg_settled(mo_pg_reading *in, const char *text)
{
    mo_str out = {0};
    if (!text || !strstr(text, opening))
        return text;
    for (const char *at = text; *at;) {
        const char *elements = at + sizeof opening - 1;
        const char *end = strncmp(at, opening, sizeof opening - 1) == 0 ? array_end(elements) : "";
        size_t cast = end[0] == ']' && end[1] == ')' && end > elements ? element_type(end + 2) : 0;
        if (cast == 0) {
            at = copy(&out, at);
            continue;
        }
        add_elements(&out, elements, end, end + 2, cast);
        at = end + 2 + cast + 2;
    }
    return mo_str_into(&out, in->region);
}
