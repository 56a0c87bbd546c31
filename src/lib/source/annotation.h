/* SPDX-License-Identifier: MIT */
/* annotation.h - inside this room: what the words of one comment say. */
#ifndef MO_SOURCE_ANNOTATION_H
#define MO_SOURCE_ANNOTATION_H

#include "source/source.h"

/* The annotations of one comment. */
typedef struct mo_comment_words {
    const char *renamed_from; /* NULL: none */
    const char *fill;         /* NULL: none */
    mo_allows allows;
    mo_where where; /* of the first */
    mo_where fill_where;
} mo_comment_words;

/* Reads a COMMENT token. Words that are not ours ("@todo") are nothing; ones that are nearly ours are SOURCE. */
int mo_comment_read(mo_region *r, const mo_lex_rules *rules, const char *file, const mo_token *comment,
                    mo_comment_words *out, mo_error *err);

#endif
