/* SPDX-License-Identifier: MIT */
/* fuzz_plan.c - the reader of plan files: what it takes, it writes and reads again as the same plan. */
#include <string.h>

#include "dialect/dialect.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mo_error error = {0};
    mo_plan *plan = NULL, *again = NULL;
    mo_str json = {0}, text = {0};
    int code = mo_plan_read_json(&mo_dialect_sqlite, (const char *)data, size, "plan.json", &plan, &error);
    PROMISE((code == MOULT_OK) == (plan != NULL));
    PROMISE(code == MOULT_OK || (error.pub.code == code && error.pub.message && *error.pub.message));
    if (plan) {
        PROMISE(strlen(plan->id) == 64);
        PROMISE(mo_plan_write_json(plan, &json, &error) == MOULT_OK);
        code = mo_plan_read_json(&mo_dialect_sqlite, mo_str_text(&json), json.length, "again", &again, &error);
        PROMISE(code == MOULT_OK && !strcmp(plan->id, again->id));
        PROMISE(mo_plan_write_text(plan, &text, &error) == MOULT_OK);
        PROMISE(mo_plan_write_sql(plan, NULL, &text, &error) == MOULT_OK);
    }
    mo_str_free(&json);
    mo_str_free(&text);
    mo_plan_free(again);
    mo_plan_free(plan);
    mo_error_clear(&error);
    return 0;
}
