/* SPDX-License-Identifier: MIT */
/*
 * process.c - runs a command and takes what it prints, with a limit on time and length.
 *
 * The command gets a process group of its own, so that all it started can be ended at the limit, and nothing to read.
 * Both of its outputs are read as they come: a command that fills its standard error never blocks.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { TAIL = 2048, CHUNK = 64 * 1024, LOWEST_FD = 3, NOT_FOUND = 127, NOT_EXECUTABLE = 126 };

static const double look_every = 0.05; /* seconds between two looks at whether it was cancelled */
static const double first_sleep = 0.0005, longest_sleep = 0.05, kill_limit = 5.0;

typedef struct run {
    const char *command;
    mo_patience patience;
    mo_deadline deadline;
    size_t max;
    pid_t pid;
    int out_fd, err_fd; /* our ends; -1 once they ended */
    char *out;
    size_t length, capacity;
    char tail[TAIL + 1]; /* the end of its standard error */
    size_t tail_length;
    mo_error *err;
} run;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int failed(run *r, const char *what, int number)
{
    if (number == ENOMEM)
        return mo_error_nomem(r->err);
    mo_error_set(r->err, MOULT_IO, "cannot %s '%s': %s", what, r->command, strerror(number));
    return mo_error_errno(r->err, number);
}

/* A descriptor above the three standard ones (which our process may have closed), so that no redirection of the child
 * overwrites the source of another. 0, or -1 with errno. */
static int lift(int *fd)
{
    if (*fd >= LOWEST_FD)
        return 0;
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, LOWEST_FD);
    if (higher < 0)
        return -1;
    close(*fd);
    *fd = higher;
    return 0;
}

static int open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    if (lift(&ends[0]) != 0 || lift(&ends[1]) != 0)
        return -1; /* the caller closes */
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

/* 0 or an errno, as the functions of posix_spawn have it. */
static int spawn_with(run *r, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int out, int err)
{
    char shell[] = "/bin/sh", name[] = "sh", flag[] = "-c";
    char *argv[] = {name, flag, (char *)r->command, NULL};
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* ignored in our process, it would be ignored in the command too */
    int e = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (e == 0)
        e = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (e == 0)
        e = posix_spawn_file_actions_adddup2(actions, err, STDERR_FILENO);
    if (e == 0)
        e = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (e == 0)
        e = posix_spawnattr_setpgroup(attr, 0);
    if (e == 0)
        e = posix_spawnattr_setsigmask(attr, &none);
    if (e == 0)
        e = posix_spawnattr_setsigdefault(attr, &defaults);
    return e != 0 ? e : posix_spawn(&r->pid, shell, actions, attr, argv, environ);
}

static int spawn(run *r, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int e = posix_spawn_file_actions_init(&actions);
    if (e != 0)
        return e;
    e = posix_spawnattr_init(&attr);
    if (e == 0) {
        e = spawn_with(r, &actions, &attr, out, err);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return e;
}

static int start(run *r)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1}, number = 0;
    if (open_pipe(out) != 0 || open_pipe(err) != 0)
        number = errno;
    else
        number = spawn(r, out[1], err[1]);
    close_fd(&out[1]);
    close_fd(&err[1]);
    r->out_fd = out[0];
    r->err_fd = err[0];
    return number == 0 ? MOULT_OK : failed(r, "run", number);
}

/* Keeps the last TAIL bytes. */
static void keep_tail(run *r, const char *data, size_t n)
{
    if (n > TAIL) {
        data += n - TAIL;
        n = TAIL;
    }
    size_t kept = r->tail_length + n > TAIL ? TAIL - n : r->tail_length;
    memmove(r->tail, r->tail + r->tail_length - kept, kept);
    memcpy(r->tail + kept, data, n);
    r->tail_length = kept + n;
}

/* Reads once. MOULT_OK also at the end, where *fd becomes -1. */
static int read_err(run *r)
{
    char data[4096];
    ssize_t n = read(r->err_fd, data, sizeof data);
    if (n > 0)
        keep_tail(r, data, (size_t)n);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        close_fd(&r->err_fd);
    return MOULT_OK;
}

/* Room for one chunk and the NUL. */
static int reserve(run *r)
{
    if (r->capacity - r->length > CHUNK)
        return MOULT_OK;
    size_t capacity = r->capacity ? r->capacity * 2 : (size_t)2 * CHUNK;
    char *moved = realloc(r->out, capacity);
    if (!moved)
        return mo_error_nomem(r->err);
    r->out = moved;
    r->capacity = capacity;
    return MOULT_OK;
}

static int read_out(run *r)
{
    if (reserve(r) != MOULT_OK)
        return MOULT_NOMEM;
    ssize_t n = read(r->out_fd, r->out + r->length, CHUNK);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return failed(r, "read from", errno);
    if (n == 0)
        close_fd(&r->out_fd);
    if (n > 0)
        r->length += (size_t)n;
    if (r->length <= r->max)
        return MOULT_OK;
    mo_error_set(r->err, MOULT_SOURCE, "command '%s' prints more than %zu bytes", r->command, r->max);
    return mo_error_hint(r->err, "it must print the schema and then end");
}

/* It is not waited for any longer. */
static int given_up(run *r)
{
    if (mo_cancelled(r->patience.cancel))
        return mo_error_set(r->err, MOULT_CANCELLED, "cancelled while command '%s' ran", r->command);
    mo_error_set(r->err, MOULT_TIMEOUT, "command '%s' took longer than %g seconds", r->command, r->patience.seconds);
    return mo_error_hint(r->err, "give it more time, or write what it prints into a file and name that");
}

/* Reads until both outputs have ended. */
static int collect(run *r)
{
    while (r->out_fd >= 0 || r->err_fd >= 0) {
        if (mo_deadline_passed(r->deadline) || mo_cancelled(r->patience.cancel))
            return given_up(r);
        struct pollfd fds[2] = {{r->out_fd, POLLIN, 0}, {r->err_fd, POLLIN, 0}};
        double left = mo_deadline_left(r->deadline);
        int n = poll(fds, 2, left > look_every ? (int)(look_every * 1000) : (int)(left * 1000) + 1);
        if (n < 0 && errno != EINTR)
            return failed(r, "read from", errno);
        if (n <= 0)
            continue;
        int code = fds[0].revents ? read_out(r) : MOULT_OK;
        if (code == MOULT_OK && fds[1].revents)
            code = read_err(r);
        if (code != MOULT_OK)
            return code;
    }
    return MOULT_OK;
}

/* Waits for its end. 1: *status is known, 0: the deadline passed or it was cancelled, -1: somebody else took it (errno is ECHILD). */
static int reap(pid_t pid, mo_deadline deadline, const volatile int *cancel, int *status)
{
    double pause = first_sleep;
    for (;;) {
        pid_t done = waitpid(pid, status, WNOHANG);
        if (done == pid)
            return 1;
        if (done < 0 && errno != EINTR)
            return -1;
        if (mo_deadline_passed(deadline) || mo_cancelled(cancel))
            return 0;
        mo_clock_sleep(pause);
        pause = pause * 2 < longest_sleep ? pause * 2 : longest_sleep;
    }
}

/* Ends the group and takes the status, so that no zombie is left. What is killed ends at once but for a disk or network
 * that hangs in the kernel: that is not waited for without a limit either. */
static void end_group(run *r)
{
    int status;
    kill(-r->pid, SIGKILL);
    reap(r->pid, mo_deadline_in(kill_limit), NULL, &status);
}

/* The end of what it said, from the beginning of a character on, as one piece of text. */
static void add_tail(run *r)
{
    const char *text = r->tail;
    size_t n = r->tail_length;
    while (n == TAIL && text < r->tail + 4 && ((unsigned char)*text & 0xC0u) == 0x80u)
        text++;
    n -= (size_t)(text - r->tail);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
        n--;
    for (char *p = r->tail; p < r->tail + r->tail_length; p++)
        if (*p == '\0')
            *p = ' ';
    if (n > 0)
        mo_error_detail(r->err, "%.*s", (int)n, text);
}

static int check_status(run *r, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return MOULT_OK;
    if (WIFSIGNALED(status)) {
        mo_error_set(r->err, MOULT_SOURCE, "command '%s' was ended by signal %d (%s)", r->command, WTERMSIG(status),
                     strsignal(WTERMSIG(status)));
        mo_error_hint(r->err, "run the command by itself and see why it ends");
    } else {
        int exit_status = WEXITSTATUS(status);
        mo_error_set(r->err, MOULT_SOURCE, "command '%s' failed with exit status %d", r->command, exit_status);
        if (exit_status == NOT_FOUND || exit_status == NOT_EXECUTABLE)
            mo_error_hint(r->err, "check that the program is installed, executable and in PATH");
        else
            mo_error_hint(r->err, "run the command by itself and mend what it complains about");
    }
    add_tail(r);
    return r->err->pub.code;
}

/* An empty schema would mean to drop everything: a command that prints nothing has not done its work. */
static int check_output(run *r)
{
    for (size_t i = 0; i < r->length; i++)
        if (!strchr(" \t\r\n\f", r->out[i]) || r->out[i] == '\0')
            return MOULT_OK;
    mo_error_set(r->err, MOULT_SOURCE, "command '%s' printed nothing", r->command);
    mo_error_hint(r->err, "it must print the schema as SQL on its standard output");
    add_tail(r);
    return r->err->pub.code;
}

static int finish(run *r)
{
    int code = collect(r), status = 0;
    int ended = code == MOULT_OK ? reap(r->pid, r->deadline, r->patience.cancel, &status) : 0;
    if (ended < 0) {
        mo_error_set(r->err, MOULT_IO, "the exit status of command '%s' was lost: %s", r->command, strerror(errno));
        return mo_error_hint(r->err,
                             "the program must neither ignore SIGCHLD nor wait for children that are not its own");
    }
    if (ended == 0) {
        end_group(r);
        return code == MOULT_OK ? given_up(r) : code;
    }
    code = check_status(r, status);
    return code == MOULT_OK ? check_output(r) : code;
}

int mo_process_output(const char *command, mo_patience patience, size_t max, char **out, size_t *length, mo_error *err)
{
    run r = {.command = command,
             .patience = patience,
             .deadline = mo_deadline_in(patience.seconds),
             .max = max,
             .pid = -1,
             .out_fd = -1,
             .err_fd = -1,
             .err = err};
    *out = NULL;
    *length = 0;
    int code = reserve(&r);
    if (code == MOULT_OK)
        code = start(&r);
    if (code == MOULT_OK)
        code = finish(&r);
    close_fd(&r.out_fd);
    close_fd(&r.err_fd);
    if (code != MOULT_OK) {
        free(r.out);
        return code;
    }
    r.out[r.length] = '\0';
    *out = r.out;
    *length = r.length;
    return MOULT_OK;
}
