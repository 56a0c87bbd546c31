/* SPDX-License-Identifier: MIT */
/*
 * shim.c - a library for LD_PRELOAD that stands between a program and its disk.
 *
 * Counts what changes files (a file that is created, write, pwrite, ftruncate, fallocate, fsync, unlink, rename) whose
 * name begins with SHIM_FOLDER, and
 *   SHIM_KILL_AT=N  sends the process a signal before the N-th of them: SHIM_SIGNAL, or SIGKILL
 *   SHIM_AFTER=N    sends it SHIM_DELAY microseconds after the N-th of them
 *   SHIM_FULL_AT=N  from the N-th on, what needs space fails with ENOSPC
 *   SHIM_FAIL_AT=N  the N-th fails with EIO
 *   SHIM_KEEP=END   none whose name ends so can be unlinked: EROFS
 *   SHIM_BUSY=N     the first N times that moult's history is to be created, the engine says that it is locked
 *   SHIM_COUNT=FILE writes how many there were into FILE when the program ends
 *   SHIM_TRACE=FILE appends a line for each of them, before it is done: number, microseconds, what, bytes, name
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static atomic_long count;
static int trace = -1;

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

/* The name of an open file, when it is one of ours; else NULL. */
static const char *below_fd(int fd, char name[PATH_MAX])
{
    char link[64];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, PATH_MAX - 1);
    if (n <= 0) {
        return NULL;
    }
    name[n] = '\0';
    return below(name) ? name : NULL;
}

static void tell(long n, const char *what, const char *name, long bytes)
{
    char line[PATH_MAX + 128];
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    int length = snprintf(line, sizeof line, "%ld %ld %s %ld %s\n", n, t.tv_sec * 1000000L + t.tv_nsec / 1000, what,
                          bytes, name);
    (void)!syscall(SYS_write, trace, line, (size_t)length);
}

static int the_signal(void)
{
    return setting("SHIM_SIGNAL") ? (int)setting("SHIM_SIGNAL") : SIGKILL;
}

/* The kernel sends it then, whatever the process is doing. */
static void signal_later(long microseconds)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = the_signal()};
    struct itimerspec when = {.it_value = {microseconds / 1000000L, microseconds % 1000000L * 1000L + 1}};
    timer_t timer;

    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &when, NULL) != 0) {
        abort();
    }
}

/* One change of a file is about to happen: 0, or the errno that it fails with. */
/* SHIM_KEEP */
static int is_kept(const char *name)
{
    const char *end = getenv("SHIM_KEEP");
    size_t n = strlen(name), m = end ? strlen(end) : 0;

    return m > 0 && n >= m && strcmp(name + n - m, end) == 0;
}

static int change(const char *what, const char *name, long bytes, int needs_space)
{
    if (!name) {
        return 0;
    }
    long n = atomic_fetch_add(&count, 1) + 1;
    if (trace >= 0) {
        tell(n, what, name, bytes);
    }
    if (n == setting("SHIM_KILL_AT")) {
        kill(getpid(), the_signal());
    }
    if (n == setting("SHIM_AFTER")) {
        signal_later(setting("SHIM_DELAY"));
    }
    if (n == setting("SHIM_FAIL_AT")) {
        return EIO;
    }
    if (strcmp(what, "unlink") == 0 && is_kept(name)) {
        return EROFS;
    }
    return needs_space && setting("SHIM_FULL_AT") && n >= setting("SHIM_FULL_AT") ? ENOSPC : 0;
}

#define FD below_fd(fd, room)
#define NAMED(path) (below(path) ? (path) : NULL)
#define SHIM(result, call, parameters, arguments, name, bytes, needs_space)                                            \
    result call parameters;                                                                                            \
    result call parameters                                                                                             \
    {                                                                                                                  \
        union {                                                                                                        \
            void *object;                                                                                              \
            result(*call) parameters;                                                                                  \
        } next = {dlsym(RTLD_NEXT, #call)};                                                                            \
        char room[PATH_MAX];                                                                                           \
        (void)room;                                                                                                    \
        int error = change(#call, name, (long)(bytes), needs_space);                                                   \
        if (error) {                                                                                                   \
            errno = error;                                                                                             \
            return -1;                                                                                                 \
        }                                                                                                              \
        return next.call arguments;                                                                                    \
    }

SHIM(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n), FD, n, 1)
SHIM(ssize_t, pwrite, (int fd, const void *data, size_t n, off_t at), (fd, data, n, at), FD, n, 1)
SHIM(ssize_t, pwrite64, (int fd, const void *data, size_t n, off64_t at), (fd, data, n, at), FD, n, 1)
SHIM(int, ftruncate, (int fd, off_t n), (fd, n), FD, n, 0)
SHIM(int, ftruncate64, (int fd, off64_t n), (fd, n), FD, n, 0)
SHIM(int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n), FD, n, 1)
SHIM(int, fallocate64, (int fd, int mode, off64_t at, off64_t n), (fd, mode, at, n), FD, n, 1)
SHIM(int, fsync, (int fd), (fd), FD, 0, 0)
SHIM(int, fdatasync, (int fd), (fd), FD, 0, 0)
SHIM(int, unlink, (const char *path), (path), NAMED(path), 0, 0)
SHIM(int, rename, (const char *from, const char *to), (from, to), NAMED(from), 0, 0)

/* A file that is there already is only opened: no change. */
static const char *created(const char *path, int flags)
{
    struct stat s;

    return (flags & O_CREAT) && below(path) && stat(path, &s) != 0 ? path : NULL;
}

#define SHIM_OPEN(call)                                                                                                \
    int call(const char *path, int flags, ...);                                                                        \
    int call(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        union {                                                                                                        \
            void *object;                                                                                              \
            int (*call)(const char *, int, ...);                                                                       \
        } next = {dlsym(RTLD_NEXT, #call)};                                                                            \
        mode_t mode = 0;                                                                                               \
        if (flags & (O_CREAT | O_TMPFILE)) {                                                                           \
            va_list ap;                                                                                                \
            va_start(ap, flags);                                                                                       \
            mode = va_arg(ap, mode_t);                                                                                 \
            va_end(ap);                                                                                                \
        }                                                                                                              \
        int error = change("create", created(path, flags), 0, 1);                                                      \
        if (error) {                                                                                                   \
            errno = error;                                                                                             \
            return -1;                                                                                                 \
        }                                                                                                              \
        return next.call(path, flags, mode);                                                                           \
    }

SHIM_OPEN(open)
SHIM_OPEN(open64)

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("SHIM_TRACE");

    if (name) {
        trace = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    }
}

/* Of SQLite: its declaration, without its header. */
int sqlite3_prepare_v2(void *db, const char *sql, int length, void **statement, const char **tail);

int sqlite3_prepare_v2(void *db, const char *sql, int length, void **statement, const char **tail)
{
    static atomic_long busy;
    union {
        void *object;
        int (*call)(void *, const char *, int, void **, const char **);
    } next = {dlsym(RTLD_NEXT, "sqlite3_prepare_v2")};

    if (strstr(sql, "CREATE TABLE IF NOT EXISTS _moult_history") && atomic_fetch_add(&busy, 1) < setting("SHIM_BUSY")) {
        *statement = NULL;
        return 5; /* SQLITE_BUSY */
    }
    return next.call(db, sql, length, statement, tail);
}

__attribute__((destructor)) static void end(void)
{
    const char *name = getenv("SHIM_COUNT");
    FILE *f = name ? fopen(name, "w") : NULL;

    if (f) {
        fprintf(f, "%ld\n", atomic_load(&count));
        fclose(f);
    }
}
