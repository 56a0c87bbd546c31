/* SPDX-License-Identifier: MIT */
/*
 * start64.c - many processes wait at a barrier, then all call moult_start() on one database.
 *
 *   start64 DATABASE NEW.sql [PROCESSES [SECONDS [OLD.sql [MILLISECONDS]]]]
 *
 * With OLD.sql every second process is an old build, which wants that schema; half of those come later, one after the
 * other, as the apply goes on. With MILLISECONDS the process that has the
 * lock is killed, so long after it was seen to have it. Prints how many applied, found it up to date, were behind, failed
 * and said nothing, with the time that the one that applied took; a line for each failure. Ends with 0 when none failed,
 * nobody but who was killed was silent, exactly one applied (or none, where the killed one had done it), no old one
 * applied, and no new one was behind. SECONDS limits the whole.
 */
#include <errno.h>
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
    int code, outcome, old;
    double seconds;
    char message[480];
} told;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void child(const char *db, const char *desired, int old, long late, int barrier, int answers)
{
    struct timespec pause = {late / 1000, late % 1000 * 1000000L};
    moult_options o = MOULT_OPTIONS_INIT;
    moult_source source = {.uri = desired};
    moult_result *result = NULL;
    told t = {.old = old};
    char byte;

    o.mode = MOULT_MODE_AGGRESSIVE;
    o.own = MOULT_OWN_ALL;
    o.no_backup = o.no_attic = 1;
    o.lock_timeout = 300;
    if (read(barrier, &byte, 1) != 0) { /* its end: the barrier opens for all at once */
        _exit(2);
    }
    nanosleep(&pause, NULL);
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

/* Which process the file of the lock names; 0: none. */
static pid_t owner_of(const char *lock)
{
    long pid = 0;
    FILE *f = fopen(lock, "r");

    if (f) {
        if (fscanf(f, "%ld", &pid) != 1) {
            pid = 0;
        }
        fclose(f);
    }
    return (pid_t)pid;
}

/* Kills whoever has the lock, `milliseconds` after it was first seen to have it; 1 when somebody was. */
static int kill_owner(const char *db, long milliseconds, const pid_t *children, int count)
{
    char lock[4096];
    double until = now() + 30;
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L}, moment = {0, 200000};

    snprintf(lock, sizeof lock, "%s-moult-lock", db);
    while (now() < until) {
        pid_t pid = owner_of(lock);
        int ours = 0;
        for (int i = 0; i < count; i++) {
            ours |= pid > 0 && children[i] == pid;
        }
        if (!ours) {
            nanosleep(&moment, NULL);
            continue;
        }
        nanosleep(&pause, NULL);
        if (owner_of(lock) == pid) { /* still */
            return kill(pid, SIGKILL) == 0;
        }
    }
    return 0;
}

static int count(int answers, int processes, int killed)
{
    int applied = 0, up_to_date = 0, behind = 0, failed = 0, wrong = 0, silent;
    double longest = 0, apply = 0;
    told t;

    for (silent = processes; silent > 0; silent--) {
        ssize_t n = read(answers, &t, sizeof t);
        if (n < 0 && errno == EINTR) {
            silent++;
            continue;
        }
        if (n != (ssize_t)sizeof t) {
            break;
        }
        if (t.outcome == MOULT_APPLIED) {
            applied++;
            wrong += t.old;
            apply = t.seconds;
        } else if (t.outcome == MOULT_UP_TO_DATE) {
            up_to_date++;
        } else if (t.outcome == MOULT_BEHIND) {
            behind++;
            wrong += !t.old;
        } else {
            failed++;
            printf("outcome %d %s\n", t.outcome, t.message);
        }
        longest = t.seconds > longest ? t.seconds : longest;
    }
    printf("%d applied in %.2f s, %d up to date, %d behind, %d failed, %d silent, %d killed, the last after %.2f s\n",
           applied, apply, up_to_date, behind, failed, silent, killed, longest);
    return (applied == 1 || (applied == 0 && killed)) && !failed && !wrong && silent <= killed ? 0 : 1;
}

int main(int argc, char **argv)
{
    int barrier[2], ready[2], killed = 0, started = 0;
    int processes = argc > 3 ? atoi(argv[3]) : 64;
    pid_t children[1024];

    if (argc < 3 || processes < 1 || processes > 1024 || pipe(barrier) != 0 || pipe(ready) != 0) {
        return fprintf(stderr, "usage: start64 DATABASE NEW.sql [PROCESSES [SECONDS [OLD.sql [MILLISECONDS]]]]\n"), 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; started < processes; started++) {
        int old = argc > 5 && *argv[5] && started % 2;
        pid_t pid = fork();
        if (pid == 0) {
            alarm(argc > 4 ? (unsigned)atoi(argv[4]) : 300);
            close(barrier[1]);
            close(ready[0]);
            child(argv[1], old ? argv[5] : argv[2], old, old && started % 4 == 1 ? 10L * started : 0, barrier[0],
                  ready[1]);
        } else if (pid < 0) {
            perror("fork");
            break;
        }
        children[started] = pid;
    }
    close(ready[1]);
    close(barrier[0]);
    sleep(1); /* all of them are at the barrier by now; one that is not comes late, which is allowed too */
    close(barrier[1]);
    if (argc > 6) {
        killed = kill_owner(argv[1], atol(argv[6]), children, started);
    }
    int bad = count(ready[0], processes, killed);
    while (wait(NULL) > 0) {
    }
    return bad;
}
