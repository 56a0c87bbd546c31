/* SPDX-License-Identifier: MIT */
/*
 * alter_identity.c - columns that number their rows: serial ones, and those of identity.
 *
 * From one to the other the numbers go on where they stood; a column that begins to number goes on behind its rows. The
 * sequence of a serial column is told by its default.
 */
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres/steps.h"

int mo_pg_is_serial(const mo_column *c)
{
    return strcmp(mo_column_attr(c, MO_ATTR_DEFAULT), "serial") == 0;
}

/* nextval('t_a_seq'::regclass): the sequence. In the region; NULL: none, or no memory. */
static const char *sequence_of(mo_region *r, const mo_column *c)
{
    const char *text = c->attr[MO_ATTR_DEFAULT].text, *name = text ? strchr(text, '\'') : NULL;
    return name ? mo_region_dupn(r, name + 1, strcspn(name + 1, "'")) : NULL;
}

typedef struct numbering {
    mo_pg_stepping *s;
    const mo_object *table;
    const mo_column *before, *after;
    const char *old_sequence, *sequence; /* of serial columns; NULL otherwise */
    mo_step *step;
    int code;
} numbering;

static void run(numbering *n, mo_str *sql)
{
    if (n->code == MOULT_OK)
        n->code =
            sql->failed ? mo_error_nomem(n->s->err) : mo_step_run(n->s->plan, n->step, mo_str_text(sql), 0, n->s->err);
    mo_str_free(sql);
}

static void alter_column(numbering *n, const char *what, const char *value)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s ALTER COLUMN %s %s%s", n->table->name, n->after->name, what, value);
    run(n, &sql);
}

/* pg_get_serial_sequence('t', 'a'): the table in SQL form, the column not. */
static void add_own_sequence(mo_str *out, const numbering *n)
{
    mo_str bare = {0};
    mo_name_bare(&bare, n->after->name);
    mo_str_add(out, "pg_catalog.pg_get_serial_sequence(");
    mo_str_literal(out, n->table->name);
    mo_str_add(out, ", ");
    mo_str_literal(out, mo_str_text(&bare));
    mo_str_addc(out, ')');
    out->failed |= bare.failed;
    mo_str_free(&bare);
}

/* The lowest number that a sequence begins with, by its options. */
static long start_of(const char *identity)
{
    const char *at = mo_pg_find_words(identity, "START WITH");
    return at ? strtol(at + strlen("START WITH"), NULL, 10) : 1;
}

static int counts_down(const char *identity)
{
    const char *at = mo_pg_find_words(identity, "INCREMENT BY");
    return at && at[strlen("INCREMENT BY ")] == '-';
}

static void continue_behind_rows(numbering *n)
{
    const char *identity = mo_column_attr(n->after, MO_ATTR_IDENTITY);
    mo_str sql = {0};
    if (counts_down(identity))
        return;
    mo_str_add(&sql, "SELECT pg_catalog.setval(");
    add_own_sequence(&sql, n);
    mo_str_addf(&sql, ", m.last) FROM (SELECT max(%s)::bigint AS last FROM %s) AS m WHERE m.last >= %ld",
                n->after->name, n->table->name, start_of(identity));
    run(n, &sql);
}

/* A sequence for the column, as serial makes it. `from`: what gives the place where it stands; NULL: the rows do. */
static void make_sequence(numbering *n, const char *name)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "CREATE SEQUENCE %s AS %s OWNED BY %s.%s", name, n->after->attr[MO_ATTR_TYPE].text,
                n->table->name, n->after->name);
    run(n, &sql);
}

static void plain_to_serial(numbering *n)
{
    make_sequence(n, n->sequence);
    alter_column(n, "SET DEFAULT ", n->after->attr[MO_ATTR_DEFAULT].text);
    continue_behind_rows(n);
}

/* The identity's sequence has a name that only the server knows, and often the one that the new one needs. */
static void identity_to_serial(numbering *n)
{
    mo_str keep = {0}, rename = {0};
    const char *aside = mo_pg_beside(n->s->plan->region, n->sequence, "moult_new_sequence");
    const char *last = mo_pg_last_name(n->s->plan->region, n->sequence);
    if (!aside || !last) {
        n->code = mo_error_nomem(n->s->err);
        return;
    }
    mo_str_addf(&keep, "CREATE SEQUENCE %s AS %s", aside, n->after->attr[MO_ATTR_TYPE].text);
    run(n, &keep);
    mo_str_add(&keep, "SELECT pg_catalog.setval(");
    mo_str_literal(&keep, aside);
    mo_str_add(&keep, ", l.last) FROM (SELECT pg_catalog.pg_sequence_last_value(");
    add_own_sequence(&keep, n);
    mo_str_add(&keep, "::regclass) AS last) AS l WHERE l.last IS NOT NULL");
    run(n, &keep);
    alter_column(n, "DROP IDENTITY", "");
    mo_str_addf(&rename, "ALTER SEQUENCE %s RENAME TO %s", aside, last);
    run(n, &rename);
    mo_str_addf(&rename, "ALTER SEQUENCE %s OWNED BY %s.%s", n->sequence, n->table->name, n->after->name);
    run(n, &rename);
    alter_column(n, "SET DEFAULT ", n->after->attr[MO_ATTR_DEFAULT].text);
}

static void drop_sequence(numbering *n, const char *name)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "DROP SEQUENCE %s", name);
    run(n, &sql);
}

static void serial_to_plain(numbering *n)
{
    alter_column(n, "DROP DEFAULT", "");
    if (!mo_schema_find(n->s->to, MO_KIND_SEQUENCE, n->old_sequence))
        drop_sequence(n, n->old_sequence);
}

static void serial_to_identity(numbering *n)
{
    const char *aside = mo_pg_beside(n->s->plan->region, n->old_sequence, "moult_old_sequence");
    mo_str sql = {0};
    if (!aside) {
        n->code = mo_error_nomem(n->s->err);
        return;
    }
    alter_column(n, "DROP DEFAULT", "");
    mo_str_addf(&sql, "ALTER SEQUENCE %s OWNED BY NONE", n->old_sequence);
    run(n, &sql);
    mo_str_addf(&sql, "ALTER SEQUENCE %s RENAME TO moult_old_sequence", n->old_sequence);
    run(n, &sql);
    alter_column(n, "ADD ", n->after->attr[MO_ATTR_IDENTITY].text);
    mo_str_add(&sql, "SELECT pg_catalog.setval(");
    add_own_sequence(&sql, n);
    mo_str_addf(&sql, ", o.last_value) FROM %s AS o WHERE o.is_called", aside);
    run(n, &sql);
    drop_sequence(n, aside);
}

static void plain_to_identity(numbering *n)
{
    alter_column(n, "ADD ", n->after->attr[MO_ATTR_IDENTITY].text);
    continue_behind_rows(n);
}

static void identity_to_identity(numbering *n)
{
    const char *identity = mo_column_attr(n->after, MO_ATTR_IDENTITY);
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s ALTER COLUMN %s SET GENERATED %s", n->table->name, n->after->name,
                strncmp(identity, "always", 6) == 0 ? "ALWAYS" : "BY DEFAULT");
    const char *options = identity + (strncmp(identity, "always", 6) == 0 ? 6 : strlen("by default"));
    const char *was = mo_column_attr(n->before, MO_ATTR_IDENTITY);
    was += strncmp(was, "always", 6) == 0 ? 6 : strlen("by default");
    if (strcmp(options, was) != 0)
        mo_pg_sequence_options(&sql, options, " SET ");
    run(n, &sql);
}

int mo_pg_alter_numbering(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    numbering n = {.s = s, .table = o, .before = part->column_before, .after = part->column_after};
    int was = mo_pg_column_has(n.before, MO_ATTR_IDENTITY), is = mo_pg_column_has(n.after, MO_ATTR_IDENTITY);
    int was_serial = mo_pg_is_serial(n.before), is_serial = mo_pg_is_serial(n.after);
    n.old_sequence = was_serial ? sequence_of(s->plan->region, n.before) : NULL;
    n.sequence = is_serial ? sequence_of(s->plan->region, n.after) : NULL;
    if ((was_serial && !n.old_sequence) || (is_serial && !n.sequence))
        return mo_error_nomem(s->err);
    n.step = mo_pg_step(s, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER + s->serial++, "alter", o, NULL);
    if (!n.step)
        return mo_error_nomem(s->err);
    n.step->title = mo_region_printf(s->plan->region, "ALTER TABLE %s ALTER COLUMN %s: %s", o->name, n.after->name,
                                     is          ? "identity"
                                     : is_serial ? "serial"
                                                 : "no numbers of its own any more");
    if (was_serial && is)
        serial_to_identity(&n);
    else if (was_serial)
        serial_to_plain(&n);
    else if (was && is)
        identity_to_identity(&n);
    else if (was && is_serial)
        identity_to_serial(&n);
    else if (was)
        alter_column(&n, "DROP IDENTITY", "");
    else if (is)
        plain_to_identity(&n);
    else
        plain_to_serial(&n);
    return n.step->title ? n.code : mo_error_nomem(s->err);
}

/* --- names that only follow ------------------------------------------------------------------------------------------------ */

/* What the server calls the sequence of a column, bare; NULL: it has to be cut short, or no memory. */
static const char *usual_name(mo_region *r, const char *table, const char *column)
{
    const char *last = mo_pg_last_name(r, table);
    mo_str name = {0};
    if (!last)
        return NULL;
    mo_name_bare(&name, last);
    mo_str_addc(&name, '_');
    mo_name_bare(&name, column);
    mo_str_add(&name, "_seq");
    int fits = name.length < 64;
    const char *text = mo_str_into(&name, r);
    return fits ? text : NULL;
}

static int take_text(void *user, size_t count, const mo_value *v)
{
    mo_str *out = user;
    if (count && v[0].type == MOULT_VALUE_TEXT)
        mo_str_add(out, v[0].text);
    return MOULT_OK;
}

/* The bare name of the sequence that a live column owns; "" when it has none. */
static int ask_sequence(mo_pg_stepping *s, const char *table, const char *column, mo_str *out)
{
    mo_str bare = {0};
    mo_name_bare(&bare, column);
    mo_value params[2] = {mo_value_text(table), mo_value_text(mo_str_text(&bare))};
    int code = bare.failed ? mo_error_nomem(s->err)
                           : mo_pg_query(s->conn,
                                         "SELECT relname::text FROM pg_catalog.pg_class WHERE oid = "
                                         "pg_catalog.pg_get_serial_sequence(?, ?)::regclass",
                                         params, 2, take_text, out, NULL, s->err);
    mo_str_free(&bare);
    return code;
}

static int follow(mo_pg_stepping *s, const mo_object *table, const mo_column *c)
{
    const char *live_table = mo_plan_live_table(s->plan, table->name);
    const char *live_column = mo_plan_live_column(s->plan, table->name, c->name);
    const char *old = usual_name(s->plan->region, live_table, live_column), *now;
    mo_str found = {0}, sql = {0};
    now = usual_name(s->plan->region, table->name, c->name);
    if (!old || !now || strcmp(old, now) == 0)
        return MOULT_OK;
    int code = ask_sequence(s, live_table, live_column, &found);
    int same = code == MOULT_OK && strcmp(mo_str_text(&found), old) == 0;
    mo_str_free(&found);
    if (!same)
        return code;
    mo_str name = {0};
    mo_name_add(&name, old);
    const char *path = name.failed ? NULL : mo_pg_beside(s->plan->region, table->name, mo_str_text(&name));
    mo_str_addf(&sql, "ALTER SEQUENCE %s RENAME TO ", path ? path : "");
    mo_name_add(&sql, now);
    mo_str_free(&name);
    if (!path)
        sql.failed = 1;
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_OWN + s->serial++, "alter", table, &sql);
}

static int is_renamed(const mo_plan *p, const char *table, const char *column)
{
    for (size_t i = 0; i < p->renames.count; i++) {
        const mo_rename *r = &p->renames.items[i];
        if (r->table ? mo_name_equal(r->table, table) && mo_name_equal(r->to, column) : mo_name_equal(r->to, table))
            return 1;
    }
    return 0;
}

int mo_pg_follow_sequences(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    for (size_t i = 0; s->plan->renames.count && code == MOULT_OK && i < s->to->objects.count; i++) {
        const mo_object *o = s->to->objects.items[i];
        const mo_object *from = o->table ? mo_schema_find(s->from, MO_KIND_TABLE, o->name) : NULL;
        for (size_t k = 0; from && code == MOULT_OK && k < o->table->columns.count; k++) {
            const mo_column *c = o->table->columns.items[k], *was = mo_table_column(from->table, c->name);
            int numbers = was && ((mo_pg_is_serial(c) && mo_pg_is_serial(was)) ||
                                  (mo_pg_column_has(c, MO_ATTR_IDENTITY) && mo_pg_column_has(was, MO_ATTR_IDENTITY)));
            if (numbers && is_renamed(s->plan, o->name, c->name))
                code = follow(s, o, c);
        }
    }
    return code;
}
