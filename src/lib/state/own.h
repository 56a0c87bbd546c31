/* SPDX-License-Identifier: MIT */
/* own.h - inside this room: running statements on moult's own tables. */
#ifndef MO_STATE_OWN_H
#define MO_STATE_OWN_H

#include "state/state.h"

/* Is this one there ("history")? 1, 0, or a negative code. */
int mo_state_has(const mo_dialect *d, mo_conn *c, const char *table, mo_error *err);

/* Runs one statement. "{}" in it stands for the prefix of own tables: "SELECT … FROM {}history". `row` may be NULL. */
int mo_state_run(const mo_dialect *d, mo_conn *c, const char *sql, const mo_value *params, size_t count, mo_row_fn row,
                 void *user, mo_error *err);

/* Several statements as one: begins a transaction where none is open, which *mine remembers. */
int mo_state_begin(const mo_dialect *d, mo_conn *c, int *mine, mo_error *err);
/* Ends what begin began: commits when `code` is MOULT_OK, else rolls back; gives the code of the whole. */
int mo_state_end(const mo_dialect *d, mo_conn *c, int mine, int code, mo_error *err);

/* The columns of the history that are told; `declared` and `chain` come behind them. */
#define MO_HISTORY_COLUMNS                                                                                             \
    "version, applied_at, applied_by, host, plan_id, from_schema, to_schema, kind, changes, seconds, tool"

/* The names of the outcomes that are remembered; NULL, and 0, for others. */
const char *mo_fast_name(moult_outcome outcome);
int mo_fast_outcome(const char *name, moult_outcome *out);
/* prune.c - in place of a schema that was pruned stands its hash. */
int mo_state_is_pruned(const char *declared);
/* What the chain holds of a schema: its SHA-256. 0, or -1 without memory. */
int mo_state_hash_declared(const char *declared, char out[65]);

/* The text of a value, or NULL for NULL. */
const char *mo_state_text(const mo_value *v);
/* The host's name; never empty. */
void mo_state_host(char *out, size_t size);

#endif
