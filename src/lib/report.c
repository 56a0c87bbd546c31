/* SPDX-License-Identifier: MIT */
/* report.c - says what a start or an apply did, or what a person must do. */
#include "report.h"

#include <stdlib.h>

static void add_error(mo_str *out, const moult_error *e)
{
    if (e->file)
        mo_str_addf(out, "%s:%d:%d: ", e->file, e->line, e->column);
    mo_str_add(out, e->message);
    if (e->detail)
        mo_str_addf(out, "\n%s", e->detail);
    if (e->hint)
        mo_str_addf(out, "\nhint: %s", e->hint);
}

static int add_refusal(mo_str *out, moult *m, const mo_plan *plan, mo_error *err)
{
    const char *url = m->url.display ? m->url.display : "URL";
    int rc;
    mo_str_addf(out, "%s (%s): %zu change%s, plan %.8s\n\n", moult_database_name(m), moult_engine(m), plan->rows.count,
                plan->rows.count == 1 ? "" : "s", plan->id);
    rc = mo_plan_write_text(plan, out, err);
    mo_str_addf(out, "\nA person must approve this plan.\n  approve exactly this plan    moult approve %.8s --url %s\n",
                plan->id, url);
    return rc;
}

static int add_outcome(mo_str *out, moult *m, const moult_result *r, int rc, mo_error *err)
{
    const char *name = moult_database_name(m);
    if (rc == MOULT_REFUSED && r->plan)
        return add_refusal(out, m, r->plan, err);
    if (rc != MOULT_OK) {
        add_error(out, &m->error.pub);
        return MOULT_OK;
    }
    switch (r->outcome) {
    case MOULT_UP_TO_DATE:
        mo_str_addf(out, "%s is up to date", name);
        break;
    case MOULT_APPLIED:
        mo_str_addf(out, "%s: the plan was applied; version %lld", name, (long long)r->version);
        break;
    case MOULT_RECORDED:
        mo_str_addf(out, "%s has the desired schema already; recorded as version %lld", name, (long long)r->version);
        break;
    case MOULT_BEHIND:
        mo_str_addf(out,
                    "behind: %s is newer than the desired schema, which was version %lld; nothing was changed\n"
                    "to go back to it: moult apply --backward --to history:%lld --url %s",
                    name, (long long)r->version, (long long)r->version, m->url.display ? m->url.display : "URL");
        break;
    case MOULT_PENDING:
        mo_str_addf(out, "%s: %zu change%s pending", name, r->plan ? r->plan->rows.count : 0,
                    r->plan && r->plan->rows.count == 1 ? " is" : "s are");
        break;
    case MOULT_WAITING:
        mo_str_addf(out,
                    "%s is expanded to the desired schema; its contract waits\n"
                    "to finish, when no old build runs any more: moult apply --phase contract --url %s",
                    name, m->url.display ? m->url.display : "URL");
        break;
    case MOULT_NEEDS_APPROVAL:
    case MOULT_NO_PERMISSION:
        break;
    }
    return MOULT_OK;
}

int mo_report_result(moult *m, moult_result *result, int rc, const char *backup)
{
    mo_str out = {0};
    mo_error err = {{0}};
    int said = add_outcome(&out, m, result, rc, &err);
    if (backup)
        mo_str_addf(&out, "\nbackup: %s", backup);
    result->text = mo_str_take(&out);
    mo_error_clear(&err);
    mo_str_free(&out);
    return said == MOULT_OK && result->text ? MOULT_OK : MOULT_NOMEM;
}
