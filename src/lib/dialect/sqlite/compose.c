/* SPDX-License-Identifier: MIT */
/* compose.c - from the tree back to definitions: a table from its parts, a column from its attributes. */
#include <string.h>

#include "dialect/sqlite/reader_core.h"

const char *mo_sqlite_compose_table(mo_region *r, const mo_object *table)
{
    const mo_table *t = table->table;
    mo_str out = {0};
    mo_str_add(&out, "CREATE TABLE ");
    mo_str_ident(&out, table->name, '"');
    mo_str_add(&out, " (");
    const char *before = "\n    ";
    for (size_t i = 0; i < t->columns.count; i++) {
        mo_str_add(&out, before);
        mo_str_add(&out, t->columns.items[i]->text);
        before = ",\n    ";
    }
    for (size_t i = 0; i < t->constraints.count; i++) {
        if (t->constraints.items[i]->column >= 0)
            continue; /* the column's text holds it */
        mo_str_add(&out, before);
        mo_str_add(&out, t->constraints.items[i]->text);
    }
    mo_str_add(&out, "\n)");
    for (size_t i = 0; i < t->options.count; i++) {
        mo_str_add(&out, i ? ", " : " ");
        mo_str_add(&out, t->options.items[i].text);
    }
    return mo_str_into(&out, r);
}

int mo_sqlite_object_sql(const mo_object *o, mo_str *out)
{
    mo_str_add(out, o->sql); /* one statement: the semicolon is for whoever writes several */
    return out->failed ? MOULT_NOMEM : MOULT_OK;
}

/* --- one column ------------------------------------------------------------------------------------------------------ */

static void add_attr(mo_str *out, const mo_column *c, mo_attr attr, const char *before)
{
    if (!c->attr[attr].text)
        return;
    mo_str_add(out, before);
    mo_str_add(out, c->attr[attr].text);
}

/* A constraint of one column, in the form that stands beside the column: without the list of columns. */
static void add_beside(mo_str *out, const mo_constraint *k)
{
    mo_lexer l;
    const char *text = k->text, *end = text + strlen(text);
    mo_token list, t;
    mo_str_addc(out, ' ');
    if (k->kind == MO_CONSTRAINT_CHECK) {
        mo_str_add(out, text);
        return;
    }
    mo_lexer_init(&l, &mo_lex_sqlite, text, (size_t)(end - text));
    do
        list = mo_lexer_next(&l);
    while (list.kind != MO_TOKEN_END && !mo_token_is_punct(&list, '(') && !mo_token_is(&list, "FOREIGN"));
    mo_str_addn(out, text, (size_t)(list.text - text));
    if (mo_token_is(&list, "FOREIGN")) {
        do
            t = mo_lexer_next(&l);
        while (t.kind != MO_TOKEN_END && !mo_token_is_punct(&t, ')'));
        mo_str_add(out, mo_lexer_next(&l).text);
        return;
    }
    int descending = 0, autoincrement = 0;
    do {
        t = mo_lexer_next(&l);
        descending |= mo_token_is(&t, "DESC");
        autoincrement |= mo_token_is(&t, "AUTOINCREMENT");
    } while (t.kind != MO_TOKEN_END && !mo_token_is_punct(&t, ')'));
    while (out->length && !out->failed && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
    mo_str_add(out, descending ? " DESC" : "");
    mo_str_add(out, t.text + t.length);
    mo_str_add(out, autoincrement ? " AUTOINCREMENT" : "");
}

char *mo_sqlite_column_sql(mo_region *r, const mo_table *table, const mo_column *column, unsigned flags)
{
    mo_str out = {0};
    mo_str_ident(&out, column->name, '"');
    add_attr(&out, column, MO_ATTR_TYPE, " ");
    add_attr(&out, column, MO_ATTR_COLLATION, " COLLATE ");
    if (!(flags & MO_SQLITE_COLUMN_NO_NOT_NULL)) {
        add_attr(&out, column, MO_ATTR_NOT_NULL, " ");
        add_attr(&out, column, MO_ATTR_NOT_NULL_CONFLICT, " ");
    }
    if (!(flags & MO_SQLITE_COLUMN_NO_DEFAULT))
        add_attr(&out, column, MO_ATTR_DEFAULT, " DEFAULT ");
    add_attr(&out, column, MO_ATTR_GENERATED, " ");
    for (size_t i = 0; !(flags & MO_SQLITE_COLUMN_NO_CONSTRAINTS) && i < table->constraints.count; i++) {
        const mo_constraint *k = table->constraints.items[i];
        if (k->column >= 0 && (size_t)k->column < table->columns.count && table->columns.items[k->column] == column)
            add_beside(&out, k);
    }
    return mo_str_into(&out, r);
}
