/* SPDX-License-Identifier: MIT */
/*
 * room.c - is there room for what a plan writes? Looked at before its first step, on the file system of the database.
 *
 * A rebuilt table is there twice. In one transaction all of it goes through the journal or the WAL too, and with
 * secure_delete so does the old one, overwritten with zeros; in batches the WAL stays small. What the attic keeps of a
 * table takes no more than the table. Free pages of the file are used first.
 */
#include "dialect/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

enum { SMALL_WAL = 32 << 20 };

typedef struct needs {
    int64_t tables, backup;
} needs;

static int take_number(void *user, size_t count, const mo_value *v)
{
    int64_t *out = user;

    *out = count && v[0].type == MOULT_VALUE_INTEGER ? v[0].integer : 0;
    return MOULT_OK;
}

static int ask(mo_conn *c, const char *sql, int64_t *out, mo_error *err)
{
    *out = 0;
    return mo_sqlite_query(c, sql, NULL, 0, take_number, out, NULL, err);
}

static int keeps_something(const mo_step *step)
{
    for (size_t i = 0; i < step->statements.count; i++) {
        if (strstr(step->statements.items[i].sql, "_moult_attic_")) {
            return 1;
        }
    }
    return 0;
}

static int add_step(mo_conn *c, const mo_step *step, int secure, needs *n, mo_error *err)
{
    int64_t bytes = 0;
    int in_batches = strcmp(step->method, "online") == 0, code;

    if (!in_batches && strcmp(step->method, "rebuild") != 0) {
        return MOULT_OK;
    }
    code = mo_sqlite_table_bytes(c, step->object, &bytes, err);
    if (code != MOULT_OK || bytes <= 0) {
        return code; /* a name that a rename of this plan gives, or it cannot be told */
    }
    n->tables += in_batches ? bytes + SMALL_WAL : bytes * (secure ? 3 : 2);
    n->tables += keeps_something(step) ? bytes : 0;
    return MOULT_OK;
}

static int find_needs(mo_conn *c, const mo_plan *plan, int backup, needs *n, mo_error *err)
{
    int64_t secure = 0, page = 0, unused = 0, pages = 0;
    int code = ask(c, "PRAGMA main.secure_delete", &secure, err);

    for (size_t i = 0; code == MOULT_OK && i < plan->steps.count; i++) {
        code = add_step(c, &plan->steps.items[i], secure == 1, n, err);
    }
    if (code == MOULT_OK) {
        code = ask(c, "PRAGMA main.page_size", &page, err);
    }
    if (code == MOULT_OK) {
        code = ask(c, "PRAGMA main.freelist_count", &unused, err);
    }
    if (code == MOULT_OK && backup) {
        code = ask(c, "PRAGMA main.page_count", &pages, err);
    }
    n->backup = pages * page;
    n->tables -= unused * page < n->tables ? unused * page : n->tables;
    return code;
}

static int no_room(const mo_space *space, const needs *n, mo_error *err)
{
    mo_str need = {0}, left = {0}, backup = {0};
    int code;

    mo_str_count(&need, n->tables + n->backup);
    mo_str_count(&left, space->free_bytes);
    mo_str_count(&backup, n->backup);
    mo_error_set(err, MOULT_IO, "there is no room for this plan: it needs about %s bytes, and '%s' has %s left",
                 mo_str_text(&need), space->point, mo_str_text(&left));
    if (n->backup) {
        mo_error_detail(err, "%s of these are for the backup", mo_str_text(&backup));
    }
    code = mo_error_hint(err, "nothing was changed; make room%s",
                         n->backup && n->tables < space->free_bytes ? ", or go without a backup (--no-backup)" : "");
    mo_str_free(&need);
    mo_str_free(&left);
    mo_str_free(&backup);
    return code;
}

int mo_sqlite_room(mo_conn *c, const mo_plan *plan, int backup, mo_error *err)
{
    const char *file = c->pending ? NULL : sqlite3_db_filename(c->db, "main");
    mo_space space;
    needs n = {0, 0};
    int code;

    if (!file || !*file || mo_fs_space(file, &space) != 0) {
        return MOULT_OK;
    }
    code = find_needs(c, plan, backup, &n, err);
    /* what only the backup needs it says itself */
    return code == MOULT_OK && n.tables > 0 && n.tables + n.backup > space.free_bytes ? no_room(&space, &n, err) : code;
}
