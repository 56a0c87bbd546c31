/* SPDX-License-Identifier: MIT */
/* complete.c - scripts that complete command lines in bash, zsh and fish, made from the tables. */
#include "opt.h"

static void bash_words(FILE *f, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        fprintf(f, "%s%s", i ? " " : "", words[i]);
    }
}

/* What the values of an option may be: one arm of a case. */
static void bash_values(FILE *f, const command *cmd)
{
    for (int id = 0; id < OPT_COUNT; id++) {
        const option_info *o = &option_table[id];
        if (!command_takes(cmd, (opt_id)id) || o->type == OPT_IS_FLAG) {
            continue;
        }
        fprintf(f, "        %s:--%s) ", cmd->name, o->name);
        if (o->choices) {
            fprintf(f, "words='");
            bash_words(f, o->choices);
            fprintf(f, "' ;;\n");
        } else if (o->complete == COMPLETE_FILES) {
            fprintf(f, "COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n");
        } else {
            fprintf(f, "return ;;\n");
        }
    }
}

void complete_bash(FILE *f)
{
    fprintf(f, "# bash completion for moult: moult completion bash > /etc/bash_completion.d/moult\n"
               "_moult() {\n"
               "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} "
               "command=${COMP_WORDS[1]} words=\n"
               "    if [ \"$previous\" = '=' ]; then previous=${COMP_WORDS[COMP_CWORD-2]}\n"
               "    elif [ \"$current\" = '=' ]; then current=\n"
               "    fi\n"
               "    if [ \"$COMP_CWORD\" = 1 ]; then words='");
    for (size_t i = 0; command_table[i]; i++) {
        fprintf(f, "%s%s", i ? " " : "", command_table[i]->name);
    }
    fprintf(f, "'\n    else case \"$command:$previous\" in\n");
    for (size_t i = 0; command_table[i]; i++) {
        bash_values(f, command_table[i]);
    }
    fprintf(f, "        *) case \"$command\" in\n");
    for (size_t i = 0; command_table[i]; i++) {
        const command *cmd = command_table[i];
        fprintf(f, "            %s) words='", cmd->name);
        if (cmd->arg_choices) {
            bash_words(f, cmd->arg_choices);
        }
        for (int id = 0; id < OPT_COUNT; id++) {
            if (command_takes(cmd, (opt_id)id)) {
                fprintf(f, " --%s", option_table[id].name);
            }
        }
        fprintf(f, "' ;;\n");
    }
    fprintf(f, "        esac ;;\n    esac\n    fi\n"
               "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
               "}\n"
               "complete -o default -F _moult moult\n");
}

/* Text inside '…' of a shell, with what `also` names escaped by a backslash. */
static void quoted(FILE *f, const char *text, const char *also)
{
    for (; *text; text++) {
        const char *a = also;
        if (*text == '\'') {
            fprintf(f, "'\\''");
            continue;
        }
        while (*a && *a != *text) {
            a++;
        }
        if (*a) {
            fputc('\\', f);
        }
        fputc(*text, f);
    }
}

static void zsh_option(FILE *f, const option_info *o)
{
    fprintf(f, "            '%s--%s%s[", o->type == OPT_IS_LIST ? "*" : "", o->name, o->type == OPT_IS_FLAG ? "" : "=");
    quoted(f, o->help, "[]:\\");
    fprintf(f, "]");
    if (o->choices) {
        fprintf(f, ":%s:(", o->value);
        bash_words(f, o->choices);
        fprintf(f, ")");
    } else if (o->type != OPT_IS_FLAG) {
        fprintf(f, ":%s:%s", o->value, o->complete == COMPLETE_FILES ? "_files" : "");
    }
    fprintf(f, "' \\\n");
}

void complete_zsh(FILE *f)
{
    fprintf(f, "#compdef moult\n# zsh completion for moult: put it as _moult into a folder of $fpath\n"
               "_moult() {\n    local -a commands\n    commands=(\n");
    for (size_t i = 0; command_table[i]; i++) {
        fprintf(f, "        '%s:", command_table[i]->name);
        quoted(f, command_table[i]->summary, ":\\");
        fprintf(f, "'\n");
    }
    fprintf(f,
            "    )\n    if (( CURRENT == 2 )); then\n        _describe -t commands command commands\n        return\n"
            "    fi\n    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $command in\n");
    for (size_t i = 0; command_table[i]; i++) {
        const command *cmd = command_table[i];
        fprintf(f, "        %s)\n            _arguments \\\n", cmd->name);
        for (int id = 0; id < OPT_COUNT; id++) {
            if (command_takes(cmd, (opt_id)id)) {
                zsh_option(f, &option_table[id]);
            }
        }
        if (cmd->arg_choices) {
            fprintf(f, "            ':argument:(");
            bash_words(f, cmd->arg_choices);
            fprintf(f, ")'\n");
        } else {
            fprintf(f, "            '*::'\n");
        }
        fprintf(f, "            ;;\n");
    }
    fprintf(f, "    esac\n}\nif [ \"$funcstack[1]\" = _moult ]; then _moult \"$@\"; else compdef _moult moult; fi\n");
}

static void fish_option(FILE *f, const command *cmd, const option_info *o)
{
    fprintf(f, "complete -c moult -n '__fish_seen_subcommand_from %s' -l %s", cmd->name, o->name);
    if (o->letter) {
        fprintf(f, " -s %c", o->letter);
    }
    if (o->choices) {
        fprintf(f, " -x -a '");
        bash_words(f, o->choices);
        fprintf(f, "'");
    } else if (o->type != OPT_IS_FLAG) {
        fprintf(f, o->complete == COMPLETE_FILES ? " -r -F" : " -x");
    }
    fprintf(f, " -d \"");
    for (const char *p = o->help; *p; p++) {
        fprintf(f, *p == '"' || *p == '$' || *p == '\\' ? "\\%c" : "%c", *p);
    }
    fprintf(f, "\"\n");
}

void complete_fish(FILE *f)
{
    fprintf(f, "# fish completion for moult: moult completion fish > ~/.config/fish/completions/moult.fish\n"
               "complete -c moult -f\n");
    for (size_t i = 0; command_table[i]; i++) {
        const command *cmd = command_table[i];
        fprintf(f, "complete -c moult -n __fish_use_subcommand -a %s -d \"%s\"\n", cmd->name, cmd->summary);
        for (size_t k = 0; cmd->arg_choices && cmd->arg_choices[k]; k++) {
            fprintf(f, "complete -c moult -n '__fish_seen_subcommand_from %s' -a %s\n", cmd->name, cmd->arg_choices[k]);
        }
        for (int id = 0; id < OPT_COUNT; id++) {
            if (command_takes(cmd, (opt_id)id)) {
                fish_option(f, cmd, &option_table[id]);
            }
        }
    }
}
