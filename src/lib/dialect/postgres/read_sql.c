/* SPDX-License-Identifier: MIT */
/*
 * read_sql.c - the text of a reader's query, as the server gets it: the shorthands of read.h written out.
 *
 * Pieces of SQL that many readers need have a name here, so that a query shows what is its own.
 */
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres/read.h"

typedef struct piece {
    const char *name, *sql; /* $1 and $2 in it are the arguments */
} piece;

static const piece pieces[] = {
    {"managed", "WITH m AS (SELECT n.oid, n.nspname, u.place, "
                "CASE WHEN u.place = 1 THEN '' ELSE quote_ident(n.nspname) || '.' END AS prefix "
                "FROM unnest($schemas) WITH ORDINALITY AS u (name, place) JOIN pg_namespace n ON n.nspname = u.name)"},
    {"own", "NOT EXISTS (SELECT FROM pg_depend own WHERE own.classid = '$1'::regclass AND own.objid = $2 "
            "AND own.objsubid = 0 AND own.deptype IN ('e', 'i'))"},
    {"options", "(SELECT split_part(u.o, '=', 1) || '=' || quote_literal(substr(u.o, strpos(u.o, '=') + 1)) AS option "
                "FROM unnest($1) AS u (o))"},
    {"arguments", "coalesce((SELECT string_agg(format_type(u.t, NULL), ', ' ORDER BY u.i) "
                  "FROM unnest($1.proargtypes) WITH ORDINALITY AS u (t, i)), '')"},
    {"operator", "(SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || c.oprname || ')' FROM pg_operator c "
                 "JOIN pg_namespace n ON n.oid = c.oprnamespace WHERE c.oid = $1)"},
    {"sequence",
     "concat(CASE WHEN $1.seqincrement <> 1 THEN ' INCREMENT BY ' || $1.seqincrement END, "
     "CASE WHEN $1.seqmin <> CASE WHEN $1.seqincrement > 0 THEN 1 ELSE CASE $1.seqtypid WHEN 21 THEN -32768 "
     "WHEN 23 THEN -2147483648 ELSE -9223372036854775808 END END THEN ' MINVALUE ' || $1.seqmin END, "
     "CASE WHEN $1.seqmax <> CASE WHEN $1.seqincrement < 0 THEN -1 ELSE CASE $1.seqtypid WHEN 21 THEN 32767 "
     "WHEN 23 THEN 2147483647 ELSE 9223372036854775807 END END THEN ' MAXVALUE ' || $1.seqmax END, "
     "CASE WHEN $1.seqstart <> CASE WHEN $1.seqincrement > 0 THEN $1.seqmin ELSE $1.seqmax END "
     "THEN ' START WITH ' || $1.seqstart END, "
     "CASE WHEN $1.seqcache <> 1 THEN ' CACHE ' || $1.seqcache END, CASE WHEN $1.seqcycle THEN ' CYCLE' END)"},
};

static const piece *find_piece(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        if (strlen(pieces[i].name) == length && strncmp(pieces[i].name, name, length) == 0)
            return &pieces[i];
    return NULL;
}

static void add_schemas(const mo_conn *c, mo_str *out)
{
    mo_str_add(out, "ARRAY[");
    for (size_t i = 0; i < c->schemas.count; i++) {
        mo_str_add(out, i ? ", " : "");
        mo_str_literal(out, c->schemas.items[i]);
    }
    mo_str_add(out, "]::name[]");
}

/* {15?…} or {15!…} at `text`: appends what is inside where it applies; returns what follows it. NULL: it is none. */
static const char *add_versioned(const mo_conn *c, const char *text, mo_str *out)
{
    char *mark;
    long release = strtol(text + 1, &mark, 10);
    const char *end = mark > text + 1 && (*mark == '?' || *mark == '!') ? strchr(mark, '}') : NULL;
    if (!end)
        return NULL;
    if ((mo_pg_version(c) / 10000 >= release) == (*mark == '?'))
        mo_str_addn(out, mark + 1, (size_t)(end - mark - 1));
    return end + 1;
}

/* The text of a piece with its arguments in place. */
static void fill_piece(const piece *p, const char *arguments, size_t length, mo_str *out)
{
    const char *comma = memchr(arguments, ',', length), *end = arguments + length;
    const char *second = comma ? comma + 1 + strspn(comma + 1, " ") : end;
    for (const char *at = p->sql; *at; at++) {
        if (at[0] == '$' && at[1] == '1')
            mo_str_addn(out, arguments, comma ? (size_t)(comma - arguments) : length);
        else if (at[0] == '$' && at[1] == '2')
            mo_str_addn(out, second, (size_t)(end - second));
        else
            mo_str_addc(out, *at);
        at += at[0] == '$' && (at[1] == '1' || at[1] == '2');
    }
}

/* $name or $name(arguments) at `text`; as add_versioned(). */
static const char *add_piece(const mo_conn *c, const char *text, mo_str *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    size_t n = strspn(text + 1, letters);
    const char *after = text + 1 + n;
    if (n == sizeof "schemas" - 1 && strncmp(text + 1, "schemas", n) == 0) {
        add_schemas(c, out);
        return after;
    }
    const piece *p = find_piece(text + 1, n);
    if (!p)
        return NULL;
    const char *close = *after == '(' ? strchr(after, ')') : NULL;
    mo_str filled = {0};
    fill_piece(p, after + 1, close ? (size_t)(close - after - 1) : 0, &filled);
    mo_pg_expand(c, mo_str_text(&filled), out);
    out->failed |= filled.failed;
    mo_str_free(&filled);
    return close ? close + 1 : after;
}

void mo_pg_expand(const mo_conn *c, const char *sql, mo_str *out)
{
    while (*sql) {
        size_t plain = strcspn(sql, "{$");
        const char *after = NULL;
        mo_str_addn(out, sql, plain);
        sql += plain;
        if (*sql == '{')
            after = add_versioned(c, sql, out);
        else if (*sql == '$')
            after = add_piece(c, sql, out);
        if (!after && *sql)
            mo_str_addc(out, *sql++);
        sql = after ? after : sql;
    }
}
