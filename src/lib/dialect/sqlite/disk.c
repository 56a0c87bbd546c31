/* SPDX-License-Identifier: MIT */
/*
 * disk.c - what the system says of a disk that failed.
 *
 * SQLite says "database or disk is full", or no more than "unable to open database file". Which disk is full, and how
 * full, is what a person needs: that of the database, or that of its temporary files.
 */
#include "dialect/sqlite/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

/* The folder of SQLite's temporary files, as it looks for one itself. */
static const char *temporary_folder(void)
{
    const char *const folders[] = {getenv("SQLITE_TMPDIR"), getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp"};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (folders[i] && mo_fs_is_directory(folders[i]) && access(folders[i], W_OK | X_OK) == 0) {
            return folders[i];
        }
    }
    return ".";
}

static void add_space(mo_str *out, const char *what, const char *path)
{
    mo_space space;

    if (mo_fs_space(path, &space) == 0) {
        mo_str_addf(out, "%s%s is on '%s', with ", out->length ? "; " : "", what, space.point);
        mo_str_count(out, space.free_bytes);
        mo_str_add(out, " bytes free of ");
        mo_str_count(out, space.all_bytes);
    }
}

static int add_full(const mo_conn *c, mo_error *err)
{
    mo_str text = {0};
    int code = err->pub.code;

    if (c->path) {
        add_space(&text, "the database", c->path);
    }
    add_space(&text, "what SQLite keeps aside", temporary_folder());
    if (text.length && !text.failed) {
        code = mo_error_detail(err, "%s", mo_str_text(&text));
    }
    mo_str_free(&text);
    return code;
}

int mo_sqlite_add_disk(const mo_conn *c, int rc, mo_error *err)
{
    int primary = rc & 0xff;
    int number = primary == SQLITE_FULL ? ENOSPC : c->db ? sqlite3_system_errno(c->db) : 0;

    if (primary != SQLITE_FULL && primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN) {
        return err->pub.code;
    }
    /* Where a file could not be made, SQLite tries once more to open it, and only says that it is not there. */
    if (number == ENOSPC || number == EDQUOT || (primary == SQLITE_CANTOPEN && (number == ENOENT || number == 0))) {
        return add_full(c, err);
    }
    return number ? mo_error_detail(err, "the system says: %s", strerror(number)) : err->pub.code;
}
