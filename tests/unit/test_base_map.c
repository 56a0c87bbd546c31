/* SPDX-License-Identifier: MIT */
/* Maps: case, parts of strings as keys, many entries, removal. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/map.h"

Test(map, keeps_case_apart_unless_told)
{
    int a = 1, b = 2;
    mo_map *m = mo_map_new(0);
    cr_assert_eq(mo_map_put(m, "Name", &a), 0);
    cr_assert_eq(mo_map_put(m, "name", &b), 0);
    cr_assert_eq(mo_map_get(m, "Name"), &a);
    cr_assert_eq(mo_map_get(m, "name"), &b);
    cr_assert_null(mo_map_get(m, "NAME"));
    cr_assert_eq(mo_map_count(m), 2);
    mo_map_free(m);
}

Test(map, ignores_ascii_case_when_told)
{
    int a = 1, b = 2;
    mo_map *m = mo_map_new(1);
    mo_map_put(m, "User_Name", &a);
    cr_assert_eq(mo_map_get(m, "uSER_nAME"), &a);
    mo_map_put(m, "USER_NAME", &b);
    cr_assert_eq(mo_map_count(m), 1);
    cr_assert_eq(mo_map_get(m, "user_name"), &b);
    mo_map_put(m, "\xC3\x84", &a); /* a capital and a small letter beyond ASCII are two names */
    cr_assert_null(mo_map_get(m, "\xC3\xA4"));
    cr_assert_null(mo_map_get(m, "user`name")); /* what differs from _ by the bit of case alone */
    mo_map_free(m);
}

Test(map, takes_parts_of_strings_and_tells_null_values)
{
    mo_map *m = mo_map_new(1);
    mo_map_put(m, "abc", NULL);
    mo_map_put(m, "", m);
    cr_assert_null(mo_map_get(m, "abc"));
    cr_assert(mo_map_has(m, "ABC"));
    cr_assert_not(mo_map_has(m, "abcd"));
    cr_assert_eq(mo_map_get(m, ""), m);
    cr_assert_eq(mo_map_getn(m, "xyz", 0), m);
    mo_map_put(m, "xy", m);
    cr_assert_eq(mo_map_getn(m, "xyz", 2), m);
    cr_assert_null(mo_map_getn(m, "xyz", 3));
    mo_map_free(m);
}

Test(map, holds_many_and_lets_go)
{
    enum { COUNT = 20000 };
    static int values[COUNT];
    char key[32];
    mo_map *m = mo_map_new(1);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "Table_%d", i);
        cr_assert_eq(mo_map_put(m, key, &values[i]), 0);
    }
    cr_assert_eq(mo_map_count(m), COUNT);
    for (int i = 0; i < COUNT; i += 2) {
        snprintf(key, sizeof key, "TABLE_%d", i);
        mo_map_remove(m, key);
        mo_map_remove(m, key);
    }
    cr_assert_eq(mo_map_count(m), COUNT / 2);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "table_%d", i);
        cr_assert_eq(mo_map_get(m, key), i % 2 ? &values[i] : NULL);
    }
    mo_map_free(m);
    mo_map_free(NULL);
}

Test(map, an_emptied_map_is_usable)
{
    mo_map *m = mo_map_new(0);
    cr_assert_null(mo_map_get(m, "a"));
    cr_assert_eq(mo_map_count(m), 0);
    mo_map_put(m, "a", m);
    mo_map_remove(m, "a");
    cr_assert_eq(mo_map_count(m), 0);
    mo_map_put(m, "a", m);
    cr_assert_eq(mo_map_get(m, "a"), m);
    mo_map_free(m);
}

Test(map, names_are_compared_without_ascii_case)
{
    cr_assert(mo_name_equal("Users", "uSERS"));
    cr_assert_not(mo_name_equal("users", "user"));
    cr_assert_not(mo_name_equal("user", "users"));
    cr_assert_not(mo_name_equal("[", "{"));
    cr_assert_not(mo_name_equal("\xC3\x84", "\xC3\xA4"));
    cr_assert(mo_name_equal(NULL, NULL));
    cr_assert_not(mo_name_equal(NULL, ""));
    cr_assert(mo_name_equaln("Abc", "aBCdef", 3));
    cr_assert_not(mo_name_equaln("Abcd", "aBCdef", 3));
    cr_assert_not(mo_name_equaln("ab", "abc", 3));
    cr_assert(mo_name_equaln("", "abc", 0));
    cr_assert_not(mo_name_equaln(NULL, "abc", 0));
}
