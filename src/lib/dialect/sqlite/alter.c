/* SPDX-License-Identifier: MIT */
/*
 * alter.c - one altered table: which rung of the ladder.
 *
 * A rebuild where the rows on disk, or the indexes SQLite keeps for constraints, would have to change. Otherwise, in
 * this order: native ADD COLUMN, one edit of the stored definition, native DROP COLUMN; each only where it is needed.
 * Whether SQLite lets a column go is asked of SQLite itself, on a scratch copy of the table and what names it.
 */
#include <string.h>

#include "base/lexer.h"
#include "dialect/sqlite/ladder.h"

/* Each native drop rewrites the table once; from this many on, one rebuild is cheaper. */
#define MO_MANY_DROPS 3

/* What is known of one altered table while its rung is chosen. */
typedef struct alteration {
    mo_ladder *l;
    const mo_change *change;
    const mo_table *before, *after;
    const char *name;
    const char *why; /* the reason for a rebuild; NULL: none so far */
    int edit;        /* the stored definition must be edited */
    int update;      /* rows are written before the edit */
    size_t drops;
} alteration;

/* CREATE TRIGGER name [BEFORE|AFTER] UPDATE [OF …] ON table: what stands before ON tells the event. */
static int fires_on_update(const mo_object *trigger)
{
    mo_lexer x;
    mo_token t;
    mo_lexer_init(&x, &mo_lex_sqlite, trigger->sql, strlen(trigger->sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x)) {
        if (mo_token_is(&t, "UPDATE"))
            return 1;
        if (mo_token_is(&t, "ON"))
            return 0;
    }
    return 0;
}

int mo_ladder_update_triggers(const mo_ladder *l, const char *table)
{
    const mo_schema *start = mo_plan_start(l->plan);
    for (size_t i = 0; i < start->objects.count; i++) {
        const mo_object *o = start->objects.items[i];
        if (o->kind == MO_KIND_TRIGGER && mo_name_equal(o->parent, table) && fires_on_update(o))
            return 1;
    }
    return 0;
}

static void needs_rebuild(alteration *a, const char *why)
{
    if (a->why == NULL)
        a->why = why;
}

static void look_at_constraint(alteration *a, const mo_part *p)
{
    const mo_constraint *b = p->constraint_before, *c = p->constraint_after;
    mo_constraint_kind kind = c ? c->kind : b->kind;
    if (b && c && strcmp(b->canonical, c->canonical) == 0)
        a->edit = 1; /* only its name */
    else if (kind == MO_CONSTRAINT_PRIMARY_KEY)
        needs_rebuild(a, "the primary key changes");
    else if (kind == MO_CONSTRAINT_UNIQUE)
        needs_rebuild(a, "a UNIQUE constraint changes");
    else
        a->edit = 1;
}

/* TRUE in a TEXT column: a new row gets '1', but a row that reads it from the definition gets the number 1. */
static int is_truth_as_text(const mo_column *c)
{
    const char *value = c->attr[MO_ATTR_DEFAULT].canonical;
    return value && (mo_name_equal(value, "true") || mo_name_equal(value, "false")) &&
           mo_sqlite_affinity(mo_column_attr(c, MO_ATTR_TYPE)) == MO_AFFINITY_TEXT;
}

static void look_at_new_column(alteration *a, const mo_part *p)
{
    const mo_column *c = p->column_after;
    const char *generated = c->attr[MO_ATTR_GENERATED].canonical;
    if (generated && strncmp(generated, "stored", 6) == 0)
        needs_rebuild(a, "a stored generated column is new");
    else if (a->change->rows > 0 && !mo_sqlite_default_is_constant(c->attr[MO_ATTR_DEFAULT].canonical))
        needs_rebuild(a, "the default of a new column is not a constant");
    else if (a->change->rows > 0 && is_truth_as_text(c))
        needs_rebuild(a, "old rows would read the default of a new column as a number");
    else if (c->fill && a->change->rows > 0) {
        a->update = 1;
        a->edit = 1;
    }
}

static int expression_names(const char *expression, const char *column)
{
    mo_lexer x;
    mo_token t;
    mo_lexer_init(&x, &mo_lex_sqlite, expression, strlen(expression));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x)) {
        size_t quotes = t.kind == MO_TOKEN_QUOTED ? 1 : 0;
        if (t.length > 2 * quotes && mo_name_equaln(column, t.text + quotes, t.length - 2 * quotes))
            return 1;
    }
    return 0;
}

/* Does anything of the table rest on the value of this column: an index, another generated column, a constraint? */
static int is_rested_on(const alteration *a, const mo_table *t, const char *column)
{
    const mo_schema *start = mo_plan_start(a->l->plan);
    for (size_t i = 0; i < start->objects.count; i++) {
        const mo_object *o = start->objects.items[i];
        if (o->kind == MO_KIND_INDEX && mo_name_equal(o->parent, a->name) && mo_object_mentions(o, column))
            return 1;
    }
    for (size_t i = 0; i < t->columns.count; i++)
        if (!mo_name_equal(t->columns.items[i]->name, column) &&
            expression_names(mo_column_attr(t->columns.items[i], MO_ATTR_GENERATED), column))
            return 1;
    for (size_t i = 0; i < t->constraints.count; i++)
        if (expression_names(t->constraints.items[i]->canonical, column))
            return 1;
    return 0;
}

static void look_at_generated(alteration *a, const mo_part *p)
{
    const char *b = mo_column_attr(p->column_before, MO_ATTR_GENERATED);
    const char *c = mo_column_attr(p->column_after, MO_ATTR_GENERATED);
    if (strncmp(b, "virtual", 7) != 0 || strncmp(c, "virtual", 7) != 0)
        needs_rebuild(a, "what is generated changes");
    else if (is_rested_on(a, a->before, p->column_before->name) || is_rested_on(a, a->after, p->column_after->name) ||
             p->column_after->attr[MO_ATTR_NOT_NULL].canonical)
        needs_rebuild(a, "a generated column changes on which others rest");
    else
        a->edit = 1;
}

/*
 * Rows that were written before an ADD COLUMN do not store the column: they read its default from the definition. Such a
 * row cannot be told from one that holds the default, so all that read the old default are written out first.
 */
static void look_at_default(alteration *a, const mo_part *p)
{
    a->edit = 1;
    if (p->default_rows > 0)
        a->update = 1;
}

static void look_at_changed_column(alteration *a, const mo_part *p)
{
    const mo_column *b = p->column_before, *c = p->column_after;
    if (b->row_id != c->row_id)
        needs_rebuild(a, "the row id becomes another column");
    if (c->refill)
        needs_rebuild(a, "values come back from the attic");
    if (p->attrs & (1u << MO_ATTR_COLLATION))
        needs_rebuild(a, "a collation changes");
    if ((p->attrs & (1u << MO_ATTR_GENERATED)) ||
        ((p->attrs & (1u << MO_ATTR_TYPE)) && c->attr[MO_ATTR_GENERATED].canonical))
        look_at_generated(a, p);
    if (p->attrs & (1u << MO_ATTR_TYPE)) {
        if (mo_table_option(a->after, "strict"))
            needs_rebuild(a, "a type changes in a STRICT table");
        else if (mo_sqlite_affinity(mo_column_attr(b, MO_ATTR_TYPE)) !=
                 mo_sqlite_affinity(mo_column_attr(c, MO_ATTR_TYPE)))
            needs_rebuild(a, "the affinity of a type changes");
        else
            a->edit = 1;
    }
    if (p->attrs & (1u << MO_ATTR_DEFAULT))
        look_at_default(a, p);
    if (p->attrs & ((1u << MO_ATTR_NOT_NULL) | (1u << MO_ATTR_NOT_NULL_CONFLICT))) {
        a->edit = 1;
        if (mo_ladder_fills(p))
            a->update = 1;
    }
}

static void look_at(alteration *a, const mo_part *p)
{
    if (p->op == MOULT_OP_RENAME)
        return; /* done before; what else changes of the column is a part of its own */
    switch (p->kind) {
    case MO_PART_OPTION:
        needs_rebuild(a, "an option of the table changes");
        break;
    case MO_PART_ORDER:
        needs_rebuild(a, "the order of columns changes");
        break;
    case MO_PART_CONSTRAINT:
        look_at_constraint(a, p);
        break;
    case MO_PART_COLUMN:
        if (p->op == MOULT_OP_CREATE)
            look_at_new_column(a, p);
        else if (p->op == MOULT_OP_DROP)
            a->drops++;
        else
            look_at_changed_column(a, p);
        break;
    }
}

/* --- the edited definition --------------------------------------------------------------------------------------- */

static int push_inline(mo_ladder *l, mo_table *to, const mo_table *from, int from_index)
{
    for (size_t i = 0; i < from->constraints.count; i++) {
        mo_constraint *copy, *k = from->constraints.items[i];
        if (k->column != from_index)
            continue;
        copy = mo_region_alloc(l->plan->region, sizeof *copy);
        if (copy == NULL)
            return mo_error_nomem(l->err);
        *copy = *k;
        copy->column = from_index < 0 ? -1 : (int)to->columns.count - 1;
        if (mo_vec_push(l->plan->region, &to->constraints, copy))
            return mo_error_nomem(l->err);
    }
    return MOULT_OK;
}

static int push_column(mo_ladder *l, mo_table *to, const mo_table *from, size_t index)
{
    if (mo_vec_push(l->plan->region, &to->columns, from->columns.items[index]))
        return mo_error_nomem(l->err);
    return push_inline(l, to, from, (int)index);
}

static size_t column_index(const mo_table *t, const char *name)
{
    size_t i = 0;
    while (i < t->columns.count && !mo_name_equal(t->columns.items[i]->name, name))
        i++;
    return i;
}

/* The table with the columns in the order in which the rows hold them, as the target defines them; columns that are
 * dropped later are still there, new ones stand at the end. */
static int merged(mo_ladder *l, const alteration *a, mo_object *out)
{
    mo_table *t = mo_region_alloc(l->plan->region, sizeof *t);
    int rc = MOULT_OK;
    if (t == NULL)
        return mo_error_nomem(l->err);
    *out = *a->change->after;
    out->table = t;
    t->options = a->after->options;
    for (size_t i = 0; i < a->before->columns.count && rc == MOULT_OK; i++) {
        size_t k = column_index(a->after, a->before->columns.items[i]->name);
        rc = k < a->after->columns.count ? push_column(l, t, a->after, k) : push_column(l, t, a->before, i);
    }
    for (size_t k = 0; k < a->after->columns.count && rc == MOULT_OK; k++)
        if (column_index(a->before, a->after->columns.items[k]->name) == a->before->columns.count)
            rc = push_column(l, t, a->after, k);
    return rc == MOULT_OK ? push_inline(l, t, a->after, -1) : rc;
}

static int same_order(const mo_table *a, const mo_table *b)
{
    if (a->columns.count != b->columns.count)
        return 0;
    for (size_t i = 0; i < a->columns.count; i++)
        if (!mo_name_equal(a->columns.items[i]->name, b->columns.items[i]->name))
            return 0;
    return 1;
}

/* SQLite numbers the indexes of UNIQUE and PRIMARY KEY constraints as they stand: their order must stay. */
static int same_keys(const mo_table *a, const mo_table *b)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a->constraints.count && a->constraints.items[i]->kind > MO_CONSTRAINT_UNIQUE)
            i++;
        while (k < b->constraints.count && b->constraints.items[k]->kind > MO_CONSTRAINT_UNIQUE)
            k++;
        if (i == a->constraints.count || k == b->constraints.count)
            return i == a->constraints.count && k == b->constraints.count;
        if (strcmp(a->constraints.items[i]->canonical, b->constraints.items[k]->canonical) != 0)
            return 0;
    }
}

static const char *merged_sql(mo_ladder *l, const alteration *a, const mo_object *m)
{
    if (same_order(m->table, a->after))
        return a->change->after->sql;
    return l->plan->dialect->compose_table(l->plan->region, m);
}

/* --- steps ------------------------------------------------------------------------------------------------------- */

static mo_step *new_step(mo_ladder *l, const alteration *a, mo_phase phase, int order, const char *method,
                         const char *title)
{
    mo_step *s;
    if (title == NULL)
        return NULL;
    s = mo_plan_step(l->plan, phase, order + l->serial++, method, MO_KIND_TABLE, a->name, NULL);
    if (s) {
        s->title = title;
        s->transaction = 1;
    }
    return s;
}

void mo_ladder_loose_column(mo_str *sql, const mo_column *c)
{
    const char *collation = c->attr[MO_ATTR_COLLATION].text;
    mo_str_ident(sql, c->name, '"');
    if (c->attr[MO_ATTR_TYPE].text) {
        mo_str_add(sql, " ");
        mo_str_add(sql, c->attr[MO_ATTR_TYPE].text);
    }
    if (collation) {
        mo_str_add(sql, " COLLATE ");
        mo_str_add(sql, collation);
    }
}

static int add_column(mo_ladder *l, const alteration *a, const mo_column *c)
{
    mo_str sql = {0};
    int rc;
    mo_step *s = new_step(l, a, MO_PHASE_EXPAND, MO_ORDER_ADD_COLUMN, "native",
                          mo_region_printf(l->plan->region, "add column %s.%s", a->name, c->name));
    if (s == NULL)
        return mo_error_nomem(l->err);
    mo_str_add(&sql, "ALTER TABLE ");
    mo_str_ident(&sql, a->name, '"');
    mo_str_add(&sql, " ADD COLUMN ");
    if (c->fill && a->update)
        mo_ladder_loose_column(&sql, c);
    else
        mo_str_add(&sql, c->text);
    rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, s, mo_str_text(&sql), 0, l->err);
    mo_str_free(&sql);
    return rc;
}

#define EVERY_ROW "1"

static void add_condition(mo_str *where, const char *column, const char *value)
{
    if (strcmp(mo_str_text(where), EVERY_ROW) == 0)
        return;
    mo_str_add(where, where->length ? " OR " : "");
    mo_str_ident(where, column, '"');
    mo_str_addf(where, " IS (%s)", value ? value : "NULL");
}

static void want_every_row(mo_str *where)
{
    mo_str_clear(where);
    mo_str_add(where, EVERY_ROW);
}

static void set_value(mo_str *set, const mo_part *p)
{
    const mo_column *c = p->column_after;
    mo_str_add(set, set->length ? ", " : "");
    mo_str_ident(set, c->name, '"');
    mo_str_add(set, "=");
    if (p->op == MOULT_OP_CREATE) {
        mo_str_addf(set, "(%s)", c->fill);
        return;
    }
    if (mo_ladder_fills(p)) {
        mo_str_add(set, "CASE WHEN ");
        mo_str_ident(set, c->name, '"');
        mo_str_addf(set, " IS NULL THEN (%s) ELSE ", c->fill);
    }
    mo_str_ident(set, c->name, '"');
    mo_str_add(set, mo_ladder_fills(p) ? " END" : "");
}

/* The rows that are written before the edit: filled, or written out with the default that they read. */
static void update_for(mo_str *set, mo_str *where, const mo_part *p)
{
    const mo_column *c = p->column_after;
    int written_out = p->op == MOULT_OP_ALTER && (p->attrs & (1u << MO_ATTR_DEFAULT)) && p->default_rows > 0;
    if (!written_out && !mo_ladder_fills(p))
        return;
    set_value(set, p);
    if (p->op == MOULT_OP_CREATE || (written_out && !mo_sqlite_default_is_telling(p->column_before)))
        want_every_row(where);
    else if (written_out)
        add_condition(where, c->name, p->column_before->attr[MO_ATTR_DEFAULT].text);
    if (p->op == MOULT_OP_ALTER && mo_ladder_fills(p))
        add_condition(where, c->name, NULL);
}

static int update_rows(mo_ladder *l, const alteration *a, mo_step *s)
{
    mo_str set = {0}, where = {0}, sql = {0};
    int rc = MOULT_OK;
    for (size_t i = 0; i < a->change->parts.count; i++)
        if (a->change->parts.items[i].kind == MO_PART_COLUMN && a->change->parts.items[i].op != MOULT_OP_DROP)
            update_for(&set, &where, &a->change->parts.items[i]);
    mo_str_add(&sql, "UPDATE OR ABORT ");
    mo_str_ident(&sql, a->name, '"');
    mo_str_add(&sql, " SET ");
    mo_str_add(&sql, mo_str_text(&set));
    if (strcmp(mo_str_text(&where), EVERY_ROW) != 0) {
        mo_str_add(&sql, " WHERE ");
        mo_str_add(&sql, mo_str_text(&where));
    }
    if (set.failed || where.failed || sql.failed)
        rc = mo_error_nomem(l->err);
    else if (set.length)
        rc = mo_step_run(l->plan, s, mo_str_text(&sql), a->change->rows, l->err);
    mo_str_free(&set);
    mo_str_free(&where);
    mo_str_free(&sql);
    return rc;
}

static const char *edit_title(mo_ladder *l, const alteration *a)
{
    const mo_part *only = NULL;
    for (size_t i = 0; i < a->change->parts.count; i++) {
        const mo_part *p = &a->change->parts.items[i];
        if (p->kind == MO_PART_COLUMN && p->op != MOULT_OP_ALTER)
            continue;
        if (p->kind != MO_PART_COLUMN || only)
            return mo_region_printf(l->plan->region, "edit %s in place, after asking the rows", a->name);
        only = p;
    }
    if (only == NULL)
        return mo_region_printf(l->plan->region, "fill and edit %s in place", a->name);
    return mo_region_printf(l->plan->region, "edit %s.%s in place, after asking the rows", a->name,
                            only->column_after->name);
}

static const char *edit_cost(mo_ladder *l, const alteration *a)
{
    mo_str s = {0};
    if (a->change->rows == 0)
        return "";
    mo_str_add(&s, a->update ? "reads and writes up to " : "reads ");
    mo_str_count(&s, a->change->rows);
    mo_str_add(&s, a->change->rows == 1 ? " row" : " rows");
    return mo_str_into(&s, l->plan->region);
}

static int edit(mo_ladder *l, const alteration *a, const mo_object *m)
{
    const char *sql = merged_sql(l, a, m);
    mo_step *s = new_step(l, a, MO_PHASE_CONTRACT, MO_ORDER_EDIT, "in-place", edit_title(l, a));
    mo_filling *filling = NULL;
    int rc;
    if (s == NULL || sql == NULL || (s->cost = edit_cost(l, a)) == NULL)
        return mo_error_nomem(l->err);
    rc = a->update ? mo_ladder_keep_nulls(l, s, a->change, &filling) : MOULT_OK;
    if (rc == MOULT_OK && a->update)
        rc = update_rows(l, a, s);
    if (rc == MOULT_OK)
        rc = mo_ladder_note_filled(l, s, filling);
    if (rc == MOULT_OK)
        rc = mo_ladder_edit_asserts(l, s, a->change);
    return rc == MOULT_OK ? mo_ladder_edit(l, s, a->name, sql) : rc;
}

static char *drop_sql(mo_region *r, const char *table, const char *column)
{
    mo_str sql = {0};
    mo_str_add(&sql, "ALTER TABLE ");
    mo_str_ident(&sql, table, '"');
    mo_str_add(&sql, " DROP COLUMN ");
    mo_str_ident(&sql, column, '"');
    return mo_str_into(&sql, r);
}

static int drop_column(mo_ladder *l, const alteration *a, const mo_column *c)
{
    mo_str cost = {0};
    char *sql = drop_sql(l->plan->region, a->name, c->name);
    mo_step *s;
    if (sql == NULL || (s = new_step(l, a, MO_PHASE_CONTRACT, MO_ORDER_DROP_COLUMN, "native", sql)) == NULL)
        return mo_error_nomem(l->err);
    if (a->change->rows > 0) {
        mo_str_add(&cost, "rewrites ");
        mo_str_count(&cost, a->change->rows);
        mo_str_add(&cost, a->change->rows == 1 ? " row" : " rows");
    }
    s->cost = mo_str_into(&cost, l->plan->region);
    if (s->cost == NULL)
        return mo_error_nomem(l->err);
    /* SQLite looks at every view and trigger when a column goes, also at those that wait to be made again. The trial below
     * has seen to those that name this table. */
    if (mo_step_run(l->plan, s, "PRAGMA writable_schema=ON", 0, l->err) != MOULT_OK ||
        mo_step_run(l->plan, s, sql, a->change->rows, l->err) != MOULT_OK)
        return l->err->pub.code;
    return mo_step_run(l->plan, s, "PRAGMA writable_schema=OFF", 0, l->err);
}

/* --- may SQLite drop the columns? -------------------------------------------------------------------------------- */

/* Does an object take part in the trial: does it stay, and name the table (or, for views, what names it)? */
static int takes_part(const mo_ladder *l, const mo_map *needed, const mo_object *o)
{
    if (mo_ladder_changed(l, o) || (o->flags & MO_OBJECT_UNCOMPARED))
        return 0;
    if (mo_kinds[o->kind].of_table)
        return mo_map_has(needed, o->parent);
    return mo_map_has(needed, o->name);
}

/* The names of all that must be there for SQLite to look at the table's views and triggers. */
static int find_needed(mo_ladder *l, const char *table, mo_map *needed)
{
    const mo_schema *start = mo_plan_start(l->plan);
    size_t before;
    int failed = mo_map_put(needed, table, NULL);
    for (size_t i = 0; i < start->objects.count; i++)
        if (start->objects.items[i]->kind == MO_KIND_VIEW && mo_object_mentions(start->objects.items[i], table))
            failed |= mo_map_put(needed, start->objects.items[i]->name, NULL);
    do {
        before = mo_map_count(needed);
        for (size_t i = 0; i < start->objects.count; i++) {
            const mo_object *o = start->objects.items[i];
            if (o->kind == MO_KIND_TABLE || o->kind == MO_KIND_INDEX || !takes_part(l, needed, o))
                continue;
            for (size_t k = 0; k < o->mention_count; k++)
                if (mo_schema_find_relation(start, o->mentions[k]))
                    failed |= mo_map_put(needed, o->mentions[k], NULL);
        }
    } while (!failed && mo_map_count(needed) > before);
    return failed ? mo_error_nomem(l->err) : MOULT_OK;
}

/* The table as it will be when its columns are dropped, and what names it and stays, in a scratch. */
static int fill_scratch(mo_ladder *l, const alteration *a, const mo_object *m, mo_conn *scratch)
{
    const mo_schema *start = mo_plan_start(l->plan);
    const char *sql = merged_sql(l, a, m);
    mo_map *needed = mo_map_new(1);
    int rc = sql && needed ? l->plan->dialect->exec(scratch, sql, NULL, l->err) : mo_error_nomem(l->err);
    if (rc == MOULT_OK)
        rc = find_needed(l, a->name, needed);
    for (size_t i = 0; i < start->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = start->objects.items[i];
        int other_table = !mo_kinds[o->kind].of_table && mo_map_has(needed, o->name) && o->kind != MO_KIND_VIEW;
        if (mo_name_equal(o->name, a->name) || !(other_table || takes_part(l, needed, o)))
            continue;
        rc = l->plan->dialect->exec(scratch, o->sql, NULL, l->err);
    }
    mo_map_free(needed);
    return rc;
}

static int try_drops(mo_ladder *l, const alteration *a, mo_conn *scratch)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < a->change->parts.count && rc == MOULT_OK; i++) {
        const mo_part *p = &a->change->parts.items[i];
        char *sql;
        if (p->kind != MO_PART_COLUMN || p->op != MOULT_OP_DROP)
            continue;
        sql = drop_sql(l->plan->region, a->name, p->column_before->name);
        rc = sql ? l->plan->dialect->exec(scratch, sql, NULL, l->err) : mo_error_nomem(l->err);
    }
    return rc;
}

/* Sets *ok. Views of other tables may be missing there, so what cannot be loaded or dropped only means: rebuild. */
static int native_drop_works(mo_ladder *l, const alteration *a, const mo_object *m, int *ok)
{
    mo_scratch *scratch;
    int rc = l->plan->dialect->scratch_open(l->live, &scratch, l->err);
    if (rc != MOULT_OK)
        return rc;
    rc = fill_scratch(l, a, m, l->plan->dialect->scratch_conn(scratch));
    if (rc == MOULT_OK)
        rc = try_drops(l, a, l->plan->dialect->scratch_conn(scratch));
    l->plan->dialect->scratch_close(scratch);
    *ok = rc == MOULT_OK;
    if (rc == MOULT_NOMEM || rc == MOULT_CANCELLED || rc == MOULT_TIMEOUT)
        return rc;
    mo_error_clear(l->err);
    return MOULT_OK;
}

/* The last looks, which need the edited definition: the order of keys, and SQLite's own word on the drops. */
static int look_at_whole(alteration *a, const mo_object *m)
{
    int ok = 1, rc = MOULT_OK;
    if (a->edit && !same_keys(a->before, m->table))
        needs_rebuild(a, "the order of UNIQUE constraints changes");
    if (a->update && mo_ladder_update_triggers(a->l, a->name))
        needs_rebuild(a, "rows are written, and triggers must not fire");
    if (a->drops >= MO_MANY_DROPS && a->change->rows > 0)
        needs_rebuild(a, "several columns are dropped");
    if (a->why == NULL && a->drops > 0)
        rc = native_drop_works(a->l, a, m, &ok);
    if (!ok)
        needs_rebuild(a, "a dropped column is still named");
    return rc;
}

static const mo_column *new_column(const mo_part *p)
{
    return p->kind == MO_PART_COLUMN && p->op == MOULT_OP_CREATE ? p->column_after : NULL;
}

/* How many new columns must be there, one after the other, before this one can be computed. `left` ends a circle. */
static size_t depth(const mo_change *change, const mo_column *c, size_t left)
{
    const char *generated = mo_column_attr(c, MO_ATTR_GENERATED);
    size_t deepest = 0;
    for (size_t i = 0; i < change->parts.count && *generated && left; i++) {
        const mo_column *other = new_column(&change->parts.items[i]);
        if (other && other != c && expression_names(generated, other->name)) {
            size_t below = depth(change, other, left - 1) + 1;
            deepest = below > deepest ? below : deepest;
        }
    }
    return deepest;
}

/* A generated column comes after those that it is computed from. */
static int add_columns(mo_ladder *l, const alteration *a)
{
    size_t count = a->change->parts.count;
    int rc = MOULT_OK;
    for (size_t level = 0; level <= count; level++)
        for (size_t i = 0; i < count && rc == MOULT_OK; i++) {
            const mo_column *c = new_column(&a->change->parts.items[i]);
            if (c && depth(a->change, c, count) == level)
                rc = add_column(l, a, c);
        }
    return rc;
}

int mo_ladder_alter(mo_ladder *l, mo_change *change)
{
    alteration a = {.l = l, .change = change, .before = change->before->table, .after = change->after->table};
    mo_object m;
    size_t renames = 0;
    int rc;
    a.name = change->after->name;
    for (size_t i = 0; i < change->parts.count; i++)
        renames += change->parts.items[i].op == MOULT_OP_RENAME;
    if (renames == change->parts.count) /* this change is only what rename.c does */
        return MOULT_OK;
    for (size_t i = 0; i < change->parts.count; i++)
        look_at(&a, &change->parts.items[i]);
    rc = merged(l, &a, &m);
    if (rc == MOULT_OK && a.why == NULL)
        rc = look_at_whole(&a, &m);
    if (rc != MOULT_OK)
        return rc;
    if (a.why) {
        rc = mo_ladder_rebuild(l, change, a.why);
        return rc == MOULT_OK ? mo_ladder_online(l, change, a.why) : rc;
    }
    rc = add_columns(l, &a);
    if (rc == MOULT_OK && a.edit)
        rc = edit(l, &a, &m);
    if (rc == MOULT_OK)
        rc = mo_ladder_keep_columns(l, change);
    for (size_t i = 0; i < change->parts.count && rc == MOULT_OK; i++)
        if (change->parts.items[i].kind == MO_PART_COLUMN && change->parts.items[i].op == MOULT_OP_DROP)
            rc = drop_column(l, &a, change->parts.items[i].column_before);
    return rc;
}
