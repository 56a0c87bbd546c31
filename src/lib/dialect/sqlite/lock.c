/* SPDX-License-Identifier: MIT */
/*
 * lock.c - one apply at a time per database: a lock file beside it, which the kernel frees when its process ends.
 *
 * SQLite's own write lock is not enough: it ends with each transaction, and what decides what to do comes before it. A
 * lock on the database file itself would interfere with SQLite's: closing any descriptor of it drops them all.
 */
#include "dialect/sqlite/sqlite.h"

#include "base/fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mo_lock {
    mo_file_lock *file; /* NULL: a memory database, which nobody else sees */
};

static int take(mo_conn *c, double seconds, const volatile int *cancel, mo_lock *lock, mo_error *err)
{
    char *path, *lock_path = NULL;
    int code;

    errno = 0;
    path = mo_sqlite_real_path(c);
    if (!path && errno && errno != ENOMEM) {
        int number = errno;
        mo_error_set(err, number == EACCES ? MOULT_PERMISSION : MOULT_IO, "the folder of '%s' cannot be found: %s",
                     c->name, strerror(number));
        mo_error_hint(err, "was it moved or removed meanwhile?");
        return mo_error_errno(err, number);
    }
    if (!path || asprintf(&lock_path, "%s-moult-lock", path) < 0) {
        free(path);
        return mo_error_nomem(err);
    }
    code = mo_file_lock_take(&lock->file, lock_path, seconds, cancel, err);
    if (code == MOULT_PERMISSION && !err->pub.hint) {
        mo_error_hint(err,
                      "the folder of the database must be writable: moult's lock and SQLite's journal are made there");
    }
    free(lock_path);
    free(path);
    return code;
}

int mo_sqlite_lock(mo_conn *c, double seconds, const volatile int *cancel, mo_lock **out, mo_error *err)
{
    const char *file = c->pending ? c->path : sqlite3_db_filename(c->db, "main");
    mo_lock *lock = calloc(1, sizeof *lock);
    int code = MOULT_OK;

    *out = NULL;
    if (!lock) {
        return mo_error_nomem(err);
    }
    if (file && *file) {
        code = take(c, seconds, cancel, lock, err);
    }
    if (code == MOULT_OK) {
        code = mo_sqlite_settle(c, 0, err); /* whoever had the lock before may have created the database */
    }
    if (code != MOULT_OK) {
        mo_sqlite_unlock(lock);
        return code;
    }
    *out = lock;
    return MOULT_OK;
}

void mo_sqlite_unlock(mo_lock *lock)
{
    if (lock) {
        mo_file_lock_release(lock->file);
        free(lock);
    }
}
