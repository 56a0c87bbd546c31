/* SPDX-License-Identifier: MIT */
/*
 * error.c - the error that a handle owns.
 *
 * Every text is formatted before the old one is freed, so that an error may be made from parts of the one that it
 * replaces. Out of memory is told with a text that needs none.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char nomem_text[] = "out of memory";

static void drop(const char **text)
{
    if (*text != nomem_text)
        free((void *)*text);
    *text = NULL;
}

__attribute__((format(printf, 1, 0))) static char *format(const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, fmt, args);
    return text;
}

void mo_error_clear(mo_error *e)
{
    drop(&e->pub.message);
    drop(&e->pub.detail);
    drop(&e->pub.hint);
    drop(&e->pub.engine_code);
    drop(&e->pub.object);
    drop(&e->pub.file);
    memset(e, 0, sizeof *e);
}

int mo_error_nomem(mo_error *e)
{
    mo_error_clear(e);
    e->pub.code = MOULT_NOMEM;
    e->pub.message = nomem_text;
    return MOULT_NOMEM;
}

int mo_error_set(mo_error *e, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *message = code == MOULT_NOMEM ? NULL : format(fmt, args);
    va_end(args);
    if (!message)
        return mo_error_nomem(e);
    mo_error_clear(e);
    e->pub.code = code;
    e->pub.message = message;
    return code;
}

/* Puts `text` (taken over) in the place of one part. */
static int replace(mo_error *e, const char **part, char *text)
{
    drop(part);
    *part = text;
    return e->pub.code;
}

int mo_error_detail(mo_error *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    return replace(e, &e->pub.detail, text);
}

int mo_error_hint(mo_error *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    return replace(e, &e->pub.hint, text);
}

int mo_error_object(mo_error *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    return replace(e, &e->pub.object, text);
}

int mo_error_engine(mo_error *e, const char *engine_code)
{
    return replace(e, &e->pub.engine_code, engine_code ? strdup(engine_code) : NULL);
}

int mo_error_at(mo_error *e, const char *file, int line, int column)
{
    e->pub.line = line;
    e->pub.column = column;
    return replace(e, &e->pub.file, file ? strdup(file) : NULL);
}

/* What files, locks and processes run into; others get their number. */
#define SYSTEM_ERRORS(X)                                                                                               \
    X(EACCES)                                                                                                          \
    X(EAGAIN)                                                                                                          \
    X(EBADF)                                                                                                           \
    X(EBUSY)                                                                                                           \
    X(ECHILD)                                                                                                          \
    X(EDQUOT)                                                                                                          \
    X(EEXIST)                                                                                                          \
    X(EFBIG)                                                                                                           \
    X(EINVAL)                                                                                                          \
    X(EIO)                                                                                                             \
    X(EISDIR)                                                                                                          \
    X(ELOOP)                                                                                                           \
    X(EMFILE)                                                                                                          \
    X(ENAMETOOLONG)                                                                                                    \
    X(ENFILE)                                                                                                          \
    X(ENOENT)                                                                                                          \
    X(ENOLCK)                                                                                                          \
    X(ENOMEM)                                                                                                          \
    X(ENOSPC)                                                                                                          \
    X(ENOSYS)                                                                                                          \
    X(ENOTDIR)                                                                                                         \
    X(ENOTSUP)                                                                                                         \
    X(EPERM)                                                                                                           \
    X(EPIPE)                                                                                                           \
    X(EROFS)                                                                                                           \
    X(ESTALE)                                                                                                          \
    X(ETXTBSY)                                                                                                         \
    X(EXDEV)

int mo_error_errno(mo_error *e, int number)
{
#define SYSTEM_ERROR_CASE(name)                                                                                        \
    case name:                                                                                                         \
        return mo_error_engine(e, #name);
    switch (number) {
        SYSTEM_ERRORS(SYSTEM_ERROR_CASE)
    default: {
        char text[32];
        snprintf(text, sizeof text, "errno %d", number);
        return mo_error_engine(e, text);
    }
    }
#undef SYSTEM_ERROR_CASE
}

int mo_error_move(mo_error *to, mo_error *from)
{
    if (to == from)
        return to->pub.code;
    mo_error_clear(to);
    *to = *from;
    memset(from, 0, sizeof *from);
    return to->pub.code;
}
