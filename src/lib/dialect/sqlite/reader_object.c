/* SPDX-License-Identifier: MIT */
/* reader_object.c - one definition → object: how it begins, what each kind has, and what all have: the text that SQLite would
 * store, the names it mentions, the hash of its tokens. */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "dialect/sqlite/reader_core.h"

/* --- how it begins --------------------------------------------------------------------------------------------------- */

static int read_kind(mo_reader *r, mo_rhead *h)
{
    *h = (mo_rhead){.temporary = MO_NO_TOKEN, .space = MO_NO_TOKEN};
    if (mo_reader_need_word(r, MO_WORD_CREATE))
        return r->err->pub.code;
    mo_word word = (mo_word)mo_reader_peek(r, 0)->word;
    if (word == MO_WORD_TEMP || word == MO_WORD_TEMPORARY)
        h->temporary = r->at++;
    if (mo_reader_word(r, MO_WORD_UNIQUE)) {
        h->unique = 1;
        h->kind = MO_KIND_INDEX;
        return mo_reader_need_word(r, MO_WORD_INDEX);
    }
    if (mo_reader_word(r, MO_WORD_VIRTUAL)) {
        h->kind = MO_KIND_VIRTUAL_TABLE;
        return mo_reader_need_word(r, MO_WORD_TABLE);
    }
    switch (mo_reader_peek(r, 0)->word) {
    case MO_WORD_TABLE:
        h->kind = MO_KIND_TABLE;
        break;
    case MO_WORD_INDEX:
        h->kind = MO_KIND_INDEX;
        break;
    case MO_WORD_VIEW:
        h->kind = MO_KIND_VIEW;
        break;
    case MO_WORD_TRIGGER:
        h->kind = MO_KIND_TRIGGER;
        break;
    default:
        return mo_reader_expected(r, r->at, "TABLE, INDEX, VIEW, TRIGGER or VIRTUAL TABLE");
    }
    r->at++;
    return MOULT_OK;
}

int mo_read_head(mo_reader *r, mo_rhead *h)
{
    if (read_kind(r, h))
        return r->err->pub.code;
    if (mo_reader_peek(r, 0)->word == MO_WORD_IF && mo_reader_peek(r, 1)->word == MO_WORD_NOT &&
        mo_reader_peek(r, 2)->word == MO_WORD_EXISTS)
        r->at += 3;
    if (mo_reader_need_name(r, &h->name))
        return r->err->pub.code;
    if (mo_reader_punct(r, '.')) {
        h->space = h->name;
        return mo_reader_need_name(r, &h->name);
    }
    return MOULT_OK;
}

static int is_main(mo_reader *r, size_t token)
{
    size_t length = 0;
    const char *name = token == MO_NO_TOKEN ? "main" : mo_rtoken_value(r, &r->tokens[token], &length);
    return token == MO_NO_TOKEN || (name && mo_name_equaln("main", name, length));
}

/* --- kinds ----------------------------------------------------------------------------------------------------------- */

static int read_table(mo_reader *r, mo_object *o, const mo_rhead *h)
{
    (void)h;
    if (mo_reader_peek(r, 0)->word == MO_WORD_AS)
        return mo_reader_error(r, r->at, "a table made AS SELECT has no columns to read");
    return mo_read_table(r, o);
}

/* A name in canonical form, from a token that is surely one. */
static void add_name(mo_reader *r, size_t token)
{
    size_t length = 0;
    const char *name = mo_rtoken_value(r, &r->tokens[token], &length);
    if (name)
        mo_canonical_name(&r->out, name, length);
    else
        r->out.failed = 1;
}

/* ON [main.]t : the parent. */
static int read_parent(mo_reader *r, mo_object *o)
{
    size_t token;
    if (mo_reader_need_word(r, MO_WORD_ON) || mo_reader_need_name(r, &token))
        return r->err->pub.code;
    if (mo_reader_punct(r, '.') && mo_reader_need_name(r, &token))
        return r->err->pub.code;
    o->parent = mo_reader_value(r, token);
    return o->parent ? MOULT_OK : MOULT_NOMEM;
}

/* One term of an index: a lone name, in whatever quotes, is a column; ASC says nothing. */
static void add_index_term(mo_reader *r, size_t from, size_t to)
{
    int descending = 0;
    if (to - from > 1 && (r->tokens[to - 1].word == MO_WORD_ASC || r->tokens[to - 1].word == MO_WORD_DESC)) {
        descending = r->tokens[to - 1].word == MO_WORD_DESC;
        to--;
    }
    size_t end = to; /* COLLATE x behind a lone name */
    while (end - from > 2 && r->tokens[end - 2].word == MO_WORD_COLLATE)
        end -= 2;
    if (end - from == 1 && mo_rtoken_is_name(r, &r->tokens[from])) {
        add_name(r, from);
        for (; end < to; end += 2) {
            mo_str_add(&r->out, " collate ");
            add_name(r, end + 1);
        }
    } else {
        mo_canonical_expr(r, from, to, NULL, &r->out);
    }
    mo_str_add(&r->out, descending ? " desc" : "");
}

static int read_index(mo_reader *r, mo_object *o, const mo_rhead *h)
{
    size_t from, to;
    int rc = read_parent(r, o);
    if (rc == MOULT_OK)
        rc = mo_reader_parens(r, &from, &to);
    if (rc)
        return rc;
    mo_str_add(&r->out, h->unique ? "unique index on " : "index on ");
    mo_canonical_name(&r->out, o->parent, strlen(o->parent));
    mo_str_add(&r->out, " (");
    for (size_t at = from; at < to;) {
        size_t end = mo_reader_term_end(r, at, to);
        if (end == at)
            return mo_reader_expected(r, at, "a column or an expression");
        if (at > from)
            mo_str_add(&r->out, ", ");
        add_index_term(r, at, end);
        at = end + 1;
    }
    mo_str_addc(&r->out, ')');
    if (mo_reader_word(r, MO_WORD_WHERE)) {
        if (r->at == r->count)
            return mo_reader_expected(r, r->at, "a condition");
        mo_str_add(&r->out, " where ");
        mo_canonical_expr(r, r->at, r->count, NULL, &r->out);
        r->at = r->count;
    }
    return MOULT_OK;
}

static int read_view(mo_reader *r, mo_object *o, const mo_rhead *h)
{
    size_t from = 0, to = 0;
    (void)o, (void)h;
    mo_str_add(&r->out, "view");
    if (mo_rtoken_is_punct(r, mo_reader_peek(r, 0), '(') && mo_reader_parens(r, &from, &to))
        return r->err->pub.code;
    for (size_t i = from; i < to; i++) { /* the names of its columns, as written: they are what a query sees */
        size_t length = 0;
        const char *name = mo_rtoken_value(r, &r->tokens[i], &length);
        if (!name || (mo_rtoken_is_name(r, &r->tokens[i]) && mo_reader_gives(r, i)))
            return mo_error_nomem(r->err);
        mo_str_add(&r->out, i == from ? " (" : " ");
        if (mo_rtoken_is_name(r, &r->tokens[i]) && !mo_name_is_plain(name, length)) {
            mo_str_addc(&r->out, '"');
            mo_str_addn(&r->out, name, length);
            mo_str_addc(&r->out, '"');
        } else {
            mo_str_addn(&r->out, name, length);
        }
    }
    mo_str_add(&r->out, to > from ? ") as " : " as ");
    if (mo_reader_need_word(r, MO_WORD_AS))
        return r->err->pub.code;
    mo_word word = (mo_word)mo_reader_peek(r, 0)->word;
    if (word != MO_WORD_SELECT && word != MO_WORD_WITH && word != MO_WORD_VALUES)
        return mo_reader_expected(r, r->at, "SELECT");
    mo_canonical_body(r, r->at, r->count, to > from ? 2 : 1, &r->out);
    r->at = r->count;
    return MOULT_OK;
}

/* [BEFORE | AFTER | INSTEAD OF] DELETE | INSERT | UPDATE [OF a, b] */
static int read_event(mo_reader *r)
{
    if (mo_reader_word(r, MO_WORD_INSTEAD)) {
        if (mo_reader_need_word(r, MO_WORD_OF))
            return r->err->pub.code;
        mo_str_add(&r->out, "trigger instead of");
    } else if (mo_reader_word(r, MO_WORD_AFTER)) {
        mo_str_add(&r->out, "trigger after");
    } else {
        mo_reader_word(r, MO_WORD_BEFORE);
        mo_str_add(&r->out, "trigger before");
    }
    mo_word event = (mo_word)mo_reader_peek(r, 0)->word;
    if (event != MO_WORD_DELETE && event != MO_WORD_INSERT && event != MO_WORD_UPDATE)
        return mo_reader_expected(r, r->at, "DELETE, INSERT or UPDATE");
    r->at++;
    mo_str_add(&r->out, event == MO_WORD_DELETE ? " delete" : event == MO_WORD_INSERT ? " insert" : " update");
    if (event != MO_WORD_UPDATE || !mo_reader_word(r, MO_WORD_OF))
        return MOULT_OK;
    const char *before = " of ";
    do {
        size_t token;
        if (mo_reader_need_name(r, &token))
            return r->err->pub.code;
        mo_str_add(&r->out, before);
        add_name(r, token);
        before = ", ";
    } while (mo_reader_punct(r, ','));
    return MOULT_OK;
}

static int read_trigger(mo_reader *r, mo_object *o, const mo_rhead *h)
{
    int rc = read_event(r);
    (void)h;
    if (rc == MOULT_OK)
        rc = read_parent(r, o);
    if (rc)
        return rc;
    mo_str_add(&r->out, " on ");
    mo_canonical_name(&r->out, o->parent, strlen(o->parent));
    mo_str_addc(&r->out, ' ');
    if (mo_reader_word(r, MO_WORD_FOR) && (mo_reader_need_word(r, MO_WORD_EACH) || mo_reader_need_word(r, MO_WORD_ROW)))
        return r->err->pub.code;
    mo_word word = (mo_word)mo_reader_peek(r, 0)->word;
    if (word != MO_WORD_WHEN && word != MO_WORD_BEGIN)
        return mo_reader_expected(r, r->at, "BEGIN");
    if (r->tokens[r->count - 1].word != MO_WORD_END)
        return mo_reader_expected(r, r->count, "END");
    mo_canonical_body(r, r->at, r->count, 0, &r->out);
    r->at = r->count;
    return MOULT_OK;
}

/* What a module gets as its arguments is raw text: white space and comments inside one are its own. */
static int read_virtual_table(mo_reader *r, mo_object *o, const mo_rhead *h)
{
    size_t module, from = 0, to = 0;
    (void)o, (void)h;
    if (mo_reader_need_word(r, MO_WORD_USING) || mo_reader_need_name(r, &module))
        return r->err->pub.code;
    mo_str_add(&r->out, "using ");
    add_name(r, module);
    mo_str_add(&r->out, " (");
    if (mo_reader_punct(r, '(')) {
        from = r->at;
        if (!mo_reader_punct(r, ')')) {
            r->at--;
            if (mo_reader_parens(r, &from, &to))
                return r->err->pub.code;
        }
    }
    for (size_t at = from; at < to;) {
        size_t end = mo_reader_term_end(r, at, to);
        const mo_rtoken *first = &r->tokens[at], *last = &r->tokens[end > at ? end - 1 : at];
        if (at > from)
            mo_str_add(&r->out, ", ");
        if (end > at)
            mo_str_addn(&r->out, r->text + first->at, last->at + last->length - first->at);
        at = end + 1;
    }
    mo_str_addc(&r->out, ')');
    return MOULT_OK;
}

/* --- what all have --------------------------------------------------------------------------------------------------- */

/* As SQLite stores it: from the name on, behind words of its own. */
static int set_sql(mo_reader *r, mo_object *o, const mo_rhead *h)
{
    static const char *const begin[MO_KIND_COUNT] = {
        [MO_KIND_TABLE] = "CREATE TABLE ",     [MO_KIND_VIRTUAL_TABLE] = "CREATE VIRTUAL TABLE ",
        [MO_KIND_INDEX] = "CREATE INDEX ",     [MO_KIND_VIEW] = "CREATE VIEW ",
        [MO_KIND_TRIGGER] = "CREATE TRIGGER ",
    };
    const mo_rtoken *first = &r->tokens[h->name], *last = &r->tokens[r->count - 1];
    mo_str_clear(&r->out);
    mo_str_add(&r->out, h->unique ? "CREATE UNIQUE INDEX " : begin[o->kind]);
    mo_str_addn(&r->out, r->text + first->at, last->at + last->length - first->at);
    o->sql = mo_reader_take(r);
    return o->sql ? MOULT_OK : MOULT_NOMEM;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Collects the tokens that may be names into r->mentioned; *bytes is the room that they need. */
static int collect_mentions(mo_reader *r, size_t *bytes)
{
    enum { LONGEST = 1000 }; /* longer strings are no names */
    mo_names_clear(&r->mentioned);
    *bytes = 0;
    for (size_t i = 0; i < r->count; i++) {
        const mo_rtoken *t = &r->tokens[i];
        size_t length = 0;
        if (i == r->own || !mo_rtoken_is_name(r, t) || (t->kind == MO_TOKEN_STRING && t->length > LONGEST))
            continue;
        const char *name = mo_rtoken_value(r, t, &length);
        if (name == r->value.data && name) /* the buffer is used again; the set borrows */
            name = mo_region_dupn(r->region, name, length);
        int added = name ? mo_names_add(&r->mentioned, name, length, 0) : -1;
        if (added < 0)
            return mo_error_nomem(r->err);
        *bytes += added ? length + 1 : 0;
    }
    return MOULT_OK;
}

static int set_mentions(mo_reader *r, mo_object *o)
{
    size_t bytes, n = 0;
    if (collect_mentions(r, &bytes))
        return r->err->pub.code;
    const char **names = mo_region_alloc(r->region, (r->mentioned.count + 1) * sizeof *names);
    char *at = mo_region_alloc(r->region, bytes);
    if (!names || !at)
        return mo_error_nomem(r->err);
    for (size_t i = 0; i < r->mentioned.size; i++) {
        const mo_name_entry *e = &r->mentioned.slots[i];
        if (!e->text)
            continue;
        names[n++] = at;
        for (size_t k = 0; k < e->length; k++)
            *at++ = (char)mo_fold_char(e->text[k]);
        *at++ = '\0';
    }
    qsort(names, n, sizeof *names, compare_names);
    o->mentions = names;
    o->mention_count = n;
    return MOULT_OK;
}

/* The hash of a table's tokens, of anything else's name and canonical form: equal only when the definitions are. Keywords that
 * may be names keep their case, for a name may be seen. */
static int set_tokens(mo_reader *r, mo_object *o, const mo_rhead *h)
{
    mo_str *out = &r->out;
    mo_str_clear(out);
    mo_str_addc(out, (char)('0' + o->kind));
    if (o->kind != MO_KIND_TABLE) {
        mo_str_add(out, o->name);
        mo_str_addc(out, '\0');
        mo_str_add(out, o->canonical);
    }
    for (size_t i = h->name; o->kind == MO_KIND_TABLE && i < r->count; i++) {
        const mo_rtoken *t = &r->tokens[i];
        if (mo_word_where((mo_word)t->word) == MO_WORD_USE_RESERVED)
            mo_str_addn(out, mo_word_text((mo_word)t->word), t->length);
        else
            mo_str_addn(out, r->text + t->at, t->length);
        mo_str_addc(out, '\0');
    }
    if (r->raw_counts) {
        const mo_rtoken *first = &r->tokens[h->name], *last = &r->tokens[r->count - 1];
        mo_str_addn(out, r->text + first->at, last->at + last->length - first->at);
    }
    if (out->failed)
        return mo_error_nomem(r->err);
    o->tokens = mo_hash_of(mo_str_text(out), out->length);
    mo_str_clear(out);
    return MOULT_OK;
}

static int check_place(mo_reader *r, const mo_rhead *h)
{
    if (h->temporary != MO_NO_TOKEN)
        return mo_reader_error(r, h->temporary, "a temporary object is not part of a schema");
    if (!is_main(r, h->space))
        return mo_reader_error(r, h->space, "the definition names another database than main");
    return MOULT_OK;
}

int mo_read_definition(mo_reader *r, mo_schema *s, const char *sql, size_t length, mo_object **out)
{
    static int (*const read[MO_KIND_COUNT])(mo_reader *, mo_object *, const mo_rhead *) = {
        [MO_KIND_TABLE] = read_table,     [MO_KIND_VIRTUAL_TABLE] = read_virtual_table,
        [MO_KIND_INDEX] = read_index,     [MO_KIND_VIEW] = read_view,
        [MO_KIND_TRIGGER] = read_trigger,
    };
    mo_rhead h;
    int rc = mo_reader_load(r, sql, length);
    if (rc == MOULT_OK)
        rc = mo_read_head(r, &h);
    if (rc == MOULT_OK)
        rc = check_place(r, &h);
    if (rc)
        return rc;
    const char *name = mo_reader_value(r, h.name);
    mo_object *o = name ? mo_schema_object(s, h.kind, name) : NULL;
    if (!o)
        return mo_error_nomem(r->err);
    r->own = h.name;
    o->where.line = r->tokens[h.name].line;
    o->where.column = r->tokens[h.name].column;
    rc = read[h.kind](r, o, &h);
    if (rc == MOULT_OK && r->at < r->count)
        rc = mo_reader_expected(r, r->at, "the end of the definition");
    if (rc == MOULT_OK && o->kind != MO_KIND_TABLE)
        rc = (o->canonical = mo_reader_take(r)) ? MOULT_OK : MOULT_NOMEM;
    o->canonical_raw = r->marked ? o->canonical : NULL;
    o->gives = r->gives.items;
    o->give_count = r->gives.count;
    if (rc == MOULT_OK)
        rc = set_tokens(r, o, &h);
    if (rc == MOULT_OK)
        rc = set_sql(r, o, &h);
    if (rc == MOULT_OK)
        rc = set_mentions(r, o);
    if (rc == MOULT_OK)
        *out = o;
    return rc;
}

int mo_sqlite_read_object(mo_schema *s, const char *sql, size_t length, mo_object **out, mo_error *err)
{
    mo_reader r;
    *out = NULL;
    mo_reader_init(&r, s->region, err);
    int rc = mo_read_definition(&r, s, sql, length, out);
    mo_reader_free(&r);
    return rc;
}
