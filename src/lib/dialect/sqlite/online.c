/* SPDX-License-Identifier: MIT */
/*
 * online.c - the stages of a rebuild in batches, and what an interrupted one left.
 *
 *   prepare   log, triggers and the new table in one transaction; then the copy and the replay of the log, in batches
 *   begin     at the beginning of the plan's transaction: has anybody changed what it rests on?
 *   run       within that transaction: the rest of the log, and the swap
 *   finish    the old table is emptied in batches
 *   abandon   triggers and log go at once, the new table in batches
 *
 * `_moult_at_TABLE` says whose work it is and how far it came. A prepare that finds it fits goes on from there; else it is
 * cleared away, by tidy() at the latest, before any other plan touches the table.
 */
#include "dialect/sqlite/online.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dialect/sqlite/reader.h"

/* --- statements ---------------------------------------------------------------------------------------------------- */

int mo_online_run(mo_online *o, const char *sql, const mo_value *params, size_t count)
{
    return mo_sqlite_query(o->c, sql, params, count, NULL, NULL, o->drive->watch, o->err);
}

int mo_online_run_str(mo_online *o, mo_str *sql, const mo_value *params, size_t count)
{
    int rc = sql->failed ? mo_error_nomem(o->err) : mo_online_run(o, mo_str_text(sql), params, count);
    mo_str_free(sql);
    return rc;
}

static int take_number(void *user, size_t count, const mo_value *v)
{
    int64_t *out = user;
    *out = count && v[0].type == MOULT_VALUE_INTEGER ? v[0].integer : 0;
    return MOULT_OK;
}

int mo_online_ask(mo_online *o, const char *sql, const char *text, int64_t *out)
{
    mo_value param = mo_value_text(text);
    return mo_sqlite_query(o->c, sql, &param, text ? 1 : 0, take_number, out, o->drive->watch, o->err);
}

int mo_online_note(const mo_online *o, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return o->drive->note ? o->drive->note(o->drive->user, text) : MOULT_OK;
}

/* --- what it rests on ---------------------------------------------------------------------------------------------- */

static int hash_row(void *user, size_t count, const mo_value *v)
{
    for (size_t i = 0; i < count; i++)
        mo_hasher_add_text(user, v[i].text);
    return MOULT_OK;
}

/* The schema but for what is moult's or SQLite's own. */
static int hash_content(mo_online *o, char out[33])
{
    mo_hasher *h = mo_hasher_new();
    int rc = h ? mo_sqlite_query(o->c,
                                 "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE substr(name, 1, 7) NOT IN "
                                 "('_moult_', 'sqlite_') ORDER BY type, name",
                                 NULL, 0, hash_row, h, NULL, o->err)
               : mo_error_nomem(o->err);
    if (h)
        mo_hash_hex(mo_hasher_result(h), out);
    mo_hasher_free(h);
    return rc;
}

static int own_objects(mo_online *o, int64_t *count)
{
    mo_value names[7] = {mo_value_text(o->log), mo_value_text(o->fresh), mo_value_text(o->at)};
    int rc;
    for (size_t i = 0; mo_online_triggers[i]; i++) {
        const char *name = mo_region_printf(o->region, "%s%s", mo_online_triggers[i], o->suffix);
        if (name == NULL)
            return mo_error_nomem(o->err);
        names[3 + i] = mo_value_text(name);
    }
    rc = mo_sqlite_query(o->c, "SELECT count(*) FROM sqlite_schema WHERE name IN (?, ?, ?, ?, ?, ?, ?)", names, 7,
                         take_number, count, NULL, o->err);
    return rc;
}

static int changed(mo_online *o, const char *what)
{
    mo_error_set(o->err, MOULT_CHANGED, "%s while '%s' was rebuilt in batches", what, o->table);
    return mo_error_hint(o->err, "make a new plan");
}

/* schema_version moved: by a VACUUM, or by an ALTER of somebody else? */
static int look_closer(mo_online *o)
{
    char content[33] = "";
    int64_t own = 0;
    int rc = hash_content(o, content);
    if (rc == MOULT_OK)
        rc = own_objects(o, &own);
    if (rc != MOULT_OK)
        return rc;
    if (strcmp(content, o->content) != 0)
        return changed(o, "the schema was changed by somebody else");
    if (own != 7)
        return changed(o, "somebody removed what the rebuild rests on");
    if (!o->keys.declared)
        return MO_ONLINE_RESTART;
    return MOULT_OK; /* the batch writes the number down */
}

int mo_online_check(mo_online *o)
{
    int64_t version = 0;
    int rc = mo_online_ask(o, "PRAGMA main.schema_version", NULL, &version);
    return rc == MOULT_OK && version != o->version ? look_closer(o) : rc;
}

/* --- reading the step ----------------------------------------------------------------------------------------------- */

static int begins(const char *sql, const char *first, const char *second)
{
    mo_lexer x;
    mo_token a, b;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    a = mo_lexer_next(&x);
    b = mo_lexer_next(&x);
    return mo_token_is(&a, first) && (second == NULL || mo_token_is(&b, second));
}

static int sort_statements(mo_online *o)
{
    const mo_step *s = o->step;
    int dropped = 0;
    for (size_t i = 0; i < s->statements.count; i++) {
        const char *sql = s->statements.items[i].sql;
        int failed = 0;
        if (s->statements.items[i].kind != MO_STATEMENT_RUN)
            continue;
        if (i > 0 && mo_online_take_holder(o, sql) != MOULT_OK)
            return o->err->pub.code;
        if (i == 0)
            o->create = sql;
        else if (begins(sql, "INSERT", "OR")) {
            o->copy = sql;
            o->total = s->statements.items[i].rows;
        } else if (begins(sql, "DROP", "TABLE"))
            dropped = 1;
        else if (!dropped)
            failed = mo_vec_push(o->region, &o->sequences, sql);
        else if (begins(sql, "CREATE", "INDEX") || begins(sql, "CREATE", "UNIQUE"))
            failed = mo_vec_push(o->region, &o->indexes, sql);
        if (failed)
            return mo_error_nomem(o->err);
    }
    return o->create ? MOULT_OK : mo_error_set(o->err, MOULT_INVALID, "a step of the plan has no CREATE TABLE");
}

/* Whose work it is: the same step by the same moult. */
static int identify(mo_online *o)
{
    mo_hasher *h = mo_hasher_new();
    if (h == NULL)
        return mo_error_nomem(o->err);
    mo_hasher_add_text(h, MOULT_VERSION);
    mo_hasher_add(h, &o->step->driver, sizeof o->step->driver);
    for (size_t i = 0; i < o->step->statements.count; i++)
        mo_hasher_add_text(h, o->step->statements.items[i].sql);
    mo_hash_hex(mo_hasher_result(h), o->id);
    mo_hasher_free(h);
    return MOULT_OK;
}

static int name_tables(mo_online *o)
{
    o->suffix = o->step ? o->step->object : o->table;
    o->fresh = mo_region_printf(o->region, "_moult_new_%s", o->suffix);
    o->log = mo_region_printf(o->region, "_moult_log_%s", o->suffix);
    o->at = mo_region_printf(o->region, "_moult_at_%s", o->suffix);
    o->old = mo_region_printf(o->region, "_moult_old_%s", o->suffix);
    o->filling = mo_region_printf(o->region, "_moult_fl_%s", o->suffix);
    return o->fresh && o->log && o->at && o->old && o->filling ? MOULT_OK : mo_error_nomem(o->err);
}

static int take_table(void *user, size_t count, const mo_value *v)
{
    mo_online *o = user;
    mo_object *found = NULL;
    int rc = mo_sqlite_read_object(o->holder, v[1].text ? v[1].text : "", v[1].length, &found, o->err);
    (void)count;
    o->before = found;
    if (rc == MOULT_OK && (o->table = mo_region_dup(o->region, v[0].text)) == NULL)
        rc = mo_error_nomem(o->err);
    return rc;
}

static int read_step(mo_online *o)
{
    mo_value name = mo_value_text(o->step->object);
    mo_object *after = NULL;
    int rc = sort_statements(o);
    if (rc == MOULT_OK)
        rc = identify(o);
    if (rc == MOULT_OK)
        rc =
            mo_sqlite_query(o->c, "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)",
                            &name, 1, take_table, o, NULL, o->err);
    if (rc == MOULT_OK && o->before == NULL)
        rc = mo_error_set(o->err, MOULT_CHANGED, "there is no table '%s' any more", o->step->object);
    if (rc == MOULT_OK)
        rc = name_tables(o);
    if (rc == MOULT_OK)
        rc = mo_sqlite_read_object(o->holder, o->create, strlen(o->create), &after, o->err);
    o->after = after;
    return rc;
}

static int find_keys(mo_online *o)
{
    int rc = mo_online_find_keys(o->c, o->region, o->before, o->after, &o->keys, o->err);
    if (rc == MOULT_OK && o->keys.why_not)
        rc = mo_error_set(o->err, MOULT_INVALID, "'%s' cannot be rebuilt in batches: %s", o->table, o->keys.why_not);
    return rc == MOULT_OK ? mo_online_choose_kept(o) : rc;
}

static int open_online(mo_online *o, mo_conn *c, const mo_step *step, const mo_drive *drive, mo_error *err)
{
    memset(o, 0, sizeof *o);
    o->c = c;
    o->step = step;
    o->drive = drive;
    o->err = err;
    o->version = -1;
    o->region = mo_region_new();
    o->holder = mo_schema_new();
    return o->region && o->holder ? MOULT_OK : mo_error_nomem(err);
}

static void close_online(mo_online *o)
{
    mo_online_leave(o);
    mo_schema_free(o->holder);
    mo_region_free(o->region);
}

/* --- the beginning --------------------------------------------------------------------------------------------------- */

static int create_at(mo_online *o)
{
    mo_str sql = {0};
    mo_value params[3];
    int rc;
    mo_str_add(&sql, "CREATE TABLE ");
    mo_str_ident(&sql, o->at, '"');
    mo_str_add(&sql, "(step TEXT, content TEXT, version INTEGER, done INTEGER, copied INTEGER, filled INTEGER, ");
    mo_online_log_columns(&sql, "", o->keys.scan.count);
    mo_str_add(&sql, ")");
    rc = mo_online_run_str(o, &sql, NULL, 0);
    if (rc == MOULT_OK)
        rc = hash_content(o, o->content);
    if (rc == MOULT_OK)
        rc = mo_online_ask(o, "PRAGMA main.schema_version", NULL, &o->version);
    if (rc != MOULT_OK)
        return rc;
    params[0] = mo_value_text(o->id);
    params[1] = mo_value_text(o->content);
    params[2] = mo_value_int(o->version);
    mo_str_add(&sql, "INSERT INTO ");
    mo_str_ident(&sql, o->at, '"');
    mo_str_add(&sql, "(step, content, version, done, copied) VALUES (?, ?, ?, 0, 0)");
    return mo_online_run_str(o, &sql, params, 3);
}

static int create_indexes(mo_online *o)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < o->indexes.count && rc == MOULT_OK && !(o->step->driver & MO_ONLINE_LAST); i++)
        rc = mo_online_fill_begin(o, i);
    return rc;
}

static int create_all(mo_online *o, int64_t *rows, void *user)
{
    int rc = mo_online_log(o);
    (void)user;
    *rows = 0;
    if (rc == MOULT_OK)
        rc = mo_online_run(o, o->create, NULL, 0);
    if (rc == MOULT_OK)
        rc = create_indexes(o);
    if (rc == MOULT_OK)
        rc = mo_online_keep_begin(o);
    return rc == MOULT_OK ? create_at(o) : rc;
}

/* --- what was left --------------------------------------------------------------------------------------------------- */

static int there(mo_online *o, const char *table, int64_t *yes)
{
    return mo_online_ask(o, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1", table, yes);
}

static int let_go(mo_online *o, int64_t *rows, void *user)
{
    int64_t yes = 0;
    int rc = mo_online_drop_triggers(o);
    (void)user;
    *rows = 0;
    if (rc == MOULT_OK)
        rc = there(o, o->fresh, &yes);
    return rc == MOULT_OK && yes ? mo_online_retire_fresh(o) : rc;
}

static int take_sql(void *user, size_t count, const mo_value *v)
{
    mo_online *o = user;
    mo_object *found = NULL;
    int rc = mo_sqlite_read_object(o->holder, v[0].text ? v[0].text : "", v[0].length, &found, o->err);
    (void)count;
    o->after = found;
    return rc;
}

/* All that a rebuild of this table made and that is not in its place. Nobody waits long: the triggers go first. */
static int clear(mo_online *o)
{
    mo_value fresh = mo_value_text(o->fresh);
    int64_t rows, yes = 0;
    int rc;
    o->version = -1;
    rc = mo_online_remove(o, o->old);
    if (rc == MOULT_OK) /* as it is there: the step may be another */
        rc = mo_sqlite_query(o->c, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", &fresh, 1,
                             take_sql, o, NULL, o->err);
    if (rc == MOULT_OK)
        rc = there(o, o->log, &yes);
    if (rc == MOULT_OK && !yes)
        rc = there(o, o->fresh, &yes);
    if (rc == MOULT_OK && yes)
        rc = mo_online_batch(o, let_go, NULL, &rows);
    if (rc == MOULT_OK)
        rc = mo_online_remove(o, o->log);
    if (rc == MOULT_OK)
        rc = mo_online_remove(o, o->old);
    if (rc == MOULT_OK)
        rc = mo_online_remove(o, o->filling);
    if (rc == MOULT_OK)
        rc = mo_online_keep_clear(o);
    return rc == MOULT_OK ? mo_online_remove(o, o->at) : rc;
}

static int take_state(void *user, size_t count, const mo_value *v)
{
    mo_online *o = user;
    (void)count;
    if (v[0].text == NULL || strcmp(v[0].text, o->id) != 0 || v[1].text == NULL || v[1].length != 32)
        return MOULT_OK;
    memcpy(o->content, v[1].text, sizeof o->content);
    o->version = v[2].integer;
    o->done = v[3].integer;
    o->copied = v[4].integer != 0;
    o->filled = v[5].integer;
    return MOULT_OK;
}

/* Sets o->version when there is something that fits, and nothing has changed since. */
static int find_state(mo_online *o)
{
    mo_str sql = {0};
    int64_t yes = 0;
    int rc = there(o, o->at, &yes);
    o->version = -1;
    if (rc != MOULT_OK || !yes)
        return rc;
    mo_str_add(&sql, "SELECT step, content, version, done, copied, filled FROM ");
    mo_str_ident(&sql, o->at, '"');
    rc = sql.failed ? mo_error_nomem(o->err)
                    : mo_sqlite_query(o->c, mo_str_text(&sql), NULL, 0, take_state, o, NULL, o->err);
    mo_str_free(&sql);
    return rc;
}

static int check_state(mo_online *o, int64_t *rows, void *user)
{
    (void)o, (void)user;
    *rows = 0;
    return MOULT_OK; /* the batch itself looks */
}

/* Goes on with what an interrupted run of the same step left, or clears it away; both are said. */
static int resume(mo_online *o, int *resumed)
{
    int64_t rows;
    int rc = find_state(o);
    *resumed = 0;
    if (rc == MOULT_OK && o->version >= 0) {
        rc = mo_online_batch(o, check_state, NULL, &rows);
        if (rc == MOULT_OK) {
            mo_str count = {0};
            *resumed = 1;
            mo_str_count(&count, o->done);
            rc = mo_online_note(o, "goes on with an interrupted rebuild of '%s', after %s rows", o->table,
                                mo_str_text(&count));
            mo_str_free(&count);
            return rc;
        }
        if (rc != MO_ONLINE_RESTART && rc != MOULT_CHANGED)
            return rc;
        mo_error_clear(o->err);
        rc = mo_online_note(o, "clears away an interrupted rebuild of '%s': the database changed since", o->table);
    }
    o->done = 0;
    o->copied = 0;
    return rc == MOULT_OK ? clear(o) : rc;
}

/* --- the stages ------------------------------------------------------------------------------------------------------ */

static int is_collision(const mo_error *e)
{
    return e->pub.code == MOULT_DATABASE && e->pub.engine_code && strstr(e->pub.engine_code, "CONSTRAINT");
}

/* It is the rows that forbid it: said of the table that people know. */
static int say_impossible(mo_online *o)
{
    mo_str text = {0};
    const char *message = o->err->pub.message, *found = strstr(message, o->fresh);
    if (!is_collision(o->err))
        return o->err->pub.code;
    mo_str_addn(&text, message, found ? (size_t)(found - message) : strlen(message));
    if (found) {
        mo_str_add(&text, o->table);
        mo_str_add(&text, found + strlen(o->fresh));
    }
    if (!text.failed) {
        mo_error_set(o->err, MOULT_IMPOSSIBLE, "%s", mo_str_text(&text));
        mo_error_hint(o->err, "rows break what the desired schema asks for; change them, or it; nothing was changed");
    }
    mo_str_free(&text);
    return o->err->pub.code;
}

static int begin_anew(mo_online *o)
{
    int64_t rows;
    o->version = -1;
    o->done = 0;
    o->copied = 0;
    return mo_online_batch(o, create_all, NULL, &rows);
}

static int prepare(mo_online *o)
{
    enum { MOST_RESTARTS = 10 };
    int resumed = 0, rc = read_step(o);
    if (rc == MOULT_OK)
        rc = find_keys(o);
    if (rc == MOULT_OK)
        rc = resume(o, &resumed);
    for (int i = 0; rc == MOULT_OK; i++) {
        if (!resumed)
            rc = begin_anew(o);
        if (rc == MOULT_OK)
            rc = mo_online_copy(o);
        if (rc != MO_ONLINE_RESTART)
            break;
        if (i == MOST_RESTARTS) {
            rc = changed(o, "the row ids were given anew, again and again,");
            break;
        }
        resumed = 0;
        if (o->c->online_prepared == 0)
            o->c->online_moved = 0; /* no other table was copied before it */
        rc = mo_online_note(o, "a VACUUM gave the rows of '%s' other row ids: its copy begins anew", o->table);
        if (rc == MOULT_OK)
            rc = clear(o);
    }
    o->c->online_prepared += rc == MOULT_OK;
    return rc != MOULT_OK && is_collision(o->err) ? say_impossible(o) : rc;
}

static int find_prepared(mo_online *o)
{
    int rc = read_step(o);
    if (rc == MOULT_OK)
        rc = find_keys(o);
    if (rc == MOULT_OK)
        rc = find_state(o);
    if (rc == MOULT_OK && (o->version < 0 || !(o->copied || o->copy == NULL)))
        rc = changed(o, "somebody removed what the rebuild rests on");
    return rc;
}

/* The plan's transaction has begun, and none of its steps has run: nobody else can change the schema any more. */
static int begin(mo_online *o)
{
    int rc = find_prepared(o);
    if (rc == MOULT_OK)
        rc = mo_online_see_moves(o);
    if (rc == MOULT_OK)
        rc = look_closer(o); /* other tables that were prepared moved schema_version too */
    if (rc != MO_ONLINE_RESTART)
        return rc;
    return o->c->online_moved ? changed(o, "the row ids were given anew") : MOULT_OK;
}

static int run(mo_online *o)
{
    int rc = find_prepared(o);
    if (rc == MOULT_OK)
        rc = mo_online_swap(o);
    return rc != MOULT_OK && is_collision(o->err) ? say_impossible(o) : rc;
}

/* The names are made of what the table is called in the database; it may be gone. */
static int name_it(mo_online *o)
{
    mo_value name = mo_value_text(o->step->object);
    int rc =
        mo_sqlite_query(o->c, "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)",
                        &name, 1, take_table, o, NULL, o->err);
    if (o->table == NULL)
        o->table = o->step->object;
    return rc == MOULT_OK ? name_tables(o) : rc;
}

int mo_sqlite_drive(mo_conn *c, const mo_plan *plan, const mo_step *step, mo_drive_stage stage, const mo_drive *drive,
                    mo_error *err)
{
    mo_online o;
    int rc = open_online(&o, c, step, drive, err);
    (void)plan;
    if (rc == MOULT_OK && stage != MO_DRIVE_RUN)
        rc = mo_online_enter(&o);
    if (rc == MOULT_OK && stage == MO_DRIVE_PREPARE)
        rc = prepare(&o);
    else if (rc == MOULT_OK && stage == MO_DRIVE_BEGIN)
        rc = begin(&o);
    else if (rc == MOULT_OK && stage == MO_DRIVE_RUN)
        rc = run(&o);
    else if (rc == MOULT_OK) {
        rc = name_it(&o);
        if (rc == MOULT_OK)
            rc = stage == MO_DRIVE_FINISH ? mo_online_remove(&o, o.old) : clear(&o);
    }
    close_online(&o);
    return rc;
}

/* --- tidy ------------------------------------------------------------------------------------------------------------ */

typedef struct leftovers {
    mo_online *o;
    MO_VEC(const char *) tables; /* whose rebuild left something */
} leftovers;

static int take_leftover(void *user, size_t count, const mo_value *v)
{
    leftovers *l = user;
    const char *name = v[0].text, *table;
    (void)count;
    table = name[9] == '_' ? name + 10 : name + 11; /* "_moult_at_", "_moult_h1_"; "_moult_new_" */
    for (size_t i = 0; i < l->tables.count; i++)
        if (strcmp(l->tables.items[i], table) == 0)
            return MOULT_OK;
    table = mo_region_dup(l->o->region, table);
    return table && !mo_vec_push(l->o->region, &l->tables, table) ? MOULT_OK : mo_error_nomem(l->o->err);
}

/* A step of this plan that may go on with it sees for itself. */
static int is_driven(const mo_plan *plan, const char *table)
{
    for (size_t i = 0; i < plan->steps.count; i++)
        if (plan->steps.items[i].driver && mo_name_equal(plan->steps.items[i].object, table))
            return 1;
    return 0;
}

int mo_sqlite_tidy(mo_conn *c, const mo_plan *plan, const mo_drive *drive, mo_error *err)
{
    mo_online o;
    leftovers l = {.o = &o};
    int rc = open_online(&o, c, NULL, drive, err);
    if (rc == MOULT_OK)
        rc = mo_sqlite_query(
            c,
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND (substr(name, 1, 10) IN ('_moult_at_', "
            "'_moult_fl_', "
            "'_moult_h1_', '_moult_h2_', '_moult_h3_') OR substr(name, 1, 11) IN ('_moult_new_', '_moult_log_', "
            "'_moult_old_'))",
            NULL, 0, take_leftover, &l, NULL, err);
    for (size_t i = 0; i < l.tables.count && rc == MOULT_OK; i++) {
        o.table = l.tables.items[i];
        rc = is_driven(plan, o.table) ? MOULT_OK : name_tables(&o);
        if (rc != MOULT_OK || is_driven(plan, o.table))
            continue;
        rc = mo_online_enter(&o);
        if (rc == MOULT_OK)
            rc = mo_online_note(&o, "clears away what an interrupted rebuild of '%s' left", o.table);
        if (rc == MOULT_OK)
            rc = clear(&o);
    }
    if (rc == MOULT_OK)
        rc = mo_online_wipe(&o);
    close_online(&o);
    return rc;
}
