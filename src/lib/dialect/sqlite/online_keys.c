/* SPDX-License-Identifier: MIT */
/*
 * online_keys.c - how a row of a table is known again, in the old table, in the new one and in the log.
 *
 * By its row id, where that stays what it is. Else by columns that are copied as they are and are a key, without NULL, of
 * both tables: what is not unique on both sides would let one row be taken for another.
 */
#include <string.h>

#include "dialect/sqlite/online.h"

typedef struct key_work {
    mo_conn *c;
    mo_region *region;
    const mo_object *before, *after;
    mo_online_keys *out;
    const char *const *columns; /* that shall be the key */
    size_t count;
    /* The unique index of the old table that is being read. */
    const char *index;
    size_t found, wrong;
    int unique; /* one fits */
    mo_error *err;
} key_work;

static const mo_column *row_id_column(const mo_table *t)
{
    for (size_t i = 0; i < t->columns.count; i++)
        if (t->columns.items[i]->row_id)
            return t->columns.items[i];
    return NULL;
}

static const mo_constraint *primary_key(const mo_table *t)
{
    for (size_t i = 0; i < t->constraints.count; i++)
        if (t->constraints.items[i]->kind == MO_CONSTRAINT_PRIMARY_KEY)
            return t->constraints.items[i];
    return NULL;
}

static int push(key_work *w, const char *old_name, const char *new_name)
{
    if (mo_vec_push(w->region, &w->out->old_match, old_name) || mo_vec_push(w->region, &w->out->new_match, new_name))
        return mo_error_nomem(w->err);
    return MOULT_OK;
}

static int push_scan(key_work *w, const char *name, const char *collation)
{
    if (mo_vec_push(w->region, &w->out->scan, name) || mo_vec_push(w->region, &w->out->collations, collation))
        return mo_error_nomem(w->err);
    return MOULT_OK;
}

/* The collation of a column by itself. */
static const char *own_collation(const mo_table *t, const char *name)
{
    const mo_column *c = mo_table_column(t, name);
    const char *collation = c ? mo_column_attr(c, MO_ATTR_COLLATION) : "";
    return collation[0] ? collation : "BINARY";
}

/* One column of the primary key of a table WITHOUT ROWID: name, collation, descending. */
static int scan_row(void *user, size_t count, const mo_value *v)
{
    key_work *w = user;
    const char *name = mo_region_dup(w->region, v[0].text), *collation = mo_region_dup(w->region, v[1].text);
    (void)count;
    if (name == NULL || collation == NULL)
        return mo_error_nomem(w->err);
    if (v[2].integer)
        w->out->why_not = "its primary key runs backwards";
    return push_scan(w, name, mo_name_equal(collation, own_collation(w->before->table, name)) ? "" : collation);
}

static int find_scan(key_work *w)
{
    mo_value table = mo_value_text(w->before->name);
    if (w->out->row_id)
        return push_scan(w, w->out->row_id, "");
    return mo_sqlite_query(
        w->c,
        "SELECT x.name, x.coll, x.\"desc\" FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) "
        "AS x WHERE l.origin = 'pk' AND x.\"key\" ORDER BY x.seqno",
        &table, 1, scan_row, w, NULL, w->err);
}

static int is_wanted(const key_work *w, const char *name)
{
    for (size_t i = 0; name && i < w->count; i++)
        if (mo_name_equal(w->columns[i], name))
            return 1;
    return 0;
}

static void end_index(key_work *w)
{
    w->unique |= w->found == w->count && w->wrong == 0;
    w->found = w->wrong = 0;
}

/* One column of a unique index of the old table: index, column, collation. */
static int unique_row(void *user, size_t count, const mo_value *v)
{
    key_work *w = user;
    (void)count;
    if (w->index == NULL || strcmp(w->index, v[0].text) != 0) {
        end_index(w);
        w->index = mo_region_dup(w->region, v[0].text);
        if (w->index == NULL)
            return mo_error_nomem(w->err);
    }
    if (is_wanted(w, v[1].text) && mo_name_equal(v[2].text, own_collation(w->before->table, v[1].text)))
        w->found++;
    else
        w->wrong++;
    return MOULT_OK;
}

/* Are these columns a key of the old table? */
static int unique_in_old(key_work *w)
{
    mo_value table = mo_value_text(w->before->name);
    const mo_column *alias = row_id_column(w->before->table);
    int rc =
        mo_sqlite_query(w->c,
                        "SELECT l.name, x.name, x.coll FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x "
                        "WHERE l.\"unique\" AND NOT l.partial AND x.\"key\" ORDER BY l.seq, x.seqno",
                        &table, 1, unique_row, w, NULL, w->err);
    end_index(w);
    w->unique |= alias && w->count == 1 && mo_name_equal(alias->name, w->columns[0]);
    return rc;
}

/* Are they a key of the new table, with the columns' own collations? */
static int unique_in_new(const key_work *w)
{
    const mo_table *t = w->after->table;
    const mo_column *alias = row_id_column(t);
    for (size_t i = 0; i < t->constraints.count; i++) {
        const mo_constraint *k = t->constraints.items[i];
        size_t same = 0;
        if (k->kind > MO_CONSTRAINT_UNIQUE || k->column_count != w->count || strstr(k->canonical, "collate"))
            continue;
        for (size_t j = 0; j < k->column_count; j++)
            same += (size_t)is_wanted(w, k->columns[j]);
        if (same == w->count)
            return 1;
    }
    return alias && w->count == 1 && mo_name_equal(alias->name, w->columns[0]);
}

/* Has the column the same value in both tables, and never NULL? */
static int copied_as_it_is(const key_work *w, const char *name)
{
    const mo_column *b = mo_table_column(w->before->table, name), *a = mo_table_column(w->after->table, name);
    const mo_constraint *key = w->out->row_id ? NULL : primary_key(w->before->table);
    int not_null = b && (b->attr[MO_ATTR_NOT_NULL].canonical || b->row_id);
    for (size_t i = 0; b && key && i < key->column_count; i++)
        not_null |= mo_name_equal(key->columns[i], name);
    return b && a && not_null && !b->attr[MO_ATTR_GENERATED].canonical && !a->attr[MO_ATTR_GENERATED].canonical &&
           mo_sqlite_affinity(mo_column_attr(b, MO_ATTR_TYPE)) == mo_sqlite_affinity(mo_column_attr(a, MO_ATTR_TYPE)) &&
           mo_name_equal(own_collation(w->before->table, name), own_collation(w->after->table, name));
}

static int match_by_columns(key_work *w)
{
    int rc;
    for (size_t i = 0; i < w->count; i++)
        if (!copied_as_it_is(w, w->columns[i])) {
            w->out->why_not = "its key changes";
            return MOULT_OK;
        }
    rc = unique_in_old(w);
    if (rc == MOULT_OK && (!w->unique || !unique_in_new(w)))
        w->out->why_not = "its old key and its new one are not the same";
    for (size_t i = 0; i < w->count && rc == MOULT_OK; i++)
        rc = push(w, w->columns[i], w->columns[i]);
    w->out->declared = 1;
    return rc;
}

/* By row id, when a row of the new table has that of the old one. */
static int match_by_row_id(key_work *w)
{
    const mo_column *before = row_id_column(w->before->table), *after = row_id_column(w->after->table);
    const char *name = after ? after->name : mo_sqlite_row_id_name(w->after->table);
    w->out->declared = before != NULL;
    return push(w, w->out->row_id, name);
}

static int keeps_row_ids(const key_work *w)
{
    const mo_column *before = row_id_column(w->before->table), *after = row_id_column(w->after->table);
    if (mo_ladder_copies_row_ids(w->before->table, w->after->table))
        return after == NULL || after->fill == NULL;
    return w->out->row_id && before && after && mo_name_equal(before->name, after->name);
}

int mo_online_find_keys(mo_conn *c, mo_region *r, const mo_object *before, const mo_object *after, mo_online_keys *out,
                        mo_error *err)
{
    key_work w = {.c = c, .region = r, .before = before, .after = after, .out = out, .err = err};
    const mo_column *old_alias = row_id_column(before->table), *alias = row_id_column(after->table);
    const mo_constraint *key;
    int rc;
    memset(out, 0, sizeof *out);
    if (!mo_table_option(before->table, "without rowid"))
        out->row_id = old_alias ? old_alias->name : mo_sqlite_row_id_name(before->table);
    if (!mo_table_option(before->table, "without rowid") && out->row_id == NULL) {
        out->why_not = "its columns hide the row id";
        return MOULT_OK;
    }
    rc = find_scan(&w);
    if (rc != MOULT_OK || out->why_not)
        return rc;
    if (keeps_row_ids(&w))
        return match_by_row_id(&w);
    key = primary_key(mo_table_option(after->table, "without rowid") ? after->table : before->table);
    if (alias) {
        w.columns = &alias->name;
        w.count = 1;
    } else if (key) {
        w.columns = key->columns;
        w.count = key->column_count;
    } else {
        out->why_not = "it has no key";
        return MOULT_OK;
    }
    return match_by_columns(&w);
}
