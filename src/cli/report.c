/* SPDX-License-Identifier: MIT */
/* report.c - what several commands say of a plan. */
#include <string.h>

#include "cli.h"
#include "commands.h"

void report_head(const cli *c, char *head, size_t size)
{
    snprintf(head, size, "%s (%s)%s%s", moult_database_name(c->m), moult_engine(c->m), c->to ? " → " : "",
             c->to ? c->to : "");
}

moult_format report_format(const cli *c)
{
    static const opt_id ids[] = {OPT_FORMAT, OPT_FORMAT_JSON, OPT_FORMAT_SCHEMA};

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const char *text = c->values.text[ids[i]];
        if (text) {
            return strcmp(text, "json") == 0  ? MOULT_FORMAT_JSON
                   : strcmp(text, "sql") == 0 ? MOULT_FORMAT_SQL
                                              : MOULT_FORMAT_TEXT;
        }
    }
    return MOULT_FORMAT_TEXT;
}

const char *report_risk(moult_risk risk)
{
    static const char *const names[] = {"safe", "medium", "high"};

    return (int)risk >= 0 && (size_t)risk < sizeof names / sizeof names[0] ? names[risk] : "?";
}

const char *report_outcome(moult_outcome outcome)
{
    static const char *const names[] = {"up_to_date", "applied", "recorded",       "behind",
                                        "pending",    "waits",   "needs_approval", "no_permission"};

    return (int)outcome >= 0 && (size_t)outcome < sizeof names / sizeof names[0] ? names[outcome] : "?";
}

void report_time(const char *iso, char time[20])
{
    snprintf(time, 20, "%.19s", iso ? iso : "");
    if (strlen(time) > 10) {
        time[10] = ' ';
    }
}

int report_plan(cli *c, const moult_plan *plan, moult_format format)
{
    size_t count = moult_plan_change_count(plan);
    char *text = NULL, head[1024];

    if (moult_plan_render(c->m, plan, format, &text) != MOULT_OK) {
        return cli_fail(c);
    }
    report_head(c, head, sizeof head);
    if (format != MOULT_FORMAT_TEXT) {
        fputs(text, stdout);
        if (text[0] && text[strlen(text) - 1] != '\n') {
            putchar('\n');
        }
    } else {
        printf("%s: %zu change%s, plan %.8s\n\n", head, count, count == 1 ? "" : "s", moult_plan_id(plan));
        out_plan_text(&c->out, text);
    }
    moult_string_free(text);
    return EXIT_DONE;
}

int report_export(cli *c, const moult_plan *plan)
{
    const char *path = c->values.text[OPT_EXPORT];

    if (!path || !path[0]) {
        return EXIT_DONE;
    }
    if (moult_plan_export(c->m, plan, path) != MOULT_OK) {
        return cli_fail(c);
    }
    out_log(&c->out, 1, "plan %.8s was written to %s", moult_plan_id(plan), path);
    return EXIT_DONE;
}

/* Characters that no shell looks at. */
static int is_plain(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:._-+@%=,")] == '\0';
}

/* Prints " --NAME VALUE", as a shell reads it; what has a quote in it is left to who types. */
static void print_option(opt_id id, const char *value)
{
    const char *name = option_table[id].name;

    if (!value) {
        printf(" --%s", name);
    } else if (is_plain(value)) {
        printf(" --%s %s", name, value);
    } else {
        printf(strchr(value, '\'') ? " --%s …" : " --%s '%s'", name, value);
    }
}

/* The URL when it was given as an option, but never with a password in it. */
static void print_url(const cli *c)
{
    const char *authority = c->url ? strstr(c->url, "://") : NULL;
    const char *at = authority ? strchr(authority + 3, '@') : NULL;
    const char *colon = authority ? strchr(authority + 3, ':') : NULL;

    int hidden = at && colon && colon < at;

    if (c->url_given) {
        print_option(OPT_URL, hidden ? "URL" : c->url);
    }
    if (c->values.text[OPT_MANAGE] && (hidden || !c->url_given)) { /* else the URL has it */
        print_option(OPT_MANAGE, c->values.text[OPT_MANAGE]);
    }
}

/* The options that made the plan what it is: without them another one would come of it. */
static void print_same_options(const cli *c)
{
    static const opt_id ids[] = {OPT_PLAN,  OPT_TO,    OPT_OWN,      OPT_COLUMN_ORDER, OPT_BACKWARD,
                                 OPT_PHASE, OPT_HOOKS, OPT_NO_ATTIC, OPT_ATTIC_AGE,    OPT_ONLINE};
    const opt_values *v = &c->values;

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (v->given[ids[i]]) {
            print_option(ids[i], v->text[ids[i]]);
        }
    }
    for (size_t i = 0; v->include[i]; i++) {
        print_option(OPT_INCLUDE, v->include[i]);
    }
    for (size_t i = 0; v->exclude[i]; i++) {
        print_option(OPT_EXCLUDE, v->exclude[i]);
    }
    for (size_t i = 0; v->rules[i]; i++) {
        print_option(OPT_RULE, v->rules[i]);
    }
    for (size_t i = 0; v->fill[i]; i++) {
        print_option(OPT_FILL, v->fill[i]);
    }
}

/* "1 change is high risk, 2 medium" */
static void print_risks(const moult_plan *plan, moult_mode mode)
{
    size_t high = 0, medium = 0;
    moult_change_info change;

    for (size_t i = 0; moult_plan_change(plan, i, &change) == MOULT_OK; i++) {
        high += change.risk == MOULT_RISK_HIGH;
        medium += change.risk == MOULT_RISK_MEDIUM;
    }
    if (high) {
        printf(high == 1 ? "%zu change is high risk" : "%zu changes are high risk", high);
    }
    if (medium && mode == MOULT_MODE_SAFE) {
        printf(high          ? ", %zu medium"
               : medium == 1 ? "%zu change is medium risk"
                             : "%zu changes are medium risk",
               medium);
    }
}

/* How many changes are forbidden by rows. */
static size_t count_forbidden(const moult_plan *plan)
{
    moult_change_info change;
    size_t count = 0;

    for (size_t i = 0; moult_plan_change(plan, i, &change) == MOULT_OK; i++) {
        count += change.forbidden > 0;
    }
    return count;
}

int report_forbidden(const moult_plan *plan)
{
    size_t count = count_forbidden(plan);

    if (count) {
        printf("\nNo mode applies this: rows forbid %zu of its changes. Change these rows, or the desired schema.\n",
               count);
    }
    return count > 0;
}

void report_refusal(cli *c, const moult_plan *plan, moult_mode mode, int stored)
{
    static const char *const modes[] = {"safe", "auto", "aggressive", "dry_run"};

    printf("\nMode %s does not apply this: ", modes[mode]);
    print_risks(plan, mode);
    printf(".\n");
    if (stored) {
        printf("  approve exactly this plan    moult approve %.8s", moult_plan_id(plan));
        print_url(c);
        putchar('\n');
    }
    if (c->cmd == &command_rollback) {
        printf("  approve and apply it now     moult rollback %lld --approve %.8s",
               (long long)moult_plan_behind_version(plan), moult_plan_id(plan));
    } else {
        printf("  approve and apply it now     moult apply --approve %.8s", moult_plan_id(plan));
    }
    print_url(c);
    print_same_options(c);
    if (moult_plan_phase(plan) == MOULT_PHASE_CONTRACT && !c->values.given[OPT_PHASE]) {
        printf(" --phase contract");
    }
    putchar('\n');
}

int report_ask_renames(cli *c, const moult_plan *plan)
{
    const char *kind, *from, *to, *annotation;
    char question[512];

    for (size_t i = 0; moult_plan_hint(plan, i, &kind, &from, &to, &annotation) == MOULT_OK; i++) {
        snprintf(question, sizeof question, "Was the %s '%s' renamed to '%s'?", kind, from, to);
        if (out_ask(&c->out, question)) {
            out_log(&c->out, 2, "nothing was changed; write this at the end of the line of '%s', and apply again:  %s",
                    to, annotation);
            return 1;
        }
    }
    return 0;
}

void report_result_json(const moult_result *result)
{
    const moult_plan *plan = moult_result_plan(result);

    printf("{\n  \"format\": \"moult-result\",\n  \"format_version\": 1,\n  \"outcome\": ");
    out_json(stdout, report_outcome(moult_result_outcome(result)));
    printf(",\n  \"version\": %lld,\n  \"plan_id\": ", (long long)moult_result_version(result));
    out_json(stdout, plan && moult_plan_id(plan)[0] ? moult_plan_id(plan) : NULL);
    printf(",\n  \"exported\": ");
    out_json(stdout, moult_result_exported(result));
    printf(",\n  \"text\": ");
    out_json(stdout, moult_result_text(result));
    printf("\n}\n");
}
