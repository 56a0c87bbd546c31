/* SPDX-License-Identifier: MIT */
/* alter_sequence.c - sequences: all options are said anew, so that those which are not named any more are the usual ones again. */
#include <string.h>

#include "dialect/postgres/steps.h"

/* What each clause of a definition is called, and what ALTER says where there is none. */
static const struct {
    const char *clause, *usual;
} clauses[] = {{"INCREMENT BY", "INCREMENT BY 1"},
               {"MINVALUE", "NO MINVALUE"},
               {"MAXVALUE", "NO MAXVALUE"},
               {"START WITH", NULL},
               {"CACHE", "CACHE 1"},
               {"CYCLE", "NO CYCLE"}};

/* The clause with its number, if it has one. */
static void add_clause(mo_str *sql, const char *before, const char *at, const char *clause)
{
    const char *number = at + strlen(clause);
    size_t n = *number == ' ' ? 1 + strspn(number + 1, "-0123456789") : 0;
    mo_str_addf(sql, "%s%s%.*s", before, clause, n > 1 ? (int)n : 0, number);
}

static void add_number(mo_str *sql, const char *text, const char *clause)
{
    const char *at = mo_pg_find_words(text, clause);
    if (at)
        mo_str_addn(sql, at + strlen(clause) + 1, strspn(at + strlen(clause) + 1, "-0123456789"));
}

/* Where it starts when nothing says so: at its lowest value, or its highest when it goes down. */
static void add_usual_start(mo_str *sql, const char *canonical, const char *before_it)
{
    const char *by = mo_pg_find_words(canonical, "INCREMENT BY");
    int down = by && by[strlen("INCREMENT BY ")] == '-';
    mo_str_addf(sql, "%sSTART WITH ", before_it);
    size_t empty = sql->length;
    add_number(sql, canonical, down ? "MAXVALUE" : "MINVALUE");
    if (sql->length == empty)
        mo_str_add(sql, down ? "-1" : "1");
}

void mo_pg_sequence_options(mo_str *sql, const char *canonical, const char *before)
{
    for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++) {
        const char *at = mo_pg_find_words(canonical, clauses[i].clause);
        if (at)
            add_clause(sql, before, at, clauses[i].clause);
        else if (clauses[i].usual)
            mo_str_addf(sql, "%s%s", before, clauses[i].usual);
        else
            add_usual_start(sql, canonical, before);
    }
}

int mo_pg_alter_sequence(mo_pg_stepping *s, const mo_change *change, int *done)
{
    const mo_object *o = change->after;
    const char *is = o->canonical, *was = change->before->canonical, *owner = mo_pg_find_words(is, "OWNED BY");
    const char *type_end = is + strcspn(is + 3, " ") + 3;
    int unlogged = mo_pg_find_words(is, "UNLOGGED") != NULL;
    mo_str sql = {0};
    *done = 1;
    mo_str_addf(&sql, "ALTER SEQUENCE %s %.*s", o->name, (int)(type_end - is), is);
    mo_pg_sequence_options(&sql, is, " ");
    mo_str_addf(&sql, " %s", owner ? owner : "OWNED BY NONE");
    if (unlogged != (mo_pg_find_words(was, "UNLOGGED") != NULL))
        mo_str_addf(&sql, ";\nALTER SEQUENCE %s SET %s", o->name, unlogged ? "UNLOGGED" : "LOGGED");
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_OWN + (s->dry ? 0 : s->serial++), "alter", o, &sql);
}
