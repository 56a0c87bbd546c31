/* SPDX-License-Identifier: MIT */
/* locking.c - moult's lock: taken, told about, looked at, given back; by whatever provider the dialect names. */
#include "locking.h"

int mo_locking_take(moult *m, moult_lock_info *before)
{
    int rc =
        m->dialect->lock->take(m->conn, m->options.pub.lock_timeout, &m->cancel, &m->monitor.lock, before, &m->error);
    if (rc != MOULT_OK)
        return rc;
    mo_monitor_note(m->dialect, &m->monitor, "reading and planning");
    if (before->state != MOULT_LOCK_LEFT)
        return MOULT_OK;
    rc = mo_monitor_log(&m->monitor, 2, "process %lld on '%s' ended while it had the lock (since %s)%s%s",
                        (long long)before->pid, before->host, before->since, before->note[0] ? ": " : "", before->note);
    if (rc != MOULT_OK) {
        mo_locking_release(m);
        mo_error_set(&m->error, rc, "cancelled");
    }
    return rc;
}

void mo_locking_release(moult *m)
{
    mo_error problem = {0};
    mo_lock *lock = m->monitor.lock;
    m->monitor.lock = NULL;
    if (lock && m->dialect->lock->release(lock, &problem) != MOULT_OK)
        (void)mo_monitor_log(&m->monitor, 2, "the lock was given back, but %s", problem.pub.message);
    mo_error_clear(&problem);
}

int moult_lock_look(moult *m, moult_lock_info *out)
{
    mo_error_clear(&m->error);
    return m->dialect->lock->look(m->conn, out, &m->error);
}
