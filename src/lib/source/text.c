/* SPDX-License-Identifier: MIT */
/*
 * text.c - files, folders, globs, standard input, commands and models become texts.
 *
 * What comes in is checked here, once: a NUL byte would end a statement early inside an engine, and bytes that are not
 * UTF-8 would come back from it as something else. Both are told with their place, as nobody sees them in an editor.
 */
#include "source/text.h"

#include "base/fs.h"
#include "base/process.h"

#include <stdlib.h>
#include <string.h>

static const unsigned char byte_order_mark[3] = {0xEF, 0xBB, 0xBF};

/* How many bytes the UTF-8 character at `p` has; 0 when it is none: cut off, overlong, a surrogate, past U+10FFFF. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;

    if (n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if (n == 3 && ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F))) {
        return 0;
    }
    if (n == 4 && ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))) {
        return 0;
    }
    return n;
}

/* The first byte that is not part of text; `end` when all is well. Eight plain characters are passed at a time. */
static const unsigned char *first_bad(const unsigned char *p, const unsigned char *end)
{
    while (p < end) {
        uint64_t word;
        if (end - p >= 8) {
            memcpy(&word, p, sizeof word);
            /* No byte has its high bit set, and none is 0. */
            if (((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0) {
                p += 8;
                continue;
            }
        }
        size_t n = utf8_length(p, (size_t)(end - p));
        if (n == 0 || *p == 0) {
            return p;
        }
        p += n;
    }
    return end;
}

static int check_text(const char *name, const char *data, size_t length, mo_error *err)
{
    const unsigned char *start = (const unsigned char *)data, *end = start + length;
    const unsigned char *bad = first_bad(start, end);
    int line = 1, column = 1;

    if (bad == end) {
        return MOULT_OK;
    }
    for (const unsigned char *p = start; p < bad; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if ((*p & 0xC0) != 0x80) {
            column++;
        }
    }
    if (*bad == 0) {
        mo_error_set(err, MOULT_SOURCE, "there is a NUL byte in the SQL");
        mo_error_hint(err, "take it out; a file full of them is no SQL, or is UTF-16: save it as UTF-8");
    } else {
        mo_error_set(err, MOULT_SOURCE, "byte 0x%02X is not UTF-8", *bad);
        mo_error_hint(err, "save the file as UTF-8");
    }
    return mo_error_at(err, name, line, column);
}

/* Takes what is already in the region. */
static int add_text(mo_texts *out, const char *name, const char *data, size_t length, mo_error *err)
{
    mo_text text = {mo_region_dup(out->region, name), data, length};
    int rc = check_text(name, data, length, err);

    if (rc != MOULT_OK) {
        return rc;
    }
    if (!text.name || mo_vec_push(out->region, &out->items, text) != 0) {
        return mo_error_nomem(err);
    }
    return MOULT_OK;
}

int mo_text_from_memory(mo_texts *out, const char *name, const char *data, size_t length, mo_error *err)
{
    if (length >= sizeof byte_order_mark && memcmp(data, byte_order_mark, sizeof byte_order_mark) == 0) {
        data += sizeof byte_order_mark;
        length -= sizeof byte_order_mark;
    }
    char *copy = mo_region_alloc(out->region, length + 1);
    if (!copy) {
        return mo_error_nomem(err);
    }
    memcpy(copy, data, length);
    copy[length] = '\0';
    return add_text(out, name, copy, length, err);
}

/* The same for malloc'd memory, which is freed. */
static int add_and_free(mo_texts *out, const char *name, char *data, size_t length, mo_error *err)
{
    int rc = mo_text_from_memory(out, name, data, length, err);

    free(data);
    return rc;
}

static int has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);

    return n >= m && mo_name_equal(text + n - m, suffix);
}

int mo_text_from_path(mo_texts *out, const char *path, mo_patience patience, mo_error *err)
{
    mo_path_list paths = {0};
    int rc = mo_fs_expand(out->region, path, &paths, err);

    if (rc == MOULT_NOTFOUND) {
        if (has_suffix(path, ".sql")) {
            return mo_error_hint(err, "'moult init' writes a first one; --to names another source");
        }
        return mo_error_hint(err, "--to takes a file, a folder of .sql files, a glob, '-', 'cmd:COMMAND', "
                                  "'history:VERSION' or a database URL");
    }
    for (size_t i = 0; rc == MOULT_OK && i < paths.count; i++) {
        char *data = NULL;
        size_t length = 0;
        rc = mo_fs_read(paths.items[i], patience, MO_STR_MAX, &data, &length, err);
        if (rc == MOULT_OK) {
            rc = add_and_free(out, paths.items[i], data, length, err);
        }
    }
    return rc;
}

int mo_text_from_stdin(mo_texts *out, mo_patience patience, mo_error *err)
{
    char *data = NULL;
    size_t length = 0;
    int rc = mo_fs_read("-", patience, MO_STR_MAX, &data, &length, err);

    return rc == MOULT_OK ? add_and_free(out, "<stdin>", data, length, err) : rc;
}

int mo_text_from_command(mo_texts *out, const char *command, mo_patience patience, mo_error *err)
{
    char *data = NULL;
    size_t length = 0;
    int rc = mo_process_output(command, patience, MO_STR_MAX, &data, &length, err);

    return rc == MOULT_OK ? add_and_free(out, command, data, length, err) : rc;
}

int mo_text_from_models(mo_texts *out, const mo_dialect *d, const moult_model *models, mo_error *err)
{
    mo_str sql = {0};
    int rc = MOULT_OK;

    for (const moult_model *m = models; rc == MOULT_OK && m->name; m++) {
        rc = d->render_model(m, &sql, err);
        mo_str_add(&sql, ";\n"); /* an empty statement does no harm */
    }
    if (rc == MOULT_OK && sql.failed) {
        rc = mo_error_nomem(err);
    }
    if (rc == MOULT_OK) {
        rc = mo_text_from_memory(out, "<models>", mo_str_text(&sql), sql.length, err);
    }
    mo_str_free(&sql);
    return rc;
}

int mo_text_hash(const mo_texts *texts, mo_hash *out, mo_error *err)
{
    mo_hasher *h = mo_hasher_new();

    if (!h) {
        return mo_error_nomem(err);
    }
    for (size_t i = 0; i < texts->items.count; i++) {
        const mo_text *t = &texts->items.items[i];
        uint64_t length = t->length; /* so that two files never look like one */
        mo_hasher_add(h, &length, sizeof length);
        mo_hasher_add(h, t->data, t->length);
    }
    *out = mo_hasher_result(h);
    mo_hasher_free(h);
    return MOULT_OK;
}
