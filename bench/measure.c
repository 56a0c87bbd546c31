/* SPDX-License-Identifier: MIT */
/*
 * measure.c - times libmoult and what raw SQLite needs for the same, in one process and in turns, so that both meet the
 * same machine. Prints medians in microseconds as JSON.
 *
 *   measure start ROUNDS DATABASE SCHEMA   nothing to do, against reading sqlite_schema and a row
 *   measure plan  ROUNDS DATABASE SCHEMA   a plan, against sqlite_schema and every table's columns in bulk
 *   measure first ROUNDS DATABASE SCHEMA   a plan, against executing the desired SQL twice
 *   measure ask   1 DATABASE SCHEMA        a plan, once
 *   measure apply 1 DATABASE SCHEMA        a change, once
 *   measure sql   1 DATABASE SCRIPT        a script by SQLite alone, once
 */
#include <moult.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "read.h"

typedef struct job {
    const char *path, *text;
} job;
typedef int (*job_fn)(const job *j);

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int run_floor_read(const job *j)
{
    return read_once(j->path);
}

static int run_floor_columns(const job *j)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(j->path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = read_all(db, "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema");
    if (code == SQLITE_OK)
        code = read_all(db,
                        "SELECT s.name, c.* FROM sqlite_schema s, pragma_table_xinfo(s.name) c WHERE s.type = 'table'");
    sqlite3_close(db);
    return code;
}

static int run_floor_ddl_twice(const job *j)
{
    int code = SQLITE_OK;
    for (int i = 0; i < 2 && code == SQLITE_OK; i++) {
        sqlite3 *db = NULL;
        code = sqlite3_open(":memory:", &db);
        if (code == SQLITE_OK)
            code = sqlite3_exec(db, j->text, NULL, NULL, NULL);
        sqlite3_close(db);
    }
    return code;
}

static int run_sql(const job *j)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(j->path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, j->text, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
    return code;
}

static int report(const moult_error *error)
{
    fprintf(stderr, "%s%s%s\n", error->message ? error->message : "", error->detail ? "\n" : "",
            error->detail ? error->detail : "");
    return error->code ? error->code : -1;
}

static int start(const job *j, moult_outcome wanted, int attic)
{
    moult_options options = MOULT_OPTIONS_INIT;
    options.mode = MOULT_MODE_AGGRESSIVE;
    options.no_attic = !attic;
    options.online = MOULT_ONLINE_NEVER; /* in batches is measured with a writer beside it */
    options.no_backup = 1;
    moult_source desired = {.text = j->text};
    moult_result *result = NULL;
    int code = moult_start(&result, j->path, &desired, &options);
    if (code != MOULT_OK)
        code = report(moult_result_error(result));
    else if (moult_result_outcome(result) != wanted)
        code = fprintf(stderr, "not the outcome that was to be measured: %s\n", moult_result_text(result));
    moult_result_free(result);
    return code;
}

static int run_start(const job *j)
{
    return start(j, MOULT_UP_TO_DATE, 0);
}

static int run_apply(const job *j)
{
    return start(j, MOULT_APPLIED, 0);
}

static int run_attic(const job *j)
{
    return start(j, MOULT_APPLIED, 1);
}

static int run_rollback(const job *j)
{
    moult_options options = MOULT_OPTIONS_INIT;
    options.mode = MOULT_MODE_AGGRESSIVE;
    options.no_backup = 1;
    options.online = MOULT_ONLINE_NEVER;
    moult *m = NULL;
    moult_result *result = NULL;
    int code = moult_open(&m, j->path, MOULT_OPEN_WRITE, &options);
    if (code == MOULT_OK)
        code = moult_rollback(m, 0, &result);
    if (code != MOULT_OK)
        code = report(moult_error_of(m));
    moult_result_free(result);
    moult_close(m);
    return code;
}

static int run_plan(const job *j)
{
    moult_source desired = {.text = j->text};
    moult *m = NULL;
    moult_plan *plan = NULL;
    int code = moult_open(&m, j->path, MOULT_OPEN_WRITE, NULL);
    if (code == MOULT_OK)
        code = moult_make_plan(m, &desired, &plan);
    if (code != MOULT_OK)
        code = report(moult_error_of(m));
    else if (!moult_plan_step_count(plan))
        code = fprintf(stderr, "the plan that was to be measured is empty\n");
    moult_plan_free(plan);
    moult_close(m);
    return code;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return count ? values[count / 2] : 0;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t length = 0, room = 0;
    do {
        room = room ? room * 2 : 1 << 16;
        char *more = realloc(text, room);
        if (!more) {
            free(text);
            fclose(file);
            return NULL;
        }
        text = more;
        length += fread(text + length, 1, room - length - 1, file);
    } while (length == room - 1);
    fclose(file);
    text[length] = '\0';
    return text;
}

/* What each word measures: moult's way, and its floor (NULL: none). */
static const struct mode {
    const char *name;
    job_fn subject, floor;
} modes[] = {
    {"start", run_start, run_floor_read},
    {"plan", run_plan, run_floor_columns},
    {"first", run_plan, run_floor_ddl_twice},
    {"ask", run_plan, NULL},
    {"apply", run_apply, NULL},
    {"attic", run_attic, NULL},
    {"rollback", run_rollback, NULL},
    {"sql", run_sql, NULL},
};

static int measure(const struct mode *mode, size_t rounds, const job *j)
{
    double *subject = calloc(rounds, sizeof *subject), *floor = calloc(rounds, sizeof *floor);
    int code = subject && floor ? 0 : -1;
    /* One round to warm up where there will be several. */
    if (!code && rounds > 1)
        code = mode->subject(j) || (mode->floor && mode->floor(j));
    for (size_t i = 0; i < rounds && !code; i++) {
        double begin = now();
        code = mode->floor ? mode->floor(j) : 0;
        double between = now();
        code = code ? code : mode->subject(j);
        floor[i] = between - begin;
        subject[i] = now() - between;
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    if (!code)
        printf("{\"floor\": %.1f, \"subject\": %.1f, \"memory\": %ld}\n", median(floor, rounds),
               median(subject, rounds), used.ru_maxrss);
    free(subject);
    free(floor);
    return code ? 1 : 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 5 && i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(argv[1], modes[i].name))
            continue;
        char *text = read_file(argv[4]);
        int code = text ? measure(&modes[i], (size_t)strtoul(argv[2], NULL, 10), &(job){argv[3], text}) : 1;
        free(text);
        return code;
    }
    fprintf(stderr, "usage: %s start|plan|first|apply|attic|rollback|sql ROUNDS DATABASE FILE\n", argv[0]);
    return 2;
}
