/* SPDX-License-Identifier: MIT */
/*
 * lock.c - one apply at a time per database: a lock file beside it, which the kernel frees when its process ends.
 *
 * SQLite's own write lock is not enough: it ends with each transaction, and what decides what to do comes before it. A
 * lock on the database file itself would interfere with SQLite's: closing any descriptor of it drops them all.
 */
#include "dialect/sqlite/sqlite.h"

#include "base/lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mo_lock {
    mo_file_lock *file; /* NULL: a memory database, which nobody else sees */
};

static int folder_failed(const mo_conn *c, int number, mo_error *err)
{
    mo_error_set(err, number == EACCES ? MOULT_PERMISSION : MOULT_IO, "the folder of '%s' cannot be found: %s", c->name,
                 strerror(number));
    mo_error_hint(err, "was it moved or removed meanwhile?");
    return mo_error_errno(err, number);
}

/* *out is NULL for a memory database. */
static int lock_path(mo_conn *c, char **out, mo_error *err)
{
    const char *file = c->pending ? c->path : sqlite3_db_filename(c->db, "main");
    char *path;
    int code = MOULT_OK;

    *out = NULL;
    if (!file || !*file) {
        return MOULT_OK;
    }
    errno = 0;
    path = mo_sqlite_real_path(c);
    if (!path && errno && errno != ENOMEM) {
        return folder_failed(c, errno, err);
    }
    if (!path || asprintf(out, "%s-moult-lock", path) < 0) {
        *out = NULL;
        code = mo_error_nomem(err);
    }
    free(path);
    return code;
}

static int release(mo_lock *lock, mo_error *err)
{
    int code = lock ? mo_file_lock_release(lock->file, err) : MOULT_OK;

    free(lock);
    return code;
}

static int take_file(mo_conn *c, double seconds, const volatile int *cancel, mo_lock *lock, moult_lock_info *before,
                     mo_error *err)
{
    char *path;
    int code = lock_path(c, &path, err);

    if (code == MOULT_OK && path) {
        code = mo_file_lock_take(&lock->file, path, seconds, cancel, before, err);
    }
    free(path);
    return code;
}

static int take(mo_conn *c, double seconds, const volatile int *cancel, mo_lock **out, moult_lock_info *before,
                mo_error *err)
{
    mo_lock *lock = calloc(1, sizeof *lock);
    int code;

    *out = NULL;
    *before = (moult_lock_info){.provider = mo_sqlite_lock.name};
    if (!lock) {
        return mo_error_nomem(err);
    }
    code = take_file(c, seconds, cancel, lock, before, err);
    if (code == MOULT_OK) {
        code = mo_sqlite_settle(c, 0, err); /* whoever had the lock before may have created the database */
    }
    if (code != MOULT_OK) {
        mo_error second = {0};
        (void)release(lock, &second); /* the first error is the one that tells */
        mo_error_clear(&second);
        return code;
    }
    *out = lock;
    return MOULT_OK;
}

static int note(mo_lock *lock, const char *text)
{
    return lock->file ? mo_file_lock_note(lock->file, text) : 0;
}

static int look(mo_conn *c, moult_lock_info *out, mo_error *err)
{
    char *path;
    int code = lock_path(c, &path, err);

    *out = (moult_lock_info){.provider = mo_sqlite_lock.name};
    if (code == MOULT_OK && path) {
        code = mo_file_lock_look(path, out, err);
    }
    free(path);
    return code;
}

const mo_lock_provider mo_sqlite_lock = {.name = "file", .take = take, .note = note, .look = look, .release = release};
