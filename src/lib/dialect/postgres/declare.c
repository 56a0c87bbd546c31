/* SPDX-License-Identifier: MIT */
/*
 * declare.c - one desired statement, told apart by its first tokens: what declares is allowed, what a dump says to its session
 * is passed over, all else is refused with the reason. Whether the statement is right is for the server to say; but for names
 * that are too long, which the server cuts and only mentions it.
 */
#include <string.h>

#include "dialect/postgres/postgres.h"

#define CHANGES " changes data; desired SQL only declares"
#define READS " reads data; desired SQL only declares"
#define CONTROLS " controls a transaction; moult makes its own"
#define WORKS " works on data or on the session; desired SQL only declares"
#define BEYOND " is about more than this database; desired SQL declares what is in it"
#define FILL "give existing rows a value with -- @fill, or change data with a hook or the application"
#define OUT "take it out"

typedef struct refusal {
    const char *word, *why, *hint;
} refusal;

/* By the first word. */
static const refusal refusals[] = {
    {"INSERT", "INSERT" CHANGES, FILL},
    {"UPDATE", "UPDATE" CHANGES, FILL},
    {"DELETE", "DELETE" CHANGES, FILL},
    {"MERGE", "MERGE" CHANGES, FILL},
    {"DROP", "DROP takes something away; desired SQL declares what shall be there", "leave out what is to go"},
    {"TRUNCATE", "TRUNCATE" CHANGES, FILL},
    {"COPY", "COPY" CHANGES, "make the dump with pg_dump --schema-only"},
    {"WITH", "WITH begins a query or a change of data; desired SQL only declares", FILL},
    {"DO", "DO runs code; desired SQL only declares", "write what it creates"},
    {"CALL", "CALL runs code; desired SQL only declares", OUT},
    {"SELECT", "SELECT" READS, OUT},
    {"VALUES", "VALUES" READS, OUT},
    {"TABLE", "TABLE" READS, OUT},
    {"EXPLAIN", "EXPLAIN declares nothing", OUT},
    {"SHOW", "SHOW declares nothing", OUT},
    {"BEGIN", "BEGIN" CONTROLS, OUT},
    {"START", "START TRANSACTION" CONTROLS, OUT},
    {"COMMIT", "COMMIT" CONTROLS, OUT},
    {"END", "END" CONTROLS, OUT},
    {"ROLLBACK", "ROLLBACK" CONTROLS, OUT},
    {"ABORT", "ABORT" CONTROLS, OUT},
    {"SAVEPOINT", "SAVEPOINT" CONTROLS, OUT},
    {"RELEASE", "RELEASE" CONTROLS, OUT},
    {"PREPARE", "PREPARE" WORKS, OUT},
    {"EXECUTE", "EXECUTE" WORKS, OUT},
    {"DEALLOCATE", "DEALLOCATE" WORKS, OUT},
    {"DECLARE", "DECLARE" WORKS, OUT},
    {"FETCH", "FETCH" WORKS, OUT},
    {"MOVE", "MOVE" WORKS, OUT},
    {"CLOSE", "CLOSE" WORKS, OUT},
    {"LISTEN", "LISTEN" WORKS, OUT},
    {"UNLISTEN", "UNLISTEN" WORKS, OUT},
    {"NOTIFY", "NOTIFY" WORKS, OUT},
    {"LOCK", "LOCK" WORKS, OUT},
    {"LOAD", "LOAD" WORKS, OUT},
    {"DISCARD", "DISCARD" WORKS, OUT},
    {"CHECKPOINT", "CHECKPOINT" WORKS, OUT},
    {"VACUUM", "VACUUM" WORKS, OUT},
    {"ANALYZE", "ANALYZE" WORKS, OUT},
    {"ANALYSE", "ANALYSE" WORKS, OUT},
    {"REINDEX", "REINDEX" WORKS, OUT},
    {"REFRESH", "REFRESH" WORKS, OUT},
    {"IMPORT", "IMPORT FOREIGN SCHEMA creates what another server has", "write what it creates"},
    {"SECURITY", "SECURITY LABEL is not compared", OUT}};

/* What CREATE and ALTER must not be about. */
static const refusal beyond[] = {
    {"DATABASE", "a database" BEYOND, OUT},
    {"ROLE", "a role" BEYOND, "create roles by other means, before moult runs"},
    {"USER", "a user" BEYOND, "create roles by other means, before moult runs"},
    {"GROUP", "a group" BEYOND, "create roles by other means, before moult runs"},
    {"TABLESPACE", "a tablespace" BEYOND, OUT},
    {"SYSTEM", "ALTER SYSTEM" BEYOND, OUT},
    {"SUBSCRIPTION", "a subscription connects to another server: it is not moult's", OUT},
    {"TEMP", "a temporary object lives in one session only; desired SQL declares what stays", "leave out TEMP"},
    {"TEMPORARY", "a temporary object lives in one session only; desired SQL declares what stays",
     "leave out TEMPORARY"}};

typedef struct declaring {
    mo_conn *conn;
    mo_region *region;
    mo_lexer lexer;
    mo_token token; /* the one that is looked at */
    mo_declared *out;
    mo_error *err;
} declaring;

static int refuse(mo_declared *out, const char *why, const char *hint)
{
    *out = (mo_declared){.why = why, .hint = hint};
    return MOULT_OK;
}

static const refusal *find(const refusal *list, size_t count, const mo_token *t)
{
    for (size_t i = 0; i < count; i++)
        if (mo_token_is(t, list[i].word))
            return &list[i];
    return NULL;
}

#define FIND(list, t) find((list), sizeof(list) / sizeof *(list), (t))

static void advance(declaring *d)
{
    d->token = mo_lexer_next(&d->lexer);
}

static int is_in_own_schema(const char *name)
{
    return strcmp(name, "moult") == 0 || strncmp(name, "moult.", 6) == 0;
}

/* Past the token where it is this word. */
static int pass(declaring *d, const char *word)
{
    if (!mo_token_is(&d->token, word))
        return 0;
    advance(d);
    return 1;
}

static int at_end(const declaring *d)
{
    return d->token.kind == MO_TOKEN_END || d->token.kind == MO_TOKEN_BAD;
}

static int is_name(const mo_token *t)
{
    return t->kind == MO_TOKEN_WORD || t->kind == MO_TOKEN_QUOTED;
}

/* Is this path's first part, of `n` bytes, the schema that unqualified names mean? */
static int is_first_schema(const declaring *d, const char *path, size_t n)
{
    return strlen(d->conn->search_path) == n && strncmp(d->conn->search_path, path, n) == 0;
}

/* name, or schema.name, as the tree has it. NULL: none stands here, or no memory, which `err` tells. */
static const char *take_path(declaring *d)
{
    mo_str path = {0};
    while (is_name(&d->token)) {
        mo_name_of_token(&mo_lex_postgres, &d->token, &path);
        advance(d);
        if (!mo_token_is_punct(&d->token, '.'))
            break;
        advance(d);
        if (!path.failed && is_first_schema(d, mo_str_text(&path), path.length))
            mo_str_clear(&path);
        else
            mo_str_addc(&path, '.');
    }
    if (!path.length && !path.failed)
        return NULL;
    const char *name = mo_str_into(&path, d->region);
    if (!name)
        mo_error_nomem(d->err);
    return name;
}

static void skip_if_not_exists(declaring *d)
{
    mo_lexer ahead = d->lexer;
    mo_token next = mo_lexer_next(&ahead);
    if (mo_token_is(&d->token, "IF") && mo_token_is(&next, "NOT")) {
        advance(d);
        advance(d);
        advance(d);
    }
}

/* "audit ON users": of what is named per table. */
static void take_name_on_table(declaring *d)
{
    mo_declared *out = d->out;
    const char *name = take_path(d);
    while (!at_end(d) && !mo_token_is(&d->token, "ON"))
        advance(d);
    if (!name || !pass(d, "ON"))
        return;
    if (out->kind == MO_KIND_RULE) { /* ON event TO table */
        while (!at_end(d) && !pass(d, "TO"))
            advance(d);
    }
    out->parent = take_path(d);
    if (out->parent && !(out->name = mo_region_printf(d->region, "%s ON %s", name, out->parent)))
        mo_error_nomem(d->err);
}

/* AS ENUM, AS RANGE, AS (…) */
static void take_type(declaring *d)
{
    const char *name = take_path(d);
    if (!pass(d, "AS"))
        return;
    d->out->kind = mo_token_is(&d->token, "ENUM")    ? MO_KIND_ENUM
                   : mo_token_is(&d->token, "RANGE") ? MO_KIND_RANGE
                                                     : MO_KIND_COMPOSITE;
    d->out->name = name;
}

static void take_plain(declaring *d)
{
    skip_if_not_exists(d);
    d->out->name = take_path(d);
}

static void take_index(declaring *d)
{
    (void)pass(d, "CONCURRENTLY");
    skip_if_not_exists(d);
    if (!mo_token_is(&d->token, "ON")) /* the server gives it a name otherwise */
        d->out->name = take_path(d);
    if (!pass(d, "ON"))
        return;
    (void)pass(d, "ONLY");
    d->out->parent = take_path(d);
}

/* The first managed schema is there before anything is loaded. */
static void take_schema(declaring *d)
{
    skip_if_not_exists(d);
    const char *name = take_path(d);
    d->out->name = name;
    d->out->skip = name && at_end(d) && strcmp(name, d->conn->search_path) == 0;
}

/* What tells it from its namesakes only the server knows: types of arguments have several names. */
static void take_routine(declaring *d)
{
    d->out->path = take_path(d);
}

static void take_operator(declaring *d)
{
    int family = !pass(d, "CLASS");
    if (family && !pass(d, "FAMILY"))
        return; /* an operator has no name that could be renamed */
    d->out->kind = family ? MO_KIND_OPERATOR_FAMILY : MO_KIND_OPERATOR_CLASS;
    d->out->path = take_path(d);
}

static void take_text_search(declaring *d)
{
    if (!pass(d, "SEARCH"))
        return;
    int configuration = pass(d, "CONFIGURATION");
    if (!configuration && !pass(d, "DICTIONARY"))
        return;
    d->out->kind = configuration ? MO_KIND_TS_CONFIGURATION : MO_KIND_TS_DICTIONARY;
    d->out->path = take_path(d);
}

/* The name stands there, or the server gives one. */
static void take_optional(declaring *d)
{
    skip_if_not_exists(d);
    if (!mo_token_is(&d->token, "ON"))
        d->out->path = take_path(d);
}

/* What is created, by the word for it, and how its name is taken. Of what is not here the name is not told. */
static const struct {
    const char *word;
    mo_kind kind;
    void (*take)(declaring *d);
} creates[] = {{"TABLE", MO_KIND_TABLE, take_plain},
               {"INDEX", MO_KIND_INDEX, take_index},
               {"VIEW", MO_KIND_VIEW, take_plain},
               {"SEQUENCE", MO_KIND_SEQUENCE, take_plain},
               {"DOMAIN", MO_KIND_DOMAIN, take_plain},
               {"TYPE", MO_KIND_COMPOSITE, take_type},
               {"TRIGGER", MO_KIND_TRIGGER, take_name_on_table},
               {"POLICY", MO_KIND_POLICY, take_name_on_table},
               {"RULE", MO_KIND_RULE, take_name_on_table},
               {"FUNCTION", MO_KIND_FUNCTION, take_routine},
               {"PROCEDURE", MO_KIND_PROCEDURE, take_routine},
               {"AGGREGATE", MO_KIND_AGGREGATE, take_routine},
               {"COLLATION", MO_KIND_COLLATION, take_optional},
               {"OPERATOR", MO_KIND_OPERATOR, take_operator},
               {"TEXT", MO_KIND_TS_DICTIONARY, take_text_search},
               {"STATISTICS", MO_KIND_STATISTICS, take_optional},
               {"EXTENSION", MO_KIND_EXTENSION, take_plain},
               {"SCHEMA", MO_KIND_NAMESPACE, take_schema},
               {"PUBLICATION", MO_KIND_PUBLICATION, take_plain}};

/* Words that stand before the one for the kind. */
static void skip_before_kind(declaring *d, int *materialized, int *event)
{
    static const char *const words[] = {"UNLOGGED", "UNIQUE", "RECURSIVE", "CONSTRAINT"};
    if (pass(d, "OR"))
        (void)pass(d, "REPLACE");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        (void)pass(d, words[i]);
    *materialized = pass(d, "MATERIALIZED");
    *event = pass(d, "EVENT");
}

static int declare_create(declaring *d)
{
    int materialized, event;
    skip_before_kind(d, &materialized, &event);
    if (event && pass(d, "TRIGGER")) {
        d->out->kind = MO_KIND_EVENT_TRIGGER;
        d->out->path = take_path(d);
    }
    for (size_t i = 0; i < sizeof creates / sizeof *creates && !event; i++) {
        if (!pass(d, creates[i].word))
            continue;
        d->out->kind = materialized ? MO_KIND_MATERIALIZED_VIEW : creates[i].kind;
        creates[i].take(d);
        break;
    }
    if (d->out->name && is_in_own_schema(d->out->name))
        return refuse(d->out, "the schema moult is moult's own", "choose another name");
    d->out->creates = d->out->name != NULL;
    return d->err->pub.code == MOULT_NOMEM ? MOULT_NOMEM : MOULT_OK;
}

/* moult's own tables stand in a dump of the database like all others: what it says of them is passed over. */
static int is_about_own(const mo_statement_text *st)
{
    static const char *const names[] = {"history", "state", "plan", "hook", "journal"};
    mo_lexer l;
    mo_token t, before = {0};
    enum { LOOKED_AT = 12 };
    mo_lexer_init(&l, &mo_lex_postgres, st->text, st->length);
    for (int i = 0; i < LOOKED_AT; i++) {
        t = mo_lexer_next(&l);
        if (t.kind == MO_TOKEN_END || t.kind == MO_TOKEN_BAD)
            return mo_token_is(&before, "moult"); /* CREATE SCHEMA moult */
        if (mo_token_is(&before, "moult") && mo_token_is_punct(&t, '.')) {
            t = mo_lexer_next(&l);
            for (size_t k = 0; k < sizeof names / sizeof *names; k++)
                if (mo_token_is(&t, names[k]))
                    return 1;
            return t.length >= 5 && strncmp(t.text, "attic", 5) == 0;
        }
        before = t;
    }
    return 0;
}

/* Who owns what is not compared. */
static int is_change_of_owner(declaring *d)
{
    while (!at_end(d) && !mo_token_is(&d->token, "OWNER"))
        advance(d);
    return pass(d, "OWNER") && mo_token_is(&d->token, "TO");
}

/* A schema that a search_path may name without changing anything: the one that unqualified names mean already; the server's own;
 * "$user", for where a schema of that name is there, it is that one. */
static int is_harmless_schema(const declaring *d, int *named)
{
    mo_str name = {0};
    mo_name_of_token(&mo_lex_postgres, &d->token, &name);
    int first = !name.failed && strcmp(mo_str_text(&name), d->conn->search_path) == 0;
    int other =
        !name.failed && (strcmp(mo_str_text(&name), "\"$user\"") == 0 || strcmp(mo_str_text(&name), "pg_catalog") == 0);
    mo_str_free(&name);
    *named |= first;
    return first || other;
}

/* "TO "$user", public": does it lead where names lead anyway? */
static int keeps_meaning(declaring *d)
{
    int named = 0;
    if (!pass(d, "TO"))
        advance(d); /* = */
    for (;; advance(d)) {
        if (!is_name(&d->token) || !is_harmless_schema(d, &named))
            return 0;
        advance(d);
        if (!mo_token_is_punct(&d->token, ','))
            return named && at_end(d);
    }
}

/* Settings of a dump's session say nothing of the schema; but for those that say where unqualified names lead, and who acts. */
static int declare_set(declaring *d)
{
    (void)(pass(d, "SESSION") || pass(d, "LOCAL"));
    int path = mo_token_is(&d->token, "search_path"), other = mo_token_is(&d->token, "SCHEMA");
    if (path)
        advance(d);
    if (other || (path && !keeps_meaning(d)))
        return refuse(d->out, "SET search_path changes what names mean; desired SQL is read with the database's own",
                      "write the schema before the names that are not in the first one");
    if (mo_token_is(&d->token, "ROLE") || mo_token_is(&d->token, "AUTHORIZATION"))
        return refuse(d->out, "SET ROLE changes who acts; moult acts as the account that it was given", OUT);
    d->out->skip = 1;
    return MOULT_OK;
}

/* SELECT pg_catalog.set_config(…), as dumps have it. */
static int is_set_config(declaring *d)
{
    if (pass(d, "pg_catalog") && mo_token_is_punct(&d->token, '.'))
        advance(d);
    return mo_token_is(&d->token, "set_config");
}

static int declare_statement(declaring *d)
{
    mo_token first = d->token;
    const refusal *r = FIND(refusals, &first);
    advance(d);
    if (mo_token_is(&first, "SELECT") && is_set_config(d)) {
        d->out->skip = 1;
        return MOULT_OK;
    }
    if (r)
        return refuse(d->out, r->why, r->hint);
    if (mo_token_is(&first, "SET"))
        return declare_set(d);
    d->out->skip = mo_token_is(&first, "RESET");
    if (mo_token_is(&first, "CREATE") || mo_token_is(&first, "ALTER"))
        r = FIND(beyond, &d->token);
    if (r)
        return refuse(d->out, r->why, r->hint);
    if (mo_token_is(&first, "CREATE"))
        return declare_create(d);
    if (mo_token_is(&first, "ALTER"))
        d->out->skip = is_change_of_owner(d);
    return MOULT_OK;
}

/* How many bytes of a name the server keeps: NAMEDATALEN less its NUL. */
enum { NAME_BYTES = 63 };

/* Two names that begin alike would be one, and the next plan would look for a name that is not there. */
static int refuse_long_name(declaring *d, const mo_token *t)
{
    const char *why = mo_region_printf(d->region, "%.*s has more than the %d bytes that PostgreSQL keeps of a name",
                                       (int)t->length, t->text, NAME_BYTES);
    if (!why)
        return mo_error_nomem(d->err);
    d->out->line = t->line;
    d->out->column = t->column;
    d->out->allowed = 0;
    d->out->why = why;
    d->out->hint = "shorten it; if the database has it already, write it as it stands there: cut to 63 bytes";
    return MOULT_OK;
}

static int is_too_long(const mo_token *t)
{
    size_t doubled = 0;
    if (!is_name(t) || t->length <= NAME_BYTES)
        return 0;
    if (t->kind == MO_TOKEN_WORD)
        return 1;
    for (size_t i = 1; i + 2 < t->length; i++) /* "" within quotes is one */
        if (t->text[i] == '"' && t->text[i + 1] == '"') {
            doubled++;
            i++;
        }
    return t->length - 2 - doubled > NAME_BYTES;
}

static int check_names(declaring *d, const mo_statement_text *st)
{
    mo_lexer_init(&d->lexer, &mo_lex_postgres, st->text, st->length);
    d->lexer.line = st->line;
    d->lexer.column = st->column;
    for (advance(d); !at_end(d); advance(d))
        if (is_too_long(&d->token))
            return refuse_long_name(d, &d->token);
    return MOULT_OK;
}

int mo_pg_declare(mo_conn *c, mo_region *r, const mo_statement_text *statement, mo_declared *out, mo_error *err)
{
    declaring d = {.conn = c, .region = r, .out = out, .err = err};
    int code = mo_pg_know(c, err);
    if (code != MOULT_OK)
        return code;
    *out = (mo_declared){.allowed = 1};
    mo_lexer_init(&d.lexer, &mo_lex_postgres, statement->text, statement->length);
    advance(&d);
    if ((mo_token_is(&d.token, "CREATE") || mo_token_is(&d.token, "ALTER")) && is_about_own(statement)) {
        out->skip = 1;
        return MOULT_OK;
    }
    code = declare_statement(&d);
    return code == MOULT_OK && out->allowed && !out->skip ? check_names(&d, statement) : code;
}
