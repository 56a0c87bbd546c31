/* SPDX-License-Identifier: MIT */
/* attic.c - moult attic: looks at what plans took away and kept, brings it back, or purges it. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"

/* The number of a text: from 0; -1 when it is none. */
static int64_t number_of(const char *text)
{
    size_t n = text ? strspn(text, "0123456789") : 0;
    return n > 0 && n <= 18 && text[n] == '\0' ? strtoll(text, NULL, 10) : -1;
}

/* The entry that the second argument names; -1 after the error was told. */
static int64_t entry_of(cli *c)
{
    int64_t id = c->values.arg_count > 1 ? number_of(c->values.args[1]) : -1;

    if (id < 1) {
        out_problem(&c->out, "'moult attic list' shows their numbers", "which entry of the attic?");
        return -1;
    }
    return id;
}

/* --- list --------------------------------------------------------------------------------------------------------- */

static void print_list_json(const moult_attic *attic)
{
    const moult_attic_info *a;

    printf("{\n  \"format\": \"moult-attic\",\n  \"format_version\": 1,\n  \"entries\": [");
    for (size_t i = 0; (a = moult_attic_at(attic, i)) != NULL; i++) {
        const struct {
            const char *name, *text;
        } texts[] = {{"kind", a->kind},     {"object", a->object},         {"columns", a->columns},
                     {"holder", a->holder}, {"created_at", a->created_at}, {"expires", a->expires}};
        printf("%s\n    {\"id\": %lld, \"version\": %lld", i ? "," : "", (long long)a->id, (long long)a->version);
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            printf(", \"%s\": ", texts[k].name);
            out_json(stdout, texts[k].text);
        }
        printf(", \"expired\": %s, \"rows\": %lld, \"bytes\": ", a->expired ? "true" : "false", (long long)a->rows);
        printf(a->bytes < 0 ? "null}" : "%lld}", (long long)a->bytes);
    }
    printf("%s]\n}\n", moult_attic_size(attic) ? "\n  " : "");
}

/* "table user", "column user.legacy_id" */
static void describe(const moult_attic_info *a, char *out, size_t size)
{
    int table = strcmp(a->kind, "table") == 0;

    snprintf(out, size, "%s %s%s%s", a->kind, a->object, table ? "" : ".", table ? "" : a->columns);
}

static void print_list(cli *c, const moult_attic *attic)
{
    const moult_attic_info *a;
    char what[512], expires[20];
    int width = 4;

    if (moult_attic_size(attic) == 0) {
        printf("the attic of %s is empty\n", moult_database_name(c->m));
        return;
    }
    for (size_t i = 0; (a = moult_attic_at(attic, i)) != NULL; i++) {
        describe(a, what, sizeof what);
        width = (int)strlen(what) > width ? (int)strlen(what) : width;
    }
    printf("%5s  %-*s  %7s  %10s  %12s  %s\n", "entry", width, "what", "version", "rows", "bytes", "expires (UTC)");
    for (size_t i = 0; (a = moult_attic_at(attic, i)) != NULL; i++) {
        char bytes[24] = "?";
        describe(a, what, sizeof what);
        report_time(a->expires ? a->expires : "never", expires);
        if (a->bytes >= 0) {
            snprintf(bytes, sizeof bytes, "%lld", (long long)a->bytes);
        }
        printf("%5lld  %-*s  %7lld  %10lld  %12s  %s\n", (long long)a->id, width, what, (long long)a->version,
               (long long)a->rows, bytes, a->expired ? "expired" : expires);
    }
}

static int list(cli *c)
{
    moult_attic *attic = NULL;

    if (moult_attic_read(c->m, &attic) != MOULT_OK) {
        return cli_fail(c);
    }
    if (report_format(c) == MOULT_FORMAT_JSON) {
        print_list_json(attic);
    } else {
        print_list(c, attic);
    }
    moult_attic_free(attic);
    return EXIT_DONE;
}

/* --- show --------------------------------------------------------------------------------------------------------- */

typedef struct showing {
    int json;
    int64_t rows; /* so far, the names among them */
} showing;

static void print_value(const showing *s, const moult_value *v)
{
    switch (v->type) {
    case MOULT_VALUE_NULL:
        printf(s->json ? "null" : "NULL");
        break;
    case MOULT_VALUE_INTEGER:
        printf("%lld", (long long)v->integer);
        break;
    case MOULT_VALUE_REAL:
        printf("%.17g", v->real);
        break;
    case MOULT_VALUE_TEXT:
        if (s->json) {
            out_json(stdout, v->text);
        } else {
            printf("%s", v->text);
        }
        break;
    case MOULT_VALUE_BLOB:
        printf(s->json ? "\"x'" : "x'");
        for (size_t i = 0; i < v->length; i++) {
            printf("%02x", (unsigned char)v->text[i]);
        }
        printf(s->json ? "'\"" : "'");
        break;
    }
}

static int show_row(void *user, size_t count, const moult_value *values)
{
    showing *s = user;

    if (s->json) {
        printf(s->rows == 0 ? "  \"columns\": [" : s->rows == 1 ? "  \"rows\": [\n    [" : ",\n    [");
    }
    for (size_t i = 0; i < count; i++) {
        printf("%s", i == 0 ? "" : s->json ? ", " : " | ");
        print_value(s, &values[i]);
    }
    printf(s->json ? s->rows == 0 ? "],\n" : "]" : "\n");
    s->rows++;
    return 0;
}

static int show(cli *c)
{
    showing s = {report_format(c) == MOULT_FORMAT_JSON, 0};
    int64_t id = entry_of(c), limit = c->values.text[OPT_LIMIT] ? number_of(c->values.text[OPT_LIMIT]) : 20;

    if (id < 0) {
        return EXIT_ERROR;
    }
    if (limit < 0) {
        return out_problem(&c->out, "write a number, 0 for all", "'%.80s' is no number of rows",
                           c->values.text[OPT_LIMIT]);
    }
    if (s.json) {
        printf("{\n  \"format\": \"moult-attic-rows\",\n  \"format_version\": 1,\n  \"entry\": %lld,\n", (long long)id);
    }
    if (moult_attic_rows(c->m, id, limit, show_row, &s) != MOULT_OK) {
        return cli_fail(c);
    }
    if (s.json) {
        printf(s.rows < 2 ? "  \"rows\": []\n}\n" : "\n  ]\n}\n");
    } else if (limit > 0 && s.rows - 1 == limit) {
        out_log(&c->out, 1, "only the first %lld rows are shown; --limit 0 shows all", (long long)limit);
    }
    return EXIT_DONE;
}

/* --- restore, purge ----------------------------------------------------------------------------------------------- */

static void print_steps(const moult_plan *plan)
{
    moult_step_info step;

    for (size_t i = 0; moult_plan_step(plan, i, &step) == MOULT_OK; i++) {
        printf("  %zu  %s%s%s\n", i + 1, step.title, *step.cost ? "    " : "", step.cost);
    }
    for (size_t i = 0; i < moult_plan_note_count(plan); i++) {
        printf("  note: %s\n", moult_plan_note(plan, i));
    }
}

static int restore(cli *c)
{
    const char *into = c->values.text[OPT_INTO];
    moult_plan *plan = NULL;
    int64_t id = entry_of(c);

    if (id < 0) {
        return EXIT_ERROR;
    }
    if (moult_attic_restore(c->m, id, into, 0, &plan) != MOULT_OK) {
        return cli_fail(c);
    }
    print_steps(plan);
    moult_plan_free(plan);
    int status = cli_sure(c, "Bring this back?");
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_attic_restore(c->m, id, into, 1, &plan) != MOULT_OK) {
        return cli_fail(c);
    }
    moult_plan_free(plan);
    printf("entry %lld is back; what did not fit stays in the attic\n", (long long)id);
    return EXIT_DONE;
}

static int purge(cli *c)
{
    int64_t id = 0, count = 0;
    int ways = c->values.given[OPT_EXPIRED] + c->values.given[OPT_ALL] + (c->values.arg_count > 1);

    if (ways != 1) {
        return out_problem(&c->out, "name one entry, or say --expired or --all", "what shall be purged?");
    }
    if (c->values.given[OPT_ALL]) {
        id = MOULT_ATTIC_ALL;
    } else if (!c->values.given[OPT_EXPIRED] && (id = entry_of(c)) < 0) {
        return EXIT_ERROR;
    }
    int status = cli_sure(c, id > 0                  ? "Purge this entry, for ever?"
                             : id == MOULT_ATTIC_ALL ? "Purge all that the attic keeps, for ever?"
                                                     : "Purge what has expired, for ever?");
    if (status != EXIT_DONE) {
        return status;
    }
    if (moult_attic_purge(c->m, id, &count) != MOULT_OK) {
        return cli_fail(c);
    }
    printf("%lld entr%s purged\n", (long long)count, count == 1 ? "y" : "ies");
    return EXIT_DONE;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    int (*run)(cli *c);
    moult_open_mode mode;
} verbs[] = {{"list", list, MOULT_OPEN_READ},
             {"show", show, MOULT_OPEN_READ},
             {"restore", restore, MOULT_OPEN_WRITE},
             {"purge", purge, MOULT_OPEN_WRITE}};

static int run(cli *c)
{
    moult_options options;
    const char *word = c->values.arg_count ? c->values.args[0] : "list";

    cli_options(c, &options);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, word) == 0) {
            int status = cli_open(c, verbs[i].mode, &options);
            return status == EXIT_DONE ? verbs[i].run(c) : status;
        }
    }
    return out_problem(&c->out, "it takes list, show, restore or purge", "'moult attic' has no '%.80s'", word);
}

static const char *const forms[] = {
    "[list] [--url URL] [--format FORMAT]", "show ENTRY [--url URL] [--limit N] [--format FORMAT]",
    "restore ENTRY [--url URL] [--into NAME] [--yes]", "purge (ENTRY | --expired | --all) [--url URL] [--yes]", NULL};

const command command_attic = {
    .name = "attic",
    .summary = "what plans took away: list it, show it, bring it back, purge it",
    .forms = forms,
    .options = OPTS_DATABASE | OPT_BIT(OPT_LIMIT) | OPT_BIT(OPT_INTO) | OPT_BIT(OPT_EXPIRED) | OPT_BIT(OPT_ALL) |
               OPT_BIT(OPT_YES) | OPT_BIT(OPT_FORMAT_JSON),
    .max_args = 2,
    .run = run,
};
