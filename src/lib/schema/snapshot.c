/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c - a schema to and from JSON (docs/schema.schema.json).
 *
 * An object is kept as the definition that makes it; its parts are read back by the dialect, so a snapshot outlives
 * changes of the tree. What the definition does not say is kept beside it: annotations, and why something is not
 * compared. Where the dialect cannot read a definition back without its server, the parts are kept too: the files
 * snapshot_whole.c and snapshot_whole.h.
 */
#include <string.h>

#include "dialect/dialect.h"
#include "schema/jsontext.h"
#include "schema/snapshot_whole.h"

enum { SNAPSHOT_VERSION = 1 };

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* {"new name": "old name"} for the columns that have an annotation; nothing when none has. */
static int put_renamed_columns(json_t *out, const mo_object *o)
{
    json_t *renamed = NULL;
    for (size_t i = 0; o->table && i < o->table->columns.count; i++) {
        const mo_column *c = o->table->columns.items[i];
        if (!c->renamed_from)
            continue;
        json_t *pair = json_object();
        if (!renamed && (!(renamed = json_array()) || mo_json_set(out, "renamed_columns", renamed))) {
            json_decref(pair);
            return -1;
        }
        if (!pair || mo_json_set(pair, "name", mo_json_text(c->name)) ||
            mo_json_set(pair, "from", mo_json_text(c->renamed_from))) {
            json_decref(pair);
            return -1;
        }
        if (mo_json_push(renamed, pair))
            return -1;
    }
    return 0;
}

static int put_object(json_t *out, const mo_object *o, int whole)
{
    char tokens[33];
    mo_hash_hex(o->tokens, tokens);
    if (mo_json_set(out, "kind", json_string(mo_kinds[o->kind].name)) ||
        mo_json_set(out, "name", mo_json_text(o->name)) || mo_json_set(out, "parent", mo_json_text(o->parent)) ||
        mo_json_set(out, "sql", mo_json_text(o->sql)) || mo_json_set(out, "tokens", json_string(tokens)))
        return -1;
    if (o->space && mo_json_set(out, "space", mo_json_text(o->space)))
        return -1;
    if (o->renamed_from && mo_json_set(out, "renamed_from", mo_json_text(o->renamed_from)))
        return -1;
    if ((o->flags & MO_OBJECT_UNCOMPARED) && mo_json_set(out, "uncompared", mo_json_text(o->note ? o->note : "")))
        return -1;
    return put_renamed_columns(out, o) || (whole && mo_snapshot_put_whole(out, o)) ? -1 : 0;
}

/* Nothing when there are none. */
static int put_allows(json_t *root, const mo_schema *s)
{
    json_t *allows = s->allows.count ? json_array() : NULL;
    if (!s->allows.count)
        return 0;
    if (mo_json_set(root, "allows", allows))
        return -1;
    for (size_t i = 0; i < s->allows.count; i++) {
        const mo_allow *a = &s->allows.items[i];
        json_t *o = json_object();
        if (!o || mo_json_set(o, "rule", mo_json_text(a->rule)) || mo_json_set(o, "reason", mo_json_text(a->reason)) ||
            mo_json_set(o, "object", mo_json_text(a->object)) || mo_json_set(o, "column", mo_json_text(a->column)) ||
            mo_json_set(o, "constraint", json_integer(a->constraint))) {
            json_decref(o);
            return -1;
        }
        if (mo_json_push(allows, o))
            return -1;
    }
    return 0;
}

static int put_schema(json_t *root, const mo_schema *s)
{
    const mo_dialect *d = s->dialect ? mo_dialect_named(s->dialect) : NULL;
    json_t *objects = json_array();
    if (mo_json_set(root, "objects", objects) || mo_json_set(root, "format", json_string("moult-schema")) ||
        mo_json_set(root, "format_version", json_integer(SNAPSHOT_VERSION)) ||
        mo_json_set(root, "fingerprint", json_string(s->fingerprint)))
        return -1;
    if (s->dialect && mo_json_set(root, "dialect", mo_json_text(s->dialect)))
        return -1;
    for (size_t i = 0; i < s->objects.count; i++) {
        json_t *object = json_object();
        if (!object)
            return -1;
        if (put_object(object, s->objects.items[i], d && !d->read_object)) {
            json_decref(object);
            return -1;
        }
        if (mo_json_push(objects, object))
            return -1;
    }
    return put_allows(root, s);
}

int mo_snapshot_write(const mo_schema *s, mo_str *out, mo_error *err)
{
    json_t *root = json_object();
    int rc = !root || put_schema(root, s) ? mo_error_nomem(err) : mo_json_write(root, JSON_INDENT(1), out, err);
    json_decref(root);
    return rc;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static mo_hash read_tokens(mo_json_reader *r, const char *hex)
{
    mo_hash hash = {0, 0};
    if (!hex)
        return hash;
    uint64_t halves[2] = {0, 0};
    size_t n = 0;
    for (; hex[n]; n++) {
        int digit = hex[n] >= '0' && hex[n] <= '9'   ? hex[n] - '0'
                    : hex[n] >= 'a' && hex[n] <= 'f' ? hex[n] - 'a' + 10
                                                     : -1;
        if (digit < 0 || n >= 32)
            break;
        halves[n / 16] = halves[n / 16] << 4 | (uint64_t)digit;
    }
    if (hex[n] || n != 32)
        mo_json_wrong(r, "'tokens' are not 32 hexadecimal digits");
    /* As mo_hash_hex() writes it. */
    hash.high = halves[0];
    hash.low = halves[1];
    return hash;
}

static void read_renamed_columns(mo_json_reader *r, const json_t *from, mo_object *o)
{
    static const char *const keys[] = {"name", "from", NULL};
    const json_t *renamed = json_object_get(from, "renamed_columns");
    size_t i;
    const json_t *pair;
    if (renamed && !json_is_array(renamed))
        mo_json_wrong(r, "'renamed_columns' is not an array");
    json_array_foreach(renamed, i, pair)
    {
        mo_json_only(r, pair, "renamed_columns", keys);
        const char *name = mo_json_get_text(r, pair, "renamed_columns", "name");
        const char *old = mo_json_get_text(r, pair, "renamed_columns", "from");
        mo_column *c = name && o->table ? mo_table_column(o->table, name) : NULL;
        if (c)
            c->renamed_from = old;
        else
            mo_json_wrong(r, "%s '%s' has no column '%s'", mo_kinds[o->kind].name, o->name, name ? name : "");
    }
}

/* What an object begins with. It is needed only while the object is read. */
typedef struct head {
    mo_kind kind;
    const char *name, *sql;
    mo_hash tokens;
} head;

static head read_head(mo_json_reader *r, const json_t *from)
{
    head h = {.kind = MO_KIND_TABLE};
    const char *kind = mo_json_get_text(r, from, "objects", "kind");
    if (kind && mo_kind_find(kind, &h.kind))
        mo_json_wrong(r, "there is no kind '%s'", kind);
    h.name = mo_json_get_text(r, from, "objects", "name");
    h.sql = mo_json_get_text(r, from, "objects", "sql");
    h.tokens = read_tokens(r, mo_json_get_text(r, from, "objects", "tokens"));
    return h;
}

/* Reads the definition of what cannot be compared no further than its name. */
static mo_object *read_definition(mo_json_reader *r, const mo_dialect *d, mo_schema *s, const head *h,
                                  const json_t *from)
{
    mo_object *o = NULL;
    const char *note = mo_json_get_optional_text(r, from, "objects", "uncompared");
    if (r->code != MOULT_OK)
        return NULL;
    if (note) {
        o = mo_schema_object(s, h->kind, h->name);
        if (!o) {
            mo_json_nomem(r);
            return NULL;
        }
        o->note = note;
        o->flags |= MO_OBJECT_UNCOMPARED;
        return o;
    }
    if (!d->read_object)
        return mo_snapshot_read_whole(r, s, h->kind, h->name, from);
    r->code = d->read_object(s, h->sql, strlen(h->sql), &o, r->err);
    if (r->code != MOULT_OK)
        return NULL;
    if (o->kind != h->kind || !mo_name_equal(o->name, h->name)) {
        mo_json_wrong(r, "the definition of %s '%s' is that of %s '%s'", mo_kinds[h->kind].name, h->name,
                      mo_kinds[o->kind].name, o->name);
        return NULL;
    }
    return o;
}

/* The definition as it was recorded, which the object may have already. */
static void set_sql(mo_json_reader *r, mo_object *o, const char *sql)
{
    if (o->sql && strcmp(o->sql, sql) == 0)
        return;
    o->sql = mo_region_dup(r->region, sql);
    if (!o->sql)
        mo_json_nomem(r);
}

/* `brief`: what lives in it goes once all is read. */
static void read_object(mo_json_reader *r, const mo_dialect *d, mo_schema *s, mo_region *brief, const json_t *from)
{
    static const char *const keys[] = {"kind",
                                       "name",
                                       "parent",
                                       "sql",
                                       "tokens",
                                       "space",
                                       "renamed_from",
                                       "uncompared",
                                       "renamed_columns",
                                       MO_SNAPSHOT_WHOLE_KEYS,
                                       NULL};
    mo_json_only(r, from, "objects", keys);
    r->region = brief;
    head h = read_head(r, from);
    r->region = s->region;
    mo_object *o = read_definition(r, d, s, &h, from);
    if (!o || r->code != MOULT_OK)
        return;
    set_sql(r, o, h.sql);
    o->parent = mo_json_get_optional_text(r, from, "objects", "parent");
    o->tokens = h.tokens;
    o->space = mo_json_get_optional_text(r, from, "objects", "space");
    o->renamed_from = mo_json_get_optional_text(r, from, "objects", "renamed_from");
    read_renamed_columns(r, from, o);
    if (r->code == MOULT_OK)
        r->code = mo_schema_add(s, o, r->err);
}

static void read_objects(mo_json_reader *r, const mo_dialect *d, mo_schema *s, const json_t *objects)
{
    mo_region *brief = mo_region_new();
    const json_t *object;
    size_t i;
    if (!brief) {
        mo_json_nomem(r);
        return;
    }
    json_array_foreach(objects, i, object)
    {
        read_object(r, d, s, brief, object);
        if (r->code != MOULT_OK)
            break;
    }
    mo_region_free(brief);
}

static void check_twice(mo_json_reader *r, const mo_schema *s)
{
    for (size_t i = 1; r->code == MOULT_OK && i < s->objects.count; i++) {
        const mo_object *a = s->objects.items[i - 1], *b = s->objects.items[i];
        if (a->kind == b->kind && mo_name_equal(a->space, b->space) && mo_name_equal(a->name, b->name) &&
            mo_name_equal(a->parent, b->parent))
            mo_json_wrong(r, "%s '%s' is there twice", mo_kinds[a->kind].name, a->name);
    }
}

static void read_allows(mo_json_reader *r, mo_schema *s, const json_t *root)
{
    static const char *const keys[] = {"rule", "reason", "object", "column", "constraint", NULL};
    const json_t *allows = json_object_get(root, "allows"), *from;
    size_t i;
    if (allows && !json_is_array(allows))
        mo_json_wrong(r, "'allows' is not an array");
    json_array_foreach(allows, i, from)
    {
        mo_allow a = {0};
        mo_json_only(r, from, "allows", keys);
        a.rule = mo_json_get_text(r, from, "allows", "rule");
        a.reason = mo_json_get_text(r, from, "allows", "reason");
        a.object = mo_json_get_text(r, from, "allows", "object");
        a.column = mo_json_get_optional_text(r, from, "allows", "column");
        a.constraint = (int)mo_json_get_integer(r, from, "allows", "constraint", 0, 1000000);
        if (r->code != MOULT_OK)
            return;
        r->code = mo_schema_allow(s, &a, r->err);
    }
}

static void read_schema(mo_json_reader *r, const mo_dialect *d, mo_schema *s, const json_t *root)
{
    static const char *const keys[] = {"format", "format_version", "dialect", "fingerprint", "objects", "allows", NULL};
    mo_json_check_format(r, root, "moult-schema", SNAPSHOT_VERSION);
    mo_json_only(r, root, "", keys);
    const char *dialect = r->code == MOULT_OK ? mo_json_get_optional_text(r, root, "", "dialect") : NULL;
    if (dialect && strcmp(dialect, d->name) != 0)
        mo_json_wrong(r, "it is a schema of '%s', not of '%s'", dialect, d->name);
    read_objects(r, d, s, mo_json_get_array(r, root, "", "objects"));
    if (r->code != MOULT_OK)
        return;
    read_allows(r, s, root);
    if (r->code == MOULT_OK)
        r->code = mo_schema_seal(s, r->err);
    check_twice(r, s);
    s->dialect = d->name;
}

/* The fingerprint is computed anew: what two versions of moult find canonical may differ. */
int mo_snapshot_read(const struct mo_dialect *d, const char *json, size_t length, mo_schema **out, mo_error *err)
{
    *out = NULL;
    mo_schema *s = mo_schema_new();
    if (!s)
        return mo_error_nomem(err);
    mo_json_reader r = {.region = s->region, .name = "schema", .err = err};
    json_t *root = mo_json_parse(&r, json, length);
    if (root)
        read_schema(&r, d, s, root);
    json_decref(root);
    if (r.code != MOULT_OK) {
        mo_schema_free(s);
        return r.code;
    }
    *out = s;
    return MOULT_OK;
}
