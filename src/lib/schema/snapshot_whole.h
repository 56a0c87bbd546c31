/* SPDX-License-Identifier: MIT */
/* snapshot_whole.h - inside this room: the parts of an object in a snapshot, where its definition alone cannot be read back. */
#ifndef MO_SNAPSHOT_WHOLE_H
#define MO_SNAPSHOT_WHOLE_H

#include "schema/jsontext.h"
#include "schema/schema.h"

#define MO_SNAPSHOT_WHOLE_KEYS "canonical", "mentions", "columns", "constraints", "options"

/* 0, or -1: no memory. */
int mo_snapshot_put_whole(json_t *out, const mo_object *o);
/* All but its `sql`. NULL: what is wrong is in `r`. */
mo_object *mo_snapshot_read_whole(mo_json_reader *r, mo_schema *s, mo_kind kind, const char *name, const json_t *from);

#endif
