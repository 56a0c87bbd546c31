/* SPDX-License-Identifier: MIT */
/* tls.h - TLS as a client, over bytes that the caller carries. The system's OpenSSL is loaded when it is first asked for. */
#ifndef MO_TLS_H
#define MO_TLS_H

#include <stddef.h>

#include "base/error.h"

typedef struct mo_tls mo_tls;

/* `host` is whom the server's certificate must be for; `ca` a file of certificates to trust, NULL: those of the system.
 * UNSUPPORTED when there is no OpenSSL 3, IO, NOMEM. */
int mo_tls_new(mo_tls **out, const char *host, const char *ca, mo_error *err);
void mo_tls_free(mo_tls *t); /* takes NULL */

/* What the wire brought, and what is to go there (at most `size` bytes; returns how many). */
int mo_tls_feed(mo_tls *t, const char *data, size_t n, mo_error *err);
size_t mo_tls_drain(mo_tls *t, char *data, size_t size);

/* Each gives the number of bytes done (the handshake: 1), 0 when the wire must bring more first, or a negative code. */
int mo_tls_handshake(mo_tls *t, mo_error *err);
int mo_tls_read(mo_tls *t, char *data, size_t size, mo_error *err);
int mo_tls_write(mo_tls *t, const char *data, size_t n, mo_error *err);

#endif
