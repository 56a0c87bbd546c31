/* SPDX-License-Identifier: MIT */
/*
 * refill.c - a table that comes back is filled from its holder in the attic.
 *
 * It was made as the target says; indexes and triggers come later, so none of them fires. What came back leaves the
 * holder. Rows that a constraint refuses, rows whose parents are gone, and rows with a value that its column does not take,
 * stay there; the plan says how many.
 */
#include "dialect/sqlite/ladder.h"

#include <string.h>

#include "dialect/sqlite/sqlite.h"

typedef struct refilling {
    mo_ladder *l;
    const mo_refill *refill;
    const mo_object *table; /* as the target has it */
    mo_step *step;
} refilling;

const mo_refill *mo_ladder_refill_of(const mo_plan *p, const char *table)
{
    for (size_t i = 0; i < p->refills.count; i++)
        if (mo_name_equal(p->refills.items[i].table, table))
            return &p->refills.items[i];
    return NULL;
}

const char *mo_ladder_refill_value(const mo_refill *r, const char *column)
{
    for (size_t i = 0; i < r->columns.count; i++)
        if (mo_name_equal(r->columns.items[i].name, column))
            return r->columns.items[i].value;
    return NULL;
}

/* --- foreign keys ------------------------------------------------------------------------------------------------- */

/* The parent's columns that a foreign key names, or its primary key where it names none. NULL: there are none. */
static const char *parent_column(const mo_constraint *k, const mo_object *parent, size_t i)
{
    if (k->ref_column_count)
        return i < k->ref_column_count ? k->ref_columns[i] : NULL;
    for (size_t c = 0; c < parent->table->columns.count; c++)
        if (parent->table->columns.items[c]->key_place == (int)i + 1)
            return parent->table->columns.items[c]->name;
    return NULL;
}

/* What a column of the parent is called in the database as it is; NULL: it comes only with this plan. */
static const char *live_column(const refilling *r, const mo_object *parent, const char *from, const char *column)
{
    const mo_object *there = mo_schema_find(r->l->plan->live, MO_KIND_TABLE, from);
    const char *name = mo_plan_live_column(r->l->plan, parent->name, column);
    return there && mo_table_column(there->table, name) ? name : NULL;
}

/* Is this value nothing but the column of that name of its holder? */
static int is_column(const mo_refill *refill, const char *value, const char *column)
{
    mo_str plain = {0};
    int same;
    mo_str_ident(&plain, refill->holder, '"');
    mo_str_addc(&plain, '.');
    mo_str_ident(&plain, column, '"');
    same = !plain.failed && strcmp(mo_str_text(&plain), value) == 0;
    mo_str_free(&plain);
    return same;
}

/* A column of the parent as it is asked: of its table, now (`live`) or then, or of its holder, where it is what comes
 * back. Rows of one holder that refer to each other need an alias, which only a plain column can have. 0: cannot be asked. */
static int add_parent_value(mo_str *sql, const refilling *r, const mo_object *parent, const char *from,
                            const mo_refill *holder, int live, const char *column)
{
    const char *value = holder ? mo_ladder_refill_value(holder, column) : NULL;
    if (live)
        column = live_column(r, parent, from, column);
    if (column == NULL || (holder && (value == NULL || (holder == r->refill && !is_column(holder, value, column)))))
        return 0;
    if (holder && holder != r->refill) {
        mo_str_addf(sql, "(%s)", value);
        return 1;
    }
    mo_str_add(sql, "p.");
    mo_str_ident(sql, column, '"');
    return 1;
}

/* EXISTS (a row of `from` whose columns are the values); 0 when that cannot be asked, and nothing is added. */
static int add_exists(mo_str *sql, const refilling *r, const mo_constraint *k, const mo_object *parent,
                      const char *from, const mo_refill *holder, int live)
{
    mo_str where = {0};
    int asked = 1;
    for (size_t i = 0; i < k->column_count && asked; i++) {
        const char *column = parent_column(k, parent, i), *value = mo_ladder_refill_value(r->refill, k->columns[i]);
        mo_str_add(&where, i ? " AND " : "");
        asked = column && value && add_parent_value(&where, r, parent, from, holder, live, column);
        if (asked)
            mo_str_addf(&where, " = (%s)", value);
    }
    if (asked) {
        mo_str_add(sql, "EXISTS (SELECT 1 FROM ");
        mo_str_ident(sql, from, '"');
        mo_str_addf(sql, "%s WHERE %s)", holder && holder != r->refill ? "" : " AS p", mo_str_text(&where));
    }
    sql->failed |= where.failed;
    mo_str_free(&where);
    return asked;
}

/* The condition that a row has its parent. `live`: asked now, of the database as it is. */
static int add_parent(mo_str *sql, const refilling *r, const mo_constraint *k, int live)
{
    const mo_object *parent = mo_schema_find(r->l->plan->target, MO_KIND_TABLE, k->ref_table);
    const mo_refill *back = parent ? mo_ladder_refill_of(r->l->plan, parent->name) : NULL;
    int self = parent && mo_name_equal(parent->name, r->table->name), asked = 0;
    const char *from = parent ? live ? mo_plan_live_table(r->l->plan, parent->name) : parent->name : NULL;
    mo_str one = {0}, there = {0};
    if (from && live && mo_schema_find(r->l->plan->live, MO_KIND_TABLE, from) == NULL)
        from = NULL;
    for (size_t i = 0; i < k->column_count && parent; i++)
        mo_str_addf(&one, "(%s) IS NULL OR ",
                    mo_ladder_refill_value(r->refill, k->columns[i]) ? mo_ladder_refill_value(r->refill, k->columns[i])
                                                                     : "NULL");
    if (parent && back && (self || live)) { /* what is in its holder comes back too, or is looked at again below */
        asked = add_exists(&one, r, k, parent, back->holder, back, 0);
    }
    if (from && !self && add_exists(&there, r, k, parent, from, NULL, live)) {
        mo_str_addf(&one, "%s%s", asked ? " OR " : "", mo_str_text(&there));
        asked = 1;
    }
    if (asked)
        mo_str_addf(sql, "%s(%s)", sql->length ? " AND " : "", mo_str_text(&one));
    sql->failed |= one.failed || there.failed;
    mo_str_free(&one);
    mo_str_free(&there);
    return asked;
}

static void add_parents(mo_str *sql, const refilling *r, int live)
{
    const mo_table *t = r->table->table;
    for (size_t i = 0; i < t->constraints.count; i++)
        if (t->constraints.items[i]->kind == MO_CONSTRAINT_FOREIGN_KEY)
            add_parent(sql, r, t->constraints.items[i], live);
}

/* --- values that a column does not take --------------------------------------------------------------------------- */

/* Does the column take the value? OR IGNORE does not help there: a row id that is no integer, and the types of STRICT tables. */
static void add_storable(mo_str *sql, const mo_column *c, int strict, const char *value)
{
    const char *type = mo_column_attr(c, MO_ATTR_TYPE);
    const char *fits = NULL;
    if (c->row_id || (strict && (mo_name_equal(type, "int") || mo_name_equal(type, "integer"))))
        fits = "CAST(CAST(v AS NUMERIC) AS INTEGER) = v";
    else if (strict && mo_name_equal(type, "real"))
        fits = "typeof(v) <> 'blob' AND CAST(v AS REAL) = v";
    else if (strict && mo_name_equal(type, "text"))
        fits = "typeof(v) <> 'blob'";
    else if (strict && mo_name_equal(type, "blob"))
        fits = "typeof(v) = 'blob'";
    if (fits)
        mo_str_addf(sql, "%s(SELECT v IS NULL OR (%s) FROM (SELECT (%s) AS v))", sql->length ? " AND " : "", fits,
                    value);
}

static void add_storables(mo_str *sql, const refilling *r)
{
    const mo_table *t = r->table->table;
    int strict = mo_table_option(t, "strict") != NULL;
    for (size_t i = 0; i < t->columns.count; i++) {
        const char *value = mo_ladder_refill_value(r->refill, t->columns.items[i]->name);
        if (value)
            add_storable(sql, t->columns.items[i], strict, value);
    }
}

/* Rows of a table that refers to itself, whose parents did not come back, go again, and theirs. */
static int drop_orphans(refilling *r, const mo_constraint *k)
{
    const char *row_id = mo_sqlite_row_id_name(r->table->table);
    mo_str has = {0}, join = {0}, set = {0}, sql = {0}, table = {0};
    int rc = MOULT_OK, asked = 1;
    mo_str_ident(&table, r->table->name, '"');
    for (size_t i = 0; i < k->column_count && asked; i++) {
        const char *column = parent_column(k, r->table, i);
        asked = column != NULL;
        mo_str_add(&has, i ? " AND p." : "p.");
        mo_str_ident(&has, column ? column : "", '"');
        mo_str_add(&has, " = c.");
        mo_str_ident(&has, k->columns[i], '"');
        mo_str_add(&set, i ? " AND c." : "c.");
        mo_str_ident(&set, k->columns[i], '"');
        mo_str_add(&set, " IS NOT NULL");
    }
    mo_str_addf(
        &sql,
        "DELETE FROM %s WHERE %s IN (WITH RECURSIVE bad(r) AS (SELECT c.%s FROM %s AS c WHERE %s AND NOT EXISTS "
        "(SELECT 1 FROM %s AS p WHERE %s) UNION SELECT c.%s FROM bad JOIN %s AS p ON p.%s = bad.r JOIN %s AS c "
        "ON %s) SELECT r FROM bad)",
        mo_str_text(&table), row_id, row_id, mo_str_text(&table), mo_str_text(&set), mo_str_text(&table),
        mo_str_text(&has), row_id, mo_str_text(&table), row_id, mo_str_text(&table), mo_str_text(&has));
    if (sql.failed || has.failed || set.failed || table.failed)
        rc = mo_error_nomem(r->l->err);
    else if (asked && row_id)
        rc = mo_step_run(r->l->plan, r->step, mo_str_text(&sql), 0, r->l->err);
    mo_str_free(&has);
    mo_str_free(&join);
    mo_str_free(&set);
    mo_str_free(&sql);
    mo_str_free(&table);
    return rc;
}

static int drop_all_orphans(refilling *r)
{
    const mo_table *t = r->table->table;
    int rc = MOULT_OK;
    for (size_t i = 0; i < t->constraints.count && rc == MOULT_OK; i++)
        if (t->constraints.items[i]->kind == MO_CONSTRAINT_FOREIGN_KEY &&
            mo_name_equal(t->constraints.items[i]->ref_table, r->table->name))
            rc = drop_orphans(r, t->constraints.items[i]);
    return rc;
}

/* --- the rows ----------------------------------------------------------------------------------------------------- */

/* The row id goes with the row where it is no column. */
static const char *copied_row_id(const refilling *r)
{
    return r->refill->row_id && mo_ladder_row_id_column(r->table->table) == NULL
               ? mo_sqlite_row_id_name(r->table->table)
               : NULL;
}

static int insert(refilling *r)
{
    mo_str into = {0}, values = {0}, where = {0}, sql = {0};
    int rc;
    if (copied_row_id(r)) {
        mo_str_add(&into, copied_row_id(r));
        mo_str_add(&values, r->refill->row_id);
    }
    for (size_t i = 0; i < r->refill->columns.count; i++) {
        const mo_refill_column *c = &r->refill->columns.items[i];
        mo_str_add(&into, into.length ? ", " : "");
        mo_str_add(&values, values.length ? ", " : "");
        mo_str_ident(&into, c->name, '"');
        mo_str_addf(&values, "(%s)", c->value);
    }
    add_parents(&where, r, 0);
    add_storables(&where, r);
    mo_str_add(&sql, "INSERT OR IGNORE INTO ");
    mo_str_ident(&sql, r->table->name, '"');
    mo_str_addf(&sql, "(%s) SELECT ", mo_str_text(&into));
    mo_str_add(&sql, mo_str_text(&values));
    mo_str_add(&sql, " FROM ");
    mo_str_ident(&sql, r->refill->holder, '"');
    mo_str_add(&sql, where.length ? " WHERE " : "");
    mo_str_add(&sql, mo_str_text(&where));
    rc = sql.failed || into.failed || values.failed || where.failed
             ? mo_error_nomem(r->l->err)
             : mo_step_run(r->l->plan, r->step, mo_str_text(&sql), r->refill->rows, r->l->err);
    mo_str_free(&into);
    mo_str_free(&values);
    mo_str_free(&where);
    mo_str_free(&sql);
    return rc;
}

/* What came back leaves the holder: told by row id, or by the key. */
static int take_out(refilling *r)
{
    const mo_table *t = r->table->table;
    const mo_column *alias = mo_ladder_row_id_column(t);
    mo_str same = {0}, sql = {0};
    int rc = MOULT_OK;
    if (copied_row_id(r))
        mo_str_addf(&same, "t.%s = %s", copied_row_id(r), r->refill->row_id);
    for (size_t i = 0; i < t->columns.count && !copied_row_id(r); i++) {
        const mo_column *c = t->columns.items[i];
        const char *value = mo_ladder_refill_value(r->refill, c->name);
        if (value == NULL || (alias ? c != alias : c->key_place == 0))
            continue;
        mo_str_add(&same, same.length ? " AND t." : "t.");
        mo_str_ident(&same, c->name, '"');
        mo_str_addf(&same, " IS (%s)", value);
    }
    mo_str_add(&sql, "DELETE FROM ");
    mo_str_ident(&sql, r->refill->holder, '"');
    mo_str_add(&sql, " WHERE EXISTS (SELECT 1 FROM ");
    mo_str_ident(&sql, r->table->name, '"');
    mo_str_addf(&sql, " AS t WHERE %s)", mo_str_text(&same));
    if (sql.failed || same.failed)
        rc = mo_error_nomem(r->l->err);
    else if (same.length)
        rc = mo_step_run(r->l->plan, r->step, mo_str_text(&sql), r->refill->rows, r->l->err);
    mo_str_free(&same);
    mo_str_free(&sql);
    return rc;
}

/* The highest id that was ever given went into the attic with the table. */
static int keep_high_water(refilling *r)
{
    mo_str make = {0}, set = {0};
    int rc = MOULT_OK;
    if (!mo_ladder_has_autoincrement(r->table))
        return MOULT_OK;
    mo_str_add(&make, "INSERT INTO sqlite_sequence(name, seq) SELECT ");
    mo_str_literal(&make, r->table->name);
    mo_str_add(&make, ", 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name=");
    mo_str_literal(&make, r->table->name);
    mo_str_add(&make, ")");
    mo_str_add(&set,
               "UPDATE sqlite_sequence SET seq = max(seq, ifnull((SELECT max(seq) FROM sqlite_sequence WHERE name=");
    mo_str_literal(&set, r->refill->holder);
    mo_str_add(&set, "), 0)) WHERE name=");
    mo_str_literal(&set, r->table->name);
    rc = make.failed || set.failed ? mo_error_nomem(r->l->err)
                                   : mo_step_run(r->l->plan, r->step, mo_str_text(&make), 0, r->l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(r->l->plan, r->step, mo_str_text(&set), 0, r->l->err);
    mo_str_free(&make);
    mo_str_free(&set);
    return rc;
}

/* How many are left is written down; an entry with none goes when the apply ends. */
static int count_left(refilling *r)
{
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "UPDATE _moult_attic SET \"rows\" = (SELECT count(*) FROM ");
    mo_str_ident(&sql, r->refill->holder, '"');
    mo_str_add(&sql, ") WHERE holder=");
    mo_str_literal(&sql, r->refill->holder);
    rc = sql.failed ? mo_error_nomem(r->l->err)
                    : mo_step_run(r->l->plan, r->step, mo_sqlite_own_attic, 0, r->l->err); /* a proof has none */
    if (rc == MOULT_OK)
        rc = mo_step_run(r->l->plan, r->step, mo_str_text(&sql), 0, r->l->err);
    mo_str_free(&sql);
    return rc;
}

/* --- what stays --------------------------------------------------------------------------------------------------- */

static int take_count(void *user, size_t count, const mo_value *values)
{
    (void)count;
    *(int64_t *)user = values[0].integer;
    return MOULT_OK;
}

/* `where`: what holds for those that come back. */
static int say_how_many(refilling *r, const mo_str *where, const char *why)
{
    mo_plan *p = r->l->plan;
    mo_str sql = {0}, n = {0}, all = {0};
    int64_t stay = 0;
    int rc;
    if (where->length == 0 || !p->asks_rows)
        return where->failed ? mo_error_nomem(r->l->err) : MOULT_OK;
    mo_str_add(&sql, "SELECT count(*) FROM ");
    mo_str_ident(&sql, r->refill->holder, '"');
    mo_str_addf(&sql, " WHERE NOT (%s)", mo_str_text(where));
    rc = where->failed || sql.failed
             ? mo_error_nomem(r->l->err)
             : p->dialect->query(r->l->live, mo_str_text(&sql), NULL, 0, take_count, &stay, NULL, r->l->err);
    mo_str_count(&n, stay);
    mo_str_count(&all, r->refill->rows);
    if (rc == MOULT_OK && stay)
        rc = mo_plan_note(p, r->l->err, "%s of %s rows of %s cannot come back: %s; they stay in the attic",
                          mo_str_text(&n), mo_str_text(&all), r->table->name, why);
    mo_str_free(&sql);
    mo_str_free(&n);
    mo_str_free(&all);
    return rc;
}

static int say_what_stays(refilling *r)
{
    mo_str parents = {0}, storable = {0};
    int rc;
    add_parents(&parents, r, 1);
    add_storables(&storable, r);
    rc = say_how_many(r, &parents, "a row that they refer to is gone");
    if (rc == MOULT_OK)
        rc = say_how_many(r, &storable, "they hold a value that its column does not take");
    mo_str_free(&parents);
    mo_str_free(&storable);
    return rc;
}

static const char *cost(mo_plan *p, int64_t rows)
{
    mo_str s = {0};
    mo_str_add(&s, "copies ");
    mo_str_count(&s, rows);
    mo_str_add(&s, rows == 1 ? " row" : " rows");
    return mo_str_into(&s, p->region);
}

int mo_ladder_refill(mo_ladder *l, const mo_refill *refill)
{
    refilling r = {.l = l, .refill = refill, .table = mo_schema_find(l->plan->target, MO_KIND_TABLE, refill->table)};
    int rc;
    if (r.table == NULL) /* a virtual table: its holder took its name back */
        return MOULT_OK;
    r.step = mo_plan_step(l->plan, MO_PHASE_CONTRACT, MO_ORDER_REFILL, "refill", MO_KIND_TABLE, refill->table, NULL);
    if (r.step == NULL)
        return mo_error_nomem(l->err);
    r.step->title = mo_region_printf(l->plan->region, "bring the rows of %s back from the attic", refill->table);
    r.step->cost = cost(l->plan, refill->rows);
    r.step->transaction = 1;
    if (r.step->title == NULL || r.step->cost == NULL)
        return mo_error_nomem(l->err);
    rc = insert(&r);
    if (rc == MOULT_OK)
        rc = drop_all_orphans(&r);
    if (rc == MOULT_OK && !refill->partly)
        rc = take_out(&r);
    if (rc == MOULT_OK)
        rc = keep_high_water(&r);
    if (rc == MOULT_OK)
        rc = count_left(&r);
    return rc == MOULT_OK ? say_what_stays(&r) : rc;
}

/* --- the stages of a long way back -------------------------------------------------------------------------------- */

static size_t stages_of(const mo_plan *p, size_t first)
{
    size_t n = 1;
    while (first + n < p->stages.count && strcmp(p->stages.items[first + n].table, p->stages.items[first].table) == 0)
        n++;
    return n;
}

static int make_stages(mo_ladder *l, const mo_stage *first, size_t count)
{
    mo_step *s = mo_plan_step(l->plan, MO_PHASE_CONTRACT, MO_ORDER_STAGE, "refill", MO_KIND_TABLE, first->table, NULL);
    int rc = MOULT_OK;
    if (s == NULL)
        return mo_error_nomem(l->err);
    s->transaction = 1;
    s->title =
        mo_region_printf(l->plan->region, "look up what the rows of %s held, %zu time%s for all versions between",
                         first->table, count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count && rc == MOULT_OK; i++) {
        rc = mo_step_run(l->plan, s, first[i].make, 0, l->err);
        if (rc == MOULT_OK)
            rc = mo_step_run(l->plan, s, first[i].index, 0, l->err);
    }
    return s->title ? rc : mo_error_nomem(l->err);
}

static int drop_stages(mo_ladder *l, const mo_stage *first, size_t count)
{
    mo_step *s = mo_plan_step(l->plan, MO_PHASE_CONTRACT, MO_ORDER_STAGED, "refill", MO_KIND_TABLE, first->table, NULL);
    mo_str sql = {0};
    int rc = MOULT_OK;
    if (s == NULL)
        return mo_error_nomem(l->err);
    s->transaction = 1;
    s->title = mo_region_printf(l->plan->region, "clear what was looked up for %s", first->table);
    for (size_t i = 0; i < count && rc == MOULT_OK; i++) {
        mo_str_clear(&sql);
        mo_str_add(&sql, "DROP TABLE ");
        mo_str_ident(&sql, first[i].name, '"');
        rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, s, mo_str_text(&sql), 0, l->err);
    }
    mo_str_free(&sql);
    return s->title ? rc : mo_error_nomem(l->err);
}

int mo_ladder_stages(mo_ladder *l)
{
    const mo_plan *p = l->plan;
    int rc = MOULT_OK;
    for (size_t i = 0, n; i < p->stages.count && rc == MOULT_OK; i += n) {
        n = stages_of(p, i);
        if (!p->stages.items[i].is_used)
            continue;
        rc = make_stages(l, &p->stages.items[i], n);
        if (rc == MOULT_OK)
            rc = drop_stages(l, &p->stages.items[i], n);
    }
    return rc;
}
