/* SPDX-License-Identifier: MIT */
/*
 * opt.h - options and commands: two const tables, from which come parsing, --help, the option tables of the docs
 * (and so the man pages), and the completions of three shells.
 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Every option there is, once. The order is that of help. */
typedef enum opt_id {
    OPT_URL = 0,
    OPT_MANAGE,
    OPT_FROM,
    OPT_TO,
    OPT_FILE,
    OPT_OWN,
    OPT_INCLUDE,
    OPT_EXCLUDE,
    OPT_COLUMN_ORDER,
    OPT_RULE,
    OPT_MODE,
    OPT_PHASE,
    OPT_HOOKS,
    OPT_APPROVE,
    OPT_PLAN,
    OPT_EXPORT,
    OPT_BACKWARD,
    OPT_RECORD_ONLY,
    OPT_NO_ATTIC,
    OPT_ATTIC_AGE,
    OPT_FILL,
    OPT_INTO,
    OPT_KEEP,
    OPT_LIMIT,
    OPT_EXPIRED,
    OPT_ALL,
    OPT_PURGE,
    OPT_NO_BACKUP,
    OPT_ONLINE,
    OPT_NO_ONLINE,
    OPT_INDEXES_LAST,
    OPT_LIST,
    OPT_REVOKE,
    OPT_YES,
    OPT_SCHEMA,
    OPT_FULL,
    OPT_EXIT_CODE,
    OPT_FORMAT,
    OPT_FORMAT_JSON,
    OPT_FORMAT_SCHEMA,
    OPT_CACHE,
    OPT_WAIT,
    OPT_LOCK_TIMEOUT,
    OPT_DETECT_TIMEOUT,
    OPT_PROBE_TIMEOUT,
    OPT_STATEMENT_TIMEOUT,
    OPT_LOG_FORMAT,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_COLOR,
    OPT_NO_COLOR,
    OPT_HELP,
    OPT_COUNT
} opt_id;

typedef enum opt_type {
    OPT_IS_FLAG = 0,
    OPT_IS_TEXT,
    OPT_IS_LIST,   /* may be given more than once */
    OPT_IS_CHOICE, /* one of `choices` */
    OPT_IS_SECONDS /* 30s, 500ms, 2m, 1h, 30d, or seconds */
} opt_type;

typedef enum opt_complete { COMPLETE_NOTHING = 0, COMPLETE_FILES } opt_complete;

typedef struct option_info {
    const char *name; /* without its dashes */
    char letter;      /* 0: none */
    opt_type type;
    const char *value;          /* what stands for the value in help; NULL: a flag */
    const char *const *choices; /* ended by NULL; the first is the default */
    const char *help;           /* a sentence without its full stop */
    opt_complete complete;
} option_info;
extern const option_info option_table[OPT_COUNT];

/* A set of options. */
#define OPT_BIT(id) ((uint64_t)1 << (id))
/* What every command takes. */
#define OPTS_ALL                                                                                                       \
    (OPT_BIT(OPT_LOG_FORMAT) | OPT_BIT(OPT_QUIET) | OPT_BIT(OPT_VERBOSE) | OPT_BIT(OPT_COLOR) |                        \
     OPT_BIT(OPT_NO_COLOR) | OPT_BIT(OPT_HELP))
/* What every command takes that opens a database. */
#define OPTS_DATABASE                                                                                                  \
    (OPT_BIT(OPT_URL) | OPT_BIT(OPT_MANAGE) | OPT_BIT(OPT_WAIT) | OPT_BIT(OPT_LOCK_TIMEOUT) |                          \
     OPT_BIT(OPT_DETECT_TIMEOUT))
/* How a plan is carried out, which is part of it, and where it goes when this account may not. */
#define OPTS_PLAN (OPT_BIT(OPT_ONLINE) | OPT_BIT(OPT_NO_ONLINE) | OPT_BIT(OPT_INDEXES_LAST) | OPT_BIT(OPT_EXPORT))
/* What bounds a comparison. */
#define OPTS_COMPARE                                                                                                   \
    (OPT_BIT(OPT_TO) | OPT_BIT(OPT_OWN) | OPT_BIT(OPT_INCLUDE) | OPT_BIT(OPT_EXCLUDE) | OPT_BIT(OPT_COLUMN_ORDER) |    \
     OPT_BIT(OPT_RULE) | OPT_BIT(OPT_FULL) | OPT_BIT(OPT_PROBE_TIMEOUT))

enum { OPT_LIST_MAX = 64, ARGS_MAX = 2 };

/* What was given. */
typedef struct opt_values {
    int given[OPT_COUNT];                                              /* how often */
    const char *text[OPT_COUNT];                                       /* TEXT, CHOICE; NULL: not given */
    double seconds[OPT_COUNT];                                         /* SECONDS */
    const char *include[OPT_LIST_MAX + 1], *exclude[OPT_LIST_MAX + 1]; /* ended by NULL */
    const char *rules[OPT_LIST_MAX + 1], *fill[OPT_LIST_MAX + 1];
    const char *args[ARGS_MAX];
    int arg_count;
} opt_values;

typedef struct cli cli; /* what a running command has; see cli.h */

/* A command: one const entry, in its own file. */
typedef struct command {
    const char *name;
    const char *summary;      /* one line, without a full stop */
    const char *const *forms; /* what follows the name, as in help; ended by NULL */
    uint64_t options;         /* OPT_BIT()s, without OPTS_ALL */
    int min_args, max_args;
    const char *const *arg_choices; /* what an argument may be; NULL: anything */
    int (*run)(cli *c);             /* returns the exit status */
} command;

extern const command *const command_table[];   /* ended by NULL; in the order of help */
const command *command_find(const char *name); /* NULL when there is none */

/* Reads argv[0…] (what follows the command). 0, or -1 with the message and the hint in `problem`. */
typedef struct opt_problem {
    char message[256], hint[256];
} opt_problem;
int opt_parse(const command *cmd, int argc, char *const *argv, opt_values *out, opt_problem *problem);

/* The nearest of `names` (ended by NULL) to a word that is none of them; NULL when none is near. */
const char *opt_nearest(const char *word, const char *const *names);
/* The command nearest to a word that is none. */
const char *command_nearest(const char *word);

/* Does the command take it? */
int command_takes(const command *cmd, opt_id id);

/* help.c: what comes of the tables. */
void help_all(FILE *f);
void help_command(FILE *f, const command *cmd);
/* The part of docs/commands/NAME.md that is made from the tables; of moult.md. */
void help_markdown(FILE *f, const command *cmd);
void help_markdown_all(FILE *f);

/* complete.c: a script for bash, zsh or fish. */
void complete_bash(FILE *f);
void complete_zsh(FILE *f);
void complete_fish(FILE *f);

#endif
