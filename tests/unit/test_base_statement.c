/* SPDX-License-Identifier: MIT */
/* Statements: where one ends, trigger bodies, what stands behind it on its line, and very long ones. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "base/lexer.h"
#include "base/str.h"

/* All statements as "<text|tail>…", and "!" where a BAD token stopped it. */
static void check(const mo_lex_rules *rules, const char *text, const char *expected)
{
    mo_lexer l;
    mo_statement_text s;
    mo_token bad;
    mo_str out = {0};
    mo_lexer_init(&l, rules, text, strlen(text));
    int found;
    while ((found = mo_lexer_statement(&l, &s, &bad)) == 1) {
        mo_str_addc(&out, '<');
        mo_str_addn(&out, s.text, s.length);
        mo_str_addc(&out, '|');
        mo_str_addn(&out, s.tail, s.tail_length);
        mo_str_addc(&out, '>');
    }
    if (found < 0)
        mo_str_addc(&out, '!');
    cr_assert_str_eq(mo_str_text(&out), expected, "%s\n  is %s\n not %s", text, mo_str_text(&out), expected);
    mo_str_free(&out);
}

static void sqlite(const char *text, const char *expected)
{
    check(&mo_lex_sqlite, text, expected);
}

Test(statement, semicolons_end_them)
{
    sqlite("", "");
    sqlite(" ; ;; -- x\n ;", "");
    sqlite("a", "<a|>");
    sqlite(" a b ; c", "<a b| ><c|>");
    sqlite("a;b;", "<a|><b|>");
    sqlite("'a;b' \"c;d\" [e;f] /* ; */ -- ;\ng;h", "<'a;b' \"c;d\" [e;f] /* ; */ -- ;\ng|><h|>");
}

Test(statement, its_text_begins_and_ends_with_a_token)
{
    sqlite("-- about a\n/* more */ a /* in */ b\n\n;\n", "<a /* in */ b|>");
    sqlite("  a  \n", "<a|  >");
    sqlite("\xEF\xBB\xBF"
           "a;",
           "<a|>");
}

Test(statement, its_tail_ends_with_the_line)
{
    sqlite("a; -- x\n-- y\nb;", "<a| -- x><b|>");
    sqlite("a; -- x\r\nb; \t\r\n", "<a| -- x><b| \t>");
    sqlite("a; /* x */ -- y\nb", "<a| /* x */ -- y><b|>");
    sqlite("a; /* x */ b; -- y", "<a| /* x */ ><b| -- y>");
    sqlite("a; /* x\ny */ -- z\nb", "<a| /* x\ny */ -- z><b|>");
    sqlite("a -- x", "<a| -- x>");
    sqlite("a -- x\n-- y\n", "<a| -- x>");
    sqlite("a;\n-- x\nb", "<a|><b|>");
}

Test(statement, a_comment_before_its_semicolon_is_in_its_tail)
{
    sqlite("a -- x\n; -- y\nb", "<a|-- x\n; -- y><b|>");
    sqlite("a /* x */;b", "<a|/* x */;><b|>");
}

Test(statement, places_are_those_of_the_first_token)
{
    mo_lexer l;
    mo_statement_text s;
    mo_token bad;
    const char text[] = "a; -- x\r\n  /* y */ b;\n\xC3\xA4; c";
    mo_lexer_init(&l, &mo_lex_sqlite, text, strlen(text));
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), 1);
    cr_assert(s.line == 1 && s.column == 1);
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), 1);
    cr_assert(s.line == 2 && s.column == 11, "%d:%d", s.line, s.column);
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), 1);
    cr_assert(s.line == 3 && s.column == 1);
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), 1);
    cr_assert(s.line == 3 && s.column == 4, "%d:%d", s.line, s.column);
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), 0);
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), 0);
}

Test(statement, what_the_lexer_was_asked_for_stays)
{
    mo_lexer l;
    mo_statement_text s;
    mo_token bad;
    mo_lexer_init(&l, &mo_lex_sqlite, "a; -- x\nb", 9);
    l.want_space = 1;
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), 1);
    cr_assert_eq(l.want_space, 1);
    cr_assert_eq(l.want_comments, 0);
}

#define BODY "AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN b THEN 1 ELSE 2 END; DELETE FROM u; END"

Test(statement, trigger_bodies_are_whole)
{
    sqlite("CREATE TRIGGER x " BODY ";b", "<CREATE TRIGGER x " BODY "|><b|>");
    sqlite("create temp trigger x " BODY " ; b", "<create temp trigger x " BODY "| ><b|>");
    sqlite("CREATE /* c */ TEMPORARY\nTRIGGER x " BODY ";", "<CREATE /* c */ TEMPORARY\nTRIGGER x " BODY "|>");
    sqlite("EXPLAIN QUERY PLAN CREATE TRIGGER x " BODY ";b", "<EXPLAIN QUERY PLAN CREATE TRIGGER x " BODY "|><b|>");
    sqlite("CREATE TRIGGER x " BODY, "<CREATE TRIGGER x " BODY "|>");
    sqlite("CREATE TRIGGER x BEGIN a; END b; END;c", "<CREATE TRIGGER x BEGIN a; END b; END|><c|>");
    sqlite("CREATE TRIGGER x BEGIN a;; END;b", "<CREATE TRIGGER x BEGIN a;; END|><b|>");
    sqlite("CREATE TRIGGER x BEGIN a; -- c\nEND /* d */;b", "<CREATE TRIGGER x BEGIN a; -- c\nEND|/* d */;><b|>");
}

Test(statement, only_triggers_have_bodies)
{
    sqlite("CREATE TABLE trigger_x (a); b", "<CREATE TABLE trigger_x (a)| ><b|>");
    sqlite("CREATE TABLE \"TRIGGER\"(a);b", "<CREATE TABLE \"TRIGGER\"(a)|><b|>");
    sqlite("CREATE \"TRIGGER\" a; b", "<CREATE \"TRIGGER\" a| ><b|>");
    sqlite("DROP TRIGGER x; b", "<DROP TRIGGER x| ><b|>");
    sqlite("EXPLAIN a; b", "<EXPLAIN a| ><b|>");
    sqlite("EXPLAIN END CREATE TRIGGER x; b", "<EXPLAIN END CREATE TRIGGER x| ><b|>");
    sqlite("CREATE TRIGGER x BEGIN a; \"END\"; b; END; c", "<CREATE TRIGGER x BEGIN a; \"END\"; b; END| ><c|>");
    check(&mo_lex_postgres, "CREATE TRIGGER x EXECUTE FUNCTION f(); b",
          "<CREATE TRIGGER x EXECUTE FUNCTION f()| ><b|>");
}

Test(statement, dollar_quotes_are_whole)
{
    check(&mo_lex_postgres, "CREATE FUNCTION f() AS $x$ a; $$b;$$ $x$; c",
          "<CREATE FUNCTION f() AS $x$ a; $$b;$$ $x$| ><c|>");
}

Test(statement, bad_tokens_stop_it)
{
    sqlite("a; 'b", "<a| >!");
    sqlite("a; b [c", "<a| >!");
    check(&mo_lex_postgres, "a; /* b", "<a| >!");
    sqlite("a; /* b", "<a| /* b>");
    mo_lexer l;
    mo_statement_text s;
    mo_token bad;
    mo_lexer_init(&l, &mo_lex_sqlite, "a\n 'b", 5);
    cr_assert_eq(mo_lexer_statement(&l, &s, &bad), -1);
    cr_assert(bad.line == 2 && bad.column == 2 && bad.quote == '\'');
}

Test(statement, fifty_megabytes_are_read_in_linear_time)
{
    mo_str s = {0};
    mo_statement_text statement;
    mo_token bad;
    mo_lexer l;
    mo_str_add(&s, "CREATE TABLE t (a CHECK (a IN (");
    while (s.length < 50 * 1000 * 1000)
        mo_str_add(&s, "'abc', 12345, -- x\n");
    mo_str_add(&s, "1)))");
    size_t length = s.length;
    mo_str_add(&s, "; b");
    double begin = mo_clock_now();
    mo_lexer_init(&l, &mo_lex_sqlite, s.data, s.length);
    cr_assert_eq(mo_lexer_statement(&l, &statement, &bad), 1);
    cr_assert_eq(statement.length, length);
    cr_assert_eq(mo_lexer_statement(&l, &statement, &bad), 1);
    cr_assert_lt(mo_clock_now() - begin, 20.0); /* about 0.2 s; quadratic would be hours */
    mo_str_free(&s);
}

static size_t count_statements(const mo_lex_rules *rules, const char *text)
{
    mo_lexer l;
    mo_statement_text st = {0};
    mo_token bad;
    size_t n = 0;
    mo_lexer_init(&l, rules, text, strlen(text));
    while (mo_lexer_statement(&l, &st, &bad) == 1)
        n++;
    return n;
}

Test(statement, postgres_bodies_hold_their_semicolons)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {
        {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 1", 2},
        {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 1", 2},
        {"CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 1;", 2},
        {"BEGIN; SELECT 1; END; SELECT 2", 4},
        {"CREATE FUNCTION f() RETURNS int AS $$ BEGIN; x; $$ LANGUAGE plpgsql; SELECT $a$;$$;$a$", 2},
        {"SELECT E'\\';'; SELECT ';''', /* ; /* ; */ ; */ U&\"a;b\", 1 @>; SELECT 3", 3},
        {"SELECT '\\'; SELECT 2", 2},
        {"SELECT (1; SELECT 2", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(count_statements(&mo_lex_postgres, cases[i].text), cases[i].count, "%s", cases[i].text);
    cr_assert_eq(count_statements(&mo_lex_sqlite, "SELECT (1; SELECT 2"), 2);
}
