/* SPDX-License-Identifier: MIT */
/* fires.c - whether a rule holds for a change: one function each. */
#include "risk/fires.h"

#include <string.h>

/* --- what the predicates ask -------------------------------------------------------------------------------------- */

static int is_object(const mo_risk_subject *s, moult_op op, mo_kind kind)
{
    return s->change && !s->part && !s->step && s->change->op == op && s->change->kind == kind;
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

/* A function, a procedure or an aggregate. */
static int is_routine(const mo_risk_subject *s, moult_op op)
{
    return is_object(s, op, MO_KIND_FUNCTION) || is_object(s, op, MO_KIND_PROCEDURE) ||
           is_object(s, op, MO_KIND_AGGREGATE);
}

/* For all but the owner of the table, or for the owner too. */
static int is_row_security(const mo_risk_subject *s, moult_op op)
{
    return is_option(s, op, "row security") || is_option(s, op, "force row security");
}

static int forbids_duplicates(const mo_object *index)
{
    return index && index->canonical && strncmp(index->canonical, "unique ", 7) == 0;
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

int mo_rule_creates(const mo_risk_subject *s)
{
    return s->change && !s->part && !s->step && s->change->op == MOULT_OP_CREATE;
}
int mo_rule_drops_table(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_TABLE);
}
int mo_rule_drops_virtual_table(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_VIRTUAL_TABLE);
}
int mo_rule_drops_index(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_INDEX);
}
int mo_rule_drops_view(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_VIEW);
}
int mo_rule_drops_trigger(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_TRIGGER);
}
int mo_rule_renames_table(const mo_risk_subject *s)
{
    return s->change && !s->part && !s->step && s->change->op == MOULT_OP_RENAME;
}
int mo_rule_alters_unique_index(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_INDEX) && forbids_duplicates(s->change->after);
}
int mo_rule_alters_index(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_INDEX) && !mo_rule_alters_unique_index(s);
}
int mo_rule_alters_view(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_VIEW);
}
int mo_rule_alters_trigger(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_TRIGGER);
}
int mo_rule_alters_virtual_table(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_VIRTUAL_TABLE);
}
int mo_rule_drops_routine(const mo_risk_subject *s)
{
    return is_routine(s, MOULT_OP_DROP);
}
int mo_rule_alters_routine(const mo_risk_subject *s)
{
    return is_routine(s, MOULT_OP_ALTER);
}
int mo_rule_drops_policy(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_DROP, MO_KIND_POLICY);
}
int mo_rule_alters_policy(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_ALTER, MO_KIND_POLICY);
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

int mo_rule_adds_not_null_column(const mo_risk_subject *s)
{
    const mo_column *c = is_column(s, MOULT_OP_CREATE) ? s->part->column_after : NULL;
    return c && has_attr(c, MO_ATTR_NOT_NULL) && !has_attr(c, MO_ATTR_DEFAULT) && !has_attr(c, MO_ATTR_GENERATED);
}
int mo_rule_adds_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_CREATE) && !mo_rule_adds_not_null_column(s);
}
int mo_rule_drops_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_DROP) && !has_attr(s->part->column_before, MO_ATTR_GENERATED);
}
int mo_rule_drops_generated_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_DROP) && has_attr(s->part->column_before, MO_ATTR_GENERATED);
}
int mo_rule_renames_column(const mo_risk_subject *s)
{
    return is_column(s, MOULT_OP_RENAME);
}
int mo_rule_changes_type(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_TYPE);
}
int mo_rule_sets_not_null(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_NOT_NULL) && has_attr(s->part->column_after, MO_ATTR_NOT_NULL);
}
int mo_rule_drops_not_null(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_NOT_NULL) && !has_attr(s->part->column_after, MO_ATTR_NOT_NULL);
}
int mo_rule_changes_conflict(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_NOT_NULL_CONFLICT) && !changes_attr(s, MO_ATTR_NOT_NULL);
}
int mo_rule_changes_default(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_DEFAULT);
}
int mo_rule_changes_collation(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_COLLATION);
}
int mo_rule_changes_generated(const mo_risk_subject *s)
{
    return changes_attr(s, MO_ATTR_GENERATED);
}
int mo_rule_changes_column_order(const mo_risk_subject *s)
{
    return s->part && s->part->kind == MO_PART_ORDER;
}

/* --- constraints and options -------------------------------------------------------------------------------------- */

int mo_rule_renames_constraint(const mo_risk_subject *s)
{
    return s->part && s->part->kind == MO_PART_CONSTRAINT && s->part->op == MOULT_OP_ALTER && is_only_renamed(s);
}
int mo_rule_changes_primary_key(const mo_risk_subject *s)
{
    return (is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_PRIMARY_KEY) ||
            is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_PRIMARY_KEY) ||
            is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_PRIMARY_KEY)) &&
           !mo_rule_renames_constraint(s);
}
int mo_rule_adds_check(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_CHECK);
}
int mo_rule_alters_check(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_CHECK) && !mo_rule_renames_constraint(s);
}
int mo_rule_drops_check(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_CHECK);
}
int mo_rule_adds_unique(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_UNIQUE);
}
int mo_rule_alters_unique(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_UNIQUE) && !mo_rule_renames_constraint(s);
}
int mo_rule_drops_unique(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_UNIQUE);
}
int mo_rule_adds_foreign_key(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_CREATE, MO_CONSTRAINT_FOREIGN_KEY);
}
int mo_rule_alters_foreign_key(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_ALTER, MO_CONSTRAINT_FOREIGN_KEY) && !mo_rule_renames_constraint(s);
}
int mo_rule_drops_foreign_key(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_FOREIGN_KEY);
}
int mo_rule_sets_strict(const mo_risk_subject *s)
{
    return is_option(s, MOULT_OP_CREATE, "strict");
}
int mo_rule_drops_strict(const mo_risk_subject *s)
{
    return is_option(s, MOULT_OP_DROP, "strict");
}
int mo_rule_enables_row_security(const mo_risk_subject *s)
{
    return is_row_security(s, MOULT_OP_CREATE);
}
int mo_rule_disables_row_security(const mo_risk_subject *s)
{
    return is_row_security(s, MOULT_OP_DROP);
}
int mo_rule_changes_other_option(const mo_risk_subject *s)
{
    return s->part && s->part->kind == MO_PART_OPTION && !mo_rule_sets_strict(s) && !mo_rule_drops_strict(s) &&
           !mo_rule_enables_row_security(s) && !mo_rule_disables_row_security(s);
}
/* --- more than the kind of a change -------------------------------------------------------------------------------- */

int mo_rule_drops_index_of_key(const mo_risk_subject *s)
{
    return mo_rule_drops_index(s) && s->change->serves;
}
int mo_rule_creates_unique_index(const mo_risk_subject *s)
{
    return is_object(s, MOULT_OP_CREATE, MO_KIND_INDEX) && forbids_duplicates(s->change->after) && s->change->rows > 0;
}
static int is_large(const mo_change *c)
{
    return c->rows >= MO_LARGE_ROWS || c->bytes >= MO_LARGE_BYTES;
}
int mo_rule_builds_large_index(const mo_risk_subject *s)
{
    return (is_object(s, MOULT_OP_CREATE, MO_KIND_INDEX) || is_object(s, MOULT_OP_ALTER, MO_KIND_INDEX)) &&
           is_large(s->change);
}
/* Is its default computed anew for each new row? */
int mo_rule_adds_computed_default(const mo_risk_subject *s)
{
    const char *value = mo_rule_adds_column(s) ? s->part->column_after->attr[MO_ATTR_DEFAULT].canonical : NULL;
    return value && (strchr(value, '(') || (strlen(value) > 8 && mo_name_equaln("current_", value, 8))) &&
           !s->part->column_after->fill;
}
int mo_rule_drops_primary_key(const mo_risk_subject *s)
{
    return is_constraint(s, MOULT_OP_DROP, MO_CONSTRAINT_PRIMARY_KEY);
}
static int cascades(const mo_constraint *c)
{
    return c && c->kind == MO_CONSTRAINT_FOREIGN_KEY && c->canonical && strstr(c->canonical, "on delete cascade");
}
int mo_rule_adds_cascade(const mo_risk_subject *s)
{
    return s->part && s->part->kind == MO_PART_CONSTRAINT && s->part->op != MOULT_OP_DROP &&
           cascades(s->part->constraint_after) && !cascades(s->part->constraint_before);
}

/* --- steps --------------------------------------------------------------------------------------------------------- */

/* Here `change` is the one that the step makes. */
int mo_rule_rebuilds_large_table(const mo_risk_subject *s)
{
    return s->step && s->change && strcmp(s->step->method, "rebuild") == 0 && is_large(s->change);
}
int mo_rule_runs_hook(const mo_risk_subject *s)
{
    return s->hook != NULL;
}
int mo_rule_never(const mo_risk_subject *s)
{
    (void)s;
    return 0;
}
