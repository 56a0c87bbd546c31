/* SPDX-License-Identifier: MIT */
/*
 * rpc.h - moult rpc: JSON-RPC 2.0, one message a line, on standard input and output. docs/rpc.md tells it to its users.
 *
 *   rpc.c        the command, and the loop that answers one request after the other
 *   dispatch.c   the table of methods: what is checked, run and told in the docs comes from it
 *   fields.c     the types of members, and whether what was given fits
 *   lines.c      bytes → lines, with a limit; bytes → the caller, with a time limit
 *   inbox.c      a thread that reads: what each message is, and what waits; it alone hears cancel, and the end of input
 *   send.c       answers, errors, questions and notifications as lines
 *   open.c       open and close: from their members to the options of the library
 *   work.c       plan, apply, approve, …
 *   result.c     plans and results as JSON
 *   hooks.c      hooks and comparisons of types that are asked back, and the SQL that a hook runs
 *   values.c     values of SQL as JSON, and back
 *   events.c     what goes on, as notifications
 *   schema.c     the JSON Schema of all of it
 *
 * Two threads: the one that reads, and the one that works. What both use is under `lock`.
 */
#ifndef CLI_RPC_RPC_H
#define CLI_RPC_RPC_H

#include <pthread.h>

#include "../cli.h"
#include "json.h"

enum {
    RPC_PROTOCOL = 1,
    RPC_MESSAGE_MAX = 32 << 20, /* bytes of a line, either way */
    RPC_WAITING_MAX = 64,       /* requests that wait for their turn */
    RPC_ANSWER_SECONDS = 300    /* how long a caller may be silent where nothing else is said */
};

/* Codes of errors: those of JSON-RPC, moult's own below -32000 (LOCKED, -7, is -32007), and three of the protocol. */
enum {
    RPC_NOT_JSON = -32700,
    RPC_NOT_A_REQUEST = -32600,
    RPC_NO_METHOD = -32601,
    RPC_BAD_PARAMS = -32602,
    RPC_MOULT = -32000,
    RPC_OUT_OF_ORDER = -32050,
    RPC_TOO_LARGE = -32051,
    RPC_TOO_MANY = -32052
};

typedef struct rpc rpc; /* a session: one caller */

/* --- fields.c: members of messages ------------------------------------------------------------------------------- */

typedef enum rpc_type {
    RPC_END = 0, /* ends a table of fields */
    RPC_TEXT,
    RPC_FLAG,
    RPC_CHOICE, /* one of `choices` */
    RPC_SECONDS,
    RPC_INTEGER,
    RPC_COUNT, /* a whole number from 0 */
    RPC_TEXTS,
    RPC_REQUEST_ID,
    RPC_SOURCE,
    RPC_HOOKS,
    RPC_VALUES,
    RPC_ROWS,
    RPC_PLAN,
    RPC_CHANGES,
    RPC_HINTS,
    RPC_ERROR,
    RPC_NOTHING, /* null, or whatever: it is not looked at */
    RPC_OPTION   /* of the command line: `option` tells the rest */
} rpc_type;

typedef struct rpc_field {
    const char *name;
    rpc_type type;
    int required; /* of a result: never null */
    const char *help;
    const char *const *choices;
    opt_id option;
} rpc_field;

/* A field as it is: that of an option got its name, type and help from there. */
typedef struct rpc_view {
    char name[32];
    rpc_type type;
    const char *help;
    const char *const *choices;
} rpc_view;
void rpc_field_view(const rpc_field *field, rpc_view *out);
/* The JSON Schema of a type, as text; of a choice, without its choices. */
const char *rpc_type_schema(rpc_type type);
/* Of what is in a hook, a text, a change, a hint, an error. */
extern const rpc_field rpc_hook_fields[], rpc_text_fields[], rpc_change_fields[], rpc_hint_fields[], rpc_error_fields[];
/* Do the members fit the table? 0, or -1 with a message and a hint. `params` may be NULL: there are none. */
int rpc_fields_check(const rpc_field *fields, const json_t *params, opt_problem *problem);

/* --- dispatch.c -------------------------------------------------------------------------------------------------- */

enum {
    RPC_ANY_TIME = 1,   /* answered by the thread that reads */
    RPC_IN_A_HOOK = 2,  /* only while a hook is asked back */
    RPC_NEEDS_OPEN = 4, /* only between open and close */
    RPC_CHANGES_IT = 8  /* may change the database: the end of input ends it */
};

typedef struct rpc_method {
    const char *name, *summary;
    unsigned flags;
    const rpc_field *params, *result;
    const char *result_schema; /* another document that tells the result; NULL: `result` does */
    /* The result, or NULL after rpc_fail(). NULL for those of a hook, which hooks.c answers. */
    json_t *(*run)(rpc *s, const json_t *params);
} rpc_method;
extern const rpc_method rpc_methods[]; /* ended by a method with no name */

/* What moult asks back, and what it tells: no functions, only what they have. */
typedef struct rpc_message {
    const char *name, *summary;
    const rpc_field *params;
    rpc_type result; /* RPC_END: a notification */
} rpc_message;
extern const rpc_message rpc_messages[]; /* ended by a message with no name */

/* NULL when there is none. */
const rpc_method *rpc_method_find(const char *name);
/* The nearest name to one that is none; NULL when none is near. */
const char *rpc_method_nearest(const char *name);

/* --- lines.c ----------------------------------------------------------------------------------------------------- */

typedef struct rpc_lines {
    int fd;
    char *data;
    size_t size, used, line, seen; /* bytes there are; where the next line begins; how far there is no line end */
    int skipping;                  /* 1: a line that is too long goes on */
} rpc_lines;
enum { RPC_LINE = 1, RPC_LINE_END = 0, RPC_LINE_TOO_LONG = -1, RPC_LINE_NOMEM = -2 };
/* The next line, without its end; borrowed until the next call. One that is too long is told once, and passed over. */
int rpc_lines_next(rpc_lines *l, const char **line, size_t *length);
void rpc_lines_free(rpc_lines *l);
/* Writes all of it; 0, or -1 when nobody reads: the other end is closed, or did not read for so many seconds, or `stop`
 * says so, which is asked now and then. */
int rpc_write_all(int fd, const char *text, size_t length, double seconds, int (*stop)(void *user), void *user);
/* Is the reader of a pipe gone? */
int rpc_reader_gone(int fd);
double rpc_now(void); /* seconds of a clock that is never set */

/* --- inbox.c ----------------------------------------------------------------------------------------------------- */

typedef struct rpc_queue {
    json_t *items[RPC_WAITING_MAX];
    size_t count;
} rpc_queue;

typedef enum rpc_asking { RPC_ASKS_NOTHING = 0, RPC_ASKS_TYPE, RPC_ASKS_HOOK } rpc_asking;

/* Starts the thread that reads: 0, or -1. */
int rpc_inbox_start(rpc *s);
/* The next request; NULL at the end. Owned by the caller. */
json_t *rpc_inbox_next(rpc *s);
/* Begins what a request asks: 0, or -1 when the caller is gone and it would change something. */
int rpc_inbox_begin(rpc *s, const rpc_method *method, const json_t *id);
/* It ended. 1: it was asked to stop meanwhile, so that the handle is not to be used again. */
int rpc_inbox_finish(rpc *s);
/* A question goes out, and its answer (or in a hook: a request) is waited for. Owned by the caller; NULL: none came within the
 * seconds, or all is to stop. */
void rpc_inbox_ask(rpc *s, rpc_asking what);
json_t *rpc_inbox_reply(rpc *s, double seconds);
void rpc_inbox_asked(rpc *s); /* the question is over */
/* What runs is to stop. */
void rpc_inbox_stop(rpc *s);
/* Was it asked to? */
int rpc_inbox_stopped(rpc *s);
int rpc_inbox_ended(rpc *s); /* will no message come any more? */
json_t *rpc_cancel(rpc *s, const json_t *params);

/* --- send.c: each takes the JSON that it is given; NULL is told as want of memory ---------------------------------- */

void rpc_send(rpc *s, json_t *message);
void rpc_send_result(rpc *s, const json_t *id, json_t *result);
void rpc_send_error(rpc *s, const json_t *id, json_t *error);
/* An error of the protocol itself. `id` NULL: it is not known. */
void rpc_send_problem(rpc *s, const json_t *id, int rpc_code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* What was passed over, and needs no answer: a notification "log". */
void rpc_send_warning(rpc *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A text; what is not UTF-8 becomes U+FFFD; NULL is null. */
json_t *rpc_text(const char *text);
/* The members of an error of the library. */
json_t *rpc_error_data(const moult_error *e);
/* {code, message, data}; the code is that of the library's, or `rpc_code` when not 0. */
json_t *rpc_error(const moult_error *e, int rpc_code);
/* Sets why the request fails; NULL, so that `return rpc_fail(…)` reads well. */
json_t *rpc_fail(rpc *s, const moult_error *e);
json_t *rpc_fail_with(rpc *s, int rpc_code, int code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* --- open.c ------------------------------------------------------------------------------------------------------ */

typedef struct rpc_hook {
    rpc *session;
    const char *version, *trigger; /* of the members of open */
} rpc_hook;

/* What open said. All of it borrows from `params`, but for the arrays. */
typedef struct rpc_target {
    json_t *params; /* NULL: not open */
    const char *url;
    moult_open_mode access;
    moult_options options;
    double answer_seconds;
    moult_source desired; /* all members NULL: none */
    moult_text *texts;
    moult_hook *hooks;
    rpc_hook *asked;
    const char **lists[4]; /* include, exclude, rule, fill */
} rpc_target;

extern const rpc_field rpc_open_params[], rpc_open_result[];
json_t *rpc_open(rpc *s, const json_t *params);
json_t *rpc_close(rpc *s, const json_t *params);
/* The open handle; opened again where it was stopped, and with an approval where one is given. NULL after rpc_fail(). */
moult *rpc_handle(rpc *s, const char *approve);
/* The handle is used no more; the next one that wants it opens it again. */
void rpc_drop_handle(rpc *s);

/* --- work.c, result.c -------------------------------------------------------------------------------------------- */

json_t *rpc_hello(rpc *s, const json_t *params);
json_t *rpc_plan_it(rpc *s, const json_t *params);
json_t *rpc_apply(rpc *s, const json_t *params);
json_t *rpc_approve(rpc *s, const json_t *params);
json_t *rpc_revoke(rpc *s, const json_t *params);
json_t *rpc_resume(rpc *s, const json_t *params);
json_t *rpc_rollback(rpc *s, const json_t *params);
json_t *rpc_status(rpc *s, const json_t *params);
json_t *rpc_history(rpc *s, const json_t *params);

/* What came of an apply, of a resume, of a rollback; NULL after rpc_fail(). `code` is what the library returned. */
json_t *rpc_result(rpc *s, moult *m, int code, const moult_result *result);
/* A plan, in the forms that the members of 'plan' ask for; NULL after rpc_fail(). */
json_t *rpc_plan_json(rpc *s, moult *m, const moult_plan *plan, int stored, const json_t *params);

/* --- hooks.c, values.c, events.c, schema.c ------------------------------------------------------------------------- */

int rpc_run_hook(void *user, moult_hook_context *context); /* moult_hook_fn; `user` is an rpc_hook */
int rpc_same_type(void *user, const char *table, const char *column, const char *live, const char *desired);

/* A value as JSON; NULL: no memory. */
json_t *rpc_value_json(const moult_value *value);
/* An array as values. 0, or -1 with a message. For rpc_values_free(). */
typedef struct rpc_values {
    moult_value *items;
    char **memory; /* what was decoded */
    size_t count;
} rpc_values;
int rpc_values_read(const json_t *array, rpc_values *out, opt_problem *problem);
void rpc_values_free(rpc_values *values);

int rpc_event(void *user, const moult_event *event); /* moult_event_fn; `user` is the session */

/* The JSON Schema to standard output: an exit status. */
int rpc_print_schema(void);

/* --- the session --------------------------------------------------------------------------------------------------- */

struct rpc {
    int verbose;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    rpc_queue requests, replies;
    const rpc_method *running; /* NULL: nothing does */
    const json_t *running_id;
    int ended;   /* no message will come any more */
    int stopped; /* what runs was asked to stop */
    rpc_asking asking;
    int answered;      /* the answer has come */
    int64_t questions; /* how many were asked: the number of the one that is open */
    moult *m;          /* NULL: not open; set by moult_open() while the other thread looks */
    pthread_mutex_t writing;
    double patience; /* under `writing`: seconds for which the caller may not read */
    int gone;        /* nobody reads; atomic */
    /* Used by the thread that works alone: */
    rpc_target target;
    int once;         /* the handle has an approval, which is for one request */
    json_t *failure;  /* why the request fails */
    char reason[512]; /* why it was stopped from within; empty: it was not */
    int reason_code;
};

#endif
