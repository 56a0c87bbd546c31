/* SPDX-License-Identifier: MIT */
/* fuzz_lexer.c - the lexer, by the rules of each dialect: tokens lie in the text, in order, and nothing is left out. */
#include "base/lexer.h"
#include "fuzz.h"

static void tokens(const mo_lex_rules *rules, const char *text, size_t length, int all)
{
    mo_lexer l;
    mo_lexer_init(&l, rules, text, length);
    l.want_comments = l.want_space = all;
    const char *at = l.at, *end = text + length;
    for (;;) {
        mo_token t = mo_lexer_next(&l);
        PROMISE(t.line >= 1 && t.column >= 1);
        if (t.kind == MO_TOKEN_END)
            break;
        PROMISE(t.length > 0 && t.text >= at && t.text + t.length <= end);
        /* A NUL byte is a BAD token of its own, also inside a string or comment, whose beginning is then left out. */
        PROMISE(!all || t.text == at || t.kind == MO_TOKEN_BAD);
        at = t.text + t.length;
        if (t.kind == MO_TOKEN_WORD || t.kind == MO_TOKEN_QUOTED || t.kind == MO_TOKEN_STRING) {
            char *value = malloc(t.length + 1);
            if (value)
                PROMISE(mo_token_value(&t, value) <= t.length);
            free(value);
        }
        mo_token_is(&t, "select");
        mo_token_is_punct(&t, ';');
        if (t.kind == MO_TOKEN_BAD)
            return;
    }
    PROMISE(!all || at == end);
}

static void statements(const mo_lex_rules *rules, const char *text, size_t length)
{
    mo_lexer l;
    mo_lexer_init(&l, rules, text, length);
    mo_statement_text s;
    mo_token bad;
    const char *at = text;
    while (mo_lexer_statement(&l, &s, &bad) == 1) {
        PROMISE(s.length > 0 && s.text >= at && s.text + s.length <= text + length);
        PROMISE(s.line >= 1 && s.column >= 1);
        PROMISE(!s.tail_length || (s.tail >= s.text + s.length && s.tail + s.tail_length <= text + length));
        at = s.text + s.length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const mo_lex_rules *const dialects[] = {&mo_lex_sqlite, &mo_lex_postgres, &mo_lex_mysql};
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        tokens(dialects[i], (const char *)data, size, 0);
        tokens(dialects[i], (const char *)data, size, 1);
        statements(dialects[i], (const char *)data, size);
    }
    return 0;
}
