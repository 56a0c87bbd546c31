/* SPDX-License-Identifier: MIT */
/* read_statistics.c - extended statistics. */
#include "dialect/postgres/read.h"

static const char statistics_sql[] =
    "$managed "
    "SELECT 'statistics', 'pg_statistic_ext', s.oid, m.prefix || quote_ident(s.stxname), p.prefix || "
    "quote_ident(r.relname), concat(d.definition, ' SET STATISTICS ' || b.target), "
    "concat('CREATE STATISTICS ', m.prefix || quote_ident(s.stxname), d.definition, E';\\nALTER STATISTICS ' || "
    "m.prefix || quote_ident(s.stxname) || ' SET STATISTICS ' || b.target) "
    "FROM pg_statistic_ext s JOIN m ON m.oid = s.stxnamespace JOIN pg_class r ON r.oid = s.stxrelid JOIN m p ON "
    "p.oid = r.relnamespace, "
    "LATERAL (SELECT substr(pg_get_statisticsobjdef(s.oid), length('CREATE STATISTICS ' || quote_ident(m.nspname) "
    "|| '.' || quote_ident(s.stxname)) + 1) AS definition OFFSET 0) d, "
    "LATERAL (SELECT CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END AS target) b "
    "WHERE $own(pg_statistic_ext, s.oid)";

const mo_pg_reader mo_pg_read_statistics = {"statistics", statistics_sql, mo_pg_object_row};
