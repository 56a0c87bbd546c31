/* SPDX-License-Identifier: MIT */
/*
 * threads_start.c - threads that call moult_start() at once: on files of their own, and on one file, where exactly one
 * applies; and a handle that another thread cancels. For ThreadSanitizer, which Criterion does not run under.
 */
#include <moult.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8 };

static const char *const schema = "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
                                  "CREATE INDEX a_name ON a(name);\n"
                                  "CREATE VIEW v AS SELECT name FROM a;\n";

typedef struct job {
    char path[256];
    pthread_barrier_t *barrier;
    int code;
    moult_outcome outcome;
} job;

static void *run_start(void *user)
{
    job *j = user;
    moult_source desired = {.text = schema};
    moult_result *result = NULL;
    pthread_barrier_wait(j->barrier);
    j->code = moult_start(&result, j->path, &desired, NULL);
    j->outcome = moult_result_outcome(result);
    if (j->code != MOULT_OK)
        fprintf(stderr, "%s: %s\n", j->path, moult_result_error(result)->message);
    moult_result_free(result);
    return NULL;
}

/* All threads at once; how many applied, or -1 when one failed. */
static int start_together(const char *folder, int shared)
{
    pthread_t threads[THREADS];
    pthread_barrier_t barrier;
    job jobs[THREADS];
    int applied = 0;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        snprintf(jobs[i].path, sizeof jobs[i].path, "%s/%s%d.db", folder, shared ? "shared" : "own", shared ? 0 : i);
        jobs[i].barrier = &barrier;
        if (pthread_create(&threads[i], NULL, run_start, &jobs[i]))
            exit(2);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        applied = jobs[i].code != MOULT_OK || applied < 0 ? -1 : applied + (jobs[i].outcome == MOULT_APPLIED);
    }
    pthread_barrier_destroy(&barrier);
    return applied;
}

static void *run_cancel(void *user)
{
    moult_cancel(user);
    return NULL;
}

/* A handle in use is cancelled from another thread: the call ends with MOULT_CANCELLED, or was done before. */
static int cancel_from_elsewhere(const char *folder)
{
    char path[256];
    snprintf(path, sizeof path, "%s/cancel.db", folder);
    moult_source desired = {.text = schema};
    moult *m = NULL;
    moult_result *result = NULL;
    pthread_t other;
    int code = moult_open(&m, path, MOULT_OPEN_CREATE, NULL);
    if (code == MOULT_OK && pthread_create(&other, NULL, run_cancel, m) == 0) {
        code = moult_migrate(m, &desired, &result);
        pthread_join(other, NULL);
    }
    moult_result_free(result);
    moult_close(m);
    return code == MOULT_OK || code == MOULT_CANCELLED;
}

static void remove_files(const char *folder)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command))
        fprintf(stderr, "cannot remove %s\n", folder);
}

int main(void)
{
    char folder[] = "/tmp/moult-threads-XXXXXX";
    if (!mkdtemp(folder))
        return 2;
    int own = start_together(folder, 0), shared = start_together(folder, 1), cancelled = cancel_from_elsewhere(folder);
    remove_files(folder);
    printf("own files: %d of %d applied; one file: %d applied; cancel: %s\n", own, THREADS, shared,
           cancelled ? "ok" : "failed");
    return own == THREADS && shared == 1 && cancelled ? 0 : 1;
}
