/* SPDX-License-Identifier: MIT */
/* probe_size.c - the bytes of a table with its indexes, where they are many enough to matter. */
#include <string.h>

#include "dialect/sqlite/probe.h"

/* A database below this needs no closer look: dbstat reads every page of the table. */
#define MO_SMALL_BYTES (16LL << 20)

static int ask(mo_probe *p, const char *sql, int64_t *out)
{
    mo_str s = {0};
    mo_question q = {.into = &(mo_findings){0}};
    int rc;
    mo_str_add(&s, sql);
    rc = mo_probe_query(p, &q, &s, mo_probe_take_integer, out);
    mo_str_free(&s);
    return rc;
}

/* By dbstat where SQLite was built with it and time allows; else what the whole database has, which is at least as much. */
int mo_probe_bytes(mo_probe *p, int64_t *bytes)
{
    mo_str sql = {0};
    int64_t all = 0, own = 0;
    int rc = ask(p, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", &all);
    *bytes = 0;
    if (rc != MOULT_OK || all < MO_SMALL_BYTES)
        return rc;
    mo_str_add(&sql, "SELECT sum(pgsize) FROM dbstat WHERE aggregate = 1 AND name IN (SELECT name FROM sqlite_schema "
                     "WHERE type IN ('table', 'index') AND lower(tbl_name) = lower(");
    mo_str_literal(&sql, p->live);
    mo_str_add(&sql, "))");
    rc = sql.failed ? mo_error_nomem(p->err) : ask(p, mo_str_text(&sql), &own);
    mo_str_free(&sql);
    *bytes = own > 0 ? own : all;
    return rc;
}
