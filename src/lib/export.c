/* SPDX-License-Identifier: MIT */
/* export.c - a plan as a script in a file, for an account that may run it. */
#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "detect.h"
#include "hooks.h"
#include "limit.h"

/* What the first line of each script begins with: how moult knows its own. */
static const char first_line[] = "-- moult plan ";

/* Nobody's file is replaced but one of ours. What is no regular file (a pipe, a terminal) has no content to lose. */
static int check_replaces(const char *path, mo_error *err)
{
    char head[sizeof first_line - 1];
    struct stat st;
    ssize_t n;
    int fd;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return MOULT_OK;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    if (n == (ssize_t)sizeof head && memcmp(head, first_line, sizeof head) == 0)
        return MOULT_OK;
    mo_error_set(err, MOULT_INVALID, "'%s' is there already, and is no plan that moult wrote: it is left as it is",
                 path);
    return mo_error_hint(err, "name another file, or move that one away");
}

/* What a script has to write down. */
typedef struct recording {
    moult *m;
    const mo_plan *plan;
    mo_region *region;
    int64_t version; /* that the script makes, or that is there */
    mo_str before, after;
} recording;

static int ends_in_ddl(const mo_plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++)
        if (!plan->steps.items[i].hook)
            return 1;
    return 0;
}

/* The version that the script makes: it says "script", and the time is that of the plan. */
static int record_version(recording *r, const mo_versions *all, mo_error *err)
{
    mo_version v = {{0}, r->plan->declared};
    v.info.applied_by = r->m->options.pub.applied_by;
    v.info.plan_id = r->plan->id;
    v.info.from = all->count ? all->items[all->count - 1].info.to : "";
    v.info.to = r->plan->declared_fp;
    v.info.kind = r->plan->waits ? "expand" : "script";
    v.info.changes = (int64_t)r->plan->rows.count;
    return mo_history_script(r->m->dialect, r->m->conn, &v, &r->before, &r->after, err);
}

/* Hooks that a new database does not need are recorded as such. */
static int record_not_needed(recording *r, mo_error *err)
{
    const moult_hook *hooks = r->m->options.pub.hooks;
    int rc = MOULT_OK;
    for (size_t i = 0; r->plan->fresh && hooks && hooks[i].version && rc == MOULT_OK; i++) {
        char code[65];
        mo_hook_record record = {hooks[i].version, code, "not needed", r->version, 0};
        rc = mo_hook_code(&hooks[i], code, err);
        if (rc == MOULT_OK)
            rc = mo_hooks_script(r->m->dialect, &record, &r->after) ? mo_error_nomem(err) : MOULT_OK;
    }
    return rc;
}

static int record(recording *r, mo_error *err)
{
    mo_versions all = {0};
    int rc = mo_history_read(r->m->dialect, r->m->conn, r->region, &all, err);
    if (rc != MOULT_OK)
        return rc;
    r->version = all.count ? all.items[all.count - 1].info.version : 0;
    r->version += ends_in_ddl(r->plan);
    if (ends_in_ddl(r->plan) || all.count == 0)
        rc = record_version(r, &all, err);
    return rc == MOULT_OK ? record_not_needed(r, err) : rc;
}

static int hook_in_script(void *user, const mo_step *step, mo_str *out)
{
    const recording *r = user;
    mo_hook_record ran = {step->hook, step->hook_code, "ran", r->version, 0};
    return mo_hooks_script(r->m->dialect, &ran, out);
}

/* A plan that was read knows neither the history nor the schema that its script must find: the same plan, made again here, does.
 * *again: NULL where it is not the same any more. */
static int make_again(moult *m, const mo_plan *plan, mo_plan **again)
{
    int rc;
    *again = NULL;
    if (plan->made_here || plan->declared == NULL || plan->steps.count == 0)
        return MOULT_OK;
    mo_limit_start(m);
    rc = mo_detect_again(m, plan, again);
    if (rc == MOULT_OK && strcmp((*again)->id, plan->id) == 0)
        return MOULT_OK;
    if (rc == MOULT_OK)
        mo_plan_free(*again);
    *again = NULL;
    if (rc == MOULT_NOMEM || rc == MOULT_CANCELLED)
        return rc;
    mo_error_clear(&m->error);
    return MOULT_OK;
}

static int write_sql(moult *m, const mo_plan *plan, mo_str *out, mo_error *err)
{
    recording r = {.m = m, .plan = plan, .region = mo_region_new()};
    mo_script script = {.hook = hook_in_script, .user = &r};
    int records = plan->made_here && plan->declared && plan->steps.count;
    int rc = r.region == NULL ? mo_error_nomem(err) : records ? record(&r, err) : MOULT_OK;
    script.first = mo_str_text(&r.before);
    script.last = mo_str_text(&r.after);
    if (rc == MOULT_OK)
        rc = mo_plan_write_sql(plan, records ? &script : NULL, out, err);
    mo_str_free(&r.before);
    mo_str_free(&r.after);
    mo_region_free(r.region);
    return rc;
}

int mo_export_sql(moult *m, const mo_plan *plan, mo_str *out, mo_error *err)
{
    mo_plan *again;
    int rc = make_again(m, plan, &again);
    if (rc == MOULT_OK)
        rc = write_sql(m, again ? again : plan, out, err);
    mo_plan_free(again);
    return rc;
}

static int export_plan(moult *m, const mo_plan *plan, const char *path, mo_error *err)
{
    mo_str sql = {0};
    int rc;
    if (path == NULL || *path == '\0')
        return MOULT_OK;
    rc = check_replaces(path, err);
    if (rc == MOULT_OK)
        rc = mo_export_sql(m, plan, &sql, err);
    if (rc == MOULT_OK)
        rc = mo_fs_write(path, mo_str_text(&sql), sql.length, err);
    mo_str_free(&sql);
    return rc;
}

int moult_plan_export(moult *m, const moult_plan *plan, const char *path)
{
    mo_error_clear(&m->error);
    return export_plan(m, (const mo_plan *)plan, path, &m->error);
}

int mo_export_refused(moult *m, const mo_plan *plan, const char *why, moult_result *result)
{
    const char *path = m->options.pub.export_path;
    mo_error failed = {{0}};
    mo_str detail = {0};
    int wanted = path && *path, rc = wanted ? export_plan(m, plan, path, &failed) : MOULT_OK;
    if (rc == MOULT_OK && wanted && (result->exported = strdup(path)) == NULL)
        rc = MOULT_NOMEM;
    result->outcome = MOULT_NO_PERMISSION;
    if (rc == MOULT_NOMEM) {
        mo_error_clear(&failed);
        return mo_error_nomem(&m->error);
    }
    if (why)
        mo_str_add(&detail, why);
    if (rc != MOULT_OK)
        mo_str_addf(&detail, "%sthe plan could not be written: %s", why ? "\n" : "", failed.pub.message);
    rc = mo_error_set(
        &m->error, MOULT_PERMISSION,
        "%s cannot be written to by this account, and its schema is not the desired one; nothing was changed",
        moult_database_name(m));
    if (rc == MOULT_PERMISSION && detail.length)
        mo_error_detail(&m->error, "%s", mo_str_text(&detail));
    if (result->exported)
        mo_error_hint(&m->error, "the plan is in '%s', which says how it is run: let an account that may write run it",
                      path);
    else
        mo_error_hint(&m->error, "let an account that may write run the plan: moult plan --format sql prints it");
    mo_str_free(&detail);
    mo_error_clear(&failed);
    return rc;
}
