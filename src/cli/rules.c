/* SPDX-License-Identifier: MIT */
/* rules.c - moult rules: what is how dangerous, why, and what to do about it. */
#include <string.h>

#include "cli.h"
#include "commands.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void put(const char *key, const char *value, const char *end)
{
    printf("\"%s\": ", key);
    out_json(stdout, value);
    printf("%s", end);
}

static void print_json(const char *only)
{
    const char *between = "";

    printf("{\n  \"format\": \"moult-rules\",\n  \"format_version\": 1,\n  \"rules\": [");
    for (size_t i = 0; i < moult_rule_count(); i++) {
        const moult_rule_info *r = moult_rule_at(i);
        if (only && strcmp(only, r->id) != 0) {
            continue;
        }
        printf("%s\n    {", between);
        put("id", r->id, ", ");
        put("level", report_risk(r->level), ",\n     ");
        put("what", r->what, ",\n     ");
        put("why", r->why, ",\n     ");
        put("asks", r->asks, ",\n     ");
        put("advice", r->advice, ",\n     ");
        printf("\"eases\": %s}", r->eases ? "true" : "false");
        between = ",";
    }
    printf("\n  ]\n}\n");
}

static void print_list(void)
{
    int width = 0;

    for (size_t i = 0; i < moult_rule_count(); i++) {
        int n = (int)strlen(moult_rule_at(i)->id);
        width = n > width ? n : width;
    }
    for (size_t i = 0; i < moult_rule_count(); i++) {
        const moult_rule_info *r = moult_rule_at(i);
        printf("%-*s  %-6s  %s%s%s\n", width, r->id, report_risk(r->level), r->what, r->advice ? "; " : "",
               or_empty(r->advice));
    }
}

/* Lines of at most so many characters, each behind two spaces. */
static void print_wrapped(const char *text)
{
    enum { WIDTH = 96 };
    size_t at = 0;

    while (*text) {
        size_t n = strcspn(text, " ");
        if (at && at + n + 1 > WIDTH) {
            putchar('\n');
            at = 0;
        }
        printf("%s%.*s", at ? " " : "  ", (int)n, text);
        at += n + 1;
        text += n + strspn(text + n, " ");
    }
    putchar('\n');
}

static void print_part(const char *title, const char *text)
{
    if (text) {
        printf("\n%s\n", title);
        print_wrapped(text);
    }
}

static void print_one(const moult_rule_info *r)
{
    printf("%s: %s\n", r->id, report_risk(r->level));
    print_part("What happens", r->what);
    print_part("Why", r->why);
    print_part("What is asked of the rows", r->asks);
    print_part("What to do", r->advice);
    printf("\nAnother level for all:   --rule %s=safe\nAllowed for one object:  -- @allow %s: REASON\n", r->id, r->id);
}

static const moult_rule_info *find(cli *c, const char *id)
{
    const char *ids[128] = {NULL};
    char hint[128];

    for (size_t i = 0; i < moult_rule_count() && i + 1 < sizeof ids / sizeof *ids; i++) {
        ids[i] = moult_rule_at(i)->id;
        if (strcmp(ids[i], id) == 0) {
            return moult_rule_at(i);
        }
    }
    const char *near = opt_nearest(id, ids);
    snprintf(hint, sizeof hint, near ? "did you mean '%s'?" : "'moult rules' lists them", near);
    out_problem(&c->out, hint, "there is no rule '%.60s'", id);
    return NULL;
}

static int run(cli *c)
{
    const char *id = c->values.arg_count ? c->values.args[0] : NULL;
    const moult_rule_info *one = id ? find(c, id) : NULL;

    if (id && !one) {
        return EXIT_ERROR;
    }
    if (report_format(c) == MOULT_FORMAT_JSON) {
        print_json(id);
    } else if (one) {
        print_one(one);
    } else {
        print_list();
    }
    return EXIT_DONE;
}

static const char *const forms[] = {"[ID] [--format FORMAT]", NULL};

const command command_rules = {
    .name = "rules",
    .summary = "list the risk rules, or show one",
    .forms = forms,
    .options = OPT_BIT(OPT_FORMAT_JSON),
    .max_args = 1,
    .run = run,
};
