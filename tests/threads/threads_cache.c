/* SPDX-License-Identifier: MIT */
/*
 * threads_cache.c - sixteen threads, one cache, and a handle each, on a database that may only be read: every start is
 * counted once, as a hit or as a miss, and every miss is stored, or an error where the others' writing took too long. For
 * ThreadSanitizer, as threads_start.c is.
 */
#include <moult.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 16, ROUNDS = 6 };

static const char *const schema = "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n";

typedef struct job {
    const char *url;
    moult_cache *cache;
    pthread_barrier_t *barrier;
    int number, failed;
} job;

/* Each thread has two sources: one that all have, and one of its own. */
static int start(job *j, moult *m, int round)
{
    char text[256];
    moult_source desired = {.text = text};
    moult_result *result = NULL;
    int own = round % 2;
    snprintf(text, sizeof text, "%s-- %d\n", schema, own ? j->number + 1 : 0);
    int code = moult_migrate(m, &desired, &result);
    if (code != MOULT_OK)
        fprintf(stderr, "%s\n", moult_error_of(m)->message);
    int bad = code != MOULT_OK || moult_result_outcome(result) != MOULT_UP_TO_DATE;
    moult_result_free(result);
    return bad;
}

static void *run(void *user)
{
    job *j = user;
    moult_options options = MOULT_OPTIONS_INIT;
    moult *m = NULL;
    options.cache_open = j->cache;
    j->failed = moult_open(&m, j->url, MOULT_OPEN_READ, &options) != MOULT_OK;
    pthread_barrier_wait(j->barrier);
    for (int i = 0; i < ROUNDS && !j->failed; i++)
        j->failed = start(j, m, i);
    moult_close(m);
    return NULL;
}

static int start_together(const char *url, moult_cache *cache)
{
    pthread_t threads[THREADS];
    pthread_barrier_t barrier;
    job jobs[THREADS];
    int failed = 0;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){.url = url, .cache = cache, .barrier = &barrier, .number = i};
        if (pthread_create(&threads[i], NULL, run, &jobs[i]))
            exit(2);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        failed += jobs[i].failed;
    }
    pthread_barrier_destroy(&barrier);
    return failed;
}

/* A database that needs nothing; what it remembers itself is for another text than those of the threads. */
static int prepare(const char *path)
{
    moult_source desired = {.text = schema};
    moult_result *result = NULL;
    int code = moult_start(&result, path, &desired, NULL);
    moult_result_free(result);
    return code;
}

int main(void)
{
    char folder[] = "/tmp/moult-threads-XXXXXX", path[256], place[256], command[300];
    moult_cache *cache = NULL;
    moult_cache_info info = {0};
    if (!mkdtemp(folder))
        return 2;
    snprintf(path, sizeof path, "%s/a.db", folder);
    snprintf(place, sizeof place, "%s/cache", folder);
    int code = prepare(path);
    if (code == MOULT_OK)
        code = moult_cache_open(&cache, getenv("MOULT_CACHE") ? getenv("MOULT_CACHE") : place);
    int failed = code == MOULT_OK ? start_together(path, cache) : THREADS;
    if (code == MOULT_OK)
        code = moult_cache_stats(cache, &info);
    moult_cache_close(cache);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command))
        fprintf(stderr, "cannot remove %s\n", folder);
    printf("%d of %d threads failed; %lld hits, %lld misses, %lld stores, %lld errors\n", failed, THREADS,
           (long long)info.hits, (long long)info.misses, (long long)info.stores, (long long)info.errors);
    return code == MOULT_OK && !failed && info.hits + info.misses == THREADS * ROUNDS &&
                   info.stores + info.errors == info.misses && info.stores > 0
               ? 0
               : 1;
}
