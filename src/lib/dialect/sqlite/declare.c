/* SPDX-License-Identifier: MIT */
/* declare.c - one desired statement, told apart by its first tokens: what declares is allowed, all else is refused with the
 * reason. Whether the statement is right is for the engine to say. */
#include <stdlib.h>
#include <string.h>

#include "dialect/sqlite/reader_core.h"

/* What desired SQL has no place for. */
static const struct refusal {
    const char *word, *why, *hint;
} refusals[] = {
    {"INSERT", "INSERT changes data; desired SQL only declares",
     "give existing rows a value with -- @fill, or change data with the application"},
    {"UPDATE", "UPDATE changes data; desired SQL only declares",
     "give existing rows a value with -- @fill, or change data with the application"},
    {"DELETE", "DELETE changes data; desired SQL only declares",
     "give existing rows a value with -- @fill, or change data with the application"},
    {"REPLACE", "REPLACE changes data; desired SQL only declares",
     "give existing rows a value with -- @fill, or change data with the application"},
    {"WITH", "WITH begins a query or a change of data; desired SQL only declares",
     "give existing rows a value with -- @fill, or change data with the application"},
    {"SELECT", "SELECT reads data; desired SQL only declares", "take it out"},
    {"VALUES", "VALUES reads data; desired SQL only declares", "take it out"},
    {"EXPLAIN", "EXPLAIN declares nothing", "take it out"},
    {"PRAGMA", "PRAGMA sets the connection or the file; desired SQL only declares", "take it out"},
    {"ATTACH", "ATTACH opens another database; desired SQL only declares", "take it out"},
    {"DETACH", "DETACH closes another database; desired SQL only declares", "take it out"},
    {"BEGIN", "BEGIN controls a transaction; moult makes its own", "take it out"},
    {"COMMIT", "COMMIT controls a transaction; moult makes its own", "take it out"},
    {"END", "END controls a transaction; moult makes its own", "take it out"},
    {"ROLLBACK", "ROLLBACK controls a transaction; moult makes its own", "take it out"},
    {"SAVEPOINT", "SAVEPOINT controls a transaction; moult makes its own", "take it out"},
    {"RELEASE", "RELEASE controls a transaction; moult makes its own", "take it out"},
    {"ANALYZE", "ANALYZE gathers statistics; desired SQL only declares", "take it out"},
    {"REINDEX", "REINDEX works on data; desired SQL only declares", "take it out"},
    {"VACUUM", "VACUUM works on the file; desired SQL only declares", "take it out"},
};

static int refuse(mo_declared *out, const char *why, const char *hint)
{
    out->allowed = 0;
    out->creates = 0;
    out->why = why;
    out->hint = hint;
    return MOULT_OK;
}

/* The name that a token stands for, in the region. */
static int take_name(mo_region *r, const mo_token *t, const char **out, mo_error *err)
{
    char *name = mo_region_alloc(r, t->length + 1);
    if (!name)
        return mo_error_nomem(err);
    mo_token_value(t, name);
    *out = name;
    return MOULT_OK;
}

static int is_name(const mo_token *t)
{
    if (t->kind == MO_TOKEN_WORD)
        return mo_word_where(mo_word_find(t->text, t->length)) != MO_WORD_USE_RESERVED;
    return t->kind == MO_TOKEN_QUOTED || (t->kind == MO_TOKEN_STRING && t->text[0] == '\'');
}

/* name or name.name, beginning with *t: the last one in *out, the first in *space; *t is then the token behind. 0: none. */
static int take_path(mo_lexer *l, mo_token *t, mo_token *space, mo_token *out)
{
    if (!is_name(t))
        return 0;
    *out = *t;
    *t = mo_lexer_next(l);
    if (!mo_token_is_punct(t, '.'))
        return 1;
    *space = *out;
    *out = mo_lexer_next(l);
    if (!is_name(out))
        return 0;
    *t = mo_lexer_next(l);
    return 1;
}

/* What a CREATE creates, and the token behind the word for it. */
static int take_kind(mo_lexer *l, mo_token *t, mo_declared *out)
{
    static const struct {
        const char *word;
        mo_kind kind;
    } kinds[] = {
        {"TABLE", MO_KIND_TABLE}, {"INDEX", MO_KIND_INDEX}, {"VIEW", MO_KIND_VIEW}, {"TRIGGER", MO_KIND_TRIGGER}};
    int is_virtual = mo_token_is(t, "VIRTUAL");
    if (is_virtual || mo_token_is(t, "UNIQUE"))
        *t = mo_lexer_next(l);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!mo_token_is(t, kinds[i].word))
            continue;
        out->kind = is_virtual ? MO_KIND_VIRTUAL_TABLE : kinds[i].kind;
        *t = mo_lexer_next(l);
        return 1;
    }
    return 0;
}

/* IF NOT EXISTS, when it is there; `if` may be a name as well. */
static void skip_if_not_exists(mo_lexer *l, mo_token *t)
{
    mo_lexer ahead = *l;
    if (!mo_token_is(t, "IF"))
        return;
    mo_token second = mo_lexer_next(&ahead), third = mo_lexer_next(&ahead);
    if (!mo_token_is(&second, "NOT") || !mo_token_is(&third, "EXISTS"))
        return;
    *l = ahead;
    *t = mo_lexer_next(l);
}

/* The table of an index or trigger: the name behind the first ON. */
static int take_parent(mo_region *r, mo_lexer *l, mo_token *t, mo_declared *out, mo_error *err)
{
    mo_token space, name;
    while (t->kind != MO_TOKEN_END && t->kind != MO_TOKEN_BAD && !mo_token_is(t, "ON"))
        *t = mo_lexer_next(l);
    if (!mo_token_is(t, "ON"))
        return MOULT_OK;
    *t = mo_lexer_next(l);
    return take_path(l, t, &space, &name) ? take_name(r, &name, &out->parent, err) : MOULT_OK;
}

static int declare_create(mo_region *r, mo_lexer *l, mo_declared *out, mo_error *err)
{
    mo_token t = mo_lexer_next(l), space = {0}, name = {0};
    if (mo_token_is(&t, "TEMP") || mo_token_is(&t, "TEMPORARY"))
        return refuse(out, "a TEMP object lives in one connection only; desired SQL declares what stays",
                      "leave out TEMP");
    if (!take_kind(l, &t, out))
        return MOULT_OK; /* the engine says what is wrong with it */
    skip_if_not_exists(l, &t);
    if (!take_path(l, &t, &space, &name))
        return MOULT_OK;
    int rc = take_name(r, &name, &out->name, err);
    const char *in = "main";
    if (rc == MOULT_OK && space.kind)
        rc = take_name(r, &space, &in, err);
    if (rc)
        return rc;
    if (mo_name_equal(in, "temp"))
        return refuse(out, "a TEMP object lives in one connection only; desired SQL declares what stays",
                      "leave out temp.");
    if (!mo_name_equal(in, "main"))
        return refuse(out, "the object belongs to another database; desired SQL declares main only",
                      "leave out the name before the dot");
    if (mo_name_equaln("_moult_", out->name, strlen(out->name) < 7 ? strlen(out->name) : 7))
        return refuse(out, "names that begin with _moult_ are moult's own", "choose another name");
    out->creates = out->kind != MO_KIND_TABLE || !mo_token_is(&t, "AS");
    return out->kind == MO_KIND_INDEX || out->kind == MO_KIND_TRIGGER ? take_parent(r, l, &t, out, err) : MOULT_OK;
}

int mo_sqlite_declare(mo_conn *c, mo_region *r, const mo_statement_text *statement, mo_declared *out, mo_error *err)
{
    mo_lexer l;
    (void)c;
    *out = (mo_declared){.allowed = 1};
    mo_lexer_init(&l, &mo_lex_sqlite, statement->text, statement->length);
    mo_token t = mo_lexer_next(&l);
    if (mo_token_is_punct(&t, '.'))
        return refuse(out, "a line that begins with a dot is a command of the sqlite3 shell, not SQL", "take it out");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (mo_token_is(&t, refusals[i].word))
            return refuse(out, refusals[i].why, refusals[i].hint);
    return mo_token_is(&t, "CREATE") ? declare_create(r, &l, out, err) : MOULT_OK;
}
