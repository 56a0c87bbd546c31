/* SPDX-License-Identifier: MIT */
/*
 * statements.c - texts become statements that only declare, each with its annotations, and none declared twice.
 *
 * All of this needs tokens only, so a source that is wrong in one of these ways is refused before anything is run.
 */
#include <string.h>

#include "source/load.h"

static int bad_token(mo_load *l, const mo_text *text, const mo_token *bad)
{
    char first = bad->length ? bad->text[0] : '\0';

    if (first == '/' && bad->length > 1) {
        mo_error_set(l->err, MOULT_SOURCE, "a comment that begins here has no end");
        mo_error_hint(l->err, "close it with */");
    } else if (first != '\0' && strchr("'\"`[$", first)) {
        mo_error_set(l->err, MOULT_SOURCE, "a quote that begins here has no end");
        mo_error_hint(l->err, "close it; inside it, the quote itself is written twice");
    } else if (first == '\\' && l->d->lex->client_commands) {
        mo_error_set(l->err, MOULT_SOURCE, "a line that begins with a backslash is a command of the client, not SQL");
        mo_error_hint(l->err, "take it out");
    } else {
        mo_error_set(l->err, MOULT_SOURCE, "SQL has no such character as '%.*s'",
                     bad->length < 16 ? (int)bad->length : 16, bad->text);
    }
    return mo_error_at(l->err, text->name, bad->line, bad->column);
}

/* Annotations in what lies between two statements. `before` is the lexer as it was after the first. */
static int check_gap(mo_load *l, const mo_text *text, const mo_lexer *before, const mo_item *previous, const char *end)
{
    const char *at = before->at;
    int line = before->line, column = before->column;

    if (end <= at || !memchr(at, '@', (size_t)(end - at))) {
        return MOULT_OK;
    }
    /* What stands behind a statement on its line belongs to it. */
    const char *tail = previous && previous->st.tail ? previous->st.tail + previous->st.tail_length : at;
    for (; at < tail && at < end; at++) {
        if (*at == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*at & 0xC0) != 0x80) {
            column++;
        }
    }
    return mo_annotate_between(l->region, l->d->lex, text->name, at, (size_t)(end - at), line, column, &l->allows,
                               l->err);
}

int mo_load_annotate(mo_load *l, mo_item *item)
{
    if (item->noted) {
        return MOULT_OK;
    }
    item->noted = 1;
    size_t before = l->allows.count;
    int rc = mo_annotate(l->region, l->d->lex, item->text->name, &item->st, &item->notes, &l->allows, l->err);
    for (size_t i = before; rc == MOULT_OK && i < l->allows.count; i++) {
        mo_allow *a = &l->allows.items[i];
        a->object = a->object ? a->object : item->decl.name ? item->decl.name : "";
    }
    return rc;
}

/* Does the statement, with what stands behind it, have an '@' at all? */
static int has_at(const mo_statement_text *st)
{
    const char *end = st->tail ? st->tail + st->tail_length : st->text + st->length;

    return memchr(st->text, '@', (size_t)(end - st->text)) != NULL;
}

static int add_item(mo_load *l, const mo_text *text, const mo_statement_text *st)
{
    mo_item item = {.text = text, .st = *st};
    int rc = l->d->declare(l->conn, l->region, st, &item.decl, l->err);

    if (rc != MOULT_OK) {
        return l->err->pub.file ? rc : mo_error_at(l->err, text->name, st->line, st->column);
    }
    if (!item.decl.allowed) {
        mo_error_set(l->err, MOULT_SOURCE, "%s", item.decl.why);
        if (item.decl.hint) {
            mo_error_hint(l->err, "%s", item.decl.hint);
        }
        return item.decl.line ? mo_error_at(l->err, text->name, item.decl.line, item.decl.column)
                              : mo_error_at(l->err, text->name, st->line, st->column);
    }
    if (item.decl.skip) {
        return MOULT_OK;
    }
    if (!item.decl.creates || !item.decl.name) {
        l->ordered = 1;
    }
    if (has_at(st) && (rc = mo_load_annotate(l, &item)) != MOULT_OK) {
        return rc;
    }
    return mo_vec_push(l->region, &l->items, item) == 0 ? MOULT_OK : mo_error_nomem(l->err);
}

/* A comment that nobody closed hides all that follows, which some engines take. `last`: the last statement, or NULL. */
static int check_end(mo_load *l, const mo_text *text, const mo_item *last)
{
    const char *end = text->data + text->length, *from = last ? last->st.text + last->st.length : text->data;
    mo_lexer lexer;
    mo_token t;

    if (!memmem(from, (size_t)(end - from), "/*", 2)) {
        return MOULT_OK;
    }
    from = last ? last->st.text : text->data;
    mo_lexer_init(&lexer, l->d->lex, from, (size_t)(end - from));
    lexer.line = last ? last->st.line : 1;
    lexer.column = last ? last->st.column : 1;
    lexer.want_comments = 1;
    do {
        t = mo_lexer_next(&lexer);
        if (t.kind == MO_TOKEN_COMMENT && t.text[0] == '/' &&
            (t.length < 4 || memcmp(t.text + t.length - 2, "*/", 2) != 0)) {
            return bad_token(l, text, &t);
        }
    } while (t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD);
    return MOULT_OK;
}

static int split_text(mo_load *l, const mo_text *text)
{
    const char *end = text->data + text->length;
    mo_lexer lexer;
    int found = 1;

    mo_lexer_init(&lexer, l->d->lex, text->data, text->length);
    for (size_t first = l->items.count; found == 1;) {
        mo_lexer before = lexer;
        mo_statement_text st = {0};
        mo_token bad = {0};
        found = mo_lexer_statement(&lexer, &st, &bad);
        if (found < 0) {
            return bad_token(l, text, &bad);
        }
        const mo_item *previous = l->items.count > first ? &l->items.items[l->items.count - 1] : NULL;
        int rc = check_gap(l, text, &before, previous, found ? st.text : end);
        if (rc == MOULT_OK) {
            rc = found ? add_item(l, text, &st) : check_end(l, text, previous);
        }
        if (rc == MOULT_OK && (l->items.count & 63) == 0) {
            rc = mo_load_alive(l);
        }
        if (rc != MOULT_OK) {
            return rc;
        }
    }
    return MOULT_OK;
}

/* A source with a DROP may declare a name again; the engine says whether that is right. */
static int drops_something(const mo_load *l)
{
    for (size_t i = 0; i < l->items.count; i++) {
        const mo_item *item = &l->items.items[i];
        mo_lexer lexer;
        if (item->decl.creates) {
            continue;
        }
        mo_lexer_init(&lexer, l->d->lex, item->st.text, item->st.length);
        mo_token t = mo_lexer_next(&lexer);
        if (mo_token_is(&t, "DROP")) {
            return 1;
        }
    }
    return 0;
}

static int declared_twice(mo_load *l, const mo_item *first, const mo_item *second)
{
    const char *a = mo_kinds[first->decl.kind].name, *b = mo_kinds[second->decl.kind].name;

    if (first->decl.kind == second->decl.kind) {
        mo_error_set(l->err, MOULT_SOURCE, "%s '%s' is declared twice", b, second->decl.name);
    } else {
        mo_error_set(l->err, MOULT_SOURCE, "'%s' is declared as %s and as %s", second->decl.name, a, b);
    }
    mo_error_detail(l->err, "the first stands at %s:%d:%d", first->text->name, first->st.line, first->st.column);
    mo_error_hint(l->err, "take one of them out, or give it another name");
    mo_error_object(l->err, "%s %s", b, second->decl.name);
    return mo_error_at(l->err, second->text->name, second->st.line, second->st.column);
}

/* Tables, views and indexes share their names, without regard to case; triggers have names of their own. */
static int name_items(mo_load *l)
{
    int drops = l->ordered && drops_something(l);

    l->relations = mo_map_new(1);
    l->triggers = mo_map_new(1);
    if (!l->relations || !l->triggers) {
        return mo_error_nomem(l->err);
    }
    for (size_t i = 0; i < l->items.count; i++) {
        mo_item *item = &l->items.items[i];
        mo_map *map = item->decl.kind == MO_KIND_TRIGGER ? l->triggers : l->relations;
        if (!item->decl.creates || !item->decl.name) {
            continue;
        }
        const mo_item *first = mo_map_get(map, item->decl.name);
        if (first && !drops) {
            return declared_twice(l, first, item);
        }
        if (mo_map_put(map, item->decl.name, item) != 0) {
            return mo_error_nomem(l->err);
        }
    }
    return MOULT_OK;
}

int mo_load_split(mo_load *l)
{
    const mo_texts *texts = l->args->texts;

    for (size_t i = 0; i < texts->items.count; i++) {
        int rc = split_text(l, &texts->items.items[i]);
        if (rc != MOULT_OK) {
            return rc;
        }
    }
    if (l->items.count == 0) {
        mo_error_set(l->err, MOULT_SOURCE, "the source declares nothing, so everything would be dropped");
        mo_error_hint(l->err, "name the right source; an empty database as source says that nothing is meant");
        return texts->items.count ? mo_error_at(l->err, texts->items.items[0].name, 0, 0) : MOULT_SOURCE;
    }
    return name_items(l);
}
