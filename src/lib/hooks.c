/* SPDX-License-Identifier: MIT */
/*
 * hooks.c - which data hooks a database still needs, and their statements.
 *
 * A hook moves old data into a new schema. So none is needed where there is no old data: in a database that the plan
 * creates, and in one that is adopted as it stands. These are recorded as such, and never run there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lexer.h"
#include "hooks.h"
#include "run/hook.h"

int mo_hook_code(const moult_hook *hook, char out[65], mo_error *err)
{
    mo_sha256 *h = mo_sha256_new();
    if (h == NULL)
        return mo_error_nomem(err);
    mo_sha256_add_text(h, hook->trigger == MOULT_AFTER_DDL ? "after_ddl" : "before_ddl");
    mo_sha256_add_text(h, hook->sql);
    mo_sha256_add_text(h, hook->run ? (hook->code ? hook->code : hook->version) : NULL);
    mo_sha256_hex(h, out);
    return MOULT_OK;
}

/* --- which of them ------------------------------------------------------------------------------------------------- */

/* Numbers in names count as numbers: v2 comes before v10. */
static int compare_versions(const char *a, const char *b)
{
    while (*a && *b) {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            char *a_end, *b_end;
            unsigned long long x = strtoull(a, &a_end, 10), y = strtoull(b, &b_end, 10);
            if (x != y)
                return x < y ? -1 : 1;
            a = a_end;
            b = b_end;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int comes_after(const moult_hook *a, const moult_hook *b)
{
    int order;
    if (a->trigger != b->trigger)
        return a->trigger > b->trigger;
    if (a->priority != b->priority)
        return a->priority > b->priority;
    order = compare_versions(a->version, b->version);
    return order ? order > 0 : strcmp(a->version, b->version) > 0;
}

static void sort(mo_plan *plan)
{
    for (size_t i = 1; i < plan->hooks.count; i++)
        for (size_t k = i; k > 0 && comes_after(plan->hooks.items[k - 1].declared, plan->hooks.items[k].declared);
             k--) {
            mo_plan_hook swap = plan->hooks.items[k];
            plan->hooks.items[k] = plan->hooks.items[k - 1];
            plan->hooks.items[k - 1] = swap;
        }
}

static const mo_hook_record *find(const mo_hook_records *all, const char *version)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].version, version) == 0)
            return &all->items[i];
    return NULL;
}

/* One hook: behind this database already, or needed. */
static int look_at(moult *m, mo_plan *plan, const mo_hook_records *done, const moult_hook *hook)
{
    char code[65];
    const mo_hook_record *record = find(done, hook->version);
    mo_plan_hook needed = {.declared = hook};
    int rc = mo_hook_code(hook, code, &m->error);
    if (rc != MOULT_OK)
        return rc;
    if (record && strcmp(record->code, code) != 0)
        return mo_plan_note(plan, &m->error, "hook %s has run here already, with other code: it does not run again",
                            hook->version);
    if (record)
        return MOULT_OK;
    needed.code = mo_region_dup(plan->region, code);
    return needed.code == NULL || mo_vec_push(plan->region, &plan->hooks, needed) ? mo_error_nomem(&m->error)
                                                                                  : MOULT_OK;
}

/* Is there nothing at all, as far as one can look? */
static int is_empty(const moult *m, const mo_plan *plan)
{
    return plan->live->objects.count == 0 && m->scope.include == NULL && m->scope.exclude == NULL;
}

int mo_hooks_find(moult *m, mo_plan *plan, int64_t version)
{
    const moult_hook *hooks = m->options.pub.hooks;
    mo_hook_records done;
    int rc;
    plan->phase_only = m->options.pub.phase;
    plan->fresh = m->options.pub.record_only || (version == 0 && (is_empty(m, plan) || plan->changes.count == 0));
    if (m->options.pub.phase == MOULT_PHASE_EXPAND) { /* they run with the contract, and so do the rows count then */
        plan->hooked = 1;
        return MOULT_OK;
    }
    if (hooks == NULL || plan->behind || plan->fresh)
        return MOULT_OK;
    rc = mo_hooks_read(m->dialect, m->conn, plan->region, &done, &m->error);
    for (size_t i = 0; rc == MOULT_OK && hooks[i].version; i++)
        rc = look_at(m, plan, &done, &hooks[i]);
    sort(plan);
    plan->hooked = plan->hooks.count > 0 && plan->hooks.items[0].declared->trigger == MOULT_BEFORE_DDL;
    return rc;
}

/* --- their statements ---------------------------------------------------------------------------------------------- */

static int fail_at(moult *m, const moult_hook *hook, int line, int column, const char *what, const char *hint)
{
    mo_error_set(&m->error, MOULT_SOURCE, "hook %s: %s", hook->version, what);
    mo_error_object(&m->error, "hook %s", hook->version);
    mo_error_hint(&m->error, "%s", hint);
    return mo_error_at(&m->error, hook->file, line, column);
}

static int add_statements(moult *m, mo_plan *plan, const moult_hook *hook, mo_step *step)
{
    mo_lexer x;
    mo_token bad;
    mo_statement_text st;
    int found, rc = MOULT_OK;
    mo_lexer_init(&x, m->dialect->lex, hook->sql, strlen(hook->sql));
    while (rc == MOULT_OK && (found = mo_lexer_statement(&x, &st, &bad)) != 0) {
        const char *sql;
        if (found < 0)
            return fail_at(m, hook, bad.line, bad.column, "a quote or a comment has no end", "close it");
        if (!mo_hook_may_run(m->dialect->lex, st.text, st.length))
            return fail_at(m, hook, st.line, st.column, "a hook changes data, and nothing else", MO_HOOK_HINT);
        sql = mo_region_dupn(plan->region, st.text, st.length);
        rc = sql ? mo_step_run(plan, step, sql, 0, &m->error) : mo_error_nomem(&m->error);
    }
    if (rc == MOULT_OK && step->statements.count == 0)
        rc = fail_at(m, hook, 1, 1, "there is no statement in it", "write what it shall do, or remove it");
    return rc;
}

int mo_hooks_steps(moult *m, mo_plan *plan, moult_trigger trigger, int *transaction)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < plan->hooks.count && rc == MOULT_OK; i++) {
        const mo_plan_hook *hook = &plan->hooks.items[i];
        mo_step *step;
        if (hook->declared->trigger != trigger)
            continue;
        if (trigger == MOULT_AFTER_DDL) /* each is done when it is done, whatever the next one does */
            ++*transaction;
        step = mo_plan_hook_step(plan, hook, *transaction);
        rc = step ? MOULT_OK : mo_error_nomem(&m->error);
        if (rc == MOULT_OK && hook->declared->sql)
            rc = add_statements(m, plan, hook->declared, step);
    }
    return rc;
}

int mo_hooks_not_needed(moult *m, int64_t version)
{
    const moult_hook *hooks = m->options.pub.hooks;
    mo_hook_records done = {0};
    mo_region *r = mo_region_new();
    int rc = r ? mo_hooks_read(m->dialect, m->conn, r, &done, &m->error) : mo_error_nomem(&m->error);
    for (size_t i = 0; hooks && hooks[i].version && rc == MOULT_OK; i++) {
        char code[65];
        mo_hook_record record = {hooks[i].version, code, "not needed", version, 0};
        if (find(&done, hooks[i].version))
            continue;
        rc = mo_hook_code(&hooks[i], code, &m->error);
        if (rc == MOULT_OK)
            rc = mo_hooks_add(m->dialect, m->conn, &record, &m->error);
    }
    mo_region_free(r);
    return rc;
}
