/* SPDX-License-Identifier: MIT */
/*
 * rules.c - the table of rules: what is how dangerous, why, and what to do about it. One entry each; docs/rules.md has
 * the same table for people, and a test compares the two.
 */
#include "risk/risk.h"

#include <string.h>

/* --- what the predicates ask -------------------------------------------------------------------------------------- */

static int is_object(const mo_risk_subject *s, moult_op op, mo_kind kind)
{
    return !s->part && s->change->op == op && s->change->kind == kind;
}

static int is_column(const mo_risk_subject *s, moult_op op)
{
    return s->part && s->part->kind == MO_PART_COLUMN && s->part->op == op;
}

static int changes_attr(const mo_risk_subject *s, mo_attr attr)
{
    return is_column(s, MOULT_OP_ALTER) && (s->part->attrs & (1u << attr));
}

static int has_attr(const mo_column *c, mo_attr attr)
{
    return c->attr[attr].canonical != NULL;
}

static int is_constraint(const mo_risk_subject *s, moult_op op, mo_constraint_kind kind)
{
    if (!s->part || s->part->kind != MO_PART_CONSTRAINT || s->part->op != op)
        return 0;
    const mo_constraint *c = s->part->constraint_after ? s->part->constraint_after : s->part->constraint_before;
    return c->kind == kind;
}

/* An altered constraint that says the same under another name. */
static int is_only_renamed(const mo_risk_subject *s)
{
    const mo_constraint *a = s->part->constraint_before, *b = s->part->constraint_after;
    return a && b && !mo_name_equal(a->name, b->name) &&
           strcmp(a->canonical ? a->canonical : "", b->canonical ? b->canonical : "") == 0;
}

static int is_option(const mo_risk_subject *s, moult_op op, const char *name)
{
    if (!s->part || s->part->kind != MO_PART_OPTION || s->part->op != op)
        return 0;
    const mo_option *o = s->part->option_after ? s->part->option_after : s->part->option_before;
    return mo_name_equal(o->name, name);
}

static int forbids_duplicates(const mo_object *index)
{
    return index && index->canonical && strncmp(index->canonical, "unique ", 7) == 0;
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

static int creates(const mo_risk_subject *s)
{
    return !s->part && s->change->op == MOULT_OP_CREATE;
}
static int drops_table(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_TABLE);
}
static int drops_virtual_table(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_VIRTUAL_TABLE);
}
static int drops_index(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_INDEX);
}
static int drops_view(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_VIEW);
}
static int drops_trigger(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_TRIGGER);
}
static int renames_table(const mo_risk_subject *s)
{
    return !s->part && s->change->op == MOULT_OP_RENAME;
}
static int alters_unique_index(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_INDEX) && forbids_duplicates(s->change->after);
}
static int alters_index(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_INDEX) && !alters_unique_index(s);
}
static int alters_view(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_VIEW);
}
static int alters_trigger(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_TRIGGER);
}
static int alters_virtual_table(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_VIRTUAL_TABLE);
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

static int adds_not_null_column(const mo_risk_subject *s)
{
    const mo_column *c = is_column(s, MOULT_OP_CREATE) ? s->part->column_after : NULL;
    return c && has_attr(c, MO_ATTR_NOT_NULL) && !has_attr(c, MO_ATTR_DEFAULT) && !has_attr(c, MO_ATTR_GENERATED);
}
static int adds_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_CREATE) && !adds_not_null_column(s);
}
static int drops_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_DROP) && !has_attr(s->part->column_before, MO_ATTR_GENERATED);
}
static int drops_generated_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_DROP) && has_attr(s->part->column_before, MO_ATTR_GENERATED);
}
static int renames_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_RENAME);
}
static int changes_type(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_TYPE);
}
static int sets_not_null(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_NOT_NULL) && has_attr(s->part->column_after, MO_ATTR_NOT_NULL);
}
static int drops_not_null(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_NOT_NULL) && !has_attr(s->part->column_after, MO_ATTR_NOT_NULL);
}
static int changes_conflict(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_NOT_NULL_CONFLICT);
}
static int changes_default(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_DEFAULT);
}
static int changes_collation(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_COLLATION);
}
static int changes_generated(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_GENERATED);
}
static int changes_column_order(const mo_risk_subject *s)
{
    return s->part && s->part->kind == MO_PART_ORDER;
}

/* --- constraints and options -------------------------------------------------------------------------------------- */

static int renames_constraint(const mo_risk_subject *s)
{
    return s->part && s->part->kind == MO_PART_CONSTRAINT && s->part->op == MOULT_OP_ALTER && is_only_renamed(s);
}
static int changes_primary_key(const mo_risk_subject *s)
{
    return (is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_PRIMARY_KEY) ||
            is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_PRIMARY_KEY) ||
            is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_PRIMARY_KEY)) &&
           !renames_constraint(s);
}
static int adds_check(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_CHECK);
}
static int alters_check(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_CHECK) && !renames_constraint(s);
}
static int drops_check(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_CHECK);
}
static int adds_unique(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_UNIQUE);
}
static int alters_unique(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_UNIQUE) && !renames_constraint(s);
}
static int drops_unique(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_UNIQUE);
}
static int adds_foreign_key(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_FOREIGN_KEY);
}
static int alters_foreign_key(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_FOREIGN_KEY) && !renames_constraint(s);
}
static int drops_foreign_key(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_FOREIGN_KEY);
}
static int sets_strict(const mo_risk_subject *s)
{
    return is_option(s, MOULT_OP_CREATE, "strict");
}
static int drops_strict(const mo_risk_subject *s)
{
    return is_option(s, MOULT_OP_DROP, "strict");
}
static int changes_other_option(const mo_risk_subject *s)
{
    return s->part && s->part->kind == MO_PART_OPTION && !sets_strict(s) && !drops_strict(s);
}
static int never(const mo_risk_subject *s)
{
    (void)s;
    return 0;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

#define SAFE MOULT_RISK_SAFE
#define MEDIUM MOULT_RISK_MEDIUM
#define HIGH MOULT_RISK_HIGH

const mo_rule mo_rules[] = {
    /* objects */
    {"create", SAFE, creates, "it is new: nothing that is there changes", NULL, 0},
    {"drop-table", HIGH, drops_table, "all its rows go", "if it lives on under another name, write @renamed behind it",
     0},
    {"drop-virtual-table", HIGH, drops_virtual_table, "all its rows go", NULL, 0},
    {"drop-index", MEDIUM, drops_index, "queries that use it become slow", NULL, 0},
    {"drop-view", MEDIUM, drops_view, "queries that use it fail", NULL, 0},
    {"drop-trigger", MEDIUM, drops_trigger, "what it did is done no more", NULL, 0},
    {"rename-table", MEDIUM, renames_table, "programs that use the old name fail",
     "roll out what uses the new name at the same time, or leave a view of the old name", 0},
    {"alter-index", SAFE, alters_index, "it is built anew", NULL, 0},
    {"alter-unique-index", MEDIUM, alters_unique_index, "fails when rows are the same in it",
     "look for duplicates first", 0},
    {"alter-view", SAFE, alters_view, "no row changes", NULL, 0},
    {"alter-trigger", MEDIUM, alters_trigger, "what it does changes", NULL, 0},
    {"alter-virtual-table", HIGH, alters_virtual_table, "it is made anew and filled from the old one", NULL, 0},
    /* columns */
    {"add-column", SAFE, adds_column, "rows that are there get its default", NULL, 0},
    {"add-column-not-null", MEDIUM, adds_not_null_column, "rows that are there have to be filled",
     "look at the expression of @fill", 1},
    {"drop-column", HIGH, drops_column, "its values go", "if it lives on under another name, write @renamed behind it",
     0},
    {"drop-generated-column", MEDIUM, drops_generated_column, "queries that use it fail; no stored value goes", NULL,
     0},
    {"rename-column", MEDIUM, renames_column, "programs that use the old name fail",
     "roll out what uses the new name at the same time", 0},
    {"change-type", HIGH, changes_type, "values may be converted, or no longer fit", "look at what the values become",
     1},
    {"set-not-null", HIGH, sets_not_null, "rows with NULL have to be filled, or forbid it",
     "write behind it what rows with NULL shall hold: @fill", 1},
    {"drop-not-null", SAFE, drops_not_null, "no row is refused that was taken before", NULL, 0},
    {"change-conflict", MEDIUM, changes_conflict, "a write of NULL is dealt with in another way", NULL, 1},
    {"change-default", SAFE, changes_default, "only new rows get it", NULL, 0},
    {"change-collation", HIGH, changes_collation, "comparisons, order and what counts as a duplicate change",
     "look for values that differ in case only", 1},
    {"change-generated", HIGH, changes_generated, "its values are computed anew, in every row", NULL, 1},
    {"column-order", SAFE, changes_column_order, "the table is made anew, no value changes", NULL, 0},
    /* constraints and options */
    {"rename-constraint", SAFE, renames_constraint, "only its name changes", NULL, 0},
    {"change-primary-key", HIGH, changes_primary_key, "rows are told apart in another way",
     "look for duplicates, and for tables that refer to this one", 1},
    {"add-check", MEDIUM, adds_check, "fails when a row breaks it, and refuses new ones", "look for rows that break it",
     1},
    {"alter-check", MEDIUM, alters_check, "fails when a row breaks it, and refuses new ones",
     "look for rows that break it", 1},
    {"drop-check", SAFE, drops_check, "no row is refused that was taken before", NULL, 0},
    {"add-unique", MEDIUM, adds_unique, "fails when rows are the same in it, and refuses new ones",
     "look for duplicates first", 1},
    {"alter-unique", MEDIUM, alters_unique, "fails when rows are the same in it, and refuses new ones",
     "look for duplicates first", 1},
    {"drop-unique", MEDIUM, drops_unique, "duplicates are refused no more", NULL, 0},
    {"add-foreign-key", MEDIUM, adds_foreign_key, "rows without a parent are refused from now on",
     "look for rows whose parent is missing", 1},
    {"alter-foreign-key", MEDIUM, alters_foreign_key, "what happens to rows when their parent goes may change",
     "look for rows whose parent is missing", 1},
    {"drop-foreign-key", MEDIUM, drops_foreign_key, "rows without a parent are refused no more", NULL, 0},
    {"set-strict", HIGH, sets_strict, "values of another type are refused", "look for values of another type", 1},
    {"drop-strict", MEDIUM, drops_strict, "values of any type are taken from now on", NULL, 0},
    {"change-option", MEDIUM, changes_other_option, "the table is stored in another way", NULL, 1},
    /* what holds when none of them fires */
    {"unclassified", HIGH, never, "no rule knows this change", "look at its statements", 0},
    {NULL, SAFE, NULL, NULL, NULL, 0},
};
