/* SPDX-License-Identifier: MIT */
/*
 * annotation.c - what one comment says: `@renamed from=NAME`, `@fill EXPRESSION`, `@allow RULE: REASON`, several of them,
 * or nothing of ours.
 *
 * A word that is nearly one of ours is an error, not a remark: an annotation that is passed over because of a slip
 * of the pen means a dropped column instead of a renamed one.
 */
#include "source/annotation.h"
#include "base/fold.h"
#include "base/name.h"

#include <string.h>

#include "base/near.h"

typedef struct reader {
    mo_region *region;
    const mo_lex_rules *rules;
    const char *file;
    const mo_token *comment;
    const char *at, *end; /* inside the comment's marks */
    mo_error *err;
} reader;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Characters of a name that needs no quotes. */
static int is_name(char c)
{
    return (is_word(c) && c != '-') || c == '$' || (unsigned char)c >= 0x80;
}

/* The line and column of a byte of the comment. */
static mo_where where_of(const reader *rd, const char *p)
{
    mo_where w = {rd->file, rd->comment->line, rd->comment->column};

    for (const char *c = rd->comment->text; c < p; c++) {
        if (*c == '\n') {
            w.line++;
            w.column = 1;
        } else if (((unsigned char)*c & 0xC0) != 0x80) {
            w.column++;
        }
    }
    return w;
}

static int wrong(const reader *rd, const char *p, const char *message, const char *hint)
{
    mo_where w = where_of(rd, p);

    mo_error_set(rd->err, MOULT_SOURCE, "%s", message);
    mo_error_hint(rd->err, "%s", hint);
    return mo_error_at(rd->err, w.file, w.line, w.column);
}

static void skip_blanks(reader *rd)
{
    while (rd->at < rd->end && is_blank(*rd->at)) {
        rd->at++;
    }
}

/* Sets the ends to what stands between the comment's marks. */
static void inside_marks(reader *rd)
{
    const char *text = rd->comment->text;
    size_t n = rd->comment->length;
    int block = n >= 2 && text[0] == '/';
    size_t head = n && text[0] == '#' ? 1 : n < 2 ? n : 2;
    size_t tail = block && n >= 4 ? 2 : 0;

    rd->at = text + head;
    rd->end = text + n - tail;
}

static int word_is(const char *word, size_t n, const char *is)
{
    return strlen(is) == n && memcmp(word, is, n) == 0;
}

static int word_begins(const char *word, size_t n, const char *with)
{
    return n >= strlen(with) && mo_name_equaln(with, word, strlen(with));
}

static int nearly_renamed(const char *word, size_t n)
{
    return word_begins(word, n, "rename") || (n >= 5 && mo_distance(word, n, "renamed") <= 2);
}

/* "@file" and "@bill" are one character away and other people's, so only what begins like it is nearly it. */
static int nearly_fill(const char *word, size_t n)
{
    return word_begins(word, n, "fill") || (n == 3 && word_begins(word, n, "fil"));
}

/* An '@' that begins a word: at the start, or after a blank. So user@example.com is none. */
static const char *next_at(const reader *rd, const char *from)
{
    for (const char *p = from; p < rd->end; p++) {
        if (*p == '@' && (p == rd->comment->text || is_blank(p[-1]) || p[-1] == '-' || p[-1] == '*' || p[-1] == '#')) {
            return p;
        }
    }
    return NULL;
}

/* "na""me", 'na''me', `na``me`, [name] at rd->at; NULL when it is not closed or empty, or when there is no memory. */
static char *read_quoted(reader *rd, int *nomem)
{
    char open = *rd->at, close = open == '[' ? ']' : open;
    char *name = mo_region_alloc(rd->region, (size_t)(rd->end - rd->at) + 1);
    size_t n = 0;

    if (!name) {
        *nomem = 1;
        return NULL;
    }
    for (rd->at++; rd->at < rd->end; rd->at++) {
        if (*rd->at == close) {
            if (open == '[' || rd->at + 1 >= rd->end || rd->at[1] != close) {
                rd->at++;
                name[n] = '\0';
                return n > 0 ? name : NULL;
            }
            rd->at++; /* doubled: one of them stands for itself */
        }
        name[n++] = *rd->at;
    }
    return NULL;
}

/* A name as the tree has it. */
static char *as_in_tree(const reader *rd, char *bare, int quoted, int *nomem)
{
    mo_str name = {0};

    if (!bare || !rd->rules->sql_names) {
        return bare;
    }
    for (char *c = bare; !quoted && *c; c++) {
        *c = (char)mo_fold_char(*c);
    }
    mo_name_add(&name, bare);
    bare = mo_str_into(&name, rd->region);
    *nomem = bare == NULL;
    return bare;
}

static char *read_name(reader *rd, int *nomem)
{
    const char *start = rd->at;

    *nomem = 0;
    if (rd->at < rd->end && strchr("\"'`[", *rd->at) && *rd->at != '\0') {
        return as_in_tree(rd, read_quoted(rd, nomem), 1, nomem);
    }
    while (rd->at < rd->end && is_name(*rd->at)) {
        rd->at++;
    }
    if (rd->at == start) {
        return NULL;
    }
    char *name = mo_region_dupn(rd->region, start, (size_t)(rd->at - start));
    *nomem = name == NULL;
    return as_in_tree(rd, name, 0, nomem);
}

#define RENAMED_FORM "write '@renamed from=old_name'; a name with blanks in quotes: '@renamed from=\"old name\"'"

/* After the word: " from=NAME", then the end or "@fill". */
static int read_renamed(reader *rd, const char *start, mo_comment_words *out)
{
    static const char from[] = "from=";
    int nomem;

    if (out->renamed_from) {
        return wrong(rd, start, "'@renamed' stands here twice", "keep one of them");
    }
    skip_blanks(rd);
    if ((size_t)(rd->end - rd->at) < strlen(from) || memcmp(rd->at, from, strlen(from)) != 0) {
        return wrong(rd, start, "'@renamed' does not say from what; did you mean '@renamed from=…'?", RENAMED_FORM);
    }
    rd->at += strlen(from);
    char *name = read_name(rd, &nomem);
    if (nomem) {
        return mo_error_nomem(rd->err);
    }
    if (!name) {
        return wrong(rd, start, "'@renamed from=' is not followed by a name", RENAMED_FORM);
    }
    const char *rest = rd->at;
    skip_blanks(rd);
    if (rd->at < rd->end && (*rd->at != '@' || rest == rd->at)) {
        return wrong(rd, rd->at, "there is more after '@renamed from=…'",
                     RENAMED_FORM "; a remark goes into a comment of its own");
    }
    out->renamed_from = name;
    return MOULT_OK;
}

/* Is it one expression, so that it cannot reach beyond the place it is put into? A comment could hide what follows
 * there. */
static int is_expression(const mo_lex_rules *rules, const char *text, size_t n)
{
    mo_lexer l;
    int depth = 0;

    mo_lexer_init(&l, rules, text, n);
    l.want_comments = 1;
    for (mo_token t = mo_lexer_next(&l); t.kind != MO_TOKEN_END; t = mo_lexer_next(&l)) {
        depth += mo_token_is_punct(&t, '(') - mo_token_is_punct(&t, ')');
        if (t.kind == MO_TOKEN_BAD || t.kind == MO_TOKEN_PARAM || t.kind == MO_TOKEN_COMMENT || depth < 0 ||
            mo_token_is_punct(&t, ';') || (depth == 0 && mo_token_is_punct(&t, ','))) {
            return 0;
        }
    }
    return depth == 0;
}

/* After the word: all that is left. */
static int read_fill(reader *rd, const char *start, mo_comment_words *out)
{
    static const char how[] = "write '@fill EXPRESSION', such as '@fill 0' or '@fill lower(name)'";

    skip_blanks(rd);
    const char *end = rd->end;
    while (end > rd->at && is_blank(end[-1])) {
        end--;
    }
    if (end == rd->at) {
        return wrong(rd, start, "'@fill' has no expression", how);
    }
    for (const char *p = next_at(rd, rd->at); p; p = next_at(rd, p + 1)) {
        size_t n = (size_t)(rd->end - p - 1);
        if (nearly_renamed(p + 1, n) || nearly_fill(p + 1, n) || word_begins(p + 1, n, "allow")) {
            return wrong(rd, p, "'@fill' takes all that follows it, and here is another annotation",
                         "write '@renamed from=…' and '@allow …' before '@fill', and '@fill' once");
        }
    }
    if (!is_expression(rd->rules, rd->at, (size_t)(end - rd->at))) {
        return wrong(rd, rd->at, "what follows '@fill' is not one SQL expression", how);
    }
    out->fill = mo_region_dupn(rd->region, rd->at, (size_t)(end - rd->at));
    out->fill_where = where_of(rd, start);
    rd->at = rd->end;
    return out->fill ? MOULT_OK : mo_error_nomem(rd->err);
}

#define ALLOW_FORM                                                                                                     \
    "write '@allow RULE: REASON' at the end of the line of what it is about, or, for what is dropped, "                \
    "'@allow RULE TABLE.COLUMN: REASON' on a line of its own"

/* "users", "users.legacy_id", with quotes where a name needs them. NULL object: there is none. */
static int read_object(reader *rd, const char *start, const char **out)
{
    int nomem;
    const char *column = NULL, *table = read_name(rd, &nomem);
    if (table && rd->at < rd->end && *rd->at == '.') {
        rd->at++;
        column = read_name(rd, &nomem);
        if (!column && !nomem) {
            return wrong(rd, start, "'@allow' names no column after the point", ALLOW_FORM);
        }
    }
    if (!nomem && column && !(table = mo_region_printf(rd->region, "%s.%s", table, column))) {
        nomem = 1;
    }
    *out = table;
    return nomem ? mo_error_nomem(rd->err) : MOULT_OK;
}

/* The end of a reason: the next annotation, or the end of the comment. */
static const char *reason_end(const reader *rd)
{
    for (const char *p = next_at(rd, rd->at); p; p = next_at(rd, p + 1)) {
        size_t n = (size_t)(rd->end - p - 1);
        if (nearly_renamed(p + 1, n) || nearly_fill(p + 1, n) || word_begins(p + 1, n, "allow")) {
            return p;
        }
    }
    return rd->end;
}

/* After the word: " RULE [OBJECT]: REASON". */
static int read_allow(reader *rd, const char *start, mo_comment_words *out)
{
    mo_allow a = {.where = where_of(rd, start)};
    const char *from, *end;
    int rc;

    skip_blanks(rd);
    from = rd->at;
    while (rd->at < rd->end && is_word(*rd->at)) {
        rd->at++;
    }
    if (rd->at == from) {
        return wrong(rd, start, "'@allow' names no rule", ALLOW_FORM);
    }
    if (!(a.rule = mo_region_dupn(rd->region, from, (size_t)(rd->at - from)))) {
        return mo_error_nomem(rd->err);
    }
    skip_blanks(rd);
    if (rd->at < rd->end && *rd->at != ':' && (rc = read_object(rd, start, &a.object)) != MOULT_OK) {
        return rc;
    }
    skip_blanks(rd);
    if (rd->at == rd->end || *rd->at++ != ':') {
        return wrong(rd, start, "'@allow' gives no reason", ALLOW_FORM);
    }
    skip_blanks(rd);
    from = rd->at;
    rd->at = end = reason_end(rd);
    while (end > from && is_blank(end[-1])) {
        end--;
    }
    if (end == from) {
        return wrong(rd, start, "'@allow' gives no reason", ALLOW_FORM);
    }
    a.reason = mo_region_dupn(rd->region, from, (size_t)(end - from));
    return a.reason && mo_vec_push(rd->region, &out->allows, a) == 0 ? MOULT_OK : mo_error_nomem(rd->err);
}

static int read_word(reader *rd, const char *start, mo_comment_words *out)
{
    const char *word = start + 1;
    size_t n = 0;

    while (word + n < rd->end && is_word(word[n])) {
        n++;
    }
    rd->at = word + n;
    int parted = rd->at == rd->end || is_blank(*rd->at); /* "@renamed:" is nearly it */
    if (parted && word_is(word, n, "renamed")) {
        return read_renamed(rd, start, out);
    }
    if (parted && word_is(word, n, "fill")) {
        return read_fill(rd, start, out);
    }
    if (parted && word_is(word, n, "allow")) {
        return read_allow(rd, start, out);
    }
    if (word_begins(word, n, "allow")) {
        return wrong(rd, start, "this is no annotation; did you mean '@allow …'?", ALLOW_FORM);
    }
    if (nearly_renamed(word, n)) {
        return wrong(rd, start, "this is no annotation; did you mean '@renamed from=…'?", RENAMED_FORM);
    }
    if (nearly_fill(word, n)) {
        return wrong(rd, start, "this is no annotation; did you mean '@fill …'?",
                     "write '@fill EXPRESSION', such as '@fill 0'");
    }
    return MOULT_OK;
}

int mo_comment_read(mo_region *r, const mo_lex_rules *rules, const char *file, const mo_token *comment,
                    mo_comment_words *out, mo_error *err)
{
    reader rd = {r, rules, file, comment, NULL, NULL, err};
    int rc = MOULT_OK;

    memset(out, 0, sizeof *out);
    inside_marks(&rd);
    for (const char *p = next_at(&rd, rd.at); rc == MOULT_OK && p; p = next_at(&rd, rd.at)) {
        rc = read_word(&rd, p, out);
        if (rc == MOULT_OK && (out->renamed_from || out->fill || out->allows.count) && !out->where.file) {
            out->where = where_of(&rd, p);
        }
    }
    return rc;
}
