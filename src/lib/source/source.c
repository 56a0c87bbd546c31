/* SPDX-License-Identifier: MIT */
/*
 * source.c - the forms of a source, one table entry each.
 *
 * The first entry that knows a source takes it; the last takes everything. A database and a history are only named
 * here: reading them needs a connection, which is the engine's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "source/text.h"

typedef struct form {
    int (*is)(const char *uri);
    int (*read)(const char *uri, mo_patience patience, mo_source_read *out, mo_error *err);
} form;

static int begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int is_stdin(const char *uri)
{
    return strcmp(uri, "-") == 0;
}

static int read_stdin(const char *uri, mo_patience patience, mo_source_read *out, mo_error *err)
{
    (void)uri;
    return mo_text_from_stdin(&out->texts, patience, err);
}

static int is_command(const char *uri)
{
    return begins(uri, "cmd:");
}

static int read_command(const char *uri, mo_patience patience, mo_source_read *out, mo_error *err)
{
    const char *command = uri + strlen("cmd:");

    if (command[strspn(command, " \t")] == '\0') {
        mo_error_set(err, MOULT_INVALID, "the source 'cmd:' names no command");
        return mo_error_hint(err, "write it after the colon, such as 'cmd:python3 print_schema.py'");
    }
    return mo_text_from_command(&out->texts, command, patience, err);
}

static int is_history(const char *uri)
{
    return begins(uri, "history:");
}

static int read_history(const char *uri, mo_patience patience, mo_source_read *out, mo_error *err)
{
    const char *digits = uri + strlen("history:");
    size_t n = strspn(digits, "0123456789");
    long long version = 0;

    (void)patience;
    if (n > 0 && n <= 18 && digits[n] == '\0') {
        version = strtoll(digits, NULL, 10);
    }
    if (version < 1) {
        mo_error_set(err, MOULT_INVALID, "'%s' names no version", uri);
        return mo_error_hint(err, "write a number from 1, such as 'history:3'; 'moult history' lists them");
    }
    out->form = MO_SOURCE_HISTORY;
    out->version = version;
    return MOULT_OK;
}

static int has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);

    return n > m && mo_name_equal(text + n - m, suffix);
}

/* Does the file begin as a database file does? */
static int has_database_header(const char *path)
{
    static const char header[16] = "SQLite format 3";
    char found[sizeof header];
    struct stat st;

    /* Anything but a file is not opened: a named pipe would be waited for, and lose what it gives. */
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return 0;
    }
    FILE *f = fopen(path, "rb");
    if (!f) {
        return 0;
    }
    size_t n = fread(found, 1, sizeof found, f);
    fclose(f);
    return n == sizeof found && memcmp(found, header, sizeof header) == 0;
}

static int is_database(const char *uri)
{
    static const char *const suffixes[] = {".db", ".sqlite", ".sqlite3"};

    if (mo_url_is(uri)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (has_suffix(uri, suffixes[i])) {
            return 1;
        }
    }
    return has_database_header(uri);
}

static int read_database(const char *uri, mo_patience patience, mo_source_read *out, mo_error *err)
{
    (void)patience;
    out->form = MO_SOURCE_DATABASE;
    out->uri = mo_region_dup(out->texts.region, uri);
    return out->uri ? MOULT_OK : mo_error_nomem(err);
}

static int is_path(const char *uri)
{
    (void)uri;
    return 1;
}

static int read_path(const char *uri, mo_patience patience, mo_source_read *out, mo_error *err)
{
    return mo_text_from_path(&out->texts, uri, patience, err);
}

static const form forms[] = {
    {is_stdin, read_stdin},       {is_command, read_command}, {is_history, read_history},
    {is_database, read_database}, {is_path, read_path},
};

static int read_uri(const char *uri, mo_patience patience, mo_source_read *out, mo_error *err)
{
    if (uri[0] == '\0') {
        mo_error_set(err, MOULT_INVALID, "the source is empty");
        return mo_error_hint(err, "name a file, a folder, a command or a database");
    }
    const form *f = forms;
    while (!f->is(uri)) {
        f++;
    }
    return f->read(uri, patience, out, err);
}

static int read_texts(const moult_text *texts, mo_source_read *out, mo_error *err)
{
    int rc = MOULT_OK;

    for (const moult_text *t = texts; rc == MOULT_OK && t->name; t++) {
        rc = t->sql ? mo_text_from_memory(&out->texts, t->name, t->sql, strlen(t->sql), err)
                    : mo_error_set(err, MOULT_INVALID, "the text '%s' of the source has no SQL", t->name);
    }
    return rc;
}

static int count_members(const moult_source *source)
{
    return (source->uri != NULL) + (source->text != NULL) + (source->models != NULL) + (source->texts != NULL);
}

int mo_source_open(mo_region *r, const mo_dialect *d, const moult_source *source, mo_patience patience,
                   mo_source_read *out, mo_error *err)
{
    int given = source ? count_members(source) : 0;
    int rc;

    memset(out, 0, sizeof *out);
    out->texts.region = r;
    if (given != 1) {
        return mo_error_set(err, MOULT_INVALID,
                            "a source has exactly one of uri, text, models and texts; this one has %d", given);
    }
    if (source->uri) {
        rc = read_uri(source->uri, patience, out, err);
    } else if (source->text) {
        rc = mo_text_from_memory(&out->texts, "<text>", source->text, strlen(source->text), err);
    } else if (source->texts) {
        rc = read_texts(source->texts, out, err);
    } else {
        rc = mo_text_from_models(&out->texts, d, source->models, err);
    }
    if (rc == MOULT_OK && out->form == MO_SOURCE_TEXTS) {
        rc = mo_text_hash(&out->texts, &out->hash, err);
    }
    return rc;
}
