/* SPDX-License-Identifier: MIT */
/* Time and limits. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"

Test(clock, utc_has_its_form)
{
    char text[32];
    mo_clock_utc(text);
    cr_assert_eq(strlen(text), 24);
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; i < 24; i++)
        cr_assert(form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i], "%s", text);
    cr_assert_geq(strcmp(text, "2020"), 0);
}

Test(clock, sleeps_at_least_that_long)
{
    double begin = mo_clock_now();
    mo_clock_sleep(0.02);
    cr_assert_geq(mo_clock_now() - begin, 0.02);
    mo_clock_sleep(0);
    mo_clock_sleep(-1);
}

Test(clock, deadlines_pass)
{
    mo_deadline d = mo_deadline_in(0.02);
    cr_assert_not(mo_deadline_passed(d));
    cr_assert(mo_deadline_left(d) > 0 && mo_deadline_left(d) <= 0.02);
    mo_clock_sleep(0.03);
    cr_assert(mo_deadline_passed(d));
    cr_assert_eq(mo_deadline_left(d), 0);
}

Test(clock, no_limit_never_passes)
{
    double none[] = {0, -1, NAN};
    for (size_t i = 0; i < 3; i++) {
        mo_deadline d = mo_deadline_in(none[i]);
        cr_assert_not(mo_deadline_passed(d));
        cr_assert_gt(mo_deadline_left(d), 1e6);
    }
}
