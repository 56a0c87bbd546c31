/* SPDX-License-Identifier: MIT */
/* status.h - what the forms of a status share. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli.h"

/* docs/status.schema.json */
void status_print_json(const cli *c, const moult_status *s);
/* Plans that wait and approvals, one a line. */
void status_print_approvals(const moult_status *s);
/* "dropped", "changed", "created". */
const char *status_drift_word(moult_op op);

#endif
