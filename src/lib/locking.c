/* SPDX-License-Identifier: MIT */
/* locking.c - moult's lock: taken, told about, looked at, given back; by whatever provider the dialect names. */
#include "locking.h"

#include <string.h>

enum { SHOWN_DIGITS = 8 }; /* of a plan's id, in notes */

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

/* Did the plan that the note names come to its end? */
static int was_applied(start *s, const char *plan, int *yes)
{
    mo_versions all = {0};
    int rc = mo_state_exists(s->m->dialect, s->m->conn, &s->m->error);
    if (rc > 0)
        rc = mo_history_read(s->m->dialect, s->m->conn, s->region, &all, &s->m->error);
    *yes = 0;
    for (size_t i = 0; i < all.count; i++)
        *yes |= all.items[i].info.plan_id && strncmp(all.items[i].info.plan_id, plan, SHOWN_DIGITS) == 0;
    return rc < 0 ? rc : MOULT_OK;
}

int mo_locking_explain(start *s)
{
    static const char begin[] = "plan ";
    const char *note = s->before.note;
    int applied, rc;
    if (s->before.state != MOULT_LOCK_LEFT || s->journal.there || strncmp(note, begin, sizeof begin - 1) != 0)
        return MOULT_OK;
    rc = was_applied(s, note + sizeof begin - 1, &applied);
    if (rc != MOULT_OK)
        return rc;
    return mo_monitor_log(&s->m->monitor, 1,
                          applied ? "its plan was applied before it ended"
                                  : "its plan was one transaction: nothing of it is there");
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
