/* SPDX-License-Identifier: MIT */
/* scope.c - include and exclude patterns: what of a schema is looked at. */
#include "schema/scope.h"

#include <string.h>

#include "base/fold.h"

/* One character, which may be several bytes of UTF-8. */
static const char *next_char(const char *at)
{
    at++;
    while (((unsigned char)*at & 0xc0) == 0x80)
        at++;
    return at;
}

/* `*` any characters, `?` one. A mismatch goes back to the last `*` alone: what stands before it cannot fit better. */
static int matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (*pattern == '?') {
            pattern++;
            name = next_char(name);
        } else if (*pattern && mo_fold_char(*pattern) == mo_fold_char(*name)) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = resume = next_char(resume);
        } else {
            return 0;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static int matches_one(const char *const *patterns, const char *name)
{
    for (; *patterns; patterns++) {
        if (matches(*patterns, name))
            return 1;
    }
    return 0;
}

int mo_scope_has_name(const mo_scope *scope, const char *name)
{
    if (!scope || !name)
        return 1;
    if (scope->include && !matches_one(scope->include, name))
        return 0;
    return !scope->exclude || !matches_one(scope->exclude, name);
}

int mo_scope_has(const mo_scope *scope, const mo_object *o)
{
    return mo_scope_has_name(scope, mo_kinds[o->kind].of_table && o->parent ? o->parent : o->name);
}

/* Is an annotation about something that is looked at? Of "table.column" the table counts. */
static int looks_at(const mo_scope *scope, const mo_allow *a)
{
    char table[256];
    size_t n = strcspn(a->object, ".");
    if (n >= sizeof table)
        return 1;
    memcpy(table, a->object, n);
    table[n] = '\0';
    return mo_scope_has_name(scope, table);
}

int mo_scope_apply(const mo_scope *scope, const mo_schema *s, mo_schema **out, mo_error *err)
{
    *out = NULL;
    mo_schema *kept = mo_schema_new();
    if (!kept)
        return mo_error_nomem(err);
    kept->dialect = s->dialect;
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if (!mo_scope_has(scope, o))
            continue;
        mo_object *copy = mo_schema_object_same(kept, o);
        rc = copy ? mo_schema_add(kept, copy, err) : mo_error_nomem(err);
    }
    for (size_t i = 0; rc == MOULT_OK && i < s->allows.count; i++)
        if (looks_at(scope, &s->allows.items[i]))
            rc = mo_schema_allow(kept, &s->allows.items[i], err);
    if (rc == MOULT_OK)
        rc = mo_schema_seal(kept, err);
    if (rc != MOULT_OK) {
        mo_schema_free(kept);
        return rc;
    }
    *out = kept;
    return MOULT_OK;
}
