/* SPDX-License-Identifier: MIT */
/* forbid.c - rows that forbid a change in every mode: said before the first step, with what to do. */
#include "risk/risk.h"

/* "constraint t: 2 of 3 rows repeat the value of another (ids 2, 3)" */
static void add_subject(mo_str *out, const mo_change *change, const mo_part *part)
{
    const mo_object *o = change->after ? change->after : change->before;
    const char *name = NULL;
    if (!part) {
        mo_str_addf(out, "%s %s%s%s", mo_kinds[change->kind].name, o->name, o->parent ? " on " : "",
                    o->parent ? o->parent : "");
        return;
    }
    if (part->kind == MO_PART_COLUMN)
        name = part->column_after->name;
    else if (part->kind == MO_PART_CONSTRAINT)
        name = part->constraint_after->name;
    mo_str_addf(out, "%s %s%s%s",
                part->kind == MO_PART_COLUMN       ? "column"
                : part->kind == MO_PART_CONSTRAINT ? mo_constraint_kinds[part->constraint_after->kind]
                                                   : "option of",
                o->name, name ? "." : "", name ? name : "");
}

typedef struct forbidding {
    mo_error *err;
    mo_str others;
    size_t count;
} forbidding;

static int add(forbidding *f, const mo_change *change, const mo_part *part)
{
    const mo_findings *found = part ? &part->found : &change->found;
    const mo_rule *rule = mo_rule_find((part ? part->judgement : change->judgement).rule);
    const mo_column *c = part && part->kind == MO_PART_COLUMN ? part->column_after : NULL;
    mo_str s = {0};
    if (found->forbidden == 0)
        return MOULT_OK;
    add_subject(&s, change, part);
    mo_str_addf(&s, ": %s", found->evidence ? found->evidence : "its rows forbid it");
    if (f->count++) {
        mo_str_addf(&f->others, "%s%s", f->others.length ? "\n" : "", mo_str_text(&s));
        f->others.failed |= s.failed;
    } else if (!s.failed) {
        mo_error_set(f->err, MOULT_IMPOSSIBLE, "%s", mo_str_text(&s));
        mo_error_object(f->err, "%s %s", mo_kinds[change->kind].name, change->after->name);
        mo_error_hint(f->err, "%s, or change the desired schema; nothing was changed%s%s",
                      rule && rule->info.advice ? rule->info.advice : "change these rows",
                      found->query ? "; they are: " : "", found->query ? found->query : "");
        if (c && c->where.file)
            mo_error_at(f->err, c->where.file, c->where.line, c->where.column);
    }
    int failed = s.failed || f->others.failed;
    mo_str_free(&s);
    return failed ? mo_error_nomem(f->err) : MOULT_OK;
}

int mo_forbidden(const mo_plan *plan, mo_error *err)
{
    forbidding f = {.err = err};
    int rc = MOULT_OK;
    if (plan->hooked)
        return MOULT_OK;
    for (size_t i = 0; i < plan->changes.count && rc == MOULT_OK; i++) {
        const mo_change *c = &plan->changes.items[i];
        if (!c->parts.count)
            rc = add(&f, c, NULL);
        for (size_t k = 0; k < c->parts.count && rc == MOULT_OK; k++)
            rc = add(&f, c, &c->parts.items[k]);
    }
    if (rc == MOULT_OK && f.count) {
        rc = MOULT_IMPOSSIBLE;
        if (f.others.length && mo_error_detail(err, "%s", mo_str_text(&f.others)) == MOULT_NOMEM)
            rc = MOULT_NOMEM;
    }
    mo_str_free(&f.others);
    return rc;
}
