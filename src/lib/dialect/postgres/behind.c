/* SPDX-License-Identifier: MIT */
/*
 * behind.c - definitions of several statements: the first creates, those behind it only add (a state, a target, a mapping).
 *
 * Where the first ones are the same, only what stands behind has to change. Each such statement has one that takes it back.
 */
#include <string.h>

#include "dialect/postgres/steps.h"

/* A statement that begins and goes on like this is taken back by its beginning, up to `from`, and `back`. */
static const struct {
    const char *begins, *from, *back;
} undos[] = {
    {"ALTER INDEX ", "SET STATISTICS", "SET STATISTICS -1"},
    {"ALTER INDEX ", "SET TABLESPACE", "SET TABLESPACE pg_default"},
    {"ALTER TABLE ", "CLUSTER ON", "SET WITHOUT CLUSTER"},
    {"ALTER TABLE ", "REPLICA IDENTITY", "REPLICA IDENTITY DEFAULT"},
    {"ALTER STATISTICS ", "SET STATISTICS", "SET STATISTICS -1"},
    {"ALTER VIEW ", "SET DEFAULT", "DROP DEFAULT"},
    {"ALTER MATERIALIZED VIEW ", "SET STATISTICS", "SET STATISTICS -1"},
    {"ALTER EVENT TRIGGER ", "DISABLE", "ENABLE"},
    {"ALTER EVENT TRIGGER ", "ENABLE", "ENABLE"},
};

/* "ALTER TABLE t DISABLE TRIGGER g": what is named stands behind the state. */
static int undo_state(const char *statement, mo_str *out)
{
    static const char *const states[] = {"DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"};
    static const char *const nouns[] = {"TRIGGER", "RULE"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const char *at = mo_pg_find_words(statement, states[i]);
        for (size_t k = 0; at && k < sizeof nouns / sizeof *nouns; k++) {
            const char *noun = at + strlen(states[i]) + 1;
            if (strncmp(noun, nouns[k], strlen(nouns[k])) != 0)
                continue;
            mo_str_addf(out, "%.*sENABLE %s", (int)(at - statement), statement, noun);
            return 1;
        }
    }
    return 0;
}

/* "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple" */
static int undo_mapping(const char *statement, mo_str *out)
{
    const char *at = mo_pg_find_words(statement, "ADD MAPPING FOR"), *with = mo_pg_find_words(statement, "WITH");
    if (!at || !with)
        return 0;
    mo_str_addf(out, "%.*sDROP MAPPING %.*s", (int)(at - statement), statement, (int)(with - 1 - (at + 12)), at + 12);
    return 1;
}

static int undo(const char *statement, mo_str *out)
{
    for (size_t i = 0; i < sizeof undos / sizeof *undos; i++) {
        if (strncmp(statement, undos[i].begins, strlen(undos[i].begins)) != 0)
            continue;
        const char *at = mo_pg_find_words(statement, undos[i].from);
        if (!at)
            continue;
        mo_str_addf(out, "%.*s%s", (int)(at - statement), statement, undos[i].back);
        return 1;
    }
    return undo_state(statement, out) || undo_mapping(statement, out);
}

/* What stands behind an index uses it; all else comes where its kind does. */
static int add(mo_pg_stepping *s, const mo_change *change, mo_str *sql)
{
    int order = change->kind == MO_KIND_INDEX ? MO_PG_ORDER_USE_INDEX : mo_pg_order_of(change->kind);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, order, "alter", change->after, sql);
}

int mo_pg_change_behind(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_region *r = s->plan->region;
    mo_pg_list before = {0}, after = {0};
    int code = MOULT_OK;
    *done = 1;
    if (mo_pg_split_statements(r, change->before->sql, &before) ||
        mo_pg_split_statements(r, change->after->sql, &after))
        return mo_error_nomem(s->err);
    for (size_t i = 1; code == MOULT_OK && *done && i < before.count; i++) {
        mo_str sql = {0};
        if (mo_pg_list_has(&after, before.items[i]))
            continue;
        *done = undo(before.items[i], &sql);
        code = *done ? add(s, change, &sql) : MOULT_OK;
        mo_str_free(&sql);
    }
    for (size_t i = 1; code == MOULT_OK && *done && i < after.count; i++) {
        mo_str sql = {0};
        if (mo_pg_list_has(&before, after.items[i]))
            continue;
        mo_str_add(&sql, after.items[i]);
        code = add(s, change, &sql);
    }
    return code;
}

int mo_pg_alter_behind(mo_pg_stepping *s, const mo_change *change, int *done)
{
    mo_region *r = s->plan->region;
    mo_pg_list before = {0}, after = {0};
    if (mo_pg_split_statements(r, change->before->sql, &before) ||
        mo_pg_split_statements(r, change->after->sql, &after))
        return mo_error_nomem(s->err);
    *done = 0;
    if (!before.count || !after.count || strcmp(before.items[0], after.items[0]) != 0)
        return MOULT_OK;
    return mo_pg_change_behind(s, change, done);
}
