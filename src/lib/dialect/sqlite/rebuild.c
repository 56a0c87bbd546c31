/* SPDX-License-Identifier: MIT */
/*
 * rebuild.c - rung 3: a new table, the rows copied, the old one dropped, the new one renamed.
 *
 * The session has foreign_keys off, so that the DROP does not delete the children's rows. legacy_alter_table is on while
 * the new table gets its name: views, triggers elsewhere and children's foreign keys go on naming the table, and SQLite
 * neither looks at them nor rewrites them. Rows keep their row ids. INSERT OR ABORT overrules what ON CONFLICT clauses
 * of the new table would silently do to rows that violate it.
 */
#include <string.h>

#include "base/lexer.h"
#include "dialect/sqlite/ladder.h"

typedef struct rebuild {
    mo_ladder *l;
    const mo_change *change;
    const mo_object *before, *after;
    const char *temporary; /* the new table's name until the old one is gone */
    int qualified;         /* the definition names its own table ("t.a"): SQLite must rewrite that */
    mo_step *step;
} rebuild;

/* --- the definition under another name --------------------------------------------------------------------------- */

/* The token that is the created thing's name: after TABLE, and IF NOT EXISTS, and a schema with its point. */
static int find_name(const char *sql, mo_token *name)
{
    mo_lexer x;
    mo_token t, after;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    do {
        t = mo_lexer_next(&x);
        if (t.kind == MO_TOKEN_END || t.kind == MO_TOKEN_BAD)
            return 0;
    } while (!mo_token_is(&t, "TABLE"));
    t = mo_lexer_next(&x);
    after = mo_lexer_next(&x);
    if (mo_token_is(&t, "IF") && mo_token_is(&after, "NOT")) {
        (void)mo_lexer_next(&x);
        t = mo_lexer_next(&x);
        after = mo_lexer_next(&x);
    }
    if (mo_token_is_punct(&after, '.'))
        t = mo_lexer_next(&x);
    *name = t;
    return 1;
}

char *mo_ladder_create_as(mo_region *r, const char *sql, const char *name)
{
    mo_str out = {0};
    mo_token t;
    if (!find_name(sql, &t))
        return NULL;
    mo_str_addn(&out, sql, (size_t)(t.text - sql));
    mo_str_ident(&out, name, '"');
    mo_str_add(&out, t.text + t.length);
    return mo_str_into(&out, r);
}

int mo_ladder_token_names(const mo_token *t, const char *name)
{
    mo_str value = {0};
    int same = 0;
    if (t->kind == MO_TOKEN_WORD)
        return mo_name_equaln(name, t->text, t->length);
    if (t->kind != MO_TOKEN_QUOTED)
        return 0;
    mo_str_addn(&value, t->text, t->length); /* makes room; the value is never longer */
    if (!value.failed) {
        value.length = mo_token_value(t, value.data);
        same = mo_name_equaln(name, value.data, value.length);
    }
    mo_str_free(&value);
    return same;
}

char *mo_ladder_definition_as(mo_region *r, const char *definition, const char *table, const char *name, int *qualified)
{
    mo_str out = {0};
    mo_lexer x;
    mo_token t, next;
    const char *sql = mo_ladder_create_as(r, definition, name), *from = sql;
    if (sql == NULL)
        return NULL;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = next) {
        next = mo_lexer_next(&x);
        if (!mo_token_is_punct(&next, '.') || !mo_ladder_token_names(&t, table))
            continue;
        mo_str_addn(&out, from, (size_t)(t.text - from));
        mo_str_ident(&out, name, '"');
        from = t.text + t.length;
        *qualified = 1;
    }
    mo_str_add(&out, from);
    return mo_str_into(&out, r);
}

/* --- the copy ---------------------------------------------------------------------------------------------------- */

const char *mo_sqlite_row_id_name(const mo_table *t)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    if (mo_table_option(t, "without rowid"))
        return NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mo_table_column(t, names[i]) == NULL)
            return names[i];
    return NULL;
}

const mo_column *mo_ladder_row_id_column(const mo_table *t)
{
    for (size_t i = 0; i < t->columns.count; i++)
        if (t->columns.items[i]->row_id)
            return t->columns.items[i];
    return NULL;
}

int mo_ladder_copies_row_ids(const mo_table *before, const mo_table *after)
{
    const mo_column *alias = mo_ladder_row_id_column(after);
    if (mo_sqlite_row_id_name(before) == NULL || mo_sqlite_row_id_name(after) == NULL)
        return 0;
    return alias == NULL || mo_table_column(before, alias->name) == NULL;
}

static void add_value(mo_str *values, const mo_column *c, const mo_column *old)
{
    if (old && c->refill) {
        mo_str_addf(values, "(%s)", c->refill);
    } else if (old == NULL) {
        mo_str_addf(values, "(%s)", c->fill);
    } else if (c->fill && c->attr[MO_ATTR_NOT_NULL].canonical && !old->attr[MO_ATTR_NOT_NULL].canonical) {
        mo_str_add(values, "CASE WHEN ");
        mo_str_ident(values, old->name, '"');
        mo_str_addf(values, " IS NULL THEN (%s) ELSE ", c->fill);
        mo_str_ident(values, old->name, '"');
        mo_str_add(values, " END");
    } else {
        mo_str_ident(values, old->name, '"');
    }
}

static int copy(rebuild *r)
{
    mo_str into = {0}, values = {0}, sql = {0};
    const mo_table *b = r->before->table, *a = r->after->table;
    int rc;
    if (mo_ladder_copies_row_ids(b, a)) {
        mo_str_add(&into, mo_sqlite_row_id_name(a));
        mo_str_add(&values, mo_sqlite_row_id_name(b));
    }
    for (size_t i = 0; i < a->columns.count; i++) {
        const mo_column *c = a->columns.items[i];
        const mo_column *old = mo_table_column(b, c->name);
        if (c->attr[MO_ATTR_GENERATED].canonical || (old == NULL && c->fill == NULL))
            continue;
        mo_str_add(&into, into.length ? ", " : "");
        mo_str_add(&values, values.length ? ", " : "");
        mo_str_ident(&into, c->name, '"');
        add_value(&values, c, old);
    }
    mo_str_add(&sql, "INSERT OR ABORT INTO ");
    mo_str_ident(&sql, r->temporary, '"');
    mo_str_addf(&sql, "(%s) SELECT %s FROM ", mo_str_text(&into), mo_str_text(&values));
    mo_str_ident(&sql, r->after->name, '"');
    rc = sql.failed || into.failed || values.failed ? mo_error_nomem(r->l->err) : MOULT_OK;
    if (rc == MOULT_OK && into.length) /* nothing in common: no row can be copied, and the count below refuses any */
        rc = mo_step_run(r->l->plan, r->step, mo_str_text(&sql), r->change->rows, r->l->err);
    mo_str_free(&into);
    mo_str_free(&values);
    mo_str_free(&sql);
    return rc;
}

static int assert_same_count(rebuild *r)
{
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "SELECT missing FROM (SELECT (SELECT count(*) FROM ");
    mo_str_ident(&sql, r->after->name, '"');
    mo_str_add(&sql, ") - (SELECT count(*) FROM ");
    mo_str_ident(&sql, r->temporary, '"');
    mo_str_add(&sql, ") AS missing) WHERE missing <> 0");
    rc = sql.failed ? mo_error_nomem(r->l->err)
                    : mo_step_assert(r->l->plan, r->step, mo_str_text(&sql), "the copy is not complete", 0, r->l->err);
    mo_str_free(&sql);
    return rc;
}

/* --- what must survive ------------------------------------------------------------------------------------------- */

int mo_ladder_has_autoincrement(const mo_object *table)
{
    for (size_t i = 0; i < table->table->constraints.count; i++) {
        const mo_constraint *k = table->table->constraints.items[i];
        mo_lexer x;
        mo_token t;
        if (k->kind != MO_CONSTRAINT_PRIMARY_KEY)
            continue;
        mo_lexer_init(&x, &mo_lex_sqlite, k->canonical, strlen(k->canonical));
        for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x))
            if (mo_token_is(&t, "AUTOINCREMENT"))
                return 1;
    }
    return 0;
}

/* The highest id that was ever given: a rebuild alone would forget those of deleted rows. */
static int keep_high_water(rebuild *r)
{
    mo_str forget = {0}, keep = {0};
    int rc;
    if (!mo_ladder_has_autoincrement(r->before) || !mo_ladder_has_autoincrement(r->after))
        return MOULT_OK;
    mo_str_add(&forget, "DELETE FROM sqlite_sequence WHERE name=");
    mo_str_literal(&forget, r->temporary);
    mo_str_add(&keep, "INSERT INTO sqlite_sequence(name, seq) SELECT ");
    mo_str_literal(&keep, r->temporary);
    mo_str_add(&keep, ", seq FROM sqlite_sequence WHERE lower(name)=lower(");
    mo_str_literal(&keep, r->after->name);
    mo_str_add(&keep, ")");
    rc = forget.failed || keep.failed ? mo_error_nomem(r->l->err)
                                      : mo_step_run(r->l->plan, r->step, mo_str_text(&forget), 0, r->l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(r->l->plan, r->step, mo_str_text(&keep), 0, r->l->err);
    mo_str_free(&forget);
    mo_str_free(&keep);
    return rc;
}

int mo_ladder_restore(mo_ladder *l, mo_step *step, const char *table, int indexes)
{
    const mo_schema *t = l->plan->target;
    int rc = MOULT_OK;
    for (size_t i = 0; i < t->objects.count && rc == MOULT_OK; i++) {
        const mo_object *o = t->objects.items[i];
        if (!mo_kinds[o->kind].of_table || !mo_name_equal(o->parent, table) || mo_ladder_changed(l, o))
            continue;
        if (o->kind != MO_KIND_INDEX || indexes)
            rc = mo_step_run(l->plan, step, o->sql, 0, l->err);
    }
    return rc;
}

/* Which row of the new table (n) is which of the old (o), for what the attic keeps; *sql NULL: that cannot be said. */
static int join_sql(const rebuild *r, const char **sql)
{
    const mo_table *b = r->before->table, *a = r->after->table;
    mo_str s = {0};
    *sql = NULL;
    if (mo_ladder_copies_row_ids(b, a)) {
        mo_str_addf(&s, "n.%s = o.%s", mo_sqlite_row_id_name(a), mo_sqlite_row_id_name(b));
    } else {
        const mo_column *alias = mo_ladder_row_id_column(a);
        for (size_t i = 0; i < a->columns.count; i++) {
            const mo_column *c = a->columns.items[i];
            if (alias ? c != alias : c->key_place == 0)
                continue;
            if (mo_table_column(b, c->name) == NULL) {
                mo_str_free(&s);
                return MOULT_OK;
            }
            mo_str_add(&s, s.length ? " AND n." : "n.");
            mo_str_ident(&s, c->name, '"');
            mo_str_add(&s, " = o.");
            mo_str_ident(&s, c->name, '"');
        }
        if (s.length == 0 && !s.failed)
            return MOULT_OK;
    }
    *sql = mo_str_into(&s, r->l->plan->region);
    return *sql ? MOULT_OK : mo_error_nomem(r->l->err);
}

static int keep(rebuild *r)
{
    const char *join;
    int rc;
    if (!r->l->plan->attic.on)
        return MOULT_OK;
    rc = join_sql(r, &join);
    return rc == MOULT_OK ? mo_ladder_keep_rebuilt(r->l, r->step, r->change, r->temporary, join) : rc;
}

static int swap(rebuild *r)
{
    mo_ladder *l = r->l;
    mo_str drop = {0}, rename = {0};
    int rc;
    mo_str_add(&drop, "DROP TABLE ");
    mo_str_ident(&drop, r->after->name, '"');
    mo_str_add(&rename, "ALTER TABLE ");
    mo_str_ident(&rename, r->temporary, '"');
    mo_str_add(&rename, " RENAME TO ");
    mo_str_ident(&rename, r->after->name, '"');
    rc = drop.failed || rename.failed ? mo_error_nomem(l->err)
                                      : mo_step_run(l->plan, r->step, mo_str_text(&drop), 0, l->err);
    /* Where the definition names its own table only the modern RENAME makes that follow; writable_schema makes it leave
     * alone the views and triggers that name the table, which at this moment is not there. */
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, r->step, r->qualified ? "PRAGMA writable_schema=ON" : "PRAGMA legacy_alter_table=ON",
                         0, l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, r->step, mo_str_text(&rename), 0, l->err);
    if (rc == MOULT_OK)
        rc = mo_step_run(l->plan, r->step,
                         r->qualified ? "PRAGMA writable_schema=OFF" : "PRAGMA legacy_alter_table=OFF", 0, l->err);
    mo_str_free(&drop);
    mo_str_free(&rename);
    return rc;
}

static const char *cost(const rebuild *r)
{
    mo_str s = {0};
    if (r->change->rows == 0)
        return "";
    mo_str_add(&s, "copies ");
    mo_str_count(&s, r->change->rows);
    mo_str_add(&s, r->change->rows == 1 ? " row" : " rows");
    return mo_str_into(&s, r->l->plan->region);
}

static int start(rebuild *r, const char *why)
{
    mo_plan *p = r->l->plan;
    const char *sql;
    r->temporary = mo_region_printf(p->region, "_moult_new_%s", r->after->name);
    r->step = mo_plan_step(p, MO_PHASE_CONTRACT, MO_ORDER_REBUILD + r->l->serial++, "rebuild", MO_KIND_TABLE,
                           r->after->name, NULL);
    if (r->temporary == NULL || r->step == NULL)
        return mo_error_nomem(r->l->err);
    r->step->title = mo_region_printf(p->region, "rebuild %s: %s", r->after->name, why);
    r->step->cost = cost(r);
    r->step->transaction = 1;
    sql = mo_ladder_definition_as(p->region, r->after->sql, r->after->name, r->temporary, &r->qualified);
    if (r->step->title == NULL || r->step->cost == NULL || sql == NULL)
        return mo_error_nomem(r->l->err);
    return mo_step_run(p, r->step, sql, 0, r->l->err);
}

int mo_ladder_rebuild(mo_ladder *l, const mo_change *change, const char *why)
{
    rebuild r = {.l = l, .change = change, .before = change->before, .after = change->after};
    int rc = start(&r, why);
    if (rc == MOULT_OK)
        rc = copy(&r);
    if (rc == MOULT_OK)
        rc = assert_same_count(&r);
    if (rc == MOULT_OK)
        rc = keep_high_water(&r);
    if (rc == MOULT_OK)
        rc = keep(&r);
    if (rc == MOULT_OK)
        rc = swap(&r);
    return rc == MOULT_OK ? mo_ladder_restore(l, r.step, change->after->name, 1) : rc;
}
