/* SPDX-License-Identifier: MIT */
/*
 * shim.c - a library for LD_PRELOAD that stands between a program and its disk.
 *
 * Counts what changes files (pwrite, write, ftruncate, fsync, unlink, rename) below the folder SHIM_FOLDER, and
 *   SHIM_KILL_AT=N   kills the process, with SIGKILL, before the N-th of them
 *   SHIM_FULL_AT=N   from the N-th on, writes fail with ENOSPC
 *   SHIM_FAIL_AT=N   the N-th fails with EIO
 *   SHIM_COUNT=FILE  writes how many there were into FILE when the program ends
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long count;

static long setting(const char *name)
{
    const char *text = getenv(name);

    return text ? atol(text) : 0;
}

static int below(const char *name)
{
    const char *folder = getenv("SHIM_FOLDER");

    return folder && name && strncmp(name, folder, strlen(folder)) == 0;
}

static int below_fd(int fd)
{
    char link[64], name[PATH_MAX];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof name - 1);
    if (n <= 0) {
        return 0;
    }
    name[n] = '\0';
    return below(name);
}

/* One change of a file is about to happen: 0, or the errno that it fails with. */
static int change(int ours, int writes)
{
    if (!ours) {
        return 0;
    }
    long n = atomic_fetch_add(&count, 1) + 1;
    if (n == setting("SHIM_KILL_AT")) {
        kill(getpid(), SIGKILL);
    }
    if (n == setting("SHIM_FAIL_AT")) {
        return EIO;
    }
    return writes && setting("SHIM_FULL_AT") && n >= setting("SHIM_FULL_AT") ? ENOSPC : 0;
}

#define SHIM(result, name, parameters, arguments, ours, writes)                                                        \
    result name parameters;                                                                                            \
    result name parameters                                                                                             \
    {                                                                                                                  \
        union {                                                                                                        \
            void *object;                                                                                              \
            result(*call) parameters;                                                                                  \
        } next = {dlsym(RTLD_NEXT, #name)};                                                                            \
        int error = change(ours, writes);                                                                              \
        if (error) {                                                                                                   \
            errno = error;                                                                                             \
            return -1;                                                                                                 \
        }                                                                                                              \
        return next.call arguments;                                                                                    \
    }

SHIM(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n), below_fd(fd), 1)
SHIM(ssize_t, pwrite, (int fd, const void *data, size_t n, off_t at), (fd, data, n, at), below_fd(fd), 1)
SHIM(ssize_t, pwrite64, (int fd, const void *data, size_t n, off64_t at), (fd, data, n, at), below_fd(fd), 1)
SHIM(int, ftruncate, (int fd, off_t n), (fd, n), below_fd(fd), 0)
SHIM(int, ftruncate64, (int fd, off64_t n), (fd, n), below_fd(fd), 0)
SHIM(int, fsync, (int fd), (fd), below_fd(fd), 0)
SHIM(int, fdatasync, (int fd), (fd), below_fd(fd), 0)
SHIM(int, unlink, (const char *name), (name), below(name), 0)
SHIM(int, rename, (const char *from, const char *to), (from, to), below(from), 0)

__attribute__((destructor)) static void tell(void)
{
    const char *name = getenv("SHIM_COUNT");
    FILE *f = name ? fopen(name, "w") : NULL;

    if (f) {
        fprintf(f, "%ld\n", atomic_load(&count));
        fclose(f);
    }
}
