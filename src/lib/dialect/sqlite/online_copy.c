/* SPDX-License-Identifier: MIT */
/*
 * online_copy.c - the batches that bring the new table to what the old one is: the copy, in the order of a key; the replay
 * of the log, which takes each logged row out and puts it in as it is now; the indexes that are built last.
 *
 * The new table lags behind, so two rows may collide in it that never did in the old one (they swapped their values). What
 * collides is therefore looked at again with all logged rows taken out first, and at last under a lock with the log
 * empty: then it is the rows that break what the desired schema asks for.
 */
#include <string.h>

#include "dialect/sqlite/online.h"

static int is_collision(const mo_online *o, int rc)
{
    return rc == MOULT_DATABASE && o->err->pub.engine_code && strstr(o->err->pub.engine_code, "CONSTRAINT");
}

/* --- pieces of SQL ------------------------------------------------------------------------------------------------- */

void mo_online_row_value(mo_str *s, const char *table, const char *const *names, const char *const *collations,
                         size_t count)
{
    mo_str_add(s, count > 1 ? "(" : "");
    for (size_t i = 0; i < count; i++) {
        mo_str_add(s, i ? ", " : "");
        mo_str_ident(s, table, '"');
        mo_str_addc(s, '.');
        mo_str_ident(s, names[i], '"');
        if (collations && collations[i][0]) {
            mo_str_add(s, " COLLATE ");
            mo_str_ident(s, collations[i], '"');
        }
    }
    mo_str_add(s, count > 1 ? ")" : "");
}

void mo_online_reached(mo_online *o, mo_str *s, const char *op)
{
    mo_str_addf(s, " %s (SELECT ", op);
    mo_online_log_columns(s, "", o->keys.scan.count);
    mo_str_add(s, " FROM ");
    mo_str_ident(s, o->at, '"');
    mo_str_add(s, ")");
}

/* The rows to one side of where the copy is. */
static void add_side(mo_online *o, mo_str *s, const char *op)
{
    mo_online_row_value(s, o->table, o->keys.scan.items, o->keys.collations.items, o->keys.scan.count);
    mo_online_reached(o, s, op);
}

/* Behind what was copied, in the order of the copy. */
static void add_next(mo_online *o, mo_str *s)
{
    if (o->done) {
        mo_str_add(s, " WHERE ");
        add_side(o, s, ">");
    }
    mo_str_add(s, " ORDER BY ");
    for (size_t i = 0; i < o->keys.scan.count; i++) {
        mo_str_add(s, i ? ", " : "");
        mo_online_row_value(s, o->table, &o->keys.scan.items[i], &o->keys.collations.items[i], 1);
    }
}

void mo_online_logged(mo_online *o, mo_str *s)
{
    mo_str_add(s, " IN (SELECT ");
    mo_online_log_columns(s, "", o->keys.old_match.count);
    mo_str_add(s, " FROM ");
    mo_str_ident(s, o->log, '"');
    mo_str_add(s, " WHERE seq > ?1 AND seq <= ?2)");
}

/* --- the copy ------------------------------------------------------------------------------------------------------ */

/* Notes how far it is now: `rows` further. */
static int move_on(mo_online *o, int64_t rows)
{
    mo_str sql = {0};
    mo_value params[2] = {mo_value_int(rows - 1), mo_value_int(rows)};
    int rc = MOULT_OK;
    if (rows > 0) {
        mo_str_add(&sql, "UPDATE ");
        mo_str_ident(&sql, o->at, '"');
        mo_str_add(&sql, " SET (done, ");
        mo_online_log_columns(&sql, "", o->keys.scan.count);
        mo_str_add(&sql, ") = (SELECT ");
        mo_str_ident(&sql, o->at, '"');
        mo_str_add(&sql, ".done + ?2, ");
        mo_online_names(&sql, "", o->keys.scan.items, o->keys.scan.count);
        mo_str_add(&sql, " FROM ");
        mo_str_ident(&sql, o->table, '"');
        add_next(o, &sql);
        mo_str_add(&sql, " LIMIT 1 OFFSET ?1)");
        rc = mo_online_run_str(o, &sql, params, 2);
    }
    if (rc == MOULT_OK && rows < o->batch) {
        mo_str_add(&sql, "UPDATE ");
        mo_str_ident(&sql, o->at, '"');
        mo_str_add(&sql, " SET copied = 1");
        rc = mo_online_run_str(o, &sql, NULL, 0);
    }
    return rc;
}

static int copy_rows(mo_online *o, int64_t *rows, void *user)
{
    mo_str sql = {0};
    mo_value limit = mo_value_int(o->batch);
    int rc = o->strict ? mo_online_replay_rest(o) : MOULT_OK;
    (void)user;
    mo_str_add(&sql, o->copy);
    add_next(o, &sql);
    mo_str_add(&sql, " LIMIT ?1");
    if (rc != MOULT_OK) {
        mo_str_free(&sql);
        return rc;
    }
    rc = mo_online_run_str(o, &sql, &limit, 1);
    *rows = rc == MOULT_OK ? sqlite3_changes(o->c->db) : 0;
    if (rc == MOULT_OK)
        rc = mo_online_keep_copied(o);
    return rc == MOULT_OK ? move_on(o, *rows) : rc;
}

static int replay(mo_online *o);

static int copy_all(mo_online *o)
{
    int rc = MOULT_OK;
    o->batch = MO_ONLINE_FIRST;
    while (rc == MOULT_OK && !o->copied) {
        int64_t rows = 0, asked = o->batch;
        o->strict = 0;
        rc = mo_online_batch(o, copy_rows, NULL, &rows);
        if (is_collision(o, rc)) {
            mo_error_clear(o->err);
            rc = replay(o);
            asked = o->batch;
            o->strict = 1;
            if (rc == MOULT_OK)
                rc = mo_online_batch(o, copy_rows, NULL, &rows);
        }
        if (rc == MOULT_OK) {
            o->done += rows;
            o->copied = rows < asked;
            rc = o->drive->progress ? o->drive->progress(o->drive->user, o->done, o->total) : MOULT_OK;
        }
    }
    return rc;
}

/* --- the log ------------------------------------------------------------------------------------------------------- */

/* Takes the rows of some entries out of the new table. */
int mo_online_take_out(mo_online *o, int64_t from, int64_t to)
{
    mo_str sql = {0};
    mo_value range[2] = {mo_value_int(from), mo_value_int(to)};
    int rc = mo_online_keep_out(o, from, to);
    if (rc != MOULT_OK)
        return rc;
    mo_str_add(&sql, "DELETE FROM ");
    mo_str_ident(&sql, o->fresh, '"');
    mo_str_add(&sql, " WHERE ");
    mo_online_row_value(&sql, o->fresh, o->keys.new_match.items, NULL, o->keys.new_match.count);
    mo_online_logged(o, &sql);
    return mo_online_run_str(o, &sql, range, 2);
}

/* Puts them in as they are now, so far as the copy has come. */
static int put_in(mo_online *o, int64_t to)
{
    mo_str sql = {0};
    mo_value range[2] = {mo_value_int(-1), mo_value_int(to)};
    if (o->copy == NULL || (!o->copied && o->done == 0))
        return MOULT_OK;
    mo_str_add(&sql, o->copy);
    mo_str_add(&sql, " WHERE ");
    mo_online_row_value(&sql, o->table, o->keys.old_match.items, NULL, o->keys.old_match.count);
    mo_online_logged(o, &sql);
    if (!o->copied) {
        mo_str_add(&sql, " AND ");
        add_side(o, &sql, "<=");
    }
    int rc = mo_online_run_str(o, &sql, range, 2);
    return rc == MOULT_OK ? mo_online_keep_in(o, to) : rc;
}

static int forget(mo_online *o, int64_t to)
{
    mo_str sql = {0};
    mo_value param = mo_value_int(to);
    mo_str_add(&sql, "DELETE FROM ");
    mo_str_ident(&sql, o->log, '"');
    mo_str_add(&sql, " WHERE seq <= ?1");
    return mo_online_run_str(o, &sql, &param, 1);
}

/* The last of the next `count` entries behind `from`, and how many there are; `count` < 0: of all. */
static int find_entries(mo_online *o, int64_t from, int64_t count, int64_t *last, int64_t *found)
{
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "SELECT ifnull(max(seq), 0) FROM (SELECT seq FROM ");
    mo_str_ident(&sql, o->log, '"');
    mo_str_addf(&sql, " WHERE seq > %lld ORDER BY seq LIMIT %lld)", (long long)from, (long long)count);
    rc = sql.failed ? mo_error_nomem(o->err) : mo_online_ask(o, mo_str_text(&sql), NULL, last);
    mo_str_clear(&sql);
    mo_str_add(&sql, "SELECT count(*) FROM ");
    mo_str_ident(&sql, o->log, '"');
    mo_str_addf(&sql, " WHERE seq > %lld AND seq <= %lld", (long long)from, (long long)*last);
    if (rc == MOULT_OK)
        rc = sql.failed ? mo_error_nomem(o->err) : mo_online_ask(o, mo_str_text(&sql), NULL, found);
    mo_str_free(&sql);
    return rc;
}

int mo_online_replay_rest(mo_online *o)
{
    int64_t last = 0, found = 0;
    int rc = find_entries(o, -1, -1, &last, &found);
    if (rc != MOULT_OK || found == 0)
        return rc;
    rc = mo_online_take_out(o, -1, last);
    if (rc == MOULT_OK)
        rc = put_in(o, last);
    return rc == MOULT_OK ? forget(o, last) : rc;
}

/* How many entries a batch takes: twice what was written since the one before, or a writer that is fast would keep the
 * log from ever becoming shorter. */
static int find_pace(mo_online *o, int64_t *count)
{
    mo_str sql = {0};
    int64_t newest = 0;
    mo_str_add(&sql, "SELECT ifnull(max(seq), 0) FROM ");
    mo_str_ident(&sql, o->log, '"');
    int rc = sql.failed ? mo_error_nomem(o->err) : mo_online_ask(o, mo_str_text(&sql), NULL, &newest);
    mo_str_free(&sql);
    *count = o->batch;
    if (o->newest >= 0 && 2 * (newest - o->newest) > *count)
        *count = 2 * (newest - o->newest);
    o->newest = newest;
    return rc;
}

/* The next entries: their rows out, and in again. *user: are there more? */
static int replay_rows(mo_online *o, int64_t *rows, void *user)
{
    int64_t last = 0, recent = 0, found = 0, asked = 0;
    int *more = user, rc = find_pace(o, &asked);
    if (rc == MOULT_OK && o->strict) { /* what was written since all rows were taken out */
        rc = find_entries(o, o->gone, -1, &recent, &found);
        if (rc == MOULT_OK && found)
            rc = mo_online_take_out(o, o->gone, recent);
        o->gone = found ? recent : o->gone;
    }
    if (rc == MOULT_OK)
        rc = find_entries(o, -1, asked, &last, rows);
    *more = *rows == asked;
    if (rc != MOULT_OK || *rows == 0)
        return rc;
    rc = mo_online_take_out(o, -1, last);
    if (rc == MOULT_OK)
        rc = put_in(o, last);
    if (rc == MOULT_OK)
        rc = forget(o, last);
    return rc;
}

static int take_out_rows(mo_online *o, int64_t *rows, void *user)
{
    int64_t *last = user;
    int rc = find_entries(o, o->gone, o->batch, last, rows);
    return rc == MOULT_OK && *rows ? mo_online_take_out(o, o->gone, *last) : rc;
}

/* A collision: all logged rows leave the new table first. What is written meanwhile each batch of the replay takes out. */
static int take_all_out(mo_online *o)
{
    int64_t rows, last, asked;
    int rc = MOULT_OK;
    mo_error_clear(o->err);
    o->strict = 1;
    do {
        rows = last = 0;
        asked = o->batch;
        rc = mo_online_batch(o, take_out_rows, &last, &rows);
        if (rc == MOULT_OK && rows)
            o->gone = last;
    } while (rc == MOULT_OK && rows == asked);
    return rc;
}

/* Until little is left: the rest is done under the lock of the swap. A writer that is faster than this does not keep it
 * going for ever. */
static int replay(mo_online *o)
{
    enum { MOST_BATCHES = 100000 };
    int rc = MOULT_OK;
    o->strict = 0;
    o->gone = o->newest = -1;
    for (int i = 0; i < MOST_BATCHES && rc == MOULT_OK; i++) {
        int64_t rows = 0;
        int more = 1;
        rc = mo_online_batch(o, replay_rows, &more, &rows);
        if (is_collision(o, rc) && !o->strict) {
            rc = take_all_out(o);
            more = 1;
        } else if (rc == MOULT_OK && o->drive->progress)
            rc = o->drive->progress(o->drive->user, o->done, o->total);
        if (rc == MOULT_OK && !more)
            break;
    }
    o->strict = 0;
    return rc;
}

/* --- indexes ------------------------------------------------------------------------------------------------------- */

const char *mo_online_index_name(mo_online *o, size_t i)
{
    return mo_region_printf(o->region, "_moult_ix_%zu_%s", i + 1, o->suffix);
}

/* All rows are there, so what an index forbids is forbidden by the rows. */
static int build_now(mo_online *o, int64_t *rows, void *user)
{
    const size_t *i = user;
    const char *name = mo_online_index_name(o, *i), *sql;
    int rc = mo_online_replay_rest(o);
    *rows = 0;
    if (rc == MOULT_OK)
        rc = mo_online_fill_give_up(o, *i);
    if (rc != MOULT_OK)
        return rc;
    sql = name ? mo_online_index_as(o->region, o->indexes.items[*i], name, o->fresh, o->table) : NULL;
    return sql ? mo_online_run(o, sql, NULL, 0) : mo_error_nomem(o->err);
}

/* Rows that collide only because the new table lags behind do not the next time. */
static int build_index(mo_online *o, size_t i)
{
    enum { MOST_TRIES = 3 };
    mo_online_filling filling = MO_ONLINE_FILL_COLLIDES;
    int64_t begun = 0, rows;
    int rc = mo_online_fill_begun(o, &begun);
    for (int tries = 0; tries < MOST_TRIES && rc == MOULT_OK && filling == MO_ONLINE_FILL_COLLIDES; tries++) {
        rc = begun ? MOULT_OK : replay(o);
        if (rc == MOULT_OK)
            rc = mo_online_fill(o, i, begun != 0, &filling);
    }
    return rc == MOULT_OK && filling != MO_ONLINE_FILLED ? mo_online_batch(o, build_now, &i, &rows) : rc;
}

static int build_indexes(mo_online *o)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < o->indexes.count && rc == MOULT_OK; i++) {
        const char *name = mo_online_index_name(o, i);
        int64_t there = 0;
        if (name == NULL)
            return mo_error_nomem(o->err);
        rc = mo_online_ask(o, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = ?1", name, &there);
        if (rc == MOULT_OK && !there)
            rc = build_index(o, i);
    }
    return rc;
}

/* --- all of it ----------------------------------------------------------------------------------------------------- */

/* "(SELECT count(*) FROM TABLE WHERE its key is in the log)" */
static void add_waiting(mo_str *sql, const mo_online *o, const char *table, const char *const *key, size_t count)
{
    mo_str_add(sql, "(SELECT count(*) FROM ");
    mo_str_ident(sql, table, '"');
    mo_str_add(sql, " WHERE ");
    mo_online_row_value(sql, table, key, NULL, count);
    mo_str_add(sql, " IN (SELECT ");
    mo_online_log_columns(sql, "", o->keys.old_match.count);
    mo_str_add(sql, " FROM ");
    mo_str_ident(sql, o->log, '"');
    mo_str_add(sql, "))");
}

/* Are the rows of both tables as many, but for those that wait in the log? Readers stop nobody in WAL mode only. */
static int count_rows(mo_online *o)
{
    mo_str sql = {0};
    int64_t missing = 0;
    int rc;
    if (!o->wal)
        return MOULT_OK;
    mo_str_add(&sql, "SELECT (SELECT count(*) FROM ");
    mo_str_ident(&sql, o->table, '"');
    mo_str_add(&sql, ") - (SELECT count(*) FROM ");
    mo_str_ident(&sql, o->fresh, '"');
    mo_str_add(&sql, ") - ");
    add_waiting(&sql, o, o->table, o->keys.old_match.items, o->keys.old_match.count);
    mo_str_add(&sql, " + ");
    add_waiting(&sql, o, o->fresh, o->keys.new_match.items, o->keys.new_match.count);
    rc = sql.failed ? mo_error_nomem(o->err) : mo_online_ask(o, mo_str_text(&sql), NULL, &missing);
    mo_str_free(&sql);
    if (rc == MOULT_OK && missing) {
        mo_error_set(o->err, MOULT_UNVERIFIED, "the copy of '%s' is not complete: %lld rows are missing", o->table,
                     (long long)missing);
        rc =
            mo_error_hint(o->err, "nothing was changed; this is a defect of moult, please report it with both schemas");
    }
    return rc;
}

int mo_online_copy(mo_online *o)
{
    int rc = o->copy ? copy_all(o) : MOULT_OK;
    o->batch = MO_ONLINE_FIRST;
    if (rc == MOULT_OK)
        rc = build_indexes(o);
    if (rc == MOULT_OK)
        rc = replay(o);
    if (rc == MOULT_OK)
        rc = count_rows(o);
    return rc == MOULT_OK && o->wal && (o->step->driver & MO_ONLINE_KEPT) ? mo_online_fill_check(o) : rc;
}
