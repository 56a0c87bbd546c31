/* SPDX-License-Identifier: MIT */
/*
 * steps.c - changes to steps: objects that are created, dropped, and made again because something they depend on is.
 *
 * What PostgreSQL cannot alter is dropped and created, and so is all that depends on it, in the state that the target has.
 */
#include "dialect/postgres/steps.h"

#include <stdio.h>
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
    int failed = sql->failed || !mo_pg_step(s, phase, order, method, o, mo_str_text(sql));
    mo_str_free(sql);
    return failed ? mo_error_nomem(s->err) : MOULT_OK;
}

/* --- what is made again ------------------------------------------------------------------------------------------------ */

static const char *key_of(const mo_object *o, char *room, size_t size)
{
    snprintf(room, size, "%d %s", (int)o->kind, o->name);
    return room;
}

static int is_again(const mo_pg_stepping *s, const mo_object *o)
{
    char key[512];
    return mo_map_has(s->again, key_of(o, key, sizeof key));
}

static int mark_again(mo_pg_stepping *s, const mo_object *o)
{
    char key[512];
    return mo_map_put(s->again, key_of(o, key, sizeof key), s) ? mo_error_nomem(s->err) : MOULT_OK;
}

/* Kinds that hold no rows of their own, so that they can be dropped and made again. */
static int may_be_made_again(mo_kind kind)
{
    switch (kind) {
    case MO_KIND_VIEW:
    case MO_KIND_MATERIALIZED_VIEW:
    case MO_KIND_RULE:
    case MO_KIND_TRIGGER:
    case MO_KIND_POLICY:
    case MO_KIND_FUNCTION:
    case MO_KIND_PROCEDURE:
    case MO_KIND_AGGREGATE:
    case MO_KIND_OPERATOR:
    case MO_KIND_CAST:
    case MO_KIND_STATISTICS:
    case MO_KIND_INDEX:
    case MO_KIND_COMMENT:
    case MO_KIND_PRIVILEGE:
        return 1;
    default:
        return 0;
    }
}

/* Does `o` depend on something that is dropped for a while? */
static int is_disturbed(const mo_pg_stepping *s, const mo_object *o, const mo_map *disturbed)
{
    (void)s;
    for (size_t i = 0; i < o->mention_count; i++)
        if (mo_map_has(disturbed, o->mentions[i]))
            return 1;
    return o->parent && mo_map_has(disturbed, o->parent);
}

static int disturb(mo_pg_stepping *s, mo_map *disturbed, const char *name)
{
    return mo_map_put(disturbed, name, s) ? mo_error_nomem(s->err) : MOULT_OK;
}

/* One round outwards; *more tells whether something was found. */
static int spread(mo_pg_stepping *s, mo_map *disturbed, int *more)
{
    int code = MOULT_OK;
    *more = 0;
    for (size_t i = 0; code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *o = s->from->objects.items[i];
        if (!may_be_made_again(o->kind) || is_again(s, o) || !is_disturbed(s, o, disturbed) ||
            !mo_schema_find(s->to, o->kind, o->name))
            continue;
        *more = 1;
        code = mark_again(s, o);
        if (code == MOULT_OK)
            code = disturb(s, disturbed, o->name);
    }
    return code;
}

/* What cannot be altered in place, and what depends on that. */
static int find_again(mo_pg_stepping *s, mo_map *disturbed)
{
    int code = MOULT_OK, more = 1;
    for (size_t i = 0; code == MOULT_OK && i < s->plan->changes.count; i++) {
        const mo_change *c = &s->plan->changes.items[i];
        if (c->op == MOULT_OP_ALTER && c->kind == MO_KIND_TABLE) {
            if (mo_pg_disturbs(c))
                code = disturb(s, disturbed, c->after->name);
        } else if (c->op == MOULT_OP_ALTER) {
            int done = 0;
            code = mo_pg_alter_object(s, c, &done);
            if (code == MOULT_OK && !done)
                code = mark_again(s, c->before);
            if (code == MOULT_OK && !done)
                code = disturb(s, disturbed, c->before->name);
        } else if (c->op == MOULT_OP_DROP) {
            code = disturb(s, disturbed, c->before->name);
        }
    }
    while (code == MOULT_OK && more)
        code = spread(s, disturbed, &more);
    return code;
}

/* --- dropping and creating ----------------------------------------------------------------------------------------------- */

static int order_of_drop(mo_kind kind)
{
    switch (kind) {
    case MO_KIND_VIEW:
    case MO_KIND_MATERIALIZED_VIEW:
    case MO_KIND_RULE:
    case MO_KIND_STATISTICS:
    case MO_KIND_TRIGGER:
    case MO_KIND_POLICY:
    case MO_KIND_PUBLICATION:
    case MO_KIND_EVENT_TRIGGER:
    case MO_KIND_INDEX:
    case MO_KIND_COMMENT:
    case MO_KIND_PRIVILEGE:
    case MO_KIND_DEFAULT_PRIVILEGE:
        return MO_PG_ORDER_DROP;
    default:
        return MO_PG_ORDER_DROP_LATE;
    }
}

static int order_of_create(mo_kind kind)
{
    switch (kind) {
    case MO_KIND_INDEX:
        return MO_PG_ORDER_CREATE_INDEX;
    case MO_KIND_VIEW:
    case MO_KIND_MATERIALIZED_VIEW:
    case MO_KIND_RULE:
    case MO_KIND_STATISTICS:
    case MO_KIND_TRIGGER:
    case MO_KIND_POLICY:
    case MO_KIND_PUBLICATION:
    case MO_KIND_EVENT_TRIGGER:
        return MO_PG_ORDER_CREATE_LATE;
    case MO_KIND_COMMENT:
    case MO_KIND_PRIVILEGE:
    case MO_KIND_DEFAULT_PRIVILEGE:
        return MO_PG_ORDER_SAY;
    default:
        return MO_PG_ORDER_CREATE;
    }
}

/* Does it need a view, directly or not? Then it cannot come before the altered tables either. */
static int needs_late(const mo_pg_stepping *s, const mo_object *o, int depth)
{
    for (size_t i = 0; depth < 64 && i < o->mention_count; i++) {
        const mo_object *needed = mo_schema_find(s->to, MO_KIND_VIEW, o->mentions[i]);
        if (!needed)
            needed = mo_schema_find(s->to, MO_KIND_MATERIALIZED_VIEW, o->mentions[i]);
        if (needed)
            return 1;
        needed = mo_schema_find(s->to, MO_KIND_FUNCTION, o->mentions[i]);
        if (needed && needs_late(s, needed, depth + 1))
            return 1;
    }
    return 0;
}

static int drop_sql(const mo_object *o, mo_str *sql)
{
    const char *to = NULL;
    if (o->kind == MO_KIND_COMMENT) {
        mo_str_addf(sql, "COMMENT ON %s IS NULL", o->name);
        return 1;
    }
    if (o->kind == MO_KIND_PRIVILEGE) {
        for (const char *at = strstr(o->name, " TO "); at; at = strstr(at + 1, " TO "))
            to = at;
        if (to)
            mo_str_addf(sql, "REVOKE ALL ON %.*s FROM %s", (int)(to - o->name), o->name, to + 4);
        return to != NULL;
    }
    mo_str_addf(sql, "DROP %s %s", mo_kinds[o->kind].noun, o->name);
    return *mo_kinds[o->kind].noun != '\0';
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

static int drop_one(mo_pg_stepping *s, const mo_object *o, int early)
{
    mo_str sql = {0};
    if (!drop_sql(o, &sql)) {
        mo_str_free(&sql);
        return mo_error_set(s->err, MOULT_UNSUPPORTED, "%s %s cannot be dropped by moult", mo_kinds[o->kind].name,
                            o->name);
    }
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, early ? MO_PG_ORDER_DROP : order_of_drop(o->kind), "drop", o, &sql);
}

/* Triggers, rules and policies go with their table; but what they call may go too, and is held by them until then. */
static int drop_of_table(mo_pg_stepping *s, const mo_object *table)
{
    int code = MOULT_OK;
    for (size_t i = 0; table->table && code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *o = s->from->objects.items[i];
        if ((o->kind == MO_KIND_TRIGGER || o->kind == MO_KIND_RULE || o->kind == MO_KIND_POLICY) &&
            mo_name_equal(o->parent, table->name) && !(o->flags & MO_OBJECT_UNCOMPARED))
            code = drop_one(s, o, 1);
    }
    return code;
}

static int drop(mo_pg_stepping *s, const mo_object *o, int early)
{
    int code = drop_keys(s, o);
    if (code == MOULT_OK)
        code = drop_of_table(s, o);
    return code == MOULT_OK ? drop_one(s, o, early) : code;
}

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

static int create(mo_pg_stepping *s, const mo_object *o)
{
    int order = order_of_create(o->kind);
    if (order == MO_PG_ORDER_CREATE && needs_late(s, o, 0))
        order = MO_PG_ORDER_CREATE_LATE;
    if (o->kind == MO_KIND_INDEX && mo_schema_find(s->to, MO_KIND_MATERIALIZED_VIEW, o->parent))
        order = MO_PG_ORDER_CREATE_LATE;
    mo_step *step = mo_pg_step(s, MO_PHASE_EXPAND, order, "create", o, o->sql);
    return step ? add_keys(s, o) : mo_error_nomem(s->err);
}

static int change_steps(mo_pg_stepping *s, const mo_change *c)
{
    switch (c->op) {
    case MOULT_OP_CREATE:
        return create(s, c->after);
    case MOULT_OP_DROP:
        return drop(s, c->before, 0);
    case MOULT_OP_ALTER:
        return c->kind == MO_KIND_TABLE ? mo_pg_alter_table(s, c) : MOULT_OK;
    default:
        return MOULT_OK; /* renames are steps already */
    }
}

static int make_again(mo_pg_stepping *s)
{
    int code = MOULT_OK;
    for (size_t i = 0; code == MOULT_OK && i < s->from->objects.count; i++) {
        const mo_object *o = s->from->objects.items[i];
        const mo_object *after = is_again(s, o) ? mo_schema_find(s->to, o->kind, o->name) : NULL;
        if (after)
            code = drop(s, o, 1);
        if (after && code == MOULT_OK)
            code = create(s, after);
    }
    return code;
}

int mo_pg_steps(mo_conn *c, mo_plan *plan, mo_error *err)
{
    mo_pg_stepping s = {.conn = c, .plan = plan, .from = mo_plan_start(plan), .to = plan->target, .err = err};
    mo_map *disturbed = mo_map_new(1);
    s.again = mo_map_new(1);
    int code = s.again && disturbed ? find_again(&s, disturbed) : mo_error_nomem(err);
    for (size_t i = 0; code == MOULT_OK && i < plan->changes.count; i++)
        code = change_steps(&s, &plan->changes.items[i]);
    if (code == MOULT_OK)
        code = make_again(&s);
    mo_map_free(s.again);
    mo_map_free(disturbed);
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
