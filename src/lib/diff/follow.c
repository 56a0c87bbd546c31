/* SPDX-License-Identifier: MIT */
/*
 * follow.c - compares two canonical texts, name by name, as if renames had been done in the first.
 *
 * Both texts are walked at once: names (bare or quoted, quoting makes no difference) may follow a rename, all else has
 * to be the same, string literals included. Nothing is allocated; a name longer than the room is compared as it is.
 */
#include <string.h>

#include "base/fold.h"
#include "diff/renames.h"

enum { NAME_ROOM = 256 };

typedef struct piece {
    const char *text;
    size_t length;
    int is_name;
    char name[NAME_ROOM]; /* the name, quotes undone; "" for one that is too long */
} piece;

/* What may follow what: two maps before the word `turn`, two behind it. NULL maps have nothing. */
typedef struct following {
    const mo_map *before[2], *behind[2];
    const char *turn;
    int lenient; /* a name that could follow need not */
} following;

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

/* The length of a quoted thing from its opening to its closing quote; a doubled closing quote is part of it. */
static size_t quoted_length(const char *at, char close)
{
    size_t n = 1;
    while (at[n]) {
        if (at[n] == close && (close == ']' || at[n + 1] != close))
            return n + 1;
        n += at[n] == close ? 2 : 1;
    }
    return n;
}

static void undo_quotes(piece *p, char close)
{
    size_t n = 0, i = 1, end = p->length - 1;
    while (i < end && n + 1 < NAME_ROOM) {
        if (p->text[i] == close)
            i++;
        p->name[n++] = p->text[i++];
    }
    p->name[i < end ? 0 : n] = '\0';
}

static void next_piece(const char *at, piece *p)
{
    p->text = at;
    p->is_name = 0;
    p->name[0] = '\0';
    p->length = *at != '\0';
    if (*at == '\'') {
        p->length = quoted_length(at, '\'');
    } else if (*at == '"' || *at == '`' || *at == '[') {
        char close = *at == '[' ? ']' : *at;
        p->length = quoted_length(at, close);
        p->is_name = 1;
        undo_quotes(p, close);
    } else if (is_word(*at)) {
        while (is_word(at[p->length]))
            p->length++;
        p->is_name = !(*at >= '0' && *at <= '9') && at[p->length] != '\'';
        if (p->is_name && p->length < NAME_ROOM) {
            memcpy(p->name, at, p->length);
            p->name[p->length] = '\0';
        }
    }
}

static int same_as_written(const piece *a, const piece *b)
{
    if (a->is_name && b->is_name && a->name[0] && b->name[0])
        return mo_fold_compare(a->name, b->name) == 0;
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static int same_after(const piece *a, const piece *b, const mo_map *const maps[2], int lenient)
{
    const char *renamed = NULL;
    for (int i = 0; i < 2 && a->is_name && !renamed; i++)
        renamed = maps[i] ? mo_map_get(maps[i], a->name) : NULL;
    if (!renamed)
        return same_as_written(a, b);
    if (b->is_name && mo_name_equal(renamed, b->name))
        return 1;
    return lenient && same_as_written(a, b);
}

static int follows(const following *f, const char *live, const char *target)
{
    const mo_map *const *maps = f->before;
    piece a, b;
    live = live ? live : "";
    target = target ? target : "";
    do {
        next_piece(live, &a);
        next_piece(target, &b);
        if (!same_after(&a, &b, maps, f->lenient))
            return 0;
        if (f->turn && a.is_name && mo_name_equal(a.name, f->turn))
            maps = f->behind;
        live += a.length;
        target += b.length;
    } while (a.length && b.length);
    return a.length == b.length;
}

int mo_follow_constraint(const mo_renames *r, const char *live_table, const mo_constraint *live,
                         const mo_constraint *target)
{
    if (!mo_renames_any(r))
        return strcmp(live->canonical ? live->canonical : "", target->canonical ? target->canonical : "") == 0;
    const mo_map *own = mo_renames_columns(r, live_table);
    following f = {.before = {own, r->tables}};
    if (live->kind == MO_CONSTRAINT_FOREIGN_KEY) {
        f.before[1] = NULL;
        f.behind[0] = r->tables;
        f.behind[1] = mo_renames_columns(r, live->ref_table);
        f.turn = "references";
    }
    return follows(&f, live->canonical, target->canonical);
}

int mo_follow_expression(const mo_renames *r, const char *live_table, const char *live, const char *target)
{
    if (!mo_renames_any(r))
        return strcmp(live ? live : "", target ? target : "") == 0;
    const following f = {.before = {mo_renames_columns(r, live_table), NULL}};
    return follows(&f, live, target);
}

int mo_follow_object(const mo_renames *r, const char *live, const char *target)
{
    if (!mo_renames_any(r))
        return strcmp(live ? live : "", target ? target : "") == 0;
    const following f = {.before = {r->tables, r->all_columns}, .lenient = 1};
    return follows(&f, live, target);
}
