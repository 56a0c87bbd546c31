/* SPDX-License-Identifier: MIT */
/* tree_help.h - schema trees for tests, written as SQL and read by SQLite's reader: no database is opened. */
#ifndef TREE_HELP_H
#define TREE_HELP_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/dialect.h"
#include "diff/diff.h"

static mo_error tree_err;

/* A sealed schema of these statements. */
static inline mo_schema *tree(const char *sql)
{
    mo_schema *s = mo_schema_new();
    mo_lexer lexer;
    mo_statement_text text;
    mo_token bad;

    cr_assert(s);
    mo_lexer_init(&lexer, &mo_lex_sqlite, sql, strlen(sql));
    while (mo_lexer_statement(&lexer, &text, &bad) == 1) {
        mo_object *o;
        cr_assert_eq(mo_dialect_sqlite.read_object(s, text.text, text.length, &o, &tree_err), MOULT_OK, "%.*s: %s",
                     (int)text.length, text.text, tree_err.pub.message);
        cr_assert_eq(mo_schema_add(s, o, &tree_err), MOULT_OK);
    }
    cr_assert_eq(mo_schema_seal(s, &tree_err), MOULT_OK);
    s->dialect = "sqlite";
    return s;
}

/* An annotation, as the loader would put it there. */
static inline void tree_renamed(mo_schema *s, const char *table, const char *column, const char *from)
{
    mo_object *o = mo_schema_find(s, MO_KIND_TABLE, table);
    cr_assert(o);
    if (!column) {
        o->renamed_from = from;
        o->where = (mo_where){"schema.sql", 1, 1};
        return;
    }
    mo_column *c = mo_table_column(o->table, column);
    cr_assert(c);
    c->renamed_from = from;
    c->where = (mo_where){"schema.sql", 2, 5};
}

static inline mo_plan *tree_plan(void)
{
    mo_plan *p = mo_plan_new(&mo_dialect_sqlite);
    cr_assert(p);
    return p;
}

/* The rows of a plan, one a line: "+ table t | what". The caller frees. */
static inline char *tree_rows(mo_plan *p)
{
    mo_str out = {0};
    cr_assert_eq(mo_plan_seal(p, &tree_err), MOULT_OK);
    for (size_t i = 0; i < p->rows.count; i++) {
        const moult_change_info *row = &p->rows.items[i];
        mo_str_addf(&out, "%c %s %s%s%s\n", "+-~>"[row->op], row -> kind, row -> name, *row -> what ? " | " : "",
                    row->what);
    }
    char *text = mo_str_take(&out);
    return text ? text : strdup("");
}

static inline int tree_has_note(const mo_plan *p, const char *part)
{
    for (size_t i = 0; i < p->notes.count; i++) {
        if (strstr(p->notes.items[i], part))
            return 1;
    }
    return 0;
}

#endif
