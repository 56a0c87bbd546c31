/* SPDX-License-Identifier: MIT */
/* cli.h - what a running command has, and the few things that commands share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "moult.h"
#include "opt.h"
#include "out.h"

/* The data hooks of a folder; see hooks.c. */
typedef struct cli_hooks {
    moult_hook *items; /* NULL: none */
    size_t count;
} cli_hooks;

struct cli {
    const command *cmd;
    opt_values values;
    output out;
    moult *m;         /* NULL: not open */
    const char *url;  /* where it comes from is told by `url_given` */
    int url_given;    /* 1: --url, so that commands to type must name it too */
    char *url_memory; /* of it, when it is not as it was given: read from .env, or with --schema */
    cli_hooks hooks;
    const char *to; /* the desired source; NULL until cli_desired() */
};

enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_PENDING = 2, EXIT_REFUSED = 3 };

/* --- database.c ------------------------------------------------------------------------------------------------- */

/* The options of the library, as the command line says. Borrows from `c`. */
void cli_options(cli *c, moult_options *out);
/* Where the cache is: --cache, MOULT_CACHE; NULL: nowhere. */
const char *cli_cache(const cli *c);
/* Finds the URL: --url, DATABASE_URL, .env. 1, or 0 when there is none (nothing is said then). */
int cli_find_url(cli *c);
/* Opens the database of the command line as c->m. EXIT_DONE, or the exit status after the error was told. */
int cli_open(cli *c, moult_open_mode mode, const moult_options *options);
/* Opens it to look only; one that does not exist is an empty one, and stays so. */
int cli_open_to_plan(cli *c, const moult_options *options);
/* Opens any database in place of c->url. */
int cli_open_url(cli *c, const char *url, moult_open_mode mode, const moult_options *options);
void cli_close(cli *c);
/* The desired source: --to, schema.sql or schema's *.sql. Sets c->to. */
moult_source cli_desired(cli *c);
/* Is there a desired source without --to? */
int cli_has_desired(cli *c);
/* The error of c->m, told; the exit status. */
int cli_fail(cli *c);

/* --- hooks.c ---------------------------------------------------------------------------------------------------- */

/* Reads the hooks of --hooks, or of the folder hooks; cli_options() hands them on. EXIT_DONE, or the exit status after the
 * error was told. */
int cli_read_hooks(cli *c);
void cli_free_hooks(cli *c);

/* Is a person sure of what cannot be undone? --yes says so; else they are asked. EXIT_DONE, or EXIT_REFUSED. */
int cli_sure(cli *c, const char *question);

/* Signals ask the open database to stop; those that have none end the program. */
void cli_catch_signals(void);
/* What a signal stops from now on; NULL: nothing, it ends the program. */
void cli_stop_on_signal(moult *m);
/* Was a signal caught? */
int cli_interrupted(void);

/* --- apply.c ---------------------------------------------------------------------------------------------------- */

/* What runs a plan and gives its result: a code of the library; the error is that of c->m, or told already (*told). */
typedef int (*cli_apply_fn)(cli *c, moult_result **result, int *told);
/* Runs it; a refused plan is shown, and at a terminal asked about. The exit status. */
int cli_apply(cli *c, moult_options *options, cli_apply_fn apply_it);

/* --- history.c ---------------------------------------------------------------------------------------------------- */

/* docs/history.schema.json */
void history_write_json(FILE *f, const moult_history *history);

/* --- report.c --------------------------------------------------------------------------------------------------- */

/* "app.db (SQLite 3.40.1) → schema.sql", into `out`. */
void report_head(const cli *c, char *head, size_t size);
/* A plan to standard output in the form that --format says. EXIT_DONE or the exit status of an error. */
int report_plan(cli *c, const moult_plan *plan, moult_format format);
/* A plan to the file of --export, where that is given. EXIT_DONE or the exit status of an error. */
int report_export(cli *c, const moult_plan *plan);
/* That rows forbid it in every mode, where they do: 1 or 0. To standard output. */
int report_forbidden(const moult_plan *plan);
/* How `mode` does not let it run, and what to type. `stored`: 'moult approve' will find it. To standard output. */
void report_refusal(cli *c, const moult_plan *plan, moult_mode mode, int stored);
/* A drop and a create that look like a rename: asks about each at a terminal. 1: one is a rename, and was explained. */
int report_ask_renames(cli *c, const moult_plan *plan);
/* What came of an apply, as JSON to standard output. */
void report_result_json(const moult_result *result);
/* An outcome as a word, for JSON. */
const char *report_outcome(moult_outcome outcome);
const char *report_risk(moult_risk risk);
/* "2026-11-05T10:20:30.123Z" for people: "2026-11-05 10:20:30". */
void report_time(const char *iso, char time[20]);
/* --format as a moult_format. */
moult_format report_format(const cli *c);

#endif
