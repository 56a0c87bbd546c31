/* SPDX-License-Identifier: MIT */
/* version.c - moult version: which moult this is, and which engines it has. */
#include <stddef.h>
#include <string.h>

#include "cli.h"
#include "commands.h"

/* A URL for each engine that needs no server to tell its version. */
static const char *const urls[] = {"sqlite://"};

static int run(cli *c)
{
    int json = report_format(c) == MOULT_FORMAT_JSON, found = 0;
    moult_options options;

    cli_options(c, &options);
    if (json) {
        printf("{\n  \"format\": \"moult-version\",\n  \"format_version\": 1,\n  \"version\": ");
        out_json(stdout, moult_version());
        printf(",\n  \"engines\": [");
    } else {
        printf("moult %s\n", moult_version());
    }
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (cli_open_url(c, urls[i], MOULT_OPEN_READ, &options) != EXIT_DONE) {
            continue;
        }
        if (json) { /* "SQLite 3.40.1" */
            const char *engine = moult_engine(c->m), *space = strrchr(engine, ' ');
            printf("%s{\"name\": \"%.*s\", \"version\": ", found++ ? ", " : "",
                   (int)(space ? space - engine : (ptrdiff_t)strlen(engine)), engine);
            out_json(stdout, space ? space + 1 : NULL);
            printf("}");
        } else {
            printf("  %s\n", moult_engine(c->m));
        }
    }
    if (json) {
        printf("]\n}\n");
    }
    return EXIT_DONE;
}

static const char *const forms[] = {"[--format FORMAT]", NULL};

const command command_version = {
    .name = "version",
    .summary = "tell which moult this is, and which engines it has",
    .forms = forms,
    .options = OPT_BIT(OPT_FORMAT_JSON),
    .run = run,
};
