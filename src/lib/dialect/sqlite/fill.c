/* SPDX-License-Identifier: MIT */
/*
 * fill.c - asks SQLite whether the @fill expressions of a plan can be understood, before anything relies on them, so that a
 * mistake is told with its place in the source.
 *
 * An expression stands where the rows of its table are read, after the renames and before anything else: it may name
 * the columns that the table has by then, and other tables.
 */
#include "dialect/sqlite/ladder.h"

static int has_fills(const mo_plan *plan)
{
    for (size_t i = 0; i < plan->changes.count; i++)
        for (size_t k = 0; k < plan->changes.items[i].parts.count; k++) {
            const mo_part *p = &plan->changes.items[i].parts.items[k];
            if (p->kind == MO_PART_COLUMN && p->op != MOULT_OP_DROP && p->column_after->fill)
                return 1;
        }
    return 0;
}

static int copy_relations(mo_plan *plan, mo_conn *scratch, mo_error *err)
{
    const mo_schema *start = mo_plan_start(plan);
    int rc = MOULT_OK;
    for (size_t i = 0; i < plan->borrowed.count && rc == MOULT_OK; i++)
        rc = plan->dialect->exec(scratch, plan->borrowed.items[i], NULL, err);
    for (size_t i = 0; i < start->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = start->objects.items[i];
        if (o->kind != MO_KIND_INDEX && o->kind != MO_KIND_TRIGGER && !(o->flags & MO_OBJECT_UNCOMPARED))
            rc = plan->dialect->exec(scratch, o->sql, NULL, err);
    }
    for (size_t i = 0; i < plan->stages.count && rc == MOULT_OK; i++)
        if (plan->stages.items[i].is_used)
            rc = plan->dialect->exec(scratch, plan->stages.items[i].make, NULL, err);
    return rc;
}

static int no_row(void *user, size_t count, const mo_value *values)
{
    (void)user;
    (void)count;
    (void)values;
    return MOULT_OK;
}

static int check_fill(mo_plan *plan, mo_conn *scratch, const char *table, const mo_column *c, mo_error *err)
{
    mo_str sql = {0};
    mo_error cause = {{0}};
    int rc;
    mo_str_addf(&sql, "SELECT (%s) FROM ", c->fill);
    mo_str_ident(&sql, table, '"');
    mo_str_add(&sql, " LIMIT 0");
    rc = sql.failed ? mo_error_nomem(err)
                    : plan->dialect->query(scratch, mo_str_text(&sql), NULL, 0, no_row, NULL, NULL, err);
    mo_str_free(&sql);
    if (rc == MOULT_OK || rc == MOULT_NOMEM)
        return rc;
    mo_error_move(&cause, err);
    rc = mo_error_set(err, MOULT_SOURCE, "the @fill of column '%s.%s' cannot be understood: %s", table, c->name,
                      cause.pub.message ? cause.pub.message : "");
    mo_error_hint(err, "it is an SQL expression over the columns that the table has: -- @fill %s", c->fill);
    mo_error_at(err, c->fill_where.file ? c->fill_where.file : c->where.file,
                c->fill_where.line ? c->fill_where.line : c->where.line, c->fill_where.column);
    mo_error_clear(&cause);
    return rc;
}

int mo_ladder_check_fills(mo_plan *plan, mo_conn *live, mo_error *err)
{
    mo_scratch *scratch = NULL;
    int rc;
    if (!has_fills(plan))
        return MOULT_OK;
    rc = plan->dialect->scratch_open(live, &scratch, err);
    if (rc == MOULT_OK)
        rc = copy_relations(plan, plan->dialect->scratch_conn(scratch), err);
    for (size_t i = 0; i < plan->changes.count && rc == MOULT_OK; i++)
        for (size_t k = 0; k < plan->changes.items[i].parts.count && rc == MOULT_OK; k++) {
            const mo_part *p = &plan->changes.items[i].parts.items[k];
            if (p->kind == MO_PART_COLUMN && p->op != MOULT_OP_DROP && p->column_after->fill)
                rc = check_fill(plan, plan->dialect->scratch_conn(scratch), plan->changes.items[i].after->name,
                                p->column_after, err);
        }
    plan->dialect->scratch_close(scratch);
    return rc;
}
