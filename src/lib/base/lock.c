/* SPDX-License-Identifier: MIT */
/*
 * lock.c - a lock file: a lock of the kernel on a file that says who holds it.
 *
 * The kernel frees it with its process, however that ends; a file that a killed owner left behind locks nobody out. An
 * owner that ends in order unlinks the file before it lets go, so whoever waited may get the lock of a file that has
 * no name any more: it looks whether the name still stands for the file that it locked, and otherwise begins again.
 *
 * The kernel's lock is one of the open file, not of the process (F_OFD_SETLK): two handles of one process keep each other
 * out, closing another descriptor of the file drops nothing, and whoever looks asks (F_OFD_GETLK), where a flock could
 * only be tried, which is in the way of an owner that comes at that moment.
 *
 * The file has two lines: "pid host since account", and the note. They are written by one call and cut to their length
 * after it, so whoever reads meanwhile sees two whole lines, and perhaps the rest of an older text, which is not read.
 */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

struct mo_file_lock {
    int fd;
    pid_t pid; /* a fork of the owner must not give the lock back */
    int owner_length;
    char owner[320]; /* the first line */
    char path[];
};

enum { AT_ONCE = 8, TEXT_MAX = 640 };
static const double first_sleep = 0.002, longest_sleep = 0.05;

static int failed(mo_error *err, const char *what, const char *path, int number)
{
    int code = number == EACCES || number == EPERM || number == EROFS ? MOULT_PERMISSION : MOULT_IO;
    mo_error_set(err, code, "cannot %s '%s': %s", what, path, strerror(number));
    if (code == MOULT_PERMISSION)
        mo_error_hint(err, "the account needs the right to create files in the folder of the database");
    return mo_error_errno(err, number);
}

/* The kernel's lock on the whole file: F_OFD_SETLK or F_OFD_GETLK of F_WRLCK, F_RDLCK or F_UNLCK; the type comes back. */
static int kernel_lock(int fd, int command, short *type)
{
    struct flock all = {.l_type = *type, .l_whence = SEEK_SET};
    int rc = fcntl(fd, command, &all);
    *type = all.l_type;
    return rc;
}

static int is_writable(int fd)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

/* --- what the file says ---------------------------------------------------------------------------------------------- */

/* 1 when it names an owner; else `out` stays as it is. */
static int read_owner(int fd, moult_lock_info *out)
{
    char text[TEXT_MAX], *end, *second;
    moult_lock_info found = *out;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    second = strchr(text, '\n');
    if (second)
        *second++ = '\0';
    found.pid = strtoll(text, &end, 10);
    if (end == text || sscanf(end, " %127s %31s %63s", found.host, found.since, found.account) < 2)
        return 0;
    if (second && strchr(second, '\n'))
        snprintf(found.note, sizeof found.note, "%.*s", (int)strcspn(second, "\n"), second);
    *out = found;
    return 1;
}

/* LOCKED, with what the owner wrote into its file. */
static int locked(mo_error *err, const char *path, double waited, int fd)
{
    moult_lock_info owner = {0};
    if (fd >= 0 && read_owner(fd, &owner))
        mo_error_set(err, MOULT_LOCKED, "locked by process %lld on '%s' since %s ('%s')", (long long)owner.pid,
                     owner.host, owner.since, path);
    else
        mo_error_set(err, MOULT_LOCKED, "locked by another process ('%s')", path);
    mo_error_detail(err, "waited %.1f seconds for it%s%s", waited, owner.note[0] ? "; it does: " : "", owner.note);
    return mo_error_hint(err, "wait until it is done, or allow more time: --lock-timeout (the option lock_timeout)");
}

/* Is the file that is open still the one that the path names? */
static int is_current(int fd, const char *path)
{
    struct stat mine, named;
    return fstat(fd, &mine) == 0 && lstat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

void mo_account(char *out, size_t size)
{
    struct passwd entry, *found = NULL;
    char room[1024];
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
        snprintf(out, size, "%s", found->pw_name);
    else
        snprintf(out, size, "uid %ld", (long)getuid());
}

/* Words of one line: what stands between blanks must have none. */
static void as_word(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ')
            *text = '_';
}

static void describe_owner(mo_file_lock *lock)
{
    char host[128] = "", since[32], account[64];
    if (gethostname(host, sizeof host - 1) != 0 || !*host)
        snprintf(host, sizeof host, "localhost");
    mo_clock_utc(since);
    mo_account(account, sizeof account);
    as_word(host);
    as_word(account);
    lock->owner_length =
        snprintf(lock->owner, sizeof lock->owner, "%ld %s %s %s", (long)getpid(), host, since, account);
}

int mo_file_lock_note(mo_file_lock *lock, const char *text)
{
    char all[TEXT_MAX];
    int n = snprintf(all, sizeof all - 1, "%s\n%s", lock->owner, text);
    if (n > (int)sizeof all - 2)
        n = (int)sizeof all - 2;
    for (int i = lock->owner_length + 1; i < n; i++)
        if ((unsigned char)all[i] < ' ')
            all[i] = ' ';
    all[n++] = '\n';
    return pwrite(lock->fd, all, (size_t)n, 0) == n && ftruncate(lock->fd, n) == 0 ? 0 : -1;
}

/* --- taking ---------------------------------------------------------------------------------------------------------- */

static int open_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0 && errno == EACCES && (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
        errno = EACCES;
    return fd;
}

/* The file is ours, and nobody else's. What an owner left in it is kept in `before`. A file that another account left, and
 * that we cannot write to, makes room for one of our own: MOULT_LOCKED, to try again. */
static int take_over(const char *path, int fd, moult_lock_info *before, mo_error *err)
{
    if (read_owner(fd, before))
        before->state = MOULT_LOCK_LEFT;
    if (is_writable(fd))
        return MOULT_OK;
    return unlink(path) == 0 ? MOULT_LOCKED : failed(err, "lock", path, errno);
}

/* One try: MOULT_OK with the lock, MOULT_LOCKED when another has it, or an error. The file may stay open in *fd. */
static int try_lock(const char *path, int *fd, moult_lock_info *before, mo_error *err)
{
    for (int i = 0; i < AT_ONCE; i++) {
        if (*fd < 0)
            *fd = open_file(path);
        if (*fd < 0) {
            if (errno == EINTR)
                continue;
            return failed(err, "lock", path, errno);
        }
        short type = is_writable(*fd) ? F_WRLCK : F_RDLCK;
        int mine = kernel_lock(*fd, F_OFD_SETLK, &type) == 0;
        if (!mine && errno == EINTR)
            continue;
        if (!mine && errno != EAGAIN && errno != EACCES)
            return failed(err, "lock", path, errno);
        if (is_current(*fd, path)) {
            int code = mine ? take_over(path, *fd, before, err) : MOULT_LOCKED;
            if (!mine || code != MOULT_LOCKED)
                return code;
        }
        close(*fd); /* a file without its name: begin again with the one that has it now */
        *fd = -1;
    }
    return MOULT_LOCKED;
}

static int wait_for_lock(const char *path, double seconds, const volatile int *cancel, int *fd, moult_lock_info *before,
                         mo_error *err)
{
    double until = mo_clock_now() + (seconds > 0 ? seconds : 0), pause = first_sleep;
    for (;;) {
        if (mo_cancelled(cancel))
            return mo_error_set(err, MOULT_CANCELLED, "cancelled while waiting for the lock '%s'", path);
        int code = try_lock(path, fd, before, err);
        if (code != MOULT_LOCKED)
            return code;
        double left = until - mo_clock_now();
        if (!(left > 0))
            return locked(err, path, seconds > 0 ? seconds : 0, *fd);
        mo_clock_sleep(pause < left ? pause : left);
        pause = pause * 1.5 < longest_sleep ? pause * 1.5 : longest_sleep;
    }
}

int mo_file_lock_take(mo_file_lock **out, const char *path, double seconds, const volatile int *cancel,
                      moult_lock_info *before, mo_error *err)
{
    *out = NULL;
    *before = (moult_lock_info){.provider = "file"};
    mo_file_lock *lock = calloc(1, sizeof *lock + strlen(path) + 1);
    if (!lock)
        return mo_error_nomem(err);
    memcpy(lock->path, path, strlen(path) + 1);
    lock->pid = getpid();
    lock->fd = -1;
    int code = wait_for_lock(path, seconds, cancel, &lock->fd, before, err);
    if (code != MOULT_OK) {
        if (lock->fd >= 0)
            close(lock->fd);
        free(lock);
        return code;
    }
    describe_owner(lock);
    (void)mo_file_lock_note(lock, ""); /* the lock holds without that text too: a full disk is no reason to fail */
    *out = lock;
    return MOULT_OK;
}

/* --- looking, and giving back ---------------------------------------------------------------------------------------- */

int mo_file_lock_look(const char *path, moult_lock_info *out, mo_error *err)
{
    *out = (moult_lock_info){.provider = "file"};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? MOULT_OK : failed(err, "look at the lock", path, errno);
    short type = F_RDLCK;
    int held = kernel_lock(fd, F_OFD_GETLK, &type) == 0 && type != F_UNLCK;
    if (is_current(fd, path)) {
        int named = read_owner(fd, out);
        out->state = held ? MOULT_LOCK_HELD : named ? MOULT_LOCK_LEFT : MOULT_LOCK_FREE;
    }
    close(fd);
    return MOULT_OK;
}

/* A file that cannot be removed is emptied at least: its owner ended in order, and is not to be taken for a dead one. */
static int remove_file(const mo_file_lock *lock, mo_error *err)
{
    if (!is_current(lock->fd, lock->path))
        return mo_error_set(err, MOULT_IO, "the lock file '%s' was removed or replaced while it was held", lock->path);
    if (unlink(lock->path) == 0)
        return MOULT_OK;
    int number = errno;
    (void)!ftruncate(lock->fd, 0);
    return failed(err, "remove the lock file", lock->path, number);
}

int mo_file_lock_release(mo_file_lock *lock, mo_error *err)
{
    int code = MOULT_OK;
    if (!lock)
        return MOULT_OK;
    if (lock->pid == getpid()) {
        code = remove_file(lock, err);
        short type = F_UNLCK;
        kernel_lock(lock->fd, F_OFD_SETLK, &type); /* also for a fork that still has the descriptor */
    }
    close(lock->fd);
    free(lock);
    return code;
}
