/* SPDX-License-Identifier: MIT */
/* helpcmd.c - moult help: all commands, or one; and what the docs are made from. */
#include <string.h>

#include "cli.h"
#include "commands.h"

static int run(cli *c)
{
    const char *name = c->values.arg_count > 0 ? c->values.args[0] : NULL;
    const char *form = c->values.arg_count > 1 ? c->values.args[1] : NULL;

    if (!name) {
        help_all(stdout);
        return EXIT_DONE;
    }
    if (form && strcmp(form, "markdown") != 0) {
        return out_problem(&c->out, "leave it out, or write 'markdown'", "there is no form '%.80s' of help", form);
    }
    if (form && strcmp(name, "moult") == 0) {
        help_markdown_all(stdout);
        return EXIT_DONE;
    }
    const command *cmd = command_find(name);
    if (!cmd) {
        const char *near = command_nearest(name);
        char hint[128];
        snprintf(hint, sizeof hint, near ? "did you mean 'moult help %s'?" : "'moult help' lists the commands", near);
        return out_problem(&c->out, hint, "there is no command '%.80s'", name);
    }
    if (form) {
        help_markdown(stdout, cmd);
    } else {
        help_command(stdout, cmd);
    }
    return EXIT_DONE;
}

static const char *const forms[] = {"[COMMAND]", "COMMAND markdown", NULL};

const command command_help = {
    .name = "help",
    .summary = "tell what the commands are, and how one is used",
    .forms = forms,
    .max_args = 2,
    .run = run,
};
