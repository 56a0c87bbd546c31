/* SPDX-License-Identifier: MIT */
/*
 * spawn.c - times two commands as processes, in turns: spawn ROUNDS COMMAND... -- COMMAND...
 * Prints the median of each in microseconds and its peak memory in KiB, as JSON. (A script language's own way to start
 * a process would cost more than what is measured.)
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int run(char **command, double *microseconds, long *memory)
{
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    pid_t child;
    struct rusage used;
    int status = -1;
    double begin = now();
    if (posix_spawn(&child, command[0], &quiet, NULL, command, environ) == 0)
        wait4(child, &status, 0, &used);
    *microseconds = now() - begin;
    posix_spawn_file_actions_destroy(&quiet);
    if (status)
        return fprintf(stderr, "%s ended with status %d\n", command[0], status);
    *memory = used.ru_maxrss > *memory ? used.ru_maxrss : *memory;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int split = 2;
    while (split < argc && strcmp(argv[split], "--"))
        split++;
    if (split + 1 >= argc) {
        fprintf(stderr, "usage: %s ROUNDS COMMAND... -- COMMAND...\n", argv[0]);
        return 2;
    }
    argv[split] = NULL;
    char **commands[2] = {argv + 2, argv + split + 1};
    size_t rounds = (size_t)strtoul(argv[1], NULL, 10);
    double *times[2] = {calloc(rounds + 1, sizeof(double)), calloc(rounds + 1, sizeof(double))};
    long memory[2] = {0, 0};
    int code = times[0] && times[1] ? 0 : 1;
    for (size_t i = 0; i <= rounds && !code; i++) /* the last round's place is the warm-up's first */
        for (int c = 0; c < 2 && !code; c++)
            code = run(commands[c], &times[c][i ? i - 1 : rounds], &memory[c]);
    for (int c = 0; c < 2 && !code; c++)
        qsort(times[c], rounds, sizeof(double), by_value);
    if (!code)
        printf("{\"floor\": %.1f, \"subject\": %.1f, \"floor_memory\": %ld, \"memory\": %ld}\n", times[0][rounds / 2],
               times[1][rounds / 2], memory[0], memory[1]);
    free(times[0]);
    free(times[1]);
    return code ? 1 : 0;
}
