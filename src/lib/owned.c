/* SPDX-License-Identifier: MIT */
/*
 * owned.c - what is moult's while a contract waits.
 *
 * What the last version declared is moult's. But a version that was only expanded to has not taken away yet what it does
 * not declare: that is still there, and still moult's, as the version before declared it. Without it the contract would
 * take a column that shall go for somebody else's.
 */
#include <string.h>

#include "detect.h"

int mo_detect_whole(moult *m, int64_t *version)
{
    mo_region *r = mo_region_new();
    mo_versions all = {0};
    int rc = r ? mo_history_read(m->dialect, m->conn, r, &all, &m->error) : mo_error_nomem(&m->error);
    size_t i = all.count;
    *version = 0;
    while (rc == MOULT_OK && i > 0 && strcmp(all.items[i - 1].info.kind, "expand") == 0)
        i--;
    if (rc == MOULT_OK && i > 0 && i < all.count)
        *version = all.items[i - 1].info.version;
    mo_region_free(r);
    return rc;
}

int mo_detect_begun(moult *m, mo_schema **begun)
{
    mo_region *r = mo_region_new();
    mo_journal j = {0};
    int rc = r ? mo_journal_read(m->dialect, m->conn, r, &j, &m->error) : mo_error_nomem(&m->error);
    *begun = NULL;
    if (rc == MOULT_OK && j.there && j.done > 0 && j.declared)
        rc = mo_snapshot_read(m->dialect, j.declared, strlen(j.declared), begun, &m->error);
    mo_region_free(r);
    return rc == MOULT_OK && *begun ? mo_detect_in_scope(m, begun) : rc;
}

int mo_detect_owned(moult *m, mo_schema **whole)
{
    int64_t version;
    int rc = mo_detect_whole(m, &version);
    *whole = NULL;
    if (rc == MOULT_OK && version > 0)
        rc = mo_history_schema(m->dialect, m->conn, version, whole, &m->error);
    if (rc == MOULT_NOTFOUND) { /* its snapshot was pruned */
        mo_error_clear(&m->error);
        rc = MOULT_OK;
    }
    return rc == MOULT_OK && *whole ? mo_detect_in_scope(m, whole) : rc;
}
