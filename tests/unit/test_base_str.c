/* SPDX-License-Identifier: MIT */
/* Growing strings: quoting, counts, and failures that stick. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

Test(str, appends)
{
    mo_str s = {0};
    cr_assert_str_eq(mo_str_text(&s), "");
    mo_str_add(&s, "ab");
    mo_str_add(&s, NULL);
    mo_str_addc(&s, 'c');
    mo_str_addn(&s, "defgh", 2);
    mo_str_addf(&s, "-%d-%s", 12, "x");
    cr_assert_str_eq(mo_str_text(&s), "abcde-12-x");
    cr_assert_eq(s.length, 10);
    mo_str_clear(&s);
    cr_assert_str_eq(mo_str_text(&s), "");
    mo_str_add(&s, "again");
    cr_assert_str_eq(mo_str_text(&s), "again");
    mo_str_free(&s);
    cr_assert_null(s.data);
}

Test(str, grows_far)
{
    mo_str s = {0};
    for (int i = 0; i < 100000; i++)
        mo_str_addf(&s, "%d,", i % 10);
    cr_assert_eq(s.length, 200000);
    cr_assert_eq(strlen(mo_str_text(&s)), 200000);
    mo_str_free(&s);
}

static void check_quoting(void (*quote)(mo_str *, const char *), const char *in, const char *out)
{
    mo_str s = {0};
    quote(&s, in);
    cr_assert_str_eq(mo_str_text(&s), out);
    mo_str_free(&s);
}

static void double_quote(mo_str *s, const char *name)
{
    mo_str_ident(s, name, '"');
}

static void backtick(mo_str *s, const char *name)
{
    mo_str_ident(s, name, '`');
}

Test(str, quotes)
{
    check_quoting(mo_str_literal, "it's", "'it''s'");
    check_quoting(mo_str_literal, "", "''");
    check_quoting(mo_str_literal, "''", "''''''");
    check_quoting(mo_str_literal, NULL, "NULL");
    check_quoting(double_quote, "a\"; DROP TABLE x; --", "\"a\"\"; DROP TABLE x; --\"");
    check_quoting(double_quote, "a'b`c", "\"a'b`c\"");
    check_quoting(backtick, "a`b", "`a``b`");
}

static void check_count(long long n, const char *text)
{
    mo_str s = {0};
    mo_str_count(&s, n);
    cr_assert_str_eq(mo_str_text(&s), text);
    mo_str_free(&s);
}

Test(str, counts_in_groups_of_three)
{
    check_count(0, "0");
    check_count(7, "7");
    check_count(999, "999");
    check_count(1000, "1,000");
    check_count(120411, "120,411");
    check_count(-1234567, "-1,234,567");
    check_count(LLONG_MAX, "9,223,372,036,854,775,807");
    check_count(LLONG_MIN, "-9,223,372,036,854,775,808");
}

Test(str, past_the_limit_it_fails_and_stays_failed)
{
    mo_str s = {0};
    mo_str_add(&s, "x");
    mo_str_addn(&s, "y", MO_STR_MAX);
    cr_assert(s.failed);
    mo_str_add(&s, "z");
    cr_assert_str_eq(mo_str_text(&s), "x");
    cr_assert_null(mo_str_take(&s));
    cr_assert_null(s.data);
    cr_assert_eq(s.failed, 0);

    mo_region *r = mo_region_new();
    mo_str_addn(&s, "y", MO_STR_MAX + 1);
    cr_assert_null(mo_str_into(&s, r));
    mo_str_addn(&s, "y", MO_STR_MAX + 1);
    mo_str_clear(&s);
    mo_str_add(&s, "ok");
    cr_assert_str_eq(mo_str_into(&s, r), "ok");
    mo_region_free(r);
}

Test(str, hands_its_text_over)
{
    mo_str s = {0};
    mo_region *r = mo_region_new();
    char *empty = mo_str_take(&s);
    cr_assert_str_eq(empty, "");
    free(empty);
    cr_assert_str_eq(mo_str_into(&s, r), "");
    mo_str_add(&s, "text");
    char *text = mo_str_take(&s);
    cr_assert_str_eq(text, "text");
    cr_assert_null(s.data);
    free(text);
    mo_region_free(r);
}
