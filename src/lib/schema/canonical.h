/* SPDX-License-Identifier: MIT */
/* canonical.h - what sealing a schema makes: canonical texts of tables, and the fingerprint of the whole. */
#ifndef MO_CANONICAL_H
#define MO_CANONICAL_H

#include "schema/schema.h"

/* The canonical text of every table that has none yet. */
int mo_canonical_tables(mo_schema *s, mo_error *err);
/*
 * A token that is a name when something of that name can be seen from there, and a string otherwise, stands in
 * `canonical_raw` as: NAME the name, folded; IS the token as a name; ELSE the token as a string; END.
 */
#define MO_MARK_NAME '\x01'
#define MO_MARK_IS '\x02'
#define MO_MARK_ELSE '\x03'
#define MO_MARK_END '\x04'
/* The canonical form of every object that has marks. */
int mo_canonical_resolve(mo_schema *s, mo_error *err);
/* SHA-256 over all that can be compared, in the order of the objects. */
int mo_canonical_fingerprint(mo_schema *s, mo_error *err);

#endif
