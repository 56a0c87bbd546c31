/* SPDX-License-Identifier: MIT */
/* resume.c - moult resume: goes on with an apply that was interrupted. */
#include <string.h>

#include "cli.h"
#include "commands.h"

static void print(cli *c, const moult_result *result, const char *text)
{
    const moult_plan *plan = moult_result_plan(result);

    if (report_format(c) == MOULT_FORMAT_JSON) {
        report_result_json(result);
    } else if (!plan) {
        printf("%s: no apply was interrupted\n", moult_database_name(c->m));
    } else {
        printf("%s\n", text);
    }
}

static int run(cli *c)
{
    moult_options options;
    moult_result *result = NULL;
    int status = cli_read_hooks(c);

    cli_options(c, &options);
    if (status == EXIT_DONE) {
        status = cli_open(c, MOULT_OPEN_WRITE, &options);
    }
    if (status != EXIT_DONE) {
        return status;
    }
    int code = moult_resume(c->m, &result);
    status = moult_code_exit(code);
    if (code == MOULT_OK) {
        print(c, result, moult_result_text(result));
    } else if (code == MOULT_REFUSED && moult_result_plan(result)) {
        report_plan(c, moult_result_plan(result), MOULT_FORMAT_TEXT);
        report_refusal(c, moult_result_plan(result), options.mode, 1);
    } else {
        status = cli_fail(c);
    }
    moult_result_free(result);
    return status;
}

static const char *const forms[] = {"[--url URL] [--hooks FOLDER] [--mode MODE] [--approve ID] [options]", NULL};

const command command_resume = {
    .name = "resume",
    .summary = "go on with an apply that was interrupted",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_HOOKS) | OPT_BIT(OPT_MODE) | OPT_BIT(OPT_APPROVE) | OPT_BIT(OPT_NO_BACKUP) |
               OPT_BIT(OPT_STATEMENT_TIMEOUT) | OPT_BIT(OPT_FORMAT_JSON),
    .run = run,
};
