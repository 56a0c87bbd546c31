/* SPDX-License-Identifier: MIT */
/*
 * canonical.c - canonical forms: what of a text is no difference to SQLite.
 *
 * A canonical form is a row of tokens with one space between them. Keywords and unquoted names are in lower case, a quoted
 * name is as if unquoted where that is the same thing, strings and numbers stay what they are. A token in double quotes
 * that may be a name or a string, by the tables around, is left marked: the seal of a schema resolves it. Where it depends
 * on something that nobody knows whether two texts mean the same, they differ: making a view again costs nothing, a
 * difference that is not seen costs trust.
 */
#include <string.h>

#include "base/fold.h"
#include "dialect/sqlite/reader_core.h"
#include "schema/canonical.h"

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

/* Keywords that are names nearly anywhere, but may begin an operand's place with a meaning of their own. */
static int is_operand_word(mo_word word)
{
    switch (word) {
    case MO_WORD_CAST:
    case MO_WORD_RAISE:
    case MO_WORD_CONFLICT:
    case MO_WORD_PARTITION:
    case MO_WORD_ROWS:
    case MO_WORD_RANGE:
    case MO_WORD_GROUPS:
    case MO_WORD_MATERIALIZED:
    case MO_WORD_RECURSIVE:
    case MO_WORD_EXCLUDE:
    case MO_WORD_LIKE:
    case MO_WORD_GLOB:
    case MO_WORD_MATCH:
    case MO_WORD_REGEXP:
        return 1;
    default:
        return 0;
    }
}

static int is_dot(const mo_reader *r, size_t i)
{
    return i < r->count && mo_rtoken_is_punct(r, &r->tokens[i], '.');
}

/* Does an operand or a name begin at this token, and nothing else? */
static int begins_operand(const mo_reader *r, size_t i, size_t from)
{
    if (i == from)
        return 1;
    const mo_rtoken *before = &r->tokens[i - 1];
    switch (before->word) {
    case MO_WORD_NONE:
        return before->kind == MO_TOKEN_OPERATOR
                   ? !(r->text[before->at] == '*' && before->length == 1)
                   : mo_rtoken_is_punct(r, before, '(') || mo_rtoken_is_punct(r, before, ',') || is_dot(r, i - 1);
    case MO_WORD_NULL:
    case MO_WORD_ISNULL:
    case MO_WORD_NOTNULL:
        return 0;
    case MO_WORD_BY: /* may be a name itself */
        return i - 1 > from && (r->tokens[i - 2].word == MO_WORD_ORDER || r->tokens[i - 2].word == MO_WORD_GROUP);
    default:
        return mo_word_where((mo_word)before->word) == MO_WORD_USE_RESERVED;
    }
}

/* A name in quotes: as if unquoted, unless a keyword is spelled so that may mean something there. */
static void add_free_name(mo_reader *r, size_t i, size_t from, const char *name, size_t length, mo_str *out)
{
    mo_word word = mo_word_find(name, length);
    int free = word == MO_WORD_NONE ||
               (mo_word_where(word) == MO_WORD_USE_NAME && !is_operand_word(word) && begins_operand(r, i, from));
    if (free && mo_name_is_plain(name, length) && !is_value_word(name, length))
        add_folded(out, name, length);
    else
        add_quoted(out, name, length, '"', 1);
}

/* Is it the end of an operand? What follows it directly, in quotes, can be an alias only. */
static int ends_operand(const mo_reader *r, size_t i)
{
    const mo_rtoken *t = &r->tokens[i];
    return t->kind == MO_TOKEN_QUOTED || t->kind == MO_TOKEN_STRING || t->kind == MO_TOKEN_NUMBER ||
           mo_rtoken_is_punct(r, t, ')') || (t->kind == MO_TOKEN_WORD && t->word == MO_WORD_NONE);
}

/* Is it the FROM of IS DISTINCT FROM? */
static int is_comparison(const mo_reader *r, size_t i, size_t from)
{
    return i > from && r->tokens[i].word == MO_WORD_FROM && r->tokens[i - 1].word == MO_WORD_DISTINCT;
}

/* Can this quoted token be nothing but a name, for where it stands? (x.y, f(x), COLLATE x, FROM x) */
static int stands_as_name(const mo_reader *r, size_t i, size_t from)
{
    if (is_dot(r, i + 1) || (i > from && is_dot(r, i - 1)))
        return 1;
    if (i == from)
        return 0;
    switch (r->tokens[i - 1].word) {
    case MO_WORD_FROM:
        return !is_comparison(r, i - 1, from);
    case MO_WORD_COLLATE:
    case MO_WORD_JOIN:
    case MO_WORD_INTO:
    case MO_WORD_UPDATE:
    case MO_WORD_AS:
    case MO_WORD_IN:
    case MO_WORD_OVER:
    case MO_WORD_WINDOW:
        return 1;
    case MO_WORD_BY:
        return i - 1 > from && r->tokens[i - 2].word == MO_WORD_INDEXED;
    default:
        return 0;
    }
}

/* No text may hold what marks are made of. */
static int can_mark(const mo_reader *r)
{
    for (int c = MO_MARK_NAME; c <= MO_MARK_END; c++)
        if (memchr(r->text, c, r->length))
            return 0;
    return 1;
}

/* A token in double quotes that is a name when there is something of that name, else a string. `lone`: it is a result column
 * without AS, which a string gives its very text as name. */
static void add_marked(mo_reader *r, size_t i, size_t from, int lone, mo_str *out)
{
    const mo_rtoken *t = &r->tokens[i];
    size_t length = 0;
    const char *name = mo_rtoken_value(r, t, &length);
    if (!name) {
        out->failed = 1;
        return;
    }
    if (!can_mark(r)) {
        add_quoted(out, name, length, '"', 0);
        return;
    }
    mo_str_addc(out, MO_MARK_NAME);
    add_folded(out, name, length);
    mo_str_addc(out, MO_MARK_IS);
    add_free_name(r, i, from, name, length, out);
    mo_str_addc(out, MO_MARK_ELSE);
    if (lone)
        add_quoted(out, r->text + t->at, t->length, '\'', 0);
    else
        add_quoted(out, name, length, '\'', 0);
    mo_str_addc(out, MO_MARK_END);
    r->marked = 1;
}

static int is_row_id(const char *name, size_t length)
{
    return mo_name_equaln("rowid", name, length) || mo_name_equaln("oid", name, length) ||
           mo_name_equaln("_rowid_", name, length);
}

static void add_quoted_token(mo_reader *r, size_t i, size_t from, const mo_names *columns, mo_str *out)
{
    const mo_rtoken *t = &r->tokens[i];
    size_t length = 0;
    const char *name = mo_rtoken_value(r, t, &length);
    int sure = t->quote != '"' || stands_as_name(r, i, from) || (i > from && ends_operand(r, i - 1)) ||
               (i + 1 < r->count && mo_rtoken_is_punct(r, &r->tokens[i + 1], '('));
    if (!name) {
        out->failed = 1;
    } else if (columns) {
        if (sure || mo_names_find(columns, name, length, NULL) || is_row_id(name, length))
            mo_canonical_name(out, name, length);
        else
            add_quoted(out, name, length, '\'', 0);
    } else if (sure) {
        add_free_name(r, i, from, name, length, out);
    } else {
        add_marked(r, i, from, 0, out);
    }
}

static void add_string(mo_reader *r, size_t i, size_t from, mo_str *out)
{
    const mo_rtoken *t = &r->tokens[i];
    size_t length = 0;
    if (mo_rtoken_is_blob(r, t)) {
        mo_str_addc(out, 'x');
        for (size_t k = 1; k < t->length; k++) {
            char c = r->text[t->at + k];
            mo_str_addc(out, (char)(c >= 'a' && c <= 'f' ? c - ('a' - 'A') : c));
        }
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
    unsigned char sources[DEEPEST]; /* here the tables of a FROM are listed */
    size_t list_to;                 /* the list of a CTE's columns ends here: all in it are names */
    size_t lone;                    /* the only token of a result column without AS */
} body;

/* The keyword that a token is to a body's structure. */
static mo_word clause(const body *b, size_t i)
{
    return is_comparison(b->r, i, b->from) ? MO_WORD_NONE : (mo_word)b->r->tokens[i].word;
}

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
            if (mo_rtoken_is_punct(r, t, ',') || mo_rtoken_is_punct(r, t, ';') || ends_results(clause(b, i)))
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
                   (t->kind == MO_TOKEN_WORD && mo_word_where((mo_word)t->word) != MO_WORD_USE_RESERVED &&
                    !is_value_word(r->text + t->at, t->length));
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
    if (end == from || has_as)
        return from;
    if (is_plain_result(b->r, from, end)) {
        b->lone = end == from + 1 ? from : MO_NO_TOKEN;
        return from;
    }
    if (end - from > 1 && b->r->tokens[end - 1].kind != MO_TOKEN_STRING &&
        mo_rtoken_is_name(b->r, &b->r->tokens[end - 1]) && ends_operand(b->r, end - 2) &&
        mo_reader_gives(b->r, end - 1))
        b->out->failed = 1;
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
    if (!name || mo_reader_gives(b->r, i))
        b->out->failed = 1;
    else if (b->r->tokens[i].kind == MO_TOKEN_WORD ||
             (mo_name_is_plain(name, length) && mo_word_find(name, length) == MO_WORD_NONE))
        mo_str_addn(b->out, name, length);
    else
        add_quoted(b->out, name, length, '"', 0);
}

/* The parenthesis behind the name of a CTE, with names of columns: where it ends; else `i`. */
static size_t list_end(const body *b, size_t i)
{
    const mo_reader *r = b->r;
    size_t end = i + 1;
    if (i == b->from || !mo_rtoken_is_name(r, &r->tokens[i - 1]))
        return i;
    while (end < b->to && (mo_rtoken_is_name(r, &r->tokens[end]) || mo_rtoken_is_punct(r, &r->tokens[end], ',')))
        end++;
    if (end + 2 >= b->to || !mo_rtoken_is_punct(r, &r->tokens[end], ')') || r->tokens[end + 1].word != MO_WORD_AS)
        return i;
    const mo_rtoken *t = &r->tokens[end + 2];
    return mo_rtoken_is_punct(r, t, '(') || t->word == MO_WORD_NOT || t->word == MO_WORD_MATERIALIZED ? end : i;
}

/* What a parenthesis at `i` opens. */
static void open_paren(body *b, size_t i)
{
    unsigned char sources =
        b->depth < DEEPEST && b->sources[b->depth] == 1 && i > b->from && !ends_operand(b->r, i - 1);
    b->depth++;
    if (b->depth < DEEPEST) {
        b->is_cast[b->depth] = i > b->from && b->r->tokens[i - 1].word == MO_WORD_CAST;
        b->results[b->depth] = 0;
        b->sources[b->depth] = sources;
    }
    if (i >= b->list_to)
        b->list_to = list_end(b, i);
}

/* A token that ends, or begins again, a list of tables. */
static void follow_sources(body *b, size_t i)
{
    const mo_rtoken *t = &b->r->tokens[i];
    unsigned char *sources = &b->sources[b->depth];
    mo_word word = clause(b, i);
    if (word == MO_WORD_FROM || word == MO_WORD_JOIN)
        *sources = 1;
    else if (mo_rtoken_is_punct(b->r, t, ',') && *sources)
        *sources = 1;
    else if (word == MO_WORD_ON && *sources)
        *sources = 2; /* a condition, up to the next table */
    else if (word == MO_WORD_SELECT || word == MO_WORD_SET || word == MO_WORD_VALUES || ends_results(word) ||
             mo_rtoken_is_punct(b->r, t, ';'))
        *sources = 0;
}

/* Is what stands here, in whatever quotes, a name: a table, its alias, a column of a CTE? */
static int must_be_name(const body *b, size_t i)
{
    return i < b->list_to || (b->depth < DEEPEST && b->sources[b->depth] == 1);
}

/* RAISE (ABORT, x): a text, however it is written. */
static int is_message(const body *b, size_t i)
{
    const mo_rtoken *t = &b->r->tokens[i];
    return i >= b->from + 4 && t[-4].word == MO_WORD_RAISE && mo_rtoken_is_punct(b->r, t - 3, '(') &&
           mo_rtoken_is_punct(b->r, t - 1, ',') && mo_rtoken_is_name(b->r, t);
}

static void add_body_token(body *b, size_t i)
{
    mo_reader *r = b->r;
    const mo_rtoken *t = &r->tokens[i];
    size_t length = 0;
    if (is_message(b, i)) {
        const char *text = mo_rtoken_value(r, t, &length);
        if (text)
            add_quoted(b->out, text, length, '\'', 0);
        else
            b->out->failed = 1;
    } else if (i < b->list_to && mo_rtoken_is_name(r, t) && mo_reader_gives(r, i)) {
        b->out->failed = 1;
    } else if (t->kind == MO_TOKEN_QUOTED && t->quote == '"' && must_be_name(b, i)) {
        const char *name = mo_rtoken_value(r, t, &length);
        if (name)
            add_free_name(r, i, b->from, name, length, b->out);
        else
            b->out->failed = 1;
    } else if (t->kind == MO_TOKEN_QUOTED && t->quote == '"' && b->lone == i) {
        add_marked(r, i, b->from, 1, b->out);
    } else {
        add_token(r, i, b->from, NULL, b->out);
    }
}

/* Follows where the token leads: parentheses, the lists of result columns and of tables. */
static void follow(body *b, size_t i)
{
    const mo_rtoken *t = &b->r->tokens[i];
    if (b->depth < DEEPEST)
        follow_sources(b, i);
    if (mo_rtoken_is_punct(b->r, t, '(')) {
        open_paren(b, i);
    } else if (mo_rtoken_is_punct(b->r, t, ')')) {
        if (b->depth)
            b->depth--;
    } else if (b->depth < DEEPEST) {
        if (t->word == MO_WORD_SELECT)
            b->results[b->depth] = 1;
        else if (ends_results(clause(b, i)) || mo_rtoken_is_punct(b->r, t, ';'))
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
    body b = {.r = r, .out = out, .from = from, .to = to, .named = named, .lone = MO_NO_TOKEN};
    for (size_t i = from; i < to;) {
        if (i > from)
            mo_str_addc(out, ' ');
        if (behind_as(&b, i) && mo_rtoken_is_name(r, &r->tokens[i]))
            add_alias(&b, i);
        else
            add_body_token(&b, i);
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
