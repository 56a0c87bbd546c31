/* SPDX-License-Identifier: MIT */
/* canonical.h - what sealing a schema makes: canonical texts of tables, and the fingerprint of the whole. */
#ifndef MO_CANONICAL_H
#define MO_CANONICAL_H

#include "schema/schema.h"

/* The canonical text of every table that has none yet. */
int mo_canonical_tables(mo_schema *s, mo_error *err);
/* SHA-256 over all that can be compared, in the order of the objects. */
int mo_canonical_fingerprint(mo_schema *s, mo_error *err);

#endif
