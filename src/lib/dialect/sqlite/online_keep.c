/* SPDX-License-Identifier: MIT */
/*
 * online_keep.c - what the attic keeps of the rows is copied in the same batches as they are.
 *
 * The step says it in one INSERT that joins both tables, for all rows. Here it runs for the rows of a batch: its holder is
 * keyed as the new table is, so what leaves the new table leaves the holder, and what is put in again is looked at again.
 * Until the swap a holder has a name that tells whose work it is. One that is not keyed by columns that are never NULL
 * (it tells its rows by row id, or not at all) is filled in the swap, and the plan says so.
 */
#include <string.h>

#include "dialect/sqlite/online.h"
#include "dialect/sqlite/reader.h"

const char *const mo_online_holders[] = {"_moult_h1_", "_moult_h2_", "_moult_h3_", NULL};
enum { MOST_HOLDERS = 3 };

/* --- what the step says --------------------------------------------------------------------------------------------- */

/* The third word of "CREATE TABLE x" and "INSERT INTO x", quotes undone; NULL: no memory. *end is what follows it. */
static const char *target_of(mo_region *r, const char *sql, const char *second, const char **end)
{
    mo_lexer x;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    mo_lexer_next(&x);
    mo_token t = mo_lexer_next(&x);
    if (!mo_token_is(&t, second))
        return "";
    t = mo_lexer_next(&x);
    char *name = mo_region_alloc(r, t.length + 1);
    if (name)
        name[mo_token_value(&t, name)] = '\0';
    *end = t.text + t.length;
    return name;
}

/* The statement with another name for what it is about. */
static const char *renamed(mo_region *r, const char *words, const char *name, const char *rest)
{
    mo_str s = {0};
    mo_str_add(&s, words);
    mo_str_ident(&s, name, '"');
    mo_str_add(&s, rest);
    return mo_str_into(&s, r);
}

static mo_online_kept *kept_named(mo_online *o, const char *holder)
{
    for (size_t i = 0; i < o->kept.count; i++)
        if (mo_name_equal(o->kept.items[i].holder, holder))
            return &o->kept.items[i];
    return NULL;
}

static int take_create(mo_online *o, const char *sql)
{
    const char *rest = NULL;
    mo_online_kept k = {.create = sql, .holder = target_of(o->region, sql, "TABLE", &rest)};
    if (k.holder == NULL || mo_vec_push(o->region, &o->kept, k))
        return mo_error_nomem(o->err);
    return MOULT_OK;
}

static int take_insert(mo_online *o, const char *sql)
{
    const char *rest = NULL, *name = target_of(o->region, sql, "INTO", &rest);
    mo_online_kept *k = name ? kept_named(o, name) : NULL;
    if (name && k && k->insert == NULL)
        k->insert = sql;
    return name ? MOULT_OK : mo_error_nomem(o->err);
}

int mo_online_take_holder(mo_online *o, const char *sql)
{
    static const char create[] = "CREATE TABLE \"", insert[] = "INSERT INTO \"";
    if (strncmp(sql, create, sizeof create - 1) == 0)
        return take_create(o, sql);
    return strncmp(sql, insert, sizeof insert - 1) == 0 ? take_insert(o, sql) : MOULT_OK;
}

/* --- can it be copied in batches ------------------------------------------------------------------------------------- */

/* Are the rows of the copy's order known by the same values in the log and in the new table? */
static int is_in_order(const mo_online_keys *k)
{
    int same = k->scan.count == k->old_match.count;
    for (size_t i = 0; same && i < k->scan.count; i++)
        same = mo_name_equal(k->scan.items[i], k->old_match.items[i]) && k->collations.items[i][0] == '\0';
    return same;
}

/* A column of the new table that is never NULL, and compared byte by byte. */
static int tells_rows(const mo_online *o, const char *name)
{
    const mo_column *c = mo_table_column(o->after->table, name);
    const char *collation = c ? mo_column_attr(c, MO_ATTR_COLLATION) : "";
    int without = mo_table_option(o->after->table, "without rowid") && c && c->key_place;
    return c && (c->row_id || without || c->attr[MO_ATTR_NOT_NULL].canonical) &&
           (collation[0] == '\0' || mo_name_equal(collation, "binary"));
}

static int choose(mo_online *o, mo_online_kept *k, size_t number)
{
    mo_object *read = NULL;
    const char *rest = NULL;
    size_t keys = 0, telling = 0;
    int rc = mo_sqlite_read_object(o->holder, k->create, strlen(k->create), &read, o->err);
    if (rc != MOULT_OK || k->insert == NULL || number >= MOST_HOLDERS)
        return rc;
    k->object = read;
    for (size_t i = 0; i < read->table->columns.count; i++) {
        const mo_column *c = read->table->columns.items[i];
        keys += c->key_place > 0;
        telling += c->key_place > 0 && tells_rows(o, c->name);
    }
    k->batched = keys > 0 && keys == telling && is_in_order(&o->keys);
    k->name = mo_region_printf(o->region, "%s%s", mo_online_holders[number], o->suffix);
    if (k->name == NULL || target_of(o->region, k->insert, "INTO", &rest) == NULL)
        return mo_error_nomem(o->err);
    k->fill = renamed(o->region, "INSERT INTO ", k->name, rest);
    return k->fill ? MOULT_OK : mo_error_nomem(o->err);
}

int mo_online_choose_kept(mo_online *o)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < o->kept.count && rc == MOULT_OK; i++)
        rc = choose(o, &o->kept.items[i], i);
    return rc;
}

int mo_online_keep_did(const mo_online *o, const char *sql)
{
    for (size_t i = 0; i < o->kept.count; i++)
        if (o->kept.items[i].batched && (o->kept.items[i].create == sql || o->kept.items[i].insert == sql))
            return 1;
    return 0;
}

int mo_online_keeps(mo_conn *c, mo_region *r, const mo_step *step, const mo_object *before, const mo_object *after,
                    mo_online_keeping *out, mo_error *err)
{
    mo_online o = {.c = c, .step = step, .region = r, .before = before, .after = after, .err = err};
    int rc = MOULT_OK;
    o.suffix = step->object;
    o.holder = mo_schema_new();
    if (o.holder == NULL)
        return mo_error_nomem(err);
    for (size_t i = 1; i < step->statements.count && rc == MOULT_OK; i++)
        rc = mo_online_take_holder(&o, step->statements.items[i].sql);
    if (rc == MOULT_OK)
        rc = mo_online_find_keys(c, r, before, after, &o.keys, err);
    if (rc == MOULT_OK)
        rc = mo_online_choose_kept(&o);
    *out = o.kept.count ? MO_ONLINE_KEEPS_BATCHED : MO_ONLINE_KEEPS_NOTHING;
    for (size_t i = 0; i < o.kept.count; i++)
        if (!o.kept.items[i].batched)
            *out = MO_ONLINE_KEEPS_IN_SWAP;
    mo_schema_free(o.holder);
    return rc;
}

/* --- the batches ----------------------------------------------------------------------------------------------------- */

/* (a, b): the key of a holder. */
static void add_keys(mo_str *s, const mo_online_kept *k)
{
    const mo_table *t = k->object->table;
    size_t n = 0;
    mo_str_add(s, "(");
    for (size_t i = 0; i < t->columns.count; i++) {
        if (t->columns.items[i]->key_place == 0)
            continue;
        mo_str_add(s, n++ ? ", " : "");
        mo_str_ident(s, t->columns.items[i]->name, '"');
    }
    mo_str_add(s, ")");
}

/* Whose key is that of a row of the new table … */
static void add_rows(mo_online *o, mo_str *s, const mo_online_kept *k)
{
    mo_str keys = {0};
    add_keys(&keys, k);
    mo_str_add(s, mo_str_text(&keys));
    mo_str_add(s, " IN (SELECT ");
    mo_str_addn(s, mo_str_text(&keys) + (keys.length ? 1 : 0), keys.length > 2 ? keys.length - 2 : 0);
    mo_str_add(s, " FROM ");
    mo_str_ident(s, o->fresh, '"');
    mo_str_add(s, " WHERE ");
    mo_online_row_value(s, o->fresh, o->keys.new_match.items, NULL, o->keys.new_match.count);
    s->failed |= keys.failed;
    mo_str_free(&keys);
}

int mo_online_keep_begin(mo_online *o)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < o->kept.count && rc == MOULT_OK; i++) {
        const mo_online_kept *k = &o->kept.items[i];
        const char *sql = k->batched ? mo_ladder_create_as(o->region, k->create, k->name) : NULL;
        if (k->batched)
            rc = sql ? mo_online_run(o, sql, NULL, 0) : mo_error_nomem(o->err);
    }
    return rc;
}

/* What a statement is made of for one holder. */
typedef void (*keep_text)(mo_online *o, mo_str *sql, const mo_online_kept *k);

static int run_for_all(mo_online *o, keep_text text, const mo_value *params, size_t count)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < o->kept.count && rc == MOULT_OK; i++) {
        mo_str sql = {0};
        if (!o->kept.items[i].batched)
            continue;
        text(o, &sql, &o->kept.items[i]);
        rc = mo_online_run_str(o, &sql, params, count);
    }
    return rc;
}

static void fill_copied(mo_online *o, mo_str *sql, const mo_online_kept *k)
{
    mo_str_add(sql, k->fill);
    if (o->done == 0)
        return;
    mo_str_add(sql, " AND ");
    add_rows(o, sql, k);
    mo_online_reached(o, sql, ">");
    mo_str_add(sql, ")");
}

static void delete_logged(mo_online *o, mo_str *sql, const mo_online_kept *k)
{
    mo_str_add(sql, "DELETE FROM ");
    mo_str_ident(sql, k->name, '"');
    mo_str_add(sql, " WHERE ");
    add_rows(o, sql, k);
    mo_online_logged(o, sql);
    mo_str_add(sql, ")");
}

static void fill_logged(mo_online *o, mo_str *sql, const mo_online_kept *k)
{
    mo_str_add(sql, k->fill);
    mo_str_add(sql, " AND ");
    add_rows(o, sql, k);
    mo_online_logged(o, sql);
    mo_str_add(sql, ")");
}

int mo_online_keep_copied(mo_online *o)
{
    return run_for_all(o, fill_copied, NULL, 0);
}

int mo_online_keep_out(mo_online *o, int64_t from, int64_t to)
{
    mo_value range[2] = {mo_value_int(from), mo_value_int(to)};
    return run_for_all(o, delete_logged, range, 2);
}

int mo_online_keep_in(mo_online *o, int64_t to)
{
    mo_value range[2] = {mo_value_int(-1), mo_value_int(to)};
    return run_for_all(o, fill_logged, range, 2);
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

static int give_name(mo_online *o, const mo_online_kept *k)
{
    mo_str sql = {0};
    mo_str_add(&sql, "ALTER TABLE ");
    mo_str_ident(&sql, k->name, '"');
    mo_str_add(&sql, " RENAME TO ");
    mo_str_ident(&sql, k->holder, '"');
    return mo_online_run_str(o, &sql, NULL, 0);
}

/* The legacy RENAME: nothing names a holder, so nothing has to follow it. */
int mo_online_keep_name(mo_online *o)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < o->kept.count && rc == MOULT_OK; i++) {
        if (!o->kept.items[i].batched)
            continue;
        rc = mo_online_run(o, "PRAGMA legacy_alter_table=ON", NULL, 0);
        if (rc == MOULT_OK)
            rc = give_name(o, &o->kept.items[i]);
        if (rc == MOULT_OK)
            rc = mo_online_run(o, "PRAGMA legacy_alter_table=OFF", NULL, 0);
    }
    return rc;
}

int mo_online_keep_clear(mo_online *o)
{
    int rc = MOULT_OK;
    for (size_t i = 0; mo_online_holders[i] && rc == MOULT_OK; i++) {
        const char *name = mo_region_printf(o->region, "%s%s", mo_online_holders[i], o->suffix);
        rc = name ? mo_online_remove(o, name) : mo_error_nomem(o->err);
    }
    return rc;
}
