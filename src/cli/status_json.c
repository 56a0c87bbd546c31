/* SPDX-License-Identifier: MIT */
/* status_json.c - a status for programs; its form is docs/status.schema.json. */
#include "status.h"

static void put(FILE *f, const char *name, const char *text)
{
    fprintf(f, ",\n  \"%s\": ", name);
    out_json(f, text);
}

/* One member of an object on one line. */
static void put_in(FILE *f, const char *before, const char *name, const char *text)
{
    fprintf(f, "%s\"%s\": ", before, name);
    out_json(f, text);
}

static void put_drift(FILE *f, const moult_status *s)
{
    const moult_drift_info *d;

    fprintf(f, ",\n  \"drift\": [");
    for (size_t i = 0; (d = moult_status_drift(s, i)) != NULL; i++) {
        fprintf(f, "%s\n    {", i ? "," : "");
        put_in(f, "", "kind", d->kind);
        put_in(f, ", ", "name", d->name);
        put_in(f, ", ", "happened", status_drift_word(d->op));
        put_in(f, ", ", "what", d->what);
        put_in(f, ", ", "recorded", d->recorded);
        put_in(f, ", ", "live", d->live);
        fprintf(f, "}");
    }
    fprintf(f, "%s]", moult_status_drift(s, 0) ? "\n  " : "");
}

static void put_texts(FILE *f, const char *name, const moult_status *s,
                      const char *(*next)(const moult_status *, size_t))
{
    const char *text;

    fprintf(f, ",\n  \"%s\": [", name);
    for (size_t i = 0; (text = next(s, i)) != NULL; i++) {
        fprintf(f, i ? ", " : "");
        out_json(f, text);
    }
    fprintf(f, "]");
}

static void put_lock(FILE *f, const moult_status *s)
{
    static const char *const states[] = {
        [MOULT_LOCK_FREE] = "free", [MOULT_LOCK_HELD] = "held", [MOULT_LOCK_LEFT] = "left"};
    const moult_lock_info *lock = moult_status_lock(s);

    fprintf(f, ",\n  \"lock\": {");
    put_in(f, "", "state", states[lock->state]);
    fprintf(f, ", \"pid\": %lld", (long long)lock->pid);
    put_in(f, ", ", "host", lock->host);
    put_in(f, ", ", "account", lock->account);
    put_in(f, ", ", "since", lock->since);
    put_in(f, ", ", "note", lock->note);
    fprintf(f, "}");
}

static void put_approvals(FILE *f, const moult_status *s)
{
    const moult_approval_info *a;

    fprintf(f, ",\n  \"plans\": [");
    for (size_t i = 0; (a = moult_status_approval(s, i)) != NULL; i++) {
        fprintf(f, "%s\n    {", i ? "," : "");
        put_in(f, "", "id", a->id);
        put_in(f, ", ", "stored_at", a->stored_at);
        put_in(f, ", ", "approved_at", a->approved_at);
        put_in(f, ", ", "approved_by", a->approved_by);
        put_in(f, ", ", "approved_host", a->approved_host);
        fprintf(f, "}");
    }
    fprintf(f, "%s]", moult_status_approval(s, 0) ? "\n  " : "");
}

static void put_backups(FILE *f, const moult_status *s)
{
    const moult_backup_info *b;

    fprintf(f, ",\n  \"backups\": [");
    for (size_t i = 0; (b = moult_status_backup(s, i)) != NULL; i++) {
        fprintf(f, "%s\n    {", i ? "," : "");
        put_in(f, "", "path", b->path);
        fprintf(f, ", \"bytes\": %lld", (long long)b->bytes);
        put_in(f, ", ", "made_at", b->made_at);
        fprintf(f, "}");
    }
    fprintf(f, "%s]", moult_status_backup(s, 0) ? "\n  " : "");
}

void status_write_json(FILE *f, const moult *m, const char *desired, const moult_status *s, const attic_size *attic)
{
    const moult_plan *plan = moult_status_plan(s);
    const moult_version_info *last = moult_status_version(s);
    size_t count = plan ? moult_plan_change_count(plan) : 0;

    fprintf(f, "{\n  \"format\": \"moult-status\",\n  \"format_version\": 1");
    put(f, "state", moult_status_state(s));
    put(f, "database", moult_database_name(m));
    put(f, "engine", moult_engine(m));
    put(f, "desired", plan ? desired : NULL);
    fprintf(f, ",\n  \"version\": %lld", last ? (long long)last->version : 0LL);
    put(f, "applied_at", last ? last->applied_at : NULL);
    put(f, "applied_by", last ? last->applied_by : NULL);
    put(f, "kind", last ? last->kind : NULL);
    fprintf(f, ",\n  \"changes\": %zu", count);
    put(f, "risk", plan ? report_risk(moult_plan_risk(plan)) : NULL);
    put(f, "plan_id", count ? moult_plan_id(plan) : NULL);
    fprintf(f, ",\n  \"behind_version\": %lld", plan ? (long long)moult_plan_behind_version(plan) : 0LL);
    put(f, "interrupted", moult_status_interrupted(s));
    put_drift(f, s);
    put_texts(f, "others", s, moult_status_foreign);
    put_texts(f, "history_problems", s, moult_status_problem);
    put_lock(f, s);
    put_approvals(f, s);
    put_backups(f, s);
    fprintf(f, ",\n  \"attic\": {\"entries\": %zu, \"rows\": %lld, \"bytes\": %lld}", attic->entries,
            (long long)attic->rows, (long long)attic->bytes);
    fprintf(f, "\n}\n");
}
