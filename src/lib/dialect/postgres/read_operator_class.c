/* SPDX-License-Identifier: MIT */
/* read_operator_class.c - operator classes, and operator families that no class of the same name brings along. */
#include "dialect/postgres/read.h"

static const char operator_classes_sql[] =
    "$managed "
    "SELECT 'operator class', 'pg_opclass', o.oid, m.prefix || quote_ident(o.opcname) || ' USING ' || "
    "quote_ident(a.amname), NULL, d.definition, "
    "'CREATE OPERATOR CLASS ' || m.prefix || quote_ident(o.opcname) || d.definition "
    "FROM pg_opclass o JOIN m ON m.oid = o.opcnamespace JOIN pg_am a ON a.oid = o.opcmethod JOIN pg_opfamily f ON "
    "f.oid = o.opcfamily, "
    "LATERAL (SELECT string_agg(x.entry, ', ' ORDER BY x.kind, x.number, x.entry) AS entries FROM ( "
    "SELECT 1 AS kind, w.amopstrategy AS number, 'OPERATOR ' || w.amopstrategy || ' ' || w.amopopr::regoperator "
    "|| CASE WHEN w.amopsortfamily <> 0 THEN ' FOR ORDER BY ' || (SELECT quote_ident(n.nspname) || '.' || "
    "quote_ident(b.opfname) FROM pg_opfamily b JOIN pg_namespace n ON n.oid = b.opfnamespace WHERE b.oid = "
    "w.amopsortfamily) ELSE '' END AS entry "
    "FROM pg_depend e JOIN pg_amop w ON w.oid = e.objid WHERE e.refclassid = 'pg_opclass'::regclass AND e.refobjid "
    "= o.oid AND e.classid = 'pg_amop'::regclass "
    "UNION ALL SELECT 2, w.amprocnum, 'FUNCTION ' || w.amprocnum || ' (' || format_type(w.amproclefttype, NULL) || "
    "', ' || format_type(w.amprocrighttype, NULL) || ') ' || w.amproc::regprocedure "
    "FROM pg_depend e JOIN pg_amproc w ON w.oid = e.objid WHERE e.refclassid = 'pg_opclass'::regclass AND "
    "e.refobjid = o.oid AND e.classid = 'pg_amproc'::regclass "
    "UNION ALL SELECT 3, 0, 'STORAGE ' || format_type(CASE WHEN o.opckeytype <> 0 THEN o.opckeytype ELSE "
    "o.opcintype END, NULL) WHERE o.opckeytype <> 0 "
    "OR NOT EXISTS (SELECT FROM pg_depend e WHERE e.refclassid = 'pg_opclass'::regclass AND e.refobjid = o.oid AND "
    "e.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass))) x) i, "
    "LATERAL (SELECT CASE WHEN o.opcdefault THEN ' DEFAULT' ELSE '' END || ' FOR TYPE ' || "
    "format_type(o.opcintype, NULL) || ' USING ' || quote_ident(a.amname) "
    "|| CASE WHEN f.opfname <> o.opcname OR f.opfnamespace <> o.opcnamespace THEN ' FAMILY ' || (SELECT CASE WHEN "
    "n.oid = m.oid THEN m.prefix ELSE quote_ident(n.nspname) || '.' END FROM pg_namespace n WHERE n.oid = "
    "f.opfnamespace) || quote_ident(f.opfname) ELSE '' END "
    "|| ' AS ' || i.entries AS definition OFFSET 0) d "
    "WHERE $own(pg_opclass, o.oid)";

const mo_pg_reader mo_pg_read_operator_classes = {"operator classes", operator_classes_sql, mo_pg_object_row};

static const char operator_families_sql[] =
    "$managed "
    "SELECT 'operator family', 'pg_opfamily', f.oid, n.name, NULL, coalesce(i.entries, ''), 'CREATE OPERATOR "
    "FAMILY ' || n.name || coalesce(E';\\nALTER OPERATOR FAMILY ' || n.name || ' ADD ' || i.entries, '') "
    "FROM pg_opfamily f JOIN m ON m.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod, "
    "LATERAL (SELECT m.prefix || quote_ident(f.opfname) || ' USING ' || quote_ident(a.amname) AS name) n, "
    "LATERAL (SELECT string_agg(x.entry, ', ' ORDER BY x.kind, x.number, x.entry) AS entries FROM ( "
    "SELECT 1 AS kind, w.amopstrategy AS number, 'OPERATOR ' || w.amopstrategy || ' ' || w.amopopr::regoperator AS "
    "entry "
    "FROM pg_depend e JOIN pg_amop w ON w.oid = e.objid WHERE e.refclassid = 'pg_opfamily'::regclass AND "
    "e.refobjid = f.oid AND e.classid = 'pg_amop'::regclass "
    "UNION ALL SELECT 2, w.amprocnum, 'FUNCTION ' || w.amprocnum || ' (' || format_type(w.amproclefttype, NULL) || "
    "', ' || format_type(w.amprocrighttype, NULL) || ') ' || w.amproc::regprocedure "
    "FROM pg_depend e JOIN pg_amproc w ON w.oid = e.objid WHERE e.refclassid = 'pg_opfamily'::regclass AND "
    "e.refobjid = f.oid AND e.classid = 'pg_amproc'::regclass) x) i "
    "WHERE $own(pg_opfamily, f.oid) AND NOT EXISTS (SELECT FROM pg_opclass o WHERE o.opcfamily = f.oid AND "
    "o.opcname = f.opfname AND o.opcnamespace = f.opfnamespace)";

const mo_pg_reader mo_pg_read_operator_families = {"operator families", operator_families_sql, mo_pg_object_row};
