/* SPDX-License-Identifier: MIT */
/*
 * start64.c - many processes wait at a barrier, then all call moult_start() on one database.
 *
 *   start64 DATABASE DESIRED.sql [PROCESSES [SECONDS]]
 *
 * Prints how many applied, found it up to date and failed, with the time that the one that applied took; a line for each failure.
 * Ends with 0 when exactly one applied and all others found it done. SECONDS limits the whole.
 */
#include <moult.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a process tells of itself; one write to the pipe. */
typedef struct told {
    int code, outcome;
    double seconds;
    char message[480];
} told;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void child(const char *db, const char *desired, int barrier, int answers)
{
    moult_options o = MOULT_OPTIONS_INIT;
    moult_source source = {.uri = desired};
    moult_result *result = NULL;
    told t = {0};
    char byte;

    o.mode = MOULT_MODE_AGGRESSIVE;
    o.own = MOULT_OWN_ALL;
    o.no_backup = o.no_attic = 1;
    o.lock_timeout = 300;
    if (read(barrier, &byte, 1) != 0) { /* its end: the barrier opens for all at once */
        _exit(2);
    }
    double began = now();
    t.code = moult_start(&result, db, &source, &o);
    t.seconds = now() - began;
    t.outcome = result && t.code == MOULT_OK ? (int)moult_result_outcome(result) : -1;
    if (t.code != MOULT_OK) {
        const moult_error *e = moult_result_error(result);
        snprintf(t.message, sizeof t.message, "%s: %s; %s", moult_code_name(t.code), e->message,
                 e->detail ? e->detail : "");
    }
    moult_result_free(result);
    _exit(write(answers, &t, sizeof t) == (ssize_t)sizeof t ? 0 : 2);
}

static int count(int answers, int processes)
{
    int applied = 0, up_to_date = 0, failed = 0, silent;
    double longest = 0, apply = 0;
    told t;

    for (silent = processes; silent > 0 && read(answers, &t, sizeof t) == (ssize_t)sizeof t; silent--) {
        if (t.outcome == MOULT_APPLIED) {
            applied++;
            apply = t.seconds;
        } else if (t.outcome == MOULT_UP_TO_DATE) {
            up_to_date++;
        } else {
            failed++;
            printf("outcome %d %s\n", t.outcome, t.message);
        }
        longest = t.seconds > longest ? t.seconds : longest;
    }
    printf("%d applied in %.2f s, %d up to date, %d failed, %d silent, the last after %.2f s\n", applied, apply,
           up_to_date, failed, silent, longest);
    return applied == 1 && up_to_date == processes - 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int barrier[2], ready[2];
    int processes = argc > 3 ? atoi(argv[3]) : 64;

    if (argc < 3 || processes < 1 || pipe(barrier) != 0 || pipe(ready) != 0) {
        return fprintf(stderr, "usage: start64 DATABASE DESIRED.sql [PROCESSES [SECONDS]]\n"), 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < processes; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(argc > 4 ? (unsigned)atoi(argv[4]) : 300);
            close(barrier[1]);
            close(ready[0]);
            child(argv[1], argv[2], barrier[0], ready[1]);
        } else if (pid < 0) {
            perror("fork");
            break;
        }
    }
    close(ready[1]);
    close(barrier[0]);
    sleep(1); /* all of them are at the barrier by now; one that is not comes late, which is allowed too */
    close(barrier[1]);
    int bad = count(ready[0], processes);
    while (wait(NULL) > 0) {
    }
    return bad;
}
