/* SPDX-License-Identifier: MIT */
/* schema.c - the JSON Schema of the protocol, made from the tables of methods, messages and fields. */
#include <stdlib.h>
#include <string.h>

#include "rpc.h"

/* What tables do not say. */
static const char fixed[] =
    "{"
    "\"id\": {\"description\": \"of a request: a text, or a whole number\", \"type\": [\"string\", \"integer\"]},"
    "\"value\": {\"description\": \"a value of SQL; objects are what JSON cannot hold: whole numbers beyond 2^53, "
    "infinities, bytes (base64), texts that are not UTF-8 (base64)\", \"oneOf\": ["
    "{\"type\": [\"null\", \"boolean\", \"number\", \"string\"]},"
    "{\"type\": \"object\", \"required\": [\"integer\"], \"additionalProperties\": false, \"properties\": "
    "{\"integer\": "
    "{\"type\": \"string\", \"pattern\": \"^[-+]?[0-9]+$\"}}},"
    "{\"type\": \"object\", \"required\": [\"real\"], \"additionalProperties\": false, \"properties\": {\"real\": "
    "{\"type\": \"string\"}}},"
    "{\"type\": \"object\", \"required\": [\"blob\"], \"additionalProperties\": false, \"properties\": {\"blob\": "
    "{\"type\": \"string\", \"contentEncoding\": \"base64\"}}},"
    "{\"type\": \"object\", \"required\": [\"text\"], \"additionalProperties\": false, \"properties\": {\"text\": "
    "{\"type\": \"string\", \"contentEncoding\": \"base64\"}}}]},"
    "\"error\": {\"description\": \"an answer that says what went wrong; its id is null where the line had none that "
    "could be "
    "read\", \"type\": \"object\", \"required\": [\"jsonrpc\", \"id\", \"error\"], \"additionalProperties\": false, "
    "\"properties\": {\"jsonrpc\": {\"const\": \"2.0\"}, \"id\": {\"type\": [\"string\", \"integer\", \"null\"]}, "
    "\"error\": {\"type\": \"object\", \"required\": [\"code\", \"message\"], \"additionalProperties\": false, "
    "\"properties\": {\"code\": {\"type\": \"integer\"}, \"message\": {\"type\": \"string\"}, \"data\": {\"$ref\": "
    "\"#/$defs/error_data\"}}}}},"
    "\"answer_error\": {\"description\": \"the caller's: a question failed\", \"type\": \"object\", \"required\": "
    "[\"jsonrpc\", \"id\", \"error\"], \"additionalProperties\": false, \"properties\": {\"jsonrpc\": {\"const\": "
    "\"2.0\"}, "
    "\"id\": {\"type\": \"string\"}, \"error\": {\"type\": \"object\", \"required\": [\"message\"], \"properties\": "
    "{\"code\": {\"type\": \"integer\"}, \"message\": {\"type\": \"string\"}}}}}"
    "}";

static json_t *choices_json(const char *const *choices)
{
    json_t *all = json_array();

    for (size_t i = 0; choices[i]; i++) {
        json_array_append_new(all, json_string(choices[i]));
    }
    return json_pack("{s:o}", "enum", all);
}

static json_t *field_json(const rpc_view *view, int nullable)
{
    json_t *schema = view->type == RPC_CHOICE ? choices_json(view->choices)
                                              : json_loads(rpc_type_schema(view->type), JSON_DECODE_ANY, NULL);

    if (nullable) {
        schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
    }
    json_object_set_new(schema, "description", json_string(view->help));
    return schema;
}

/* An object with these members. `result`: all are there, and those that are not required may be null. */
static json_t *object_json(const rpc_field *fields, int result)
{
    json_t *required = json_array(), *properties = json_object();
    rpc_view view;

    for (; fields->type != RPC_END; fields++) {
        rpc_field_view(fields, &view);
        if (fields->required || result) {
            json_array_append_new(required, json_string(view.name));
        }
        json_object_set_new(properties, view.name, field_json(&view, result && !fields->required));
    }
    return json_pack("{s:s, s:o, s:b, s:o}", "type", "object", "required", required, "additionalProperties", 0,
                     "properties", properties);
}

static int has_required(const rpc_field *fields)
{
    for (; fields->type != RPC_END; fields++) {
        if (fields->required) {
            return 1;
        }
    }
    return 0;
}

static json_t *reference(const char *name)
{
    char path[96];

    snprintf(path, sizeof path, "#/$defs/%s", name);
    return json_pack("{s:s}", "$ref", path);
}

/* jsonrpc, id (NULL: none), method, params. */
static json_t *call_json(const char *name, const char *summary, const rpc_field *fields, json_t *id, int params_needed)
{
    json_t *required = json_pack("[s, s]", "jsonrpc", "method");
    json_t *properties = json_pack("{s:{s:s}, s:{s:s}, s:o}", "jsonrpc", "const", "2.0", "method", "const", name,
                                   "params", object_json(fields, 0));

    if (id) {
        json_object_set_new(properties, "id", id);
        json_array_append_new(required, json_string("id"));
    }
    if (params_needed) {
        json_array_append_new(required, json_string("params"));
    }
    return json_pack("{s:s, s:s, s:o, s:b, s:o}", "description", summary, "type", "object", "required", required,
                     "additionalProperties", 0, "properties", properties);
}

static json_t *answer_json(const char *summary, json_t *id, json_t *result)
{
    return json_pack("{s:s, s:s, s:[s, s, s], s:b, s:{s:{s:s}, s:o, s:o}}", "description", summary, "type", "object",
                     "required", "jsonrpc", "id", "result", "additionalProperties", 0, "properties", "jsonrpc", "const",
                     "2.0", "id", id, "result", result);
}

/* Defines it, and names it as one of the messages that go one way. */
static void define(json_t *defs, json_t *way, const char *kind, const char *name, json_t *schema)
{
    char key[80];

    snprintf(key, sizeof key, "%s_%s", kind, name);
    json_object_set_new(defs, key, schema);
    json_array_append_new(way, reference(key));
}

static void add_methods(json_t *defs, json_t *to, json_t *from)
{
    for (const rpc_method *m = rpc_methods; m->name; m++) {
        json_t *result = m->result_schema ? json_pack("{s:s}", "$ref", m->result_schema) : object_json(m->result, 1);
        json_t *request = call_json(m->name, m->summary, m->params, reference("id"), has_required(m->params));
        if (m->flags & RPC_ANY_TIME) { /* as a notification too */
            json_object_set_new(request, "required", json_pack("[s, s]", "jsonrpc", "method"));
        }
        define(defs, to, "request", m->name, request);
        define(defs, from, "answer", m->name, answer_json(m->summary, reference("id"), result));
    }
}

static void add_messages(json_t *defs, json_t *to, json_t *from)
{
    for (const rpc_message *m = rpc_messages; m->name; m++) {
        json_t *id = m->result == RPC_END ? NULL : json_pack("{s:s}", "type", "string");
        define(defs, from, m->result == RPC_END ? "event" : "question", m->name,
               call_json(m->name, m->summary, m->params, id, 1));
        if (m->result != RPC_END) {
            define(defs, to, "reply", m->name,
                   answer_json(m->summary, json_pack("{s:s}", "type", "string"),
                               json_loads(rpc_type_schema(m->result), JSON_DECODE_ANY, NULL)));
        }
    }
}

static void add_parts(json_t *defs)
{
    static const struct {
        const char *name;
        const rpc_field *fields;
        int result;
    } parts[] = {{"text", rpc_text_fields, 0},
                 {"hook", rpc_hook_fields, 0},
                 {"change", rpc_change_fields, 1},
                 {"hint", rpc_hint_fields, 1},
                 {"error_data", rpc_error_fields, 1}};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        json_object_set_new(defs, parts[i].name, object_json(parts[i].fields, parts[i].result));
    }
}

int rpc_print_schema(void)
{
    json_t *defs = json_loads(fixed, 0, NULL), *to = json_array(), *from = json_array();

    add_parts(defs);
    add_methods(defs, to, from);
    add_messages(defs, to, from);
    json_array_append_new(to, reference("answer_error"));
    json_array_append_new(from, reference("error"));
    json_object_set_new(defs, "to_moult",
                        json_pack("{s:s, s:o}", "description", "a line that moult reads", "anyOf", to));
    json_object_set_new(defs, "from_moult",
                        json_pack("{s:s, s:o}", "description", "a line that moult writes", "anyOf", from));
    json_t *all =
        json_pack("{s:s, s:s, s:s, s:s, s:[o, o], s:o}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "$id", "rpc.schema.json", "title", "moult rpc", "description",
                  "The messages of `moult rpc`, one a line, made by `moult rpc --schema`. docs/rpc.md explains "
                  "them.",
                  "anyOf", reference("to_moult"), reference("from_moult"), "$defs", defs);
    int failed = !all || json_dumpf(all, stdout, JSON_INDENT(2)) != 0;
    json_decref(all);
    putchar('\n');
    return failed ? EXIT_ERROR : EXIT_DONE;
}
