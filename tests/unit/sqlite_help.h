/* SPDX-License-Identifier: MIT */
/* sqlite_help.h - what the tests of the SQLite dialect share: a folder of their own, and opening a database in it. */
#ifndef SQLITE_HELP_H
#define SQLITE_HELP_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialect/sqlite/sqlite.h"

static char help_folder[64];
static mo_error help_err;

static inline void help_begin(void)
{
    strcpy(help_folder, "/tmp/moult-test-XXXXXX");
    cr_assert(mkdtemp(help_folder));
}

static inline void help_end(void)
{
    char command[128];

    mo_error_clear(&help_err);
    snprintf(command, sizeof command, "rm -rf '%s'", help_folder);
    cr_assert(system(command) == 0);
}

/* A path in the folder; good until the next call but three. */
static inline const char *help_path(const char *name)
{
    static char paths[4][160];
    static int next;
    char *out = paths[next++ % 4];

    snprintf(out, sizeof paths[0], "%s/%s", help_folder, name);
    return out;
}

static inline void help_write(const char *name, const char *data, size_t n)
{
    FILE *f = fopen(help_path(name), "wb");

    cr_assert(f);
    cr_assert(fwrite(data, 1, n, f) == n);
    cr_assert(fclose(f) == 0);
}

/* Opens a path with short waits: the code. */
static inline int help_open(mo_conn **out, const char *path, moult_open_mode mode, double busy_timeout)
{
    mo_url url = {.scheme = "sqlite", .database = path};
    mo_open_args args = {.url = &url, .mode = mode, .busy_timeout = busy_timeout};

    return mo_sqlite_open(out, &args, &help_err);
}

static inline mo_conn *help_conn(const char *name, moult_open_mode mode)
{
    mo_conn *c = NULL;

    cr_assert(help_open(&c, name ? help_path(name) : NULL, mode, 0.1) == MOULT_OK, "%s", help_err.pub.message);
    return c;
}

static inline void help_exec(mo_conn *c, const char *sql)
{
    cr_assert(mo_sqlite_exec(c, sql, NULL, &help_err) == MOULT_OK, "%s: %s", sql, help_err.pub.message);
}

static inline int help_int_row(void *user, size_t count, const mo_value *values)
{
    (void)count;
    *(int64_t *)user = values[0].integer;
    return MOULT_OK;
}

/* The first value of a query's last row, as a number. */
static inline int64_t help_int(mo_conn *c, const char *sql)
{
    int64_t n = -1;

    cr_assert(mo_sqlite_query(c, sql, NULL, 0, help_int_row, &n, NULL, &help_err) == MOULT_OK, "%s: %s", sql,
              help_err.pub.message);
    return n;
}

#endif
