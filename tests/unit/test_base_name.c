/* SPDX-License-Identifier: MIT */
/* Names: as SQL writes them, quoted where they must be, compared without regard to case but between quotes. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/fold.h"
#include "base/map.h"
#include "base/name.h"

static void check_add(const char *bare, const char *want)
{
    mo_str out = {0};
    mo_name_add(&out, bare);
    cr_assert_str_eq(mo_str_text(&out), want);
    cr_assert(mo_name_is_sql(mo_str_text(&out)) || !*bare);
    mo_str_clear(&out);
    if (*bare) { /* and back */
        mo_str again = {0};
        cr_assert_null(mo_name_bare(&again, want));
        cr_assert_str_eq(mo_str_text(&again), bare);
        mo_str_free(&again);
    }
    mo_str_free(&out);
}

Test(name, is_quoted_where_it_must_be)
{
    check_add("users", "users");
    check_add("_a1$b", "_a1$b");
    check_add("User", "\"User\"");
    check_add("1st", "\"1st\"");
    check_add("$x", "\"$x\"");
    check_add("a b", "\"a b\"");
    check_add("a.b", "\"a.b\"");
    check_add("a\"b", "\"a\"\"b\"");
    check_add("\"", "\"\"\"\"");
    check_add("select", "\"select\"");
    check_add("all", "\"all\"");
    check_add("xmltable", "\"xmltable\"");
    check_add("current_timestamp", "\"current_timestamp\"");
    check_add("name", "name");
    check_add("current_timestamps", "current_timestamps");
    check_add("caf\xc3\xa9", "\"caf\xc3\xa9\"");
    check_add("x; DROP TABLE y", "\"x; DROP TABLE y\"");
}

static void check_quote(const char *name, const char *want)
{
    mo_str out = {0};
    mo_name_quote(&out, name);
    cr_assert_str_eq(mo_str_text(&out), want, "%s: %s, not %s", name, mo_str_text(&out), want);
    cr_assert(mo_name_is_sql(mo_str_text(&out)));
    mo_str_free(&out);
}

Test(name, in_sql_form_stays_and_all_else_is_one_name)
{
    check_quote("users", "users");
    check_quote("other.users", "other.users");
    check_quote("\"Other\".\"a.b\"", "\"Other\".\"a.b\"");
    check_quote("\"a\"\"b\"", "\"a\"\"b\"");
    check_quote("\"order\"", "\"order\"");
    check_quote("order", "\"order\"");
    check_quote("a.order", "\"a.order\"");
    check_quote("Users", "\"Users\"");
    check_quote("a b", "\"a b\"");
    check_quote("a.", "\"a.\"");
    check_quote(".a", "\".a\"");
    check_quote("a..b", "\"a..b\"");
    check_quote("users; DROP TABLE x", "\"users; DROP TABLE x\"");
    check_quote("users--", "\"users--\"");
    check_quote("users/*", "\"users/*\"");
    check_quote("\"a\" b", "\"\"\"a\"\" b\"");
    check_quote("\"a", "\"\"\"a\"");
    check_quote("\"a\"b\"", "\"\"\"a\"\"b\"\"\"");
    check_quote("\"\"", "\"\"\"\"\"\"");
    check_quote("\"\"; DROP TABLE x; --\"", "\"\"\"\"\"; DROP TABLE x; --\"\"\"");
    check_quote("a'b", "\"a'b\"");
    check_quote("a\nb", "\"a\nb\"");
}

Test(name, parts_of_a_path)
{
    mo_str out = {0};
    const char *rest = mo_name_bare(&out, "\"O\"\"x\".users");
    cr_assert_str_eq(mo_str_text(&out), "O\"x");
    cr_assert_str_eq(rest, "users");
    mo_str_free(&out);
}

static void check_token(const mo_lex_rules *rules, const char *text, const char *want)
{
    mo_lexer l;
    mo_str out = {0};
    mo_lexer_init(&l, rules, text, strlen(text));
    mo_token t = mo_lexer_next(&l);
    mo_name_of_token(rules, &t, &out);
    cr_assert_str_eq(mo_str_text(&out), want);
    mo_str_free(&out);
}

Test(name, of_a_token)
{
    check_token(&mo_lex_postgres, "Users", "users");
    check_token(&mo_lex_postgres, "\"Users\"", "\"Users\"");
    check_token(&mo_lex_postgres, "\"users\"", "users");
    check_token(&mo_lex_postgres, "\"order\"", "\"order\"");
    check_token(&mo_lex_sqlite, "Users", "Users");
    check_token(&mo_lex_sqlite, "[a b]", "a b");
}

Test(name, folds_outside_of_quotes_only)
{
    static const struct {
        const char *a, *b;
        int same;
    } pairs[] = {{"Users", "uSERS", 1},           {"\"User\"", "\"user\"", 0}, {"\"User\"", "\"User\"", 1},
                 {"A.\"B\"", "a.\"B\"", 1},       {"A.\"B\"", "a.\"b\"", 0},   {"\"a\"B", "\"a\"b", 1},
                 {"\"a\"\"B\"", "\"a\"\"b\"", 0}, {"\"A", "\"a", 1},           {"f(A)", "F(a)", 1}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *a = pairs[i].a, *b = pairs[i].b;
        mo_map *m = mo_map_new(1);
        cr_assert_eq(mo_name_equal(a, b), pairs[i].same, "%s %s", a, b);
        cr_assert_eq(mo_name_equaln(a, b, strlen(b)), pairs[i].same);
        cr_assert_eq(mo_fold_compare(a, b) == 0, pairs[i].same);
        mo_map_put(m, a, m);
        cr_assert_eq(mo_map_has(m, b), pairs[i].same);
        mo_map_free(m);
    }
    cr_assert_lt(mo_fold_compare("\"A\"", "\"a\""), 0);
    cr_assert_gt(mo_fold_compare("\"a\"", "\"A\""), 0);
}
