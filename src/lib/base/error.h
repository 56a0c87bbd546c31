/* SPDX-License-Identifier: MIT */
/* error.h - the error that a handle owns: code, message, detail, hint, engine code, object, place. */
#ifndef MO_ERROR_H
#define MO_ERROR_H

#include "moult.h"

/* Zeroed is "no error". The strings of `pub` are owned by this struct, but for the out-of-memory text. */
typedef struct mo_error {
    moult_error pub;
} mo_error;

/* Forgets what was there and frees it. */
void mo_error_clear(mo_error *e);

/* Sets code and message, forgets all else; returns `code`, so that `return mo_error_set(…)` reads well. Needs no memory
 * for MOULT_NOMEM; when there is none for another message, the error becomes MOULT_NOMEM and that is returned. */
int mo_error_set(mo_error *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int mo_error_nomem(mo_error *e);

/* Add to an error that is set; each returns its code. Failing for want of memory leaves that part NULL. */
int mo_error_detail(mo_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int mo_error_hint(mo_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int mo_error_object(mo_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int mo_error_engine(mo_error *e, const char *engine_code);
int mo_error_errno(mo_error *e, int number); /* the engine code becomes the name of this errno: "ENOENT" */
int mo_error_at(mo_error *e, const char *file, int line, int column);

/* Moves `from` into `to` (whose old content is freed); `from` is then empty. Returns the code. */
int mo_error_move(mo_error *to, mo_error *from);

#endif
