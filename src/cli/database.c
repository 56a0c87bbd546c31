/* SPDX-License-Identifier: MIT */
/* database.c - from the command line to an open database: its URL, the options, the desired source, signals. */
#include <ctype.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* What a signal stops. Written before the handle is used, and cleared before it is closed. */
static moult *volatile running;
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    if (!running) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    caught = 1;
    moult_cancel(running);
}

void cli_catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    /* No restart, so that a question ends; and once only, so that a second Ctrl-C ends the program at once. */
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void cli_stop_on_signal(moult *m)
{
    running = m;
}

int cli_interrupted(void)
{
    return caught != 0;
}

/* --- the URL ---------------------------------------------------------------------------------------------------- */

/* The value of a line NAME=value of .env, quotes taken off, in place; NULL: another line. */
static char *env_value(char *line, const char *name)
{
    line += strspn(line, " \t");
    if (strncmp(line, "export ", 7) == 0) {
        line += 7 + strspn(line + 7, " \t");
    }
    size_t n = strlen(name);
    if (strncmp(line, name, n) != 0) {
        return NULL;
    }
    line += n + strspn(line + n, " \t");
    if (*line != '=') {
        return NULL;
    }
    line += 1 + strspn(line + 1, " \t");
    if (*line == '"' || *line == '\'') {
        char *end = strchr(line + 1, *line);
        if (end) {
            *end = '\0';
            return line + 1;
        }
    }
    char *comment = strstr(line, " #");
    size_t end = comment ? (size_t)(comment - line) : strlen(line);
    while (end > 0 && strchr(" \t\r\n", line[end - 1])) {
        end--;
    }
    line[end] = '\0';
    return line;
}

/* DATABASE_URL of the file .env of this folder, as malloc'd memory; NULL: there is none. The last one counts. */
static char *url_of_env_file(void)
{
    FILE *f = fopen(".env", "r");
    char *line = NULL, *found = NULL;
    size_t size = 0;

    if (!f) {
        return NULL;
    }
    while (getline(&line, &size, f) >= 0) {
        const char *value = env_value(line, "DATABASE_URL");
        if (value && value[0]) {
            free(found);
            found = strdup(value);
        }
    }
    free(line);
    fclose(f);
    return found;
}

/* --schema is a part of the URL that all commands can take: "?schema=NAME,NAME" at its end. A path becomes a URL, whose engine
 * then says that it has no schemas. malloc'd; NULL: no memory. */
static char *with_schemas(const char *url, const char *schemas)
{
    static const char plain[] = "_,.-", path[] = "sqlite:///";
    size_t size = sizeof path + strlen(url) + sizeof "?schema=" + 3 * strlen(schemas);
    char *out = malloc(size), *at = out;

    if (!out) {
        return NULL;
    }
    at += snprintf(at, size, "%s%s%cschema=", strstr(url, "://") ? "" : path, url, strchr(url, '?') ? '&' : '?');
    for (; *schemas; schemas++) {
        if (isalnum((unsigned char)*schemas) || strchr(plain, *schemas)) {
            *at++ = *schemas;
        } else {
            at += snprintf(at, size - (size_t)(at - out), "%%%02X", (unsigned)(unsigned char)*schemas);
        }
    }
    *at = '\0';
    return out;
}

int cli_find_url(cli *c)
{
    const char *environment = getenv("DATABASE_URL");

    c->url = c->values.text[OPT_URL];
    c->url_given = c->url != NULL;
    if (!c->url && environment && environment[0]) {
        c->url = environment;
    }
    if (!c->url) {
        free(c->url_memory);
        c->url = c->url_memory = url_of_env_file();
    }
    if (c->url && c->values.text[OPT_MANAGE]) {
        char *whole = with_schemas(c->url, c->values.text[OPT_MANAGE]);
        if (whole) { /* else there is no memory to open a database either */
            free(c->url_memory);
            c->url = c->url_memory = whole;
        }
    }
    return c->url != NULL;
}

/* --- the desired source ----------------------------------------------------------------------------------------- */

static const char *default_source(void)
{
    static const char file[] = "schema.sql", folder[] = "schema/*.sql";
    glob_t found;

    if (access(file, F_OK) == 0) {
        return file;
    }
    if (glob(folder, 0, NULL, &found) == 0) {
        globfree(&found);
        return folder;
    }
    return NULL;
}

int cli_has_desired(cli *c)
{
    return c->values.text[OPT_TO] != NULL || default_source() != NULL;
}

moult_source cli_desired(cli *c)
{
    const char *found = c->values.text[OPT_TO] ? c->values.text[OPT_TO] : default_source();

    c->to = found ? found : "schema.sql"; /* the library says that there is none, and what to do */
    return (moult_source){.uri = c->to};
}

/* --- opening ---------------------------------------------------------------------------------------------------- */

/* The place of the value in the table of its choices, which are those of an enum of moult.h in its order. */
static int choice(const cli *c, opt_id id)
{
    for (int i = 0; c->values.text[id] && option_table[id].choices[i]; i++) {
        if (strcmp(option_table[id].choices[i], c->values.text[id]) == 0) {
            return i;
        }
    }
    return 0;
}

static double seconds_or(const cli *c, opt_id id, double otherwise)
{
    return c->values.given[id] ? c->values.seconds[id] : otherwise;
}

const char *cli_cache(const cli *c)
{
    const char *environment = getenv("MOULT_CACHE");

    if (c->values.text[OPT_CACHE]) {
        return c->values.text[OPT_CACHE];
    }
    return environment && environment[0] ? environment : NULL;
}

void cli_options(cli *c, moult_options *out)
{
    const moult_options defaults = MOULT_OPTIONS_INIT;
    const opt_values *v = &c->values;

    *out = defaults;
    out->mode = (moult_mode)choice(c, OPT_MODE);
    out->own = (moult_own)choice(c, OPT_OWN);
    out->include = v->given[OPT_INCLUDE] ? v->include : NULL;
    out->exclude = v->given[OPT_EXCLUDE] ? v->exclude : NULL;
    out->approve = v->text[OPT_APPROVE];
    out->full = v->given[OPT_FULL] > 0;
    out->backward = v->given[OPT_BACKWARD] > 0;
    out->record_only = v->given[OPT_RECORD_ONLY] > 0;
    out->no_attic = v->given[OPT_NO_ATTIC] > 0;
    out->attic_age = seconds_or(c, OPT_ATTIC_AGE, defaults.attic_age);
    out->fills = v->given[OPT_FILL] ? v->fill : NULL;
    out->no_backup = v->given[OPT_NO_BACKUP] > 0;
    out->online = v->given[OPT_NO_ONLINE]      ? MOULT_ONLINE_NEVER
                  : v->given[OPT_INDEXES_LAST] ? MOULT_ONLINE_LAST
                  : v->given[OPT_ONLINE]       ? MOULT_ONLINE_ALWAYS
                                               : MOULT_ONLINE_AUTO;
    out->column_order_strict = choice(c, OPT_COLUMN_ORDER);
    out->connect_timeout = seconds_or(c, OPT_WAIT, defaults.connect_timeout);
    out->lock_timeout = seconds_or(c, OPT_LOCK_TIMEOUT, defaults.lock_timeout);
    out->detect_timeout = seconds_or(c, OPT_DETECT_TIMEOUT, defaults.detect_timeout);
    out->rules = v->given[OPT_RULE] ? v->rules : NULL;
    out->probe_timeout = seconds_or(c, OPT_PROBE_TIMEOUT, defaults.probe_timeout);
    out->statement_timeout = seconds_or(c, OPT_STATEMENT_TIMEOUT, defaults.statement_timeout);
    out->phase = (moult_phase)choice(c, OPT_PHASE);
    out->hooks = c->hooks.items;
    if (v->text[OPT_EXPORT]) {
        out->export_path = v->text[OPT_EXPORT];
    }
    out->cache = cli_cache(c);
    out->on_event = out_event;
    out->on_event_user = &c->out;
}

void cli_close(cli *c)
{
    running = NULL;
    moult_close(c->m);
    c->m = NULL;
}

int cli_fail(cli *c)
{
    static const moult_error no_memory = {.code = MOULT_NOMEM, .message = "out of memory"};
    const moult_error *e = c->m ? moult_error_of(c->m) : &no_memory;

    out_error(&c->out, e);
    return moult_code_exit(e->code);
}

int cli_open_url(cli *c, const char *url, moult_open_mode mode, const moult_options *options)
{
    cli_close(c);
    int code = moult_open(&c->m, url, mode, options);
    if (code != MOULT_OK) {
        return cli_fail(c);
    }
    running = c->m;
    return EXIT_DONE;
}

static int no_url(cli *c)
{
    return out_problem(&c->out, "--url sqlite:///app.db, or DATABASE_URL in the environment or in the file .env",
                       "no database is named");
}

int cli_open(cli *c, moult_open_mode mode, const moult_options *options)
{
    return cli_find_url(c) ? cli_open_url(c, c->url, mode, options) : no_url(c);
}

int cli_open_to_plan(cli *c, const moult_options *options)
{
    if (!cli_find_url(c)) {
        return no_url(c);
    }
    cli_close(c);
    int code = moult_open(&c->m, c->url, MOULT_OPEN_READ, options);
    if (code == MOULT_IO) { /* perhaps it is not there yet: then it is an empty one until something is applied */
        return cli_open_url(c, c->url, MOULT_OPEN_CREATE, options);
    }
    if (code != MOULT_OK) {
        return cli_fail(c);
    }
    running = c->m;
    return EXIT_DONE;
}

int cli_sure(cli *c, const char *question)
{
    if (c->values.given[OPT_YES]) {
        return EXIT_DONE;
    }
    if (!c->out.can_ask) {
        fflush(stdout);
        out_problem(&c->out, "say --yes", "a person must say so, and here is no terminal to ask one");
        return EXIT_REFUSED;
    }
    if (!out_ask(&c->out, question)) {
        out_log(&c->out, 1, "nothing was done");
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}
