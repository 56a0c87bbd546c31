/* SPDX-License-Identifier: MIT */
/* status_json.c - a status for programs; its form is docs/status.schema.json. */
#include "status.h"

static void put(const char *name, const char *text)
{
    printf(",\n  \"%s\": ", name);
    out_json(stdout, text);
}

/* One member of an object on one line. */
static void put_in(const char *before, const char *name, const char *text)
{
    printf("%s\"%s\": ", before, name);
    out_json(stdout, text);
}

static void put_drift(const moult_status *s)
{
    const moult_drift_info *d;

    printf(",\n  \"drift\": [");
    for (size_t i = 0; (d = moult_status_drift(s, i)) != NULL; i++) {
        printf("%s\n    {", i ? "," : "");
        put_in("", "kind", d->kind);
        put_in(", ", "name", d->name);
        put_in(", ", "happened", status_drift_word(d->op));
        put_in(", ", "what", d->what);
        put_in(", ", "recorded", d->recorded);
        put_in(", ", "live", d->live);
        printf("}");
    }
    printf("%s]", moult_status_drift(s, 0) ? "\n  " : "");
}

static void put_texts(const char *name, const moult_status *s, const char *(*next)(const moult_status *, size_t))
{
    const char *text;

    printf(",\n  \"%s\": [", name);
    for (size_t i = 0; (text = next(s, i)) != NULL; i++) {
        printf(i ? ", " : "");
        out_json(stdout, text);
    }
    printf("]");
}

static void put_lock(const moult_status *s)
{
    static const char *const states[] = {
        [MOULT_LOCK_FREE] = "free", [MOULT_LOCK_HELD] = "held", [MOULT_LOCK_LEFT] = "left"};
    const moult_lock_info *lock = moult_status_lock(s);

    printf(",\n  \"lock\": {");
    put_in("", "state", states[lock->state]);
    printf(", \"pid\": %lld", (long long)lock->pid);
    put_in(", ", "host", lock->host);
    put_in(", ", "account", lock->account);
    put_in(", ", "since", lock->since);
    put_in(", ", "note", lock->note);
    printf("}");
}

static void put_approvals(const moult_status *s)
{
    const moult_approval_info *a;

    printf(",\n  \"plans\": [");
    for (size_t i = 0; (a = moult_status_approval(s, i)) != NULL; i++) {
        printf("%s\n    {", i ? "," : "");
        put_in("", "id", a->id);
        put_in(", ", "stored_at", a->stored_at);
        put_in(", ", "approved_at", a->approved_at);
        put_in(", ", "approved_by", a->approved_by);
        put_in(", ", "approved_host", a->approved_host);
        printf("}");
    }
    printf("%s]", moult_status_approval(s, 0) ? "\n  " : "");
}

static void put_backups(const moult_status *s)
{
    const moult_backup_info *b;

    printf(",\n  \"backups\": [");
    for (size_t i = 0; (b = moult_status_backup(s, i)) != NULL; i++) {
        printf("%s\n    {", i ? "," : "");
        put_in("", "path", b->path);
        printf(", \"bytes\": %lld", (long long)b->bytes);
        put_in(", ", "made_at", b->made_at);
        printf("}");
    }
    printf("%s]", moult_status_backup(s, 0) ? "\n  " : "");
}

void status_print_json(const cli *c, const moult_status *s, const attic_size *attic)
{
    const moult_plan *plan = moult_status_plan(s);
    const moult_version_info *last = moult_status_version(s);
    size_t count = plan ? moult_plan_change_count(plan) : 0;

    printf("{\n  \"format\": \"moult-status\",\n  \"format_version\": 1");
    put("state", moult_status_state(s));
    put("database", moult_database_name(c->m));
    put("engine", moult_engine(c->m));
    put("desired", plan ? c->to : NULL);
    printf(",\n  \"version\": %lld", last ? (long long)last->version : 0LL);
    put("applied_at", last ? last->applied_at : NULL);
    put("applied_by", last ? last->applied_by : NULL);
    put("kind", last ? last->kind : NULL);
    printf(",\n  \"changes\": %zu", count);
    put("risk", plan ? report_risk(moult_plan_risk(plan)) : NULL);
    put("plan_id", count ? moult_plan_id(plan) : NULL);
    printf(",\n  \"behind_version\": %lld", plan ? (long long)moult_plan_behind_version(plan) : 0LL);
    put("interrupted", moult_status_interrupted(s));
    put_drift(s);
    put_texts("others", s, moult_status_foreign);
    put_texts("history_problems", s, moult_status_problem);
    put_lock(s);
    put_approvals(s);
    put_backups(s);
    printf(",\n  \"attic\": {\"entries\": %zu, \"rows\": %lld, \"bytes\": %lld}", attic->entries,
           (long long)attic->rows, (long long)attic->bytes);
    printf("\n}\n");
}
