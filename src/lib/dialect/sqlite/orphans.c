/* SPDX-License-Identifier: MIT */
/*
 * orphans.c - rows whose foreign keys name no parent, counted before the steps and after them.
 *
 * A plan runs with foreign keys off, so nothing checks them but this. Databases with foreign keys off, which is SQLite's
 * default, hold such rows already: those never stand in the way; new ones do. Only tables that a step touches, and their
 * children, are looked at. Foreign keys are told apart by their columns: their numbers change with the definition.
 */
#include "dialect/sqlite/orphans.h"

#include <stdlib.h>
#include <string.h>

#include "dialect/sqlite/online.h"

enum { SHOWN = 5 };

#define ATTIC "_moult_attic_"

/* The broken rows of one foreign key. */
typedef struct group {
    const char *table, *parent;
    MO_VEC(const char *) columns;
    int id; /* its number in the definition as it is now */
    int64_t
        count; /* -1: it cannot be checked (no key in the parent, a collation that only the application has), which the
                      schema is to blame for, not the rows */
    int64_t rows[SHOWN];
    size_t shown;
} group;

struct mo_sqlite_orphans {
    mo_region *region;
    MO_VEC(group *) groups;
};

typedef struct work {
    mo_conn *c;
    const mo_plan *plan;
    mo_region *region;
    mo_map *touched;            /* names of tables that steps touch, before and after renames */
    mo_map *check;              /* tables to check */
    MO_VEC(const char *) names; /* the same, in order */
    mo_error *err;
} work;

void mo_sqlite_orphans_free(mo_sqlite_orphans *o)
{
    if (o) {
        mo_region_free(o->region); /* it lies in its region */
    }
}

/* --- what the plan's statements rename ------------------------------------------------------------------------ */

static char *value_of(mo_region *r, const mo_token *t)
{
    char *out = mo_region_alloc(r, t->length + 1);

    if (out) {
        out[mo_token_value(t, out)] = '\0';
    }
    return out;
}

/* ALTER TABLE [schema.]t RENAME TO x | RENAME [COLUMN] c TO x: 1, 0 for anything else, -1 without memory. */
static int read_rename(mo_region *r, const char *sql, mo_sqlite_rename *out)
{
    mo_lexer l;
    mo_token t, name, next;

    mo_lexer_init(&l, &mo_lex_sqlite, sql, strlen(sql));
    t = mo_lexer_next(&l);
    if (!mo_token_is(&t, "ALTER")) {
        return 0;
    }
    mo_lexer_next(&l);
    name = mo_lexer_next(&l);
    next = mo_lexer_next(&l);
    if (mo_token_is_punct(&next, '.')) {
        name = mo_lexer_next(&l);
        next = mo_lexer_next(&l);
    }
    if (!mo_token_is(&next, "RENAME")) {
        return 0;
    }
    memset(out, 0, sizeof *out);
    out->table = value_of(r, &name);
    t = mo_lexer_next(&l);
    next = mo_lexer_next(&l);
    if (mo_token_is(&t, "TO") && next.kind != MO_TOKEN_END && !mo_token_is(&next, "TO")) {
        out->to = value_of(r, &next);
        return out->table && out->to ? 1 : -1;
    }
    if (mo_token_is(&t, "COLUMN") && !mo_token_is(&next, "TO")) {
        t = next;
        next = mo_lexer_next(&l);
    }
    next = mo_lexer_next(&l);
    out->column = value_of(r, &t);
    out->to = value_of(r, &next);
    return out->table && out->column && out->to ? 1 : -1;
}

int mo_sqlite_each_rename(const mo_plan *plan, mo_region *r, mo_sqlite_rename_fn fn, void *user, mo_error *err)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        const mo_step *step = &plan->steps.items[i];
        for (size_t k = 0; k < step->statements.count; k++) {
            mo_sqlite_rename found;
            int is = step->statements.items[k].kind == MO_STATEMENT_RUN
                         ? read_rename(r, step->statements.items[k].sql, &found)
                         : 0;
            if (is > 0 && strncmp(found.to, ATTIC, strlen(ATTIC)) == 0) {
                continue; /* it is gone: who names it still names what is not there */
            }
            if (is < 0 || (is > 0 && fn(user, &found) != 0)) {
                return mo_error_nomem(err);
            }
        }
    }
    return MOULT_OK;
}

/* --- which tables to look at ------------------------------------------------------------------------------------ */

static int touch_renamed(void *user, const mo_sqlite_rename *rename)
{
    mo_map *touched = user;

    if (rename->column) {
        return 0;
    }
    if (mo_map_has(touched, rename->table)) {
        return mo_map_put(touched, rename->to, NULL);
    }
    return mo_map_has(touched, rename->to) ? mo_map_put(touched, rename->table, NULL) : 0;
}

/* New tables have no rows, and a rename moves none. */
static int touches_rows(const mo_step *step)
{
    if (step->driver && !(step->driver & MO_ONLINE_KEYS)) {
        return 0; /* every row keeps the values by which keys find it */
    }
    return step->kind == MO_KIND_TABLE && strcmp(step->method, "create") != 0 && strcmp(step->method, "rename") != 0;
}

int mo_sqlite_touched(const mo_plan *plan, mo_region *r, mo_map *touched, mo_error *err)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        const mo_step *step = &plan->steps.items[i];
        if (touches_rows(step) && mo_map_put(touched, step->object, NULL) != 0) {
            return mo_error_nomem(err);
        }
    }
    return mo_map_count(touched) ? mo_sqlite_each_rename(plan, r, touch_renamed, touched, err) : MOULT_OK;
}

static int want_row(void *user, size_t count, const mo_value *values)
{
    work *w = user;
    const char *child = values[0].text, *parent = values[1].text, *name;

    (void)count;
    if (!child || !parent || mo_map_has(w->check, child) ||
        (!mo_map_has(w->touched, child) && !mo_map_has(w->touched, parent))) {
        return MOULT_OK;
    }
    name = mo_region_dup(w->region, child);
    if (!name || mo_map_put(w->check, name, NULL) != 0 || mo_vec_push(w->region, &w->names, name) != 0) {
        return mo_error_nomem(w->err);
    }
    return MOULT_OK;
}

static int find_tables(work *w)
{
    return mo_sqlite_query(
        w->c,
        "SELECT m.name, f.\"table\" FROM main.sqlite_schema AS m, pragma_foreign_key_list(m.name, 'main') "
        "AS f WHERE m.type = 'table'",
        NULL, 0, want_row, w, NULL, w->err);
}

/* --- the broken rows of one table --------------------------------------------------------------------------------- */

typedef struct table_work {
    work *w;
    mo_sqlite_orphans *found;
    const char *table;
    size_t first; /* its groups begin here */
} table_work;

static group *group_of(table_work *t, int id)
{
    mo_sqlite_orphans *found = t->found;
    group *g;

    for (size_t i = t->first; i < found->groups.count; i++) {
        if (found->groups.items[i]->id == id) {
            return found->groups.items[i];
        }
    }
    g = mo_region_alloc(found->region, sizeof *g);
    if (!g) {
        return NULL;
    }
    g->id = id;
    g->table = t->table;
    return mo_vec_push(found->region, &found->groups, g) == 0 ? g : NULL;
}

static int broken_row(void *user, size_t count, const mo_value *values)
{
    table_work *t = user;
    group *g = group_of(t, (int)values[3].integer);

    (void)count;
    if (!g) {
        return mo_error_nomem(t->w->err);
    }
    if (!g->parent) {
        g->parent = mo_region_dup(t->found->region, values[2].text ? values[2].text : "");
        if (!g->parent) {
            return mo_error_nomem(t->w->err);
        }
    }
    g->count++;
    if (g->shown < SHOWN && values[1].type == MOULT_VALUE_INTEGER) {
        g->rows[g->shown++] = values[1].integer;
    }
    return MOULT_OK;
}

/* id, seq, table, from, … of PRAGMA foreign_key_list: the columns of the groups. */
static int key_row(void *user, size_t count, const mo_value *values)
{
    table_work *t = user;

    (void)count;
    for (size_t i = t->first; i < t->found->groups.count; i++) {
        group *g = t->found->groups.items[i];
        char *column;
        if (g->id != (int)values[0].integer) {
            continue;
        }
        column = mo_region_dup(t->found->region, values[3].text ? values[3].text : "");
        if (!column || mo_vec_push(t->found->region, &g->columns, column) != 0) {
            return mo_error_nomem(t->w->err);
        }
    }
    return MOULT_OK;
}

/* A foreign key that the engine cannot check at all: one group without a count stands for the whole table. */
static int uncheckable(table_work *t)
{
    group *g;

    t->found->groups.count = t->first;
    g = group_of(t, -1);
    if (!g) {
        return mo_error_nomem(t->w->err);
    }
    g->parent = "";
    g->count = -1;
    mo_error_clear(t->w->err);
    return MOULT_OK;
}

static int pragma_of(work *w, const char *pragma, const char *table, mo_row_fn row, void *user)
{
    mo_str sql = {0};
    int code;

    mo_str_add(&sql, pragma);
    mo_str_addc(&sql, '(');
    mo_sqlite_quote(&sql, table);
    mo_str_addc(&sql, ')');
    code = sql.failed ? mo_error_nomem(w->err)
                      : mo_sqlite_query(w->c, mo_str_text(&sql), NULL, 0, row, user, NULL, w->err);
    mo_str_free(&sql);
    return code;
}

static int scan_table(work *w, mo_sqlite_orphans *found, const char *table)
{
    table_work t = {w, found, mo_region_dup(found->region, table), found->groups.count};
    int code;

    if (!t.table) {
        return mo_error_nomem(w->err);
    }
    code = pragma_of(w, "PRAGMA main.foreign_key_check", table, broken_row, &t);
    if (code == MOULT_DATABASE) {
        return uncheckable(&t);
    }
    if (code == MOULT_OK && found->groups.count > t.first) {
        code = pragma_of(w, "PRAGMA main.foreign_key_list", table, key_row, &t);
    }
    return code;
}

static int scan(mo_conn *c, const mo_plan *plan, mo_sqlite_orphans *found, mo_error *err)
{
    work w = {.c = c, .plan = plan, .region = found->region, .err = err};
    int code;

    w.touched = mo_map_new(1);
    w.check = mo_map_new(1);
    code = w.touched && w.check ? mo_sqlite_touched(plan, w.region, w.touched, err) : mo_error_nomem(err);
    if (code == MOULT_OK && mo_map_count(w.touched)) {
        code = find_tables(&w);
    }
    for (size_t i = 0; code == MOULT_OK && i < w.names.count; i++) {
        code = scan_table(&w, found, w.names.items[i]);
    }
    mo_map_free(w.touched);
    mo_map_free(w.check);
    return code;
}

/* --- before against after ----------------------------------------------------------------------------------------- */

static int follow_rename(void *user, const mo_sqlite_rename *rename)
{
    mo_sqlite_orphans *before = user;

    for (size_t i = 0; i < before->groups.count; i++) {
        group *g = before->groups.items[i];
        for (size_t k = 0; rename->column && mo_name_equal(g->table, rename->table) && k < g->columns.count; k++) {
            if (mo_name_equal(g->columns.items[k], rename->column)) {
                g->columns.items[k] = rename->to;
            }
        }
        if (!rename->column && mo_name_equal(g->table, rename->table)) {
            g->table = rename->to;
        }
        if (!rename->column && mo_name_equal(g->parent, rename->table)) {
            g->parent = rename->to;
        }
    }
    return 0;
}

static int same_key(const group *a, const group *b)
{
    if (!mo_name_equal(a->table, b->table) || !mo_name_equal(a->parent, b->parent) ||
        a->columns.count != b->columns.count) {
        return 0;
    }
    for (size_t i = 0; i < a->columns.count; i++) {
        if (!mo_name_equal(a->columns.items[i], b->columns.items[i])) {
            return 0;
        }
    }
    return 1;
}

/* How many rows of this foreign key were broken before; -1 when that could not be told. */
static int64_t count_before(const mo_sqlite_orphans *before, const group *g)
{
    int64_t n = 0;

    for (size_t i = 0; before && i < before->groups.count; i++) {
        const group *b = before->groups.items[i];
        if (b->count < 0 && mo_name_equal(b->table, g->table)) {
            return -1;
        }
        n += same_key(b, g) ? b->count : 0;
    }
    return n;
}

static int fail_orphans(const group *g, int64_t before, mo_error *err)
{
    mo_str columns = {0}, rows = {0}, count = {0};
    int code;

    for (size_t i = 0; i < g->columns.count; i++) {
        mo_str_addf(&columns, "%s%s", i ? ", " : "", g->columns.items[i]);
    }
    for (size_t i = 0; i < g->shown; i++) {
        mo_str_addf(&rows, "%s%lld", i ? ", " : "", (long long)g->rows[i]);
    }
    mo_str_count(&count, g->count - before);
    mo_error_set(err, MOULT_DATABASE, "%s row%s of '%s' would have no parent in '%s'", mo_str_text(&count),
                 g->count - before == 1 ? "" : "s", g->table, g->parent);
    mo_error_detail(err, "foreign key (%s)%s%s%s", mo_str_text(&columns), rows.length ? "; rowids " : "",
                    mo_str_text(&rows), before ? ", with those that had none before" : "");
    mo_error_object(err, "table %s", g->table);
    mo_error_engine(err, "SQLITE_CONSTRAINT_FOREIGNKEY");
    code = mo_error_hint(err, "give these rows a parent, set the column to NULL, or delete them; then plan again");
    mo_str_free(&columns);
    mo_str_free(&rows);
    mo_str_free(&count);
    return code;
}

static int compare(mo_sqlite_orphans *before, const mo_sqlite_orphans *after, mo_error *err)
{
    for (size_t i = 0; i < after->groups.count; i++) {
        const group *g = after->groups.items[i];
        int64_t was = count_before(before, g);
        if (was >= 0 && g->count > was) {
            return fail_orphans(g, was, err);
        }
    }
    return MOULT_OK;
}

int mo_sqlite_run_check(mo_conn *c, const mo_plan *plan, int after, mo_error *err)
{
    mo_region *region = mo_region_new();
    mo_sqlite_orphans *found = region ? mo_region_alloc(region, sizeof *found) : NULL;
    int code;

    if (!found) {
        mo_region_free(region);
        return mo_error_nomem(err);
    }
    found->region = region;
    code = scan(c, plan, found, err);
    if (code == MOULT_OK && !after) {
        mo_sqlite_orphans_free(c->orphans);
        c->orphans = found;
        return MOULT_OK;
    }
    if (code == MOULT_OK && c->orphans) {
        code = mo_sqlite_each_rename(plan, c->orphans->region, follow_rename, c->orphans, err);
    }
    if (code == MOULT_OK) {
        code = compare(c->orphans, found, err);
    }
    mo_sqlite_orphans_free(found);
    return code;
}
