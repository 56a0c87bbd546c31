/* SPDX-License-Identifier: MIT */
/* scope.h - what is looked at: include and exclude patterns. */
#ifndef MO_SCOPE_H
#define MO_SCOPE_H

#include "schema/schema.h"

typedef struct mo_scope {
    const char *const *include; /* NULL-terminated globs of tables and views; NULL: all */
    const char *const *exclude; /* NULL: none */
} mo_scope;

/* Is a table or view of this name looked at? ASCII case is ignored. */
int mo_scope_has_name(const mo_scope *scope, const char *name);
/* Is this object? What belongs to a table follows the table. */
int mo_scope_has(const mo_scope *scope, const mo_object *o);
/* A schema with only what is in scope, sealed. `out` is the caller's. */
int mo_scope_apply(const mo_scope *scope, const mo_schema *s, mo_schema **out, mo_error *err);

#endif
