/* SPDX-License-Identifier: MIT */
/* approve.c - moult approve: prints a stored plan whole, asks, and lets exactly that plan run once. */
#include "cli.h"
#include "commands.h"

static int may_approve(cli *c)
{
    if (c->values.given[OPT_YES]) {
        return EXIT_DONE;
    }
    if (!c->out.can_ask) {
        fflush(stdout);
        out_problem(&c->out, "look at it above, and say --yes to approve it",
                    "a plan is approved by a person, and here is "
                    "no terminal to ask one");
        return EXIT_REFUSED;
    }
    if (!out_ask(&c->out, "Approve exactly this plan?")) {
        out_log(&c->out, 1, "not approved");
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

static int run(cli *c)
{
    moult_options options;
    moult_plan *plan = NULL;

    cli_options(c, &options);
    int status = cli_open(c, MOULT_OPEN_WRITE, &options);
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_plan_find(c->m, c->values.args[0], &plan) != MOULT_OK) {
        return cli_fail(c);
    }
    status = report_plan(c, plan, MOULT_FORMAT_TEXT);
    if (status == EXIT_DONE) {
        status = may_approve(c);
    }
    if (status == EXIT_DONE && moult_approve(c->m, moult_plan_id(plan)) != MOULT_OK) {
        status = cli_fail(c);
    } else if (status == EXIT_DONE) {
        printf("\nplan %.8s is approved: the next apply of the same schema runs it, once\n", moult_plan_id(plan));
    }
    moult_plan_free(plan);
    return status;
}

static const char *const forms[] = {"ID [--url URL] [--yes]", NULL};

const command command_approve = {
    .name = "approve",
    .summary = "let a plan run that was refused",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_YES),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
