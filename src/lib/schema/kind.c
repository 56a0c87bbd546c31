/* SPDX-License-Identifier: MIT */
/* kind.c - the tables of what a schema consists of: kinds of objects, attributes of columns, kinds of constraints. A
 * newcomer is one entry here; the names go into the history and into JSON, so they never change. */
#include <string.h>

#include "schema/schema.h"

const mo_kind_info mo_kinds[MO_KIND_COUNT] = {
    [MO_KIND_EXTENSION] = {.name = "extension", .noun = "EXTENSION"},
    [MO_KIND_NAMESPACE] = {.name = "schema", .noun = "SCHEMA"},
    [MO_KIND_COLLATION] = {.name = "collation", .noun = "COLLATION"},
    [MO_KIND_ENUM] = {.name = "enum", .noun = "TYPE"},
    [MO_KIND_COMPOSITE] = {.name = "composite type", .noun = "TYPE"},
    [MO_KIND_RANGE] = {.name = "range type", .noun = "TYPE"},
    [MO_KIND_DOMAIN] = {.name = "domain", .noun = "DOMAIN"},
    [MO_KIND_SEQUENCE] = {.name = "sequence", .noun = "SEQUENCE"},
    [MO_KIND_FUNCTION] = {.name = "function", .noun = "FUNCTION"},
    [MO_KIND_PROCEDURE] = {.name = "procedure", .noun = "PROCEDURE"},
    [MO_KIND_AGGREGATE] = {.name = "aggregate", .noun = "AGGREGATE"},
    [MO_KIND_OPERATOR] = {.name = "operator", .noun = "OPERATOR"},
    [MO_KIND_OPERATOR_FAMILY] = {.name = "operator family", .noun = "OPERATOR FAMILY"},
    [MO_KIND_OPERATOR_CLASS] = {.name = "operator class", .noun = "OPERATOR CLASS"},
    [MO_KIND_CAST] = {.name = "cast", .noun = "CAST"},
    [MO_KIND_TS_DICTIONARY] = {.name = "text search dictionary", .noun = "TEXT SEARCH DICTIONARY"},
    [MO_KIND_TS_CONFIGURATION] = {.name = "text search configuration", .noun = "TEXT SEARCH CONFIGURATION"},
    [MO_KIND_TABLE] = {.name = "table", .noun = "TABLE", .in_parts = 1},
    [MO_KIND_VIRTUAL_TABLE] = {.name = "virtual table", .noun = "TABLE"},
    [MO_KIND_INDEX] = {.name = "index", .noun = "INDEX", .of_table = 1},
    [MO_KIND_VIEW] = {.name = "view", .noun = "VIEW"},
    [MO_KIND_MATERIALIZED_VIEW] = {.name = "materialized view", .noun = "MATERIALIZED VIEW"},
    [MO_KIND_RULE] = {.name = "rule", .noun = "RULE", .of_table = 1},
    [MO_KIND_STATISTICS] = {.name = "statistics", .noun = "STATISTICS", .of_table = 1},
    [MO_KIND_TRIGGER] = {.name = "trigger", .noun = "TRIGGER", .of_table = 1},
    [MO_KIND_POLICY] = {.name = "policy", .noun = "POLICY", .of_table = 1},
    [MO_KIND_PUBLICATION] = {.name = "publication", .noun = "PUBLICATION"},
    [MO_KIND_EVENT_TRIGGER] = {.name = "event trigger", .noun = "EVENT TRIGGER"},
    [MO_KIND_COMMENT] = {.name = "comment", .noun = "COMMENT ON"},
    [MO_KIND_PRIVILEGE] = {.name = "privilege", .noun = "GRANT ON"},
    [MO_KIND_DEFAULT_PRIVILEGE] = {.name = "default privilege", .noun = "DEFAULT PRIVILEGES"},
    [MO_KIND_OTHER] = {.name = "other object", .noun = ""},
};

const mo_attr_info mo_attrs[MO_ATTR_COUNT] = {
    [MO_ATTR_TYPE] = {"type"},
    [MO_ATTR_NOT_NULL] = {"not null"},
    [MO_ATTR_NOT_NULL_CONFLICT] = {"not null conflict"},
    [MO_ATTR_DEFAULT] = {"default"},
    [MO_ATTR_COLLATION] = {"collation"},
    [MO_ATTR_GENERATED] = {"generated"},
    [MO_ATTR_IDENTITY] = {"identity"},
    [MO_ATTR_STORAGE] = {"storage"},
    [MO_ATTR_COMPRESSION] = {"compression"},
    [MO_ATTR_STATISTICS] = {"statistics"},
    [MO_ATTR_OPTIONS] = {"options"},
};

const char *const mo_constraint_kinds[MO_CONSTRAINT_COUNT] = {
    [MO_CONSTRAINT_PRIMARY_KEY] = "primary key",
    [MO_CONSTRAINT_UNIQUE] = "unique",
    [MO_CONSTRAINT_CHECK] = "check",
    [MO_CONSTRAINT_FOREIGN_KEY] = "foreign key",
    [MO_CONSTRAINT_EXCLUSION] = "exclusion",
};

int mo_kind_find(const char *name, mo_kind *out)
{
    for (int i = 0; name && i < MO_KIND_COUNT; i++) {
        if (strcmp(mo_kinds[i].name, name) == 0) {
            *out = (mo_kind)i;
            return 0;
        }
    }
    return -1;
}
