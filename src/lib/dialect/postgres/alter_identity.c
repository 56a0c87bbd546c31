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

/* The serial column of a schema whose sequence this is; NULL: none. */
static const mo_column *serial_of(const mo_schema *schema, const char *sequence, const mo_object **table)
{
    size_t n = strlen(sequence);
    for (size_t i = 0; i < schema->objects.count; i++) {
        const mo_object *o = *table = schema->objects.items[i];
        for (size_t k = 0; o->table && k < o->table->columns.count; k++) {
            const mo_column *c = o->table->columns.items[k];
            const char *text = mo_pg_is_serial(c) ? c->attr[MO_ATTR_DEFAULT].text : NULL;
            const char *name = text ? strchr(text, '\'') : NULL;
            if (name && strncmp(name + 1, sequence, n) == 0 && name[n + 1] == '\'')
                return c;
        }
    }
    return NULL;
}

/* Does the column's table on the other side have it too, without an identity, which has a sequence of its own? */
static int is_beside(const mo_schema *other, const mo_object *table, const mo_column *c)
{
    const mo_object *o = mo_schema_find(other, MO_KIND_TABLE, table->name);
    const mo_column *there = o ? mo_table_column(o->table, c->name) : NULL;
    return there && !mo_pg_column_has(there, MO_ATTR_IDENTITY);
}

int mo_pg_leaves_serial(const mo_pg_stepping *s, const mo_object *sequence)
{
    const mo_object *table;
    const mo_column *c = serial_of(s->from, sequence->name, &table);
    return c && is_beside(s->to, table, c);
}

int mo_pg_becomes_serial(const mo_pg_stepping *s, const char *sequence)
{
    const mo_object *table;
    const mo_column *c = serial_of(s->to, sequence, &table);
    return c && mo_schema_find(s->from, MO_KIND_SEQUENCE, sequence) && is_beside(s->from, table, c);
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

/* The sequence that is there goes on where it stands, with the options that serial gives it. */
static void take_sequence(numbering *n)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER SEQUENCE %s AS %s", n->sequence, n->after->attr[MO_ATTR_TYPE].text);
    mo_pg_sequence_options(&sql, "", " ");
    mo_str_addf(&sql, " OWNED BY %s.%s", n->table->name, n->after->name);
    run(n, &sql);
    alter_column(n, "SET DEFAULT ", n->after->attr[MO_ATTR_DEFAULT].text);
}

static void plain_to_serial(numbering *n)
{
    if (mo_pg_becomes_serial(n->s, n->sequence)) {
        take_sequence(n);
        return;
    }
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
