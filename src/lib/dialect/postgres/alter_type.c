/* SPDX-License-Identifier: MIT */
/*
 * alter_type.c - columns that get another type or collation, and what that costs.
 *
 * Values go over by USING: by the @fill of the column where it makes something of the old value, which is to say that it names the
 * column; else by a cast; between two enums, and to a type that was made anew, by way of text. Any other @fill is for NULLs, and
 * may be years old: no value makes room for it. A cast that is written would cut in silence what is too long for the new type: there the server's own assignment is
 * left to refuse it. The default goes before and comes back after, for the old one need not fit the new type.
 */
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres/steps.h"

/* --- what it costs ------------------------------------------------------------------------------------------------------- */

/* "character varying(20)" without what is in parentheses, and those numbers: -1 where there is none. */
typedef struct spelled {
    char base[64];
    long first, second;
} spelled;

static spelled read_type(const char *text)
{
    spelled t = {.first = -1, .second = -1};
    const char *open = strchr(text, '('), *close = open ? strchr(open, ')') : NULL;
    size_t n = open ? (size_t)(open - text) : strlen(text);
    const char *rest = close ? close + 1 : "";
    if (n + strlen(rest) >= sizeof t.base)
        n = strlen(rest) < sizeof t.base ? sizeof t.base - 1 - strlen(rest) : 0;
    memcpy(t.base, text, n);
    memcpy(t.base + n, rest, strlen(rest) < sizeof t.base - n ? strlen(rest) : 0);
    if (close) {
        char *end;
        t.first = strtol(open + 1, &end, 10);
        t.second = *end == ',' ? strtol(end + 1, NULL, 10) : -1;
    }
    return t;
}

static int is_one_of(const char *base, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(base, *names) == 0)
            return 1;
    return 0;
}

/* Does every value of `a` fit `b` as it is stored? */
static int is_wider(const spelled *a, const spelled *b)
{
    static const char *const growing[] = {"character varying",
                                          "bit varying",
                                          "timestamp without time zone",
                                          "timestamp with time zone",
                                          "time without time zone",
                                          "time with time zone",
                                          NULL};
    static const char *const texts[] = {"character varying", "text", NULL};
    if (strcmp(a->base, b->base) == 0 && is_one_of(a->base, growing))
        return b->first < 0 || (a->first >= 0 && b->first >= a->first);
    if (strcmp(a->base, b->base) == 0 && strcmp(a->base, "numeric") == 0)
        return b->first < 0 || (a->first >= 0 && b->first >= a->first && b->second == a->second);
    if (is_one_of(a->base, texts) && is_one_of(b->base, texts))
        return b->first < 0;
    return strcmp(a->base, "cidr") == 0 && strcmp(b->base, "inet") == 0;
}

/* Is `name` a domain over this type? *checks: it has constraints. */
static int is_domain_over(const mo_schema *s, const char *name, const char *base, int *checks)
{
    const mo_object *domain = mo_schema_find(s, MO_KIND_DOMAIN, name);
    size_t n = strlen(base);
    *checks = domain &&
              (mo_pg_find_words(domain->canonical, "CONSTRAINT") || mo_pg_find_words(domain->canonical, "NOT NULL"));
    return domain && strncmp(domain->canonical, base, n) == 0 && (!domain->canonical[n] || domain->canonical[n] == ' ');
}

const char *mo_pg_conversion(const mo_column *c)
{
    mo_lexer l;
    if (c->refill || !c->fill)
        return c->refill;
    mo_lexer_init(&l, &mo_lex_postgres, c->fill, strlen(c->fill));
    for (mo_token t = mo_lexer_next(&l); t.kind != MO_TOKEN_END && t.kind != MO_TOKEN_BAD; t = mo_lexer_next(&l))
        if (mo_name_equaln(c->name, t.text, t.length))
            return c->fill;
    return NULL;
}

int mo_pg_takes_all(const mo_schema *from, const mo_schema *to, const char *old, const char *wanted)
{
    spelled a = read_type(old), b = read_type(wanted);
    int checks;
    if (is_wider(&a, &b) || is_domain_over(from, old, wanted, &checks))
        return 1;
    return is_domain_over(to, wanted, old, &checks) && !checks;
}

static const char *cost_of(const mo_pg_stepping *s, const mo_column *before, const mo_column *after, int rewritten)
{
    static const char catalog[] = "changes the catalog only";
    const char *old = mo_column_attr(before, MO_ATTR_TYPE), *wanted = mo_column_attr(after, MO_ATTR_TYPE);
    int checks, converted = mo_pg_conversion(after) != NULL;
    int same = strcmp(old, wanted) == 0;
    if (rewritten || converted)
        return "rewrites the table and its indexes; nobody else reads or writes it meanwhile";
    if (same)
        return "rebuilds the indexes of the column; nobody else reads or writes the table meanwhile";
    if (mo_pg_takes_all(s->from, s->to, old, wanted))
        return catalog;
    if (is_domain_over(s->to, wanted, old, &checks))
        return "reads every row to check it; nobody else reads or writes the table meanwhile";
    return "rewrites the table and its indexes; nobody else reads or writes it meanwhile";
}

/* --- the statements ------------------------------------------------------------------------------------------------------- */

int mo_pg_is_enum(const mo_schema *s, const char *text)
{
    mo_str name = {0};
    size_t n = strlen(text);
    while (n > 2 && strncmp(text + n - 2, "[]", 2) == 0)
        n -= 2;
    mo_str_addn(&name, text, n);
    int found = !name.failed && mo_schema_find(s, MO_KIND_ENUM, mo_str_text(&name)) != NULL;
    mo_str_free(&name);
    return found;
}

int mo_pg_is_assigned(const mo_schema *to, const char *old, const char *wanted)
{
    const mo_object *domain = mo_schema_find(to, MO_KIND_DOMAIN, wanted);
    const char *text = domain ? domain->canonical : wanted;
    if (strstr(wanted, "[]") && !strstr(old, "[]"))
        return 0;
    if (strncmp(text, "character", strlen("character")) == 0)
        return 1;
    return strncmp(text, "bit", 3) == 0 && strncmp(old, "bit", 3) == 0;
}

static void add_using(const mo_pg_stepping *s, const mo_column *before, const mo_column *after, int rewritten,
                      mo_str *sql)
{
    const char *old = before->attr[MO_ATTR_TYPE].text, *wanted = after->attr[MO_ATTR_TYPE].text;
    const char *value = mo_pg_conversion(after);
    if (value)
        mo_str_addf(sql, " USING %s", value);
    else if (mo_pg_is_assigned(s->to, old, wanted))
        return;
    else if (rewritten || (mo_pg_is_enum(s->from, old) && mo_pg_is_enum(s->to, wanted) && strcmp(old, wanted) != 0))
        mo_str_addf(sql, " USING %s::text::%s", after->name, wanted);
    else if (strcmp(old, wanted) != 0)
        mo_str_addf(sql, " USING %s::%s", after->name, wanted);
}

/* A serial column's sequence counts in the column's type. */
static int alter_its_sequence(mo_pg_stepping *s, const mo_object *o, const mo_column *before, const mo_column *after)
{
    size_t length;
    const char *text = after->attr[MO_ATTR_DEFAULT].text, *name = text ? strchr(text, '\'') : NULL;
    mo_str sql = {0};
    if (!mo_pg_is_serial(before) || !mo_pg_is_serial(after) || !name)
        return MOULT_OK;
    length = strcspn(name + 1, "'");
    mo_str_addf(&sql, "ALTER SEQUENCE %.*s AS %s", (int)length, name + 1, after->attr[MO_ATTR_TYPE].text);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER + s->serial++, "alter", o, &sql);
}

/* Values that the new enum does not have any more are told before the cast meets them. */
static int ask_enum(mo_pg_stepping *s, const mo_object *o, const mo_column *before, const mo_column *after)
{
    const char *type = after->attr[MO_ATTR_TYPE].text;
    const mo_object *now = mo_schema_find(s->to, MO_KIND_ENUM, type),
                    *was = mo_schema_find(s->from, MO_KIND_ENUM, type);
    mo_step *step = &s->plan->steps.items[s->plan->steps.count - 1];
    mo_pg_list old = {0}, wanted = {0};
    size_t length;
    const char *inside = was && now ? mo_pg_inside(was->canonical, &length) : NULL;
    mo_str sql = {0}, gone = {0}, message = {0};
    (void)before;
    if (!inside)
        return MOULT_OK;
    if (mo_pg_split_list(s->plan->region, inside, length, &old))
        return mo_error_nomem(s->err);
    inside = mo_pg_inside(now->canonical, &length);
    if (inside && mo_pg_split_list(s->plan->region, inside, length, &wanted))
        return mo_error_nomem(s->err);
    for (size_t i = 0; i < old.count; i++)
        if (!mo_pg_list_has(&wanted, old.items[i]))
            mo_str_addf(&gone, "%s%s", gone.length ? ", " : "", old.items[i]);
    if (!gone.length && !gone.failed)
        return MOULT_OK;
    mo_str_addf(&sql, "SELECT count(*) FROM %s WHERE %s::text IN (%s) HAVING count(*) > 0", o->name, after->name,
                mo_str_text(&gone));
    mo_str_addf(&message, "%s.%s holds values that the enum %s no longer has (%s)", o->name, after->name, type,
                mo_str_text(&gone));
    int failed = gone.failed || sql.failed || message.failed ||
                 mo_step_assert(s->plan, step, mo_str_text(&sql), mo_str_text(&message), 0, s->err) != MOULT_OK;
    mo_str_free(&gone);
    mo_str_free(&sql);
    mo_str_free(&message);
    return failed ? mo_error_nomem(s->err) : MOULT_OK;
}

static int drop_default(mo_pg_stepping *s, const mo_object *o, const mo_column *c)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", o->name, c->name);
    return mo_pg_step_text(s, MO_PHASE_CONTRACT, MO_PG_ORDER_DROP_USE + s->serial++, "alter", o, &sql);
}

int mo_pg_alter_type(mo_pg_stepping *s, const mo_object *o, const mo_column *before, const mo_column *after,
                     int rewritten, int64_t rows)
{
    const char *cost = cost_of(s, before, after, rewritten);
    mo_str sql = {0};
    int code = mo_pg_column_has(before, MO_ATTR_DEFAULT) ? drop_default(s, o, after) : MOULT_OK;
    (void)rows;
    if (code != MOULT_OK)
        return code;
    mo_step *step = mo_pg_step(s, MO_PHASE_CONTRACT, MO_PG_ORDER_ALTER + s->serial++, "alter", o, NULL);
    code = step ? ask_enum(s, o, before, after) : mo_error_nomem(s->err);
    mo_str_addf(&sql, "ALTER TABLE %s ALTER COLUMN %s TYPE %s", o->name, after->name, after->attr[MO_ATTR_TYPE].text);
    if (step && !sql.failed)
        step->title = mo_region_dup(s->plan->region, mo_str_text(&sql));
    if (mo_pg_column_has(after, MO_ATTR_COLLATION))
        mo_str_addf(&sql, " COLLATE %s", after->attr[MO_ATTR_COLLATION].text);
    add_using(s, before, after, rewritten, &sql);
    if (code == MOULT_OK)
        code = sql.failed || !step->title ? mo_error_nomem(s->err)
                                          : mo_step_run(s->plan, step, mo_str_text(&sql), 0, s->err);
    mo_str_free(&sql);
    if (code == MOULT_OK)
        code = mo_pg_step_says(s, cost, NULL);
    if (code == MOULT_OK)
        code = alter_its_sequence(s, o, before, after);
    if (code == MOULT_OK && mo_pg_column_has(after, MO_ATTR_DEFAULT))
        code = mo_pg_alter_column(s, o, after, "SET DEFAULT ", after->attr[MO_ATTR_DEFAULT].text);
    return code;
}
