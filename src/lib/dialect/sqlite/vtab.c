/* SPDX-License-Identifier: MIT */
/*
 * vtab.c - an altered virtual table: a new one is made, filled from the old, and takes its name.
 *
 * What can be read is carried over: the columns that both have, with their row ids. A full-text table that keeps no
 * content of its own ("content=…") is filled by its own 'rebuild' command; one without any content ("content=''") has
 * nothing that could be read, and comes back empty: the plan says so.
 */
#include <string.h>

#include "base/lexer.h"
#include "dialect/sqlite/ladder.h"

#define MO_VTAB_COLUMNS 2000 /* SQLite's own default limit */

typedef struct column_names {
    mo_region *region;
    MO_VEC(const char *) names;
} column_names;

static int take_name(void *user, size_t count, const mo_value *values)
{
    column_names *c = user;
    const char *name = count > 0 ? mo_region_dup(c->region, values[0].text) : NULL;
    return name == NULL || mo_vec_push(c->region, &c->names, name) ? MOULT_NOMEM : MOULT_OK;
}

/* The visible columns of a table, as its module declares them. */
static int columns_of(const mo_dialect *d, mo_conn *c, const char *table, column_names *out, mo_error *err)
{
    mo_value name = mo_value_text(table);
    return d->query(c, "SELECT name FROM pragma_table_xinfo(?) WHERE hidden=0", &name, 1, take_name, out, NULL, err);
}

static int scratch_columns(mo_ladder *l, const char *sql, const char *table, column_names *out)
{
    const mo_dialect *d = l->plan->dialect;
    mo_scratch *scratch;
    int rc = d->scratch_open(l->live, &scratch, l->err);
    if (rc != MOULT_OK)
        return rc;
    rc = d->exec(d->scratch_conn(scratch), sql, NULL, l->err);
    if (rc == MOULT_OK)
        rc = columns_of(d, d->scratch_conn(scratch), table, out, l->err);
    d->scratch_close(scratch);
    return rc;
}

/* content=… among a full-text table's arguments: NULL when it has none, else its value ("" for none at all). */
const char *mo_ladder_content_option(mo_region *r, const char *sql)
{
    mo_lexer x;
    mo_token t;
    int seen = 0;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x)) {
        if (seen == 2) {
            char *value = mo_region_dupn(r, t.text, t.length);
            if (value)
                value[mo_token_value(&t, value)] = '\0';
            return value;
        }
        if (seen == 1 && t.kind == MO_TOKEN_OPERATOR && t.length == 1 && *t.text == '=')
            seen = 2;
        else
            seen = mo_token_is(&t, "content");
    }
    return NULL;
}

static int is_full_text(const char *sql)
{
    mo_lexer x;
    mo_token t;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x))
        if (mo_token_is(&t, "USING")) {
            t = mo_lexer_next(&x);
            return t.length >= 3 && mo_name_equaln("fts", t.text, 3);
        }
    return 0;
}

static int in_names(const column_names *c, const char *name)
{
    for (size_t i = 0; i < c->names.count; i++)
        if (mo_name_equal(c->names.items[i], name))
            return 1;
    return 0;
}

/* INSERT INTO new(rowid, common columns) SELECT … FROM old. An R-Tree's first column is its row id already. */
static int fill_sql(mo_ladder *l, const mo_change *change, const char *temporary, mo_str *sql)
{
    column_names old = {.region = l->plan->region}, new_ = {.region = l->plan->region};
    mo_str list = {0};
    const char *live = mo_plan_live_table(l->plan, change->before->name);
    int rc = columns_of(l->plan->dialect, l->live, live, &old, l->err);
    if (rc == MOULT_OK)
        rc = scratch_columns(l, change->after->sql, change->after->name, &new_);
    if (rc != MOULT_OK)
        return rc;
    if (is_full_text(change->after->sql))
        mo_str_add(&list, "rowid");
    for (size_t i = 0; i < new_.names.count; i++) {
        if (!in_names(&old, new_.names.items[i]))
            continue;
        mo_str_add(&list, list.length ? ", " : "");
        mo_str_ident(&list, new_.names.items[i], '"');
    }
    mo_str_add(sql, "INSERT INTO ");
    mo_str_ident(sql, temporary, '"');
    mo_str_addf(sql, "(%s) SELECT %s FROM ", mo_str_text(&list), mo_str_text(&list));
    mo_str_ident(sql, change->after->name, '"');
    rc = list.failed || sql->failed ? mo_error_nomem(l->err) : MOULT_OK;
    mo_str_free(&list);
    return rc;
}

static int fill(mo_ladder *l, mo_step *s, const mo_change *change, const char *temporary)
{
    mo_str sql = {0};
    int rc;
    const char *after = mo_ladder_content_option(l->plan->region, change->after->sql);
    const char *before = mo_ladder_content_option(l->plan->region, change->before->sql);
    if (after && *after) { /* content of another table: the module reads it from there */
        mo_str_add(&sql, "INSERT INTO ");
        mo_str_ident(&sql, temporary, '"');
        mo_str_add(&sql, "(");
        mo_str_ident(&sql, temporary, '"');
        mo_str_add(&sql, ") VALUES('rebuild')");
        rc = sql.failed ? mo_error_nomem(l->err) : MOULT_OK;
    } else if (before && *before == '\0') {
        return mo_plan_note(l->plan, l->err,
                            "virtual table %s keeps no content: its index comes back empty and must be filled anew",
                            change->after->name);
    } else {
        rc = fill_sql(l, change, temporary, &sql);
    }
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, s, mo_str_text(&sql), 0, l->err);
    mo_str_free(&sql);
    return rc;
}

/* The old one goes into the attic as it is, where its module lets it be renamed: not all of it could be carried over. */
static int leave(mo_ladder *l, mo_step *s, const mo_object *old)
{
    mo_str sql = {0};
    int kept = 0, rc = l->plan->attic.on ? mo_ladder_can_move(l, old, &kept) : MOULT_OK;
    if (rc != MOULT_OK || kept)
        return rc == MOULT_OK ? mo_ladder_keep_table(l, s, old) : rc;
    mo_str_add(&sql, "DROP TABLE ");
    mo_str_ident(&sql, old->name, '"');
    rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, s, mo_str_text(&sql), 0, l->err);
    mo_str_free(&sql);
    return rc;
}

static int swap(mo_ladder *l, mo_step *s, const mo_object *old, const char *name, const char *temporary)
{
    mo_str sql = {0};
    int rc = leave(l, s, old);
    mo_str_add(&sql, "ALTER TABLE ");
    mo_str_ident(&sql, temporary, '"');
    mo_str_add(&sql, " RENAME TO ");
    mo_str_ident(&sql, name, '"');
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, s, "PRAGMA legacy_alter_table=ON", 0, l->err);
    if (rc == MOULT_OK)
        rc = sql.failed ? mo_error_nomem(l->err) : mo_step_run(l->plan, s, mo_str_text(&sql), 0, l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, s, "PRAGMA legacy_alter_table=OFF", 0, l->err);
    mo_str_free(&sql);
    return rc;
}

int mo_ladder_virtual(mo_ladder *l, const mo_change *change)
{
    mo_region *r = l->plan->region;
    const char *name = change->after->name;
    const char *temporary = mo_region_printf(r, "_moult_new_%s", name);
    const char *create = temporary ? mo_ladder_create_as(r, change->after->sql, temporary) : NULL;
    mo_step *s = mo_plan_step(l->plan, MO_PHASE_CONTRACT, MO_ORDER_VIRTUAL + l->serial++, "rebuild",
                              MO_KIND_VIRTUAL_TABLE, name, NULL);
    int rc;
    if (create == NULL || s == NULL || (s->title = mo_region_printf(r, "rebuild virtual table %s", name)) == NULL)
        return mo_error_nomem(l->err);
    s->transaction = 1;
    rc = mo_step_run(l->plan, s, create, 0, l->err);
    if (rc == MOULT_OK)
        rc = fill(l, s, change, temporary);
    return rc == MOULT_OK ? swap(l, s, change->before, name, temporary) : rc;
}
