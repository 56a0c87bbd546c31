/* SPDX-License-Identifier: MIT */
/* Lock files: one owner at a time, who is named to others, also across processes that come, go and are killed. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lock.h"

static char folder[64];
static mo_error err;
static moult_lock_info before;

static void setup(void)
{
    snprintf(folder, sizeof folder, "/tmp/moult-lock-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static void teardown(void)
{
    char command[128];
    mo_error_clear(&err);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(lock, .init = setup, .fini = teardown);

static mo_file_lock *take(void)
{
    mo_file_lock *lock;
    cr_assert_eq(mo_file_lock_take(&lock, "lock", 10, NULL, &before, &err), MOULT_OK, "%s", err.pub.message);
    return lock;
}

Test(lock, has_one_owner_who_is_named)
{
    mo_file_lock *lock = take(), *second = lock;
    char pid[32];
    double begin = mo_clock_now();
    cr_assert_eq(mo_file_lock_take(&second, "lock", 0.1, NULL, &before, &err), MOULT_LOCKED);
    cr_assert_null(second);
    double waited = mo_clock_now() - begin;
    cr_assert(waited >= 0.1 && waited < 5, "%f", waited);
    snprintf(pid, sizeof pid, "process %ld on '", (long)getpid());
    cr_assert(strstr(err.pub.message, pid), "%s", err.pub.message);
    cr_assert_not_null(err.pub.hint);
    cr_assert_eq(mo_file_lock_take(&second, "lock", 0, NULL, &before, &err), MOULT_LOCKED);
    cr_assert_eq(mo_file_lock_take(&second, "other", 0, NULL, &before, &err), MOULT_OK);
    mo_file_lock_release(second, &err);
    mo_file_lock_release(lock, &err);
    cr_assert_not(mo_fs_exists("lock"));
    mo_file_lock_release(take(), &err);
    mo_file_lock_release(NULL, &err);
}

Test(lock, a_file_without_an_owner_locks_nobody_out)
{
    cr_assert_eq(mo_fs_write("lock", "123 gone 2020", 13, &err), MOULT_OK);
    mo_file_lock_release(take(), &err);
    cr_assert_not(mo_fs_exists("lock"));
}

Test(lock, an_owner_that_wrote_nothing_is_another_process)
{
    mo_file_lock *lock = take(), *second;
    cr_assert_eq(truncate("lock", 0), 0);
    cr_assert_eq(mo_file_lock_take(&second, "lock", 0, NULL, &before, &err), MOULT_LOCKED);
    cr_assert(strstr(err.pub.message, "another process"), "%s", err.pub.message);
    mo_file_lock_release(lock, &err);
}

Test(lock, waiting_can_be_cancelled)
{
    volatile int cancel = 1;
    mo_file_lock *lock = take(), *second;
    cr_assert_eq(mo_file_lock_take(&second, "lock", 60, &cancel, &before, &err), MOULT_CANCELLED);
    cr_assert_null(second);
    mo_file_lock_release(lock, &err);
}

Test(lock, what_cannot_be_locked_is_an_error)
{
    mo_file_lock *lock;
    cr_assert_eq(mo_file_lock_take(&lock, "none/lock", 60, NULL, &before, &err), MOULT_IO);
    cr_assert_str_eq(err.pub.engine_code, "ENOENT");
    cr_assert_eq(mo_file_lock_take(&lock, ".", 60, NULL, &before, &err), MOULT_IO);
    cr_assert_eq(symlink("elsewhere", "link"), 0);
    cr_assert_eq(mo_file_lock_take(&lock, "link", 60, NULL, &before, &err), MOULT_IO);
    cr_assert_not(mo_fs_exists("elsewhere"));
    if (geteuid() != 0) {
        cr_assert_eq(mkdir("closed", 0500), 0);
        cr_assert_eq(mo_file_lock_take(&lock, "closed/lock", 60, NULL, &before, &err), MOULT_PERMISSION);
    }
}

/* Starts a process that takes the lock, notes what it does, says so, and then waits to be killed. */
static pid_t start_owner(const char *note)
{
    int ends[2];
    char byte;
    cr_assert_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        mo_file_lock *lock = take();
        if (note)
            mo_file_lock_note(lock, note);
        if (write(ends[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

Test(lock, the_kernel_frees_the_lock_of_a_killed_owner)
{
    pid_t pid = start_owner("step 3 of 7");
    mo_file_lock *lock;
    char name[32];
    cr_assert_eq(mo_file_lock_take(&lock, "lock", 0, NULL, &before, &err), MOULT_LOCKED);
    snprintf(name, sizeof name, "process %ld ", (long)pid);
    cr_assert(strstr(err.pub.message, name), "%s", err.pub.message);
    cr_assert_str_eq(err.pub.detail, "waited 0.0 seconds for it; it does: step 3 of 7");
    end(pid);
    double begin = mo_clock_now();
    mo_file_lock_release(take(), &err);
    cr_assert_lt(mo_clock_now() - begin, 1.0);
}

Test(lock, who_comes_after_a_killed_owner_gets_what_it_wrote)
{
    pid_t pid = start_owner("plan 7f3a9c21, step 3 of 7: rebuild user");
    mo_file_lock *lock;
    end(pid);
    lock = take();
    cr_expect_eq(before.state, MOULT_LOCK_LEFT);
    cr_expect_eq(before.pid, (int64_t)pid);
    cr_expect(before.host[0] && before.account[0] && before.since[4] == '-', "%s", before.since);
    cr_expect_str_eq(before.note, "plan 7f3a9c21, step 3 of 7: rebuild user");
    mo_file_lock_release(lock, &err);
    mo_file_lock_release(take(), &err);
    cr_expect_eq(before.state, MOULT_LOCK_FREE, "an owner that ends in order leaves nothing");
    cr_expect_eq(before.pid, 0);
}

static moult_lock_info look(void)
{
    moult_lock_info info;
    double begin = mo_clock_now();
    cr_assert_eq(mo_file_lock_look("lock", &info, &err), MOULT_OK, "%s", err.pub.message);
    cr_assert_lt(mo_clock_now() - begin, 1.0);
    return info;
}

Test(lock, anyone_may_look)
{
    moult_lock_info info = look();
    cr_expect_eq(info.state, MOULT_LOCK_FREE);
    cr_expect_not(mo_fs_exists("lock"), "looking makes no file");
    mo_file_lock *lock = take();
    info = look();
    cr_expect_eq(info.state, MOULT_LOCK_HELD);
    cr_expect_eq(info.pid, (int64_t)getpid());
    cr_expect_str_eq(info.note, "");
    cr_expect_str_eq(info.provider, "file");
    cr_expect_eq(mo_file_lock_note(lock, "a long line, which goes away when a short one comes"), 0);
    cr_expect_str_eq(look().note, "a long line, which goes away when a short one comes");
    cr_expect_eq(mo_file_lock_note(lock, "short\nand one line"), 0);
    cr_expect_str_eq(look().note, "short and one line");
    mo_file_lock_release(lock, &err);
    cr_expect_eq(look().state, MOULT_LOCK_FREE);
    pid_t pid = start_owner("gone");
    cr_expect_eq(look().state, MOULT_LOCK_HELD);
    end(pid);
    info = look();
    cr_expect_eq(info.state, MOULT_LOCK_LEFT);
    cr_expect_eq(info.pid, (int64_t)pid);
    cr_expect_str_eq(info.note, "gone");
    cr_expect_eq(look().state, MOULT_LOCK_LEFT, "looking changes nothing");
    mo_file_lock_release(take(), &err);
}

Test(lock, a_note_of_any_length_stays_one_line)
{
    char text[2000];
    mo_file_lock *lock = take();
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_expect_eq(mo_file_lock_note(lock, text), 0);
    moult_lock_info info = look();
    cr_expect_eq(info.pid, (int64_t)getpid());
    cr_expect_eq(strlen(info.note), sizeof info.note - 1);
    cr_expect_eq(mo_file_lock_note(lock, "done"), 0);
    cr_expect_str_eq(look().note, "done");
    mo_file_lock_release(lock, &err);
}

/* Others look all the time while owners come and go: nobody is locked out by that, not even who does not wait. */
Test(lock, looking_is_in_nobodys_way)
{
    pid_t pid = fork();
    if (pid == 0) {
        moult_lock_info info;
        for (;;)
            if (mo_file_lock_look("lock", &info, &err) != MOULT_OK)
                _exit(1);
    }
    for (int i = 0; i < 500; i++) {
        mo_file_lock *lock;
        cr_assert_eq(mo_file_lock_take(&lock, "lock", 0, NULL, &before, &err), MOULT_OK, "%s", err.pub.message);
        mo_file_lock_note(lock, "at work");
        cr_assert_eq(mo_file_lock_release(lock, &err), MOULT_OK);
    }
    cr_expect_eq(waitpid(pid, NULL, WNOHANG), 0);
    end(pid);
}

Test(lock, a_release_that_cannot_clear_away_says_so_and_lets_go)
{
    mo_file_lock *lock = take();
    cr_assert_eq(rename("lock", "elsewhere"), 0);
    cr_expect_eq(mo_file_lock_release(lock, &err), MOULT_IO);
    cr_expect(strstr(err.pub.message, "removed or replaced"), "%s", err.pub.message);
    cr_assert_eq(rename("elsewhere", "lock"), 0);
    lock = take();
    cr_assert_eq(unlink("lock"), 0);
    cr_assert_eq(symlink("elsewhere", "lock"), 0);
    cr_expect_eq(mo_file_lock_release(lock, &err), MOULT_IO);
    cr_assert_eq(unlink("lock"), 0);
    if (geteuid() != 0) {
        lock = take();
        cr_assert_eq(chmod(".", 0500), 0);
        cr_expect_eq(mo_file_lock_release(lock, &err), MOULT_PERMISSION);
        cr_expect_eq(look().state, MOULT_LOCK_FREE, "its owner ended in order");
        cr_assert_eq(chmod(".", 0700), 0);
    }
    mo_file_lock_release(take(), &err);
    cr_assert_not(mo_fs_exists("lock"));
}

Test(lock, a_fork_of_the_owner_neither_holds_nor_frees_it)
{
    mo_file_lock *lock = take(), *second;
    pid_t pid = fork();
    if (pid == 0) {
        mo_file_lock_release(lock, &err);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    cr_assert_eq(mo_file_lock_take(&second, "lock", 0, NULL, &before, &err), MOULT_LOCKED);
    pid = fork();
    if (pid == 0) {
        pause(); /* still has the descriptor */
        _exit(0);
    }
    mo_file_lock_release(lock, &err);
    mo_file_lock_release(take(), &err);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* One of many: takes the lock again and again, and adds one to a counter, which is lost when two do so at once. */
static void count_up(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        mo_file_lock *lock;
        char text[32] = "";
        if (mo_file_lock_take(&lock, "lock", 60, NULL, &before, &err) != MOULT_OK)
            _exit(1);
        int fd = open("counter", O_RDWR | O_CREAT, 0666);
        if (fd < 0 || pread(fd, text, sizeof text - 1, 0) < 0)
            _exit(2);
        int n = snprintf(text, sizeof text, "%d\n", atoi(text) + 1);
        if (pwrite(fd, text, (size_t)n, 0) != n)
            _exit(3);
        close(fd);
        mo_file_lock_release(lock, &err);
    }
}

Test(lock, many_processes_hold_it_one_after_the_other)
{
    enum { PROCESSES = 16, ROUNDS = 20 };
    pid_t pids[PROCESSES];
    char *text;
    size_t n;
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            count_up(ROUNDS);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
        cr_assert_eq(status, 0);
    }
    cr_assert_eq(mo_fs_read("counter", (mo_patience){0}, 100, &text, &n, &err), MOULT_OK);
    cr_assert_eq(atoi(text), PROCESSES * ROUNDS);
    free(text);
    cr_assert_not(mo_fs_exists("lock"));
}
