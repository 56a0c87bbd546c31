/* SPDX-License-Identifier: MIT */
/*
 * holder.c - the values of dropped and converted columns, copied into the attic with what tells their rows.
 *
 * A row is told by the table's key, and by all its other columns as they are when the plan is done: a key may be given to
 * another row later, and then those differ. A key that is never given twice (AUTOINCREMENT) is enough alone. A table
 * without a key gives its row ids, and with each row whether all rows with the same other columns had the same value:
 * then it does not matter which of them it is, and a VACUUM that numbers them anew cannot mix them up.
 *
 * Only what would be lost is kept: not the values that the column, made again, gives by itself.
 */
#include "dialect/sqlite/ladder.h"

#include <stdio.h>
#include <string.h>

#include "dialect/sqlite/sqlite.h"

#define ROW_ID "_moult_rowid"
#define SURE "_moult_sure"

typedef struct holding {
    mo_ladder *l;
    mo_step *step;
    const mo_change *change;
    const mo_object *after;
    const char *from;  /* what follows FROM: a table as n, and where rows are converted the old one as o */
    const char *old;   /* "n" or "o": where the kept columns are read */
    int apart;         /* 1: there is no o, and n is the table as it was: only what both have can tell the rows */
    int converted;     /* old and new value are kept; else the values of columns that go */
    const char *where; /* which rows */
    mo_kept kept;
} holding;

int mo_ladder_fills(const mo_part *p)
{
    const mo_column *c = p->column_after;
    if (c->fill == NULL)
        return 0;
    return p->op == MOULT_OP_CREATE ||
           ((p->attrs & (1u << MO_ATTR_NOT_NULL)) && c->attr[MO_ATTR_NOT_NULL].canonical && p->null_rows != 0);
}

/* In a STRICT table a column of type ANY keeps every value as it is. */
static mo_affinity affinity_in(const mo_table *t, const mo_column *c)
{
    const char *type = mo_column_attr(c, MO_ATTR_TYPE);
    return mo_table_option(t, "strict") && mo_name_equal(type, "any") ? MO_AFFINITY_BLOB : mo_sqlite_affinity(type);
}

int mo_ladder_converts(const mo_change *change, const mo_column *before, const mo_column *after)
{
    const mo_table *b = change->before->table, *a = change->after->table;
    if (after->refill)
        return 1;
    if (before->attr[MO_ATTR_GENERATED].canonical)
        return 0; /* it was computed, and can be again */
    if (after->attr[MO_ATTR_GENERATED].canonical || affinity_in(b, before) != affinity_in(a, after))
        return 1;
    return after->fill && after->attr[MO_ATTR_NOT_NULL].canonical && !before->attr[MO_ATTR_NOT_NULL].canonical;
}

/* --- what tells the rows ------------------------------------------------------------------------------------------ */

static int in_names(const mo_name_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (mo_name_equal(names->items[i], name))
            return 1;
    return 0;
}

static int choose_keys(holding *h)
{
    const mo_table *t = h->after->table;
    const mo_column *alias = mo_ladder_row_id_column(t);
    int failed = 0;
    h->kept.identity = h->apart ? "none" : "key";
    if (h->apart)
        return MOULT_OK;
    if (alias) {
        failed = mo_vec_push(h->l->plan->region, &h->kept.keys, alias->name);
        if (mo_ladder_has_autoincrement(h->after))
            h->kept.identity = "unique";
    } else {
        for (size_t i = 0; i < t->columns.count; i++)
            if (t->columns.items[i]->key_place > 0)
                failed |= mo_vec_push(h->l->plan->region, &h->kept.keys, t->columns.items[i]->name);
        if (h->kept.keys.count == 0)
            h->kept.identity = mo_sqlite_row_id_name(t) ? "rowid" : "none";
    }
    return failed ? mo_error_nomem(h->l->err) : MOULT_OK;
}

static int choose_identity(holding *h)
{
    const mo_table *t = h->after->table;
    int rc = choose_keys(h);
    for (size_t i = 0; i < t->columns.count && rc == MOULT_OK; i++) {
        const mo_column *c = t->columns.items[i];
        if (mo_table_column(h->change->before->table, c->name) == NULL)
            continue; /* a new one says nothing of which row it was */
        if (c->attr[MO_ATTR_GENERATED].canonical || c->foreign || in_names(&h->kept.keys, c->name) ||
            (h->converted && in_names(&h->kept.columns, c->name)) || strcmp(h->kept.identity, "unique") == 0)
            continue;
        if (mo_vec_push(h->l->plan->region, &h->kept.others, c->name))
            rc = mo_error_nomem(h->l->err);
    }
    return rc;
}

static int is_identity(const holding *h, const char *identity)
{
    return strcmp(h->kept.identity, identity) == 0;
}

/* --- the holder --------------------------------------------------------------------------------------------------- */

static void add_name(mo_str *s, const char *before, const char *name)
{
    mo_str_add(s, s->length ? before : "");
    mo_str_ident(s, name, '"');
}

static const char *kept_name(const holding *h, size_t i, char room[MO_HOLDER_COLUMN])
{
    return mo_holder_column(&h->kept.keys, &h->kept.others, h->kept.columns.items[i], i, room);
}

/* The names under which the values of the kept columns stand in the holder: their own; converted, numbered ones. */
static void add_kept(mo_str *s, const holding *h)
{
    char room[MO_HOLDER_COLUMN];
    for (size_t i = 0; i < h->kept.columns.count; i++) {
        if (h->converted)
            mo_str_addf(s, "%s\"_moult_old_%zu\", \"_moult_new_%zu\"", s->length ? ", " : "", i + 1, i + 1);
        else
            add_name(s, ", ", kept_name(h, i, room));
    }
}

/* All names of the holder's columns. */
static void add_all(mo_str *s, const holding *h)
{
    if (is_identity(h, "rowid"))
        mo_str_add(s, "\"" ROW_ID "\"");
    for (size_t i = 0; i < h->kept.keys.count; i++)
        add_name(s, ", ", h->kept.keys.items[i]);
    for (size_t i = 0; i < h->kept.others.count; i++)
        add_name(s, ", ", h->kept.others.items[i]);
    add_kept(s, h);
    if (is_identity(h, "rowid"))
        mo_str_add(s, ", \"" SURE "\"");
}

/* Keys have the affinity that they have in their table, so that the holder's index finds them; all else is kept as it
 * is, without one. INT, not INTEGER: alone, that would be the row id, which holds no other values. */
static void add_key_columns(mo_str *s, const holding *h)
{
    static const char *const words[] = {[MO_AFFINITY_BLOB] = "BLOB",
                                        [MO_AFFINITY_TEXT] = "TEXT",
                                        [MO_AFFINITY_NUMERIC] = "NUMERIC",
                                        [MO_AFFINITY_INTEGER] = "INT",
                                        [MO_AFFINITY_REAL] = "REAL"};
    const mo_table *t = h->after->table;
    mo_str primary = {0};
    if (is_identity(h, "rowid"))
        mo_str_add(s, "\"" ROW_ID "\" INTEGER PRIMARY KEY");
    for (size_t i = 0; i < h->kept.keys.count; i++) {
        const mo_column *c = mo_table_column(t, h->kept.keys.items[i]);
        add_name(s, ", ", c->name);
        if (c->row_id) {
            mo_str_add(s, " INTEGER PRIMARY KEY");
            continue;
        }
        mo_str_addf(s, " %s", words[affinity_in(t, c)]);
        add_name(&primary, ", ", c->name);
    }
    for (size_t i = 0; i < h->kept.others.count; i++)
        add_name(s, ", ", h->kept.others.items[i]);
    add_kept(s, h);
    if (is_identity(h, "rowid"))
        mo_str_add(s, ", \"" SURE "\"");
    if (primary.length) /* not WITHOUT ROWID: SQLite lets a key be NULL */
        mo_str_addf(s, ", PRIMARY KEY(%s)", mo_str_text(&primary));
    s->failed |= primary.failed;
    mo_str_free(&primary);
}

static const char *holder_sql(holding *h)
{
    mo_str columns = {0}, sql = {0};
    add_key_columns(&columns, h);
    mo_str_add(&sql, "CREATE TABLE ");
    mo_str_ident(&sql, h->kept.holder, '"');
    mo_str_add(&sql, "(");
    mo_str_add(&sql, mo_str_text(&columns));
    mo_str_add(&sql, ")");
    sql.failed |= columns.failed;
    mo_str_free(&columns);
    return mo_str_into(&sql, h->l->plan->region);
}

/* --- the copy ----------------------------------------------------------------------------------------------------- */

static void add_value(mo_str *s, const char *from, const char *column, const char *name)
{
    mo_str_addf(s, "%s%s.", s->length ? ", " : "", from);
    mo_str_ident(s, column, '"');
    mo_str_add(s, " AS ");
    mo_str_ident(s, name, '"');
}

/* What a kept column is called where it is read: one that stepped aside keeps its own name in the holder. */
static const char *read_name(const holding *h, size_t i)
{
    const char *name = h->kept.columns.items[i];
    return h->converted ? name : mo_plan_start_column(h->l->plan, h->after->name, name);
}

static void add_values(mo_str *s, const holding *h)
{
    char name[64];
    if (is_identity(h, "rowid"))
        mo_str_addf(s, "n.%s AS \"" ROW_ID "\"", mo_sqlite_row_id_name(h->after->table));
    for (size_t i = 0; i < h->kept.keys.count; i++)
        add_value(s, "n", h->kept.keys.items[i], h->kept.keys.items[i]);
    for (size_t i = 0; i < h->kept.others.count; i++)
        add_value(s, "n", h->kept.others.items[i], h->kept.others.items[i]);
    for (size_t i = 0; i < h->kept.columns.count; i++) {
        const char *column = h->kept.columns.items[i];
        if (!h->converted) {
            add_value(s, h->old, read_name(h, i), kept_name(h, i, name));
            continue;
        }
        snprintf(name, sizeof name, "_moult_old_%zu", i + 1);
        add_value(s, h->old, column, name);
        snprintf(name, sizeof name, "_moult_new_%zu", i + 1);
        add_value(s, "n", column, name);
    }
}

/* Have all rows with the same other columns the same value in each kept column? */
static void add_sure(mo_str *s, const holding *h)
{
    mo_str same = {0};
    for (size_t i = 0; i < h->kept.columns.count; i++) {
        mo_str v = {0};
        mo_str_addf(&v, "%s.", h->old);
        mo_str_ident(&v, read_name(h, i), '"');
        mo_str_add(&same, i ? " AND " : "");
        mo_str_addf(&same, "min(%s COLLATE BINARY) OVER w IS max(%s COLLATE BINARY) OVER w AND count(%s) OVER w IN ",
                    mo_str_text(&v), mo_str_text(&v), mo_str_text(&v));
        mo_str_add(&same, "(0, count(*) OVER w)");
        same.failed |= v.failed;
        mo_str_free(&v);
    }
    mo_str_addf(s, ", %s AS \"" SURE "\"", mo_str_text(&same));
    s->failed |= same.failed;
    mo_str_free(&same);
}

static void add_window(mo_str *s, const holding *h)
{
    mo_str_add(s, " WINDOW w AS (");
    for (size_t i = 0; i < h->kept.others.count; i++) {
        mo_str_add(s, i ? ", n." : "PARTITION BY n.");
        mo_str_ident(s, h->kept.others.items[i], '"');
        mo_str_add(s, " COLLATE BINARY");
    }
    mo_str_add(s, ")");
}

static const char *insert_sql(holding *h)
{
    mo_str all = {0}, values = {0}, sql = {0};
    int rowid = is_identity(h, "rowid");
    add_all(&all, h);
    add_values(&values, h);
    if (rowid)
        add_sure(&values, h);
    mo_str_add(&sql, "INSERT INTO ");
    mo_str_ident(&sql, h->kept.holder, '"');
    mo_str_add(&sql, "(");
    mo_str_add(&sql, mo_str_text(&all));
    mo_str_add(&sql, ") SELECT * FROM (SELECT ");
    mo_str_add(&sql, mo_str_text(&values));
    mo_str_add(&sql, " FROM ");
    mo_str_add(&sql, h->from);
    if (rowid)
        add_window(&sql, h);
    mo_str_addf(&sql, ") WHERE (%s)", h->where); /* a rebuild in batches adds to it */
    sql.failed |= all.failed || values.failed;
    mo_str_free(&all);
    mo_str_free(&values);
    return mo_str_into(&sql, h->l->plan->region);
}

/* --- what it takes ------------------------------------------------------------------------------------------------ */

#define SAMPLE 1000 /* rows */

static void add_size(mo_str *s, const holding *h, const char *column)
{
    const char *live = mo_plan_live_column(h->l->plan, h->after->name, column);
    if (mo_table_column(h->change->before->table, column) == NULL)
        return;
    mo_str_add(s, " + ifnull(length(CAST(");
    mo_str_ident(s, live, '"');
    mo_str_add(s, " AS BLOB)), 0) + 1");
}

static int take_bytes(void *user, size_t count, const mo_value *values)
{
    (void)count;
    *(double *)user = values[0].type == MOULT_VALUE_REAL ? values[0].real : (double)values[0].integer;
    return MOULT_OK;
}

/* How many bytes a holder takes at most, about: by the size of the table's first rows. Added to the step's cost where it is
 * a megabyte or more. */
static int tell_bytes(const holding *h)
{
    mo_plan *p = h->l->plan;
    mo_str sql = {0}, cost = {0};
    double each = 0, all;
    int rc = MOULT_OK;
    if (!p->asks_rows || h->change->rows < SAMPLE)
        return MOULT_OK;
    mo_str_add(&sql, "SELECT avg(n) FROM (SELECT 10");
    for (size_t i = 0; i < h->kept.keys.count; i++)
        add_size(&sql, h, h->kept.keys.items[i]);
    for (size_t i = 0; i < h->kept.others.count; i++)
        add_size(&sql, h, h->kept.others.items[i]);
    for (size_t i = 0; i < h->kept.columns.count; i++)
        add_size(&sql, h, h->kept.columns.items[i]);
    mo_str_add(&sql, " AS n FROM ");
    mo_str_ident(&sql, mo_plan_live_table(p, h->after->name), '"');
    mo_str_addf(&sql, " LIMIT %d)", SAMPLE);
    rc = sql.failed ? mo_error_nomem(h->l->err)
                    : p->dialect->query(h->l->live, mo_str_text(&sql), NULL, 0, take_bytes, &each, NULL, h->l->err);
    mo_str_free(&sql);
    all = each * (double)h->change->rows / (1 << 20);
    if (rc != MOULT_OK || all < 1)
        return rc;
    mo_str_add(&cost, h->step->cost);
    mo_str_add(&cost, "; the attic takes up to ");
    mo_str_count(&cost, (long long)(all + 0.5));
    mo_str_add(&cost, " MB");
    h->step->cost = mo_str_into(&cost, p->region);
    return h->step->cost ? MOULT_OK : mo_error_nomem(h->l->err);
}

static const char *where_going(const holding *h);

static int keep(holding *h)
{
    mo_plan *p = h->l->plan;
    const char *sql;
    int rc = choose_identity(h);
    if (rc != MOULT_OK)
        return rc;
    h->kept.object = h->after->name;
    if (h->where == NULL && (h->where = where_going(h)) == NULL)
        return mo_error_nomem(h->l->err);
    if ((h->kept.holder = mo_plan_holder(p)) == NULL || (h->kept.holder_sql = holder_sql(h)) == NULL ||
        (sql = insert_sql(h)) == NULL)
        return mo_error_nomem(h->l->err);
    rc = mo_step_run(p, h->step, mo_sqlite_own_attic, 0, h->l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(p, h->step, h->kept.holder_sql, 0, h->l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(p, h->step, sql, h->change->rows, h->l->err);
    return rc == MOULT_OK ? tell_bytes(h) : rc;
}

/* --- columns that go ---------------------------------------------------------------------------------------------- */

static int goes(const mo_part *p)
{
    return p->kind == MO_PART_COLUMN && p->op == MOULT_OP_DROP &&
           p->column_before->attr[MO_ATTR_GENERATED].canonical == NULL;
}

/* Rows that hold something else than the column, made again, gives by itself. */
static void add_condition(mo_str *where, const mo_table *t, const mo_column *c, const char *name)
{
    const char *value = c->attr[MO_ATTR_DEFAULT].canonical;
    mo_str_add(where, where->length ? " OR " : "");
    if (!mo_sqlite_default_is_telling(c)) {
        mo_str_add(where, "1");
        return;
    }
    mo_str_ident(where, name, '"');
    mo_str_addf(where, " COLLATE BINARY IS NOT (%s)", value && *value ? value : "NULL");
    if (affinity_in(t, c) == MO_AFFINITY_BLOB) { /* 1 and 1.0 are equal, and not the same */
        mo_str_add(where, " OR typeof(");
        mo_str_ident(where, name, '"');
        mo_str_addf(where, ") <> typeof(%s)", value && *value ? value : "NULL");
    }
}

static int find_going(holding *h)
{
    for (size_t i = 0; i < h->change->parts.count; i++) {
        const mo_part *p = &h->change->parts.items[i];
        if (goes(p) && mo_vec_push(h->l->plan->region, &h->kept.columns,
                                   mo_plan_live_column(h->l->plan, h->after->name, p->column_before->name)))
            return mo_error_nomem(h->l->err);
    }
    return MOULT_OK;
}

/* Which rows are kept, by the names of the holder. */
static const char *where_going(const holding *h)
{
    mo_str where = {0};
    char room[MO_HOLDER_COLUMN];
    for (size_t i = 0, n = 0; i < h->change->parts.count; i++) {
        const mo_part *p = &h->change->parts.items[i];
        if (!goes(p))
            continue;
        add_condition(&where, h->change->before->table, p->column_before, kept_name(h, n, room));
        n++;
    }
    return mo_str_into(&where, h->l->plan->region);
}

static int is_off(const mo_ladder *l, const mo_change *change)
{
    return !l->plan->attic.on || change->rows == 0;
}

static const char *title(mo_ladder *l, const holding *h)
{
    mo_str s = {0};
    mo_str_add(&s, "keep the values of ");
    for (size_t i = 0; i < h->kept.columns.count; i++)
        mo_str_addf(&s, "%s%s.%s", i ? ", " : "", h->after->name, h->kept.columns.items[i]);
    mo_str_add(&s, " in the attic");
    return mo_str_into(&s, l->plan->region);
}

static const char *from_one(mo_ladder *l, const char *table)
{
    mo_str s = {0};
    mo_str_ident(&s, table, '"');
    mo_str_add(&s, " AS n");
    return mo_str_into(&s, l->plan->region);
}

int mo_ladder_keep_columns(mo_ladder *l, const mo_change *change)
{
    holding h = {.l = l, .change = change, .after = change->after, .old = "n", .kept = {.kind = "column"}};
    mo_str cost = {0};
    int rc;
    if (is_off(l, change))
        return MOULT_OK;
    rc = find_going(&h);
    if (rc != MOULT_OK || h.kept.columns.count == 0)
        return rc;
    h.step = mo_plan_step(l->plan, MO_PHASE_CONTRACT, MO_ORDER_ATTIC + l->serial++, "attic", MO_KIND_TABLE,
                          change->after->name, NULL);
    if (h.step == NULL || (h.step->title = title(l, &h)) == NULL || (h.from = from_one(l, h.after->name)) == NULL)
        return mo_error_nomem(l->err);
    h.step->transaction = 1;
    mo_str_add(&cost, "reads ");
    mo_str_count(&cost, change->rows);
    mo_str_add(&cost, change->rows == 1 ? " row" : " rows");
    if ((h.step->cost = mo_str_into(&cost, l->plan->region)) == NULL)
        return mo_error_nomem(l->err);
    rc = keep(&h);
    return rc == MOULT_OK ? mo_ladder_catalog(l, h.step, &h.kept) : rc;
}

/* --- a rebuild ---------------------------------------------------------------------------------------------------- */

static int keep_going(holding *h)
{
    int rc = find_going(h);
    if (rc == MOULT_OK && h->kept.columns.count)
        rc = keep(h);
    return rc == MOULT_OK && h->kept.columns.count ? mo_ladder_catalog(h->l, h->step, &h->kept) : rc;
}

/* Rows in which a value has become another one, or one of another type. */
static int find_converted(holding *h)
{
    const mo_table *b = h->change->before->table, *a = h->change->after->table;
    mo_str where = {0};
    for (size_t i = 0; i < a->columns.count; i++) {
        const mo_column *c = a->columns.items[i], *old = mo_table_column(b, c->name);
        size_t n = h->kept.columns.count + 1;
        if (old == NULL || !mo_ladder_converts(h->change, old, c))
            continue;
        if (mo_vec_push(h->l->plan->region, &h->kept.columns, c->name))
            where.failed = 1;
        mo_str_addf(&where,
                    "%s\"_moult_old_%zu\" COLLATE BINARY IS NOT \"_moult_new_%zu\" OR typeof(\"_moult_old_%zu\") <> "
                    "typeof(\"_moult_new_%zu\")",
                    where.length ? " OR " : "", n, n, n, n);
    }
    h->where = mo_str_into(&where, h->l->plan->region);
    return h->where ? MOULT_OK : mo_error_nomem(h->l->err);
}

static int keep_converted(holding *h, int joined)
{
    int rc = find_converted(h);
    if (rc != MOULT_OK || h->kept.columns.count == 0)
        return rc;
    if (!joined)
        return mo_plan_note(h->l->plan, h->l->err,
                            "what %s is converted from is not kept: which row is which cannot be said once its key has "
                            "changed",
                            h->after->name);
    rc = keep(h);
    return rc == MOULT_OK ? mo_ladder_catalog(h->l, h->step, &h->kept) : rc;
}

int mo_ladder_keep_rebuilt(mo_ladder *l, mo_step *step, const mo_change *change, const char *temporary,
                           const char *join)
{
    holding going = {.l = l, .step = step, .change = change, .after = change->after, .old = "o"};
    holding converted;
    mo_str from = {0};
    int rc;
    if (is_off(l, change))
        return MOULT_OK;
    mo_str_ident(&from, join ? temporary : change->after->name, '"');
    mo_str_add(&from, " AS n");
    if (join) {
        mo_str_add(&from, " JOIN ");
        mo_str_ident(&from, change->after->name, '"');
        mo_str_addf(&from, " AS o ON %s", join);
    } else {
        going.old = "n";
        going.apart = 1;
    }
    if ((going.from = mo_str_into(&from, l->plan->region)) == NULL)
        return mo_error_nomem(l->err);
    converted = going;
    converted.converted = 1;
    going.kept.kind = "column";
    converted.kept.kind = "values";
    rc = keep_going(&going);
    return rc == MOULT_OK ? keep_converted(&converted, join != NULL) : rc;
}

/* --- NULLs that are filled ---------------------------------------------------------------------------------------- */

struct mo_filling {
    holding h;
};

static int find_nulls(holding *h)
{
    mo_str where = {0};
    for (size_t i = 0; i < h->change->parts.count; i++) {
        const mo_part *p = &h->change->parts.items[i];
        if (p->kind != MO_PART_COLUMN || p->op != MOULT_OP_ALTER || !mo_ladder_fills(p))
            continue;
        if (mo_vec_push(h->l->plan->region, &h->kept.columns, p->column_after->name))
            where.failed = 1;
        mo_str_addf(&where, "%s\"_moult_old_%zu\" IS NULL", where.length ? " OR " : "", h->kept.columns.count);
    }
    h->where = mo_str_into(&where, h->l->plan->region);
    return h->where ? MOULT_OK : mo_error_nomem(h->l->err);
}

int mo_ladder_keep_nulls(mo_ladder *l, mo_step *step, const mo_change *change, mo_filling **out)
{
    mo_filling *f;
    int rc;
    *out = NULL;
    if (is_off(l, change))
        return MOULT_OK;
    if ((f = mo_region_alloc(l->plan->region, sizeof *f)) == NULL)
        return mo_error_nomem(l->err);
    f->h = (holding){.l = l, .step = step, .change = change, .after = change->after, .old = "n", .converted = 1};
    f->h.kept.kind = "values";
    rc = find_nulls(&f->h);
    if (rc != MOULT_OK || f->h.kept.columns.count == 0)
        return rc;
    if ((f->h.from = from_one(l, change->after->name)) == NULL)
        return mo_error_nomem(l->err);
    *out = f;
    return keep(&f->h);
}

/* The same table row for a row of the holder: by its key alone, within the transaction that copied it. */
static void add_same_row(mo_str *sql, const holding *h)
{
    if (is_identity(h, "rowid")) {
        mo_str_addf(sql, "n.%s = ", mo_sqlite_row_id_name(h->after->table));
        mo_str_ident(sql, h->kept.holder, '"');
        mo_str_add(sql, ".\"" ROW_ID "\"");
    }
    for (size_t i = 0; i < h->kept.keys.count; i++) {
        mo_str_add(sql, i ? " AND n." : "n.");
        mo_str_ident(sql, h->kept.keys.items[i], '"');
        mo_str_add(sql, " IS ");
        mo_str_ident(sql, h->kept.holder, '"');
        mo_str_add(sql, ".");
        mo_str_ident(sql, h->kept.keys.items[i], '"');
    }
    if (is_identity(h, "none"))
        mo_str_add(sql, "0");
}

int mo_ladder_note_filled(mo_ladder *l, mo_step *step, const mo_filling *filling)
{
    mo_str sql = {0};
    int rc;
    if (filling == NULL)
        return MOULT_OK;
    mo_str_add(&sql, "UPDATE ");
    mo_str_ident(&sql, filling->h.kept.holder, '"');
    mo_str_add(&sql, " SET ");
    for (size_t i = 0; i < filling->h.kept.columns.count; i++) {
        mo_str_addf(&sql, "%s\"_moult_new_%zu\" = (SELECT n.", i ? ", " : "", i + 1);
        mo_str_ident(&sql, filling->h.kept.columns.items[i], '"');
        mo_str_add(&sql, " FROM ");
        mo_str_ident(&sql, filling->h.after->name, '"');
        mo_str_add(&sql, " AS n WHERE ");
        add_same_row(&sql, &filling->h);
        mo_str_add(&sql, ")");
    }
    rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, step, mo_str_text(&sql), 0, l->err);
    mo_str_free(&sql);
    return rc == MOULT_OK ? mo_ladder_catalog(l, step, &filling->h.kept) : rc;
}
