/* SPDX-License-Identifier: MIT */
/* test_model.c - models declared in C, as SQLite's DDL: what they render to, that the engine takes it, what is refused. */
#include "sqlite_help.h"

TestSuite(model, .init = help_begin, .fini = help_end, .timeout = 30);

static mo_str rendered;

static int render(const moult_model *m)
{
    mo_str_free(&rendered);
    memset(&rendered, 0, sizeof rendered);
    return mo_sqlite_render_model(m, &rendered, &help_err);
}

/* Renders, compares, and lets the engine read it. */
static void expect(const moult_model *m, const char *sql)
{
    mo_conn *c = help_conn(NULL, MOULT_OPEN_CREATE);

    cr_assert_eq(render(m), MOULT_OK, "%s", help_err.pub.message);
    cr_expect_str_eq(mo_str_text(&rendered), sql);
    help_exec(c, mo_str_text(&rendered));
    mo_sqlite_close(c);
    mo_str_free(&rendered);
    memset(&rendered, 0, sizeof rendered);
}

static void refuse(const moult_model *m, const char *message)
{
    cr_expect_eq(render(m), MOULT_INVALID, "%s", message);
    cr_expect(help_err.pub.message && strstr(help_err.pub.message, message), "%s is not in: %s", message,
              help_err.pub.message);
    mo_str_free(&rendered);
    memset(&rendered, 0, sizeof rendered);
}

Test(model, everything)
{
    static const moult_column columns[] = {
        {.name = "id", .type = MOULT_TYPE_INTEGER, .primary_key = 1, .auto_increment = 1},
        {.name = "email", .type = MOULT_TYPE_TEXT, .length = 200, .not_null = 1, .unique = 1, .collation = "NOCASE"},
        {.name = "full name",
         .type = MOULT_TYPE_TEXT,
         .renamed_from = "old name",
         .fill = "'none' ||\n -- why\n email"},
        {.name = "order", .type = MOULT_TYPE_SMALLINT, .default_sql = "-1", .check_sql = "\"order\" < 10 -- small"},
        {.name = "made", .type = MOULT_TYPE_TIMESTAMP, .default_sql = "datetime('now')", .fill = "'2020-01-01'"},
        {.name = "price", .type = MOULT_TYPE_NUMERIC, .length = 10, .scale = 2, .renamed_from = "cost"},
        {.name = "boss",
         .type = MOULT_TYPE_INTEGER,
         .references = "user (id)",
         .on_delete = "set null",
         .on_update = "CASCADE"},
        {.name = "twice", .type = MOULT_TYPE_REAL, .generated_sql = "price * 2"},
        {.name = "shape", .type = MOULT_TYPE_NATIVE, .native = "GEO(3)"},
        {0}};
    static const moult_index indexes[] = {
        {.name = "by_made", .columns = "made DESC, email COLLATE NOCASE"},
        {.name = "one boss", .columns = "boss", .unique = 1, .where_sql = "boss IS NOT NULL"},
        {0}};
    static const char *const constraints[] = {"UNIQUE (email, made)", "CHECK (price >= 0)", NULL};
    static const moult_model m = {
        .name = "user", .columns = columns, .indexes = indexes, .constraints = constraints, .renamed_from = "people"};

    expect(&m, "CREATE TABLE user ( -- @renamed from=people\n"
               "    id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
               "    email VARCHAR(200) NOT NULL UNIQUE COLLATE NOCASE,\n"
               "    \"full name\" TEXT, -- @renamed from=\"old name\" @fill 'none' || email\n"
               "    \"order\" SMALLINT DEFAULT -1 CHECK (\"order\" < 10),\n"
               "    made TIMESTAMP DEFAULT (datetime('now')), -- @fill '2020-01-01'\n"
               "    price NUMERIC(10, 2), -- @renamed from=cost\n"
               "    boss INTEGER REFERENCES user (id) ON DELETE SET NULL ON UPDATE CASCADE,\n"
               "    twice REAL GENERATED ALWAYS AS (price * 2) STORED,\n"
               "    shape GEO(3),\n"
               "    UNIQUE (email, made),\n"
               "    CHECK (price >= 0)\n"
               ");\n"
               "CREATE INDEX by_made ON user (made DESC, email COLLATE NOCASE);\n"
               "CREATE UNIQUE INDEX \"one boss\" ON user (boss) WHERE boss IS NOT NULL;\n");
}

Test(model, composite_key_and_options)
{
    static const moult_column columns[] = {{.name = "b", .type = MOULT_TYPE_UUID, .primary_key = 2},
                                           {.name = "a", .type = MOULT_TYPE_TEXT, .primary_key = 1},
                                           {.name = "c", .type = MOULT_TYPE_JSON, .renamed_from = "d"},
                                           {0}};
    static const moult_model m = {
        .name = "weird \"; DROP TABLE x; --", .columns = columns, .native_options = "WITHOUT ROWID"};

    expect(&m, "CREATE TABLE \"weird \"\"; DROP TABLE x; --\" (\n"
               "    b CHAR(36) NOT NULL,\n"
               "    a TEXT NOT NULL,\n"
               "    c TEXT, -- @renamed from=d\n"
               "    PRIMARY KEY (a, b)\n"
               ") WITHOUT ROWID;\n");
}

Test(model, strict_tables_know_six_types)
{
    static const moult_column columns[] = {
        {.name = "a", .type = MOULT_TYPE_BOOLEAN, .default_sql = "FALSE"},
        {.name = "b", .type = MOULT_TYPE_TEXT, .length = 3},
        {.name = "c", .type = MOULT_TYPE_NUMERIC, .length = 3},
        {.name = "d", .type = MOULT_TYPE_DATE},
        {.name = "e", .type = MOULT_TYPE_BLOB, .default_sql = "x'00'", .renamed_from = "f"},
        {0}};
    static const moult_model m = {.name = "t", .columns = columns, .native_options = "strict"};

    expect(&m, "CREATE TABLE t (\n    a INTEGER DEFAULT FALSE,\n    b TEXT,\n    c ANY,\n    d TEXT,\n"
               "    e BLOB DEFAULT x'00' -- @renamed from=f\n) strict;\n");
}

#define COLUMN(...)                                                                                                    \
    (const moult_model)                                                                                                \
    {                                                                                                                  \
        .name = "t", .columns = (const moult_column[])                                                                 \
        {                                                                                                              \
            {.name = "a", __VA_ARGS__},                                                                                \
            {                                                                                                          \
                0                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }
#define REFUSE(message, ...) refuse(&COLUMN(__VA_ARGS__), message)

Test(model, what_is_wrong_is_named)
{
    REFUSE("model t.a: has no type", .type = 0);
    REFUSE("model t.a: has no type", .type = (moult_type)99);
    REFUSE("t.a: is of type NATIVE", .type = MOULT_TYPE_NATIVE);
    REFUSE("t.a: has auto_increment", .type = MOULT_TYPE_TEXT, .primary_key = 1, .auto_increment = 1);
    REFUSE("t.a: its place in the primary key", .type = MOULT_TYPE_TEXT, .primary_key = 2);
    REFUSE("t.a: its place in the primary key", .type = MOULT_TYPE_TEXT, .primary_key = -1);
    REFUSE("t.a: its default is not one expression", .type = MOULT_TYPE_TEXT, .default_sql = "1); DROP TABLE x; --");
    REFUSE("t.a: its default is empty", .type = MOULT_TYPE_TEXT, .default_sql = " -- nothing");
    REFUSE("t.a: its check has an open parenthesis", .type = MOULT_TYPE_TEXT, .check_sql = "(a > 0");
    REFUSE("t.a: its check is not one expression", .type = MOULT_TYPE_TEXT, .check_sql = "a > 'x");
    REFUSE("t.a: has a length", .type = MOULT_TYPE_INTEGER, .length = 3);
    REFUSE("t.a: has a length or scale", .type = MOULT_TYPE_NUMERIC, .scale = 3);
    REFUSE("t.a: its references", .type = MOULT_TYPE_INTEGER, .references = "other thing(id)");
    REFUSE("t.a: its references", .type = MOULT_TYPE_INTEGER, .references = "p(a, b)");
    REFUSE("t.a: has an action", .type = MOULT_TYPE_INTEGER, .references = "p(id)", .on_delete = "EXPLODE");
    REFUSE("t.a: has ON DELETE", .type = MOULT_TYPE_INTEGER, .on_delete = "CASCADE");
    REFUSE("t.a: has a default and is generated", .type = MOULT_TYPE_INTEGER, .default_sql = "1", .generated_sql = "2");
    REFUSE("t.a: an annotation must stand on one line", .type = MOULT_TYPE_TEXT, .fill = "'a\nb'");
    refuse(&(const moult_model){.name = "t"}, "model t: has no columns");
    refuse(&(const moult_model){.name = "t",
                                .columns = (const moult_column[]){{.name = "a", .type = MOULT_TYPE_TEXT},
                                                                  {.name = "A", .type = MOULT_TYPE_TEXT},
                                                                  {0}}},
           "model t.A: is declared twice");
    refuse(&(const moult_model){.name = "", .columns = (const moult_column[]){{.name = "a"}, {0}}}, "empty name");
}
