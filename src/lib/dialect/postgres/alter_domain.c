/* SPDX-License-Identifier: MIT */
/* alter_domain.c - domains: default, NOT NULL and constraints, each by its ALTER. Another base type is another domain. */
#include <string.h>

#include "dialect/postgres/steps.h"

/* The pieces of a domain's canonical form, in its order. */
typedef struct domain {
    const char *base;  /* with its collation */
    const char *value; /* the default; NULL: none */
    int not_null;
    mo_pg_list constraints; /* "CONSTRAINT name CHECK (…)", with NOT VALID */
} domain;

static const char *first(const char *a, const char *b)
{
    return !a || (b && b < a) ? b : a;
}

static int read_constraints(mo_region *r, const char *text, mo_pg_list *out)
{
    while (text) {
        const char *next = mo_pg_find_words(text + strlen("CONSTRAINT"), "CONSTRAINT");
        size_t length = next ? (size_t)(next - text) - 1 : strlen(text);
        const char *one = mo_region_dupn(r, text, length);
        if (!one || mo_vec_push(r, out, one))
            return -1;
        text = next;
    }
    return 0;
}

static int read_domain(mo_region *r, const char *text, domain *out)
{
    const char *end = text + strlen(text), *constraint = mo_pg_find_words(text, "CONSTRAINT");
    const char *value = mo_pg_find_words(text, "DEFAULT"), *null = mo_pg_find_words(text, "NOT NULL");
    *out = (domain){0};
    if (constraint && value && value > constraint)
        value = NULL;
    if (constraint && null && null > constraint)
        null = NULL;
    if (read_constraints(r, constraint, &out->constraints))
        return -1;
    end = constraint ? constraint - 1 : end;
    out->not_null = null != NULL;
    end = null ? null - 1 : end;
    if (value &&
        !(out->value = mo_region_dupn(r, value + strlen("DEFAULT "), (size_t)(end - value) - strlen("DEFAULT "))))
        return -1;
    end = first(value ? value - 1 : NULL, end);
    return (out->base = mo_region_dupn(r, text, (size_t)(end - text))) ? 0 : -1;
}

static int say(mo_pg_stepping *s, const mo_change *change, const char *what, const char *value)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER DOMAIN %s %s%s", change->after->name, what, value);
    return mo_pg_alter_text(s, change, &sql);
}

/* The constraint's name, behind the word CONSTRAINT; what it says follows it. */
static size_t name_length(const char *constraint)
{
    const char *at = constraint + strlen("CONSTRAINT ");
    for (int quoted = 0; *at && (quoted || *at != ' '); at++)
        quoted ^= *at == '"';
    return (size_t)(at - constraint) - strlen("CONSTRAINT ");
}

static const char *name_of(mo_region *r, const char *constraint)
{
    return mo_region_dupn(r, constraint + strlen("CONSTRAINT "), name_length(constraint));
}

static const char *says(const char *constraint)
{
    return constraint + strlen("CONSTRAINT ") + name_length(constraint);
}

static int is_but_valid(const char *before, const char *after)
{
    size_t n = strlen(after);
    return strncmp(before, after, n) == 0 && strcmp(before + n, " NOT VALID") == 0;
}

/* What `before` has as a constraint that becomes this one: by its name, else by what it says. NULL: none. */
static const char *partner(const mo_pg_list *before, const mo_pg_list *after, const char *wanted)
{
    size_t n = strlen("CONSTRAINT ") + name_length(wanted) + 1;
    for (size_t i = 0; i < before->count; i++)
        if (strncmp(before->items[i], wanted, n) == 0)
            return before->items[i];
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(says(before->items[i]), says(wanted)) == 0 && !mo_pg_list_has(after, before->items[i]))
            return before->items[i];
    return NULL;
}

static int rename_constraint(mo_pg_stepping *s, const mo_change *c, const char *from, const char *to)
{
    mo_str what = {0};
    mo_str_addf(&what, "RENAME CONSTRAINT %s TO ", from);
    int code = what.failed ? mo_error_nomem(s->err) : say(s, c, mo_str_text(&what), to);
    mo_str_free(&what);
    return code;
}

static int change_constraint(mo_pg_stepping *s, const mo_change *c, const char *before, const char *after)
{
    const char *name = before ? name_of(s->plan->region, before) : NULL, *wanted = name_of(s->plan->region, after);
    if ((before && !name) || !wanted)
        return mo_error_nomem(s->err);
    if (before && strcmp(before, after) == 0)
        return MOULT_OK;
    if (before && is_but_valid(before, after))
        return say(s, c, "VALIDATE CONSTRAINT ", wanted);
    if (before && strcmp(says(before), says(after)) == 0)
        return rename_constraint(s, c, name, wanted);
    int code = before ? say(s, c, "DROP CONSTRAINT ", name) : MOULT_OK;
    return code == MOULT_OK ? say(s, c, "ADD ", after) : code;
}

static int change_constraints(mo_pg_stepping *s, const mo_change *c, const domain *before, const domain *after)
{
    int code = MOULT_OK;
    mo_pg_list kept = {0};
    for (size_t i = 0; i < after->constraints.count; i++) {
        const char *was = partner(&before->constraints, &after->constraints, after->constraints.items[i]);
        if (was && mo_vec_push(s->plan->region, &kept, was))
            return mo_error_nomem(s->err);
    }
    for (size_t i = 0; code == MOULT_OK && i < before->constraints.count; i++) {
        const char *one = before->constraints.items[i], *name = name_of(s->plan->region, one);
        if (!mo_pg_list_has(&kept, one))
            code = name ? say(s, c, "DROP CONSTRAINT ", name) : mo_error_nomem(s->err);
    }
    for (size_t i = 0; code == MOULT_OK && i < after->constraints.count; i++) {
        const char *one = after->constraints.items[i];
        code = change_constraint(s, c, partner(&before->constraints, &after->constraints, one), one);
    }
    return code;
}

/* The server cannot look into arrays and composite types for values of the domain: then it refuses what would have to be checked. */
static int is_inside_others(const mo_schema *s, const mo_object *o)
{
    for (size_t i = 0; i < s->objects.count; i++) {
        const mo_object *user = s->objects.items[i];
        if ((user->kind != MO_KIND_TABLE && user->kind != MO_KIND_COMPOSITE) || !mo_object_mentions(user, o->name))
            continue;
        if (user->kind == MO_KIND_COMPOSITE && mo_pg_is_type_of_column(s, user))
            return 1;
        for (size_t k = 0; user->table && k < user->table->columns.count; k++) {
            const char *type = user->table->columns.items[k]->attr[MO_ATTR_TYPE].text;
            if (strstr(type, "[]") && mo_pg_speaks_of(type, o->name))
                return 1;
        }
    }
    return 0;
}

static int asks_rows(const domain *before, const domain *after)
{
    for (size_t i = 0; i < after->constraints.count; i++) {
        const char *one = after->constraints.items[i], *was = partner(&before->constraints, &after->constraints, one);
        if (!strstr(one, " NOT VALID") && !(was && strcmp(says(was), says(one)) == 0))
            return 1;
    }
    return after->not_null && !before->not_null;
}

int mo_pg_alter_domain(mo_pg_stepping *s, const mo_change *change, int *done)
{
    domain before, after;
    int code = MOULT_OK;
    if (read_domain(s->plan->region, change->before->canonical, &before) ||
        read_domain(s->plan->region, change->after->canonical, &after))
        return mo_error_nomem(s->err);
    *done = strcmp(before.base, after.base) == 0 &&
            !(asks_rows(&before, &after) && is_inside_others(s->from, change->before));
    if (!*done)
        return MOULT_OK;
    code = change_constraints(s, change, &before, &after);
    if (code == MOULT_OK && before.value && !after.value)
        code = say(s, change, "DROP DEFAULT", "");
    if (code == MOULT_OK && after.value && (!before.value || strcmp(before.value, after.value) != 0))
        code = say(s, change, "SET DEFAULT ", after.value);
    if (code == MOULT_OK && before.not_null != after.not_null)
        code = say(s, change, after.not_null ? "SET NOT NULL" : "DROP NOT NULL", "");
    return code;
}
