/* SPDX-License-Identifier: MIT */
/* evidence.c - counts and keys of rows as words for people. */
#include "plan/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What was said before stays in front. */
static int add(mo_region *r, mo_findings *f, mo_str *text, mo_error *err)
{
    mo_str all = {0};
    const char *joined;
    if (f->evidence) {
        mo_str_add(&all, f->evidence);
        mo_str_add(&all, "; ");
    }
    mo_str_add(&all, mo_str_text(text));
    all.failed |= text->failed;
    mo_str_free(text);
    joined = mo_str_into(&all, r);
    if (joined == NULL)
        return mo_error_nomem(err);
    f->evidence = joined;
    return MOULT_OK;
}

int mo_evidence_count(mo_region *r, mo_findings *f, const mo_answer *a, const char *is, const char *are, mo_error *err)
{
    mo_str s = {0};
    if (a->rows == 0) {
        mo_str_add(&s, "none of ");
        if (a->of >= 0)
            mo_str_count(&s, a->of);
        else
            mo_str_add(&s, "the");
        mo_str_addf(&s, " rows %s", is);
    } else {
        mo_str_add(&s, a->at_least ? "at least " : "");
        mo_str_count(&s, a->rows);
        if (a->of >= 0) {
            mo_str_add(&s, " of ");
            mo_str_count(&s, a->of);
        }
        mo_str_addf(&s, a->rows == 1 && a->of < 0 ? " row %s" : " rows %s", a->rows == 1 ? is : are);
    }
    if (a->rows && a->keys)
        mo_str_addf(&s, " (%s)", a->keys);
    return add(r, f, &s, err);
}

int mo_evidence_say(mo_region *r, mo_findings *f, mo_error *err, const char *fmt, ...)
{
    char usual[512];
    va_list args;
    mo_str s = {0};
    va_start(args, fmt);
    vsnprintf(usual, sizeof usual, fmt, args); /* what is longer is cut: it is for people */
    va_end(args);
    mo_str_add(&s, usual);
    return add(r, f, &s, err);
}

void mo_evidence_forbid(mo_findings *f, int64_t rows, const char *query)
{
    if (f->forbidden == 0 && rows > 0) {
        f->forbidden = rows;
        f->query = query;
    }
}

int mo_evidence_cut(mo_region *r, mo_findings *f, double seconds, mo_error *err)
{
    if (f->evidence && strstr(f->evidence, "not asked to the end"))
        return MOULT_OK;
    return mo_evidence_say(r, f, err, "not asked to the end: the time limit of %g s passed (--probe-timeout)", seconds);
}

int mo_evidence_ask_fill(const mo_plan *plan, mo_error *err, const char *advice, const char *what, const char *table,
                         const mo_column *c)
{
    if (c->where.file)
        mo_error_hint(err, "%swrite at the end of its line %s: %s -- @fill EXPRESSION", advice, what, c->name);
    else if (plan->behind)
        mo_error_hint(err, "say %s: --fill %s.%s=EXPRESSION", what, table, c->name);
    else
        mo_error_hint(err, "change these rows first; a source in SQL could say %s", what);
    return mo_error_at(err, c->where.file, c->where.line, c->where.column);
}
