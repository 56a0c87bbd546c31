/* SPDX-License-Identifier: MIT */
/* Commands: their output, their failures, and their limits. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"

enum { MAX = 1 << 20 };

static mo_error err;
static char *out;
static size_t length;

static void teardown(void)
{
    free(out);
    mo_error_clear(&err);
    /* No zombie, and no child that still runs. */
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
    cr_assert_eq(errno, ECHILD);
}

TestSuite(process, .fini = teardown);

static int run(const char *command, double seconds, size_t max)
{
    free(out);
    return mo_process_output(command, (mo_patience){.seconds = seconds}, max, &out, &length, &err);
}

static void check_fails(const char *command, int code, const char *in_message)
{
    cr_assert_eq(run(command, 20, MAX), code, "%s", command);
    cr_assert(strstr(err.pub.message, in_message), "%s", err.pub.message);
    cr_assert_not_null(err.pub.hint);
    cr_assert_null(out);
    cr_assert_eq(length, 0);
}

Test(process, output_is_taken)
{
    cr_assert_eq(run("printf 'a\\n%s' \"$((1 + 2))\"; echo noise >&2", 20, MAX), MOULT_OK, "%s", err.pub.message);
    cr_assert_str_eq(out, "a\n3");
    cr_assert_eq(length, 3);
    cr_assert_eq(run("echo x", 0, MAX), MOULT_OK);
    cr_assert_eq(run("printf 'a\\000b'", 20, MAX), MOULT_OK);
    cr_assert_eq(length, 3);
}

Test(process, long_output_on_both_streams)
{
    cr_assert_eq(run("head -c 900000 /dev/zero >&2; head -c 900000 /dev/zero | tr '\\0' x", 60, MAX), MOULT_OK, "%s",
                 err.pub.message);
    cr_assert_eq(length, 900000);
    cr_assert_eq(strlen(out), 900000);
}

Test(process, failures_tell_the_status_and_the_last_words)
{
    check_fails("echo out; echo 'no such table' >&2; exit 3", MOULT_SOURCE, "exit status 3");
    cr_assert_str_eq(err.pub.detail, "no such table");
    check_fails("exit 1", MOULT_SOURCE, "exit status 1");
    cr_assert_null(err.pub.detail);
    check_fails("moult-has-no-such-program", MOULT_SOURCE, "exit status 127");
    cr_assert(strstr(err.pub.hint, "PATH"));
    check_fails("kill -9 $$", MOULT_SOURCE, "signal 9");
    check_fails("syntax ( error", MOULT_SOURCE, "exit status 2");
}

Test(process, the_last_words_are_two_kilobytes_of_whole_characters)
{
    check_fails("i=0; while [ $i -lt 1000 ]; do printf 'x\\303\\244\\342\\202\\254'; i=$((i+1)); done >&2; exit 1",
                MOULT_SOURCE, "exit status 1");
    cr_assert_leq(strlen(err.pub.detail), 2048);
    cr_assert_gt(strlen(err.pub.detail), 2040);
    cr_assert_neq((unsigned char)err.pub.detail[0] & 0xC0, 0x80);
    check_fails("printf 'a\\000b' >&2; exit 1", MOULT_SOURCE, "exit status 1");
    cr_assert_str_eq(err.pub.detail, "a b");
}

Test(process, printing_nothing_is_a_failure)
{
    check_fails("true", MOULT_SOURCE, "printed nothing");
    check_fails("echo; echo ' '; echo why >&2", MOULT_SOURCE, "printed nothing");
    cr_assert_str_eq(err.pub.detail, "why");
}

Test(process, standard_input_is_empty)
{
    cr_assert_eq(run("cat; echo end", 20, MAX), MOULT_OK);
    cr_assert_str_eq(out, "end\n");
}

static void check_timeout(const char *command)
{
    double begin = mo_clock_now();
    cr_assert_eq(run(command, 0.2, MAX), MOULT_TIMEOUT);
    cr_assert_lt(mo_clock_now() - begin, 5);
    cr_assert_null(out);
}

Test(process, all_it_started_is_ended_at_the_limit)
{
    char name[] = "/tmp/moult-process-XXXXXX", command[256];
    int fd = mkstemp(name);
    cr_assert_neq(fd, -1);
    check_timeout("sleep 30");
    check_timeout("sleep 30 & sleep 30");
    check_timeout("echo x; exec >&- 2>&-; sleep 30");
    check_timeout("trap '' TERM HUP INT; while :; do sleep 30; done");
    snprintf(command, sizeof command, "(sleep 0.6; echo alive > %s) & sleep 30", name);
    check_timeout(command);
    mo_clock_sleep(1);
    cr_assert_eq(lseek(fd, 0, SEEK_END), 0);
    close(fd);
    unlink(name);
}

Test(process, output_has_a_limit)
{
    cr_assert_eq(run("cat /dev/zero", 20, MAX), MOULT_SOURCE);
    cr_assert(strstr(err.pub.message, "more than 1048576 bytes"), "%s", err.pub.message);
    cr_assert_eq(run("printf 12345", 20, 5), MOULT_OK);
    cr_assert_eq(run("printf 12345", 20, 4), MOULT_SOURCE);
}

Test(process, signals_of_our_process_are_not_inherited)
{
    sigset_t all, old;
    signal(SIGPIPE, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    /* `yes` ends by SIGPIPE, silently; where that is ignored it complains. */
    cr_assert_eq(run("{ yes; echo status $? >&2; } 2>&1 | head -n 1; kill -TERM $$; sleep 5", 20, MAX), MOULT_SOURCE);
    cr_assert(strstr(err.pub.message, "signal 15"), "%s", err.pub.message);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

Test(process, a_lost_exit_status_is_no_success)
{
    signal(SIGCHLD, SIG_IGN);
    cr_assert_eq(run("echo x", 20, MAX), MOULT_IO);
    cr_assert(strstr(err.pub.message, "exit status"), "%s", err.pub.message);
    signal(SIGCHLD, SIG_DFL);
}

Test(process, works_with_closed_standard_files)
{
    int saved[3];
    for (int fd = 0; fd < 3; fd++)
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    int code = run("echo out; echo err >&2; cat", 20, MAX);
    for (int fd = 0; fd < 3; fd++)
        if (saved[fd] >= 0)
            dup2(saved[fd], fd);
    cr_assert_eq(code, MOULT_OK, "%s", err.pub.message);
    cr_assert_str_eq(out, "out\n");
}

Test(process, leaves_no_descriptor_open)
{
    int before = open("/dev/null", O_RDONLY);
    close(before);
    run("echo x", 20, MAX);
    run("exit 1", 20, MAX);
    run("sleep 30", 0.05, MAX);
    int after = open("/dev/null", O_RDONLY);
    close(after);
    cr_assert_eq(before, after);
}
