/* SPDX-License-Identifier: MIT */
/*
 * probe_view.c - the rows of a table as they will be, as one expression for FROM.
 *
 * Inside stands the table with the names that it gets; around it, only where a question names such a column, what an
 * @fill or a default gives and what a new type makes of a value. What is asked of the rows as they are stored is
 * answered inside then, for around it the same name means the value that will be. SQLite flattens both, so nothing is
 * computed that no question names.
 */
#include <string.h>

#include "dialect/sqlite/probe.h"

static const mo_object *shape(const mo_probe *p)
{
    return p->after ? p->after : p->before;
}

const char *mo_probe_unrenamed(const mo_probe *p)
{
    mo_str s = {0};
    for (size_t i = 0; i < p->plan->renames.count; i++) {
        const mo_rename *r = &p->plan->renames.items[i];
        if (mo_name_equal(r->table ? r->table : r->to, p->before->name))
            return NULL;
    }
    mo_str_ident(&s, p->before->name, '"');
    return mo_str_into(&s, p->plan->region);
}

const mo_part *mo_probe_part_of(const mo_probe *p, const char *column)
{
    for (size_t i = 0; p->change && i < p->change->parts.count; i++) {
        const mo_part *part = &p->change->parts.items[i];
        if (part->kind == MO_PART_COLUMN && part->column_after && part->op != MOULT_OP_RENAME &&
            mo_name_equal(part->column_after->name, column))
            return part;
    }
    return NULL;
}

/* --- one value ------------------------------------------------------------------------------------------------------- */

static void filled(mo_str *sql, const mo_column *after, const mo_column *before)
{
    int tightens = after->attr[MO_ATTR_NOT_NULL].canonical && !before->attr[MO_ATTR_NOT_NULL].canonical;
    if (after->fill && tightens) {
        mo_str_add(sql, "CASE WHEN ");
        mo_str_ident(sql, before->name, '"');
        mo_str_addf(sql, " IS NULL THEN (%s) ELSE ", after->fill);
        mo_str_ident(sql, before->name, '"');
        mo_str_add(sql, " END");
    } else {
        mo_str_ident(sql, before->name, '"');
    }
}

int mo_probe_value(mo_probe *p, const mo_column *after, mo_str *sql)
{
    const mo_column *before = mo_table_column(p->before->table, after->name);
    const mo_part *part = mo_probe_part_of(p, after->name);
    const char *value = after->fill ? after->fill : after->attr[MO_ATTR_DEFAULT].text;
    mo_cast *cast = NULL;
    mo_str plain = {0};
    int computed = after->attr[MO_ATTR_GENERATED].canonical != NULL;
    if (computed && (!before || (part && (part->attrs & (1u << MO_ATTR_GENERATED)))))
        return 0;
    if (!computed && (!before || mo_probe_changes_store(p, before, after)) &&
        mo_probe_cast(p, before, after, &cast) != MOULT_OK)
        return 0;
    if (before)
        filled(&plain, after, before);
    else
        mo_str_addf(&plain, "(%s)", value ? value : "NULL");
    if (cast) {
        size_t i = 0;
        while (p->casts.items[i] != cast)
            i++;
        mo_cast_stored(sql, cast, i, mo_str_text(&plain));
    } else {
        mo_str_add(sql, mo_str_text(&plain));
    }
    sql->failed |= plain.failed;
    mo_str_free(&plain);
    return 1;
}

/* Is the value of the column as it is stored now? */
static int is_stored(const mo_probe *p, const mo_column *after)
{
    const mo_column *before = mo_table_column(p->before->table, after->name);
    const mo_part *part = mo_probe_part_of(p, after->name);
    if (before == NULL || (part && (part->attrs & (1u << MO_ATTR_GENERATED))))
        return 0;
    if (after->attr[MO_ATTR_GENERATED].canonical)
        return 1;
    return !mo_probe_changes_store(p, before, after) &&
           !(after->fill && after->attr[MO_ATTR_NOT_NULL].canonical && !before->attr[MO_ATTR_NOT_NULL].canonical);
}

static int is_computed(const mo_probe *p, const char *column)
{
    for (size_t i = 0; i < p->computed.count; i++)
        if (mo_name_equal(p->computed.items[i], column))
            return 1;
    return 0;
}

static int named(const mo_token *t, const char *name)
{
    size_t quotes = t->kind == MO_TOKEN_QUOTED ? 1 : 0;
    if (t->kind != MO_TOKEN_WORD && t->kind != MO_TOKEN_QUOTED)
        return 0;
    return t->length > 2 * quotes && mo_name_equaln(name, t->text + quotes, t->length - 2 * quotes);
}

int mo_probe_mentions(const char *expression, size_t length, const char *name)
{
    mo_lexer x;
    mo_token t;
    mo_lexer_init(&x, &mo_lex_sqlite, expression, length);
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x))
        if (named(&t, name))
            return 1;
    return 0;
}

static int want(mo_probe *p, const mo_column *c, int *simple)
{
    mo_str trial = {0};
    int known = mo_probe_value(p, c, &trial);
    mo_str_free(&trial);
    if (p->err->pub.code == MOULT_NOMEM)
        return MOULT_NOMEM;
    mo_error_clear(p->err);
    if (!known) {
        *simple = 0;
        return MOULT_OK;
    }
    return is_computed(p, c->name) || mo_vec_push(p->region, &p->computed, c->name) == 0 ? MOULT_OK
                                                                                         : mo_error_nomem(p->err);
}

int mo_probe_names(mo_probe *p, const char *expression, size_t length, int *simple, int *stored)
{
    const mo_table *t = shape(p)->table;
    mo_lexer x;
    mo_token token;
    int rc = MOULT_OK;
    mo_lexer_init(&x, &mo_lex_sqlite, expression, length);
    for (token = mo_lexer_next(&x); rc == MOULT_OK && token.kind != MO_TOKEN_END && token.kind != MO_TOKEN_BAD;
         token = mo_lexer_next(&x))
        for (size_t i = 0; i < t->columns.count && rc == MOULT_OK; i++) {
            const mo_column *c = t->columns.items[i];
            if (!named(&token, c->name) || is_stored(p, c))
                continue;
            *stored = 0;
            rc = want(p, c, simple);
        }
    return rc;
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

static void add_keys(mo_str *sql, const mo_probe *p)
{
    mo_str_add(sql, "(SELECT ");
    for (size_t i = 0; i < p->key.count; i++) {
        mo_str_add(sql, i ? ", " : "");
        mo_str_ident(sql, mo_plan_live_column(p->plan, p->before->name, p->key.items[i]), '"');
        mo_str_addf(sql, " AS \"_moult_k%zu\"", i);
    }
    if (p->key.count == 0) {
        const char *row_id = mo_sqlite_row_id_name(p->before->table);
        mo_str_addf(sql, "%s AS \"_moult_k0\"", row_id ? row_id : "NULL");
    }
}

/* An expression may name the row id, by each name that no column has: a FROM of FROM has none of its own. */
static void add_row_ids(mo_str *sql, const mo_probe *p, int inside)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    const char *row_id = mo_sqlite_row_id_name(p->before->table);
    for (size_t i = 0; row_id && i < sizeof names / sizeof *names; i++)
        if (!mo_table_column(p->before->table, names[i]) && !(p->after && mo_table_column(p->after->table, names[i])))
            mo_str_addf(sql, ", %s AS %s", inside ? row_id : names[i], names[i]);
}

/* The table under the names that it gets. */
static void add_renamed(mo_str *sql, const mo_probe *p)
{
    const mo_table *t = p->before->table;
    add_keys(sql, p);
    add_row_ids(sql, p, 1);
    for (size_t i = 0; i < t->columns.count; i++) {
        const char *name = t->columns.items[i]->name;
        mo_str_add(sql, ", ");
        mo_str_ident(sql, mo_plan_live_column(p->plan, p->before->name, name), '"');
        mo_str_add(sql, " AS ");
        mo_str_ident(sql, name, '"');
    }
    mo_str_add(sql, " FROM ");
    mo_str_ident(sql, p->live, '"');
    mo_str_add(sql, ") AS ");
    mo_str_ident(sql, shape(p)->name, '"');
}

int mo_probe_gives(const mo_probe *p, const mo_question *q)
{
    return p->computed.count > 0 && (q->stored || q->cast);
}

/* What is asked of a row as it is stored, where the view gives a column of the same name as it will be. */
static void add_stored(mo_str *sql, const mo_probe *p)
{
    for (size_t i = p->asking; i < p->asking_end; i++) {
        const mo_question *q = p->questions.items[i];
        if (mo_probe_gives(p, q))
            mo_str_addf(sql, ", (%s) AS \"_moult_q%zu\"", q->cast ? mo_cast_operand(q->cast) : q->condition, q->number);
    }
}

int mo_probe_from(mo_probe *p, mo_str *sql)
{
    if (p->computed.count == 0) {
        add_renamed(sql, p);
        return sql->failed ? mo_error_nomem(p->err) : MOULT_OK;
    }
    mo_str_add(sql, "(SELECT ");
    for (size_t i = 0; i < (p->key.count ? p->key.count : 1); i++)
        mo_str_addf(sql, "%s\"_moult_k%zu\"", i ? ", " : "", i);
    add_row_ids(sql, p, 0);
    for (size_t i = 0; i < p->before->table->columns.count; i++) {
        const char *name = p->before->table->columns.items[i]->name;
        if (is_computed(p, name))
            continue;
        mo_str_add(sql, ", ");
        mo_str_ident(sql, name, '"');
    }
    for (size_t i = 0; i < p->computed.count; i++) {
        mo_str_add(sql, ", ");
        mo_probe_value(p, mo_table_column(p->after->table, p->computed.items[i]), sql);
        mo_str_add(sql, " AS ");
        mo_str_ident(sql, p->computed.items[i], '"');
    }
    add_stored(sql, p);
    mo_str_add(sql, " FROM ");
    add_renamed(sql, p);
    mo_str_add(sql, ") AS ");
    mo_str_ident(sql, shape(p)->name, '"');
    return sql->failed ? mo_error_nomem(p->err) : MOULT_OK;
}
