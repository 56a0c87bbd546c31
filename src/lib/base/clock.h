/* SPDX-License-Identifier: MIT */
/* clock.h - time: monotonic for limits, UTC for people. */
#ifndef MO_CLOCK_H
#define MO_CLOCK_H

double mo_clock_now(void);       /* seconds, monotonic */
void mo_clock_utc(char out[32]); /* "2026-11-05T10:20:30.123Z" */
void mo_clock_sleep(double seconds);

/* A limit on a wait. seconds <= 0 is no limit. */
typedef struct mo_deadline {
    double at; /* monotonic; 0: none */
} mo_deadline;
mo_deadline mo_deadline_in(double seconds);
int mo_deadline_passed(mo_deadline d);
double mo_deadline_left(mo_deadline d); /* seconds; a large number when there is none */

/* How long a caller is ready to wait, and how it is told that nobody wants the answer any more. */
typedef struct mo_patience {
    double seconds;             /* at most; 0: without a limit */
    const volatile int *cancel; /* may be NULL */
} mo_patience;

/* Has somebody asked to stop? The flag is set by another thread or a signal handler; NULL: nobody can. */
static inline int mo_cancelled(const volatile int *cancel)
{
    return cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED);
}

#endif
