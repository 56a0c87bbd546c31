/* SPDX-License-Identifier: MIT */
/* script.c - the frame of a plan as a script for psql: stop at the first error, one transaction for each part. */
#include "dialect/postgres/steps.h"

void mo_pg_script_frame(const mo_plan *plan, const mo_part_of_plan *part, mo_str *before, mo_str *after)
{
    size_t parts = mo_plan_parts(plan);
    if (part->first == 0) {
        mo_str_add(before, "--\n-- Run it with psql: psql --no-psqlrc --file THIS_FILE URL\n");
        if (parts > 1)
            mo_str_addf(before,
                        "-- It is %zu transactions. What stops one of them undoes it alone: then make a new plan.\n\n",
                        parts);
        else
            mo_str_add(before, "-- It is one transaction. Whatever stops it, nothing is changed.\n\n");
        mo_str_add(before, "\\set ON_ERROR_STOP on\n");
    } else {
        mo_str_addc(before, '\n');
    }
    mo_str_add(before, "BEGIN;\nSET LOCAL lock_timeout = '2s';\n");
    if (!part->data)
        mo_str_add(after, "SET CONSTRAINTS ALL IMMEDIATE;\n");
    mo_str_add(after, "COMMIT;\n");
}

void mo_pg_script_assert(const mo_statement *statement, mo_str *out)
{
    mo_str body = {0};
    mo_str_addf(&body, "BEGIN IF EXISTS (%s) THEN RAISE EXCEPTION USING MESSAGE = ", statement->sql);
    mo_str_literal(&body, statement->message);
    mo_str_add(&body, "; END IF; END");
    mo_str_add(out, "DO ");
    mo_str_literal(out, mo_str_text(&body));
    mo_str_add(out, ";\n");
    out->failed |= body.failed;
    mo_str_free(&body);
}
