/* SPDX-License-Identifier: MIT */
/*
 * probe.c - asks the rows of all tables that a plan touches: one table after another, each within its time limit.
 *
 * For each table: its questions are collected, one pass answers those that it can, what is left is asked by queries of
 * their own; then every answer is put into words and into the findings of the change that it is about.
 */
#include <string.h>

#include "dialect/sqlite/probe.h"

typedef struct probes {
    mo_conn *conn;
    mo_plan *plan;
    double seconds;
    const mo_watch *watch;
    size_t refused; /* columns so far, of all tables */
    mo_error first; /* the first refusal, kept apart: asking goes on */
    mo_str others;
    mo_error *err;
} probes;

/* --- the questions of one table ------------------------------------------------------------------------------------------ */

/* Is an altered constraint more than renamed? A key is also when only its column becomes the row id. */
static int says_more(const mo_part *part)
{
    const mo_constraint *a = part->constraint_before, *b = part->constraint_after;
    return !a || strcmp(a->canonical, b->canonical) != 0 || mo_name_equal(a->name, b->name);
}

static int ask_row_id(mo_probe *p, mo_part *part)
{
    const mo_table *t = p->after->table;
    for (size_t i = 0; i < t->columns.count; i++) {
        const mo_column *after = t->columns.items[i], *before = mo_table_column(p->before->table, after->name);
        if (after->row_id && before && !before->row_id && !mo_probe_part_of(p, after->name))
            return mo_probe_ask_key_values(p, part, before, after);
    }
    return MOULT_OK;
}

static int ask_constraint(mo_probe *p, mo_part *part)
{
    const mo_constraint *k = part->constraint_after;
    if (part->op == MOULT_OP_DROP || !says_more(part))
        return MOULT_OK;
    switch (k->kind) {
    case MO_CONSTRAINT_CHECK:
        return mo_probe_ask_check(p, part, k);
    case MO_CONSTRAINT_FOREIGN_KEY:
        return mo_probe_ask_foreign(p, part, k);
    case MO_CONSTRAINT_PRIMARY_KEY: {
        int rc = ask_row_id(p, part);
        return rc == MOULT_OK && mo_table_option(p->after->table, "without rowid") ? mo_probe_ask_key_nulls(p, part)
                                                                                   : rc;
    }
    default:
        return MOULT_OK; /* duplicates are asked for after the pass */
    }
}

static int ask_option(mo_probe *p, mo_part *part)
{
    if (part->op == MOULT_OP_DROP)
        return MOULT_OK;
    if (mo_name_equal(part->option_after->name, "strict"))
        return mo_probe_ask_strict(p, part);
    return mo_name_equal(part->option_after->name, "without rowid") ? mo_probe_ask_key_nulls(p, part) : MOULT_OK;
}

/* The CHECKs and foreign keys of a new column come with it: no parts of their own. */
static int ask_with_column(mo_probe *p, mo_part *part)
{
    const mo_table *t = p->after->table;
    int rc = MOULT_OK;
    if (part->op != MOULT_OP_CREATE)
        return MOULT_OK;
    for (size_t i = 0; i < t->constraints.count && rc == MOULT_OK; i++) {
        const mo_constraint *k = t->constraints.items[i];
        if (k->column < 0 || !mo_name_equal(t->columns.items[k->column]->name, part->column_after->name))
            continue;
        if (k->kind == MO_CONSTRAINT_CHECK)
            rc = mo_probe_ask_check(p, part, k);
        else if (k->kind == MO_CONSTRAINT_FOREIGN_KEY)
            rc = mo_probe_ask_foreign(p, part, k);
    }
    return rc;
}

static int ask_part(mo_probe *p, mo_part *part)
{
    int rc;
    switch (part->kind) {
    case MO_PART_COLUMN:
        rc = mo_probe_ask_column(p, part);
        return rc == MOULT_OK ? ask_with_column(p, part) : rc;
    case MO_PART_CONSTRAINT:
        return ask_constraint(p, part);
    case MO_PART_OPTION:
        return ask_option(p, part);
    case MO_PART_ORDER:
        break;
    }
    return MOULT_OK;
}

/* --- what the answers mean ------------------------------------------------------------------------------------------------ */

static int judge(mo_probe *p, mo_question *q)
{
    int rc;
    if (q->asked == MO_UNASKABLE) {
        mo_question_blame(q);
        return mo_evidence_say(p->plan->region, q->into, p->err, "not asked: %s", q->why);
    }
    rc = q->judge(p, q);
    if (rc == MOULT_OK && q->asked == MO_CUT_SHORT) {
        mo_question_blame(q);
        rc = mo_evidence_cut(p->plan->region, q->into, p->seconds, p->err);
    }
    return rc;
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

/* A changed column is harmless when all of its changed attributes are. That one is says nothing of the others: where not
 * all were asked, only what speaks against it is told. */
static void sum_up_column(const mo_probe *p, mo_part *part)
{
    mo_findings *f = &part->found;
    unsigned asked = f->clear, free = (1u << MO_ATTR_DEFAULT) | (1u << MO_ATTR_NOT_NULL_CONFLICT);
    int blamed = 0;
    for (size_t i = 0; i < p->questions.count; i++)
        if (p->questions.items[i]->part == part) {
            asked |= p->questions.items[i]->bit;
            blamed |= !(f->mildly & p->questions.items[i]->bit);
        }
    if (part->column_after->attr[MO_ATTR_NOT_NULL].canonical == NULL)
        free |= 1u << MO_ATTR_NOT_NULL;
    f->harmless = (part->attrs & ~(f->clear | free)) == 0;
    f->mild = (part->attrs & ~(f->mildly | f->clear | free)) == 0;
    if ((part->attrs & ~(asked | free)) && !blamed)
        f->evidence = NULL;
}

static int sum_up(mo_probe *p, mo_part *part)
{
    mo_findings *f = &part->found;
    int key = part->kind == MO_PART_CONSTRAINT && part->constraint_after &&
              part->constraint_after->kind == MO_CONSTRAINT_PRIMARY_KEY;
    if (p->rows == 0 && (nothing_to_lose(part) || part->op == MOULT_OP_DROP)) {
        f->harmless = nothing_to_lose(part);
        f->mild = 1;
        f->evidence = NULL;
        return mo_evidence_say(p->plan->region, f, p->err, "the table has no rows");
    }
    if (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER) {
        sum_up_column(p, part);
    } else if (!key) { /* that a key holds says nothing of what refers to the rows by it */
        f->harmless = (f->clear & MO_WHOLE) != 0;
        f->mild = (f->mildly & MO_WHOLE) != 0;
    }
    return MOULT_OK;
}

static int judge_all(mo_probe *p)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < p->questions.count && rc == MOULT_OK; i++)
        rc = judge(p, p->questions.items[i]);
    for (size_t i = 0; p->change && i < p->change->parts.count && rc == MOULT_OK; i++) {
        mo_part *part = &p->change->parts.items[i];
        if (part->kind == MO_PART_COLUMN)
            rc = mo_probe_judge_column(p, part);
        else if (part->kind == MO_PART_CONSTRAINT && part->op != MOULT_OP_DROP)
            rc = mo_probe_judge_new_key(p, part->constraint_after);
        if (rc == MOULT_OK)
            rc = sum_up(p, part);
    }
    for (size_t i = 0; i < p->indexes.count && rc == MOULT_OK; i++) {
        mo_findings *f = &p->indexes.items[i]->found;
        f->harmless = p->rows == 0 || (f->clear & MO_WHOLE);
    }
    return rc;
}

/* --- one table ------------------------------------------------------------------------------------------------------------- */

/* Rows are told apart by the primary key; by the row id where that is the key, or there is none. */
static int find_key(mo_probe *p)
{
    const mo_table *t = p->before->table;
    for (size_t i = 0; i < t->columns.count; i++)
        if (t->columns.items[i]->row_id)
            return MOULT_OK;
    for (size_t i = 0; i < t->constraints.count; i++) {
        const mo_constraint *k = t->constraints.items[i];
        if (k->kind != MO_CONSTRAINT_PRIMARY_KEY)
            continue;
        for (size_t c = 0; c < k->column_count; c++)
            if (mo_vec_push(p->region, &p->key, k->columns[c]))
                return mo_error_nomem(p->err);
        break;
    }
    return MOULT_OK;
}

/* Everything is asked anew: what an earlier look found does not count. */
static void forget(mo_probe *p)
{
    for (size_t i = 0; p->change && i < p->change->parts.count; i++) {
        mo_part *part = &p->change->parts.items[i];
        part->found = (mo_findings){0};
        part->null_rows = part->default_rows = 0;
    }
    for (size_t i = 0; i < p->indexes.count; i++)
        p->indexes.items[i]->found = (mo_findings){0};
}

/* Will all rows, or the values of an index, be written anew? Then it matters how many bytes that is. */
static int writes_all(const mo_probe *p)
{
    size_t drops = 0;
    for (size_t i = 0; p->change && i < p->change->parts.count; i++) {
        const mo_part *part = &p->change->parts.items[i];
        const mo_constraint *k = part->constraint_after ? part->constraint_after : part->constraint_before;
        drops += part->kind == MO_PART_COLUMN && part->op == MOULT_OP_DROP;
        if (part->kind == MO_PART_OPTION || part->kind == MO_PART_ORDER ||
            (part->kind == MO_PART_CONSTRAINT && k->kind <= MO_CONSTRAINT_UNIQUE) ||
            (part->kind == MO_PART_COLUMN && part->op == MOULT_OP_ALTER &&
             ((part->attrs & (1u << MO_ATTR_COLLATION)) ||
              mo_probe_changes_store(p, part->column_before, part->column_after))))
            return 1;
    }
    return drops > 0 || p->indexes.count > 0;
}

static int store_size(mo_probe *p)
{
    int64_t bytes = 0, rows = p->rows < 0 ? 1 : p->rows; /* not counted: there are some */
    int rc = writes_all(p) ? mo_probe_bytes(p, &bytes) : MOULT_OK;
    if (p->change) {
        p->change->rows = rows;
        p->change->bytes = bytes;
    }
    for (size_t i = 0; i < p->indexes.count; i++) {
        p->indexes.items[i]->rows = rows;
        p->indexes.items[i]->bytes = bytes;
    }
    return rc;
}

static int ask(mo_probe *p)
{
    int rc = find_key(p);
    forget(p);
    for (size_t i = 0; p->change && i < p->change->parts.count && rc == MOULT_OK; i++)
        rc = ask_part(p, &p->change->parts.items[i]);
    if (rc == MOULT_OK)
        rc = mo_probe_pass(p);
    if (rc == MOULT_OK)
        rc = mo_probe_duplicates(p);
    if (rc == MOULT_OK)
        rc = store_size(p);
    return rc == MOULT_OK ? judge_all(p) : rc;
}

static void free_keys(mo_probe *p)
{
    for (size_t i = 0; i < p->questions.count; i++)
        for (int k = 0; k < MO_FATE_COUNT; k++)
            mo_str_free(&p->questions.items[i]->found[k].keys);
}

static int ask_table(mo_probe *p)
{
    int rc;
    p->live = mo_plan_live_table(p->plan, p->before->name);
    p->rows = -1;
    p->limit = mo_deadline_in(p->seconds);
    rc = mo_probe_functions(p, 1);
    if (rc == MOULT_OK)
        rc = ask(p);
    (void)mo_probe_functions(p, 0);
    mo_casts_free(p);
    free_keys(p);
    return rc;
}

/* --- what is dropped, and virtual tables -------------------------------------------------------------------------------------- */

/* A table that goes, or is made anew as a whole: only its rows are counted. */
static int count_rows(mo_probe *p, mo_change *change)
{
    mo_str sql = {0};
    mo_question q = {.into = &change->found};
    int64_t rows = -1;
    int rc;
    change->found = (mo_findings){0};
    p->limit = mo_deadline_in(p->seconds);
    mo_str_add(&sql, "SELECT count(*) FROM ");
    mo_str_ident(&sql, mo_plan_live_table(p->plan, change->before->name), '"');
    rc = mo_probe_query(p, &q, &sql, mo_probe_take_integer, &rows);
    mo_str_free(&sql);
    if (rc != MOULT_OK)
        return rc;
    change->rows = rows < 0 ? 1 : rows;
    change->found.mild = rows == 0;
    if (q.asked == MO_UNASKABLE)
        return mo_evidence_say(p->plan->region, &change->found, p->err, "not asked: %s", q.why);
    if (q.asked == MO_CUT_SHORT)
        return mo_evidence_cut(p->plan->region, &change->found, p->seconds, p->err);
    if (rows < 2)
        return mo_evidence_say(p->plan->region, &change->found, p->err,
                               rows == 0                     ? "it has no rows"
                               : change->op == MOULT_OP_DROP ? "its only row goes"
                                                             : "1 row");
    mo_str_count(&sql, rows);
    rc = sql.failed ? mo_error_nomem(p->err)
                    : mo_evidence_say(p->plan->region, &change->found, p->err,
                                      change->op == MOULT_OP_DROP ? "its %s rows go" : "%s rows", mo_str_text(&sql));
    mo_str_free(&sql);
    return rc;
}

/* --- all ------------------------------------------------------------------------------------------------------------------------ */

static int only_renames(const mo_change *change)
{
    for (size_t i = 0; i < change->parts.count; i++)
        if (change->parts.items[i].op != MOULT_OP_RENAME)
            return 0;
    return 1;
}

static int alters_table(const mo_change *c)
{
    return c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE && !only_renames(c);
}

static int makes_index(const mo_change *c)
{
    return c->kind == MO_KIND_INDEX && (c->op == MOULT_OP_CREATE || c->op == MOULT_OP_ALTER);
}

static mo_change *alter_of(const mo_plan *plan, const char *table)
{
    for (size_t i = 0; i < plan->changes.count; i++)
        if (alters_table(&plan->changes.items[i]) && mo_name_equal(plan->changes.items[i].after->name, table))
            return &plan->changes.items[i];
    return NULL;
}

/* The indexes that are made on a table. Into p->indexes. */
static int find_indexes(mo_probe *p, const char *table)
{
    for (size_t i = 0; i < p->plan->changes.count; i++) {
        mo_change *c = &p->plan->changes.items[i];
        if (makes_index(c) && mo_name_equal(c->after->parent, table) && mo_vec_push(p->region, &p->indexes, c))
            return mo_error_nomem(p->err);
    }
    return MOULT_OK;
}

/* Has this change's table been asked with an earlier one? */
static int is_first(const mo_plan *plan, size_t at, const char *table)
{
    for (size_t i = 0; i < at; i++)
        if (makes_index(&plan->changes.items[i]) && mo_name_equal(plan->changes.items[i].after->parent, table))
            return 0;
    return alter_of(plan, table) == NULL;
}

/* Does a driver step make it, which looks at the rows itself? */
static int is_driven(const mo_plan *plan, const mo_change *c)
{
    const mo_change *table = makes_index(c) ? alter_of(plan, c->after->parent) : c;
    return table && table->driven;
}

static int one(probes *all, size_t at)
{
    mo_change *c = &all->plan->changes.items[at];
    mo_probe p = {.conn = all->conn,
                  .plan = all->plan,
                  .seconds = all->seconds,
                  .outer = all->watch,
                  .refused = &all->refused,
                  .first = &all->first,
                  .others = &all->others,
                  .err = all->err};
    int rc = MOULT_OK;
    p.region = mo_region_new();
    if (p.region == NULL)
        return mo_error_nomem(all->err);
    if (alters_table(c)) {
        p.change = c;
        p.before = c->before;
        p.after = c->after;
        rc = find_indexes(&p, c->after->name);
    } else if (makes_index(c) && is_first(all->plan, at, c->after->parent)) {
        p.before = mo_schema_find(mo_plan_start(all->plan), MO_KIND_TABLE, c->after->parent);
        rc = p.before ? find_indexes(&p, c->after->parent) : MOULT_OK;
    } else if (c->op == MOULT_OP_DROP && c->kind == MO_KIND_INDEX) {
        rc = mo_probe_serves(&p, c->before, &c->serves);
    } else if (c->kind == MO_KIND_VIRTUAL_TABLE ? c->op != MOULT_OP_CREATE && c->op != MOULT_OP_RENAME
                                                : c->kind == MO_KIND_TABLE && c->op == MOULT_OP_DROP) {
        rc = count_rows(&p, c);
    }
    if (rc == MOULT_OK && p.before && !(p.before->flags & MO_OBJECT_UNCOMPARED))
        rc = ask_table(&p);
    mo_region_free(p.region);
    return rc;
}

int mo_sqlite_probe(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err)
{
    probes all = {.conn = c, .plan = plan, .seconds = seconds, .watch = watch, .err = err};
    int rc = plan->dialect->rows_seen(c, &plan->rows_seen, err);
    for (size_t i = 0; i < plan->changes.count && rc == MOULT_OK; i++)
        rc = is_driven(plan, &plan->changes.items[i]) ? MOULT_OK : one(&all, i);
    if (rc == MOULT_OK && all.refused) {
        rc = mo_error_move(err, &all.first);
        if (all.others.length)
            mo_error_detail(err, "%s", mo_str_text(&all.others));
    }
    mo_error_clear(&all.first);
    mo_str_free(&all.others);
    return rc;
}
