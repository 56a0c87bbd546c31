/* SPDX-License-Identifier: MIT */
/* channel.h - a connection to a server: TCP or a local socket, with or without TLS. Every call has an end in time. */
#ifndef MO_CHANNEL_H
#define MO_CHANNEL_H

#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"

typedef struct mo_channel_to {
    const char *host;
    int port;
    const char *path; /* of a local socket, instead of host and port */
    int tls;
    const char *ca; /* a file of certificates to trust; NULL: those of the system */
} mo_channel_to;

typedef struct mo_channel mo_channel;
/* IO, TIMEOUT, UNSUPPORTED (no TLS here), NOMEM. */
int mo_channel_open(mo_channel **out, const mo_channel_to *to, mo_deadline deadline, mo_error *err);
int mo_channel_write(mo_channel *c, const char *data, size_t n, mo_deadline deadline, mo_error *err);
/* Waits for at least one byte; IO when the other side has ended it. */
int mo_channel_read(mo_channel *c, char *data, size_t size, size_t *n, mo_deadline deadline, mo_error *err);
void mo_channel_close(mo_channel *c); /* takes NULL */

#endif
