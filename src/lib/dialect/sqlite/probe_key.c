/* SPDX-License-Identifier: MIT */
/*
 * probe_key.c - duplicates, before a key, a UNIQUE or a unique index comes or compares in another way.
 *
 * No single pass can answer that: each is a query of its own, which SQLite answers from an index where there is one. The
 * values are grouped as the new index will compare them: by its collations, over the rows of its WHERE, NULLs left out.
 */
#include <string.h>

#include "dialect/sqlite/probe.h"

/* --- what a key compares ------------------------------------------------------------------------------------------------ */

/* One term of a key, as SQL that GROUP BY takes. */
typedef struct term {
    const char *sql;
} term;

typedef struct terms {
    MO_VEC(term) all;
    const char *where; /* of a partial index; NULL: all rows */
    int simple, stored;
} terms;

static int is_name(const mo_token *t)
{
    return t->kind == MO_TOKEN_WORD || t->kind == MO_TOKEN_QUOTED || t->kind == MO_TOKEN_STRING;
}

/* What of a term belongs to the comparison: not its direction. Tells whether it is one name, and whether it has a
 * collation. */
static size_t read_term(const char *text, size_t length, int *one_name, int *collated)
{
    mo_lexer x;
    mo_token t;
    size_t end = 0;
    int count = 0;
    *collated = 0;
    *one_name = 0;
    mo_lexer_init(&x, &mo_lex_sqlite, text, length);
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x)) {
        if (mo_token_is(&t, "ASC") || mo_token_is(&t, "DESC") || mo_token_is(&t, "AUTOINCREMENT"))
            continue;
        if (mo_token_is(&t, "COLLATE"))
            *collated = 1;
        if (count++ == 0)
            *one_name = is_name(&t);
        else if (!*collated)
            *one_name = 0;
        end = (size_t)(t.text - text) + t.length;
    }
    return end;
}

static const char *column_collation(const mo_probe *p, const char *name)
{
    const mo_object *shape = p->after ? p->after : p->before;
    const mo_column *c = mo_table_column(shape->table, name);
    const char *own = c ? mo_column_attr(c, MO_ATTR_COLLATION) : "";
    return *own ? own : "binary";
}

static char *name_in(mo_region *r, const char *text, size_t length)
{
    mo_lexer x;
    mo_token t;
    char *name = mo_region_alloc(r, length + 1);
    mo_lexer_init(&x, &mo_lex_sqlite, text, length);
    t = mo_lexer_next(&x);
    if (name)
        name[mo_token_value(&t, name)] = '\0';
    return name;
}

/* `column`: the name where the term belongs to a constraint, which takes names only. */
static int add_term(mo_probe *p, terms *out, const char *text, size_t length, const char *column)
{
    mo_str s = {0};
    int one_name, collated;
    size_t n = read_term(text, length, &one_name, &collated);
    term t;
    if (!column && one_name && (column = name_in(p->region, text, n)) == NULL)
        return mo_error_nomem(p->err);
    if (column && !collated) {
        mo_str_ident(&s, column, '"');
        mo_str_addf(&s, " COLLATE \"%s\"", column_collation(p, column));
    } else {
        mo_str_addn(&s, text, n);
    }
    t.sql = mo_str_into(&s, p->region);
    if (t.sql == NULL || mo_vec_push(p->region, &out->all, t))
        return mo_error_nomem(p->err);
    return mo_probe_names(p, t.sql, strlen(t.sql), &out->simple, &out->stored);
}

/* The terms within parentheses, parted by commas. `columns`: their names, for a constraint. */
static int add_terms(mo_probe *p, terms *out, const char *text, size_t length, const char *const *columns, size_t count)
{
    mo_lexer x;
    mo_token t;
    const char *from = text;
    size_t i = 0;
    int depth = 0, rc = MOULT_OK;
    mo_lexer_init(&x, &mo_lex_sqlite, text, length);
    do {
        t = mo_lexer_next(&x);
        depth += mo_token_is_punct(&t, '(') - mo_token_is_punct(&t, ')');
        if (t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD && !(depth == 0 && mo_token_is_punct(&t, ',')))
            continue;
        const char *end = t.kind == MO_TOKEN_PUNCT ? t.text : text + length;
        rc = add_term(p, out, from, (size_t)(end - from), i < count ? columns[i] : NULL);
        i++;
        from = t.text + t.length;
    } while (rc == MOULT_OK && t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD);
    return rc;
}

static int constraint_terms(mo_probe *p, const mo_constraint *k, terms *out)
{
    const char *start;
    size_t length;
    int rc = MOULT_OK;
    *out = (terms){.simple = 1, .stored = 1};
    if (mo_sqlite_inside(k->text, &start, &length))
        return add_terms(p, out, start, length, k->columns, k->column_count);
    for (size_t i = 0; i < k->column_count && rc == MOULT_OK; i++)
        rc = add_term(p, out, k->columns[i], strlen(k->columns[i]), k->columns[i]);
    return rc;
}

static int index_terms(mo_probe *p, const mo_object *index, terms *out)
{
    const char *start;
    size_t length;
    mo_lexer x;
    mo_token t;
    int rc;
    *out = (terms){.simple = 1, .stored = 1};
    if (!mo_sqlite_inside(index->sql, &start, &length))
        return MOULT_OK;
    rc = add_terms(p, out, start, length, NULL, 0);
    mo_lexer_init(&x, &mo_lex_sqlite, start + length + 1, strlen(start + length + 1));
    t = mo_lexer_next(&x);
    if (rc == MOULT_OK && mo_token_is(&t, "WHERE")) {
        out->where = t.text + t.length;
        rc = mo_probe_names(p, out->where, strlen(out->where), &out->simple, &out->stored);
    }
    return rc;
}

/* --- the query ---------------------------------------------------------------------------------------------------------- */

static void add_filter(mo_str *sql, const terms *key)
{
    mo_str_add(sql, " WHERE ");
    for (size_t i = 0; i < key->all.count; i++)
        mo_str_addf(sql, "%s(%s) IS NOT NULL", i ? " AND " : "", key->all.items[i].sql);
    if (key->where)
        mo_str_addf(sql, " AND (%s)", key->where);
}

static void add_groups(mo_str *sql, const terms *key)
{
    mo_str_add(sql, " GROUP BY ");
    for (size_t i = 0; i < key->all.count; i++)
        mo_str_addf(sql, "%s%s", i ? ", " : "", key->all.items[i].sql);
}

/* The keys of the last row of each group: of one max() SQLite gives the other columns of the same row. */
static void add_last_keys(mo_str *sql, const mo_probe *p)
{
    mo_str_add(sql, "max(\"_moult_k0\") AS \"_moult_k0\"");
    for (size_t i = 1; i < p->key.count; i++)
        mo_str_addf(sql, ", \"_moult_k%zu\"", i);
}

static const char *query_for(const mo_probe *p, const terms *key)
{
    const char *table = mo_probe_unrenamed(p);
    mo_str s = {0};
    if (!table || !key->stored)
        return NULL;
    mo_str_add(&s, "SELECT ");
    for (size_t i = 0; i < key->all.count; i++)
        mo_str_addf(&s, "%s, ", key->all.items[i].sql);
    mo_str_addf(&s, "count(*) FROM %s", table);
    add_filter(&s, key);
    add_groups(&s, key);
    mo_str_add(&s, " HAVING count(*) > 1");
    return mo_str_into(&s, p->plan->region);
}

static int judge(mo_probe *p, mo_question *q)
{
    if (q->found[0].rows) {
        mo_question_blame(q);
        mo_evidence_forbid(q->into, q->found[0].rows, q->about);
    } else if (q->part && q->part->kind == MO_PART_COLUMN) {
        return MOULT_OK; /* of a key that stays only what breaks it is worth a word */
    }
    return mo_probe_tell(p, q, 0, "repeats the value of another", "repeat the value of another");
}

static int duplicates(mo_probe *p, mo_part *part, mo_findings *into, unsigned bit, const terms *key)
{
    mo_str sql = {0};
    mo_question *q;
    int64_t sum = 0;
    int rc;
    if (!key->simple)
        return mo_evidence_say(p->plan->region, into, p->err,
                               "not asked: it names a generated column that is new or changed");
    if (key->all.count == 0)
        return MOULT_OK;
    q = mo_probe_add(p, part, into, bit, judge);
    if (q == NULL)
        return mo_error_nomem(p->err);
    q->alone = 1;
    q->about = query_for(p, key);
    mo_str_add(&sql, "SELECT sum(n - 1), count(");
    mo_probe_note(&sql, p, q);
    mo_str_add(&sql, ") FROM (SELECT count(*) AS n, ");
    add_last_keys(&sql, p);
    mo_str_add(&sql, " FROM ");
    rc = mo_probe_from(p, &sql);
    add_filter(&sql, key);
    add_groups(&sql, key);
    mo_str_add(&sql, " HAVING count(*) > 1)");
    if (rc == MOULT_OK)
        rc = mo_probe_query(p, q, &sql, mo_probe_take_integer, &sum);
    if (q->asked == MO_ANSWERED)
        q->found[0].rows = sum;
    mo_str_free(&sql);
    return rc;
}

/* --- which keys ----------------------------------------------------------------------------------------------------------- */

static int has_part(const mo_probe *p, const mo_constraint *k)
{
    for (size_t i = 0; i < p->change->parts.count; i++)
        if (p->change->parts.items[i].kind == MO_PART_CONSTRAINT && p->change->parts.items[i].constraint_after == k)
            return 1;
    return 0;
}

static int names_column(const mo_constraint *k, const char *column)
{
    for (size_t i = 0; i < k->column_count; i++)
        if (mo_name_equal(k->columns[i], column))
            return 1;
    return 0;
}

static int is_unique_index(const mo_object *o)
{
    return o->kind == MO_KIND_INDEX && o->canonical && strncmp(o->canonical, "unique ", 7) == 0;
}

static int has_change(const mo_probe *p, const mo_object *index)
{
    for (size_t i = 0; i < p->indexes.count; i++)
        if (mo_name_equal(p->indexes.items[i]->after->name, index->name))
            return 1;
    return 0;
}

/* The keys that stay, over a column that compares or is stored in another way. */
static int of_column(mo_probe *p, mo_part *part, unsigned bit)
{
    const mo_table *t = p->after->table;
    const mo_schema *target = p->plan->target;
    const char *column = part->column_after->name;
    terms key;
    int rc = MOULT_OK;
    for (size_t i = 0; i < t->constraints.count && rc == MOULT_OK; i++) {
        const mo_constraint *k = t->constraints.items[i];
        if (k->kind > MO_CONSTRAINT_UNIQUE || has_part(p, k) || !names_column(k, column))
            continue;
        rc = constraint_terms(p, k, &key);
        if (rc == MOULT_OK)
            rc = duplicates(p, part, &part->found, bit, &key);
    }
    for (size_t i = 0; i < target->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = target->objects.items[i];
        if (!is_unique_index(o) || !mo_name_equal(o->parent, p->after->name) || has_change(p, o) ||
            !mo_object_mentions(o, column))
            continue;
        rc = index_terms(p, o, &key);
        if (rc == MOULT_OK)
            rc = duplicates(p, part, &part->found, bit, &key);
    }
    return rc;
}

/* --- values that become the same ------------------------------------------------------------------------------------------- */

static int judge_merged(mo_probe *p, mo_question *q)
{
    if (q->found[0].rows)
        mo_question_blame(q);
    mo_question_soften(q); /* comparisons and order change all the same */
    return mo_probe_tell(p, q, 0, "becomes the same as another", "become the same as others");
}

static int merged(mo_probe *p, mo_part *part)
{
    const mo_column *before = part->column_before, *after = part->column_after;
    const char *old = mo_column_attr(before, MO_ATTR_COLLATION), *now = mo_column_attr(after, MO_ATTR_COLLATION);
    mo_str sql = {0}, name = {0};
    int64_t sum = 0;
    int rc;
    mo_question *q = mo_probe_add(p, part, &part->found, 1u << MO_ATTR_COLLATION, judge_merged);
    if (q == NULL)
        return mo_error_nomem(p->err);
    q->alone = 1;
    mo_str_ident(&name, before->name, '"');
    mo_str_add(&sql, "SELECT sum(n - 1), count(");
    mo_probe_note(&sql, p, q);
    mo_str_addf(&sql, ") FROM (SELECT count(DISTINCT %s COLLATE \"%s\") AS n, ", mo_str_text(&name),
                *old ? old : "binary");
    add_last_keys(&sql, p);
    mo_str_add(&sql, " FROM ");
    rc = mo_probe_from(p, &sql);
    mo_str_addf(&sql, " WHERE %s IS NOT NULL GROUP BY %s COLLATE \"%s\" HAVING n > 1)", mo_str_text(&name),
                mo_str_text(&name), *now ? now : "binary");
    sql.failed |= name.failed;
    if (rc == MOULT_OK)
        rc = mo_probe_query(p, q, &sql, mo_probe_take_integer, &sum);
    if (q->asked == MO_ANSWERED)
        q->found[0].rows = sum;
    mo_str_free(&name);
    mo_str_free(&sql);
    return rc;
}

/* --- all -------------------------------------------------------------------------------------------------------------------- */

static int of_part(mo_probe *p, mo_part *part)
{
    const mo_constraint *k = part->constraint_after;
    terms key;
    int rc = MOULT_OK;
    if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER) {
        int stored = !mo_probe_changes_store(p, part->column_before, part->column_after);
        if (part->attrs & (1u << MO_ATTR_COLLATION))
            rc = merged(p, part);
        if (rc == MOULT_OK && (part->attrs & (1u << MO_ATTR_COLLATION)))
            return of_column(p, part, 1u << MO_ATTR_COLLATION);
        return rc == MOULT_OK && !stored ? of_column(p, part, 1u << MO_ATTR_TYPE) : rc;
    }
    if (part->kind != MO_PART_CONSTRAINT || part->op == MOULT_OP_DROP || k->kind > MO_CONSTRAINT_UNIQUE)
        return MOULT_OK;
    rc = constraint_terms(p, k, &key);
    return rc == MOULT_OK ? duplicates(p, part, &part->found, MO_WHOLE, &key) : rc;
}

int mo_probe_duplicates(mo_probe *p)
{
    terms key;
    int rc = MOULT_OK;
    if (p->rows == 0)
        return MOULT_OK;
    for (size_t i = 0; p->change && i < p->change->parts.count && rc == MOULT_OK; i++)
        rc = of_part(p, &p->change->parts.items[i]);
    for (size_t i = 0; i < p->indexes.count && rc == MOULT_OK; i++) {
        mo_change *c = p->indexes.items[i];
        if (!is_unique_index(c->after))
            continue;
        rc = index_terms(p, c->after, &key);
        if (rc == MOULT_OK)
            rc = duplicates(p, NULL, &c->found, MO_WHOLE, &key);
    }
    return rc;
}

/* --- NULL in a key ------------------------------------------------------------------------------------------------------------ */

static int judge_null(mo_probe *p, mo_question *q)
{
    mo_question_soften(q); /* rows are stored in another way all the same */
    if (q->found[0].rows == 0)
        return MOULT_OK;
    mo_question_blame(q);
    mo_evidence_forbid(q->into, q->found[0].rows, NULL);
    return mo_probe_tell(p, q, 0, "is NULL in the key", "are NULL in the key");
}

/* The key of a table WITHOUT ROWID takes no NULL. */
int mo_probe_ask_key_nulls(mo_probe *p, mo_part *part)
{
    const mo_table *t = p->after->table;
    const mo_constraint *key = NULL;
    mo_str sql = {0};
    const char *condition;
    mo_question *q;
    for (size_t i = 0; i < t->constraints.count; i++)
        if (t->constraints.items[i]->kind == MO_CONSTRAINT_PRIMARY_KEY)
            key = t->constraints.items[i];
    for (size_t i = 0; key && i < key->column_count; i++) {
        if (mo_table_column(p->before->table, key->columns[i]) == NULL)
            continue;
        mo_str_add(&sql, sql.length ? " OR " : "");
        mo_str_ident(&sql, key->columns[i], '"');
        mo_str_add(&sql, " IS NULL");
    }
    if (sql.length == 0)
        return MOULT_OK;
    condition = mo_str_into(&sql, p->region);
    q = condition ? mo_probe_add(p, part, &part->found, MO_WHOLE, judge_null) : NULL;
    if (q == NULL)
        return mo_error_nomem(p->err);
    q->condition = condition;
    return MOULT_OK;
}
