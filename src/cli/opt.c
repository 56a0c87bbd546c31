/* SPDX-License-Identifier: MIT */
/* opt.c - reads a command line by the table of options; what is wrong is told with what was probably meant. */
#include "opt.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static int fail(opt_problem *problem, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(problem->message, sizeof problem->message, format, args);
    va_end(args);
    return -1;
}

int command_takes(const command *cmd, opt_id id)
{
    return ((cmd->options | OPTS_ALL) & OPT_BIT(id)) != 0;
}

const command *command_find(const char *name)
{
    for (size_t i = 0; command_table[i]; i++) {
        if (strcmp(command_table[i]->name, name) == 0) {
            return command_table[i];
        }
    }
    return NULL;
}

/* How many characters must be put in, left out or changed; words longer than 31 are far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t row[32], n = strlen(a), m = strlen(b);

    if (n > 31 || m > 31) {
        return 99;
    }
    for (size_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

/* Keeps the nearer of two; a name that begins with the whole word is near. */
static void consider(const char *word, const char *name, const char **best, size_t *far)
{
    size_t d = distance(word, name);

    if (strlen(word) >= 2 && strncmp(name, word, strlen(word)) == 0) {
        d = 1;
    }
    if (d < *far) {
        *far = d;
        *best = name;
    }
}

/* How far a name may be from a word to be what was meant. */
static size_t limit_of(const char *word)
{
    return strlen(word) > 4 ? 4 : strlen(word) > 2 ? 3 : 2;
}

const char *opt_nearest(const char *word, const char *const *names)
{
    const char *best = NULL;
    size_t far = limit_of(word);

    for (size_t i = 0; names && names[i]; i++) {
        consider(word, names[i], &best, &far);
    }
    return best;
}

const char *command_nearest(const char *word)
{
    const char *best = NULL;
    size_t far = limit_of(word);

    for (size_t i = 0; command_table[i]; i++) {
        consider(word, command_table[i]->name, &best, &far);
    }
    return best;
}

/* The option of the command with this name or letter; OPT_COUNT when it takes none such. */
static opt_id find_option(const command *cmd, const char *name, size_t n, char letter)
{
    for (int id = 0; id < OPT_COUNT; id++) {
        const option_info *o = &option_table[id];
        int same = name ? strlen(o->name) == n && memcmp(o->name, name, n) == 0 : o->letter && o->letter == letter;
        if (same && command_takes(cmd, (opt_id)id)) {
            return (opt_id)id;
        }
    }
    return OPT_COUNT;
}

static int unknown_option(const command *cmd, const char *arg, size_t n, opt_problem *problem)
{
    const char *best = NULL;
    char word[32] = "";

    if (n > 2 && n - 2 < sizeof word) {
        memcpy(word, arg + 2, n - 2);
        word[n - 2] = '\0';
    }
    size_t far = limit_of(word);
    for (int id = 0; id < OPT_COUNT && word[0]; id++) {
        if (command_takes(cmd, (opt_id)id)) {
            consider(word, option_table[id].name, &best, &far);
        }
    }
    if (best) {
        snprintf(problem->hint, sizeof problem->hint, "did you mean '--%s'?", best);
    } else {
        snprintf(problem->hint, sizeof problem->hint, "'moult %s --help' lists what it takes", cmd->name);
    }
    return fail(problem, "'moult %s' takes no option '%.*s'", cmd->name, n < 80 ? (int)n : 80, arg);
}

/* 30s, 500ms, 2m, 1h, 30: 0, or -1. */
static int parse_seconds(const char *text, double *out)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    char *end;

    if (text[0] < '0' || text[0] > '9') {
        return -1;
    }
    double number = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0) {
            *out = number * units[i].seconds;
            return isfinite(*out) ? 0 : -1;
        }
    }
    return -1;
}

/* dry-run is dry_run. */
static int same_choice(const char *choice, const char *value)
{
    for (; *choice && *value; choice++, value++) {
        if (*choice != *value && !(*choice == '_' && *value == '-')) {
            return 0;
        }
    }
    return *choice == *value;
}

static void list_choices(const char *const *choices, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; choices[i] && n < size; i++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
    }
}

static int set_choice(opt_id id, const char *value, opt_values *out, opt_problem *problem)
{
    const option_info *o = &option_table[id];

    for (size_t i = 0; o->choices[i]; i++) {
        if (same_choice(o->choices[i], value)) {
            out->text[id] = o->choices[i];
            return 0;
        }
    }
    char all[128];
    list_choices(o->choices, all, sizeof all);
    snprintf(problem->hint, sizeof problem->hint, "--%s is %s", o->name, all);
    return fail(problem, "'%.80s' is no value of --%s", value, o->name);
}

static int set_value(opt_id id, const char *value, opt_values *out, opt_problem *problem)
{
    const option_info *o = &option_table[id];
    const char **list = id == OPT_INCLUDE ? out->include
                        : id == OPT_RULE  ? out->rules
                        : id == OPT_FILL  ? out->fill
                                          : out->exclude;

    if (value[0] == '\0' && id != OPT_EXPORT) { /* '' writes no script */
        return fail(problem, "--%s has an empty value", o->name);
    }
    switch (o->type) {
    case OPT_IS_CHOICE:
        return set_choice(id, value, out, problem);
    case OPT_IS_SECONDS:
        if (parse_seconds(value, &out->seconds[id]) != 0) {
            snprintf(problem->hint, sizeof problem->hint, "write 30s, 500ms, 2m, 1h or 30d");
            return fail(problem, "'%.80s' is no length of time", value);
        }
        return 0;
    case OPT_IS_LIST:
        if (out->given[id] > OPT_LIST_MAX) {
            return fail(problem, "--%s is given more than %d times", o->name, OPT_LIST_MAX);
        }
        list[out->given[id] - 1] = value;
        return 0;
    default:
        out->text[id] = value;
        return 0;
    }
}

/* One option with its value, which may be in the next argument. Returns how many arguments it took, or -1. */
static int take_option(opt_id id, const char *attached, const char *next, opt_values *out, opt_problem *problem)
{
    const option_info *o = &option_table[id];

    out->given[id]++;
    if (o->type == OPT_IS_FLAG) {
        return attached ? fail(problem, "--%s takes no value", o->name) : 1;
    }
    if (out->given[id] > 1 && o->type != OPT_IS_LIST) {
        return fail(problem, "--%s is given twice", o->name);
    }
    const char *value = attached ? attached : next;
    /* A source may be "-"; anything longer with a dash is the next option. */
    if (!value || (!attached && value[0] == '-' && value[1] != '\0')) {
        snprintf(problem->hint, sizeof problem->hint, "write --%s %s", o->name, o->value);
        return fail(problem, "--%s has no value", o->name);
    }
    return set_value(id, value, out, problem) != 0 ? -1 : attached ? 1 : 2;
}

static int take_argument(const command *cmd, const char *arg, opt_values *out, opt_problem *problem)
{
    if (out->arg_count >= cmd->max_args) {
        snprintf(problem->hint, sizeof problem->hint, "'moult %s --help' tells how it is used", cmd->name);
        return fail(problem, "'moult %s' does not know what to do with '%.80s'", cmd->name, arg);
    }
    out->args[out->arg_count++] = arg;
    return 1;
}

static int take(const command *cmd, const char *arg, const char *next, int *only_args, opt_values *out,
                opt_problem *problem)
{
    if (*only_args || arg[0] != '-' || arg[1] == '\0') {
        return take_argument(cmd, arg, out, problem);
    }
    if (strcmp(arg, "--") == 0) {
        *only_args = 1;
        return 1;
    }
    int is_long = arg[1] == '-';
    const char *equals = is_long ? strchr(arg, '=') : NULL;
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    opt_id id = is_long ? find_option(cmd, arg + 2, n - 2, 0) : n == 2 ? find_option(cmd, NULL, 0, arg[1]) : OPT_COUNT;
    if (id == OPT_COUNT) {
        return unknown_option(cmd, arg, n, problem);
    }
    return take_option(id, equals ? equals + 1 : NULL, next, out, problem);
}

int opt_parse(const command *cmd, int argc, char *const *argv, opt_values *out, opt_problem *problem)
{
    int only_args = 0;

    memset(out, 0, sizeof *out);
    memset(problem, 0, sizeof *problem);
    for (int i = 0; i < argc;) {
        int taken = take(cmd, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &only_args, out, problem);
        if (taken < 0) {
            return -1;
        }
        i += taken;
    }
    if (out->given[OPT_HELP]) {
        return 0;
    }
    if (out->arg_count < cmd->min_args) {
        snprintf(problem->hint, sizeof problem->hint, "moult %s %s", cmd->name, cmd->forms[0]);
        return fail(problem, "'moult %s' needs more than that", cmd->name);
    }
    for (int i = 0; cmd->arg_choices && i < out->arg_count; i++) {
        size_t k = 0;
        while (cmd->arg_choices[k] && strcmp(cmd->arg_choices[k], out->args[i]) != 0) {
            k++;
        }
        if (!cmd->arg_choices[k]) {
            char all[128];
            list_choices(cmd->arg_choices, all, sizeof all);
            snprintf(problem->hint, sizeof problem->hint, "it knows %s", all);
            return fail(problem, "'moult %s' does not know '%.80s'", cmd->name, out->args[i]);
        }
    }
    return 0;
}
