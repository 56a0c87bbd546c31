/* SPDX-License-Identifier: MIT */
/* Regions: alignment, zeroes, large and empty requests, growing arrays. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/region.h"

Test(region, memory_is_aligned_and_zeroed)
{
    mo_region *r = mo_region_new();
    cr_assert_not_null(r);
    for (size_t size = 0; size < 300; size++) {
        unsigned char *p = mo_region_alloc(r, size);
        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            cr_assert_eq(p[i], 0);
        memset(p, 0xff, size);
    }
    mo_region_free(r);
}

Test(region, allocations_do_not_overlap)
{
    enum { COUNT = 2000 };
    mo_region *r = mo_region_new();
    static unsigned char *p[COUNT];
    static size_t size[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size[i] = i % 97 == 0 ? 100000 + i : i % 61;
        p[i] = mo_region_alloc(r, size[i]);
        cr_assert_not_null(p[i]);
        memset(p[i], (int)(i & 0xff), size[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < size[i]; k++)
            cr_assert_eq(p[i][k], i & 0xff);
    mo_region_free(r);
}

Test(region, impossible_sizes_fail)
{
    mo_region *r = mo_region_new();
    cr_assert_null(mo_region_alloc(r, SIZE_MAX));
    cr_assert_null(mo_region_alloc(r, SIZE_MAX / 2));
    cr_assert_null(mo_region_alloc(NULL, 1));
    cr_assert_not_null(mo_region_alloc(r, 1));
    mo_region_free(r);
    mo_region_free(NULL);
}

Test(region, texts_are_copied)
{
    mo_region *r = mo_region_new();
    cr_assert_str_eq(mo_region_dup(r, "abc"), "abc");
    cr_assert_str_eq(mo_region_dup(r, ""), "");
    cr_assert_null(mo_region_dup(r, NULL));
    cr_assert_str_eq(mo_region_dupn(r, "abcdef", 2), "ab");
    cr_assert_str_eq(mo_region_printf(r, "%s-%d", "x", 7), "x-7");
    static char text[20001];
    memset(text, 'y', sizeof text - 1);
    char *printed = mo_region_printf(r, "<%s>", text);
    cr_assert_eq(strlen(printed), sizeof text + 1);
    mo_region_free(r);
}

Test(region, arrays_grow_and_keep_their_items)
{
    mo_region *r = mo_region_new();
    MO_VEC(int) numbers = {0};
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(mo_vec_push(r, &numbers, i * 3), 0);
    cr_assert_eq(numbers.count, 100000);
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(numbers.items[i], i * 3);
    mo_region_free(r);
}

Test(region, an_array_too_large_is_as_it_was)
{
    mo_region *r = mo_region_new();
    void *items = r;
    size_t capacity = SIZE_MAX / 16;
    cr_assert_eq(mo_vec_grow(r, &items, &capacity, capacity, 8), -1);
    cr_assert_eq(items, (void *)r);
    cr_assert_eq(capacity, SIZE_MAX / 16);
    mo_region_free(r);
}
