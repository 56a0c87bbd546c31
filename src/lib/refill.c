/* SPDX-License-Identifier: MIT */
/*
 * refill.c - on the way back, what the attic keeps goes back into the rows that it came from.
 *
 * What refill_walk.c knows of the columns of the version that is gone back to becomes the fill of those that come back, and
 * the new values of those that are converted back; a table that was dropped is filled from its holder. Before anything
 * is done the rows are asked what cannot go back.
 */
#include "refill.h"

#include <string.h>

#include "lasting.h"
#include "plan/evidence.h"
#include "refill_walk.h"

#define ROW MO_REFILL_ROW

/* --- what comes of it --------------------------------------------------------------------------------------------- */

static int failure(walk *w)
{
    if (w->failed & MO_WALK_NOMEM)
        return mo_error_nomem(&w->m->error);
    if (w->failed & MO_WALK_REFUSED)
        return w->m->error.pub.code;
    mo_error_set(&w->m->error, MOULT_IMPOSSIBLE, "what table '%s' held cannot be told through so many versions at once",
                 w->table->name);
    return mo_error_hint(&w->m->error, "go back to a version between first, then to version %lld",
                         (long long)w->versions[0]);
}

static int borrow(walk *w, const mo_attic_entry *e)
{
    size_t place;
    char *sql;
    if (mo_walk_has(&w->plan->borrowed, e->holder_sql, &place))
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

/* Its steps need the table's stages. */
static void use_stages(walk *w)
{
    for (size_t i = w->first_stage; i < w->stage; i++)
        w->plan->stages.items[i].is_used = 1;
}

/* What was given for a column that is there and becomes another one is as if it stood at its line. */
static int fill_as_given(walk *w, const mo_column *live, mo_column *c)
{
    const char *given = c->fill ? NULL : mo_walk_given(w, c->name);
    if (!given || !is_converted(w, live, c))
        return MOULT_OK;
    c->fill = mo_region_dup(w->plan->desired->region, given);
    return c->fill ? MOULT_OK : mo_error_nomem(&w->m->error);
}

static int fill_column(walk *w, mo_column *c, const known *k)
{
    const mo_column *live = mo_walk_live(w, c);
    const char *sql = k && k->sql ? k->sql : live ? NULL : mo_walk_given(w, c->name);
    if (stays_generated(c) || (live == NULL && (sql == NULL || c->row_id)))
        return MOULT_OK;
    if (live && (sql == NULL || k->weight.depth == 0 || !is_converted(w, live, c)))
        return fill_as_given(w, live, c);
    use_stages(w);
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

int mo_walk_run(walk *w, const char *sql)
{
    limit l = {w->m, mo_deadline_in(w->m->options.pub.detect_timeout)};
    mo_watch watch = {tick, &l};
    return w->plan->dialect->exec(w->m->conn, sql, &watch, &w->m->error);
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
    if (rc == MOULT_DATABASE) { /* a fill may name what comes with the plan: an assertion asks it then */
        mo_error_clear(&w->m->error);
        return MOULT_OK;
    }
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
        mo_evidence_ask_fill(w->plan, &w->m->error, "", "what those rows shall hold", w->table->name, c);
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
    w->plan->dialect->quote(&sql, w->from);
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
    w->plan->dialect->quote(&sql, w->from);
    mo_str_addf(&sql, " WHERE %s) LIMIT 5", u->match);
    rc = ask(w, &sql, take_key, &found);
    if (rc == MOULT_OK)
        rc = say_lost(w, u, found.count, mo_str_text(&found.keys),
                      "their rows are gone, have changed since, or cannot be told apart");
    mo_str_free(&found.keys);
    return rc;
}

static int count_uses(walk *w)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < w->uses.count && rc == MOULT_OK; i++)
        rc = count_use(w, &w->uses.items[i]);
    return rc;
}

static int fill_live(walk *w)
{
    known_list planned, now;
    const mo_table *t = w->table->table;
    int rc = MOULT_OK;
    w->uses.count = 0;
    mo_walk_know(w, 0, &planned);
    mo_walk_know(w, 1, &now);
    if (w->failed)
        return failure(w);
    for (size_t i = 0; i < t->columns.count && rc == MOULT_OK; i++) {
        mo_column *c = t->columns.items[i];
        const known *k = mo_walk_known(&now, c->name), *then = mo_walk_known(&planned, c->name);
        int asked = (then && then->sql) || (c->fill == NULL && (mo_walk_given(w, c->name) || w->m->rollback));
        rc = fill_column(w, c, then);
        if (rc == MOULT_OK && mo_walk_live(w, c) == NULL && is_required(c) && asked)
            rc = check_required(w, c, k && k->sql ? k->sql : mo_walk_given(w, c->name));
    }
    return rc == MOULT_OK ? count_uses(w) : rc;
}

/* Has the holder stored columns that are none of the version that is gone back to? */
static int stays_partly(const walk *w)
{
    const mo_object *then = mo_walk_table(w, w->alive, w->names[w->alive]);
    for (size_t i = 0; i < then->table->columns.count; i++)
        if (!stays_generated(then->table->columns.items[i]) &&
            mo_walk_desired(w, w->alive, then->table->columns.items[i]->name) == NULL)
            return 1;
    return 0;
}

static int fill_table(walk *w)
{
    known_list all;
    mo_refill refill = {.rows = w->base->rows};
    mo_region *r = w->plan->region;
    const mo_table *t = w->table->table;
    int rc = MOULT_OK;
    w->uses.count = 0;
    mo_walk_know(w, 0, &all);
    if (w->failed)
        return failure(w);
    refill.table = mo_region_dup(r, w->table->name);
    refill.holder = mo_region_dup(r, w->base->holder);
    refill.row_id = mo_region_dup(r, w->row_id);
    if (!refill.table || !refill.holder || (w->row_id && !refill.row_id))
        return mo_error_nomem(&w->m->error);
    for (size_t i = 0; i < t->columns.count; i++) {
        const mo_column *c = t->columns.items[i];
        const known *k = mo_walk_known(&all, c->name);
        const char *sql = k && k->sql ? k->sql : mo_walk_given(w, c->name);
        mo_refill_column column = {mo_region_dup(r, c->name), mo_region_dup(r, sql)};
        if (sql == NULL || stays_generated(c))
            continue;
        if (!column.name || !column.value || mo_vec_push(r, &refill.columns, column))
            return mo_error_nomem(&w->m->error);
    }
    refill.partly = stays_partly(w);
    if (refill.columns.count && mo_vec_push(r, &w->plan->refills, refill))
        return mo_error_nomem(&w->m->error);
    use_stages(w);
    if (refill.partly && refill.rows)
        rc = mo_plan_note(
            w->plan, &w->m->error,
            "table %s had columns then that version %lld does not have: they stay in the attic (entry %lld)",
            w->table->name, (long long)w->versions[0], (long long)w->base->id);
    return rc == MOULT_OK ? count_uses(w) : rc;
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
    w->first_stage = w->plan->stages.count;
    w->live = mo_schema_find(w->plan->live, MO_KIND_TABLE, table->renamed_from ? table->renamed_from : table->name);
    if (mo_walk_table(w, 0, table->name) == NULL)
        return MOULT_OK; /* declared under another scope */
    if (mo_walk_trace(w))
        return mo_error_nomem(&w->m->error);
    if (w->alive + 1 == w->count)
        return w->live ? fill_live(w) : MOULT_OK;
    w->base = table_entry(w, w->names[w->alive], w->alive + 1);
    if (w->base == NULL || w->live)
        return MOULT_OK;
    return fill_table(w);
}

/* Where the dialect has no attic, the schema comes back, and no row and no value. */
static int tell_lost(walk *w, const mo_object *table)
{
    static const char where[] = "in the backup that was made before, if there is one";
    int rc = MOULT_OK;
    if (mo_walk_table(w, 0, table->name) == NULL)
        return MOULT_OK; /* declared under another scope */
    if (w->live == NULL)
        return mo_plan_note(w->plan, &w->m->error, "table %s comes back empty: its rows are %s", table->name, where);
    for (size_t i = 0; i < table->table->columns.count && rc == MOULT_OK; i++) {
        const mo_column *c = table->table->columns.items[i];
        if (mo_walk_live(w, c) == NULL && !stays_generated(c) && c->fill == NULL)
            rc = mo_plan_note(w->plan, &w->m->error, "column %s.%s comes back without its values: they are %s",
                              table->name, c->name, where);
    }
    return rc;
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

/* Was a version expanded only, and then left for another one? It took nothing away: what went, went with the next. */
static int is_left(const mo_versions *all, int64_t version, int64_t next)
{
    const moult_version_info *v = &all->items[version - 1].info;
    return strcmp(v->kind, "expand") == 0 && strcmp(v->to, all->items[next - 1].info.to) != 0;
}

static int find_way(walk *w, int64_t first, int64_t latest)
{
    mo_versions all;
    size_t room = (size_t)(latest - first) + 1, kept = 0;
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
    for (int64_t v = latest; v >= first; v = mo_history_before(&all, v, first, &again[w->count - 1]))
        back[w->count++] = v;
    for (size_t n = w->count, k = 0; k < n; k++) {
        size_t at = n - 1 - k;
        if (k > 0 && at > 0 && !again[at - 1] && is_left(&all, back[at], back[at - 1]))
            continue;
        w->versions[kept] = back[at];
        w->again[kept++] = k > 0 && again[at];
    }
    w->count = kept;
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
        rc = mo_lasting_check(w->m, &w->entries, first + 1, 0);
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
        if (rc == MOULT_OK && o->kind == MO_KIND_TABLE && !(m->dialect->caps & MO_CAP_ATTIC))
            rc = tell_lost(&w, o);
    }
    for (size_t i = 0; w.schemas && i < w.count; i++)
        mo_schema_free(w.schemas[i]);
    mo_region_free(w.region);
    return rc;
}
