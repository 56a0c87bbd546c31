/* SPDX-License-Identifier: MIT */
/*
 * online_log.c - the triggers that log which rows are written while a table is rebuilt.
 *
 * They only add keys to a table that has no constraint, for in a trigger the outer statement's ON CONFLICT overrules the
 * trigger's own. REPLACE deletes the rows that are in its way and fires no trigger for that: so before a row is written,
 * the keys of all rows are logged with which it would collide, by any unique index of the old table. To log a key too
 * many is harmless: it is looked at again, that is all.
 */
#include <string.h>

#include "base/lexer.h"
#include "dialect/sqlite/online.h"

const char *const mo_online_triggers[] = {"_moult_bi_", "_moult_ai_", "_moult_bu_", "_moult_bd_", NULL};
static const char *const events[] = {"BEFORE INSERT", "AFTER INSERT", "BEFORE UPDATE", "BEFORE DELETE"};

void mo_online_log_columns(mo_str *s, const char *prefix, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mo_str_addf(s, "%s%sk%zu", i ? ", " : "", prefix, i + 1);
}

void mo_online_names(mo_str *s, const char *prefix, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mo_str_addf(s, "%s%s", i ? ", " : "", prefix);
        mo_str_ident(s, names[i], '"');
    }
}

/* --- the text of an index ---------------------------------------------------------------------------------------- */

/* Where the list of columns of CREATE INDEX begins: at its parenthesis. NULL: there is none. */
static const char *list_of(const char *sql, int *unique)
{
    mo_lexer x;
    mo_token t;
    *unique = 0;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x)) {
        *unique |= mo_token_is(&t, "UNIQUE");
        if (mo_token_is_punct(&t, '('))
            return t.text;
    }
    return NULL;
}

char *mo_online_index_as(mo_region *r, const char *sql, const char *name, const char *table, const char *old)
{
    mo_str out = {0};
    int unique;
    const char *list = list_of(sql, &unique), *from = list;
    mo_lexer x;
    mo_token t, next;
    if (list == NULL)
        return NULL;
    mo_str_addf(&out, "CREATE %sINDEX ", unique ? "UNIQUE " : "");
    mo_str_ident(&out, name, '"');
    mo_str_add(&out, " ON ");
    mo_str_ident(&out, table, '"');
    mo_str_addc(&out, ' ');
    mo_lexer_init(&x, &mo_lex_sqlite, list, strlen(list));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = next) {
        next = mo_lexer_next(&x);
        if (!mo_token_is_punct(&next, '.') || !mo_ladder_token_names(&t, old))
            continue;
        mo_str_addn(&out, from, (size_t)(t.text - from));
        mo_str_ident(&out, table, '"');
        from = t.text + t.length;
    }
    mo_str_add(&out, from);
    return mo_str_into(&out, r);
}

char *mo_online_index_own_name(mo_region *r, const char *sql)
{
    int unique;
    const char *list = list_of(sql, &unique);
    mo_lexer x;
    mo_token t, name = {.kind = MO_TOKEN_END};
    char *out;
    if (list == NULL)
        return NULL;
    mo_lexer_init(&x, &mo_lex_sqlite, sql, (size_t)(list - sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && !mo_token_is(&t, "ON"); t = mo_lexer_next(&x))
        name = t;
    out = mo_region_alloc(r, name.length + 1);
    if (out)
        out[mo_token_value(&name, out)] = '\0';
    return out;
}

/* One column or expression of an index, from the text of the list: without ASC and DESC. Moves *at behind its comma; 0
 * at the end of the list. */
static int next_item(mo_lexer *x, const char **from, size_t *length)
{
    const char *end = NULL;
    int depth = 0;
    mo_token t;
    *from = NULL;
    for (;;) {
        t = mo_lexer_next(x);
        if (t.kind == MO_TOKEN_END || t.kind == MO_TOKEN_BAD)
            return 0;
        if (depth == 0 && (mo_token_is_punct(&t, ',') || mo_token_is_punct(&t, ')')))
            break;
        depth += mo_token_is_punct(&t, '(');
        depth -= mo_token_is_punct(&t, ')');
        if (*from == NULL)
            *from = t.text;
        if (depth > 0 || !(mo_token_is(&t, "ASC") || mo_token_is(&t, "DESC")))
            end = t.text + t.length;
    }
    if (*from == NULL || end == NULL)
        return 0;
    *length = (size_t)(end - *from);
    return mo_token_is_punct(&t, ',') ? 1 : 2;
}

/* --- the rows with which a new one collides ----------------------------------------------------------------------- */

typedef struct log_work {
    mo_online *o;
    mo_str collisions;            /* statements of a trigger */
    mo_str row;                   /* (SELECT NEW.a AS a, …) AS t: the new row as if it were in the table */
    MO_VEC(const char *) indexes; /* names; those without a text are constraints */
    MO_VEC(const char *) texts;
} log_work;

static void begin_collision(log_work *w)
{
    const mo_online *o = w->o;
    mo_str_add(&w->collisions, "INSERT INTO ");
    mo_str_ident(&w->collisions, o->log, '"');
    mo_str_add(&w->collisions, "(");
    mo_online_log_columns(&w->collisions, "", o->keys.old_match.count);
    mo_str_add(&w->collisions, ") SELECT ");
    mo_online_names(&w->collisions, "", o->keys.old_match.items, o->keys.old_match.count);
    mo_str_add(&w->collisions, " FROM ");
    mo_str_ident(&w->collisions, o->table, '"');
    mo_str_add(&w->collisions, " WHERE ");
}

/* The same expression over the new row. */
static void add_equal(log_work *w, const char *item, size_t length, int first)
{
    mo_str *s = &w->collisions;
    mo_str_add(s, first ? "" : " AND ");
    mo_str_addn(s, item, length);
    mo_str_add(s, " = (SELECT ");
    mo_str_addn(s, item, length);
    mo_str_add(s, " FROM ");
    mo_str_add(s, mo_str_text(&w->row));
    mo_str_add(s, ")");
}

static void collisions_of_text(log_work *w, const char *sql)
{
    int unique, more, first = 1;
    const char *list = list_of(sql, &unique), *item;
    mo_lexer x;
    mo_token t;
    size_t length;
    if (list == NULL)
        return;
    begin_collision(w);
    mo_lexer_init(&x, &mo_lex_sqlite, list + 1, strlen(list + 1));
    do {
        more = next_item(&x, &item, &length);
        if (more)
            add_equal(w, item, length, first);
        first = 0;
    } while (more == 1);
    t = mo_lexer_next(&x);
    if (mo_token_is(&t, "WHERE")) { /* a partial index can only be used together with its condition */
        mo_str_add(&w->collisions, " AND (");
        mo_str_add(&w->collisions, t.text + t.length);
        mo_str_add(&w->collisions, "\n)");
    }
    mo_str_add(&w->collisions, ";\n");
}

static int constraint_column(void *user, size_t count, const mo_value *v)
{
    log_work *w = user;
    mo_str item = {0};
    (void)count;
    mo_str_ident(&item, v[0].text, '"');
    mo_str_add(&item, " COLLATE ");
    mo_str_ident(&item, v[1].text, '"');
    add_equal(w, mo_str_text(&item), item.length, v[2].integer == 0);
    w->collisions.failed |= item.failed;
    mo_str_free(&item);
    return MOULT_OK;
}

static int collisions_of_constraint(log_work *w, const char *index)
{
    mo_value name = mo_value_text(index);
    int rc;
    begin_collision(w);
    rc = mo_sqlite_query(w->o->c, "SELECT name, coll, seqno FROM pragma_index_xinfo(?) WHERE \"key\" ORDER BY seqno",
                         &name, 1, constraint_column, w, NULL, w->o->err);
    mo_str_add(&w->collisions, ";\n");
    return rc;
}

static int index_row(void *user, size_t count, const mo_value *v)
{
    log_work *w = user;
    const char *name = mo_region_dup(w->o->region, v[0].text), *text = mo_region_dup(w->o->region, v[1].text);
    (void)count;
    if (name == NULL || (v[1].text && text == NULL) || mo_vec_push(w->o->region, &w->indexes, name) ||
        mo_vec_push(w->o->region, &w->texts, text))
        return mo_error_nomem(w->o->err);
    return MOULT_OK;
}

static void describe_row(log_work *w)
{
    const mo_table *t = w->o->before->table;
    mo_str_add(&w->row, "(SELECT ");
    for (size_t i = 0; i < t->columns.count; i++) {
        mo_str_add(&w->row, i ? ", NEW." : "NEW.");
        mo_str_ident(&w->row, t->columns.items[i]->name, '"');
        mo_str_add(&w->row, " AS ");
        mo_str_ident(&w->row, t->columns.items[i]->name, '"');
    }
    mo_str_add(&w->row, ") AS ");
    mo_str_ident(&w->row, w->o->table, '"');
}

static int find_collisions(log_work *w)
{
    mo_value table = mo_value_text(w->o->table);
    const char *row_id = w->o->keys.row_id;
    int rc =
        mo_sqlite_query(w->o->c,
                        "SELECT l.name, s.sql FROM pragma_index_list(?) AS l LEFT JOIN sqlite_schema AS s ON s.type = "
                        "'index' AND s.name = l.name WHERE l.\"unique\" ORDER BY l.seq",
                        &table, 1, index_row, w, NULL, w->o->err);
    describe_row(w);
    if (row_id) { /* by whichever key rows are known again, REPLACE goes by row id too */
        begin_collision(w);
        mo_str_ident(&w->collisions, row_id, '"');
        mo_str_add(&w->collisions, " = NEW.");
        mo_str_ident(&w->collisions, row_id, '"');
        mo_str_add(&w->collisions, ";\n");
    }
    for (size_t i = 0; i < w->indexes.count && rc == MOULT_OK; i++) {
        if (w->texts.items[i])
            collisions_of_text(w, w->texts.items[i]);
        else
            rc = collisions_of_constraint(w, w->indexes.items[i]);
    }
    return rc == MOULT_OK && (w->collisions.failed || w->row.failed) ? mo_error_nomem(w->o->err) : rc;
}

/* --- the triggers -------------------------------------------------------------------------------------------------- */

/* The key of a row as it was, or as it will be. */
static void log_key(mo_online *o, mo_str *s, const char *row)
{
    mo_str_add(s, "INSERT INTO ");
    mo_str_ident(s, o->log, '"');
    mo_str_add(s, "(");
    mo_online_log_columns(s, "", o->keys.old_match.count);
    mo_str_add(s, ") VALUES (");
    mo_online_names(s, row, o->keys.old_match.items, o->keys.old_match.count);
    mo_str_add(s, ");\n");
}

static int create_trigger(log_work *w, size_t i)
{
    mo_online *o = w->o;
    mo_str sql = {0}, name = {0};
    mo_str_addf(&name, "%s%s", mo_online_triggers[i], o->suffix);
    mo_str_add(&sql, "CREATE TRIGGER ");
    mo_str_ident(&sql, mo_str_text(&name), '"');
    mo_str_addf(&sql, " %s ON ", events[i]);
    mo_str_ident(&sql, o->table, '"');
    mo_str_add(&sql, " BEGIN\n");
    if (i == 0 || i == 2)
        mo_str_add(&sql, mo_str_text(&w->collisions));
    if (i == 2 || i == 3)
        log_key(o, &sql, "OLD.");
    if (i == 1 || i == 2)
        log_key(o, &sql, "NEW.");
    mo_str_add(&sql, "END");
    sql.failed |= name.failed;
    mo_str_free(&name);
    return mo_online_run_str(o, &sql, NULL, 0);
}

int mo_online_log(mo_online *o)
{
    log_work w = {.o = o};
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "CREATE TABLE ");
    mo_str_ident(&sql, o->log, '"');
    mo_str_add(&sql, "(seq INTEGER PRIMARY KEY, ");
    mo_online_log_columns(&sql, "", o->keys.old_match.count);
    mo_str_add(&sql, ")");
    rc = mo_online_run_str(o, &sql, NULL, 0);
    if (rc == MOULT_OK)
        rc = find_collisions(&w);
    for (size_t i = 0; mo_online_triggers[i] && rc == MOULT_OK; i++)
        rc = create_trigger(&w, i);
    mo_str_free(&w.collisions);
    mo_str_free(&w.row);
    return rc;
}

int mo_online_drop_triggers(mo_online *o)
{
    int rc = MOULT_OK;
    for (size_t i = 0; mo_online_triggers[i] && rc == MOULT_OK; i++) {
        mo_str sql = {0}, name = {0};
        mo_str_addf(&name, "%s%s", mo_online_triggers[i], o->suffix);
        mo_str_add(&sql, "DROP TRIGGER IF EXISTS ");
        mo_str_ident(&sql, mo_str_text(&name), '"');
        sql.failed |= name.failed;
        mo_str_free(&name);
        rc = mo_online_run_str(o, &sql, NULL, 0);
    }
    return rc;
}
