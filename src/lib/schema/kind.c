/* SPDX-License-Identifier: MIT */
/* kind.c - the tables of what a schema consists of: kinds of objects, attributes of columns, kinds of constraints. A
 * newcomer is one entry here; the names go into the history and into JSON, so they never change. */
#include <string.h>

#include "schema/schema.h"

const mo_kind_info mo_kinds[MO_KIND_COUNT] = {
    [MO_KIND_TABLE] = {.name = "table", .noun = "TABLE", .in_parts = 1, .of_table = 0},
    [MO_KIND_VIRTUAL_TABLE] = {.name = "virtual table", .noun = "TABLE", .in_parts = 0, .of_table = 0},
    [MO_KIND_INDEX] = {.name = "index", .noun = "INDEX", .in_parts = 0, .of_table = 1},
    [MO_KIND_VIEW] = {.name = "view", .noun = "VIEW", .in_parts = 0, .of_table = 0},
    [MO_KIND_TRIGGER] = {.name = "trigger", .noun = "TRIGGER", .in_parts = 0, .of_table = 1},
};

const mo_attr_info mo_attrs[MO_ATTR_COUNT] = {
    [MO_ATTR_TYPE] = {"type"},
    [MO_ATTR_NOT_NULL] = {"not null"},
    [MO_ATTR_NOT_NULL_CONFLICT] = {"not null conflict"},
    [MO_ATTR_DEFAULT] = {"default"},
    [MO_ATTR_COLLATION] = {"collation"},
    [MO_ATTR_GENERATED] = {"generated"},
};

const char *const mo_constraint_kinds[MO_CONSTRAINT_COUNT] = {
    [MO_CONSTRAINT_PRIMARY_KEY] = "primary key",
    [MO_CONSTRAINT_UNIQUE] = "unique",
    [MO_CONSTRAINT_CHECK] = "check",
    [MO_CONSTRAINT_FOREIGN_KEY] = "foreign key",
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
