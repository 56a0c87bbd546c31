/* SPDX-License-Identifier: MIT */
/* out.h - what is said, and where: standard output has the result and nothing else, standard error the rest. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdio.h>

#include "moult.h"

typedef struct output {
    int color_out, color_err; /* 1: colours may be used there */
    int terminal_err;         /* 1: a person reads standard error now */
    int can_ask;              /* 1: a person reads, and can answer */
    int json;                 /* --log-format json */
    int quiet, verbose;
    int bar; /* 1: a progress bar stands on the last line */
} output;

/* Looks at the streams and the environment; `color`: 1 always, 0 never, -1 at a terminal. */
void out_init(output *o, int color);

/* An error of the library, on standard error. `prefix` may be NULL. */
void out_error(output *o, const moult_error *e);
/* One of the command line: a message and, when not empty, what to do. Returns the exit status of errors. */
int out_problem(output *o, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* For people who watch: level 0 debug, 1 info, 2 warning. */
void out_log(output *o, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A moult_event_fn; `user` is the output. */
int out_event(void *user, const moult_event *event);
/* Takes the progress bar away. */
void out_bar_end(output *o);

/* Asks a person; 1: yes. Anything else, the end of input, a signal: 0. */
int out_ask(output *o, const char *question);

/* A string of JSON, with its quotes; NULL is null. What is not UTF-8 becomes U+FFFD. */
void out_json(FILE *f, const char *text);

/* Text to standard output in which rows of changes are coloured. */
void out_plan_text(output *o, const char *text);

/* Flushes standard output: 0, or -1 after the error was told. */
int out_finish(output *o);

#endif
