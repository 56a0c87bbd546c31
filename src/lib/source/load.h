/* SPDX-License-Identifier: MIT */
/*
 * load.h - inside this room: the stages of loading texts, which hand one mo_load on.
 *
 *   statements.c   texts → items: told apart, refused, annotated; nothing declared twice
 *   closure.c      which items go into the scratch
 *   execute.c      those run there, in any order that works; an engine's error gets its place
 *   load.c         what came of it → schema
 */
#ifndef MO_SOURCE_LOAD_H
#define MO_SOURCE_LOAD_H

#include "source/source.h"

/* One statement of the source. */
typedef struct mo_item {
    const mo_text *text;
    mo_statement_text st;
    mo_declared decl;
    mo_annotations notes; /* of a CREATE TABLE; empty until `noted` */
    int noted;
    mo_object *object;     /* as its text says, in load->out's region; NULL: not read */
    const mo_object *twin; /* a known object with the very same text, so that it need not be read; NULL: none */
    int same;              /* 1: its tokens are those of an object that is known already */
    int run;               /* 1: it goes into the scratch */
    int ask;               /* 1: the engine is asked whether it works: it, or something it mentions, changed */
} mo_item;

typedef struct mo_load {
    const mo_dialect *d;
    mo_conn *conn;
    const mo_load_args *args;
    mo_region *region; /* of what is needed only meanwhile */
    MO_VEC(mo_item) items;
    mo_map *relations; /* name → item: what a FROM may name, and indexes */
    mo_map *triggers;  /* name → item: their names are their own */
    int ordered;       /* 1: there is more than plain CREATEs, so the order may matter, and all is run */
    mo_allows allows;
    mo_schema *out; /* not sealed */
    /* The text whose name was last copied into a schema, and that copy: what is declared comes text by text. */
    struct {
        const mo_text *text;
        const mo_schema *schema;
        const char *name;
    } place;
    mo_error *err;
} mo_load;

/* Fills items and the maps of names. */
int mo_load_split(mo_load *l);
/* Makes sure that item->notes are there. */
int mo_load_annotate(mo_load *l, mo_item *item);

/* Sets `object`, `twin`, `same`, `run` and `ask` of the items; *all says that everything runs. */
int mo_load_choose(mo_load *l, int *all);

/* Runs the chosen items on a scratch connection. */
int mo_load_execute(mo_load *l, mo_conn *scratch);
/* Gives an error that the engine reported of this item its place, and makes it one of the source. Returns its code. */
int mo_load_place(mo_load *l, const mo_item *item);
/* What the limits say: MOULT_OK, CANCELLED, TIMEOUT. */
int mo_load_alive(const mo_load *l);

/* annotate.c: comments between statements: of annotations only an @allow that says what it is about may stand there. */
int mo_annotate_between(mo_region *r, const mo_lex_rules *rules, const char *file, const char *text, size_t length,
                        int line, int column, mo_allows *allows, mo_error *err);

#endif
