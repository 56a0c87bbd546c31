/* SPDX-License-Identifier: MIT */
/* read.h - the floor of "nothing to do": open, all of sqlite_schema, one row of a table, close. */
#ifndef READ_H
#define READ_H

#include <sqlite3.h>

/* Goes through all rows and columns of a query. */
static inline int read_all(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *query = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &query, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(query);
        for (int i = 0; code == SQLITE_ROW && i < sqlite3_column_count(query); i++)
            (void)sqlite3_column_text(query, i);
    }
    sqlite3_finalize(query);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static inline int read_once(const char *path)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = read_all(db, "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema");
    if (code == SQLITE_OK)
        code = read_all(db, "SELECT * FROM t1 LIMIT 1");
    sqlite3_close(db);
    return code;
}

#endif
