/* SPDX-License-Identifier: MIT */
/*
 * lock.c - a lock file: flock on a file that says who holds it.
 *
 * The kernel frees it with its process, however that ends; a file that a killed owner left behind locks nobody out. An
 * owner that ends in order unlinks the file before it lets go, so whoever waited may get the lock of a file that has
 * no name any more: it looks whether the name still stands for the file that it locked, and otherwise begins again.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

struct mo_file_lock {
    int fd;
    pid_t pid; /* a fork of the owner must not give the lock back */
    char path[];
};

enum { AT_ONCE = 8 }; /* tries without a pause while owners come and go */
static const double first_sleep = 0.002, longest_sleep = 0.05;

static int failed(mo_error *err, const char *path, int number)
{
    int code = number == EACCES || number == EPERM || number == EROFS ? MOULT_PERMISSION : MOULT_IO;
    mo_error_set(err, code, "cannot lock '%s': %s", path, strerror(number));
    if (code == MOULT_PERMISSION)
        mo_error_hint(err, "the account needs the right to create files in the folder of the database");
    return mo_error_errno(err, number);
}

/* LOCKED, with what the owner wrote into its file: "pid host since". */
static int locked(mo_error *err, const char *path, int fd)
{
    char text[256], pid[32], host[128], since[64];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text, "%31s %127s %63s", pid, host, since) == 3)
        mo_error_set(err, MOULT_LOCKED, "locked by process %s on '%s' since %s ('%s')", pid, host, since, path);
    else
        mo_error_set(err, MOULT_LOCKED, "locked by another process ('%s')", path);
    return mo_error_hint(err, "wait until it is done, or wait longer for the lock");
}

/* Is the file that is open still the one that the path names? */
static int is_current(int fd, const char *path)
{
    struct stat mine, named;
    return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

/* Tells others who holds it. The lock holds without that text too, so a full disk is no reason to fail. */
static void write_owner(int fd)
{
    char host[128] = "", since[32], text[256];
    if (gethostname(host, sizeof host - 1) != 0 || !*host)
        snprintf(host, sizeof host, "localhost");
    mo_clock_utc(since);
    int n = snprintf(text, sizeof text, "%ld %s %s\n", (long)getpid(), host, since);
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) != n)
        (void)!ftruncate(fd, 0);
}

/* One try: MOULT_OK with the lock, MOULT_LOCKED when another has it, or an error. The file may stay open in *fd. */
static int try_lock(const char *path, int *fd, mo_error *err)
{
    for (int i = 0; i < AT_ONCE; i++) {
        if (*fd < 0)
            *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (*fd < 0) {
            if (errno == EINTR)
                continue;
            return failed(err, path, errno);
        }
        int mine = flock(*fd, LOCK_EX | LOCK_NB) == 0;
        if (!mine && errno == EINTR)
            continue;
        if (!mine && errno != EWOULDBLOCK)
            return failed(err, path, errno);
        if (is_current(*fd, path))
            return mine ? MOULT_OK : MOULT_LOCKED;
        close(*fd); /* a file without its name: begin again with the one that has it now */
        *fd = -1;
    }
    return MOULT_LOCKED;
}

static int wait_for_lock(const char *path, double seconds, const volatile int *cancel, int *fd, mo_error *err)
{
    double until = mo_clock_now() + (seconds > 0 ? seconds : 0), pause = first_sleep;
    for (;;) {
        if (mo_cancelled(cancel))
            return mo_error_set(err, MOULT_CANCELLED, "cancelled while waiting for the lock '%s'", path);
        int code = try_lock(path, fd, err);
        if (code != MOULT_LOCKED)
            return code;
        double left = until - mo_clock_now();
        if (!(left > 0))
            return locked(err, path, *fd);
        mo_clock_sleep(pause < left ? pause : left);
        pause = pause * 1.5 < longest_sleep ? pause * 1.5 : longest_sleep;
    }
}

int mo_file_lock_take(mo_file_lock **out, const char *path, double seconds, const volatile int *cancel, mo_error *err)
{
    *out = NULL;
    mo_file_lock *lock = calloc(1, sizeof *lock + strlen(path) + 1);
    if (!lock)
        return mo_error_nomem(err);
    memcpy(lock->path, path, strlen(path) + 1);
    lock->pid = getpid();
    lock->fd = -1;
    int code = wait_for_lock(path, seconds, cancel, &lock->fd, err);
    if (code != MOULT_OK) {
        if (lock->fd >= 0)
            close(lock->fd);
        free(lock);
        return code;
    }
    write_owner(lock->fd);
    *out = lock;
    return MOULT_OK;
}

void mo_file_lock_release(mo_file_lock *lock)
{
    if (!lock)
        return;
    if (lock->pid == getpid()) {
        if (is_current(lock->fd, lock->path))
            unlink(lock->path);
        flock(lock->fd, LOCK_UN); /* also for a fork that still has the descriptor */
    }
    close(lock->fd);
    free(lock);
}
