/* SPDX-License-Identifier: MIT */
/*
 * types.c - types that differ and are the same to the application: the target keeps the live one, so that there is no
 * difference, and what is rebuilt for other reasons keeps it too.
 */
#include <string.h>

#include "diff/carry.h"

/* 1 or 0; a negative code. Any other answer is a mistake that is better seen than taken for a yes. */
static int is_same(const mo_carrier *c, const mo_object *table, const mo_column *wanted, const mo_column *live)
{
    const char *before = mo_column_attr(live, MO_ATTR_TYPE), *after = mo_column_attr(wanted, MO_ATTR_TYPE);
    int answer;
    if (strcmp(before, after) == 0)
        return 0;
    answer = c->own->same_type(c->own->same_type_user, table->name, wanted->name, before, after);
    if (answer == 0 || answer == 1)
        return answer;
    mo_error_set(c->err, MOULT_INVALID, "the comparator of types answered %d for %s.%s (%s and %s)", answer,
                 table->name, wanted->name, before, after);
    mo_error_object(c->err, "option same_type");
    return mo_error_hint(c->err, "1: the types are the same; 0: they differ");
}

/* How many tokens a text has. */
static size_t token_count(const mo_dialect *d, const char *text)
{
    mo_lexer lexer;
    size_t n = 0;
    mo_lexer_init(&lexer, d->lex, text, strlen(text));
    while (mo_lexer_next(&lexer).kind != MO_TOKEN_END)
        n++;
    return n;
}

/* The definition with another type behind the name. NULL: no memory. */
static char *with_type(const mo_dialect *d, mo_region *r, const mo_column *c, const char *type)
{
    const char *old = c->attr[MO_ATTR_TYPE].text ? c->attr[MO_ATTR_TYPE].text : "", *rest;
    size_t skip = token_count(d, old);
    mo_lexer lexer;
    mo_token name, last;
    mo_str out = {0};
    mo_lexer_init(&lexer, d->lex, c->text, strlen(c->text));
    name = last = mo_lexer_next(&lexer);
    for (size_t i = 0; i < skip; i++)
        last = mo_lexer_next(&lexer);
    rest = last.text + last.length;
    mo_str_addn(&out, name.text, name.length);
    if (type && *type)
        mo_str_addf(&out, " %s", type);
    mo_str_add(&out, rest);
    return mo_str_into(&out, r);
}

static int keep_type(const mo_carrier *c, mo_column *wanted, const mo_column *live)
{
    mo_region *r = c->target->region;
    mo_attr_value type = {mo_region_dup(r, live->attr[MO_ATTR_TYPE].canonical),
                          mo_region_dup(r, live->attr[MO_ATTR_TYPE].text)};
    if ((live->attr[MO_ATTR_TYPE].canonical && !type.canonical) || (live->attr[MO_ATTR_TYPE].text && !type.text))
        return mo_error_nomem(c->err);
    wanted->text = with_type(c->dialect, r, wanted, type.text);
    wanted->attr[MO_ATTR_TYPE] = type;
    wanted->row_id = live->row_id;
    return wanted->text ? MOULT_OK : mo_error_nomem(c->err);
}

int mo_carry_types(const mo_carrier *c, const mo_table_pair *pair, int *kept)
{
    const mo_table *table = pair->target->table;
    int rc = MOULT_OK;
    for (size_t i = 0; i < table->columns.count && rc == MOULT_OK; i++) {
        mo_column *wanted = table->columns.items[i], *live;
        int same;
        if (mo_match_columns(&pair->live_columns, &pair->target_columns, wanted, &live) == MO_MATCH_NEW)
            continue;
        same = is_same(c, pair->target, wanted, live);
        rc = same == 1 ? keep_type(c, wanted, live) : same;
        *kept |= same == 1;
    }
    return rc;
}
