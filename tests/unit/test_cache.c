/* SPDX-License-Identifier: MIT */
/* test_cache.c - caches as a program uses them: what can be opened, what is counted, and who may not use one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "moult.h"

static char folder[64], db[96], place[96];
static const moult_source desired = {.text = "CREATE TABLE t (a TEXT);"}, other = {.text = "CREATE TABLE t (a TEXT)"};

static void setup(void)
{
    moult_result *result = NULL;
    snprintf(folder, sizeof folder, "/tmp/moult-cache-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(db, sizeof db, "%s/a.db", folder);
    snprintf(place, sizeof place, "%s/cache", folder);
    cr_assert_eq(moult_start(&result, db, &desired, NULL), MOULT_OK);
    moult_result_free(result);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(cache, .init = setup, .fini = teardown);

/* A start that may only read, with a source that the database does not remember itself. */
static void start(moult_options o)
{
    moult_result *result = NULL;
    moult *m = NULL;
    cr_assert_eq(moult_open(&m, db, MOULT_OPEN_READ, &o), MOULT_OK, "%s", moult_error_of(m)->message);
    cr_assert_eq(moult_migrate(m, &other, &result), MOULT_OK, "%s", moult_error_of(m)->message);
    cr_expect_eq(moult_result_outcome(result), MOULT_UP_TO_DATE);
    cr_expect_eq(moult_result_version(result), 1);
    moult_result_free(result);
    moult_close(m);
}

static moult_cache_info counts(moult_cache *c)
{
    moult_cache_info info;
    cr_assert_eq(moult_cache_stats(c, &info), MOULT_OK, "%s", moult_cache_error(c)->message);
    return info;
}

Test(cache, handles_share_one_that_is_open)
{
    moult_options o = MOULT_OPTIONS_INIT;
    moult_cache *c = NULL;
    int64_t removed;
    cr_assert_eq(moult_cache_open(&c, place), MOULT_OK);
    cr_expect(access(place, F_OK) != 0, "opening makes no file");
    o.cache_open = c;
    for (int i = 0; i < 3; i++)
        start(o);
    moult_cache_info info = counts(c);
    cr_expect(info.entries == 1 && info.misses == 1 && info.hits == 2 && info.stores == 1 && info.errors == 0);
    info = counts(c);
    cr_expect(info.misses == 1 && info.hits == 2, "what is told twice is counted once");
    cr_expect_eq(moult_cache_clear(c, &removed), MOULT_OK);
    cr_expect_eq(removed, 1);
    info = counts(c);
    cr_expect(info.entries == 0 && info.misses == 0 && info.hits == 0);
    moult_cache_close(c);
    moult_cache_close(NULL);
}

Test(cache, what_is_no_place_is_told)
{
    moult_cache *c = NULL;
    const char *const none[] = {NULL, ""};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        cr_expect_eq(moult_cache_open(&c, none[i]), MOULT_INVALID);
        cr_assert_not_null(c);
        cr_expect_eq(moult_cache_error(c)->code, MOULT_INVALID);
        moult_cache_close(c);
    }
    cr_expect_eq(moult_cache_error(NULL)->code, MOULT_NOMEM);
}

static int always(void *user, const char *table, const char *column, const char *live, const char *wanted)
{
    (void)user;
    (void)table;
    (void)column;
    (void)live;
    (void)wanted;
    return 1;
}

/* Code cannot be a part of a key: what one comparator found must not be taken for what another one would find. */
Test(cache, a_comparator_of_types_uses_none)
{
    moult_options o = MOULT_OPTIONS_INIT;
    o.cache = place;
    o.same_type = always;
    start(o);
    cr_expect(access(place, F_OK) != 0);
    o.same_type = NULL;
    start(o);
    cr_expect(access(place, F_OK) == 0);
}
