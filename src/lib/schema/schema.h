/* SPDX-License-Identifier: MIT */
/*
 * schema.h - the schema tree: objects as an engine has them, in canonical form.
 *
 * Every object starts with the same base (kind, name, namespace, canonical definition, what it mentions). Tables are
 * compared in parts: columns by their attributes, constraints, options. Every other kind is compared by `canonical`.
 * A new kind is one entry in kind.c and one reader in its dialect; a new attribute of columns is one entry in kind.c.
 *
 * A schema is one region; readers build it, nobody changes it afterwards (a stage that needs another makes another).
 */
#ifndef MO_SCHEMA_H
#define MO_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/region.h"
#include "base/str.h"

/* In the order in which objects are created; dropping goes the other way. Where objects of two kinds may need each other
 * (functions and tables), a dialect goes by what they mention. */
typedef enum mo_kind {
    MO_KIND_EXTENSION = 0,
    MO_KIND_NAMESPACE, /* PostgreSQL's schema */
    MO_KIND_COLLATION,
    MO_KIND_ENUM,
    MO_KIND_COMPOSITE,
    MO_KIND_RANGE,
    MO_KIND_DOMAIN,
    MO_KIND_SEQUENCE, /* but those of identity columns, which are the columns' own */
    MO_KIND_FUNCTION,
    MO_KIND_PROCEDURE,
    MO_KIND_AGGREGATE,
    MO_KIND_OPERATOR,
    MO_KIND_OPERATOR_FAMILY, /* but those that a class of the same name brings along */
    MO_KIND_OPERATOR_CLASS,
    MO_KIND_CAST,
    MO_KIND_TS_DICTIONARY,
    MO_KIND_TS_CONFIGURATION,
    MO_KIND_TABLE,
    MO_KIND_VIRTUAL_TABLE, /* SQLite: its shadow tables are not objects of their own */
    MO_KIND_INDEX,
    MO_KIND_VIEW,
    MO_KIND_MATERIALIZED_VIEW,
    MO_KIND_RULE,
    MO_KIND_STATISTICS,
    MO_KIND_TRIGGER,
    MO_KIND_POLICY,
    MO_KIND_PUBLICATION,
    MO_KIND_EVENT_TRIGGER,
    MO_KIND_COMMENT,           /* named by what it is about: "COLUMN users.email" */
    MO_KIND_PRIVILEGE,         /* what one role may do with one object: "TABLE users TO app" */
    MO_KIND_DEFAULT_PRIVILEGE, /* likewise of what is yet to come */
    MO_KIND_OTHER,             /* of a kind that is not compared, which its name begins with: "operator class x" */
    MO_KIND_COUNT
} mo_kind;

typedef struct mo_kind_info {
    const char *name; /* "table", "virtual table", … : for people, JSON and the history */
    const char *noun; /* the word of CREATE … and DROP … */
    int in_parts;     /* compared in parts */
    int of_table;     /* belongs to a table (`parent`) and goes with it */
} mo_kind_info;
extern const mo_kind_info mo_kinds[MO_KIND_COUNT];
int mo_kind_find(const char *name, mo_kind *out); /* 0, or -1 */

/* What of a column is compared. */
typedef enum mo_attr {
    MO_ATTR_TYPE = 0,
    MO_ATTR_NOT_NULL,          /* canonical "1" */
    MO_ATTR_NOT_NULL_CONFLICT, /* SQLite: NOT NULL ON CONFLICT …, canonical "replace" and so on */
    MO_ATTR_DEFAULT,
    MO_ATTR_COLLATION,
    MO_ATTR_GENERATED, /* canonical "stored <expr>" or "virtual <expr>" */
    MO_ATTR_IDENTITY,  /* canonical "always", "by default", with the sequence's options that are not the usual ones */
    MO_ATTR_STORAGE,   /* where it is not that of the type */
    MO_ATTR_COMPRESSION,
    MO_ATTR_STATISTICS, /* the statistics target */
    MO_ATTR_OPTIONS,    /* n_distinct and its like */
    MO_ATTR_COUNT
} mo_attr;

typedef struct mo_attr_info {
    const char *name; /* "type", "not null", … */
} mo_attr_info;
extern const mo_attr_info mo_attrs[MO_ATTR_COUNT];

typedef struct mo_attr_value {
    const char *canonical; /* what is compared; NULL: the column does not have it */
    const char *text;      /* as written: what people see and what DDL uses; NULL with canonical NULL */
} mo_attr_value;

/* Where something was declared; file NULL for what was read from a live database. */
typedef struct mo_where {
    const char *file;
    int line, column;
} mo_where;

typedef struct mo_column {
    const char *name; /* as written, quotes undone */
    mo_attr_value attr[MO_ATTR_COUNT];
    const char
        *text;     /* its definition as written: name, type and all inline constraints; comments and annotations out */
    int hidden;    /* computed by a virtual table's module and so on */
    int key_place; /* 1, 2, … : its place in the primary key; 0: none */
    int row_id;    /* 1: it is the table's row id (SQLite's INTEGER PRIMARY KEY) */
    int foreign;   /* 1: not owned by moult; carried from the live database */
    const char *renamed_from; /* annotation, or NULL */
    const char *fill;         /* annotation: an expression, or NULL */
    const char
        *evicts; /* on the way back: what is live under its name is another column, and steps aside: its name then */
    const char *refill; /* on the way back: what every row gets, instead of the value it has; an expression, or NULL */
    mo_where where;     /* of the column */
    mo_where fill_where;
} mo_column;

typedef enum mo_constraint_kind {
    MO_CONSTRAINT_PRIMARY_KEY = 0,
    MO_CONSTRAINT_UNIQUE,
    MO_CONSTRAINT_CHECK,
    MO_CONSTRAINT_FOREIGN_KEY,
    MO_CONSTRAINT_EXCLUSION,
    MO_CONSTRAINT_COUNT
} mo_constraint_kind;
extern const char *const mo_constraint_kinds[MO_CONSTRAINT_COUNT]; /* "primary key", … */

typedef struct mo_constraint {
    mo_constraint_kind kind;
    const char *name;           /* NULL: has none */
    const char *canonical;      /* all of it but the name; what is compared together with the name */
    const char *text;           /* in the form of a table constraint, with CONSTRAINT name: what DDL uses */
    const char *const *columns; /* its own columns, in order; CHECK: those it mentions */
    size_t column_count;
    const char *ref_table;          /* FOREIGN KEY */
    const char *const *ref_columns; /* FOREIGN KEY: may be none (the parent's primary key) */
    size_t ref_column_count;
    int column;  /* the column whose definition holds it: its index in the table; -1: written as a table constraint */
    int foreign; /* as in mo_column */
    mo_where where;
} mo_constraint;

/* A named option of a table: "strict", "without rowid", later storage parameters. In order of name. */
typedef struct mo_option {
    const char *name, *canonical, *text;
} mo_option;

typedef struct mo_table {
    MO_VEC(mo_column *) columns;         /* as they stand in the definition */
    MO_VEC(mo_constraint *) constraints; /* as they stand, those of columns included */
    MO_VEC(mo_option) options;
} mo_table;

enum {
    MO_OBJECT_FOREIGN = 1,    /* not owned by moult: left alone, listed */
    MO_OBJECT_UNCOMPARED = 2, /* cannot be compared (a module that is not loaded): left alone, named */
    MO_OBJECT_UNREAD = 4      /* … for its definition could not be read */
};

/*
 * Names. Engines without namespaces have names with quotes undone, and fold them. Where the dialect's lexer says sql_names,
 * an object's name is in the form by which DROP and COMMENT ON name it, so that it is unique among its kind, and "DROP", noun
 * and name are a statement: users, "User", other.users (outside the first managed namespace), area(integer, text),
 * audit ON users. Columns and constraints have their SQL form too (see base/name.h).
 */
typedef struct mo_object {
    mo_kind kind;
    const char *space; /* namespace: PostgreSQL's schema; NULL on engines without */
    const char
        *name; /* as written, quotes undone; where the dialect's lexer says sql_names, as DROP names it: see below */
    const char *parent; /* of_table kinds: the table's (or view's) name; else NULL */
    const char
        *canonical; /* the canonical definition; for tables made from the parts; of an index that forbids duplicates it
                            * begins with "unique " */
    /* The same where it depends on the schema around the object what some of its tokens are: they are marked, and the
     * seal makes `canonical` of it (resolve.c). NULL: no token is. */
    const char *canonical_raw;
    const char *const *gives; /* names that the definition itself brings up: of result columns and the like */
    size_t give_count;
    const char *sql; /* the definition as the engine stores it, or as the source wrote it: runs as it is */
    mo_hash tokens;  /* of the tokens of `sql`: an unchanged statement is not loaded again */
    const char *const
        *mentions; /* names that the definition mentions, folded, sorted, unique: at least all it depends on */
    size_t mention_count;
    /* Of these, likewise: what the engine does not ask for when it makes the object (what the body of a function names, the
     * other end of a foreign key). All others are needed. */
    const char *const *loose;
    size_t loose_count;
    unsigned flags;
    const char *renamed_from; /* annotation, or NULL */
    const char *evicts;       /* as of a column */
    mo_where where;
    const char *note; /* UNCOMPARED: why; else what is doubtful about it (see the dialect's check), or NULL */
    mo_table *table;  /* tables; else NULL */
} mo_object;

/* An annotation that allows what a rule says of one object. */
typedef struct mo_allow {
    const char *rule, *reason;
    const char *object; /* as written ("users", "users.legacy_id"), or the name of what it stands at */
    const char *column; /* it stands at this column of `object`; NULL: not at a column */
    int constraint; /* it stands at this one, from 1, of the constraints beside the columns of `object`; 0: at none */
    int used;       /* 1: it matched something */
    mo_where where;
} mo_allow;
typedef MO_VEC(mo_allow) mo_allows;

typedef struct mo_schema {
    mo_region *region;
    MO_VEC(mo_object *) objects;    /* sorted by (kind, space, name folded) once mo_schema_seal() ran */
    mo_map *by_name[MO_KIND_COUNT]; /* folded name to object; of one namespace each where engines have them */
    const char *dialect;            /* its dialect's name, for the snapshot; NULL: not known */
    char fingerprint[65];
    mo_allows allows; /* of a desired schema */
    int live;         /* 1: read from the handle's own database, so its rows can be asked */
} mo_schema;

mo_schema *mo_schema_new(void); /* NULL: no memory */
void mo_schema_free(mo_schema *s);
/* A new object in the schema's region, not yet added. NULL: no memory. */
mo_object *mo_schema_object(mo_schema *s, mo_kind kind, const char *name);
/* Deep; NULL: no memory. _copy is for a table that is changed afterwards: its canonical form is made anew by the seal.
 * _same keeps it. */
mo_object *mo_schema_object_copy(mo_schema *s, const mo_object *o);
mo_object *mo_schema_object_same(mo_schema *s, const mo_object *o);
/* Only the object itself is new: all that it points to is borrowed from `o`, whose schema must live as long, and must not be changed. */
mo_object *mo_schema_object_share(mo_schema *s, const mo_object *o);
mo_column *mo_column_copy(mo_region *r, const mo_column *from);             /* deep; NULL: no memory */
mo_constraint *mo_constraint_copy(mo_region *r, const mo_constraint *from); /* deep; NULL: no memory */
int mo_schema_add(mo_schema *s, mo_object *o, mo_error *err);
int mo_schema_allow(mo_schema *s, const mo_allow *a, mo_error *err); /* a deep copy of it */
/* Sorts, indexes, computes the canonical form of tables that have none yet and of what depends on the schema around it,
 * and the fingerprint. After the last add. */
int mo_schema_seal(mo_schema *s, mo_error *err);
/* Makes what was added so far findable by name, before the seal. */
int mo_schema_index(mo_schema *s, mo_error *err);
mo_object *mo_schema_find(const mo_schema *s, mo_kind kind, const char *name); /* NULL when not there */
/* A table, virtual table or view of that name: what a FROM may name. */
mo_object *mo_schema_find_relation(const mo_schema *s, const char *name);
/* Does `o` mention this name (folded comparison)? */
int mo_object_mentions(const mo_object *o, const char *name);
/* ... and can it not be made without? */
int mo_object_needs(const mo_object *o, const char *name);
/* The objects in an order in which each comes after what it needs; as they stand where nothing tells. In `r`; as many as the
 * schema has. NULL: no memory. */
const mo_object **mo_schema_in_order(const mo_schema *s, mo_region *r);

mo_column *mo_table_column(const mo_table *t, const char *name); /* NULL when not there */
const mo_option *mo_table_option(const mo_table *t, const char *name);
/* By name when it has one, else by kind and canonical form. */
mo_constraint *mo_table_constraint_like(const mo_table *t, const mo_constraint *like);
/* A column's attribute in canonical form; "" when it does not have it. */
const char *mo_column_attr(const mo_column *c, mo_attr attr);
int mo_column_equal(const mo_column *a, const mo_column *b);             /* all attributes; not the name */
int mo_constraint_equal(const mo_constraint *a, const mo_constraint *b); /* name and canonical */

/* snapshot.c - a schema to and from JSON, for the history and `inspect --format json`. Only `sql`, names and tokens are
 * stored where the dialect can read a definition back by itself; see dialect.h read_object. */
struct mo_dialect;
int mo_snapshot_write(const mo_schema *s, mo_str *out, mo_error *err);
int mo_snapshot_read(const struct mo_dialect *d, const char *json, size_t length, mo_schema **out, mo_error *err);

#endif
