/* SPDX-License-Identifier: MIT */
/*
 * dialect.h - what an engine must offer to move in: one const table of functions, and capability bits.
 *
 * Shared code asks for a capability, never for a dialect's name. Optional slots are marked; all others are set.
 * A dialect is one folder with a file for each job. Functions take an mo_error and return MOULT_OK or the code they set.
 *
 * Three engines were in mind when this was written:
 *   SQLite       transactional DDL; scratch is a private in-memory database; lock is a file
 *   PostgreSQL   transactional DDL but for what forbids it (step.transaction tells); scratch is a database, or one transaction on
 *                the same connection that is always rolled back; lock is an advisory lock, or a row with a lease behind a pooler
 *   MySQL        every statement commits; scratch is a database; lock is GET_LOCK, or a row with a lease on a cluster
 */
#ifndef MO_DIALECT_H
#define MO_DIALECT_H

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/lexer.h"
#include "base/region.h"
#include "base/str.h"
#include "base/url.h"
#include "moult.h"
#include "plan/plan.h"
#include "schema/schema.h"
#include "schema/scope.h"

typedef struct mo_conn mo_conn;       /* a connection; each dialect defines its own and casts */
typedef struct mo_scratch mo_scratch; /* a scratch place; likewise */
typedef struct mo_lock mo_lock;       /* moult's lock on a database; likewise */

enum {
    MO_CAP_TRANSACTIONAL_DDL = 1 << 0, /* DDL is undone by ROLLBACK */
    MO_CAP_READS_DEFINITIONS = 1 << 1, /* read_object works without an engine: definitions are kept as text */
    MO_CAP_CLUSTER_LOCK = 1 << 2,      /* the lock spans all that share the database */
    MO_CAP_ATTIC = 1 << 4,             /* steps() keeps what a plan takes away */
    MO_CAP_SCRATCH_IS_LIVE = 1 << 3    /* while a scratch is open its connection cannot be used for the live schema */
};

/* What a connection needs to know; borrowed for the length of the call, but for the URL, which outlives the connection. */
typedef struct mo_open_args {
    const mo_url *url;
    moult_open_mode mode;
    double connect_timeout, busy_timeout; /* seconds */
} mo_open_args;

/* A value of a row or a parameter. */
typedef moult_value mo_value;
mo_value mo_value_text(const char *text); /* NULL for NULL */
mo_value mo_value_int(int64_t n);
mo_value mo_value_real(double x);

/* Takes one row. Other than MOULT_OK stops the query, and is returned by it. */
typedef moult_row_fn mo_row_fn;

/* While a statement runs: called often. Other than 0 interrupts it (MOULT_CANCELLED, or TIMEOUT when the watch says so).
 * `rows_done`: rows gone through so far where the engine tells, else -1. */
typedef struct mo_watch {
    int (*tick)(void *user, int64_t rows_done); /* MOULT_OK, or the code to stop with */
    void *user;
} mo_watch;

/* What the dialect is asked to do for a driver step, in this order. */
typedef enum mo_drive_stage {
    MO_DRIVE_PREPARE = 0, /* outside any transaction, before that of the step: all that takes long */
    MO_DRIVE_BEGIN,       /* in that transaction, before its first step: does what was prepared still hold? */
    MO_DRIVE_RUN,         /* in the step's place in its transaction (number 0: outside any) */
    MO_DRIVE_FINISH,      /* outside any, after that was committed: what could wait */
    MO_DRIVE_ABANDON      /* outside any, when something failed before the commit: takes back what PREPARE made */
} mo_drive_stage;

/* What a driver step may tell and must heed while it works. */
typedef struct mo_drive {
    const mo_watch *watch; /* for every statement */
    /* After every small piece of work: rows done, and how many there are in all (0: not known). Other than MOULT_OK stops it. */
    int (*progress)(void *user, int64_t done, int64_t total);
    int (*note)(void *user, const char *text); /* something a person should know: a log event */
    void *user;
} mo_drive;

/* One desired statement, told apart. */
typedef struct mo_declared {
    int allowed;      /* 0: `why` says why not ("INSERT changes data; desired SQL only declares") */
    const char *why;  /* static text, or in the region */
    int line, column; /* what `why` is about, from 1; 0: the statement as a whole */
    const char *hint; /* static text, or NULL */
    int skip;         /* 1: it says nothing of the schema (a setting of a dump's session), and is left out */
    int creates;      /* CREATE of an object that read_object can read; else DDL that only the engine understands */
    mo_kind kind;
    const char *name, *parent; /* in the region, as the tree has them; NULL when not known */
    const char *path; /* where name is not known: what it begins with (of a function, all but its arguments); or NULL */
} mo_declared;

/* How there is one apply at a time per database: a file that the kernel guards, a lock of the engine, a row with a lease.
 * Nothing here waits without a limit. A lock belongs to the connection it was taken for, and is released before that closes. */
typedef struct mo_lock_provider {
    const char *name; /* "file" */
    /* Waits at most `seconds`; `cancel` may be NULL. LOCKED names the owner. `before` gets what an owner that ended without
     * giving the lock back had written down (state LEFT), else state FREE. */
    int (*take)(mo_conn *c, double seconds, const volatile int *cancel, mo_lock **out, moult_lock_info *before,
                mo_error *err);
    /* Writes what the owner does now, one line, for others to read; instead of the last one. Whoever calls it goes on when it
     * fails: the lock holds without. */
    int (*note)(mo_lock *lock, const char *text);
    /* Who has it: without waiting, and without being in anyone's way. */
    int (*look)(mo_conn *c, moult_lock_info *out, mo_error *err);
    /* Gives it back, and frees `lock` (may be NULL) in any case. Never blocks. A code other than OK says what could not be
     * cleared away; the lock is free all the same. */
    int (*release)(mo_lock *lock, mo_error *err);
} mo_lock_provider;

typedef MO_VEC(moult_backup_info) mo_backups; /* texts in a region */

struct mo_dialect {
    const char *name;           /* "sqlite" : in URLs' place of schemes, JSON, the history */
    const char *title;          /* "SQLite" */
    const char *const *schemes; /* URL schemes, NULL-terminated */
    unsigned caps;
    const mo_lex_rules *lex;
    const char *own_prefix; /* what the names of moult's own tables begin with, as SQL: "_moult_", "moult." */

    /* --- connect.c: connection and statements ------------------------------------------------------------------ */
    int (*open)(mo_conn **out, const mo_open_args *args, mo_error *err); /* *out is NULL when it fails */
    void (*close)(mo_conn *c);
    const char *(*engine)(const mo_conn *c);   /* "SQLite 3.40.1" */
    const char *(*database)(const mo_conn *c); /* for people: "app.db" */
    int (*writable)(mo_conn *c);               /* 1, or 0: read-only file, account or server */
    /* Runs one statement or several, no parameters, no rows. `watch` may be NULL. Never blocks past its watch. */
    int (*exec)(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err);
    /* Runs one query; parameters are written ? in every dialect. */
    int (*query)(mo_conn *c, const char *sql, const mo_value *params, size_t param_count, mo_row_fn row, void *user,
                 const mo_watch *watch, mo_error *err);
    /* A watch over all that runs on the connection from now on, and in its scratches, beside the statement's own; NULL ends it. */
    void (*limit)(mo_conn *c, const mo_watch *watch);
    /* The names of the columns that a query would give, as one row. */
    int (*query_names)(mo_conn *c, const char *sql, mo_row_fn row, void *user, mo_error *err);
    int (*begin)(mo_conn *c, int write,
                 mo_error *err); /* write: so that nobody else writes meanwhile, where the engine can */
    int (*commit)(mo_conn *c, mo_error *err);
    void (*rollback)(mo_conn *c); /* no transaction: does nothing */
    int (*in_transaction)(mo_conn *c);
    void (*quote)(mo_str *out, const char *name); /* a name as an SQL identifier */
    const char *same; /* the operator that compares two values, NULL being the same as NULL: "IS" */

    int64_t (*changed_rows)(mo_conn *c); /* the rows that the last statement changed */

    /* --- marker.c ----------------------------------------------------------------------------------------------- */
    /* A cheap value that moves whenever the schema may have moved. One round trip, no lock. */
    int (*marker)(mo_conn *c, mo_hash *out, mo_error *err);
    /* Which database this is, and in what environment: all that makes the same marker and the same inputs mean something else.
     * NOTFOUND for one that nobody else can ever see. */
    int (*identity)(mo_conn *c, mo_hasher *h, mo_error *err);

    /* --- introspect.c -------------------------------------------------------------------------------------------- */
    /* The live schema, without moult's own tables; a constant number of round trips. Sealed. */
    int (*introspect)(mo_conn *c, mo_schema **out, mo_error *err);
    /* Reads one definition back into an object of `s` (not added). Optional: with MO_CAP_READS_DEFINITIONS. SOURCE when the
     * text is not one. Column positions are relative to the text: line 1, column 1 is its first character. */
    int (*read_object)(mo_schema *s, const char *sql, size_t length, mo_object **out, mo_error *err);

    /* --- scratch.c: loading desired SQL ------------------------------------------------------------------------- */
    int (*scratch_open)(mo_conn *c, mo_scratch **out, mo_error *err);
    mo_conn *(*scratch_conn)(mo_scratch *s); /* a connection whose schema is the scratch */
    void (*scratch_close)(mo_scratch *s);    /* takes NULL */
    /* Makes the objects of a schema in a scratch, those alone that `wanted` (NULL: all) says yes to, in an order that works;
     * nothing that cannot be compared. The object that cannot be made goes into *wrong (may be NULL). */
    int (*copy)(mo_conn *scratch, const mo_schema *s, int (*wanted)(void *user, const mo_object *o), void *user,
                const mo_object **wrong, mo_error *err);
    /* Tells one desired statement apart: its tokens only. `c` is the live connection. */
    int (*declare)(mo_conn *c, mo_region *r, const mo_statement_text *statement, mo_declared *out, mo_error *err);
    /* What the engine does not check when it creates: views that cannot be read, triggers that cannot run, foreign keys to
     * what is not there. Asks only about objects of `s` for which `ask` has the folded name (NULL: all). The object that is
     * wrong goes into *wrong, so that the caller can name its place. What is wrong and yet found in databases that are in
     * use (a trigger with an unknown column, a foreign key to what is not unique) is no error: it goes into the object's note. */
    int (*check)(mo_conn *scratch, const mo_schema *s, const mo_map *ask, const mo_object **wrong, mo_error *err);

    /* --- ddl.c and others: changes to steps --------------------------------------------------------------------- */
    /* The definition of a table, made from its parts in their order. NULL: no memory. */
    const char *(*compose_table)(mo_region *r, const mo_object *table);
    /* The statements that create an object, as a source would write them, in the schema's own order; for `inspect` and snapshots. */
    int (*object_sql)(const mo_object *o, mo_str *out);
    /* The statements that make an object whole once all others are there (foreign keys may go in a circle); nothing for most.
     * Optional: set where the engine asks, when an object is made, for what it names. */
    int (*late_sql)(const mo_object *o, mo_str *out);
    /* Asks the rows what a change needs to know: fills `found` and `rows` of changes and parts. What takes longer than
     * `seconds` for one table (0: no limit) is left unasked, and said; `watch` (may be NULL) stops it altogether.
     * IMPOSSIBLE when a line has to be written before there can be a plan, with the count and the line; not where a hook
     * may yet give those rows what they need (plan->hooked). `c` is the live connection. */
    int (*probe)(mo_conn *c, mo_plan *plan, double seconds, const mo_watch *watch, mo_error *err);
    /* The steps of plan->renames, in an order that works (swaps, chains): fills plan->steps. `tolerant`: a second try, where
     * objects that are broken already must not stand in the way. */
    int (*renames)(mo_plan *plan, int tolerant, mo_error *err);
    /* Changes to steps, settings, and costs: fills plan->steps (unsorted) from plan->changes, live and target. */
    int (*steps)(mo_conn *c, mo_plan *plan, mo_error *err);
    /* What of the changes only adds or loosens, and can be done before anything is taken away, in names of the live database: appends
     * steps of phase EXPAND that ask nothing of the rows (a column NOT NULL without default comes without the NOT NULL).
     * One that turns out not to work so early is left out by the caller. */
    int (*expand)(mo_conn *c, mo_plan *plan, mo_error *err);
    /* The name by which a row's own number is reached; NULL: the table has none. Optional: engines that have none at all. */
    const char *(*row_id_name)(const mo_table *t);
    /* Is a key of this table never given to another row, also not after its own is gone? Optional: engines whose attic tells
     * no row by its key alone. */
    int (*key_is_never_reused)(const mo_object *table);
    /* The steps, and the target, of a plan that brings one entry of the attic back as it is: a table under its own name or
     * `into`, values into the column that they came from. plan->live is there. INVALID, NOTFOUND say what does not fit. */
    int (*restore)(mo_conn *c, mo_plan *plan, const mo_attic_entry *entry, const char *into, mo_error *err);
    /* A model's statements in this dialect. */
    int (*render_model)(const moult_model *model, mo_str *out, mo_error *err);
    /* Text of the transaction and settings of a part of the plan for a script: what comes before the steps and after them,
     * with how to run it (before the first), and with what stops it before its commit (rows that lost their parents). */
    void (*script_frame)(const mo_plan *plan, const mo_part_of_plan *part, mo_str *before, mo_str *after);
    /* An assertion as statements that stop the script, where its query gives a row. */
    void (*script_assert)(const mo_statement *statement, mo_str *out);

    /* --- run.c: around the steps of an apply ---------------------------------------------------------------------- */
    /* A value that moves when another connection has written anything: what was asked of the rows holds while it stands. */
    int (*rows_seen)(mo_conn *c, mo_hash *out, mo_error *err);
    /* Before the first step: is there room for what the plan writes, and for a backup when one is made, on each file system
     * that it writes to? IO with the bytes that it needs and that are free. Optional. */
    int (*room)(mo_conn *c, const mo_plan *plan, int backup, mo_error *err);
    /* Copies the whole database to a file beside it, reads the copy back, and gives its path (in the region). */
    int (*backup)(mo_conn *c, mo_region *r, const mo_watch *watch, const char **path, mo_error *err);
    /* The copies that lie beside the database, the oldest first. */
    int (*backups)(mo_conn *c, mo_region *r, mo_backups *out, mo_error *err);
    /* Sets the session for a part of this plan (before its transaction), and back. `data`: hooks run in it, which write as an
     * application does: foreign keys are enforced. end() never fails and takes half-set sessions. */
    int (*run_begin)(mo_conn *c, const mo_plan *plan, int data, mo_error *err);
    void (*run_end)(mo_conn *c);
    /* Does one stage of a driver step. Optional: only where steps() makes such. What fails in PREPARE or in the transaction
     * is followed by ABANDON, which takes also what is half made; what fails in FINISH is left to tidy() of a later run. */
    int (*drive)(mo_conn *c, const mo_plan *plan, const mo_step *step, mo_drive_stage stage, const mo_drive *drive,
                 mo_error *err);
    /* Before the first part, outside any transaction: clears away what an interrupted driver step left that this plan
     * does not go on with. Optional. */
    int (*tidy)(mo_conn *c, const mo_plan *plan, const mo_drive *drive, mo_error *err);
    /* Inside the last transaction, after the steps: what an engine checks only when asked (foreign keys). `before` was
     * filled by the same function before the steps; NULL then. DATABASE when rows are wrong that were not wrong before. */
    int (*run_check)(mo_conn *c, const mo_plan *plan, int after, mo_error *err);

    /* --- lock.c ---------------------------------------------------------------------------------------------------- */
    const mo_lock_provider *lock; /* one apply at a time per database */

    /* --- state.c ---------------------------------------------------------------------------------------------------- */
    /* The statements that create moult's own tables, each harmless when they are there. */
    const char *const *own_tables; /* NULL-terminated */
    /* A query that gives one row when one of them is there; its one parameter is the name without own_prefix ("history").
     * Gives no row, and no error, on a database that moult never touched. */
    const char *own_table_exists;
    const char *own_table_names; /* a query that gives the names of all of them that are there, holders included */
    /* The bytes that a table takes on disk, with its indexes; -1 where the engine does not tell. */
    int (*table_bytes)(mo_conn *c, const char *table, int64_t *out, mo_error *err);
};
typedef struct mo_dialect mo_dialect;

extern const mo_dialect mo_dialect_sqlite;
#ifdef MO_WITH_POSTGRES
extern const mo_dialect mo_dialect_postgres;
#endif

/* registry.c - the dialect of a URL; INVALID (unknown scheme, with those known) or UNSUPPORTED (not in this build). */
int mo_dialect_find(const mo_url *url, const mo_dialect **out, mo_error *err);
const mo_dialect *mo_dialect_named(const char *name); /* NULL when not known */

#endif
