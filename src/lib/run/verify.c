/* SPDX-License-Identifier: MIT */
/* verify.c - how two schemas differ, for a person. */
#include <string.h>

#include "run/run.h"

#define MO_DIFFERENCES 20 /* lines; more help nobody */

static void add_line(mo_str *out, size_t *lines, const char *what, const mo_object *o)
{
    if (++*lines > MO_DIFFERENCES)
        return;
    mo_str_addf(out, "%s%s: %s %s", out->length ? "\n" : "", what, mo_kinds[o->kind].name, o->name);
}

static void add_canonical(mo_str *out, size_t lines, const char *label, const char *text)
{
    if (lines <= MO_DIFFERENCES)
        mo_str_addf(out, "\n    %s %s", label, text ? text : "");
}

int mo_describe_difference(const mo_schema *expected, const mo_schema *found, mo_str *out, mo_error *err)
{
    size_t lines = 0;
    for (size_t i = 0; i < expected->objects.count; i++) {
        const mo_object *e = expected->objects.items[i], *f = mo_schema_find(found, e->kind, e->name);
        if (e->flags & MO_OBJECT_UNCOMPARED)
            continue;
        if (f == NULL) {
            add_line(out, &lines, "missing", e);
        } else if (strcmp(e->canonical, f->canonical) != 0 || !mo_name_equal(e->parent, f->parent)) {
            add_line(out, &lines, "different", e);
            add_canonical(out, lines, "wanted", e->canonical);
            add_canonical(out, lines, "found ", f->canonical);
        }
    }
    for (size_t i = 0; i < found->objects.count; i++) {
        const mo_object *f = found->objects.items[i];
        if (!(f->flags & MO_OBJECT_UNCOMPARED) && mo_schema_find(expected, f->kind, f->name) == NULL)
            add_line(out, &lines, "not wanted", f);
    }
    if (lines > MO_DIFFERENCES)
        mo_str_addf(out, "\nand %zu more", lines - MO_DIFFERENCES);
    return out->failed ? mo_error_nomem(err) : MOULT_OK;
}
