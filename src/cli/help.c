/* SPDX-License-Identifier: MIT */
/* help.c - what comes of the tables of commands and options for people: --help, and the option tables of the docs. */
#include "opt.h"

#include <string.h>

enum { WIDTH = 100, HELP_COLUMN = 30 };

/* Text in lines of at most WIDTH columns; the cursor stands at `column`, and further lines begin at `indent`. */
static void wrap(FILE *f, const char *text, int column, int indent)
{
    const char *p = text;

    while (*p) {
        size_t n = strcspn(p, " ");
        if (column > indent && column + 1 + (int)n > WIDTH) {
            fprintf(f, "\n%*s", indent, "");
            column = indent;
        } else if (p != text) {
            fputc(' ', f);
            column++;
        }
        fwrite(p, 1, n, f);
        column += (int)n;
        p += n;
        p += strspn(p, " ");
    }
    fputc('\n', f);
}

/* "--mode=safe|auto|…" or "--url URL", without the dashes. */
static int option_form(const option_info *o, char *out, size_t size)
{
    int n = snprintf(out, size, "%s", o->name);

    if (o->type == OPT_IS_FLAG) {
        return n;
    }
    if (!o->choices) {
        return n + snprintf(out + n, size - (size_t)n, " %s", o->value);
    }
    for (size_t i = 0; o->choices[i]; i++) {
        n += snprintf(out + n, size - (size_t)n, "%s%s", i ? "|" : "=", o->choices[i]);
    }
    return n;
}

static void help_option(FILE *f, const option_info *o)
{
    char form[128];
    int n = option_form(o, form, sizeof form);

    if (o->letter) {
        fprintf(f, "  -%c, --%s", o->letter, form);
    } else {
        fprintf(f, "      --%s", form);
    }
    if (8 + n > HELP_COLUMN - 2) {
        fprintf(f, "\n%*s", HELP_COLUMN, "");
    } else {
        fprintf(f, "%*s", HELP_COLUMN - 8 - n, "");
    }
    wrap(f, o->help, HELP_COLUMN, HELP_COLUMN);
}

void help_command(FILE *f, const command *cmd)
{
    fprintf(f, "moult %s - %s\n\n", cmd->name, cmd->summary);
    for (size_t i = 0; cmd->forms[i]; i++) {
        int column = fprintf(f, "%s moult %s%s", i ? "      " : "usage:", cmd->name, cmd->forms[i][0] ? " " : "");
        wrap(f, cmd->forms[i], column, 14 + (int)strlen(cmd->name));
    }
    fprintf(f, "\noptions:\n");
    for (int id = 0; id < OPT_COUNT; id++) {
        if (command_takes(cmd, (opt_id)id)) {
            help_option(f, &option_table[id]);
        }
    }
}

void help_all(FILE *f)
{
    fprintf(f, "moult makes a database be the schema that you declare, and keeps the data.\n\n"
               "usage: moult COMMAND [options]\n\ncommands:\n");
    for (size_t i = 0; command_table[i]; i++) {
        fprintf(f, "  %-12s %s\n", command_table[i]->name, command_table[i]->summary);
    }
    fprintf(f, "\nEach command explains itself: moult COMMAND --help\n"
               "\n"
               "exit status:\n"
               "  0 done, or nothing to do   1 error                       2 changes pending\n"
               "  3 needs approval           4 no permission               5 locked by another\n"
               "  6 an earlier apply was interrupted\n");
}

/* A cell of a table: bars would end it. */
static void cell(FILE *f, const char *text)
{
    for (; *text; text++) {
        fprintf(f, *text == '|' || *text == '*' ? "\\%c" : "%c", *text);
    }
}

void help_markdown(FILE *f, const command *cmd)
{
    fprintf(f, "## Usage\n\n```\n");
    for (size_t i = 0; cmd->forms[i]; i++) {
        fprintf(f, "moult %s %s\n", cmd->name, cmd->forms[i]);
    }
    fprintf(f, "```\n\n| option | meaning |\n| --- | --- |\n");
    for (int id = 0; id < OPT_COUNT; id++) {
        const option_info *o = &option_table[id];
        char form[128];
        if (!command_takes(cmd, (opt_id)id)) {
            continue;
        }
        option_form(o, form, sizeof form);
        fprintf(f, "| ");
        if (o->letter) {
            fprintf(f, "`-%c`, ", o->letter);
        }
        fprintf(f, "`--");
        for (const char *p = form; *p; p++) {
            fprintf(f, *p == '|' ? "\\%c" : "%c", *p); /* also inside code, in a table */
        }
        fprintf(f, "` | ");
        cell(f, o->help);
        fprintf(f, " |\n");
    }
}

void help_markdown_all(FILE *f)
{
    fprintf(f, "## Usage\n\n```\nmoult COMMAND [options]\n```\n\n| command | what it does |\n| --- | --- |\n");
    for (size_t i = 0; command_table[i]; i++) {
        fprintf(f, "| [`moult %s`](%s.md) | ", command_table[i]->name, command_table[i]->name);
        cell(f, command_table[i]->summary);
        fprintf(f, " |\n");
    }
}
