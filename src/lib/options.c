/* SPDX-License-Identifier: MIT */
/* options.c - the caller's options: checked, then copied whole, so that nothing of the caller's is needed later. */
#include <string.h>

#include "engine.h"
#include "risk/risk.h"

#define MO_SECONDS_MAX 86400.0 /* a day; more is a mistake */
#define MO_AGE_MAX (100 * 366 * 86400.0)

static int check_seconds(double value, const char *name, mo_error *err)
{
    if (value >= 0 && value <= MO_SECONDS_MAX)
        return MOULT_OK;
    mo_error_set(err, MOULT_INVALID, "option '%s' must be between 0 and %.0f seconds", name, MO_SECONDS_MAX);
    return mo_error_object(err, "option %s", name);
}

static int check_flag(int value, const char *name, mo_error *err)
{
    if (value == 0 || value == 1)
        return MOULT_OK;
    mo_error_set(err, MOULT_INVALID, "option '%s' must be 0 or 1, not %d", name, value);
    return mo_error_object(err, "option %s", name);
}

static int check_patterns(const char *const *list, const char *name, mo_error *err)
{
    for (size_t i = 0; list && list[i]; i++)
        if (list[i][0] == '\0') {
            mo_error_set(err, MOULT_INVALID, "option '%s' has an empty pattern", name);
            return mo_error_object(err, "option %s", name);
        }
    return MOULT_OK;
}

static int check_list(const char *const *list, const char *name, mo_error *err)
{
    for (size_t i = 0; list && list[i]; i++) {
        const char *eq = strchr(list[i], '=');
        if (eq == NULL || eq == list[i] || eq[1] == '\0') {
            mo_error_set(err, MOULT_INVALID, "option '%s' has '%s', which is not NAME=VALUE", name, list[i]);
            return mo_error_object(err, "option %s", name);
        }
    }
    return MOULT_OK;
}

static int check_hook(const moult_hook *h, mo_error *err)
{
    if (h->version[0] == '\0')
        mo_error_set(err, MOULT_INVALID, "a hook has an empty version");
    else if ((h->sql != NULL) == (h->run != NULL))
        mo_error_set(err, MOULT_INVALID, "hook '%s' must have either SQL or a function", h->version);
    else if (h->trigger != MOULT_BEFORE_DDL && h->trigger != MOULT_AFTER_DDL)
        mo_error_set(err, MOULT_INVALID, "hook '%s' has no trigger %d", h->version, (int)h->trigger);
    else
        return MOULT_OK;
    return mo_error_object(err, "hook %s", h->version);
}

static int check_hooks(const moult_hook *hooks, mo_error *err)
{
    int rc = MOULT_OK;
    for (size_t i = 0; hooks && hooks[i].version && rc == MOULT_OK; i++) {
        rc = check_hook(&hooks[i], err);
        for (size_t k = 0; k < i && rc == MOULT_OK; k++)
            if (strcmp(hooks[k].version, hooks[i].version) == 0) {
                mo_error_set(err, MOULT_INVALID, "two hooks have the version '%s'", hooks[i].version);
                rc = mo_error_object(err, "hook %s", hooks[i].version);
            }
    }
    return rc;
}

static int check(const moult_options *o, mo_error *err)
{
    const struct {
        const char *name;
        int value;
    } flags[] = {
        {"full", o->full},         {"backward", o->backward},   {"record_only", o->record_only},
        {"no_attic", o->no_attic}, {"no_backup", o->no_backup}, {"column_order_strict", o->column_order_strict}};
    const struct {
        const char *name;
        double value;
    } times[] = {{"connect_timeout", o->connect_timeout},
                 {"lock_timeout", o->lock_timeout},
                 {"detect_timeout", o->detect_timeout},
                 {"statement_timeout", o->statement_timeout},
                 {"probe_timeout", o->probe_timeout}};
    int rc = MOULT_OK;
    if ((int)o->mode < MOULT_MODE_SAFE || o->mode > MOULT_MODE_DRY_RUN)
        return mo_error_set(err, MOULT_INVALID, "option 'mode' has no value %d", (int)o->mode);
    if ((int)o->own < MOULT_OWN_DECLARED || o->own > MOULT_OWN_ALL)
        return mo_error_set(err, MOULT_INVALID, "option 'own' has no value %d", (int)o->own);
    if ((int)o->phase < MOULT_PHASE_ALL || o->phase > MOULT_PHASE_CONTRACT)
        return mo_error_set(err, MOULT_INVALID, "option 'phase' has no value %d", (int)o->phase);
    if ((int)o->online < MOULT_ONLINE_AUTO || o->online > MOULT_ONLINE_LAST)
        return mo_error_set(err, MOULT_INVALID, "option 'online' has no value %d", (int)o->online);
    if (!(o->attic_age >= 0 && o->attic_age <= MO_AGE_MAX))
        return mo_error_set(err, MOULT_INVALID, "option 'attic_age' must be between 0 and 100 years");
    for (size_t i = 0; i < sizeof flags / sizeof *flags && rc == MOULT_OK; i++)
        rc = check_flag(flags[i].value, flags[i].name, err);
    for (size_t i = 0; i < sizeof times / sizeof *times && rc == MOULT_OK; i++)
        rc = check_seconds(times[i].value, times[i].name, err);
    if (rc == MOULT_OK)
        rc = check_patterns(o->include, "include", err);
    if (rc == MOULT_OK)
        rc = check_patterns(o->exclude, "exclude", err);
    if (rc == MOULT_OK)
        rc = mo_levels_check(o->rules, err);
    if (rc == MOULT_OK)
        rc = check_list(o->fills, "fills", err);
    if (rc == MOULT_OK)
        rc = check_hooks(o->hooks, err);
    return rc;
}

/* A copy of a list of strings; *failed is set when there is no memory. */
static const char *const *copy_list(mo_region *r, const char *const *list, int *failed)
{
    const char **copy;
    size_t n = 0;
    if (list == NULL)
        return NULL;
    while (list[n])
        n++;
    copy = mo_region_alloc(r, (n + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < n; i++)
        if ((copy[i] = mo_region_dup(r, list[i])) == NULL)
            copy = NULL;
    *failed |= copy == NULL;
    return copy;
}

static const char *copy_text(mo_region *r, const char *text, int *failed)
{
    const char *copy = mo_region_dup(r, text);
    *failed |= text && copy == NULL;
    return copy;
}

static const moult_hook *copy_hooks(mo_region *r, const moult_hook *hooks, int *failed)
{
    moult_hook *copy;
    size_t n = 0;
    if (hooks == NULL)
        return NULL;
    while (hooks[n].version)
        n++;
    copy = mo_region_alloc(r, (n + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = hooks[i];
        copy[i].version = copy_text(r, hooks[i].version, failed);
        copy[i].sql = copy_text(r, hooks[i].sql, failed);
        copy[i].file = copy_text(r, hooks[i].file, failed);
        copy[i].code = copy_text(r, hooks[i].code, failed);
    }
    *failed |= copy == NULL;
    return copy;
}

int mo_options_copy(const moult_options *from, mo_options *out, mo_error *err)
{
    static const moult_options defaults = MOULT_OPTIONS_INIT;
    int failed = 0, rc;
    if (from == NULL)
        from = &defaults;
    if (from->size != sizeof *from) {
        mo_error_set(err, MOULT_INVALID, "the options are not those of this library: begin with MOULT_OPTIONS_INIT");
        return mo_error_object(err, "option size");
    }
    rc = check(from, err);
    if (rc != MOULT_OK)
        return rc;
    out->pub = *from;
    out->region = mo_region_new();
    if (out->region == NULL)
        return mo_error_nomem(err);
    out->pub.include = copy_list(out->region, from->include, &failed);
    out->pub.exclude = copy_list(out->region, from->exclude, &failed);
    out->pub.rules = copy_list(out->region, from->rules, &failed);
    out->pub.fills = copy_list(out->region, from->fills, &failed);
    out->pub.hooks = copy_hooks(out->region, from->hooks, &failed);
    out->pub.cache = copy_text(out->region, from->cache, &failed);
    out->pub.export_path = copy_text(out->region, from->export_path, &failed);
    out->pub.approve = copy_text(out->region, from->approve, &failed);
    out->pub.applied_by = copy_text(out->region, from->applied_by, &failed);
    return failed ? mo_error_nomem(err) : MOULT_OK;
}

void mo_options_free(mo_options *o)
{
    mo_region_free(o->region);
    o->region = NULL;
}
