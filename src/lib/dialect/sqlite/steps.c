/* SPDX-License-Identifier: MIT */
/* steps.c - drops and creates, and which change goes to which rung. */
#include <stdio.h>
#include <string.h>

#include "dialect/sqlite/ladder.h"

static char *change_key(mo_kind kind, const char *name, char *room, size_t size)
{
    int n = snprintf(room, size, "%d %s", (int)kind, name);
    return n > 0 && (size_t)n < size ? room : NULL;
}

int mo_ladder_changed(const mo_ladder *l, const mo_object *o)
{
    char room[1024];
    char *key = change_key(o->kind, o->name, room, sizeof room);
    if (key)
        return mo_map_has(l->changed, key);
    for (size_t i = 0; i < l->plan->changes.count; i++) { /* a name too long for the key: look at each */
        const mo_change *c = &l->plan->changes.items[i];
        const mo_object *other = c->after ? c->after : c->before;
        if (c->op != MOULT_OP_RENAME && other->kind == o->kind && mo_name_equal(other->name, o->name))
            return 1;
    }
    return 0;
}

static int note_changed(mo_ladder *l)
{
    char room[1024];
    for (size_t i = 0; i < l->plan->changes.count; i++) {
        const mo_change *c = &l->plan->changes.items[i];
        const mo_object *o = c->after ? c->after : c->before;
        char *key = c->op == MOULT_OP_RENAME ? NULL : change_key(o->kind, o->name, room, sizeof room);
        if (key && mo_map_put(l->changed, key, (void *)o))
            return mo_error_nomem(l->err);
    }
    return MOULT_OK;
}

static int order_of(mo_kind kind, int create)
{
    static const int creates[MO_KIND_COUNT] = {
        [MO_KIND_TABLE] = MO_ORDER_CREATE_TABLE,     [MO_KIND_VIRTUAL_TABLE] = MO_ORDER_CREATE_TABLE,
        [MO_KIND_INDEX] = MO_ORDER_CREATE_INDEX,     [MO_KIND_VIEW] = MO_ORDER_CREATE_VIEW,
        [MO_KIND_TRIGGER] = MO_ORDER_CREATE_TRIGGER,
    };
    static const int drops[MO_KIND_COUNT] = {
        [MO_KIND_TABLE] = MO_ORDER_DROP_TABLE,     [MO_KIND_VIRTUAL_TABLE] = MO_ORDER_DROP_TABLE,
        [MO_KIND_INDEX] = MO_ORDER_DROP_INDEX,     [MO_KIND_VIEW] = MO_ORDER_DROP_VIEW,
        [MO_KIND_TRIGGER] = MO_ORDER_DROP_TRIGGER,
    };
    return create ? creates[kind] : drops[kind];
}

/* Is a dropped table kept? One whose module does not let it be renamed cannot be. */
static int is_kept(mo_ladder *l, const mo_object *o, int *kept)
{
    int rc = MOULT_OK;
    *kept = l->plan->attic.on && (o->kind == MO_KIND_TABLE || o->kind == MO_KIND_VIRTUAL_TABLE) &&
            !(o->flags & MO_OBJECT_UNREAD);
    if (*kept && o->kind == MO_KIND_VIRTUAL_TABLE)
        rc = mo_ladder_can_move(l, o, kept);
    if (rc == MOULT_OK && !*kept && o->kind == MO_KIND_VIRTUAL_TABLE && l->plan->attic.on)
        rc = mo_plan_note(l->plan, l->err, "virtual table %s is not kept: its module does not let it be renamed",
                          o->name);
    return rc;
}

static int drop(mo_ladder *l, const mo_object *o, const char *method)
{
    mo_str sql = {0};
    int kept, rc = is_kept(l, o, &kept);
    if (rc != MOULT_OK)
        return rc;
    mo_step *s = mo_plan_step(l->plan, MO_PHASE_CONTRACT, order_of(o->kind, 0), method, o->kind, o->name, o->parent);
    if (s == NULL)
        return mo_error_nomem(l->err);
    mo_str_addf(&sql, "DROP %s ", mo_kinds[o->kind].noun);
    mo_str_ident(&sql, o->name, '"');
    s->title = kept ? mo_region_printf(l->plan->region, "move %s %s into the attic", mo_kinds[o->kind].name,
                                       mo_plan_live_table(l->plan, o->name))
                    : mo_region_dup(l->plan->region, mo_str_text(&sql));
    s->undo = mo_region_dup(l->plan->region, o->sql);
    s->transaction = 1;
    rc = sql.failed || s->title == NULL ? mo_error_nomem(l->err)
         : kept                         ? mo_ladder_keep_table(l, s, o)
                                        : mo_step_run(l->plan, s, mo_str_text(&sql), 0, l->err);
    mo_str_free(&sql);
    return rc;
}

const char *mo_ladder_title(mo_region *r, const char *sql)
{
    size_t n = strcspn(sql, "\n(");
    while (n > 0 && sql[n - 1] == ' ')
        n--;
    return sql[n] == '\0' ? mo_region_dup(r, sql) : mo_region_printf(r, "%.*s …", (int)(n > 200 ? 200 : n), sql);
}

/* One that the attic has comes back whole, by its name. */
static int create_virtual(mo_ladder *l, mo_step *s, const mo_object *o)
{
    for (size_t i = 0; i < l->plan->refills.count; i++)
        if (mo_name_equal(l->plan->refills.items[i].table, o->name))
            return mo_ladder_move_back(l, s, &l->plan->refills.items[i]);
    return mo_step_run(l->plan, s, o->sql, 0, l->err);
}

static int create(mo_ladder *l, const mo_object *o)
{
    int rc;
    mo_step *s = mo_plan_step(l->plan, MO_PHASE_EXPAND, order_of(o->kind, 1), "create", o->kind, o->name, o->parent);
    if (s == NULL)
        return mo_error_nomem(l->err);
    s->title = mo_ladder_title(l->plan->region, o->sql);
    s->transaction = 1;
    if (s->title == NULL)
        return mo_error_nomem(l->err);
    rc = o->kind == MO_KIND_VIRTUAL_TABLE ? create_virtual(l, s, o) : mo_step_run(l->plan, s, o->sql, 0, l->err);
    if (rc == MOULT_OK && o->kind == MO_KIND_VIEW) /* its triggers went with the old view */
        rc = mo_ladder_restore(l, s, o->name, 0);
    return rc;
}

/* Was the table (or view) of this index or trigger dropped or rebuilt away with it? Then there is nothing to drop. */
static int goes_with_its_table(const mo_ladder *l, const mo_object *o)
{
    for (size_t i = 0; o->parent && i < l->plan->changes.count; i++) {
        const mo_change *c = &l->plan->changes.items[i];
        if (c->op == MOULT_OP_DROP && !mo_kinds[c->kind].of_table && mo_name_equal(c->before->name, o->parent))
            return 1;
    }
    return 0;
}

static int change_steps(mo_ladder *l, mo_change *c)
{
    int rc = MOULT_OK;
    switch (c->op) {
    case MOULT_OP_RENAME:
    case MOULT_OP_RUN:
        return MOULT_OK; /* done first, see rename.c; by a step of its own */
    case MOULT_OP_CREATE:
        return create(l, c->after);
    case MOULT_OP_DROP:
        return c->early || goes_with_its_table(l, c->before) ? MOULT_OK : drop(l, c->before, "drop");
    case MOULT_OP_ALTER:
        break;
    }
    if (c->kind == MO_KIND_TABLE)
        return mo_ladder_alter(l, c);
    if (c->kind == MO_KIND_VIRTUAL_TABLE)
        return mo_ladder_virtual(l, c);
    if (!goes_with_its_table(l, c->before))
        rc = drop(l, c->before, "create");
    return rc == MOULT_OK ? create(l, c->after) : rc;
}

/* It edits the definitions of the tables that it swaps. */
static int has_online(const mo_ladder *l)
{
    for (size_t i = 0; i < l->plan->steps.count; i++)
        if (strcmp(l->plan->steps.items[i].method, "online") == 0)
            return 1;
    return 0;
}

static int settings(mo_ladder *l)
{
    /* Off before BEGIN, where it is silently ignored: a DROP TABLE with it on deletes the children's rows. */
    if (mo_vec_push(l->plan->region, &l->plan->settings, "foreign_keys=off"))
        return mo_error_nomem(l->err);
    if ((l->edits || has_online(l)) && mo_vec_push(l->plan->region, &l->plan->settings, "defensive=off"))
        return mo_error_nomem(l->err);
    return MOULT_OK;
}

int mo_sqlite_steps(mo_conn *c, mo_plan *plan, mo_error *err)
{
    mo_ladder l = {.plan = plan, .live = c, .err = err};
    int rc;
    l.changed = mo_map_new(1);
    if (l.changed == NULL)
        return mo_error_nomem(err);
    rc = mo_ladder_check_fills(plan, c, err);
    if (rc == MOULT_OK)
        rc = note_changed(&l);
    for (size_t i = 0; i < plan->changes.count && rc == MOULT_OK; i++)
        rc = change_steps(&l, &plan->changes.items[i]);
    if (rc == MOULT_OK)
        rc = mo_ladder_online_indexes(&l);
    if (rc == MOULT_OK)
        rc = mo_ladder_stages(&l);
    for (size_t i = 0; i < plan->refills.count && rc == MOULT_OK; i++)
        rc = mo_ladder_refill(&l, &plan->refills.items[i]);
    if (rc == MOULT_OK && plan->steps.count > 0)
        rc = settings(&l);
    mo_map_free(l.changed);
    return rc;
}
