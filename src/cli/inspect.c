/* SPDX-License-Identifier: MIT */
/* inspect.c - moult inspect: writes the live schema, so that given back it is no difference. */
#include "cli.h"
#include "commands.h"

static int run(cli *c)
{
    moult_options options;
    moult_schema *schema = NULL;
    char *text = NULL;

    cli_options(c, &options);
    int status = cli_open(c, MOULT_OPEN_READ, &options);
    if (status != EXIT_DONE) {
        return status;
    }
    moult_format format = report_format(c) == MOULT_FORMAT_JSON ? MOULT_FORMAT_JSON : MOULT_FORMAT_SQL;
    if (moult_inspect(c->m, &schema) != MOULT_OK || moult_schema_render(c->m, schema, format, &text) != MOULT_OK) {
        status = cli_fail(c);
    } else {
        fputs(text, stdout);
    }
    moult_string_free(text);
    moult_schema_free(schema);
    return status;
}

static const char *const forms[] = {"[--url URL] [--format FORMAT] [options]", NULL};

const command command_inspect = {
    .name = "inspect",
    .summary = "write the schema that a database has",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_INCLUDE) | OPT_BIT(OPT_EXCLUDE) | OPT_BIT(OPT_FORMAT_SCHEMA),
    .run = run,
};
