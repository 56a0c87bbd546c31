/* SPDX-License-Identifier: MIT */
/* rollback.c - moult rollback: goes back to a past version, with the rows that the attic kept. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"

/* The version of the argument; 0: the one before the last. -1 after the error was told. */
static int64_t version_of(cli *c)
{
    const char *text = c->values.arg_count ? c->values.args[0] : "0";
    size_t n = strspn(text, "0123456789");

    if (n == 0 || n > 18 || text[n] != '\0' || (c->values.arg_count && strtoll(text, NULL, 10) < 1)) {
        out_problem(&c->out, "'moult history' lists them, from 1 on", "'%.80s' is no version", text);
        return -1;
    }
    return strtoll(text, NULL, 10);
}

static int go_back(cli *c, moult_result **result, int *told)
{
    *told = 0;
    return moult_rollback(c->m, version_of(c), result);
}

static int run(cli *c)
{
    moult_options options;

    cli_options(c, &options);
    if (version_of(c) < 0) {
        return EXIT_ERROR;
    }
    int status = cli_open(c, MOULT_OPEN_WRITE, &options);
    return status == EXIT_DONE ? cli_apply(c, &options, go_back) : status;
}

static const char *const forms[] = {"[VERSION] [--url URL] [--mode MODE] [--approve ID] [--fill T.C=EXPRESSION]", NULL};

const command command_rollback = {
    .name = "rollback",
    .summary = "go back to a past version, with the rows that the attic kept",
    .forms = forms,
    .options = OPTS_DATABASE | OPTS_PLAN | OPT_BIT(OPT_STATEMENT_TIMEOUT) | OPT_BIT(OPT_MODE) | OPT_BIT(OPT_APPROVE) |
               OPT_BIT(OPT_OWN) | OPT_BIT(OPT_FULL) | OPT_BIT(OPT_FILL) | OPT_BIT(OPT_NO_ATTIC) |
               OPT_BIT(OPT_ATTIC_AGE) | OPT_BIT(OPT_NO_BACKUP) | OPT_BIT(OPT_YES) | OPT_BIT(OPT_FORMAT_JSON),
    .max_args = 1,
    .run = run,
};
