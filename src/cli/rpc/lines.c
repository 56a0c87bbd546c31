/* SPDX-License-Identifier: MIT */
/* lines.c - bytes to lines, and lines to a reader who may not read: both with their limits. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rpc.h"

double rpc_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* Puts what is left of the buffer at its beginning, and sees to it that there is room: 0, -1 at the limit, -2 no memory. */
static int make_room(rpc_lines *l)
{
    enum { FIRST = 65536, LARGE = 1 << 20 };
    size_t left = l->used - l->line;

    if (l->line > 0) {
        memmove(l->data, l->data + l->line, left);
        l->seen -= l->line;
        l->used = left;
        l->line = 0;
    }
    size_t size = l->size == 0 ? FIRST : left == 0 && l->size > LARGE ? FIRST : left == l->size ? l->size * 2 : l->size;
    if (size > RPC_MESSAGE_MAX) {
        size = RPC_MESSAGE_MAX;
    }
    if (left == size) {
        return RPC_LINE_TOO_LONG;
    }
    if (size != l->size) {
        char *data = realloc(l->data, size);
        if (!data) {
            return RPC_LINE_NOMEM;
        }
        l->data = data;
        l->size = size;
    }
    return 0;
}

/* Reads on: how many bytes came, 0 at the end. */
static size_t fill(rpc_lines *l)
{
    ssize_t n;

    do {
        n = read(l->fd, l->data + l->used, l->size - l->used);
    } while (n < 0 && errno == EINTR);
    l->used += n > 0 ? (size_t)n : 0;
    return n > 0 ? (size_t)n : 0;
}

/* Takes the line that ends at `end` (where the next one begins at `next`). 1, or 0 when it was the rest of one too long. */
static int take(rpc_lines *l, size_t end, size_t next, const char **line, size_t *length)
{
    int whole = !l->skipping;

    *line = l->data + l->line;
    *length = end - l->line;
    if (*length > 0 && (*line)[*length - 1] == '\r') {
        --*length;
    }
    l->line = l->seen = next;
    l->skipping = 0;
    return whole;
}

int rpc_lines_next(rpc_lines *l, const char **line, size_t *length)
{
    for (;;) {
        const char *end = l->used > l->seen ? memchr(l->data + l->seen, '\n', l->used - l->seen) : NULL;
        if (end && take(l, (size_t)(end - l->data), (size_t)(end - l->data) + 1, line, length)) {
            return RPC_LINE;
        }
        if (end) {
            continue;
        }
        l->seen = l->used;
        if (l->skipping) {
            l->line = l->used;
        }
        int rc = make_room(l);
        if (rc == RPC_LINE_TOO_LONG) {
            l->skipping = 1;
            l->line = l->used;
        }
        if (rc != 0) {
            return rc;
        }
        if (fill(l) == 0) {
            /* The last line may lack its end. */
            return l->used > l->line && take(l, l->used, l->used, line, length) ? RPC_LINE : RPC_LINE_END;
        }
    }
}

void rpc_lines_free(rpc_lines *l)
{
    free(l->data);
    *l = (rpc_lines){.fd = -1};
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

int rpc_reader_gone(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

/* Waits until a piece can be written: 1, 0 when the time is over, -1 when there is no reader. */
static int wait_writable(int fd, double seconds, int (*stop)(void *), void *user)
{
    enum { SLICE_MS = 100 };
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    double end = rpc_now() + seconds;

    for (;;) {
        int n = poll(&p, 1, SLICE_MS);
        if (n > 0) {
            return p.revents & (POLLERR | POLLNVAL) ? -1 : 1;
        }
        if ((n < 0 && errno != EINTR) || stop(user)) {
            return -1;
        }
        if (rpc_now() > end) {
            return 0;
        }
    }
}

int rpc_write_all(int fd, const char *text, size_t length, double seconds, int (*stop)(void *), void *user)
{
    enum { PIECE = 4096 }; /* what a pipe that is writable takes whole, so that write() does not wait */

    while (length > 0) {
        if (wait_writable(fd, seconds, stop, user) <= 0) {
            return -1;
        }
        ssize_t n = write(fd, text, length < PIECE ? length : PIECE);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return -1;
        }
        text += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}
