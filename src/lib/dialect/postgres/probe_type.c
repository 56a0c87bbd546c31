/* SPDX-License-Identifier: MIT */
/*
 * probe_type.c - values that do not fit another type, or that are other values in it.
 *
 * The server decides, by the very cast that the step makes: a block of its own tries each value, as one that is refused would
 * end a query. Nothing is written, and nothing is left behind but two settings that end with the transaction.
 */
#include <string.h>

#include "dialect/postgres/probe.h"

enum { REFUSED = 0, LOST, OTHER_FORM, ANSWERS };

typedef struct answer {
    int no_cast;
    int64_t rows[ANSWERS];
    mo_pg_list names[ANSWERS];
} answer;

/* What the block does, around the types and the rows. */
static const char tries[] =
    "BEGIN v := %s;\n"
    "IF v::text IS DISTINCT FROM r.v::text THEN w := 2;\n"
    "BEGIN back := v::%s; IF back::text = r.v::text THEN w := 3; END IF; EXCEPTION WHEN OTHERS THEN NULL; END;\n"
    "END IF;\n"
    "EXCEPTION WHEN OTHERS THEN w := 1; END;\n"
    "IF w > 0 THEN n[w] := n[w] + 1;\n"
    "IF n[w] <= 5 THEN names := names || (w || concat(r.name || ': ', quote_literal(left(r.v::text, 24)))); END IF;\n"
    "END IF;\nEND LOOP;\n";

static const char answers[] = "PERFORM set_config('moult.counts', n::text, true), "
                              "set_config('moult.names', names::text, true);\nEND";

/* A value that needs a cast that there is none of is refused before the first row. */
static const char *block_of(const mo_pg_probing *p, const mo_part *part, const char *column, int *failed)
{
    const char *old = part->column_before->attr[MO_ATTR_TYPE].text, *type = part->column_after->attr[MO_ATTR_TYPE].text;
    int assigned = mo_pg_is_assigned(p->plan->target, old, type);
    int spelled = mo_pg_is_enum(p->plan->live, old) && mo_pg_is_enum(p->plan->target, type);
    const char *name = mo_pg_row_name(p, failed);
    mo_str cast = {0}, body = {0}, sql = {0};
    if (!assigned)
        mo_str_addf(&cast, "%s::%s", spelled ? "::text" : "", type);
    mo_str_addf(&body,
                "#variable_conflict use_column\n"
                "DECLARE r record; v %s; back %s; w int; n bigint[] := '{0,0,0}'; names text[] := '{}';\n"
                "BEGIN\nBEGIN v := NULL::%s%s;\n"
                "EXCEPTION WHEN cannot_coerce THEN PERFORM set_config('moult.counts', '{-1,0,0}', true), "
                "set_config('moult.names', '{}', true); RETURN;\nWHEN OTHERS THEN NULL; END;\n",
                type, old, old, mo_str_text(&cast));
    mo_str_addf(&body, "FOR r IN SELECT %s AS v, %s AS name FROM %s WHERE %s IS NOT NULL%s%s LOOP\nw := 0;\n", column,
                name ? name : "NULL::text", p->table, column, name ? " ORDER BY " : "",
                name ? mo_pg_row_order(p, failed) : "");
    mo_str add = {0};
    mo_str_addf(&add, "r.v%s", mo_str_text(&cast));
    mo_str_addf(&body, tries, mo_str_text(&add), old);
    mo_str_add(&body, answers);
    mo_str_add(&sql, "DO ");
    mo_str_literal(&sql, mo_str_text(&body));
    sql.failed |= cast.failed || body.failed || add.failed;
    mo_str_free(&cast);
    mo_str_free(&add);
    mo_str_free(&body);
    const char *text = mo_str_into(&sql, p->plan->region);
    *failed |= !text;
    return text;
}

static int take_counts(void *user, size_t count, const mo_value *v)
{
    answer *a = user;
    a->no_cast = count == ANSWERS && v[0].integer < 0;
    for (size_t i = 0; i < count && i < ANSWERS; i++)
        a->rows[i] = v[i].integer;
    return MOULT_OK;
}

typedef struct naming {
    mo_region *region;
    answer *into;
} naming;

/* "1id: value": the first character tells which answer. */
static int take_name(void *user, size_t count, const mo_value *v)
{
    naming *n = user;
    size_t which = count && v[0].length ? (size_t)(v[0].text[0] - '1') : ANSWERS;
    const char *name = which < ANSWERS ? mo_region_dupn(n->region, v[0].text + 1, v[0].length - 1) : "";
    if (which >= ANSWERS)
        return MOULT_OK;
    return name && mo_vec_push(n->region, &n->into->names[which], name) == 0 ? MOULT_OK : MOULT_NOMEM;
}

static int take_yes(void *user, size_t count, const mo_value *v)
{
    int *yes = user;
    if (yes)
        *yes = count && v[0].integer != 0;
    return MOULT_OK;
}

/* Can the server try it: does it know the type, and the language of the block? */
static int can_try(mo_pg_probing *p, const char *type, int *can, int *cut)
{
    mo_str sql = {0};
    mo_str_add(&sql, "SELECT (to_regtype(");
    mo_str_literal(&sql, type);
    mo_str_add(&sql, ") IS NOT NULL AND EXISTS (SELECT FROM pg_language WHERE lanname = 'plpgsql' "
                     "AND has_language_privilege(oid, 'USAGE')))::int");
    int code = sql.failed ? mo_error_nomem(p->err) : mo_pg_probe_query(p, mo_str_text(&sql), take_yes, can, cut);
    mo_str_free(&sql);
    return code;
}

static int try_values(mo_pg_probing *p, const char *block, answer *a, int *cut)
{
    static const char counts[] = "SELECT c[1], c[2], c[3] FROM CAST(current_setting('moult.counts') AS bigint[]) c";
    static const char names[] = "SELECT unnest(CAST(current_setting('moult.names') AS text[]))";
    naming n = {p->plan->region, a};
    int own = !mo_pg_in_transaction(p->conn), code = own ? mo_pg_begin(p->conn, 0, p->err) : MOULT_OK;
    if (code == MOULT_OK)
        code = mo_pg_probe_query(p, block, take_yes, NULL, cut);
    if (code == MOULT_OK && !*cut)
        code = mo_pg_probe_query(p, counts, take_counts, a, cut);
    if (code == MOULT_OK && !*cut)
        code = mo_pg_probe_query(p, names, take_name, &n, cut);
    if (own)
        mo_pg_rollback(p->conn);
    return code;
}

static int say(mo_pg_probing *p, mo_part *part, const answer *a, int which, const char *is, const char *are)
{
    const char *type = part->column_after->attr[MO_ATTR_TYPE].text;
    mo_answer found = {.rows = a->rows[which], .of = p->change->rows};
    const char *one = mo_region_printf(p->plan->region, is, type), *more = mo_region_printf(p->plan->region, are, type);
    if (!one || !more)
        return mo_error_nomem(p->err);
    if (found.rows && !(found.keys = mo_pg_row_names(p, &a->names[which], found.rows)))
        return mo_error_nomem(p->err);
    return mo_evidence_count(p->plan->region, &part->found, &found, one, more, p->err);
}

static int judge(mo_pg_probing *p, mo_part *part, const answer *a)
{
    const unsigned bit = 1u << MO_ATTR_TYPE;
    int code = MOULT_OK;
    if (a->rows[REFUSED]) {
        mo_evidence_forbid(&part->found, a->rows[REFUSED], NULL);
        code = say(p, part, a, REFUSED, "does not fit %s", "do not fit %s");
    }
    if (code == MOULT_OK && (a->rows[LOST] || !(a->rows[REFUSED] || a->rows[OTHER_FORM])))
        code = say(p, part, a, LOST, "is changed by %s", "are changed by %s");
    if (code == MOULT_OK && a->rows[OTHER_FORM])
        code = say(p, part, a, OTHER_FORM, "is stored in another form as %s, and keeps its value",
                   "are stored in another form as %s, and keep their values");
    if (!a->rows[REFUSED] && !a->rows[LOST])
        part->found.mildly |= bit;
    if (!a->rows[REFUSED] && !a->rows[LOST] && !a->rows[OTHER_FORM])
        part->found.clear |= bit;
    return code;
}

static int refuse(mo_pg_probing *p, const mo_part *part)
{
    const mo_column *c = part->column_after;
    mo_str what = {0};
    mo_str_addf(&what, "column '%s.%s' becomes %s, and PostgreSQL has no cast to it from %s", p->change->after->name,
                c->name, c->attr[MO_ATTR_TYPE].text, part->column_before->attr[MO_ATTR_TYPE].text);
    return mo_pg_probe_refuse(p, p->change, c, &what, "", "how the new value is made of the old one");
}

/* Is the type one that the plan makes or alters? Then the server cannot say yet what fits. */
static int is_yet_to_come(const mo_pg_probing *p, const char *type)
{
    for (size_t i = 0; i < p->plan->changes.count; i++) {
        const mo_change *c = &p->plan->changes.items[i];
        int is_type = c->kind == MO_KIND_ENUM || c->kind == MO_KIND_COMPOSITE || c->kind == MO_KIND_RANGE ||
                      c->kind == MO_KIND_DOMAIN || c->kind == MO_KIND_CAST;
        if (is_type && (c->kind == MO_KIND_CAST || mo_pg_speaks_of(type, (c->after ? c->after : c->before)->name)))
            return 1;
    }
    return 0;
}

static int is_required_domain(const mo_schema *s, const char *type)
{
    const mo_object *domain = mo_schema_find(s, MO_KIND_DOMAIN, type);
    return domain && mo_pg_find_words(domain->canonical, "NOT NULL");
}

int mo_pg_ask_type(mo_pg_probing *p, mo_part *part)
{
    const mo_column *before = part->column_before, *after = part->column_after;
    const char *old = before->attr[MO_ATTR_TYPE].text, *type = after->attr[MO_ATTR_TYPE].text;
    const char *column = mo_plan_live_column(p->plan, p->change->after->name, before->name);
    int can = 0, cut = 0, failed = 0, code;
    answer a = {0};
    if (mo_pg_takes_all(p->plan->live, p->plan->target, old, type)) {
        part->found.clear |= 1u << MO_ATTR_TYPE;
        return MOULT_OK;
    }
    if (mo_pg_conversion(after) || mo_pg_column_has(after, MO_ATTR_GENERATED) || is_yet_to_come(p, type) ||
        is_yet_to_come(p, old) || is_required_domain(p->plan->target, type) || is_required_domain(p->plan->live, old))
        return MOULT_OK;
    code = can_try(p, type, &can, &cut);
    if (code != MOULT_OK || cut || !can)
        return code;
    const char *block = block_of(p, part, column, &failed);
    code = failed ? mo_error_nomem(p->err) : try_values(p, block, &a, &cut);
    if (code != MOULT_OK)
        return code;
    if (cut)
        return mo_evidence_cut(p->plan->region, &part->found, p->seconds, p->err);
    return a.no_cast ? refuse(p, part) : judge(p, part, &a);
}
