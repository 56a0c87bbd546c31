/* SPDX-License-Identifier: MIT */
/* report.h - the text of a result, for a person. */
#ifndef MO_REPORT_H
#define MO_REPORT_H

#include "engine.h"

/* Sets result->text. `backup` may be NULL. */
int mo_report_result(moult *m, moult_result *result, int rc, const char *backup);

#endif
