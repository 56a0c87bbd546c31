/* SPDX-License-Identifier: MIT */
/* diff.c - moult diff: how two schemas differ, wherever they are. */
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "commands.h"

/* Is the source a database? As the library tells sources apart: a URL, a file that is called so, or one that begins
 * so. */
static int is_database(const char *source)
{
    static const char *const suffixes[] = {".db", ".sqlite", ".sqlite3"};
    char head[16] = "";
    size_t n = strlen(source);

    if (strcmp(source, "-") == 0 || strncmp(source, "cmd:", 4) == 0 || strncmp(source, "history:", 8) == 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t m = strlen(suffixes[i]);
        if (n > m && strcasecmp(source + n - m, suffixes[i]) == 0) {
            return 1;
        }
    }
    if (strstr(source, "://")) {
        return 1;
    }
    FILE *f = fopen(source, "rb");
    size_t got = f ? fread(head, 1, sizeof head, f) : 0;
    if (f) {
        fclose(f);
    }
    return got == sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0;
}

/* The database to read with: that of a source, the one of --url for versions of its history, else one in memory. */
static int open_reader(cli *c, const char *from, const char *to, const moult_options *options)
{
    int history = strncmp(from, "history:", 8) == 0 || strncmp(to, "history:", 8) == 0;
    const char *url = is_database(from) ? from : is_database(to) ? to : history ? c->url : "sqlite://";

    if (!url) {
        return out_problem(&c->out, "name it with --url", "a version of a history needs the database that has it");
    }
    return cli_open_url(c, history && c->url ? c->url : url, MOULT_OPEN_READ, options);
}

/* The schema to start from; only one that is read off the open database itself counts as live. */
static int read_schema(cli *c, const char *source, int live, moult_schema **out)
{
    moult_source s = {.uri = source};

    return live ? moult_inspect(c->m, out) : moult_load(c->m, &s, out);
}

static int compare(cli *c, const char *from, const char *to, int live, moult_plan **plan)
{
    moult_schema *before = NULL, *after = NULL;
    int code = read_schema(c, from, live, &before);

    if (code == MOULT_OK) {
        code = read_schema(c, to, 0, &after);
    }
    if (code == MOULT_OK) {
        code = moult_diff(c->m, before, after, plan);
    }
    if (code == MOULT_OK) {
        code = moult_assess(c->m, *plan);
    }
    if (code == MOULT_OK) {
        code = moult_build(c->m, *plan);
    }
    int status = code == MOULT_OK ? EXIT_DONE : cli_fail(c);
    moult_schema_free(before);
    moult_schema_free(after);
    return status;
}

static int print(cli *c, const char *from, const char *to, const moult_plan *plan)
{
    size_t count = moult_plan_change_count(plan);
    moult_format format = report_format(c);
    char *text = NULL;

    if (format != MOULT_FORMAT_TEXT) {
        return report_plan(c, plan, format);
    }
    if (count == 0) {
        printf("%s and %s are the same\n", from, to);
        return EXIT_DONE;
    }
    if (moult_plan_render(c->m, plan, format, &text) != MOULT_OK) {
        return cli_fail(c);
    }
    printf("%s → %s: %zu change%s\n\n", from, to, count, count == 1 ? "" : "s");
    out_plan_text(&c->out, text);
    moult_string_free(text);
    return EXIT_DONE;
}

static int run(cli *c)
{
    const char *from = c->values.text[OPT_FROM], *to = c->values.text[OPT_TO];
    moult_options options;
    moult_plan *plan = NULL;

    if (!from || !to) {
        return out_problem(&c->out, "moult diff --from SOURCE --to SOURCE", "'moult diff' needs two sources");
    }
    cli_options(c, &options);
    options.own = MOULT_OWN_ALL; /* two schemas are compared, not what someone owns */
    cli_find_url(c);
    int status = open_reader(c, from, to, &options);
    if (status != EXIT_DONE) {
        return status;
    }
    status = compare(c, from, to, is_database(from), &plan);
    if (status == EXIT_DONE) {
        status = print(c, from, to, plan);
    }
    if (status == EXIT_DONE && c->values.given[OPT_EXIT_CODE] && moult_plan_change_count(plan) > 0) {
        status = EXIT_PENDING;
    }
    moult_plan_free(plan);
    return status;
}

static const char *const forms[] = {"--from SOURCE --to SOURCE [--format FORMAT] [--exit-code] [options]", NULL};

const command command_diff = {
    .name = "diff",
    .summary = "show how two schemas differ",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_FROM) | OPT_BIT(OPT_TO) | OPT_BIT(OPT_INCLUDE) | OPT_BIT(OPT_EXCLUDE) |
               OPT_BIT(OPT_COLUMN_ORDER) | OPT_BIT(OPT_EXIT_CODE) | OPT_BIT(OPT_FORMAT),
    .run = run,
};
