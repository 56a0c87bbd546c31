/* SPDX-License-Identifier: MIT */
/* approve.c - moult approve: prints a stored plan whole, asks, and lets exactly that plan run once. */
#include "cli.h"
#include "commands.h"
#include "status.h"

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

/* What waits, and what is approved. */
static int list(cli *c)
{
    moult_options options;
    moult_status *s = NULL;

    cli_options(c, &options);
    int status = cli_open(c, MOULT_OPEN_READ, &options);
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_status_read(c->m, NULL, &s) != MOULT_OK) {
        return cli_fail(c);
    }
    if (!moult_status_approval(s, 0)) {
        printf("%s: no plan waits, and none is approved\n", moult_database_name(c->m));
    }
    status_print_approvals(s);
    moult_status_free(s);
    return EXIT_DONE;
}

static int revoke(cli *c)
{
    moult_options options;

    cli_options(c, &options);
    int status = cli_open(c, MOULT_OPEN_WRITE, &options);
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_revoke(c->m, c->values.text[OPT_REVOKE]) != MOULT_OK) {
        return cli_fail(c);
    }
    printf("plan %.8s is not approved any more\n", c->values.text[OPT_REVOKE]);
    return EXIT_DONE;
}

static int run(cli *c)
{
    moult_options options;
    moult_plan *plan = NULL;

    if (c->values.given[OPT_LIST] + (c->values.text[OPT_REVOKE] != NULL) + c->values.arg_count != 1) {
        return out_problem(&c->out, "'moult approve --list' shows them", "name one plan, or say --list or --revoke ID");
    }
    if (c->values.given[OPT_LIST]) {
        return list(c);
    }
    if (c->values.text[OPT_REVOKE]) {
        return revoke(c);
    }
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

static const char *const forms[] = {"ID [--url URL] [--yes]", "--list [--url URL]", "--revoke ID [--url URL]", NULL};

const command command_approve = {
    .name = "approve",
    .summary = "let a plan run that was refused",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_YES) | OPT_BIT(OPT_LIST) | OPT_BIT(OPT_REVOKE),
    .max_args = 1,
    .run = run,
};
