/* SPDX-License-Identifier: MIT */
/* lexer.h - splits SQL text into tokens, by the rules of a dialect. Knows no grammar. Never allocates. */
#ifndef MO_LEXER_H
#define MO_LEXER_H

#include <stddef.h>

typedef enum mo_token_kind {
    MO_TOKEN_END = 0, /* no more text */
    MO_TOKEN_SPACE,   /* white space; given only when asked */
    MO_TOKEN_COMMENT, /* a comment with its marks; given only when asked */
    MO_TOKEN_WORD,    /* an unquoted name or keyword */
    MO_TOKEN_QUOTED,  /* a quoted name: "x", `x`, [x]; `quote` tells which opened it */
    MO_TOKEN_STRING,  /* a string literal: 'x', also x'…', E'…', $tag$…$tag$ */
    MO_TOKEN_NUMBER,
    MO_TOKEN_OPERATOR, /* one operator, of one or more characters: || <= -> ->> :: */
    MO_TOKEN_PUNCT,    /* ( ) , ; . */
    MO_TOKEN_PARAM,    /* ?1 :name @name $name */
    MO_TOKEN_BAD       /* an unclosed quote or comment, a NUL byte, a character that no dialect knows */
} mo_token_kind;

/* What differs between dialects. */
typedef struct mo_lex_rules {
    unsigned backtick : 1;         /* `x` is a name */
    unsigned bracket : 1;          /* [x] is a name */
    unsigned double_is_string : 1; /* "x" is a string (MySQL without ANSI_QUOTES) */
    unsigned dollar_quote : 1;     /* $tag$…$tag$ is a string */
    unsigned backslash : 1;        /* \' inside '…' is a quote (MySQL; PostgreSQL only in E'…') */
    unsigned e_string : 1;         /* E'…' */
    unsigned hash_comment : 1;     /* # to the end of the line */
    unsigned nested_comment : 1;   /* block comments nest */
    unsigned trigger_body : 1;     /* CREATE TRIGGER … BEGIN … ; END: semicolons inside do not end the statement */
    unsigned open_comment : 1;     /* a block comment that is not closed runs to the end of the text (SQLite) */
    unsigned bom_is_space : 1;     /* a byte order mark is white space anywhere (SQLite) */
    unsigned tab_goes_on : 1;    /* a vertical tab is white space behind other white space, and nowhere else (SQLite) */
    unsigned dash_space : 1;     /* -- begins a comment only before white space (MySQL) */
    unsigned digit_word : 1;     /* a name may begin with a digit: 2fa_codes (MySQL) */
    unsigned letter_string : 1;  /* b'…', n'…' and u&'…' are strings too; only x'…' otherwise */
    unsigned named_param : 1;    /* @name, #name, :name and $name are parameters (SQLite) */
    unsigned free_operators : 1; /* an operator is any run of operator characters, @ # ? included (PostgreSQL) */
    unsigned nested_statement : 1; /* semicolons in parentheses, and in BEGIN ATOMIC … END, end nothing (PostgreSQL) */
    unsigned
        client_commands : 1; /* \restrict and \unrestrict of dumps are comments up to the line's end (PostgreSQL) */
    unsigned sql_names : 1;  /* names in the tree stand as SQL writes them: see name.h (PostgreSQL) */
} mo_lex_rules;

extern const mo_lex_rules mo_lex_sqlite;
extern const mo_lex_rules mo_lex_postgres;
extern const mo_lex_rules mo_lex_mysql;

typedef struct mo_token {
    mo_token_kind kind;
    const char *text; /* borrowed from the input */
    size_t length;
    int line, column; /* from 1; column counts characters (UTF-8) */
    char quote;       /* QUOTED, STRING: the opening quote; else 0 */
} mo_token;

typedef struct mo_lexer {
    const mo_lex_rules *rules;
    const char *at, *end;
    int line, column;
    int want_comments; /* 1: COMMENT tokens are given too */
    int want_space;
} mo_lexer;

/* `text` need not end in NUL. A byte order mark at the start is skipped. */
void mo_lexer_init(mo_lexer *l, const mo_lex_rules *rules, const char *text, size_t length);
mo_token mo_lexer_next(mo_lexer *l);

/* Is it this keyword or unquoted name, whatever its case? `word` in any case. */
int mo_token_is(const mo_token *t, const char *word);
/* Is it this single character of punctuation? */
int mo_token_is_punct(const mo_token *t, char c);
/* The name or string that a WORD, QUOTED or STRING token stands for, quotes undone, into `out` (room for length + 1 bytes);
 * returns its length. */
size_t mo_token_value(const mo_token *t, char *out);

/* One statement of a text. */
typedef struct mo_statement_text {
    const char *text; /* from its first token to its last, without the semicolon */
    size_t length;
    /* What follows the semicolon, up to the next token or line end: trailing comments. It begins before the semicolon, and
     * holds it, when a comment stands between the last token and the semicolon. */
    const char *tail;
    size_t tail_length;
    int line, column;
} mo_statement_text;

/* Takes the next statement from the lexer: 1, 0 when there is none left, -1 for a BAD token (which is in *bad).
 * Empty statements are skipped. Knows trigger bodies, dollar quotes and comments. */
int mo_lexer_statement(mo_lexer *l, mo_statement_text *out, mo_token *bad);

#endif
