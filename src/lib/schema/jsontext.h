/* SPDX-License-Identifier: MIT */
/*
 * jsontext.h - what the formats of plans and schemas share over jansson: strict reading that says what is wrong and
 * where, and texts that need not be UTF-8 (an engine takes any bytes in a definition; JSON does not): those are written
 * as {"hex": "…"}.
 */
#ifndef MO_JSONTEXT_H
#define MO_JSONTEXT_H

#include <jansson.h>

#include "base/error.h"
#include "base/region.h"
#include "base/str.h"

/* A new value: a string, {"hex": …}, or null for NULL. NULL: no memory. */
json_t *mo_json_text(const char *text);
/* Sets object[key] to a new value, which is taken over. 0, or -1 when there is no memory (also when `value` is
 * NULL). */
int mo_json_set(json_t *object, const char *key, json_t *value);
int mo_json_push(json_t *array, json_t *value);
/* The document as text with sorted keys; `flags` as jansson's. */
int mo_json_write(const json_t *value, size_t flags, mo_str *out, mo_error *err);

/* Reading. Once something is wrong, `code` is set and every further call gives a harmless value: the caller asks at
 * the end. */
typedef struct mo_json_reader {
    mo_region *region; /* strings are copied into it */
    const char *name;  /* of the document, for errors: "plan file p.json" */
    const char *hint;
    int code;
    mo_error *err;
} mo_json_reader;

/* Parses; duplicate keys are wrong. NULL: wrong, or no memory. The caller's to json_decref(). */
json_t *mo_json_parse(mo_json_reader *r, const char *json, size_t length);
/* INVALID: "NAME: what". */
void mo_json_wrong(mo_json_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mo_json_nomem(mo_json_reader *r);
/* Members of an object; `at` says where it stands ("steps[3]"). A missing or mistyped one is wrong. */
const char *mo_json_get_text(mo_json_reader *r, const json_t *object, const char *at, const char *key);
const char *mo_json_get_optional_text(mo_json_reader *r, const json_t *object, const char *at, const char *key);
int64_t mo_json_get_integer(mo_json_reader *r, const json_t *object, const char *at, const char *key, int64_t least,
                            int64_t most);
int mo_json_get_bool(mo_json_reader *r, const json_t *object, const char *at, const char *key);
const json_t *mo_json_get_array(mo_json_reader *r, const json_t *object, const char *at, const char *key);
const json_t *mo_json_get_object(mo_json_reader *r, const json_t *object, const char *at, const char *key);
/* A text that is one of the names: its index. */
int mo_json_get_name(mo_json_reader *r, const json_t *object, const char *at, const char *key, const char *const *names,
                     int count);
/* Is `value` an object with no other keys than these? */
void mo_json_only(mo_json_reader *r, const json_t *value, const char *at, const char *const *keys);
/* The text that a value (a string or {"hex": …}) stands for; NULL: wrong. */
const char *mo_json_text_of(mo_json_reader *r, const json_t *value, const char *at, const char *key);
/* The format and the version of a document that begins with both. */
void mo_json_check_format(mo_json_reader *r, const json_t *root, const char *format, int version);

#endif
