/* SPDX-License-Identifier: MIT */
/*
 * alter.c - the parts of a table: columns, constraints, options, each by the ALTER that PostgreSQL has for it.
 *
 * A type is changed by USING: the @fill of the column, else a cast. The default goes before and comes back after, for the old
 * one need not fit the new type.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

static int begin(const mo_object *o, mo_str *sql)
{
    mo_str_addf(sql, "ALTER TABLE %s ", o->name);
    return 0;
}

static int alter_step(mo_pg_stepping *s, const mo_object *o, mo_phase phase, int order, mo_str *sql)
{
    return mo_pg_step_text(s, phase, order + s->serial++, "alter", o, sql);
}

/* "ALTER TABLE t ALTER COLUMN c …" */
static int alter_column(mo_pg_stepping *s, const mo_object *o, const mo_column *c, const char *what, const char *value)
{
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "ALTER COLUMN %s %s%s", c->name, what, value ? value : "");
    return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
}

/* --- attributes ---------------------------------------------------------------------------------------------------------- */

static int has(const mo_column *c, mo_attr attr)
{
    return c->attr[attr].canonical != NULL;
}

/* Attributes that only ALTER COLUMN sets. */
static const struct {
    mo_attr attr;
    const char *set, *end, *reset;
} settable[] = {{MO_ATTR_STORAGE, "SET STORAGE ", "", "SET STORAGE DEFAULT"},
                {MO_ATTR_COMPRESSION, "SET COMPRESSION ", "", "SET COMPRESSION default"},
                {MO_ATTR_STATISTICS, "SET STATISTICS ", "", "SET STATISTICS -1"},
                {MO_ATTR_OPTIONS, "SET (", ")", "RESET (n_distinct, n_distinct_inherited)"}};

enum { SETTABLE = sizeof settable / sizeof *settable };

static int run_on_column(mo_plan *plan, mo_step *step, const mo_object *o, const mo_column *c, const char *set,
                         const char *value, const char *end, mo_error *err)
{
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "ALTER COLUMN %s %s%s%s", c->name, set, value, end);
    int code = sql.failed ? mo_error_nomem(err) : mo_step_run(plan, step, mo_str_text(&sql), 0, err);
    mo_str_free(&sql);
    return code;
}

static int set_settable(mo_plan *plan, mo_step *step, const mo_object *o, const mo_column *c, mo_error *err)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < SETTABLE; i++)
        if (has(c, settable[i].attr))
            code =
                run_on_column(plan, step, o, c, settable[i].set, c->attr[settable[i].attr].text, settable[i].end, err);
    return code;
}

static int alter_settable(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_column *c = part->column_after;
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < SETTABLE; i++) {
        mo_attr attr = settable[i].attr;
        mo_str value = {0};
        if (!(part->attrs & (1u << attr)))
            continue;
        if (has(c, attr))
            mo_str_addf(&value, "%s%s%s", settable[i].set, c->attr[attr].text, settable[i].end);
        else
            mo_str_add(&value, settable[i].reset);
        code = value.failed ? mo_error_nomem(s->err) : alter_column(s, o, c, mo_str_text(&value), NULL);
        mo_str_free(&value);
    }
    return code;
}

/* --- columns ------------------------------------------------------------------------------------------------------------- */

/* UPDATE of the rows that are there; `only_null`: those that hold no value. */
static int fill(mo_pg_stepping *s, mo_step *step, const mo_object *o, const mo_column *c, const char *value,
                int only_null)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "UPDATE %s SET %s = %s%s%s%s", o->name, c->name, value, only_null ? " WHERE " : "",
                only_null ? c->name : "", only_null ? " IS NULL" : "");
    int code = sql.failed ? mo_error_nomem(s->err) : mo_step_run(s->plan, step, mo_str_text(&sql), 0, s->err);
    mo_str_free(&sql);
    return code;
}

/* With a fill the column comes without its default and its NOT NULL, which follow when the rows have their values. */
static int add_column(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    const char *value = c->refill ? c->refill : c->fill;
    mo_column bare = *c;
    mo_str sql = {0};
    if (value)
        bare.attr[MO_ATTR_DEFAULT] = bare.attr[MO_ATTR_NOT_NULL] = (mo_attr_value){NULL, NULL};
    begin(o, &sql);
    mo_str_add(&sql, "ADD COLUMN ");
    mo_pg_column_sql(&sql, &bare);
    mo_step *step =
        sql.failed ? NULL
                   : mo_pg_step(s, MO_PHASE_EXPAND, MO_PG_ORDER_ALTER + s->serial++, "alter", o, mo_str_text(&sql));
    mo_str_free(&sql);
    int code = step ? MOULT_OK : mo_error_nomem(s->err);
    if (code == MOULT_OK && value)
        code = fill(s, step, o, c, value, 0);
    if (code == MOULT_OK && value && has(c, MO_ATTR_DEFAULT))
        code = run_on_column(s->plan, step, o, c, "SET DEFAULT ", c->attr[MO_ATTR_DEFAULT].text, "", s->err);
    if (code == MOULT_OK && value && has(c, MO_ATTR_NOT_NULL))
        code = run_on_column(s->plan, step, o, c, "SET NOT NULL", "", "", s->err);
    return code == MOULT_OK ? set_settable(s->plan, step, o, c, s->err) : code;
}

static int drop_column(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "DROP COLUMN %s", c->name);
    return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
}

static int alter_type(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_column *before = part->column_before, *c = part->column_after;
    mo_str sql = {0};
    int code = MOULT_OK;
    if (has(before, MO_ATTR_DEFAULT))
        code = alter_column(s, o, c, "DROP DEFAULT", NULL);
    if (code != MOULT_OK)
        return code;
    begin(o, &sql);
    mo_str_addf(&sql, "ALTER COLUMN %s TYPE %s", c->name, c->attr[MO_ATTR_TYPE].text);
    if (has(c, MO_ATTR_COLLATION))
        mo_str_addf(&sql, " COLLATE %s", c->attr[MO_ATTR_COLLATION].text);
    if (c->refill || c->fill)
        mo_str_addf(&sql, " USING %s", c->refill ? c->refill : c->fill);
    else if (part->attrs & (1u << MO_ATTR_TYPE))
        mo_str_addf(&sql, " USING %s::%s", c->name, c->attr[MO_ATTR_TYPE].text);
    code = alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
    if (code == MOULT_OK && has(c, MO_ATTR_DEFAULT))
        code = alter_column(s, o, c, "SET DEFAULT ", c->attr[MO_ATTR_DEFAULT].text);
    return code;
}

static int alter_default(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    return has(c, MO_ATTR_DEFAULT) ? alter_column(s, o, c, "SET DEFAULT ", c->attr[MO_ATTR_DEFAULT].text)
                                   : alter_column(s, o, c, "DROP DEFAULT", NULL);
}

static int alter_not_null(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    const char *value = c->refill ? c->refill : c->fill;
    mo_str sql = {0};
    if (!has(c, MO_ATTR_NOT_NULL))
        return alter_column(s, o, c, "DROP NOT NULL", NULL);
    if (value) {
        mo_str_addf(&sql, "UPDATE %s SET %s = %s WHERE %s IS NULL", o->name, c->name, value, c->name);
        int code = alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
        if (code != MOULT_OK)
            return code;
    }
    return alter_column(s, o, c, "SET NOT NULL", NULL);
}

static int alter_identity(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_column *before = part->column_before, *c = part->column_after;
    int code = MOULT_OK;
    if (has(before, MO_ATTR_IDENTITY))
        code = alter_column(s, o, c, "DROP IDENTITY", NULL);
    if (code == MOULT_OK && has(c, MO_ATTR_IDENTITY))
        code = alter_column(s, o, c, "ADD ", c->attr[MO_ATTR_IDENTITY].text);
    return code;
}

/* An expression can be dropped, and its values stay; another one is another column. */
static int alter_generated(mo_pg_stepping *s, const mo_object *o, const mo_part *part, int *whole)
{
    *whole = has(part->column_after, MO_ATTR_GENERATED);
    if (!*whole)
        return alter_column(s, o, part->column_after, "DROP EXPRESSION", NULL);
    int code = drop_column(s, o, part->column_before);
    return code == MOULT_OK ? add_column(s, o, part->column_after) : code;
}

static int differs(const mo_part *part, mo_attr attr)
{
    return (part->attrs & (1u << attr)) != 0;
}

static int alter_attributes(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_column *c = part->column_after;
    int typed = differs(part, MO_ATTR_TYPE) || differs(part, MO_ATTR_COLLATION), whole = 0, code = MOULT_OK;
    if (differs(part, MO_ATTR_GENERATED))
        code = alter_generated(s, o, part, &whole);
    if (whole)
        return code;
    if (code == MOULT_OK && differs(part, MO_ATTR_IDENTITY) && !has(c, MO_ATTR_IDENTITY))
        code = alter_identity(s, o, part);
    if (code == MOULT_OK && typed)
        code = alter_type(s, o, part);
    if (code == MOULT_OK && differs(part, MO_ATTR_DEFAULT) && !typed)
        code = alter_default(s, o, c);
    if (code == MOULT_OK && differs(part, MO_ATTR_NOT_NULL) &&
        !(differs(part, MO_ATTR_IDENTITY) && !has(c, MO_ATTR_NOT_NULL)))
        code = alter_not_null(s, o, c);
    if (code == MOULT_OK && differs(part, MO_ATTR_IDENTITY) && has(c, MO_ATTR_IDENTITY))
        code = alter_identity(s, o, part);
    if (code == MOULT_OK && differs(part, MO_ATTR_IDENTITY) && !has(c, MO_ATTR_IDENTITY) &&
        differs(part, MO_ATTR_NOT_NULL) && !has(c, MO_ATTR_NOT_NULL))
        code = alter_not_null(s, o, c);
    return code == MOULT_OK ? alter_settable(s, o, part) : code;
}

static int column_part(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    switch (part->op) {
    case MOULT_OP_CREATE:
        return add_column(s, o, part->column_after);
    case MOULT_OP_DROP:
        return drop_column(s, o, part->column_before);
    case MOULT_OP_ALTER:
        return alter_attributes(s, o, part);
    default:
        return MOULT_OK; /* renames are steps already */
    }
}

/* --- constraints and options ----------------------------------------------------------------------------------------------- */

static int drop_constraint(mo_pg_stepping *s, const mo_object *o, const mo_constraint *k)
{
    int key = k->kind == MO_CONSTRAINT_FOREIGN_KEY;
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "DROP CONSTRAINT %s", k->name);
    return alter_step(s, o, MO_PHASE_CONTRACT, key ? MO_PG_ORDER_DROP_FOREIGN_KEY : MO_PG_ORDER_DROP_CONSTRAINT, &sql);
}

static int add_constraint(mo_pg_stepping *s, const mo_object *o, const mo_constraint *k)
{
    int key = k->kind == MO_CONSTRAINT_FOREIGN_KEY;
    mo_str sql = {0};
    mo_pg_add_constraint_sql(&sql, o, k);
    return alter_step(s, o, MO_PHASE_CONTRACT, key ? MO_PG_ORDER_ADD_FOREIGN_KEY : MO_PG_ORDER_ADD_CONSTRAINT, &sql);
}

static int constraint_part(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_constraint *before = part->constraint_before, *after = part->constraint_after;
    if (before && after && strcmp(before->canonical, after->canonical) == 0) {
        mo_str sql = {0};
        begin(o, &sql);
        mo_str_addf(&sql, "RENAME CONSTRAINT %s TO %s", before->name, after->name);
        return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_CONSTRAINT, &sql);
    }
    int code = before ? drop_constraint(s, o, before) : MOULT_OK;
    return code == MOULT_OK && after ? add_constraint(s, o, after) : code;
}

static int option_part(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_option *before = part->option_before, *after = part->option_after;
    mo_str sql = {0};
    begin(o, &sql);
    if (strcmp((after ? after : before)->name, "unlogged") == 0)
        mo_str_add(&sql, after ? "SET UNLOGGED" : "SET LOGGED");
    else if (after)
        mo_str_addf(&sql, "SET (%s)", after->text);
    else
        mo_str_addf(&sql, "RESET (%s)", before->name);
    return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
}

int mo_pg_alter_table(mo_pg_stepping *s, const mo_change *change)
{
    const mo_object *o = change->after;
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < change->parts.count; i++) {
        const mo_part *part = &change->parts.items[i];
        switch (part->kind) {
        case MO_PART_COLUMN:
            code = column_part(s, o, part);
            break;
        case MO_PART_CONSTRAINT:
            code = constraint_part(s, o, part);
            break;
        case MO_PART_OPTION:
            code = option_part(s, o, part);
            break;
        case MO_PART_ORDER:
            break; /* the order of columns cannot be changed */
        }
    }
    return code;
}

/* --- what else is there to know of an altered table -------------------------------------------------------------------------- */

int mo_pg_disturbs(const mo_change *change)
{
    for (size_t i = 0; i < change->parts.count; i++) {
        const mo_part *part = &change->parts.items[i];
        if (part->kind == MO_PART_COLUMN &&
            (part->op == MOULT_OP_DROP ||
             (part->op == MOULT_OP_ALTER &&
              (differs(part, MO_ATTR_TYPE) || differs(part, MO_ATTR_COLLATION) || differs(part, MO_ATTR_GENERATED)))))
            return 1;
    }
    return 0;
}

/* New columns, in a form that asks nothing of the rows. */
int mo_pg_expand_table(mo_pg_stepping *s, const mo_change *change)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < change->parts.count; i++) {
        const mo_part *part = &change->parts.items[i];
        const mo_object *live = change->before;
        if (part->kind != MO_PART_COLUMN || part->op != MOULT_OP_CREATE)
            continue;
        mo_column loose = *part->column_after;
        loose.fill = loose.refill = NULL;
        if (!has(&loose, MO_ATTR_DEFAULT) || part->column_after->fill)
            loose.attr[MO_ATTR_NOT_NULL] = (mo_attr_value){NULL, NULL};
        code = add_column(s, live, &loose);
    }
    return code;
}

/* Functions and procedures of the same name and arguments are replaced where they stand; what they give may not change. */
int mo_pg_alter_object(mo_pg_stepping *s, const mo_change *change, int *done)
{
    (void)s;
    (void)change;
    *done = 0;
    return MOULT_OK;
}
