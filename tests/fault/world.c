/* SPDX-License-Identifier: MIT */
/*
 * world.c - a library for LD_PRELOAD that makes the world around a program another one.
 *
 *   WORLD_DENY=SUFFIX    files whose names end so cannot be created (EACCES)
 *   WORLD_FROZEN=SECONDS the clock on the wall stands still at this time
 *   WORLD_FREE=BYTES     that is what every file system has left
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static int denied(const char *path, int flags)
{
    const char *suffix = getenv("WORLD_DENY");
    size_t n = strlen(path), m = suffix ? strlen(suffix) : 0;

    return m && (flags & O_CREAT) && n >= m && strcmp(path + n - m, suffix) == 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...);                                                                        \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        union {                                                                                                        \
            void *object;                                                                                              \
            int (*call)(const char *, int, ...);                                                                       \
        } real = {next(#name)};                                                                                        \
        va_list args;                                                                                                  \
        va_start(args, flags);                                                                                         \
        mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;                                                      \
        va_end(args);                                                                                                  \
        if (denied(path, flags)) {                                                                                     \
            errno = EACCES;                                                                                            \
            return -1;                                                                                                 \
        }                                                                                                              \
        return real.call(path, flags, mode);                                                                           \
    }

OPEN(open)
OPEN(open64)

int clock_gettime(clockid_t id, struct timespec *t)
{
    union {
        void *object;
        int (*call)(clockid_t, struct timespec *);
    } real = {next("clock_gettime")};
    const char *frozen = getenv("WORLD_FROZEN");

    if (frozen && id == CLOCK_REALTIME) {
        *t = (struct timespec){.tv_sec = atol(frozen)};
        return 0;
    }
    return real.call(id, t);
}

#define ROOM(name, type)                                                                                               \
    int name(const char *path, struct type *out);                                                                      \
    int name(const char *path, struct type *out)                                                                       \
    {                                                                                                                  \
        union {                                                                                                        \
            void *object;                                                                                              \
            int (*call)(const char *, struct type *);                                                                  \
        } real = {next(#name)};                                                                                        \
        const char *room = getenv("WORLD_FREE");                                                                       \
        int result = real.call(path, out);                                                                             \
        if (result == 0 && room) {                                                                                     \
            out->f_bsize = out->f_frsize = 1;                                                                          \
            out->f_bfree = out->f_bavail = (fsblkcnt64_t)atoll(room);                                                  \
        }                                                                                                              \
        return result;                                                                                                 \
    }

ROOM(statvfs64, statvfs64)
