/* SPDX-License-Identifier: MIT */
/*
 * script.c - a plan as a script for the sqlite3 shell: what stands around its steps, and what must stop it.
 *
 * The shell stops at an error and at nothing else, so what must hold is put into a table with a CHECK: its name, which
 * the shell prints, says what is wrong. Foreign keys are compared with what they were before the steps, as the apply
 * does it (orphans.c): rows that had no parent already stop nothing. The tables for that are temporary, and go before
 * the COMMIT.
 */
#include <string.h>

#include "dialect/sqlite/keys.h"
#include "dialect/sqlite/orphans.h"
#include "plan/display.h"

#define STOP "temp._moult_stop"
#define ORPHANS "temp._moult_orphans"

static const char own_prefix[] = "_moult_";

/* --- what must hold ---------------------------------------------------------------------------------------------- */

/* `query` must give no row; ends as it is, on a line of its own. */
static void add_stop(mo_str *out, const char *message, const char *query)
{
    mo_str line = {0};

    mo_display_add(&line, message ? message : "the rows do not allow it", (size_t)-1);
    mo_str_add(out, "CREATE TEMP TABLE _moult_stop (n INTEGER CONSTRAINT ");
    mo_str_ident(out, mo_str_text(&line), '"');
    mo_str_add(out, " CHECK (n = 0));\nINSERT INTO " STOP " SELECT count(*) FROM (\n");
    mo_str_add(out, query);
    mo_str_add(out, "\n);\nDROP TABLE " STOP ";\n");
    out->failed |= line.failed;
    mo_str_free(&line);
}

void mo_sqlite_script_assert(const mo_statement *statement, mo_str *out)
{
    add_stop(out, statement->message, statement->sql);
}

/* --- foreign keys ------------------------------------------------------------------------------------------------ */

typedef struct keys {
    const mo_plan *plan;
    mo_region *region;
    mo_map *touched;
    mo_str names; /* the same as a list of literals */
    mo_str *out;
    mo_error err;
} keys;

static void add_name(mo_str *out, const char *name)
{
    mo_str_add(out, out->length ? ", " : "");
    mo_str_literal(out, name);
}

/* A touched table that is called otherwise before or after. */
static int add_renamed_names(void *user, const mo_sqlite_rename *rename)
{
    keys *k = user;

    if (!rename->column && strncmp(rename->table, own_prefix, sizeof own_prefix - 1) != 0 &&
        mo_map_has(k->touched, rename->to)) {
        add_name(&k->names, rename->table);
        add_name(&k->names, rename->to);
    }
    return 0;
}

static void find_names(keys *k)
{
    for (size_t i = 0; i < k->plan->steps.count; i++) {
        const mo_step *step = &k->plan->steps.items[i];
        if (step->kind == MO_KIND_TABLE && mo_map_has(k->touched, step->object) &&
            !(i && mo_name_equal(step->object, step[-1].object))) {
            add_name(&k->names, step->object);
        }
    }
    k->names.failed |= mo_sqlite_each_rename(k->plan, k->region, add_renamed_names, k, &k->err) != MOULT_OK;
}

/* Tables with a foreign key that SQLite cannot check at all: asking about them would stop the script. */
static void add_uncheckable(keys *k, const mo_schema *s, mo_str *out)
{
    for (size_t i = 0; s && i < s->objects.count; i++) {
        const mo_object *o = s->objects.items[i];
        int missing = 0;
        if (o->table && mo_sqlite_check_keys(s, o, &missing, &k->err) == MOULT_SOURCE && !missing) {
            add_name(out, o->name);
        }
        mo_error_clear(&k->err);
    }
}

/* The rows without a parent, counted for each foreign key of the tables that the steps touch and of their children. */
static char *orphans_query(keys *k, const mo_schema *s)
{
    mo_str out = {0}, not_these = {0};

    add_uncheckable(k, s, &not_these);
    mo_str_addf(
        &out,
        "SELECT lower(f.\"table\") AS child, lower(f.parent) AS parent, (SELECT group_concat(quote(lower(name))) FROM\n"
        "  (SELECT \"from\" AS name FROM pragma_foreign_key_list(f.\"table\", 'main') WHERE id = f.fkid ORDER BY "
        "seq)) AS columns, count(*) AS n\n"
        "FROM (SELECT DISTINCT t.name FROM main.sqlite_schema AS t, pragma_foreign_key_list(t.name, 'main') AS l\n"
        "  WHERE t.type = 'table' AND (t.name COLLATE NOCASE IN (%s) OR l.\"table\" COLLATE NOCASE IN (%s))",
        mo_str_text(&k->names), mo_str_text(&k->names));
    if (not_these.length) {
        mo_str_addf(&out, " AND t.name COLLATE NOCASE NOT IN (%s)", mo_str_text(&not_these));
    }
    mo_str_add(&out, ") AS t, pragma_foreign_key_check(t.name, 'main') AS f\nGROUP BY f.\"table\", f.fkid");
    out.failed |= k->names.failed | not_these.failed;
    mo_str_free(&not_these);
    return mo_str_into(&out, k->region);
}

static void count_before(keys *k)
{
    const char *query = orphans_query(k, k->plan->live);

    k->out->failed |= query == NULL;
    mo_str_addf(k->out, "CREATE TEMP TABLE _moult_orphans AS\n%s;\n", query ? query : "");
}

static void add_lower(mo_str *out, const char *name)
{
    mo_str_add(out, "lower(");
    mo_str_literal(out, name);
    mo_str_add(out, ")");
}

/* UPDATE … SET what = new WHERE what = old */
static void add_renamed(mo_str *out, const char *what, const mo_sqlite_rename *rename)
{
    mo_str_addf(out, "UPDATE " ORPHANS " SET %s = ", what);
    add_lower(out, rename->to);
    mo_str_addf(out, " WHERE %s = ", what);
    add_lower(out, rename->table);
    mo_str_add(out, ";\n");
}

/* What was counted before goes by the names of now. */
static int follow_rename(void *user, const mo_sqlite_rename *rename)
{
    mo_str *out = user;

    if (!strncmp(rename->table, own_prefix, sizeof own_prefix - 1)) {
        return 0; /* a rebuilt table gets its name back */
    }
    if (!rename->column) {
        add_renamed(out, "child", rename);
        add_renamed(out, "parent", rename);
        return 0;
    }
    mo_str_add(out, "UPDATE " ORPHANS " SET columns = replace(columns, quote(");
    add_lower(out, rename->column);
    mo_str_add(out, "), quote(");
    add_lower(out, rename->to);
    mo_str_add(out, ")) WHERE child = ");
    add_lower(out, rename->table);
    mo_str_add(out, ";\n");
    return 0;
}

static void compare_after(keys *k)
{
    const char *query = orphans_query(k, k->plan->target);
    mo_str sql = {0};

    k->out->failed |= mo_sqlite_each_rename(k->plan, k->region, follow_rename, k->out, &k->err) != MOULT_OK;
    mo_error_clear(&k->err);
    mo_str_addf(&sql,
                "SELECT 1 FROM (\n%s) AS now\nWHERE now.n > (SELECT coalesce(sum(n), 0) FROM " ORPHANS
                " AS was\n  WHERE was.child = now.child AND was.parent = now.parent AND was.columns = now.columns)",
                query ? query : "");
    k->out->failed |= sql.failed | (query == NULL);
    add_stop(k->out, "rows would have no parent that had one, or are of a new foreign key", mo_str_text(&sql));
    mo_str_add(k->out, "DROP TABLE " ORPHANS ";\n");
    mo_str_free(&sql);
}

/* --- the schema -------------------------------------------------------------------------------------------------- */

/* What is changed must be as the plan found it: an edit in place would write over what others did to it. */
static void watch_schema(const mo_plan *plan, mo_str *out)
{
    static const char *const types[MO_KIND_COUNT] = {[MO_KIND_TABLE] = "table",
                                                     [MO_KIND_VIRTUAL_TABLE] = "table",
                                                     [MO_KIND_INDEX] = "index",
                                                     [MO_KIND_VIEW] = "view",
                                                     [MO_KIND_TRIGGER] = "trigger"};
    mo_str rows = {0}, query = {0};

    for (size_t i = 0; plan->live && i < plan->changes.count; i++) {
        const mo_change *c = &plan->changes.items[i];
        const mo_object *now =
            c->before ? mo_schema_find(plan->live, c->kind, mo_plan_live_table(plan, c->before->name)) : NULL;
        if (!now) {
            continue;
        }
        mo_str_addf(&rows, "%s\n('%s', ", rows.length ? "," : "", types[now->kind]);
        mo_str_literal(&rows, now->name);
        mo_str_add(&rows, ", ");
        mo_str_literal(&rows, now->sql);
        mo_str_addc(&rows, ')');
    }
    if (rows.length) {
        mo_str_addf(&query,
                    "SELECT 1 FROM (VALUES%s) AS was\nWHERE NOT EXISTS (SELECT 1 FROM main.sqlite_schema AS now "
                    "WHERE now.type = was.column1 AND now.name = was.column2 AND now.sql = was.column3)",
                    mo_str_text(&rows));
        add_stop(out, "the schema was changed since this plan was made: make a new one", mo_str_text(&query));
    }
    out->failed |= rows.failed | query.failed;
    mo_str_free(&rows);
    mo_str_free(&query);
}

/* --- the frame --------------------------------------------------------------------------------------------------- */

/* Before the steps, and after them: nothing where no row is touched. */
static void watch_keys(const mo_plan *plan, mo_str *before, mo_str *after)
{
    keys k = {.plan = plan, .region = mo_region_new(), .touched = mo_map_new(1), .out = before};
    int failed = !k.region || !k.touched || mo_sqlite_touched(plan, k.region, k.touched, &k.err) != MOULT_OK;

    if (failed) {
        before->failed = 1;
    } else if (mo_map_count(k.touched)) {
        find_names(&k);
        count_before(&k);
        k.out = after;
        compare_after(&k);
    }
    mo_error_clear(&k.err);
    mo_str_free(&k.names);
    mo_map_free(k.touched);
    mo_region_free(k.region);
}

/* Settings that are a command of the shell, not a pragma. */
static int add_setting(const char *setting, mo_str *before)
{
    if (!strncmp(setting, "defensive=", 10)) {
        mo_str_addf(before, ".dbconfig defensive %s\n", setting + 10);
        return 1;
    }
    return 0;
}

/* How to run the whole, and what a shell must be told before its first statement. */
static void add_head(const mo_plan *plan, mo_str *before)
{
    size_t parts = mo_plan_parts(plan);

    mo_str_add(before, "--\n-- Run it with the shell of SQLite: sqlite3 DATABASE < THIS_FILE\n");
    if (parts > 1) {
        mo_str_addf(before,
                    "-- It is %zu transactions. What stops one of them undoes it alone: then make a new plan.\n\n",
                    parts);
    } else {
        mo_str_add(before, "-- It is one transaction. Whatever stops it, nothing is changed.\n\n");
    }
    /* Without it the shell goes on after an error, and commits half of the plan. */
    mo_str_add(before, ".bail on\n");
    /* Newer shells take no \"text\" in double quotes, which definitions may have. */
    mo_str_add(before, ".dbconfig dqs_ddl on\n.dbconfig dqs_dml on\n");
}

void mo_sqlite_script_frame(const mo_plan *plan, const mo_part_of_plan *part, mo_str *before, mo_str *after)
{
    if (part->first == 0) {
        add_head(plan, before);
    } else {
        mo_str_addc(before, '\n');
    }
    if (part->data) { /* hooks write as an application does */
        mo_str_add(before, "PRAGMA foreign_keys=on;\n");
    }
    for (size_t i = 0; !part->data && i < plan->settings.count; i++) {
        if (!add_setting(plan->settings.items[i], before)) {
            mo_str_addf(before, "PRAGMA %s;\n", plan->settings.items[i]);
        }
    }
    mo_str_add(before, "BEGIN IMMEDIATE;\n");
    if (part->first == 0) {
        watch_schema(plan, before);
    }
    if (!part->data) {
        watch_keys(plan, before, after);
    }
    mo_str_add(after, "COMMIT;\n");
}
