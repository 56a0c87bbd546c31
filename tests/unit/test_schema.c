/* SPDX-License-Identifier: MIT */
/* test_schema.c - the schema tree: order, canonical forms, fingerprints, copies, scopes, snapshots. */
#include "schema/scope.h"
#include "tree_help.h"

static int same_fingerprint(const char *a, const char *b)
{
    mo_schema *x = tree(a), *y = tree(b);
    int same = strcmp(x->fingerprint, y->fingerprint) == 0;
    cr_expect_eq(strlen(x->fingerprint), 64);
    mo_schema_free(x);
    mo_schema_free(y);
    return same;
}

Test(schema, what_is_no_difference)
{
    cr_expect(same_fingerprint("CREATE TABLE t(a INT, b TEXT)", "create table \"T\" ( b text, A int )"));
    cr_expect(same_fingerprint("CREATE TABLE t(a INT, CHECK(a>0), UNIQUE(a))",
                               "CREATE TABLE t(a INT, UNIQUE(a), CHECK(a > 0))"));
    cr_expect(same_fingerprint("CREATE TABLE t(a); CREATE TABLE u(b)", "CREATE TABLE u(b); CREATE TABLE t(a)"));
}

Test(schema, what_is_a_difference)
{
    static const char *const others[] = {
        "CREATE TABLE t(a INT)",
        "CREATE TABLE t(a INT, b TEXT NOT NULL)",
        "CREATE TABLE t(a INT, b TEXT DEFAULT 'x')",
        "CREATE TABLE t(a INT, b TEXT COLLATE NOCASE)",
        "CREATE TABLE t(a INT, c TEXT)",
        "CREATE TABLE t(a INTEGER, b TEXT)",
        "CREATE TABLE t(a INT, b TEXT, CHECK(a>0))",
        "CREATE TABLE t(a INT, b TEXT) STRICT",
        "CREATE TABLE t(a INT, b TEXT); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a INT, b TEXT); CREATE VIEW v AS SELECT 1",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect(!same_fingerprint("CREATE TABLE t(a INT, b TEXT)", others[i]), "%s", others[i]);
    cr_expect(
        !same_fingerprint("CREATE TABLE t(a, CONSTRAINT x CHECK(a>0))", "CREATE TABLE t(a, CONSTRAINT y CHECK(a>0))"));
}

/* A line end in a value must not look like the next part. */
Test(schema, values_cannot_pretend_to_be_parts)
{
    cr_expect(!same_fingerprint("CREATE TABLE t(a DEFAULT 'x\ncolumn b')", "CREATE TABLE t(a DEFAULT 'x', b)"));
    cr_expect(!same_fingerprint("CREATE TABLE t(a DEFAULT '\\n')", "CREATE TABLE t(a DEFAULT '\n')"));
}

Test(schema, finds_by_name_whatever_its_case)
{
    mo_schema *s = tree("CREATE TABLE Users(Id INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT Id FROM users;"
                        "CREATE INDEX i ON users(id)");
    cr_expect(mo_schema_find(s, MO_KIND_TABLE, "USERS"));
    cr_expect(!mo_schema_find(s, MO_KIND_VIEW, "users"));
    cr_expect(!mo_schema_find(s, MO_KIND_TABLE, NULL));
    cr_expect_eq(mo_schema_find_relation(s, "V")->kind, MO_KIND_VIEW);
    cr_expect(!mo_schema_find_relation(s, "i"));
    cr_expect(mo_table_column(mo_schema_find(s, MO_KIND_TABLE, "users")->table, "ID"));
    cr_expect(mo_object_mentions(mo_schema_find(s, MO_KIND_VIEW, "v"), "Users"));
    cr_expect(!mo_object_mentions(mo_schema_find(s, MO_KIND_VIEW, "v"), "nobody"));
    mo_schema_free(s);
}

Test(schema, kinds_have_names)
{
    mo_kind kind;
    for (int i = 0; i < MO_KIND_COUNT; i++) {
        cr_expect_eq(mo_kind_find(mo_kinds[i].name, &kind), 0);
        cr_expect_eq((int)kind, i);
    }
    cr_expect_eq(mo_kind_find("nothing", &kind), -1);
    cr_expect_eq(mo_kind_find(NULL, &kind), -1);
}

Test(schema, a_copy_is_the_same_and_its_own)
{
    mo_schema *s =
        tree("CREATE TABLE t(a INT NOT NULL DEFAULT 1 CHECK(a>0) REFERENCES u(b), b TEXT, UNIQUE(b)) STRICT");
    mo_schema *copy = mo_schema_new();
    mo_object *o = mo_schema_object_copy(copy, s->objects.items[0]);
    cr_assert(o);
    cr_expect(!o->canonical, "a copy is made to be changed");
    cr_assert_eq(mo_schema_add(copy, o, &tree_err), MOULT_OK);
    cr_assert_eq(mo_schema_seal(copy, &tree_err), MOULT_OK);
    cr_expect_str_eq(copy->fingerprint, s->fingerprint);
    mo_schema_free(s);
    cr_expect_str_eq(o->table->columns.items[0]->name, "a");
    cr_expect_str_eq(o->table->constraints.items[0]->columns[0], "a");
    mo_schema_free(copy);
}

/* A token in double quotes is what it is in the schema that it is in: a copy elsewhere is resolved anew. */
Test(schema, names_and_strings_are_told_apart_by_what_is_around)
{
    mo_error err = {0};
    mo_schema *s = tree("CREATE TABLE t(s, Open); CREATE VIEW v AS SELECT s AS a FROM t WHERE s = \"Open\"");
    mo_schema *lone = mo_schema_new();
    mo_object *o = mo_schema_find(s, MO_KIND_VIEW, "v"), *copy = mo_schema_object_same(lone, o);
    cr_expect_str_eq(o->canonical, "view as select s as a from t where s = open");
    cr_assert(mo_schema_add(lone, copy, &err) == 0 && mo_schema_seal(lone, &err) == 0);
    mo_schema_free(s);
    cr_expect_str_eq(copy->canonical, "view as select s as a from t where s = 'Open'");
    mo_schema_free(lone);
    cr_expect(!same_fingerprint("CREATE TABLE t(s); CREATE VIEW v AS SELECT s FROM t WHERE s = \"S\"",
                                "CREATE TABLE t(s); CREATE VIEW v AS SELECT s FROM t WHERE s = 'S'"));
    cr_expect(same_fingerprint("CREATE TABLE t(s); CREATE VIEW v AS SELECT s FROM t WHERE s = \"S \x01\x02\"",
                               "CREATE TABLE t(s); CREATE VIEW v AS SELECT s FROM t WHERE s = \"S \x01\x02\""));
}

Test(schema, what_is_not_compared_is_in_no_fingerprint)
{
    mo_schema *a = tree("CREATE TABLE t(a)"), *b = mo_schema_new();
    cr_assert_eq(mo_schema_add(b, mo_schema_object_same(b, a->objects.items[0]), &tree_err), MOULT_OK);
    mo_object *v = mo_schema_object(b, MO_KIND_VIRTUAL_TABLE, "v");
    v->flags = MO_OBJECT_UNCOMPARED;
    v->sql = "CREATE VIRTUAL TABLE v USING nothing";
    cr_assert_eq(mo_schema_add(b, v, &tree_err), MOULT_OK);
    cr_assert_eq(mo_schema_seal(b, &tree_err), MOULT_OK);
    cr_expect_str_eq(a->fingerprint, b->fingerprint);
    mo_schema_free(a);
    mo_schema_free(b);
}

Test(scope, patterns)
{
    static const char *const include[] = {"app_*", "us?r", NULL}, *const exclude[] = {"*_tmp", NULL};
    const mo_scope scope = {.include = include, .exclude = exclude};
    cr_expect(mo_scope_has_name(&scope, "app_x"));
    cr_expect(mo_scope_has_name(&scope, "APP_"));
    cr_expect(mo_scope_has_name(&scope, "User"));
    cr_expect(mo_scope_has_name(&scope, "us\xc3\xa4r"), "a character may be several bytes");
    cr_expect(!mo_scope_has_name(&scope, "usr"));
    cr_expect(!mo_scope_has_name(&scope, "app_x_tmp"));
    cr_expect(!mo_scope_has_name(&scope, "other"));
    cr_expect(mo_scope_has_name(NULL, "other"));
    static const char *const stars[] = {"**a*b**", NULL};
    const mo_scope other = {.include = stars};
    cr_expect(mo_scope_has_name(&other, "xxaxxbxaxb"));
    cr_expect(!mo_scope_has_name(&other, "xxaxx"));
}

Test(scope, what_belongs_to_a_table_follows_it)
{
    static const char *const include[] = {"t", NULL};
    const mo_scope scope = {.include = include};
    mo_schema *s = tree("CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX x ON t(a); CREATE INDEX t2 ON u(a)"), *part;
    cr_assert_eq(mo_scope_apply(&scope, s, &part, &tree_err), MOULT_OK);
    cr_expect_eq(part->objects.count, 2);
    cr_expect(mo_schema_find(part, MO_KIND_INDEX, "x"));
    mo_schema_free(part);
    mo_schema_free(s);
}

static mo_schema *there_and_back(const mo_schema *s)
{
    mo_str json = {0};
    mo_schema *back = NULL;
    cr_assert_eq(mo_snapshot_write(s, &json, &tree_err), MOULT_OK);
    cr_assert_eq(mo_snapshot_read(&mo_dialect_sqlite, mo_str_text(&json), json.length, &back, &tree_err), MOULT_OK,
                 "%s", tree_err.pub.message);
    mo_str_free(&json);
    return back;
}

Test(snapshot, there_and_back)
{
    mo_schema *s = tree("CREATE TABLE t(a INT, \"b c\" TEXT); CREATE UNIQUE INDEX i ON t(a) WHERE a > 1;"
                        "CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END;"
                        "CREATE VIRTUAL TABLE f USING fts5(x)");
    tree_renamed(s, "t", NULL, "old");
    tree_renamed(s, "t", "b c", "b");
    mo_schema *back = there_and_back(s);
    cr_expect_str_eq(back->fingerprint, s->fingerprint);
    cr_expect_eq(back->objects.count, s->objects.count);
    cr_expect(mo_hash_equal(back->objects.items[0]->tokens, s->objects.items[0]->tokens));
    cr_expect_str_eq(back->objects.items[0]->renamed_from, "old");
    cr_expect_str_eq(mo_table_column(back->objects.items[0]->table, "b c")->renamed_from, "b");
    cr_expect_str_eq(back->dialect, "sqlite");
    mo_schema_free(back);
    mo_schema_free(s);
}

/* An engine takes any bytes in a definition, JSON does not. */
Test(snapshot, bytes_that_are_no_utf8)
{
    mo_schema *s = tree("CREATE TABLE t(a DEFAULT '\xff\xfe', b CHECK(b <> '\xed\xa0\x80'))");
    mo_schema *back = there_and_back(s);
    cr_expect_str_eq(back->fingerprint, s->fingerprint);
    cr_expect_str_eq(back->objects.items[0]->sql, s->objects.items[0]->sql);
    mo_schema_free(back);
    mo_schema_free(s);
}

Test(snapshot, keeps_what_is_not_compared)
{
    mo_schema *s = mo_schema_new();
    mo_object *v = mo_schema_object(s, MO_KIND_VIRTUAL_TABLE, "v");
    v->flags = MO_OBJECT_UNCOMPARED;
    v->sql = "CREATE VIRTUAL TABLE v USING nothing(a)";
    v->note = "no module 'nothing'";
    cr_assert_eq(mo_schema_add(s, v, &tree_err), MOULT_OK);
    cr_assert_eq(mo_schema_seal(s, &tree_err), MOULT_OK);
    mo_schema *back = there_and_back(s);
    cr_assert_eq(back->objects.count, 1);
    cr_expect(back->objects.items[0]->flags & MO_OBJECT_UNCOMPARED);
    cr_expect_str_eq(back->objects.items[0]->note, v->note);
    cr_expect_str_eq(back->fingerprint, s->fingerprint);
    mo_schema_free(back);
    mo_schema_free(s);
}

Test(snapshot, what_is_wrong_is_said)
{
#define OBJECT(kind, name, sql)                                                                                        \
    "{\"kind\":\"" kind "\",\"name\":\"" name "\",\"parent\":null,\"sql\":\"" sql                                      \
    "\",\"tokens\":\"00000000000000000000000000000000\"}"
#define SCHEMA(objects)                                                                                                \
    "{\"format\":\"moult-schema\",\"format_version\":1,\"fingerprint\":\"\",\"objects\":[" objects "]}"
    static const struct {
        const char *json, *message;
    } wrong[] = {
        {"", "line"},
        {"[]", "an array"},
        {"{}", "moult-schema"},
        {"{\"format\":\"moult-schema\",\"format_version\":2,\"objects\":[]}", "version 2"},
        {"{\"format\":\"moult-schema\",\"format_version\":1,\"objects\":[],\"x\":1}", "'x'"},
        {"{\"format\":\"moult-schema\",\"format_version\":1,\"dialect\":\"other\",\"objects\":[]}", "'other'"},
        {"{\"format\":\"moult-schema\",\"format_version\":1}", "objects is missing"},
        {SCHEMA("1"), "an integer"},
        {SCHEMA("{}"), "kind"},
        {SCHEMA(OBJECT("thing", "t", "x")), "'thing'"},
        {SCHEMA(OBJECT("view", "t", "CREATE TABLE t(a)")), "view 't'"},
        {SCHEMA(OBJECT("table", "u", "CREATE TABLE t(a)")), "table 'u'"},
        {SCHEMA(OBJECT("table", "t", "CREATE TABLE t(a)") "," OBJECT("table", "T", "CREATE TABLE t(a)")), "twice"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mo_schema *s;
        int rc = mo_snapshot_read(&mo_dialect_sqlite, wrong[i].json, strlen(wrong[i].json), &s, &tree_err);
        cr_expect_neq(rc, MOULT_OK, "%s", wrong[i].json);
        cr_expect(!s);
        cr_expect(tree_err.pub.message && strstr(tree_err.pub.message, wrong[i].message), "%s: %s", wrong[i].json,
                  tree_err.pub.message);
    }
    mo_error_clear(&tree_err);
}
