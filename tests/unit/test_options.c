/* SPDX-License-Identifier: MIT */
/* test_options.c - every member of moult_options is checked when a handle is opened, and the error names it. */
#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "moult.h"

static void refused(const char *name, moult_options o)
{
    moult *m = NULL;
    cr_expect_eq(moult_open(&m, "sqlite://", MOULT_OPEN_CREATE, &o), MOULT_INVALID, "%s", name);
    cr_assert_not_null(m);
    cr_expect(moult_error_of(m)->message && strstr(moult_error_of(m)->message, name), "%s: %s", name,
              moult_error_of(m)->message ? moult_error_of(m)->message : "no message");
    moult_close(m);
}

#define REFUSED_AS(name, member, value)                                                                                \
    do {                                                                                                               \
        moult_options o = MOULT_OPTIONS_INIT;                                                                          \
        o.member = value;                                                                                              \
        refused(name, o);                                                                                              \
    } while (0)

#define REFUSED(member, value) REFUSED_AS(#member, member, value)

Test(options, defaults_are_taken)
{
    moult_options o = MOULT_OPTIONS_INIT;
    moult *m = NULL;
    cr_expect_eq(moult_open(&m, "sqlite://", MOULT_OPEN_CREATE, &o), MOULT_OK);
    moult_close(m);
    cr_expect_eq(moult_open(&m, "sqlite://", MOULT_OPEN_CREATE, NULL), MOULT_OK);
    moult_close(m);
    /* No wait is without a limit by default, but for a statement, which a person can end. */
    cr_expect(o.lock_timeout == 60 && o.detect_timeout == 60 && o.probe_timeout == 10);
}

Test(options, a_struct_of_another_size)
{
    REFUSED_AS("MOULT_OPTIONS_INIT", size, 0);
    REFUSED_AS("MOULT_OPTIONS_INIT", size, sizeof o + 8);
    REFUSED_AS("MOULT_OPTIONS_INIT", size, sizeof o - 8);
}

Test(options, values_that_are_none)
{
    const int none[] = {-1, 99, INT_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        REFUSED(mode, (moult_mode)none[i]);
        REFUSED(own, (moult_own)none[i]);
        REFUSED(phase, (moult_phase)none[i]);
        REFUSED(online, (moult_online)none[i]);
        REFUSED(full, none[i]);
        REFUSED(backward, none[i]);
        REFUSED(record_only, none[i]);
        REFUSED(no_attic, none[i]);
        REFUSED(no_backup, none[i]);
        REFUSED(column_order_strict, none[i]);
    }
}

Test(options, times_that_are_none)
{
    const double none[] = {-1, -0.001, 1e9, (double)INFINITY, (double)-INFINITY, (double)NAN};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        REFUSED(connect_timeout, none[i]);
        REFUSED(lock_timeout, none[i]);
        REFUSED(detect_timeout, none[i]);
        REFUSED(statement_timeout, none[i]);
        REFUSED(probe_timeout, none[i]);
        REFUSED(attic_age, none[i] * 10);
    }
}

Test(options, lists_with_what_says_nothing)
{
    const char *const empty[] = {"a", "", NULL}, *const no_value[] = {"drop-table", NULL},
                      *const no_name[] = {"=1", NULL}, *const half[] = {"t.a=", NULL},
                      *const unknown[] = {"no-such-rule=safe", NULL}, *const level[] = {"drop-table=perhaps", NULL};
    REFUSED(include, empty);
    REFUSED(exclude, empty);
    REFUSED_AS("rule", rules, no_value);
    REFUSED_AS("rule", rules, no_name);
    REFUSED_AS("rule", rules, unknown);
    REFUSED_AS("rule", rules, level);
    REFUSED(fills, no_value);
    REFUSED(fills, no_name);
    REFUSED(fills, half);
}

static int nothing(void *user, moult_hook_context *context)
{
    (void)user;
    (void)context;
    return MOULT_OK;
}

Test(options, hooks_that_cannot_run)
{
    const moult_hook unnamed[] = {{.version = "", .sql = "SELECT 1"}, {0}}, neither[] = {{.version = "v1"}, {0}},
                     both[] = {{.version = "v1", .sql = "SELECT 1", .run = nothing}, {0}},
                     never[] = {{.version = "v1", .sql = "SELECT 1", .trigger = (moult_trigger)7}, {0}},
                     twice[] = {{.version = "v1", .sql = "SELECT 1"}, {.version = "v1", .run = nothing}, {0}};
    const moult_hook *const all[] = {unnamed, neither, both, never, twice};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        moult_options o = MOULT_OPTIONS_INIT;
        o.hooks = all[i];
        refused("hook", o);
    }
}

Test(options, caches_that_are_none)
{
    const char *const none[] = {"",
                                "http://host/",
                                "redis://host:0",
                                "redis://host:99999",
                                "redis://host/name",
                                "redis://host/-1",
                                "redis://host?nothing=1",
                                "redis://host?ttl=0",
                                "redis://host?ttl=x",
                                "redis://host?timeout=-1",
                                "redis://host?timeout=60",
                                "redis://host?prefix=",
                                "redis://host?ca=/etc/x",
                                "redis+unix://",
                                "redis+other://host",
                                "rediss+unix:///x"};
    moult_cache *cache = NULL;
    int has_redis = moult_cache_open(&cache, "redis://host") != MOULT_UNSUPPORTED;
    moult_cache_close(cache);
    for (size_t i = 0; i < (has_redis ? sizeof none / sizeof *none : 1); i++)
        REFUSED(cache, none[i]);
}

/* The caller's own memory is not needed any more. */
Test(options, are_copied)
{
    char pattern[] = "x*", by[] = "ann";
    const char *list[] = {pattern, NULL};
    moult_options o = MOULT_OPTIONS_INIT;
    moult_source desired = {.text = "CREATE TABLE y (a);"};
    moult_result *result = NULL;
    moult *m = NULL;
    o.exclude = list;
    o.applied_by = by;
    cr_assert_eq(moult_open(&m, "sqlite://", MOULT_OPEN_CREATE, &o), MOULT_OK);
    memset(pattern, '*', 1);
    memset(by, 'x', 3);
    list[0] = NULL;
    cr_assert_eq(moult_migrate(m, &desired, &result), MOULT_OK, "%s", moult_error_of(m)->message);
    cr_expect_eq(moult_result_outcome(result), MOULT_APPLIED);
    moult_history *h = NULL;
    cr_assert_eq(moult_history_read(m, &h), MOULT_OK);
    cr_expect_str_eq(moult_history_at(h, 0)->applied_by, "ann");
    moult_history_free(h);
    moult_result_free(result);
    moult_close(m);
}
