/* SPDX-License-Identifier: MIT */
/* completion.c - moult completion: a script that completes command lines. */
#include <string.h>

#include "cli.h"
#include "commands.h"

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static int run(cli *c)
{
    const char *shell = c->values.args[0];

    if (strcmp(shell, "bash") == 0) {
        complete_bash(stdout);
    } else if (strcmp(shell, "zsh") == 0) {
        complete_zsh(stdout);
    } else {
        complete_fish(stdout);
    }
    return EXIT_DONE;
}

static const char *const forms[] = {"bash|zsh|fish", NULL};

const command command_completion = {
    .name = "completion",
    .summary = "write a script that completes moult's command lines",
    .forms = forms,
    .min_args = 1,
    .max_args = 1,
    .arg_choices = shells,
    .run = run,
};
