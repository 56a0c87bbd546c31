/* SPDX-License-Identifier: MIT */
/**
 * moult.h - the public interface of libmoult, and its one reference.
 *
 * moult makes a database be the schema that is declared, keeps the data, and says what it would do
 * before it does it.
 *
 * Chapters
 *   1. Rules that hold everywhere      memory, threads, errors
 *   2. Codes
 *   3. Options, sources and models
 *   4. The one call at start           moult_start()
 *   5. The pieces                      open, inspect, load, diff, assess, plan, prove, apply, history
 *   6. Reading what came out
 *
 * 1. RULES THAT HOLD EVERYWHERE
 *
 * Memory. What a function hands out through its first argument (`T **out`) belongs to the caller, who gives it
 * to the `_free` (or moult_close()) function of its type. Everything else that is returned - strings, rows, plans
 * inside a result - is borrowed from the object it was asked of and lives as long as that object. All `_free`
 * functions take NULL. Strings are UTF-8 and end in NUL.
 *
 * Threads. There is no global state. A handle, and what was made with it, is used by one thread at a time; different
 * handles may be used by different threads at once. moult_cancel() alone may be called from any thread, or from a
 * signal handler, at any time.
 *
 * Errors. A function that can fail returns MOULT_OK (0) or one of the negative codes below. What happened, where,
 * and what to do is then in the error of the handle (moult_error_of()), until the next call on it. Out of memory
 * is an error like any other. The library never exits, never prints, and never waits without a limit.
 */
#ifndef MOULT_H
#define MOULT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MOULT_API __attribute__((visibility("default")))
#else
#define MOULT_API
#endif

/** The version of this header; moult_version() gives that of the library that runs. */
#define MOULT_VERSION "0.1.0"

/* ------------------------------------------------------------------------------------------------------------
 * 2. CODES
 * ---------------------------------------------------------------------------------------------------------- */

/**
 * Every code, once: X(name, number, exit code of the command, text).
 * Numbers and names never change their meaning; new ones are added at the end.
 */
#define MOULT_CODES(X)                                                                                                 \
    X(OK, 0, 0, "no error")                                                                                            \
    X(ERROR, -1, 1, "error")                                                                                           \
    X(NOMEM, -2, 1, "out of memory")                                                                                   \
    X(INVALID, -3, 1, "invalid argument, option or URL")                                                               \
    X(IO, -4, 1, "input or output failed")                                                                             \
    X(SOURCE, -5, 1, "the desired schema is wrong")                                                                    \
    X(DATABASE, -6, 1, "the database reported an error")                                                               \
    X(LOCKED, -7, 5, "locked by another")                                                                              \
    X(TIMEOUT, -8, 1, "a time limit passed")                                                                           \
    X(REFUSED, -9, 3, "needs approval")                                                                                \
    X(IMPOSSIBLE, -10, 1, "the rows do not allow this change")                                                         \
    X(CHANGED, -11, 1, "the database or the plan has changed since it was made")                                       \
    X(UNPROVED, -12, 1, "the plan does not lead to the desired schema")                                                \
    X(UNVERIFIED, -13, 1, "the database is not what the plan promised")                                                \
    X(PERMISSION, -14, 4, "no permission")                                                                             \
    X(CANCELLED, -15, 1, "cancelled")                                                                                  \
    X(NOTFOUND, -16, 1, "no such thing")                                                                               \
    X(UNSUPPORTED, -17, 1, "not part of this build, or not possible on this engine")                                   \
    X(INTERRUPTED, -18, 6, "an earlier apply was interrupted")

#define MOULT_CODE_ENUM(name, number, exit, text) MOULT_##name = (number),
/** What a function that can fail returns. */
typedef enum moult_code { MOULT_CODES(MOULT_CODE_ENUM) MOULT_CODE_MAX_ = 0x7fff } moult_code;
#undef MOULT_CODE_ENUM

/** The text of a code, for example "locked by another". Never NULL, also for unknown numbers. */
MOULT_API const char *moult_code_text(int code);
/** The name of a code without its prefix, for example "LOCKED". Never NULL. */
MOULT_API const char *moult_code_name(int code);
/** The exit status that the command gives for a code: 0 to 6. */
MOULT_API int moult_code_exit(int code);

/** The library's version, such as "0.1.0". */
MOULT_API const char *moult_version(void);

/**
 * An error, whole. Every string may be NULL, but `message` is not when `code` is not MOULT_OK.
 * `file`, `line` and `column` (both from 1; 0 is "not known") name the place in the desired SQL.
 */
typedef struct moult_error {
    int code;                /**< a moult_code */
    const char *message;     /**< what happened: one line, no final full stop */
    const char *detail;      /**< more of it; may have several lines */
    const char *hint;        /**< what to do */
    const char *engine_code; /**< the engine's own: an SQLite extended result code by name, an SQLSTATE, an errno */
    const char *object;      /**< the object that it is about, such as "table users" */
    const char *file;
    int line;
    int column;
} moult_error;

/* ------------------------------------------------------------------------------------------------------------
 * 3. OPTIONS, SOURCES AND MODELS
 * ---------------------------------------------------------------------------------------------------------- */

/** How much risk may be applied without a person. */
typedef enum moult_mode {
    MOULT_MODE_SAFE = 0,   /**< safe changes only; a plan with anything else is refused whole */
    MOULT_MODE_AUTO,       /**< safe and medium */
    MOULT_MODE_AGGRESSIVE, /**< everything, without a question */
    MOULT_MODE_DRY_RUN     /**< nothing: the plan is made and proved, that is all */
} moult_mode;

/** The level of a risk. */
typedef enum moult_risk { MOULT_RISK_SAFE = 0, MOULT_RISK_MEDIUM, MOULT_RISK_HIGH } moult_risk;

/** Whose objects may be dropped. */
typedef enum moult_own {
    MOULT_OWN_DECLARED = 0, /**< what the last applied version declared; everything else is left alone and listed */
    MOULT_OWN_ALL           /**< everything in the schema */
} moult_own;

/** Which half of a plan is applied. */
typedef enum moult_phase {
    MOULT_PHASE_ALL = 0, /**< all of it */
    MOULT_PHASE_EXPAND,  /**< what only adds or loosens; then it stops, and later starts say that the contract waits */
    MOULT_PHASE_CONTRACT /**< hooks, and what drops, renames or tightens: finishes what an expand began */
} moult_phase;

/** Is a large table rebuilt in batches, while an application goes on writing? */
typedef enum moult_online {
    MOULT_ONLINE_AUTO = 0, /**< above a size that the engine's dialect knows */
    MOULT_ONLINE_ALWAYS,   /**< whatever its size */
    MOULT_ONLINE_NEVER,    /**< in one transaction */
    MOULT_ONLINE_LAST      /**< whatever its size, and its indexes are built last: sooner done, but each blocks writers
                                for as long as it takes */
} moult_online;

/** A value of a parameter, or of a row. */
typedef enum moult_value_type {
    MOULT_VALUE_NULL = 0,
    MOULT_VALUE_INTEGER,
    MOULT_VALUE_REAL,
    MOULT_VALUE_TEXT,
    MOULT_VALUE_BLOB
} moult_value_type;
typedef struct moult_value {
    moult_value_type type;
    int64_t integer;
    double real;
    const char *text; /**< TEXT (ends in NUL too), BLOB; borrowed */
    size_t length;    /**< bytes of `text` */
} moult_value;

/** Takes one row, borrowed for the length of the call. Other than 0 ends the query, which then returns it. */
typedef int (*moult_row_fn)(void *user, size_t count, const moult_value *values);

/** What a hook runs SQL with: moult's own connection, inside the transaction that also records the hook. */
typedef struct moult_hook_context moult_hook_context;

/**
 * A data hook. Returns MOULT_OK, or another code, which undoes what it did and ends the apply with this code;
 * moult_hook_fail() says why.
 * It must not open the database itself: moult holds its lock, so that would wait for ever.
 */
typedef int (*moult_hook_fn)(void *user, moult_hook_context *context);

/** When a hook runs. */
typedef enum moult_trigger {
    MOULT_BEFORE_DDL = 0, /**< with everything new in place, before anything is taken away */
    MOULT_AFTER_DDL       /**< when the schema is the desired one */
} moult_trigger;

/** A data hook: runs once per database, in order of priority, then of version. Set one of `sql` and `run`. */
typedef struct moult_hook {
    const char *version; /**< its name for ever, such as "v2_split_name"; NULL ends the array */
    moult_trigger trigger;
    int priority;     /**< lower ones run first */
    const char *sql;  /**< statements that change data, no DDL */
    const char *file; /**< where `sql` was read from, for errors; or NULL */
    moult_hook_fn run;
    void *user;
    const char
        *code; /**< `run`: a text that changes when its code does (a hash, a revision); NULL: its version alone */
} moult_hook;

/** Says whether two types of a column, which differ in canonical form, are the same to the application: 1 or 0. */
typedef int (*moult_same_type_fn)(void *user, const char *table, const char *column, const char *live,
                                  const char *desired);

/** What an event is about. */
typedef enum moult_event_kind {
    MOULT_EVENT_LOG = 0, /**< a message for an operator */
    MOULT_EVENT_STEP,    /**< a step begins or ended */
    MOULT_EVENT_PROGRESS /**< a long step goes on */
} moult_event_kind;

/** An event, as the callback gets it; all of it is borrowed for the length of the call. */
typedef struct moult_event {
    moult_event_kind kind;
    int level;           /**< LOG: 0 debug, 1 info, 2 warning */
    const char *message; /**< LOG: the text; STEP, PROGRESS: the title of the step */
    size_t step;         /**< from 1; 0 when it is about no step */
    size_t step_count;
    int finished;        /**< STEP: 0 it begins, 1 it ended */
    int64_t done, total; /**< PROGRESS: rows; total is 0 when not known */
    double seconds;      /**< since the step began */
} moult_event;

/** Takes events. A return value other than 0 cancels what runs (MOULT_CANCELLED); the database stays as it was. */
typedef int (*moult_event_fn)(void *user, const moult_event *event);

/**
 * Options. Begin with MOULT_OPTIONS_INIT, so that members of later versions get their defaults: `size` says which
 * members the caller knows. All is checked by the function that takes it: MOULT_INVALID names what is wrong.
 * The strings are copied.
 */
typedef struct moult_options {
    size_t size; /**< sizeof(moult_options); anything else is MOULT_INVALID */
    moult_mode mode;
    moult_own own;
    const char *const
        *include; /**< patterns (glob: `*`, `?`) of tables and views to look at, NULL-terminated; NULL: all */
    const char *const *exclude; /**< patterns of what not to look at, NULL-terminated; NULL: nothing */
    const char *approve;        /**< plan id, or at least 8 digits of it, that a person has approved here and now */
    int full;                   /**< 1: load and prove everything, not only what changed */
    int backward;               /**< 1: go back to a schema that the history says was replaced */
    int record_only;            /**< 1: change nothing; verify that the schema is there already, and record it */
    int no_attic;               /**< 1: keep nothing of what is dropped or rewritten, but for the backup */
    int no_backup;              /**< 1: no backup before a medium or high risk */
    int column_order_strict;    /**< 1: the order of columns is a difference */
    double connect_timeout;     /**< seconds to wait for the database to come up; 0: one try */
    double lock_timeout;        /**< seconds to wait for moult's lock, other writers, a free connection; default 60 */
    double detect_timeout;      /**< seconds for reading, loading, planning and proving; default 60 */
    double statement_timeout;   /**< seconds for one statement of a step; 0: no limit but the callback; default 0 */
    const char *applied_by;     /**< who, for the history; NULL: the account of the process */
    moult_event_fn on_event;    /**< NULL: none */
    void *on_event_user;
    moult_phase phase;
    const moult_hook *hooks; /**< ended by a hook with no version; NULL: none */
    moult_online online;
    const char *const *rules; /**< other levels of risk: "drop-index=safe", NULL-terminated; NULL: those of the rules */
    const char *const
        *fills; /**< for a rollback: "table.column=EXPRESSION", what rows get that the attic knows nothing of */
    double probe_timeout;    /**< seconds for asking the rows of one table; default 10; 0: no limit */
    double attic_age;        /**< seconds for which the attic keeps things; default 30 days; 0: until they are purged */
    const char *cache;       /**< where "up to date" is remembered when the database cannot be written to: a path, or a
                                 redis:// URL; NULL: nowhere */
    const char *export_path; /**< where a plan is written that this account may not run; default "migration_plan.sql";
                                 "": nowhere */
    moult_same_type_fn same_type; /**< NULL: types are the same when their canonical forms are */
    void *same_type_user;
    struct moult_cache
        *cache_open; /**< a cache that is open already, and that other handles may share; it must outlive this
                                         one. Instead of `cache`. NULL: none */
} moult_options;

#define MOULT_OPTIONS_INIT                                                                                             \
    {                                                                                                                  \
        .size = sizeof(moult_options), .lock_timeout = 60.0, .detect_timeout = 60.0, .probe_timeout = 10.0,            \
        .attic_age = 30.0 * 86400, .export_path = "migration_plan.sql"                                                 \
    }

/** Portable types of models. Each renders to the dialect's own type; docs/models.md has the table. */
typedef enum moult_type {
    MOULT_TYPE_INTEGER = 1, /**< 64 bits */
    MOULT_TYPE_SMALLINT,    /**< 16 bits */
    MOULT_TYPE_BOOLEAN,
    MOULT_TYPE_REAL,      /**< double precision */
    MOULT_TYPE_NUMERIC,   /**< exact; `length` digits, `scale` of them after the point */
    MOULT_TYPE_TEXT,      /**< no limit, or `length` characters */
    MOULT_TYPE_BLOB,      /**< bytes */
    MOULT_TYPE_DATE,      /**< a day */
    MOULT_TYPE_TIME,      /**< a time of day */
    MOULT_TYPE_TIMESTAMP, /**< a moment, in UTC */
    MOULT_TYPE_UUID,
    MOULT_TYPE_JSON,
    MOULT_TYPE_NATIVE /**< `native` is written as it is */
} moult_type;

/** A column of a model. Members left 0 mean "no". Expressions are SQL of the database's own dialect. */
typedef struct moult_column {
    const char *name; /**< NULL ends the array of columns */
    moult_type type;
    int length;         /**< TEXT: characters; NUMERIC: digits */
    int scale;          /**< NUMERIC: digits after the point */
    const char *native; /**< NATIVE: the type's text */
    int not_null;
    int primary_key;    /**< 1, 2, … gives the place in the key */
    int auto_increment; /**< the engine gives a value that it never gives again */
    int unique;
    const char *default_sql; /**< an expression; NULL: none */
    const char *check_sql;   /**< a condition; NULL: none */
    const char *collation;   /**< NULL: the engine's default */
    const char *references;  /**< "table(column)"; NULL: none */
    const char *on_delete;   /**< "CASCADE", "SET NULL", …; NULL: none */
    const char *on_update;
    const char *generated_sql; /**< an expression that the engine computes and stores; NULL: none */
    const char *renamed_from;  /**< the name that the column had; NULL: none */
    const char *fill;          /**< an expression for existing rows, used once; NULL: none */
} moult_column;

/** An index of a model. */
typedef struct moult_index {
    const char *name;    /**< NULL ends the array of indexes */
    const char *columns; /**< as within the parentheses of CREATE INDEX: "email COLLATE NOCASE, created DESC" */
    int unique;
    const char *where_sql; /**< a partial index; NULL: all rows */
} moult_index;

/** A model: one table. `const` tables of these are a source, so a program carries its schema in its text. */
typedef struct moult_model {
    const char *name;               /**< NULL ends the array of models */
    const moult_column *columns;    /**< ended by a column with no name */
    const moult_index *indexes;     /**< ended by an index with no name; NULL: none */
    const char *const *constraints; /**< further table constraints as SQL ("CHECK (a < b)"), NULL-terminated; or NULL */
    const char *renamed_from;       /**< the name that the table had; NULL: none */
    const char *native_options;     /**< what follows the closing parenthesis ("STRICT"); NULL: none */
} moult_model;

/**
 * Where a schema is read from: set exactly one member.
 * - `uri`: a path of an .sql file, a folder (its *.sql in order of name), a glob, "-" (standard input), "cmd:…" (what
 *   the command prints), "history:VERSION", a database URL, or the path of a database file.
 * - `text`: SQL itself; errors name it "<text>".
 * - `models`: an array ended by a model with no name.
 * - `texts`: SQL with the names that errors shall give it; an array ended by a text with no name.
 */
typedef struct moult_source {
    const char *uri;
    const char *text;
    const moult_model *models;
    const struct moult_text *texts;
} moult_source;

/** One text of SQL, as it would be one file of a folder: texts are read in their order. */
typedef struct moult_text {
    const char *name; /**< for errors: a path, or whatever a person finds it by; NULL ends the array */
    const char *sql;  /**< UTF-8; not NULL */
} moult_text;

/* ------------------------------------------------------------------------------------------------------------
 * 4. THE ONE CALL AT START
 * ---------------------------------------------------------------------------------------------------------- */

/** What came of it. */
typedef enum moult_outcome {
    MOULT_UP_TO_DATE = 0, /**< nothing to do */
    MOULT_APPLIED,        /**< the plan ran, and the database was read again and is the desired schema */
    MOULT_RECORDED,       /**< record_only, or a schema that was there already: recorded, nothing changed */
    MOULT_BEHIND,         /**< the desired schema has been replaced by a newer one: nothing changed, all is well */
    MOULT_PENDING,        /**< dry_run: there is a plan, nothing changed */
    MOULT_WAITING, /**< expanded: what tightens waits for its phase, `--phase contract`; nothing else is to be done */
    MOULT_NEEDS_APPROVAL, /**< refused: a person must approve the plan (the code is MOULT_REFUSED) */
    MOULT_NO_PERMISSION   /**< there is a plan that this account may not run (the code is MOULT_PERMISSION) */
} moult_outcome;

typedef struct moult_result moult_result; /**< what a start or an apply did */
typedef struct moult moult;               /**< a handle: one database */
typedef struct moult_schema moult_schema; /**< a schema tree */
typedef struct moult_plan moult_plan;     /**< changes with their risks, and steps */

/**
 * Makes the database at `url` be the schema of `desired`: fast path, lock, detection, risk, plan, proof, apply,
 * verification, history. Safe to be called by any number of processes at once: one applies, the others wait (at most
 * `lock_timeout`) and find it done. When all is up to date nothing is written and no lock is taken.
 *
 * @param out      gets the result, also when the call fails (it then carries the error); NULL only when there is no
 *                 memory for it. Give it to moult_result_free().
 * @param url      a database URL or the path of a database file, which is created when it does not exist
 * @param desired  the source
 * @param options  NULL: the defaults
 * @return MOULT_OK for UP_TO_DATE, APPLIED, RECORDED, BEHIND, PENDING and WAITING; MOULT_REFUSED for NEEDS_APPROVAL (the
 *         plan is in the result, and stored in the database for `moult approve`); MOULT_PERMISSION for NO_PERMISSION
 *         (the plan is in the result, and written to `export_path`); else the error's code.
 */
MOULT_API int moult_start(moult_result **out, const char *url, const moult_source *desired,
                          const moult_options *options);

/** What came of it; meaningful when the call returned MOULT_OK or MOULT_REFUSED. */
MOULT_API moult_outcome moult_result_outcome(const moult_result *result);
/** A text for a person: what was done or what must be approved, with the commands to do so. Never NULL. */
MOULT_API const char *moult_result_text(const moult_result *result);
/** The plan that was applied or refused; NULL when there was none. Borrowed. */
MOULT_API const moult_plan *moult_result_plan(const moult_result *result);
/** The version in the history that the database is at afterwards; 0 when there is none. */
MOULT_API int64_t moult_result_version(const moult_result *result);
/** NO_PERMISSION: the path that the plan was written to as a script; NULL when it could not be. */
MOULT_API const char *moult_result_exported(const moult_result *result);
/** The error of moult_start(). Never NULL; its code is MOULT_OK when there was none. */
MOULT_API const moult_error *moult_result_error(const moult_result *result);
MOULT_API void moult_result_free(moult_result *result);

/* ------------------------------------------------------------------------------------------------------------
 * 5. THE PIECES
 * ---------------------------------------------------------------------------------------------------------- */

/** How moult_open() treats a database that is not there. */
typedef enum moult_open_mode {
    MOULT_OPEN_READ = 0, /**< it must exist; nothing is ever written */
    MOULT_OPEN_WRITE,    /**< it must exist */
    MOULT_OPEN_CREATE    /**< it is created when it does not exist */
} moult_open_mode;

/**
 * Opens a database.
 *
 * @param out  gets the handle, also when the call fails, so that moult_error_of() tells why; NULL only when there is no
 *             memory for it. Give it to moult_close() in either case. It is set (atomically) before anything is waited for,
 *             so that another thread may moult_cancel() the opening.
 * @return MOULT_OK; INVALID (URL or options), IO, DATABASE (no database, encrypted, damaged), UNSUPPORTED (an engine that
 *         this build does not have), LOCKED, TIMEOUT, CANCELLED, PERMISSION, NOMEM
 */
MOULT_API int moult_open(moult **out, const char *url, moult_open_mode open_mode, const moult_options *options);
MOULT_API void moult_close(moult *m);

/** The error of the last call on this handle; never NULL. Borrowed until the next call. */
MOULT_API const moult_error *moult_error_of(const moult *m);
/** Asks what runs on the handle to stop soon with MOULT_CANCELLED. Any thread, any time; async-signal-safe. */
MOULT_API void moult_cancel(moult *m);
/** The database for a person, without any password: "app.db". Never NULL. */
MOULT_API const char *moult_database_name(const moult *m);
/** The engine with its version: "SQLite 3.40.1". Never NULL. */
MOULT_API const char *moult_engine(const moult *m);

/** Reads the live schema (without moult's own tables). DATABASE, TIMEOUT, LOCKED, NOMEM. */
MOULT_API int moult_inspect(moult *m, moult_schema **out);
/** Reads a source into a schema, canonicalised by the engine of `m`. SOURCE (with its place), IO, INVALID, NOMEM, … */
MOULT_API int moult_load(moult *m, const moult_source *source, moult_schema **out);
MOULT_API void moult_schema_free(moult_schema *schema);

/** The fingerprint: SHA-256 of the canonical schema, 64 hexadecimal digits. Borrowed. */
MOULT_API const char *moult_schema_fingerprint(const moult_schema *schema);
/** How many objects it has. */
MOULT_API size_t moult_schema_size(const moult_schema *schema);
/** One of them, 0 to size-1, in canonical order; any of the out parameters may be NULL. NOTFOUND. */
MOULT_API int moult_schema_object(const moult_schema *schema, size_t i, const char **kind, const char **name,
                                  const char **table, const char **sql);

/** Forms of text. */
typedef enum moult_format { MOULT_FORMAT_TEXT = 0, MOULT_FORMAT_JSON, MOULT_FORMAT_SQL } moult_format;

/**
 * A schema as text: SQL that, given back as a source, is no difference; or JSON (docs/schema.schema.json).
 * @param out  gets a string for moult_string_free()
 */
MOULT_API int moult_schema_render(moult *m, const moult_schema *schema, moult_format format, char **out);
MOULT_API void moult_string_free(char *text);

/**
 * Compares two schemas: a plan that has changes and no steps yet. `from` must have been read by `m`. Ownership is that
 * of the options, with the history of the database as DECLARED's measure. Neither schema is kept.
 */
MOULT_API int moult_diff(moult *m, const moult_schema *from, const moult_schema *to, moult_plan **out);
/** Gives each change its risk. */
MOULT_API int moult_assess(moult *m, moult_plan *plan);
/** Gives the plan its steps and its id. IMPOSSIBLE names the rows that forbid it and what to write. */
MOULT_API int moult_build(moult *m, moult_plan *plan);
/** Runs the plan on a scratch copy of the current schema, without rows; UNPROVED when the result differs. */
MOULT_API int moult_prove(moult *m, moult_plan *plan);
/** load + inspect + diff + assess + build + prove: what `moult plan` does. */
MOULT_API int moult_make_plan(moult *m, const moult_source *desired, moult_plan **out);
/** The whole of moult_start() on an open handle: `out` as there. */
MOULT_API int moult_migrate(moult *m, const moult_source *desired, moult_result **out);
/**
 * Runs this plan and nothing else, in one go, and verifies it. The mode of the options holds, and approvals: a plan
 * file is not an approval. CHANGED when the database is not what the plan starts from; REFUSED.
 */
MOULT_API int moult_apply(moult *m, const moult_plan *plan, moult_result **out);
MOULT_API void moult_plan_free(moult_plan *plan);
/**
 * Goes on with an apply that was interrupted (its outcome is UP_TO_DATE when none was). Not the rest of the old plan: one
 * that starts from the state that is really there, and leads to the same schema. It needs no approval where its risk is not
 * above what was allowed when the apply began. The hooks that have still to run must be in the options. `out` as in
 * moult_start(). INTERRUPTED when a hook is missing; REFUSED; else as moult_apply().
 */
MOULT_API int moult_resume(moult *m, moult_result **out);
/**
 * Tells of an apply that is half done, because it was interrupted or failed between two transactions: which plan, whose,
 * how far it got. One that runs at this moment tells so too; moult_lock_look() tells them apart.
 * @param out  gets a line for moult_string_free(); NULL: there is none
 */
MOULT_API int moult_interrupted(moult *m, char **out);

/** Stores a plan in the database, so that `moult approve` finds it anywhere. PERMISSION when it cannot be written. */
MOULT_API int moult_plan_store(moult *m, const moult_plan *plan);
/** Finds a stored plan by its id, or at least 8 digits of it that are unique. NOTFOUND, INVALID. */
MOULT_API int moult_plan_find(moult *m, const char *id, moult_plan **out);
/** Approves a stored plan: exactly that one, once. NOTFOUND, INVALID, CHANGED (the database moved on). */
MOULT_API int moult_approve(moult *m, const char *id);
/** Takes an approval back; the plan waits again. NOTFOUND, INVALID, CHANGED (it was applied), PERMISSION. */
MOULT_API int moult_revoke(moult *m, const char *id);
/** Reads a plan file. INVALID when it is not one or was edited (its id no longer fits). `name` is for errors. */
MOULT_API int moult_plan_parse(moult *m, const char *json, size_t length, const char *name, moult_plan **out);
/**
 * Writes a plan as a script for the engine's shell: aside first, then renamed. A file that moult did not write is never
 * replaced (INVALID); "" writes nothing. IO when it cannot be written.
 */
MOULT_API int moult_plan_export(moult *m, const moult_plan *plan, const char *path);
/** A plan as text, JSON (docs/plan.schema.json) or SQL for the engine's shell. `out` is for moult_string_free(). */
MOULT_API int moult_plan_render(moult *m, const moult_plan *plan, moult_format format, char **out);

/**
 * Inside a hook: runs one statement (INSERT, UPDATE, DELETE, SELECT, WITH …) on moult's own connection, in the hook's
 * transaction. Parameters are written ? in every dialect.
 * @param count    how many parameters there are: as many as the statement has
 * @param row      takes each row; NULL: rows are passed over
 * @param changed  gets how many rows were changed, 0 for a statement that only looks; may be NULL
 * @return MOULT_OK; INVALID (a statement that is not for hooks, more than one, another number of parameters), what `row`
 *         returned, or the database's error: then moult_hook_error() tells
 */
MOULT_API int moult_hook_exec(moult_hook_context *context, const char *sql, const moult_value *params, size_t count,
                              moult_row_fn row, void *user, int64_t *changed);
/**
 * Inside a hook: the names of the columns that a statement would give, as one row of texts; of no values for one that
 * gives none. Nothing is run.
 * @return as moult_hook_exec()
 */
MOULT_API int moult_hook_columns(moult_hook_context *context, const char *sql, moult_row_fn row, void *user);
/** Inside a hook: the error of its last statement; never NULL. */
MOULT_API const moult_error *moult_hook_error(const moult_hook_context *context);
/** Inside a hook: says why it fails. Returns the code to return. */
MOULT_API int moult_hook_fail(moult_hook_context *context, const char *message);

/** A risk rule. No string but `asks` and `advice` is NULL. */
typedef struct moult_rule_info {
    const char *id;     /**< "drop-column": stable */
    moult_risk level;   /**< before options, annotations and rows */
    const char *what;   /**< what happens: one line, no full stop */
    const char *why;    /**< why that is dangerous, or is not: sentences */
    const char *asks;   /**< what is asked of the rows, and what follows: sentences; NULL: nothing is */
    const char *advice; /**< what to do: no full stop; NULL: nothing */
    int eases;          /**< 1: what the rows say can lower it */
} moult_rule_info;
/** How many there are. They are constant: no handle is needed, and any thread may ask. */
MOULT_API size_t moult_rule_count(void);
/** One of them, in the order in which the first of equal levels wins; NULL past the end. */
MOULT_API const moult_rule_info *moult_rule_at(size_t i);

/** One entry of the history; strings are borrowed from the list. */
typedef struct moult_version_info {
    int64_t version;        /**< from 1, without gaps */
    const char *applied_at; /**< UTC, ISO 8601 */
    const char *applied_by;
    const char *host;
    const char *plan_id;   /**< NULL when nothing ran (recorded) */
    const char *from, *to; /**< fingerprints of the declared schemas */
    const char *kind;      /**< "apply", "record", "backward", "expand" or "contract"; "script": run by others, at or
                              after `applied_at` */
    int64_t changes;
    double seconds;
    const char *tool; /**< moult's version */
} moult_version_info;

typedef struct moult_history moult_history;
/** Reads the history, oldest first; an empty one when moult was never here. */
MOULT_API int moult_history_read(moult *m, moult_history **out);
MOULT_API size_t moult_history_size(const moult_history *history);
MOULT_API const moult_version_info *moult_history_at(const moult_history *history, size_t i); /**< NULL past the end */
/** What was done to the history by hand, as its hash chain tells ("version 3 was edited"); NULL past the end. */
MOULT_API const char *moult_history_problem(const moult_history *history, size_t i);
MOULT_API void moult_history_free(moult_history *history);

/**
 * A cache: where it is remembered that a database which cannot be written to (a read-only file, account or handle) was found
 * up to date, or behind. It saves time and nothing else: a cache that is away, slow, broken or lies costs a bounded time and
 * changes no result. docs/caches.md says how. Threads and handles may use one at once; its error, its counts and clear are for
 * one thread at a time.
 */
typedef struct moult_cache moult_cache;

/** Counts since the cache was last cleared: of all processes that use it. */
typedef struct moult_cache_info {
    int64_t hits, misses;
    int64_t errors;  /**< it was away, too slow, or held what is no cache */
    int64_t stores;  /**< what was written */
    int64_t entries; /**< what it holds now */
} moult_cache_info;

/**
 * Opens a cache. Nothing is connected yet.
 * @param out    gets the cache, also when the call fails, so that moult_cache_error() tells why; NULL only when there is no
 *               memory for it. Give it to moult_cache_close() in either case.
 * @param where  the path of a file, or redis://[user[:password]@]host[:port][/db], rediss:// for TLS, redis+unix:///path; with
 *               ?prefix=TEXT ("moult:"), ttl=SECONDS (30 days), timeout=SECONDS (1), ca=FILE
 * @return MOULT_OK, INVALID, UNSUPPORTED (a build without Redis), NOMEM
 */
MOULT_API int moult_cache_open(moult_cache **out, const char *where);
/** The error of the last open, stats or clear; never NULL. Borrowed until the next of them. */
MOULT_API const moult_error *moult_cache_error(const moult_cache *cache);
/** What was counted. IO, TIMEOUT, LOCKED, NOMEM. */
MOULT_API int moult_cache_stats(moult_cache *cache, moult_cache_info *out);
/** Removes all entries, and the counts; in Redis: batch by batch, and nothing that has another prefix. The same errors. */
MOULT_API int moult_cache_clear(moult_cache *cache, int64_t *removed);
MOULT_API void moult_cache_close(moult_cache *cache);

/** Who has moult's lock on a database. */
typedef enum moult_lock_state {
    MOULT_LOCK_FREE = 0, /**< nobody */
    MOULT_LOCK_HELD,     /**< a process that works now */
    MOULT_LOCK_LEFT /**< nobody any more: a process ended while it had it; the lock is free, its text is still there */
} moult_lock_state;

/** A lock, and what its owner wrote down. Texts are empty, and `pid` is 0, where nothing is known. */
typedef struct moult_lock_info {
    moult_lock_state state;
    const char *provider; /**< what kind of lock it is: "file" */
    int64_t pid;
    char host[128];
    char since[32];   /**< when it was taken: UTC, ISO 8601 */
    char account[64]; /**< the account of the process */
    char note[256];   /**< what it does, or did: "plan 7f3a9c21, step 3 of 7: rebuild user" */
} moult_lock_info;

/**
 * Looks at moult's lock, and does not wait for it. It says what was true a moment ago. `out` is filled in any case.
 * IO, PERMISSION (what the owner wrote cannot be read), NOMEM.
 */
MOULT_API int moult_lock_look(moult *m, moult_lock_info *out);

/**
 * Goes back to a past version of the history: a plan like any other, with the mode, the approval and the attic of the
 * options. Columns and tables that come back are filled with what the attic keeps, where the row is proved to be the
 * same; rows written since stay. What cannot go back is a note of the plan, with its count.
 * @param version  0: the one before the last
 * @param out      as of moult_start(); its plan says what is done, or waits for approval
 * NOTFOUND (no such version, or it was pruned), IMPOSSIBLE (rows for which a NOT NULL column has nothing: see `fills`
 * of the options), and all of moult_start().
 */
MOULT_API int moult_rollback(moult *m, int64_t version, moult_result **out);

/** One entry of the attic; strings are borrowed from the list. */
typedef struct moult_attic_info {
    int64_t id;             /**< what it is called by */
    int64_t version;        /**< of the history: the one that took it away */
    const char *kind;       /**< "table"; "column" (values of dropped ones); "values" (what was converted) */
    const char *object;     /**< the table */
    const char *columns;    /**< "a, b": the columns that are kept */
    const char *holder;     /**< the table that it is kept in */
    const char *created_at; /**< UTC, ISO 8601 */
    const char *expires;    /**< likewise; NULL: when it is purged */
    int expired;            /**< 1: the next apply purges it */
    int64_t rows;
    int64_t bytes; /**< on disk; -1: the engine does not tell */
} moult_attic_info;

typedef struct moult_attic moult_attic;
/** Reads what the attic has, oldest first; an empty list where nothing was ever kept. */
MOULT_API int moult_attic_read(moult *m, moult_attic **out);
MOULT_API size_t moult_attic_size(const moult_attic *attic);
MOULT_API const moult_attic_info *moult_attic_at(const moult_attic *attic, size_t i); /**< NULL past the end */
MOULT_API void moult_attic_free(moult_attic *attic);
/**
 * Gives the rows of an entry, as its holder has them. The first row that `row` gets are the names of the columns.
 * @param limit  at most so many rows; 0: all
 * NOTFOUND: no such entry.
 */
MOULT_API int moult_attic_rows(moult *m, int64_t id, int64_t limit, moult_row_fn row, void *user);
/**
 * Brings an entry back by itself: a table under its own name or `into`; values into the column that they came from,
 * where the row is the same and holds nothing of its own. What does not fit stays in the attic.
 * @param into  a free name for a table; NULL: its own. INVALID with an entry that is no table
 * @param run   0: only makes the plan
 * @param out   the plan, for moult_plan_free()
 * NOTFOUND: no such entry, or no such table or column any more. INVALID: the name is taken.
 */
MOULT_API int moult_attic_restore(moult *m, int64_t id, const char *into, int run, moult_plan **out);
enum { MOULT_ATTIC_EXPIRED = 0, MOULT_ATTIC_ALL = -1 };
/**
 * Drops what the attic keeps, for ever.
 * @param id     an entry, or one of MOULT_ATTIC_EXPIRED and MOULT_ATTIC_ALL
 * @param count  gets how many went; may be NULL
 * NOTFOUND: no such entry.
 */
MOULT_API int moult_attic_purge(moult *m, int64_t id, int64_t *count);

/**
 * Forgets the schemas of old versions; their rows stay, so that an old build is still known as one, and the chain of
 * hashes can still be verified. Kept are the last `keep` versions (at least 1), and all that the attic needs.
 * @param count  gets how many went; may be NULL
 */
MOULT_API int moult_history_prune(moult *m, int64_t keep, int64_t *count);
/**
 * Removes all tables of moult's own, and nothing else: the history, the attic, stored plans and approvals.
 * @param purge  1: also what is in the attic; 0: REFUSED while something is in there
 */
MOULT_API int moult_uninstall(moult *m, int purge);

/** What a change does. */
typedef enum moult_op {
    MOULT_OP_CREATE = 0,
    MOULT_OP_DROP,
    MOULT_OP_ALTER,
    MOULT_OP_RENAME,
    MOULT_OP_RUN /**< a data hook */
} moult_op;

/** What became of something that the last version left, by other hands. */
typedef struct moult_drift_info {
    moult_op op;          /**< DROP: it is gone; ALTER: it is another; CREATE: it has taken a name that is moult's */
    const char *kind;     /**< "table", "column", "index", … */
    const char *name;     /**< "user", "user.email" */
    const char *what;     /**< ALTER: "INTEGER → TEXT"; may be empty */
    const char *recorded; /**< its definition as it was left; NULL: there was none */
    const char *live;     /**< as it is; NULL: there is none */
} moult_drift_info;

/** A plan that is stored, and who approved it. */
typedef struct moult_approval_info {
    const char *id;
    const char *stored_at;   /**< UTC, ISO 8601, as all times here */
    const char *approved_at; /**< NULL: it waits for a person */
    const char *approved_by;
    const char *approved_host; /**< from where */
} moult_approval_info;

/** A backup that lies beside the database. */
typedef struct moult_backup_info {
    const char *path;
    int64_t bytes;
    const char *made_at;
} moult_backup_info;

typedef struct moult_status moult_status;
/**
 * Tells where the database stands. Nothing is written.
 * @param desired  NULL: it is compared with no schema, and has no plan
 * @param out      for moult_status_free(); everything that is read from it is borrowed
 * @return MOULT_OK, and the codes of moult_make_plan()
 */
MOULT_API int moult_status_read(moult *m, const moult_source *desired, moult_status **out);
/** "up_to_date", "pending", "behind", "waits" (a contract), "interrupted"; without a desired schema also "recorded" or
 * "no_history". */
MOULT_API const char *moult_status_state(const moult_status *status);
/** What would be done; NULL without a desired schema. */
MOULT_API const moult_plan *moult_status_plan(const moult_status *status);
/** The last version; NULL: moult has applied nothing here. */
MOULT_API const moult_version_info *moult_status_version(const moult_status *status);
/** An earlier apply that was interrupted, in a line; NULL: none was. */
MOULT_API const char *moult_status_interrupted(const moult_status *status);
MOULT_API const moult_lock_info *moult_status_lock(const moult_status *status);
/** The lists below give NULL past their end. Drift is not told while a contract waits, or an apply is interrupted. */
MOULT_API const moult_drift_info *moult_status_drift(const moult_status *status, size_t i);
/** What is there and not moult's, once there is a version: "table audit", "column user.note". */
MOULT_API const char *moult_status_foreign(const moult_status *status, size_t i);
/** As moult_history_problem(). */
MOULT_API const char *moult_status_problem(const moult_status *status, size_t i);
/** Plans that wait, and approvals that were not used yet; the newest first. */
MOULT_API const moult_approval_info *moult_status_approval(const moult_status *status, size_t i);
/** Backups beside the database, the oldest first. */
MOULT_API const moult_backup_info *moult_status_backup(const moult_status *status, size_t i);
MOULT_API void moult_status_free(moult_status *status);

/* ------------------------------------------------------------------------------------------------------------
 * 6. READING WHAT CAME OUT
 * ---------------------------------------------------------------------------------------------------------- */

/** A change, or a part of one (a column of an altered table). */
typedef struct moult_change_info {
    moult_op op;
    const char *kind; /**< "table", "column", "constraint", "index", …, "hook" */
    const char *name; /**< "user", "user.email" */
    const char *what; /**< "TEXT → NOT NULL", "INTEGER", "was old_name"; may be empty */
    moult_risk risk;
    const char *rule;     /**< the id of the rule that said so */
    const char *reason;   /**< what the rule says of this change, with what the data says; may be empty */
    moult_risk rule_risk; /**< what the rule says by itself, before options and annotations, and without the rows */
    const char *allowed;  /**< why an annotation allows it, or "an option" where one gave the rule another level;
                               NULL: neither */
    int64_t forbidden;    /**< so many rows forbid it in every mode: an apply stops before its first step; 0: none */
    int undoes_drift;     /**< 1: the last applied version had it so, and somebody else changed it since */
} moult_change_info;

/** A step. */
typedef struct moult_step_info {
    const char *phase;  /**< "expand", "hooks" or "contract" */
    const char *method; /**< "create", "drop", "native", "in-place", "rebuild" or "online": the rung of the
                             ladder; "hook" */
    const char *title;  /**< one line for a person */
    const char *cost;   /**< "rewrites 120,411 rows"; may be empty */
    const char *object; /**< "table user" */
} moult_step_info;

MOULT_API const char *moult_plan_id(const moult_plan *plan);         /**< 64 digits; "" before moult_build() */
MOULT_API const char *moult_plan_from(const moult_plan *plan);       /**< fingerprint it starts from */
MOULT_API const char *moult_plan_to(const moult_plan *plan);         /**< fingerprint it leads to */
MOULT_API moult_risk moult_plan_risk(const moult_plan *plan);        /**< the highest of its changes */
MOULT_API int moult_plan_behind(const moult_plan *plan);             /**< 1: the desired schema was replaced */
MOULT_API int64_t moult_plan_behind_version(const moult_plan *plan); /**< the version it was */
/** The half that it is; MOULT_PHASE_CONTRACT also where it was asked for whole, and only its contract waits. It runs when it is
 * asked for by that phase, and its id is of that. */
MOULT_API moult_phase moult_plan_phase(const moult_plan *plan);
MOULT_API size_t moult_plan_change_count(const moult_plan *plan);
MOULT_API int moult_plan_change(const moult_plan *plan, size_t i, moult_change_info *out);
MOULT_API size_t moult_plan_step_count(const moult_plan *plan);
MOULT_API int moult_plan_step(const moult_plan *plan, size_t i, moult_step_info *out);
/** Notes for a person: what is left alone because someone else owns it, what is not compared, what looks like a rename. */
MOULT_API size_t moult_plan_note_count(const moult_plan *plan);
MOULT_API const char *moult_plan_note(const moult_plan *plan, size_t i);
/** A drop and a create that look like a rename; "kind", old and new name, and the annotation to write. */
MOULT_API size_t moult_plan_hint_count(const moult_plan *plan);
MOULT_API int moult_plan_hint(const moult_plan *plan, size_t i, const char **kind, const char **from, const char **to,
                              const char **annotation);
/** Does `mode` let the plan run without a person? 1 or 0. */
MOULT_API int moult_plan_allowed(const moult_plan *plan, moult_mode mode);

#ifdef __cplusplus
}
#endif
#endif /* MOULT_H */
