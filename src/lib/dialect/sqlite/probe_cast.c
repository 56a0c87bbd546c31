/* SPDX-License-Identifier: MIT */
/*
 * probe_cast.c - what becomes of values when the type of their column changes: SQLite itself is asked.
 *
 * Each value is put into a column of the new type, in a private database, and read again. The same value of the same
 * kind is no change. Kinds of which no value changes, as examples show first, are passed over: typeof() is cheap. Another kind from which the old type makes the old value again is another form ('7' as 7). All
 * else is lost ('007' as 7), or refused (a STRICT table, a row id).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialect/sqlite/probe.h"

struct mo_cast {
    const mo_column *before, *after;
    const char *operand;                      /* over the table as it is */
    const char *stays;                        /* kinds of which no value changes, for IN: "'null', 'blob'" */
    sqlite3_stmt *clear[2], *put[2], *get[2]; /* [0]: of the new type; [1]: of the old one */
};

static const char *type_of(const mo_column *c)
{
    return c && c->attr[MO_ATTR_TYPE].text ? c->attr[MO_ATTR_TYPE].text : "";
}

static int is_strict(const mo_object *table)
{
    return table && mo_table_option(table->table, "strict") != NULL;
}

/* INTEGER stores what NUMERIC does: they differ in a CAST only (sqlite.org/datatype3.html, 3.1). */
static mo_affinity stored_as(const char *type)
{
    mo_affinity affinity = mo_sqlite_affinity(type);
    return affinity == MO_AFFINITY_INTEGER ? MO_AFFINITY_NUMERIC : affinity;
}

int mo_probe_changes_store(const mo_probe *p, const mo_column *before, const mo_column *after)
{
    if (p->after == NULL)
        return 0;
    if (is_strict(p->after) || is_strict(p->before))
        return is_strict(p->after) != is_strict(p->before) || !mo_name_equal(type_of(before), type_of(after));
    return before->row_id != after->row_id ||
           stored_as(mo_column_attr(before, MO_ATTR_TYPE)) != stored_as(mo_column_attr(after, MO_ATTR_TYPE));
}

void mo_cast_stored(mo_str *sql, const mo_cast *cast, size_t number, const char *value)
{
    mo_str_addf(sql, "CASE WHEN typeof(%s) IN (%s) THEN %s ELSE _moult_as(%zu, %s) END", value, cast->stays, value,
                number, value);
}

const char *mo_cast_operand(const mo_cast *cast)
{
    return cast->operand;
}

void mo_cast_call(mo_str *sql, const mo_cast *cast, size_t question, int given)
{
    char name[40];
    const char *operand = given ? name : cast->operand;
    snprintf(name, sizeof name, "\"_moult_q%zu\"", question);
    mo_str_addf(sql, "CASE WHEN typeof(%s) NOT IN (%s) THEN _moult_cast(%zu, %s", operand, cast->stays, question,
                operand);
}

/* --- the columns in the scratch ---------------------------------------------------------------------------------------- */

static int prepare(mo_probe *p, sqlite3_stmt **out, const char *fmt, size_t number, int old)
{
    mo_str sql = {0};
    int rc;
    mo_str_addf(&sql, fmt, old ? "o" : "n", number);
    rc = sql.failed ? mo_error_nomem(p->err)
                    : mo_sqlite_prepare(mo_sqlite_scratch_conn(p->scratch), mo_str_text(&sql), out, NULL, p->err);
    mo_str_free(&sql);
    return rc;
}

static int make_column(mo_probe *p, mo_cast *cast, int old)
{
    const mo_column *c = old ? cast->before : cast->after;
    const mo_object *table = old ? p->before : p->after;
    size_t number = p->casts.count;
    mo_str sql = {0};
    int rc;
    mo_str_addf(&sql, "CREATE TABLE \"%s%zu\"(v %s%s)%s", old ? "o" : "n", number, type_of(c),
                c->row_id ? " PRIMARY KEY" : "", is_strict(table) ? " STRICT" : "");
    rc = sql.failed ? mo_error_nomem(p->err)
                    : mo_sqlite_exec(mo_sqlite_scratch_conn(p->scratch), mo_str_text(&sql), NULL, p->err);
    mo_str_free(&sql);
    if (rc == MOULT_OK)
        rc = prepare(p, &cast->clear[old], "DELETE FROM \"%s%zu\"", number, old);
    if (rc == MOULT_OK)
        rc = prepare(p, &cast->put[old], "INSERT INTO \"%s%zu\"(v) VALUES(?)", number, old);
    if (rc == MOULT_OK)
        rc = prepare(p, &cast->get[old], "SELECT v FROM \"%s%zu\"", number, old);
    return rc;
}

/* In one transaction, which is never committed. */
static int open_scratch(mo_probe *p)
{
    int rc;
    if (p->scratch)
        return MOULT_OK;
    rc = mo_sqlite_scratch_open(p->conn, &p->scratch, p->err);
    if (rc == MOULT_OK)
        rc = mo_sqlite_exec(mo_sqlite_scratch_conn(p->scratch), "PRAGMA journal_mode=OFF; BEGIN", NULL, p->err);
    return rc;
}

/* Examples of each kind; in the order of sqlite3_value_type(). What SQLite does depends on the kind, and within one on
 * whether it looks like a number, has a fraction, or is too large. */
static int find_kinds(mo_probe *p, mo_cast *cast)
{
    static const char sql[] =
        "SELECT column1 FROM (VALUES (0), (1), (-7), (9007199254740993), (9223372036854775807), (-9223372036854775807),"
        " (0.5), (1.0), (-2.0), (1e300), (9e18), (''), ('x'), ('7'), ('007'), ('1.5'), ('1e3'), (' 1 '),"
        " ('9223372036854775808'), (x''), (x'31'), (x'00ff'))";
    static const char *const names[] = {NULL, "'integer'", "'real'", "'text'", "'blob'"};
    int changes[5] = {0}, rc = SQLITE_DONE;
    sqlite3_stmt *examples;
    mo_str stays = {0};
    int code = mo_sqlite_prepare(mo_sqlite_scratch_conn(p->scratch), sql, &examples, NULL, p->err);
    if (code != MOULT_OK)
        return code;
    while ((rc = sqlite3_step(examples)) == SQLITE_ROW) {
        mo_fate fate = mo_cast_try(cast, sqlite3_column_value(examples, 0));
        int kind = sqlite3_column_type(examples, 0);
        if (fate == MO_FATE_COUNT || kind > SQLITE_BLOB)
            break;
        changes[kind] |= fate != MO_FATE_SAME;
    }
    if (rc != SQLITE_DONE)
        code = mo_error_nomem(p->err);
    sqlite3_finalize(examples);
    mo_str_add(&stays, cast->after->row_id ? "''" : "'null'");
    for (int kind = SQLITE_INTEGER; kind <= SQLITE_BLOB; kind++)
        if (!changes[kind])
            mo_str_addf(&stays, ", %s", names[kind]);
    cast->stays = mo_str_into(&stays, p->region);
    return code == MOULT_OK && cast->stays == NULL ? mo_error_nomem(p->err) : code;
}

int mo_probe_cast(mo_probe *p, const mo_column *before, const mo_column *after, mo_cast **out)
{
    mo_str operand = {0};
    mo_cast *cast;
    int rc;
    for (size_t i = 0; i < p->casts.count; i++)
        if (p->casts.items[i]->after == after) {
            *out = p->casts.items[i];
            return MOULT_OK;
        }
    cast = mo_region_alloc(p->region, sizeof *cast);
    if (cast == NULL)
        return mo_error_nomem(p->err);
    if (before) {
        mo_str_ident(&operand, before->name, '"');
        if ((cast->operand = mo_str_into(&operand, p->region)) == NULL)
            return mo_error_nomem(p->err);
    }
    cast->before = before;
    cast->after = after;
    rc = open_scratch(p);
    if (rc == MOULT_OK)
        rc = make_column(p, cast, 0);
    if (rc == MOULT_OK && before)
        rc = make_column(p, cast, 1);
    if (rc == MOULT_OK)
        rc = find_kinds(p, cast);
    if (mo_vec_push(p->region, &p->casts, cast)) /* also when it failed: its statements are finalised with the others */
        rc = mo_error_nomem(p->err);
    *out = cast;
    return rc;
}

void mo_casts_free(mo_probe *p)
{
    for (size_t i = 0; i < p->casts.count; i++)
        for (int k = 0; k < 2; k++) {
            sqlite3_finalize(p->casts.items[i]->clear[k]);
            sqlite3_finalize(p->casts.items[i]->put[k]);
            sqlite3_finalize(p->casts.items[i]->get[k]);
        }
    mo_sqlite_scratch_close(p->scratch);
}

/* --- one value ---------------------------------------------------------------------------------------------------------- */

static int step(sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);
    sqlite3_reset(s);
    return rc;
}

/* What a column makes of a value: SQLITE_ROW with *out, else the engine's code. The row is there until the next try. */
static int put(mo_cast *cast, int old, sqlite3_value *value, sqlite3_value **out)
{
    int rc;
    sqlite3_reset(cast->get[old]);
    rc = step(cast->clear[old]);
    if (rc == SQLITE_DONE)
        rc = sqlite3_bind_value(cast->put[old], 1, value);
    if (rc == SQLITE_OK)
        rc = step(cast->put[old]);
    if (rc == SQLITE_DONE)
        rc = sqlite3_step(cast->get[old]);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_value(cast->get[old], 0);
    return rc;
}

static int same_bytes(sqlite3_value *a, sqlite3_value *b, int text)
{
    int n;
    const void *x = text ? (const void *)sqlite3_value_text(a) : sqlite3_value_blob(a);
    const void *y = text ? (const void *)sqlite3_value_text(b) : sqlite3_value_blob(b);
    n = sqlite3_value_bytes(a); /* of the text, whatever the encoding was */
    return n == sqlite3_value_bytes(b) && (n == 0 || (x && y && memcmp(x, y, (size_t)n) == 0));
}

static int same(sqlite3_value *a, sqlite3_value *b)
{
    double x, y;
    int type = sqlite3_value_type(a);
    if (type != sqlite3_value_type(b))
        return 0;
    switch (type) {
    case SQLITE_INTEGER:
        return sqlite3_value_int64(a) == sqlite3_value_int64(b);
    case SQLITE_FLOAT:
        x = sqlite3_value_double(a);
        y = sqlite3_value_double(b);
        return !(x < y) && !(x > y) && signbit(x) == signbit(y); /* a NaN is never stored */
    case SQLITE_NULL:
        return 1;
    default:
        return same_bytes(a, b, type == SQLITE_TEXT);
    }
}

sqlite3_value *mo_cast_value(mo_cast *cast, sqlite3_value *value)
{
    sqlite3_value *out = NULL;
    if (sqlite3_value_type(value) == SQLITE_NULL)
        return value;
    return put(cast, 0, value, &out) == SQLITE_ROW ? out : NULL;
}

mo_fate mo_cast_try(mo_cast *cast, sqlite3_value *value)
{
    sqlite3_value *now = NULL, *back = NULL;
    int rc;
    if (sqlite3_value_type(value) == SQLITE_NULL) /* what becomes of it is asked elsewhere */
        return cast->after->row_id ? MO_FATE_CHANGED : MO_FATE_SAME;
    rc = put(cast, 0, value, &now);
    if (rc == SQLITE_NOMEM)
        return MO_FATE_COUNT;
    if (rc != SQLITE_ROW)
        return MO_FATE_REFUSED;
    if (same(value, now))
        return MO_FATE_SAME;
    if (cast->before == NULL) /* a new column: there is no way back */
        return MO_FATE_CHANGED;
    rc = put(cast, 1, now, &back);
    if (rc == SQLITE_NOMEM)
        return MO_FATE_COUNT;
    return rc == SQLITE_ROW && same(value, back) ? MO_FATE_OTHER_FORM : MO_FATE_CHANGED;
}

/* --- asking -------------------------------------------------------------------------------------------------------------- */

static const char *type_name(const mo_column *c)
{
    const char *type = type_of(c);
    if (c->row_id)
        return "the row id";
    return *type ? type : "no type";
}

/* "is refused by INTEGER", of a whole table "is refused by INTEGER of a" */
static int tell(mo_probe *p, mo_question *q, mo_fate fate, const char *done)
{
    const mo_column *after = q->about;
    int of = q->part->kind != MO_PART_COLUMN;
    char is[192], are[192];
    if (fate != MO_FATE_SAME && q->found[fate].rows == 0)
        return MOULT_OK;
    snprintf(is, sizeof is, "is %s by %.60s%s%.60s", done, type_name(after), of ? " of " : "", of ? after->name : "");
    snprintf(are, sizeof are, "are %s by %.60s%s%.60s", done, type_name(after), of ? " of " : "",
             of ? after->name : "");
    return mo_probe_tell(p, q, (int)fate, is, are);
}

static int judge_cast(mo_probe *p, mo_question *q)
{
    int lost = q->found[MO_FATE_REFUSED].rows || q->found[MO_FATE_CHANGED].rows;
    int rc = tell(p, q, MO_FATE_REFUSED, "refused");
    if (rc == MOULT_OK)
        rc = tell(p, q, MO_FATE_CHANGED, "changed");
    if (rc == MOULT_OK && q->found[MO_FATE_OTHER_FORM].rows)
        rc = mo_probe_tell(p, q, MO_FATE_OTHER_FORM, "is stored in another form, and keeps its value",
                           "are stored in another form, and keep their values");
    else if (rc == MOULT_OK && !lost && q->part->kind == MO_PART_COLUMN)
        rc = tell(p, q, MO_FATE_SAME, "changed");
    mo_evidence_forbid(q->into, q->found[MO_FATE_REFUSED].rows, NULL);
    if (lost)
        mo_question_blame(q);
    else if (q->found[MO_FATE_OTHER_FORM].rows)
        mo_question_soften(q);
    return rc;
}

static int ask_column(mo_probe *p, mo_part *part, const mo_column *before, const mo_column *after)
{
    mo_cast *cast = NULL;
    mo_question *q;
    int rc = mo_probe_cast(p, before, after, &cast);
    if (rc == MOULT_DATABASE) { /* a type that a STRICT table does not take: the proof says so */
        mo_error_clear(p->err);
        return MOULT_OK;
    }
    if (rc != MOULT_OK)
        return rc;
    q = mo_probe_add(p, part, &part->found, part->kind == MO_PART_COLUMN ? 1u << MO_ATTR_TYPE : MO_WHOLE, judge_cast);
    if (q == NULL)
        return mo_error_nomem(p->err);
    q->cast = cast;
    q->about = after;
    return MOULT_OK;
}

int mo_probe_ask_cast(mo_probe *p, mo_part *part)
{
    if (part->column_before->attr[MO_ATTR_GENERATED].canonical || part->column_after->attr[MO_ATTR_GENERATED].canonical)
        return MOULT_OK;
    return ask_column(p, part, part->column_before, part->column_after);
}

int mo_probe_ask_key_values(mo_probe *p, mo_part *part, const mo_column *before, const mo_column *after)
{
    return ask_column(p, part, before, after);
}

/* A table becomes STRICT: each of its columns is one whose type changes. */
int mo_probe_ask_strict(mo_probe *p, mo_part *part)
{
    const mo_table *t = p->after->table;
    int rc = MOULT_OK;
    for (size_t i = 0; i < t->columns.count && rc == MOULT_OK; i++) {
        const mo_column *after = t->columns.items[i], *before = mo_table_column(p->before->table, after->name);
        const mo_part *own = mo_probe_part_of(p, after->name);
        if (before && !after->attr[MO_ATTR_GENERATED].canonical && !(own && (own->attrs & (1u << MO_ATTR_TYPE))))
            rc = ask_column(p, part, before, after);
    }
    return rc;
}
