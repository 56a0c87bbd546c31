/* SPDX-License-Identifier: MIT */
/*
 * writer.c - an application that writes: one row a transaction, some 300 a second, with SQLite's own busy handler. Ends
 * when its standard input does, and prints as JSON how many it wrote, and how long the longest ones took, in microseconds.
 *
 *   writer DATABASE ROWS
 */
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LONGEST = 5, PAUSE_MS = 3, BUSY_MS = 60000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Waits a little; 1 when standard input has ended. */
static int ended(void)
{
    struct pollfd in = {0, POLLIN, 0};
    return poll(&in, 1, PAUSE_MS) > 0;
}

static void keep(double longest[LONGEST], double took)
{
    for (int i = 0; i < LONGEST; i++)
        if (took > longest[i]) {
            double other = longest[i];
            longest[i] = took;
            took = other;
        }
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    double longest[LONGEST] = {0};
    unsigned state = 1;
    long rows = argc > 2 ? atol(argv[2]) : 0, written = 0;
    if (argc != 3 || sqlite3_open(argv[1], &db) != SQLITE_OK)
        return 1;
    sqlite3_busy_timeout(db, BUSY_MS);
    while (!ended()) {
        char sql[128];
        double began = now();
        state = state * 1103515245u + 12345u;
        snprintf(sql, sizeof sql, "UPDATE t1 SET email = 'again %u' WHERE id = %ld", state,
                 1 + (long)(state >> 4) % rows);
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
            fprintf(stderr, "writer: %s\n", sqlite3_errmsg(db));
            return 1;
        }
        keep(longest, now() - began);
        written++;
    }
    sqlite3_close(db);
    printf("{\"written\": %ld, \"longest\": [", written);
    for (int i = 0; i < LONGEST; i++)
        printf("%s%.0f", i ? ", " : "", longest[i]);
    printf("]}\n");
    return 0;
}
