/* SPDX-License-Identifier: MIT */
/* Hashes: known values, streaming, and lists of texts that must not look alike. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"

static void check_sha256(const char *text, const char *hex)
{
    char out[65];
    mo_sha256 *h = mo_sha256_new();
    mo_sha256_add(h, text, strlen(text));
    mo_sha256_hex(h, out);
    cr_assert_str_eq(out, hex);
}

Test(hash, sha256_gives_the_standard_values)
{
    check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(hash, xxh3_gives_the_standard_value)
{
    char out[33];
    mo_hash_hex(mo_hash_of("", 0), out);
    cr_assert_str_eq(out, "99aa06d3014798d86001c324468d497f");
}

Test(hash, streaming_equals_one_call)
{
    static char data[5000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 31);
    for (size_t step = 1; step < 700; step += 83) {
        mo_hasher *h = mo_hasher_new();
        for (size_t i = 0; i < sizeof data; i += step)
            mo_hasher_add(h, data + i, i + step > sizeof data ? sizeof data - i : step);
        cr_assert(mo_hash_equal(mo_hasher_result(h), mo_hash_of(data, sizeof data)));
        mo_hasher_free(h);
    }
    mo_hasher_free(NULL);
}

static mo_hash of_texts(const char *a, const char *b)
{
    mo_hasher *h = mo_hasher_new();
    mo_hasher_add_text(h, a);
    mo_hasher_add_text(h, b);
    mo_hash result = mo_hasher_result(h);
    mo_hasher_free(h);
    return result;
}

static void sha_of_texts(const char *a, const char *b, char out[65])
{
    mo_sha256 *h = mo_sha256_new();
    mo_sha256_add_text(h, a);
    mo_sha256_add_text(h, b);
    mo_sha256_hex(h, out);
}

Test(hash, lists_of_texts_do_not_look_alike)
{
    static const char *const pairs[][2] = {{"ab", "c"},   {"a", "bc"}, {"abc", ""}, {"", "abc"}, {NULL, "abc"},
                                           {"abc", NULL}, {"", ""},    {NULL, ""},  {"", NULL},  {NULL, NULL},
                                           {"\1", ""},    {"", "\1"},  {"\1", NULL}};
    enum { COUNT = sizeof pairs / sizeof *pairs };
    char hex[COUNT][65];
    for (size_t i = 0; i < COUNT; i++)
        sha_of_texts(pairs[i][0], pairs[i][1], hex[i]);
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < i; k++) {
            cr_assert_str_neq(hex[i], hex[k]);
            cr_assert_not(mo_hash_equal(of_texts(pairs[i][0], pairs[i][1]), of_texts(pairs[k][0], pairs[k][1])));
        }
    }
}
