/* SPDX-License-Identifier: MIT */
/*
 * steps.c - changes to steps: objects that are created, dropped, and made again because something they depend on is.
 *
 * What PostgreSQL cannot alter is dropped and created, and so is all that depends on it, in the state that the target has.
 */
#include "dialect/postgres/steps.h"

#include <string.h>

/* --- steps ------------------------------------------------------------------------------------------------------------- */

static const char *title_of(mo_region *r, const char *sql)
{
    size_t n = strcspn(sql, "\n(");
    while (n > 0 && sql[n - 1] == ' ')
        n--;
    return sql[n] == '\0' ? mo_region_dup(r, sql) : mo_region_printf(r, "%.*s …", (int)(n > 200 ? 200 : n), sql);
}

mo_step *mo_pg_step(mo_pg_stepping *s, mo_phase phase, int order, const char *method, const mo_object *o,
                    const char *sql)
{
    mo_step *step = mo_plan_step(s->plan, phase, order, method, o->kind, o->name, o->parent);
    if (!step)
        return NULL;
    step->transaction = 1;
    if (sql &&
        (!(step->title = title_of(s->plan->region, sql)) || mo_step_run(s->plan, step, sql, 0, s->err) != MOULT_OK))
        return NULL;
    return step;
}

int mo_pg_step_text(mo_pg_stepping *s, mo_phase phase, int order, const char *method, const mo_object *o, mo_str *sql)
{
    int failed = sql->failed || (!s->dry && !mo_pg_step(s, phase, order, method, o, mo_str_text(sql)));
    mo_str_free(sql);
    return failed ? mo_error_nomem(s->err) : MOULT_OK;
}

int mo_pg_step_says(mo_pg_stepping *s, const char *cost, const char *undo)
{
    mo_step *step = &s->plan->steps.items[s->plan->steps.count - 1];
    if (cost && !(step->cost = mo_region_dup(s->plan->region, cost)))
        return mo_error_nomem(s->err);
    if (undo && !(step->undo = mo_region_dup(s->plan->region, undo)))
        return mo_error_nomem(s->err);
    return MOULT_OK;
}

/* --- when things are dropped and created ------------------------------------------------------------------------------- */

/* Does it need a view, directly or not, or a function that does? Then it cannot come before the altered tables either. */
static int needs_late(const mo_pg_stepping *s, const mo_schema *schema, const mo_object *o, int depth)
{
    for (size_t i = 0; depth < 64 && i < o->mention_count; i++) {
        const char *name = o->mentions[i];
        if (!mo_pg_holds(o, name))
            continue;
        if (mo_schema_find(schema, MO_KIND_VIEW, name) || mo_schema_find(schema, MO_KIND_MATERIALIZED_VIEW, name))
            return 1;
        const mo_object *needed = mo_schema_find(schema, MO_KIND_FUNCTION, name);
        if (needed && needs_late(s, schema, needed, depth + 1))
            return 1;
    }
    return 0;
}

/* Does a table's definition call it? Then it cannot wait for tables. */
static int is_called_by_tables(const mo_pg_stepping *s, const mo_object *o)
{
    for (size_t i = 0; i < s->to->objects.count; i++)
        if (s->to->objects.items[i]->table && mo_object_mentions(s->to->objects.items[i], o->name))
            return 1;
    return 0;
}

/* The server reads the bodies of some functions when they are made: they may use the new columns of an altered table. */
static int needs_altered_table(const mo_pg_stepping *s, const mo_object *o)
{
    if (o->kind != MO_KIND_FUNCTION && o->kind != MO_KIND_PROCEDURE)
        return 0;
    for (size_t i = 0; i < s->plan->changes.count; i++) {
        const mo_change *c = &s->plan->changes.items[i];
        if (c->kind == MO_KIND_TABLE && c->op == MOULT_OP_ALTER && mo_object_mentions(o, c->after->name))
            return mo_pg_holds(o, c->after->name) || !is_called_by_tables(s, o);
    }
    return 0;
}

int mo_pg_order_of_create(const mo_pg_stepping *s, const mo_object *o)
{
    int order = mo_pg_order_of(o->kind);
    if (order == MO_PG_ORDER_CREATE && o->kind != MO_KIND_TABLE &&
        (needs_late(s, s->to, o, 0) || needs_altered_table(s, o)))
        return MO_PG_ORDER_CREATE_LATE;
    if (o->kind == MO_KIND_INDEX && mo_schema_find(s->to, MO_KIND_MATERIALIZED_VIEW, o->parent))
        return MO_PG_ORDER_CREATE_LATE;
    return order;
}

/* Does another thing of that name come, of whatever kind? */
static int name_is_needed(const mo_pg_stepping *s, const mo_object *o)
{
    for (int kind = 0; kind < MO_KIND_COUNT; kind++)
        if (kind != (int)o->kind && mo_schema_find(s->to, (mo_kind)kind, o->name))
            return 1;
    return 0;
}

static int holds_shaken(const mo_pg_stepping *s, const mo_object *o)
{
    for (size_t i = 0; i < o->mention_count; i++)
        if (mo_map_has(s->shaken, o->mentions[i]) && mo_pg_holds(o, o->mentions[i]))
            return 1;
    return 0;
}

static int is_partition(const mo_object *o)
{
    return o->table && mo_table_option(o->table, "partition of") != NULL;
}

static int order_of_drop(const mo_pg_stepping *s, const mo_object *o, int again)
{
    int order = mo_pg_order_of(o->kind);
    if (order >= MO_PG_ORDER_CREATE_INDEX || o->kind == MO_KIND_CAST)
        return MO_PG_ORDER_DROP;
    if (o->kind != MO_KIND_TABLE && (again || holds_shaken(s, o)) &&
        (needs_late(s, s->from, o, 0) || holds_shaken(s, o)))
        return MO_PG_ORDER_DROP;
    return again || is_partition(o) || name_is_needed(s, o) ? MO_PG_ORDER_DROP_NEEDED : MO_PG_ORDER_DROP_LATE;
}

/* --- dropping ---------------------------------------------------------------------------------------------------------- */

static int drop_sql(const mo_object *o, mo_str *sql)
{
    if (o->kind == MO_KIND_COMMENT)
        mo_str_addf(sql, "COMMENT ON %s IS NULL", o->name);
    else if (o->kind == MO_KIND_PRIVILEGE || o->kind == MO_KIND_DEFAULT_PRIVILEGE)
        mo_pg_usual_privileges(o, sql);
    else if (*mo_kinds[o->kind].noun)
        mo_str_addf(sql, "DROP %s %s", mo_kinds[o->kind].noun, o->name);
    return sql->failed || sql->length > 0;
}

/* Foreign keys to a table that goes would hold it, and those of tables that go together may be a circle. */
static int drop_keys(mo_pg_stepping *s, const mo_object *o)
{
    int code = MOULT_OK;
    for (size_t i = 0; o->table && code == MOULT_OK && i < o->table->constraints.count; i++) {
        const mo_constraint *k = o->table->constraints.items[i];
        mo_str sql = {0};
        if (k->kind != MO_CONSTRAINT_FOREIGN_KEY)
            continue;
        mo_str_addf(&sql, "ALTER TABLE %s DROP CONSTRAINT %s", o->name, k->name);
        code = mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_FOREIGN_KEY + s->serial++, "drop", o, &sql);
    }
    return code;
}

static int drop_one(mo_pg_stepping *s, const mo_object *o, int order)
{
    mo_str sql = {0};
    if (!drop_sql(o, &sql)) {
        mo_str_free(&sql);
        return mo_error_set(s->err, MOULT_UNSUPPORTED, "%s %s cannot be dropped by moult", mo_kinds[o->kind].name,
                            o->name);
    }
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, order, "drop", o, &sql);
}

/* Triggers, rules and policies go with their table; but what they call may go too, and is held by them until then. */
static int drop_of_table(mo_pg_stepping *s, const mo_object *table)
{
    int code = MOULT_OK;
    for (size_t i = 0; table->table && code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *o = s->from->objects.items[i];
        if ((o->kind == MO_KIND_TRIGGER || o->kind == MO_KIND_RULE || o->kind == MO_KIND_POLICY) &&
            mo_name_equal(o->parent, table->name) && !(o->flags & MO_OBJECT_UNCOMPARED))
            code = drop_one(s, o, MO_PG_ORDER_DROP);
    }
    return code;
}

static int says_of(const mo_object *o)
{
    return o->kind == MO_KIND_COMMENT || o->kind == MO_KIND_PRIVILEGE;
}

/* What is said of a thing goes with it. */
static int goes_with_another(const mo_pg_stepping *s, const mo_object *o)
{
    for (size_t i = 0; says_of(o) && i < o->mention_count; i++)
        if (mo_map_has(s->gone, o->mentions[i]))
            return 1;
    return 0;
}

/* CREATE OPERATOR CLASS made a family of its name where it was given none; DROP leaves that behind. What other classes are in
 * it keeps it: then it is an object of its own in the target. */
static int drop_family(mo_pg_stepping *s, const mo_object *o)
{
    mo_str sql = {0};
    if (o->kind != MO_KIND_OPERATOR_CLASS || strstr(o->canonical, " FAMILY ") ||
        mo_schema_find(s->to, MO_KIND_OPERATOR_FAMILY, o->name))
        return MOULT_OK;
    mo_str_addf(&sql, "DROP OPERATOR FAMILY %s", o->name);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_LATE + 1, "drop", o, &sql);
}

/* Is there "table.column"? */
static int has_column(const mo_schema *schema, const char *path)
{
    for (size_t i = 0; i < schema->objects.count; i++) {
        const mo_object *o = schema->objects.items[i];
        size_t n = strlen(o->name);
        if (o->table && strncmp(path, o->name, n) == 0 && path[n] == '.' && mo_table_column(o->table, path + n + 1))
            return 1;
    }
    return 0;
}

/* A sequence goes with the column that owns it. */
static int goes_with_owner(const mo_pg_stepping *s, const mo_object *o)
{
    const char *owner = o->kind == MO_KIND_SEQUENCE ? mo_pg_find_words(o->canonical, "OWNED BY") : NULL;
    if (!owner)
        return 0;
    owner += strlen("OWNED BY ");
    return has_column(s->from, owner) && !has_column(s->to, owner);
}

static int drop(mo_pg_stepping *s, const mo_object *o, int again)
{
    if (goes_with_another(s, o) || goes_with_owner(s, o) || (again && says_of(o)) ||
        (o->kind == MO_KIND_SEQUENCE && !again && mo_pg_becomes_serial(s, o->name)))
        return MOULT_OK;
    int code = drop_keys(s, o);
    if (code == MOULT_OK)
        code = drop_of_table(s, o);
    if (code == MOULT_OK)
        code = drop_one(s, o, order_of_drop(s, o, again));
    return code == MOULT_OK && !again ? drop_family(s, o) : code;
}

/* --- creating ---------------------------------------------------------------------------------------------------------- */

static int add_keys(mo_pg_stepping *s, const mo_object *o)
{
    int code = MOULT_OK;
    for (size_t i = 0; o->table && code == MOULT_OK && i < o->table->constraints.count; i++) {
        mo_str sql = {0};
        if (o->table->constraints.items[i]->kind != MO_CONSTRAINT_FOREIGN_KEY)
            continue;
        mo_pg_add_constraint_sql(&sql, o, o->table->constraints.items[i]);
        code = mo_pg_step_text(s, MO_PHASE_EXPAND, MO_PG_ORDER_ADD_FOREIGN_KEY + s->serial++, "create", o, &sql);
    }
    return code;
}

/* It goes on where it stands; its column lets go of it, for it may be given to another one. */
static int take_sequence(mo_pg_stepping *s, const mo_object *o)
{
    mo_str sql = {0};
    const char *type = o->canonical;
    mo_str_addf(&sql, "ALTER SEQUENCE %s %.*s", o->name, (int)(strcspn(type + 3, " ") + 3), type);
    mo_pg_sequence_options(&sql, type, " ");
    mo_str_add(&sql, " OWNED BY NONE");
    return mo_pg_step_text(s, MO_PHASE_EXPAND, MO_PG_ORDER_CREATE, "alter", o, &sql);
}

/* A sequence is there before the table whose default asks it, and is given to a column of it after. */
static int create_sequence(mo_pg_stepping *s, const mo_object *o)
{
    mo_str owner = {0};
    int code = mo_pg_leaves_serial(s, o)                                                 ? take_sequence(s, o)
               : mo_pg_step(s, MO_PHASE_EXPAND, MO_PG_ORDER_CREATE, "create", o, o->sql) ? MOULT_OK
                                                                                         : MOULT_NOMEM;
    if (code != MOULT_OK || mo_pg_late_sql(o, &owner) != MOULT_OK) {
        mo_str_free(&owner);
        return mo_error_nomem(s->err);
    }
    return owner.length ? mo_pg_step_text(s, MO_PHASE_EXPAND, MO_PG_ORDER_OWN + s->serial++, "create", o, &owner)
                        : MOULT_OK;
}

static int create(mo_pg_stepping *s, const mo_object *o)
{
    if (o->kind == MO_KIND_SEQUENCE)
        return create_sequence(s, o);
    mo_step *step = mo_pg_step(s, MO_PHASE_EXPAND, mo_pg_order_of_create(s, o), "create", o, o->sql);
    return step ? add_keys(s, o) : mo_error_nomem(s->err);
}

/* --- indexes that only get another name ---------------------------------------------------------------------------------- */

static int is_renamed_to(const mo_change *gone, const mo_change *made)
{
    return made->op == MOULT_OP_CREATE && made->kind == MO_KIND_INDEX &&
           mo_name_equal(made->after->parent, gone->before->parent) &&
           strcmp(made->after->canonical, gone->before->canonical) == 0;
}

static int pair(mo_pg_stepping *s, const mo_object *before, const mo_object *after)
{
    mo_str sql = {0}, key = {0};
    int failed = 0;
    const mo_object *both[2] = {before, after};
    for (int i = 0; i < 2; i++) {
        mo_str_clear(&key);
        mo_str_addf(&key, "%d %s", (int)both[i]->kind, both[i]->name);
        failed |= key.failed || mo_map_put(s->paired, mo_str_text(&key), (void *)after);
    }
    const char *last = mo_pg_last_name(s->plan->region, after->name);
    mo_str_addf(&sql, "ALTER INDEX %s RENAME TO %s", before->name, last ? last : "");
    mo_str_free(&key);
    int code = mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_CREATE_INDEX, "alter", after, &sql);
    return failed || !last ? mo_error_nomem(s->err) : code;
}

static int pair_indexes(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < s->plan->changes.count; i++) {
        const mo_change *gone = &s->plan->changes.items[i];
        if (gone->op != MOULT_OP_DROP || gone->kind != MO_KIND_INDEX)
            continue;
        for (size_t k = 0; code == MOULT_OK && k < s->plan->changes.count; k++) {
            const mo_change *made = &s->plan->changes.items[k];
            if (!is_renamed_to(gone, made) || mo_pg_is_marked(s->paired, made->after) ||
                mo_pg_is_marked(s->paired, gone->before))
                continue;
            code = pair(s, gone->before, made->after);
        }
    }
    return code;
}

/* --- the walk -------------------------------------------------------------------------------------------------------------- */

static int alter(mo_pg_stepping *s, const mo_change *c)
{
    int done = 0;
    if (c->kind == MO_KIND_TABLE)
        return mo_pg_alter_table(s, c);
    if (mo_pg_is_marked(s->again, c->before) || mo_pg_is_marked(s->replaced, c->before))
        return MOULT_OK;
    return mo_pg_alter_object(s, c, &done);
}

static int change_steps(mo_pg_stepping *s, const mo_change *c)
{
    if (mo_pg_is_marked(s->paired, c->after ? c->after : c->before))
        return MOULT_OK;
    switch (c->op) {
    case MOULT_OP_CREATE:
        return create(s, c->after);
    case MOULT_OP_DROP:
        return c->early ? MOULT_OK : drop(s, c->before, 0); /* an early one is a step already */
    case MOULT_OP_ALTER:
        return alter(s, c);
    default:
        return MOULT_OK; /* renames are steps already */
    }
}

static int make_again(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *o = s->from->objects.items[i];
        const mo_object *after = mo_schema_find(s->to, o->kind, o->name);
        if (!after)
            continue;
        if (mo_pg_is_marked(s->replaced, o))
            code = mo_pg_replace_type(s, o, after);
        if (mo_pg_is_marked(s->again, o))
            code = drop(s, o, 1);
        if (code == MOULT_OK && mo_pg_is_marked(s->again, o))
            code = create(s, after);
        if (code == MOULT_OK && o->table)
            code = mo_pg_release_parts(s, o, after, mo_map_get(s->altered, after->name));
    }
    return code;
}

/* What was asked for and is not done is said: each statement takes the lock that PostgreSQL gives it. */
static int say_online(mo_plan *plan, mo_error *err)
{
    int asked = plan->online == MOULT_ONLINE_ALWAYS || plan->online == MOULT_ONLINE_LAST;
    if (!asked || !plan->changes.count)
        return MOULT_OK;
    return mo_plan_note(plan, err,
                        "nothing is done in batches or concurrently on PostgreSQL: what the steps lock stays "
                        "locked until they are committed");
}

int mo_pg_steps(mo_conn *c, mo_plan *plan, mo_error *err)
{
    mo_pg_stepping s = {.conn = c, .plan = plan, .from = mo_plan_start(plan), .to = plan->target, .err = err};
    mo_map **maps[] = {&s.again, &s.replaced, &s.gone, &s.shaken, &s.altered, &s.paired};
    int code = say_online(plan, err);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        if (!(*maps[i] = mo_map_new(1)))
            code = mo_error_nomem(err);
    if (code == MOULT_OK)
        code = pair_indexes(&s);
    if (code == MOULT_OK)
        code = mo_pg_find_again(&s);
    for (size_t i = 0; code == MOULT_OK && i < plan->changes.count; i++)
        code = change_steps(&s, &plan->changes.items[i]);
    if (code == MOULT_OK)
        code = make_again(&s);
    if (code == MOULT_OK)
        code = mo_pg_release_keys(&s);
    if (code == MOULT_OK)
        code = mo_pg_follow_names(&s);
    if (code == MOULT_OK)
        code = mo_pg_say_again(&s);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        mo_map_free(*maps[i]);
    return code;
}

/* What only adds: new objects, but for what writes when a hook moves data, or asks the rows that are there. */
int mo_pg_expand_steps(mo_conn *c, mo_plan *plan, mo_error *err)
{
    mo_pg_stepping s = {.conn = c, .plan = plan, .from = plan->live, .to = plan->target, .err = err};
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < plan->changes.count; i++) {
        const mo_change *change = &plan->changes.items[i];
        const mo_object *o = change->after;
        if (change->op == MOULT_OP_ALTER && change->kind == MO_KIND_TABLE)
            code = mo_pg_expand_table(&s, change);
        if (change->op != MOULT_OP_CREATE || o->kind == MO_KIND_TRIGGER || o->kind == MO_KIND_RULE ||
            (o->kind == MO_KIND_INDEX && strncmp(o->canonical, "unique ", 7) == 0 &&
             mo_schema_find(plan->live, MO_KIND_TABLE, o->parent)))
            continue;
        code = create(&s, o);
    }
    return code;
}
