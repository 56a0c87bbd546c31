/* SPDX-License-Identifier: MIT */
/*
 * statement.c - SQL text to statements: where one ends.
 *
 * A semicolon ends it, but for those inside the body of a trigger. There the rule is the one of sqlite3_complete(): a
 * statement that begins CREATE [TEMP] TRIGGER (behind EXPLAIN too) ends at the semicolon that follows "; END".
 *
 * PostgreSQL has bodies of its own: statements in parentheses (rules), and functions written BEGIN ATOMIC … END, in which a
 * CASE has an END too.
 */
#include "base/lexer.h"

#include <string.h>

enum state {
    NORMAL = 0, /* the next semicolon ends the statement */
    START,      /* nothing was seen yet */
    EXPLAINED,  /* EXPLAIN, and whatever follows it until a CREATE */
    CREATED,    /* CREATE, and TEMP or TEMPORARY */
    TRIGGER,    /* inside a trigger */
    BODY_SEMI,  /* … behind a semicolon */
    BODY_END    /* … behind "; END" */
};

static enum state after(enum state s, const mo_token *t)
{
    int semi = mo_token_is_punct(t, ';');
    switch (s) {
    case NORMAL:
        return NORMAL;
    case START:
        if (mo_token_is(t, "EXPLAIN"))
            return EXPLAINED;
        return mo_token_is(t, "CREATE") ? CREATED : NORMAL;
    case EXPLAINED:
        if (mo_token_is(t, "CREATE"))
            return CREATED;
        /* as sqlite3_complete(): QUERY PLAN and other words go on, the keywords that it knows do not */
        return mo_token_is(t, "EXPLAIN") || mo_token_is(t, "TEMP") || mo_token_is(t, "TEMPORARY") ||
                       mo_token_is(t, "TRIGGER") || mo_token_is(t, "END")
                   ? NORMAL
                   : EXPLAINED;
    case CREATED:
        if (mo_token_is(t, "TRIGGER"))
            return TRIGGER;
        return mo_token_is(t, "TEMP") || mo_token_is(t, "TEMPORARY") ? CREATED : NORMAL;
    case TRIGGER:
        return semi ? BODY_SEMI : TRIGGER;
    case BODY_SEMI:
        if (semi)
            return BODY_SEMI;
        return mo_token_is(t, "END") ? BODY_END : TRIGGER;
    case BODY_END:
        return TRIGGER; /* END of something else: what ends the trigger is seen by the caller */
    }
    return NORMAL;
}

/* How deep inside brackets and bodies a token of PostgreSQL's is. */
typedef struct depth {
    int brackets;
    int blocks; /* BEGIN ATOMIC, and each CASE inside it */
    int begun;  /* 1: the last token was BEGIN */
} depth;

static void go_deeper(depth *d, const mo_token *t)
{
    if (mo_token_is_punct(t, '('))
        d->brackets++;
    else if (mo_token_is_punct(t, ')'))
        d->brackets -= d->brackets > 0;
    else if ((d->begun && mo_token_is(t, "ATOMIC")) || (d->blocks && mo_token_is(t, "CASE")))
        d->blocks++;
    else if (d->blocks && mo_token_is(t, "END"))
        d->blocks--;
    d->begun = mo_token_is(t, "BEGIN");
}

/* Does this semicolon end the statement? */
static int ends(enum state s, const depth *d)
{
    return s != TRIGGER && s != BODY_SEMI && d->brackets == 0 && d->blocks == 0;
}

/* Goes on over white space and comments to the end of the line or the next token; a comment that begins on the line is
 * taken whole. Where it begins must have been noted before. */
static void skip_tail(mo_lexer *l)
{
    for (;;) {
        mo_lexer before = *l;
        l->want_comments = l->want_space = 1;
        mo_token t = mo_lexer_next(l);
        if (t.kind == MO_TOKEN_COMMENT)
            continue;
        if (t.kind == MO_TOKEN_SPACE && l->line == before.line)
            continue;
        *l = before;
        if (t.kind != MO_TOKEN_SPACE)
            return;
        const char *line_end = memchr(l->at, '\n', (size_t)(l->end - l->at));
        if (line_end > l->at && line_end[-1] == '\r')
            line_end--;
        for (; l->at < line_end; l->at++) /* white space only: one byte each, but for a byte order mark */
            l->column += ((unsigned char)*l->at & 0xC0u) != 0x80u;
        return;
    }
}

/* The lexer behind the last token of a statement: fills its tail. `comment` is where a comment stands between that
 * token and the semicolon, which then belongs to the tail; else NULL. */
static void take_tail(mo_lexer *l, const char *comment, mo_statement_text *out)
{
    out->tail = comment ? comment : l->at;
    skip_tail(l);
    out->tail_length = (size_t)(l->at - out->tail);
}

static int next_statement(mo_lexer *l, mo_statement_text *out, mo_token *bad)
{
    enum state state = START;
    depth deep = {0};
    mo_lexer last = *l;         /* behind the last token */
    const char *comment = NULL; /* the first one behind it */
    out->text = NULL;
    for (;;) {
        mo_token t = mo_lexer_next(l);
        if (t.kind == MO_TOKEN_BAD) {
            *bad = t;
            return -1;
        }
        if (t.kind == MO_TOKEN_COMMENT) {
            if (!comment)
                comment = t.text;
            continue;
        }
        if (t.kind == MO_TOKEN_END) {
            if (!out->text)
                return 0;
            *l = last;
            take_tail(l, NULL, out);
            return 1;
        }
        int semi = mo_token_is_punct(&t, ';');
        if (semi && ends(state, &deep)) {
            if (out->text) {
                take_tail(l, comment, out);
                return 1;
            }
            state = START;
            continue;
        }
        if (!out->text) {
            out->text = t.text;
            out->line = t.line;
            out->column = t.column;
        }
        out->length = (size_t)(t.text + t.length - out->text);
        state = l->rules->trigger_body ? after(state, &t) : NORMAL;
        if (l->rules->nested_statement)
            go_deeper(&deep, &t);
        last = *l;
        comment = NULL;
    }
}

int mo_lexer_statement(mo_lexer *l, mo_statement_text *out, mo_token *bad)
{
    int comments = l->want_comments, space = l->want_space;
    l->want_comments = 1;
    l->want_space = 0;
    int found = next_statement(l, out, bad);
    l->want_comments = comments;
    l->want_space = space;
    return found;
}
