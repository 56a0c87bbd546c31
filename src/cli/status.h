/* SPDX-License-Identifier: MIT */
/* status.h - what the forms of a status share. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli.h"

/* What the attic keeps in all; `bytes` is -1 where the engine does not tell. */
typedef struct attic_size {
    size_t entries;
    int64_t rows, bytes;
} attic_size;
/* Looks; a code of the library. */
int status_attic(moult *m, attic_size *out);
/* docs/status.schema.json */
void status_write_json(FILE *f, const moult *m, const char *desired, const moult_status *s, const attic_size *attic);
/* Plans that wait and approvals, one a line. */
void status_print_approvals(const moult_status *s);
/* "dropped", "changed", "created". */
const char *status_drift_word(moult_op op);

#endif
