/* SPDX-License-Identifier: MIT */
/* main.c - looks the command up, reads its options, runs it, and sees to it that its result was written. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"

const command *const command_table[] = {
    &command_init,
    &command_plan,
    &command_apply,
    &command_approve,
    &command_resume,
    &command_status,
    &command_history,
    &command_rollback,
    &command_attic,
    &command_uninstall,
    &command_diff,
    &command_inspect,
    &command_rules,
    &command_cache,
    &command_rpc,
    &command_version,
    &command_completion,
    &command_help,
    NULL,
};

/* "--help" and "--version" in the place of a command are the commands of those names. */
static const char *command_word(const char *arg)
{
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        return "help";
    }
    return strcmp(arg, "--version") == 0 || strcmp(arg, "-V") == 0 ? "version" : arg;
}

static int no_such_command(cli *c, const char *word)
{
    const char *near = command_nearest(word);
    char hint[128];

    snprintf(hint, sizeof hint, near ? "did you mean 'moult %s'?" : "'moult help' lists the commands", near);
    return out_problem(&c->out, hint, "there is no command '%.80s'", word);
}

static int run(cli *c, int argc, char *const *argv)
{
    opt_problem problem;

    if (argc < 2) {
        help_all(stderr);
        return EXIT_ERROR;
    }
    const char *word = command_word(argv[1]);
    c->cmd = command_find(word);
    if (!c->cmd) {
        return no_such_command(c, word);
    }
    int bad = opt_parse(c->cmd, argc - 2, argv + 2, &c->values, &problem);
    const opt_values *v = &c->values;
    out_init(&c->out, v->given[OPT_NO_COLOR] ? 0 : v->given[OPT_COLOR] ? 1 : -1);
    c->out.json = v->text[OPT_LOG_FORMAT] && strcmp(v->text[OPT_LOG_FORMAT], "json") == 0;
    c->out.quiet = v->given[OPT_QUIET];
    c->out.verbose = v->given[OPT_VERBOSE];
    if (bad) {
        return out_problem(&c->out, problem.hint, "%s", problem.message);
    }
    if (v->given[OPT_HELP]) {
        help_command(stdout, c->cmd);
        return EXIT_DONE;
    }
    return c->cmd->run(c);
}

int main(int argc, char **argv)
{
    cli c;

    memset(&c, 0, sizeof c);
    out_init(&c.out, -1);
    cli_catch_signals();
    int status = run(&c, argc, argv);
    out_bar_end(&c.out);
    cli_close(&c);
    cli_free_hooks(&c);
    free(c.url_memory);
    return out_finish(&c.out) == 0 ? status : EXIT_ERROR;
}
