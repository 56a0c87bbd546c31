/* SPDX-License-Identifier: MIT */
/*
 * floor.c - the least that a program which looks at a database can do: open the file, read all of sqlite_schema and one
 * row of a table, close. The floor for `moult apply` with nothing to do.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "read.h"

int main(int argc, char **argv)
{
    if (argc != 2 || read_once(argv[1]) != SQLITE_OK) {
        fprintf(stderr, "usage: %s DATABASE (with a table t1)\n", argv[0]);
        return 1;
    }
    return 0;
}
