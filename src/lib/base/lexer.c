/* SPDX-License-Identifier: MIT */
/*
 * lexer.c - SQL text to tokens, by the rules of a dialect.
 *
 * One pass, no memory, no byte read past the end: the text need not end in NUL, and a NUL inside it is a BAD token
 * wherever it stands (engines stop reading there, so what follows would be lost without a word). All that is not ASCII
 * is a character of a name, as in the three engines. Whoever wants statements instead of tokens: statement.c.
 */
#include "base/lexer.h"

#include <string.h>

const mo_lex_rules mo_lex_sqlite = {.backtick = 1,
                                    .bracket = 1,
                                    .trigger_body = 1,
                                    .open_comment = 1,
                                    .bom_is_space = 1,
                                    .tab_goes_on = 1,
                                    .named_param = 1};
const mo_lex_rules mo_lex_postgres = {.dollar_quote = 1,
                                      .e_string = 1,
                                      .nested_comment = 1,
                                      .letter_string = 1,
                                      .free_operators = 1,
                                      .nested_statement = 1,
                                      .client_commands = 1,
                                      .sql_names = 1};
const mo_lex_rules mo_lex_mysql = {.backtick = 1,
                                   .double_is_string = 1,
                                   .backslash = 1,
                                   .hash_comment = 1,
                                   .dash_space = 1,
                                   .digit_word = 1,
                                   .letter_string = 1};

enum class {
    C_BAD = 0, /* begins nothing in any dialect */
    C_SPACE,
    C_WORD,  /* a letter, _, or a byte of a character beyond ASCII */
    C_DIGIT, /* in words, but not at their beginning */
    C_DOLLAR,
    C_QUOTE, /* ' " ` [ */
    C_PUNCT,
    C_DOT,
    C_MARK, /* @ # : ? */
    C_OPERATOR
};

/* clang-format off */
#define S C_SPACE
#define W C_WORD
#define D C_DIGIT
#define Q C_QUOTE
#define P C_PUNCT
#define M C_MARK
#define O C_OPERATOR
#define X C_BAD
static const unsigned char classes[256] = {
    X, X, X, X, X, X, X, X, X, S, S, X, S, S, X, X,        /* 00: tab, line feed, form feed, carriage return */
    X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,        /* 10 */
    S, O, Q, M, C_DOLLAR, O, O, Q, P, P, O, O, P, O, C_DOT, O, /* 20:  ! " # $ % & ' ( ) * + , - . / */
    D, D, D, D, D, D, D, D, D, D, M, P, O, O, O, M,        /* 30: 0 to 9 : ; < = > ? */
    M, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,        /* 40: @ A to O */
    W, W, W, W, W, W, W, W, W, W, W, Q, X, P, O, W,        /* 50: P to Z [ \ ] ^ _ */
    Q, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,        /* 60: ` a to o */
    W, W, W, W, W, W, W, W, W, W, W, X, O, X, O, X,        /* 70: p to z { | } ~ DEL */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* 80, 90 */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* A0, B0 */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* C0, D0 */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* E0, F0 */
};
#undef S
#undef W
#undef D
#undef Q
#undef P
#undef M
#undef O
#undef X
/* clang-format on */

static const char bom[] = "\xEF\xBB\xBF";
enum { BOM_LENGTH = 3 };

static unsigned class_of(char c)
{
    return classes[(unsigned char)c];
}

/* A character inside a name, but not always at its beginning. */
static int in_word(char c)
{
    unsigned k = class_of(c);
    return k == C_WORD || k == C_DIGIT || k == C_DOLLAR;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ASCII; `b` is lower case. */
static int same_letter(char a, char b)
{
    return a == b || (a >= 'A' && a <= 'Z' && a + ('a' - 'A') == b);
}

/* The character at p, or NUL past the end: so that looking ahead needs no test. */
static char peek(const mo_lexer *l, const char *p)
{
    return p < l->end ? *p : '\0';
}

static int has_bom(const mo_lexer *l, const char *p)
{
    return l->end - p >= BOM_LENGTH && memcmp(p, bom, BOM_LENGTH) == 0;
}

/* Goes on to `to`, counting lines, and the characters (not bytes) of the last one. */
static void move(mo_lexer *l, const char *to)
{
    for (const char *p = l->at; p < to; p++) {
        if (*p == '\n') {
            l->line++;
            l->column = 1;
        } else if (((unsigned char)*p & 0xC0u) != 0x80u) {
            l->column++;
        }
    }
    l->at = to;
}

/* The token from here to `to`. */
static mo_token take(mo_lexer *l, mo_token_kind kind, const char *to, char quote)
{
    mo_token t = {kind, l->at, (size_t)(to - l->at), l->line, l->column, quote};
    move(l, to);
    return t;
}

/* A BAD token of the one NUL byte at `p`, which may stand inside a string or comment that begins here. */
static mo_token take_nul(mo_lexer *l, const char *p)
{
    move(l, p);
    return take(l, MO_TOKEN_BAD, p + 1, 0);
}

/* What the quote at `open` opens; its closing one is doubled to stand for itself, but for ]. */
static mo_token quoted(mo_lexer *l, const char *open, int backslash, mo_token_kind kind)
{
    char close = *open == '[' ? ']' : *open;
    for (const char *p = open + 1; p < l->end; p++) {
        if (*p == close) {
            if (close == ']' || peek(l, p + 1) != close)
                return take(l, kind, p + 1, *open);
            p++;
        } else if (*p == '\0') {
            return take_nul(l, p);
        } else if (backslash && *p == '\\' && peek(l, p + 1) != '\0') {
            p++;
        }
    }
    return take(l, MO_TOKEN_BAD, l->end, *open);
}

/* SQLite's x'…' holds an even number of hexadecimal digits and nothing else; others say so themselves. */
static mo_token blob(mo_lexer *l, const char *open)
{
    mo_token t = quoted(l, open, 0, MO_TOKEN_STRING);
    if (t.kind != MO_TOKEN_STRING)
        return t;
    size_t digits = 0;
    while (is_hex(t.text[2 + digits]))
        digits++;
    if (digits % 2 != 0 || 2 + digits + 1 != t.length)
        t.kind = MO_TOKEN_BAD;
    return t;
}

/* A word, or a string that a letter begins: x'…' E'…' b'…' n'…' u&'…' u&"…". */
static mo_token word_token(mo_lexer *l)
{
    const mo_lex_rules *rules = l->rules;
    const char *at = l->at, *p = at + 1;
    if (peek(l, p) == '\'') {
        if (same_letter(*at, 'x'))
            return rules->letter_string ? quoted(l, p, 0, MO_TOKEN_STRING) : blob(l, p);
        if (same_letter(*at, 'e') && rules->e_string)
            return quoted(l, p, 1, MO_TOKEN_STRING);
        if ((same_letter(*at, 'b') || same_letter(*at, 'n')) && rules->letter_string)
            return quoted(l, p, rules->backslash, MO_TOKEN_STRING);
    }
    if (rules->letter_string && rules->e_string && same_letter(*at, 'u') && peek(l, p) == '&') {
        char quote = peek(l, p + 1);
        if (quote == '\'' || quote == '"')
            return quoted(l, p + 1, 0, quote == '"' ? MO_TOKEN_QUOTED : MO_TOKEN_STRING);
    }
    while (p < l->end && in_word(*p))
        p++;
    return take(l, MO_TOKEN_WORD, p, 0);
}

/* Digits and underscores between them. */
static const char *digits_end(const mo_lexer *l, const char *p)
{
    while (p < l->end && (is_digit(*p) || (*p == '_' && is_digit(peek(l, p + 1)))))
        p++;
    return p;
}

/* Behind the number that begins here, or behind what of it is one. */
static const char *number_end(const mo_lexer *l)
{
    const char *p = l->at;
    if (*p == '0' && same_letter(peek(l, p + 1), 'x') && is_hex(peek(l, p + 2))) {
        p += 2;
        while (is_hex(peek(l, p)))
            p++;
        return p;
    }
    p = digits_end(l, p);
    if (peek(l, p) == '.')
        p = digits_end(l, p + 1);
    if (same_letter(peek(l, p), 'e')) {
        char sign = peek(l, p + 1);
        const char *exponent = p + (sign == '+' || sign == '-' ? 2 : 1);
        if (is_digit(peek(l, exponent)))
            p = digits_end(l, exponent);
    }
    return p;
}

/* Takes also what is no number but looks like one (12ab), whole: the engine's own message is about all of it.
 * Where names may begin with digits, that is a name. */
static mo_token number_token(mo_lexer *l)
{
    const char *number = number_end(l), *end = number;
    while (end < l->end && in_word(*end))
        end++;
    int word = l->rules->digit_word && end > number;
    for (const char *p = l->at; word && p < number; p++)
        word = in_word(*p);
    return take(l, word ? MO_TOKEN_WORD : MO_TOKEN_NUMBER, end, 0);
}

/* $tag$ … $tag$ ; `tag_end` is behind the opening one. */
static mo_token dollar_string(mo_lexer *l, const char *tag_end)
{
    size_t tag = (size_t)(tag_end - l->at);
    for (const char *p = tag_end; p < l->end; p++) {
        if (*p == '\0')
            return take_nul(l, p);
        if (*p == '$' && (size_t)(l->end - p) >= tag && memcmp(p, l->at, tag) == 0)
            return take(l, MO_TOKEN_STRING, p + tag, '$');
    }
    return take(l, MO_TOKEN_BAD, l->end, '$');
}

/* SQLite's named parameter: @name, $name::more(suffix). The name has at least one character. */
static mo_token named_param(mo_lexer *l)
{
    const char *p = l->at + 1;
    size_t n = 0;
    for (; p < l->end; p++) {
        if (in_word(*p)) {
            n++;
        } else if (*p == '(' && n > 0) {
            while (p < l->end && *p != ')' && *p != '\0' && *p != '\v' && class_of(*p) != C_SPACE)
                p++;
            if (peek(l, p) != ')')
                return take(l, MO_TOKEN_BAD, p, 0);
            p++;
            break;
        } else if (*p == ':' && peek(l, p + 1) == ':') {
            p++;
        } else {
            break;
        }
    }
    return take(l, n > 0 ? MO_TOKEN_PARAM : MO_TOKEN_BAD, p, 0);
}

static mo_token dollar_token(mo_lexer *l)
{
    const char *p = l->at + 1;
    if (l->rules->named_param)
        return named_param(l);
    if (l->rules->dollar_quote && !is_digit(peek(l, p))) {
        while (p < l->end && (class_of(*p) == C_WORD || is_digit(*p)))
            p++;
        if (peek(l, p) == '$')
            return dollar_string(l, p + 1);
        return take(l, MO_TOKEN_BAD, l->at + 1, 0);
    }
    while (p < l->end && in_word(*p))
        p++;
    return take(l, l->rules->dollar_quote ? MO_TOKEN_PARAM : MO_TOKEN_WORD, p, 0);
}

/* The longest operator of those that engines without operators of one's own have. */
static size_t operator_length(const mo_lexer *l)
{
    static const char *const longer[] = {
        "->>", "<=>", "->", "||", "<=", "<>", "<<", ">=", ">>", "==", "!=", "&&", "::", ":=", NULL};
    size_t left = (size_t)(l->end - l->at);
    for (size_t i = 0; longer[i]; i++) {
        size_t n = longer[i][2] ? 3 : 2;
        if (n <= left && memcmp(l->at, longer[i], n) == 0)
            return n;
    }
    return 1;
}

/* PostgreSQL: a run of operator characters that holds no comment's beginning, and ends in + or - only when it has one
 * of the characters that no standard operator has. */
static size_t free_operator_length(const mo_lexer *l)
{
    const char *p = l->at;
    int special = 0;
    for (; p < l->end && strchr("+-*/<>=~!@#%^&|`?", *p) && *p; p++) {
        char next = peek(l, p + 1);
        if ((*p == '-' && next == '-') || (*p == '/' && next == '*'))
            break;
        special |= strchr("~!@#%^&|`?", *p) != NULL;
    }
    while (p - l->at > 1 && !special && (p[-1] == '+' || p[-1] == '-'))
        p--;
    return p > l->at ? (size_t)(p - l->at) : 1;
}

static mo_token operator_token(mo_lexer *l)
{
    size_t n = l->rules->free_operators && *l->at != ':' ? free_operator_length(l) : operator_length(l);
    return take(l, MO_TOKEN_OPERATOR, l->at + n, 0);
}

static mo_token quote_token(mo_lexer *l)
{
    const mo_lex_rules *rules = l->rules;
    switch (*l->at) {
    case '\'':
        return quoted(l, l->at, rules->backslash, MO_TOKEN_STRING);
    case '"':
        if (rules->double_is_string)
            return quoted(l, l->at, rules->backslash, MO_TOKEN_STRING);
        return quoted(l, l->at, 0, MO_TOKEN_QUOTED);
    case '`':
        return rules->backtick ? quoted(l, l->at, 0, MO_TOKEN_QUOTED) : operator_token(l);
    default: /* [ : a name, or a subscript */
        return rules->bracket ? quoted(l, l->at, 0, MO_TOKEN_QUOTED) : take(l, MO_TOKEN_PUNCT, l->at + 1, 0);
    }
}

/* @ # : ? : a parameter, an operator, a variable, a comment (that one was seen before). */
static mo_token mark_token(mo_lexer *l)
{
    const char *p = l->at + 1;
    char c = *l->at;
    if (l->rules->free_operators && (c != ':' || !in_word(peek(l, p)) || is_digit(peek(l, p))))
        return operator_token(l);
    if (c == '?') {
        while (is_digit(peek(l, p)))
            p++;
        return take(l, MO_TOKEN_PARAM, p, 0);
    }
    if (c == ':' && (peek(l, p) == ':' || peek(l, p) == '=') && !l->rules->named_param)
        return operator_token(l);
    if (l->rules->named_param)
        return named_param(l);
    if (c == '@' && peek(l, p) == '@')
        p++;
    const char *name = p;
    while (p < l->end && (in_word(*p) || *p == '.'))
        p++;
    return take(l, p > name ? MO_TOKEN_PARAM : MO_TOKEN_OPERATOR, p, 0);
}

static mo_token line_comment(mo_lexer *l)
{
    const char *p = l->at;
    for (; p < l->end && *p != '\n'; p++)
        if (*p == '\0')
            return take_nul(l, p);
    if (p > l->at && p[-1] == '\r' && p < l->end)
        p--; /* of the line's end, not of the comment */
    return take(l, MO_TOKEN_COMMENT, p, 0);
}

static mo_token block_comment(mo_lexer *l)
{
    size_t depth = 1;
    for (const char *p = l->at + 2; p < l->end; p++) {
        if (*p == '\0')
            return take_nul(l, p);
        if (*p == '*' && peek(l, p + 1) == '/') {
            p++;
            if (--depth == 0)
                return take(l, MO_TOKEN_COMMENT, p + 1, 0);
        } else if (l->rules->nested_comment && *p == '/' && peek(l, p + 1) == '*') {
            p++;
            depth++;
        }
    }
    return take(l, l->rules->open_comment ? MO_TOKEN_COMMENT : MO_TOKEN_BAD, l->end, 0);
}

/* Does a comment begin here? Takes it then. */
static int comment_token(mo_lexer *l, mo_token *out)
{
    char next = peek(l, l->at + 1);
    if (*l->at == '-' && next == '-') {
        char third = peek(l, l->at + 2);
        if (l->rules->dash_space && third != '\0' && class_of(third) != C_SPACE)
            return 0;
        *out = line_comment(l);
        return 1;
    }
    if (*l->at == '#' && l->rules->hash_comment) {
        *out = line_comment(l);
        return 1;
    }
    /* SQLite reads the two characters at the very end of its input as two operators. */
    if (*l->at == '/' && next == '*' && !(l->rules->open_comment && l->end - l->at == 2)) {
        *out = block_comment(l);
        return 1;
    }
    return 0;
}

/* A line of a dump that speaks to the client alone: \restrict TOKEN. */
static int is_restrict(const mo_lexer *l)
{
    static const char *const words[] = {"restrict ", "unrestrict "};
    size_t left = (size_t)(l->end - l->at - 1);
    for (size_t i = 0; *l->at == '\\' && l->rules->client_commands && i < sizeof words / sizeof *words; i++)
        if (left > strlen(words[i]) && memcmp(l->at + 1, words[i], strlen(words[i])) == 0)
            return 1;
    return 0;
}

static mo_token space_token(mo_lexer *l)
{
    const char *p = l->at;
    for (;;) {
        if (p < l->end && (class_of(*p) == C_SPACE || (l->rules->tab_goes_on && *p == '\v' && p > l->at)))
            p++;
        else if (l->rules->bom_is_space && has_bom(l, p))
            p += BOM_LENGTH;
        else
            return take(l, MO_TOKEN_SPACE, p, 0);
    }
}

void mo_lexer_init(mo_lexer *l, const mo_lex_rules *rules, const char *text, size_t length)
{
    memset(l, 0, sizeof *l);
    l->rules = rules;
    l->at = text ? text : "";
    l->end = l->at + (text ? length : 0);
    l->line = 1;
    l->column = 1;
    if (has_bom(l, l->at))
        l->at += BOM_LENGTH;
}

mo_token mo_lexer_next(mo_lexer *l)
{
    mo_token t;
    while (l->at < l->end) {
        switch (class_of(*l->at)) {
        case C_WORD:
            if (!(l->rules->bom_is_space && has_bom(l, l->at)))
                return word_token(l);
            /* fall through */
        case C_SPACE:
            t = space_token(l);
            if (l->want_space)
                return t;
            continue;
        case C_DIGIT:
            return number_token(l);
        case C_DOT:
            return is_digit(peek(l, l->at + 1)) ? number_token(l) : take(l, MO_TOKEN_PUNCT, l->at + 1, 0);
        case C_PUNCT:
            return take(l, MO_TOKEN_PUNCT, l->at + 1, 0);
        case C_QUOTE:
            return quote_token(l);
        case C_DOLLAR:
            return dollar_token(l);
        case C_MARK:
        case C_OPERATOR:
            if (!comment_token(l, &t))
                return class_of(*l->at) == C_MARK ? mark_token(l) : operator_token(l);
            if (t.kind != MO_TOKEN_COMMENT || l->want_comments)
                return t;
            continue;
        default:
            if (!is_restrict(l))
                return take(l, MO_TOKEN_BAD, l->at + 1, 0);
            t = line_comment(l);
            if (l->want_comments)
                return t;
            continue;
        }
    }
    return take(l, MO_TOKEN_END, l->end, 0);
}

int mo_token_is(const mo_token *t, const char *word)
{
    if (t->kind != MO_TOKEN_WORD)
        return 0;
    for (size_t i = 0; i < t->length; i++) {
        char a = t->text[i], b = word[i];
        if (b >= 'A' && b <= 'Z')
            b = (char)(b + ('a' - 'A'));
        if (b == '\0' || !same_letter(a, b))
            return 0;
    }
    return word[t->length] == '\0';
}

int mo_token_is_punct(const mo_token *t, char c)
{
    return t->kind == MO_TOKEN_PUNCT && t->text[0] == c;
}

/* What stands between the outer quotes of a token: its first byte and its length. */
static const char *inside(const mo_token *t, size_t *length)
{
    const char *begin = memchr(t->text, t->quote, t->length), *end = t->text + t->length;
    size_t mark = 1;
    if (t->quote == '$') {
        const char *tag_end = memchr(begin + 1, '$', t->length - 1);
        mark = (size_t)(tag_end + 1 - begin);
    }
    *length = (size_t)(end - begin) - 2 * mark;
    return begin + mark;
}

size_t mo_token_value(const mo_token *t, char *out)
{
    size_t length = t->length, n = 0;
    const char *text = t->text;
    if (t->kind == MO_TOKEN_QUOTED || t->kind == MO_TOKEN_STRING)
        text = inside(t, &length);
    int doubled = text != t->text && t->quote != '$' && t->quote != '[';
    for (size_t i = 0; i < length; i++) {
        out[n++] = text[i];
        if (doubled && text[i] == t->quote)
            i++;
    }
    out[n] = '\0';
    return n;
}
