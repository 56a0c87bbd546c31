/* SPDX-License-Identifier: MIT */
/*
 * load.c - texts become a schema, in the engine's own canonical form.
 *
 * What the engine has seen before is taken as its text says; the rest is created in the scratch and read back from
 * there. Then each object gets what only the source knows: its place, and its annotations.
 */
#include <string.h>

#include "source/load.h"

/* The text's name, to live as long as the schema; NULL: no memory. */
static const char *name_of_text(mo_load *l, const mo_schema *s, const mo_text *text)
{
    if (l->place.text != text || l->place.schema != s) {
        const char *name = mo_region_dup(s->region, text->name);
        if (!name) {
            return NULL;
        }
        l->place.text = text;
        l->place.schema = s;
        l->place.name = name;
    }
    return l->place.name;
}

static int dup_into(mo_schema *s, const char *text, const char **out)
{
    if (text) {
        *out = mo_region_dup(s->region, text);
    }
    return text && !*out ? -1 : 0;
}

static int no_such_thing(mo_load *l, const mo_annotation *a)
{
    if (a->column) {
        mo_error_set(l->err, MOULT_SOURCE, "an annotation stands at column '%s', which table '%s' does not have",
                     a->column, a->table);
    } else if (!a->table) {
        mo_error_set(l->err, MOULT_SOURCE, "an annotation stands at an object that the source does not leave there");
    } else {
        mo_error_set(l->err, MOULT_SOURCE, "an annotation stands at table '%s', which the source does not leave there",
                     a->table);
    }
    mo_error_hint(l->err, "take the annotation out, or put it at what it belongs to");
    return mo_error_at(l->err, a->where.file, a->where.line, a->where.column);
}

/* What of a name stands behind its path: the arguments of a function, the table of a trigger. */
static const char *behind_path(const char *name)
{
    for (int quoted = 0; *name && (quoted || (*name != '(' && *name != ' ')); name++) {
        quoted ^= *name == '"';
    }
    return name;
}

/* An annotation gives the name alone; what tells the object from its namesakes stays. */
static int old_name_into(const mo_load *l, mo_schema *s, mo_object *o, const char *from)
{
    if (!from || o->table || !l->d->lex->sql_names) {
        return dup_into(s, from, &o->renamed_from);
    }
    o->renamed_from = mo_region_printf(s->region, "%s%s", from, behind_path(o->name));
    return o->renamed_from ? 0 : -1;
}

/* The place of an annotation, in the text that lives as `file` in the schema. */
static mo_where place_in(const char *file, const mo_where *where)
{
    return (mo_where){file, where->line, where->column};
}

/* What one entry of the annotations says, to the object or its column. */
static int decorate_part(mo_load *l, mo_schema *s, mo_object *o, const mo_annotation *a, const char *file)
{
    mo_column *c = a->column && o->table ? mo_table_column(o->table, a->column) : NULL;
    int failed;

    if (a->column && !c) {
        return a->renamed_from || a->fill ? no_such_thing(l, a) : MOULT_OK;
    }
    if (c) {
        c->where = place_in(file, &a->where);
        if (a->fill) {
            c->fill_where = place_in(file, &a->fill_where);
        }
        failed = dup_into(s, a->renamed_from, &c->renamed_from) != 0 || dup_into(s, a->fill, &c->fill) != 0;
    } else {
        failed = old_name_into(l, s, o, a->renamed_from) != 0;
    }
    return failed ? mo_error_nomem(l->err) : MOULT_OK;
}

/* Places of columns that were counted from the statement's start; 0 when there are none. */
static int shift_places(mo_object *o, const mo_item *item, const char *file)
{
    int any = 0;

    for (size_t i = 0; o->table && i < o->table->columns.count; i++) {
        mo_where *w = &o->table->columns.items[i]->where;
        if (w->line > 0) {
            w->column += w->line == 1 ? item->st.column - 1 : 0;
            w->line += item->st.line - 1;
            w->file = file;
            any = 1;
        }
    }
    return any;
}

/* Gives an object of `s` its places and annotations. `read`: it was read from the item's own text. */
static int decorate(mo_load *l, mo_schema *s, mo_object *o, mo_item *item, int read)
{
    const char *file = name_of_text(l, s, item->text);
    int rc = MOULT_OK;

    if (!file) {
        return mo_error_nomem(l->err);
    }
    o->where = (mo_where){file, item->st.line, item->st.column};
    if (!o->table && !item->noted) {
        return MOULT_OK;
    }
    if (!read || !shift_places(o, item, file)) {
        rc = mo_load_annotate(l, item);
    }
    for (size_t i = 0; rc == MOULT_OK && i < item->notes.count; i++) {
        rc = decorate_part(l, s, o, &item->notes.items[i], file);
    }
    return rc;
}

/* Annotations of a statement whose object is not there in the end. */
static int annotated_in_vain(mo_load *l, const mo_item *item)
{
    for (size_t i = 0; i < item->notes.count; i++) {
        const mo_annotation *a = &item->notes.items[i];
        if (a->renamed_from || a->fill) {
            mo_annotation of_table = *a;
            of_table.column = NULL;
            return no_such_thing(l, &of_table);
        }
    }
    return MOULT_OK;
}

/* The one object of the statement's kind whose name begins with this path. */
static mo_object *object_of_path(const mo_schema *s, const mo_item *item)
{
    size_t n = item->decl.path ? strlen(item->decl.path) : 0;
    mo_object *found = NULL;

    for (size_t i = 0; n && i < s->objects.count; i++) {
        mo_object *o = s->objects.items[i];
        if (o->kind != item->decl.kind || strncmp(o->name, item->decl.path, n) != 0 ||
            behind_path(o->name) != o->name + n) {
            continue;
        }
        if (found) {
            return NULL;
        }
        found = o;
    }
    return found;
}

static mo_object *object_of(const mo_schema *s, const mo_item *item)
{
    return item->decl.name ? mo_schema_find(s, item->decl.kind, item->decl.name)
           : item->noted   ? object_of_path(s, item)
                           : NULL;
}

/* What the engine takes and we cannot read would never be compared: nobody may believe that it is. */
static int refuse_unread(mo_load *l, const mo_item *item, const mo_object *o)
{
    mo_object *again = NULL;

    if (!(o->flags & MO_OBJECT_UNREAD)) {
        return MOULT_OK;
    }
    int rc = l->d->read_object(l->out, item->st.text, item->st.length, &again, l->err);
    if (rc == MOULT_OK) {
        mo_error_set(l->err, MOULT_SOURCE, "%s", o->note ? o->note : "its definition cannot be read");
    } else if (rc != MOULT_SOURCE) {
        return rc;
    }
    mo_error_hint(l->err, "the engine takes this definition, but moult cannot read it: write it another way");
    return mo_load_place(l, item);
}

/* Everything was created in the scratch: what was read there is the schema. */
static int take_all(mo_load *l, mo_schema *made)
{
    int rc = MOULT_OK;

    for (size_t i = 0; rc == MOULT_OK && i < l->items.count; i++) {
        mo_object *o = object_of(made, &l->items.items[i]);
        rc = o ? refuse_unread(l, &l->items.items[i], o) : MOULT_OK;
        if (rc == MOULT_OK) {
            rc = o ? decorate(l, made, o, &l->items.items[i], 0) : annotated_in_vain(l, &l->items.items[i]);
        }
    }
    return rc;
}

/* The object of an item that was not created: a known one with the same text, or what its text says. NULL: no
 * memory. */
static mo_object *own_object(mo_load *l, const mo_item *item)
{
    if (!item->twin) {
        return item->object;
    }
    mo_object *o = mo_schema_object_copy(l->out, item->twin);
    if (o) {
        o->flags &= MO_OBJECT_UNCOMPARED; /* whose it is, is not known yet */
        o->renamed_from = NULL;
    }
    for (size_t i = 0; o && o->table && i < o->table->columns.count; i++) {
        mo_column *c = o->table->columns.items[i];
        c->renamed_from = c->fill = NULL;
        if (c->where.file) { /* a place in another source; only one that was counted from the text's start is of use */
            c->where = (mo_where){0};
        }
    }
    return o;
}

/* Some were created: `made` has those, the others are as their text says. `made` may be NULL: nothing was. */
static int take_some(mo_load *l, const mo_schema *made)
{
    int rc = MOULT_OK;

    for (size_t i = 0; rc == MOULT_OK && i < l->items.count; i++) {
        mo_item *item = &l->items.items[i];
        const mo_object *created = item->run ? object_of(made, item) : NULL;
        if (item->run && !created) {
            rc = annotated_in_vain(l, item);
            continue;
        }
        const mo_object *known = created ? created : item->twin;
        rc = known ? refuse_unread(l, item, known) : MOULT_OK;
        if (rc != MOULT_OK) {
            break;
        }
        mo_object *o = created ? mo_schema_object_copy(l->out, created) : own_object(l, item);
        rc = o ? decorate(l, l->out, o, item, !created) : mo_error_nomem(l->err);
        if (rc == MOULT_OK) {
            rc = mo_schema_add(l->out, o, l->err);
        }
    }
    return rc == MOULT_OK ? mo_schema_seal(l->out, l->err) : rc;
}

/* The item that made an object. */
static const mo_item *item_of(const mo_load *l, const mo_object *o)
{
    for (size_t i = 0; i < l->items.count; i++) {
        const mo_item *item = &l->items.items[i];
        if (item->decl.kind == o->kind && item->decl.name && mo_name_equal(item->decl.name, o->name)) {
            return item;
        }
    }
    return NULL;
}

/* Asks the engine about what it does not check when it creates. `s`: all that is declared. */
static int check(mo_load *l, mo_conn *scratch, const mo_schema *s, int all)
{
    const mo_object *wrong = NULL;
    mo_map *ask = all ? NULL : mo_map_new(1);
    int failed = !all && !ask;

    for (size_t i = 0; ask && !failed && i < l->items.count; i++) {
        failed = l->items.items[i].ask && mo_map_put(ask, l->items.items[i].decl.name, NULL) != 0;
    }
    int rc = failed ? mo_error_nomem(l->err) : l->d->check(scratch, s, ask, &wrong, l->err);
    mo_map_free(ask);
    const mo_item *item = rc != MOULT_OK && wrong ? item_of(l, wrong) : NULL;
    return item ? mo_load_place(l, item) : rc;
}

/* Creates what was chosen and reads it back, makes the schema, and has it checked. */
static int make(mo_load *l, int all, mo_schema **made)
{
    mo_scratch *scratch = NULL;
    mo_conn *conn = NULL;
    int rc = l->d->scratch_open(l->conn, &scratch, l->err);

    if (rc == MOULT_OK) {
        conn = l->d->scratch_conn(scratch);
        rc = mo_load_execute(l, conn);
    }
    if (rc == MOULT_OK) {
        rc = l->d->introspect(conn, made, l->err);
    }
    if (rc == MOULT_OK) {
        rc = all ? take_all(l, *made) : take_some(l, *made);
    }
    if (rc == MOULT_OK) {
        rc = check(l, conn, all ? *made : l->out, all);
    }
    l->d->scratch_close(scratch);
    return rc;
}

static int anything_runs(const mo_load *l)
{
    for (size_t i = 0; i < l->items.count; i++) {
        if (l->items.items[i].run) {
            return 1;
        }
    }
    return 0;
}

/* On success the schema is in *out. */
static int load(mo_load *l, mo_schema **out)
{
    mo_schema *made = NULL;
    int all = 0, rc = mo_load_split(l);

    if (rc == MOULT_OK) {
        rc = mo_load_choose(l, &all);
    }
    if (rc == MOULT_OK) {
        rc = anything_runs(l) ? make(l, all, &made) : take_some(l, NULL);
    }
    for (size_t i = 0; rc == MOULT_OK && i < l->allows.count; i++) {
        rc = mo_schema_allow(all ? made : l->out, &l->allows.items[i], l->err);
    }
    if (rc == MOULT_OK) {
        *out = all ? made : l->out;
        made = all ? NULL : made;
        l->out = all ? l->out : NULL;
    }
    mo_schema_free(made);
    return rc;
}

int mo_load_texts(const mo_dialect *d, mo_conn *c, const mo_load_args *args, mo_schema **out, mo_error *err)
{
    mo_load l = {.d = d, .conn = c, .args = args, .err = err};
    int rc;

    *out = NULL;
    l.region = mo_region_new();
    l.out = mo_schema_new();
    rc = l.region && l.out ? load(&l, out) : mo_error_nomem(err);
    mo_map_free(l.relations);
    mo_map_free(l.triggers);
    mo_schema_free(l.out);
    mo_region_free(l.region);
    return rc;
}
