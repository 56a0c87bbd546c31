/* SPDX-License-Identifier: MIT */
/* uninstall.c - moult uninstall: takes moult's own tables out of a database, and nothing else. */
#include "cli.h"
#include "commands.h"

static int run(cli *c)
{
    moult_options options;
    int purge = c->values.given[OPT_PURGE] > 0;

    cli_options(c, &options);
    int status = cli_open(c, MOULT_OPEN_WRITE, &options);
    if (status != EXIT_DONE) {
        return status;
    }
    status = cli_sure(c, purge ? "Remove moult's history, and all that the attic keeps, for ever?"
                               : "Remove moult's history, and its stored plans, for ever?");
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_uninstall(c->m, purge) != MOULT_OK) {
        return cli_fail(c);
    }
    printf("%s: moult's own tables are gone\n", moult_database_name(c->m));
    return EXIT_DONE;
}

static const char *const forms[] = {"[--url URL] [--purge] [--yes]", NULL};

const command command_uninstall = {
    .name = "uninstall",
    .summary = "remove moult's own tables, and nothing else",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_PURGE) | OPT_BIT(OPT_YES),
    .run = run,
};
