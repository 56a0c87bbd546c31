/* SPDX-License-Identifier: MIT */
/*
 * inputs.c - the fast path: one hash of all that can make a plan non-empty, the database aside, and the marker of the
 * database, against what was recorded.
 */
#include <string.h>

#include "base/hash.h"
#include "caching.h"
#include "hooks.h"
#include "start.h"

static void hash_list(mo_hasher *h, const char *const *list)
{
    for (size_t i = 0; list && list[i]; i++)
        mo_hasher_add_text(h, list[i]);
    mo_hasher_add_text(h, NULL);
}

static int hash_hooks(mo_hasher *h, const moult_hook *hooks, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t i = 0; hooks && hooks[i].version && rc == MOULT_OK; i++) {
        char code[65];
        rc = mo_hook_code(&hooks[i], code, err);
        mo_hasher_add_text(h, hooks[i].version);
        mo_hasher_add_text(h, rc == MOULT_OK ? code : NULL);
    }
    mo_hasher_add_text(h, NULL);
    return rc;
}

int mo_start_inputs(start *s)
{
    int rc;
    const moult_options *o = &s->m->options.pub;
    mo_hasher *h = mo_hasher_new();
    int flags[] = {(int)o->own, o->column_order_strict, o->backward, o->same_type != NULL};
    if (h == NULL)
        return mo_error_nomem(&s->m->error);
    mo_hasher_add_text(h, MOULT_VERSION);
    mo_hasher_add_text(h, s->m->dialect->engine(s->m->conn));
    mo_hasher_add(h, &s->read.hash, sizeof s->read.hash);
    mo_hasher_add(h, flags, sizeof flags);
    hash_list(h, o->include);
    hash_list(h, o->exclude);
    hash_list(h, o->rules);
    rc = hash_hooks(h, o->hooks, &s->m->error);
    s->inputs = mo_hasher_result(h);
    mo_hasher_free(h);
    return rc;
}

int mo_start_fast_path(start *s, int *hit)
{
    moult *m = s->m;
    mo_hash marker;
    mo_fast found = {0};
    int rc;
    *hit = 0;
    if (s->read.form != MO_SOURCE_TEXTS || m->options.pub.full || m->options.pub.record_only ||
        m->options.pub.phase != MOULT_PHASE_ALL)
        return MOULT_OK;
    rc = m->dialect->marker(m->conn, &marker, &m->error);
    if (rc == MOULT_OK)
        rc = mo_fast_find(m->dialect, m->conn, s->inputs, marker, &found, &m->error);
    if (rc != MOULT_OK || !found.hit)
        return rc;
    *hit = 1;
    s->result->outcome = found.outcome;
    s->result->version = found.version;
    return MOULT_OK;
}
