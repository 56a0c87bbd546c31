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
    if (row->undoes_drift)
        mo_str_add(&line, ", undoes drift");
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

/* A function of the application cannot be part of a script, and what comes after it must not run without it. */
static void add_function(mo_str *out, const mo_plan *p, const mo_step *step)
{
    mo_str message = {0};
    mo_statement stop = {.kind = MO_STATEMENT_ASSERT, .sql = "SELECT 1"};
    mo_str_addf(&message, "hook %s is a function of the application, which has to run it", step->hook);
    stop.message = mo_str_text(&message);
    p->dialect->script_assert(&stop, out);
    out->failed |= message.failed;
    mo_str_free(&message);
}

static void add_step(mo_str *out, const mo_plan *p, const mo_script *script, size_t i)
{
    const mo_step *step = &p->steps.items[i];
    mo_str_addf(out, "\n-- step %zu of %zu (%s)\n", i + 1, p->steps.count, mo_phases[step->phase]);
    add_comment(out, step->title);
    if (step->cost && *step->cost)
        add_comment(out, step->cost);
    if (step->hook && !step->statements.count)
        add_function(out, p, step);
    for (size_t k = 0; k < step->statements.count; k++)
        add_statement(out, p->dialect, &step->statements.items[k]);
    if (step->hook && script && script->hook(script->user, step, out) != MOULT_OK)
        out->failed = 1;
}

static void add_part(mo_str *out, const mo_plan *p, const mo_script *script, const mo_part_of_plan *part)
{
    mo_str before = {0}, after = {0};
    p->dialect->script_frame(p, part, &before, &after);
    mo_str_add(out, mo_str_text(&before));
    if (script && part->first == 0)
        mo_str_add(out, script->first);
    for (size_t i = part->first; i < part->end; i++)
        add_step(out, p, script, i);
    mo_str_addc(out, '\n');
    if (script && part->records)
        mo_str_add(out, script->last);
    mo_str_add(out, mo_str_text(&after));
    out->failed |= before.failed | after.failed;
    mo_str_free(&before);
    mo_str_free(&after);
}

int mo_plan_write_sql(const mo_plan *p, const mo_script *script, mo_str *out, mo_error *err)
{
    size_t number = 0;
    mo_part_of_plan part = {0};
    add_head(out, p);
    if (script == NULL && p->steps.count)
        mo_str_add(out,
                   "--\n-- It writes no history: this is not the database that the plan was made for, as it was then.\n"
                   "-- The next 'moult apply' that finds the schema as it shall be records it.\n");
    for (size_t first = 0; first < p->steps.count; first = part.end) {
        part = mo_plan_part(p, first, ++number);
        add_part(out, p, script, &part);
    }
    return out->failed ? mo_error_nomem(err) : MOULT_OK;
}
