/* SPDX-License-Identifier: MIT */
/* plan.h - changes, and the steps that make them. A plan is one region. */
#ifndef MO_PLAN_H
#define MO_PLAN_H

#include "base/error.h"
#include "base/region.h"
#include "base/str.h"
#include "moult.h"
#include "schema/schema.h"

struct mo_dialect;

/* A judgement: the level, the rule that said so, what it says (with what the data says). */
typedef struct mo_judgement {
    moult_risk level;
    const char *rule;
    const char *reason;
    moult_risk own;      /* what the rule says by itself: before options and annotations */
    moult_risk base;     /* the same, with what the rows say */
    const char *allowed; /* why it is another: an annotation's reason, or the option; NULL: it is not */
    int64_t forbidden;   /* rows that forbid the change in every mode */
} mo_judgement;

/* What the rows say of a change, or of a part of one. Zeroed: they were not asked. */
typedef struct mo_findings {
    const char *evidence;   /* "3 of 120,411 rows are NULL (ids 7, 19, 4002)"; NULL: nothing was asked */
    int harmless;           /* 1: they were asked, and nothing of them is lost, changed or refused */
    int mild;               /* 1: no value is lost, but something is not quite as it was */
    int64_t forbidden;      /* rows that forbid it in every mode; 0: none, or not known */
    const char *query;      /* gives the rows that forbid it; NULL: none that is short */
    unsigned clear, mildly; /* while it is asked: bits of what the rows have nothing against, and little against */
} mo_findings;

typedef enum mo_part_kind { MO_PART_COLUMN = 0, MO_PART_CONSTRAINT, MO_PART_OPTION, MO_PART_ORDER } mo_part_kind;

/* One difference inside a table. */
typedef struct mo_part {
    moult_op op;
    mo_part_kind kind;
    const mo_column *column_before, *column_after;
    const mo_constraint *constraint_before, *constraint_after;
    const mo_option *option_before, *option_after;
    unsigned attrs; /* ALTER of a column: bit (1u << mo_attr) for each attribute that differs */
    mo_judgement judgement;
    mo_findings found;
    int64_t null_rows; /* ALTER to NOT NULL: rows that are NULL, once they were asked; -1: not known */
    int64_t
        default_rows; /* ALTER of a default: rows that may read the old one from the definition, once they were asked */
    int undoes_drift; /* 1: what the last version declared is wanted again */
} mo_part;

/* One difference between two schemas. RENAME: only the name; what else differs is an ALTER of its own. */
typedef struct mo_change {
    moult_op op;
    mo_kind kind;
    const mo_object *before, *after; /* CREATE: no before; DROP: no after */
    MO_VEC(mo_part) parts;           /* ALTER of a table */
    int early;                       /* DROP: before the renames, for one of them needs its name */
    int driven;    /* a driver step makes it, and looks at the rows itself: they are not asked again under the lock */
    int64_t rows;  /* of the table: ALTER and DROP of one, CREATE and ALTER of an index; once they were asked */
    int64_t bytes; /* that its rows take, about; 0: few, or not known */
    mo_findings found;  /* of the object as a whole: what has no parts */
    const char *serves; /* DROP of an index: the foreign key whose rows it finds, "orders(user_id)"; NULL: none */
    int undoes_drift;   /* as in mo_part; 0 where there are parts */
    mo_judgement judgement;
    mo_judgement work; /* of what its steps do, where a rule says something of that; `rule` NULL: none does */
} mo_change;

typedef enum mo_phase { MO_PHASE_EXPAND = 0, MO_PHASE_HOOKS, MO_PHASE_CONTRACT } mo_phase;
extern const char *const mo_phases[3];

typedef enum mo_statement_kind {
    MO_STATEMENT_RUN = 0, /* runs */
    MO_STATEMENT_ASSERT /* a query that must give no row; one stops the apply with `message` and the count in its first column */
} mo_statement_kind;

typedef struct mo_statement {
    mo_statement_kind kind;
    const char *sql;
    const char *message; /* ASSERT: what a row means, for a person ("user.email becomes NOT NULL, and is NULL") */
    int64_t rows;        /* rows it will go through, for progress; 0: few, or not known */
    int asked; /* ASSERT: answered when the plan was made; not asked again while plan->rows_seen still holds */
} mo_statement;

/* One step: what a person reads as one action. */
typedef struct mo_step {
    mo_phase phase;
    int order; /* steps are sorted by it, then by dependency, then by name */
    const char *
        method; /* "create", "drop", "rename", "native", "in-place", "rebuild", "online": the rung; "attic", "refill", "hook" */
    const char *title; /* "edit user.email in place, after asking the rows" */
    const char *cost;  /* "rewrites 120,411 rows"; "" */
    const char *undo;  /* SQL or a word for a person; NULL: none */
    mo_kind kind;
    const char *object; /* its name */
    const char *parent; /* its table, or NULL */
    int transaction;    /* steps of one number are one transaction; 0: each statement on its own */
    int driver; /* not 0: the dialect does it in this way of its own (see mo_drive), prepared before its transaction; its
                 * statements are the plain equivalent, for the proof and for scripts */
    /* A step that runs a data hook: its version, and what its code is told by; its statements are those of an SQL hook,
     * none those of a function. NULL: a step of DDL, and kind and object say of what. */
    const char *hook, *hook_code;
    MO_VEC(mo_statement) statements;
    MO_VEC(mo_statement) proof; /* the declared equivalent on a scratch without rows; empty: the same as `statements` */
} mo_step;

/* A data hook that has not run on this database yet. */
typedef struct mo_plan_hook {
    const moult_hook *declared; /* the caller's; only where the plan was made */
    const char *code;           /* SHA-256 of what it does, so far as that can be told */
    mo_judgement judgement;
} mo_plan_hook;

/* A drop and a create that look like a rename. */
typedef struct mo_hint {
    const char *kind;  /* "column", "table" */
    const char *table; /* of a column */
    const char *from, *to;
    const char *annotation; /* "-- @renamed from=old" */
} mo_hint;

/* A rename that the plan does first: everything after it speaks of new names, the live database still of the old. */
typedef struct mo_rename {
    mo_kind kind;      /* of what is renamed; of a column: that of its table */
    const char *table; /* of a column: its table's new name; NULL: an object is renamed */
    const char *from, *to;
    int aside; /* it makes room for another thing, and is dropped later; its names are those of the live database to people */
} mo_rename;

typedef MO_VEC(const char *) mo_name_list;

/* What is kept of that which a plan takes away. */
typedef struct mo_plan_attic {
    int on;          /* 0: nothing is */
    int64_t version; /* the version that the plan makes */
    int next;        /* the number of its next holder, from 1 */
    int64_t age;     /* seconds for which it is kept; 0: until it is purged */
    int holders;     /* how many the plan's steps make */
} mo_plan_attic;

/* An entry of the attic's catalog. */
typedef struct mo_attic_entry {
    int64_t id, version; /* version: the one that took it away */
    const char *kind;    /* "table", "column", "values" */
    const char *object;  /* the table, by its name in that version (of a dropped one: in the version before) */
    const char *holder, *identity;
    mo_name_list columns, keys, others;
    int64_t rows;
    const char *created_at, *expires; /* expires NULL: never */
    mo_name_list definition;
    const char *holder_sql;
    int expired;
} mo_attic_entry;

/* A table that comes back: made as the target says, then filled from its holder. */
typedef struct mo_refill_column {
    const char *name;  /* in the new table */
    const char *value; /* an expression over the holder */
} mo_refill_column;
typedef struct mo_refill {
    const char *table;
    const char *holder;
    const char *row_id; /* how the holder's row id is reached; NULL: it has none */
    MO_VEC(mo_refill_column) columns;
    int64_t rows; /* in the holder */
    int partly;   /* it has columns that do not come back: its rows stay there too */
} mo_refill;

/* A temporary table on the way back through many versions: values of a table's rows, as they were in one of them. */
typedef struct mo_stage {
    const char *table, *name;
    const char *make, *index; /* the statements that make it */
    int is_used;              /* a step of the plan needs it */
    int is_there;             /* on the connection, while the plan is made */
} mo_stage;

typedef struct mo_plan {
    mo_region *region;
    const struct mo_dialect *dialect;
    char id[65];           /* "" until mo_plan_seal() */
    char from[65], to[65]; /* fingerprints: live, and target */
    char declared_fp[65];  /* fingerprint of what the source declares: what the history speaks of */
    MO_VEC(mo_rename) renames;
    MO_VEC(mo_change) changes; /* renames first; all others compare what is there after the renames with the target */
    MO_VEC(mo_step) steps;
    MO_VEC(const char *) notes;
    MO_VEC(mo_hint) hints;
    MO_VEC(const char *)
    settings; /* what the session is set to while it runs ("foreign_keys=off"), for people and the id */
    moult_risk risk;
    moult_risk own_risk; /* before options and annotations gave levels: what is kept in a backup goes by it */
    int behind;          /* the desired schema was replaced by a newer version */
    int64_t behind_version;
    const char *declared; /* snapshot (JSON) of what the source declares: goes into the history */
    /* Owned by the plan where set; freed with it. NULL in a plan that was read from JSON. */
    mo_schema *live, *target, *desired;
    mo_schema *renamed; /* what live is after the renames; NULL: there are none, it is live */
    int made_here;  /* made on the connection that runs it: marker and rows_seen tell whether something changed since */
    mo_hash marker; /* of the live schema, taken before it was read */
    MO_VEC(mo_plan_hook) hooks; /* in the order in which they run: those before the DDL first */
    moult_online online;        /* how big tables are rebuilt */
    int hooked;                 /* a hook runs before what tightens: what the rows say now need not hold then */
    moult_phase phase_only;     /* the half that it is */
    int waits;         /* the contract of a schema that was expanded: it runs when it is asked for by its phase */
    int fresh;         /* the database has nothing yet, or is adopted as it is: hooks are not needed */
    int asks_rows;     /* live is the live database: its rows can be asked */
    mo_hash rows_seen; /* the dialect's value for "nobody has written since" when the rows were asked */
    mo_plan_attic attic;
    mo_name_list borrowed; /* definitions of holders that the steps read: they come first into any scratch */
    MO_VEC(mo_refill) refills;
    MO_VEC(mo_stage) stages; /* those of one table in a row, each made of the ones before */
    /* A plan read from JSON keeps its changes only as these. */
    MO_VEC(moult_change_info) rows;
} mo_plan;

/* What a table or column (by its new name) is called in the live database. */
const char *mo_plan_live_table(const mo_plan *p, const char *table);
const char *mo_plan_live_column(const mo_plan *p, const char *table, const char *column);
/* What people call a column of the steps: one that stepped aside by its own name. */
const char *mo_plan_shown_column(const mo_plan *p, const char *table, const char *column);
/* The name that the steps have for a column of the live database. */
const char *mo_plan_start_column(const mo_plan *p, const char *table, const char *column);
/* What the steps start from, once the renames are done. */
const mo_schema *mo_plan_start(const mo_plan *p);

mo_plan *mo_plan_new(const struct mo_dialect *d); /* NULL: no memory */
void mo_plan_free(mo_plan *p);                    /* takes NULL */
/* Lets go of what only making it and asking its rows needed: the live schemas, and the changes (`rows` stay). */
void mo_plan_forget_live(mo_plan *p);

/* Building. All return MOULT_OK or NOMEM (in err). */
int mo_plan_note(mo_plan *p, mo_error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A new step at the end; NULL: no memory. Strings are copied. */
mo_step *mo_plan_step(mo_plan *p, mo_phase phase, int order, const char *method, mo_kind kind, const char *object,
                      const char *parent);
int mo_step_run(mo_plan *p, mo_step *s, const char *sql, int64_t rows, mo_error *err);
int mo_step_assert(mo_plan *p, mo_step *s, const char *sql, const char *message, int64_t rows, mo_error *err);

/* A new step that keeps something in the attic: the name of its holder, in the region. NULL: no memory. */
const char *mo_plan_holder(mo_plan *p);
#define MO_HOLDER_COLUMN 40 /* bytes */
/* What a kept column is called in its holder: as it was; one that stepped aside for another of its name, which tells the row,
 * has a number. `place`: among the kept columns. The name is `column` itself, or in `room`. */
const char *mo_holder_column(const mo_name_list *keys, const mo_name_list *others, const char *column, size_t place,
                             char room[MO_HOLDER_COLUMN]);
/* How long the attic keeps things, for people: "30 days", "12 hours". */
void mo_attic_age_text(int64_t seconds, char *out, size_t size);

/* A step that runs a hook; its SQL statements are added to it, those of a function are none. NULL: no memory. */
mo_step *mo_plan_hook_step(mo_plan *p, const mo_plan_hook *hook, int transaction);

/* order.c - sorts the steps by (order, dependency of what they make, name): the same input gives the same order. */
int mo_plan_sort(mo_plan *p, mo_error *err);

/* id.c - the rows for people (plan->rows) from the changes, the risk of the whole, and the id: SHA-256 over dialect,
 * fingerprints, settings, and every step's phase, method, statements and their order; not over counts, costs or texts. */
int mo_plan_seal(mo_plan *p, mo_error *err);
/* Does the mode let it run without a person? */
int mo_plan_allowed(const mo_plan *p, moult_mode mode);

/* json.c - plan files. Reading checks the format's version and that the id fits the content: INVALID otherwise. */
int mo_plan_write_json(const mo_plan *p, mo_str *out, mo_error *err);
int mo_plan_read_json(const struct mo_dialect *d, const char *json, size_t length, const char *name, mo_plan **out,
                      mo_error *err);
/* parts.c - consecutive steps of one transaction number are a part: one transaction. A plan without steps is one too. */
typedef struct mo_part_of_plan {
    size_t first, end; /* its steps */
    size_t number;     /* from 1 */
    int driven;        /* it has a driver step */
    int data;          /* it runs hooks, which write as an application does */
    int records;       /* the schema is the target at its end */
    int last;
} mo_part_of_plan;
/* How many parts it has; 0 for a plan without steps. */
size_t mo_plan_parts(const mo_plan *p);
/* The part that begins with step `first`. */
mo_part_of_plan mo_plan_part(const mo_plan *p, size_t first, size_t number);

/* What a script writes down besides, so that the next start finds it done. */
typedef struct mo_script {
    const char *first,
        *last; /* statements that its first transaction begins with, and that the one ends with at whose end
                                 the schema is the target */
    int (*hook)(void *user, const mo_step *step, mo_str *out); /* what follows the statements of a hook. NOMEM, or OK */
    void *user;
} mo_script;
/* sql.c - a script for the engine's shell: commented, settings and transactions included. `script`: NULL: nothing besides. */
int mo_plan_write_sql(const mo_plan *p, const mo_script *script, mo_str *out, mo_error *err);
/* text.c - for a person, without colour. */
int mo_plan_write_text(const mo_plan *p, mo_str *out, mo_error *err);

#endif
