/* SPDX-License-Identifier: MIT */
/*
 * caching.c - the cache around a start on a database that cannot be written to.
 *
 * The key covers the inputs, which database this is and in what environment, and what its history ends with; the marker
 * covers its schema. What was found for them is what would be found again. The marker that is remembered was read before
 * the schema was: a change in between makes a miss.
 */
#include "caching.h"

#include "base/hash.h"
#include "state/cache.h"

int mo_caching_open(moult *m)
{
    int rc;
    m->cache = m->options.pub.cache_open;
    if (m->cache || !m->options.pub.cache)
        return MOULT_OK;
    m->cache_mine = 1;
    rc = moult_cache_open(&m->cache, m->options.pub.cache);
    if (rc == MOULT_OK)
        return rc;
    mo_error_set(&m->error, rc, "option 'cache': %s", moult_cache_error(m->cache)->message);
    if (moult_cache_error(m->cache)->hint)
        mo_error_hint(&m->error, "%s", moult_cache_error(m->cache)->hint);
    return mo_error_object(&m->error, "option cache");
}

void mo_caching_close(moult *m)
{
    if (m->cache_mine)
        moult_cache_close(m->cache);
    m->cache = NULL;
}

/* A comparator of types is code, which no key can cover. */
static int can_be_cached(const start *s)
{
    const moult_options *o = &s->m->options.pub;
    return s->m->cache && !o->same_type && s->read.form == MO_SOURCE_TEXTS && !o->full && !o->record_only &&
           o->phase == MOULT_PHASE_ALL;
}

/* NOTFOUND: this database cannot be told from others. */
static int key_of(start *s, mo_hash *out)
{
    moult *m = s->m;
    char chain[65] = "";
    mo_hasher *h = mo_hasher_new();
    int rc = h ? MOULT_OK : mo_error_nomem(&m->error);
    if (rc == MOULT_OK)
        rc = m->dialect->identity(m->conn, h, &m->error);
    if (rc == MOULT_OK)
        rc = mo_history_chain(m->dialect, m->conn, chain, &m->error);
    if (rc == MOULT_OK) {
        mo_hasher_add_text(h, m->dialect->name);
        mo_hasher_add(h, &s->inputs, sizeof s->inputs);
        mo_hasher_add_text(h, chain);
        *out = mo_hasher_result(h);
    }
    mo_hasher_free(h);
    return rc;
}

/* Without a key there is no cache for this start; only want of memory is an error. */
static int without(moult *m, int rc)
{
    if (rc == MOULT_NOMEM)
        return rc;
    mo_error_clear(&m->error);
    return MOULT_OK;
}

static int tell(moult *m, const char *problem)
{
    return *problem ? mo_monitor_log(&m->monitor, 0, "the cache was of no use: %s", problem) : MOULT_OK;
}

int mo_caching_find(start *s, int *hit)
{
    moult *m = s->m;
    char problem[256];
    mo_hash key, marker;
    mo_fast found;
    int rc = MOULT_OK;
    *hit = 0;
    if (!can_be_cached(s))
        return MOULT_OK;
    rc = key_of(s, &key);
    if (rc == MOULT_OK)
        rc = m->dialect->marker(m->conn, &marker, &m->error);
    if (rc != MOULT_OK)
        return without(m, rc);
    mo_cache_find(m->cache, key, marker, &found, problem);
    *hit = found.hit;
    if (found.hit) {
        s->result->outcome = found.outcome;
        s->result->version = found.version;
    }
    return tell(m, problem);
}

void mo_caching_record(start *s)
{
    mo_fast what = {1, s->result->outcome, s->result->version};
    char problem[256];
    mo_hash key;
    if (!can_be_cached(s) || !s->plan || (what.outcome != MOULT_UP_TO_DATE && what.outcome != MOULT_BEHIND))
        return;
    if (key_of(s, &key) != MOULT_OK) {
        mo_error_clear(&s->m->error);
        return;
    }
    mo_cache_record(s->m->cache, key, s->plan->marker, &what, problem);
    (void)tell(s->m, problem);
}
