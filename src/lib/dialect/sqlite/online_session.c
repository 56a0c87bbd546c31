/* SPDX-License-Identifier: MIT */
/*
 * online_session.c - one batch, and the session that batches run in.
 *
 * A batch is sized by the time for which it keeps others from writing. In WAL mode its commit need not reach the disk by
 * itself: what power takes away is done again, for how far the work is stands in the same database. The checkpoints are
 * made in the pauses, when nobody waits for them.
 */
#include "dialect/sqlite/online.h"

#define MO_ONLINE_CACHE "PRAGMA main.cache_size = -32768" /* KiB: what random places of an index need */

/* Pages in the WAL. The first: a pause moves them into the database, so that no commit of the application has to. The second:
 * the WAL begins anew, for every page that is read is looked for in all of it. The third is what SQLite does by itself. */
enum { PAUSE_PAGES = 250, RESTART_PAGES = 4000, COMMIT_PAGES = 1000, NORMAL = 1 };

static int on_commit(void *user, sqlite3 *db, const char *name, int pages)
{
    mo_online *o = user;
    (void)db, (void)name;
    o->wal_pages = pages;
    return SQLITE_OK;
}

static int take_mode(void *user, size_t count, const mo_value *v)
{
    int *wal = user;
    (void)count;
    *wal = v[0].text && mo_name_equal(v[0].text, "wal");
    return MOULT_OK;
}

int mo_online_enter(mo_online *o)
{
    int rc;
    if (o->entered)
        return MOULT_OK;
    rc = mo_sqlite_query(o->c, "PRAGMA main.journal_mode", NULL, 0, take_mode, &o->wal, NULL, o->err);
    if (rc == MOULT_OK)
        rc = mo_online_ask(o, "PRAGMA main.synchronous", NULL, &o->synchronous);
    if (rc == MOULT_OK)
        rc = mo_online_ask(o, "PRAGMA main.cache_size", NULL, &o->cache_size);
    if (rc != MOULT_OK)
        return rc;
    o->entered = 1;
    sqlite3_exec(o->c->db, MO_ONLINE_CACHE, NULL, NULL, NULL);
    if (o->wal) {
        sqlite3_wal_hook(o->c->db, on_commit, o);
        if (o->synchronous > NORMAL)
            sqlite3_exec(o->c->db, "PRAGMA main.synchronous = 1", NULL, NULL, NULL);
    }
    return MOULT_OK;
}

void mo_online_leave(mo_online *o)
{
    char sql[96];
    if (!o->entered)
        return;
    o->entered = 0;
    if (o->wal)
        sqlite3_wal_autocheckpoint(o->c->db, COMMIT_PAGES);
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA main.synchronous = %lld; PRAGMA main.cache_size = %lld", o->synchronous,
                     o->cache_size);
    sqlite3_exec(o->c->db, sql, NULL, NULL, NULL);
}

/* Others write meanwhile; what they keep from being moved is moved next time. Nobody is waited for: what is left after the
 * first is little, and only for that long others may not write. */
static void move_pages(mo_online *o)
{
    if (o->wal_pages < PAUSE_PAGES)
        return;
    sqlite3_wal_checkpoint_v2(o->c->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (o->wal_pages < RESTART_PAGES)
        return;
    o->c->never_waits = 1;
    sqlite3_wal_checkpoint_v2(o->c->db, "main", SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    o->c->never_waits = 0;
}

static void pause_after(mo_online *o)
{
    double began = mo_clock_now(), left;
    move_pages(o);
    o->wal_pages = 0;
    left = MO_ONLINE_PAUSE - (mo_clock_now() - began);
    if (left > 0)
        mo_clock_sleep(left);
}

int mo_online_see_moves(mo_online *o)
{
    int64_t version = 0;
    int rc = mo_online_ask(o, "PRAGMA main.schema_version", NULL, &version);
    o->c->online_moved |= rc == MOULT_OK && o->c->online_version >= 0 && version != o->c->online_version;
    return rc;
}

/* A batch that built an index moved schema_version itself. */
static int keep_version(mo_online *o, int64_t *version)
{
    mo_str sql = {0};
    int rc = mo_online_ask(o, "PRAGMA main.schema_version", NULL, version);
    if (rc != MOULT_OK || o->version < 0 || *version == o->version)
        return rc;
    mo_str_add(&sql, "UPDATE ");
    mo_str_ident(&sql, o->at, '"');
    mo_str_addf(&sql, " SET version = %lld", (long long)*version);
    return mo_online_run_str(o, &sql, NULL, 0);
}

/* The next batch shall take as long as is aimed at: fewer rows at once, more by half of the way, and never more than
 * twice as many as this one, for one that was quick by chance says little of the next. */
static void adapt(mo_online *o, int64_t rows, double seconds)
{
    double aim = o->step && o->step->driver & MO_ONLINE_LAST ? MO_ONLINE_BATCH_LAST : MO_ONLINE_BATCH;
    double wanted = seconds > 0 ? (double)rows * aim / seconds : (double)rows * 3;
    if (rows <= 0)
        return;
    if (wanted > (double)rows)
        wanted = wanted > (double)rows * 3 ? (double)rows * 2 : ((double)rows + wanted) / 2;
    o->batch = wanted < 1 ? 1 : (int64_t)wanted;
}

int mo_online_batch(mo_online *o, int (*work)(mo_online *o, int64_t *rows, void *user), void *user, int64_t *rows)
{
    int64_t version = 0;
    double began, worked, took;
    int rc;
    *rows = 0;
    o->c->eager = 1;
    rc = mo_sqlite_exec(o->c, "BEGIN IMMEDIATE", o->drive->watch, o->err);
    o->c->eager = 0;
    began = mo_clock_now();
    if (rc == MOULT_OK)
        rc = mo_online_see_moves(o);
    if (rc == MOULT_OK && o->version >= 0)
        rc = mo_online_check(o);
    if (rc == MOULT_OK)
        rc = work(o, rows, user);
    if (rc == MOULT_OK)
        rc = keep_version(o, &version);
    worked = mo_clock_now() - began;
    if (rc == MOULT_OK)
        rc = mo_sqlite_commit(o->c, o->err);
    if (rc != MOULT_OK) {
        mo_sqlite_rollback(o->c);
        return rc;
    }
    if (o->version >= 0)
        o->version = version;
    o->c->online_version = version;
    took = mo_clock_now() - began;
    adapt(o, *rows, took < 4 * worked ? took : 4 * worked); /* a slow disk takes its time for one row too */
    pause_after(o);
    return MOULT_OK;
}
