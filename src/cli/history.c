/* SPDX-License-Identifier: MIT */
/* history.c - moult history: what has been applied, when, and by whom. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"

void history_write_json(FILE *f, const moult_history *history)
{
    const moult_version_info *v;

    fprintf(f, "{\n  \"format\": \"moult-history\",\n  \"format_version\": 1,\n  \"versions\": [");
    for (size_t i = 0; (v = moult_history_at(history, i)) != NULL; i++) {
        const struct {
            const char *name, *text;
        } texts[] = {{"applied_at", v->applied_at},
                     {"applied_by", v->applied_by},
                     {"host", v->host},
                     {"kind", v->kind},
                     {"plan_id", v->plan_id},
                     {"from", v->from},
                     {"to", v->to},
                     {"tool", v->tool}};
        fprintf(f, "%s\n    {\"version\": %lld", i ? "," : "", (long long)v->version);
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            fprintf(f, ", \"%s\": ", texts[k].name);
            out_json(f, texts[k].text);
        }
        fprintf(f, ", \"changes\": %lld, \"seconds\": %.3f}", (long long)v->changes, v->seconds);
    }
    fprintf(f, "%s],\n  \"problems\": [", moult_history_size(history) ? "\n  " : "");
    for (size_t i = 0; moult_history_problem(history, i); i++) {
        fprintf(f, i ? ", " : "");
        out_json(f, moult_history_problem(history, i));
    }
    fprintf(f, "]\n}\n");
}

static void print_text(cli *c, const moult_history *history)
{
    const moult_version_info *v;
    int by = 2;

    if (moult_history_size(history) == 0) {
        printf("%s has no history: moult has applied nothing here yet\n", moult_database_name(c->m));
        return;
    }
    for (size_t i = 0; (v = moult_history_at(history, i)) != NULL; i++) {
        int n = v->applied_by ? (int)strlen(v->applied_by) : 0;
        by = n > by ? n : by;
    }
    printf("%7s  %-19s  %-*s  %-8s  %7s  %8s  %s\n", "version", "applied (UTC)", by, "by", "kind", "changes", "seconds",
           "plan");
    for (size_t i = 0; (v = moult_history_at(history, i)) != NULL; i++) {
        char time[20];
        report_time(v->applied_at, time);
        printf("%7lld  %-19s  %-*s  %-8s  %7lld  %8.2f  %.8s\n", (long long)v->version, time, by,
               v->applied_by ? v->applied_by : "", v->kind, (long long)v->changes, v->seconds,
               v->plan_id ? v->plan_id : "-");
    }
}

static int prune(cli *c, const moult_options *options)
{
    const char *keep = c->values.text[OPT_KEEP];
    int64_t count = 0;

    if (!keep || keep[0] == '0' || strlen(keep) > 18 || keep[strspn(keep, "0123456789")] != '\0') {
        return out_problem(&c->out, "write --keep N, N from 1 on", "how many versions shall be kept?");
    }
    int status = cli_open(c, MOULT_OPEN_WRITE, options);
    if (status == EXIT_DONE) {
        status = cli_sure(c, "Forget the schemas of older versions, for ever?");
    }
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_history_prune(c->m, strtoll(keep, NULL, 10), &count) != MOULT_OK) {
        return cli_fail(c);
    }
    printf("the schemas of %lld version%s are forgotten\n", (long long)count, count == 1 ? "" : "s");
    return EXIT_DONE;
}

static int run(cli *c)
{
    moult_options options;
    moult_history *history = NULL;

    cli_options(c, &options);
    if (c->values.arg_count) {
        return prune(c, &options);
    }
    int status = cli_open(c, MOULT_OPEN_READ, &options);
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_history_read(c->m, &history) != MOULT_OK) {
        return cli_fail(c);
    }
    if (report_format(c) == MOULT_FORMAT_JSON) {
        history_write_json(stdout, history);
    } else {
        print_text(c, history);
    }
    for (size_t i = 0; moult_history_problem(history, i); i++) {
        out_log(&c->out, 2, "the history was changed by hand: %s", moult_history_problem(history, i));
    }
    moult_history_free(history);
    return EXIT_DONE;
}

static const char *const forms[] = {"[--url URL] [--format FORMAT]", "prune --keep N [--url URL] [--yes]", NULL};
static const char *const words[] = {"prune", NULL};

const command command_history = {
    .name = "history",
    .summary = "list what has been applied, when, and by whom",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_KEEP) | OPT_BIT(OPT_YES) | OPT_BIT(OPT_FORMAT_JSON),
    .max_args = 1,
    .arg_choices = words,
    .run = run,
};
