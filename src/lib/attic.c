/* SPDX-License-Identifier: MIT */
/* attic.c - what plans take away is kept: how, for how long, and the calls that look at it, bring it back, or purge it. */
#include "attic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "lasting.h"
#include "locking.h"

/* --- for a plan ---------------------------------------------------------------------------------------------------- */

static int is_on(const moult *m, const mo_plan *plan)
{
    return plan->asks_rows && !m->options.pub.no_attic && (m->dialect->caps & MO_CAP_ATTIC);
}

int mo_attic_prepare(moult *m, mo_plan *plan)
{
    int64_t version;
    int rc;
    if (!is_on(m, plan) || plan->attic.on)
        return MOULT_OK;
    rc = mo_history_latest(m->dialect, m->conn, &version, &m->error);
    if (rc == MOULT_OK)
        rc = mo_attic_next(m->dialect, m->conn, version + 1, &plan->attic.next, &m->error);
    plan->attic.on = rc == MOULT_OK;
    plan->attic.version = version + 1;
    plan->attic.age = (int64_t)m->options.pub.attic_age;
    return rc;
}

static int is_generated(const mo_column *c)
{
    return c->attr[MO_ATTR_GENERATED].canonical != NULL;
}

/* The rows were asked, and there is nothing to keep: an entry with nothing in it goes with the apply that made it. A hook may
 * write something yet. */
static int is_empty_handed(const mo_plan *plan, const mo_findings *f)
{
    return f->mild && !plan->hooked;
}

/* Does this part take stored values away, or change them? */
static int loses(const mo_plan *plan, const mo_part *p)
{
    if (p->kind != MO_PART_COLUMN || p->op == MOULT_OP_CREATE || is_generated(p->column_before))
        return 0;
    if (p->op == MOULT_OP_DROP)
        return !is_empty_handed(plan, &p->found);
    return (p->op == MOULT_OP_ALTER && !p->found.harmless &&
            (p->attrs & ((1u << MO_ATTR_TYPE) | (1u << MO_ATTR_GENERATED))) != 0);
}

static int add_reason(moult *m, mo_plan *plan, mo_judgement *j)
{
    char age[64] = "";
    int64_t seconds = (int64_t)m->options.pub.attic_age;
    const char *before = j->reason ? j->reason : "";
    if (strstr(before, "the attic")) /* it was said before */
        return MOULT_OK;
    if (seconds)
        mo_attic_age_text(seconds, age, sizeof age);
    j->reason = mo_region_printf(plan->region, "%s%s%s%s", before, *before ? "; " : "",
                                 !is_on(m, plan) ? "the attic is off, so only a backup keeps it"
                                 : seconds       ? "kept in the attic for "
                                                 : "kept in the attic until it is purged",
                                 is_on(m, plan) ? age : "");
    return j->reason ? MOULT_OK : mo_error_nomem(&m->error);
}

int mo_attic_reasons(moult *m, mo_plan *plan)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < plan->changes.count && rc == MOULT_OK && plan->asks_rows; i++) {
        mo_change *c = &plan->changes.items[i];
        if (c->op == MOULT_OP_DROP && (c->kind == MO_KIND_TABLE || c->kind == MO_KIND_VIRTUAL_TABLE) &&
            !is_empty_handed(plan, &c->found))
            rc = add_reason(m, plan, &c->judgement);
        for (size_t k = 0; k < c->parts.count && rc == MOULT_OK; k++)
            if (loses(plan, &c->parts.items[k]) && c->rows > 0)
                rc = add_reason(m, plan, &c->parts.items[k].judgement);
    }
    return rc;
}

int mo_attic_expire(moult *m)
{
    int64_t dropped;
    int rc = mo_attic_sweep(m->dialect, m->conn, &dropped, &m->error);
    if (rc == MOULT_OK && dropped)
        rc = mo_monitor_log(&m->monitor, 1, "%lld entr%s of the attic had expired and %s purged", (long long)dropped,
                            dropped == 1 ? "y" : "ies", dropped == 1 ? "was" : "were");
    return rc;
}

/* --- looking ------------------------------------------------------------------------------------------------------- */

struct moult_attic {
    mo_region *region;
    MO_VEC(moult_attic_info) items;
};

static const char *join(mo_region *r, const mo_name_list *names)
{
    mo_str s = {0};
    for (size_t i = 0; i < names->count; i++)
        mo_str_addf(&s, "%s%s", i ? ", " : "", names->items[i]);
    return s.length || s.failed ? mo_str_into(&s, r) : "";
}

static int add_info(moult *m, moult_attic *attic, const mo_attic_entry *e)
{
    moult_attic_info info = {.id = e->id,
                             .version = e->version,
                             .kind = e->kind,
                             .object = e->object,
                             .columns = join(attic->region, &e->columns),
                             .holder = e->holder,
                             .created_at = e->created_at,
                             .expires = e->expires,
                             .expired = e->expired,
                             .rows = e->rows};
    int rc = m->dialect->table_bytes(m->conn, e->holder, &info.bytes, &m->error);
    if (rc == MOULT_OK && (info.columns == NULL || mo_vec_push(attic->region, &attic->items, info)))
        rc = mo_error_nomem(&m->error);
    return rc;
}

int moult_attic_read(moult *m, moult_attic **out)
{
    moult_attic *a = calloc(1, sizeof *a);
    mo_attic_entries all = {0};
    int rc;
    *out = NULL;
    mo_error_clear(&m->error);
    if (a == NULL || (a->region = mo_region_new()) == NULL) {
        free(a);
        return mo_error_nomem(&m->error);
    }
    rc = mo_attic_read(m->dialect, m->conn, a->region, &all, &m->error);
    for (size_t i = 0; i < all.count && rc == MOULT_OK; i++)
        rc = add_info(m, a, &all.items[i]);
    if (rc != MOULT_OK) {
        moult_attic_free(a);
        return rc;
    }
    *out = a;
    return MOULT_OK;
}

size_t moult_attic_size(const moult_attic *attic)
{
    return attic->items.count;
}

const moult_attic_info *moult_attic_at(const moult_attic *attic, size_t i)
{
    return i < attic->items.count ? &attic->items.items[i] : NULL;
}

void moult_attic_free(moult_attic *attic)
{
    if (attic == NULL)
        return;
    mo_region_free(attic->region);
    free(attic);
}

/* One entry, into the region. */
static int find(moult *m, mo_region *r, int64_t id, mo_attic_entry *out)
{
    mo_attic_entries all = {0};
    int rc = mo_attic_read(m->dialect, m->conn, r, &all, &m->error);
    for (size_t i = 0; i < all.count && rc == MOULT_OK; i++)
        if (all.items[i].id == id) {
            *out = all.items[i];
            return MOULT_OK;
        }
    if (rc == MOULT_OK) {
        rc = mo_error_set(&m->error, MOULT_NOTFOUND, "the attic of %s has no entry %lld", moult_database_name(m),
                          (long long)id);
        mo_error_hint(&m->error, all.count ? "'moult attic list' shows what it has" : "it is empty");
    }
    return rc;
}

static int give_rows(moult *m, const mo_attic_entry *e, int64_t limit, moult_row_fn row, void *user)
{
    mo_value n = mo_value_int(limit > 0 ? limit : -1);
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "SELECT * FROM ");
    m->dialect->quote(&sql, e->holder);
    rc = sql.failed ? mo_error_nomem(&m->error)
                    : m->dialect->query_names(m->conn, mo_str_text(&sql), row, user, &m->error);
    mo_str_add(&sql, limit > 0 ? " LIMIT ?" : "");
    if (rc == MOULT_OK)
        rc = sql.failed ? mo_error_nomem(&m->error)
                        : m->dialect->query(m->conn, mo_str_text(&sql), &n, limit > 0, row, user, NULL, &m->error);
    mo_str_free(&sql);
    return rc;
}

int moult_attic_rows(moult *m, int64_t id, int64_t limit, moult_row_fn row, void *user)
{
    mo_region *r = mo_region_new();
    mo_attic_entry e;
    int rc;
    mo_error_clear(&m->error);
    rc = r ? find(m, r, id, &e) : mo_error_nomem(&m->error);
    if (rc == MOULT_OK)
        rc = give_rows(m, &e, limit, row, user);
    mo_region_free(r);
    return rc;
}

/* --- changing it ---------------------------------------------------------------------------------------------------- */

/* Takes the lock, and begins a transaction that writes. */
static int begin_work(moult *m)
{
    moult_lock_info before;
    int rc;
    mo_error_clear(&m->error);
    if (m->open_mode == MOULT_OPEN_READ || !m->dialect->writable(m->conn))
        return mo_error_set(&m->error, MOULT_PERMISSION, "%s cannot be written to", moult_database_name(m));
    rc = mo_locking_take(m, &before);
    return rc;
}

static int end_work(moult *m, int rc)
{
    if (rc == MOULT_OK)
        rc = m->dialect->commit(m->conn, &m->error);
    if (rc != MOULT_OK)
        m->dialect->rollback(m->conn);
    return rc;
}

static int purge(moult *m, mo_region *r, int64_t id, int64_t *count)
{
    mo_attic_entries all = {0};
    mo_attic_entry one;
    int rc = m->dialect->begin(m->conn, 1, &m->error);
    if (rc != MOULT_OK)
        return rc;
    if (id > 0)
        rc = find(m, r, id, &one);
    if (rc == MOULT_OK)
        rc = mo_attic_read(m->dialect, m->conn, r, &all, &m->error);
    for (size_t i = 0; i < all.count && rc == MOULT_OK; i++) {
        const mo_attic_entry *e = &all.items[i];
        if (id > 0 ? e->id != id : id == MOULT_ATTIC_EXPIRED && !e->expired)
            continue;
        rc = mo_attic_drop(m->dialect, m->conn, e, &m->error);
        ++*count;
    }
    return end_work(m, rc);
}

int moult_attic_purge(moult *m, int64_t id, int64_t *count)
{
    int64_t n = 0;
    mo_region *r = mo_region_new();
    int rc = r ? begin_work(m) : mo_error_nomem(&m->error);
    if (rc == MOULT_OK) {
        rc = purge(m, r, id, &n);
        mo_locking_release(m);
    }
    mo_region_free(r);
    if (count)
        *count = rc == MOULT_OK ? n : 0;
    return rc;
}

/* --- bringing one back ---------------------------------------------------------------------------------------------- */

static int plan_restore(moult *m, mo_region *r, int64_t id, const char *into, mo_plan *plan)
{
    mo_attic_entry e;
    mo_attic_entries one = {.items = &e, .count = 1};
    int rc = find(m, r, id, &e);
    if (rc == MOULT_OK)
        rc = mo_lasting_check(m, &one, 1, 1);
    plan->asks_rows = plan->made_here = 1;
    if (rc == MOULT_OK)
        rc = m->dialect->marker(m->conn, &plan->marker, &m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->introspect(m->conn, &plan->live, &m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->restore(m->conn, plan, &e, into, &m->error);
    if (rc == MOULT_OK) {
        memcpy(plan->from, plan->live->fingerprint, sizeof plan->from);
        memcpy(plan->to, plan->target->fingerprint, sizeof plan->to);
        rc = mo_plan_seal(plan, &m->error);
    }
    return rc;
}

/* The history is not told: what is declared stays as it is. */
static int nothing_to_record(void *user, mo_error *err)
{
    (void)user;
    (void)err;
    return MOULT_OK;
}

static int after_restore(void *user, size_t done, int last, size_t step, const char *title, mo_error *err)
{
    (void)done;
    (void)last;
    (void)step;
    (void)title;
    (void)err;
    return mo_attic_expire(user);
}

int moult_attic_restore(moult *m, int64_t id, const char *into, int run, moult_plan **out)
{
    static const mo_scope everything = {NULL, NULL};
    mo_region *r = mo_region_new();
    mo_plan *plan = mo_plan_new(m->dialect);
    mo_run_calls calls = {.user = m, .record = nothing_to_record, .part = after_restore};
    int rc = MOULT_OK;
    *out = NULL;
    mo_error_clear(&m->error);
    if (run)
        rc = begin_work(m);
    if (rc == MOULT_OK) {
        rc = r && plan ? plan_restore(m, r, id, into, plan) : mo_error_nomem(&m->error);
        if (rc == MOULT_OK && run)
            rc = mo_run(m->dialect, m->conn, plan, &everything, &m->monitor, &calls, &m->error);
        if (run)
            mo_locking_release(m);
    }
    mo_region_free(r);
    if (rc == MOULT_OK)
        *out = (moult_plan *)plan;
    else
        mo_plan_free(plan);
    return rc;
}

/* --- going back ----------------------------------------------------------------------------------------------------- */

static int choose_version(moult *m, int64_t *version)
{
    int64_t last;
    mo_schema *begun = NULL;
    int rc = mo_history_latest(m->dialect, m->conn, &last, &m->error);
    if (rc == MOULT_OK && *version == 0)
        rc = mo_detect_begun(m, &begun);
    if (rc != MOULT_OK)
        return rc;
    if (*version == 0)
        *version = begun ? last : last - 1; /* what is half done is one more */
    mo_schema_free(begun);
    if (*version >= 1 && *version <= last)
        return MOULT_OK;
    mo_error_set(&m->error, MOULT_NOTFOUND,
                 *version > last ? "the history of %s has no version %lld"
                                 : "the history of %s has no version before %lld",
                 moult_database_name(m), (long long)(*version > last ? *version : last));
    return mo_error_hint(&m->error, last ? "'moult history' lists what there is" : "nothing has been applied yet");
}

int moult_rollback(moult *m, int64_t version, moult_result **out)
{
    char uri[40];
    moult_source source = {.uri = uri};
    int backward = m->options.pub.backward, rc;
    *out = NULL;
    mo_error_clear(&m->error);
    rc = version < 0 ? mo_error_set(&m->error, MOULT_INVALID, "there is no version %lld", (long long)version)
                     : choose_version(m, &version);
    if (rc != MOULT_OK)
        return rc;
    snprintf(uri, sizeof uri, "history:%lld", (long long)version);
    m->options.pub.backward = 1;
    m->rollback = version;
    rc = moult_migrate(m, &source, out);
    m->rollback = 0;
    m->options.pub.backward = backward;
    return rc;
}

/* --- the history, and all of it -------------------------------------------------------------------------------------- */

/* The oldest version whose schema the attic needs: the one before the first that took something away. */
static int oldest_needed(moult *m, mo_region *r, int64_t *version)
{
    mo_attic_entries all = {0};
    int rc = mo_attic_read(m->dialect, m->conn, r, &all, &m->error);
    for (size_t i = 0; i < all.count && rc == MOULT_OK; i++)
        if (all.items[i].version - 1 < *version)
            *version = all.items[i].version - 1;
    return rc;
}

static int prune(moult *m, mo_region *r, int64_t keep, int64_t *count)
{
    int64_t last, first, whole = 0;
    int rc = m->dialect->begin(m->conn, 1, &m->error);
    if (rc != MOULT_OK)
        return rc;
    rc = mo_history_latest(m->dialect, m->conn, &last, &m->error);
    first = last - keep + 1;
    if (rc == MOULT_OK)
        rc = mo_detect_whole(m, &whole);
    if (rc == MOULT_OK && whole > 0 && whole < first) /* the contract that waits drops what it declared */
        first = whole;
    if (rc == MOULT_OK)
        rc = oldest_needed(m, r, &first);
    if (rc == MOULT_OK && first > 1)
        rc = mo_history_forget(m->dialect, m->conn, first, count, &m->error);
    return end_work(m, rc);
}

int moult_history_prune(moult *m, int64_t keep, int64_t *count)
{
    int64_t n = 0;
    mo_region *r;
    int rc;
    mo_error_clear(&m->error);
    if (keep < 1)
        return mo_error_set(&m->error, MOULT_INVALID, "at least the last version is kept, so %lld is too few",
                            (long long)keep);
    r = mo_region_new();
    rc = r ? begin_work(m) : mo_error_nomem(&m->error);
    if (rc == MOULT_OK) {
        rc = prune(m, r, keep, &n);
        mo_locking_release(m);
    }
    mo_region_free(r);
    if (count)
        *count = rc == MOULT_OK ? n : 0;
    return rc;
}

typedef struct dropping {
    mo_region *region;
    mo_name_list names;
} dropping;

static int take_name(void *user, size_t count, const mo_value *values)
{
    dropping *d = user;
    const char *name = mo_region_dup(d->region, values[0].text);
    (void)count;
    return name == NULL || mo_vec_push(d->region, &d->names, name) ? MOULT_NOMEM : MOULT_OK;
}

static int is_empty(moult *m, mo_region *r)
{
    mo_attic_entries all = {0};
    int rc = mo_attic_read(m->dialect, m->conn, r, &all, &m->error);
    size_t n = 0;
    for (size_t i = 0; i < all.count; i++)
        n += all.items[i].rows > 0;
    if (rc != MOULT_OK || n == 0)
        return rc;
    mo_error_set(&m->error, MOULT_REFUSED, "%zu entr%s in the attic would be lost", n, n == 1 ? "y" : "ies");
    return mo_error_hint(&m->error, "look at them with 'moult attic list'; bring them back, or purge them");
}

/* An apply that was interrupted, or a contract that waits, is known to moult's own tables alone. */
static int is_whole(moult *m, mo_region *r)
{
    mo_journal j;
    int64_t whole = 0;
    int rc = mo_journal_read(m->dialect, m->conn, r, &j, &m->error);
    if (rc == MOULT_OK)
        rc = mo_detect_whole(m, &whole);
    if (rc != MOULT_OK || ((!j.there || j.done == 0) && whole == 0))
        return rc;
    mo_error_set(&m->error, MOULT_REFUSED, "%s is half way to a version, and nobody would know it any more",
                 moult_database_name(m));
    return mo_error_hint(&m->error, whole ? "finish it first: moult apply --phase contract; or go back: moult rollback"
                                          : "finish it first: moult resume; or go back: moult rollback");
}

/* Did moult make it: is it one of its tables, or a holder that its catalog knows? */
static int is_own(const moult *m, const mo_attic_entries *all, const char *name)
{
    static const char *const tables[] = {"history", "state", "plan", "hook", "journal", "attic"};
    size_t prefix = strlen(m->dialect->own_prefix);
    const char *bare = mo_name_equaln(m->dialect->own_prefix, name, prefix) ? name + prefix : name;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (mo_name_equal(bare, tables[i]))
            return 1;
    for (size_t i = 0; i < all->count; i++)
        if (mo_name_equal(all->items[i].holder, name))
            return 1;
    return 0;
}

static int remove_all(moult *m, mo_region *r, int with_attic)
{
    dropping d = {.region = r};
    mo_attic_entries all = {0};
    mo_str sql = {0};
    int rc = m->dialect->begin(m->conn, 1, &m->error);
    if (rc != MOULT_OK)
        return rc;
    if (!with_attic)
        rc = is_whole(m, r);
    if (rc == MOULT_OK && !with_attic)
        rc = is_empty(m, r);
    if (rc == MOULT_OK)
        rc = mo_attic_read(m->dialect, m->conn, r, &all, &m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->query(m->conn, m->dialect->own_table_names, NULL, 0, take_name, &d, NULL, &m->error);
    for (size_t i = 0; i < d.names.count && rc == MOULT_OK; i++) {
        if (!is_own(m, &all, d.names.items[i])) {
            rc = mo_monitor_log(&m->monitor, 1, "left alone: %s, which moult did not make", d.names.items[i]);
            continue;
        }
        mo_str_clear(&sql);
        mo_str_add(&sql, "DROP TABLE ");
        m->dialect->quote(&sql, d.names.items[i]);
        rc = sql.failed ? mo_error_nomem(&m->error) : m->dialect->exec(m->conn, mo_str_text(&sql), NULL, &m->error);
    }
    mo_str_free(&sql);
    return end_work(m, rc);
}

int moult_uninstall(moult *m, int with_attic)
{
    mo_region *r = mo_region_new();
    int rc = r ? begin_work(m) : mo_error_nomem(&m->error);
    if (rc == MOULT_OK) {
        rc = mo_run_tidy(m->dialect, m->conn, &m->monitor, &m->error); /* its triggers would outlive their tables */
        if (rc == MOULT_OK)
            rc = remove_all(m, r, with_attic);
        mo_locking_release(m);
    }
    mo_region_free(r);
    return rc;
}
