/* SPDX-License-Identifier: MIT */
/* sql.c - a plan as a script for the engine's own shell: what the steps would run, in the dialect's frame of settings
 * and transaction. A check has to be looked at by whoever runs the script: no shell stops for a row. */
#include <string.h>

#include "dialect/dialect.h"
#include "plan/display.h"
#include "plan/plan.h"

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
    mo_lexer_init(&lexer, d->lex, s->sql, strlen(s->sql));
    lexer.want_comments = 1;
    while ((token = mo_lexer_next(&lexer)).kind != MO_TOKEN_END && token.kind != MO_TOKEN_BAD)
        last = token;
    if (s->kind == MO_STATEMENT_ASSERT) {
        mo_str line = {0};
        mo_str_addf(&line, "must give no row, else ROLLBACK: %s", s->message ? s->message : "");
        add_comment(out, mo_str_text(&line));
        out->failed |= line.failed;
        mo_str_free(&line);
    }
    mo_str_add(out, s->sql);
    if (last.kind == MO_TOKEN_COMMENT)
        mo_str_addc(out, '\n');
    if (!mo_token_is_punct(&last, ';'))
        mo_str_addc(out, ';');
    mo_str_addc(out, '\n');
}

int mo_plan_write_sql(const mo_plan *p, mo_str *out, mo_error *err)
{
    mo_str before = {0}, after = {0};
    mo_str_addf(out, "-- moult plan %s\n-- from schema %s\n-- to schema   %s\n", p->id, p->from, p->to);
    for (size_t i = 0; i < p->notes.count; i++)
        add_comment(out, p->notes.items[i]);
    if (p->steps.count) {
        p->dialect->script_frame(p, &before, &after);
        mo_str_add(out, mo_str_text(&before));
    }
    for (size_t i = 0; i < p->steps.count; i++) {
        const mo_step *step = &p->steps.items[i];
        mo_str_addf(out, "\n-- step %zu\n", i + 1);
        add_comment(out, step->title);
        for (size_t k = 0; k < step->statements.count; k++)
            add_statement(out, p->dialect, &step->statements.items[k]);
    }
    if (p->steps.count) {
        mo_str_addc(out, '\n');
        mo_str_add(out, mo_str_text(&after));
    }
    int failed = out->failed || before.failed || after.failed;
    mo_str_free(&before);
    mo_str_free(&after);
    return failed ? mo_error_nomem(err) : MOULT_OK;
}
