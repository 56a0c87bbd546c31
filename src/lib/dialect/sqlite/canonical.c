/* SPDX-License-Identifier: MIT */
/*
 * canonical.c - canonical forms: what of a text is no difference to SQLite.
 *
 * A canonical form is a row of tokens with one space between them. Keywords and unquoted names are in lower case, a quoted
 * name is as if unquoted where that is the same thing, strings, blobs and numbers stay what they are. Where it depends
 * on something that is not known here whether two texts mean the same, they differ: making a view again costs nothing, a
 * difference that is not seen costs trust.
 */
#include <string.h>

#include "dialect/sqlite/reader_core.h"
#include "schema/fold.h"

static int is_word_char(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u == '_' || u >= 0x80;
}

int mo_name_is_plain(const char *name, size_t length)
{
    if (length == 0 || !is_word_char(name[0]))
        return 0;
    for (size_t i = 1; i < length; i++)
        if (!is_word_char(name[i]) && !(name[i] >= '0' && name[i] <= '9') && name[i] != '$')
            return 0;
    return 1;
}

/* Words that are a value when they are not quoted. */
static int is_value_word(const char *name, size_t length)
{
    return mo_name_equaln("true", name, length) || mo_name_equaln("false", name, length) ||
           mo_name_equaln("current_date", name, length) || mo_name_equaln("current_time", name, length) ||
           mo_name_equaln("current_timestamp", name, length);
}

static void add_folded(mo_str *out, const char *text, size_t length)
{
    char part[128];
    while (length) {
        size_t n = length < sizeof part ? length : sizeof part;
        for (size_t i = 0; i < n; i++)
            part[i] = (char)mo_fold_char(text[i]);
        mo_str_addn(out, part, n);
        text += n;
        length -= n;
    }
}

/* Between two quotes, each quote inside doubled. */
static void add_quoted(mo_str *out, const char *text, size_t length, char quote, int fold)
{
    mo_str_addc(out, quote);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == quote)
            mo_str_addc(out, quote);
        mo_str_addc(out, fold ? (char)mo_fold_char(text[i]) : text[i]);
    }
    mo_str_addc(out, quote);
}

void mo_canonical_name(mo_str *out, const char *name, size_t length)
{
    if (mo_name_is_plain(name, length) && mo_word_where(mo_word_find(name, length)) != MO_WORD_USE_RESERVED &&
        !is_value_word(name, length))
        add_folded(out, name, length);
    else
        add_quoted(out, name, length, '"', 1);
}

/* A name in quotes where the columns are not known: as if unquoted only when no keyword is spelled so. */
static void add_free_name(mo_str *out, const char *name, size_t length)
{
    if (mo_name_is_plain(name, length) && mo_word_find(name, length) == MO_WORD_NONE && !is_value_word(name, length))
        add_folded(out, name, length);
    else
        add_quoted(out, name, length, '"', 1);
}

static int is_dot(const mo_reader *r, size_t i)
{
    return i < r->count && mo_rtoken_is_punct(r, &r->tokens[i], '.');
}

/* Can this quoted token be nothing but a name, for where it stands? (x.y, f(x), COLLATE x, FROM x) */
static int stands_as_name(const mo_reader *r, size_t i, size_t from)
{
    if (is_dot(r, i + 1) || (i > from && is_dot(r, i - 1)))
        return 1;
    if (i == from)
        return 0;
    switch (r->tokens[i - 1].word) {
    case MO_WORD_COLLATE:
    case MO_WORD_FROM:
    case MO_WORD_JOIN:
    case MO_WORD_INTO:
    case MO_WORD_UPDATE:
        return 1;
    default:
        return 0;
    }
}

static int is_row_id(const char *name, size_t length)
{
    return mo_name_equaln("rowid", name, length) || mo_name_equaln("oid", name, length) ||
           mo_name_equaln("_rowid_", name, length);
}

static int is_folded(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            return 0;
    return 1;
}

static void add_quoted_token(mo_reader *r, size_t i, size_t from, const mo_names *columns, mo_str *out)
{
    const mo_rtoken *t = &r->tokens[i];
    size_t length = 0;
    const char *name = mo_rtoken_value(r, t, &length);
    int sure = t->quote != '"' || stands_as_name(r, i, from) ||
               (i + 1 < r->count && mo_rtoken_is_punct(r, &r->tokens[i + 1], '('));
    if (!name) {
        out->failed = 1;
    } else if (columns) {
        if (sure || mo_names_find(columns, name, length, NULL) || is_row_id(name, length) ||
            (i > from && r->tokens[i - 1].word == MO_WORD_AS))
            mo_canonical_name(out, name, length);
        else
            add_quoted(out, name, length, '\'', 0);
    } else if (sure || is_folded(name, length)) {
        /* In lower case it is the same as without quotes: if no such column were there, the other would be an error. */
        add_free_name(out, name, length);
    } else {
        add_quoted(out, name, length, '"', 0);
    }
}

static void add_string(mo_reader *r, size_t i, size_t from, mo_str *out)
{
    const mo_rtoken *t = &r->tokens[i];
    size_t length = 0;
    if (mo_rtoken_is_blob(r, t)) {
        mo_str_addc(out, 'x');
        mo_str_addn(out, r->text + t->at + 1, t->length - 1);
    } else if (stands_as_name(r, i, from)) {
        const char *name = mo_rtoken_value(r, t, &length);
        if (name)
            mo_canonical_name(out, name, length);
        else
            out->failed = 1;
    } else {
        mo_str_addn(out, r->text + t->at, t->length);
    }
}

static void add_token(mo_reader *r, size_t i, size_t from, const mo_names *columns, mo_str *out)
{
    const mo_rtoken *t = &r->tokens[i];
    const char *text = r->text + t->at;
    switch (t->kind) {
    case MO_TOKEN_WORD:
    case MO_TOKEN_NUMBER:
        add_folded(out, text, t->length);
        break;
    case MO_TOKEN_QUOTED:
        add_quoted_token(r, i, from, columns, out);
        break;
    case MO_TOKEN_STRING:
        add_string(r, i, from, out);
        break;
    case MO_TOKEN_OPERATOR:
        if (t->length == 2 && memcmp(text, "<>", 2) == 0)
            mo_str_addn(out, "!=", 2);
        else if (t->length == 2 && memcmp(text, "==", 2) == 0)
            mo_str_addc(out, '=');
        else
            mo_str_addn(out, text, t->length);
        break;
    default:
        mo_str_addn(out, text, t->length);
    }
}

/* How many parentheses stand around all of it. */
static size_t outer_parens(const mo_reader *r, size_t from, size_t to)
{
    size_t lead = 0, trail = 0;
    while (from + lead < to && mo_rtoken_is_punct(r, &r->tokens[from + lead], '('))
        lead++;
    while (from + lead + trail < to && mo_rtoken_is_punct(r, &r->tokens[to - trail - 1], ')'))
        trail++;
    size_t depth = lead, least = lead;
    for (size_t i = from + lead; i < to - trail; i++) {
        if (mo_rtoken_is_punct(r, &r->tokens[i], '('))
            depth++;
        else if (mo_rtoken_is_punct(r, &r->tokens[i], ')'))
            depth--;
        if (depth < least)
            least = depth;
    }
    return least < trail ? least : trail;
}

void mo_canonical_expr(mo_reader *r, size_t from, size_t to, const mo_names *columns, mo_str *out)
{
    size_t outer = outer_parens(r, from, to);
    from += outer;
    to -= outer;
    for (size_t i = from; i < to; i++) {
        if (i > from)
            mo_str_addc(out, ' ');
        add_token(r, i, from, columns, out);
    }
}

/* A bare or quoted name there is a string; but for words that are values. */
void mo_canonical_default(mo_reader *r, size_t from, size_t to, mo_str *out)
{
    const mo_rtoken *t = &r->tokens[from];
    int bare = t->kind == MO_TOKEN_WORD && t->word != MO_WORD_NULL && !is_value_word(r->text + t->at, t->length);
    if (to - from == 1 && (bare || t->kind == MO_TOKEN_QUOTED)) {
        size_t length = 0;
        const char *value = mo_rtoken_value(r, t, &length);
        if (value)
            add_quoted(out, value, length, '\'', 0);
        else
            out->failed = 1;
        return;
    }
    mo_canonical_expr(r, from, to, &r->columns, out);
}

/* --- bodies of views and triggers ----------------------------------------------------------------------------------- */

enum { DEEPEST = 64 }; /* below it, SELECTs are taken for ones whose columns' names nobody sees */

typedef struct body {
    mo_reader *r;
    mo_str *out;
    size_t from, to;
    int named;
    size_t depth;
    unsigned char is_cast[DEEPEST]; /* the parenthesis is that of CAST( */
    unsigned char results[DEEPEST]; /* here the result columns of a SELECT are listed */
} body;

static int ends_results(mo_word word)
{
    switch (word) {
    case MO_WORD_FROM:
    case MO_WORD_WHERE:
    case MO_WORD_GROUP:
    case MO_WORD_HAVING:
    case MO_WORD_ORDER:
    case MO_WORD_LIMIT:
    case MO_WORD_UNION:
    case MO_WORD_EXCEPT:
    case MO_WORD_INTERSECT:
    case MO_WORD_WINDOW:
        return 1;
    default:
        return 0;
    }
}

/* Where the result column that begins at `from` ends; *has_as says whether it is named. */
static size_t result_end(const body *b, size_t from, int *has_as)
{
    const mo_reader *r = b->r;
    size_t depth = 0, i = from;
    *has_as = 0;
    for (; i < b->to; i++) {
        const mo_rtoken *t = &r->tokens[i];
        if (mo_rtoken_is_punct(r, t, '(')) {
            depth++;
        } else if (mo_rtoken_is_punct(r, t, ')')) {
            if (depth-- == 0)
                break;
        } else if (depth == 0) {
            if (mo_rtoken_is_punct(r, t, ',') || mo_rtoken_is_punct(r, t, ';') || ends_results((mo_word)t->word))
                break;
            *has_as |= t->word == MO_WORD_AS;
        }
    }
    return i;
}

/* name, name.name, *, name.* : SQLite names these after the column itself. */
static int is_plain_result(const mo_reader *r, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const mo_rtoken *t = &r->tokens[i];
        int star = i + 1 == to && t->kind == MO_TOKEN_OPERATOR && t->length == 1 && r->text[t->at] == '*';
        int name = t->kind == MO_TOKEN_QUOTED ||
                   (t->kind == MO_TOKEN_WORD && t->word == MO_WORD_NONE && !is_value_word(r->text + t->at, t->length));
        if ((i - from) % 2 ? !is_dot(r, i) : !name && !star)
            return 0;
    }
    return (to - from) % 2 == 1;
}

/* A result column without AS is named by its text, white space and all. Adds it as it is; the token behind it, or `from`
 * when it is not such a one. */
static size_t add_result(body *b, size_t from)
{
    int has_as = 0;
    size_t end = result_end(b, from, &has_as);
    if (end == from || has_as || is_plain_result(b->r, from, end))
        return from;
    const mo_rtoken *first = &b->r->tokens[from], *last = &b->r->tokens[end - 1];
    mo_str_addn(b->out, b->r->text + first->at, last->at + last->length - first->at);
    return end;
}

/* Is a name behind AS one that is seen (as it is not in CAST(x AS type))? */
static int behind_as(const body *b, size_t i)
{
    return i > b->from && b->r->tokens[i - 1].word == MO_WORD_AS &&
           !(b->depth < DEEPEST && b->depth > 0 && b->is_cast[b->depth]);
}

static void add_alias(body *b, size_t i)
{
    size_t length = 0;
    const char *name = mo_rtoken_value(b->r, &b->r->tokens[i], &length);
    if (!name)
        b->out->failed = 1;
    else if (b->r->tokens[i].kind == MO_TOKEN_WORD ||
             (mo_name_is_plain(name, length) && mo_word_find(name, length) == MO_WORD_NONE))
        mo_str_addn(b->out, name, length);
    else
        add_quoted(b->out, name, length, '"', 0);
}

/* Follows where the token leads: parentheses, and the lists of result columns. */
static void follow(body *b, size_t i)
{
    const mo_rtoken *t = &b->r->tokens[i];
    if (mo_rtoken_is_punct(b->r, t, '(')) {
        b->depth++;
        if (b->depth < DEEPEST) {
            b->is_cast[b->depth] = i > b->from && b->r->tokens[i - 1].word == MO_WORD_CAST;
            b->results[b->depth] = 0;
        }
    } else if (mo_rtoken_is_punct(b->r, t, ')')) {
        if (b->depth)
            b->depth--;
    } else if (b->depth < DEEPEST) {
        if (t->word == MO_WORD_SELECT)
            b->results[b->depth] = 1;
        else if (ends_results((mo_word)t->word) || mo_rtoken_is_punct(b->r, t, ';'))
            b->results[b->depth] = 0;
    }
}

/* Does a result column begin behind this token? */
static int result_begins(const body *b, size_t i)
{
    const mo_rtoken *t = &b->r->tokens[i], *next = &b->r->tokens[i + 1];
    if (b->depth >= DEEPEST || !b->results[b->depth] || (b->named == 2 && b->depth == 0))
        return 0;
    if (t->word == MO_WORD_SELECT)
        return next->word != MO_WORD_DISTINCT && next->word != MO_WORD_ALL;
    return mo_rtoken_is_punct(b->r, t, ',') || ((t->word == MO_WORD_DISTINCT || t->word == MO_WORD_ALL) &&
                                                i > b->from && b->r->tokens[i - 1].word == MO_WORD_SELECT);
}

void mo_canonical_body(mo_reader *r, size_t from, size_t to, int named, mo_str *out)
{
    body b = {.r = r, .out = out, .from = from, .to = to, .named = named};
    for (size_t i = from; i < to;) {
        if (i > from)
            mo_str_addc(out, ' ');
        if (behind_as(&b, i) && mo_rtoken_is_name(r, &r->tokens[i]))
            add_alias(&b, i);
        else
            add_token(r, i, from, NULL, out);
        follow(&b, i);
        size_t next = i + 1;
        if (named && next < to && result_begins(&b, i)) {
            size_t start = out->length;
            mo_str_addc(out, ' ');
            next = add_result(&b, i + 1);
            if (next == i + 1 && !out->failed)
                out->length = start;
        }
        i = next;
    }
}
