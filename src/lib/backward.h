/* SPDX-License-Identifier: MIT */
/* backward.h - how things are called from one version to the next. */
#ifndef MO_BACKWARD_H
#define MO_BACKWARD_H

#include "schema/schema.h"

/* Did this table (NULL column) or column of a version get its annotation in it? */
int mo_backward_is_new(const mo_schema *before, const mo_object *table, const mo_column *column);
/* What a table of `before` is called in `after`; a column of it, in the later form of its `table`. */
const char *mo_backward_table(const mo_schema *before, const mo_schema *after, const char *name);
const char *mo_backward_column(const mo_schema *before, const mo_object *table, const char *name);
/* The same as a thing; NULL: `after` does not have it, though another one may have its name. `later`: the table in `after`. */
const mo_object *mo_backward_later_table(const mo_schema *before, const mo_schema *after, const char *name);
const mo_column *mo_backward_later_column(const mo_schema *before, const mo_object *later, const char *name);

#endif
