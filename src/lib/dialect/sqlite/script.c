/* SPDX-License-Identifier: MIT */
/* script.c - what stands around the steps of a plan in a script for the sqlite3 shell. */
#include "dialect/sqlite/sqlite.h"

#include <string.h>

/* Settings that are a command of the shell, not a pragma. */
static int add_setting(const char *setting, mo_str *before)
{
    if (!strncmp(setting, "defensive=", 10)) {
        mo_str_addf(before, ".dbconfig defensive %s\n", setting + 10);
        return 1;
    }
    return 0;
}

void mo_sqlite_script_frame(const mo_plan *plan, mo_str *before, mo_str *after)
{
    /* Without it the shell goes on after an error, and commits half of the plan. */
    mo_str_add(before, ".bail on\n");
    for (size_t i = 0; i < plan->settings.count; i++) {
        if (!add_setting(plan->settings.items[i], before)) {
            mo_str_addf(before, "PRAGMA %s;\n", plan->settings.items[i]);
        }
    }
    mo_str_add(before, "BEGIN IMMEDIATE;\n");
    mo_str_add(after, "-- a row that this gives is one whose foreign key names no parent\n"
                      "PRAGMA foreign_key_check;\n"
                      "COMMIT;\n");
}
