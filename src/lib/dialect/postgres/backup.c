/* SPDX-License-Identifier: MIT */
/*
 * backup.c - the backup before a plan that is not safe: pg_dump of the database, into the folder that the process runs in.
 *
 * It is written under a name that ends in .part, and gets its own when pg_restore could read it back. The password goes by a
 * file that only this account can read: neither a command line nor the environment of others shows it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/process.h"
#include "dialect/postgres/postgres.h"

#define BEHIND "-moult-backup-" /* behind the database's name; a time follows */

enum { MAX_OUTPUT = 4096 };

/* The database's name as a part of a file's. */
static void add_file_name(mo_conn *c, mo_str *out)
{
    for (const char *p = c->pq.PQdb(c->pg); *p; p++)
        mo_str_addc(out, *p == '/' || (unsigned char)*p < ' ' ? '_' : *p);
}

/* 'text' for the shell. */
static void add_word(mo_str *out, const char *text)
{
    mo_str_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            mo_str_add(out, "'\\''");
        else
            mo_str_addc(out, *text);
    }
    mo_str_addc(out, '\'');
}

static void add_setting(mo_str *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    mo_str_addf(out, "%s%s='", out->length ? " " : "", name);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            mo_str_addc(out, '\\');
        mo_str_addc(out, *value);
    }
    mo_str_addc(out, '\'');
}

/* How pg_dump gets there: as this connection did, but for the password. */
static void add_conninfo(mo_conn *c, mo_str *out)
{
    add_setting(out, "host", c->pq.PQhost(c->pg));
    add_setting(out, "port", c->pq.PQport(c->pg));
    add_setting(out, "user", c->pq.PQuser(c->pg));
    add_setting(out, "dbname", c->pq.PQdb(c->pg));
    for (size_t i = 0; i < c->url->params.count; i++)
        if (strncmp(c->url->params.items[i].name, "ssl", 3) == 0 && c->url->params.items[i].name[3])
            add_setting(out, c->url->params.items[i].name, c->url->params.items[i].value);
}

/* A file that libpq reads the password from; *path NULL: there is none to be written. */
static int write_password(mo_conn *c, char path[64], mo_error *err)
{
    const char *password = c->url->password;
    mo_str text = {0};
    path[0] = '\0';
    if (!password)
        return MOULT_OK;
    mo_str_add(&text, "*:*:*:*:");
    for (; *password; password++) {
        if (*password == ':' || *password == '\\')
            mo_str_addc(&text, '\\');
        mo_str_addc(&text, *password);
    }
    mo_str_addc(&text, '\n');
    snprintf(path, 64, "/tmp/moult-pass-XXXXXX");
    int fd = mkstemp(path), failed = text.failed || fd < 0;
    if (!failed)
        failed = write(fd, mo_str_text(&text), text.length) != (ssize_t)text.length;
    if (fd >= 0)
        close(fd);
    mo_str_free(&text);
    if (!failed)
        return MOULT_OK;
    mo_error_set(err, MOULT_IO, "the password for pg_dump cannot be handed over: %s", strerror(errno));
    return mo_error_hint(err, "see that /tmp can be written to, or leave the backup out: --no-backup");
}

static int run(mo_conn *c, const char *part, const char *passfile, mo_error *err)
{
    mo_str command = {0}, conninfo = {0};
    mo_patience patience = {0, NULL};
    char *output = NULL;
    size_t length;
    if (*passfile)
        mo_str_addf(&command, "PGPASSFILE=%s ", passfile);
    mo_str_add(&command, "pg_dump --format=custom --no-password --file=");
    add_word(&command, part);
    mo_str_add(&command, " --dbname=");
    add_conninfo(c, &conninfo);
    add_word(&command, mo_str_text(&conninfo));
    mo_str_add(&command, " && pg_restore --list ");
    add_word(&command, part);
    mo_str_add(&command, " > /dev/null && echo done");
    int code = command.failed || conninfo.failed
                   ? mo_error_nomem(err)
                   : mo_process_output(mo_str_text(&command), patience, MAX_OUTPUT, &output, &length, err);
    free(output);
    mo_str_free(&command);
    mo_str_free(&conninfo);
    return code;
}

static int not_made(mo_error *err)
{
    mo_error cause = {0};
    if (err->pub.code == MOULT_NOMEM)
        return MOULT_NOMEM;
    mo_error_move(&cause, err);
    mo_error_set(err, MOULT_IO, "the backup could not be made, so nothing was changed");
    mo_error_detail(err, "%s%s%s", cause.pub.message ? cause.pub.message : "", cause.pub.detail ? "\n" : "",
                    cause.pub.detail ? cause.pub.detail : "");
    mo_error_clear(&cause);
    return mo_error_hint(err,
                         "moult calls pg_dump and pg_restore, which must be there and not older than the server; or "
                         "leave it out: --no-backup");
}

int mo_pg_backup(mo_conn *c, mo_region *r, const mo_watch *watch, const char **path, mo_error *err)
{
    char time[32], passfile[64];
    mo_str name = {0};
    (void)watch; /* pg_dump has no limit of its own: a large database takes its time */
    mo_clock_utc(time);
    mo_str_add(&name, "./");
    add_file_name(c, &name);
    mo_str_add(&name, BEHIND);
    for (const char *p = time; *p; p++)
        if (*p != '-' && *p != ':')
            mo_str_addc(&name, *p);
    *path = mo_str_into(&name, r);
    const char *part = *path ? mo_region_printf(r, "%s.part", *path) : NULL;
    if (!part)
        return mo_error_nomem(err);
    int code = write_password(c, passfile, err);
    if (code == MOULT_OK)
        code = run(c, part, passfile, err);
    if (*passfile)
        unlink(passfile);
    if (code == MOULT_OK && rename(part, *path) != 0)
        code = mo_error_set(err, MOULT_IO, "'%s' cannot be given its name: %s", part, strerror(errno));
    if (code == MOULT_OK)
        return MOULT_OK;
    unlink(part);
    return not_made(err);
}

/* --- those that are there ---------------------------------------------------------------------------------------------- */

static int add(mo_region *r, const char *name, mo_backups *out, mo_error *err)
{
    struct stat st;
    struct tm tm;
    char made[32];
    moult_backup_info b = {0};
    if (stat(name, &st) != 0 || !S_ISREG(st.st_mode))
        return MOULT_OK;
    strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&st.st_mtime, &tm));
    b.path = mo_region_printf(r, "./%s", name);
    b.made_at = mo_region_dup(r, made);
    b.bytes = (int64_t)st.st_size;
    return b.path && b.made_at && mo_vec_push(r, out, b) == 0 ? MOULT_OK : mo_error_nomem(err);
}

static int by_name(const void *a, const void *b)
{
    const moult_backup_info *x = a, *y = b;
    return strcmp(x->path, y->path); /* the name has the time */
}

int mo_pg_backups(mo_conn *c, mo_region *r, mo_backups *out, mo_error *err)
{
    mo_str begin = {0};
    struct dirent *entry;
    int code = MOULT_OK;
    memset(out, 0, sizeof *out);
    add_file_name(c, &begin);
    mo_str_add(&begin, BEHIND);
    DIR *dir = begin.failed ? NULL : opendir(".");
    while (dir && code == MOULT_OK && (entry = readdir(dir)) != NULL) {
        size_t n = strlen(entry->d_name);
        if (strncmp(entry->d_name, mo_str_text(&begin), begin.length) == 0 &&
            !(n > 5 && strcmp(entry->d_name + n - 5, ".part") == 0))
            code = add(r, entry->d_name, out, err);
    }
    if (dir)
        closedir(dir);
    mo_str_free(&begin);
    if (code == MOULT_OK && out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, by_name);
    return code;
}
