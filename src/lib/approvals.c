/* SPDX-License-Identifier: MIT */
/* approvals.c - plans that wait in the database, and a person's word for exactly one of them. */
#include <string.h>

#include "detect.h"
#include "limit.h"
#include "start.h"

int mo_start_may_write(moult *m)
{
    return m->open_mode != MOULT_OPEN_READ && m->dialect->writable(m->conn);
}

int mo_start_store(moult *m, const mo_plan *plan)
{
    mo_str json = {0};
    int rc = mo_plan_write_json(plan, &json, &m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->begin(m->conn, 1, &m->error);
    if (rc == MOULT_OK) {
        rc = mo_state_create(m->dialect, m->conn, &m->error);
        if (rc == MOULT_OK)
            rc = mo_plans_put(m->dialect, m->conn, plan->id, mo_str_text(&json), &m->error);
        if (rc == MOULT_OK)
            rc = m->dialect->commit(m->conn, &m->error);
        if (rc != MOULT_OK)
            m->dialect->rollback(m->conn);
    }
    mo_str_free(&json);
    return rc;
}

int moult_plan_store(moult *m, const moult_plan *plan)
{
    mo_error_clear(&m->error);
    if (!mo_start_may_write(m))
        return mo_error_set(&m->error, MOULT_PERMISSION, "%s cannot be written to", moult_database_name(m));
    return mo_start_store(m, (const mo_plan *)plan);
}

int moult_plan_find(moult *m, const char *id, moult_plan **out)
{
    mo_region *r = mo_region_new();
    mo_stored_plan stored;
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    if (r == NULL)
        return mo_error_nomem(&m->error);
    rc = mo_state_exists(m->dialect, m->conn, &m->error);
    if (rc == 0)
        rc = mo_error_set(&m->error, MOULT_NOTFOUND, "no plan is stored in %s", moult_database_name(m));
    if (rc > 0)
        rc = mo_plans_find(m->dialect, m->conn, r, id, &stored, &m->error);
    if (rc == MOULT_OK)
        rc = mo_plan_read_json(m->dialect, stored.body, strlen(stored.body), "the stored plan", (mo_plan **)out,
                               &m->error);
    mo_region_free(r);
    return rc;
}

static int approve(start *s, const char *id)
{
    moult *m = s->m;
    mo_schema *live = NULL;
    const char *by = mo_start_who(s), *on = mo_start_host(s);
    int rc;
    mo_limit_begin(m, "reading the database");
    rc = mo_limit_end(m, by && on ? mo_detect_inspect(m, &live) : mo_error_nomem(&m->error));
    if (rc == MOULT_OK && strcmp(live->fingerprint, s->plan->from) != 0) {
        rc = mo_error_set(&m->error, MOULT_CHANGED, "the schema of %s has changed since plan %.8s was made",
                          moult_database_name(m), s->plan->id);
        mo_error_hint(&m->error, "make a new plan");
    }
    mo_schema_free(live);
    if (rc == MOULT_OK)
        rc = m->dialect->begin(m->conn, 1, &m->error);
    if (rc != MOULT_OK)
        return rc;
    rc = mo_plans_approve(m->dialect, m->conn, id, by, on, &m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->commit(m->conn, &m->error);
    if (rc != MOULT_OK)
        m->dialect->rollback(m->conn);
    return rc;
}

int moult_approve(moult *m, const char *id)
{
    moult_result none = {0};
    moult_plan *plan = NULL;
    start s;
    int rc = moult_plan_find(m, id, &plan);
    if (rc == MOULT_OK)
        rc = mo_start_begin(m, &s, &none);
    if (rc != MOULT_OK) {
        moult_plan_free(plan);
        return rc;
    }
    s.plan = (mo_plan *)plan;
    rc = m->dialect->writable(m->conn)
             ? approve(&s, s.plan->id)
             : mo_error_set(&m->error, MOULT_PERMISSION, "%s cannot be written to", moult_database_name(m));
    mo_region_free(s.region);
    moult_plan_free(plan);
    return rc;
}
