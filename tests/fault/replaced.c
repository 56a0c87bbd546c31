/* SPDX-License-Identifier: MIT */
/* replaced.c - opens a database and makes a plan, has the file replaced, and applies: prints the code's name.
 * usage: replaced DATABASE SCHEMA NEW OLD: NEW takes the database's name, which gets the name OLD. */
#include <stdio.h>

#include "moult.h"

int main(int argc, char **argv)
{
    moult_options options = MOULT_OPTIONS_INIT;
    moult *m = NULL;
    moult_plan *plan = NULL;
    moult_result *result = NULL;
    int rc;

    if (argc != 5) {
        return 2;
    }
    options.mode = MOULT_MODE_AGGRESSIVE;
    options.own = MOULT_OWN_ALL;
    options.no_backup = options.no_attic = 1;
    moult_source desired = {.uri = argv[2]};
    rc = moult_open(&m, argv[1], MOULT_OPEN_WRITE, &options);
    if (rc == MOULT_OK) {
        rc = moult_make_plan(m, &desired, &plan);
    }
    if (rc != MOULT_OK || rename(argv[1], argv[4]) != 0 || rename(argv[3], argv[1]) != 0) {
        fprintf(stderr, "%s\n", moult_error_of(m)->message ? moult_error_of(m)->message : "cannot rename");
        return 1;
    }
    rc = moult_apply(m, plan, &result);
    printf("%s: %s\n", moult_code_name(rc), moult_error_of(m)->message ? moult_error_of(m)->message : "");
    moult_result_free(result);
    moult_plan_free(plan);
    moult_close(m);
    return 0;
}
