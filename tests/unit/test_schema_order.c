/* SPDX-License-Identifier: MIT */
/* test_schema_order.c - objects in an order in which they can be made. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "schema/schema.h"

typedef struct wanted {
    mo_kind kind;
    const char *name;
    const char *mentions[4], *loose[4]; /* sorted */
} wanted;

static size_t length(const char *const *names)
{
    size_t n = 0;
    while (n < 4 && names[n])
        n++;
    return n;
}

static const mo_object **ordered(mo_schema *s, const wanted *all, size_t count)
{
    mo_error err = {0};
    for (size_t i = 0; i < count; i++) {
        mo_object *o = mo_schema_object(s, all[i].kind, all[i].name);
        cr_assert(o);
        o->mentions = all[i].mentions;
        o->mention_count = length(all[i].mentions);
        o->loose = all[i].loose;
        o->loose_count = length(all[i].loose);
        cr_assert_eq(mo_schema_add(s, o, &err), MOULT_OK);
    }
    return mo_schema_in_order(s, s->region);
}

static void check(const wanted *all, size_t count, const char *expected)
{
    mo_schema *s = mo_schema_new();
    cr_assert(s);
    const mo_object **order = ordered(s, all, count);
    char text[256] = "";
    cr_assert(order);
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", order[i]->name);
    cr_expect_str_eq(text, expected);
    mo_schema_free(s);
}

#define CHECK(expected, ...)                                                                                           \
    do {                                                                                                               \
        const wanted all[] = {__VA_ARGS__};                                                                            \
        check(all, sizeof all / sizeof *all, expected);                                                                \
    } while (0)

Test(schema_order, what_nothing_tells_stays)
{
    CHECK("b a c", {MO_KIND_TABLE, "b", {0}, {0}}, {MO_KIND_TABLE, "a", {0}, {0}}, {MO_KIND_TABLE, "c", {0}, {0}});
}

Test(schema_order, what_is_needed_comes_first)
{
    CHECK("c b a d", {MO_KIND_VIEW, "a", {"b"}, {0}}, {MO_KIND_VIEW, "b", {"c"}, {0}}, {MO_KIND_TABLE, "c", {0}, {0}},
          {MO_KIND_VIEW, "d", {"a", "c"}, {0}});
}

Test(schema_order, all_of_one_name_come_first)
{
    CHECK("x x v", {MO_KIND_VIEW, "v", {"x"}, {0}}, {MO_KIND_TABLE, "x", {0}, {0}}, {MO_KIND_ENUM, "x", {0}, {0}});
}

Test(schema_order, what_is_only_named_comes_first_where_it_can)
{
    CHECK("t f", {MO_KIND_FUNCTION, "f", {"t"}, {"t"}}, {MO_KIND_TABLE, "t", {0}, {0}});
    CHECK("f t", {MO_KIND_FUNCTION, "f", {"t"}, {"t"}}, {MO_KIND_TABLE, "t", {"f"}, {0}});
    /* Also when it is another one on the way that needs it. */
    CHECK("g f a t", {MO_KIND_VIEW, "a", {"f"}, {0}}, {MO_KIND_FUNCTION, "f", {"g", "t"}, {"t"}},
          {MO_KIND_FUNCTION, "g", {0}, {0}}, {MO_KIND_TABLE, "t", {"a"}, {0}});
}

Test(schema_order, a_circle_ends)
{
    CHECK("b a", {MO_KIND_TABLE, "a", {"b"}, {0}}, {MO_KIND_TABLE, "b", {"a"}, {0}});
    CHECK("a", {MO_KIND_TABLE, "a", {"a"}, {0}});
}
