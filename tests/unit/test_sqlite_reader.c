/* SPDX-License-Identifier: MIT */
/* test_sqlite_reader.c - stored text to the tree and back: what each part holds, what SQLite stores, what is refused and where. */
#include "sqlite_help.h"

#include "dialect/sqlite/reader_core.h"

TestSuite(reader, .init = help_begin, .fini = help_end, .timeout = 60);

static mo_schema *schema;

static mo_object *read_text(const char *sql)
{
    mo_object *o = NULL;
    size_t n = strlen(sql);
    char *exact = malloc(n); /* without a NUL behind it */
    memcpy(exact, sql, n);
    mo_schema_free(schema);
    schema = mo_schema_new();
    cr_assert(mo_sqlite_read_object(schema, exact, n, &o, &help_err) == MOULT_OK, "%s: %s", sql, help_err.pub.message);
    free(exact); /* the tree keeps nothing of it */
    return o;
}

static mo_column *column(const mo_object *o, const char *name)
{
    mo_column *c = mo_table_column(o->table, name);
    cr_assert(c, "no column %s", name);
    return c;
}

static void check_attr(const mo_column *c, mo_attr attr, const char *canonical, const char *text)
{
    const mo_attr_value *v = &c->attr[attr];
    if (!canonical) {
        cr_expect_null(v->canonical, "%s has %s", c->name, mo_attrs[attr].name);
        cr_expect_null(v->text);
        return;
    }
    cr_assert(v->canonical && v->text, "%s has no %s", c->name, mo_attrs[attr].name);
    cr_expect_str_eq(v->canonical, canonical);
    cr_expect_str_eq(v->text, text);
}

Test(reader, columns)
{
    mo_object *o = read_text("CREATE TABLE t (\n"
                             "  id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key\n"
                             "  name VARCHAR (20) COLLATE nocase NOT NULL ON CONFLICT REPLACE DEFAULT 'it''s',\n"
                             "  amount DECIMAL(10, 2) DEFAULT (1 + 2) CHECK (amount > 0 AND name <> ''),\n"
                             "  word DEFAULT \"yes\",\n"
                             "  \"sum\" INT GENERATED ALWAYS AS (amount * 2) STORED,\n"
                             "  lazy AS (\"sum\" + 1), plain)");
    cr_expect_eq(o->kind, MO_KIND_TABLE);
    cr_expect_str_eq(o->name, "t");
    cr_expect_eq(o->table->columns.count, 7);
    mo_column *c = column(o, "ID");
    check_attr(c, MO_ATTR_TYPE, "integer", "INTEGER");
    check_attr(c, MO_ATTR_NOT_NULL, NULL, NULL);
    cr_expect_eq(c->row_id, 1);
    cr_expect_eq(c->key_place, 1);
    cr_expect_eq(c->where.line, 2);
    cr_expect_eq(c->where.column, 3);
    cr_expect_str_eq(c->text, "id INTEGER PRIMARY KEY AUTOINCREMENT");
    c = column(o, "name");
    check_attr(c, MO_ATTR_TYPE, "varchar(20)", "VARCHAR (20)");
    check_attr(c, MO_ATTR_COLLATION, "nocase", "nocase");
    check_attr(c, MO_ATTR_NOT_NULL, "1", "NOT NULL");
    check_attr(c, MO_ATTR_NOT_NULL_CONFLICT, "replace", "ON CONFLICT REPLACE");
    check_attr(c, MO_ATTR_DEFAULT, "'it''s'", "'it''s'");
    c = column(o, "amount");
    check_attr(c, MO_ATTR_TYPE, "decimal(10,2)", "DECIMAL(10, 2)");
    check_attr(c, MO_ATTR_DEFAULT, "1 + 2", "(1 + 2)");
    cr_expect_str_eq(c->text, "amount DECIMAL(10, 2) DEFAULT (1 + 2) CHECK (amount > 0 AND name <> '')");
    c = column(o, "word");
    check_attr(c, MO_ATTR_TYPE, NULL, NULL);
    check_attr(c, MO_ATTR_DEFAULT, "'yes'", "'yes'");
    cr_expect_str_eq(c->text, "word DEFAULT \"yes\"");
    check_attr(column(o, "sum"), MO_ATTR_GENERATED, "stored amount * 2", "GENERATED ALWAYS AS (amount * 2) STORED");
    check_attr(column(o, "lazy"), MO_ATTR_GENERATED, "virtual sum + 1", "GENERATED ALWAYS AS (\"sum\" + 1) VIRTUAL");
    for (int i = 0; i < MO_ATTR_COUNT; i++)
        check_attr(column(o, "plain"), (mo_attr)i, NULL, NULL);
}

static void check_constraint(const mo_constraint *k, mo_constraint_kind kind, const char *name, const char *canonical,
                             const char *text, int at)
{
    cr_expect_eq(k->kind, kind);
    cr_expect(name ? k->name && !strcmp(k->name, name) : !k->name, "%s", text);
    cr_expect_str_eq(k->canonical, canonical);
    cr_expect_str_eq(k->text, text);
    cr_expect_eq(k->column, at, "%s", text);
}

Test(reader, constraints)
{
    mo_object *o = read_text("CREATE TABLE t (id INT CONSTRAINT \"the key\" PRIMARY KEY DESC ON CONFLICT FAIL,\n"
                             " a UNIQUE ON CONFLICT IGNORE CHECK(a > b) REFERENCES p ON DELETE CASCADE MATCH FULL,\n"
                             " b CONSTRAINT f REFERENCES \"P q\"(x) DEFERRABLE INITIALLY DEFERRED,\n"
                             " CONSTRAINT u UNIQUE (b COLLATE nocase, a DESC) ON CONFLICT ROLLBACK,\n"
                             " CHECK (id + \"B\" > 1 /* so */)\n"
                             " FOREIGN KEY (a, b) REFERENCES p (x, y) ON UPDATE SET NULL)");
    mo_constraint **k = o->table->constraints.items;
    cr_assert_eq(o->table->constraints.count, 8);
    check_constraint(k[0], MO_CONSTRAINT_PRIMARY_KEY, "the key", "primary key (id desc) on conflict fail",
                     "CONSTRAINT \"the key\" PRIMARY KEY (\"id\" DESC) ON CONFLICT FAIL", 0);
    check_constraint(k[1], MO_CONSTRAINT_UNIQUE, NULL, "unique (a) on conflict ignore",
                     "UNIQUE (\"a\") ON CONFLICT IGNORE", 1);
    check_constraint(k[2], MO_CONSTRAINT_CHECK, NULL, "check (a > b)", "CHECK(a > b)", 1);
    check_constraint(k[3], MO_CONSTRAINT_FOREIGN_KEY, NULL, "foreign key (a) references p on delete cascade match full",
                     "FOREIGN KEY (\"a\") REFERENCES p ON DELETE CASCADE MATCH FULL", 1);
    check_constraint(k[4], MO_CONSTRAINT_FOREIGN_KEY, "f",
                     "foreign key (b) references \"p q\" (x) deferrable initially deferred",
                     "CONSTRAINT f FOREIGN KEY (\"b\") REFERENCES \"P q\"(x) DEFERRABLE INITIALLY DEFERRED", 2);
    check_constraint(k[5], MO_CONSTRAINT_UNIQUE, "u", "unique (b collate nocase, a desc) on conflict rollback",
                     "CONSTRAINT u UNIQUE (b COLLATE nocase, a DESC) ON CONFLICT ROLLBACK", -1);
    check_constraint(k[6], MO_CONSTRAINT_CHECK, NULL, "check (id + b > 1)", "CHECK (id + \"B\" > 1 )", -1);
    check_constraint(k[7], MO_CONSTRAINT_FOREIGN_KEY, NULL, "foreign key (a, b) references p (x, y) on update set null",
                     "FOREIGN KEY (a, b) REFERENCES p (x, y) ON UPDATE SET NULL", -1);
    cr_expect_eq(k[6]->column_count, 2);
    cr_expect_str_eq(k[6]->columns[0], "id");
    cr_expect_str_eq(k[6]->columns[1], "b");
    cr_expect_str_eq(k[7]->ref_table, "p");
    cr_expect_eq(k[7]->column_count, 2);
    cr_expect_str_eq(k[7]->ref_columns[1], "y");
    cr_expect_eq(k[3]->ref_column_count, 0);
    cr_expect_eq(k[5]->where.line, 4);
    cr_expect_eq(k[5]->where.column, 2);
    cr_expect_eq(column(o, "id")->row_id, 0);
}

Test(reader, implied_not_null)
{
    mo_object *o =
        read_text("CREATE TABLE t (a, b TEXT NOT NULL ON CONFLICT FAIL, c, PRIMARY KEY (b, a)) STRICT, WITHOUT ROWID");
    check_attr(column(o, "a"), MO_ATTR_NOT_NULL, "1", "NOT NULL");
    check_attr(column(o, "b"), MO_ATTR_NOT_NULL_CONFLICT, "fail", "ON CONFLICT FAIL");
    check_attr(column(o, "c"), MO_ATTR_NOT_NULL, NULL, NULL);
    cr_expect_eq(column(o, "b")->key_place, 1);
    cr_expect_eq(column(o, "a")->key_place, 2);
    cr_expect_eq(o->table->options.count, 2);
    cr_expect_str_eq(o->table->options.items[0].name, "strict");
    cr_expect_str_eq(o->table->options.items[1].text, "WITHOUT ROWID");
    o = read_text("CREATE TABLE t (a INT, b INTEGER NOT NULL ON CONFLICT FAIL PRIMARY KEY)");
    check_attr(column(o, "b"), MO_ATTR_NOT_NULL, "1", "NOT NULL");
    check_attr(column(o, "b"), MO_ATTR_NOT_NULL_CONFLICT, "fail", "ON CONFLICT FAIL");
    cr_expect_eq(column(o, "b")->row_id, 1);
    o = read_text("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT");
    check_attr(column(o, "a"), MO_ATTR_NOT_NULL, NULL, NULL);
}

Test(reader, odd_types)
{
    mo_object *o =
        read_text("CREATE TABLE t (a INT GENERATED ALWAYS AS (1), b INT ALWAYS AS (1), c SMALLINTEGERS ALWAYS AS (1),"
                  " d \"my type\" of mine, e 'x y', f \"\", g BIG /* CHAR */ X, h INT /* whole */ UNSIGNED)");
    check_attr(column(o, "a"), MO_ATTR_TYPE, "int", "INT");
    check_attr(column(o, "b"), MO_ATTR_TYPE, "int always", "INT ALWAYS");
    check_attr(column(o, "c"), MO_ATTR_TYPE, "smallintegers", "SMALLINTEGERS");
    check_attr(column(o, "d"), MO_ATTR_TYPE, "my type", "\"my type\" of mine");
    check_attr(column(o, "e"), MO_ATTR_TYPE, "x y", "'x y'");
    check_attr(column(o, "f"), MO_ATTR_TYPE, NULL, NULL);
    check_attr(column(o, "g"), MO_ATTR_TYPE, "BIG /* CHAR */ X", "BIG /* CHAR */ X"); /* the comment makes it text */
    check_attr(column(o, "h"), MO_ATTR_TYPE, "int unsigned", "INT UNSIGNED");
    cr_expect_str_eq(column(o, "g")->text, "g BIG /* CHAR */ X");
    cr_expect_str_eq(column(o, "h")->text, "h INT UNSIGNED");
    cr_expect_str_eq(column(o, "c")->text, "c SMALLINTEGERS AS (1)");
}

Test(reader, other_kinds)
{
    mo_object *o = read_text("CREATE UNIQUE INDEX [my index] ON \"the table\" (a) WHERE a > 1");
    cr_expect_eq(o->kind, MO_KIND_INDEX);
    cr_expect_str_eq(o->name, "my index");
    cr_expect_str_eq(o->parent, "the table");
    cr_expect_str_eq(o->canonical, "unique index on \"the table\" (a) where a > 1");
    cr_expect_null(o->table);
    o = read_text("CREATE TRIGGER g INSTEAD OF DELETE ON main.v WHEN OLD.a BEGIN SELECT 1; END");
    cr_expect_eq(o->kind, MO_KIND_TRIGGER);
    cr_expect_str_eq(o->parent, "v");
    o = read_text("CREATE VIEW v(a, \"B c\") AS SELECT 1, 2");
    cr_expect_eq(o->kind, MO_KIND_VIEW);
    cr_expect_null(o->parent);
    o = read_text("CREATE VIRTUAL TABLE f USING \"FTS5\"(a, content = 'x', tokenize = \"porter 'it'\")");
    cr_expect_eq(o->kind, MO_KIND_VIRTUAL_TABLE);
    cr_expect_str_eq(o->canonical, "using fts5 (a, content = 'x', tokenize = \"porter 'it'\")");
    o = read_text("CREATE VIRTUAL TABLE f USING m");
    cr_expect_str_eq(o->canonical, "using m ()");
    o = read_text("CREATE VIRTUAL TABLE f USING m()");
    cr_expect_str_eq(o->canonical, "using m ()");
}

Test(reader, mentions)
{
    mo_object *o =
        read_text("CREATE TABLE \"My Table\" (a REFERENCES \"Other One\"(x), [b] DEFAULT 'lit', FOREIGN KEY (a)"
                  " REFERENCES 'third', CHECK (f(a) IS NOT NULL))");
    static const char *const mentioned[] = {"a", "b", "other one", "x", "third", "f"};
    for (size_t i = 0; i < sizeof mentioned / sizeof *mentioned; i++)
        cr_expect(mo_object_mentions(o, mentioned[i]), "%s", mentioned[i]);
    cr_expect(mo_object_mentions(o, "OTHER ONE"));
    cr_expect_not(mo_object_mentions(o, "my table"));
    cr_expect_not(mo_object_mentions(o, "references"));
    cr_expect_not(mo_object_mentions(o, "not"));
    for (size_t i = 1; i < o->mention_count; i++)
        cr_expect(strcmp(o->mentions[i - 1], o->mentions[i]) < 0);
    o = read_text("CREATE VIEW v AS SELECT a.\"q\"\"u\" FROM 'Tab', b");
    cr_expect(mo_object_mentions(o, "q\"u"));
    cr_expect(mo_object_mentions(o, "tab"));
    cr_expect(mo_object_mentions(o, "b"));
}

/* o->sql is what SQLite stores, but for what follows the last token. */
Test(reader, sql_as_stored)
{
    static const char *const texts[] = {
        "create table if not exists main.\"t\" ( a int )",
        "CREATE TABLE t(a INT PRIMARY KEY) without rowid , strict",
        "create  unique index if not exists main . i on base (a)",
        "create index 'i' on base (a) where a > 1",
        "create view if not exists main.v as select /* so */ a from base",
        "create trigger if not exists main.g after insert on base begin select 1; end",
        "create virtual table if not exists main.f using fts5 ( a, b )",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mo_conn *c = NULL;
        sqlite3_stmt *stmt = NULL;
        cr_assert(mo_sqlite_open_memory(&c, &help_err) == MOULT_OK);
        help_exec(c, "CREATE TABLE base (a)");
        help_exec(c, texts[i]);
        mo_object *o = read_text(texts[i]);
        cr_assert(sqlite3_prepare_v2(mo_sqlite_db(c), "SELECT sql FROM sqlite_schema WHERE name = ?", -1, &stmt,
                                     NULL) == SQLITE_OK);
        sqlite3_bind_text(stmt, 1, o->name, -1, SQLITE_TRANSIENT);
        cr_assert(sqlite3_step(stmt) == SQLITE_ROW, "%s", texts[i]);
        cr_expect_str_eq((const char *)sqlite3_column_text(stmt, 0), o->sql);
        sqlite3_finalize(stmt);
        mo_sqlite_close(c);
    }
}

static const struct {
    const char *sql, *message;
    int line, column;
} wrong[] = {
    {"", "the definition ends", 1, 1},
    {"SELECT 1", "CREATE is expected", 1, 1},
    {"CREATE", "TABLE, INDEX", 1, 7},
    {"CREATE SCHEMA x", "TABLE, INDEX", 1, 8},
    {"CREATE TABLE", "a name is expected", 1, 13},
    {"CREATE TABLE select (a)", "near 'select'", 1, 14},
    {"CREATE TABLE t", "( is expected", 1, 15},
    {"CREATE TABLE t ()", "a name is expected", 1, 17},
    {"CREATE TABLE t (a", ") is expected", 1, 18},
    {"CREATE TABLE t (a,)", "a name is expected", 1, 19},
    {"CREATE TABLE t (a) x", "STRICT or WITHOUT ROWID", 1, 20},
    {"CREATE TABLE t (a) STRICT,", "STRICT or WITHOUT ROWID", 1, 27},
    {"CREATE TABLE t (a) WITHOUT STRICT", "ROWID is expected", 1, 28},
    {"CREATE TABLE t (a, A)", "column 'A' is there twice", 1, 20},
    {"CREATE TABLE t (a,\n  b CHECK (c)\n  x)", "near 'x'", 3, 3},
    {"CREATE TABLE t (a CHECK ())", "something within the parentheses", 1, 26},
    {"CREATE TABLE t (a CHECK (a)", ") is expected", 1, 28},
    {"CREATE TABLE t (a CHECK (a", "is not closed", 1, 25},
    {"CREATE TABLE t (a DEFAULT)", "a value is expected", 1, 26},
    {"CREATE TABLE t (a DEFAULT -x)", "a value is expected", 1, 28},
    {"CREATE TABLE t (a NOT x)", "near 'NOT'", 1, 19},
    {"CREATE TABLE t (a INT(x))", "a number is expected", 1, 23},
    {"CREATE TABLE t (a, UNIQUE (b))", "no column 'b'", 1, 28},
    {"CREATE TABLE t (a, FOREIGN KEY (b) REFERENCES p)", "no column 'b'", 1, 33},
    {"CREATE TABLE t (a, UNIQUE (a + 1))", "a column is expected", 1, 30},
    {"CREATE TABLE t (a PRIMARY KEY, PRIMARY KEY (a))", "more than one primary key", 1, 32},
    {"CREATE TABLE t (a UNIQUE ON CONFLICT x)", "ROLLBACK, ABORT", 1, 38},
    {"CREATE TABLE t (a REFERENCES p ON DELETE x)", "an action", 1, 42},
    {"CREATE TABLE t (a, UNIQUE (a), b)", "a table constraint", 1, 32},
    {"CREATE TABLE t (a GENERATED AS (1) x", "near 'x'", 1, 36},
    {"CREATE TABLE t AS SELECT 1", "AS SELECT", 1, 16},
    {"CREATE TABLE t (a) 'x", "a quote that begins here has no end", 1, 20},
    {"CREATE TABLE t (a \x01)", "unrecognised text", 1, 19},
    {"CREATE TEMP TABLE t (a)", "temporary", 1, 8},
    {"CREATE TABLE other.t (a)", "another database", 1, 14},
    {"CREATE INDEX i ON t", "( is expected", 1, 20},
    {"CREATE INDEX i ON t ()", "something within", 1, 22},
    {"CREATE INDEX i ON t (a,,b)", "a column or an expression", 1, 24},
    {"CREATE INDEX i ON t (a) WHERE", "a condition", 1, 30},
    {"CREATE INDEX i ON t (a) x", "the end of the definition", 1, 25},
    {"CREATE VIEW v SELECT 1", "AS is expected", 1, 15},
    {"CREATE VIEW v AS x", "SELECT is expected", 1, 18},
    {"CREATE TRIGGER g ON t BEGIN SELECT 1; END", "DELETE, INSERT or UPDATE", 1, 18},
    {"CREATE TRIGGER g AFTER INSERT ON t SELECT 1; END", "BEGIN is expected", 1, 36},
    {"CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1;", "END is expected", 1, 51},
    {"CREATE VIRTUAL TABLE f (a)", "USING is expected", 1, 24},
    {"CREATE VIRTUAL TABLE f USING m (a", "is not closed", 1, 32},
};

Test(reader, what_is_wrong_has_its_place)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mo_schema *s = mo_schema_new();
        mo_object *o = NULL;
        int rc = mo_sqlite_read_object(s, wrong[i].sql, strlen(wrong[i].sql), &o, &help_err);
        cr_assert_eq(rc, MOULT_SOURCE, "%s", wrong[i].sql);
        cr_expect_null(o);
        cr_expect(strstr(help_err.pub.message, wrong[i].message), "%s: %s", wrong[i].sql, help_err.pub.message);
        cr_expect(help_err.pub.line == wrong[i].line && help_err.pub.column == wrong[i].column, "%s: %s at %d:%d",
                  wrong[i].sql, help_err.pub.message, help_err.pub.line, help_err.pub.column);
        cr_expect_null(help_err.pub.file);
        mo_schema_free(s);
    }
    cr_assert_eq(
        mo_sqlite_read_object(schema = mo_schema_new(), "CREATE\0TABLE t (a)", 18, &(mo_object *){NULL}, &help_err),
        MOULT_SOURCE);
}

/* --- keywords -------------------------------------------------------------------------------------------------------- */

/* Every keyword of the engine is known, and where it may be a name is as the engine has it. */
Test(reader, keywords_are_those_of_sqlite)
{
    mo_conn *c = NULL;
    cr_assert(mo_sqlite_open_memory(&c, &help_err) == MOULT_OK);
    for (int i = 0; i < sqlite3_keyword_count(); i++) {
        const char *text;
        char sql[200];
        int n;
        cr_assert(sqlite3_keyword_name(i, &text, &n) == SQLITE_OK);
        mo_word word = mo_word_find(text, (size_t)n);
        cr_assert_neq(word, MO_WORD_NONE, "%.*s", n, text);
        snprintf(sql, sizeof sql, "CREATE TABLE t (%.*s INT); DROP TABLE t", n, text);
        int is_name = sqlite3_exec(mo_sqlite_db(c), sql, NULL, NULL, NULL) == SQLITE_OK;
        cr_expect_eq(is_name, mo_word_where(word) != MO_WORD_USE_RESERVED, "%.*s", n, text);
    }
    for (int word = 1; word < MO_WORD_COUNT; word++) {
        const char *text = mo_word_text((mo_word)word);
        cr_expect_eq((int)mo_word_find(text, strlen(text)), word, "%s", text);
    }
    cr_expect_eq(mo_word_find("sElEcT", 6), MO_WORD_SELECT);
    cr_expect_eq(mo_word_find("selec", 5), MO_WORD_NONE);
    cr_expect_eq(mo_word_find("x", 1), MO_WORD_NONE);
    cr_expect_eq(mo_word_find("current_timestamps", 18), MO_WORD_NONE);
    cr_expect_eq(mo_word_find("_", 1), MO_WORD_NONE);
    cr_expect_eq(mo_word_find("zebra", 5), MO_WORD_NONE);
    mo_sqlite_close(c);
}

/* --- back to text ---------------------------------------------------------------------------------------------------- */

static const char *const tables[] = {
    "CREATE TABLE t (a)",
    "CREATE TABLE \"a \"\" b\" (\"x \"\" y\" INT, [z] TEXT, `q``r` DEFAULT 'x', 'it''s' REFERENCES \"a \"\" b\")",
    "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, a INT)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY ASC ON CONFLICT REPLACE AUTOINCREMENT, a INT)",
    "CREATE TABLE t (id INTEGER, a INT UNIQUE ON CONFLICT IGNORE, PRIMARY KEY (id DESC AUTOINCREMENT) ON CONFLICT "
    "FAIL)",
    "CREATE TABLE t (a INT CONSTRAINT n NOT NULL ON CONFLICT REPLACE CONSTRAINT d DEFAULT (1), b TEXT COLLATE "
    "\"RTRIM\")",
    "CREATE TABLE t (a INT, b AS (a + 1) STORED NOT NULL, c INT GENERATED ALWAYS AS (\"b\" || 'x') VIRTUAL UNIQUE)",
    "CREATE TABLE t (a INT CONSTRAINT \"c 1\" CHECK (a > 0) CHECK (a < 9), CONSTRAINT 'c 2' CHECK (a <> 5) CHECK (a <> "
    "6))",
    "CREATE TABLE t (a REFERENCES p, b CONSTRAINT f REFERENCES p (x) ON DELETE SET DEFAULT ON UPDATE CASCADE NOT "
    "DEFERRABLE,"
    " c REFERENCES p MATCH SIMPLE DEFERRABLE INITIALLY DEFERRED, FOREIGN KEY (a, b) REFERENCES p (x, y) ON DELETE "
    "RESTRICT)",
    "CREATE TABLE t (a TEXT, b TEXT COLLATE NOCASE, PRIMARY KEY (b, a COLLATE NOCASE DESC)) STRICT, WITHOUT ROWID",
    "CREATE TABLE t (a INT DEFAULT +1, b DEFAULT -1.5e3, c DEFAULT x'00ff', d DEFAULT current_timestamp, e DEFAULT "
    "NULL,"
    " f DEFAULT word, g DEFAULT \"a word\", h DEFAULT TRUE, i DEFAULT (random()), j DEFAULT ((1)))",
    "CREATE TABLE t (a UNSIGNED BIG INT, b DECIMAL(10, -2), c \"odd type\" here, d, e VARCHAR (+5))",
    "CREATE TABLE t (a INT, b INT CHECK (\"a\" = \"zz\" AND [b] IN (1, 2)) -- a comment's end\n , c INT -- and "
    "@more\n)",
    "CREATE TABLE t (key INT, action TEXT, \"order\" INT, \"select\" INT, match INT, CHECK (key > \"order\"))",
    "CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE, UNIQUE (b), UNIQUE (a, b), UNIQUE (a, b))",
    "CREATE TABLE t (a BIG /* CHAR */ X NOT NULL, b SMALLINTEGERS ALWAYS AS (a))",
};

static char *canonical_of(const char *sql)
{
    mo_conn *c = NULL;
    mo_schema *s = NULL;
    cr_assert(mo_sqlite_open_memory(&c, &help_err) == MOULT_OK);
    cr_assert(mo_sqlite_exec(c, sql, NULL, &help_err) == MOULT_OK, "%s: %s", sql, help_err.pub.message);
    cr_assert(mo_sqlite_introspect(c, &s, &help_err) == MOULT_OK);
    cr_assert_eq(s->objects.count, 1);
    cr_assert_eq(s->objects.items[0]->flags, 0, "%s: %s", sql, s->objects.items[0]->note);
    char *out = strdup(s->objects.items[0]->canonical);
    mo_schema_free(s);
    mo_sqlite_close(c);
    return out;
}

Test(reader, composed_is_the_same)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        mo_object *o = read_text(tables[i]);
        char *was = canonical_of(tables[i]), *is = canonical_of(mo_sqlite_compose_table(schema->region, o));
        cr_expect_str_eq(was, is, "%s", tables[i]);
        free(was);
        free(is);
    }
}

/* Each column made anew from its attributes. */
Test(reader, columns_made_anew_are_the_same)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        mo_object *o = read_text(tables[i]);
        for (size_t k = 0; k < o->table->columns.count; k++) {
            mo_column *c = o->table->columns.items[k];
            c->text = mo_sqlite_column_sql(schema->region, o->table, c, 0);
        }
        char *was = canonical_of(tables[i]), *is = canonical_of(mo_sqlite_compose_table(schema->region, o));
        cr_expect_str_eq(was, is, "%s", tables[i]);
        free(was);
        free(is);
    }
}

Test(reader, column_without_parts)
{
    mo_object *o = read_text("CREATE TABLE t (a INT NOT NULL ON CONFLICT FAIL DEFAULT abc UNIQUE REFERENCES p)");
    mo_column *c = column(o, "a");
    mo_region *r = schema->region;
    cr_expect_str_eq(mo_sqlite_column_sql(r, o->table, c, MO_SQLITE_COLUMN_NO_CONSTRAINTS),
                     "\"a\" INT NOT NULL ON CONFLICT FAIL DEFAULT 'abc'");
    cr_expect_str_eq(mo_sqlite_column_sql(r, o->table, c, MO_SQLITE_COLUMN_NO_NOT_NULL),
                     "\"a\" INT DEFAULT 'abc' UNIQUE REFERENCES p");
    cr_expect_str_eq(mo_sqlite_column_sql(r, o->table, c,
                                          MO_SQLITE_COLUMN_NO_DEFAULT | MO_SQLITE_COLUMN_NO_NOT_NULL |
                                              MO_SQLITE_COLUMN_NO_CONSTRAINTS),
                     "\"a\" INT");
}

Test(reader, object_sql)
{
    mo_str out = {0};
    cr_assert(mo_sqlite_object_sql(read_text("create index if not exists i on t (a) -- so"), &out) == MOULT_OK);
    cr_expect_str_eq(mo_str_text(&out), "CREATE INDEX i on t (a)");
    mo_str_free(&out);
}

/* --- introspection --------------------------------------------------------------------------------------------------- */

static mo_schema *introspected(mo_conn *c)
{
    mo_schema *s = NULL;
    cr_assert(mo_sqlite_introspect(c, &s, &help_err) == MOULT_OK, "%s", help_err.pub.message);
    return s;
}

Test(reader, only_objects_of_ones_own)
{
    mo_conn *c = help_conn("own.db", MOULT_OPEN_CREATE);
    help_exec(c, "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x UNIQUE); CREATE INDEX ax ON a (x);"
                 "INSERT INTO a (x) VALUES (1); ANALYZE;"
                 "CREATE TABLE _moult_history (x); CREATE INDEX hx ON _moult_history (x);"
                 "CREATE TABLE moult_x (y); CREATE VIEW v AS SELECT x FROM a;"
                 "CREATE TEMP TABLE t (z)");
    mo_schema *s = introspected(c);
    cr_expect_eq(s->objects.count, 4);
    cr_expect(mo_schema_find(s, MO_KIND_TABLE, "A"));
    cr_expect(mo_schema_find(s, MO_KIND_TABLE, "moult_x"));
    cr_expect(mo_schema_find(s, MO_KIND_INDEX, "ax"));
    cr_expect(mo_schema_find(s, MO_KIND_VIEW, "v"));
    mo_schema_free(s);
    mo_sqlite_close(c);
}

Test(reader, shadows_are_no_objects)
{
    mo_conn *c = help_conn("shadow.db", MOULT_OPEN_CREATE);
    help_exec(c, "CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIRTUAL TABLE r USING rtree(id, x0, x1);"
                 "CREATE VIRTUAL TABLE o USING fts4(a); CREATE TABLE f_notes (a); CREATE INDEX n ON f_notes (a);"
                 "CREATE TABLE plain (a)");
    mo_schema *s = introspected(c);
    cr_expect_eq(s->objects.count, 6);
    cr_expect(mo_schema_find(s, MO_KIND_TABLE, "f_notes"), "a table that only looks like a shadow is one of its own");
    cr_expect_null(mo_schema_find(s, MO_KIND_TABLE, "f_data"));
    cr_expect_null(mo_schema_find(s, MO_KIND_TABLE, "o_segdir"));
    cr_expect_eq(mo_schema_find(s, MO_KIND_VIRTUAL_TABLE, "r")->flags, 0);
    mo_schema_free(s);
    mo_sqlite_close(c);
}

/* A module that is not loaded: written into the schema by hand, as another program would have left it. */
Test(reader, module_that_is_not_loaded)
{
    mo_conn *c = help_conn("module.db", MOULT_OPEN_CREATE);
    help_exec(c,
              "CREATE TABLE Geo_node (a); CREATE TABLE geo_parent (a); CREATE TABLE geo (a); CREATE TABLE geology (a);"
              "CREATE INDEX gi ON geo_node (a); PRAGMA writable_schema = ON;"
              "UPDATE sqlite_schema SET rootpage = 0, sql = 'CREATE VIRTUAL TABLE geo USING spatial (a, b)'"
              " WHERE name = 'geo'; PRAGMA writable_schema = RESET");
    mo_schema *s = introspected(c);
    cr_expect_eq(s->objects.count, 2);
    mo_object *o = mo_schema_find(s, MO_KIND_VIRTUAL_TABLE, "geo");
    cr_assert(o);
    cr_expect_eq(o->flags, MO_OBJECT_UNCOMPARED);
    cr_expect(strstr(o->note, "'spatial'") && strstr(o->note, "geo_"), "%s", o->note);
    cr_expect(mo_schema_find(s, MO_KIND_TABLE, "geology"));
    cr_expect_null(help_err.pub.message);
    mo_schema_free(s);
    mo_sqlite_close(c);
}

/* Names and texts survive the way through a file in another encoding. */
Test(reader, utf16)
{
    mo_conn *c = help_conn("utf16.db", MOULT_OPEN_CREATE);
    help_exec(
        c,
        "PRAGMA encoding = 'UTF-16'; CREATE TABLE \"\xC3\xBCnder\" (\"\xE6\x97\xA5\" TEXT DEFAULT '\xF0\x9F\x98\x80')");
    mo_schema *s = introspected(c);
    mo_object *o = mo_schema_find(s, MO_KIND_TABLE, "\xC3\xBCnder");
    cr_assert(o);
    check_attr(column(o, "\xE6\x97\xA5"), MO_ATTR_DEFAULT, "'\xF0\x9F\x98\x80'", "'\xF0\x9F\x98\x80'");
    mo_schema_free(s);
    mo_sqlite_close(c);
}

/* --- declare --------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *sql;
    int allowed, creates;
    mo_kind kind;
    const char *name, *parent;
} declared[] = {
    {"CREATE TABLE t (a)", 1, 1, MO_KIND_TABLE, "t", NULL},
    {"create table if not exists main . [my t] (a)", 1, 1, MO_KIND_TABLE, "my t", NULL},
    {"CREATE TABLE if (a)", 1, 1, MO_KIND_TABLE, "if", NULL},
    {"CREATE TABLE t AS SELECT 1", 1, 0, MO_KIND_TABLE, "t", NULL},
    {"CREATE UNIQUE INDEX i ON main.\"t\"\"x\" (a)", 1, 1, MO_KIND_INDEX, "i", "t\"x"},
    {"CREATE INDEX i ON t (a)", 1, 1, MO_KIND_INDEX, "i", "t"},
    {"CREATE VIEW v AS SELECT 1", 1, 1, MO_KIND_VIEW, "v", NULL},
    {"CREATE TRIGGER g AFTER UPDATE OF a, b ON t BEGIN SELECT 1; END", 1, 1, MO_KIND_TRIGGER, "g", "t"},
    {"CREATE VIRTUAL TABLE f USING fts5(a)", 1, 1, MO_KIND_VIRTUAL_TABLE, "f", NULL},
    {"/* c */ CREATE -- c\n TABLE 't' (a)", 1, 1, MO_KIND_TABLE, "t", NULL},
    {"ALTER TABLE t ADD COLUMN b", 1, 0, MO_KIND_TABLE, NULL, NULL},
    {"DROP TABLE IF EXISTS t", 1, 0, MO_KIND_TABLE, NULL, NULL},
    {"CREATE NONSENSE x", 1, 0, MO_KIND_TABLE, NULL, NULL},
    {"CREATE TABLE", 1, 0, MO_KIND_TABLE, NULL, NULL},
    {"nonsense", 1, 0, MO_KIND_TABLE, NULL, NULL},
    {"CREATE TEMP TABLE t (a)", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"CREATE TEMPORARY VIEW v AS SELECT 1", 0, 0, MO_KIND_VIEW, NULL, NULL},
    {"CREATE TABLE temp.t (a)", 0, 0, MO_KIND_TABLE, "t", NULL},
    {"CREATE TABLE aux.t (a)", 0, 0, MO_KIND_TABLE, "t", NULL},
    {"CREATE TABLE _MOULT_x (a)", 0, 0, MO_KIND_TABLE, "_MOULT_x", NULL},
    {"INSERT INTO t VALUES (1)", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"update t set a = 1", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"DELETE FROM t", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"REPLACE INTO t VALUES (1)", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"WITH x AS (SELECT 1) SELECT * FROM x", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"SELECT 1", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"VALUES (1)", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"PRAGMA foreign_keys = ON", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"ATTACH 'x' AS y", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"BEGIN TRANSACTION", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"COMMIT", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"END", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"ROLLBACK", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"SAVEPOINT s", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"RELEASE s", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"VACUUM", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {"EXPLAIN SELECT 1", 0, 0, MO_KIND_TABLE, NULL, NULL},
    {".tables", 0, 0, MO_KIND_TABLE, NULL, NULL},
};

Test(reader, declare)
{
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++) {
        mo_region *r = mo_region_new();
        mo_statement_text st = {.text = declared[i].sql, .length = strlen(declared[i].sql), .line = 1, .column = 1};
        mo_declared d;
        cr_assert(mo_sqlite_declare(NULL, r, &st, &d, &help_err) == MOULT_OK);
        cr_expect_eq(d.allowed, declared[i].allowed, "%s", declared[i].sql);
        cr_expect_eq(d.creates, declared[i].creates, "%s", declared[i].sql);
        cr_expect(d.allowed || (d.why && d.hint), "%s", declared[i].sql);
        if (declared[i].name)
            cr_expect(d.name && !strcmp(d.name, declared[i].name), "%s", declared[i].sql);
        cr_expect(declared[i].parent ? d.parent && !strcmp(d.parent, declared[i].parent) : !d.parent, "%s",
                  declared[i].sql);
        if (d.creates)
            cr_expect_eq(d.kind, declared[i].kind, "%s", declared[i].sql);
        mo_region_free(r);
    }
}
