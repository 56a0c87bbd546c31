/* SPDX-License-Identifier: MIT */
/* status.c - where a database stands: its version, what is pending, what drifted, who is at work, what waits. */
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "drift.h"
#include "start.h"

struct moult_status {
    mo_region *region;
    moult_plan *plan;
    mo_versions versions;
    mo_drifts drift;
    mo_drift_texts foreign;
    mo_problems problems;
    mo_approvals approvals;
    mo_backups backups;
    moult_lock_info lock;
    const char *interrupted;
    const char *state;
};

static const moult_version_info *last(const moult_status *s)
{
    return s->versions.count ? &s->versions.items[s->versions.count - 1].info : NULL;
}

/* Between an expand and its contract the database is neither what was before nor what was declared. */
static int half_done(const moult_status *s)
{
    return s->interrupted || (last(s) && strcmp(last(s)->kind, "expand") == 0);
}

static int find_drift(moult *m, moult_status *s)
{
    mo_schema *live = NULL, *recorded = NULL;
    int64_t version = 0;
    int rc = mo_history_last(m->dialect, m->conn, &version, &recorded, &m->error);
    if (rc == MOULT_OK && recorded)
        rc = mo_detect_in_scope(m, &recorded);
    if (rc == MOULT_OK && recorded)
        rc = mo_detect_inspect(m, &live);
    if (rc == MOULT_OK && recorded)
        rc = mo_drift_find(m, live, recorded, s->region, &s->drift, &s->foreign);
    mo_schema_free(recorded);
    mo_schema_free(live);
    return rc;
}

static int find_interrupted(moult *m, moult_status *s)
{
    mo_journal journal = {0};
    int rc = mo_journal_read(m->dialect, m->conn, s->region, &journal, &m->error);
    if (s->lock.state == MOULT_LOCK_HELD) /* it runs just now */
        return rc;
    if (rc == MOULT_OK && journal.there && (s->interrupted = mo_interrupted_text(s->region, &journal)) == NULL)
        rc = mo_error_nomem(&m->error);
    return rc;
}

/* moult's own tables tell. */
static int read_own(moult *m, moult_status *s)
{
    int rc = mo_history_read(m->dialect, m->conn, s->region, &s->versions, &m->error);
    if (rc == MOULT_OK)
        rc = mo_history_verify(m->dialect, m->conn, s->region, &s->problems, &m->error);
    if (rc == MOULT_OK)
        rc = mo_plans_list(m->dialect, m->conn, s->region, &s->approvals, &m->error);
    if (rc == MOULT_OK)
        rc = find_interrupted(m, s);
    if (rc == MOULT_OK && !half_done(s))
        rc = find_drift(m, s);
    return rc;
}

/* What is said of the lock is only for people: that it cannot be read is no reason to say nothing else. */
static int look_at_lock(moult *m, moult_status *s)
{
    int rc = m->dialect->lock->look(m->conn, &s->lock, &m->error);
    if (rc == MOULT_OK || rc == MOULT_NOMEM)
        return rc;
    mo_error_clear(&m->error);
    return MOULT_OK;
}

static const char *state_of(const moult_status *s)
{
    if (s->interrupted)
        return "interrupted";
    if (s->plan && moult_plan_behind(s->plan))
        return "behind";
    if (s->plan && moult_plan_change_count(s->plan) > 0)
        return half_done(s) && last(s) && strcmp(last(s)->to, ((mo_plan *)s->plan)->declared_fp) == 0 ? "waits"
                                                                                                      : "pending";
    if (s->plan)
        return "up_to_date";
    return last(s) ? "recorded" : "no_history";
}

static int read_status(moult *m, const moult_source *desired, moult_status *s)
{
    int rc = look_at_lock(m, s);
    if (rc == MOULT_OK)
        rc = mo_state_exists(m->dialect, m->conn, &m->error);
    if (rc > 0)
        rc = read_own(m, s);
    if (rc == MOULT_OK)
        rc = m->dialect->backups(m->conn, s->region, &s->backups, &m->error);
    if (rc == MOULT_OK && desired)
        rc = moult_make_plan(m, desired, &s->plan);
    s->state = state_of(s);
    return rc;
}

int moult_status_read(moult *m, const moult_source *desired, moult_status **out)
{
    moult_status *s = calloc(1, sizeof *s);
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    if (s == NULL || (s->region = mo_region_new()) == NULL)
        rc = mo_error_nomem(&m->error);
    else
        rc = read_status(m, desired, s);
    if (rc == MOULT_OK)
        *out = s;
    else
        moult_status_free(s);
    return rc;
}

void moult_status_free(moult_status *status)
{
    if (status == NULL)
        return;
    moult_plan_free(status->plan);
    mo_region_free(status->region);
    free(status);
}

/* --- reading it ---------------------------------------------------------------------------------------------------- */

const char *moult_status_state(const moult_status *status)
{
    return status->state;
}

const moult_plan *moult_status_plan(const moult_status *status)
{
    return status->plan;
}

const moult_version_info *moult_status_version(const moult_status *status)
{
    return last(status);
}

const char *moult_status_interrupted(const moult_status *status)
{
    return status->interrupted;
}

const moult_lock_info *moult_status_lock(const moult_status *status)
{
    return &status->lock;
}

const moult_drift_info *moult_status_drift(const moult_status *status, size_t i)
{
    return i < status->drift.count ? &status->drift.items[i] : NULL;
}

const char *moult_status_foreign(const moult_status *status, size_t i)
{
    return i < status->foreign.count ? status->foreign.items[i] : NULL;
}

const char *moult_status_problem(const moult_status *status, size_t i)
{
    return i < status->problems.count ? status->problems.items[i] : NULL;
}

const moult_approval_info *moult_status_approval(const moult_status *status, size_t i)
{
    return i < status->approvals.count ? &status->approvals.items[i] : NULL;
}

const moult_backup_info *moult_status_backup(const moult_status *status, size_t i)
{
    return i < status->backups.count ? &status->backups.items[i] : NULL;
}
