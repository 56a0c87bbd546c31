/* SPDX-License-Identifier: MIT */
/*
 * inplace.c - rung 2: the stored definition is edited, the rows on disk stay as they are.
 *
 * Right only where every stored row means the same under both definitions; alter.c sees to that. The rows are asked
 * first, by assertions in the same transaction. Other connections must learn of the edit: a table that is created and
 * dropped moves schema_version, which an UPDATE of sqlite_schema does not.
 */
#include <string.h>

#include "dialect/sqlite/ladder.h"

#define BUMP "\"_moult_bump\""

int mo_ladder_edit(mo_ladder *l, mo_step *step, const char *table, const char *sql)
{
    mo_str update = {0};
    const char *before[] = {"PRAGMA writable_schema=ON", NULL};
    const char *after[] = {"CREATE TABLE " BUMP "(x)", "DROP TABLE " BUMP, "PRAGMA writable_schema=RESET", NULL};
    int rc = MOULT_OK;
    l->edits = 1;
    mo_str_add(&update, "UPDATE sqlite_schema SET sql=");
    mo_str_literal(&update, sql);
    mo_str_add(&update, " WHERE type='table' AND lower(name)=lower(");
    mo_str_literal(&update, table);
    mo_str_add(&update, ")");
    for (size_t i = 0; before[i] && rc == MOULT_OK; i++)
        rc = mo_step_run(l->plan, step, before[i], 0, l->err);
    if (rc == MOULT_OK)
        rc = update.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, step, mo_str_text(&update), 0, l->err);
    for (size_t i = 0; after[i] && rc == MOULT_OK; i++)
        rc = mo_step_run(l->plan, step, after[i], 0, l->err);
    mo_str_free(&update);
    return rc;
}

static int assert_none(mo_ladder *l, mo_step *step, const char *table, const mo_str *where, const char *message,
                       int64_t rows, int asked)
{
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "SELECT count(*) FROM ");
    mo_str_ident(&sql, table, '"');
    mo_str_add(&sql, " WHERE ");
    mo_str_add(&sql, mo_str_text(where));
    mo_str_add(&sql, " HAVING count(*) > 0");
    rc = sql.failed || where->failed || message == NULL
             ? mo_error_nomem(l->err)
             : mo_step_assert(l->plan, step, mo_str_text(&sql), message, rows, l->err);
    if (rc == MOULT_OK)
        step->statements.items[step->statements.count - 1].asked = asked;
    mo_str_free(&sql);
    return rc;
}

static int assert_not_null(mo_ladder *l, mo_step *step, const mo_change *change, const mo_part *part)
{
    const mo_column *c = part->column_after;
    mo_str where = {0};
    int rc;
    mo_str_ident(&where, c->name, '"');
    mo_str_add(&where, " IS NULL");
    rc = assert_none(
        l, step, change->after->name, &where,
        mo_region_printf(l->plan->region, "%s.%s becomes NOT NULL, and is NULL", change->after->name, c->name),
        change->rows, part->op == MOULT_OP_ALTER && part->null_rows == 0 && part->found.evidence);
    mo_str_free(&where);
    return rc;
}

static int assert_check(mo_ladder *l, mo_step *step, const mo_change *change, const mo_constraint *check)
{
    const char *start;
    size_t n;
    mo_str where = {0};
    int rc;
    if (!mo_sqlite_inside(check->text, &start, &n))
        return MOULT_OK;
    mo_str_add(&where, "NOT (");
    mo_str_addn(&where, start, n);
    mo_str_add(&where, ")");
    rc = assert_none(l, step, change->after->name, &where,
                     mo_region_printf(l->plan->region, "%s does not satisfy %s", change->after->name, check->text),
                     change->rows, 0);
    mo_str_free(&where);
    return rc;
}

/* Might rows hold a NULL where the column shall be NOT NULL: because it was allowed, or because a fill gave it? */
static int may_be_null(const mo_part *p)
{
    if (p->op == MOULT_OP_DROP || !p->column_after->attr[MO_ATTR_NOT_NULL].canonical)
        return 0;
    return p->op == MOULT_OP_CREATE ? p->column_after->fill != NULL : (p->attrs & (1u << MO_ATTR_NOT_NULL)) != 0;
}

/* A filled new column comes with its CHECKs, which are no parts of their own. */
static int assert_own_checks(mo_ladder *l, mo_step *step, const mo_change *change, const mo_part *part)
{
    const mo_table *t = change->after->table;
    int rc = MOULT_OK;
    if (part->op != MOULT_OP_CREATE || part->column_after->fill == NULL)
        return MOULT_OK;
    for (size_t i = 0; i < t->constraints.count && rc == MOULT_OK; i++) {
        const mo_constraint *k = t->constraints.items[i];
        if (k->kind == MO_CONSTRAINT_CHECK && k->column >= 0 &&
            mo_name_equal(t->columns.items[k->column]->name, part->column_after->name))
            rc = assert_check(l, step, change, k);
    }
    return rc;
}

int mo_ladder_edit_asserts(mo_ladder *l, mo_step *step, const mo_change *change)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < change->parts.count && rc == MOULT_OK; i++) {
        const mo_part *p = &change->parts.items[i];
        if (p->kind == MO_PART_COLUMN && may_be_null(p))
            rc = assert_not_null(l, step, change, p);
        if (rc == MOULT_OK && p->kind == MO_PART_COLUMN)
            rc = assert_own_checks(l, step, change, p);
        if (p->kind == MO_PART_CONSTRAINT && p->op != MOULT_OP_DROP &&
            p->constraint_after->kind == MO_CONSTRAINT_CHECK &&
            (p->constraint_before == NULL ||
             strcmp(p->constraint_before->canonical, p->constraint_after->canonical) != 0))
            rc = assert_check(l, step, change, p->constraint_after);
    }
    return rc;
}
