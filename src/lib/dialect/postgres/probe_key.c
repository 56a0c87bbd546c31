/* SPDX-License-Identifier: MIT */
/*
 * probe_key.c - rows that repeat the value of another, before a key or a unique index forbids that.
 *
 * No pass over the rows can count these beside other things: each is a query of its own. Values are grouped as the index will
 * compare them: by its expressions and collations, over the rows of its WHERE, and NULLs only where they are not distinct.
 */
#include <string.h>

#include "dialect/postgres/probe.h"

typedef struct key {
    mo_pg_list terms;  /* expressions */
    const char *where; /* NULL: of all rows */
    int nulls_too;
} key;

static void add_terms(mo_str *sql, const key *k, const char *between)
{
    for (size_t i = 0; i < k->terms.count; i++)
        mo_str_addf(sql, "%s%s", i ? between : "", k->terms.items[i]);
}

static void add_filter(mo_str *sql, const key *k)
{
    mo_str_add(sql, " WHERE true");
    for (size_t i = 0; !k->nulls_too && i < k->terms.count; i++)
        mo_str_addf(sql, " AND (%s) IS NOT NULL", k->terms.items[i]);
    if (k->where)
        mo_str_addf(sql, " AND %s", k->where);
}

static void add_groups(mo_str *sql, const mo_pg_probing *p, const key *k)
{
    mo_str_addf(sql, " FROM %s", p->table);
    add_filter(sql, k);
    mo_str_add(sql, " GROUP BY ");
    add_terms(sql, k, ", ");
    mo_str_add(sql, " HAVING count(*) > 1");
}

/* The first rows that repeat a value, with it: "2: 'twin'". */
static const char *named(const mo_pg_probing *p, const key *k, int *failed)
{
    const char *name = mo_pg_row_name(p, failed);
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT concat(");
    if (name)
        mo_str_addf(&sql, "%s, ': ', ", name);
    for (size_t i = 0; i < k->terms.count; i++)
        mo_str_addf(&sql, "%squote_nullable(left((%s)::text, 24))", i ? ", ', ', " : "", k->terms.items[i]);
    mo_str_add(&sql, ") FROM (SELECT *, row_number() OVER (PARTITION BY ");
    add_terms(&sql, k, ", ");
    mo_str_addf(&sql, "%s%s) AS _moult_n FROM %s", name ? " ORDER BY " : "", name ? name : "", p->table);
    add_filter(&sql, k);
    mo_str_addf(&sql, ") d WHERE _moult_n > 1 ORDER BY 1 LIMIT %d", MO_EVIDENCE_KEYS);
    const char *text = mo_str_into(&sql, p->plan->region);
    *failed |= !text;
    return text;
}

static int ask(mo_pg_probing *p, mo_part *part, const key *k, int eases)
{
    mo_pg_question q = {.part = part,
                        .into = part ? &part->found : &p->change->found,
                        .bit = MO_PG_WHOLE,
                        .is = "repeats the value of another",
                        .are = "repeat the value of another",
                        .forbids = 1,
                        .eases = eases};
    mo_str alone = {0}, query = {0};
    int failed = 0;
    mo_str_add(&alone, "SELECT coalesce(sum(n - 1), 0)::bigint FROM (SELECT count(*) AS n");
    add_groups(&alone, p, k);
    mo_str_add(&alone, ") d");
    mo_str_add(&query, "SELECT ");
    add_terms(&query, k, ", ");
    mo_str_add(&query, ", count(*)");
    add_groups(&query, p, k);
    q.named = named(p, k, &failed);
    q.alone = mo_str_into(&alone, p->plan->region);
    q.query = mo_str_into(&query, p->plan->region);
    if (failed || !q.alone || !q.query)
        return mo_error_nomem(p->err);
    return mo_pg_probe_add(p, &q);
}

static int not_asked(mo_pg_probing *p, mo_findings *into, const char *column)
{
    return mo_evidence_say(p->plan->region, into, p->err, "not asked: '%s' changes at the same time", column);
}

int mo_pg_ask_key(mo_pg_probing *p, mo_part *part)
{
    const mo_constraint *c = part->constraint_after;
    key k = {.nulls_too = mo_pg_find_words(c->canonical, "NULLS NOT DISTINCT") != NULL};
    if (part->constraint_before && strcmp(part->constraint_before->canonical, c->canonical) == 0)
        return MOULT_OK; /* it only gets another name */
    if (strstr(c->canonical, " WITHOUT OVERLAPS"))
        return MOULT_OK; /* it forbids more than what is the same */
    for (size_t i = 0; i < c->column_count; i++) {
        const char *column = mo_pg_probe_steady(p, p->change, c->columns[i]);
        if (!column)
            return mo_table_column(p->change->before->table, c->columns[i]) ? not_asked(p, &part->found, c->columns[i])
                                                                            : MOULT_OK;
        if (mo_vec_push(p->plan->region, &k.terms, column))
            return mo_error_nomem(p->err);
    }
    return k.terms.count ? ask(p, part, &k, c->kind == MO_CONSTRAINT_PRIMARY_KEY ? 0 : 2) : MOULT_OK;
}

/* --- unique indexes ------------------------------------------------------------------------------------------------------ */

/* A name, with what it is called with, or what stands in parentheses: where it ends. */
static size_t read_operand(mo_lexer *l, const char *text)
{
    size_t end = 0;
    int depth = 0, first = 1;
    for (;;) {
        mo_lexer ahead = *l;
        mo_token t = mo_lexer_next(&ahead);
        int opens = mo_token_is_punct(&t, '('), dot = mo_token_is_punct(&t, '.');
        if (t.kind == MO_TOKEN_END || t.kind == MO_TOKEN_BAD || !(first || depth || opens || dot))
            return end;
        depth += opens - mo_token_is_punct(&t, ')');
        first = dot; /* a name goes on behind a dot */
        end = (size_t)(t.text - text) + t.length;
        *l = ahead;
    }
}

/* What of a term is compared: its expression and its collation; not its operator class and direction. */
static const char *compared(mo_region *r, const char *term)
{
    mo_lexer l, ahead;
    mo_token t;
    mo_lexer_init(&l, &mo_lex_postgres, term, strlen(term));
    size_t end = read_operand(&l, term);
    ahead = l;
    t = mo_lexer_next(&ahead);
    if (mo_token_is(&t, "COLLATE"))
        end = read_operand(&ahead, term);
    return mo_region_dupn(r, term, end);
}

/* The server writes a condition in parentheses, but for a single column or call. */
static const char *condition_at(mo_region *r, const char *text)
{
    mo_lexer l;
    mo_lexer_init(&l, &mo_lex_postgres, text, strlen(text));
    return mo_region_dupn(r, text, read_operand(&l, text));
}

/* Does the index use a column that is new, or whose values or name change? */
static const char *unsteady(const mo_pg_probing *p, const mo_object *index)
{
    const mo_change *table = mo_pg_probe_change_of(p, index->parent);
    for (size_t i = 0; table && i < table->after->table->columns.count; i++) {
        const char *name = table->after->table->columns.items[i]->name;
        const char *now = mo_pg_probe_steady(p, table, name);
        if ((!now || strcmp(now, name) != 0) && mo_pg_speaks_of(index->canonical, name))
            return name;
    }
    return NULL;
}

int mo_pg_ask_unique_index(mo_pg_probing *p)
{
    const mo_object *index = p->change->after;
    const char *column, *inside, *where;
    size_t length;
    key k = {0};
    if (!index || strncmp(index->canonical, "unique ", 7) != 0)
        return MOULT_OK;
    column = unsteady(p, index);
    if (column || strcmp(p->table, index->parent) != 0)
        return not_asked(p, &p->change->found, column ? column : index->parent);
    inside = mo_pg_inside(index->canonical, &length);
    if (!inside || mo_pg_split_list(p->plan->region, inside, length, &k.terms))
        return inside ? mo_error_nomem(p->err) : MOULT_OK;
    for (size_t i = 0; i < k.terms.count; i++)
        if (!(k.terms.items[i] = compared(p->plan->region, k.terms.items[i])))
            return mo_error_nomem(p->err);
    where = mo_pg_find_words(inside + length + 1, "WHERE");
    if (where && !(k.where = condition_at(p->plan->region, where + strlen("WHERE "))))
        return mo_error_nomem(p->err);
    k.nulls_too = mo_pg_find_words(inside + length + 1, "NULLS NOT DISTINCT") != NULL;
    return ask(p, NULL, &k, 2);
}
