/* SPDX-License-Identifier: MIT */
/*
 * attic.c - the catalog of what plans took away and kept.
 *
 * The entries are written by the statements of plans, so that a script writes them too; here they are read, and dropped
 * when their time has come. Each entry has its rows in a table of its own, the holder.
 */
#include "state/own.h"

#include <stdlib.h>
#include <string.h>

#include "schema/jsontext.h"

typedef struct reading {
    mo_region *region;
    mo_attic_entries *out;
    char now[32];
    mo_error *err;
} reading;

/* A JSON array of names. */
static int read_list(reading *rd, const mo_value *v, mo_name_list *out)
{
    mo_json_reader r = {.region = rd->region, .name = "the attic's catalog", .err = rd->err};
    json_t *array = mo_json_parse(&r, v->text ? v->text : "", v->text ? v->length : 0);
    const json_t *one;
    size_t i;
    if (array && !json_is_array(array))
        mo_json_wrong(&r, "a list of names is no array");
    json_array_foreach(array, i, one)
    {
        const char *text = mo_json_text_of(&r, one, "", "");
        if (r.code == MOULT_OK && mo_vec_push(rd->region, out, text))
            mo_json_nomem(&r);
    }
    json_decref(array);
    return r.code;
}

#define COLUMNS                                                                                                        \
    "id, version, kind, object, holder, identity, \"columns\", \"keys\", \"others\", \"rows\", created_at, expires, "  \
    "definition, holder_sql"

static int take_row(void *user, size_t count, const mo_value *v)
{
    reading *rd = user;
    mo_attic_entry e = {.id = v[0].integer, .version = v[1].integer, .rows = v[9].integer};
    const char **texts[] = {&e.kind, &e.object, &e.holder, &e.identity};
    mo_name_list *lists[] = {&e.columns, &e.keys, &e.others};
    int rc = MOULT_OK;
    (void)count;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if ((*texts[i] = mo_region_dup(rd->region, v[2 + i].text ? v[2 + i].text : "")) == NULL)
            return mo_error_nomem(rd->err);
    for (size_t i = 0; i < sizeof lists / sizeof *lists && rc == MOULT_OK; i++)
        rc = read_list(rd, &v[6 + i], lists[i]);
    if (rc == MOULT_OK)
        rc = read_list(rd, &v[12], &e.definition);
    e.created_at = mo_region_dup(rd->region, v[10].text ? v[10].text : "");
    e.expires = mo_region_dup(rd->region, v[11].text);
    e.holder_sql = mo_region_dup(rd->region, v[13].text ? v[13].text : "");
    if (rc == MOULT_OK && (!e.created_at || !e.holder_sql || (v[11].text && !e.expires)))
        rc = mo_error_nomem(rd->err);
    e.expired = e.expires && strcmp(e.expires, rd->now) < 0;
    if (rc == MOULT_OK && mo_vec_push(rd->region, rd->out, e))
        rc = mo_error_nomem(rd->err);
    return rc;
}

int mo_attic_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_attic_entries *out, mo_error *err)
{
    reading rd = {.region = r, .out = out, .err = err};
    int there = mo_state_has(d, c, "attic", err);
    memset(out, 0, sizeof *out);
    if (there <= 0)
        return there;
    mo_clock_utc(rd.now);
    return mo_state_run(d, c, "SELECT " COLUMNS " FROM {}attic ORDER BY id", NULL, 0, take_row, &rd, err);
}

typedef struct numbers {
    const char *prefix,
        *holders; /* what moult's names may begin with; what those of a version's holders begin with then */
    int highest;
} numbers;

static int take_number(void *user, size_t count, const mo_value *v)
{
    numbers *of = user;
    const char *name = v[0].text ? v[0].text : "";
    size_t begin = strlen(of->holders);
    (void)count;
    if (mo_name_equaln(of->prefix, name, strlen(of->prefix)))
        name += strlen(of->prefix);
    if (mo_name_equaln(of->holders, name, begin) && name[begin] >= '1' && name[begin] <= '9' &&
        strlen(name + begin) < 9) {
        int n = (int)strtol(name + begin, NULL, 10);
        of->highest = n > of->highest ? n : of->highest;
    }
    return MOULT_OK;
}

int mo_attic_next(const mo_dialect *d, mo_conn *c, int64_t version, int *next, mo_error *err)
{
    mo_str holders = {0};
    numbers of = {.prefix = d->own_prefix};
    int rc;
    mo_str_addf(&holders, "attic_%lld_", (long long)version);
    of.holders = mo_str_text(&holders);
    rc = holders.failed ? mo_error_nomem(err) : d->query(c, d->own_table_names, NULL, 0, take_number, &of, NULL, err);
    mo_str_free(&holders);
    *next = of.highest + 1;
    return rc;
}

int mo_attic_drop(const mo_dialect *d, mo_conn *c, const mo_attic_entry *entry, mo_error *err)
{
    mo_value id = mo_value_int(entry->id);
    mo_str sql = {0};
    int rc;
    mo_str_add(&sql, "DROP TABLE IF EXISTS ");
    d->quote(&sql, entry->holder);
    rc = sql.failed ? mo_error_nomem(err) : d->exec(c, mo_str_text(&sql), NULL, err);
    mo_str_free(&sql);
    return rc == MOULT_OK ? mo_state_run(d, c, "DELETE FROM {}attic WHERE id = ?", &id, 1, NULL, NULL, err) : rc;
}

int mo_attic_sweep(const mo_dialect *d, mo_conn *c, int64_t *dropped, mo_error *err)
{
    mo_region *r = mo_region_new();
    mo_attic_entries all = {0};
    int rc = r ? mo_attic_read(d, c, r, &all, err) : mo_error_nomem(err);
    *dropped = 0;
    for (size_t i = 0; i < all.count && rc == MOULT_OK; i++) {
        if (!all.items[i].expired && all.items[i].rows > 0)
            continue;
        rc = mo_attic_drop(d, c, &all.items[i], err);
        *dropped += all.items[i].rows > 0;
    }
    mo_region_free(r);
    return rc;
}
