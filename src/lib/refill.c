/* SPDX-License-Identifier: MIT */
/*
 * refill.c - on the way back, what the attic keeps goes back into the rows that it came from.
 *
 * The versions between are gone through backwards, from the one that is there. Of each version it is known, for each
 * column of a table, by which expression over the rows of today its values are told: at first by the column itself. Where a
 * version dropped a column, the version before has it by a look-up in the holder: by the key, and by all other columns as
 * that version had them. Where a version converted values, the one before has the old ones where the value is still what
 * the conversion made. What is known of the target's columns in the end becomes the fill of those that come back. A
 * table that was dropped is gone through in the same way, over the rows of its holder.
 */
#include "refill.h"

#include <stdio.h>
#include <string.h>

#include "backward.h"

#define ROW "\"_moult_a\"" /* a row of a holder, in a look-up */
#define VALUE "\"_moult_e\""
#define LONGEST 200000 /* bytes of one expression */

typedef struct known {
    const char *name;
    const char *sql; /* NULL: nothing is known */
    int changed;     /* it is not just the column */
} known;
typedef MO_VEC(known) known_list;

/* An entry that is looked at for columns that come back. */
typedef struct use {
    const mo_attic_entry *entry;
    const char *match; /* in the names of the live database */
    mo_name_list columns;
} use;

typedef struct walk {
    moult *m;
    mo_plan *plan;
    mo_region *region;
    /* The versions from the one that is gone back to, to the last. One that went back to an earlier one stands next to that
     * one: it is the same again, and what lies between was undone. */
    int64_t *versions;
    int *again; /* of each: it is the same as the one before */
    size_t count;
    mo_schema **schemas;
    mo_attic_entries entries;
    MO_VEC(use) uses;
    /* the table at hand */
    mo_object *table;      /* as desired */
    const char **names;    /* of the table, in each version; NULL: it is not there any more */
    const char ***columns; /* of each desired column, in each version; likewise */
    size_t alive;          /* the last version that has it */
    const mo_object *live;
    const mo_attic_entry *base; /* it was dropped: its holder */
    const char *row_id;         /* how its row id is told; NULL: not at all */
    int as_live;                /* names are those of the live database; else those that the plan's renames make */
    int failed;
} walk;

/* --- how things were called --------------------------------------------------------------------------------------- */

static const mo_object *table_in(const walk *w, size_t k, const char *name)
{
    return name ? mo_schema_find(w->schemas[k], MO_KIND_TABLE, name) : NULL;
}

/* What a table of version k-1 is called in version k; NULL: that one does not have it. */
static const char *later_table(const walk *w, size_t k, const char *name)
{
    const char *next = mo_backward_table(w->schemas[k - 1], w->schemas[k], name);
    const mo_object *o = table_in(w, k, next);
    if (o && mo_name_equal(next, name) && o->renamed_from && !mo_name_equal(o->renamed_from, name) &&
        mo_backward_is_new(w->schemas[k - 1], o, NULL))
        return NULL; /* another one took its name */
    return o ? o->name : NULL;
}

static const char *later_column(const walk *w, size_t k, const mo_object *later, const char *name)
{
    const char *next = mo_backward_column(w->schemas[k - 1], later, name);
    const mo_column *c = mo_table_column(later->table, next);
    if (c && mo_name_equal(next, name) && c->renamed_from && !mo_name_equal(c->renamed_from, name) &&
        mo_backward_is_new(w->schemas[k - 1], later, c))
        return NULL;
    return c ? c->name : NULL;
}

static int trace(walk *w)
{
    size_t n = w->table->table->columns.count;
    w->names = mo_region_alloc(w->region, w->count * sizeof *w->names);
    w->columns = mo_region_alloc(w->region, w->count * sizeof *w->columns);
    for (size_t k = 0; w->names && w->columns && k < w->count; k++)
        if ((w->columns[k] = mo_region_alloc(w->region, (n + 1) * sizeof **w->columns)) == NULL)
            return -1;
    if (!w->names || !w->columns)
        return -1;
    w->names[0] = w->table->name;
    for (size_t i = 0; i < n; i++)
        w->columns[0][i] = w->table->table->columns.items[i]->name;
    w->alive = 0;
    for (size_t k = 1; k < w->count && w->names[k - 1]; k++) {
        if (w->again[k]) {
            w->names[k] = w->names[k - 1];
            memcpy(w->columns[k], w->columns[k - 1], n * sizeof **w->columns);
            w->alive = k;
            continue;
        }
        const mo_object *later = table_in(w, k, later_table(w, k, w->names[k - 1]));
        if (later == NULL)
            break;
        w->names[k] = later->name;
        w->alive = k;
        for (size_t i = 0; i < n; i++)
            w->columns[k][i] = w->columns[k - 1][i] ? later_column(w, k, later, w->columns[k - 1][i]) : NULL;
    }
    return 0;
}

/* --- what is known to begin with ---------------------------------------------------------------------------------- */

static const char *take(walk *w, mo_str *s)
{
    char *text;
    if (s->length > LONGEST)
        w->failed = 1;
    text = mo_str_into(s, w->region);
    w->failed |= text == NULL ? 2 : 0;
    return text;
}

static void qualified(walk *w, mo_str *s, const char *table, const char *column)
{
    w->plan->dialect->quote(s, table);
    mo_str_addc(s, '.');
    w->plan->dialect->quote(s, column);
}

/* The name that a live column has once the plan's renames are done. */
static const char *planned_column(const walk *w, const char *name)
{
    const mo_table *t = w->table->table;
    for (size_t i = 0; i < t->columns.count; i++)
        if (mo_name_equal(t->columns.items[i]->renamed_from, name))
            return t->columns.items[i]->name;
    return name;
}

static void push_known(walk *w, known_list *all, const char *name, const char *sql, int changed)
{
    known k = {name, sql, changed};
    if (mo_vec_push(w->region, all, k))
        w->failed |= 2;
}

static void begin_live(walk *w, known_list *all)
{
    const char *table = w->as_live ? w->live->name : w->table->name;
    const char *row_id = w->plan->dialect->row_id_name ? w->plan->dialect->row_id_name(w->live->table) : NULL;
    mo_str s = {0};
    for (size_t i = 0; i < w->live->table->columns.count; i++) {
        const char *name = w->live->table->columns.items[i]->name;
        qualified(w, &s, table, w->as_live ? name : planned_column(w, name));
        push_known(w, all, name, take(w, &s), 0);
    }
    if (row_id)
        qualified(w, &s, table, row_id);
    w->row_id = row_id ? take(w, &s) : NULL;
}

static void begin_holder(walk *w, known_list *all)
{
    const mo_object *then = table_in(w, w->alive, w->names[w->alive]);
    const char *row_id = w->plan->dialect->row_id_name ? w->plan->dialect->row_id_name(then->table) : NULL;
    mo_str s = {0};
    for (size_t i = 0; i < w->base->columns.count; i++) {
        qualified(w, &s, w->base->holder, w->base->columns.items[i]);
        push_known(w, all, w->base->columns.items[i], take(w, &s), 0);
    }
    if (row_id)
        qualified(w, &s, w->base->holder, row_id);
    w->row_id = row_id ? take(w, &s) : NULL;
}

static known *find_known(const known_list *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++)
        if (mo_name_equal(all->items[i].name, name))
            return &all->items[i];
    return NULL;
}

/* --- look-ups ----------------------------------------------------------------------------------------------------- */

static int has_name(const mo_name_list *names, const char *name, size_t *place)
{
    for (size_t i = 0; i < names->count; i++)
        if (mo_name_equal(names->items[i], name)) {
            *place = i;
            return 1;
        }
    return 0;
}

static int add_equal(walk *w, mo_str *s, const char *column, const char *op, const char *sql)
{
    if (sql == NULL)
        return 0;
    mo_str_add(s, s->length ? " AND " ROW "." : ROW ".");
    w->plan->dialect->quote(s, column);
    mo_str_addf(s, " %s ", op);
    mo_str_add(s, sql);
    return 1;
}

/* Converted values are other columns to each other, where a key alone is not enough. */
static int is_checked(const mo_attic_entry *e)
{
    return strcmp(e->kind, "values") == 0 && strcmp(e->identity, "unique") != 0;
}

/* Which row of a holder is the one at hand; NULL: that cannot be told. */
static const char *match_sql(walk *w, const mo_attic_entry *e, const known_list *all)
{
    mo_str s = {0};
    int told = strcmp(e->identity, "none") != 0 && strcmp(e->identity, "own") != 0;
    if (strcmp(e->identity, "rowid") == 0)
        told = add_equal(w, &s, "_moult_rowid", "=", w->row_id);
    for (size_t i = 0; i < e->keys.count && told; i++) {
        const known *k = find_known(all, e->keys.items[i]);
        told = add_equal(w, &s, e->keys.items[i], "=", k ? k->sql : NULL);
    }
    for (size_t i = 0; i < e->others.count && told; i++) {
        const known *k = find_known(all, e->others.items[i]);
        told = add_equal(w, &s, e->others.items[i], w->plan->dialect->same, k ? k->sql : NULL);
    }
    for (size_t i = 0; i < e->columns.count && told && is_checked(e); i++) {
        const known *k = find_known(all, e->columns.items[i]);
        char name[40];
        snprintf(name, sizeof name, "_moult_new_%zu", i + 1);
        told = add_equal(w, &s, name, w->plan->dialect->same, k ? k->sql : NULL);
    }
    if (strcmp(e->identity, "rowid") == 0)
        mo_str_add(&s, " AND " ROW ".\"_moult_sure\"");
    if (told)
        return take(w, &s);
    mo_str_free(&s);
    return NULL;
}

/* The fill that was given for a column, or NULL. */
static const char *given_fill(const walk *w, const char *column)
{
    const char *const *fills = w->m->options.pub.fills;
    mo_str name = {0};
    const char *found = NULL;
    mo_str_addf(&name, "%s.%s=", w->table->name, column);
    for (size_t i = 0; fills && fills[i] && !name.failed; i++)
        if (strlen(fills[i]) > name.length && mo_name_equaln(mo_str_text(&name), fills[i], name.length))
            found = fills[i] + name.length;
    mo_str_free(&name);
    return found;
}

/* The desired column that a column of version k is; NULL: none. */
static mo_column *desired_of(const walk *w, size_t k, const char *name)
{
    for (size_t i = 0; i < w->table->table->columns.count; i++)
        if (mo_name_equal(w->columns[k][i], name))
            return w->table->table->columns.items[i];
    return NULL;
}

static const mo_column *live_column(const walk *w, const mo_column *c)
{
    return w->live ? mo_table_column(w->live->table, c->renamed_from ? c->renamed_from : c->name) : NULL;
}

/* Writes down what is looked at, to count what it does not find. */
static void note_use(walk *w, const mo_attic_entry *e, const char *match, const char *column)
{
    use u = {.entry = e, .match = match};
    size_t place;
    if (!w->as_live || w->base)
        return;
    for (size_t i = 0; i < w->uses.count; i++)
        if (w->uses.items[i].entry == e) {
            if (!has_name(&w->uses.items[i].columns, column, &place) &&
                mo_vec_push(w->region, &w->uses.items[i].columns, column))
                w->failed |= 2;
            return;
        }
    if (mo_vec_push(w->region, &u.columns, column) || mo_vec_push(w->region, &w->uses, u))
        w->failed |= 2;
}

/* The value that a dropped column had, told by its holder; else what the column gives by itself, or what was given for
 * such rows. */
static const char *lookup_sql(walk *w, const mo_attic_entry *e, size_t k, const mo_column *c, const known_list *all)
{
    const mo_column *desired = desired_of(w, k - 1, c->name);
    const char *match = match_sql(w, e, all), *fill = desired ? given_fill(w, desired->name) : NULL;
    const char *other = fill ? fill : c->attr[MO_ATTR_DEFAULT].canonical;
    mo_str found = {0}, s = {0};
    if (desired && live_column(w, desired) == NULL)
        note_use(w, e, match, desired->name);
    if (match == NULL)
        return fill;
    mo_str_add(&found, "(SELECT " ROW ".");
    w->plan->dialect->quote(&found, c->name);
    mo_str_add(&found, " FROM ");
    w->plan->dialect->quote(&found, e->holder);
    mo_str_addf(&found, " AS " ROW " WHERE %s)", match);
    if (other == NULL || *other == '\0' || mo_name_equal(other, "null"))
        return take(w, &found);
    if (c->attr[MO_ATTR_NOT_NULL].canonical) { /* what was kept is no NULL, so a NULL is no row */
        mo_str_addf(&s, "coalesce(%s, (%s))", mo_str_text(&found), other);
    } else {
        mo_str_add(&s, "CASE WHEN EXISTS (SELECT 1 FROM ");
        w->plan->dialect->quote(&s, e->holder);
        mo_str_addf(&s, " AS " ROW " WHERE %s) THEN ", match);
        mo_str_addf(&s, "%s ELSE (%s) END", mo_str_text(&found), other);
    }
    s.failed |= found.failed;
    mo_str_free(&found);
    return take(w, &s);
}

/* The value before a conversion: the old one, where what it made still stands there. */
static const char *converted_sql(walk *w, const mo_attic_entry *e, size_t place, const char *match, const char *sql)
{
    mo_str s = {0};
    mo_str_addf(&s,
                "(SELECT CASE WHEN " ROW ".\"_moult_there\" THEN " ROW ".\"_moult_old_%zu\" ELSE " VALUE
                ".\"_moult_x\" END FROM (SELECT ",
                place + 1);
    mo_str_add(&s, sql);
    mo_str_add(&s, " AS \"_moult_x\") AS " VALUE " LEFT JOIN (SELECT *, 1 AS \"_moult_there\" FROM ");
    w->plan->dialect->quote(&s, e->holder);
    mo_str_addf(&s, ") AS " ROW " ON %s AND " ROW ".\"_moult_new_%zu\" %s " VALUE ".\"_moult_x\")", match, place + 1,
                w->plan->dialect->same);
    return take(w, &s);
}

/* --- one version back --------------------------------------------------------------------------------------------- */

static int is_of(const walk *w, const mo_attic_entry *e, size_t k, const char *kind)
{
    return e->version == w->versions[k] && !w->again[k] && strcmp(e->kind, kind) == 0 &&
           mo_name_equal(e->object, w->names[k]);
}

/* Rows are told by what they were when the version was made: before its conversions are undone. */
static void unconvert(walk *w, size_t k, known_list *all, const known_list *before)
{
    for (size_t i = 0; i < w->entries.count && !w->failed; i++) {
        const mo_attic_entry *e = &w->entries.items[i];
        const char *match = is_of(w, e, k, "values") ? match_sql(w, e, before) : NULL;
        for (size_t n = 0; match && n < e->columns.count; n++) {
            known *now = find_known(all, e->columns.items[n]);
            const mo_column *desired = desired_of(w, k, e->columns.items[n]);
            if (now == NULL || now->sql == NULL)
                continue;
            now->sql = converted_sql(w, e, n, match, now->sql);
            now->changed = 1;
            if (desired && now->sql && live_column(w, desired)) {
                mo_str with = {0};
                mo_str_addf(&with, "%s AND " ROW ".\"_moult_new_%zu\" %s ", match, n + 1, w->plan->dialect->same);
                mo_str_add(&with, find_known(before, e->columns.items[n])->sql);
                note_use(w, e, take(w, &with), desired->name);
            }
        }
    }
}

static const mo_attic_entry *column_entry(const walk *w, size_t k, const char *column)
{
    size_t place;
    for (size_t i = 0; i < w->entries.count; i++)
        if (is_of(w, &w->entries.items[i], k, "column") && has_name(&w->entries.items[i].columns, column, &place))
            return &w->entries.items[i];
    return NULL;
}

/* From what is known of version k to what is known of the one before. */
static void unwind(walk *w, size_t k, known_list *all)
{
    const mo_object *later = table_in(w, k, w->names[k]), *then = table_in(w, k - 1, w->names[k - 1]);
    known_list before = {0}, as_made = {0};
    for (size_t i = 0; i < all->count; i++)
        push_known(w, &as_made, all->items[i].name, all->items[i].sql, all->items[i].changed);
    if (w->failed)
        return;
    unconvert(w, k, all, &as_made);
    for (size_t i = 0; i < then->table->columns.count && !w->failed; i++) {
        const mo_column *c = then->table->columns.items[i];
        const char *name = later_column(w, k, later, c->name);
        const known *same = name ? find_known(all, name) : NULL;
        const mo_attic_entry *e = name ? NULL : column_entry(w, k, c->name);
        if (same)
            push_known(w, &before, c->name, same->sql, same->changed);
        else
            push_known(w, &before, c->name, e ? lookup_sql(w, e, k, c, &as_made) : NULL, 1);
    }
    *all = before;
}

static void know(walk *w, int as_live, known_list *all)
{
    memset(all, 0, sizeof *all);
    w->as_live = as_live;
    if (w->base)
        begin_holder(w, all);
    else
        begin_live(w, all);
    for (size_t k = w->alive; k > 0 && !w->failed; k--)
        if (!w->again[k])
            unwind(w, k, all);
}

static int failure(walk *w)
{
    if (w->failed & 2)
        return mo_error_nomem(&w->m->error);
    mo_error_set(&w->m->error, MOULT_IMPOSSIBLE, "what table '%s' held cannot be told through so many versions at once",
                 w->table->name);
    return mo_error_hint(&w->m->error, "go back to a version between first, then to version %lld",
                         (long long)w->versions[0]);
}

/* --- what comes of it --------------------------------------------------------------------------------------------- */

static int borrow(walk *w, const mo_attic_entry *e)
{
    size_t place;
    char *sql;
    if (has_name(&w->plan->borrowed, e->holder_sql, &place))
        return MOULT_OK;
    sql = mo_region_dup(w->plan->region, e->holder_sql);
    return sql == NULL || mo_vec_push(w->plan->region, &w->plan->borrowed, (const char *)sql)
               ? mo_error_nomem(&w->m->error)
               : MOULT_OK;
}

/* Every holder of these versions may be read by an expression. */
static int borrow_all(walk *w)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < w->entries.count && rc == MOULT_OK; i++)
        if (w->entries.items[i].version > w->versions[0])
            rc = borrow(w, &w->entries.items[i]);
    return rc;
}

static int stays_generated(const mo_column *c)
{
    return c->attr[MO_ATTR_GENERATED].canonical != NULL;
}

/* Does the way back give the values of this column another form? */
static int is_converted(const walk *w, const mo_column *live, const mo_column *c)
{
    static const mo_attr attrs[] = {MO_ATTR_TYPE, MO_ATTR_GENERATED, MO_ATTR_NOT_NULL};
    for (size_t i = 0; i < sizeof attrs / sizeof *attrs; i++)
        if (strcmp(mo_column_attr(live, attrs[i]), mo_column_attr(c, attrs[i])) != 0)
            return 1;
    return (mo_table_option(w->live->table, "strict") == NULL) != (mo_table_option(w->table->table, "strict") == NULL);
}

static int fill_column(walk *w, mo_column *c, const known *k)
{
    const mo_column *live = live_column(w, c);
    const char *sql = k && k->sql ? k->sql : live ? NULL : given_fill(w, c->name);
    if (sql == NULL || stays_generated(c) || (live == NULL && c->row_id))
        return MOULT_OK;
    if (live && (!k->changed || !is_converted(w, live, c)))
        return MOULT_OK;
    sql = mo_region_dup(w->plan->desired->region, sql);
    if (live)
        c->refill = sql;
    else
        c->fill = sql;
    return sql ? MOULT_OK : mo_error_nomem(&w->m->error);
}

typedef struct counting {
    int64_t count;
    mo_str keys;
} counting;

static int take_count(void *user, size_t count, const mo_value *values)
{
    (void)count;
    ((counting *)user)->count = values[0].integer;
    return MOULT_OK;
}

static int take_key(void *user, size_t count, const mo_value *values)
{
    counting *c = user;
    mo_str_add(&c->keys, c->keys.length ? ", " : "");
    for (size_t i = 0; i < count; i++) {
        mo_str_add(&c->keys, i ? "/" : "");
        if (values[i].type == MOULT_VALUE_INTEGER)
            mo_str_addf(&c->keys, "%lld", (long long)values[i].integer);
        else if (values[i].type == MOULT_VALUE_REAL)
            mo_str_addf(&c->keys, "%.15g", values[i].real);
        else if (values[i].type == MOULT_VALUE_TEXT)
            mo_str_addn(&c->keys, values[i].text, values[i].length > 40 ? 40 : values[i].length);
        else
            mo_str_add(&c->keys, values[i].type == MOULT_VALUE_BLOB ? "a blob" : "NULL");
    }
    return MOULT_OK;
}

typedef struct limit {
    moult *m;
    mo_deadline until;
} limit;

static int tick(void *user, int64_t rows_done)
{
    const limit *l = user;
    (void)rows_done;
    if (mo_cancelled(&l->m->cancel))
        return MOULT_CANCELLED;
    return mo_deadline_passed(l->until) ? MOULT_TIMEOUT : MOULT_OK;
}

static int ask(walk *w, mo_str *sql, mo_row_fn row, counting *out)
{
    limit l = {w->m, mo_deadline_in(w->m->options.pub.detect_timeout)};
    mo_watch watch = {tick, &l};
    int rc = sql->failed
                 ? mo_error_nomem(&w->m->error)
                 : w->plan->dialect->query(w->m->conn, mo_str_text(sql), NULL, 0, row, out, &watch, &w->m->error);
    mo_str_free(sql);
    if (rc == MOULT_TIMEOUT)
        mo_error_hint(&w->m->error, "raise the limit for detection");
    return rc;
}

/* The key columns of a live table, or its row id: what people call its rows by. */
static void add_keys(walk *w, mo_str *sql)
{
    size_t n = 0;
    for (size_t i = 0; i < w->live->table->columns.count; i++) {
        const mo_column *c = w->live->table->columns.items[i];
        if (c->key_place == 0 && !c->row_id)
            continue;
        mo_str_add(sql, n++ ? ", " : "");
        w->plan->dialect->quote(sql, c->name);
    }
    if (n == 0)
        mo_str_add(sql, w->row_id ? w->row_id : "'?'");
}

/* A column that comes back NOT NULL: do all rows get a value? */
static int check_required(walk *w, const mo_column *c, const char *live_sql)
{
    counting found = {0};
    mo_str sql = {0}, n = {0};
    int rc;
    mo_str_add(&sql, "SELECT count(*) FROM ");
    w->plan->dialect->quote(&sql, w->live->name);
    mo_str_addf(&sql, " WHERE (%s) IS NULL", live_sql ? live_sql : "NULL");
    rc = ask(w, &sql, take_count, &found);
    if (rc != MOULT_OK || found.count == 0)
        return rc;
    mo_str_add(&sql, "SELECT ");
    add_keys(w, &sql);
    mo_str_add(&sql, " FROM ");
    w->plan->dialect->quote(&sql, w->live->name);
    mo_str_addf(&sql, " WHERE (%s) IS NULL LIMIT 5", live_sql ? live_sql : "NULL");
    rc = ask(w, &sql, take_key, &found);
    mo_str_count(&n, found.count);
    if (rc == MOULT_OK) {
        rc = mo_error_set(&w->m->error, MOULT_IMPOSSIBLE,
                          "column '%s.%s' comes back NOT NULL, and the attic has nothing for %s row%s (%s%s)",
                          w->table->name, c->name, mo_str_text(&n), found.count == 1 ? "" : "s",
                          mo_str_text(&found.keys), found.count > 5 ? ", …" : "");
        mo_error_object(&w->m->error, "column %s.%s", w->table->name, c->name);
        mo_error_hint(&w->m->error, "say what those rows shall hold: --fill %s.%s=EXPRESSION", w->table->name, c->name);
    }
    mo_str_free(&n);
    mo_str_free(&found.keys);
    return rc;
}

static int is_required(const mo_column *c)
{
    const char *value = c->attr[MO_ATTR_DEFAULT].canonical;
    return c->attr[MO_ATTR_NOT_NULL].canonical && !c->row_id && !stays_generated(c) &&
           (value == NULL || *value == '\0' || mo_name_equal(value, "null"));
}

static void add_columns(const walk *w, mo_str *s, const use *u)
{
    for (size_t i = 0; i < u->columns.count; i++)
        mo_str_addf(s, "%s%s.%s", i ? ", " : "", w->table->name, u->columns.items[i]);
}

static int say_lost(walk *w, const use *u, int64_t lost, const char *keys, const char *why)
{
    mo_str s = {0}, n = {0}, all = {0};
    int rc;
    mo_str_count(&n, lost);
    mo_str_count(&all, u->entry->rows);
    add_columns(w, &s, u);
    rc = s.failed || n.failed || all.failed
             ? mo_error_nomem(&w->m->error)
             : mo_plan_note(w->plan, &w->m->error,
                            "%s of %s values of %s cannot go back: %s%s%s%s; they stay in the attic (entry %lld)",
                            mo_str_text(&n), mo_str_text(&all), mo_str_text(&s), why, *keys ? " (" : "", keys,
                            *keys ? lost > 5 ? ", …)" : ")" : "", (long long)u->entry->id);
    mo_str_free(&s);
    mo_str_free(&n);
    mo_str_free(&all);
    return rc;
}

/* What cannot go back is said before. */
static int count_use(walk *w, const use *u)
{
    counting found = {0};
    mo_str sql = {0};
    int rc;
    if (u->entry->rows == 0)
        return MOULT_OK;
    if (u->match == NULL)
        return say_lost(w, u, u->entry->rows, "", "which rows they are of cannot be told any more");
    mo_str_add(&sql, "SELECT count(*) FROM ");
    w->plan->dialect->quote(&sql, w->live->name);
    mo_str_add(&sql, " WHERE EXISTS (SELECT 1 FROM ");
    w->plan->dialect->quote(&sql, u->entry->holder);
    mo_str_addf(&sql, " AS " ROW " WHERE %s)", u->match);
    rc = ask(w, &sql, take_count, &found);
    if (rc != MOULT_OK || found.count >= u->entry->rows)
        return rc;
    found.count = u->entry->rows - found.count;
    mo_str_add(&sql, "SELECT ");
    for (size_t i = 0; i < u->entry->keys.count; i++) {
        mo_str_add(&sql, i ? ", " : "");
        w->plan->dialect->quote(&sql, u->entry->keys.items[i]);
    }
    mo_str_add(&sql, u->entry->keys.count ? " FROM " : "\"_moult_rowid\" FROM ");
    w->plan->dialect->quote(&sql, u->entry->holder);
    mo_str_add(&sql, " AS " ROW " WHERE NOT EXISTS (SELECT 1 FROM ");
    w->plan->dialect->quote(&sql, w->live->name);
    mo_str_addf(&sql, " WHERE %s) LIMIT 5", u->match);
    rc = ask(w, &sql, take_key, &found);
    if (rc == MOULT_OK)
        rc = say_lost(w, u, found.count, mo_str_text(&found.keys),
                      "their rows are gone, have changed since, or cannot be told apart");
    mo_str_free(&found.keys);
    return rc;
}

static int fill_live(walk *w)
{
    known_list planned, now;
    const mo_table *t = w->table->table;
    int rc = MOULT_OK;
    w->uses.count = 0;
    know(w, 0, &planned);
    know(w, 1, &now);
    if (w->failed)
        return failure(w);
    for (size_t i = 0; i < t->columns.count && rc == MOULT_OK; i++) {
        mo_column *c = t->columns.items[i];
        const known *k = find_known(&now, c->name);
        rc = fill_column(w, c, find_known(&planned, c->name));
        if (rc == MOULT_OK && live_column(w, c) == NULL && is_required(c) && (c->fill || w->m->rollback))
            rc = check_required(w, c, k && k->sql ? k->sql : given_fill(w, c->name));
    }
    for (size_t i = 0; i < w->uses.count && rc == MOULT_OK; i++)
        rc = count_use(w, &w->uses.items[i]);
    return rc;
}

static int fill_table(walk *w)
{
    known_list all;
    mo_refill refill = {.rows = w->base->rows};
    mo_region *r = w->plan->region;
    const mo_table *t = w->table->table;
    know(w, 0, &all);
    if (w->failed)
        return failure(w);
    refill.table = mo_region_dup(r, w->table->name);
    refill.holder = mo_region_dup(r, w->base->holder);
    refill.row_id = mo_region_dup(r, w->row_id);
    if (!refill.table || !refill.holder || (w->row_id && !refill.row_id))
        return mo_error_nomem(&w->m->error);
    for (size_t i = 0; i < t->columns.count; i++) {
        const mo_column *c = t->columns.items[i];
        const known *k = find_known(&all, c->name);
        const char *sql = k && k->sql ? k->sql : given_fill(w, c->name);
        mo_refill_column column = {mo_region_dup(r, c->name), mo_region_dup(r, sql)};
        if (sql == NULL || stays_generated(c))
            continue;
        if (!column.name || !column.value || mo_vec_push(r, &refill.columns, column))
            return mo_error_nomem(&w->m->error);
    }
    if (refill.columns.count && mo_vec_push(r, &w->plan->refills, refill))
        return mo_error_nomem(&w->m->error);
    return MOULT_OK;
}

/* The holder of a table that a version dropped; NULL: there is none. */
static const mo_attic_entry *table_entry(const walk *w, const char *name, size_t k)
{
    for (size_t i = 0; i < w->entries.count; i++) {
        const mo_attic_entry *e = &w->entries.items[i];
        if (e->version == w->versions[k] && !w->again[k] && strcmp(e->kind, "table") == 0 &&
            mo_name_equal(e->object, name))
            return e;
    }
    return NULL;
}

static int one_table(walk *w, mo_object *table)
{
    w->table = table;
    w->base = NULL;
    w->live = mo_schema_find(w->plan->live, MO_KIND_TABLE, table->renamed_from ? table->renamed_from : table->name);
    if (table_in(w, 0, table->name) == NULL)
        return MOULT_OK; /* declared under another scope */
    if (trace(w))
        return mo_error_nomem(&w->m->error);
    if (w->alive + 1 == w->count)
        return w->live ? fill_live(w) : MOULT_OK;
    w->base = table_entry(w, w->names[w->alive], w->alive + 1);
    if (w->live && w->base)
        return mo_plan_note(
            w->plan, &w->m->error,
            "table %s was dropped in version %lld and made anew since: its rows of then stay in the attic "
            "(entry %lld)",
            table->name, (long long)w->versions[w->alive + 1], (long long)w->base->id);
    if (w->base == NULL || w->live)
        return MOULT_OK;
    return fill_table(w);
}

/* A virtual table comes back whole, or not at all. */
static int one_virtual(walk *w, const mo_object *table)
{
    mo_refill refill = {0};
    const mo_attic_entry *e = NULL;
    if (mo_schema_find_relation(w->plan->live, table->name))
        return MOULT_OK;
    for (size_t k = 1; k < w->count && e == NULL; k++)
        if (mo_schema_find(w->schemas[k], MO_KIND_VIRTUAL_TABLE, table->name) == NULL)
            e = table_entry(w, table->name, k);
    if (e == NULL)
        return MOULT_OK;
    refill.table = mo_region_dup(w->plan->region, table->name);
    refill.holder = mo_region_dup(w->plan->region, e->holder);
    if (!refill.table || !refill.holder || mo_vec_push(w->plan->region, &w->plan->refills, refill))
        return mo_error_nomem(&w->m->error);
    return MOULT_OK;
}

/* A version that only ended what the one before had begun (a contract) took away what that one declares no more. */
static void date_entries(walk *w)
{
    for (size_t i = 0; i < w->entries.count; i++) {
        mo_attic_entry *e = &w->entries.items[i];
        for (size_t k = w->count - 1; k > 0; k--)
            if (e->version == w->versions[k] && !w->again[k] &&
                strcmp(w->schemas[k]->fingerprint, w->schemas[k - 1]->fingerprint) == 0)
                e->version = w->versions[k - 1];
    }
}

/* The version before on the way: of one that went back to an earlier one, that one. */
static int64_t step_back(const mo_versions *all, int64_t version, int64_t first, int *again)
{
    const moult_version_info *v = &all->items[version - 1].info;
    *again = 0;
    for (int64_t k = version - 1; k >= first && strcmp(v->kind, "backward") == 0; k--)
        if (strcmp(all->items[k - 1].info.to, v->to) == 0) {
            *again = 1;
            return k;
        }
    return version - 1;
}

static int find_way(walk *w, int64_t first, int64_t latest)
{
    mo_versions all;
    size_t room = (size_t)(latest - first) + 1;
    int64_t *back = mo_region_alloc(w->region, room * sizeof *back);
    int *again = mo_region_alloc(w->region, room * sizeof *again);
    int rc = mo_history_read(w->m->dialect, w->m->conn, w->region, &all, &w->m->error);
    if (rc != MOULT_OK)
        return rc;
    w->versions = mo_region_alloc(w->region, room * sizeof *w->versions);
    w->again = mo_region_alloc(w->region, room * sizeof *w->again);
    if (!back || !again || !w->versions || !w->again)
        return mo_error_nomem(&w->m->error);
    if (all.count != (size_t)latest) /* versions were taken out by hand */
        return mo_error_set(&w->m->error, MOULT_NOTFOUND, "the history has gaps: 'moult status' tells them");
    for (int64_t v = latest; v >= first; v = step_back(&all, v, first, &again[w->count - 1]))
        back[w->count++] = v;
    for (size_t k = 0; k < w->count; k++) {
        w->versions[k] = back[w->count - 1 - k];
        w->again[k] = k > 0 && again[w->count - 1 - k];
    }
    return MOULT_OK;
}

static int load(walk *w, int64_t first, int64_t latest)
{
    int rc = find_way(w, first, latest);
    w->schemas = rc == MOULT_OK ? mo_region_alloc(w->region, w->count * sizeof *w->schemas) : NULL;
    if (rc == MOULT_OK && w->schemas == NULL)
        return mo_error_nomem(&w->m->error);
    for (size_t k = 0; k < w->count && rc == MOULT_OK; k++)
        rc = mo_history_schema(w->m->dialect, w->m->conn, w->versions[k], &w->schemas[k], &w->m->error);
    if (rc == MOULT_OK && !w->m->options.pub.no_attic)
        rc = mo_attic_read(w->m->dialect, w->m->conn, w->region, &w->entries, &w->m->error);
    if (rc == MOULT_OK)
        date_entries(w);
    return rc == MOULT_OK ? borrow_all(w) : rc;
}

int mo_refill_plan(moult *m, mo_plan *plan, int64_t latest)
{
    walk w = {.m = m, .plan = plan};
    int rc;
    if (latest <= plan->behind_version)
        return MOULT_OK;
    w.region = mo_region_new();
    rc = w.region ? load(&w, plan->behind_version, latest) : mo_error_nomem(&m->error);
    for (size_t i = 0; i < plan->desired->objects.count && rc == MOULT_OK; i++) {
        mo_object *o = plan->desired->objects.items[i];
        if (o->kind == MO_KIND_TABLE)
            rc = one_table(&w, o);
        else if (o->kind == MO_KIND_VIRTUAL_TABLE)
            rc = one_virtual(&w, o);
    }
    for (size_t i = 0; w.schemas && i < w.count; i++)
        mo_schema_free(w.schemas[i]);
    mo_region_free(w.region);
    return rc;
}
