/* SPDX-License-Identifier: MIT */
/*
 * tls.c - TLS through the system's OpenSSL.
 *
 * It is loaded when a URL first asks for it: linked, it would cost every start a millisecond. Both sides of it are memory:
 * whoever calls carries the bytes, with its own time limits, and no write of OpenSSL's can raise SIGPIPE.
 */
#include "base/tls.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of OpenSSL 3, as its manual declares it. */
#define MO_TLS_CALLS(X)                                                                                                \
    X(const void *, TLS_client_method, (void))                                                                         \
    X(void *, SSL_CTX_new, (const void *))                                                                             \
    X(void, SSL_CTX_free, (void *))                                                                                    \
    X(int, SSL_CTX_set_default_verify_paths, (void *))                                                                 \
    X(int, SSL_CTX_load_verify_file, (void *, const char *))                                                           \
    X(void, SSL_CTX_set_verify, (void *, int, void *))                                                                 \
    X(void *, SSL_new, (void *))                                                                                       \
    X(void, SSL_free, (void *))                                                                                        \
    X(int, SSL_set1_host, (void *, const char *))                                                                      \
    X(long, SSL_ctrl, (void *, int, long, void *))                                                                     \
    X(void, SSL_set_bio, (void *, void *, void *))                                                                     \
    X(void, SSL_set_connect_state, (void *))                                                                           \
    X(int, SSL_do_handshake, (void *))                                                                                 \
    X(int, SSL_read, (void *, void *, int))                                                                            \
    X(int, SSL_write, (void *, const void *, int))                                                                     \
    X(int, SSL_get_error, (const void *, int))                                                                         \
    X(long, SSL_get_verify_result, (const void *))                                                                     \
    X(const char *, X509_verify_cert_error_string, (long))                                                             \
    X(const void *, BIO_s_mem, (void))                                                                                 \
    X(void *, BIO_new, (const void *))                                                                                 \
    X(int, BIO_read, (void *, void *, int))                                                                            \
    X(int, BIO_write, (void *, const void *, int))                                                                     \
    X(unsigned long, ERR_get_error, (void))                                                                            \
    X(void, ERR_error_string_n, (unsigned long, char *, size_t))

enum { VERIFY_PEER = 1, WANT_READ = 2, SET_HOST_NAME = 55, PIECE = 1 << 20 };

#define MO_TLS_MEMBER(result, name, parameters) result(*name) parameters;
struct mo_tls {
    void *library, *context, *session, *in, *out;
    MO_TLS_CALLS(MO_TLS_MEMBER)
};
#undef MO_TLS_MEMBER

/* One function, by its name; through a union, since C has no cast from an object to a function. */
static int find(mo_tls *t, const char *name, void *place, size_t size)
{
    void *found = dlsym(t->library, name);
    memcpy(place, &found, size);
    return found ? 0 : -1;
}

static int load(mo_tls *t, mo_error *err)
{
    int missing = 0;
    t->library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!t->library) {
        mo_error_set(err, MOULT_UNSUPPORTED, "TLS needs OpenSSL 3, which cannot be loaded");
        return mo_error_hint(err, "install it (libssl3), or use a connection without TLS");
    }
#define MO_TLS_FIND(result, name, parameters) missing |= find(t, #name, &t->name, sizeof t->name);
    MO_TLS_CALLS(MO_TLS_FIND)
#undef MO_TLS_FIND
    return missing ? mo_error_set(err, MOULT_UNSUPPORTED, "the system's OpenSSL lacks a function that TLS needs")
                   : MOULT_OK;
}

/* What OpenSSL says of the last call, or of the server's certificate. */
static int failed(mo_tls *t, const char *what, mo_error *err)
{
    char text[256] = "the other side ended it, or speaks no TLS";
    long verdict = t->session ? t->SSL_get_verify_result(t->session) : 0;
    unsigned long number = t->ERR_get_error();
    if (number)
        t->ERR_error_string_n(number, text, sizeof text);
    while (t->ERR_get_error())
        ;
    if (verdict)
        return mo_error_set(err, MOULT_IO, "TLS: the certificate is not trusted: %s",
                            t->X509_verify_cert_error_string(verdict));
    return mo_error_set(err, MOULT_IO, "TLS: %s failed: %s", what, text);
}

static int set_up(mo_tls *t, const char *host, const char *ca, mo_error *err)
{
    char name[256];
    t->context = t->SSL_CTX_new(t->TLS_client_method());
    if (!t->context)
        return mo_error_nomem(err);
    if (ca ? t->SSL_CTX_load_verify_file(t->context, ca) != 1 : t->SSL_CTX_set_default_verify_paths(t->context) != 1)
        return failed(t, ca ? "reading the file of certificates" : "reading the system's certificates", err);
    t->SSL_CTX_set_verify(t->context, VERIFY_PEER, NULL);
    t->session = t->SSL_new(t->context);
    t->in = t->BIO_new(t->BIO_s_mem());
    t->out = t->BIO_new(t->BIO_s_mem());
    if (!t->session || !t->in || !t->out)
        return mo_error_nomem(err);
    t->SSL_set_bio(t->session, t->in, t->out);
    t->SSL_set_connect_state(t->session);
    snprintf(name, sizeof name, "%s", host);
    if (t->SSL_set1_host(t->session, host) != 1 || t->SSL_ctrl(t->session, SET_HOST_NAME, 0, name) != 1)
        return failed(t, "setting the name of the host", err);
    return MOULT_OK;
}

int mo_tls_new(mo_tls **out, const char *host, const char *ca, mo_error *err)
{
    mo_tls *t = calloc(1, sizeof *t);
    *out = t;
    if (!t)
        return mo_error_nomem(err);
    int code = load(t, err);
    if (code == MOULT_OK)
        code = set_up(t, host, ca, err);
    if (code != MOULT_OK) {
        mo_tls_free(t);
        *out = NULL;
    }
    return code;
}

/* The library stays loaded: it registers what runs at the end of the process. */
void mo_tls_free(mo_tls *t)
{
    if (!t)
        return;
    if (t->session)
        t->SSL_free(t->session); /* and both of its memories */
    if (t->context)
        t->SSL_CTX_free(t->context);
    free(t);
}

int mo_tls_feed(mo_tls *t, const char *data, size_t n, mo_error *err)
{
    return t->BIO_write(t->in, data, (int)n) == (int)n ? MOULT_OK : mo_error_nomem(err);
}

size_t mo_tls_drain(mo_tls *t, char *data, size_t size)
{
    int n = t->BIO_read(t->out, data, (int)(size < PIECE ? size : PIECE));
    return n > 0 ? (size_t)n : 0;
}

static int done(mo_tls *t, int n, const char *what, mo_error *err)
{
    if (n > 0)
        return n;
    return t->SSL_get_error(t->session, n) == WANT_READ ? 0 : failed(t, what, err);
}

int mo_tls_handshake(mo_tls *t, mo_error *err)
{
    return done(t, t->SSL_do_handshake(t->session), "the handshake", err);
}

int mo_tls_read(mo_tls *t, char *data, size_t size, mo_error *err)
{
    return done(t, t->SSL_read(t->session, data, (int)(size < PIECE ? size : PIECE)), "reading", err);
}

int mo_tls_write(mo_tls *t, const char *data, size_t n, mo_error *err)
{
    return done(t, t->SSL_write(t->session, data, (int)(n < PIECE ? n : PIECE)), "writing", err);
}
