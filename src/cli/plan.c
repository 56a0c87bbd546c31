/* SPDX-License-Identifier: MIT */
/* plan.c - moult plan: what would be done. Nothing is changed but for the stored plan that waits for its approval. */
#include "cli.h"
#include "commands.h"

/* Stores a plan that a person must approve, where that can be done: 1 or 0. An account that may only read is no
 * error. */
static int store(cli *c, const moult_plan *plan, const moult_options *options)
{
    moult *m = NULL;
    int stored = moult_open(&m, c->url, MOULT_OPEN_WRITE, options) == MOULT_OK && moult_plan_store(m, plan) == MOULT_OK;

    if (!stored) {
        const moult_error *e = m ? moult_error_of(m) : NULL;
        out_log(&c->out, 1, "the plan could not be stored for 'moult approve': %s",
                e && e->message ? e->message : "out of memory");
    }
    moult_close(m);
    return stored;
}

/* Nothing to do, for a person. */
static void print_nothing(cli *c, const moult_plan *plan)
{
    if (moult_plan_behind(plan)) {
        printf("%s is ahead of %s: this was version %lld, and has been replaced since.\n"
               "  see what going back would do    moult plan --backward\n",
               moult_database_name(c->m), c->to, (long long)moult_plan_behind_version(plan));
        return;
    }
    printf("%s is up to date with %s\n", moult_database_name(c->m), c->to);
    for (size_t i = 0; i < moult_plan_note_count(plan); i++) {
        printf("  note: %s\n", moult_plan_note(plan, i));
    }
}

static int print(cli *c, const moult_plan *plan, const moult_options *options)
{
    moult_format format = report_format(c);
    int changes = moult_plan_change_count(plan) > 0;
    int refused = changes && options->mode != MOULT_MODE_DRY_RUN && !moult_plan_allowed(plan, options->mode);
    int stored = refused && store(c, plan, options);

    if (!changes && format == MOULT_FORMAT_TEXT) {
        print_nothing(c, plan);
        return EXIT_DONE;
    }
    int status = report_plan(c, plan, format);
    if (status == EXIT_DONE && format == MOULT_FORMAT_TEXT && report_forbidden(plan)) {
        return status;
    }
    if (status == EXIT_DONE && refused && format == MOULT_FORMAT_TEXT) {
        report_refusal(c, plan, options->mode, stored);
    }
    return status;
}

static int run(cli *c)
{
    moult_options options;
    moult_plan *plan = NULL;

    int status = cli_read_hooks(c);
    cli_options(c, &options);
    if (status == EXIT_DONE) {
        status = cli_open_to_plan(c, &options);
    }
    if (status != EXIT_DONE) {
        return status;
    }
    moult_source desired = cli_desired(c);
    if (moult_make_plan(c->m, &desired, &plan) != MOULT_OK) {
        return cli_fail(c);
    }
    status = report_export(c, plan);
    if (status == EXIT_DONE) {
        status = print(c, plan, &options);
    }
    if (status == EXIT_DONE && c->values.given[OPT_EXIT_CODE] && moult_plan_change_count(plan) > 0) {
        status = EXIT_PENDING;
    }
    moult_plan_free(plan);
    return status;
}

static const char *const forms[] = {"[--url URL] [--to SOURCE] [--mode MODE] [--format FORMAT] [--exit-code] [options]",
                                    NULL};

const command command_plan = {
    .name = "plan",
    .summary = "show what would be done, with its risk, and do nothing",
    .forms = forms,
    .options = OPTS_DATABASE | OPTS_COMPARE | OPTS_PLAN | OPT_BIT(OPT_MODE) | OPT_BIT(OPT_PHASE) | OPT_BIT(OPT_HOOKS) |
               OPT_BIT(OPT_BACKWARD) | OPT_BIT(OPT_NO_ATTIC) | OPT_BIT(OPT_ATTIC_AGE) | OPT_BIT(OPT_FILL) |
               OPT_BIT(OPT_EXIT_CODE) | OPT_BIT(OPT_FORMAT),
    .run = run,
};
