/* SPDX-License-Identifier: MIT */
/*
 * run.c - the session around an apply.
 *
 * A plan says what its session must be ("foreign_keys=off"). Inside a transaction SQLite ignores most of these without a
 * word, so they are set before the first BEGIN, looked at, and put back after the last COMMIT.
 */
#include "dialect/sqlite/sqlite.h"

#include <string.h>

/* What a plan may set. `op` is a sqlite3_db_config operation; 0: only a pragma does it. */
static const struct setting {
    const char *name;
    int op;
    int value; /* what every apply begins with; -1: as it is */
} settings[MO_SQLITE_SETTING_COUNT] = {
    {"foreign_keys", SQLITE_DBCONFIG_ENABLE_FKEY, 0}, /* dropping a rebuilt table would delete its children's rows */
    {"legacy_alter_table", SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, -1},
    {"defensive", SQLITE_DBCONFIG_DEFENSIVE, 0}, /* on, it forbids editing stored definitions */
    {"writable_schema", SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
    {"secure_delete", 0, -1},
};

/* The value of a setting; -1 when it cannot be read. */
static int get(mo_conn *c, const struct setting *s)
{
    sqlite3_stmt *stmt = NULL;
    int value = -1;

    if (s->op) {
        return sqlite3_db_config(c->db, s->op, -1, &value) == SQLITE_OK ? value : -1;
    }
    if (sqlite3_prepare_v2(c->db, "PRAGMA main.secure_delete", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        value = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return value;
}

static void put(mo_conn *c, const struct setting *s, int value)
{
    static const char *const secure_delete[] = {"PRAGMA secure_delete = 0", "PRAGMA secure_delete = 1",
                                                "PRAGMA secure_delete = fast"};
    int ignored;

    if (s->op) {
        sqlite3_db_config(c->db, s->op, value, &ignored);
    } else if (value >= 0 && value <= 2) {
        sqlite3_exec(c->db, secure_delete[value], NULL, NULL, NULL);
    }
}

/* 0, 1, 2 for "off", "on", "fast" and their like; -1 for anything else. */
static int parse_value(const char *text)
{
    static const struct {
        const char *text;
        int value;
    } words[] = {{"off", 0}, {"on", 1}, {"fast", 2}, {"0", 0}, {"1", 1}, {"2", 2}, {"false", 0}, {"true", 1}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (mo_name_equal(text, words[i].text)) {
            return words[i].value;
        }
    }
    return -1;
}

/* Finds the setting that "name=value" speaks of. */
static const struct setting *parse(const char *text, int *value)
{
    const char *eq = strchr(text, '=');

    for (size_t i = 0; eq && i < MO_SQLITE_SETTING_COUNT; i++) {
        if (strlen(settings[i].name) == (size_t)(eq - text) && !strncmp(settings[i].name, text, (size_t)(eq - text))) {
            *value = parse_value(eq + 1);
            /* only secure_delete has three values; an edit of the schema opens and closes writable_schema by itself */
            return *value < 0 || (*value > 1 && settings[i].op) || settings[i].op == SQLITE_DBCONFIG_WRITABLE_SCHEMA
                       ? NULL
                       : &settings[i];
        }
    }
    return NULL;
}

static int set(mo_conn *c, const struct setting *s, int value, mo_error *err)
{
    if (get(c, s) == value) {
        return MOULT_OK;
    }
    put(c, s, value);
    if (get(c, s) != value) {
        mo_error_set(err, MOULT_UNSUPPORTED, "this SQLite does not let '%s' be set to %d", s->name, value);
        return mo_error_hint(err, "the plan needs it; use a libsqlite3 that is built without forcing it");
    }
    return MOULT_OK;
}

static int set_all(mo_conn *c, const mo_plan *plan, int data, mo_error *err)
{
    int code = data ? set(c, &settings[0], 1, err) : MOULT_OK;

    if (data) {
        return code; /* hooks write as an application does: its foreign keys hold, and cascades fire */
    }
    for (size_t i = 0; code == MOULT_OK && i < MO_SQLITE_SETTING_COUNT; i++) {
        if (settings[i].value >= 0) {
            code = set(c, &settings[i], settings[i].value, err);
        }
    }
    for (size_t i = 0; code == MOULT_OK && i < plan->settings.count; i++) {
        int value = -1;
        const struct setting *s = parse(plan->settings.items[i], &value);
        code = s ? set(c, s, value, err)
                 : mo_error_set(err, MOULT_INVALID, "the plan has a setting that SQLite does not know: '%s'",
                                plan->settings.items[i]);
    }
    return code;
}

int mo_sqlite_run_begin(mo_conn *c, const mo_plan *plan, int data, mo_error *err)
{
    int code = mo_sqlite_settle(c, 1, err);

    if (code != MOULT_OK) {
        return code;
    }
    if (!sqlite3_get_autocommit(c->db)) {
        return mo_error_set(err, MOULT_ERROR, "an apply cannot begin inside a transaction");
    }
    mo_sqlite_run_end(c);
    c->online_version = -1;
    c->online_moved = c->online_prepared = 0;
    for (size_t i = 0; i < MO_SQLITE_SETTING_COUNT; i++) {
        c->saved[i] = get(c, &settings[i]);
    }
    c->run_active = 1;
    code = set_all(c, plan, data, err);
    if (code != MOULT_OK) {
        mo_sqlite_run_end(c);
    }
    return code;
}

void mo_sqlite_run_end(mo_conn *c)
{
    mo_sqlite_orphans_free(c->orphans);
    c->orphans = NULL;
    if (!c->run_active || !c->db) {
        return;
    }
    if (get(c, &settings[3]) == 1) {
        /* A failed edit left it open: also forget the schema as it was read meanwhile. */
        sqlite3_exec(c->db, "PRAGMA writable_schema = RESET", NULL, NULL, NULL);
    }
    for (size_t i = MO_SQLITE_SETTING_COUNT; i-- > 0;) {
        if (c->saved[i] >= 0 && get(c, &settings[i]) != c->saved[i]) {
            put(c, &settings[i], c->saved[i]);
        }
    }
    c->run_active = 0;
}
