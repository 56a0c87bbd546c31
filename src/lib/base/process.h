/* SPDX-License-Identifier: MIT */
/* process.h - runs a command and takes what it prints. */
#ifndef MO_PROCESS_H
#define MO_PROCESS_H

#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"

/* Runs `command` with /bin/sh -c; standard output into malloc'd memory with a NUL behind it. SOURCE with the exit status and the end of
 * its standard error when it fails or prints nothing; TIMEOUT and CANCELLED as `patience` says (its process group is killed). */
int mo_process_output(const char *command, mo_patience patience, size_t max, char **out, size_t *length, mo_error *err);

#endif
