/* SPDX-License-Identifier: MIT */
/*
 * runner.c - does many small jobs with libmoult in one process, for the property test.
 *
 * A job is a line of JSON on standard input, its result a line on standard output:
 *   {"op":"plan", "db":PATH, "desired":SQL, "full":0, "backward":0}      makes a plan; changes nothing
 *   {"op":"apply", …, "phase":0, "hook":false}                           moult_start()
 *   {"op":"markers", …}   makes a plan, then runs it statement by statement on the database, and watches the marker
 * Ownership is "all" and the mode "aggressive", without backup and attic.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/dialect.h"
#include "moult.h"

/* It changes nothing; a plan that has one is in two halves. */
static const moult_hook hooks[] = {{.version = "nothing", .sql = "SELECT 1"}, {.version = NULL}};

static moult_options options_of(const json_t *job)
{
    moult_options o = MOULT_OPTIONS_INIT;

    o.mode = MOULT_MODE_AGGRESSIVE;
    o.own = MOULT_OWN_ALL;
    o.no_attic = o.no_backup = 1;
    o.full = (int)json_integer_value(json_object_get(job, "full"));
    o.backward = (int)json_integer_value(json_object_get(job, "backward"));
    o.online = (moult_online)json_integer_value(json_object_get(job, "online"));
    o.phase = (moult_phase)json_integer_value(json_object_get(job, "phase"));
    o.hooks = json_is_true(json_object_get(job, "hook")) ? hooks : NULL;
    return o;
}

static void put_text(json_t *out, const char *key, const char *text)
{
    if (text) {
        json_object_set_new(out, key, json_string(text));
    }
}

static void put_error(json_t *out, int code, const moult_error *e)
{
    json_object_set_new(out, "code", json_integer(code));
    json_object_set_new(out, "name", json_string(moult_code_name(code)));
    if (e && code != MOULT_OK) {
        put_text(out, "message", e->message);
        put_text(out, "detail", e->detail);
        put_text(out, "hint", e->hint);
        put_text(out, "object", e->object);
        put_text(out, "engine", e->engine_code);
        json_object_set_new(out, "line", json_integer(e->line));
    }
}

static void put_plan(json_t *out, const moult_plan *plan)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < moult_plan_step_count(plan); i++) {
        moult_step_info s;
        if (moult_plan_step(plan, i, &s) == MOULT_OK) {
            json_array_append_new(steps, json_sprintf("%s: %s", s.method, s.title));
        }
    }
    json_object_set_new(out, "id", json_string(moult_plan_id(plan)));
    json_object_set_new(out, "changes", json_integer((json_int_t)moult_plan_change_count(plan)));
    json_object_set_new(out, "behind", json_integer(moult_plan_behind(plan)));
    json_object_set_new(out, "steps", steps);
}

/* Opens the database and makes the plan; *m and *plan are the caller's, whatever comes of it. */
static int make_plan(const json_t *job, moult **m, moult_plan **plan, json_t *out)
{
    moult_options o = options_of(job);
    moult_source desired = {.text = json_string_value(json_object_get(job, "desired"))};
    int code = moult_open(m, json_string_value(json_object_get(job, "db")), MOULT_OPEN_WRITE, &o);

    if (code == MOULT_OK) {
        code = moult_make_plan(*m, &desired, plan);
    }
    put_error(out, code, *m ? moult_error_of(*m) : NULL);
    if (code == MOULT_OK) {
        put_plan(out, *plan);
    }
    return code;
}

static void do_plan(const json_t *job, json_t *out)
{
    moult *m = NULL;
    moult_plan *plan = NULL;

    make_plan(job, &m, &plan, out);
    moult_plan_free(plan);
    moult_close(m);
}

static void do_apply(const json_t *job, json_t *out)
{
    static const char *const outcomes[] = {"up_to_date", "applied", "recorded",      "behind",
                                           "pending",    "waits",   "needs_approval"};
    moult_options o = options_of(job);
    moult_source desired = {.text = json_string_value(json_object_get(job, "desired"))};
    moult_result *result = NULL;
    int code = moult_start(&result, json_string_value(json_object_get(job, "db")), &desired, &o);

    put_error(out, code, result ? moult_result_error(result) : NULL);
    if (result && code == MOULT_OK) {
        json_object_set_new(out, "outcome", json_string(outcomes[moult_result_outcome(result)]));
        json_object_set_new(out, "version", json_integer(moult_result_version(result)));
        if (moult_result_plan(result)) {
            put_plan(out, moult_result_plan(result));
        }
    }
    moult_result_free(result);
}

/* --- markers -------------------------------------------------------------------------------------------------- */

enum { SEEN_MAX = 4096 };

/* What was seen after one statement: the marker, and what it stands for. */
typedef struct seen {
    mo_hash marker, schema;
} seen;

typedef struct watch {
    mo_conn *conn;
    mo_error err;
    seen all[SEEN_MAX];
    size_t count;
    json_int_t moved;
    json_t *stuck; /* statements after which the marker stood still, or came back */
} watch;

static int hash_row(void *user, size_t count, const mo_value *values)
{
    mo_hasher *h = user;

    for (size_t i = 0; i < count; i++) {
        mo_hasher_add(h, &values[i].type, sizeof values[i].type);
        mo_hasher_add(h, &values[i].integer, sizeof values[i].integer);
        if (values[i].type == MOULT_VALUE_TEXT || values[i].type == MOULT_VALUE_BLOB) {
            mo_hasher_add(h, values[i].text, values[i].length);
        }
    }
    return MOULT_OK;
}

/* All that SQLite keeps of the schema: every row of sqlite_schema. */
static int look(watch *w, seen *out)
{
    mo_hasher *h = mo_hasher_new();
    int code =
        h ? mo_dialect_sqlite.query(w->conn, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid", NULL,
                                    0, hash_row, h, NULL, &w->err)
          : MOULT_NOMEM;

    if (code == MOULT_OK) {
        out->schema = mo_hasher_result(h);
        code = mo_dialect_sqlite.marker(w->conn, &out->marker, &w->err);
    }
    mo_hasher_free(h);
    return code;
}

/* After a statement: another schema must have another marker than any schema before it. */
static int after(watch *w, const char *sql)
{
    seen now;
    int code = look(w, &now);

    if (code != MOULT_OK || w->count == SEEN_MAX) {
        return code;
    }
    for (size_t i = 0; i < w->count; i++) {
        if (mo_hash_equal(w->all[i].marker, now.marker) && !mo_hash_equal(w->all[i].schema, now.schema)) {
            json_array_append_new(w->stuck, json_string(sql));
            break;
        }
    }
    if (w->count > 0 && !mo_hash_equal(w->all[w->count - 1].schema, now.schema)) {
        w->moved++;
    }
    w->all[w->count++] = now;
    return MOULT_OK;
}

static int run_steps(watch *w, const json_t *plan)
{
    const json_t *step, *statement;
    size_t i, k;
    int code = after(w, "");

    json_array_foreach(json_object_get(plan, "steps"), i, step)
    {
        json_array_foreach(json_object_get(step, "statements"), k, statement)
        {
            const char *sql = json_string_value(json_object_get(statement, "sql"));
            if (code == MOULT_OK && strcmp(json_string_value(json_object_get(statement, "kind")), "run") == 0) {
                code = mo_dialect_sqlite.exec(w->conn, sql, NULL, &w->err);
                code = code == MOULT_OK ? after(w, sql) : code;
            }
        }
    }
    return code;
}

/* The plan as the executor would run it, one transaction, without its record. */
static int run_watched(watch *w, const char *db, const moult_plan *plan, const json_t *steps)
{
    const mo_plan *inner = (const mo_plan *)plan;
    mo_region *region = mo_region_new();
    mo_url url;
    mo_open_args args = {&url, MOULT_OPEN_WRITE, 0.0, 10.0};
    int code = region ? mo_url_parse(region, db, &url, &w->err) : MOULT_NOMEM;

    code = code == MOULT_OK ? mo_dialect_sqlite.open(&w->conn, &args, &w->err) : code;
    code = code == MOULT_OK ? mo_dialect_sqlite.run_begin(w->conn, inner, 0, &w->err) : code;
    code = code == MOULT_OK ? mo_dialect_sqlite.begin(w->conn, 1, &w->err) : code;
    code = code == MOULT_OK ? run_steps(w, steps) : code;
    code = code == MOULT_OK ? mo_dialect_sqlite.commit(w->conn, &w->err) : code;
    if (w->conn) {
        mo_dialect_sqlite.rollback(w->conn);
        mo_dialect_sqlite.run_end(w->conn);
        mo_dialect_sqlite.close(w->conn);
    }
    mo_region_free(region);
    return code;
}

static void do_markers(const json_t *job, json_t *out)
{
    watch *w = calloc(1, sizeof *w);
    moult *m = NULL;
    moult_plan *plan = NULL;
    char *text = NULL;

    w->stuck = json_array();
    if (make_plan(job, &m, &plan, out) == MOULT_OK &&
        moult_plan_render(m, plan, MOULT_FORMAT_JSON, &text) == MOULT_OK) {
        json_t *steps = json_loads(text, 0, NULL);
        int code = run_watched(w, json_string_value(json_object_get(job, "db")), plan, steps);
        put_error(out, code, &w->err.pub);
        json_decref(steps);
    }
    json_object_set_new(out, "moved", json_integer(w->moved));
    json_object_set(out, "stuck", w->stuck);
    moult_string_free(text);
    moult_plan_free(plan);
    moult_close(m);
    mo_error_clear(&w->err);
    json_decref(w->stuck);
    free(w);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, stdin) > 0) {
        json_t *job = json_loads(line, 0, NULL), *out = json_object();
        const char *op = job ? json_string_value(json_object_get(job, "op")) : NULL;
        if (!op) {
            return fprintf(stderr, "runner: not a job: %s\n", line), 2;
        }
        if (strcmp(op, "plan") == 0) {
            do_plan(job, out);
        } else if (strcmp(op, "apply") == 0) {
            do_apply(job, out);
        } else {
            do_markers(job, out);
        }
        json_dumpf(out, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(job);
        json_decref(out);
    }
    free(line);
    return 0;
}
