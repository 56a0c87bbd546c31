/* SPDX-License-Identifier: MIT */
/*
 * resolve.c - tokens that are names or strings, by what can be seen from where they stand.
 *
 * SQLite takes a name in double quotes that names nothing for a string. Whether it names something depends on the tables
 * around, so readers leave such tokens marked, and each schema that an object is in makes them what they are there. An
 * index sees the columns of its table; views and triggers those of all that they mention, through views too.
 */
#include <string.h>

#include "base/fold.h"
#include "schema/canonical.h"

/* What can be seen from one object. */
typedef struct sight {
    const mo_schema *schema;
    mo_map *names;
    mo_map *seen; /* relations that were looked at */
    MO_VEC(const mo_object *) queue;
    mo_region *region; /* of the queue */
    int unknown;       /* 1: it mentions something whose columns nobody knows */
} sight;

static int add_name(sight *g, const char *name)
{
    return mo_map_put(g->names, name, g); /* any value: it is asked for by getn */
}

static int add_names(sight *g, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (add_name(g, names[i]))
            return -1;
    return 0;
}

/* Tables that are there without a definition, and functions that are used as tables. */
static int is_built_in(const char *name)
{
    static const char *const begin[] = {"sqlite_", "pragma_", "json_", "generate_series", "dbstat"};
    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
        if (strncmp(name, begin[i], strlen(begin[i])) == 0)
            return 1;
    return 0;
}

static int see_relation(sight *g, const char *name)
{
    const mo_object *o = mo_schema_find_relation(g->schema, name);
    if (!o) {
        g->unknown |= is_built_in(name);
        return 0;
    }
    if (mo_map_has(g->seen, name))
        return 0;
    if (mo_map_put(g->seen, name, NULL))
        return -1;
    g->unknown |= (o->flags & MO_OBJECT_UNCOMPARED) != 0;
    for (size_t i = 0; o->table && i < o->table->columns.count; i++)
        if (add_name(g, o->table->columns.items[i]->name))
            return -1;
    if (o->kind == MO_KIND_VIRTUAL_TABLE) {
        g->unknown = 1; /* what its arguments name are columns, or options of its module */
        return add_names(g, o->mentions, o->mention_count);
    }
    if (o->kind != MO_KIND_VIEW)
        return 0;
    return add_names(g, o->gives, o->give_count) || mo_vec_push(g->region, &g->queue, o) ? -1 : 0;
}

static int see_mentions(sight *g, const mo_object *o)
{
    for (size_t i = 0; i < o->mention_count; i++)
        if (see_relation(g, o->mentions[i]))
            return -1;
    return 0;
}

/* All that can be seen from `o`. */
static int look(sight *g, const mo_object *o)
{
    static const char *const always[] = {"rowid", "oid", "_rowid_"};
    if (add_names(g, always, sizeof always / sizeof *always) || add_names(g, o->gives, o->give_count))
        return -1;
    if (o->kind == MO_KIND_INDEX)
        return see_relation(g, o->parent);
    if (see_mentions(g, o))
        return -1;
    for (size_t i = 0; i < g->queue.count; i++)
        if (see_mentions(g, g->queue.items[i]))
            return -1;
    return 0;
}

/* In lower case a token is the same as without quotes: if it named nothing, that would be an error. */
static int is_lower(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            return 0;
    return 1;
}

/* Writes the object's text without its marks. */
static void write_resolved(const sight *g, const char *raw, mo_str *out)
{
    static const char begin[] = {MO_MARK_NAME, '\0'};
    for (;;) {
        size_t plain = strcspn(raw, begin);
        mo_str_addn(out, raw, plain);
        raw += plain;
        if (!*raw)
            return;
        const char *name = raw + 1, *is = strchr(name, MO_MARK_IS);
        const char *otherwise = is ? strchr(is, MO_MARK_ELSE) : NULL;
        const char *end = otherwise ? strchr(otherwise, MO_MARK_END) : NULL;
        if (!end)
            return; /* readers close what they open */
        /* A string in lower case has a name in lower case, too: the one in quotes behind ELSE tells. */
        int lower = is_lower(otherwise + 1, (size_t)(end - otherwise - 1));
        if (mo_map_getn(g->names, name, (size_t)(is - name)) || (g->unknown && lower))
            mo_str_addn(out, is + 1, (size_t)(otherwise - is - 1));
        else
            mo_str_addn(out, otherwise + 1, (size_t)(end - otherwise - 1));
        raw = end + 1;
    }
}

/* `text` is used for all. */
static int resolve(mo_schema *s, mo_object *o, mo_str *text)
{
    sight g = {.schema = s, .names = mo_map_new(1), .seen = mo_map_new(1), .region = mo_region_new()};
    int failed = !g.names || !g.seen || !g.region || look(&g, o) != 0;
    if (!failed) {
        mo_str_clear(text);
        write_resolved(&g, o->canonical_raw, text);
        o->canonical = text->failed ? NULL : mo_region_dupn(s->region, mo_str_text(text), text->length);
        failed = !o->canonical;
    }
    mo_map_free(g.names);
    mo_map_free(g.seen);
    mo_region_free(g.region);
    return failed ? -1 : 0;
}

int mo_canonical_resolve(mo_schema *s, mo_error *err)
{
    mo_str text = {0};
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < s->objects.count; i++)
        if (s->objects.items[i]->canonical_raw && resolve(s, s->objects.items[i], &text))
            rc = mo_error_nomem(err);
    mo_str_free(&text);
    return rc;
}
