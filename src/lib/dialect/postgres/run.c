/* SPDX-License-Identifier: MIT */
/*
 * run.c - the session around an apply. What a transaction needs is set in it when it begins (statement.c), so nothing has to be
 * put back.
 */
#include "dialect/postgres/postgres.h"

int mo_pg_run_begin(mo_conn *c, const mo_plan *plan, int data, mo_error *err)
{
    (void)plan;
    (void)data;
    return mo_pg_know(c, err);
}

void mo_pg_run_end(mo_conn *c)
{
    (void)c;
}

/* Constraints that were deferred are checked now, so that what breaks one is told by name, and DDL does not meet events that
 * are still to come. */
int mo_pg_run_check(mo_conn *c, const mo_plan *plan, int after, mo_error *err)
{
    (void)plan;
    return after ? mo_pg_exec(c, "SET CONSTRAINTS ALL IMMEDIATE", NULL, err) : MOULT_OK;
}

/* No value of the server's moves for other's writes alone: it is never the same, so the rows are asked again. */
int mo_pg_rows_seen(mo_conn *c, mo_hash *out, mo_error *err)
{
    (void)err;
    c->asked++;
    *out = mo_hash_of(&c->asked, sizeof c->asked);
    return MOULT_OK;
}
