/* SPDX-License-Identifier: MIT */
/* fs.c - files: reading whole, writing whole and safely, and the files that a path or a pattern stands for. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum { FIRST_READ = 64 * 1024, ASIDE_TRIES = 100 };
static const double look_every = 0.05; /* seconds between two looks at whether it was cancelled */

/* "cannot read 'x': No such file or directory", with errno's name. */
static int failed(mo_error *err, const char *what, const char *path)
{
    int number = errno;
    mo_error_set(err, MOULT_IO, "cannot %s '%s': %s", what, path, strerror(number));
    return mo_error_errno(err, number);
}

int mo_fs_is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int mo_fs_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* Room for at least one more byte and the NUL, never for more than max + 1 and the NUL: the one byte too many is how a
 * file that is too long is noticed. */
static int grow(char **data, size_t *capacity, size_t max)
{
    size_t limit = max > SIZE_MAX / 2 ? SIZE_MAX / 2 : max + 2;
    size_t larger = *capacity ? *capacity * 2 : FIRST_READ;
    if (larger > limit)
        larger = limit;
    char *moved = realloc(*data, larger);
    if (!moved)
        return -1;
    *data = moved;
    *capacity = larger;
    return 0;
}

/* Waits until there is something to read. A file always has; a pipe or a terminal may say nothing for ever. */
static int wait_for(int fd, const char *name, mo_patience patience, mo_deadline deadline, mo_error *err)
{
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    for (int n = 0; n == 0 && !mo_deadline_passed(deadline);) {
        double left = mo_deadline_left(deadline);
        if (mo_cancelled(patience.cancel))
            return mo_error_set(err, MOULT_CANCELLED, "cancelled while '%s' was read", name);
        n = poll(&waited, 1, left < look_every ? (int)(left * 1000) + 1 : (int)(look_every * 1000));
        if (n < 0 && errno != EINTR)
            return failed(err, "read", name);
        if (n > 0)
            return MOULT_OK;
        n = 0;
    }
    return mo_error_set(err, MOULT_TIMEOUT, "'%s' said nothing, or did not end, within %g seconds", name,
                        patience.seconds);
}

/* Reads to the end of `fd`. `size` is what it is thought to hold. What was read is in *data, for the caller to free. */
static int read_all(int fd, const char *name, mo_patience patience, size_t size, size_t max, char **data,
                    size_t *length, mo_error *err)
{
    mo_deadline deadline = mo_deadline_in(patience.seconds);
    size_t capacity = 0;
    if (size > 0 && size < max) {
        capacity = size + 2;
        *data = malloc(capacity);
        if (!*data)
            return mo_error_nomem(err);
    }
    for (;;) {
        if (capacity - *length < 2 && grow(data, &capacity, max) != 0)
            return mo_error_nomem(err);
        int code = size == 0 ? wait_for(fd, name, patience, deadline, err) : MOULT_OK;
        if (code != MOULT_OK)
            return code;
        ssize_t n = read(fd, *data + *length, capacity - *length - 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return failed(err, "read", name);
        *length += (size_t)n;
        if (*length > max) {
            mo_error_set(err, MOULT_IO, "'%s' is longer than %zu bytes", name, max);
            return mo_error_hint(err, "split it into several files");
        }
        if (n == 0) {
            (*data)[*length] = '\0';
            return MOULT_OK;
        }
    }
}

static int read_path(const char *path, mo_patience patience, size_t max, char **data, size_t *length, mo_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe that nobody writes to would be waited for here */
    if (fd < 0)
        return failed(err, "read", path);
    struct stat st;
    int code;
    if (fstat(fd, &st) != 0) {
        code = failed(err, "read", path);
    } else if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        code = failed(err, "read", path);
    } else {
        size_t size = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;
        code = read_all(fd, path, patience, size, max, data, length, err);
    }
    close(fd);
    return code;
}

int mo_fs_read(const char *path, mo_patience patience, size_t max, char **out, size_t *length, mo_error *err)
{
    char *data = NULL;
    size_t n = 0;
    int code = strcmp(path, "-") == 0 ? read_all(STDIN_FILENO, "<stdin>", patience, 0, max, &data, &n, err)
                                      : read_path(path, patience, max, &data, &n, err);
    if (code != MOULT_OK) {
        free(data);
        data = NULL;
        n = 0;
    }
    *out = data;
    *length = n;
    return code;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

/* What is no regular file (a terminal, a pipe) has no old content to keep. */
static int write_through(const char *path, const char *data, size_t length, mo_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int code = fd < 0 || write_all(fd, data, length) != 0 ? failed(err, "write", path) : MOULT_OK;
    if (fd >= 0)
        close(fd);
    return code;
}

/* A new file beside `path`; its name goes into *aside, malloc'd. The descriptor, or -1 with errno. */
static int create_aside(const char *path, char **aside)
{
    size_t size = strlen(path) + 48;
    *aside = malloc(size);
    if (!*aside) {
        errno = ENOMEM;
        return -1;
    }
    for (int i = 0; i < ASIDE_TRIES; i++) {
        unsigned long long salt = (unsigned long long)(mo_clock_now() * 1e9) + (unsigned long long)i;
        snprintf(*aside, size, "%s.%ld-%llx.tmp", path, (long)getpid(), salt);
        int fd = open(*aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Makes the rename last: a folder is a file too. Those that cannot be synced (on some networks) say EINVAL. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (!folder) {
        errno = ENOMEM;
        return -1;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return -1;
    int result = fsync(fd) != 0 && errno != EINVAL ? -1 : 0;
    int number = errno;
    close(fd);
    errno = number;
    return result;
}

/* `old`: what is there now, whose rights the new file takes; NULL: nothing. */
static int write_aside(const char *path, const struct stat *old, const char *data, size_t length)
{
    char *aside = NULL;
    int fd = create_aside(path, &aside);
    int result = fd < 0 ? -1 : 0;
    if (fd >= 0) {
        if ((old && fchmod(fd, old->st_mode & 07777) != 0) || write_all(fd, data, length) != 0 || fsync(fd) != 0)
            result = -1;
        int number = errno;
        if (close(fd) != 0 && result == 0)
            result = -1;
        else
            errno = number;
        if (result == 0 && rename(aside, path) != 0)
            result = -1;
        if (result != 0) {
            number = errno;
            unlink(aside);
            errno = number;
        }
    }
    free(aside);
    return result == 0 ? sync_folder(path) : -1;
}

int mo_fs_write(const char *path, const char *data, size_t length, mo_error *err)
{
    struct stat st;
    int there = stat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode))
        return write_through(path, data, length, err);
    /* Behind a symbolic link it is the file that is replaced, not the link. */
    char *target = there ? realpath(path, NULL) : NULL;
    int result = there && !target ? -1 : write_aside(target ? target : path, there ? &st : NULL, data, length);
    int number = errno;
    free(target);
    errno = number;
    if (result == 0)
        return MOULT_OK;
    return errno == ENOMEM ? mo_error_nomem(err) : failed(err, "write", path);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int push_path(mo_region *r, mo_path_list *list, const char *path, mo_error *err)
{
    return path && mo_vec_push(r, list, path) == 0 ? MOULT_OK : mo_error_nomem(err);
}

static void sort_paths(mo_path_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_bytes);
}

/* A visible name that ends in .sql. */
static int is_sql_name(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".sql") == 0;
}

static int expand_folder(mo_region *r, const char *path, mo_path_list *out, mo_error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return failed(err, "read", path);
    size_t n = strlen(path);
    const char *slash = n > 0 && path[n - 1] == '/' ? "" : "/";
    int code = MOULT_OK;
    while (code == MOULT_OK) {
        errno = 0;
        struct dirent *d = readdir(dir);
        if (!d) {
            if (errno != 0)
                code = failed(err, "read", path);
            break;
        }
        if (is_sql_name(d->d_name))
            code = push_path(r, out, mo_region_printf(r, "%s%s%s", path, slash, d->d_name), err);
    }
    closedir(dir);
    if (code == MOULT_OK && out->count == 0) {
        mo_error_set(err, MOULT_NOTFOUND, "folder '%s' holds no .sql file", path);
        return mo_error_hint(err, "name a file, or put the schema into files that end in .sql");
    }
    sort_paths(out);
    return code;
}

/* A folder that cannot be read is an error: files missed in silence would look like tables that are to be dropped. */
static int expand_glob(mo_region *r, const char *pattern, mo_path_list *out, mo_error *err)
{
    glob_t found = {0};
    int code = MOULT_OK, result = glob(pattern, GLOB_NOSORT | GLOB_ERR, NULL, &found);
    if (result == GLOB_NOSPACE) {
        code = mo_error_nomem(err);
    } else if (result == GLOB_NOMATCH) {
        mo_error_set(err, MOULT_NOTFOUND, "no file matches '%s'", pattern);
        mo_error_hint(err, "check the pattern and the folder that it is looked for in");
        code = MOULT_NOTFOUND;
    } else if (result != 0) {
        code = failed(err, "look for", pattern);
    }
    for (size_t i = 0; code == MOULT_OK && i < found.gl_pathc; i++)
        code = push_path(r, out, mo_region_dup(r, found.gl_pathv[i]), err);
    globfree(&found);
    sort_paths(out);
    return code;
}

int mo_fs_expand(mo_region *r, const char *path, mo_path_list *out, mo_error *err)
{
    memset(out, 0, sizeof *out);
    struct stat st;
    if (strcmp(path, "-") == 0)
        return push_path(r, out, "-", err);
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? expand_folder(r, path, out, err) : push_path(r, out, mo_region_dup(r, path), err);
    if (errno != ENOENT && errno != ENOTDIR)
        return failed(err, "read", path);
    if (strpbrk(path, "*?["))
        return expand_glob(r, path, out, err);
    mo_error_set(err, MOULT_NOTFOUND, "there is no file '%s'", path);
    mo_error_errno(err, ENOENT);
    return mo_error_hint(err, "name an .sql file, a folder of them, or a pattern such as 'schema/*.sql'");
}
