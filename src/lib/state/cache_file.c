/* SPDX-License-Identifier: MIT */
/*
 * cache_file.c - a cache in a file.
 *
 * The file is small and is read and written whole: aside, synced, renamed, so whoever reads sees the old one or the new
 * one, and a process that is killed meanwhile leaves the old one. Writers take turns by a lock file. The first line has
 * the sum of the rest. Counters are a file of their own, beside it: they change with every start, and are worth no sync.
 */
#include "state/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lock.h"

enum { ENTRIES_MAX = 128, FILE_MAX = 64 * 1024 };
static const char magic[] = "moult-cache 1 ";
static const mo_patience read_limit = {.seconds = 0.1};
static const double lock_limit = 0.5;

typedef struct cache_file {
    char *path, *lock, *counters;
} cache_file;

static void close_store(void *store)
{
    cache_file *f = store;
    free(f->path);
    free(f->lock);
    free(f->counters);
    free(f);
}

int mo_cache_file_open(void **out, const char *where, mo_error *err)
{
    cache_file *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return mo_error_nomem(err);
    if (asprintf(&f->path, "%s", where) < 0)
        f->path = NULL;
    if (asprintf(&f->lock, "%s-cache-lock", where) < 0)
        f->lock = NULL;
    if (asprintf(&f->counters, "%s-cache-counters", where) < 0)
        f->counters = NULL;
    if (!f->path || !f->lock || !f->counters) {
        close_store(f);
        return mo_error_nomem(err);
    }
    *out = f;
    return MOULT_OK;
}

static void sum_of(const char *text, char out[33])
{
    mo_hash_hex(mo_hash_of(text, strlen(text)), out);
}

static int is_other(const cache_file *f, mo_error *err)
{
    mo_error_set(err, MOULT_IO, "'%s' is there already, and is no cache of moult's", f->path);
    return mo_error_hint(err, "name another file; this one is left as it is");
}

/* The lines of entries, in *text (the caller's to free); "" when there is no file, or when it is broken. IO when the file
 * is something else: it is not touched then. */
static int read_lines(const cache_file *f, char **data, const char **lines, mo_error *err)
{
    const size_t head = sizeof magic - 1 + 32 + 1;
    char sum[33];
    size_t n = 0;
    struct stat st;
    int rc;
    *data = NULL;
    *lines = "";
    if (stat(f->path, &st) != 0)
        return MOULT_OK;
    if (!S_ISREG(st.st_mode))
        return is_other(f, err);
    rc = mo_fs_read(f->path, read_limit, FILE_MAX, data, &n, err);
    if (rc != MOULT_OK)
        return rc;
    if (strncmp(*data, magic, n < sizeof magic - 1 ? n : sizeof magic - 1) != 0)
        return is_other(f, err);
    if (n < head || (*data)[head - 1] != '\n' || strlen(*data) != n)
        return MOULT_OK;
    sum_of(*data + head, sum);
    if (strncmp(*data + sizeof magic - 1, sum, 32) == 0)
        *lines = *data + head;
    return MOULT_OK;
}

static size_t line_length(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? (size_t)(end - line) + 1 : strlen(line);
}

static int get(void *store, const char *key, char value[MO_CACHE_VALUE], mo_error *err)
{
    const size_t n = strlen(key);
    const char *line;
    char *data;
    int rc = read_lines(store, &data, &line, err), found = 0;
    for (; rc == MOULT_OK && !found && *line; line += line_length(line))
        if (strncmp(line, key, n) == 0 && line[n] == ' ') {
            snprintf(value, MO_CACHE_VALUE, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
            found = 1;
        }
    free(data);
    return rc == MOULT_OK && !found ? MOULT_NOTFOUND : rc;
}

/* The new content: this entry first, then the others, the oldest of which go. */
static int compose(const char *key, const char *value, const char *old, mo_str *out, mo_error *err)
{
    mo_str lines = {0};
    char sum[33];
    int count = 1;
    mo_str_addf(&lines, "%s %s\n", key, value);
    for (; *old && count < ENTRIES_MAX; old += line_length(old)) {
        if (strncmp(old, key, strlen(key)) == 0)
            continue;
        mo_str_addn(&lines, old, line_length(old));
        count++;
    }
    sum_of(mo_str_text(&lines), sum);
    mo_str_addf(out, "%s%s\n%s", magic, sum, mo_str_text(&lines));
    out->failed |= lines.failed;
    mo_str_free(&lines);
    return out->failed ? mo_error_nomem(err) : MOULT_OK;
}

/* Whoever writes has the lock file. */
static int lock(const cache_file *f, mo_file_lock **out, mo_error *err)
{
    moult_lock_info before;
    return mo_file_lock_take(out, f->lock, lock_limit, NULL, &before, err);
}

static void unlock(mo_file_lock *held)
{
    mo_error err = {{0}};
    (void)mo_file_lock_release(held, &err); /* what it leaves behind locks nobody out */
    mo_error_clear(&err);
}

static int put(void *store, const char *key, const char *value, mo_error *err)
{
    const cache_file *f = store;
    mo_file_lock *held;
    mo_str text = {0};
    const char *lines;
    char *data = NULL;
    int rc = lock(f, &held, err);
    if (rc != MOULT_OK)
        return rc;
    rc = read_lines(f, &data, &lines, err);
    if (rc == MOULT_OK)
        rc = compose(key, value, lines, &text, err);
    if (rc == MOULT_OK)
        rc = mo_fs_write(f->path, mo_str_text(&text), text.length, err);
    unlock(held);
    mo_str_free(&text);
    free(data);
    return rc;
}

/* --- counters -------------------------------------------------------------------------------------------------------- */

static mo_cache_counts read_counters(const cache_file *f)
{
    static const char head[] = "moult-cache-counters 1";
    enum { TEXT_MAX = 160 };
    char *data = NULL;
    size_t length;
    mo_error err = {{0}};
    mo_cache_counts out = {0};
    int64_t *const all[] = {&out.hits, &out.misses, &out.errors, &out.stores};
    if (mo_fs_exists(f->counters) && mo_fs_read(f->counters, read_limit, TEXT_MAX, &data, &length, &err) == MOULT_OK &&
        strncmp(data, head, sizeof head - 1) == 0) {
        char *at = data + sizeof head - 1;
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            *all[i] = strtoll(at, &at, 10); /* nonsense counts as nothing */
    }
    mo_error_clear(&err);
    free(data);
    return out;
}

static int write_counters(const cache_file *f, const mo_cache_counts *n, mo_error *err)
{
    char text[160];
    FILE *out = fopen(f->counters, "we");
    int length = snprintf(text, sizeof text, "moult-cache-counters 1 %lld %lld %lld %lld\n", (long long)n->hits,
                          (long long)n->misses, (long long)n->errors, (long long)n->stores);
    int written = out && fwrite(text, 1, (size_t)length, out) == (size_t)length;
    if (out && fclose(out) != 0)
        written = 0;
    return written ? MOULT_OK : mo_error_set(err, MOULT_IO, "cannot write '%s'", f->counters);
}

static int add_counters(const cache_file *f, const mo_cache_counts *add, mo_cache_counts *sums, mo_error *err)
{
    mo_file_lock *held;
    int rc = lock(f, &held, err);
    if (rc != MOULT_OK)
        return rc;
    *sums = read_counters(f);
    sums->hits += add->hits;
    sums->misses += add->misses;
    sums->errors += add->errors;
    sums->stores += add->stores;
    rc = write_counters(f, sums, err);
    unlock(held);
    return rc;
}

static int count(void *store, const mo_cache_counts *add, mo_cache_counts *sums, mo_error *err)
{
    if (add->hits || add->misses || add->errors || add->stores)
        return add_counters(store, add, sums, err);
    *sums = read_counters(store);
    return MOULT_OK;
}

static int entries(void *store, int64_t *out, mo_error *err)
{
    const char *line;
    char *data;
    int rc = read_lines(store, &data, &line, err);
    *out = 0;
    for (; rc == MOULT_OK && *line; line += line_length(line))
        ++*out;
    free(data);
    return rc;
}

/* Removes what is a cache to its first line; anything shorter has no entry, and may be another's. */
static int remove_file(const cache_file *f, mo_error *err)
{
    const char *lines;
    char *data;
    int rc = read_lines(f, &data, &lines, err);
    int ours = rc == MOULT_OK && data && strncmp(data, magic, sizeof magic - 1) == 0;
    free(data);
    if (ours && unlink(f->path) != 0)
        rc = mo_error_set(err, MOULT_IO, "cannot remove '%s'", f->path);
    return rc;
}

static int clear(void *store, int64_t *removed, mo_error *err)
{
    const cache_file *f = store;
    mo_file_lock *held;
    int rc = lock(f, &held, err);
    if (rc != MOULT_OK)
        return rc;
    rc = entries(store, removed, err);
    if (rc == MOULT_OK)
        rc = remove_file(f, err);
    if (rc == MOULT_OK)
        unlink(f->counters);
    unlock(held);
    return rc;
}

const mo_cache_store mo_cache_file = {
    .close = close_store, .get = get, .put = put, .count = count, .entries = entries, .clear = clear};
