/* SPDX-License-Identifier: MIT */
/* reader_table.c - CREATE TABLE: columns and options. Follows SQLite's own grammar, oddities included: a type is any row of
 * names, GENERATED ALWAYS among them; the last of several defaults or collations counts. */
#include <stdlib.h>
#include <string.h>

#include "dialect/sqlite/ladder.h"
#include "dialect/sqlite/reader_core.h"

enum { MOST_COLUMNS = 32767 }; /* the most that any build of SQLite allows */

static int set_attr(mo_reader *r, mo_column *c, mo_attr attr, const char *canonical, const char *text)
{
    if (!canonical || !text)
        return mo_error_nomem(r->err);
    c->attr[attr] = (mo_attr_value){canonical, text};
    return MOULT_OK;
}

/* --- types ---------------------------------------------------------------------------------------------------------- */

static int is_type_word(const mo_reader *r, const mo_rtoken *t)
{
    if (t->kind == MO_TOKEN_WORD)
        return mo_word_where((mo_word)t->word) == MO_WORD_USE_NAME;
    return mo_rtoken_is_name(r, t);
}

static int is_sign(const mo_reader *r, const mo_rtoken *t)
{
    return t->kind == MO_TOKEN_OPERATOR && t->length == 1 && (r->text[t->at] == '+' || r->text[t->at] == '-');
}

/* (10, -5) behind a type. */
static int read_type_size(mo_reader *r)
{
    do {
        if (is_sign(r, mo_reader_peek(r, 0)))
            r->at++;
        if (mo_reader_peek(r, 0)->kind != MO_TOKEN_NUMBER)
            return mo_reader_expected(r, r->at, "a number");
        r->at++;
    } while (mo_reader_punct(r, ','));
    return mo_reader_need_punct(r, ')');
}

static void add_type_word(mo_reader *r, const mo_rtoken *t)
{
    size_t length = 0;
    const char *value = mo_rtoken_value(r, t, &length);
    if (!value)
        r->out.failed = 1;
    for (size_t i = 0; value && i < length; i++) {
        char c = value[i];
        int space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
        if (space && (r->out.length == 0 || r->out.data[r->out.length - 1] == ' '))
            continue;
        mo_str_addc(&r->out, space ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
    }
}

/* A type that begins with a quoted name is that name alone. */
static const char *canonical_type(mo_reader *r, size_t from, size_t to)
{
    mo_str_clear(&r->out);
    for (size_t i = from; i < to; i++) {
        const mo_rtoken *t = &r->tokens[i];
        int words = t->kind != MO_TOKEN_PUNCT && t->kind != MO_TOKEN_NUMBER && t->kind != MO_TOKEN_OPERATOR;
        if (words && i > from)
            mo_str_addc(&r->out, ' ');
        if (words)
            add_type_word(r, t);
        else
            mo_str_addn(&r->out, r->text + t->at, t->length);
        if (i == from && t->kind != MO_TOKEN_WORD)
            break;
    }
    return mo_reader_take(r);
}

/* The type as written. SQLite looks for INT, CHAR and so on in the raw text, where a comment may hold them: then that is the
 * type, and its canonical form too. */
static int set_type(mo_reader *r, mo_column *c, mo_rcolumn *part, size_t from)
{
    const mo_rtoken *first = &r->tokens[from], *last = &r->tokens[part->type_to - 1];
    size_t length = last->at + last->length - first->at;
    const char *canonical = canonical_type(r, from, part->type_to), *text = NULL;
    if (canonical) {
        mo_reader_span(r, from, part->type_to, &r->out);
        text = mo_reader_take(r);
    }
    if (text && first->kind == MO_TOKEN_WORD && strlen(text) != length) {
        const char *raw = mo_region_dupn(r->region, r->text + first->at, length);
        if (!raw)
            return mo_error_nomem(r->err);
        if (mo_sqlite_affinity(raw) != mo_sqlite_affinity(text)) {
            r->raw_counts = 1;
            part->raw_type = canonical = text = raw;
        }
    }
    if (text && !*canonical)
        return MOULT_OK; /* "" is no type */
    return set_attr(r, c, MO_ATTR_TYPE, canonical, text);
}

/* INT GENERATED ALWAYS AS (…): the grammar takes the two words for the type's, and SQLite takes them off again. */
static size_t without_generated(const mo_reader *r, size_t from, size_t to)
{
    if (to == from || r->tokens[to - 1].word != MO_WORD_ALWAYS ||
        r->tokens[to - 1].at + r->tokens[to - 1].length - r->tokens[from].at < sizeof "generated always" - 1)
        return to;
    to--;
    return to > from && r->tokens[to - 1].word == MO_WORD_GENERATED ? to - 1 : to;
}

static int read_type(mo_reader *r, mo_column *c, mo_rcolumn *part)
{
    size_t from = r->at;
    while (is_type_word(r, mo_reader_peek(r, 0)))
        r->at++;
    if (r->at > from && mo_reader_punct(r, '(') && read_type_size(r))
        return r->err->pub.code;
    part->type_end = r->at;
    part->type_to = without_generated(r, from, r->at);
    return part->type_to > from ? set_type(r, c, part, from) : MOULT_OK;
}

/* --- what may follow a type ------------------------------------------------------------------------------------------ */

static int is_term(const mo_rtoken *t)
{
    return t->kind == MO_TOKEN_NUMBER || t->kind == MO_TOKEN_STRING || t->word == MO_WORD_NULL ||
           t->word == MO_WORD_CURRENT_DATE || t->word == MO_WORD_CURRENT_TIME || t->word == MO_WORD_CURRENT_TIMESTAMP;
}

static int read_default(mo_reader *r, mo_rcolumn *part)
{
    const mo_rtoken *t = mo_reader_peek(r, 0);
    size_t inside_from, inside_to;
    part->default_from = r->at;
    if (mo_rtoken_is_punct(r, t, '(')) {
        if (mo_reader_parens(r, &inside_from, &inside_to))
            return r->err->pub.code;
        part->default_to = r->at;
        return MOULT_OK;
    }
    int sign = is_sign(r, t);
    if (sign)
        t = mo_reader_peek(r, 1);
    if (!is_term(t) && (sign || !mo_rtoken_is_name(r, t)))
        return mo_reader_expected(r, r->at + (sign ? 1 : 0), "a value");
    r->at += sign ? 2 : 1;
    part->default_to = r->at;
    return MOULT_OK;
}

static int read_generated(mo_reader *r, mo_rcolumn *part)
{
    if (mo_reader_need_word(r, MO_WORD_AS) || mo_reader_parens(r, &part->generated_from, &part->generated_to))
        return r->err->pub.code;
    const mo_rtoken *t = mo_reader_peek(r, 0);
    part->stored = t->kind == MO_TOKEN_WORD && mo_name_equaln("stored", r->text + t->at, t->length);
    if (part->stored || t->word == MO_WORD_VIRTUAL)
        r->at++;
    return MOULT_OK;
}

static int read_not_null(mo_reader *r, mo_column *c)
{
    mo_word conflict = MO_WORD_NONE;
    if (mo_reader_need_word(r, MO_WORD_NULL) || mo_read_conflict(r, &conflict) ||
        set_attr(r, c, MO_ATTR_NOT_NULL, "1", "NOT NULL"))
        return r->err->pub.code;
    c->attr[MO_ATTR_NOT_NULL_CONFLICT] = (mo_attr_value){NULL, NULL};
    if (conflict == MO_WORD_NONE)
        return MOULT_OK;
    const char *word = mo_word_text(conflict);
    char *canonical = mo_region_dup(r->region, word);
    for (char *p = canonical; p && *p; p++)
        *p = (char)(*p + ('a' - 'A'));
    return set_attr(r, c, MO_ATTR_NOT_NULL_CONFLICT, canonical, mo_region_printf(r->region, "ON CONFLICT %s", word));
}

static int read_collation(mo_reader *r, mo_column *c)
{
    size_t token, length = 0;
    if (mo_reader_need_name(r, &token))
        return r->err->pub.code;
    const char *name = mo_rtoken_value(r, &r->tokens[token], &length);
    if (!name)
        return MOULT_NOMEM;
    c->attr[MO_ATTR_COLLATION] = (mo_attr_value){NULL, NULL};
    if (mo_name_equaln("binary", name, length))
        return MOULT_OK;
    mo_canonical_name(&r->out, name, length);
    const char *canonical = mo_reader_take(r);
    mo_reader_span(r, token, token + 1, &r->out);
    return set_attr(r, c, MO_ATTR_COLLATION, canonical, canonical ? mo_reader_take(r) : NULL);
}

/* One clause of a column's definition that is no constraint of the table: 1 taken, 0 none is next, or an error's code. */
static int read_clause(mo_reader *r, mo_column *c, mo_rcolumn *part)
{
    int rc;
    mo_word conflict;
    if (mo_reader_peek(r, 0)->word == MO_WORD_NOT && mo_reader_peek(r, 1)->word == MO_WORD_NULL) {
        r->at++;
        rc = read_not_null(r, c);
    } else if (mo_reader_word(r, MO_WORD_NULL)) {
        rc = mo_read_conflict(r, &conflict);
    } else if (mo_reader_word(r, MO_WORD_DEFAULT)) {
        rc = read_default(r, part);
    } else if (mo_reader_word(r, MO_WORD_COLLATE)) {
        rc = read_collation(r, c);
    } else if (mo_reader_word(r, MO_WORD_GENERATED)) {
        rc = mo_reader_need_word(r, MO_WORD_ALWAYS);
        rc = rc ? rc : read_generated(r, part);
    } else if (mo_reader_peek(r, 0)->word == MO_WORD_AS) {
        rc = read_generated(r, part);
    } else {
        return 0;
    }
    return rc ? rc : 1;
}

/* --- columns --------------------------------------------------------------------------------------------------------- */

static int add_column(mo_reader *r, mo_table *t, mo_column **out, size_t *name)
{
    size_t length = 0;
    mo_column *c = mo_region_alloc(r->region, sizeof *c);
    if (mo_reader_need_name(r, name))
        return r->err->pub.code;
    if (t->columns.count == MOST_COLUMNS)
        return mo_reader_error(r, *name, "a table has more than %d columns", MOST_COLUMNS);
    const mo_rtoken *token = &r->tokens[*name];
    if (!c || !mo_rtoken_value(r, token, &length) || !(c->name = mo_reader_value(r, *name)) ||
        mo_reader_grow((void **)&r->column_parts, &r->column_part_capacity, t->columns.count, sizeof *r->column_parts))
        return mo_error_nomem(r->err);
    c->where.line = token->line;
    c->where.column = token->column;
    int added = mo_names_add(&r->columns, c->name, strlen(c->name), (uint32_t)t->columns.count);
    if (added == 0)
        return mo_reader_error(r, *name, "column '%s' is there twice", c->name);
    r->column_parts[t->columns.count] = (mo_rcolumn){0};
    if (added < 0 || mo_vec_push(r->region, &t->columns, c))
        return mo_error_nomem(r->err);
    *out = c;
    return MOULT_OK;
}

/* As written. Where the type is not what its tokens say, the text says what it is. */
static int set_column_text(mo_reader *r, mo_column *c, size_t start, const mo_rcolumn *part)
{
    int stray =
        part->type_end - part->type_to == 1; /* ALWAYS without GENERATED, which SQLite takes off by its length */
    if (part->raw_type || stray) {
        mo_reader_span(r, start, part->raw_type ? start + 1 : part->type_to, &r->out);
        if (part->raw_type)
            mo_str_addf(&r->out, " %s", part->raw_type);
        start = stray ? part->type_end : part->type_to;
        mo_str_add(&r->out, start < r->at ? " " : "");
    }
    mo_reader_span(r, start, r->at, &r->out);
    c->text = mo_reader_take(r);
    return c->text ? MOULT_OK : MOULT_NOMEM;
}

/* Names stand before what they name; one that names nothing is allowed. */
static int read_column(mo_reader *r, mo_table *t)
{
    mo_column *c = NULL;
    size_t start = 0, name = MO_NO_TOKEN;
    int rc = add_column(r, t, &c, &start);
    if (rc == MOULT_OK)
        rc = read_type(r, c, &r->column_parts[t->columns.count - 1]);
    while (rc == MOULT_OK) {
        mo_rcolumn *part = &r->column_parts[t->columns.count - 1];
        if (mo_reader_word(r, MO_WORD_CONSTRAINT)) {
            rc = mo_reader_need_name(r, &name);
            continue;
        }
        int taken = read_clause(r, c, part);
        if (taken == 0)
            taken = mo_read_column_part(r, t, name);
        name = MO_NO_TOKEN;
        if (taken == 0)
            break;
        rc = taken < 0 ? taken : MOULT_OK;
    }
    return rc ? rc : set_column_text(r, c, start, &r->column_parts[t->columns.count - 1]);
}

/* --- what is finished when all columns are known -------------------------------------------------------------------- */

static int finish_default(mo_reader *r, mo_column *c, const mo_rcolumn *part)
{
    if (part->default_to == part->default_from)
        return MOULT_OK;
    mo_canonical_default(r, part->default_from, part->default_to, &r->out);
    const char *canonical = mo_reader_take(r);
    if (!canonical)
        return MOULT_NOMEM;
    const mo_rtoken *t = &r->tokens[part->default_from];
    int as_string = part->default_to - part->default_from == 1 && *canonical == '\'' && t->kind != MO_TOKEN_STRING;
    if (as_string)
        mo_str_add(&r->out, canonical); /* a bare word is a string there, and a column elsewhere */
    else
        mo_reader_span(r, part->default_from, part->default_to, &r->out);
    return set_attr(r, c, MO_ATTR_DEFAULT, canonical, mo_reader_take(r));
}

static int finish_generated(mo_reader *r, mo_column *c, const mo_rcolumn *part)
{
    if (part->generated_to == part->generated_from)
        return MOULT_OK;
    mo_str_add(&r->out, part->stored ? "stored " : "virtual ");
    mo_canonical_expr(r, part->generated_from, part->generated_to, &r->columns, &r->out);
    const char *canonical = mo_reader_take(r);
    mo_str_add(&r->out, "GENERATED ALWAYS AS (");
    mo_reader_span(r, part->generated_from, part->generated_to, &r->out);
    mo_str_add(&r->out, part->stored ? ") STORED" : ") VIRTUAL");
    return set_attr(r, c, MO_ATTR_GENERATED, canonical, canonical ? mo_reader_take(r) : NULL);
}

/* A key of a STRICT or WITHOUT ROWID table is NOT NULL, written or not. A row id is never NULL either, but SQLite shows
 * (pragma table_info) whether it was written, so that stays a difference. */
static void imply_not_null(mo_column *c, int implied)
{
    if (implied && c->key_place && !c->row_id && !c->attr[MO_ATTR_NOT_NULL].canonical)
        c->attr[MO_ATTR_NOT_NULL] = (mo_attr_value){"1", "NOT NULL"};
}

static int finish_table(mo_reader *r, mo_table *t)
{
    int rc = mo_finish_parts(r, t);
    for (size_t i = 0; rc == MOULT_OK && i < t->columns.count; i++) {
        rc = finish_default(r, t->columns.items[i], &r->column_parts[i]);
        if (rc == MOULT_OK)
            rc = finish_generated(r, t->columns.items[i], &r->column_parts[i]);
        imply_not_null(t->columns.items[i], t->options.count > 0);
    }
    return rc;
}

static int read_options(mo_reader *r, mo_table *t)
{
    static const mo_option strict = {"strict", "strict", "STRICT"},
                           without = {"without rowid", "without rowid", "WITHOUT ROWID"};
    int has_strict = 0, has_without = 0;
    mo_reader_punct(r, ','); /* SQLite allows one before the first */
    if (r->at == r->count && !mo_rtoken_is_punct(r, &r->tokens[r->at - 1], ','))
        return MOULT_OK;
    do {
        int is_without = mo_reader_word(r, MO_WORD_WITHOUT);
        const mo_rtoken *name = mo_reader_peek(r, 0);
        if (name->kind != MO_TOKEN_WORD ||
            !mo_name_equaln(is_without ? "rowid" : "strict", r->text + name->at, name->length))
            return mo_reader_expected(r, r->at, is_without ? "ROWID" : "STRICT or WITHOUT ROWID");
        r->at++;
        has_without |= is_without;
        has_strict |= !is_without;
    } while (mo_reader_punct(r, ','));
    if ((has_strict && mo_vec_push(r->region, &t->options, strict)) ||
        (has_without && mo_vec_push(r->region, &t->options, without)))
        return mo_error_nomem(r->err);
    return MOULT_OK;
}

static int begins_table_part(const mo_reader *r)
{
    switch (mo_reader_peek(r, 0)->word) {
    case MO_WORD_CONSTRAINT:
    case MO_WORD_PRIMARY:
    case MO_WORD_UNIQUE:
    case MO_WORD_CHECK:
    case MO_WORD_FOREIGN:
        return 1;
    default:
        return 0;
    }
}

/* Columns, then constraints; between these the comma may be left out. */
int mo_read_table(mo_reader *r, mo_object *o)
{
    mo_table *t = o->table;
    int rc = mo_reader_need_punct(r, '('), parts = 0;
    mo_names_clear(&r->columns);
    while (rc == MOULT_OK && !parts) {
        rc = read_column(r, t);
        if (rc || !mo_reader_punct(r, ','))
            break;
        parts = begins_table_part(r);
    }
    while (rc == MOULT_OK && parts) {
        rc = mo_read_table_part(r, t);
        if (rc == MOULT_OK && mo_reader_punct(r, ',') && !begins_table_part(r))
            rc = mo_reader_expected(r, r->at, "a table constraint");
        parts = begins_table_part(r);
    }
    if (rc == MOULT_OK)
        rc = mo_reader_need_punct(r, ')');
    if (rc == MOULT_OK)
        rc = read_options(r, t);
    return rc ? rc : finish_table(r, t);
}
