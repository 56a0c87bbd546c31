/* SPDX-License-Identifier: MIT */
/*
 * online_plan.c - is a table rebuilt in batches, and what that costs.
 *
 * Decided by the number of rows, their width and the indexes alone, with constants that were measured (docs/sqlite.md), so
 * that two looks at the same database give the same plan. How long the build of an index will block writers is measured,
 * on a sample, where indexes are built last: it is said, and decides nothing.
 */
#include <string.h>

#include "dialect/sqlite/online.h"

/* A rebuild that would block writers for longer than this is done in batches. */
#define MO_ONLINE_SECONDS 1.0
/* Seconds that a rebuild takes for a row, for each of its indexes, and for a byte. */
#define MO_SECONDS_ROW 1.4e-6
#define MO_SECONDS_ENTRY 0.7e-6
#define MO_SECONDS_BYTE 1.0e-8
/* Indexes are built last where that blocks nobody for longer than a batch does. */
#define MO_STALL_MOST 0.05

enum { SAMPLE_ROWS = 200, SAMPLE_ENTRIES = 20000 };

/* --- is it worth it ------------------------------------------------------------------------------------------------- */

typedef struct width {
    double bytes;
    int64_t rows;
} width;

static int add_width(void *user, size_t count, const mo_value *v)
{
    width *w = user;
    w->rows++;
    for (size_t i = 0; i < count; i++)
        w->bytes += v[i].type == MOULT_VALUE_TEXT || v[i].type == MOULT_VALUE_BLOB ? (double)v[i].length : 8;
    return MOULT_OK;
}

static size_t count_indexes(const mo_ladder *l, const mo_object *table)
{
    size_t n = 0;
    for (size_t i = 0; i < l->plan->target->objects.count; i++) {
        const mo_object *o = l->plan->target->objects.items[i];
        n += o->kind == MO_KIND_INDEX && mo_name_equal(o->parent, table->name);
    }
    for (size_t i = 0; i < table->table->constraints.count; i++)
        n += table->table->constraints.items[i]->kind <= MO_CONSTRAINT_UNIQUE;
    return n;
}

/* How long a plain rebuild would block writers. */
static int predict(mo_ladder *l, const mo_change *change, double *seconds)
{
    mo_str sql = {0};
    width w = {0};
    int rc;
    mo_str_add(&sql, "SELECT * FROM ");
    mo_str_ident(&sql, change->before->name, '"');
    mo_str_addf(&sql, " LIMIT %d", SAMPLE_ROWS);
    rc = sql.failed ? mo_error_nomem(l->err)
                    : mo_sqlite_query(l->live, mo_str_text(&sql), NULL, 0, add_width, &w, NULL, l->err);
    mo_str_free(&sql);
    *seconds = (double)change->rows * (MO_SECONDS_ROW + MO_SECONDS_ENTRY * (double)count_indexes(l, change->after) +
                                       MO_SECONDS_BYTE * (w.rows ? w.bytes / (double)w.rows : 0));
    return rc;
}

/* --- is it possible ------------------------------------------------------------------------------------------------- */

static int has_word(const char *sql, const char *word)
{
    mo_lexer x;
    mo_token t;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x))
        if (mo_token_is(&t, word))
            return 1;
    return 0;
}

/* What the plan itself forbids; NULL: nothing. */
static const char *obstacle(const mo_ladder *l, const mo_change *change)
{
    const char *file = l->live->pending ? NULL : sqlite3_db_filename(l->live->db, "main");
    const mo_table *b = change->before->table, *a = change->after->table;
    int common = 0;
    if (!l->plan->asks_rows || file == NULL || file[0] == '\0')
        return "the database is no file";
    if (l->plan->renames.count)
        return "the plan renames, and that comes first";
    for (size_t i = 0; i < a->columns.count; i++) {
        const mo_column *c = a->columns.items[i];
        common |= mo_table_column(b, c->name) != NULL;
        if (c->refill || (c->fill && has_word(c->fill, "SELECT")))
            return "a fill asks other rows";
    }
    return common ? NULL : "no column stays";
}

/* --- foreign keys ---------------------------------------------------------------------------------------------------- */

/* May a value of the column be another one afterwards, or compare in another way? */
static int may_differ(const mo_change *change, const char *name)
{
    const mo_column *b = mo_table_column(change->before->table, name);
    const mo_column *a = mo_table_column(change->after->table, name);
    return b == NULL || a == NULL || a->fill || a->attr[MO_ATTR_GENERATED].canonical ||
           mo_sqlite_affinity(mo_column_attr(b, MO_ATTR_TYPE)) != mo_sqlite_affinity(mo_column_attr(a, MO_ATTR_TYPE)) ||
           strcmp(mo_column_attr(b, MO_ATTR_COLLATION), mo_column_attr(a, MO_ATTR_COLLATION)) != 0;
}

static int may_break_own(const mo_change *change, const mo_constraint *key)
{
    const mo_constraint *was = mo_table_constraint_like(change->before->table, key);
    if (was == NULL || strcmp(was->canonical, key->canonical) != 0)
        return 1;
    for (size_t i = 0; i < key->column_count; i++)
        if (may_differ(change, key->columns[i]))
            return 1;
    return 0;
}

static int may_break_child(const mo_change *change, const mo_constraint *key)
{
    for (size_t i = 0; i < key->ref_column_count; i++)
        if (may_differ(change, key->ref_columns[i]))
            return 1;
    for (size_t i = 0; key->ref_column_count == 0 && i < change->parts.count; i++) {
        const mo_part *p = &change->parts.items[i];
        const mo_constraint *k = p->constraint_before ? p->constraint_before : p->constraint_after;
        if ((k && k->kind == MO_CONSTRAINT_PRIMARY_KEY) ||
            (p->kind == MO_PART_COLUMN && p->column_before && p->column_before->key_place &&
             may_differ(change, p->column_before->name)))
            return 1;
    }
    return 0;
}

/* Must foreign keys be checked under the lock? Not where rows keep the values by which they find each other. */
static int concerns_keys(const mo_ladder *l, const mo_change *change)
{
    for (size_t i = 0; i < l->plan->target->objects.count; i++) {
        const mo_object *o = l->plan->target->objects.items[i];
        for (size_t k = 0; o->table && k < o->table->constraints.count; k++) {
            const mo_constraint *key = o->table->constraints.items[k];
            if (key->kind != MO_CONSTRAINT_FOREIGN_KEY)
                continue;
            if ((mo_name_equal(o->name, change->after->name) && may_break_own(change, key)) ||
                (mo_name_equal(key->ref_table, change->after->name) && may_break_child(change, key)))
                return 1;
        }
    }
    return 0;
}

/* --- what it costs --------------------------------------------------------------------------------------------------- */

static int sample_row(void *user, size_t count, const mo_value *v)
{
    int64_t *rows = user;
    (void)count;
    *rows = v[0].integer;
    return MOULT_OK;
}

/* Seconds for the build of an index on so many rows, by what it takes on a sample; 0 when that cannot be told. */
static double measure(mo_ladder *l, const char *table, const char *sql, int64_t rows)
{
    mo_error ignored = {{0}};
    mo_str take = {0};
    int64_t taken = 0;
    double began, seconds = 0;
    const char *build = mo_online_index_as(l->plan->region, sql, "_moult_sample_index", "_moult_sample", table);
    int growth = 0;
    mo_str_addf(&take, "CREATE TEMP TABLE _moult_sample AS SELECT * FROM main.");
    mo_str_ident(&take, table, '"');
    mo_str_addf(&take, " LIMIT %d", SAMPLE_ENTRIES);
    if (build && !take.failed && mo_sqlite_exec(l->live, mo_str_text(&take), NULL, &ignored) == MOULT_OK &&
        mo_sqlite_query(l->live, "SELECT count(*) FROM temp._moult_sample", NULL, 0, sample_row, &taken, NULL,
                        &ignored) == MOULT_OK) {
        began = mo_clock_now();
        if (mo_sqlite_exec(l->live, build, NULL, &ignored) == MOULT_OK && taken > 0)
            seconds = (mo_clock_now() - began) * (double)rows / (double)taken;
    }
    for (int64_t n = taken; n > 0 && n < rows; n *= 2)
        growth++; /* sorting: n log n */
    mo_sqlite_exec(l->live, "DROP TABLE IF EXISTS temp._moult_sample", NULL, &ignored);
    mo_error_clear(&ignored);
    mo_str_free(&take);
    return seconds * (1 + growth / 14.0);
}

static void add_seconds(mo_str *s, double seconds)
{
    if (seconds < 0.1)
        mo_str_addf(s, "%.0f ms", seconds * 1000 < 1 ? 1 : seconds * 1000);
    else
        mo_str_addf(s, "%.1f s", seconds);
}

static int is_index(const mo_statement *s)
{
    return s->kind == MO_STATEMENT_RUN &&
           (strncmp(s->sql, "CREATE INDEX", 12) == 0 || strncmp(s->sql, "CREATE UNIQUE", 13) == 0);
}

static const char *cost(mo_ladder *l, const mo_step *step, int64_t rows, mo_online_keeping keeping)
{
    mo_str s = {0};
    size_t indexes = 0;
    mo_str_add(&s, "copies ");
    mo_str_count(&s, rows);
    mo_str_add(&s, rows == 1 ? " row" : " rows");
    mo_str_add(&s, keeping == MO_ONLINE_KEEPS_BATCHED ? ", and what of them the attic keeps" : "");
    mo_str_add(&s, ", in batches of at most 50 ms");
    for (size_t i = 0; i < step->statements.count; i++) {
        const mo_statement *one = &step->statements.items[i];
        if (!is_index(one))
            continue;
        indexes++;
        if (step->driver & MO_ONLINE_LAST) {
            const char *name = mo_online_index_own_name(l->plan->region, one->sql);
            mo_str_addf(&s, "%s%s (blocks writers ", indexes == 1 ? "; then builds " : ", ", name ? name : "");
            double seconds = measure(l, step->object, one->sql, rows);
            mo_str_add(&s, seconds > 0 ? "about " : "for a time that could not be measured");
            if (seconds > 0)
                add_seconds(&s, seconds);
            mo_str_add(&s, ")");
        }
    }
    if (indexes && (step->driver & MO_ONLINE_KEPT))
        mo_str_addf(&s, ", with %zu index%s in batches too", indexes, indexes == 1 ? "" : "es");
    if (keeping == MO_ONLINE_KEEPS_IN_SWAP)
        mo_str_add(&s, "; then copies what the attic keeps, and blocks writers meanwhile");
    if (step->driver & MO_ONLINE_KEYS)
        mo_str_add(&s, "; then checks foreign keys, and blocks writers while it reads");
    return mo_str_into(&s, l->plan->region);
}

/* --- the step -------------------------------------------------------------------------------------------------------- */

static int is_wanted(mo_ladder *l, const mo_change *change, int *yes)
{
    double seconds = 0;
    int rc = MOULT_OK;
    *yes = l->plan->online == MOULT_ONLINE_ALWAYS || l->plan->online == MOULT_ONLINE_LAST;
    if (*yes || l->plan->online == MOULT_ONLINE_NEVER || !l->plan->asks_rows ||
        (double)change->rows * MO_SECONDS_ROW < MO_ONLINE_SECONDS / 100)
        return MOULT_OK;
    rc = predict(l, change, &seconds);
    *yes = seconds > MO_ONLINE_SECONDS;
    return rc;
}

static int why_not(mo_ladder *l, const mo_change *change, const char **why)
{
    mo_online_keys keys;
    int rc = MOULT_OK;
    *why = obstacle(l, change);
    if (*why == NULL) {
        rc = mo_online_find_keys(l->live, l->plan->region, change->before, change->after, &keys, l->err);
        *why = keys.why_not;
    }
    return rc;
}

int mo_ladder_online(mo_ladder *l, mo_change *change, const char *why)
{
    mo_step *step = &l->plan->steps.items[l->plan->steps.count - 1];
    const char *obstacle_found = NULL;
    int yes, rc = is_wanted(l, change, &yes);
    if (rc == MOULT_OK && yes)
        rc = why_not(l, change, &obstacle_found);
    if (rc != MOULT_OK || !yes)
        return rc;
    if (obstacle_found)
        return mo_plan_note(l->plan, l->err, "%s is rebuilt in one transaction, not in batches: %s",
                            change->after->name, obstacle_found);
    step->method = "online";
    step->title = mo_region_printf(l->plan->region, "rebuild %s in batches: %s", change->after->name, why);
    step->driver = l->plan->online == MOULT_ONLINE_LAST || (double)change->rows * MO_SECONDS_ENTRY < MO_STALL_MOST
                       ? MO_ONLINE_LAST
                       : MO_ONLINE_KEPT;
    if (concerns_keys(l, change))
        step->driver |= MO_ONLINE_KEYS;
    change->driven = 1;
    return step->title ? MOULT_OK : mo_error_nomem(l->err);
}

/* The indexes of the table that are new or change are made with the new table; the old ones go with the old. */
static int gather(mo_ladder *l, const char *table, mo_step *step)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->plan->steps.count; i++) {
        mo_step *s = &l->plan->steps.items[i];
        int goes = s->kind == MO_KIND_INDEX && s->hook == NULL && mo_name_equal(s->parent, table);
        for (size_t k = 0; goes && s->order == MO_ORDER_CREATE_INDEX && k < s->statements.count; k++)
            if (mo_vec_push(l->plan->region, &step->statements, s->statements.items[k]))
                return mo_error_nomem(l->err);
        if (!goes)
            l->plan->steps.items[kept++] = *s;
    }
    l->plan->steps.count = kept;
    return MOULT_OK;
}

int mo_ladder_online_indexes(mo_ladder *l)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < l->plan->changes.count && rc == MOULT_OK; i++) {
        const mo_change *change = &l->plan->changes.items[i];
        mo_step step = {0};
        size_t at = 0;
        mo_online_keeping keeping = MO_ONLINE_KEEPS_NOTHING;
        if (!change->driven)
            continue;
        while (!l->plan->steps.items[at].driver || !mo_name_equal(l->plan->steps.items[at].object, change->after->name))
            at++;
        step = l->plan->steps.items[at];
        rc = gather(l, change->after->name, &step);
        for (at = 0;
             !l->plan->steps.items[at].driver || !mo_name_equal(l->plan->steps.items[at].object, change->after->name);)
            at++;
        if (rc == MOULT_OK)
            rc = mo_online_keeps(l->live, l->plan->region, &step, change->before, change->after, &keeping, l->err);
        step.cost = cost(l, &step, change->rows, keeping);
        l->plan->steps.items[at] = step;
        if (rc == MOULT_OK && step.cost == NULL)
            rc = mo_error_nomem(l->err);
    }
    return rc;
}
