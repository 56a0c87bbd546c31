/* SPDX-License-Identifier: MIT */
/* jsontext.c - jansson with our rules: see jsontext.h. */
#include "schema/jsontext.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* The length of the UTF-8 character at `s`; 0: it is none. */
static size_t char_length(const unsigned char *s)
{
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

static int is_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        size_t length = char_length(s);
        if (!length)
            return 0;
        s += length;
    }
    return 1;
}

static json_t *hex_text(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    mo_str hex = {0};
    for (; *text; text++) {
        mo_str_addc(&hex, digits[(unsigned char)*text >> 4]);
        mo_str_addc(&hex, digits[(unsigned char)*text & 15]);
    }
    json_t *value = hex.failed ? NULL : json_object();
    if (value && mo_json_set(value, "hex", json_string(mo_str_text(&hex)))) {
        json_decref(value);
        value = NULL;
    }
    mo_str_free(&hex);
    return value;
}

json_t *mo_json_text(const char *text)
{
    if (!text)
        return json_null();
    return is_utf8(text) ? json_string_nocheck(text) : hex_text(text);
}

int mo_json_set(json_t *object, const char *key, json_t *value)
{
    return value ? json_object_set_new_nocheck(object, key, value) : -1;
}

int mo_json_push(json_t *array, json_t *value)
{
    return value ? json_array_append_new(array, value) : -1;
}

static int take_piece(const char *piece, size_t length, void *out)
{
    mo_str_addn(out, piece, length);
    return ((mo_str *)out)->failed ? -1 : 0;
}

int mo_json_write(const json_t *value, size_t flags, mo_str *out, mo_error *err)
{
    if (json_dump_callback(value, take_piece, out, JSON_SORT_KEYS | flags) || out->failed)
        return mo_error_nomem(err);
    return MOULT_OK;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

void mo_json_wrong(mo_json_reader *r, const char *fmt, ...)
{
    if (r->code != MOULT_OK)
        return;
    mo_str text = {0};
    char room[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(room, sizeof room, fmt, args);
    va_end(args);
    mo_str_add(&text, room);
    r->code = text.failed ? mo_error_nomem(r->err)
                          : mo_error_set(r->err, MOULT_INVALID, "%s: %s", r->name, mo_str_text(&text));
    mo_str_free(&text);
    if (r->hint && r->code == MOULT_INVALID)
        mo_error_hint(r->err, "%s", r->hint);
}

void mo_json_nomem(mo_json_reader *r)
{
    if (r->code == MOULT_OK)
        r->code = mo_error_nomem(r->err);
}

json_t *mo_json_parse(mo_json_reader *r, const char *json, size_t length)
{
    json_error_t error;
    json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
    if (root)
        return root;
    /* jansson often calls a failed allocation a syntax error: a text that is well-formed the second time was never wrong. */
    json_error_t again;
    root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &again);
    if (root)
        return root;
    if (json_error_code(&error) == json_error_out_of_memory)
        mo_json_nomem(r);
    else
        mo_json_wrong(r, "line %d: %s", error.line, error.text);
    return NULL;
}

static const char *kind_name(const json_t *value)
{
    static const char *const names[] = {"an object", "an array", "a text", "an integer",
                                        "a number",  "true",     "false",  "null"};
    return value ? names[json_typeof(value)] : "missing";
}

static const json_t *get(mo_json_reader *r, const json_t *object, const char *at, const char *key, int fits,
                         const char *wanted)
{
    const json_t *value = r->code == MOULT_OK ? json_object_get(object, key) : NULL;
    if (r->code != MOULT_OK)
        return NULL;
    if (value && fits >= 0 && json_typeof(value) == (json_type)fits)
        return value;
    mo_json_wrong(r, "%s%s%s is %s, not %s", at, *at ? "." : "", key, kind_name(value), wanted);
    return NULL;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What {"hex": …} stands for. A text in it that is UTF-8 would have two forms: that is wrong too. */
static const char *read_hex(mo_json_reader *r, const json_t *value)
{
    const json_t *hex = json_object_size(value) == 1 ? json_object_get(value, "hex") : NULL;
    const char *digits = json_string_value(hex);
    size_t length = digits ? json_string_length(hex) : 1;
    if (length % 2)
        return NULL;
    char *text = mo_region_alloc(r->region, length / 2 + 1);
    if (!text) {
        mo_json_nomem(r);
        return NULL;
    }
    for (size_t i = 0; i < length / 2; i++) {
        int high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);
        if (high < 0 || low < 0 || (high | low) == 0)
            return NULL;
        text[i] = (char)(unsigned char)(high << 4 | low);
    }
    return is_utf8(text) ? NULL : text;
}

const char *mo_json_text_of(mo_json_reader *r, const json_t *value, const char *at, const char *key)
{
    if (r->code != MOULT_OK)
        return NULL;
    const char *text = NULL;
    if (json_is_string(value)) {
        text = mo_region_dup(r->region, json_string_value(value));
        if (!text)
            mo_json_nomem(r);
    } else if (json_is_object(value)) {
        text = read_hex(r, value);
    }
    if (!text && r->code == MOULT_OK)
        mo_json_wrong(r, "%s%s%s is %s, not a text", at, *at && *key ? "." : "", key, kind_name(value));
    return text;
}

const char *mo_json_get_text(mo_json_reader *r, const json_t *object, const char *at, const char *key)
{
    return mo_json_text_of(r, json_object_get(object, key), at, key);
}

const char *mo_json_get_optional_text(mo_json_reader *r, const json_t *object, const char *at, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return !value || json_is_null(value) ? NULL : mo_json_text_of(r, value, at, key);
}

int64_t mo_json_get_integer(mo_json_reader *r, const json_t *object, const char *at, const char *key, int64_t least,
                            int64_t most)
{
    const json_t *value = get(r, object, at, key, JSON_INTEGER, "an integer");
    if (!value)
        return least;
    int64_t n = (int64_t)json_integer_value(value);
    if (n >= least && n <= most)
        return n;
    mo_json_wrong(r, "%s%s%s is %lld, which it cannot be", at, *at ? "." : "", key, (long long)n);
    return least;
}

int mo_json_get_bool(mo_json_reader *r, const json_t *object, const char *at, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value)) {
        mo_json_wrong(r, "%s%s%s is %s, not true or false", at, *at ? "." : "", key, kind_name(value));
        return 0;
    }
    return json_is_true(value);
}

const json_t *mo_json_get_array(mo_json_reader *r, const json_t *object, const char *at, const char *key)
{
    return get(r, object, at, key, JSON_ARRAY, "an array");
}

const json_t *mo_json_get_object(mo_json_reader *r, const json_t *object, const char *at, const char *key)
{
    return get(r, object, at, key, JSON_OBJECT, "an object");
}

int mo_json_get_name(mo_json_reader *r, const json_t *object, const char *at, const char *key, const char *const *names,
                     int count)
{
    const json_t *value = get(r, object, at, key, JSON_STRING, "a text");
    for (int i = 0; value && i < count; i++) {
        if (strcmp(names[i], json_string_value(value)) == 0)
            return i;
    }
    if (value)
        mo_json_wrong(r, "%s%s%s is not known: '%s'", at, *at ? "." : "", key, json_string_value(value));
    return 0;
}

void mo_json_only(mo_json_reader *r, const json_t *value, const char *at, const char *const *keys)
{
    const char *key;
    json_t *member;
    if (r->code != MOULT_OK)
        return;
    if (!json_is_object(value)) {
        mo_json_wrong(r, "%s is %s, not an object", *at ? at : "the document", kind_name(value));
        return;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        int known = 0;
        for (size_t i = 0; keys[i] && !known; i++)
            known = strcmp(keys[i], key) == 0;
        if (!known)
            mo_json_wrong(r, "%s%s'%s' does not belong there", at, *at ? ": " : "", key);
    }
}

void mo_json_check_format(mo_json_reader *r, const json_t *root, const char *format, int version)
{
    if (!json_is_object(root)) {
        mo_json_wrong(r, "it is %s, not an object", kind_name(root));
        return;
    }
    const char *found = json_string_value(json_object_get(root, "format"));
    if (!found || strcmp(found, format) != 0) {
        mo_json_wrong(r, "it is not of the format '%s'", format);
        return;
    }
    int64_t number = mo_json_get_integer(r, root, "", "format_version", 1, INT64_MAX);
    if (r->code == MOULT_OK && number != version)
        mo_json_wrong(r, "format version %lld is not known; this moult knows %d", (long long)number, version);
}
