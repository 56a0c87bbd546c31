/* SPDX-License-Identifier: MIT */
/*
 * source.h - anything a schema can be read from.
 *
 *   text.c       files, folders, globs, "-", cmd:, models → texts
 *   annotate.c   annotations and places, from the tokens alone
 *   load.c       texts → schema, canonicalised by the engine in a scratch (only what changed)
 *   source.c     the forms of a source, one table entry each
 */
#ifndef MO_SOURCE_H
#define MO_SOURCE_H

#include "dialect/dialect.h"
#include "moult.h"
#include "schema/schema.h"

/* One text of a source. */
typedef struct mo_text {
    const char *name; /* for errors: the path, "<stdin>", "<text>", "<models>", the command */
    const char *data; /* in the region, NUL-terminated */
    size_t length;
} mo_text;

typedef struct mo_texts {
    mo_region *region; /* the caller's */
    MO_VEC(mo_text) items;
} mo_texts;

/* What a source is, once looked at. */
typedef enum mo_source_form { MO_SOURCE_TEXTS = 0, MO_SOURCE_DATABASE, MO_SOURCE_HISTORY } mo_source_form;
typedef struct mo_source_read {
    mo_source_form form;
    mo_texts texts;  /* TEXTS */
    const char *uri; /* DATABASE: URL or path */
    int64_t version; /* HISTORY */
    mo_hash hash;    /* TEXTS: of names' order and contents: what the fast path compares */
} mo_source_read;

/* Reads it: files and commands are read here, databases and histories only named. `d` renders models. INVALID, IO,
 * NOTFOUND, SOURCE. */
int mo_source_open(mo_region *r, const mo_dialect *d, const moult_source *source, mo_patience patience,
                   mo_source_read *out, mo_error *err);

/* Texts → schema. */
typedef struct mo_load_args {
    const mo_texts *texts;
    const mo_schema *known;    /* live schema: a statement whose tokens equal one's is not executed again; NULL: none */
    const mo_schema *recorded; /* the last version's: likewise; NULL: none */
    int full;                  /* 1: execute everything */
    mo_deadline deadline;
    const volatile int *cancel;
} mo_load_args;
/* SOURCE with file, line, column; TIMEOUT; CANCELLED; NOMEM. */
int mo_load_texts(const mo_dialect *d, mo_conn *c, const mo_load_args *args, mo_schema **out, mo_error *err);

/* An annotation, or only the place of a thing. */
typedef struct mo_annotation {
    const char *table;        /* the CREATE TABLE it stands in; NULL: it is about the object of another statement */
    const char *column;       /* NULL: the table or object itself */
    const char *renamed_from; /* NULL: none */
    const char *fill;         /* NULL: none */
    mo_where where;           /* of the column or table */
    mo_where fill_where;
} mo_annotation;
typedef MO_VEC(mo_annotation) mo_annotations;
/* The columns of one CREATE TABLE statement with their places, and the annotations that stand at the end of their
 * lines; those that allow something go to `allows`, with no object where they are about the statement as a whole. SOURCE when an annotation is malformed, unknown ("@rename"), stands alone on a line, or where none is
 * allowed. */
int mo_annotate(mo_region *r, const mo_lex_rules *rules, const char *file, const mo_statement_text *statement,
                mo_annotations *out, mo_allows *allows, mo_error *err);

#endif
