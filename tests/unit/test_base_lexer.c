/* SPDX-License-Identifier: MIT */
/* Tokens: every kind in every dialect, places, quotes undone, and text that is broken in every way. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/lexer.h"
#include "base/str.h"

static const char letters[] = "$ CWQSNOPVB"; /* one for each kind of token, in their order; V is a parameter */

/* The tokens of a text as "W:select O:* …" */
static void dump(const mo_lex_rules *rules, const char *text, size_t length, int all, mo_str *out)
{
    mo_lexer l;
    mo_lexer_init(&l, rules, text, length);
    l.want_comments = l.want_space = all;
    for (;;) {
        mo_token t = mo_lexer_next(&l);
        if (t.kind == MO_TOKEN_END)
            return;
        mo_str_addf(out, "%s%c:", out->length ? " " : "", letters[t.kind]);
        mo_str_addn(out, t.text, t.length);
    }
}

static void check(const mo_lex_rules *rules, const char *text, const char *tokens)
{
    mo_str out = {0};
    size_t n = strlen(text);
    char *copy = malloc(n ? n : 1); /* without a NUL behind it */
    memcpy(copy, text, n);
    dump(rules, copy, n, 0, &out);
    cr_assert_str_eq(mo_str_text(&out), tokens, "%s\n  is %s\n not %s", text, mo_str_text(&out), tokens);
    mo_str_free(&out);
    free(copy);
}

static void sqlite(const char *text, const char *tokens)
{
    check(&mo_lex_sqlite, text, tokens);
}

static void postgres(const char *text, const char *tokens)
{
    check(&mo_lex_postgres, text, tokens);
}

static void mysql(const char *text, const char *tokens)
{
    check(&mo_lex_mysql, text, tokens);
}

Test(lexer, words_and_punctuation)
{
    sqlite("", "");
    sqlite(" \t\r\n\f", "");
    sqlite("b \v INT", "W:b W:INT"); /* goes on, and does not begin */
    sqlite("b \v\v", "W:b");
    sqlite("b\v INT", "W:b B:\v W:INT");
    sqlite("b\f INT", "W:b W:INT");
    sqlite("/**/\v", "B:\v");
    sqlite("create TABLE t1(a_b,c$d);", "W:create W:TABLE W:t1 P:( W:a_b P:, W:c$d P:) P:;");
    sqlite("_x \xC3\xA4\xC3\xB6 \xE8\xA1\xA8\xEF\xBB\xBF", "W:_x W:\xC3\xA4\xC3\xB6 W:\xE8\xA1\xA8\xEF\xBB\xBF");
    sqlite("a.b .c", "W:a P:. W:b P:. W:c");
}

Test(lexer, sqlite_quotes)
{
    sqlite("'a''b' \"a\"\"b\" `a``b` [a b] [a]]", "S:'a''b' Q:\"a\"\"b\" Q:`a``b` Q:[a b] Q:[a] P:]");
    sqlite("'' \"\" `` []", "S:'' Q:\"\" Q:`` Q:[]");
    sqlite("'a\\' b", "S:'a\\' W:b");
    sqlite("[a\"'`b]", "Q:[a\"'`b]");
}

Test(lexer, sqlite_blobs)
{
    sqlite("x'00fF' X''", "S:x'00fF' S:X''");
    sqlite("x'0' x'0g'", "B:x'0' B:x'0g'");
    sqlite("x '00'", "W:x S:'00'");
    sqlite("xx'00'", "W:xx S:'00'");
    sqlite("e'a' n'b' b'1'", "W:e S:'a' W:n S:'b' W:b S:'1'");
}

Test(lexer, numbers)
{
    sqlite("1 1.5 .5 5. 1e5 1E+5 1e-5 .5e3 0x1F 0XaB 1_000",
           "N:1 N:1.5 N:.5 N:5. N:1e5 N:1E+5 N:1e-5 N:.5e3 N:0x1F N:0XaB N:1_000");
    sqlite("1e 1e+ 0x 12ab 1.2.3", "N:1e N:1e O:+ N:0x N:12ab N:1.2 N:.3");
    sqlite("-1+2", "O:- N:1 O:+ N:2");
    sqlite("a.1", "W:a N:.1");
    mysql("2fa 1e5 1e5x 0x1F 0x1G 12 1.5a", "W:2fa N:1e5 W:1e5x N:0x1F W:0x1G N:12 N:1.5a");
}

Test(lexer, sqlite_operators)
{
    sqlite("a||b<=c>=d<>e!=f==g<<h>>i->j->>k=l<m>n+o-p*q/r%s&t|u~v",
           "W:a O:|| W:b O:<= W:c O:>= W:d O:<> W:e O:!= W:f O:== W:g O:<< W:h O:>> W:i O:-> W:j O:->> W:k O:= W:l O:< "
           "W:m O:> W:n O:+ W:o O:- W:p O:* W:q O:/ W:r O:% W:s O:& W:t O:| W:u O:~ W:v");
    sqlite("|", "O:|");
    sqlite("-", "O:-");
    sqlite("->", "O:->");
}

Test(lexer, sqlite_parameters)
{
    sqlite("? ?12 :a @b $c #d $a::b $a(x) ?a", "V:? V:?12 V::a V:@b V:$c V:#d V:$a::b V:$a(x) V:? W:a");
    sqlite(": @ $ #", "B:: B:@ B:$ B:#");
    sqlite("$a(x y)", "B:$a(x W:y P:)");
    sqlite("$a(", "B:$a(");
}

Test(lexer, sqlite_comments)
{
    sqlite("a -- b\nc", "W:a W:c");
    sqlite("a--", "W:a");
    sqlite("a/* b * / */c/**/d", "W:a W:c W:d");
    sqlite("a /* /* */ b", "W:a W:b");
    sqlite("a /* open ' \" ;", "W:a");
    sqlite("a /*", "W:a O:/ O:*");
    sqlite("/*/ a", "");
    sqlite("# a", "B:# W:a");
}

Test(lexer, postgres_specials)
{
    postgres("$$a;b$$ $t$ $$ $x$ $t$ $1 a$b", "S:$$a;b$$ S:$t$ $$ $x$ $t$ V:$1 W:a$b");
    postgres("E'a\\'b' 'a\\' U&'x' U&\"y\" b'01' x'0' n'c'",
             "S:E'a\\'b' S:'a\\' S:U&'x' Q:U&\"y\" S:b'01' S:x'0' S:n'c'");
    postgres("a /* x /* y */ z */ b", "W:a W:b");
    postgres("a::int[1] := b", "W:a O::: W:int P:[ N:1 P:] O::= W:b");
    postgres("a @> b #>> c ?| d ~* e @-f =-1 <@-g",
             "W:a O:@> W:b O:#>> W:c O:?| W:d O:~* W:e O:@- W:f O:= O:- N:1 O:<@- W:g");
    postgres("a=-- x\nb */* y */ c", "W:a O:= W:b O:* W:c");
    postgres("`", "O:`");
    postgres("$x", "B:$ W:x");
    postgres("$a$ x", "B:$a$ x");
    postgres("/* x", "B:/* x");
}

Test(lexer, mysql_specials)
{
    mysql("\"a\\\"b\" 'a\\'b' `a\\` `b``c`", "S:\"a\\\"b\" S:'a\\'b' Q:`a\\` Q:`b``c`");
    mysql("a # b\nc -- d\n--e", "W:a W:c O:- O:- W:e");
    mysql("a--", "W:a");
    mysql("@a @@b.c := x <=> y && z", "V:@a V:@@b.c O::= W:x O:<=> W:y O:&& W:z");
    mysql("$a a->>'$.b'", "W:$a W:a O:->> S:'$.b'");
}

Test(lexer, what_is_not_closed_is_bad)
{
    sqlite("a 'b", "W:a B:'b");
    sqlite("a \"b\"\"", "W:a B:\"b\"\"");
    sqlite("`", "B:`");
    sqlite("[a", "B:[a");
    sqlite("x'00", "B:x'00");
    mysql("'a\\", "B:'a\\");
    mysql("'a\\'", "B:'a\\'");
    sqlite("\\ { }", "B:\\ B:{ B:}");
}

static void check_nul(const mo_lex_rules *rules, const char *text, size_t length, size_t at, int line, int column)
{
    mo_lexer l;
    mo_lexer_init(&l, rules, text, length);
    mo_token t;
    do
        t = mo_lexer_next(&l);
    while (t.kind != MO_TOKEN_BAD && t.kind != MO_TOKEN_END);
    cr_assert_eq(t.kind, MO_TOKEN_BAD);
    cr_assert_eq(t.text, text + at);
    cr_assert_eq(t.length, 1);
    cr_assert_eq(t.line, line);
    cr_assert_eq(t.column, column);
    cr_assert_eq(l.at, text + at + 1);
}

Test(lexer, nul_bytes_are_bad_wherever_they_stand)
{
    check_nul(&mo_lex_sqlite, "a \0b", 4, 2, 1, 3);
    check_nul(&mo_lex_sqlite, "'a\n\0b'", 6, 3, 2, 1);
    check_nul(&mo_lex_sqlite, "-- a\0b\n", 7, 4, 1, 5);
    check_nul(&mo_lex_sqlite, "/* a\0*/", 7, 4, 1, 5);
    check_nul(&mo_lex_sqlite, "[a\0]", 4, 2, 1, 3);
    check_nul(&mo_lex_mysql, "'a\\\0'", 5, 3, 1, 4);
    check_nul(&mo_lex_postgres, "$$a\0$$", 6, 3, 1, 4);
}

static mo_token nth(const char *text, int n)
{
    mo_lexer l;
    mo_lexer_init(&l, &mo_lex_sqlite, text, strlen(text));
    mo_token t = mo_lexer_next(&l);
    while (--n > 0)
        t = mo_lexer_next(&l);
    return t;
}

static void check_place(const char *text, int n, int line, int column)
{
    mo_token t = nth(text, n);
    cr_assert(t.line == line && t.column == column, "token %d of '%s' is at %d:%d", n, text, t.line, t.column);
}

Test(lexer, places_count_lines_and_characters)
{
    check_place("a b", 2, 1, 3);
    check_place("a\nb", 2, 2, 1);
    check_place("a\r\n  b", 2, 2, 3);
    check_place("\xEF\xBB\xBF"
                "a b",
                2, 1, 3);
    check_place("\xC3\xA4 \xF0\x9F\x98\x80 c", 3, 1, 5);
    check_place("'x\ny' b", 2, 2, 4);
    check_place("/* x\n\n */ b", 1, 3, 5);
    check_place("-- x\nb", 1, 2, 1);
}

Test(lexer, byte_order_marks)
{
    check(&mo_lex_postgres,
          "\xEF\xBB\xBF"
          "a",
          "W:a");
    sqlite("a \xEF\xBB\xBF b", "W:a W:b"); /* SQLite takes it for white space, others for a name */
    postgres("a \xEF\xBB\xBF b", "W:a W:\xEF\xBB\xBF W:b");
    sqlite("\xEF\xBB", "W:\xEF\xBB");
    sqlite("\xEF\xBB\xBF", "");
}

Test(lexer, comments_and_space_when_asked)
{
    mo_str out = {0};
    const char text[] = "a  -- x\r\n/* y */b";
    dump(&mo_lex_sqlite, text, strlen(text), 1, &out);
    cr_assert_str_eq(mo_str_text(&out), "W:a  :   C:-- x  :\r\n C:/* y */ W:b");
    mo_str_free(&out);
}

Test(lexer, words_are_compared)
{
    mo_token t = nth("Create \"create\" (", 1);
    cr_assert(mo_token_is(&t, "CREATE"));
    cr_assert(mo_token_is(&t, "create"));
    cr_assert_not(mo_token_is(&t, "CREATED"));
    cr_assert_not(mo_token_is(&t, "CREAT"));
    t = nth("Create \"create\" (", 2);
    cr_assert_not(mo_token_is(&t, "create"));
    t = nth("Create \"create\" (", 3);
    cr_assert(mo_token_is_punct(&t, '('));
    cr_assert_not(mo_token_is_punct(&t, ')'));
    t = nth("", 1);
    cr_assert_eq(t.kind, MO_TOKEN_END);
    cr_assert_not(mo_token_is(&t, "x"));
}

static void check_value(const mo_lex_rules *rules, const char *text, const char *value)
{
    mo_lexer l;
    mo_lexer_init(&l, rules, text, strlen(text));
    mo_token t = mo_lexer_next(&l);
    char *out = malloc(t.length + 1);
    size_t n = mo_token_value(&t, out);
    cr_assert_eq(n, strlen(value));
    cr_assert_str_eq(out, value);
    free(out);
}

Test(lexer, quotes_are_undone)
{
    check_value(&mo_lex_sqlite, "plain", "plain");
    check_value(&mo_lex_sqlite, "\"a\"\"b\"", "a\"b");
    check_value(&mo_lex_sqlite, "\"\"\"\"", "\"");
    check_value(&mo_lex_sqlite, "\"\"", "");
    check_value(&mo_lex_sqlite, "'it''s \"x\"\"'", "it's \"x\"\"");
    check_value(&mo_lex_sqlite, "`a``b`", "a`b");
    check_value(&mo_lex_sqlite, "[a \"\"b]", "a \"\"b");
    check_value(&mo_lex_sqlite, "x'00ff'", "00ff");
    check_value(&mo_lex_sqlite, "12.5", "12.5");
    check_value(&mo_lex_postgres, "$$a''b$$", "a''b");
    check_value(&mo_lex_postgres, "$tag$a$$b$tag$", "a$$b");
    check_value(&mo_lex_postgres, "U&\"a\"\"b\"", "a\"b");
    check_value(&mo_lex_mysql, "\"a\"\"b\"", "a\"b");
}

/* Any bytes: tokens lie in the text in order, without a gap but before a NUL, and their places are those of a count. */
static void check_any(const mo_lex_rules *rules, const char *text, size_t length)
{
    mo_lexer l;
    mo_lexer_init(&l, rules, text, length);
    l.want_comments = l.want_space = 1;
    const char *at = l.at;
    int line = 1, column = 1;
    for (;;) {
        mo_token t = mo_lexer_next(&l);
        int nul = t.kind == MO_TOKEN_BAD && t.length == 1 && *t.text == '\0';
        cr_assert(t.text == at || (nul && t.text > at));
        for (; at < t.text; at++) {
            column = *at == '\n' ? 1 : column + (((unsigned char)*at & 0xC0) != 0x80);
            line += *at == '\n';
        }
        cr_assert(t.line == line && t.column == column);
        if (t.kind == MO_TOKEN_END)
            break;
        cr_assert_gt(t.length, 0);
        if (t.kind == MO_TOKEN_QUOTED || t.kind == MO_TOKEN_STRING || t.kind == MO_TOKEN_WORD) {
            char *out = malloc(t.length + 1);
            cr_assert_leq(mo_token_value(&t, out), t.length);
            free(out);
        }
        for (; at < t.text + t.length; at++) {
            column = *at == '\n' ? 1 : column + (((unsigned char)*at & 0xC0) != 0x80);
            line += *at == '\n';
        }
    }
    cr_assert_eq(at, text + length);
}

Test(lexer, any_bytes_are_split_whole)
{
    static const char *const pieces[] = {"'",        "\"",
                                         "`",        "[",
                                         "]",        "$",
                                         "$a$",      "--",
                                         "/*",       "*/",
                                         "#",        "\n",
                                         "\r\n",     " ",
                                         "\\",       "x'",
                                         "E'",       "U&",
                                         "0x",       "1",
                                         ".",        "e",
                                         "+",        "-",
                                         ">",        "|",
                                         ":",        "@",
                                         "?",        "a",
                                         "(",        ")",
                                         ";",        "\xEF\xBB\xBF",
                                         "\xC3\xA4", "\x80",
                                         "_",        "{",
                                         "\x0B",     "\x7F",
                                         "="};
    unsigned seed = 12345;
    for (int round = 0; round < 60000; round++) {
        mo_str s = {0};
        seed = seed * 1103515245u + 12345u;
        size_t n = (seed >> 16) % 12 + 1;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245u + 12345u;
            unsigned pick = (seed >> 16) % (sizeof pieces / sizeof *pieces + 1);
            if (pick == sizeof pieces / sizeof *pieces)
                mo_str_addc(&s, '\0');
            else
                mo_str_add(&s, pieces[pick]);
        }
        char *exact = malloc(s.length);
        memcpy(exact, s.data, s.length);
        size_t skip = s.length >= 3 && memcmp(exact, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        if (!skip) {
            check_any(&mo_lex_sqlite, exact, s.length);
            check_any(&mo_lex_postgres, exact, s.length);
            check_any(&mo_lex_mysql, exact, s.length);
        }
        free(exact);
        mo_str_free(&s);
    }
}

Test(lexer, lines_of_a_dump_for_its_client)
{
    mo_lexer l;
    static const char text[] = "\\restrict abc'def\nSELECT 1;\n\\unrestrict x\n\\connect y";
    mo_lexer_init(&l, &mo_lex_postgres, text, sizeof text - 1);
    mo_token t = mo_lexer_next(&l);
    cr_assert(mo_token_is(&t, "select"));
    mo_lexer_next(&l);
    mo_lexer_next(&l);
    t = mo_lexer_next(&l);
    cr_assert_eq(t.kind, MO_TOKEN_BAD);
    cr_assert_eq(*t.text, '\\');
    cr_assert_eq(t.line, 4);
    mo_lexer_init(&l, &mo_lex_sqlite, text, sizeof text - 1);
    cr_assert_eq(mo_lexer_next(&l).kind, MO_TOKEN_BAD);
}
