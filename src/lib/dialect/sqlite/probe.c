/* SPDX-License-Identifier: MIT */
/*
 * probe.c - asks the rows of altered tables, one pass over each: how many there are, how many are NULL where NULL shall not be
 * any more, how many read a default that changes. What the rows forbid in every mode is refused here, with what to write.
 */
#include <string.h>

#include "dialect/sqlite/ladder.h"

#define MO_PROBE_MAX 1900 /* questions of one pass: SQLite allows 2,000 columns in a result */

typedef struct question {
    mo_part *part;
    int about_default; /* else about NULL */
} question;

typedef struct probe {
    mo_conn *conn;
    mo_plan *plan;
    mo_change *change;
    question asked[MO_PROBE_MAX];
    size_t count;
    int64_t answers[MO_PROBE_MAX + 1];
    size_t *refused; /* columns so far, of all tables */
    mo_error *first; /* the first refusal */
    mo_str *others;  /* all others */
    mo_error *err;
} probe;

static int take_row(void *user, size_t count, const mo_value *values)
{
    probe *p = user;
    for (size_t i = 0; i < count && i <= MO_PROBE_MAX; i++)
        p->answers[i] = values[i].integer;
    return MOULT_OK;
}

/* A NULL may stand in the column before, and not after. */
static int tightens(const mo_part *part)
{
    return part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_NOT_NULL)) &&
           part->column_after->attr[MO_ATTR_NOT_NULL].canonical && !part->column_after->row_id;
}

/* Is the default of a column changed on rows that may read the old one from the definition? Those written before an ADD
 * COLUMN do; it takes constants only, so an expression was never read. */
static int changes_default(const mo_part *part)
{
    return part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_DEFAULT));
}

static void add_question(probe *p, mo_str *sql, mo_part *part, int about_default)
{
    const char *table = p->change->after->name;
    const char *column = mo_plan_live_column(p->plan, table, part->column_before->name);
    const char *value = part->column_before->attr[MO_ATTR_DEFAULT].text;
    if (p->count == MO_PROBE_MAX) {
        sql->failed = 1; /* told as what it is: too much for one statement */
        return;
    }
    if (about_default) {
        mo_str_add(sql, ", count(CASE WHEN ");
        mo_str_ident(sql, column, '"');
        mo_str_add(sql, " IS (");
        mo_str_add(sql, value ? value : "NULL");
        mo_str_add(sql, ") THEN 1 END)");
    } else {
        mo_str_add(sql, ", count(");
        mo_str_ident(sql, column, '"');
        mo_str_add(sql, ")");
    }
    p->asked[p->count++] = (question){part, about_default};
}

static int ask(probe *p)
{
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "SELECT count(*)");
    for (size_t i = 0; i < p->change->parts.count; i++) {
        mo_part *part = &p->change->parts.items[i];
        if (tightens(part))
            add_question(p, &sql, part, 0);
        if (changes_default(part) && mo_sqlite_default_is_telling(part->column_before))
            add_question(p, &sql, part, 1);
    }
    mo_str_add(&sql, " FROM ");
    mo_str_ident(&sql, mo_plan_live_table(p->plan, p->change->after->name), '"');
    rc = sql.failed ? mo_error_nomem(p->err)
                    : p->plan->dialect->query(p->conn, mo_str_text(&sql), NULL, 0, take_row, p, NULL, p->err);
    mo_str_free(&sql);
    p->change->rows = p->answers[0];
    return rc;
}

static int add_evidence(probe *p, mo_part *part, const char *fmt_none, int64_t found, const char *what)
{
    mo_str s = {0};
    char *text;
    if (found == 0) {
        mo_str_add(&s, fmt_none);
        mo_str_count(&s, p->change->rows);
        mo_str_add(&s, " rows ");
        mo_str_add(&s, what);
    } else {
        mo_str_count(&s, found);
        mo_str_add(&s, " of ");
        mo_str_count(&s, p->change->rows);
        mo_str_add(&s, " rows ");
        mo_str_add(&s, what);
    }
    text = mo_str_into(&s, p->plan->region);
    if (text == NULL)
        return mo_error_nomem(p->err);
    part->evidence = text;
    return MOULT_OK;
}

static int has_default(const mo_column *c)
{
    const char *canonical = c->attr[MO_ATTR_DEFAULT].canonical;
    return canonical != NULL && !mo_name_equal(canonical, "null");
}

/* The first refusal is the error; all others stand in its detail, so that one look is enough to write them all. */
static int refuse(probe *p, const mo_column *c, const char *what, int64_t rows, const char *advice)
{
    mo_str text = {0};
    int rc;
    if (p->plan->hooked) /* a hook may see to these rows; an assertion asks them again behind it */
        return MOULT_OK;
    mo_str_addf(&text, "column '%s.%s' %s ", p->change->after->name, c->name, what);
    mo_str_count(&text, rows);
    mo_str_add(&text, rows == 1 ? " row" : " rows");
    rc = text.failed ? mo_error_nomem(p->err) : MOULT_OK;
    if (rc == MOULT_OK && (*p->refused)++ == 0) {
        mo_error_set(p->first, MOULT_IMPOSSIBLE, "%s", mo_str_text(&text));
        mo_error_object(p->first, "column %s.%s", p->change->after->name, c->name);
        mo_error_hint(p->first, "%swrite at the end of its line what those rows shall hold: %s -- @fill EXPRESSION",
                      advice, c->name);
        mo_error_at(p->first, c->where.file, c->where.line, c->where.column);
    } else if (rc == MOULT_OK) {
        mo_str_addf(p->others, "%sline %d: %s", p->others->length ? "\n" : "", c->where.line, mo_str_text(&text));
    }
    mo_str_free(&text);
    return rc;
}

/* A column that comes new: with rows in the table a NOT NULL one needs a value for them. */
static int judge_new(probe *p, mo_part *part)
{
    const mo_column *c = part->column_after;
    if (p->change->rows == 0 || c->fill || c->row_id || c->attr[MO_ATTR_NOT_NULL].canonical == NULL || has_default(c) ||
        c->attr[MO_ATTR_GENERATED].canonical)
        return MOULT_OK;
    return refuse(p, c, "is new and NOT NULL without a default, and the table has", p->change->rows,
                  "give it a DEFAULT, or ");
}

/* Is it a column that comes new, and gives every row that is there the same value? */
static int is_uniform(const mo_change *change, const char *name)
{
    for (size_t i = 0; i < change->parts.count; i++) {
        const mo_part *part = &change->parts.items[i];
        if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_CREATE &&
            mo_name_equal(part->column_after->name, name))
            return !part->column_after->fill && !part->column_after->row_id && has_default(part->column_after) &&
                   mo_sqlite_default_is_constant(part->column_after->attr[MO_ATTR_DEFAULT].canonical);
    }
    return 0;
}

/* A key over nothing but such columns cannot hold two rows. */
static int judge_key(probe *p, const mo_constraint *k)
{
    if (p->change->rows < 2 || k->kind > MO_CONSTRAINT_UNIQUE || k->column_count == 0)
        return MOULT_OK;
    for (size_t i = 0; i < k->column_count; i++)
        if (!is_uniform(p->change, k->columns[i]))
            return MOULT_OK;
    return refuse(p, mo_table_column(p->change->after->table, k->columns[0]),
                  "is new and unique, but its default would be the same in", p->change->rows, "");
}

static int judge_answer(probe *p, const question *q, int64_t found)
{
    const mo_column *c = q->part->column_after;
    if (q->about_default) {
        q->part->default_rows = found;
        return add_evidence(p, q->part, "none of ", found, "holds the old default");
    }
    q->part->null_rows = found;
    if (found > 0 && c->fill == NULL)
        return refuse(p, c, "becomes NOT NULL, but is NULL in", found, "");
    return add_evidence(p, q->part, "none of ", found, found <= 1 ? "is NULL" : "are NULL");
}

/* Has it no consequence in a table without rows? What drops has, and what a key remembers of rows that were there
 * (AUTOINCREMENT). */
static int nothing_to_lose(const mo_part *part)
{
    if (part->kind == MO_PART_CONSTRAINT)
        return (part->constraint_after ? part->constraint_after : part->constraint_before)->kind !=
               MO_CONSTRAINT_PRIMARY_KEY;
    return part->op != MOULT_OP_DROP || part->kind != MO_PART_COLUMN;
}

/* A type of the same affinity stores and compares every value as before. */
static int same_affinity(const mo_change *change, const mo_part *part)
{
    return !mo_table_option(change->after->table, "strict") &&
           mo_sqlite_affinity(mo_column_attr(part->column_before, MO_ATTR_TYPE)) ==
               mo_sqlite_affinity(mo_column_attr(part->column_after, MO_ATTR_TYPE));
}

/* Which of the changed attributes can neither lose a value nor refuse a row? A part is harmless when all of them are. */
static void judge_attributes(const probe *p, mo_part *part)
{
    unsigned clear = (1u << MO_ATTR_DEFAULT) | (1u << MO_ATTR_NOT_NULL_CONFLICT);
    int tight = part->column_after->attr[MO_ATTR_NOT_NULL].canonical != NULL;
    if (!tight || (tightens(part) && part->null_rows == 0))
        clear |= 1u << MO_ATTR_NOT_NULL;
    if ((part->attrs & (1u << MO_ATTR_TYPE)) && same_affinity(p->change, part)) {
        clear |= 1u << MO_ATTR_TYPE;
        if (part->attrs == (1u << MO_ATTR_TYPE))
            part->evidence = "the same affinity: no value changes";
    }
    part->harmless = (part->attrs & ~clear) == 0;
    if (!part->harmless)
        part->evidence = NULL; /* what was asked says nothing of the rest */
}

static int judge_part(probe *p, mo_part *part)
{
    int rc = MOULT_OK;
    if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_CREATE)
        rc = judge_new(p, part);
    if (rc == MOULT_OK && part->kind == MO_PART_CONSTRAINT && part->op != MOULT_OP_DROP)
        rc = judge_key(p, part->constraint_after);
    if (changes_default(part) && !mo_sqlite_default_is_telling(part->column_before))
        part->default_rows = p->change->rows;
    if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER)
        judge_attributes(p, part);
    if (rc == MOULT_OK && p->change->rows == 0 && nothing_to_lose(part)) {
        part->harmless = 1;
        part->evidence = "the table has no rows";
    }
    return rc;
}

static int judge(probe *p)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < p->count && rc == MOULT_OK; i++)
        rc = judge_answer(p, &p->asked[i],
                          p->asked[i].about_default ? p->answers[i + 1] : p->change->rows - p->answers[i + 1]);
    for (size_t i = 0; i < p->change->parts.count && rc == MOULT_OK; i++)
        rc = judge_part(p, &p->change->parts.items[i]);
    return rc;
}

static int only_renames(const mo_change *change)
{
    for (size_t i = 0; i < change->parts.count; i++)
        if (change->parts.items[i].op != MOULT_OP_RENAME)
            return 0;
    return 1;
}

int mo_sqlite_probe(mo_conn *c, mo_plan *plan, mo_error *err)
{
    size_t refused = 0;
    mo_str others = {0};
    mo_error first = {{0}}; /* kept apart: asking goes on */
    int rc = plan->dialect->rows_seen(c, &plan->rows_seen, err);
    for (size_t i = 0; i < plan->changes.count && rc == MOULT_OK; i++) {
        mo_change *change = &plan->changes.items[i];
        probe p = {.conn = c,
                   .plan = plan,
                   .change = change,
                   .refused = &refused,
                   .others = &others,
                   .first = &first,
                   .err = err};
        if (change->op != MOULT_OP_ALTER || change->kind != MO_KIND_TABLE || only_renames(change))
            continue;
        rc = ask(&p);
        if (rc == MOULT_OK)
            rc = judge(&p);
    }
    if (rc == MOULT_OK && refused) {
        rc = mo_error_move(err, &first);
        if (others.length)
            mo_error_detail(err, "%s", mo_str_text(&others));
    }
    mo_error_clear(&first);
    mo_str_free(&others);
    return rc;
}
