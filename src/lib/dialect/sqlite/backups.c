/* SPDX-License-Identifier: MIT */
/* backups.c - the copies that lie beside a database: what they are called, and which there are. */
#include "dialect/sqlite/sqlite.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int by_time_and_name(const void *a, const void *b)
{
    const moult_backup_info *x = a, *y = b;
    int order = strcmp(x->made_at, y->made_at);

    return order ? order : strcmp(x->path, y->path);
}

static int add(mo_region *r, const char *path, mo_backups *out, mo_error *err)
{
    struct stat st;
    struct tm tm;
    char made[32];
    moult_backup_info b = {0};

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return MOULT_OK; /* gone meanwhile */
    }
    strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&st.st_mtime, &tm));
    b.path = mo_region_dup(r, path);
    b.made_at = mo_region_dup(r, made);
    b.bytes = (int64_t)st.st_size;
    return b.path && b.made_at && mo_vec_push(r, out, b) == 0 ? MOULT_OK : mo_error_nomem(err);
}

/* Is this name the database's with ours behind it, and not one that is still being written? */
static int is_backup(const char *name, const char *database)
{
    size_t n = strlen(database), length = strlen(name);

    return strncmp(name, database, n) == 0 && strncmp(name + n, MO_SQLITE_BACKUP, strlen(MO_SQLITE_BACKUP)) == 0 &&
           !(length > 5 && strcmp(name + length - 5, ".part") == 0);
}

static int look(mo_region *r, const char *folder, const char *database, mo_backups *out, mo_error *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int code = MOULT_OK;

    if (!dir) {
        return errno == ENOMEM ? mo_error_nomem(err) : MOULT_OK; /* a folder that cannot be looked into shows nothing */
    }
    while (code == MOULT_OK && (entry = readdir(dir)) != NULL) {
        if (is_backup(entry->d_name, database)) {
            char *path = mo_region_printf(r, "%s/%s", folder, entry->d_name);
            code = path ? add(r, path, out, err) : mo_error_nomem(err);
        }
    }
    closedir(dir);
    return code;
}

int mo_sqlite_backups(mo_conn *c, mo_region *r, mo_backups *out, mo_error *err)
{
    const char *file = c->pending ? NULL : sqlite3_db_filename(c->db, "main");
    char *real, *slash;
    int code;

    memset(out, 0, sizeof *out);
    if (!file || !*file) {
        return MOULT_OK;
    }
    real = mo_sqlite_real_path(c);
    slash = real ? strrchr(real, '/') : NULL;
    if (!slash) {
        free(real);
        return MOULT_OK; /* the file is gone */
    }
    *slash = '\0';
    code = look(r, *real ? real : "/", slash + 1, out, err);
    free(real);
    if (code == MOULT_OK && out->count > 1) {
        qsort(out->items, out->count, sizeof *out->items, by_time_and_name);
    }
    return code;
}
