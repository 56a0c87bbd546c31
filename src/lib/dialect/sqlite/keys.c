/* SPDX-License-Identifier: MIT */
/*
 * keys.c - foreign keys against what they name. SQLite takes any, and fails at the first row ("foreign key mismatch").
 *
 * What a foreign key refers to must be the parent's primary key, or the columns of a UNIQUE constraint or of a unique index
 * over all rows with the columns' own collations.
 */
#include "dialect/sqlite/keys.h"

#include "base/lexer.h"

#include <string.h>

/* Are these the same names, in any order? */
static int same_set(const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
    if (n_a != n_b) {
        return 0;
    }
    for (size_t i = 0; i < n_a; i++) {
        size_t k = 0;
        while (k < n_b && !mo_name_equal(a[i], b[k])) {
            k++;
        }
        if (k == n_b) {
            return 0;
        }
    }
    return 1;
}

static const mo_constraint *primary_key(const mo_table *t)
{
    for (size_t i = 0; i < t->constraints.count; i++) {
        if (t->constraints.items[i]->kind == MO_CONSTRAINT_PRIMARY_KEY) {
            return t->constraints.items[i];
        }
    }
    return NULL;
}

static int has_unique_constraint(const mo_table *t, const mo_constraint *fk)
{
    for (size_t i = 0; i < t->constraints.count; i++) {
        const mo_constraint *c = t->constraints.items[i];
        if ((c->kind == MO_CONSTRAINT_PRIMARY_KEY || c->kind == MO_CONSTRAINT_UNIQUE) &&
            same_set(c->columns, c->column_count, fk->ref_columns, fk->ref_column_count)) {
            return 1;
        }
    }
    return 0;
}

/* Is this token the name of one of the columns referred to? Its place, or -1. */
static int place_in(const mo_constraint *fk, const mo_token *t)
{
    for (size_t i = 0; i < fk->ref_column_count; i++) {
        char small[256];
        if (t->length < sizeof small) {
            small[mo_token_value(t, small)] = '\0';
            if (mo_name_equal(small, fk->ref_columns[i])) {
                return (int)i;
            }
        }
    }
    return -1;
}

/* Reads "(a, b COLLATE x DESC)" of a unique index: 1 when these are exactly the columns, with their own collations, and
 * nothing follows (a WHERE would leave rows out). */
static int index_columns_fit(mo_lexer *l, const mo_table *parent, const mo_constraint *fk)
{
    uint64_t seen = 0;
    size_t count = 0;
    mo_token t;

    do {
        int place;
        t = mo_lexer_next(l);
        place = place_in(fk, &t);
        if (place < 0 || place >= 64 || seen & (uint64_t)1 << place) {
            return 0;
        }
        seen |= (uint64_t)1 << place;
        count++;
        t = mo_lexer_next(l);
        if (mo_token_is(&t, "COLLATE")) {
            const mo_column *col = mo_table_column(parent, fk->ref_columns[place]);
            const char *own = col ? mo_column_attr(col, MO_ATTR_COLLATION) : "";
            t = mo_lexer_next(l);
            if (!mo_token_is(&t, *own ? own : "binary")) {
                return 0;
            }
            t = mo_lexer_next(l);
        }
        if (mo_token_is(&t, "ASC") || mo_token_is(&t, "DESC")) {
            t = mo_lexer_next(l);
        }
    } while (mo_token_is_punct(&t, ','));
    if (!mo_token_is_punct(&t, ')') || count != fk->ref_column_count) {
        return 0;
    }
    t = mo_lexer_next(l);
    return t.kind == MO_TOKEN_END || mo_token_is_punct(&t, ';');
}

static int index_fits(const mo_object *index, const mo_table *parent, const mo_constraint *fk)
{
    mo_lexer l;
    mo_token t;

    mo_lexer_init(&l, &mo_lex_sqlite, index->sql, strlen(index->sql));
    mo_lexer_next(&l); /* CREATE */
    t = mo_lexer_next(&l);
    if (!mo_token_is(&t, "UNIQUE")) {
        return 0;
    }
    do {
        t = mo_lexer_next(&l);
    } while (t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD && !mo_token_is_punct(&t, '('));
    return index_columns_fit(&l, parent, fk);
}

static int has_unique_index(const mo_schema *s, const mo_object *parent, const mo_constraint *fk)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if (o->kind == MO_KIND_INDEX && o->sql && mo_name_equal(o->parent, parent->name) &&
            index_fits(o, parent->table, fk)) {
            return 1;
        }
    }
    return 0;
}

/* The columns in a list, for a message. */
static void names(mo_str *out, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mo_str_addf(out, "%s%s", i ? ", " : "", list[i]);
    }
}

/* Begins the error: whose foreign key it is. */
static int fail(const mo_object *table, const mo_constraint *fk, const char *what, const char *hint, mo_error *err)
{
    mo_str columns = {0};

    names(&columns, fk->columns, fk->column_count);
    if (columns.failed) {
        mo_str_free(&columns);
        return mo_error_nomem(err);
    }
    mo_error_set(err, MOULT_SOURCE, "the foreign key (%s) of table '%s' %s", mo_str_text(&columns), table->name, what);
    mo_error_object(err, "table %s", table->name);
    if (fk->name) {
        mo_error_detail(err, "constraint %s", fk->name);
    }
    mo_str_free(&columns);
    return mo_error_hint(err, "%s", hint);
}

static int fail_parent(const mo_object *table, const mo_constraint *fk, const mo_object *parent, mo_error *err)
{
    mo_str what = {0};
    int code;

    if (parent) {
        mo_str_addf(&what, "refers to '%s', which is a %s", fk->ref_table, mo_kinds[parent->kind].name);
    } else {
        mo_str_addf(&what, "refers to table '%s', which is not declared", fk->ref_table);
    }
    code = what.failed ? mo_error_nomem(err)
                       : fail(table, fk, mo_str_text(&what),
                              parent ? "refer to a table" : "declare that table, or correct its name", err);
    mo_str_free(&what);
    return code;
}

static int fail_columns(const mo_object *table, const mo_constraint *fk, const mo_object *parent, mo_error *err)
{
    mo_str what = {0};
    const char *hint = "make these columns the parent's primary key, or UNIQUE (a unique index without WHERE will do)";
    int code;

    for (size_t i = 0; i < fk->ref_column_count; i++) {
        if (!mo_table_column(parent->table, fk->ref_columns[i])) {
            mo_str_addf(&what, "refers to column '%s' of '%s', which does not exist", fk->ref_columns[i], parent->name);
            hint = "correct the column's name";
            break;
        }
    }
    if (!what.length && fk->ref_column_count) {
        mo_str_addf(&what, "refers to %s (", parent->name);
        names(&what, fk->ref_columns, fk->ref_column_count);
        mo_str_add(&what, "), which is neither the primary key nor unique");
    } else if (!what.length) {
        mo_str_addf(&what, "names no columns of '%s', whose primary key has not as many", parent->name);
        hint = "name the columns that it refers to";
    }
    code = what.failed ? mo_error_nomem(err) : fail(table, fk, mo_str_text(&what), hint, err);
    mo_str_free(&what);
    return code;
}

/* Does the parent have the key that is referred to? */
static int check_key(const mo_schema *s, const mo_object *table, const mo_constraint *fk, mo_error *err)
{
    const mo_object *parent = mo_schema_find_relation(s, fk->ref_table);
    const mo_constraint *key = primary_key(parent->table);
    int fits;

    if (fk->ref_column_count) {
        fits = has_unique_constraint(parent->table, fk) || has_unique_index(s, parent, fk);
    } else {
        fits = key && key->column_count == fk->column_count;
    }
    return fits ? MOULT_OK : fail_columns(table, fk, parent, err);
}

int mo_sqlite_check_keys(const mo_schema *s, const mo_object *table, int *missing, mo_error *err)
{
    int code = MOULT_OK;

    *missing = 0;
    for (size_t i = 0; i < table->table->constraints.count; i++) {
        const mo_constraint *c = table->table->constraints.items[i];
        const mo_object *parent;
        if (c->kind != MO_CONSTRAINT_FOREIGN_KEY || !c->ref_table) {
            continue;
        }
        parent = mo_schema_find_relation(s, c->ref_table);
        if (!parent || !parent->table) {
            *missing = 1;
            return fail_parent(table, c, parent, err);
        }
    }
    for (size_t i = 0; code == MOULT_OK && i < table->table->constraints.count; i++) {
        const mo_constraint *c = table->table->constraints.items[i];
        if (c->kind == MO_CONSTRAINT_FOREIGN_KEY && c->ref_table) {
            code = check_key(s, table, c, err);
        }
    }
    return code;
}
