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

/* The version that the script makes: it says "script", and the time is that of the plan. */
static int record(moult *m, const mo_plan *plan, mo_region *r, mo_str *before, mo_str *after, mo_error *err)
{
    mo_version v = {{0}, plan->declared};
    mo_versions all = {0};
    int rc = mo_history_read(m->dialect, m->conn, r, &all, err);
    if (rc != MOULT_OK)
        return rc;
    v.info.applied_by = m->options.pub.applied_by;
    v.info.plan_id = plan->id;
    v.info.from = all.count ? all.items[all.count - 1].info.to : "";
    v.info.to = plan->declared_fp;
    v.info.kind = plan->waits ? "expand" : "script";
    v.info.changes = (int64_t)plan->rows.count;
    return mo_history_script(m->dialect, m->conn, &v, before, after, err);
}

int mo_export_sql(moult *m, const mo_plan *plan, mo_str *out, mo_error *err)
{
    mo_str before = {0}, after = {0};
    mo_region *r = mo_region_new();
    int rc = r ? MOULT_OK : mo_error_nomem(err);
    if (rc == MOULT_OK && plan->made_here && plan->declared && plan->steps.count)
        rc = record(m, plan, r, &before, &after, err);
    if (rc == MOULT_OK)
        rc = mo_plan_write_sql(plan, mo_str_text(&before), mo_str_text(&after), out, err);
    mo_str_free(&before);
    mo_str_free(&after);
    mo_region_free(r);
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
    if (detail.length)
        rc = mo_error_detail(&m->error, "%s", mo_str_text(&detail));
    if (result->exported)
        rc = mo_error_hint(&m->error,
                           "the plan is in '%s', which says how it is run: let an account that may write run it", path);
    else
        rc = mo_error_hint(&m->error, "let an account that may write run the plan: moult plan --format sql prints it");
    mo_str_free(&detail);
    mo_error_clear(&failed);
    return rc;
}
