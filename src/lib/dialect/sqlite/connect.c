/* SPDX-License-Identifier: MIT */
/*
 * connect.c - opening a database file and closing it.
 *
 * Three things here are not what sqlite3_open_v2 does:
 *   - it touches nothing but the file's existence; we read the schema, so that a file that is no database says so now;
 *   - with CREATE it makes an empty file at once; we hold an empty stand-in until something is written, so that looking
 *     at a database that is not there leaves nothing behind;
 *   - it takes "file:x" for a URI; here that is a path, unless the URL says uri=true.
 */
#include "dialect/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the marker reads; preparing it reads the whole schema in. */
static const char rows_sql[] = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema";

static const char memory_name[] = ":memory:";

/* How long to sleep before asking again for a lock that another connection holds: soon at first, then 50 ms. */
static double busy_pause(const mo_conn *c, int count)
{
    static const double pauses[] = {0.001, 0.002, 0.005, 0.010, 0.015, 0.020, 0.025, 0.030, 0.040};

    if (c->eager) {
        return 0.001;
    }
    return (size_t)count < sizeof pauses / sizeof *pauses ? pauses[count] : 0.050;
}

static int on_busy(void *user, int count)
{
    mo_conn *c = user;
    double now = mo_clock_now();
    double left;

    if (c->never_waits) {
        return 0;
    }
    if (count == 0) {
        c->busy_since = now;
    }
    if (mo_sqlite_stops(c, -1)) {
        return 0;
    }
    left = c->busy_timeout - (now - c->busy_since);
    if (left <= 0) {
        return 0;
    }
    mo_clock_sleep(left < busy_pause(c, count) ? left : busy_pause(c, count));
    return 1;
}

/* What a missing, unreadable or strange file is, from what the system says of it. */
static int fail_open(mo_conn *c, int rc, int flags, mo_error *err)
{
    struct stat st;
    int code;

    if ((rc & 0xff) == SQLITE_NOMEM) {
        return mo_error_nomem(err);
    }
    if (c->path && stat(c->path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        if (flags & SQLITE_OPEN_CREATE) {
            mo_error_set(err, MOULT_IO, "'%s' cannot be created", c->name);
            return mo_sqlite_add_disk(c, rc, err);
        }
        mo_error_set(err, MOULT_IO, "there is no database '%s'", c->name);
        return mo_error_hint(err, "check the path; a relative one starts from the folder that the program runs in");
    }
    if (c->path && stat(c->path, &st) == 0 && S_ISDIR(st.st_mode)) {
        mo_error_set(err, MOULT_IO, "'%s' is a folder, not a database", c->name);
        return mo_error_hint(err, "name a file in it");
    }
    if (c->path && faccessat(AT_FDCWD, c->path, R_OK, AT_EACCESS) != 0 && errno == EACCES) {
        mo_error_set(err, MOULT_PERMISSION, "'%s' must not be read by this account", c->name);
        return mo_error_hint(err, "ask for read access to the file and the folders above it");
    }
    code = mo_sqlite_fail(c, rc, err);
    if (code == MOULT_IO && !err->pub.hint) {
        mo_error_hint(err, "the folder and what lies beside the file (-journal, -wal, -shm) must be readable too");
    }
    return code;
}

static void close_file(mo_conn *c)
{
    sqlite3_finalize(c->rows);
    c->rows = NULL;
    sqlite3_close(c->db);
    c->db = NULL;
}

static int open_and_read(mo_conn *c, const char *path, int flags)
{
    int rc = sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_busy_handler(c->db, on_busy, c);
        rc = sqlite3_prepare_v3(c->db, rows_sql, -1, SQLITE_PREPARE_PERSISTENT, &c->rows, NULL);
    }
    return rc;
}

/* A process that was killed left a journal: whoever opens the file next puts back what it holds, and must write for that. */
static int put_back(mo_conn *c, const char *path, int flags)
{
    int rc;

    close_file(c);
    rc = open_and_read(c, path, (flags & ~SQLITE_OPEN_READONLY) | SQLITE_OPEN_READWRITE);
    if (rc == SQLITE_OK) {
        close_file(c);
        rc = open_and_read(c, path, flags);
    }
    return rc;
}

/* Opens c->path with c->flags into c->db and reads its schema. */
static int open_file(mo_conn *c, const char *path, int flags, mo_error *err)
{
    int rc = open_and_read(c, path, flags);

    if (rc == SQLITE_READONLY_ROLLBACK && (flags & SQLITE_OPEN_READONLY)) {
        rc = put_back(c, path, flags);
    }
    return rc == SQLITE_OK ? MOULT_OK : fail_open(c, rc, flags, err);
}

/* The folder of a path: "." for a plain name. malloc'd; NULL: no memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* A database that does not exist yet: its folder must, and the connection is an empty stand-in. */
static int open_stand_in(mo_conn *c, mo_error *err)
{
    char *folder = folder_of(c->path);
    int code;

    if (!folder) {
        return mo_error_nomem(err);
    }
    if (!faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS)) {
        code = open_file(c, memory_name, SQLITE_OPEN_READWRITE, err);
    } else if (errno == EACCES) {
        code = mo_error_set(err, MOULT_PERMISSION, "the folder '%s' must not be entered by this account", folder);
    } else {
        mo_error_set(err, MOULT_IO, "the folder '%s' of the database does not exist", folder);
        code = mo_error_hint(err, "create it, or correct the path");
    }
    free(folder);
    if (code == MOULT_OK) {
        c->pending = 1;
        sqlite3_exec(c->db, "PRAGMA query_only = 1", NULL, NULL, NULL);
    }
    return code;
}

/* Is there a file? A path that cannot be looked at counts as one: opening it says why. */
static int file_exists(const mo_conn *c)
{
    struct stat st;

    return stat(c->path, &st) == 0 || errno != ENOENT;
}

static int open_path(mo_conn *c, const mo_open_args *args, mo_error *err)
{
    mo_deadline deadline = mo_deadline_in(args->connect_timeout > 0 ? args->connect_timeout : 1e-9);

    if (!c->path) {
        return open_file(c, memory_name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    }
    if (c->flags & SQLITE_OPEN_URI) {
        return open_file(c, c->path, c->flags, err); /* its own rules: mode=, vfs=, a shared memory database */
    }
    if (args->mode == MOULT_OPEN_CREATE && !file_exists(c)) {
        return open_stand_in(c, err);
    }
    while (args->mode != MOULT_OPEN_CREATE && !file_exists(c) && !mo_deadline_passed(deadline)) {
        mo_clock_sleep(0.050);
    }
    return open_file(c, c->path, c->flags, err);
}

int mo_sqlite_settle(mo_conn *c, int write, mo_error *err)
{
    mo_conn aside;
    int code;

    if (!c->pending || !sqlite3_get_autocommit(c->db) || (!write && !file_exists(c))) {
        return MOULT_OK;
    }
    aside = *c;
    c->db = NULL;
    c->rows = NULL;
    code = open_file(c, c->path, c->flags | SQLITE_OPEN_CREATE, err);
    if (code != MOULT_OK) {
        close_file(c);
        c->db = aside.db;
        c->rows = aside.rows;
        return code;
    }
    close_file(&aside);
    c->pending = 0;
    mo_sqlite_limit(c, c->limit);
    return MOULT_OK;
}

/* Parameters of the URL. What Python's driver takes is accepted, so that one URL serves both; the rest is a mistake. */
static int check_params(const mo_url *url, mo_error *err)
{
    static const char *const known[] = {
        "uri",     "timeout",           "detect_types", "isolation_level", "check_same_thread",
        "factory", "cached_statements", "autocommit"};
    static const char *const of_uri[] = {"mode", "cache", "immutable", "nolock", "psow", "vfs", "modeof"};
    const char *uri = mo_url_param_get(url, "uri");

    for (size_t i = 0; i < url->params.count; i++) {
        const char *name = url->params.items[i].name;
        int found = 0;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            found |= strcmp(name, known[k]) == 0;
        }
        for (size_t k = 0; uri && k < sizeof of_uri / sizeof *of_uri; k++) {
            found |= strcmp(name, of_uri[k]) == 0;
        }
        if (!found) {
            mo_error_set(err, MOULT_INVALID, "an SQLite URL has no parameter '%s'", name);
            return mo_error_hint(err, "with uri=true it may have mode, cache, immutable, nolock, psow, vfs and modeof");
        }
    }
    if (url->host && *url->host) {
        mo_error_set(err, MOULT_INVALID, "an SQLite URL has no host, and this one names '%s'", url->host);
        return mo_error_hint(err, "write sqlite:///relative.db with three slashes, sqlite:////absolute.db with four");
    }
    return MOULT_OK;
}

static int is_uri(const mo_url *url)
{
    const char *uri = mo_url_param_get(url, "uri");

    return uri && (!strcmp(uri, "true") || !strcmp(uri, "True") || !strcmp(uri, "1")) &&
           !strncmp(url->database ? url->database : "", "file:", 5);
}

/* What SQLite is to open: a path that it cannot take for anything else, or a URI with its parameters. */
static void path_of(const mo_url *url, mo_str *out)
{
    char sep = strchr(url->database, '?') ? '&' : '?';

    if (!is_uri(url)) {
        mo_str_add(out, !strncmp(url->database, "file:", 5) || url->database[0] == ':' ? "./" : "");
        mo_str_add(out, url->database);
        return;
    }
    mo_str_add(out, url->database);
    for (size_t i = 0; i < url->params.count; i++) {
        const mo_url_param *p = &url->params.items[i];
        if (strcmp(p->name, "uri") && strcmp(p->name, "timeout")) {
            mo_str_addc(out, sep);
            mo_str_add(out, p->name);
            mo_str_addc(out, '=');
            mo_str_add(out, p->value);
            sep = '&';
        }
    }
}

static int is_memory(const mo_url *url)
{
    return !url->database || !*url->database || !strcmp(url->database, memory_name);
}

/* Path, name and flags of a connection. */
static int fill(mo_conn *c, const mo_open_args *args, mo_error *err)
{
    const mo_url *url = args->url;
    mo_str path = {0};
    int code = check_params(url, err);

    if (code != MOULT_OK) {
        return code;
    }
    snprintf(c->engine, sizeof c->engine, "SQLite %s", sqlite3_libversion());
    c->busy_timeout = args->busy_timeout;
    c->flags = args->mode == MOULT_OPEN_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (is_memory(url)) {
        c->name = strdup(memory_name);
        return c->name ? MOULT_OK : mo_error_nomem(err);
    }
    c->flags |= is_uri(url) ? SQLITE_OPEN_URI | (args->mode == MOULT_OPEN_CREATE ? SQLITE_OPEN_CREATE : 0) : 0;
    path_of(url, &path);
    c->path = mo_str_take(&path);
    c->name = strdup(url->database);
    return c->path && c->name ? MOULT_OK : mo_error_nomem(err);
}

int mo_sqlite_open(mo_conn **out, const mo_open_args *args, mo_error *err)
{
    mo_conn *c = calloc(1, sizeof *c);
    int code;

    *out = NULL;
    if (!c) {
        return mo_error_nomem(err);
    }
    code = fill(c, args, err);
    if (code == MOULT_OK) {
        code = open_path(c, args, err);
    }
    if (code != MOULT_OK) {
        mo_sqlite_close(c);
        return code;
    }
    *out = c;
    return MOULT_OK;
}

int mo_sqlite_open_memory(mo_conn **out, mo_error *err)
{
    mo_url url = {.scheme = "sqlite"};
    mo_open_args args = {.url = &url, .mode = MOULT_OPEN_CREATE};

    return mo_sqlite_open(out, &args, err);
}

void mo_sqlite_close(mo_conn *c)
{
    if (!c) {
        return;
    }
    mo_sqlite_run_end(c);
    close_file(c);
    free(c->path);
    free(c->name);
    free(c);
}

const char *mo_sqlite_engine(const mo_conn *c)
{
    return c->engine;
}

const char *mo_sqlite_database(const mo_conn *c)
{
    return c->name;
}

int mo_sqlite_writable(mo_conn *c)
{
    const char *file = c->pending ? c->path : sqlite3_db_filename(c->db, "main");
    char *folder;
    int yes;

    if (!(c->flags & SQLITE_OPEN_READWRITE) || (!c->pending && sqlite3_db_readonly(c->db, "main") == 1)) {
        return 0;
    }
    if (!file || !*file) {
        return 1; /* memory */
    }
    /* The journal is a new file beside the database, so the folder must be writable too. */
    folder = folder_of(file);
    if (!folder) {
        return 1; /* no memory to look: whoever writes is told */
    }
    yes = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 &&
          (c->pending || faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) == 0);
    free(folder);
    return yes;
}

/* Where a link that leads to nothing (yet) points: malloc'd; NULL: no link, or no memory. */
static char *follow(const char *path)
{
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    char *folder, *out = NULL;

    if (n <= 0) {
        return NULL;
    }
    target[n] = '\0';
    if (target[0] == '/') {
        return strdup(target);
    }
    folder = folder_of(path);
    if (folder && asprintf(&out, "%s/%s", folder, target) < 0) {
        out = NULL;
    }
    free(folder);
    return out;
}

char *mo_sqlite_real_path(const mo_conn *c)
{
    enum { MAX_LINKS = 40 };
    const char *file = c->pending ? c->path : sqlite3_db_filename(c->db, "main");
    char *path = strdup(file ? file : "");
    char *real, *folder, *folder_real, *out = NULL;

    for (int i = 0; path && i < MAX_LINKS; i++) {
        char *next;
        real = realpath(path, NULL);
        if (real) {
            free(path);
            return real;
        }
        next = follow(path);
        if (!next) {
            break;
        }
        free(path);
        path = next;
    }
    folder = path ? folder_of(path) : NULL;
    folder_real = folder ? realpath(folder, NULL) : NULL;
    if (folder_real) {
        const char *slash = strrchr(path, '/');
        if (asprintf(&out, "%s/%s", strcmp(folder_real, "/") ? folder_real : "", slash ? slash + 1 : path) < 0) {
            out = NULL;
        }
    }
    free(folder_real);
    free(folder);
    free(path);
    return out;
}
