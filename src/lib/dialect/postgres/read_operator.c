/* SPDX-License-Identifier: MIT */
/* read_operator.c - operators. */
#include "dialect/postgres/read.h"

static const char operators_sql[] =
    "$managed "
    "SELECT 'operator', 'pg_operator', o.oid, m.prefix || o.oprname || ' (' || s.left_type || ', ' || s.right_type "
    "|| ')', NULL, d.definition, "
    "'CREATE OPERATOR ' || m.prefix || o.oprname || ' (' || d.definition || ')' "
    "FROM pg_operator o JOIN m ON m.oid = o.oprnamespace, "
    "LATERAL (SELECT CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END AS left_type, "
    "CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END AS right_type) s, "
    "LATERAL (SELECT concat_ws(', ', 'FUNCTION = ' || o.oprcode, 'LEFTARG = ' || nullif(s.left_type, 'NONE'), "
    "'RIGHTARG = ' || nullif(s.right_type, 'NONE'), "
    "'COMMUTATOR = ' || $operator(o.oprcom), "
    "'NEGATOR = ' || $operator(o.oprnegate), "
    "'RESTRICT = ' || nullif(o.oprrest::regproc::text, '-'), 'JOIN = ' || nullif(o.oprjoin::regproc::text, '-'), "
    "CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END) AS definition OFFSET 0) d "
    "WHERE o.oprcode <> 0 AND $own(pg_operator, o.oid)";

const mo_pg_reader mo_pg_read_operators = {"operators", operators_sql, mo_pg_object_row};
