/* SPDX-License-Identifier: MIT */
/*
 * hook.c - runs one data hook, inside the transaction that records it.
 *
 * A hook changes data. One that changes the schema is found out by the marker, one that would end the transaction by its
 * words, before it runs.
 */
#include "run/hook.h"

#include <string.h>

/* What a function gets. */
struct moult_hook_context {
    const mo_dialect *d;
    mo_conn *c;
    const mo_watch *watch;
    void (*begin)(void *user); /* a statement begins */
    mo_error error;            /* of its last statement, or what it says itself */
};

static const char *const writes[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", NULL};
static const char *const looks[] = {"SELECT", "VALUES", NULL};

static int is_one_of(const mo_token *t, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (mo_token_is(t, words[i]))
            return 1;
    return 0;
}

static void begin_statement(const moult_hook_context *x)
{
    if (x->begin)
        x->begin(x->watch->user);
}

int mo_hook_may_run(const mo_lex_rules *rules, const char *sql, size_t length)
{
    mo_lexer x;
    mo_token t;
    mo_lexer_init(&x, rules, sql, length);
    t = mo_lexer_next(&x);
    return mo_token_is(&t, "WITH") || is_one_of(&t, writes) || is_one_of(&t, looks);
}

/* Does it change rows? Told by its verb, which may come after a WITH and what that has in parentheses. */
static int may_write(const mo_lex_rules *rules, const char *sql)
{
    mo_lexer x;
    mo_token t;
    int depth = 0;
    mo_lexer_init(&x, rules, sql, strlen(sql));
    for (t = mo_lexer_next(&x); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&x)) {
        depth += mo_token_is_punct(&t, '(') - mo_token_is_punct(&t, ')');
        if (depth == 0 && is_one_of(&t, writes))
            return 1;
        if (depth == 0 && is_one_of(&t, looks))
            return 0;
    }
    return 0;
}

/* Is it one statement, of those that a hook may run? What comes after the first one would be passed over in silence. */
static int check_statement(moult_hook_context *x, const char *sql)
{
    mo_lexer lexer;
    mo_token bad;
    mo_statement_text st;
    int found;
    mo_error_clear(&x->error);
    if (sql == NULL || !mo_hook_may_run(x->d->lex, sql, strlen(sql))) {
        mo_error_set(&x->error, MOULT_INVALID, "a hook changes data, and nothing else: '%.60s'", sql ? sql : "");
        return mo_error_hint(&x->error, MO_HOOK_HINT);
    }
    mo_lexer_init(&lexer, x->d->lex, sql, strlen(sql));
    found = mo_lexer_statement(&lexer, &st, &bad);
    if (found > 0)
        found = mo_lexer_statement(&lexer, &st, &bad);
    if (found > 0) {
        mo_error_set(&x->error, MOULT_INVALID, "more than one statement: the second one is '%.*s'",
                     st.length < 60 ? (int)st.length : 60, st.text);
        return mo_error_hint(&x->error, "run them one after another");
    }
    return MOULT_OK;
}

int moult_hook_exec(moult_hook_context *x, const char *sql, const moult_value *params, size_t count, moult_row_fn row,
                    void *user, int64_t *changed)
{
    int rc = check_statement(x, sql);
    if (rc != MOULT_OK)
        return rc;
    begin_statement(x);
    rc = x->d->query(x->c, sql, params, count, row, user, x->watch, &x->error);
    if (rc == MOULT_OK && changed) /* the engine's count stands from the statement that changed rows last */
        *changed = may_write(x->d->lex, sql) ? x->d->changed_rows(x->c) : 0;
    if (rc != MOULT_OK && x->error.pub.code == MOULT_OK) /* the caller's function ended the query */
        mo_error_set(&x->error, rc, "the function that takes the rows ended the query");
    return rc;
}

int moult_hook_columns(moult_hook_context *x, const char *sql, moult_row_fn row, void *user)
{
    int rc = check_statement(x, sql);
    if (rc == MOULT_OK)
        rc = x->d->query_names(x->c, sql, row, user, &x->error);
    if (rc != MOULT_OK && x->error.pub.code == MOULT_OK)
        mo_error_set(&x->error, rc, "the function that takes the names ended it");
    return rc;
}

const moult_error *moult_hook_error(const moult_hook_context *x)
{
    return &x->error.pub;
}

int moult_hook_fail(moult_hook_context *x, const char *message)
{
    return mo_error_set(&x->error, MOULT_ERROR, "%s", message ? message : "it failed");
}

#define MO_IS_THIS_CODE(name, number, exit, text) || rc == (number)
static int is_code(int rc)
{
    return 0 MOULT_CODES(MO_IS_THIS_CODE);
}
#undef MO_IS_THIS_CODE

static int call(const moult_hook *hook, moult_hook_context *x)
{
    int rc = hook->run(hook->user, x);
    if (rc == MOULT_OK)
        return MOULT_OK;
    if (x->error.pub.code == MOULT_OK)
        return mo_error_set(&x->error, MOULT_ERROR, "it returned %d", rc);
    if (x->error.pub.code == MOULT_ERROR && is_code(rc)) /* moult_hook_fail() said why; the hook says what it is */
        x->error.pub.code = rc;
    return x->error.pub.code;
}

static int run_statements(const mo_step *step, moult_hook_context *x)
{
    int rc = MOULT_OK;
    for (size_t i = 0; i < step->statements.count && rc == MOULT_OK; i++) {
        begin_statement(x);
        rc = x->d->query(x->c, step->statements.items[i].sql, NULL, 0, NULL, NULL, x->watch, &x->error);
    }
    return rc;
}

static const moult_hook *find(const mo_plan *plan, const char *version)
{
    for (size_t i = 0; i < plan->hooks.count; i++)
        if (strcmp(plan->hooks.items[i].declared->version, version) == 0)
            return plan->hooks.items[i].declared;
    return NULL;
}

/* Says whose error it is: the hook is named, what it said is kept. */
static int name_hook(const char *version, mo_error *cause, mo_error *err)
{
    mo_error told = {{0}};
    int code = cause->pub.code;
    if (code == MOULT_NOMEM)
        return mo_error_move(err, cause);
    mo_error_set(&told, code, "hook %s: %s", version, cause->pub.message ? cause->pub.message : "");
    mo_error_object(&told, "hook %s", version);
    if (cause->pub.detail)
        mo_error_detail(&told, "%s", cause->pub.detail);
    mo_error_hint(&told, "%s", cause->pub.hint ? cause->pub.hint : "what it did was undone, and nothing after it ran");
    if (cause->pub.engine_code)
        mo_error_engine(&told, cause->pub.engine_code);
    mo_error_clear(cause);
    return mo_error_move(err, &told);
}

static int changed_schema(const char *version, mo_error *err)
{
    mo_error_set(err, MOULT_UNVERIFIED, "hook %s changed the schema; what it did was undone", version);
    mo_error_object(err, "hook %s", version);
    return mo_error_hint(err, "a hook moves data; what the schema shall be is declared");
}

int mo_run_hook(const mo_dialect *d, mo_conn *c, const mo_plan *plan, const mo_step *step, const mo_watch *watch,
                void (*begin)(void *user), mo_error *err)
{
    moult_hook_context x = {.d = d, .c = c, .watch = watch, .begin = begin};
    const moult_hook *hook = find(plan, step->hook);
    mo_hash before, after;
    int rc = d->marker(c, &before, err);
    if (rc != MOULT_OK)
        return rc;
    if (step->statements.count == 0 && (hook == NULL || hook->run == NULL))
        return mo_error_set(err, MOULT_INVALID, "hook %s is code of an application, which is not here", step->hook);
    rc = step->statements.count ? run_statements(step, &x) : call(hook, &x);
    if (rc == MOULT_OK && !d->in_transaction(c))
        rc = mo_error_set(&x.error, MOULT_UNVERIFIED, "it ended the transaction that it runs in");
    if (rc != MOULT_OK)
        return name_hook(step->hook, &x.error, err);
    mo_error_clear(&x.error);
    rc = d->marker(c, &after, err);
    return rc != MOULT_OK || mo_hash_equal(before, after) ? rc : changed_schema(step->hook, err);
}
