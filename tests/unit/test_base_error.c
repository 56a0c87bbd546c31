/* SPDX-License-Identifier: MIT */
/* Errors: what is set, replaced, moved and forgotten. */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/error.h"

Test(error, has_all_its_parts)
{
    mo_error e = {0};
    cr_assert_eq(mo_error_set(&e, MOULT_SOURCE, "no table '%s'", "t"), MOULT_SOURCE);
    cr_assert_eq(mo_error_detail(&e, "line %d", 3), MOULT_SOURCE);
    cr_assert_eq(mo_error_hint(&e, "declare %s", "it"), MOULT_SOURCE);
    cr_assert_eq(mo_error_object(&e, "table %s", "t"), MOULT_SOURCE);
    cr_assert_eq(mo_error_engine(&e, "SQLITE_ERROR"), MOULT_SOURCE);
    cr_assert_eq(mo_error_at(&e, "schema.sql", 4, 7), MOULT_SOURCE);
    cr_assert_str_eq(e.pub.message, "no table 't'");
    cr_assert_str_eq(e.pub.detail, "line 3");
    cr_assert_str_eq(e.pub.hint, "declare it");
    cr_assert_str_eq(e.pub.object, "table t");
    cr_assert_str_eq(e.pub.engine_code, "SQLITE_ERROR");
    cr_assert_str_eq(e.pub.file, "schema.sql");
    cr_assert_eq(e.pub.line, 4);
    cr_assert_eq(e.pub.column, 7);
    mo_error_clear(&e);
    cr_assert_eq(e.pub.code, MOULT_OK);
    cr_assert_null(e.pub.message);
    cr_assert_null(e.pub.file);
}

Test(error, setting_forgets_all_else)
{
    mo_error e = {0};
    mo_error_set(&e, MOULT_IO, "first");
    mo_error_hint(&e, "hint");
    mo_error_at(&e, "f", 1, 2);
    mo_error_set(&e, MOULT_ERROR, "second");
    cr_assert_null(e.pub.hint);
    cr_assert_null(e.pub.file);
    cr_assert_eq(e.pub.line, 0);
    mo_error_clear(&e);
}

Test(error, may_be_made_from_its_own_parts)
{
    mo_error e = {0};
    mo_error_set(&e, MOULT_IO, "inner");
    mo_error_hint(&e, "help");
    mo_error_set(&e, MOULT_SOURCE, "outer: %s (%s)", e.pub.message, e.pub.hint);
    cr_assert_str_eq(e.pub.message, "outer: inner (help)");
    mo_error_detail(&e, "a");
    mo_error_detail(&e, "%sb", e.pub.detail);
    cr_assert_str_eq(e.pub.detail, "ab");
    mo_error_clear(&e);
}

Test(error, out_of_memory_needs_none)
{
    mo_error e = {0};
    mo_error_set(&e, MOULT_IO, "x");
    cr_assert_eq(mo_error_nomem(&e), MOULT_NOMEM);
    cr_assert_str_eq(e.pub.message, "out of memory");
    cr_assert_eq(mo_error_hint(&e, "free some"), MOULT_NOMEM);
    mo_error_clear(&e);
    cr_assert_eq(mo_error_set(&e, MOULT_NOMEM, "ignored"), MOULT_NOMEM);
    cr_assert_str_eq(e.pub.message, "out of memory");
    mo_error_clear(&e);
}

Test(error, moves_and_leaves_nothing_behind)
{
    mo_error a = {0}, b = {0};
    mo_error_set(&a, MOULT_IO, "a");
    mo_error_set(&b, MOULT_ERROR, "b");
    cr_assert_eq(mo_error_move(&a, &b), MOULT_ERROR);
    cr_assert_str_eq(a.pub.message, "b");
    cr_assert_null(b.pub.message);
    cr_assert_eq(mo_error_move(&a, &a), MOULT_ERROR);
    cr_assert_str_eq(a.pub.message, "b");
    mo_error_clear(&a);
}

Test(error, names_system_errors)
{
    mo_error e = {0};
    mo_error_set(&e, MOULT_IO, "x");
    mo_error_errno(&e, ENOENT);
    cr_assert_str_eq(e.pub.engine_code, "ENOENT");
    mo_error_errno(&e, 9999);
    cr_assert_str_eq(e.pub.engine_code, "errno 9999");
    mo_error_engine(&e, NULL);
    cr_assert_null(e.pub.engine_code);
    mo_error_clear(&e);
}
