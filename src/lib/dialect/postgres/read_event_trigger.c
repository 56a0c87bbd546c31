/* SPDX-License-Identifier: MIT */
/* read_event_trigger.c - event triggers. */
#include "dialect/postgres/read.h"

static const char event_triggers_sql[] =
    "SELECT 'event trigger', 'pg_event_trigger', e.oid, quote_ident(e.evtname), NULL, concat(d.definition, ' ' || "
    "s.state), 'CREATE EVENT TRIGGER ' || quote_ident(e.evtname) || d.definition || coalesce(E';\\nALTER EVENT "
    "TRIGGER ' || quote_ident(e.evtname) || ' ' || s.state, '') "
    "FROM pg_event_trigger e, "
    "LATERAL (SELECT concat(' ON ', quote_ident(e.evtevent), ' WHEN TAG IN (' || (SELECT "
    "string_agg(quote_literal(u.tag), ', ' ORDER BY u.tag) FROM unnest(e.evttags) AS u (tag)) || ')', ' EXECUTE "
    "FUNCTION ', e.evtfoid::regproc, '()') AS definition OFFSET 0) d, "
    "LATERAL (SELECT CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE "
    "REPLICA' END AS state) s "
    "WHERE $own(pg_event_trigger, e.oid)";

const mo_pg_reader mo_pg_read_event_triggers = {"event triggers", event_triggers_sql, mo_pg_object_row};
