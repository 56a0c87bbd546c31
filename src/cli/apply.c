/* SPDX-License-Identifier: MIT */
/* apply.c - moult apply: makes the database be the desired schema, or runs the plan of a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"

/* Reads a file whole, with a NUL behind it; "-" is standard input. malloc'd; NULL after the error was told. */
static char *read_file(cli *c, const char *path, size_t *length)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t size = 65536, n = 0, got = 0;
    char *data = f ? malloc(size) : NULL;

    while (data && (got = fread(data + n, 1, size - n - 1, f)) > 0) {
        n += got;
        if (size - n <= 1) {
            char *more = realloc(data, size * 2);
            if (!more) {
                free(data);
            }
            data = more;
            size *= 2;
        }
    }
    int failed = !f || !data || ferror(f);
    if (failed) {
        out_problem(&c->out, "a plan file is made by 'moult plan --format json'", "cannot read the plan file '%s': %s",
                    path, strerror(errno));
        free(data);
        data = NULL;
    } else {
        data[n] = '\0';
        *length = n;
    }
    if (f && f != stdin) {
        fclose(f);
    }
    return data;
}

/* The plan of --plan, run. A code of the library; the error is that of c->m, or told already (*told). */
static int apply_file(cli *c, moult_result **result, int *told)
{
    const char *path = c->values.text[OPT_PLAN];
    moult_plan *plan = NULL;
    size_t length = 0;
    char *json = read_file(c, path, &length);

    *told = json == NULL;
    if (!json) {
        return MOULT_IO;
    }
    int code = moult_plan_parse(c->m, json, length, path, &plan);
    if (code == MOULT_OK) {
        code = moult_apply(c->m, plan, result);
    }
    moult_plan_free(plan);
    free(json);
    return code;
}

static int apply(cli *c, moult_result **result, int *told)
{
    *result = NULL;
    *told = 0;
    if (c->values.text[OPT_PLAN]) {
        c->to = c->values.text[OPT_PLAN];
        return apply_file(c, result, told);
    }
    moult_source desired = cli_desired(c);
    return moult_migrate(c->m, &desired, result);
}

static void print_text(cli *c, const moult_result *result)
{
    const char *text = moult_result_text(result);
    const moult_plan *plan = moult_result_plan(result);

    if (moult_result_outcome(result) == MOULT_PENDING && plan) { /* dry_run */
        report_plan(c, plan, MOULT_FORMAT_TEXT);
        return;
    }
    printf("%s%s", text, text[0] && text[strlen(text) - 1] == '\n' ? "" : "\n");
}

/* There is a plan that this account may not run: whoever wants it gets it, at least on standard output. */
static int no_permission(cli *c, const moult_result *result)
{
    const moult_plan *plan = moult_result_plan(result);
    int status = cli_fail(c);

    if (report_format(c) == MOULT_FORMAT_JSON) {
        report_result_json(result);
    } else if (!moult_result_exported(result) && plan) {
        report_plan(c, plan, MOULT_FORMAT_SQL);
    }
    return status;
}

static int done(cli *c, const moult_result *result)
{
    const moult_plan *plan = moult_result_plan(result);

    if (report_format(c) == MOULT_FORMAT_JSON) {
        report_result_json(result);
    } else {
        print_text(c, result);
    }
    return moult_result_outcome(result) == MOULT_PENDING && plan ? report_export(c, plan) : EXIT_DONE;
}

/* A refused plan: shown, and at a terminal asked about. 1: it was approved here and now. */
static int ask_about(cli *c, const moult_result *result, moult_mode mode)
{
    const moult_plan *plan = moult_result_plan(result);

    if (!plan) {
        return 0;
    }
    if (report_format(c) == MOULT_FORMAT_JSON) {
        report_result_json(result);
        return 0;
    }
    if (c->out.json) {
        out_error(&c->out, moult_error_of(c->m));
    }
    report_plan(c, plan, MOULT_FORMAT_TEXT);
    report_refusal(c, plan, mode, !c->values.text[OPT_PLAN]);
    if (c->values.given[OPT_YES] || !c->out.can_ask || report_ask_renames(c, plan)) {
        return 0;
    }
    return out_ask(&c->out, "Approve exactly this plan, and apply it now?");
}

/* Once more, with the approval of the plan that was shown. */
static int again(cli *c, moult_options *options, cli_apply_fn apply_it, moult_result **result, int *told)
{
    char id[65];

    snprintf(id, sizeof id, "%s", moult_plan_id(moult_result_plan(*result)));
    moult_result_free(*result);
    *result = NULL;
    options->approve = id;
    if (cli_open_url(c, c->url, MOULT_OPEN_CREATE, options) != EXIT_DONE) {
        *told = 1;
        return MOULT_ERROR;
    }
    return apply_it(c, result, told);
}

static int check_options(cli *c)
{
    static const opt_id not_with_plan[] = {OPT_TO,           OPT_OWN,      OPT_INCLUDE, OPT_EXCLUDE,
                                           OPT_COLUMN_ORDER, OPT_BACKWARD, OPT_FULL,    OPT_RECORD_ONLY};

    for (size_t i = 0; c->values.text[OPT_PLAN] && i < sizeof not_with_plan / sizeof not_with_plan[0]; i++) {
        if (c->values.given[not_with_plan[i]]) {
            return out_problem(&c->out, "leave it out, or make another plan with it",
                               "--plan runs what its file says; --%s has no part in it",
                               option_table[not_with_plan[i]].name);
        }
    }
    return EXIT_DONE;
}

int cli_apply(cli *c, moult_options *options, cli_apply_fn apply_it)
{
    moult_result *result = NULL;
    int told = 0, code = apply_it(c, &result, &told), status;
    int refused = code == MOULT_REFUSED && result;

    if (refused && ask_about(c, result, options->mode)) {
        code = again(c, options, apply_it, &result, &told);
        refused = code == MOULT_REFUSED && result;
    }
    status = moult_code_exit(code);
    if (code == MOULT_OK) {
        status = done(c, result);
    } else if (code == MOULT_PERMISSION && !told && result && moult_result_outcome(result) == MOULT_NO_PERMISSION) {
        status = no_permission(c, result);
    } else if (!told && !refused) {
        status = cli_fail(c);
    }
    moult_result_free(result);
    return status;
}

static int run(cli *c)
{
    moult_options options;
    int status = check_options(c);

    if (status == EXIT_DONE) {
        status = cli_read_hooks(c);
    }
    cli_options(c, &options);
    if (status == EXIT_DONE) {
        status = cli_open(c, MOULT_OPEN_CREATE, &options);
    }
    return status == EXIT_DONE ? cli_apply(c, &options, apply) : status;
}

static const char *const forms[] = {
    "[--url URL] [--to SOURCE] [--mode MODE] [--approve ID] [--yes] [--wait=30s] [options]",
    "[--url URL] --plan FILE [--approve ID] [options]", NULL};

const command command_apply = {
    .name = "apply",
    .summary = "make the database be the desired schema",
    .forms = forms,
    .options = OPTS_DATABASE | OPTS_COMPARE | OPTS_PLAN | OPT_BIT(OPT_STATEMENT_TIMEOUT) | OPT_BIT(OPT_MODE) |
               OPT_BIT(OPT_PHASE) | OPT_BIT(OPT_HOOKS) | OPT_BIT(OPT_APPROVE) | OPT_BIT(OPT_PLAN) |
               OPT_BIT(OPT_BACKWARD) | OPT_BIT(OPT_RECORD_ONLY) | OPT_BIT(OPT_NO_ATTIC) | OPT_BIT(OPT_ATTIC_AGE) |
               OPT_BIT(OPT_FILL) | OPT_BIT(OPT_NO_BACKUP) | OPT_BIT(OPT_YES) | OPT_BIT(OPT_CACHE) |
               OPT_BIT(OPT_FORMAT_JSON),
    .run = run,
};
