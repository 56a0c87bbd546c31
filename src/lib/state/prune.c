/* SPDX-License-Identifier: MIT */
/* prune.c - old versions of the history lose their schemas: what stays in place of one is its hash, so that the chain can be
 * verified without it. */
#include "state/own.h"

#include <stdio.h>
#include <string.h>

#define PRUNED "pruned "

int mo_state_is_pruned(const char *declared)
{
    return declared && strncmp(declared, PRUNED, strlen(PRUNED)) == 0;
}

int mo_state_hash_declared(const char *declared, char out[65])
{
    mo_sha256 *h;

    if (mo_state_is_pruned(declared)) {
        snprintf(out, 65, "%s", declared + strlen(PRUNED));
        return 0;
    }
    h = mo_sha256_new();
    if (!h) {
        return -1;
    }
    mo_sha256_add_text(h, declared);
    mo_sha256_hex(h, out);
    return 0;
}

typedef struct forgetting {
    mo_region *region;
    MO_VEC(int64_t) versions;
    mo_name_list marks;
    mo_error *err;
} forgetting;

static int forget_row(void *user, size_t count, const mo_value *v)
{
    forgetting *f = user;
    char hash[65];
    const char *mark;

    (void)count;
    if (mo_state_hash_declared(mo_state_text(&v[1]), hash) != 0) {
        return mo_error_nomem(f->err);
    }
    mark = mo_region_printf(f->region, PRUNED "%s", hash);
    if (!mark || mo_vec_push(f->region, &f->versions, v[0].integer) || mo_vec_push(f->region, &f->marks, mark)) {
        return mo_error_nomem(f->err);
    }
    return MOULT_OK;
}

int mo_history_forget(const mo_dialect *d, mo_conn *c, int64_t before, int64_t *count, mo_error *err)
{
    forgetting f = {.region = mo_region_new(), .err = err};
    mo_value first = mo_value_int(before);
    int code = f.region ? mo_state_run(d, c,
                                       "SELECT version, declared FROM {}history WHERE version < ? AND declared IS NOT "
                                       "NULL AND declared NOT LIKE '" PRUNED "%'",
                                       &first, 1, forget_row, &f, err)
                        : mo_error_nomem(err);

    for (size_t i = 0; i < f.versions.count && code == MOULT_OK; i++) {
        mo_value values[2] = {mo_value_text(f.marks.items[i]), mo_value_int(f.versions.items[i])};
        code = mo_state_run(d, c, "UPDATE {}history SET declared = ? WHERE version = ?", values, 2, NULL, NULL, err);
    }
    *count = (int64_t)f.versions.count;
    mo_region_free(f.region);
    return code;
}
