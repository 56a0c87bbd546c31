/* SPDX-License-Identifier: MIT */
/* probe_column.c - what is asked of the columns of an altered table, and what of that is refused outright. */
#include <string.h>

#include "dialect/sqlite/probe.h"

/* A NULL may stand in the column before, and not after. */
static int tightens(const mo_part *part)
{
    return part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_NOT_NULL)) &&
           part->column_after->attr[MO_ATTR_NOT_NULL].canonical && !part->column_after->row_id;
}

/* Is the default of a column changed on rows that may read the old one from the definition? Those written before an ADD
 * COLUMN do; it takes constants only, so an expression was never read. */
static int changes_default(const mo_part *part)
{
    return part->op == MOULT_OP_ALTER && (part->attrs & (1u << MO_ATTR_DEFAULT));
}

static int has_default(const mo_column *c)
{
    const char *canonical = c->attr[MO_ATTR_DEFAULT].canonical;
    return canonical != NULL && !mo_name_equal(canonical, "null");
}

/* --- what is refused outright ----------------------------------------------------------------------------------------- */

/* The first refusal is the error; all others stand in its detail, so that one look is enough to write them all. */
static int refuse(mo_probe *p, const mo_column *c, const char *what, const mo_answer *rows, const char *advice)
{
    mo_str text = {0};
    int rc;
    mo_str_addf(&text, "column '%s.%s' %s ", p->after->name, c->name, what);
    if (rows->at_least)
        mo_str_add(&text, "at least ");
    mo_str_count(&text, rows->rows);
    mo_str_add(&text, rows->rows == 1 ? " row" : " rows");
    if (rows->keys)
        mo_str_addf(&text, " (%s)", rows->keys);
    rc = text.failed ? mo_error_nomem(p->err) : MOULT_OK;
    if (rc == MOULT_OK && (*p->refused)++ == 0) {
        mo_error_set(p->first, MOULT_IMPOSSIBLE, "%s", mo_str_text(&text));
        mo_error_object(p->first, "column %s.%s", p->after->name, c->name);
        mo_evidence_ask_fill(p->plan, p->first, advice, "what those rows shall hold", p->after->name, c);
    } else if (rc == MOULT_OK) {
        mo_str_add(p->others, p->others->length ? "\n" : "");
        if (c->where.file)
            mo_str_addf(p->others, "line %d: ", c->where.line);
        mo_str_add(p->others, mo_str_text(&text));
    }
    mo_str_free(&text);
    return rc;
}

/* What a hook that is still to run may yet put right is told, and left to the assertion that comes after it. */
static int refuse_or_tell(mo_probe *p, mo_findings *into, const mo_column *c, const char *what, const mo_answer *rows,
                          const char *advice, const char *told)
{
    if (!p->plan->hooked)
        return refuse(p, c, what, rows, advice);
    if (told)
        return mo_evidence_say(p->plan->region, into, p->err, "%s", told);
    mo_evidence_forbid(into, rows->rows, NULL);
    return MOULT_OK;
}

/* A column that comes new: with rows in the table a NOT NULL one needs a value for them. */
static int judge_new(mo_probe *p, mo_part *part)
{
    const mo_column *c = part->column_after;
    mo_answer all = {.rows = p->rows < 0 ? 1 : p->rows, .of = p->rows, .at_least = p->rows < 0};
    if (all.rows == 0 || c->fill || c->row_id || c->attr[MO_ATTR_NOT_NULL].canonical == NULL || has_default(c) ||
        c->attr[MO_ATTR_GENERATED].canonical)
        return MOULT_OK;
    return refuse_or_tell(p, &part->found, c, "is new and NOT NULL without a default, and the table has", &all,
                          "give it a DEFAULT, or ", "it is new, NOT NULL, and nothing but a hook gives it a value");
}

int mo_probe_judge_column(mo_probe *p, mo_part *part)
{
    if (changes_default(part) && !mo_sqlite_default_is_telling(part->column_before))
        part->default_rows = p->change->rows;
    return part->op == MOULT_OP_CREATE ? judge_new(p, part) : MOULT_OK;
}

/* Is it a column that comes new, and gives every row that is there the same value? */
static int is_uniform(const mo_probe *p, const char *name)
{
    const mo_part *part = mo_probe_part_of(p, name);
    return part && part->op == MOULT_OP_CREATE && !part->column_after->fill && !part->column_after->row_id &&
           has_default(part->column_after) &&
           mo_sqlite_default_is_constant(part->column_after->attr[MO_ATTR_DEFAULT].canonical);
}

/* A key over nothing but such columns cannot hold two rows. */
int mo_probe_judge_new_key(mo_probe *p, const mo_constraint *k)
{
    mo_answer all = {.rows = p->rows, .of = p->rows};
    const mo_part *part;
    if (p->rows < 2 || k->kind > MO_CONSTRAINT_UNIQUE || k->column_count == 0)
        return MOULT_OK;
    for (size_t i = 0; i < k->column_count; i++)
        if (!is_uniform(p, k->columns[i]))
            return MOULT_OK;
    part = mo_probe_part_of(p, k->columns[0]);
    if (p->plan->hooked) /* it has told itself already what it finds */
        return MOULT_OK;
    return refuse(p, part->column_after, "is new and unique, but its default would be the same in", &all, "");
}

/* --- NULL -------------------------------------------------------------------------------------------------------------- */

static int judge_null(mo_probe *p, mo_question *q)
{
    const mo_column *c = q->part->column_after;
    mo_answer a;
    int rc = mo_probe_answer(p, q, 0, &a);
    q->part->null_rows = q->asked == MO_ANSWERED || a.rows ? a.rows : -1;
    if (rc == MOULT_OK)
        rc = mo_probe_tell(p, q, 0, "is NULL", "are NULL");
    if (a.rows)
        mo_question_blame(q);
    if (rc == MOULT_OK && a.rows && c->fill == NULL)
        rc = refuse_or_tell(p, q->into, c, "becomes NOT NULL, and is NULL in", &a, "", NULL);
    return rc;
}

/* The @fill itself may give a NULL. */
static int judge_fill(mo_probe *p, mo_question *q)
{
    const mo_found *f = &q->found[0];
    int rc = MOULT_OK;
    if (f->rows)
        rc = mo_probe_tell(p, q, 0, "gets NULL from the @fill", "get NULL from the @fill");
    else if (q->asked == MO_ANSWERED && q->part->op == MOULT_OP_CREATE)
        rc = mo_evidence_say(p->plan->region, q->into, p->err, "the @fill gives every row a value");
    mo_evidence_forbid(q->into, f->rows, NULL);
    mo_question_blame(q); /* that rows get a value that somebody thought of is to be looked at */
    return rc;
}

static int ask_fill(mo_probe *p, mo_part *part)
{
    const mo_column *c = part->column_after;
    mo_str sql = {0};
    mo_question *q;
    if (c->fill == NULL || c->attr[MO_ATTR_NOT_NULL].canonical == NULL)
        return MOULT_OK;
    q = mo_probe_add(p, part, &part->found, part->op == MOULT_OP_ALTER ? 1u << MO_ATTR_NOT_NULL : MO_WHOLE, judge_fill);
    if (q == NULL)
        return mo_error_nomem(p->err);
    if (part->op == MOULT_OP_ALTER) {
        mo_str_ident(&sql, part->column_before->name, '"');
        mo_str_add(&sql, " IS NULL AND ");
    }
    mo_str_addf(&sql, "(%s) IS NULL", c->fill);
    if ((q->condition = mo_str_into(&sql, p->region)) == NULL)
        return mo_error_nomem(p->err);
    q->stored = 1;
    return MOULT_OK;
}

/* --- questions about one column ----------------------------------------------------------------------------------------- */

static int judge_default(mo_probe *p, mo_question *q)
{
    q->part->default_rows = q->asked == MO_ANSWERED ? q->found[0].rows : 1;
    if (q->found[0].rows == 0 && q->asked == MO_ANSWERED)
        return mo_probe_tell(p, q, 0, "holds the old default", "hold the old default");
    return MOULT_OK;
}

static int judge_dropped(mo_probe *p, mo_question *q)
{
    int with_default = has_default(q->part->column_before);
    if (q->found[0].rows)
        mo_question_blame(q);
    mo_question_soften(q); /* that no value goes helps no query that names the column */
    return mo_probe_tell(p, q, 0, with_default ? "holds a value other than its default" : "holds a value",
                         with_default ? "hold a value other than its default" : "hold a value");
}

static int judge_generated(mo_probe *p, mo_question *q)
{
    if (q->found[0].rows)
        mo_question_blame(q);
    return mo_probe_tell(p, q, 0, "gets another value", "get another value");
}

static int ask(mo_probe *p, mo_part *part, mo_attr attr, const char *before, const char *between, const char *after,
               int (*judge)(mo_probe *, mo_question *))
{
    mo_str sql = {0};
    const char *condition;
    mo_question *q;
    mo_str_add(&sql, before);
    mo_str_ident(&sql, part->column_before->name, '"');
    mo_str_addf(&sql, "%s%s%s", between, after ? after : "", after ? ")" : "");
    condition = mo_str_into(&sql, p->region);
    q = condition ? mo_probe_add(p, part, &part->found, part->op == MOULT_OP_ALTER ? 1u << attr : MO_WHOLE, judge)
                  : NULL;
    if (q == NULL)
        return mo_error_nomem(p->err);
    q->condition = condition;
    q->stored = 1;
    return MOULT_OK;
}

static int ask_dropped(mo_probe *p, mo_part *part)
{
    const mo_column *c = part->column_before;
    const char *value = c->attr[MO_ATTR_DEFAULT].text;
    mo_str sql = {0};
    const char *condition;
    mo_question *q;
    if (c->attr[MO_ATTR_GENERATED].canonical)
        return MOULT_OK;
    mo_str_ident(&sql, c->name, '"');
    mo_str_add(&sql, " IS NOT NULL");
    if (has_default(c) && mo_sqlite_default_is_constant(c->attr[MO_ATTR_DEFAULT].canonical)) {
        mo_str_add(&sql, " AND ");
        mo_str_ident(&sql, c->name, '"');
        mo_str_addf(&sql, " IS NOT (%s)", value);
    }
    condition = mo_str_into(&sql, p->region);
    q = condition ? mo_probe_add(p, part, &part->found, MO_WHOLE, judge_dropped) : NULL;
    if (q == NULL)
        return mo_error_nomem(p->err);
    q->condition = condition;
    q->stored = 1;
    return MOULT_OK;
}

/* A generated column's new expression, over the other columns as they are. */
static int ask_generated(mo_probe *p, mo_part *part)
{
    const mo_attr_value *g = &part->column_after->attr[MO_ATTR_GENERATED];
    const char *start;
    size_t length;
    int simple = 1, stored = 1, rc;
    if (g->canonical == NULL) { /* its values stay, as plain ones */
        part->found.clear |= 1u << MO_ATTR_GENERATED;
        return MOULT_OK;
    }
    if (g->text == NULL || !mo_sqlite_inside(g->text, &start, &length))
        return MOULT_OK;
    rc = mo_probe_names(p, start, length, &simple, &stored);
    if (rc != MOULT_OK || !simple || !stored)
        return rc;
    start = mo_region_dupn(p->region, start, length);
    return start ? ask(p, part, MO_ATTR_GENERATED, "", " IS NOT (", start, judge_generated) : mo_error_nomem(p->err);
}

static int ask_altered(mo_probe *p, mo_part *part)
{
    const mo_column *before = part->column_before;
    int rc = MOULT_OK;
    if (tightens(part))
        rc = ask(p, part, MO_ATTR_NOT_NULL, "", " IS NULL", NULL, judge_null);
    if (rc == MOULT_OK && tightens(part))
        rc = ask_fill(p, part);
    if (rc == MOULT_OK && changes_default(part) && mo_sqlite_default_is_telling(before)) {
        const char *value = before->attr[MO_ATTR_DEFAULT].text;
        rc = ask(p, part, MO_ATTR_DEFAULT, "", " IS (", value ? value : "NULL", judge_default);
    }
    if (rc == MOULT_OK && (part->attrs & (1u << MO_ATTR_GENERATED)))
        rc = ask_generated(p, part);
    if (rc != MOULT_OK || !(part->attrs & (1u << MO_ATTR_TYPE)))
        return rc;
    if (mo_probe_changes_store(p, before, part->column_after))
        return mo_probe_ask_cast(p, part);
    part->found.clear |= 1u << MO_ATTR_TYPE;
    return part->attrs == 1u << MO_ATTR_TYPE
               ? mo_evidence_say(p->plan->region, &part->found, p->err, "it is stored as before: no value changes")
               : MOULT_OK;
}

int mo_probe_ask_column(mo_probe *p, mo_part *part)
{
    switch (part->op) {
    case MOULT_OP_CREATE:
        return ask_fill(p, part);
    case MOULT_OP_DROP:
        return ask_dropped(p, part);
    case MOULT_OP_ALTER:
        return ask_altered(p, part);
    default:
        return MOULT_OK;
    }
}
