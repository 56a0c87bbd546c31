/* SPDX-License-Identifier: MIT */
/*
 * channel.c - a connection to a server. Sockets do not block; what is waited for is waited for by poll, up to a deadline
 * that holds for the whole of a call: a server that sends a byte now and then is slow, too.
 */
#include "base/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/tls.h"

struct mo_channel {
    int fd;
    mo_tls *tls; /* NULL: none */
    char name[160];
};

enum { PIECE = 16384 };

static int failed(const mo_channel *c, const char *what, int number, mo_error *err)
{
    mo_error_set(err, MOULT_IO, "cannot %s %s: %s", what, c->name, strerror(number));
    return mo_error_errno(err, number);
}

static int wait_for(const mo_channel *c, short events, mo_deadline deadline, mo_error *err)
{
    struct pollfd waited = {.fd = c->fd, .events = events};
    for (;;) {
        double left = mo_deadline_left(deadline);
        int n = poll(&waited, 1, left > 0 ? (int)((left < 3600 ? left : 3600) * 1000) + 1 : 0);
        if (n > 0)
            return MOULT_OK;
        if (n < 0 && errno != EINTR)
            return failed(c, "wait for", errno, err);
        if (mo_deadline_passed(deadline))
            return mo_error_set(err, MOULT_TIMEOUT, "%s did not answer in time", c->name);
    }
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

/* A name is looked up by another thread of the C library, for that may take any time. When it takes too long, the request is
 * left to that thread with its memory. */
static int look_up(const mo_channel *c, const mo_channel_to *to, mo_deadline deadline, struct addrinfo **out,
                   mo_error *err)
{
    struct request {
        struct gaicb item;
        struct addrinfo hints;
        char host[256], port[16];
    } *r = calloc(1, sizeof *r);
    if (!r)
        return mo_error_nomem(err);
    struct gaicb *list[] = {&r->item};
    double left = mo_deadline_left(deadline);
    struct timespec most = {.tv_sec = left < 3600 ? (time_t)left : 3600};
    most.tv_nsec = left < 3600 && left > 0 ? (long)((left - (double)most.tv_sec) * 1e9) : 0;
    snprintf(r->host, sizeof r->host, "%s", to->host);
    snprintf(r->port, sizeof r->port, "%d", to->port);
    r->hints.ai_socktype = SOCK_STREAM;
    r->item = (struct gaicb){.ar_name = r->host, .ar_service = r->port, .ar_request = &r->hints};
    int rc = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    if (rc == 0) {
        (void)gai_suspend((const struct gaicb *const *)list, 1, &most);
        rc = gai_error(&r->item);
    }
    if (rc == EAI_INPROGRESS && gai_cancel(&r->item) != EAI_CANCELED && gai_error(&r->item) == EAI_INPROGRESS)
        return mo_error_set(err, MOULT_TIMEOUT, "the address of %s was not found in time", c->name);
    *out = r->item.ar_result;
    free(r);
    return rc == 0 ? MOULT_OK
                   : mo_error_set(err, rc == EAI_INPROGRESS ? MOULT_TIMEOUT : MOULT_IO,
                                  "the address of %s cannot be found: %s", c->name, gai_strerror(rc));
}

static int join(mo_channel *c, int family, const struct sockaddr *address, socklen_t length, mo_deadline deadline,
                mo_error *err)
{
    int number = 0;
    socklen_t size = sizeof number;
    c->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return failed(c, "connect to", errno, err);
    if (connect(c->fd, address, length) == 0)
        return MOULT_OK;
    if (errno != EINPROGRESS)
        return failed(c, "connect to", errno, err);
    int code = wait_for(c, POLLOUT, deadline, err);
    if (code != MOULT_OK)
        return code;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &number, &size) != 0 || number)
        return failed(c, "connect to", number ? number : errno, err);
    return MOULT_OK;
}

static int join_path(mo_channel *c, const char *path, mo_deadline deadline, mo_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return failed(c, "connect to", ENAMETOOLONG, err);
    memcpy(address.sun_path, path, strlen(path) + 1);
    return join(c, AF_UNIX, (const struct sockaddr *)&address, sizeof address, deadline, err);
}

static int join_host(mo_channel *c, const mo_channel_to *to, mo_deadline deadline, mo_error *err)
{
    struct addrinfo *found = NULL;
    int code = look_up(c, to, deadline, &found, err);
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        if (c->fd >= 0)
            close(c->fd);
        code = join(c, a->ai_family, a->ai_addr, a->ai_addrlen, deadline, err);
        if (code != MOULT_IO)
            break;
    }
    if (found)
        freeaddrinfo(found);
    return code;
}

static int shake_hands(mo_channel *c, const mo_channel_to *to, mo_deadline deadline, mo_error *err);

int mo_channel_open(mo_channel **out, const mo_channel_to *to, mo_deadline deadline, mo_error *err)
{
    mo_channel *c = calloc(1, sizeof *c);
    int code;
    *out = NULL;
    if (!c)
        return mo_error_nomem(err);
    c->fd = -1;
    if (to->path)
        snprintf(c->name, sizeof c->name, "'%s'", to->path);
    else
        snprintf(c->name, sizeof c->name, "'%s:%d'", to->host, to->port);
    code = to->path ? join_path(c, to->path, deadline, err) : join_host(c, to, deadline, err);
    if (code == MOULT_OK && to->tls)
        code = shake_hands(c, to, deadline, err);
    if (code != MOULT_OK) {
        mo_channel_close(c);
        return code;
    }
    *out = c;
    return MOULT_OK;
}

void mo_channel_close(mo_channel *c)
{
    if (!c)
        return;
    mo_tls_free(c->tls);
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

/* --- bytes ----------------------------------------------------------------------------------------------------------- */

static int send_all(mo_channel *c, const char *data, size_t n, mo_deadline deadline, mo_error *err)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, data, n, MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            n -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return failed(c, "write to", errno, err);
        int code = wait_for(c, POLLOUT, deadline, err);
        if (code != MOULT_OK)
            return code;
    }
    return MOULT_OK;
}

static int receive(mo_channel *c, char *data, size_t size, size_t *n, mo_deadline deadline, mo_error *err)
{
    for (;;) {
        int code = wait_for(c, POLLIN, deadline, err);
        if (code != MOULT_OK)
            return code;
        ssize_t got = recv(c->fd, data, size, 0);
        if (got == 0)
            return mo_error_set(err, MOULT_IO, "%s ended the connection", c->name);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return failed(c, "read from", errno, err);
        if (got > 0) {
            *n = (size_t)got;
            return MOULT_OK;
        }
    }
}

/* Brings what TLS has to say to the wire. */
static int flush(mo_channel *c, mo_deadline deadline, mo_error *err)
{
    char piece[PIECE];
    size_t n;
    int code = MOULT_OK;
    while (code == MOULT_OK && (n = mo_tls_drain(c->tls, piece, sizeof piece)) > 0)
        code = send_all(c, piece, n, deadline, err);
    return code;
}

/* And from the wire what it waits for. */
static int carry(mo_channel *c, mo_deadline deadline, mo_error *err)
{
    char piece[PIECE];
    size_t n = 0;
    int code = flush(c, deadline, err);
    if (code == MOULT_OK)
        code = receive(c, piece, sizeof piece, &n, deadline, err);
    return code == MOULT_OK ? mo_tls_feed(c->tls, piece, n, err) : code;
}

static int shake_hands(mo_channel *c, const mo_channel_to *to, mo_deadline deadline, mo_error *err)
{
    int done = 0, code = mo_tls_new(&c->tls, to->host, to->ca, err);
    while (code == MOULT_OK && (done = mo_tls_handshake(c->tls, err)) == 0)
        code = carry(c, deadline, err);
    if (code == MOULT_OK && done < 0)
        code = done;
    return code == MOULT_OK ? flush(c, deadline, err) : code;
}

int mo_channel_write(mo_channel *c, const char *data, size_t n, mo_deadline deadline, mo_error *err)
{
    int code = MOULT_OK;
    if (!c->tls)
        return send_all(c, data, n, deadline, err);
    while (n > 0 && code == MOULT_OK) {
        int done = mo_tls_write(c->tls, data, n, err);
        if (done < 0)
            return done;
        data += done;
        n -= (size_t)done;
        code = done ? flush(c, deadline, err) : carry(c, deadline, err);
    }
    return code;
}

int mo_channel_read(mo_channel *c, char *data, size_t size, size_t *n, mo_deadline deadline, mo_error *err)
{
    int done, code = MOULT_OK;
    *n = 0;
    if (!c->tls)
        return receive(c, data, size, n, deadline, err);
    while ((done = mo_tls_read(c->tls, data, size, err)) == 0 && code == MOULT_OK)
        code = carry(c, deadline, err);
    if (done < 0)
        return done;
    *n = (size_t)done;
    return code;
}
