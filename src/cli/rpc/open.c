/* SPDX-License-Identifier: MIT */
/*
 * open.c - open and close: the members of open become the options of the library.
 *
 * Those that the command line has too are given to database.c as if they had come from there, so that they mean the same.
 */
#include <stdlib.h>
#include <string.h>

#include "rpc.h"

#define OPTION(id_)                                                                                                    \
    {                                                                                                                  \
        .type = RPC_OPTION, .option = (id_)                                                                            \
    }
static const char *const accesses[] = {"create", "write", "read", NULL};

const rpc_field rpc_open_params[] = {
    {.type = RPC_OPTION,
     .option = OPT_URL,
     .required = 1,
     .help = "the database: a URL, or the path of a file; ?schema=NAME,NAME as --schema has it"},
    {.name = "desired",
     .type = RPC_SOURCE,
     .help = "the desired schema: a text {name, sql}, an array of them, or a source as for --to: a file, a folder, a "
             "glob, cmd:COMMAND, a database, history:VERSION"},
    {.name = "access",
     .type = RPC_CHOICE,
     .choices = accesses,
     .help =
         "make the database where there is none (the default); it must be there; it must be there, and is only read"},
    {.name = "hooks", .type = RPC_HOOKS, .help = "data hooks; those without SQL are asked back"},
    {.name = "same_type", .type = RPC_FLAG, .help = "ask back whether two types of a column are the same"},
    {.name = "answer_timeout",
     .type = RPC_SECONDS,
     .help = "how long the caller may be silent when it was asked, or not read; else 300"},
    {.name = "applied_by", .type = RPC_TEXT, .help = "who, for the history; else the account of the process"},
    OPTION(OPT_MODE),
    OPTION(OPT_PHASE),
    OPTION(OPT_OWN),
    {.type = RPC_OPTION, .option = OPT_INCLUDE, .help = "look at tables and views of these names only (* and ?)"},
    {.type = RPC_OPTION, .option = OPT_EXCLUDE, .help = "do not look at tables and views of these names"},
    OPTION(OPT_COLUMN_ORDER),
    {.type = RPC_OPTION, .option = OPT_RULE, .help = "other levels of risk, such as drop-index=safe"},
    {.type = RPC_OPTION,
     .option = OPT_FILL,
     .help = "TABLE.COLUMN=EXPRESSION: what a column that comes back, or is NOT NULL again, holds in rows that have "
             "nothing for it"},
    OPTION(OPT_BACKWARD),
    OPTION(OPT_RECORD_ONLY),
    OPTION(OPT_FULL),
    OPTION(OPT_NO_ATTIC),
    OPTION(OPT_ATTIC_AGE),
    OPTION(OPT_NO_BACKUP),
    OPTION(OPT_ONLINE),
    OPTION(OPT_NO_ONLINE),
    {.type = RPC_OPTION,
     .option = OPT_INDEXES_LAST,
     .help = "as online, and build indexes last: sooner done, but each blocks writers while it is built"},
    {.type = RPC_OPTION,
     .option = OPT_EXPORT,
     .help = "where a plan is written that this account may not run; '' writes none; else migration_plan.sql"},
    OPTION(OPT_CACHE),
    OPTION(OPT_WAIT),
    OPTION(OPT_LOCK_TIMEOUT),
    OPTION(OPT_DETECT_TIMEOUT),
    OPTION(OPT_PROBE_TIMEOUT),
    OPTION(OPT_STATEMENT_TIMEOUT),
    {0},
};
#undef OPTION

const rpc_field rpc_open_result[] = {
    {.name = "database", .type = RPC_TEXT, .required = 1, .help = "for a person, without any password"},
    {.name = "engine", .type = RPC_TEXT, .required = 1, .help = "with its version"},
    {0},
};

/* --- members → options ------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *params, const char *name)
{
    return json_string_value(json_object_get(params, name));
}

/* An array of texts, ended by NULL; borrows them. NULL: no memory. */
static const char **list_of(const json_t *array)
{
    size_t n = json_array_size(array);
    const char **list = calloc(n + 1, sizeof *list);

    for (size_t i = 0; list && i < n; i++) {
        list[i] = json_string_value(json_array_get(array, i));
    }
    return list;
}

/* One option, as the command line would have it. Lists are not among them: they may be long. */
static void set_option(opt_values *values, const rpc_field *field, const json_t *value)
{
    opt_id id = field->option;

    switch (option_table[id].type) {
    case OPT_IS_FLAG:
        values->given[id] = json_is_true(value);
        break;
    case OPT_IS_SECONDS:
        values->given[id] = 1;
        values->seconds[id] = json_number_value(value);
        break;
    default:
        values->given[id] = 1;
        values->text[id] = json_string_value(value);
    }
}

static void set_options(rpc *s, rpc_target *t)
{
    cli as_typed;
    rpc_view view;

    memset(&as_typed, 0, sizeof as_typed);
    for (const rpc_field *f = rpc_open_params; f->type != RPC_END; f++) {
        rpc_field_view(f, &view);
        const json_t *value = json_object_get(t->params, view.name);
        if (f->type == RPC_OPTION && value && view.type != RPC_TEXTS) {
            set_option(&as_typed.values, f, value);
        }
    }
    cli_options(&as_typed, &t->options);
    t->options.on_event = rpc_event;
    t->options.on_event_user = s;
    t->options.applied_by = text_of(t->params, "applied_by");
    t->options.same_type = json_is_true(json_object_get(t->params, "same_type")) ? rpc_same_type : NULL;
    t->options.same_type_user = s;
}

static int set_lists(rpc_target *t)
{
    static const char *const names[] = {"include", "exclude", "rule", "fill"};
    const char *const **places[] = {&t->options.include, &t->options.exclude, &t->options.rules, &t->options.fills};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *given = json_object_get(t->params, names[i]);
        t->lists[i] = given ? list_of(given) : NULL;
        if (given && !t->lists[i]) {
            return MOULT_NOMEM;
        }
        *places[i] = t->lists[i];
    }
    return MOULT_OK;
}

/* --- the desired schema ------------------------------------------------------------------------------------------ */

static int set_text(const json_t *value, moult_text *out, opt_problem *problem)
{
    if (rpc_fields_check(rpc_text_fields, value, problem) != 0) {
        return MOULT_INVALID;
    }
    *out = (moult_text){text_of(value, "name"), text_of(value, "sql")};
    return MOULT_OK;
}

static int set_desired(rpc_target *t, opt_problem *problem)
{
    const json_t *desired = json_object_get(t->params, "desired");
    size_t n = json_is_array(desired) ? json_array_size(desired) : 1;
    int rc = MOULT_OK;

    if (!desired) {
        return MOULT_OK;
    }
    if (json_is_string(desired)) {
        t->desired.uri = json_string_value(desired);
        if (strcmp(t->desired.uri, "-") != 0) {
            return MOULT_OK;
        }
        snprintf(problem->message, sizeof problem->message,
                 "'desired' cannot be standard input, which has the messages");
        snprintf(problem->hint, sizeof problem->hint, "give the SQL itself: {\"name\": …, \"sql\": …}");
        return MOULT_INVALID;
    }
    t->texts = calloc(n + 1, sizeof *t->texts);
    t->desired.texts = t->texts;
    for (size_t i = 0; t->texts && rc == MOULT_OK && i < n; i++) {
        rc = set_text(json_is_array(desired) ? json_array_get(desired, i) : desired, &t->texts[i], problem);
    }
    return t->texts ? rc : MOULT_NOMEM;
}

/* --- hooks ------------------------------------------------------------------------------------------------------- */

static int set_hook(rpc *s, const json_t *value, moult_hook *out, rpc_hook *asked, opt_problem *problem)
{
    if (rpc_fields_check(rpc_hook_fields, value, problem) != 0) {
        return MOULT_INVALID;
    }
    *asked = (rpc_hook){s, text_of(value, "version"), text_of(value, "trigger")};
    *out = (moult_hook){.version = asked->version,
                        .trigger = strcmp(asked->trigger, "after_ddl") == 0 ? MOULT_AFTER_DDL : MOULT_BEFORE_DDL,
                        .priority = (int)json_integer_value(json_object_get(value, "priority")),
                        .sql = text_of(value, "sql"),
                        .file = text_of(value, "file"),
                        .code = text_of(value, "code"),
                        .user = asked};
    out->run = out->sql ? NULL : rpc_run_hook;
    return MOULT_OK;
}

static int set_hooks(rpc *s, rpc_target *t, opt_problem *problem)
{
    const json_t *hooks = json_object_get(t->params, "hooks");
    size_t n = json_array_size(hooks);
    int rc = MOULT_OK;

    t->hooks = calloc(n + 1, sizeof *t->hooks);
    t->asked = calloc(n + 1, sizeof *t->asked);
    if (!t->hooks || !t->asked) {
        return MOULT_NOMEM;
    }
    for (size_t i = 0; rc == MOULT_OK && i < n; i++) {
        rc = set_hook(s, json_array_get(hooks, i), &t->hooks[i], &t->asked[i], problem);
    }
    t->options.hooks = n ? t->hooks : NULL;
    return rc;
}

/* --- open and close ---------------------------------------------------------------------------------------------- */

static void forget_target(rpc *s)
{
    rpc_target *t = &s->target;

    for (size_t i = 0; i < sizeof t->lists / sizeof t->lists[0]; i++) {
        free(t->lists[i]);
    }
    free(t->texts);
    free(t->hooks);
    free(t->asked);
    json_decref(t->params);
    *t = (rpc_target){0};
}

static void set_patience(rpc *s, double seconds)
{
    pthread_mutex_lock(&s->writing);
    s->patience = seconds;
    pthread_mutex_unlock(&s->writing);
}

static int set_target(rpc *s, const json_t *params, opt_problem *problem)
{
    rpc_target *t = &s->target;
    const char *access = text_of(params, "access");
    const json_t *patience = json_object_get(params, "answer_timeout");

    t->params = json_incref((json_t *)params);
    t->url = text_of(params, "url");
    t->access = !access || strcmp(access, "create") == 0 ? MOULT_OPEN_CREATE
                : strcmp(access, "write") == 0           ? MOULT_OPEN_WRITE
                                                         : MOULT_OPEN_READ;
    t->answer_seconds = patience ? json_number_value(patience) : RPC_ANSWER_SECONDS;
    if (t->answer_seconds <= 0) {
        snprintf(problem->message, sizeof problem->message, "'answer_timeout' is more than 0");
        snprintf(problem->hint, sizeof problem->hint, "nothing is waited for without a limit");
        return MOULT_INVALID;
    }
    set_options(s, t);
    int rc = set_lists(t);
    if (rc == MOULT_OK) {
        rc = set_desired(t, problem);
    }
    return rc == MOULT_OK ? set_hooks(s, t, problem) : rc;
}

void rpc_drop_handle(rpc *s)
{
    cli_stop_on_signal(NULL);
    pthread_mutex_lock(&s->lock);
    moult *m = s->m;
    __atomic_store_n(&s->m, NULL, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&s->lock);
    moult_close(m);
    s->once = 0;
}

static json_t *fail_to_open(rpc *s)
{
    rpc_fail(s, moult_error_of(s->m));
    rpc_drop_handle(s);
    return NULL;
}

moult *rpc_handle(rpc *s, const char *approve)
{
    moult_options options = s->target.options;

    if (s->m && !approve) {
        cli_stop_on_signal(s->m);
        return s->m;
    }
    rpc_drop_handle(s);
    options.approve = approve;
    if (moult_open(&s->m, s->target.url, s->target.access, &options) != MOULT_OK) {
        fail_to_open(s);
        return NULL;
    }
    cli_stop_on_signal(s->m);
    s->once = approve != NULL;
    if (!rpc_inbox_stopped(s)) {
        return s->m;
    }
    rpc_fail_with(s, 0, MOULT_CANCELLED, "nothing was changed", "cancelled");
    return NULL;
}

json_t *rpc_open(rpc *s, const json_t *params)
{
    opt_problem problem = {0};

    if (s->target.params) {
        return rpc_fail_with(s, RPC_OUT_OF_ORDER, MOULT_INVALID, "close it first, or start another process",
                             "a database is open already");
    }
    int rc = set_target(s, params, &problem);
    if (rc != MOULT_OK) {
        forget_target(s);
        return rc == MOULT_NOMEM ? rpc_fail_with(s, 0, rc, NULL, "out of memory")
                                 : rpc_fail_with(s, RPC_BAD_PARAMS, rc, problem.hint, "open: %s", problem.message);
    }
    if (!rpc_handle(s, NULL)) {
        forget_target(s);
        return NULL;
    }
    set_patience(s, s->target.answer_seconds);
    return json_pack("{s:o, s:o}", "database", rpc_text(moult_database_name(s->m)), "engine",
                     rpc_text(moult_engine(s->m)));
}

json_t *rpc_close(rpc *s, const json_t *params)
{
    (void)params;
    rpc_drop_handle(s);
    forget_target(s);
    set_patience(s, RPC_ANSWER_SECONDS);
    return json_pack("{s:b}", "closed", 1);
}
