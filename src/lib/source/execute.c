/* SPDX-License-Identifier: MIT */
/*
 * execute.c - the chosen statements run in the scratch, in any order that works.
 *
 * Sources may be written in any order and spread over files. Plain CREATEs are run by kind (tables, indexes, views,
 * triggers), which is nearly always right at once; what fails is tried again after the rest, until nothing more
 * succeeds. Then the first of what is left is the error, with its place.
 */
#include <string.h>

#include "source/load.h"

typedef struct runner {
    mo_load *load;
    mo_conn *scratch;
    mo_watch watch;
    mo_str sql;    /* one statement, with its end */
    size_t *order; /* items to run */
    size_t count;
} runner;

int mo_load_alive(const mo_load *l)
{
    if (mo_cancelled(l->args->cancel)) {
        return mo_error_set(l->err, MOULT_CANCELLED, "cancelled while the source was read");
    }
    if (mo_deadline_passed(l->args->deadline)) {
        mo_error_set(l->err, MOULT_TIMEOUT, "reading the source took longer than the time limit");
        return mo_error_hint(l->err, "raise detect_timeout");
    }
    return MOULT_OK;
}

/* Only the code: the dialect makes the error. */
static int tick(void *user, int64_t rows_done)
{
    const mo_load *l = user;

    (void)rows_done;
    if (mo_cancelled(l->args->cancel)) {
        return MOULT_CANCELLED;
    }
    return mo_deadline_passed(l->args->deadline) ? MOULT_TIMEOUT : MOULT_OK;
}

/* Is it the statement's fault, so that another order may help? */
static int may_be_retried(int code)
{
    return code == MOULT_DATABASE || code == MOULT_SOURCE || code == MOULT_ERROR || code == MOULT_NOTFOUND;
}

static int run_item(runner *r, const mo_item *item)
{
    mo_str_clear(&r->sql);
    mo_str_addn(&r->sql, item->st.text, item->st.length);
    if (r->sql.failed) {
        return mo_error_nomem(r->load->err);
    }
    return r->load->d->exec(r->scratch, mo_str_text(&r->sql), &r->watch, r->load->err);
}

/* --- the place of an engine's error ----------------------------------------------------------------------------- */

/* The `nth` token of the statement that stands for `name`; END when there is none. */
static mo_token find_token(mo_load *l, const mo_item *item, const char *name, int nth)
{
    char *value = mo_region_alloc(l->region, item->st.length + 1);
    mo_lexer lexer;
    mo_token t = {0};

    if (!value) {
        return t; /* the statement's own place is good enough then */
    }
    mo_lexer_init(&lexer, l->d->lex, item->st.text, item->st.length);
    lexer.line = item->st.line;
    lexer.column = item->st.column;
    do {
        t = mo_lexer_next(&lexer);
        int named = t.kind == MO_TOKEN_WORD || t.kind == MO_TOKEN_QUOTED || t.kind == MO_TOKEN_STRING;
        if (named) {
            value[mo_token_value(&t, value)] = '\0';
        }
        if ((named && mo_name_equal(value, name)) || mo_name_equaln(name, t.text, t.length)) {
            nth--;
        }
    } while (nth > 0 && t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD);
    return t;
}

/* What an engine's message names: what is quoted in it, else what follows its last colon, without a qualifier. */
static char *named_in(mo_load *l, const char *message)
{
    const char *quote = strchr(message, '"'), *end = quote ? strrchr(quote + 1, '"') : NULL;

    if (quote && end) {
        return mo_region_dupn(l->region, quote + 1, (size_t)(end - quote - 1));
    }
    const char *name = NULL;
    for (const char *colon = strstr(message, ": "); colon; colon = strstr(colon + 2, ": ")) {
        name = colon + 2;
    }
    if (!name) {
        return NULL;
    }
    const char *dot = strrchr(name, '.');
    return mo_region_dup(l->region, dot && dot[1] != '\0' ? dot + 1 : name);
}

static mo_token find_place(mo_load *l, const mo_item *item)
{
    const char *message = l->err->pub.message;
    const char *name = message ? named_in(l, message) : NULL;
    mo_token none = {0};

    if (!name || name[0] == '\0') {
        return none;
    }
    /* A comma that something is wrong near may be any of them: only one that stands alone is a place. */
    if (strstr(message, "near \"") && find_token(l, item, name, 2).kind != MO_TOKEN_END) {
        return none;
    }
    return find_token(l, item, name, strncmp(message, "duplicate", strlen("duplicate")) == 0 ? 2 : 1);
}

int mo_load_place(mo_load *l, const mo_item *item)
{
    int line = item->st.line, column = item->st.column;
    mo_error *err = l->err;

    if (!may_be_retried(err->pub.code) || err->pub.file) {
        return err->pub.code;
    }
    if (err->pub.line > 0) { /* the engine said where, counted from the statement's start */
        column = err->pub.line == 1 ? column + err->pub.column - 1 : err->pub.column;
        line += err->pub.line - 1;
    } else {
        mo_token t = find_place(l, item);
        if (t.kind != MO_TOKEN_END) {
            line = t.line;
            column = t.column;
        }
    }
    err->pub.code = MOULT_SOURCE; /* what is wrong is what was declared, not the database */
    if (item->decl.name && !err->pub.object) {
        mo_error_object(err, "%s %s", mo_kinds[item->decl.kind].name, item->decl.name);
    }
    return mo_error_at(err, item->text->name, line, column);
}

/* --- running --------------------------------------------------------------------------------------------------- */

/* The order to try first: by kind where all are CREATEs, else as they stand. */
static int make_order(runner *r)
{
    mo_load *l = r->load;
    int kinds = l->ordered ? 1 : MO_KIND_COUNT;

    r->order = mo_region_alloc(l->region, l->items.count * sizeof *r->order);
    if (!r->order) {
        return mo_error_nomem(l->err);
    }
    for (int kind = 0; kind < kinds; kind++) {
        for (size_t i = 0; i < l->items.count; i++) {
            if (l->items.items[i].run && (l->ordered || (int)l->items.items[i].decl.kind == kind)) {
                r->order[r->count++] = i;
            }
        }
    }
    return MOULT_OK;
}

/* One pass over what is left; what fails stays in the order. */
static int run_pass(runner *r)
{
    size_t left = 0;

    for (size_t k = 0; k < r->count; k++) {
        const mo_item *item = &r->load->items.items[r->order[k]];
        int rc = mo_load_alive(r->load);
        if (rc == MOULT_OK) {
            rc = run_item(r, item);
        }
        if (may_be_retried(rc)) {
            r->order[left++] = r->order[k];
        } else if (rc != MOULT_OK) {
            return rc;
        }
    }
    r->count = left;
    return MOULT_OK;
}

static int run_all(runner *r)
{
    size_t before;
    int rc = make_order(r);

    do {
        before = r->count;
        if (rc == MOULT_OK) {
            rc = run_pass(r);
        }
    } while (rc == MOULT_OK && r->count > 0 && r->count < before);
    if (rc != MOULT_OK || r->count == 0) {
        return rc;
    }
    /* Nothing helps: the first one once more, for its error. */
    const mo_item *first = &r->load->items.items[r->order[0]];
    if (run_item(r, first) == MOULT_OK) {
        mo_error_set(r->load->err, MOULT_SOURCE, "the statements of the source work in no order");
    }
    return mo_load_place(r->load, first);
}

int mo_load_execute(mo_load *l, mo_conn *scratch)
{
    runner r = {.load = l, .scratch = scratch, .watch = {tick, l}};
    int rc = run_all(&r);

    mo_str_free(&r.sql);
    if (rc == MOULT_OK) {
        mo_error_clear(l->err); /* of what succeeded later */
    }
    return rc;
}
