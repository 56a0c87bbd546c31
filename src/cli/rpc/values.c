/* SPDX-License-Identifier: MIT */
/*
 * values.c - values of SQL as JSON, and back, so that none is changed on the way.
 *
 * null, numbers, strings, and true and false (1 and 0) stand for themselves. What JSON, or its readers, cannot hold is an
 * object of one member: {"integer": "9007199254740993"} beyond 2^53, {"real": "inf"}, {"blob": BASE64},
 * {"text": BASE64} for a text that is not UTF-8.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rpc.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const int64_t exact = INT64_C(1) << 53; /* whole numbers up to here are exact as a double too */

/* --- to JSON ----------------------------------------------------------------------------------------------------- */

static json_t *encode(const char *name, const char *data, size_t length)
{
    size_t n = (length + 2) / 3 * 4, at = 0;
    char *text = malloc(n + 1);

    if (!text) {
        return NULL;
    }
    for (size_t i = 0; i < length; i += 3) {
        unsigned a = (unsigned char)data[i];
        unsigned b = i + 1 < length ? (unsigned char)data[i + 1] : 0;
        unsigned c = i + 2 < length ? (unsigned char)data[i + 2] : 0;
        unsigned bits = a << 16 | b << 8 | c;
        text[at++] = alphabet[bits >> 18];
        text[at++] = alphabet[bits >> 12 & 63];
        text[at++] = i + 1 < length ? alphabet[bits >> 6 & 63] : '=';
        text[at++] = i + 2 < length ? alphabet[bits & 63] : '=';
    }
    json_t *value = json_pack("{s:s#}", name, text, (int)n);
    free(text);
    return value;
}

static json_t *integer_json(int64_t value)
{
    char text[32];

    if (value > -exact && value < exact) {
        return json_integer(value);
    }
    snprintf(text, sizeof text, "%" PRId64, value);
    return json_pack("{s:s}", "integer", text);
}

static json_t *real_json(double value)
{
    if (isfinite(value)) {
        return json_real(value);
    }
    return json_pack("{s:s}", "real", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

json_t *rpc_value_json(const moult_value *value)
{
    json_t *text;

    switch (value->type) {
    case MOULT_VALUE_INTEGER:
        return integer_json(value->integer);
    case MOULT_VALUE_REAL:
        return real_json(value->real);
    case MOULT_VALUE_TEXT:
        text = json_stringn(value->text, value->length);
        return text ? text : encode("text", value->text, value->length);
    case MOULT_VALUE_BLOB:
        return encode("blob", value->text, value->length);
    case MOULT_VALUE_NULL:
        break;
    }
    return json_null();
}

/* --- from JSON --------------------------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* Base64 as bytes, malloc'd; NULL when it is none, or there is no memory. */
static char *decode(const char *text, size_t n, size_t *length)
{
    size_t padding = n > 0 && text[n - 1] == '=' ? n > 1 && text[n - 2] == '=' ? 2 : 1 : 0;
    char *data = n % 4 == 0 ? malloc(n / 4 * 3 + 1) : NULL;
    unsigned bits = 0;
    size_t at = 0;

    for (size_t i = 0; data && i < n; i++) {
        int digit = i < n - padding ? digit_of(text[i]) : 0;
        if (digit < 0) {
            free(data);
            return NULL;
        }
        bits = bits << 6 | (unsigned)digit;
        if (i % 4 == 3) {
            data[at++] = (char)(bits >> 16 & 255);
            data[at++] = (char)(bits >> 8 & 255);
            data[at++] = (char)(bits & 255);
        }
    }
    *length = data ? at - padding : 0;
    return data;
}

static int read_bytes(const json_t *text, moult_value_type type, moult_value *out, char **memory)
{
    *memory = decode(json_string_value(text), json_string_length(text), &out->length);
    out->type = type;
    out->text = *memory;
    return *memory ? 0 : -1;
}

/* A whole number of any length; one of more than 64 bits goes to the engine as its digits. */
static int read_integer(const json_t *value, moult_value *out)
{
    const char *text = json_string_value(value), *digits = text + (text[0] == '-' || text[0] == '+');
    char *end;

    if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0') {
        return -1;
    }
    errno = 0;
    out->type = MOULT_VALUE_INTEGER;
    out->integer = strtoll(text, &end, 10);
    if (errno == ERANGE) {
        *out = (moult_value){.type = MOULT_VALUE_TEXT, .text = text, .length = json_string_length(value)};
    }
    return 0;
}

static int read_real(const json_t *value, moult_value *out)
{
    const char *text = json_string_value(value);
    char *end;

    out->type = MOULT_VALUE_REAL;
    out->real = strtod(text, &end);
    return text[0] != '\0' && end == text + json_string_length(value) ? 0 : -1;
}

/* An object of one member. */
static int read_tagged(const json_t *value, moult_value *out, char **memory)
{
    void *iter = json_object_iter((json_t *)value);
    const char *name = iter ? json_object_iter_key(iter) : "";
    const json_t *text = iter ? json_object_iter_value(iter) : NULL;

    if (json_object_size(value) != 1 || !json_is_string(text)) {
        return -1;
    }
    return strcmp(name, "integer") == 0 ? read_integer(text, out)
           : strcmp(name, "real") == 0  ? read_real(text, out)
           : strcmp(name, "blob") == 0  ? read_bytes(text, MOULT_VALUE_BLOB, out, memory)
           : strcmp(name, "text") == 0  ? read_bytes(text, MOULT_VALUE_TEXT, out, memory)
                                        : -1;
}

static int read_value(const json_t *value, moult_value *out, char **memory)
{
    *out = (moult_value){0};
    switch (json_typeof(value)) {
    case JSON_NULL:
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        out->type = MOULT_VALUE_INTEGER;
        out->integer = json_is_true(value);
        return 0;
    case JSON_INTEGER:
        out->type = MOULT_VALUE_INTEGER;
        out->integer = json_integer_value(value);
        return 0;
    case JSON_REAL:
        out->type = MOULT_VALUE_REAL;
        out->real = json_real_value(value);
        return 0;
    case JSON_STRING:
        out->type = MOULT_VALUE_TEXT;
        out->text = json_string_value(value);
        out->length = json_string_length(value);
        return 0;
    case JSON_OBJECT:
        return read_tagged(value, out, memory);
    default:
        return -1;
    }
}

int rpc_values_read(const json_t *array, rpc_values *out, opt_problem *problem)
{
    size_t n = json_array_size(array);

    *out = (rpc_values){.items = calloc(n + 1, sizeof *out->items), .memory = calloc(n + 1, sizeof *out->memory)};
    if (!out->items || !out->memory) {
        snprintf(problem->message, sizeof problem->message, "out of memory");
        return -1;
    }
    out->count = n;
    for (size_t i = 0; i < n; i++) {
        if (read_value(json_array_get(array, i), &out->items[i], &out->memory[i]) != 0) {
            snprintf(problem->message, sizeof problem->message, "parameter %zu is no value of SQL", i + 1);
            snprintf(problem->hint, sizeof problem->hint,
                     "null, a number, a string, true, false, or one of {\"integer\": DIGITS}, {\"real\": NUMBER}, "
                     "{\"blob\": BASE64}, {\"text\": BASE64}");
            return -1;
        }
    }
    return 0;
}

void rpc_values_free(rpc_values *values)
{
    for (size_t i = 0; values->memory && i < values->count; i++) {
        free(values->memory[i]);
    }
    free(values->memory);
    free(values->items);
    *values = (rpc_values){0};
}
