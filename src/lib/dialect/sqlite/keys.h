/* SPDX-License-Identifier: MIT */
/* keys.h - do the foreign keys of a table name parents that have such keys? */
#ifndef MO_SQLITE_KEYS_H
#define MO_SQLITE_KEYS_H

#include "schema/schema.h"

/* SOURCE with the table, the foreign key and what is wrong with it; *missing is 1 when the parent is not declared at all, or is
 * no table: that comes before all else. Looks at the schema alone. */
int mo_sqlite_check_keys(const mo_schema *s, const mo_object *table, int *missing, mo_error *err);

#endif
