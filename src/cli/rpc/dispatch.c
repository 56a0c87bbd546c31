/* SPDX-License-Identifier: MIT */
/* dispatch.c - every method, once: what it takes, what it gives, what runs it. Checks, the schema and the docs come from here. */
#include <string.h>

#include "rpc.h"

static const char *const risks[] = {"safe", "medium", "high", NULL};
static const char *const triggers[] = {"before_ddl", "after_ddl", NULL};
static const char *const ops[] = {"create", "drop", "alter", "rename", "run", NULL};
static const char *const levels[] = {"debug", "info", "warning", NULL};
static const char *const outcomes[] = {"up_to_date", "applied", "recorded",      "behind",      "pending", "waits",
                                       "refused",    "locked",  "no_permission", "interrupted", NULL};

/* --- parts of members -------------------------------------------------------------------------------------------- */

const rpc_field rpc_text_fields[] = {
    {.name = "name", .type = RPC_TEXT, .required = 1, .help = "what errors call it: a path, a module"},
    {.name = "sql", .type = RPC_TEXT, .required = 1, .help = "SQL, with annotations such as -- @fill"},
    {0},
};
const rpc_field rpc_hook_fields[] = {
    {.name = "version", .type = RPC_TEXT, .required = 1, .help = "its name for ever: it runs once per database"},
    {.name = "trigger",
     .type = RPC_CHOICE,
     .required = 1,
     .choices = triggers,
     .help = "with everything new in place and nothing taken away yet, or when the schema is the desired one"},
    {.name = "priority", .type = RPC_INTEGER, .help = "lower ones run first; else 0"},
    {.name = "code", .type = RPC_TEXT, .help = "a text that changes when its code does, such as a hash"},
    {.name = "sql", .type = RPC_TEXT, .help = "statements that change data; else it is asked back"},
    {.name = "file", .type = RPC_TEXT, .help = "what errors in 'sql' call it"},
    {0},
};
const rpc_field rpc_change_fields[] = {
    {.name = "op", .type = RPC_CHOICE, .required = 1, .choices = ops, .help = "what is done; 'run' is a hook"},
    {.name = "kind", .type = RPC_TEXT, .required = 1, .help = "table, column, index, …, hook"},
    {.name = "name", .type = RPC_TEXT, .required = 1, .help = "user, user.email"},
    {.name = "what", .type = RPC_TEXT, .required = 1, .help = "INTEGER → TEXT; may be empty"},
    {.name = "risk", .type = RPC_CHOICE, .required = 1, .choices = risks, .help = "its level"},
    {.name = "rule", .type = RPC_TEXT, .required = 1, .help = "the rule that says so: see docs/rules.md"},
    {.name = "reason", .type = RPC_TEXT, .required = 1, .help = "what the rule says, with what the rows say"},
    {.name = "allowed", .type = RPC_TEXT, .help = "why an annotation or an option allows it"},
    {.name = "forbidden", .type = RPC_COUNT, .required = 1, .help = "so many rows forbid it in every mode"},
    {.name = "undoes_drift",
     .type = RPC_FLAG,
     .required = 1,
     .help = "the last version had it so, and somebody else changed it since"},
    {0},
};
const rpc_field rpc_hint_fields[] = {
    {.name = "kind", .type = RPC_TEXT, .required = 1, .help = "table, column"},
    {.name = "from", .type = RPC_TEXT, .required = 1, .help = "what is dropped"},
    {.name = "to", .type = RPC_TEXT, .required = 1, .help = "what is created"},
    {.name = "annotation", .type = RPC_TEXT, .required = 1, .help = "what makes it a rename"},
    {0},
};
const rpc_field rpc_error_fields[] = {
    {.name = "code", .type = RPC_TEXT, .required = 1, .help = "moult's code, such as SOURCE"},
    {.name = "message", .type = RPC_TEXT, .required = 1, .help = "what happened"},
    {.name = "exit_code", .type = RPC_COUNT, .required = 1, .help = "the exit status that the command would have"},
    {.name = "detail", .type = RPC_TEXT, .help = "more of it; may have several lines"},
    {.name = "hint", .type = RPC_TEXT, .help = "what to do"},
    {.name = "engine_code", .type = RPC_TEXT, .help = "the engine's own code"},
    {.name = "object", .type = RPC_TEXT, .help = "what it is about, such as 'table user'"},
    {.name = "file", .type = RPC_TEXT, .help = "where in the desired SQL"},
    {.name = "line", .type = RPC_COUNT, .required = 1, .help = "from 1; 0: not known"},
    {.name = "column", .type = RPC_COUNT, .required = 1, .help = "from 1; 0: not known"},
    {0},
};

/* --- members of methods ------------------------------------------------------------------------------------------ */

static const rpc_field nothing[] = {{0}};
static const rpc_field approved[] = {
    {.name = "approve", .type = RPC_TEXT, .help = "the id of the plan that a person approves here and now"},
    {0},
};
static const rpc_field hello_result[] = {
    {.name = "moult", .type = RPC_TEXT, .required = 1, .help = "its version"},
    {.name = "protocol", .type = RPC_COUNT, .required = 1, .help = "the version of this protocol: 1"},
    {.name = "message_max", .type = RPC_COUNT, .required = 1, .help = "bytes that a line may have, either way"},
    {.name = "methods", .type = RPC_TEXTS, .required = 1, .help = "their names"},
    {0},
};
static const rpc_field close_result[] = {
    {.name = "closed", .type = RPC_FLAG, .required = 1, .help = "true"},
    {0},
};
static const rpc_field plan_params[] = {
    {.name = "id", .type = RPC_TEXT, .help = "a plan that waits in the database; else one is made"},
    {.name = "document", .type = RPC_FLAG, .help = "give it whole, for apply"},
    {.name = "text", .type = RPC_FLAG, .help = "give it as a text for a person"},
    {.name = "sql", .type = RPC_FLAG, .help = "give it as a script for the engine's shell"},
    {0},
};
static const rpc_field plan_result[] = {
    {.name = "plan_id", .type = RPC_TEXT, .help = "null: there is nothing to do"},
    {.name = "risk", .type = RPC_CHOICE, .required = 1, .choices = risks, .help = "the highest of its changes"},
    {.name = "allowed", .type = RPC_FLAG, .required = 1, .help = "the mode lets it run without a person"},
    {.name = "stored", .type = RPC_FLAG, .required = 1, .help = "it waits in the database for approve"},
    {.name = "behind_version",
     .type = RPC_COUNT,
     .required = 1,
     .help = "the desired schema was this version, and has been replaced since; 0: it was not"},
    {.name = "changes", .type = RPC_CHANGES, .required = 1, .help = "what would be done"},
    {.name = "notes", .type = RPC_TEXTS, .required = 1, .help = "what is left alone, or cannot be told"},
    {.name = "hints", .type = RPC_HINTS, .required = 1, .help = "a drop and a create that look like a rename"},
    {.name = "document", .type = RPC_PLAN, .help = "the plan whole, where it was asked for"},
    {.name = "text", .type = RPC_TEXT, .help = "for a person, where it was asked for"},
    {.name = "sql", .type = RPC_TEXT, .help = "as a script, where it was asked for"},
    {0},
};
static const rpc_field apply_params[] = {
    {.name = "approve", .type = RPC_TEXT, .help = "the id of the plan that a person approves here and now"},
    {.name = "plan", .type = RPC_PLAN, .help = "run this plan and nothing else; else one is made"},
    {0},
};
static const rpc_field apply_result[] = {
    {.name = "outcome", .type = RPC_CHOICE, .required = 1, .choices = outcomes, .help = "what came of it"},
    {.name = "exit_code", .type = RPC_COUNT, .required = 1, .help = "the exit status that the command would have"},
    {.name = "version",
     .type = RPC_COUNT,
     .required = 1,
     .help = "the version that the database is at; 0: none, or not told"},
    {.name = "plan_id", .type = RPC_TEXT, .help = "of the plan that ran, or was refused"},
    {.name = "risk", .type = RPC_CHOICE, .choices = risks, .help = "the highest of its changes"},
    {.name = "changes", .type = RPC_CHANGES, .required = 1, .help = "of that plan"},
    {.name = "notes", .type = RPC_TEXTS, .required = 1, .help = "of that plan"},
    {.name = "hints", .type = RPC_HINTS, .required = 1, .help = "of that plan"},
    {.name = "text", .type = RPC_TEXT, .required = 1, .help = "for a person: what was done, or what to do"},
    {.name = "exported", .type = RPC_TEXT, .help = "no_permission: the script that the plan was written to"},
    {.name = "error", .type = RPC_ERROR, .help = "refused, locked, no_permission, interrupted: why"},
    {0},
};
static const rpc_field plan_id_params[] = {
    {.name = "id", .type = RPC_TEXT, .required = 1, .help = "the plan's id, or at least 8 digits of it"},
    {0},
};
static const rpc_field plan_id_result[] = {
    {.name = "plan_id", .type = RPC_TEXT, .required = 1, .help = "the whole id"},
    {0},
};
static const rpc_field rollback_params[] = {
    {.name = "version", .type = RPC_COUNT, .help = "of the history; else the one before the last"},
    {.name = "approve", .type = RPC_TEXT, .help = "the id of the plan that a person approves here and now"},
    {0},
};
static const rpc_field cancel_params[] = {
    {.name = "id", .type = RPC_REQUEST_ID, .help = "of the request; else the one that runs"},
    {0},
};
static const rpc_field cancel_result[] = {
    {.name = "cancelled", .type = RPC_FLAG, .required = 1, .help = "false: it does not run, nor wait"},
    {0},
};
static const rpc_field execute_params[] = {
    {.name = "sql", .type = RPC_TEXT, .required = 1, .help = "one statement; parameters are written ?"},
    {.name = "params", .type = RPC_VALUES, .help = "as many values as it has parameters"},
    {.name = "many", .type = RPC_ROWS, .help = "instead of params: run it once for each of these"},
    {0},
};
static const rpc_field execute_result[] = {
    {.name = "changed", .type = RPC_COUNT, .required = 1, .help = "how many rows were changed, in all"},
    {0},
};
static const rpc_field query_params[] = {
    {.name = "sql", .type = RPC_TEXT, .required = 1, .help = "one statement; parameters are written ?"},
    {.name = "params", .type = RPC_VALUES, .help = "as many values as it has parameters"},
    {0},
};
static const rpc_field query_result[] = {
    {.name = "columns", .type = RPC_TEXTS, .required = 1, .help = "their names"},
    {.name = "rows", .type = RPC_ROWS, .required = 1, .help = "the values of each row"},
    {.name = "changed", .type = RPC_COUNT, .required = 1, .help = "how many rows were changed"},
    {0},
};

const rpc_method rpc_methods[] = {
    {"hello", "tell which moult this is", 0, nothing, hello_result, NULL, rpc_hello},
    {"open", "name a database, the desired schema, and how to go about it; nothing is changed", 0, rpc_open_params,
     rpc_open_result, NULL, rpc_open},
    {"close", "leave the database", RPC_NEEDS_OPEN, nothing, close_result, NULL, rpc_close},
    {"plan", "tell what would be done, with its risk; one that needs approval is stored", RPC_NEEDS_OPEN, plan_params,
     plan_result, NULL, rpc_plan_it},
    {"apply", "make the database be the desired schema", RPC_NEEDS_OPEN | RPC_CHANGES_IT, apply_params, apply_result,
     NULL, rpc_apply},
    {"approve", "let a plan that waits run, once", RPC_NEEDS_OPEN | RPC_CHANGES_IT, plan_id_params, plan_id_result,
     NULL, rpc_approve},
    {"revoke", "take an approval back", RPC_NEEDS_OPEN | RPC_CHANGES_IT, plan_id_params, plan_id_result, NULL,
     rpc_revoke},
    {"resume", "go on with an apply that was interrupted", RPC_NEEDS_OPEN | RPC_CHANGES_IT, approved, apply_result,
     NULL, rpc_resume},
    {"status", "tell where the database stands", RPC_NEEDS_OPEN, nothing, nothing, "status.schema.json", rpc_status},
    {"history", "list what has been applied", RPC_NEEDS_OPEN, nothing, nothing, "history.schema.json", rpc_history},
    {"rollback", "go back to a past version, with the rows that the attic kept", RPC_NEEDS_OPEN | RPC_CHANGES_IT,
     rollback_params, apply_result, NULL, rpc_rollback},
    {"cancel", "stop what runs, or take back what waits; may come at any time", RPC_ANY_TIME, cancel_params,
     cancel_result, NULL, rpc_cancel},
    {"execute", "inside a hook: run a statement", RPC_IN_A_HOOK, execute_params, execute_result, NULL, NULL},
    {"query", "inside a hook: run a statement, and get its rows", RPC_IN_A_HOOK, query_params, query_result, NULL,
     NULL},
    {0},
};

/* --- what moult says of its own ---------------------------------------------------------------------------------- */

static const rpc_field hook_params[] = {
    {.name = "version", .type = RPC_TEXT, .required = 1, .help = "the hook's"},
    {.name = "trigger", .type = RPC_CHOICE, .required = 1, .choices = triggers, .help = "the hook's"},
    {0},
};
static const rpc_field same_type_params[] = {
    {.name = "table", .type = RPC_TEXT, .required = 1, .help = "whose column it is"},
    {.name = "column", .type = RPC_TEXT, .required = 1, .help = "its name"},
    {.name = "live", .type = RPC_TEXT, .required = 1, .help = "the type that is there, in canonical form"},
    {.name = "desired", .type = RPC_TEXT, .required = 1, .help = "the type that is declared, in canonical form"},
    {0},
};
static const rpc_field log_params[] = {
    {.name = "level", .type = RPC_CHOICE, .required = 1, .choices = levels, .help = "debug ones come with --verbose"},
    {.name = "message", .type = RPC_TEXT, .required = 1, .help = "for an operator"},
    {0},
};
static const rpc_field step_params[] = {
    {.name = "title", .type = RPC_TEXT, .required = 1, .help = "what it does"},
    {.name = "step", .type = RPC_COUNT, .required = 1, .help = "its number, from 1"},
    {.name = "steps", .type = RPC_COUNT, .required = 1, .help = "how many there are"},
    {.name = "finished", .type = RPC_FLAG, .required = 1, .help = "it begins, or has ended"},
    {.name = "seconds", .type = RPC_SECONDS, .required = 1, .help = "since it began"},
    {0},
};
static const rpc_field progress_params[] = {
    {.name = "title", .type = RPC_TEXT, .required = 1, .help = "what the step does"},
    {.name = "step", .type = RPC_COUNT, .required = 1, .help = "its number, from 1"},
    {.name = "steps", .type = RPC_COUNT, .required = 1, .help = "how many there are"},
    {.name = "done", .type = RPC_COUNT, .required = 1, .help = "rows that are done"},
    {.name = "total", .type = RPC_COUNT, .required = 1, .help = "rows in all; 0: not known"},
    {.name = "seconds", .type = RPC_SECONDS, .required = 1, .help = "since the step began"},
    {0},
};

const rpc_message rpc_messages[] = {
    {"hook", "run this hook, with execute and query, and answer when it is done; an error undoes it and ends the apply",
     hook_params, RPC_NOTHING},
    {"same_type", "are these two types of a column the same to the application?", same_type_params, RPC_FLAG},
    {"log", "a message for an operator", log_params, RPC_END},
    {"step", "a step begins, or has ended", step_params, RPC_END},
    {"progress", "a long step goes on", progress_params, RPC_END},
    {0},
};

/* --- looking them up --------------------------------------------------------------------------------------------- */

const rpc_method *rpc_method_find(const char *name)
{
    for (const rpc_method *m = rpc_methods; m->name; m++) {
        if (strcmp(m->name, name) == 0) {
            return m;
        }
    }
    return NULL;
}

const char *rpc_method_nearest(const char *name)
{
    const char *names[sizeof rpc_methods / sizeof rpc_methods[0]];
    size_t n = 0;

    for (; rpc_methods[n].name; n++) {
        names[n] = rpc_methods[n].name;
    }
    names[n] = NULL;
    return opt_nearest(name, names);
}
