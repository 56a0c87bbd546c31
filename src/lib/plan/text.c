/* SPDX-License-Identifier: MIT */
/* text.c - a plan for a person: changes in columns, numbered steps with their cost, notes and hints. The line above and
 * the verdict below are the caller's. */
#include "plan/display.h"
#include "plan/plan.h"
#include "plan/rows.h"

enum {
    MOST_NAME = 48, /* columns; what is longer is not aligned to */
    MOST_WHAT = 48,
    MOST_TITLE = 76
};

static size_t widest(size_t so_far, const char *text, size_t most)
{
    size_t width = mo_display_width(text);
    if (width > most)
        width = most;
    return width > so_far ? width : so_far;
}

/* Spaces at the end of a line, where the last columns are empty. */
static void trim(mo_str *out)
{
    while (!out->failed && out->length && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
}

static void add_changes(const mo_plan *p, mo_str *out)
{
    static const char signs[] = {[MOULT_OP_CREATE] = '+',
                                 [MOULT_OP_DROP] = '-',
                                 [MOULT_OP_ALTER] = '~',
                                 [MOULT_OP_RENAME] = '~',
                                 [MOULT_OP_RUN] = '*'};
    size_t kind = 0, name = 0, what = 0, risk = 0;
    for (size_t i = 0; i < p->rows.count; i++) {
        const moult_change_info *row = &p->rows.items[i];
        kind = widest(kind, row->kind, MOST_NAME);
        name = widest(name, row->name, MOST_NAME);
        what = widest(what, row->what, MOST_WHAT);
        risk = widest(risk, mo_risk_names[row->risk], MOST_NAME);
    }
    for (size_t i = 0; i < p->rows.count; i++) {
        const moult_change_info *row = &p->rows.items[i];
        mo_str_addf(out, "  %c ", signs[row->op]);
        mo_display_pad(out, row->kind, kind + 2, MOST_NAME);
        mo_display_pad(out, row->name, name + 2, MOST_NAME);
        mo_display_pad(out, row->what, what + 4, MOST_WHAT);
        mo_display_pad(out, mo_risk_names[row->risk], risk + 3, MOST_NAME);
        if (row->undoes_drift)
            mo_str_add(out, *row->reason ? "undoes drift; " : "undoes drift");
        mo_display_add(out, row->reason, (size_t)-1);
        trim(out);
        mo_str_addc(out, '\n');
    }
}

static void add_steps(const mo_plan *p, mo_str *out)
{
    size_t title = 0;
    int digits = 1, split = p->steps.count && p->steps.items[p->steps.count - 1].transaction > 1;
    for (size_t n = p->steps.count; n >= 10; n /= 10)
        digits++;
    for (size_t i = 0; i < p->steps.count; i++)
        title = widest(title, p->steps.items[i].title, MOST_TITLE);
    if (p->rows.count && p->steps.count)
        mo_str_addc(out, '\n');
    for (size_t i = 0; i < p->steps.count; i++) {
        const mo_step *step = &p->steps.items[i];
        if (split && (i == 0 || step->transaction != step[-1].transaction))
            mo_str_addf(out, "  transaction %d\n", step->transaction);
        mo_str_addf(out, "  %*zu  ", digits, i + 1);
        mo_display_pad(out, step->title, title + 5, MOST_TITLE);
        mo_display_add(out, step->cost ? step->cost : "", (size_t)-1);
        trim(out);
        mo_str_addc(out, '\n');
    }
}

static void add_notes(const mo_plan *p, mo_str *out)
{
    if (p->notes.count)
        mo_str_addc(out, '\n');
    for (size_t i = 0; i < p->notes.count; i++) {
        mo_str_add(out, "  ");
        mo_display_add(out, p->notes.items[i], (size_t)-1);
        mo_str_addc(out, '\n');
    }
}

static void add_hints(const mo_plan *p, mo_str *out)
{
    if (p->hints.count)
        mo_str_addc(out, '\n');
    for (size_t i = 0; i < p->hints.count; i++) {
        const mo_hint *hint = &p->hints.items[i];
        mo_str line = {0};
        const char *dot = hint->table ? "." : "", *table = hint->table ? hint->table : "";
        mo_str_addf(&line, "did you rename %s %s%s%s to %s? then write behind %s:  %s", hint->kind, table, dot,
                    hint->from, hint->to, hint->to, hint->annotation);
        out->failed |= line.failed;
        mo_str_add(out, "  ");
        mo_display_add(out, mo_str_text(&line), (size_t)-1);
        mo_str_addc(out, '\n');
        mo_str_free(&line);
    }
}

int mo_plan_write_text(const mo_plan *p, mo_str *out, mo_error *err)
{
    add_changes(p, out);
    add_steps(p, out);
    add_notes(p, out);
    add_hints(p, out);
    return out->failed ? mo_error_nomem(err) : MOULT_OK;
}
