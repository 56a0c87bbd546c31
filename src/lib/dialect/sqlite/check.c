/* SPDX-License-Identifier: MIT */
/*
 * check.c - what SQLite takes without a look when it is created, and complains of only when it is used.
 *
 *   views      read once, without rows: missing tables and columns, circles
 *   triggers   the statement that fires each is prepared, never run, so that its program is compiled
 *   tables     generated columns that need each other
 *   foreign keys (keys.c)   a parent that is not there, or has no such key
 *
 * Databases live for years with a trigger that names a column which is not there, or a foreign key to columns that are not
 * unique: nothing of it hurts until it is used. That is no error, since such a schema must be read, compared and gone
 * back to; it becomes a note of the object. Functions, collations and modules that only the application has are no mistake: what needs them cannot be checked here.
 */
#include "dialect/sqlite/keys.h"
#include "dialect/sqlite/sqlite.h"

#include <string.h>

typedef struct work {
    mo_conn *c;
    const mo_schema *s;
    const mo_map *ask;
    const mo_object **wrong;
    mo_error *err;
} work;

/* Is this the engine's word for something that the application registers? */
static int is_of_application(const char *message)
{
    static const char *const of_application[] = {
        "no such function",  "unknown function",  "no such collation sequence",    "no such module",
        "no such tokenizer", "unknown tokenizer", "not authorized to use function"};

    for (size_t i = 0; i < sizeof of_application / sizeof *of_application; i++) {
        if (strstr(message, of_application[i])) {
            return 1;
        }
    }
    return 0;
}

static int blame(work *w, const mo_object *o, int code)
{
    if (code == MOULT_DATABASE) {
        mo_error_object(w->err, "%s %s", mo_kinds[o->kind].name, o->name);
        w->err->pub.code = code = MOULT_SOURCE;
        *w->wrong = o;
    }
    return code;
}

/* Prepares and forgets. DATABASE when the engine finds the statement wrong for a reason that is the schema's. */
static int prepare(work *w, const mo_str *sql)
{
    sqlite3_stmt *stmt = NULL;
    int code;

    if (sql->failed) {
        return mo_error_nomem(w->err);
    }
    code = mo_sqlite_prepare(w->c, mo_str_text(sql), &stmt, NULL, w->err);
    sqlite3_finalize(stmt);
    if (code == MOULT_DATABASE && is_of_application(w->err->pub.message)) {
        mo_error_clear(w->err);
        return MOULT_OK;
    }
    return code;
}

static int check_relation(work *w, const mo_object *o)
{
    mo_str sql = {0};
    int code;

    mo_str_add(&sql, "SELECT * FROM ");
    mo_sqlite_quote(&sql, o->name);
    mo_str_add(&sql, " LIMIT 0");
    code = prepare(w, &sql);
    mo_str_free(&sql);
    return code;
}

static int check_view(work *w, const mo_object *o)
{
    int code = check_relation(w, o);

    if (code == MOULT_DATABASE) {
        mo_error_hint(w->err, "the view cannot be read: correct it, or declare what it names");
    }
    return blame(w, o, code);
}

/* Turns the error into a note of the object: it is wrong, and can be lived with. */
static int doubt(work *w, mo_object *o, const char *prefix)
{
    o->note = mo_region_printf(w->s->region, "%s%s", prefix, w->err->pub.message);
    if (!o->note) {
        return mo_error_nomem(w->err);
    }
    mo_error_clear(w->err);
    return MOULT_OK;
}

/* --- triggers ------------------------------------------------------------------------------------------------------ */

/* What fires a trigger. */
typedef struct firing {
    char event;      /* 'I', 'U', 'D' */
    mo_token column; /* UPDATE OF: the first of its columns; else END */
} firing;

/* CREATE [TEMP] TRIGGER [IF NOT EXISTS] [schema.]name [BEFORE|AFTER|INSTEAD OF] DELETE|INSERT|UPDATE [OF column …] ON … */
static int read_firing(const char *sql, firing *out)
{
    mo_lexer l;
    mo_token t;
    int named = 0;

    memset(out, 0, sizeof *out);
    mo_lexer_init(&l, &mo_lex_sqlite, sql, strlen(sql));
    do {
        t = mo_lexer_next(&l);
    } while (t.kind != MO_TOKEN_END && !mo_token_is(&t, "TRIGGER"));
    for (t = mo_lexer_next(&l); t.kind != MO_TOKEN_END; t = mo_lexer_next(&l)) {
        if (!named) { /* the name may be any word, also one of those below */
            if (mo_token_is(&t, "IF")) {
                mo_lexer_next(&l);
                mo_lexer_next(&l);
                continue;
            }
            named = 1;
            continue;
        }
        if (mo_token_is_punct(&t, '.')) {
            mo_lexer_next(&l);
        } else if (mo_token_is(&t, "INSERT") || mo_token_is(&t, "DELETE") || mo_token_is(&t, "UPDATE")) {
            out->event = mo_token_is(&t, "INSERT") ? 'I' : mo_token_is(&t, "DELETE") ? 'D' : 'U';
            t = mo_lexer_next(&l);
            if (mo_token_is(&t, "OF")) {
                out->column = mo_lexer_next(&l);
            }
            return 1;
        }
    }
    return 0;
}

/* The first column that a statement may set: of a table by what we know, of a view by what the engine says. "" when none. */
static int settable_column(work *w, const mo_object *on, mo_str *out)
{
    mo_str sql = {0};
    sqlite3_stmt *stmt = NULL;
    int code;

    for (size_t i = 0; on->table && i < on->table->columns.count; i++) {
        const mo_column *col = on->table->columns.items[i];
        if (!*mo_column_attr(col, MO_ATTR_GENERATED) && !col->hidden) {
            mo_str_add(out, col->name);
            return MOULT_OK;
        }
    }
    if (on->table) {
        return MOULT_OK;
    }
    mo_str_add(&sql, "SELECT * FROM ");
    mo_sqlite_quote(&sql, on->name);
    mo_str_add(&sql, " LIMIT 0");
    code = sql.failed ? mo_error_nomem(w->err) : mo_sqlite_prepare(w->c, mo_str_text(&sql), &stmt, NULL, w->err);
    if (code == MOULT_OK) {
        mo_str_add(out, sqlite3_column_name(stmt, 0));
    } else if (code == MOULT_DATABASE) {
        mo_error_clear(w->err); /* the view is wrong, which is said of the view */
        code = MOULT_OK;
    }
    sqlite3_finalize(stmt);
    mo_str_free(&sql);
    return code;
}

/* The column that an UPDATE sets to itself, so that the trigger fires. */
static int update_column(work *w, const mo_object *on, const firing *f, mo_str *out)
{
    char *name;

    if (f->column.kind == MO_TOKEN_END) {
        return settable_column(w, on, out);
    }
    mo_str_addn(out, f->column.text, f->column.length);
    if (out->failed) {
        return mo_error_nomem(w->err);
    }
    name = out->data;
    out->length = mo_token_value(&f->column, name);
    name[out->length] = '\0';
    if (on->table) {
        const mo_column *col = mo_table_column(on->table, name);
        if (!col || *mo_column_attr(col, MO_ATTR_GENERATED)) {
            mo_str_clear(out); /* never fires */
        }
    }
    return MOULT_OK;
}

/* The statement that fires a trigger; empty when there is none. */
static int firing_sql(work *w, const mo_object *trigger, const mo_object *on, mo_str *sql)
{
    mo_str column = {0};
    firing f;
    int code = MOULT_OK;

    if (!read_firing(trigger->sql, &f)) {
        return MOULT_OK;
    }
    if (f.event == 'U') {
        code = update_column(w, on, &f, &column);
    }
    if (code == MOULT_OK && f.event == 'I') {
        mo_str_add(sql, "INSERT INTO ");
        mo_sqlite_quote(sql, on->name);
        mo_str_add(sql, " DEFAULT VALUES");
    } else if (code == MOULT_OK && f.event == 'D') {
        mo_str_add(sql, "DELETE FROM ");
        mo_sqlite_quote(sql, on->name);
    } else if (code == MOULT_OK && column.length) {
        mo_str_add(sql, "UPDATE ");
        mo_sqlite_quote(sql, on->name);
        mo_str_add(sql, " SET ");
        mo_sqlite_quote(sql, mo_str_text(&column));
        mo_str_add(sql, " = ");
        mo_sqlite_quote(sql, mo_str_text(&column));
    }
    if (code == MOULT_OK && (sql->failed || column.failed)) {
        code = mo_error_nomem(w->err);
    }
    mo_str_free(&column);
    return code;
}

/* Drops every trigger of the table but one, inside a savepoint: a failure is then that one's. */
static int isolate(work *w, const mo_object *only)
{
    mo_str sql = {0};
    int code;

    mo_str_add(&sql, "SAVEPOINT moult_check");
    for (size_t i = 0; i < w->s->objects.count; i++) {
        const mo_object *o = w->s->objects.items[i];
        if (o->kind == MO_KIND_TRIGGER && o != only && mo_name_equal(o->parent, only->parent)) {
            mo_str_add(&sql, "; DROP TRIGGER IF EXISTS ");
            mo_sqlite_quote(&sql, o->name);
        }
    }
    code = sql.failed ? mo_error_nomem(w->err) : mo_sqlite_exec(w->c, mo_str_text(&sql), NULL, w->err);
    mo_str_free(&sql);
    return code;
}

/* Is it this trigger that is wrong, or another of the same table? 1, 0, or a negative code. */
static int is_culprit(work *w, const mo_object *trigger, const mo_str *sql)
{
    mo_error first = {0};
    int code, culprit = 0;

    mo_error_move(&first, w->err);
    code = isolate(w, trigger);
    if (code == MOULT_OK) {
        code = prepare(w, sql);
        culprit = code == MOULT_DATABASE;
    }
    sqlite3_exec(w->c->db, "ROLLBACK TO moult_check; RELEASE moult_check", NULL, NULL, NULL);
    if (code == MOULT_NOMEM) {
        mo_error_clear(&first);
        return code;
    }
    if (!culprit) {
        mo_error_move(w->err, &first);
    }
    mo_error_clear(&first);
    return culprit;
}

static int check_trigger(work *w, mo_object *o)
{
    const mo_object *on = o->parent ? mo_schema_find_relation(w->s, o->parent) : NULL;
    mo_str sql = {0};
    int code = on ? firing_sql(w, o, on, &sql) : MOULT_OK;
    int culprit = 0;

    if (code == MOULT_OK && sql.length) {
        code = prepare(w, &sql);
    }
    if (code == MOULT_DATABASE) {
        culprit = is_culprit(w, o, &sql);
    }
    mo_str_free(&sql);
    if (culprit < 0) {
        return culprit;
    }
    if (code != MOULT_DATABASE) {
        return code;
    }
    if (!culprit) {
        mo_error_clear(w->err); /* said of the other one */
        return MOULT_OK;
    }
    if (!strncmp(w->err->pub.message, "no such column", 14)) {
        return doubt(w, o, "the trigger cannot run: ");
    }
    mo_error_hint(w->err, "the trigger could not run: correct it, or declare what it names");
    return blame(w, o, code);
}

/* --- tables ---------------------------------------------------------------------------------------------------------- */

static int has_generated(const mo_table *t)
{
    for (size_t i = 0; i < t->columns.count; i++) {
        if (*mo_column_attr(t->columns.items[i], MO_ATTR_GENERATED)) {
            return 1;
        }
    }
    return 0;
}

/* Generated columns that need each other: SQLite says so at the first INSERT. Whatever else that says is of triggers. */
static int check_generated(work *w, const mo_object *o)
{
    mo_str sql = {0};
    int code;

    mo_str_add(&sql, "INSERT INTO ");
    mo_sqlite_quote(&sql, o->name);
    mo_str_add(&sql, " DEFAULT VALUES");
    code = prepare(w, &sql);
    mo_str_free(&sql);
    if (code == MOULT_DATABASE && !strstr(w->err->pub.message, "generated column loop")) {
        mo_error_clear(w->err);
        return MOULT_OK;
    }
    if (code == MOULT_DATABASE) {
        mo_error_hint(w->err, "a generated column cannot need itself, by way of others either");
    }
    return blame(w, o, code);
}

static int check_table(work *w, mo_object *o)
{
    int code = MOULT_OK;

    if (o->table && has_generated(o->table)) {
        code = check_generated(w, o);
    }
    if (code == MOULT_OK && o->table) {
        int missing = 0;
        code = mo_sqlite_check_keys(w->s, o, &missing, w->err);
        if (code == MOULT_SOURCE && !missing) {
            return doubt(w, o, "");
        }
        if (code == MOULT_SOURCE) {
            *w->wrong = o;
        }
    }
    return code;
}

/* --- all ----------------------------------------------------------------------------------------------------------- */

/* Is the object asked for? The map has folded names. */
static int is_asked(const work *w, const mo_object *o, int *asked)
{
    mo_str folded = {0};

    *asked = 1;
    if (!w->ask) {
        return MOULT_OK;
    }
    mo_str_add(&folded, o->name);
    if (folded.failed) {
        return mo_error_nomem(w->err);
    }
    for (size_t i = 0; i < folded.length; i++) {
        if (folded.data[i] >= 'A' && folded.data[i] <= 'Z') {
            folded.data[i] = (char)(folded.data[i] + ('a' - 'A'));
        }
    }
    *asked = mo_map_has(w->ask, mo_str_text(&folded));
    mo_str_free(&folded);
    return MOULT_OK;
}

int mo_sqlite_check(mo_conn *scratch, const mo_schema *s, const mo_map *ask, const mo_object **wrong, mo_error *err)
{
    work w = {scratch, s, ask, wrong, err};
    int code = MOULT_OK;

    *wrong = NULL;
    for (size_t i = 0; code == MOULT_OK && i < s->objects.count; i++) {
        mo_object *o = s->objects.items[i];
        int asked;
        code = is_asked(&w, o, &asked);
        if (code != MOULT_OK || !asked || o->flags & MO_OBJECT_UNCOMPARED) {
            continue;
        }
        switch (o->kind) {
        case MO_KIND_TABLE:
            code = check_table(&w, o);
            break;
        case MO_KIND_VIEW:
            code = check_view(&w, o);
            break;
        case MO_KIND_TRIGGER:
            code = check_trigger(&w, o);
            break;
        default:
            break; /* SQLite has checked it when it was created */
        }
    }
    return code;
}
