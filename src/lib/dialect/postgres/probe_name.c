/* SPDX-License-Identifier: MIT */
/* probe_name.c - which rows they are: up to five of them, by their primary key. */
#include <string.h>

#include "dialect/postgres/probe.h"

static const mo_constraint *primary_key(const mo_pg_probing *p)
{
    const mo_object *o = mo_schema_find(p->plan->live, MO_KIND_TABLE, p->table);
    for (size_t i = 0; o && i < o->table->constraints.count; i++)
        if (o->table->constraints.items[i]->kind == MO_CONSTRAINT_PRIMARY_KEY)
            return o->table->constraints.items[i];
    return NULL;
}

/* A number as it is, anything else in quotes. */
static void add_value(const mo_pg_probing *p, mo_str *out, const char *column)
{
    static const char *const numbers[] = {"smallint", "integer", "bigint", "numeric", "real", "double precision"};
    const mo_object *o = mo_schema_find(p->plan->live, MO_KIND_TABLE, p->table);
    const mo_column *c = mo_table_column(o->table, column);
    for (size_t i = 0; c && i < sizeof numbers / sizeof *numbers; i++)
        if (strncmp(mo_column_attr(c, MO_ATTR_TYPE), numbers[i], strlen(numbers[i])) == 0) {
            mo_str_addf(out, "%s::text", column);
            return;
        }
    mo_str_addf(out, "quote_nullable(left(%s::text, 24))", column);
}

const char *mo_pg_row_name(const mo_pg_probing *p, int *failed)
{
    const mo_constraint *k = primary_key(p);
    mo_str s = {0};
    if (!k)
        return NULL;
    mo_str_add(&s, k->column_count > 1 ? "concat('(', " : "");
    for (size_t i = 0; i < k->column_count; i++) {
        mo_str_add(&s, i ? ", ', ', " : "");
        add_value(p, &s, k->columns[i]);
    }
    mo_str_add(&s, k->column_count > 1 ? ", ')')" : "");
    const char *text = mo_str_into(&s, p->plan->region);
    *failed |= !text;
    return text;
}

const char *mo_pg_row_order(const mo_pg_probing *p, int *failed)
{
    const mo_constraint *k = primary_key(p);
    mo_str s = {0};
    for (size_t i = 0; k && i < k->column_count; i++)
        mo_str_addf(&s, "%s%s", i ? ", " : "", k->columns[i]);
    const char *text = k ? mo_str_into(&s, p->plan->region) : "";
    *failed |= !text;
    return text ? text : "";
}

const char *mo_pg_row_names(const mo_pg_probing *p, const mo_pg_list *names, int64_t rows)
{
    const mo_constraint *k = primary_key(p);
    size_t shown = names->count < MO_EVIDENCE_KEYS ? names->count : MO_EVIDENCE_KEYS;
    mo_str s = {0};
    if (k && k->column_count == 1 && strcmp(k->columns[0], "id") == 0)
        mo_str_add(&s, shown == 1 ? "id " : "ids ");
    else
        for (size_t i = 0; k && i < k->column_count; i++)
            mo_str_addf(&s, "%s%s", k->columns[i], i + 1 < k->column_count ? ", " : " ");
    for (size_t i = 0; i < shown; i++)
        mo_str_addf(&s, "%s%s", i ? ", " : "", names->items[i]);
    mo_str_add(&s, rows > (int64_t)shown ? ", …" : "");
    return mo_str_into(&s, p->plan->region);
}

typedef struct naming {
    mo_region *region;
    mo_pg_list names;
} naming;

static int take_name(void *user, size_t count, const mo_value *v)
{
    naming *n = user;
    const char *name =
        count && v[0].type == MOULT_VALUE_TEXT ? mo_region_dupn(n->region, v[0].text, v[0].length) : "NULL";
    return name && mo_vec_push(n->region, &n->names, name) == 0 ? MOULT_OK : MOULT_NOMEM;
}

int mo_pg_name_rows(mo_pg_probing *p, const char *query, int64_t rows, const char **out)
{
    naming n = {.region = p->plan->region};
    int cut = 0, code = mo_pg_probe_query(p, query, take_name, &n, &cut);
    *out = NULL;
    if (code != MOULT_OK || cut || !n.names.count)
        return code; /* without time for names their number is known all the same */
    *out = mo_pg_row_names(p, &n.names, rows);
    return *out ? MOULT_OK : mo_error_nomem(p->err);
}
