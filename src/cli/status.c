/* SPDX-License-Identifier: MIT */
/* status.c - moult status: where the database stands. status_json.c has its other form. */
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "status.h"

static void print_state(const cli *c, const moult_status *s)
{
    const moult_plan *plan = moult_status_plan(s);
    size_t count = plan ? moult_plan_change_count(plan) : 0;

    if (moult_status_interrupted(s)) {
        printf("  state    interrupted: %s\n", moult_status_interrupted(s));
    } else if (plan && moult_plan_behind(plan)) {
        printf("  state    behind: %s was version %lld, and has been replaced since\n", c->to,
               (long long)moult_plan_behind_version(plan));
    } else if (strcmp(moult_status_state(s), "waits") == 0) {
        printf("  state    expanded to %s; its contract waits: %zu change%s, moult apply --phase contract\n", c->to,
               count, count == 1 ? "" : "s");
    } else if (count) {
        printf("  state    pending: %zu change%s to %s, at most %s risk, plan %.8s\n", count, count == 1 ? "" : "s",
               c->to, report_risk(moult_plan_risk(plan)), moult_plan_id(plan));
    } else if (plan) {
        printf("  state    up to date with %s\n", c->to);
    } else {
        printf("  state    nothing to compare with: there is no schema.sql, and no --to\n");
    }
}

/* How a version came to be, as it is told. */
static const char *past_of(const char *kind)
{
    static const char *const words[][2] = {{"record", "recorded"},
                                           {"backward", "gone back to"},
                                           {"script", "applied by a script of"},
                                           {"expand", "expanded"}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(kind, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return "applied";
}

static void print_version(const moult_status *s)
{
    const moult_version_info *last = moult_status_version(s);
    const char *problem;
    char time[20];

    if (last) {
        report_time(last->applied_at, time);
        printf("  version  %lld, %s %s UTC by %s on %s\n", (long long)last->version, past_of(last->kind), time,
               last->applied_by, last->host ? last->host : "?");
    } else {
        printf("  version  none: moult has applied nothing here yet\n");
    }
    for (size_t i = 0; (problem = moult_status_problem(s, i)) != NULL; i++) {
        printf("  history  changed by hand: %s\n", problem);
    }
}

const char *status_drift_word(moult_op op)
{
    return op == MOULT_OP_DROP ? "dropped" : op == MOULT_OP_CREATE ? "created" : "changed";
}

/* A definition on one line. */
static void print_definition(const char *what, const char *text)
{
    if (text) {
        printf("             %s  ", what);
        for (const char *p = text; *p; p++) {
            putchar(*p == '\n' || *p == '\t' || *p == '\r' ? ' ' : *p);
        }
        putchar('\n');
    }
}

static void print_drift(const moult_status *s)
{
    const moult_drift_info *d;
    const char *foreign;

    for (size_t i = 0; (d = moult_status_drift(s, i)) != NULL; i++) {
        printf("  drift    %s %s was %s by someone else%s%s\n", d->kind, d->name, status_drift_word(d->op),
               d->what[0] ? ": " : "", d->what);
        if (d->op == MOULT_OP_ALTER) {
            print_definition("was", d->recorded);
            print_definition("is ", d->live);
        }
    }
    for (size_t i = 0; (foreign = moult_status_foreign(s, i)) != NULL; i++) {
        printf("  others   %s (not moult's, left alone)\n", foreign);
    }
}

static void print_lock(const moult_status *s)
{
    const moult_lock_info *lock = moult_status_lock(s);

    if (lock->state == MOULT_LOCK_HELD) {
        printf("  lock     held by process %lld (%s on %s) since %s%s%s\n", (long long)lock->pid, lock->account,
               lock->host, lock->since, lock->note[0] ? ": " : "", lock->note);
    } else if (lock->state == MOULT_LOCK_LEFT) {
        printf("  lock     free; process %lld on %s ended while it had it%s%s\n", (long long)lock->pid, lock->host,
               lock->note[0] ? ": " : "", lock->note);
    }
}

void status_print_approvals(const moult_status *s)
{
    const moult_approval_info *a;
    char time[20];

    for (size_t i = 0; (a = moult_status_approval(s, i)) != NULL; i++) {
        if (a->approved_at) {
            report_time(a->approved_at, time);
            printf("  approval plan %.8s, given %s UTC by %s on %s, not used yet\n", a->id, time, a->approved_by,
                   a->approved_host ? a->approved_host : "?");
        } else {
            report_time(a->stored_at, time);
            printf("  waiting  plan %.8s, stored %s UTC\n", a->id, time);
        }
    }
}

static void print_backups(const moult_status *s)
{
    const moult_backup_info *b;
    char time[20];

    for (size_t i = 0; (b = moult_status_backup(s, i)) != NULL; i++) {
        report_time(b->made_at, time);
        printf("  backup   %s, %lld bytes, made %s UTC\n", b->path, (long long)b->bytes, time);
    }
}

static void print_attic(const attic_size *attic)
{
    if (attic->entries) {
        printf("  attic    %zu %s, %lld row%s", attic->entries, attic->entries == 1 ? "entry" : "entries",
               (long long)attic->rows, attic->rows == 1 ? "" : "s");
        if (attic->bytes >= 0) {
            printf(", %lld bytes", (long long)attic->bytes);
        }
        putchar('\n');
    }
}

int status_attic(moult *m, attic_size *out)
{
    moult_attic *attic = NULL;
    const moult_attic_info *entry;

    *out = (attic_size){0};
    int rc = moult_attic_read(m, &attic);
    for (size_t i = 0; rc == MOULT_OK && (entry = moult_attic_at(attic, i)) != NULL; i++) {
        out->entries++;
        out->rows += entry->rows;
        out->bytes = entry->bytes < 0 || out->bytes < 0 ? -1 : out->bytes + entry->bytes;
    }
    moult_attic_free(attic);
    return rc;
}

static void print_text(cli *c, const moult_status *s, const attic_size *attic)
{
    printf("%s (%s)\n", moult_database_name(c->m), moult_engine(c->m));
    print_state(c, s);
    print_version(s);
    print_drift(s);
    print_lock(s);
    status_print_approvals(s);
    print_attic(attic);
    print_backups(s);
}

static int exit_of(const moult_status *s)
{
    const moult_plan *plan = moult_status_plan(s);

    if (moult_status_interrupted(s)) {
        return moult_code_exit(MOULT_INTERRUPTED);
    }
    return (plan && moult_plan_change_count(plan) > 0) || moult_status_drift(s, 0) ? EXIT_PENDING : EXIT_DONE;
}

static int run(cli *c)
{
    moult_options options;
    moult_status *s = NULL;
    moult_source desired = {0};
    attic_size attic;

    int status = cli_read_hooks(c);
    cli_options(c, &options);
    if (status == EXIT_DONE) {
        status = cli_open(c, MOULT_OPEN_READ, &options);
    }
    if (status != EXIT_DONE) {
        return status;
    }
    int has_desired = cli_has_desired(c);
    if (has_desired) {
        desired = cli_desired(c);
    }
    if (moult_status_read(c->m, has_desired ? &desired : NULL, &s) != MOULT_OK) {
        return cli_fail(c);
    }
    status = status_attic(c->m, &attic) == MOULT_OK ? EXIT_DONE : cli_fail(c);
    if (status == EXIT_DONE && report_format(c) == MOULT_FORMAT_JSON) {
        status_write_json(stdout, c->m, c->to, s, &attic);
    } else if (status == EXIT_DONE) {
        print_text(c, s, &attic);
    }
    if (status == EXIT_DONE) {
        status = exit_of(s);
    }
    moult_status_free(s);
    return status;
}

static const char *const forms[] = {"[--url URL] [--to SOURCE] [--format FORMAT] [options]", NULL};

const command command_status = {
    .name = "status",
    .summary = "tell where the database stands: its version, what is pending, drift, locks, approvals, backups",
    .forms = forms,
    .options = OPTS_DATABASE | OPTS_COMPARE | OPT_BIT(OPT_HOOKS) | OPT_BIT(OPT_FORMAT_JSON),
    .run = run,
};
