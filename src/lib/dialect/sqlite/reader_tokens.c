/* SPDX-License-Identifier: MIT */
/* reader_tokens.c - one definition as an array of tokens, and what the readers ask of it. Nothing here recurses: the depth of
 * parentheses in a text is up to whoever wrote it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/sqlite/reader_core.h"

void mo_reader_init(mo_reader *r, mo_region *region, mo_error *err)
{
    *r = (mo_reader){.region = region, .err = err, .own = MO_NO_TOKEN};
}

void mo_reader_free(mo_reader *r)
{
    free(r->tokens);
    free(r->parts);
    free(r->column_parts);
    mo_str_free(&r->out);
    mo_str_free(&r->value);
    mo_names_free(&r->columns);
    mo_names_free(&r->mentioned);
}

int mo_reader_grow(void **items, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return 0;
    size_t more = *capacity ? *capacity * 2 : 64;
    void *grown = more > SIZE_MAX / 2 / size ? NULL : realloc(*items, more * size);
    if (!grown)
        return -1;
    *items = grown;
    *capacity = more;
    return 0;
}

static int bad_text(mo_reader *r, const mo_token *t)
{
    char c = t->length ? t->text[0] : '\0';
    if (c == '\'' || c == '"' || c == '`' || c == '[')
        mo_error_set(r->err, MOULT_SOURCE, "a quote that begins here has no end");
    else if (c == '\0')
        mo_error_set(r->err, MOULT_SOURCE, "a NUL byte is not SQL");
    else
        mo_error_set(r->err, MOULT_SOURCE, "unrecognised text '%.*s'", t->length < 20 ? (int)t->length : 20, t->text);
    return mo_error_at(r->err, NULL, t->line, t->column);
}

static int add_token(mo_reader *r, const mo_token *t)
{
    if (mo_reader_grow((void **)&r->tokens, &r->capacity, r->count, sizeof *r->tokens))
        return mo_error_nomem(r->err);
    r->tokens[r->count++] = (mo_rtoken){
        .at = (uint32_t)(t->text - r->text),
        .length = (uint32_t)t->length,
        .line = t->line,
        .column = t->column,
        .kind = (unsigned char)t->kind,
        .word = (unsigned char)(t->kind == MO_TOKEN_WORD ? mo_word_find(t->text, t->length) : MO_WORD_NONE),
        .quote = t->quote,
    };
    return MOULT_OK;
}

int mo_reader_load(mo_reader *r, const char *text, size_t length)
{
    mo_lexer lexer;
    mo_token t;
    r->text = text;
    r->length = length;
    r->count = r->at = r->part_count = 0;
    r->own = MO_NO_TOKEN;
    r->raw_counts = r->marked = 0;
    memset(&r->gives, 0, sizeof r->gives);
    mo_str_clear(&r->out);
    if (length >= MO_STR_MAX)
        return mo_error_set(r->err, MOULT_SOURCE, "a definition is longer than SQLite takes");
    mo_lexer_init(&lexer, &mo_lex_sqlite, text, length);
    do {
        t = mo_lexer_next(&lexer);
        if (t.kind == MO_TOKEN_BAD)
            return bad_text(r, &t);
        if (add_token(r, &t))
            return r->err->pub.code;
    } while (t.kind != MO_TOKEN_END);
    r->count--;
    while (r->count && mo_rtoken_is_punct(r, &r->tokens[r->count - 1], ';')) {
        r->tokens[r->count - 1] = r->tokens[r->count];
        r->count--;
    }
    return MOULT_OK;
}

const mo_rtoken *mo_reader_peek(const mo_reader *r, size_t n)
{
    return &r->tokens[n < r->count - r->at ? r->at + n : r->count];
}

int mo_rtoken_is_punct(const mo_reader *r, const mo_rtoken *t, char c)
{
    return t->kind == MO_TOKEN_PUNCT && r->text[t->at] == c;
}

int mo_rtoken_is_blob(const mo_reader *r, const mo_rtoken *t)
{
    return t->kind == MO_TOKEN_STRING && r->text[t->at] != '\'';
}

int mo_rtoken_is_name(const mo_reader *r, const mo_rtoken *t)
{
    switch (t->kind) {
    case MO_TOKEN_WORD:
        return mo_word_where((mo_word)t->word) != MO_WORD_USE_RESERVED;
    case MO_TOKEN_QUOTED:
        return 1;
    case MO_TOKEN_STRING:
        return !mo_rtoken_is_blob(r, t);
    default:
        return 0;
    }
}

int mo_reader_word(mo_reader *r, mo_word word)
{
    if (mo_reader_peek(r, 0)->word != word)
        return 0;
    r->at++;
    return 1;
}

int mo_reader_punct(mo_reader *r, char c)
{
    if (!mo_rtoken_is_punct(r, mo_reader_peek(r, 0), c))
        return 0;
    r->at++;
    return 1;
}

int mo_reader_need_word(mo_reader *r, mo_word word)
{
    return mo_reader_word(r, word) ? MOULT_OK : mo_reader_expected(r, r->at, mo_word_text(word));
}

int mo_reader_need_punct(mo_reader *r, char c)
{
    char what[2] = {c, '\0'};
    return mo_reader_punct(r, c) ? MOULT_OK : mo_reader_expected(r, r->at, what);
}

int mo_reader_need_name(mo_reader *r, size_t *token)
{
    if (!mo_rtoken_is_name(r, mo_reader_peek(r, 0)))
        return mo_reader_expected(r, r->at, "a name");
    *token = r->at++;
    return MOULT_OK;
}

int mo_reader_parens(mo_reader *r, size_t *from, size_t *to)
{
    size_t open = r->at, depth = 1;
    if (mo_reader_need_punct(r, '('))
        return r->err->pub.code;
    *from = r->at;
    for (; r->at < r->count; r->at++) {
        const mo_rtoken *t = &r->tokens[r->at];
        if (mo_rtoken_is_punct(r, t, '('))
            depth++;
        else if (mo_rtoken_is_punct(r, t, ')') && --depth == 0)
            break;
        else if (mo_rtoken_is_punct(r, t, ';'))
            break;
    }
    if (depth)
        return mo_reader_error(r, open, "a parenthesis that opens here is not closed");
    *to = r->at++;
    if (*from == *to)
        return mo_reader_expected(r, *to, "something within the parentheses");
    return MOULT_OK;
}

int mo_reader_expected(mo_reader *r, size_t token, const char *what)
{
    const mo_rtoken *t = &r->tokens[token < r->count ? token : r->count];
    if (t->kind == MO_TOKEN_END)
        return mo_reader_error(r, token, "the definition ends where %s is expected", what);
    return mo_reader_error(r, token, "near '%.*s': %s is expected", t->length < 40 ? (int)t->length : 40,
                           r->text + t->at, what);
}

int mo_reader_error(mo_reader *r, size_t token, const char *fmt, ...)
{
    char message[256];
    const mo_rtoken *t = &r->tokens[token < r->count ? token : r->count];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    mo_error_set(r->err, MOULT_SOURCE, "%s", message);
    return mo_error_at(r->err, NULL, t->line, t->column);
}

const char *mo_rtoken_value(mo_reader *r, const mo_rtoken *t, size_t *length)
{
    const char *text = r->text + t->at;
    *length = t->length;
    if (t->kind != MO_TOKEN_QUOTED && (t->kind != MO_TOKEN_STRING || mo_rtoken_is_blob(r, t)))
        return text;
    text++;
    *length -= 2;
    if (t->quote == '[' || !memchr(text, t->quote, *length))
        return text;
    mo_token whole = {(mo_token_kind)t->kind, text - 1, t->length, t->line, t->column, t->quote};
    mo_str_clear(&r->value);
    mo_str_addn(&r->value, text, *length); /* makes the room: what comes out is shorter */
    if (r->value.failed) {
        mo_error_nomem(r->err);
        return NULL;
    }
    *length = mo_token_value(&whole, r->value.data);
    return r->value.data;
}

const char *mo_reader_value(mo_reader *r, size_t token)
{
    size_t length = 0;
    const char *value = mo_rtoken_value(r, &r->tokens[token], &length);
    char *copy = value ? mo_region_dupn(r->region, value, length) : NULL;
    if (!copy)
        mo_error_nomem(r->err);
    return copy;
}

int mo_reader_gives(mo_reader *r, size_t token)
{
    const char *name = mo_reader_value(r, token);
    return name ? mo_vec_push(r->region, &r->gives, name) : -1;
}

void mo_reader_span(const mo_reader *r, size_t from, size_t to, mo_str *out)
{
    for (size_t i = from; i < to; i++) {
        const mo_rtoken *t = &r->tokens[i];
        if (i > from && r->tokens[i - 1].at + r->tokens[i - 1].length != t->at)
            mo_str_addc(out, ' ');
        mo_str_addn(out, r->text + t->at, t->length);
    }
}

const char *mo_reader_take(mo_reader *r)
{
    char *copy = r->out.failed ? NULL : mo_region_dupn(r->region, mo_str_text(&r->out), r->out.length);
    mo_str_clear(&r->out);
    if (!copy)
        mo_error_nomem(r->err);
    return copy;
}

size_t mo_reader_term_end(const mo_reader *r, size_t from, size_t to)
{
    size_t depth = 0;
    for (size_t i = from; i < to; i++) {
        if (mo_rtoken_is_punct(r, &r->tokens[i], '('))
            depth++;
        else if (mo_rtoken_is_punct(r, &r->tokens[i], ')'))
            depth--;
        else if (depth == 0 && mo_rtoken_is_punct(r, &r->tokens[i], ','))
            return i;
    }
    return to;
}
