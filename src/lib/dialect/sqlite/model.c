/* SPDX-License-Identifier: MIT */
/* model.c - models declared in C, in SQLite's style: its types, and its row ids. */
#include "dialect/model.h"
#include "dialect/sqlite/sqlite.h"

#include <string.h>

/* The types; docs/models.md has this table for people. */
static const struct type {
    const char *plain, *strict;
} types[] = {
    [MOULT_TYPE_INTEGER] = {"INTEGER", "INTEGER"},
    [MOULT_TYPE_SMALLINT] = {"SMALLINT", "INTEGER"},
    [MOULT_TYPE_BOOLEAN] = {"BOOLEAN", "INTEGER"},
    [MOULT_TYPE_REAL] = {"REAL", "REAL"},
    [MOULT_TYPE_NUMERIC] = {"NUMERIC", "ANY"},
    [MOULT_TYPE_TEXT] = {"TEXT", "TEXT"},
    [MOULT_TYPE_BLOB] = {"BLOB", "BLOB"},
    [MOULT_TYPE_DATE] = {"DATE", "TEXT"},
    [MOULT_TYPE_TIME] = {"TIME", "TEXT"},
    [MOULT_TYPE_TIMESTAMP] = {"TIMESTAMP", "TEXT"},
    [MOULT_TYPE_UUID] = {"CHAR(36)", "TEXT"},
    [MOULT_TYPE_JSON] = {"TEXT", "TEXT"}, /* "JSON" would have numeric affinity: the document 1.10 would become 1.1 */
    [MOULT_TYPE_NATIVE] = {NULL, NULL},
};

static int is_plain_name(const char *name)
{
    if (!*name || (*name >= '0' && *name <= '9') || sqlite3_keyword_check(name, (int)strlen(name))) {
        return 0;
    }
    for (const char *p = name; *p; p++) {
        if (!(*p == '_' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'))) {
            return 0;
        }
    }
    return 1;
}

static void add_name(mo_str *out, const char *name)
{
    if (is_plain_name(name)) {
        mo_str_add(out, name);
    } else {
        mo_sqlite_quote(out, name);
    }
}

static int says_strict(const char *options)
{
    mo_lexer l;
    mo_token t;

    mo_lexer_init(&l, &mo_lex_sqlite, options ? options : "", options ? strlen(options) : 0);
    do {
        t = mo_lexer_next(&l);
    } while (t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD && !mo_token_is(&t, "STRICT"));
    return mo_token_is(&t, "STRICT");
}

/* A STRICT table knows six types only. */
static void add_type(mo_str *out, const moult_model *model, const moult_column *col)
{
    if (says_strict(model->native_options)) {
        mo_str_add(out, types[col->type].strict);
    } else if (col->length && col->type == MOULT_TYPE_TEXT) {
        mo_str_addf(out, "VARCHAR(%d)", col->length);
    } else if (col->length) {
        mo_str_addf(out, "NUMERIC(%d, %d)", col->length, col->scale);
    } else {
        mo_str_add(out, types[col->type].plain);
    }
}

static int is_integer(const moult_column *col)
{
    return col->type == MOULT_TYPE_INTEGER ||
           (col->type == MOULT_TYPE_NATIVE && col->native && mo_name_equal(col->native, "INTEGER"));
}

static const char *add_key(mo_str *out, const moult_column *col, int whole)
{
    int row_id = whole && is_integer(col);

    if (col->auto_increment && !row_id) {
        return "has auto_increment, which needs an INTEGER that is the whole primary key";
    }
    if (whole) {
        mo_str_add(out, col->auto_increment ? " PRIMARY KEY AUTOINCREMENT" : " PRIMARY KEY");
    }
    /* A key is never NULL. SQLite lets it be, but for a row id, where NOT NULL would say nothing. */
    if (!row_id && (col->not_null || col->primary_key)) {
        mo_str_add(out, " NOT NULL");
    }
    return NULL;
}

static const mo_model_style style = {.lex = &mo_lex_sqlite, .name = add_name, .type = add_type, .key = add_key};

int mo_sqlite_render_model(const moult_model *model, mo_str *out, mo_error *err)
{
    return mo_model_render(&style, model, out, err);
}
