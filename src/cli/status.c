/* SPDX-License-Identifier: MIT */
/* status.c - moult status: where the database stands. */
#include <string.h>

#include "cli.h"
#include "commands.h"

typedef struct standing {
    moult_history *history;
    const moult_version_info *last; /* NULL: nothing was ever recorded */
    moult_plan *plan;               /* NULL: there is no desired schema to compare with */
    const char *state;
} standing;

static const char *state_of(const standing *s)
{
    if (s->plan && moult_plan_behind(s->plan)) {
        return "behind";
    }
    if (s->plan && moult_plan_change_count(s->plan) > 0) {
        return "pending";
    }
    if (s->plan) {
        return "up_to_date";
    }
    return s->last ? "recorded" : "no_history";
}

static void print_json(cli *c, const standing *s)
{
    printf("{\n  \"format\": \"moult-status\",\n  \"format_version\": 1,\n  \"state\": ");
    out_json(stdout, s->state);
    printf(",\n  \"database\": ");
    out_json(stdout, moult_database_name(c->m));
    printf(",\n  \"engine\": ");
    out_json(stdout, moult_engine(c->m));
    printf(",\n  \"desired\": ");
    out_json(stdout, s->plan ? c->to : NULL);
    printf(",\n  \"version\": %lld", s->last ? (long long)s->last->version : 0LL);
    printf(",\n  \"applied_at\": ");
    out_json(stdout, s->last ? s->last->applied_at : NULL);
    printf(",\n  \"applied_by\": ");
    out_json(stdout, s->last ? s->last->applied_by : NULL);
    printf(",\n  \"changes\": %zu", s->plan ? moult_plan_change_count(s->plan) : (size_t)0);
    printf(",\n  \"risk\": ");
    out_json(stdout, s->plan ? report_risk(moult_plan_risk(s->plan)) : NULL);
    printf(",\n  \"plan_id\": ");
    out_json(stdout, s->plan && moult_plan_change_count(s->plan) ? moult_plan_id(s->plan) : NULL);
    printf(",\n  \"behind_version\": %lld\n}\n", s->plan ? (long long)moult_plan_behind_version(s->plan) : 0LL);
}

static void print_state(cli *c, const standing *s)
{
    size_t count = s->plan ? moult_plan_change_count(s->plan) : 0;

    if (s->plan && moult_plan_behind(s->plan)) {
        printf("  state    behind: %s was version %lld, and has been replaced since\n", c->to,
               (long long)moult_plan_behind_version(s->plan));
    } else if (count) {
        printf("  state    pending: %zu change%s to %s, at most %s risk, plan %.8s\n", count, count == 1 ? "" : "s",
               c->to, report_risk(moult_plan_risk(s->plan)), moult_plan_id(s->plan));
    } else if (s->plan) {
        printf("  state    up to date with %s\n", c->to);
    } else {
        printf("  state    nothing to compare with: there is no schema.sql, and no --to\n");
    }
}

/* How a version came to be, as it is told. */
static const char *past_of(const char *kind)
{
    return strcmp(kind, "record") == 0 ? "recorded" : strcmp(kind, "backward") == 0 ? "gone back to" : "applied";
}

static void print_text(cli *c, const standing *s)
{
    printf("%s (%s)\n", moult_database_name(c->m), moult_engine(c->m));
    print_state(c, s);
    if (s->last) {
        char time[20];
        report_time(s->last->applied_at, time);
        printf("  version  %lld, %s %s UTC by %s on %s\n", (long long)s->last->version, past_of(s->last->kind), time,
               s->last->applied_by, s->last->host ? s->last->host : "?");
    } else {
        printf("  version  none: moult has applied nothing here yet\n");
    }
}

static int look(cli *c, standing *s)
{
    if (moult_history_read(c->m, &s->history) != MOULT_OK) {
        return cli_fail(c);
    }
    size_t n = moult_history_size(s->history);
    s->last = n ? moult_history_at(s->history, n - 1) : NULL;
    if (cli_has_desired(c)) {
        moult_source desired = cli_desired(c);
        if (moult_make_plan(c->m, &desired, &s->plan) != MOULT_OK) {
            return cli_fail(c);
        }
    }
    s->state = state_of(s);
    return EXIT_DONE;
}

static int run(cli *c)
{
    moult_options options;
    standing s = {0};

    int status = cli_read_hooks(c);
    cli_options(c, &options);
    if (status == EXIT_DONE) {
        status = cli_open(c, MOULT_OPEN_READ, &options);
    }
    if (status == EXIT_DONE) {
        status = look(c, &s);
    }
    if (status == EXIT_DONE) {
        if (report_format(c) == MOULT_FORMAT_JSON) {
            print_json(c, &s);
        } else {
            print_text(c, &s);
        }
        status = s.plan && moult_plan_change_count(s.plan) > 0 ? EXIT_PENDING : EXIT_DONE;
    }
    moult_plan_free(s.plan);
    moult_history_free(s.history);
    return status;
}

static const char *const forms[] = {"[--url URL] [--to SOURCE] [--format FORMAT] [options]", NULL};

const command command_status = {
    .name = "status",
    .summary = "tell whether the database is up to date, and at which version",
    .forms = forms,
    .options = OPTS_DATABASE | OPTS_COMPARE | OPT_BIT(OPT_HOOKS) | OPT_BIT(OPT_FORMAT_JSON),
    .run = run,
};
