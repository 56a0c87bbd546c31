/* SPDX-License-Identifier: MIT */
/*
 * name.c - names as SQL writes them, in PostgreSQL's way: what is not quoted is folded to lower case.
 *
 * The words that need quotes are those of all releases taken together. So a name has one spelling on every server, and a
 * quote too many on some of them does no harm.
 */
#include "base/name.h"

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"

/* All keywords but those that may stand for any name: sorted. */
static const char *const words[] = {"all",
                                    "analyse",
                                    "analyze",
                                    "and",
                                    "any",
                                    "array",
                                    "as",
                                    "asc",
                                    "asymmetric",
                                    "authorization",
                                    "between",
                                    "bigint",
                                    "binary",
                                    "bit",
                                    "boolean",
                                    "both",
                                    "case",
                                    "cast",
                                    "char",
                                    "character",
                                    "check",
                                    "coalesce",
                                    "collate",
                                    "collation",
                                    "column",
                                    "concurrently",
                                    "constraint",
                                    "create",
                                    "cross",
                                    "current_catalog",
                                    "current_date",
                                    "current_role",
                                    "current_schema",
                                    "current_time",
                                    "current_timestamp",
                                    "current_user",
                                    "dec",
                                    "decimal",
                                    "default",
                                    "deferrable",
                                    "desc",
                                    "distinct",
                                    "do",
                                    "else",
                                    "end",
                                    "except",
                                    "exists",
                                    "extract",
                                    "false",
                                    "fetch",
                                    "float",
                                    "for",
                                    "foreign",
                                    "freeze",
                                    "from",
                                    "full",
                                    "grant",
                                    "greatest",
                                    "group",
                                    "grouping",
                                    "having",
                                    "ilike",
                                    "in",
                                    "initially",
                                    "inner",
                                    "inout",
                                    "int",
                                    "integer",
                                    "intersect",
                                    "interval",
                                    "into",
                                    "is",
                                    "isnull",
                                    "join",
                                    "json",
                                    "json_array",
                                    "json_arrayagg",
                                    "json_exists",
                                    "json_object",
                                    "json_objectagg",
                                    "json_query",
                                    "json_scalar",
                                    "json_serialize",
                                    "json_table",
                                    "json_value",
                                    "lateral",
                                    "leading",
                                    "least",
                                    "left",
                                    "like",
                                    "limit",
                                    "localtime",
                                    "localtimestamp",
                                    "merge_action",
                                    "national",
                                    "natural",
                                    "nchar",
                                    "none",
                                    "normalize",
                                    "not",
                                    "notnull",
                                    "null",
                                    "nullif",
                                    "numeric",
                                    "offset",
                                    "on",
                                    "only",
                                    "or",
                                    "order",
                                    "out",
                                    "outer",
                                    "overlaps",
                                    "overlay",
                                    "placing",
                                    "position",
                                    "precision",
                                    "primary",
                                    "real",
                                    "references",
                                    "returning",
                                    "right",
                                    "row",
                                    "select",
                                    "session_user",
                                    "setof",
                                    "similar",
                                    "smallint",
                                    "some",
                                    "substring",
                                    "symmetric",
                                    "system_user",
                                    "table",
                                    "tablesample",
                                    "then",
                                    "time",
                                    "timestamp",
                                    "to",
                                    "trailing",
                                    "treat",
                                    "trim",
                                    "true",
                                    "union",
                                    "unique",
                                    "user",
                                    "using",
                                    "values",
                                    "varchar",
                                    "variadic",
                                    "verbose",
                                    "when",
                                    "where",
                                    "window",
                                    "with",
                                    "xmlattributes",
                                    "xmlconcat",
                                    "xmlelement",
                                    "xmlexists",
                                    "xmlforest",
                                    "xmlnamespaces",
                                    "xmlparse",
                                    "xmlpi",
                                    "xmlroot",
                                    "xmlserialize",
                                    "xmltable"};

enum { WORD_COUNT = sizeof words / sizeof *words, LONGEST_WORD = 17 };

static int compare_word(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static int is_keyword(const char *text, size_t n)
{
    char word[LONGEST_WORD + 1];
    if (n > LONGEST_WORD)
        return 0;
    memcpy(word, text, n);
    word[n] = '\0';
    return bsearch(word, words, WORD_COUNT, sizeof *words, compare_word) != NULL;
}

/* The length of the plain word that `text` begins with; 0: there is none, or it is a keyword. */
static size_t plain_length(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_$");
    if (n == 0 || strchr("0123456789$", *text))
        return 0;
    return is_keyword(text, n) ? 0 : n;
}

/* The length of the quoted name that `text` begins with; 0: there is none, or it is empty or not closed. */
static size_t quoted_length(const char *text)
{
    if (*text != '"')
        return 0;
    const char *end = text + 1;
    while (*end && (*end != '"' || end[1] == '"'))
        end += *end == '"' ? 2 : 1;
    return *end && end > text + 1 ? (size_t)(end + 1 - text) : 0;
}

static size_t part_length(const char *text)
{
    return *text == '"' ? quoted_length(text) : plain_length(text);
}

void mo_name_add(mo_str *out, const char *bare)
{
    size_t n = plain_length(bare);
    if (n && !bare[n])
        mo_str_addn(out, bare, n);
    else
        mo_str_ident(out, bare, '"');
}

int mo_name_is_sql(const char *text)
{
    for (;;) {
        size_t n = part_length(text);
        if (!n)
            return 0;
        text += n;
        if (!*text)
            return 1;
        if (*text++ != '.')
            return 0;
    }
}

void mo_name_quote(mo_str *out, const char *name)
{
    if (mo_name_is_sql(name))
        mo_str_add(out, name);
    else
        mo_str_ident(out, name, '"');
}

const char *mo_name_bare(mo_str *out, const char *path)
{
    size_t n = part_length(path);
    int quoted = *path == '"' && n;
    if (!n)
        n = strlen(path);
    for (size_t i = (size_t)quoted; i + (size_t)quoted < n; i++) {
        mo_str_addc(out, path[i]);
        i += quoted && path[i] == '"';
    }
    return path[n] == '.' ? path + n + 1 : NULL;
}

void mo_name_of_token(const mo_lex_rules *rules, const mo_token *t, mo_str *out)
{
    char usual[256], *value = t->length < sizeof usual ? usual : malloc(t->length + 1);
    if (!value) {
        out->failed = 1;
        return;
    }
    mo_token_value(t, value);
    for (char *c = value; rules->sql_names && t->kind == MO_TOKEN_WORD && *c; c++)
        *c = (char)mo_fold_char(*c);
    if (rules->sql_names)
        mo_name_add(out, value);
    else
        mo_str_add(out, value);
    if (value != usual)
        free(value);
}
