/* SPDX-License-Identifier: MIT */
/* reader_parts.c - CREATE TABLE: constraints, beside a column or behind all of them. Both become the same: a canonical form that
 * does not tell where it stood, and a text in the form of a table constraint. */
#include <stdlib.h>
#include <string.h>

#include "dialect/sqlite/reader_core.h"

/* --- reading --------------------------------------------------------------------------------------------------------- */

int mo_read_conflict(mo_reader *r, mo_word *out)
{
    *out = MO_WORD_NONE;
    if (mo_reader_peek(r, 0)->word != MO_WORD_ON || mo_reader_peek(r, 1)->word != MO_WORD_CONFLICT)
        return MOULT_OK;
    r->at += 2;
    mo_word word = (mo_word)mo_reader_peek(r, 0)->word;
    switch (word) {
    case MO_WORD_ROLLBACK:
    case MO_WORD_FAIL:
    case MO_WORD_IGNORE:
    case MO_WORD_REPLACE:
        *out = word;
        break;
    case MO_WORD_ABORT: /* what happens anyway */
        break;
    default:
        return mo_reader_expected(r, r->at, "ROLLBACK, ABORT, FAIL, IGNORE or REPLACE");
    }
    r->at++;
    return MOULT_OK;
}

/* SET NULL, SET DEFAULT, CASCADE, RESTRICT, NO ACTION. */
static int read_action(mo_reader *r, mo_word *out)
{
    *out = MO_WORD_NONE;
    if (mo_reader_word(r, MO_WORD_SET)) {
        if (mo_reader_peek(r, 0)->word != MO_WORD_NULL && mo_reader_peek(r, 0)->word != MO_WORD_DEFAULT)
            return mo_reader_expected(r, r->at, "NULL or DEFAULT");
        *out = (mo_word)r->tokens[r->at++].word;
        return MOULT_OK;
    }
    if (mo_reader_word(r, MO_WORD_NO))
        return mo_reader_need_word(r, MO_WORD_ACTION);
    if (mo_reader_peek(r, 0)->word != MO_WORD_CASCADE && mo_reader_peek(r, 0)->word != MO_WORD_RESTRICT)
        return mo_reader_expected(r, r->at, "an action");
    *out = (mo_word)r->tokens[r->at++].word;
    return MOULT_OK;
}

/* [NOT] DEFERRABLE [INITIALLY …]: 1 taken, 0 none is next, or an error's code. */
static int read_deferrable(mo_reader *r, int *deferred)
{
    int not = mo_reader_peek(r, 0)->word == MO_WORD_NOT;
    if (mo_reader_peek(r, (size_t) not )->word != MO_WORD_DEFERRABLE)
        return 0;
    r->at += (size_t) not +1;
    *deferred = 0;
    if (!mo_reader_word(r, MO_WORD_INITIALLY))
        return 1;
    if (mo_reader_word(r, MO_WORD_DEFERRED)) {
        *deferred = !not ;
        return 1;
    }
    int rc = mo_reader_need_word(r, MO_WORD_IMMEDIATE);
    return rc ? rc : 1;
}

/* From behind REFERENCES on. ON INSERT is read, and means nothing to SQLite. */
static int read_references(mo_reader *r, mo_rpart *part)
{
    size_t name;
    int rc = mo_reader_need_name(r, &name);
    if (rc)
        return rc;
    part->constraint->ref_table = mo_reader_value(r, name);
    if (!part->constraint->ref_table)
        return MOULT_NOMEM;
    if (mo_rtoken_is_punct(r, mo_reader_peek(r, 0), '('))
        rc = mo_reader_parens(r, &part->ref_from, &part->ref_to);
    while (rc == MOULT_OK) {
        mo_word nothing;
        if (mo_reader_word(r, MO_WORD_MATCH)) {
            rc = mo_reader_need_name(r, &name);
            if (rc == MOULT_OK && !(part->match = mo_reader_value(r, name)))
                rc = MOULT_NOMEM;
            continue;
        }
        mo_word event = (mo_word)mo_reader_peek(r, 1)->word;
        if (mo_reader_peek(r, 0)->word != MO_WORD_ON ||
            (event != MO_WORD_DELETE && event != MO_WORD_UPDATE && event != MO_WORD_INSERT))
            break;
        r->at += 2;
        rc = read_action(r, event == MO_WORD_DELETE   ? &part->on_delete
                            : event == MO_WORD_UPDATE ? &part->on_update
                                                      : &nothing);
    }
    return rc;
}

static mo_rpart *add_part(mo_reader *r, mo_table *t, mo_constraint_kind kind, size_t name, size_t start)
{
    mo_constraint *c = mo_region_alloc(r->region, sizeof *c);
    if (!c || mo_reader_grow((void **)&r->parts, &r->part_capacity, r->part_count, sizeof *r->parts) ||
        (name != MO_NO_TOKEN && !(c->name = mo_reader_value(r, name))) || mo_vec_push(r->region, &t->constraints, c)) {
        mo_error_nomem(r->err);
        return NULL;
    }
    c->kind = kind;
    c->column = -1;
    c->where.line = r->tokens[start].line;
    c->where.column = r->tokens[start].column;
    mo_rpart *part = &r->parts[r->part_count++];
    *part = (mo_rpart){.constraint = c, .name = name, .text_from = start};
    return part;
}

static int read_column_key(mo_reader *r, mo_rpart *part)
{
    if (mo_reader_need_word(r, MO_WORD_KEY))
        return r->err->pub.code;
    part->descending = mo_reader_peek(r, 0)->word == MO_WORD_DESC;
    if (part->descending || mo_reader_peek(r, 0)->word == MO_WORD_ASC)
        r->at++;
    if (mo_read_conflict(r, &part->conflict))
        return r->err->pub.code;
    part->autoincrement = mo_reader_word(r, MO_WORD_AUTOINCREMENT);
    return MOULT_OK;
}

/* A deferral stands for the foreign key before it, whatever stands between. */
static int read_column_deferrable(mo_reader *r)
{
    int deferred = 0, taken = read_deferrable(r, &deferred);
    for (size_t i = r->part_count; taken == 1 && i-- > 0;) {
        if (r->parts[i].constraint->kind == MO_CONSTRAINT_FOREIGN_KEY) {
            r->parts[i].deferred = deferred;
            break;
        }
    }
    return taken;
}

int mo_read_column_part(mo_reader *r, mo_table *t, size_t name)
{
    static const struct {
        mo_word word;
        mo_constraint_kind kind;
    } kinds[] = {{MO_WORD_PRIMARY, MO_CONSTRAINT_PRIMARY_KEY},
                 {MO_WORD_UNIQUE, MO_CONSTRAINT_UNIQUE},
                 {MO_WORD_CHECK, MO_CONSTRAINT_CHECK},
                 {MO_WORD_REFERENCES, MO_CONSTRAINT_FOREIGN_KEY}};
    size_t start = r->at, k = 0;
    while (k < 4 && kinds[k].word != mo_reader_peek(r, 0)->word)
        k++;
    if (k == 4)
        return read_column_deferrable(r);
    mo_rpart *part = add_part(r, t, kinds[k].kind, name, start);
    int rc = part ? MOULT_OK : MOULT_NOMEM;
    if (rc)
        return rc;
    part->constraint->column = (int)t->columns.count - 1;
    r->at++;
    if (kinds[k].kind == MO_CONSTRAINT_PRIMARY_KEY)
        rc = read_column_key(r, part);
    else if (kinds[k].kind == MO_CONSTRAINT_UNIQUE)
        rc = mo_read_conflict(r, &part->conflict);
    else if (kinds[k].kind == MO_CONSTRAINT_CHECK)
        rc = mo_reader_parens(r, &part->inside_from, &part->inside_to);
    else
        rc = read_references(r, part);
    part->text_to = r->at;
    return rc ? rc : 1;
}

static int read_foreign_key(mo_reader *r, mo_rpart *part)
{
    int rc = mo_reader_need_word(r, MO_WORD_KEY);
    if (rc == MOULT_OK)
        rc = mo_reader_parens(r, &part->inside_from, &part->inside_to);
    if (rc == MOULT_OK)
        rc = mo_reader_need_word(r, MO_WORD_REFERENCES);
    if (rc == MOULT_OK)
        rc = read_references(r, part);
    if (rc == MOULT_OK) {
        int taken = read_deferrable(r, &part->deferred);
        rc = taken < 0 ? taken : MOULT_OK;
    }
    return rc;
}

/* PRIMARY KEY (a, b AUTOINCREMENT): the word belongs to no column. */
static void take_autoincrement(mo_reader *r, mo_rpart *part)
{
    if (part->inside_to - part->inside_from > 1 && r->tokens[part->inside_to - 1].word == MO_WORD_AUTOINCREMENT) {
        part->inside_to--;
        part->autoincrement = 1;
    }
}

int mo_read_table_part(mo_reader *r, mo_table *t)
{
    size_t start = r->at, name = MO_NO_TOKEN;
    int rc;
    while (mo_reader_peek(r, 0)->word == MO_WORD_CONSTRAINT) {
        start = r->at++;
        rc = mo_reader_need_name(r, &name);
        if (rc)
            return rc;
    }
    mo_word word = (mo_word)mo_reader_peek(r, 0)->word;
    mo_constraint_kind kind = word == MO_WORD_PRIMARY  ? MO_CONSTRAINT_PRIMARY_KEY
                              : word == MO_WORD_UNIQUE ? MO_CONSTRAINT_UNIQUE
                              : word == MO_WORD_CHECK  ? MO_CONSTRAINT_CHECK
                                                       : MO_CONSTRAINT_FOREIGN_KEY;
    if (kind == MO_CONSTRAINT_FOREIGN_KEY && word != MO_WORD_FOREIGN)
        return MOULT_OK; /* a name that names nothing */
    mo_rpart *part = add_part(r, t, kind, name, start);
    rc = part ? MOULT_OK : MOULT_NOMEM;
    if (rc)
        return rc;
    r->at++;
    if (kind == MO_CONSTRAINT_FOREIGN_KEY) {
        rc = read_foreign_key(r, part);
    } else {
        if (kind == MO_CONSTRAINT_PRIMARY_KEY)
            rc = mo_reader_need_word(r, MO_WORD_KEY);
        if (rc == MOULT_OK)
            rc = mo_reader_parens(r, &part->inside_from, &part->inside_to);
        if (rc == MOULT_OK)
            rc = mo_read_conflict(r, &part->conflict); /* a CHECK may have it, and does not heed it */
        if (rc == MOULT_OK && kind == MO_CONSTRAINT_PRIMARY_KEY)
            take_autoincrement(r, part);
    }
    part->text_to = r->at;
    return rc;
}

/* --- finishing: columns ---------------------------------------------------------------------------------------------- */

/* One term of PRIMARY KEY (…) or UNIQUE (…). */
typedef struct term {
    size_t name, collation; /* tokens; collation: MO_NO_TOKEN is none */
    int descending;
} term;

/* name [COLLATE x] [ASC | DESC], in any parentheses. */
static int read_term(mo_reader *r, size_t from, size_t to, term *out)
{
    *out = (term){MO_NO_TOKEN, MO_NO_TOKEN, 0};
    for (size_t i = from; i < to; i++) {
        const mo_rtoken *t = &r->tokens[i];
        if (mo_rtoken_is_punct(r, t, '(') || mo_rtoken_is_punct(r, t, ')'))
            continue;
        if (out->name == MO_NO_TOKEN && mo_rtoken_is_name(r, t)) {
            out->name = i;
        } else if (out->name != MO_NO_TOKEN && t->word == MO_WORD_COLLATE && i + 1 < to &&
                   mo_rtoken_is_name(r, &r->tokens[i + 1])) {
            out->collation = ++i;
        } else if (out->name != MO_NO_TOKEN && i + 1 == to && (t->word == MO_WORD_ASC || t->word == MO_WORD_DESC)) {
            out->descending = t->word == MO_WORD_DESC;
        } else {
            return mo_reader_expected(r, i, "a column");
        }
    }
    return out->name == MO_NO_TOKEN ? mo_reader_expected(r, to, "a column") : MOULT_OK;
}

static size_t count_terms(const mo_reader *r, size_t from, size_t to)
{
    size_t n = 1;
    while ((from = mo_reader_term_end(r, from, to)) < to) {
        n++;
        from++;
    }
    return n;
}

static int find_column(mo_reader *r, size_t token, uint32_t *out)
{
    size_t length = 0;
    const char *name = mo_rtoken_value(r, &r->tokens[token], &length);
    if (!name)
        return MOULT_NOMEM;
    if (!mo_names_find(&r->columns, name, length, out))
        return mo_reader_error(r, token, "the table has no column '%.*s'", length < 200 ? (int)length : 200, name);
    return MOULT_OK;
}

/* Does an explicit collation say something that the column does not say already? */
static int other_collation(mo_reader *r, const term *t, const mo_column *c)
{
    size_t length = 0;
    if (t->collation == MO_NO_TOKEN)
        return 0;
    const char *name = mo_rtoken_value(r, &r->tokens[t->collation], &length);
    const char *own = c->attr[MO_ATTR_COLLATION].canonical ? c->attr[MO_ATTR_COLLATION].canonical : "binary";
    return !name || !mo_name_equaln(own, name, length);
}

static void add_term(mo_reader *r, const term *t, const mo_column *c)
{
    mo_canonical_name(&r->out, c->name, strlen(c->name));
    if (other_collation(r, t, c)) {
        size_t length = 0;
        const char *name = mo_rtoken_value(r, &r->tokens[t->collation], &length);
        mo_str_add(&r->out, " collate ");
        if (name)
            mo_canonical_name(&r->out, name, length);
        else
            r->out.failed = 1;
    }
    if (t->descending)
        mo_str_add(&r->out, " desc");
}

/* Reads the terms, and writes them one after another into r->out. The column of the first in *first. */
static int add_terms(mo_reader *r, mo_table *t, mo_rpart *part)
{
    mo_constraint *k = part->constraint;
    int beside = k->column >= 0;
    size_t count = beside ? 1 : count_terms(r, part->inside_from, part->inside_to), at = part->inside_from;
    const char **names = mo_region_alloc(r->region, count * sizeof *names);
    if (!names)
        return mo_error_nomem(r->err);
    k->columns = names;
    for (; k->column_count < count; k->column_count++) {
        term one = {MO_NO_TOKEN, MO_NO_TOKEN, part->descending};
        uint32_t index = (uint32_t)k->column;
        if (!beside) {
            size_t end = mo_reader_term_end(r, at, part->inside_to);
            if (read_term(r, at, end, &one) || find_column(r, one.name, &index))
                return r->err->pub.code;
            at = end + 1;
        }
        mo_column *c = t->columns.items[index];
        if (k->column_count)
            mo_str_add(&r->out, ", ");
        add_term(r, &one, c);
        names[k->column_count] = c->name;
        if (k->kind == MO_CONSTRAINT_PRIMARY_KEY && !c->key_place)
            c->key_place = (int)k->column_count + 1;
    }
    return MOULT_OK;
}

static void add_conflict(mo_reader *r, mo_word conflict)
{
    if (!conflict)
        return;
    mo_str_add(&r->out, " on conflict ");
    for (const char *p = mo_word_text(conflict); *p; p++)
        mo_str_addc(&r->out, (char)(*p + ('a' - 'A')));
}

/* Is the key the row id? Only one column of exactly the type INTEGER is; and, beside the column, not with DESC. */
static int is_row_id(const mo_table *t, const mo_rpart *part, const mo_column *c)
{
    const char *type = c->attr[MO_ATTR_TYPE].canonical;
    return part->constraint->column_count == 1 && type && strcmp(type, "integer") == 0 &&
           !mo_table_option(t, "without rowid") && !(part->constraint->column >= 0 && part->descending);
}

static int finish_key(mo_reader *r, mo_table *t, mo_rpart *part)
{
    mo_constraint *k = part->constraint;
    uint32_t first = 0;
    mo_str_add(&r->out, k->kind == MO_CONSTRAINT_UNIQUE ? "unique (" : "primary key (");
    if (add_terms(r, t, part))
        return r->err->pub.code;
    mo_names_find(&r->columns, k->columns[0], strlen(k->columns[0]), &first);
    mo_column *c = t->columns.items[first];
    if (k->kind == MO_CONSTRAINT_PRIMARY_KEY && is_row_id(t, part, c)) {
        c->row_id = 1;
        mo_str_clear(&r->out); /* direction and collation are nothing to a row id */
        mo_str_add(&r->out, "primary key rowid (");
        mo_canonical_name(&r->out, c->name, strlen(c->name));
    }
    mo_str_addc(&r->out, ')');
    if (part->autoincrement)
        mo_str_add(&r->out, " autoincrement");
    add_conflict(r, part->conflict);
    return MOULT_OK;
}

/* --- finishing: CHECK, FOREIGN KEY ----------------------------------------------------------------------------------- */

/* The columns that a condition mentions, in the table's order. */
static int mentioned_columns(mo_reader *r, mo_table *t, mo_rpart *part)
{
    mo_constraint *k = part->constraint;
    size_t most = part->inside_to - part->inside_from;
    if (most > t->columns.count)
        most = t->columns.count;
    const char **names = mo_region_alloc(r->region, most * sizeof *names);
    if (!names)
        return mo_error_nomem(r->err);
    k->columns = names;
    mo_names_clear(&r->mentioned);
    for (size_t i = part->inside_from; i < part->inside_to; i++) {
        size_t length = 0;
        uint32_t index;
        const mo_rtoken *token = &r->tokens[i];
        if (token->kind != MO_TOKEN_WORD && token->kind != MO_TOKEN_QUOTED)
            continue;
        const char *name = mo_rtoken_value(r, token, &length);
        if (!name)
            return MOULT_NOMEM;
        if (!mo_names_find(&r->columns, name, length, &index))
            continue;
        const char *column = t->columns.items[index]->name;
        int added = mo_names_add(&r->mentioned, column, strlen(column), index);
        if (added < 0)
            return mo_error_nomem(r->err);
        if (added)
            names[k->column_count++] = column;
    }
    return MOULT_OK;
}

static int finish_check(mo_reader *r, mo_table *t, mo_rpart *part)
{
    if (mentioned_columns(r, t, part))
        return r->err->pub.code;
    mo_str_add(&r->out, "check (");
    mo_canonical_expr(r, part->inside_from, part->inside_to, &r->columns, &r->out);
    mo_str_addc(&r->out, ')');
    return MOULT_OK;
}

/* A list of names: into the region, and in canonical form into r->out. Old files have COLLATE and ASC there, without effect. */
static int add_names(mo_reader *r, size_t from, size_t to, const char *const **out, size_t *count)
{
    size_t n = count_terms(r, from, to), i = 0;
    const char **names = mo_region_alloc(r->region, n * sizeof *names);
    if (!names)
        return mo_error_nomem(r->err);
    for (size_t at = from; i < n; i++) {
        size_t end = mo_reader_term_end(r, at, to);
        term one;
        if (read_term(r, at, end, &one))
            return r->err->pub.code;
        names[i] = mo_reader_value(r, one.name);
        if (!names[i])
            return MOULT_NOMEM;
        mo_str_add(&r->out, i ? ", " : "");
        mo_canonical_name(&r->out, names[i], strlen(names[i]));
        at = end + 1;
    }
    *out = names;
    *count = n;
    return MOULT_OK;
}

static void add_action(mo_reader *r, const char *event, mo_word action)
{
    if (!action)
        return;
    mo_str_add(&r->out, event);
    mo_str_add(&r->out, action == MO_WORD_CASCADE    ? "cascade"
                        : action == MO_WORD_RESTRICT ? "restrict"
                        : action == MO_WORD_NULL     ? "set null"
                                                     : "set default");
}

/* The child's own columns: of the list, or the one beside which it stands. */
static int own_columns(mo_reader *r, mo_table *t, mo_rpart *part)
{
    mo_constraint *k = part->constraint;
    if (k->column < 0)
        return add_names(r, part->inside_from, part->inside_to, &k->columns, &k->column_count);
    const char **names = mo_region_alloc(r->region, sizeof *names);
    if (!names)
        return mo_error_nomem(r->err);
    names[0] = t->columns.items[k->column]->name;
    k->columns = names;
    k->column_count = 1;
    mo_canonical_name(&r->out, names[0], strlen(names[0]));
    return MOULT_OK;
}

static int finish_foreign_key(mo_reader *r, mo_table *t, mo_rpart *part)
{
    mo_constraint *k = part->constraint;
    mo_str_add(&r->out, "foreign key (");
    if (own_columns(r, t, part))
        return r->err->pub.code;
    for (size_t i = 0; i < k->column_count; i++)
        if (!mo_names_find(&r->columns, k->columns[i], strlen(k->columns[i]), NULL))
            return mo_reader_error(r, part->inside_from, "the table has no column '%s'", k->columns[i]);
    mo_str_add(&r->out, ") references ");
    mo_canonical_name(&r->out, k->ref_table, strlen(k->ref_table));
    if (part->ref_to > part->ref_from) {
        mo_str_add(&r->out, " (");
        if (add_names(r, part->ref_from, part->ref_to, &k->ref_columns, &k->ref_column_count))
            return r->err->pub.code;
        mo_str_addc(&r->out, ')');
    }
    add_action(r, " on delete ", part->on_delete);
    add_action(r, " on update ", part->on_update);
    if (part->match) {
        mo_str_add(&r->out, " match ");
        mo_canonical_name(&r->out, part->match, strlen(part->match));
    }
    if (part->deferred)
        mo_str_add(&r->out, " deferrable initially deferred");
    return MOULT_OK;
}

/* --- finishing: text ------------------------------------------------------------------------------------------------- */

/* A constraint that stands beside its column, as if it stood behind all of them. */
static void add_column_text(mo_reader *r, mo_table *t, mo_rpart *part)
{
    mo_constraint *k = part->constraint;
    mo_str *out = &r->out;
    if (part->name != MO_NO_TOKEN) {
        mo_str_add(out, "CONSTRAINT ");
        mo_reader_span(r, part->name, part->name + 1, out);
        mo_str_addc(out, ' ');
    }
    if (k->kind == MO_CONSTRAINT_CHECK) {
        mo_reader_span(r, part->text_from, part->text_to, out);
        return;
    }
    mo_str_add(out, k->kind == MO_CONSTRAINT_PRIMARY_KEY ? "PRIMARY KEY ("
                    : k->kind == MO_CONSTRAINT_UNIQUE    ? "UNIQUE ("
                                                         : "FOREIGN KEY (");
    mo_str_ident(out, t->columns.items[k->column]->name, '"');
    mo_str_add(out, part->descending ? " DESC" : "");
    mo_str_add(out, part->autoincrement ? " AUTOINCREMENT" : "");
    mo_str_addc(out, ')');
    if (k->kind == MO_CONSTRAINT_FOREIGN_KEY) {
        mo_str_addc(out, ' ');
        mo_reader_span(r, part->text_from, part->text_to, out);
        mo_str_add(out, part->deferred ? " DEFERRABLE INITIALLY DEFERRED" : "");
    } else if (part->conflict) {
        mo_str_add(out, " ON CONFLICT ");
        mo_str_add(out, mo_word_text(part->conflict));
    }
}

static int finish_part(mo_reader *r, mo_table *t, mo_rpart *part)
{
    static int (*const finish[MO_CONSTRAINT_COUNT])(mo_reader *, mo_table *, mo_rpart *) = {
        [MO_CONSTRAINT_PRIMARY_KEY] = finish_key,
        [MO_CONSTRAINT_UNIQUE] = finish_key,
        [MO_CONSTRAINT_CHECK] = finish_check,
        [MO_CONSTRAINT_FOREIGN_KEY] = finish_foreign_key,
    };
    mo_constraint *k = part->constraint;
    mo_str_clear(&r->out);
    if (finish[k->kind](r, t, part))
        return r->err->pub.code;
    k->canonical = mo_reader_take(r);
    if (!k->canonical)
        return MOULT_NOMEM;
    if (k->column < 0)
        mo_reader_span(r, part->text_from, part->text_to, &r->out);
    else
        add_column_text(r, t, part);
    k->text = mo_reader_take(r);
    return k->text ? MOULT_OK : MOULT_NOMEM;
}

/* Is the same constraint there already? SQLite keeps one of two equal keys, and a CHECK does not hold twice as well. */
static int is_repeated(const mo_table *t, size_t index)
{
    enum { MANY = 1000 };
    const mo_constraint *k = t->constraints.items[index];
    if (k->kind == MO_CONSTRAINT_FOREIGN_KEY || index > MANY)
        return 0;
    for (size_t i = 0; i < index; i++)
        if (mo_constraint_equal(t->constraints.items[i], k))
            return 1;
    return 0;
}

int mo_finish_parts(mo_reader *r, mo_table *t)
{
    size_t kept = 0, keys = 0;
    for (size_t i = 0; i < r->part_count; i++) {
        if (finish_part(r, t, &r->parts[i]))
            return r->err->pub.code;
        if (r->parts[i].constraint->kind == MO_CONSTRAINT_PRIMARY_KEY && keys++)
            return mo_reader_error(r, r->parts[i].text_from, "the table has more than one primary key");
        t->constraints.items[kept] = t->constraints.items[i];
        if (!is_repeated(t, kept))
            kept++;
    }
    t->constraints.count = kept;
    return MOULT_OK;
}
