/* SPDX-License-Identifier: MIT */
/* sql.c - a plan as a script for the engine's own shell: what the steps would run, in the dialect's frame of settings
 * and transaction. What must hold stops it. */
#include <string.h>

#include "dialect/dialect.h"
#include "plan/display.h"
#include "plan/plan.h"
#include "plan/rows.h"

static void add_comment(mo_str *out, const char *text)
{
    mo_str_add(out, "-- ");
    mo_display_add(out, text, (size_t)-1);
    mo_str_addc(out, '\n');
}

/* A definition may end in a comment: its end goes on a line of its own. */
static void add_statement(mo_str *out, const mo_dialect *d, const mo_statement *s)
{
    mo_lexer lexer;
    mo_token token, last = {.kind = MO_TOKEN_END};
    if (s->kind == MO_STATEMENT_ASSERT) {
        d->script_assert(s, out);
        return;
    }
    mo_lexer_init(&lexer, d->lex, s->sql, strlen(s->sql));
    lexer.want_comments = 1;
    while ((token = mo_lexer_next(&lexer)).kind != MO_TOKEN_END && token.kind != MO_TOKEN_BAD)
        last = token;
    mo_str_add(out, s->sql);
    if (last.kind == MO_TOKEN_COMMENT)
        mo_str_addc(out, '\n');
    if (!mo_token_is_punct(&last, ';'))
        mo_str_addc(out, ';');
    mo_str_addc(out, '\n');
}

/* "-- high    drop column user.legacy_id INTEGER: 118,020 values go" */
static void add_change(mo_str *out, const moult_change_info *row)
{
    mo_str line = {0};
    mo_str_addf(&line, "%-6s  %s %s %s", mo_risk_names[row->risk], mo_op_names[row->op], row->kind, row->name);
    if (*row->what)
        mo_str_addf(&line, " (%s)", row->what);
    if (*row->reason)
        mo_str_addf(&line, ": %s", row->reason);
    add_comment(out, mo_str_text(&line));
    out->failed |= line.failed;
    mo_str_free(&line);
}

static void add_head(mo_str *out, const mo_plan *p)
{
    mo_str_addf(out, "-- moult plan %s\n-- from schema %s\n-- to schema   %s\n", p->id, p->from, p->to);
    if (p->rows.count)
        mo_str_addf(out, "--\n-- risk: %s\n", mo_risk_names[p->risk]);
    for (size_t i = 0; i < p->rows.count; i++)
        add_change(out, &p->rows.items[i]);
    if (p->notes.count)
        mo_str_add(out, "--\n");
    for (size_t i = 0; i < p->notes.count; i++)
        add_comment(out, p->notes.items[i]);
}

static void add_step(mo_str *out, const mo_plan *p, size_t i)
{
    const mo_step *step = &p->steps.items[i];
    mo_str_addf(out, "\n-- step %zu of %zu (%s)\n", i + 1, p->steps.count, mo_phases[step->phase]);
    add_comment(out, step->title);
    if (step->cost && *step->cost)
        add_comment(out, step->cost);
    if (step->hook && !step->statements.count)
        mo_str_add(out, "-- a function of the application, which is no part of this script\n");
    for (size_t k = 0; k < step->statements.count; k++)
        add_statement(out, p->dialect, &step->statements.items[k]);
}

int mo_plan_write_sql(const mo_plan *p, const char *first, const char *last, mo_str *out, mo_error *err)
{
    mo_str before = {0}, after = {0};
    add_head(out, p);
    if (p->steps.count) {
        p->dialect->script_frame(p, &before, &after);
        mo_str_add(out, mo_str_text(&before));
        mo_str_add(out, first);
    }
    for (size_t i = 0; i < p->steps.count; i++)
        add_step(out, p, i);
    if (p->steps.count) {
        mo_str_addc(out, '\n');
        mo_str_add(out, last);
        mo_str_add(out, mo_str_text(&after));
    }
    int failed = out->failed || before.failed || after.failed;
    mo_str_free(&before);
    mo_str_free(&after);
    return failed ? mo_error_nomem(err) : MOULT_OK;
}
