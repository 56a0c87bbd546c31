/* SPDX-License-Identifier: MIT */
/*
 * backup.c - a copy of the whole database beside it, by SQLite's online backup, and a look whether the rows have changed.
 *
 * The copy is made in portions, so that the watch is asked and other connections get in between. It is written under a
 * name of its own and gets its final name when it was read back and is whole.
 */
#include "base/fs.h"
#include "dialect/sqlite/sqlite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGES_PER_PORTION = 1024 };

int mo_sqlite_rows_seen(mo_conn *c, mo_hash *out, mo_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t seen;
    int code, rc;

    code = mo_sqlite_prepare(c, "PRAGMA main.data_version", &stmt, NULL, err);
    if (code != MOULT_OK) {
        return code;
    }
    rc = mo_sqlite_step(c, stmt, NULL);
    if (rc == SQLITE_ROW) {
        seen = sqlite3_column_int64(stmt, 0);
        *out = mo_hash_of(&seen, sizeof seen);
    } else {
        code = mo_sqlite_fail(c, rc == SQLITE_DONE ? SQLITE_ERROR : rc, err);
    }
    sqlite3_finalize(stmt);
    return code;
}

static int take_size(void *user, size_t count, const mo_value *values)
{
    (void)count;
    *(int64_t *)user = values[0].integer;
    return MOULT_OK;
}

static int database_size(mo_conn *c, int64_t *bytes, mo_error *err)
{
    *bytes = 0;
    return mo_sqlite_query(c, "SELECT page_count * page_size FROM pragma_page_count('main'), pragma_page_size('main')",
                           NULL, 0, take_size, bytes, NULL, err);
}

/* Copies page by page; the busy handler of the copy's source does the waiting. */
static int copy(mo_conn *c, sqlite3 *to, const mo_watch *watch, mo_error *err)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", c->db, "main");
    double busy_since = 0;
    int rc, code = MOULT_OK;

    if (!b && (sqlite3_errcode(to) & 0xff) == SQLITE_NOMEM) {
        return mo_error_nomem(err);
    }
    if (!b) {
        mo_error_set(err, MOULT_IO, "the backup cannot begin: %s", sqlite3_errmsg(to));
        return mo_error_engine(err, mo_sqlite_code_name(sqlite3_extended_errcode(to)));
    }
    do {
        rc = sqlite3_backup_step(b, PAGES_PER_PORTION);
        if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
            busy_since = busy_since > 0 ? busy_since : mo_clock_now();
            if (mo_clock_now() - busy_since > c->busy_timeout) {
                break;
            }
            mo_clock_sleep(0.020);
        } else {
            busy_since = 0;
        }
        if (watch) {
            c->stopped = code = watch->tick(watch->user, -1);
        }
    } while (code == MOULT_OK && (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED));
    sqlite3_backup_finish(b);
    if (code != MOULT_OK) {
        return mo_sqlite_fail(c, SQLITE_INTERRUPT, err);
    }
    if (rc != SQLITE_DONE) {
        code = mo_sqlite_fail(c, rc, err);
        mo_error_detail(err, "while the backup was made%s%s", err->pub.detail ? ": " : "",
                        err->pub.detail ? err->pub.detail : "");
        return code;
    }
    return MOULT_OK;
}

static int write_copy(mo_conn *c, const char *path, const mo_watch *watch, mo_error *err)
{
    sqlite3 *to = NULL;
    mo_hash seen = {0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &to, flags, NULL);
    int code;

    if (rc == SQLITE_OK) {
        code = mo_sqlite_rows_seen(c, &seen, err);
        if (code == MOULT_OK) {
            code = copy(c, to, watch, err);
        }
    } else if ((rc & 0xff) == SQLITE_NOMEM) {
        code = mo_error_nomem(err);
    } else {
        mo_error_set(err, MOULT_IO, "the backup '%s' cannot be made: %s", path, to ? sqlite3_errmsg(to) : "");
        code = mo_error_engine(err, mo_sqlite_code_name(rc));
    }
    if (code == MOULT_OK) {
        code = mo_sqlite_backup_check(c, to, seen, path, err);
    }
    sqlite3_close(to);
    return code;
}

/* The file of the copy, empty, readable for the same people as the database: SQLite would let everybody read it. */
static int make_file(const char *like, const char *path, mo_error *err)
{
    struct stat st;
    int known = stat(like, &st) == 0;
    mode_t mode = known ? st.st_mode & 0777 : 0600;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0) {
        mo_error_set(err, errno == EACCES || errno == EROFS ? MOULT_PERMISSION : MOULT_IO,
                     "the backup '%s' cannot be made: %s", path, strerror(errno));
        mo_error_errno(err, errno);
        return mo_error_hint(err, "the folder of the database must be writable, or go without a backup (--no-backup)");
    }
    if (known && fchown(fd, st.st_uid, st.st_gid) != 0) {
        /* only root can; else it belongs to this account, which may read the database too */
    }
    close(fd);
    return MOULT_OK;
}

#define BACKUP MO_SQLITE_BACKUP
#define ASIDE ".part"

/* The name says of what, and when: "app.db-moult-backup-20261105T102030.123Z". A clock that was set back may give a name
 * that is there already: then a number comes behind it. */
static char *backup_path(mo_region *r, const char *real)
{
    char utc[32], stamp[32], *path;
    size_t n = 0;

    mo_clock_utc(utc);
    for (const char *p = utc; *p; p++) {
        if (*p != '-' && *p != ':') {
            stamp[n++] = *p;
        }
    }
    stamp[n] = '\0';
    path = mo_region_printf(r, "%s" BACKUP "%s", real, stamp);
    for (int i = 2; path && mo_fs_exists(path); i++) {
        path = mo_region_printf(r, "%s" BACKUP "%s.%d", real, stamp, i);
    }
    return path;
}

/* Gives the finished copy its name, and never takes one that is there. Where there are no hard links it is renamed. */
static int give_name(const char *aside, const char *final)
{
    if (link(aside, final) == 0) {
        return unlink(aside);
    }
    return errno == EEXIST ? -1 : rename(aside, final);
}

/* Is there room for it? Told before anything is written. */
static int check_room(mo_conn *c, const char *real, mo_error *err)
{
    mo_space space;
    mo_str need = {0}, left = {0};
    int64_t bytes;
    int code = database_size(c, &bytes, err);

    if (code != MOULT_OK || mo_fs_space(real, &space) != 0 || bytes <= space.free_bytes) {
        return code;
    }
    mo_str_count(&need, bytes);
    mo_str_count(&left, space.free_bytes);
    mo_error_set(err, MOULT_IO, "there is no room for the backup: it needs %s bytes, and '%s' has %s left",
                 mo_str_text(&need), space.point, mo_str_text(&left));
    mo_str_free(&need);
    mo_str_free(&left);
    mo_error_engine(err, "ENOSPC");
    return mo_error_hint(err, "nothing was changed; make room, or go without a backup (--no-backup)");
}

/* Is it what an unfinished backup of `base` is called, or a side file of one? */
static int is_unfinished(const char *name, const char *base)
{
    size_t length = strlen(base);

    if (strncmp(name, base, length) != 0 || strncmp(name + length, BACKUP, sizeof BACKUP - 1) != 0) {
        return 0;
    }
    name += length + sizeof BACKUP - 1;
    name += strspn(name, "0123456789TZ.");
    return strncmp(name - 1, ASIDE, sizeof ASIDE - 1) == 0; /* its point was taken for one of the stamp's */
}

/* Removes what a killed process has left of its backup. The caller has the lock, so nobody is writing one now. */
static void clear_unfinished(const char *real)
{
    const char *slash = strrchr(real, '/');
    char *folder = strndup(real, slash ? (size_t)(slash - real) + 1 : 0);
    DIR *dir = folder ? opendir(*folder ? folder : ".") : NULL;

    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        if (is_unfinished(e->d_name, slash ? slash + 1 : real)) {
            unlinkat(dirfd(dir), e->d_name, 0);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(folder);
}

static int make_backup(mo_conn *c, const char *aside, const char *final, const mo_watch *watch, mo_error *err)
{
    int code = make_file(sqlite3_db_filename(c->db, "main"), aside, err);

    if (code == MOULT_OK) {
        code = write_copy(c, aside, watch, err);
    }
    if (code == MOULT_OK && give_name(aside, final) != 0) {
        code = mo_error_set(err, MOULT_IO, "the backup '%s' cannot get its name: %s", aside, strerror(errno));
    }
    return code;
}

int mo_sqlite_backup(mo_conn *c, mo_region *r, const mo_watch *watch, const char **path, mo_error *err)
{
    const char *file = c->pending ? NULL : sqlite3_db_filename(c->db, "main");
    char *real, *final, *aside;
    int code;

    *path = NULL;
    if (!file || !*file) {
        return MOULT_OK; /* memory, or not there yet: nothing that could be lost */
    }
    real = mo_sqlite_real_path(c);
    final = real ? backup_path(r, real) : NULL;
    aside = final ? mo_region_printf(r, "%s" ASIDE, final) : NULL;
    if (aside) {
        clear_unfinished(real);
        code = check_room(c, real, err);
        if (code == MOULT_OK) {
            code = make_backup(c, aside, final, watch, err);
        }
        if (code == MOULT_OK) {
            *path = final;
        } else {
            clear_unfinished(real);
        }
    } else {
        code = mo_error_nomem(err);
    }
    free(real);
    return code;
}
