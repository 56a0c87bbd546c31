/* SPDX-License-Identifier: MIT */
/* init.c - moult init: writes a first schema file, from the database when there is one. Never over another. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "commands.h"

static const char starter[] = "-- The schema that the database shall have. Change it here, then look and apply:\n"
                              "--\n"
                              "--   moult plan --url sqlite:///app.db\n"
                              "--   moult apply --url sqlite:///app.db\n"
                              "--\n"
                              "-- Two remarks at the end of a line say what a schema cannot:\n"
                              "--   \"@renamed from=old_name\"   this column or table had another name\n"
                              "--   \"@fill 0\"                  what the rows that are there get in this new column\n"
                              "\n"
                              "CREATE TABLE note (\n"
                              "    id INTEGER PRIMARY KEY,\n"
                              "    title TEXT NOT NULL,\n"
                              "    body TEXT NOT NULL DEFAULT '',\n"
                              "    created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP\n"
                              ");\n";

/* The live schema as SQL; *text stays NULL when it is empty. */
static int live_schema(cli *c, char **text)
{
    moult_schema *schema = NULL;

    if (moult_inspect(c->m, &schema) != MOULT_OK ||
        (moult_schema_size(schema) > 0 && moult_schema_render(c->m, schema, MOULT_FORMAT_SQL, text) != MOULT_OK)) {
        moult_schema_free(schema);
        return cli_fail(c);
    }
    moult_schema_free(schema);
    return EXIT_DONE;
}

/* Writes a file that is not there yet. */
static int write_new(cli *c, const char *path, const char *head, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (fd < 0 && errno == EEXIST) {
        return out_problem(&c->out, "name another one with --file", "'%s' is there already, and is not written over",
                           path);
    }
    int failed = !f || fputs(head, f) == EOF || fputs(text, f) == EOF;
    int why = errno;
    if (f && fclose(f) != 0) {
        failed = 1;
        why = errno;
    }
    if (failed) {
        if (fd >= 0) {
            unlink(path);
        }
        return out_problem(&c->out, NULL, "cannot write '%s': %s", path, strerror(why));
    }
    return EXIT_DONE;
}

static int run(cli *c)
{
    const char *path = c->values.text[OPT_FILE] ? c->values.text[OPT_FILE] : "schema.sql";
    moult_options options;
    char *text = NULL, head[1024] = "";
    int status = EXIT_DONE;

    cli_options(c, &options);
    if (cli_find_url(c)) {
        status = cli_open_to_plan(c, &options);
        if (status == EXIT_DONE) {
            status = live_schema(c, &text);
        }
    }
    if (status == EXIT_DONE && text) {
        snprintf(head, sizeof head, "-- The schema of %s (%s), as it is. Change it here, then: moult plan\n\n",
                 moult_database_name(c->m), moult_engine(c->m));
    }
    if (status == EXIT_DONE) {
        status = write_new(c, path, head, text ? text : starter);
    }
    if (status == EXIT_DONE) {
        printf("%s: written, %s%s\n", path, text ? "with the schema of " : "with an example to begin from",
               text ? moult_database_name(c->m) : "");
    }
    moult_string_free(text);
    return status;
}

static const char *const forms[] = {"[--url URL] [--file FILE]", NULL};

const command command_init = {
    .name = "init",
    .summary = "write a first schema.sql, from the database when there is one",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_FILE) | OPT_BIT(OPT_INCLUDE) | OPT_BIT(OPT_EXCLUDE),
    .run = run,
};
