/* SPDX-License-Identifier: MIT */
/*
 * model.c - a model declared in C, written as DDL in a dialect's style, with annotations at the ends of lines.
 *
 * The text then goes the way of any other desired SQL, so the engine has the last word on expressions. What is checked
 * here is what would otherwise change the meaning of the text around it: an unclosed parenthesis, a semicolon, a comment.
 */
#include "dialect/model.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"

typedef struct writer {
    const mo_model_style *style;
    const moult_model *model;
    mo_str *out;
    mo_error *err;
    int keys; /* columns of the primary key */
} writer;

/* What is wrong, and where: "model notes.title: …". */
static int bad(writer *w, const char *part, const char *what)
{
    mo_error_set(w->err, MOULT_INVALID, "model %s%s%s: %s", w->model->name, part ? "." : "", part ? part : "", what);
    return mo_error_object(w->err, "table %s", w->model->name);
}

static void add_name(writer *w, const char *name)
{
    w->style->name(w->out, name);
}

/* Writes a piece of SQL on one line, without comments; INVALID when it would break out of its place. */
static int add_sql(writer *w, const char *part, const char *member, const char *sql)
{
    mo_lexer l;
    mo_token t;
    const char *end = NULL;
    int depth = 0;
    char what[160];

    mo_lexer_init(&l, w->style->lex, sql, strlen(sql));
    for (t = mo_lexer_next(&l); t.kind != MO_TOKEN_END; t = mo_lexer_next(&l)) {
        depth += mo_token_is_punct(&t, '(') - mo_token_is_punct(&t, ')');
        if (t.kind == MO_TOKEN_BAD || depth < 0 || mo_token_is_punct(&t, ';')) {
            snprintf(what, sizeof what, "%s is not one expression: '%.60s'", member, sql);
            return bad(w, part, what);
        }
        if (end && end != t.text) {
            mo_str_addc(w->out, ' ');
        }
        mo_str_addn(w->out, t.text, t.length);
        end = t.text + t.length;
    }
    if (!end || depth) {
        snprintf(what, sizeof what, "%s %s: '%.60s'", member, end ? "has an open parenthesis" : "is empty", sql);
        return bad(w, part, what);
    }
    return MOULT_OK;
}

/* Is it a literal, with a sign perhaps? Anything else needs parentheses after DEFAULT. */
static int is_literal(const writer *w, const char *sql)
{
    static const char *const words[] = {"NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"};
    mo_lexer l;
    mo_token t, next;
    int literal;

    mo_lexer_init(&l, w->style->lex, sql, strlen(sql));
    t = mo_lexer_next(&l);
    if (t.kind == MO_TOKEN_OPERATOR && t.length == 1 && (*t.text == '-' || *t.text == '+')) {
        t = mo_lexer_next(&l);
        literal = t.kind == MO_TOKEN_NUMBER;
    } else {
        literal = t.kind == MO_TOKEN_NUMBER || t.kind == MO_TOKEN_STRING;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            literal |= mo_token_is(&t, words[i]);
        }
    }
    next = mo_lexer_next(&l);
    return literal && next.kind == MO_TOKEN_END;
}

static int add_type(writer *w, const moult_column *col)
{
    if (col->type < MOULT_TYPE_INTEGER || col->type > MOULT_TYPE_NATIVE) {
        return bad(w, col->name, "has no type");
    }
    if (col->length < 0 || col->scale < 0 || (col->scale && !col->length)) {
        return bad(w, col->name, "has a length or scale that makes no sense");
    }
    if ((col->length || col->scale) && col->type != MOULT_TYPE_TEXT && col->type != MOULT_TYPE_NUMERIC) {
        return bad(w, col->name, "has a length, which only TEXT and NUMERIC have");
    }
    mo_str_addc(w->out, ' ');
    if (col->type == MOULT_TYPE_NATIVE) {
        return col->native ? add_sql(w, col->name, "native", col->native)
                           : bad(w, col->name, "is of type NATIVE without saying which");
    }
    w->style->type(w->out, w->model, col);
    return MOULT_OK;
}

/* ON DELETE, ON UPDATE: one of five. */
static int add_action(writer *w, const moult_column *col, const char *event, const char *action)
{
    static const char *const actions[] = {"CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"};

    if (!action) {
        return MOULT_OK;
    }
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (mo_name_equal(action, actions[i])) {
            mo_str_addf(w->out, " %s %s", event, actions[i]);
            return MOULT_OK;
        }
    }
    return bad(w, col->name, "has an action that is none of CASCADE, SET NULL, SET DEFAULT, RESTRICT, NO ACTION");
}

/* A name out of a token, as SQL. */
static void add_token_name(writer *w, const mo_token *t)
{
    mo_str name = {0};

    mo_str_addn(&name, t->text, t->length);
    if (name.failed || !name.data) {
        w->out->failed = 1;
        return;
    }
    name.data[mo_token_value(t, name.data)] = '\0';
    add_name(w, name.data);
    mo_str_free(&name);
}

static int is_name(const mo_token *t)
{
    return t->kind == MO_TOKEN_WORD || t->kind == MO_TOKEN_QUOTED;
}

/* "table(column)", or the table alone. */
static int add_references(writer *w, const moult_column *col)
{
    static const char what[] = "its references are not of the form \"table(column)\"; names with blanks need quotes";
    mo_lexer l;
    mo_token t;

    if (!col->references) {
        return col->on_delete || col->on_update ? bad(w, col->name, "has ON DELETE or ON UPDATE, but no references")
                                                : MOULT_OK;
    }
    mo_lexer_init(&l, w->style->lex, col->references, strlen(col->references));
    t = mo_lexer_next(&l);
    if (!is_name(&t)) {
        return bad(w, col->name, what);
    }
    mo_str_add(w->out, " REFERENCES ");
    add_token_name(w, &t);
    t = mo_lexer_next(&l);
    if (mo_token_is_punct(&t, '(')) {
        t = mo_lexer_next(&l);
        if (!is_name(&t)) {
            return bad(w, col->name, what);
        }
        mo_str_add(w->out, " (");
        add_token_name(w, &t);
        mo_str_addc(w->out, ')');
        t = mo_lexer_next(&l);
        if (!mo_token_is_punct(&t, ')')) {
            return bad(w, col->name, what);
        }
        t = mo_lexer_next(&l);
    }
    return t.kind == MO_TOKEN_END ? MOULT_OK : bad(w, col->name, what);
}

static int add_default(writer *w, const moult_column *col)
{
    int code, literal = col->default_sql && is_literal(w, col->default_sql);

    if (!col->default_sql) {
        return MOULT_OK;
    }
    if (col->generated_sql) {
        return bad(w, col->name, "has a default and is generated");
    }
    mo_str_add(w->out, literal ? " DEFAULT " : " DEFAULT (");
    code = add_sql(w, col->name, "its default", col->default_sql);
    mo_str_add(w->out, literal ? "" : ")");
    return code;
}

static int add_in_parentheses(writer *w, const moult_column *col, const char *before, const char *member,
                              const char *sql, const char *after)
{
    int code;

    if (!sql) {
        return MOULT_OK;
    }
    mo_str_add(w->out, before);
    code = add_sql(w, col->name, member, sql);
    mo_str_add(w->out, after);
    return code;
}

static int add_key(writer *w, const moult_column *col)
{
    const char *wrong = w->style->key(w->out, col, col->primary_key && w->keys == 1);

    if (wrong) {
        return bad(w, col->name, wrong);
    }
    if (col->unique) {
        mo_str_add(w->out, " UNIQUE");
    }
    return MOULT_OK;
}

static int add_column(writer *w, const moult_column *col)
{
    int code;

    mo_str_add(w->out, "    ");
    add_name(w, col->name);
    code = add_type(w, col);
    if (code == MOULT_OK) {
        code = add_key(w, col);
    }
    if (code == MOULT_OK) {
        code = add_default(w, col);
    }
    if (code == MOULT_OK && col->collation) {
        mo_str_add(w->out, " COLLATE ");
        add_name(w, col->collation);
    }
    if (code == MOULT_OK) {
        code = add_in_parentheses(w, col, " CHECK (", "its check", col->check_sql, ")");
    }
    if (code == MOULT_OK) {
        code = add_references(w, col);
    }
    if (code == MOULT_OK) {
        code = add_action(w, col, "ON DELETE", col->on_delete);
    }
    if (code == MOULT_OK) {
        code = add_action(w, col, "ON UPDATE", col->on_update);
    }
    if (code == MOULT_OK) {
        code = add_in_parentheses(w, col, " GENERATED ALWAYS AS (", "its expression", col->generated_sql, ") STORED");
    }
    return code;
}

/* The annotations, in one comment at the end of the line. */
static int add_annotations(writer *w, const char *part, const char *renamed_from, const char *fill)
{
    size_t start = w->out->length;
    int code = MOULT_OK;

    if (renamed_from) {
        mo_str_add(w->out, " -- @renamed from=");
        add_name(w, renamed_from);
    }
    if (fill) {
        mo_str_add(w->out, renamed_from ? " @fill " : " -- @fill ");
        code = add_sql(w, part, "its fill", fill);
    }
    if (code == MOULT_OK && w->out->length > start && strpbrk(w->out->data + start, "\r\n")) {
        return bad(w, part, "an annotation must stand on one line, and this one has a line break in a name or string");
    }
    return code;
}

/* Is there anything after this column inside the parentheses? */
static int is_last(const writer *w, const moult_column *col)
{
    return !col[1].name && w->keys < 2 && !(w->model->constraints && w->model->constraints[0]);
}

static int add_columns(writer *w)
{
    int code = MOULT_OK;

    for (const moult_column *col = w->model->columns; code == MOULT_OK && col->name; col++) {
        code = add_column(w, col);
        if (code == MOULT_OK) {
            mo_str_add(w->out, is_last(w, col) ? "" : ",");
            code = add_annotations(w, col->name, col->renamed_from, col->fill);
        }
        mo_str_addc(w->out, '\n');
    }
    return code;
}

static int add_constraints(writer *w)
{
    const char *const *more = w->model->constraints;
    int code = MOULT_OK;

    if (w->keys > 1) {
        mo_str_add(w->out, "    PRIMARY KEY (");
        for (int place = 1; place <= w->keys; place++) {
            const moult_column *col = w->model->columns;
            while (col->primary_key != place) {
                col++;
            }
            mo_str_add(w->out, place > 1 ? ", " : "");
            add_name(w, col->name);
        }
        mo_str_add(w->out, more && *more ? "),\n" : ")\n");
    }
    for (; code == MOULT_OK && more && *more; more++) {
        mo_str_add(w->out, "    ");
        code = add_sql(w, NULL, "a constraint", *more);
        mo_str_add(w->out, more[1] ? ",\n" : "\n");
    }
    return code;
}

static int add_indexes(writer *w)
{
    int code = MOULT_OK;

    for (const moult_index *x = w->model->indexes; code == MOULT_OK && x && x->name; x++) {
        if (!*x->name || !x->columns) {
            return bad(w, NULL, "has an index without a name or columns");
        }
        mo_str_addf(w->out, "CREATE %sINDEX ", x->unique ? "UNIQUE " : "");
        add_name(w, x->name);
        mo_str_add(w->out, " ON ");
        add_name(w, w->model->name);
        mo_str_add(w->out, " (");
        code = add_sql(w, x->name, "its columns", x->columns);
        mo_str_addc(w->out, ')');
        if (code == MOULT_OK && x->where_sql) {
            mo_str_add(w->out, " WHERE ");
            code = add_sql(w, x->name, "its condition", x->where_sql);
        }
        mo_str_add(w->out, ";\n");
    }
    return code;
}

/* What must hold of the whole: names, and the places of the key. */
static int check_model(writer *w)
{
    const moult_column *columns = w->model->columns;

    if (!*w->model->name) {
        return bad(w, NULL, "has an empty name");
    }
    if (!columns || !columns[0].name) {
        return bad(w, NULL, "has no columns");
    }
    for (const moult_column *a = columns; a->name; a++) {
        int taken = a->primary_key ? 0 : 1;
        if (!*a->name) {
            return bad(w, NULL, "has a column with an empty name");
        }
        for (const moult_column *b = columns; b->name; b++) {
            if (b < a && mo_name_equal(a->name, b->name)) {
                return bad(w, a->name, "is declared twice");
            }
            taken += a->primary_key && a->primary_key == b->primary_key;
        }
        w->keys += a->primary_key != 0;
        if (taken != 1 || a->primary_key < 0) {
            return bad(w, a->name, "its place in the primary key is taken, or none: the places are 1, 2, …");
        }
    }
    for (const moult_column *a = columns; a->name; a++) {
        if (a->primary_key > w->keys) {
            return bad(w, a->name, "its place in the primary key leaves a gap: the places are 1, 2, …");
        }
    }
    return MOULT_OK;
}

int mo_model_render(const mo_model_style *style, const moult_model *model, mo_str *out, mo_error *err)
{
    writer w = {.style = style, .model = model, .out = out, .err = err};
    int code = check_model(&w);

    if (code != MOULT_OK) {
        return code;
    }
    mo_str_add(out, "CREATE TABLE ");
    add_name(&w, model->name);
    mo_str_add(out, " (");
    code = add_annotations(&w, NULL, model->renamed_from, NULL);
    mo_str_addc(out, '\n');
    if (code == MOULT_OK) {
        code = add_columns(&w);
    }
    if (code == MOULT_OK) {
        code = add_constraints(&w);
    }
    mo_str_addc(out, ')');
    if (code == MOULT_OK && model->native_options) {
        mo_str_addc(out, ' ');
        code = add_sql(&w, NULL, "native_options", model->native_options);
    }
    mo_str_add(out, ";\n");
    if (code == MOULT_OK) {
        code = add_indexes(&w);
    }
    return code == MOULT_OK && out->failed ? mo_error_nomem(err) : code;
}
