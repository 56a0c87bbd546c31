/* SPDX-License-Identifier: MIT */
/*
 * canonical.c - the canonical text of a table, and the fingerprint of a schema.
 *
 * A table's text has one line for each part. The first word of a line tells what it is, and a line end inside a value
 * is escaped, so that no two different tables have the same text. Names are folded: how they are written is no
 * difference. Columns stand in order of name, for neither is their order one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "base/hash.h"
#include "schema/canonical.h"

/* Sorted views of a table's parts: on the stack for what is usual, in the region for more. */
enum { USUAL_PARTS = 64, FEW_COLUMNS = 16 };

/* Most tables are small: then this is faster than a sort that calls a function for each comparison. */
static void sort_few(mo_column **columns, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        mo_column *c = columns[i];
        size_t k = i;
        for (; k > 0 && mo_fold_compare(columns[k - 1]->name, c->name) > 0; k--)
            columns[k] = columns[k - 1];
        columns[k] = c;
    }
}

static int compare_columns(const void *left, const void *right)
{
    const mo_column *a = *(mo_column *const *)left, *b = *(mo_column *const *)right;
    return mo_fold_compare(a->name, b->name);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_constraints(const void *left, const void *right)
{
    const mo_constraint *a = *(mo_constraint *const *)left, *b = *(mo_constraint *const *)right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = compare_text(a->canonical, b->canonical);
    return order ? order : mo_fold_compare(a->name, b->name);
}

static int compare_options(const void *left, const void *right)
{
    const mo_option *a = *(const mo_option *const *)left, *b = *(const mo_option *const *)right;
    return mo_fold_compare(a->name, b->name);
}

/* Where there is room, without a call: this is most of what sealing a schema costs. */
static inline void put(mo_str *out, const char *text, size_t n)
{
    if (out->failed || !out->data || out->capacity - out->length <= n) {
        mo_str_addn(out, text, n);
        return;
    }
    memcpy(out->data + out->length, text, n);
    out->length += n;
    out->data[out->length] = '\0';
}

#define put_literal(out, text) put((out), (text), sizeof(text) - 1)

static void add_folded(mo_str *out, const char *name)
{
    char part[64];
    size_t n = 0;
    for (int quoted = 0; *name; name++) {
        if (n + 2 > sizeof part) {
            put(out, part, n);
            n = 0;
        }
        if (*name == '\n' || *name == '\\')
            part[n++] = '\\';
        char folded = (char)mo_fold_next(&quoted, name, SIZE_MAX);
        part[n++] = folded == '\n' ? 'n' : folded;
    }
    put(out, part, n);
}

static void add_value(mo_str *out, const char *value)
{
    size_t plain = strlen(value);
    if (!memchr(value, '\n', plain) && !memchr(value, '\\', plain)) {
        put(out, value, plain);
        return;
    }
    while (plain = strcspn(value, "\n\\"), value[plain]) {
        put(out, value, plain);
        put(out, value[plain] == '\n' ? "\\n" : "\\\\", 2);
        value += plain + 1;
    }
    put(out, value, plain);
}

static void add_column(mo_str *out, const mo_column *c)
{
    put_literal(out, "column ");
    add_folded(out, c->name);
    put_literal(out, "\n");
    for (int i = 0; i < MO_ATTR_COUNT; i++) {
        if (!c->attr[i].canonical)
            continue;
        put_literal(out, "\t");
        put(out, mo_attrs[i].name, strlen(mo_attrs[i].name));
        put_literal(out, " ");
        add_value(out, c->attr[i].canonical);
        put_literal(out, "\n");
    }
    if (c->hidden)
        put_literal(out, "\thidden\n");
    if (c->row_id)
        put_literal(out, "\trow id\n");
}

static void add_constraint(mo_str *out, const mo_constraint *c)
{
    mo_str_add(out, mo_constraint_kinds[c->kind]);
    mo_str_addc(out, ' ');
    add_value(out, c->canonical ? c->canonical : "");
    if (c->name) {
        mo_str_add(out, "\n\tname ");
        add_folded(out, c->name);
    }
    mo_str_addc(out, '\n');
}

static int add_columns(mo_str *out, mo_region *r, const mo_table *t)
{
    mo_column *usual[USUAL_PARTS], **sorted = usual;
    size_t count = t->columns.count;
    if (count > USUAL_PARTS && !(sorted = mo_region_alloc(r, count * sizeof *sorted)))
        return -1;
    if (count)
        memcpy(sorted, t->columns.items, count * sizeof *sorted);
    if (count <= FEW_COLUMNS)
        sort_few(sorted, count);
    else
        qsort(sorted, count, sizeof *sorted, compare_columns);
    for (size_t i = 0; i < count; i++)
        add_column(out, sorted[i]);
    return 0;
}

static int add_constraints(mo_str *out, mo_region *r, const mo_table *t)
{
    mo_constraint *usual[USUAL_PARTS], **sorted = usual;
    size_t count = t->constraints.count;
    if (count > USUAL_PARTS && !(sorted = mo_region_alloc(r, count * sizeof *sorted)))
        return -1;
    if (count)
        memcpy(sorted, t->constraints.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_constraints);
    for (size_t i = 0; i < count; i++)
        add_constraint(out, sorted[i]);
    return 0;
}

static int add_options(mo_str *out, mo_region *r, const mo_table *t)
{
    const mo_option *usual[USUAL_PARTS], **sorted = usual;
    size_t count = t->options.count;
    if (count > USUAL_PARTS && !(sorted = mo_region_alloc(r, count * sizeof *sorted)))
        return -1;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &t->options.items[i];
    qsort(sorted, count, sizeof *sorted, compare_options);
    for (size_t i = 0; i < count; i++) {
        mo_str_add(out, "option ");
        add_folded(out, sorted[i]->name);
        mo_str_add(out, "\n\tvalue ");
        add_value(out, sorted[i]->canonical ? sorted[i]->canonical : "");
        mo_str_addc(out, '\n');
    }
    return 0;
}

/* 0, or -1 when there is no memory; what `out` has to say is asked for by the caller. */
static int write_table(mo_str *out, mo_region *r, const mo_table *t)
{
    return add_columns(out, r, t) || add_constraints(out, r, t) || add_options(out, r, t) ? -1 : 0;
}

int mo_canonical_tables(mo_schema *s, mo_error *err)
{
    mo_str text = {0}; /* one buffer for all tables */
    int rc = MOULT_OK;
    for (size_t i = 0; rc == MOULT_OK && i < s->objects.count; i++) {
        mo_object *o = s->objects.items[i];
        if (!o->table || o->canonical)
            continue;
        mo_str_clear(&text);
        if (write_table(&text, s->region, o->table) || text.failed ||
            !(o->canonical = mo_region_dupn(s->region, mo_str_text(&text), text.length)))
            rc = mo_error_nomem(err);
    }
    mo_str_free(&text);
    return rc;
}

/* A field with its end, and NULL apart from "". */
static void add_field(mo_str *out, const char *text, int is_name)
{
    if (!text) {
        mo_str_addc(out, '-');
    } else {
        mo_str_addc(out, '+');
        if (is_name)
            add_folded(out, text);
        else
            mo_str_add(out, text);
    }
    mo_str_addc(out, '\0');
}

int mo_canonical_fingerprint(mo_schema *s, mo_error *err)
{
    mo_sha256 *hash = mo_sha256_new();
    if (!hash)
        return mo_error_nomem(err);
    mo_str text = {0};
    mo_str_add(&text, "schema 1\n");
    for (size_t i = 0; i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        if (o->flags & MO_OBJECT_UNCOMPARED)
            continue;
        add_field(&text, mo_kinds[o->kind].name, 0);
        add_field(&text, o->space, 1);
        add_field(&text, o->name, 1);
        add_field(&text, o->parent, 1);
        add_field(&text, o->canonical, 0);
        mo_sha256_add(hash, mo_str_text(&text), text.length);
        if (text.failed)
            break;
        mo_str_clear(&text);
    }
    int failed = text.failed;
    mo_str_free(&text);
    mo_sha256_hex(hash, s->fingerprint);
    return failed ? mo_error_nomem(err) : MOULT_OK;
}
