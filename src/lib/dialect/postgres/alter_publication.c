/* SPDX-License-Identifier: MIT */
/* alter_publication.c - publications: what they publish, and how. FOR ALL TABLES is for ever. */
#include <string.h>

#include "dialect/postgres/steps.h"

/* What stands after FOR, and the list in WITH (…). */
typedef struct publication {
    const char *what; /* NULL: nothing */
    const char *with;
} publication;

static int read_publication(mo_region *r, const char *text, publication *out)
{
    size_t length;
    const char *what = mo_pg_find_words(text, "FOR"), *with = mo_pg_find_words(text, "WITH");
    const char *inside = with ? mo_pg_inside(with, &length) : NULL;
    *out = (publication){0};
    if (what && !(out->what = mo_region_dupn(r, what + 4, (size_t)(with - what) - 5)))
        return -1;
    return inside && (out->with = mo_region_dupn(r, inside, length)) ? 0 : -1;
}

static int say(mo_pg_stepping *s, const mo_change *change, const char *what, const char *value, const char *end)
{
    mo_str sql = {0};
    mo_str_addf(&sql, "ALTER PUBLICATION %s %s%s%s", change->after->name, what, value, end);
    return mo_pg_alter_text(s, change, &sql);
}

/* DROP takes the tables' names only. */
static int drop_all(mo_pg_stepping *s, const mo_change *change, const char *what)
{
    mo_pg_list items = {0};
    mo_str names = {0};
    if (mo_pg_split_list(s->plan->region, what, strlen(what), &items))
        return mo_error_nomem(s->err);
    for (size_t i = 0; i < items.count; i++) {
        const char *where = mo_pg_find_words(items.items[i], "WHERE"), *columns = strstr(items.items[i], " (");
        size_t n = columns ? (size_t)(columns - items.items[i]) : strlen(items.items[i]);
        if (where && (size_t)(where - items.items[i]) < n)
            n = (size_t)(where - items.items[i]) - 1;
        mo_str_addf(&names, "%s%.*s", i ? ", " : "", (int)n, items.items[i]);
    }
    int code = names.failed ? mo_error_nomem(s->err) : say(s, change, "DROP ", mo_str_text(&names), "");
    mo_str_free(&names);
    return code;
}

static int is_for_all(const publication *p)
{
    return p->what && strncmp(p->what, "ALL TABLES", strlen("ALL TABLES")) == 0;
}

/* Options that are usual are not written, so both are said where one is. */
static int set_options(mo_pg_stepping *s, const mo_change *change, const publication *before, const publication *after)
{
    int root = strstr(before->with, "publish_via_partition_root") && !strstr(after->with, "publish_via_partition_root");
    int columns =
        strstr(before->with, "publish_generated_columns") && !strstr(after->with, "publish_generated_columns");
    mo_str list = {0};
    mo_str_addf(&list, "%s%s%s", after->with, root ? ", publish_via_partition_root = false" : "",
                columns ? ", publish_generated_columns = none" : "");
    int code = list.failed ? mo_error_nomem(s->err) : say(s, change, "SET (", mo_str_text(&list), ")");
    mo_str_free(&list);
    return code;
}

int mo_pg_alter_publication(mo_pg_stepping *s, const mo_change *change, int *done)
{
    publication before, after;
    int code = MOULT_OK;
    if (read_publication(s->plan->region, change->before->canonical, &before) ||
        read_publication(s->plan->region, change->after->canonical, &after))
        return mo_error_nomem(s->err);
    *done = is_for_all(&before) == is_for_all(&after);
    if (!*done)
        return MOULT_OK;
    if (before.what && !after.what)
        code = drop_all(s, change, before.what);
    else if (after.what && (!before.what || strcmp(before.what, after.what) != 0))
        code = say(s, change, before.what ? "SET " : "ADD ", after.what, "");
    if (code == MOULT_OK && strcmp(before.with, after.with) != 0)
        code = set_options(s, change, &before, &after);
    return code;
}
