/* SPDX-License-Identifier: MIT */
/* state.h - moult's own tables: history, fast path, stored plans. All SQL here is standard and goes through the dialect. */
#ifndef MO_STATE_H
#define MO_STATE_H

#include "dialect/dialect.h"
#include "moult.h"

/* Are moult's own tables there? 1, 0, or a negative code. */
int mo_state_exists(const mo_dialect *d, mo_conn *c, mo_error *err);
/* Tried three times, with a pause, when it fails for what may pass: others that write, a disk that fails once. */
int mo_state_create(const mo_dialect *d, mo_conn *c, mo_error *err);

/* fast.c - what was found up to date: (hash of all inputs, marker) → outcome and version. */
typedef struct mo_fast {
    int hit;
    moult_outcome outcome; /* UP_TO_DATE or BEHIND */
    int64_t version;
} mo_fast;
/* One round trip after the marker; a database without own tables is no hit. */
int mo_fast_find(const mo_dialect *d, mo_conn *c, mo_hash inputs, mo_hash marker, mo_fast *out, mo_error *err);
int mo_fast_record(const mo_dialect *d, mo_conn *c, mo_hash inputs, mo_hash marker, const mo_fast *what, mo_error *err);

/* history.c */
typedef struct mo_version {
    moult_version_info info; /* strings in the region it was read into */
    const char *declared;    /* snapshot JSON; NULL unless asked for */
} mo_version;
typedef MO_VEC(mo_version) mo_versions;
int mo_history_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_versions *out, mo_error *err); /* oldest first */
/* The version from which `version` was made: the one before; of one that went back to an earlier one (not before `first`), that
 * one, and then *again is 1. `all` are the versions 1 and up, without gaps. */
int64_t mo_history_before(const mo_versions *all, int64_t version, int64_t first, int *again);
/* The last version, with its snapshot read: *schema NULL and version 0 when there is none. */
int mo_history_last(const mo_dialect *d, mo_conn *c, int64_t *version, mo_schema **schema, mo_error *err);
/* Puts in place of the schemas of versions before this one their hashes; *count: how many. */
int mo_history_forget(const mo_dialect *d, mo_conn *c, int64_t before, int64_t *count, mo_error *err);
/* The number of the last version; 0: there is none. */
int mo_history_latest(const mo_dialect *d, mo_conn *c, int64_t *version, mo_error *err);
/* Is the last version one whose contract still waits? */
int mo_history_half(const mo_dialect *d, mo_conn *c, int *half, mo_error *err);
/* One version's snapshot. NOTFOUND names the versions that there are. */
int mo_history_schema(const mo_dialect *d, mo_conn *c, int64_t version, mo_schema **out, mo_error *err);
/* The newest version that declared this fingerprint (0: none), and whether it was replaced: whether it was first declared
 * before the schema that is there now was. */
int mo_history_find(const mo_dialect *d, mo_conn *c, const char *declared_fp, int64_t *version, int *replaced,
                    mo_error *err);

/* chain.c - the chain value of the last version: a text that no other history has; "" when there is none. */
int mo_history_chain(const mo_dialect *d, mo_conn *c, char chain[65], mo_error *err);
/* chain.c - adds one; sets info.version. Chained by SHA-256 over the previous row's chain value and this row. */
int mo_history_add(const mo_dialect *d, mo_conn *c, mo_version *v, mo_error *err);
/* The same as statements of a script: `before` comes first in its transaction, and stops it where the history is not what
 * it is now; `after` is its end. */
int mo_history_script(const mo_dialect *d, mo_conn *c, const mo_version *v, mo_str *before, mo_str *after,
                      mo_error *err);
/* What was done to the history by hand, as its chain tells: one text for each thing, none when all is well. */
typedef MO_VEC(const char *) mo_problems;
int mo_history_verify(const mo_dialect *d, mo_conn *c, mo_region *r, mo_problems *problems, mo_error *err);

/* hooks.c - which data hooks this database has behind it. */
typedef struct mo_hook_record {
    const char *version, *code; /* code: SHA-256 of what it did */
    const char *state;          /* for adding: "ran", or "not needed" */
    int64_t schema_version;     /* for adding: the version of the history that it came with */
    double seconds;             /* for adding: how long it took */
} mo_hook_record;
typedef MO_VEC(mo_hook_record) mo_hook_records;
int mo_hooks_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_hook_records *out, mo_error *err);
int mo_hooks_add(const mo_dialect *d, mo_conn *c, const mo_hook_record *hook, mo_error *err);
/* The same as a statement of a script. 0, or -1: no memory. */
int mo_hooks_script(const mo_dialect *d, const mo_hook_record *hook, mo_str *out);
/* Forgets those of later versions: after going back they are needed again. */
int mo_hooks_forget(const mo_dialect *d, mo_conn *c, int64_t version, mo_error *err);

/* journal.c - the apply that is running, or was interrupted. */
enum {
    MO_JOURNAL_OWN_ALL = 1,
    MO_JOURNAL_COLUMN_ORDER = 2,
    MO_JOURNAL_BACKWARD = 4,
    MO_JOURNAL_NO_ATTIC = 8,
    MO_JOURNAL_CONTRACT = 16
};
typedef struct mo_journal {
    int there; /* 0: there is none, and nothing else is set */
    const char *plan_id;
    const char *declared_fp, *declared; /* what it was to lead to: fingerprint and snapshot */
    const char *hooks;                  /* the versions of its hooks, one a line */
    const char *started_at, *by, *host;
    int64_t pid;
    moult_risk risk;             /* what was allowed */
    int64_t parts, done;         /* transactions in all, and committed */
    int64_t step, steps;         /* the last step that was told of; 0: none */
    const char *title, *message; /* of that step; the error that ended it, or NULL when it was cut off */
    unsigned options;            /* MO_JOURNAL_… */
    int64_t attic_age;           /* seconds for which what it takes away is kept; 0: until it is purged */
} mo_journal;
int mo_journal_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_journal *out, mo_error *err);
int mo_journal_begin(const mo_dialect *d, mo_conn *c, const mo_journal *j, mo_error *err); /* replaces an older one */
int mo_journal_move(const mo_dialect *d, mo_conn *c, int64_t done, size_t step, const char *title, mo_error *err);
int mo_journal_fail(const mo_dialect *d, mo_conn *c, size_t step, const char *title, const char *message,
                    mo_error *err);
int mo_journal_end(const mo_dialect *d, mo_conn *c, mo_error *err);

/* attic.c - the catalog of what plans took away and kept. */
typedef MO_VEC(mo_attic_entry) mo_attic_entries;
/* Oldest first; empty where nothing was ever kept. */
int mo_attic_read(const mo_dialect *d, mo_conn *c, mo_region *r, mo_attic_entries *out, mo_error *err);
/* The number for the next holder of a version: no table has its name, whoever made it. */
int mo_attic_next(const mo_dialect *d, mo_conn *c, int64_t version, int *next, mo_error *err);
/* Drops a holder and its entry; inside the caller's transaction. */
int mo_attic_drop(const mo_dialect *d, mo_conn *c, const mo_attic_entry *entry, mo_error *err);
/* Drops what has expired, and what is empty; *dropped: how many expired ones with rows. */
int mo_attic_sweep(const mo_dialect *d, mo_conn *c, int64_t *dropped, mo_error *err);

/* plans.c - stored plans and approvals. */
typedef struct mo_stored_plan {
    const char *id, *body; /* body: plan JSON */
    int approved, used;
    const char *approved_by, *approved_at;
} mo_stored_plan;
int mo_plans_put(const mo_dialect *d, mo_conn *c, const char *id, const char *body, mo_error *err);
/* By id or a unique prefix of at least 8 digits; NOTFOUND, INVALID. Newest state of it. */
int mo_plans_find(const mo_dialect *d, mo_conn *c, mo_region *r, const char *id, mo_stored_plan *out, mo_error *err);
int mo_plans_approve(const mo_dialect *d, mo_conn *c, const char *id, const char *by, const char *host, mo_error *err);
int mo_plans_approved(const mo_dialect *d, mo_conn *c, const char *id, int *approved,
                      mo_error *err); /* unused approvals only */
/* Takes an approval back. NOTFOUND, INVALID, CHANGED when it was used. */
int mo_plans_revoke(const mo_dialect *d, mo_conn *c, const char *id, mo_error *err);
/* Plans that wait for a person, and approvals that were not used; the newest first. */
typedef MO_VEC(moult_approval_info) mo_approvals;
int mo_plans_list(const mo_dialect *d, mo_conn *c, mo_region *r, mo_approvals *out, mo_error *err);
int mo_plans_use(const mo_dialect *d, mo_conn *c, const char *id, mo_error *err);
/* Is `given` this plan's id, whole or its first digits (at least 8)? INVALID when it is no id at all. */
int mo_plan_id_matches(const char *id, const char *given, int *matches, mo_error *err);

#endif
