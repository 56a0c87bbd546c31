/* SPDX-License-Identifier: MIT */
/*
 * alter.c - the parts of a table: columns, constraints, options, each by the ALTER that PostgreSQL has for it.
 *
 * What uses something that is gone for a while (a default, a CHECK, a computed column) steps aside and comes back.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

static int begin(const mo_object *o, mo_str *sql)
{
    mo_str_addf(sql, "ALTER TABLE %s ", o->name);
    return 0;
}

static int alter_step(mo_pg_stepping *s, const mo_object *o, mo_phase phase, int order, mo_str *sql)
{
    return mo_pg_step_text(s, phase, order + s->serial++, "alter", o, sql);
}

int mo_pg_alter_column(mo_pg_stepping *s, const mo_object *o, const mo_column *c, const char *what, const char *value)
{
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "ALTER COLUMN %s %s%s", c->name, what, value ? value : "");
    return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
}

/* --- attributes ---------------------------------------------------------------------------------------------------------- */

int mo_pg_column_has(const mo_column *c, mo_attr attr)
{
    return c->attr[attr].canonical != NULL;
}

/* Attributes that only ALTER COLUMN sets. */
static const struct {
    mo_attr attr;
    const char *set, *end, *reset;
} settable[] = {{MO_ATTR_STORAGE, "SET STORAGE ", "", NULL},
                {MO_ATTR_COMPRESSION, "SET COMPRESSION ", "", "SET COMPRESSION default"},
                {MO_ATTR_STATISTICS, "SET STATISTICS ", "", "SET STATISTICS -1"},
                {MO_ATTR_OPTIONS, "SET (", ")", "RESET (n_distinct, n_distinct_inherited)"}};

enum { SETTABLE = sizeof settable / sizeof *settable };

static int run_on_column(mo_plan *plan, mo_step *step, const mo_object *o, const mo_column *c, const char *set,
                         const char *value, const char *end, mo_error *err)
{
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "ALTER COLUMN %s %s%s%s", c->name, set, value, end);
    int code = sql.failed ? mo_error_nomem(err) : mo_step_run(plan, step, mo_str_text(&sql), 0, err);
    mo_str_free(&sql);
    return code;
}

static int set_settable(mo_plan *plan, mo_step *step, const mo_object *o, const mo_column *c, mo_error *err)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < SETTABLE; i++)
        if (mo_pg_column_has(c, settable[i].attr))
            code =
                run_on_column(plan, step, o, c, settable[i].set, c->attr[settable[i].attr].text, settable[i].end, err);
    return code;
}

static int take_letter(void *user, size_t count, const mo_value *v)
{
    char *letter = user;
    if (count && v[0].type == MOULT_VALUE_TEXT)
        *letter = *v[0].text;
    return MOULT_OK;
}

/* The storage that a column of this type has by itself: SET STORAGE DEFAULT is newer than some servers. */
static int usual_storage(mo_pg_stepping *s, const char *type, const char **out)
{
    mo_value param = mo_value_text(type);
    char letter = 'x';
    int code = mo_pg_query(s->conn, "SELECT typstorage::text FROM pg_catalog.pg_type WHERE oid = to_regtype(?)", &param,
                           1, take_letter, &letter, NULL, s->err);
    *out = letter == 'p' ? "PLAIN" : letter == 'm' ? "MAIN" : letter == 'e' ? "EXTERNAL" : "EXTENDED";
    return code;
}

static int reset_settable(mo_pg_stepping *s, const mo_object *o, const mo_column *c, size_t i)
{
    const char *storage;
    if (settable[i].reset)
        return mo_pg_alter_column(s, o, c, settable[i].reset, NULL);
    int code = usual_storage(s, c->attr[MO_ATTR_TYPE].text, &storage);
    return code == MOULT_OK ? mo_pg_alter_column(s, o, c, "SET STORAGE ", storage) : code;
}

static int alter_settable(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_column *c = part->column_after, *before = part->column_before;
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < SETTABLE; i++) {
        mo_attr attr = settable[i].attr;
        mo_str value = {0};
        if (!(part->attrs & (1u << attr)))
            continue;
        if (!mo_pg_column_has(c, attr) || (attr == MO_ATTR_OPTIONS && mo_pg_column_has(before, attr)))
            code = reset_settable(s, o, c, i);
        if (code != MOULT_OK || !mo_pg_column_has(c, attr))
            continue;
        mo_str_addf(&value, "%s%s%s", settable[i].set, c->attr[attr].text, settable[i].end);
        code = value.failed ? mo_error_nomem(s->err) : mo_pg_alter_column(s, o, c, mo_str_text(&value), NULL);
        mo_str_free(&value);
    }
    return code;
}

/* --- columns ------------------------------------------------------------------------------------------------------------- */

/* UPDATE of the rows that are there; `only_null`: those that hold no value. */
static int fill(mo_pg_stepping *s, mo_step *step, const mo_object *o, const mo_column *c, const char *value,
                int only_null)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "UPDATE %s SET %s = %s%s%s%s", o->name, c->name, value, only_null ? " WHERE " : "",
                only_null ? c->name : "", only_null ? " IS NULL" : "");
    int code = sql.failed ? mo_error_nomem(s->err) : mo_step_run(s->plan, step, mo_str_text(&sql), 0, s->err);
    mo_str_free(&sql);
    return code;
}

/* With a fill the column comes without its default and its NOT NULL, which follow when the rows have their values. */
static int add_column(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    const char *value = c->refill ? c->refill : c->fill;
    mo_column bare = *c;
    mo_str sql = {0};
    if (value)
        bare.attr[MO_ATTR_DEFAULT] = bare.attr[MO_ATTR_NOT_NULL] = (mo_attr_value){NULL, NULL};
    begin(o, &sql);
    mo_str_add(&sql, "ADD COLUMN ");
    mo_pg_column_sql(&sql, &bare);
    mo_step *step =
        sql.failed ? NULL
                   : mo_pg_step(s, MO_PHASE_EXPAND, MO_PG_ORDER_ALTER + s->serial++, "alter", o, mo_str_text(&sql));
    mo_str_free(&sql);
    int code = step ? MOULT_OK : mo_error_nomem(s->err);
    if (code == MOULT_OK && value)
        code = fill(s, step, o, c, value, 0);
    if (code == MOULT_OK && value && mo_pg_column_has(c, MO_ATTR_DEFAULT))
        code = run_on_column(s->plan, step, o, c, "SET DEFAULT ", c->attr[MO_ATTR_DEFAULT].text, "", s->err);
    if (code == MOULT_OK && value && mo_pg_column_has(c, MO_ATTR_NOT_NULL))
        code = run_on_column(s->plan, step, o, c, "SET NOT NULL", "", "", s->err);
    return code == MOULT_OK ? set_settable(s->plan, step, o, c, s->err) : code;
}

static int alter_default(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    return mo_pg_column_has(c, MO_ATTR_DEFAULT)
               ? mo_pg_alter_column(s, o, c, "SET DEFAULT ", c->attr[MO_ATTR_DEFAULT].text)
               : mo_pg_alter_column(s, o, c, "DROP DEFAULT", NULL);
}

static int alter_not_null(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    const char *value = c->refill ? c->refill : c->fill;
    mo_str sql = {0};
    if (!mo_pg_column_has(c, MO_ATTR_NOT_NULL))
        return mo_pg_alter_column(s, o, c, "DROP NOT NULL", NULL);
    if (value) {
        mo_str_addf(&sql, "UPDATE %s SET %s = %s WHERE %s IS NULL", o->name, c->name, value, c->name);
        int code = alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
        if (code != MOULT_OK)
            return code;
    }
    return mo_pg_alter_column(s, o, c, "SET NOT NULL", NULL);
}

int mo_pg_part_differs(const mo_part *part, mo_attr attr)
{
    return (part->attrs & (1u << attr)) != 0;
}

static int drop_column_at(mo_pg_stepping *s, const mo_object *o, const mo_column *c, int order)
{
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "DROP COLUMN %s", c->name);
    return alter_step(s, o, MO_PHASE_CONTRACT, order, &sql);
}

/* What it is computed from, or by, changes: its values are computed anew. */
static int remake_column(mo_pg_stepping *s, const mo_object *o, const mo_column *before, const mo_column *after)
{
    int code = drop_column_at(s, o, before, MO_PG_ORDER_DROP_CONSTRAINT);
    return code == MOULT_OK ? add_column(s, o, after) : code;
}

static int changes_type(const mo_part *part)
{
    return mo_pg_part_differs(part, MO_ATTR_TYPE) || mo_pg_part_differs(part, MO_ATTR_COLLATION);
}

int mo_pg_is_remade(const mo_pg_stepping *s, const mo_object *before, const mo_change *change, const mo_column *c)
{
    const char *expression = c->attr[MO_ATTR_GENERATED].text;
    if (!expression)
        return 0;
    if (mo_pg_uses_gone(s, before, expression) || mo_pg_uses_gone(s, before, c->attr[MO_ATTR_TYPE].text))
        return 1;
    for (size_t i = 0; change && i < change->parts.count; i++) {
        const mo_part *p = &change->parts.items[i];
        if (p->kind == MO_PART_COLUMN && p->op == MOULT_OP_ALTER &&
            (changes_type(p) || mo_pg_part_differs(p, MO_ATTR_GENERATED)) && p->column_before != c &&
            mo_pg_speaks_of(expression, p->column_before->name))
            return 1;
    }
    return 0;
}

/* Does how the column numbers its rows change? */
static int changes_numbering(const mo_part *part)
{
    return mo_pg_part_differs(part, MO_ATTR_IDENTITY) ||
           (mo_pg_part_differs(part, MO_ATTR_DEFAULT) &&
            mo_pg_is_serial(part->column_before) != mo_pg_is_serial(part->column_after));
}

static int numbers(const mo_column *c)
{
    return mo_pg_column_has(c, MO_ATTR_IDENTITY) || mo_pg_is_serial(c);
}

/* A numbering column is NOT NULL: that comes before it begins to number, and goes after. */
static int alter_not_null_and_numbering(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_column *c = part->column_after;
    int nulls = mo_pg_part_differs(part, MO_ATTR_NOT_NULL), set = mo_pg_column_has(c, MO_ATTR_NOT_NULL),
        code = MOULT_OK;
    if (nulls && set)
        code = alter_not_null(s, o, c);
    if (code == MOULT_OK && changes_numbering(part))
        code = mo_pg_alter_numbering(s, o, part);
    if (code == MOULT_OK && nulls && !set)
        code = alter_not_null(s, o, c);
    return code;
}

static int alter_values(mo_pg_stepping *s, const mo_object *o, const mo_object *before_it, const mo_part *part)
{
    const mo_column *before = part->column_before, *c = part->column_after;
    mo_column plain = *before; /* what it is once it numbers no more */
    int moves = changes_numbering(part), leaves = moves && numbers(before), code = MOULT_OK;
    int replaced = before_it && mo_pg_uses_gone(s, before_it, before->attr[MO_ATTR_TYPE].text); /* with its default */
    if (leaves && !numbers(c))
        code = alter_not_null_and_numbering(s, o, part);
    if (mo_pg_is_serial(before) != mo_pg_is_serial(c))
        plain.attr[MO_ATTR_DEFAULT] = (mo_attr_value){NULL, NULL};
    if (code == MOULT_OK && changes_type(part) && moves)
        code = mo_pg_alter_type(s, o, &plain, c, 0, 0);
    else if (code == MOULT_OK && changes_type(part))
        code = mo_pg_alter_type(s, o, before, c, 0, 0);
    if (code == MOULT_OK && mo_pg_part_differs(part, MO_ATTR_DEFAULT) && !changes_type(part) && !replaced &&
        !mo_pg_is_serial(c) && (!mo_pg_is_serial(before) || mo_pg_column_has(c, MO_ATTR_DEFAULT)))
        code = alter_default(s, o, c);
    return code == MOULT_OK && !(leaves && !numbers(c)) ? alter_not_null_and_numbering(s, o, part) : code;
}

/* An expression can be dropped, and its values stay; another one is another column. */
static int alter_attributes(mo_pg_stepping *s, const mo_object *o, const mo_object *before, const mo_change *change,
                            const mo_part *part)
{
    int code = MOULT_OK, generated = mo_pg_part_differs(part, MO_ATTR_GENERATED);
    if (before && ((generated && mo_pg_column_has(part->column_after, MO_ATTR_GENERATED)) ||
                   mo_pg_is_remade(s, before, change, part->column_before)))
        return remake_column(s, o, part->column_before, part->column_after);
    if (generated)
        code = mo_pg_alter_column(s, o, part->column_after, "DROP EXPRESSION", NULL);
    if (code == MOULT_OK)
        code = alter_values(s, o, before, part);
    return code == MOULT_OK ? alter_settable(s, o, part) : code;
}

/* --- columns that are there by way of a parent or a type -------------------------------------------------------------------- */

static unsigned differences(const mo_column *a, const mo_column *b)
{
    unsigned attrs = 0;
    for (int i = 0; i < MO_ATTR_COUNT; i++)
        if (strcmp(mo_column_attr(a, (mo_attr)i), mo_column_attr(b, (mo_attr)i)) != 0)
            attrs |= 1u << i;
    return attrs & ~(1u << MO_ATTR_TYPE) & ~(1u << MO_ATTR_GENERATED) & ~(1u << MO_ATTR_IDENTITY);
}

static int become(mo_pg_stepping *s, const mo_object *o, const mo_column *from, const mo_column *to)
{
    mo_column before = *from, after = *to;
    mo_part part = {.op = MOULT_OP_ALTER, .kind = MO_PART_COLUMN, .column_before = &before, .column_after = &after};
    part.attrs = differences(from, to);
    return alter_attributes(s, o, NULL, NULL, &part);
}

/* It comes into the tree: it is new, or it was there as the parent's, and differs from that now. */
static int column_comes(mo_pg_stepping *s, const mo_change *change, const mo_column *c)
{
    const mo_column *was = mo_pg_inherited(s->plan->region, s->from, change->before, c->name);
    return was ? become(s, change->after, was, c) : add_column(s, change->after, c);
}

/* It leaves the tree: it goes, or it is the parent's from now on. */
static int column_goes(mo_pg_stepping *s, const mo_change *change, const mo_column *c)
{
    const mo_column *is = mo_pg_inherited(s->plan->region, s->to, change->after, c->name);
    if (is)
        return become(s, change->after, c, is);
    if (mo_pg_inherited(s->plan->region, s->from, change->before, c->name))
        return MOULT_OK; /* it goes from the parent */
    return drop_column_at(s, change->after, c, MO_PG_ORDER_ALTER);
}

static int column_part(mo_pg_stepping *s, const mo_change *change, const mo_part *part)
{
    switch (part->op) {
    case MOULT_OP_CREATE:
        return column_comes(s, change, part->column_after);
    case MOULT_OP_DROP:
        return column_goes(s, change, part->column_before);
    case MOULT_OP_ALTER:
        return alter_attributes(s, change->after, change->before, change, part);
    default:
        return MOULT_OK; /* renames are steps already */
    }
}

/* --- constraints and options ----------------------------------------------------------------------------------------------- */

static int drop_constraint(mo_pg_stepping *s, const mo_object *o, const mo_constraint *k)
{
    int key = k->kind == MO_CONSTRAINT_FOREIGN_KEY;
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "DROP CONSTRAINT %s", k->name);
    return alter_step(s, o, MO_PHASE_CONTRACT, key ? MO_PG_ORDER_DROP_FOREIGN_KEY : MO_PG_ORDER_DROP_CONSTRAINT, &sql);
}

static int add_constraint(mo_pg_stepping *s, const mo_object *o, const mo_constraint *k)
{
    int key = k->kind == MO_CONSTRAINT_FOREIGN_KEY;
    mo_str sql = {0};
    mo_pg_add_constraint_sql(&sql, o, k);
    return alter_step(s, o, MO_PHASE_CONTRACT, key ? MO_PG_ORDER_ADD_FOREIGN_KEY : MO_PG_ORDER_ADD_CONSTRAINT, &sql);
}

/* The canonical form without what ALTER can say: how it is deferred, that it was not validated, its index's parameters. */
static size_t length_without(const char *canonical, const char *words)
{
    const char *at = mo_pg_find_words(canonical, words);
    return at ? (size_t)(at - canonical) - 1 : strlen(canonical);
}

static int same_but_for(const char *a, const char *b, const char *words)
{
    size_t n = length_without(a, words);
    return n == length_without(b, words) && strncmp(a, b, n) == 0;
}

static int constraint_step(mo_pg_stepping *s, const mo_object *o, const char *what, const char *name, const char *rest)
{
    mo_str sql = {0};
    begin(o, &sql);
    mo_str_addf(&sql, "%s%s%s", what, name, rest);
    return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ADD_CONSTRAINT, &sql);
}

static int is_key(const mo_constraint *k)
{
    return k->kind == MO_CONSTRAINT_PRIMARY_KEY || k->kind == MO_CONSTRAINT_UNIQUE;
}

/* WITH (…) of a key is its index's. */
static int alter_key_options(mo_pg_stepping *s, const mo_object *o, const mo_constraint *before,
                             const mo_constraint *after)
{
    mo_region *r = s->plan->region;
    mo_pg_list was = {0}, is = {0}, statements = {0};
    size_t length;
    const char *with = mo_pg_find_words(before->canonical, "WITH"), *inside = with ? mo_pg_inside(with, &length) : NULL;
    int failed = inside && mo_pg_split_list(r, inside, length, &was);
    with = mo_pg_find_words(after->canonical, "WITH");
    inside = with ? mo_pg_inside(with, &length) : NULL;
    failed |= inside && mo_pg_split_list(r, inside, length, &is);
    const char *path = mo_pg_beside(r, o->name, after->name);
    const char *head = path ? mo_region_printf(r, "ALTER INDEX %s", path) : NULL;
    if (failed || !head || mo_pg_options_sql(r, head, &was, &is, &statements) != MOULT_OK)
        return mo_error_nomem(s->err);
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < statements.count; i++) {
        mo_str sql = {0};
        mo_str_add(&sql, statements.items[i]);
        code = alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ADD_CONSTRAINT, &sql);
    }
    return code;
}

/* What can be altered about a constraint that stays; *done 0: nothing, it is another one. */
static int alter_constraint(mo_pg_stepping *s, const mo_object *o, const mo_constraint *before,
                            const mo_constraint *after, int *done)
{
    const char *was = before->canonical, *is = after->canonical, *deferred = mo_pg_find_words(is, "DEFERRABLE");
    size_t n = strlen(is);
    *done = 1;
    if (strcmp(was, is) == 0)
        return MOULT_OK;
    if (strncmp(was, is, n) == 0 && strcmp(was + n, " NOT VALID") == 0)
        return constraint_step(s, o, "VALIDATE CONSTRAINT ", after->name, "");
    if (after->kind == MO_CONSTRAINT_FOREIGN_KEY && same_but_for(was, is, "DEFERRABLE") && !strstr(was, " NOT VALID") &&
        !strstr(is, " NOT VALID")) {
        mo_str rest = {0};
        mo_str_addf(&rest, " %s", deferred ? deferred : "NOT DEFERRABLE");
        int code = rest.failed ? mo_error_nomem(s->err)
                               : constraint_step(s, o, "ALTER CONSTRAINT ", after->name, mo_str_text(&rest));
        mo_str_free(&rest);
        return code;
    }
    if (is_key(after) && same_but_for(was, is, "WITH") && !strstr(was, "USING INDEX") && !strstr(is, "USING INDEX") &&
        !mo_pg_find_words(was, "DEFERRABLE") && !deferred)
        return alter_key_options(s, o, before, after);
    *done = 0;
    return MOULT_OK;
}

/* A key by its index, which is called as it is: a table of a type takes no other. */
static int rename_constraint(mo_pg_stepping *s, const mo_object *o, const mo_constraint *before,
                             const mo_constraint *after)
{
    mo_str sql = {0};
    const char *path = mo_pg_beside(s->plan->region, o->name, before->name);
    if (!path)
        return mo_error_nomem(s->err);
    if (is_key(after) && mo_table_option(o->table, "of")) {
        mo_str_addf(&sql, "ALTER INDEX %s RENAME TO %s", path, after->name);
    } else {
        begin(o, &sql);
        mo_str_addf(&sql, "RENAME CONSTRAINT %s TO %s", before->name, after->name);
    }
    return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_CONSTRAINT, &sql);
}

static int constraint_part(mo_pg_stepping *s, const mo_object *o, const mo_part *part)
{
    const mo_constraint *before = part->constraint_before, *after = part->constraint_after;
    int done = 0, code = before && after ? alter_constraint(s, o, before, after, &done) : MOULT_OK;
    int renamed = before && after && strcmp(before->name, after->name) != 0;
    if (done && renamed && !is_key(after) && mo_table_option(o->table, "of"))
        done = 0; /* the server takes no RENAME here */
    if (done && renamed && code == MOULT_OK)
        return rename_constraint(s, o, before, after);
    if (done || code != MOULT_OK)
        return code;
    code = before ? drop_constraint(s, o, before) : MOULT_OK;
    return code == MOULT_OK && after ? add_constraint(s, o, after) : code;
}

/* What ALTER TABLE says when an option goes; what is not here is a storage parameter. */
static const struct {
    const char *name, *gone;
    int order; /* when it comes */
} said[] = {
    {"unlogged", "SET LOGGED", MO_PG_ORDER_ALTER},
    {"row security", "DISABLE ROW LEVEL SECURITY", MO_PG_ORDER_ALTER},
    {"force row security", "NO FORCE ROW LEVEL SECURITY", MO_PG_ORDER_ALTER},
    {"cluster", "SET WITHOUT CLUSTER", MO_PG_ORDER_USE_INDEX},
    {"replica identity", "REPLICA IDENTITY DEFAULT", MO_PG_ORDER_USE_INDEX},
    {"tablespace", "SET TABLESPACE pg_default", MO_PG_ORDER_ALTER},
    {"access method", "SET ACCESS METHOD heap", MO_PG_ORDER_ALTER},
};

static void add_said(mo_str *sql, const char *name, const mo_option *after, const char *gone)
{
    if (!after)
        mo_str_add(sql, gone);
    else if (strcmp(name, "tablespace") == 0)
        mo_str_addf(sql, "SET %s", after->text);
    else if (strcmp(name, "access method") == 0)
        mo_str_addf(sql, "SET ACCESS METHOD %s", after->canonical);
    else if (strcmp(name, "unlogged") == 0)
        mo_str_add(sql, "SET UNLOGGED");
    else
        mo_str_add(sql, after->text);
}

static int option_part(mo_pg_stepping *s, const mo_change *change, const mo_part *part)
{
    const mo_option *before = part->option_before, *after = part->option_after;
    const char *name = (after ? after : before)->name;
    const mo_object *o = change->after;
    mo_str sql = {0};
    int done = 0, code = mo_pg_alter_place(s, change, part, &done);
    if (code != MOULT_OK || done)
        return code;
    begin(o, &sql);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (strcmp(said[i].name, name) != 0)
            continue;
        add_said(&sql, name, after, said[i].gone);
        return alter_step(s, o, MO_PHASE_CONTRACT, after ? said[i].order : MO_PG_ORDER_DROP_USE, &sql);
    }
    if (after)
        mo_str_addf(&sql, "SET (%s)", after->text);
    else
        mo_str_addf(&sql, "RESET (%s)", before->name);
    return alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER, &sql);
}

int mo_pg_alter_table(mo_pg_stepping *s, const mo_change *change)
{
    const mo_object *o = change->after;
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < change->parts.count; i++) {
        const mo_part *part = &change->parts.items[i];
        switch (part->kind) {
        case MO_PART_COLUMN:
            code = column_part(s, change, part);
            break;
        case MO_PART_CONSTRAINT:
            code = constraint_part(s, o, part);
            break;
        case MO_PART_OPTION:
            code = option_part(s, change, part);
            break;
        case MO_PART_ORDER:
            break; /* the order of columns cannot be changed */
        }
    }
    return code;
}

/* --- what else is there to know of an altered table -------------------------------------------------------------------------- */

int mo_pg_disturbs(const mo_change *change)
{
    for (size_t i = 0; i < change->parts.count; i++) {
        const mo_part *part = &change->parts.items[i];
        if (part->kind == MO_PART_COLUMN &&
            (part->op == MOULT_OP_DROP ||
             (part->op == MOULT_OP_ALTER &&
              (mo_pg_part_differs(part, MO_ATTR_TYPE) || mo_pg_part_differs(part, MO_ATTR_COLLATION) ||
               mo_pg_part_differs(part, MO_ATTR_GENERATED)))))
            return 1;
    }
    return 0;
}

/* New columns, in a form that asks nothing of the rows. */
int mo_pg_expand_table(mo_pg_stepping *s, const mo_change *change)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < change->parts.count; i++) {
        const mo_part *part = &change->parts.items[i];
        const mo_object *live = change->before;
        if (part->kind != MO_PART_COLUMN || part->op != MOULT_OP_CREATE)
            continue;
        mo_column loose = *part->column_after;
        loose.fill = loose.refill = NULL;
        if (!mo_pg_column_has(&loose, MO_ATTR_DEFAULT) || part->column_after->fill)
            loose.attr[MO_ATTR_NOT_NULL] = (mo_attr_value){NULL, NULL};
        code = add_column(s, live, &loose);
    }
    return code;
}

/* --- parts that use what is gone for a while ---------------------------------------------------------------------------------- */

static int is_about(const mo_change *change, const mo_column *column, const mo_constraint *constraint)
{
    for (size_t i = 0; change && i < change->parts.count; i++) {
        const mo_part *p = &change->parts.items[i];
        if ((column && p->column_before == column && p->op != MOULT_OP_RENAME) ||
            (constraint && p->constraint_before == constraint))
            return 1;
    }
    return 0;
}

/* A default of a column whose type is replaced is seen to there. */
static int release_default(mo_pg_stepping *s, const mo_object *before, const mo_object *o, const mo_column *was,
                           const mo_column *is)
{
    mo_str sql = {0};
    if (!mo_pg_column_has(was, MO_ATTR_DEFAULT) || !mo_pg_column_has(is, MO_ATTR_DEFAULT) ||
        !mo_pg_uses_gone(s, before, was->attr[MO_ATTR_DEFAULT].text) ||
        mo_pg_uses_gone(s, before, was->attr[MO_ATTR_TYPE].text))
        return MOULT_OK;
    begin(o, &sql);
    mo_str_addf(&sql, "ALTER COLUMN %s DROP DEFAULT", is->name);
    int code = alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_USE, &sql);
    return code == MOULT_OK ? mo_pg_alter_column(s, o, is, "SET DEFAULT ", is->attr[MO_ATTR_DEFAULT].text) : code;
}

static int release_check(mo_pg_stepping *s, const mo_object *before, const mo_object *o, const mo_constraint *was)
{
    const mo_constraint *is = mo_table_constraint_like(o->table, was);
    mo_str sql = {0};
    if (!is || (was->kind != MO_CONSTRAINT_CHECK && was->kind != MO_CONSTRAINT_EXCLUSION) ||
        !mo_pg_uses_gone(s, before, was->canonical))
        return MOULT_OK;
    begin(o, &sql);
    mo_str_addf(&sql, "DROP CONSTRAINT %s", was->name);
    int code = alter_step(s, o, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_USE, &sql);
    return code == MOULT_OK ? add_constraint(s, o, is) : code;
}

int mo_pg_release_parts(mo_pg_stepping *s, const mo_object *before, const mo_object *after, const mo_change *change)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < before->table->columns.count; i++) {
        const mo_column *was = before->table->columns.items[i], *is = mo_table_column(after->table, was->name);
        if (!is || is_about(change, was, NULL))
            continue;
        if (mo_pg_is_remade(s, before, change, was))
            code = remake_column(s, after, was, is);
        else
            code = release_default(s, before, after, was, is);
    }
    for (size_t i = 0; code == MOULT_OK && i < before->table->constraints.count; i++)
        if (!is_about(change, NULL, before->table->constraints.items[i]))
            code = release_check(s, before, after, before->table->constraints.items[i]);
    return code;
}
