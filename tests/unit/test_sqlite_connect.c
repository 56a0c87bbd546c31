/* SPDX-License-Identifier: MIT */
/* test_sqlite_connect.c - opening files of every kind, statements, errors, waits, the lock, and the session of an apply. */

#include "sqlite_help.h"

TestSuite(connect, .init = help_begin, .fini = help_end, .timeout = 30);

static int open_fails(const char *path, moult_open_mode mode)
{
    mo_conn *c = (mo_conn *)&help_err;
    int code = help_open(&c, path, mode, 0.1);

    cr_expect_null(c);
    cr_expect(help_err.pub.code == code);
    if (code != MOULT_OK) {
        cr_expect(help_err.pub.hint, "no hint: %s", help_err.pub.message);
    }
    return code;
}

Test(connect, missing)
{
    cr_expect_eq(open_fails(help_path("none.db"), MOULT_OPEN_READ), MOULT_IO);
    cr_expect(strstr(help_err.pub.message, "there is no database"));
    cr_expect_eq(open_fails(help_path("none.db"), MOULT_OPEN_WRITE), MOULT_IO);
    cr_expect_eq(open_fails(help_path("no/folder/x.db"), MOULT_OPEN_CREATE), MOULT_IO);
    cr_expect(strstr(help_err.pub.message, "folder"));
    cr_expect(access(help_path("none.db"), F_OK) != 0);
}

Test(connect, a_missing_file_is_waited_for)
{
    mo_url url = {.scheme = "sqlite", .database = help_path("late.db")};
    mo_open_args args = {.url = &url, .mode = MOULT_OPEN_READ, .connect_timeout = 0.2};
    mo_conn *c;
    double start = mo_clock_now();

    cr_expect_eq(mo_sqlite_open(&c, &args, &help_err), MOULT_IO);
    cr_expect(mo_clock_now() - start >= 0.15);
}

Test(connect, folder)
{
    cr_expect_eq(open_fails(help_folder, MOULT_OPEN_READ), MOULT_IO);
    cr_expect(strstr(help_err.pub.message, "is a folder"));
    cr_expect_eq(open_fails(help_folder, MOULT_OPEN_WRITE), MOULT_IO);
    cr_expect_eq(open_fails(help_folder, MOULT_OPEN_CREATE), MOULT_IO);
}

Test(connect, empty_file_is_an_empty_database)
{
    mo_conn *c;

    help_write("empty.db", "", 0);
    c = help_conn("empty.db", MOULT_OPEN_READ);
    cr_expect_eq(help_int(c, "SELECT count(*) FROM sqlite_schema"), 0);
    mo_sqlite_close(c);
}

Test(connect, not_a_database_may_be_encrypted)
{
    char junk[4096];

    memset(junk, 'x', sizeof junk);
    help_write("junk.db", junk, sizeof junk);
    cr_expect_eq(open_fails(help_path("junk.db"), MOULT_OPEN_READ), MOULT_DATABASE);
    cr_expect(strstr(help_err.pub.message, "not an SQLite database"));
    cr_expect(strstr(help_err.pub.message, "encrypted"));
    cr_expect_str_eq(help_err.pub.engine_code, "SQLITE_NOTADB");
}

Test(connect, damaged)
{
    mo_conn *c = help_conn("bad.db", MOULT_OPEN_CREATE);
    int fd;

    help_exec(c, "CREATE TABLE t (a)");
    mo_sqlite_close(c);
    fd = open(help_path("bad.db"), O_WRONLY);
    cr_assert(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 100) == 8); /* the root page's header */
    close(fd);
    cr_expect_eq(open_fails(help_path("bad.db"), MOULT_OPEN_READ), MOULT_DATABASE);
    cr_expect(!strncmp(help_err.pub.engine_code, "SQLITE_CORRUPT", 14), "%s", help_err.pub.engine_code);
    cr_expect(strstr(help_err.pub.hint, "backup"));
}

Test(connect, reading_leaves_a_file_as_it_is)
{
    mo_conn *c = help_conn("a.db", MOULT_OPEN_CREATE);

    help_exec(c, "CREATE TABLE t (a)");
    mo_sqlite_close(c);
    c = help_conn("a.db", MOULT_OPEN_READ);
    cr_expect_eq(mo_sqlite_writable(c), 0);
    cr_expect_eq(mo_sqlite_exec(c, "INSERT INTO t VALUES (1)", NULL, &help_err), MOULT_PERMISSION);
    cr_expect(help_err.pub.hint);
    mo_sqlite_close(c);
}

Test(connect, create_makes_no_file_before_something_is_written)
{
    mo_conn *c = help_conn("new.db", MOULT_OPEN_CREATE);
    mo_hash marker;

    cr_expect_eq(help_int(c, "SELECT count(*) FROM sqlite_schema"), 0);
    cr_expect_eq(mo_sqlite_begin(c, 0, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_commit(c, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_marker(c, &marker, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_writable(c), 1);
    cr_expect(access(help_path("new.db"), F_OK) != 0);
    help_exec(c, "CREATE TABLE t (a)");
    cr_expect(access(help_path("new.db"), F_OK) == 0);
    mo_sqlite_close(c);
    c = help_conn("new.db", MOULT_OPEN_READ);
    cr_expect_eq(help_int(c, "SELECT count(*) FROM sqlite_schema"), 1);
    mo_sqlite_close(c);
}

Test(connect, a_stand_in_sees_what_others_create)
{
    mo_conn *a = help_conn("new.db", MOULT_OPEN_CREATE), *b = help_conn("new.db", MOULT_OPEN_CREATE);

    help_exec(b, "CREATE TABLE t (a)");
    cr_expect_eq(help_int(a, "SELECT count(*) FROM sqlite_schema"), 1);
    mo_sqlite_close(a);
    mo_sqlite_close(b);
}

Test(connect, a_stand_in_is_never_written)
{
    mo_conn *c = help_conn("new.db", MOULT_OPEN_CREATE);

    cr_expect_eq(mo_sqlite_begin(c, 0, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_exec(c, "CREATE TABLE t (a)", NULL, &help_err), MOULT_PERMISSION);
    mo_sqlite_rollback(c);
    mo_sqlite_close(c);
}

Test(connect, strange_names)
{
    mo_conn *c = NULL;
    char old[256];

    cr_assert(getcwd(old, sizeof old));
    cr_assert(chdir(help_folder) == 0);
    cr_assert(help_open(&c, "file:x.db", MOULT_OPEN_CREATE, 0) == MOULT_OK);
    help_exec(c, "CREATE TABLE t (a)");
    cr_expect(access("file:x.db", F_OK) == 0);
    cr_expect_str_eq(mo_sqlite_database(c), "file:x.db");
    mo_sqlite_close(c);
    cr_assert(chdir(old) == 0);
}

Test(connect, memory)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);
    mo_lock *lock = NULL;
    moult_lock_info before;

    help_exec(c, "CREATE TABLE t (a); INSERT INTO t VALUES (7);;  -- and nothing more\n");
    cr_expect_eq(help_int(c, "SELECT a FROM t"), 7);
    cr_expect_eq(mo_sqlite_writable(c), 1);
    cr_expect_eq(mo_sqlite_lock.take(c, 1, NULL, &lock, &before, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_lock.release(lock, &help_err), MOULT_OK);
    cr_expect_str_eq(mo_sqlite_database(c), ":memory:");
    cr_expect(!strncmp(mo_sqlite_engine(c), "SQLite 3.", 9));
    mo_sqlite_close(c);
}

Test(connect, urls)
{
    mo_url_param bad = {"modus", "ro"}, good[] = {{"uri", "true"}, {"mode", "ro"}};
    mo_url url = {.scheme = "sqlite", .database = help_path("u.db"), .params = {&bad, 1, 1}};
    mo_open_args args = {.url = &url, .mode = MOULT_OPEN_CREATE};
    char uri[200];
    mo_conn *c;

    cr_expect_eq(mo_sqlite_open(&c, &args, &help_err), MOULT_INVALID);
    cr_expect(strstr(help_err.pub.message, "modus"));
    mo_sqlite_close(help_conn("u.db", MOULT_OPEN_CREATE));
    help_write("u.db", "", 0);
    snprintf(uri, sizeof uri, "file:%s", help_path("u.db"));
    url = (mo_url){.scheme = "sqlite", .database = uri, .params = {good, 2, 2}};
    cr_assert_eq(mo_sqlite_open(&c, &args, &help_err), MOULT_OK, "%s", help_err.pub.message);
    cr_expect_eq(mo_sqlite_exec(c, "CREATE TABLE t (a)", NULL, &help_err), MOULT_PERMISSION);
    mo_sqlite_close(c);
    url = (mo_url){.scheme = "sqlite", .host = "relative.db"};
    cr_expect_eq(mo_sqlite_open(&c, &args, &help_err), MOULT_INVALID);
    cr_expect(strstr(help_err.pub.hint, "sqlite:///"));
}

Test(connect, errors_of_statements)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);

    help_exec(c, "CREATE TABLE t (a UNIQUE)");
    cr_expect_eq(mo_sqlite_exec(c, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)", NULL, &help_err),
                 MOULT_DATABASE);
    cr_expect_str_eq(help_err.pub.engine_code, "SQLITE_CONSTRAINT_UNIQUE");
    cr_expect_str_eq(help_err.pub.message, "UNIQUE constraint failed: t.a");
    cr_expect_eq(mo_sqlite_exec(c, "SELECT 1; SELEKT 'ärger'", NULL, &help_err), MOULT_DATABASE);
    cr_expect_str_eq(help_err.pub.engine_code, "SQLITE_ERROR");
    cr_expect_str_eq(help_err.pub.detail, "at: SELEKT 'ärger'");
    cr_expect_eq(mo_sqlite_exec(c, "CREATE TABLE u (a, b AS (f(a)))", NULL, &help_err), MOULT_DATABASE);
    cr_expect(help_err.pub.hint && strstr(help_err.pub.hint, "application"), "%s", help_err.pub.message);
    mo_sqlite_close(c);
}

static int keep_values(void *user, size_t count, const mo_value *v)
{
    mo_str *out = user;

    for (size_t i = 0; i < count; i++) {
        switch (v[i].type) {
        case MOULT_VALUE_NULL:
            mo_str_add(out, "null ");
            break;
        case MOULT_VALUE_INTEGER:
            mo_str_addf(out, "%lld ", (long long)v[i].integer);
            break;
        case MOULT_VALUE_REAL:
            mo_str_addf(out, "%g ", v[i].real);
            break;
        case MOULT_VALUE_TEXT:
            cr_expect_eq(v[i].text[v[i].length], '\0');
            mo_str_addf(out, "text%zu ", v[i].length);
            break;
        case MOULT_VALUE_BLOB:
            mo_str_addf(out, "blob%zu ", v[i].length);
            break;
        }
    }
    return MOULT_OK;
}

Test(connect, values_come_back_as_they_went)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);
    mo_value v[20];
    mo_str sql = {0}, seen = {0};

    for (int i = 0; i < 20; i++) {
        v[i] = mo_value_int(i);
        mo_str_add(&sql, i ? ", ?" : "SELECT ?");
    }
    v[0] = mo_value_text(NULL);
    v[1] = mo_value_real(1.5);
    v[2] = (mo_value){.type = MOULT_VALUE_TEXT, .text = "a\0b", .length = 3};
    v[3] = (mo_value){.type = MOULT_VALUE_BLOB, .text = "", .length = 0};
    v[4] = (mo_value){.type = MOULT_VALUE_BLOB, .text = "\0\0", .length = 2};
    cr_assert_eq(mo_sqlite_query(c, mo_str_text(&sql), v, 20, keep_values, &seen, NULL, &help_err), MOULT_OK);
    cr_expect(!strncmp(mo_str_text(&seen), "null 1.5 text3 blob0 blob2 5 6 ", 31), "%s", mo_str_text(&seen));
    mo_str_free(&sql);
    mo_str_free(&seen);
    mo_sqlite_close(c);
}

static int stop_row(void *user, size_t count, const mo_value *v)
{
    (void)count;
    (void)v;
    return ++*(int *)user == 2 ? MOULT_CANCELLED : MOULT_OK;
}

Test(connect, a_row_function_can_stop)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);
    int rows = 0;

    cr_expect_eq(mo_sqlite_query(c, "VALUES (1), (2), (3)", NULL, 0, stop_row, &rows, NULL, &help_err),
                 MOULT_CANCELLED);
    cr_expect_eq(rows, 2);
    mo_sqlite_close(c);
}

static int64_t tick_rows;
static int tick_code;

static int tick(void *user, int64_t rows)
{
    ++*(int *)user;
    tick_rows = rows > tick_rows ? rows : tick_rows;
    return tick_code;
}

#define MANY "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "

Test(connect, the_watch_is_asked_and_stops)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);
    int ticks = 0;
    mo_watch watch = {tick, &ticks};

    tick_code = MOULT_OK;
    help_exec(c, "CREATE TABLE t (a); INSERT INTO t " MANY "SELECT i FROM n");
    cr_expect_eq(mo_sqlite_exec(c, "CREATE TABLE u AS SELECT a + 1 FROM t", &watch, &help_err), MOULT_OK);
    cr_expect(ticks > 10, "%d ticks", ticks);
    cr_expect(tick_rows > 200000 && tick_rows <= 300000, "%lld rows", (long long)tick_rows);
    tick_code = MOULT_TIMEOUT;
    cr_expect_eq(mo_sqlite_exec(c, "CREATE TABLE v AS SELECT a + 1 FROM t", &watch, &help_err), MOULT_TIMEOUT);
    tick_code = MOULT_CANCELLED;
    cr_expect_eq(mo_sqlite_exec(c, "CREATE TABLE v AS SELECT a + 1 FROM t", &watch, &help_err), MOULT_CANCELLED);
    cr_expect_str_eq(help_err.pub.engine_code, "SQLITE_INTERRUPT");
    cr_expect_eq(help_int(c, "SELECT count(*) FROM sqlite_schema"), 2);
    mo_sqlite_close(c);
}

Test(connect, another_writer)
{
    mo_conn *a = help_conn("w.db", MOULT_OPEN_CREATE), *b;
    int ticks = 0;
    mo_watch watch = {tick, &ticks};
    double start;

    help_exec(a, "CREATE TABLE t (a)");
    b = help_conn("w.db", MOULT_OPEN_WRITE);
    cr_expect_eq(mo_sqlite_begin(a, 1, &help_err), MOULT_OK);
    cr_expect(mo_sqlite_in_transaction(a));
    start = mo_clock_now();
    cr_expect_eq(mo_sqlite_begin(b, 1, &help_err), MOULT_LOCKED);
    cr_expect(mo_clock_now() - start >= 0.09);
    cr_expect(strstr(help_err.pub.message, "another connection is writing"));
    cr_expect_str_eq(help_err.pub.engine_code, "SQLITE_BUSY");
    cr_expect_str_eq(help_err.pub.detail, "waited 0.1 seconds for it");
    tick_code = MOULT_CANCELLED;
    cr_expect_eq(mo_sqlite_exec(b, "INSERT INTO t VALUES (1)", &watch, &help_err), MOULT_CANCELLED);
    mo_sqlite_rollback(a);
    mo_sqlite_rollback(a);
    help_exec(b, "INSERT INTO t VALUES (1)");
    mo_sqlite_close(a);
    mo_sqlite_close(b);
}

Test(connect, lock_is_of_the_file_whatever_its_path)
{
    mo_conn *a = help_conn("l.db", MOULT_OPEN_CREATE), *b = NULL;
    mo_lock *first = NULL, *second = NULL;
    moult_lock_info before;

    cr_assert(symlink("l.db", help_path("link.db")) == 0);
    b = help_conn("link.db", MOULT_OPEN_CREATE);
    cr_assert_eq(mo_sqlite_lock.take(a, 1, NULL, &first, &before, &help_err), MOULT_OK, "%s", help_err.pub.message);
    cr_expect(access(help_path("l.db-moult-lock"), F_OK) == 0);
    cr_expect(access(help_path("l.db"), F_OK) != 0);
    cr_expect_eq(mo_sqlite_lock.take(b, 0.1, NULL, &second, &before, &help_err), MOULT_LOCKED);
    cr_expect_null(second);
    help_exec(a, "CREATE TABLE t (a)");
    cr_expect_eq(mo_sqlite_lock.release(first, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_lock.take(b, 1, NULL, &second, &before, &help_err), MOULT_OK);
    cr_expect_eq(help_int(b, "SELECT count(*) FROM sqlite_schema"), 1);
    cr_expect_eq(mo_sqlite_lock.release(second, &help_err), MOULT_OK);
    mo_sqlite_close(a);
    mo_sqlite_close(b);
}

Test(connect, the_session_of_an_apply_is_put_back)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);
    mo_plan *p = mo_plan_new(&mo_dialect_sqlite);

    cr_assert(p);
    help_exec(c, "PRAGMA foreign_keys = 1; PRAGMA secure_delete = 1");
    mo_vec_push(p->region, &p->settings, "foreign_keys=off");
    mo_vec_push(p->region, &p->settings, "legacy_alter_table=on");
    mo_vec_push(p->region, &p->settings, "secure_delete=fast");
    cr_assert_eq(mo_sqlite_run_begin(c, p, 0, &help_err), MOULT_OK, "%s", help_err.pub.message);
    cr_expect_eq(help_int(c, "PRAGMA foreign_keys"), 0);
    cr_expect_eq(help_int(c, "PRAGMA legacy_alter_table"), 1);
    cr_expect_eq(help_int(c, "PRAGMA secure_delete"), 2);
    help_exec(c, "PRAGMA writable_schema = 1");
    mo_sqlite_run_end(c);
    cr_expect_eq(help_int(c, "PRAGMA foreign_keys"), 1);
    cr_expect_eq(help_int(c, "PRAGMA legacy_alter_table"), 0);
    cr_expect_eq(help_int(c, "PRAGMA secure_delete"), 1);
    cr_expect_eq(help_int(c, "PRAGMA writable_schema"), 0);
    mo_vec_push(p->region, &p->settings, "journal_mode=off");
    cr_expect_eq(mo_sqlite_run_begin(c, p, 0, &help_err), MOULT_INVALID);
    cr_expect(strstr(help_err.pub.message, "journal_mode"));
    cr_expect_eq(help_int(c, "PRAGMA foreign_keys"), 1);
    mo_plan_free(p);
    mo_sqlite_close(c);
}

/* A plan with one step on a table. */
static mo_plan *plan_on(const char *method, const char *table, const char *sql)
{
    mo_plan *p = mo_plan_new(&mo_dialect_sqlite);
    mo_step *s;

    cr_assert(p);
    s = mo_plan_step(p, MO_PHASE_CONTRACT, 1, method, MO_KIND_TABLE, table, NULL);
    cr_assert(s);
    cr_assert_eq(mo_step_run(p, s, sql, 0, &help_err), MOULT_OK);
    return p;
}

static mo_conn *orphans_begin(void)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);

    help_exec(
        c,
        "CREATE TABLE p (id INTEGER PRIMARY KEY, k UNIQUE); CREATE TABLE c (x, y, FOREIGN KEY (x) REFERENCES p);"
        "PRAGMA foreign_keys = 0; INSERT INTO p VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1, 1), (9, 9), (NULL, 1)");
    return c;
}

Test(connect, orphans_that_were_there_never_block)
{
    mo_conn *c = orphans_begin();
    mo_plan *p = plan_on("rebuild", "c", "ALTER TABLE c RENAME COLUMN x TO z");

    cr_expect_eq(mo_sqlite_run_check(c, p, 0, &help_err), MOULT_OK);
    help_exec(c, "ALTER TABLE c RENAME COLUMN x TO z");
    cr_expect_eq(mo_sqlite_run_check(c, p, 1, &help_err), MOULT_OK, "%s", help_err.pub.message);
    mo_plan_free(p);
    mo_sqlite_close(c);
}

Test(connect, orphans_that_are_new_do)
{
    mo_conn *c = orphans_begin();
    mo_plan *p = plan_on("drop", "p", "DELETE FROM p WHERE id = 1");

    cr_expect_eq(mo_sqlite_run_begin(c, p, 0, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_run_check(c, p, 0, &help_err), MOULT_OK);
    help_exec(c, "DELETE FROM p WHERE id = 1");
    cr_expect_eq(mo_sqlite_run_check(c, p, 1, &help_err), MOULT_DATABASE);
    cr_expect_str_eq(help_err.pub.message, "1 row of 'c' would have no parent in 'p'");
    cr_expect(strstr(help_err.pub.detail, "foreign key (x); rowids 1, 2"), "%s", help_err.pub.detail);
    mo_sqlite_run_end(c);
    mo_plan_free(p);
    mo_sqlite_close(c);
}

Test(connect, orphans_of_tables_that_no_step_touches_are_not_looked_for)
{
    mo_conn *c = orphans_begin();
    mo_plan *p = plan_on("create", "new", "CREATE TABLE new (a)");

    cr_expect_eq(mo_sqlite_run_check(c, p, 0, &help_err), MOULT_OK);
    help_exec(c, "DELETE FROM p");
    cr_expect_eq(mo_sqlite_run_check(c, p, 1, &help_err), MOULT_OK);
    mo_plan_free(p);
    mo_sqlite_close(c);
}

Test(connect, backup)
{
    mo_conn *c = help_conn("b.db", MOULT_OPEN_CREATE), *copy = NULL;
    mo_region *r = mo_region_new();
    const char *path = "";
    struct stat st;

    cr_expect_eq(mo_sqlite_backup(c, r, NULL, &path, &help_err), MOULT_OK);
    cr_expect_null(path);
    help_exec(c, "PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t " MANY "SELECT i FROM n");
    cr_assert(chmod(help_path("b.db"), 0600) == 0);
    cr_assert_eq(mo_sqlite_backup(c, r, NULL, &path, &help_err), MOULT_OK, "%s", help_err.pub.message);
    cr_assert(path && strstr(path, "b.db-moult-backup-"));
    cr_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    cr_assert_eq(help_open(&copy, path, MOULT_OPEN_READ, 0), MOULT_OK);
    cr_expect_eq(help_int(copy, "SELECT count(*) FROM t"), 300000);
    mo_sqlite_close(copy);
    mo_region_free(r);
    mo_sqlite_close(c);
}

Test(connect, rows_seen_moves_when_others_write)
{
    mo_conn *a = help_conn("r.db", MOULT_OPEN_CREATE), *b;
    mo_hash before, after;

    help_exec(a, "CREATE TABLE t (a)");
    b = help_conn("r.db", MOULT_OPEN_WRITE);
    cr_expect_eq(mo_sqlite_rows_seen(a, &before, &help_err), MOULT_OK);
    cr_expect_eq(mo_sqlite_rows_seen(a, &after, &help_err), MOULT_OK);
    cr_expect(mo_hash_equal(before, after));
    help_exec(b, "INSERT INTO t VALUES (1)");
    cr_expect_eq(mo_sqlite_rows_seen(a, &after, &help_err), MOULT_OK);
    cr_expect_not(mo_hash_equal(before, after));
    mo_sqlite_close(a);
    mo_sqlite_close(b);
}

Test(connect, a_snapshot_that_is_too_old)
{
    mo_conn *a = help_conn("s.db", MOULT_OPEN_CREATE), *b;

    help_exec(a, "PRAGMA journal_mode = wal; CREATE TABLE t (a)");
    b = help_conn("s.db", MOULT_OPEN_WRITE);
    cr_assert_eq(mo_sqlite_begin(b, 0, &help_err), MOULT_OK);
    cr_expect_eq(help_int(b, "SELECT count(*) FROM t"), 0);
    help_exec(a, "INSERT INTO t VALUES (1)");
    cr_expect_eq(mo_sqlite_exec(b, "INSERT INTO t VALUES (2)", NULL, &help_err), MOULT_LOCKED);
    cr_expect_str_eq(help_err.pub.engine_code, "SQLITE_BUSY_SNAPSHOT");
    mo_sqlite_rollback(b);
    mo_sqlite_close(a);
    mo_sqlite_close(b);
}

Test(connect, dialects_are_found_by_scheme)
{
    mo_url url = {.scheme = "sqlite"};
    const mo_dialect *found = NULL;

    cr_expect_eq(mo_dialect_find(&url, &found, &help_err), MOULT_OK);
    cr_expect_eq(found, &mo_dialect_sqlite);
    cr_expect_eq(mo_dialect_named("sqlite"), &mo_dialect_sqlite);
    cr_expect_null(mo_dialect_named("oracle"));
    url.scheme = "oracle";
    cr_expect_eq(mo_dialect_find(&url, &found, &help_err), MOULT_INVALID);
    cr_expect_null(found);
    cr_expect(strstr(help_err.pub.hint, "sqlite"));
}

Test(connect, the_frame_of_a_script)
{
    mo_plan *p = mo_plan_new(&mo_dialect_sqlite);
    mo_str before = {0}, after = {0};

    cr_assert(p);
    mo_vec_push(p->region, &p->settings, "foreign_keys=off");
    mo_vec_push(p->region, &p->settings, "defensive=off");
    mo_part_of_plan part = mo_plan_part(p, 0, 1);
    mo_sqlite_script_frame(p, &part, &before, &after);
    cr_expect(strstr(mo_str_text(&before), "\n.bail on\n"));
    cr_expect(strstr(mo_str_text(&before), "PRAGMA foreign_keys=off;\n.dbconfig defensive off\nBEGIN IMMEDIATE;\n"));
    cr_expect_str_eq(mo_str_text(&after), "COMMIT;\n", "no step touches rows: no foreign key is looked at");
    mo_str_free(&before);
    mo_str_free(&after);
    mo_plan_free(p);
}
