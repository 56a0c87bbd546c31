/* SPDX-License-Identifier: MIT */
/*
 * postgres.h - what the files of this dialect share: the connection, running statements, names, and how the catalog is read.
 *
 *   libpq.c       loads the client library
 *   connect.c     opening and closing; what a URL may have; what is known of the server
 *   statement.c   running statements without ever blocking past a watch
 *   error.c       SQLSTATE to our codes, with what to do
 *   declare.c     desired statements told apart
 *   scratch.c     the database where they are loaded, and copies of a schema in it
 *   aside.c       the other kind of scratch, for accounts that may not create databases
 *   lend.c        extensions that a scratch needs though nobody declared them
 *   marker.c, own.c, lock.c, run.c   the marker, moult's own tables, the lock, the session of an apply
 *   steps.c       changes → steps: what is created, dropped, made again, and in what order
 *   alter.c       the parts of tables
 *   introspect.c  the catalog → schema: one round trip for all readers
 *   read_*.c      the readers: what each asks, and what each row becomes (see mo_pg_reader below)
 *
 * Sessions belong to whoever pools them: nothing is set on one outside a transaction before the lock is held.
 */
#ifndef MO_POSTGRES_H
#define MO_POSTGRES_H

#include "base/name.h"
#include "dialect/dialect.h"
#include "dialect/postgres/libpq.h"

/* An extension that a scratch has because the live database has it (lend.c). */
typedef struct mo_pg_lent {
    const char *name, *sql;
    int declared; /* 1: a statement has created it since: now it is an object of the scratch */
} mo_pg_lent;

struct mo_conn {
    mo_pq pq;
    PGconn *pg;
    char *name;        /* for people: "app on db.example" */
    char engine[64];   /* "PostgreSQL 15.4" */
    const mo_url *url; /* the handle's */
    int read_only;     /* 1: opened for reading */
    double connect_timeout;
    double lock_timeout; /* seconds that a statement waits for others' locks; 0: no limit */
    const mo_watch *limit;
    int stopped; /* the code that the watch stopped it with */
    int broken;  /* 1: the connection is gone, or what it still does cannot be known */
    /* Known after mo_pg_know(). */
    int known;
    int may_write;
    int pooled; /* 1: a pooler is in between: what the server works in is not this session */
    mo_region *region;
    MO_VEC(const char *) schemas; /* the managed ones, bare names; the first is the one that unqualified names mean */
    const char *search_path;      /* the first one in SQL form, as every transaction of moult's sets it */
    /* The marker of what the last introspection saw: inside the transaction that it ran in, what is recorded is what was
     * verified, whatever others have changed since. Statements of moult's own tables do not count. */
    mo_hash seen;
    int seen_there;
    int busy;                     /* statements under way: no other can be sent */
    int64_t changed;              /* rows that the last statement changed */
    uint64_t asked;               /* how often rows_seen was asked */
    unsigned scratches;           /* how many were made */
    MO_VEC(const char *) orphans; /* statements that drop what killed runs left */
    const char *session_path;     /* the search_path that the session came with: what desired SQL is read with */
    int no_databases;             /* 1: the account may not create one */
    int undoes_ddl;               /* 1: proved (aside.c) */
    int aside;                    /* 1: a scratch that is a transaction on the live database */
    MO_VEC(mo_pg_lent) lent;
    MO_VEC(const char *) others; /* schemas that are not managed, and have something */
    int scratch;                 /* 1: a scratch: its statements are not watched by locks, nothing in it lasts */
};

/* --- connect.c --------------------------------------------------------------------------------------------------------- */
int mo_pg_open(mo_conn **out, const mo_open_args *args, mo_error *err);
/* Gives the place on the server to others for a while. Until mo_pg_return() every statement fails, as on a lost connection. */
void mo_pg_leave(mo_conn *c);
/* A new session in the place of the one that was left; nothing that was set in that one is there. LOCKED: there is no place. */
int mo_pg_return(mo_conn *c, mo_error *err);
/* Another connection to the server of `c`, to this database; for scratches. Where the server has no place left, it is waited for as
 * for others' locks: then LOCKED. */
int mo_pg_open_beside(mo_conn *c, const char *database, mo_conn **out, mo_error *err);
void mo_pg_close(mo_conn *c);
const char *mo_pg_engine(const mo_conn *c);
const char *mo_pg_database(const mo_conn *c);
int mo_pg_writable(mo_conn *c);
/* Asks, once, what the rest needs to know: the managed schemas, what the account may do. One round trip the first time. */
int mo_pg_know(mo_conn *c, mo_error *err);
/* For what a session has to hold, a lock above all: UNSUPPORTED behind a pooler, which may give each transaction another one. */
int mo_pg_own_session(mo_conn *c, mo_error *err);
/* 150004 for 15.4. */
int mo_pg_version(const mo_conn *c);

/* --- statement.c ------------------------------------------------------------------------------------------------------- */
int mo_pg_exec(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err);
int mo_pg_query(mo_conn *c, const char *sql, const mo_value *params, size_t param_count, mo_row_fn row, void *user,
                const mo_watch *watch, mo_error *err);
int mo_pg_query_names(mo_conn *c, const char *sql, mo_row_fn row, void *user, mo_error *err);
void mo_pg_limit(mo_conn *c, const mo_watch *watch);
int mo_pg_begin(mo_conn *c, int write, mo_error *err);
int mo_pg_commit(mo_conn *c, mo_error *err);
void mo_pg_rollback(mo_conn *c);
int mo_pg_in_transaction(mo_conn *c);
void mo_pg_quote(mo_str *out, const char *name);
int64_t mo_pg_changed_rows(mo_conn *c);
/* Sends a text of one statement or several, and gives each result, in order, to `take` (may be NULL), which does not keep it.
 * What fails ends it, and all results are read in any case. */
typedef int mo_pg_result_fn(void *user, size_t number, const PGresult *result);
int mo_pg_run(mo_conn *c, const char *sql, mo_pg_result_fn *take, void *user, const mo_watch *watch, mo_error *err);

/* --- error.c ----------------------------------------------------------------------------------------------------------- */
/* Sets the error that a result stands for; its code is returned. The place is that in the text that was sent. */
int mo_pg_fail(mo_conn *c, const char *sql, const PGresult *result, mo_error *err);
/* The same of what happened to the connection. */
int mo_pg_fail_connection(mo_conn *c, mo_error *err);
/* A statement was stopped by a watch. */
int mo_pg_fail_stopped(mo_conn *c, mo_error *err);

/* --- introspect.c: readers ----------------------------------------------------------------------------------------------- */
/*
 * A reader asks the catalog one thing, and makes objects (or parts of them) of its rows. All of them are sent as one text,
 * in one transaction with one snapshot, with search_path set to the first managed schema (so definitions that the server
 * writes name its objects without it): a constant number of round trips. To add a kind of object:
 *
 *   1. a file read_THING.c with a const mo_pg_reader: its query, and what takes a row. Where the server writes the whole
 *      definition, mo_pg_object_row() of read.h does;
 *   2. its name in read.h, and in the list `readers` of introspect.c, behind those whose objects it needs.
 *
 * A row that makes an object ends in mo_pg_add(), and in mo_pg_remember() with the catalog and oid that others find it by:
 * then read_depend.c gives it its mentions, from pg_depend, and nobody else has to. What may stand in the SQL of a reader, and
 * is put in before it is sent, is told in read.h.
 */
/* "object mentions name" */
typedef struct mo_pg_mention {
    mo_object *object;
    const char *name;
    int loose; /* 1: it can be made without */
} mo_pg_mention;

typedef struct mo_pg_reading {
    mo_conn *conn;
    mo_schema *schema; /* what is being read */
    mo_region *region; /* the schema's */
    mo_map *objects;   /* "pg_class 16385" → mo_object: see mo_pg_remember() */
    mo_map *columns;   /* of tables: see mo_pg_column() */
    mo_map *names;     /* what the bodies of functions may name; made when it is first needed */
    MO_VEC(mo_pg_mention) mentions;
    mo_error *err;
} mo_pg_reading;

/* One row of a reader's result. */
typedef struct mo_pg_row {
    const mo_pq *pq;
    const PGresult *result;
    int number;
} mo_pg_row;

typedef struct mo_pg_reader {
    const char *name; /* "tables" */
    const char *sql;
    int (*row)(mo_pg_reading *in, const mo_pg_row *r);
} mo_pg_reader;

/* The value of a column; NULL for NULL. Borrowed from the result. */
const char *mo_pg_text(const mo_pg_row *r, int column);
int mo_pg_is_true(const mo_pg_row *r, int column);
long mo_pg_number(const mo_pg_row *r, int column);
/* The same in the schema's region; NULL for NULL, and when there is no memory, which *failed remembers. */
const char *mo_pg_keep(mo_pg_reading *in, const mo_pg_row *r, int column, int *failed);
/* The SQL form of the name in column `name`, qualified by the one in column `space` unless that is the first managed schema;
 * `space` -1: never. In the region; NULL: no memory. */
const char *mo_pg_name(mo_pg_reading *in, const mo_pg_row *r, int space, int name);
/* The elements of an array (the text that the server writes of a name[] or text[]; NULL: none), in the region. 0, or -1: no memory. */
typedef MO_VEC(const char *) mo_pg_list;
int mo_pg_elements(mo_pg_reading *in, const char *array, mo_pg_list *out);
/* The same, each in SQL form. */
int mo_pg_names(mo_pg_reading *in, const char *array, mo_pg_list *out);
/* A new object, added, with `sql` as its definition and `canonical` as what is compared: copied; both NULL for a table, whose
 * definition is composed of its parts in the end. `name` and `parent` are in the region. NULL: no memory. */
mo_object *mo_pg_add(mo_pg_reading *in, mo_kind kind, const char *name, const char *parent, const char *sql,
                     const char *canonical);
/* So that other readers find it: by its catalog and the oid in that column. */
int mo_pg_remember(mo_pg_reading *in, const char *catalog, const mo_pg_row *r, int column, mo_object *o);
mo_object *mo_pg_recall(const mo_pg_reading *in, const char *catalog, const mo_pg_row *r, int column);
/* What is there and not compared, by the word for what it is: named in the plan. NULL: no memory. */
mo_object *mo_pg_add_uncompared(mo_pg_reading *in, const char *what, const char *name, const char *why);

/* What pg_depend does not know: `o` needs the object of this name (in the region), or names it and can be made without. */
int mo_pg_mentions(mo_pg_reading *in, mo_object *o, const char *name);
int mo_pg_mentions_loosely(mo_pg_reading *in, mo_object *o, const char *name);
/* read_depend.c: the gathered mentions become those of the objects. */
int mo_pg_give_mentions(mo_pg_reading *in);

int mo_pg_introspect(mo_conn *c, mo_schema **out, mo_error *err);

/* --- marker.c ---------------------------------------------------------------------------------------------------------- */
void mo_pg_marker_text(mo_str *out); /* the query that it is made of */
int mo_pg_marker_of(mo_conn *c, const PGresult *result, mo_hash *out, mo_error *err);
int mo_pg_marker(mo_conn *c, mo_hash *out, mo_error *err);
int mo_pg_identity(mo_conn *c, mo_hasher *h, mo_error *err);

/* --- declare.c, scratch.c: loading desired SQL ------------------------------------------------------------------------- */
int mo_pg_declare(mo_conn *c, mo_region *r, const mo_statement_text *statement, mo_declared *out, mo_error *err);
int mo_pg_scratch_open(mo_conn *c, mo_scratch **out, mo_error *err);
mo_conn *mo_pg_scratch_conn(mo_scratch *s);
void mo_pg_scratch_close(mo_scratch *s);
int mo_pg_copy(mo_conn *scratch, const mo_schema *s, int (*wanted)(void *user, const mo_object *o), void *user,
               const mo_object **wrong, mo_error *err);
/* aside.c: makes a connection to the live database a scratch, and what statements and transactions are in it. */
int mo_pg_aside_begin(mo_conn *live, mo_conn *c, mo_error *err);
int mo_pg_aside_exec(mo_conn *c, const char *sql, const mo_watch *watch, mo_error *err);
int mo_pg_aside_begin_part(mo_conn *c, mo_error *err);
int mo_pg_aside_end_part(mo_conn *c, int commit, mo_error *err);
/* lend.c: makes the live database's extensions in the scratch. */
int mo_pg_lend(mo_conn *live, mo_conn *scratch, mo_error *err);
/* … and what is in the schemas that are not managed. */
int mo_pg_lend_schemas(mo_conn *live, mo_conn *scratch, mo_error *err);
/* Before a statement runs in a scratch: one that creates a lent extension takes its place. 1: it need not run, since what uses
 * the lent one holds it there. */
int mo_pg_claim(mo_conn *c, const char *sql);
/* Takes those out of what was read that nothing has declared. */
void mo_pg_hide_lent(const mo_conn *c, mo_schema *s);
int mo_pg_check(mo_conn *scratch, const mo_schema *s, const mo_map *ask, const mo_object **wrong, mo_error *err);

/* --- backup.c ---------------------------------------------------------------------------------------------------------- */
int mo_pg_backup(mo_conn *c, mo_region *r, const mo_watch *watch, const char **path, mo_error *err);
int mo_pg_backups(mo_conn *c, mo_region *r, mo_backups *out, mo_error *err);

/* --- own.c, lock.c, run.c ---------------------------------------------------------------------------------------------- */
extern const char *const mo_pg_own_tables[];
/* Is it one of them, by its address? */
int mo_pg_is_own(const char *sql);
int mo_pg_table_bytes(mo_conn *c, const char *table, int64_t *out, mo_error *err);
int mo_pg_render_model(const moult_model *model, mo_str *out, mo_error *err); /* model.c */
extern const mo_lock_provider mo_pg_lock;
int mo_pg_run_begin(mo_conn *c, const mo_plan *plan, int data, mo_error *err);
void mo_pg_run_end(mo_conn *c);
int mo_pg_run_check(mo_conn *c, const mo_plan *plan, int after, mo_error *err);
int mo_pg_rows_seen(mo_conn *c, mo_hash *out, mo_error *err);

/* --- compose.c: definitions from parts ----------------------------------------------------------------------------------- */
/* CREATE TABLE with all but foreign keys, which may go in a circle: those are statements of their own. NULL: no memory. */
const char *mo_pg_compose_table(mo_region *r, const mo_object *table);
/* "name type COLLATE … DEFAULT … NOT NULL" of a column's attributes. */
void mo_pg_column_sql(mo_str *out, const mo_column *c);
/* ALTER TABLE … ADD CONSTRAINT … */
void mo_pg_add_constraint_sql(mo_str *out, const mo_object *table, const mo_constraint *c);
int mo_pg_object_sql(const mo_object *o, mo_str *out);
/* What makes the object whole once all others are there: the foreign keys of a table, the owner of a sequence. Statements with ";\n"
 * between them; nothing for most. */
int mo_pg_late_sql(const mo_object *o, mo_str *out);

#endif
