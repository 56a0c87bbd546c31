/* SPDX-License-Identifier: MIT */
/*
 * hooks.c - the data hooks of a folder: one SQL file each, NNN_name.before_ddl.sql or NNN_name.after_ddl.sql.
 *
 * The number is the priority, NNN_name is the version: the name for ever, by which a database remembers that it ran.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { HOOK_FILE_MAX = 16 << 20 };

static const char *const triggers[] = {".before_ddl.sql", ".after_ddl.sql"};

/* The file whole, malloc'd; NULL after the error was told. */
static char *read_file(cli *c, const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = f ? malloc(HOOK_FILE_MAX) : NULL;
    size_t n = text ? fread(text, 1, HOOK_FILE_MAX, f) : 0;

    if (!text || ferror(f) || n == HOOK_FILE_MAX || memchr(text, '\0', n)) {
        out_problem(&c->out, "a hook is a text of SQL, at most 16 MiB long", "cannot read the hook '%s': %s", path,
                    !f || !text || ferror(f) ? strerror(errno) : "it is too large, or no text");
        free(text);
        text = NULL;
    } else {
        text[n] = '\0';
        char *less = realloc(text, n + 1);
        text = less ? less : text;
    }
    if (f) {
        fclose(f);
    }
    return text;
}

/* Tells a name apart: 0, or -1 when it is not that of a hook. */
static int read_name(const char *path, moult_hook *out, char **version)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t n = strlen(name);

    for (int i = 0; i < 2; i++) {
        size_t end = strlen(triggers[i]);
        if (n > end && strcmp(name + n - end, triggers[i]) == 0) {
            out->trigger = (moult_trigger)i;
            out->priority = (int)strtol(name, NULL, 10);
            *version = strndup(name, n - end);
            return *version ? 0 : -1;
        }
    }
    return -1;
}

static int read_hook(cli *c, const char *path, moult_hook *out)
{
    char *version = NULL;

    if (read_name(path, out, &version) != 0) {
        return out_problem(&c->out,
                           "name it NNN_name.before_ddl.sql, or NNN_name.after_ddl.sql for when the schema is there",
                           "'%s' does not say when it shall run", path);
    }
    out->version = version;
    out->file = strdup(path);
    out->sql = read_file(c, path);
    return out->sql && out->file ? EXIT_DONE : EXIT_ERROR;
}

int cli_read_hooks(cli *c)
{
    const char *folder = c->values.text[OPT_HOOKS];
    char pattern[4096];
    glob_t found;
    int status = EXIT_DONE;

    if (folder && access(folder, R_OK | X_OK) != 0) {
        return out_problem(&c->out, "--hooks names a folder of SQL files", "cannot read the folder '%s': %s", folder,
                           strerror(errno));
    }
    if (snprintf(pattern, sizeof pattern, "%s/*.sql", folder ? folder : "hooks") >= (int)sizeof pattern) {
        return out_problem(&c->out, NULL, "the name of the folder of hooks is too long");
    }
    if (glob(pattern, 0, NULL, &found) != 0) {
        return EXIT_DONE; /* there are none */
    }
    c->hooks.items = calloc(found.gl_pathc + 1, sizeof *c->hooks.items);
    for (size_t i = 0; c->hooks.items && i < found.gl_pathc && status == EXIT_DONE; i++) {
        c->hooks.count = i + 1;
        status = read_hook(c, found.gl_pathv[i], &c->hooks.items[i]);
    }
    globfree(&found);
    return c->hooks.items ? status : out_problem(&c->out, NULL, "out of memory");
}

void cli_free_hooks(cli *c)
{
    for (size_t i = 0; i < c->hooks.count; i++) {
        free((char *)c->hooks.items[i].version);
        free((char *)c->hooks.items[i].file);
        free((char *)c->hooks.items[i].sql);
    }
    free(c->hooks.items);
    c->hooks = (cli_hooks){0};
}
