/* SPDX-License-Identifier: MIT */
/* clock.c - time: monotonic for limits, UTC for people. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static const double forever = 1e9; /* about 31 years: what is left where there is no limit */

double mo_clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void mo_clock_utc(char out[32])
{
    struct timespec t;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%03dZ", (int)(t.tv_nsec / 1000000));
}

void mo_clock_sleep(double seconds)
{
    if (!(seconds > 0))
        return;
    if (seconds > forever)
        seconds = forever;
    struct timespec t;
    t.tv_sec = (time_t)seconds;
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

mo_deadline mo_deadline_in(double seconds)
{
    mo_deadline d = {seconds > 0 ? mo_clock_now() + seconds : 0};
    return d;
}

int mo_deadline_passed(mo_deadline d)
{
    return d.at > 0 && mo_clock_now() >= d.at;
}

double mo_deadline_left(mo_deadline d)
{
    if (!(d.at > 0))
        return forever;
    double left = d.at - mo_clock_now();
    return left > 0 ? left : 0;
}
