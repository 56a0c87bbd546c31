/* SPDX-License-Identifier: MIT */
/*
 * annotate.c - where the columns of a CREATE TABLE stand, and which annotation belongs to which of them, or to the object that
 * another CREATE makes.
 *
 * One walk over the tokens, with the comments. A comment belongs to the item whose text stands before it on the
 * same line: a column (also past its comma), or the table, whose text is all up to the opening parenthesis and all
 * from the closing one on. The text of another object is its first line, and all outside of parentheses. Nothing of this needs to know what the definitions mean.
 */
#include <string.h>

#include "base/name.h"
#include "source/annotation.h"
#include "source/load.h"

typedef enum owner_kind {
    OWNER_NONE = 0,
    OWNER_TABLE,
    OWNER_COLUMN,
    OWNER_CONSTRAINT,
    OWNER_OBJECT, /* of another kind */
    OWNER_OTHER
} owner_kind;

typedef struct walk {
    mo_region *region;
    const mo_lex_rules *rules;
    const char *file;
    mo_annotations *out;
    mo_allows *allows;
    mo_error *err;
    mo_lexer lexer;
    mo_token token;    /* the one looked at; comments were dealt with before */
    const char *table; /* NULL: the statement creates no table */
    owner_kind owner;  /* of the last token */
    size_t index;      /* of the owner's entry in `out` */
    int constraint;    /* so many constraints stood beside the columns */
    int line;          /* where the last token ends; 0: there was none */
} walk;

/* What stands where no annotation is allowed. */
static int misplaced(walk *w, const mo_comment_words *words, const char *message)
{
    mo_where at = words->where;

    mo_error_set(w->err, MOULT_SOURCE, "%s", message);
    mo_error_hint(w->err, "an annotation must stand at the end of the line of its column or table");
    return mo_error_at(w->err, at.file, at.line, at.column);
}

static int give(walk *w, const mo_comment_words *words)
{
    mo_annotation *a = &w->out->items[w->index];

    if (words->fill && w->owner != OWNER_COLUMN) {
        return misplaced(w, words,
                         w->owner == OWNER_TABLE ? "'@fill' belongs to a column, and here stands the table"
                                                 : "'@fill' belongs to a column of a table");
    }
    if ((words->fill && a->fill) || (words->renamed_from && a->renamed_from)) {
        return misplaced(w, words, "this annotation stands here twice");
    }
    if (words->renamed_from) {
        const char *own = w->owner == OWNER_TABLE ? a->table : a->column;
        if (own && strcmp(words->renamed_from, own) == 0) {
            return misplaced(w, words, "'@renamed from' names what it stands at");
        }
        a->renamed_from = words->renamed_from;
    }
    if (words->fill) {
        a->fill = words->fill;
        a->fill_where = words->fill_where;
    }
    return MOULT_OK;
}

/* What an @allow is about: what it names, else what it stands at. */
static int give_allow(walk *w, const mo_comment_words *words, mo_allow a)
{
    if (!a.object) {
        if (w->line != words->where.line) {
            return misplaced(w, words, "an '@allow' that stands alone on its line does not say what it is about");
        }
        a.object = w->table; /* NULL: the whole statement, which whoever reads it knows */
        a.column = w->owner == OWNER_COLUMN ? w->out->items[w->index].column : NULL;
        a.constraint = w->owner == OWNER_CONSTRAINT ? w->constraint : 0;
    }
    return mo_vec_push(w->region, w->allows, a) == 0 ? MOULT_OK : mo_error_nomem(w->err);
}

static int give_allows(walk *w, const mo_comment_words *words)
{
    int rc = MOULT_OK;

    for (size_t i = 0; rc == MOULT_OK && i < words->allows.count; i++) {
        rc = give_allow(w, words, words->allows.items[i]);
    }
    return rc;
}

static int take_comment(walk *w, const mo_token *comment)
{
    mo_comment_words words;

    if (!memchr(comment->text, '@', comment->length)) {
        return MOULT_OK;
    }
    int rc = mo_comment_read(w->region, w->rules, w->file, comment, &words, w->err);
    if (rc == MOULT_OK) {
        rc = give_allows(w, &words);
    }
    if (rc != MOULT_OK || (!words.renamed_from && !words.fill)) {
        return rc;
    }
    if (w->line != comment->line) {
        return misplaced(w, &words, "an annotation stands alone on its line");
    }
    switch (w->owner) {
    case OWNER_TABLE:
    case OWNER_COLUMN:
    case OWNER_OBJECT:
        return give(w, &words);
    case OWNER_CONSTRAINT:
        return misplaced(w, &words, "an annotation stands at a constraint; it belongs to a column or a table");
    default:
        return misplaced(w, &words, "an annotation stands at what is neither a column nor a table");
    }
}

/* The next token that is no comment; comments on the way are taken for the owner of what came before. */
static int advance(walk *w)
{
    for (size_t i = 0; i < w->token.length; i++) {
        w->line += w->token.text[i] == '\n'; /* a string may go over several lines */
    }
    for (;;) {
        w->token = mo_lexer_next(&w->lexer);
        if (w->token.kind != MO_TOKEN_COMMENT) {
            break;
        }
        int rc = take_comment(w, &w->token);
        if (rc != MOULT_OK) {
            return rc;
        }
    }
    if (w->token.kind != MO_TOKEN_END) {
        w->line = w->token.line;
    }
    return MOULT_OK;
}

static int is_name_token(const mo_token *t)
{
    return t->kind == MO_TOKEN_WORD || t->kind == MO_TOKEN_QUOTED || t->kind == MO_TOKEN_STRING;
}

static char *name_of(walk *w, const mo_token *t)
{
    mo_str name = {0};

    mo_name_of_token(w->rules, t, &name);
    char *kept = mo_str_into(&name, w->region);
    if (!kept) {
        mo_error_nomem(w->err);
    }
    return kept;
}

/* A new entry, owned by the tokens from here on. */
static int begin_owner(walk *w, owner_kind kind, const char *column, const mo_token *at)
{
    mo_annotation a = {.table = w->table, .column = column, .where = {w->file, at->line, at->column}};

    w->owner = kind;
    w->index = w->out->count;
    return mo_vec_push(w->region, w->out, a) == 0 ? MOULT_OK : mo_error_nomem(w->err);
}

/* Past the token when it is this word: 1, 0, or a negative code. */
static int pass(walk *w, const char *word)
{
    if (!mo_token_is(&w->token, word)) {
        return 0;
    }
    int rc = advance(w);
    return rc == MOULT_OK ? 1 : rc;
}

/* Past IF NOT EXISTS when it stands here; a table may be called "if". */
static int pass_if_not_exists(walk *w)
{
    mo_lexer ahead = w->lexer;
    mo_token next;
    int rc;

    if (!mo_token_is(&w->token, "IF")) {
        return MOULT_OK;
    }
    do {
        next = mo_lexer_next(&ahead);
    } while (next.kind == MO_TOKEN_COMMENT);
    if (!mo_token_is(&next, "NOT")) {
        return MOULT_OK;
    }
    if ((rc = pass(w, "IF")) > 0 && (rc = pass(w, "NOT")) > 0) {
        rc = pass(w, "EXISTS");
    }
    return rc < 0 ? rc : MOULT_OK;
}

/* CREATE [TEMP] [VIRTUAL] TABLE [IF NOT EXISTS] name: 1 and the name in w->table, 0 for anything else, or a negative
 * code. From its name on, all is the table's. */
static int read_head(walk *w)
{
    static const char *const words[] = {"TEMP", "TEMPORARY", "VIRTUAL", "UNLOGGED"};
    int rc;

    if ((rc = pass(w, "CREATE")) <= 0) {
        return rc;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((rc = pass(w, words[i])) < 0) {
            return rc;
        }
    }
    if ((rc = pass(w, "TABLE")) <= 0) {
        return rc;
    }
    if ((rc = pass_if_not_exists(w)) != MOULT_OK) {
        return rc;
    }
    while (is_name_token(&w->token)) {
        mo_token name = w->token;
        if (!(w->table = name_of(w, &name))) {
            return MOULT_NOMEM;
        }
        if (w->out->count == 0 && (rc = begin_owner(w, OWNER_TABLE, NULL, &name)) != MOULT_OK) {
            return rc;
        }
        w->out->items[w->index].table = w->table;
        w->out->items[w->index].where = (mo_where){w->file, name.line, name.column};
        if ((rc = advance(w)) != MOULT_OK) {
            return rc;
        }
        if (!mo_token_is_punct(&w->token, '.')) {
            return 1;
        }
        if ((rc = advance(w)) != MOULT_OK) {
            return rc;
        }
    }
    return 0;
}

/* The first token of an item: a column's name, or the word of a constraint. */
static int begin_item(walk *w)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mo_token_is(&w->token, words[i])) {
            w->owner = OWNER_CONSTRAINT;
            w->constraint++;
            return MOULT_OK;
        }
    }
    if (!is_name_token(&w->token)) {
        w->owner = OWNER_OTHER; /* the engine will say what is wrong here */
        return MOULT_OK;
    }
    const char *name = name_of(w, &w->token);
    return name ? begin_owner(w, OWNER_COLUMN, name, &w->token) : MOULT_NOMEM;
}

/* From the opening parenthesis to the closing one. */
static int read_items(walk *w)
{
    int depth = 1, first = 1, rc;

    while ((rc = advance(w)) == MOULT_OK && w->token.kind != MO_TOKEN_END) {
        if (mo_token_is_punct(&w->token, '(')) {
            depth++;
        } else if (mo_token_is_punct(&w->token, ')') && --depth == 0) {
            w->owner = OWNER_TABLE;
            w->index = 0;
            return MOULT_OK;
        } else if (depth == 1 && mo_token_is_punct(&w->token, ',')) {
            first = 1;
        } else if (first) {
            first = 0;
            if ((rc = begin_item(w)) != MOULT_OK) {
                return rc;
            }
        }
    }
    return rc;
}

/* Another CREATE. Only where names are SQL's own does every kind of object have a name that RENAME takes. */
static int read_object(walk *w, int first_line)
{
    int depth = 0, rc = begin_owner(w, OWNER_OBJECT, NULL, &w->token);

    while (rc == MOULT_OK && w->token.kind != MO_TOKEN_END) {
        depth += mo_token_is_punct(&w->token, '(') - mo_token_is_punct(&w->token, ')');
        w->owner = depth == 0 || w->token.line == first_line ? OWNER_OBJECT : OWNER_OTHER;
        rc = advance(w);
    }
    return rc;
}

static int read_statement(walk *w)
{
    int rc = advance(w), creates = mo_token_is(&w->token, "CREATE"), line = w->token.line;

    w->owner = OWNER_OTHER;
    if (rc == MOULT_OK) {
        rc = read_head(w);
    }
    /* A module's arguments are no columns: the whole of a virtual table is the table's. */
    if (rc > 0 && mo_token_is_punct(&w->token, '(')) {
        rc = read_items(w);
    } else if (rc == 0 && creates && w->rules->sql_names && w->out->count == 0) {
        rc = read_object(w, line);
    }
    while (rc >= 0 && w->token.kind != MO_TOKEN_END) {
        rc = advance(w);
    }
    return rc < 0 ? rc : MOULT_OK;
}

/* A walk over text that begins at a line and a column. */
static void begin_walk(walk *w, const char *text, size_t length, int line, int column)
{
    mo_lexer_init(&w->lexer, w->rules, text, length);
    w->lexer.line = line;
    w->lexer.column = column;
    w->lexer.want_comments = 1;
}

int mo_annotate(mo_region *r, const mo_lex_rules *rules, const char *file, const mo_statement_text *statement,
                mo_annotations *out, mo_allows *allows, mo_error *err)
{
    walk w = {.region = r, .rules = rules, .file = file, .out = out, .allows = allows, .err = err};
    const char *end = statement->tail ? statement->tail + statement->tail_length : statement->text + statement->length;

    memset(out, 0, sizeof *out);
    begin_walk(&w, statement->text, (size_t)(end - statement->text), statement->line, statement->column);
    return read_statement(&w);
}

int mo_annotate_between(mo_region *r, const mo_lex_rules *rules, const char *file, const char *text, size_t length,
                        int line, int column, mo_allows *allows, mo_error *err)
{
    mo_annotations none = {0};
    walk w = {.region = r, .rules = rules, .file = file, .out = &none, .allows = allows, .err = err};

    begin_walk(&w, text, length, line, column);
    for (mo_token t = mo_lexer_next(&w.lexer); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD;
         t = mo_lexer_next(&w.lexer)) {
        int rc = t.kind == MO_TOKEN_COMMENT ? take_comment(&w, &t) : MOULT_OK;
        if (rc != MOULT_OK) {
            return rc;
        }
    }
    return MOULT_OK;
}
