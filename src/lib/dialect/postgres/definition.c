/* SPDX-License-Identifier: MIT */
/*
 * definition.c - pieces of definitions, as the server writes them: clauses, lists, statements, the names in them.
 *
 * All of it goes by tokens, so that what stands in quotes or parentheses is never taken for a clause.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* --- clauses ------------------------------------------------------------------------------------------------------------- */

static void begin(mo_lexer *l, const char *text)
{
    mo_lexer_init(l, &mo_lex_postgres, text, strlen(text));
}

static int ends(const mo_token *t)
{
    return t->kind == MO_TOKEN_END || t->kind == MO_TOKEN_BAD;
}

static int deeper(const mo_token *t)
{
    return mo_token_is_punct(t, '(') - mo_token_is_punct(t, ')');
}

/* Do these words stand here? `t` is the first token, `l` stands behind it. */
static int stand_here(mo_lexer l, mo_token t, const char *words)
{
    char word[32];
    for (;;) {
        size_t n = strcspn(words, " ");
        if (n >= sizeof word)
            return 0;
        memcpy(word, words, n);
        word[n] = '\0';
        if (!mo_token_is(&t, word))
            return 0;
        if (!words[n])
            return 1;
        words += n + 1;
        t = mo_lexer_next(&l);
    }
}

const char *mo_pg_find_words(const char *text, const char *words)
{
    mo_lexer l;
    int depth = 0;
    begin(&l, text);
    for (mo_token t = mo_lexer_next(&l); !ends(&t); t = mo_lexer_next(&l)) {
        depth += deeper(&t);
        if (depth == 0 && t.kind == MO_TOKEN_WORD && stand_here(l, t, words))
            return t.text;
    }
    return NULL;
}

const char *mo_pg_inside(const char *text, size_t *length)
{
    const char *open = NULL;
    mo_lexer l;
    int depth = 0;
    begin(&l, text);
    for (mo_token t = mo_lexer_next(&l); !ends(&t); t = mo_lexer_next(&l)) {
        depth += deeper(&t);
        if (depth == 1 && !open && mo_token_is_punct(&t, '('))
            open = t.text + 1;
        if (depth == 0 && open) {
            *length = (size_t)(t.text - open);
            return open;
        }
    }
    return NULL;
}

/* --- lists and statements ------------------------------------------------------------------------------------------------ */

static int add_piece(mo_region *r, mo_pg_list *out, const char *text, size_t length)
{
    while (length && strchr(" \n\t", *text)) {
        text++;
        length--;
    }
    while (length && strchr(" \n\t", text[length - 1]))
        length--;
    const char *piece = length ? mo_region_dupn(r, text, length) : "";
    if (!piece)
        return -1;
    return *piece ? mo_vec_push(r, out, piece) : 0;
}

int mo_pg_split_list(mo_region *r, const char *text, size_t length, mo_pg_list *out)
{
    const char *from = text, *end = text + length;
    mo_lexer l;
    int depth = 0;
    mo_lexer_init(&l, &mo_lex_postgres, text, length);
    for (mo_token t = mo_lexer_next(&l); !ends(&t); t = mo_lexer_next(&l)) {
        depth += deeper(&t);
        if (depth || !mo_token_is_punct(&t, ','))
            continue;
        if (add_piece(r, out, from, (size_t)(t.text - from)))
            return -1;
        from = t.text + 1;
    }
    return add_piece(r, out, from, (size_t)(end - from));
}

int mo_pg_split_statements(mo_region *r, const char *sql, mo_pg_list *out)
{
    mo_lexer l;
    mo_statement_text statement;
    mo_token bad;
    begin(&l, sql);
    while (mo_lexer_statement(&l, &statement, &bad) > 0)
        if (add_piece(r, out, statement.text, statement.length))
            return -1;
    return 0;
}

int mo_pg_list_has(const mo_pg_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return 1;
    return 0;
}

int mo_pg_same_option(const char *a, const char *b)
{
    size_t n = strcspn(a, "= "), k = strcspn(b, "= ");
    return n == k && strncmp(a, b, n) == 0;
}

static int has_option(const mo_pg_list *list, const char *option)
{
    for (size_t i = 0; i < list->count; i++)
        if (mo_pg_same_option(list->items[i], option))
            return 1;
    return 0;
}

static int add_statement(mo_region *r, mo_str *sql, mo_pg_list *out)
{
    int empty = sql->length == 0 && !sql->failed;
    if (!empty)
        mo_str_addc(sql, ')');
    const char *text = mo_str_into(sql, r);
    return empty ? 0 : text ? mo_vec_push(r, out, text) : -1;
}

int mo_pg_options_sql(mo_region *r, const char *head, const mo_pg_list *before, const mo_pg_list *after,
                      mo_pg_list *out)
{
    mo_str reset = {0}, set = {0};
    for (size_t i = 0; i < before->count; i++) {
        const char *option = before->items[i];
        if (has_option(after, option))
            continue;
        if (reset.length)
            mo_str_add(&reset, ", ");
        else
            mo_str_addf(&reset, "%s RESET (", head);
        mo_str_addn(&reset, option, strcspn(option, "= "));
    }
    for (size_t i = 0; i < after->count; i++) {
        if (mo_pg_list_has(before, after->items[i]))
            continue;
        if (set.length)
            mo_str_addf(&set, ", %s", after->items[i]);
        else
            mo_str_addf(&set, "%s SET (%s", head, after->items[i]);
    }
    int failed = add_statement(r, &reset, out);
    return add_statement(r, &set, out) || failed ? MOULT_NOMEM : MOULT_OK;
}

/* --- names ---------------------------------------------------------------------------------------------------------------- */

/* Where the last part of a path begins: behind the last dot outside of quotes, and before a function's arguments or " ON t". */
static const char *last_part(const char *name, size_t *length)
{
    const char *last = name, *at = name;
    for (int quoted = 0; *at && (quoted || (*at != '(' && *at != ' ')); at++) {
        quoted ^= *at == '"';
        if (*at == '.' && !quoted)
            last = at + 1;
    }
    *length = (size_t)(at - last);
    return last;
}

const char *mo_pg_last_name(mo_region *r, const char *name)
{
    size_t length;
    const char *last = last_part(name, &length);
    return mo_region_dupn(r, last, length);
}

const char *mo_pg_beside(mo_region *r, const char *name, const char *last)
{
    size_t length;
    const char *part = last_part(name, &length);
    return mo_region_printf(r, "%.*s%s", (int)(part - name), name, last);
}

static int is_name(const mo_token *t, const char *name, size_t length)
{
    mo_str form = {0};
    mo_name_of_token(&mo_lex_postgres, t, &form);
    int same = form.length == length && strncmp(mo_str_text(&form), name, length) == 0;
    mo_str_free(&form);
    return same;
}

/* 'other.q'::regclass */
static int is_in_string(const mo_token *t, const char *name, size_t length)
{
    return t->length >= length + 2 && strncmp(t->text + t->length - 1 - length, name, length) == 0;
}

int mo_pg_speaks_of(const char *text, const char *name)
{
    mo_lexer l;
    size_t length;
    name = last_part(name, &length);
    begin(&l, text);
    for (mo_token t = mo_lexer_next(&l); !ends(&t); t = mo_lexer_next(&l)) {
        if ((t.kind == MO_TOKEN_WORD || t.kind == MO_TOKEN_QUOTED) && is_name(&t, name, length))
            return 1;
        if (t.kind == MO_TOKEN_STRING && is_in_string(&t, name, length))
            return 1;
    }
    return 0;
}
