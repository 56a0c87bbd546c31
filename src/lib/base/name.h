/* SPDX-License-Identifier: MIT */
/*
 * name.h - names as SQL writes them.
 *
 * Engines that fold what is not quoted, and keep what is, have names in the tree in their SQL form: users, "User", and
 * other.users for what lies in another namespace. There is one spelling for each name: quotes stand only where they must.
 */
#ifndef MO_NAME_H
#define MO_NAME_H

#include "base/lexer.h"
#include "base/str.h"

/* Appends the SQL form of one bare name: as it is when it is a plain word in lower case that means nothing else, else
 * between double quotes, each of its own doubled. */
void mo_name_add(mo_str *out, const char *bare);
/* Is it one or more names in SQL form, with dots between them? Quotes that need not be there are taken too. */
int mo_name_is_sql(const char *text);
/* Appends a name in SQL form as it is, and anything else as one bare name: whatever it holds, it stays a name. */
void mo_name_quote(mo_str *out, const char *name);
/* Appends the bare name that a part of a path (one that mo_name_is_sql() takes) stands for; returns what follows the part and
 * its dot, NULL after the last one. */
const char *mo_name_bare(mo_str *out, const char *path);
/* Appends the name that a WORD or QUOTED token stands for as the tree has it: by `rules` in SQL form, or with quotes undone. */
void mo_name_of_token(const mo_lex_rules *rules, const mo_token *t, mo_str *out);

#endif
