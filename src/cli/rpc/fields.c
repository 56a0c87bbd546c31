/* SPDX-License-Identifier: MIT */
/* fields.c - the types of members, and whether what was given fits; what does not is told with what was probably meant. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "rpc.h"

/* --- types ------------------------------------------------------------------------------------------------------- */

static int is_text(const json_t *v)
{
    /* A NUL would end it early on its way. */
    return json_is_string(v) && strlen(json_string_value(v)) == json_string_length(v);
}

static int is_flag(const json_t *v)
{
    return json_is_boolean(v);
}

static int is_seconds(const json_t *v)
{
    return json_is_number(v) && json_number_value(v) >= 0 && isfinite(json_number_value(v));
}

static int is_integer(const json_t *v)
{
    return json_is_integer(v) && json_integer_value(v) >= INT32_MIN && json_integer_value(v) <= INT32_MAX;
}

static int is_count(const json_t *v)
{
    return json_is_integer(v) && json_integer_value(v) >= 0;
}

static int is_array_of(const json_t *v, int (*is)(const json_t *))
{
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (!is(json_array_get(v, i))) {
            return 0;
        }
    }
    return json_is_array(v);
}

static int is_filled_text(const json_t *v)
{
    return is_text(v) && json_string_length(v) > 0;
}

static int is_texts(const json_t *v)
{
    return is_array_of(v, is_filled_text);
}

static int is_request_id(const json_t *v)
{
    return json_is_string(v) || json_is_integer(v);
}

static int is_object(const json_t *v)
{
    return json_is_object(v);
}

static int is_array(const json_t *v)
{
    return json_is_array(v);
}

static int is_objects(const json_t *v)
{
    return is_array_of(v, is_object);
}

static int is_source(const json_t *v)
{
    return is_filled_text(v) || json_is_object(v) || (is_objects(v) && json_array_size(v) > 0);
}

static int is_rows(const json_t *v)
{
    return is_array_of(v, is_array);
}

static const struct {
    int (*is)(const json_t *v); /* NULL: of results only */
    const char *words, *schema;
} types[] = {
    [RPC_TEXT] = {is_text, "a text", "{\"type\": \"string\"}"},
    [RPC_FLAG] = {is_flag, "true or false", "{\"type\": \"boolean\"}"},
    [RPC_CHOICE] = {is_text, "a text", "{\"type\": \"string\"}"},
    [RPC_SECONDS] = {is_seconds, "a number of seconds, from 0", "{\"type\": \"number\", \"minimum\": 0}"},
    [RPC_INTEGER] = {is_integer, "a whole number of 32 bits", "{\"type\": \"integer\"}"},
    [RPC_COUNT] = {is_count, "a whole number, from 0", "{\"type\": \"integer\", \"minimum\": 0}"},
    [RPC_TEXTS] = {is_texts, "an array of texts", "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}"},
    [RPC_REQUEST_ID] = {is_request_id, "the id of a request", "{\"$ref\": \"#/$defs/id\"}"},
    [RPC_SOURCE] = {is_source, "a source, a text {name, sql}, or an array of such texts",
                    "{\"oneOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/text\"}, {\"type\": \"array\", "
                    "\"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/text\"}}]}"},
    [RPC_HOOKS] = {is_objects, "an array of hooks", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/hook\"}}"},
    [RPC_VALUES] = {is_array, "an array of values", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/value\"}}"},
    [RPC_ROWS] = {is_rows, "an array of arrays of values",
                  "{\"type\": \"array\", \"items\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/value\"}}}"},
    [RPC_PLAN] = {is_object, "a plan", "{\"$ref\": \"plan.schema.json\"}"},
    [RPC_CHANGES] = {NULL, NULL, "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/change\"}}"},
    [RPC_HINTS] = {NULL, NULL, "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/hint\"}}"},
    [RPC_ERROR] = {NULL, NULL, "{\"$ref\": \"#/$defs/error_data\"}"},
    [RPC_NOTHING] = {NULL, NULL, "true"},
};

const char *rpc_type_schema(rpc_type type)
{
    return types[type].schema;
}

/* --- fields ------------------------------------------------------------------------------------------------------ */

static void option_view(const option_info *option, rpc_view *out)
{
    static const rpc_type of_option[] = {[OPT_IS_FLAG] = RPC_FLAG,
                                         [OPT_IS_TEXT] = RPC_TEXT,
                                         [OPT_IS_LIST] = RPC_TEXTS,
                                         [OPT_IS_CHOICE] = RPC_CHOICE,
                                         [OPT_IS_SECONDS] = RPC_SECONDS};

    snprintf(out->name, sizeof out->name, "%s", option->name);
    for (char *p = out->name; *p; p++) {
        *p = *p == '-' ? '_' : *p;
    }
    out->type = of_option[option->type];
    out->help = option->help;
    out->choices = option->choices;
}

void rpc_field_view(const rpc_field *field, rpc_view *out)
{
    memset(out, 0, sizeof *out);
    if (field->type == RPC_OPTION) {
        option_view(&option_table[field->option], out);
        out->help = field->help ? field->help : out->help;
        return;
    }
    snprintf(out->name, sizeof out->name, "%s", field->name);
    out->type = field->type;
    out->help = field->help;
    out->choices = field->choices;
}

/* --- checking ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static int bad(opt_problem *problem, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(problem->message, sizeof problem->message, format, args);
    va_end(args);
    return -1;
}

static int unknown(const rpc_field *fields, const char *name, opt_problem *problem)
{
    enum { FIELDS_MAX = 48 };
    rpc_view views[FIELDS_MAX];
    const char *names[FIELDS_MAX + 1] = {NULL};
    size_t n = 0;

    for (; fields[n].type != RPC_END && n < FIELDS_MAX; n++) {
        rpc_field_view(&fields[n], &views[n]);
        names[n] = views[n].name;
    }
    const char *near = opt_nearest(name, names);
    if (near) {
        snprintf(problem->hint, sizeof problem->hint, "did you mean '%s'?", near);
    }
    return bad(problem, "there is no member '%.80s'", name);
}

static int check_choice(const rpc_view *view, const json_t *value, opt_problem *problem)
{
    size_t n = 0, i = 0;

    while (view->choices[i] && strcmp(view->choices[i], json_string_value(value)) != 0) {
        i++;
    }
    if (view->choices[i]) {
        return 0;
    }
    for (i = 0; view->choices[i] && n < sizeof problem->hint; i++) {
        n += (size_t)snprintf(problem->hint + n, sizeof problem->hint - n, "%s%s",
                              i == 0                 ? "it is one of "
                              : view->choices[i + 1] ? ", "
                                                     : " and ",
                              view->choices[i]);
    }
    return bad(problem, "'%s' cannot be '%.80s'", view->name, json_string_value(value));
}

static int check_field(const rpc_field *field, const json_t *value, opt_problem *problem)
{
    rpc_view view;

    rpc_field_view(field, &view);
    if (!value) {
        return field->required ? bad(problem, "'%s' is missing", view.name) : 0;
    }
    if (!types[view.type].is(value)) {
        return bad(problem, "'%s' is %s", view.name, types[view.type].words);
    }
    return view.type == RPC_CHOICE ? check_choice(&view, value, problem) : 0;
}

static int has_field(const rpc_field *fields, const char *name)
{
    rpc_view view;

    for (; fields->type != RPC_END; fields++) {
        rpc_field_view(fields, &view);
        if (strcmp(view.name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

int rpc_fields_check(const rpc_field *fields, const json_t *params, opt_problem *problem)
{
    const char *name;
    json_t *value;
    rpc_view view;

    if (params && !json_is_object(params)) {
        snprintf(problem->hint, sizeof problem->hint, "write them as an object, by name");
        return bad(problem, "the members are no object");
    }
    json_object_foreach((json_t *)params, name, value)
    {
        if (!has_field(fields, name)) {
            return unknown(fields, name, problem);
        }
    }
    for (; fields->type != RPC_END; fields++) {
        rpc_field_view(fields, &view);
        if (check_field(fields, json_object_get(params, view.name), problem) != 0) {
            return -1;
        }
    }
    return 0;
}
